/* SPDX-License-Identifier: GPL-2.0-or-later */
/* RunInstances and CreateInstance: all checks and all rows in one transaction. */
#include "config.h"

#include "ops-address.h"
#include "ops-capacity.h"
#include "ops-deadline.h"
#include "ops-group-member.h"
#include "ops-image-row.h"
#include "ops-instance-check.h"
#include "ops-instance-disk.h"
#include "ops-instance-nic.h"
#include "ops-instance.h"
#include "ops-ipv6-row.h"
#include "ops-network-default.h"
#include "ops-nic-row.h"
#include "ops-secret.h"
#include "ops-txn.h"
#include "store-image.h"
#include "store-instance.h"
#include "store-network.h"
#include "vmm-clock.h"
#include "vmm-error.h"
#include "vmm-id.h"
#include <string.h>

#define MAX_AMOUNT 100

/* What the transaction found for a spec. */
typedef struct
{
  const VmmInstanceType *type;
  VmmImage *image;
  VmmVswitch *vswitch;
  GPtrArray *group_ids; /* char* */
  GPtrArray *disks;     /* VmmDisk*, as each instance gets them */
  guint amount;
  gboolean gives_addresses; /* public ones, that go with the instances */
} Plan;

static void
plan_clear (Plan *plan)
{
  g_clear_pointer (&plan->image, vmm_image_free);
  g_clear_pointer (&plan->vswitch, vmm_vswitch_free);
  g_clear_pointer (&plan->group_ids, g_ptr_array_unref);
  g_clear_pointer (&plan->disks, g_ptr_array_unref);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Plan, plan_clear)

static gboolean
check_amount (const OpsInstanceSpec *spec, GError **error)
{
  if (spec->amount < 1 || spec->amount > MAX_AMOUNT)
    return vmm_fail (error, VMM_ERROR_MAX_AMOUNT, "the Amount %u must be 1 to %u", spec->amount,
                     MAX_AMOUNT);
  if (spec->min_amount > spec->amount)
    return vmm_fail (error, VMM_ERROR_MIN_AMOUNT, "the MinAmount %u is above the Amount %u",
                     spec->min_amount, spec->amount);
  if (spec->private_ip != NULL && spec->amount > 1)
    return vmm_fail (error, VMM_ERROR_PRIVATE_IP_USED,
                     "PrivateIpAddress can be given to one instance only, Amount is %u",
                     spec->amount);
  return TRUE;
}

/* Everything that needs no database. */
static gboolean
check_spec (VmmContext *ctx, const OpsInstanceSpec *spec, Plan *plan, GError **error)
{
  plan->type = vmm_config_type (ctx->config, spec->type);
  if (plan->type == NULL)
    return vmm_fail (error, VMM_ERROR_INSTANCE_TYPE,
                     "the InstanceType '%s' does not exist; see DescribeInstanceTypes", spec->type);
  if (spec->zone_id != NULL && !g_str_equal (spec->zone_id, ctx->config->zone_id))
    return vmm_fail (error, VMM_ERROR_ZONE_NOT_FOUND, "the zone '%s' does not exist; there is '%s'",
                     spec->zone_id, ctx->config->zone_id);
  return check_amount (spec, error)
         && ops_instance_check_nics (spec->nics, spec->n_nics, plan->type->vcpus, spec->amount,
                                     error)
         && ops_instance_check_disks (ctx, &spec->system_disk, spec->disks, spec->n_disks, error)
         && ops_check_name (spec->name, error) && ops_check_description (spec->description, error)
         && ops_check_host_name (spec->host_name, error)
         && ops_check_user_data (spec->user_data, error);
}

static gboolean
find_image (VmmContext *ctx, StoreTxn *txn, const VmmCaller *caller, const OpsInstanceSpec *spec,
            Plan *plan, GError **error)
{
  if (spec->image_id == NULL && spec->image_family == NULL)
    return vmm_fail (error, VMM_ERROR_MISSING_PARAMETER,
                     "the input parameter ImageId is mandatory, or ImageFamily in its place");
  plan->image = spec->image_id != NULL
                    ? ops_instance_find_image (txn, caller, spec->image_id, error)
                    : ops_image_latest (txn, caller, spec->image_family, error);
  if (plan->image == NULL)
    return FALSE;
  plan->disks = ops_instance_plan_disks (ctx, txn, caller, plan->image, &spec->system_disk,
                                         spec->disks, spec->n_disks, error);
  return plan->disks != NULL;
}

/* Its owner may have deleted it: then the choice is the owner's. */
static VmmVswitch *
default_vswitch (VmmContext *ctx, StoreTxn *txn, const VmmCaller *caller, GError **error)
{
  g_autoptr (VmmVpc) vpc = ops_network_default (ctx, txn, caller->account_id, error);
  g_autoptr (GError) local = NULL;
  VmmVswitch *vswitch;

  if (vpc == NULL)
    return NULL;
  vswitch = store_vswitch_get_default (txn, caller->account_id, vpc->id, &local);
  if (local != NULL)
    g_propagate_error (error, g_steal_pointer (&local));
  else if (vswitch == NULL)
    vmm_fail (error, VMM_ERROR_MISSING_PARAMETER,
              "the input parameter VSwitchId is mandatory: %s has no default vswitch", vpc->id);
  return vswitch;
}

static gboolean
find_network (VmmContext *ctx, StoreTxn *txn, const VmmCaller *caller, const OpsInstanceSpec *spec,
              Plan *plan, GError **error)
{
  if (spec->vswitch_id != NULL)
    plan->vswitch = store_vswitch_get (txn, caller->account_id, spec->vswitch_id, error);
  else
    plan->vswitch = default_vswitch (ctx, txn, caller, error);
  if (plan->vswitch != NULL)
    plan->group_ids = ops_nic_choose_groups (txn, caller, plan->vswitch->vpc_id, spec->group_ids,
                                             VMM_ERROR_VPC_MISMATCH, error);
  return plan->group_ids != NULL;
}

/* Quota and capacity, as sums over rows inside the transaction that adds to them. */
static gboolean
admit (VmmContext *ctx, StoreTxn *txn, const VmmCaller *caller, const OpsInstanceSpec *spec,
       Plan *plan, GError **error)
{
  guint min = spec->min_amount != 0 ? spec->min_amount : spec->amount;
  guint limit = (guint) ctx->config->max_instances, have = 0, fit;
  g_autofree char *why = NULL;
  OpsCapacity capacity;

  if (!store_instance_count_account (txn, caller->account_id, &have, error)
      || !ops_capacity_read (ctx, txn, &capacity, error))
    return FALSE;
  if (have + min > limit)
    return vmm_fail (error, VMM_ERROR_QUOTA,
                     "the account has %u instances, its limit is %u; %u asked", have, limit, min);
  fit = ops_capacity_fit (ctx, &capacity, plan->type->vcpus, plan->type->memory_mib,
                          ops_instance_disk_bytes (plan->disks), spec->amount, &why);
  if (fit < min)
    return vmm_fail (error, VMM_ERROR_NO_STOCK, "%s", why);
  plan->amount = MIN (fit, limit - have);
  return TRUE;
}

/* The public address that comes with outgoing bandwidth. */
static gboolean
insert_public (VmmContext *ctx, StoreTxn *txn, const VmmInstance *instance, const VmmNic *nic,
               GError **error)
{
  g_autoptr (VmmEip) eip = ops_address_insert_plain (ctx, txn, instance, nic, NULL, error);

  return eip != NULL;
}

static gboolean
insert_nics (VmmContext *ctx, StoreTxn *txn, const VmmCaller *caller, const VmmInstance *instance,
             const OpsInstanceSpec *spec, const Plan *plan, GError **error)
{
  const OpsIpv6Spec ipv6 = { spec->ips6, spec->ip6_count };
  g_autoptr (VmmNic) nic = g_new0 (VmmNic, 1);

  if (!ops_nic_choose_address (txn, plan->vswitch, spec->private_ip, VMM_ERROR_PRIVATE_IP_MALFORMED,
                               &nic->ip, error)
      || !store_nic_new_mac (txn, &nic->mac, error))
    return FALSE;
  nic->id = vmm_id_new (VMM_ID_NIC);
  nic->account_id = g_strdup (instance->account_id);
  nic->instance_id = g_strdup (instance->id);
  nic->vpc_id = g_strdup (plan->vswitch->vpc_id);
  nic->vswitch_id = g_strdup (plan->vswitch->id);
  nic->group_ids = g_ptr_array_ref (plan->group_ids);
  nic->state = VMM_NIC_IN_USE;
  nic->is_primary = nic->delete_with_instance = TRUE;
  nic->created_ms = instance->created_ms;
  return store_nic_insert (txn, ctx->host_id, nic, error)
         && ops_ipv6_add (txn, plan->vswitch, nic, &ipv6, error)
         && (!plan->gives_addresses || insert_public (ctx, txn, instance, nic, error))
         && ops_instance_add_nics (ctx, txn, caller, instance, nic, spec->nics, spec->n_nics,
                                   error);
}

/* "web" becomes "web001" for the first of several when asked for. The caller frees it. */
static char *
suffix_of (const OpsInstanceSpec *spec, guint number)
{
  return spec->unique_suffix && spec->amount > 1 ? g_strdup_printf ("%03u", number) : g_strdup ("");
}

static VmmInstance *
make_instance (VmmContext *ctx, const VmmCaller *caller, const OpsInstanceSpec *spec,
               const Plan *plan, const char *suffix)
{
  VmmInstance *i = g_new0 (VmmInstance, 1);
  gint64 now = vmm_clock_now_ms ();

  i->id = vmm_id_new (VMM_ID_INSTANCE);
  i->account_id = g_strdup (caller->account_id);
  i->host_id = g_strdup (ctx->host_id);
  i->uuid = g_uuid_string_random ();
  i->state = VMM_INSTANCE_PENDING;
  i->name = spec->name != NULL ? g_strconcat (spec->name, suffix, NULL) : g_strdup (i->id);
  i->description = g_strdup (spec->description != NULL ? spec->description : "");
  i->host_name = spec->host_name != NULL
                     ? g_strconcat (spec->host_name, suffix, NULL)
                     : g_strdup_printf ("iz%sz", i->id + strlen (vmm_id_prefix (VMM_ID_INSTANCE)));
  i->image_id = g_strdup (plan->image->id);
  i->type = g_strdup (plan->type->id);
  i->zone_id = g_strdup (ctx->config->zone_id);
  i->vcpus = plan->type->vcpus;
  i->memory_mib = plan->type->memory_mib;
  i->user_data = g_strdup (spec->user_data != NULL ? spec->user_data : "");
  i->key_pair = g_strdup ("");
  i->public_key = g_strdup ("");
  i->charge_type = g_strdup (spec->charge_type != NULL ? spec->charge_type : "PayByTraffic");
  i->bandwidth_out_mbit = spec->bandwidth_out_mbit;
  i->bandwidth_in_mbit = spec->bandwidth_in_mbit != 0 ? spec->bandwidth_in_mbit
                                                      : vmm_bandwidth_in (spec->bandwidth_out_mbit);
  i->deletion_protection = spec->deletion_protection;
  i->boot_when_staged = spec->boot;
  i->restart_on_crash = TRUE;
  i->created_ms = now;
  i->deadline_ms = ops_deadline (ctx, VMM_INSTANCE_PENDING, now);
  i->reason = g_strdup ("");
  return i;
}

static gboolean
insert_all (VmmContext *ctx, StoreTxn *txn, const VmmCaller *caller, const OpsInstanceSpec *spec,
            const Plan *plan, GPtrArray *ids, GError **error)
{
  for (guint n = 1; n <= plan->amount; n++)
    {
      g_autofree char *suffix = suffix_of (spec, n);
      g_autoptr (VmmInstance) instance = make_instance (ctx, caller, spec, plan, suffix);

      if (!ops_check_name (instance->name, error)
          || !ops_check_host_name (instance->host_name, error)
          || !ops_instance_fill_key (txn, instance, spec->key_pair, error)
          || !store_instance_insert (txn, instance, error)
          || !insert_nics (ctx, txn, caller, instance, spec, plan, error)
          || !ops_instance_add_disks (ctx, txn, instance, plan->disks, suffix, error))
        return FALSE;
      g_ptr_array_add (ids, g_strdup (instance->id));
    }
  return ops_group_check_room (txn, plan->group_ids, error);
}

static GPtrArray *
ids_of_answer (const char *answer)
{
  GPtrArray *ids = g_ptr_array_new_with_free_func (g_free);
  g_auto (GStrv) parts = g_strsplit (answer, ",", -1);

  for (guint i = 0; parts[i] != NULL; i++)
    g_ptr_array_add (ids, g_strdup (parts[i]));
  return ids;
}

static char *
answer_of_ids (GPtrArray *ids)
{
  GString *answer = g_string_new (NULL);

  for (guint i = 0; i < ids->len; i++)
    g_string_append_printf (answer, "%s%s", i > 0 ? "," : "",
                            (const char *) g_ptr_array_index (ids, i));
  return g_string_free (answer, FALSE);
}

GPtrArray *
ops_instance_create (VmmContext *ctx, const VmmCaller *caller, const OpsInstanceSpec *spec,
                     GError **error)
{
  g_auto (Plan) plan = { 0 };
  g_autofree char *before = NULL;
  g_autofree char *answer = NULL;
  g_autoptr (GPtrArray) ids = NULL;
  g_autoptr (StoreTxn) txn = NULL;

  if (!check_spec (ctx, spec, &plan, error))
    return NULL;
  txn = ops_begin (ctx, caller, &before, error);
  if (txn == NULL || before != NULL)
    return txn != NULL ? ids_of_answer (before) : NULL;
  ids = g_ptr_array_new_with_free_func (g_free);
  plan.gives_addresses
      = spec->boot && spec->bandwidth_out_mbit > 0 && !vmm_pool_is_empty (ctx->pools);
  if (!find_image (ctx, txn, caller, spec, &plan, error)
      || !find_network (ctx, txn, caller, spec, &plan, error)
      || !admit (ctx, txn, caller, spec, &plan, error)
      || !insert_all (ctx, txn, caller, spec, &plan, ids, error))
    return NULL;
  answer = answer_of_ids (ids);
  if (!ops_finish (ctx, txn, caller, answer, error))
    return NULL;
  g_clear_pointer (&txn, store_txn_free);
  for (guint i = 0; i < ids->len; i++)
    ctx->kick (ctx, g_ptr_array_index (ids, i));
  if (plan.gives_addresses)
    ctx->kick (ctx, plan.vswitch->vpc_id);
  return g_steal_pointer (&ids);
}
