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
/* Kills the guest's QEMU. */
void world_crash (World *world, const char *id);
/* Takes libvirtd away by force, and brings it back. */
void world_take_away (World *world);
void world_bring_back (World *world);
