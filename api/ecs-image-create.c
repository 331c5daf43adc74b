/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Images made from what is here: instances, snapshots, other images. */
#include "config.h"

#include "ecs-common.h"
#include "ops-image.h"

#define IMAGE_ID(type, field)                                                                      \
  API_STR (type, field, "ImageId", .flags = API_REQUIRED, .max_length = 64,                        \
           .format = &api_format_image_id, .error = VMM_ERROR_IMAGE_NOT_FOUND,                     \
           .doc = "The image.")

/* ---- CreateImage ---- */

typedef struct
{
  char *snapshot_id, *device, *type;
  int size;
} Mapping;

static const ApiParam mapping_params[] = {
  API_STR (Mapping, snapshot_id, "SnapshotId", .max_length = 64, .format = &api_format_snapshot_id,
           .error = VMM_ERROR_SNAPSHOT_NOT_FOUND,
           .doc = "What the disk is made from; without one it is an empty data disk of Size."),
  API_STR (Mapping, device, "Device", .max_length = 32, .error = VMM_ERROR_DEVICE_MALFORMED,
           .doc = "Of a data disk, /dev/xvdb to /dev/xvdz; otherwise the first that is free. The "
                  "system disk is /dev/xvda."),
  API_STR (Mapping, type, "DiskType", .max_length = 8, API_CHOICES ("system", "data"),
           .error = VMM_ERROR_IMAGE_DISK_TYPE,
           .doc = "system or data; otherwise what the snapshot's disk was. One is the system "
                  "disk."),
  API_INT (Mapping, size, "Size", .fallback = "0", .min = 0, .max = 65536,
           .error = VMM_ERROR_DISK_SIZE,
           .doc = "GiB, at least the snapshot's, which is taken else."),
};

typedef struct
{
  char *instance_id, *snapshot_id, *name, *description, *family, *version, *platform;
  char *architecture, *boot_mode, *imds, *secure_boot, *resource_group_id, *strategy;
  GArray *disks, *tags;
} CreateArgs;

static const ApiParam create_params[] = {
  API_STR (CreateArgs, instance_id, "InstanceId", .max_length = 64,
           .format = &api_format_instance_id, .error = VMM_ERROR_INSTANCE_NOT_FOUND,
           .doc = "A running or stopped instance: a snapshot of each of its disks, all of one "
                  "instant, makes the image."),
  API_LIST (CreateArgs, disks, "DiskDeviceMapping", Mapping, mapping_params, .max = 17,
            .doc = "Without InstanceId, the disks one by one."),
  API_STR (CreateArgs, snapshot_id, "SnapshotId", .max_length = 64,
           .format = &api_format_snapshot_id, .error = VMM_ERROR_SNAPSHOT_NOT_FOUND,
           .doc = "Without InstanceId and DiskDeviceMapping, a snapshot of a system disk."),
  API_STR (CreateArgs, name, "ImageName", .max_length = 512, .format = &ecs_format_image_name,
           .error = VMM_ERROR_IMAGE_NAME_MALFORMED,
           .doc = "A name of 2 to 128 characters that no other image of the account has, beginning "
                  "with a letter; otherwise the image's id."),
  ECS_DESCRIPTION (CreateArgs, description, 0),
  API_STR (CreateArgs, family, "ImageFamily", .max_length = 512, .format = &ecs_format_image_name,
           .error = VMM_ERROR_IMAGE_FAMILY_MALFORMED,
           .doc = "The family it joins as its newest: 2 to 128 characters, beginning with a "
                  "letter."),
  API_STR (CreateArgs, version, "ImageVersion", .max_length = 40, .format = &api_format_token,
           .error = VMM_ERROR_IMAGE_VERSION_MALFORMED, .doc = "At most 40 characters to be shown."),
  API_STR (CreateArgs, platform, "Platform", .max_length = 64, .format = &api_format_line,
           .error = VMM_ERROR_IMAGE_PLATFORM_MALFORMED,
           .doc = "The operating system, such as Debian; otherwise that of the image its disk was "
                  "made from."),
  API_STR (CreateArgs, architecture, "Architecture", .max_length = 16,
           API_CHOICES ("i386", "x86_64", "arm64"),
           .doc = "The architecture; otherwise that of the image its disk was made from."),
  API_STR (CreateArgs, boot_mode, "BootMode", .max_length = 16, API_CHOICES ("BIOS"),
           .error = VMM_ERROR_UNSUPPORTED_PARAMETER, .doc = "BIOS is what there is."),
  ECS_REFUSED (CreateArgs, imds, "Features.ImdsSupport", .doc = "Not offered here."),
  ECS_REFUSED (CreateArgs, secure_boot, "SecureBootOptions.SecureBootSupport",
               .doc = "Not offered here."),
  ECS_NO_RESOURCE_GROUP (CreateArgs, resource_group_id),
  API_STR (CreateArgs, strategy, "DetectionStrategy", .max_length = 16, API_CHOICES ("Standard"),
           .doc = "Of no meaning: what it is made of is from here."),
  API_NEW_TAG_PARAM (CreateArgs, tags),
};

static const ApiField id_fields[] = {
  API_OUT_STR ("ImageId", API_REQUIRED, "The new image; Creating when it is of an instance."),
};

static gboolean
create_image (ApiCall *call, gconstpointer data, ApiReply *reply, GError **error)
{
  const CreateArgs *args = data;
  g_autofree OpsImageDisk *disks = g_new0 (OpsImageDisk, args->disks->len + 1);
  OpsImageCreate spec = { .instance_id = args->instance_id,
                          .snapshot_id = args->snapshot_id,
                          .disks = disks,
                          .n_disks = args->disks->len,
                          .name = args->name,
                          .description = args->description,
                          .family = args->family,
                          .version = args->version,
                          .platform = args->platform,
                          .architecture = args->architecture };
  g_autofree char *id = NULL;

  for (guint i = 0; i < args->disks->len; i++)
    {
      const Mapping *mapping = &g_array_index (args->disks, Mapping, i);

      disks[i].snapshot_id = mapping->snapshot_id;
      disks[i].device = mapping->device;
      disks[i].type = mapping->type;
      disks[i].size_gib = (guint64) mapping->size;
    }
  id = ops_image_create (call->ctx, call->caller, &spec, error);
  if (id == NULL)
    return FALSE;
  api_reply_string (reply, "ImageId", id);
  return TRUE;
}

/* ---- CopyImage, CancelCopyImage ---- */

typedef struct
{
  char *id, *region_id, *name, *description, *encrypted, *resource_group_id;
  EcsRefusedKeys keys;
  GArray *tags;
} CopyArgs;

static const ApiParam copy_params[] = {
  IMAGE_ID (CopyArgs, id),
  API_STR (CopyArgs, region_id, "DestinationRegionId", .max_length = 64,
           .doc = "This region, which is the only one and need not be named."),
  API_STR (CopyArgs, name, "DestinationImageName", .max_length = 512,
           .format = &ecs_format_image_name, .error = VMM_ERROR_IMAGE_NAME_MALFORMED,
           .doc = "The copy's name; otherwise its id."),
  API_STR (CopyArgs, description, "DestinationDescription", .max_length = 1024,
           .format = &ecs_format_description, .error = VMM_ERROR_DESCRIPTION_MALFORMED,
           .doc = "The copy's description, 2 to 256 characters."),
  ECS_REFUSED (CopyArgs, encrypted, "Encrypted", .doc = "Encryption is not offered here."),
  ECS_REFUSED_KEYS (CopyArgs, keys, ""),
  ECS_NO_RESOURCE_GROUP (CopyArgs, resource_group_id),
  API_NEW_TAG_PARAM (CopyArgs, tags),
};

static const ApiField copy_fields[] = {
  API_OUT_STR ("ImageId", API_REQUIRED, "The copy, which is Available."),
};

static const ApiParam cancel_params[] = { IMAGE_ID (CopyArgs, id) };

static gboolean
copy_image (ApiCall *call, gconstpointer data, ApiReply *reply, GError **error)
{
  const CopyArgs *args = data;
  const OpsImageCopy spec = { .image_id = args->id,
                              .region_id = args->region_id,
                              .name = args->name,
                              .description = args->description };
  g_autofree char *id = ops_image_copy (call->ctx, call->caller, &spec, error);

  if (id == NULL)
    return FALSE;
  api_reply_string (reply, "ImageId", id);
  return TRUE;
}

static gboolean
cancel_copy_image (ApiCall *call, gconstpointer data, ApiReply *reply, GError **error)
{
  const CopyArgs *args = data;

  return ops_image_cancel_copy (call->ctx, call->caller, args->id, error);
}

static const ApiAction actions[] = {
  { .name = "CreateImage",
    .summary = "Makes an image of an instance or of snapshots, without copying.",
    .since = "0.3",
    .access = API_WRITE,
    .permission = "ecs:CreateImage",
    .flags = API_DRY_RUN | API_CLIENT_TOKEN,
    .makes = VMM_TAG_IMAGE,
    .run = create_image,
    API_PARAMS (CreateArgs, create_params),
    API_FIELDS (id_fields),
    API_ERRORS (VMM_ERROR_IMAGE_SOURCE_MISSING, VMM_ERROR_INSTANCE_NOT_FOUND,
                VMM_ERROR_INSTANCE_STATUS, VMM_ERROR_DISK_STATUS, VMM_ERROR_DISK_SNAPSHOTTING,
                VMM_ERROR_SNAPSHOT_QUOTA, VMM_ERROR_NO_STOCK, VMM_ERROR_SNAPSHOT_NOT_FOUND,
                VMM_ERROR_SNAPSHOT_NOT_READY, VMM_ERROR_IMAGE_NO_SYSTEM_DISK,
                VMM_ERROR_IMAGE_DISK_TYPE, VMM_ERROR_DEVICE_MALFORMED, VMM_ERROR_DEVICE_IN_USE,
                VMM_ERROR_DISK_SIZE, VMM_ERROR_DISK_LIMIT, VMM_ERROR_IMAGE_NAME_MALFORMED,
                VMM_ERROR_IMAGE_NAME_DUPLICATED, VMM_ERROR_DESCRIPTION_MALFORMED,
                VMM_ERROR_IMAGE_FAMILY_MALFORMED, VMM_ERROR_IMAGE_VERSION_MALFORMED,
                VMM_ERROR_IMAGE_PLATFORM_MALFORMED, VMM_ERROR_IMAGE_QUOTA,
                VMM_ERROR_IDEMPOTENT_MISMATCH, VMM_ERROR_IDEMPOTENT_PROCESSING) },
  { .name = "CopyImage",
    .summary = "Makes an image of the caller's own of one it sees, at once.",
    .since = "0.3",
    .access = API_WRITE,
    .permission = "ecs:CopyImage",
    .flags = API_DRY_RUN | API_CLIENT_TOKEN,
    .makes = VMM_TAG_IMAGE,
    .run = copy_image,
    API_PARAMS (CopyArgs, copy_params),
    API_FIELDS (copy_fields),
    API_ERRORS (VMM_ERROR_IMAGE_NOT_FOUND, VMM_ERROR_IMAGE_STATUS, VMM_ERROR_IMAGE_REGION,
                VMM_ERROR_IMAGE_NAME_MALFORMED, VMM_ERROR_IMAGE_NAME_DUPLICATED,
                VMM_ERROR_DESCRIPTION_MALFORMED, VMM_ERROR_IMAGE_QUOTA,
                VMM_ERROR_IDEMPOTENT_MISMATCH, VMM_ERROR_IDEMPOTENT_PROCESSING) },
  { .name = "CancelCopyImage",
    .summary = "Always refused: a copy here is complete at once.",
    .since = "0.3",
    .access = API_WRITE,
    .permission = "ecs:CancelCopyImage",
    .run = cancel_copy_image,
    API_PARAMS (CopyArgs, cancel_params),
    API_ERRORS (VMM_ERROR_IMAGE_NOT_FOUND, VMM_ERROR_IMAGE_NOT_A_COPY, VMM_ERROR_IMAGE_COPIED) },
};

const ApiResource ecs_image_create = API_RESOURCE ("image-create", actions);
