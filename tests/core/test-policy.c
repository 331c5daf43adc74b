/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Hours and days of the week of policies. */
#include "core-test.h"
#include "vmm-policy.h"

/* 2026-01-02, a Friday, 03:04:05 UTC. */
#define FRIDAY_MS G_GINT64_CONSTANT (1767323045000)

static void
the_point_is_the_hour_that_runs (void **state)
{
  VmmPolicyPoint point = vmm_policy_point_at (FRIDAY_MS, 0);

  assert_int_equal (point.hour, 3);
  assert_int_equal (point.weekday, 4);
  assert_int_equal (point.begin_ms, FRIDAY_MS - (4 * 60 + 5) * 1000);
  assert_int_equal (vmm_policy_point_at (point.begin_ms, 0).begin_ms, point.begin_ms);
  assert_int_equal (vmm_policy_point_at (point.begin_ms - 1, 0).hour, 2);
}

static void
clocks_ahead_and_behind_change_the_day (void **state)
{
  VmmPolicyPoint east = vmm_policy_point_at (FRIDAY_MS, 8);
  VmmPolicyPoint far_west = vmm_policy_point_at (FRIDAY_MS, -4);
  VmmPolicyPoint evening = vmm_policy_point_at (FRIDAY_MS + 13 * VMM_POLICY_HOUR_MS, 8);

  assert_int_equal (east.hour, 11);
  assert_int_equal (east.weekday, 4);
  assert_int_equal (far_west.hour, 23);
  assert_int_equal (far_west.weekday, 3);
  assert_int_equal (evening.hour, 0);
  assert_int_equal (evening.weekday, 5);
  assert_int_equal (east.begin_ms, far_west.begin_ms);
}

static void
hour_and_weekday_must_both_be_asked_for (void **state)
{
  VmmPolicyPoint point = vmm_policy_point_at (FRIDAY_MS, 8);

  assert_true (vmm_policy_wants (1U << 11, 1U << 4, &point));
  assert_true (vmm_policy_wants (0xffffff, 0x7f, &point));
  assert_false (vmm_policy_wants (1U << 10, 0x7f, &point));
  assert_false (vmm_policy_wants (0xffffff, 1U << 5, &point));
  assert_false (vmm_policy_wants (0, 0, &point));
}

int
main (void)
{
  const struct CMUnitTest tests[] = {
    cmocka_unit_test (the_point_is_the_hour_that_runs),
    cmocka_unit_test (clocks_ahead_and_behind_change_the_day),
    cmocka_unit_test (hour_and_weekday_must_both_be_asked_for),
  };

  return cmocka_run_group_tests (tests, NULL, NULL);
}
