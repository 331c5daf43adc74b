/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Moves of disks and what goes with them. */
#include "config.h"

#include "ops-capacity.h"
#include "ops-disk-row.h"
#include "store-image.h"
#include "store-layer.h"
#include "store-snapshot.h"
#include "vmm-clock.h"
#include "vmm-error.h"
#include "vmm-id.h"

static gint64
deadline (VmmContext *ctx, VmmDiskState state)
{
  const VmmConfig *config = ctx->config;
  int s;

  switch (vmm_disk_state_work (state))
    {
    case VMM_DISK_WORK_MAKE:
    case VMM_DISK_WORK_TURN:
      s = config->stage_s;
      break;
    case VMM_DISK_WORK_ATTACH:
      s = config->attach_s;
      break;
    case VMM_DISK_WORK_DETACH:
      s = config->detach_s;
      break;
    case VMM_DISK_WORK_DELETE:
      s = config->delete_s;
      break;
    case VMM_DISK_WORK_NONE:
    default:
      return 0;
    }
  return vmm_clock_now_ms () + s * G_GINT64_CONSTANT (1000);
}

gboolean
ops_disk_check_idle (const VmmDisk *disk, GError **error)
{
  if (disk->is_creating)
    return vmm_fail (error, VMM_ERROR_DISK_STATUS, "disk '%s' is being created", disk->id);
  if (disk->want_bytes != 0)
    return vmm_fail (error, VMM_ERROR_DISK_STATUS, "disk '%s' is being resized", disk->id);
  if (disk->next_layer_id != NULL && vmm_disk_state_work (disk->state) == VMM_DISK_WORK_TURN)
    return vmm_fail (error, VMM_ERROR_DISK_STATUS, "disk '%s' is being reset", disk->id);
  if (disk->next_layer_id != NULL)
    return vmm_fail (error, VMM_ERROR_DISK_SNAPSHOTTING,
                     "a snapshot of disk '%s' is being created; wait until it is accomplished",
                     disk->id);
  return TRUE;
}

gboolean
ops_disk_move (VmmContext *ctx, StoreTxn *txn, const VmmDisk *disk, VmmDiskEvent event,
               const char *reason, GError **error)
{
  VmmDiskState to;

  if (disk->is_creating && event != VMM_DISK_MADE && event != VMM_DISK_FAILED)
    return vmm_fail (error, VMM_ERROR_DISK_STATUS, "disk '%s' is being created", disk->id);
  if (!vmm_disk_state_next (disk->state, event, &to))
    return vmm_fail (error, VMM_ERROR_DISK_STATUS,
                     "the current status '%s' of disk '%s' does not support this operation",
                     vmm_disk_state_wire (disk->state), disk->id);
  if (!store_disk_move (txn, disk->id, disk->state, to, reason, deadline (ctx, to), error))
    return FALSE;
  /* Whatever leaves an instance is attached nowhere. */
  return event != VMM_DISK_DETACHED
         || store_disk_set_place (txn, disk->id, "", "", vmm_clock_now_ms (), error);
}

gboolean
ops_disk_settle_off (VmmContext *ctx, StoreTxn *txn, const VmmInstance *instance, GError **error)
{
  g_autoptr (GPtrArray) disks = store_disk_list_of (txn, instance->id, error);

  for (guint i = 0; disks != NULL && i < disks->len; i++)
    {
      const VmmDisk *disk = g_ptr_array_index (disks, i);
      VmmDiskWork work = vmm_disk_state_work (disk->state);

      if (work == VMM_DISK_WORK_ATTACH
          && !ops_disk_move (ctx, txn, disk, VMM_DISK_ATTACHED, NULL, error))
        return FALSE;
      if (work == VMM_DISK_WORK_DETACH
          && !ops_disk_move (ctx, txn, disk, VMM_DISK_DETACHED, NULL, error))
        return FALSE;
    }
  return disks != NULL;
}

static gpointer
copy_id (gconstpointer id, gpointer data)
{
  return g_strdup (id);
}

/* The snapshot under way of a disk that goes; images that wait for it are added to @kicks. */
static gboolean
fail_snapshots (StoreTxn *txn, const VmmDisk *disk, GPtrArray *kicks, GError **error)
{
  g_autoptr (GPtrArray) snapshots = store_snapshot_progressing (txn, NULL, disk->id, error);

  for (guint i = 0; snapshots != NULL && i < snapshots->len; i++)
    {
      const char *id = ((const VmmSnapshot *) g_ptr_array_index (snapshots, i))->id;
      g_autoptr (GPtrArray) images = store_image_waiting (txn, id, error);

      if (images == NULL
          || !store_snapshot_finish (txn, id, VMM_SNAPSHOT_FAILED, VMM_CONSISTENCY_UNKNOWN,
                                     "its disk was deleted before it was taken", error)
          || !store_snapshot_expire (txn, id, vmm_clock_now_ms (), error))
        return FALSE;
      g_ptr_array_extend (kicks, images, copy_id, NULL);
    }
  return snapshots != NULL;
}

gboolean
ops_disk_release_all (VmmContext *ctx, StoreTxn *txn, const VmmInstance *instance, GPtrArray *kicks,
                      GError **error)
{
  g_autoptr (GPtrArray) disks = store_disk_list_of (txn, instance->id, error);

  for (guint i = 0; disks != NULL && i < disks->len; i++)
    {
      const VmmDisk *disk = g_ptr_array_index (disks, i);

      /* One that is on its way out was asked to outlive it. */
      gboolean is_leaving = vmm_disk_state_work (disk->state) == VMM_DISK_WORK_DETACH;

      if ((disk->delete_with_instance && !is_leaving) || disk->is_system)
        {
          if (!fail_snapshots (txn, disk, kicks, error))
            return FALSE;
          continue;
        }
      if (!ops_disk_move (ctx, txn, disk, VMM_DISK_DETACHED, NULL, error))
        return FALSE;
      g_ptr_array_add (kicks, g_strdup (disk->id));
    }
  return disks != NULL;
}

gboolean
ops_disk_doom_all (StoreTxn *txn, const VmmInstance *instance, GError **error)
{
  g_autoptr (GPtrArray) disks = store_disk_list_of (txn, instance->id, error);

  for (guint i = 0; disks != NULL && i < disks->len; i++)
    {
      VmmDisk *disk = g_ptr_array_index (disks, i);

      disk->delete_with_instance = TRUE;
      if (disk->created_ms >= instance->created_ms && !store_disk_set_attributes (txn, disk, error))
        return FALSE;
    }
  return disks != NULL;
}

char *
ops_disk_new_layer (VmmContext *ctx, StoreTxn *txn, const char *parent_id, guint64 virtual_bytes,
                    GError **error)
{
  g_autoptr (VmmLayer) layer = g_new0 (VmmLayer, 1);

  layer->id = vmm_id_new (VMM_ID_LAYER);
  layer->host_id = g_strdup (ctx->host_id);
  layer->parent_id = g_strdup (parent_id);
  layer->virtual_bytes = virtual_bytes;
  layer->created_ms = vmm_clock_now_ms ();
  return store_layer_insert (txn, layer, error) ? g_strdup (layer->id) : NULL;
}

gboolean
ops_disk_check_space (VmmContext *ctx, StoreTxn *txn, guint64 bytes, GError **error)
{
  g_autofree char *why = NULL;
  OpsCapacity capacity;

  if (!ops_capacity_read (ctx, txn, &capacity, error))
    return FALSE;
  return ops_capacity_fit (ctx, &capacity, 0, 0, bytes, 1, &why) == 1
         || vmm_fail (error, VMM_ERROR_NO_STOCK, "%s", why);
}
