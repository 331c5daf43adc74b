/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Addresses and names for guests: two dnsmasq a VPC, inside its namespace. They outlive this
 * process and are found again. Calls on one VPC must not run at once. */
#pragma once
#include "netctl-model.h"

typedef struct NetctlDhcp NetctlDhcp;

/* Files go to @run_dir/dhcp. @dns are IPv4 name servers; INVALID if one is not. Of the time servers
 * @ntp guests learn those that are IPv4 addresses. Both may be NULL. */
NetctlDhcp *netctl_dhcp_new (const char *run_dir, const char *const *dns, const char *const *ntp,
                             GError **error);
/* Leaves the servers running. */
void netctl_dhcp_free (NetctlDhcp *dhcp);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (NetctlDhcp, netctl_dhcp_free)

/* The name servers that a VPC's own asks, as text. Borrowed. */
const GPtrArray *netctl_dhcp_servers (const NetctlDhcp *dhcp);

/* Servers run in the namespace behind @fd and know the model's ports. The anchor is up. */
gboolean netctl_dhcp_apply (NetctlDhcp *dhcp, const NetctlModel *model, int fd, GError **error);
/* The same after one port changed, came (@before is NULL) or went (@after is NULL): the files are
 * not looked at if that is the same guest and the servers have surely read them. */
gboolean netctl_dhcp_apply_port (NetctlDhcp *dhcp, const NetctlModel *model,
                                 const NetctlPort *before, const NetctlPort *after, int fd,
                                 GError **error);
/* The model that was applied last has been taken back. */
void netctl_dhcp_doubt (NetctlDhcp *dhcp, guint32 vpc_index);
/* Ends the VPC's servers and removes their files. Absent is success. */
gboolean netctl_dhcp_stop (NetctlDhcp *dhcp, guint32 vpc_index, GError **error);
/* Stops all servers of ours whose VPC index is no key of @wanted. */
gboolean netctl_dhcp_prune (NetctlDhcp *dhcp, GHashTable *wanted, GError **error);

/* The pure parts. */
/* The file of known clients: "mac[,set:tag],address[,name],infinite" a line. The caller frees it.
 */
char *netctl_dhcp_hosts (const NetctlModel *model);
/* What is left of dnsmasq's @leases when those are taken out that stand against the model: an
 * address that is now another client's. NULL if all may stay. */
char *netctl_dhcp_leases_without_conflicts (const char *leases, const NetctlModel *model);
/* The arguments of the server for addresses and of that for names. Free with g_strfreev(). */
char **netctl_dhcp_arguments (const NetctlDhcp *dhcp, const NetctlVpc *vpc);
char **netctl_dhcp_names_arguments (const NetctlDhcp *dhcp, const NetctlVpc *vpc);
