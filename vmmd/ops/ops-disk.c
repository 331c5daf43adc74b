/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The verbs on disks. */
#include "config.h"

#include "ops-disk-new.h"
#include "ops-disk-row.h"
#include "ops-disk.h"
#include "ops-instance-check.h"
#include "ops-text.h"
#include "ops-txn.h"
#include "store-instance.h"
#include "store-layer.h"
#include "store-snapshot.h"
#include "vmm-clock.h"
#include "vmm-error.h"
#include "vmm-id.h"
#include <string.h>

#define GIB (G_GUINT64_CONSTANT (1) << 30)

const char *
ops_disk_worker (const VmmDisk *disk)
{
  return *disk->instance_id != '\0' ? disk->instance_id : disk->id;
}

/* ---- Create ---- */

char *
ops_disk_create (VmmContext *ctx, const VmmCaller *caller, const OpsDiskSpec *spec, GError **error)
{
  g_autofree char *before = NULL;
  g_autoptr (StoreTxn) txn = NULL;
  g_autoptr (VmmDisk) disk = NULL;

  if (!ops_disk_check_spec (ctx, spec, error))
    return NULL;
  txn = ops_begin (ctx, caller, &before, error);
  if (txn == NULL || before != NULL)
    return g_steal_pointer (&before);
  disk = ops_disk_new (ctx, txn, caller, spec, NULL, error);
  if (disk == NULL || !ops_disk_check_space (ctx, txn, disk->virtual_bytes, error)
      || !ops_disk_insert (ctx, txn, disk, error)
      || !ops_finish (ctx, txn, caller, disk->id, error))
    return NULL;
  g_clear_pointer (&txn, store_txn_free);
  ctx->kick (ctx, disk->id);
  return g_strdup (disk->id);
}

/* ---- Attach and detach ---- */

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
  if (!ops_disk_check_idle (disk, error) || !ops_disk_move (ctx, txn, disk, event, NULL, error))
    return FALSE;
  disks = store_disk_list_of (txn, instance_id, error);
  chosen = disks != NULL ? ops_disk_choose_device (disks, device, error) : NULL;
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
  if (!ops_disk_check_idle (disk, error) || !ops_disk_move (ctx, txn, disk, event, NULL, error)
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
  if (!ops_disk_check_idle (disk, error)
      || !ops_disk_move (ctx, txn, disk, VMM_DISK_DELETE, NULL, error)
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
  if (!ops_disk_check_idle (disk, error))
    return FALSE;
  if (disk->state != VMM_DISK_AVAILABLE && disk->state != VMM_DISK_IN_USE)
    return vmm_fail (error, VMM_ERROR_DISK_STATUS,
                     "the current status '%s' of disk '%s' does not support this operation",
                     vmm_disk_state_wire (disk->state), id);
  if (bytes < disk->virtual_bytes)
    return vmm_fail (error, VMM_ERROR_DISK_TOO_SMALL,
                     "disk '%s' has %" G_GUINT64_FORMAT " GiB and does not shrink", id,
                     disk->virtual_bytes / GIB);
  if (bytes == disk->virtual_bytes)
    return ops_finish (ctx, txn, caller, "", error);
  if (!ops_disk_check_size (disk->category, disk->performance_level, size_gib, error)
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
  ops_text_replace (&disk->name, change->name);
  ops_text_replace (&disk->description, change->description);
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

  if (!ops_disk_check_texts (change->name, change->description, error))
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
  if (!ops_disk_check_idle (disk, error))
    return FALSE;
  layer_id = ops_disk_new_layer (ctx, txn, parent_id, disk->virtual_bytes, error);
  return layer_id != NULL && store_disk_set_next (txn, disk->id, layer_id, error)
         && ops_disk_move (ctx, txn, disk, VMM_DISK_RESET, NULL, error);
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
  if (!turn (ctx, txn, caller, disk, disk->origin_layer_id, error)
      || !ops_finish (ctx, txn, caller, "", error))
    return FALSE;
  worker = g_strdup (ops_disk_worker (disk));
  g_clear_pointer (&txn, store_txn_free);
  ctx->kick (ctx, worker);
  return TRUE;
}

/* One disk back to one of its snapshots; whose work that is is added to @workers. */
static gboolean
reset_one (VmmContext *ctx, StoreTxn *txn, const VmmCaller *caller, const OpsDiskReset *reset,
           GPtrArray *workers, GError **error)
{
  g_autoptr (VmmDisk) disk = store_disk_get (txn, caller->account_id, reset->disk_id, error);
  g_autoptr (VmmSnapshot) snapshot
      = disk != NULL ? ops_disk_find_source (txn, caller, reset->snapshot_id, error) : NULL;

  if (snapshot == NULL)
    return FALSE;
  if (!g_str_equal (snapshot->disk_id, disk->id))
    return vmm_fail (error, VMM_ERROR_SNAPSHOT_MISMATCH, "snapshot '%s' is of disk '%s', not '%s'",
                     snapshot->id, snapshot->disk_id, disk->id);
  g_ptr_array_add (workers, g_strdup (ops_disk_worker (disk)));
  return turn (ctx, txn, caller, disk, snapshot->layer_id, error);
}

gboolean
ops_disk_reset (VmmContext *ctx, const VmmCaller *caller, const OpsDiskReset *resets, gsize n,
                GError **error)
{
  g_autofree char *before = NULL;
  g_autoptr (StoreTxn) txn = ops_begin (ctx, caller, &before, error);
  g_autoptr (GPtrArray) workers = g_ptr_array_new_with_free_func (g_free);

  if (txn == NULL || before != NULL)
    return txn != NULL;
  for (gsize i = 0; i < n; i++)
    if (!reset_one (ctx, txn, caller, &resets[i], workers, error))
      return FALSE;
  if (!ops_finish (ctx, txn, caller, "", error))
    return FALSE;
  g_clear_pointer (&txn, store_txn_free);
  for (guint i = 0; i < workers->len; i++)
    ctx->kick (ctx, g_ptr_array_index (workers, i));
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
  VmmDisk grown;

  if (disk == NULL)
    return FALSE;
  grown = *disk;
  grown.virtual_bytes = virtual_bytes;
  return store_disk_set_size (txn, id, virtual_bytes, error)
         && ops_disk_rebound (ctx, txn, disk, &grown, error)
         && store_layer_set_virtual (txn, disk->layer_id, virtual_bytes, error)
         && store_commit (txn, error);
}
