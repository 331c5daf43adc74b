/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The state table of a disk: what holds for any table, and a golden picture of it. */
#include "state-test.h"
#include "vmm-disk.h"

static void
every_state_reaches_gone_and_is_reached_from_the_first (void **state)
{
  const guint first[] = { VMM_DISK_CREATING, VMM_DISK_REPLACING };

  state_assert_ends (&vmm_disk_states);
  state_assert_begins (&vmm_disk_states, first, G_N_ELEMENTS (first));
}

static void
every_working_state_has_an_exit_on_failure (void **state)
{
  for (guint s = 0; s < VMM_DISK_STATE_LAST; s++)
    {
      VmmDiskState to = VMM_DISK_STATE_LAST;

      assert_int_equal (vmm_disk_state_next (s, VMM_DISK_FAILED, &to),
                        vmm_disk_state_work (s) != VMM_DISK_WORK_NONE);
      /* Only what takes away, or has nothing to go back to, is tried for ever. */
      if (to == s)
        assert_true (s == VMM_DISK_DELETING || s == VMM_DISK_REPLACING
                     || vmm_disk_state_work (s) == VMM_DISK_WORK_DETACH);
    }
}

static void
what_an_instance_has_becomes_available_when_it_goes (void **state)
{
  for (guint s = 0; s < VMM_DISK_STATE_LAST; s++)
    {
      VmmDiskState to;
      gboolean is_of_an_instance
          = (vmm_disk_state_is_plugged (s) && s != VMM_DISK_REPLACING) /* goes with its instance */
            || vmm_disk_state_work (s) == VMM_DISK_WORK_DETACH;

      assert_int_equal (vmm_disk_state_next (s, VMM_DISK_DETACHED, &to), is_of_an_instance);
      if (is_of_an_instance)
        assert_int_equal (to, s == VMM_DISK_REINITING ? VMM_DISK_RESETTING : VMM_DISK_AVAILABLE);
    }
}

static void
only_what_is_attached_nowhere_and_idle_is_deleted (void **state)
{
  for (guint s = 0; s < VMM_DISK_STATE_LAST; s++)
    {
      VmmDiskState to;

      assert_int_equal (vmm_disk_state_next (s, VMM_DISK_DELETE, &to), s == VMM_DISK_AVAILABLE);
    }
}

static void
what_the_api_shows_is_one_of_seven_states (void **state)
{
  static const char *const wire[] = { "Creating",  "Available", "Attaching", "In_use",
                                      "Detaching", "ReIniting", "Deleting",  NULL };

  for (guint s = 0; s < VMM_DISK_GONE; s++)
    assert_true (g_strv_contains (wire, vmm_disk_state_wire (s)));
  assert_null (vmm_disk_state_wire (VMM_DISK_GONE));
}

static void
names_of_states_and_events_are_read_back (void **state)
{
  assert_names_read_back (VmmDiskState, vmm_disk_state, VMM_DISK_STATE_LAST);
  assert_names_read_back (VmmDiskEvent, vmm_disk_event, VMM_DISK_EVENT_LAST);
}

static void
the_picture_in_the_documentation_is_the_table (void **state)
{
  state_assert_picture (&vmm_disk_states, STATES_FILE, "disk", "a disk");
}

int
main (void)
{
  const struct CMUnitTest tests[] = {
    cmocka_unit_test (every_state_reaches_gone_and_is_reached_from_the_first),
    cmocka_unit_test (every_working_state_has_an_exit_on_failure),
    cmocka_unit_test (what_an_instance_has_becomes_available_when_it_goes),
    cmocka_unit_test (only_what_is_attached_nowhere_and_idle_is_deleted),
    cmocka_unit_test (what_the_api_shows_is_one_of_seven_states),
    cmocka_unit_test (names_of_states_and_events_are_read_back),
    cmocka_unit_test (the_picture_in_the_documentation_is_the_table),
  };

  return cmocka_run_group_tests_name ("disk-state", tests, NULL, NULL);
}
