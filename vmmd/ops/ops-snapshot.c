/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The verbs on snapshots. */
#include "config.h"

#include "ops-capacity.h"
#include "ops-disk-row.h"
#include "ops-disk.h"
#include "ops-instance-check.h"
#include "ops-snapshot.h"
#include "ops-text.h"
#include "ops-txn.h"
#include "store-image.h"
#include "store-instance.h"
#include "store-layer.h"
#include "store-snapshot.h"
#include "vmm-clock.h"
#include "vmm-error.h"
#include "vmm-id.h"

#define DAY_MS (G_GINT64_CONSTANT (24) * 3600 * 1000)

static gboolean
check_texts (const char *name, const char *description, GError **error)
{
  if (name != NULL && *name != '\0'
      && (!vmm_disk_name_is_valid (name) || g_ascii_strncasecmp (name, "auto", 4) == 0))
    return vmm_fail (error, VMM_ERROR_SNAPSHOT_NAME_MALFORMED,
                     "the SnapshotName must be 2 to 128 characters, begin with a letter, and not "
                     "with http://, https:// or auto");
  return ops_check_description (description, error);
}

static gint64
end_of (gint64 created_ms, guint retention_days)
{
  return retention_days > 0 ? created_ms + retention_days * DAY_MS : 0;
}

/* The disk and the instance it may be in allow it now. */
static gboolean
check_disk (StoreTxn *txn, const VmmDisk *disk, GError **error)
{
  g_autoptr (VmmInstance) instance = NULL;
  g_autoptr (GPtrArray) chain = NULL;

  if (!ops_disk_check_idle (disk, error))
    return FALSE;
  if (disk->state != VMM_DISK_IN_USE && disk->state != VMM_DISK_AVAILABLE)
    return vmm_fail (error, VMM_ERROR_DISK_STATUS,
                     "the current status '%s' of disk '%s' does not support this operation",
                     vmm_disk_state_wire (disk->state), disk->id);
  if (*disk->instance_id != '\0')
    {
      instance = store_instance_get (txn, NULL, disk->instance_id, error);
      if (instance == NULL)
        return FALSE;
      if (instance->state != VMM_INSTANCE_RUNNING && instance->state != VMM_INSTANCE_STOPPED)
        return vmm_fail (error, VMM_ERROR_INSTANCE_STATUS,
                         "the current status '%s' of instance '%s' does not support this "
                         "operation",
                         vmm_instance_state_wire (instance->state), instance->id);
    }
  chain = store_layer_chain (txn, disk->layer_id, error);
  if (chain == NULL)
    return FALSE;
  if (chain->len >= OPS_CHAIN_MAX)
    return vmm_fail (
        error, VMM_ERROR_SNAPSHOT_QUOTA,
        "disk '%s' rests on %u layers, which is the most; wait a moment until they are "
        "merged, or delete a snapshot of it if the pool is full",
        disk->id, chain->len);
  return TRUE;
}

/* The layer itself is small, but what the guest writes anew from then on takes room. */
static gboolean
check_room (VmmContext *ctx, StoreTxn *txn, const VmmDisk *disk, GError **error)
{
  gboolean has_room = FALSE;

  if (!ops_capacity_has_room (ctx, txn, 0, &has_room, error))
    return FALSE;
  return has_room
         || vmm_fail (error, VMM_ERROR_NO_STOCK,
                      "the pool has no room for a snapshot of disk '%s'; free some, or delete "
                      "snapshots that are not needed",
                      disk->id);
}

/* A disk has so many at most. Called last: an automatic one takes the place of an older one, which
 * must not go when nothing comes. */
static gboolean
check_count (StoreTxn *txn, const VmmDisk *disk, gboolean is_auto, GError **error)
{
  g_autoptr (GError) local = NULL;
  g_autofree char *oldest = NULL;
  guint count = 0;

  if (!store_snapshot_count (txn, disk->id, &count, error))
    return FALSE;
  if (count < OPS_SNAPSHOTS_MAX)
    return TRUE;
  if (is_auto)
    oldest = store_snapshot_oldest_auto (txn, disk->id, &local);
  if (local != NULL)
    {
      g_propagate_error (error, g_steal_pointer (&local));
      return FALSE;
    }
  if (oldest != NULL)
    return store_snapshot_delete (txn, oldest, error);
  return vmm_fail (error, VMM_ERROR_SNAPSHOT_QUOTA,
                   "disk '%s' has %u snapshots, which is the most; delete one", disk->id, count);
}

static VmmSnapshot *
new_snapshot (VmmContext *ctx, const OpsSnapshotSpec *spec, const VmmDisk *disk)
{
  VmmSnapshot *s = g_new0 (VmmSnapshot, 1);

  s->id = vmm_id_new (VMM_ID_SNAPSHOT);
  s->account_id = g_strdup (disk->account_id);
  s->host_id = g_strdup (ctx->host_id);
  s->state = VMM_SNAPSHOT_PROGRESSING;
  s->group_id = g_strdup (spec->group_id != NULL ? spec->group_id : "");
  s->disk_id = g_strdup (disk->id);
  s->instance_id = g_strdup (disk->instance_id);
  s->image_id = g_strdup (disk->image_id);
  s->zone_id = g_strdup (disk->zone_id);
  s->category = g_strdup (disk->category);
  s->is_system = disk->is_system;
  s->name = g_strdup (spec->name != NULL ? spec->name : "");
  s->description = g_strdup (spec->description != NULL ? spec->description : "");
  s->layer_id = g_strdup (disk->layer_id);
  s->virtual_bytes = disk->virtual_bytes;
  s->is_auto = spec->policy_id != NULL;
  s->policy_id = g_strdup (spec->policy_id != NULL ? spec->policy_id : "");
  s->retention_days = spec->retention_days;
  s->created_ms = vmm_clock_now_ms ();
  s->expires_ms = end_of (s->created_ms, spec->retention_days);
  s->deadline_ms = s->created_ms + ctx->config->stage_s * G_GINT64_CONSTANT (1000);
  return s;
}

VmmSnapshot *
ops_snapshot_add (VmmContext *ctx, StoreTxn *txn, const VmmDisk *disk, const OpsSnapshotSpec *spec,
                  GError **error)
{
  g_autoptr (VmmSnapshot) snapshot = NULL;
  g_autofree char *next = NULL;

  if (!check_disk (txn, disk, error) || !check_room (ctx, txn, disk, error)
      || !check_count (txn, disk, spec->policy_id != NULL, error))
    return NULL;
  snapshot = new_snapshot (ctx, spec, disk);
  next = ops_disk_new_layer (ctx, txn, disk->layer_id, disk->virtual_bytes, error);
  if (next == NULL || !store_disk_set_next (txn, disk->id, next, error)
      || !store_snapshot_insert (txn, snapshot, error))
    return NULL;
  return g_steal_pointer (&snapshot);
}

char *
ops_snapshot_create (VmmContext *ctx, const VmmCaller *caller, const OpsSnapshotSpec *spec,
                     GError **error)
{
  g_autofree char *before = NULL;
  g_autoptr (StoreTxn) txn = NULL;
  g_autoptr (VmmDisk) disk = NULL;
  g_autoptr (VmmSnapshot) snapshot = NULL;

  if (!check_texts (spec->name, spec->description, error))
    return NULL;
  txn = ops_begin (ctx, caller, &before, error);
  if (txn == NULL || before != NULL)
    return g_steal_pointer (&before);
  disk = store_disk_get (txn, caller->account_id, spec->disk_id, error);
  snapshot = disk != NULL ? ops_snapshot_add (ctx, txn, disk, spec, error) : NULL;
  if (snapshot == NULL || !ops_finish (ctx, txn, caller, snapshot->id, error))
    return NULL;
  g_clear_pointer (&txn, store_txn_free);
  ctx->kick (ctx, ops_disk_worker (disk));
  return g_strdup (snapshot->id);
}

GPtrArray *
ops_snapshot_list (VmmContext *ctx, const VmmCaller *caller, const VmmSnapshotQuery *query,
                   const VmmPage *page, VmmPageInfo *out_info, GError **error)
{
  g_autoptr (StoreTxn) txn = store_begin_read (ctx->store, error);

  return txn != NULL ? store_snapshot_list (txn, caller->account_id, query, page, out_info, error)
                     : NULL;
}

gboolean
ops_snapshot_usage (VmmContext *ctx, const VmmCaller *caller, guint *out_count, guint64 *out_bytes,
                    GError **error)
{
  g_autoptr (StoreTxn) txn = store_begin_read (ctx->store, error);

  return txn != NULL && store_snapshot_usage (txn, caller->account_id, out_count, out_bytes, error);
}

static gboolean
check_users (StoreTxn *txn, const char *id, gboolean force, GError **error)
{
  guint images = 0, disks = 0;

  if (!store_snapshot_count_users (txn, id, &images, &disks, error))
    return FALSE;
  if (images > 0)
    return vmm_fail (error, VMM_ERROR_SNAPSHOT_IMAGE,
                     "snapshot '%s' is part of %u images; delete them first", id, images);
  if (disks > 0 && !force)
    return vmm_fail (error, VMM_ERROR_SNAPSHOT_DISK,
                     "%u disks were made from snapshot '%s'; Force=true deletes it all the same",
                     disks, id);
  return TRUE;
}

gboolean
ops_snapshot_remove (StoreTxn *txn, const VmmSnapshot *snapshot, GError **error)
{
  return snapshot->state == VMM_SNAPSHOT_PROGRESSING
             ? store_snapshot_abandon (txn, snapshot->id, error)
             : store_snapshot_delete (txn, snapshot->id, error);
}

gboolean
ops_snapshot_delete (VmmContext *ctx, const VmmCaller *caller, const char *id, gboolean force,
                     GError **error)
{
  g_autofree char *before = NULL;
  g_autoptr (StoreTxn) txn = ops_begin (ctx, caller, &before, error);
  g_autoptr (VmmSnapshot) snapshot = NULL;

  if (txn == NULL || before != NULL)
    return txn != NULL;
  snapshot = store_snapshot_get (txn, caller->account_id, id, error);
  if (snapshot == NULL)
    return FALSE;
  if (!check_users (txn, id, force, error) || !ops_snapshot_remove (txn, snapshot, error)
      || !ops_finish (ctx, txn, caller, "", error))
    return FALSE;
  g_clear_pointer (&txn, store_txn_free);
  ctx->kick (ctx, OPS_LAYERS);
  return TRUE;
}

gboolean
ops_snapshot_modify (VmmContext *ctx, const VmmCaller *caller, const char *id, const char *name,
                     const char *description, int retention_days, GError **error)
{
  g_autofree char *before = NULL;
  g_autoptr (StoreTxn) txn = NULL;
  g_autoptr (VmmSnapshot) snapshot = NULL;

  if (!check_texts (name, description, error))
    return FALSE;
  txn = ops_begin (ctx, caller, &before, error);
  if (txn == NULL || before != NULL)
    return txn != NULL;
  snapshot = store_snapshot_get (txn, caller->account_id, id, error);
  if (snapshot == NULL)
    return FALSE;
  ops_text_replace (&snapshot->name, name);
  ops_text_replace (&snapshot->description, description);
  if (retention_days >= 0)
    {
      snapshot->retention_days = (guint) retention_days;
      snapshot->expires_ms = end_of (snapshot->created_ms, snapshot->retention_days);
    }
  return store_snapshot_set_attributes (txn, snapshot, error)
         && ops_finish (ctx, txn, caller, "", error);
}

/* The disk rests on its new layer from now on, and the old one is never written again. */
static gboolean
turn_disk (StoreTxn *txn, const VmmSnapshot *snapshot, guint64 size_bytes, GError **error)
{
  g_autoptr (VmmDisk) disk = store_disk_get (txn, NULL, snapshot->disk_id, error);

  return disk != NULL && store_layer_set_sealed (txn, disk->layer_id, error)
         && store_layer_set_size (txn, disk->layer_id, size_bytes, 0, error)
         && store_disk_set_layer (txn, disk->id, disk->next_layer_id, error);
}

/* Ends a transaction (taken) in which a snapshot ended: one that nobody waits for any more goes,
 * and images that wait for it are told. */
static gboolean
commit_end (VmmContext *ctx, StoreTxn *taken, const char *id, GError **error)
{
  g_autoptr (StoreTxn) txn = taken;
  g_autoptr (GPtrArray) images = store_image_waiting (txn, id, error);

  if (images == NULL || !store_snapshot_expire (txn, id, vmm_clock_now_ms (), error)
      || !store_commit (txn, error))
    return FALSE;
  g_clear_pointer (&txn, store_txn_free);
  for (guint i = 0; i < images->len; i++)
    ctx->kick (ctx, g_ptr_array_index (images, i));
  ctx->kick (ctx, OPS_LAYERS);
  return TRUE;
}

gboolean
ops_snapshot_set_freezing (VmmContext *ctx, GPtrArray *snapshots, GError **error)
{
  g_autoptr (StoreTxn) txn = store_begin (ctx->store, error);

  for (guint i = 0; txn != NULL && i < snapshots->len; i++)
    if (!store_snapshot_set_freezing (
            txn, ((const VmmSnapshot *) g_ptr_array_index (snapshots, i))->id, error))
      return FALSE;
  return txn != NULL && store_commit (txn, error);
}

gboolean
ops_snapshot_accomplish (VmmContext *ctx, const VmmSnapshot *snapshot, VmmConsistency consistency,
                         guint64 size_bytes, GError **error)
{
  g_autoptr (StoreTxn) txn = store_begin (ctx->store, error);

  return txn != NULL && turn_disk (txn, snapshot, size_bytes, error)
         && store_snapshot_finish (txn, snapshot->id, VMM_SNAPSHOT_ACCOMPLISHED, consistency, NULL,
                                   error)
         && commit_end (ctx, g_steal_pointer (&txn), snapshot->id, error);
}

gboolean
ops_snapshot_fail (VmmContext *ctx, const VmmSnapshot *snapshot, const char *reason, GError **error)
{
  g_autoptr (StoreTxn) txn = store_begin (ctx->store, error);

  return txn != NULL && store_disk_set_next (txn, snapshot->disk_id, NULL, error)
         && store_snapshot_finish (txn, snapshot->id, VMM_SNAPSHOT_FAILED, VMM_CONSISTENCY_UNKNOWN,
                                   reason, error)
         && commit_end (ctx, g_steal_pointer (&txn), snapshot->id, error);
}
