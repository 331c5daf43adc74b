/* SPDX-License-Identifier: GPL-2.0-or-later */
/* From rows to the network of this host. */
#include "config.h"

#include "store-applied.h"
#include "store-instance.h"
#include "store-network.h"
#include "vmm-error.h"
#include "work-item.h"
#include "work-plan.h"
#include "work-public.h"

static GMutex *
vpc_lock (WorkItem *item, guint32 index)
{
  WorkNetLocks *locks = work_net_locks (item->work);

  return &locks->vpcs[index % G_N_ELEMENTS (locks->vpcs)];
}

/* Keeps what became of it for net_applied. */
static gboolean
note (WorkItem *item, const char *id, guint64 generation, GError *failure, GError **error)
{
  work_applied (item, id, generation, failure);
  if (failure != NULL)
    g_propagate_error (error, failure);
  return failure == NULL;
}

static gboolean
apply_group (WorkItem *item, StoreTxn *txn, const VmmGroup *row, guint32 vpc_index, GError **error)
{
  g_autoptr (NetctlGroup) group = work_plan_group (txn, row, vpc_index, error);
  GError *failure = NULL;

  if (group == NULL)
    return FALSE;
  WORK_CALL (item->parts->net, group_apply, group, &failure);
  return note (item, row->id, row->generation, failure, error);
}

static gboolean
apply_groups (WorkItem *item, StoreTxn *txn, const VmmNic *nic, GError **error)
{
  for (guint i = 0; i < nic->group_ids->len; i++)
    {
      g_autoptr (VmmGroup) row
          = store_group_get (txn, NULL, g_ptr_array_index (nic->group_ids, i), error);

      if (row == NULL || !apply_group (item, txn, row, nic->vpc_index, error))
        return FALSE;
    }
  return TRUE;
}

/* VPC, groups and port of an interface, under the lock of its VPC; with @attach the tap as well. */
static gboolean
apply_nic (WorkItem *item, StoreTxn *txn, const VmmNic *nic, const char *host_name, gboolean attach,
           GError **error)
{
  g_autoptr (NetctlVpc) vpc = work_plan_vpc (item->ctx, txn, nic->vpc_id, error);
  g_autoptr (NetctlPort) port = vpc != NULL ? work_plan_port (txn, nic, host_name, error) : NULL;
  GError *failure = NULL;

  if (port == NULL || !WORK_CALL (item->parts->net, vpc_apply, vpc, error)
      || !apply_groups (item, txn, nic, error))
    return FALSE;
  if (WORK_CALL (item->parts->net, port_prepare, port, &failure) && attach)
    WORK_CALL (item->parts->net, port_attach, port, &failure);
  return note (item, nic->id, nic->generation, failure, error);
}

/* The interface as it stands now; OPERATION_CONFLICT when it went with its instance meanwhile. */
static VmmNic *
read_again (StoreTxn *txn, const char *id, GError **error)
{
  g_autoptr (GError) local = NULL;
  VmmNic *nic = store_nic_get (txn, id, &local);

  if (local != NULL)
    g_propagate_error (error, g_steal_pointer (&local));
  else if (nic == NULL)
    vmm_fail (error, VMM_ERROR_OPERATION_CONFLICT, "interface '%s' is gone", id);
  return nic;
}

static gboolean
prepare_nic (WorkItem *item, const VmmInstance *instance, const VmmNic *nic, gboolean attach,
             GError **error)
{
  g_autoptr (GMutexLocker) lock = g_mutex_locker_new (vpc_lock (item, nic->vpc_index));
  g_autoptr (StoreTxn) txn = store_begin_read (item->ctx->store, error);
  g_autoptr (VmmNic) now = NULL;

  (void) lock;
  if (txn == NULL)
    return FALSE;
  /* Its groups may have changed since the instance was read. */
  now = read_again (txn, nic->id, error);
  if (now != NULL
      && (!vmm_nic_state_is_plugged (now->state) || !g_str_equal (now->instance_id, instance->id)))
    return vmm_fail (error, VMM_ERROR_OPERATION_CONFLICT, "interface '%s' is not of '%s' any more",
                     nic->id, instance->id);
  return now != NULL && apply_nic (item, txn, now, instance->host_name, attach, error);
}

typedef gboolean (*PortCall) (WorkItem *item, NetctlPort *port, GError **error);

static gboolean
attach (WorkItem *item, NetctlPort *port, GError **error)
{
  return WORK_CALL (item->parts->net, port_attach, port, error);
}

static gboolean
detach (WorkItem *item, NetctlPort *port, GError **error)
{
  return WORK_CALL (item->parts->net, port_detach, port, error);
}

/* Of those that the domain shall have, or of all. */
static gboolean
for_each_port (WorkItem *item, const VmmInstance *instance, PortCall call, gboolean all,
               GError **error)
{
  g_autoptr (StoreTxn) txn = store_begin_read (item->ctx->store, error);

  for (guint i = 0; txn != NULL && i < instance->nics->len; i++)
    {
      const VmmNic *nic = g_ptr_array_index (instance->nics, i);
      g_autoptr (NetctlPort) port = NULL;

      if (!all && !vmm_nic_state_is_plugged (nic->state))
        continue;
      port = work_plan_port (txn, nic, instance->host_name, error);
      if (port == NULL || !call (item, port, error))
        return FALSE;
      if (all)
        work_applied (item, nic->id, 0, NULL);
    }
  return txn != NULL;
}

gboolean
work_network_prepare (WorkItem *item, const VmmInstance *instance, GError **error)
{
  g_autoptr (GRWLockReaderLocker) reading
      = g_rw_lock_reader_locker_new (&work_net_locks (item->work)->whole);

  (void) reading;
  for (guint i = 0; i < instance->nics->len; i++)
    {
      const VmmNic *nic = g_ptr_array_index (instance->nics, i);

      if (vmm_nic_state_is_plugged (nic->state) && !prepare_nic (item, instance, nic, FALSE, error))
        return FALSE;
    }
  return TRUE;
}

gboolean
work_network_attach (WorkItem *item, const VmmInstance *instance, GError **error)
{
  g_autoptr (GRWLockReaderLocker) reading
      = g_rw_lock_reader_locker_new (&work_net_locks (item->work)->whole);

  (void) reading;
  return for_each_port (item, instance, attach, FALSE, error);
}

GMutex *
work_network_lock (WorkItem *item, const VmmInstance *instance)
{
  return vpc_lock (item, ((const VmmNic *) g_ptr_array_index (instance->nics, 0))->vpc_index);
}

gboolean
work_network_down (WorkItem *item, const VmmInstance *instance, GError **error)
{
  return for_each_port (item, instance, detach, TRUE, error);
}

gboolean
work_nic_prepare (WorkItem *item, const VmmInstance *instance, const VmmNic *nic, GError **error)
{
  g_autoptr (GRWLockReaderLocker) reading
      = g_rw_lock_reader_locker_new (&work_net_locks (item->work)->whole);

  (void) reading;
  return prepare_nic (item, instance, nic, FALSE, error);
}

gboolean
work_nic_attach (WorkItem *item, const VmmInstance *instance, const VmmNic *nic, GError **error)
{
  g_autoptr (GRWLockReaderLocker) reading
      = g_rw_lock_reader_locker_new (&work_net_locks (item->work)->whole);

  (void) reading;
  return prepare_nic (item, instance, nic, TRUE, error);
}

gboolean
work_nic_detach (WorkItem *item, const VmmInstance *instance, const VmmNic *nic, GError **error)
{
  g_autoptr (GRWLockReaderLocker) reading
      = g_rw_lock_reader_locker_new (&work_net_locks (item->work)->whole);
  g_autoptr (GMutexLocker) lock = g_mutex_locker_new (vpc_lock (item, nic->vpc_index));
  g_autoptr (StoreTxn) txn = store_begin_read (item->ctx->store, error);
  g_autoptr (NetctlPort) port = NULL;

  (void) reading;
  (void) lock;
  if (txn != NULL)
    port = work_plan_port (txn, nic, instance != NULL ? instance->host_name : "", error);
  if (port == NULL || !detach (item, port, error))
    return FALSE;
  work_applied (item, nic->id, 0, NULL);
  return TRUE;
}

/* Takes away groups of the VPC that no interface on this host is in any more. */
static gboolean
release_groups (WorkItem *item, StoreTxn *txn, const VmmNic *nic, GError **error)
{
  g_autoptr (GPtrArray) groups
      = store_vpc_groups_unused (txn, nic->vpc_id, item->ctx->host_id, error);

  for (guint i = 0; groups != NULL && i < groups->len; i++)
    {
      const VmmGroup *group = g_ptr_array_index (groups, i);

      if (!WORK_CALL (item->parts->net, group_remove, nic->vpc_index, group->index, error))
        return FALSE;
      work_applied (item, group->id, 0, NULL);
    }
  return groups != NULL;
}

static gboolean
release_nic (WorkItem *item, const VmmNic *nic, GError **error)
{
  g_autoptr (GMutexLocker) lock = g_mutex_locker_new (vpc_lock (item, nic->vpc_index));
  g_autoptr (StoreTxn) txn = store_begin_read (item->ctx->store, error);
  g_autoptr (GPtrArray) groups = NULL;
  gboolean in_use = TRUE;

  if (txn == NULL || !store_vpc_is_in_use (txn, nic->vpc_id, item->ctx->host_id, &in_use, error))
    return FALSE;
  if (in_use)
    return release_groups (item, txn, nic, error);
  groups = store_vpc_groups_unused (txn, nic->vpc_id, item->ctx->host_id, error);
  if (groups == NULL || !WORK_CALL (item->parts->net, vpc_remove, nic->vpc_index, error))
    return FALSE;
  for (guint i = 0; i < groups->len; i++)
    work_applied (item, ((const VmmGroup *) g_ptr_array_index (groups, i))->id, 0, NULL);
  return TRUE;
}

gboolean
work_network_release (WorkItem *item, const VmmInstance *instance, GError **error)
{
  for (guint i = 0; i < instance->nics->len; i++)
    if (!work_nic_release (item, g_ptr_array_index (instance->nics, i), error))
      return FALSE;
  return TRUE;
}

gboolean
work_nic_release (WorkItem *item, const VmmNic *nic, GError **error)
{
  g_autoptr (GRWLockReaderLocker) reading
      = g_rw_lock_reader_locker_new (&work_net_locks (item->work)->whole);

  (void) reading;
  return release_nic (item, nic, error);
}

/* The group's VPC may not stand yet, where the first instance is still being made or was never
 * started. */
static gboolean
apply_group_in_vpc (WorkItem *item, StoreTxn *txn, const VmmGroup *row, guint32 vpc_index,
                    GError **error)
{
  g_autoptr (GError) local = NULL;
  g_autoptr (NetctlVpc) vpc = NULL;

  if (apply_group (item, txn, row, vpc_index, &local))
    return TRUE;
  if (!g_error_matches (local, NETCTL_ERROR, NETCTL_ERROR_INVALID))
    {
      g_propagate_error (error, g_steal_pointer (&local));
      return FALSE;
    }
  vpc = work_plan_vpc (item->ctx, txn, row->vpc_id, error);
  return vpc != NULL && WORK_CALL (item->parts->net, vpc_apply, vpc, error)
         && apply_group (item, txn, row, vpc_index, error);
}

/* A security group's rules changed. */
gint64
work_group (WorkItem *item)
{
  g_autoptr (GRWLockReaderLocker) reading
      = g_rw_lock_reader_locker_new (&work_net_locks (item->work)->whole);
  g_autoptr (GError) error = NULL;
  g_autoptr (StoreTxn) txn = store_begin_read (item->ctx->store, &error);
  g_autoptr (VmmGroup) row = txn != NULL ? store_group_get (txn, NULL, item->id, &error) : NULL;
  g_autoptr (VmmVpc) vpc = row != NULL ? store_vpc_get (txn, NULL, row->vpc_id, &error) : NULL;
  g_autoptr (GMutexLocker) lock = NULL;
  gboolean in_use = FALSE;

  if (g_error_matches (error, VMM_ERROR, VMM_ERROR_GROUP_NOT_FOUND))
    return WORK_DONE;
  if (vpc == NULL)
    return work_failed (item, g_steal_pointer (&error));
  /* The rows are read again under the lock: what is applied last is then what was written last. */
  g_clear_pointer (&txn, store_txn_free);
  lock = g_mutex_locker_new (vpc_lock (item, vpc->index));
  txn = store_begin_read (item->ctx->store, &error);
  g_clear_pointer (&row, vmm_group_free);
  if (txn != NULL)
    row = store_group_get (txn, NULL, item->id, &error);
  if (g_error_matches (error, VMM_ERROR, VMM_ERROR_GROUP_NOT_FOUND))
    return WORK_DONE;
  if (row == NULL || !store_group_is_in_use (txn, row->id, item->ctx->host_id, &in_use, &error))
    return work_failed (item, g_steal_pointer (&error));
  if (!in_use || apply_group_in_vpc (item, txn, row, vpc->index, &error))
    return WORK_DONE;
  return work_failed (item, g_steal_pointer (&error));
}

/* Only a running instance has a port to change; any other reads its rows when it starts. A group
 * that it was the last to leave goes at once, unless the instance is on its way to off and may have
 * its port yet: then it goes with the port. */
gboolean
work_nic_change (WorkItem *item, const VmmNic *nic, GError **error)
{
  g_autoptr (GRWLockReaderLocker) reading
      = g_rw_lock_reader_locker_new (&work_net_locks (item->work)->whole);
  g_autoptr (GMutexLocker) lock = g_mutex_locker_new (vpc_lock (item, nic->vpc_index));
  g_autoptr (StoreTxn) txn = store_begin_read (item->ctx->store, error);
  g_autoptr (VmmNic) now = txn != NULL ? read_again (txn, nic->id, error) : NULL;
  g_autoptr (VmmInstance) instance = NULL;

  (void) reading;
  (void) lock;
  if (now == NULL)
    return FALSE;
  if (!vmm_nic_state_is_plugged (now->state))
    return TRUE;
  instance = store_instance_get (txn, NULL, now->instance_id, error);
  if (instance == NULL)
    return FALSE;
  if (instance->state == VMM_INSTANCE_STOPPED)
    return release_groups (item, txn, now, error);
  return instance->state != VMM_INSTANCE_RUNNING
         || (apply_nic (item, txn, now, instance->host_name, now->state == VMM_NIC_IN_USE, error)
             && release_groups (item, txn, now, error));
}

/* Vswitches, routes or public addresses came or went: they follow where the VPC stands on this
 * host. *@out_seen, once read: what the host is told of by this. */
static gboolean
change_vpc (WorkItem *item, const VmmVpc *row, OpsPublicSeen **out_seen, GError **error)
{
  g_autoptr (GMutexLocker) lock = g_mutex_locker_new (vpc_lock (item, row->index));
  g_autoptr (StoreTxn) txn = store_begin_read (item->ctx->store, error);
  g_autoptr (NetctlVpc) vpc = NULL;
  gboolean in_use = FALSE;

  *out_seen = txn != NULL ? ops_public_see (txn, row->id, error) : NULL;
  if (*out_seen == NULL || !store_vpc_is_in_use (txn, row->id, item->ctx->host_id, &in_use, error))
    return FALSE;
  /* Without an interface here there is nothing that an address could lead to; what it led to may
   * still be on its way out. */
  if (!in_use)
    return !ops_public_seen_leaves (*out_seen)
           || WORK_CALL (item->parts->net, vpc_remove, row->index, error);
  vpc = work_plan_vpc (item->ctx, txn, row->id, error);
  return vpc != NULL && WORK_CALL (item->parts->net, vpc_apply, vpc, error);
}

gint64
work_vpc (WorkItem *item)
{
  g_autoptr (GRWLockReaderLocker) reading
      = g_rw_lock_reader_locker_new (&work_net_locks (item->work)->whole);
  g_autoptr (GError) error = NULL;
  g_autoptr (StoreTxn) txn = store_begin_read (item->ctx->store, &error);
  g_autoptr (VmmVpc) vpc = txn != NULL ? store_vpc_get (txn, NULL, item->id, &error) : NULL;
  g_autoptr (OpsPublicSeen) seen = NULL;

  if (g_error_matches (error, VMM_ERROR, VMM_ERROR_VPC_NOT_FOUND))
    return WORK_DONE;
  g_clear_pointer (&txn, store_txn_free);
  if (vpc != NULL && change_vpc (item, vpc, &seen, &error) && work_public_told (item, seen, &error))
    return WORK_DONE;
  return work_public_failed (item, seen, g_steal_pointer (&error));
}

static gboolean
plan_vpc (WorkItem *item, StoreTxn *txn, const VmmVpc *row, NetctlPlan *plan, GError **error)
{
  NetctlVpc *vpc = work_plan_vpc (item->ctx, txn, row->id, error);
  g_autoptr (GPtrArray) groups = NULL;

  if (vpc == NULL)
    return FALSE;
  g_ptr_array_add (plan->vpcs, vpc);
  groups = store_vpc_groups_in_use (txn, row->id, item->ctx->host_id, error);
  for (guint i = 0; groups != NULL && i < groups->len; i++)
    {
      const VmmGroup *group_row = g_ptr_array_index (groups, i);
      NetctlGroup *group = work_plan_group (txn, group_row, row->index, error);

      if (group == NULL)
        return FALSE;
      g_ptr_array_add (plan->groups, group);
      work_applied (item, group_row->id, group_row->generation, NULL);
    }
  return groups != NULL;
}

static gboolean
plan_nic (WorkItem *item, StoreTxn *txn, const VmmNic *nic, NetctlPlan *plan, GError **error)
{
  g_autoptr (VmmInstance) instance = NULL;
  NetctlPort *port;

  if (!vmm_nic_state_is_plugged (nic->state))
    return TRUE;
  instance = store_instance_get (txn, NULL, nic->instance_id, error);
  if (instance == NULL)
    return FALSE;
  if (!vmm_instance_state_has_port (instance->state))
    return TRUE;
  port = work_plan_port (txn, nic, instance->host_name, error);
  if (port == NULL)
    return FALSE;
  g_ptr_array_add (plan->ports, port);
  if (instance->state == VMM_INSTANCE_RUNNING && nic->state == VMM_NIC_IN_USE)
    work_applied (item, nic->id, nic->generation, NULL);
  return TRUE;
}

/* What the rows say is in force and the plan has not went when a crash kept that from being noted.
 */
static gboolean
forget_unplanned (WorkItem *item, StoreTxn *txn, const NetctlPlan *plan, GError **error)
{
  g_autoptr (GHashTable) known = store_applied_list (txn, item->ctx->host_id, error);
  g_autoptr (GHashTable) ports = g_hash_table_new (g_str_hash, g_str_equal);
  GHashTableIter iter;
  gpointer id;

  if (known == NULL)
    return FALSE;
  for (guint i = 0; i < plan->ports->len; i++)
    g_hash_table_add (ports, ((NetctlPort *) g_ptr_array_index (plan->ports, i))->id);
  g_hash_table_iter_init (&iter, known);
  while (g_hash_table_iter_next (&iter, &id, NULL))
    if (!g_hash_table_contains (item->news, id) && !g_hash_table_contains (ports, id))
      work_applied (item, id, 0, NULL);
  return TRUE;
}

gboolean
work_network_plan (WorkItem *item, StoreTxn *txn, NetctlPlan *plan, GError **error)
{
  g_autoptr (GPtrArray) vpcs = store_vpcs_in_use (txn, item->ctx->host_id, error);
  g_autoptr (GPtrArray) nics = NULL;

  for (guint i = 0; vpcs != NULL && i < vpcs->len; i++)
    if (!plan_vpc (item, txn, g_ptr_array_index (vpcs, i), plan, error))
      return FALSE;
  if (vpcs != NULL)
    nics = store_nic_list_host (txn, item->ctx->host_id, error);
  for (guint i = 0; nics != NULL && i < nics->len; i++)
    if (!plan_nic (item, txn, g_ptr_array_index (nics, i), plan, error))
      return FALSE;
  return nics != NULL;
}

static gboolean
compare (WorkItem *item, GError **error)
{
  g_autoptr (GRWLockWriterLocker) writing
      = g_rw_lock_writer_locker_new (&work_net_locks (item->work)->whole);
  g_autoptr (StoreTxn) txn = store_begin_read (item->ctx->store, error);
  g_autoptr (NetctlPlan) plan = netctl_plan_new ();

  (void) writing;
  return txn != NULL && work_network_plan (item, txn, plan, error)
         && forget_unplanned (item, txn, plan, error)
         && WORK_CALL (item->parts->net, reconcile, plan, error);
}

gboolean
work_network_reconcile (WorkItem *item, GError **error)
{
  if (compare (item, error))
    return TRUE;
  /* What of it came into force is not known. */
  g_hash_table_remove_all (item->news);
  return FALSE;
}
