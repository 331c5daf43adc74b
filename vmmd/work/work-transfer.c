/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What imports and exports of images share: progress, a reason to give up, and their turns. */
#include "config.h"

#include "ops-task.h"
#include "store-image.h"
#include "store-task.h"
#include "vmm-clock.h"
#include "vmm-error.h"
#include "vmm-log.h"
#include "work-transfer.h"

#define LOOK_US G_USEC_PER_SEC
#define GIB (G_GUINT64_CONSTANT (1) << 30)

/* Whether the rows still want it. */
static gboolean
is_wanted (const WorkTransfer *transfer)
{
  g_autoptr (StoreTxn) txn = store_begin_read (transfer->item->ctx->store, NULL);
  g_autoptr (VmmImage) image = NULL;
  g_autoptr (VmmTask) task = NULL;

  if (txn == NULL)
    return TRUE; /* the database is busy or broken: neither says anything about the wish */
  if (transfer->image != NULL)
    {
      image = store_image_get (txn, NULL, transfer->image->id, NULL);
      return image != NULL && image->state == VMM_IMAGE_CREATING;
    }
  task = store_task_get (txn, NULL, transfer->task->id, NULL);
  return task != NULL && task->state == VMM_TASK_PROCESSING;
}

/* Reservations keep the pool from filling up by imports; guests may fill it all the same. An export
 * looks itself to the room where it goes. */
static gboolean
is_pool_full (const WorkTransfer *transfer)
{
  ImgStore *img = transfer->item->parts->img;
  guint64 total = 0, free_bytes = 0;

  return transfer->image != NULL && img->class->space (img, &total, &free_bytes, NULL)
         && free_bytes < transfer->item->ctx->config->disk_reserve_gib * GIB;
}

static void
write_progress (WorkTransfer *transfer, guint percent)
{
  g_autoptr (StoreTxn) txn = store_begin (transfer->item->ctx->store, NULL);

  if (txn == NULL
      || (transfer->image != NULL
          && !store_image_set_progress (txn, transfer->image->id, percent, NULL))
      || (transfer->task != NULL
          && !store_task_set_progress (txn, transfer->task->id, percent, NULL))
      || !store_commit (txn, NULL))
    return;
  transfer->percent = percent;
}

void
work_transfer_progress (guint percent, gpointer data)
{
  WorkTransfer *transfer = data;
  gint64 now_us = g_get_monotonic_time ();
  guint parts = MAX (1, transfer->parts);
  guint whole = MIN ((transfer->part * 100 + percent) / parts, 99);

  if (transfer->looked_us != 0 && now_us - transfer->looked_us < LOOK_US)
    return;
  transfer->looked_us = now_us;
  transfer->is_full = is_pool_full (transfer);
  if (transfer->is_full || work_is_cancelled (transfer->item->work)
      || vmm_clock_now_ms () > transfer->deadline_ms || !is_wanted (transfer))
    g_cancellable_cancel (transfer->cancellable);
  else if (whole > transfer->percent)
    write_progress (transfer, whole);
}

const char *
work_transfer_code (const WorkTransfer *transfer, const GError *error, char **out_reason)
{
  static const struct
  {
    ImgError error;
    VmmError code;
    const char *reason; /* NULL: the error's own words, which name nothing of the host */
  } table[] = {
    { IMG_ERROR_REFUSED, VMM_ERROR_IMAGE_REFUSED, NULL },
    { IMG_ERROR_FORMAT, VMM_ERROR_IMAGE_FORMAT, NULL },
    { IMG_ERROR_NOT_FOUND, VMM_ERROR_IMAGE_FILE_NOT_FOUND,
      "not-found: there is no such file, folder or image" },
    { IMG_ERROR_SPACE, VMM_ERROR_NO_STOCK, "space: the host has not enough room for it" },
    { IMG_ERROR_CANCELLED, VMM_ERROR_UNAVAILABLE, "time: it was not done within its time" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (table); i++)
    {
      ImgError code = transfer != NULL && transfer->is_full ? IMG_ERROR_SPACE : table[i].error;

      if (g_error_matches (error, IMG_ERROR, (int) table[i].error))
        for (guint k = 0; k < G_N_ELEMENTS (table); k++)
          if (table[k].error == code)
            {
              *out_reason = g_strdup (table[k].reason != NULL ? table[k].reason : error->message);
              return vmm_error_wire (table[k].code);
            }
    }
  *out_reason = g_strdup ("the server failed; its log holds the cause");
  return vmm_error_wire (VMM_ERROR_INTERNAL);
}

gboolean
work_task_begin (WorkItem *item, VmmTask *task, int seconds, gboolean *out_begun, GError **error)
{
  *out_begun = TRUE;
  return task->state != VMM_TASK_PENDING
         || ops_task_begin (item->ctx, task, seconds, out_begun, error);
}
