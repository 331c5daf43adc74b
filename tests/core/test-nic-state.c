/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The state table of a network interface: what holds for any table, and a golden picture of it. */
#include "state-test.h"
#include "vmm-nic.h"

static void
every_state_reaches_gone_and_is_reached_from_the_first (void **state)
{
  const guint first[] = { VMM_NIC_AVAILABLE };

  state_assert_ends (&vmm_nic_states);
  state_assert_begins (&vmm_nic_states, first, G_N_ELEMENTS (first));
}

static void
every_working_state_has_an_exit_on_failure (void **state)
{
  for (guint s = 0; s < VMM_NIC_STATE_LAST; s++)
    {
      VmmNicState to = VMM_NIC_STATE_LAST;

      assert_int_equal (vmm_nic_state_next (s, VMM_NIC_FAILED, &to),
                        vmm_nic_state_work (s) != VMM_NIC_WORK_NONE);
      /* Only what takes away is tried for ever. */
      if (to == s)
        assert_true (s == VMM_NIC_DELETING || s == VMM_NIC_REVERTING);
    }
}

static void
what_an_instance_has_becomes_available_when_it_goes (void **state)
{
  for (guint s = 0; s < VMM_NIC_STATE_LAST; s++)
    {
      VmmNicState to;
      gboolean is_of_an_instance
          = vmm_nic_state_is_plugged (s) || vmm_nic_state_work (s) == VMM_NIC_WORK_DETACH;

      assert_int_equal (vmm_nic_state_next (s, VMM_NIC_DETACHED, &to), is_of_an_instance);
      if (is_of_an_instance)
        assert_int_equal (to, VMM_NIC_AVAILABLE);
    }
}

static void
only_an_available_one_is_deleted (void **state)
{
  for (guint s = 0; s < VMM_NIC_STATE_LAST; s++)
    {
      VmmNicState to;

      assert_int_equal (vmm_nic_state_next (s, VMM_NIC_DELETE, &to), s == VMM_NIC_AVAILABLE);
    }
}

static void
what_the_api_shows_is_one_of_five_states (void **state)
{
  static const char *const wire[]
      = { "Available", "Attaching", "InUse", "Detaching", "Deleting", NULL };

  for (guint s = 0; s < VMM_NIC_GONE; s++)
    assert_true (g_strv_contains (wire, vmm_nic_state_wire (s)));
  assert_null (vmm_nic_state_wire (VMM_NIC_GONE));
}

static void
names_of_states_and_events_are_read_back (void **state)
{
  assert_names_read_back (VmmNicState, vmm_nic_state, VMM_NIC_STATE_LAST);
  assert_names_read_back (VmmNicEvent, vmm_nic_event, VMM_NIC_EVENT_LAST);
}

static void
larger_types_have_more_interfaces (void **state)
{
  assert_int_equal (vmm_nic_limit (1), 2);
  assert_int_equal (vmm_nic_limit (4), 4);
  assert_int_equal (vmm_nic_limit (64), 8);
}

static void
the_picture_in_the_documentation_is_the_table (void **state)
{
  state_assert_picture (&vmm_nic_states, STATES_FILE, "nic", "a network interface");
}

int
main (void)
{
  const struct CMUnitTest tests[] = {
    cmocka_unit_test (every_state_reaches_gone_and_is_reached_from_the_first),
    cmocka_unit_test (every_working_state_has_an_exit_on_failure),
    cmocka_unit_test (what_an_instance_has_becomes_available_when_it_goes),
    cmocka_unit_test (only_an_available_one_is_deleted),
    cmocka_unit_test (what_the_api_shows_is_one_of_five_states),
    cmocka_unit_test (names_of_states_and_events_are_read_back),
    cmocka_unit_test (larger_types_have_more_interfaces),
    cmocka_unit_test (the_picture_in_the_documentation_is_the_table),
  };

  return cmocka_run_group_tests_name ("nic-state", tests, NULL, NULL);
}
