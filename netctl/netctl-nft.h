/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The firewall: what a VPC's model and the host need as nft tables. Pure. */
#pragma once
#include "netctl-public.h"
#include "netctl-table.h"

/* Tables "inet ecs" and "arp ecs" of a VPC's namespace. A tap without elements here is closed. */
NetctlTables *netctl_nft_vpc (const NetctlModel *model);

/* The same in parts (see netctl-parts.h), whose sum the above is. Each follows from few records, so
 * that one that changes concerns few parts:
 *   "vpc"         the VPC's record: all of the VPC's own chains, and the sets it starts with
 *   "group 2a"    a group's record: the sets of its members
 *   "set 1_2a"    the records of a set of groups in which a port is exactly: its chains
 *   "port b"      a port's record and the VPC's subnets, routes and nat: its elements
 * A maker that looks at more than its part's records breaks the sum, and netctl_firewall_set_vpc()
 * must know what of the VPC's record ports look at. */
#define NETCTL_NFT_VPC "vpc"
/* The caller frees them. */
char *netctl_nft_group_key (guint32 group);
char *netctl_nft_set_key (const GArray *groups); /* in any order */
char *netctl_nft_port_key (guint32 port);
/* That part, or NULL if @model has nothing that it would be of. */
NetctlTables *netctl_nft_part (const NetctlModel *model, const char *key);
/* The keys (char*) of all parts of @model. */
GPtrArray *netctl_nft_keys (const NetctlModel *model);

/* Tables "inet ecs_host" and "arp ecs_host" of the host's namespace: close our taps until they are
 * moved and, with @nat, let VPCs out through the host's address and in what goes to @publics
 * (NetctlHostPublic), each by the way of its VPC alone. @name_servers (char*, IPv4 addresses) may
 * be asked by guests even if they are the host's own. */
NetctlTables *netctl_nft_host (gboolean nat, const GPtrArray *name_servers, const GArray *publics);
