/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The links of a VPC: the anchor that holds its gateways, its way out, its taps. Each call makes
 * one part as it should be, whatever it was before. @fd is the VPC's namespace; the caller's is the
 * host's. */
#pragma once
#include "netctl-model.h"

/* Settings of the namespace, the anchor and its addresses. The rules must stand already. */
gboolean netctl_wire_anchor (int fd, const NetctlVpc *vpc, GError **error);
/* The way out through the host, or none if the VPC has neither NAT nor a public address. */
gboolean netctl_wire_uplink (int fd, const NetctlVpc *vpc, GError **error);
/* Moves the port's tap here unless it is here, and brings it up. NETCTL_ERROR_NO_TAP. */
gboolean netctl_wire_tap (int fd, const NetctlVpc *vpc, const NetctlPort *port, GError **error);
/* Takes the tap's routes away and it down. Absent is success. */
gboolean netctl_wire_untap (int fd, guint32 port_index, GError **error);
/* Indexes (guint32) of the ports whose tap is in the namespace behind @fd (-1: the host's). */
GArray *netctl_wire_taps (int fd, GError **error);
/* How many taps there are in the namespace called @ns; none without it. */
gboolean netctl_wire_count_taps (const char *ns, guint *out_count, GError **error);
/* Closes every tap here that is no port of @model, and deletes those that no process holds. With
 * @model NULL every tap is meant. *@out_left tells whether any is left. */
gboolean netctl_wire_prune (int fd, const NetctlModel *model, gboolean *out_left, GError **error);
/* On the host: deletes each way out that no VPC of @plan needs, and each tap that no process holds
 * and that is no port's of @plan. */
gboolean netctl_wire_prune_host (const NetctlPlan *plan, GError **error);
/* Lets the host forward packets between its links. */
gboolean netctl_wire_forward (GError **error);
