/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The fake driver needs no host. */
#include "virt-fake.h"
#include "world.h"

World *
world_new (void)
{
  World *world = g_new0 (World, 1);

  world->driver = virt_fake_new ();
  world->listener = listener_new (world->driver);
  return world;
}

void
world_free (World *world)
{
  listener_free (world->listener, world->driver);
  virt_driver_free (world->driver);
  g_free (world);
}

VirtSpec *
world_spec (World *world, const char *id, gboolean boots)
{
  VirtSpec *spec = spec_new (id);

  spec_add_disk (spec, "vda", "0", "/nowhere/l-0.qcow2", NULL);
  return spec;
}

char *
world_layer (World *world, const char *name, const char *parent, guint64 bytes)
{
  return g_strdup_printf ("/layers/%s.qcow2", name);
}

char *
world_parent (World *world, const char *path)
{
  return NULL;
}

void
world_turn_unseen (World *world, const char *id, const char *serial, const char *path)
{
  g_autoptr (GPtrArray) turns = g_ptr_array_new ();
  VirtTurn one = { (char *) serial, (char *) path };

  g_ptr_array_add (turns, &one);
  assert_true (world->driver->class->disk_turn (world->driver, id, turns, NULL));
}

gboolean
world_plug_unseen (World *world, const char *id, const char *serial, const char *path)
{
  return FALSE;
}

void
world_open_unseen (World *world, const char *id, const char *path)
{
}

gboolean
world_may_be_behind (World *world)
{
  return FALSE;
}

gboolean
world_nic_unseen (World *world, const char *id, const char *tap, gboolean is_plugged)
{
  return FALSE;
}

gboolean
world_can_boot (World *world)
{
  return TRUE;
}

void
world_wait_booted (World *world, const char *id)
{
}

void
world_wait_used (World *world, const char *id)
{
  g_autoptr (VirtUse) more = virt_use_new (id);
  VirtDiskUse *disk = virt_use_add_disk (more, "vda");

  more->cpu_ns = 7000;
  disk->reads = 2;
  disk->read_bytes = 4096;
  disk->read_ns = 900;
  assert_true (virt_fake_spend (world->driver, more));
}

void
world_crash (World *world, const char *id)
{
  assert_true (virt_fake_stage (world->driver, id, VIRT_FAKE_CRASH));
}

void
world_take_away (World *world)
{
  virt_fake_set_away (world->driver, TRUE);
}

void
world_bring_back (World *world)
{
  virt_fake_set_away (world->driver, FALSE);
}
