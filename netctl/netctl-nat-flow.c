/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which live flows are still translated as they should be. */
#include "netctl-nat-flow.h"

/* The namespace's own, of IPv4. */
static gboolean
is_own (const NetctlVpc *vpc, const NetctlPrefix *address)
{
  static const char *const services[] = { NETCTL_METADATA_ADDRESS, NETCTL_DNS_ADDRESS };
  const NetctlSubnet *subnet = netctl_vpc_subnet_of (vpc, address);
  NetctlPrefix service;

  for (guint i = 0; i < G_N_ELEMENTS (services); i++)
    if (netctl_prefix_parse (services[i], &service) && netctl_prefix_equal (&service, address))
      return TRUE;
  if (subnet != NULL)
    return netctl_prefix_equal (&subnet->gateway, address);
  return netctl_prefix_ipv4 (address) == netctl_vpc_transit_address (vpc->index);
}

/* Whether @address lies beyond the way out for @other. */
static gboolean
is_outside (const NetctlNat *nat, const NetctlModel *model, const NetctlPrefix *address,
            const NetctlPrefix *other)
{
  const NetctlRoute *route;
  const NetctlPort *port;

  if (netctl_vpc_subnet_of (model->vpc, address) != NULL || is_own (model->vpc, address))
    return FALSE;
  route = netctl_vpc_route_of (model->vpc, address);
  if (route == NULL)
    return TRUE;
  if (route->destination.length > 0)
    return FALSE;
  /* The default route leaves these alone. */
  if (netctl_nat_own (nat, netctl_prefix_ipv4 (other)) != 0 || is_own (model->vpc, other))
    return TRUE;
  port = netctl_model_port_at (model, other);
  return port != NULL && port == netctl_model_port_at (model, &route->next_hop);
}

/* Of IPv6 nothing is translated, and nothing lies beyond but what routes lead to. */
static gboolean
has_place6 (const NetctlVpc *vpc, const NetctlPrefix *address)
{
  static const char *const local[] = { "fe80::/10", "ff00::/8" };
  NetctlPrefix range;

  for (guint i = 0; i < G_N_ELEMENTS (local); i++)
    if (netctl_prefix_parse (local[i], &range) && netctl_prefix_contains (&range, address))
      return TRUE;
  return netctl_vpc_subnet_of (vpc, address) != NULL || netctl_vpc_route_of (vpc, address) != NULL;
}

gboolean
netctl_nat_keeps (const NetctlNat *nat, const NetctlModel *model, const NetctlFlow *flow)
{
  const NetctlVpc *vpc = model->vpc;
  guint32 source = netctl_prefix_ipv4 (&flow->source);
  guint32 transit = netctl_vpc_transit_address (vpc->index);
  guint32 shown = netctl_prefix_ipv4 (&flow->shown), to = netctl_prefix_ipv4 (&flow->called);
  guint16 port = flow->called_port;
  gboolean is_inward, is_shown_as_it_is;

  if (!flow->is_live)
    return TRUE;
  if (flow->source.family == G_SOCKET_FAMILY_IPV6)
    return has_place6 (vpc, &flow->source) && has_place6 (vpc, &flow->destination);
  is_inward = netctl_nat_inward (nat, to, flow->protocol, flow->called_port, &to, &port);
  if (to != netctl_prefix_ipv4 (&flow->destination) || port != flow->destination_port)
    return FALSE;
  is_shown_as_it_is = netctl_prefix_equal (&flow->shown, &flow->source);
  if (netctl_vpc_subnet_of (vpc, &flow->source) == NULL && !is_own (vpc, &flow->source))
    /* From outside by a public address, or by a guest that has a route for it. */
    return is_shown_as_it_is && (is_inward || netctl_vpc_route_of (vpc, &flow->source) != NULL);
  if (is_outside (nat, model, &flow->destination, &flow->source))
    return netctl_nat_may_show (nat, source, shown)
           || (shown == transit && is_own (vpc, &flow->source));
  return is_shown_as_it_is
         || (netctl_prefix_equal (&flow->source, &flow->destination)
             && netctl_vpc_has_public (vpc, &flow->shown));
}
