/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Public addresses that go with their instance, and the bandwidth of instances. */
#include "config.h"

#include "ops-address.h"
#include "ops-plain.h"
#include "ops-text.h"
#include "ops-txn.h"
#include "store-eip.h"
#include "store-instance.h"
#include "store-nic.h"

/* The public address of an instance's primary private one; NULL without @error set when it has
 * none. */
static VmmEip *
find_public (StoreTxn *txn, const VmmNic *nic, GError **error)
{
  g_autoptr (GPtrArray) eips = store_eip_list_nic (txn, nic->id, error);

  for (guint i = 0; eips != NULL && i < eips->len; i++)
    if (g_str_equal (((const VmmEip *) eips->pdata[i])->private_ip, nic->ip))
      return g_ptr_array_steal_index (eips, i);
  return NULL;
}

/* The instance's own public address, as it is or made. */
static VmmEip *
ensure_plain (VmmContext *ctx, StoreTxn *txn, const VmmInstance *instance, const char *ip,
              GError **error)
{
  const VmmNic *nic = g_ptr_array_index (instance->nics, 0);
  g_autoptr (GError) local = NULL;
  g_autoptr (VmmEip) eip = find_public (txn, nic, &local);

  if (local != NULL)
    {
      g_propagate_error (error, g_steal_pointer (&local));
      return NULL;
    }
  if (eip != NULL && eip->is_plain)
    return g_steal_pointer (&eip);
  if (eip != NULL)
    {
      vmm_fail (error, VMM_ERROR_PUBLIC_IP_ALLOCATED,
                "instance '%s' has the elastic address '%s' (%s)", instance->id, eip->id, eip->ip);
      return NULL;
    }
  if (instance->bandwidth_out_mbit == 0)
    {
      vmm_fail (error, VMM_ERROR_PUBLIC_BANDWIDTH,
                "the InternetMaxBandwidthOut of instance '%s' is 0; see "
                "ModifyInstanceNetworkSpec",
                instance->id);
      return NULL;
    }
  return ops_address_insert_plain (ctx, txn, instance, nic, ip, error);
}

char *
ops_public_allocate (VmmContext *ctx, const VmmCaller *caller, const char *instance_id,
                     const char *ip, GError **error)
{
  g_autofree char *before = NULL;
  g_autoptr (StoreTxn) txn = ops_begin (ctx, caller, &before, error);
  g_autoptr (VmmInstance) instance = NULL;
  g_autoptr (VmmEip) eip = NULL;

  if (txn == NULL || before != NULL)
    return g_steal_pointer (&before);
  instance = store_instance_get (txn, caller->account_id, instance_id, error);
  if (instance == NULL || !ops_address_check_instance (instance, error))
    return NULL;
  eip = ensure_plain (ctx, txn, instance, ip, error);
  if (eip == NULL || !ops_finish_kick (ctx, &txn, caller, eip->ip, eip->vpc_id, error))
    return NULL;
  return g_steal_pointer (&eip->ip);
}

static gboolean
check_bound (int mbit, VmmError code, const char *name, GError **error)
{
  return mbit <= VMM_BANDWIDTH_MAX_MBIT
         || vmm_fail (error, code, "the %s %d must be 0 to %d Mbit/s", name, mbit,
                      VMM_BANDWIDTH_MAX_MBIT);
}

/* Whether the bounds asked for go with the public address that the instance has. */
static gboolean
check_spec (StoreTxn *txn, const VmmInstance *instance, const OpsNetworkSpec *spec, GError **error)
{
  g_autoptr (GError) local = NULL;
  g_autoptr (VmmEip) eip = find_public (txn, instance->nics->pdata[0], &local);

  if (local != NULL)
    {
      g_propagate_error (error, g_steal_pointer (&local));
      return FALSE;
    }
  if (eip != NULL && !eip->is_plain && spec->bandwidth_out_mbit > 0)
    return vmm_fail (error, VMM_ERROR_BANDWIDTH_EIP,
                     "instance '%s' has the elastic address '%s'; see ModifyEipAddressAttribute",
                     instance->id, eip->id);
  if (eip != NULL && eip->is_plain && spec->bandwidth_out_mbit == 0)
    return vmm_fail (error, VMM_ERROR_BANDWIDTH_OUT,
                     "instance '%s' has the public address %s, which needs outgoing bandwidth",
                     instance->id, eip->ip);
  return TRUE;
}

/* The new bounds go into @instance and its row. */
static gboolean
set_bounds (StoreTxn *txn, VmmInstance *instance, const OpsNetworkSpec *spec, GError **error)
{
  if (spec->bandwidth_out_mbit >= 0)
    instance->bandwidth_out_mbit = (guint) spec->bandwidth_out_mbit;
  if (spec->bandwidth_in_mbit >= 0)
    instance->bandwidth_in_mbit = (guint) spec->bandwidth_in_mbit;
  else if (spec->bandwidth_out_mbit > 0)
    instance->bandwidth_in_mbit
        = MAX (instance->bandwidth_in_mbit, vmm_bandwidth_in (instance->bandwidth_out_mbit));
  ops_text_replace (&instance->charge_type, spec->charge_type);
  for (guint i = 0; i < instance->nics->len; i++)
    if (!store_nic_touch (txn, ((const VmmNic *) instance->nics->pdata[i])->id, error))
      return FALSE;
  return store_instance_set_bandwidth (txn, instance, error);
}

gboolean
ops_network_spec_modify (VmmContext *ctx, const VmmCaller *caller, const char *instance_id,
                         const OpsNetworkSpec *spec, GError **error)
{
  g_autofree char *before = NULL;
  g_autoptr (StoreTxn) txn = NULL;
  g_autoptr (VmmInstance) instance = NULL;

  if (!check_bound (spec->bandwidth_in_mbit, VMM_ERROR_BANDWIDTH_IN, "InternetMaxBandwidthIn",
                    error)
      || !check_bound (spec->bandwidth_out_mbit, VMM_ERROR_BANDWIDTH_OUT, "InternetMaxBandwidthOut",
                       error))
    return FALSE;
  txn = ops_begin (ctx, caller, &before, error);
  if (txn == NULL || before != NULL)
    return txn != NULL;
  instance = store_instance_get (txn, caller->account_id, instance_id, error);
  if (instance == NULL || !ops_address_check_instance (instance, error)
      || !check_spec (txn, instance, spec, error) || !set_bounds (txn, instance, spec, error))
    return FALSE;
  if (spec->allocate)
    {
      g_autoptr (VmmEip) eip = ensure_plain (ctx, txn, instance, NULL, error);

      if (eip == NULL)
        return FALSE;
    }
  if (!ops_finish (ctx, txn, caller, "", error))
    return FALSE;
  g_clear_pointer (&txn, store_txn_free);
  for (guint i = 0; i < instance->nics->len; i++)
    ctx->kick (ctx, ((const VmmNic *) instance->nics->pdata[i])->id);
  ctx->kick (ctx, ((const VmmNic *) instance->nics->pdata[0])->vpc_id);
  return TRUE;
}

gboolean
ops_public_release (VmmContext *ctx, const VmmCaller *caller, const char *ip,
                    const char *instance_id, GError **error)
{
  g_autofree char *before = NULL;
  g_autoptr (StoreTxn) txn = ops_begin (ctx, caller, &before, error);
  g_autoptr (VmmEip) eip = NULL;

  if (txn == NULL || before != NULL)
    return txn != NULL;
  eip = store_eip_get_plain (txn, caller->account_id, ip, error);
  if (eip == NULL)
    return FALSE;
  if (instance_id != NULL && !g_str_equal (instance_id, eip->target_id))
    return vmm_fail (error, VMM_ERROR_PUBLIC_IP_NOT_FOUND,
                     "the public address %s is not of instance '%s'", ip, instance_id);
  if (vmm_eip_state_leads (eip->state)
      && !ops_address_let_go (ctx, txn, eip, VMM_EIP_LEAVE, NULL, error))
    return FALSE;
  return ops_finish_kick (ctx, &txn, caller, "", eip->vpc_id, error);
}
