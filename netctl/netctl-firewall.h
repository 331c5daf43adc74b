/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One VPC's model and the rules in its namespace, kept in step: a change costs what it concerns.
 * Not locked. */
#pragma once
#include "netctl-model.h"

typedef struct NetctlFirewall NetctlFirewall;

/* Knows nothing of the kernel's rules yet; an empty model. */
NetctlFirewall *netctl_firewall_new (void);
void netctl_firewall_free (NetctlFirewall *firewall);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (NetctlFirewall, netctl_firewall_free)

/* Borrowed, to be changed by the functions below only. */
const NetctlModel *netctl_firewall_model (const NetctlFirewall *firewall);
/* Whether it is known what rules the namespace holds. */
gboolean netctl_firewall_is_known (const NetctlFirewall *firewall);
/* Others may have changed the rules: all are replaced next. */
void netctl_firewall_forget (NetctlFirewall *firewall);
/* Closes what is open of the namespace, which may end then; nothing is forgotten. */
void netctl_firewall_release (NetctlFirewall *firewall);

/* Changes of the model, as in netctl-model.h. They come between begin and one of the two others:
 * kept if the kernel followed, else undone, and whatever of it is in force goes with the next
 * change. */
void netctl_firewall_begin (NetctlFirewall *firewall);
void netctl_firewall_keep (NetctlFirewall *firewall);
void netctl_firewall_undo (NetctlFirewall *firewall);
gboolean netctl_firewall_set_vpc (NetctlFirewall *firewall, const NetctlVpc *vpc, GError **error);
gboolean netctl_firewall_set_group (NetctlFirewall *firewall, const NetctlGroup *group,
                                    GError **error);
gboolean netctl_firewall_remove_group (NetctlFirewall *firewall, guint32 group, GError **error);
gboolean netctl_firewall_set_port (NetctlFirewall *firewall, const NetctlPort *port,
                                   GError **error);
void netctl_firewall_remove_port (NetctlFirewall *firewall, guint32 port);
/* Outside of those: another model altogether (taken); the old one is returned. */
NetctlModel *netctl_firewall_swap (NetctlFirewall *firewall, NetctlModel *model);

/* Makes the rules of the namespace behind @fd those of the model, in one transaction. */
gboolean netctl_firewall_apply (NetctlFirewall *firewall, int fd, GError **error);
/* Whether flows may go on that the rules forbid by now. */
gboolean netctl_firewall_must_sweep (const NetctlFirewall *firewall);
/* Ends these. After a netctl_firewall_apply(). */
gboolean netctl_firewall_sweep (NetctlFirewall *firewall, GError **error);
