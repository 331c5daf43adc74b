/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Disks and snapshots on a host at work: each call failing in turn, the daemon going down in the
 * middle, an agent that does not answer, what is deleted while work on it is under way. */
#include "ops-disk.h"
#include "ops-snapshot.h"
#include "store-disk.h"
#include "store-layer.h"
#include "store-snapshot.h"
#include "world-disk.h"
#include "world-fault.h"

/* GONE when there is no row. */
static VmmDiskState
disk_state (World *w, const char *id)
{
  g_autoptr (StoreTxn) txn = store_begin_read (w->ctx.store, NULL);
  g_autoptr (VmmDisk) disk = store_disk_get (txn, NULL, id, NULL);

  return disk != NULL ? disk->state : VMM_DISK_GONE;
}

typedef struct
{
  const char *id;
  VmmDiskState state;
} Wanted;

static gboolean
is_in_state (World *w, gconstpointer data)
{
  const Wanted *wanted = data;
  g_autoptr (StoreTxn) txn = store_begin_read (w->ctx.store, NULL);
  g_autoptr (VmmDisk) disk = store_disk_get (txn, NULL, wanted->id, NULL);

  if (disk == NULL)
    return wanted->state == VMM_DISK_GONE;
  return disk->state == wanted->state && disk->next_layer_id == NULL && disk->want_bytes == 0;
}

static void
settle_disk (World *w, const char *id, VmmDiskState state)
{
  const Wanted wanted = { id, state };
  g_autofree char *what
      = g_strdup_printf ("%s is %s and idle", id, vmm_disk_state_to_string (state));

  host_settle (w, is_in_state, &wanted, what);
}

/* The same, but it must come by itself. */
static void
wait_disk (World *w, const char *id, VmmDiskState state)
{
  const Wanted wanted = { id, state };
  g_autofree char *what
      = g_strdup_printf ("%s is %s and idle", id, vmm_disk_state_to_string (state));

  host_wait (w, is_in_state, &wanted, what);
}

static void
ask_detach (World *w, const char *disk, const char *instance)
{
  g_autoptr (GError) error = NULL;

  ops_disk_detach (&w->ctx, &w->alice, disk, instance, -1, &error);
  assert_no_error (error);
}

static VmmSnapshot *
look (World *w, const char *id)
{
  g_autoptr (StoreTxn) txn = store_begin_read (w->ctx.store, NULL);
  VmmSnapshot *snapshot = store_snapshot_get (txn, NULL, id, NULL);

  assert_non_null (snapshot);
  return snapshot;
}

static gboolean
nothing_progresses (World *w, gconstpointer data)
{
  return world_query (w, "SELECT count(*) FROM snapshot WHERE state='progressing'") == 0;
}

/* A sweep that failed is tried again by itself; here it is not waited for. */
static gboolean
no_layer_is_loose (World *w, gconstpointer data)
{
  g_autoptr (StoreTxn) txn = store_begin_read (w->ctx.store, NULL);
  g_autoptr (GPtrArray) loose = store_layer_unreferenced (txn, w->ctx.host_id, NULL);

  if (loose->len > 0)
    work_kick (w->host->work, WORK_LAYERS);
  return loose->len == 0;
}

static void
assert_snapshot (World *w, const char *id, VmmSnapshotState state, VmmConsistency consistency)
{
  g_autoptr (VmmSnapshot) snapshot = look (w, id);

  assert_string_equal (vmm_snapshot_state_to_string (snapshot->state),
                       vmm_snapshot_state_to_string (state));
  assert_string_equal (vmm_consistency_to_string (snapshot->consistency),
                       vmm_consistency_to_string (consistency));
}

/* A running instance that has @disk too. */
static const char *
run_with (World *w, const char *disk)
{
  const char *id = host_run (w);

  host_attach (w, disk, id);
  wait_disk (w, disk, VMM_DISK_IN_USE);
  host_wait_idle (w);
  return id;
}

/* ---- single claims ---- */

static void
a_snapshot_says_what_it_is_worth (void **state)
{
  World *w = *state;
  const char *disk = host_make_disk (w), *id = run_with (w, disk);
  const char *crash, *frozen, *off;

  crash = host_ask_snapshot (w, disk);
  host_wait (w, nothing_progresses, NULL, "the first is taken");
  virt_fake_set_agent (w->host->virt, TRUE);
  frozen = host_ask_snapshot (w, disk);
  host_wait (w, nothing_progresses, NULL, "the second is taken");
  assert_false (virt_fake_is_frozen (w->host->virt, id));
  host_stop_instance (w, id);
  off = host_ask_snapshot (w, disk);
  host_wait (w, nothing_progresses, NULL, "the third is taken");
  assert_snapshot (w, crash, VMM_SNAPSHOT_ACCOMPLISHED, VMM_CONSISTENCY_CRASH);
  assert_snapshot (w, frozen, VMM_SNAPSHOT_ACCOMPLISHED, VMM_CONSISTENCY_FROZEN);
  assert_snapshot (w, off, VMM_SNAPSHOT_ACCOMPLISHED, VMM_CONSISTENCY_OFF);
  host_assert_consistent (w);
}

static void
a_guest_that_may_be_frozen_is_thawed_when_its_agent_answers_again (void **state)
{
  World *w = *state;
  const char *disk = host_make_disk (w), *id = run_with (w, disk), *snapshot;

  log_trap_allow ("*does not answer*");
  virt_fake_set_agent (w->host->virt, TRUE);
  virt_fake_set_agent_mute (w->host->virt, TRUE);
  snapshot = host_ask_snapshot (w, disk);
  host_wait_idle (w);
  assert_true (virt_fake_is_frozen (w->host->virt, id));
  assert_snapshot (w, snapshot, VMM_SNAPSHOT_PROGRESSING, VMM_CONSISTENCY_FREEZING);
  host_stop (w);
  world_reopen (w);
  virt_fake_set_agent_mute (w->host->virt, FALSE);
  host_start (w);
  host_wait (w, nothing_progresses, NULL, "it is taken");
  assert_false (virt_fake_is_frozen (w->host->virt, id));
  assert_snapshot (w, snapshot, VMM_SNAPSHOT_ACCOMPLISHED, VMM_CONSISTENCY_CRASH);
}

static void
an_agent_that_never_answers_holds_a_snapshot_up_to_its_deadline_only (void **state)
{
  World *w = *state;
  const char *disk = host_make_disk (w), *snapshot;

  run_with (w, disk);
  log_trap_allow ("*does not answer*");
  virt_fake_set_agent (w->host->virt, TRUE);
  virt_fake_set_agent_mute (w->host->virt, TRUE);
  snapshot = host_ask_snapshot (w, disk);
  host_wait_idle (w);
  world_advance_ms (w, w->config->stage_s * G_GINT64_CONSTANT (1000) + 1);
  host_settle (w, nothing_progresses, NULL, "it is taken");
  assert_snapshot (w, snapshot, VMM_SNAPSHOT_ACCOMPLISHED, VMM_CONSISTENCY_CRASH);
  virt_fake_set_agent_mute (w->host->virt, FALSE);
}

static void
a_disk_with_a_snapshot_under_way_is_left_alone (void **state)
{
  World *w = *state;
  const char *disk = host_make_disk (w), *other = host_make_disk (w), *id = run_with (w, disk);

  host_stop_instance (w, id);
  host_stop (w);
  host_ask_snapshot (w, disk);
  host_ask_snapshot (w, other);
#define REFUSED(call)                                                                              \
  {                                                                                                \
    g_autoptr (GError) error = NULL;                                                               \
    call;                                                                                          \
    assert_vmm_error (error, VMM_ERROR_DISK_SNAPSHOTTING);                                         \
  }
  REFUSED (ops_disk_detach (&w->ctx, &w->alice, disk, id, -1, &error));
  REFUSED (ops_disk_reinit (&w->ctx, &w->alice, disk, &error));
  REFUSED (ops_disk_resize (&w->ctx, &w->alice, disk, 6, &error));
  REFUSED (ops_disk_attach (&w->ctx, &w->alice, other, id, NULL, -1, &error));
  REFUSED (ops_disk_delete (&w->ctx, &w->alice, other, &error));
#undef REFUSED
  host_start (w);
  host_wait (w, nothing_progresses, NULL, "both are taken");
  ask_detach (w, disk, id);
  assert_int_equal (disk_state (w, disk), VMM_DISK_AVAILABLE);
}

static void
a_snapshot_of_a_disk_that_goes_with_its_instance_fails_and_is_not_for_ever (void **state)
{
  World *w = *state;
  const char *disk = host_make_disk (w), *id = run_with (w, disk), *goes, *stays;
  g_autofree char *system = NULL;

  host_allow_faults ();
  {
    g_autoptr (StoreTxn) txn = store_begin_read (w->ctx.store, NULL);
    g_autoptr (GPtrArray) disks = store_disk_list_of (txn, id, NULL);

    system = g_strdup (((const VmmDisk *) g_ptr_array_index (disks, 0))->id);
  }
  host_stop_instance (w, id);
  host_set_away (w, TRUE);
  host_stop (w);
  goes = host_ask_snapshot (w, system);
  stays = host_ask_snapshot (w, disk);
  assert_true (ops_instance_delete (&w->ctx, &w->alice, (const char *[]){ id, NULL }, TRUE, NULL));
  host_start (w);
  host_set_away (w, FALSE);
  host_settle_state (w, id, VMM_INSTANCE_GONE);
  host_settle (w, nothing_progresses, NULL, "neither is under way");
  assert_snapshot (w, goes, VMM_SNAPSHOT_FAILED, VMM_CONSISTENCY_UNKNOWN);
  assert_snapshot (w, stays, VMM_SNAPSHOT_ACCOMPLISHED, VMM_CONSISTENCY_OFF);
  settle_disk (w, disk, VMM_DISK_AVAILABLE);
  host_wait_idle (w);
  host_assert_consistent (w);
}

static void
a_growth_that_libvirt_refuses_is_given_up (void **state)
{
  World *w = *state;
  const char *disk = host_make_disk (w), *id = run_with (w, disk);
  g_autoptr (GError) error = NULL;

  log_trap_allow ("*has no disk*");
  log_trap_allow ("*stays at its size*");
  /* A domain without the disk is one that cannot grow it. */
  assert_true (
      w->host->virt->class->disk_detach (w->host->virt, id, disk + 2, &(gboolean){ 0 }, NULL));
  assert_true (ops_disk_resize (&w->ctx, &w->alice, disk, 6, &error));
  settle_disk (w, disk, VMM_DISK_IN_USE);
  assert_contains (host_last_reason (w, id), "stays at its size");
  assert_int_equal (world_query (w, "SELECT max(virtual_bytes) FROM disk"), 5 * WORLD_GIB);
}

/* ---- each call failing, and the daemon going down ---- */

typedef struct
{
  enum
  {
    FREE,
    STOPPED,
    RUNNING
  } before;
  void (*ask) (World *w, const char *disk, const char *instance);
  VmmDiskState to;
  VmmInstanceState instance_to;
  guint least_calls;
} Deed;

static void
grow (World *w, const char *disk, const char *instance)
{
  assert_true (ops_disk_resize (&w->ctx, &w->alice, disk, 6, NULL));
}

static void
reinit (World *w, const char *disk, const char *instance)
{
  assert_true (ops_disk_reinit (&w->ctx, &w->alice, disk, NULL));
}

static void
snapshot (World *w, const char *disk, const char *instance)
{
  host_ask_snapshot (w, disk);
}

static void
delete_disk (World *w, const char *disk, const char *instance)
{
  assert_true (ops_disk_delete (&w->ctx, &w->alice, disk, NULL));
}

static void
snapshot_and_stop (World *w, const char *disk, const char *instance)
{
  host_ask_snapshot (w, disk);
  world_deed_stop (w, disk, instance);
}

static void
snapshot_and_delete (World *w, const char *disk, const char *instance)
{
  host_ask_snapshot (w, disk);
  world_deed_delete (w, disk, instance);
}

static void
reinit_and_start (World *w, const char *disk, const char *instance)
{
  reinit (w, disk, instance);
  assert_true (ops_instance_start (&w->ctx, &w->alice, instance, NULL));
}

static void
attach_and_stop (World *w, const char *disk, const char *instance)
{
  host_attach (w, disk, instance);
  world_deed_stop (w, disk, instance);
}

static void
detach_and_delete (World *w, const char *disk, const char *instance)
{
  ask_detach (w, disk, instance);
  world_deed_delete (w, disk, instance);
}

static const Deed deeds[] = {
  { FREE, host_attach, VMM_DISK_IN_USE, VMM_INSTANCE_RUNNING, 2 },
  { RUNNING, ask_detach, VMM_DISK_AVAILABLE, VMM_INSTANCE_RUNNING, 2 },
  { RUNNING, grow, VMM_DISK_IN_USE, VMM_INSTANCE_RUNNING, 2 },
  { FREE, grow, VMM_DISK_AVAILABLE, VMM_INSTANCE_RUNNING, 1 },
  { STOPPED, reinit, VMM_DISK_IN_USE, VMM_INSTANCE_STOPPED, 1 },
  { STOPPED, reinit_and_start, VMM_DISK_IN_USE, VMM_INSTANCE_RUNNING, 8 },
  { RUNNING, snapshot, VMM_DISK_IN_USE, VMM_INSTANCE_RUNNING, 8 },
  { STOPPED, snapshot, VMM_DISK_IN_USE, VMM_INSTANCE_STOPPED, 2 },
  { FREE, snapshot, VMM_DISK_AVAILABLE, VMM_INSTANCE_RUNNING, 2 },
  { RUNNING, snapshot_and_stop, VMM_DISK_IN_USE, VMM_INSTANCE_STOPPED, 8 },
  { RUNNING, snapshot_and_delete, VMM_DISK_AVAILABLE, VMM_INSTANCE_GONE, 8 },
  { FREE, delete_disk, VMM_DISK_GONE, VMM_INSTANCE_RUNNING, 1 },
  { RUNNING, world_deed_stop, VMM_DISK_IN_USE, VMM_INSTANCE_STOPPED, 8 },
  { RUNNING, world_deed_delete, VMM_DISK_AVAILABLE, VMM_INSTANCE_GONE, 8 },
  { FREE, attach_and_stop, VMM_DISK_IN_USE, VMM_INSTANCE_STOPPED, 8 },
  { RUNNING, detach_and_delete, VMM_DISK_AVAILABLE, VMM_INSTANCE_GONE, 8 },
};

static const char *
prepare (World *w, const Deed *deed, const char *disk)
{
  const char *id = deed->before == FREE ? host_run (w) : run_with (w, disk);

  if (deed->before == STOPPED)
    host_stop_instance (w, id);
  host_wait_idle (w);
  return id;
}

static void
clean_up (World *w, const char *disk, const char *id)
{
  g_autoptr (GError) error = NULL;

  if (world_state (w, id) != VMM_INSTANCE_GONE)
    host_delete (w, id);
  host_wait_idle (w);
  if (disk_state (w, disk) != VMM_DISK_GONE)
    delete_disk (w, disk, NULL);
  settle_disk (w, disk, VMM_DISK_GONE);
  world_exec (w, "DELETE FROM snapshot");
  host_settle (w, no_layer_is_loose, NULL, "no layer is loose");
  host_wait_idle (w);
  host_assert_empty (w);
}

/* The deed with the n-th call of a driver failing; FALSE when there was no n-th call. */
static gboolean
do_with_fault (World *w, gconstpointer data, const WorldFault *fault, guint n)
{
  const Deed *deed = data;
  const char *disk = host_make_disk (w), *id = prepare (w, deed, disk);
  guint armed = world_fault_arm (w, fault, n);
  gboolean has_struck;

  deed->ask (w, disk, id);
  host_settle_state (w, id, deed->instance_to);
  settle_disk (w, disk, deed->to);
  host_settle (w, nothing_progresses, NULL, "no snapshot is under way");
  host_settle_all (w);
  host_settle (w, no_layer_is_loose, NULL, "no layer is loose");
  has_struck = world_fault_end (w, fault, armed);
  host_assert_consistent (w);
  clean_up (w, disk, id);
  return has_struck;
}

static void
everything_comes_true_whichever_call_fails_once (void **state)
{
  World *w = *state;

  log_trap_allow ("*the next comparison takes it away*");
  virt_fake_set_agent (w->host->virt, TRUE);
  for (guint d = 0; d < G_N_ELEMENTS (deeds); d++)
    {
      guint struck = world_fault_each (w, do_with_fault, &deeds[d]);

      if (struck < deeds[d].least_calls)
        fail_msg ("deed %u met %u faults", d, struck);
    }
}

static void
what_was_under_way_when_the_daemon_went_down_goes_on (void **state)
{
  World *w = *state;

  virt_fake_set_agent (w->host->virt, TRUE);
  for (guint d = 0; d < G_N_ELEMENTS (deeds); d++)
    for (guint round = 0; round < 4; round++)
      {
        const char *disk = host_make_disk (w), *id = prepare (w, &deeds[d], disk);

        world_slow_down (w);
        deeds[d].ask (w, disk, id);
        world_go_down (w, id, round);
        host_wait_state (w, id, deeds[d].instance_to);
        wait_disk (w, disk, deeds[d].to);
        host_wait (w, nothing_progresses, NULL, "no snapshot is under way");
        host_wait (w, no_layer_is_loose, NULL, "no layer is loose");
        host_wait_idle (w);
        assert_false (virt_fake_is_frozen (w->host->virt, id));
        host_assert_consistent (w);
        clean_up (w, disk, id);
      }
}

int
main (void)
{
  const struct CMUnitTest tests[] = {
    HOST_TEST (a_snapshot_says_what_it_is_worth),
    HOST_TEST (a_guest_that_may_be_frozen_is_thawed_when_its_agent_answers_again),
    HOST_TEST (an_agent_that_never_answers_holds_a_snapshot_up_to_its_deadline_only),
    HOST_TEST (a_disk_with_a_snapshot_under_way_is_left_alone),
    HOST_TEST (a_snapshot_of_a_disk_that_goes_with_its_instance_fails_and_is_not_for_ever),
    HOST_TEST (a_growth_that_libvirt_refuses_is_given_up),
    HOST_TEST (everything_comes_true_whichever_call_fails_once),
    HOST_TEST (what_was_under_way_when_the_daemon_went_down_goes_on),
  };

  return cmocka_run_group_tests_name ("work-disk", tests, NULL, NULL);
}
