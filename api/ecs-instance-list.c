/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What instances are there, and what each is like. */
#include "config.h"

#include "ecs-common.h"
#include "ops-image.h"
#include "ops-instance.h"
#include "ops-tag.h"
#include "vmm-clock.h"

/* ---- Members that a list and DescribeInstanceAttribute share ---- */

#define SHARED_FIELDS(at)                                                                          \
  API_OUT_STR (at "InstanceId", API_REQUIRED, "The instance."),                                    \
      API_OUT_STR (at "InstanceName", API_REQUIRED, "Its name."),                                  \
      API_OUT_STR (at "Description", API_REQUIRED, "Its description."),                            \
      API_OUT_STR (at "HostName", API_REQUIRED, "The guest's host name."),                         \
      API_OUT_STR (at "Status", API_REQUIRED, "Pending, Starting, Running, Stopping or Stopped."), \
      API_OUT_STR (at "StoppedMode", API_REQUIRED,                                                 \
                   "KeepCharging when stopped, else Not-applicable."),                             \
      API_OUT_STR (at "RegionId", API_REQUIRED, "The region."),                                    \
      API_OUT_STR (at "ZoneId", API_REQUIRED, "The zone."),                                        \
      API_OUT_STR (at "ClusterId", API_REQUIRED, "Always empty."),                                 \
      API_OUT_STR (at "VlanId", API_REQUIRED, "Always empty."),                                    \
      API_OUT_STR (at "ImageId", API_REQUIRED, "The image it was made from."),                     \
      API_OUT_STR (at "InstanceType", API_REQUIRED, "Its type."),                                  \
      API_OUT_STR (at "InstanceTypeFamily", API_REQUIRED, "The type's family."),                   \
      API_OUT_INT (at "Cpu", API_REQUIRED, "vCPUs."),                                              \
      API_OUT_INT (at "Memory", API_REQUIRED, "MiB of memory."),                                   \
      API_OUT_STR (at "SerialNumber", API_REQUIRED, "The serial number the guest sees."),          \
      API_OUT_STR (at "KeyPairName", API_REQUIRED, "Its key pair; empty when there is none."),     \
      API_OUT_STR (at "CreationTime", API_REQUIRED, "When it was made."),                          \
      API_OUT_STR (at "ExpiredTime", API_REQUIRED, "Always " ECS_EXPIRED_TIME "."),                \
      API_OUT_STR (at "InstanceChargeType", API_REQUIRED, "Always PostPaid."),                     \
      API_OUT_STR (at "SpotStrategy", API_REQUIRED, "Always NoSpot."),                             \
      API_OUT_INT (at "SpotPriceLimit", API_REQUIRED, "Always 0."),                                \
      API_OUT_STR (at "InternetChargeType", API_REQUIRED, "PayByTraffic or PayByBandwidth."),      \
      API_OUT_INT (at "InternetMaxBandwidthIn", API_REQUIRED,                                      \
                   "Mbit/s from outside; 0 for no bound."),                                        \
      API_OUT_INT (at "InternetMaxBandwidthOut", API_REQUIRED,                                     \
                   "Mbit/s to outside; 0 for no bound."),                                          \
      API_OUT_STR (at "InstanceNetworkType", API_REQUIRED, "Always vpc."),                         \
      API_OUT_STR (at "VpcAttributes.VpcId", API_REQUIRED, "Its VPC."),                            \
      API_OUT_STR (at "VpcAttributes.VSwitchId", API_REQUIRED, "Its vswitch."),                    \
      API_OUT_STR (at "VpcAttributes.NatIpAddress", API_REQUIRED, "Always empty."),                \
      API_OUT_STR (at "VpcAttributes.PrivateIpAddress.IpAddress[]", 0, "Its private address."),    \
      API_OUT_STR (at "PublicIpAddress.IpAddress[]", 0, "The public address that goes with it."),  \
      API_OUT_STR (at "InnerIpAddress.IpAddress[]", 0, "Always empty."),                           \
      API_OUT_STR (at "EipAddress.AllocationId", API_REQUIRED, "Its elastic address, or empty."),  \
      API_OUT_STR (at "EipAddress.IpAddress", API_REQUIRED, "The address itself, or empty."),      \
      API_OUT_INT (at "EipAddress.Bandwidth", API_REQUIRED, "Its Mbit/s, or 0."),                  \
      API_OUT_STR (at "EipAddress.InternetChargeType", API_REQUIRED, "As its own, or empty."),     \
      API_OUT_STR (at "SecurityGroupIds.SecurityGroupId[]", 0, "Its security groups."),            \
      API_OUT_STR (at "OperationLocks.LockReason[].LockReason", 0, "Why it is locked."),           \
      API_OUT_STR (at "Tags.Tag[].TagKey", 0, "A tag's key."),                                     \
      API_OUT_STR (at "Tags.Tag[].TagValue", 0, "A tag's value.")

/* What is the same for every instance here, and yet read by clients. */
static void
write_constants (ApiReply *reply)
{
  api_reply_string (reply, "ClusterId", "");
  api_reply_string (reply, "VlanId", "");
  api_reply_string (reply, "ExpiredTime", ECS_EXPIRED_TIME);
  api_reply_string (reply, "InstanceChargeType", "PostPaid");
  api_reply_string (reply, "SpotStrategy", "NoSpot");
  api_reply_int (reply, "SpotPriceLimit", 0);
  api_reply_string (reply, "InstanceNetworkType", "vpc");
  api_reply_strings (reply, "InnerIpAddress", "IpAddress", NULL);
  api_reply_strings (reply, "OperationLocks", "LockReason", NULL);
}

/* The primary interface, or NULL. */
static const VmmNic *
primary_nic (const VmmInstance *instance)
{
  return instance->nics != NULL && instance->nics->len > 0 ? instance->nics->pdata[0] : NULL;
}

static void
write_network (ApiReply *reply, const VmmInstance *instance)
{
  const VmmNic *nic = primary_nic (instance);
  const char *const ips[] = { nic != NULL ? nic->ip : NULL, NULL };

  api_reply_begin (reply, "VpcAttributes");
  api_reply_string (reply, "VpcId", nic != NULL ? nic->vpc_id : "");
  api_reply_string (reply, "VSwitchId", nic != NULL ? nic->vswitch_id : "");
  api_reply_string (reply, "NatIpAddress", "");
  api_reply_strings (reply, "PrivateIpAddress", "IpAddress", ips);
  api_reply_end (reply);

  api_reply_list (reply, "SecurityGroupIds", "SecurityGroupId");
  for (guint i = 0; nic != NULL && i < nic->group_ids->len; i++)
    api_reply_item_string (reply, nic->group_ids->pdata[i]);
  api_reply_end (reply);
}

/* The ways in and out of its VPC. */
static void
write_publics (ApiReply *reply, const VmmInstance *instance)
{
  const VmmNic *nic = primary_nic (instance);
  const VmmEip *public = nic != NULL ? vmm_nic_public (nic, nic->ip) : NULL;
  const VmmEip *eip = public != NULL && !public->is_plain ? public : NULL;
  const char *const ips[] = { public != NULL && public->is_plain ? public->ip : NULL, NULL };

  api_reply_string (reply, "InternetChargeType", instance->charge_type);
  api_reply_int (reply, "InternetMaxBandwidthIn", instance->bandwidth_in_mbit);
  api_reply_int (reply, "InternetMaxBandwidthOut", instance->bandwidth_out_mbit);
  api_reply_strings (reply, "PublicIpAddress", "IpAddress", ips);
  api_reply_begin (reply, "EipAddress");
  api_reply_string (reply, "AllocationId", eip != NULL ? eip->id : "");
  api_reply_string (reply, "IpAddress", eip != NULL ? eip->ip : "");
  api_reply_int (reply, "Bandwidth", eip != NULL ? eip->bandwidth_mbit : 0);
  api_reply_string (reply, "InternetChargeType", eip != NULL ? eip->charge_type : "");
  api_reply_end (reply);
}

static void
write_shared (ApiReply *reply, const VmmConfig *config, const VmmInstance *instance,
              GHashTable *tags)
{
  const VmmInstanceType *type = vmm_config_type (config, instance->type);

  api_reply_string (reply, "InstanceId", instance->id);
  api_reply_string (reply, "InstanceName", instance->name);
  api_reply_string (reply, "Description", instance->description);
  api_reply_string (reply, "HostName", instance->host_name);
  api_reply_string (reply, "Status", vmm_instance_state_wire (instance->state));
  api_reply_string (reply, "StoppedMode",
                    instance->state == VMM_INSTANCE_STOPPED ? "KeepCharging" : "Not-applicable");
  api_reply_string (reply, "RegionId", config->region_id);
  api_reply_string (reply, "ZoneId", instance->zone_id);
  api_reply_string (reply, "ImageId", instance->image_id);
  api_reply_string (reply, "InstanceType", instance->type);
  api_reply_string (reply, "InstanceTypeFamily", type != NULL ? type->family : "");
  api_reply_int (reply, "Cpu", instance->vcpus);
  api_reply_int (reply, "Memory", instance->memory_mib);
  api_reply_string (reply, "SerialNumber", instance->uuid);
  api_reply_string (reply, "KeyPairName", instance->key_pair);
  api_reply_minute (reply, "CreationTime", instance->created_ms);
  write_network (reply, instance);
  write_publics (reply, instance);
  write_constants (reply);
  ecs_write_tags (reply, tags, instance->id);
}

/* ---- DescribeInstances ---- */

typedef struct
{
  ApiPage page;
  char **ids, **private_ips, **public_ips, **inner_ips, **eips;
  char *name, *image_id, *type, *type_family, *zone_id, *vpc_id, *vswitch_id, *group_id, *key_pair;
  char *status, *network_type, *charge_type, *internet_charge_type, *lock_reason;
  char *resource_group_id;
  GArray *filters, *tags;
} ListArgs;

static const ApiParam list_params[] = {
  API_PAGE_PARAMS (ListArgs, page, 100),
  ECS_ID_FILTER (ListArgs, ids, "InstanceIds", "Ids of instances."),
  ECS_ID_FILTER (ListArgs, private_ips, "PrivateIpAddresses", "Private addresses."),
  ECS_ID_FILTER (ListArgs, public_ips, "PublicIpAddresses",
                 "Public addresses that go with instances."),
  ECS_ID_FILTER (ListArgs, inner_ips, "InnerIpAddresses",
                 "Addresses of the classic network; no instance here has one."),
  ECS_ID_FILTER (ListArgs, eips, "EipAddresses", "Elastic addresses."),
  ECS_TEXT_FILTER (ListArgs, name, "InstanceName", "A name; * stands for anything."),
  ECS_TEXT_FILTER (ListArgs, image_id, "ImageId", "The image."),
  ECS_TEXT_FILTER (ListArgs, type, "InstanceType", "The type."),
  ECS_TEXT_FILTER (ListArgs, type_family, "InstanceTypeFamily", "The type's family."),
  ECS_ZONE_ID (ListArgs, zone_id),
  ECS_TEXT_FILTER (ListArgs, vpc_id, "VpcId", "The VPC."),
  ECS_TEXT_FILTER (ListArgs, vswitch_id, "VSwitchId", "The vswitch."),
  ECS_TEXT_FILTER (ListArgs, group_id, "SecurityGroupId", "A security group it is in."),
  ECS_TEXT_FILTER (ListArgs, key_pair, "KeyPairName", "The key pair."),
  API_STR (ListArgs, status, "Status", .max_length = 16,
           API_CHOICES ("Pending", "Starting", "Running", "Stopping", "Stopped"),
           .error = VMM_ERROR_STATUS_NOT_FOUND, .doc = "The status."),
  API_STR (ListArgs, network_type, "InstanceNetworkType", .max_length = 16,
           API_CHOICES ("vpc", "classic"), .error = VMM_ERROR_NETWORK_TYPE_NOT_FOUND,
           .doc = "All instances are in a vpc."),
  ECS_TEXT_FILTER (ListArgs, charge_type, "InstanceChargeType", "All instances are PostPaid."),
  ECS_TEXT_FILTER (ListArgs, internet_charge_type, "InternetChargeType",
                   "PayByTraffic or PayByBandwidth."),
  ECS_TEXT_FILTER (ListArgs, lock_reason, "LockReason", "No instance here is locked."),
  ECS_RESOURCE_GROUP_FILTER (ListArgs, resource_group_id, "instance"),
  ECS_TIME_FILTERS (ListArgs, filters),
  API_TAG_PARAM (ListArgs, tags),
};

#define I "Instances.Instance[]."
static const ApiField list_fields[] = {
  SHARED_FIELDS (I),
  API_OUT_BOOL (I "IoOptimized", API_REQUIRED, "Always true."),
  API_OUT_STR (I "StartTime", API_REQUIRED, "When it last started; empty before the first time."),
  API_OUT_STR (I "OSName", API_REQUIRED, "The image's operating system."),
  API_OUT_STR (I "OSNameEn", API_REQUIRED, "The same."),
  API_OUT_STR (I "OSType", API_REQUIRED, "linux or windows."),
  API_OUT_BOOL (I "DeletionProtection", API_REQUIRED, "Whether deletion is refused."),
  API_OUT_BOOL (I "DeviceAvailable", API_REQUIRED, "Always true."),
  API_OUT_BOOL (I "Recyclable", API_REQUIRED, "Always false."),
  API_OUT_STR (I "AutoReleaseTime", API_REQUIRED, "Always empty."),
  API_OUT_STR (I "DeploymentSetId", API_REQUIRED, "Always empty."),
  API_OUT_STR (I "ResourceGroupId", API_REQUIRED, "Always empty."),
  API_OUT_INT (I "GPUAmount", API_REQUIRED, "Always 0."),
  API_OUT_STR (I "GPUSpec", API_REQUIRED, "Always empty."),
  API_OUT_INT (I "LocalStorageAmount", API_REQUIRED, "Always 0."),
  API_OUT_INT (I "LocalStorageCapacity", API_REQUIRED, "Always 0."),
  API_OUT_STR (I "MetadataOptions.HttpEndpoint", API_REQUIRED, "Always enabled."),
  API_OUT_STR (I "MetadataOptions.HttpTokens", API_REQUIRED, "Always optional."),
  API_OUT_INT (I "MetadataOptions.HttpPutResponseHopLimit", API_REQUIRED, "Always 1."),
  API_OUT_STR (I "NetworkInterfaces.NetworkInterface[].NetworkInterfaceId", API_REQUIRED,
               "An interface."),
  API_OUT_STR (I "NetworkInterfaces.NetworkInterface[].MacAddress", API_REQUIRED,
               "Its hardware address."),
  API_OUT_STR (I "NetworkInterfaces.NetworkInterface[].PrimaryIpAddress", API_REQUIRED,
               "Its private address."),
  API_OUT_STR (I "NetworkInterfaces.NetworkInterface[].Type", API_REQUIRED,
               "Primary or Secondary."),
  API_OUT_STR (I "NetworkInterfaces.NetworkInterface[].PrivateIpSets.PrivateIpSet[]."
                 "PrivateIpAddress",
               API_REQUIRED, "A private address of it."),
  API_OUT_STR (I "NetworkInterfaces.NetworkInterface[].PrivateIpSets.PrivateIpSet[]."
                 "AssociatedPublicIp.AllocationId",
               0, "The elastic address that leads there, or empty."),
  API_OUT_STR (I "NetworkInterfaces.NetworkInterface[].PrivateIpSets.PrivateIpSet[]."
                 "AssociatedPublicIp.PublicIpAddress",
               0, "The public address that leads there."),
  API_OUT_BOOL (I "NetworkInterfaces.NetworkInterface[].PrivateIpSets.PrivateIpSet[].Primary",
                API_REQUIRED, "Whether that is the primary one."),
  API_OUT_STR (I "NetworkInterfaces.NetworkInterface[].Ipv6Sets.Ipv6Set[].Ipv6Address",
               API_REQUIRED, "An IPv6 address of it."),
  API_PAGE_FIELDS,
};

/* Whether the filters on what is the same for all instances here let any pass. */
static gboolean
constants_pass (const ListArgs *args)
{
  return ecs_is_or_unset (args->network_type, "vpc")
         && ecs_is_or_unset (args->charge_type, "PostPaid")
         && ecs_is_or_unset (args->lock_reason, "") && ecs_is_or_unset (args->resource_group_id, "")
         && !ecs_is_given (args->inner_ips);
}

/* The images of @instances by id, for what the guest runs. Deleted ones are missing. */
static GHashTable *
images_of (ApiCall *call, const GPtrArray *instances, GError **error)
{
  static const char *const any_status[]
      = { "Creating", "Available", "Deprecated", "CreateFailed", "UnAvailable", NULL };
  g_autoptr (GHashTable) images
      = g_hash_table_new_full (g_str_hash, g_str_equal, NULL, (GDestroyNotify) vmm_image_free);
  g_autoptr (GHashTable) wanted = g_hash_table_new (g_str_hash, g_str_equal);
  g_autofree char **ids = NULL;
  g_autoptr (GPtrArray) found = NULL;
  g_auto (VmmPageInfo) info = { 0 };
  VmmImageQuery query = { .statuses = any_status, .is_public = -1, .is_usable = -1 };
  VmmPage page = { .number = 1 };

  for (guint i = 0; i < instances->len; i++)
    g_hash_table_add (wanted, ((VmmInstance *) instances->pdata[i])->image_id);
  if (g_hash_table_size (wanted) == 0)
    return g_steal_pointer (&images);

  ids = (char **) g_hash_table_get_keys_as_array (wanted, &page.size);
  query.ids = (const char *const *) ids;
  found = ops_image_list (call->ctx, call->caller, &query, &page, &info, error);
  if (found == NULL)
    return NULL;
  while (found->len > 0)
    {
      VmmImage *image = g_ptr_array_steal_index (found, found->len - 1);

      g_hash_table_replace (images, image->id, image);
    }
  return g_steal_pointer (&images);
}

static void
write_interfaces (ApiReply *reply, const VmmInstance *instance)
{
  api_reply_list (reply, "NetworkInterfaces", "NetworkInterface");
  for (guint i = 0; instance->nics != NULL && i < instance->nics->len; i++)
    {
      const VmmNic *nic = instance->nics->pdata[i];

      api_reply_item (reply);
      api_reply_string (reply, "NetworkInterfaceId", nic->id);
      api_reply_string (reply, "MacAddress", nic->mac);
      api_reply_string (reply, "PrimaryIpAddress", nic->ip);
      api_reply_string (reply, "Type", nic->is_primary ? "Primary" : "Secondary");
      ecs_write_private_ips (reply, nic);
      ecs_write_ipv6s (reply, nic);
      api_reply_end (reply);
    }
  api_reply_end (reply);
}

static void
write_instance (ApiReply *reply, const VmmConfig *config, const VmmInstance *instance,
                const VmmImage *image, GHashTable *tags)
{
  api_reply_item (reply);
  write_shared (reply, config, instance, tags);
  api_reply_bool (reply, "IoOptimized", TRUE);
  api_reply_minute (reply, "StartTime", instance->started_ms);
  api_reply_string (reply, "OSName", image != NULL ? image->os_name : "");
  api_reply_string (reply, "OSNameEn", image != NULL ? image->os_name : "");
  api_reply_string (reply, "OSType", image != NULL ? image->os_type : "");
  api_reply_bool (reply, "DeletionProtection", instance->deletion_protection);
  api_reply_bool (reply, "DeviceAvailable", TRUE);
  api_reply_bool (reply, "Recyclable", FALSE);
  api_reply_string (reply, "AutoReleaseTime", "");
  api_reply_string (reply, "DeploymentSetId", "");
  api_reply_string (reply, "ResourceGroupId", "");
  api_reply_int (reply, "GPUAmount", 0);
  api_reply_string (reply, "GPUSpec", "");
  api_reply_int (reply, "LocalStorageAmount", 0);
  api_reply_int (reply, "LocalStorageCapacity", 0);
  api_reply_begin (reply, "MetadataOptions");
  api_reply_string (reply, "HttpEndpoint", "enabled");
  api_reply_string (reply, "HttpTokens", "optional");
  api_reply_int (reply, "HttpPutResponseHopLimit", 1);
  api_reply_end (reply);
  write_interfaces (reply, instance);
  api_reply_end (reply);
}

static gboolean
describe_instances (ApiCall *call, gconstpointer data, ApiReply *reply, GError **error)
{
  const ListArgs *args = data;
  VmmPage page = api_page_get (&args->page);
  VmmInstanceQuery query = {
    .ids = (const char *const *) args->ids,
    .private_ips = (const char *const *) args->private_ips,
    .public_ips = (const char *const *) args->public_ips,
    .eips = (const char *const *) args->eips,
    .charge_type = args->internet_charge_type,
    .name = args->name,
    .image_id = args->image_id,
    .type = args->type,
    .type_family = args->type_family,
    .zone_id = args->zone_id,
    .vpc_id = args->vpc_id,
    .vswitch_id = args->vswitch_id,
    .group_id = args->group_id,
    .key_pair = args->key_pair,
    .status = args->status,
    .tags = api_tags_get (args->tags),
  };
  gboolean passes = constants_pass (args);
  g_auto (VmmPageInfo) info = { 0 };
  g_autoptr (GPtrArray) instances = NULL;
  g_autoptr (GHashTable) images = NULL;
  g_autoptr (GHashTable) tags = NULL;

  if (!ecs_take_time_filters (args->filters, &query.created_from_ms, &query.created_to_ms, &passes,
                              error))
    return FALSE;
  if (!passes)
    {
      ecs_write_nothing (reply, &args->page, "Instances", "Instance");
      return TRUE;
    }
  instances = ops_instance_list (call->ctx, call->caller, &query, &page, &info, error);
  images = instances != NULL ? images_of (call, instances, error) : NULL;
  tags = images != NULL ? ECS_TAGS_OF (call, VMM_TAG_INSTANCE, instances, VmmInstance, id, error)
                        : NULL;
  if (tags == NULL)
    return FALSE;

  api_reply_list (reply, "Instances", "Instance");
  for (guint i = 0; i < instances->len; i++)
    {
      const VmmInstance *instance = instances->pdata[i];

      write_instance (reply, call->ctx->config, instance,
                      g_hash_table_lookup (images, instance->image_id), tags);
    }
  api_reply_end (reply);
  api_reply_page (reply, &args->page, &info);
  return TRUE;
}

/* ---- DescribeInstanceStatus ---- */

typedef struct
{
  ApiPage page;
  char **ids;
  char *zone_id;
} StatusArgs;

static const ApiParam status_params[] = {
  API_PAGE_PARAMS (StatusArgs, page, 50),
  API_STRLIST (StatusArgs, ids, "InstanceId", .max = 100, .max_length = 64,
               .doc = "Ids of instances."),
  ECS_ZONE_ID (StatusArgs, zone_id),
};

static const ApiField status_fields[] = {
  API_OUT_STR ("InstanceStatuses.InstanceStatus[].InstanceId", API_REQUIRED, "The instance."),
  API_OUT_STR ("InstanceStatuses.InstanceStatus[].Status", API_REQUIRED,
               "Pending, Starting, Running, Stopping or Stopped."),
  API_PAGE_FIELDS,
};

static void
write_status (ApiReply *reply, const VmmInstance *instance)
{
  api_reply_item (reply);
  api_reply_string (reply, "InstanceId", instance->id);
  api_reply_string (reply, "Status", vmm_instance_state_wire (instance->state));
  api_reply_end (reply);
}

static gboolean
describe_instance_status (ApiCall *call, gconstpointer data, ApiReply *reply, GError **error)
{
  const StatusArgs *args = data;
  VmmInstanceQuery query = { .ids = (const char *const *) args->ids, .zone_id = args->zone_id };

  return ecs_check_zone (call, args->zone_id, error)
         && ecs_write_instances (call, &query, &args->page, reply, "InstanceStatuses",
                                 "InstanceStatus", write_status, error);
}

/* ---- DescribeInstanceAttribute ---- */

typedef struct
{
  char *id;
} AttributeArgs;

static const ApiParam attribute_params[] = {
  ECS_INSTANCE_ID (AttributeArgs, id),
};

static const ApiField attribute_fields[] = {
  SHARED_FIELDS (""),
  API_OUT_STR ("IoOptimized", API_REQUIRED, "Always optimized."),
  API_OUT_BOOL ("EnableJumboFrame", API_REQUIRED, "Always false."),
};

static gboolean
describe_instance_attribute (ApiCall *call, gconstpointer data, ApiReply *reply, GError **error)
{
  const AttributeArgs *args = data;
  const char *const ids[] = { args->id, NULL };
  g_autoptr (VmmInstance) instance = ops_instance_get (call->ctx, call->caller, args->id, error);
  g_autoptr (GHashTable) tags
      = instance != NULL ? ops_tag_map (call->ctx, call->caller, VMM_TAG_INSTANCE, ids, error)
                         : NULL;

  if (tags == NULL)
    return FALSE;

  write_shared (reply, call->ctx->config, instance, tags);
  api_reply_string (reply, "IoOptimized", "optimized");
  api_reply_bool (reply, "EnableJumboFrame", FALSE);
  return TRUE;
}

/* ---- What no instance here has, and clients ask for on their way ---- */

typedef struct
{
  ApiPage page;
  char **ids;
  char *role;
} SideArgs;

static const ApiParam role_params[] = {
  API_PAGE_PARAMS (SideArgs, page, 50),
  ECS_ID_FILTER (SideArgs, ids, "InstanceIds", "Ids of instances."),
  ECS_TEXT_FILTER (SideArgs, role, "RamRoleName", "A role; no instance here has one."),
};

static const ApiField role_fields[] = {
  API_OUT_STR ("RegionId", API_REQUIRED, "The region."),
  API_OUT_STR ("InstanceRamRoleSets.InstanceRamRoleSet[].InstanceId", API_REQUIRED,
               "None is ever listed."),
  API_OUT_STR ("InstanceRamRoleSets.InstanceRamRoleSet[].RamRoleName", API_REQUIRED,
               "None is ever listed."),
  API_PAGE_FIELDS,
};

static gboolean
describe_ram_role (ApiCall *call, gconstpointer data, ApiReply *reply, GError **error)
{
  const SideArgs *args = data;

  api_reply_string (reply, "RegionId", call->ctx->config->region_id);
  ecs_write_nothing (reply, &args->page, "InstanceRamRoleSets", "InstanceRamRoleSet");
  return TRUE;
}

static const ApiParam attachment_params[] = {
  API_PAGE_PARAMS (SideArgs, page, 100),
  API_JSONLIST (SideArgs, ids, "InstanceIds", .flags = API_REQUIRED, .max = 100, .max_length = 64,
                .doc = "Ids of instances."),
};

static const ApiField attachment_fields[] = {
  API_OUT_STR ("Instances.Instance[].InstanceId", API_REQUIRED, "The instance."),
  API_OUT_STR ("Instances.Instance[].PrivatePoolOptionsId", API_REQUIRED, "Always empty."),
  API_OUT_STR ("Instances.Instance[].PrivatePoolOptionsMatchCriteria", API_REQUIRED,
               "Always None."),
  API_PAGE_FIELDS,
};

static void
write_attachment (ApiReply *reply, const VmmInstance *instance)
{
  api_reply_item (reply);
  api_reply_string (reply, "InstanceId", instance->id);
  api_reply_string (reply, "PrivatePoolOptionsId", "");
  api_reply_string (reply, "PrivatePoolOptionsMatchCriteria", "None");
  api_reply_end (reply);
}

static gboolean
describe_attachments (ApiCall *call, gconstpointer data, ApiReply *reply, GError **error)
{
  const SideArgs *args = data;
  VmmInstanceQuery query = { .ids = (const char *const *) args->ids };

  return ecs_write_instances (call, &query, &args->page, reply, "Instances", "Instance",
                              write_attachment, error);
}

static const ApiAction actions[] = {
  { .name = "DescribeInstances",
    .summary = "Lists instances, newest first.",
    .since = "0.1",
    .access = API_READ,
    .permission = "ecs:DescribeInstances",
    .run = describe_instances,
    API_PARAMS (ListArgs, list_params),
    API_FIELDS (list_fields),
    API_ERRORS (VMM_ERROR_STATUS_NOT_FOUND, VMM_ERROR_NETWORK_TYPE_NOT_FOUND,
                VMM_ERROR_FILTER_NOT_FOUND) },
  { .name = "DescribeInstanceStatus",
    .summary = "Lists the status of instances, newest first.",
    .since = "0.1",
    .access = API_READ,
    .permission = "ecs:DescribeInstanceStatus",
    .run = describe_instance_status,
    API_PARAMS (StatusArgs, status_params),
    API_FIELDS (status_fields),
    API_ERRORS (VMM_ERROR_ZONE_NOT_FOUND) },
  { .name = "DescribeInstanceAttribute",
    .summary = "Shows one instance.",
    .since = "0.1",
    .access = API_READ,
    .permission = "ecs:DescribeInstanceAttribute",
    .run = describe_instance_attribute,
    API_PARAMS (AttributeArgs, attribute_params),
    API_FIELDS (attribute_fields),
    API_ERRORS (VMM_ERROR_INSTANCE_NOT_FOUND) },
  { .name = "DescribeInstanceRamRole",
    .summary = "Lists the roles of instances, of which there are none.",
    .since = "0.1",
    .access = API_READ,
    .permission = "ecs:DescribeInstanceRamRole",
    .run = describe_ram_role,
    API_PARAMS (SideArgs, role_params),
    API_FIELDS (role_fields) },
  { .name = "DescribeInstanceAttachmentAttributes",
    .summary = "Lists the private pools of instances, of which there are none.",
    .since = "0.1",
    .access = API_READ,
    .permission = "ecs:DescribeInstanceAttachmentAttributes",
    .run = describe_attachments,
    API_PARAMS (SideArgs, attachment_params),
    API_FIELDS (attachment_fields) },
};

const ApiResource ecs_instance_list = API_RESOURCE ("instance-list", actions);
