/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A disk gives way to another, or to other terms. */
#include "config.h"

#include "ecs-common.h"
#include "ops-disk.h"
#include "vmm-error.h"

/* ---- ReplaceSystemDisk ---- */

typedef struct
{
  char *instance_id, *image_id, *key_pair;
  char *disk_id, *password, *password_inherit, *encrypted, *platform, *architecture;
  EcsRefusedKeys keys;
  int size;
} ReplaceArgs;

static const ApiParam replace_params[] = {
  ECS_INSTANCE_ID (ReplaceArgs, instance_id),
  API_STR (ReplaceArgs, image_id, "ImageId", .flags = API_REQUIRED, .max_length = 64,
           .format = &api_format_image_id, .error = VMM_ERROR_IMAGE_NOT_FOUND,
           .doc = "The image of the new system disk."),
  API_INT (ReplaceArgs, size, "SystemDisk.Size", .fallback = "0", .min = 0, .max = 32768,
           .error = VMM_ERROR_SYSTEM_DISK_SIZE,
           .doc = "GiB, not less than the image and the old disk have; otherwise what they need."),
  API_STR (ReplaceArgs, key_pair, "KeyPairName", .max_length = 512,
           .doc = "The key pair whose key the new guest accepts; otherwise the instance's."),
  ECS_REFUSED (ReplaceArgs, disk_id, "DiskId", .doc = "The new disk is made from an image."),
  ECS_REFUSED (ReplaceArgs, password, "Password", .flags = API_SECRET,
               .doc = "Passwords are not offered here; use a key pair."),
  ECS_REFUSED (ReplaceArgs, password_inherit, "PasswordInherit",
               .doc = "Passwords are not offered here."),
  ECS_REFUSED (ReplaceArgs, encrypted, "Encrypted", .doc = "Encrypted disks are not offered here."),
  ECS_REFUSED_KEYS (ReplaceArgs, keys, ""),
  ECS_TEXT_FILTER (ReplaceArgs, platform, "Platform", "Of no meaning: the image tells it."),
  ECS_TEXT_FILTER (ReplaceArgs, architecture, "Architecture", "Of no meaning: the image tells it."),
};

static const ApiField replace_fields[] = {
  API_OUT_STR ("DiskId", API_REQUIRED, "The new system disk; the old one is gone."),
};

static gboolean
replace_system_disk (ApiCall *call, gconstpointer data, ApiReply *reply, GError **error)
{
  const ReplaceArgs *args = data;
  g_autofree char *id
      = ops_disk_replace (call->ctx, call->caller, args->instance_id, args->image_id,
                          (guint64) args->size, args->key_pair, error);

  if (id == NULL)
    return FALSE;
  api_reply_string (reply, "DiskId", id);
  return TRUE;
}

/* ---- ModifyDiskSpec ---- */

#define NO_IOPS "The bounds of a disk's I/O are those of its category, level and size."

typedef struct
{
  char *id, *category, *level, *zone_id, *provisioned, *iops, *throughput, *recover;
} SpecArgs;

static const ApiParam spec_params[] = {
  API_STR (SpecArgs, id, "DiskId", .flags = API_REQUIRED, .max_length = 64,
           .format = &api_format_disk_id, .error = VMM_ERROR_DISK_NOT_FOUND, .doc = "The disk."),
  API_STR (SpecArgs, category, "DiskCategory", .max_length = 32, .choices = ecs_disk_categories,
           .error = VMM_ERROR_DATA_DISK_NOT_SUPPORTED, .doc = "The new category."),
  API_STR (SpecArgs, level, "PerformanceLevel", .max_length = 3,
           API_CHOICES ("PL0", "PL1", "PL2", "PL3"), .error = VMM_ERROR_PERFORMANCE_LEVEL,
           .doc = "The new level, of cloud_essd alone."),
  API_STR (SpecArgs, zone_id, "DestinationZoneId", .max_length = 64,
           .doc = "The zone, which is the only one."),
  ECS_REFUSED (SpecArgs, provisioned, "ProvisionedIops", .doc = NO_IOPS),
  ECS_REFUSED (SpecArgs, iops, "PerformanceControlOptions.IOPS", .doc = NO_IOPS),
  ECS_REFUSED (SpecArgs, throughput, "PerformanceControlOptions.Throughput", .doc = NO_IOPS),
  ECS_REFUSED (SpecArgs, recover, "PerformanceControlOptions.Recover", .doc = NO_IOPS),
};

static const ApiField spec_fields[] = {
  API_OUT_STR ("TaskId", API_REQUIRED, "Always empty: the change is made at once."),
  API_OUT_STR ("OrderId", API_REQUIRED, "Always empty: nothing is billed."),
};

static gboolean
modify_disk_spec (ApiCall *call, gconstpointer data, ApiReply *reply, GError **error)
{
  const SpecArgs *args = data;

  if (args->zone_id != NULL && !g_str_equal (args->zone_id, call->ctx->config->zone_id))
    return vmm_fail (error, VMM_ERROR_UNSUPPORTED_PARAMETER,
                     "DestinationZoneId cannot be obeyed. The only zone is \"%s\"",
                     call->ctx->config->zone_id);
  if (args->category == NULL && args->level == NULL)
    return vmm_fail (error, VMM_ERROR_MISSING_PARAMETER,
                     "DiskCategory or PerformanceLevel is required");
  if (!ops_disk_respec (call->ctx, call->caller, args->id, args->category, args->level, error))
    return FALSE;
  api_reply_string (reply, "TaskId", "");
  api_reply_string (reply, "OrderId", "");
  return TRUE;
}

static const ApiAction actions[] = {
  { .name = "ReplaceSystemDisk",
    .summary = "Gives a stopped instance a new system disk of an image; the old one is deleted.",
    .since = "0.3",
    .access = API_WRITE,
    .permission = "ecs:ReplaceSystemDisk",
    .flags = API_DRY_RUN | API_CLIENT_TOKEN,
    .run = replace_system_disk,
    API_PARAMS (ReplaceArgs, replace_params),
    API_FIELDS (replace_fields),
    API_ERRORS (VMM_ERROR_INSTANCE_NOT_FOUND, VMM_ERROR_INSTANCE_STATUS, VMM_ERROR_IMAGE_NOT_FOUND,
                VMM_ERROR_IMAGE_NOT_AVAILABLE, VMM_ERROR_DISK_STATUS, VMM_ERROR_DISK_SNAPSHOTTING,
                VMM_ERROR_SYSTEM_DISK_SIZE, VMM_ERROR_SYSTEM_DISK_TOO_SMALL,
                VMM_ERROR_SYSTEM_DISK_LESS, VMM_ERROR_KEY_PAIR_NOT_FOUND, VMM_ERROR_NO_STOCK,
                VMM_ERROR_IDEMPOTENT_MISMATCH, VMM_ERROR_IDEMPOTENT_PROCESSING) },
  { .name = "ModifyDiskSpec",
    .summary = "Changes a disk's category or performance level, and the bounds of I/O they have.",
    .since = "0.3",
    .access = API_WRITE,
    .permission = "ecs:ModifyDiskSpec",
    .flags = API_DRY_RUN,
    .run = modify_disk_spec,
    API_PARAMS (SpecArgs, spec_params),
    API_FIELDS (spec_fields),
    API_ERRORS (VMM_ERROR_DISK_NOT_FOUND, VMM_ERROR_DISK_STATUS, VMM_ERROR_DISK_SNAPSHOTTING,
                VMM_ERROR_DISK_SIZE, VMM_ERROR_DATA_DISK_NOT_SUPPORTED,
                VMM_ERROR_PERFORMANCE_LEVEL) },
};

const ApiResource ecs_disk_spec = API_RESOURCE ("disk-spec", actions);
