/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The arithmetic of samples. */
#include "core-test.h"
#include "vmm-sample.h"

/* 2026-01-02 03:04:00 UTC. */
#define MINUTE_MS G_GINT64_CONSTANT (1767323040000)
#define MINUTE_S (MINUTE_MS / 1000)

static void
growth_is_added_up (void **state)
{
  VmmUse before = { .of = { 10, 20 } }, now = { .of = { 15, 20, 7 } }, sum = { .of = { 1 } };

  assert_true (vmm_use_add_growth (&sum, &before, &now));
  assert_int_equal (sum.of[0], 6);
  assert_int_equal (sum.of[1], 0);
  assert_int_equal (sum.of[2], 7);
}

static void
a_counter_that_went_back_adds_nothing (void **state)
{
  VmmUse before = { .of = { 10, 20 } }, now = { .of = { 500, 19 } }, sum = { .of = { 1 } };

  assert_false (vmm_use_add_growth (&sum, &before, &now));
  assert_int_equal (sum.of[0], 1);
  assert_int_equal (sum.of[1], 0);
}

static void
two_looks_tell_of_the_minute_between_them (void **state)
{
  static const struct
  {
    gint64 before_ms, now_ms;
  } looks[] = { { 0, 60000 }, { -20, 59990 }, { 900, 60001 }, { 0, 85000 }, { 40000, 60000 } };
  gint64 at_s = 0, span_ms = 0;

  for (guint i = 0; i < G_N_ELEMENTS (looks); i++)
    {
      assert_true (vmm_sample_minute (MINUTE_MS + looks[i].before_ms, MINUTE_MS + looks[i].now_ms,
                                      &at_s, &span_ms));
      assert_int_equal (at_s, MINUTE_S);
      assert_int_equal (span_ms, looks[i].now_ms - looks[i].before_ms);
    }
}

static void
looks_that_are_no_neighbours_tell_nothing (void **state)
{
  static const gint64 later[] = { -3600000, -1, 0, 999, 90001, 120000, 86400000 };
  gint64 at_s = 5, span_ms = 6;

  for (guint i = 0; i < G_N_ELEMENTS (later); i++)
    assert_false (vmm_sample_minute (MINUTE_MS, MINUTE_MS + later[i], &at_s, &span_ms));
  assert_int_equal (at_s, 5);
  assert_int_equal (span_ms, 6);
}

static void
a_look_is_due_in_another_minute (void **state)
{
  assert_false (vmm_sample_is_due (MINUTE_MS, MINUTE_MS));
  assert_false (vmm_sample_is_due (MINUTE_MS, MINUTE_MS + 59999));
  assert_true (vmm_sample_is_due (MINUTE_MS, MINUTE_MS + 60000));
  assert_true (vmm_sample_is_due (MINUTE_MS, MINUTE_MS - 1));
  assert_true (vmm_sample_is_due (0, MINUTE_MS));
}

static void
periods_begin_at_whole_ones (void **state)
{
  assert_int_equal (vmm_sample_floor (MINUTE_S + 59, VMM_SAMPLE_S), MINUTE_S);
  assert_int_equal (vmm_sample_floor (MINUTE_S, VMM_SAMPLE_TEN_S), MINUTE_S - 4 * 60);
  assert_int_equal (vmm_sample_floor (MINUTE_S, VMM_SAMPLE_HOUR_S), MINUTE_S - 4 * 60);
  assert_int_equal (vmm_sample_floor (MINUTE_S + 6 * 60, VMM_SAMPLE_TEN_S), MINUTE_S + 6 * 60);
}

static void
what_is_shown_is_rounded_and_bounded (void **state)
{
  VmmSample sample = { .span_ms = 20000, .use.of[VMM_USE_CPU_US] = 5000000 };
  VmmSample nothing = { .span_ms = 0, .use.of[VMM_USE_CPU_US] = 5000000 };

  assert_int_equal (vmm_sample_cpu_percent (&sample), 25);
  sample.use.of[VMM_USE_CPU_US] = 20400000;
  assert_int_equal (vmm_sample_cpu_percent (&sample), 100);
  assert_int_equal (vmm_sample_cpu_percent (&nothing), 0);
  assert_int_equal (vmm_sample_per_second (&sample, 29), 1);
  assert_int_equal (vmm_sample_per_second (&sample, 30), 2);
  assert_int_equal (vmm_sample_per_second (&nothing, 30), 0);
  assert_int_equal (vmm_sample_kbit (1000), 8);
  assert_int_equal (vmm_sample_kbit (-1000), 0);
  assert_int_equal (vmm_sample_latency_us (1000, 4), 250);
  assert_int_equal (vmm_sample_latency_us (1000, 0), 0);
}

int
main (void)
{
  const struct CMUnitTest tests[] = {
    cmocka_unit_test (growth_is_added_up),
    cmocka_unit_test (a_counter_that_went_back_adds_nothing),
    cmocka_unit_test (two_looks_tell_of_the_minute_between_them),
    cmocka_unit_test (looks_that_are_no_neighbours_tell_nothing),
    cmocka_unit_test (a_look_is_due_in_another_minute),
    cmocka_unit_test (periods_begin_at_whole_ones),
    cmocka_unit_test (what_is_shown_is_rounded_and_bounded),
  };

  return cmocka_run_group_tests (tests, NULL, NULL);
}
