/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ReplaceSystemDisk: one transaction gives the instance another system disk. What is left to do
 * then, to make a layer on the image's, can only be late, so nothing needs to be undone. */
#include "config.h"

#include "ops-disk-new.h"
#include "ops-disk-row.h"
#include "ops-disk.h"
#include "ops-instance-check.h"
#include "ops-instance-disk.h"
#include "ops-txn.h"
#include "store-instance.h"
#include "vmm-error.h"
#include <string.h>

/* The system disk, when nothing is being done to it. */
static VmmDisk *
find_old (StoreTxn *txn, const VmmInstance *instance, GError **error)
{
  g_autoptr (GPtrArray) disks = store_disk_list_of (txn, instance->id, error);
  g_autoptr (VmmDisk) disk = NULL;

  if (disks == NULL)
    return NULL;
  if (instance->state != VMM_INSTANCE_STOPPED)
    vmm_fail (error, VMM_ERROR_INSTANCE_STATUS,
              "the current status '%s' of instance '%s' does not support this operation; stop it "
              "first",
              vmm_instance_state_wire (instance->state), instance->id);
  else if (disks->len == 0 || !((const VmmDisk *) g_ptr_array_index (disks, 0))->is_system)
    vmm_fail (error, VMM_ERROR_INTERNAL, "instance '%s' has no system disk", instance->id);
  else
    disk = g_ptr_array_steal_index (disks, 0);
  if (disk == NULL)
    return NULL;
  if (!ops_disk_check_idle (disk, error))
    return NULL;
  if (disk->state == VMM_DISK_IN_USE)
    return g_steal_pointer (&disk);
  vmm_fail (error, VMM_ERROR_DISK_STATUS,
            "the current status '%s' of disk '%s' does not support this operation",
            vmm_disk_state_wire (disk->state), disk->id);
  return NULL;
}

/* It keeps what its owner said of the old one. */
static VmmDisk *
new_disk (VmmContext *ctx, const VmmDisk *old, const VmmImage *image, guint64 size_gib,
          GError **error)
{
  const OpsDiskSpec spec = { .category = old->category,
                             .performance_level = old->performance_level,
                             .name = old->name,
                             .description = old->description,
                             .size_gib = size_gib };
  VmmDisk *disk = ops_instance_new_system_disk (ctx, old->account_id, image, &spec,
                                                old->virtual_bytes, error);

  if (disk == NULL)
    return NULL;
  disk->state = VMM_DISK_REPLACING;
  disk->deadline_ms = disk->created_ms + ctx->config->stage_s * G_GINT64_CONSTANT (1000);
  disk->instance_id = g_strdup (old->instance_id);
  disk->delete_with_instance = old->delete_with_instance;
  disk->enable_auto_snapshot = old->enable_auto_snapshot;
  disk->delete_auto_snapshot = old->delete_auto_snapshot;
  return disk;
}

static gboolean
boot_from (StoreTxn *txn, VmmInstance *instance, const VmmImage *image, const char *key_pair,
           GError **error)
{
  g_free (instance->image_id);
  instance->image_id = g_strdup (image->id);
  return ops_instance_fill_key (txn, instance, key_pair, error)
         && store_instance_set_image (txn, instance, error);
}

char *
ops_disk_replace (VmmContext *ctx, const VmmCaller *caller, const char *instance_id,
                  const char *image_id, guint64 size_gib, const char *key_pair, GError **error)
{
  g_autofree char *before = NULL;
  g_autoptr (StoreTxn) txn = ops_begin (ctx, caller, &before, error);
  g_autoptr (VmmInstance) instance = NULL;
  g_autoptr (VmmImage) image = NULL;
  g_autoptr (VmmDisk) old = NULL;
  g_autoptr (VmmDisk) disk = NULL;

  if (txn == NULL || before != NULL)
    return g_steal_pointer (&before);
  instance = store_instance_get (txn, caller->account_id, instance_id, error);
  old = instance != NULL ? find_old (txn, instance, error) : NULL;
  image = old != NULL ? ops_instance_find_image (txn, caller, image_id, error) : NULL;
  disk = image != NULL ? new_disk (ctx, old, image, size_gib, error) : NULL;
  if (disk == NULL
      || !ops_disk_check_space (ctx, txn, disk->virtual_bytes - old->virtual_bytes, error)
      || !store_disk_delete (txn, old->id, error) || !ops_disk_insert (ctx, txn, disk, error)
      || !boot_from (txn, instance, image, key_pair, error)
      || !ops_finish (ctx, txn, caller, disk->id, error))
    return NULL;
  g_clear_pointer (&txn, store_txn_free);
  ctx->kick (ctx, instance_id);
  return g_steal_pointer (&disk->id);
}
