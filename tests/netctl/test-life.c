/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Real tests of a host's life: taps that come and go, restarts, crashes between any two steps, and
 * the way back to the plan. */
#include <fcntl.h>
#include <linux/if_ether.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "netctl-kernel-priv.h"
#include "netctl-plan.h"
#include "records.h"
#include "world.h"

static int
set_up (void **state)
{
  *state = world_new ();
  return 0;
}

/* A VPC with a group, as most tests start. */
static World *
furnish (void **state)
{
  World *world = *state;

  world_vpc (world, 1, "10.0.0.0/24", TRUE);
  world_group (world, 1, 1);
  return world;
}

/* A tap as QEMU holds it: it goes with the descriptor. */
static int
tap_open (guint32 port)
{
  g_autofree char *name = netctl_port_tap_name (port);
  struct ifreq request = { .ifr_flags = IFF_TAP | IFF_NO_PI };
  int fd = open ("/dev/net/tun", O_RDWR | O_CLOEXEC);

  assert_true (fd >= 0);
  g_strlcpy (request.ifr_name, name, sizeof request.ifr_name);
  assert_int_equal (ioctl (fd, TUNSETIFF, &request), 0);
  return fd;
}

static void
assert_done (gboolean is_done, const GError *error)
{
  if (!is_done)
    print_error ("%s\n", error->message);
  assert_true (is_done);
}

static void
reconcile (World *world)
{
  g_autoptr (GError) error = NULL;

  assert_done (world->net->class->reconcile (world->net, world->plan, &error), error);
}

/* A macro, so that @call comes before its error is read. */
#define assert_fails(call, error, wanted)                                                          \
  G_STMT_START                                                                                     \
  {                                                                                                \
    assert_false (call);                                                                           \
    assert_true (g_error_matches (error, NETCTL_ERROR, wanted));                                   \
  }                                                                                                \
  G_STMT_END

static void
every_call_can_be_made_twice (void **state)
{
  World *world = furnish (state);
  Guest *guest = world_guest (world, 1, 1, "10.0.0.11", 1);
  const NetctlClass *class = world->net->class;
  g_autofree char *before = world_fingerprint (world), *after = NULL;

  assert_true (class->vpc_apply (world->net, g_ptr_array_index (world->plan->vpcs, 0), NULL));
  assert_true (class->group_apply (world->net, g_ptr_array_index (world->plan->groups, 0), NULL));
  assert_true (class->port_prepare (world->net, guest->port, NULL));
  assert_true (class->port_attach (world->net, guest->port, NULL));
  after = world_fingerprint (world);
  world_assert_same (after, before);
  assert_true (class->port_detach (world->net, guest->port, NULL));
  assert_true (class->port_detach (world->net, guest->port, NULL));
  assert_true (class->group_remove (world->net, 1, 1, NULL));
  assert_true (class->group_remove (world->net, 1, 1, NULL));
}

static void
removing_a_vpc_leaves_nothing (void **state)
{
  World *world = *state;
  g_autofree char *before = world_fingerprint (world), *after = NULL;
  g_autofree char *rules_before = world_run ("nft -s list ruleset"), *rules_after = NULL;
  Guest *guest;

  furnish (state);
  guest = world_guest (world, 1, 1, "10.0.0.11", 1);
  world_detach (guest);
  g_free (world_run ("ip -n %s link del eth0", guest->ns));
  assert_true (world->net->class->vpc_remove (world->net, 1, NULL));
  assert_true (world->net->class->vpc_remove (world->net, 1, NULL));
  after = world_fingerprint (world);
  rules_after = world_run ("nft -s list ruleset");
  world_assert_same (after, before);
  world_assert_same (rules_after, rules_before);
}

static void
a_vpc_with_a_tap_inside_is_not_removed (void **state)
{
  World *world = furnish (state);
  Guest *one = world_guest (world, 1, 1, "10.0.0.11", 1);
  Guest *two = world_guest (world, 1, 2, "10.0.0.12", 1);
  g_autoptr (GError) error = NULL;

  assert_fails (world->net->class->vpc_remove (world->net, 1, &error), error, NETCTL_ERROR_BUSY);
  assert_true (world_pings (one->ns, two->address, WORLD_SOON_MS));
}

static void
a_port_without_a_tap_cannot_be_attached (void **state)
{
  World *world = furnish (state);
  g_autoptr (NetctlPort) port = record_port (1, 1, "10.0.0.11", "1");
  g_autoptr (GError) error = NULL;

  assert_true (world->net->class->port_prepare (world->net, port, NULL));
  assert_fails (world->net->class->port_attach (world->net, port, &error), error,
                NETCTL_ERROR_NO_TAP);
}

static void
what_was_never_applied_is_refused_or_absent (void **state)
{
  World *world = *state;
  const NetctlClass *class = world->net->class;
  g_autoptr (NetctlPort) port = record_port (1, 1, "10.0.0.11", "1");
  g_autoptr (NetctlGroup) group = record_group (1, 1);
  g_autoptr (GError) first = NULL, second = NULL;

  assert_fails (class->port_prepare (world->net, port, &first), first, NETCTL_ERROR_INVALID);
  assert_fails (class->group_apply (world->net, group, &second), second, NETCTL_ERROR_INVALID);
  assert_true (class->port_detach (world->net, port, NULL));
  assert_true (class->group_remove (world->net, 1, 1, NULL));
  assert_true (class->vpc_remove (world->net, 1, NULL));
}

static void
one_bad_port_does_not_harm_the_others (void **state)
{
  World *world = furnish (state);
  Guest *one = world_guest (world, 1, 1, "10.0.0.11", 1);
  Guest *two = world_guest (world, 1, 2, "10.0.0.12", 1);
  g_autoptr (NetctlPort) same = record_port (1, 3, "10.0.0.11", "1");
  g_autoptr (GError) error = NULL;

  assert_fails (world->net->class->port_prepare (world->net, same, &error), error,
                NETCTL_ERROR_INVALID);
  assert_true (world_pings (one->ns, two->address, WORLD_SOON_MS));
}

static void
a_tap_goes_with_its_process_and_can_come_again (void **state)
{
  World *world = furnish (state);
  g_autoptr (NetctlPort) port = record_port (1, 1, "10.0.0.11", "1");
  g_autoptr (GError) error = NULL;

  for (guint i = 0; i < 2; i++)
    {
      int tap = tap_open (1);
      g_autofree char *routes = NULL;

      assert_done (world->net->class->port_attach (world->net, port, &error), error);
      routes = world_run ("ip -n ecs-v000001 route");
      assert_non_null (strstr (routes, "10.0.0.11 dev et00000001"));
      close (tap);
      assert_false (world_try ("ip -n ecs-v000001 link show et00000001"));
    }
  assert_true (world->net->class->port_detach (world->net, port, NULL));
}

static void
a_restart_keeps_flows_and_what_the_plan_says (void **state)
{
  World *world = furnish (state);
  Guest *server = world_guest (world, 1, 1, "10.0.0.11", 1);
  Guest *client = world_guest (world, 1, 2, "10.0.0.12", 1);
  int listener = world_listen (server->ns, server->address, 22);
  int a = world_connect (client->ns, server->address, 22, WORLD_SOON_MS);
  int b = world_accept (listener, WORLD_SOON_MS);
  g_autofree char *before = world_fingerprint (world), *after = NULL;

  assert_true (world_passes (a, b, "one", WORLD_SOON_MS));
  world_stop (world);
  assert_true (world_passes (b, a, "two", WORLD_SOON_MS));
  world_start (world);
  assert_true (world_passes (a, b, "three", WORLD_SOON_MS));
  for (guint i = 0; i < 5; i++)
    {
      reconcile (world);
      assert_true (world_passes (b, a, "four", WORLD_SOON_MS));
    }
  after = world_fingerprint (world);
  world_assert_same (after, before);
  close (a);
  close (b);
  close (listener);
}

static void
a_restart_keeps_a_flow_to_the_outside (void **state)
{
  World *world = furnish (state);
  Guest *guest = world_guest (world, 1, 1, "10.0.0.11", 1);
  int listener, a, b;

  world_outside (world);
  listener = world_listen ("outside", "192.0.2.2", 80);
  a = world_connect (guest->ns, "192.0.2.2", 80, WORLD_SOON_MS);
  b = world_accept (listener, WORLD_SOON_MS);
  assert_true (world_passes (a, b, "one", WORLD_SOON_MS));
  world_stop (world);
  world_start (world);
  assert_true (world_passes (b, a, "two", WORLD_SOON_MS));
  assert_true (world_passes (a, b, "three", WORLD_SOON_MS));
  close (a);
  close (b);
  close (listener);
}

static void
a_process_that_has_not_reconciled_is_kept_off_live_ports (void **state)
{
  World *world = furnish (state);
  Guest *one = world_guest (world, 1, 1, "10.0.0.11", 1);
  Guest *two = world_guest (world, 1, 2, "10.0.0.12", 1);
  NetctlConfig config = { .run_dir = world->run_dir };
  g_autoptr (GError) first = NULL, second = NULL;

  world_stop (world);
  world->net = netctl_new (&config, NULL);
  assert_fails (
      world->net->class->vpc_apply (world->net, g_ptr_array_index (world->plan->vpcs, 0), &first),
      first, NETCTL_ERROR_BUSY);
  assert_fails (world->net->class->port_attach (world->net, one->port, &second), second,
                NETCTL_ERROR_BUSY);
  assert_true (world_pings (one->ns, two->address, WORLD_SOON_MS));
}

static void
reconcile_mends_what_others_broke (void **state)
{
  World *world = furnish (state);
  Guest *one = world_guest (world, 1, 1, "10.0.0.11", 1);
  Guest *two = world_guest (world, 1, 2, "10.0.0.12", 1);
  g_autofree char *before = world_fingerprint (world), *after = NULL;
  g_autofree char *host_before = world_run ("nft -s list ruleset"), *host_after = NULL;

  g_free (world_run ("nft flush ruleset"));
  g_free (world_run ("ip netns exec ecs-v000001 nft flush ruleset"));
  g_free (world_run ("ip -n ecs-v000001 route del 10.0.0.12"));
  g_free (world_run ("ip -n ecs-v000001 neigh del 10.0.0.11 dev et00000001"));
  g_free (world_run ("ip -n ecs-v000001 addr flush dev es1"));
  g_free (world_run ("ip link del eu000001"));
  reconcile (world);
  after = world_fingerprint (world);
  host_after = world_run ("nft -s list ruleset");
  world_assert_same (after, before);
  world_assert_same (host_after, host_before);
  assert_true (world_pings (one->ns, two->address, WORLD_SOON_MS));
}

static void
reconcile_mends_a_vpc_whose_namespace_was_deleted (void **state)
{
  World *world = furnish (state);
  g_autofree char *before = NULL, *after = NULL;

  before = world_fingerprint (world);
  g_free (world_run ("ip netns del ecs-v000001"));
  reconcile (world);
  after = world_fingerprint (world);
  world_assert_same (after, before);
  world_guest (world, 1, 1, "10.0.0.11", 1);
}

static void
reconcile_removes_leftovers_of_ours_only (void **state)
{
  World *world = furnish (state);
  g_autofree char *before = world_fingerprint (world), *after = NULL;

  world_vpc (world, 7, "10.7.0.0/24", TRUE);
  g_ptr_array_remove_index (world->plan->vpcs, 1);
  g_free (world_run ("ip netns add ecs-v0000ff"));
  g_free (world_run ("touch /run/netns/ecs-v0000fe"));
  g_free (world_run ("ip link add eu0000ff type veth peer name other0"));
  g_free (world_run ("ip tuntap add et000000ff mode tap"));
  g_free (world_run ("ip tuntap add et000000fe mode tap"));
  g_free (world_run ("ip link set et000000fe netns ecs-v000001"));
  g_free (world_run ("ip netns add stranger"));
  g_free (world_run ("ip link add ethx type bridge"));
  world_stop (world);
  world_start (world);
  after = world_fingerprint (world);
  world_assert_same (after, before);
  assert_false (world_try ("ip -n ecs-v000001 link show et000000fe"));
  g_free (world_run ("ip link del ethx"));
  g_free (world_run ("ip netns del stranger"));
}

static void
reconcile_removes_files_that_were_not_finished (void **state)
{
  World *world = *state;
  g_autofree char *before = world_fingerprint (world), *after = NULL;
  g_autofree char *half
      = g_build_filename (world->run_dir, "dhcp", "ecs-v000001.leases.QU16Y3", NULL);

  assert_true (g_file_set_contents (half, "half", -1, NULL));
  world_stop (world);
  world_start (world);
  assert_false (g_file_test (half, G_FILE_TEST_EXISTS));
  after = world_fingerprint (world);
  world_assert_same (after, before);
}

static void
a_tap_that_the_plan_lacks_is_closed_but_not_taken_from_its_process (void **state)
{
  World *world = furnish (state);
  g_autoptr (NetctlPort) port = record_port (1, 1, "10.0.0.11", "1");
  int tap = tap_open (1);
  g_autofree char *link = NULL, *rules = NULL, *routes = NULL;

  assert_true (world->net->class->port_attach (world->net, port, NULL));
  for (guint i = 0; i < 2; i++)
    reconcile (world);
  link = world_run ("ip -n ecs-v000001 link show et00000001");
  rules = world_run ("ip netns exec ecs-v000001 nft list ruleset");
  routes = world_run ("ip -n ecs-v000001 route");
  assert_null (strstr (link, "UP"));
  assert_null (strstr (rules, "et00000001"));
  assert_null (strstr (routes, "et00000001"));
  assert_true (world->net->class->port_attach (world->net, port, NULL));
  close (tap);
}

static void
a_vpc_that_the_plan_lacks_stays_closed_while_a_process_holds_a_tap_in_it (void **state)
{
  World *world = furnish (state);
  g_autoptr (NetctlPort) port = record_port (1, 1, "10.0.0.11", "1");
  g_autoptr (NetctlPlan) nothing = netctl_plan_new ();
  g_autoptr (NetctlPlan) everything = g_steal_pointer (&world->plan);
  int tap = tap_open (1);
  g_autofree char *rules = NULL;

  assert_true (world->net->class->port_attach (world->net, port, NULL));
  world->plan = nothing;
  reconcile (world);
  rules = world_run ("ip netns exec ecs-v000001 nft list ruleset");
  assert_null (strstr (rules, "et00000001"));
  assert_non_null (strstr (rules, "policy drop"));
  close (tap);
  reconcile (world);
  assert_false (world_try ("test -e /run/netns/ecs-v000001"));
  nothing = NULL;
}

static void
flows_that_were_revoked_while_nobody_ran_end_at_the_start (void **state)
{
  World *world = furnish (state);
  NetctlGroup *group = g_ptr_array_index (world->plan->groups, 0);
  Guest *server = world_guest (world, 1, 1, "10.0.0.11", 1);
  Guest *client = world_guest (world, 1, 2, "10.0.0.12", 1);
  int listener = world_listen (server->ns, server->address, 22);
  int a = world_connect (client->ns, server->address, 22, WORLD_SOON_MS);
  int b = world_accept (listener, WORLD_SOON_MS);

  assert_true (world_passes (a, b, "one", WORLD_SOON_MS));
  world_stop (world);
  group->members_reach_each_other = FALSE;
  world_start (world);
  assert_false (world_passes (a, b, "two", WORLD_NEVER_MS));
  close (a);
  close (b);
  close (listener);
}

/* Crashes */

typedef struct
{
  guint left;
} Countdown;

static void
die_at_zero (const char *step, gpointer data)
{
  Countdown *countdown = data;

  if (countdown->left-- == 0)
    _exit (9);
}

/* A child process applies the plan, or takes it down, and dies before its step @at. TRUE if it got
 * that far. */
static gboolean
crash_at (World *world, guint at, gboolean (*act) (World *world, Netctl *net))
{
  pid_t child = fork ();
  int status;

  assert_true (child >= 0);
  if (child == 0)
    {
      NetctlConfig config
          = { .run_dir = world->run_dir, .public_interface = world->public_interface };
      Countdown countdown = { at };
      Netctl *net = netctl_new (&config, NULL);

      if (net == NULL)
        _exit (1);
      netctl_kernel_set_step_func (net, die_at_zero, &countdown);
      _exit (act (world, net) ? 0 : 1);
    }
  assert_int_equal (waitpid (child, &status, 0), child);
  assert_true (WIFEXITED (status));
  assert_true (WEXITSTATUS (status) == 0 || WEXITSTATUS (status) == 9);
  return WEXITSTATUS (status) == 9;
}

static gboolean
build_up (World *world, Netctl *net)
{
  const NetctlPort *port = g_ptr_array_index (world->plan->ports, 0);

  return net->class->vpc_apply (net, g_ptr_array_index (world->plan->vpcs, 0), NULL)
         && net->class->group_apply (net, g_ptr_array_index (world->plan->groups, 0), NULL)
         && net->class->port_prepare (net, port, NULL) && net->class->port_attach (net, port, NULL);
}

static gboolean
tear_apart (World *world, Netctl *net)
{
  const NetctlPort *port = g_ptr_array_index (world->plan->ports, 0);

  return net->class->reconcile (net, world->plan, NULL) && net->class->port_detach (net, port, NULL)
         && net->class->group_remove (net, 1, 1, NULL)
         && (world_run ("ip link del guest1end"), TRUE) && net->class->vpc_remove (net, 1, NULL);
}

/* A tap with its other end on the host, so that nobody's namespace is in the way. */
static void
plug_in (void)
{
  if (!world_try ("ip link show guest1end"))
    g_free (world_run ("ip link add et00000001 type veth peer name guest1end"));
  g_free (world_run ("ip link set guest1end up"));
}

static void
plan_one_of_each (World *world)
{
  NetctlVpc *vpc = record_vpc (1, "10.0.0.0/24 fd00:0:0:1::/64", TRUE);
  NetctlPort *port = record_port (1, 1, "10.0.0.11 fd00:0:0:1::11", "1");

  record_eip (vpc, "192.0.2.101", "10.0.0.11");
  record_public (vpc, "192.0.2.102");
  record_snat (vpc, "10.0.0.0/24", "192.0.2.102");
  record_forward (vpc, "192.0.2.102", "tcp 80-90 80-90", "10.0.0.11");
  record_route (vpc, "172.16.0.0/16", "10.0.0.11");
  record_route (vpc, "0.0.0.0/0", "10.0.0.11");
  record_route (vpc, "fd00:7::/64", "fd00:0:0:1::11");
  for (guint i = 0; i < vpc->publics->len; i++)
    g_array_index (vpc->publics, NetctlPublic, i).kbit_s_in
        = g_array_index (vpc->publics, NetctlPublic, i).kbit_s_out = 1000;
  port->kbit_s_in = port->kbit_s_out = 1000;
  g_ptr_array_add (world->plan->vpcs, vpc);
  g_ptr_array_add (world->plan->groups, record_group (1, 1));
  g_ptr_array_add (world->plan->ports, port);
  world_outside (world);
  world->public_interface = "uplink0";
  world_stop (world);
  world_start (world);
}

static void
a_crash_at_any_step_of_building_is_mended_by_reconcile (void **state)
{
  World *world = *state;
  g_autofree char *right = NULL;
  gboolean has_crashed = TRUE;
  guint steps;

  plan_one_of_each (world);
  plug_in ();
  reconcile (world);
  right = world_fingerprint (world);
  assert_non_null (strstr (right, "et00000001"));
  for (steps = 0; has_crashed; steps++)
    {
      g_autoptr (NetctlPlan) nothing = netctl_plan_new ();
      g_autofree char *mended = NULL;

      g_free (world_run ("ip link del guest1end"));
      assert_true (world->net->class->reconcile (world->net, nothing, NULL));
      world_stop (world);
      plug_in ();
      has_crashed = crash_at (world, steps, build_up);
      world_start (world);
      mended = world_fingerprint (world);
      world_assert_same (mended, right);
    }
  assert_true (steps > 10);
  g_free (world_run ("ip link del guest1end"));
}

static void
a_crash_at_any_step_of_taking_down_is_mended_by_reconcile (void **state)
{
  World *world = *state;
  gboolean has_crashed = TRUE;
  NetctlPlan *full;
  guint steps;

  plan_one_of_each (world);
  full = world->plan;
  for (steps = 0; has_crashed; steps++)
    {
      g_autoptr (NetctlPlan) nothing = netctl_plan_new ();
      g_autofree char *rest = NULL;

      plug_in ();
      reconcile (world);
      world_stop (world);
      has_crashed = crash_at (world, steps, tear_apart);
      world_try ("ip link del guest1end");
      world->plan = nothing;
      world_start (world);
      rest = world_fingerprint (world);
      world_assert_same (rest, "");
      world->plan = full;
    }
  assert_true (steps > 10);
}

/* Threads */

typedef struct
{
  World *world;
  guint32 number;
  gboolean is_done;
} Worker;

static gpointer
work (gpointer data)
{
  Worker *worker = data;
  Netctl *net = worker->world->net;
  guint32 vpc = worker->number % 2 + 1;
  g_autofree char *address = g_strdup_printf ("10.0.0.%u", 20 + worker->number);
  g_autoptr (NetctlPort) port = record_port (vpc, worker->number, address, "1");

  worker->is_done = TRUE;
  for (guint i = 0; i < 5 && worker->is_done; i++)
    worker->is_done
        = net->class->port_prepare (net, port, NULL) && net->class->port_detach (net, port, NULL);
  return NULL;
}

static void
many_threads_may_call_at_once (void **state)
{
  World *world = furnish (state);
  g_autofree char *before = NULL, *after = NULL;
  Worker workers[8];
  GThread *threads[8];

  world_vpc (world, 2, "10.0.0.0/24", FALSE);
  world_group (world, 2, 1);
  before = world_fingerprint (world);
  for (guint i = 0; i < G_N_ELEMENTS (workers); i++)
    {
      workers[i] = (Worker){ world, i + 1, FALSE };
      threads[i] = g_thread_new ("worker", work, &workers[i]);
    }
  for (guint i = 0; i < G_N_ELEMENTS (workers); i++)
    {
      g_thread_join (threads[i]);
      assert_true (workers[i].is_done);
    }
  after = world_fingerprint (world);
  world_assert_same (after, before);
}

#define WORLD_TEST(name) cmocka_unit_test_setup_teardown (name, set_up, world_tear_down)

int
main (void)
{
  const struct CMUnitTest tests[] = {
    WORLD_TEST (every_call_can_be_made_twice),
    WORLD_TEST (removing_a_vpc_leaves_nothing),
    WORLD_TEST (a_vpc_with_a_tap_inside_is_not_removed),
    WORLD_TEST (a_port_without_a_tap_cannot_be_attached),
    WORLD_TEST (what_was_never_applied_is_refused_or_absent),
    WORLD_TEST (one_bad_port_does_not_harm_the_others),
    WORLD_TEST (a_tap_goes_with_its_process_and_can_come_again),
    WORLD_TEST (a_restart_keeps_flows_and_what_the_plan_says),
    WORLD_TEST (a_restart_keeps_a_flow_to_the_outside),
    WORLD_TEST (a_process_that_has_not_reconciled_is_kept_off_live_ports),
    WORLD_TEST (reconcile_mends_what_others_broke),
    WORLD_TEST (reconcile_mends_a_vpc_whose_namespace_was_deleted),
    WORLD_TEST (reconcile_removes_leftovers_of_ours_only),
    WORLD_TEST (reconcile_removes_files_that_were_not_finished),
    WORLD_TEST (a_tap_that_the_plan_lacks_is_closed_but_not_taken_from_its_process),
    WORLD_TEST (a_vpc_that_the_plan_lacks_stays_closed_while_a_process_holds_a_tap_in_it),
    WORLD_TEST (flows_that_were_revoked_while_nobody_ran_end_at_the_start),
    WORLD_TEST (a_crash_at_any_step_of_building_is_mended_by_reconcile),
    WORLD_TEST (a_crash_at_any_step_of_taking_down_is_mended_by_reconcile),
    WORLD_TEST (many_threads_may_call_at_once),
  };

  world_need_private_host ();
  return cmocka_run_group_tests (tests, NULL, NULL);
}
