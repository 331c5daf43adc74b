/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Security groups as nft objects, piece by piece: what one set of groups, one port or one address
 * needs, so that a change can make only what it touches. Pure. */
#pragma once
#include "netctl-model.h"
#include "netctl-table.h"

/* "in_1_2a", "eg_1_2a": the chain of all ports that are in exactly @groups, which are normalised.
 * The caller frees it. */
char *netctl_nft_chain_name (const GArray *groups, NetctlDirection direction);
/* Adds that chain and the sets that only it looks into, whose names begin with the chain's and
 * "_s". Adds, empty, those sets of members it names that are not in @t yet. */
void netctl_nft_add_chain (NetctlTables *t, const NetctlModel *model, const GArray *groups,
                           NetctlDirection direction);
/* Adds @address to the sets of members of @groups, which are normalised; each set is added if it is
 * not in @t yet. Of a port's addresses each, of a remote's the one. */
void netctl_nft_add_member (NetctlTables *t, const GArray *groups, const NetctlPrefix *address);
/* Adds the empty sets of members of a group: both families. */
void netctl_nft_add_member_sets (NetctlTables *t, guint32 group);
/* Adds the elements of the maps "ingress" and "egress" that lead @port's tap to its chains; the
 * maps are added if they are not in @t yet. */
void netctl_nft_add_port_ways (NetctlTables *t, const NetctlPort *port);
/* Adds the port's addresses to the sets of members of its groups. */
void netctl_nft_add_port_members (NetctlTables *t, const NetctlPort *port);
