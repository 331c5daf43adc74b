/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Routes that are ours alone: of a VPC to guests that forward, of the host to public addresses.
 * They carry a protocol number of ours in the kernel; what does not is left alone. */
#pragma once
#include "netctl-link.h"
#include "netctl-model.h"

/* One route. */
typedef struct
{
  NetctlPrefix destination; /* host bits cleared */
  NetctlPrefix gateway;     /* on the link; family G_SOCKET_FAMILY_INVALID drops what matches */
  int device;               /* index of the link; 0 to drop */
  guint32 metric;           /* lower is tried first */
  guint32 table;
} NetctlRouteEntry;

/* Makes our routes of both families behind @link exactly these (NetctlRouteEntry). */
gboolean netctl_route_set (NetctlLink *link, const GArray *entries, GError **error);

/* The routes of a VPC in its namespace behind @fd. A route whose next hop has no tap there drops
 * what it matches. The taps and the way out must be as they shall be. */
gboolean netctl_route_apply (int fd, const NetctlModel *model, GError **error);
/* Whether a route of the VPC leads to @port. */
gboolean netctl_route_uses (const NetctlVpc *vpc, const NetctlPort *port);
/* Whether it is the VPC's own default route of IPv4, which stands in a table of its own. */
gboolean netctl_route_is_default (const NetctlRoute *route);
/* Packets with this mark go out by the transit link whatever the VPC's default route says. */
#define NETCTL_ROUTE_MARK "0x1"
