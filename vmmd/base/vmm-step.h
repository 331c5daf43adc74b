/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Points at which the crash test ends the process, so that it walks every step and samples none.
 *
 * A step stands before and behind each call to a driver and each commit. Any thread. */
#pragma once
#include <glib.h>

/* Counts one step. When it is the chosen one, the process ends as by kill -9. */
void vmm_step (const char *name);
/* Chooses the step, counted from 1; 0 for none. Before threads start. */
void vmm_step_die_at (guint step);
/* How many steps there have been, so that a test knows when it has walked all. */
guint vmm_step_count (void);
