/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Snapshots under a running guest: what is accomplished is never written again, though the daemon
 * went down in the middle and more was asked for since. */
#include "ops-snapshot.h"
#include "store-disk.h"
#include "store-snapshot.h"
#include "vmm-id.h"
#include "world-host.h"
#include <string.h>

static const OpsInstanceDisk two[] = {
  { { .size_gib = 5 }, NULL, TRUE },
  { { .size_gib = 6 }, NULL, TRUE },
};

static const char *
run_with_disks (World *w)
{
  OpsInstanceSpec spec = world_spec (w->host->image);
  const char *id;

  spec.disks = two;
  spec.n_disks = G_N_ELEMENTS (two);
  spec.boot = TRUE;
  id = host_create (w, &w->alice, &spec);
  host_settle_state (w, id, VMM_INSTANCE_RUNNING);
  return id;
}

/* VmmDisk*: the system disk and the two. */
static GPtrArray *
disks_of (World *w, const char *id)
{
  g_autoptr (StoreTxn) txn = store_begin_read (w->ctx.store, NULL);

  return store_disk_list_of (txn, id, NULL);
}

static const char *
ask (World *w, GPtrArray *disks, guint index)
{
  const VmmDisk *disk = g_ptr_array_index (disks, index);
  const OpsSnapshotSpec spec = { .disk_id = disk->id };
  g_autoptr (GError) error = NULL;
  char *id = ops_snapshot_create (&w->ctx, &w->alice, &spec, &error);

  assert_no_error (error);
  return world_keep (w, id);
}

/* What a daemon does that dies before it can write it down. */
static void
turn_behind_its_back (World *w, const char *id, guint index)
{
  g_autoptr (GPtrArray) disks = disks_of (w, id);
  const VmmDisk *disk = g_ptr_array_index (disks, index);
  ImgStore *img = w->host->img;
  char *serial = g_strdup (disk->id + strlen (vmm_id_prefix (VMM_ID_DISK)));
  g_autofree char *path = img->class->layer_path (img, disk->next_layer_id);
  VirtTurn turn = { .serial = serial, .path = path };
  g_autoptr (GPtrArray) turns = g_ptr_array_new ();

  g_ptr_array_add (turns, &turn);
  assert_true (img->class->layer_create (img, disk->next_layer_id, disk->layer_id,
                                         disk->virtual_bytes, NULL));
  assert_true (w->host->virt->class->disk_turn (w->host->virt, id, turns, NULL));
  g_free (serial);
}

static void
assert_guest_writes_where_the_rows_say (World *w, const char *id)
{
  g_autoptr (GPtrArray) rows = disks_of (w, id);

  for (guint i = 0; i < rows->len; i++)
    {
      const VmmDisk *row = g_ptr_array_index (rows, i);
      g_autoptr (VirtDisk) disk = virt_fake_disk (
          w->host->virt, id, row->id + strlen (vmm_id_prefix (VMM_ID_DISK)), NULL);
      g_autofree char *path = w->host->img->class->layer_path (w->host->img, row->layer_id);

      assert_null (row->next_layer_id);
      assert_string_equal (g_ptr_array_index (disk->chain, 0), path);
    }
}

static gboolean
are_accomplished (World *w, gconstpointer data)
{
  return world_query (w, "SELECT count(*) FROM snapshot WHERE state='accomplished'")
         == GPOINTER_TO_INT (data);
}

static void
one_that_joins_another_half_done_is_taken_too (void **state)
{
  World *w = *state;
  const char *id = run_with_disks (w);

  for (guint first = 1; first <= 2; first++)
    {
      g_autoptr (GPtrArray) disks = disks_of (w, id);

      host_stop (w);
      ask (w, disks, first);
      turn_behind_its_back (w, id, first);
      ask (w, disks, 3 - first);
      host_start (w);
      host_settle (w, are_accomplished, GINT_TO_POINTER (2 * first), "both snapshots");
      host_wait_idle (w);
      assert_guest_writes_where_the_rows_say (w, id);
      host_assert_consistent (w);
    }
}

static gboolean
nothing_progresses (World *w, gconstpointer data)
{
  return world_query (w, "SELECT count(*) FROM snapshot WHERE state='progressing'") == 0;
}

static void
one_that_is_refused_again_and_again_fails_long_before_its_time (void **state)
{
  World *w = *state;
  const char *id = run_with_disks (w);
  g_autoptr (GPtrArray) disks = disks_of (w, id);
  const VmmDisk *disk = g_ptr_array_index (disks, 1);

  log_trap_allow ("*has no disk*trying again*");
  log_trap_expect ("*snapshot s-*has no disk*"); /* and not that its time was over */
  virt_fake_set_agent (w->host->virt, TRUE);
  /* A domain without the disk is one that cannot turn it. */
  assert_true (w->host->virt->class->disk_detach (
      w->host->virt, id, disk->id + strlen (vmm_id_prefix (VMM_ID_DISK)), &(gboolean){ 0 }, NULL));
  ask (w, disks, 1);
  host_settle (w, nothing_progresses, NULL, "the end of the snapshot");
  assert_int_equal (world_query (w, "SELECT count(*) FROM snapshot WHERE state='failed'"), 1);
  assert_false (virt_fake_is_frozen (w->host->virt, id));
}

int
main (void)
{
  const struct CMUnitTest tests[] = {
    HOST_TEST (one_that_joins_another_half_done_is_taken_too),
    HOST_TEST (one_that_is_refused_again_and_again_fails_long_before_its_time),
  };

  return cmocka_run_group_tests_name ("work-snapshot", tests, NULL, NULL);
}
