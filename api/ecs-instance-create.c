/* SPDX-License-Identifier: GPL-2.0-or-later */
/* RunInstances and CreateInstance. */
#include "config.h"

#include "ecs-common.h"
#include "ops-instance.h"

/* A data disk. An entry of which nothing is given but DeleteWithInstance, which some clients send
 * always, is none. */
typedef struct
{
  char *category, *level, *snapshot_id, *name, *description, *device, *file_system;
  char *encrypted, *policy_id;
  EcsRefusedDisk refused;
  int size;
  gboolean delete_with_instance;
} DataDisk;

static const ApiParam data_disk_params[] = {
  API_INT (DataDisk, size, "Size", .fallback = "0", .min = 0, .max = 65536,
           .error = VMM_ERROR_DATA_DISK_SIZE,
           .doc = "GiB; without a SnapshotId required, with one at least as large."),
  API_STR (DataDisk, category, "Category", .max_length = 32, .fallback = "cloud",
           .choices = ecs_disk_categories, .error = VMM_ERROR_DATA_DISK_NOT_SUPPORTED,
           .doc = "The category; all are local storage."),
  API_STR (DataDisk, level, "PerformanceLevel", .max_length = 3,
           API_CHOICES ("PL0", "PL1", "PL2", "PL3"), .error = VMM_ERROR_PERFORMANCE_LEVEL,
           .doc = "Of cloud_essd alone; it bounds the sizes."),
  API_STR (DataDisk, snapshot_id, "SnapshotId", .max_length = 64, .format = &api_format_snapshot_id,
           .error = VMM_ERROR_SNAPSHOT_NOT_FOUND, .doc = "The snapshot that the disk shall hold."),
  API_STR (DataDisk, name, "DiskName", .max_length = 512, .format = &ecs_format_instance_name,
           .error = VMM_ERROR_DISK_NAME_MALFORMED,
           .doc = "The name, 2 to 128 characters, beginning with a letter."),
  ECS_DESCRIPTION (DataDisk, description, 0),
  API_STR (DataDisk, device, "Device", .max_length = 32,
           .doc = "/dev/xvdb to /dev/xvdz; by default the first that is free."),
  API_BOOL (DataDisk, delete_with_instance, "DeleteWithInstance", .fallback = "true",
            .doc = "Delete it with the instance; otherwise it is Available again."),
  API_STR (DataDisk, file_system, "FileSystem", .max_length = 8, API_CHOICES ("ext4"),
           .doc
           = "Our extension: an empty disk gets one partition with such a file system, so that "
             "the guest has but to mount it."),
  ECS_REFUSED (DataDisk, encrypted, "Encrypted", .doc = "Encrypted disks are not offered here."),
  ECS_REFUSED_DISK (DataDisk, refused, ""),
  API_STR (DataDisk, policy_id, "AutoSnapshotPolicyId", .max_length = 64,
           .doc = "The policy of its automatic snapshots."),
};

typedef struct
{
  char *id, *vswitch_id, *primary_ip, *group_id, *type;
  char **group_ids;
} RefusedNic;

#define NO_NICS                                                                                    \
  "Interfaces beside the primary one are for RunInstances; see AttachNetworkInterface."
static const ApiParam refused_nic_params[] = {
  ECS_REFUSED (RefusedNic, id, "NetworkInterfaceId", .doc = NO_NICS),
  ECS_REFUSED (RefusedNic, vswitch_id, "VSwitchId", .doc = NO_NICS),
  ECS_REFUSED (RefusedNic, primary_ip, "PrimaryIpAddress", .doc = NO_NICS),
  ECS_REFUSED (RefusedNic, group_id, "SecurityGroupId", .doc = NO_NICS),
  ECS_REFUSED (RefusedNic, type, "InstanceType", .doc = NO_NICS),
  ECS_REFUSED_LIST (RefusedNic, group_ids, "SecurityGroupIds", .doc = NO_NICS),
};

/* An interface of RunInstances. */
typedef struct
{
  char *id, *vswitch_id, *primary_ip, *group_id, *type, *name, *description, *source_check;
  char **group_ids;
  int ip_count;
  gboolean delete_on_release;
} RunNic;

static const ApiParam run_nic_params[] = {
  API_STR (RunNic, type, "InstanceType", .fallback = "Secondary", .max_length = 16,
           API_CHOICES ("Primary", "Secondary"),
           .doc = "One entry may be Primary: it says what VSwitchId, SecurityGroupId and "
                  "PrivateIpAddress beside it would."),
  API_STR (RunNic, id, "NetworkInterfaceId", .max_length = 64, .format = &api_format_nic_id,
           .error = VMM_ERROR_NIC_NOT_FOUND,
           .doc = "One that is Available; otherwise one is made."),
  API_STR (RunNic, vswitch_id, "VSwitchId", .max_length = 64, .format = &api_format_vswitch_id,
           .error = VMM_ERROR_VSWITCH_NOT_FOUND,
           .doc = "Its vswitch; otherwise the primary one's."),
  API_STR (RunNic, primary_ip, "PrimaryIpAddress", .max_length = 15, .format = &api_format_ipv4,
           .error = VMM_ERROR_PRIVATE_IP_MALFORMED,
           .doc = "A free address of the vswitch; otherwise one is chosen."),
  API_INT (RunNic, ip_count, "SecondaryPrivateIpAddressCount", .fallback = "0", .min = 0, .max = 19,
           .error = VMM_ERROR_NIC_ADDRESS_LIMIT, .doc = "How many secondary addresses to choose."),
  API_STR (RunNic, group_id, "SecurityGroupId", .max_length = 64, .format = &api_format_group_id,
           .error = VMM_ERROR_GROUP_NOT_FOUND,
           .doc = "Its security group; otherwise the primary one's groups."),
  API_STRLIST (RunNic, group_ids, "SecurityGroupIds", .max = 5, .max_length = 64,
               .format = &api_format_group_id, .error = VMM_ERROR_GROUP_NOT_FOUND,
               .doc = "Up to five security groups, in place of SecurityGroupId."),
  API_STR (RunNic, name, "NetworkInterfaceName", .max_length = 512,
           .format = &ecs_format_instance_name, .error = VMM_ERROR_NIC_NAME_MALFORMED,
           .doc = "A name of 2 to 128 characters that begins with a letter."),
  ECS_DESCRIPTION (RunNic, description, 0),
  API_BOOL (RunNic, delete_on_release, "DeleteOnRelease", .fallback = "true",
            .doc = "Delete it with the instance; otherwise it is Available again."),
  API_STR (RunNic, source_check, "SourceDestCheck", .max_length = 8, API_CHOICES ("true"),
           .error = VMM_ERROR_UNSUPPORTED_PARAMETER,
           .doc = "The check of source addresses cannot be switched off."),
};

/* Of both actions, so that one set of rows serves them. */
typedef struct
{
  char *image_id, *image_family, *type, *zone_id, *vswitch_id, *group_id, *private_ip;
  char *name, *description, *host_name, *user_data, *key_pair;
  char *disk_category, *disk_level, *disk_policy_id, *disk_name, *disk_description;
  char **ips6;
  char *internet_charge_type;
  int disk_gib, ip6_count, bandwidth_in, bandwidth_out;
  gboolean deletion_protection;
  /* RunInstances alone. */
  char **group_ids;
  int amount, max_amount, min_amount;
  gboolean unique_suffix;
  /* Refused. */
  char *password, *password_inherit, *ram_role, *inner_ip;
  char *launch_template_id, *launch_template_name, *deployment_set_id, *dedicated_host_id;
  char *resource_group_id, *auto_release_time, *disk_encrypted;
  EcsRefusedDisk disk_refused;
  char *http_endpoint, *http_tokens;
  char **host_names;
  GArray *disks, *nics, *tags;
} CreateArgs;

/* Looked at before what is required, so that who asks for a launch template hears of that. */
#define REFUSED_PARAMS                                                                             \
  ECS_REFUSED (CreateArgs, launch_template_id, "LaunchTemplateId",                                 \
               .doc = "Launch templates are not offered here."),                                   \
      ECS_REFUSED (CreateArgs, launch_template_name, "LaunchTemplateName",                         \
                   .doc = "Launch templates are not offered here."),                               \
      ECS_REFUSED (CreateArgs, password, "Password", .flags = API_SECRET,                          \
                   .doc = "Passwords are not offered here; use a key pair or user data."),         \
      ECS_REFUSED (CreateArgs, password_inherit, "PasswordInherit",                                \
                   .doc = "Passwords are not offered here."),                                      \
      ECS_REFUSED (CreateArgs, ram_role, "RamRoleName", .doc = "Roles are not offered here."),     \
      ECS_REFUSED (CreateArgs, inner_ip, "InnerIpAddress",                                         \
                   .doc = "The classic network is not offered here."),                             \
      ECS_REFUSED (CreateArgs, deployment_set_id, "DeploymentSetId",                               \
                   .doc = "Deployment sets are not offered here."),                                \
      ECS_REFUSED (CreateArgs, dedicated_host_id, "DedicatedHostId",                               \
                   .doc = "Dedicated hosts are not offered here."),                                \
      ECS_NO_RESOURCE_GROUP (CreateArgs, resource_group_id),                                       \
      ECS_REFUSED (CreateArgs, auto_release_time, "AutoReleaseTime",                               \
                   .doc = "Automatic release is not offered here."),                               \
      ECS_REFUSED (CreateArgs, disk_encrypted, "SystemDisk.Encrypted",                             \
                   .doc = "Encrypted disks are not offered here."),                                \
      ECS_REFUSED_DISK (CreateArgs, disk_refused, "SystemDisk."),                                  \
      API_STR (CreateArgs, http_endpoint, "HttpEndpoint", .max_length = 32,                        \
               API_CHOICES ("enabled"), .error = VMM_ERROR_UNSUPPORTED_PARAMETER,                  \
               .doc = "The metadata service cannot be switched off."),                             \
      API_STR (CreateArgs, http_tokens, "HttpTokens", .max_length = 32, API_CHOICES ("optional"),  \
               .error = VMM_ERROR_UNSUPPORTED_PARAMETER,                                           \
               .doc = "The metadata service does not insist on tokens."),                          \
      API_NEW_TAG_PARAM (CreateArgs, tags)

#define CREATE_PARAMS                                                                              \
  API_STR (CreateArgs, image_id, "ImageId", .max_length = 64, .format = &api_format_image_id,      \
           .error = VMM_ERROR_IMAGE_NOT_FOUND,                                                     \
           .doc = "The image of the system disk; this or ImageFamily is mandatory."),              \
      API_STR (CreateArgs, image_family, "ImageFamily", .max_length = 512,                         \
               .error = VMM_ERROR_IMAGE_NOT_FOUND,                                                 \
               .doc = "Without ImageId, the family whose newest Available image is taken."),       \
      API_STR (CreateArgs, type, "InstanceType", .flags = API_REQUIRED, .max_length = 64,          \
               .doc = "The type, see DescribeInstanceTypes."),                                     \
      ECS_ZONE_ID (CreateArgs, zone_id),                                                           \
      API_STR (CreateArgs, vswitch_id, "VSwitchId", .max_length = 64,                              \
               .format = &api_format_vswitch_id, .error = VMM_ERROR_VSWITCH_NOT_FOUND,             \
               .doc = "The vswitch; otherwise the account's default one."),                        \
      API_STR (CreateArgs, group_id, "SecurityGroupId", .max_length = 64,                          \
               .format = &api_format_group_id, .error = VMM_ERROR_GROUP_NOT_FOUND,                 \
               .doc = "The security group; otherwise the default one of the VPC."),                \
      API_STR (CreateArgs, private_ip, "PrivateIpAddress", .max_length = 15,                       \
               .format = &api_format_ipv4, .error = VMM_ERROR_PRIVATE_IP_MALFORMED,                \
               .doc = "A free address of the vswitch; otherwise one is chosen."),                  \
      ECS_IPV6_ADDRESSES (CreateArgs, ips6, 0, "Free IPv6 addresses of the vswitch."),             \
      ECS_IPV6_COUNT (CreateArgs, ip6_count),                                                      \
      API_STR (CreateArgs, name, "InstanceName", .max_length = 512,                                \
               .format = &ecs_format_instance_name, .error = VMM_ERROR_INSTANCE_NAME_MALFORMED,    \
               .doc = "A name of 2 to 128 characters that begins with a letter; otherwise the "    \
                      "instance id."),                                                             \
      API_STR (CreateArgs, description, "Description", .max_length = 1024,                         \
               .format = &ecs_format_description, .error = VMM_ERROR_DESCRIPTION_MALFORMED,        \
               .doc = "2 to 256 characters."),                                                     \
      API_STR (CreateArgs, host_name, "HostName", .max_length = 64,                                \
               .format = &ecs_format_host_name, .error = VMM_ERROR_HOST_NAME_MALFORMED,            \
               .doc = "The guest's host name, 2 to 64 characters; otherwise made from the id."),   \
      API_STR (CreateArgs, user_data, "UserData", .max_length = 65536,                             \
               .error = VMM_ERROR_USER_DATA_SIZE,                                                  \
               .doc = "Data for the guest's cloud-init in base64, at most 32 KiB before "          \
                      "encoding."),                                                                \
      API_STR (CreateArgs, key_pair, "KeyPairName", .max_length = 512,                             \
               .doc = "The key pair whose key the guest accepts; see ImportKeyPair."),             \
      API_INT (CreateArgs, disk_gib, "SystemDisk.Size", .fallback = "0", .min = 0, .max = 32768,   \
               .error = VMM_ERROR_SYSTEM_DISK_SIZE,                                                \
               .doc = "GiB of the system disk, not less than the image; otherwise as the image."), \
      API_STR (CreateArgs, disk_category, "SystemDisk.Category", .max_length = 32,                 \
               .choices = ecs_disk_categories, .error = VMM_ERROR_SYSTEM_DISK_CATEGORY,            \
               .doc = "Kept and shown; every category is this host's storage."),                   \
      API_STR (CreateArgs, disk_name, "SystemDisk.DiskName", .max_length = 512,                    \
               .format = &ecs_format_instance_name, .error = VMM_ERROR_INVALID_PARAMETER,          \
               .doc = "The name of the system disk."),                                             \
      API_STR (CreateArgs, disk_description, "SystemDisk.Description", .max_length = 1024,         \
               .format = &ecs_format_description, .error = VMM_ERROR_INVALID_PARAMETER,            \
               .doc = "A description of the system disk."),                                        \
      API_STR (CreateArgs, disk_level, "SystemDisk.PerformanceLevel", .max_length = 3,             \
               API_CHOICES ("PL0", "PL1", "PL2", "PL3"), .error = VMM_ERROR_PERFORMANCE_LEVEL,     \
               .doc = "Of cloud_essd alone."),                                                     \
      API_STR (CreateArgs, disk_policy_id, "SystemDisk.AutoSnapshotPolicyId", .max_length = 64,    \
               .doc = "The policy of its automatic snapshots."),                                   \
      API_LIST (CreateArgs, disks, "DataDisk", DataDisk, data_disk_params,                         \
                .max = OPS_DISK_DATA_MAX, .error = VMM_ERROR_DATA_DISK_LIMIT,                      \
                .doc = "Data disks, which the guest has from its first boot."),                    \
      API_INT (CreateArgs, bandwidth_in, "InternetMaxBandwidthIn", .fallback = "0", .min = 0,      \
               .max = VMM_BANDWIDTH_MAX_MBIT, .error = VMM_ERROR_BANDWIDTH_IN,                     \
               .doc = "Mbit/s that may come in from outside the VPC; otherwise as much as may go " \
                      "out, but at least 10, or without bound."),                                  \
      API_INT (CreateArgs, bandwidth_out, "InternetMaxBandwidthOut", .fallback = "0", .min = 0,    \
               .max = VMM_BANDWIDTH_MAX_MBIT, .error = VMM_ERROR_BANDWIDTH_OUT,                    \
               .doc = "Mbit/s that may go out of the VPC; 0 for no bound. With more, "             \
                      "RunInstances gives a public address, where any can be had."),               \
      API_STR (CreateArgs, internet_charge_type, "InternetChargeType", .max_length = 32,           \
               API_CHOICES ("PayByBandwidth", "PayByTraffic"),                                     \
               .error = VMM_ERROR_INTERNET_CHARGE_TYPE, .doc = "Kept and shown."),                 \
      API_BOOL (CreateArgs, deletion_protection, "DeletionProtection",                             \
                .doc = "Refuse deletion until this is taken back.")

static const ApiParam create_params[] = {
  REFUSED_PARAMS,
  CREATE_PARAMS,
  API_LIST (CreateArgs, nics, "NetworkInterface", RefusedNic, refused_nic_params, .max = 16,
            .doc = NO_NICS),
};

static const ApiParam run_params[] = {
  REFUSED_PARAMS,
  CREATE_PARAMS,
  ECS_REFUSED_LIST (CreateArgs, host_names, "HostNames",
                    .doc = "Several host names are not offered here; see UniqueSuffix."),
  API_STRLIST (CreateArgs, group_ids, "SecurityGroupIds", .max = 5, .max_length = 64,
               .format = &api_format_group_id, .error = VMM_ERROR_GROUP_NOT_FOUND,
               .doc = "Up to five security groups, in place of SecurityGroupId."),
  API_INT (CreateArgs, amount, "Amount", .fallback = "0", .min = 1, .max = 100,
           .error = VMM_ERROR_MAX_AMOUNT, .doc = "How many instances; otherwise one."),
  API_INT (CreateArgs, max_amount, "MaxAmount", .fallback = "0", .min = 1, .max = 100,
           .error = VMM_ERROR_MAX_AMOUNT, .doc = "The older name of Amount."),
  API_INT (CreateArgs, min_amount, "MinAmount", .fallback = "0", .min = 1, .max = 100,
           .error = VMM_ERROR_MIN_AMOUNT,
           .doc = "Be content with so many when there is no room for all; otherwise all or none."),
  API_BOOL (CreateArgs, unique_suffix, "UniqueSuffix",
            .doc = "Put 001, 002 and so on behind the names, those of disks too, when there are "
                   "several."),
  API_LIST (CreateArgs, nics, "NetworkInterface", RunNic, run_nic_params, .max = 8,
            .doc = "Interfaces, the primary one among them or not."),
};

/* Lists of group ids with room for one that was given singly; ends with NULL. */
typedef struct
{
  const char *one[2];
} GroupRoom;

static gboolean
choose_groups (char *const *many, const char *single, GroupRoom *room, const char *const **out,
               GError **error)
{
  if (ecs_is_given (many) && single != NULL)
    return vmm_fail (error, VMM_ERROR_INVALID_PARAMETER,
                     "SecurityGroupId and SecurityGroupIds.N exclude each other");
  room->one[0] = single;
  room->one[1] = NULL;
  *out = ecs_is_given (many) ? (const char *const *) many : single != NULL ? room->one : NULL;
  return TRUE;
}

/* An entry that speaks of the primary interface: its words in the places of the instance's own. */
static gboolean
take_primary (const RunNic *nic, GroupRoom *room, OpsInstanceSpec *spec, GError **error)
{
  if (nic->id != NULL || nic->ip_count > 0)
    return vmm_fail (error, VMM_ERROR_INVALID_PARAMETER,
                     "the Primary interface is made with the instance and has one address then");
  if (spec->vswitch_id != NULL || spec->group_ids != NULL || spec->private_ip != NULL)
    return vmm_fail (error, VMM_ERROR_INVALID_PARAMETER,
                     "VSwitchId, SecurityGroupId and PrivateIpAddress exclude a NetworkInterface "
                     "that is Primary, of which there is one");
  spec->vswitch_id = nic->vswitch_id;
  spec->private_ip = nic->primary_ip;
  return choose_groups (nic->group_ids, nic->group_id, room, &spec->group_ids, error);
}

static gboolean
take_secondary (const RunNic *nic, GroupRoom *room, OpsInstanceNic *out, GError **error)
{
  out->id = nic->id;
  out->spec.vswitch_id = nic->vswitch_id;
  out->spec.primary_ip = nic->primary_ip;
  out->spec.ip_count = (guint) nic->ip_count;
  out->spec.name = nic->name;
  out->spec.description = nic->description;
  out->spec.delete_with_instance = nic->delete_on_release;
  return choose_groups (nic->group_ids, nic->group_id, room, &out->spec.group_ids, error);
}

/* NetworkInterface.N into @spec; @nics and @rooms have one place for each entry. */
static gboolean
take_nics (const GArray *entries, OpsInstanceNic *nics, GroupRoom *rooms, OpsInstanceSpec *spec,
           GError **error)
{
  guint n = 0;

  for (guint i = 0; i < entries->len; i++)
    {
      const RunNic *nic = &g_array_index (entries, RunNic, i);

      if (g_str_equal (nic->type, "Primary") ? !take_primary (nic, &rooms[i], spec, error)
                                             : !take_secondary (nic, &rooms[i], &nics[n++], error))
        return FALSE;
    }
  spec->nics = nics;
  spec->n_nics = n;
  return TRUE;
}

/* DataDisk.N into @disks, which has one place for each entry; how many there are. */
static guint
take_disks (const GArray *entries, OpsInstanceDisk *disks)
{
  guint n = 0;

  for (guint i = 0; i < entries->len; i++)
    {
      const DataDisk *disk = &g_array_index (entries, DataDisk, i);
      const OpsDiskSpec spec = { .snapshot_id = disk->snapshot_id,
                                 .category = disk->category,
                                 .performance_level = disk->level,
                                 .name = disk->name,
                                 .description = disk->description,
                                 .file_system = disk->file_system,
                                 .policy_id = disk->policy_id,
                                 .size_gib = (guint64) disk->size };

      if (disk->size > 0 || disk->snapshot_id != NULL || disk->name != NULL
          || disk->description != NULL || disk->device != NULL || disk->file_system != NULL
          || disk->policy_id != NULL)
        disks[n++] = (OpsInstanceDisk){ spec, disk->device, disk->delete_with_instance };
    }
  return n;
}

/* The ids of the new instances. */
static GPtrArray *
create (ApiCall *call, const CreateArgs *args, gboolean boot, GError **error)
{
  g_autofree OpsInstanceNic *nics = g_new0 (OpsInstanceNic, args->nics->len);
  g_autofree OpsInstanceDisk *disks = g_new0 (OpsInstanceDisk, args->disks->len);
  g_autofree GroupRoom *rooms = g_new0 (GroupRoom, args->nics->len + 1);
  guint amount = MAX (MAX (args->amount, args->max_amount), 1);
  OpsInstanceSpec spec = {
    .image_id = args->image_id,
    .image_family = args->image_family,
    .type = args->type,
    .zone_id = args->zone_id,
    .vswitch_id = args->vswitch_id,
    .private_ip = args->private_ip,
    .ips6 = (const char *const *) args->ips6,
    .ip6_count = (guint) args->ip6_count,
    .name = args->name,
    .description = args->description,
    .host_name = args->host_name,
    .user_data = args->user_data,
    .key_pair = args->key_pair,
    .system_disk = { .category = args->disk_category,
                     .performance_level = args->disk_level,
                     .name = args->disk_name,
                     .policy_id = args->disk_policy_id,
                     .description = args->disk_description,
                     .size_gib = (guint64) args->disk_gib },
    .disks = disks,
    .n_disks = take_disks (args->disks, disks),
    .bandwidth_in_mbit = (guint) args->bandwidth_in,
    .bandwidth_out_mbit = (guint) args->bandwidth_out,
    .charge_type = args->internet_charge_type,
    .deletion_protection = args->deletion_protection,
    .unique_suffix = args->unique_suffix,
    .amount = amount,
    .min_amount = args->min_amount > 0 ? (guint) args->min_amount : amount,
    .boot = boot,
  };

  if (!choose_groups (args->group_ids, args->group_id, &rooms[args->nics->len], &spec.group_ids,
                      error)
      || (boot && !take_nics (args->nics, nics, rooms, &spec, error))
      || !ecs_check_zone (call, args->zone_id, error))
    return NULL;
  return ops_instance_create (call->ctx, call->caller, &spec, error);
}

static const ApiField run_fields[] = {
  API_OUT_STR ("InstanceIdSets.InstanceIdSet[]", 0, "The ids of the new instances."),
};

static gboolean
run_instances (ApiCall *call, gconstpointer data, ApiReply *reply, GError **error)
{
  g_autoptr (GPtrArray) ids = create (call, data, TRUE, error);

  if (ids == NULL)
    return FALSE;

  api_reply_list (reply, "InstanceIdSets", "InstanceIdSet");
  for (guint i = 0; i < ids->len; i++)
    api_reply_item_string (reply, ids->pdata[i]);
  api_reply_end (reply);
  return TRUE;
}

static const ApiField create_fields[] = {
  API_OUT_STR ("InstanceId", API_REQUIRED, "The id of the new instance."),
};

static gboolean
create_instance (ApiCall *call, gconstpointer data, ApiReply *reply, GError **error)
{
  g_autoptr (GPtrArray) ids = create (call, data, FALSE, error);

  if (ids == NULL)
    return FALSE;

  api_reply_string (reply, "InstanceId", ids->pdata[0]);
  return TRUE;
}

#define CREATE_ERRORS                                                                              \
  ECS_IPV6_ERRORS, VMM_ERROR_GROUP_FULL, VMM_ERROR_IMAGE_NOT_FOUND, VMM_ERROR_IMAGE_NOT_AVAILABLE, \
      VMM_ERROR_INSTANCE_TYPE, VMM_ERROR_ZONE_NOT_FOUND, VMM_ERROR_VPC_NOT_FOUND,                  \
      VMM_ERROR_VSWITCH_NOT_FOUND, VMM_ERROR_VSWITCH_FULL, VMM_ERROR_GROUP_NOT_FOUND,              \
      VMM_ERROR_GROUP_LIMIT, VMM_ERROR_VPC_MISMATCH, VMM_ERROR_PRIVATE_IP_MALFORMED,               \
      VMM_ERROR_PRIVATE_IP_USED, VMM_ERROR_INSTANCE_NAME_MALFORMED,                                \
      VMM_ERROR_DESCRIPTION_MALFORMED, VMM_ERROR_HOST_NAME_MALFORMED, VMM_ERROR_USER_DATA_SIZE,    \
      VMM_ERROR_USER_DATA_BASE64, VMM_ERROR_SYSTEM_DISK_SIZE, VMM_ERROR_SYSTEM_DISK_CATEGORY,      \
      VMM_ERROR_SYSTEM_DISK_TOO_SMALL, VMM_ERROR_BANDWIDTH_IN, VMM_ERROR_BANDWIDTH_OUT,            \
      VMM_ERROR_INTERNET_CHARGE_TYPE, VMM_ERROR_PUBLIC_IP_NONE, VMM_ERROR_EIP_OVERLAP,             \
      VMM_ERROR_KEY_PAIR_NOT_FOUND, VMM_ERROR_NO_STOCK, VMM_ERROR_QUOTA, VMM_ERROR_DATA_DISK_SIZE, \
      VMM_ERROR_DATA_DISK_LIMIT, VMM_ERROR_DATA_DISK_NOT_SUPPORTED, VMM_ERROR_POLICY_NOT_FOUND,    \
      VMM_ERROR_PERFORMANCE_LEVEL, VMM_ERROR_DISK_NAME_MALFORMED, VMM_ERROR_DISK_TOO_SMALL,        \
      VMM_ERROR_SNAPSHOT_NOT_FOUND, VMM_ERROR_SNAPSHOT_NOT_READY, VMM_ERROR_DEVICE_MALFORMED,      \
      VMM_ERROR_DEVICE_IN_USE, VMM_ERROR_IDEMPOTENT_MISMATCH, VMM_ERROR_IDEMPOTENT_PROCESSING

static const ApiAction actions[] = {
  { .name = "RunInstances",
    .summary = "Makes instances and starts them: all of them or none.",
    .since = "0.1",
    .access = API_WRITE,
    .permission = "ecs:RunInstances",
    .flags = API_DRY_RUN | API_CLIENT_TOKEN,
    .makes = VMM_TAG_INSTANCE,
    .run = run_instances,
    API_PARAMS (CreateArgs, run_params),
    API_FIELDS (run_fields),
    API_ERRORS (CREATE_ERRORS, VMM_ERROR_MAX_AMOUNT, VMM_ERROR_MIN_AMOUNT, VMM_ERROR_NIC_NOT_FOUND,
                VMM_ERROR_NIC_STATUS, VMM_ERROR_NIC_LIMIT, VMM_ERROR_NIC_QUOTA,
                VMM_ERROR_NIC_ADDRESS_LIMIT, VMM_ERROR_NIC_ADDRESS_OUTSIDE,
                VMM_ERROR_NIC_NAME_MALFORMED, VMM_ERROR_GROUP_VPC_MISMATCH) },
  { .name = "CreateInstance",
    .summary = "Makes one instance and leaves it stopped.",
    .since = "0.1",
    .access = API_WRITE,
    .permission = "ecs:CreateInstance",
    .flags = API_DRY_RUN | API_CLIENT_TOKEN,
    .makes = VMM_TAG_INSTANCE,
    .run = create_instance,
    API_PARAMS (CreateArgs, create_params),
    API_FIELDS (create_fields),
    API_ERRORS (CREATE_ERRORS) },
};

const ApiResource ecs_instance_create = API_RESOURCE ("instance-create", actions);
