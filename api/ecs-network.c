/* SPDX-License-Identifier: GPL-2.0-or-later */
/* VPCs and vswitches. Each account has a default one of either. */
#include "config.h"

#include "ecs-common.h"
#include "ops-network.h"

/* More vswitches of one VPC are not listed beside it; DescribeVSwitches has them all. */
#define MAX_VSWITCHES 100

typedef struct
{
  ApiPage page;
  char **vpc_ids, **vswitch_ids;
  char *vpc_id, *zone_id, *name, *resource_group_id;
  int is_default;
  GArray *tags;
} ListArgs;

/* ---- DescribeVpcs ---- */

static const ApiParam vpc_params[] = {
  API_PAGE_PARAMS (ListArgs, page, 50),
  ECS_ID_FILTER (ListArgs, vpc_ids, "VpcId", "Ids of VPCs, with commas between them."),
  ECS_REFUSED_FILTER (ListArgs, name, "VpcName", .doc = "Filtering by name is not offered here."),
  API_TRI (ListArgs, is_default, "IsDefault", .doc = "All VPCs here are default ones."),
  ECS_TEXT_FILTER (ListArgs, resource_group_id, "ResourceGroupId",
                   "No VPC here is in a resource group."),
  API_TAG_PARAM (ListArgs, tags),
};

#define V "Vpcs.Vpc[]."
static const ApiField vpc_fields[] = {
  API_OUT_STR (V "VpcId", API_REQUIRED, "The VPC."),
  API_OUT_STR (V "VpcName", API_REQUIRED, "Its name."),
  API_OUT_STR (V "Description", API_REQUIRED, "Always empty."),
  API_OUT_STR (V "RegionId", API_REQUIRED, "The region."),
  API_OUT_STR (V "Status", API_REQUIRED, "Always Available."),
  API_OUT_STR (V "CidrBlock", API_REQUIRED, "Its addresses."),
  API_OUT_STR (V "VRouterId", API_REQUIRED, "Always empty."),
  API_OUT_BOOL (V "IsDefault", API_REQUIRED, "Whether it is the account's default one."),
  API_OUT_STR (V "CreationTime", API_REQUIRED, "When it was made."),
  API_OUT_STR (V "ResourceGroupId", API_REQUIRED, "Always empty."),
  API_OUT_STR (V "VSwitchIds.VSwitchId[]", 0, "Its vswitches."),
  API_OUT_STR (V "UserCidrs.UserCidr[]", 0, "None is ever listed."),
  API_PAGE_FIELDS,
};

static gboolean
write_vpc (ApiCall *call, const VmmVpc *vpc, ApiReply *reply, GError **error)
{
  VmmPage page = { .number = 1, .size = MAX_VSWITCHES };
  g_auto (VmmPageInfo) info = { 0 };
  g_autoptr (GPtrArray) vswitches
      = ops_vswitch_list (call->ctx, call->caller, NULL, vpc->id, &page, &info, NULL, error);

  if (vswitches == NULL)
    return FALSE;

  api_reply_item (reply);
  api_reply_string (reply, "VpcId", vpc->id);
  api_reply_string (reply, "VpcName", vpc->name);
  api_reply_string (reply, "Description", "");
  api_reply_string (reply, "RegionId", call->ctx->config->region_id);
  api_reply_string (reply, "Status", "Available");
  api_reply_string (reply, "CidrBlock", vpc->cidr);
  api_reply_string (reply, "VRouterId", "");
  api_reply_bool (reply, "IsDefault", vpc->is_default);
  api_reply_second (reply, "CreationTime", vpc->created_ms);
  api_reply_string (reply, "ResourceGroupId", "");
  api_reply_list (reply, "VSwitchIds", "VSwitchId");
  for (guint i = 0; i < vswitches->len; i++)
    api_reply_item_string (reply, ((VmmVswitch *) vswitches->pdata[i])->id);
  api_reply_end (reply);
  api_reply_strings (reply, "UserCidrs", "UserCidr", NULL);
  api_reply_end (reply);
  return TRUE;
}

/* Whether the filters on what is the same for all here let any pass. */
static gboolean
constants_pass (const ListArgs *args)
{
  return args->is_default != 0 && ecs_is_or_unset (args->resource_group_id, "")
         && args->tags->len == 0;
}

static gboolean
describe_vpcs (ApiCall *call, gconstpointer data, ApiReply *reply, GError **error)
{
  const ListArgs *args = data;
  VmmPage page = api_page_get (&args->page);
  g_auto (VmmPageInfo) info = { 0 };
  g_autoptr (GPtrArray) vpcs = NULL;

  if (!constants_pass (args))
    {
      ecs_write_nothing (reply, &args->page, "Vpcs", "Vpc");
      return TRUE;
    }
  vpcs = ops_vpc_list (call->ctx, call->caller, (const char *const *) args->vpc_ids, &page, &info,
                       error);
  if (vpcs == NULL)
    return FALSE;

  api_reply_list (reply, "Vpcs", "Vpc");
  for (guint i = 0; i < vpcs->len; i++)
    if (!write_vpc (call, vpcs->pdata[i], reply, error))
      return FALSE;
  api_reply_end (reply);
  api_reply_page (reply, &args->page, &info);
  return TRUE;
}

/* ---- DescribeVSwitches ---- */

static const ApiParam vswitch_params[] = {
  API_PAGE_PARAMS (ListArgs, page, 50),
  ECS_ID_FILTER (ListArgs, vswitch_ids, "VSwitchId", "Ids of vswitches, with commas between them."),
  ECS_TEXT_FILTER (ListArgs, vpc_id, "VpcId", "The VPC."),
  ECS_ZONE_ID (ListArgs, zone_id),
  ECS_REFUSED_FILTER (ListArgs, name, "VSwitchName",
                      .doc = "Filtering by name is not offered here."),
  API_TRI (ListArgs, is_default, "IsDefault", .doc = "All vswitches here are default ones."),
  ECS_TEXT_FILTER (ListArgs, resource_group_id, "ResourceGroupId",
                   "No vswitch here is in a resource group."),
  API_TAG_PARAM (ListArgs, tags),
};

#define S "VSwitches.VSwitch[]."
static const ApiField vswitch_fields[] = {
  API_OUT_STR (S "VSwitchId", API_REQUIRED, "The vswitch."),
  API_OUT_STR (S "VSwitchName", API_REQUIRED, "Its name."),
  API_OUT_STR (S "Description", API_REQUIRED, "Always empty."),
  API_OUT_STR (S "VpcId", API_REQUIRED, "Its VPC."),
  API_OUT_STR (S "ZoneId", API_REQUIRED, "Its zone."),
  API_OUT_STR (S "Status", API_REQUIRED, "Always Available."),
  API_OUT_STR (S "CidrBlock", API_REQUIRED, "Its addresses."),
  API_OUT_INT (S "AvailableIpAddressCount", API_REQUIRED, "How many are free for instances."),
  API_OUT_BOOL (S "IsDefault", API_REQUIRED, "Whether it is the account's default one."),
  API_OUT_STR (S "CreationTime", API_REQUIRED, "When it was made."),
  API_OUT_STR (S "ResourceGroupId", API_REQUIRED, "Always empty."),
  API_PAGE_FIELDS,
};

static void
write_vswitch (ApiReply *reply, const VmmVswitch *vswitch, guint32 n_free)
{
  api_reply_item (reply);
  api_reply_string (reply, "VSwitchId", vswitch->id);
  api_reply_string (reply, "VSwitchName", vswitch->name);
  api_reply_string (reply, "Description", "");
  api_reply_string (reply, "VpcId", vswitch->vpc_id);
  api_reply_string (reply, "ZoneId", vswitch->zone_id);
  api_reply_string (reply, "Status", "Available");
  api_reply_string (reply, "CidrBlock", vswitch->cidr);
  api_reply_int (reply, "AvailableIpAddressCount", n_free);
  api_reply_bool (reply, "IsDefault", vswitch->is_default);
  api_reply_second (reply, "CreationTime", vswitch->created_ms);
  api_reply_string (reply, "ResourceGroupId", "");
  api_reply_end (reply);
}

static gboolean
describe_vswitches (ApiCall *call, gconstpointer data, ApiReply *reply, GError **error)
{
  const ListArgs *args = data;
  VmmPage page = api_page_get (&args->page);
  g_auto (VmmPageInfo) info = { 0 };
  g_autoptr (GPtrArray) vswitches = NULL;
  g_autoptr (GArray) free_counts = NULL;

  if (!ecs_check_zone (call, args->zone_id, error))
    return FALSE;
  if (!constants_pass (args))
    {
      ecs_write_nothing (reply, &args->page, "VSwitches", "VSwitch");
      return TRUE;
    }
  vswitches = ops_vswitch_list (call->ctx, call->caller, (const char *const *) args->vswitch_ids,
                                args->vpc_id, &page, &info, &free_counts, error);
  if (vswitches == NULL)
    return FALSE;

  api_reply_list (reply, "VSwitches", "VSwitch");
  for (guint i = 0; i < vswitches->len; i++)
    write_vswitch (reply, vswitches->pdata[i], g_array_index (free_counts, guint32, i));
  api_reply_end (reply);
  api_reply_page (reply, &args->page, &info);
  return TRUE;
}

static const ApiAction actions[] = {
  { .name = "DescribeVpcs",
    .summary = "Lists VPCs.",
    .since = "0.1",
    API_VERSIONS (API_ECS_VERSION, API_VPC_VERSION),
    .access = API_READ,
    .permission = "vpc:DescribeVpcs",
    .run = describe_vpcs,
    API_PARAMS (ListArgs, vpc_params),
    API_FIELDS (vpc_fields) },
  { .name = "DescribeVSwitches",
    .summary = "Lists vswitches.",
    .since = "0.1",
    API_VERSIONS (API_ECS_VERSION, API_VPC_VERSION),
    .access = API_READ,
    .permission = "vpc:DescribeVSwitches",
    .run = describe_vswitches,
    API_PARAMS (ListArgs, vswitch_params),
    API_FIELDS (vswitch_fields),
    API_ERRORS (VMM_ERROR_ZONE_NOT_FOUND) },
};

const ApiResource ecs_network = API_RESOURCE ("network", actions);
