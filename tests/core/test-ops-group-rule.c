/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Rules with both of their sides, of both families, and by lists. */
#include "ops-group.h"
#include "ops-network.h"
#include "ops-prefix-list.h"
#include "world.h"

static const char *
default_group (World *w, const VmmCaller *caller)
{
  const VmmGroupQuery all = { 0 };
  VmmPage page = world_page ();
  g_auto (VmmPageInfo) info = { 0 };
  g_autoptr (GPtrArray) groups = ops_group_list (&w->ctx, caller, &all, &page, &info, NULL);

  return world_keep (w, g_strdup (((VmmGroup *) g_ptr_array_index (groups, 0))->id));
}

static const char *
add_list (World *w, const VmmCaller *caller, gboolean is_ipv6)
{
  const OpsPrefixEntry entry = { is_ipv6 ? "fd00:9::/48" : "10.9.0.0/16", NULL };
  const OpsPrefixListSpec spec = {
    .name = "office", .is_ipv6 = is_ipv6, .max_entries = 5, .entries = &entry, .n_entries = 1
  };
  g_autoptr (GError) error = NULL;
  char *id = ops_prefix_list_create (&w->ctx, caller, &spec, &error);

  assert_no_error (error);
  return world_keep (w, id);
}

/* The rules of Alice's group as text: "<direction> <protocol> <far> <near>". */
static char *
describe (World *w, const char *group_id)
{
  g_autoptr (VmmGroup) group = ops_group_get (&w->ctx, &w->alice, group_id, NULL);
  GString *text = g_string_new (NULL);

  for (guint i = 0; i < group->rules->len; i++)
    {
      const VmmRule *rule = g_ptr_array_index (group->rules, i);

      g_string_append_printf (text, "%s %s %s%s%s %s\n", rule->egress ? "out" : "in",
                              rule->protocol, rule->cidr, rule->peer_group_id, rule->prefix_list_id,
                              rule->near_cidr);
    }
  return g_string_free (text, FALSE);
}

static void
a_rule_keeps_both_sides_in_one_form (void **state)
{
  static const struct
  {
    OpsRuleSpec spec;
    const char *shown;
  } cases[] = {
    { { .protocol = "all", .cidr = "10.1.2.3/8", .near_cidr = "172.16.0.9" },
      "in all 10.0.0.0/8 172.16.0.9/32\n" },
    { { .egress = TRUE,
        .protocol = "tcp",
        .port_range = "1/2",
        .cidr = "0.0.0.0/0",
        .near_cidr = "172.16.0.9/20" },
      "out tcp 0.0.0.0/0 172.16.0.0/20\n" },
    { { .protocol = "all", .cidr6 = "FD00::1/64", .near_cidr6 = "fd00:0:0:1:0::" },
      "in all fd00::/64 fd00:0:0:1::/128\n" },
    { { .protocol = "ICMPv6", .port_range = "-1/-1", .cidr6 = "::/0" }, "in icmpv6 ::/0 \n" },
    { { .egress = TRUE, .protocol = "icmp", .cidr = "8.8.8.8" }, "out icmp 8.8.8.8/32 \n" },
  };
  World *w = *state;
  const char *group = default_group (w, &w->alice);

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (GError) error = NULL;
      g_autofree char *shown = NULL;

      assert_true (ops_group_authorize (&w->ctx, &w->alice, group, &cases[i].spec, 1, &error));
      assert_no_error (error);
      shown = describe (w, group);
      assert_string_equal (shown, cases[i].shown);
      assert_true (ops_group_revoke (&w->ctx, &w->alice, group, &cases[i].spec, 1, NULL, NULL));
    }
  assert_int_equal (world_query (w, "SELECT count(*) FROM security_rule"), 0);
}

static void
rules_that_differ_in_their_own_side_or_list_are_two (void **state)
{
  World *w = *state;
  const char *group = default_group (w, &w->alice), *list = add_list (w, &w->alice, FALSE),
             *other = add_list (w, &w->alice, FALSE);
  const OpsRuleSpec specs[] = {
    { .protocol = "all", .cidr = "10.0.0.0/8" },
    { .protocol = "all", .cidr = "10.0.0.0/8", .near_cidr = "172.16.0.0/24" },
    { .protocol = "all", .cidr = "10.0.0.0/8", .near_cidr = "0.0.0.0/0" },
    { .protocol = "all", .prefix_list_id = list },
    { .protocol = "all", .prefix_list_id = other },
    { .protocol = "all", .peer_group_id = group },
  };

  for (guint twice = 0; twice < 2; twice++)
    assert_true (
        ops_group_authorize (&w->ctx, &w->alice, group, specs, G_N_ELEMENTS (specs), NULL));
  assert_int_equal (world_query (w, "SELECT count(*) FROM security_rule"), G_N_ELEMENTS (specs));
  assert_true (ops_group_revoke (&w->ctx, &w->alice, group, &specs[1], 1, NULL, NULL));
  assert_int_equal (world_query (w, "SELECT count(*) FROM security_rule WHERE near_cidr<>''"), 1);
}

static void
a_range_counts_before_a_group_and_that_before_a_list (void **state)
{
  World *w = *state;
  const char *group = default_group (w, &w->alice), *list = add_list (w, &w->alice, FALSE);
  const OpsRuleSpec specs[] = {
    { .protocol = "all", .cidr = "10.0.0.0/8", .peer_group_id = group, .prefix_list_id = list },
    { .protocol = "all", .peer_group_id = group, .prefix_list_id = list },
  };
  g_autofree char *expected = g_strdup_printf ("in all 10.0.0.0/8 \nin all %s \n", group);
  g_autofree char *shown = NULL;

  assert_true (ops_group_authorize (&w->ctx, &w->alice, group, specs, 2, NULL));
  shown = describe (w, group);
  assert_string_equal (shown, expected);
}

static void
sides_of_different_families_are_refused (void **state)
{
  World *w = *state;
  const char *group = default_group (w, &w->alice), *list4 = add_list (w, &w->alice, FALSE),
             *list6 = add_list (w, &w->alice, TRUE), *bobs = add_list (w, &w->bob, FALSE);
  const struct
  {
    OpsRuleSpec spec;
    VmmError in, out; /* of an ingress and an egress rule */
  } cases[] = {
    { { .cidr = "10.0.0.0/8", .cidr6 = "fd00::/8" }, VMM_ERROR_RULE_SOURCE, VMM_ERROR_RULE_DEST },
    { { .cidr = "10.0.0.0/8", .near_cidr = "10.0.0.1", .near_cidr6 = "fd00::/8" },
      VMM_ERROR_RULE_DEST,
      VMM_ERROR_RULE_SOURCE },
    { { .cidr = "10.0.0.0/8", .near_cidr6 = "fd00::/8" },
      VMM_ERROR_RULE_DEST,
      VMM_ERROR_RULE_SOURCE },
    { { .cidr6 = "fd00::/8", .near_cidr = "10.0.0.0/8" },
      VMM_ERROR_RULE_DEST,
      VMM_ERROR_RULE_SOURCE },
    { { .cidr = "fd00::/8" }, VMM_ERROR_RULE_CIDR, VMM_ERROR_RULE_DEST_CIDR },
    { { .cidr6 = "10.0.0.0/8" }, VMM_ERROR_RULE_SOURCE_CIDR6, VMM_ERROR_RULE_DEST_CIDR6 },
    { { .cidr = "10.0.0.0/8", .near_cidr = "x" }, VMM_ERROR_RULE_DEST_CIDR, VMM_ERROR_RULE_CIDR },
    { { .prefix_list_id = list4, .near_cidr6 = "fd00::/8" },
      VMM_ERROR_RULE_LIST_FAMILY,
      VMM_ERROR_RULE_LIST_FAMILY },
    { { .prefix_list_id = list6, .near_cidr = "10.0.0.0/8" },
      VMM_ERROR_RULE_LIST_FAMILY,
      VMM_ERROR_RULE_LIST_FAMILY },
    { { .prefix_list_id = bobs },
      VMM_ERROR_PREFIX_LIST_NOT_FOUND,
      VMM_ERROR_PREFIX_LIST_NOT_FOUND },
    { { .protocol = "icmp", .cidr6 = "::/0" }, VMM_ERROR_RULE_ICMP_IPV6, VMM_ERROR_RULE_ICMP_IPV6 },
    { { .protocol = "icmp", .prefix_list_id = list6 },
      VMM_ERROR_RULE_ICMP_IPV6,
      VMM_ERROR_RULE_ICMP_IPV6 },
    { { .protocol = "icmpv6", .cidr = "0.0.0.0/0" },
      VMM_ERROR_RULE_ICMPV6_IPV4,
      VMM_ERROR_RULE_ICMPV6_IPV4 },
    { { .protocol = "icmpv6", .peer_group_id = group, .near_cidr = "10.0.0.0/8" },
      VMM_ERROR_RULE_ICMPV6_IPV4,
      VMM_ERROR_RULE_ICMPV6_IPV4 },
  };

  for (guint i = 0; i < 2 * G_N_ELEMENTS (cases); i++)
    {
      OpsRuleSpec spec = cases[i / 2].spec;
      g_autoptr (GError) error = NULL;

      spec.egress = i % 2 != 0;
      spec.protocol = spec.protocol != NULL ? spec.protocol : "all";
      assert_false (ops_group_authorize (&w->ctx, &w->alice, group, &spec, 1, &error));
      assert_vmm_error (error, spec.egress ? cases[i / 2].out : cases[i / 2].in);
    }
}

static const char *
only_rule (World *w, const char *group_id)
{
  g_autoptr (VmmGroup) group = ops_group_get (&w->ctx, &w->alice, group_id, NULL);

  assert_int_equal (group->rules->len, 1);
  return world_keep (w, g_strdup (((VmmRule *) g_ptr_array_index (group->rules, 0))->id));
}

static void
a_change_replaces_the_side_it_gives_and_keeps_the_other (void **state)
{
  World *w = *state;
  const char *group = default_group (w, &w->alice), *list = add_list (w, &w->alice, FALSE), *rule;
  const OpsRuleSpec first
      = { .protocol = "all", .cidr = "10.0.0.0/8", .near_cidr = "172.16.0.0/24" };
  const OpsRuleSpec changes[] = {
    { .prefix_list_id = list }, { .near_cidr = "172.16.1.0/24" },
    { .cidr = "10.7.0.0/16" },  { .cidr6 = "fd00::/8", .near_cidr6 = "fd00:1::/64" },
    { .priority = 7 },          { .peer_group_id = group },
  };
  const char *const far[] = { list, list, "10.7.0.0/16", "fd00::/8", "fd00::/8", group };
  const char *const near[] = { "172.16.0.0/24", "172.16.1.0/24", "172.16.1.0/24",
                               "fd00:1::/64",   "fd00:1::/64",   "fd00:1::/64" };

  assert_true (ops_group_authorize (&w->ctx, &w->alice, group, &first, 1, NULL));
  rule = only_rule (w, group);
  for (guint i = 0; i < G_N_ELEMENTS (changes); i++)
    {
      g_autofree char *expected = g_strdup_printf ("in all %s %s\n", far[i], near[i]);
      g_autofree char *shown = NULL;
      g_autoptr (GError) error = NULL;

      assert_true (ops_group_modify_rule (&w->ctx, &w->alice, group, rule, &changes[i], &error));
      assert_no_error (error);
      shown = describe (w, group);
      assert_string_equal (shown, expected);
    }
}

static void
a_group_of_another_vpc_is_no_peer_unless_it_is_anothers (void **state)
{
  World *w = *state;
  const char *group = default_group (w, &w->alice), *bobs = default_group (w, &w->bob);
  const OpsVpcSpec other = { .cidr = "10.0.0.0/8" };
  g_autoptr (VmmVpc) vpc = ops_vpc_create (&w->ctx, &w->alice, &other, NULL);
  g_autofree char *elsewhere = ops_group_create (&w->ctx, &w->alice, vpc->id, "other", NULL, NULL);
  OpsRuleSpec spec = { .protocol = "all", .peer_group_id = elsewhere };
  const OpsRuleSpec foreign
      = { .protocol = "all", .peer_group_id = bobs, .peer_account_id = w->bob.account_id };
  g_autoptr (GError) in = NULL;
  g_autoptr (GError) out = NULL;

  assert_false (ops_group_authorize (&w->ctx, &w->alice, group, &spec, 1, &in));
  assert_vmm_error (in, VMM_ERROR_RULE_SOURCE_VPC);
  spec.egress = TRUE;
  assert_false (ops_group_authorize (&w->ctx, &w->alice, group, &spec, 1, &out));
  assert_vmm_error (out, VMM_ERROR_RULE_DEST_VPC);
  assert_true (ops_group_authorize (&w->ctx, &w->alice, group, &foreign, 1, NULL));
}

static void
a_group_has_twenty_rules_that_name_groups_at_most (void **state)
{
  World *w = *state;
  const char *group = default_group (w, &w->alice);
  g_autoptr (GError) error = NULL;

  for (guint i = 1; i <= 21; i++)
    {
      const OpsRuleSpec spec = { .protocol = "all", .peer_group_id = group, .priority = i };

      assert_int_equal (ops_group_authorize (&w->ctx, &w->alice, group, &spec, 1, &error), i <= 20);
    }
  assert_vmm_message (error, VMM_ERROR_RULE_LIMIT, "20");
}

static void
each_change_is_another_generation_of_the_group (void **state)
{
  World *w = *state;
  const char *group = default_group (w, &w->alice);
  const OpsRuleSpec spec = { .protocol = "all", .cidr = "10.0.0.0/8" };

  for (guint twice = 0; twice < 2; twice++)
    assert_true (ops_group_authorize (&w->ctx, &w->alice, group, &spec, 1, NULL));
  assert_int_equal (world_query (w, "SELECT max(generation) FROM security_group"), 2);
  assert_true (ops_group_revoke (&w->ctx, &w->alice, group, &spec, 1, NULL, NULL));
  assert_int_equal (world_query (w, "SELECT max(generation) FROM security_group"), 3);
}

/* Fills the group up to @count addresses behind the code's back. */
static void
fill_group (World *w, const char *group, guint count)
{
  g_autofree char *sql = g_strdup_printf (
      "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM n WHERE i<%u) INSERT INTO nic_ip"
      " SELECT g.vpc_id, 100000+i, k.id, 0 FROM n, security_group g, (SELECT id FROM nic LIMIT 1) k"
      " WHERE g.id='%s'",
      count, group);

  world_exec (w, sql);
}

static void
a_group_holds_two_thousand_addresses_at_most (void **state)
{
  World *w = *state;
  const char *group = default_group (w, &w->alice), *image = world_add_image (w, 1);
  OpsInstanceSpec spec = world_spec (image);
  g_autoptr (GPtrArray) ids = NULL;
  g_autoptr (GError) full = NULL;
  g_autoptr (GError) join = NULL;
  g_autofree char *other = ops_group_create (&w->ctx, &w->alice, NULL, "other", NULL, NULL);
  const char *others[] = { other, NULL };
  const char *id;

  world_add_instance (w, &w->alice, image, VMM_INSTANCE_STOPPED);
  fill_group (w, group, 1998);
  ids = ops_instance_create (&w->ctx, &w->alice, &spec, NULL);
  assert_non_null (ids);
  assert_null (ops_instance_create (&w->ctx, &w->alice, &spec, &full));
  assert_vmm_message (full, VMM_ERROR_GROUP_FULL, "2001");
  spec.group_ids = others;
  g_clear_pointer (&ids, g_ptr_array_unref);
  ids = ops_instance_create (&w->ctx, &w->alice, &spec, NULL);
  id = g_ptr_array_index (ids, 0);
  assert_true (
      ops_instance_event (&w->ctx, id, VMM_INSTANCE_PENDING, VMM_INSTANCE_STAGED_BOOT, NULL, NULL));
  assert_true (
      ops_instance_event (&w->ctx, id, VMM_INSTANCE_BOOTING, VMM_INSTANCE_STARTED, NULL, NULL));
  assert_false (ops_group_join (&w->ctx, &w->alice, group, id, &join));
  assert_vmm_error (join, VMM_ERROR_GROUP_FULL);
}

int
main (void)
{
  const struct CMUnitTest tests[] = {
    WORLD_TEST (a_rule_keeps_both_sides_in_one_form),
    WORLD_TEST (rules_that_differ_in_their_own_side_or_list_are_two),
    WORLD_TEST (a_range_counts_before_a_group_and_that_before_a_list),
    WORLD_TEST (sides_of_different_families_are_refused),
    WORLD_TEST (a_change_replaces_the_side_it_gives_and_keeps_the_other),
    WORLD_TEST (a_group_of_another_vpc_is_no_peer_unless_it_is_anothers),
    WORLD_TEST (a_group_has_twenty_rules_that_name_groups_at_most),
    WORLD_TEST (each_change_is_another_generation_of_the_group),
    WORLD_TEST (a_group_holds_two_thousand_addresses_at_most),
  };

  return cmocka_run_group_tests (tests, NULL, NULL);
}
