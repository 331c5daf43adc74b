/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The journal of pulls, for the worker: what is begun, and how it ended. Nobody asks for a pull. */
#pragma once
#include "ops-context.h"
#include "store-pull.h"

/* At once by running guests; more would only take the disks from them. */
#define OPS_PULLS_AT_ONCE 4

/* Writes down that the layer begins to take in what is below it, as far as vmm_chain_take() says,
 * with the bytes that may cost; a start, an attach and a snapshot of it know from then on. By the
 * QEMU of running @instance_id, or with NULL by the pool. @own_bytes are what the layer takes on
 * the host. NULL without @error set when it shall not be, or not now: nothing is to be gained,
 * somebody wants the layer, an attempt failed a moment ago, there is no room, too many are under
 * way. */
StorePull *ops_pull_begin (VmmContext *ctx, const char *layer_id, const char *instance_id,
                           guint64 own_bytes, GError **error);
/* How long a pull into @one must wait for its next attempt, in milliseconds; 0 when it may be now.
 */
gint64 ops_pull_wait_ms (const StorePullable *one, gint64 now_ms);
/* The layer rests on the base now and takes @used_bytes. The caller kicks OPS_LAYERS: those that
 * were between may be nobody's. */
gboolean ops_pull_done (VmmContext *ctx, const StorePull *pull, guint64 used_bytes, GError **error);
/* It rests on what it did; another attempt may begin a little later, ever more so with @has_failed.
 */
gboolean ops_pull_dropped (VmmContext *ctx, const StorePull *pull, gboolean has_failed,
                           GError **error);
