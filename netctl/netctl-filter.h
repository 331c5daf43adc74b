/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A namespace's netfilter, held open: its tables and its live flows. */
#pragma once
#include "netctl-table.h"
#include "netctl.h"
#include <libmnl/libmnl.h>

/* Not for two threads at once. Keeps its namespace alive. Closing one may wait 10 ms and more until
 * the kernel has put away what was last deleted; hence who changes a namespace often holds it. */
typedef struct NetctlFilter NetctlFilter;

/* Of the namespace behind @fd, or the caller's with -1. Usable from any thread. */
NetctlFilter *netctl_filter_open (int fd, GError **error);
void netctl_filter_close (NetctlFilter *filter);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (NetctlFilter, netctl_filter_close)

/* Runs nft @commands as one transaction: all or none. */
gboolean netctl_filter_run (NetctlFilter *filter, const char *commands, GError **error);
/* What `nft -s` would answer @command. The caller frees it. NULL on failure. */
char *netctl_filter_list (NetctlFilter *filter, const char *command, GError **error);
/* Sends @message, whose sequence number is set here, and hands each answer to @callback (may be
 * NULL). Returns 0 or an errno. */
int netctl_filter_talk (NetctlFilter *filter, struct nlmsghdr *message, mnl_cb_t callback,
                        gpointer data);
