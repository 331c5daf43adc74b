/* SPDX-License-Identifier: GPL-2.0-or-later */
/* VPCs. Each account has a default one. */
#include "config.h"

#include "ecs-common.h"
#include "ops-network.h"
#include "ops-tag.h"

#define VPC_ID(type, field)                                                                        \
  API_STR (type, field, "VpcId", .flags = API_REQUIRED, .max_length = 64,                          \
           .format = &api_format_vpc_id, .error = VMM_ERROR_VPC_NOT_FOUND, .doc = "The VPC.")
#define VPC_NAME(type, field)                                                                      \
  API_STR (type, field, "VpcName", .max_length = 512, .format = &ecs_format_instance_name,         \
           .error = VMM_ERROR_VPC_NAME_MALFORMED,                                                  \
           .doc = "A name of 2 to 128 characters that begins with a letter.")
#define USER_CIDR(type, field)                                                                     \
  ECS_REFUSED (type, field, "UserCidr", .doc = "Ranges of the user's own are not offered here.")
#define DNS_NAMES(type, field)                                                                     \
  ECS_REFUSED (type, field, "EnableDnsHostname",                                                   \
               .doc = "Host names in the DNS are not offered here.")
#define IPV6_CIDR(type, field)                                                                     \
  API_STR (type, field, "Ipv6CidrBlock", .max_length = 64, .format = &ecs_format_cidr6,            \
           .error = VMM_ERROR_CIDR6_MALFORMED,                                                     \
           .doc                                                                                    \
           = "Which /56 of the configured pool its IPv6 addresses are; otherwise a free one.")

/* ---- CreateVpc ---- */

typedef struct
{
  char *name, *description, *cidr;
  char *ipv6_cidr;
  gboolean ipv6;
  char *user_cidr, *dns_names, *resource_group_id;
  GArray *tags;
} CreateArgs;

static const ApiParam create_params[] = {
  VPC_NAME (CreateArgs, name),
  ECS_DESCRIPTION (CreateArgs, description, 0),
  API_STR (CreateArgs, cidr, "CidrBlock", .max_length = 18, .format = &api_format_ipv4_cidr,
           .error = VMM_ERROR_CIDR_MALFORMED,
           .doc = "Its addresses: 10.0.0.0/8, 172.16.0.0/12, 192.168.0.0/16 or a part of one, /8 "
                  "to /28. Otherwise 172.16.0.0/12."),
  USER_CIDR (CreateArgs, user_cidr),
  DNS_NAMES (CreateArgs, dns_names),
  API_BOOL (CreateArgs, ipv6, "EnableIpv6", .doc = "Give it IPv6 addresses too."),
  IPV6_CIDR (CreateArgs, ipv6_cidr),
  ECS_NO_RESOURCE_GROUP (CreateArgs, resource_group_id),
  API_NEW_TAG_PARAM (CreateArgs, tags),
};

static const ApiField create_fields[] = {
  API_OUT_STR ("VpcId", API_REQUIRED, "The new VPC."),
  API_OUT_STR ("VRouterId", API_REQUIRED, "Its router."),
  API_OUT_STR ("RouteTableId", API_REQUIRED, "The route table of its router."),
  API_OUT_STR ("ResourceGroupId", API_REQUIRED, "Always empty."),
};

static gboolean
create_vpc (ApiCall *call, gconstpointer data, ApiReply *reply, GError **error)
{
  const CreateArgs *args = data;
  const OpsVpcSpec spec = { .name = args->name,
                            .description = args->description,
                            .cidr = args->cidr,
                            .ipv6 = args->ipv6,
                            .ipv6_cidr = args->ipv6_cidr };
  g_autoptr (VmmVpc) vpc = ops_vpc_create (call->ctx, call->caller, &spec, error);

  if (vpc == NULL)
    return FALSE;

  api_reply_string (reply, "VpcId", vpc->id);
  api_reply_string (reply, "VRouterId", vpc->router_id);
  api_reply_string (reply, "RouteTableId", vpc->route_table_id);
  api_reply_string (reply, "ResourceGroupId", "");
  return TRUE;
}

/* ---- ModifyVpcAttribute, DeleteVpc ---- */

typedef struct
{
  char *id, *name, *description;
  char *ipv6_cidr;
  int ipv6;
  char *cidr, *user_cidr, *dns_names, *force;
} OneArgs;

static const ApiParam modify_params[] = {
  VPC_ID (OneArgs, id),
  VPC_NAME (OneArgs, name),
  ECS_DESCRIPTION (OneArgs, description, API_EMPTY_OK),
  ECS_REFUSED (OneArgs, cidr, "CidrBlock",
               .doc = "Changing the addresses of a VPC is not offered here."),
  USER_CIDR (OneArgs, user_cidr),
  DNS_NAMES (OneArgs, dns_names),
  API_TRI (OneArgs, ipv6, "EnableIPv6",
           .doc = "Whether it has IPv6 addresses too; taken only while no vswitch has them."),
  IPV6_CIDR (OneArgs, ipv6_cidr),
};

static gboolean
modify_vpc (ApiCall *call, gconstpointer data, ApiReply *reply, GError **error)
{
  const OneArgs *args = data;
  const OpsVpcChange change = { .name = args->name,
                                .description = args->description,
                                .ipv6 = args->ipv6 < 0 && args->ipv6_cidr != NULL ? 1 : args->ipv6,
                                .ipv6_cidr = args->ipv6_cidr };

  return ops_vpc_modify (call->ctx, call->caller, args->id, &change, error);
}

static const ApiParam delete_params[] = {
  VPC_ID (OneArgs, id),
  ECS_REFUSED (OneArgs, force, "ForceDelete",
               .doc = "Deleting what is in a VPC along with it is not offered here."),
};

static gboolean
delete_vpc (ApiCall *call, gconstpointer data, ApiReply *reply, GError **error)
{
  const OneArgs *args = data;

  return ops_vpc_delete (call->ctx, call->caller, args->id, error);
}

/* ---- DescribeVpcs, DescribeVpcAttribute ---- */

typedef struct
{
  ApiPage page;
  char **ids;
  char *name, *resource_group_id;
  int is_default;
  GArray *tags;
} ListArgs;

static const ApiParam list_params[] = {
  API_PAGE_PARAMS (ListArgs, page, 50),
  ECS_ID_FILTER (ListArgs, ids, "VpcId", "Ids of VPCs, with commas between them."),
  ECS_TEXT_FILTER (ListArgs, name, "VpcName", "The name; * stands for anything."),
  API_TRI (ListArgs, is_default, "IsDefault", .doc = "Whether it is the account's default one."),
  ECS_RESOURCE_GROUP_FILTER (ListArgs, resource_group_id, "VPC"),
  API_TAG_PARAM (ListArgs, tags),
};

/* What both actions show of a VPC, at @V. */
#define VPC_FIELDS(V)                                                                              \
  API_OUT_STR (V "VpcId", API_REQUIRED, "The VPC."),                                               \
      API_OUT_STR (V "VpcName", API_REQUIRED, "Its name."),                                        \
      API_OUT_STR (V "Description", API_REQUIRED, "Its description."),                             \
      API_OUT_STR (V "RegionId", API_REQUIRED, "The region."),                                     \
      API_OUT_STR (V "Status", API_REQUIRED, "Always Available."),                                 \
      API_OUT_STR (V "CidrBlock", API_REQUIRED, "Its addresses."),                                 \
      API_OUT_STR (V "Ipv6CidrBlock", API_REQUIRED, "Its IPv6 addresses; empty without."),         \
      API_OUT_STR (V "Ipv6CidrBlocks.Ipv6CidrBlock[].Ipv6CidrBlock", 0, "The same."),              \
      API_OUT_STR (V "VRouterId", API_REQUIRED, "Its router."),                                    \
      API_OUT_BOOL (V "IsDefault", API_REQUIRED, "Whether it is the account's default one."),      \
      API_OUT_STR (V "CreationTime", API_REQUIRED, "When it was made."),                           \
      API_OUT_STR (V "ResourceGroupId", API_REQUIRED, "Always empty."),                            \
      API_OUT_STR (V "VSwitchIds.VSwitchId[]", 0, "Its vswitches."),                               \
      API_OUT_STR (V "UserCidrs.UserCidr[]", 0, "None is ever listed."),                           \
      API_OUT_STR (V "Tags.Tag[].Key", 0, "A tag's key."),                                         \
      API_OUT_STR (V "Tags.Tag[].Value", 0, "A tag's value.")

static const ApiField list_fields[] = { VPC_FIELDS ("Vpcs.Vpc[]."), API_PAGE_FIELDS };

static const ApiField attribute_fields[] = {
  VPC_FIELDS (""),
  API_OUT_BOOL ("ClassicLinkEnabled", API_REQUIRED, "Always false."),
  API_OUT_STR ("DnsHostnameStatus", API_REQUIRED, "Always DISABLED."),
  API_OUT_STR ("SecondaryCidrBlocks.SecondaryCidrBlock[]", 0, "None is ever listed."),
  API_OUT_STR ("CloudResources.CloudResourceSetType[].ResourceType", 0, "None is ever listed."),
  API_OUT_INT ("CloudResources.CloudResourceSetType[].ResourceCount", 0, "None is ever listed."),
};

static void
write_ipv6 (const VmmVpc *vpc, ApiReply *reply)
{
  api_reply_string (reply, "Ipv6CidrBlock", vpc->ipv6_cidr);
  api_reply_list (reply, "Ipv6CidrBlocks", "Ipv6CidrBlock");
  if (*vpc->ipv6_cidr != '\0')
    {
      api_reply_item (reply);
      api_reply_string (reply, "Ipv6CidrBlock", vpc->ipv6_cidr);
      api_reply_end (reply);
    }
  api_reply_end (reply);
}

static gboolean
write_vpc (ApiCall *call, const VmmVpc *vpc, GHashTable *tags, ApiReply *reply, GError **error)
{
  g_autoptr (GPtrArray) vswitches = ops_vpc_vswitches (call->ctx, call->caller, vpc->id, error);

  if (vswitches == NULL)
    return FALSE;

  api_reply_string (reply, "VpcId", vpc->id);
  api_reply_string (reply, "VpcName", vpc->name);
  api_reply_string (reply, "Description", vpc->description);
  api_reply_string (reply, "RegionId", call->ctx->config->region_id);
  api_reply_string (reply, "Status", "Available");
  api_reply_string (reply, "CidrBlock", vpc->cidr);
  write_ipv6 (vpc, reply);
  api_reply_string (reply, "VRouterId", vpc->router_id);
  api_reply_bool (reply, "IsDefault", vpc->is_default);
  api_reply_second (reply, "CreationTime", vpc->created_ms);
  api_reply_string (reply, "ResourceGroupId", "");
  api_reply_list (reply, "VSwitchIds", "VSwitchId");
  for (guint i = 0; i < vswitches->len; i++)
    api_reply_item_string (reply, ((VmmVswitch *) vswitches->pdata[i])->id);
  api_reply_end (reply);
  api_reply_strings (reply, "UserCidrs", "UserCidr", NULL);
  ecs_write_vpc_tags (reply, tags, vpc->id);
  return TRUE;
}

static gboolean
describe_vpcs (ApiCall *call, gconstpointer data, ApiReply *reply, GError **error)
{
  const ListArgs *args = data;
  VmmPage page = api_page_get (&args->page);
  const VmmVpcQuery query = { .ids = (const char *const *) args->ids,
                              .name = args->name,
                              .is_default = args->is_default,
                              .tags = api_tags_get (args->tags) };
  g_auto (VmmPageInfo) info = { 0 };
  g_autoptr (GPtrArray) vpcs = NULL;
  g_autoptr (GHashTable) tags = NULL;

  if (!ecs_is_or_unset (args->resource_group_id, ""))
    {
      ecs_write_nothing (reply, &args->page, "Vpcs", "Vpc");
      return TRUE;
    }
  vpcs = ops_vpc_list (call->ctx, call->caller, &query, &page, &info, error);
  tags = vpcs != NULL ? ECS_TAGS_OF (call, VMM_TAG_VPC, vpcs, VmmVpc, id, error) : NULL;
  if (tags == NULL)
    return FALSE;

  api_reply_list (reply, "Vpcs", "Vpc");
  for (guint i = 0; i < vpcs->len; i++)
    {
      api_reply_item (reply);
      if (!write_vpc (call, vpcs->pdata[i], tags, reply, error))
        return FALSE;
      api_reply_end (reply);
    }
  api_reply_end (reply);
  api_reply_page (reply, &args->page, &info);
  return TRUE;
}

typedef struct
{
  char *id;
  int is_default;
} AttributeArgs;

static const ApiParam attribute_params[] = {
  VPC_ID (AttributeArgs, id),
  API_TRI (AttributeArgs, is_default, "IsDefault",
           .doc = "Whether it must be, or must not be, the account's default one."),
};

static gboolean
describe_vpc (ApiCall *call, gconstpointer data, ApiReply *reply, GError **error)
{
  const AttributeArgs *args = data;
  const char *const ids[] = { args->id, NULL };
  g_autoptr (VmmVpc) vpc = ops_vpc_get (call->ctx, call->caller, args->id, error);
  g_autoptr (GHashTable) tags = NULL;

  if (vpc == NULL)
    return FALSE;
  if (args->is_default >= 0 && args->is_default != vpc->is_default)
    return vmm_fail (error, VMM_ERROR_VPC_NOT_FOUND, "VPC '%s' is %s default one", vpc->id,
                     vpc->is_default ? "the" : "not the");
  tags = ops_tag_map (call->ctx, call->caller, VMM_TAG_VPC, ids, error);
  if (tags == NULL || !write_vpc (call, vpc, tags, reply, error))
    return FALSE;

  api_reply_bool (reply, "ClassicLinkEnabled", FALSE);
  api_reply_string (reply, "DnsHostnameStatus", "DISABLED");
  api_reply_strings (reply, "SecondaryCidrBlocks", "SecondaryCidrBlock", NULL);
  api_reply_strings (reply, "CloudResources", "CloudResourceSetType", NULL);
  return TRUE;
}

#define IPV6_ERRORS VMM_ERROR_CIDR6_MALFORMED, VMM_ERROR_CIDR6_EXHAUSTED, VMM_ERROR_CIDR_CONFLICT

static const ApiAction actions[] = {
  { .name = "CreateVpc",
    .summary = "Makes a VPC with its router and route table.",
    .since = "0.1",
    ECS_BOTH_VERSIONS,
    .access = API_WRITE,
    .permission = "vpc:CreateVpc",
    .flags = API_DRY_RUN | API_CLIENT_TOKEN,
    .makes = VMM_TAG_VPC,
    .run = create_vpc,
    API_PARAMS (CreateArgs, create_params),
    API_FIELDS (create_fields),
    API_ERRORS (VMM_ERROR_CIDR_MALFORMED, VMM_ERROR_VPC_NAME_MALFORMED,
                VMM_ERROR_DESCRIPTION_MALFORMED, VMM_ERROR_VPC_NOT_FOUND, VMM_ERROR_VPC_QUOTA,
                IPV6_ERRORS) },
  { .name = "ModifyVpcAttribute",
    .summary = "Changes the name or description of a VPC, or whether it has IPv6.",
    .since = "0.1",
    ECS_BOTH_VERSIONS,
    .access = API_WRITE,
    .permission = "vpc:ModifyVpcAttribute",
    .flags = API_DRY_RUN,
    .run = modify_vpc,
    API_PARAMS (OneArgs, modify_params),
    API_ERRORS (VMM_ERROR_VPC_NOT_FOUND, VMM_ERROR_VPC_NAME_MALFORMED,
                VMM_ERROR_DESCRIPTION_MALFORMED, VMM_ERROR_DEPENDENCY, IPV6_ERRORS) },
  { .name = "DeleteVpc",
    .summary = "Deletes a VPC in which no vswitch and no security group is left.",
    .since = "0.1",
    ECS_BOTH_VERSIONS,
    .access = API_WRITE,
    .permission = "vpc:DeleteVpc",
    .flags = API_DRY_RUN | API_CLIENT_TOKEN,
    .run = delete_vpc,
    API_PARAMS (OneArgs, delete_params),
    API_ERRORS (VMM_ERROR_VPC_NOT_FOUND, VMM_ERROR_VPC_HAS_VSWITCH, VMM_ERROR_VPC_HAS_GROUP,
                VMM_ERROR_VPC_HAS_NAT, VMM_ERROR_DEPENDENCY) },
  { .name = "DescribeVpcs",
    .summary = "Lists VPCs, newest first.",
    .since = "0.1",
    ECS_BOTH_VERSIONS,
    .access = API_READ,
    .permission = "vpc:DescribeVpcs",
    .run = describe_vpcs,
    API_PARAMS (ListArgs, list_params),
    API_FIELDS (list_fields) },
  { .name = "DescribeVpcAttribute",
    .summary = "Shows one VPC.",
    .since = "0.1",
    API_VERSIONS (API_VPC_VERSION),
    .access = API_READ,
    .permission = "vpc:DescribeVpcAttribute",
    .run = describe_vpc,
    API_PARAMS (AttributeArgs, attribute_params),
    API_FIELDS (attribute_fields),
    API_ERRORS (VMM_ERROR_VPC_NOT_FOUND) },
};

const ApiResource ecs_vpc = API_RESOURCE ("vpc", actions);
