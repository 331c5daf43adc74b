/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Helper programs: run with a deadline, found again after a restart, ended without hitting a
 * stranger that took over the process id. No shell. */
#pragma once
#include "netctl.h"

/* Runs @argv, with /dev/null as input and no inherited descriptors, in the namespace behind @fd and
 * waits for its end. Fails unless it exits with 0 in time; the message holds what it said. */
gboolean netctl_proc_run (int fd, const char *const *argv, guint timeout_ms, GError **error);

/* The arguments of @pid, or NULL if there is no such process. Free with g_strfreev(). */
char **netctl_proc_arguments (int pid);
/* Process ids (int) of all programs named @program of which an argument starts with @prefix. */
GArray *netctl_proc_find (const char *program, const char *prefix);
/* TRUE if @pid is such a program. */
gboolean netctl_proc_is (int pid, const char *program, const char *prefix);
/* Sends @number to @pid if it is still such a program. FALSE if it is not. */
gboolean netctl_proc_signal (int pid, const char *program, const char *prefix, int number);
/* Ends such a program, at last by force, and waits until it is gone. */
gboolean netctl_proc_end (int pid, const char *program, const char *prefix, GError **error);
