/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Routes of VPCs. Those of vswitches are derived from them and kept nowhere. */
#include "config.h"

#include "ops-route-check.h"
#include "ops-route.h"
#include "ops-txn.h"
#include "store-instance.h"
#include "store-network.h"
#include "store-route.h"
#include "vmm-clock.h"
#include "vmm-error.h"
#include "vmm-id.h"
#include "vmm-prefix.h"
#include <string.h>

/* What must stay the host's own and the clouds': this network, loopback, link-local, the services
 * (100.64.0.0/10), multicast and beyond, in either family. */
static const char *const reserved[] = {
  "0.0.0.0/8",   "127.0.0.0/8", "169.254.0.0/16", "100.64.0.0/10",
  "224.0.0.0/3", "::/16",       "fe80::/10",      "ff00::/8",
};

/* The VPC that has the route table. */
static VmmVpc *
find_table (StoreTxn *txn, const VmmCaller *caller, const char *table_id, GError **error)
{
  const VmmVpcQuery query = { .route_table_id = table_id, .is_default = -1 };
  const VmmPage page = { .number = 1, .size = 1 };
  g_auto (VmmPageInfo) info = { 0 };
  g_autoptr (GPtrArray) vpcs
      = *table_id != '\0' ? store_vpc_list (txn, caller->account_id, &query, &page, &info, error)
                          : g_ptr_array_new ();

  if (vpcs != NULL && vpcs->len > 0)
    return g_ptr_array_steal_index (vpcs, 0);
  if (vpcs != NULL)
    vmm_fail (error, VMM_ERROR_ROUTE_TABLE_NOT_FOUND, "the specified '%s' does not exist",
              table_id);
  return NULL;
}

/* @text in its one form; a single address stands for itself. */
static gboolean
parse_destination (const char *text, VmmPrefix *out, GError **error)
{
  if (vmm_prefix_parse (text, out) && !vmm_prefix_clear_host (out))
    return TRUE;
  return vmm_fail (error, VMM_ERROR_CIDR_MALFORMED,
                   "the DestinationCidrBlock '%s' must be an address range with no bits set behind "
                   "its length",
                   text);
}

static gboolean
contains_text (const char *outer, const VmmPrefix *inner)
{
  VmmPrefix prefix;

  return *outer != '\0' && vmm_prefix_parse (outer, &prefix)
         && vmm_prefix_contains (&prefix, inner);
}

/* It may hold what is reserved or a vswitch, whose more precise routes win, but not lie in it. */
static gboolean
check_destination (StoreTxn *txn, const VmmVpc *vpc, const VmmPrefix *destination, const char *text,
                   GError **error)
{
  g_autoptr (GPtrArray) vswitches = store_vpc_vswitches (txn, vpc->id, error);

  if (vswitches == NULL)
    return FALSE;
  for (guint i = 0; i < G_N_ELEMENTS (reserved); i++)
    if (contains_text (reserved[i], destination))
      return vmm_fail (error, VMM_ERROR_ROUTE_DESTINATION,
                       "the DestinationCidrBlock '%s' lies in %s, which is reserved", text,
                       reserved[i]);
  for (guint i = 0; i < vswitches->len; i++)
    {
      const VmmVswitch *vswitch = g_ptr_array_index (vswitches, i);

      if (contains_text (vswitch->cidr, destination)
          || contains_text (vswitch->ipv6_cidr, destination))
        return vmm_fail (error, VMM_ERROR_ROUTE_DESTINATION,
                         "the DestinationCidrBlock '%s' lies in %s of vswitch '%s'", text,
                         destination->is_ipv6 ? vswitch->ipv6_cidr : vswitch->cidr, vswitch->id);
    }
  return TRUE;
}

/* An instance whose making may still fail goes without being asked for: nothing may lead there. */
static gboolean
check_instance (const VmmInstance *instance, GError **error)
{
  if (instance->state != VMM_INSTANCE_PENDING && instance->state != VMM_INSTANCE_BOOTING
      && instance->state != VMM_INSTANCE_DELETING)
    return TRUE;
  return vmm_fail (error, VMM_ERROR_INSTANCE_STATUS,
                   "the current status '%s' of instance '%s' does not support this operation",
                   vmm_instance_state_wire (instance->state), instance->id);
}

static gboolean
check_instance_hop (StoreTxn *txn, const VmmVpc *vpc, const char *id, GError **error)
{
  g_autoptr (GError) local = NULL;
  g_autoptr (VmmInstance) instance = store_instance_get (txn, vpc->account_id, id, &local);

  if (g_error_matches (local, VMM_ERROR, VMM_ERROR_INSTANCE_NOT_FOUND))
    return vmm_fail (error, VMM_ERROR_NEXT_HOP_NOT_FOUND, "the specified '%s' does not exist", id);
  if (instance == NULL)
    {
      g_propagate_error (error, g_steal_pointer (&local));
      return FALSE;
    }
  if (!g_str_equal (((VmmNic *) g_ptr_array_index (instance->nics, 0))->vpc_id, vpc->id))
    return vmm_fail (error, VMM_ERROR_ROUTE_INSTANCE_VPC, "instance '%s' is not in %s", id,
                     vpc->id);
  return check_instance (instance, error);
}

static gboolean
check_nic_hop (StoreTxn *txn, const VmmVpc *vpc, const char *id, GError **error)
{
  g_autoptr (GError) local = NULL;
  g_autoptr (VmmNic) nic = store_nic_get (txn, id, &local);
  g_autoptr (VmmInstance) instance = NULL;

  if (local != NULL)
    {
      g_propagate_error (error, g_steal_pointer (&local));
      return FALSE;
    }
  if (nic == NULL || !g_str_equal (nic->account_id, vpc->account_id))
    return vmm_fail (error, VMM_ERROR_NEXT_HOP_NOT_FOUND, "the specified '%s' does not exist", id);
  if (!g_str_equal (nic->vpc_id, vpc->id))
    return vmm_fail (error, VMM_ERROR_ROUTE_NIC_VPC, "interface '%s' is not in %s", id, vpc->id);
  if (nic->state == VMM_NIC_DELETING)
    return vmm_fail (error, VMM_ERROR_NIC_STATUS, "interface '%s' is being deleted", id);
  if (*nic->instance_id == '\0')
    return TRUE;
  instance = store_instance_get (txn, NULL, nic->instance_id, error);
  return instance != NULL && check_instance (instance, error);
}

static gboolean
check_hop (StoreTxn *txn, const VmmVpc *vpc, const char *type, const char *id, GError **error)
{
  if (g_str_equal (type, VMM_HOP_INSTANCE))
    return check_instance_hop (txn, vpc, id, error);
  if (g_str_equal (type, VMM_HOP_NIC))
    return check_nic_hop (txn, vpc, id, error);
  return vmm_fail (error, VMM_ERROR_UNSUPPORTED_PARAMETER,
                   "the NextHopType '%s' is not offered here", type);
}

/* Counted before the insert: the transaction is the only writer. */
static gboolean
check_limit (StoreTxn *txn, const VmmVpc *vpc, GError **error)
{
  g_autoptr (GPtrArray) routes = store_route_list (txn, vpc->id, error);

  if (routes == NULL)
    return FALSE;
  if (routes->len >= OPS_ROUTES_A_TABLE)
    return vmm_fail (error, VMM_ERROR_QUOTA, "route table '%s' has %u routes, its limit",
                     vpc->route_table_id, routes->len);
  return TRUE;
}

/* The route must have a way: one of IPv6 wants a next hop with an address of it. */
static gboolean
check_way (StoreTxn *txn, const VmmRoute *route, GError **error)
{
  g_autoptr (GPtrArray) hops = store_route_hops (txn, route->vpc_id, error);

  for (guint i = 0; hops != NULL && i < hops->len; i++)
    if (g_str_equal (((VmmRouteHop *) g_ptr_array_index (hops, i))->destination,
                     route->destination))
      return TRUE;
  if (hops != NULL)
    vmm_fail (error, VMM_ERROR_NEXT_HOP_NOT_FOUND, "the specified '%s' has no IPv6 address",
              route->next_hop_id);
  return FALSE;
}

static VmmRoute *
make_route (const VmmVpc *vpc, const OpsRouteSpec *spec, const VmmPrefix *destination)
{
  VmmRoute *route = g_new0 (VmmRoute, 1);

  route->id = vmm_id_new (VMM_ID_ROUTE);
  route->account_id = g_strdup (vpc->account_id);
  route->vpc_id = g_strdup (vpc->id);
  route->destination = vmm_prefix_format (destination);
  route->next_hop_type
      = g_strdup (spec->next_hop_type != NULL ? spec->next_hop_type : VMM_HOP_INSTANCE);
  route->next_hop_id = g_strdup (spec->next_hop_id);
  route->name = g_strdup (spec->name != NULL ? spec->name : "");
  route->description = g_strdup (spec->description != NULL ? spec->description : "");
  route->created_ms = vmm_clock_now_ms ();
  return route;
}

char *
ops_route_create (VmmContext *ctx, const VmmCaller *caller, const OpsRouteSpec *spec,
                  GError **error)
{
  g_autofree char *before = NULL;
  g_autoptr (StoreTxn) txn = NULL;
  g_autoptr (VmmVpc) vpc = NULL;
  g_autoptr (VmmRoute) route = NULL;
  VmmPrefix destination;

  if (!parse_destination (spec->destination, &destination, error))
    return NULL;
  txn = ops_begin (ctx, caller, &before, error);
  if (txn == NULL || before != NULL)
    return g_steal_pointer (&before);
  vpc = find_table (txn, caller, spec->table_id, error);
  if (vpc == NULL)
    return NULL;
  route = make_route (vpc, spec, &destination);
  if (!check_destination (txn, vpc, &destination, spec->destination, error)
      || !check_hop (txn, vpc, route->next_hop_type, route->next_hop_id, error)
      || !check_limit (txn, vpc, error) || !store_route_insert (txn, route, error)
      || !check_way (txn, route, error)
      || !ops_finish_kick (ctx, &txn, caller, route->id, vpc->id, error))
    return NULL;
  return g_steal_pointer (&route->id);
}

/* The id of the route to a vswitch: in IPv4 the vswitch's own behind another prefix, in IPv6 that
 * backwards. The caller frees it. */
static char *
system_id (const VmmVswitch *vswitch, gboolean is_ipv6)
{
  g_autofree char *rest = g_strdup (vswitch->id + strlen (vmm_id_prefix (VMM_ID_VSWITCH)));

  return g_strconcat (vmm_id_prefix (VMM_ID_ROUTE), is_ipv6 ? g_strreverse (rest) : rest, NULL);
}

static VmmRoute *
system_route (const VmmVswitch *vswitch, gboolean is_ipv6)
{
  VmmRoute *route = g_new0 (VmmRoute, 1);

  route->id = system_id (vswitch, is_ipv6);
  route->account_id = g_strdup (vswitch->account_id);
  route->vpc_id = g_strdup (vswitch->vpc_id);
  route->destination = g_strdup (is_ipv6 ? vswitch->ipv6_cidr : vswitch->cidr);
  route->next_hop_type = g_strdup (VMM_HOP_LOCAL);
  route->next_hop_id = g_strdup ("");
  route->name = g_strdup ("");
  route->description = g_strdup ("");
  route->created_ms = vswitch->created_ms;
  route->is_system = TRUE;
  return route;
}

/* Newest first; what was made in one moment stays in the order it was read in. */
static int
compare_routes (gconstpointer a, gconstpointer b)
{
  const VmmRoute *x = *(VmmRoute *const *) a, *y = *(VmmRoute *const *) b;

  return (x->created_ms < y->created_ms) - (x->created_ms > y->created_ms);
}

/* All vswitches of a VPC, newest first. */
static GPtrArray *
read_vswitches (StoreTxn *txn, const VmmVpc *vpc, GError **error)
{
  const VmmVswitchQuery query = { .vpc_id = vpc->id, .is_default = -1 };
  const VmmPage all = { .number = 1, .size = G_MAXINT };
  g_auto (VmmPageInfo) info = { 0 };

  return store_vswitch_list (txn, vpc->account_id, &query, &all, &info, error);
}

/* All routes of a VPC. */
static GPtrArray *
read_routes (StoreTxn *txn, const VmmVpc *vpc, GError **error)
{
  g_autoptr (GPtrArray) routes = store_route_list (txn, vpc->id, error);
  g_autoptr (GPtrArray) vswitches = routes != NULL ? read_vswitches (txn, vpc, error) : NULL;

  if (vswitches == NULL)
    return NULL;
  for (guint i = 0; i < vswitches->len; i++)
    {
      const VmmVswitch *vswitch = g_ptr_array_index (vswitches, i);

      g_ptr_array_add (routes, system_route (vswitch, FALSE));
      if (*vswitch->ipv6_cidr != '\0')
        g_ptr_array_add (routes, system_route (vswitch, TRUE));
    }
  g_ptr_array_sort (routes, compare_routes);
  return g_steal_pointer (&routes);
}

/* The route that @ref names, among @routes; NULL when there is none. */
static const VmmRoute *
find_route (GPtrArray *routes, const char *id, const char *destination)
{
  for (guint i = 0; i < routes->len; i++)
    {
      const VmmRoute *route = g_ptr_array_index (routes, i);

      if (id != NULL ? g_str_equal (route->id, id) : g_str_equal (route->destination, destination))
        return route;
    }
  return NULL;
}

/* The VPC of @ref: of its table, or of the route with its id. */
static VmmVpc *
find_vpc (StoreTxn *txn, const VmmCaller *caller, const OpsRouteRef *ref, GError **error)
{
  g_autoptr (VmmRoute) route = NULL;
  g_autoptr (GError) local = NULL;

  if (ref->table_id != NULL)
    return find_table (txn, caller, ref->table_id, error);
  route = store_route_get (txn, caller->account_id, ref->id, &local);
  if (route != NULL)
    return store_vpc_get (txn, caller->account_id, route->vpc_id, error);
  if (local != NULL)
    g_propagate_error (error, g_steal_pointer (&local));
  else
    vmm_fail (error, VMM_ERROR_ROUTE_NOT_FOUND, "the specified '%s' does not exist", ref->id);
  return NULL;
}

static gboolean
check_ref (const OpsRouteRef *ref, VmmPrefix *destination, GError **error)
{
  if (ref->id == NULL && (ref->table_id == NULL || ref->destination == NULL))
    return vmm_fail (error, VMM_ERROR_MISSING_PARAMETER,
                     "RouteEntryId, or RouteTableId with DestinationCidrBlock, is required");
  return ref->destination == NULL || parse_destination (ref->destination, destination, error);
}

/* What was said of the route besides what found it. */
static gboolean
check_found (const OpsRouteRef *ref, const VmmRoute *route, const char *destination, GError **error)
{
  if (route == NULL)
    return vmm_fail (error, VMM_ERROR_ROUTE_NOT_FOUND, "the specified '%s' does not exist",
                     ref->id != NULL ? ref->id : ref->destination);
  if (destination != NULL && !g_str_equal (route->destination, destination))
    return vmm_fail (error, VMM_ERROR_ROUTE_ID_AND_TABLE, "route '%s' leads to %s", route->id,
                     route->destination);
  if (route->is_system)
    return vmm_fail (error, VMM_ERROR_ROUTE_SYSTEM, "the route to %s is a vswitch's",
                     route->destination);
  if (ref->next_hop_id != NULL && !g_str_equal (route->next_hop_id, ref->next_hop_id))
    return vmm_fail (error, VMM_ERROR_ROUTE_NOT_FOUND, "no route to %s has the next hop '%s'",
                     route->destination, ref->next_hop_id);
  return TRUE;
}

gboolean
ops_route_delete (VmmContext *ctx, const VmmCaller *caller, const OpsRouteRef *ref, GError **error)
{
  g_autofree char *before = NULL;
  g_autofree char *destination = NULL;
  g_autoptr (StoreTxn) txn = NULL;
  g_autoptr (VmmVpc) vpc = NULL;
  g_autoptr (GPtrArray) routes = NULL;
  const VmmRoute *route;
  VmmPrefix prefix;

  if (!check_ref (ref, &prefix, error))
    return FALSE;
  destination = ref->destination != NULL ? vmm_prefix_format (&prefix) : NULL;
  txn = ops_begin (ctx, caller, &before, error);
  if (txn == NULL || before != NULL)
    return txn != NULL;
  vpc = find_vpc (txn, caller, ref, error);
  routes = vpc != NULL ? read_routes (txn, vpc, error) : NULL;
  if (routes == NULL)
    return FALSE;
  route = find_route (routes, ref->id, destination);
  return check_found (ref, route, destination, error) && store_route_delete (txn, route->id, error)
         && ops_finish_kick (ctx, &txn, caller, "", vpc->id, error);
}

static gboolean
equals_or_unset (const char *value, const char *filter)
{
  return filter == NULL || *filter == '\0' || g_ascii_strcasecmp (value, filter) == 0;
}

static gboolean
matches (const VmmRoute *route, const VmmRouteQuery *query)
{
  return equals_or_unset (route->id, query->id) && equals_or_unset (route->name, query->name)
         && equals_or_unset (route->destination, query->destination)
         && equals_or_unset (route->next_hop_id, query->next_hop_id)
         && equals_or_unset (route->next_hop_type, query->next_hop_type)
         && equals_or_unset (route->is_system ? "System" : "Custom", query->type);
}

/* Where the page after @route goes on, and the inverse. */
static char *
token_of (const VmmRoute *route)
{
  return g_strdup_printf ("%" G_GINT64_FORMAT ".%s", route->created_ms, route->id);
}

static gboolean
parse_token (const char *token, VmmRoute *out, GError **error)
{
  const char *dot = strchr (token, '.');
  g_autofree char *number = dot != NULL ? g_strndup (token, (gsize) (dot - token)) : NULL;

  if (number == NULL
      || !g_ascii_string_to_signed (number, 10, 0, G_MAXINT64, &out->created_ms, NULL))
    return vmm_fail (error, VMM_ERROR_INVALID_PARAMETER, "the NextToken '%s' is malformed", token);
  out->id = (char *) dot + 1;
  return TRUE;
}

/* The place in @routes behind the token: behind the route it names, or when that is gone, before
 * what is no newer. */
static gboolean
place_of (GPtrArray *routes, const char *token, guint *out, GError **error)
{
  VmmRoute last = { 0 };
  guint i;

  *out = 0;
  if (token == NULL || *token == '\0')
    return TRUE;
  if (!parse_token (token, &last, error))
    return FALSE;
  for (i = 0; i < routes->len; i++)
    if (g_str_equal (((VmmRoute *) g_ptr_array_index (routes, i))->id, last.id))
      {
        *out = i + 1;
        return TRUE;
      }
  for (i = 0; i < routes->len; i++)
    if (((VmmRoute *) g_ptr_array_index (routes, i))->created_ms <= last.created_ms)
      break;
  *out = i;
  return TRUE;
}

/* A page of what @query lets pass; @page NULL for all. */
static GPtrArray *
pick (GPtrArray *routes, const VmmRouteQuery *query, const VmmPage *page, VmmPageInfo *info,
      GError **error)
{
  g_autoptr (GPtrArray) picked = g_ptr_array_new_with_free_func ((GDestroyNotify) vmm_route_free);
  guint place = 0;

  if (page != NULL && !place_of (routes, page->next_token, &place, error))
    return NULL;
  while (place < routes->len)
    if (!matches (g_ptr_array_index (routes, place), query))
      place++;
    else if (page == NULL || picked->len < page->max_results)
      g_ptr_array_add (picked, g_ptr_array_steal_index (routes, place));
    else
      {
        info->next_token = token_of (g_ptr_array_index (picked, picked->len - 1));
        break;
      }
  info->total = picked->len;
  return g_steal_pointer (&picked);
}

GPtrArray *
ops_route_list (VmmContext *ctx, const VmmCaller *caller, const VmmRouteQuery *query,
                const VmmPage *page, VmmPageInfo *out_info, GError **error)
{
  g_autoptr (StoreTxn) txn = store_begin_read (ctx->store, error);
  g_autoptr (VmmVpc) vpc = txn != NULL ? find_table (txn, caller, query->table_id, error) : NULL;
  g_autoptr (GPtrArray) routes = vpc != NULL ? read_routes (txn, vpc, error) : NULL;

  return routes != NULL ? pick (routes, query, page, out_info, error) : NULL;
}

gboolean
ops_route_check_hop (StoreTxn *txn, const char *id, GError **error)
{
  guint count = 0;

  if (!store_route_count_to (txn, id, &count, error))
    return FALSE;
  return count == 0
         || vmm_fail (error, VMM_ERROR_DEPENDENCY_ROUTE,
                      "%u routes lead to '%s'; delete them first", count, id);
}

gboolean
ops_route_check_vswitch (StoreTxn *txn, const char *vpc_id, const char *cidr, GError **error)
{
  g_autoptr (GPtrArray) routes = store_route_list (txn, vpc_id, error);

  for (guint i = 0; routes != NULL && i < routes->len; i++)
    {
      const VmmRoute *route = g_ptr_array_index (routes, i);
      VmmPrefix destination;

      if (vmm_prefix_parse (route->destination, &destination) && contains_text (cidr, &destination))
        return vmm_fail (error, VMM_ERROR_CIDR_CONFLICT,
                         "the CidrBlock '%s' holds %s, where route '%s' leads", cidr,
                         route->destination, route->id);
    }
  return routes != NULL;
}
