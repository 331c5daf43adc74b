/* SPDX-License-Identifier: GPL-2.0-or-later */
/* For the operator: what the kernel has, and what it shall have, as lines of one form. Nothing here
 * changes anything. */
#pragma once
#include "netctl-dhcp.h"
#include "netctl-lines.h"
#include "netctl-model.h"
#include "netctl-table.h"

#define NETCTL_PRINT_HOST "host"

/* netctl-print-nft.c: the nft tables of the namespace behind @fd (-1: the caller's) whose names are
 * "inet ecs…" or "arp ecs…"; with @all also what is not ours. */
gboolean netctl_print_nft (NetctlLines *lines, const char *place, int fd, gboolean all,
                           GError **error);
/* The same of @tables if they were in force: a namespace that exists for this alone has them put
 * into nft's own words. */
gboolean netctl_print_nft_plan (NetctlLines *lines, const char *place, const NetctlTables *tables,
                                GError **error);

/* netctl-print-link.c: links, addresses, routes, neighbours and routing rules of that namespace;
 * without @all only of our links, and what carries our mark. */
gboolean netctl_print_links (NetctlLines *lines, const char *place, int fd, gboolean all,
                             GError **error);
/* netctl-print-plan.c: the same of a VPC's namespace as it shall be with those taps inside (indexes
 * of ports), and what the VPC needs of the host. */
void netctl_print_links_plan (NetctlLines *lines, const NetctlModel *model, GHashTable *taps);
/* The host's routes and neighbours for the public addresses (NetctlHostPublic). */
void netctl_print_publics_plan (NetctlLines *lines, const GArray *publics, const char *interface);

/* netctl-print-shape.c: bounds of bandwidth on our links of that namespace. */
gboolean netctl_print_shapes (NetctlLines *lines, const char *place, int fd, GError **error);
/* The same as they shall be, as in netctl_print_links_plan(). */
void netctl_print_shapes_plan (NetctlLines *lines, const NetctlModel *model, GHashTable *taps);

/* netctl-print-server.c: what a VPC's servers are told, and which run. */
void netctl_print_servers (NetctlLines *lines, const NetctlDhcp *dhcp, guint32 vpc_index);
/* The same as it shall be. */
void netctl_print_servers_plan (NetctlLines *lines, const NetctlDhcp *dhcp,
                                const NetctlModel *model);

/* netctl-print.c: all of it, as text that the caller frees; NULL on failure. */
char *netctl_print_kernel (const NetctlDhcp *dhcp, GError **error);
char *netctl_print_plan (const NetctlDhcp *dhcp, const char *public_interface,
                         const NetctlPlan *plan, GError **error);
