/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Policies of automatic snapshots. ECS begins some of their parameters with small letters. */
#include "config.h"

#include "ecs-common.h"
#include "ops-policy.h"

#define HOURS                                                                                      \
  "0", "1", "2", "3", "4", "5", "6", "7", "8", "9", "10", "11", "12", "13", "14", "15", "16",      \
      "17", "18", "19", "20", "21", "22", "23"
#define WEEKDAYS "1", "2", "3", "4", "5", "6", "7"
#define NOT_GIVEN (-2)

#define POLICY_ID(type, field, name, flags_)                                                       \
  API_STR (type, field, name, .flags = flags_, .max_length = 64, .format = &api_format_policy_id,  \
           .error = VMM_ERROR_POLICY_NOT_FOUND, .doc = "The policy.")
#define POLICY_NAME(type, field)                                                                   \
  API_STR (type, field, "autoSnapshotPolicyName", .max_length = 512,                               \
           .format = &ecs_format_instance_name, .error = VMM_ERROR_POLICY_NAME_MALFORMED,          \
           .doc = "The name, 2 to 128 characters, beginning with a letter.")
#define POLICY_HOURS(type, field, flags_)                                                          \
  API_JSONLIST (type, field, "timePoints", .flags = flags_, .max = 24, .max_length = 2,            \
                API_CHOICES (HOURS),                                                               \
                .doc = "[\"0\",\"12\"]: the hours, by clocks in UTC+8 unless configured "          \
                       "otherwise.")
#define POLICY_WEEKDAYS(type, field, flags_)                                                       \
  API_JSONLIST (type, field, "repeatWeekdays", .flags = flags_, .max = 7, .max_length = 1,         \
                API_CHOICES (WEEKDAYS),                                                            \
                .doc = "[\"1\",\"7\"]: the days of the week, 1 is Monday.")
#define POLICY_COPIES(type, copy, regions, days, encrypted)                                        \
  ECS_REFUSED (type, copy, "EnableCrossRegionCopy", .doc = "There is no other region."),           \
      ECS_REFUSED (type, encrypted, "CopyEncryptionConfiguration.Encrypted",                       \
                   .doc = "There is no other region."),                                            \
      ECS_REFUSED (type, regions, "TargetCopyRegions", .doc = "There is no other region."),        \
      ECS_REFUSED (type, days, "CopiedSnapshotsRetentionDays", .doc = "There is no other region.")
#define POLICY_DISK_IDS(type, field)                                                               \
  API_JSONLIST (type, field, "diskIds", .flags = API_REQUIRED, .max = 100, .max_length = 64,       \
                .format = &api_format_disk_id, .error = VMM_ERROR_DISK_NOT_FOUND,                  \
                .doc = "The disks.")

typedef struct
{
  char *id, *name;
  char **hours, **weekdays, **disk_ids;
  int retention_days;
  char *copy, *copy_regions, *copy_days, *copy_encrypted, *association, *resource_group_id, *place;
  GArray *tags, *target_tags;
} PolicyArgs;

/* ---- Create and modify ---- */

static const ApiParam create_params[] = {
  POLICY_NAME (PolicyArgs, name),
  POLICY_HOURS (PolicyArgs, hours, API_REQUIRED),
  POLICY_WEEKDAYS (PolicyArgs, weekdays, API_REQUIRED),
  API_INT (PolicyArgs, retention_days, "retentionDays", .flags = API_REQUIRED, .min = -1,
           .max = 65536, .doc = "Days a snapshot is kept; -1 for ever."),
  POLICY_COPIES (PolicyArgs, copy, copy_regions, copy_days, copy_encrypted),
  ECS_REFUSED_TAGS (PolicyArgs, target_tags, "TargetTags"),
  ECS_REFUSED_PLACE (PolicyArgs, place),
  API_STR (PolicyArgs, association, "AssociationType", .max_length = 32,
           API_CHOICES ("AssociatedWithDisk"), .doc = "Policies are applied to disks alone here."),
  ECS_NO_RESOURCE_GROUP (PolicyArgs, resource_group_id),
  API_NEW_TAG_PARAM (PolicyArgs, tags),
};

static const ApiField create_fields[] = {
  API_OUT_STR ("AutoSnapshotPolicyId", API_REQUIRED, "The new policy, applied to no disk yet."),
};

static const ApiParam modify_params[] = {
  POLICY_ID (PolicyArgs, id, "autoSnapshotPolicyId", API_REQUIRED),
  POLICY_NAME (PolicyArgs, name),
  POLICY_HOURS (PolicyArgs, hours, 0),
  POLICY_WEEKDAYS (PolicyArgs, weekdays, 0),
  API_INT (PolicyArgs, retention_days, "retentionDays", .fallback = "-2", .min = -1, .max = 65536,
           .doc = "Days that snapshots taken from now on are kept; -1 for ever."),
  POLICY_COPIES (PolicyArgs, copy, copy_regions, copy_days, copy_encrypted),
  ECS_REFUSED_TAGS (PolicyArgs, target_tags, "TargetTags"),
};

/* Numbers from @first on, whose form the row has checked, as bits. */
static guint
mask_of (char *const *numbers, guint first)
{
  guint mask = 0;

  for (guint i = 0; numbers[i] != NULL; i++)
    mask |= 1U << ((guint) g_ascii_strtoull (numbers[i], NULL, 10) - first);
  return mask;
}

static gboolean
read_spec (const PolicyArgs *args, OpsPolicySpec *spec, GError **error)
{
  spec->name = args->name;
  spec->hours = mask_of (args->hours, 0);
  spec->weekdays = mask_of (args->weekdays, 1);
  spec->retention_days = args->retention_days == NOT_GIVEN ? -1 : MAX (args->retention_days, 0);
  return args->retention_days != 0
         || vmm_fail (error, VMM_ERROR_INVALID_PARAMETER,
                      "retentionDays is '0', must be -1 or 1 to 65536");
}

static gboolean
create_policy (ApiCall *call, gconstpointer data, ApiReply *reply, GError **error)
{
  g_autofree char *id = NULL;
  OpsPolicySpec spec;

  if (!read_spec (data, &spec, error))
    return FALSE;
  id = ops_policy_create (call->ctx, call->caller, &spec, error);
  if (id == NULL)
    return FALSE;
  api_reply_string (reply, "AutoSnapshotPolicyId", id);
  return TRUE;
}

static gboolean
modify_policy (ApiCall *call, gconstpointer data, ApiReply *reply, GError **error)
{
  const PolicyArgs *args = data;
  OpsPolicySpec spec;

  return read_spec (args, &spec, error)
         && ops_policy_modify (call->ctx, call->caller, args->id, &spec, error);
}

/* ---- Apply, cancel, delete ---- */

static const ApiParam apply_params[] = {
  POLICY_ID (PolicyArgs, id, "autoSnapshotPolicyId", API_REQUIRED),
  POLICY_DISK_IDS (PolicyArgs, disk_ids),
};

static const ApiParam cancel_params[] = {
  POLICY_ID (PolicyArgs, id, "autoSnapshotPolicyId", 0),
  POLICY_DISK_IDS (PolicyArgs, disk_ids),
};

static const ApiParam delete_params[] = {
  POLICY_ID (PolicyArgs, id, "autoSnapshotPolicyId", API_REQUIRED),
};

static gboolean
apply_policy (ApiCall *call, gconstpointer data, ApiReply *reply, GError **error)
{
  const PolicyArgs *args = data;

  return ops_policy_apply (call->ctx, call->caller, args->id, (const char *const *) args->disk_ids,
                           error);
}

static gboolean
cancel_policy (ApiCall *call, gconstpointer data, ApiReply *reply, GError **error)
{
  const PolicyArgs *args = data;

  return ops_policy_cancel (call->ctx, call->caller, args->id, (const char *const *) args->disk_ids,
                            error);
}

static gboolean
delete_policy (ApiCall *call, gconstpointer data, ApiReply *reply, GError **error)
{
  return ops_policy_delete (call->ctx, call->caller, ((const PolicyArgs *) data)->id, error);
}

/* ---- Lists ---- */

typedef struct
{
  ApiPage page;
  char *id, *name, *disk_id, *resource_group_id;
  GArray *tags;
} ListArgs;

static const ApiParam list_params[] = {
  API_PAGE_PARAMS (ListArgs, page, 100),
  ECS_TEXT_FILTER (ListArgs, id, "AutoSnapshotPolicyId", "The policy."),
  ECS_TEXT_FILTER (ListArgs, name, "AutoSnapshotPolicyName", "The name; * stands for anything."),
  ECS_RESOURCE_GROUP_FILTER (ListArgs, resource_group_id, "policy"),
  API_TAG_PARAM (ListArgs, tags),
};

#define P "AutoSnapshotPolicies.AutoSnapshotPolicy[]."
static const ApiField list_fields[] = {
  API_OUT_STR (P "AutoSnapshotPolicyId", API_REQUIRED, "The policy."),
  API_OUT_STR (P "AutoSnapshotPolicyName", API_REQUIRED, "Its name."),
  API_OUT_STR (P "RegionId", API_REQUIRED, "The region."),
  API_OUT_STR (P "TimePoints", API_REQUIRED, "The hours, as a JSON text: [\"0\",\"12\"]."),
  API_OUT_STR (P "RepeatWeekdays", API_REQUIRED, "The days of the week, likewise."),
  API_OUT_INT (P "RetentionDays", API_REQUIRED, "Days; -1 for ever."),
  API_OUT_STR (P "Status", API_REQUIRED, "Always Normal."),
  API_OUT_STR (P "Type", API_REQUIRED, "Always Custom."),
  API_OUT_STR (P "AssociationType", API_REQUIRED, "Always AssociatedWithDisk."),
  API_OUT_INT (P "DiskNums", API_REQUIRED, "Disks it is applied to."),
  API_OUT_INT (P "VolumeNums", API_REQUIRED, "Always 0."),
  API_OUT_STR (P "CreationTime", API_REQUIRED, "When it was made."),
  API_OUT_BOOL (P "EnableCrossRegionCopy", API_REQUIRED, "Always false."),
  API_OUT_STR (P "TargetCopyRegions", API_REQUIRED, "Always empty."),
  API_OUT_STR (P "ResourceGroupId", API_REQUIRED, "Always empty."),
  API_OUT_STR (P "Tags.Tag[].TagKey", 0, "A tag's key."),
  API_OUT_STR (P "Tags.Tag[].TagValue", 0, "A tag's value."),
  API_PAGE_FIELDS,
};

/* Bits as the JSON text that ECS shows: ["0","12"]. */
static void
write_mask (ApiReply *reply, const char *name, guint mask, guint first)
{
  g_autoptr (GString) text = g_string_new ("[");

  for (guint bit = 0; mask >> bit != 0; bit++)
    if ((mask >> bit & 1) != 0)
      g_string_append_printf (text, "%s\"%u\"", text->len > 1 ? "," : "", bit + first);
  g_string_append_c (text, ']');
  api_reply_string (reply, name, text->str);
}

static void
write_policy (ApiReply *reply, const VmmConfig *config, const VmmPolicy *policy, GHashTable *tags)
{
  api_reply_item (reply);
  api_reply_string (reply, "AutoSnapshotPolicyId", policy->id);
  api_reply_string (reply, "AutoSnapshotPolicyName", policy->name);
  api_reply_string (reply, "RegionId", config->region_id);
  write_mask (reply, "TimePoints", policy->hours, 0);
  write_mask (reply, "RepeatWeekdays", policy->weekdays, 1);
  api_reply_int (reply, "RetentionDays",
                 policy->retention_days > 0 ? (gint64) policy->retention_days : -1);
  api_reply_string (reply, "Status", "Normal");
  api_reply_string (reply, "Type", "Custom");
  api_reply_string (reply, "AssociationType", "AssociatedWithDisk");
  api_reply_int (reply, "DiskNums", policy->n_disks);
  api_reply_int (reply, "VolumeNums", 0);
  api_reply_second (reply, "CreationTime", policy->created_ms);
  api_reply_bool (reply, "EnableCrossRegionCopy", FALSE);
  api_reply_string (reply, "TargetCopyRegions", "");
  api_reply_string (reply, "ResourceGroupId", "");
  ecs_write_tags (reply, tags, policy->id);
  api_reply_end (reply);
}

static gboolean
describe_policies (ApiCall *call, gconstpointer data, ApiReply *reply, GError **error)
{
  const ListArgs *args = data;
  VmmPage page = api_page_get (&args->page);
  const VmmPolicyQuery query
      = { .id = args->id, .name = args->name, .tags = api_tags_get (args->tags) };
  g_auto (VmmPageInfo) info = { 0 };
  g_autoptr (GPtrArray) policies = NULL;
  g_autoptr (GHashTable) tags = NULL;

  if (!ecs_is_or_unset (args->resource_group_id, ""))
    {
      ecs_write_nothing (reply, &args->page, "AutoSnapshotPolicies", "AutoSnapshotPolicy");
      return TRUE;
    }
  policies = ops_policy_list (call->ctx, call->caller, &query, &page, &info, error);
  tags = policies != NULL ? ECS_TAGS_OF (call, VMM_TAG_POLICY, policies, VmmPolicy, id, error)
                          : NULL;
  if (tags == NULL)
    return FALSE;
  api_reply_list (reply, "AutoSnapshotPolicies", "AutoSnapshotPolicy");
  for (guint i = 0; i < policies->len; i++)
    write_policy (reply, call->ctx->config, g_ptr_array_index (policies, i), tags);
  api_reply_end (reply);
  api_reply_page (reply, &args->page, &info);
  return TRUE;
}

static const ApiParam association_params[] = {
  API_PAGE_PARAMS (ListArgs, page, 100),
  ECS_TEXT_FILTER (ListArgs, id, "AutoSnapshotPolicyId", "The policy."),
  ECS_TEXT_FILTER (ListArgs, disk_id, "DiskId", "The disk."),
};

#define A "AutoSnapshotPolicyAssociations.AutoSnapshotPolicyAssociation[]."
static const ApiField association_fields[] = {
  API_OUT_STR (A "AutoSnapshotPolicyId", API_REQUIRED, "The policy."),
  API_OUT_STR (A "DiskId", API_REQUIRED, "A disk it is applied to."),
  API_PAGE_FIELDS,
};

static gboolean
describe_associations (ApiCall *call, gconstpointer data, ApiReply *reply, GError **error)
{
  const ListArgs *args = data;
  VmmPage page = api_page_get (&args->page);
  g_auto (VmmPageInfo) info = { 0 };
  g_autoptr (GPtrArray) disks
      = ops_policy_disks (call->ctx, call->caller, args->id, args->disk_id, &page, &info, error);

  if (disks == NULL)
    return FALSE;
  api_reply_list (reply, "AutoSnapshotPolicyAssociations", "AutoSnapshotPolicyAssociation");
  for (guint i = 0; i < disks->len; i++)
    {
      const OpsPolicyDisk *disk = g_ptr_array_index (disks, i);

      api_reply_item (reply);
      api_reply_string (reply, "AutoSnapshotPolicyId", disk->policy_id);
      api_reply_string (reply, "DiskId", disk->disk_id);
      api_reply_end (reply);
    }
  api_reply_end (reply);
  api_reply_page (reply, &args->page, &info);
  return TRUE;
}

static const ApiAction actions[] = {
  { .name = "CreateAutoSnapshotPolicy",
    .summary = "Makes a policy: at which hours of which days snapshots of disks are taken.",
    .since = "0.3",
    .access = API_WRITE,
    .permission = "ecs:CreateAutoSnapshotPolicy",
    .flags = API_DRY_RUN | API_CLIENT_TOKEN,
    .makes = VMM_TAG_POLICY,
    .run = create_policy,
    API_PARAMS (PolicyArgs, create_params),
    API_FIELDS (create_fields),
    API_ERRORS (VMM_ERROR_POLICY_NAME_MALFORMED, VMM_ERROR_POLICY_QUOTA,
                VMM_ERROR_IDEMPOTENT_MISMATCH, VMM_ERROR_IDEMPOTENT_PROCESSING) },
  { .name = "ModifyAutoSnapshotPolicyEx",
    .summary = "Changes a policy; snapshots that were taken stay as they are.",
    .since = "0.3",
    .access = API_WRITE,
    .permission = "ecs:ModifyAutoSnapshotPolicyEx",
    .flags = API_DRY_RUN,
    .run = modify_policy,
    API_PARAMS (PolicyArgs, modify_params),
    API_ERRORS (VMM_ERROR_POLICY_NOT_FOUND, VMM_ERROR_POLICY_NAME_MALFORMED) },
  { .name = "DeleteAutoSnapshotPolicy",
    .summary = "Deletes a policy, also one that disks have; its snapshots stay.",
    .since = "0.3",
    .access = API_WRITE,
    .permission = "ecs:DeleteAutoSnapshotPolicy",
    .flags = API_DRY_RUN,
    .run = delete_policy,
    API_PARAMS (PolicyArgs, delete_params),
    API_ERRORS (VMM_ERROR_POLICY_NOT_FOUND) },
  { .name = "ApplyAutoSnapshotPolicy",
    .summary = "Gives disks a policy, in place of the one they had.",
    .since = "0.3",
    .access = API_WRITE,
    .permission = "ecs:ApplyAutoSnapshotPolicy",
    .flags = API_DRY_RUN,
    .run = apply_policy,
    API_PARAMS (PolicyArgs, apply_params),
    API_ERRORS (VMM_ERROR_POLICY_NOT_FOUND, VMM_ERROR_DISK_NOT_FOUND) },
  { .name = "CancelAutoSnapshotPolicy",
    .summary = "Takes disks their policy; snapshots that were taken stay.",
    .since = "0.3",
    .access = API_WRITE,
    .permission = "ecs:CancelAutoSnapshotPolicy",
    .flags = API_DRY_RUN,
    .run = cancel_policy,
    API_PARAMS (PolicyArgs, cancel_params),
    API_ERRORS (VMM_ERROR_POLICY_NOT_FOUND, VMM_ERROR_DISK_NOT_FOUND) },
  { .name = "DescribeAutoSnapshotPolicyEx",
    .summary = "Lists policies of automatic snapshots, newest first.",
    .since = "0.3",
    .access = API_READ,
    .permission = "ecs:DescribeAutoSnapshotPolicyEx",
    .run = describe_policies,
    API_PARAMS (ListArgs, list_params),
    API_FIELDS (list_fields) },
  { .name = "DescribeAutoSnapshotPolicyAssociations",
    .summary = "Lists disks with the policies they have.",
    .since = "0.3",
    .access = API_READ,
    .permission = "ecs:DescribeAutoSnapshotPolicyAssociations",
    .run = describe_associations,
    API_PARAMS (ListArgs, association_params),
    API_FIELDS (association_fields) },
};

const ApiResource ecs_policy = API_RESOURCE ("policy", actions);
