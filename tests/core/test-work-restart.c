/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The daemon goes down and comes up: what was under way goes on, what lost its row is swept, what
 * is old is forgotten. */
#include "store-account.h"
#include "store-image.h"
#include "store-nonce.h"
#include "vmm-id.h"
#include "world-fault.h"

static const char *
stopped (World *w)
{
  const char *id = host_run (w);

  assert_true (ops_instance_stop (&w->ctx, &w->alice, id, TRUE, NULL));
  host_settle_state (w, id, VMM_INSTANCE_STOPPED);
  return id;
}

static void
ask_everything (World *w, const char **ids)
{
  OpsInstanceSpec spec = world_spec (w->host->image);
  const char *goes[] = { ids[2], NULL };

  assert_true (ops_instance_stop (&w->ctx, &w->alice, ids[0], FALSE, NULL));
  assert_true (ops_instance_reboot (&w->ctx, &w->alice, ids[1], FALSE, NULL));
  assert_true (ops_instance_delete (&w->ctx, &w->alice, goes, TRUE, NULL));
  assert_true (ops_instance_start (&w->ctx, &w->alice, ids[3], NULL));
  ids[4] = host_create (w, &w->alice, &spec);
  spec.boot = FALSE;
  ids[5] = host_create (w, &w->alice, &spec);
}

static void
assert_everything_done (World *w, const char **ids)
{
  static const VmmInstanceState ends[]
      = { VMM_INSTANCE_STOPPED, VMM_INSTANCE_RUNNING, VMM_INSTANCE_GONE,
          VMM_INSTANCE_RUNNING, VMM_INSTANCE_RUNNING, VMM_INSTANCE_STOPPED };

  for (guint i = 0; i < G_N_ELEMENTS (ends); i++)
    {
      host_wait_state (w, ids[i], ends[i]);
      assert_state (w, ids[i], ends[i]);
    }
  host_wait_idle (w);
  host_assert_consistent (w);
}

static void
what_was_asked_while_the_daemon_was_down_is_done_when_it_is_up (void **state)
{
  World *w = *state;
  const char *ids[6] = { host_run (w), host_run (w), host_run (w), stopped (w) };

  host_stop (w);
  ask_everything (w, ids);
  world_reopen (w);
  host_start (w);
  assert_everything_done (w, ids);
}

static void
what_was_under_way_when_the_daemon_went_down_goes_on (void **state)
{
  World *w = *state;

  for (guint round = 0; round < 8; round++)
    {
      const char *ids[6] = { host_run (w), host_run (w), host_run (w), stopped (w) };

      world_slow_down (w);
      ask_everything (w, ids);
      world_go_down (w, ids[0], round);
      assert_everything_done (w, ids);
      for (guint i = 0; i < G_N_ELEMENTS (ids); i++)
        host_delete (w, ids[i]);
      host_wait_idle (w);
      host_assert_empty (w);
    }
}

static void
guests_run_on_while_the_daemon_is_down (void **state)
{
  World *w = *state;
  const char *id = host_run (w);

  host_stop (w);
  assert_int_equal (host_fact (w, id), VIRT_RUNNING);
  host_start (w);
  host_wait_idle (w);
  assert_int_equal (host_events (w, id, VMM_INSTANCE_STARTED), 1);
  host_assert_consistent (w);
}

static void
what_guests_did_while_the_daemon_was_down_is_seen (void **state)
{
  World *w = *state;
  const char *off = host_run (w), *crashed = host_run (w);

  host_stop (w);
  assert_true (virt_fake_stage (w->host->virt, off, VIRT_FAKE_POWEROFF));
  assert_true (virt_fake_stage (w->host->virt, crashed, VIRT_FAKE_CRASH));
  host_start (w);
  host_wait_state (w, off, VMM_INSTANCE_STOPPED);
  host_wait_state (w, crashed, VMM_INSTANCE_RUNNING);
  host_wait_idle (w);
  assert_int_equal (host_events (w, crashed, VMM_INSTANCE_CRASHED), 1);
  host_assert_consistent (w);
}

static void
deadlines_run_on_while_the_daemon_is_down (void **state)
{
  World *w = *state;
  const char *id = host_run (w);

  virt_fake_set_obedient (w->host->virt, FALSE);
  assert_true (ops_instance_stop (&w->ctx, &w->alice, id, FALSE, NULL));
  host_wait_idle (w);
  host_stop (w);
  world_advance_ms (w, w->config->stop_s * 1000);
  host_start (w);
  host_wait_state (w, id, VMM_INSTANCE_STOPPED);
  host_assert_consistent (w);
}

/* ---- what lost its row ---- */

static void
a_domain_without_a_row_is_removed (void **state)
{
  World *w = *state;
  const char *runs = host_run (w);
  g_autoptr (VirtSpec) spec = virt_fake_spec (w->host->virt, runs);

  log_trap_expect ("*has no instance; removing it*");
  host_stop (w);
  g_free (spec->id);
  spec->id = vmm_id_new (VMM_ID_INSTANCE);
  assert_true (w->host->virt->class->start_paused (w->host->virt, spec, NULL));
  assert_true (w->host->virt->class->resume (w->host->virt, spec->id, NULL));
  host_start (w);
  host_wait_idle (w);
  assert_int_equal (host_fact (w, spec->id), VIRT_ABSENT);
  assert_state (w, runs, VMM_INSTANCE_RUNNING);
  host_assert_consistent (w);
}

static void
a_layer_file_without_a_row_is_removed (void **state)
{
  World *w = *state;
  g_autofree char *layer = vmm_id_new (VMM_ID_LAYER);

  log_trap_expect ("*has no row; removing its file*");
  host_stop (w);
  assert_true (w->host->img->class->layer_create (w->host->img, layer, NULL, WORLD_GIB, NULL));
  host_start (w);
  host_assert_consistent (w);
}

static void
layers_that_nothing_rests_on_are_swept_from_the_top (void **state)
{
  World *w = *state;
  g_autofree char *base = vmm_id_new (VMM_ID_LAYER);
  g_autofree char *top = vmm_id_new (VMM_ID_LAYER);
  const char *const layers[][2] = { { base, NULL }, { top, base } };

  host_stop (w);
  for (guint i = 0; i < G_N_ELEMENTS (layers); i++)
    {
      g_autoptr (StoreTxn) txn = store_begin (w->ctx.store, NULL);
      VmmLayer layer = { .id = (char *) layers[i][0],
                         .host_id = w->ctx.host_id,
                         .parent_id = (char *) layers[i][1],
                         .virtual_bytes = WORLD_GIB };

      assert_true (store_layer_insert (txn, &layer, NULL));
      assert_true (store_commit (txn, NULL));
      assert_true (w->host->img->class->layer_create (w->host->img, layers[i][0], layers[i][1],
                                                      WORLD_GIB, NULL));
    }
  host_start (w);
  assert_int_equal (world_query (w, "SELECT count(*) FROM layer"), 1);
  host_assert_consistent (w);
}

static void
a_network_without_a_row_is_removed (void **state)
{
  World *w = *state;
  g_autoptr (NetctlVpc) vpc = netctl_vpc_new ();
  NetctlSubnet subnet = { 0 };

  host_stop (w);
  vpc->index = 99;
  vpc->id = g_strdup ("vpc-lost");
  assert_true (netctl_prefix_parse ("10.0.0.0/24", &subnet.range));
  assert_true (netctl_prefix_parse ("10.0.0.253", &subnet.gateway));
  g_array_append_val (vpc->subnets, subnet);
  assert_true (w->host->net->class->vpc_apply (w->host->net, vpc, NULL));
  host_start (w);
  assert_false (netctl_fake_has_vpc (w->host->net, 99));
}

static void
a_network_that_was_lost_is_made_again (void **state)
{
  World *w = *state;
  const char *id = host_run (w);
  g_autoptr (VmmInstance) instance = world_get (w, id);
  g_autoptr (NetctlPlan) nothing = netctl_plan_new ();
  const VmmNic *nic = g_ptr_array_index (instance->nics, 0);

  host_stop (w);
  assert_true (w->host->net->class->reconcile (w->host->net, nothing, NULL));
  assert_true (netctl_fake_is_empty (w->host->net));
  host_start (w);
  host_wait_idle (w);
  assert_true (netctl_fake_has_port (w->host->net, nic->index));
  assert_true (netctl_fake_has_vpc (w->host->net, nic->vpc_index));
}

static void
the_port_of_an_instance_on_its_way_out_does_not_come_back (void **state)
{
  World *w = *state;
  const char *id = host_run (w), *ids[] = { id, NULL };
  g_autoptr (VmmInstance) instance = world_get (w, id);
  const VmmNic *nic = g_ptr_array_index (instance->nics, 0);

  /* Its rows are still there, its network is down already; then rows and host are compared. A port
   * that came back would hold an address that the next instance is given. */
  host_allow_faults ();
  assert_true (w->host->virt->class->destroy (w->host->virt, id, NULL));
  host_settle_state (w, id, VMM_INSTANCE_STOPPED);
  host_set_away (w, TRUE);
  assert_true (ops_instance_delete (&w->ctx, &w->alice, ids, TRUE, NULL));
  work_kick (w->host->work, WORK_RECONCILE);
  host_wait_idle (w);
  assert_state (w, id, VMM_INSTANCE_DELETING);
  assert_false (netctl_fake_has_port (w->host->net, nic->index));
}

/* A network whose ports go slowly enough for rows and host to be compared meanwhile. */
static const NetctlClass *whole_class;
static World *slow_world;
static gint comparisons; /* atomic */

static gboolean
reconcile_and_count (Netctl *net, const NetctlPlan *plan, GError **error)
{
  gboolean ok = whole_class->reconcile (net, plan, error);

  g_atomic_int_inc (&comparisons);
  return ok;
}

static gboolean
detach_slowly (Netctl *net, const NetctlPort *port, GError **error)
{
  gboolean ok = whole_class->port_detach (net, port, error);
  gint before = g_atomic_int_get (&comparisons);

  work_kick (slow_world->host->work, WORK_RECONCILE);
  for (guint i = 0; i < 50 && g_atomic_int_get (&comparisons) == before; i++)
    g_usleep (1000);
  return ok;
}

static void
a_comparison_while_an_instance_goes_off_does_not_bring_its_port_back (void **state)
{
  World *w = *state;
  NetctlClass slow = *w->host->net->class;
  const char *asked = host_run (w), *unasked = host_run (w);

  host_stop (w);
  whole_class = w->host->net->class;
  slow_world = w;
  slow.reconcile = reconcile_and_count;
  slow.port_detach = detach_slowly;
  w->host->net->class = &slow;
  host_start (w);
  assert_true (ops_instance_stop (&w->ctx, &w->alice, asked, FALSE, NULL));
  assert_true (virt_fake_stage (w->host->virt, unasked, VIRT_FAKE_POWEROFF));
  host_wait_state (w, asked, VMM_INSTANCE_STOPPED);
  host_wait_state (w, unasked, VMM_INSTANCE_STOPPED);
  host_wait_idle (w);
  host_stop (w);
  w->host->net->class = whole_class;
  host_assert_consistent (w);
}

/* ---- what is old ---- */

static void
tokens_events_and_nonces_are_forgotten_in_time (void **state)
{
  World *w = *state;
  const char *id = host_run (w);
  VmmCaller caller = w->alice;
  g_autoptr (GError) error = NULL;
  OpsInstanceSpec spec = world_spec (w->host->image);
  g_autoptr (GPtrArray) ids = NULL;
  const gint64 day_ms = G_GINT64_CONSTANT (86400000);

  caller.client_token = "t";
  ids = ops_instance_create (&w->ctx, &caller, &spec, &error);
  assert_no_error (error);
  host_settle_all (w);
  assert_true (
      store_nonce_use (w->ctx.nonces, "k", "n", world_now_ms (), world_now_ms () + 1000, &error));
  host_stop (w);
  world_advance_ms (w, day_ms);
  host_start (w);
  assert_int_equal (world_query (w, "SELECT count(*) FROM client_token"), 1);
  assert_true (
      store_nonce_use (w->ctx.nonces, "k", "n", world_now_ms (), world_now_ms () + 1000, &error));
  host_stop (w);
  world_advance_ms (w, 1);
  host_start (w);
  assert_int_equal (world_query (w, "SELECT count(*) FROM client_token"), 0);
  assert_true (host_events (w, id, VMM_INSTANCE_STARTED) > 0);
  host_stop (w);
  world_advance_ms (w, 90 * day_ms);
  host_start (w);
  assert_int_equal (host_events (w, id, VMM_INSTANCE_STARTED), 0);
}

int
main (void)
{
  const struct CMUnitTest tests[] = {
    HOST_TEST (what_was_asked_while_the_daemon_was_down_is_done_when_it_is_up),
    HOST_TEST (what_was_under_way_when_the_daemon_went_down_goes_on),
    HOST_TEST (guests_run_on_while_the_daemon_is_down),
    HOST_TEST (what_guests_did_while_the_daemon_was_down_is_seen),
    HOST_TEST (deadlines_run_on_while_the_daemon_is_down),
    HOST_TEST (a_domain_without_a_row_is_removed),
    HOST_TEST (a_layer_file_without_a_row_is_removed),
    HOST_TEST (layers_that_nothing_rests_on_are_swept_from_the_top),
    HOST_TEST (a_network_without_a_row_is_removed),
    HOST_TEST (a_network_that_was_lost_is_made_again),
    HOST_TEST (the_port_of_an_instance_on_its_way_out_does_not_come_back),
    HOST_TEST (a_comparison_while_an_instance_goes_off_does_not_bring_its_port_back),
    HOST_TEST (tokens_events_and_nonces_are_forgotten_in_time),
  };

  return cmocka_run_group_tests_name ("work-restart", tests, NULL, NULL);
}
