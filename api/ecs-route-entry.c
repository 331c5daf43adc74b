/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Routes: the one each vswitch has, and those of a VPC's owner to guests that forward. */
#include "config.h"

#include "ecs-common.h"
#include "ops-route.h"
#include <string.h>

#define MAX_ENTRIES 500
#define MAX_HOPS 16

#define DESTINATION(type, field, flags_)                                                           \
  API_STR (type, field, "DestinationCidrBlock", .flags = flags_, .max_length = 64,                 \
           .format = &ecs_format_cidr, .error = VMM_ERROR_CIDR_MALFORMED,                          \
           .doc = "Where it leads: a range of either family, or one address.")
#define HOP_TYPE(type, field)                                                                      \
  API_STR (type, field, "NextHopType", .max_length = 64,                                           \
           API_CHOICES (VMM_HOP_INSTANCE, VMM_HOP_NIC), .error = VMM_ERROR_UNSUPPORTED_PARAMETER,  \
           .doc = "What the next hop is; otherwise an instance.")
#define HOP_ID(type, field)                                                                        \
  API_STR (type, field, "NextHopId", .max_length = 64,                                             \
           .doc = "The instance, whose primary interface it is then, or the network interface, "   \
                  "that forwards.")

typedef struct
{
  char *id, *type;
  int weight;
} Hop;

static const ApiParam hop_params[] = {
  HOP_ID (Hop, id),
  HOP_TYPE (Hop, type),
  API_INT (Hop, weight, "Weight", .fallback = "0", .min = 0, .max = 255,
           .doc = "Of no meaning, as there is one next hop."),
};

#define HOPS(type, field)                                                                          \
  API_LIST (type, field, "NextHopList", Hop, hop_params, .max = MAX_HOPS,                          \
            .doc = "The same as a list; more than one next hop is not offered here.")

/* The one next hop of a list, or NULL when the list is empty. */
static gboolean
one_hop (GArray *hops, const Hop **out, GError **error)
{
  if (hops->len > 1)
    return vmm_fail (error, VMM_ERROR_UNSUPPORTED_PARAMETER,
                     "NextHopList has %u next hops; more than one is not offered here", hops->len);
  *out = hops->len == 1 ? &g_array_index (hops, Hop, 0) : NULL;
  return TRUE;
}

/* ---- CreateRouteEntry ---- */

typedef struct
{
  char *table_id, *cidr, *hop_type, *hop_id, *name, *description;
  GArray *hops;
} CreateArgs;

static const ApiParam create_params[] = {
  API_STR (CreateArgs, table_id, "RouteTableId", .flags = API_REQUIRED, .max_length = 64,
           .doc = "The route table of the VPC."),
  DESTINATION (CreateArgs, cidr, API_REQUIRED),
  HOP_TYPE (CreateArgs, hop_type),
  HOP_ID (CreateArgs, hop_id),
  HOPS (CreateArgs, hops),
  API_STR (CreateArgs, name, "RouteEntryName", .max_length = 512,
           .format = &ecs_format_instance_name, .error = VMM_ERROR_ROUTE_NAME_MALFORMED,
           .doc = "A name of 2 to 128 characters that begins with a letter."),
  ECS_DESCRIPTION (CreateArgs, description, 0),
};

static const ApiField create_fields[] = {
  API_OUT_STR ("RouteEntryId", API_REQUIRED, "The new route."),
};

static gboolean
create_entry (ApiCall *call, gconstpointer data, ApiReply *reply, GError **error)
{
  const CreateArgs *args = data;
  OpsRouteSpec spec = { .table_id = args->table_id,
                        .destination = args->cidr,
                        .next_hop_type = args->hop_type,
                        .next_hop_id = args->hop_id,
                        .name = args->name,
                        .description = args->description };
  const Hop *hop = NULL;
  g_autofree char *id = NULL;

  if (!one_hop (args->hops, &hop, error))
    return FALSE;
  if (hop != NULL && args->hop_id != NULL)
    return vmm_fail (error, VMM_ERROR_ROUTE_HOP_BOTH,
                     "NextHopId and NextHopList were given; one of them is wanted");
  if (hop != NULL)
    {
      spec.next_hop_id = hop->id;
      spec.next_hop_type = hop->type;
    }
  if (spec.next_hop_id == NULL)
    return vmm_fail (error, VMM_ERROR_MISSING_PARAMETER, "the parameter NextHopId is required");
  id = ops_route_create (call->ctx, call->caller, &spec, error);
  if (id == NULL)
    return FALSE;

  api_reply_string (reply, "RouteEntryId", id);
  return TRUE;
}

/* ---- DeleteRouteEntry ---- */

typedef struct
{
  char *id, *table_id, *cidr, *hop_id;
  GArray *hops;
} DeleteArgs;

static const ApiParam delete_params[] = {
  API_STR (DeleteArgs, id, "RouteEntryId", .max_length = 64, .doc = "The route."),
  API_STR (DeleteArgs, table_id, "RouteTableId", .max_length = 64,
           .doc = "Its route table; with DestinationCidrBlock in place of RouteEntryId."),
  DESTINATION (DeleteArgs, cidr, 0),
  API_STR (DeleteArgs, hop_id, "NextHopId", .max_length = 64,
           .doc = "Its next hop, to be sure of it."),
  HOPS (DeleteArgs, hops),
};

static gboolean
delete_entry (ApiCall *call, gconstpointer data, ApiReply *reply, GError **error)
{
  const DeleteArgs *args = data;
  const Hop *hop = NULL;
  OpsRouteRef ref = { .id = args->id,
                      .table_id = args->table_id,
                      .destination = args->cidr,
                      .next_hop_id = args->hop_id };

  if (!one_hop (args->hops, &hop, error))
    return FALSE;
  if (hop != NULL && args->hop_id != NULL)
    return vmm_fail (error, VMM_ERROR_ROUTE_HOP_BOTH,
                     "NextHopId and NextHopList were given; one of them is wanted");
  if (hop != NULL)
    ref.next_hop_id = hop->id;
  return ops_route_delete (call->ctx, call->caller, &ref, error);
}

/* ---- DescribeRouteEntryList ---- */

typedef struct
{
  char *table_id, *id, *name, *type, *cidr, *hop_id, *hop_type, *next_token;
  int max_results;
} ListArgs;

static const ApiParam list_params[] = {
  API_STR (ListArgs, table_id, "RouteTableId", .flags = API_REQUIRED, .max_length = 64,
           .doc = "The route table."),
  ECS_TEXT_FILTER (ListArgs, id, "RouteEntryId", "A route."),
  ECS_TEXT_FILTER (ListArgs, name, "RouteEntryName", "Its name."),
  ECS_TEXT_FILTER (ListArgs, type, "RouteEntryType", "System for a vswitch's, otherwise Custom."),
  ECS_TEXT_FILTER (ListArgs, cidr, "DestinationCidrBlock", "The addresses it leads to."),
  ECS_TEXT_FILTER (ListArgs, hop_id, "NextHopId", "Its next hop."),
  ECS_TEXT_FILTER (ListArgs, hop_type, "NextHopType", "Instance, NetworkInterface, or local."),
  API_INT (ListArgs, max_results, "MaxResult", .fallback = "50", .min = 1, .max = MAX_ENTRIES,
           .doc = "Entries a page."),
  API_STR (ListArgs, next_token, "NextToken", .max_length = 256,
           .doc = "Where to go on, from the answer before."),
};

#define N "RouteEntrys.RouteEntry[]."
static const ApiField list_fields[] = {
  API_OUT_STR (N "RouteEntryId", API_REQUIRED, "The route."),
  API_OUT_STR (N "RouteEntryName", API_REQUIRED, "Its name."),
  API_OUT_STR (N "RouteTableId", API_REQUIRED, "Its table."),
  API_OUT_STR (N "DestinationCidrBlock", API_REQUIRED, "Where it leads."),
  API_OUT_STR (N "Type", API_REQUIRED, "System for a vswitch's, otherwise Custom."),
  API_OUT_STR (N "Status", API_REQUIRED, "Always Available."),
  API_OUT_STR (N "IpVersion", API_REQUIRED, "ipv4 or ipv6."),
  API_OUT_STR (N "Description", API_REQUIRED, "Its description."),
  API_OUT_STR (N "NextHops.NextHop[].NextHopId", 0, "The next hop; empty when local."),
  API_OUT_STR (N "NextHops.NextHop[].NextHopType", 0, "Instance, NetworkInterface, or local."),
  API_OUT_INT (N "NextHops.NextHop[].Weight", 0, "Always 0."),
  API_OUT_STR (N "NextHops.NextHop[].NextHopRegionId", 0, "Always empty."),
  API_OUT_STR ("NextToken", API_REQUIRED, "Where to go on; empty at the end."),
};

void
ecs_write_route (ApiReply *reply, const char *table_id, const VmmRoute *route)
{
  api_reply_string (reply, "RouteEntryId", route->id);
  api_reply_string (reply, "RouteEntryName", route->name);
  api_reply_string (reply, "Description", route->description);
  api_reply_string (reply, "RouteTableId", table_id);
  api_reply_string (reply, "DestinationCidrBlock", route->destination);
  api_reply_string (reply, "Type", route->is_system ? "System" : "Custom");
  api_reply_string (reply, "Status", "Available");
}

static void
write_entry (ApiReply *reply, const char *table_id, const VmmRoute *route)
{
  api_reply_item (reply);
  ecs_write_route (reply, table_id, route);
  api_reply_string (reply, "IpVersion", strchr (route->destination, ':') != NULL ? "ipv6" : "ipv4");
  api_reply_list (reply, "NextHops", "NextHop");
  api_reply_item (reply);
  api_reply_string (reply, "NextHopId", route->next_hop_id);
  api_reply_string (reply, "NextHopType", route->next_hop_type);
  api_reply_int (reply, "Weight", 0);
  api_reply_string (reply, "NextHopRegionId", "");
  api_reply_end (reply);
  api_reply_end (reply);
  api_reply_end (reply);
}

static gboolean
describe_entries (ApiCall *call, gconstpointer data, ApiReply *reply, GError **error)
{
  const ListArgs *args = data;
  const VmmRouteQuery query = { .table_id = args->table_id,
                                .id = args->id,
                                .name = args->name,
                                .destination = args->cidr,
                                .next_hop_id = args->hop_id,
                                .next_hop_type = args->hop_type,
                                .type = args->type };
  const VmmPage page = { .max_results = (guint) args->max_results, .next_token = args->next_token };
  g_auto (VmmPageInfo) info = { 0 };
  g_autoptr (GPtrArray) routes
      = ops_route_list (call->ctx, call->caller, &query, &page, &info, error);

  if (routes == NULL)
    return FALSE;

  api_reply_list (reply, "RouteEntrys", "RouteEntry");
  for (guint i = 0; i < routes->len; i++)
    write_entry (reply, args->table_id, routes->pdata[i]);
  api_reply_end (reply);
  api_reply_string (reply, "NextToken", info.next_token);
  return TRUE;
}

static const ApiAction actions[] = {
  { .name = "CreateRouteEntry",
    .summary = "Makes a route to an instance or network interface that forwards.",
    .since = "0.1",
    ECS_BOTH_VERSIONS,
    .access = API_WRITE,
    .permission = "vpc:CreateRouteEntry",
    .flags = API_DRY_RUN | API_CLIENT_TOKEN,
    .run = create_entry,
    API_PARAMS (CreateArgs, create_params),
    API_FIELDS (create_fields),
    API_ERRORS (VMM_ERROR_ROUTE_TABLE_NOT_FOUND, VMM_ERROR_CIDR_MALFORMED,
                VMM_ERROR_ROUTE_DESTINATION, VMM_ERROR_ROUTE_EXISTS, VMM_ERROR_ROUTE_HOP_BOTH,
                VMM_ERROR_ROUTE_NAME_MALFORMED, VMM_ERROR_ROUTE_INSTANCE_VPC,
                VMM_ERROR_ROUTE_NIC_VPC, VMM_ERROR_NEXT_HOP_NOT_FOUND, VMM_ERROR_INSTANCE_STATUS,
                VMM_ERROR_INSTANCE_NOT_FOUND, VMM_ERROR_DESCRIPTION_MALFORMED, VMM_ERROR_QUOTA) },
  { .name = "DeleteRouteEntry",
    .summary = "Deletes a route that its owner made.",
    .since = "0.1",
    ECS_BOTH_VERSIONS,
    .access = API_WRITE,
    .permission = "vpc:DeleteRouteEntry",
    .flags = API_DRY_RUN,
    .run = delete_entry,
    API_PARAMS (DeleteArgs, delete_params),
    API_ERRORS (VMM_ERROR_ROUTE_TABLE_NOT_FOUND, VMM_ERROR_CIDR_MALFORMED,
                VMM_ERROR_ROUTE_NOT_FOUND, VMM_ERROR_ROUTE_SYSTEM, VMM_ERROR_ROUTE_HOP_BOTH,
                VMM_ERROR_ROUTE_ID_AND_TABLE, VMM_ERROR_VPC_NOT_FOUND) },
  { .name = "DescribeRouteEntryList",
    .summary = "Lists the routes of a route table, newest first.",
    .since = "0.1",
    API_VERSIONS (API_VPC_VERSION),
    .access = API_READ,
    .permission = "vpc:DescribeRouteEntryList",
    .run = describe_entries,
    API_PARAMS (ListArgs, list_params),
    API_FIELDS (list_fields),
    API_ERRORS (VMM_ERROR_ROUTE_TABLE_NOT_FOUND) },
};

const ApiResource ecs_route_entry = API_RESOURCE ("route-entry", actions);
