/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The executor: makes the host follow the rows. At most one item an id at a time, on a bounded pool
 * of threads; an item that is kicked while it runs runs once more. */
#pragma once
#include "work-parts.h"

/* The reserved id of the item that sweeps layers. */
#define WORK_LAYERS OPS_LAYERS
/* The reserved id of the item that takes automatic snapshots. */
#define WORK_POLICIES OPS_POLICIES
/* The reserved id of the item that merges them; one, so that two merges never meet. */
#define WORK_MERGES "merges"
/* The reserved id of the item that samples what is used; it looks when a minute begins. */
#define WORK_MONITOR "monitor"
/* The reserved id of the comparison of rows and host: at start, when the hypervisor's connection
 * comes back, and every few minutes. */
#define WORK_RECONCILE "reconcile"

/* An executor that does nothing yet. @parts is copied. */
Work *work_new (const WorkParts *parts);
/* Compares rows and host once, on this thread, then begins to work. */
void work_start (Work *work);
/* Look at the object of that id. Never blocks; any thread. */
void work_kick (Work *work, const char *id);
/* The host says that something happened to the object: the same, but not before the back-off of a
 * failed attempt is over, since that attempt may have caused it. */
void work_notice (Work *work, const char *id);
/* The host's network as lines, see netctl.h: as the rows want it and as the kernel has it. Nothing
 * is changed, and no work changes the network meanwhile. Either out may be NULL; the caller frees
 * the text. VMM_ERROR_UNAVAILABLE if the kernel cannot be read. Any thread. */
gboolean work_network_show (Work *work, char **out_plan, char **out_state, GError **error);
/* Lets running items finish and begins no other. Guests are not touched. */
void work_stop (Work *work);
/* Stopped before. */
void work_free (Work *work);
/* Whether nothing is running or ready (waiting items do not count). For tests. */
gboolean work_is_idle (Work *work);
