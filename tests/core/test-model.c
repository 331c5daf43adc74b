/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Address ranges, and what names, host names, descriptions and passwords may be. */
#include "core-test.h"
#include "vmm-disk.h"
#include "vmm-instance.h"
#include <string.h>

static void
addresses_are_read_strictly (void **state)
{
  static const char *const bad[]
      = { "",          "1",          "1.2.3",      "1.2.3.4.5", "256.0.0.1", "1.2.3.4 ",
          " 1.2.3.4",  "01.2.3.4",   "1.2.3.04",   "1.2.3.-4",  "1..3.4",    "0x1.2.3.4",
          "1.2.3.4/8", "1.2.3.1111", "10.0.0.999", "a.b.c.d",   "1.2.3.4.",  "\xd9\xa1.2.3.4" };
  guint32 address = 7;

  for (guint i = 0; i < G_N_ELEMENTS (bad); i++)
    assert_false (vmm_address_parse (bad[i], &address));
  assert_int_equal (address, 7);
  assert_true (vmm_address_parse ("10.20.0.255", &address));
  assert_int_equal (address, 0x0a1400ff);
}

static void
addresses_are_written_as_they_are_read (void **state)
{
  static const char *const texts[]
      = { "0.0.0.0", "255.255.255.255", "172.16.0.1", "100.100.100.200" };

  for (guint i = 0; i < G_N_ELEMENTS (texts); i++)
    {
      guint32 address = 0;
      g_autofree char *text = NULL;

      assert_true (vmm_address_parse (texts[i], &address));
      text = vmm_address_format (address);
      assert_string_equal (text, texts[i]);
    }
}

static void
a_range_has_no_host_bits (void **state)
{
  static const char *const bad[]
      = { "10.0.0.1/8",  "10.0.0.0", "10.0.0.0/",    "10.0.0.0/33", "10.0.0.0/-1",
          "10.0.0.0/8 ", "/8",       "10.0.0.0/8/8", "0.0.0.1/0" };
  VmmRange range = { 1, 2, 3 };

  for (guint i = 0; i < G_N_ELEMENTS (bad); i++)
    assert_false (vmm_range_parse (bad[i], &range));
  assert_int_equal (range.first, 1);
  assert_true (vmm_range_parse ("172.16.0.0/12", &range));
  assert_int_equal (range.first, 0xac100000);
  assert_int_equal (range.last, 0xac1fffff);
  assert_int_equal (range.length, 12);
  assert_true (vmm_range_parse ("0.0.0.0/0", &range));
  assert_int_equal (range.last, G_MAXUINT32);
  assert_true (vmm_range_parse ("1.2.3.4/32", &range));
  assert_int_equal (range.first, range.last);
}

static void
ecs_keeps_the_first_and_the_last_three_addresses (void **state)
{
  VmmRange range;
  guint usable = 0;

  assert_true (vmm_range_parse ("10.0.0.0/29", &range));
  for (guint32 a = range.first - 2; a <= range.last + 2; a++)
    if (vmm_range_is_usable (&range, a))
      {
        assert_in_range (a, range.first + 1, range.last - 3);
        usable++;
      }
  assert_int_equal (usable, 4);
  assert_int_equal (vmm_range_capacity (&range), usable);
  assert_int_equal (vmm_range_gateway (&range), range.last - 2);
  assert_false (vmm_range_is_usable (&range, vmm_range_gateway (&range)));
}

static void
a_range_too_small_for_that_holds_nobody (void **state)
{
  static const char *const small[] = { "10.0.0.0/30", "10.0.0.0/31", "10.0.0.0/32" };

  for (guint i = 0; i < G_N_ELEMENTS (small); i++)
    {
      VmmRange range;

      assert_true (vmm_range_parse (small[i], &range));
      assert_int_equal (vmm_range_capacity (&range), 0);
      for (guint32 a = range.first - 1; a <= range.last + 1; a++)
        assert_false (vmm_range_is_usable (&range, a));
    }
}

static char *
repeat (const char *text, guint times)
{
  GString *out = g_string_new (NULL);

  for (guint i = 0; i < times; i++)
    g_string_append (out, text);
  return g_string_free (out, FALSE);
}

/* @is_valid holds for @letter from @min to @max times, and not beyond. */
static void
assert_length (gboolean (*is_valid) (const char *), const char *letter, guint min, guint max)
{
  const guint lengths[] = { min - 1, min, max, max + 1 };

  for (guint i = 0; i < G_N_ELEMENTS (lengths); i++)
    {
      g_autofree char *text = repeat (letter, lengths[i]);

      assert_int_equal (is_valid (text), i == 1 || i == 2);
    }
}

static void
a_name_has_2_to_128_characters_and_begins_with_a_letter (void **state)
{
  static const char *const good[] = { "ab", "Web-1_a:b.c", "\xe4\xb8\xad\xe6\x96\x87", "a b" };
  static const char *const bad[] = { "1ab",  "-ab",   " ab",   "http://a", "HTTPS://a",
                                     "a\nb", "a\x7f", "a\xff", "_a",       "\342\200\250ab" };

  for (guint i = 0; i < G_N_ELEMENTS (good); i++)
    assert_true (vmm_instance_name_is_valid (good[i]) && vmm_image_name_is_valid (good[i]));
  for (guint i = 0; i < G_N_ELEMENTS (bad); i++)
    assert_false (vmm_instance_name_is_valid (bad[i]) || vmm_image_name_is_valid (bad[i]));
  assert_length (vmm_instance_name_is_valid, "a", 2, 128);
  assert_length (vmm_instance_name_is_valid, "\xc3\xa4", 2, 128);
}

static void
an_image_name_may_not_pass_for_the_vendors (void **state)
{
  assert_true (vmm_instance_name_is_valid ("aliyun_debian"));
  assert_false (vmm_image_name_is_valid ("aliyun_debian"));
  assert_false (vmm_image_name_is_valid ("Aliyun"));
  assert_false (vmm_image_name_is_valid ("acs:debian"));
}

static void
a_host_name_is_letters_digits_and_single_joints (void **state)
{
  static const char *const good[] = { "ab", "web-1", "a.b.c", "1a", "A1-b2.c3" };
  static const char *const bad[]
      = { "",     "a",    "12",   "a_b",  "-ab", "ab-",  ".ab", "ab.",
          "a--b", "a..b", "a.-b", "a-.b", "a b", "a\nb", "a/b", "\xc3\xa4\xc3\xa4" };

  for (guint i = 0; i < G_N_ELEMENTS (good); i++)
    assert_true (vmm_instance_host_name_is_valid (good[i]));
  for (guint i = 0; i < G_N_ELEMENTS (bad); i++)
    assert_false (vmm_instance_host_name_is_valid (bad[i]));
  assert_length (vmm_instance_host_name_is_valid, "a", 2, 64);
}

static void
a_description_is_empty_or_2_to_256_characters (void **state)
{
  assert_true (vmm_instance_description_is_valid (""));
  assert_false (vmm_instance_description_is_valid ("http://a"));
  assert_false (vmm_instance_description_is_valid ("https://a"));
  assert_true (vmm_instance_description_is_valid ("see http://a"));
  assert_false (vmm_instance_description_is_valid ("a\x01"));
  assert_length (vmm_instance_description_is_valid, "\xc3\xa4", 2, 256);
}

static void
a_password_has_8_to_30_characters_of_three_classes (void **state)
{
  static const char *const good[]
      = { "Abcdefg1", "abcdef1!", "ABCDEF1!", "Abcdefg!", "Ab1!Ab1!Ab1!Ab1!Ab1!Ab1!Ab1!Ab" };
  static const char *const bad[]
      = { "",          "Abcdef1",   "abcdefgh",       "ABCDEFG1",
          "abcdefg1",  "1234567!",  "Abcdef1 ",       "Abcdef1\n",
          "Abcdef1\"", "Abcdef1\\", "Abcde1\xc3\xa4", "Ab1!Ab1!Ab1!Ab1!Ab1!Ab1!Ab1!Ab1" };

  for (guint i = 0; i < G_N_ELEMENTS (good); i++)
    assert_true (vmm_instance_password_is_valid (good[i]));
  for (guint i = 0; i < G_N_ELEMENTS (bad); i++)
    assert_false (vmm_instance_password_is_valid (bad[i]));
}

static void
image_states_show_as_ecs_writes_them (void **state)
{
  static const char *const wire[]
      = { "Creating", "Available", "Deprecated", "CreateFailed", "UnAvailable" };

  for (guint s = 0; s < VMM_IMAGE_STATE_LAST; s++)
    {
      VmmImageState back = VMM_IMAGE_STATE_LAST;

      assert_string_equal (vmm_image_state_wire (s), wire[s]);
      assert_true (vmm_image_state_from_string (vmm_image_state_to_string (s), &back));
      assert_int_equal (back, s);
    }
}

int
main (void)
{
  const struct CMUnitTest tests[] = {
    cmocka_unit_test (addresses_are_read_strictly),
    cmocka_unit_test (addresses_are_written_as_they_are_read),
    cmocka_unit_test (a_range_has_no_host_bits),
    cmocka_unit_test (ecs_keeps_the_first_and_the_last_three_addresses),
    cmocka_unit_test (a_range_too_small_for_that_holds_nobody),
    cmocka_unit_test (a_name_has_2_to_128_characters_and_begins_with_a_letter),
    cmocka_unit_test (an_image_name_may_not_pass_for_the_vendors),
    cmocka_unit_test (a_host_name_is_letters_digits_and_single_joints),
    cmocka_unit_test (a_description_is_empty_or_2_to_256_characters),
    cmocka_unit_test (a_password_has_8_to_30_characters_of_three_classes),
    cmocka_unit_test (image_states_show_as_ecs_writes_them),
  };

  return cmocka_run_group_tests_name ("model", tests, NULL, NULL);
}
