/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a new disk may be, and how its row comes to be. */
#include "config.h"

#include "ops-disk-new.h"
#include "ops-disk-row.h"
#include "ops-instance-check.h"
#include "store-policy.h"
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

gboolean
ops_disk_check_size (const char *category, const char *level, guint64 size_gib, GError **error)
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

gboolean
ops_disk_check_texts (const char *name, const char *description, GError **error)
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

/* ---- Create ---- */

/* The snapshot that a disk may be made from. */
VmmSnapshot *
ops_disk_find_source (StoreTxn *txn, const VmmCaller *caller, const char *id, GError **error)
{
  g_autoptr (VmmSnapshot) snapshot = store_snapshot_get (txn, caller->account_id, id, error);

  if (snapshot != NULL && snapshot->state == VMM_SNAPSHOT_ACCOMPLISHED)
    return g_steal_pointer (&snapshot);
  if (snapshot != NULL)
    vmm_fail (error, VMM_ERROR_SNAPSHOT_NOT_READY, "snapshot '%s' is %s", id,
              vmm_snapshot_state_to_string (snapshot->state));
  return NULL;
}

gboolean
ops_disk_check_spec (const VmmContext *ctx, const OpsDiskSpec *spec, GError **error)
{
  if (!ops_disk_check_texts (spec->name, spec->description, error))
    return FALSE;
  if (spec->zone_id != NULL && !g_str_equal (spec->zone_id, ctx->config->zone_id))
    return vmm_fail (error, VMM_ERROR_ZONE_NOT_FOUND, "the zone '%s' does not exist; there is '%s'",
                     spec->zone_id, ctx->config->zone_id);
  if (spec->file_system != NULL && !g_str_equal (spec->file_system, "ext4"))
    return vmm_fail (error, VMM_ERROR_INVALID_PARAMETER, "the FileSystem '%s' is not ext4",
                     spec->file_system);
  if (spec->file_system != NULL && spec->snapshot_id != NULL)
    return vmm_fail (error, VMM_ERROR_INVALID_PARAMETER,
                     "a disk from a snapshot has the file systems of the snapshot");
  return TRUE;
}

/* A size of its own, or that of what it shall hold. */
static gboolean
choose_size (const OpsDiskSpec *spec, guint64 least_bytes, VmmDisk *disk, GError **error)
{
  guint64 least = (least_bytes + GIB - 1) / GIB;
  guint64 size = spec->size_gib != 0 ? spec->size_gib : least;

  if (size == 0)
    return vmm_fail (error, VMM_ERROR_MISSING_PARAMETER, "Size or SnapshotId is required");
  if (size < least)
    return vmm_fail (
        error, VMM_ERROR_DISK_TOO_SMALL,
        "the size must be at least that of what the disk shall hold, %" G_GUINT64_FORMAT " GiB",
        least);
  /* What a snapshot holds may be smaller than a category allows: it is taken as it is. */
  if (spec->size_gib != 0
      && !ops_disk_check_size (disk->category, disk->performance_level, spec->size_gib, error))
    return FALSE;
  disk->virtual_bytes = size * GIB;
  return TRUE;
}

const char *
ops_disk_level (const char *category, const char *asked)
{
  if (!g_str_equal (category, "cloud_essd"))
    return "";
  return asked != NULL ? asked : "PL1";
}

VmmDisk *
ops_disk_new (VmmContext *ctx, StoreTxn *txn, const VmmCaller *caller, const OpsDiskSpec *spec,
              const VmmImageDisk *from, GError **error)
{
  g_autoptr (VmmSnapshot) source = NULL;
  guint64 least_bytes = from != NULL ? from->virtual_bytes : 0;
  g_autoptr (VmmDisk) disk = g_new0 (VmmDisk, 1);

  if (spec->snapshot_id != NULL)
    {
      source = ops_disk_find_source (txn, caller, spec->snapshot_id, error);
      if (source == NULL)
        return NULL;
      least_bytes = source->virtual_bytes;
    }
  disk->id = vmm_id_new (VMM_ID_DISK);
  disk->account_id = g_strdup (caller->account_id);
  disk->host_id = g_strdup (ctx->host_id);
  disk->zone_id = g_strdup (ctx->config->zone_id);
  disk->name = copy_or (spec->name, "");
  disk->description = copy_or (spec->description, "");
  disk->category = copy_or (spec->category, "cloud");
  disk->performance_level = g_strdup (ops_disk_level (disk->category, spec->performance_level));
  disk->file_system = copy_or (spec->file_system, "");
  disk->source_snapshot_id = copy_or (spec->snapshot_id, "");
  disk->policy_id = copy_or (spec->policy_id, "");
  disk->state = VMM_DISK_CREATING;
  disk->enable_auto_snapshot = TRUE;
  disk->created_ms = vmm_clock_now_ms ();
  disk->deadline_ms = disk->created_ms + ctx->config->stage_s * G_GINT64_CONSTANT (1000);
  if (source != NULL || from != NULL)
    disk->origin_layer_id = g_strdup (source != NULL ? source->layer_id : from->layer_id);
  return choose_size (spec, least_bytes, disk, error) ? g_steal_pointer (&disk) : NULL;
}

gboolean
ops_disk_insert (VmmContext *ctx, StoreTxn *txn, VmmDisk *disk, GError **error)
{
  g_autoptr (VmmPolicy) policy = NULL;

  if (disk->policy_id != NULL && *disk->policy_id != '\0')
    {
      policy = store_policy_get (txn, disk->account_id, disk->policy_id, error);
      if (policy == NULL)
        return FALSE;
    }
  g_free (disk->layer_id);
  disk->layer_id = ops_disk_new_layer (ctx, txn, disk->origin_layer_id, disk->virtual_bytes, error);
  return disk->layer_id != NULL && store_disk_insert (txn, disk, error)
         && (policy == NULL
             || store_policy_apply (txn, disk->id, policy->id, vmm_clock_now_ms (), error));
}

char *
ops_disk_choose_device (GPtrArray *disks, const char *asked, GError **error)
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
