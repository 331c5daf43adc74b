/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Bounds of I/O: in force from a guest's start and a disk's attaching, and after ModifyDiskSpec and
 * ResizeDisk, whichever call fails, whenever the daemon goes down. */
#include "ops-disk.h"
#include "store-disk.h"
#include "world-fault.h"
#include <string.h>

/* 10 and 1 for each GiB, at most 40; MiB likewise. PL2 is twice that, the others are unbounded. */
static void
set_bounds (World *w)
{
  static const VmmDiskBounds rows[] = { { "cloud", { 10, 1, 40 }, { 10, 1, 40 } },
                                        { "cloud_essd.PL1", { 100, 1, 400 }, { 100, 1, 400 } },
                                        { "cloud_essd.PL2", { 200, 2, 9000 }, { 200, 2, 9000 } } };

  host_stop (w);
  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      VmmDiskBounds *copy = g_new0 (VmmDiskBounds, 1);

      *copy = rows[i];
      copy->name = g_strdup (rows[i].name);
      g_ptr_array_add (w->config->disk_bounds, copy);
    }
  host_start (w);
}

/* A guest with a data disk of @gib of the category cloud. */
static const char *
run (World *w, guint64 gib, const char **out_disk)
{
  const OpsInstanceDisk disk = { { .size_gib = gib }, NULL, TRUE };
  OpsInstanceSpec spec = world_spec (w->host->image);
  g_autoptr (GPtrArray) disks = NULL;
  StoreTxn *txn;
  const char *id;

  spec.disks = &disk;
  spec.n_disks = 1;
  id = host_create (w, &w->alice, &spec);
  host_settle_state (w, id, VMM_INSTANCE_RUNNING);
  txn = store_begin_read (w->ctx.store, NULL);
  disks = store_disk_list_of (txn, id, NULL);
  store_txn_free (txn);
  *out_disk = world_keep (w, g_strdup (((const VmmDisk *) disks->pdata[1])->id));
  host_wait_idle (w);
  return id;
}

typedef struct
{
  const char *instance, *disk;
  guint64 iops;
} Wanted;

static gboolean
is_bounded (World *w, gconstpointer data)
{
  const Wanted *wanted = data;
  g_autoptr (VirtDisk) disk
      = virt_fake_disk (w->host->virt, wanted->instance, wanted->disk + 2, NULL);

  return disk != NULL && disk->iops == wanted->iops && disk->bytes_s == wanted->iops << 20
         && world_query (w, "SELECT count(*) FROM disk WHERE is_unbound") == 0;
}

static void
assert_bounded (World *w, const char *instance, const char *disk, guint64 iops)
{
  const Wanted wanted = { instance, disk, iops };

  host_settle (w, is_bounded, &wanted, "the bounds to be in force");
  host_wait_idle (w);
}

static void
respec (World *w, const char *disk, const char *category, const char *level)
{
  g_autoptr (GError) error = NULL;

  ops_disk_respec (&w->ctx, &w->alice, disk, category, level, &error);
  assert_no_error (error);
}

static void
they_are_in_force_from_the_start (void **state)
{
  World *w = *state;
  const char *disk, *id;

  set_bounds (w);
  id = run (w, 20, &disk);
  assert_bounded (w, id, disk, 30);
}

static void
a_disk_that_is_attached_has_them (void **state)
{
  World *w = *state;
  const OpsDiskSpec spec = { .size_gib = 25 };
  g_autofree char *made = NULL;
  const char *disk, *id;

  set_bounds (w);
  id = run (w, 20, &disk);
  made = ops_disk_create (&w->ctx, &w->alice, &spec, NULL);
  host_wait_idle (w);
  assert_true (ops_disk_attach (&w->ctx, &w->alice, made, id, NULL, -1, NULL));
  assert_bounded (w, id, made, 35);
}

static void
another_category_or_level_is_told_to_the_guest (void **state)
{
  World *w = *state;
  const char *disk, *id;

  set_bounds (w);
  id = run (w, 500, &disk);
  assert_bounded (w, id, disk, 40);
  respec (w, disk, "cloud_essd", NULL);
  assert_bounded (w, id, disk, 400);
  respec (w, disk, NULL, "PL2");
  assert_bounded (w, id, disk, 1200);
  respec (w, disk, "cloud_ssd", NULL);
  assert_bounded (w, id, disk, 0);
  assert_int_equal (world_query (w, "SELECT count(*) FROM disk WHERE category='cloud_ssd'"
                                    " AND performance_level=''"),
                    1);
}

static void
growth_takes_them_along (void **state)
{
  World *w = *state;
  const char *disk, *id;

  set_bounds (w);
  id = run (w, 20, &disk);
  assert_true (ops_disk_resize (&w->ctx, &w->alice, disk, 28, NULL));
  assert_bounded (w, id, disk, 38);
}

static void
a_stopped_guest_hears_of_them_when_it_starts (void **state)
{
  World *w = *state;
  const char *disk, *id;

  set_bounds (w);
  id = run (w, 20, &disk);
  assert_true (ops_instance_stop (&w->ctx, &w->alice, id, TRUE, NULL));
  host_settle_state (w, id, VMM_INSTANCE_STOPPED);
  respec (w, disk, "cloud_essd", "PL1");
  host_wait_idle (w);
  assert_int_equal (world_query (w, "SELECT count(*) FROM disk WHERE is_unbound"), 0);
  assert_true (ops_instance_start (&w->ctx, &w->alice, id, NULL));
  host_settle_state (w, id, VMM_INSTANCE_RUNNING);
  assert_bounded (w, id, disk, 120);
}

static void
whatever_happens_in_between_they_come_into_force (void **state)
{
  World *w = *state;
  const char *disk, *id;
  guint struck = 0;

  host_allow_faults ();
  set_bounds (w);
  id = run (w, 500, &disk);
  for (guint f = 0; f < 4; f++)
    for (guint n = 1;; n++)
      {
        guint before = world_faults[f].calls (w);
        gboolean has_struck;

        world_faults[f].arm (w, n);
        respec (w, disk, n % 2 != 0 ? "cloud_essd" : "cloud", NULL);
        assert_bounded (w, id, disk, n % 2 != 0 ? 400 : 40);
        has_struck = world_faults[f].calls (w) >= before + n;
        world_faults[f].disarm (w);
        if (!has_struck)
          break;
        struck++;
      }
  assert_in_range (struck, 4, 100);
  host_stop (w);
  respec (w, disk, "cloud_essd", "PL2");
  world_reopen (w);
  host_start (w);
  assert_bounded (w, id, disk, 1200);
}

static gboolean
is_over (World *w, gconstpointer data)
{
  return world_query (w, "SELECT count(*) FROM disk WHERE is_unbound") == 0;
}

static void
what_the_hypervisor_refuses_for_good_is_given_up_and_told (void **state)
{
  World *w = *state;
  const char *disk, *id;

  set_bounds (w);
  id = run (w, 20, &disk);
  log_trap_allow ("*has no disk*trying again*");
  log_trap_expect ("*keeps the bounds of I/O it had*");
  /* A domain without the disk is one that cannot bound it. */
  assert_true (
      w->host->virt->class->disk_detach (w->host->virt, id, disk + 2, &(gboolean){ 0 }, NULL));
  respec (w, disk, "cloud_essd", "PL1");
  host_settle (w, is_over, NULL, "the end of the attempts");
  assert_non_null (strstr (host_last_reason (w, id), "keeps the bounds of I/O it had"));
  assert_non_null (strstr (host_last_reason (w, id), disk));
}

static void
what_cannot_be_is_refused (void **state)
{
  World *w = *state;
  const char *disk, *id;
  static const struct
  {
    const char *category, *level;
    VmmError code;
  } cases[] = { { "floppy", NULL, VMM_ERROR_DATA_DISK_NOT_SUPPORTED },
                { NULL, "PL1", VMM_ERROR_PERFORMANCE_LEVEL },
                { "cloud_essd", "PL7", VMM_ERROR_PERFORMANCE_LEVEL },
                { "cloud_essd", "PL3", VMM_ERROR_DISK_SIZE } };

  id = run (w, 20, &disk);
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *before = world_dump (w);
      g_autofree char *after = NULL;
      g_autoptr (GError) error = NULL;

      assert_false (
          ops_disk_respec (&w->ctx, &w->alice, disk, cases[i].category, cases[i].level, &error));
      assert_vmm_message (error, cases[i].code, "");
      after = world_dump (w);
      assert_string_equal (before, after);
    }
  assert_false (ops_disk_respec (&w->ctx, &w->bob, disk, "cloud", NULL, NULL));
  host_stop (w);
  assert_true (ops_disk_resize (&w->ctx, &w->alice, disk, 30, NULL));
  assert_false (ops_disk_respec (&w->ctx, &w->alice, disk, "cloud_ssd", NULL, NULL));
  host_start (w);
  host_delete (w, id);
}

int
main (void)
{
  const struct CMUnitTest tests[] = {
    HOST_TEST (they_are_in_force_from_the_start),
    HOST_TEST (a_disk_that_is_attached_has_them),
    HOST_TEST (another_category_or_level_is_told_to_the_guest),
    HOST_TEST (growth_takes_them_along),
    HOST_TEST (a_stopped_guest_hears_of_them_when_it_starts),
    HOST_TEST (whatever_happens_in_between_they_come_into_force),
    HOST_TEST (what_the_hypervisor_refuses_for_good_is_given_up_and_told),
    HOST_TEST (what_cannot_be_is_refused),
  };

  return cmocka_run_group_tests_name ("work-bound", tests, NULL, NULL);
}
