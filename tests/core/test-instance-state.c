/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The state table of an instance: what holds for any table, and a golden picture of this one. */
#include "state-test.h"
#include "vmm-instance-state.h"

static void
every_state_reaches_gone (void **state)
{
  state_assert_ends (&vmm_instance_states);
}

static void
every_state_is_reached_from_the_first (void **state)
{
  const guint first[] = { VMM_INSTANCE_PENDING };

  state_assert_begins (&vmm_instance_states, first, G_N_ELEMENTS (first));
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

  assert_names_read_back (VmmInstanceState, vmm_instance_state, VMM_INSTANCE_STATE_LAST);
  assert_names_read_back (VmmInstanceEvent, vmm_instance_event, VMM_INSTANCE_EVENT_LAST);
  assert_false (vmm_instance_state_from_string ("undead", &s));
  assert_false (vmm_instance_state_from_string (NULL, &s));
  assert_int_equal (s, VMM_INSTANCE_GONE);
  assert_string_equal (vmm_instance_state_to_string (VMM_INSTANCE_STATE_LAST), "?");
}

static void
the_picture_in_the_documentation_is_the_table (void **state)
{
  state_assert_picture (&vmm_instance_states, STATES_FILE, "instance", "an instance");
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
