/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Network namespaces as `ip netns` keeps them: a file a namespace under /run/netns. */
#pragma once
#include "netctl.h"

#define NETCTL_NS_DIR "/run/netns"

/* Work to do inside a namespace, on a thread of its own. */
typedef gboolean (*NetctlNsFunc) (gpointer data, GError **error);

/* Makes the namespace unless it is there; mends a file left without its mount. */
gboolean netctl_ns_ensure (const char *name, GError **error);
/* Takes the name away; the namespace ends with its last user. Absent is success. */
gboolean netctl_ns_remove (const char *name, GError **error);
/* A descriptor of the namespace, or -1; *@error is left alone if there is none of that name and
 * @missing_ok. The caller closes it: a descriptor keeps the namespace alive. */
int netctl_ns_open (const char *name, gboolean missing_ok, GError **error);
/* What tells this namespace from every other that lives now; 0 if there is none of that name. */
guint64 netctl_ns_identity (const char *name);
/* The same of a process; 0 if it is gone. */
guint64 netctl_ns_identity_of_process (int pid);
/* Names of all namespaces of ours, sorted; free with g_ptr_array_unref(). */
GPtrArray *netctl_ns_list (void);
/* Runs @func inside the namespace behind @fd, or in the caller's with -1, and waits for it. Threads
 * and processes that @func starts stay there. */
gboolean netctl_ns_run (int fd, NetctlNsFunc func, gpointer data, GError **error);
/* Writes @value to /proc/sys/net/@path in the namespace of the calling thread. */
gboolean netctl_ns_sysctl (const char *path, const char *value, GError **error);
