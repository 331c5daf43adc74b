/* SPDX-License-Identifier: GPL-2.0-or-later */
/* libvirt's states and reasons become ours. */
#include "virt-facts.h"

#include <libvirt/libvirt.h>

#include "virt-test.h"

static void
assert_translates (int libvirt_state, int libvirt_reason, VirtState state, VirtReason reason)
{
  VirtState got_state;
  VirtReason got_reason;

  virt_facts_translate (libvirt_state, libvirt_reason, &got_state, &got_reason);
  assert_int_equal (got_state, state);
  assert_int_equal (got_reason, reason);
}

static void
each_way_of_being_off_has_its_reason (void **state)
{
  assert_translates (VIR_DOMAIN_SHUTOFF, VIR_DOMAIN_SHUTOFF_UNKNOWN, VIRT_OFF, VIRT_REASON_UNKNOWN);
  assert_translates (VIR_DOMAIN_SHUTOFF, VIR_DOMAIN_SHUTOFF_SHUTDOWN, VIRT_OFF,
                     VIRT_REASON_SHUTDOWN);
  assert_translates (VIR_DOMAIN_SHUTOFF, VIR_DOMAIN_SHUTOFF_DESTROYED, VIRT_OFF,
                     VIRT_REASON_DESTROYED);
  assert_translates (VIR_DOMAIN_SHUTOFF, VIR_DOMAIN_SHUTOFF_CRASHED, VIRT_OFF, VIRT_REASON_CRASHED);
  assert_translates (VIR_DOMAIN_SHUTOFF, VIR_DOMAIN_SHUTOFF_FAILED, VIRT_OFF, VIRT_REASON_CRASHED);
  assert_translates (VIR_DOMAIN_SHUTOFF, VIR_DOMAIN_SHUTOFF_DAEMON, VIRT_OFF, VIRT_REASON_CRASHED);
  assert_translates (VIR_DOMAIN_SHUTOFF, VIR_DOMAIN_SHUTOFF_SAVED, VIRT_OFF, VIRT_REASON_UNKNOWN);
}

static void
active_states_are_told_apart (void **state)
{
  assert_translates (VIR_DOMAIN_RUNNING, VIR_DOMAIN_RUNNING_BOOTED, VIRT_RUNNING,
                     VIRT_REASON_UNKNOWN);
  assert_translates (VIR_DOMAIN_SHUTDOWN, VIR_DOMAIN_SHUTDOWN_USER, VIRT_STOPPING,
                     VIRT_REASON_UNKNOWN);
  assert_translates (VIR_DOMAIN_PMSUSPENDED, 0, VIRT_RUNNING, VIRT_REASON_UNKNOWN);
  assert_translates (VIR_DOMAIN_CRASHED, VIR_DOMAIN_CRASHED_PANICKED, VIRT_PAUSED,
                     VIRT_REASON_CRASHED);
}

static void
a_pause_by_an_io_error_is_told_apart (void **state)
{
  assert_translates (VIR_DOMAIN_PAUSED, VIR_DOMAIN_PAUSED_IOERROR, VIRT_PAUSED,
                     VIRT_REASON_IO_ERROR);
  assert_translates (VIR_DOMAIN_PAUSED, VIR_DOMAIN_PAUSED_USER, VIRT_PAUSED, VIRT_REASON_UNKNOWN);
  assert_translates (VIR_DOMAIN_PAUSED, VIR_DOMAIN_PAUSED_SHUTTING_DOWN, VIRT_STOPPING,
                     VIRT_REASON_UNKNOWN);
}

static void
numbers_of_a_newer_libvirt_never_look_off (void **state)
{
  assert_translates (99, 0, VIRT_RUNNING, VIRT_REASON_UNKNOWN);
  assert_translates (-1, 0, VIRT_RUNNING, VIRT_REASON_UNKNOWN);
  assert_translates (VIR_DOMAIN_SHUTOFF, 99, VIRT_OFF, VIRT_REASON_UNKNOWN);
  assert_translates (VIR_DOMAIN_SHUTOFF, -1, VIRT_OFF, VIRT_REASON_UNKNOWN);
}

int
main (void)
{
  const struct CMUnitTest tests[] = {
    cmocka_unit_test (each_way_of_being_off_has_its_reason),
    cmocka_unit_test (active_states_are_told_apart),
    cmocka_unit_test (a_pause_by_an_io_error_is_told_apart),
    cmocka_unit_test (numbers_of_a_newer_libvirt_never_look_off),
  };

  return cmocka_run_group_tests (tests, NULL, NULL);
}
