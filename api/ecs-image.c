/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Images: what there is, how one comes in and goes. */
#include "config.h"

#include "ecs-common.h"
#include "ops-image.h"
#include "ops-instance.h"
#include "ops-tag.h"
#include <string.h>

/* ---- DescribeImages ---- */

typedef struct
{
  ApiPage page;
  char **ids, **statuses;
  char *name, *os_type, *architecture, *owner_alias, *resource_group_id, *snapshot_id;
  char *family, *usage, *owner_id, *type, *action_type, *show_expired;
  int is_public, is_usable, has_cloud_init, is_io_optimized;
  GArray *filters, *tags;
} ListArgs;

static const ApiParam list_params[] = {
  API_PAGE_PARAMS (ListArgs, page, 100),
  ECS_ID_FILTER (ListArgs, ids, "ImageId", "Ids of images, with commas between them."),
  API_JSONLIST (
      ListArgs, statuses, "Status", .max = 6, .max_length = 16,
      API_CHOICES ("Creating", "Waiting", "Available", "UnAvailable", "CreateFailed", "Deprecated"),
      .doc = "Statuses, with commas between them; otherwise Available alone."),
  ECS_TEXT_FILTER (ListArgs, name, "ImageName", "The name; * stands for anything."),
  API_STR (ListArgs, os_type, "OSType", .max_length = 16, API_CHOICES ("linux", "windows"),
           .doc = "The kind of operating system."),
  API_STR (ListArgs, architecture, "Architecture", .max_length = 16,
           API_CHOICES ("i386", "x86_64", "arm64"), .doc = "The architecture."),
  API_STR (ListArgs, owner_alias, "ImageOwnerAlias", .max_length = 16,
           API_CHOICES ("system", "self", "others", "marketplace"),
           .doc
           = "system: the administrator's, which all see; self: the caller's own; others: what "
             "other accounts share with the caller."),
  ECS_TEXT_FILTER (ListArgs, owner_id, "ImageOwnerId", "The account that owns it."),
  ECS_TEXT_FILTER (ListArgs, snapshot_id, "SnapshotId", "A snapshot it was made from."),
  ECS_TEXT_FILTER (ListArgs, family, "ImageFamily", "The family."),
  API_STR (ListArgs, usage, "Usage", .max_length = 16, API_CHOICES ("instance", "none"),
           .doc = "Whether the caller has instances of it."),
  API_STR (ListArgs, type, "InstanceType", .max_length = 64, .error = VMM_ERROR_INSTANCE_TYPE,
           .doc = "A type of instances that can be made from it."),
  API_STR (ListArgs, action_type, "ActionType", .max_length = 16,
           API_CHOICES ("CreateEcs", "ChangeOS"), .doc = "All images here serve for both."),
  API_TRI (ListArgs, is_public, "IsPublic", .doc = "Whether all accounts see it."),
  API_TRI (ListArgs, is_usable, "Usable", .doc = "Whether instances can be made from it."),
  API_TRI (ListArgs, has_cloud_init, "IsSupportCloudinit", .doc = "All images here do."),
  API_TRI (ListArgs, is_io_optimized, "IsSupportIoOptimized", .doc = "All images here do."),
  ECS_TEXT_FILTER (ListArgs, show_expired, "ShowExpired", "No image here expires."),
  ECS_RESOURCE_GROUP_FILTER (ListArgs, resource_group_id, "image"),
  ECS_CREATED_FILTERS (ListArgs, filters, "Times between which it was made."),
  API_TAG_PARAM (ListArgs, tags),
};

/* Of an image at the path @I. */
#define IMAGE_FIELDS(I)                                                                            \
  API_OUT_STR (I "ImageId", API_REQUIRED, "The image."),                                           \
      API_OUT_STR (I "ImageName", API_REQUIRED, "Its name."),                                      \
      API_OUT_STR (I "Description", API_REQUIRED,                                                  \
                   "Its description; of one that failed why, to its owner."),                      \
      API_OUT_STR (I "Status", API_REQUIRED,                                                       \
                   "Creating, Available, Deprecated, CreateFailed or UnAvailable."),               \
      API_OUT_STR (I "Progress", API_REQUIRED, "How far it is, such as 100%."),                    \
      API_OUT_BOOL (I "Usable", API_REQUIRED, "Whether instances can be made from it."),           \
      API_OUT_INT (I "Size", API_REQUIRED, "GiB of its system disk."),                             \
      API_OUT_STR (I "ImageOwnerAlias", API_REQUIRED, "system, self or others."),                  \
      API_OUT_INT (I "ImageOwnerId", API_REQUIRED,                                                 \
                   "The account that owns it; 0 for system images."),                              \
      API_OUT_BOOL (I "IsPublic", API_REQUIRED, "Whether all accounts see it."),                   \
      API_OUT_STR (I "OSType", API_REQUIRED, "linux or windows."),                                 \
      API_OUT_STR (I "OSName", API_REQUIRED, "The operating system."),                             \
      API_OUT_STR (I "OSNameEn", API_REQUIRED, "The same."),                                       \
      API_OUT_STR (I "Platform", API_REQUIRED, "The first word of OSName, or Others Linux."),      \
      API_OUT_STR (I "Architecture", API_REQUIRED, "i386, x86_64 or arm64."),                      \
      API_OUT_STR (I "BootMode", API_REQUIRED, "Always BIOS."),                                    \
      API_OUT_STR (I "CreationTime", API_REQUIRED, "When it was made."),                           \
      API_OUT_STR (I "Usage", API_REQUIRED,                                                        \
                   "instance if an instance of the caller was made from it, else none."),          \
      API_OUT_STR (I "ImageVersion", API_REQUIRED, "As it was given at its making."),              \
      API_OUT_STR (I "ImageFamily", API_REQUIRED, "Its family, or empty."),                        \
      API_OUT_STR (I "LicenseType", API_REQUIRED, "Always empty."),                                \
      API_OUT_STR (I "ProductCode", API_REQUIRED, "Always empty."),                                \
      API_OUT_STR (I "ResourceGroupId", API_REQUIRED, "Always empty."),                            \
      API_OUT_STR (I "IsSelfShared", API_REQUIRED,                                                 \
                   "True if the caller shares it with other accounts, else False."),               \
      API_OUT_BOOL (I "IsCopied", API_REQUIRED, "Whether CopyImage made it."),                     \
      API_OUT_BOOL (I "IsSubscribed", API_REQUIRED, "Always false."),                              \
      API_OUT_BOOL (I "IsSupportIoOptimized", API_REQUIRED, "Always true."),                       \
      API_OUT_BOOL (I "IsSupportCloudinit", API_REQUIRED, "Always true."),                         \
      MAPPING_FIELDS (I "DiskDeviceMappings.DiskDeviceMapping[]."),                                \
      API_OUT_STR (I "Tags.Tag[].TagKey", 0, "A tag's key."),                                      \
      API_OUT_STR (I "Tags.Tag[].TagValue", 0, "A tag's value.")
#define MAPPING_FIELDS(M)                                                                          \
  API_OUT_STR (M "Device", API_REQUIRED, "/dev/xvda for the system disk, which comes first."),     \
      API_OUT_STR (M "Type", API_REQUIRED, "system or data."),                                     \
      API_OUT_STR (M "Format", API_REQUIRED,                                                       \
                   "What it was imported as, such as RAW; otherwise QCOW2."),                      \
      API_OUT_STR (M "Size", API_REQUIRED, "GiB, as text."),                                       \
      API_OUT_STR (M "DiskImageSize", API_REQUIRED, "The same."),                                  \
      API_OUT_STR (M "Progress", API_REQUIRED, "How far it is, such as 100%."),                    \
      API_OUT_INT (M "RemainTime", API_REQUIRED, "Always 0."),                                     \
      API_OUT_STR (M "SnapshotId", API_REQUIRED, "What it was made from, or empty."),              \
      API_OUT_BOOL (M "Encrypted", API_REQUIRED, "Always false."),                                 \
      API_OUT_STR (M "ImportOSSBucket", API_REQUIRED,                                              \
                   "To its owner, the folder that it was imported from, or empty."),               \
      API_OUT_STR (M "ImportOSSObject", API_REQUIRED, "Likewise the file.")

static const ApiField list_fields[] = {
  API_OUT_STR ("RegionId", API_REQUIRED, "The region."),
  IMAGE_FIELDS ("Images.Image[]."),
  API_PAGE_FIELDS,
};

/* @source: "folder/file" or "file" of the drop folder, or "". */
static void
write_mapping (ApiReply *reply, const VmmImageDisk *disk, gboolean is_system, const char *format,
               const char *source, const char *progress)
{
  g_autofree char *size = g_strdup_printf ("%" G_GINT64_FORMAT, ecs_gib (disk->virtual_bytes));
  const char *slash = strchr (source, '/');
  g_autofree char *bucket = slash != NULL ? g_strndup (source, (gsize) (slash - source)) : NULL;

  api_reply_item (reply);
  api_reply_string (reply, "Device", disk->device);
  api_reply_string (reply, "Type", is_system ? "system" : "data");
  api_reply_string (reply, "Format", format);
  api_reply_string (reply, "Size", size);
  api_reply_string (reply, "DiskImageSize", size);
  api_reply_string (reply, "Progress", progress);
  api_reply_int (reply, "RemainTime", 0);
  api_reply_string (reply, "SnapshotId", disk->snapshot_id);
  api_reply_bool (reply, "Encrypted", FALSE);
  api_reply_string (reply, "ImportOSSBucket", bucket);
  api_reply_string (reply, "ImportOSSObject", slash != NULL ? slash + 1 : source);
  api_reply_end (reply);
}

/* Clients read the first mapping without asking whether there is one; there always is. */
static void
write_mappings (ApiReply *reply, const VmmCaller *caller, const VmmImage *image,
                const char *progress)
{
  gboolean is_own = g_str_equal (image->account_id, caller->account_id);
  /* A URL may hold a signature, a path is of the host: neither is shown while it is there. */
  gboolean is_dropped = is_own && image->source == VMM_IMAGE_IMPORT
                        && !g_path_is_absolute (image->source_file)
                        && strstr (image->source_file, "://") == NULL;
  const char *source = is_dropped ? image->source_file : "";
  g_autofree char *format = g_ascii_strup (
      image->source == VMM_IMAGE_IMPORT && *image->source_format != '\0' ? image->source_format
                                                                         : "qcow2",
      -1);

  api_reply_list (reply, "DiskDeviceMappings", "DiskDeviceMapping");
  for (guint i = 0; i < image->disks->len; i++)
    write_mapping (reply, g_ptr_array_index (image->disks, i), i == 0, format, i == 0 ? source : "",
                   progress);
  api_reply_end (reply);
}

/* What is the same for every image here, and yet read by clients. */
static void
write_constants (ApiReply *reply)
{
  api_reply_string (reply, "BootMode", "BIOS");
  api_reply_string (reply, "LicenseType", "");
  api_reply_string (reply, "ProductCode", "");
  api_reply_string (reply, "ResourceGroupId", "");
  api_reply_bool (reply, "IsSubscribed", FALSE);
  api_reply_bool (reply, "IsSupportIoOptimized", TRUE);
  api_reply_bool (reply, "IsSupportCloudinit", TRUE);
}

static char *
platform_of (const VmmImage *image)
{
  const char *name = image->os_name != NULL ? image->os_name : "";

  if (*name == '\0')
    return g_strdup (g_strcmp0 (image->os_type, "windows") == 0 ? "Windows" : "Others Linux");
  return g_strndup (name, strcspn (name, " "));
}

static const char *
owner_of (const VmmImage *image, const VmmCaller *caller)
{
  if (*image->account_id == '\0')
    return "system";
  return g_str_equal (image->account_id, caller->account_id) ? "self" : "others";
}

/* Why an import failed names files of the host, hence is for the administrator. */
static const char *
description_of (const VmmImage *image, const VmmCaller *caller)
{
  gboolean may_know = caller->is_admin
                      || (image->source != VMM_IMAGE_IMPORT
                          && g_str_equal (image->account_id, caller->account_id));

  return image->state == VMM_IMAGE_FAILED && may_know ? image->reason : image->description;
}

static void
write_owner (ApiReply *reply, const VmmCaller *caller, const VmmImage *image)
{
  const char *owner = owner_of (image, caller);
  guint64 owner_id = 0;

  if (*image->account_id != '\0')
    g_ascii_string_to_unsigned (image->account_id, 10, 0, G_MAXINT64, &owner_id, NULL);
  api_reply_string (reply, "ImageOwnerAlias", owner);
  api_reply_int (reply, "ImageOwnerId", (gint64) owner_id);
  api_reply_bool (reply, "IsPublic", g_str_equal (owner, "system"));
  api_reply_string (reply, "IsSelfShared",
                    image->is_shared && g_str_equal (owner, "self") ? "True" : "False");
}

/* The members of an object that is open. */
static void
write_image (ApiReply *reply, const VmmCaller *caller, const VmmImage *image, gboolean is_used,
             GHashTable *tags)
{
  g_autofree char *progress = g_strdup_printf ("%u%%", image->progress);
  g_autofree char *platform = platform_of (image);

  api_reply_string (reply, "ImageId", image->id);
  api_reply_string (reply, "ImageName", image->name);
  api_reply_string (reply, "Description", description_of (image, caller));
  api_reply_string (reply, "Status", vmm_image_state_wire (image->state));
  api_reply_string (reply, "Progress", progress);
  api_reply_bool (reply, "Usable", vmm_image_state_is_usable (image->state));
  api_reply_int (reply, "Size", ecs_gib (image->virtual_bytes));
  write_owner (reply, caller, image);
  api_reply_string (reply, "OSType", image->os_type);
  api_reply_string (reply, "OSName", image->os_name);
  api_reply_string (reply, "OSNameEn", image->os_name);
  api_reply_string (reply, "Platform", platform);
  api_reply_string (reply, "Architecture", image->architecture);
  api_reply_second (reply, "CreationTime", image->created_ms);
  api_reply_string (reply, "Usage", is_used ? "instance" : "none");
  api_reply_string (reply, "ImageVersion", image->version);
  api_reply_string (reply, "ImageFamily", image->family);
  api_reply_bool (reply, "IsCopied", image->source == VMM_IMAGE_COPY);
  write_mappings (reply, caller, image, progress);
  ecs_write_tags (reply, tags, image->id);
  write_constants (reply);
}

/* Whether the caller has an instance of the image. */
static gboolean
find_use (ApiCall *call, const VmmImage *image, gboolean *out_used, GError **error)
{
  VmmInstanceQuery query = { .image_id = image->id };
  VmmPage page = { .number = 1, .size = 1 };
  g_auto (VmmPageInfo) info = { 0 };
  g_autoptr (GPtrArray) instances
      = ops_instance_list (call->ctx, call->caller, &query, &page, &info, error);

  if (instances == NULL)
    return FALSE;
  *out_used = instances->len > 0;
  return TRUE;
}

static gboolean
write_images (ApiCall *call, const GPtrArray *images, ApiReply *reply, GError **error)
{
  g_autoptr (GHashTable) tags = ECS_TAGS_OF (call, VMM_TAG_IMAGE, images, VmmImage, id, error);

  if (tags == NULL)
    return FALSE;
  api_reply_list (reply, "Images", "Image");
  for (guint i = 0; i < images->len; i++)
    {
      gboolean is_used = FALSE;

      if (!find_use (call, images->pdata[i], &is_used, error))
        return FALSE;
      api_reply_item (reply);
      write_image (reply, call->caller, images->pdata[i], is_used, tags);
      api_reply_end (reply);
    }
  api_reply_end (reply);
  return TRUE;
}

/* Whether the filters on what is the same for all images here let any pass. */
static gboolean
constants_pass (const ListArgs *args)
{
  return ecs_is_or_unset (args->resource_group_id, "") && args->has_cloud_init != 0
         && args->is_io_optimized != 0 && g_strcmp0 (args->owner_alias, "marketplace") != 0;
}

static gboolean
check_type (ApiCall *call, const char *type, GError **error)
{
  return type == NULL || *type == '\0' || vmm_config_type (call->ctx->config, type) != NULL
         || vmm_fail (error, VMM_ERROR_INSTANCE_TYPE,
                      "the InstanceType \"%s\" does not exist; see DescribeInstanceTypes", type);
}

static gboolean
describe_images (ApiCall *call, gconstpointer data, ApiReply *reply, GError **error)
{
  const ListArgs *args = data;
  VmmPage page = api_page_get (&args->page);
  VmmImageQuery query = {
    .ids = (const char *const *) args->ids,
    .name = args->name,
    .os_type = args->os_type,
    .architecture = args->architecture,
    .not_architecture = args->type != NULL && *args->type != '\0' ? "arm64" : NULL,
    .owner = args->owner_alias,
    .owner_id = args->owner_id,
    .statuses = (const char *const *) args->statuses,
    .family = args->family,
    .snapshot_id = args->snapshot_id,
    .usage = args->usage,
    .is_public = args->is_public,
    .is_usable = args->is_usable,
    .tags = api_tags_get (args->tags),
  };
  g_auto (VmmPageInfo) info = { 0 };
  g_autoptr (GPtrArray) images = NULL;

  if (!ecs_take_time_filters (args->filters, &query.created_from_ms, &query.created_to_ms, NULL,
                              error)
      || !check_type (call, args->type, error))
    return FALSE;
  api_reply_string (reply, "RegionId", call->ctx->config->region_id);
  if (!constants_pass (args))
    {
      ecs_write_nothing (reply, &args->page, "Images", "Image");
      return TRUE;
    }
  images = ops_image_list (call->ctx, call->caller, &query, &page, &info, error);
  if (images == NULL || !write_images (call, images, reply, error))
    return FALSE;
  api_reply_page (reply, &args->page, &info);
  return TRUE;
}

/* ---- DescribeImageFromFamily ---- */

typedef struct
{
  char *family;
} FamilyArgs;

static const ApiParam family_params[] = {
  API_STR (FamilyArgs, family, "ImageFamily", .flags = API_REQUIRED, .max_length = 512,
           .doc = "The family."),
};

static const ApiField family_fields[] = { IMAGE_FIELDS ("Image.") };

static gboolean
describe_image_from_family (ApiCall *call, gconstpointer data, ApiReply *reply, GError **error)
{
  const FamilyArgs *args = data;
  g_autoptr (GError) local = NULL;
  g_autoptr (VmmImage) image = ops_image_of_family (call->ctx, call->caller, args->family, &local);
  g_autoptr (GHashTable) tags = NULL;
  const char *ids[] = { image != NULL ? image->id : NULL, NULL };
  gboolean is_used = FALSE;

  if (local != NULL)
    {
      g_propagate_error (error, g_steal_pointer (&local));
      return FALSE;
    }
  if (image == NULL)
    return TRUE;
  tags = ops_tag_map (call->ctx, call->caller, VMM_TAG_IMAGE, ids, error);
  if (tags == NULL || !find_use (call, image, &is_used, error))
    return FALSE;
  api_reply_begin (reply, "Image");
  write_image (reply, call->caller, image, is_used, tags);
  api_reply_end (reply);
  return TRUE;
}

/* ---- DeleteImage ---- */

typedef struct
{
  char *id;
  gboolean force;
} DeleteArgs;

static const ApiParam delete_params[] = {
  API_STR (DeleteArgs, id, "ImageId", .flags = API_REQUIRED, .max_length = 64,
           .format = &api_format_image_id, .error = VMM_ERROR_IMAGE_NOT_FOUND, .doc = "The image."),
  API_BOOL (DeleteArgs, force, "Force",
            .doc
            = "Delete it although instances were made from it, which go on unharmed, or although "
              "it is being made, imported or exported, which is given up."),
};

static gboolean
delete_image (ApiCall *call, gconstpointer data, ApiReply *reply, GError **error)
{
  const DeleteArgs *args = data;

  return ops_image_delete (call->ctx, call->caller, args->id, args->force, error);
}

/* ---- ImportLocalImage ---- */

typedef struct
{
  char *file, *format, *name, *description, *os_type, *os_name, *architecture;
} ImportArgs;

static const ApiParam import_params[] = {
  API_STR (ImportArgs, file, "File", .flags = API_REQUIRED, .max_length = 4096,
           .doc = "The absolute path of a file on this host."),
  API_STR (ImportArgs, format, "ImageFormat", .flags = API_REQUIRED, .max_length = 16,
           API_CHOICES ("raw", "qcow2"), .error = VMM_ERROR_IMAGE_FORMAT,
           .doc = "The file's format, which is never guessed; Format is the answer's."),
  API_STR (ImportArgs, name, "ImageName", .max_length = 512, .format = &ecs_format_image_name,
           .error = VMM_ERROR_IMAGE_NAME_MALFORMED,
           .doc = "A name of 2 to 128 characters that begins with a letter; otherwise the file's "
                  "without its ending."),
  API_STR (ImportArgs, description, "Description", .max_length = 1024,
           .format = &ecs_format_description, .error = VMM_ERROR_DESCRIPTION_MALFORMED,
           .doc = "2 to 256 characters."),
  API_STR (ImportArgs, os_type, "OSType", .fallback = "linux", .max_length = 16,
           API_CHOICES ("linux", "windows"), .doc = "The kind of operating system."),
  API_STR (ImportArgs, os_name, "OSName", .fallback = "", .max_length = 128,
           .format = &api_format_line, .doc = "The operating system, such as Debian 12."),
  API_STR (ImportArgs, architecture, "Architecture", .fallback = "x86_64", .max_length = 16,
           API_CHOICES ("i386", "x86_64", "arm64"), .doc = "The architecture."),
};

static const ApiField import_fields[] = {
  API_OUT_STR ("ImageId", API_REQUIRED, "The new image, which is Creating."),
};

/* The file's name without folder and ending. */
static char *
name_of_file (const char *file)
{
  g_autofree char *base = g_path_get_basename (file);
  const char *dot = strrchr (base, '.');

  return dot != NULL && dot != base ? g_strndup (base, (gsize) (dot - base))
                                    : g_steal_pointer (&base);
}

static gboolean
import_local_image (ApiCall *call, gconstpointer data, ApiReply *reply, GError **error)
{
  const ImportArgs *args = data;
  g_autofree char *default_name = name_of_file (args->file);
  OpsImageSpec spec = {
    .file = args->file,
    .format = args->format,
    .name = args->name != NULL ? args->name : default_name,
    .description = args->description,
    .os_type = args->os_type,
    .os_name = args->os_name,
    .architecture = args->architecture,
  };
  g_autofree char *id = ops_image_import (call->ctx, call->caller, &spec, error);

  if (id == NULL)
    return FALSE;
  api_reply_string (reply, "ImageId", id);
  return TRUE;
}

static const ApiAction actions[] = {
  { .name = "DescribeImages",
    .summary = "Lists images, newest first.",
    .since = "0.1",
    .access = API_READ,
    .permission = "ecs:DescribeImages",
    .run = describe_images,
    API_PARAMS (ListArgs, list_params),
    API_FIELDS (list_fields),
    API_ERRORS (VMM_ERROR_INSTANCE_TYPE, VMM_ERROR_FILTER_NOT_FOUND) },
  { .name = "DescribeImageFromFamily",
    .summary = "The newest image of a family that is Available; without one the answer is empty.",
    .since = "0.3",
    .access = API_READ,
    .permission = "ecs:DescribeImageFromFamily",
    .run = describe_image_from_family,
    API_PARAMS (FamilyArgs, family_params),
    API_FIELDS (family_fields) },
  { .name = "DeleteImage",
    .summary = "Deletes an image.",
    .since = "0.1",
    .access = API_WRITE,
    .permission = "ecs:DeleteImage",
    .flags = API_DRY_RUN,
    .run = delete_image,
    API_PARAMS (DeleteArgs, delete_params),
    API_ERRORS (VMM_ERROR_IMAGE_NOT_FOUND, VMM_ERROR_IMAGE_IN_USE, VMM_ERROR_IMAGE_SHARED,
                VMM_ERROR_IMAGE_CREATING, VMM_ERROR_IMAGE_IMPORTING, VMM_ERROR_IMAGE_EXPORTING) },
  { .name = "ImportLocalImage",
    .summary = "Takes a file of this host in as an image that all accounts see.",
    .since = "0.1",
    .access = API_ADMIN,
    .permission = "ecs:ImportLocalImage",
    .flags = API_DRY_RUN | API_CLIENT_TOKEN,
    .run = import_local_image,
    API_PARAMS (ImportArgs, import_params),
    API_FIELDS (import_fields),
    API_ERRORS (VMM_ERROR_IMAGE_NAME_MALFORMED, VMM_ERROR_IMAGE_NAME_DUPLICATED,
                VMM_ERROR_DESCRIPTION_MALFORMED, VMM_ERROR_IMAGE_FORMAT,
                VMM_ERROR_IMAGE_FILE_NOT_FOUND, VMM_ERROR_IMAGE_REFUSED, VMM_ERROR_NO_STOCK) },
};

const ApiResource ecs_image = API_RESOURCE ("image", actions);
