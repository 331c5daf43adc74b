/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Disks of running guests rest on few layers, however many snapshots are kept, and nothing fails
 * because a pull runs. */
#include "ops-disk.h"
#include "ops-snapshot.h"
#include "store-layer.h"
#include "vmm-chain.h"
#include "vmm-error.h"
#include "work-item.h"
#include "world-disk.h"
#include "world-fault.h"
#include <string.h>

/* Longer than a pull that was in somebody's way waits. */
#define LATER_MS 3700000

static char *
serial_of (const char *disk)
{
  return g_strdup (disk + strlen ("d-"));
}

/* What the guest's QEMU has: the length of the chain, or 0 without that disk. */
static guint
live_depth (World *w, const char *instance, const char *disk)
{
  g_autofree char *serial = serial_of (disk);
  g_autoptr (VirtDisk) found = virt_fake_disk (w->host->virt, instance, serial, NULL);

  return found != NULL ? found->chain->len : 0;
}

static gboolean
is_pulling (World *w, gconstpointer disk)
{
  return world_query (w, "SELECT count(*) FROM layer_pull WHERE instance_id<>''") == 1;
}

static gboolean
pulls_nothing (World *w, gconstpointer disk)
{
  return world_query (w, "SELECT count(*) FROM layer_pull") == 0;
}

/* A running instance with a data disk; *@out_disk is it. */
static const char *
run_with_disk (World *w, const char **out_disk)
{
  const char *instance = host_run (w);

  *out_disk = host_make_disk (w);
  host_attach (w, *out_disk, instance);
  host_settle_all (w);
  return instance;
}

/* The same, with a pull under way that takes its one unneeded layer in and does not get done. */
static const char *
run_with_pull (World *w, const char **out_disk)
{
  const char *instance = run_with_disk (w, out_disk);
  const char *snapshot = host_take_snapshot (w, *out_disk);

  virt_fake_set_lingering (w->host->virt, TRUE);
  host_drop_snapshot (w, snapshot);
  host_wait (w, is_pulling, NULL, "the pull runs");
  return instance;
}

/* And what was between is gone. */
static gboolean
is_single (World *w, gconstpointer disk)
{
  g_autoptr (StoreTxn) txn = store_begin_read (w->ctx.store, NULL);
  g_autoptr (GPtrArray) loose = store_layer_unreferenced (txn, w->ctx.host_id, NULL);

  return host_depth (w, disk) == 1 && pulls_nothing (w, NULL) && loose->len == 0;
}

typedef struct
{
  const char *disk;
  guint depth;
} Wanted;

static gboolean
is_that_deep (World *w, gconstpointer data)
{
  const Wanted *wanted = data;

  return host_depth (w, wanted->disk) == wanted->depth && pulls_nothing (w, NULL);
}

static void
wait_depth (World *w, const char *disk, guint depth)
{
  const Wanted wanted = { disk, depth };

  host_wait (w, is_that_deep, &wanted, "the disk rests on so many layers");
  host_wait_idle (w);
}

/* As is_single(); one that was given up is begun anew some time later. */
static gboolean
is_single_at_last (World *w, gconstpointer disk)
{
  if (is_single (w, disk))
    return TRUE;
  if (pulls_nothing (w, NULL))
    world_advance_ms (w, LATER_MS);
  return FALSE;
}

/* Later, and with nobody in the way, the pull comes to its end. */
static void
pull_at_last (World *w, const char *instance, const char *disk)
{
  virt_fake_set_lingering (w->host->virt, FALSE);
  virt_fake_finish_pulls (w->host->virt, instance);
  host_settle (w, is_single_at_last, disk, "the disk rests on nothing");
  host_wait_idle (w);
  host_assert_consistent (w);
}

static void
what_nobody_needs_is_pulled_into_a_running_guests_layer (void **state)
{
  World *w = *state;
  const char *disk, *instance = run_with_disk (w, &disk);
  const char *first = host_take_snapshot (w, disk);
  const char *second = host_take_snapshot (w, disk);
  const char *third = host_take_snapshot (w, disk);

  /* Between two that are kept it stays: the guest has both open. */
  host_drop_snapshot (w, second);
  host_wait_idle (w);
  assert_int_equal (host_depth (w, disk), 4);
  /* Then all down to the next that is kept. */
  host_drop_snapshot (w, third);
  wait_depth (w, disk, 2);
  assert_int_equal (live_depth (w, instance, disk), 2);
  host_drop_snapshot (w, first);
  wait_depth (w, disk, 1);
  assert_int_equal (live_depth (w, instance, disk), 1);
  host_assert_consistent (w);
}

static void
a_pull_ends_when_its_guest_says_so (void **state)
{
  World *w = *state;
  const char *disk, *instance = run_with_pull (w, &disk);

  assert_int_equal (host_depth (w, disk), 2);
  assert_int_equal (virt_fake_finish_pulls (w->host->virt, instance), 1);
  host_wait (w, is_single, disk, "the disk rests on nothing");
  host_wait_idle (w);
  host_assert_consistent (w);
}

static void
a_snapshot_does_not_fail_for_a_pull (void **state)
{
  World *w = *state;
  const char *disk, *instance = run_with_pull (w, &disk);

  host_drop_snapshot (w, host_take_snapshot (w, disk));
  pull_at_last (w, instance, disk);
}

static void
a_growth_does_not_fail_for_a_pull (void **state)
{
  World *w = *state;
  const char *disk, *instance = run_with_pull (w, &disk);

  assert_true (ops_disk_resize (&w->ctx, &w->alice, disk, 6, NULL));
  host_settle_all (w);
  pull_at_last (w, instance, disk);
}

static void
a_detach_does_not_fail_for_a_pull (void **state)
{
  World *w = *state;
  const char *disk, *instance = run_with_pull (w, &disk);

  assert_true (ops_disk_detach (&w->ctx, &w->alice, disk, instance, -1, NULL));
  host_settle_all (w);
  assert_int_equal (live_depth (w, instance, disk), 0);
  pull_at_last (w, instance, disk);
}

static void
a_stop_a_crash_and_a_delete_do_not_fail_for_a_pull (void **state)
{
  World *w = *state;
  const char *disk, *instance = run_with_pull (w, &disk);

  host_stop_instance (w, instance);
  pull_at_last (w, instance, disk);
  assert_true (ops_instance_start (&w->ctx, &w->alice, instance, NULL));
  host_settle_state (w, instance, VMM_INSTANCE_RUNNING);
  host_drop_snapshot (w, host_take_snapshot (w, disk));
  host_wait_idle (w);

  instance = run_with_pull (w, &disk);
  assert_true (virt_fake_stage (w->host->virt, instance, VIRT_FAKE_CRASH));
  host_settle_state (w, instance, VMM_INSTANCE_RUNNING);
  pull_at_last (w, instance, disk);

  instance = run_with_pull (w, &disk);
  host_delete (w, instance);
  pull_at_last (w, instance, disk);
}

/* The job goes on in the QEMU; or it ended meanwhile; or it is as if it had never been. */
static void
a_daemon_that_comes_back_finds_the_pull_or_its_end (void **state)
{
  World *w = *state;
  const char *disk, *instance = run_with_pull (w, &disk);

  host_stop (w);
  host_start (w);
  host_wait (w, is_pulling, NULL, "the pull runs");
  host_stop (w);
  assert_int_equal (virt_fake_finish_pulls (w->host->virt, instance), 1);
  host_start (w);
  host_wait (w, is_single, disk, "the disk rests on nothing");

  host_drop_snapshot (w, host_take_snapshot (w, disk));
  host_wait (w, is_pulling, NULL, "the next pull runs");
  host_stop (w);
  {
    g_autofree char *serial = serial_of (disk);

    assert_true (w->host->virt->class->disk_pull_end (w->host->virt, instance, serial, NULL));
  }
  host_start (w);
  pull_at_last (w, instance, disk);
}

/* A pull, with the n-th call of a driver failing; FALSE when there was no n-th call. */
static gboolean
pull_with_fault (World *w, const WorldFault *fault, guint n)
{
  const char *disk, *instance = run_with_disk (w, &disk);
  const char *snapshot = host_take_snapshot (w, disk);
  gboolean has_struck;
  guint armed;

  host_wait_idle (w);
  armed = world_fault_arm (w, fault, n);
  host_drop_snapshot (w, snapshot);
  has_struck = world_fault_end (w, fault, armed);
  pull_at_last (w, instance, disk);
  host_delete (w, instance);
  assert_true (ops_disk_delete (&w->ctx, &w->alice, disk, NULL));
  host_settle_all (w);
  return has_struck;
}

static void
a_pull_comes_true_whichever_call_fails_once (void **state)
{
  World *w = *state;
  guint struck = 0;

  host_allow_faults ();
  for (guint f = 0; f < WORLD_FAULTS; f++)
    for (guint n = 1; n < 12 && pull_with_fault (w, &world_faults[f], n); n++)
      struck++;
  assert_true (struck >= 20);
}

/* As a guest writes that many bytes into the disk. */
static void
write_into (World *w, const char *disk, guint64 bytes)
{
  g_autofree char *layer = host_active_layer (w, disk);
  ImgLayerInfo info;

  assert_true (w->host->img->class->layer_info (w->host->img, layer, &info, NULL));
  img_fake_set_used (w->host->img, layer, info.used_bytes + bytes);
}

static void
a_hundred_snapshots_that_are_kept_leave_the_disk_on_few_layers (void **state)
{
  World *w = *state;
  const char *disk, *instance = run_with_disk (w, &disk);
  guint deepest = 0;

  for (guint i = 0; i < 100; i++)
    {
      write_into (w, disk, 1 << 20);
      host_take_snapshot (w, disk);
      host_wait (w, pulls_nothing, NULL, "nothing is pulled");
      host_wait_idle (w);
      deepest = MAX (deepest, host_depth (w, disk));
    }
  assert_true (deepest <= VMM_CHAIN_DEEP);
  assert_int_equal (live_depth (w, instance, disk), host_depth (w, disk));
  assert_int_equal (world_query (w, "SELECT count(*) FROM snapshot WHERE state='accomplished'"),
                    100);
  host_assert_consistent (w);
}

/* Each as soon as the one before is taken, while pulls get done only now and then. */
static void
snapshots_that_come_faster_than_pulls_are_never_refused (void **state)
{
  World *w = *state;
  const char *disk, *instance = run_with_disk (w, &disk);
  guint deepest = 0;

  virt_fake_set_lingering (w->host->virt, TRUE);
  for (guint i = 0; i < 60; i++)
    {
      host_ask_snapshot (w, disk);
      for (guint k = 0;
           world_query (w, "SELECT count(*) FROM snapshot WHERE state='progressing'") > 0; k++)
        {
          if (k % 50 == 49)
            virt_fake_finish_pulls (w->host->virt, instance);
          g_poll (NULL, 0, 1);
        }
      deepest = MAX (deepest, host_depth (w, disk));
    }
  assert_in_range (deepest, VMM_CHAIN_DEEP + 1, VMM_CHAIN_PATIENT);
  assert_int_equal (world_query (w, "SELECT count(*) FROM snapshot WHERE state='accomplished'"),
                    60);
}

/* What is not done in time is done without. */
static void
a_pull_that_never_ends_holds_no_snapshot_up_for_ever (void **state)
{
  World *w = *state;
  const char *disk, *instance = run_with_disk (w, &disk);

  virt_fake_set_lingering (w->host->virt, TRUE);
  while (host_depth (w, disk) < VMM_CHAIN_PATIENT)
    host_take_snapshot (w, disk);
  host_wait (w, is_pulling, NULL, "the pull runs");
  host_ask_snapshot (w, disk);
  host_wait_idle (w);
  assert_int_equal (host_depth (w, disk), VMM_CHAIN_PATIENT);
  world_advance_ms (w, w->config->stage_s * G_GINT64_CONSTANT (600));
  work_kick (w->host->work, instance);
  host_settle_all (w);
  assert_int_equal (host_depth (w, disk), VMM_CHAIN_PATIENT + 1);
}

static void
only_a_few_guests_pull_at_once (void **state)
{
  World *w = *state;
  const char *instances[6], *disks[6], *snapshots[6];

  for (guint i = 0; i < 6; i++)
    {
      instances[i] = run_with_disk (w, &disks[i]);
      snapshots[i] = host_take_snapshot (w, disks[i]);
    }
  virt_fake_set_lingering (w->host->virt, TRUE);
  for (guint i = 0; i < 6; i++)
    host_drop_snapshot (w, snapshots[i]);
  host_wait_idle (w);
  assert_int_equal (world_query (w, "SELECT count(*) FROM layer_pull"), 4);
  virt_fake_set_lingering (w->host->virt, FALSE);
  for (guint i = 0; i < 6; i++)
    virt_fake_finish_pulls (w->host->virt, instances[i]);
  for (guint i = 0; i < 6; i++)
    wait_depth (w, disks[i], 1);
  host_assert_consistent (w);
}

static gboolean
guest_runs (World *w, gconstpointer id)
{
  return host_fact (w, id) == VIRT_RUNNING
         && world_query (w, "SELECT count(*) FROM instance_event WHERE event='resumed'") == 1;
}

static gboolean
pause_is_told (World *w, gconstpointer id)
{
  return world_query (w, "SELECT count(*) FROM instance_event WHERE event='paused'") == 1;
}

static void
a_guest_that_finds_no_room_is_paused_and_goes_on_when_there_is_some (void **state)
{
  World *w = *state;
  const char *id = host_run (w);

  log_trap_expect ("*is paused, for the pool has 3 MiB left*");
  log_trap_allow ("*could not be written; resuming it*");
  img_fake_set_space (w->host->img, 100 * WORLD_GIB, 3 << 20);
  assert_true (virt_fake_stage (w->host->virt, id, VIRT_FAKE_IO_ERROR));
  host_settle (w, pause_is_told, id, "the pause is told");
  for (guint i = 0; i < 3; i++)
    {
      work_kick (w->host->work, id);
      host_wait_idle (w);
      assert_int_equal (host_fact (w, id), VIRT_PAUSED);
    }
  assert_true (pause_is_told (w, id));
  assert_non_null (strstr (host_last_reason (w, id), "no room"));
  img_fake_set_space (w->host->img, 100 * WORLD_GIB, WORLD_GIB);
  host_settle (w, guest_runs, id, "the guest runs again");
  host_wait_idle (w);
  host_assert_consistent (w);
}

static void
no_snapshot_is_begun_without_room (void **state)
{
  World *w = *state;
  const char *disk = host_make_disk (w);
  const OpsSnapshotSpec spec = { .disk_id = disk };
  g_autoptr (GError) error = NULL;
  g_autofree char *before = NULL, *after = NULL;

  w->pool_free_bytes = WORLD_GIB - 1;
  before = world_dump (w);
  assert_null (ops_snapshot_create (&w->ctx, &w->alice, &spec, &error));
  assert_vmm_error (error, VMM_ERROR_NO_STOCK);
  after = world_dump (w);
  assert_string_equal (before, after);
  /* What is promised to a pull is not there for others. */
  w->pool_free_bytes = 2 * WORLD_GIB;
  world_exec (w,
              "UPDATE layer SET reserved_bytes=1073741825 WHERE id=(SELECT max (id) FROM layer)");
  assert_null (ops_snapshot_create (&w->ctx, &w->alice, &spec, NULL));
  world_exec (w, "UPDATE layer SET reserved_bytes=0");
  host_take_snapshot (w, disk);
}

int
main (void)
{
  const struct CMUnitTest tests[] = {
    HOST_TEST (what_nobody_needs_is_pulled_into_a_running_guests_layer),
    HOST_TEST (a_pull_ends_when_its_guest_says_so),
    HOST_TEST (a_snapshot_does_not_fail_for_a_pull),
    HOST_TEST (a_growth_does_not_fail_for_a_pull),
    HOST_TEST (a_detach_does_not_fail_for_a_pull),
    HOST_TEST (a_stop_a_crash_and_a_delete_do_not_fail_for_a_pull),
    HOST_TEST (a_daemon_that_comes_back_finds_the_pull_or_its_end),
    HOST_TEST (a_pull_comes_true_whichever_call_fails_once),
    HOST_TEST (a_hundred_snapshots_that_are_kept_leave_the_disk_on_few_layers),
    HOST_TEST (snapshots_that_come_faster_than_pulls_are_never_refused),
    HOST_TEST (a_pull_that_never_ends_holds_no_snapshot_up_for_ever),
    HOST_TEST (only_a_few_guests_pull_at_once),
    HOST_TEST (a_guest_that_finds_no_room_is_paused_and_goes_on_when_there_is_some),
    HOST_TEST (no_snapshot_is_begun_without_room),
  };

  return cmocka_run_group_tests_name ("work-pull", tests, NULL, NULL);
}
