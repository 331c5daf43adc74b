/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the makers of nft tables share: table names, link patterns, and the parts each adds. For the
 * netctl-nft*.c files only. */
#pragma once
#include "netctl-model.h"
#include "netctl-table.h"

#define INET "inet ecs"
#define ARP "arp ecs"
#define HOST_INET "inet ecs_host"
#define HOST_ARP "arp ecs_host"
#define TAP "\"" NETCTL_TAP_PREFIX "*\""
#define UPLINK "\"" NETCTL_UPLINK_PREFIX "*\""
#define INSIDE "\"" NETCTL_UPLINK_INSIDE "\""
/* The client's hardware address in a DHCP request: 28 bytes behind the UDP header. */
#define CLIENT_MAC "@th,288,48"

/* A set of how much each tap sent lately; forgets those that are quiet. What uses one must say the
 * same limit everywhere. */
#define NETCTL_NFT_RATES "type ifname; size 65536; flags dynamic, timeout; timeout 1m"

/* A set of that type; the result is borrowed. */
static inline NetctlTableObject *
add_set (NetctlTables *t, const char *table, const char *name, const char *type)
{
  return netctl_tables_add (t, NETCTL_TABLE_SET, table, name, type);
}

/* The same, or the set of that name that is there already. */
static inline NetctlTableObject *
ensure_set (NetctlTables *t, const char *table, const char *name, const char *type)
{
  return netctl_tables_ensure (t, NETCTL_TABLE_SET, table, name, type);
}

/* A chain, a base chain with @hook; the result is borrowed. */
static inline NetctlTableObject *
add_chain (NetctlTables *t, const char *table, const char *name, const char *hook)
{
  return netctl_tables_add (t, NETCTL_TABLE_CHAIN, table, name, hook);
}

/* What follows from the VPC's record alone. Sets and maps that a port or group adds elements to are
 * declared here as well, so that they are there without one.
 *
 * netctl-nft-rule.c: the map of taps to their chains, and members on other hosts. */
void netctl_nft_add_ways_to_groups (NetctlTables *t, const NetctlVpc *vpc);
/* netctl-nft-door.c: what may enter and leave the namespace. */
void netctl_nft_add_doors (NetctlTables *t, const NetctlVpc *vpc);
/* netctl-nft-door6.c: the same for IPv6, in chains that the doors go to. */
void netctl_nft_add_doors6 (NetctlTables *t, const NetctlVpc *vpc);
/* netctl-nft-way.c: what is forwarded between taps and the way out, and under which address. */
void netctl_nft_add_ways (NetctlTables *t, const NetctlVpc *vpc);
/* netctl-nft-nat.c: under which addresses packets enter and leave. */
void netctl_nft_add_nat (NetctlTables *t, const NetctlVpc *vpc);
/* The rules of the forward chain that let taps' packets out of the VPC. */
void netctl_nft_add_exits (NetctlTableObject *chain, const NetctlVpc *vpc);
/* netctl-nft-route.c: what lets guests that forward through @raw, the door's chain for @family. */
void netctl_nft_add_forwarders (NetctlTables *t, const NetctlVpc *vpc, NetctlTableObject *raw,
                                GSocketFamily family);
/* Which packets the VPC's default route leaves alone. */
void netctl_nft_add_marks (NetctlTables *t, const NetctlVpc *vpc);
/* netctl-nft-shape.c: of which class of bandwidth packets on their way out are. */
void netctl_nft_add_shapes (NetctlTables *t, const NetctlVpc *vpc);

/* What follows from one port's record and its VPC's. More is in netctl-nft-rule.h.
 *
 * netctl-nft-door.c: as whom the tap may speak. */
void netctl_nft_add_identity (NetctlTables *t, const NetctlPort *port);
/* netctl-nft-shape.c: of which class of bandwidth its packets are. */
void netctl_nft_add_port_shapes (NetctlTables *t, const NetctlVpc *vpc, const NetctlPort *port);
/* netctl-nft-door6.c: the same for IPv6. */
void netctl_nft_add_identity6 (NetctlTables *t, const NetctlVpc *vpc, const NetctlPort *port);
/* netctl-nft-route.c: for whom it may speak besides. */
void netctl_nft_add_port_routes (NetctlTables *t, const NetctlVpc *vpc, const NetctlPort *port);
