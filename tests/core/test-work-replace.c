/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ReplaceSystemDisk on the host: whichever call fails, whenever the daemon goes down, the instance
 * ends with the new disk alone, and starts with it. */
#include "ops-disk.h"
#include "ops-snapshot.h"
#include "store-disk.h"
#include "world-fault.h"

/* The id of the new disk. The world owns it. */
static const char *
replace (World *w, const char *id)
{
  g_autoptr (GError) error = NULL;
  char *made = ops_disk_replace (&w->ctx, &w->alice, id, w->host->image, 0, NULL, &error);

  assert_no_error (error);
  return world_keep (w, made);
}

static gboolean
is_made (World *w, gconstpointer id)
{
  g_autofree char *sql = g_strdup_printf (
      "SELECT count(*) FROM disk WHERE id='%s' AND state='in-use'", (const char *) id);

  return world_query (w, sql) == 1;
}

/* The image's layer and the disk's: nothing of the old one. */
static gboolean
are_layers_swept (World *w, gconstpointer data)
{
  return world_query (w, "SELECT count(*) FROM layer") == 2;
}

/* It has that disk alone, and starts with it. */
static void
assert_replaced (World *w, const char *id, const char *disk)
{
  g_autoptr (VirtSpec) spec = NULL;
  g_autoptr (GPtrArray) rows = NULL;
  StoreTxn *txn;

  host_settle (w, is_made, disk, "the new system disk");
  host_settle (w, are_layers_swept, NULL, "the old disk's layer to go");
  assert_true (ops_instance_start (&w->ctx, &w->alice, id, NULL));
  host_settle_state (w, id, VMM_INSTANCE_RUNNING);
  host_wait_idle (w);
  txn = store_begin_read (w->ctx.store, NULL);
  rows = store_disk_list_of (txn, id, NULL);
  store_txn_free (txn);
  assert_int_equal (rows->len, 1);
  assert_string_equal (((const VmmDisk *) rows->pdata[0])->id, disk);
  spec = virt_fake_spec (w->host->virt, id);
  assert_int_equal (spec->disks->len, 1);
  assert_string_equal (((const VirtDisk *) spec->disks->pdata[0])->serial, disk + 2);
  host_assert_consistent (w);
  host_delete (w, id);
  host_wait_idle (w);
  host_assert_empty (w);
}

static gboolean
replace_with_fault (World *w, gconstpointer data, const WorldFault *fault, guint n)
{
  const char *id = host_create_stopped (w), *disk;
  guint armed;
  gboolean has_struck;

  host_wait_idle (w);
  armed = world_fault_arm (w, fault, n);
  disk = replace (w, id);
  host_settle (w, is_made, disk, "the new system disk");
  has_struck = world_fault_end (w, fault, armed);
  assert_replaced (w, id, disk);
  return has_struck;
}

static void
whichever_call_fails_once_the_new_disk_is_there (void **state)
{
  World *w = *state;
  log_trap_allow ("*the next comparison takes it away*");
  assert_in_range (world_fault_each (w, replace_with_fault, NULL), 5, 200);
}

static void
a_daemon_that_goes_down_in_between_finishes_it (void **state)
{
  World *w = *state;

  for (guint round = 0; round < 6; round++)
    {
      const char *id = host_create_stopped (w), *disk;

      world_slow_down (w);
      disk = replace (w, id);
      world_go_down (w, id, round);
      assert_replaced (w, id, disk);
    }
}

static void
a_start_that_is_asked_for_at_once_waits_for_it (void **state)
{
  World *w = *state;
  const char *id = host_create_stopped (w), *disk;

  host_allow_faults ();
  host_wait_idle (w);
  img_fake_fail_at (w->host->img, 1, IMG_ERROR_SPACE);
  disk = replace (w, id);
  assert_true (ops_instance_start (&w->ctx, &w->alice, id, NULL));
  host_settle_state (w, id, VMM_INSTANCE_RUNNING);
  assert_true (is_made (w, disk));
  host_wait_idle (w);
  host_assert_consistent (w);
}

static void
an_instance_that_is_deleted_meanwhile_leaves_nothing (void **state)
{
  World *w = *state;
  const char *id = host_create_stopped (w);

  host_stop (w);
  replace (w, id);
  host_start (w);
  host_delete (w, id);
  host_wait_idle (w);
  host_assert_empty (w);
}

static void
snapshots_of_the_old_disk_stay (void **state)
{
  World *w = *state;
  const char *id = host_create_stopped (w), *disk;

  host_stop (w);
  /* As a snapshot of the old disk: its active layer, sealed by its owner's word. */
  world_exec (w, "INSERT INTO snapshot SELECT 1, 's-old', account_id, host_id, 'accomplished', '',"
                 " id, 1, instance_id, image_id, zone_id, category, 'old', '', layer_id,"
                 " virtual_bytes, 0, '', 0, 'off', 0, 0, 0, '' FROM disk");
  disk = replace (w, id);
  host_start (w);
  host_settle (w, is_made, disk, "the new system disk");
  host_wait_idle (w);
  assert_int_equal (world_query (w, "SELECT count(*) FROM snapshot s JOIN layer l"
                                    " ON l.id=s.layer_id"),
                    1);
  host_assert_consistent (w);
}

int
main (void)
{
  const struct CMUnitTest tests[] = {
    HOST_TEST (whichever_call_fails_once_the_new_disk_is_there),
    HOST_TEST (a_daemon_that_goes_down_in_between_finishes_it),
    HOST_TEST (a_start_that_is_asked_for_at_once_waits_for_it),
    HOST_TEST (an_instance_that_is_deleted_meanwhile_leaves_nothing),
    HOST_TEST (snapshots_of_the_old_disk_stay),
  };

  return cmocka_run_group_tests_name ("work-replace", tests, NULL, NULL);
}
