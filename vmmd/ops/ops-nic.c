/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The verbs on network interfaces, and the one door by which work reports on them. */
#include "config.h"

#include "ops-group-member.h"
#include "ops-nic-row.h"
#include "ops-nic.h"
#include "ops-public.h"
#include "ops-route-check.h"
#include "ops-text.h"
#include "ops-txn.h"
#include "store-instance.h"
#include "store-network.h"
#include "vmm-clock.h"

VmmNic *
ops_nic_create (VmmContext *ctx, const VmmCaller *caller, const OpsNicSpec *spec, GError **error)
{
  g_autofree char *before = NULL;
  g_autoptr (StoreTxn) txn = NULL;
  g_autoptr (VmmVswitch) vswitch = NULL;
  g_autoptr (VmmNic) nic = NULL;

  if (!ops_nic_check_spec (spec, error))
    return NULL;
  txn = ops_begin (ctx, caller, &before, error);
  if (txn == NULL)
    return NULL;
  if (before != NULL)
    return store_nic_find (txn, caller->account_id, before, error);
  vswitch = store_vswitch_get (txn, caller->account_id, spec->vswitch_id, error);
  if (vswitch != NULL)
    nic = ops_nic_insert (ctx, txn, caller, spec, vswitch, NULL, error);
  if (nic == NULL || !ops_finish (ctx, txn, caller, nic->id, error))
    return NULL;
  return g_steal_pointer (&nic);
}

gboolean
ops_nic_delete (VmmContext *ctx, const VmmCaller *caller, const char *id, GError **error)
{
  g_autofree char *before = NULL;
  g_autoptr (StoreTxn) txn = ops_begin (ctx, caller, &before, error);
  g_autoptr (VmmNic) nic = NULL;
  gboolean left = FALSE;

  if (txn == NULL || before != NULL)
    return txn != NULL;
  nic = store_nic_find (txn, caller->account_id, id, error);
  if (nic == NULL)
    return FALSE;
  if (nic->state == VMM_NIC_DELETING)
    return TRUE;
  if (!ops_route_check_hop (txn, id, error)
      || !ops_nic_move (ctx, txn, nic, VMM_NIC_DELETE, NULL, "", "", error)
      || !ops_public_leave_nic (ctx, txn, nic, &left, error)
      || !ops_finish (ctx, txn, caller, "", error))
    return FALSE;
  g_clear_pointer (&txn, store_txn_free);
  ctx->kick (ctx, id);
  if (left)
    ctx->kick (ctx, nic->vpc_id);
  return TRUE;
}

/* Whether @instance can take one interface more, of the VPC of @nic. */
static gboolean
check_room (const VmmInstance *instance, const VmmNic *nic, GError **error)
{
  const VmmNic *primary = g_ptr_array_index (instance->nics, 0);
  guint limit = vmm_nic_limit (instance->vcpus);

  if (!g_str_equal (primary->vpc_id, nic->vpc_id))
    return vmm_fail (error, VMM_ERROR_GROUP_VPC_MISMATCH,
                     "interface '%s' is in %s, instance '%s' in %s", nic->id, nic->vpc_id,
                     instance->id, primary->vpc_id);
  if (instance->nics->len >= limit)
    return vmm_fail (error, VMM_ERROR_NIC_LIMIT, "instance '%s' has %u interfaces, its limit",
                     instance->id, instance->nics->len);
  return TRUE;
}

gboolean
ops_nic_attach (VmmContext *ctx, const VmmCaller *caller, const char *id, const char *instance_id,
                GError **error)
{
  g_autofree char *before = NULL;
  g_autoptr (StoreTxn) txn = ops_begin (ctx, caller, &before, error);
  g_autoptr (VmmNic) nic = NULL;
  g_autoptr (VmmInstance) instance = NULL;
  VmmNicEvent event;

  if (txn == NULL || before != NULL)
    return txn != NULL;
  nic = store_nic_find (txn, caller->account_id, id, error);
  if (nic != NULL)
    instance = store_instance_get (txn, caller->account_id, instance_id, error);
  if (instance == NULL || !ops_nic_check_instance (instance, VMM_ERROR_NIC_INSTANCE_STATUS, error))
    return FALSE;
  event = instance->state == VMM_INSTANCE_RUNNING ? VMM_NIC_ATTACH : VMM_NIC_ATTACH_OFF;
  return ops_nic_move (ctx, txn, nic, event, NULL, instance->id, instance->host_id, error)
         && check_room (instance, nic, error)
         && ops_finish_kick (ctx, &txn, caller, "", instance_id, error);
}

static gboolean
check_detach (const VmmNic *nic, const VmmInstance *instance, GError **error)
{
  if (!g_str_equal (nic->instance_id, instance->id))
    return vmm_fail (error, VMM_ERROR_NIC_STATUS, "interface '%s' is not attached to instance '%s'",
                     nic->id, instance->id);
  if (nic->is_primary)
    return vmm_fail (error, VMM_ERROR_NIC_PRIMARY,
                     "interface '%s' is the primary one of instance '%s' and stays with it",
                     nic->id, instance->id);
  return ops_nic_check_instance (instance, VMM_ERROR_NIC_INSTANCE_STATUS, error);
}

gboolean
ops_nic_detach (VmmContext *ctx, const VmmCaller *caller, const char *id, const char *instance_id,
                GError **error)
{
  g_autofree char *before = NULL;
  g_autoptr (StoreTxn) txn = ops_begin (ctx, caller, &before, error);
  g_autoptr (VmmNic) nic = NULL;
  g_autoptr (VmmInstance) instance = NULL;
  gboolean is_on, moved;

  if (txn == NULL || before != NULL)
    return txn != NULL;
  nic = store_nic_find (txn, caller->account_id, id, error);
  if (nic != NULL)
    instance = store_instance_get (txn, caller->account_id, instance_id, error);
  if (instance == NULL || !check_detach (nic, instance, error))
    return FALSE;
  is_on = instance->state == VMM_INSTANCE_RUNNING;
  if (is_on || nic->state != VMM_NIC_IN_USE)
    moved = ops_nic_move (ctx, txn, nic, VMM_NIC_DETACH, NULL, instance->id, instance->host_id,
                          error);
  else
    moved = ops_nic_move (ctx, txn, nic, VMM_NIC_DETACHED, NULL, "", "", error);
  /* Of a stopped instance nothing has to go but perhaps a group that nobody is in any more. */
  return moved && ops_finish_kick (ctx, &txn, caller, "", is_on ? instance_id : id, error);
}

gboolean
ops_nic_modify (VmmContext *ctx, const VmmCaller *caller, const char *id,
                const OpsNicChange *change, GError **error)
{
  const OpsNicSpec texts = { .name = change->name, .description = change->description };
  g_autofree char *before = NULL;
  g_autoptr (StoreTxn) txn = NULL;
  g_autoptr (VmmNic) nic = NULL;

  if (!ops_nic_check_spec (&texts, error))
    return FALSE;
  txn = ops_begin (ctx, caller, &before, error);
  if (txn == NULL || before != NULL)
    return txn != NULL;
  nic = ops_nic_find_changeable (txn, caller, id, error);
  if (nic == NULL)
    return FALSE;
  if (nic->is_primary && change->delete_with_instance == 0)
    return vmm_fail (error, VMM_ERROR_NIC_TYPE,
                     "interface '%s' is a primary one and goes with its instance", id);
  ops_text_replace (&nic->name, change->name);
  ops_text_replace (&nic->description, change->description);
  if (change->delete_with_instance >= 0)
    nic->delete_with_instance = change->delete_with_instance != 0;
  return store_nic_update (txn, nic, error)
         && (change->group_ids == NULL
             || ops_group_replace (txn, caller, nic, change->group_ids, error))
         && ops_finish_kick (ctx, &txn, caller, "", change->group_ids != NULL ? id : NULL, error);
}

/* ---- secondary addresses ---- */

static gboolean
add_address (StoreTxn *txn, const VmmVswitch *vswitch, const VmmNic *nic, const char *wanted,
             GPtrArray *out, GError **error)
{
  char *ip = NULL;
  guint32 address = 0;

  if (!ops_nic_choose_address (txn, vswitch, wanted, VMM_ERROR_NIC_ADDRESS_OUTSIDE, &ip, error))
    return FALSE;
  g_ptr_array_add (out, ip);
  return vmm_address_parse (ip, &address) && store_nic_add_address (txn, nic, address, error);
}

static GPtrArray *
add_addresses (StoreTxn *txn, const VmmCaller *caller, const VmmNic *nic, const OpsNicSpec *spec,
               GError **error)
{
  guint named = spec->ips != NULL ? g_strv_length ((char **) spec->ips) : 0;
  guint count = named > 0 ? named : spec->ip_count;
  g_autoptr (VmmVswitch) vswitch
      = store_vswitch_get (txn, caller->account_id, nic->vswitch_id, error);
  g_autoptr (GPtrArray) added = g_ptr_array_new_with_free_func (g_free);

  if (vswitch == NULL)
    return NULL;
  if (1 + nic->ips->len + count > VMM_NIC_ADDRESSES_MAX)
    {
      vmm_fail (error, VMM_ERROR_NIC_ADDRESS_LIMIT,
                "interface '%s' has %u addresses; with %u more it has above %u, its limit", nic->id,
                1 + nic->ips->len, count, VMM_NIC_ADDRESSES_MAX);
      return NULL;
    }
  for (guint i = 0; i < count; i++)
    if (!add_address (txn, vswitch, nic, named > 0 ? spec->ips[i] : NULL, added, error))
      return NULL;
  return ops_group_check_room (txn, nic->group_ids, error) ? g_steal_pointer (&added) : NULL;
}

GPtrArray *
ops_nic_assign (VmmContext *ctx, const VmmCaller *caller, const char *id, const char *const *ips,
                guint count, GError **error)
{
  const OpsNicSpec spec = { .ips = ips, .ip_count = count };
  g_autofree char *before = NULL;
  g_autofree char *answer = NULL;
  g_autoptr (StoreTxn) txn = NULL;
  g_autoptr (VmmNic) nic = NULL;
  g_autoptr (GPtrArray) added = NULL;

  if ((ips == NULL || ips[0] == NULL) && count == 0)
    {
      vmm_fail (error, VMM_ERROR_MISSING_PARAMETER,
                "the input parameter PrivateIpAddress.N or SecondaryPrivateIpAddressCount is "
                "mandatory");
      return NULL;
    }
  if (!ops_nic_check_spec (&spec, error))
    return NULL;
  txn = ops_begin (ctx, caller, &before, error);
  if (txn == NULL || before != NULL)
    return txn != NULL ? ops_text_split (before) : NULL;
  nic = ops_nic_find_changeable (txn, caller, id, error);
  if (nic != NULL)
    added = add_addresses (txn, caller, nic, &spec, error);
  if (added == NULL)
    return NULL;
  answer = ops_text_join (added, 0);
  if (!ops_finish_kick (ctx, &txn, caller, answer, id, error))
    return NULL;
  return g_steal_pointer (&added);
}

gboolean
ops_nic_unassign (VmmContext *ctx, const VmmCaller *caller, const char *id, const char *const *ips,
                  GError **error)
{
  g_autofree char *before = NULL;
  g_autoptr (StoreTxn) txn = ops_begin (ctx, caller, &before, error);
  g_autoptr (VmmNic) nic = NULL;

  if (txn == NULL || before != NULL)
    return txn != NULL;
  nic = ops_nic_find_changeable (txn, caller, id, error);
  for (guint i = 0; nic != NULL && ips[i] != NULL; i++)
    {
      guint32 address = 0;
      gboolean removed = FALSE;

      if (!ops_public_check_address (txn, nic, ips[i], VMM_ERROR_DEPENDENCY, error))
        return FALSE;
      if (vmm_address_parse (ips[i], &address)
          && !store_nic_remove_address (txn, nic, address, &removed, error))
        return FALSE;
      if (!removed)
        return vmm_fail (error, VMM_ERROR_NIC_ADDRESS_UNASSIGNED,
                         "'%s' is no secondary address of interface '%s'", ips[i], id);
    }
  return nic != NULL && ops_finish_kick (ctx, &txn, caller, "", id, error);
}

/* ---- work's door ---- */

/* Where the interface belongs after @event. */
static gboolean
apply_event (VmmContext *ctx, StoreTxn *txn, const VmmNic *nic, VmmNicEvent event,
             const char *reason, GError **error)
{
  gboolean stays = event != VMM_NIC_DETACHED && *nic->instance_id != '\0';

  if (!ops_nic_move (ctx, txn, nic, event, reason, stays ? nic->instance_id : "",
                     stays ? ctx->host_id : "", error))
    return FALSE;
  return event != VMM_NIC_DELETED || store_nic_delete (txn, nic->id, error);
}

/* Its owner looks at the instance: that is where a failure is told. */
static gboolean
record (StoreTxn *txn, const VmmNic *nic, VmmNicEvent event, const char *reason, GError **error)
{
  g_autofree char *text = NULL;
  g_autofree char *name = NULL;

  /* What is stuck is told once and not at each further deadline. */
  if (reason == NULL || *nic->instance_id == '\0' || g_str_equal (reason, nic->reason))
    return TRUE;
  name = g_strdup_printf ("interface-%s", vmm_nic_event_to_string (event));
  text = g_strdup_printf ("interface %s: %s", nic->id, reason);
  return store_event_add (txn, nic->instance_id, name, text, vmm_clock_now_ms (), error);
}

gboolean
ops_nic_event (VmmContext *ctx, const char *id, VmmNicState from, VmmNicEvent event,
               const char *reason, GError **error)
{
  g_autoptr (StoreTxn) txn = store_begin (ctx->store, error);
  g_autoptr (VmmNic) nic = NULL;
  g_autoptr (GError) local = NULL;

  if (txn == NULL)
    return FALSE;
  nic = store_nic_get (txn, id, &local);
  if (local != NULL)
    {
      g_propagate_error (error, g_steal_pointer (&local));
      return FALSE;
    }
  if (nic == NULL || nic->state != from)
    return vmm_fail (error, VMM_ERROR_NIC_STATUS, "interface '%s' is not %s any more", id,
                     vmm_nic_state_to_string (from));
  return apply_event (ctx, txn, nic, event, reason, error)
         && record (txn, nic, event, reason, error) && store_commit (txn, error);
}
