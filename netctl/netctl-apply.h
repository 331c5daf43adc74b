/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The only libnftables: gives commands to the kernel, all or none. */
#pragma once
#include "netctl-table.h"
#include "netctl.h"

/* Runs @commands in the namespace behind @fd (-1: the caller's) as one transaction. Any thread;
 * callers queue. */
gboolean netctl_apply_commands (int fd, const char *commands, GError **error);
/* Makes the kernel hold @to. @from is what it is believed to hold, or NULL if unknown; a change
 * that fails is tried again as a replacement, which mends what others have done to our tables. */
gboolean netctl_apply_tables (int fd, const NetctlTables *from, const NetctlTables *to,
                              GError **error);
/* Removes our tables of these names ("inet ecs_host"); absent is success. */
gboolean netctl_apply_delete (int fd, const NetctlTables *tables, GError **error);
