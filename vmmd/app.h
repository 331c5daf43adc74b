/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Builds the parts of the daemon, joins them, and takes them apart again. Main thread. */
#pragma once
#include "vmm-config.h"

typedef struct App App;

/* Takes the lock that makes this the only daemon on @config's directories, opens the database,
 * connects the drivers, compares rows and host, and opens the doors. @config is borrowed for the
 * life of the app. Errors name the part that cannot start. */
App *app_new (const VmmConfig *config, gboolean check_replies, GError **error);
/* Closes the doors, lets running work finish, and lets go of everything. Guests run on. */
void app_free (App *app);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (App, app_free)
