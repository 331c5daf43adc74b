/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The pools of public addresses as they are written in the configuration. */
#include "core-test.h"
#include "vmm-nic.h"
#include "vmm-pool.h"
#include <string.h>

static guint32
address (const char *text)
{
  guint32 value = 0;

  assert_true (vmm_address_parse (text, &value));
  return value;
}

static void
ranges_and_single_addresses_are_read (void **state)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (VmmPool) pool
      = vmm_pool_parse (" 203.0.113.10 - 203.0.113.50, 198.51.100.0/28,192.0.2.7,", &error);

  assert_no_error (error);
  assert_int_equal (pool->ranges->len, 3);
  assert_false (vmm_pool_contains (pool, address ("203.0.113.9")));
  assert_true (vmm_pool_contains (pool, address ("203.0.113.10")));
  assert_true (vmm_pool_contains (pool, address ("203.0.113.50")));
  assert_false (vmm_pool_contains (pool, address ("203.0.113.51")));
  assert_true (vmm_pool_contains (pool, address ("192.0.2.7")));
}

static void
a_range_by_length_keeps_its_ends_for_the_network (void **state)
{
  g_autoptr (VmmPool) pool = vmm_pool_parse ("198.51.100.0/28, 192.0.2.0/31, 192.0.2.4/32", NULL);

  assert_false (vmm_pool_contains (pool, address ("198.51.100.0")));
  assert_true (vmm_pool_contains (pool, address ("198.51.100.1")));
  assert_true (vmm_pool_contains (pool, address ("198.51.100.14")));
  assert_false (vmm_pool_contains (pool, address ("198.51.100.15")));
  assert_true (vmm_pool_contains (pool, address ("192.0.2.0")));
  assert_true (vmm_pool_contains (pool, address ("192.0.2.1")));
  assert_true (vmm_pool_contains (pool, address ("192.0.2.4")));
}

static void
no_text_and_no_pool_are_empty (void **state)
{
  g_autoptr (VmmPool) pool = vmm_pool_parse (" , ", NULL);

  assert_non_null (pool);
  assert_true (vmm_pool_is_empty (pool));
  assert_true (vmm_pool_is_empty (NULL));
  assert_false (vmm_pool_contains (NULL, address ("192.0.2.1")));
}

static void
what_is_wrong_is_named (void **state)
{
  static const struct
  {
    const char *text, *named;
  } cases[] = {
    { "192.0.2.1, hello", "'hello'" },        { "192.0.2.9-192.0.2.1", "'192.0.2.9-192.0.2.1'" },
    { "192.0.2.1/24", "'192.0.2.1/24'" },     { "192.0.2.1-", "'192.0.2.1-'" },
    { "192.0.2.256", "'192.0.2.256'" },       { "2001:db8::/64", "'2001:db8::/64'" },
    { "126.0.0.1-128.0.0.1", "127.0.0.0/8" }, { "100.100.0.1", "100.64.0.0/10" },
    { "239.1.1.1", "224.0.0.0/3" },           { "0.0.0.1", "0.0.0.0/8" },
    { "169.254.1.1", "169.254.0.0/16" },      { "192.0.2.0/24, 192.0.2.9", "'192.0.2.9'" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (GError) error = NULL;

      assert_null (vmm_pool_parse (cases[i].text, &error));
      assert_vmm_error (error, VMM_ERROR_CONFIG);
      assert_non_null (strstr (error->message, cases[i].named));
    }
}

int
main (void)
{
  const struct CMUnitTest tests[] = {
    cmocka_unit_test (ranges_and_single_addresses_are_read),
    cmocka_unit_test (a_range_by_length_keeps_its_ends_for_the_network),
    cmocka_unit_test (no_text_and_no_pool_are_empty),
    cmocka_unit_test (what_is_wrong_is_named),
  };

  return cmocka_run_group_tests_name ("pool", tests, NULL, NULL);
}
