/* SPDX-License-Identifier: GPL-2.0-or-later */
/* From rows to the network of this host. */
#include "config.h"

#include "store-instance.h"
#include "store-network.h"
#include "vmm-error.h"
#include "work-item.h"
#include <netinet/in.h>
#include <stdio.h>

static GMutex *
vpc_lock (WorkItem *item, guint32 index)
{
  WorkNetLocks *locks = work_net_locks (item->work);

  return &locks->vpcs[index % G_N_ELEMENTS (locks->vpcs)];
}

static NetctlVpc *
vpc_plan (WorkItem *item, StoreTxn *txn, const char *vpc_id, GError **error)
{
  g_autoptr (VmmVpc) row = store_vpc_get (txn, NULL, vpc_id, error);
  g_autoptr (GPtrArray) vswitches = row != NULL ? store_vpc_vswitches (txn, vpc_id, error) : NULL;
  g_autoptr (NetctlVpc) vpc = NULL;

  if (vswitches == NULL)
    return NULL;
  vpc = netctl_vpc_new ();
  vpc->index = row->index;
  vpc->id = g_strdup (row->id);
  vpc->nat = item->ctx->config->nat;
  for (guint i = 0; i < vswitches->len; i++)
    {
      const VmmVswitch *vswitch = g_ptr_array_index (vswitches, i);
      VmmRange range = { 0 };
      NetctlSubnet subnet = { 0 };
      g_autofree char *gateway = NULL;

      if (vmm_range_parse (vswitch->cidr, &range))
        gateway = vmm_address_format (vmm_range_gateway (&range));
      if (gateway == NULL || !netctl_prefix_parse (vswitch->cidr, &subnet.range)
          || !netctl_prefix_parse (gateway, &subnet.gateway))
        {
          vmm_fail (error, VMM_ERROR_INTERNAL, "vswitch %s has the range '%s'", vswitch->id,
                    vswitch->cidr);
          return NULL;
        }
      g_array_append_val (vpc->subnets, subnet);
    }
  return g_steal_pointer (&vpc);
}

static int
protocol_number (const char *name)
{
  static const struct
  {
    const char *name;
    int number;
  } numbers[] = {
    { "tcp", IPPROTO_TCP }, { "udp", IPPROTO_UDP }, { "icmp", IPPROTO_ICMP }, { "gre", IPPROTO_GRE }
  };

  for (guint i = 0; i < G_N_ELEMENTS (numbers); i++)
    if (g_str_equal (numbers[i].name, name))
      return numbers[i].number;
  return -1;
}

static gboolean
add_rule (StoreTxn *txn, const VmmRule *row, NetctlGroup *group, GError **error)
{
  NetctlRule rule = {
    .direction = row->egress ? NETCTL_EGRESS : NETCTL_INGRESS,
    .accept = row->accept,
    .priority = row->priority,
    .protocol = protocol_number (row->protocol),
    .port_min = row->port_min,
    .port_max = row->port_max,
    .source_port_min = row->source_port_min,
    .source_port_max = row->source_port_max,
    .peer_is_group = *row->peer_group_id != '\0',
  };

  if (rule.peer_is_group)
    {
      g_autoptr (VmmGroup) peer = store_group_get (txn, NULL, row->peer_group_id, error);

      if (peer == NULL)
        return FALSE;
      rule.peer_group = peer->index;
    }
  else if (!netctl_prefix_parse (row->cidr, &rule.peer))
    return vmm_fail (error, VMM_ERROR_INTERNAL, "rule %s has the range '%s'", row->id, row->cidr);
  g_array_append_val (group->rules, rule);
  return TRUE;
}

static NetctlGroup *
group_plan (StoreTxn *txn, const VmmGroup *row, guint32 vpc_index, GError **error)
{
  g_autoptr (GPtrArray) rules = store_rule_list (txn, row->id, error);
  g_autoptr (NetctlGroup) group = NULL;

  if (rules == NULL)
    return NULL;
  group = netctl_group_new ();
  group->vpc = vpc_index;
  group->index = row->index;
  group->members_reach_each_other = row->inner_accept;
  for (guint i = 0; i < rules->len; i++)
    if (!add_rule (txn, g_ptr_array_index (rules, i), group, error))
      return NULL;
  return g_steal_pointer (&group);
}

static NetctlPort *
port_plan (StoreTxn *txn, const VmmNic *nic, const char *host_name, GError **error)
{
  g_autoptr (NetctlPort) port = netctl_port_new ();
  NetctlPrefix address;
  guint mac[6];

  port->vpc = nic->vpc_index;
  port->index = nic->index;
  port->id = g_strdup (nic->id);
  port->host_name = g_strdup (host_name);
  if (!netctl_prefix_parse (nic->ip, &address)
      || sscanf (nic->mac, "%2x:%2x:%2x:%2x:%2x:%2x", &mac[0], &mac[1], &mac[2], &mac[3], &mac[4],
                 &mac[5])
             != 6)
    {
      vmm_fail (error, VMM_ERROR_INTERNAL, "interface %s has address '%s' and MAC '%s'", nic->id,
                nic->ip, nic->mac);
      return NULL;
    }
  for (guint i = 0; i < G_N_ELEMENTS (mac); i++)
    port->mac[i] = (guint8) mac[i];
  g_array_append_val (port->addresses, address);
  for (guint i = 0; i < nic->group_ids->len; i++)
    {
      g_autoptr (VmmGroup) group
          = store_group_get (txn, NULL, g_ptr_array_index (nic->group_ids, i), error);

      if (group == NULL)
        return NULL;
      g_array_append_val (port->groups, group->index);
    }
  return g_steal_pointer (&port);
}

static gboolean
apply_groups (WorkItem *item, StoreTxn *txn, const VmmNic *nic, GError **error)
{
  for (guint i = 0; i < nic->group_ids->len; i++)
    {
      g_autoptr (VmmGroup) row
          = store_group_get (txn, NULL, g_ptr_array_index (nic->group_ids, i), error);
      g_autoptr (NetctlGroup) group
          = row != NULL ? group_plan (txn, row, nic->vpc_index, error) : NULL;

      if (group == NULL || !WORK_CALL (item->parts->net, group_apply, group, error))
        return FALSE;
    }
  return TRUE;
}

/* VPC, groups and port of an interface, under the lock of its VPC. */
static gboolean
apply_nic (WorkItem *item, StoreTxn *txn, const VmmNic *nic, const char *host_name, GError **error)
{
  g_autoptr (NetctlVpc) vpc = vpc_plan (item, txn, nic->vpc_id, error);
  g_autoptr (NetctlPort) port = vpc != NULL ? port_plan (txn, nic, host_name, error) : NULL;

  return port != NULL && WORK_CALL (item->parts->net, vpc_apply, vpc, error)
         && apply_groups (item, txn, nic, error)
         && WORK_CALL (item->parts->net, port_prepare, port, error);
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
prepare_nic (WorkItem *item, const VmmInstance *instance, const VmmNic *nic, GError **error)
{
  g_autoptr (GMutexLocker) lock = g_mutex_locker_new (vpc_lock (item, nic->vpc_index));
  g_autoptr (StoreTxn) txn = store_begin_read (item->ctx->store, error);
  g_autoptr (VmmNic) now = NULL;

  if (txn == NULL)
    return FALSE;
  /* Its groups may have changed since the instance was read. */
  now = read_again (txn, nic->id, error);
  return now != NULL && apply_nic (item, txn, now, instance->host_name, error);
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

static gboolean
for_each_port (WorkItem *item, const VmmInstance *instance, PortCall call, GError **error)
{
  g_autoptr (StoreTxn) txn = store_begin_read (item->ctx->store, error);

  for (guint i = 0; txn != NULL && i < instance->nics->len; i++)
    {
      g_autoptr (NetctlPort) port
          = port_plan (txn, g_ptr_array_index (instance->nics, i), instance->host_name, error);

      if (port == NULL || !call (item, port, error))
        return FALSE;
    }
  return txn != NULL;
}

gboolean
work_network_prepare (WorkItem *item, const VmmInstance *instance, GError **error)
{
  g_autoptr (GRWLockReaderLocker) reading
      = g_rw_lock_reader_locker_new (&work_net_locks (item->work)->whole);

  for (guint i = 0; i < instance->nics->len; i++)
    if (!prepare_nic (item, instance, g_ptr_array_index (instance->nics, i), error))
      return FALSE;
  return TRUE;
}

gboolean
work_network_attach (WorkItem *item, const VmmInstance *instance, GError **error)
{
  g_autoptr (GRWLockReaderLocker) reading
      = g_rw_lock_reader_locker_new (&work_net_locks (item->work)->whole);

  (void) reading;
  return for_each_port (item, instance, attach, error);
}

gboolean
work_network_down (WorkItem *item, const VmmInstance *instance, GError **error)
{
  return for_each_port (item, instance, detach, error);
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
    }
  return groups != NULL;
}

static gboolean
release_nic (WorkItem *item, const VmmNic *nic, GError **error)
{
  g_autoptr (GMutexLocker) lock = g_mutex_locker_new (vpc_lock (item, nic->vpc_index));
  g_autoptr (StoreTxn) txn = store_begin_read (item->ctx->store, error);
  gboolean in_use = TRUE;

  if (txn == NULL || !store_vpc_is_in_use (txn, nic->vpc_id, item->ctx->host_id, &in_use, error))
    return FALSE;
  return in_use ? release_groups (item, txn, nic, error)
                : WORK_CALL (item->parts->net, vpc_remove, nic->vpc_index, error);
}

gboolean
work_network_release (WorkItem *item, const VmmInstance *instance, GError **error)
{
  g_autoptr (GRWLockReaderLocker) reading
      = g_rw_lock_reader_locker_new (&work_net_locks (item->work)->whole);

  for (guint i = 0; i < instance->nics->len; i++)
    if (!release_nic (item, g_ptr_array_index (instance->nics, i), error))
      return FALSE;
  return TRUE;
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
  g_autoptr (NetctlGroup) group = NULL;
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
  if (txn == NULL || !store_group_is_in_use (txn, row->id, item->ctx->host_id, &in_use, &error))
    return work_failed (item, g_steal_pointer (&error));
  if (!in_use)
    return WORK_DONE;
  group = group_plan (txn, row, vpc->index, &error);
  if (group != NULL && WORK_CALL (item->parts->net, group_apply, group, &error))
    return WORK_DONE;
  return work_failed (item, g_steal_pointer (&error));
}

/* An interface joined or left a group. Only a running instance has a port to change; any other
 * reads its groups when it starts. */
static gboolean
change_nic (WorkItem *item, const VmmNic *nic, GError **error)
{
  g_autoptr (GMutexLocker) lock = g_mutex_locker_new (vpc_lock (item, nic->vpc_index));
  g_autoptr (StoreTxn) txn = store_begin_read (item->ctx->store, error);
  g_autoptr (VmmNic) now = txn != NULL ? read_again (txn, nic->id, error) : NULL;
  g_autoptr (VmmInstance) instance = NULL;

  if (now != NULL)
    instance = store_instance_get (txn, NULL, now->instance_id, error);
  if (instance == NULL)
    return FALSE;
  return instance->state != VMM_INSTANCE_RUNNING
         || (apply_nic (item, txn, now, instance->host_name, error)
             && release_groups (item, txn, now, error));
}

gint64
work_nic (WorkItem *item)
{
  g_autoptr (GRWLockReaderLocker) reading
      = g_rw_lock_reader_locker_new (&work_net_locks (item->work)->whole);
  g_autoptr (GError) error = NULL;
  g_autoptr (StoreTxn) txn = store_begin_read (item->ctx->store, &error);
  g_autoptr (VmmNic) nic = txn != NULL ? store_nic_get (txn, item->id, &error) : NULL;

  if (nic == NULL && error == NULL)
    return WORK_DONE;
  g_clear_pointer (&txn, store_txn_free);
  if (nic != NULL && change_nic (item, nic, &error))
    return WORK_DONE;
  if (g_error_matches (error, VMM_ERROR, VMM_ERROR_OPERATION_CONFLICT))
    return 0;
  return work_failed (item, g_steal_pointer (&error));
}

/* Vswitches came or went: their gateways follow where the VPC stands on this host. */
static gboolean
change_vpc (WorkItem *item, const VmmVpc *row, GError **error)
{
  g_autoptr (GMutexLocker) lock = g_mutex_locker_new (vpc_lock (item, row->index));
  g_autoptr (StoreTxn) txn = store_begin_read (item->ctx->store, error);
  g_autoptr (NetctlVpc) vpc = NULL;
  gboolean in_use = FALSE;

  if (txn == NULL || !store_vpc_is_in_use (txn, row->id, item->ctx->host_id, &in_use, error))
    return FALSE;
  if (!in_use)
    return TRUE;
  vpc = vpc_plan (item, txn, row->id, error);
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

  if (g_error_matches (error, VMM_ERROR, VMM_ERROR_VPC_NOT_FOUND))
    return WORK_DONE;
  g_clear_pointer (&txn, store_txn_free);
  if (vpc != NULL && change_vpc (item, vpc, &error))
    return WORK_DONE;
  return work_failed (item, g_steal_pointer (&error));
}

static gboolean
plan_vpc (WorkItem *item, StoreTxn *txn, const VmmVpc *row, NetctlPlan *plan, GError **error)
{
  NetctlVpc *vpc = vpc_plan (item, txn, row->id, error);
  g_autoptr (GPtrArray) groups = NULL;

  if (vpc == NULL)
    return FALSE;
  g_ptr_array_add (plan->vpcs, vpc);
  groups = store_vpc_groups_in_use (txn, row->id, item->ctx->host_id, error);
  for (guint i = 0; groups != NULL && i < groups->len; i++)
    {
      NetctlGroup *group = group_plan (txn, g_ptr_array_index (groups, i), row->index, error);

      if (group == NULL)
        return FALSE;
      g_ptr_array_add (plan->groups, group);
    }
  return groups != NULL;
}

/* An interface has a port for as long as its instance's domain may be up and its owner wants it:
 * the network of one that is being deleted goes first and must not come back with its address. */
static gboolean
plan_nic (StoreTxn *txn, const VmmNic *nic, NetctlPlan *plan, GError **error)
{
  g_autoptr (VmmInstance) instance = store_instance_get (txn, NULL, nic->instance_id, error);
  NetctlPort *port;

  if (instance == NULL)
    return FALSE;
  if (instance->state == VMM_INSTANCE_PENDING || instance->state == VMM_INSTANCE_STOPPED
      || instance->state == VMM_INSTANCE_DELETING)
    return TRUE;
  port = port_plan (txn, nic, instance->host_name, error);
  if (port == NULL)
    return FALSE;
  g_ptr_array_add (plan->ports, port);
  return TRUE;
}

gboolean
work_network_reconcile (WorkItem *item, GError **error)
{
  g_autoptr (GRWLockWriterLocker) writing
      = g_rw_lock_writer_locker_new (&work_net_locks (item->work)->whole);
  g_autoptr (StoreTxn) txn = store_begin_read (item->ctx->store, error);
  g_autoptr (NetctlPlan) plan = netctl_plan_new ();
  g_autoptr (GPtrArray) vpcs = NULL;
  g_autoptr (GPtrArray) nics = NULL;

  if (txn != NULL)
    vpcs = store_vpcs_in_use (txn, item->ctx->host_id, error);
  for (guint i = 0; vpcs != NULL && i < vpcs->len; i++)
    if (!plan_vpc (item, txn, g_ptr_array_index (vpcs, i), plan, error))
      return FALSE;
  if (vpcs != NULL)
    nics = store_nic_list_host (txn, item->ctx->host_id, error);
  for (guint i = 0; nics != NULL && i < nics->len; i++)
    if (!plan_nic (txn, g_ptr_array_index (nics, i), plan, error))
      return FALSE;
  return nics != NULL && WORK_CALL (item->parts->net, reconcile, plan, error);
}
