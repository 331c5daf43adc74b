/* SPDX-License-Identifier: GPL-2.0-or-later */
/* VPCs, vswitches and the life of security groups. */
#include "ops-group.h"
#include "ops-network.h"
#include "vmm-id.h"
#include "world.h"

static VmmVpc *
add_vpc (World *w, const VmmCaller *caller, const char *cidr)
{
  const OpsVpcSpec spec = { .name = "net", .cidr = cidr };
  g_autoptr (GError) error = NULL;
  VmmVpc *vpc = ops_vpc_create (&w->ctx, caller, &spec, &error);

  assert_no_error (error);
  return vpc;
}

static VmmVswitch *
add_vswitch (World *w, const VmmCaller *caller, const char *vpc_id, const char *cidr)
{
  const OpsVswitchSpec spec = { .vpc_id = vpc_id, .cidr = cidr };
  g_autoptr (GError) error = NULL;
  VmmVswitch *vswitch = ops_vswitch_create (&w->ctx, caller, &spec, &error);

  assert_no_error (error);
  return vswitch;
}

static char *
add_group (World *w, const VmmCaller *caller, const char *vpc_id)
{
  g_autoptr (GError) error = NULL;
  char *id = ops_group_create (&w->ctx, caller, vpc_id, "group", NULL, &error);

  assert_no_error (error);
  return id;
}

/* ---- VPCs ---- */

static void
a_vpc_has_ids_of_its_parts_and_a_default_range (void **state)
{
  World *w = *state;
  g_autoptr (VmmVpc) vpc = add_vpc (w, &w->alice, NULL);

  assert_string_equal (vpc->cidr, "172.16.0.0/12");
  assert_true (vmm_id_is (VMM_ID_ROUTER, vpc->router_id));
  assert_true (vmm_id_is (VMM_ID_ROUTE_TABLE, vpc->route_table_id));
  assert_false (vpc->is_default);
  assert_true (vpc->index > 0);
}

static void
a_vpc_range_is_private_and_of_a_sensible_size (void **state)
{
  static const char *const good[] = { "10.0.0.0/8",        "10.1.0.0/16",    "172.16.0.0/12",
                                      "172.31.255.240/28", "192.168.0.0/16", "192.168.7.0/24" };
  static const char *const bad[]
      = { "",           "10.0.0.0",       "10.0.0.0/7",    "10.0.0.0/29",
          "10.0.0.1/8", "11.0.0.0/8",     "172.16.0.0/11", "172.32.0.0/16",
          "0.0.0.0/8",  "192.168.0.0/15", "8.8.8.0/24",    "fd00::/64" };
  World *w = *state;

  for (guint i = 0; i < G_N_ELEMENTS (good); i++)
    {
      g_autoptr (VmmVpc) vpc = add_vpc (w, &w->alice, good[i]);

      assert_string_equal (vpc->cidr, good[i]);
    }
  for (guint i = 0; i < G_N_ELEMENTS (bad); i++)
    {
      const OpsVpcSpec spec = { .cidr = bad[i] };
      g_autoptr (GError) error = NULL;

      assert_null (ops_vpc_create (&w->ctx, &w->alice, &spec, &error));
      assert_vmm_error (error, VMM_ERROR_CIDR_MALFORMED);
    }
}

static void
a_vpc_goes_when_it_is_empty_and_not_before (void **state)
{
  World *w = *state;
  g_autoptr (VmmVpc) vpc = add_vpc (w, &w->alice, "10.0.0.0/8");
  g_autoptr (VmmVswitch) vswitch = add_vswitch (w, &w->alice, vpc->id, "10.0.0.0/24");
  g_autofree char *group = add_group (w, &w->alice, vpc->id);
  g_autoptr (GError) error = NULL;

  assert_false (ops_vpc_delete (&w->ctx, &w->alice, vpc->id, &error));
  assert_vmm_message (error, VMM_ERROR_VPC_HAS_VSWITCH, "1 vswitches");
  g_clear_error (&error);
  assert_true (ops_vswitch_delete (&w->ctx, &w->alice, vswitch->id, &error));
  assert_false (ops_vpc_delete (&w->ctx, &w->alice, vpc->id, &error));
  assert_vmm_message (error, VMM_ERROR_VPC_HAS_GROUP, "1 security groups");
  g_clear_error (&error);
  assert_true (ops_group_delete (&w->ctx, &w->alice, group, &error));
  assert_true (ops_vpc_delete (&w->ctx, &w->alice, vpc->id, &error));
  assert_false (ops_vpc_delete (&w->ctx, &w->alice, vpc->id, &error));
  assert_vmm_error (error, VMM_ERROR_VPC_NOT_FOUND);
}

static void
an_account_has_so_many_vpcs_and_no_more (void **state)
{
  World *w = *state;
  const OpsVpcSpec spec = { .cidr = "10.0.0.0/8" };
  g_autoptr (VmmVpc) first = NULL;
  g_autoptr (VmmVpc) again = NULL;
  g_autoptr (VmmVpc) his = NULL;
  g_autoptr (GError) error = NULL;
  g_autofree char *before = NULL;
  g_autofree char *after = NULL;

  w->config->max_vpcs = 1;
  first = add_vpc (w, &w->alice, "10.0.0.0/8");
  before = world_dump (w);
  assert_null (ops_vpc_create (&w->ctx, &w->alice, &spec, &error));
  assert_vmm_message (error, VMM_ERROR_VPC_QUOTA, "limit is 1");
  after = world_dump (w);
  assert_string_equal (before, after);
  his = add_vpc (w, &w->bob, "10.0.0.0/8");
  assert_true (ops_vpc_delete (&w->ctx, &w->alice, first->id, NULL));
  again = add_vpc (w, &w->alice, "10.0.0.0/8");
}

/* ---- vswitches ---- */

static void
a_vpc_has_so_many_vswitches_and_no_more (void **state)
{
  World *w = *state;
  g_autoptr (VmmVpc) vpc = add_vpc (w, &w->alice, "10.0.0.0/8");

  for (guint i = 0; i <= OPS_VSWITCHES_A_VPC; i++)
    {
      g_autofree char *cidr = g_strdup_printf ("10.%u.0.0/16", i);
      const OpsVswitchSpec spec = { .vpc_id = vpc->id, .cidr = cidr };
      g_autoptr (GError) error = NULL;
      g_autoptr (VmmVswitch) vswitch = ops_vswitch_create (&w->ctx, &w->alice, &spec, &error);

      assert_int_equal (vswitch != NULL, i < OPS_VSWITCHES_A_VPC);
      if (vswitch == NULL)
        assert_vmm_message (error, VMM_ERROR_VSWITCH_QUOTA, vpc->id);
    }
}

static void
a_vswitch_lies_inside_its_vpc_and_apart_from_its_neighbours (void **state)
{
  static const struct
  {
    const char *cidr;
    VmmError code;
  } bad[] = {
    { "10.1.0.0/15", VMM_ERROR_CIDR_MALFORMED },  { "10.1.0.0/30", VMM_ERROR_CIDR_MALFORMED },
    { "10.2.0.0/24", VMM_ERROR_CIDR_MALFORMED },  { "10.1.0.1/24", VMM_ERROR_CIDR_MALFORMED },
    { "10.1.5.0/24", VMM_ERROR_CIDR_CONFLICT },   { "10.1.0.0/16", VMM_ERROR_CIDR_CONFLICT },
    { "10.1.5.128/25", VMM_ERROR_CIDR_CONFLICT }, { "10.1.4.0/23", VMM_ERROR_CIDR_CONFLICT }
  };
  World *w = *state;
  g_autoptr (VmmVpc) vpc = add_vpc (w, &w->alice, "10.1.0.0/16");
  g_autoptr (VmmVswitch) first = add_vswitch (w, &w->alice, vpc->id, "10.1.5.0/24");
  g_autoptr (VmmVswitch) second = add_vswitch (w, &w->alice, vpc->id, "10.1.6.0/29");

  for (guint i = 0; i < G_N_ELEMENTS (bad); i++)
    {
      const OpsVswitchSpec spec = { .vpc_id = vpc->id, .cidr = bad[i].cidr };
      g_autoptr (GError) error = NULL;

      assert_null (ops_vswitch_create (&w->ctx, &w->alice, &spec, &error));
      assert_vmm_error (error, bad[i].code);
    }
  assert_int_equal (world_kicks (w, vpc->id), 2);
}

static void
a_vswitch_with_interfaces_stays (void **state)
{
  World *w = *state;
  const char *id = world_add_instance (w, &w->alice, world_add_image (w, 1), VMM_INSTANCE_STOPPED);
  g_autoptr (VmmInstance) instance = world_get (w, id);
  const VmmNic *nic = g_ptr_array_index (instance->nics, 0);
  g_autoptr (GError) error = NULL;

  assert_false (ops_vswitch_delete (&w->ctx, &w->alice, nic->vswitch_id, &error));
  assert_vmm_message (error, VMM_ERROR_DEPENDENCY, "1 addresses");
}

static void
an_instance_without_a_vswitch_to_go_to_is_told_so (void **state)
{
  World *w = *state;
  OpsInstanceSpec spec = world_spec (world_add_image (w, 1));
  const VmmVswitchQuery all = { .is_default = -1 };
  VmmPage page = world_page ();
  g_auto (VmmPageInfo) info = { 0 };
  g_autoptr (GPtrArray) list
      = ops_vswitch_list (&w->ctx, &w->alice, &all, &page, &info, NULL, NULL);
  const VmmVswitch *only = g_ptr_array_index (list, 0);
  g_autoptr (GError) error = NULL;

  assert_true (ops_vswitch_delete (&w->ctx, &w->alice, only->id, NULL));
  assert_null (ops_instance_create (&w->ctx, &w->alice, &spec, &error));
  assert_vmm_message (error, VMM_ERROR_MISSING_PARAMETER, "VSwitchId");
}

static void
an_instance_of_another_vpc_wants_its_group_named (void **state)
{
  World *w = *state;
  OpsInstanceSpec spec = world_spec (world_add_image (w, 1));
  g_autoptr (VmmVpc) vpc = add_vpc (w, &w->alice, "10.0.0.0/8");
  g_autoptr (VmmVswitch) vswitch = add_vswitch (w, &w->alice, vpc->id, "10.9.0.0/24");
  g_autofree char *group = add_group (w, &w->alice, vpc->id);
  const char *groups[] = { group, NULL };
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) ids = NULL;
  g_autoptr (VmmInstance) instance = NULL;

  spec.vswitch_id = vswitch->id;
  assert_null (ops_instance_create (&w->ctx, &w->alice, &spec, &error));
  assert_vmm_message (error, VMM_ERROR_MISSING_PARAMETER, "SecurityGroupId");
  g_clear_error (&error);
  spec.group_ids = groups;
  ids = ops_instance_create (&w->ctx, &w->alice, &spec, &error);
  assert_no_error (error);
  instance = world_get (w, g_ptr_array_index (ids, 0));
  assert_string_equal (((VmmNic *) g_ptr_array_index (instance->nics, 0))->ip, "10.9.0.1");
}

static void
names_are_changed_one_by_one_and_checked (void **state)
{
  World *w = *state;
  g_autoptr (VmmVpc) vpc = add_vpc (w, &w->alice, "10.0.0.0/8");
  g_autoptr (VmmVswitch) vswitch = add_vswitch (w, &w->alice, vpc->id, "10.0.0.0/24");
  g_autofree char *group = add_group (w, &w->alice, vpc->id);
  g_autoptr (GError) error = NULL;

  assert_true (ops_vpc_modify (&w->ctx, &w->alice, vpc->id,
                               &(OpsVpcChange){ NULL, "about it", -1, NULL }, &error));
  assert_true (ops_vswitch_modify (&w->ctx, &w->alice, vswitch->id,
                                   &(OpsVswitchChange){ "front", NULL, -1, -1 }, &error));
  assert_true (ops_group_modify (&w->ctx, &w->alice, group, "web", "for web", &error));
  assert_int_equal (
      world_query (w, "SELECT count(*) FROM vpc WHERE name='net' AND description='about it'"), 1);
  assert_int_equal (world_query (w, "SELECT count(*) FROM vswitch WHERE name='front'"), 1);
  assert_int_equal (world_query (w, "SELECT count(*) FROM security_group WHERE name='web'"
                                    " AND description='for web'"),
                    1);
  assert_false (
      ops_vpc_modify (&w->ctx, &w->alice, vpc->id, &(OpsVpcChange){ "1", NULL, -1, NULL }, &error));
  assert_vmm_error (error, VMM_ERROR_VPC_NAME_MALFORMED);
  g_clear_error (&error);
  assert_false (ops_vswitch_modify (&w->ctx, &w->alice, vswitch->id,
                                    &(OpsVswitchChange){ NULL, "x", -1, -1 }, &error));
  assert_vmm_error (error, VMM_ERROR_DESCRIPTION_MALFORMED);
  g_clear_error (&error);
  assert_false (ops_group_modify (&w->ctx, &w->alice, group, "1", NULL, &error));
  assert_vmm_error (error, VMM_ERROR_GROUP_NAME_MALFORMED);
}

/* ---- groups ---- */

static void
a_group_goes_when_nobody_needs_it_and_not_before (void **state)
{
  World *w = *state;
  const char *id = world_add_instance (w, &w->alice, world_add_image (w, 1), VMM_INSTANCE_RUNNING);
  g_autofree char *group = add_group (w, &w->alice, NULL);
  g_autofree char *other = add_group (w, &w->alice, NULL);
  const OpsRuleSpec own = { .protocol = "all", .peer_group_id = group },
                    theirs = { .protocol = "all", .peer_group_id = group };
  g_autoptr (GPtrArray) references = NULL;
  g_autoptr (GError) error = NULL;

  assert_true (ops_group_authorize (&w->ctx, &w->alice, group, &own, 1, &error));
  assert_true (ops_group_authorize (&w->ctx, &w->alice, other, &theirs, 1, &error));
  assert_true (ops_group_join (&w->ctx, &w->alice, group, id, &error));
  assert_false (ops_group_delete (&w->ctx, &w->alice, group, &error));
  assert_vmm_message (error, VMM_ERROR_DEPENDENCY, "1 interfaces");
  g_clear_error (&error);
  assert_true (ops_group_leave (&w->ctx, &w->alice, group, id, &error));
  references = ops_group_references (&w->ctx, &w->alice, group, &error);
  assert_int_equal (references->len, 1);
  assert_string_equal (((VmmGroup *) g_ptr_array_index (references, 0))->id, other);
  assert_false (ops_group_delete (&w->ctx, &w->alice, group, &error));
  assert_vmm_message (error, VMM_ERROR_DEPENDENCY, other);
  g_clear_error (&error);
  assert_true (ops_group_revoke (&w->ctx, &w->alice, other, &theirs, 1, NULL, &error));
  assert_true (ops_group_delete (&w->ctx, &w->alice, group, &error));
  assert_int_equal (world_query (w, "SELECT count(*) FROM security_rule"), 0);
}

static void
an_instance_is_in_one_to_five_groups_of_its_vpc (void **state)
{
  World *w = *state;
  const char *id = world_add_instance (w, &w->alice, world_add_image (w, 1), VMM_INSTANCE_STOPPED);
  g_autoptr (VmmInstance) instance = world_get (w, id);
  const VmmNic *nic = g_ptr_array_index (instance->nics, 0);
  const char *first = g_ptr_array_index (nic->group_ids, 0);
  g_autoptr (VmmVpc) vpc = add_vpc (w, &w->alice, "10.0.0.0/8");
  g_autofree char *elsewhere = add_group (w, &w->alice, vpc->id);
  g_autoptr (GError) error = NULL;

  assert_false (ops_group_leave (&w->ctx, &w->alice, first, id, &error));
  assert_vmm_error (error, VMM_ERROR_GROUP_LAST);
  g_clear_error (&error);
  assert_false (ops_group_join (&w->ctx, &w->alice, first, id, &error));
  assert_vmm_error (error, VMM_ERROR_GROUP_MEMBER);
  g_clear_error (&error);
  assert_false (ops_group_join (&w->ctx, &w->alice, elsewhere, id, &error));
  assert_vmm_error (error, VMM_ERROR_GROUP_VPC_MISMATCH);
  g_clear_error (&error);
  for (guint i = 2; i <= 6; i++)
    {
      const char *group = world_keep (w, add_group (w, &w->alice, NULL));

      assert_false (ops_group_leave (&w->ctx, &w->alice, group, id, NULL));
      assert_int_equal (ops_group_join (&w->ctx, &w->alice, group, id, &error), i <= 5);
    }
  assert_vmm_error (error, VMM_ERROR_GROUP_LIMIT);
  assert_int_equal (world_kicks (w, nic->id), 4);
}

static void
groups_are_joined_while_running_or_stopped_only (void **state)
{
  World *w = *state;
  const char *image = world_add_image (w, 1);
  g_autofree char *group = add_group (w, &w->alice, NULL);

  for (guint s = 0; s < VMM_INSTANCE_GONE; s++)
    {
      const char *id = world_add_instance (w, &w->alice, image, s);
      gboolean allowed = s == VMM_INSTANCE_RUNNING || s == VMM_INSTANCE_STOPPED;
      g_autoptr (GError) error = NULL;

      assert_int_equal (ops_group_join (&w->ctx, &w->alice, group, id, &error), allowed);
      if (!allowed)
        assert_vmm_error (error, VMM_ERROR_INSTANCE_STATUS);
    }
}

static void
several_rules_are_all_or_none (void **state)
{
  World *w = *state;
  g_autofree char *group = add_group (w, &w->alice, NULL);
  const OpsRuleSpec rules[] = { { .protocol = "tcp", .port_range = "22/22", .cidr = "10.0.0.0/8" },
                                { .protocol = "tcp", .port_range = "bad", .cidr = "10.0.0.0/8" } };
  g_autoptr (GError) error = NULL;

  assert_false (ops_group_authorize (&w->ctx, &w->alice, group, rules, 2, &error));
  assert_vmm_error (error, VMM_ERROR_RULE_PORT_RANGE);
  assert_int_equal (world_query (w, "SELECT count(*) FROM security_rule"), 0);
  assert_int_equal (world_kicks (w, group), 0);
}

static void
a_rule_is_revoked_by_its_id_in_its_own_group_only (void **state)
{
  World *w = *state;
  g_autofree char *group = add_group (w, &w->alice, NULL);
  g_autofree char *other = add_group (w, &w->alice, NULL);
  const OpsRuleSpec rule = { .protocol = "icmp", .cidr = "10.0.0.0/8" };
  g_autoptr (VmmGroup) now = NULL;
  const char *ids[] = { NULL, NULL };

  assert_true (ops_group_authorize (&w->ctx, &w->alice, group, &rule, 1, NULL));
  now = ops_group_get (&w->ctx, &w->alice, group, NULL);
  ids[0] = ((VmmRule *) g_ptr_array_index (now->rules, 0))->id;
  assert_true (ops_group_revoke (&w->ctx, &w->alice, other, NULL, 0, ids, NULL));
  assert_int_equal (world_query (w, "SELECT count(*) FROM security_rule"), 1);
  assert_true (ops_group_revoke (&w->ctx, &w->alice, group, NULL, 0, ids, NULL));
  assert_int_equal (world_query (w, "SELECT count(*) FROM security_rule"), 0);
}

static void
nothing_of_another_account_is_there (void **state)
{
  World *w = *state;
  const char *id = world_add_instance (w, &w->alice, world_add_image (w, 1), VMM_INSTANCE_RUNNING);
  g_autoptr (VmmVpc) vpc = add_vpc (w, &w->alice, "10.0.0.0/8");
  g_autoptr (VmmVswitch) vswitch = add_vswitch (w, &w->alice, vpc->id, "10.0.0.0/24");
  g_autofree char *group = add_group (w, &w->alice, NULL);
  g_autofree char *bobs = add_group (w, &w->bob, NULL);
  const OpsVswitchSpec spec = { .vpc_id = vpc->id, .cidr = "10.0.1.0/24" };
  g_autofree char *before = world_dump (w);
  g_autofree char *after = NULL;
  VmmContext *ctx = &w->ctx;
  const VmmCaller *bob = &w->bob;

  assert_false (
      ops_vpc_modify (ctx, bob, vpc->id, &(OpsVpcChange){ "mine", NULL, -1, NULL }, NULL));
  assert_false (ops_vpc_delete (ctx, bob, vpc->id, NULL));
  assert_null (ops_vswitch_create (ctx, bob, &spec, NULL));
  assert_false (ops_vswitch_modify (ctx, bob, vswitch->id,
                                    &(OpsVswitchChange){ "mine", NULL, -1, -1 }, NULL));
  assert_false (ops_vswitch_delete (ctx, bob, vswitch->id, NULL));
  assert_null (ops_group_create (ctx, bob, vpc->id, "mine", NULL, NULL));
  assert_false (ops_group_modify (ctx, bob, group, "mine", NULL, NULL));
  assert_false (ops_group_set_inner (ctx, bob, group, FALSE, NULL));
  assert_false (ops_group_delete (ctx, bob, group, NULL));
  assert_false (ops_group_join (ctx, bob, group, id, NULL));
  assert_false (ops_group_join (ctx, bob, bobs, id, NULL));
  assert_false (ops_group_join (ctx, &w->alice, bobs, id, NULL));
  assert_null (ops_group_references (ctx, bob, group, NULL));
  after = world_dump (w);
  assert_string_equal (before, after);
}

static void
a_dry_run_makes_and_removes_nothing (void **state)
{
  World *w = *state;
  const char *id = world_add_instance (w, &w->alice, world_add_image (w, 1), VMM_INSTANCE_RUNNING);
  g_autoptr (VmmVpc) vpc = add_vpc (w, &w->alice, "10.0.0.0/8");
  g_autoptr (VmmVswitch) vswitch = add_vswitch (w, &w->alice, vpc->id, "10.0.0.0/24");
  g_autofree char *group = add_group (w, &w->alice, NULL);
  const OpsVpcSpec vpc_spec = { .name = "net" };
  const OpsVswitchSpec vswitch_spec = { .vpc_id = vpc->id, .cidr = "10.0.1.0/24" };
  VmmCaller dry = w->alice;
  VmmContext *ctx = &w->ctx;
  g_autofree char *before = world_dump (w);
  g_autofree char *after = NULL;
  guint kicks = world_kicks (w, NULL);

  dry.dry_run = TRUE;
  assert_null (ops_vpc_create (ctx, &dry, &vpc_spec, NULL));
  assert_false (
      ops_vpc_modify (ctx, &dry, vpc->id, &(OpsVpcChange){ "other", NULL, -1, NULL }, NULL));
  assert_null (ops_vswitch_create (ctx, &dry, &vswitch_spec, NULL));
  assert_false (ops_vswitch_modify (ctx, &dry, vswitch->id,
                                    &(OpsVswitchChange){ "other", NULL, -1, -1 }, NULL));
  assert_false (ops_vswitch_delete (ctx, &dry, vswitch->id, NULL));
  assert_null (ops_group_create (ctx, &dry, NULL, "other", NULL, NULL));
  assert_false (ops_group_modify (ctx, &dry, group, "other", NULL, NULL));
  assert_false (ops_group_set_inner (ctx, &dry, group, FALSE, NULL));
  assert_false (ops_group_join (ctx, &dry, group, id, NULL));
  assert_false (ops_group_delete (ctx, &dry, group, NULL));
  after = world_dump (w);
  assert_string_equal (before, after);
  assert_int_equal (world_kicks (w, NULL), kicks);
}

static void
the_same_token_makes_one (void **state)
{
  World *w = *state;
  VmmCaller caller = w->alice;
  const OpsVpcSpec vpc_spec = { .name = "net" };
  g_autoptr (VmmVpc) vpc = NULL;
  g_autoptr (VmmVpc) vpc_again = NULL;
  g_autofree char *group = NULL;
  g_autofree char *group_again = NULL;

  caller.client_token = "t";
  caller.action = "CreateVpc";
  vpc = ops_vpc_create (&w->ctx, &caller, &vpc_spec, NULL);
  vpc_again = ops_vpc_create (&w->ctx, &caller, &vpc_spec, NULL);
  assert_string_equal (vpc->id, vpc_again->id);
  assert_string_equal (vpc->router_id, vpc_again->router_id);
  caller.action = "CreateSecurityGroup";
  group = ops_group_create (&w->ctx, &caller, vpc->id, "web", NULL, NULL);
  group_again = ops_group_create (&w->ctx, &caller, vpc->id, "web", NULL, NULL);
  assert_string_equal (group, group_again);
}

int
main (void)
{
  const struct CMUnitTest tests[] = {
    WORLD_TEST (a_vpc_has_ids_of_its_parts_and_a_default_range),
    WORLD_TEST (a_vpc_range_is_private_and_of_a_sensible_size),
    WORLD_TEST (a_vpc_goes_when_it_is_empty_and_not_before),
    WORLD_TEST (an_account_has_so_many_vpcs_and_no_more),
    WORLD_TEST (a_vpc_has_so_many_vswitches_and_no_more),
    WORLD_TEST (a_vswitch_lies_inside_its_vpc_and_apart_from_its_neighbours),
    WORLD_TEST (a_vswitch_with_interfaces_stays),
    WORLD_TEST (an_instance_without_a_vswitch_to_go_to_is_told_so),
    WORLD_TEST (an_instance_of_another_vpc_wants_its_group_named),
    WORLD_TEST (names_are_changed_one_by_one_and_checked),
    WORLD_TEST (a_group_goes_when_nobody_needs_it_and_not_before),
    WORLD_TEST (an_instance_is_in_one_to_five_groups_of_its_vpc),
    WORLD_TEST (groups_are_joined_while_running_or_stopped_only),
    WORLD_TEST (several_rules_are_all_or_none),
    WORLD_TEST (a_rule_is_revoked_by_its_id_in_its_own_group_only),
    WORLD_TEST (nothing_of_another_account_is_there),
    WORLD_TEST (a_dry_run_makes_and_removes_nothing),
    WORLD_TEST (the_same_token_makes_one),
  };

  return cmocka_run_group_tests_name ("ops-network", tests, NULL, NULL);
}
