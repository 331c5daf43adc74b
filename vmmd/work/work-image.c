/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Images come (work-import.c) and go; layers that nothing rests on are swept. */
#include "config.h"

#include "ops-image.h"
#include "ops-task.h"
#include "store-image.h"
#include "vmm-clock.h"
#include "vmm-error.h"
#include "vmm-log.h"
#include "work-transfer.h"
#include "work.h"

static VmmImage *
load (WorkItem *item, GError **error)
{
  g_autoptr (StoreTxn) txn = store_begin_read (item->ctx->store, error);

  return txn != NULL ? store_image_get (txn, NULL, item->id, error) : NULL;
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

  if (txn == NULL || !work_import_cancelled (txn, image->id, &error)
      || !store_image_delete (txn, image->id, &error) || !store_commit (txn, &error))
    return work_failed (item, g_steal_pointer (&error));
  g_clear_pointer (&txn, store_txn_free);
  /* An item of its own, since this one has come to its end and is not tried again. */
  work_kick (item->work, WORK_LAYERS);
  return ops_task_kick_pending (item->ctx, &error) ? WORK_DONE
                                                   : work_failed (item, g_steal_pointer (&error));
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
      return image->source == VMM_IMAGE_INSTANCE ? gather (item, image) : work_import (item, image);
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
 * Dropping a child may free its parent, hence the loop. One that cannot be dropped keeps no other.
 */
gboolean
work_sweep_layers (WorkItem *item, GError **error)
{
  for (;;)
    {
      g_autoptr (GError) first = NULL;
      guint dropped = 0;
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
        dropped += drop_layer (item, g_ptr_array_index (ids, i), first == NULL ? &first : NULL);
      if (dropped > 0)
        continue;
      g_propagate_error (error, g_steal_pointer (&first));
      return FALSE;
    }
}
