/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Layers that nobody names: one that nothing rests on goes at once, one with a single child is
 * merged with it as soon as no guest has either open. */
#include "config.h"

#include "store-disk.h"
#include "store-layer.h"
#include "vmm-clock.h"
#include "vmm-error.h"
#include "vmm-log.h"
#include "work-item.h"
#include "work.h"

/* A merge, written down in the same transaction that sees that nobody has its layers open: a start
 * waits for it from then on. NULL in *@out when there is none to begin. */
static gboolean
begin_merge (WorkItem *item, StoreMerge **out, GError **error)
{
  g_autoptr (StoreTxn) txn = store_begin (item->ctx->store, error);
  g_autoptr (GPtrArray) found
      = txn != NULL ? store_layer_mergeable (txn, item->ctx->host_id, error) : NULL;

  *out = NULL;
  for (guint i = 0; found != NULL && i < found->len; i++)
    {
      const StoreMergeable *one = g_ptr_array_index (found, i);
      g_autoptr (GPtrArray) openers = store_layer_openers (txn, one->layer_id, error);
      g_autoptr (StoreMerge) merge = NULL;

      if (openers == NULL)
        return FALSE;
      if (openers->len > 0)
        continue;
      merge = g_new0 (StoreMerge, 1);
      merge->layer_id = g_strdup (one->layer_id);
      merge->child_id = g_strdup (one->child_id);
      merge->method = g_strdup ("pull");
      merge->instance_id = g_strdup ("");
      merge->disk_id = g_strdup ("");
      merge->started_ms = vmm_clock_now_ms ();
      if (!store_merge_insert (txn, merge, error) || !store_commit (txn, error))
        return FALSE;
      *out = g_steal_pointer (&merge);
      return TRUE;
    }
  return found != NULL;
}

typedef struct
{
  WorkItem *item;
  GCancellable *cancellable;
} Progress;

static void
on_progress (guint percent, gpointer data)
{
  const Progress *progress = data;

  if (work_is_cancelled (progress->item->work))
    g_cancellable_cancel (progress->cancellable);
}

/* The child takes what the layer holds and rests on the layer's parent; then rows and file of the
 * layer go. */
static gboolean
finish_merge (WorkItem *item, const StoreMerge *merge, GError **error)
{
  g_autoptr (StoreTxn) txn = store_begin_read (item->ctx->store, error);
  g_autoptr (GError) fault = NULL;
  g_autoptr (VmmLayer) layer = txn != NULL ? store_layer_get (txn, merge->layer_id, &fault) : NULL;
  g_autoptr (VmmLayer) child
      = layer != NULL ? store_layer_get (txn, merge->child_id, &fault) : NULL;
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  Progress progress = { item, cancellable };
  ImgLayerInfo info;

  if (txn == NULL)
    return FALSE;
  g_clear_pointer (&txn, store_txn_free);
  if (fault != NULL)
    {
      g_propagate_error (error, g_steal_pointer (&fault));
      return FALSE;
    }
  if (child == NULL)
    return vmm_fail (error, VMM_ERROR_INTERNAL, "a layer of the merge of %s has no row",
                     merge->layer_id);
  if (!WORK_CALL (item->parts->img, layer_pull, child->id, layer->parent_id, on_progress, &progress,
                  cancellable, error)
      || (child->is_sealed && !WORK_CALL (item->parts->img, layer_seal, child->id, error)))
    return FALSE;
  if (!item->parts->img->class->layer_info (item->parts->img, child->id, &info, error))
    return FALSE;
  txn = store_begin (item->ctx->store, error);
  if (txn == NULL || !store_layer_set_size (txn, child->id, info.used_bytes, 0, error)
      || !store_layer_set_parent (txn, child->id, layer->parent_id, error)
      || !store_merge_delete (txn, layer->id, error) || !store_commit (txn, error))
    return FALSE;
  vmm_info ("layer %s: merged into %s", layer->id, child->id);
  g_clear_pointer (&txn, store_txn_free);
  return work_sweep_layers (item, error);
}

/* What a daemon that died left half done. */
static gboolean
take_up_merges (WorkItem *item, GError **error)
{
  g_autoptr (StoreTxn) txn = store_begin_read (item->ctx->store, error);
  g_autoptr (GPtrArray) merges
      = txn != NULL ? store_merge_list (txn, item->ctx->host_id, NULL, error) : NULL;

  g_clear_pointer (&txn, store_txn_free);
  for (guint i = 0; merges != NULL && i < merges->len; i++)
    if (!finish_merge (item, g_ptr_array_index (merges, i), error))
      return FALSE;
  return merges != NULL;
}

gint64
work_layers (WorkItem *item)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (StoreMerge) merge = NULL;

  if (!work_sweep_layers (item, &error) || !take_up_merges (item, &error)
      || !begin_merge (item, &merge, &error))
    return work_failed (item, g_steal_pointer (&error));
  if (merge == NULL)
    return WORK_DONE;
  return finish_merge (item, merge, &error) ? 0 : work_failed (item, g_steal_pointer (&error));
}

gboolean
work_is_merging (WorkItem *item, const VmmInstance *instance, gboolean *out, GError **error)
{
  g_autoptr (StoreTxn) txn = store_begin_read (item->ctx->store, error);
  g_autoptr (GPtrArray) merges
      = txn != NULL ? store_merge_list (txn, item->ctx->host_id, NULL, error) : NULL;
  g_autoptr (GPtrArray) disks
      = merges != NULL ? store_disk_list_of (txn, instance->id, error) : NULL;

  *out = FALSE;
  for (guint i = 0; disks != NULL && merges->len > 0 && i < disks->len; i++)
    {
      const VmmDisk *disk = g_ptr_array_index (disks, i);
      g_autoptr (GPtrArray) chain = store_layer_chain (txn, disk->layer_id, error);

      if (chain == NULL)
        return FALSE;
      for (guint k = 0; k < merges->len; k++)
        if (g_ptr_array_find_with_equal_func (
                chain, ((const StoreMerge *) g_ptr_array_index (merges, k))->child_id, g_str_equal,
                NULL))
          *out = TRUE;
    }
  return disks != NULL;
}
