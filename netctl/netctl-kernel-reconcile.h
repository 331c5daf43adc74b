/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A whole plan made so by the kernel's driver, whatever an earlier process left behind. */
#pragma once
#include "netctl.h"

/* @net is the kernel's driver; its lock must not be held. See NetctlClass. */
gboolean netctl_kernel_reconcile (Netctl *net, const NetctlPlan *plan, GError **error);
