/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The work of each state of an instance. Every step may run twice; a crash between any two of them
 * is mended by running the state's work again. */
#include "config.h"

#include "ops-deadline.h"
#include "ops-instance.h"
#include "store-image.h"
#include "store-instance.h"
#include "vmm-clock.h"
#include "vmm-error.h"
#include "vmm-log.h"
#include "work-item.h"
#include "work.h"
#include <glib/gstdio.h>

/* A start that failed so often for a reason of its own (not an absent libvirtd) will not succeed.
 */
#define START_ATTEMPTS 3
/* A guest that was paused for want of room goes on when the pool has this much. */
#define ROOM_TO_RESUME (G_GUINT64_CONSTANT (64) << 20)
/* A guest in its firmware loses the first press of the power button. */
#define PRESS_AGAIN_MS 5000

static VmmInstance *
load (WorkItem *item, GError **error)
{
  g_autoptr (StoreTxn) txn = store_begin_read (item->ctx->store, error);

  return txn != NULL ? store_instance_get (txn, NULL, item->id, error) : NULL;
}

/* Reports @event; a move that another request made first is settled by looking again. */
static gint64
report (WorkItem *item, const VmmInstance *instance, VmmInstanceEvent event, const char *reason)
{
  g_autoptr (GError) error = NULL;

  if (reason != NULL && *reason == '\0')
    reason = NULL;
  if (ops_instance_event (item->ctx, item->id, instance->state, event, reason, &error))
    {
      vmm_info ("instance %s: %s after %s%s%s", item->id, vmm_instance_event_to_string (event),
                vmm_instance_state_to_string (instance->state), reason != NULL ? ": " : "",
                reason != NULL ? reason : "");
      item->failures = 0;
      g_clear_error (item->last_error);
      return event == VMM_INSTANCE_DELETED ? WORK_DONE : 0;
    }
  if (g_error_matches (error, VMM_ERROR, VMM_ERROR_INSTANCE_STATUS)
      || g_error_matches (error, VMM_ERROR, VMM_ERROR_INSTANCE_NOT_FOUND))
    return 0;
  return work_failed (item, g_steal_pointer (&error));
}

/* The layers of the disks it is born with. */
static gboolean
make_disks (WorkItem *item, const VmmInstance *instance, GError **error)
{
  g_autoptr (StoreTxn) txn = store_begin_read (item->ctx->store, error);
  g_autoptr (GPtrArray) disks = txn != NULL ? store_disk_list_of (txn, instance->id, error) : NULL;

  g_clear_pointer (&txn, store_txn_free);
  for (guint i = 0; disks != NULL && i < disks->len; i++)
    {
      const VmmDisk *disk = g_ptr_array_index (disks, i);

      if (!work_make_layer (item, disk->layer_id, disk->file_system, error))
        return FALSE;
    }
  return disks != NULL;
}

static gint64
stage (WorkItem *item, const VmmInstance *instance)
{
  g_autoptr (GError) error = NULL;

  if (make_disks (item, instance, &error))
    return report (item, instance,
                   instance->boot_when_staged ? VMM_INSTANCE_STAGED_BOOT : VMM_INSTANCE_STAGED,
                   NULL);
  if (g_error_matches (error, IMG_ERROR, IMG_ERROR_SPACE)
      || g_error_matches (error, IMG_ERROR, IMG_ERROR_REFUSED))
    return report (item, instance, VMM_INSTANCE_FAILED, error->message);
  return work_failed (item, g_steal_pointer (&error));
}

/* Cuts the power and takes the network down. */
static gboolean
power_off (WorkItem *item, const VmmInstance *instance, GError **error)
{
  g_autoptr (GRWLockReaderLocker) reading = NULL;
  g_autoptr (GMutexLocker) lock = NULL;

  if (!WORK_CALL (item->parts->virt, destroy, instance->id, error))
    return FALSE;
  reading = g_rw_lock_reader_locker_new (&work_net_locks (item->work)->whole);
  lock = g_mutex_locker_new (work_network_lock (item, instance));
  return work_network_down (item, instance, error);
}

/* The domain is off: its network goes and its row moves, so that Stopped is true when it is said.
 */
static gint64
go_off (WorkItem *item, const VmmInstance *instance, VmmInstanceEvent event, const char *reason)
{
  g_autoptr (GRWLockReaderLocker) reading
      = g_rw_lock_reader_locker_new (&work_net_locks (item->work)->whole);
  g_autoptr (GMutexLocker) lock = g_mutex_locker_new (work_network_lock (item, instance));
  g_autoptr (GError) error = NULL;
  gint64 answer;

  (void) reading;
  (void) lock;
  if (!work_network_down (item, instance, &error))
    return work_failed (item, g_steal_pointer (&error));
  /* Nobody has its layers open now. */
  answer = report (item, instance, event, reason);
  work_kick (item->work, WORK_LAYERS);
  return answer;
}

static gint64
start (WorkItem *item, const VmmInstance *instance)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GError) undo = NULL;
  gboolean is_merging;
  gint64 next;

  /* What the disks rest on is settled first: a reset or a snapshot that was asked for before, and a
   * merge of their layers. */
  next = work_instance_disks (item, instance);
  if (next != WORK_DONE)
    return next;
  next = work_instance_snapshots (item, instance);
  if (next != WORK_DONE)
    return next;
  if (!work_is_merging (item, instance, &is_merging, &error))
    return work_failed (item, g_steal_pointer (&error));
  if (is_merging)
    return WORK_MERGE_LOOK_MS;
  if (work_start_guest (item, instance, &error))
    return report (item, instance, VMM_INSTANCE_STARTED, NULL);
  if (work_is_away (error))
    return work_failed (item, g_steal_pointer (&error));
  if (!power_off (item, instance, &undo))
    vmm_warning ("undoing a failed start: %s", undo->message);
  else if (item->failures + 1 >= START_ATTEMPTS)
    return go_off (item, instance, VMM_INSTANCE_FAILED, error->message);
  return work_failed (item, g_steal_pointer (&error));
}

/* A frozen guest cannot write back what it holds, so it is thawed before it is asked; one whose
 * agent does not answer is asked all the same. */
static gboolean
press (WorkItem *item, const VmmInstance *instance, GError **error)
{
  g_autoptr (GError) fault = NULL;

  if (!work_thaw (item, instance, &fault))
    vmm_info ("instance %s: thawing it before it stops: %s", instance->id, fault->message);
  return WORK_CALL (item->parts->virt, shutdown, instance->id, error);
}

/* Stop and reboot: the guest is asked first, unless its owner said otherwise or it will not listen.
 */
static gint64
stop (WorkItem *item, const VmmInstance *instance)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (VirtFact) fact = NULL;
  gint64 left_ms = instance->deadline_ms - OPS_FORCE_GRACE_MS - vmm_clock_now_ms ();
  gboolean is_up;

  vmm_step ("before get");
  fact = item->parts->virt->class->get (item->parts->virt, instance->id, &error);
  if (fact == NULL)
    return work_failed (item, g_steal_pointer (&error));
  is_up = fact->state == VIRT_RUNNING || fact->state == VIRT_STOPPING;
  if (is_up && !instance->force && left_ms > 0)
    {
      if (!press (item, instance, &error))
        return work_failed (item, g_steal_pointer (&error));
      return MIN (left_ms, PRESS_AGAIN_MS);
    }
  if (!WORK_CALL (item->parts->virt, destroy, instance->id, &error))
    return work_failed (item, g_steal_pointer (&error));
  return go_off (item, instance, VMM_INSTANCE_OFF,
                 is_up && !instance->force
                     ? "the guest did not power itself off in time; its power "
                       "was cut"
                     : NULL);
}

static void
remove_logs (WorkItem *item, const VmmInstance *instance)
{
  g_autofree char *console = ops_instance_console_path (item->ctx, instance->id);
  g_autofree char *vnc = ops_instance_vnc_path (item->ctx, instance->id);

  g_unlink (vnc);
  g_unlink (console);
  /* virtlogd keeps a few older parts beside the file. */
  for (guint i = 0; i < 10; i++)
    {
      g_autofree char *part = g_strdup_printf ("%s.%u", console, i);

      g_unlink (part);
    }
}

static gint64 delete (WorkItem *item, const VmmInstance *instance)
{
  g_autoptr (GError) error = NULL;
  gint64 answer;

  if (!power_off (item, instance, &error)
      || !WORK_CALL (item->parts->virt, undefine, instance->id, &error))
    return work_failed (item, g_steal_pointer (&error));
  remove_logs (item, instance);
  answer = report (item, instance, VMM_INSTANCE_DELETED, instance->reason);
  work_kick (item->work, WORK_LAYERS);
  /* The rows are gone; what they alone had kept alive follows, and at the next start at the latest.
   */
  if (answer == WORK_DONE
      && (!work_network_release (item, instance, &error) || !work_sweep_layers (item, &error)))
    {
      vmm_warning ("after deleting %s: %s; the next comparison takes it away", item->id,
                   error->message);
      work_kick (item->work, WORK_RECONCILE);
    }
  return answer;
}

/* QEMU died unasked: restarted, but not for ever, and not against its owner's wish. */
static gint64
crashed (WorkItem *item, const VmmInstance *instance)
{
  const VmmConfig *config = item->ctx->config;
  g_autoptr (GError) error = NULL;
  g_autoptr (StoreTxn) txn = store_begin_read (item->ctx->store, &error);
  gint64 since_ms = vmm_clock_now_ms () - config->crash_window_s * G_GINT64_CONSTANT (1000);
  g_autofree char *reason = NULL;
  guint count = 0;

  if (txn == NULL
      || !store_event_count (txn, instance->id, VMM_INSTANCE_CRASHED, since_ms, &count, &error))
    return work_failed (item, g_steal_pointer (&error));
  g_clear_pointer (&txn, store_txn_free);
  if (!instance->restart_on_crash)
    reason = g_strdup ("QEMU is gone without a shutdown; the instance is set not to be restarted");
  else if (count >= (guint) config->crash_restarts)
    reason = g_strdup_printf (
        "QEMU is gone without a shutdown, %u restarts within %d s before; not again", count,
        config->crash_window_s);
  else
    return go_off (item, instance, VMM_INSTANCE_CRASHED,
                   "QEMU is gone without a shutdown; starting it again");
  return go_off (item, instance, VMM_INSTANCE_OFF, reason);
}

/* QEMU pauses a guest whose write found no room. Resuming repeats the write, so it is done again
 * and again, ever more slowly, once there is room; what its owner reads is told once a pause. */
static gint64
resume_paused (WorkItem *item, const VmmInstance *instance)
{
  guint64 total = 0, left = 0;
  GError *error = NULL;

  if ((item->failures == 0
       && !ops_instance_note (item->ctx, instance->id, OPS_INSTANCE_PAUSED,
                              "a disk of it could not be written, for the pool has no room; it "
                              "goes on by itself when there is room",
                              &error))
      || !item->parts->img->class->space (item->parts->img, &total, &left, &error))
    return work_failed (item, error);
  if (left < ROOM_TO_RESUME)
    vmm_fail (&error, VMM_ERROR_NO_STOCK,
              "guest %s is paused, for the pool has %" G_GUINT64_FORMAT " MiB left; free some",
              instance->id, left >> 20);
  else if (WORK_CALL (item->parts->virt, resume, instance->id, &error))
    vmm_fail (&error, VMM_ERROR_NO_STOCK,
              "guest %s is paused, for one of its disks could not be written; resuming it",
              instance->id);
  return work_failed (item, error);
}

/* It runs: whether it was paused before. */
static gboolean
note_resumed (WorkItem *item, const VmmInstance *instance, GError **error)
{
  if (!g_error_matches (*item->last_error, VMM_ERROR, VMM_ERROR_NO_STOCK))
    return TRUE;
  if (!ops_instance_note (item->ctx, instance->id, OPS_INSTANCE_RESUMED, "there is room again",
                          error))
    return FALSE;
  vmm_info ("instance %s: goes on, for there is room again", instance->id);
  g_clear_error (item->last_error);
  return TRUE;
}

static gint64
settle_disks (WorkItem *item, const VmmInstance *instance)
{
  gint64 disks = work_instance_disks (item, instance);
  gint64 snapshots = work_instance_snapshots (item, instance);
  gint64 pulls
      = instance->state == VMM_INSTANCE_RUNNING ? work_instance_pulls (item, instance) : WORK_DONE;

  if (snapshots == WORK_DONE || (pulls != WORK_DONE && pulls < snapshots))
    snapshots = pulls;
  if (disks == WORK_DONE || snapshots == WORK_DONE)
    return disks == WORK_DONE ? snapshots : disks;
  return MIN (disks, snapshots);
}

/* Interfaces and disks of a running guest: whichever wants to be looked at first. */
static gint64
settle_devices (WorkItem *item, const VmmInstance *instance)
{
  gint64 nics = work_instance_nics (item, instance);
  gint64 disks = settle_disks (item, instance);

  if (nics == WORK_DONE || disks == WORK_DONE)
    return nics == WORK_DONE ? disks : nics;
  return MIN (nics, disks);
}

/* A guest that is paused for want of room, or on the host: what was asked of its devices comes to
 * an end all the same. Its failures are counted apart from those of the pause. */
static gint64
settle_paused (WorkItem *item, const VmmInstance *instance, const VirtFact *fact)
{
  g_autoptr (GError) before = g_steal_pointer (item->last_error);
  guint failures = item->failures;
  gint64 devices, pause = WORK_DONE;

  item->failures = 0;
  devices = settle_devices (item, instance);
  if (fact->reason == VIRT_REASON_IO_ERROR)
    {
      g_clear_error (item->last_error);
      *item->last_error = g_steal_pointer (&before);
      item->failures = failures;
      pause = resume_paused (item, instance);
    }
  if (devices == WORK_DONE || pause == WORK_DONE)
    return devices == WORK_DONE ? pause : devices;
  return MIN (devices, pause);
}

/* A state without work: is the domain what the row says? */
static gint64
settle (WorkItem *item, const VmmInstance *instance)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (VirtFact) fact
      = item->parts->virt->class->get (item->parts->virt, instance->id, &error);
  gboolean is_off;

  if (fact == NULL && work_is_away (error) && instance->state == VMM_INSTANCE_RUNNING)
    return settle_devices (item, instance); /* their deadlines hold all the same */
  if (fact == NULL)
    return work_is_away (error) ? WORK_DONE : work_failed (item, g_steal_pointer (&error));
  is_off = fact->state == VIRT_OFF || fact->state == VIRT_ABSENT;
  if (instance->state == VMM_INSTANCE_RUNNING && is_off)
    {
      if (fact->state == VIRT_OFF && fact->reason == VIRT_REASON_SHUTDOWN)
        return go_off (item, instance, VMM_INSTANCE_OFF, "the guest powered itself off");
      if (fact->state == VIRT_OFF && fact->reason == VIRT_REASON_DESTROYED)
        return go_off (item, instance, VMM_INSTANCE_OFF, "its power was cut on the host");
      return crashed (item, instance);
    }
  if (instance->state == VMM_INSTANCE_RUNNING && fact->state == VIRT_PAUSED)
    return settle_paused (item, instance, fact);
  if (instance->state == VMM_INSTANCE_STOPPED && !is_off)
    {
      vmm_warning ("instance %s runs though it is Stopped; cutting its power", item->id);
      if (!power_off (item, instance, &error))
        return work_failed (item, g_steal_pointer (&error));
    }
  if (instance->state == VMM_INSTANCE_RUNNING && fact->state == VIRT_RUNNING)
    return note_resumed (item, instance, &error) ? settle_devices (item, instance)
                                                 : work_failed (item, g_steal_pointer (&error));
  return instance->state == VMM_INSTANCE_STOPPED ? settle_disks (item, instance) : WORK_DONE;
}

/* Past its deadline a state ends, and its owner reads why. */
static gint64
expire (WorkItem *item, const VmmInstance *instance)
{
  const GError *last = *item->last_error;
  g_autofree char *reason = g_strdup_printf (
      "not done within its time%s%s", last != NULL ? ": " : "", last != NULL ? last->message : "");

  return report (item, instance, VMM_INSTANCE_FAILED, reason);
}

gint64
work_instance (WorkItem *item)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (VmmInstance) instance = load (item, &error);
  VMM_LOG_SCOPE (VMM_FIELD_INSTANCE_ID, item->id);

  if (g_error_matches (error, VMM_ERROR, VMM_ERROR_INSTANCE_NOT_FOUND))
    return WORK_DONE;
  if (instance == NULL)
    return work_failed (item, g_steal_pointer (&error));
  if (instance->deadline_ms != 0 && vmm_clock_now_ms () > instance->deadline_ms)
    return expire (item, instance);
  switch (vmm_instance_state_work (instance->state))
    {
    case VMM_WORK_STAGE:
      return stage (item, instance);
    case VMM_WORK_START:
      return start (item, instance);
    case VMM_WORK_STOP:
    case VMM_WORK_REBOOT:
      return stop (item, instance);
    case VMM_WORK_DELETE:
      return delete (item, instance);
    case VMM_WORK_NONE:
    default:
      return settle (item, instance);
    }
}
