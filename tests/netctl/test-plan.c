/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Tests of the plan's records: addresses, names, and what is refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "netctl-plan.h"
#include "netctl-rule.h"
#include "records.h"

static void
a_good_prefix_is_read_and_printed_back (void **state)
{
  static const char *const texts[]
      = { "10.0.0.0/8", "10.0.0.1", "0.0.0.0/0", "255.255.255.255", "fd00::/64", "::1", "::/0" };

  for (guint i = 0; i < G_N_ELEMENTS (texts); i++)
    {
      NetctlPrefix prefix;
      g_autofree char *text = NULL;

      assert_true (netctl_prefix_parse (texts[i], &prefix));
      text = netctl_prefix_format (&prefix);
      assert_string_equal (text, texts[i]);
    }
}

static void
a_full_length_is_left_out_in_print (void **state)
{
  NetctlPrefix prefix;
  g_autofree char *text = NULL;

  assert_true (netctl_prefix_parse ("10.0.0.1/32", &prefix));
  text = netctl_prefix_format (&prefix);
  assert_string_equal (text, "10.0.0.1");
}

static void
a_bad_prefix_is_refused_and_leaves_the_result_alone (void **state)
{
  static const char *const texts[] = { "",
                                       "10.0.0.999",
                                       "10.0.0",
                                       "10.0.0.0/33",
                                       "10.0.0.0/",
                                       "10.0.0.0/-1",
                                       "10.0.0.0/+8",
                                       "10.0.0.0/08",
                                       "10.0.0.0/8 ",
                                       " 10.0.0.0/8",
                                       "0x0a000001",
                                       "010.0.0.1",
                                       "host",
                                       "fd00::/129",
                                       "10.0.0.1;drop",
                                       "10.0.0.0/8/8",
                                       "10.0.0.1\n",
                                       "::ffff:1.2.3",
                                       "1.2.3.4.5" };

  for (guint i = 0; i < G_N_ELEMENTS (texts); i++)
    {
      NetctlPrefix prefix = { .length = 77 };

      assert_false (netctl_prefix_parse (texts[i], &prefix));
      assert_int_equal (prefix.length, 77);
    }
  assert_false (netctl_prefix_parse (NULL, &(NetctlPrefix){ 0 }));
}

static void
the_network_has_no_host_bits (void **state)
{
  static const char *const pairs[][2] = { { "10.1.2.3/8", "10.0.0.0/8" },
                                          { "10.1.2.3/0", "0.0.0.0/0" },
                                          { "10.1.2.255/25", "10.1.2.128/25" },
                                          { "10.1.2.3", "10.1.2.3/32" },
                                          { "fd00:1:2:3:4::5/49", "fd00:1:2::/49" } };

  for (guint i = 0; i < G_N_ELEMENTS (pairs); i++)
    {
      NetctlPrefix prefix;
      g_autofree char *text = NULL;

      assert_true (netctl_prefix_parse (pairs[i][0], &prefix));
      text = netctl_prefix_network (&prefix);
      assert_string_equal (text, pairs[i][1]);
    }
}

static gboolean
contains (const char *range, const char *address)
{
  NetctlPrefix a, b;

  assert_true (netctl_prefix_parse (range, &a));
  assert_true (netctl_prefix_parse (address, &b));
  return netctl_prefix_contains (&a, &b);
}

static void
a_range_contains_what_lies_inside (void **state)
{
  assert_true (contains ("10.0.0.0/8", "10.255.0.1"));
  assert_true (contains ("10.0.0.77/25", "10.0.0.127"));
  assert_true (contains ("0.0.0.0/0", "1.2.3.4"));
  assert_true (contains ("10.0.0.1", "10.0.0.1"));
  assert_false (contains ("10.0.0.0/25", "10.0.0.128"));
  assert_false (contains ("10.0.0.0/24", "10.0.0.0/8"));
  assert_false (contains ("::/0", "10.0.0.1"));
  assert_false (contains ("0.0.0.0/0", "::1"));
}

static void
names_are_read_back_exactly (void **state)
{
  g_autofree char *tap = netctl_port_tap_name (0x1a), *ns = netctl_vpc_namespace_name (0x2b),
                  *uplink = netctl_vpc_uplink_name (0x3c);
  guint32 index = 0;

  assert_string_equal (tap, "et0000001a");
  assert_string_equal (ns, "ecs-v00002b");
  assert_string_equal (uplink, "eu00003c");
  assert_true (netctl_tap_name_parse (tap, &index) && index == 0x1a);
  assert_true (netctl_namespace_name_parse (ns, &index) && index == 0x2b);
  assert_true (netctl_uplink_name_parse (uplink, &index) && index == 0x3c);
}

static void
strange_links_are_not_taken_for_ours (void **state)
{
  static const char *const names[]
      = { "eth0", "eth00000001", "et1", "et0000000G", "et0000000A", "et000000011", "etf0000001" };
  guint32 index;

  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    assert_false (netctl_tap_name_parse (names[i], &index));
  assert_false (netctl_namespace_name_parse ("ecs-vx00001", &index));
  assert_false (netctl_uplink_name_parse ("eu0", &index));
}

static void
the_largest_indexes_share_the_name_prefixes (void **state)
{
  g_autofree char *tap = netctl_port_tap_name (NETCTL_PORT_INDEX_MAX);
  g_autofree char *uplink = netctl_vpc_uplink_name (NETCTL_VPC_INDEX_MAX);

  assert_true (g_str_has_prefix (tap, NETCTL_TAP_PREFIX));
  assert_true (g_str_has_prefix (uplink, NETCTL_UPLINK_PREFIX));
  assert_true (strlen (tap) < 16);
}

static void
transit_addresses_stay_in_their_range (void **state)
{
  NetctlPrefix range, first, last;

  assert_true (netctl_prefix_parse (NETCTL_TRANSIT_RANGE, &range));
  first = netctl_prefix_from_ipv4 (netctl_vpc_transit_address (0));
  last = netctl_prefix_from_ipv4 (netctl_vpc_transit_address (NETCTL_VPC_INDEX_MAX));
  assert_true (netctl_prefix_contains (&range, &first));
  assert_true (netctl_prefix_contains (&range, &last));
}

static void
assert_vpc_refused (NetctlVpc *vpc)
{
  g_autoptr (GError) error = NULL;

  assert_false (netctl_vpc_check (vpc, &error));
  assert_true (g_error_matches (error, NETCTL_ERROR, NETCTL_ERROR_INVALID));
  netctl_vpc_free (vpc);
}

static void
a_wrong_vpc_is_refused (void **state)
{
  NetctlVpc *vpc = record_vpc (1, "10.0.0.0/24", FALSE);

  assert_true (
      netctl_prefix_parse ("10.0.1.1", &g_array_index (vpc->subnets, NetctlSubnet, 0).gateway));
  assert_vpc_refused (vpc);
  assert_vpc_refused (record_vpc (1, "10.0.0.0/24 10.0.0.128/25", FALSE));
  assert_vpc_refused (record_vpc (1, "10.0.0.0/31", FALSE));
  assert_vpc_refused (record_vpc (1, "100.100.100.0/24", FALSE));
  assert_vpc_refused (record_vpc (1, "100.100.2.0/24", FALSE));
  assert_vpc_refused (record_vpc (1, "10.0.0.0/24 fd00::/63", FALSE));
  assert_vpc_refused (record_vpc (1, "10.0.0.0/24 fd00::/64 fd00::/64", FALSE));
  assert_vpc_refused (record_vpc (1, "10.0.0.0/24 fe80::/64", FALSE));
  assert_vpc_refused (record_vpc (1, "10.0.0.0/24 ff05::/64", FALSE));
  assert_vpc_refused (record_vpc (1, "10.0.0.0/24 ::/64", FALSE));
  assert_vpc_refused (record_vpc (NETCTL_VPC_INDEX_MAX + 1, "10.0.0.0/24", FALSE));
}

static void
a_vpc_may_have_both_families (void **state)
{
  g_autoptr (NetctlVpc) both = record_vpc (1, "10.0.0.0/24 fd00:0:0:1::/64 2001:db8::/64", FALSE);
  g_autoptr (NetctlVpc) one = record_vpc (1, "10.0.0.0/24", FALSE);
  g_autoptr (NetctlPort) port = record_port (1, 1, "10.0.0.2 fd00:0:0:1::2 10.0.0.3", "1");

  assert_true (netctl_vpc_check (both, NULL));
  assert_true (netctl_vpc_has_ipv6 (both));
  assert_false (netctl_vpc_has_ipv6 (one));
  assert_true (netctl_port_check (port, NULL));
}

static void
the_link_local_address_follows_from_the_mac (void **state)
{
  static const guint8 mac[6] = { 0x00, 0x16, 0x3e, 0x01, 0x02, 0x03 };
  NetctlPrefix address = netctl_prefix_link_local (mac);
  g_autofree char *text = netctl_prefix_format (&address);

  assert_string_equal (text, "fe80::216:3eff:fe01:203");
}

static void
a_wrong_domain_is_refused (void **state)
{
  static const char *const domains[] = { "a b", "a/b", ".a", "-a", "a,b", "a\nb" };

  for (guint i = 0; i < G_N_ELEMENTS (domains); i++)
    {
      NetctlVpc *vpc = record_vpc (1, "10.0.0.0/24", FALSE);

      vpc->domain = g_strdup (domains[i]);
      assert_vpc_refused (vpc);
    }
}

static void
a_wrong_rule_is_refused (void **state)
{
  static const char *const rules[] = {
    "in accept 0 tcp 22 - 0.0.0.0/0",    "in accept 101 tcp 22 - 0.0.0.0/0",
    "in accept 1 icmp 22 - 0.0.0.0/0",   "in accept 1 all 22 - 0.0.0.0/0",
    "in accept 1 tcp 80-22 - 0.0.0.0/0", "in accept 1 256 - - 0.0.0.0/0",
    "in accept 1 gre - 22 0.0.0.0/0",    "in accept 1 icmp - - ::/0",
    "in drop 1 icmpv6 - - 10.0.0.0/8",   "in drop 1 tcp 22 - 10.0.0.0/8 fd00::1",
    "out drop 1 all - - ::/0 10.0.0.1",  "in accept 1 icmp - - group:1 fd00::/8",
  };

  for (guint i = 0; i < G_N_ELEMENTS (rules); i++)
    {
      g_autoptr (NetctlGroup) group = record_group (1, 1);
      g_autoptr (GError) error = NULL;

      record_rule (group, rules[i]);
      assert_false (netctl_group_check (group, &error));
      assert_true (g_error_matches (error, NETCTL_ERROR, NETCTL_ERROR_INVALID));
    }
}

static void
a_rule_has_a_form_for_each_family_it_can_match (void **state)
{
  static const struct
  {
    const char *rule;
    guint forms;
    GSocketFamily first;
  } cases[] = {
    { "in accept 1 tcp 22 - 10.1.2.3/8", 1, G_SOCKET_FAMILY_IPV4 },
    { "in accept 1 tcp 22 - ::/0", 1, G_SOCKET_FAMILY_IPV6 },
    { "in accept 1 tcp 22 - group:1", 2, G_SOCKET_FAMILY_IPV4 },
    { "in accept 1 icmp - - group:1", 1, G_SOCKET_FAMILY_IPV4 },
    { "in accept 1 icmpv6 - - group:1", 1, G_SOCKET_FAMILY_IPV6 },
    { "in accept 1 all - - group:1 fd00::/8", 1, G_SOCKET_FAMILY_IPV6 },
    { "in accept 1 all - - group:1 0.0.0.0/0", 1, G_SOCKET_FAMILY_IPV4 },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (NetctlGroup) group = record_group (1, 1);
      NetctlRule forms[2];

      record_rule (group, cases[i].rule);
      assert_true (netctl_group_check (group, NULL));
      assert_int_equal (netctl_rule_split (&g_array_index (group->rules, NetctlRule, 0), forms),
                        cases[i].forms);
      assert_int_equal (forms[0].peer.family, cases[i].first);
      assert_true (cases[i].forms == 1 || forms[1].peer.family == G_SOCKET_FAMILY_IPV6);
    }
}

static void
a_wrong_host_name_is_refused (void **state)
{
  static const char *const names[]
      = { "a,b", "a\nb", "a b", "a\x01", "-a", ".a", "a#b", "\xc3\xa4" };
  g_autoptr (NetctlPort) port = record_port (1, 1, "10.0.0.2", "1");

  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    {
      g_free (port->host_name);
      port->host_name = g_strdup (names[i]);
      assert_false (netctl_port_check (port, NULL));
    }
  g_free (port->host_name);
  port->host_name = g_strdup ("web-1.example");
  assert_true (netctl_port_check (port, NULL));
}

static void
assert_port_refused (NetctlPort *port)
{
  g_autoptr (GError) error = NULL;

  assert_false (netctl_port_check (port, &error));
  assert_true (g_error_matches (error, NETCTL_ERROR, NETCTL_ERROR_INVALID));
  netctl_port_free (port);
}

static void
a_wrong_port_is_refused (void **state)
{
  NetctlPort *multicast = record_port (1, 1, "10.0.0.2", "1");
  NetctlPort *without_mac = record_port (1, 1, "10.0.0.2", "1");

  multicast->mac[0] = 1;
  memset (without_mac->mac, 0, sizeof without_mac->mac);
  assert_port_refused (multicast);
  assert_port_refused (without_mac);
  assert_port_refused (record_port (1, 1, "10.0.0.0/24", "1"));
  assert_port_refused (record_port (1, 1, "fd00::1", "1"));
  assert_port_refused (record_port (1, 1, "fd00::1 10.0.0.2", "1"));
  assert_port_refused (record_port (1, 1, "10.0.0.2 fd00::/64", "1"));
  assert_port_refused (record_port (1, 1, "10.0.0.2", ""));
  assert_port_refused (record_port (1, NETCTL_PORT_INDEX_MAX + 1, "10.0.0.2", "1"));
}

static void
a_guest_is_the_same_whatever_its_groups_and_bandwidth (void **state)
{
  g_autoptr (NetctlPort) one = record_port (1, 1, "10.0.0.2 fd00::2", "1");
  g_autoptr (NetctlPort) same = record_port (1, 1, "10.0.0.2 fd00::2", "2 3");
  NetctlPort *others[5];

  same->kbit_s_in = 8;
  assert_true (netctl_port_same_guest (one, same));
  assert_true (netctl_port_same_guest (NULL, NULL));
  assert_false (netctl_port_same_guest (one, NULL));
  assert_false (netctl_port_same_guest (NULL, one));
  for (guint i = 0; i < G_N_ELEMENTS (others); i++)
    others[i] = record_port (1, 1, i == 0 ? "10.0.0.2 fd00::3" : "10.0.0.2 fd00::2", "1");
  others[1]->host_name = g_strdup ("other");
  others[2]->is_secondary = TRUE;
  others[3]->mac[5] ^= 1;
  g_array_set_size (others[4]->addresses, 1);
  for (guint i = 0; i < G_N_ELEMENTS (others); i++)
    {
      assert_false (netctl_port_same_guest (one, others[i]));
      netctl_port_free (others[i]);
    }
}

int
main (void)
{
  const struct CMUnitTest tests[] = {
    cmocka_unit_test (a_good_prefix_is_read_and_printed_back),
    cmocka_unit_test (a_full_length_is_left_out_in_print),
    cmocka_unit_test (a_bad_prefix_is_refused_and_leaves_the_result_alone),
    cmocka_unit_test (the_network_has_no_host_bits),
    cmocka_unit_test (a_range_contains_what_lies_inside),
    cmocka_unit_test (names_are_read_back_exactly),
    cmocka_unit_test (strange_links_are_not_taken_for_ours),
    cmocka_unit_test (the_largest_indexes_share_the_name_prefixes),
    cmocka_unit_test (transit_addresses_stay_in_their_range),
    cmocka_unit_test (a_wrong_vpc_is_refused),
    cmocka_unit_test (a_vpc_may_have_both_families),
    cmocka_unit_test (the_link_local_address_follows_from_the_mac),
    cmocka_unit_test (a_wrong_domain_is_refused),
    cmocka_unit_test (a_wrong_rule_is_refused),
    cmocka_unit_test (a_rule_has_a_form_for_each_family_it_can_match),
    cmocka_unit_test (a_wrong_host_name_is_refused),
    cmocka_unit_test (a_wrong_port_is_refused),
    cmocka_unit_test (a_guest_is_the_same_whatever_its_groups_and_bandwidth),
  };

  return cmocka_run_group_tests (tests, NULL, NULL);
}
