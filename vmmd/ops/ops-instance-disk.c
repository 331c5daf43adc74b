/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The disks that instances are born with: rows of the same transaction, so that all are there or
 * nothing is. */
#include "config.h"

#include "ops-disk-new.h"
#include "ops-instance-disk.h"
#include "store-image.h"
#include "vmm-clock.h"
#include "vmm-error.h"
#include "vmm-id.h"

#define GIB (G_GUINT64_CONSTANT (1) << 30)
#define SYSTEM_DEVICE "/dev/xvda"
#define DEFAULT_CATEGORY "cloud_efficiency"

/* The verbs on instances have names of their own for two errors of disks. */
static gboolean
rename_error (GError **error)
{
  if (error == NULL)
    return FALSE;
  if (g_error_matches (*error, VMM_ERROR, VMM_ERROR_DISK_SIZE))
    (*error)->code = VMM_ERROR_DATA_DISK_SIZE;
  else if (g_error_matches (*error, VMM_ERROR, VMM_ERROR_DISK_LIMIT))
    (*error)->code = VMM_ERROR_DATA_DISK_LIMIT;
  return FALSE;
}

VmmImage *
ops_instance_find_image (StoreTxn *txn, const VmmCaller *caller, const char *id, GError **error)
{
  g_autoptr (VmmImage) image = store_image_get (txn, caller->account_id, id, error);

  if (image == NULL || vmm_image_state_is_usable (image->state))
    return g_steal_pointer (&image);
  vmm_fail (error, VMM_ERROR_IMAGE_NOT_AVAILABLE, "the image '%s' is %s%s%s", image->id,
            vmm_image_state_wire (image->state), *image->reason != '\0' ? ": " : "", image->reason);
  return NULL;
}

gboolean
ops_instance_check_disks (const VmmContext *ctx, const OpsDiskSpec *system,
                          const OpsInstanceDisk *disks, guint n, GError **error)
{
  static const char *const categories[]
      = { "cloud", "cloud_efficiency", "cloud_ssd", "cloud_essd", "cloud_auto", NULL };

  if (system->category != NULL && !g_strv_contains (categories, system->category))
    return vmm_fail (error, VMM_ERROR_SYSTEM_DISK_CATEGORY, "the disk category '%s' does not exist",
                     system->category);
  if (!ops_disk_check_texts (system->name, system->description, error))
    return FALSE;
  if (n > OPS_DISK_DATA_MAX)
    return vmm_fail (error, VMM_ERROR_DATA_DISK_LIMIT,
                     "%u data disks asked, an instance has at most %d", n, OPS_DISK_DATA_MAX);
  for (guint i = 0; i < n; i++)
    if (!ops_disk_check_spec (ctx, &disks[i].spec, error))
      return FALSE;
  return TRUE;
}

/* ---- The plan ---- */

static gboolean
choose_system_size (VmmContext *ctx, const VmmImage *image, guint64 size_gib, guint64 least_bytes,
                    guint64 *out, GError **error)
{
  guint64 wanted = size_gib * GIB;

  if (wanted != 0 && wanted < image->virtual_bytes)
    return vmm_fail (error, VMM_ERROR_SYSTEM_DISK_TOO_SMALL,
                     "SystemDisk.Size is %" G_GUINT64_FORMAT
                     " GiB, the image needs %" G_GUINT64_FORMAT " GiB",
                     size_gib, (image->virtual_bytes + GIB - 1) / GIB);
  if (wanted != 0 && wanted < least_bytes)
    return vmm_fail (error, VMM_ERROR_SYSTEM_DISK_LESS,
                     "SystemDisk.Size is %" G_GUINT64_FORMAT
                     " GiB, the disk it replaces has %" G_GUINT64_FORMAT " GiB",
                     size_gib, least_bytes / GIB);
  if (size_gib > (guint64) ctx->config->max_image_gib)
    return vmm_fail (error, VMM_ERROR_SYSTEM_DISK_SIZE,
                     "SystemDisk.Size is %" G_GUINT64_FORMAT " GiB, at most %d", size_gib,
                     ctx->config->max_image_gib);
  *out = wanted != 0 ? wanted : (MAX (image->virtual_bytes, least_bytes) + GIB - 1) / GIB * GIB;
  return TRUE;
}

VmmDisk *
ops_instance_new_system_disk (VmmContext *ctx, const char *account_id, const VmmImage *image,
                              const OpsDiskSpec *spec, guint64 least_bytes, GError **error)
{
  g_autoptr (VmmDisk) disk = g_new0 (VmmDisk, 1);

  if (!choose_system_size (ctx, image, spec->size_gib, least_bytes, &disk->virtual_bytes, error))
    return NULL;
  disk->id = vmm_id_new (VMM_ID_DISK);
  disk->account_id = g_strdup (account_id);
  disk->host_id = g_strdup (ctx->host_id);
  disk->zone_id = g_strdup (ctx->config->zone_id);
  disk->image_id = g_strdup (image->id);
  disk->name = g_strdup (spec->name != NULL ? spec->name : "");
  disk->description = g_strdup (spec->description != NULL ? spec->description : "");
  disk->category = g_strdup (spec->category != NULL ? spec->category : DEFAULT_CATEGORY);
  disk->performance_level = g_strdup (ops_disk_level (disk->category, spec->performance_level));
  disk->policy_id = g_strdup (spec->policy_id);
  disk->origin_layer_id = g_strdup (image->layer_id);
  disk->device = g_strdup (SYSTEM_DEVICE);
  disk->state = VMM_DISK_IN_USE;
  disk->is_system = disk->delete_with_instance = disk->enable_auto_snapshot = TRUE;
  disk->created_ms = disk->attached_ms = vmm_clock_now_ms ();
  return g_steal_pointer (&disk);
}

/* A disk of the plan on the device asked for; takes @disk. */
static gboolean
place (GPtrArray *plan, VmmDisk *disk, const char *device, GError **error)
{
  disk->device = ops_disk_choose_device (plan, device, error);
  if (disk->device == NULL)
    {
      vmm_disk_free (disk);
      return rename_error (error);
    }
  disk->state = VMM_DISK_IN_USE;
  disk->deadline_ms = 0;
  disk->attached_ms = disk->created_ms;
  g_ptr_array_add (plan, disk);
  return TRUE;
}

static gboolean
has_device (const OpsInstanceDisk *asked)
{
  return asked->device != NULL && *asked->device != '\0';
}

/* The disk of the image on that device, or NULL. */
static const VmmImageDisk *
find_in_image (const VmmImage *image, const char *device)
{
  for (guint i = 1; image->disks != NULL && i < image->disks->len; i++)
    {
      const VmmImageDisk *disk = g_ptr_array_index (image->disks, i);

      if (g_str_equal (disk->device, device))
        return disk;
    }
  return NULL;
}

static gboolean
plan_one (VmmContext *ctx, StoreTxn *txn, const VmmCaller *caller, const VmmImage *image,
          const OpsInstanceDisk *asked, GPtrArray *plan, GError **error)
{
  gboolean has_contents = asked->spec.snapshot_id != NULL || asked->spec.file_system != NULL;
  const VmmImageDisk *from
      = has_device (asked) && !has_contents ? find_in_image (image, asked->device) : NULL;
  VmmDisk *disk = ops_disk_new (ctx, txn, caller, &asked->spec, from, error);

  if (disk == NULL)
    return rename_error (error);
  if (from != NULL)
    disk->image_id = g_strdup (image->id);
  disk->delete_with_instance = asked->delete_with_instance;
  return place (plan, disk, asked->device, error);
}

/* Those that name their device, or those that do not. */
static gboolean
plan_asked (VmmContext *ctx, StoreTxn *txn, const VmmCaller *caller, const VmmImage *image,
            const OpsInstanceDisk *disks, guint n, gboolean with_device, GPtrArray *plan,
            GError **error)
{
  for (guint i = 0; i < n; i++)
    if (has_device (&disks[i]) == with_device
        && !plan_one (ctx, txn, caller, image, &disks[i], plan, error))
      return FALSE;
  return TRUE;
}

/* The image's data disks, but those whose device was asked for. */
static gboolean
plan_image (VmmContext *ctx, StoreTxn *txn, const VmmCaller *caller, const VmmImage *image,
            GPtrArray *plan, GError **error)
{
  guint n_asked = plan->len;

  for (guint i = 1; image->disks != NULL && i < image->disks->len; i++)
    {
      const VmmImageDisk *disk = g_ptr_array_index (image->disks, i);
      const OpsInstanceDisk whole = { .device = disk->device, .delete_with_instance = TRUE };
      gboolean is_asked = FALSE;

      for (guint k = 0; k < n_asked; k++)
        is_asked
            |= g_str_equal (((const VmmDisk *) g_ptr_array_index (plan, k))->device, disk->device);
      if (!is_asked && !plan_one (ctx, txn, caller, image, &whole, plan, error))
        return FALSE;
    }
  return TRUE;
}

GPtrArray *
ops_instance_plan_disks (VmmContext *ctx, StoreTxn *txn, const VmmCaller *caller,
                         const VmmImage *image, const OpsDiskSpec *system,
                         const OpsInstanceDisk *disks, guint n, GError **error)
{
  g_autoptr (GPtrArray) plan = g_ptr_array_new_with_free_func ((GDestroyNotify) vmm_disk_free);
  VmmDisk *first = ops_instance_new_system_disk (ctx, caller->account_id, image, system, 0, error);

  if (first == NULL)
    return NULL;
  g_ptr_array_add (plan, first);
  /* Devices that were named are given to no other disk. */
  if (!plan_asked (ctx, txn, caller, image, disks, n, TRUE, plan, error)
      || !plan_image (ctx, txn, caller, image, plan, error)
      || !plan_asked (ctx, txn, caller, image, disks, n, FALSE, plan, error))
    return NULL;
  return g_steal_pointer (&plan);
}

guint64
ops_instance_disk_bytes (GPtrArray *plan)
{
  guint64 bytes = 0;

  for (guint i = 0; i < plan->len; i++)
    bytes += ((const VmmDisk *) g_ptr_array_index (plan, i))->virtual_bytes;
  return bytes;
}

/* ---- The rows ---- */

gboolean
ops_instance_add_disks (VmmContext *ctx, StoreTxn *txn, const VmmInstance *instance,
                        GPtrArray *plan, const char *suffix, GError **error)
{
  for (guint i = 0; i < plan->len; i++)
    {
      VmmDisk disk = *(const VmmDisk *) g_ptr_array_index (plan, i);
      g_autofree char *id = vmm_id_new (VMM_ID_DISK);
      g_autofree char *name = g_strconcat (disk.name, *disk.name != '\0' ? suffix : "", NULL);
      gboolean is_done;

      disk.id = id;
      disk.name = name;
      disk.instance_id = instance->id;
      disk.layer_id = NULL;
      disk.created_ms = disk.attached_ms = instance->created_ms;
      is_done
          = ops_disk_check_texts (name, NULL, error) && ops_disk_insert (ctx, txn, &disk, error);
      g_free (disk.layer_id);
      if (!is_done)
        return FALSE;
    }
  return TRUE;
}
