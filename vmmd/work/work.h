/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The executor: makes the host follow the rows. At most one item an id at a time, on a bounded pool
 * of threads; an item that is kicked while it runs runs once more. */
#pragma once
#include "work-parts.h"

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
/* Lets running items finish and begins no other. Guests are not touched. */
void work_stop (Work *work);
/* Stopped before. */
void work_free (Work *work);
/* Whether nothing is running or ready (waiting items do not count). For tests. */
gboolean work_is_idle (Work *work);
