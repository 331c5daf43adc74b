/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What disks may do a second: it follows from category, level and size, and a change of these is
 * told to the guest that runs on it. */
#include "config.h"

#include "ops-disk-new.h"
#include "ops-disk-row.h"
#include "ops-disk.h"
#include "ops-txn.h"
#include "vmm-error.h"

#define GIB (G_GUINT64_CONSTANT (1) << 30)

static gboolean
have_same_bounds (const VmmContext *ctx, const VmmDisk *a, const VmmDisk *b)
{
  guint64 iops[2], bytes[2];

  vmm_config_disk_bounds (ctx->config, a->category, a->performance_level, a->virtual_bytes,
                          &iops[0], &bytes[0]);
  vmm_config_disk_bounds (ctx->config, b->category, b->performance_level, b->virtual_bytes,
                          &iops[1], &bytes[1]);
  return iops[0] == iops[1] && bytes[0] == bytes[1];
}

gboolean
ops_disk_rebound (VmmContext *ctx, StoreTxn *txn, const VmmDisk *before, const VmmDisk *after,
                  GError **error)
{
  return *after->instance_id == '\0' || have_same_bounds (ctx, before, after)
         || store_disk_set_unbound (txn, after->id, TRUE, error);
}

gboolean
ops_disk_bounded (VmmContext *ctx, const VmmDisk *disk, GError **error)
{
  g_autoptr (StoreTxn) txn = store_begin (ctx->store, error);
  g_autoptr (VmmDisk) now = txn != NULL ? store_disk_get (txn, NULL, disk->id, error) : NULL;

  if (now == NULL)
    return FALSE;
  /* They may have changed once more meanwhile. */
  return !have_same_bounds (ctx, disk, now)
         || (store_disk_set_unbound (txn, disk->id, FALSE, error) && store_commit (txn, error));
}

static gboolean
check_respec (const VmmDisk *disk, const char *category, const char *level, GError **error)
{
  if (!ops_disk_check_idle (disk, error))
    return FALSE;
  if (disk->state != VMM_DISK_AVAILABLE && disk->state != VMM_DISK_IN_USE)
    return vmm_fail (error, VMM_ERROR_DISK_STATUS,
                     "the current status '%s' of disk '%s' does not support this operation",
                     vmm_disk_state_wire (disk->state), disk->id);
  /* A system disk is as large as its image wants it. */
  return disk->is_system || ops_disk_check_size (category, level, disk->virtual_bytes / GIB, error);
}

gboolean
ops_disk_respec (VmmContext *ctx, const VmmCaller *caller, const char *id, const char *category,
                 const char *level, GError **error)
{
  g_autofree char *before = NULL, *worker = NULL;
  g_autoptr (StoreTxn) txn = ops_begin (ctx, caller, &before, error);
  g_autoptr (VmmDisk) disk = NULL;
  VmmDisk changed;

  if (txn == NULL || before != NULL)
    return txn != NULL;
  disk = store_disk_get (txn, caller->account_id, id, error);
  if (disk == NULL)
    return FALSE;
  changed = *disk;
  if (category != NULL)
    changed.category = (char *) category;
  if (level != NULL && !g_str_equal (changed.category, "cloud_essd"))
    return vmm_fail (error, VMM_ERROR_PERFORMANCE_LEVEL,
                     "only disks of cloud_essd have a PerformanceLevel, '%s' is of %s", id,
                     changed.category);
  if (level == NULL && *disk->performance_level != '\0')
    level = disk->performance_level;
  changed.performance_level = (char *) ops_disk_level (changed.category, level);
  if (!check_respec (disk, changed.category, changed.performance_level, error)
      || !store_disk_set_attributes (txn, &changed, error)
      || !ops_disk_rebound (ctx, txn, disk, &changed, error)
      || !ops_finish (ctx, txn, caller, "", error))
    return FALSE;
  worker = g_strdup (ops_disk_worker (disk));
  g_clear_pointer (&txn, store_txn_free);
  ctx->kick (ctx, worker);
  return TRUE;
}
