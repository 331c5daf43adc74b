/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Network interfaces as rows: making, moving, naming, addressing, and what is refused. */
#include "ops-group.h"
#include "ops-network.h"
#include "ops-nic.h"
#include "vmm-id.h"
#include "world.h"
#include <string.h>

/* A vswitch of alice's default VPC; the world owns the id. */
static const char *
vswitch_of (World *w)
{
  const VmmVswitchQuery all = { .is_default = -1 };
  VmmPage page = world_page ();
  g_auto (VmmPageInfo) info = { 0 };
  g_autoptr (GPtrArray) list
      = ops_vswitch_list (&w->ctx, &w->alice, &all, &page, &info, NULL, NULL);

  return world_keep (w, g_strdup (((VmmVswitch *) list->pdata[0])->id));
}

static VmmNic *
make (World *w, const OpsNicSpec *asked, GError **error)
{
  OpsNicSpec spec = *asked;

  if (spec.vswitch_id == NULL)
    spec.vswitch_id = vswitch_of (w);
  return ops_nic_create (&w->ctx, &w->alice, &spec, error);
}

/* An Available one; the world owns the id. */
static const char *
available (World *w)
{
  const OpsNicSpec spec = { .name = "data" };
  g_autoptr (GError) error = NULL;
  g_autoptr (VmmNic) nic = make (w, &spec, &error);

  assert_no_error (error);
  return world_keep (w, g_strdup (nic->id));
}

static VmmNic *
look (World *w, const char *id)
{
  g_autoptr (GError) error = NULL;
  VmmNic *nic = ops_nic_get (&w->ctx, &w->alice, id, &error);

  assert_no_error (error);
  return nic;
}

static void
assert_nic (World *w, const char *id, VmmNicState state, const char *instance_id)
{
  g_autoptr (VmmNic) nic = look (w, id);

  assert_string_equal (vmm_nic_state_to_string (nic->state), vmm_nic_state_to_string (state));
  assert_string_equal (nic->instance_id, instance_id);
}

static guint
free_addresses (World *w)
{
  const VmmVswitchQuery all = { .is_default = -1 };
  VmmPage page = world_page ();
  g_auto (VmmPageInfo) info = { 0 };
  g_autoptr (GArray) counts = NULL;
  g_autoptr (GPtrArray) list
      = ops_vswitch_list (&w->ctx, &w->alice, &all, &page, &info, &counts, NULL);

  return g_array_index (counts, guint32, 0);
}

static void
an_interface_is_made_available_with_all_that_was_asked (void **state)
{
  World *w = *state;
  const char *const ips[] = { "172.16.1.7", "172.16.1.8", NULL };
  const OpsNicSpec spec
      = { .primary_ip = "172.16.1.6", .ips = ips, .name = "data", .description = "the shop" };
  guint before = free_addresses (w);
  g_autoptr (GError) error = NULL;
  g_autoptr (VmmNic) made = make (w, &spec, &error);
  g_autoptr (VmmNic) nic = NULL;

  assert_no_error (error);
  nic = look (w, made->id);
  assert_int_equal (nic->state, VMM_NIC_AVAILABLE);
  assert_string_equal (nic->ip, "172.16.1.6");
  assert_int_equal (nic->ips->len, 2);
  assert_string_equal (nic->ips->pdata[1], "172.16.1.8");
  assert_string_equal (nic->name, "data");
  assert_string_equal (nic->description, "the shop");
  assert_false (nic->is_primary);
  assert_int_equal (nic->group_ids->len, 1);
  assert_int_equal (nic->created_ms, world_now_ms ());
  assert_int_equal (free_addresses (w), before - 3);
}

static void
addresses_are_chosen_when_only_their_number_is_given (void **state)
{
  World *w = *state;
  const OpsNicSpec spec = { .ip_count = 3 };
  g_autoptr (GError) error = NULL;
  g_autoptr (VmmNic) made = make (w, &spec, &error);
  g_autoptr (VmmNic) nic = NULL;

  assert_no_error (error);
  nic = look (w, made->id);
  assert_int_equal (nic->ips->len, 3);
  for (guint i = 0; i < nic->ips->len; i++)
    assert_string_not_equal (nic->ips->pdata[i], nic->ip);
}

static void
a_bad_interface_is_refused_by_its_code_and_leaves_nothing (void **state)
{
  World *w = *state;
  const char *const twice[] = { "172.16.0.9", "172.16.0.9", NULL };
  const char *const outside[] = { "10.0.0.9", NULL };
  const char *const own[] = { "172.16.0.8", NULL };
  const char *const no_group[] = { "sg-00000000000000000000", NULL };
  const struct
  {
    OpsNicSpec spec;
    VmmError code;
  } cases[] = {
    { { .vswitch_id = "vsw-00000000000000000000" }, VMM_ERROR_VSWITCH_NOT_FOUND },
    { { .primary_ip = "10.0.0.1" }, VMM_ERROR_NIC_ADDRESS_OUTSIDE },
    { { .primary_ip = "172.16.0.0" }, VMM_ERROR_NIC_ADDRESS_OUTSIDE },
    { { .ips = twice }, VMM_ERROR_NIC_ADDRESS_REPEATED },
    { { .ips = outside }, VMM_ERROR_NIC_ADDRESS_OUTSIDE },
    { { .primary_ip = "172.16.0.8", .ips = own }, VMM_ERROR_NIC_ADDRESS_REPEATED },
    { { .ips = own, .ip_count = 1 }, VMM_ERROR_INVALID_PARAMETER },
    { { .ip_count = VMM_NIC_ADDRESSES_MAX }, VMM_ERROR_NIC_ADDRESS_LIMIT },
    { { .name = "1" }, VMM_ERROR_NIC_NAME_MALFORMED },
    { { .description = "http://x" }, VMM_ERROR_DESCRIPTION_MALFORMED },
    { { .group_ids = no_group }, VMM_ERROR_GROUP_NOT_FOUND },
  };
  g_autofree char *before = NULL, *after = NULL;

  vswitch_of (w);
  before = world_dump (w);
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (GError) error = NULL;

      assert_null (make (w, &cases[i].spec, &error));
      assert_vmm_error (error, cases[i].code);
    }
  after = world_dump (w);
  assert_string_equal (before, after);
}

static void
an_address_is_given_once (void **state)
{
  World *w = *state;
  const char *const second[] = { "172.16.0.50", NULL };
  const OpsNicSpec first = { .primary_ip = "172.16.0.50" }, as_second = { .ips = second };
  g_autoptr (VmmNic) nic = make (w, &first, NULL);
  g_autoptr (GError) primary = NULL, secondary = NULL, assigned = NULL;

  assert_non_null (nic);
  assert_null (make (w, &first, &primary));
  assert_vmm_error (primary, VMM_ERROR_PRIVATE_IP_USED);
  assert_null (make (w, &as_second, &secondary));
  assert_vmm_error (secondary, VMM_ERROR_PRIVATE_IP_USED);
  assert_null (ops_nic_assign (&w->ctx, &w->alice, available (w), second, 0, &assigned));
  assert_vmm_error (assigned, VMM_ERROR_PRIVATE_IP_USED);
}

static void
the_same_token_makes_one_interface (void **state)
{
  World *w = *state;
  const OpsNicSpec spec = { .vswitch_id = vswitch_of (w) };
  VmmCaller caller = w->alice;
  g_autoptr (VmmNic) first = NULL, second = NULL;

  caller.action = "CreateNetworkInterface";
  caller.client_token = "t";
  caller.token_params = "VSwitchId=x";
  first = ops_nic_create (&w->ctx, &caller, &spec, NULL);
  second = ops_nic_create (&w->ctx, &caller, &spec, NULL);
  assert_string_equal (first->id, second->id);
  assert_int_equal (world_query (w, "SELECT count(*) FROM nic"), 1);
}

static void
an_account_has_no_more_than_its_quota (void **state)
{
  World *w = *state;
  g_autoptr (GError) error = NULL;
  const OpsNicSpec spec = { 0 };

  w->config->max_interfaces = 1;
  available (w);
  assert_null (make (w, &spec, &error));
  assert_vmm_error (error, VMM_ERROR_NIC_QUOTA);
}

static gboolean
attach (World *w, const char *id, const char *instance, GError **error)
{
  return ops_nic_attach (&w->ctx, &w->alice, id, instance, error);
}

static gboolean
detach (World *w, const char *id, const char *instance, GError **error)
{
  return ops_nic_detach (&w->ctx, &w->alice, id, instance, error);
}

static void
a_stopped_instance_has_it_at_once_and_a_running_one_soon (void **state)
{
  World *w = *state;
  const char *image = world_add_image (w, 1);
  const char *off = world_add_instance (w, &w->alice, image, VMM_INSTANCE_STOPPED);
  const char *on = world_add_instance (w, &w->alice, image, VMM_INSTANCE_RUNNING);
  const char *a = available (w), *b = available (w);
  guint kicks = world_kicks (w, on);

  assert_true (attach (w, a, off, NULL));
  assert_nic (w, a, VMM_NIC_IN_USE, off);
  assert_true (attach (w, b, on, NULL));
  assert_nic (w, b, VMM_NIC_ATTACHING, on);
  assert_int_equal (world_kicks (w, on), kicks + 1);
  assert_true (detach (w, a, off, NULL));
  assert_nic (w, a, VMM_NIC_AVAILABLE, "");
  assert_true (ops_nic_event (&w->ctx, b, VMM_NIC_ATTACHING, VMM_NIC_ATTACHED, NULL, NULL));
  assert_true (detach (w, b, on, NULL));
  assert_nic (w, b, VMM_NIC_DETACHING, on);
}

static void
what_cannot_be_attached_is_refused_by_its_code (void **state)
{
  World *w = *state;
  const char *image = world_add_image (w, 1);
  const char *off = world_add_instance (w, &w->alice, image, VMM_INSTANCE_STOPPED);
  const char *starts = world_add_instance (w, &w->alice, image, VMM_INSTANCE_STARTING);
  const char *bobs = world_add_instance (w, &w->bob, image, VMM_INSTANCE_STOPPED);
  const char *a = available (w), *b = available (w);
  const char *const none = "eni-00000000000000000000";
  g_autoptr (VmmInstance) instance = world_get (w, off);
  const char *primary = ((const VmmNic *) instance->nics->pdata[0])->id;
  const struct
  {
    const char *nic, *instance;
    VmmError code;
  } cases[] = {
    { none, off, VMM_ERROR_NIC_NOT_FOUND },
    { b, "i-00000000000000000000", VMM_ERROR_INSTANCE_NOT_FOUND },
    { b, bobs, VMM_ERROR_INSTANCE_NOT_FOUND },
    { b, starts, VMM_ERROR_NIC_INSTANCE_STATUS },
    { a, off, VMM_ERROR_NIC_STATUS },       /* it is there already */
    { primary, off, VMM_ERROR_NIC_STATUS }, /* and so is this */
    { b, off, VMM_ERROR_NIC_LIMIT },        /* two of one vCPU */
  };

  assert_true (attach (w, a, off, NULL));
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (GError) error = NULL;

      assert_false (attach (w, cases[i].nic, cases[i].instance, &error));
      assert_vmm_error (error, cases[i].code);
    }
}

static void
a_type_too_small_for_its_interfaces_is_refused (void **state)
{
  World *w = *state;
  const char *off = world_add_instance (w, &w->alice, world_add_image (w, 1), VMM_INSTANCE_STOPPED);
  g_autoptr (GError) error = NULL;

  assert_true (ops_instance_resize (&w->ctx, &w->alice, off, "ecs.g1.xlarge", NULL));
  for (guint i = 0; i < 3; i++)
    assert_true (attach (w, available (w), off, NULL));
  assert_false (ops_instance_resize (&w->ctx, &w->alice, off, "ecs.t1.micro", &error));
  assert_vmm_error (error, VMM_ERROR_NIC_LIMIT);
}

static void
an_interface_of_another_vpc_is_refused (void **state)
{
  World *w = *state;
  const char *off = world_add_instance (w, &w->alice, world_add_image (w, 1), VMM_INSTANCE_STOPPED);
  const OpsVpcSpec vpc_spec = { .cidr = "10.0.0.0/8" };
  g_autoptr (VmmVpc) vpc = ops_vpc_create (&w->ctx, &w->alice, &vpc_spec, NULL);
  const OpsVswitchSpec vswitch_spec
      = { .vpc_id = vpc->id, .zone_id = w->config->zone_id, .cidr = "10.1.0.0/24" };
  g_autoptr (VmmVswitch) vswitch = ops_vswitch_create (&w->ctx, &w->alice, &vswitch_spec, NULL);
  g_autofree char *group = ops_group_create (&w->ctx, &w->alice, vpc->id, "there", NULL, NULL);
  const char *const groups[] = { group, NULL };
  const OpsNicSpec spec = { .vswitch_id = vswitch->id, .group_ids = groups };
  const OpsNicSpec without = { .vswitch_id = vswitch->id };
  g_autoptr (GError) error = NULL, no_group = NULL;
  g_autoptr (VmmNic) nic = make (w, &spec, NULL);

  assert_false (attach (w, nic->id, off, &error));
  assert_vmm_error (error, VMM_ERROR_GROUP_VPC_MISMATCH);
  assert_null (make (w, &without, &no_group));
  assert_vmm_error (no_group, VMM_ERROR_MISSING_PARAMETER);
}

static void
what_cannot_be_detached_is_refused_by_its_code (void **state)
{
  World *w = *state;
  const char *image = world_add_image (w, 1);
  const char *off = world_add_instance (w, &w->alice, image, VMM_INSTANCE_STOPPED);
  const char *other = world_add_instance (w, &w->alice, image, VMM_INSTANCE_STOPPED);
  const char *a = available (w);
  g_autoptr (VmmInstance) instance = world_get (w, off);
  const char *primary = ((const VmmNic *) instance->nics->pdata[0])->id;
  g_autoptr (GError) is_primary = NULL, is_free = NULL, elsewhere = NULL, starting = NULL;

  assert_false (detach (w, primary, off, &is_primary));
  assert_vmm_error (is_primary, VMM_ERROR_NIC_PRIMARY);
  assert_false (detach (w, a, off, &is_free));
  assert_vmm_error (is_free, VMM_ERROR_NIC_STATUS);
  assert_true (attach (w, a, off, NULL));
  assert_false (detach (w, a, other, &elsewhere));
  assert_vmm_error (elsewhere, VMM_ERROR_NIC_STATUS);
  assert_true (ops_instance_start (&w->ctx, &w->alice, off, NULL));
  assert_false (detach (w, a, off, &starting));
  assert_vmm_error (starting, VMM_ERROR_NIC_INSTANCE_STATUS);
}

static void
only_an_available_interface_is_deleted_and_its_address_is_free_then (void **state)
{
  World *w = *state;
  const char *off = world_add_instance (w, &w->alice, world_add_image (w, 1), VMM_INSTANCE_STOPPED);
  guint before = free_addresses (w);
  const char *a = available (w);
  g_autoptr (GError) error = NULL;

  assert_true (attach (w, a, off, NULL));
  assert_false (ops_nic_delete (&w->ctx, &w->alice, a, &error));
  assert_vmm_error (error, VMM_ERROR_NIC_STATUS);
  assert_true (detach (w, a, off, NULL));
  assert_true (ops_nic_delete (&w->ctx, &w->alice, a, NULL));
  assert_true (ops_nic_delete (&w->ctx, &w->alice, a, NULL)); /* it is under way */
  assert_nic (w, a, VMM_NIC_DELETING, "");
  assert_true (world_kicks (w, a) > 0);
  assert_int_equal (free_addresses (w), before - 1);
  assert_true (ops_nic_event (&w->ctx, a, VMM_NIC_DELETING, VMM_NIC_DELETED, NULL, NULL));
  assert_int_equal (free_addresses (w), before);
}

static void
strangers_find_no_interface (void **state)
{
  World *w = *state;
  const char *a = available (w);
  const char *const ips[] = { "172.16.0.77", NULL };
  const OpsNicChange change = { .name = "mine", .delete_with_instance = -1 };
  g_autoptr (GError) get = NULL, delete = NULL, modify = NULL, assign = NULL, take = NULL;

  assert_null (ops_nic_get (&w->ctx, &w->bob, a, &get));
  assert_vmm_error (get, VMM_ERROR_NIC_NOT_FOUND);
  assert_false (ops_nic_delete (&w->ctx, &w->bob, a, &delete));
  assert_vmm_error (delete, VMM_ERROR_NIC_NOT_FOUND);
  assert_false (ops_nic_modify (&w->ctx, &w->bob, a, &change, &modify));
  assert_vmm_error (modify, VMM_ERROR_NIC_NOT_FOUND);
  assert_null (ops_nic_assign (&w->ctx, &w->bob, a, ips, 0, &assign));
  assert_vmm_error (assign, VMM_ERROR_NIC_NOT_FOUND);
  assert_false (ops_nic_unassign (&w->ctx, &w->bob, a, ips, &take));
  assert_vmm_error (take, VMM_ERROR_NIC_NOT_FOUND);
}

static void
free_interfaces_keep_their_vswitch_and_their_group (void **state)
{
  World *w = *state;
  g_autoptr (VmmNic) nic = look (w, available (w));
  g_autoptr (GError) vswitch = NULL, group = NULL;

  assert_false (ops_vswitch_delete (&w->ctx, &w->alice, nic->vswitch_id, &vswitch));
  assert_vmm_error (vswitch, VMM_ERROR_DEPENDENCY);
  assert_false (ops_group_delete (&w->ctx, &w->alice, nic->group_ids->pdata[0], &group));
  assert_vmm_error (group, VMM_ERROR_DEPENDENCY);
}

static void
addresses_come_and_go_and_each_change_counts (void **state)
{
  World *w = *state;
  const char *a = available (w);
  const char *const named[] = { "172.16.0.90", "172.16.0.91", NULL };
  const char *const one[] = { "172.16.0.90", NULL };
  g_autoptr (VmmNic) first = look (w, a), more = NULL, less = NULL;
  g_autoptr (GPtrArray) added = ops_nic_assign (&w->ctx, &w->alice, a, named, 0, NULL);
  g_autoptr (GPtrArray) chosen = ops_nic_assign (&w->ctx, &w->alice, a, NULL, 2, NULL);
  g_autoptr (GError) primary = NULL, unknown = NULL, none = NULL;
  const char *const own[] = { first->ip, NULL };

  assert_int_equal (added->len, 2);
  assert_int_equal (chosen->len, 2);
  more = look (w, a);
  assert_int_equal (more->ips->len, 4);
  assert_true (more->generation > first->generation);
  assert_true (ops_nic_unassign (&w->ctx, &w->alice, a, one, NULL));
  less = look (w, a);
  assert_int_equal (less->ips->len, 3);
  assert_true (less->generation > more->generation);
  assert_false (ops_nic_unassign (&w->ctx, &w->alice, a, one, &unknown));
  assert_vmm_error (unknown, VMM_ERROR_NIC_ADDRESS_UNASSIGNED);
  assert_false (ops_nic_unassign (&w->ctx, &w->alice, a, own, &primary));
  assert_vmm_error (primary, VMM_ERROR_NIC_ADDRESS_UNASSIGNED);
  assert_null (ops_nic_assign (&w->ctx, &w->alice, a, NULL, 0, &none));
  assert_vmm_error (none, VMM_ERROR_MISSING_PARAMETER);
}

static void
an_interface_has_no_more_than_its_full_number_of_addresses (void **state)
{
  World *w = *state;
  const char *a = available (w);
  g_autoptr (GPtrArray) most
      = ops_nic_assign (&w->ctx, &w->alice, a, NULL, VMM_NIC_ADDRESSES_MAX - 1, NULL);
  g_autoptr (GError) error = NULL;

  assert_non_null (most);
  assert_null (ops_nic_assign (&w->ctx, &w->alice, a, NULL, 1, &error));
  assert_vmm_error (error, VMM_ERROR_NIC_ADDRESS_LIMIT);
}

static void
groups_are_joined_left_and_replaced_by_the_interface (void **state)
{
  World *w = *state;
  const char *a = available (w);
  g_autofree char *group = ops_group_create (&w->ctx, &w->alice, NULL, "more", NULL, NULL);
  const char *const only[] = { group, NULL };
  const OpsNicChange change = { .group_ids = only, .delete_with_instance = -1 };
  g_autoptr (VmmNic) joined = NULL, left = NULL, replaced = NULL;
  g_autoptr (GError) twice = NULL, last = NULL;

  assert_true (ops_group_join (&w->ctx, &w->alice, group, a, NULL));
  joined = look (w, a);
  assert_int_equal (joined->group_ids->len, 2);
  assert_false (ops_group_join (&w->ctx, &w->alice, group, a, &twice));
  assert_vmm_error (twice, VMM_ERROR_GROUP_MEMBER);
  assert_true (ops_group_leave (&w->ctx, &w->alice, group, a, NULL));
  left = look (w, a);
  assert_int_equal (left->group_ids->len, 1);
  assert_true (left->generation > joined->generation);
  assert_true (ops_nic_modify (&w->ctx, &w->alice, a, &change, NULL));
  replaced = look (w, a);
  assert_string_equal (replaced->group_ids->pdata[0], group);
  assert_int_equal (replaced->group_ids->len, 1);
  assert_false (ops_group_leave (&w->ctx, &w->alice, group, a, &last));
  assert_vmm_error (last, VMM_ERROR_GROUP_LAST);
}

static void
names_and_fate_are_changed_one_by_one (void **state)
{
  World *w = *state;
  const char *a = available (w);
  const char *off = world_add_instance (w, &w->alice, world_add_image (w, 1), VMM_INSTANCE_STOPPED);
  g_autoptr (VmmInstance) instance = world_get (w, off);
  const OpsNicChange name = { .name = "backup", .delete_with_instance = -1 };
  const OpsNicChange fate = { .description = "", .delete_with_instance = 1 };
  const OpsNicChange keep = { .delete_with_instance = 0 };
  g_autoptr (VmmNic) nic = NULL;
  g_autoptr (GError) error = NULL;

  assert_true (ops_nic_modify (&w->ctx, &w->alice, a, &name, NULL));
  assert_true (ops_nic_modify (&w->ctx, &w->alice, a, &fate, NULL));
  nic = look (w, a);
  assert_string_equal (nic->name, "backup");
  assert_true (nic->delete_with_instance);
  assert_false (ops_nic_modify (&w->ctx, &w->alice, ((const VmmNic *) instance->nics->pdata[0])->id,
                                &keep, &error));
  assert_vmm_error (error, VMM_ERROR_NIC_TYPE);
}

static guint
count (World *w, const VmmNicQuery *query)
{
  VmmPage page = world_page ();
  g_auto (VmmPageInfo) info = { 0 };
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) applied = NULL;
  g_autoptr (GPtrArray) nics
      = ops_nic_list (&w->ctx, &w->alice, query, &page, &info, &applied, &error);

  assert_no_error (error);
  assert_int_equal (nics->len, applied->len);
  assert_int_equal (info.total, nics->len);
  return nics->len;
}

static void
lists_are_filtered (void **state)
{
  World *w = *state;
  const char *off = world_add_instance (w, &w->alice, world_add_image (w, 1), VMM_INSTANCE_STOPPED);
  const char *a = available (w), *b = available (w);
  const char *const second[] = { "172.16.0.99", NULL }, *const ids[] = { a, b, NULL };
  g_autoptr (GPtrArray) added = ops_nic_assign (&w->ctx, &w->alice, b, second, 0, NULL);
  g_autoptr (VmmNic) nic = look (w, a);
  const struct
  {
    VmmNicQuery query;
    guint found;
  } cases[] = {
    { { .is_primary = -1 }, 3 },
    { { .is_primary = 1 }, 1 },
    { { .is_primary = 0 }, 2 },
    { { .is_primary = -1, .ids = ids }, 2 },
    { { .is_primary = -1, .instance_id = off }, 2 },
    { { .is_primary = -1, .status = "Available" }, 1 },
    { { .is_primary = -1, .status = "InUse" }, 2 },
    { { .is_primary = -1, .status = "Lost" }, 0 },
    { { .is_primary = -1, .private_ips = second }, 1 },
    { { .is_primary = -1, .primary_ip = "172.16.0.99" }, 0 },
    { { .is_primary = -1, .primary_ip = nic->ip }, 1 },
    { { .is_primary = -1, .primary_ip = "x" }, 0 },
    { { .is_primary = -1, .name = "da*" }, 2 },
    { { .is_primary = -1, .vpc_id = nic->vpc_id }, 3 },
    { { .is_primary = -1, .vswitch_id = nic->vswitch_id }, 3 },
    { { .is_primary = -1, .group_id = nic->group_ids->pdata[0] }, 3 },
    { { .is_primary = -1, .group_id = "sg-1" }, 0 },
  };

  assert_true (attach (w, a, off, NULL));
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    if (count (w, &cases[i].query) != cases[i].found)
      fail_msg ("case %u finds %u", i, count (w, &cases[i].query));
}

static void
an_instance_lists_its_interfaces_with_the_primary_one_first (void **state)
{
  World *w = *state;
  const char *a = available (w); /* older than the instance */
  const char *off = world_add_instance (w, &w->alice, world_add_image (w, 1), VMM_INSTANCE_STOPPED);
  const VmmInstanceQuery query = { 0 };
  VmmPage page = world_page ();
  g_auto (VmmPageInfo) info = { 0 };
  g_autoptr (GPtrArray) list = NULL;
  const VmmInstance *instance;

  assert_true (attach (w, a, off, NULL));
  list = ops_instance_list (&w->ctx, &w->alice, &query, &page, &info, NULL);
  instance = list->pdata[0];
  assert_int_equal (instance->nics->len, 2);
  assert_true (((const VmmNic *) instance->nics->pdata[0])->is_primary);
  assert_string_equal (((const VmmNic *) instance->nics->pdata[1])->id, a);
}

static void
a_dry_run_changes_nothing (void **state)
{
  World *w = *state;
  VmmCaller dry = w->alice;
  const char *a = available (w);
  const OpsNicSpec spec = { .vswitch_id = vswitch_of (w) };
  g_autofree char *before = world_dump (w);
  g_autofree char *after = NULL;
  g_autoptr (GError) create = NULL, delete = NULL, assign = NULL;

  dry.dry_run = TRUE;
  assert_null (ops_nic_create (&w->ctx, &dry, &spec, &create));
  assert_vmm_error (create, VMM_ERROR_DRY_RUN);
  assert_false (ops_nic_delete (&w->ctx, &dry, a, &delete));
  assert_vmm_error (delete, VMM_ERROR_DRY_RUN);
  assert_null (ops_nic_assign (&w->ctx, &dry, a, NULL, 1, &assign));
  assert_vmm_error (assign, VMM_ERROR_DRY_RUN);
  after = world_dump (w);
  assert_string_equal (before, after);
}

int
main (void)
{
  const struct CMUnitTest tests[] = {
    WORLD_TEST (an_interface_is_made_available_with_all_that_was_asked),
    WORLD_TEST (addresses_are_chosen_when_only_their_number_is_given),
    WORLD_TEST (a_bad_interface_is_refused_by_its_code_and_leaves_nothing),
    WORLD_TEST (an_address_is_given_once),
    WORLD_TEST (the_same_token_makes_one_interface),
    WORLD_TEST (an_account_has_no_more_than_its_quota),
    WORLD_TEST (a_stopped_instance_has_it_at_once_and_a_running_one_soon),
    WORLD_TEST (what_cannot_be_attached_is_refused_by_its_code),
    WORLD_TEST (a_type_too_small_for_its_interfaces_is_refused),
    WORLD_TEST (an_interface_of_another_vpc_is_refused),
    WORLD_TEST (what_cannot_be_detached_is_refused_by_its_code),
    WORLD_TEST (only_an_available_interface_is_deleted_and_its_address_is_free_then),
    WORLD_TEST (strangers_find_no_interface),
    WORLD_TEST (free_interfaces_keep_their_vswitch_and_their_group),
    WORLD_TEST (addresses_come_and_go_and_each_change_counts),
    WORLD_TEST (an_interface_has_no_more_than_its_full_number_of_addresses),
    WORLD_TEST (groups_are_joined_left_and_replaced_by_the_interface),
    WORLD_TEST (names_and_fate_are_changed_one_by_one),
    WORLD_TEST (lists_are_filtered),
    WORLD_TEST (an_instance_lists_its_interfaces_with_the_primary_one_first),
    WORLD_TEST (a_dry_run_changes_nothing),
  };

  return cmocka_run_group_tests_name ("ops-nic", tests, NULL, NULL);
}
