/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The life of an instance, from the verb to the host and back, and what guests do unasked. */
#include "ops-group.h"
#include "world-host.h"
#include <netinet/in.h>
#include <string.h>

static void
stop (World *w, const char *id, gboolean force)
{
  g_autoptr (GError) error = NULL;

  ops_instance_stop (&w->ctx, &w->alice, id, force, &error);
  assert_no_error (error);
}

static void
start (World *w, const char *id)
{
  g_autoptr (GError) error = NULL;

  ops_instance_start (&w->ctx, &w->alice, id, &error);
  assert_no_error (error);
}

static void
reboot (World *w, const char *id, gboolean force)
{
  g_autoptr (GError) error = NULL;

  ops_instance_reboot (&w->ctx, &w->alice, id, force, &error);
  assert_no_error (error);
}

static void
a_run_ends_with_a_guest_as_its_rows_say (void **state)
{
  World *w = *state;
  OpsInstanceSpec spec = world_spec (w->host->image);
  const char *id = host_create (w, &w->alice, &spec);
  g_autoptr (VmmInstance) instance = NULL;
  g_autoptr (VirtSpec) domain = NULL;
  g_autofree char *tap = NULL;
  g_autofree char *console = ops_instance_console_path (&w->ctx, id);
  const VmmNic *nic;
  const VirtDisk *disk;
  const VirtNic *card;

  host_wait_state (w, id, VMM_INSTANCE_RUNNING);
  instance = world_get (w, id);
  nic = g_ptr_array_index (instance->nics, 0);
  domain = virt_fake_spec (w->host->virt, id);
  assert_string_equal (domain->uuid, instance->uuid);
  assert_int_equal (domain->vcpus, 1);
  assert_int_equal (domain->memory_mib, 128);
  assert_string_equal (domain->console_log, console);
  disk = g_ptr_array_index (domain->disks, 0);
  assert_true (disk->is_boot);
  assert_string_equal (disk->target, "vda");
  assert_int_equal (strlen (disk->serial), 20);
  assert_int_equal (disk->chain->len, 2);
  card = g_ptr_array_index (domain->nics, 0);
  tap = netctl_port_tap_name (nic->index);
  assert_string_equal (card->tap, tap);
  assert_string_equal (card->mac, nic->mac);
  assert_int_equal (card->mtu, NETCTL_GUEST_MTU);
  assert_int_equal (instance->started_ms, world_now_ms ());
  host_assert_consistent (w);
}

static void
a_create_ends_stopped_with_a_disk_and_nothing_else (void **state)
{
  World *w = *state;
  OpsInstanceSpec spec = world_spec (w->host->image);
  const char *id;

  spec.boot = FALSE;
  id = host_create (w, &w->alice, &spec);
  host_wait_state (w, id, VMM_INSTANCE_STOPPED);
  assert_int_equal (host_fact (w, id), VIRT_ABSENT);
  assert_true (netctl_fake_is_empty (w->host->net));
  host_assert_consistent (w);
  start (w, id);
  host_wait_state (w, id, VMM_INSTANCE_RUNNING);
  host_assert_consistent (w);
}

static void
a_stopped_instance_keeps_its_disk_and_address_and_starts_again (void **state)
{
  World *w = *state;
  const char *id = host_run (w);
  g_autoptr (VmmInstance) before = world_get (w, id);
  g_autoptr (VmmInstance) after = NULL;

  stop (w, id, FALSE);
  host_wait_state (w, id, VMM_INSTANCE_STOPPED);
  assert_string_equal (host_last_reason (w, id), "");
  host_assert_consistent (w);
  start (w, id);
  host_wait_state (w, id, VMM_INSTANCE_RUNNING);
  after = world_get (w, id);
  assert_string_equal (((VmmNic *) g_ptr_array_index (before->nics, 0))->ip,
                       ((VmmNic *) g_ptr_array_index (after->nics, 0))->ip);
  host_assert_consistent (w);
}

static void
a_forced_stop_does_not_ask_the_guest (void **state)
{
  World *w = *state;
  const char *id = host_run (w);

  virt_fake_set_obedient (w->host->virt, FALSE);
  stop (w, id, TRUE);
  host_wait_state (w, id, VMM_INSTANCE_STOPPED);
  host_assert_consistent (w);
}

static void
a_reboot_goes_down_and_comes_up (void **state)
{
  World *w = *state;
  const char *id = host_run (w);

  for (guint force = 0; force < 2; force++)
    {
      virt_fake_set_obedient (w->host->virt, !force);
      reboot (w, id, force != 0);
      host_wait_state (w, id, VMM_INSTANCE_RUNNING);
      assert_int_equal (host_events (w, id, VMM_INSTANCE_OFF), force + 1);
      assert_int_equal (host_events (w, id, VMM_INSTANCE_STARTED), force + 2);
      host_assert_consistent (w);
    }
}

static void
a_disobedient_guest_is_cut_off_at_its_deadline_and_not_before (void **state)
{
  World *w = *state;
  const char *id = host_run (w);
  gint64 patience_ms = w->config->stop_s * 1000;

  virt_fake_set_obedient (w->host->virt, FALSE);
  stop (w, id, FALSE);
  host_wait_idle (w);
  world_advance_ms (w, patience_ms - 1);
  work_kick (w->host->work, id);
  host_wait_idle (w);
  assert_state (w, id, VMM_INSTANCE_STOPPING);
  assert_int_equal (host_fact (w, id), VIRT_RUNNING);
  world_advance_ms (w, 1);
  work_kick (w->host->work, id);
  host_wait_state (w, id, VMM_INSTANCE_STOPPED);
  assert_contains (host_last_reason (w, id), "did not power itself off in time");
  host_assert_consistent (w);
}

static void
a_disobedient_guest_is_rebooted_at_its_deadline (void **state)
{
  World *w = *state;
  const char *id = host_run (w);

  virt_fake_set_obedient (w->host->virt, FALSE);
  reboot (w, id, FALSE);
  host_wait_idle (w);
  assert_state (w, id, VMM_INSTANCE_REBOOTING);
  world_advance_ms (w, w->config->stop_s * 1000);
  work_kick (w->host->work, id);
  host_wait_state (w, id, VMM_INSTANCE_RUNNING);
  host_assert_consistent (w);
}

static void
a_delete_of_a_running_guest_leaves_nothing (void **state)
{
  World *w = *state;
  const char *id = host_run (w);
  g_autofree char *console = ops_instance_console_path (&w->ctx, id);
  g_autofree char *older = g_strconcat (console, ".0", NULL);

  assert_true (g_file_set_contents (console, "x", -1, NULL));
  assert_true (g_file_set_contents (older, "x", -1, NULL));
  host_delete (w, id);
  assert_false (g_file_test (console, G_FILE_TEST_EXISTS));
  assert_false (g_file_test (older, G_FILE_TEST_EXISTS));
  host_assert_empty (w);
}

static void
a_delete_leaves_the_neighbours_alone (void **state)
{
  World *w = *state;
  const char *stays = host_run (w), *goes = host_run (w);
  g_autofree char *group = ops_group_create (&w->ctx, &w->alice, NULL, "extra", NULL, NULL);

  assert_true (ops_group_join (&w->ctx, &w->alice, group, goes, NULL));
  host_wait_idle (w);
  host_assert_consistent (w);
  host_delete (w, goes);
  host_wait_idle (w);
  assert_state (w, stays, VMM_INSTANCE_RUNNING);
  host_assert_consistent (w);
  host_delete (w, stays);
  host_assert_empty (w);
}

static void
a_delete_while_it_starts_ends_gone (void **state)
{
  World *w = *state;
  OpsInstanceSpec spec = world_spec (w->host->image);
  const char *id;

  host_allow_faults ();
  host_set_away (w, TRUE);
  id = host_create (w, &w->alice, &spec);
  host_settle_state (w, id, VMM_INSTANCE_BOOTING);
  host_set_away (w, FALSE);
  host_delete (w, id);
  host_assert_empty (w);
}

/* ---- what guests do unasked ---- */

static void
a_guest_that_powers_itself_off_is_stopped (void **state)
{
  World *w = *state;
  const char *id = host_run (w);

  assert_true (virt_fake_stage (w->host->virt, id, VIRT_FAKE_POWEROFF));
  host_wait_state (w, id, VMM_INSTANCE_STOPPED);
  assert_contains (host_last_reason (w, id), "powered itself off");
  host_assert_consistent (w);
}

static const VirtDriverClass *whole_class;

static gboolean
runs_again (World *w, gconstpointer id)
{
  return host_fact (w, id) == VIRT_RUNNING;
}

static gint resumes; /* atomic */

/* The first two times there still is no room. */
static gboolean
resume_in_vain (VirtDriver *virt, const char *id, GError **error)
{
  gboolean ok = whole_class->resume (virt, id, error);

  if (g_atomic_int_add (&resumes, 1) < 2)
    virt_fake_stage (virt, id, VIRT_FAKE_IO_ERROR);
  return ok;
}

static void
a_guest_paused_for_want_of_room_is_resumed_until_it_runs (void **state)
{
  World *w = *state;
  const char *id = host_run (w);
  VirtDriverClass full = *w->host->virt->class;
  gint64 begun_us = g_get_monotonic_time ();

  log_trap_expect ("*could not be written; resuming it; trying again*");
  host_stop (w);
  g_atomic_int_set (&resumes, 0);
  whole_class = w->host->virt->class;
  full.resume = resume_in_vain;
  w->host->virt->class = &full;
  assert_true (virt_fake_stage (w->host->virt, id, VIRT_FAKE_IO_ERROR));
  host_start (w);
  host_wait (w, runs_again, id, "the guest runs again");
  host_stop (w);
  w->host->virt->class = whole_class;
  assert_int_equal (g_atomic_int_get (&resumes), 3);
  /* The events of a pause that comes back at once must not make it a busy loop. */
  assert_true (g_get_monotonic_time () - begun_us >= 590000);
  assert_int_equal (log_trap_count ("*resuming it; trying again*"), 1);
  host_assert_consistent (w);
}

static void
a_look_that_failed_is_taken_again_by_itself (void **state)
{
  World *w = *state;
  const char *id = host_run (w);

  host_allow_faults ();
  host_wait_idle (w);
  virt_fake_fail_call (w->host->virt, 1, VIRT_FAKE_BEFORE, VMM_ERROR_VIRT_FAILED);
  assert_true (virt_fake_stage (w->host->virt, id, VIRT_FAKE_POWEROFF));
  host_wait_state (w, id, VMM_INSTANCE_STOPPED);
  host_assert_consistent (w);
}

/* A driver whose answer is old by the time it is read. */
static World *stale_world;
static gint is_armed; /* atomic */

static VirtFact *
get_what_was (VirtDriver *virt, const char *id, GError **error)
{
  VirtFact *fact = whole_class->get (virt, id, error);

  if (g_atomic_int_compare_and_exchange (&is_armed, TRUE, FALSE))
    {
      gint before = g_atomic_int_get (&stale_world->host->events);

      virt_fake_stage (virt, id, VIRT_FAKE_POWEROFF);
      for (guint i = 0; i < 5000 && g_atomic_int_get (&stale_world->host->events) == before; i++)
        g_usleep (1000);
    }
  return fact;
}

/* The same, and meanwhile its owner wants it stopped. */
static VirtFact *
get_before_a_stop (VirtDriver *virt, const char *id, GError **error)
{
  if (g_atomic_int_compare_and_exchange (&is_armed, TRUE, FALSE))
    ops_instance_stop (&stale_world->ctx, &stale_world->alice, id, TRUE, NULL);
  return whole_class->get (virt, id, error);
}

/* The instance ends Stopped when the first look at it is taken by @get. */
static void
look_by (World *w, VirtFact *(*get) (VirtDriver *, const char *, GError **) )
{
  const char *id = host_run (w);
  VirtDriverClass stale = *w->host->virt->class;

  host_stop (w);
  stale_world = w;
  whole_class = w->host->virt->class;
  stale.get = get;
  w->host->virt->class = &stale;
  g_atomic_int_set (&is_armed, TRUE);
  host_start (w);
  host_wait_state (w, id, VMM_INSTANCE_STOPPED);
  host_stop (w);
  w->host->virt->class = whole_class;
  host_assert_consistent (w);
}

static void
what_happens_during_a_look_is_looked_at_again (void **state)
{
  look_by (*state, get_what_was);
}

static void
what_is_asked_during_a_look_is_done_after_it (void **state)
{
  look_by (*state, get_before_a_stop);
}

static void
a_guest_whose_power_is_cut_behind_us_is_stopped (void **state)
{
  World *w = *state;
  const char *id = host_run (w);

  assert_true (w->host->virt->class->destroy (w->host->virt, id, NULL));
  host_wait_state (w, id, VMM_INSTANCE_STOPPED);
  assert_contains (host_last_reason (w, id), "cut on the host");
  host_assert_consistent (w);
}

static gboolean
has_crashed (World *w, gconstpointer data)
{
  return host_events (w, data, VMM_INSTANCE_CRASHED) > 0
         && world_state (w, data) == VMM_INSTANCE_RUNNING;
}

static void
a_crashed_qemu_is_started_again_and_that_is_told (void **state)
{
  World *w = *state;
  const char *id = host_run (w);

  assert_true (virt_fake_stage (w->host->virt, id, VIRT_FAKE_CRASH));
  host_wait (w, has_crashed, id, "it crashed and runs");
  assert_int_equal (host_fact (w, id), VIRT_RUNNING);
  host_assert_consistent (w);
}

typedef struct
{
  const char *id;
  guint before;
} Starts;

static gboolean
has_started_again (World *w, gconstpointer data)
{
  const Starts *starts = data;

  return host_events (w, starts->id, VMM_INSTANCE_STARTED) > starts->before;
}

/* Lets QEMU die once more and waits until that has been dealt with. */
static void
crash (World *w, const char *id, VmmInstanceState end)
{
  const Starts starts = { id, host_events (w, id, VMM_INSTANCE_STARTED) };

  assert_true (virt_fake_stage (w->host->virt, id, VIRT_FAKE_CRASH));
  if (end == VMM_INSTANCE_RUNNING)
    host_wait (w, has_started_again, &starts, "it has been started again");
  host_wait_state (w, id, end);
}

static void
crashes_are_bounded_within_their_window (void **state)
{
  World *w = *state;
  const char *id = host_run (w);

  for (int i = 0; i < w->config->crash_restarts; i++)
    crash (w, id, VMM_INSTANCE_RUNNING);
  crash (w, id, VMM_INSTANCE_STOPPED);
  assert_contains (host_last_reason (w, id), "3 restarts within 600 s");
  host_assert_consistent (w);
  world_advance_ms (w, w->config->crash_window_s * 1000 + 1);
  start (w, id);
  host_wait_state (w, id, VMM_INSTANCE_RUNNING);
  crash (w, id, VMM_INSTANCE_RUNNING);
  host_assert_consistent (w);
}

static void
an_owner_may_wish_for_no_restart (void **state)
{
  World *w = *state;
  const char *id = host_run (w);
  const OpsInstanceChange change = { .deletion_protection = -1, .restart_on_crash = 0 };

  assert_true (ops_instance_modify (&w->ctx, &w->alice, id, &change, NULL));
  crash (w, id, VMM_INSTANCE_STOPPED);
  assert_contains (host_last_reason (w, id), "not to be restarted");
  assert_int_equal (host_events (w, id, VMM_INSTANCE_CRASHED), 0);
  host_assert_consistent (w);
}

static void
a_domain_that_is_up_though_stopped_is_cut_off (void **state)
{
  World *w = *state;
  const char *id = host_run (w);

  log_trap_expect ("*runs though it is Stopped*");
  stop (w, id, FALSE);
  host_wait_state (w, id, VMM_INSTANCE_STOPPED);
  {
    g_autoptr (VirtSpec) spec = virt_fake_spec (w->host->virt, id);

    assert_true (w->host->virt->class->start_paused (w->host->virt, spec, NULL));
  }
  work_kick (w->host->work, id);
  host_wait_idle (w);
  assert_int_equal (host_fact (w, id), VIRT_OFF);
  host_assert_consistent (w);
}

/* ---- rules ---- */

static gboolean
allows_ssh (World *w, const char *id)
{
  g_autoptr (VmmInstance) instance = world_get (w, id);
  const VmmNic *nic = g_ptr_array_index (instance->nics, 0);

  return netctl_fake_allows (w->host->net, nic->vpc_index, IPPROTO_TCP, "192.0.2.1", 40000, nic->ip,
                             22);
}

static void
a_rule_is_in_force_soon_after_the_answer (void **state)
{
  World *w = *state;
  const char *id = host_run (w);
  g_autoptr (VmmInstance) instance = world_get (w, id);
  const VmmNic *nic = g_ptr_array_index (instance->nics, 0);
  const char *group = g_ptr_array_index (nic->group_ids, 0);
  const OpsRuleSpec ssh = { .protocol = "tcp", .port_range = "22/22", .cidr = "192.0.2.0/24" };

  assert_false (allows_ssh (w, id));
  assert_true (ops_group_authorize (&w->ctx, &w->alice, group, &ssh, 1, NULL));
  host_wait_idle (w);
  assert_true (allows_ssh (w, id));
  assert_true (ops_group_revoke (&w->ctx, &w->alice, group, &ssh, 1, NULL, NULL));
  host_wait_idle (w);
  assert_false (allows_ssh (w, id));
}

static void
a_rule_of_a_group_that_nobody_here_needs_touches_nothing (void **state)
{
  World *w = *state;
  const char *id = host_run (w);
  g_autofree char *group = ops_group_create (&w->ctx, &w->alice, NULL, "idle", NULL, NULL);
  const OpsRuleSpec ssh = { .protocol = "tcp", .port_range = "22/22", .cidr = "192.0.2.0/24" };
  guint calls = netctl_fake_calls (w->host->net);

  assert_true (ops_group_authorize (&w->ctx, &w->alice, group, &ssh, 1, NULL));
  host_wait_idle (w);
  assert_int_equal (netctl_fake_calls (w->host->net), calls);
  assert_false (allows_ssh (w, id));
}

static void
joining_and_leaving_a_group_are_in_force_soon_after_the_answer (void **state)
{
  World *w = *state;
  const char *id = host_run (w);
  g_autofree char *group = ops_group_create (&w->ctx, &w->alice, NULL, "ssh", NULL, NULL);
  const OpsRuleSpec ssh = { .protocol = "tcp", .port_range = "22/22", .cidr = "192.0.2.0/24" };

  assert_true (ops_group_authorize (&w->ctx, &w->alice, group, &ssh, 1, NULL));
  assert_true (ops_group_join (&w->ctx, &w->alice, group, id, NULL));
  host_wait_idle (w);
  assert_true (allows_ssh (w, id));
  host_assert_consistent (w);
  assert_true (ops_group_leave (&w->ctx, &w->alice, group, id, NULL));
  host_wait_idle (w);
  assert_false (allows_ssh (w, id));
  host_delete (w, id);
  host_assert_empty (w);
}

int
main (void)
{
  const struct CMUnitTest tests[] = {
    HOST_TEST (a_run_ends_with_a_guest_as_its_rows_say),
    HOST_TEST (a_create_ends_stopped_with_a_disk_and_nothing_else),
    HOST_TEST (a_stopped_instance_keeps_its_disk_and_address_and_starts_again),
    HOST_TEST (a_forced_stop_does_not_ask_the_guest),
    HOST_TEST (a_reboot_goes_down_and_comes_up),
    HOST_TEST (a_disobedient_guest_is_cut_off_at_its_deadline_and_not_before),
    HOST_TEST (a_disobedient_guest_is_rebooted_at_its_deadline),
    HOST_TEST (a_delete_of_a_running_guest_leaves_nothing),
    HOST_TEST (a_delete_leaves_the_neighbours_alone),
    HOST_TEST (a_delete_while_it_starts_ends_gone),
    HOST_TEST (a_guest_that_powers_itself_off_is_stopped),
    HOST_TEST (a_guest_paused_for_want_of_room_is_resumed_until_it_runs),
    HOST_TEST (a_look_that_failed_is_taken_again_by_itself),
    HOST_TEST (what_happens_during_a_look_is_looked_at_again),
    HOST_TEST (what_is_asked_during_a_look_is_done_after_it),
    HOST_TEST (a_guest_whose_power_is_cut_behind_us_is_stopped),
    HOST_TEST (a_crashed_qemu_is_started_again_and_that_is_told),
    HOST_TEST (crashes_are_bounded_within_their_window),
    HOST_TEST (an_owner_may_wish_for_no_restart),
    HOST_TEST (a_domain_that_is_up_though_stopped_is_cut_off),
    HOST_TEST (a_rule_is_in_force_soon_after_the_answer),
    HOST_TEST (a_rule_of_a_group_that_nobody_here_needs_touches_nothing),
    HOST_TEST (joining_and_leaving_a_group_are_in_force_soon_after_the_answer),
  };

  return cmocka_run_group_tests_name ("work-life", tests, NULL, NULL);
}
