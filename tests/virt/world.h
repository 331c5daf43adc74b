/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the behaviour suite needs of a driver and the host below it; made twice, world-fake.c and
 * world-real.c. */
#pragma once
#include "virt-test.h"

typedef struct
{
  VirtDriver *driver;
  Listener *listener;
} World;

/* Makes a connected driver on an empty host, or returns NULL when it cannot (skip). */
World *world_new (void);
/* Removes all domains of the tests, too. */
void world_free (World *world);

/* A spec whose disk exists; it boots the tiny guest if @boots and there is such an image. */
VirtSpec *world_spec (World *world, const char *id, gboolean boots);
/* Whether there is an image that boots. */
gboolean world_can_boot (World *world);
/* Waits until the guest that was started with a booting spec says on its console that it is up. */
void world_wait_booted (World *world, const char *id);
/* The same guest has used its processor and read its disk by now. */
void world_wait_used (World *world, const char *id);
/* Kills the guest's QEMU. */
void world_crash (World *world, const char *id);
/* Takes libvirtd away by force, and brings it back. */
void world_take_away (World *world);
void world_bring_back (World *world);
/* Lets a disk of an active domain go on in the layer at @path, of which a libvirtd that is killed
 * at that moment knows nothing. */
void world_turn_unseen (World *world, const char *id, const char *serial, const char *path);
/* Whether that libvirtd's successor knows nothing of it either. */
gboolean world_may_be_behind (World *world);
/* Plugs a disk of which such a libvirtd knows nothing; FALSE where that cannot be. */
gboolean world_plug_unseen (World *world, const char *id, const char *serial, const char *path);
/* Leaves the layer at @path open in the domain's QEMU with no disk on it, as a libvirtd does that
 * is killed while it plugs one. Nothing where there are no files. */
void world_open_unseen (World *world, const char *id, const char *path);
/* Leaves the way to a tap open in the domain's QEMU, as a libvirtd does that is killed while it
 * plugs an interface; with @is_plugged the interface, too. FALSE where that cannot be. */
gboolean world_nic_unseen (World *world, const char *id, const char *tap, gboolean is_plugged);
/* A new layer, QEMU's to write: empty with @bytes, or with @parent an overlay on it. The path; the
 * caller frees it. */
char *world_layer (World *world, const char *name, const char *parent, guint64 bytes);
/* What a layer's file says it rests on, "" for nothing; NULL where there are no files. The caller
 * frees it. */
char *world_parent (World *world, const char *path);
