/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Vswitches: the ranges of a VPC that instances have their addresses from. */
#include "config.h"

#include "ecs-common.h"
#include "ops-network.h"

#define VSWITCH_ID(type, field)                                                                    \
  API_STR (type, field, "VSwitchId", .flags = API_REQUIRED, .max_length = 64,                      \
           .format = &api_format_vswitch_id, .error = VMM_ERROR_VSWITCH_NOT_FOUND,                 \
           .doc = "The vswitch.")
#define VSWITCH_NAME(type, field)                                                                  \
  API_STR (type, field, "VSwitchName", .max_length = 512, .format = &ecs_format_instance_name,     \
           .error = VMM_ERROR_VSWITCH_NAME_MALFORMED,                                              \
           .doc = "A name of 2 to 128 characters that begins with a letter.")

#define IPV6_NUMBER(type, field, doc_)                                                             \
  API_INT (type, field, "Ipv6CidrBlock", .fallback = "-1", .min = 0, .max = 255,                   \
           .error = VMM_ERROR_CIDR6_MALFORMED,                                                     \
           .doc = "Which /64 of the VPC's IPv6 addresses are its; " doc_)

/* ---- CreateVSwitch ---- */

typedef struct
{
  char *vpc_id, *zone_id, *cidr, *name, *description;
  int ipv6_number;
  GArray *tags;
} CreateArgs;

static const ApiParam create_params[] = {
  API_STR (CreateArgs, vpc_id, "VpcId", .flags = API_REQUIRED, .max_length = 64,
           .format = &api_format_vpc_id, .error = VMM_ERROR_VPC_NOT_FOUND, .doc = "Its VPC."),
  API_STR (CreateArgs, zone_id, "ZoneId", .flags = API_REQUIRED, .max_length = 64,
           .doc = "Its zone."),
  API_STR (CreateArgs, cidr, "CidrBlock", .flags = API_REQUIRED, .max_length = 18,
           .format = &api_format_ipv4_cidr, .error = VMM_ERROR_CIDR_MALFORMED,
           .doc = "Its addresses: a part of those of the VPC, /16 to /29, that no other vswitch "
                  "there has. The first and the last three are not given to instances."),
  VSWITCH_NAME (CreateArgs, name),
  ECS_DESCRIPTION (CreateArgs, description, 0),
  IPV6_NUMBER (CreateArgs, ipv6_number, "otherwise it has no IPv6 addresses."),
  API_NEW_TAG_PARAM (CreateArgs, tags),
};

static const ApiField create_fields[] = {
  API_OUT_STR ("VSwitchId", API_REQUIRED, "The new vswitch."),
};

static gboolean
create_vswitch (ApiCall *call, gconstpointer data, ApiReply *reply, GError **error)
{
  const CreateArgs *args = data;
  const OpsVswitchSpec spec = { .vpc_id = args->vpc_id,
                                .zone_id = args->zone_id,
                                .cidr = args->cidr,
                                .name = args->name,
                                .description = args->description,
                                .ipv6 = args->ipv6_number >= 0,
                                .ipv6_number = (guint) MAX (args->ipv6_number, 0) };
  g_autoptr (VmmVswitch) vswitch = NULL;

  if (!ecs_check_zone (call, args->zone_id, error))
    return FALSE;
  vswitch = ops_vswitch_create (call->ctx, call->caller, &spec, error);
  if (vswitch == NULL)
    return FALSE;

  api_reply_string (reply, "VSwitchId", vswitch->id);
  return TRUE;
}

/* ---- ModifyVSwitchAttribute, DeleteVSwitch ---- */

typedef struct
{
  char *id, *name, *description;
  int ipv6, ipv6_number;
} OneArgs;

static const ApiParam modify_params[] = {
  VSWITCH_ID (OneArgs, id),
  VSWITCH_NAME (OneArgs, name),
  ECS_DESCRIPTION (OneArgs, description, API_EMPTY_OK),
  API_TRI (OneArgs, ipv6, "EnableIPv6",
           .doc = "Whether it has IPv6 addresses too; taken only while no interface has one."),
  IPV6_NUMBER (OneArgs, ipv6_number, "with EnableIPv6, otherwise a free one."),
};

static const ApiParam one_params[] = {
  VSWITCH_ID (OneArgs, id),
};

static gboolean
modify_vswitch (ApiCall *call, gconstpointer data, ApiReply *reply, GError **error)
{
  const OneArgs *args = data;
  const OpsVswitchChange change
      = { .name = args->name,
          .description = args->description,
          .ipv6 = args->ipv6 < 0 && args->ipv6_number >= 0 ? 1 : args->ipv6,
          .ipv6_number = args->ipv6_number };

  return ops_vswitch_modify (call->ctx, call->caller, args->id, &change, error);
}

static gboolean
delete_vswitch (ApiCall *call, gconstpointer data, ApiReply *reply, GError **error)
{
  const OneArgs *args = data;

  return ops_vswitch_delete (call->ctx, call->caller, args->id, error);
}

/* ---- DescribeVSwitches, DescribeVSwitchAttributes ---- */

typedef struct
{
  ApiPage page;
  char **ids;
  char *vpc_id, *zone_id, *name, *route_table_id, *resource_group_id;
  int is_default;
  GArray *tags;
} ListArgs;

static const ApiParam list_params[] = {
  API_PAGE_PARAMS (ListArgs, page, 50),
  ECS_ID_FILTER (ListArgs, ids, "VSwitchId", "Ids of vswitches, with commas between them."),
  ECS_TEXT_FILTER (ListArgs, vpc_id, "VpcId", "The VPC."),
  ECS_ZONE_ID (ListArgs, zone_id),
  ECS_TEXT_FILTER (ListArgs, name, "VSwitchName", "The name; * stands for anything."),
  ECS_TEXT_FILTER (ListArgs, route_table_id, "RouteTableId", "The route table of the VPC."),
  API_TRI (ListArgs, is_default, "IsDefault", .doc = "Whether it is the account's default one."),
  ECS_RESOURCE_GROUP_FILTER (ListArgs, resource_group_id, "vswitch"),
  API_TAG_PARAM (ListArgs, tags),
};

/* What both actions show of a vswitch, at @S. */
#define VSWITCH_FIELDS(S)                                                                          \
  API_OUT_STR (S "VSwitchId", API_REQUIRED, "The vswitch."),                                       \
      API_OUT_STR (S "VSwitchName", API_REQUIRED, "Its name."),                                    \
      API_OUT_STR (S "Description", API_REQUIRED, "Its description."),                             \
      API_OUT_STR (S "VpcId", API_REQUIRED, "Its VPC."),                                           \
      API_OUT_STR (S "ZoneId", API_REQUIRED, "Its zone."),                                         \
      API_OUT_STR (S "Status", API_REQUIRED, "Always Available."),                                 \
      API_OUT_STR (S "CidrBlock", API_REQUIRED, "Its addresses."),                                 \
      API_OUT_STR (S "Ipv6CidrBlock", API_REQUIRED, "Its IPv6 addresses; empty without."),         \
      API_OUT_INT (S "AvailableIpAddressCount", API_REQUIRED, "How many are free for instances."), \
      API_OUT_BOOL (S "IsDefault", API_REQUIRED, "Whether it is the account's default one."),      \
      API_OUT_STR (S "CreationTime", API_REQUIRED, "When it was made."),                           \
      API_OUT_STR (S "ResourceGroupId", API_REQUIRED, "Always empty."),                            \
      API_OUT_STR (S "Tags.Tag[].Key", 0, "A tag's key."),                                         \
      API_OUT_STR (S "Tags.Tag[].Value", 0, "A tag's value.")

static const ApiField list_fields[] = { VSWITCH_FIELDS ("VSwitches.VSwitch[]."), API_PAGE_FIELDS };

static const ApiField attribute_fields[] = {
  VSWITCH_FIELDS (""),
  API_OUT_STR ("RouteTable.RouteTableId", API_REQUIRED, "The route table of its VPC."),
  API_OUT_STR ("RouteTable.RouteTableType", API_REQUIRED, "Always System."),
};

static void
write_vswitch (ApiReply *reply, const VmmVswitch *vswitch, guint32 n_free, GHashTable *tags)
{
  api_reply_string (reply, "VSwitchId", vswitch->id);
  api_reply_string (reply, "VSwitchName", vswitch->name);
  api_reply_string (reply, "Description", vswitch->description);
  api_reply_string (reply, "VpcId", vswitch->vpc_id);
  api_reply_string (reply, "ZoneId", vswitch->zone_id);
  api_reply_string (reply, "Status", "Available");
  api_reply_string (reply, "CidrBlock", vswitch->cidr);
  api_reply_string (reply, "Ipv6CidrBlock", vswitch->ipv6_cidr);
  api_reply_int (reply, "AvailableIpAddressCount", n_free);
  api_reply_bool (reply, "IsDefault", vswitch->is_default);
  api_reply_second (reply, "CreationTime", vswitch->created_ms);
  api_reply_string (reply, "ResourceGroupId", "");
  ecs_write_vpc_tags (reply, tags, vswitch->id);
}

static gboolean
describe_vswitches (ApiCall *call, gconstpointer data, ApiReply *reply, GError **error)
{
  const ListArgs *args = data;
  VmmPage page = api_page_get (&args->page);
  const VmmVswitchQuery query = { .ids = (const char *const *) args->ids,
                                  .vpc_id = args->vpc_id,
                                  .name = args->name,
                                  .route_table_id = args->route_table_id,
                                  .is_default = args->is_default,
                                  .tags = api_tags_get (args->tags) };
  g_auto (VmmPageInfo) info = { 0 };
  g_autoptr (GPtrArray) vswitches = NULL;
  g_autoptr (GArray) free_counts = NULL;
  g_autoptr (GHashTable) tags = NULL;

  if (!ecs_check_zone (call, args->zone_id, error))
    return FALSE;
  if (!ecs_is_or_unset (args->resource_group_id, ""))
    {
      ecs_write_nothing (reply, &args->page, "VSwitches", "VSwitch");
      return TRUE;
    }
  vswitches = ops_vswitch_list (call->ctx, call->caller, &query, &page, &info, &free_counts, error);
  tags = vswitches != NULL ? ECS_TAGS_OF (call, VMM_TAG_VSWITCH, vswitches, VmmVswitch, id, error)
                           : NULL;
  if (tags == NULL)
    return FALSE;

  api_reply_list (reply, "VSwitches", "VSwitch");
  for (guint i = 0; i < vswitches->len; i++)
    {
      api_reply_item (reply);
      write_vswitch (reply, vswitches->pdata[i], g_array_index (free_counts, guint32, i), tags);
      api_reply_end (reply);
    }
  api_reply_end (reply);
  api_reply_page (reply, &args->page, &info);
  return TRUE;
}

static gboolean
describe_vswitch (ApiCall *call, gconstpointer data, ApiReply *reply, GError **error)
{
  const OneArgs *args = data;
  const char *const ids[] = { args->id, NULL };
  const VmmVswitchQuery query = { .ids = ids, .is_default = -1 };
  const VmmPage page = { .number = 1, .size = 1 };
  g_auto (VmmPageInfo) info = { 0 };
  g_autoptr (GArray) free_counts = NULL;
  g_autoptr (GHashTable) tags = NULL;
  g_autoptr (GPtrArray) vswitches
      = ops_vswitch_list (call->ctx, call->caller, &query, &page, &info, &free_counts, error);
  g_autoptr (VmmVpc) vpc = NULL;

  tags = vswitches != NULL ? ECS_TAGS_OF (call, VMM_TAG_VSWITCH, vswitches, VmmVswitch, id, error)
                           : NULL;
  if (tags == NULL)
    return FALSE;
  if (vswitches->len == 0)
    return vmm_fail (error, VMM_ERROR_VSWITCH_NOT_FOUND, "the specified '%s' does not exist",
                     args->id);
  vpc = ops_vpc_get (call->ctx, call->caller, ((VmmVswitch *) vswitches->pdata[0])->vpc_id, error);
  if (vpc == NULL)
    return FALSE;

  write_vswitch (reply, vswitches->pdata[0], g_array_index (free_counts, guint32, 0), tags);
  api_reply_begin (reply, "RouteTable");
  api_reply_string (reply, "RouteTableId", vpc->route_table_id);
  api_reply_string (reply, "RouteTableType", "System");
  api_reply_end (reply);
  return TRUE;
}

#define IPV6_ERRORS VMM_ERROR_VPC_NO_IPV6, VMM_ERROR_CIDR6_MALFORMED, VMM_ERROR_CIDR6_EXHAUSTED

static const ApiAction actions[] = {
  { .name = "CreateVSwitch",
    .summary = "Makes a vswitch in a VPC.",
    .since = "0.1",
    ECS_BOTH_VERSIONS,
    .access = API_WRITE,
    .permission = "vpc:CreateVSwitch",
    .flags = API_DRY_RUN | API_CLIENT_TOKEN,
    .makes = VMM_TAG_VSWITCH,
    .run = create_vswitch,
    API_PARAMS (CreateArgs, create_params),
    API_FIELDS (create_fields),
    API_ERRORS (VMM_ERROR_VPC_NOT_FOUND, VMM_ERROR_ZONE_NOT_FOUND, VMM_ERROR_CIDR_MALFORMED,
                VMM_ERROR_CIDR_CONFLICT, VMM_ERROR_VSWITCH_NAME_MALFORMED,
                VMM_ERROR_DESCRIPTION_MALFORMED, VMM_ERROR_VSWITCH_NOT_FOUND,
                VMM_ERROR_VSWITCH_QUOTA, IPV6_ERRORS) },
  { .name = "ModifyVSwitchAttribute",
    .summary = "Changes the name or description of a vswitch, or whether it has IPv6.",
    .since = "0.1",
    ECS_BOTH_VERSIONS,
    .access = API_WRITE,
    .permission = "vpc:ModifyVSwitchAttribute",
    .flags = API_DRY_RUN,
    .run = modify_vswitch,
    API_PARAMS (OneArgs, modify_params),
    API_ERRORS (VMM_ERROR_VSWITCH_NOT_FOUND, VMM_ERROR_VSWITCH_NAME_MALFORMED,
                VMM_ERROR_DESCRIPTION_MALFORMED, VMM_ERROR_DEPENDENCY, VMM_ERROR_CIDR_CONFLICT,
                IPV6_ERRORS) },
  { .name = "DeleteVSwitch",
    .summary = "Deletes a vswitch of which no instance has an address.",
    .since = "0.1",
    ECS_BOTH_VERSIONS,
    .access = API_WRITE,
    .permission = "vpc:DeleteVSwitch",
    .flags = API_DRY_RUN,
    .run = delete_vswitch,
    API_PARAMS (OneArgs, one_params),
    API_ERRORS (VMM_ERROR_VSWITCH_NOT_FOUND, VMM_ERROR_DEPENDENCY) },
  { .name = "DescribeVSwitches",
    .summary = "Lists vswitches, newest first.",
    .since = "0.1",
    ECS_BOTH_VERSIONS,
    .access = API_READ,
    .permission = "vpc:DescribeVSwitches",
    .run = describe_vswitches,
    API_PARAMS (ListArgs, list_params),
    API_FIELDS (list_fields),
    API_ERRORS (VMM_ERROR_ZONE_NOT_FOUND) },
  { .name = "DescribeVSwitchAttributes",
    .summary = "Shows one vswitch.",
    .since = "0.1",
    API_VERSIONS (API_VPC_VERSION),
    .access = API_READ,
    .permission = "vpc:DescribeVSwitchAttributes",
    .run = describe_vswitch,
    API_PARAMS (OneArgs, one_params),
    API_FIELDS (attribute_fields),
    API_ERRORS (VMM_ERROR_VSWITCH_NOT_FOUND, VMM_ERROR_VPC_NOT_FOUND) },
};

const ApiResource ecs_vswitch = API_RESOURCE ("vswitch", actions);
