/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The choice between KVM and TCG. */
#include "virt-accel.h"
#include "virt-test.h"

static const VirtAccelFacts good = { TRUE, TRUE, VIRT_PROBE_RAN };

static void
auto_takes_kvm_where_a_probe_guest_ran (void **state)
{
  const char *why = NULL;

  assert_string_equal (virt_accel_decide ("auto", &good, &why, NULL), "kvm");
  assert_non_null (why);
}

static void
auto_takes_tcg_when_any_fact_is_missing (void **state)
{
  static const VirtAccelFacts bad[] = {
    { FALSE, TRUE, VIRT_PROBE_RAN },    { TRUE, FALSE, VIRT_PROBE_RAN },
    { TRUE, TRUE, VIRT_PROBE_NOT_RUN }, { TRUE, TRUE, VIRT_PROBE_NO_DEVICE },
    { TRUE, TRUE, VIRT_PROBE_FAILED },  { TRUE, TRUE, VIRT_PROBE_HUNG },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (bad); i++)
    {
      const char *why = NULL;

      assert_string_equal (virt_accel_decide ("auto", &bad[i], &why, NULL), "tcg");
      assert_non_null (why);
    }
}

static void
kvm_that_does_not_work_is_refused_when_asked_for (void **state)
{
  static const VirtAccelFacts hung = { TRUE, TRUE, VIRT_PROBE_HUNG };
  g_autoptr (GError) error = NULL;
  const char *why = NULL;

  assert_null (virt_accel_decide ("kvm", &hung, &why, &error));
  assert_error (error, VMM_ERROR_VIRT_FAILED);
}

static void
tcg_is_taken_when_asked_for (void **state)
{
  const char *why = NULL;

  assert_string_equal (virt_accel_decide ("tcg", &good, &why, NULL), "tcg");
}

static void
an_unknown_accelerator_is_refused (void **state)
{
  g_autoptr (GError) error = NULL;
  const char *why = NULL;

  assert_null (virt_accel_decide ("xen", &good, &why, &error));
  assert_error (error, VMM_ERROR_VIRT_FAILED);
}

static void
cpu_flags_are_whole_words_of_the_flags_line (void **state)
{
  assert_true (virt_accel_cpuinfo_has_flag ("processor\t: 0\nflags\t\t: fpu vmx sse\n"));
  assert_true (virt_accel_cpuinfo_has_flag ("flags: a\nflags\t: svm"));
  assert_false (virt_accel_cpuinfo_has_flag ("flags\t: fpu avmx svm_lock\nbugs\t: vmx\n"));
  assert_false (virt_accel_cpuinfo_has_flag ("vmx flags\t: ept\n"));
  assert_false (virt_accel_cpuinfo_has_flag (""));
}

static void
a_probe_without_a_device_says_so (void **state)
{
  assert_int_equal (virt_accel_probe ("/nonexistent/kvm", 1000), VIRT_PROBE_NO_DEVICE);
}

static void
a_probe_of_something_else_says_so (void **state)
{
  assert_int_equal (virt_accel_probe ("/dev/null", 1000), VIRT_PROBE_NO_DEVICE);
}

static void
a_probe_ends_within_its_deadline (void **state)
{
  gint64 start_us = g_get_monotonic_time ();

  virt_accel_probe ("/dev/kvm", 500);
  assert_true (g_get_monotonic_time () - start_us < 5 * G_USEC_PER_SEC);
}

static void
this_host_gets_the_answer_its_facts_demand (void **state)
{
  VirtAccelFacts facts;
  const char *why = NULL;
  const char *decision;

  virt_accel_gather (&facts);
  decision = virt_accel_decide ("auto", &facts, &why, NULL);
  print_message ("# accelerator %s: %s\n", decision, why);
  if (!facts.has_cpu_flag || !facts.has_module)
    assert_int_equal (facts.probe, VIRT_PROBE_NOT_RUN);
  assert_int_equal (g_str_equal (decision, "kvm"), facts.probe == VIRT_PROBE_RAN);
}

int
main (void)
{
  const struct CMUnitTest tests[] = {
    cmocka_unit_test (auto_takes_kvm_where_a_probe_guest_ran),
    cmocka_unit_test (auto_takes_tcg_when_any_fact_is_missing),
    cmocka_unit_test (kvm_that_does_not_work_is_refused_when_asked_for),
    cmocka_unit_test (tcg_is_taken_when_asked_for),
    cmocka_unit_test (an_unknown_accelerator_is_refused),
    cmocka_unit_test (cpu_flags_are_whole_words_of_the_flags_line),
    cmocka_unit_test (a_probe_without_a_device_says_so),
    cmocka_unit_test (a_probe_of_something_else_says_so),
    cmocka_unit_test (a_probe_ends_within_its_deadline),
    cmocka_unit_test (this_host_gets_the_answer_its_facts_demand),
  };

  return cmocka_run_group_tests (tests, NULL, NULL);
}
