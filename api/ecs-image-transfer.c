/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Images from outside and to the outside. There is no object storage here: a bucket is a folder in
 * the drop folder or the export folder, an object a file in it. */
#include "config.h"

#include "ecs-common.h"
#include "ops-transfer.h"

#define FORMATS "raw", "qcow2"

/* ---- ImportImage ---- */

typedef struct
{
  char *bucket, *object, *format, *device;
  int gib, old_gib;
} Mapping;

static const ApiParam mapping_params[] = {
  API_STR (Mapping, bucket, "OSSBucket", .max_length = 64,
           .doc = "A folder in the drop folder; absent for the drop folder itself. One with the "
                  "name of an account's id is that account's alone."),
  API_STR (Mapping, object, "OSSObject", .max_length = 1024, .doc = "A file in it."),
  API_STR (Mapping, format, "Format", .max_length = 16, API_CHOICES (FORMATS),
           .error = VMM_ERROR_IMAGE_FORMAT, .doc = "The same as ImageFormat."),
  API_STR (Mapping, device, "Device", .max_length = 32, .doc = "Of no meaning: it is /dev/xvda."),
  API_INT (Mapping, gib, "DiskImageSize", .fallback = "0", .min = 1, .max = 32768,
           .doc = "GiB of the image's disk. A file that has a smaller one gets it, one that has a "
                  "larger one is refused."),
  API_INT (Mapping, old_gib, "DiskImSize", .fallback = "0", .min = 1, .max = 32768,
           .doc = "The older name of DiskImageSize."),
};

typedef struct
{
  char *url, *file, *format, *name, *description, *architecture, *os_type, *platform, *boot_mode;
  char *license, *strategy, *role, *group, *storage, *imds, *nvme;
  GArray *mappings, *tags;
} ImportArgs;

static const ApiParam import_params[] = {
  API_STR (ImportArgs, url, "Url", .flags = API_SECRET, .max_length = 4096,
           .doc = "Our own: where to fetch the image from, http:// or https://. Only from public "
                  "addresses and those that [storage] import-ranges allows, also when it is "
                  "redirected. It may hold a signature, hence is not logged."),
  API_STR (ImportArgs, file, "File", .max_length = 1024,
           .doc = "Our own: the same as DiskDeviceMapping.1.OSSObject."),
  API_STR (ImportArgs, format, "ImageFormat", .max_length = 16, API_CHOICES (FORMATS),
           .error = VMM_ERROR_IMAGE_FORMAT,
           .doc = "Our own: the file's format, which is never guessed, so that it or "
                  "DiskDeviceMapping.1.Format is wanted. Format is the answer's."),
  API_LIST (ImportArgs, mappings, "DiskDeviceMapping", Mapping, mapping_params, .max = 1,
            .doc = "Its system disk; there are no others."),
  API_STR (ImportArgs, name, "ImageName", .max_length = 512, .format = &ecs_format_image_name,
           .error = VMM_ERROR_IMAGE_NAME_MALFORMED,
           .doc = "A name of 2 to 128 characters that begins with a letter; otherwise its id."),
  ECS_DESCRIPTION (ImportArgs, description, 0),
  API_STR (ImportArgs, architecture, "Architecture", .fallback = "x86_64", .max_length = 16,
           API_CHOICES ("i386", "x86_64", "arm64"), .doc = "The architecture."),
  API_STR (ImportArgs, os_type, "OSType", .fallback = "linux", .max_length = 16,
           API_CHOICES ("linux", "windows"), .doc = "The kind of operating system."),
  API_STR (ImportArgs, platform, "Platform", .fallback = "", .max_length = 128,
           .format = &api_format_line, .doc = "The operating system, such as Debian."),
  API_STR (ImportArgs, boot_mode, "BootMode", .max_length = 16,
           API_CHOICES ("BIOS", "UEFI-Preferred"), .error = VMM_ERROR_UNSUPPORTED_PARAMETER,
           .doc = "All images boot by BIOS here."),
  API_STR (ImportArgs, license, "LicenseType", .max_length = 16,
           API_CHOICES ("Auto", "Aliyun", "BYOL"), .doc = "Of no meaning here."),
  API_STR (ImportArgs, strategy, "DetectionStrategy", .max_length = 16, API_CHOICES ("Standard"),
           .doc = "Each image is looked at closely."),
  API_STR (ImportArgs, role, "RoleName", .max_length = 128, .doc = "Of no meaning here."),
  ECS_NO_RESOURCE_GROUP (ImportArgs, group),
  ECS_REFUSED_PLACE (ImportArgs, storage),
  API_STR (ImportArgs, imds, "Features.ImdsSupport", .max_length = 8, API_CHOICES ("v1", "v2"),
           .doc = "Instances choose for themselves."),
  API_STR (ImportArgs, nvme, "Features.NvmeSupport", .max_length = 16, API_CHOICES ("unsupported"),
           .error = VMM_ERROR_UNSUPPORTED_PARAMETER, .doc = "Disks are virtio here."),
  API_NEW_TAG_PARAM (ImportArgs, tags),
};

static const ApiField import_fields[] = {
  API_OUT_STR ("ImageId", API_REQUIRED, "The new image, which is Creating."),
  API_OUT_STR ("TaskId", API_REQUIRED, "What DescribeTasks tells its progress of."),
  API_OUT_STR ("RegionId", API_REQUIRED, "The region."),
};

static gboolean
import_image (ApiCall *call, gconstpointer data, ApiReply *reply, GError **error)
{
  const ImportArgs *args = data;
  const Mapping none = { 0 };
  const Mapping *mapping
      = args->mappings->len > 0 ? &g_array_index (args->mappings, Mapping, 0) : &none;
  const OpsImportSpec spec = {
    .url = args->url,
    .folder = mapping->bucket,
    .file = args->file != NULL ? args->file : mapping->object,
    .format = args->format != NULL ? args->format : mapping->format,
    .gib = (guint) MAX (mapping->gib, mapping->old_gib),
    .name = args->name,
    .description = args->description,
    .os_type = args->os_type,
    .os_name = args->platform,
    .architecture = args->architecture,
  };
  g_autofree char *image = NULL, *task = NULL;

  if (spec.format == NULL)
    return vmm_fail (error, VMM_ERROR_MISSING_PARAMETER,
                     "ImageFormat (or DiskDeviceMapping.1.Format) is missing: raw or qcow2");
  if (!ops_image_import_from (call->ctx, call->caller, &spec, &image, &task, error))
    return FALSE;
  api_reply_string (reply, "ImageId", image);
  api_reply_string (reply, "TaskId", task);
  api_reply_string (reply, "RegionId", call->ctx->config->region_id);
  return TRUE;
}

/* ---- ExportImage ---- */

typedef struct
{
  char *image_id, *bucket, *prefix, *format, *role;
} ExportArgs;

static const ApiParam export_params[] = {
  API_STR (ExportArgs, image_id, "ImageId", .flags = API_REQUIRED, .max_length = 64,
           .format = &api_format_image_id, .error = VMM_ERROR_IMAGE_NOT_FOUND, .doc = "The image."),
  API_STR (ExportArgs, bucket, "OSSBucket", .max_length = 64,
           .doc = "A folder, which is there already, in the export folder; absent for the export "
                  "folder itself. One with the name of an account's id is that account's alone."),
  API_STR (ExportArgs, prefix, "OSSPrefix", .max_length = 64,
           .doc = "Begins the files' names: at most 30 letters, digits, '-' or '_'."),
  API_STR (ExportArgs, format, "ImageFormat", .fallback = "qcow2", .max_length = 16,
           API_CHOICES (FORMATS), .error = VMM_ERROR_IMAGE_FORMAT,
           .doc = "raw, with holes, or qcow2, compressed."),
  API_STR (ExportArgs, role, "RoleName", .max_length = 128, .doc = "Of no meaning here."),
};

static const ApiField export_fields[] = {
  API_OUT_STR ("TaskId", API_REQUIRED,
               "What DescribeTaskAttribute tells its progress and the file's name of."),
  API_OUT_STR ("RegionId", API_REQUIRED, "The region."),
};

static gboolean
export_image (ApiCall *call, gconstpointer data, ApiReply *reply, GError **error)
{
  const ExportArgs *args = data;
  const OpsExportSpec spec = { .image_id = args->image_id,
                               .folder = args->bucket,
                               .prefix = args->prefix,
                               .format = args->format };
  g_autofree char *task = ops_image_export (call->ctx, call->caller, &spec, error);

  if (task == NULL)
    return FALSE;
  api_reply_string (reply, "TaskId", task);
  api_reply_string (reply, "RegionId", call->ctx->config->region_id);
  return TRUE;
}

static const ApiAction actions[] = {
  { .name = "ImportImage",
    .summary = "Makes an image of a file from the web or from the drop folder.",
    .since = "0.3",
    .access = API_WRITE,
    .permission = "ecs:ImportImage",
    .flags = API_DRY_RUN | API_CLIENT_TOKEN,
    .makes = VMM_TAG_IMAGE,
    .run = import_image,
    API_PARAMS (ImportArgs, import_params),
    API_FIELDS (import_fields),
    API_ERRORS (VMM_ERROR_IMAGE_NAME_MALFORMED, VMM_ERROR_IMAGE_NAME_DUPLICATED,
                VMM_ERROR_DESCRIPTION_MALFORMED, VMM_ERROR_IMAGE_FORMAT, VMM_ERROR_IMAGE_URL,
                VMM_ERROR_IMAGE_FILE_NOT_FOUND, VMM_ERROR_OSS_BUCKET, VMM_ERROR_DISK_SIZE,
                VMM_ERROR_NO_STOCK, VMM_ERROR_QUOTA, VMM_ERROR_IMAGE_QUOTA,
                VMM_ERROR_IDEMPOTENT_MISMATCH, VMM_ERROR_IDEMPOTENT_PROCESSING) },
  { .name = "ExportImage",
    .summary = "Writes an image into files of the export folder.",
    .since = "0.3",
    .access = API_WRITE,
    .permission = "ecs:ExportImage",
    .flags = API_DRY_RUN | API_CLIENT_TOKEN,
    .run = export_image,
    API_PARAMS (ExportArgs, export_params),
    API_FIELDS (export_fields),
    API_ERRORS (VMM_ERROR_IMAGE_NOT_FOUND, VMM_ERROR_IMAGE_NOT_AVAILABLE, VMM_ERROR_IMAGE_FORMAT,
                VMM_ERROR_OSS_BUCKET, VMM_ERROR_OSS_PREFIX, VMM_ERROR_QUOTA,
                VMM_ERROR_IDEMPOTENT_MISMATCH, VMM_ERROR_IDEMPOTENT_PROCESSING) },
};

const ApiResource ecs_image_transfer = API_RESOURCE ("image-transfer", actions);
