/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Images out of what is here already: an instance, snapshots, another image. None copies a byte:
 * the new rows name layers that are there, or will be once the snapshots are accomplished. */
#include "config.h"

#include "ops-disk.h"
#include "ops-image-row.h"
#include "ops-image.h"
#include "ops-instance-check.h"
#include "ops-snapshot.h"
#include "ops-txn.h"
#include "store-image.h"
#include "store-instance.h"
#include "store-snapshot.h"
#include "vmm-clock.h"
#include "vmm-error.h"
#include "vmm-id.h"
#include "vmm-instance.h"
#include <string.h>

#define GIB (G_GUINT64_CONSTANT (1) << 30)
#define SYSTEM_DEVICE "/dev/xvda"

static gboolean
check_version (const char *version, GError **error)
{
  gboolean is_good = TRUE;

  if (version == NULL || *version == '\0')
    return TRUE;
  for (const char *p = version; *p != '\0'; p++)
    is_good = is_good && g_ascii_isprint (*p) && *p != ' ';
  return (is_good && strlen (version) <= 40)
         || vmm_fail (error, VMM_ERROR_IMAGE_VERSION_MALFORMED,
                      "the ImageVersion must be at most 40 printable characters without blanks");
}

static gboolean
check_spec (const OpsImageCreate *spec, GError **error)
{
  return ops_image_check_texts (spec->name, spec->description, spec->family, error)
         && check_version (spec->version, error);
}

gboolean
ops_image_check_quota (VmmContext *ctx, StoreTxn *txn, const char *account_id, GError **error)
{
  guint count = 0;

  if (!store_image_count_account (txn, account_id, &count, error))
    return FALSE;
  return count < (guint) ctx->config->max_images
         || vmm_fail (error, VMM_ERROR_IMAGE_QUOTA, "the account has %u images, its limit is %d",
                      count, ctx->config->max_images);
}

/* An image of the caller's without disks yet, that is Available. */
static VmmImage *
new_image (const VmmCaller *caller, const char *name, const char *description, const char *family,
           const char *version)
{
  VmmImage *image = g_new0 (VmmImage, 1);

  image->id = vmm_id_new (VMM_ID_IMAGE);
  image->account_id = g_strdup (caller->account_id);
  image->state = VMM_IMAGE_AVAILABLE;
  image->name = g_strdup (name != NULL && *name != '\0' ? name : image->id);
  image->description = g_strdup (description != NULL ? description : "");
  image->family = g_strdup (family != NULL ? family : "");
  image->version = g_strdup (version != NULL ? version : "");
  image->progress = 100;
  image->created_ms = vmm_clock_now_ms ();
  image->disks = g_ptr_array_new_with_free_func ((GDestroyNotify) vmm_image_disk_free);
  return image;
}

/* ---- What runs on it ---- */

/* The system as the image that the disk came from says, unless the caller says otherwise. */
static gboolean
fill_system (StoreTxn *txn, VmmImage *image, const char *from_id, const OpsImageCreate *spec,
             GError **error)
{
  g_autoptr (GError) local = NULL;
  g_autoptr (VmmImage) from = store_image_get (txn, NULL, from_id, &local);
  const char *platform = spec->platform, *architecture = spec->architecture;

  if (from == NULL && !g_error_matches (local, VMM_ERROR, VMM_ERROR_IMAGE_NOT_FOUND))
    {
      g_propagate_error (error, g_steal_pointer (&local));
      return FALSE;
    }
  if (platform != NULL && *platform != '\0')
    {
      gboolean is_windows = g_ascii_strncasecmp (platform, "windows", 7) == 0;

      image->os_name = g_strdup (platform);
      image->os_type = g_strdup (is_windows ? "windows" : "linux");
    }
  else
    {
      image->os_name = g_strdup (from != NULL ? from->os_name : "");
      image->os_type = g_strdup (from != NULL ? from->os_type : "linux");
    }
  if (architecture == NULL || *architecture == '\0')
    architecture = from != NULL ? from->architecture : "x86_64";
  image->architecture = g_strdup (architecture);
  return TRUE;
}

/* ---- Disks ---- */

static void
add_disk (VmmImage *image, const char *device, const char *layer_id, const char *snapshot_id,
          guint64 virtual_bytes)
{
  VmmImageDisk *disk = g_new0 (VmmImageDisk, 1);

  disk->device = g_strdup (device);
  disk->layer_id = g_strdup (layer_id);
  disk->snapshot_id = g_strdup (snapshot_id);
  disk->virtual_bytes = virtual_bytes;
  g_ptr_array_add (image->disks, disk);
}

static gboolean
is_taken (const VmmImage *image, const char *device)
{
  for (guint i = 0; i < image->disks->len; i++)
    if (g_str_equal (((const VmmImageDisk *) g_ptr_array_index (image->disks, i))->device, device))
      return TRUE;
  return FALSE;
}

/* "/dev/xvdb" to "/dev/xvdz", as given or the first that is free. The caller frees it. */
static char *
choose_device (const VmmImage *image, const char *wanted, GError **error)
{
  if (wanted == NULL || *wanted == '\0')
    {
      for (char c = 'b'; c <= 'z'; c++)
        {
          g_autofree char *device = g_strdup_printf ("/dev/xvd%c", c);

          if (!is_taken (image, device))
            return g_steal_pointer (&device);
        }
      vmm_fail (error, VMM_ERROR_DEVICE_IN_USE, "no device is left for another data disk");
      return NULL;
    }
  if (strlen (wanted) != strlen (SYSTEM_DEVICE) || !g_str_has_prefix (wanted, "/dev/xvd")
      || wanted[8] < 'b' || wanted[8] > 'z')
    {
      vmm_fail (error, VMM_ERROR_DEVICE_MALFORMED,
                "the Device '%s' of a data disk must be /dev/xvdb to /dev/xvdz", wanted);
      return NULL;
    }
  if (is_taken (image, wanted))
    {
      vmm_fail (error, VMM_ERROR_DEVICE_IN_USE, "two disks have the Device '%s'", wanted);
      return NULL;
    }
  return g_strdup (wanted);
}

/* The size of a disk of the image: the snapshot's unless a larger one was asked for; 0 when it was
 * refused. */
static guint64
size_of (VmmContext *ctx, const OpsImageDisk *spec, const VmmSnapshot *snapshot, GError **error)
{
  guint64 least = snapshot != NULL ? snapshot->virtual_bytes : GIB;
  guint64 wanted = spec->size_gib != 0 ? spec->size_gib * GIB : snapshot != NULL ? least : 0;

  if (wanted >= least && wanted <= (guint64) ctx->config->max_image_gib * GIB)
    return wanted;
  vmm_fail (error, VMM_ERROR_DISK_SIZE,
            "the Size of a disk is %" G_GUINT64_FORMAT " GiB, it must be %" G_GUINT64_FORMAT
            " to %d GiB",
            spec->size_gib, (least + GIB - 1) / GIB, ctx->config->max_image_gib);
  return 0;
}

static VmmSnapshot *
find_snapshot (StoreTxn *txn, const VmmCaller *caller, const char *id, GError **error)
{
  g_autoptr (VmmSnapshot) snapshot = store_snapshot_get (txn, caller->account_id, id, error);

  if (snapshot == NULL)
    return NULL;
  if (snapshot->state == VMM_SNAPSHOT_ACCOMPLISHED)
    return g_steal_pointer (&snapshot);
  vmm_fail (error, VMM_ERROR_SNAPSHOT_NOT_READY, "snapshot '%s' is %s, it must be accomplished", id,
            vmm_snapshot_state_to_string (snapshot->state));
  return NULL;
}

static gboolean
is_system_disk (const OpsImageDisk *spec, const VmmSnapshot *snapshot)
{
  if (spec->type != NULL && *spec->type != '\0')
    return g_str_equal (spec->type, "system");
  return snapshot != NULL && snapshot->is_system;
}

/* One of the disks, if it is the system disk or not as @want_system says; else nothing. */
static gboolean
add_mapping (VmmContext *ctx, StoreTxn *txn, const VmmCaller *caller, VmmImage *image,
             const OpsImageCreate *spec, const OpsImageDisk *disk, gboolean want_system,
             GError **error)
{
  gboolean is_empty = disk->snapshot_id == NULL || *disk->snapshot_id == '\0';
  g_autoptr (VmmSnapshot) snapshot
      = is_empty ? NULL : find_snapshot (txn, caller, disk->snapshot_id, error);
  g_autofree char *device = NULL;
  guint64 size;

  if (!is_empty && snapshot == NULL)
    return FALSE;
  if (is_system_disk (disk, snapshot) != want_system)
    return TRUE;
  if (want_system && snapshot == NULL)
    return vmm_fail (error, VMM_ERROR_IMAGE_NO_SYSTEM_DISK,
                     "the system disk of an image needs a SnapshotId");
  if (want_system && image->disks->len > 0)
    return vmm_fail (error, VMM_ERROR_DEVICE_IN_USE,
                     "two snapshots are of system disks; set "
                     "DiskType=data for one of them");
  device = want_system ? g_strdup (SYSTEM_DEVICE) : choose_device (image, disk->device, error);
  size = device != NULL ? size_of (ctx, disk, snapshot, error) : 0;
  if (size == 0)
    return FALSE;
  add_disk (image, device, snapshot != NULL ? snapshot->layer_id : NULL,
            snapshot != NULL ? snapshot->id : "", size);
  return !want_system || fill_system (txn, image, snapshot->image_id, spec, error);
}

/* The system disk first, then those with a device of their choice, then the others. */
static gboolean
add_mappings (VmmContext *ctx, StoreTxn *txn, const VmmCaller *caller, VmmImage *image,
              const OpsImageCreate *spec, const OpsImageDisk *disks, guint n, GError **error)
{
  image->source = VMM_IMAGE_SNAPSHOTS;
  if (n > OPS_DISK_DATA_MAX + 1)
    return vmm_fail (error, VMM_ERROR_DISK_LIMIT, "an image has at most %d data disks",
                     OPS_DISK_DATA_MAX);
  for (guint i = 0; i < n; i++)
    if (!add_mapping (ctx, txn, caller, image, spec, &disks[i], TRUE, error))
      return FALSE;
  if (image->disks->len == 0)
    return vmm_fail (error, VMM_ERROR_IMAGE_NO_SYSTEM_DISK,
                     "none of the snapshots is of a system disk; set DiskType=system for the one "
                     "to boot from");
  for (guint round = 0; round < 2; round++)
    for (guint i = 0; i < n; i++)
      {
        gboolean has_device = disks[i].device != NULL && *disks[i].device != '\0';

        if (has_device == (round == 0)
            && !add_mapping (ctx, txn, caller, image, spec, &disks[i], FALSE, error))
          return FALSE;
      }
  return TRUE;
}

/* ---- Of an instance ---- */

static gint
compare_disks (gconstpointer a, gconstpointer b)
{
  const VmmDisk *left = *(const VmmDisk *const *) a, *right = *(const VmmDisk *const *) b;

  return left->is_system != right->is_system ? right->is_system - left->is_system
                                             : strcmp (left->device, right->device);
}

/* Snapshots of all its disks, that are taken at one instant; the image waits for them. */
static gboolean
add_instance (VmmContext *ctx, StoreTxn *txn, const VmmCaller *caller, VmmImage *image,
              const OpsImageCreate *spec, GError **error)
{
  g_autofree char *name = g_strdup_printf ("SnapshotForImage-%s", image->id);
  const OpsSnapshotSpec each = { .name = name };
  g_autoptr (VmmInstance) instance
      = store_instance_get (txn, caller->account_id, spec->instance_id, error);
  g_autoptr (GPtrArray) disks = NULL;

  if (instance == NULL)
    return FALSE;
  if (instance->state != VMM_INSTANCE_RUNNING && instance->state != VMM_INSTANCE_STOPPED)
    return vmm_fail (error, VMM_ERROR_INSTANCE_STATUS,
                     "the current status '%s' of instance '%s' does not support this operation",
                     vmm_instance_state_wire (instance->state), instance->id);
  disks = store_disk_list_of (txn, instance->id, error);
  if (disks == NULL)
    return FALSE;
  g_ptr_array_sort (disks, compare_disks);
  for (guint i = 0; i < disks->len; i++)
    {
      const VmmDisk *disk = g_ptr_array_index (disks, i);
      g_autoptr (VmmSnapshot) snapshot = ops_snapshot_add (ctx, txn, disk, &each, error);

      if (snapshot == NULL)
        return FALSE;
      add_disk (image, disk->device, NULL, snapshot->id, disk->virtual_bytes);
    }
  image->source = VMM_IMAGE_INSTANCE;
  image->state = VMM_IMAGE_CREATING;
  image->progress = 0;
  /* The snapshots have stage_s; what they leave behind then takes no longer than that. */
  image->deadline_ms = image->created_ms + 2 * ctx->config->stage_s * G_GINT64_CONSTANT (1000);
  return fill_system (txn, image, instance->image_id, spec, error);
}

static gboolean
is_set (const char *text)
{
  return text != NULL && *text != '\0';
}

static gboolean
add_source (VmmContext *ctx, StoreTxn *txn, const VmmCaller *caller, VmmImage *image,
            const OpsImageCreate *spec, GError **error)
{
  const OpsImageDisk alone = { .snapshot_id = spec->snapshot_id };

  if (is_set (spec->instance_id))
    return add_instance (ctx, txn, caller, image, spec, error);
  if (spec->n_disks > 0)
    return add_mappings (ctx, txn, caller, image, spec, spec->disks, spec->n_disks, error);
  if (is_set (spec->snapshot_id))
    return add_mappings (ctx, txn, caller, image, spec, &alone, 1, error);
  return vmm_fail (error, VMM_ERROR_IMAGE_SOURCE_MISSING,
                   "one of InstanceId, SnapshotId and DiskDeviceMapping.N is mandatory");
}

char *
ops_image_create (VmmContext *ctx, const VmmCaller *caller, const OpsImageCreate *spec,
                  GError **error)
{
  g_autoptr (VmmImage) image = NULL;
  g_autofree char *before = NULL;
  g_autoptr (StoreTxn) txn = NULL;

  if (!check_spec (spec, error))
    return NULL;
  txn = ops_begin (ctx, caller, &before, error);
  if (txn == NULL || before != NULL)
    return g_steal_pointer (&before);
  image = new_image (caller, spec->name, spec->description, spec->family, spec->version);
  if (!ops_image_check_quota (ctx, txn, caller->account_id, error)
      || !add_source (ctx, txn, caller, image, spec, error)
      || !store_image_insert (txn, image, error)
      || !ops_finish (ctx, txn, caller, image->id, error))
    return NULL;
  g_clear_pointer (&txn, store_txn_free);
  if (image->state == VMM_IMAGE_CREATING)
    {
      ctx->kick (ctx, spec->instance_id);
      ctx->kick (ctx, image->id);
    }
  return g_steal_pointer (&image->id);
}

/* ---- Of another image ---- */

static gboolean
check_copy (VmmContext *ctx, const VmmImage *image, const OpsImageCopy *spec, GError **error)
{
  if (is_set (spec->region_id) && !g_str_equal (spec->region_id, ctx->config->region_id))
    return vmm_fail (error, VMM_ERROR_IMAGE_REGION,
                     "the region '%s' does not exist; the only one here is '%s'", spec->region_id,
                     ctx->config->region_id);
  return image->state == VMM_IMAGE_AVAILABLE
         || vmm_fail (error, VMM_ERROR_IMAGE_STATUS, "the image '%s' is %s, it must be Available",
                      image->id, vmm_image_state_wire (image->state));
}

char *
ops_image_copy (VmmContext *ctx, const VmmCaller *caller, const OpsImageCopy *spec, GError **error)
{
  g_autoptr (VmmImage) image = NULL, copy = NULL;
  g_autofree char *before = NULL;
  g_autoptr (StoreTxn) txn = NULL;

  if (!ops_image_check_texts (spec->name, spec->description, NULL, error))
    return NULL;
  txn = ops_begin (ctx, caller, &before, error);
  if (txn == NULL || before != NULL)
    return g_steal_pointer (&before);
  image = store_image_get (txn, caller->account_id, spec->image_id, error);
  if (image == NULL || !check_copy (ctx, image, spec, error))
    return NULL;
  copy = new_image (caller, spec->name, spec->description, NULL, image->version);
  copy->source = VMM_IMAGE_COPY;
  copy->os_type = g_strdup (image->os_type);
  copy->os_name = g_strdup (image->os_name);
  copy->architecture = g_strdup (image->architecture);
  for (guint i = 0; i < image->disks->len; i++)
    {
      const VmmImageDisk *disk = g_ptr_array_index (image->disks, i);

      add_disk (copy, disk->device, disk->layer_id, "", disk->virtual_bytes);
    }
  if (!ops_image_check_quota (ctx, txn, caller->account_id, error)
      || !store_image_insert (txn, copy, error) || !ops_finish (ctx, txn, caller, copy->id, error))
    return NULL;
  return g_steal_pointer (&copy->id);
}

gboolean
ops_image_cancel_copy (VmmContext *ctx, const VmmCaller *caller, const char *id, GError **error)
{
  g_autoptr (StoreTxn) txn = store_begin_read (ctx->store, error);
  g_autoptr (VmmImage) image
      = txn != NULL ? store_image_get (txn, caller->account_id, id, error) : NULL;

  if (image == NULL)
    return FALSE;
  if (image->source != VMM_IMAGE_COPY)
    return vmm_fail (error, VMM_ERROR_IMAGE_NOT_A_COPY, "the image '%s' was not made by CopyImage",
                     id);
  return vmm_fail (error, VMM_ERROR_IMAGE_COPIED,
                   "the copy '%s' was complete at once; use DeleteImage to be rid of it", id);
}

/* ---- For the worker ---- */

/* The image stays, for its owner to read why; snapshots taken for it go. */
static gboolean
fail (StoreTxn *txn, const VmmImage *image, const char *reason, GError **error)
{
  return ops_image_drop_snapshots (txn, image, error)
         && store_image_move (txn, image->id, VMM_IMAGE_CREATING, VMM_IMAGE_FAILED, reason, 0,
                              error);
}

gboolean
ops_image_fail (VmmContext *ctx, const VmmImage *image, const char *reason, GError **error)
{
  g_autoptr (StoreTxn) txn = store_begin (ctx->store, error);

  if (txn == NULL || !fail (txn, image, reason, error) || !store_commit (txn, error))
    return FALSE;
  g_clear_pointer (&txn, store_txn_free);
  ctx->kick (ctx, OPS_LAYERS);
  return TRUE;
}

/* What became of the snapshots of @image. */
typedef struct
{
  guint accomplished, progressing;
  char *reason; /* why one failed, or NULL; the caller frees it */
} Progress;

/* Takes the layers of those that are accomplished. */
static gboolean
take_layers (StoreTxn *txn, const VmmImage *image, Progress *out, GError **error)
{
  for (guint i = 0; i < image->disks->len; i++)
    {
      const VmmImageDisk *disk = g_ptr_array_index (image->disks, i);
      g_autoptr (GError) local = NULL;
      g_autoptr (VmmSnapshot) snapshot = store_snapshot_get (txn, NULL, disk->snapshot_id, &local);

      if (snapshot == NULL && !g_error_matches (local, VMM_ERROR, VMM_ERROR_SNAPSHOT_NOT_FOUND))
        {
          g_propagate_error (error, g_steal_pointer (&local));
          return FALSE;
        }
      if (snapshot != NULL && snapshot->state == VMM_SNAPSHOT_PROGRESSING)
        out->progressing++;
      else if (snapshot != NULL && snapshot->state == VMM_SNAPSHOT_ACCOMPLISHED)
        {
          out->accomplished++;
          if (!store_image_set_disk (txn, image->id, i, snapshot->layer_id, snapshot->id, error))
            return FALSE;
        }
      else if (out->reason == NULL)
        out->reason = g_strdup_printf ("the snapshot of %s failed: %s", disk->device,
                                       snapshot != NULL ? snapshot->reason : "it is gone");
    }
  return TRUE;
}

gboolean
ops_image_gather (VmmContext *ctx, const char *id, gboolean *out_done, GError **error)
{
  g_autoptr (StoreTxn) txn = store_begin (ctx->store, error);
  g_autoptr (VmmImage) image = txn != NULL ? store_image_get (txn, NULL, id, error) : NULL;
  g_autofree char *reason = NULL;
  Progress progress = { 0 };
  gboolean is_ok;

  *out_done = FALSE;
  if (image == NULL)
    return FALSE;
  if (image->state != VMM_IMAGE_CREATING)
    return *out_done = TRUE;
  is_ok = take_layers (txn, image, &progress, error);
  reason = progress.reason;
  if (!is_ok)
    return FALSE;
  /* One that failed does not end the image before the others have ended too: they are to go. */
  if (progress.progressing > 0)
    return store_image_set_progress (txn, id, 100 * progress.accomplished / image->disks->len,
                                     error)
           && store_commit (txn, error);
  *out_done = TRUE;
  if (reason == NULL)
    return store_image_set_progress (txn, id, 100, error)
           && store_image_move (txn, id, VMM_IMAGE_CREATING, VMM_IMAGE_AVAILABLE, NULL, 0, error)
           && store_commit (txn, error);
  if (!fail (txn, image, reason, error) || !store_commit (txn, error))
    return FALSE;
  g_clear_pointer (&txn, store_txn_free);
  ctx->kick (ctx, OPS_LAYERS);
  return TRUE;
}
