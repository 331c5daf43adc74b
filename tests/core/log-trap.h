/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Catches the log of the code under test; a warning or error that no test asked for fails it. */
#pragma once
#include <glib.h>

/* Catches all lines from now on, debug ones too. */
void log_trap_install (void);
/* A warning like @glob ('*' and '?') must come before log_trap_check(). */
void log_trap_expect (const char *glob);
/* A warning like @glob may come. */
void log_trap_allow (const char *glob);
/* How many lines like @glob there have been, of any level. Any thread. */
guint log_trap_count (const char *glob);
/* Fails the test for a warning or error that was not expected or allowed, and for one that was
 * expected and did not come; then forgets all. On the test's thread. */
void log_trap_check (void);
