/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Disks are made, attached, changed and deleted. */
#include "config.h"

#include "ecs-common.h"
#include "ops-disk.h"

#define DISK_ID(type, field)                                                                       \
  API_STR (type, field, "DiskId", .flags = API_REQUIRED, .max_length = 64,                         \
           .format = &api_format_disk_id, .error = VMM_ERROR_DISK_NOT_FOUND, .doc = "The disk.")
#define DISK_NAME(type, field, flags_)                                                             \
  API_STR (type, field, "DiskName", .flags = flags_, .max_length = 512,                            \
           .format = &ecs_format_instance_name, .error = VMM_ERROR_DISK_NAME_MALFORMED,            \
           .doc = "The name, 2 to 128 characters, beginning with a letter.")

static const char *
set_or_null (const char *text)
{
  return text != NULL && *text != '\0' ? text : NULL;
}

/* ---- CreateDisk ---- */

typedef struct
{
  char *zone_id, *instance_id, *snapshot_id, *name, *description, *category, *level, *file_system;
  char *encrypted, *resource_group_id, *multi_attach, *set, *partition;
  EcsRefusedDisk refused;
  GArray *tags;
  int size;
} CreateArgs;

static const ApiParam create_params[] = {
  ECS_ZONE_ID (CreateArgs, zone_id),
  ECS_REFUSED (CreateArgs, instance_id, "InstanceId",
               .doc = "Disks of subscription instances are not offered here."),
  API_STR (CreateArgs, snapshot_id, "SnapshotId", .max_length = 64,
           .format = &api_format_snapshot_id, .error = VMM_ERROR_SNAPSHOT_NOT_FOUND,
           .doc = "The snapshot that the disk shall hold."),
  API_INT (CreateArgs, size, "Size", .fallback = "0", .min = 0, .max = 65536,
           .error = VMM_ERROR_DISK_SIZE,
           .doc = "GiB; without a SnapshotId required, with one at least as large."),
  DISK_NAME (CreateArgs, name, 0),
  ECS_DESCRIPTION (CreateArgs, description, 0),
  API_STR (CreateArgs, category, "DiskCategory", .max_length = 32, .fallback = "cloud",
           .choices = ecs_disk_categories, .error = VMM_ERROR_DATA_DISK_NOT_SUPPORTED,
           .doc = "The category; all are local storage."),
  API_STR (CreateArgs, level, "PerformanceLevel", .max_length = 3,
           API_CHOICES ("PL0", "PL1", "PL2", "PL3"), .error = VMM_ERROR_PERFORMANCE_LEVEL,
           .doc = "Of cloud_essd alone; it bounds the sizes."),
  API_STR (CreateArgs, file_system, "FileSystem", .max_length = 8, API_CHOICES ("ext4"),
           .doc
           = "Our extension: an empty disk gets one partition with such a file system, so that "
             "the guest has but to mount it."),
  ECS_REFUSED (CreateArgs, encrypted, "Encrypted", .doc = "Encryption is not offered here."),
  ECS_REFUSED_DISK (CreateArgs, refused, ""),
  API_STR (CreateArgs, multi_attach, "MultiAttach", .max_length = 16, API_CHOICES ("Disabled"),
           .error = VMM_ERROR_UNSUPPORTED_PARAMETER,
           .doc = "A disk is attached to one instance at a time here."),
  ECS_REFUSED (CreateArgs, set, "StorageSetId", .doc = "Storage sets are not offered here."),
  ECS_REFUSED (CreateArgs, partition, "StorageSetPartitionNumber",
               .doc = "Storage sets are not offered here."),
  ECS_NO_RESOURCE_GROUP (CreateArgs, resource_group_id),
  API_NEW_TAG_PARAM (CreateArgs, tags),
};

static const ApiField create_fields[] = {
  API_OUT_STR ("DiskId", API_REQUIRED, "The new disk, which is Creating."),
};

static gboolean
create_disk (ApiCall *call, gconstpointer data, ApiReply *reply, GError **error)
{
  const CreateArgs *args = data;
  const OpsDiskSpec spec = { .zone_id = set_or_null (args->zone_id),
                             .snapshot_id = set_or_null (args->snapshot_id),
                             .category = args->category,
                             .performance_level = set_or_null (args->level),
                             .name = args->name,
                             .description = args->description,
                             .file_system = set_or_null (args->file_system),
                             .size_gib = (guint64) args->size };
  g_autofree char *id = ops_disk_create (call->ctx, call->caller, &spec, error);

  if (id == NULL)
    return FALSE;
  api_reply_string (reply, "DiskId", id);
  return TRUE;
}

/* ---- AttachDisk, DetachDisk ---- */

typedef struct
{
  char *id, *instance_id, *device;
  char *bootable, *force, *key_pair, *password;
  int delete_with_instance;
} PlaceArgs;

static const ApiParam attach_params[] = {
  DISK_ID (PlaceArgs, id),
  ECS_INSTANCE_ID (PlaceArgs, instance_id),
  API_STR (PlaceArgs, device, "Device", .max_length = 32,
           .doc = "/dev/xvdb to /dev/xvdz; the first free one by default."),
  API_TRI (PlaceArgs, delete_with_instance, "DeleteWithInstance",
           .doc = "Whether it is deleted with its instance; unchanged by default."),
  ECS_REFUSED (PlaceArgs, bootable, "Bootable", .doc = "System disks cannot be attached here."),
  ECS_REFUSED (PlaceArgs, force, "Force", .doc = "Attaching by force is not offered here."),
  ECS_REFUSED (PlaceArgs, key_pair, "KeyPairName", .doc = "For system disks alone."),
  ECS_REFUSED (PlaceArgs, password, "Password", .doc = "For system disks alone."),
};

static const ApiParam detach_params[] = {
  DISK_ID (PlaceArgs, id),
  ECS_INSTANCE_ID (PlaceArgs, instance_id),
  API_TRI (PlaceArgs, delete_with_instance, "DeleteWithInstance",
           .doc = "Whether it is deleted with an instance; unchanged by default."),
};

static gboolean
attach_disk (ApiCall *call, gconstpointer data, ApiReply *reply, GError **error)
{
  const PlaceArgs *args = data;

  return ops_disk_attach (call->ctx, call->caller, args->id, args->instance_id, args->device,
                          args->delete_with_instance, error);
}

static gboolean
detach_disk (ApiCall *call, gconstpointer data, ApiReply *reply, GError **error)
{
  const PlaceArgs *args = data;

  return ops_disk_detach (call->ctx, call->caller, args->id, args->instance_id,
                          args->delete_with_instance, error);
}

/* ---- DeleteDisk, ReInitDisk, ResetDisk, ResizeDisk ---- */

typedef struct
{
  char *id, *snapshot_id, *type, *key_pair, *password, *auto_start;
  int size;
} OneArgs;

static const ApiParam delete_params[] = {
  /* An id of any form: what is not there is deleted. */
  API_STR (OneArgs, id, "DiskId", .flags = API_REQUIRED, .max_length = 64, .doc = "The disk."),
};

static const ApiParam reinit_params[] = {
  DISK_ID (OneArgs, id),
  ECS_REFUSED (OneArgs, key_pair, "KeyPairName",
               .doc = "A new key for a system disk is not offered here."),
  ECS_REFUSED (OneArgs, password, "Password",
               .doc = "A new password for a system disk is not offered here."),
  ECS_REFUSED (OneArgs, auto_start, "AutoStartInstance", .doc = "Start it with StartInstance."),
};

static const ApiParam reset_params[] = {
  DISK_ID (OneArgs, id),
  API_STR (OneArgs, snapshot_id, "SnapshotId", .flags = API_REQUIRED, .max_length = 64,
           .format = &api_format_snapshot_id, .error = VMM_ERROR_SNAPSHOT_NOT_FOUND,
           .doc = "One of the disk's own snapshots."),
};

static const ApiParam resize_params[] = {
  DISK_ID (OneArgs, id),
  API_INT (OneArgs, size, "NewSize", .flags = API_REQUIRED, .min = 1, .max = 65536,
           .error = VMM_ERROR_DISK_SIZE, .doc = "GiB, at least what it has."),
  API_STR (OneArgs, type, "Type", .max_length = 8, .fallback = "offline",
           API_CHOICES ("offline", "online"),
           .doc = "A running guest sees the new size at once with either."),
};

static gboolean
delete_disk (ApiCall *call, gconstpointer data, ApiReply *reply, GError **error)
{
  return ops_disk_delete (call->ctx, call->caller, ((const OneArgs *) data)->id, error);
}

static gboolean
reinit_disk (ApiCall *call, gconstpointer data, ApiReply *reply, GError **error)
{
  return ops_disk_reinit (call->ctx, call->caller, ((const OneArgs *) data)->id, error);
}

static gboolean
reset_disk (ApiCall *call, gconstpointer data, ApiReply *reply, GError **error)
{
  const OneArgs *args = data;

  const OpsDiskReset reset = { args->id, args->snapshot_id };

  return ops_disk_reset (call->ctx, call->caller, &reset, 1, error);
}

static gboolean
resize_disk (ApiCall *call, gconstpointer data, ApiReply *reply, GError **error)
{
  const OneArgs *args = data;

  return ops_disk_resize (call->ctx, call->caller, args->id, (guint64) args->size, error);
}

/* ---- ModifyDiskAttribute ---- */

typedef struct
{
  char *id, *name, *description, *bursting;
  char **ids;
  int delete_with_instance, enable_auto_snapshot, delete_auto_snapshot;
} ModifyArgs;

static const ApiParam modify_params[] = {
  API_STR (ModifyArgs, id, "DiskId", .max_length = 64, .format = &api_format_disk_id,
           .error = VMM_ERROR_DISK_NOT_FOUND, .doc = "The disk; or DiskIds.N."),
  API_STRLIST (ModifyArgs, ids, "DiskIds", .max = 100, .max_length = 64,
               .format = &api_format_disk_id, .error = VMM_ERROR_DISK_NOT_FOUND,
               .doc = "Several disks that are changed alike."),
  DISK_NAME (ModifyArgs, name, API_EMPTY_OK),
  ECS_DESCRIPTION (ModifyArgs, description, API_EMPTY_OK),
  API_TRI (ModifyArgs, delete_with_instance, "DeleteWithInstance",
           .doc = "Whether it is deleted with its instance."),
  API_TRI (ModifyArgs, enable_auto_snapshot, "EnableAutoSnapshot",
           .doc = "Whether policies take snapshots of it."),
  API_TRI (ModifyArgs, delete_auto_snapshot, "DeleteAutoSnapshot",
           .doc = "Whether automatic snapshots go with it."),
  ECS_REFUSED (ModifyArgs, bursting, "BurstingEnabled", .doc = ECS_NO_IOPS),
};

static gboolean
modify_disk (ApiCall *call, gconstpointer data, ApiReply *reply, GError **error)
{
  const ModifyArgs *args = data;
  const OpsDiskChange change = { .name = args->name,
                                 .description = args->description,
                                 .delete_with_instance = args->delete_with_instance,
                                 .enable_auto_snapshot = args->enable_auto_snapshot,
                                 .delete_auto_snapshot = args->delete_auto_snapshot };
  const char *const one[] = { args->id, NULL };

  if (args->id == NULL && !ecs_is_given (args->ids))
    return vmm_fail (error, VMM_ERROR_MISSING_PARAMETER, "DiskId or DiskIds.N is required");
  if (args->name == NULL && args->description == NULL && args->delete_with_instance < 0
      && args->enable_auto_snapshot < 0 && args->delete_auto_snapshot < 0)
    return vmm_fail (error, VMM_ERROR_NO_ATTRIBUTE,
                     "nothing is to be changed: give DiskName, Description, DeleteWithInstance, "
                     "EnableAutoSnapshot or DeleteAutoSnapshot");
  return ops_disk_modify (call->ctx, call->caller,
                          args->id != NULL ? one : (const char *const *) args->ids, &change, error);
}

static const ApiAction actions[] = {
  { .name = "CreateDisk",
    .summary = "Makes a data disk, empty or from a snapshot.",
    .since = "0.3",
    .access = API_WRITE,
    .permission = "ecs:CreateDisk",
    .flags = API_DRY_RUN | API_CLIENT_TOKEN,
    .makes = VMM_TAG_DISK,
    .run = create_disk,
    API_PARAMS (CreateArgs, create_params),
    API_FIELDS (create_fields),
    API_ERRORS (VMM_ERROR_DISK_SIZE, VMM_ERROR_DISK_TOO_SMALL, VMM_ERROR_PERFORMANCE_LEVEL,
                VMM_ERROR_ZONE_NOT_FOUND, VMM_ERROR_DATA_DISK_NOT_SUPPORTED,
                VMM_ERROR_DISK_NAME_MALFORMED, VMM_ERROR_DESCRIPTION_MALFORMED,
                VMM_ERROR_SNAPSHOT_NOT_FOUND, VMM_ERROR_SNAPSHOT_NOT_READY, VMM_ERROR_NO_STOCK,
                VMM_ERROR_IDEMPOTENT_MISMATCH, VMM_ERROR_IDEMPOTENT_PROCESSING) },
  { .name = "AttachDisk",
    .summary = "Gives a disk to an instance that is Running or Stopped.",
    .since = "0.3",
    .access = API_WRITE,
    .permission = "ecs:AttachDisk",
    .flags = API_DRY_RUN,
    .run = attach_disk,
    API_PARAMS (PlaceArgs, attach_params),
    API_ERRORS (VMM_ERROR_DISK_NOT_FOUND, VMM_ERROR_INSTANCE_NOT_FOUND, VMM_ERROR_DISK_STATUS,
                VMM_ERROR_INSTANCE_STATUS, VMM_ERROR_DISK_LIMIT, VMM_ERROR_DEVICE_MALFORMED,
                VMM_ERROR_DEVICE_IN_USE, VMM_ERROR_DISK_SNAPSHOTTING) },
  { .name = "DetachDisk",
    .summary = "Takes a data disk from an instance; Detaching until a running guest lets go of it.",
    .since = "0.3",
    .access = API_WRITE,
    .permission = "ecs:DetachDisk",
    .flags = API_DRY_RUN,
    .run = detach_disk,
    API_PARAMS (PlaceArgs, detach_params),
    API_ERRORS (VMM_ERROR_DISK_NOT_FOUND, VMM_ERROR_INSTANCE_NOT_FOUND, VMM_ERROR_DISK_STATUS,
                VMM_ERROR_INSTANCE_STATUS, VMM_ERROR_DISK_DETACHED, VMM_ERROR_DISK_TYPE,
                VMM_ERROR_DISK_SNAPSHOTTING) },
  { .name = "DeleteDisk",
    .summary = "Deletes a disk that is attached nowhere; one that is not there is no error.",
    .since = "0.3",
    .access = API_WRITE,
    .permission = "ecs:DeleteDisk",
    .flags = API_DRY_RUN,
    .run = delete_disk,
    API_PARAMS (OneArgs, delete_params),
    API_ERRORS (VMM_ERROR_DISK_STATUS, VMM_ERROR_DISK_SNAPSHOTTING) },
  { .name = "ReInitDisk",
    .summary = "Takes a disk of a stopped instance back to what it was made from.",
    .since = "0.3",
    .access = API_WRITE,
    .permission = "ecs:ReInitDisk",
    .flags = API_DRY_RUN,
    .run = reinit_disk,
    API_PARAMS (OneArgs, reinit_params),
    API_ERRORS (VMM_ERROR_DISK_NOT_FOUND, VMM_ERROR_DISK_STATUS, VMM_ERROR_INSTANCE_STATUS,
                VMM_ERROR_DISK_SNAPSHOTTING) },
  { .name = "ResetDisk",
    .summary = "Takes a disk back to one of its snapshots; its instance is stopped, if it has one.",
    .since = "0.3",
    .access = API_WRITE,
    .permission = "ecs:ResetDisk",
    .flags = API_DRY_RUN,
    .run = reset_disk,
    API_PARAMS (OneArgs, reset_params),
    API_ERRORS (VMM_ERROR_DISK_NOT_FOUND, VMM_ERROR_SNAPSHOT_NOT_FOUND, VMM_ERROR_DISK_STATUS,
                VMM_ERROR_INSTANCE_STATUS, VMM_ERROR_SNAPSHOT_NOT_READY,
                VMM_ERROR_SNAPSHOT_MISMATCH, VMM_ERROR_DISK_SNAPSHOTTING) },
  { .name = "ResizeDisk",
    .summary = "Makes a disk larger; the guest's file systems are its own affair.",
    .since = "0.3",
    .access = API_WRITE,
    .permission = "ecs:ResizeDisk",
    .flags = API_DRY_RUN | API_CLIENT_TOKEN,
    .run = resize_disk,
    API_PARAMS (OneArgs, resize_params),
    API_ERRORS (VMM_ERROR_DISK_NOT_FOUND, VMM_ERROR_DISK_STATUS, VMM_ERROR_DISK_SIZE,
                VMM_ERROR_DISK_TOO_SMALL, VMM_ERROR_DISK_SNAPSHOTTING, VMM_ERROR_NO_STOCK,
                VMM_ERROR_DATA_DISK_NOT_SUPPORTED, VMM_ERROR_PERFORMANCE_LEVEL,
                VMM_ERROR_IDEMPOTENT_MISMATCH, VMM_ERROR_IDEMPOTENT_PROCESSING) },
  { .name = "ModifyDiskAttribute",
    .summary = "Changes a disk's name, description and flags.",
    .since = "0.3",
    .access = API_WRITE,
    .permission = "ecs:ModifyDiskAttribute",
    .flags = API_DRY_RUN,
    .run = modify_disk,
    API_PARAMS (ModifyArgs, modify_params),
    API_ERRORS (VMM_ERROR_DISK_NOT_FOUND, VMM_ERROR_DISK_NAME_MALFORMED,
                VMM_ERROR_DESCRIPTION_MALFORMED, VMM_ERROR_NO_ATTRIBUTE) },
};

const ApiResource ecs_disk_change = API_RESOURCE ("disk-change", actions);
