/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Records of a plan: copying, checking, comparing, and the names of the objects made from them. */
#pragma once
#include "netctl.h"

/* Deep copies; free them with the record's own function. */
NetctlVpc *netctl_vpc_copy (const NetctlVpc *vpc);
NetctlGroup *netctl_group_copy (const NetctlGroup *group);
NetctlPort *netctl_port_copy (const NetctlPort *port);

/* Whether a record by itself makes sense; NETCTL_ERROR_INVALID names the record and the field. */
gboolean netctl_vpc_check (const NetctlVpc *vpc, GError **error);
/* The part of netctl_vpc_check() that is about routes, publics, eips, snats and forwards; the
 * subnets must have been checked. */
gboolean netctl_vpc_check_ways (const NetctlVpc *vpc, GError **error);
gboolean netctl_port_check (const NetctlPort *port, GError **error);

/* TRUE if both name the same address and length. */
gboolean netctl_prefix_equal (const NetctlPrefix *a, const NetctlPrefix *b);
/* A GHashFunc for those. */
guint netctl_prefix_hash (gconstpointer prefix);
/* TRUE if @address (host bits included) lies inside @range. FALSE across families. */
gboolean netctl_prefix_contains (const NetctlPrefix *range, const NetctlPrefix *address);
/* TRUE if @prefix names a single IPv4 address. */
gboolean netctl_prefix_is_host4 (const NetctlPrefix *prefix);
/* TRUE if @prefix names a single IPv6 address. */
gboolean netctl_prefix_is_host6 (const NetctlPrefix *prefix);
/* The IPv4 address in network order. */
guint32 netctl_prefix_ipv4 (const NetctlPrefix *prefix);
/* The network alone: host bits cleared. */
NetctlPrefix netctl_prefix_masked (const NetctlPrefix *prefix);
/* "10.0.0.0/8" with the host bits cleared and the length always shown. The caller frees it. */
char *netctl_prefix_network (const NetctlPrefix *prefix);
/* The address alone, without the length. The caller frees it. */
char *netctl_prefix_address (const NetctlPrefix *prefix);
/* An IPv4 host address from network order. */
NetctlPrefix netctl_prefix_from_ipv4 (guint32 address);

/* The subnet of @vpc that @address lies in, or NULL. Borrowed. */
const NetctlSubnet *netctl_vpc_subnet_of (const NetctlVpc *vpc, const NetctlPrefix *address);

/* TRUE if a subnet of @vpc is of IPv6; else the VPC has none of it at all. */
gboolean netctl_vpc_has_ipv6 (const NetctlVpc *vpc);
/* The link-local address that follows from @mac; a guest may have another. */
NetctlPrefix netctl_prefix_link_local (const guint8 mac[6]);

/* FALSE as well when @a is NULL. */
gboolean netctl_vpc_same_subnets (const NetctlVpc *a, const NetctlVpc *b);
/* Likewise. */
gboolean netctl_vpc_same_routes (const NetctlVpc *a, const NetctlVpc *b);
/* Whether both, or neither (NULL), are a guest of the same MAC, addresses, name and rank. */
gboolean netctl_port_same_guest (const NetctlPort *a, const NetctlPort *b);

/* "ecs-v%06x": the VPC's namespace. The caller frees it. */
char *netctl_vpc_namespace_name (guint32 vpc_index);
/* "eu%06x": the host's end of the VPC's way out. The caller frees it. */
char *netctl_vpc_uplink_name (guint32 vpc_index);
/* The VPC's own address on its way out, network order: 100.64.0.2 plus the index. */
guint32 netctl_vpc_transit_address (guint32 vpc_index);
/* "00:16:3e:01:02:03". The caller frees it. */
char *netctl_mac_format (const guint8 mac[6]);

/* The inverses; FALSE if @name is not exactly such a name. */
gboolean netctl_namespace_name_parse (const char *name, guint32 *out_index);
gboolean netctl_uplink_name_parse (const char *name, guint32 *out_index);
gboolean netctl_tap_name_parse (const char *name, guint32 *out_index);

/* What all VPCs have in common. */
#define NETCTL_TAP_PREFIX "et0"    /* of a tap's name; never the start of "eth0" */
#define NETCTL_UPLINK_PREFIX "eu0" /* of the host's end of a way out */
#define NETCTL_UPLINK_INSIDE "up0" /* its other end, inside the VPC */
#define NETCTL_ANCHOR "es1"        /* carries the gateways inside the VPC */
#define NETCTL_GUIDE_GROUP 547     /* nflog: what a guest asks about its IPv6 */
#define NETCTL_TRANSIT_RANGE "100.64.0.0/12"
#define NETCTL_TRANSIT_HOST "100.64.0.1"
/* The gateway's on every tap, the same on all hosts, so that a moved guest keeps its ARP entry. */
#define NETCTL_GATEWAY_MAC                                                                         \
  {                                                                                                \
    0x02, 0xee, 0xee, 0xee, 0xee, 0xee                                                             \
  }
