/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A thread with descriptors of its own, for a library that waits with select() and so cannot bear a
 * number beyond 1023, which a process with many connections soon hands out. */
#pragma once
#include "netctl-ns.h"

/* Calls @func there and waits for it; callers take turns. Descriptors that are opened there are
 * good for nothing elsewhere, nor the other way round, but threads that @func starts share them.
 * Any thread but that one. */
gboolean netctl_apart_run (NetctlNsFunc func, gpointer data, GError **error);
