/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Default networks, and the rules of security groups. */
#include "ops-group.h"
#include "ops-network.h"
#include "vmm-id.h"
#include "world.h"

/* The account's default group, as it stands now, with its rules. */
static VmmGroup *
default_group (World *w, const VmmCaller *caller)
{
  const VmmGroupQuery all = { 0 };
  VmmPage page = world_page ();
  g_auto (VmmPageInfo) info = { 0 };
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) groups = ops_group_list (&w->ctx, caller, &all, &page, &info, &error);
  VmmGroup *group;

  assert_no_error (error);
  assert_int_equal (groups->len, 1);
  group = ops_group_get (&w->ctx, caller, ((VmmGroup *) g_ptr_array_index (groups, 0))->id, &error);
  assert_no_error (error);
  return group;
}

static guint
count_rules (World *w, const VmmCaller *caller)
{
  g_autoptr (VmmGroup) group = default_group (w, caller);

  return group->rules->len;
}

static OpsRuleSpec
ssh (void)
{
  return (OpsRuleSpec){ .protocol = "tcp", .port_range = "22/22", .cidr = "10.0.0.0/8" };
}

static void
the_default_network_is_made_once (void **state)
{
  World *w = *state;
  g_autoptr (VmmGroup) first = default_group (w, &w->alice);
  g_autoptr (VmmGroup) second = default_group (w, &w->alice);
  g_autoptr (VmmGroup) bobs = default_group (w, &w->bob);

  assert_string_equal (first->id, second->id);
  assert_true (first->is_default && first->inner_accept);
  assert_string_not_equal (first->vpc_id, bobs->vpc_id);
  assert_int_equal (world_query (w, "SELECT count(*) FROM vpc"), 2);
}

static gpointer
ensure (gpointer data)
{
  World *w = data;

  return GINT_TO_POINTER (ops_network_ensure_default (&w->ctx, &w->alice, NULL));
}

static void
many_at_once_make_one_default_network (void **state)
{
  World *w = *state;
  GThread *threads[8];

  for (guint i = 0; i < G_N_ELEMENTS (threads); i++)
    threads[i] = g_thread_new ("ensure", ensure, w);
  for (guint i = 0; i < G_N_ELEMENTS (threads); i++)
    assert_true (GPOINTER_TO_INT (g_thread_join (threads[i])));
  assert_int_equal (world_query (w, "SELECT count(*) FROM vpc"), 1);
  assert_int_equal (world_query (w, "SELECT count(*) FROM vswitch"), 1);
  assert_int_equal (world_query (w, "SELECT count(*) FROM security_group"), 1);
}

static void
a_vswitch_tells_how_many_addresses_are_free (void **state)
{
  const VmmVswitchQuery all = { .is_default = -1 };
  World *w = *state;
  VmmPage page = world_page ();
  g_auto (VmmPageInfo) info = { 0 };
  g_auto (VmmPageInfo) later_info = { 0 };
  g_autoptr (GArray) before = NULL;
  g_autoptr (GArray) after = NULL;
  g_autoptr (GPtrArray) list
      = ops_vswitch_list (&w->ctx, &w->alice, &all, &page, &info, &before, NULL);
  g_autoptr (GPtrArray) later = NULL;

  world_add_instance (w, &w->alice, world_add_image (w, 1), VMM_INSTANCE_STOPPED);
  later = ops_vswitch_list (&w->ctx, &w->alice, &all, &page, &later_info, &after, NULL);
  assert_int_equal (g_array_index (before, guint32, 0), 4096 - 4);
  assert_int_equal (g_array_index (after, guint32, 0), 4096 - 5);
}

static void
a_rule_is_kept_as_it_was_meant (void **state)
{
  World *w = *state;
  g_autoptr (VmmGroup) before = default_group (w, &w->alice);
  g_autoptr (VmmGroup) group = NULL;
  g_autoptr (GError) error = NULL;
  const OpsRuleSpec spec = { .egress = TRUE,
                             .protocol = "TCP",
                             .port_range = "80/443",
                             .source_port_range = "1024/65535",
                             .cidr = "10.1.2.3/8",
                             .policy = "Drop",
                             .priority = 100,
                             .description = "out" };
  const VmmRule *rule;

  assert_true (ops_group_authorize (&w->ctx, &w->alice, before->id, &spec, 1, &error));
  assert_no_error (error);
  group = default_group (w, &w->alice);
  rule = g_ptr_array_index (group->rules, 0);
  assert_true (vmm_id_is (VMM_ID_RULE, rule->id));
  assert_true (rule->egress && !rule->accept);
  assert_int_equal (rule->priority, 100);
  assert_string_equal (rule->protocol, "tcp");
  assert_int_equal (rule->port_min, 80);
  assert_int_equal (rule->port_max, 443);
  assert_int_equal (rule->source_port_min, 1024);
  assert_string_equal (rule->cidr, "10.0.0.0/8");
  assert_string_equal (rule->peer_group_id, "");
  assert_string_equal (rule->description, "out");
  assert_int_equal (world_kicks (w, group->id), 1);
}

static void
a_rule_has_its_defaults (void **state)
{
  World *w = *state;
  g_autoptr (VmmGroup) before = default_group (w, &w->alice);
  g_autoptr (VmmGroup) group = NULL;
  const OpsRuleSpec spec = { .protocol = "icmp", .cidr = "10.1.2.3" };
  const VmmRule *rule;

  assert_true (ops_group_authorize (&w->ctx, &w->alice, before->id, &spec, 1, NULL));
  group = default_group (w, &w->alice);
  rule = g_ptr_array_index (group->rules, 0);
  assert_true (!rule->egress && rule->accept);
  assert_int_equal (rule->priority, 1);
  assert_int_equal (rule->port_min, -1);
  assert_string_equal (rule->cidr, "10.1.2.3/32");
}

static void
an_equal_rule_is_success_and_no_second_rule (void **state)
{
  World *w = *state;
  g_autoptr (VmmGroup) group = default_group (w, &w->alice);
  OpsRuleSpec spec = ssh ();

  assert_true (ops_group_authorize (&w->ctx, &w->alice, group->id, &spec, 1, NULL));
  spec.cidr = "10.9.9.9/8";
  assert_true (ops_group_authorize (&w->ctx, &w->alice, group->id, &spec, 1, NULL));
  assert_int_equal (count_rules (w, &w->alice), 1);
  assert_int_equal (world_kicks (w, group->id), 1);
  spec.priority = 2;
  assert_true (ops_group_authorize (&w->ctx, &w->alice, group->id, &spec, 1, NULL));
  assert_int_equal (count_rules (w, &w->alice), 2);
}

static void
a_revoked_rule_is_gone_and_one_that_never_was_is_success (void **state)
{
  World *w = *state;
  g_autoptr (VmmGroup) group = default_group (w, &w->alice);
  OpsRuleSpec spec = ssh (), other = ssh ();

  other.port_range = "23/23";
  assert_true (ops_group_authorize (&w->ctx, &w->alice, group->id, &spec, 1, NULL));
  assert_true (ops_group_revoke (&w->ctx, &w->alice, group->id, &other, 1, NULL, NULL));
  assert_int_equal (count_rules (w, &w->alice), 1);
  assert_true (ops_group_revoke (&w->ctx, &w->alice, group->id, &spec, 1, NULL, NULL));
  assert_int_equal (count_rules (w, &w->alice), 0);
  assert_int_equal (world_kicks (w, group->id), 2);
}

static void
a_bad_rule_is_refused_with_its_own_error (void **state)
{
  static const struct
  {
    OpsRuleSpec spec;
    VmmError code;
  } cases[] = {
    { { .protocol = "sctp", .port_range = "1/1", .cidr = "10.0.0.0/8" }, VMM_ERROR_RULE_PROTOCOL },
    { { .protocol = "tcp", .cidr = "10.0.0.0/8" }, VMM_ERROR_MISSING_PARAMETER },
    { { .protocol = "tcp", .port_range = "22", .cidr = "10.0.0.0/8" }, VMM_ERROR_RULE_PORT_RANGE },
    { { .protocol = "tcp", .port_range = "0/22", .cidr = "10.0.0.0/8" },
      VMM_ERROR_RULE_PORT_RANGE },
    { { .protocol = "tcp", .port_range = "1/65536", .cidr = "10.0.0.0/8" },
      VMM_ERROR_RULE_PORT_RANGE },
    { { .protocol = "tcp", .port_range = "2/1", .cidr = "10.0.0.0/8" }, VMM_ERROR_RULE_PORT_RANGE },
    { { .protocol = "tcp", .port_range = "1/2/3", .cidr = "10.0.0.0/8" },
      VMM_ERROR_RULE_PORT_RANGE },
    { { .protocol = "tcp", .port_range = "-1/22", .cidr = "10.0.0.0/8" },
      VMM_ERROR_RULE_PORT_RANGE },
    { { .protocol = "icmp", .port_range = "22/22", .cidr = "10.0.0.0/8" },
      VMM_ERROR_RULE_PORT_RANGE },
    { { .protocol = "all", .source_port_range = "22/22", .cidr = "10.0.0.0/8" },
      VMM_ERROR_RULE_PORT_RANGE },
    { { .protocol = "all" }, VMM_ERROR_MISSING_PARAMETER },
    { { .protocol = "all", .cidr = "10.0.0/8" }, VMM_ERROR_RULE_CIDR },
    { { .protocol = "all", .cidr = "10.0.0.0/33" }, VMM_ERROR_RULE_CIDR },
    { { .protocol = "all", .cidr = "10.0.0.999" }, VMM_ERROR_RULE_CIDR },
    { { .protocol = "all", .cidr = "10.0.0.0/8; flush ruleset" }, VMM_ERROR_RULE_CIDR },
    { { .protocol = "all", .cidr = "10.0.0.0/8", .policy = "maybe" }, VMM_ERROR_RULE_POLICY },
    { { .protocol = "all", .cidr = "10.0.0.0/8", .priority = 101 }, VMM_ERROR_RULE_PRIORITY },
    { { .protocol = "all", .peer_group_id = "sg-none" }, VMM_ERROR_GROUP_NOT_FOUND },
  };
  World *w = *state;
  g_autoptr (VmmGroup) group = default_group (w, &w->alice);
  g_autofree char *before = world_dump (w);
  g_autofree char *after = NULL;

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (GError) error = NULL;

      assert_false (ops_group_authorize (&w->ctx, &w->alice, group->id, &cases[i].spec, 1, &error));
      assert_vmm_error (error, cases[i].code);
    }
  after = world_dump (w);
  assert_string_equal (before, after);
}

static void
another_accounts_group_is_not_there_as_target_or_as_peer (void **state)
{
  World *w = *state;
  g_autoptr (VmmGroup) alices = default_group (w, &w->alice);
  g_autoptr (VmmGroup) bobs = default_group (w, &w->bob);
  const OpsRuleSpec spec = ssh (), peer = { .protocol = "all", .peer_group_id = alices->id };
  g_autofree char *before = world_dump (w);
  g_autofree char *after = NULL;
  g_autoptr (GError) error = NULL;

  assert_false (ops_group_authorize (&w->ctx, &w->bob, alices->id, &spec, 1, &error));
  assert_vmm_error (error, VMM_ERROR_GROUP_NOT_FOUND);
  g_clear_error (&error);
  assert_false (ops_group_revoke (&w->ctx, &w->bob, alices->id, &spec, 1, NULL, &error));
  assert_vmm_error (error, VMM_ERROR_GROUP_NOT_FOUND);
  g_clear_error (&error);
  assert_null (ops_group_get (&w->ctx, &w->bob, alices->id, &error));
  assert_vmm_error (error, VMM_ERROR_GROUP_NOT_FOUND);
  g_clear_error (&error);
  assert_false (ops_group_authorize (&w->ctx, &w->bob, bobs->id, &peer, 1, &error));
  assert_vmm_error (error, VMM_ERROR_GROUP_NOT_FOUND);
  after = world_dump (w);
  assert_string_equal (before, after);
}

static void
a_group_may_be_its_own_peer (void **state)
{
  World *w = *state;
  g_autoptr (VmmGroup) before = default_group (w, &w->alice);
  g_autoptr (VmmGroup) group = NULL;
  const OpsRuleSpec spec = { .protocol = "all", .peer_group_id = before->id };
  const VmmRule *rule;

  assert_true (ops_group_authorize (&w->ctx, &w->alice, before->id, &spec, 1, NULL));
  group = default_group (w, &w->alice);
  rule = g_ptr_array_index (group->rules, 0);
  assert_string_equal (rule->peer_group_id, group->id);
  assert_string_equal (rule->cidr, "");
}

static void
a_group_has_two_hundred_rules_at_most (void **state)
{
  World *w = *state;
  g_autoptr (VmmGroup) group = default_group (w, &w->alice);
  g_autoptr (GError) error = NULL;

  for (guint i = 1; i <= 201; i++)
    {
      g_autofree char *ports = g_strdup_printf ("%u/%u", i, i);
      OpsRuleSpec spec = ssh ();

      spec.port_range = ports;
      assert_int_equal (ops_group_authorize (&w->ctx, &w->alice, group->id, &spec, 1, &error),
                        i <= 200);
    }
  assert_vmm_message (error, VMM_ERROR_RULE_LIMIT, "200");
  assert_int_equal (count_rules (w, &w->alice), 200);
}

static void
a_dry_run_adds_and_removes_nothing (void **state)
{
  World *w = *state;
  g_autoptr (VmmGroup) group = default_group (w, &w->alice);
  OpsRuleSpec spec = ssh (), other = ssh ();
  VmmCaller caller = w->alice;
  g_autofree char *before = NULL;
  g_autofree char *after = NULL;
  g_autoptr (GError) error = NULL;

  other.port_range = "23/23";
  assert_true (ops_group_authorize (&w->ctx, &w->alice, group->id, &spec, 1, NULL));
  before = world_dump (w);
  caller.dry_run = TRUE;
  assert_false (ops_group_authorize (&w->ctx, &caller, group->id, &other, 1, &error));
  assert_vmm_error (error, VMM_ERROR_DRY_RUN);
  g_clear_error (&error);
  assert_false (ops_group_revoke (&w->ctx, &caller, group->id, &spec, 1, NULL, &error));
  assert_vmm_error (error, VMM_ERROR_DRY_RUN);
  after = world_dump (w);
  assert_string_equal (before, after);
}

int
main (void)
{
  const struct CMUnitTest tests[] = {
    WORLD_TEST (the_default_network_is_made_once),
    WORLD_TEST (many_at_once_make_one_default_network),
    WORLD_TEST (a_vswitch_tells_how_many_addresses_are_free),
    WORLD_TEST (a_rule_is_kept_as_it_was_meant),
    WORLD_TEST (a_rule_has_its_defaults),
    WORLD_TEST (an_equal_rule_is_success_and_no_second_rule),
    WORLD_TEST (a_revoked_rule_is_gone_and_one_that_never_was_is_success),
    WORLD_TEST (a_bad_rule_is_refused_with_its_own_error),
    WORLD_TEST (another_accounts_group_is_not_there_as_target_or_as_peer),
    WORLD_TEST (a_group_may_be_its_own_peer),
    WORLD_TEST (a_group_has_two_hundred_rules_at_most),
    WORLD_TEST (a_dry_run_adds_and_removes_nothing),
  };

  return cmocka_run_group_tests_name ("ops-group", tests, NULL, NULL);
}
