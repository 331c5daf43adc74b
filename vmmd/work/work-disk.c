/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Disks: made, plugged, grown, turned to other layers, removed. What concerns a disk of an instance
 * is part of the instance's item, so that one domain has one caller; a disk that is attached
 * nowhere has an item of its own. Each step may run twice. */
#include "config.h"

#include "ops-disk.h"
#include "ops-instance.h"
#include "store-disk.h"
#include "store-layer.h"
#include "vmm-clock.h"
#include "vmm-error.h"
#include "vmm-log.h"
#include "work-item.h"
#include "work.h"

/* What libvirt refuses so often it will not take. */
#define ATTACH_ATTEMPTS 3
/* The same of a growth. */
#define CHANGE_ATTEMPTS 5
/* A guest that was not ready for it loses the request. */
#define ASK_AGAIN_MS 10000

/* Reports @event; a move that another made first is settled by looking again. */
static gint64
report (WorkItem *item, const VmmDisk *disk, VmmDiskEvent event, const char *reason)
{
  g_autoptr (GError) error = NULL;

  if (ops_disk_event (item->ctx, disk->id, disk->state, event, reason, &error))
    {
      vmm_info ("disk %s: %s after %s%s%s", disk->id, vmm_disk_event_to_string (event),
                vmm_disk_state_to_string (disk->state), reason != NULL ? ": " : "",
                reason != NULL ? reason : "");
      item->failures = 0;
      work_forget_attempts (item, disk->id);
      g_clear_error (item->last_error);
      /* Each of these lets go of a layer, or of the right to have it left alone; a disk that was
       * made may rest on too many. */
      if (event == VMM_DISK_TURNED || event == VMM_DISK_FAILED || event == VMM_DISK_DELETED
          || event == VMM_DISK_DETACHED
          || (event == VMM_DISK_MADE && disk->origin_layer_id != NULL))
        work_kick (item->work, WORK_LAYERS);
      return event == VMM_DISK_DELETED ? WORK_DONE : 0;
    }
  if (g_error_matches (error, VMM_ERROR, VMM_ERROR_OPERATION_CONFLICT)
      || g_error_matches (error, VMM_ERROR, VMM_ERROR_DISK_NOT_FOUND))
    return 0;
  return work_failed (item, g_steal_pointer (&error));
}

static gboolean
is_expired (const VmmDisk *disk)
{
  return disk->deadline_ms != 0 && vmm_clock_now_ms () > disk->deadline_ms;
}

/* Past its deadline a state ends, and its owner reads why. */
static gint64
expire (WorkItem *item, const VmmDisk *disk, const char *why)
{
  const GError *last = *item->last_error;
  g_autofree char *reason = g_strdup_printf ("%s%s%s", why, last != NULL ? ": " : "",
                                             last != NULL ? last->message : "");

  return report (item, disk, VMM_DISK_FAILED, reason);
}

gboolean
work_make_layer (WorkItem *item, const char *id, const char *file_system, GError **error)
{
  ImgStore *img = item->parts->img;
  g_autoptr (StoreTxn) txn = store_begin_read (item->ctx->store, error);
  g_autoptr (GError) local = NULL;
  g_autoptr (VmmLayer) layer = txn != NULL ? store_layer_get (txn, id, &local) : NULL;

  if (local != NULL)
    {
      g_propagate_error (error, g_steal_pointer (&local));
      return FALSE;
    }
  if (layer == NULL)
    return txn != NULL && vmm_fail (error, VMM_ERROR_OPERATION_CONFLICT, "layer '%s' is gone", id);
  g_clear_pointer (&txn, store_txn_free);
  if (file_system != NULL && *file_system != '\0' && layer->parent_id == NULL)
    return WORK_CALL (img, layer_format, id, layer->virtual_bytes, file_system, "", error);
  return WORK_CALL (img, layer_create, id, layer->parent_id, layer->virtual_bytes, error);
}

/* ---- in an instance ---- */

static gint64
plug (WorkItem *item, const VmmInstance *instance, const VmmDisk *disk)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (VirtDisk) device = NULL;
  gboolean is_merging;

  if (is_expired (disk))
    return expire (item, disk, "it could not be attached within its time");
  if (!work_is_layer_merging (item, disk->layer_id, &is_merging, &error))
    return work_failed (item, g_steal_pointer (&error));
  if (is_merging)
    return WORK_MERGE_LOOK_MS;
  device = work_disk_device (item, disk, &error);
  if (device != NULL && WORK_CALL (item->parts->virt, disk_attach, instance->id, device, &error))
    return report (item, disk, VMM_DISK_ATTACHED, NULL);
  if (work_attempt_failed (item, disk->id, ATTACH_ATTEMPTS, error))
    return report (item, disk, VMM_DISK_FAILED, error->message);
  return work_failed (item, g_steal_pointer (&error));
}

static gint64
unplug (WorkItem *item, const VmmInstance *instance, const VmmDisk *disk)
{
  g_autofree char *serial = work_disk_serial (disk);
  g_autoptr (GError) error = NULL;
  gboolean is_gone = FALSE;

  if (!work_end_pull (item, instance, disk, &error)
      || !WORK_CALL (item->parts->virt, disk_detach, instance->id, serial, &is_gone, &error))
    return work_failed (item, g_steal_pointer (&error));
  if (is_gone)
    return report (item, disk, VMM_DISK_DETACHED, NULL);
  /* Its file is open until the guest lets go: it stays Detaching, however long that takes. */
  if (is_expired (disk))
    return expire (item, disk, "the guest does not release it");
  return ASK_AGAIN_MS;
}

/* The new layer stands before the row turns to it; the old one is swept when nobody names it. */
static gint64
turn (WorkItem *item, const VmmDisk *disk)
{
  g_autoptr (GError) error = NULL;

  if (is_expired (disk))
    return expire (item, disk, "it could not be reset within its time");
  /* A disk that was made with a file system has an empty one again. */
  if (!work_make_layer (item, disk->next_layer_id, disk->file_system, &error))
    {
      if (g_error_matches (error, IMG_ERROR, IMG_ERROR_SPACE))
        return report (item, disk, VMM_DISK_FAILED, error->message);
      return work_failed (item, g_steal_pointer (&error));
    }
  return report (item, disk, VMM_DISK_TURNED, NULL);
}

/* A system disk in place of another: a start waits for it, and what was there is gone, so it is
 * tried until it can be made. */
static gint64
replace (WorkItem *item, const VmmDisk *disk)
{
  g_autoptr (GError) error = NULL;
  gint64 answer;

  if (is_expired (disk))
    return expire (item, disk, "it could not be made within its time, and is tried on");
  if (!work_make_layer (item, disk->layer_id, NULL, &error))
    return work_failed (item, g_steal_pointer (&error));
  answer = report (item, disk, VMM_DISK_MADE, NULL);
  work_kick (item->work, WORK_LAYERS); /* those of the old one */
  return answer;
}

/* It stays at its size, and its owner reads why. A file that grew though nobody was told is grown
 * over by the next one. */
static gboolean
give_up_growing (WorkItem *item, const VmmDisk *disk, const GError *why, GError **error)
{
  g_autofree char *reason
      = g_strdup_printf ("disk %s stays at its size, for it cannot be grown: %s; ask for it again, "
                         "or once more when its instance is stopped",
                         disk->id, why->message);

  if ((*disk->instance_id != '\0'
       && !ops_instance_note (item->ctx, disk->instance_id, OPS_INSTANCE_DISK_NOT_GROWN, reason,
                              error))
      || !ops_disk_grown (item->ctx, disk->id, disk->virtual_bytes, error))
    return FALSE;
  vmm_warning ("%s", reason);
  work_forget_attempts (item, disk->id);
  work_kick (item->work, WORK_LAYERS);
  return TRUE;
}

/* @instance is running, or NULL when nobody has the file open. */
static gint64
grow (WorkItem *item, const VmmInstance *instance, const VmmDisk *disk)
{
  g_autofree char *serial = work_disk_serial (disk);
  g_autoptr (GError) error = NULL;
  gboolean is_done, is_merging = FALSE;

  if (instance == NULL && !work_is_layer_merging (item, disk->layer_id, &is_merging, &error))
    return work_failed (item, g_steal_pointer (&error));
  if (is_merging)
    return WORK_MERGE_LOOK_MS;
  if (instance != NULL && !work_end_pull (item, instance, disk, &error))
    return work_failed (item, g_steal_pointer (&error));
  if (instance != NULL)
    is_done
        = WORK_CALL (item->parts->virt, disk_grow, instance->id, serial, disk->want_bytes, &error);
  else
    is_done = WORK_CALL (item->parts->img, layer_grow, disk->layer_id, disk->want_bytes, &error);
  if (is_done && ops_disk_grown (item->ctx, disk->id, disk->want_bytes, &error))
    {
      work_forget_attempts (item, disk->id);
      work_kick (item->work, WORK_LAYERS); /* a merge gave way to it */
      return 0;
    }
  if (!is_done && work_attempt_failed (item, disk->id, CHANGE_ATTEMPTS, error))
    {
      g_autoptr (GError) fault = NULL;

      return give_up_growing (item, disk, error, &fault)
                 ? 0
                 : work_failed (item, g_steal_pointer (&fault));
    }
  return work_failed (item, g_steal_pointer (&error));
}

static gboolean
give_up_bounding (WorkItem *item, const VmmInstance *instance, const VmmDisk *disk,
                  const GError *why, GError **error)
{
  g_autofree char *reason
      = g_strdup_printf ("disk %s keeps the bounds of I/O it had: %s; it has its new ones when its "
                         "instance is stopped and started",
                         disk->id, why->message);

  if (!ops_instance_note (item->ctx, instance->id, OPS_INSTANCE_DISK_NOT_BOUNDED, reason, error)
      || !ops_disk_bounded (item->ctx, disk, error))
    return FALSE;
  vmm_warning ("%s", reason);
  return TRUE;
}

/* A guest that runs is told of the new bounds of its disk; another hears of them when it starts. */
static gint64
bound (WorkItem *item, const VmmInstance *instance, const VmmDisk *disk)
{
  g_autofree char *serial = work_disk_serial (disk);
  g_autoptr (GError) refusal = NULL, error = NULL;
  guint64 iops, bytes_s;
  gboolean is_over;

  vmm_config_disk_bounds (item->ctx->config, disk->category, disk->performance_level,
                          disk->virtual_bytes, &iops, &bytes_s);
  if (instance == NULL
      || WORK_CALL (item->parts->virt, disk_bound, instance->id, serial, iops, bytes_s, &refusal))
    is_over = ops_disk_bounded (item->ctx, disk, &error);
  else if (work_attempt_failed (item, disk->id, CHANGE_ATTEMPTS, refusal))
    is_over = give_up_bounding (item, instance, disk, refusal, &error);
  else
    return work_failed (item, g_steal_pointer (&refusal));
  if (!is_over)
    return work_failed (item, g_steal_pointer (&error));
  work_forget_attempts (item, disk->id);
  return 0;
}

static gint64
settle_one (WorkItem *item, const VmmInstance *instance, const VmmDisk *disk)
{
  gboolean is_running = instance->state == VMM_INSTANCE_RUNNING;

  switch (vmm_disk_state_work (disk->state))
    {
    case VMM_DISK_WORK_ATTACH:
      return is_running ? plug (item, instance, disk) : WORK_DONE;
    case VMM_DISK_WORK_DETACH:
      return is_running ? unplug (item, instance, disk) : WORK_DONE;
    case VMM_DISK_WORK_TURN:
      return is_running ? WORK_DONE : turn (item, disk);
    case VMM_DISK_WORK_MAKE:
      return is_running ? WORK_DONE : replace (item, disk);
    case VMM_DISK_WORK_DELETE:
    case VMM_DISK_WORK_NONE:
    default:
      /* While it starts or stops its file is in hands that change. */
      if (!is_running && instance->state != VMM_INSTANCE_STOPPED)
        return WORK_DONE;
      if (disk->want_bytes != 0)
        return grow (item, is_running ? instance : NULL, disk);
      return disk->is_unbound ? bound (item, is_running ? instance : NULL, disk) : WORK_DONE;
    }
}

gint64
work_instance_disks (WorkItem *item, const VmmInstance *instance)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (StoreTxn) txn = store_begin_read (item->ctx->store, &error);
  g_autoptr (GPtrArray) disks = txn != NULL ? store_disk_list_of (txn, instance->id, &error) : NULL;
  gint64 next = WORK_DONE;

  if (disks == NULL)
    return work_failed (item, g_steal_pointer (&error));
  g_clear_pointer (&txn, store_txn_free);
  for (guint i = 0; i < disks->len; i++)
    {
      gint64 delay = settle_one (item, instance, g_ptr_array_index (disks, i));

      if (delay != WORK_DONE)
        next = next == WORK_DONE ? delay : MIN (next, delay);
    }
  return next;
}

/* ---- of its own ---- */

static gint64
make (WorkItem *item, const VmmDisk *disk)
{
  g_autoptr (GError) error = NULL;

  if (is_expired (disk))
    return expire (item, disk, "it could not be made within its time");
  if (work_make_layer (item, disk->layer_id, disk->file_system, &error))
    return report (item, disk, VMM_DISK_MADE, NULL);
  if (g_error_matches (error, IMG_ERROR, IMG_ERROR_SPACE)
      || g_error_matches (error, IMG_ERROR, IMG_ERROR_REFUSED))
    return report (item, disk, VMM_DISK_FAILED, error->message);
  return work_failed (item, g_steal_pointer (&error));
}

gint64
work_disk (WorkItem *item)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (StoreTxn) txn = store_begin_read (item->ctx->store, &error);
  g_autoptr (VmmDisk) disk = txn != NULL ? store_disk_get (txn, NULL, item->id, &error) : NULL;

  g_clear_pointer (&txn, store_txn_free);
  if (g_error_matches (error, VMM_ERROR, VMM_ERROR_DISK_NOT_FOUND))
    return WORK_DONE;
  if (disk == NULL)
    return work_failed (item, g_steal_pointer (&error));
  if (*disk->instance_id != '\0')
    {
      work_kick (item->work, disk->instance_id);
      return WORK_DONE;
    }
  switch (vmm_disk_state_work (disk->state))
    {
    case VMM_DISK_WORK_MAKE:
      return make (item, disk);
    case VMM_DISK_WORK_DELETE:
      /* The row goes first: its layer is then nobody's. */
      return report (item, disk, VMM_DISK_DELETED, NULL);
    case VMM_DISK_WORK_TURN:
      return turn (item, disk);
    case VMM_DISK_WORK_ATTACH:
    case VMM_DISK_WORK_DETACH:
    case VMM_DISK_WORK_NONE:
    default:
      return disk->want_bytes != 0 ? grow (item, NULL, disk) : work_disk_snapshot (item, disk);
    }
}
