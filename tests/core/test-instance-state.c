/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The state table of an instance: what holds for any table, and a golden picture of this one. */
#include "core-test.h"
#include "vmm-instance-state.h"

/* Which states can be reached from @from, itself too. */
static void
reach (VmmInstanceState from, gboolean *seen)
{
  seen[from] = TRUE;
  for (guint e = 0; e < VMM_INSTANCE_EVENT_LAST; e++)
    {
      VmmInstanceState to;

      if (vmm_instance_state_next (from, e, &to) && !seen[to])
        reach (to, seen);
    }
}

static void
every_state_reaches_gone (void **state)
{
  for (guint s = 0; s < VMM_INSTANCE_STATE_LAST; s++)
    {
      gboolean seen[VMM_INSTANCE_STATE_LAST] = { FALSE };

      reach (s, seen);
      assert_true (seen[VMM_INSTANCE_GONE]);
    }
}

static void
every_state_is_reached_from_the_first (void **state)
{
  gboolean seen[VMM_INSTANCE_STATE_LAST] = { FALSE };

  reach (VMM_INSTANCE_PENDING, seen);
  for (guint s = 0; s < VMM_INSTANCE_STATE_LAST; s++)
    assert_true (seen[s]);
}

static void
every_working_state_has_an_exit_on_failure (void **state)
{
  for (guint s = 0; s < VMM_INSTANCE_STATE_LAST; s++)
    {
      VmmInstanceState to = VMM_INSTANCE_STATE_LAST;

      assert_int_equal (vmm_instance_state_next (s, VMM_INSTANCE_FAILED, &to),
                        vmm_instance_state_work (s) != VMM_WORK_NONE);
      /* Only a deletion is tried for ever; all else ends where its owner can act again. */
      if (to == s)
        assert_int_equal (s, VMM_INSTANCE_DELETING);
    }
}

static void
a_failed_create_leaves_nothing (void **state)
{
  VmmInstanceState to;

  assert_true (vmm_instance_state_next (VMM_INSTANCE_PENDING, VMM_INSTANCE_FAILED, &to));
  assert_int_equal (to, VMM_INSTANCE_DELETING);
  assert_true (vmm_instance_state_next (VMM_INSTANCE_BOOTING, VMM_INSTANCE_FAILED, &to));
  assert_int_equal (to, VMM_INSTANCE_DELETING);
}

static void
an_owner_may_delete_from_every_state_but_the_first_and_the_last (void **state)
{
  for (guint s = 0; s < VMM_INSTANCE_STATE_LAST; s++)
    {
      VmmInstanceState to;
      gboolean allowed = vmm_instance_state_next (s, VMM_INSTANCE_DELETE, &to);

      assert_int_equal (allowed, s != VMM_INSTANCE_PENDING && s != VMM_INSTANCE_DELETING
                                     && s != VMM_INSTANCE_GONE);
      if (allowed)
        assert_int_equal (to, VMM_INSTANCE_DELETING);
    }
}

static void
nothing_leaves_gone_and_only_deleting_enters_it (void **state)
{
  for (guint s = 0; s < VMM_INSTANCE_STATE_LAST; s++)
    for (guint e = 0; e < VMM_INSTANCE_EVENT_LAST; e++)
      {
        VmmInstanceState to;

        if (!vmm_instance_state_next (s, e, &to))
          continue;
        assert_int_not_equal (s, VMM_INSTANCE_GONE);
        assert_int_equal (to == VMM_INSTANCE_GONE,
                          s == VMM_INSTANCE_DELETING && e == VMM_INSTANCE_DELETED);
      }
}

static void
what_the_api_shows_is_one_of_its_five_states (void **state)
{
  static const char *const wire[]
      = { "Pending", "Starting", "Running", "Stopping", "Stopped", NULL };

  for (guint s = 0; s < VMM_INSTANCE_GONE; s++)
    assert_true (g_strv_contains (wire, vmm_instance_state_wire (s)));
  assert_null (vmm_instance_state_wire (VMM_INSTANCE_GONE));
}

static void
names_of_states_and_events_are_read_back (void **state)
{
  VmmInstanceState s = VMM_INSTANCE_GONE;
  VmmInstanceEvent e = VMM_INSTANCE_DELETED;

  for (guint i = 0; i < VMM_INSTANCE_STATE_LAST; i++)
    {
      assert_true (vmm_instance_state_from_string (vmm_instance_state_to_string (i), &s));
      assert_int_equal (s, i);
    }
  for (guint i = 0; i < VMM_INSTANCE_EVENT_LAST; i++)
    {
      assert_true (vmm_instance_event_from_string (vmm_instance_event_to_string (i), &e));
      assert_int_equal (e, i);
    }
  assert_false (vmm_instance_state_from_string ("undead", &s));
  assert_false (vmm_instance_state_from_string (NULL, &s));
  assert_int_equal (s, VMM_INSTANCE_GONE);
  assert_string_equal (vmm_instance_state_to_string (VMM_INSTANCE_STATE_LAST), "?");
}

static char *
picture (void)
{
  g_autofree char *mermaid = vmm_instance_state_to_mermaid ();

  return g_strdup_printf (
      "# The states of an instance\n\n"
      "Written by `VMMD_REGENERATE=1 meson test instance-state` from the table in\n"
      "`vmmd/model/vmm-instance-state.c`; change the table, not this file.\n\n"
      "```mermaid\n%s```\n",
      mermaid);
}

static void
the_picture_in_the_documentation_is_the_table (void **state)
{
  g_autofree char *now = picture ();
  g_autofree char *kept = NULL;
  g_autoptr (GError) error = NULL;

  if (g_getenv ("VMMD_REGENERATE") != NULL)
    g_file_set_contents (STATES_FILE, now, -1, &error);
  assert_no_error (error);
  g_file_get_contents (STATES_FILE, &kept, NULL, &error);
  assert_no_error (error);
  assert_string_equal (kept, now);
}

int
main (void)
{
  const struct CMUnitTest tests[] = {
    cmocka_unit_test (every_state_reaches_gone),
    cmocka_unit_test (every_state_is_reached_from_the_first),
    cmocka_unit_test (every_working_state_has_an_exit_on_failure),
    cmocka_unit_test (a_failed_create_leaves_nothing),
    cmocka_unit_test (an_owner_may_delete_from_every_state_but_the_first_and_the_last),
    cmocka_unit_test (nothing_leaves_gone_and_only_deleting_enters_it),
    cmocka_unit_test (what_the_api_shows_is_one_of_its_five_states),
    cmocka_unit_test (names_of_states_and_events_are_read_back),
    cmocka_unit_test (the_picture_in_the_documentation_is_the_table),
  };

  return cmocka_run_group_tests_name ("instance-state", tests, NULL, NULL);
}
