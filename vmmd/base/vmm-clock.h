/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The only wall clock of the tree, replaceable by tests. */
#pragma once
#include <glib.h>

/* Milliseconds since 1970, UTC. Any thread. */
gint64 vmm_clock_now_ms (void);
/* Replaces the clock; NULL brings the real one back. For tests, before threads start. */
void vmm_clock_replace (gint64 (*now_ms) (void));
/* "2026-01-02T03:04Z", as ECS writes an instance's times; "" for 0. The caller frees it. */
char *vmm_clock_format_minute (gint64 ms);
/* "2026-01-02T03:04:05Z", as ECS writes all other times; "" for 0. The caller frees it. */
char *vmm_clock_format_second (gint64 ms);
/* Reads "2026-01-02T03:04:05Z" or, without seconds, "2026-01-02T03:04Z"; FALSE otherwise. */
gboolean vmm_clock_parse (const char *text, gint64 *out_ms);
