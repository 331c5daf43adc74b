/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Making network interfaces, moving them between instances, their names, groups and addresses. */
#include "config.h"

#include "ecs-common.h"
#include "ops-nic.h"
#include "ops-tag.h"

#define NIC_ID(type, field)                                                                        \
  API_STR (type, field, "NetworkInterfaceId", .flags = API_REQUIRED, .max_length = 64,             \
           .format = &api_format_nic_id, .error = VMM_ERROR_NIC_NOT_FOUND,                         \
           .doc = "The network interface.")
#define NIC_NAME(type, field, flags_)                                                              \
  API_STR (type, field, "NetworkInterfaceName", .flags = flags_, .max_length = 512,                \
           .format = &ecs_format_instance_name, .error = VMM_ERROR_NIC_NAME_MALFORMED,             \
           .doc = "A name of 2 to 128 characters that begins with a letter.")
#define PRIVATE_IPS(type, field, flags_, doc_)                                                     \
  API_STRLIST (type, field, "PrivateIpAddress", .flags = flags_, .max = 19, .max_length = 15,      \
               .format = &api_format_ipv4, .error = VMM_ERROR_PRIVATE_IP_MALFORMED, .doc = doc_)
#define IP_COUNT(type, field)                                                                      \
  API_INT (type, field, "SecondaryPrivateIpAddressCount", .fallback = "0", .min = 0, .max = 19,    \
           .error = VMM_ERROR_NIC_ADDRESS_LIMIT,                                                   \
           .doc = "In place of PrivateIpAddress.N, how many of them to choose.")

#define NO_PRIMARY_IPV6 "All IPv6 addresses of an interface are equal."

/* ---- CreateNetworkInterface ---- */

typedef struct
{
  char *vswitch_id, *primary_ip, *name, *description, *group_id;
  char **ips, **group_ids;
  int ip_count;
  gboolean delete_on_release;
  char *type, *traffic_mode, *source_check, *visible, *business, *primary_ipv6, *resource_group;
  char **ips6;
  int ip6_count;
  GArray *tags;
} CreateArgs;

static const ApiParam create_params[] = {
  API_STR (CreateArgs, vswitch_id, "VSwitchId", .flags = API_REQUIRED, .max_length = 64,
           .format = &api_format_vswitch_id, .error = VMM_ERROR_VSWITCH_NOT_FOUND,
           .doc = "The vswitch that its addresses are of."),
  API_STR (CreateArgs, primary_ip, "PrimaryIpAddress", .max_length = 15, .format = &api_format_ipv4,
           .error = VMM_ERROR_PRIVATE_IP_MALFORMED,
           .doc = "A free address of the vswitch; otherwise one is chosen."),
  PRIVATE_IPS (CreateArgs, ips, 0, "Secondary addresses."),
  IP_COUNT (CreateArgs, ip_count),
  API_STR (CreateArgs, group_id, "SecurityGroupId", .max_length = 64,
           .format = &api_format_group_id, .error = VMM_ERROR_GROUP_NOT_FOUND,
           .doc = "The security group; otherwise the default one of the VPC."),
  API_STRLIST (CreateArgs, group_ids, "SecurityGroupIds", .max = 5, .max_length = 64,
               .format = &api_format_group_id, .error = VMM_ERROR_GROUP_NOT_FOUND,
               .doc = "Up to five security groups, in place of SecurityGroupId."),
  NIC_NAME (CreateArgs, name, 0),
  ECS_DESCRIPTION (CreateArgs, description, 0),
  API_BOOL (CreateArgs, delete_on_release, "DeleteOnRelease",
            .doc = "Delete it with the instance that has it; otherwise it is Available again."),
  API_STR (CreateArgs, type, "InstanceType", .max_length = 16, API_CHOICES ("Secondary"),
           .error = VMM_ERROR_UNSUPPORTED_PARAMETER,
           .doc = "All interfaces that are made by themselves are Secondary."),
  API_STR (CreateArgs, traffic_mode, "NetworkInterfaceTrafficMode", .max_length = 32,
           API_CHOICES ("Standard"), .error = VMM_ERROR_UNSUPPORTED_PARAMETER,
           .doc = "All interfaces are Standard."),
  API_STR (CreateArgs, source_check, "SourceDestCheck", .max_length = 8, API_CHOICES ("true"),
           .error = VMM_ERROR_UNSUPPORTED_PARAMETER,
           .doc = "The check of source addresses cannot be switched off; see CreateRouteEntry."),
  API_STR (CreateArgs, visible, "Visible", .max_length = 8, API_CHOICES ("true"),
           .error = VMM_ERROR_UNSUPPORTED_PARAMETER, .doc = "All interfaces are visible."),
  ECS_REFUSED (CreateArgs, business, "BusinessType", .doc = "Not offered here."),
  ECS_IPV6_ADDRESSES (CreateArgs, ips6, 0, "Free IPv6 addresses of the vswitch."),
  ECS_IPV6_COUNT (CreateArgs, ip6_count),
  ECS_REFUSED (CreateArgs, primary_ipv6, "EnablePrimaryIPv6", .doc = NO_PRIMARY_IPV6),
  ECS_NO_RESOURCE_GROUP (CreateArgs, resource_group),
  API_NEW_TAG_PARAM (CreateArgs, tags),
};

static const ApiField create_fields[] = {
  API_OUT_STR ("NetworkInterfaceId", API_REQUIRED, "The new network interface."),
  API_OUT_STR ("NetworkInterfaceName", API_REQUIRED, "Its name."),
  API_OUT_STR ("Description", API_REQUIRED, "Its description."),
  API_OUT_STR ("Type", API_REQUIRED, "Always Secondary."),
  API_OUT_STR ("Status", API_REQUIRED, "Available."),
  API_OUT_STR ("VpcId", API_REQUIRED, "Its VPC."),
  API_OUT_STR ("VSwitchId", API_REQUIRED, "Its vswitch."),
  API_OUT_STR ("ZoneId", API_REQUIRED, "Its zone."),
  API_OUT_STR ("MacAddress", API_REQUIRED, "Its hardware address."),
  API_OUT_STR ("PrivateIpAddress", API_REQUIRED, "Its primary address."),
  API_OUT_STR ("PrivateIpSets.PrivateIpSet[].PrivateIpAddress", API_REQUIRED, "An address of it."),
  API_OUT_BOOL ("PrivateIpSets.PrivateIpSet[].Primary", API_REQUIRED,
                "Whether that is the primary one."),
  API_OUT_STR ("Ipv6Sets.Ipv6Set[].Ipv6Address", API_REQUIRED, "An IPv6 address of it."),
  API_OUT_STR ("SecurityGroupIds.SecurityGroupId[]", 0, "The groups it is in."),
  API_OUT_STR ("OwnerId", API_REQUIRED, "Its account."),
  API_OUT_STR ("ResourceGroupId", API_REQUIRED, "Always empty."),
  API_OUT_BOOL ("ServiceManaged", API_REQUIRED, "Always false."),
  API_OUT_BOOL ("SourceDestCheck", API_REQUIRED, "Always true."),
  API_OUT_STR ("Tags.Tag[].TagKey", 0, "A tag's key."),
  API_OUT_STR ("Tags.Tag[].TagValue", 0, "A tag's value."),
};

/* The groups that one of the two parameters gives; NULL for none. @one has room for two. */
static gboolean
choose_groups (char **many, char *single, const char **one, const char *const **out, GError **error)
{
  if (ecs_is_given (many) && single != NULL)
    return vmm_fail (error, VMM_ERROR_INVALID_PARAMETER,
                     "SecurityGroupId and SecurityGroupIds.N exclude each other");
  one[0] = single;
  one[1] = NULL;
  *out = ecs_is_given (many) ? (const char *const *) many : single != NULL ? one : NULL;
  return TRUE;
}

static gboolean
create_nic (ApiCall *call, gconstpointer data, ApiReply *reply, GError **error)
{
  const CreateArgs *args = data;
  const char *one[2];
  OpsNicSpec spec = { .vswitch_id = args->vswitch_id,
                      .primary_ip = args->primary_ip,
                      .name = args->name,
                      .description = args->description,
                      .ips = (const char *const *) args->ips,
                      .ip_count = (guint) args->ip_count,
                      .ips6 = (const char *const *) args->ips6,
                      .ip6_count = (guint) args->ip6_count,
                      .delete_with_instance = args->delete_on_release };
  g_autoptr (VmmNic) nic = NULL;
  g_autoptr (GHashTable) tags = NULL;
  const char *ids[] = { NULL, NULL };

  if (!choose_groups (args->group_ids, args->group_id, one, &spec.group_ids, error))
    return FALSE;
  nic = ops_nic_create (call->ctx, call->caller, &spec, error);
  ids[0] = nic != NULL ? nic->id : NULL;
  tags = nic != NULL ? ops_tag_map (call->ctx, call->caller, VMM_TAG_NIC, ids, error) : NULL;
  if (tags == NULL)
    return FALSE;

  api_reply_string (reply, "NetworkInterfaceId", nic->id);
  api_reply_string (reply, "NetworkInterfaceName", nic->name);
  api_reply_string (reply, "Description", nic->description);
  api_reply_string (reply, "Type", "Secondary");
  api_reply_string (reply, "Status", vmm_nic_state_wire (nic->state));
  api_reply_string (reply, "VpcId", nic->vpc_id);
  api_reply_string (reply, "VSwitchId", nic->vswitch_id);
  api_reply_string (reply, "ZoneId", call->ctx->config->zone_id);
  api_reply_string (reply, "MacAddress", nic->mac);
  api_reply_string (reply, "PrivateIpAddress", nic->ip);
  ecs_write_private_ips (reply, nic);
  ecs_write_ipv6s (reply, nic);
  ecs_write_texts (reply, "SecurityGroupIds", "SecurityGroupId", nic->group_ids);
  api_reply_string (reply, "OwnerId", nic->account_id);
  api_reply_string (reply, "ResourceGroupId", "");
  api_reply_bool (reply, "ServiceManaged", FALSE);
  api_reply_bool (reply, "SourceDestCheck", TRUE);
  ecs_write_tags (reply, tags, nic->id);
  return TRUE;
}

/* ---- DeleteNetworkInterface, AttachNetworkInterface, DetachNetworkInterface ---- */

typedef struct
{
  char *id, *instance_id, *trunk, *wait;
} OneArgs;

static const ApiParam one_params[] = { NIC_ID (OneArgs, id) };

static const ApiParam attach_params[] = {
  NIC_ID (OneArgs, id),
  ECS_INSTANCE_ID (OneArgs, instance_id),
  ECS_REFUSED (OneArgs, trunk, "TrunkNetworkInstanceId",
               .doc = "Trunk interfaces are not offered here."),
  API_STR (OneArgs, wait, "WaitForNetworkConfigurationReady", .max_length = 8,
           API_CHOICES ("true", "false"), .doc = "Accepted; the answer never waits."),
};

static const ApiParam detach_params[] = {
  NIC_ID (OneArgs, id),
  ECS_INSTANCE_ID (OneArgs, instance_id),
  ECS_REFUSED (OneArgs, trunk, "TrunkNetworkInstanceId",
               .doc = "Trunk interfaces are not offered here."),
};

static gboolean
delete_nic (ApiCall *call, gconstpointer data, ApiReply *reply, GError **error)
{
  const OneArgs *args = data;

  return ops_nic_delete (call->ctx, call->caller, args->id, error);
}

static gboolean
attach_nic (ApiCall *call, gconstpointer data, ApiReply *reply, GError **error)
{
  const OneArgs *args = data;

  return ops_nic_attach (call->ctx, call->caller, args->id, args->instance_id, error);
}

static gboolean
detach_nic (ApiCall *call, gconstpointer data, ApiReply *reply, GError **error)
{
  const OneArgs *args = data;

  return ops_nic_detach (call->ctx, call->caller, args->id, args->instance_id, error);
}

/* ---- ModifyNetworkInterfaceAttribute ---- */

typedef struct
{
  char *id, *name, *description;
  char **group_ids;
  int delete_on_release;
  char *source_check, *primary_ipv6;
} ModifyArgs;

static const ApiParam modify_params[] = {
  NIC_ID (ModifyArgs, id),
  NIC_NAME (ModifyArgs, name, 0),
  ECS_DESCRIPTION (ModifyArgs, description, API_EMPTY_OK),
  API_STRLIST (ModifyArgs, group_ids, "SecurityGroupId", .max = 5, .max_length = 64,
               .format = &api_format_group_id, .error = VMM_ERROR_GROUP_NOT_FOUND,
               .doc = "The security groups it shall be in, in place of those it is in."),
  API_TRI (ModifyArgs, delete_on_release, "DeleteOnRelease",
           .doc = "Whether it is deleted with the instance that has it."),
  API_STR (ModifyArgs, source_check, "SourceDestCheck", .max_length = 8, API_CHOICES ("true"),
           .error = VMM_ERROR_UNSUPPORTED_PARAMETER,
           .doc = "The check of source addresses cannot be switched off; see CreateRouteEntry."),
  ECS_REFUSED (ModifyArgs, primary_ipv6, "EnablePrimaryIPv6", .doc = NO_PRIMARY_IPV6),
};

static gboolean
modify_nic (ApiCall *call, gconstpointer data, ApiReply *reply, GError **error)
{
  const ModifyArgs *args = data;
  const OpsNicChange change = {
    .name = args->name,
    .description = args->description,
    .group_ids = ecs_is_given (args->group_ids) ? (const char *const *) args->group_ids : NULL,
    .delete_with_instance = args->delete_on_release,
  };

  return ops_nic_modify (call->ctx, call->caller, args->id, &change, error);
}

/* ---- AssignPrivateIpAddresses, UnassignPrivateIpAddresses ---- */

typedef struct
{
  char *id;
  char **ips;
  int ip_count;
} AddressArgs;

static const ApiParam assign_params[] = {
  NIC_ID (AddressArgs, id),
  PRIVATE_IPS (AddressArgs, ips, 0, "Free addresses of its vswitch."),
  IP_COUNT (AddressArgs, ip_count),
};

static const ApiParam unassign_params[] = {
  NIC_ID (AddressArgs, id),
  PRIVATE_IPS (AddressArgs, ips, API_REQUIRED, "Secondary addresses that it has."),
};

#define A "AssignedPrivateIpAddressesSet."
static const ApiField assign_fields[] = {
  API_OUT_STR (A "NetworkInterfaceId", API_REQUIRED, "The network interface."),
  API_OUT_STR (A "PrivateIpSet.PrivateIpAddress[]", 0, "Its new addresses."),
};

static gboolean
assign_addresses (ApiCall *call, gconstpointer data, ApiReply *reply, GError **error)
{
  const AddressArgs *args = data;
  g_autoptr (GPtrArray) ips
      = ops_nic_assign (call->ctx, call->caller, args->id, (const char *const *) args->ips,
                        (guint) args->ip_count, error);

  if (ips == NULL)
    return FALSE;

  api_reply_begin (reply, "AssignedPrivateIpAddressesSet");
  api_reply_string (reply, "NetworkInterfaceId", args->id);
  ecs_write_texts (reply, "PrivateIpSet", "PrivateIpAddress", ips);
  api_reply_end (reply);
  return TRUE;
}

static gboolean
unassign_addresses (ApiCall *call, gconstpointer data, ApiReply *reply, GError **error)
{
  const AddressArgs *args = data;

  return ops_nic_unassign (call->ctx, call->caller, args->id, (const char *const *) args->ips,
                           error);
}

static const ApiAction actions[] = {
  { .name = "CreateNetworkInterface",
    .summary = "Makes a network interface that belongs to no instance yet.",
    .since = "0.2",
    .access = API_WRITE,
    .permission = "ecs:CreateNetworkInterface",
    .flags = API_DRY_RUN | API_CLIENT_TOKEN,
    .makes = VMM_TAG_NIC,
    .run = create_nic,
    API_PARAMS (CreateArgs, create_params),
    API_FIELDS (create_fields),
    API_ERRORS (VMM_ERROR_VSWITCH_NOT_FOUND, VMM_ERROR_VSWITCH_FULL, VMM_ERROR_GROUP_NOT_FOUND,
                VMM_ERROR_GROUP_VPC_MISMATCH, VMM_ERROR_GROUP_LIMIT, VMM_ERROR_PRIVATE_IP_MALFORMED,
                VMM_ERROR_PRIVATE_IP_USED, VMM_ERROR_NIC_ADDRESS_OUTSIDE,
                VMM_ERROR_NIC_ADDRESS_LIMIT, VMM_ERROR_NIC_QUOTA, ECS_IPV6_ERRORS,
                VMM_ERROR_GROUP_FULL, VMM_ERROR_NIC_NAME_MALFORMED, VMM_ERROR_DESCRIPTION_MALFORMED,
                VMM_ERROR_IDEMPOTENT_MISMATCH, VMM_ERROR_IDEMPOTENT_PROCESSING) },
  { .name = "DeleteNetworkInterface",
    .summary = "Deletes a network interface that is Available.",
    .since = "0.2",
    .access = API_WRITE,
    .permission = "ecs:DeleteNetworkInterface",
    .flags = API_DRY_RUN,
    .run = delete_nic,
    API_PARAMS (OneArgs, one_params),
    API_ERRORS (VMM_ERROR_NIC_NOT_FOUND, VMM_ERROR_NIC_STATUS, VMM_ERROR_DEPENDENCY_ROUTE) },
  { .name = "AttachNetworkInterface",
    .summary = "Gives a network interface to an instance that is Running or Stopped.",
    .since = "0.2",
    .access = API_WRITE,
    .permission = "ecs:AttachNetworkInterface",
    .flags = API_DRY_RUN,
    .run = attach_nic,
    API_PARAMS (OneArgs, attach_params),
    API_ERRORS (VMM_ERROR_NIC_NOT_FOUND, VMM_ERROR_INSTANCE_NOT_FOUND, VMM_ERROR_NIC_STATUS,
                VMM_ERROR_NIC_INSTANCE_STATUS, VMM_ERROR_NIC_LIMIT, VMM_ERROR_GROUP_VPC_MISMATCH) },
  { .name = "DetachNetworkInterface",
    .summary = "Takes a secondary network interface from an instance.",
    .since = "0.2",
    .access = API_WRITE,
    .permission = "ecs:DetachNetworkInterface",
    .flags = API_DRY_RUN,
    .run = detach_nic,
    API_PARAMS (OneArgs, detach_params),
    API_ERRORS (VMM_ERROR_NIC_NOT_FOUND, VMM_ERROR_INSTANCE_NOT_FOUND, VMM_ERROR_NIC_STATUS,
                VMM_ERROR_NIC_INSTANCE_STATUS, VMM_ERROR_NIC_PRIMARY) },
  { .name = "ModifyNetworkInterfaceAttribute",
    .summary = "Changes name, description, security groups or DeleteOnRelease of an interface.",
    .since = "0.2",
    .access = API_WRITE,
    .permission = "ecs:ModifyNetworkInterfaceAttribute",
    .flags = API_DRY_RUN,
    .run = modify_nic,
    API_PARAMS (ModifyArgs, modify_params),
    API_ERRORS (VMM_ERROR_GROUP_FULL, VMM_ERROR_NIC_NOT_FOUND, VMM_ERROR_NIC_STATUS,
                VMM_ERROR_NIC_INSTANCE_STATUS, VMM_ERROR_NIC_TYPE, VMM_ERROR_NIC_NAME_MALFORMED,
                VMM_ERROR_DESCRIPTION_MALFORMED, VMM_ERROR_GROUP_NOT_FOUND,
                VMM_ERROR_GROUP_VPC_MISMATCH, VMM_ERROR_GROUP_LIMIT) },
  { .name = "AssignPrivateIpAddresses",
    .summary = "Gives a network interface secondary addresses.",
    .since = "0.2",
    .access = API_WRITE,
    .permission = "ecs:AssignPrivateIpAddresses",
    .flags = API_DRY_RUN | API_CLIENT_TOKEN,
    .run = assign_addresses,
    API_PARAMS (AddressArgs, assign_params),
    API_FIELDS (assign_fields),
    API_ERRORS (VMM_ERROR_GROUP_FULL, VMM_ERROR_NIC_NOT_FOUND, VMM_ERROR_NIC_STATUS,
                VMM_ERROR_NIC_INSTANCE_STATUS, VMM_ERROR_NIC_ADDRESS_LIMIT,
                VMM_ERROR_NIC_ADDRESS_OUTSIDE, VMM_ERROR_NIC_ADDRESS_REPEATED,
                VMM_ERROR_PRIVATE_IP_MALFORMED, VMM_ERROR_PRIVATE_IP_USED, VMM_ERROR_VSWITCH_FULL,
                VMM_ERROR_IDEMPOTENT_MISMATCH, VMM_ERROR_IDEMPOTENT_PROCESSING) },
  { .name = "UnassignPrivateIpAddresses",
    .summary = "Takes secondary addresses from a network interface.",
    .since = "0.2",
    .access = API_WRITE,
    .permission = "ecs:UnassignPrivateIpAddresses",
    .flags = API_DRY_RUN,
    .run = unassign_addresses,
    API_PARAMS (AddressArgs, unassign_params),
    API_ERRORS (VMM_ERROR_NIC_NOT_FOUND, VMM_ERROR_NIC_STATUS, VMM_ERROR_NIC_INSTANCE_STATUS,
                VMM_ERROR_PRIVATE_IP_MALFORMED, VMM_ERROR_NIC_ADDRESS_UNASSIGNED,
                VMM_ERROR_DEPENDENCY) },
};

const ApiResource ecs_nic_change = API_RESOURCE ("nic-change", actions);
