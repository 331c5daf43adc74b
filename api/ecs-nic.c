/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Network interfaces. Each instance has its primary one from birth to death; there are no others,
 * so the list is one of instances. */
#include "config.h"

#include "ecs-common.h"
#include "ops-instance.h"

typedef struct
{
  ApiPage page;
  char **ids, **private_ips;
  char *instance_id, *vswitch_id, *vpc_id, *group_id, *type, *status, *primary_ip, *name;
  char *resource_group_id;
  int service_managed;
  GArray *tags;
} ListArgs;

static const ApiParam list_params[] = {
  API_PAGE_PARAMS (ListArgs, page, 100),
  API_STRLIST (ListArgs, ids, "NetworkInterfaceId", .max = 100, .max_length = 64,
               .doc = "Ids of network interfaces."),
  ECS_TEXT_FILTER (ListArgs, instance_id, "InstanceId", "The instance."),
  ECS_TEXT_FILTER (ListArgs, vswitch_id, "VSwitchId", "The vswitch."),
  ECS_TEXT_FILTER (ListArgs, vpc_id, "VpcId", "The VPC."),
  ECS_TEXT_FILTER (ListArgs, group_id, "SecurityGroupId", "A security group it is in."),
  ECS_TEXT_FILTER (ListArgs, type, "Type", "All network interfaces here are Primary."),
  ECS_TEXT_FILTER (ListArgs, status, "Status", "All network interfaces here are InUse."),
  ECS_TEXT_FILTER (ListArgs, primary_ip, "PrimaryIpAddress", "Its address."),
  API_STRLIST (ListArgs, private_ips, "PrivateIpAddress", .max = 100, .max_length = 64,
               .doc = "Addresses, one of which it has."),
  ECS_TEXT_FILTER (ListArgs, name, "NetworkInterfaceName", "No network interface here has a name."),
  ECS_TEXT_FILTER (ListArgs, resource_group_id, "ResourceGroupId",
                   "No network interface here is in a resource group."),
  API_TRI (ListArgs, service_managed, "ServiceManaged",
           .doc = "No network interface here is managed."),
  API_TAG_PARAM (ListArgs, tags),
};

#define N "NetworkInterfaceSets.NetworkInterfaceSet[]."
static const ApiField list_fields[] = {
  API_OUT_STR (N "NetworkInterfaceId", API_REQUIRED, "The network interface."),
  API_OUT_STR (N "NetworkInterfaceName", API_REQUIRED, "Always empty."),
  API_OUT_STR (N "Description", API_REQUIRED, "Always empty."),
  API_OUT_STR (N "Type", API_REQUIRED, "Always Primary."),
  API_OUT_STR (N "Status", API_REQUIRED, "Always InUse."),
  API_OUT_STR (N "InstanceId", API_REQUIRED, "Its instance."),
  API_OUT_STR (N "VpcId", API_REQUIRED, "Its VPC."),
  API_OUT_STR (N "VSwitchId", API_REQUIRED, "Its vswitch."),
  API_OUT_STR (N "ZoneId", API_REQUIRED, "Its zone."),
  API_OUT_STR (N "MacAddress", API_REQUIRED, "Its hardware address."),
  API_OUT_STR (N "PrivateIpAddress", API_REQUIRED, "Its address."),
  API_OUT_STR (N "PrimaryIpAddress", API_REQUIRED, "Its address."),
  API_OUT_STR (N "PrivateIpSets.PrivateIpSet[].PrivateIpAddress", API_REQUIRED, "Its address."),
  API_OUT_BOOL (N "PrivateIpSets.PrivateIpSet[].Primary", API_REQUIRED, "Always true."),
  API_OUT_STR (N "SecurityGroupIds.SecurityGroupId[]", 0, "The groups it is in."),
  API_OUT_STR (N "Attachment.InstanceId", 0, "Its instance."),
  API_OUT_INT (N "Attachment.DeviceIndex", 0, "Always 0."),
  API_OUT_INT (N "Attachment.NetworkCardIndex", 0, "Always 0."),
  API_OUT_STR (N "AssociatedPublicIp.AllocationId", 0, "Always empty."),
  API_OUT_STR (N "AssociatedPublicIp.PublicIpAddress", 0, "Always empty."),
  API_OUT_STR (N "NetworkInterfaceTrafficMode", API_REQUIRED, "Always Standard."),
  API_OUT_STR (N "OwnerId", API_REQUIRED, "Its account."),
  API_OUT_STR (N "ResourceGroupId", API_REQUIRED, "Always empty."),
  API_OUT_BOOL (N "ServiceManaged", API_REQUIRED, "Always false."),
  API_OUT_BOOL (N "SourceDestCheck", API_REQUIRED,
                "Always true: only what bears its own address is let through."),
  API_OUT_BOOL (N "DeleteOnRelease", API_REQUIRED, "Always true: it goes with its instance."),
  API_OUT_STR (N "CreationTime", API_REQUIRED, "When it was made."),
  API_OUT_STR (N "Tags.Tag[].TagKey", 0, "A tag's key."),
  API_OUT_STR (N "Tags.Tag[].TagValue", 0, "A tag's value."),
  API_PAGE_FIELDS,
};

static void
write_addresses (ApiReply *reply, const VmmNic *nic)
{
  api_reply_string (reply, "PrivateIpAddress", nic->ip);
  api_reply_string (reply, "PrimaryIpAddress", nic->ip);
  api_reply_list (reply, "PrivateIpSets", "PrivateIpSet");
  api_reply_item (reply);
  api_reply_string (reply, "PrivateIpAddress", nic->ip);
  api_reply_bool (reply, "Primary", TRUE);
  api_reply_end (reply);
  api_reply_end (reply);
  api_reply_begin (reply, "AssociatedPublicIp");
  api_reply_string (reply, "AllocationId", "");
  api_reply_string (reply, "PublicIpAddress", "");
  api_reply_end (reply);
}

static void
write_nic (ApiReply *reply, const VmmInstance *instance, const VmmNic *nic)
{
  api_reply_item (reply);
  api_reply_string (reply, "NetworkInterfaceId", nic->id);
  api_reply_string (reply, "NetworkInterfaceName", "");
  api_reply_string (reply, "Description", "");
  api_reply_string (reply, "Type", "Primary");
  api_reply_string (reply, "Status", "InUse");
  api_reply_string (reply, "InstanceId", instance->id);
  api_reply_string (reply, "VpcId", nic->vpc_id);
  api_reply_string (reply, "VSwitchId", nic->vswitch_id);
  api_reply_string (reply, "ZoneId", instance->zone_id);
  api_reply_string (reply, "MacAddress", nic->mac);
  write_addresses (reply, nic);
  api_reply_list (reply, "SecurityGroupIds", "SecurityGroupId");
  for (guint i = 0; i < nic->group_ids->len; i++)
    api_reply_item_string (reply, nic->group_ids->pdata[i]);
  api_reply_end (reply);
  api_reply_begin (reply, "Attachment");
  api_reply_string (reply, "InstanceId", instance->id);
  api_reply_int (reply, "DeviceIndex", 0);
  api_reply_int (reply, "NetworkCardIndex", 0);
  api_reply_end (reply);
  api_reply_string (reply, "NetworkInterfaceTrafficMode", "Standard");
  api_reply_string (reply, "OwnerId", nic->account_id);
  api_reply_string (reply, "ResourceGroupId", "");
  api_reply_bool (reply, "ServiceManaged", FALSE);
  api_reply_bool (reply, "SourceDestCheck", TRUE);
  api_reply_bool (reply, "DeleteOnRelease", TRUE);
  api_reply_second (reply, "CreationTime", instance->created_ms);
  api_reply_strings (reply, "Tags", "Tag", NULL);
  api_reply_end (reply);
}

/* Whether the filters on what is the same for all here let any pass, and the two ways of naming an
 * address do not exclude each other. */
static gboolean
constants_pass (const ListArgs *args)
{
  return ecs_is_or_unset (args->type, "Primary") && ecs_is_or_unset (args->status, "InUse")
         && ecs_is_or_unset (args->name, "") && ecs_is_or_unset (args->resource_group_id, "")
         && args->service_managed != 1 && args->tags->len == 0
         && (args->primary_ip == NULL || !ecs_is_given (args->private_ips)
             || g_strv_contains ((const char *const *) args->private_ips, args->primary_ip));
}

static gboolean
describe_nics (ApiCall *call, gconstpointer data, ApiReply *reply, GError **error)
{
  const ListArgs *args = data;
  const char *const instance_ids[] = { args->instance_id, NULL };
  const char *const primary_ip[] = { args->primary_ip, NULL };
  const VmmInstanceQuery query = {
    .ids = instance_ids,
    .nic_ids = (const char *const *) args->ids,
    .private_ips = args->primary_ip != NULL ? primary_ip : (const char *const *) args->private_ips,
    .vswitch_id = args->vswitch_id,
    .vpc_id = args->vpc_id,
    .group_id = args->group_id,
  };
  VmmPage page = api_page_get (&args->page);
  g_auto (VmmPageInfo) info = { 0 };
  g_autoptr (GPtrArray) instances = NULL;

  if (!constants_pass (args))
    {
      ecs_write_nothing (reply, &args->page, "NetworkInterfaceSets", "NetworkInterfaceSet");
      return TRUE;
    }
  instances = ops_instance_list (call->ctx, call->caller, &query, &page, &info, error);
  if (instances == NULL)
    return FALSE;

  api_reply_list (reply, "NetworkInterfaceSets", "NetworkInterfaceSet");
  for (guint i = 0; i < instances->len; i++)
    {
      const VmmInstance *instance = instances->pdata[i];

      for (guint j = 0; j < instance->nics->len; j++)
        write_nic (reply, instance, instance->nics->pdata[j]);
    }
  api_reply_end (reply);
  api_reply_page (reply, &args->page, &info);
  return TRUE;
}

static const ApiAction actions[] = {
  { .name = "DescribeNetworkInterfaces",
    .summary = "Lists the network interfaces of instances, newest first.",
    .since = "0.1",
    .access = API_READ,
    .permission = "ecs:DescribeNetworkInterfaces",
    .run = describe_nics,
    API_PARAMS (ListArgs, list_params),
    API_FIELDS (list_fields) },
};

const ApiResource ecs_nic = API_RESOURCE ("nic", actions);
