/* SPDX-License-Identifier: GPL-2.0-or-later */
/* An image comes in: from a file that the administrator names, from the drop folder, or from the
 * web. Killed at any moment, it is begun anew. */
#include "config.h"

#include "ops-task.h"
#include "store-image.h"
#include "store-task.h"
#include "vmm-clock.h"
#include "vmm-error.h"
#include "vmm-id.h"
#include "vmm-log.h"
#include "work-transfer.h"
#include "work.h"
#include <string.h>

/* The task of the import, or NULL: the administrator's have none. */
static gboolean
load_task (WorkItem *item, const char *image_id, VmmTask **out, GError **error)
{
  g_autoptr (StoreTxn) txn = store_begin_read (item->ctx->store, error);
  g_autoptr (GPtrArray) tasks = txn != NULL ? store_task_unfinished (txn, image_id, error) : NULL;

  *out = NULL;
  for (guint i = 0; tasks != NULL && i < tasks->len && *out == NULL; i++)
    if (((const VmmTask *) g_ptr_array_index (tasks, i))->action == VMM_TASK_IMPORT_IMAGE)
      *out
          = store_task_get (txn, NULL, ((const VmmTask *) g_ptr_array_index (tasks, i))->id, error);
  return tasks != NULL;
}

gboolean
work_import_cancelled (StoreTxn *txn, const char *image_id, GError **error)
{
  g_autoptr (GPtrArray) tasks = store_task_unfinished (txn, image_id, error);

  for (guint i = 0; tasks != NULL && i < tasks->len; i++)
    {
      VmmTask *task = g_ptr_array_index (tasks, i);

      if (task->action == VMM_TASK_IMPORT_IMAGE
          && !ops_task_end (txn, task, VMM_TASK_CANCELED, NULL, NULL, error))
        return FALSE;
    }
  return tasks != NULL;
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

/* The disk is as large as was asked for, though the file's is smaller. */
static gboolean
finish (WorkTransfer *transfer, const ImgLayerInfo *info, GError **error)
{
  const VmmImage *image = transfer->image;
  g_autoptr (StoreTxn) txn = store_begin (transfer->item->ctx->store, error);

  return txn != NULL
         && store_image_set_size (txn, image, MAX (info->virtual_bytes, image->virtual_bytes),
                                  error)
         && store_layer_set_virtual (txn, image->layer_id, info->virtual_bytes, error)
         && store_layer_set_size (txn, image->layer_id, info->used_bytes, 0, error)
         && store_image_move (txn, image->id, VMM_IMAGE_CREATING, VMM_IMAGE_AVAILABLE, NULL, 0,
                              error)
         && ops_task_end (txn, transfer->task, VMM_TASK_FINISHED, NULL, NULL, error)
         && store_commit (txn, error);
}

/* The image stays, for its owner to read why; its layer goes, and with it what was set aside. */
static gboolean
give_up (WorkTransfer *transfer, const GError *why, GError **error)
{
  WorkItem *item = transfer->item;
  const VmmImage *image = transfer->image;
  g_autofree char *reason = NULL;
  const char *code = work_transfer_code (transfer, why, &reason);
  g_autoptr (StoreTxn) txn = store_begin (item->ctx->store, error);

  if (txn == NULL || !store_image_set_layer (txn, image->id, NULL, error)
      || !store_image_forget_source (txn, image->id, error)
      || !store_image_move (txn, image->id, VMM_IMAGE_CREATING, VMM_IMAGE_FAILED, why->message, 0,
                            error)
      || !ops_task_end (txn, transfer->task, VMM_TASK_FAILED, code, reason, error)
      || !store_commit (txn, error))
    return FALSE;
  g_clear_pointer (&txn, store_txn_free);
  vmm_warning ("image %s cannot be imported: %s", image->id, why->message);
  /* An item of its own, since this one has come to its end and is not tried again. */
  work_kick (item->work, WORK_LAYERS);
  return ops_task_kick_pending (item->ctx, error);
}

/* From where the row says: a file of this host, a URL, or a file of the drop folder. */
static gboolean
take (WorkTransfer *transfer, ImgLayerInfo *info, GError **error)
{
  const VmmImage *image = transfer->image;
  ImgStore *img = transfer->item->parts->img;
  g_auto (GStrv) words = NULL;
  g_autoptr (VmmLayer) layer = NULL;
  g_autoptr (StoreTxn) txn = NULL;
  ImgSource source = { .format = image->source_format, .max_virtual_bytes = image->virtual_bytes };

  if (g_path_is_absolute (image->source_file))
    return WORK_CALL (img, import, image->layer_id, image->source_file, image->source_format,
                      work_transfer_progress, transfer, transfer->cancellable, info, error);
  txn = store_begin_read (transfer->item->ctx->store, error);
  layer = txn != NULL ? store_layer_get (txn, image->layer_id, error) : NULL;
  g_clear_pointer (&txn, store_txn_free);
  if (layer == NULL)
    return FALSE;
  source.max_bytes = layer->reserved_bytes / 2;
  words = g_strsplit (image->source_file, "/", 2);
  if (strstr (image->source_file, "://") != NULL)
    source.url = image->source_file;
  else
    {
      source.folder = words[1] != NULL ? words[0] : NULL;
      source.name = words[1] != NULL ? words[1] : words[0];
    }
  return WORK_CALL (img, import_from, image->layer_id, &source, work_transfer_progress, transfer,
                    transfer->cancellable, info, error);
}

/* Whether the image is there no more, or no longer to be made. */
static gboolean
is_unwanted (WorkItem *item, const char *image_id)
{
  g_autoptr (StoreTxn) txn = store_begin_read (item->ctx->store, NULL);
  g_autoptr (VmmImage) now = txn != NULL ? store_image_get (txn, NULL, image_id, NULL) : NULL;

  return txn != NULL && (now == NULL || now->state != VMM_IMAGE_CREATING);
}

static gint64
import (WorkTransfer *transfer, VmmImage *image)
{
  WorkItem *item = transfer->item;
  ImgStore *img = item->parts->img;
  g_autoptr (GError) error = NULL;
  g_autoptr (GError) undo = NULL;
  ImgLayerInfo info = { 0 };

  /* What a run before a crash may have left is made again. */
  if (!name_layer (item, image, &error) || !WORK_CALL (img, layer_remove, image->layer_id, &error))
    return work_failed (item, g_steal_pointer (&error));
  if (take (transfer, &info, &error) && finish (transfer, &info, &error))
    {
      vmm_info ("image %s is available", image->id);
      return ops_task_kick_pending (item->ctx, &error)
                 ? WORK_DONE
                 : work_failed (item, g_steal_pointer (&error));
    }
  if (work_is_cancelled (item->work)
      || g_error_matches (error, VMM_ERROR, VMM_ERROR_OPERATION_CONFLICT))
    return 0;
  if (error == NULL || error->domain == VMM_ERROR)
    return work_failed (item, error != NULL ? g_steal_pointer (&error)
                                            : g_error_new (VMM_ERROR, VMM_ERROR_INTERNAL,
                                                           "image %s has no layer", image->id));
  if (g_error_matches (error, IMG_ERROR, IMG_ERROR_CANCELLED))
    {
      if (is_unwanted (item, image->id))
        return 0;
      g_prefix_error (&error,
                      transfer->is_full ? "the pool is full: " : "not done within its time: ");
    }
  return give_up (transfer, error, &undo) ? WORK_DONE : work_failed (item, g_steal_pointer (&undo));
}

/* Past its deadline an import ends, whatever kept it from ending by itself. */
static gint64
expire (WorkTransfer *transfer)
{
  const GError *last = *transfer->item->last_error;
  g_autoptr (GError) why
      = g_error_new (IMG_ERROR, IMG_ERROR_CANCELLED, "not done within its time%s%s",
                     last != NULL ? ": " : "", last != NULL ? last->message : "");
  g_autoptr (GError) error = NULL;

  return give_up (transfer, why, &error) ? WORK_DONE
                                         : work_failed (transfer->item, g_steal_pointer (&error));
}

gint64
work_import (WorkItem *item, VmmImage *image)
{
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_autoptr (VmmTask) task = NULL;
  g_autoptr (GError) error = NULL;
  WorkTransfer transfer = { .item = item, .image = image, .cancellable = cancellable };
  gboolean is_begun = TRUE;

  if (!load_task (item, image->id, &task, &error)
      || (task != NULL
          && !work_task_begin (item, task, item->ctx->config->import_s, &is_begun, &error)))
    return work_failed (item, g_steal_pointer (&error));
  if (!is_begun)
    return WORK_DONE; /* kicked when another ends */
  transfer.task = task;
  transfer.deadline_ms = task != NULL ? task->deadline_ms : image->deadline_ms;
  return vmm_clock_now_ms () > transfer.deadline_ms ? expire (&transfer)
                                                    : import (&transfer, image);
}
