/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Bounds of bandwidth: a queueing discipline on a link that has a class for each bounded address.
 * Rules choose a packet's class by its priority; what has none is sent at once. */
#pragma once
#include "netctl-link.h"
#include "netctl-model.h"

/* On the way out of a VPC a class for each bounded public address and port, on the host's end of it
 * one for each public address; on a tap one for its port. What is not bounded has none, and a link
 * without classes has no such discipline. @fd is the VPC's namespace. */

/* Whether the port (NULL for none) has a bound. */
gboolean netctl_shape_is_bounded (const NetctlPort *port);
/* Both ends of the way out, and the taps of the ports that are bounded; with @is_thorough also of
 * those that are not. A way out or a tap that is not there is passed over. */
gboolean netctl_shape_apply (int fd, const NetctlModel *model, gboolean is_thorough,
                             GError **error);
/* The same of one port that is in @model, or was. */
gboolean netctl_shape_apply_port (int fd, const NetctlModel *model, const NetctlPort *port,
                                  GError **error);

/* Classes as rules name them ("1:8001"), free of collisions: NetctlPrefix* of a bounded public
 * address of @vpc -> minor number. Follows from the VPC's record; free with g_hash_table_unref().
 */
GHashTable *netctl_shape_publics (const NetctlVpc *vpc);
/* The same of a port, on the way out. Ports whose indexes differ by a multiple of
 * NETCTL_SHAPE_PORTS share a class that is as wide as their bounds together. */
guint netctl_shape_port_class (guint32 port_index);
#define NETCTL_SHAPE_PORTS 0x7ff0
/* The only class of a tap. */
#define NETCTL_SHAPE_TAP "1:2"
#define NETCTL_SHAPE_TAP_MINOR 2
/* The handle of our discipline. */
#define NETCTL_SHAPE_ROOT 0x10000u

/* A class: minor number and bytes a second. */
typedef struct
{
  guint minor;
  guint64 rate;
} NetctlShapeClass;

/* What is wanted: appends (NetctlShapeClass) those of the VPC's way out, on the host's end and
 * inside, and those of a port's tap. */
void netctl_shape_want_vpc (const NetctlModel *model, GArray *inward, GArray *outward);
void netctl_shape_want_port (const NetctlVpc *vpc, const NetctlPort *port, GArray *classes);
/* What the kernel has: appends those of a link's discipline of ours, none if it has another. */
gboolean netctl_shape_list (NetctlLink *link, const NetctlLinkInfo *info, GArray *classes,
                            GError **error);
