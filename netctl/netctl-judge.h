/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which flows a VPC's model lets begin: the same answer that the compiled rules give, for flows
 * that began under older rules. Pure. */
#pragma once
#include "netctl-model.h"

/* A flow by its first packet, as the rules see it: behind a translation of its destination, before
 * one of its source. Addresses are host addresses of one family; ports are 0 where there are
 * none. */
typedef struct
{
  NetctlPrefix source, destination;
  guint8 protocol;
  guint16 source_port, destination_port;
  /* Of a flow that lives: as the source is shown to the destination, and as the destination is
   * called by the source. They differ from the above where there is translation. */
  gboolean is_live;
  NetctlPrefix shown, called;
  guint16 called_port;
} NetctlFlow;

/* A model made ready for many questions. The model must live and stay as it is meanwhile; not for
 * two threads at once. */
typedef struct NetctlJudge NetctlJudge;

/* The caller frees it. */
NetctlJudge *netctl_judge_new (const NetctlModel *model);
void netctl_judge_free (NetctlJudge *judge);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (NetctlJudge, netctl_judge_free)

/* Whether such a flow may begin: egress rules of the port that sends it and ingress rules of the
 * one it is handed to, which for addresses outside the VPC's subnets are those its routes lead to.
 * Flows of the VPC's own addresses to no port are let be; an address in a subnet that no port and
 * no remote has is not, nor one whose route leads to nobody. */
gboolean netctl_judge_allows (NetctlJudge *judge, const NetctlFlow *flow);
