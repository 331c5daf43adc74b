/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Snapshots of several disks of an instance at one instant, and the way back to them. */
#include "config.h"

#include "ecs-common.h"
#include "ops-disk.h"
#include "ops-snapshot-group.h"

#define GROUP_ID(type, field)                                                                      \
  API_STR (type, field, "SnapshotGroupId", .flags = API_REQUIRED, .max_length = 64,                \
           .format = &api_format_snapshot_group_id, .error = VMM_ERROR_SNAPSHOT_GROUP_NOT_FOUND,   \
           .doc = "The snapshot group.")
#define GROUP_NAME(type, field, flags_)                                                            \
  API_STR (type, field, "Name", .flags = flags_, .max_length = 512,                                \
           .format = &ecs_format_instance_name, .error = VMM_ERROR_SNAPSHOT_GROUP_NAME_MALFORMED,  \
           .doc = "The name, 2 to 128 characters, beginning with a letter.")

/* ---- CreateSnapshotGroup ---- */

typedef struct
{
  char *instance_id, *name, *description, *instant, *instant_days, *resource_group_id, *place;
  char **disk_ids, **exclude_disk_ids;
  GArray *tags;
} CreateArgs;

static const ApiParam create_params[] = {
  API_STR (CreateArgs, instance_id, "InstanceId", .max_length = 64,
           .format = &api_format_instance_id, .error = VMM_ERROR_INSTANCE_NOT_FOUND,
           .doc = "The instance; all its disks unless DiskId.N names some."),
  API_STRLIST (CreateArgs, disk_ids, "DiskId", .max = 17, .max_length = 64,
               .format = &api_format_disk_id, .error = VMM_ERROR_DISK_NOT_FOUND,
               .doc = "Disks, all of one instance."),
  API_STRLIST (CreateArgs, exclude_disk_ids, "ExcludeDiskId", .max = 17, .max_length = 64,
               .format = &api_format_disk_id, .error = VMM_ERROR_DISK_NOT_FOUND,
               .doc = "Disks of the instance that are left out."),
  GROUP_NAME (CreateArgs, name, 0),
  ECS_DESCRIPTION (CreateArgs, description, 0),
  ECS_INSTANT_ACCESS (CreateArgs, instant, instant_days),
  ECS_NO_RESOURCE_GROUP (CreateArgs, resource_group_id),
  ECS_REFUSED_PLACE (CreateArgs, place),
  API_NEW_TAG_PARAM (CreateArgs, tags),
};

static const ApiField create_fields[] = {
  API_OUT_STR ("SnapshotGroupId", API_REQUIRED, "The new group, which is progressing."),
};

static gboolean
create_group (ApiCall *call, gconstpointer data, ApiReply *reply, GError **error)
{
  const CreateArgs *args = data;
  const OpsSnapshotGroupSpec spec
      = { .instance_id = args->instance_id,
          .disk_ids = (const char *const *) args->disk_ids,
          .exclude_disk_ids = (const char *const *) args->exclude_disk_ids,
          .name = args->name,
          .description = args->description };
  g_autofree char *id = ops_snapshot_group_create (call->ctx, call->caller, &spec, error);

  if (id == NULL)
    return FALSE;
  api_reply_string (reply, "SnapshotGroupId", id);
  return TRUE;
}

/* ---- DescribeSnapshotGroups ---- */

typedef struct
{
  ApiPage page;
  char **ids, **statuses, **attributes;
  char *instance_id, *name, *resource_group_id;
  GArray *tags;
} ListArgs;

static const ApiParam list_params[] = {
  API_PAGE_PARAMS (ListArgs, page, 100),
  API_STRLIST (ListArgs, ids, "SnapshotGroupId", .max = 10, .max_length = 64,
               .doc = "Ids of snapshot groups."),
  API_STRLIST (ListArgs, statuses, "Status", .max = 3, .max_length = 16,
               API_CHOICES ("progressing", "accomplished", "failed"), .doc = "States."),
  ECS_TEXT_FILTER (ListArgs, instance_id, "InstanceId", "The instance of the disks."),
  ECS_TEXT_FILTER (ListArgs, name, "Name", "The name; * stands for anything."),
  API_STRLIST (ListArgs, attributes, "AdditionalAttributes", .max = 10, .max_length = 64,
               .doc = "All there is to show is shown."),
  ECS_RESOURCE_GROUP_FILTER (ListArgs, resource_group_id, "snapshot group"),
  API_TAG_PARAM (ListArgs, tags),
};

#define G "SnapshotGroups.SnapshotGroup[]."
#define GS G "Snapshots.Snapshot[]."
static const ApiField list_fields[] = {
  API_OUT_STR (G "SnapshotGroupId", API_REQUIRED, "The snapshot group."),
  API_OUT_STR (G "Name", API_REQUIRED, "Its name."),
  API_OUT_STR (G "Description", API_REQUIRED, "Its description."),
  API_OUT_STR (G "InstanceId", API_REQUIRED, "The instance whose disks they were."),
  API_OUT_STR (G "Status", API_REQUIRED,
               "progressing while one of its snapshots is, failed when one has, else "
               "accomplished."),
  API_OUT_STR (G "ProgressStatus", API_REQUIRED, "The same."),
  API_OUT_STR (G "CreationTime", API_REQUIRED, "When it was asked for."),
  API_OUT_STR (G "ResourceGroupId", API_REQUIRED, "Always empty."),
  API_OUT_STR (G "Tags.Tag[].Key", 0, "A tag's key."),
  API_OUT_STR (G "Tags.Tag[].Value", 0, "A tag's value."),
  API_OUT_STR (GS "SnapshotId", API_REQUIRED, "A snapshot."),
  API_OUT_STR (GS "SourceDiskId", API_REQUIRED, "Its disk."),
  API_OUT_STR (GS "SourceDiskType", API_REQUIRED, "system or data."),
  API_OUT_STR (GS "Progress", API_REQUIRED, "0% or 100%: it takes an instant."),
  API_OUT_BOOL (GS "Available", API_REQUIRED, "Whether disks can be made from it."),
  API_OUT_BOOL (GS "InstantAccess", API_REQUIRED, "Always true."),
  API_PAGE_FIELDS,
};

static void
write_member (ApiReply *reply, const VmmSnapshot *snapshot)
{
  gboolean is_done = snapshot->state == VMM_SNAPSHOT_ACCOMPLISHED;

  api_reply_item (reply);
  api_reply_string (reply, "SnapshotId", snapshot->id);
  api_reply_string (reply, "SourceDiskId", snapshot->disk_id);
  api_reply_string (reply, "SourceDiskType", snapshot->is_system ? "system" : "data");
  api_reply_string (reply, "Progress", is_done ? "100%" : "0%");
  api_reply_bool (reply, "Available", is_done);
  api_reply_bool (reply, "InstantAccess", TRUE);
  api_reply_end (reply);
}

static void
write_group (ApiReply *reply, const VmmSnapshotGroup *group, GHashTable *tags)
{
  api_reply_item (reply);
  api_reply_string (reply, "SnapshotGroupId", group->id);
  api_reply_string (reply, "Name", group->name);
  api_reply_string (reply, "Description", group->description);
  api_reply_string (reply, "InstanceId", group->instance_id);
  api_reply_string (reply, "Status", vmm_snapshot_state_to_string (group->state));
  api_reply_string (reply, "ProgressStatus", vmm_snapshot_state_to_string (group->state));
  api_reply_second (reply, "CreationTime", group->created_ms);
  api_reply_string (reply, "ResourceGroupId", "");
  ecs_write_vpc_tags (reply, tags, group->id);
  api_reply_list (reply, "Snapshots", "Snapshot");
  for (guint i = 0; i < group->snapshots->len; i++)
    write_member (reply, g_ptr_array_index (group->snapshots, i));
  api_reply_end (reply);
  api_reply_end (reply);
}

static gboolean
describe_groups (ApiCall *call, gconstpointer data, ApiReply *reply, GError **error)
{
  const ListArgs *args = data;
  VmmPage page = api_page_get (&args->page);
  const VmmSnapshotGroupQuery query = { .ids = (const char *const *) args->ids,
                                        .statuses = (const char *const *) args->statuses,
                                        .instance_id = args->instance_id,
                                        .name = args->name,
                                        .tags = api_tags_get (args->tags) };
  g_auto (VmmPageInfo) info = { 0 };
  g_autoptr (GPtrArray) groups = NULL;
  g_autoptr (GHashTable) tags = NULL;

  if (!ecs_is_or_unset (args->resource_group_id, ""))
    {
      ecs_write_nothing (reply, &args->page, "SnapshotGroups", "SnapshotGroup");
      return TRUE;
    }
  groups = ops_snapshot_group_list (call->ctx, call->caller, &query, &page, &info, error);
  tags = groups != NULL
             ? ECS_TAGS_OF (call, VMM_TAG_SNAPSHOT_GROUP, groups, VmmSnapshotGroup, id, error)
             : NULL;
  if (tags == NULL)
    return FALSE;
  api_reply_list (reply, "SnapshotGroups", "SnapshotGroup");
  for (guint i = 0; i < groups->len; i++)
    write_group (reply, g_ptr_array_index (groups, i), tags);
  api_reply_end (reply);
  api_reply_page (reply, &args->page, &info);
  return TRUE;
}

/* ---- DeleteSnapshotGroup, ModifySnapshotGroup ---- */

typedef struct
{
  char *id, *name, *description;
} OneArgs;

static const ApiParam delete_params[] = { GROUP_ID (OneArgs, id) };

static const ApiParam modify_params[] = {
  GROUP_ID (OneArgs, id),
  GROUP_NAME (OneArgs, name, API_EMPTY_OK),
  ECS_DESCRIPTION (OneArgs, description, API_EMPTY_OK),
};

/* How ECS reports on each of several things; here all succeed, or the action fails. */
#define O "OperationProgressSet.OperationProgress[]."
static const ApiField progress_fields[] = {
  API_OUT_STR (O "OperationStatus", API_REQUIRED, "Always Success: all is done, or nothing."),
  API_OUT_STR (O "ErrorCode", API_REQUIRED, "Always empty."),
  API_OUT_STR (O "ErrorMsg", API_REQUIRED, "Always empty."),
  API_OUT_STR (O "RelatedItemSet.RelatedItem[].Name", API_REQUIRED, "SnapshotId or DiskId."),
  API_OUT_STR (O "RelatedItemSet.RelatedItem[].Value", API_REQUIRED, "The id."),
};

static void
write_progress (ApiReply *reply, const char *name, const char *id)
{
  api_reply_item (reply);
  api_reply_string (reply, "OperationStatus", "Success");
  api_reply_string (reply, "ErrorCode", "");
  api_reply_string (reply, "ErrorMsg", "");
  api_reply_list (reply, "RelatedItemSet", "RelatedItem");
  api_reply_item (reply);
  api_reply_string (reply, "Name", name);
  api_reply_string (reply, "Value", id);
  api_reply_end (reply);
  api_reply_end (reply);
  api_reply_end (reply);
}

static gboolean
delete_group (ApiCall *call, gconstpointer data, ApiReply *reply, GError **error)
{
  const OneArgs *args = data;
  g_autoptr (GPtrArray) ids = ops_snapshot_group_delete (call->ctx, call->caller, args->id, error);

  if (ids == NULL)
    return FALSE;
  api_reply_list (reply, "OperationProgressSet", "OperationProgress");
  for (guint i = 0; i < ids->len; i++)
    write_progress (reply, "SnapshotId", g_ptr_array_index (ids, i));
  api_reply_end (reply);
  return TRUE;
}

static gboolean
modify_group (ApiCall *call, gconstpointer data, ApiReply *reply, GError **error)
{
  const OneArgs *args = data;

  return ops_snapshot_group_modify (call->ctx, call->caller, args->id, args->name,
                                    args->description, error);
}

/* ---- ResetDisks ---- */

typedef struct
{
  char *disk_id, *snapshot_id;
} ResetItem;

typedef struct
{
  GArray *disks; /* ResetItem */
} ResetArgs;

static const ApiParam reset_items[] = {
  API_STR (ResetItem, disk_id, "DiskId", .flags = API_REQUIRED, .max_length = 64,
           .format = &api_format_disk_id, .error = VMM_ERROR_DISK_NOT_FOUND, .doc = "A disk."),
  API_STR (ResetItem, snapshot_id, "SnapshotId", .flags = API_REQUIRED, .max_length = 64,
           .format = &api_format_snapshot_id, .error = VMM_ERROR_SNAPSHOT_NOT_FOUND,
           .doc = "One of its own snapshots."),
};

static const ApiParam reset_params[] = {
  API_LIST (ResetArgs, disks, "Disk", ResetItem, reset_items, .flags = API_REQUIRED, .max = 17,
            .doc = "The disks, and what each goes back to."),
};

static gboolean
reset_disks (ApiCall *call, gconstpointer data, ApiReply *reply, GError **error)
{
  const ResetArgs *args = data;
  g_autofree OpsDiskReset *resets = g_new0 (OpsDiskReset, args->disks->len);

  for (guint i = 0; i < args->disks->len; i++)
    {
      const ResetItem *item = &g_array_index (args->disks, ResetItem, i);

      resets[i] = (OpsDiskReset){ item->disk_id, item->snapshot_id };
    }
  if (!ops_disk_reset (call->ctx, call->caller, resets, args->disks->len, error))
    return FALSE;
  api_reply_list (reply, "OperationProgressSet", "OperationProgress");
  for (guint i = 0; i < args->disks->len; i++)
    write_progress (reply, "DiskId", resets[i].disk_id);
  api_reply_end (reply);
  return TRUE;
}

static const ApiAction actions[] = {
  { .name = "CreateSnapshotGroup",
    .summary = "Keeps what several disks of an instance hold at one instant.",
    .since = "0.3",
    .access = API_WRITE,
    .permission = "ecs:CreateSnapshotGroup",
    .flags = API_DRY_RUN | API_CLIENT_TOKEN,
    .makes = VMM_TAG_SNAPSHOT_GROUP,
    .run = create_group,
    API_PARAMS (CreateArgs, create_params),
    API_FIELDS (create_fields),
    API_ERRORS (VMM_ERROR_INSTANCE_NOT_FOUND, VMM_ERROR_DISK_NOT_FOUND, VMM_ERROR_DISK_STATUS,
                VMM_ERROR_DISK_SNAPSHOTTING, VMM_ERROR_INSTANCE_STATUS, VMM_ERROR_SNAPSHOT_QUOTA,
                VMM_ERROR_NO_STOCK, VMM_ERROR_SNAPSHOT_GROUP_NAME_MALFORMED,
                VMM_ERROR_DESCRIPTION_MALFORMED, VMM_ERROR_IDEMPOTENT_MISMATCH,
                VMM_ERROR_IDEMPOTENT_PROCESSING) },
  { .name = "DescribeSnapshotGroups",
    .summary = "Lists snapshot groups with their snapshots, newest first.",
    .since = "0.3",
    .access = API_READ,
    .permission = "ecs:DescribeSnapshotGroups",
    .run = describe_groups,
    API_PARAMS (ListArgs, list_params),
    API_FIELDS (list_fields) },
  { .name = "DeleteSnapshotGroup",
    .summary = "Deletes a snapshot group and all its snapshots.",
    .since = "0.3",
    .access = API_WRITE,
    .permission = "ecs:DeleteSnapshotGroup",
    .flags = API_DRY_RUN,
    .run = delete_group,
    API_PARAMS (OneArgs, delete_params),
    API_FIELDS (progress_fields),
    API_ERRORS (VMM_ERROR_SNAPSHOT_GROUP_NOT_FOUND, VMM_ERROR_SNAPSHOT_NOT_READY,
                VMM_ERROR_SNAPSHOT_IMAGE) },
  { .name = "ModifySnapshotGroup",
    .summary = "Changes a snapshot group's name and description.",
    .since = "0.3",
    .access = API_WRITE,
    .permission = "ecs:ModifySnapshotGroup",
    .flags = API_DRY_RUN,
    .run = modify_group,
    API_PARAMS (OneArgs, modify_params),
    API_ERRORS (VMM_ERROR_SNAPSHOT_GROUP_NOT_FOUND, VMM_ERROR_SNAPSHOT_GROUP_NAME_MALFORMED,
                VMM_ERROR_DESCRIPTION_MALFORMED) },
  { .name = "ResetDisks",
    .summary = "Takes several disks back to snapshots of theirs, all or none.",
    .since = "0.3",
    .access = API_WRITE,
    .permission = "ecs:ResetDisks",
    .flags = API_DRY_RUN,
    .run = reset_disks,
    API_PARAMS (ResetArgs, reset_params),
    API_FIELDS (progress_fields),
    API_ERRORS (VMM_ERROR_DISK_NOT_FOUND, VMM_ERROR_SNAPSHOT_NOT_FOUND, VMM_ERROR_DISK_STATUS,
                VMM_ERROR_INSTANCE_STATUS, VMM_ERROR_SNAPSHOT_NOT_READY,
                VMM_ERROR_SNAPSHOT_MISMATCH, VMM_ERROR_DISK_SNAPSHOTTING) },
};

const ApiResource ecs_snapshot_group = API_RESOURCE ("snapshot-group", actions);
