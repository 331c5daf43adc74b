/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The thread that runs libvirt's event loop, shared by all connections of the process. */
#pragma once
#include <glib.h>

/* Starts the loop's thread unless it runs. Must come before the first virConnectOpen(). Each hold
 * wants one release; the last release ends and joins the thread. Any thread but the loop's own. */
void virt_loop_hold (void);
void virt_loop_release (void);
