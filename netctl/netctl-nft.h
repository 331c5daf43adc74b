/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The firewall: what a VPC's model and the host need as nft tables. Pure. */
#pragma once
#include "netctl-public.h"
#include "netctl-table.h"

/* Tables "inet ecs" and "arp ecs" of a VPC's namespace. A tap without elements here is closed. */
NetctlTables *netctl_nft_vpc (const NetctlModel *model);
/* Tables "inet ecs_host" and "arp ecs_host" of the host's namespace: close our taps until they are
 * moved and, with @nat, let VPCs out through the host's address and in what goes to @publics
 * (NetctlHostPublic), each by the way of its VPC alone. @name_servers (char*, IPv4 addresses) may
 * be asked by guests even if they are the host's own. */
NetctlTables *netctl_nft_host (gboolean nat, const GPtrArray *name_servers, const GArray *publics);
