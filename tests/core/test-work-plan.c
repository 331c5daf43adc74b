/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What netctl is told of the rows. */
#include "ops-group.h"
#include "ops-network.h"
#include "ops-nic.h"
#include "ops-prefix-list.h"
#include "ops-route.h"
#include "work-plan.h"
#include "world-host.h"

static NetctlVpc *
plan_vpc (World *w, const char *vpc_id)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (StoreTxn) txn = store_begin_read (w->ctx.store, &error);
  NetctlVpc *vpc = work_plan_vpc (&w->ctx, txn, vpc_id, &error);

  assert_no_error (error);
  return vpc;
}

/* The interface of an instance that runs. */
static VmmInstance *
run_guest (World *w)
{
  return world_get (w, host_run (w));
}

static VmmNic *
nic_of (const VmmInstance *instance)
{
  return g_ptr_array_index (instance->nics, 0);
}

static const char *
table_of (World *w, const char *vpc_id)
{
  g_autoptr (VmmVpc) vpc = ops_vpc_get (&w->ctx, &w->alice, vpc_id, NULL);

  return world_keep (w, g_strdup (vpc->route_table_id));
}

static void
assert_prefix (const NetctlPrefix *prefix, const char *text)
{
  g_autofree char *shown = netctl_prefix_format (prefix);

  assert_string_equal (shown, text);
}

static void
a_route_leads_to_the_address_of_its_next_hop (void **state)
{
  World *w = *state;
  g_autoptr (VmmInstance) guest = run_guest (w);
  const VmmNic *nic = nic_of (guest);
  const OpsRouteSpec specs[] = {
    { .destination = "10.9.0.0/16", .next_hop_id = guest->id },
    { .destination = "0.0.0.0/0", .next_hop_type = VMM_HOP_NIC, .next_hop_id = nic->id },
  };
  g_autoptr (NetctlVpc) vpc = NULL;

  for (guint i = 0; i < G_N_ELEMENTS (specs); i++)
    {
      OpsRouteSpec spec = specs[i];
      g_autoptr (GError) error = NULL;
      g_autofree char *id = NULL;

      spec.table_id = table_of (w, nic->vpc_id);
      id = ops_route_create (&w->ctx, &w->alice, &spec, &error);
      assert_no_error (error);
    }
  vpc = plan_vpc (w, nic->vpc_id);
  assert_int_equal (vpc->routes->len, 2);
  for (guint i = 0; i < vpc->routes->len; i++)
    {
      const NetctlRoute *route = &g_array_index (vpc->routes, NetctlRoute, i);

      assert_prefix (&route->destination, specs[i].destination);
      assert_prefix (&route->next_hop, nic->ip);
    }
}

static void
a_network_of_both_families_is_told_as_such (void **state)
{
  World *w = *state;
  const OpsVpcSpec spec = { .cidr = "10.0.0.0/8", .ipv6 = TRUE };
  g_autoptr (VmmVpc) row = ops_vpc_create (&w->ctx, &w->alice, &spec, NULL);
  const OpsVswitchSpec both
      = { .vpc_id = row->id, .cidr = "10.1.0.0/16", .ipv6 = TRUE, .ipv6_number = 3 };
  g_autoptr (VmmVswitch) vswitch = ops_vswitch_create (&w->ctx, &w->alice, &both, NULL);
  g_autofree char *group = ops_group_create (&w->ctx, &w->alice, row->id, "group", NULL, NULL);
  const char *groups[] = { group, NULL };
  const OpsNicSpec two = { .vswitch_id = vswitch->id, .group_ids = groups, .ip6_count = 2 };
  g_autoptr (VmmNic) nic = ops_nic_create (&w->ctx, &w->alice, &two, NULL);
  g_autoptr (StoreTxn) txn = store_begin_read (w->ctx.store, NULL);
  g_autoptr (NetctlVpc) vpc = NULL;
  g_autoptr (NetctlPort) port = NULL;

  vpc = plan_vpc (w, row->id);
  assert_int_equal (vpc->subnets->len, 2);
  assert_prefix (&g_array_index (vpc->subnets, NetctlSubnet, 0).range, "10.1.0.0/16");
  assert_prefix (&g_array_index (vpc->subnets, NetctlSubnet, 1).range, "fd00:ec5:0:3::/64");
  port = work_plan_port (txn, nic, "guest", NULL);
  assert_int_equal (port->addresses->len, 3);
  for (guint i = 0; i < 3; i++)
    assert_int_equal (g_array_index (port->addresses, NetctlPrefix, i).family,
                      i == 0 ? G_SOCKET_FAMILY_IPV4 : G_SOCKET_FAMILY_IPV6);
}

static NetctlGroup *
plan_group (World *w, const char *group_id)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (StoreTxn) txn = store_begin_read (w->ctx.store, &error);
  g_autoptr (VmmGroup) row = store_group_get (txn, NULL, group_id, &error);
  NetctlGroup *group = work_plan_group (txn, row, 1, &error);

  assert_no_error (error);
  return group;
}

static void
authorize (World *w, const char *group_id, const OpsRuleSpec *spec)
{
  g_autoptr (GError) error = NULL;

  assert_true (ops_group_authorize (&w->ctx, &w->alice, group_id, spec, 1, &error));
  assert_no_error (error);
}

static void
a_rule_is_told_with_both_sides_and_its_family (void **state)
{
  World *w = *state;
  g_autofree char *id = ops_group_create (&w->ctx, &w->alice, NULL, "group", NULL, NULL);
  const OpsRuleSpec five = { .protocol = "tcp",
                             .port_range = "80/81",
                             .source_port_range = "1000/2000",
                             .cidr = "10.0.0.0/8",
                             .near_cidr = "172.16.0.7" };
  const OpsRuleSpec six = { .egress = TRUE, .protocol = "icmpv6", .cidr6 = "fd00::/8" };
  g_autoptr (NetctlGroup) group = NULL;
  const NetctlRule *rules;

  authorize (w, id, &five);
  authorize (w, id, &six);
  group = plan_group (w, id);
  rules = (const NetctlRule *) group->rules->data;
  assert_int_equal (group->rules->len, 2);
  assert_prefix (&rules[0].peer, "10.0.0.0/8");
  assert_true (rules[0].has_near);
  assert_prefix (&rules[0].near, "172.16.0.7");
  assert_int_equal (rules[0].source_port_max, 2000);
  assert_false (rules[1].has_near);
  assert_prefix (&rules[1].peer, "fd00::/8");
  assert_int_equal (rules[1].protocol, 58);
  assert_int_equal (rules[1].direction, NETCTL_EGRESS);
}

static void
a_rule_with_a_list_is_one_for_each_of_its_ranges (void **state)
{
  World *w = *state;
  const OpsPrefixEntry entries[] = { { "10.1.0.0/16", NULL }, { "10.2.0.0/16", NULL } };
  const OpsPrefixListSpec list = { .max_entries = 5, .entries = entries, .n_entries = 2 };
  const char *none[] = { "10.1.0.0/16", "10.2.0.0/16", NULL };
  const OpsPrefixListChange empty = { .remove = none };
  g_autofree char *list_id = ops_prefix_list_create (&w->ctx, &w->alice, &list, NULL);
  g_autofree char *id = ops_group_create (&w->ctx, &w->alice, NULL, "group", NULL, NULL);
  const OpsRuleSpec spec
      = { .protocol = "all", .prefix_list_id = list_id, .near_cidr = "172.16.0.7", .priority = 9 };
  g_autoptr (NetctlGroup) group = NULL;
  g_autoptr (NetctlGroup) later = NULL;

  authorize (w, id, &spec);
  group = plan_group (w, id);
  assert_int_equal (group->rules->len, 2);
  for (guint i = 0; i < 2; i++)
    {
      const NetctlRule *rule = &g_array_index (group->rules, NetctlRule, i);

      assert_prefix (&rule->peer, entries[i].cidr);
      assert_prefix (&rule->near, "172.16.0.7");
      assert_int_equal (rule->priority, 9);
    }
  assert_true (ops_prefix_list_modify (&w->ctx, &w->alice, list_id, &empty, NULL));
  later = plan_group (w, id);
  assert_int_equal (later->rules->len, 0);
}

typedef struct
{
  guint32 vpc;
  char *ip;
} Target;

static gboolean
is_let_in (World *w, gconstpointer data)
{
  const Target *target = data;

  return netctl_fake_allows (w->host->net, target->vpc, 6, "10.1.2.3", 1000, target->ip, 80);
}

static gboolean
is_kept_out (World *w, gconstpointer data)
{
  return !is_let_in (w, data);
}

static void
a_change_of_a_list_reaches_a_running_guest (void **state)
{
  World *w = *state;
  const OpsPrefixListSpec list = { .max_entries = 5 };
  const OpsPrefixEntry entry = { "10.1.0.0/16", NULL };
  const char *cidrs[] = { entry.cidr, NULL };
  const OpsPrefixListChange add = { .add = &entry, .n_add = 1 }, remove = { .remove = cidrs };
  g_autofree char *list_id = ops_prefix_list_create (&w->ctx, &w->alice, &list, NULL);
  const OpsRuleSpec spec = { .protocol = "all", .prefix_list_id = list_id };
  g_autoptr (VmmInstance) guest = run_guest (w);
  const VmmNic *nic = nic_of (guest);
  const Target target = { nic->vpc_index, nic->ip };

  authorize (w, g_ptr_array_index (nic->group_ids, 0), &spec);
  assert_true (ops_prefix_list_modify (&w->ctx, &w->alice, list_id, &add, NULL));
  host_settle (w, is_let_in, &target, "the range of the list to be let in");
  assert_true (ops_prefix_list_modify (&w->ctx, &w->alice, list_id, &remove, NULL));
  host_settle (w, is_kept_out, &target, "the range to be kept out again");
}

static void
the_host_has_what_the_rows_want (void **state)
{
  World *w = *state;
  g_autoptr (VmmInstance) guest = run_guest (w);
  g_autofree char *address = g_strdup (nic_of (guest)->ip);
  g_autofree char *plan = NULL, *actual = NULL, *alone = NULL;
  g_autoptr (GError) error = NULL;

  assert_true (work_network_show (w->host->work, &plan, &actual, &error));
  assert_contains (plan, address);
  assert_string_equal (actual, plan);
  assert_true (work_network_show (w->host->work, NULL, &alone, &error));
  assert_string_equal (alone, actual);
}

/* Behind the daemon's back. */
static void
what_the_host_lacks_is_seen (void **state)
{
  World *w = *state;
  g_autoptr (VmmInstance) guest = run_guest (w);
  g_autoptr (NetctlPlan) nothing = netctl_plan_new ();
  g_autofree char *plan = NULL, *actual = NULL;

  assert_true (w->host->net->class->reconcile (w->host->net, nothing, NULL));
  assert_true (work_network_show (w->host->work, &plan, &actual, NULL));
  assert_string_equal (actual, "");
  assert_true (*plan != '\0');
  work_kick (w->host->work, WORK_RECONCILE);
  host_wait_idle (w);
}

static void
a_protocol_nobody_knows_is_an_error_and_no_rule_for_all (void **state)
{
  World *w = *state;
  const OpsRuleSpec spec = { .protocol = "tcp", .port_range = "22/22", .cidr = "10.0.0.0/8" };
  g_autofree char *id = ops_group_create (&w->ctx, &w->alice, NULL, "group", NULL, NULL);
  g_autoptr (StoreTxn) txn = NULL;
  g_autoptr (VmmGroup) row = NULL;
  g_autoptr (GError) error = NULL;

  assert_true (ops_group_authorize (&w->ctx, &w->alice, id, &spec, 1, NULL));
  world_exec (w, "UPDATE security_rule SET protocol='sctp'");
  txn = store_begin_read (w->ctx.store, NULL);
  row = store_group_get (txn, NULL, id, NULL);
  assert_null (work_plan_group (txn, row, 1, &error));
  assert_vmm_message (error, VMM_ERROR_INTERNAL, "sctp");
}

int
main (void)
{
  const struct CMUnitTest tests[] = {
    HOST_TEST (a_route_leads_to_the_address_of_its_next_hop),
    HOST_TEST (a_network_of_both_families_is_told_as_such),
    HOST_TEST (a_rule_is_told_with_both_sides_and_its_family),
    HOST_TEST (a_rule_with_a_list_is_one_for_each_of_its_ranges),
    HOST_TEST (a_protocol_nobody_knows_is_an_error_and_no_rule_for_all),
    HOST_TEST (a_change_of_a_list_reaches_a_running_guest),
    HOST_TEST (the_host_has_what_the_rows_want),
    HOST_TEST (what_the_host_lacks_is_seen),
  };

  return cmocka_run_group_tests (tests, NULL, NULL);
}
