/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Data disks that instances are born with, on the host: the guest has them from its first boot, a
 * failure of any call leaves none behind, and what was asked comes true though the daemon goes down
 * in between. */
#include "ops-disk.h"
#include "store-disk.h"
#include "vmm-id.h"
#include "world-fault.h"
#include <string.h>

static const OpsInstanceDisk two[] = {
  { { .size_gib = 5, .file_system = "ext4" }, NULL, TRUE },
  { { .size_gib = 6 }, "/dev/xvdf", FALSE },
};

static const char *
create (World *w, gboolean boot)
{
  OpsInstanceSpec spec = world_spec (w->host->image);

  spec.disks = two;
  spec.n_disks = G_N_ELEMENTS (two);
  spec.boot = boot;
  return host_create (w, &w->alice, &spec);
}

static void
assert_guest_has_them (World *w, const char *id)
{
  g_autoptr (VirtSpec) spec = virt_fake_spec (w->host->virt, id);
  g_autoptr (StoreTxn) txn = store_begin_read (w->ctx.store, NULL);
  g_autoptr (GPtrArray) rows = store_disk_list_of (txn, id, NULL);
  static const char *const targets[] = { "vda", "vdb", "vdf" };

  assert_int_equal (spec->disks->len, 3);
  for (guint i = 0; i < 3; i++)
    {
      const VirtDisk *disk = g_ptr_array_index (spec->disks, i);
      const VmmDisk *row = g_ptr_array_index (rows, i);
      ImgLayerInfo info;

      assert_string_equal (disk->target, targets[i]);
      assert_string_equal (disk->serial, row->id + strlen (vmm_id_prefix (VMM_ID_DISK)));
      assert_int_equal (disk->is_boot, i == 0);
      assert_true (w->host->img->class->layer_info (w->host->img, row->layer_id, &info, NULL));
      assert_int_equal (info.virtual_bytes, row->virtual_bytes);
    }
}

static void
the_guest_has_them_from_its_first_boot (void **state)
{
  World *w = *state;
  const char *id = create (w, TRUE);

  host_settle_state (w, id, VMM_INSTANCE_RUNNING);
  assert_guest_has_them (w, id);
  host_assert_consistent (w);
}

static void
deletion_keeps_what_was_to_be_kept (void **state)
{
  World *w = *state;
  const char *id = create (w, TRUE);

  host_settle_state (w, id, VMM_INSTANCE_RUNNING);
  host_delete (w, id);
  host_wait_idle (w);
  assert_int_equal (world_query (w, "SELECT count(*) FROM disk WHERE state='available'"
                                    " AND instance_id='' AND virtual_bytes=6442450944"),
                    1);
  assert_int_equal (world_query (w, "SELECT count(*) FROM disk"), 1);
  host_assert_consistent (w);
}

static gboolean
create_with_fault (World *w, gconstpointer data, const WorldFault *fault, guint n)
{
  const gboolean boot = *(const gboolean *) data;
  guint armed = world_fault_arm (w, fault, n);
  const char *id = create (w, boot);
  gboolean has_struck;

  host_settle_state (w, id, boot ? VMM_INSTANCE_RUNNING : VMM_INSTANCE_STOPPED);
  has_struck = world_fault_end (w, fault, armed);
  if (boot)
    assert_guest_has_them (w, id);
  host_assert_consistent (w);
  world_exec (w, "UPDATE disk SET delete_with_instance=1");
  host_delete (w, id);
  host_wait_idle (w);
  host_assert_empty (w);
  return has_struck;
}

static void
whichever_call_fails_once_they_are_there (void **state)
{
  World *w = *state;
  guint struck = 0;

  log_trap_allow ("*the next comparison takes it away*");
  for (gboolean boot = FALSE; boot <= TRUE; boot++)
    struck += world_fault_each (w, create_with_fault, &boot);
  assert_in_range (struck, 20, 1000);
}

/* A layer that cannot be made for want of space. */
static const ImgStoreClass *whole_class;
static gboolean
format_without_space (ImgStore *store, const char *id, guint64 virtual_bytes,
                      const char *file_system, const char *label, GError **error)
{
  g_set_error (error, IMG_ERROR, IMG_ERROR_SPACE, "the pool is full");
  return FALSE;
}

static void
an_instance_whose_disk_finds_no_room_leaves_nothing (void **state)
{
  World *w = *state;

  for (guint boot = 0; boot < 2; boot++)
    {
      ImgStoreClass full;
      const char *id;

      host_stop (w);
      whole_class = w->host->img->class;
      full = *whole_class;
      full.layer_format = format_without_space;
      w->host->img->class = &full;
      host_start (w);
      id = create (w, boot != 0);
      host_settle_state (w, id, VMM_INSTANCE_GONE);
      host_wait_idle (w);
      host_assert_empty (w);
      host_stop (w);
      w->host->img->class = whole_class;
      host_start (w);
    }
}

static gint formats; /* atomic */
static gboolean
format_and_count (ImgStore *store, const char *id, guint64 virtual_bytes, const char *file_system,
                  const char *label, GError **error)
{
  g_atomic_int_inc (&formats);
  return whole_class->layer_format (store, id, virtual_bytes, file_system, label, error);
}

static gboolean
is_turned (World *w, gconstpointer data)
{
  return world_query (w, "SELECT count(*) FROM disk WHERE state<>'in-use'") == 0;
}

static void
a_file_system_is_there_again_after_a_reinit (void **state)
{
  World *w = *state;
  ImgStoreClass counting;
  g_autoptr (GPtrArray) disks = NULL;
  g_autoptr (GError) error = NULL;
  StoreTxn *txn;
  const char *id;

  host_stop (w);
  whole_class = w->host->img->class;
  counting = *whole_class;
  counting.layer_format = format_and_count;
  w->host->img->class = &counting;
  host_start (w);
  g_atomic_int_set (&formats, 0);
  id = create (w, FALSE);
  host_settle_state (w, id, VMM_INSTANCE_STOPPED);
  assert_int_equal (g_atomic_int_get (&formats), 1);
  txn = store_begin_read (w->ctx.store, NULL);
  disks = store_disk_list_of (txn, id, NULL);
  store_txn_free (txn);
  /* Of the system disk, the one with a file system, and the one without. */
  for (guint i = 0; i < disks->len; i++)
    {
      ops_disk_reinit (&w->ctx, &w->alice, ((const VmmDisk *) disks->pdata[i])->id, &error);
      assert_no_error (error);
      host_settle (w, is_turned, NULL, "the disk to be as it was made");
    }
  host_wait_idle (w);
  assert_int_equal (g_atomic_int_get (&formats), 2);
  host_stop (w);
  w->host->img->class = whole_class;
  host_start (w);
  host_assert_consistent (w);
}

static void
a_daemon_that_goes_down_in_between_finishes_them (void **state)
{
  World *w = *state;

  for (guint round = 0; round < 12; round++)
    {
      const char *id;

      world_slow_down (w);
      id = create (w, TRUE);
      world_go_down (w, id, round);
      host_wait_state (w, id, VMM_INSTANCE_RUNNING);
      host_wait_idle (w);
      assert_guest_has_them (w, id);
      host_assert_consistent (w);
      world_exec (w, "UPDATE disk SET delete_with_instance=1");
      host_delete (w, id);
    }
  host_wait_idle (w);
  host_assert_empty (w);
}

int
main (void)
{
  const struct CMUnitTest tests[] = {
    HOST_TEST (the_guest_has_them_from_its_first_boot),
    HOST_TEST (deletion_keeps_what_was_to_be_kept),
    HOST_TEST (whichever_call_fails_once_they_are_there),
    HOST_TEST (a_file_system_is_there_again_after_a_reinit),
    HOST_TEST (an_instance_whose_disk_finds_no_room_leaves_nothing),
    HOST_TEST (a_daemon_that_goes_down_in_between_finishes_them),
  };

  return cmocka_run_group_tests_name ("work-run-disk", tests, NULL, NULL);
}
