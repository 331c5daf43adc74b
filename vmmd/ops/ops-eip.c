/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Elastic addresses: allocating, leading them somewhere, letting them go. */
#include "config.h"

#include "ops-address.h"
#include "ops-eip.h"
#include "ops-public.h"
#include "ops-text.h"
#include "ops-txn.h"
#include "store-eip.h"
#include "store-instance.h"
#include "store-nat.h"
#include "store-nic.h"
#include "vmm-clock.h"
#include "vmm-error.h"
#include "vmm-id.h"

static gboolean
check_bandwidth (guint mbit, GError **error)
{
  return (mbit >= 1 && mbit <= VMM_BANDWIDTH_MAX_MBIT)
         || vmm_fail (error, VMM_ERROR_BANDWIDTH, "the Bandwidth %u must be 1 to %u Mbit/s", mbit,
                      VMM_BANDWIDTH_MAX_MBIT);
}

static gboolean
check_quota (VmmContext *ctx, StoreTxn *txn, const VmmCaller *caller, GError **error)
{
  guint have = 0, limit = (guint) ctx->config->max_eips;

  return store_eip_count (txn, caller->account_id, &have, error)
         && (have < limit
             || vmm_fail (error, VMM_ERROR_EIP_QUOTA,
                          "the account has %u elastic addresses, its limit is %u", have, limit));
}

VmmEip *
ops_eip_allocate (VmmContext *ctx, const VmmCaller *caller, const OpsEipSpec *spec, GError **error)
{
  g_autofree char *before = NULL;
  g_autoptr (StoreTxn) txn = NULL;
  g_autoptr (VmmEip) eip = NULL;

  if (!ops_text_check (spec->name, VMM_ERROR_PUBLIC_NAME, spec->description, error)
      || !check_bandwidth (spec->bandwidth_mbit, error))
    return NULL;
  txn = ops_begin (ctx, caller, &before, error);
  if (txn == NULL)
    return NULL;
  if (before != NULL)
    return store_eip_get (txn, caller->account_id, before, error);
  if (!check_quota (ctx, txn, caller, error))
    return NULL;
  eip = ops_address_new (caller->account_id, spec->charge_type);
  eip->ip = ops_address_choose (ctx, txn, spec->ip, VMM_ERROR_EIP_NONE, error);
  if (eip->ip == NULL)
    return NULL;
  eip->name = ops_text_or_empty (spec->name);
  eip->description = ops_text_or_empty (spec->description);
  eip->bandwidth_mbit = spec->bandwidth_mbit;
  if (!store_eip_insert (txn, eip, error) || !ops_finish (ctx, txn, caller, eip->id, error))
    return NULL;
  return g_steal_pointer (&eip);
}

static gboolean
check_move (const VmmEip *eip, VmmEipEvent event, VmmEipState *out_to, GError **error)
{
  return vmm_eip_state_next (eip->state, event, out_to)
         || vmm_fail (error, VMM_ERROR_EIP_STATUS,
                      "the current status '%s' of '%s' does not support this operation",
                      vmm_eip_state_wire (eip->state), eip->id);
}

gboolean
ops_eip_release (VmmContext *ctx, const VmmCaller *caller, const char *id, GError **error)
{
  g_autofree char *before = NULL;
  g_autoptr (StoreTxn) txn = ops_begin (ctx, caller, &before, error);
  g_autoptr (VmmEip) eip = NULL;
  VmmEipState to;

  if (txn == NULL || before != NULL)
    return txn != NULL;
  eip = store_eip_get (txn, caller->account_id, id, error);
  if (eip == NULL)
    return FALSE;
  /* The same move is open to what is still being taken back, but not to its owner. */
  if (eip->state != VMM_EIP_AVAILABLE)
    return vmm_fail (error, VMM_ERROR_EIP_STATUS,
                     "the current status '%s' of '%s' does not support this operation; "
                     "unassociate it first",
                     vmm_eip_state_wire (eip->state), id);
  return check_move (eip, VMM_EIP_RELEASE, &to, error) && store_eip_delete (txn, id, error)
         && ops_finish (ctx, txn, caller, "", error);
}

gboolean
ops_eip_modify (VmmContext *ctx, const VmmCaller *caller, const char *id, const char *name,
                const char *description, guint bandwidth_mbit, GError **error)
{
  g_autofree char *before = NULL;
  g_autoptr (StoreTxn) txn = NULL;
  g_autoptr (VmmEip) eip = NULL;
  gboolean has_news;

  if (!ops_text_check (name, VMM_ERROR_PUBLIC_NAME, description, error)
      || (bandwidth_mbit != 0 && !check_bandwidth (bandwidth_mbit, error)))
    return FALSE;
  txn = ops_begin (ctx, caller, &before, error);
  if (txn == NULL || before != NULL)
    return txn != NULL;
  eip = store_eip_get (txn, caller->account_id, id, error);
  if (eip == NULL)
    return FALSE;
  ops_text_replace (&eip->name, name);
  ops_text_replace (&eip->description, description);
  if (bandwidth_mbit != 0)
    eip->bandwidth_mbit = bandwidth_mbit;
  has_news = bandwidth_mbit != 0 && *eip->vpc_id != '\0';
  return store_eip_update (txn, eip, error)
         && ops_finish_kick (ctx, &txn, caller, "", has_news ? eip->vpc_id : NULL, error);
}

/* ---- What an address may lead to ---- */

typedef gboolean (*FindTarget) (StoreTxn *txn, const VmmCaller *caller, const OpsEipTarget *target,
                                StoreEipMove *move, GPtrArray *keep, GError **error);

/* Not found is what ECS calls it here. */
static gboolean
not_found (const char *id, GError *local, VmmError code, GError **error)
{
  g_autoptr (GError) own = local;

  if (g_error_matches (own, VMM_ERROR, code))
    return vmm_fail (error, VMM_ERROR_EIP_INSTANCE_NOT_FOUND, "the specified '%s' does not exist",
                     id);
  g_propagate_error (error, g_steal_pointer (&own));
  return FALSE;
}

static const char *
keep_text (GPtrArray *keep, const char *text)
{
  g_ptr_array_add (keep, g_strdup (text));
  return g_ptr_array_index (keep, keep->len - 1);
}

/* Leads @move to an address of @nic: the given one, else the primary. */
static gboolean
lead_to_nic (const VmmNic *nic, const char *private_ip, StoreEipMove *move, GPtrArray *keep,
             GError **error)
{
  const char *ip = private_ip != NULL && *private_ip != '\0' ? private_ip : nic->ip;
  gboolean has = g_str_equal (ip, nic->ip);

  for (guint i = 0; nic->ips != NULL && i < nic->ips->len; i++)
    has = has || g_str_equal (ip, nic->ips->pdata[i]);
  if (!has || !vmm_address_parse (ip, &move->private_ip))
    return vmm_fail (error, VMM_ERROR_EIP_PARAMS_NOT_FOUND,
                     "interface '%s' has no private address '%s'", nic->id, ip);
  move->nic_id = keep_text (keep, nic->id);
  move->vpc_id = keep_text (keep, nic->vpc_id);
  return TRUE;
}

static gboolean
find_instance (StoreTxn *txn, const VmmCaller *caller, const OpsEipTarget *target,
               StoreEipMove *move, GPtrArray *keep, GError **error)
{
  GError *local = NULL;
  g_autoptr (VmmInstance) instance
      = store_instance_get (txn, caller->account_id, target->id, &local);

  if (instance == NULL)
    return not_found (target->id, local, VMM_ERROR_INSTANCE_NOT_FOUND, error);
  return ops_address_check_instance (instance, error)
         && lead_to_nic (instance->nics->pdata[0], target->private_ip, move, keep, error);
}

static gboolean
find_nic (StoreTxn *txn, const VmmCaller *caller, const OpsEipTarget *target, StoreEipMove *move,
          GPtrArray *keep, GError **error)
{
  GError *local = NULL;
  g_autoptr (VmmNic) nic = store_nic_find (txn, caller->account_id, target->id, &local);

  if (nic == NULL)
    return not_found (target->id, local, VMM_ERROR_NIC_NOT_FOUND, error);
  if (nic->state != VMM_NIC_AVAILABLE && nic->state != VMM_NIC_IN_USE)
    return vmm_fail (error, VMM_ERROR_NIC_STATUS,
                     "the current status '%s' of '%s' does not support this operation",
                     vmm_nic_state_wire (nic->state), nic->id);
  return lead_to_nic (nic, target->private_ip, move, keep, error);
}

static gboolean
find_gateway (StoreTxn *txn, const VmmCaller *caller, const OpsEipTarget *target,
              StoreEipMove *move, GPtrArray *keep, GError **error)
{
  GError *local = NULL;
  g_autoptr (VmmNatGateway) gateway = store_nat_get (txn, caller->account_id, target->id, &local);

  if (gateway == NULL)
    return not_found (target->id, local, VMM_ERROR_NAT_NOT_FOUND, error);
  move->vpc_id = keep_text (keep, gateway->vpc_id);
  move->nic_id = "";
  return TRUE;
}

static const struct
{
  const char *type;
  VmmIdKind id_kind;
  FindTarget find;
} targets[] = {
  { VMM_EIP_INSTANCE, VMM_ID_INSTANCE, find_instance },
  { VMM_EIP_NIC, VMM_ID_NIC, find_nic },
  { VMM_EIP_NAT, VMM_ID_NAT_GATEWAY, find_gateway },
};

/* The row of @target's type, or of what its id looks like; -1 when there is none. */
static int
kind_of (const OpsEipTarget *target, GError **error)
{
  gboolean has_type = target->type != NULL && *target->type != '\0';
  VmmIdKind id_kind = vmm_id_kind (target->id);

  for (guint i = 0; i < G_N_ELEMENTS (targets); i++)
    if (has_type ? g_str_equal (targets[i].type, target->type) : targets[i].id_kind == id_kind)
      return (int) i;
  if (has_type)
    vmm_fail (error, VMM_ERROR_INSTANCE_TYPE, "an elastic address cannot lead to a '%s' here",
              target->type);
  else
    vmm_fail (error, VMM_ERROR_EIP_INSTANCE_NOT_FOUND, "the specified '%s' does not exist",
              target->id);
  return -1;
}

gboolean
ops_eip_associate (VmmContext *ctx, const VmmCaller *caller, const char *id,
                   const OpsEipTarget *target, GError **error)
{
  g_autofree char *before = NULL;
  g_autoptr (GPtrArray) keep = g_ptr_array_new_with_free_func (g_free);
  g_autoptr (StoreTxn) txn = NULL;
  g_autoptr (VmmEip) eip = NULL;
  StoreEipMove move = { .target_id = target->id, .deadline_ms = ops_address_deadline (ctx) };
  int kind = kind_of (target, error);

  if (kind < 0)
    return FALSE;
  txn = ops_begin (ctx, caller, &before, error);
  if (txn == NULL || before != NULL)
    return txn != NULL;
  eip = store_eip_get (txn, caller->account_id, id, error);
  if (eip == NULL || !check_move (eip, VMM_EIP_ASSOCIATE, &move.to, error)
      || !targets[kind].find (txn, caller, target, &move, keep, error)
      || !ops_address_check_overlap (txn, move.vpc_id, eip->ip, error))
    return FALSE;
  move.from = eip->state;
  move.target_type = targets[kind].type;
  return store_eip_move (txn, id, &move, error)
         && ops_finish_kick (ctx, &txn, caller, "", move.vpc_id, error);
}

/* Whether what the request names is what the address leads to. */
static gboolean
check_binding (const VmmEip *eip, const OpsEipTarget *target, GError **error)
{
  if (target->id != NULL && *target->id != '\0' && !g_str_equal (target->id, eip->target_id))
    return vmm_fail (error, VMM_ERROR_EIP_BINDING, "'%s' leads to '%s', not to '%s'", eip->id,
                     eip->target_id, target->id);
  if (target->type != NULL && *target->type != '\0'
      && !g_str_equal (target->type, eip->target_type))
    return vmm_fail (error, VMM_ERROR_EIP_BINDING, "'%s' leads to a %s, not to a %s", eip->id,
                     eip->target_type, target->type);
  if (target->private_ip != NULL && *target->private_ip != '\0'
      && !g_str_equal (target->private_ip, eip->private_ip))
    return vmm_fail (error, VMM_ERROR_EIP_BINDING, "'%s' leads to '%s', not to '%s'", eip->id,
                     eip->private_ip, target->private_ip);
  return TRUE;
}

static gboolean
free_of_entries (StoreTxn *txn, const VmmEip *eip, gboolean force, GError **error)
{
  guint uses = 0;

  if (force)
    return store_nat_delete_uses (txn, eip->id, error);
  if (!store_nat_count_uses (txn, eip->id, &uses, error))
    return FALSE;
  return uses == 0
         || vmm_fail (error, VMM_ERROR_EIP_BINDING,
                      "%u entries of '%s' use the address %s; delete them first or set Force", uses,
                      eip->target_id, eip->ip);
}

gboolean
ops_eip_unassociate (VmmContext *ctx, const VmmCaller *caller, const char *id,
                     const OpsEipTarget *target, gboolean force, GError **error)
{
  g_autofree char *before = NULL;
  g_autoptr (StoreTxn) txn = ops_begin (ctx, caller, &before, error);
  g_autoptr (VmmEip) eip = NULL;
  VmmEipState to;

  if (txn == NULL || before != NULL)
    return txn != NULL;
  eip = store_eip_get (txn, caller->account_id, id, error);
  return eip != NULL && check_move (eip, VMM_EIP_UNASSOCIATE, &to, error)
         && check_binding (eip, target, error) && free_of_entries (txn, eip, force, error)
         && ops_address_let_go (ctx, txn, eip, VMM_EIP_UNASSOCIATE, NULL, error)
         && ops_finish_kick (ctx, &txn, caller, "", eip->vpc_id, error);
}

GPtrArray *
ops_eip_list (VmmContext *ctx, const VmmCaller *caller, const VmmEipQuery *query,
              const VmmPage *page, VmmPageInfo *out_info, GError **error)
{
  g_autoptr (StoreTxn) txn = store_begin_read (ctx->store, error);

  return txn != NULL ? store_eip_list (txn, caller->account_id, query, page, out_info, error)
                     : NULL;
}
