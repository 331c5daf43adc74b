/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Guests that forward: under which addresses their taps may also speak, and which packets a default
 * route of the VPC leaves alone. */
#include "netctl-nft-priv.h"
#include "netctl-route.h"

/* Nobody's that a guest could forward for. */
#define NOT_FORWARDED4                                                                             \
  "{ 0.0.0.0/8, " NETCTL_TRANSIT_RANGE ", " NETCTL_DNS_ADDRESS ", " NETCTL_METADATA_ADDRESS        \
  ", 127.0.0.0/8, 169.254.0.0/16, 224.0.0.0/3 }"
#define NOT_FORWARDED6 "{ ::/127, fe80::/10, ff00::/8 }"

/* The sets that ports' parts add to. */

static NetctlTableObject *
routed_set (NetctlTables *t, GSocketFamily family)
{
  gboolean is_ipv4 = family == G_SOCKET_FAMILY_IPV4;

  return netctl_tables_ensure (t, NETCTL_TABLE_SET, INET, is_ipv4 ? "routed4" : "routed6",
                               is_ipv4 ? "type ifname . ether_addr . ipv4_addr; flags interval"
                                       : "type ifname . ether_addr . ipv6_addr; flags interval");
}

static NetctlTableObject *
router_set (NetctlTables *t)
{
  return netctl_tables_ensure (t, NETCTL_TABLE_SET, INET, "routers", "type ifname");
}

static gboolean
is_default4 (const NetctlRoute *route)
{
  return route->destination.family == G_SOCKET_FAMILY_IPV4 && route->destination.length == 0;
}

/* The VPC's part */

static gboolean
has_family (const NetctlVpc *vpc, GSocketFamily family)
{
  for (guint i = 0; i < vpc->routes->len; i++)
    if (g_array_index (vpc->routes, NetctlRoute, i).destination.family == family)
      return TRUE;
  return FALSE;
}

static void
add_inside (NetctlTables *t, const NetctlVpc *vpc, GSocketFamily family)
{
  gboolean is_ipv4 = family == G_SOCKET_FAMILY_IPV4;
  NetctlTableObject *inside
      = add_set (t, INET, is_ipv4 ? "inside4" : "inside6",
                 is_ipv4 ? "type ipv4_addr; flags interval" : "type ipv6_addr; flags interval");

  for (guint i = 0; i < vpc->subnets->len; i++)
    {
      const NetctlPrefix *range = &g_array_index (vpc->subnets, NetctlSubnet, i).range;
      g_autofree char *text = netctl_prefix_network (range);

      if (range->family == family)
        netctl_table_line (inside, "%s", text);
    }
}

static void
add_publics (NetctlTables *t, const NetctlVpc *vpc)
{
  NetctlTableObject *publics = add_set (t, INET, "publics", "type ipv4_addr");

  for (guint i = 0; i < vpc->publics->len; i++)
    {
      g_autofree char *address
          = netctl_prefix_address (&g_array_index (vpc->publics, NetctlPublic, i).address);

      netctl_table_line (publics, "%s", address);
    }
}

void
netctl_nft_add_forwarders (NetctlTables *t, const NetctlVpc *vpc, NetctlTableObject *raw,
                           GSocketFamily family)
{
  if (!has_family (vpc, family))
    return;
  if (family == G_SOCKET_FAMILY_IPV4)
    {
      routed_set (t, G_SOCKET_FAMILY_IPV4);
      add_inside (t, vpc, G_SOCKET_FAMILY_IPV4);
      add_publics (t, vpc);
      netctl_table_line (raw, "iifname . ether saddr . ip saddr @routed4 ip saddr != @inside4 "
                              "ip saddr != @publics ip saddr != " NOT_FORWARDED4 " accept");
    }
  else
    {
      routed_set (t, G_SOCKET_FAMILY_IPV6);
      add_inside (t, vpc, G_SOCKET_FAMILY_IPV6);
      netctl_table_line (raw, "iifname . ether saddr . ip6 saddr @routed6 ip6 saddr != @inside6 "
                              "ip6 saddr != " NOT_FORWARDED6 " accept");
    }
}

/* With a default route to a guest, three kinds of packets still go to the world: answers to what
 * came from there, what has a public address of its own, and what that guest itself sends. */
void
netctl_nft_add_marks (NetctlTables *t, const NetctlVpc *vpc)
{
  NetctlTableObject *chain;
  gboolean has_default = FALSE;

  for (guint i = 0; i < vpc->routes->len; i++)
    has_default |= is_default4 (&g_array_index (vpc->routes, NetctlRoute, i));
  if (!has_default)
    return;
  router_set (t);
  chain = add_chain (t, INET, "c_mark", "type filter hook prerouting priority -150; policy accept");
  netctl_table_line (chain, "iifname " TAP
                            " ct direction reply ct status dnat meta mark set " NETCTL_ROUTE_MARK);
  if (vpc->publics->len > 0)
    netctl_table_line (chain, "iifname " TAP " ip saddr @owners meta mark set " NETCTL_ROUTE_MARK);
  netctl_table_line (chain, "meta nfproto ipv4 iifname @routers meta mark set " NETCTL_ROUTE_MARK);
}

/* A port's part */

static gboolean
leads_to (const NetctlRoute *route, const NetctlPort *port)
{
  for (guint i = 0; i < port->addresses->len; i++)
    if (netctl_prefix_equal (&g_array_index (port->addresses, NetctlPrefix, i), &route->next_hop))
      return TRUE;
  return FALSE;
}

/* Whether another route to the same port holds all of this one: sets of ranges refuse overlaps. */
static gboolean
is_covered (const NetctlVpc *vpc, const NetctlRoute *route, const NetctlPort *port)
{
  for (guint i = 0; i < vpc->routes->len; i++)
    {
      const NetctlRoute *other = &g_array_index (vpc->routes, NetctlRoute, i);

      if (other != route && netctl_prefix_contains (&other->destination, &route->destination)
          && leads_to (other, port))
        return TRUE;
    }
  return FALSE;
}

void
netctl_nft_add_port_routes (NetctlTables *t, const NetctlVpc *vpc, const NetctlPort *port)
{
  g_autofree char *tap = netctl_port_tap_name (port->index), *mac = netctl_mac_format (port->mac);

  for (guint i = 0; i < vpc->routes->len; i++)
    {
      const NetctlRoute *route = &g_array_index (vpc->routes, NetctlRoute, i);
      g_autofree char *range = netctl_prefix_network (&route->destination);

      if (!leads_to (route, port))
        continue;
      if (is_default4 (route))
        netctl_table_line (router_set (t), "\"%s\"", tap);
      if (!is_covered (vpc, route, port))
        netctl_table_line (routed_set (t, route->destination.family), "\"%s\" . %s . %s", tap, mac,
                           range);
    }
}
