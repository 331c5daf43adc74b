/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The verbs on an instance that exists, and the one door by which work reports. */
#include "config.h"

#include "ops-capacity.h"
#include "ops-deadline.h"
#include "ops-disk-row.h"
#include "ops-group-member.h"
#include "ops-instance-check.h"
#include "ops-instance.h"
#include "ops-nic-row.h"
#include "ops-public.h"
#include "ops-route-check.h"
#include "ops-txn.h"
#include "store-instance.h"
#include "vmm-clock.h"
#include "vmm-error.h"
#include <string.h>

/* The event's move of @instance, inside @txn. A refusal names the state as its owner sees it. */
static gboolean
move (VmmContext *ctx, StoreTxn *txn, const VmmInstance *instance, VmmInstanceEvent event,
      gboolean force, const char *reason, VmmInstanceState *out_to, GError **error)
{
  StoreMove step = { .from = instance->state, .event = event, .reason = reason, .force = force };

  if (!vmm_instance_state_next (instance->state, event, &step.to))
    return vmm_fail (error,
                     instance->state == VMM_INSTANCE_PENDING && event == VMM_INSTANCE_DELETE
                         ? VMM_ERROR_INSTANCE_INITIALIZING
                         : VMM_ERROR_INSTANCE_STATUS,
                     "the current status '%s' of instance '%s' does not support this operation",
                     vmm_instance_state_wire (instance->state), instance->id);
  step.now_ms = vmm_clock_now_ms ();
  step.deadline_ms = ops_deadline (ctx, step.to, step.now_ms);
  if (out_to != NULL)
    *out_to = step.to;
  return store_instance_move (txn, instance, &step, error);
}

/* The instance is going: what leads to it from outside lets go, as its addresses are the first that
 * others may have. */
static gboolean
leave (VmmContext *ctx, StoreTxn *txn, const VmmInstance *instance, GPtrArray *kicks,
       GError **error)
{
  gboolean left = FALSE;

  if (!ops_public_leave_instance (ctx, txn, instance, &left, error))
    return FALSE;
  for (guint i = 0; left && i < instance->nics->len; i++)
    g_ptr_array_add (kicks, g_strdup (((const VmmNic *) instance->nics->pdata[i])->vpc_id));
  return TRUE;
}

static void
kick_all (VmmContext *ctx, GPtrArray *kicks)
{
  for (guint i = 0; i < kicks->len; i++)
    ctx->kick (ctx, g_ptr_array_index (kicks, i));
}

/* One asked-for move: begin, check, move, finish, kick. */
static gboolean
ask (VmmContext *ctx, const VmmCaller *caller, const char *id, VmmInstanceEvent event,
     gboolean force, GError **error)
{
  g_autofree char *before = NULL;
  g_autoptr (StoreTxn) txn = ops_begin (ctx, caller, &before, error);
  g_autoptr (VmmInstance) instance = NULL;

  if (txn == NULL || before != NULL)
    return txn != NULL;
  instance = store_instance_get (txn, caller->account_id, id, error);
  return instance != NULL && move (ctx, txn, instance, event, force, NULL, NULL, error)
         && ops_finish_kick (ctx, &txn, caller, "", id, error);
}

gboolean
ops_instance_start (VmmContext *ctx, const VmmCaller *caller, const char *id, GError **error)
{
  return ask (ctx, caller, id, VMM_INSTANCE_START, FALSE, error);
}

gboolean
ops_instance_stop (VmmContext *ctx, const VmmCaller *caller, const char *id, gboolean force,
                   GError **error)
{
  return ask (ctx, caller, id, VMM_INSTANCE_STOP, force, error);
}

gboolean
ops_instance_reboot (VmmContext *ctx, const VmmCaller *caller, const char *id, gboolean force,
                     GError **error)
{
  return ask (ctx, caller, id, VMM_INSTANCE_REBOOT, force, error);
}

static gboolean
delete_one (VmmContext *ctx, StoreTxn *txn, const VmmCaller *caller, const char *id, gboolean force,
            GPtrArray *kicks, GError **error)
{
  g_autoptr (VmmInstance) instance = store_instance_get (txn, caller->account_id, id, error);

  if (instance == NULL)
    return FALSE;
  if (instance->state == VMM_INSTANCE_DELETING)
    {
      g_ptr_array_add (kicks, g_strdup (id));
      return TRUE;
    }
  if (instance->deletion_protection)
    return vmm_fail (error, VMM_ERROR_DELETION_PROTECTION,
                     "instance '%s' is protected; set DeletionProtection to false first", id);
  if (!force && instance->state != VMM_INSTANCE_STOPPED && instance->state != VMM_INSTANCE_PENDING)
    return vmm_fail (
        error, VMM_ERROR_INSTANCE_STATUS,
        "the current status '%s' of instance '%s' does not support this operation; stop "
        "it first or set Force",
        vmm_instance_state_wire (instance->state), id);
  if (!ops_route_check_hop (txn, id, error))
    return FALSE;
  g_ptr_array_add (kicks, g_strdup (id));
  return move (ctx, txn, instance, VMM_INSTANCE_DELETE, TRUE, NULL, NULL, error)
         && leave (ctx, txn, instance, kicks, error);
}

gboolean
ops_instance_delete (VmmContext *ctx, const VmmCaller *caller, const char *const *ids,
                     gboolean force, GError **error)
{
  g_autofree char *before = NULL;
  g_autoptr (StoreTxn) txn = ops_begin (ctx, caller, &before, error);
  g_autoptr (GPtrArray) kicks = g_ptr_array_new_with_free_func (g_free);

  if (txn == NULL || before != NULL)
    return txn != NULL;
  for (guint i = 0; ids[i] != NULL; i++)
    if (!delete_one (ctx, txn, caller, ids[i], force, kicks, error))
      return FALSE;
  if (!ops_finish (ctx, txn, caller, "", error))
    return FALSE;
  g_clear_pointer (&txn, store_txn_free);
  kick_all (ctx, kicks);
  return TRUE;
}

static const char *
wire_state (VmmContext *ctx, const VmmCaller *caller, const char *id)
{
  g_autoptr (VmmInstance) instance = ops_instance_get (ctx, caller, id, NULL);

  return instance != NULL ? vmm_instance_state_wire (instance->state) : "";
}

static void
batch_result_free (gpointer data)
{
  OpsBatchResult *result = data;

  g_free (result->id);
  g_free (result->code);
  g_free (result->message);
  g_free (result);
}

GPtrArray *
ops_instance_batch (VmmContext *ctx, const VmmCaller *caller, OpsBatchVerb verb,
                    const char *const *ids, gboolean force, GError **error)
{
  static const VmmInstanceEvent events[] = {
    [OPS_BATCH_START] = VMM_INSTANCE_START,
    [OPS_BATCH_STOP] = VMM_INSTANCE_STOP,
    [OPS_BATCH_REBOOT] = VMM_INSTANCE_REBOOT,
  };
  GPtrArray *results = g_ptr_array_new_with_free_func (batch_result_free);

  for (guint i = 0; ids[i] != NULL; i++)
    {
      OpsBatchResult *result = g_new0 (OpsBatchResult, 1);
      g_autoptr (GError) local = NULL;

      result->id = g_strdup (ids[i]);
      result->previous = wire_state (ctx, caller, ids[i]);
      if (ask (ctx, caller, ids[i], events[verb], force, &local))
        {
          result->code = g_strdup ("200");
          result->message = g_strdup ("success");
        }
      else
        {
          result->code = g_strdup (local->domain == VMM_ERROR ? vmm_error_wire (local->code)
                                                              : "InternalError");
          result->message = g_strdup (local->message);
        }
      result->current = wire_state (ctx, caller, ids[i]);
      g_ptr_array_add (results, result);
    }
  return results;
}

/* Which states allow which change; ECS takes a name at once but a host name only when no boot is
 * reading it. */
static gboolean
check_change (const VmmInstance *instance, const OpsInstanceChange *change, GError **error)
{
  gboolean is_starting
      = instance->state == VMM_INSTANCE_STARTING || instance->state == VMM_INSTANCE_BOOTING;

  if (instance->state == VMM_INSTANCE_PENDING || instance->state == VMM_INSTANCE_DELETING
      || (is_starting && change->host_name != NULL))
    return vmm_fail (error, VMM_ERROR_INSTANCE_STATUS,
                     "the current status '%s' of instance '%s' does not support this operation",
                     vmm_instance_state_wire (instance->state), instance->id);
  return ops_check_name (change->name, error) && ops_check_description (change->description, error)
         && ops_check_host_name (change->host_name, error)
         && ops_check_user_data (change->user_data, error);
}

static gboolean
replace_groups (StoreTxn *txn, const VmmCaller *caller, const VmmInstance *instance,
                const char *const *group_ids, GError **error)
{
  const VmmNic *nic = g_ptr_array_index (instance->nics, 0);

  return ops_nic_check_changeable (txn, nic, VMM_ERROR_INSTANCE_STATUS, error)
         && ops_group_replace (txn, caller, nic, group_ids, error);
}

static gboolean
apply_change (StoreTxn *txn, const VmmCaller *caller, const VmmInstance *instance,
              const OpsInstanceChange *c, GError **error)
{
  const char *id = instance->id;

  return (c->name == NULL || store_instance_set_name (txn, id, c->name, error))
         && (c->description == NULL
             || store_instance_set_description (txn, id, c->description, error))
         && (c->host_name == NULL || store_instance_set_host_name (txn, id, c->host_name, error))
         && (c->user_data == NULL || store_instance_set_user_data (txn, id, c->user_data, error))
         && (c->deletion_protection < 0
             || store_instance_set_protection (txn, id, c->deletion_protection != 0, error))
         && (c->restart_on_crash < 0
             || store_instance_set_restart (txn, id, c->restart_on_crash != 0, error))
         && (c->group_ids == NULL || replace_groups (txn, caller, instance, c->group_ids, error));
}

gboolean
ops_instance_modify (VmmContext *ctx, const VmmCaller *caller, const char *id,
                     const OpsInstanceChange *change, GError **error)
{
  g_autofree char *before = NULL;
  g_autoptr (StoreTxn) txn = ops_begin (ctx, caller, &before, error);
  g_autoptr (VmmInstance) instance = NULL;

  if (txn == NULL || before != NULL)
    return txn != NULL;
  instance = store_instance_get (txn, caller->account_id, id, error);
  if (instance == NULL || !check_change (instance, change, error)
      || !apply_change (txn, caller, instance, change, error)
      || !ops_finish (ctx, txn, caller, "", error))
    return FALSE;
  g_clear_pointer (&txn, store_txn_free);
  if (change->group_ids != NULL)
    ctx->kick (ctx, ((const VmmNic *) g_ptr_array_index (instance->nics, 0))->id);
  return TRUE;
}

gboolean
ops_instance_resize (VmmContext *ctx, const VmmCaller *caller, const char *id, const char *type,
                     GError **error)
{
  const VmmInstanceType *to = vmm_config_type (ctx->config, type);
  g_autofree char *before = NULL;
  g_autofree char *why = NULL;
  g_autoptr (StoreTxn) txn = NULL;
  g_autoptr (VmmInstance) instance = NULL;
  OpsCapacity capacity;

  if (to == NULL)
    return vmm_fail (error, VMM_ERROR_INSTANCE_TYPE,
                     "the InstanceType '%s' does not exist; see DescribeInstanceTypes", type);
  txn = ops_begin (ctx, caller, &before, error);
  if (txn == NULL || before != NULL)
    return txn != NULL;
  instance = store_instance_get (txn, caller->account_id, id, error);
  if (instance == NULL)
    return FALSE;
  if (instance->state != VMM_INSTANCE_STOPPED)
    return vmm_fail (
        error, VMM_ERROR_INSTANCE_STATUS,
        "the current status '%s' of instance '%s' does not support this operation; stop "
        "it first",
        vmm_instance_state_wire (instance->state), id);
  if (instance->nics->len > vmm_nic_limit (to->vcpus))
    return vmm_fail (error, VMM_ERROR_NIC_LIMIT,
                     "instance '%s' has %u interfaces, type '%s' has at most %u", id,
                     instance->nics->len, to->id, vmm_nic_limit (to->vcpus));
  if (!ops_capacity_read (ctx, txn, &capacity, error))
    return FALSE;
  capacity.vcpus_used -= instance->vcpus;
  capacity.memory_mib_used -= instance->memory_mib;
  if (ops_capacity_fit (ctx, &capacity, to->vcpus, to->memory_mib, 0, 1, &why) < 1)
    return vmm_fail (error, VMM_ERROR_NO_STOCK, "%s", why);
  return store_instance_set_type (txn, id, to->id, to->vcpus, to->memory_mib, error)
         && ops_finish (ctx, txn, caller, "", error);
}

/* What a move to @to means for the interfaces and disks. */
static gboolean
move_devices (VmmContext *ctx, StoreTxn *txn, const VmmInstance *instance, VmmInstanceEvent event,
              VmmInstanceState to, GPtrArray *kicks, GError **error)
{
  if (to == VMM_INSTANCE_GONE)
    return ops_nic_release_all (ctx, txn, instance, error)
           && ops_disk_release_all (ctx, txn, instance, kicks, error)
           && store_instance_delete (txn, instance->id, error);
  if (to == VMM_INSTANCE_DELETING && event == VMM_INSTANCE_FAILED && instance->state != to)
    return ops_disk_doom_all (txn, instance, error);
  if (to == VMM_INSTANCE_STOPPED || to == VMM_INSTANCE_STARTING)
    return ops_nic_settle_off (ctx, txn, instance, error)
           && ops_disk_settle_off (ctx, txn, instance, error);
  return TRUE;
}

gboolean
ops_instance_event (VmmContext *ctx, const char *id, VmmInstanceState from, VmmInstanceEvent event,
                    const char *reason, GError **error)
{
  g_autoptr (StoreTxn) txn = store_begin (ctx->store, error);
  g_autoptr (VmmInstance) instance = txn != NULL ? store_instance_get (txn, NULL, id, error) : NULL;
  g_autoptr (GPtrArray) kicks = g_ptr_array_new_with_free_func (g_free);
  VmmInstanceState to = from;

  if (instance == NULL)
    return FALSE;
  if (instance->state != from)
    return vmm_fail (error, VMM_ERROR_INSTANCE_STATUS, "instance '%s' is %s, not %s any more", id,
                     vmm_instance_state_to_string (instance->state),
                     vmm_instance_state_to_string (from));
  if (!move (ctx, txn, instance, event, instance->force, reason, &to, error)
      || ((to == VMM_INSTANCE_DELETING || to == VMM_INSTANCE_GONE)
          && !leave (ctx, txn, instance, kicks, error))
      || !move_devices (ctx, txn, instance, event, to, kicks, error) || !store_commit (txn, error))
    return FALSE;
  g_clear_pointer (&txn, store_txn_free);
  kick_all (ctx, kicks);
  if (vmm_instance_state_work (to) != VMM_WORK_NONE)
    ctx->kick (ctx, id);
  return TRUE;
}

gboolean
ops_instance_note (VmmContext *ctx, const char *id, const char *event, const char *reason,
                   GError **error)
{
  g_autoptr (StoreTxn) txn = store_begin (ctx->store, error);

  return txn != NULL && store_event_add (txn, id, event, reason, vmm_clock_now_ms (), error)
         && store_commit (txn, error);
}
