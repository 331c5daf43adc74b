/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Layers that nobody names are merged, by whom they may be, and never in anybody's way. */
#include "ops-disk.h"
#include "work-item.h"
#include "world-disk.h"
#include <string.h>

#define PATIENCE_US (20 * G_USEC_PER_SEC)
/* Longer than a merge that was in somebody's way waits. */
#define LATER_MS 3700000

/* Until @condition holds though something may be at work all the time. */
static void
await (World *w, gboolean (*condition) (World *w, const char *id), const char *id, const char *what)
{
  const gint64 end_us = g_get_monotonic_time () + PATIENCE_US;

  while (!condition (w, id))
    {
      if (g_get_monotonic_time () > end_us)
        fail_msg ("waited in vain until %s", what);
      g_poll (NULL, 0, 1);
    }
}

static gboolean
is_pulling (World *w, const char *id)
{
  return img_fake_pulls (w->host->img) == 1;
}

static gboolean
is_running (World *w, const char *id)
{
  return world_state (w, id) == VMM_INSTANCE_RUNNING;
}

static gboolean
is_settled (World *w, const char *id)
{
  return world_query (w, "SELECT (SELECT count(*) FROM disk WHERE deadline_ms > 0"
                         " OR want_bytes > 0 OR next_layer_id IS NOT NULL)"
                         " + (SELECT count(*) FROM layer_pull)")
         == 0;
}

static gboolean
is_grown (World *w, const char *id)
{
  return world_query (w, "SELECT count(*) FROM disk WHERE want_bytes > 0") == 0;
}

static gboolean
is_shallow (World *w, gconstpointer disk)
{
  return host_depth (w, disk) == 1;
}

/* A disk with one layer that nobody needs, which the pool is merging and does not get done. */
static const char *
disk_in_merge (World *w, const char *instance)
{
  const char *disk = host_make_disk (w);
  const char *snapshot;

  if (instance != NULL)
    host_attach (w, disk, instance);
  snapshot = host_take_snapshot (w, disk);
  img_fake_set_lingering (w->host->img, TRUE);
  host_drop_snapshot (w, snapshot);
  await (w, is_pulling, NULL, "the merge runs");
  return disk;
}

/* Later, and with nobody in the way, it is done. */
static void
merge_at_last (World *w, const char *disk)
{
  img_fake_set_lingering (w->host->img, FALSE);
  world_advance_ms (w, LATER_MS);
  host_settle (w, is_shallow, disk, "the layers are merged");
  host_wait_idle (w);
  host_assert_consistent (w);
}

/* ---- claims ---- */

static void
a_layer_that_nobody_names_is_merged (void **state)
{
  World *w = *state;
  const char *disk = host_make_disk (w);
  const char *first = host_take_snapshot (w, disk);
  const char *second = host_take_snapshot (w, disk);
  const char *third = host_take_snapshot (w, disk);

  assert_int_equal (host_depth (w, disk), 4);
  host_drop_snapshot (w, second);
  host_wait_idle (w);
  assert_int_equal (host_depth (w, disk), 3);
  host_drop_snapshot (w, third);
  host_drop_snapshot (w, first);
  host_settle (w, is_shallow, disk, "the layers are merged");
  host_wait_idle (w);
  host_assert_consistent (w);
  /* The image's and the disk's. */
  assert_int_equal (host_layers (w), 2);
}

static void
a_merge_gives_way_to_a_start (void **state)
{
  World *w = *state;
  const char *instance = host_run (w);
  const char *disk;

  host_stop_instance (w, instance);
  disk = disk_in_merge (w, instance);
  assert_true (ops_instance_start (&w->ctx, &w->alice, instance, NULL));
  await (w, is_running, instance, "the instance runs");
  assert_int_equal (world_query (w, "SELECT count(*) FROM layer_pull"), 0);
  assert_int_equal (host_depth (w, disk), 2);
  img_fake_set_lingering (w->host->img, FALSE);
  host_stop_instance (w, instance);
  merge_at_last (w, disk);
}

static void
a_merge_gives_way_to_a_live_attach (void **state)
{
  World *w = *state;
  const char *instance = host_run (w);
  const char *disk = disk_in_merge (w, NULL);
  g_autofree char *serial = g_strdup (disk + strlen ("d-"));
  g_autoptr (VirtDisk) plugged = NULL;

  host_attach (w, disk, instance);
  await (w, is_settled, NULL, "the disk is attached");
  plugged = virt_fake_disk (w->host->virt, instance, serial, NULL);
  assert_non_null (plugged);
  assert_int_equal (plugged->chain->len, 2);
  img_fake_set_lingering (w->host->img, FALSE);
  host_stop_instance (w, instance);
  merge_at_last (w, disk);
}

static void
a_merge_gives_way_to_a_snapshot_and_a_growth (void **state)
{
  World *w = *state;
  const char *disk = disk_in_merge (w, NULL);
  const char *snapshot = host_ask_snapshot (w, disk);

  await (w, is_settled, NULL, "the snapshot is taken");
  assert_int_equal (host_depth (w, disk), 3);
  host_drop_snapshot (w, snapshot);
  world_advance_ms (w, LATER_MS);
  work_kick (w->host->work, WORK_LAYERS);
  await (w, is_pulling, NULL, "the next merge runs");
  assert_true (ops_disk_resize (&w->ctx, &w->alice, disk, 6, NULL));
  /* Behind it the next merge begins by itself. */
  await (w, is_grown, NULL, "the disk is grown");
  merge_at_last (w, disk);
}

static void
a_merge_of_a_disk_that_is_deleted_ends (void **state)
{
  World *w = *state;
  const char *disk = disk_in_merge (w, NULL);

  assert_true (ops_disk_delete (&w->ctx, &w->alice, disk, NULL));
  await (w, is_settled, NULL, "the disk is gone");
  host_wait_idle (w);
  assert_int_equal (host_layers (w), 1);
  host_assert_consistent (w);
}

static void
a_merge_gives_way_to_a_reader (void **state)
{
  World *w = *state;
  const char *disk = disk_in_merge (w, NULL);
  g_autofree char *layer = host_active_layer (w, disk);

  work_hold_layer (w->host->work, layer);
  await (w, is_settled, NULL, "the merge is given up");
  world_advance_ms (w, LATER_MS);
  work_kick (w->host->work, WORK_LAYERS);
  host_wait_idle (w);
  assert_int_equal (img_fake_pulls (w->host->img), 0);
  assert_int_equal (host_depth (w, disk), 2);
  img_fake_set_lingering (w->host->img, FALSE);
  work_release_layer (w->host->work, layer);
  merge_at_last (w, disk);
}

/* Whatever call fails, the journal is empty soon after, so that nobody waits for ever. */
static void
a_merge_that_fails_keeps_nobody_waiting_and_is_done_later (void **state)
{
  World *w = *state;
  const char *instance = host_run (w);
  const char *disk = host_make_disk (w);
  const char *snapshot;
  g_autofree char *layer = NULL;

  log_trap_allow ("*its merge: *trying again later*");
  host_stop_instance (w, instance);
  host_attach (w, disk, instance);
  layer = host_active_layer (w, disk);
  snapshot = host_take_snapshot (w, disk);
  img_fake_set_used (w->host->img, layer, 3 * WORLD_GIB);
  img_fake_set_space (w->host->img, 100 * WORLD_GIB, WORLD_GIB);
  host_drop_snapshot (w, snapshot);
  host_wait_idle (w);
  assert_int_equal (host_depth (w, disk), 2);
  host_assert_consistent (w);
  assert_true (ops_instance_start (&w->ctx, &w->alice, instance, NULL));
  host_wait_state (w, instance, VMM_INSTANCE_RUNNING);
  host_stop_instance (w, instance);
  img_fake_set_space (w->host->img, 100 * WORLD_GIB, 50 * WORLD_GIB);
  merge_at_last (w, disk);
}

static void
a_merge_waits_for_room_in_the_pool (void **state)
{
  World *w = *state;
  const char *disk = host_make_disk (w);
  const char *snapshot = NULL;
  g_autofree char *layer = host_active_layer (w, disk);

  img_fake_set_used (w->host->img, layer, 3 * WORLD_GIB);
  snapshot = host_take_snapshot (w, disk);
  /* One GiB is kept free whatever happens. */
  w->pool_free_bytes = 4 * WORLD_GIB - 1;
  host_drop_snapshot (w, snapshot);
  host_wait_idle (w);
  assert_int_equal (host_depth (w, disk), 2);
  w->pool_free_bytes = 4 * WORLD_GIB;
  work_kick (w->host->work, WORK_LAYERS);
  host_wait_idle (w);
  assert_int_equal (host_depth (w, disk), 1);
  host_assert_consistent (w);
}

/* The row stands, and the file may rest on either. */
static void
what_a_killed_daemon_began_is_finished (void **state)
{
  World *w = *state;

  for (guint has_copied = 0; has_copied < 2; has_copied++)
    {
      const char *disk = host_make_disk (w);
      const char *snapshot = host_take_snapshot (w, disk);
      g_autofree char *layer = host_active_layer (w, disk);
      g_autofree char *sql
          = g_strdup_printf ("INSERT INTO layer_pull VALUES ('%s', NULL, '', '', 1)", layer);

      host_stop (w);
      host_drop_snapshot (w, snapshot);
      world_exec (w, sql);
      if (has_copied)
        assert_true (w->host->img->class->layer_reparent (w->host->img, layer, NULL, NULL));
      host_start (w);
      host_wait_idle (w);
      assert_int_equal (host_depth (w, disk), 1);
      host_assert_consistent (w);
    }
}

/* A guest's QEMU may have written the new parent, but not what it needs. */
static void
what_a_dead_guest_began_is_put_back_before_anybody_opens_it (void **state)
{
  World *w = *state;
  const char *instance = host_run (w);
  const char *disk = host_make_disk (w);
  g_autofree char *layer = NULL, *parent = NULL, *sql = NULL, *serial = NULL;
  g_autoptr (VirtDisk) plugged = NULL;

  host_attach (w, disk, instance);
  host_settle_all (w);
  parent = host_active_layer (w, disk);
  host_take_snapshot (w, disk);
  layer = host_active_layer (w, disk);
  host_stop_instance (w, instance);
  host_wait_idle (w);
  host_stop (w);
  sql = g_strdup_printf ("INSERT INTO layer_pull VALUES ('%s', NULL, '%s', '%s', 1)", layer,
                         instance, disk);
  world_exec (w, sql);
  assert_true (w->host->img->class->layer_reparent (w->host->img, layer, NULL, NULL));
  assert_true (ops_instance_start (&w->ctx, &w->alice, instance, NULL));
  host_start (w);
  host_settle_state (w, instance, VMM_INSTANCE_RUNNING);
  host_assert_consistent (w);
  serial = g_strdup (disk + strlen ("d-"));
  plugged = virt_fake_disk (w->host->virt, instance, serial, NULL);
  assert_int_equal (plugged->chain->len, 2);
}

int
main (void)
{
  const struct CMUnitTest tests[] = {
    HOST_TEST (a_layer_that_nobody_names_is_merged),
    HOST_TEST (a_merge_gives_way_to_a_start),
    HOST_TEST (a_merge_gives_way_to_a_live_attach),
    HOST_TEST (a_merge_gives_way_to_a_snapshot_and_a_growth),
    HOST_TEST (a_merge_of_a_disk_that_is_deleted_ends),
    HOST_TEST (a_merge_gives_way_to_a_reader),
    HOST_TEST (a_merge_that_fails_keeps_nobody_waiting_and_is_done_later),
    HOST_TEST (a_merge_waits_for_room_in_the_pool),
    HOST_TEST (what_a_killed_daemon_began_is_finished),
    HOST_TEST (what_a_dead_guest_began_is_put_back_before_anybody_opens_it),
  };

  return cmocka_run_group_tests_name ("work-layer", tests, NULL, NULL);
}
