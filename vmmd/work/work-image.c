/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Images come in and go; layers that nothing rests on are swept. */
#include "config.h"

#include "ops-image.h"
#include "store-image.h"
#include "vmm-clock.h"
#include "vmm-error.h"
#include "vmm-id.h"
#include "vmm-log.h"
#include "work-item.h"

typedef struct
{
  WorkItem *item;
  const VmmImage *image;
  GCancellable *cancellable;
} Progress;

static VmmImage *
load (WorkItem *item, GError **error)
{
  g_autoptr (StoreTxn) txn = store_begin_read (item->ctx->store, error);

  return txn != NULL ? store_image_get (txn, NULL, item->id, error) : NULL;
}

/* Shows how far it is, and gives up when the image was deleted meanwhile or its time is over. */
static void
on_progress (guint percent, gpointer data)
{
  Progress *progress = data;
  g_autoptr (VmmImage) now = load (progress->item, NULL);
  g_autoptr (StoreTxn) txn = NULL;

  if (now == NULL || now->state != VMM_IMAGE_CREATING || work_is_cancelled (progress->item->work)
      || vmm_clock_now_ms () > progress->image->deadline_ms)
    {
      g_cancellable_cancel (progress->cancellable);
      return;
    }
  txn = store_begin (progress->item->ctx->store, NULL);
  if (txn != NULL && store_image_set_progress (txn, progress->image->id, MIN (percent, 99), NULL))
    store_commit (txn, NULL);
}

/* A row for the layer before its file, so that no file is ever without one. */
static gboolean
name_layer (WorkItem *item, VmmImage *image, GError **error)
{
  g_autoptr (StoreTxn) txn = NULL;
  VmmLayer layer = { 0 };

  if (image->layer_id != NULL)
    return TRUE;
  image->layer_id = vmm_id_new (VMM_ID_LAYER);
  layer.id = image->layer_id;
  layer.host_id = item->ctx->host_id;
  layer.created_ms = image->created_ms;
  txn = store_begin (item->ctx->store, error);
  return txn != NULL && store_layer_insert (txn, &layer, error)
         && store_image_set_layer (txn, image->id, image->layer_id, error)
         && store_commit (txn, error);
}

static gboolean
finish (WorkItem *item, const VmmImage *image, guint64 virtual_bytes, GError **error)
{
  g_autoptr (StoreTxn) txn = store_begin (item->ctx->store, error);

  return txn != NULL && store_image_set_size (txn, image, virtual_bytes, error)
         && store_image_move (txn, image->id, VMM_IMAGE_CREATING, VMM_IMAGE_AVAILABLE, NULL, 0,
                              error)
         && store_commit (txn, error);
}

/* The image stays, for its owner to read why; its layer goes. */
static gboolean
give_up (WorkItem *item, const VmmImage *image, const char *reason, GError **error)
{
  g_autoptr (StoreTxn) txn = store_begin (item->ctx->store, error);

  if (txn == NULL || !store_image_set_layer (txn, image->id, NULL, error)
      || !store_image_move (txn, image->id, VMM_IMAGE_CREATING, VMM_IMAGE_FAILED, reason, 0, error)
      || !store_commit (txn, error))
    return FALSE;
  g_clear_pointer (&txn, store_txn_free);
  vmm_warning ("image %s cannot be imported: %s", image->id, reason);
  return work_sweep_layers (item, error);
}

static gint64
import (WorkItem *item, VmmImage *image)
{
  ImgStore *img = item->parts->img;
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_autoptr (GError) error = NULL;
  g_autoptr (GError) undo = NULL;
  Progress progress = { item, image, cancellable };
  ImgLayerInfo info = { 0 };

  /* What a run before a crash may have left is made again. */
  if (!name_layer (item, image, &error) || !WORK_CALL (img, layer_remove, image->layer_id, &error))
    return work_failed (item, g_steal_pointer (&error));
  if (WORK_CALL (img, import, image->layer_id, image->source_file, image->source_format,
                 on_progress, &progress, cancellable, &info, &error)
      && finish (item, image, info.virtual_bytes, &error))
    {
      vmm_info ("image %s is available", image->id);
      return WORK_DONE;
    }
  if (work_is_cancelled (item->work)
      || g_error_matches (error, VMM_ERROR, VMM_ERROR_OPERATION_CONFLICT))
    return 0;
  if (g_error_matches (error, VMM_ERROR, VMM_ERROR_STORE))
    return work_failed (item, g_steal_pointer (&error));
  if (g_error_matches (error, IMG_ERROR, IMG_ERROR_CANCELLED))
    {
      g_autoptr (VmmImage) now = load (item, NULL);

      if (now == NULL || now->state != VMM_IMAGE_CREATING)
        return 0;
      g_prefix_error (&error, "not done within its time: ");
    }
  return give_up (item, image, error->message, &undo) ? WORK_DONE
                                                      : work_failed (item, g_steal_pointer (&undo));
}

/* Past its deadline an import ends, whatever kept it from ending by itself. */
static gint64
expire (WorkItem *item, const VmmImage *image)
{
  const GError *last = *item->last_error;
  g_autoptr (GError) error = NULL;
  g_autofree char *reason = g_strdup_printf (
      "not done within its time%s%s", last != NULL ? ": " : "", last != NULL ? last->message : "");

  return give_up (item, image, reason, &error) ? WORK_DONE
                                               : work_failed (item, g_steal_pointer (&error));
}

/* Waits for the snapshots of an instance's disks, whose ends kick it; its deadline ends that. */
static gint64
gather (WorkItem *item, const VmmImage *image)
{
  gint64 left_ms = image->deadline_ms - vmm_clock_now_ms ();
  g_autoptr (GError) error = NULL;
  gboolean is_done = FALSE;

  if (!ops_image_gather (item->ctx, image->id, &is_done, &error))
    return work_failed (item, g_steal_pointer (&error));
  if (is_done)
    return WORK_DONE;
  if (left_ms > 0)
    return left_ms;
  if (!ops_image_fail (item->ctx, image, "its snapshots were not taken within their time", &error))
    return work_failed (item, g_steal_pointer (&error));
  return WORK_DONE;
}

static gint64
remove_image (WorkItem *item, const VmmImage *image)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (StoreTxn) txn = store_begin (item->ctx->store, &error);

  if (txn == NULL || !store_image_delete (txn, image->id, &error) || !store_commit (txn, &error))
    return work_failed (item, g_steal_pointer (&error));
  g_clear_pointer (&txn, store_txn_free);
  if (work_sweep_layers (item, &error))
    return WORK_DONE;
  return work_failed (item, g_steal_pointer (&error));
}

gint64
work_image (WorkItem *item)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (VmmImage) image = load (item, &error);
  VMM_LOG_SCOPE (VMM_FIELD_IMAGE_ID, item->id);

  if (g_error_matches (error, VMM_ERROR, VMM_ERROR_IMAGE_NOT_FOUND))
    return WORK_DONE;
  if (image == NULL)
    return work_failed (item, g_steal_pointer (&error));
  switch (image->state)
    {
    case VMM_IMAGE_CREATING:
      if (image->source == VMM_IMAGE_INSTANCE)
        return gather (item, image);
      return vmm_clock_now_ms () > image->deadline_ms ? expire (item, image) : import (item, image);
    case VMM_IMAGE_DELETING:
      return remove_image (item, image);
    case VMM_IMAGE_AVAILABLE:
    case VMM_IMAGE_DEPRECATED:
    case VMM_IMAGE_FAILED:
    case VMM_IMAGE_STATE_LAST:
    default:
      return WORK_DONE;
    }
}

static gboolean
drop_layer (WorkItem *item, const char *id, GError **error)
{
  g_autoptr (StoreTxn) txn = NULL;

  if (!WORK_CALL (item->parts->img, layer_remove, id, error))
    return FALSE;
  txn = store_begin (item->ctx->store, error);
  return txn != NULL && store_layer_delete (txn, id, error) && store_commit (txn, error);
}

/* Once unreferenced a layer stays so: only rows that exist lend a reference, and its own are gone.
 * Dropping a child may free its parent, hence the loop. */
gboolean
work_sweep_layers (WorkItem *item, GError **error)
{
  for (;;)
    {
      g_autoptr (StoreTxn) txn = store_begin_read (item->ctx->store, error);
      g_autoptr (GPtrArray) ids = NULL;

      if (txn == NULL)
        return FALSE;
      ids = store_layer_unreferenced (txn, item->ctx->host_id, error);
      g_clear_pointer (&txn, store_txn_free);
      if (ids == NULL)
        return FALSE;
      if (ids->len == 0)
        return TRUE;
      for (guint i = 0; i < ids->len; i++)
        if (!drop_layer (item, g_ptr_array_index (ids, i), error))
          return FALSE;
    }
}
