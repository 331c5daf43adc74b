/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The state table of a public address: what holds for any table, and a golden picture of it. */
#include "state-test.h"
#include "vmm-eip-state.h"

static void
every_state_reaches_gone_and_is_reached_from_the_first (void **state)
{
  const guint first[] = { VMM_EIP_AVAILABLE };

  state_assert_ends (&vmm_eip_states);
  state_assert_begins (&vmm_eip_states, first, G_N_ELEMENTS (first));
}

static void
every_passing_state_ends_when_the_host_was_told (void **state)
{
  for (guint s = 0; s < VMM_EIP_STATE_LAST; s++)
    {
      VmmEipState to = VMM_EIP_STATE_LAST;

      assert_int_equal (vmm_eip_state_next (s, VMM_EIP_APPLIED, &to), vmm_eip_state_is_passing (s));
      if (to != VMM_EIP_STATE_LAST)
        assert_false (vmm_eip_state_is_passing (to));
    }
}

/* So that nobody is given an address that the host still leads somewhere. */
static void
what_leads_somewhere_ends_only_through_unassociating (void **state)
{
  for (guint s = 0; s < VMM_EIP_STATE_LAST; s++)
    for (guint e = 0; vmm_eip_state_leads (s) && e < VMM_EIP_EVENT_LAST; e++)
      {
        VmmEipState to;

        if (vmm_eip_state_next (s, e, &to))
          assert_true (vmm_eip_state_leads (to) || to == VMM_EIP_UNASSOCIATING);
      }
}

static void
what_leads_somewhere_can_always_leave (void **state)
{
  for (guint s = 0; s < VMM_EIP_STATE_LAST; s++)
    {
      VmmEipState to;

      assert_int_equal (vmm_eip_state_next (s, VMM_EIP_LEAVE, &to), vmm_eip_state_leads (s));
    }
}

static void
what_the_api_shows_is_one_of_four_states (void **state)
{
  static const char *const wire[] = { "Available", "Associating", "InUse", "Unassociating", NULL };

  for (guint s = 0; s < VMM_EIP_GONE; s++)
    assert_true (g_strv_contains (wire, vmm_eip_state_wire (s)));
  assert_null (vmm_eip_state_wire (VMM_EIP_GONE));
}

static void
names_of_states_and_events_are_read_back (void **state)
{
  assert_names_read_back (VmmEipState, vmm_eip_state, VMM_EIP_STATE_LAST);
  assert_names_read_back (VmmEipEvent, vmm_eip_event, VMM_EIP_EVENT_LAST);
}

static void
the_picture_in_the_documentation_is_the_table (void **state)
{
  state_assert_picture (&vmm_eip_states, STATES_FILE, "eip", "a public address");
}

int
main (void)
{
  const struct CMUnitTest tests[] = {
    cmocka_unit_test (every_state_reaches_gone_and_is_reached_from_the_first),
    cmocka_unit_test (every_passing_state_ends_when_the_host_was_told),
    cmocka_unit_test (what_leads_somewhere_ends_only_through_unassociating),
    cmocka_unit_test (what_leads_somewhere_can_always_leave),
    cmocka_unit_test (what_the_api_shows_is_one_of_four_states),
    cmocka_unit_test (names_of_states_and_events_are_read_back),
    cmocka_unit_test (the_picture_in_the_documentation_is_the_table),
  };

  return cmocka_run_group_tests_name ("eip-state", tests, NULL, NULL);
}
