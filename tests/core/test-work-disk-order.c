/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is asked of disks while something else is under way: nothing waits for a poll, nothing is
 * held up by what is another's, and no layer that a guest wrote to is dropped. */
#include "ops-disk.h"
#include "ops-image.h"
#include "ops-snapshot.h"
#include "store-disk.h"
#include "store-snapshot.h"
#include "vmm-id.h"
#include "work-item.h"
#include "world-disk.h"
#include <string.h>

#define DAY_MS (G_GINT64_CONSTANT (24) * 3600 * 1000)

/* @sql ends with a condition that lacks the id. */
static gint64
query_of (World *w, const char *sql, const char *id)
{
  g_autofree char *whole = g_strdup_printf ("%s'%s'", sql, id);

  return world_query (w, whole);
}

static gboolean
rests_on_nothing (World *w, gconstpointer disk)
{
  return host_depth (w, disk) == 1;
}

static gboolean
rests_on_three (World *w, gconstpointer disk)
{
  return host_depth (w, disk) == 3;
}

static gboolean
nothing_progresses (World *w, gconstpointer data)
{
  return world_query (w, "SELECT count(*) FROM snapshot WHERE state='progressing'") == 0;
}

static char *
state_of_snapshot (World *w, const char *id)
{
  g_autoptr (StoreTxn) txn = store_begin_read (w->ctx.store, NULL);
  g_autoptr (VmmSnapshot) snapshot = store_snapshot_get (txn, NULL, id, NULL);

  return g_strdup (snapshot != NULL ? vmm_snapshot_state_to_string (snapshot->state) : "gone");
}

static void
assert_snapshot (World *w, const char *id, const char *state)
{
  g_autofree char *is = state_of_snapshot (w, id);

  assert_string_equal (is, state);
}

/* A running instance with a data disk each in @disks. */
static const char *
run_with (World *w, const char **disks, guint n)
{
  const char *id = host_run (w);

  for (guint i = 0; i < n; i++)
    {
      disks[i] = host_make_disk (w);
      host_attach (w, disks[i], id);
    }
  host_settle_all (w);
  host_wait_idle (w);
  return id;
}

/* ---- kicks ---- */

static void
what_a_guest_lets_go_of_is_merged_at_once (void **state)
{
  World *w = *state;
  const char *disk, *instance = run_with (w, &disk, 1), *second;
  g_autoptr (GError) error = NULL;

  host_take_snapshot (w, disk);
  second = host_take_snapshot (w, disk);
  host_take_snapshot (w, disk);
  host_drop_snapshot (w, second);
  host_wait_idle (w);
  assert_int_equal (host_depth (w, disk), 4);
  ops_disk_detach (&w->ctx, &w->alice, disk, instance, -1, &error);
  assert_no_error (error);
  host_wait (w, rests_on_three, disk, "the snapshots between are merged");
  host_wait_idle (w);
  host_assert_consistent (w);
}

static void
what_waited_for_a_growth_is_merged_behind_it (void **state)
{
  World *w = *state;
  const char *disk = host_make_disk (w), *snapshot = host_take_snapshot (w, disk);
  g_autofree char *sql = NULL;

  /* A growth whose work has not begun. */
  sql = g_strdup_printf ("UPDATE disk SET want_bytes=6442450944 WHERE id='%s'", disk);
  world_exec (w, sql);
  host_drop_snapshot (w, snapshot);
  host_wait_idle (w);
  assert_int_equal (host_depth (w, disk), 2);
  work_kick (w->host->work, disk);
  host_wait (w, rests_on_nothing, disk, "the layers are merged");
  host_wait_idle (w);
  host_assert_consistent (w);
}

static gboolean
image_has_failed (World *w, gconstpointer image)
{
  return query_of (w, "SELECT count(*) FROM image WHERE state='failed' AND id=", image) == 1;
}

static void
an_image_whose_instance_is_deleted_ends_with_it (void **state)
{
  World *w = *state;
  const char *id = host_run (w), *ids[] = { id, NULL };
  const OpsImageCreate spec = { .instance_id = id };
  g_autofree char *image = NULL;

  log_trap_allow ("*does not answer*");
  virt_fake_set_agent (w->host->virt, TRUE);
  virt_fake_set_agent_mute (w->host->virt, TRUE);
  image = ops_image_create (&w->ctx, &w->alice, &spec, NULL);
  assert_non_null (image);
  host_wait_idle (w);
  assert_false (nothing_progresses (w, NULL));
  assert_true (ops_instance_delete (&w->ctx, &w->alice, ids, TRUE, NULL));
  host_wait_state (w, id, VMM_INSTANCE_GONE);
  host_wait (w, image_has_failed, image, "the image has failed");
  host_wait_idle (w);
  assert_int_equal (world_query (w, "SELECT count(*) FROM snapshot"), 0);
  host_assert_consistent (w);
}

/* ---- clocks ---- */

static void
a_clock_that_goes_back_holds_no_merge_up (void **state)
{
  World *w = *state;
  const char *disk = host_make_disk (w), *snapshot = host_take_snapshot (w, disk);
  g_autofree char *sql = NULL;

  host_stop (w);
  /* As one that failed a moment ago leaves it. */
  sql = g_strdup_printf ("UPDATE layer SET pull_failures=1, pull_after_ms=%" G_GINT64_FORMAT
                         " WHERE id=(SELECT layer_id FROM disk WHERE id='%s')",
                         world_now_ms () + 20000, disk);
  world_exec (w, sql);
  world_advance_ms (w, -DAY_MS);
  host_drop_snapshot (w, snapshot);
  host_start (w);
  host_wait (w, rests_on_nothing, disk, "the layers are merged");
  host_wait_idle (w);
  host_assert_consistent (w);
}

/* ---- one beside another ---- */

static void
one_that_is_late_takes_no_other_along (void **state)
{
  World *w = *state;
  const char *disks[2], *first, *second;

  log_trap_allow ("*does not answer*");
  log_trap_expect ("*it was not taken within its time*");
  run_with (w, disks, 2);
  virt_fake_set_agent (w->host->virt, TRUE);
  virt_fake_set_agent_mute (w->host->virt, TRUE);
  host_stop (w);
  first = host_ask_snapshot (w, disks[0]);
  world_advance_ms (w, w->config->stage_s * G_GINT64_CONSTANT (1000) + 1);
  second = host_ask_snapshot (w, disks[1]);
  host_start (w);
  host_wait_idle (w);
  assert_snapshot (w, first, "failed");
  virt_fake_set_agent_mute (w->host->virt, FALSE);
  host_settle (w, nothing_progresses, NULL, "the second is taken");
  assert_snapshot (w, second, "accomplished");
  host_wait_idle (w);
  host_assert_consistent (w);
}

/* What a daemon does that dies before it can write it down. */
static void
turn_behind_its_back (World *w, const char *instance, const char *id)
{
  g_autoptr (StoreTxn) txn = store_begin_read (w->ctx.store, NULL);
  g_autoptr (VmmDisk) disk = store_disk_get (txn, NULL, id, NULL);
  ImgStore *img = w->host->img;
  g_autofree char *serial = g_strdup (id + strlen (vmm_id_prefix (VMM_ID_DISK)));
  g_autofree char *path = img->class->layer_path (img, disk->next_layer_id);
  VirtTurn turn = { .serial = serial, .path = path };
  g_autoptr (GPtrArray) turns = g_ptr_array_new ();

  g_ptr_array_add (turns, &turn);
  assert_true (img->class->layer_create (img, disk->next_layer_id, disk->layer_id,
                                         disk->virtual_bytes, NULL));
  assert_true (w->host->virt->class->disk_turn (w->host->virt, instance, turns, NULL));
}

static void
what_a_guest_wrote_behind_a_snapshot_stays_though_another_finds_no_room (void **state)
{
  World *w = *state;
  const char *disks[2], *instance = run_with (w, disks, 2);

  for (guint written = 0; written < 2; written++)
    {
      const char *snapshots[2];
      g_autofree char *next = NULL, *active = NULL;

      log_trap_allow ("*the fake pool is full*");
      log_trap_allow ("*QEMU is gone*");
      host_stop (w);
      for (guint i = 0; i < 2; i++)
        snapshots[i] = host_ask_snapshot (w, disks[i]);
      turn_behind_its_back (w, instance, disks[written]);
      {
        g_autoptr (StoreTxn) txn = store_begin_read (w->ctx.store, NULL);
        g_autoptr (VmmDisk) disk = store_disk_get (txn, NULL, disks[written], NULL);

        next = g_strdup (disk->next_layer_id);
      }
      assert_true (virt_fake_stage (w->host->virt, instance, VIRT_FAKE_CRASH));
      img_fake_set_space (w->host->img, 100 * WORLD_GIB, 0);
      host_start (w);
      host_settle_state (w, instance, VMM_INSTANCE_RUNNING);
      host_settle (w, nothing_progresses, NULL, "both have ended");
      active = host_active_layer (w, disks[written]);
      assert_string_equal (active, next);
      assert_snapshot (w, snapshots[written], "accomplished");
      assert_snapshot (w, snapshots[1 - written], "failed");
      img_fake_set_space (w->host->img, 100 * WORLD_GIB, 50 * WORLD_GIB);
      host_wait_idle (w);
      host_assert_consistent (w);
    }
}

static gboolean
is_thawed (World *w, gconstpointer id)
{
  return !virt_fake_is_frozen (w->host->virt, id);
}

static void
a_frozen_guest_is_thawed_before_it_is_asked_to_stop (void **state)
{
  World *w = *state;
  const char *disk, *id = run_with (w, &disk, 1);
  g_autoptr (GError) error = NULL;

  for (guint reboots = 0; reboots < 2; reboots++)
    {
      log_trap_allow ("*does not answer*");
      virt_fake_set_obedient (w->host->virt, FALSE);
      virt_fake_set_agent (w->host->virt, TRUE);
      virt_fake_set_agent_mute (w->host->virt, TRUE);
      host_ask_snapshot (w, disk);
      host_wait_idle (w);
      assert_true (virt_fake_is_frozen (w->host->virt, id));
      if (reboots)
        assert_true (ops_instance_reboot (&w->ctx, &w->alice, id, FALSE, &error));
      else
        assert_true (ops_instance_stop (&w->ctx, &w->alice, id, FALSE, &error));
      host_wait_idle (w);
      virt_fake_set_agent_mute (w->host->virt, FALSE);
      host_settle (w, is_thawed, id, "it is thawed");
      assert_state (w, id, reboots ? VMM_INSTANCE_REBOOTING : VMM_INSTANCE_STOPPING);
      virt_fake_set_obedient (w->host->virt, TRUE);
      host_settle_all (w);
      if (!reboots)
        assert_true (ops_instance_start (&w->ctx, &w->alice, id, &error));
      host_settle_state (w, id, VMM_INSTANCE_RUNNING);
      assert_true (nothing_progresses (w, NULL));
    }
  host_wait_idle (w);
  host_assert_consistent (w);
}

static void
one_that_is_deleted_while_it_is_taken_goes_when_it_has_ended (void **state)
{
  World *w = *state;
  const char *disk = host_make_disk (w), *first, *second;
  g_autoptr (GError) error = NULL;

  host_stop (w);
  first = host_ask_snapshot (w, disk);
  host_drop_snapshot (w, first);
  host_drop_snapshot (w, first);
  /* A wish for a longer life comes too late. */
  assert_true (ops_snapshot_modify (&w->ctx, &w->alice, first, NULL, NULL, 0, &error));
  assert_snapshot (w, first, "progressing");
  host_start (w);
  host_wait (w, nothing_progresses, NULL, "it has ended");
  assert_snapshot (w, first, "gone");
  host_wait (w, rests_on_nothing, disk, "its layer is merged");
  second = host_take_snapshot (w, disk);
  assert_snapshot (w, second, "accomplished");
  /* Another's life is what its owner says. */
  assert_true (ops_snapshot_modify (&w->ctx, &w->alice, second, "mine", NULL, 2, &error));
  assert_int_equal (query_of (w,
                              "SELECT expires_ms - created_ms FROM snapshot WHERE name='mine'"
                              " AND retention_days=2 AND id=",
                              second),
                    2 * DAY_MS);
  assert_true (ops_snapshot_modify (&w->ctx, &w->alice, second, NULL, NULL, 0, &error));
  assert_int_equal (query_of (w, "SELECT expires_ms FROM snapshot WHERE id=", second), 0);
  host_wait_idle (w);
  host_assert_consistent (w);
}

static void
a_disk_that_is_being_detached_outlives_its_instance (void **state)
{
  World *w = *state;
  const char *id = host_run (w), *ids[] = { id, NULL }, *disk = host_make_disk (w);
  g_autoptr (GError) error = NULL;

  assert_true (ops_disk_attach (&w->ctx, &w->alice, disk, id, NULL, TRUE, &error));
  host_settle_all (w);
  virt_fake_set_clinging (w->host->virt, TRUE);
  assert_true (ops_disk_detach (&w->ctx, &w->alice, disk, id, -1, &error));
  host_wait_idle (w);
  assert_true (ops_instance_delete (&w->ctx, &w->alice, ids, TRUE, &error));
  host_settle_state (w, id, VMM_INSTANCE_GONE);
  host_settle_all (w);
  assert_int_equal (query_of (w, "SELECT count(*) FROM disk WHERE state='available' AND id=", disk),
                    1);
  host_wait_idle (w);
  host_assert_consistent (w);
}

/* ---- a disk of a snapshot of a disk of a snapshot ... ---- */

#define GENERATIONS 20

static gboolean
may_have_a_snapshot (World *w, gconstpointer disk)
{
  return host_depth (w, disk) < OPS_CHAIN_MAX;
}

static void
a_disk_of_any_generation_may_have_a_snapshot (void **state)
{
  World *w = *state;
  const char *disk = host_make_disk (w);

  for (guint i = 0; i < GENERATIONS; i++)
    {
      OpsDiskSpec spec = { .zone_id = w->config->zone_id };
      g_autoptr (GError) error = NULL;

      host_wait (w, may_have_a_snapshot, disk, "the disk may have a snapshot");
      spec.snapshot_id = host_take_snapshot (w, disk);
      disk = world_keep (w, ops_disk_create (&w->ctx, &w->alice, &spec, &error));
      assert_no_error (error);
      host_wait_rows (w);
      host_wait_idle (w);
    }
  host_assert_consistent (w);
}

/* ---- a layer that is broken ---- */

static const ImgStoreClass *whole_class;
static const char *broken; /* a layer's id */

static gboolean
is_broken (const char *id, GError **error)
{
  if (!g_str_equal (id, broken))
    return FALSE;
  g_set_error_literal (error, IMG_ERROR, IMG_ERROR_IO, "this layer fails on request");
  return TRUE;
}

static gboolean
remove_but_one (ImgStore *img, const char *id, GError **error)
{
  return !is_broken (id, error) && whole_class->layer_remove (img, id, error);
}

static gboolean
look_at_all_but_one (ImgStore *img, const char *id, ImgLayerInfo *out, GError **error)
{
  return !is_broken (id, error) && whole_class->layer_info (img, id, out, error);
}

/* The class that fails for @layer alone; the daemon is down. */
static ImgStoreClass
break_layer (World *w, const char *layer)
{
  ImgStoreClass class = *w->host->img->class;

  whole_class = w->host->img->class;
  broken = layer;
  class.layer_remove = remove_but_one;
  class.layer_info = look_at_all_but_one;
  return class;
}

static void
mend_layer (World *w)
{
  host_stop (w);
  w->host->img->class = whole_class;
  host_start (w);
}

static gboolean
one_disk_and_the_broken_are_left (World *w, gconstpointer data)
{
  return host_layers (w) == 3;
}

static void
a_layer_that_cannot_be_removed_keeps_no_other (void **state)
{
  World *w = *state;
  const char *disks[7];
  g_autofree char *layer = NULL;
  ImgStoreClass class;

  for (guint i = 0; i < G_N_ELEMENTS (disks); i++)
    disks[i] = host_make_disk (w);
  layer = host_active_layer (w, disks[0]);
  host_wait_idle (w);
  host_stop (w);
  class = break_layer (w, layer);
  w->host->img->class = &class;
  host_start (w);
  log_trap_expect ("*this layer fails on request*");
  assert_true (ops_disk_delete (&w->ctx, &w->alice, disks[0], NULL));
  host_wait_idle (w);
  for (guint i = 1; i < G_N_ELEMENTS (disks) - 1; i++)
    assert_true (ops_disk_delete (&w->ctx, &w->alice, disks[i], NULL));
  /* The image's, the last disk's and the broken one. */
  host_wait (w, one_disk_and_the_broken_are_left, NULL, "the other disks' layers are gone");
  mend_layer (w);
  host_settle_all (w);
  host_wait_idle (w);
  host_assert_consistent (w);
}

static void
a_layer_that_cannot_be_read_holds_no_other_merge_up (void **state)
{
  World *w = *state;
  const char *disks[2], *snapshots[2];
  g_autofree char *layer = NULL;
  ImgStoreClass class;

  for (guint i = 0; i < 2; i++)
    {
      disks[i] = host_make_disk (w);
      snapshots[i] = host_take_snapshot (w, disks[i]);
      world_advance_ms (w, 1000);
    }
  layer = host_active_layer (w, disks[0]);
  log_trap_expect ("*this layer fails on request*");
  host_wait_idle (w);
  host_stop (w);
  class = break_layer (w, layer);
  w->host->img->class = &class;
  for (guint i = 0; i < 2; i++)
    host_drop_snapshot (w, snapshots[i]);
  host_start (w);
  host_wait (w, rests_on_nothing, disks[1], "the other disk's layers are merged");
  assert_int_equal (host_depth (w, disks[0]), 2);
  mend_layer (w);
  host_settle (w, rests_on_nothing, disks[0], "the first disk's layers are merged");
  host_wait_idle (w);
  host_assert_consistent (w);
}

/* ---- a guest without room ---- */

static void
what_is_asked_of_a_paused_guest_comes_to_an_end (void **state)
{
  World *w = *state;
  const char *held, *id = run_with (w, &held, 1), *disk = host_make_disk (w), *snapshot;

  log_trap_allow ("*is paused, for the pool has*");
  log_trap_allow ("*fake pool is full*");
  img_fake_set_space (w->host->img, 100 * WORLD_GIB, 0);
  assert_true (virt_fake_stage (w->host->virt, id, VIRT_FAKE_IO_ERROR));
  host_wait_idle (w);
  snapshot = host_ask_snapshot (w, held);
  host_attach (w, disk, id);
  host_settle (w, nothing_progresses, NULL, "the snapshot has ended");
  assert_snapshot (w, snapshot, "failed");
  host_settle_all (w);
  assert_int_equal (query_of (w, "SELECT count(*) FROM disk WHERE state='in-use' AND id=", disk),
                    1);
  assert_int_equal (host_fact (w, id), VIRT_PAUSED);
  assert_int_equal (world_query (w, "SELECT count(*) FROM instance_event WHERE event='paused'"), 1);
  img_fake_set_space (w->host->img, 100 * WORLD_GIB, WORLD_GIB);
  log_trap_allow ("*resuming it*");
  host_settle_state (w, id, VMM_INSTANCE_RUNNING);
  host_wait_idle (w);
}

int
main (void)
{
  const struct CMUnitTest tests[] = {
    HOST_TEST (what_a_guest_lets_go_of_is_merged_at_once),
    HOST_TEST (what_waited_for_a_growth_is_merged_behind_it),
    HOST_TEST (an_image_whose_instance_is_deleted_ends_with_it),
    HOST_TEST (a_clock_that_goes_back_holds_no_merge_up),
    HOST_TEST (one_that_is_late_takes_no_other_along),
    HOST_TEST (what_a_guest_wrote_behind_a_snapshot_stays_though_another_finds_no_room),
    HOST_TEST (a_frozen_guest_is_thawed_before_it_is_asked_to_stop),
    HOST_TEST (one_that_is_deleted_while_it_is_taken_goes_when_it_has_ended),
    HOST_TEST (a_disk_that_is_being_detached_outlives_its_instance),
    HOST_TEST (a_disk_of_any_generation_may_have_a_snapshot),
    HOST_TEST (a_layer_that_cannot_be_removed_keeps_no_other),
    HOST_TEST (a_layer_that_cannot_be_read_holds_no_other_merge_up),
    HOST_TEST (what_is_asked_of_a_paused_guest_comes_to_an_end),
  };

  return cmocka_run_group_tests_name ("work-disk-order", tests, NULL, NULL);
}
