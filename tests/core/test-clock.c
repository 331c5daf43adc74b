/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The clock and the two time formats of the API. */
#include "core-test.h"
#include "vmm-clock.h"

#define SOME_MS G_GINT64_CONSTANT (1767323045000) /* 2026-01-02T03:04:05Z */

static gint64
some_time (void)
{
  return SOME_MS;
}

static void
a_test_can_replace_the_clock_and_bring_it_back (void **state)
{
  gint64 before = g_get_real_time () / 1000;

  vmm_clock_replace (some_time);
  assert_int_equal (vmm_clock_now_ms (), SOME_MS);
  vmm_clock_replace (NULL);
  assert_true (vmm_clock_now_ms () >= before);
}

static void
times_are_written_as_ecs_writes_them (void **state)
{
  g_autofree char *minute = vmm_clock_format_minute (SOME_MS);
  g_autofree char *second = vmm_clock_format_second (SOME_MS);
  g_autofree char *late = vmm_clock_format_second (SOME_MS + 999);

  assert_string_equal (minute, "2026-01-02T03:04Z");
  assert_string_equal (second, "2026-01-02T03:04:05Z");
  assert_string_equal (late, second);
}

static void
no_time_is_an_empty_text (void **state)
{
  g_autofree char *minute = vmm_clock_format_minute (0);
  g_autofree char *second = vmm_clock_format_second (0);

  assert_string_equal (minute, "");
  assert_string_equal (second, "");
}

static void
both_formats_are_read_back (void **state)
{
  gint64 ms = 0;

  assert_true (vmm_clock_parse ("2026-01-02T03:04:05Z", &ms));
  assert_int_equal (ms, SOME_MS);
  assert_true (vmm_clock_parse ("2026-01-02T03:04Z", &ms));
  assert_int_equal (ms, SOME_MS - 5000);
  assert_true (vmm_clock_parse ("2024-02-29T23:59:59Z", &ms));
  assert_int_equal (ms, G_GINT64_CONSTANT (1709251199000));
}

static void
anything_else_is_no_time_and_leaves_the_result_alone (void **state)
{
  static const char *const bad[] = {
    NULL,
    "",
    "Z",
    "2026-01-02",
    "2026-01-02 03:04:05Z",
    "2026-01-02T03:04:05",
    "2026-01-02T03:04:05z",
    "2026-01-02T03:04:5Z",
    "2026-01-02T03:04:05+00:00",
    "2026-13-02T03:04:05Z",
    "2026-00-02T03:04:05Z",
    "2025-02-29T03:04:05Z",
    "2026-01-32T03:04:05Z",
    "2026-01-02T24:04:05Z",
    "2026-01-02T03:60:05Z",
    "2026-01-02T03:04:60Z",
    "0000-01-02T03:04:05Z",
    "-026-01-02T03:04:05Z",
    "2026-01-02T03:04Z:05",
    " 2026-01-02T03:04Z",
  };
  gint64 ms = 7;

  for (guint i = 0; i < G_N_ELEMENTS (bad); i++)
    {
      assert_false (vmm_clock_parse (bad[i], &ms));
      assert_int_equal (ms, 7);
    }
}

int
main (void)
{
  const struct CMUnitTest tests[] = {
    cmocka_unit_test (a_test_can_replace_the_clock_and_bring_it_back),
    cmocka_unit_test (times_are_written_as_ecs_writes_them),
    cmocka_unit_test (no_time_is_an_empty_text),
    cmocka_unit_test (both_formats_are_read_back),
    cmocka_unit_test (anything_else_is_no_time_and_leaves_the_result_alone),
  };

  return cmocka_run_group_tests_name ("clock", tests, NULL, NULL);
}
