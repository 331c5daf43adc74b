/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Answers what guests ask about their IPv6: one pair of sockets a VPC, inside its namespace; one
 * thread for all. The firewall hands over what is asked, with a limit for each tap. Any thread may
 * call. */
#pragma once
#include "netctl-model.h"

typedef struct NetctlGuide NetctlGuide;

/* Of the time servers @ntp (may be NULL) guests learn those that are IPv6 addresses here. */
NetctlGuide *netctl_guide_new (const char *const *ntp, GError **error);
/* Closes all. */
void netctl_guide_free (NetctlGuide *guide);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (NetctlGuide, netctl_guide_free)

/* From now on the guests of the VPC in the namespace behind @fd are answered as @model says; those
 * for whom that is news are told at once. @identity tells the namespace from one of the same name.
 * A VPC without IPv6 is closed. */
gboolean netctl_guide_apply (NetctlGuide *guide, const NetctlModel *model, int fd, guint64 identity,
                             GError **error);
/* The same for one port, which may be gone from the model. Nothing without IPv6. */
void netctl_guide_apply_port (NetctlGuide *guide, const NetctlModel *model, guint32 port_index);
/* Lets go of the namespace, which may end then. Absent is success. */
void netctl_guide_close (NetctlGuide *guide, guint32 vpc_index);
