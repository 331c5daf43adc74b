/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Interfaces on a host at work: plugged, unplugged, kept, stuck; each call failing in turn; the
 * daemon going down in the middle. */
#include "ops-group.h"
#include "ops-network.h"
#include "ops-nic.h"
#include "store-instance.h"
#include "store-network.h"
#include "vmm-id.h"
#include "world-fault.h"
#include <netinet/in.h>

static const char *
vswitch_of (World *w)
{
  const VmmVswitchQuery all = { .is_default = -1 };
  VmmPage page = world_page ();
  g_auto (VmmPageInfo) info = { 0 };
  g_autoptr (GPtrArray) list
      = ops_vswitch_list (&w->ctx, &w->alice, &all, &page, &info, NULL, NULL);

  return world_keep (w, g_strdup (((VmmVswitch *) list->pdata[0])->id));
}

/* An Available one with a secondary address; the world owns the id. */
static const char *
available (World *w, gboolean goes_with_instance)
{
  const OpsNicSpec spec
      = { .vswitch_id = vswitch_of (w), .ip_count = 1, .delete_with_instance = goes_with_instance };
  g_autoptr (GError) error = NULL;
  g_autoptr (VmmNic) nic = ops_nic_create (&w->ctx, &w->alice, &spec, &error);

  assert_no_error (error);
  return world_keep (w, g_strdup (nic->id));
}

/* GONE when there is no row. */
static VmmNicState
nic_state (World *w, const char *id)
{
  g_autoptr (StoreTxn) txn = store_begin_read (w->ctx.store, NULL);
  g_autoptr (VmmNic) nic = store_nic_get (txn, id, NULL);

  return nic != NULL ? nic->state : VMM_NIC_GONE;
}

static VmmNic *
look (World *w, const char *id)
{
  g_autoptr (GError) error = NULL;
  VmmNic *nic = ops_nic_get (&w->ctx, &w->alice, id, &error);

  assert_no_error (error);
  return nic;
}

typedef struct
{
  const char *id;
  VmmNicState state;
} Wanted;

static gboolean
is_in_state (World *w, gconstpointer data)
{
  const Wanted *wanted = data;

  return nic_state (w, wanted->id) == wanted->state;
}

static void
settle_nic (World *w, const char *id, VmmNicState state)
{
  const Wanted wanted = { id, state };
  g_autofree char *what = g_strdup_printf ("%s is %s", id, vmm_nic_state_to_string (state));

  host_settle (w, is_in_state, &wanted, what);
}

/* The same, but it must come by itself. */
static void
wait_nic (World *w, const char *id, VmmNicState state)
{
  const Wanted wanted = { id, state };
  g_autofree char *what = g_strdup_printf ("%s is %s", id, vmm_nic_state_to_string (state));

  host_wait (w, is_in_state, &wanted, what);
}

static void
ask_attach (World *w, const char *nic, const char *instance)
{
  g_autoptr (GError) error = NULL;

  ops_nic_attach (&w->ctx, &w->alice, nic, instance, &error);
  assert_no_error (error);
}

static void
ask_detach (World *w, const char *nic, const char *instance)
{
  g_autoptr (GError) error = NULL;

  ops_nic_detach (&w->ctx, &w->alice, nic, instance, &error);
  assert_no_error (error);
}

/* A running instance that has @nic too. */
static const char *
run_with (World *w, const char *nic)
{
  const char *id = host_run (w);

  ask_attach (w, nic, id);
  wait_nic (w, nic, VMM_NIC_IN_USE);
  host_wait_idle (w);
  return id;
}

static char *
tap_of (World *w, const char *id)
{
  g_autoptr (VmmNic) nic = look (w, id);

  return netctl_port_tap_name (nic->index);
}

/* ---- plugging ---- */

static void
a_running_guest_gets_it_and_gives_it_up (void **state)
{
  World *w = *state;
  const char *nic = available (w, FALSE);
  const char *id = run_with (w, nic);

  host_assert_consistent (w);
  ask_detach (w, nic, id);
  wait_nic (w, nic, VMM_NIC_AVAILABLE);
  host_wait_idle (w);
  host_assert_consistent (w);
  assert_true (ops_nic_delete (&w->ctx, &w->alice, nic, NULL));
  wait_nic (w, nic, VMM_NIC_GONE);
  host_delete (w, id);
  host_wait_idle (w);
  host_assert_empty (w);
}

static void
a_stopped_instance_starts_with_it (void **state)
{
  World *w = *state;
  const char *nic = available (w, FALSE);
  const char *id = host_run (w);

  assert_true (ops_instance_stop (&w->ctx, &w->alice, id, TRUE, NULL));
  host_settle_state (w, id, VMM_INSTANCE_STOPPED);
  ask_attach (w, nic, id);
  host_wait_idle (w);
  host_assert_consistent (w);
  assert_true (ops_instance_start (&w->ctx, &w->alice, id, NULL));
  host_settle_state (w, id, VMM_INSTANCE_RUNNING);
  host_wait_idle (w);
  host_assert_consistent (w);
  assert_true (ops_instance_reboot (&w->ctx, &w->alice, id, FALSE, NULL));
  host_settle_state (w, id, VMM_INSTANCE_RUNNING);
  host_wait_idle (w);
  host_assert_consistent (w);
}

static void
a_deleted_instance_takes_along_what_goes_with_it_and_leaves_the_rest (void **state)
{
  World *w = *state;
  const char *goes = available (w, TRUE), *stays = available (w, FALSE);
  const char *first = run_with (w, goes), *second = run_with (w, stays);

  host_delete (w, first);
  host_delete (w, second);
  host_wait_idle (w);
  assert_int_equal (nic_state (w, goes), VMM_NIC_GONE);
  assert_int_equal (nic_state (w, stays), VMM_NIC_AVAILABLE);
  host_assert_consistent (w);
  assert_true (netctl_fake_is_empty (w->host->net));
}

/* Whether SSH from 192.0.2.1 reaches the address, in the VPC of @nic. */
static gboolean
reaches_ssh (World *w, const VmmNic *nic, const char *ip)
{
  return netctl_fake_allows (w->host->net, nic->vpc_index, IPPROTO_TCP, "192.0.2.1", 4000, ip, 22);
}

static void
secondary_addresses_are_in_force_soon_after_the_answer (void **state)
{
  World *w = *state;
  const char *id = available (w, FALSE);
  const char *const extra[] = { "172.16.3.3", NULL };
  const OpsRuleSpec ssh = { .protocol = "tcp", .port_range = "22/22", .cidr = "192.0.2.0/24" };
  g_autoptr (VmmNic) nic = look (w, id);
  g_autoptr (GPtrArray) added = NULL;

  assert_true (ops_group_authorize (&w->ctx, &w->alice, nic->group_ids->pdata[0], &ssh, 1, NULL));
  run_with (w, id);
  added = ops_nic_assign (&w->ctx, &w->alice, id, extra, 0, NULL);
  assert_non_null (added);
  host_wait_idle (w);
  assert_true (reaches_ssh (w, nic, "172.16.3.3"));
  host_assert_consistent (w);
  assert_true (ops_nic_unassign (&w->ctx, &w->alice, id, extra, NULL));
  host_wait_idle (w);
  assert_false (reaches_ssh (w, nic, "172.16.3.3"));
  assert_true (reaches_ssh (w, nic, nic->ip));
  host_assert_consistent (w);
}

static void
a_group_joined_by_an_interface_is_in_force_soon_after_the_answer (void **state)
{
  World *w = *state;
  const char *id = available (w, FALSE);
  g_autofree char *group = ops_group_create (&w->ctx, &w->alice, NULL, "ssh", NULL, NULL);
  const OpsRuleSpec ssh = { .protocol = "tcp", .port_range = "22/22", .cidr = "192.0.2.0/24" };
  g_autoptr (VmmNic) nic = look (w, id);

  assert_true (ops_group_authorize (&w->ctx, &w->alice, group, &ssh, 1, NULL));
  run_with (w, id);
  assert_false (reaches_ssh (w, nic, nic->ip));
  assert_true (ops_group_join (&w->ctx, &w->alice, group, id, NULL));
  host_wait_idle (w);
  assert_true (reaches_ssh (w, nic, nic->ip));
  host_assert_consistent (w);
}

static void
a_group_that_a_stopped_instance_was_the_last_in_is_gone (void **state)
{
  World *w = *state;
  const char *id = host_run (w);
  g_autofree char *group = ops_group_create (&w->ctx, &w->alice, NULL, "more", NULL, NULL);
  g_autoptr (VmmGroup) row = ops_group_get (&w->ctx, &w->alice, group, NULL);
  g_autoptr (VmmInstance) instance = world_get (w, id);
  const VmmNic *nic = instance->nics->pdata[0];

  assert_true (ops_group_join (&w->ctx, &w->alice, group, id, NULL));
  host_wait_idle (w);
  assert_true (netctl_fake_has_group (w->host->net, nic->vpc_index, row->index));
  assert_true (ops_instance_stop (&w->ctx, &w->alice, id, TRUE, NULL));
  host_settle_state (w, id, VMM_INSTANCE_STOPPED);
  assert_true (ops_group_leave (&w->ctx, &w->alice, group, id, NULL));
  host_wait_idle (w);
  assert_false (netctl_fake_has_group (w->host->net, nic->vpc_index, row->index));
  host_assert_consistent (w);
}

/* ---- what goes wrong ---- */

static void
what_libvirt_refuses_is_available_again_and_the_owner_reads_why (void **state)
{
  World *w = *state;
  const char *nic = available (w, FALSE), *id = host_run (w);
  g_autoptr (VmmNic) before = look (w, nic), after = NULL;

  host_allow_faults ();
  log_trap_allow ("*has no tap*");
  netctl_fake_set_tap (w->host->net, before->index, FALSE);
  ask_attach (w, nic, id);
  settle_nic (w, nic, VMM_NIC_AVAILABLE);
  host_wait_idle (w);
  after = look (w, nic);
  assert_string_equal (after->instance_id, "");
  assert_contains (host_last_reason (w, id), "has no tap");
  host_assert_consistent (w);
}

static void
an_attach_past_its_deadline_ends_available (void **state)
{
  World *w = *state;
  const char *nic = available (w, FALSE), *id = host_run (w);

  host_allow_faults ();
  host_set_away (w, TRUE);
  ask_attach (w, nic, id);
  host_wait_idle (w);
  assert_int_equal (nic_state (w, nic), VMM_NIC_ATTACHING);
  world_advance_ms (w, (w->config->attach_s + 1) * 1000);
  settle_nic (w, nic, VMM_NIC_REVERTING);
  assert_contains (host_last_reason (w, id), "could not be attached within its time");
  host_set_away (w, FALSE);
  settle_nic (w, nic, VMM_NIC_AVAILABLE);
  host_wait_idle (w);
  host_assert_consistent (w);
}

static void
a_guest_that_keeps_it_has_it_open_again (void **state)
{
  World *w = *state;
  const char *nic = available (w, FALSE);
  const char *id = run_with (w, nic);
  g_autoptr (VmmNic) row = look (w, nic);

  virt_fake_set_clinging (w->host->virt, TRUE);
  ask_detach (w, nic, id);
  host_wait_idle (w);
  /* Closed while the guest makes up its mind. */
  assert_int_equal (nic_state (w, nic), VMM_NIC_DETACHING);
  assert_false (netctl_fake_has_port (w->host->net, row->index));
  world_advance_ms (w, (w->config->detach_s + 1) * 1000);
  settle_nic (w, nic, VMM_NIC_IN_USE);
  host_wait_idle (w);
  assert_contains (host_last_reason (w, id), "did not release it");
  host_assert_consistent (w);
}

static void
what_a_guest_gives_up_too_late_is_plugged_in_again (void **state)
{
  World *w = *state;
  const char *nic = available (w, FALSE);
  const char *id = run_with (w, nic);
  g_autofree char *tap = tap_of (w, nic);

  virt_fake_set_clinging (w->host->virt, TRUE);
  ask_detach (w, nic, id);
  host_wait_idle (w);
  world_advance_ms (w, (w->config->detach_s + 1) * 1000);
  settle_nic (w, nic, VMM_NIC_IN_USE);
  host_wait_idle (w);
  assert_int_equal (virt_fake_release (w->host->virt, id), 1);
  host_wait_idle (w);
  work_kick (w->host->work, id);
  host_wait_idle (w);
  assert_int_equal (virt_fake_link (w->host->virt, id, tap), 1);
  host_assert_consistent (w);
}

static void
a_release_within_the_time_is_seen_by_its_event_alone (void **state)
{
  World *w = *state;
  const char *nic = available (w, FALSE);
  const char *id = run_with (w, nic);

  virt_fake_set_clinging (w->host->virt, TRUE);
  ask_detach (w, nic, id);
  host_wait_idle (w);
  assert_int_equal (virt_fake_release (w->host->virt, id), 1);
  wait_nic (w, nic, VMM_NIC_AVAILABLE);
  host_wait_idle (w);
  host_assert_consistent (w);
}

/* Turning the power off settles all that was under way. */
static void
a_guest_that_goes_off_settles_what_was_under_way (void **state)
{
  World *w = *state;
  const char *leaving = available (w, FALSE), *coming = available (w, FALSE);
  const char *first = run_with (w, leaving), *second = host_run (w);

  host_allow_faults ();
  virt_fake_set_clinging (w->host->virt, TRUE);
  ask_detach (w, leaving, first);
  host_wait_idle (w);
  assert_true (ops_instance_stop (&w->ctx, &w->alice, first, FALSE, NULL));
  host_settle_state (w, first, VMM_INSTANCE_STOPPED);
  assert_int_equal (nic_state (w, leaving), VMM_NIC_AVAILABLE);
  host_set_away (w, TRUE);
  ask_attach (w, coming, second);
  assert_true (ops_instance_stop (&w->ctx, &w->alice, second, TRUE, NULL));
  host_set_away (w, FALSE);
  host_settle_state (w, second, VMM_INSTANCE_STOPPED);
  assert_int_equal (nic_state (w, coming), VMM_NIC_IN_USE);
  host_wait_idle (w);
  host_assert_consistent (w);
}

static gboolean
has_started_twice (World *w, gconstpointer id)
{
  return host_events (w, id, VMM_INSTANCE_STARTED) == 2;
}

static void
a_crashed_guest_is_started_again_with_it (void **state)
{
  World *w = *state;
  const char *nic = available (w, FALSE);
  const char *id = run_with (w, nic);

  assert_true (virt_fake_stage (w->host->virt, id, VIRT_FAKE_CRASH));
  host_wait (w, has_started_twice, id, "it has been started again");
  host_wait_idle (w);
  host_assert_consistent (w);
}

/* ---- generations ---- */

static gint64
count_events (World *w, const char *event)
{
  g_autofree char *sql
      = g_strdup_printf ("SELECT count(*) FROM instance_event WHERE event='%s'", event);

  return world_query (w, sql);
}

static gboolean
has_failed_once (World *w, gconstpointer data)
{
  return count_events (w, "rules-failed") > 0;
}

static void
a_rule_that_cannot_be_applied_is_told_once_and_once_that_it_can (void **state)
{
  World *w = *state;
  const char *id = host_run (w);
  g_autoptr (VmmInstance) instance = world_get (w, id);
  const VmmNic *nic = instance->nics->pdata[0];
  const char *group = nic->group_ids->pdata[0];
  const OpsRuleSpec ssh = { .protocol = "tcp", .port_range = "22/22", .cidr = "192.0.2.0/24" };

  host_allow_faults ();
  host_wait_idle (w);
  netctl_fake_fail_at (w->host->net, 1, NETCTL_FAKE_BEFORE);
  assert_true (ops_group_authorize (&w->ctx, &w->alice, group, &ssh, 1, NULL));
  host_wait (w, has_failed_once, NULL, "the failure is told");
  work_kick (w->host->work, group);
  host_wait_idle (w);
  assert_int_equal (count_events (w, "rules-failed"), 1);
  assert_int_equal (count_events (w, "rules-in-force"), 1);
  assert_contains (host_last_reason (w, id), "in force again");
  host_assert_consistent (w);
}

static void
what_did_not_change_is_not_written_again (void **state)
{
  World *w = *state;
  const char *nic = available (w, FALSE);
  g_autofree char *before = NULL, *after = NULL;

  run_with (w, nic);
  before = world_dump (w);
  world_advance_ms (w, 5000);
  work_kick (w->host->work, WORK_RECONCILE);
  host_wait_idle (w);
  after = world_dump (w);
  assert_string_equal (before, after);
}

/* ---- each call failing, and the daemon going down ---- */

typedef struct
{
  gboolean is_attached; /* before */
  void (*ask) (World *w, const char *nic, const char *instance);
  VmmNicState to;
  VmmInstanceState instance_to;
  guint least_calls;
} Deed;

static void
delete_nic (World *w, const char *nic, const char *instance)
{
  assert_true (ops_nic_delete (&w->ctx, &w->alice, nic, NULL));
}

static void
assign (World *w, const char *nic, const char *instance)
{
  g_autoptr (GPtrArray) added = ops_nic_assign (&w->ctx, &w->alice, nic, NULL, 2, NULL);

  assert_non_null (added);
}

static void
reboot_instance (World *w, const char *nic, const char *instance)
{
  assert_true (ops_instance_reboot (&w->ctx, &w->alice, instance, FALSE, NULL));
}

static void
attach_and_stop (World *w, const char *nic, const char *instance)
{
  ask_attach (w, nic, instance);
  world_deed_stop (w, nic, instance);
}

static void
detach_and_delete (World *w, const char *nic, const char *instance)
{
  ask_detach (w, nic, instance);
  world_deed_delete (w, nic, instance);
}

static const Deed deeds[] = {
  { FALSE, ask_attach, VMM_NIC_IN_USE, VMM_INSTANCE_RUNNING, 8 },
  { TRUE, ask_detach, VMM_NIC_AVAILABLE, VMM_INSTANCE_RUNNING, 8 },
  { FALSE, delete_nic, VMM_NIC_GONE, VMM_INSTANCE_RUNNING, 2 },
  { TRUE, assign, VMM_NIC_IN_USE, VMM_INSTANCE_RUNNING, 8 },
  { TRUE, world_deed_stop, VMM_NIC_IN_USE, VMM_INSTANCE_STOPPED, 12 },
  { TRUE, reboot_instance, VMM_NIC_IN_USE, VMM_INSTANCE_RUNNING, 30 },
  { TRUE, world_deed_delete, VMM_NIC_AVAILABLE, VMM_INSTANCE_GONE, 12 },
  { FALSE, attach_and_stop, VMM_NIC_IN_USE, VMM_INSTANCE_STOPPED, 8 },
  { TRUE, detach_and_delete, VMM_NIC_AVAILABLE, VMM_INSTANCE_GONE, 8 },
};

static void
clean_up (World *w, const char *nic, const char *id)
{
  host_delete (w, id);
  host_wait_idle (w);
  if (nic_state (w, nic) != VMM_NIC_GONE)
    {
      delete_nic (w, nic, NULL);
      settle_nic (w, nic, VMM_NIC_GONE);
    }
  host_wait_idle (w);
  host_assert_empty (w);
}

/* The deed with the n-th call of a driver failing; FALSE when there was no n-th call. */
static gboolean
do_with_fault (World *w, gconstpointer data, const WorldFault *fault, guint n)
{
  const Deed *deed = data;
  const char *nic = available (w, FALSE);
  const char *id = deed->is_attached ? run_with (w, nic) : host_run (w);
  gboolean has_struck;
  guint armed;

  host_wait_idle (w);
  armed = world_fault_arm (w, fault, n);
  deed->ask (w, nic, id);
  host_settle_state (w, id, deed->instance_to);
  settle_nic (w, nic, deed->to);
  host_settle_all (w);
  has_struck = world_fault_end (w, fault, armed);
  host_assert_consistent (w);
  clean_up (w, nic, id);
  return has_struck;
}

static void
everything_comes_true_whichever_call_fails_once (void **state)
{
  World *w = *state;

  log_trap_allow ("*the next comparison takes it away*");
  for (guint d = 0; d < G_N_ELEMENTS (deeds); d++)
    assert_true (world_fault_each (w, do_with_fault, &deeds[d]) >= deeds[d].least_calls);
}

static void
what_was_under_way_when_the_daemon_went_down_goes_on (void **state)
{
  World *w = *state;

  for (guint d = 0; d < G_N_ELEMENTS (deeds); d++)
    for (guint round = 0; round < 4; round++)
      {
        const char *nic = available (w, FALSE);
        const char *id = deeds[d].is_attached ? run_with (w, nic) : host_run (w);

        world_slow_down (w);
        deeds[d].ask (w, nic, id);
        world_go_down (w, id, round);
        host_wait_state (w, id, deeds[d].instance_to);
        wait_nic (w, nic, deeds[d].to);
        host_wait_idle (w);
        host_assert_consistent (w);
        clean_up (w, nic, id);
      }
}

int
main (void)
{
  const struct CMUnitTest tests[] = {
    HOST_TEST (a_running_guest_gets_it_and_gives_it_up),
    HOST_TEST (a_stopped_instance_starts_with_it),
    HOST_TEST (a_deleted_instance_takes_along_what_goes_with_it_and_leaves_the_rest),
    HOST_TEST (secondary_addresses_are_in_force_soon_after_the_answer),
    HOST_TEST (a_group_joined_by_an_interface_is_in_force_soon_after_the_answer),
    HOST_TEST (a_group_that_a_stopped_instance_was_the_last_in_is_gone),
    HOST_TEST (what_libvirt_refuses_is_available_again_and_the_owner_reads_why),
    HOST_TEST (an_attach_past_its_deadline_ends_available),
    HOST_TEST (a_guest_that_keeps_it_has_it_open_again),
    HOST_TEST (what_a_guest_gives_up_too_late_is_plugged_in_again),
    HOST_TEST (a_release_within_the_time_is_seen_by_its_event_alone),
    HOST_TEST (a_guest_that_goes_off_settles_what_was_under_way),
    HOST_TEST (a_crashed_guest_is_started_again_with_it),
    HOST_TEST (a_rule_that_cannot_be_applied_is_told_once_and_once_that_it_can),
    HOST_TEST (what_did_not_change_is_not_written_again),
    HOST_TEST (everything_comes_true_whichever_call_fails_once),
    HOST_TEST (what_was_under_way_when_the_daemon_went_down_goes_on),
  };

  return cmocka_run_group_tests_name ("work-nic", tests, NULL, NULL);
}
