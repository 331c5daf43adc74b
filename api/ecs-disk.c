/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What disks are there. */
#include "config.h"

#include "ecs-common.h"
#include "ops-image.h"
#include "vmm-id.h"
#include <string.h>

typedef struct
{
  ApiPage page;
  char **ids;
  char *instance_id, *name, *category, *zone_id, *status, *type, *charge_type;
  char *resource_group_id, *lock_reason, *snapshot_id, *policy_id;
  int portable, encrypted, delete_auto_snapshot, enable_auto_snapshot, enable_policy;
  int delete_with_instance, shared;
  char *multi_attach, *kms_key;
  char **attributes;
  GArray *tags, *filters;
} ListArgs;

static const ApiParam list_params[] = {
  API_PAGE_PARAMS (ListArgs, page, 100),
  ECS_ID_FILTER (ListArgs, ids, "DiskIds", "Ids of disks."),
  ECS_TEXT_FILTER (ListArgs, instance_id, "InstanceId", "The instance it is attached to."),
  ECS_TEXT_FILTER (ListArgs, name, "DiskName", "The name; * stands for anything."),
  ECS_TEXT_FILTER (ListArgs, category, "Category", "The category, or all."),
  ECS_ZONE_ID (ListArgs, zone_id),
  API_STR (
      ListArgs, status, "Status", .max_length = 16,
      API_CHOICES ("All", "In_use", "Available", "Attaching", "Detaching", "Creating", "ReIniting"),
      .doc = "The status."),
  API_STR (ListArgs, type, "DiskType", .max_length = 16, API_CHOICES ("all", "system", "data"),
           .doc = "System or data disks."),
  ECS_TEXT_FILTER (ListArgs, charge_type, "DiskChargeType", "All disks are PostPaid."),
  ECS_RESOURCE_GROUP_FILTER (ListArgs, resource_group_id, "disk"),
  ECS_TEXT_FILTER (ListArgs, lock_reason, "LockReason", "No disk here is locked."),
  ECS_TEXT_FILTER (ListArgs, snapshot_id, "SnapshotId", "The snapshot it was made from."),
  ECS_TEXT_FILTER (ListArgs, policy_id, "AutoSnapshotPolicyId",
                   "The policy of automatic snapshots it has."),
  API_TRI (ListArgs, portable, "Portable",
           .doc = "Whether it can be detached: all data disks can, system disks cannot."),
  API_TRI (ListArgs, encrypted, "Encrypted", .doc = "No disk here is encrypted."),
  API_TRI (ListArgs, delete_auto_snapshot, "DeleteAutoSnapshot",
           .doc = "Whether its automatic snapshots go with it."),
  API_TRI (ListArgs, enable_auto_snapshot, "EnableAutoSnapshot",
           .doc = "Whether policies take snapshots of it."),
  API_TRI (ListArgs, enable_policy, "EnableAutomatedSnapshotPolicy",
           .doc = "Whether it has a policy of automatic snapshots."),
  API_TRI (ListArgs, delete_with_instance, "DeleteWithInstance",
           .doc = "Whether it goes with its instance."),
  API_TRI (ListArgs, shared, "EnableShared", .doc = "No disk here can be attached to several."),
  API_STR (ListArgs, multi_attach, "MultiAttach", .max_length = 16,
           API_CHOICES ("Enabled", "Disabled"), .doc = "All disks are Disabled."),
  ECS_TEXT_FILTER (ListArgs, kms_key, "KMSKeyId", "No disk here is encrypted."),
  API_STRLIST (ListArgs, attributes, "AdditionalAttributes", .max = 100, .max_length = 64,
               .doc = "All there is to show is shown."),
  ECS_TIME_FILTERS (ListArgs, filters),
  API_TAG_PARAM (ListArgs, tags),
};

#define D "Disks.Disk[]."
static const ApiField list_fields[] = {
  API_OUT_STR ("RegionId", API_REQUIRED, "The region."),
  API_OUT_STR (D "DiskId", API_REQUIRED, "The disk."),
  API_OUT_STR (D "DiskName", API_REQUIRED, "Its name."),
  API_OUT_STR (D "Description", API_REQUIRED, "Its description."),
  API_OUT_STR (D "RegionId", API_REQUIRED, "The region."),
  API_OUT_STR (D "ZoneId", API_REQUIRED, "The zone."),
  API_OUT_STR (D "Placement.ZoneIds", API_REQUIRED, "The same."),
  API_OUT_STR (D "Type", API_REQUIRED, "system or data."),
  API_OUT_STR (D "Category", API_REQUIRED, "The category asked for."),
  API_OUT_STR (D "PerformanceLevel", API_REQUIRED, "The level asked for; empty unless cloud_essd."),
  API_OUT_STR (D "Status", API_REQUIRED,
               "Creating, Available, Attaching, In_use, Detaching, ReIniting or Deleting."),
  API_OUT_INT (D "Size", API_REQUIRED, "GiB."),
  API_OUT_STR (D "ImageId", API_REQUIRED, "The image it was made from."),
  API_OUT_STR (D "SourceSnapshotId", API_REQUIRED, "The snapshot it was made from."),
  API_OUT_STR (D "SourceDiskId", API_REQUIRED, "Always empty."),
  API_OUT_STR (D "InstanceId", API_REQUIRED, "The instance it is attached to."),
  API_OUT_STR (D "Device", API_REQUIRED, "The device, such as /dev/xvda."),
  API_OUT_STR (D "SerialNumber", API_REQUIRED, "The serial number the guest sees."),
  API_OUT_INT (D "IOPS", API_REQUIRED, "Operations a second at most; 0 for no bound."),
  API_OUT_INT (D "IOPSRead", API_REQUIRED, "The same: reads and writes share the bound."),
  API_OUT_INT (D "IOPSWrite", API_REQUIRED, "The same."),
  API_OUT_INT (D "Throughput", API_REQUIRED, "MiB a second at most; 0 for no bound."),
  API_OUT_INT (D "ThroughputRead", API_REQUIRED, "The same: reads and writes share the bound."),
  API_OUT_INT (D "ThroughputWrite", API_REQUIRED, "The same."),
  API_OUT_BOOL (D "Portable", API_REQUIRED, "Whether it can be detached."),
  API_OUT_BOOL (D "DeleteWithInstance", API_REQUIRED, "Whether it goes with its instance."),
  API_OUT_BOOL (D "DeleteAutoSnapshot", API_REQUIRED, "Whether automatic snapshots go with it."),
  API_OUT_BOOL (D "EnableAutoSnapshot", API_REQUIRED, "Whether policies take snapshots of it."),
  API_OUT_BOOL (D "EnableAutomatedSnapshotPolicy", API_REQUIRED,
                "Whether it has a policy of automatic snapshots."),
  API_OUT_STR (D "AutoSnapshotPolicyId", API_REQUIRED, "That policy, or empty."),
  API_OUT_BOOL (D "Encrypted", API_REQUIRED, "Always false."),
  API_OUT_STR (D "CreationTime", API_REQUIRED, "When it was made."),
  API_OUT_STR (D "AttachedTime", API_REQUIRED, "When it was attached."),
  API_OUT_STR (D "DetachedTime", API_REQUIRED, "When it was detached; empty when it never was."),
  API_OUT_STR (D "DiskChargeType", API_REQUIRED, "Always PostPaid."),
  API_OUT_STR (D "ExpiredTime", API_REQUIRED, "Always " ECS_EXPIRED_TIME "."),
  API_OUT_STR (D "ProductCode", API_REQUIRED, "Always empty."),
  API_OUT_STR (D "ResourceGroupId", API_REQUIRED, "Always empty."),
  API_OUT_STR (D "MultiAttach", API_REQUIRED, "Always Disabled."),
  API_OUT_INT (D "MountInstanceNum", API_REQUIRED, "Instances it is attached to."),
  API_OUT_STR (D "Attachments.Attachment[].InstanceId", API_REQUIRED, "An instance."),
  API_OUT_STR (D "Attachments.Attachment[].Device", API_REQUIRED, "The device there."),
  API_OUT_STR (D "Attachments.Attachment[].AttachedTime", API_REQUIRED, "Since when."),
  API_OUT_STR (D "MountInstances.MountInstance[].InstanceId", API_REQUIRED, "An instance."),
  API_OUT_STR (D "MountInstances.MountInstance[].Device", API_REQUIRED, "The device there."),
  API_OUT_STR (D "MountInstances.MountInstance[].AttachedTime", API_REQUIRED, "Since when."),
  API_OUT_STR (D "OperationLocks.OperationLock[].LockReason", 0, "None is ever listed."),
  API_OUT_STR (D "Tags.Tag[].TagKey", 0, "A tag's key."),
  API_OUT_STR (D "Tags.Tag[].TagValue", 0, "A tag's value."),
  API_PAGE_FIELDS,
};

static const char *
status_of (const VmmDisk *disk)
{
  return disk->is_creating ? "Creating" : vmm_disk_state_wire (disk->state);
}

/* The same list stands under an old and a new name. */
static void
write_attachments (ApiReply *reply, const VmmDisk *disk, const char *plural, const char *singular)
{
  api_reply_list (reply, plural, singular);
  if (disk->instance_id != NULL && *disk->instance_id != '\0')
    {
      api_reply_item (reply);
      api_reply_string (reply, "InstanceId", disk->instance_id);
      api_reply_string (reply, "Device", disk->device);
      api_reply_second (reply, "AttachedTime", disk->attached_ms);
      api_reply_end (reply);
    }
  api_reply_end (reply);
}

/* What is the same for every disk here, and yet read by clients. */
static void
write_constants (ApiReply *reply)
{
  api_reply_string (reply, "SourceDiskId", "");
  api_reply_bool (reply, "Encrypted", FALSE);
  api_reply_string (reply, "DiskChargeType", "PostPaid");
  api_reply_string (reply, "ExpiredTime", ECS_EXPIRED_TIME);
  api_reply_string (reply, "ProductCode", "");
  api_reply_string (reply, "ResourceGroupId", "");
  api_reply_string (reply, "MultiAttach", "Disabled");
  api_reply_strings (reply, "OperationLocks", "OperationLock", NULL);
}

static void
write_bounds (ApiReply *reply, const VmmConfig *config, const VmmDisk *disk)
{
  guint64 iops, bytes_s;
  gint64 mib;

  vmm_config_disk_bounds (config, disk->category, disk->performance_level, disk->virtual_bytes,
                          &iops, &bytes_s);
  mib = (gint64) ((bytes_s + (1 << 20) - 1) >> 20);
  api_reply_int (reply, "IOPS", (gint64) iops);
  api_reply_int (reply, "IOPSRead", (gint64) iops);
  api_reply_int (reply, "IOPSWrite", (gint64) iops);
  api_reply_int (reply, "Throughput", mib);
  api_reply_int (reply, "ThroughputRead", mib);
  api_reply_int (reply, "ThroughputWrite", mib);
}

static void
write_disk (ApiReply *reply, const VmmConfig *config, const VmmDisk *disk, GHashTable *tags)
{
  gboolean is_attached = disk->instance_id != NULL && *disk->instance_id != '\0';

  api_reply_item (reply);
  api_reply_string (reply, "DiskId", disk->id);
  api_reply_string (reply, "DiskName", disk->name);
  api_reply_string (reply, "Description", disk->description);
  api_reply_string (reply, "RegionId", config->region_id);
  api_reply_string (reply, "ZoneId", disk->zone_id);
  api_reply_string (reply, "Type", disk->is_system ? "system" : "data");
  api_reply_string (reply, "Category", disk->category);
  api_reply_string (reply, "Status", status_of (disk));
  api_reply_int (reply, "Size", ecs_gib (disk->virtual_bytes));
  api_reply_string (reply, "ImageId", disk->image_id);
  api_reply_string (reply, "InstanceId", disk->instance_id);
  api_reply_string (reply, "Device", disk->device);
  api_reply_string (reply, "SerialNumber", disk->id + strlen (vmm_id_prefix (VMM_ID_DISK)));
  api_reply_bool (reply, "Portable", !disk->is_system);
  api_reply_bool (reply, "DeleteWithInstance", disk->delete_with_instance);
  api_reply_second (reply, "CreationTime", disk->created_ms);
  api_reply_second (reply, "AttachedTime", disk->attached_ms);
  api_reply_second (reply, "DetachedTime", disk->detached_ms);
  api_reply_string (reply, "PerformanceLevel", disk->performance_level);
  api_reply_string (reply, "SourceSnapshotId", disk->source_snapshot_id);
  api_reply_bool (reply, "DeleteAutoSnapshot", disk->delete_auto_snapshot);
  api_reply_bool (reply, "EnableAutoSnapshot", disk->enable_auto_snapshot);
  api_reply_bool (reply, "EnableAutomatedSnapshotPolicy", *disk->policy_id != '\0');
  api_reply_string (reply, "AutoSnapshotPolicyId", disk->policy_id);
  api_reply_int (reply, "MountInstanceNum", is_attached);
  api_reply_begin (reply, "Placement");
  api_reply_string (reply, "ZoneIds", disk->zone_id);
  api_reply_end (reply);
  write_bounds (reply, config, disk);
  write_attachments (reply, disk, "Attachments", "Attachment");
  write_attachments (reply, disk, "MountInstances", "MountInstance");
  ecs_write_tags (reply, tags, disk->id);
  write_constants (reply);
  api_reply_end (reply);
}

/* -1 for both kinds, -2 when the filters exclude each other. */
static int
wanted_system (const ListArgs *args)
{
  int by_type = ecs_is_or_unset (args->type, "all") ? -1 : g_str_equal (args->type, "system");
  int by_portable = args->portable == -1 ? -1 : !args->portable;

  if (by_type != -1 && by_portable != -1 && by_type != by_portable)
    return -2;
  return MAX (by_type, by_portable);
}

/* Whether the filters on what is the same for all disks here let any pass. */
static gboolean
constants_pass (const ListArgs *args)
{
  return ecs_is_or_unset (args->charge_type, "PostPaid")
         && ecs_is_or_unset (args->resource_group_id, "") && ecs_is_or_unset (args->lock_reason, "")
         && args->encrypted != 1 && args->shared != 1 && ecs_is_or_unset (args->kms_key, "")
         && ecs_is_or_unset (args->multi_attach, "Disabled") && wanted_system (args) != -2;
}

static gboolean
describe_disks (ApiCall *call, gconstpointer data, ApiReply *reply, GError **error)
{
  const ListArgs *args = data;
  VmmPage page = api_page_get (&args->page);
  VmmDiskQuery query = {
    .ids = (const char *const *) args->ids,
    .instance_id = args->instance_id,
    .name = args->name,
    .category = ecs_is_or_unset (args->category, "all") ? NULL : args->category,
    .zone_id = args->zone_id,
    .status = ecs_is_or_unset (args->status, "All") ? NULL : args->status,
    .is_system = wanted_system (args),
    .snapshot_id = args->snapshot_id,
    .tags = api_tags_get (args->tags),
    .policy_id = args->policy_id,
    .has_policy = args->enable_policy,
    .delete_auto_snapshot = args->delete_auto_snapshot,
    .delete_with_instance = args->delete_with_instance,
    .enable_auto_snapshot = args->enable_auto_snapshot,
  };
  g_auto (VmmPageInfo) info = { 0 };
  g_autoptr (GPtrArray) disks = NULL;
  gboolean passes = constants_pass (args);
  g_autoptr (GHashTable) tags = NULL;

  if (!ecs_check_zone (call, args->zone_id, error)
      || !ecs_take_time_filters (args->filters, &query.created_from_ms, &query.created_to_ms,
                                 &passes, error))
    return FALSE;
  api_reply_string (reply, "RegionId", call->ctx->config->region_id);
  if (!passes)
    {
      ecs_write_nothing (reply, &args->page, "Disks", "Disk");
      return TRUE;
    }
  disks = ops_disk_list (call->ctx, call->caller, &query, &page, &info, error);
  tags = disks != NULL ? ECS_TAGS_OF (call, VMM_TAG_DISK, disks, VmmDisk, id, error) : NULL;
  if (tags == NULL)
    return FALSE;

  api_reply_list (reply, "Disks", "Disk");
  for (guint i = 0; i < disks->len; i++)
    write_disk (reply, call->ctx->config, disks->pdata[i], tags);
  api_reply_end (reply);
  api_reply_page (reply, &args->page, &info);
  return TRUE;
}

static const ApiAction actions[] = {
  { .name = "DescribeDisks",
    .summary = "Lists disks, newest first.",
    .since = "0.1",
    .access = API_READ,
    .permission = "ecs:DescribeDisks",
    .run = describe_disks,
    API_PARAMS (ListArgs, list_params),
    API_FIELDS (list_fields),
    API_ERRORS (VMM_ERROR_ZONE_NOT_FOUND, VMM_ERROR_FILTER_NOT_FOUND) },
};

const ApiResource ecs_disk = API_RESOURCE ("disk", actions);
