/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Images of instances: snapshots of all disks at one instant, then an image of their layers; what
 * fails or is deleted half way leaves nothing behind. */
#include "ops-disk.h"
#include "ops-image.h"
#include "ops-snapshot.h"
#include "store-image.h"
#include "store-snapshot.h"
#include "vmm-disk.h"
#include "world-fault.h"

static gboolean
disk_rests (World *w, gconstpointer data)
{
  g_autofree char *sql = g_strdup_printf (
      "SELECT count(*) FROM disk WHERE id='%s' AND state IN ('available', 'in-use')",
      (const char *) data);

  return world_query (w, sql) == 1;
}

/* An instance that runs with a data disk; the disk's id if @out is set. */
static const char *
run_with_data (World *w)
{
  const OpsDiskSpec spec = { .zone_id = w->config->zone_id, .size_gib = 20 };
  const char *id = host_run (w);
  g_autoptr (GError) error = NULL;
  g_autofree char *disk = ops_disk_create (&w->ctx, &w->alice, &spec, &error);

  assert_no_error (error);
  host_settle (w, disk_rests, disk, "the disk is made");
  assert_true (ops_disk_attach (&w->ctx, &w->alice, disk, id, NULL, TRUE, &error));
  host_settle (w, disk_rests, disk, "the disk is attached");
  host_wait_idle (w);
  return id;
}

static const char *
create (World *w, const char *instance)
{
  const OpsImageCreate spec = { .instance_id = instance };
  g_autoptr (GError) error = NULL;
  char *id = ops_image_create (&w->ctx, &w->alice, &spec, &error);

  assert_no_error (error);
  return world_keep (w, id);
}

static VmmImage *
get (World *w, const char *id)
{
  g_autoptr (StoreTxn) txn = store_begin_read (w->ctx.store, NULL);
  VmmImage *image = store_image_get (txn, NULL, id, NULL);

  assert_non_null (image);
  return image;
}

static gboolean
image_rests (World *w, gconstpointer data)
{
  g_autofree char *sql = g_strdup_printf (
      "SELECT count(*) FROM image WHERE id='%s' AND state IN ('available', 'failed')",
      (const char *) data);

  return world_query (w, sql) == 1;
}

static void
delete_image (World *w, const char *id)
{
  assert_true (ops_image_delete (&w->ctx, &w->alice, id, TRUE, NULL));
}

/* What the user keeps of an image that was: its snapshots. */
static void
delete_snapshots (World *w)
{
  const VmmSnapshotQuery all
      = { .is_system = -1, .is_auto = -1, .is_used_by_image = -1, .is_used_by_disk = -1 };
  VmmPage page = world_page ();
  g_auto (VmmPageInfo) info = { 0 };
  g_autoptr (GPtrArray) list = ops_snapshot_list (&w->ctx, &w->alice, &all, &page, &info, NULL);

  for (guint i = 0; i < list->len; i++)
    assert_true (ops_snapshot_delete (
        &w->ctx, &w->alice, ((const VmmSnapshot *) g_ptr_array_index (list, i))->id, TRUE, NULL));
}

static gboolean
nothing_of_images (World *w, gconstpointer data)
{
  return world_query (w, "SELECT count(*) FROM image") == 1
         && world_query (w, "SELECT count(*) FROM image_disk") == 1
         && world_query (w, "SELECT count(*) FROM snapshot") == 0;
}

/* All that is left is the system image of the world, and the instance's disks merged. */
static void
assert_gone (World *w, const char *instance)
{
  host_settle (w, nothing_of_images, NULL, "images and snapshots are gone");
  host_delete (w, instance);
  host_wait_idle (w);
  host_assert_empty (w);
}

static void
assert_whole (World *w, const char *id, guint n_disks)
{
  g_autoptr (VmmImage) image = get (w, id);

  assert_string_equal (vmm_image_state_wire (image->state), "Available");
  assert_int_equal (image->progress, 100);
  assert_int_equal (image->disks->len, n_disks);
  for (guint i = 0; i < image->disks->len; i++)
    {
      const VmmImageDisk *disk = g_ptr_array_index (image->disks, i);
      g_autofree char *sql
          = g_strdup_printf ("SELECT count(*) FROM snapshot s JOIN layer l ON l.id=s.layer_id"
                             " WHERE s.id='%s' AND s.state='accomplished' AND l.id='%s'"
                             " AND l.is_sealed=1 AND s.is_system=%d",
                             disk->snapshot_id, disk->layer_id, i == 0);

      assert_int_equal (world_query (w, sql), 1);
    }
}

static void
check_image_of (World *w, const char *instance)
{
  const char *id = create (w, instance), *copy;
  g_autoptr (VmmImage) image = NULL;
  OpsInstanceSpec spec = world_spec (id);
  g_autofree char *sql = NULL;

  host_settle (w, image_rests, id, "the image is made");
  assert_whole (w, id, 2);
  image = get (w, id);
  copy = host_create (w, &w->alice, &spec);
  host_settle_state (w, copy, VMM_INSTANCE_RUNNING);
  sql = g_strdup_printf ("SELECT count(*) FROM disk d JOIN layer l ON l.id=d.layer_id"
                         " WHERE d.instance_id='%s' AND d.is_system=1 AND l.parent_id='%s'",
                         copy, image->layer_id);
  assert_int_equal (world_query (w, sql), 1);
  host_wait_idle (w);
  host_assert_consistent (w);
  delete_image (w, id);
  host_settle_all (w);
  assert_state (w, copy, VMM_INSTANCE_RUNNING);
  delete_snapshots (w);
  host_delete (w, copy);
  assert_gone (w, instance);
}

static void
an_image_of_a_running_instance_holds_all_its_disks (void **state)
{
  check_image_of (*state, run_with_data (*state));
}

static void
an_image_of_a_stopped_instance_holds_all_its_disks (void **state)
{
  World *w = *state;
  const char *id = run_with_data (w);

  assert_true (ops_instance_stop (&w->ctx, &w->alice, id, TRUE, NULL));
  host_settle_state (w, id, VMM_INSTANCE_STOPPED);
  check_image_of (w, id);
}

/* One turn for both disks, seen by the one freeze and the one thaw around it. */
static void
the_disks_of_an_image_turn_at_one_instant (void **state)
{
  World *w = *state;
  const char *instance = run_with_data (w), *id;
  guint before = virt_fake_calls (w->host->virt);

  id = create (w, instance);
  host_settle (w, image_rests, id, "the image is made");
  host_wait_idle (w);
  assert_true (virt_fake_calls (w->host->virt) - before <= 8);
  assert_whole (w, id, 2);
}

static void
a_snapshot_of_an_image_stays_until_the_image_is_gone (void **state)
{
  World *w = *state;
  const char *instance = run_with_data (w), *id = create (w, instance);
  g_autoptr (VmmImage) image = NULL;
  const VmmImageDisk *disk;
  g_autoptr (GError) error = NULL;

  host_settle (w, image_rests, id, "the image is made");
  image = get (w, id);
  disk = g_ptr_array_index (image->disks, 1);
  assert_false (ops_snapshot_delete (&w->ctx, &w->alice, disk->snapshot_id, TRUE, &error));
  assert_vmm_error (error, VMM_ERROR_SNAPSHOT_IMAGE);
  delete_image (w, id);
  host_settle_all (w);
  assert_int_equal (world_query (w, "SELECT count(*) FROM snapshot"), 2);
  delete_snapshots (w);
  assert_gone (w, instance);
}

static void
an_image_deleted_before_its_snapshots_are_taken_leaves_nothing (void **state)
{
  World *w = *state;
  const char *instance = run_with_data (w), *id;
  g_autoptr (GError) error = NULL;

  log_trap_allow ("*fake libvirtd is away*");
  host_set_away (w, TRUE);
  id = create (w, instance);
  assert_false (ops_image_delete (&w->ctx, &w->alice, id, FALSE, &error));
  assert_vmm_message (error, VMM_ERROR_IMAGE_CREATING, id);
  delete_image (w, id);
  host_wait_idle (w);
  assert_int_equal (world_query (w, "SELECT count(*) FROM snapshot WHERE state='progressing'"), 2);
  host_set_away (w, FALSE);
  assert_gone (w, instance);
}

static void
an_image_whose_instance_is_deleted_meanwhile_ends_all_the_same (void **state)
{
  World *w = *state;
  const char *instance = run_with_data (w), *id, *goes[] = { instance, NULL };

  log_trap_allow ("*fake libvirtd is away*");
  log_trap_allow ("*snapshot*");
  host_set_away (w, TRUE);
  id = create (w, instance);
  assert_true (ops_instance_delete (&w->ctx, &w->alice, goes, TRUE, NULL));
  host_set_away (w, FALSE);
  host_settle_state (w, instance, VMM_INSTANCE_GONE);
  host_wait_idle (w);
  world_advance_ms (w, 2 * w->config->stage_s * 1000 + 1);
  host_settle (w, image_rests, id, "the image has ended");
  delete_image (w, id);
  host_settle_all (w);
  delete_snapshots (w);
  host_settle (w, nothing_of_images, NULL, "images and snapshots are gone");
  host_wait_idle (w);
  host_assert_empty (w);
}

static void
an_image_whose_snapshots_find_no_room_fails_and_leaves_nothing (void **state)
{
  World *w = *state;
  const char *instance = run_with_data (w), *id;
  g_autoptr (VmmImage) image = NULL;

  log_trap_allow ("*snapshot*");
  log_trap_allow ("*fails on request*");
  img_fake_fail_at (w->host->img, 1, IMG_ERROR_SPACE);
  id = create (w, instance);
  host_settle (w, image_rests, id, "the image has failed");
  image = get (w, id);
  assert_string_equal (vmm_image_state_wire (image->state), "CreateFailed");
  assert_contains (image->reason, "the snapshot of /dev/xvda failed: ");
  assert_null (image->layer_id);
  assert_int_equal (world_query (w, "SELECT count(*) FROM snapshot"), 0);
  host_wait_idle (w);
  host_assert_consistent (w);
  delete_image (w, id);
  assert_gone (w, instance);
}

static void
an_image_ends_at_its_deadline_whatever_its_snapshots_do (void **state)
{
  World *w = *state;
  const char *instance = run_with_data (w), *id;
  g_autoptr (VmmImage) image = NULL;

  log_trap_allow ("*fake libvirtd is away*");
  log_trap_allow ("*it was not taken within its time*");
  host_set_away (w, TRUE);
  id = create (w, instance);
  host_wait_idle (w);
  world_advance_ms (w, 2 * w->config->stage_s * 1000 + 1);
  host_settle (w, image_rests, id, "the image has failed");
  image = get (w, id);
  assert_string_equal (vmm_image_state_wire (image->state), "CreateFailed");
  assert_contains (image->reason, "within their time");
  host_set_away (w, FALSE);
  delete_image (w, id);
  assert_gone (w, instance);
}

static void
an_image_asked_for_as_the_daemon_goes_down_is_made_when_it_is_up (void **state)
{
  World *w = *state;
  const char *instance = run_with_data (w);

  for (guint round = 0; round < 6; round++)
    {
      const char *id;

      virt_fake_set_delay_ms (w->host->virt, 1);
      if (round == 0)
        host_stop (w);
      id = create (w, instance);
      for (guint look = 1; look < round; look++)
        host_fact (w, instance);
      if (round > 0)
        host_stop (w);
      world_reopen (w);
      host_start (w);
      virt_fake_set_delay_ms (w->host->virt, 0);
      host_settle (w, image_rests, id, "the image is made");
      host_wait_idle (w);
      assert_whole (w, id, 2);
      host_assert_consistent (w);
      delete_image (w, id);
      host_settle_all (w);
      delete_snapshots (w);
      host_wait_idle (w);
    }
  assert_gone (w, instance);
}

/* FALSE when there was no n-th call. */
static gboolean
create_with_fault (World *w, const char *instance, const WorldFault *fault, guint n)
{
  guint armed = world_fault_arm (w, fault, n);
  const char *id = create (w, instance);
  gboolean has_struck;

  host_settle (w, image_rests, id, "the image is made");
  has_struck = world_fault_end (w, fault, armed);
  assert_whole (w, id, 2);
  host_assert_consistent (w);
  delete_image (w, id);
  host_settle_all (w);
  delete_snapshots (w);
  host_wait_idle (w);
  return has_struck;
}

static void
an_image_comes_true_whichever_call_fails_once (void **state)
{
  World *w = *state;
  const char *instance = run_with_data (w);
  guint struck = 0;

  host_allow_faults ();
  log_trap_allow ("*it is tried again*");
  for (guint f = 0; f < WORLD_FAULTS; f++)
    for (guint n = 1; create_with_fault (w, instance, &world_faults[f], n); n++)
      {
        struck++;
        /* The chain of a running guest does not shrink, and has an end. */
        host_delete (w, instance);
        instance = run_with_data (w);
      }
  assert_true (struck >= 12);
  assert_gone (w, instance);
}

int
main (void)
{
  const struct CMUnitTest tests[] = {
    HOST_TEST (an_image_of_a_running_instance_holds_all_its_disks),
    HOST_TEST (an_image_of_a_stopped_instance_holds_all_its_disks),
    HOST_TEST (the_disks_of_an_image_turn_at_one_instant),
    HOST_TEST (a_snapshot_of_an_image_stays_until_the_image_is_gone),
    HOST_TEST (an_image_deleted_before_its_snapshots_are_taken_leaves_nothing),
    HOST_TEST (an_image_whose_instance_is_deleted_meanwhile_ends_all_the_same),
    HOST_TEST (an_image_whose_snapshots_find_no_room_fails_and_leaves_nothing),
    HOST_TEST (an_image_ends_at_its_deadline_whatever_its_snapshots_do),
    HOST_TEST (an_image_asked_for_as_the_daemon_goes_down_is_made_when_it_is_up),
    HOST_TEST (an_image_comes_true_whichever_call_fails_once),
  };

  return cmocka_run_group_tests_name ("work-image", tests, NULL, NULL);
}
