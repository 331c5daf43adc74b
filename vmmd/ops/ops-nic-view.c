/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Looking at network interfaces, and at what of them is in force. */
#include "config.h"

#include "ops-nic.h"
#include "store-applied.h"
#include "store-eip.h"
#include "store-network.h"

VmmNic *
ops_nic_get (VmmContext *ctx, const VmmCaller *caller, const char *id, GError **error)
{
  g_autoptr (StoreTxn) txn = store_begin_read (ctx->store, error);

  return txn != NULL ? store_nic_find (txn, caller->account_id, id, error) : NULL;
}

static gboolean
add_applied (VmmContext *ctx, StoreTxn *txn, const char *id, guint64 desired, GPtrArray *out,
             GError **error)
{
  g_autoptr (GError) local = NULL;
  g_autoptr (StoreApplied) row = store_applied_get (txn, ctx->host_id, id, &local);
  OpsApplied *applied;

  if (local != NULL)
    {
      g_propagate_error (error, g_steal_pointer (&local));
      return FALSE;
    }
  applied = g_new0 (OpsApplied, 1);
  applied->id = g_strdup (id);
  applied->desired = desired;
  applied->applied = row != NULL ? row->generation : 0;
  applied->reason = g_strdup (row != NULL ? row->reason : "");
  g_ptr_array_add (out, applied);
  return TRUE;
}

static GPtrArray *
read_applied (VmmContext *ctx, StoreTxn *txn, const VmmNic *nic, GError **error)
{
  g_autoptr (GPtrArray) list = g_ptr_array_new_with_free_func ((GDestroyNotify) ops_applied_free);

  if (!add_applied (ctx, txn, nic->id, nic->generation, list, error))
    return NULL;
  for (guint i = 0; i < nic->group_ids->len; i++)
    {
      g_autoptr (VmmGroup) group
          = store_group_get (txn, NULL, g_ptr_array_index (nic->group_ids, i), error);

      if (group == NULL || !add_applied (ctx, txn, group->id, group->generation, list, error))
        return NULL;
    }
  return g_steal_pointer (&list);
}

static GPtrArray *
read_all_applied (VmmContext *ctx, StoreTxn *txn, GPtrArray *nics, GError **error)
{
  g_autoptr (GPtrArray) all = g_ptr_array_new_with_free_func ((GDestroyNotify) g_ptr_array_unref);

  for (guint i = 0; i < nics->len; i++)
    {
      GPtrArray *one = read_applied (ctx, txn, g_ptr_array_index (nics, i), error);

      if (one == NULL)
        return NULL;
      g_ptr_array_add (all, one);
    }
  return g_steal_pointer (&all);
}

GPtrArray *
ops_nic_list (VmmContext *ctx, const VmmCaller *caller, const VmmNicQuery *query,
              const VmmPage *page, VmmPageInfo *out_info, GPtrArray **out_applied, GError **error)
{
  g_autoptr (StoreTxn) txn = store_begin_read (ctx->store, error);
  g_autoptr (GPtrArray) nics = NULL;

  if (txn != NULL)
    nics = store_nic_page (txn, caller->account_id, query, page, out_info, error);
  if (nics == NULL || !store_eip_fill (txn, nics, error))
    return NULL;
  if (out_applied == NULL)
    return g_steal_pointer (&nics);
  *out_applied = read_all_applied (ctx, txn, nics, error);
  return *out_applied != NULL ? g_steal_pointer (&nics) : NULL;
}
