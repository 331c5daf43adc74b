/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Security groups and their rules. */
#include "config.h"

#include "ops-group-member.h"
#include "ops-group.h"
#include "ops-instance-check.h"
#include "ops-network-default.h"
#include "ops-network.h"
#include "ops-nic-row.h"
#include "ops-txn.h"
#include "store-account.h"
#include "store-instance.h"
#include "store-network.h"
#include "vmm-clock.h"
#include "vmm-error.h"
#include "vmm-id.h"
#include "vmm-instance.h"
#include <string.h>

#define GROUPS_A_NIC 5
#define GROUPS_AN_ACCOUNT 100

GPtrArray *
ops_group_list (VmmContext *ctx, const VmmCaller *caller, const VmmGroupQuery *query,
                const VmmPage *page, VmmPageInfo *out_info, GError **error)
{
  g_autoptr (StoreTxn) txn = NULL;

  if (!ops_network_ensure_default (ctx, caller, error))
    return NULL;
  txn = store_begin_read (ctx->store, error);
  return txn != NULL ? store_group_list (txn, caller->account_id, query, page, out_info, error)
                     : NULL;
}

gboolean
ops_group_finish (VmmContext *ctx, StoreTxn **txn, const VmmCaller *caller, const char *group_id,
                  gboolean changed, GError **error)
{
  if ((changed && !store_group_touch (*txn, group_id, error))
      || !ops_finish (ctx, *txn, caller, "", error))
    return FALSE;
  g_clear_pointer (txn, store_txn_free);
  if (changed)
    ctx->kick (ctx, group_id);
  return TRUE;
}

gboolean
ops_group_check_room (StoreTxn *txn, GPtrArray *group_ids, GError **error)
{
  for (guint i = 0; i < group_ids->len; i++)
    {
      const char *id = g_ptr_array_index (group_ids, i);
      guint count = 0;

      if (!store_nic_count_members (txn, id, &count, error))
        return FALSE;
      if (count > OPS_ADDRESSES_A_GROUP)
        return vmm_fail (error, VMM_ERROR_GROUP_FULL,
                         "group '%s' would hold %u private addresses, its limit is %u", id, count,
                         OPS_ADDRESSES_A_GROUP);
    }
  return TRUE;
}

VmmGroup *
ops_group_get (VmmContext *ctx, const VmmCaller *caller, const char *id, GError **error)
{
  g_autoptr (StoreTxn) txn = store_begin_read (ctx->store, error);
  g_autoptr (VmmGroup) group
      = txn != NULL ? store_group_get (txn, caller->account_id, id, error) : NULL;

  if (group == NULL)
    return NULL;
  group->rules = store_rule_list (txn, id, error);
  return group->rules != NULL ? g_steal_pointer (&group) : NULL;
}

static gboolean
check_names (const char *name, const char *description, GError **error)
{
  if (name != NULL && !vmm_instance_name_is_valid (name))
    return vmm_fail (error, VMM_ERROR_GROUP_NAME_MALFORMED,
                     "the SecurityGroupName must be 2 to 128 characters and begin with a letter");
  return ops_check_description (description, error);
}

/* The VPC of that id, or the default one. */
static VmmVpc *
find_vpc (VmmContext *ctx, StoreTxn *txn, const VmmCaller *caller, const char *vpc_id,
          GError **error)
{
  return vpc_id != NULL ? store_vpc_get (txn, caller->account_id, vpc_id, error)
                        : ops_network_default (ctx, txn, caller->account_id, error);
}

char *
ops_group_create (VmmContext *ctx, const VmmCaller *caller, const char *vpc_id, const char *name,
                  const char *description, GError **error)
{
  g_autofree char *before = NULL;
  g_autoptr (StoreTxn) txn = NULL;
  g_autoptr (VmmVpc) vpc = NULL;
  g_autoptr (VmmGroup) group = g_new0 (VmmGroup, 1);
  guint count = 0;

  if (!check_names (name, description, error))
    return NULL;
  txn = ops_begin (ctx, caller, &before, error);
  if (txn == NULL || before != NULL)
    return g_steal_pointer (&before);
  vpc = find_vpc (ctx, txn, caller, vpc_id, error);
  if (vpc == NULL || !store_group_count (txn, caller->account_id, &count, error))
    return NULL;
  if (count >= GROUPS_AN_ACCOUNT)
    {
      vmm_fail (error, VMM_ERROR_GROUP_QUOTA, "the account has %u security groups, its limit",
                count);
      return NULL;
    }
  group->id = vmm_id_new (VMM_ID_GROUP);
  group->account_id = g_strdup (caller->account_id);
  group->vpc_id = g_strdup (vpc->id);
  group->name = g_strdup (name != NULL ? name : "");
  group->description = g_strdup (description != NULL ? description : "");
  group->inner_accept = TRUE;
  group->created_ms = vmm_clock_now_ms ();
  if (!store_group_insert (txn, group, error) || !ops_finish (ctx, txn, caller, group->id, error))
    return NULL;
  return g_steal_pointer (&group->id);
}

gboolean
ops_group_modify (VmmContext *ctx, const VmmCaller *caller, const char *id, const char *name,
                  const char *description, GError **error)
{
  g_autofree char *before = NULL;
  g_autoptr (StoreTxn) txn = NULL;
  g_autoptr (VmmGroup) group = NULL;

  if (!check_names (name, description, error))
    return FALSE;
  txn = ops_begin (ctx, caller, &before, error);
  if (txn == NULL || before != NULL)
    return txn != NULL;
  group = store_group_get (txn, caller->account_id, id, error);
  return group != NULL
         && store_group_set_names (txn, id, name != NULL ? name : group->name,
                                   description != NULL ? description : group->description, error)
         && ops_finish (ctx, txn, caller, "", error);
}

gboolean
ops_group_set_inner (VmmContext *ctx, const VmmCaller *caller, const char *id, gboolean accept,
                     GError **error)
{
  g_autofree char *before = NULL;
  g_autoptr (StoreTxn) txn = ops_begin (ctx, caller, &before, error);
  g_autoptr (VmmGroup) group = NULL;

  if (txn == NULL || before != NULL)
    return txn != NULL;
  group = store_group_get (txn, caller->account_id, id, error);
  return group != NULL && store_group_set_inner (txn, id, accept, error)
         && ops_group_finish (ctx, &txn, caller, id, group->inner_accept != accept, error);
}

gboolean
ops_group_delete (VmmContext *ctx, const VmmCaller *caller, const char *id, GError **error)
{
  g_autofree char *before = NULL;
  g_autoptr (StoreTxn) txn = ops_begin (ctx, caller, &before, error);
  g_autoptr (VmmGroup) group = NULL;
  g_autoptr (GPtrArray) references = NULL;
  guint members = 0;

  if (txn == NULL || before != NULL)
    return txn != NULL;
  group = store_group_get (txn, caller->account_id, id, error);
  if (group == NULL || !store_group_count_members (txn, id, &members, error))
    return FALSE;
  if (members > 0)
    return vmm_fail (error, VMM_ERROR_DEPENDENCY,
                     "%u interfaces are in group '%s'; let them leave it first", members, id);
  references = store_group_references (txn, id, error);
  if (references == NULL)
    return FALSE;
  if (references->len > 0)
    return vmm_fail (error, VMM_ERROR_DEPENDENCY,
                     "rules of group '%s' name group '%s'; revoke them first",
                     ((VmmGroup *) g_ptr_array_index (references, 0))->id, id);
  return store_group_delete (txn, id, error) && ops_finish (ctx, txn, caller, "", error);
}

/* How its owner knows it: the primary one by its instance. */
static const char *
name_of (const VmmNic *nic)
{
  return nic->is_primary ? nic->instance_id : nic->id;
}

static gboolean
check_join (const VmmGroup *group, const VmmNic *nic, GError **error)
{
  if (!g_str_equal (group->vpc_id, nic->vpc_id))
    return vmm_fail (error, VMM_ERROR_GROUP_VPC_MISMATCH, "group '%s' is in %s, '%s' in %s",
                     group->id, group->vpc_id, name_of (nic), nic->vpc_id);
  if (g_ptr_array_find_with_equal_func (nic->group_ids, group->id, g_str_equal, NULL))
    return vmm_fail (error, VMM_ERROR_GROUP_MEMBER, "'%s' is in group '%s' already", name_of (nic),
                     group->id);
  if (nic->group_ids->len >= GROUPS_A_NIC)
    return vmm_fail (error, VMM_ERROR_GROUP_LIMIT, "'%s' is in %u groups, its limit", name_of (nic),
                     nic->group_ids->len);
  return TRUE;
}

static gboolean
check_leave (const VmmGroup *group, const VmmNic *nic, GError **error)
{
  if (!g_ptr_array_find_with_equal_func (nic->group_ids, group->id, g_str_equal, NULL))
    return vmm_fail (error, VMM_ERROR_GROUP_NOT_MEMBER, "'%s' is not in group '%s'", name_of (nic),
                     group->id);
  if (nic->group_ids->len == 1)
    return vmm_fail (error, VMM_ERROR_GROUP_LAST,
                     "group '%s' is the last one of '%s'; join another first", group->id,
                     name_of (nic));
  return TRUE;
}

/* The interface of that id, or the primary one of the instance of that id. */
static VmmNic *
find_member (StoreTxn *txn, const VmmCaller *caller, const char *id, GError **error)
{
  g_autoptr (VmmInstance) instance = NULL;

  if (vmm_id_kind (id) == VMM_ID_NIC)
    return store_nic_find (txn, caller->account_id, id, error);
  instance = store_instance_get (txn, caller->account_id, id, error);
  return instance != NULL ? g_ptr_array_steal_index (instance->nics, 0) : NULL;
}

/* Joining and leaving differ in their check and their statement only. */
static gboolean
change_membership (VmmContext *ctx, const VmmCaller *caller, const char *group_id,
                   const char *member_id,
                   gboolean (*check) (const VmmGroup *, const VmmNic *, GError **),
                   gboolean (*change) (StoreTxn *, const char *, const char *, GError **),
                   GError **error)
{
  g_autofree char *before = NULL;
  g_autoptr (StoreTxn) txn = ops_begin (ctx, caller, &before, error);
  g_autoptr (VmmGroup) group = NULL;
  g_autoptr (VmmNic) nic = NULL;

  if (txn == NULL || before != NULL)
    return txn != NULL;
  group = store_group_get (txn, caller->account_id, group_id, error);
  if (group != NULL)
    nic = find_member (txn, caller, member_id, error);
  return nic != NULL && ops_nic_check_changeable (txn, nic, VMM_ERROR_INSTANCE_STATUS, error)
         && check (group, nic, error) && change (txn, nic->id, group_id, error)
         && ops_finish_kick (ctx, &txn, caller, "", nic->id, error);
}

static gboolean
join (StoreTxn *txn, const char *nic_id, const char *group_id, GError **error)
{
  g_autoptr (GPtrArray) joined = g_ptr_array_new ();

  g_ptr_array_add (joined, (gpointer) group_id);
  return store_nic_join (txn, nic_id, group_id, error) && ops_group_check_room (txn, joined, error);
}

gboolean
ops_group_join (VmmContext *ctx, const VmmCaller *caller, const char *group_id,
                const char *member_id, GError **error)
{
  return change_membership (ctx, caller, group_id, member_id, check_join, join, error);
}

gboolean
ops_group_leave (VmmContext *ctx, const VmmCaller *caller, const char *group_id,
                 const char *member_id, GError **error)
{
  return change_membership (ctx, caller, group_id, member_id, check_leave, store_nic_leave, error);
}

gboolean
ops_group_replace (StoreTxn *txn, const VmmCaller *caller, const VmmNic *nic,
                   const char *const *group_ids, GError **error)
{
  g_autoptr (VmmNic) now = g_new0 (VmmNic, 1);

  if (!store_nic_leave_all (txn, nic->id, error))
    return FALSE;
  now->id = g_strdup (nic->id);
  now->instance_id = g_strdup (nic->instance_id);
  now->is_primary = nic->is_primary;
  now->vpc_id = g_strdup (nic->vpc_id);
  now->group_ids = g_ptr_array_new_with_free_func (g_free);
  for (guint i = 0; group_ids[i] != NULL; i++)
    {
      g_autoptr (VmmGroup) group = NULL;

      if (g_ptr_array_find_with_equal_func (now->group_ids, group_ids[i], g_str_equal, NULL))
        continue;
      group = store_group_get (txn, caller->account_id, group_ids[i], error);
      if (group == NULL || !check_join (group, now, error)
          || !join (txn, nic->id, group->id, error))
        return FALSE;
      g_ptr_array_add (now->group_ids, g_strdup (group->id));
    }
  return TRUE;
}

GPtrArray *
ops_group_references (VmmContext *ctx, const VmmCaller *caller, const char *id, GError **error)
{
  g_autoptr (StoreTxn) txn = store_begin_read (ctx->store, error);
  g_autoptr (VmmGroup) group
      = txn != NULL ? store_group_get (txn, caller->account_id, id, error) : NULL;

  return group != NULL ? store_group_references (txn, id, error) : NULL;
}
