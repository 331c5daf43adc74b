/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Looking at network interfaces; ecs-nic-change.c has all else. */
#include "config.h"

#include "ecs-common.h"
#include "ops-nic.h"

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
  ECS_TEXT_FILTER (ListArgs, type, "Type", "Primary or Secondary."),
  ECS_TEXT_FILTER (ListArgs, status, "Status",
                   "Available, Attaching, InUse, Detaching or Deleting."),
  ECS_TEXT_FILTER (ListArgs, primary_ip, "PrimaryIpAddress", "Its primary address."),
  API_STRLIST (ListArgs, private_ips, "PrivateIpAddress", .max = 100, .max_length = 64,
               .doc = "Addresses, one of which it has."),
  ECS_TEXT_FILTER (ListArgs, name, "NetworkInterfaceName", "Its name; * stands for anything."),
  ECS_RESOURCE_GROUP_FILTER (ListArgs, resource_group_id, "network interface"),
  API_TRI (ListArgs, service_managed, "ServiceManaged",
           .doc = "No network interface here is managed."),
  API_TAG_PARAM (ListArgs, tags),
};

#define N "NetworkInterfaceSets.NetworkInterfaceSet[]."
static const ApiField list_fields[] = {
  API_OUT_STR (N "NetworkInterfaceId", API_REQUIRED, "The network interface."),
  API_OUT_STR (N "NetworkInterfaceName", API_REQUIRED, "Its name."),
  API_OUT_STR (N "Description", API_REQUIRED, "Its description."),
  API_OUT_STR (N "Type", API_REQUIRED, "Primary or Secondary."),
  API_OUT_STR (N "Status", API_REQUIRED, "Available, Attaching, InUse, Detaching or Deleting."),
  API_OUT_STR (N "StatusReason", API_REQUIRED,
               "Why it is in that status when not as asked; ours, ECS has no such member."),
  API_OUT_STR (N "InstanceId", API_REQUIRED, "Its instance; empty when it has none."),
  API_OUT_STR (N "VpcId", API_REQUIRED, "Its VPC."),
  API_OUT_STR (N "VSwitchId", API_REQUIRED, "Its vswitch."),
  API_OUT_STR (N "ZoneId", API_REQUIRED, "Its zone."),
  API_OUT_STR (N "MacAddress", API_REQUIRED, "Its hardware address."),
  API_OUT_STR (N "PrivateIpAddress", API_REQUIRED, "Its primary address."),
  API_OUT_STR (N "PrimaryIpAddress", API_REQUIRED, "The same."),
  API_OUT_STR (N "PrivateIpSets.PrivateIpSet[].PrivateIpAddress", API_REQUIRED,
               "An address of it."),
  API_OUT_STR (N "PrivateIpSets.PrivateIpSet[].AssociatedPublicIp.AllocationId", 0,
               "The elastic address that leads there, or empty."),
  API_OUT_STR (N "PrivateIpSets.PrivateIpSet[].AssociatedPublicIp.PublicIpAddress", 0,
               "The public address that leads there."),
  API_OUT_BOOL (N "PrivateIpSets.PrivateIpSet[].Primary", API_REQUIRED,
                "Whether that is the primary one."),
  API_OUT_STR (N "Ipv6Sets.Ipv6Set[].Ipv6Address", API_REQUIRED, "An IPv6 address of it."),
  API_OUT_STR (N "SecurityGroupIds.SecurityGroupId[]", 0, "The groups it is in."),
  API_OUT_STR (N "Attachment.InstanceId", 0, "Its instance."),
  API_OUT_INT (N "Attachment.DeviceIndex", 0, "0 for a primary one, else absent."),
  API_OUT_INT (N "Attachment.NetworkCardIndex", 0, "Always 0."),
  API_OUT_STR (N "AssociatedPublicIp.AllocationId", 0,
               "The elastic address that leads to its primary address, or empty."),
  API_OUT_STR (N "AssociatedPublicIp.PublicIpAddress", 0,
               "The public address that leads there, or empty."),
  API_OUT_STR (N "NetworkInterfaceTrafficMode", API_REQUIRED, "Always Standard."),
  API_OUT_STR (N "OwnerId", API_REQUIRED, "Its account."),
  API_OUT_STR (N "ResourceGroupId", API_REQUIRED, "Always empty."),
  API_OUT_BOOL (N "ServiceManaged", API_REQUIRED, "Always false."),
  API_OUT_BOOL (N "SourceDestCheck", API_REQUIRED,
                "Always true: only what bears its own address is let through."),
  API_OUT_BOOL (N "DeleteOnRelease", API_REQUIRED, "Whether it is deleted with its instance."),
  API_OUT_STR (N "CreationTime", API_REQUIRED, "When it was made."),
  API_OUT_BOOL (N "RulesInForce", API_REQUIRED,
                "Whether all that was asked of its groups and addresses is in force on the host; "
                "this and what follows is ours."),
  API_OUT_INT (N "DesiredGeneration", API_REQUIRED,
               "Counts the changes of its groups and addresses."),
  API_OUT_INT (N "AppliedGeneration", API_REQUIRED,
               "The newest of them in force; 0 while it has no port on a host."),
  API_OUT_STR (N "ApplyFailure", API_REQUIRED, "Why the desired one is not in force."),
  API_OUT_STR (N "GroupGenerations.GroupGeneration[].SecurityGroupId", API_REQUIRED,
               "A group it is in."),
  API_OUT_INT (N "GroupGenerations.GroupGeneration[].DesiredGeneration", API_REQUIRED,
               "Counts the changes of the group's rules."),
  API_OUT_INT (N "GroupGenerations.GroupGeneration[].AppliedGeneration", API_REQUIRED,
               "The newest of them in force on the host; 0 when the host has no need of it."),
  API_OUT_STR (N "GroupGenerations.GroupGeneration[].ApplyFailure", API_REQUIRED,
               "Why the desired one is not in force."),
  API_OUT_STR (N "Tags.Tag[].TagKey", 0, "A tag's key."),
  API_OUT_STR (N "Tags.Tag[].TagValue", 0, "A tag's value."),
  API_PAGE_FIELDS,
};

static void
write_addresses (ApiReply *reply, const VmmNic *nic)
{
  const VmmEip *public = vmm_nic_public (nic, nic->ip);

  api_reply_string (reply, "PrivateIpAddress", nic->ip);
  api_reply_string (reply, "PrimaryIpAddress", nic->ip);
  ecs_write_private_ips (reply, nic);
  ecs_write_ipv6s (reply, nic);
  api_reply_begin (reply, "AssociatedPublicIp");
  api_reply_string (reply, "AllocationId", public != NULL && !public->is_plain ? public->id : "");
  api_reply_string (reply, "PublicIpAddress", public != NULL ? public->ip : "");
  api_reply_end (reply);
}

static void
write_attachment (ApiReply *reply, const VmmNic *nic)
{
  if (*nic->instance_id == '\0')
    return;
  api_reply_begin (reply, "Attachment");
  api_reply_string (reply, "InstanceId", nic->instance_id);
  if (nic->is_primary)
    api_reply_int (reply, "DeviceIndex", 0);
  api_reply_int (reply, "NetworkCardIndex", 0);
  api_reply_end (reply);
}

/* @applied: the interface's own, then those of its groups. */
static void
write_applied (ApiReply *reply, GPtrArray *applied)
{
  const OpsApplied *own = g_ptr_array_index (applied, 0);
  gboolean in_force = TRUE;

  for (guint i = 0; i < applied->len; i++)
    {
      const OpsApplied *one = g_ptr_array_index (applied, i);

      in_force = in_force && one->desired == one->applied;
    }
  api_reply_bool (reply, "RulesInForce", in_force);
  api_reply_int (reply, "DesiredGeneration", (gint64) own->desired);
  api_reply_int (reply, "AppliedGeneration", (gint64) own->applied);
  api_reply_string (reply, "ApplyFailure", own->reason);
  api_reply_list (reply, "GroupGenerations", "GroupGeneration");
  for (guint i = 1; i < applied->len; i++)
    {
      const OpsApplied *one = g_ptr_array_index (applied, i);

      api_reply_item (reply);
      api_reply_string (reply, "SecurityGroupId", one->id);
      api_reply_int (reply, "DesiredGeneration", (gint64) one->desired);
      api_reply_int (reply, "AppliedGeneration", (gint64) one->applied);
      api_reply_string (reply, "ApplyFailure", one->reason);
      api_reply_end (reply);
    }
  api_reply_end (reply);
}

static void
write_nic (ApiReply *reply, const VmmConfig *config, const VmmNic *nic, GPtrArray *applied,
           GHashTable *tags)
{
  api_reply_item (reply);
  api_reply_string (reply, "NetworkInterfaceId", nic->id);
  api_reply_string (reply, "NetworkInterfaceName", nic->name);
  api_reply_string (reply, "Description", nic->description);
  api_reply_string (reply, "Type", nic->is_primary ? "Primary" : "Secondary");
  api_reply_string (reply, "Status", vmm_nic_state_wire (nic->state));
  api_reply_string (reply, "StatusReason", nic->reason);
  api_reply_string (reply, "InstanceId", nic->instance_id);
  api_reply_string (reply, "VpcId", nic->vpc_id);
  api_reply_string (reply, "VSwitchId", nic->vswitch_id);
  api_reply_string (reply, "ZoneId", config->zone_id);
  api_reply_string (reply, "MacAddress", nic->mac);
  write_addresses (reply, nic);
  ecs_write_texts (reply, "SecurityGroupIds", "SecurityGroupId", nic->group_ids);
  write_attachment (reply, nic);
  api_reply_string (reply, "NetworkInterfaceTrafficMode", "Standard");
  api_reply_string (reply, "OwnerId", nic->account_id);
  api_reply_string (reply, "ResourceGroupId", "");
  api_reply_bool (reply, "ServiceManaged", FALSE);
  api_reply_bool (reply, "SourceDestCheck", TRUE);
  api_reply_bool (reply, "DeleteOnRelease", nic->delete_with_instance);
  api_reply_second (reply, "CreationTime", nic->created_ms);
  write_applied (reply, applied);
  ecs_write_tags (reply, tags, nic->id);
  api_reply_end (reply);
}

/* Whether the filters on what is the same for all here let any pass. */
static gboolean
constants_pass (const ListArgs *args)
{
  return ecs_is_or_unset (args->resource_group_id, "") && args->service_managed != 1;
}

static gboolean
describe_nics (ApiCall *call, gconstpointer data, ApiReply *reply, GError **error)
{
  const ListArgs *args = data;
  VmmNicQuery query = {
    .ids = (const char *const *) args->ids,
    .private_ips = (const char *const *) args->private_ips,
    .primary_ip = args->primary_ip,
    .name = args->name,
    .instance_id = args->instance_id,
    .vswitch_id = args->vswitch_id,
    .vpc_id = args->vpc_id,
    .group_id = args->group_id,
    .status = args->status,
    .is_primary = -1,
    .tags = api_tags_get (args->tags),
  };
  VmmPage page = api_page_get (&args->page);
  g_auto (VmmPageInfo) info = { 0 };
  g_autoptr (GPtrArray) nics = NULL;
  g_autoptr (GPtrArray) applied = NULL;
  g_autoptr (GHashTable) tags = NULL;

  if (args->type != NULL)
    query.is_primary = ecs_is_or_unset (args->type, "Primary");
  if (!constants_pass (args)
      || (query.is_primary == 0 && !ecs_is_or_unset (args->type, "Secondary")))
    {
      ecs_write_nothing (reply, &args->page, "NetworkInterfaceSets", "NetworkInterfaceSet");
      return TRUE;
    }
  nics = ops_nic_list (call->ctx, call->caller, &query, &page, &info, &applied, error);
  tags = nics != NULL ? ECS_TAGS_OF (call, VMM_TAG_NIC, nics, VmmNic, id, error) : NULL;
  if (tags == NULL)
    return FALSE;

  api_reply_list (reply, "NetworkInterfaceSets", "NetworkInterfaceSet");
  for (guint i = 0; i < nics->len; i++)
    write_nic (reply, call->ctx->config, nics->pdata[i], applied->pdata[i], tags);
  api_reply_end (reply);
  api_reply_page (reply, &args->page, &info);
  return TRUE;
}

static const ApiAction actions[] = {
  { .name = "DescribeNetworkInterfaces",
    .summary = "Lists network interfaces, newest first.",
    .since = "0.1",
    .access = API_READ,
    .permission = "ecs:DescribeNetworkInterfaces",
    .run = describe_nics,
    API_PARAMS (ListArgs, list_params),
    API_FIELDS (list_fields) },
};

const ApiResource ecs_nic = API_RESOURCE ("nic", actions);
