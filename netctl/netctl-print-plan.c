/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Links, addresses, routes and neighbours as lines, worked out from records. */
#include "netctl-link.h"
#include "netctl-nat.h"
#include "netctl-print.h"
#include "netctl-public.h"
#include "netctl-route.h"
#include <linux/rtnetlink.h>

#define ADD(...) netctl_lines_add (lines, place, __VA_ARGS__)

static char *
ipv4_text (guint32 address)
{
  NetctlPrefix prefix = netctl_prefix_from_ipv4 (address);

  return netctl_prefix_address (&prefix);
}

static void
print_anchor (NetctlLines *lines, const char *place, const NetctlVpc *vpc)
{
  ADD ("link lo up");
  ADD ("link " NETCTL_ANCHOR " up");
  ADD ("address " NETCTL_METADATA_ADDRESS " dev " NETCTL_ANCHOR);
  ADD ("address " NETCTL_DNS_ADDRESS " dev " NETCTL_ANCHOR);
  for (guint i = 0; i < vpc->subnets->len; i++)
    {
      const NetctlSubnet *subnet = &g_array_index (vpc->subnets, NetctlSubnet, i);
      g_autofree char *gateway = netctl_prefix_address (&subnet->gateway);

      if (subnet->range.family == G_SOCKET_FAMILY_IPV4)
        ADD ("address %s/%u dev " NETCTL_ANCHOR, gateway, subnet->range.length);
    }
}

/* One end of a way out: its address, and the other's behind it. */
static void
print_end (NetctlLines *lines, const char *place, const char *name, const char *own,
           const char *other)
{
  ADD ("link %s up", name);
  ADD ("address %s dev %s", own, name);
  ADD ("route %s dev %s", other, name);
}

static void
print_way_out (NetctlLines *lines, const char *place, const NetctlVpc *vpc)
{
  g_autofree char *uplink = netctl_vpc_uplink_name (vpc->index);
  g_autofree char *own = ipv4_text (netctl_vpc_transit_address (vpc->index));

  if (!netctl_vpc_has_uplink (vpc))
    return;
  print_end (lines, NETCTL_PRINT_HOST, uplink, NETCTL_TRANSIT_HOST, own);
  print_end (lines, place, NETCTL_UPLINK_INSIDE, own, NETCTL_TRANSIT_HOST);
  ADD ("route default via " NETCTL_TRANSIT_HOST " dev " NETCTL_UPLINK_INSIDE);
}

static void
print_tap (NetctlLines *lines, const char *place, const NetctlVpc *vpc, const NetctlPort *port)
{
  static const guint8 gateway_mac[6] = NETCTL_GATEWAY_MAC;
  g_autofree char *tap = netctl_port_tap_name (port->index);
  g_autofree char *own = netctl_mac_format (gateway_mac), *mac = netctl_mac_format (port->mac);

  ADD ("link %s mac %s mtu %d up", tap, own, NETCTL_GUEST_MTU);
  for (guint i = 0; i < port->addresses->len; i++)
    {
      const NetctlPrefix *address = &g_array_index (port->addresses, NetctlPrefix, i);
      const NetctlSubnet *subnet = netctl_vpc_subnet_of (vpc, address);
      g_autofree char *text = netctl_prefix_format (address);
      g_autofree char *gateway = netctl_prefix_address (&subnet->gateway);

      if (address->family == G_SOCKET_FAMILY_IPV4)
        ADD ("route %s dev %s src %s", text, tap, gateway);
      else
        ADD ("route %s dev %s", text, tap);
      ADD ("neighbour %s dev %s mac %s", text, tap, mac);
    }
  if (netctl_vpc_has_ipv6 (vpc))
    {
      NetctlPrefix link_local = netctl_prefix_link_local (port->mac);
      g_autofree char *text = netctl_prefix_address (&link_local);

      ADD ("address " NETCTL_ROUTER6 "/64 dev %s", tap);
      ADD ("neighbour %s dev %s mac %s", text, tap, mac);
    }
}

/* Routes to guests */

static char *
destination_text (const NetctlRoute *route)
{
  NetctlPrefix masked = netctl_prefix_masked (&route->destination);

  if (masked.length > 0)
    return netctl_prefix_format (&masked);
  return g_strdup (masked.family == G_SOCKET_FAMILY_IPV4 ? "default" : "default6");
}

static void
print_route (NetctlLines *lines, const char *place, const NetctlModel *model,
             const NetctlRoute *route, GHashTable *taps)
{
  const NetctlPort *port = netctl_model_port_at (model, &route->next_hop);
  g_autofree char *destination = destination_text (route);
  g_autofree char *hop = netctl_prefix_address (&route->next_hop);
  g_autofree char *tap = port != NULL ? netctl_port_tap_name (port->index) : NULL;
  const char *table = netctl_route_is_default (route) ? " table 2" : "";

  ADD ("route %s drop metric 1000%s", destination, table);
  if (port != NULL && g_hash_table_contains (taps, GUINT_TO_POINTER (port->index)))
    ADD ("route %s via %s dev %s metric 100%s", destination, hop, tap, table);
}

static void
print_routes (NetctlLines *lines, const char *place, const NetctlModel *model, GHashTable *taps)
{
  gboolean has_default = FALSE;

  for (guint i = 0; i < model->vpc->routes->len; i++)
    {
      const NetctlRoute *route = &g_array_index (model->vpc->routes, NetctlRoute, i);

      print_route (lines, place, model, route, taps);
      has_default |= netctl_route_is_default (route);
    }
  if (!has_default)
    return;
  for (guint i = 100; i <= 103; i++)
    ADD ("rule %u table %u", i, i < 103 ? RT_TABLE_MAIN : 2);
}

void
netctl_print_links_plan (NetctlLines *lines, const NetctlModel *model, GHashTable *taps)
{
  g_autofree char *place = netctl_vpc_namespace_name (model->vpc->index);

  ADD ("namespace");
  print_anchor (lines, place, model->vpc);
  print_way_out (lines, place, model->vpc);
  for (GTreeNode *n = g_tree_node_first (model->ports); n != NULL; n = g_tree_node_next (n))
    if (g_hash_table_contains (taps, g_tree_node_key (n)))
      print_tap (lines, place, model->vpc, g_tree_node_value (n));
  print_routes (lines, place, model, taps);
}

void
netctl_print_publics_plan (NetctlLines *lines, const GArray *publics, const char *interface)
{
  const char *place = NETCTL_PRINT_HOST;

  for (guint i = 0; i < publics->len; i++)
    {
      const NetctlHostPublic *entry = &g_array_index (publics, NetctlHostPublic, i);
      g_autofree char *address = netctl_prefix_address (&entry->public.address);
      g_autofree char *uplink = netctl_vpc_uplink_name (entry->vpc);
      g_autofree char *inner = ipv4_text (netctl_vpc_transit_address (entry->vpc));

      ADD ("route %s via %s dev %s", address, inner, uplink);
      if (interface != NULL)
        ADD ("neighbour %s dev %s proxy", address, interface);
    }
}
