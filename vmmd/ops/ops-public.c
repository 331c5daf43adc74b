/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Public addresses as other verbs and work see them: letting go of what goes, refusing what must
 * not go, and moving rows on when the host has been told. */
#include "config.h"

#include "ops-address.h"
#include "ops-public.h"
#include "store-eip.h"
#include "store-nat.h"
#include "vmm-clock.h"

gboolean
ops_public_leave_nic (VmmContext *ctx, StoreTxn *txn, const VmmNic *nic, gboolean *out_left,
                      GError **error)
{
  g_autoptr (GPtrArray) eips = store_eip_list_nic (txn, nic->id, error);

  for (guint i = 0; eips != NULL && i < eips->len; i++)
    {
      if (!ops_address_let_go (ctx, txn, eips->pdata[i], VMM_EIP_LEAVE, NULL, error))
        return FALSE;
      *out_left = TRUE;
    }
  return eips != NULL;
}

gboolean
ops_public_leave_instance (VmmContext *ctx, StoreTxn *txn, const VmmInstance *instance,
                           gboolean *out_left, GError **error)
{
  for (guint i = 0; i < instance->nics->len; i++)
    {
      const VmmNic *nic = g_ptr_array_index (instance->nics, i);

      if ((nic->is_primary || nic->delete_with_instance)
          && !ops_public_leave_nic (ctx, txn, nic, out_left, error))
        return FALSE;
    }
  return TRUE;
}

gboolean
ops_public_check_address (StoreTxn *txn, const VmmNic *nic, const char *ip, int code,
                          GError **error)
{
  g_autoptr (GPtrArray) eips = store_eip_list_nic (txn, nic->id, error);

  for (guint i = 0; eips != NULL && i < eips->len; i++)
    {
      const VmmEip *eip = g_ptr_array_index (eips, i);

      if (g_str_equal (eip->private_ip, ip))
        return vmm_fail (error, code,
                         "the elastic address '%s' (%s) leads to %s; unassociate it "
                         "first",
                         eip->id, eip->ip, ip);
    }
  return eips != NULL;
}

gboolean
ops_public_check_range (StoreTxn *txn, const char *vpc_id, const VmmRange *range, GError **error)
{
  g_autoptr (GPtrArray) eips = store_eip_list_vpc (txn, vpc_id, error);

  for (guint i = 0; eips != NULL && i < eips->len; i++)
    {
      const VmmEip *eip = g_ptr_array_index (eips, i);
      guint32 ip = 0;

      if (vmm_address_parse (eip->ip, &ip) && ip >= range->first && ip <= range->last)
        return vmm_fail (error, VMM_ERROR_CIDR_CONFLICT,
                         "the range holds the public address %s, which leads into '%s'", eip->ip,
                         vpc_id);
    }
  return eips != NULL;
}

gboolean
ops_public_check_vpc (StoreTxn *txn, const char *vpc_id, GError **error)
{
  g_autoptr (GPtrArray) eips = NULL;
  guint gateways = 0;

  if (!store_nat_count_vpc (txn, vpc_id, &gateways, error))
    return FALSE;
  if (gateways > 0)
    return vmm_fail (error, VMM_ERROR_VPC_HAS_NAT, "'%s' has %u NAT gateways; delete them first",
                     vpc_id, gateways);
  eips = store_eip_list_vpc (txn, vpc_id, error);
  if (eips == NULL)
    return FALSE;
  return eips->len == 0
         || vmm_fail (error, VMM_ERROR_DEPENDENCY,
                      "%u public addresses lead into '%s', or are being taken back from it",
                      eips->len, vpc_id);
}

gboolean
ops_public_check_vswitch (StoreTxn *txn, const VmmVswitch *vswitch, GError **error)
{
  g_autoptr (GPtrArray) forwards = NULL;
  VmmRange range = { 0 };
  guint count = 0;

  if (!store_nat_count_vswitch (txn, vswitch->id, &count, error))
    return FALSE;
  if (count > 0)
    return vmm_fail (error, VMM_ERROR_DEPENDENCY,
                     "%u NAT gateways or SNAT entries are for '%s'; delete them first", count,
                     vswitch->id);
  forwards = store_forward_list_vpc (txn, vswitch->vpc_id, error);
  vmm_range_parse (vswitch->cidr, &range);
  for (guint i = 0; forwards != NULL && i < forwards->len; i++)
    {
      const VmmForward *forward = g_ptr_array_index (forwards, i);
      guint32 ip = 0;

      if (vmm_address_parse (forward->internal_ip, &ip) && ip >= range.first && ip <= range.last)
        return vmm_fail (error, VMM_ERROR_DEPENDENCY,
                         "the forward entry '%s' leads to %s of '%s'; delete it first", forward->id,
                         forward->internal_ip, vswitch->id);
    }
  return forwards != NULL;
}

/* ---- For work ---- */

void
ops_public_seen_free (OpsPublicSeen *seen)
{
  if (seen == NULL)
    return;
  g_clear_pointer (&seen->eips, g_ptr_array_unref);
  g_clear_pointer (&seen->snats, g_ptr_array_unref);
  g_clear_pointer (&seen->forwards, g_ptr_array_unref);
  g_free (seen);
}

OpsPublicSeen *
ops_public_see (StoreTxn *txn, const char *vpc_id, GError **error)
{
  g_autoptr (OpsPublicSeen) seen = g_new0 (OpsPublicSeen, 1);

  seen->eips = store_eip_list_vpc (txn, vpc_id, error);
  if (seen->eips == NULL)
    return NULL;
  seen->snats = store_snat_list_vpc (txn, vpc_id, error);
  if (seen->snats == NULL)
    return NULL;
  seen->forwards = store_forward_list_vpc (txn, vpc_id, error);
  if (seen->forwards == NULL)
    return NULL;
  for (guint i = seen->eips->len; i-- > 0;)
    if (!vmm_eip_state_is_passing (((VmmEip *) seen->eips->pdata[i])->state))
      g_ptr_array_remove_index (seen->eips, i);
  for (guint i = seen->snats->len; i-- > 0;)
    if (((VmmSnat *) seen->snats->pdata[i])->is_applied)
      g_ptr_array_remove_index (seen->snats, i);
  for (guint i = seen->forwards->len; i-- > 0;)
    if (((VmmForward *) seen->forwards->pdata[i])->is_applied)
      g_ptr_array_remove_index (seen->forwards, i);
  return g_steal_pointer (&seen);
}

gboolean
ops_public_seen_is_empty (const OpsPublicSeen *seen)
{
  return seen->eips->len + seen->snats->len + seen->forwards->len == 0;
}

gboolean
ops_public_seen_leaves (const OpsPublicSeen *seen)
{
  for (guint i = 0; i < seen->eips->len; i++)
    if (!vmm_eip_state_leads (((VmmEip *) seen->eips->pdata[i])->state))
      return TRUE;
  return FALSE;
}

/* The host does as @eip says. */
static gboolean
settle_eip (StoreTxn *txn, const VmmEip *eip, GError **error)
{
  gboolean leads = vmm_eip_state_leads (eip->state);
  VmmEipEvent event = !leads && eip->is_plain ? VMM_EIP_RELEASE : VMM_EIP_APPLIED;
  StoreEipMove move = { .from = eip->state,
                        .reason = eip->reason,
                        .target_type = leads ? eip->target_type : "",
                        .target_id = leads ? eip->target_id : "",
                        .vpc_id = leads ? eip->vpc_id : "",
                        .nic_id = eip->nic_id };
  g_autoptr (GError) local = NULL;

  if (!vmm_eip_state_next (eip->state, event, &move.to))
    return TRUE;
  if (*eip->private_ip != '\0')
    vmm_address_parse (eip->private_ip, &move.private_ip);
  if (store_eip_move (txn, eip->id, &move, &local))
    return move.to != VMM_EIP_GONE || store_eip_delete (txn, eip->id, error);
  /* Another request moved it; that request has kicked. */
  if (g_error_matches (local, VMM_ERROR, VMM_ERROR_EIP_STATUS))
    return TRUE;
  g_propagate_error (error, g_steal_pointer (&local));
  return FALSE;
}

gboolean
ops_public_settle (VmmContext *ctx, const OpsPublicSeen *seen, GError **error)
{
  g_autoptr (StoreTxn) txn = NULL;

  if (ops_public_seen_is_empty (seen))
    return TRUE;
  txn = store_begin (ctx->store, error);
  if (txn == NULL)
    return FALSE;
  for (guint i = 0; i < seen->eips->len; i++)
    if (!settle_eip (txn, seen->eips->pdata[i], error))
      return FALSE;
  for (guint i = 0; i < seen->snats->len; i++)
    {
      const VmmSnat *entry = g_ptr_array_index (seen->snats, i);

      if (!store_snat_set_applied (txn, entry->id, entry->generation, error))
        return FALSE;
    }
  for (guint i = 0; i < seen->forwards->len; i++)
    {
      const VmmForward *entry = g_ptr_array_index (seen->forwards, i);

      if (!store_forward_set_applied (txn, entry->id, entry->generation, error))
        return FALSE;
    }
  return store_commit (txn, error);
}

gboolean
ops_public_expire (VmmContext *ctx, const OpsPublicSeen *seen, const char *why,
                   gboolean *out_turned, GError **error)
{
  g_autoptr (StoreTxn) txn = store_begin (ctx->store, error);
  g_autofree char *reason = g_strdup_printf ("not done within its time: %s", why);
  gint64 now = vmm_clock_now_ms ();

  for (guint i = 0; txn != NULL && i < seen->eips->len; i++)
    {
      const VmmEip *eip = g_ptr_array_index (seen->eips, i);
      gboolean turns = vmm_eip_state_leads (eip->state);
      g_autoptr (GError) local = NULL;

      if (now <= eip->deadline_ms)
        continue;
      if (turns ? ops_address_let_go (ctx, txn, eip, VMM_EIP_LEAVE, reason, &local)
                : store_eip_postpone (txn, eip->id, reason, ops_address_deadline (ctx), &local))
        *out_turned = *out_turned || turns;
      else if (!g_error_matches (local, VMM_ERROR, VMM_ERROR_EIP_STATUS))
        {
          g_propagate_error (error, g_steal_pointer (&local));
          return FALSE;
        }
    }
  return txn != NULL && store_commit (txn, error);
}
