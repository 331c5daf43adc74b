/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Secondary interfaces of RunInstances: rows of the same transaction, so that all are there or
 * nothing is. */
#include "config.h"

#include "ops-instance-nic.h"
#include "ops-nic-row.h"
#include "store-network.h"
#include "vmm-error.h"

gboolean
ops_instance_check_nics (const OpsInstanceNic *nics, guint n, guint vcpus, guint amount,
                         GError **error)
{
  guint limit = vmm_nic_limit (vcpus);

  if (1 + n > limit)
    return vmm_fail (error, VMM_ERROR_NIC_LIMIT,
                     "%u interfaces asked; an instance of %u vCPUs has at most %u", 1 + n, vcpus,
                     limit);
  for (guint i = 0; i < n; i++)
    {
      if (amount > 1 && (nics[i].id != NULL || nics[i].spec.primary_ip != NULL))
        return vmm_fail (error, VMM_ERROR_INVALID_PARAMETER,
                         "an interface or its address can be given to one instance only, Amount "
                         "is %u",
                         amount);
      if (nics[i].id == NULL && !ops_nic_check_spec (&nics[i].spec, error))
        return FALSE;
    }
  return TRUE;
}

static gboolean
check_vpc (const char *what, const char *vpc_id, const VmmNic *primary, GError **error)
{
  if (g_str_equal (vpc_id, primary->vpc_id))
    return TRUE;
  return vmm_fail (error, VMM_ERROR_GROUP_VPC_MISMATCH, "'%s' is in %s, the instance in %s", what,
                   vpc_id, primary->vpc_id);
}

static gboolean
take (VmmContext *ctx, StoreTxn *txn, const VmmCaller *caller, const VmmInstance *instance,
      const VmmNic *primary, const char *id, GError **error)
{
  g_autoptr (VmmNic) nic = store_nic_find (txn, caller->account_id, id, error);

  return nic != NULL && check_vpc (id, nic->vpc_id, primary, error)
         && ops_nic_move (ctx, txn, nic, VMM_NIC_ATTACH_OFF, NULL, instance->id, ctx->host_id,
                          error);
}

static gboolean
make (VmmContext *ctx, StoreTxn *txn, const VmmCaller *caller, const VmmInstance *instance,
      const VmmNic *primary, const OpsNicSpec *asked, GError **error)
{
  OpsNicSpec spec = *asked;
  g_autoptr (VmmVswitch) vswitch = NULL;
  g_autoptr (VmmNic) nic = NULL;
  g_autofree const char **groups = g_new0 (const char *, primary->group_ids->len + 1);

  for (guint i = 0; i < primary->group_ids->len; i++)
    groups[i] = g_ptr_array_index (primary->group_ids, i);
  if (spec.group_ids == NULL)
    spec.group_ids = groups;
  vswitch
      = store_vswitch_get (txn, caller->account_id,
                           spec.vswitch_id != NULL ? spec.vswitch_id : primary->vswitch_id, error);
  if (vswitch == NULL || !check_vpc (vswitch->id, vswitch->vpc_id, primary, error))
    return FALSE;
  nic = ops_nic_insert (ctx, txn, caller, &spec, vswitch, instance, error);
  return nic != NULL;
}

gboolean
ops_instance_add_nics (VmmContext *ctx, StoreTxn *txn, const VmmCaller *caller,
                       const VmmInstance *instance, const VmmNic *primary,
                       const OpsInstanceNic *nics, guint n, GError **error)
{
  for (guint i = 0; i < n; i++)
    if (nics[i].id != NULL ? !take (ctx, txn, caller, instance, primary, nics[i].id, error)
                           : !make (ctx, txn, caller, instance, primary, &nics[i].spec, error))
      return FALSE;
  return TRUE;
}
