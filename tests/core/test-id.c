/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Ids: their form, their kinds, their spread. */
#include "core-test.h"
#include "vmm-id.h"
#include <string.h>

static void
every_kind_makes_ids_of_its_own_form (void **state)
{
  for (guint kind = 0; kind < VMM_ID_LAST; kind++)
    {
      g_autofree char *id = vmm_id_new (kind);

      assert_true (g_str_has_prefix (id, vmm_id_prefix (kind)));
      assert_int_equal (strlen (id), strlen (vmm_id_prefix (kind)) + VMM_ID_RANDOM_LENGTH);
      for (guint other = 0; other < VMM_ID_LAST; other++)
        assert_int_equal (vmm_id_is (other, id), other == kind);
      assert_int_equal (vmm_id_kind (id), kind);
    }
}

static void
what_is_no_id_is_refused (void **state)
{
  static const char *const bad[] = {
    NULL,
    "",
    "i-",
    "i",
    "i-0123456789abcdefghi",     /* one short */
    "i-0123456789abcdefghijk",   /* one long */
    "i-0123456789ABCDEFGHIJ",    /* upper case */
    "i-0123456789abcdefgh/j",    /* a path */
    "i-0123456789abcdefghi\n",   /* a second line */
    " i-0123456789abcdefghij",   /* a blank before */
    "x-0123456789abcdefghij",    /* no such kind */
    "i_0123456789abcdefghij",    /* no hyphen */
    "i-0123456789abcdefghi\xc3", /* not ASCII */
  };

  assert_true (vmm_id_is (VMM_ID_INSTANCE, "i-0123456789abcdefghij"));
  for (guint i = 0; i < G_N_ELEMENTS (bad); i++)
    {
      assert_false (vmm_id_is (VMM_ID_INSTANCE, bad[i]));
      assert_int_equal (vmm_id_kind (bad[i]), VMM_ID_LAST);
    }
}

static void
a_disk_serial_fits_into_virtio_blk (void **state)
{
  g_autofree char *id = vmm_id_new (VMM_ID_DISK);

  assert_int_equal (strlen (id) - strlen (vmm_id_prefix (VMM_ID_DISK)), 20);
}

static void
ids_do_not_repeat_and_use_the_whole_alphabet (void **state)
{
  g_autoptr (GHashTable) seen = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  guint letters[128] = { 0 };

  for (guint i = 0; i < 2000; i++)
    {
      char *id = vmm_id_new (VMM_ID_INSTANCE);

      for (const char *p = id + 2; *p != '\0'; p++)
        letters[(guchar) *p]++;
      assert_true (g_hash_table_add (seen, id));
    }
  /* 40000 letters of 36: 1111 each expected; one in 10^9 strays as far as this. */
  for (const char *p = "0123456789abcdefghijklmnopqrstuvwxyz"; *p != '\0'; p++)
    assert_in_range (letters[(guchar) *p], 900, 1330);
}

static void
request_ids_are_upper_case_uuids (void **state)
{
  g_autofree char *id = vmm_id_request ();
  g_autofree char *again = vmm_id_request ();

  assert_true (g_regex_match_simple (
      "^[0-9A-F]{8}-[0-9A-F]{4}-[0-9A-F]{4}-[0-9A-F]{4}-[0-9A-F]{12}$", id, 0, 0));
  assert_string_not_equal (id, again);
}

int
main (void)
{
  const struct CMUnitTest tests[] = {
    cmocka_unit_test (every_kind_makes_ids_of_its_own_form),
    cmocka_unit_test (what_is_no_id_is_refused),
    cmocka_unit_test (a_disk_serial_fits_into_virtio_blk),
    cmocka_unit_test (ids_do_not_repeat_and_use_the_whole_alphabet),
    cmocka_unit_test (request_ids_are_upper_case_uuids),
  };

  return cmocka_run_group_tests_name ("id", tests, NULL, NULL);
}
