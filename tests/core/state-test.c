/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Walks over a state table. */
#include "state-test.h"

/* Which states can be reached from @from, itself too. */
static void
reach (const VmmStateTable *table, guint from, gboolean *seen)
{
  seen[from] = TRUE;
  for (guint event = 0; event < table->n_events; event++)
    {
      guint to;

      if (vmm_state_next (table, from, event, &to) && !seen[to])
        reach (table, to, seen);
    }
}

void
state_assert_ends (const VmmStateTable *table)
{
  for (guint from = 0; from < table->n_states; from++)
    {
      g_autofree gboolean *seen = g_new0 (gboolean, table->n_states);

      reach (table, from, seen);
      assert_true (seen[table->n_states - 1]);
    }
}

void
state_assert_begins (const VmmStateTable *table, const guint *first, guint n_first)
{
  g_autofree gboolean *seen = g_new0 (gboolean, table->n_states);

  for (guint i = 0; i < n_first; i++)
    reach (table, first[i], seen);
  for (guint state = 0; state < table->n_states; state++)
    assert_true (seen[state]);
}

void
state_assert_picture (const VmmStateTable *table, const char *file, const char *noun,
                      const char *thing)
{
  g_autofree char *mermaid = vmm_state_to_mermaid (table);
  g_autofree char *now
      = g_strdup_printf ("# The states of %s\n\n"
                         "Written by `VMMD_REGENERATE=1 meson test %s-state` from the table in\n"
                         "`vmmd/model/vmm-%s-state.c`; change the table, not this file.\n\n"
                         "```mermaid\n%s```\n",
                         thing, noun, noun, mermaid);
  g_autofree char *kept = NULL;
  g_autoptr (GError) error = NULL;

  if (g_getenv ("VMMD_REGENERATE") != NULL)
    g_file_set_contents (file, now, -1, &error);
  assert_no_error (error);
  g_file_get_contents (file, &kept, NULL, &error);
  assert_no_error (error);
  assert_string_equal (kept, now);
}
