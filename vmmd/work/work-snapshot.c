/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Snapshots: a disk turns to a new layer, and the one it had is the snapshot. All that are under
 * way in an instance turn at one instant. Each step may run twice; which layer a running guest
 * writes to is asked of its QEMU. */
#include "config.h"

#include "ops-snapshot.h"
#include "store-disk.h"
#include "store-snapshot.h"
#include "vmm-clock.h"
#include "vmm-error.h"
#include "vmm-log.h"
#include "work-item.h"
#include "work.h"
#include <string.h>

/* How long the guest's agent has to freeze its file systems, and to thaw them. */
#define FREEZE_S 5
/* After so many refusals in a row there is no snapshot. */
#define TURN_ATTEMPTS 5

/* A snapshot under way, and its disk. */
typedef struct
{
  VmmSnapshot *snapshot;
  VmmDisk *disk;
} Pair;

static void
free_pair (gpointer data)
{
  Pair *pair = data;

  vmm_snapshot_free (pair->snapshot);
  vmm_disk_free (pair->disk);
  g_free (pair);
}

/* Pairs of the instance's disks, or of the one disk; the other is NULL. */
static GPtrArray *
load (WorkItem *item, const char *instance_id, const char *disk_id, GError **error)
{
  g_autoptr (StoreTxn) txn = store_begin_read (item->ctx->store, error);
  g_autoptr (GPtrArray) snapshots
      = txn != NULL ? store_snapshot_progressing (txn, instance_id, disk_id, error) : NULL;
  g_autoptr (GPtrArray) pairs = g_ptr_array_new_with_free_func (free_pair);

  if (snapshots == NULL)
    return NULL;
  g_ptr_array_set_free_func (snapshots, NULL);
  for (guint i = 0; i < snapshots->len; i++)
    {
      Pair *pair = g_new0 (Pair, 1);

      pair->snapshot = g_ptr_array_index (snapshots, i);
      g_ptr_array_add (pairs, pair);
    }
  for (guint i = 0; i < pairs->len; i++)
    {
      Pair *pair = g_ptr_array_index (pairs, i);

      pair->disk = store_disk_get (txn, NULL, pair->snapshot->disk_id, error);
      if (pair->disk == NULL)
        return NULL;
    }
  return g_steal_pointer (&pairs);
}

static gboolean
make_layers (WorkItem *item, GPtrArray *pairs, GError **error)
{
  for (guint i = 0; i < pairs->len; i++)
    if (!work_make_layer (item, ((Pair *) g_ptr_array_index (pairs, i))->disk->next_layer_id, NULL,
                          error))
      return FALSE;
  return TRUE;
}

/* The old layer is complete: nobody writes it again, and the rows follow. */
static gboolean
accomplish_one (WorkItem *item, const Pair *pair, VmmConsistency consistency, GError **error)
{
  ImgStore *img = item->parts->img;
  ImgLayerInfo info;

  if (!WORK_CALL (img, layer_seal, pair->disk->layer_id, error)
      || !img->class->layer_info (img, pair->disk->layer_id, &info, error)
      || !ops_snapshot_accomplish (item->ctx, pair->snapshot, consistency, info.used_bytes, error))
    return FALSE;
  vmm_info ("snapshot %s of disk %s: accomplished", pair->snapshot->id, pair->disk->id);
  return TRUE;
}

static gboolean
accomplish (WorkItem *item, GPtrArray *pairs, VmmConsistency consistency, GError **error)
{
  for (guint i = 0; i < pairs->len; i++)
    if (!accomplish_one (item, g_ptr_array_index (pairs, i), consistency, error))
      return FALSE;
  return TRUE;
}

/* Its disk has not turned: it goes on as it was. */
static gboolean
give_up_one (WorkItem *item, const Pair *pair, const char *reason, GError **error)
{
  if (!ops_snapshot_fail (item->ctx, pair->snapshot, reason, error))
    return FALSE;
  vmm_warning ("snapshot %s of disk %s: %s", pair->snapshot->id, pair->disk->id, reason);
  work_kick (item->work, WORK_LAYERS);
  return TRUE;
}

static gint64
give_up (WorkItem *item, GPtrArray *pairs, const char *reason)
{
  g_autoptr (GError) error = NULL;

  for (guint i = 0; i < pairs->len; i++)
    if (!give_up_one (item, g_ptr_array_index (pairs, i), reason, &error))
      return work_failed (item, g_steal_pointer (&error));
  return 0;
}

static gboolean
is_late (const Pair *pair)
{
  return vmm_clock_now_ms () > pair->snapshot->deadline_ms;
}

/* Those whose time is over; borrowed. */
static GPtrArray *
late_of (GPtrArray *pairs)
{
  GPtrArray *late = g_ptr_array_new ();

  for (guint i = 0; i < pairs->len; i++)
    if (is_late (g_ptr_array_index (pairs, i)))
      g_ptr_array_add (late, g_ptr_array_index (pairs, i));
  return late;
}

/* ---- a running guest ---- */

static void
free_turn (gpointer turn)
{
  virt_turn_free (turn);
}

static GPtrArray *
turns_of (WorkItem *item, GPtrArray *pairs)
{
  GPtrArray *turns = g_ptr_array_new_with_free_func (free_turn);

  for (guint i = 0; i < pairs->len; i++)
    {
      const VmmDisk *disk = ((const Pair *) g_ptr_array_index (pairs, i))->disk;
      VirtTurn *turn = g_new0 (VirtTurn, 1);

      turn->serial = work_disk_serial (disk);
      turn->path = item->parts->img->class->layer_path (item->parts->img, disk->next_layer_id);
      g_ptr_array_add (turns, turn);
    }
  return turns;
}

static gboolean
is_turned (GPtrArray *disks, const VirtTurn *turn)
{
  for (guint i = 0; i < disks->len; i++)
    {
      const VirtDisk *disk = g_ptr_array_index (disks, i);

      if (g_str_equal (disk->serial, turn->serial))
        return g_str_equal (g_ptr_array_index (disk->chain, 0), turn->path);
    }
  return FALSE;
}

/* Those whose disks write to their new layers already. A turn is all or nothing, but of those that
 * were under way then: more may have come since. The pairs are borrowed. */
static GPtrArray *
turned_of (WorkItem *item, const VmmInstance *instance, GPtrArray *pairs, GPtrArray *turns,
           GError **error)
{
  g_autoptr (GPtrArray) disks
      = item->parts->virt->class->disk_list (item->parts->virt, instance->id, error);
  g_autoptr (GPtrArray) turned = disks != NULL ? g_ptr_array_new () : NULL;

  for (guint i = 0; disks != NULL && i < pairs->len; i++)
    if (is_turned (disks, g_ptr_array_index (turns, i)))
      g_ptr_array_add (turned, g_ptr_array_index (pairs, i));
  return g_steal_pointer (&turned);
}

/* The agent may have been asked to freeze, by this daemon or one that died: thawed before all else.
 * One that still does not answer at a deadline is not waited for any longer. */
static gboolean
thaw_if_asked (WorkItem *item, const VmmInstance *instance, GPtrArray *pairs, GError **error)
{
  g_autoptr (GError) local = NULL;
  gboolean is_asked = FALSE, is_over = FALSE;

  for (guint i = 0; i < pairs->len; i++)
    {
      const Pair *pair = g_ptr_array_index (pairs, i);
      gboolean is_frozen = pair->snapshot->consistency == VMM_CONSISTENCY_FREEZING;

      is_asked |= is_frozen;
      is_over |= is_frozen && is_late (pair);
    }
  if (!is_asked || WORK_CALL (item->parts->virt, thaw, instance->id, FREEZE_S, &local))
    return TRUE;
  if (!is_over || work_is_away (local))
    {
      g_propagate_error (error, g_steal_pointer (&local));
      return FALSE;
    }
  vmm_warning ("instance %s: its file systems may still be frozen, for its agent does not answer: "
               "%s; restart qemu-guest-agent in the guest, or reboot it",
               instance->id, local->message);
  return TRUE;
}

gboolean
work_thaw (WorkItem *item, const VmmInstance *instance, GError **error)
{
  g_autoptr (GPtrArray) pairs = load (item, instance->id, NULL, error);

  return pairs != NULL && thaw_if_asked (item, instance, pairs, error);
}

static gboolean
note_freezing (WorkItem *item, GPtrArray *pairs, GError **error)
{
  g_autoptr (GPtrArray) snapshots = g_ptr_array_new ();

  for (guint i = 0; i < pairs->len; i++)
    g_ptr_array_add (snapshots, ((const Pair *) g_ptr_array_index (pairs, i))->snapshot);
  return ops_snapshot_set_freezing (item->ctx, snapshots, error);
}

/* Frozen if the guest's agent answers in time; thawed in any case. */
static gboolean
turn (WorkItem *item, const VmmInstance *instance, GPtrArray *turns, gboolean *out_frozen,
      GError **error)
{
  VirtDriver *virt = item->parts->virt;
  g_autoptr (GError) thaw_error = NULL;
  gboolean is_done;

  if (!WORK_CALL (virt, freeze, instance->id, FREEZE_S, out_frozen, error))
    return FALSE;
  is_done = WORK_CALL (virt, disk_turn, instance->id, turns, error);
  if (WORK_CALL (virt, thaw, instance->id, FREEZE_S, &thaw_error))
    return is_done;
  if (is_done)
    g_propagate_error (error, g_steal_pointer (&thaw_error));
  else
    vmm_warning ("thawing %s: %s; it is tried again", instance->id, thaw_error->message);
  return FALSE;
}

/* Beside a pull no disk turns. */
static gboolean
end_pulls (WorkItem *item, const VmmInstance *instance, GPtrArray *pairs, gboolean *out_wait,
           GError **error)
{
  *out_wait = FALSE;
  for (guint i = 0; !*out_wait && i < pairs->len; i++)
    {
      const Pair *pair = g_ptr_array_index (pairs, i);

      if (!work_end_pull_to_turn (item, instance, pair->disk, pair->snapshot->deadline_ms, out_wait,
                                  error))
        return FALSE;
    }
  return TRUE;
}

/* A turn that is refused again and again ends before its deadline, for each attempt freezes the
 * guest. Whether the last one was made all the same is asked first. */
static gint64
not_turned (WorkItem *item, const VmmInstance *instance, GPtrArray *pairs, GPtrArray *turns,
            GError *why)
{
  const VmmSnapshot *first = ((const Pair *) g_ptr_array_index (pairs, 0))->snapshot;
  g_autoptr (GError) refusal = why, error = NULL;
  g_autoptr (GPtrArray) turned = NULL;

  if (g_error_matches (refusal, IMG_ERROR, IMG_ERROR_SPACE))
    return give_up (item, pairs, refusal->message);
  if (!work_attempt_failed (item, first->id, TURN_ATTEMPTS, refusal))
    return work_failed (item, g_steal_pointer (&refusal));
  if (WORK_CALL (item->parts->virt, thaw, instance->id, FREEZE_S, &error))
    turned = turned_of (item, instance, pairs, turns, &error);
  if (turned == NULL)
    return work_failed (item, g_steal_pointer (&error));
  return turned->len == 0 ? give_up (item, pairs, refusal->message)
                          : work_failed (item, g_steal_pointer (&refusal));
}

static gint64
snapshot_running (WorkItem *item, const VmmInstance *instance, GPtrArray *pairs)
{
  g_autoptr (GPtrArray) turns = turns_of (item, pairs);
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) turned = NULL, late = late_of (pairs);
  gboolean is_frozen = FALSE, must_wait = FALSE;

  if (!thaw_if_asked (item, instance, pairs, &error))
    return work_failed (item, g_steal_pointer (&error));
  turned = turned_of (item, instance, pairs, turns, &error);
  if (turned == NULL)
    return work_failed (item, g_steal_pointer (&error));
  if (turned->len > 0)
    return accomplish (item, turned, VMM_CONSISTENCY_CRASH, &error)
               ? 0
               : work_failed (item, g_steal_pointer (&error));
  if (late->len > 0)
    return give_up (item, late, "it was not taken within its time");
  if (!end_pulls (item, instance, pairs, &must_wait, &error))
    return work_failed (item, g_steal_pointer (&error));
  if (must_wait)
    return WORK_MERGE_LOOK_MS;
  if (!make_layers (item, pairs, &error) || !note_freezing (item, pairs, &error)
      || !turn (item, instance, turns, &is_frozen, &error))
    return not_turned (item, instance, pairs, turns, g_steal_pointer (&error));
  if (accomplish (item, pairs, is_frozen ? VMM_CONSISTENCY_FROZEN : VMM_CONSISTENCY_CRASH, &error))
    return 0;
  return work_failed (item, g_steal_pointer (&error));
}

/* ---- nobody has the disks open ---- */

/* A new layer that is there may hold what a guest wrote before it died: it is taken, never dropped,
 * however late it is and whatever becomes of others. */
static gboolean
take_off (WorkItem *item, const Pair *pair, GError **error)
{
  g_autoptr (GError) fault = NULL;

  if (work_make_layer (item, pair->disk->next_layer_id, NULL, &fault))
    return accomplish_one (item, pair, VMM_CONSISTENCY_OFF, error);
  if (g_error_matches (fault, IMG_ERROR, IMG_ERROR_SPACE) || is_late (pair))
    return give_up_one (item, pair, fault->message, error);
  g_propagate_error (error, g_steal_pointer (&fault));
  return FALSE;
}

static gint64
snapshot_off (WorkItem *item, GPtrArray *pairs)
{
  g_autoptr (GError) error = NULL;
  gboolean is_merging = FALSE;

  for (guint i = 0; !is_merging && i < pairs->len; i++)
    if (!work_is_layer_merging (item, ((Pair *) g_ptr_array_index (pairs, i))->disk->layer_id,
                                &is_merging, &error))
      return work_failed (item, g_steal_pointer (&error));
  if (is_merging)
    return WORK_MERGE_LOOK_MS;
  for (guint i = 0; i < pairs->len; i++)
    if (!take_off (item, g_ptr_array_index (pairs, i), &error))
      return work_failed (item, g_steal_pointer (&error));
  return 0;
}

gint64
work_instance_snapshots (WorkItem *item, const VmmInstance *instance)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) pairs = load (item, instance->id, NULL, &error);

  if (pairs == NULL)
    return work_failed (item, g_steal_pointer (&error));
  if (pairs->len == 0)
    return WORK_DONE;
  if (instance->state == VMM_INSTANCE_RUNNING)
    return snapshot_running (item, instance, pairs);
  /* A guest that is starting has none of its layers open yet: this comes first. */
  return snapshot_off (item, pairs);
}

gint64
work_disk_snapshot (WorkItem *item, const VmmDisk *disk)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) pairs = load (item, NULL, disk->id, &error);

  if (pairs == NULL)
    return work_failed (item, g_steal_pointer (&error));
  return pairs->len > 0 ? snapshot_off (item, pairs) : WORK_DONE;
}
