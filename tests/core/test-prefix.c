/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Addresses and ranges of both families. */
#include "core-test.h"
#include "vmm-prefix.h"
#include <string.h>

static VmmPrefix
parse (const char *text)
{
  VmmPrefix prefix;

  if (!vmm_prefix_parse (text, &prefix))
    fail_msg ("'%s' is not read", text);
  return prefix;
}

static void
a_range_is_written_in_one_form_however_it_was_given (void **state)
{
  static const struct
  {
    const char *text, *canonical;
    gboolean had_host_bits;
  } cases[] = {
    { "10.0.0.0/8", "10.0.0.0/8", FALSE },          { "10.1.2.3/8", "10.0.0.0/8", TRUE },
    { "10.1.2.3", "10.1.2.3/32", FALSE },           { "0.0.0.0/0", "0.0.0.0/0", FALSE },
    { "255.255.255.255/1", "128.0.0.0/1", TRUE },   { "FD00:0:0::/64", "fd00::/64", FALSE },
    { "fd00:0:0:0:0:0:0:1", "fd00::1/128", FALSE }, { "::/0", "::/0", FALSE },
    { "fd00::ffff/57", "fd00::/57", TRUE },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      VmmPrefix prefix = parse (cases[i].text);
      g_autofree char *text = NULL;

      assert_int_equal (vmm_prefix_clear_host (&prefix), cases[i].had_host_bits);
      text = vmm_prefix_format (&prefix);
      assert_string_equal (text, cases[i].canonical);
    }
}

static void
what_is_no_range_is_not_read (void **state)
{
  static const char *const bad[]
      = { "",         "10",          "10.0.0.0/",    "10.0.0.0/33", "10.0.0.0/-1", "10.0.0.256",
          "10.0.0/8", "10.0.0.0/8/", " 10.0.0.0/8",  "fd00::/129",  "fd00::1::2",  "fe80::1%eth0",
          ":",        "fd00:",       "10.0.0.0/0x8", "fd00::/",     "a",           "012.0.0.1" };
  VmmPrefix prefix;

  for (guint i = 0; i < G_N_ELEMENTS (bad); i++)
    if (vmm_prefix_parse (bad[i], &prefix))
      fail_msg ("'%s' is read", bad[i]);
}

static void
a_range_contains_itself_and_its_parts_of_its_own_family (void **state)
{
  static const struct
  {
    const char *outer, *inner;
    gboolean contains;
  } cases[] = {
    { "10.0.0.0/8", "10.0.0.0/8", TRUE },
    { "10.0.0.0/8", "10.255.0.0/16", TRUE },
    { "10.0.0.0/8", "11.0.0.0/8", FALSE },
    { "10.0.0.0/9", "10.0.0.0/8", FALSE },
    { "0.0.0.0/0", "1.2.3.4", TRUE },
    { "0.0.0.0/0", "::/0", FALSE },
    { "::/0", "fd00::1", TRUE },
    { "::/0", "0.0.0.0/0", FALSE },
    { "fd00::/57", "fd00::1", TRUE },
    { "fd00::/57", "fd00:0:0:80::/64", FALSE },
    { "192.168.0.0/23", "192.168.1.7", TRUE },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      VmmPrefix outer = parse (cases[i].outer), inner = parse (cases[i].inner);

      if (vmm_prefix_contains (&outer, &inner) != cases[i].contains)
        fail_msg ("%s in %s", cases[i].inner, cases[i].outer);
    }
}

static void
bits_are_read_and_written_where_they_are (void **state)
{
  VmmPrefix prefix = parse ("fd00::/64");
  g_autofree char *text = NULL;

  vmm_prefix_set_bits (&prefix, 56, 64, 0xa5);
  vmm_prefix_set_bits (&prefix, 44, 48, 0xf);
  assert_int_equal (vmm_prefix_bits (&prefix, 56, 64), 0xa5);
  assert_int_equal (vmm_prefix_bits (&prefix, 0, 16), 0xfd00);
  text = vmm_prefix_format (&prefix);
  assert_string_equal (text, "fd00:0:f:a5::/64");
}

static void
instances_have_neither_the_first_nor_the_last_ipv6_addresses (void **state)
{
  static const struct
  {
    const char *address;
    gboolean is_usable;
  } cases[] = {
    { "fd00::", FALSE },
    { "fd00::1", TRUE },
    { "fd00::ffff:ffff:ffff:ff7f", TRUE },
    { "fd00::ffff:ffff:ffff:ff80", FALSE },
    { "fd00::ffff:ffff:ffff:ffff", FALSE },
    { "fd00:0:0:1::1", FALSE },
    { "10.0.0.1", FALSE },
    { "fd00::1:0/112", FALSE },
  };
  VmmPrefix range = parse ("fd00::/64");

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      VmmPrefix address = parse (cases[i].address);

      if (vmm_prefix_is_usable6 (&range, &address) != cases[i].is_usable)
        fail_msg ("%s", cases[i].address);
    }
}

int
main (void)
{
  const struct CMUnitTest tests[] = {
    cmocka_unit_test (a_range_is_written_in_one_form_however_it_was_given),
    cmocka_unit_test (what_is_no_range_is_not_read),
    cmocka_unit_test (a_range_contains_itself_and_its_parts_of_its_own_family),
    cmocka_unit_test (bits_are_read_and_written_where_they_are),
    cmocka_unit_test (instances_have_neither_the_first_nor_the_last_ipv6_addresses),
  };

  return cmocka_run_group_tests (tests, NULL, NULL);
}
