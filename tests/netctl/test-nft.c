/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Golden tests of the firewall's text: each case is a file below golden/, rewritten with
 * VMMD_REGENERATE=1. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "netctl-nft.h"
#include "records.h"

static void
assert_golden (const char *name, const char *text)
{
  g_autofree char *path = g_strdup_printf ("%s/golden/%s.nft", TEST_DIR, name);
  g_autofree char *expected = NULL;

  if (g_strcmp0 (g_getenv ("VMMD_REGENERATE"), "1") == 0)
    assert_true (g_file_set_contents (path, text, -1, NULL));
  assert_true (g_file_get_contents (path, &expected, NULL, NULL));
  assert_string_equal (text, expected);
}

static void
assert_golden_replacement (const char *name, NetctlTables *tables)
{
  g_autofree char *text = netctl_tables_replace (tables);

  netctl_tables_free (tables);
  assert_golden (name, text);
}

static NetctlModel *
default_model (void)
{
  NetctlModel *model = netctl_model_new ();

  record_put_vpc (model, record_vpc (1, "10.0.0.0/24", TRUE));
  record_put_group (model, record_group (1, 1));
  record_put_port (model, record_port (1, 1, "10.0.0.11", "1"));
  record_put_port (model, record_port (1, 2, "10.0.0.12", "1"));
  return model;
}

static void
the_default_group_is_as_in_ecs (void **state)
{
  g_autoptr (NetctlModel) model = default_model ();

  assert_golden_replacement ("default-group", netctl_nft_vpc (model));
}

static void
an_empty_vpc_without_nat_lets_nothing_through (void **state)
{
  g_autoptr (NetctlModel) model = netctl_model_new ();

  record_put_vpc (model, record_vpc (2, "10.0.0.0/24 10.0.1.0/24", FALSE));
  assert_golden_replacement ("empty-vpc", netctl_nft_vpc (model));
}

static void
a_vpc_of_both_families_has_doors_for_each (void **state)
{
  g_autoptr (NetctlModel) model = netctl_model_new ();

  record_put_vpc (model, record_vpc (1, "10.0.0.0/24 fd00:0:0:1::/64", TRUE));
  record_put_group (model, record_group (1, 1));
  record_put_port (model, record_port (1, 1, "10.0.0.11 fd00:0:0:1::11", "1"));
  record_put_port (model, record_port (1, 2, "10.0.0.12", "1"));
  assert_golden_replacement ("dual-stack", netctl_nft_vpc (model));
}

static void
every_kind_of_rule_has_its_text (void **state)
{
  static const char *const rules[] = {
    "in accept 1 tcp 22 - 0.0.0.0/0",
    "in accept 1 tcp - - 10.1.2.3/16",
    "in accept 2 udp 5000-6000 1000-2000 192.0.2.1",
    "in accept 2 tcp - 1024 192.0.2.0/24",
    "in drop 2 tcp 0-65535 - 192.0.2.0/24",
    "in accept 3 icmp - - group:2",
    "in accept 4 gre - - 198.51.100.0/24",
    "in drop 50 all - - 203.0.113.0/24",
    "in accept 100 58 - - fd00::/8",
    "in accept 100 all - - ::/0",
    "out drop 1 all - - 0.0.0.0/0",
    "out accept 1 udp 53 - 192.0.2.53",
    "out accept 1 all - - group:3",
    "in accept 5 icmpv6 - - group:2",
    "in accept 6 tcp 443 - 10.0.0.0/8 10.0.0.11",
    "in accept 6 tcp 443 - group:2 fd00::/64",
    "in accept 7 udp - - ::/0 fd00::5",
    "out drop 8 all - - 0.0.0.0/0 10.0.0.12",
    "out drop 8 tcp 25 - 2001:db8::/32 ::/0",
  };
  g_autoptr (NetctlModel) model = netctl_model_new ();
  NetctlGroup *group = record_group (1, 1);

  for (guint i = 0; i < G_N_ELEMENTS (rules); i++)
    record_rule (group, rules[i]);
  group->members_reach_each_other = FALSE;
  record_put_vpc (model, record_vpc (1, "10.0.0.0/24", FALSE));
  record_put_group (model, group);
  record_put_port (model, record_port (1, 1, "10.0.0.11", "1"));
  assert_golden_replacement ("all-rules", netctl_nft_vpc (model));
}

static void
many_rules_become_sets_of_ranges (void **state)
{
  g_autoptr (NetctlModel) model = netctl_model_new ();
  NetctlGroup *group = record_group (1, 1);

  for (guint i = 0; i < 30; i++)
    {
      g_autofree char *plain = g_strdup_printf ("in accept 1 tcp 80 - 10.0.%u.0/24", i);
      g_autofree char *member = g_strdup_printf ("in accept 1 udp %u 53 group:2", 100 + i);
      g_autofree char *five
          = g_strdup_printf ("in accept 2 tcp %u-%u - fd00::/16 fd01::%x/128", i, i + 5, i % 3);

      record_rule (group, plain);
      record_rule (group, member);
      record_rule (group, five);
    }
  for (guint i = 0; i < 12; i++)
    {
      g_autofree char *drop = g_strdup_printf ("in drop 2 all - - 172.16.%u.0/24", i);

      record_rule (group, drop);
    }
  record_rule (group, "in drop 2 all - - 172.16.0.0/12");
  record_put_vpc (model, record_vpc (1, "10.0.0.0/24", FALSE));
  record_put_group (model, group);
  record_put_port (model, record_port (1, 1, "10.0.0.11", "1"));
  assert_golden_replacement ("many-rules", netctl_nft_vpc (model));
}

static void
ports_with_the_same_groups_share_their_chains (void **state)
{
  g_autoptr (NetctlModel) model = default_model ();
  NetctlGroup *two = record_group (1, 2);

  /* The first is a rule of both groups when they are merged. */
  record_rule (two, "in accept 1 tcp 22 - 0.0.0.0/0");
  record_put_group (model, two);
  two = record_group (1, 1);
  record_rule (two, "in accept 1 tcp 22 - 0.0.0.0/0");
  record_rule (two, "in drop 1 tcp 23 - 0.0.0.0/0");
  record_put_group (model, two);
  record_put_port (model, record_port (1, 3, "10.0.0.13 10.0.0.14", "2 1"));
  record_put_port (model, record_port (1, 4, "10.0.0.15", "1 2 1"));
  assert_golden_replacement ("shared-chains", netctl_nft_vpc (model));
}

/* A VPC with something of each kind. */
static NetctlVpc *
public_vpc (void)
{
  NetctlVpc *vpc = record_vpc (1, "10.0.0.0/24 10.0.1.0/24", TRUE);

  record_eip (vpc, "203.0.113.1", "10.0.0.11");
  record_public (vpc, "203.0.113.2");
  record_public (vpc, "203.0.113.3");
  record_snat (vpc, "10.0.0.0/16", "203.0.113.2");
  record_snat (vpc, "10.0.1.0/24", "203.0.113.3");
  record_snat (vpc, "10.0.1.7", "203.0.113.2");
  record_forward (vpc, "203.0.113.2", "tcp 80 8080", "10.0.0.12");
  record_forward (vpc, "203.0.113.2", "udp 1000-1001 2000-2001", "10.0.0.12");
  record_forward (vpc, "203.0.113.2", "tcp 5000-5009 5000-5009", "10.0.0.12");
  record_forward (vpc, "203.0.113.3", "all - -", "10.0.1.5");
  record_route (vpc, "172.16.0.0/16", "10.0.0.12");
  record_route (vpc, "172.16.3.0/24", "10.0.0.12");
  record_route (vpc, "0.0.0.0/0", "10.0.0.12");
  g_array_index (vpc->publics, NetctlPublic, 0).kbit_s_in = 1000;
  g_array_index (vpc->publics, NetctlPublic, 1).kbit_s_out = 1000;
  return vpc;
}

static void
public_addresses_routes_and_bandwidth_have_their_text (void **state)
{
  g_autoptr (NetctlModel) model = netctl_model_new ();
  NetctlPort *port = record_port (1, 2, "10.0.0.12", "1");

  port->kbit_s_in = port->kbit_s_out = 5000;
  record_put_vpc (model, public_vpc ());
  record_put_group (model, record_group (1, 1));
  record_put_port (model, record_port (1, 1, "10.0.0.11", "1"));
  record_put_port (model, port);
  assert_golden_replacement ("public", netctl_nft_vpc (model));
}

static void
without_nat_only_sources_with_an_address_pass (void **state)
{
  g_autoptr (NetctlModel) model = netctl_model_new ();
  NetctlVpc *vpc = public_vpc ();

  vpc->nat = FALSE;
  g_array_set_size (vpc->routes, 0);
  record_put_vpc (model, vpc);
  assert_golden_replacement ("public-only", netctl_nft_vpc (model));
}

static void
a_public_address_more_is_some_elements (void **state)
{
  g_autoptr (NetctlModel) from = netctl_model_new (), to = NULL;
  g_autoptr (NetctlTables) old = NULL, new = NULL;
  g_autofree char *text = NULL;
  NetctlVpc *vpc = public_vpc ();

  record_put_vpc (from, public_vpc ());
  to = netctl_model_copy (from);
  record_eip (vpc, "203.0.113.4", "10.0.0.14");
  record_put_vpc (to, vpc);
  old = netctl_nft_vpc (from);
  new = netctl_nft_vpc (to);
  text = netctl_tables_change (old, new);
  assert_golden ("add-public", text);
  assert_false (netctl_tables_narrow (old, new));
  assert_true (netctl_tables_narrow (new, old));
}

static void
the_host_lets_in_what_goes_to_public_addresses (void **state)
{
  g_autoptr (GPtrArray) servers = g_ptr_array_new ();
  g_autoptr (GArray) publics = g_array_new (FALSE, FALSE, sizeof (NetctlHostPublic));
  g_autoptr (NetctlVpc) vpc = public_vpc ();

  netctl_public_collect (publics, vpc);
  assert_golden_replacement ("host-public", netctl_nft_host (TRUE, servers, publics));
}

static void
the_host_is_closed_for_taps (void **state)
{
  g_autoptr (GPtrArray) none = g_ptr_array_new ();
  g_autoptr (GArray) publics = g_array_new (FALSE, FALSE, sizeof (NetctlHostPublic));

  assert_golden_replacement ("host", netctl_nft_host (FALSE, none, publics));
}

static void
the_host_lets_vpcs_out_and_nothing_in (void **state)
{
  g_autoptr (GPtrArray) servers = g_ptr_array_new ();
  g_autoptr (GArray) publics = g_array_new (FALSE, FALSE, sizeof (NetctlHostPublic));

  g_ptr_array_add (servers, (gpointer) "192.0.2.53");
  g_ptr_array_add (servers, (gpointer) "192.0.2.54");
  assert_golden_replacement ("host-nat", netctl_nft_host (TRUE, servers, publics));
}

static char *
change (const NetctlModel *from, const NetctlModel *to)
{
  g_autoptr (NetctlTables) old = netctl_nft_vpc (from), new = netctl_nft_vpc (to);

  return netctl_tables_change (old, new);
}

static void
no_change_is_no_command (void **state)
{
  g_autoptr (NetctlModel) a = default_model (), b = default_model ();
  g_autofree char *text = change (a, b);

  assert_string_equal (text, "");
}

static void
another_member_is_some_elements_and_no_rule (void **state)
{
  g_autoptr (NetctlModel) from = default_model (), to = default_model ();
  g_autofree char *text = NULL;

  record_put_port (to, record_port (1, 3, "10.0.0.13", "1"));
  text = change (from, to);
  assert_golden ("add-member", text);
}

static void
a_rule_changes_only_the_chains_of_its_group (void **state)
{
  g_autoptr (NetctlModel) from = default_model (), to = NULL;
  g_autofree char *text = NULL;
  NetctlGroup *group = record_group (1, 1);

  record_put_group (from, record_group (1, 2));
  record_put_port (from, record_port (1, 3, "10.0.0.13", "2"));
  to = netctl_model_copy (from);
  record_rule (group, "in accept 1 tcp 22 - 0.0.0.0/0");
  record_put_group (to, group);
  text = change (from, to);
  assert_golden ("add-rule", text);
}

static void
a_port_that_changes_groups_swaps_its_chains (void **state)
{
  g_autoptr (NetctlModel) from = default_model (), to = NULL;
  g_autofree char *text = NULL;

  record_put_group (from, record_group (1, 2));
  to = netctl_model_copy (from);
  record_put_port (to, record_port (1, 2, "10.0.0.12", "2"));
  text = change (from, to);
  assert_golden ("change-groups", text);
}

static void
the_last_port_takes_its_chains_along (void **state)
{
  g_autoptr (NetctlModel) from = default_model (), to = default_model ();
  g_autofree char *text = NULL;

  netctl_model_remove_port (to, 1);
  netctl_model_remove_port (to, 2);
  text = change (from, to);
  assert_golden ("remove-ports", text);
}

static void
only_what_takes_away_narrows (void **state)
{
  g_autoptr (NetctlModel) one = default_model (), two = default_model ();
  g_autoptr (NetctlTables) less = NULL, more = NULL;

  record_put_port (two, record_port (1, 3, "10.0.0.13", "1"));
  less = netctl_nft_vpc (one);
  more = netctl_nft_vpc (two);
  assert_false (netctl_tables_narrow (less, more));
  assert_true (netctl_tables_narrow (more, less));
  assert_false (netctl_tables_narrow (less, less));
}

static void
many_elements_are_split_over_commands (void **state)
{
  g_autoptr (NetctlTables) tables = netctl_tables_new ();
  NetctlTableObject *set
      = netctl_tables_add (tables, NETCTL_TABLE_SET, "inet t", "s", "type ipv4_addr");
  g_autofree char *text = NULL;
  guint commands = 0;

  for (guint i = 0; i < 600; i++)
    netctl_table_line (set, "10.0.%u.%u", i / 256, i % 256);
  text = netctl_tables_replace (tables);
  for (const char *at = strstr (text, "add element"); at != NULL;
       at = strstr (at + 1, "add element"))
    commands++;
  assert_int_equal (commands, 3);
  assert_non_null (strstr (text, "10.0.0.255 }\nadd element inet t s { 10.0.1.0, "));
}

int
main (void)
{
  const struct CMUnitTest tests[] = {
    cmocka_unit_test (the_default_group_is_as_in_ecs),
    cmocka_unit_test (an_empty_vpc_without_nat_lets_nothing_through),
    cmocka_unit_test (a_vpc_of_both_families_has_doors_for_each),
    cmocka_unit_test (every_kind_of_rule_has_its_text),
    cmocka_unit_test (many_rules_become_sets_of_ranges),
    cmocka_unit_test (ports_with_the_same_groups_share_their_chains),
    cmocka_unit_test (public_addresses_routes_and_bandwidth_have_their_text),
    cmocka_unit_test (without_nat_only_sources_with_an_address_pass),
    cmocka_unit_test (a_public_address_more_is_some_elements),
    cmocka_unit_test (the_host_lets_in_what_goes_to_public_addresses),
    cmocka_unit_test (the_host_is_closed_for_taps),
    cmocka_unit_test (the_host_lets_vpcs_out_and_nothing_in),
    cmocka_unit_test (no_change_is_no_command),
    cmocka_unit_test (another_member_is_some_elements_and_no_rule),
    cmocka_unit_test (a_rule_changes_only_the_chains_of_its_group),
    cmocka_unit_test (a_port_that_changes_groups_swaps_its_chains),
    cmocka_unit_test (the_last_port_takes_its_chains_along),
    cmocka_unit_test (only_what_takes_away_narrows),
    cmocka_unit_test (many_elements_are_split_over_commands),
  };

  return cmocka_run_group_tests (tests, NULL, NULL);
}
