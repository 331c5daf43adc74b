/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Log lines: fields of the scope, levels, and no forged lines. */
#include "core-test.h"
#include "vmm-log.h"

static GPtrArray *caught;

static void catch (GLogLevelFlags level, const char *text)
{
  g_ptr_array_add (caught, g_strdup (text));
}

static int
set_up (void **state)
{
  caught = g_ptr_array_new_with_free_func (g_free);
  vmm_log_set_writer (catch);
  return vmm_log_set_level ("info") ? 0 : -1;
}

static int
tear_down (void **state)
{
  vmm_log_set_writer (NULL);
  g_clear_pointer (&caught, g_ptr_array_unref);
  return 0;
}

static void
assert_line (guint index, const char *text)
{
  assert_true (index < caught->len);
  assert_string_equal (g_ptr_array_index (caught, index), text);
}

static void
a_line_carries_the_fields_of_its_scopes_innermost_first (void **state)
{
  VMM_LOG_SCOPE (VMM_FIELD_REQUEST_ID, "R");
  {
    VMM_LOG_SCOPE (VMM_FIELD_INSTANCE_ID, "i-1");
    vmm_info ("started in %u s", 3);
  }
  vmm_info ("answered");

  assert_line (0, "info: started in 3 s INSTANCE_ID=i-1 REQUEST_ID=R");
  assert_line (1, "info: answered REQUEST_ID=R");
}

static void
a_field_without_a_value_shows_as_such (void **state)
{
  VMM_LOG_SCOPE (VMM_FIELD_ACTION, NULL);
  vmm_info ("x");

  assert_line (0, "info: x ACTION=-");
}

static gpointer
log_elsewhere (gpointer data)
{
  vmm_info ("elsewhere");
  return NULL;
}

static void
a_scope_is_its_own_threads (void **state)
{
  VMM_LOG_SCOPE (VMM_FIELD_ACTION, "StopInstance");
  g_thread_join (g_thread_new ("other", log_elsewhere, NULL));

  assert_line (0, "info: elsewhere");
}

static void
neither_text_nor_field_can_forge_a_second_line (void **state)
{
  VMM_LOG_SCOPE (VMM_FIELD_INSTANCE_ID, "i-1\nerror: forged");
  vmm_warning ("name '%s'", "a\r\nerror: forged\x1b[31m\x7f\t");

  assert_int_equal (caught->len, 1);
  for (const char *p = g_ptr_array_index (caught, 0); *p != '\0'; p++)
    assert_true ((guchar) *p >= 0x20 && *p != 0x7f);
}

static void
text_beyond_ascii_comes_through (void **state)
{
  vmm_info ("name '%s'", "na\xc3\xafve");
  assert_line (0, "info: name 'na\xc3\xafve'");
}

static void
a_level_hides_what_is_less_severe (void **state)
{
  static const struct
  {
    const char *level;
    guint lines;
  } cases[] = { { "error", 1 }, { "warning", 2 }, { "info", 3 }, { "debug", 4 } };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_ptr_array_set_size (caught, 0);
      assert_true (vmm_log_set_level (cases[i].level));
      vmm_error_log ("e");
      vmm_warning ("w");
      vmm_info ("i");
      vmm_debug ("d");
      assert_int_equal (caught->len, cases[i].lines);
      assert_line (0, "error: e");
    }
}

static void
an_unknown_level_is_refused (void **state)
{
  assert_false (vmm_log_set_level ("loud"));
  assert_false (vmm_log_set_level (""));
  assert_false (vmm_log_set_level (NULL));
  vmm_debug ("still at info");
  assert_int_equal (caught->len, 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown (name, set_up, tear_down)

int
main (void)
{
  const struct CMUnitTest tests[] = {
    TEST (a_line_carries_the_fields_of_its_scopes_innermost_first),
    TEST (a_field_without_a_value_shows_as_such),
    TEST (a_scope_is_its_own_threads),
    TEST (neither_text_nor_field_can_forge_a_second_line),
    TEST (text_beyond_ascii_comes_through),
    TEST (a_level_hides_what_is_less_severe),
    TEST (an_unknown_level_is_refused),
  };

  return cmocka_run_group_tests_name ("log", tests, NULL, NULL);
}
