/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Makes the kernel hold the tables that were worked out: each call is one transaction. */
#pragma once
#include "netctl-filter.h"

/* Runs @commands in the namespace behind @fd (-1: the caller's). Any thread. */
gboolean netctl_apply_commands (int fd, const char *commands, GError **error);
/* Makes what the kernel is believed to hold as @from what @to is. FALSE if only a replacement can
 * or if the kernel refuses, since others have changed our tables. */
gboolean netctl_apply_change (NetctlFilter *filter, const NetctlTables *from,
                              const NetctlTables *to);
/* Replaces our tables, whatever they are. */
gboolean netctl_apply_whole (NetctlFilter *filter, const NetctlTables *tables, GError **error);
/* The one if @from is not NULL and it can be done, else the other. */
gboolean netctl_apply_tables (NetctlFilter *filter, const NetctlTables *from,
                              const NetctlTables *to, GError **error);
