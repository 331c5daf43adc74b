/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Public addresses and routes of a VPC: what makes sense. */
#include "netctl-plan.h"
#include <netinet/in.h>

/* What no public address and no destination of a route may be part of, and why. */
static const struct
{
  const char *range, *why;
} reserved[] = {
  { "0.0.0.0/8", "is no host's address" },
  { "127.0.0.0/8", "is the loopback's" },
  { "169.254.0.0/16", "is local to a link" },
  { "224.0.0.0/3", "is no single host's" },
  { NETCTL_TRANSIT_RANGE, "is used between host and VPC" },
  { NETCTL_METADATA_ADDRESS, "is the metadata service's" },
  { NETCTL_DNS_ADDRESS, "is the name server's" },
  { "::1", "is the loopback's" },
  { "fe80::/10", "is local to a link" },
  { "ff00::/8", "is no single host's" },
};

/* "vpc "vpc-1" (index 1): WHAT ENTRY WHY" */
static gboolean
refuse (GError **error, const NetctlVpc *vpc, const char *what, const NetctlPrefix *entry,
        const char *why)
{
  g_autofree char *text = netctl_prefix_format (entry);

  g_set_error (error, NETCTL_ERROR, NETCTL_ERROR_INVALID, "vpc \"%s\" (index %u): %s %s %s",
               vpc->id != NULL ? vpc->id : "", vpc->index, what, text, why);
  return FALSE;
}

/* Why @prefix is out of bounds, or NULL. */
static const char *
reserved_fault (const NetctlPrefix *prefix)
{
  for (guint i = 0; i < G_N_ELEMENTS (reserved); i++)
    {
      NetctlPrefix range;

      netctl_prefix_parse (reserved[i].range, &range);
      if (netctl_prefix_contains (&range, prefix))
        return reserved[i].why;
    }
  return NULL;
}

static const char *
inside_fault (const NetctlVpc *vpc, const NetctlPrefix *address)
{
  const NetctlSubnet *subnet = netctl_vpc_subnet_of (vpc, address);

  if (subnet == NULL)
    return "lies in no subnet";
  if (netctl_prefix_equal (&subnet->gateway, address))
    return "is its subnet's gateway";
  return NULL;
}

/* Routes */

static const char *
route_fault (const NetctlVpc *vpc, const NetctlRoute *route)
{
  const NetctlPrefix *to = &route->destination, *hop = &route->next_hop;
  gboolean is_ipv4 = to->family == G_SOCKET_FAMILY_IPV4;
  const char *fault;

  if (!is_ipv4 && to->family != G_SOCKET_FAMILY_IPV6)
    return "is of no address family";
  if (to->length > (is_ipv4 ? 32 : 128))
    return "is longer than an address";
  if (hop->family != to->family || hop->length != (is_ipv4 ? 32 : 128))
    return "has a next hop that is no single address of its family";
  fault = reserved_fault (to);
  if (fault != NULL)
    return fault;
  if (netctl_vpc_subnet_of (vpc, to) != NULL)
    return "lies in a subnet";
  if (inside_fault (vpc, hop) != NULL)
    return "has a next hop that no port can have";
  return NULL;
}

static gboolean
check_routes (const NetctlVpc *vpc, GError **error)
{
  for (guint i = 0; i < vpc->routes->len; i++)
    {
      const NetctlRoute *route = &g_array_index (vpc->routes, NetctlRoute, i);
      NetctlPrefix to = netctl_prefix_masked (&route->destination);
      const char *fault = route_fault (vpc, route);

      for (guint j = 0; j < i && fault == NULL; j++)
        {
          NetctlPrefix other
              = netctl_prefix_masked (&g_array_index (vpc->routes, NetctlRoute, j).destination);

          if (netctl_prefix_equal (&to, &other))
            fault = "is there twice";
        }
      if (fault != NULL)
        return refuse (error, vpc, "the route to", &route->destination, fault);
    }
  return TRUE;
}

/* Public addresses */

static gboolean
check_publics (const NetctlVpc *vpc, GError **error)
{
  g_autoptr (GHashTable) seen = g_hash_table_new (NULL, NULL);

  for (guint i = 0; i < vpc->publics->len; i++)
    {
      const NetctlPrefix *address = &g_array_index (vpc->publics, NetctlPublic, i).address;
      const char *fault = NULL;

      if (!netctl_prefix_is_host4 (address))
        fault = "is not a single IPv4 address";
      else if (netctl_vpc_subnet_of (vpc, address) != NULL)
        fault = "lies in a subnet";
      else
        fault = reserved_fault (address);
      if (fault == NULL
          && !g_hash_table_add (seen, GUINT_TO_POINTER (netctl_prefix_ipv4 (address))))
        fault = "is there twice";
      if (fault != NULL)
        return refuse (error, vpc, "the public address", address, fault);
    }
  return TRUE;
}

static gboolean
check_eips (const NetctlVpc *vpc, GHashTable *publics, GHashTable *elastic, GError **error)
{
  g_autoptr (GHashTable) privates = g_hash_table_new (NULL, NULL);

  for (guint i = 0; i < vpc->eips->len; i++)
    {
      const NetctlEip *eip = &g_array_index (vpc->eips, NetctlEip, i);
      gpointer outer = GUINT_TO_POINTER (netctl_prefix_ipv4 (&eip->public_address));
      gpointer inner = GUINT_TO_POINTER (netctl_prefix_ipv4 (&eip->private_address));
      const char *fault = NULL;

      if (!netctl_prefix_is_host4 (&eip->public_address) || !g_hash_table_contains (publics, outer))
        return refuse (error, vpc, "the elastic address", &eip->public_address,
                       "is not one of its public addresses");
      if (!g_hash_table_add (elastic, outer))
        return refuse (error, vpc, "the elastic address", &eip->public_address, "is there twice");
      if (!netctl_prefix_is_host4 (&eip->private_address))
        fault = "is not a single IPv4 address";
      else
        fault = inside_fault (vpc, &eip->private_address);
      if (fault == NULL && !g_hash_table_add (privates, inner))
        fault = "has two";
      if (fault != NULL)
        return refuse (error, vpc, "the private side of an elastic address", &eip->private_address,
                       fault);
    }
  return TRUE;
}

static gboolean
check_snats (const NetctlVpc *vpc, GHashTable *publics, GError **error)
{
  for (guint i = 0; i < vpc->snats->len; i++)
    {
      const NetctlSnat *snat = &g_array_index (vpc->snats, NetctlSnat, i);
      NetctlPrefix source = netctl_prefix_masked (&snat->source);
      const char *fault = NULL;

      if (source.family != G_SOCKET_FAMILY_IPV4 || source.length > 32)
        fault = "is not an IPv4 range";
      else if (!netctl_prefix_is_host4 (&snat->public_address)
               || !g_hash_table_contains (
                   publics, GUINT_TO_POINTER (netctl_prefix_ipv4 (&snat->public_address))))
        fault = "has an address that is not one of its public addresses";
      for (guint j = 0; j < i && fault == NULL; j++)
        {
          NetctlPrefix other
              = netctl_prefix_masked (&g_array_index (vpc->snats, NetctlSnat, j).source);

          if (netctl_prefix_equal (&source, &other))
            fault = "is there twice";
        }
      if (fault != NULL)
        return refuse (error, vpc, "the SNAT source", &snat->source, fault);
    }
  return TRUE;
}

/* Forward entries */

static gboolean
is_range (int min, int max)
{
  return min >= 1 && min <= max && max <= 65535;
}

static const char *
ports_fault (const NetctlForward *forward)
{
  gboolean is_whole = forward->port_min == -1 && forward->port_max == -1;

  if (forward->protocol != IPPROTO_TCP && forward->protocol != IPPROTO_UDP
      && forward->protocol != -1)
    return "has a forward entry of a protocol that is neither TCP, UDP nor all";
  if (is_whole)
    return forward->private_port_min == -1 && forward->private_port_max == -1
               ? NULL
               : "has a forward entry of all ports to some";
  if (forward->protocol == -1)
    return "has a forward entry with ports for all protocols";
  if (!is_range (forward->port_min, forward->port_max)
      || !is_range (forward->private_port_min, forward->private_port_max))
    return "has a forward entry whose ports are no range";
  if (forward->port_max - forward->port_min
      != forward->private_port_max - forward->private_port_min)
    return "has a forward entry with unequal numbers of ports";
  return NULL;
}

static gboolean
forwards_collide (const NetctlForward *a, const NetctlForward *b)
{
  if (a->protocol != b->protocol || !netctl_prefix_equal (&a->public_address, &b->public_address))
    return FALSE;
  return a->port_min == -1 || b->port_min == -1
         || (a->port_min <= b->port_max && b->port_min <= a->port_max);
}

static gboolean
check_forwards (const NetctlVpc *vpc, GHashTable *publics, GHashTable *elastic, GError **error)
{
  for (guint i = 0; i < vpc->forwards->len; i++)
    {
      const NetctlForward *forward = &g_array_index (vpc->forwards, NetctlForward, i);
      gpointer outer = GUINT_TO_POINTER (netctl_prefix_ipv4 (&forward->public_address));
      const char *fault = NULL;

      if (!netctl_prefix_is_host4 (&forward->public_address)
          || !g_hash_table_contains (publics, outer))
        fault = "has a forward entry but is not one of its public addresses";
      else if (g_hash_table_contains (elastic, outer))
        fault = "has a forward entry and is an elastic address";
      else if (!netctl_prefix_is_host4 (&forward->private_address)
               || inside_fault (vpc, &forward->private_address) != NULL)
        fault = "has a forward entry to what no port can have";
      else
        fault = ports_fault (forward);
      for (guint j = 0; j < i && fault == NULL; j++)
        if (forwards_collide (forward, &g_array_index (vpc->forwards, NetctlForward, j)))
          fault = "has two forward entries for one port";
      if (fault != NULL)
        return refuse (error, vpc, "the public address", &forward->public_address, fault);
    }
  return TRUE;
}

gboolean
netctl_vpc_check_ways (const NetctlVpc *vpc, GError **error)
{
  g_autoptr (GHashTable) publics = g_hash_table_new (NULL, NULL);
  g_autoptr (GHashTable) elastic = g_hash_table_new (NULL, NULL);

  if (!check_routes (vpc, error) || !check_publics (vpc, error))
    return FALSE;
  for (guint i = 0; i < vpc->publics->len; i++)
    g_hash_table_add (publics, GUINT_TO_POINTER (netctl_prefix_ipv4 (
                                   &g_array_index (vpc->publics, NetctlPublic, i).address)));
  return check_eips (vpc, publics, elastic, error) && check_snats (vpc, publics, error)
         && check_forwards (vpc, publics, elastic, error);
}
