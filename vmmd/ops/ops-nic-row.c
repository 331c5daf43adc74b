/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Making and moving rows of network interfaces. */
#include "config.h"

#include "ops-deadline.h"
#include "ops-group-member.h"
#include "ops-instance-check.h"
#include "ops-ipv6-row.h"
#include "ops-nic-row.h"
#include "store-applied.h"
#include "store-instance.h"
#include "store-network.h"
#include "vmm-clock.h"
#include "vmm-id.h"

#define GROUPS_A_NIC 5

gboolean
ops_nic_choose_address (StoreTxn *txn, const VmmVswitch *vswitch, const char *wanted, VmmError code,
                        char **out, GError **error)
{
  VmmRange range;
  guint32 address = 0;

  if (!vmm_range_parse (vswitch->cidr, &range))
    return vmm_fail (error, VMM_ERROR_INTERNAL, "vswitch '%s' has the range '%s'", vswitch->id,
                     vswitch->cidr);
  if (wanted != NULL)
    {
      if (!vmm_address_parse (wanted, &address) || !vmm_range_is_usable (&range, address))
        return vmm_fail (error, code, "the address '%s' is not one an instance may have in %s",
                         wanted, vswitch->cidr);
    }
  else if (!store_nic_free_address (txn, vswitch->vpc_id, range.first + 1, range.last - 3, &address,
                                    error))
    return FALSE;
  else if (address == 0)
    return vmm_fail (error, VMM_ERROR_VSWITCH_FULL, "vswitch '%s' has no free address in %s",
                     vswitch->id, vswitch->cidr);
  *out = vmm_address_format (address);
  return TRUE;
}

static gboolean
add_default_group (StoreTxn *txn, const VmmCaller *caller, const char *vpc_id, GPtrArray *ids,
                   GError **error)
{
  g_autoptr (GError) local = NULL;
  g_autoptr (VmmGroup) group = store_group_get_default (txn, caller->account_id, vpc_id, &local);

  if (local != NULL)
    g_propagate_error (error, g_steal_pointer (&local));
  else if (group == NULL)
    vmm_fail (error, VMM_ERROR_MISSING_PARAMETER,
              "the input parameter SecurityGroupId is mandatory: %s has no default group", vpc_id);
  else
    g_ptr_array_add (ids, g_strdup (group->id));
  return group != NULL;
}

GPtrArray *
ops_nic_choose_groups (StoreTxn *txn, const VmmCaller *caller, const char *vpc_id,
                       const char *const *group_ids, VmmError mismatch, GError **error)
{
  g_autoptr (GPtrArray) ids = g_ptr_array_new_with_free_func (g_free);

  for (guint i = 0; group_ids != NULL && group_ids[i] != NULL; i++)
    {
      g_autoptr (VmmGroup) group = store_group_get (txn, caller->account_id, group_ids[i], error);

      if (group == NULL)
        return NULL;
      if (!g_str_equal (group->vpc_id, vpc_id))
        {
          vmm_fail (error, mismatch, "security group '%s' is in %s, the interface in %s", group->id,
                    group->vpc_id, vpc_id);
          return NULL;
        }
      if (!g_ptr_array_find_with_equal_func (ids, group->id, g_str_equal, NULL))
        g_ptr_array_add (ids, g_strdup (group->id));
    }
  if (ids->len > GROUPS_A_NIC)
    {
      vmm_fail (error, VMM_ERROR_GROUP_LIMIT, "%u security groups given, at most %u", ids->len,
                GROUPS_A_NIC);
      return NULL;
    }
  if (ids->len == 0 && !add_default_group (txn, caller, vpc_id, ids, error))
    return NULL;
  return g_steal_pointer (&ids);
}

static guint
count_texts (const char *const *texts)
{
  return texts != NULL ? g_strv_length ((char **) texts) : 0;
}

gboolean
ops_nic_check_spec (const OpsNicSpec *spec, GError **error)
{
  const OpsIpv6Spec ipv6 = { spec->ips6, spec->ip6_count };
  guint count = count_texts (spec->ips);

  if (spec->name != NULL && *spec->name != '\0' && !vmm_instance_name_is_valid (spec->name))
    return vmm_fail (error, VMM_ERROR_NIC_NAME_MALFORMED,
                     "the NetworkInterfaceName must be 2 to 128 characters, begin with a letter, "
                     "and not with http:// or https://");
  if (!ops_check_description (spec->description, error))
    return FALSE;
  if (count > 0 && spec->ip_count > 0)
    return vmm_fail (error, VMM_ERROR_INVALID_PARAMETER,
                     "PrivateIpAddress.N and SecondaryPrivateIpAddressCount exclude each other");
  if (count + spec->ip_count >= VMM_NIC_ADDRESSES_MAX)
    return vmm_fail (error, VMM_ERROR_NIC_ADDRESS_LIMIT,
                     "%u secondary addresses asked; an interface has at most %u addresses",
                     count + spec->ip_count, VMM_NIC_ADDRESSES_MAX);
  for (guint i = 0; i < count; i++)
    if (g_strcmp0 (spec->ips[i], spec->primary_ip) == 0
        || g_strv_contains (spec->ips + i + 1, spec->ips[i]))
      return vmm_fail (error, VMM_ERROR_NIC_ADDRESS_REPEATED, "the address '%s' is named twice",
                       spec->ips[i]);
  return ops_ipv6_check_spec (&ipv6, error);
}

static gboolean
choose_addresses (StoreTxn *txn, const VmmVswitch *vswitch, const OpsNicSpec *spec, VmmNic *nic,
                  GError **error)
{
  if (!ops_nic_choose_address (txn, vswitch, spec->primary_ip, VMM_ERROR_NIC_ADDRESS_OUTSIDE,
                               &nic->ip, error))
    return FALSE;
  nic->ips = g_ptr_array_new_with_free_func (g_free);
  for (guint i = 0; i < count_texts (spec->ips); i++)
    {
      char *ip = NULL;

      if (!ops_nic_choose_address (txn, vswitch, spec->ips[i], VMM_ERROR_NIC_ADDRESS_OUTSIDE, &ip,
                                   error))
        return FALSE;
      g_ptr_array_add (nic->ips, ip);
    }
  return TRUE;
}

/* Chosen one by one, for each must see that the one before is taken. */
static gboolean
add_counted (StoreTxn *txn, const VmmVswitch *vswitch, guint count, VmmNic *nic, GError **error)
{
  for (guint i = 0; i < count; i++)
    {
      char *ip = NULL;
      guint32 address = 0;

      if (!ops_nic_choose_address (txn, vswitch, NULL, VMM_ERROR_INTERNAL, &ip, error))
        return FALSE;
      g_ptr_array_add (nic->ips, ip);
      if (!vmm_address_parse (ip, &address) || !store_nic_add_address (txn, nic, address, error))
        return FALSE;
    }
  return TRUE;
}

VmmNic *
ops_nic_insert (VmmContext *ctx, StoreTxn *txn, const VmmCaller *caller, const OpsNicSpec *spec,
                const VmmVswitch *vswitch, const VmmInstance *instance, GError **error)
{
  const OpsIpv6Spec ipv6 = { spec->ips6, spec->ip6_count };
  g_autoptr (VmmNic) nic = g_new0 (VmmNic, 1);
  guint count = 0, limit = (guint) ctx->config->max_interfaces;

  if (!store_nic_count_account (txn, caller->account_id, &count, error))
    return NULL;
  if (count >= limit)
    {
      vmm_fail (error, VMM_ERROR_NIC_QUOTA,
                "the account has %u interfaces beside its instances' own, its limit is %u", count,
                limit);
      return NULL;
    }
  nic->group_ids = ops_nic_choose_groups (txn, caller, vswitch->vpc_id, spec->group_ids,
                                          VMM_ERROR_GROUP_VPC_MISMATCH, error);
  if (nic->group_ids == NULL || !choose_addresses (txn, vswitch, spec, nic, error)
      || !store_nic_new_mac (txn, &nic->mac, error))
    return NULL;
  nic->id = vmm_id_new (VMM_ID_NIC);
  nic->account_id = g_strdup (caller->account_id);
  nic->instance_id = g_strdup (instance != NULL ? instance->id : "");
  nic->vpc_id = g_strdup (vswitch->vpc_id);
  nic->vswitch_id = g_strdup (vswitch->id);
  nic->name = g_strdup (spec->name != NULL ? spec->name : "");
  nic->description = g_strdup (spec->description != NULL ? spec->description : "");
  nic->reason = g_strdup ("");
  nic->state = instance != NULL ? VMM_NIC_IN_USE : VMM_NIC_AVAILABLE;
  nic->delete_with_instance = spec->delete_with_instance;
  nic->created_ms = vmm_clock_now_ms ();
  if (!store_nic_insert (txn, ctx->host_id, nic, error)
      || !add_counted (txn, vswitch, spec->ip_count, nic, error)
      || !ops_ipv6_add (txn, vswitch, nic, &ipv6, error)
      || !ops_group_check_room (txn, nic->group_ids, error))
    return NULL;
  return g_steal_pointer (&nic);
}

static gint64
deadline (VmmContext *ctx, VmmNicState state)
{
  gint64 s = 0;

  switch (vmm_nic_state_work (state))
    {
    case VMM_NIC_WORK_ATTACH:
      s = ctx->config->attach_s;
      break;
    case VMM_NIC_WORK_DETACH:
      s = ctx->config->detach_s;
      break;
    case VMM_NIC_WORK_DELETE:
      s = ctx->config->delete_s;
      break;
    case VMM_NIC_WORK_NONE:
    default:
      return 0;
    }
  return vmm_clock_now_ms () + s * 1000;
}

gboolean
ops_nic_move (VmmContext *ctx, StoreTxn *txn, const VmmNic *nic, VmmNicEvent event,
              const char *reason, const char *instance_id, const char *host_id, GError **error)
{
  StoreNicMove step
      = { .from = nic->state, .reason = reason, .instance_id = instance_id, .host_id = host_id };

  if (!vmm_nic_state_next (nic->state, event, &step.to))
    return vmm_fail (error, VMM_ERROR_NIC_STATUS,
                     "the current status '%s' of interface '%s' does not support this operation",
                     vmm_nic_state_wire (nic->state), nic->id);
  step.deadline_ms = deadline (ctx, step.to);
  return store_nic_move (txn, nic, &step, error);
}

gboolean
ops_nic_settle_off (VmmContext *ctx, StoreTxn *txn, const VmmInstance *instance, GError **error)
{
  for (guint i = 0; i < instance->nics->len; i++)
    {
      const VmmNic *nic = g_ptr_array_index (instance->nics, i);
      VmmNicWork work = vmm_nic_state_work (nic->state);

      if (work == VMM_NIC_WORK_ATTACH
          && !ops_nic_move (ctx, txn, nic, VMM_NIC_ATTACHED, NULL, instance->id, instance->host_id,
                            error))
        return FALSE;
      if (work == VMM_NIC_WORK_DETACH
          && !ops_nic_move (ctx, txn, nic, VMM_NIC_DETACHED, NULL, "", "", error))
        return FALSE;
    }
  return store_applied_forget_instance (txn, instance->id, error);
}

/* A create that failed gives back all it made, whatever was to survive the instance: what it made
 * is younger than its primary interface, and what it was given is older. */
static gboolean
goes_with (const VmmInstance *instance, const VmmNic *nic)
{
  const VmmNic *primary = g_ptr_array_index (instance->nics, 0);
  gboolean never_ran = instance->boot_when_staged && instance->started_ms == 0;

  return nic->delete_with_instance || (never_ran && nic->index > primary->index);
}

gboolean
ops_nic_release_all (VmmContext *ctx, StoreTxn *txn, const VmmInstance *instance, GError **error)
{
  for (guint i = 0; i < instance->nics->len; i++)
    {
      const VmmNic *nic = g_ptr_array_index (instance->nics, i);

      if (!goes_with (instance, nic)
          && !ops_nic_move (ctx, txn, nic, VMM_NIC_DETACHED, NULL, "", "", error))
        return FALSE;
    }
  return TRUE;
}

gboolean
ops_nic_check_instance (const VmmInstance *instance, VmmError code, GError **error)
{
  if (instance->state == VMM_INSTANCE_RUNNING || instance->state == VMM_INSTANCE_STOPPED)
    return TRUE;
  return vmm_fail (error, code,
                   "the current status '%s' of instance '%s' does not support this operation",
                   vmm_instance_state_wire (instance->state), instance->id);
}

gboolean
ops_nic_check_changeable (StoreTxn *txn, const VmmNic *nic, VmmError code, GError **error)
{
  g_autoptr (VmmInstance) instance = NULL;

  if (nic->state == VMM_NIC_AVAILABLE)
    return TRUE;
  if (nic->state != VMM_NIC_IN_USE)
    return vmm_fail (error, VMM_ERROR_NIC_STATUS,
                     "the current status '%s' of interface '%s' does not support this operation",
                     vmm_nic_state_wire (nic->state), nic->id);
  instance = store_instance_get (txn, NULL, nic->instance_id, error);
  return instance != NULL && ops_nic_check_instance (instance, code, error);
}

VmmNic *
ops_nic_find_changeable (StoreTxn *txn, const VmmCaller *caller, const char *id, GError **error)
{
  g_autoptr (VmmNic) nic = store_nic_find (txn, caller->account_id, id, error);

  if (nic == NULL || !ops_nic_check_changeable (txn, nic, VMM_ERROR_NIC_INSTANCE_STATUS, error))
    return NULL;
  return g_steal_pointer (&nic);
}
