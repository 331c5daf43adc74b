/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the kernel's driver knows of traffic. */
#pragma once
#include "netctl.h"

/* @net is the kernel's driver; its lock must not be held. See `use` of NetctlClass. */
gboolean netctl_kernel_use (Netctl *net, NetctlUse *out, GError **error);
