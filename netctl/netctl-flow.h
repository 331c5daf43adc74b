/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Live flows: the kernel's connection tracking table of a namespace. */
#pragma once
#include "netctl-filter.h"
#include "netctl-judge.h"

/* Whether a flow may go on. */
typedef gboolean (*NetctlFlowFunc) (const NetctlFlow *flow, gpointer data);

/* Ends every flow, of either family, of the namespace that @keep refuses. */
gboolean netctl_flow_sweep (NetctlFilter *filter, NetctlFlowFunc keep, gpointer data,
                            GError **error);
/* Ends every flow there that the rules and translations of @model refuse. */
gboolean netctl_flow_sweep_model (NetctlFilter *filter, const NetctlModel *model, GError **error);
