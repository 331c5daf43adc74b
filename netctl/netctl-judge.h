/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which flows a VPC's model lets begin: the same answer that the compiled rules give, for flows
 * that began under older rules. Pure. */
#pragma once
#include "netctl-model.h"

/* A flow by its first packet; addresses in network order. Ports are 0 where there are none. */
typedef struct
{
  guint32 source, destination;
  guint8 protocol;
  guint16 source_port, destination_port;
} NetctlFlow;

/* A model made ready for many questions. The model must live and stay as it is meanwhile; not for
 * two threads at once. */
typedef struct NetctlJudge NetctlJudge;

/* The caller frees it. */
NetctlJudge *netctl_judge_new (const NetctlModel *model);
void netctl_judge_free (NetctlJudge *judge);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (NetctlJudge, netctl_judge_free)

/* Whether such a flow may begin: egress rules of the source's port and ingress rules of the
 * destination's. Flows of the VPC's own addresses to no port are let be; an address in a subnet
 * that no port has is not. */
gboolean netctl_judge_allows (NetctlJudge *judge, const NetctlFlow *flow);
