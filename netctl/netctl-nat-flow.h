/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which live flows are still translated as they should be. Pure. */
#pragma once
#include "netctl-judge.h"
#include "netctl-nat.h"

/* Whether a live flow is translated as the VPC of @model would do it now, and comes from where it
 * may come from. A flow that began under a shared address or the host's may go on under it. @nat is
 * of the same VPC. Asked beside netctl_judge_allows(). */
gboolean netctl_nat_keeps (const NetctlNat *nat, const NetctlModel *model, const NetctlFlow *flow);
