/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Public addresses under the executor: what the host is told, and what becomes of the rows
 * whichever call fails and whenever the daemon goes down. */
#include "ops-eip.h"
#include "ops-nat.h"
#include "ops-network.h"
#include "ops-plain.h"
#include "store-nat.h"
#include "world-host.h"
#include <string.h>

/* An instance and an address. */
typedef struct
{
  char *instance_id, *vpc_id, *private_ip, *eip_id, *ip;
  guint32 vpc;
} Pair;

static void
pair_clear (Pair *pair)
{
  g_free (pair->instance_id);
  g_free (pair->vpc_id);
  g_free (pair->private_ip);
  g_free (pair->eip_id);
  g_free (pair->ip);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Pair, pair_clear)

static void
add_eip (World *w, Pair *pair)
{
  const OpsEipSpec spec = { .bandwidth_mbit = 5 };
  g_autoptr (GError) error = NULL;
  g_autoptr (VmmEip) eip = ops_eip_allocate (&w->ctx, &w->alice, &spec, &error);

  assert_no_error (error);
  pair->eip_id = g_strdup (eip->id);
  pair->ip = g_strdup (eip->ip);
}

static Pair
make_pair (World *w)
{
  Pair pair = { .instance_id = g_strdup (host_run (w)) };
  g_autoptr (VmmInstance) instance = world_get (w, pair.instance_id);
  const VmmNic *nic = g_ptr_array_index (instance->nics, 0);

  world_set_pools (w, "203.0.113.1-203.0.113.9");
  pair.vpc_id = g_strdup (nic->vpc_id);
  pair.vpc = nic->vpc_index;
  pair.private_ip = g_strdup (nic->ip);
  add_eip (w, &pair);
  return pair;
}

static gboolean
nothing_passes (World *w, gconstpointer data)
{
  return world_query (w, "SELECT (SELECT count(*) FROM eip WHERE deadline_ms > 0)"
                         " + (SELECT count(*) FROM snat_entry WHERE applied<>generation)"
                         " + (SELECT count(*) FROM forward_entry WHERE applied<>generation)")
         == 0;
}

static void
settle (World *w)
{
  host_settle (w, nothing_passes, NULL, "no address is passing");
  host_wait_idle (w);
}

static void
associate (World *w, const Pair *pair)
{
  const OpsEipTarget target = { .id = pair->instance_id };
  g_autoptr (GError) error = NULL;

  ops_eip_associate (&w->ctx, &w->alice, pair->eip_id, &target, &error);
  assert_no_error (error);
}

static void
unassociate (World *w, const Pair *pair)
{
  const OpsEipTarget any = { NULL };
  g_autoptr (GError) error = NULL;

  ops_eip_unassociate (&w->ctx, &w->alice, pair->eip_id, &any, FALSE, &error);
  assert_no_error (error);
}

static const char *
state_of (World *w, const char *eip_id)
{
  const char *const ids[] = { eip_id, NULL };
  const VmmEipQuery query = { .ids = ids };
  const VmmPage page = world_page ();
  g_auto (VmmPageInfo) info = { 0 };
  g_autoptr (GPtrArray) eips = ops_eip_list (&w->ctx, &w->alice, &query, &page, &info, NULL);

  assert_int_equal (eips->len, 1);
  return vmm_eip_state_wire (((const VmmEip *) eips->pdata[0])->state);
}

static gboolean
host_has (World *w, const char *line)
{
  g_autofree char *text = netctl_fake_describe (w->host->net);
  g_auto (GStrv) lines = g_strsplit (text, "\n", -1);

  return g_strv_contains ((const char *const *) lines, line);
}

#define assert_host(w, is_there, ...)                                                              \
  {                                                                                                \
    g_autofree char *line_ = g_strdup_printf (__VA_ARGS__);                                        \
                                                                                                   \
    assert_int_equal (host_has (w, line_), is_there);                                              \
  }

/* Rows and host say the same of the address. */
static void
assert_agree (World *w, const Pair *pair, gboolean leads)
{
  assert_string_equal (state_of (w, pair->eip_id), leads ? "InUse" : "Available");
  assert_host (w, leads, "eip %u %s %s", pair->vpc, pair->ip, pair->private_ip);
  assert_host (w, leads, "public %u %s in=10000 out=5000", pair->vpc, pair->ip);
}

static void
an_address_leads_to_its_instance_and_back (void **state)
{
  World *w = *state;
  g_auto (Pair) pair = make_pair (w);

  associate (w, &pair);
  settle (w);
  assert_agree (w, &pair, TRUE);
  unassociate (w, &pair);
  settle (w);
  assert_agree (w, &pair, FALSE);
}

static void
bandwidth_follows_at_once (void **state)
{
  World *w = *state;
  g_auto (Pair) pair = make_pair (w);

  associate (w, &pair);
  settle (w);
  assert_true (ops_eip_modify (&w->ctx, &w->alice, pair.eip_id, NULL, NULL, 200, NULL));
  host_wait_idle (w);
  assert_host (w, TRUE, "public %u %s in=200000 out=200000", pair.vpc, pair.ip);
}

static void
an_address_waits_for_an_interface_without_a_host (void **state)
{
  World *w = *state;
  const OpsVpcSpec vpc_spec = { .cidr = "10.0.0.0/16" };
  g_autoptr (VmmVpc) vpc = ops_vpc_create (&w->ctx, &w->alice, &vpc_spec, NULL);
  const OpsNatSpec spec = { .vpc_id = vpc->id };
  g_autoptr (VmmNatGateway) gateway = ops_nat_create (&w->ctx, &w->alice, &spec, NULL);
  const OpsEipTarget target = { .id = gateway->id };
  g_auto (Pair) pair = { NULL };

  world_set_pools (w, "203.0.113.1");
  add_eip (w, &pair);
  assert_true (ops_eip_associate (&w->ctx, &w->alice, pair.eip_id, &target, NULL));
  settle (w);
  assert_string_equal (state_of (w, pair.eip_id), "InUse");
  assert_false (netctl_fake_has_vpc (w->host->net, vpc->index));
  unassociate (w, &pair);
  settle (w);
  assert_string_equal (state_of (w, pair.eip_id), "Available");
}

static void
a_deleted_instance_takes_its_own_address_and_frees_the_other (void **state)
{
  World *w = *state;
  g_auto (Pair) pair = make_pair (w);
  g_auto (Pair) plain = make_pair (w);
  const OpsNetworkSpec bounds
      = { .bandwidth_in_mbit = 30, .bandwidth_out_mbit = 3, .allocate = TRUE };

  associate (w, &pair);
  assert_true (ops_network_spec_modify (&w->ctx, &w->alice, plain.instance_id, &bounds, NULL));
  settle (w);
  assert_host (w, TRUE, "public %u 203.0.113.3 in=30000 out=3000", plain.vpc);
  assert_host (w, TRUE, "eip %u 203.0.113.3 %s", plain.vpc, plain.private_ip);
  host_delete (w, pair.instance_id);
  host_delete (w, plain.instance_id);
  settle (w);
  assert_string_equal (state_of (w, pair.eip_id), "Available");
  assert_int_equal (world_query (w, "SELECT count(*) FROM eip"), 2);
  host_assert_empty (w);
}

static void
entries_of_a_gateway_reach_the_host (void **state)
{
  World *w = *state;
  g_auto (Pair) pair = make_pair (w);
  const OpsNatSpec spec = { .vpc_id = pair.vpc_id };
  g_autoptr (VmmNatGateway) gateway = ops_nat_create (&w->ctx, &w->alice, &spec, NULL);
  const OpsEipTarget target = { .id = gateway->id };
  const OpsSnatSpec snat
      = { .table_id = gateway->snat_table_id, .ip = pair.ip, .source_cidr = "172.16.0.0/20" };
  const OpsForwardSpec forward = { .table_id = gateway->forward_table_id,
                                   .external_ip = pair.ip,
                                   .protocol = "tcp",
                                   .external_port = "80/81",
                                   .internal_ip = pair.private_ip,
                                   .internal_port = "8080/8081" };
  g_autoptr (VmmSnat) source = NULL;
  g_autoptr (VmmForward) door = NULL;

  assert_true (ops_eip_associate (&w->ctx, &w->alice, pair.eip_id, &target, NULL));
  settle (w);
  source = ops_snat_create (&w->ctx, &w->alice, &snat, NULL);
  door = ops_forward_create (&w->ctx, &w->alice, &forward, NULL);
  settle (w);
  assert_host (w, TRUE, "snat %u 172.16.0.0/20 %s", pair.vpc, pair.ip);
  assert_host (w, TRUE, "forward %u 6 %s:80-81 %s:8080-8081", pair.vpc, pair.ip, pair.private_ip);
  assert_host (w, FALSE, "eip %u %s %s", pair.vpc, pair.ip, pair.private_ip);
  assert_true (ops_nat_delete (&w->ctx, &w->alice, gateway->id, TRUE, NULL));
  settle (w);
  assert_host (w, FALSE, "snat %u 172.16.0.0/20 %s", pair.vpc, pair.ip);
  assert_host (w, FALSE, "forward %u 6 %s:80-81 %s:8080-8081", pair.vpc, pair.ip, pair.private_ip);
  assert_string_equal (state_of (w, pair.eip_id), "Available");
}

/* ---- failing calls ---- */

static void
turn (World *w, const Pair *pair, gboolean on)
{
  if (on)
    associate (w, pair);
  else
    unassociate (w, pair);
}

static void
it_comes_true_whichever_call_fails_once (void **state)
{
  World *w = *state;
  g_auto (Pair) pair = make_pair (w);
  guint struck = 0;

  host_allow_faults ();
  for (guint moment = NETCTL_FAKE_BEFORE; moment <= NETCTL_FAKE_AFTER; moment++)
    for (guint n = 1; n <= 3; n++)
      for (guint on = 2; on-- > 0;)
        {
          guint before = netctl_fake_calls (w->host->net);

          netctl_fake_fail_at (w->host->net, n, moment);
          turn (w, &pair, on);
          settle (w);
          struck += netctl_fake_calls (w->host->net) >= before + n;
          netctl_fake_fail_at (w->host->net, 0, moment);
          assert_agree (w, &pair, on);
        }
  assert_true (struck >= 4);
}

static const NetctlClass *whole_class;

static gboolean
refuse_publics (Netctl *net, const NetctlVpc *vpc, GError **error)
{
  if (vpc->publics->len == 0)
    return whole_class->vpc_apply (net, vpc, error);
  g_set_error (error, NETCTL_ERROR, NETCTL_ERROR_KERNEL, "no room for addresses");
  return FALSE;
}

static gboolean
refuse_all (Netctl *net, const NetctlVpc *vpc, GError **error)
{
  g_set_error (error, NETCTL_ERROR, NETCTL_ERROR_KERNEL, "no room for addresses");
  return FALSE;
}

static gboolean
is_available (World *w, gconstpointer eip_id)
{
  return g_str_equal (state_of (w, eip_id), "Available");
}

static void
an_address_that_cannot_be_led_turns_back_and_says_why (void **state)
{
  World *w = *state;
  g_auto (Pair) pair = make_pair (w);
  NetctlClass refusing = *w->host->net->class;
  g_autofree char *sql = NULL;

  log_trap_allow ("*no room for addresses*");
  host_stop (w);
  whole_class = w->host->net->class;
  refusing.vpc_apply = refuse_publics;
  w->host->net->class = &refusing;
  host_start (w);
  associate (w, &pair);
  host_wait_idle (w);
  assert_string_equal (state_of (w, pair.eip_id), "Associating");
  world_advance_ms (w, w->config->address_s * 1000 + 1);
  host_settle (w, is_available, pair.eip_id, "the address has turned back");
  host_wait_idle (w);
  sql = g_strdup_printf ("SELECT count(*) FROM eip WHERE id='%s' AND reason LIKE '%%no room%%'",
                         pair.eip_id);
  assert_int_equal (world_query (w, sql), 1);
  host_stop (w);
  w->host->net->class = whole_class;
}

static void
an_address_is_not_free_before_the_host_has_let_go (void **state)
{
  World *w = *state;
  g_auto (Pair) pair = make_pair (w);
  NetctlClass refusing = *w->host->net->class;

  log_trap_allow ("*no room for addresses*");
  associate (w, &pair);
  settle (w);
  host_stop (w);
  whole_class = w->host->net->class;
  refusing.vpc_apply = refuse_all;
  w->host->net->class = &refusing;
  host_start (w);
  unassociate (w, &pair);
  host_wait_idle (w);
  world_advance_ms (w, w->config->address_s * 1000 + 1);
  work_kick (w->host->work, pair.vpc_id);
  host_wait_idle (w);
  assert_string_equal (state_of (w, pair.eip_id), "Unassociating");
  assert_false (ops_eip_release (&w->ctx, &w->alice, pair.eip_id, NULL));
  assert_host (w, TRUE, "eip %u %s %s", pair.vpc, pair.ip, pair.private_ip);
  host_stop (w);
  w->host->net->class = whole_class;
  host_start (w);
  settle (w);
  assert_agree (w, &pair, FALSE);
}

/* ---- going down and coming up ---- */

static void
what_was_asked_while_the_daemon_was_down_is_done_when_it_is_up (void **state)
{
  World *w = *state;
  g_auto (Pair) on = make_pair (w);
  g_auto (Pair) off = make_pair (w);

  associate (w, &off);
  settle (w);
  host_stop (w);
  associate (w, &on);
  unassociate (w, &off);
  world_reopen (w);
  host_start (w);
  host_wait (w, nothing_passes, NULL, "no address is passing");
  assert_agree (w, &on, TRUE);
  assert_agree (w, &off, FALSE);
}

static void
an_address_is_in_force_again_after_the_host_lost_it (void **state)
{
  World *w = *state;
  g_auto (Pair) pair = make_pair (w);
  g_autoptr (NetctlPlan) nothing = netctl_plan_new ();

  associate (w, &pair);
  settle (w);
  host_stop (w);
  assert_true (w->host->net->class->reconcile (w->host->net, nothing, NULL));
  host_start (w);
  host_wait_idle (w);
  assert_agree (w, &pair, TRUE);
}

/* ---- many ---- */

static gpointer
turn_often (gpointer data)
{
  gpointer *args = data;
  World *w = args[0];
  const Pair *pair = args[1];

  for (guint i = 0; i < 20; i++)
    {
      const OpsEipTarget target = { .id = pair->instance_id }, any = { NULL };

      ops_eip_associate (&w->ctx, &w->alice, pair->eip_id, &target, NULL);
      ops_eip_unassociate (&w->ctx, &w->alice, pair->eip_id, &any, FALSE, NULL);
      g_thread_yield ();
    }
  return NULL;
}

static void
addresses_turned_by_many_at_once_end_as_their_rows_say (void **state)
{
  World *w = *state;
  Pair pairs[4] = { make_pair (w), make_pair (w), make_pair (w), make_pair (w) };
  gpointer args[G_N_ELEMENTS (pairs)][2];
  GThread *threads[G_N_ELEMENTS (pairs)];

  for (guint i = 0; i < G_N_ELEMENTS (pairs); i++)
    {
      args[i][0] = w;
      args[i][1] = &pairs[i];
      threads[i] = g_thread_new ("turn", turn_often, args[i]);
    }
  for (guint i = 0; i < G_N_ELEMENTS (pairs); i++)
    g_thread_join (threads[i]);
  settle (w);
  for (guint i = 0; i < G_N_ELEMENTS (pairs); i++)
    {
      assert_agree (w, &pairs[i], g_str_equal (state_of (w, pairs[i].eip_id), "InUse"));
      pair_clear (&pairs[i]);
    }
}

int
main (void)
{
  const struct CMUnitTest tests[] = {
    HOST_TEST (an_address_leads_to_its_instance_and_back),
    HOST_TEST (bandwidth_follows_at_once),
    HOST_TEST (an_address_waits_for_an_interface_without_a_host),
    HOST_TEST (a_deleted_instance_takes_its_own_address_and_frees_the_other),
    HOST_TEST (entries_of_a_gateway_reach_the_host),
    HOST_TEST (it_comes_true_whichever_call_fails_once),
    HOST_TEST (an_address_that_cannot_be_led_turns_back_and_says_why),
    HOST_TEST (an_address_is_not_free_before_the_host_has_let_go),
    HOST_TEST (what_was_asked_while_the_daemon_was_down_is_done_when_it_is_up),
    HOST_TEST (an_address_is_in_force_again_after_the_host_lost_it),
    HOST_TEST (addresses_turned_by_many_at_once_end_as_their_rows_say),
  };

  return cmocka_run_group_tests_name ("work-public", tests, NULL, NULL);
}
