/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the VPCs of this host need of the host itself: its rules, the way out, public addresses. Not
 * locked. */
#pragma once
#include "netctl-plan.h"
#include "netctl-table.h"

typedef struct NetctlEdge NetctlEdge;

/* @name_servers (char*) is borrowed. @public_interface as in NetctlConfig. */
NetctlEdge *netctl_edge_new (const GPtrArray *name_servers, const char *public_interface);
void netctl_edge_free (NetctlEdge *edge);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (NetctlEdge, netctl_edge_free)

/* Notes what @vpc needs from now on. NETCTL_ERROR_BUSY if another VPC has one of its public
 * addresses; then nothing is noted. */
gboolean netctl_edge_claim (NetctlEdge *edge, const NetctlVpc *vpc, GError **error);
/* Notes that the VPC needs nothing any more. */
void netctl_edge_forget (NetctlEdge *edge, guint32 vpc_index);
/* Notes what all VPCs of @plan need and that others need nothing, and that nothing is known of what
 * the kernel has. Of two that want one public address the first has it. */
void netctl_edge_expect (NetctlEdge *edge, const NetctlPlan *plan);

/* Makes the host's rules so. What guards the host against ways out stays until a call with
 * @is_settled, which says that there are no other ways out than those noted; before the first
 * netctl_edge_expect() that is not believed. */
gboolean netctl_edge_apply_rules (NetctlEdge *edge, gboolean is_settled, GError **error);
/* Whether that VPC has public addresses or had some when the ways were last applied. */
gboolean netctl_edge_is_public (const NetctlEdge *edge, guint32 vpc_index);
/* Makes the host's routes and neighbours of all public addresses so. */
gboolean netctl_edge_apply_ways (NetctlEdge *edge, GError **error);

/* What has been noted: all public addresses (NetctlHostPublic), and the host's tables once settled.
 * The caller frees them. */
GArray *netctl_edge_publics (const NetctlEdge *edge);
NetctlTables *netctl_edge_tables (const NetctlEdge *edge);
/* As given to netctl_edge_new(). Borrowed. */
const char *netctl_edge_interface (const NetctlEdge *edge);
