/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The verbs on tags. */
#include "config.h"

#include "ops-tag-made.h"
#include "ops-tag.h"
#include "ops-txn.h"
#include "store-tag.h"
#include "vmm-error.h"

static gboolean
check_resource (StoreTxn *txn, const VmmCaller *caller, VmmTagType type, const char *id,
                GError **error)
{
  gboolean exists = FALSE;

  if (!store_tag_has_resource (txn, caller->account_id, type, id, &exists, error))
    return FALSE;
  return exists
         || vmm_fail (error, VMM_ERROR_TAG_RESOURCE_NOT_FOUND,
                      "the specified %s '%s' does not exist", vmm_tag_type_to_string (type), id);
}

gboolean
ops_tag_put (VmmContext *ctx, const VmmCaller *caller, VmmTagType type, const char *const *ids,
             const VmmTags *tags, GError **error)
{
  g_autofree char *before = NULL;
  g_autoptr (StoreTxn) txn = NULL;

  if (!ops_tag_check (tags, error))
    return FALSE;
  txn = ops_begin (ctx, caller, &before, error);
  if (txn == NULL || before != NULL)
    return txn != NULL;
  for (guint i = 0; ids[i] != NULL; i++)
    if (!check_resource (txn, caller, type, ids[i], error)
        || !ops_tag_put_all (txn, caller, type, ids[i], tags, error))
      return FALSE;
  return ops_finish (ctx, txn, caller, "", error);
}

static gboolean
remove_all (StoreTxn *txn, const VmmCaller *caller, VmmTagType type, const char *id,
            const VmmTags *tags, GError **error)
{
  if (tags->n == 0)
    return store_tag_remove (txn, caller->account_id, type, id, NULL, NULL, error);
  for (gsize i = 0; i < tags->n; i++)
    if (!store_tag_remove (txn, caller->account_id, type, id, tags->items[i].key,
                           tags->items[i].value, error))
      return FALSE;
  return TRUE;
}

gboolean
ops_tag_remove (VmmContext *ctx, const VmmCaller *caller, VmmTagType type, const char *const *ids,
                const VmmTags *tags, GError **error)
{
  g_autofree char *before = NULL;
  g_autoptr (StoreTxn) txn = ops_begin (ctx, caller, &before, error);

  if (txn == NULL || before != NULL)
    return txn != NULL;
  for (guint i = 0; ids[i] != NULL; i++)
    if (!check_resource (txn, caller, type, ids[i], error)
        || !remove_all (txn, caller, type, ids[i], tags, error))
      return FALSE;
  return ops_finish (ctx, txn, caller, "", error);
}

/* ---- Lists ---- */

GPtrArray *
ops_tag_list (VmmContext *ctx, const VmmCaller *caller, const VmmTagQuery *query,
              const VmmPage *page, VmmPageInfo *out_info, GError **error)
{
  g_autoptr (StoreTxn) txn = store_begin_read (ctx->store, error);

  return txn != NULL ? store_tag_list (txn, caller->account_id, query, page, out_info, error)
                     : NULL;
}

GPtrArray *
ops_tag_resources (VmmContext *ctx, const VmmCaller *caller, const VmmTagQuery *query,
                   const VmmPage *page, VmmPageInfo *out_info, GError **error)
{
  g_autoptr (StoreTxn) txn = store_begin_read (ctx->store, error);

  return txn != NULL ? store_tag_resources (txn, caller->account_id, query, page, out_info, error)
                     : NULL;
}

GPtrArray *
ops_tag_uses (VmmContext *ctx, const VmmCaller *caller, const VmmTagQuery *query,
              const VmmPage *page, VmmPageInfo *out_info, GError **error)
{
  g_autoptr (StoreTxn) txn = store_begin_read (ctx->store, error);

  return txn != NULL ? store_tag_uses (txn, caller->account_id, query, page, out_info, error)
                     : NULL;
}

static void
free_tag (gpointer tag)
{
  vmm_tag_free (tag);
}

static void
unref_array (gpointer array)
{
  g_ptr_array_unref (array);
}

GHashTable *
ops_tag_map (VmmContext *ctx, const VmmCaller *caller, VmmTagType type, const char *const *ids,
             GError **error)
{
  const VmmTagQuery query = { .type = type, .ids = ids };
  const VmmPage page = { .max_results = G_MAXINT32 - 1 };
  g_auto (VmmPageInfo) info = { 0 };
  g_autoptr (GPtrArray) rows = NULL;
  g_autoptr (GHashTable) map = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, unref_array);

  if (ids[0] == NULL)
    return g_steal_pointer (&map);
  rows = ops_tag_list (ctx, caller, &query, &page, &info, error);
  if (rows == NULL)
    return NULL;
  for (guint i = 0; i < rows->len; i++)
    {
      VmmTagRow *row = g_ptr_array_index (rows, i);
      GPtrArray *tags = g_hash_table_lookup (map, row->id);

      if (tags == NULL)
        {
          tags = g_ptr_array_new_with_free_func (free_tag);
          g_hash_table_insert (map, g_strdup (row->id), tags);
        }
      g_ptr_array_add (tags, g_steal_pointer (&row->tag));
    }
  return g_steal_pointer (&map);
}
