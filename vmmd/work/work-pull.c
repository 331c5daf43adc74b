/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Pulls by running guests: the QEMU that has a disk open copies into its active layer what layers
 * below hold, so that the disk rests on fewer. Part of the instance's item, and journalled: whether
 * one came to its end is asked of the QEMU, and when that is gone the layer rests on what it did.
 * Only the active layer is ever written here. A sealed one could only be shortened by writing into
 * the layer below it, which then stood for both; a crash in between would leave a snapshot's name
 * on a file that holds something else. Such a one is merged by the pool as soon as no guest has it
 * open, which is also when the active layer was pulled past it. */
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

#define MIB (G_GUINT64_CONSTANT (1) << 20)
/* How often to look at one that runs; its end is an event, too. */
#define FOLLOW_MS 5000
/* Bounds of the wait for the next attempt. */
#define LOOK_LEAST_MS 1000
#define LOOK_MOST_MS (5 * 60 * 1000)

/* The chain of the disk as the QEMU has it (char*), or NULL without @error set. */
static GPtrArray *
read_chain (WorkItem *item, const VmmInstance *instance, const VmmDisk *disk, GError **error)
{
  g_autofree char *serial = work_disk_serial (disk);
  g_autoptr (GPtrArray) disks
      = item->parts->virt->class->disk_list (item->parts->virt, instance->id, error);

  for (guint i = 0; disks != NULL && i < disks->len; i++)
    {
      const VirtDisk *one = g_ptr_array_index (disks, i);

      if (g_str_equal (one->serial, serial))
        return g_ptr_array_ref (one->chain);
    }
  return NULL;
}

static gboolean
has_come_to_its_end (WorkItem *item, const StorePull *pull, GPtrArray *chain)
{
  ImgStore *img = item->parts->img;
  g_autofree char *layer = img->class->layer_path (img, pull->layer_id);
  g_autofree char *base
      = pull->base_id != NULL ? img->class->layer_path (img, pull->base_id) : NULL;

  if (chain->len < 1 || !g_str_equal (g_ptr_array_index (chain, 0), layer))
    return FALSE;
  return base == NULL ? chain->len == 1
                      : chain->len > 1 && g_str_equal (g_ptr_array_index (chain, 1), base);
}

/* All that the new header needs is on the disk before the rows say that what is between may go. */
static gboolean
conclude (WorkItem *item, const VmmInstance *instance, const VmmDisk *disk, const StorePull *pull,
          GError **error)
{
  ImgStore *img = item->parts->img;
  g_autofree char *serial = work_disk_serial (disk);
  ImgLayerInfo info;

  if (!WORK_CALL (item->parts->virt, disk_flush, instance->id, serial, error)
      || !WORK_CALL (img, layer_reparent, pull->layer_id, pull->base_id, error)
      || !img->class->layer_info (img, pull->layer_id, &info, error)
      || !ops_pull_done (item->ctx, pull, info.used_bytes, error))
    return FALSE;
  vmm_info ("disk %s: rests on %s now", disk->id,
            pull->base_id != NULL ? pull->base_id : "nothing");
  work_kick (item->work, WORK_LAYERS);
  return TRUE;
}

/* No job runs any more: did it come to its end? */
static gboolean
settle (WorkItem *item, const VmmInstance *instance, const VmmDisk *disk, const StorePull *pull,
        gboolean has_failed, GError **error)
{
  g_autoptr (GError) fault = NULL;
  g_autoptr (GPtrArray) chain = read_chain (item, instance, disk, &fault);

  if (fault != NULL)
    {
      g_propagate_error (error, g_steal_pointer (&fault));
      return FALSE;
    }
  /* Not in that guest: it is put back before the next one gets it. */
  if (chain == NULL)
    return TRUE;
  if (has_come_to_its_end (item, pull, chain))
    return conclude (item, instance, disk, pull, error);
  if (has_failed)
    vmm_info ("disk %s: its pull ended early; trying again later", disk->id);
  if (!ops_pull_dropped (item->ctx, pull, has_failed, error))
    return FALSE;
  work_kick (item->work, WORK_LAYERS);
  return TRUE;
}

static StorePull *
load (WorkItem *item, const VmmDisk *disk, GError **error)
{
  g_autoptr (StoreTxn) txn = store_begin_read (item->ctx->store, error);

  return txn != NULL ? store_pull_get (txn, disk->layer_id, error) : NULL;
}

/* *@out_after_ms is when a pull may be begun, 0 when none is to be gained. */
static gboolean
look (WorkItem *item, const VmmDisk *disk, gint64 *out_after_ms, guint *out_depth, GError **error)
{
  g_autoptr (StoreTxn) txn = store_begin_read (item->ctx->store, error);
  g_autoptr (GPtrArray) chain = txn != NULL ? store_layer_chain (txn, disk->layer_id, error) : NULL;
  g_autoptr (GError) fault = NULL;
  g_autoptr (StorePullable) one = NULL;
  gint64 now_ms = vmm_clock_now_ms ();

  if (chain == NULL)
    return FALSE;
  *out_depth = chain->len;
  one = store_pull_candidate (txn, disk->layer_id, VMM_CHAIN_DEEP, &fault);
  *out_after_ms = one != NULL ? now_ms + ops_pull_wait_ms (one, now_ms) : 0;
  if (fault == NULL)
    return TRUE;
  g_propagate_error (error, g_steal_pointer (&fault));
  return FALSE;
}

/* *@out_begun tells whether one runs now. */
static gboolean
begin (WorkItem *item, const VmmInstance *instance, const VmmDisk *disk, guint depth,
       gboolean *out_begun, GError **error)
{
  ImgStore *img = item->parts->img;
  g_autofree char *serial = work_disk_serial (disk);
  g_autofree char *base = NULL;
  g_autoptr (GError) fault = NULL;
  g_autoptr (StorePull) pull = work_begin_pull (item, disk->layer_id, instance->id, &fault);
  guint64 bytes_s
      = depth >= VMM_CHAIN_PATIENT ? 0 : (guint64) item->ctx->config->merge_bandwidth * MIB;

  *out_begun = FALSE;
  if (pull != NULL)
    {
      base = pull->base_id != NULL ? img->class->layer_path (img, pull->base_id) : NULL;
      *out_begun
          = WORK_CALL (item->parts->virt, disk_pull, instance->id, serial, base, bytes_s, &fault);
    }
  if (fault == NULL)
    return TRUE;
  /* The answer may have been lost, and nothing else: what the QEMU says tells, next time. */
  g_propagate_error (error, g_steal_pointer (&fault));
  return FALSE;
}

static gboolean
follow (WorkItem *item, const VmmInstance *instance, const VmmDisk *disk, const StorePull *pull,
        gboolean *out_running, GError **error)
{
  g_autofree char *serial = work_disk_serial (disk);
  guint percent;

  if (!WORK_CALL (item->parts->virt, disk_job, instance->id, serial, out_running, &percent, error))
    return FALSE;
  return *out_running || settle (item, instance, disk, pull, TRUE, error);
}

static gint64
pull_one (WorkItem *item, const VmmInstance *instance, const VmmDisk *disk)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (StorePull) pull = load (item, disk, &error);
  gboolean is_running = FALSE;
  gint64 after_ms = 0, now_ms;
  guint depth = 0;

  if (error != NULL)
    return work_failed (item, g_steal_pointer (&error));
  if (pull != NULL)
    {
      if (!follow (item, instance, disk, pull, &is_running, &error))
        return work_failed (item, g_steal_pointer (&error));
      return is_running ? FOLLOW_MS : 0;
    }
  if (!look (item, disk, &after_ms, &depth, &error))
    return work_failed (item, g_steal_pointer (&error));
  if (after_ms == 0 || !item->parts->virt->class->is_connected (item->parts->virt))
    return WORK_DONE;
  now_ms = vmm_clock_now_ms ();
  if (after_ms > now_ms)
    return CLAMP (after_ms - now_ms, LOOK_LEAST_MS, LOOK_MOST_MS);
  if (!begin (item, instance, disk, depth, &is_running, &error))
    return work_failed (item, g_steal_pointer (&error));
  return is_running ? FOLLOW_MS : WORK_DONE;
}

gint64
work_instance_pulls (WorkItem *item, const VmmInstance *instance)
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
      const VmmDisk *disk = g_ptr_array_index (disks, i);
      gint64 delay;

      if (disk->state != VMM_DISK_IN_USE)
        continue;
      delay = pull_one (item, instance, disk);
      if (delay != WORK_DONE)
        next = next == WORK_DONE ? delay : MIN (next, delay);
    }
  return next;
}

gboolean
work_end_pull (WorkItem *item, const VmmInstance *instance, const VmmDisk *disk, GError **error)
{
  g_autofree char *serial = work_disk_serial (disk);
  g_autoptr (GError) fault = NULL;
  g_autoptr (StorePull) pull = load (item, disk, &fault);

  if (fault != NULL)
    {
      g_propagate_error (error, g_steal_pointer (&fault));
      return FALSE;
    }
  return pull == NULL
         || (WORK_CALL (item->parts->virt, disk_pull_end, instance->id, serial, error)
             && settle (item, instance, disk, pull, FALSE, error));
}

gboolean
work_end_pull_to_turn (WorkItem *item, const VmmInstance *instance, const VmmDisk *disk,
                       gint64 deadline_ms, gboolean *out_wait, GError **error)
{
  gint64 patience_ms = item->ctx->config->stage_s * G_GINT64_CONSTANT (500);
  g_autoptr (GError) fault = NULL;
  g_autoptr (StorePull) pull = load (item, disk, &fault);
  gint64 after_ms = 0, now_ms = vmm_clock_now_ms ();
  guint depth = 0;

  *out_wait = FALSE;
  if (fault != NULL)
    {
      g_propagate_error (error, g_steal_pointer (&fault));
      return FALSE;
    }
  if (!look (item, disk, &after_ms, &depth, error))
    return FALSE;
  if (depth < VMM_CHAIN_PATIENT || now_ms + patience_ms > deadline_ms)
    return work_end_pull (item, instance, disk, error);
  if (pull != NULL)
    return follow (item, instance, disk, pull, out_wait, error);
  return after_ms == 0 || after_ms > now_ms || begin (item, instance, disk, depth, out_wait, error);
}
