/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Routers and route tables. Each VPC has one router with one table: they are parts of the VPC. */
#include "config.h"

#include "ecs-common.h"
#include "ops-network.h"
#include "ops-route.h"

#define ROUTER_ID_FILTER(type, field, name)                                                        \
  ECS_ID_FILTER (type, field, name, "Ids of routers, with commas between them.")

/* ---- DescribeVRouters, ModifyVRouterAttribute ---- */

typedef struct
{
  ApiPage page;
  char **ids;
} RouterListArgs;

static const ApiParam router_list_params[] = {
  API_PAGE_PARAMS (RouterListArgs, page, 50),
  ROUTER_ID_FILTER (RouterListArgs, ids, "VRouterId"),
};

#define R "VRouters.VRouter[]."
static const ApiField router_list_fields[] = {
  API_OUT_STR (R "VRouterId", API_REQUIRED, "The router."),
  API_OUT_STR (R "VRouterName", API_REQUIRED, "Its name."),
  API_OUT_STR (R "Description", API_REQUIRED, "Its description."),
  API_OUT_STR (R "RegionId", API_REQUIRED, "The region."),
  API_OUT_STR (R "VpcId", API_REQUIRED, "Its VPC."),
  API_OUT_STR (R "CreationTime", API_REQUIRED, "When it was made."),
  API_OUT_STR (R "RouteTableIds.RouteTableId[]", 0, "Its route table."),
  API_PAGE_FIELDS,
};

static void
write_router (ApiCall *call, ApiReply *reply, const VmmVpc *vpc)
{
  const char *const tables[] = { vpc->route_table_id, NULL };

  api_reply_item (reply);
  api_reply_string (reply, "VRouterId", vpc->router_id);
  api_reply_string (reply, "VRouterName", vpc->router_name);
  api_reply_string (reply, "Description", vpc->router_description);
  api_reply_string (reply, "RegionId", call->ctx->config->region_id);
  api_reply_string (reply, "VpcId", vpc->id);
  api_reply_second (reply, "CreationTime", vpc->created_ms);
  api_reply_strings (reply, "RouteTableIds", "RouteTableId", tables);
  api_reply_end (reply);
}

static gboolean
describe_routers (ApiCall *call, gconstpointer data, ApiReply *reply, GError **error)
{
  const RouterListArgs *args = data;
  const VmmVpcQuery query = { .router_ids = (const char *const *) args->ids, .is_default = -1 };
  VmmPage page = api_page_get (&args->page);
  g_auto (VmmPageInfo) info = { 0 };
  g_autoptr (GPtrArray) vpcs = ops_vpc_list (call->ctx, call->caller, &query, &page, &info, error);

  if (vpcs == NULL)
    return FALSE;

  api_reply_list (reply, "VRouters", "VRouter");
  for (guint i = 0; i < vpcs->len; i++)
    write_router (call, reply, vpcs->pdata[i]);
  api_reply_end (reply);
  api_reply_page (reply, &args->page, &info);
  return TRUE;
}

typedef struct
{
  char *id, *name, *description;
} RouterArgs;

static const ApiParam router_params[] = {
  API_STR (RouterArgs, id, "VRouterId", .flags = API_REQUIRED, .max_length = 64,
           .doc = "The router."),
  API_STR (RouterArgs, name, "VRouterName", .max_length = 512, .format = &ecs_format_instance_name,
           .error = VMM_ERROR_ROUTER_NAME_MALFORMED,
           .doc = "A new name of 2 to 128 characters that begins with a letter."),
  ECS_DESCRIPTION (RouterArgs, description, API_EMPTY_OK),
};

static gboolean
modify_router (ApiCall *call, gconstpointer data, ApiReply *reply, GError **error)
{
  const RouterArgs *args = data;

  return ops_router_modify (call->ctx, call->caller, args->id, args->name, args->description,
                            error);
}

/* ---- DescribeRouteTables, DescribeRouteTableList ---- */

typedef struct
{
  ApiPage page;
  char **router_ids, **more_router_ids;
  char *table_id, *table_name, *table_type, *router_type, *vpc_id, *resource_group_id;
  GArray *tags;
} TableArgs;

/* @TYPE: what the filter by type is called. */
#define TABLE_PARAMS(TYPE)                                                                         \
  API_PAGE_PARAMS (TableArgs, page, 50), ROUTER_ID_FILTER (TableArgs, router_ids, "RouterId"),     \
      ECS_TEXT_FILTER (TableArgs, table_id, "RouteTableId", "The route table."),                   \
      ECS_TEXT_FILTER (TableArgs, table_name, "RouteTableName",                                    \
                       "No route table here has a name."),                                         \
      ECS_TEXT_FILTER (TableArgs, table_type, TYPE, "All route tables here are System ones."),     \
      ECS_TEXT_FILTER (TableArgs, router_type, "RouterType", "All routers here are VRouters."),    \
      ECS_RESOURCE_GROUP_FILTER (TableArgs, resource_group_id, "route table")

static const ApiParam table_params[] = {
  TABLE_PARAMS ("Type"),
  ROUTER_ID_FILTER (TableArgs, more_router_ids, "VRouterId"),
  API_TAG_PARAM (TableArgs, tags),
};

static const ApiParam table_list_params[] = {
  TABLE_PARAMS ("RouteTableType"),
  ECS_TEXT_FILTER (TableArgs, vpc_id, "VpcId", "The VPC."),
  API_TAG_PARAM (TableArgs, tags),
};

#define T "RouteTables.RouteTable[]."
#define E T "RouteEntrys.RouteEntry[]."
static const ApiField table_fields[] = {
  API_OUT_STR (T "RouteTableId", API_REQUIRED, "The route table."),
  API_OUT_STR (T "RouteTableType", API_REQUIRED, "Always System."),
  API_OUT_STR (T "VRouterId", API_REQUIRED, "Its router."),
  API_OUT_STR (T "CreationTime", API_REQUIRED, "When it was made."),
  API_OUT_STR (T "ResourceGroupId", API_REQUIRED, "Always empty."),
  API_OUT_STR (E "RouteEntryId", API_REQUIRED, "A route."),
  API_OUT_STR (E "RouteTableId", API_REQUIRED, "Its table."),
  API_OUT_STR (E "RouteEntryName", API_REQUIRED, "Its name."),
  API_OUT_STR (E "Description", API_REQUIRED, "Its description."),
  API_OUT_STR (E "DestinationCidrBlock", API_REQUIRED, "Where it leads."),
  API_OUT_STR (E "Type", API_REQUIRED, "System for a vswitch's, otherwise Custom."),
  API_OUT_STR (E "Status", API_REQUIRED, "Always Available."),
  API_OUT_STR (E "NextHopType", API_REQUIRED, "Instance, NetworkInterface, or local."),
  API_OUT_STR (E "NextHopId", API_REQUIRED, "The next hop; empty when local."),
  API_OUT_STR (E "InstanceId", API_REQUIRED, "The same."),
  API_OUT_STR (E "NextHops.NextHop[].NextHopId", 0, "The next hop; none is listed when local."),
  API_OUT_STR (E "NextHops.NextHop[].NextHopType", 0, "Its type."),
  API_OUT_INT (E "NextHops.NextHop[].Weight", 0, "Always 0."),
  API_OUT_INT (E "NextHops.NextHop[].Enabled", 0, "Always 1."),
  API_PAGE_FIELDS,
};

#define L "RouterTableList.RouterTableListType[]."
static const ApiField table_list_fields[] = {
  API_OUT_STR (L "RouteTableId", API_REQUIRED, "The route table."),
  API_OUT_STR (L "RouteTableName", API_REQUIRED, "Always empty."),
  API_OUT_STR (L "RouteTableType", API_REQUIRED, "Always System."),
  API_OUT_STR (L "RouterId", API_REQUIRED, "Its router."),
  API_OUT_STR (L "RouterType", API_REQUIRED, "Always VRouter."),
  API_OUT_STR (L "VpcId", API_REQUIRED, "Its VPC."),
  API_OUT_STR (L "Status", API_REQUIRED, "Always Available."),
  API_OUT_STR (L "Description", API_REQUIRED, "Always empty."),
  API_OUT_STR (L "CreationTime", API_REQUIRED, "When it was made."),
  API_OUT_STR (L "ResourceGroupId", API_REQUIRED, "Always empty."),
  API_OUT_STR (L "VSwitchIds.VSwitchId[]", 0, "The vswitches it is for."),
  API_OUT_STR (L "Tags.Tag[].Key", 0, "A tag's key."),
  API_OUT_STR (L "Tags.Tag[].Value", 0, "A tag's value."),
  API_PAGE_FIELDS,
};

static void
write_hops (ApiReply *reply, const VmmRoute *route)
{
  api_reply_list (reply, "NextHops", "NextHop");
  if (!route->is_system)
    {
      api_reply_item (reply);
      api_reply_string (reply, "NextHopId", route->next_hop_id);
      api_reply_string (reply, "NextHopType", route->next_hop_type);
      api_reply_int (reply, "Weight", 0);
      api_reply_int (reply, "Enabled", 1);
      api_reply_end (reply);
    }
  api_reply_end (reply);
}

static gboolean
write_routes (ApiCall *call, const VmmVpc *vpc, ApiReply *reply, GError **error)
{
  const VmmRouteQuery query = { .table_id = vpc->route_table_id };
  g_auto (VmmPageInfo) info = { 0 };
  g_autoptr (GPtrArray) routes
      = ops_route_list (call->ctx, call->caller, &query, NULL, &info, error);

  if (routes == NULL)
    return FALSE;

  api_reply_list (reply, "RouteEntrys", "RouteEntry");
  for (guint i = 0; i < routes->len; i++)
    {
      const VmmRoute *route = routes->pdata[i];

      api_reply_item (reply);
      ecs_write_route (reply, vpc->route_table_id, route);
      api_reply_string (reply, "NextHopType", route->next_hop_type);
      api_reply_string (reply, "NextHopId", route->next_hop_id);
      api_reply_string (reply, "InstanceId", route->next_hop_id);
      write_hops (reply, route);
      api_reply_end (reply);
    }
  api_reply_end (reply);
  return TRUE;
}

static gboolean
write_table (ApiCall *call, ApiReply *reply, const VmmVpc *vpc, GError **error)
{
  api_reply_string (reply, "RouteTableId", vpc->route_table_id);
  api_reply_string (reply, "RouteTableType", "System");
  api_reply_string (reply, "VRouterId", vpc->router_id);
  api_reply_second (reply, "CreationTime", vpc->created_ms);
  api_reply_string (reply, "ResourceGroupId", "");
  return write_routes (call, vpc, reply, error);
}

static gboolean
write_listed_table (ApiCall *call, ApiReply *reply, const VmmVpc *vpc, GError **error)
{
  g_autoptr (GPtrArray) vswitches = ops_vpc_vswitches (call->ctx, call->caller, vpc->id, error);

  if (vswitches == NULL)
    return FALSE;
  api_reply_string (reply, "RouteTableId", vpc->route_table_id);
  api_reply_string (reply, "RouteTableName", "");
  api_reply_string (reply, "RouteTableType", "System");
  api_reply_string (reply, "RouterId", vpc->router_id);
  api_reply_string (reply, "RouterType", "VRouter");
  api_reply_string (reply, "VpcId", vpc->id);
  api_reply_string (reply, "Status", "Available");
  api_reply_string (reply, "Description", "");
  api_reply_second (reply, "CreationTime", vpc->created_ms);
  api_reply_string (reply, "ResourceGroupId", "");
  api_reply_list (reply, "VSwitchIds", "VSwitchId");
  for (guint i = 0; i < vswitches->len; i++)
    api_reply_item_string (reply, ((VmmVswitch *) vswitches->pdata[i])->id);
  api_reply_end (reply);
  api_reply_strings (reply, "Tags", "Tag", NULL);
  return TRUE;
}

/* Whether the filters on what is the same for all tables here let any pass. */
static gboolean
constants_pass (const TableArgs *args)
{
  return ecs_is_or_unset (args->table_name, "") && ecs_is_or_unset (args->table_type, "System")
         && ecs_is_or_unset (args->router_type, "VRouter")
         && ecs_is_or_unset (args->resource_group_id, "") && args->tags->len == 0;
}

static gboolean
list_tables (ApiCall *call, const TableArgs *args, ApiReply *reply, const char *plural,
             const char *singular,
             gboolean (*write) (ApiCall *, ApiReply *, const VmmVpc *, GError **), GError **error)
{
  const char *const one[] = { args->vpc_id, NULL };
  const VmmVpcQuery query = { .ids = one,
                              .router_ids = (const char *const *) (ecs_is_given (args->router_ids)
                                                                       ? args->router_ids
                                                                       : args->more_router_ids),
                              .route_table_id = args->table_id,
                              .is_default = -1 };
  VmmPage page = api_page_get (&args->page);
  g_auto (VmmPageInfo) info = { 0 };
  g_autoptr (GPtrArray) vpcs = NULL;

  if (!constants_pass (args))
    {
      ecs_write_nothing (reply, &args->page, plural, singular);
      return TRUE;
    }
  vpcs = ops_vpc_list (call->ctx, call->caller, &query, &page, &info, error);
  if (vpcs == NULL)
    return FALSE;

  api_reply_list (reply, plural, singular);
  for (guint i = 0; i < vpcs->len; i++)
    {
      api_reply_item (reply);
      if (!write (call, reply, vpcs->pdata[i], error))
        return FALSE;
      api_reply_end (reply);
    }
  api_reply_end (reply);
  api_reply_page (reply, &args->page, &info);
  return TRUE;
}

static gboolean
describe_tables (ApiCall *call, gconstpointer data, ApiReply *reply, GError **error)
{
  return list_tables (call, data, reply, "RouteTables", "RouteTable", write_table, error);
}

static gboolean
describe_table_list (ApiCall *call, gconstpointer data, ApiReply *reply, GError **error)
{
  return list_tables (call, data, reply, "RouterTableList", "RouterTableListType",
                      write_listed_table, error);
}

static const ApiAction actions[] = {
  { .name = "DescribeVRouters",
    .summary = "Lists the routers of VPCs, newest first.",
    .since = "0.1",
    ECS_BOTH_VERSIONS,
    .access = API_READ,
    .permission = "vpc:DescribeVRouters",
    .run = describe_routers,
    API_PARAMS (RouterListArgs, router_list_params),
    API_FIELDS (router_list_fields) },
  { .name = "ModifyVRouterAttribute",
    .summary = "Changes the name or description of a router.",
    .since = "0.1",
    ECS_BOTH_VERSIONS,
    .access = API_WRITE,
    .permission = "vpc:ModifyVRouterAttribute",
    .flags = API_DRY_RUN,
    .run = modify_router,
    API_PARAMS (RouterArgs, router_params),
    API_ERRORS (VMM_ERROR_ROUTER_NOT_FOUND, VMM_ERROR_ROUTER_NAME_MALFORMED,
                VMM_ERROR_DESCRIPTION_MALFORMED) },
  { .name = "DescribeRouteTables",
    .summary = "Lists the route tables of VPCs with their routes, newest first.",
    .since = "0.1",
    ECS_BOTH_VERSIONS,
    .access = API_READ,
    .permission = "vpc:DescribeRouteTables",
    .run = describe_tables,
    API_PARAMS (TableArgs, table_params),
    API_FIELDS (table_fields) },
  { .name = "DescribeRouteTableList",
    .summary = "Lists the route tables of VPCs, newest first.",
    .since = "0.1",
    API_VERSIONS (API_VPC_VERSION),
    .access = API_READ,
    .permission = "vpc:DescribeRouteTableList",
    .run = describe_table_list,
    API_PARAMS (TableArgs, table_list_params),
    API_FIELDS (table_list_fields) },
};

const ApiResource ecs_route = API_RESOURCE ("route", actions);
