/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Two texts side by side, line by line. */
#include "vmmctl-difference.h"

/* How often each line is still to come. */
static GHashTable *
count_lines (char **lines)
{
  GHashTable *counts = g_hash_table_new (g_str_hash, g_str_equal);

  for (guint i = 0; lines[i] != NULL; i++)
    g_hash_table_insert (
        counts, lines[i],
        GINT_TO_POINTER (GPOINTER_TO_INT (g_hash_table_lookup (counts, lines[i])) + 1));
  return counts;
}

static gboolean
is_to_come (GHashTable *counts, const char *line)
{
  return GPOINTER_TO_INT (g_hash_table_lookup (counts, line)) > 0;
}

static void
pass (GHashTable *counts, char *line)
{
  int count = GPOINTER_TO_INT (g_hash_table_lookup (counts, line));

  g_hash_table_insert (counts, line, GINT_TO_POINTER (count - 1));
}

/* Both come in one order but for few lines, so that it is enough to know whether the one side's
 * line is still to come on the other. */
char *
vmmctl_difference (const char *from, const char *to)
{
  g_auto (GStrv) old = g_strsplit (from, "\n", -1), new = g_strsplit (to, "\n", -1);
  g_autoptr (GHashTable) old_counts = count_lines (old), new_counts = count_lines (new);
  GString *out = g_string_new (NULL);
  guint i = 0, j = 0;

  while (old[i] != NULL || new[j] != NULL)
    if (old[i] != NULL && new[j] != NULL && g_str_equal (old[i], new[j]))
      {
        pass (old_counts, old[i++]);
        pass (new_counts, new[j++]);
      }
    else if (old[i] == NULL || (new[j] != NULL && !is_to_come (old_counts, new[j])))
      {
        g_string_append_printf (out, "+%s\n", new[j]);
        pass (new_counts, new[j++]);
      }
    else
      {
        g_string_append_printf (out, "-%s\n", old[i]);
        pass (old_counts, old[i++]);
      }
  return g_string_free (out, FALSE);
}
