/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Layers that nobody names: one that nothing rests on goes at once, one with a single child is
 * merged with it. Here by the pool, for those that no guest has open; work-pull.c has the others. A
 * merge gives way as soon as somebody wants the layer: what it copied by then is not lost. */
#include "config.h"

#include "ops-pull.h"
#include "store-disk.h"
#include "store-layer.h"
#include "vmm-chain.h"
#include "vmm-clock.h"
#include "vmm-error.h"
#include "vmm-log.h"
#include "work-item.h"
#include "work.h"

/* Bounds of the wait for a layer's next attempt. */
#define LOOK_LEAST_MS 1000
#define LOOK_MOST_MS (5 * 60 * 1000)
/* How long a reader waits until a merge has given way. */
#define HOLD_US (30 * G_USEC_PER_SEC)

/* Guests do what is theirs: each that could is told to look. */
gint64
work_layers (WorkItem *item)
{
  g_autoptr (GError) sweep_error = NULL;
  g_autoptr (GError) error = NULL;
  gboolean is_swept = work_sweep_layers (item, &sweep_error);
  g_autoptr (StoreTxn) txn = store_begin_read (item->ctx->store, &error);
  g_autoptr (GPtrArray) found
      = txn != NULL ? store_pull_candidates (txn, item->ctx->host_id, VMM_CHAIN_DEEP, &error)
                    : NULL;

  if (found == NULL)
    return work_failed (item, g_steal_pointer (&error));
  for (guint i = 0; i < found->len; i++)
    {
      const StorePullable *one = g_ptr_array_index (found, i);

      if (one->is_wanted && *one->instance_id != '\0')
        work_kick (item->work, one->instance_id);
    }
  work_kick (item->work, WORK_MERGES);
  return is_swept ? WORK_DONE : work_failed (item, g_steal_pointer (&sweep_error));
}

/* ---- giving way ---- */

static gboolean
is_wanted (WorkItem *item, const char *layer_id, gboolean *out, GError **error)
{
  g_autoptr (StoreTxn) txn = store_begin_read (item->ctx->store, error);
  g_autoptr (GPtrArray) held = work_held_layers (item->work);

  if (txn == NULL || !store_layer_is_wanted (txn, layer_id, out, error))
    return FALSE;
  for (guint i = 0; !*out && i < held->len; i++)
    {
      g_autoptr (GPtrArray) chain = store_layer_chain (txn, g_ptr_array_index (held, i), error);

      if (chain == NULL)
        return FALSE;
      *out = g_ptr_array_find_with_equal_func (chain, layer_id, g_str_equal, NULL);
    }
  return TRUE;
}

typedef struct
{
  WorkItem *item;
  const StorePull *pull;
  GCancellable *cancellable;
} Progress;

static void
on_progress (guint percent, gpointer data)
{
  const Progress *progress = data;
  gboolean wanted = FALSE;

  if (work_is_cancelled (progress->item->work)
      || !is_wanted (progress->item, progress->pull->layer_id, &wanted, NULL) || wanted)
    g_cancellable_cancel (progress->cancellable);
}

/* ---- one merge ---- */

static VmmLayer *
load (WorkItem *item, const StorePull *pull, GError **error)
{
  g_autoptr (StoreTxn) txn = store_begin_read (item->ctx->store, error);
  g_autoptr (GError) fault = NULL;
  VmmLayer *layer = txn != NULL ? store_layer_get (txn, pull->layer_id, &fault) : NULL;

  if (fault != NULL)
    g_propagate_error (error, g_steal_pointer (&fault));
  else if (layer == NULL && txn != NULL)
    vmm_fail (error, VMM_ERROR_INTERNAL, "layer '%s' of a pull has no row", pull->layer_id);
  return layer;
}

/* A pull finds or leaves a sealed layer writable. */
static gboolean
seal_again (WorkItem *item, const StorePull *pull, GError **error)
{
  g_autoptr (VmmLayer) layer = load (item, pull, error);

  return layer != NULL
         && (!layer->is_sealed || WORK_CALL (item->parts->img, layer_seal, layer->id, error));
}

/* Its file says again what its row says, and only then is it free for others. */
static gboolean
put_back (WorkItem *item, const StorePull *pull, gboolean has_failed, GError **error)
{
  g_autoptr (VmmLayer) layer = load (item, pull, error);

  if (layer == NULL
      || !WORK_CALL (item->parts->img, layer_reparent, layer->id, layer->parent_id, error)
      || !seal_again (item, pull, error) || !ops_pull_dropped (item->ctx, pull, has_failed, error))
    return FALSE;
  /* It may be nobody's by now. */
  work_kick (item->work, WORK_LAYERS);
  return TRUE;
}

static gboolean
pull_it (WorkItem *item, const StorePull *pull, GError **error)
{
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  Progress progress = { item, pull, cancellable };
  ImgStore *img = item->parts->img;
  ImgLayerInfo info;

  return WORK_CALL (img, layer_pull, pull->layer_id, pull->base_id, on_progress, &progress,
                    cancellable, error)
         && seal_again (item, pull, error)
         && img->class->layer_info (img, pull->layer_id, &info, error)
         && ops_pull_done (item->ctx, pull, info.used_bytes, error);
}

/* A pull by the pool. */
static gboolean
carry_out (WorkItem *item, const StorePull *pull, GError **error)
{
  g_autoptr (GError) fault = NULL;
  gboolean wanted = FALSE, is_cancelled;

  if (!is_wanted (item, pull->layer_id, &wanted, error))
    return FALSE;
  if (wanted)
    return put_back (item, pull, FALSE, error);
  if (pull_it (item, pull, &fault))
    {
      vmm_info ("layer %s: has taken in what was between it and %s", pull->layer_id,
                pull->base_id != NULL ? pull->base_id : "nothing");
      work_kick (item->work, WORK_LAYERS);
      return TRUE;
    }
  is_cancelled = g_error_matches (fault, IMG_ERROR, IMG_ERROR_CANCELLED);
  if (is_cancelled)
    vmm_info ("layer %s: its merge gives way", pull->layer_id);
  else
    vmm_warning ("layer %s: its merge: %s; trying again later", pull->layer_id, fault->message);
  return put_back (item, pull, !is_cancelled, error);
}

/* A guest's pull whose QEMU is gone. Whoever comes first puts the layer back, milliseconds, so that
 * nobody waits for a merge of others; what was copied is not copied again. *@out_open tells that
 * the QEMU may be there still. */
static gboolean
settle_guest_pull (WorkItem *item, const StorePull *seen, gboolean *out_open, GError **error)
{
  g_autoptr (GMutexLocker) lock = g_mutex_locker_new (work_pull_lock (item->work));
  g_autoptr (StoreTxn) txn = store_begin_read (item->ctx->store, error);
  g_autoptr (GError) fault = NULL;
  g_autoptr (StorePull) pull = txn != NULL ? store_pull_get (txn, seen->layer_id, &fault) : NULL;

  (void) lock;
  *out_open = FALSE;
  if (fault != NULL)
    {
      g_propagate_error (error, g_steal_pointer (&fault));
      return FALSE;
    }
  if (txn == NULL || pull == NULL)
    return txn != NULL;
  if (!store_pull_is_open (txn, pull, out_open, error))
    return FALSE;
  g_clear_pointer (&txn, store_txn_free);
  if (*out_open || *pull->instance_id == '\0')
    return TRUE;
  vmm_info ("layer %s: the guest that pulled is off; it rests on what it did", pull->layer_id);
  return put_back (item, pull, FALSE, error);
}

/* What was begun: by a daemon that died, or by a QEMU that is gone. */
static gboolean
take_up (WorkItem *item, GError **error)
{
  g_autoptr (StoreTxn) txn = store_begin_read (item->ctx->store, error);
  g_autoptr (GPtrArray) pulls
      = txn != NULL ? store_pull_list (txn, item->ctx->host_id, error) : NULL;
  gboolean is_open;

  g_clear_pointer (&txn, store_txn_free);
  /* The short ones first. */
  for (guint i = 0; pulls != NULL && i < pulls->len; i++)
    if (*((const StorePull *) g_ptr_array_index (pulls, i))->instance_id != '\0'
        && !settle_guest_pull (item, g_ptr_array_index (pulls, i), &is_open, error))
      return FALSE;
  for (guint i = 0; pulls != NULL && i < pulls->len; i++)
    if (*((const StorePull *) g_ptr_array_index (pulls, i))->instance_id == '\0'
        && !carry_out (item, g_ptr_array_index (pulls, i), error))
      return FALSE;
  return pulls != NULL;
}

StorePull *
work_begin_pull (WorkItem *item, const char *layer_id, const char *instance_id, GError **error)
{
  ImgStore *img = item->parts->img;
  ImgLayerInfo info;

  /* What the layer takes itself tells how far it is worth to go. */
  return img->class->layer_info (img, layer_id, &info, error)
             ? ops_pull_begin (item->ctx, layer_id, instance_id, info.used_bytes, error)
             : NULL;
}

/* *@out_done tells whether there was one to begin, *@out_ms when the next may be, or WORK_DONE. One
 * that cannot be begun keeps no other. */
static gboolean
merge_one (WorkItem *item, gboolean *out_done, gint64 *out_ms, GError **error)
{
  g_autoptr (StoreTxn) txn = store_begin_read (item->ctx->store, error);
  g_autoptr (GPtrArray) found
      = txn != NULL ? store_pull_candidates (txn, item->ctx->host_id, VMM_CHAIN_DEEP, error) : NULL;
  g_autoptr (GError) first = NULL;
  gint64 now_ms = vmm_clock_now_ms ();

  *out_done = FALSE;
  *out_ms = WORK_DONE;
  g_clear_pointer (&txn, store_txn_free);
  for (guint i = 0; found != NULL && i < found->len; i++)
    {
      const StorePullable *one = g_ptr_array_index (found, i);
      g_autoptr (StorePull) pull = NULL;
      gboolean wanted = one->is_wanted;
      gint64 wait_ms = ops_pull_wait_ms (one, now_ms);

      if (!wanted && !is_wanted (item, one->layer_id, &wanted, error))
        return FALSE;
      if (wanted)
        continue;
      if (wait_ms > 0)
        {
          wait_ms = CLAMP (wait_ms, LOOK_LEAST_MS, LOOK_MOST_MS);
          *out_ms = *out_ms == WORK_DONE ? wait_ms : MIN (*out_ms, wait_ms);
          continue;
        }
      pull = work_begin_pull (item, one->layer_id, NULL, first == NULL ? &first : NULL);
      *out_done = pull != NULL;
      if (pull != NULL)
        return carry_out (item, pull, error);
    }
  if (first == NULL)
    return found != NULL;
  g_propagate_error (error, g_steal_pointer (&first));
  return FALSE;
}

gint64
work_merges (WorkItem *item)
{
  g_autoptr (GError) error = NULL;
  gboolean is_done;
  gint64 next_ms;

  if (!take_up (item, &error) || !merge_one (item, &is_done, &next_ms, &error))
    return work_failed (item, g_steal_pointer (&error));
  return is_done ? 0 : next_ms;
}

/* ---- for those who want a layer ---- */

gboolean
work_is_layer_merging (WorkItem *item, const char *layer_id, gboolean *out, GError **error)
{
  g_autoptr (StoreTxn) txn = store_begin_read (item->ctx->store, error);
  g_autoptr (GPtrArray) pulls = txn != NULL ? store_pull_list_below (txn, layer_id, error) : NULL;

  *out = FALSE;
  g_clear_pointer (&txn, store_txn_free);
  for (guint i = 0; pulls != NULL && i < pulls->len; i++)
    {
      const StorePull *pull = g_ptr_array_index (pulls, i);
      gboolean is_open = TRUE;

      if (*pull->instance_id != '\0' && !settle_guest_pull (item, pull, &is_open, error))
        return FALSE;
      *out |= is_open;
    }
  if (*out)
    work_kick (item->work, WORK_MERGES);
  return pulls != NULL;
}

gboolean
work_is_merging (WorkItem *item, const VmmInstance *instance, gboolean *out, GError **error)
{
  g_autoptr (StoreTxn) txn = store_begin_read (item->ctx->store, error);
  g_autoptr (GPtrArray) disks = txn != NULL ? store_disk_list_of (txn, instance->id, error) : NULL;

  g_clear_pointer (&txn, store_txn_free);
  *out = FALSE;
  for (guint i = 0; disks != NULL && !*out && i < disks->len; i++)
    if (!work_is_layer_merging (item, ((const VmmDisk *) g_ptr_array_index (disks, i))->layer_id,
                                out, error))
      return FALSE;
  return disks != NULL;
}

gboolean
work_wait_merged (WorkItem *item, const char *layer_id, GError **error)
{
  const gint64 end_us = g_get_monotonic_time () + HOLD_US;
  gboolean is_merging;

  for (;;)
    {
      if (!work_is_layer_merging (item, layer_id, &is_merging, error))
        return FALSE;
      if (!is_merging)
        return TRUE;
      if (work_is_cancelled (item->work) || g_get_monotonic_time () > end_us)
        return vmm_fail (error, VMM_ERROR_OPERATION_CONFLICT, "layer '%s' is being merged",
                         layer_id);
      /* Whoever merges looks once a second whether he is in the way, and tells nobody. */
      g_poll (NULL, 0, WORK_MERGE_LOOK_MS);
    }
}
