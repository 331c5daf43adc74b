/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How long a transitional state may last. For this room and work. */
#pragma once
#include "ops-context.h"
#include "vmm-instance-state.h"

/* When power is cut after a guest ignored the button, there is this much more time to do it. */
#define OPS_FORCE_GRACE_MS 30000

/* The time by which @state must have been left, from the configuration; 0 for a stable one. */
gint64 ops_deadline (VmmContext *ctx, VmmInstanceState state, gint64 now_ms);
