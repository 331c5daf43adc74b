/* SPDX-License-Identifier: GPL-2.0-or-later */
/* An image goes out, as files of the export folder. Killed at any moment, the files that are not
 * whole are begun anew. */
#include "config.h"

#include "ops-task.h"
#include "store-image.h"
#include "store-task.h"
#include "vmm-clock.h"
#include "vmm-error.h"
#include "vmm-log.h"
#include "work-transfer.h"

/* The system disk and as many others as an image may have. */
#define DISKS_MAX 17
/* Layers can be busy for a moment; what keeps failing is told. */
#define ATTEMPTS_MAX 5
#define GIB (G_GUINT64_CONSTANT (1) << 30)
/* The same of files that are to go: they may not keep the task, and its turn, for ever. */
#define UNDO_ATTEMPTS_MAX (ATTEMPTS_MAX + 3)

static gboolean
load (WorkItem *item, VmmTask **out_task, VmmImage **out_image, GError **error)
{
  g_autoptr (StoreTxn) txn = store_begin_read (item->ctx->store, error);

  *out_task = txn != NULL ? store_task_get (txn, NULL, item->id, error) : NULL;
  *out_image = NULL;
  if (*out_task != NULL)
    *out_image = store_image_get (txn, NULL, (*out_task)->image_id, NULL);
  return *out_task != NULL;
}

/* Removes the files, whole or not. */
static gboolean
undo (WorkItem *item, const VmmTask *task, GError **error)
{
  for (guint i = 0; i < DISKS_MAX; i++)
    {
      g_autofree char *name = vmm_task_file (task, i);
      const ImgTarget target = { .folder = task->folder, .name = name, .format = task->format };

      if (!WORK_CALL (item->parts->img, export_remove, &target, error))
        return FALSE;
    }
  return TRUE;
}

static gint64
end (WorkItem *item, VmmTask *task, VmmTaskState to, const char *code, const char *reason)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (StoreTxn) txn = NULL;

  if (to != VMM_TASK_FINISHED && !undo (item, task, &error))
    {
      if (item->failures < UNDO_ATTEMPTS_MAX)
        return work_failed (item, g_steal_pointer (&error));
      vmm_warning ("files of task %s stay: %s", task->id, error->message);
      g_clear_error (&error);
    }
  txn = store_begin (item->ctx->store, &error);
  if (txn == NULL || !ops_task_end (txn, task, to, code, reason, &error)
      || !store_commit (txn, &error))
    {
      /* Cancelled this moment: what is there goes in the next run. */
      if (g_error_matches (error, VMM_ERROR, VMM_ERROR_OPERATION_CONFLICT))
        return 0;
      return work_failed (item, g_steal_pointer (&error));
    }
  g_clear_pointer (&txn, store_txn_free);
  vmm_info ("task %s is %s", task->id, vmm_task_state_wire (to));
  return ops_task_kick_pending (item->ctx, &error) ? WORK_DONE
                                                   : work_failed (item, g_steal_pointer (&error));
}

static gint64
fail (const WorkTransfer *transfer, const GError *error)
{
  g_autofree char *reason = NULL;
  const char *code = work_transfer_code (transfer, error, &reason);

  vmm_warning ("task %s failed: %s", transfer->task->id, error->message);
  return end (transfer->item, transfer->task, VMM_TASK_FAILED, code, reason);
}

/* No merge by the pool gets between. */
static gboolean
write_disk (WorkTransfer *transfer, const char *layer_id, const ImgTarget *target, GError **error)
{
  WorkItem *item = transfer->item;
  gboolean is_done;

  work_hold_layer (item->work, layer_id);
  is_done = work_wait_merged (item, layer_id, error)
            && WORK_CALL (item->parts->img, export, layer_id, target, work_transfer_progress,
                          transfer, transfer->cancellable, error);
  work_release_layer (item->work, layer_id);
  return is_done;
}

static gboolean
write_disks (WorkTransfer *transfer, const VmmImage *image, GError **error)
{
  transfer->parts = image->disks->len;
  for (guint i = 0; i < image->disks->len; i++)
    {
      const VmmImageDisk *disk = g_ptr_array_index (image->disks, i);
      g_autofree char *name = vmm_task_file (transfer->task, i);
      const ImgTarget target
          = { .folder = transfer->task->folder,
              .name = name,
              .format = transfer->task->format,
              .virtual_bytes = disk->virtual_bytes,
              .keep_bytes = transfer->item->ctx->config->disk_reserve_gib * GIB };

      transfer->part = i;
      /* One that is made empty holds nothing to export. */
      if (disk->layer_id != NULL && !write_disk (transfer, disk->layer_id, &target, error))
        return FALSE;
    }
  return TRUE;
}

static gboolean
is_unwanted (WorkItem *item)
{
  g_autoptr (StoreTxn) txn = store_begin_read (item->ctx->store, NULL);
  g_autoptr (VmmTask) now = txn != NULL ? store_task_get (txn, NULL, item->id, NULL) : NULL;

  return now != NULL && now->state == VMM_TASK_CANCELLING;
}

static gint64
export_image (WorkTransfer *transfer, const VmmImage *image)
{
  WorkItem *item = transfer->item;
  g_autoptr (GError) error = NULL;

  if (vmm_clock_now_ms () > transfer->deadline_ms)
    error = g_error_new (IMG_ERROR, IMG_ERROR_CANCELLED, "not done within its time");
  else if (image == NULL || !vmm_image_state_is_usable (image->state))
    error = g_error_new (IMG_ERROR, IMG_ERROR_NOT_FOUND, "image %s is gone",
                         transfer->task->image_id);
  if (error != NULL)
    return fail (transfer, error);
  if (write_disks (transfer, image, &error))
    return end (item, transfer->task, VMM_TASK_FINISHED, NULL, NULL);
  if (work_is_cancelled (item->work))
    return 0;
  if (is_unwanted (item))
    return 0; /* by its owner, or with its image, whose layers may be gone already */
  if ((g_error_matches (error, IMG_ERROR, IMG_ERROR_IO)
       || g_error_matches (error, VMM_ERROR, VMM_ERROR_OPERATION_CONFLICT))
      && item->failures < ATTEMPTS_MAX)
    return work_failed (item, g_steal_pointer (&error));
  return fail (transfer, error);
}

gint64
work_task (WorkItem *item)
{
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_autoptr (GError) error = NULL;
  g_autoptr (VmmTask) task = NULL;
  g_autoptr (VmmImage) image = NULL;
  WorkTransfer transfer = { .item = item, .cancellable = cancellable };
  gboolean is_begun = FALSE;

  if (!load (item, &task, &image, &error))
    return g_error_matches (error, VMM_ERROR, VMM_ERROR_TASK_NOT_FOUND)
               ? WORK_DONE
               : work_failed (item, g_steal_pointer (&error));
  if (task->finished_ms != 0 || task->action != VMM_TASK_EXPORT_IMAGE)
    return WORK_DONE;
  if (task->state == VMM_TASK_CANCELLING)
    return end (item, task, VMM_TASK_CANCELED, NULL, NULL);
  if (!work_task_begin (item, task, item->ctx->config->export_s, &is_begun, &error))
    return g_error_matches (error, VMM_ERROR, VMM_ERROR_OPERATION_CONFLICT)
               ? 0
               : work_failed (item, g_steal_pointer (&error));
  if (!is_begun)
    return WORK_DONE; /* kicked when another ends */
  transfer.task = task;
  transfer.deadline_ms = task->deadline_ms;
  return export_image (&transfer, image);
}
