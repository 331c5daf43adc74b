/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Disks and snapshots of a world with a host: asked for, waited for, looked at. Alice owns all. */
#pragma once
#include "world-host.h"

/* A data disk of 5 GiB that is Available; its id, which the world owns. */
const char *host_make_disk (World *w);
/* Asks for the disk to be attached. */
void host_attach (World *w, const char *disk, const char *instance);
/* Asks for a snapshot; its id, which the world owns. */
const char *host_ask_snapshot (World *w, const char *disk);
/* The same, accomplished. */
const char *host_take_snapshot (World *w, const char *disk);
/* Deletes a snapshot by force. */
void host_drop_snapshot (World *w, const char *id);
/* Stops an instance and waits until it is. */
void host_stop_instance (World *w, const char *id);
/* How many layers the disk rests on, itself included. */
guint host_depth (World *w, const char *disk);
/* How many layers there are. */
gint64 host_layers (World *w);
/* The id of the disk's active layer; the caller frees it. */
char *host_active_layer (World *w, const char *disk);
