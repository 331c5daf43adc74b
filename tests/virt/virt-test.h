/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the tests of this room share: specs, and waiting for facts. */
#pragma once
#include <glib.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "virt.h"
#include "vmm-error.h"

/* A spec without disks; the caller frees it. */
VirtSpec *spec_new (const char *id);
/* Adds a disk whose chain is @first and further paths until NULL. */
void spec_add_disk (VirtSpec *spec, const char *target, const char *serial, const char *first,
                    ...) G_GNUC_NULL_TERMINATED;
void spec_add_nic (VirtSpec *spec, const char *tap, const char *mac, guint mtu);

void assert_error (const GError *error, VmmError code);
/* Asserts the state, and the reason when it is not -1. */
void assert_fact (VirtDriver *driver, const char *id, VirtState state, int reason);

/* Notes events so that a test can wait for them. */
typedef struct Listener Listener;
Listener *listener_new (VirtDriver *driver);
/* Takes the function away from the driver. */
void listener_free (Listener *listener, VirtDriver *driver);
/* The number of events about @id so far; NULL asks for those about the connection. */
guint listener_count (Listener *listener, const char *id);
/* Waits until that number exceeds @before; fails the test after 20 s. */
void listener_wait (Listener *listener, const char *id, guint before);
/* The same without failing: FALSE when @end_us (monotonic) came first. */
gboolean listener_wait_until (Listener *listener, const char *id, guint before, gint64 end_us);
/* Waits until the domain is in @state; fails the test after 60 s. */
void wait_for_state (Listener *listener, VirtDriver *driver, const char *id, VirtState state);
/* Waits until the driver says it is (not) connected; fails the test after 60 s. */
void wait_for_connection (Listener *listener, VirtDriver *driver, gboolean is_connected);
