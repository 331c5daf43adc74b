/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The verbs on disks. */
#include "config.h"

#include "ops-disk-row.h"
#include "ops-disk.h"
#include "ops-instance-check.h"
#include "ops-txn.h"
#include "store-instance.h"
#include "store-layer.h"
#include "store-snapshot.h"
#include "vmm-clock.h"
#include "vmm-error.h"
#include "vmm-id.h"
#include <string.h>

#define GIB (G_GUINT64_CONSTANT (1) << 30)
#define DEVICE_PREFIX "/dev/xvd"
#define FIRST_DATA_LETTER 'b'
#define LAST_LETTER 'z'

/* Sizes in GiB that ECS has for each category; all of them are files of the one pool here. */
static const struct
{
  const char *category, *level;
  guint64 least, most;
} sizes[] = {
  { "cloud", NULL, 5, 2000 },           { "cloud_efficiency", NULL, 20, 32768 },
  { "cloud_ssd", NULL, 20, 32768 },     { "cloud_essd", "PL0", 1, 65536 },
  { "cloud_essd", "PL1", 20, 65536 },   { "cloud_essd", "PL2", 461, 65536 },
  { "cloud_essd", "PL3", 1261, 65536 }, { "cloud_auto", NULL, 1, 65536 },
  { "ephemeral_ssd", NULL, 5, 800 },
};

static gboolean
check_size (const char *category, const char *level, guint64 size_gib, GError **error)
{
  gboolean is_known = FALSE;

  for (guint i = 0; i < G_N_ELEMENTS (sizes); i++)
    {
      if (!g_str_equal (sizes[i].category, category))
        continue;
      is_known = TRUE;
      if (sizes[i].level != NULL && !g_str_equal (sizes[i].level, level))
        continue;
      if (size_gib >= sizes[i].least && size_gib <= sizes[i].most)
        return TRUE;
      return vmm_fail (error, VMM_ERROR_DISK_SIZE,
                       "the size of %s%s%s is %" G_GUINT64_FORMAT " to %" G_GUINT64_FORMAT
                       " GiB, not %" G_GUINT64_FORMAT,
                       category, sizes[i].level != NULL ? " " : "",
                       sizes[i].level != NULL ? sizes[i].level : "", sizes[i].least, sizes[i].most,
                       size_gib);
    }
  return is_known ? vmm_fail (error, VMM_ERROR_PERFORMANCE_LEVEL,
                              "the PerformanceLevel '%s' is not PL0, PL1, PL2 or PL3", level)
                  : vmm_fail (error, VMM_ERROR_DATA_DISK_NOT_SUPPORTED,
                              "the disk category '%s' does not exist", category);
}

static gboolean
check_texts (const char *name, const char *description, GError **error)
{
  if (name != NULL && *name != '\0' && !vmm_disk_name_is_valid (name))
    return vmm_fail (error, VMM_ERROR_DISK_NAME_MALFORMED,
                     "the DiskName must be 2 to 128 characters, begin with a letter, and not with "
                     "http:// or https://");
  return ops_check_description (description, error);
}

static char *
copy_or (const char *text, const char *fallback)
{
  return g_strdup (text != NULL ? text : fallback);
}

const char *
ops_disk_worker (const VmmDisk *disk)
{
  return *disk->instance_id != '\0' ? disk->instance_id : disk->id;
}

/* ---- Create ---- */

/* The snapshot that a disk may be made from. */
static VmmSnapshot *
find_source (StoreTxn *txn, const VmmCaller *caller, const char *id, GError **error)
{
  g_autoptr (VmmSnapshot) snapshot = store_snapshot_get (txn, caller->account_id, id, error);

  if (snapshot != NULL && snapshot->state == VMM_SNAPSHOT_ACCOMPLISHED)
    return g_steal_pointer (&snapshot);
  if (snapshot != NULL)
    vmm_fail (error, VMM_ERROR_SNAPSHOT_NOT_READY, "snapshot '%s' is %s", id,
              vmm_snapshot_state_to_string (snapshot->state));
  return NULL;
}

static gboolean
check_spec (const VmmContext *ctx, const OpsDiskSpec *spec, GError **error)
{
  if (!check_texts (spec->name, spec->description, error))
    return FALSE;
  if (spec->zone_id != NULL && !g_str_equal (spec->zone_id, ctx->config->zone_id))
    return vmm_fail (error, VMM_ERROR_ZONE_NOT_FOUND, "the zone '%s' does not exist",
                     spec->zone_id);
  if (spec->size_gib == 0 && spec->snapshot_id == NULL)
    return vmm_fail (error, VMM_ERROR_MISSING_PARAMETER, "Size or SnapshotId is required");
  if (spec->file_system != NULL && !g_str_equal (spec->file_system, "ext4"))
    return vmm_fail (error, VMM_ERROR_INVALID_PARAMETER, "the FileSystem '%s' is not ext4",
                     spec->file_system);
  if (spec->file_system != NULL && spec->snapshot_id != NULL)
    return vmm_fail (error, VMM_ERROR_INVALID_PARAMETER,
                     "a disk from a snapshot has the file systems of the snapshot");
  return TRUE;
}

/* A size of its own, or the snapshot's. */
static gboolean
choose_size (const OpsDiskSpec *spec, const VmmSnapshot *source, VmmDisk *disk, GError **error)
{
  guint64 least = source != NULL ? (source->virtual_bytes + GIB - 1) / GIB : 0;
  guint64 size = spec->size_gib != 0 ? spec->size_gib : least;

  if (size < least)
    return vmm_fail (error, VMM_ERROR_DISK_SIZE,
                     "the size must be at least that of the snapshot, %" G_GUINT64_FORMAT " GiB",
                     least);
  /* What a snapshot holds may be smaller than a category allows: it is taken as it is. */
  if (spec->size_gib != 0
      && !check_size (disk->category, disk->performance_level, spec->size_gib, error))
    return FALSE;
  disk->virtual_bytes = size * GIB;
  return TRUE;
}

static VmmDisk *
new_disk (VmmContext *ctx, const VmmCaller *caller, const OpsDiskSpec *spec,
          const VmmSnapshot *source, GError **error)
{
  g_autoptr (VmmDisk) disk = g_new0 (VmmDisk, 1);

  disk->id = vmm_id_new (VMM_ID_DISK);
  disk->account_id = g_strdup (caller->account_id);
  disk->host_id = g_strdup (ctx->host_id);
  disk->zone_id = g_strdup (ctx->config->zone_id);
  disk->name = copy_or (spec->name, "");
  disk->description = copy_or (spec->description, "");
  disk->category = copy_or (spec->category, "cloud");
  disk->performance_level
      = copy_or (spec->performance_level, g_str_equal (disk->category, "cloud_essd") ? "PL1" : "");
  disk->file_system = copy_or (spec->file_system, "");
  disk->source_snapshot_id = copy_or (spec->snapshot_id, "");
  disk->state = VMM_DISK_CREATING;
  disk->is_portable = disk->enable_auto_snapshot = TRUE;
  disk->created_ms = vmm_clock_now_ms ();
  disk->deadline_ms = disk->created_ms + ctx->config->stage_s * G_GINT64_CONSTANT (1000);
  disk->origin_layer_id = source != NULL ? g_strdup (source->layer_id) : NULL;
  return choose_size (spec, source, disk, error) ? g_steal_pointer (&disk) : NULL;
}

char *
ops_disk_create (VmmContext *ctx, const VmmCaller *caller, const OpsDiskSpec *spec, GError **error)
{
  g_autofree char *before = NULL;
  g_autoptr (StoreTxn) txn = NULL;
  g_autoptr (VmmSnapshot) source = NULL;
  g_autoptr (VmmDisk) disk = NULL;

  if (!check_spec (ctx, spec, error))
    return NULL;
  txn = ops_begin (ctx, caller, &before, error);
  if (txn == NULL || before != NULL)
    return g_steal_pointer (&before);
  if (spec->snapshot_id != NULL)
    {
      source = find_source (txn, caller, spec->snapshot_id, error);
      if (source == NULL)
        return NULL;
    }
  disk = new_disk (ctx, caller, spec, source, error);
  if (disk == NULL || !ops_disk_check_space (ctx, txn, disk->virtual_bytes, error))
    return NULL;
  disk->layer_id = ops_disk_new_layer (ctx, txn, disk->origin_layer_id, disk->virtual_bytes, error);
  if (disk->layer_id == NULL || !store_disk_insert (txn, disk, error)
      || !ops_finish (ctx, txn, caller, disk->id, error))
    return NULL;
  g_clear_pointer (&txn, store_txn_free);
  ctx->kick (ctx, disk->id);
  return g_strdup (disk->id);
}

/* ---- Attach and detach ---- */

/* The device asked for, or the first free one; NULL with an error. The caller frees it. */
static char *
choose_device (GPtrArray *disks, const char *asked, GError **error)
{
  gboolean taken[LAST_LETTER + 1] = { FALSE };
  guint data = 0;
  char letter = 0;

  for (guint i = 0; i < disks->len; i++)
    {
      const VmmDisk *disk = g_ptr_array_index (disks, i);
      gsize length = strlen (disk->device);

      data += !disk->is_system;
      if (length > 0 && disk->device[length - 1] > 0 && disk->device[length - 1] <= LAST_LETTER)
        taken[(int) disk->device[length - 1]] = TRUE;
    }
  if (data >= OPS_DISK_DATA_MAX)
    vmm_fail (error, VMM_ERROR_DISK_LIMIT, "an instance has at most %d data disks",
              OPS_DISK_DATA_MAX);
  else if (asked == NULL || *asked == '\0')
    for (letter = FIRST_DATA_LETTER; taken[(int) letter]; letter++)
      ;
  else if (!g_str_has_prefix (asked, DEVICE_PREFIX) || strlen (asked) != strlen (DEVICE_PREFIX) + 1
           || asked[strlen (DEVICE_PREFIX)] < FIRST_DATA_LETTER
           || asked[strlen (DEVICE_PREFIX)] > LAST_LETTER)
    vmm_fail (error, VMM_ERROR_DEVICE_MALFORMED, "the Device '%s' is not /dev/xvdb to /dev/xvdz",
              asked);
  else if (taken[(int) asked[strlen (DEVICE_PREFIX)]])
    vmm_fail (error, VMM_ERROR_DEVICE_IN_USE, "the Device '%s' is in use", asked);
  else
    letter = asked[strlen (DEVICE_PREFIX)];
  return letter != 0 ? g_strdup_printf (DEVICE_PREFIX "%c", letter) : NULL;
}

static gboolean
check_instance (const VmmInstance *instance, GError **error)
{
  if (instance->state == VMM_INSTANCE_RUNNING || instance->state == VMM_INSTANCE_STOPPED)
    return TRUE;
  return vmm_fail (error, VMM_ERROR_INSTANCE_STATUS,
                   "the current status '%s' of instance '%s' does not support this operation",
                   vmm_instance_state_wire (instance->state), instance->id);
}

static gboolean
set_delete_with (StoreTxn *txn, VmmDisk *disk, int delete_with_instance, GError **error)
{
  if (delete_with_instance < 0)
    return TRUE;
  disk->delete_with_instance = delete_with_instance != 0;
  return store_disk_set_attributes (txn, disk, error);
}

gboolean
ops_disk_attach (VmmContext *ctx, const VmmCaller *caller, const char *id, const char *instance_id,
                 const char *device, int delete_with_instance, GError **error)
{
  g_autofree char *before = NULL, *chosen = NULL;
  g_autoptr (StoreTxn) txn = ops_begin (ctx, caller, &before, error);
  g_autoptr (VmmDisk) disk = NULL;
  g_autoptr (VmmInstance) instance = NULL;
  g_autoptr (GPtrArray) disks = NULL;
  VmmDiskEvent event;

  if (txn == NULL || before != NULL)
    return txn != NULL;
  disk = store_disk_get (txn, caller->account_id, id, error);
  if (disk != NULL)
    instance = store_instance_get (txn, caller->account_id, instance_id, error);
  if (instance == NULL || !check_instance (instance, error))
    return FALSE;
  event = instance->state == VMM_INSTANCE_RUNNING ? VMM_DISK_ATTACH : VMM_DISK_ATTACH_OFF;
  if (!ops_disk_move (ctx, txn, disk, event, NULL, error))
    return FALSE;
  disks = store_disk_list_of (txn, instance_id, error);
  chosen = disks != NULL ? choose_device (disks, device, error) : NULL;
  if (chosen == NULL
      || !store_disk_set_place (txn, id, instance_id, chosen, vmm_clock_now_ms (), error)
      || !set_delete_with (txn, disk, delete_with_instance, error)
      || !ops_finish (ctx, txn, caller, "", error))
    return FALSE;
  g_clear_pointer (&txn, store_txn_free);
  ctx->kick (ctx, instance_id);
  return TRUE;
}

gboolean
ops_disk_detach (VmmContext *ctx, const VmmCaller *caller, const char *id, const char *instance_id,
                 int delete_with_instance, GError **error)
{
  g_autofree char *before = NULL;
  g_autoptr (StoreTxn) txn = ops_begin (ctx, caller, &before, error);
  g_autoptr (VmmDisk) disk = NULL;
  g_autoptr (VmmInstance) instance = NULL;
  VmmDiskEvent event;

  if (txn == NULL || before != NULL)
    return txn != NULL;
  disk = store_disk_get (txn, caller->account_id, id, error);
  if (disk != NULL)
    instance = store_instance_get (txn, caller->account_id, instance_id, error);
  if (instance == NULL || !check_instance (instance, error))
    return FALSE;
  if (!g_str_equal (disk->instance_id, instance_id))
    return vmm_fail (error, VMM_ERROR_DISK_DETACHED, "disk '%s' is not attached to instance '%s'",
                     id, instance_id);
  if (disk->is_system)
    return vmm_fail (error, VMM_ERROR_DISK_TYPE, "'%s' is a system disk, which cannot be detached",
                     id);
  event = instance->state == VMM_INSTANCE_RUNNING ? VMM_DISK_DETACH : VMM_DISK_DETACHED;
  if (disk->want_bytes != 0)
    return vmm_fail (error, VMM_ERROR_DISK_STATUS, "disk '%s' is being resized", id);
  if (!ops_disk_move (ctx, txn, disk, event, NULL, error)
      || !set_delete_with (txn, disk, delete_with_instance, error)
      || !ops_finish (ctx, txn, caller, "", error))
    return FALSE;
  g_clear_pointer (&txn, store_txn_free);
  ctx->kick (ctx, instance_id);
  return TRUE;
}

gboolean
ops_disk_delete (VmmContext *ctx, const VmmCaller *caller, const char *id, GError **error)
{
  g_autofree char *before = NULL;
  g_autoptr (StoreTxn) txn = ops_begin (ctx, caller, &before, error);
  g_autoptr (GError) local = NULL;
  g_autoptr (VmmDisk) disk = NULL;

  if (txn == NULL || before != NULL)
    return txn != NULL;
  disk = store_disk_get (txn, caller->account_id, id, &local);
  if (g_error_matches (local, VMM_ERROR, VMM_ERROR_DISK_NOT_FOUND))
    return ops_finish (ctx, txn, caller, "", error);
  if (disk == NULL)
    {
      g_propagate_error (error, g_steal_pointer (&local));
      return FALSE;
    }
  if (*disk->instance_id != '\0')
    return vmm_fail (error, VMM_ERROR_DISK_STATUS,
                     "disk '%s' is attached to instance '%s'; detach it first", id,
                     disk->instance_id);
  if (disk->state == VMM_DISK_DELETING)
    return ops_finish (ctx, txn, caller, "", error);
  if (!ops_disk_move (ctx, txn, disk, VMM_DISK_DELETE, NULL, error)
      || !ops_finish (ctx, txn, caller, "", error))
    return FALSE;
  g_clear_pointer (&txn, store_txn_free);
  ctx->kick (ctx, id);
  return TRUE;
}

/* ---- Changes ---- */

gboolean
ops_disk_resize (VmmContext *ctx, const VmmCaller *caller, const char *id, guint64 size_gib,
                 GError **error)
{
  g_autofree char *before = NULL, *worker = NULL;
  g_autoptr (StoreTxn) txn = ops_begin (ctx, caller, &before, error);
  g_autoptr (VmmDisk) disk = NULL;
  guint64 bytes = size_gib * GIB;

  if (txn == NULL || before != NULL)
    return txn != NULL;
  disk = store_disk_get (txn, caller->account_id, id, error);
  if (disk == NULL)
    return FALSE;
  if ((disk->state != VMM_DISK_AVAILABLE && disk->state != VMM_DISK_IN_USE) || disk->is_creating
      || disk->want_bytes != 0)
    return vmm_fail (error, VMM_ERROR_DISK_STATUS,
                     "the current status '%s' of disk '%s' does not support this operation",
                     disk->want_bytes != 0 ? "Resizing" : vmm_disk_state_wire (disk->state), id);
  if (disk->next_layer_id != NULL)
    return vmm_fail (error, VMM_ERROR_DISK_SNAPSHOTTING, "a snapshot of disk '%s' is under way",
                     id);
  if (bytes < disk->virtual_bytes)
    return vmm_fail (error, VMM_ERROR_DISK_TOO_SMALL,
                     "disk '%s' has %" G_GUINT64_FORMAT " GiB and does not shrink", id,
                     disk->virtual_bytes / GIB);
  if (bytes == disk->virtual_bytes)
    return ops_finish (ctx, txn, caller, "", error);
  if (!check_size (disk->category, disk->performance_level, size_gib, error)
      || !ops_disk_check_space (ctx, txn, bytes - disk->virtual_bytes, error)
      || !store_disk_set_want (txn, id, bytes, error) || !ops_finish (ctx, txn, caller, "", error))
    return FALSE;
  worker = g_strdup (ops_disk_worker (disk));
  g_clear_pointer (&txn, store_txn_free);
  ctx->kick (ctx, worker);
  return TRUE;
}

static gboolean
modify_one (StoreTxn *txn, const VmmCaller *caller, const char *id, const OpsDiskChange *change,
            GError **error)
{
  g_autoptr (VmmDisk) disk = store_disk_get (txn, caller->account_id, id, error);

  if (disk == NULL)
    return FALSE;
  if (change->name != NULL)
    {
      g_free (disk->name);
      disk->name = g_strdup (change->name);
    }
  if (change->description != NULL)
    {
      g_free (disk->description);
      disk->description = g_strdup (change->description);
    }
  if (change->delete_with_instance >= 0)
    disk->delete_with_instance = change->delete_with_instance != 0;
  if (change->enable_auto_snapshot >= 0)
    disk->enable_auto_snapshot = change->enable_auto_snapshot != 0;
  if (change->delete_auto_snapshot >= 0)
    disk->delete_auto_snapshot = change->delete_auto_snapshot != 0;
  return store_disk_set_attributes (txn, disk, error);
}

gboolean
ops_disk_modify (VmmContext *ctx, const VmmCaller *caller, const char *const *ids,
                 const OpsDiskChange *change, GError **error)
{
  g_autofree char *before = NULL;
  g_autoptr (StoreTxn) txn = NULL;

  if (!check_texts (change->name, change->description, error))
    return FALSE;
  txn = ops_begin (ctx, caller, &before, error);
  if (txn == NULL || before != NULL)
    return txn != NULL;
  for (guint i = 0; ids[i] != NULL; i++)
    if (!modify_one (txn, caller, ids[i], change, error))
      return FALSE;
  return ops_finish (ctx, txn, caller, "", error);
}

/* Turns a disk to a new layer on @parent_id: its old one goes when the files have turned. */
static gboolean
turn (VmmContext *ctx, StoreTxn *txn, const VmmCaller *caller, const VmmDisk *disk,
      const char *parent_id, GError **error)
{
  g_autoptr (VmmInstance) instance = NULL;
  g_autofree char *layer_id = NULL;

  if (*disk->instance_id != '\0')
    {
      instance = store_instance_get (txn, caller->account_id, disk->instance_id, error);
      if (instance == NULL)
        return FALSE;
      if (instance->state != VMM_INSTANCE_STOPPED)
        return vmm_fail (error, VMM_ERROR_INSTANCE_STATUS,
                         "the current status '%s' of instance '%s' does not support this "
                         "operation; stop it first",
                         vmm_instance_state_wire (instance->state), instance->id);
    }
  if (disk->next_layer_id != NULL)
    return vmm_fail (error, VMM_ERROR_DISK_SNAPSHOTTING, "a snapshot of disk '%s' is under way",
                     disk->id);
  if (disk->want_bytes != 0)
    return vmm_fail (error, VMM_ERROR_DISK_STATUS, "disk '%s' is being resized", disk->id);
  layer_id = ops_disk_new_layer (ctx, txn, parent_id, disk->virtual_bytes, error);
  return layer_id != NULL && store_disk_set_next (txn, disk->id, layer_id, error)
         && ops_disk_move (ctx, txn, disk, VMM_DISK_RESET, NULL, error)
         && ops_finish (ctx, txn, caller, "", error);
}

gboolean
ops_disk_reinit (VmmContext *ctx, const VmmCaller *caller, const char *id, GError **error)
{
  g_autofree char *before = NULL, *worker = NULL;
  g_autoptr (StoreTxn) txn = ops_begin (ctx, caller, &before, error);
  g_autoptr (VmmDisk) disk = NULL;

  if (txn == NULL || before != NULL)
    return txn != NULL;
  disk = store_disk_get (txn, caller->account_id, id, error);
  if (disk == NULL)
    return FALSE;
  if (*disk->instance_id == '\0')
    return vmm_fail (error, VMM_ERROR_DISK_STATUS, "disk '%s' is attached to no instance", id);
  if (!turn (ctx, txn, caller, disk, disk->origin_layer_id, error))
    return FALSE;
  worker = g_strdup (ops_disk_worker (disk));
  g_clear_pointer (&txn, store_txn_free);
  ctx->kick (ctx, worker);
  return TRUE;
}

gboolean
ops_disk_reset (VmmContext *ctx, const VmmCaller *caller, const char *id, const char *snapshot_id,
                GError **error)
{
  g_autofree char *before = NULL, *worker = NULL;
  g_autoptr (StoreTxn) txn = ops_begin (ctx, caller, &before, error);
  g_autoptr (VmmDisk) disk = NULL;
  g_autoptr (VmmSnapshot) snapshot = NULL;

  if (txn == NULL || before != NULL)
    return txn != NULL;
  disk = store_disk_get (txn, caller->account_id, id, error);
  snapshot = disk != NULL ? find_source (txn, caller, snapshot_id, error) : NULL;
  if (snapshot == NULL)
    return FALSE;
  if (!g_str_equal (snapshot->disk_id, id))
    return vmm_fail (error, VMM_ERROR_SNAPSHOT_MISMATCH, "snapshot '%s' is of disk '%s', not '%s'",
                     snapshot_id, snapshot->disk_id, id);
  if (!turn (ctx, txn, caller, disk, snapshot->layer_id, error))
    return FALSE;
  worker = g_strdup (ops_disk_worker (disk));
  g_clear_pointer (&txn, store_txn_free);
  ctx->kick (ctx, worker);
  return TRUE;
}

/* ---- For the worker ---- */

/* What an event means beside the state. */
static gboolean
follow (StoreTxn *txn, const VmmDisk *disk, VmmDiskEvent event, GError **error)
{
  if (event == VMM_DISK_TURNED)
    return store_disk_set_layer (txn, disk->id, disk->next_layer_id, error);
  if (event == VMM_DISK_FAILED && vmm_disk_state_work (disk->state) == VMM_DISK_WORK_TURN)
    return store_disk_set_next (txn, disk->id, NULL, error);
  if (event == VMM_DISK_DELETED)
    return store_disk_delete (txn, disk->id, error);
  return TRUE;
}

gboolean
ops_disk_event (VmmContext *ctx, const char *id, VmmDiskState from, VmmDiskEvent event,
                const char *reason, GError **error)
{
  g_autoptr (StoreTxn) txn = store_begin (ctx->store, error);
  g_autoptr (VmmDisk) disk = txn != NULL ? store_disk_get (txn, NULL, id, error) : NULL;

  if (disk == NULL)
    return FALSE;
  if (disk->state != from)
    return vmm_fail (error, VMM_ERROR_OPERATION_CONFLICT, "disk '%s' is not %s any more", id,
                     vmm_disk_state_to_string (from));
  return ops_disk_move (ctx, txn, disk, event, reason, error) && follow (txn, disk, event, error)
         && store_commit (txn, error);
}

gboolean
ops_disk_grown (VmmContext *ctx, const char *id, guint64 virtual_bytes, GError **error)
{
  g_autoptr (StoreTxn) txn = store_begin (ctx->store, error);
  g_autoptr (VmmDisk) disk = txn != NULL ? store_disk_get (txn, NULL, id, error) : NULL;

  return disk != NULL && store_disk_set_size (txn, id, virtual_bytes, error)
         && store_layer_set_virtual (txn, disk->layer_id, virtual_bytes, error)
         && store_commit (txn, error);
}
