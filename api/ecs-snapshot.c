/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Snapshots of disks. */
#include "config.h"

#include "ecs-common.h"
#include "ops-snapshot.h"

#define SNAPSHOT_ID(type, field)                                                                   \
  API_STR (type, field, "SnapshotId", .flags = API_REQUIRED, .max_length = 64,                     \
           .format = &api_format_snapshot_id, .error = VMM_ERROR_SNAPSHOT_NOT_FOUND,               \
           .doc = "The snapshot.")
#define SNAPSHOT_NAME(type, field, flags_)                                                         \
  API_STR (type, field, "SnapshotName", .flags = flags_, .max_length = 512,                        \
           .format = &ecs_format_instance_name, .error = VMM_ERROR_SNAPSHOT_NAME_MALFORMED,        \
           .doc = "The name, 2 to 128 characters, beginning with a letter and not with auto.")

/* ---- CreateSnapshot ---- */

typedef struct
{
  char *disk_id, *name, *description, *category, *resource_group_id, *instant, *instant_days;
  char *place;
  GArray *tags;
  int retention_days;
} CreateArgs;

static const ApiParam create_params[] = {
  API_STR (CreateArgs, disk_id, "DiskId", .flags = API_REQUIRED, .max_length = 64,
           .format = &api_format_disk_id, .error = VMM_ERROR_DISK_NOT_FOUND, .doc = "The disk."),
  SNAPSHOT_NAME (CreateArgs, name, 0),
  ECS_DESCRIPTION (CreateArgs, description, 0),
  API_INT (CreateArgs, retention_days, "RetentionDays", .fallback = "0", .min = 0, .max = 65536,
           .doc = "After so many days it is deleted; 0 keeps it."),
  API_STR (CreateArgs, category, "Category", .max_length = 16, API_CHOICES ("standard", "flash"),
           .doc = "All snapshots are instant here."),
  ECS_INSTANT_ACCESS (CreateArgs, instant, instant_days),
  ECS_NO_RESOURCE_GROUP (CreateArgs, resource_group_id),
  ECS_REFUSED_PLACE (CreateArgs, place),
  API_NEW_TAG_PARAM (CreateArgs, tags),
};

static const ApiField create_fields[] = {
  API_OUT_STR ("SnapshotId", API_REQUIRED, "The new snapshot, which is progressing."),
};

static gboolean
create_snapshot (ApiCall *call, gconstpointer data, ApiReply *reply, GError **error)
{
  const CreateArgs *args = data;
  const OpsSnapshotSpec spec = { .disk_id = args->disk_id,
                                 .name = args->name,
                                 .description = args->description,
                                 .retention_days = (guint) args->retention_days };
  g_autofree char *id = ops_snapshot_create (call->ctx, call->caller, &spec, error);

  if (id == NULL)
    return FALSE;
  api_reply_string (reply, "SnapshotId", id);
  return TRUE;
}

/* ---- DescribeSnapshots ---- */

typedef struct
{
  ApiPage page;
  char **ids;
  char *name, *disk_id, *instance_id, *status, *type, *disk_type, *usage, *category;
  char *resource_group_id, *link_id, *kms_key;
  int encrypted;
  GArray *tags, *filters;
} ListArgs;

static const ApiParam list_params[] = {
  API_PAGE_PARAMS (ListArgs, page, 100),
  ECS_ID_FILTER (ListArgs, ids, "SnapshotIds", "Ids of snapshots."),
  ECS_TEXT_FILTER (ListArgs, name, "SnapshotName", "The name; * stands for anything."),
  ECS_TEXT_FILTER (ListArgs, disk_id, "DiskId", "The disk they are of."),
  ECS_TEXT_FILTER (ListArgs, instance_id, "InstanceId",
                   "The instance their disk was attached to when they were taken."),
  API_STR (ListArgs, status, "Status", .max_length = 16,
           API_CHOICES ("all", "progressing", "accomplished", "failed"), .doc = "The status."),
  API_STR (ListArgs, type, "SnapshotType", .max_length = 8,
           API_CHOICES ("all", "user", "auto", "timer"),
           .doc = "Taken by a user, or by a policy (auto, timer)."),
  API_STR (ListArgs, disk_type, "SourceDiskType", .max_length = 8,
           API_CHOICES ("all", "system", "data"), .doc = "Of system or data disks."),
  API_STR (ListArgs, usage, "Usage", .max_length = 16,
           API_CHOICES ("none", "image", "disk", "image_disk"),
           .doc = "What was made from them and is still there."),
  ECS_TEXT_FILTER (ListArgs, category, "Category", "All snapshots are standard."),
  ECS_RESOURCE_GROUP_FILTER (ListArgs, resource_group_id, "snapshot"),
  ECS_TEXT_FILTER (ListArgs, link_id, "SnapshotLinkId", "No snapshot here is in a chain."),
  API_TRI (ListArgs, encrypted, "Encrypted", .doc = "No snapshot here is encrypted."),
  ECS_TEXT_FILTER (ListArgs, kms_key, "KMSKeyId", "No snapshot here is encrypted."),
  ECS_CREATED_FILTERS (ListArgs, filters, "Times between which they were asked for."),
  API_TAG_PARAM (ListArgs, tags),
};

#define S "Snapshots.Snapshot[]."
static const ApiField list_fields[] = {
  API_OUT_STR (S "SnapshotId", API_REQUIRED, "The snapshot."),
  API_OUT_STR (S "SnapshotName", API_REQUIRED, "Its name."),
  API_OUT_STR (S "Description", API_REQUIRED, "Its description."),
  API_OUT_STR (S "RegionId", API_REQUIRED, "The region."),
  API_OUT_STR (S "Status", API_REQUIRED, "progressing, accomplished or failed."),
  API_OUT_STR (S "Progress", API_REQUIRED, "0% or 100%: it takes an instant."),
  API_OUT_BOOL (S "Available", API_REQUIRED, "Whether disks can be made from it."),
  API_OUT_STR (S "SourceDiskId", API_REQUIRED, "The disk."),
  API_OUT_INT (S "SourceDiskSize", API_REQUIRED, "GiB of the disk at that time."),
  API_OUT_STR (S "SourceDiskType", API_REQUIRED, "system or data."),
  API_OUT_STR (S "SourceStorageType", API_REQUIRED, "Always disk."),
  API_OUT_STR (S "SnapshotType", API_REQUIRED, "user or timer."),
  API_OUT_STR (S "Category", API_REQUIRED, "Always standard."),
  API_OUT_STR (S "Usage", API_REQUIRED, "none, image, disk or image_disk."),
  API_OUT_STR (S "CreationTime", API_REQUIRED, "When it was asked for."),
  API_OUT_STR (S "LastModifiedTime", API_REQUIRED, "The same."),
  API_OUT_INT (S "RetentionDays", 0, "Absent when it is kept for ever."),
  API_OUT_INT (S "FullSnapshotSizeInBytes", API_REQUIRED,
               "Bytes that its own layer takes on the host."),
  API_OUT_STR (S "Consistency", API_REQUIRED,
               "Our own: frozen when the guest had its file systems frozen, crash when it ran on, "
               "off when none ran, unknown while progressing."),
  API_OUT_STR (S "ProductCode", API_REQUIRED, "Always empty."),
  API_OUT_STR (S "ResourceGroupId", API_REQUIRED, "Always empty."),
  API_OUT_BOOL (S "Encrypted", API_REQUIRED, "Always false."),
  API_OUT_BOOL (S "InstantAccess", API_REQUIRED, "Always true."),
  API_OUT_STR (S "Tags.Tag[].TagKey", 0, "A tag's key."),
  API_OUT_STR (S "Tags.Tag[].TagValue", 0, "A tag's value."),
  API_PAGE_FIELDS,
};

static void
write_snapshot (ApiReply *reply, const VmmConfig *config, const VmmSnapshot *s, GHashTable *tags)
{
  static const char *const usages[] = { "none", "disk", "image", "image_disk" };
  gboolean is_done = s->state == VMM_SNAPSHOT_ACCOMPLISHED;

  api_reply_item (reply);
  api_reply_string (reply, "SnapshotId", s->id);
  api_reply_string (reply, "SnapshotName", s->name);
  api_reply_string (reply, "Description", s->description);
  api_reply_string (reply, "RegionId", config->region_id);
  api_reply_string (reply, "Status", vmm_snapshot_state_to_string (s->state));
  api_reply_string (reply, "Progress", is_done ? "100%" : "0%");
  api_reply_bool (reply, "Available", is_done);
  api_reply_string (reply, "SourceDiskId", s->disk_id);
  /* The newest clients declare a text, yet take a number; old ones fail on a text. */
  api_reply_int (reply, "SourceDiskSize", ecs_gib (s->virtual_bytes));
  api_reply_string (reply, "SourceDiskType", s->is_system ? "system" : "data");
  api_reply_string (reply, "SourceStorageType", "disk");
  api_reply_string (reply, "SnapshotType", s->is_auto ? "timer" : "user");
  api_reply_string (reply, "Category", "standard");
  api_reply_string (reply, "Usage", usages[2 * (s->n_images > 0) + (s->n_disks > 0)]);
  api_reply_second (reply, "CreationTime", s->created_ms);
  api_reply_second (reply, "LastModifiedTime", s->created_ms);
  if (s->retention_days > 0)
    api_reply_int (reply, "RetentionDays", s->retention_days);
  api_reply_int (reply, "FullSnapshotSizeInBytes", (gint64) s->size_bytes);
  api_reply_string (reply, "Consistency", vmm_consistency_to_string (s->consistency));
  api_reply_string (reply, "ProductCode", "");
  api_reply_string (reply, "ResourceGroupId", "");
  api_reply_bool (reply, "Encrypted", FALSE);
  api_reply_bool (reply, "InstantAccess", TRUE);
  ecs_write_tags (reply, tags, s->id);
  api_reply_end (reply);
}

/* -1 for any, else whether Usage asks for users of that kind. */
static int
wanted_usage (const char *usage, const char *kind)
{
  if (usage == NULL || *usage == '\0')
    return -1;
  return g_str_equal (usage, kind) || g_str_equal (usage, "image_disk");
}

static int
wanted (const char *value, const char *yes)
{
  return ecs_is_or_unset (value, "all") ? -1 : g_str_equal (value, yes);
}

/* Whether the filters on what is the same for all snapshots here let any pass. */
static gboolean
constants_pass (const ListArgs *args)
{
  return ecs_is_or_unset (args->category, "standard")
         && ecs_is_or_unset (args->resource_group_id, "") && ecs_is_or_unset (args->link_id, "")
         && ecs_is_or_unset (args->kms_key, "") && args->encrypted != 1;
}

static gboolean
describe_snapshots (ApiCall *call, gconstpointer data, ApiReply *reply, GError **error)
{
  const ListArgs *args = data;
  VmmPage page = api_page_get (&args->page);
  int is_user = wanted (args->type, "user");
  VmmSnapshotQuery query = {
    .ids = (const char *const *) args->ids,
    .name = args->name,
    .disk_id = args->disk_id,
    .tags = api_tags_get (args->tags),
    .instance_id = args->instance_id,
    .status = ecs_is_or_unset (args->status, "all") ? NULL : args->status,
    .is_system = wanted (args->disk_type, "system"),
    .is_auto = is_user < 0 ? -1 : !is_user,
    .is_used_by_image = wanted_usage (args->usage, "image"),
    .is_used_by_disk = wanted_usage (args->usage, "disk"),
  };
  g_auto (VmmPageInfo) info = { 0 };
  g_autoptr (GPtrArray) snapshots = NULL;
  g_autoptr (GHashTable) tags = NULL;

  if (!ecs_take_time_filters (args->filters, &query.created_from_ms, &query.created_to_ms, NULL,
                              error))
    return FALSE;
  if (!constants_pass (args))
    {
      ecs_write_nothing (reply, &args->page, "Snapshots", "Snapshot");
      return TRUE;
    }
  snapshots = ops_snapshot_list (call->ctx, call->caller, &query, &page, &info, error);
  tags = snapshots != NULL ? ECS_TAGS_OF (call, VMM_TAG_SNAPSHOT, snapshots, VmmSnapshot, id, error)
                           : NULL;
  if (tags == NULL)
    return FALSE;
  api_reply_list (reply, "Snapshots", "Snapshot");
  for (guint i = 0; i < snapshots->len; i++)
    write_snapshot (reply, call->ctx->config, g_ptr_array_index (snapshots, i), tags);
  api_reply_end (reply);
  api_reply_page (reply, &args->page, &info);
  return TRUE;
}

/* ---- DeleteSnapshot, ModifySnapshotAttribute ---- */

typedef struct
{
  char *id, *name, *description, *instant;
  int force, retention_days;
} OneArgs;

static const ApiParam delete_params[] = {
  SNAPSHOT_ID (OneArgs, id),
  API_BOOL (OneArgs, force, "Force", .fallback = "false",
            .doc = "Also when disks were made from it; they go on unharmed."),
};

static const ApiParam modify_params[] = {
  SNAPSHOT_ID (OneArgs, id),
  SNAPSHOT_NAME (OneArgs, name, API_EMPTY_OK),
  ECS_DESCRIPTION (OneArgs, description, API_EMPTY_OK),
  API_INT (OneArgs, retention_days, "RetentionDays", .fallback = "-1", .min = 0, .max = 65536,
           .doc = "Days from its creation; 0 keeps it."),
  ECS_TEXT_FILTER (OneArgs, instant, "DisableInstantAccess", "All snapshots are instant here."),
};

static gboolean
delete_snapshot (ApiCall *call, gconstpointer data, ApiReply *reply, GError **error)
{
  const OneArgs *args = data;

  return ops_snapshot_delete (call->ctx, call->caller, args->id, args->force, error);
}

static gboolean
modify_snapshot (ApiCall *call, gconstpointer data, ApiReply *reply, GError **error)
{
  const OneArgs *args = data;

  if (args->name == NULL && args->description == NULL && args->retention_days < 0
      && args->instant == NULL)
    return vmm_fail (error, VMM_ERROR_NO_ATTRIBUTE,
                     "nothing is to be changed: give SnapshotName, Description or RetentionDays");
  return ops_snapshot_modify (call->ctx, call->caller, args->id, args->name, args->description,
                              args->retention_days, error);
}

/* ---- DescribeSnapshotsUsage ---- */

static const ApiField usage_fields[] = {
  API_OUT_INT ("SnapshotCount", API_REQUIRED, "Snapshots of the account."),
  API_OUT_INT ("SnapshotSize", API_REQUIRED, "Bytes that their own layers take on the host."),
};

static gboolean
describe_usage (ApiCall *call, gconstpointer data, ApiReply *reply, GError **error)
{
  guint count = 0;
  guint64 bytes = 0;

  if (!ops_snapshot_usage (call->ctx, call->caller, &count, &bytes, error))
    return FALSE;
  api_reply_int (reply, "SnapshotCount", count);
  api_reply_int (reply, "SnapshotSize", (gint64) bytes);
  return TRUE;
}

static const ApiAction actions[] = {
  { .name = "CreateSnapshot",
    .summary = "Keeps what a disk holds at this instant, of a running or a stopped instance.",
    .since = "0.3",
    .access = API_WRITE,
    .permission = "ecs:CreateSnapshot",
    .flags = API_DRY_RUN | API_CLIENT_TOKEN,
    .makes = VMM_TAG_SNAPSHOT,
    .run = create_snapshot,
    API_PARAMS (CreateArgs, create_params),
    API_FIELDS (create_fields),
    API_ERRORS (VMM_ERROR_DISK_NOT_FOUND, VMM_ERROR_DISK_STATUS, VMM_ERROR_DISK_SNAPSHOTTING,
                VMM_ERROR_INSTANCE_STATUS, VMM_ERROR_SNAPSHOT_QUOTA, VMM_ERROR_NO_STOCK,
                VMM_ERROR_SNAPSHOT_NAME_MALFORMED, VMM_ERROR_DESCRIPTION_MALFORMED,
                VMM_ERROR_IDEMPOTENT_MISMATCH, VMM_ERROR_IDEMPOTENT_PROCESSING) },
  { .name = "DescribeSnapshots",
    .summary = "Lists snapshots, newest first.",
    .since = "0.3",
    .access = API_READ,
    .permission = "ecs:DescribeSnapshots",
    .run = describe_snapshots,
    API_PARAMS (ListArgs, list_params),
    API_FIELDS (list_fields),
    API_ERRORS (VMM_ERROR_FILTER_NOT_FOUND) },
  { .name = "DescribeSnapshotsUsage",
    .summary = "How many snapshots the account has, and what they take on the host.",
    .since = "0.3",
    .access = API_READ,
    .permission = "ecs:DescribeSnapshotsUsage",
    .run = describe_usage,
    API_FIELDS (usage_fields) },
  { .name = "DeleteSnapshot",
    .summary = "Deletes a snapshot, in any order.",
    .since = "0.3",
    .access = API_WRITE,
    .permission = "ecs:DeleteSnapshot",
    .flags = API_DRY_RUN,
    .run = delete_snapshot,
    API_PARAMS (OneArgs, delete_params),
    API_ERRORS (VMM_ERROR_SNAPSHOT_NOT_FOUND, VMM_ERROR_SNAPSHOT_IMAGE, VMM_ERROR_SNAPSHOT_DISK) },
  { .name = "ModifySnapshotAttribute",
    .summary = "Changes a snapshot's name, description and how long it is kept.",
    .since = "0.3",
    .access = API_WRITE,
    .permission = "ecs:ModifySnapshotAttribute",
    .flags = API_DRY_RUN,
    .run = modify_snapshot,
    API_PARAMS (OneArgs, modify_params),
    API_ERRORS (VMM_ERROR_SNAPSHOT_NOT_FOUND, VMM_ERROR_SNAPSHOT_NAME_MALFORMED,
                VMM_ERROR_DESCRIPTION_MALFORMED, VMM_ERROR_NO_ATTRIBUTE) },
};

const ApiResource ecs_snapshot = API_RESOURCE ("snapshot", actions);
