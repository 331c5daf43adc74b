/* SPDX-License-Identifier: GPL-2.0-or-later */
/* VPCs and vswitches, and the default ones every account has. */
#include "config.h"

#include "ops-ipv6-row.h"
#include "ops-network-default.h"
#include "ops-network.h"
#include "ops-public.h"
#include "ops-route-check.h"
#include "ops-text.h"
#include "ops-txn.h"
#include "store-network.h"
#include "vmm-clock.h"
#include "vmm-error.h"
#include "vmm-id.h"
#include "vmm-instance.h"
#include <string.h>

static VmmVpc *
make_vpc (const char *account_id, const char *name, const char *description, const char *cidr)
{
  VmmVpc *vpc = g_new0 (VmmVpc, 1);

  vpc->id = vmm_id_new (VMM_ID_VPC);
  vpc->account_id = g_strdup (account_id);
  vpc->name = ops_text_or_empty (name);
  vpc->description = ops_text_or_empty (description);
  vpc->cidr = g_strdup (cidr);
  vpc->ipv6_cidr = g_strdup ("");
  vpc->router_id = vmm_id_new (VMM_ID_ROUTER);
  vpc->route_table_id = vmm_id_new (VMM_ID_ROUTE_TABLE);
  vpc->created_ms = vmm_clock_now_ms ();
  return vpc;
}

static VmmVswitch *
make_vswitch (VmmContext *ctx, const VmmVpc *vpc, const char *name, const char *description,
              const char *cidr)
{
  VmmVswitch *vswitch = g_new0 (VmmVswitch, 1);

  vswitch->id = vmm_id_new (VMM_ID_VSWITCH);
  vswitch->account_id = g_strdup (vpc->account_id);
  vswitch->vpc_id = g_strdup (vpc->id);
  vswitch->zone_id = g_strdup (ctx->config->zone_id);
  vswitch->name = ops_text_or_empty (name);
  vswitch->description = ops_text_or_empty (description);
  vswitch->cidr = g_strdup (cidr);
  vswitch->ipv6_cidr = g_strdup ("");
  vswitch->created_ms = vmm_clock_now_ms ();
  return vswitch;
}

static VmmGroup *
make_group (const VmmVpc *vpc)
{
  VmmGroup *group = g_new0 (VmmGroup, 1);

  group->id = vmm_id_new (VMM_ID_GROUP);
  group->account_id = g_strdup (vpc->account_id);
  group->vpc_id = g_strdup (vpc->id);
  group->name = g_strdup ("default");
  group->description = g_strdup ("");
  group->is_default = TRUE;
  group->inner_accept = TRUE;
  group->created_ms = vpc->created_ms;
  return group;
}

VmmVpc *
ops_network_default (VmmContext *ctx, StoreTxn *txn, const char *account_id, GError **error)
{
  g_autoptr (VmmVpc) vpc = NULL;
  g_autoptr (VmmVswitch) vswitch = NULL;
  g_autoptr (VmmGroup) group = NULL;
  g_autoptr (GError) local = NULL;

  vpc = store_vpc_get_default (txn, account_id, &local);
  if (vpc != NULL || local != NULL)
    {
      if (local != NULL)
        g_propagate_error (error, g_steal_pointer (&local));
      return g_steal_pointer (&vpc);
    }
  vpc = make_vpc (account_id, "default", NULL, ctx->config->default_vpc_cidr);
  vswitch = make_vswitch (ctx, vpc, "default", NULL, ctx->config->default_vswitch_cidr);
  vpc->is_default = vswitch->is_default = TRUE;
  group = make_group (vpc);
  if (!store_vpc_insert (txn, vpc, error) || !store_vswitch_insert (txn, vswitch, error)
      || !store_group_insert (txn, group, error))
    return NULL;
  return g_steal_pointer (&vpc);
}

gboolean
ops_network_ensure_default (VmmContext *ctx, const VmmCaller *caller, GError **error)
{
  g_autoptr (StoreTxn) txn = store_begin_read (ctx->store, error);
  g_autoptr (VmmVpc) vpc = NULL;
  g_autoptr (GError) local = NULL;

  if (txn == NULL)
    return FALSE;
  vpc = store_vpc_get_default (txn, caller->account_id, &local);
  if (local != NULL)
    {
      g_propagate_error (error, g_steal_pointer (&local));
      return FALSE;
    }
  if (vpc != NULL)
    return TRUE;
  g_clear_pointer (&txn, store_txn_free);
  txn = store_begin (ctx->store, error);
  if (txn == NULL)
    return FALSE;
  vpc = ops_network_default (ctx, txn, caller->account_id, error);
  return vpc != NULL && store_commit (txn, error);
}

GPtrArray *
ops_vpc_list (VmmContext *ctx, const VmmCaller *caller, const VmmVpcQuery *query,
              const VmmPage *page, VmmPageInfo *out_info, GError **error)
{
  g_autoptr (StoreTxn) txn = NULL;

  if (!ops_network_ensure_default (ctx, caller, error))
    return NULL;
  txn = store_begin_read (ctx->store, error);
  return txn != NULL ? store_vpc_list (txn, caller->account_id, query, page, out_info, error)
                     : NULL;
}

VmmVpc *
ops_vpc_get (VmmContext *ctx, const VmmCaller *caller, const char *id, GError **error)
{
  g_autoptr (StoreTxn) txn = store_begin_read (ctx->store, error);

  return txn != NULL ? store_vpc_get (txn, caller->account_id, id, error) : NULL;
}

GPtrArray *
ops_vpc_vswitches (VmmContext *ctx, const VmmCaller *caller, const char *vpc_id, GError **error)
{
  const VmmVswitchQuery query = { .vpc_id = vpc_id, .is_default = -1 };
  const VmmPage all = { .number = 1, .size = G_MAXINT };
  g_auto (VmmPageInfo) info = { 0 };
  g_autoptr (StoreTxn) txn = store_begin_read (ctx->store, error);

  return txn != NULL ? store_vswitch_list (txn, caller->account_id, &query, &all, &info, error)
                     : NULL;
}

/* How many addresses of the vswitch interfaces have, and its range. */
static gboolean
count_used (StoreTxn *txn, const VmmVswitch *vswitch, VmmRange *out_range, guint *out_used,
            GError **error)
{
  if (!vmm_range_parse (vswitch->cidr, out_range))
    return vmm_fail (error, VMM_ERROR_INTERNAL, "vswitch '%s' has the range '%s'", vswitch->id,
                     vswitch->cidr);
  return store_nic_count_addresses (txn, vswitch->vpc_id, out_range->first, out_range->last,
                                    out_used, error);
}

/* How many addresses of each vswitch are free. */
static GArray *
count_free (StoreTxn *txn, GPtrArray *vswitches, GError **error)
{
  g_autoptr (GArray) counts = g_array_new (FALSE, TRUE, sizeof (guint32));

  for (guint i = 0; i < vswitches->len; i++)
    {
      const VmmVswitch *vswitch = g_ptr_array_index (vswitches, i);
      VmmRange range = { 0 };
      guint32 capacity;
      guint used = 0;

      if (!count_used (txn, vswitch, &range, &used, error))
        return NULL;
      capacity = vmm_range_capacity (&range);
      capacity = capacity > used ? capacity - used : 0;
      g_array_append_val (counts, capacity);
    }
  return g_steal_pointer (&counts);
}

GPtrArray *
ops_vswitch_list (VmmContext *ctx, const VmmCaller *caller, const VmmVswitchQuery *query,
                  const VmmPage *page, VmmPageInfo *out_info, GArray **out_free, GError **error)
{
  g_autoptr (StoreTxn) txn = NULL;
  g_autoptr (GPtrArray) list = NULL;

  if (!ops_network_ensure_default (ctx, caller, error))
    return NULL;
  txn = store_begin_read (ctx->store, error);
  if (txn != NULL)
    list = store_vswitch_list (txn, caller->account_id, query, page, out_info, error);
  if (list != NULL && out_free != NULL)
    {
      *out_free = count_free (txn, list, error);
      if (*out_free == NULL)
        return NULL;
    }
  return g_steal_pointer (&list);
}

/* VPCs may have these ranges and any part of them. */
static const char *const private_ranges[] = { "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16" };

static gboolean
contains (const VmmRange *outer, const VmmRange *inner)
{
  return inner->first >= outer->first && inner->last <= outer->last;
}

static gboolean
check_vpc_range (const char *cidr, GError **error)
{
  VmmRange range, allowed;

  if (vmm_range_parse (cidr, &range) && range.length >= 8 && range.length <= 28)
    for (guint i = 0; i < G_N_ELEMENTS (private_ranges); i++)
      if (vmm_range_parse (private_ranges[i], &allowed) && contains (&allowed, &range))
        return TRUE;
  return vmm_fail (error, VMM_ERROR_CIDR_MALFORMED,
                   "the CidrBlock '%s' must be 10.0.0.0/8, 172.16.0.0/12, 192.168.0.0/16 or a part "
                   "of one, /8 to /28, with no bits set behind its length",
                   cidr);
}

/* The range in the record alone. */
static gboolean
give_vpc_ipv6 (VmmContext *ctx, StoreTxn *txn, VmmVpc *vpc, const char *wanted, GError **error)
{
  g_free (vpc->ipv6_cidr);
  vpc->ipv6_cidr = ops_ipv6_choose_vpc (ctx, txn, wanted, error);
  return vpc->ipv6_cidr != NULL;
}

static gboolean
check_vpc_quota (VmmContext *ctx, StoreTxn *txn, const VmmCaller *caller, GError **error)
{
  guint have = 0, limit = (guint) ctx->config->max_vpcs;

  return store_vpc_count_account (txn, caller->account_id, &have, error)
         && (have < limit
             || vmm_fail (error, VMM_ERROR_VPC_QUOTA,
                          "the account has %u VPCs, its limit is %u; delete one that is not needed",
                          have, limit));
}

VmmVpc *
ops_vpc_create (VmmContext *ctx, const VmmCaller *caller, const OpsVpcSpec *spec, GError **error)
{
  const char *cidr = spec->cidr != NULL ? spec->cidr : "172.16.0.0/12";
  g_autofree char *before = NULL;
  g_autoptr (StoreTxn) txn = NULL;
  g_autoptr (VmmVpc) vpc = NULL;

  if (!check_vpc_range (cidr, error)
      || !ops_text_check (spec->name, VMM_ERROR_VPC_NAME_MALFORMED, spec->description, error))
    return NULL;
  txn = ops_begin (ctx, caller, &before, error);
  if (txn == NULL)
    return NULL;
  if (before != NULL)
    return store_vpc_get (txn, caller->account_id, before, error);
  if (!check_vpc_quota (ctx, txn, caller, error))
    return NULL;
  vpc = make_vpc (caller->account_id, spec->name, spec->description, cidr);
  if ((spec->ipv6 || spec->ipv6_cidr != NULL)
      && !give_vpc_ipv6 (ctx, txn, vpc, spec->ipv6_cidr, error))
    return NULL;
  if (!store_vpc_insert (txn, vpc, error) || !ops_finish (ctx, txn, caller, vpc->id, error))
    return NULL;
  return g_steal_pointer (&vpc);
}

static gboolean
take_vpc_ipv6 (StoreTxn *txn, VmmVpc *vpc, GError **error)
{
  g_autoptr (GPtrArray) vswitches = store_vpc_vswitches (txn, vpc->id, error);

  for (guint i = 0; vswitches != NULL && i < vswitches->len; i++)
    {
      const VmmVswitch *vswitch = g_ptr_array_index (vswitches, i);

      if (*vswitch->ipv6_cidr != '\0')
        return vmm_fail (error, VMM_ERROR_DEPENDENCY, "vswitch '%s' of %s has IPv6", vswitch->id,
                         vpc->id);
    }
  return vswitches != NULL && store_vpc_set_ipv6 (txn, vpc->id, "", error);
}

static gboolean
change_vpc_ipv6 (VmmContext *ctx, StoreTxn *txn, VmmVpc *vpc, const OpsVpcChange *change,
                 GError **error)
{
  gboolean has = *vpc->ipv6_cidr != '\0';

  if (change->ipv6 == 0)
    return !has || take_vpc_ipv6 (txn, vpc, error);
  if (change->ipv6 < 0
      || (has && (change->ipv6_cidr == NULL || g_str_equal (change->ipv6_cidr, vpc->ipv6_cidr))))
    return TRUE;
  return (!has || take_vpc_ipv6 (txn, vpc, error))
         && give_vpc_ipv6 (ctx, txn, vpc, change->ipv6_cidr, error)
         && store_vpc_set_ipv6 (txn, vpc->id, vpc->ipv6_cidr, error);
}

gboolean
ops_vpc_modify (VmmContext *ctx, const VmmCaller *caller, const char *id,
                const OpsVpcChange *change, GError **error)
{
  const char *name = change->name, *description = change->description;
  g_autofree char *before = NULL;
  g_autoptr (StoreTxn) txn = NULL;
  g_autoptr (VmmVpc) vpc = NULL;

  if (!ops_text_check (name, VMM_ERROR_VPC_NAME_MALFORMED, description, error))
    return FALSE;
  txn = ops_begin (ctx, caller, &before, error);
  if (txn == NULL || before != NULL)
    return txn != NULL;
  vpc = store_vpc_get (txn, caller->account_id, id, error);
  return vpc != NULL
         && store_vpc_set_names (txn, id, name != NULL ? name : vpc->name,
                                 description != NULL ? description : vpc->description, error)
         && change_vpc_ipv6 (ctx, txn, vpc, change, error)
         && ops_finish (ctx, txn, caller, "", error);
}

gboolean
ops_router_modify (VmmContext *ctx, const VmmCaller *caller, const char *router_id,
                   const char *name, const char *description, GError **error)
{
  g_autofree char *before = NULL;
  g_autoptr (StoreTxn) txn = NULL;
  g_autoptr (VmmVpc) vpc = NULL;

  if (!ops_text_check (name, VMM_ERROR_ROUTER_NAME_MALFORMED, description, error))
    return FALSE;
  txn = ops_begin (ctx, caller, &before, error);
  if (txn == NULL || before != NULL)
    return txn != NULL;
  vpc = store_vpc_get_by_router (txn, caller->account_id, router_id, error);
  return vpc != NULL
         && store_vpc_set_router_names (txn, router_id, name != NULL ? name : vpc->router_name,
                                        description != NULL ? description : vpc->router_description,
                                        error)
         && ops_finish (ctx, txn, caller, "", error);
}

gboolean
ops_vpc_delete (VmmContext *ctx, const VmmCaller *caller, const char *id, GError **error)
{
  g_autofree char *before = NULL;
  g_autoptr (StoreTxn) txn = ops_begin (ctx, caller, &before, error);
  g_autoptr (VmmVpc) vpc = NULL;
  guint vswitches = 0, groups = 0;

  if (txn == NULL || before != NULL)
    return txn != NULL;
  vpc = store_vpc_get (txn, caller->account_id, id, error);
  if (vpc == NULL || !store_vpc_count (txn, id, &vswitches, &groups, error))
    return FALSE;
  if (vswitches > 0)
    return vmm_fail (error, VMM_ERROR_VPC_HAS_VSWITCH,
                     "VPC '%s' has %u vswitches; delete them first", id, vswitches);
  if (groups > 0)
    return vmm_fail (error, VMM_ERROR_VPC_HAS_GROUP,
                     "VPC '%s' has %u security groups; delete them first", id, groups);
  return ops_public_check_vpc (txn, id, error) && store_vpc_delete (txn, id, error)
         && ops_finish (ctx, txn, caller, "", error);
}

/* Inside its VPC, of a size ECS takes, and apart from its neighbours. */
static gboolean
check_vswitch_range (StoreTxn *txn, const VmmVpc *vpc, const char *cidr, GError **error)
{
  VmmRange range, outer, other;
  g_autoptr (GPtrArray) neighbours = NULL;

  if (!vmm_range_parse (cidr, &range) || range.length < 16 || range.length > 29
      || !vmm_range_parse (vpc->cidr, &outer) || !contains (&outer, &range))
    return vmm_fail (error, VMM_ERROR_CIDR_MALFORMED,
                     "the CidrBlock '%s' must be a part of %s, /16 to /29, with no bits set behind "
                     "its length",
                     cidr, vpc->cidr);
  neighbours = store_vpc_vswitches (txn, vpc->id, error);
  for (guint i = 0; neighbours != NULL && i < neighbours->len; i++)
    {
      const VmmVswitch *neighbour = g_ptr_array_index (neighbours, i);

      if (vmm_range_parse (neighbour->cidr, &other) && range.first <= other.last
          && other.first <= range.last)
        return vmm_fail (error, VMM_ERROR_CIDR_CONFLICT,
                         "the CidrBlock '%s' overlaps %s of vswitch '%s'", cidr, neighbour->cidr,
                         neighbour->id);
    }
  return neighbours != NULL && ops_public_check_range (txn, vpc->id, &range, error)
         && ops_route_check_vswitch (txn, vpc->id, cidr, error);
}

/* The range in the record alone. */
static gboolean
give_vswitch_ipv6 (StoreTxn *txn, const VmmVpc *vpc, VmmVswitch *vswitch, int number,
                   GError **error)
{
  g_free (vswitch->ipv6_cidr);
  vswitch->ipv6_cidr = ops_ipv6_choose_vswitch (txn, vpc, number, error);
  return vswitch->ipv6_cidr != NULL
         && ops_route_check_vswitch (txn, vpc->id, vswitch->ipv6_cidr, error);
}

static gboolean
check_vswitch_quota (StoreTxn *txn, const VmmVpc *vpc, GError **error)
{
  guint have = 0, groups = 0;

  return store_vpc_count (txn, vpc->id, &have, &groups, error)
         && (have < OPS_VSWITCHES_A_VPC
             || vmm_fail (error, VMM_ERROR_VSWITCH_QUOTA,
                          "VPC '%s' has %u vswitches, its limit; delete one that is not needed",
                          vpc->id, have));
}

VmmVswitch *
ops_vswitch_create (VmmContext *ctx, const VmmCaller *caller, const OpsVswitchSpec *spec,
                    GError **error)
{
  g_autofree char *before = NULL;
  g_autoptr (StoreTxn) txn = NULL;
  g_autoptr (VmmVpc) vpc = NULL;
  g_autoptr (VmmVswitch) vswitch = NULL;

  if (!ops_text_check (spec->name, VMM_ERROR_VSWITCH_NAME_MALFORMED, spec->description, error))
    return NULL;
  txn = ops_begin (ctx, caller, &before, error);
  if (txn == NULL)
    return NULL;
  if (before != NULL)
    return store_vswitch_get (txn, caller->account_id, before, error);
  vpc = store_vpc_get (txn, caller->account_id, spec->vpc_id, error);
  if (vpc == NULL || !check_vswitch_quota (txn, vpc, error)
      || !check_vswitch_range (txn, vpc, spec->cidr, error))
    return NULL;
  vswitch = make_vswitch (ctx, vpc, spec->name, spec->description, spec->cidr);
  if (spec->ipv6 && !give_vswitch_ipv6 (txn, vpc, vswitch, (int) spec->ipv6_number, error))
    return NULL;
  if (!store_vswitch_insert (txn, vswitch, error)
      || !ops_finish_kick (ctx, &txn, caller, vswitch->id, vpc->id, error))
    return NULL;
  return g_steal_pointer (&vswitch);
}

static gboolean
check_unused6 (StoreTxn *txn, const VmmVswitch *vswitch, GError **error)
{
  guint used = 0;

  if (!store_nic_count_addresses6 (txn, vswitch->id, &used, error))
    return FALSE;
  return used == 0
         || vmm_fail (error, VMM_ERROR_DEPENDENCY,
                      "interfaces have %u IPv6 addresses of vswitch '%s'; unassign them first",
                      used, vswitch->id);
}

/* *@out_changed tells whether it was not as asked. */
static gboolean
change_vswitch_ipv6 (StoreTxn *txn, VmmVswitch *vswitch, const OpsVswitchChange *change,
                     gboolean *out_changed, GError **error)
{
  g_autofree char *old = g_strdup (vswitch->ipv6_cidr);
  g_autoptr (VmmVpc) vpc = NULL;

  if (change->ipv6 < 0 || (change->ipv6 == 0 && *old == '\0')
      || (change->ipv6 > 0 && *old != '\0' && change->ipv6_number < 0))
    return TRUE;
  if (change->ipv6 == 0)
    {
      g_free (vswitch->ipv6_cidr);
      vswitch->ipv6_cidr = g_strdup ("");
    }
  else
    {
      vpc = store_vpc_get (txn, NULL, vswitch->vpc_id, error);
      if (vpc == NULL || !give_vswitch_ipv6 (txn, vpc, vswitch, change->ipv6_number, error))
        return FALSE;
    }
  *out_changed = !g_str_equal (old, vswitch->ipv6_cidr);
  return !*out_changed
         || (check_unused6 (txn, vswitch, error)
             && store_vswitch_set_ipv6 (txn, vswitch->id, vswitch->ipv6_cidr, error));
}

gboolean
ops_vswitch_modify (VmmContext *ctx, const VmmCaller *caller, const char *id,
                    const OpsVswitchChange *change, GError **error)
{
  const char *name = change->name, *description = change->description;
  g_autofree char *before = NULL;
  g_autoptr (StoreTxn) txn = NULL;
  g_autoptr (VmmVswitch) vswitch = NULL;
  gboolean changed = FALSE;

  if (!ops_text_check (name, VMM_ERROR_VSWITCH_NAME_MALFORMED, description, error))
    return FALSE;
  txn = ops_begin (ctx, caller, &before, error);
  if (txn == NULL || before != NULL)
    return txn != NULL;
  vswitch = store_vswitch_get (txn, caller->account_id, id, error);
  return vswitch != NULL
         && store_vswitch_set_names (txn, id, name != NULL ? name : vswitch->name,
                                     description != NULL ? description : vswitch->description,
                                     error)
         && change_vswitch_ipv6 (txn, vswitch, change, &changed, error)
         && ops_finish_kick (ctx, &txn, caller, "", changed ? vswitch->vpc_id : NULL, error);
}

gboolean
ops_vswitch_delete (VmmContext *ctx, const VmmCaller *caller, const char *id, GError **error)
{
  g_autofree char *before = NULL;
  g_autoptr (StoreTxn) txn = ops_begin (ctx, caller, &before, error);
  g_autoptr (VmmVswitch) vswitch = NULL;
  VmmRange range;
  guint used = 0;

  if (txn == NULL || before != NULL)
    return txn != NULL;
  vswitch = store_vswitch_get (txn, caller->account_id, id, error);
  if (vswitch == NULL || !count_used (txn, vswitch, &range, &used, error))
    return FALSE;
  if (used > 0)
    return vmm_fail (error, VMM_ERROR_DEPENDENCY,
                     "interfaces have %u addresses of vswitch '%s'; delete them or their instances "
                     "first",
                     used, id);
  return ops_public_check_vswitch (txn, vswitch, error) && store_vswitch_delete (txn, id, error)
         && ops_finish_kick (ctx, &txn, caller, "", vswitch->vpc_id, error);
}
