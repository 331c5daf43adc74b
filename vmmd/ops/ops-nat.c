/* SPDX-License-Identifier: GPL-2.0-or-later */
/* NAT gateways and their SNAT entries. */
#include "config.h"

#include "ops-address.h"
#include "ops-nat-check.h"
#include "ops-nat.h"
#include "ops-text.h"
#include "ops-txn.h"
#include "store-eip.h"
#include "store-nat.h"
#include "store-network.h"
#include "vmm-clock.h"
#include "vmm-id.h"

#define MAX_GATEWAYS 5 /* a VPC */

VmmEip *
ops_nat_find_ip (StoreTxn *txn, const VmmNatGateway *gateway, const char *ip, VmmError code,
                 GError **error)
{
  g_autoptr (GPtrArray) eips = store_eip_list_target (txn, gateway->id, error);

  if (eips == NULL)
    return NULL;
  for (guint i = 0; i < eips->len; i++)
    {
      const VmmEip *eip = g_ptr_array_index (eips, i);

      if (eip->state == VMM_EIP_IN_USE && g_str_equal (eip->ip, ip))
        return g_ptr_array_steal_index (eips, i);
    }
  vmm_fail (error, code, "the address '%s' is not in use by the NAT gateway '%s'", ip, gateway->id);
  return NULL;
}

static gboolean
check_place (StoreTxn *txn, const VmmCaller *caller, const OpsNatSpec *spec, GError **error)
{
  g_autoptr (VmmVpc) vpc = store_vpc_get (txn, caller->account_id, spec->vpc_id, error);
  g_autoptr (VmmVswitch) vswitch = NULL;
  guint count = 0;

  if (vpc == NULL || !store_nat_count_vpc (txn, vpc->id, &count, error))
    return FALSE;
  if (count >= MAX_GATEWAYS)
    return vmm_fail (error, VMM_ERROR_NAT_QUOTA, "'%s' has %u NAT gateways, the limit", vpc->id,
                     count);
  if (spec->vswitch_id == NULL)
    return TRUE;
  vswitch = store_vswitch_get (txn, caller->account_id, spec->vswitch_id, error);
  if (vswitch == NULL)
    return FALSE;
  return g_str_equal (vswitch->vpc_id, vpc->id)
         || vmm_fail (error, VMM_ERROR_VPC_MISMATCH, "vswitch '%s' is in %s, not in %s",
                      vswitch->id, vswitch->vpc_id, vpc->id);
}

VmmNatGateway *
ops_nat_create (VmmContext *ctx, const VmmCaller *caller, const OpsNatSpec *spec, GError **error)
{
  g_autofree char *before = NULL;
  g_autoptr (StoreTxn) txn = NULL;
  g_autoptr (VmmNatGateway) gateway = NULL;

  if (!ops_text_check (spec->name, VMM_ERROR_PUBLIC_NAME, spec->description, error))
    return NULL;
  txn = ops_begin (ctx, caller, &before, error);
  if (txn == NULL)
    return NULL;
  if (before != NULL)
    return store_nat_get (txn, caller->account_id, before, error);
  if (!check_place (txn, caller, spec, error))
    return NULL;
  gateway = g_new0 (VmmNatGateway, 1);
  gateway->id = vmm_id_new (VMM_ID_NAT_GATEWAY);
  gateway->account_id = g_strdup (caller->account_id);
  gateway->vpc_id = g_strdup (spec->vpc_id);
  gateway->vswitch_id = ops_text_or_empty (spec->vswitch_id);
  gateway->name = ops_text_or_empty (spec->name);
  gateway->description = ops_text_or_empty (spec->description);
  gateway->snat_table_id = vmm_id_new (VMM_ID_SNAT_TABLE);
  gateway->forward_table_id = vmm_id_new (VMM_ID_FORWARD_TABLE);
  gateway->created_ms = vmm_clock_now_ms ();
  if (!store_nat_insert (txn, gateway, error) || !ops_finish (ctx, txn, caller, gateway->id, error))
    return NULL;
  return g_steal_pointer (&gateway);
}

/* Nothing is left of the gateway but its row, or with @force after this. */
static gboolean
clear_gateway (VmmContext *ctx, StoreTxn *txn, const VmmNatGateway *gateway, GPtrArray *eips,
               gboolean force, GError **error)
{
  guint entries = 0;

  if (!store_nat_count_entries (txn, gateway->id, &entries, error))
    return FALSE;
  if (!force && entries > 0)
    return vmm_fail (error, VMM_ERROR_NAT_HAS_ENTRY,
                     "'%s' has %u SNAT and forward entries; delete them first or set Force",
                     gateway->id, entries);
  for (guint i = 0; i < eips->len; i++)
    {
      const VmmEip *eip = g_ptr_array_index (eips, i);

      if (!force)
        return vmm_fail (
            error, VMM_ERROR_NAT_HAS_EIP,
            "'%s' has the elastic address '%s' (%s); unassociate it first or set Force",
            gateway->id, eip->id, eip->ip);
      if (vmm_eip_state_leads (eip->state)
          && !ops_address_let_go (ctx, txn, eip, VMM_EIP_LEAVE, NULL, error))
        return FALSE;
    }
  return TRUE;
}

gboolean
ops_nat_delete (VmmContext *ctx, const VmmCaller *caller, const char *id, gboolean force,
                GError **error)
{
  g_autofree char *before = NULL;
  g_autoptr (StoreTxn) txn = ops_begin (ctx, caller, &before, error);
  g_autoptr (VmmNatGateway) gateway = NULL;
  g_autoptr (GPtrArray) eips = NULL;

  if (txn == NULL || before != NULL)
    return txn != NULL;
  gateway = store_nat_get (txn, caller->account_id, id, error);
  if (gateway != NULL)
    eips = store_eip_list_target (txn, id, error);
  return eips != NULL && clear_gateway (ctx, txn, gateway, eips, force, error)
         && store_nat_delete (txn, id, error)
         && ops_finish_kick (ctx, &txn, caller, "", gateway->vpc_id, error);
}

GPtrArray *
ops_nat_list (VmmContext *ctx, const VmmCaller *caller, const VmmNatGatewayQuery *query,
              const VmmPage *page, VmmPageInfo *out_info, GPtrArray **out_eips, GError **error)
{
  g_autoptr (StoreTxn) txn = store_begin_read (ctx->store, error);
  g_autoptr (GPtrArray) list = NULL;
  g_autoptr (GPtrArray) eips = g_ptr_array_new_with_free_func ((GDestroyNotify) g_ptr_array_unref);

  if (txn != NULL)
    list = store_nat_list (txn, caller->account_id, query, page, out_info, error);
  for (guint i = 0; list != NULL && i < list->len; i++)
    {
      GPtrArray *own
          = store_eip_list_target (txn, ((const VmmNatGateway *) list->pdata[i])->id, error);

      if (own == NULL)
        return NULL;
      g_ptr_array_add (eips, own);
    }
  if (list != NULL)
    *out_eips = g_steal_pointer (&eips);
  return g_steal_pointer (&list);
}

/* ---- SNAT ---- */

/* The source as a range: a vswitch's, or the given one, which must be inside the VPC. */
static gboolean
find_source (StoreTxn *txn, const VmmCaller *caller, const VmmNatGateway *gateway,
             const OpsSnatSpec *spec, VmmSnat *entry, GError **error)
{
  g_autoptr (VmmVpc) vpc = store_vpc_get (txn, NULL, gateway->vpc_id, error);
  g_autoptr (VmmVswitch) vswitch = NULL;
  VmmRange range, outer;

  if (vpc == NULL)
    return FALSE;
  if ((spec->source_cidr == NULL) == (spec->source_vswitch_id == NULL))
    return vmm_fail (error, VMM_ERROR_MISSING_PARAMETER,
                     "exactly one of SourceVSwitchId and SourceCIDR is mandatory");
  entry->source_vswitch_id = ops_text_or_empty (spec->source_vswitch_id);
  if (spec->source_vswitch_id != NULL)
    {
      vswitch = store_vswitch_get (txn, caller->account_id, spec->source_vswitch_id, error);
      if (vswitch == NULL)
        return FALSE;
      if (!g_str_equal (vswitch->vpc_id, gateway->vpc_id))
        return vmm_fail (error, VMM_ERROR_VPC_MISMATCH, "vswitch '%s' is in %s, not in %s",
                         vswitch->id, vswitch->vpc_id, gateway->vpc_id);
      entry->source_cidr = g_strdup (vswitch->cidr);
      return TRUE;
    }
  if (!vmm_range_parse (spec->source_cidr, &range) || !vmm_range_parse (vpc->cidr, &outer)
      || range.first < outer.first || range.last > outer.last)
    return vmm_fail (error, VMM_ERROR_CIDR_MALFORMED,
                     "the SourceCIDR '%s' must be a range inside %s, with no bits set behind its "
                     "length",
                     spec->source_cidr, vpc->cidr);
  entry->source_cidr = g_strdup (spec->source_cidr);
  return TRUE;
}

gboolean
ops_nat_check_room (StoreTxn *txn, const VmmNatGateway *gateway, VmmError code, GError **error)
{
  guint count = 0;

  return store_nat_count_entries (txn, gateway->id, &count, error)
         && (count < OPS_NAT_MAX_ENTRIES
             || vmm_fail (error, code, "'%s' has %u SNAT and forward entries, the limit",
                          gateway->id, count));
}

VmmSnat *
ops_snat_create (VmmContext *ctx, const VmmCaller *caller, const OpsSnatSpec *spec, GError **error)
{
  g_autofree char *before = NULL;
  g_autoptr (StoreTxn) txn = NULL;
  g_autoptr (VmmNatGateway) gateway = NULL;
  g_autoptr (VmmEip) eip = NULL;
  g_autoptr (VmmSnat) entry = g_new0 (VmmSnat, 1);

  if (!ops_text_check (spec->name, VMM_ERROR_PUBLIC_NAME, NULL, error))
    return NULL;
  txn = ops_begin (ctx, caller, &before, error);
  if (txn == NULL)
    return NULL;
  if (before != NULL)
    return store_snat_get (txn, caller->account_id, spec->table_id, before, error);
  gateway = store_nat_get_by_snat_table (txn, caller->account_id, spec->table_id, error);
  if (gateway == NULL || !find_source (txn, caller, gateway, spec, entry, error)
      || !ops_nat_check_room (txn, gateway, VMM_ERROR_SNAT_QUOTA, error))
    return NULL;
  eip = ops_nat_find_ip (txn, gateway, spec->ip, VMM_ERROR_SNAT_IP_NOT_FOUND, error);
  if (eip == NULL)
    return NULL;
  entry->id = vmm_id_new (VMM_ID_SNAT);
  entry->account_id = g_strdup (caller->account_id);
  entry->nat_gateway_id = g_strdup (gateway->id);
  entry->vpc_id = g_strdup (gateway->vpc_id);
  entry->eip_id = g_strdup (eip->id);
  entry->name = ops_text_or_empty (spec->name);
  entry->created_ms = vmm_clock_now_ms ();
  if (!store_snat_insert (txn, entry, error)
      || !ops_finish_kick (ctx, &txn, caller, entry->id, entry->vpc_id, error))
    return NULL;
  return g_steal_pointer (&entry);
}

/* An entry of the table, and the gateway that the table is of. */
static VmmSnat *
find_entry (StoreTxn *txn, const VmmCaller *caller, const char *table_id, const char *id,
            VmmNatGateway **out_gateway, GError **error)
{
  *out_gateway = store_nat_get_by_snat_table (txn, caller->account_id, table_id, error);
  return *out_gateway != NULL ? store_snat_get (txn, caller->account_id, table_id, id, error)
                              : NULL;
}

gboolean
ops_snat_modify (VmmContext *ctx, const VmmCaller *caller, const char *table_id, const char *id,
                 const char *ip, const char *name, GError **error)
{
  g_autofree char *before = NULL;
  g_autoptr (StoreTxn) txn = NULL;
  g_autoptr (VmmNatGateway) gateway = NULL;
  g_autoptr (VmmSnat) entry = NULL;
  g_autoptr (VmmEip) eip = NULL;

  if (!ops_text_check (name, VMM_ERROR_PUBLIC_NAME, NULL, error))
    return FALSE;
  txn = ops_begin (ctx, caller, &before, error);
  if (txn == NULL || before != NULL)
    return txn != NULL;
  entry = find_entry (txn, caller, table_id, id, &gateway, error);
  if (entry == NULL)
    return FALSE;
  if (ip != NULL)
    {
      eip = ops_nat_find_ip (txn, gateway, ip, VMM_ERROR_SNAT_IP_NOT_FOUND, error);
      if (eip == NULL)
        return FALSE;
      ops_text_replace (&entry->eip_id, eip->id);
    }
  ops_text_replace (&entry->name, name);
  return store_snat_update (txn, entry, error)
         && ops_finish_kick (ctx, &txn, caller, "", entry->vpc_id, error);
}

gboolean
ops_snat_delete (VmmContext *ctx, const VmmCaller *caller, const char *table_id, const char *id,
                 GError **error)
{
  g_autofree char *before = NULL;
  g_autoptr (StoreTxn) txn = ops_begin (ctx, caller, &before, error);
  g_autoptr (VmmNatGateway) gateway = NULL;
  g_autoptr (VmmSnat) entry = NULL;

  if (txn == NULL || before != NULL)
    return txn != NULL;
  entry = find_entry (txn, caller, table_id, id, &gateway, error);
  return entry != NULL && store_snat_delete (txn, id, error)
         && ops_finish_kick (ctx, &txn, caller, "", entry->vpc_id, error);
}

GPtrArray *
ops_snat_list (VmmContext *ctx, const VmmCaller *caller, const VmmSnatQuery *query,
               const VmmPage *page, VmmPageInfo *out_info, GError **error)
{
  g_autoptr (StoreTxn) txn = store_begin_read (ctx->store, error);

  return txn != NULL ? store_snat_list (txn, caller->account_id, query, page, out_info, error)
                     : NULL;
}
