/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Prefix lists and the rules that name them. */
#include "config.h"

#include "ops-group-member.h"
#include "ops-instance-check.h"
#include "ops-prefix-list.h"
#include "ops-txn.h"
#include "store-network.h"
#include "store-prefix-list.h"
#include "vmm-clock.h"
#include "vmm-error.h"
#include "vmm-id.h"
#include "vmm-instance.h"
#include "vmm-prefix.h"

static gboolean
check_names (const char *name, const char *description, GError **error)
{
  if (name != NULL && !vmm_instance_name_is_valid (name))
    return vmm_fail (error, VMM_ERROR_PREFIX_LIST_NAME_MALFORMED,
                     "the PrefixListName must be 2 to 128 characters and begin with a letter");
  return ops_check_description (description, error);
}

/* The range in its one form; the caller frees it. */
static char *
canonical_cidr (const VmmPrefixList *list, const char *text, GError **error)
{
  VmmPrefix prefix;

  if (vmm_prefix_parse (text, &prefix) && prefix.is_ipv6 == list->is_ipv6)
    {
      vmm_prefix_clear_host (&prefix);
      return vmm_prefix_format (&prefix);
    }
  vmm_fail (error, VMM_ERROR_PREFIX_LIST_CIDR, "the Cidr '%s' is no address range of %s", text,
            list->is_ipv6 ? "IPv6" : "IPv4");
  return NULL;
}

/* Each range once. */
static gboolean
put_entries (StoreTxn *txn, const VmmPrefixList *list, const OpsPrefixEntry *entries,
             guint n_entries, GError **error)
{
  g_autoptr (GHashTable) seen = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);

  for (guint i = 0; i < n_entries; i++)
    {
      char *cidr = canonical_cidr (list, entries[i].cidr, error);
      const VmmPrefixEntry entry
          = { cidr, (char *) (entries[i].description != NULL ? entries[i].description : "") };

      if (cidr == NULL || !check_names (NULL, entries[i].description, error))
        {
          g_free (cidr);
          return FALSE;
        }
      if (!g_hash_table_add (seen, cidr))
        return vmm_fail (error, VMM_ERROR_PREFIX_LIST_TWICE, "the Cidr '%s' is named twice",
                         entries[i].cidr);
      if (!store_prefix_list_put (txn, list->id, &entry, error))
        return FALSE;
    }
  return TRUE;
}

static gboolean
remove_entries (StoreTxn *txn, const VmmPrefixList *list, const char *const *cidrs, GError **error)
{
  for (guint i = 0; cidrs != NULL && cidrs[i] != NULL; i++)
    {
      g_autofree char *cidr = canonical_cidr (list, cidrs[i], error);

      if (cidr == NULL || !store_prefix_list_remove (txn, list->id, cidr, error))
        return FALSE;
    }
  return TRUE;
}

static gboolean
check_full (StoreTxn *txn, const VmmPrefixList *list, GError **error)
{
  g_autoptr (GPtrArray) entries = store_prefix_list_entries (txn, list->id, error);

  if (entries == NULL)
    return FALSE;
  return entries->len <= list->max_entries
         || vmm_fail (error, VMM_ERROR_PREFIX_LIST_FULL,
                      "prefix list '%s' would have %u entries, its MaxEntries is %u", list->id,
                      entries->len, list->max_entries);
}

static gboolean
check_quota (StoreTxn *txn, const VmmCaller *caller, GError **error)
{
  guint count = 0;

  if (!store_prefix_list_count (txn, caller->account_id, &count, error))
    return FALSE;
  return count < OPS_PREFIX_LISTS_AN_ACCOUNT
         || vmm_fail (error, VMM_ERROR_PREFIX_LIST_QUOTA,
                      "the account has %u prefix lists, its limit", count);
}

char *
ops_prefix_list_create (VmmContext *ctx, const VmmCaller *caller, const OpsPrefixListSpec *spec,
                        GError **error)
{
  g_autofree char *before = NULL;
  g_autoptr (StoreTxn) txn = NULL;
  g_autoptr (VmmPrefixList) list = g_new0 (VmmPrefixList, 1);

  if (!check_names (spec->name, spec->description, error))
    return NULL;
  txn = ops_begin (ctx, caller, &before, error);
  if (txn == NULL || before != NULL)
    return g_steal_pointer (&before);
  list->id = vmm_id_new (VMM_ID_PREFIX_LIST);
  list->account_id = g_strdup (caller->account_id);
  list->name = g_strdup (spec->name != NULL ? spec->name : "");
  list->description = g_strdup (spec->description != NULL ? spec->description : "");
  list->is_ipv6 = spec->is_ipv6;
  list->max_entries = spec->max_entries;
  list->created_ms = vmm_clock_now_ms ();
  if (!check_quota (txn, caller, error) || !store_prefix_list_insert (txn, list, error)
      || !put_entries (txn, list, spec->entries, spec->n_entries, error)
      || !check_full (txn, list, error) || !ops_finish (ctx, txn, caller, list->id, error))
    return NULL;
  return g_steal_pointer (&list->id);
}

/* Another generation of every group that names the list, if that has room for it when it @grows;
 * VmmGroup*, to be kicked after. */
static GPtrArray *
touch_groups (StoreTxn *txn, const char *id, gboolean grows, GError **error)
{
  g_autoptr (GPtrArray) groups = store_prefix_list_groups (txn, id, error);

  for (guint i = 0; groups != NULL && i < groups->len; i++)
    {
      const VmmGroup *group = g_ptr_array_index (groups, i);

      if ((grows && !ops_group_check_rules (txn, group->id, error))
          || !store_group_touch (txn, group->id, error))
        return NULL;
    }
  return g_steal_pointer (&groups);
}

static gboolean
change_list (StoreTxn *txn, const VmmPrefixList *list, const OpsPrefixListChange *change,
             GError **error)
{
  const char *name = change->name != NULL ? change->name : list->name;
  const char *description = change->description != NULL ? change->description : list->description;

  return store_prefix_list_set_names (txn, list->id, name, description, error)
         && remove_entries (txn, list, change->remove, error)
         && put_entries (txn, list, change->add, change->n_add, error)
         && check_full (txn, list, error);
}

gboolean
ops_prefix_list_modify (VmmContext *ctx, const VmmCaller *caller, const char *id,
                        const OpsPrefixListChange *change, GError **error)
{
  gboolean touches = change->n_add > 0 || (change->remove != NULL && change->remove[0] != NULL);
  g_autofree char *before = NULL;
  g_autoptr (StoreTxn) txn = NULL;
  g_autoptr (VmmPrefixList) list = NULL;
  g_autoptr (GPtrArray) groups = NULL;

  if (!check_names (change->name, change->description, error))
    return FALSE;
  txn = ops_begin (ctx, caller, &before, error);
  if (txn == NULL || before != NULL)
    return txn != NULL;
  list = store_prefix_list_get (txn, caller->account_id, id, error);
  if (list == NULL || !change_list (txn, list, change, error))
    return FALSE;
  groups = touches ? touch_groups (txn, id, change->n_add > 0, error) : g_ptr_array_new ();
  if (groups == NULL || !ops_finish (ctx, txn, caller, "", error))
    return FALSE;
  g_clear_pointer (&txn, store_txn_free);
  for (guint i = 0; i < groups->len; i++)
    ctx->kick (ctx, ((VmmGroup *) g_ptr_array_index (groups, i))->id);
  return TRUE;
}

gboolean
ops_prefix_list_delete (VmmContext *ctx, const VmmCaller *caller, const char *id, GError **error)
{
  g_autofree char *before = NULL;
  g_autoptr (StoreTxn) txn = ops_begin (ctx, caller, &before, error);
  g_autoptr (VmmPrefixList) list = NULL;

  if (txn == NULL || before != NULL)
    return txn != NULL;
  list = store_prefix_list_get (txn, caller->account_id, id, error);
  if (list == NULL)
    return FALSE;
  if (list->n_groups > 0)
    return vmm_fail (error, VMM_ERROR_PREFIX_LIST_IN_USE,
                     "rules of %u security groups name prefix list '%s'; revoke them first",
                     list->n_groups, id);
  return store_prefix_list_delete (txn, id, error) && ops_finish (ctx, txn, caller, "", error);
}

VmmPrefixList *
ops_prefix_list_get (VmmContext *ctx, const VmmCaller *caller, const char *id, GError **error)
{
  g_autoptr (StoreTxn) txn = store_begin_read (ctx->store, error);
  g_autoptr (VmmPrefixList) list
      = txn != NULL ? store_prefix_list_get (txn, caller->account_id, id, error) : NULL;

  if (list == NULL)
    return NULL;
  list->entries = store_prefix_list_entries (txn, id, error);
  return list->entries != NULL ? g_steal_pointer (&list) : NULL;
}

GPtrArray *
ops_prefix_list_list (VmmContext *ctx, const VmmCaller *caller, const VmmPrefixListQuery *query,
                      const VmmPage *page, VmmPageInfo *out_info, GError **error)
{
  g_autoptr (StoreTxn) txn = store_begin_read (ctx->store, error);

  return txn != NULL
             ? store_prefix_list_list (txn, caller->account_id, query, page, out_info, error)
             : NULL;
}

GPtrArray *
ops_prefix_list_groups (VmmContext *ctx, const VmmCaller *caller, const char *id, GError **error)
{
  g_autoptr (StoreTxn) txn = store_begin_read (ctx->store, error);
  g_autoptr (VmmPrefixList) list
      = txn != NULL ? store_prefix_list_get (txn, caller->account_id, id, error) : NULL;

  return list != NULL ? store_prefix_list_groups (txn, id, error) : NULL;
}
