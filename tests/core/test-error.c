/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The one list of errors. */
#include "core-test.h"
#include <string.h>

static void
every_error_has_a_code_a_status_and_a_sentence (void **state)
{
  for (guint code = 0; code < VMM_ERROR_LAST; code++)
    {
      assert_true (g_regex_match_simple ("^[A-Z][A-Za-z0-9_]+(\\.[A-Za-z0-9]+)*$",
                                         vmm_error_wire (code), 0, 0));
      assert_in_range (vmm_error_status (code), 400, 599);
      assert_true (g_str_has_suffix (vmm_error_sentence (code), "."));
    }
}

static void
no_code_stands_for_two_errors (void **state)
{
  g_autoptr (GHashTable) seen = g_hash_table_new (g_str_hash, g_str_equal);

  for (guint code = 0; code < VMM_ERROR_LAST; code++)
    assert_true (g_hash_table_add (seen, (gpointer) vmm_error_wire (code)));
}

static void
codes_that_clients_wait_for_keep_their_names (void **state)
{
  assert_string_equal (vmm_error_wire (VMM_ERROR_INSTANCE_NOT_FOUND), "InvalidInstanceId.NotFound");
  assert_int_equal (vmm_error_status (VMM_ERROR_INSTANCE_NOT_FOUND), 404);
  assert_string_equal (vmm_error_wire (VMM_ERROR_INSTANCE_STATUS), "IncorrectInstanceStatus");
  assert_int_equal (vmm_error_status (VMM_ERROR_INSTANCE_STATUS), 403);
  assert_string_equal (vmm_error_wire (VMM_ERROR_DRY_RUN), "DryRunOperation");
  assert_string_equal (vmm_error_wire (VMM_ERROR_NO_STOCK), "OperationDenied.NoStock");
}

static void
fail_sets_the_error_and_says_no (void **state)
{
  g_autoptr (GError) error = NULL;

  assert_false (vmm_fail (&error, VMM_ERROR_QUOTA, "%d of %s", 3, "them"));
  assert_vmm_error (error, VMM_ERROR_QUOTA);
  assert_string_equal (error->message, "3 of them");
  assert_false (vmm_fail (NULL, VMM_ERROR_QUOTA, "nobody asks"));
}

int
main (void)
{
  const struct CMUnitTest tests[] = {
    cmocka_unit_test (every_error_has_a_code_a_status_and_a_sentence),
    cmocka_unit_test (no_code_stands_for_two_errors),
    cmocka_unit_test (codes_that_clients_wait_for_keep_their_names),
    cmocka_unit_test (fail_sets_the_error_and_says_no),
  };

  return cmocka_run_group_tests_name ("error", tests, NULL, NULL);
}
