/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Real tests of bandwidth: how fast TCP streams run under bounds, and that nothing else is slowed.
 * Rates are printed as ratios to the bound. */
#include <netinet/in.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "records.h"
#include "world.h"

/* How long a stream is measured, after a start that fills queues. */
#define START_MS 300
#define MEASURE_MS 800

#define OUTSIDE "192.0.2.2"
#define EIP "192.0.2.101"
#define OTHER_EIP "192.0.2.102"

static int
set_up (void **state)
{
  World *world = world_new_outside ();
  NetctlGroup *group;

  world_vpc (world, 1, "10.0.0.0/24", TRUE);
  group = world_group (world, 1, 1);
  world_rule (group, NETCTL_INGRESS, TRUE, 1, -1, -1, -1, "0.0.0.0/0");
  world_apply_group (world, group);
  *state = world;
  return 0;
}

static void
bound_public (NetctlVpc *vpc, guint at, guint32 in, guint32 out)
{
  NetctlPublic *public = &g_array_index (vpc->publics, NetctlPublic, at);

  public->kbit_s_in = in;
  public->kbit_s_out = out;
}

/* Bytes that flow from @from to @to within the time. */
static guint64
pump (int from, int to, guint ms)
{
  static char block[65536];
  gint64 deadline = g_get_monotonic_time () + (gint64) ms * 1000;
  guint64 sum = 0;

  while (g_get_monotonic_time () < deadline)
    {
      struct pollfd events[] = { { from, POLLOUT, 0 }, { to, POLLIN, 0 } };
      gssize part;

      if (poll (events, G_N_ELEMENTS (events), 10) <= 0)
        continue;
      if ((events[0].revents & POLLOUT) != 0)
        send (from, block, sizeof block, MSG_DONTWAIT | MSG_NOSIGNAL);
      if ((events[1].revents & POLLIN) != 0)
        {
          part = recv (to, block, sizeof block, MSG_DONTWAIT);
          sum += part > 0 ? (guint64) part : 0;
        }
    }
  return sum;
}

/* kbit/s of a TCP stream towards the server, or away from it. */
static double
rate (const char *client_ns, const char *server_ns, const char *bound, const char *address,
      gboolean to_server)
{
  int listener = world_listen (server_ns, bound, 80);
  int client = world_connect (client_ns, address, 80, WORLD_SOON_MS), server;
  guint64 bytes;
  gint64 start;
  double seconds;

  assert_true (client >= 0);
  server = world_accept (listener, WORLD_SOON_MS);
  pump (to_server ? client : server, to_server ? server : client, START_MS);
  start = g_get_monotonic_time ();
  bytes = pump (to_server ? client : server, to_server ? server : client, MEASURE_MS);
  seconds = (double) (g_get_monotonic_time () - start) / 1e6;
  close (client);
  close (server);
  close (listener);
  return (double) bytes * 8 / 1000 / seconds;
}

/* Headers cost some 5 %; what had gathered in a queue may add a little. */
static void
assert_bounded (double kbit_s, double bound)
{
  print_message ("# %.0f kbit/s is %.3f of the bound\n", kbit_s, kbit_s / bound);
  assert_true (kbit_s > bound * 0.80);
  assert_true (kbit_s < bound * 1.05);
}

static void
assert_free (double kbit_s, double bound)
{
  print_message ("# %.0f kbit/s is %.1f times the others' bound\n", kbit_s, kbit_s / bound);
  assert_true (kbit_s > bound * 4);
}

static void
a_public_address_is_bounded_in_both_directions_apart (void **state)
{
  World *world = *state;
  Guest *guest = world_guest (world, 1, 1, "10.0.0.11", 1);
  Guest *other = world_guest (world, 1, 2, "10.0.0.12", 1);

  record_eip (world_vpc_at (world, 0), EIP, guest->address);
  record_eip (world_vpc_at (world, 0), OTHER_EIP, other->address);
  bound_public (world_vpc_at (world, 0), 0, 30000, 20000);
  world_apply_vpc (world, world_vpc_at (world, 0));
  /* Whoever began. */
  assert_bounded (rate ("outside", guest->ns, guest->address, EIP, TRUE), 30000);
  assert_bounded (rate ("outside", guest->ns, guest->address, EIP, FALSE), 20000);
  assert_bounded (rate (guest->ns, "outside", OUTSIDE, OUTSIDE, TRUE), 20000);
  assert_bounded (rate (guest->ns, "outside", OUTSIDE, OUTSIDE, FALSE), 30000);
  /* Another address, and what does not leave the VPC. */
  assert_free (rate ("outside", other->ns, other->address, OTHER_EIP, TRUE), 30000);
  assert_free (rate (other->ns, "outside", OUTSIDE, OUTSIDE, TRUE), 30000);
  assert_free (rate (guest->ns, other->ns, other->address, other->address, TRUE), 30000);
  assert_free (rate (guest->ns, other->ns, other->address, other->address, FALSE), 30000);
}

static void
a_shared_address_is_one_bound_for_all_behind_it (void **state)
{
  World *world = *state;
  Guest *one = world_guest (world, 1, 1, "10.0.0.11", 1);
  Guest *two = world_guest (world, 1, 2, "10.0.0.12", 1);

  record_public (world_vpc_at (world, 0), EIP);
  record_snat (world_vpc_at (world, 0), "10.0.0.0/24", EIP);
  record_forward (world_vpc_at (world, 0), EIP, "tcp 80 80", two->address);
  bound_public (world_vpc_at (world, 0), 0, 20000, 20000);
  world_apply_vpc (world, world_vpc_at (world, 0));
  assert_bounded (rate (one->ns, "outside", OUTSIDE, OUTSIDE, TRUE), 20000);
  assert_bounded (rate (two->ns, "outside", OUTSIDE, OUTSIDE, FALSE), 20000);
  assert_bounded (rate ("outside", two->ns, two->address, EIP, TRUE), 20000);
}

static void
a_port_is_bounded_under_the_hosts_address_only (void **state)
{
  World *world = *state;
  Guest *guest = world_guest (world, 1, 1, "10.0.0.11", 1);
  Guest *other = world_guest (world, 1, 2, "10.0.0.12", 1);

  guest->port->kbit_s_in = 30000;
  guest->port->kbit_s_out = 20000;
  assert_true (world->net->class->port_attach (world->net, guest->port, NULL));
  assert_bounded (rate (guest->ns, "outside", OUTSIDE, OUTSIDE, TRUE), 20000);
  assert_bounded (rate (guest->ns, "outside", OUTSIDE, OUTSIDE, FALSE), 30000);
  assert_free (rate (other->ns, "outside", OUTSIDE, OUTSIDE, TRUE), 30000);
  assert_free (rate (other->ns, "outside", OUTSIDE, OUTSIDE, FALSE), 30000);
  assert_free (rate (other->ns, guest->ns, guest->address, guest->address, TRUE), 30000);
  assert_free (rate (other->ns, guest->ns, guest->address, guest->address, FALSE), 30000);
  /* Its own public address has its own bounds, here none. */
  record_eip (world_vpc_at (world, 0), EIP, guest->address);
  world_apply_vpc (world, world_vpc_at (world, 0));
  assert_free (rate (guest->ns, "outside", OUTSIDE, OUTSIDE, TRUE), 30000);
  assert_free (rate ("outside", guest->ns, guest->address, EIP, TRUE), 30000);
}

static void
a_bound_changes_while_streams_run (void **state)
{
  World *world = *state;
  Guest *guest = world_guest (world, 1, 1, "10.0.0.11", 1);
  int listener = world_listen ("outside", OUTSIDE, 80), client, server;
  guint64 slow, fast;

  record_eip (world_vpc_at (world, 0), EIP, guest->address);
  bound_public (world_vpc_at (world, 0), 0, 10000, 10000);
  world_apply_vpc (world, world_vpc_at (world, 0));
  client = world_connect (guest->ns, OUTSIDE, 80, WORLD_SOON_MS);
  server = world_accept (listener, WORLD_SOON_MS);
  pump (client, server, START_MS);
  slow = pump (client, server, MEASURE_MS);
  bound_public (world_vpc_at (world, 0), 0, 10000, 100000);
  world_apply_vpc (world, world_vpc_at (world, 0));
  pump (client, server, START_MS);
  fast = pump (client, server, MEASURE_MS);
  assert_true (fast > slow * 5);
  bound_public (world_vpc_at (world, 0), 0, 0, 0);
  world_apply_vpc (world, world_vpc_at (world, 0));
  pump (client, server, START_MS);
  assert_true (pump (client, server, MEASURE_MS) > fast * 2);
  close (client);
  close (server);
  close (listener);
}

static void
what_is_not_bounded_is_as_fast_as_before (void **state)
{
  World *world = *state;
  Guest *guest = world_guest (world, 1, 1, "10.0.0.11", 1);
  Guest *other = world_guest (world, 1, 2, "10.0.0.12", 1);
  double before = 0, after = 0;

  record_eip (world_vpc_at (world, 0), EIP, guest->address);
  record_eip (world_vpc_at (world, 0), OTHER_EIP, other->address);
  /* Turn by turn, since others use this machine as well. */
  for (guint i = 0; i < 3; i++)
    {
      bound_public (world_vpc_at (world, 0), 0, 0, 0);
      world_apply_vpc (world, world_vpc_at (world, 0));
      before = MAX (before, rate (other->ns, "outside", OUTSIDE, OUTSIDE, TRUE));
      bound_public (world_vpc_at (world, 0), 0, 1000, 1000);
      world_apply_vpc (world, world_vpc_at (world, 0));
      after = MAX (after, rate (other->ns, "outside", OUTSIDE, OUTSIDE, TRUE));
    }
  print_message ("# beside a bound: %.3f of %.0f kbit/s\n", after / before, before);
  assert_true (after > before * 0.6);
}

static void
bounds_come_and_go_without_a_trace (void **state)
{
  World *world = *state;
  NetctlVpc *vpc = world_vpc_at (world, 0);
  Guest *guest = world_guest (world, 1, 1, "10.0.0.11", 1);
  g_autofree char *before = NULL, *between = NULL, *again = NULL, *after = NULL;

  record_eip (vpc, EIP, guest->address);
  record_public (vpc, OTHER_EIP);
  world_apply_vpc (world, vpc);
  before = world_fingerprint (world);
  bound_public (vpc, 0, 1000, 2000);
  bound_public (vpc, 1, 0, 4000000000);
  guest->port->kbit_s_in = 5000;
  guest->port->kbit_s_out = 6000;
  world_apply_vpc (world, vpc);
  assert_true (world->net->class->port_prepare (world->net, guest->port, NULL));
  between = world_fingerprint (world);
  assert_non_null (strstr (between, "rate 2Mbit ceil 2Mbit"));
  assert_non_null (strstr (between, "rate 4Tbit ceil 4Tbit"));
  assert_non_null (strstr (between, "rate 5Mbit ceil 5Mbit"));
  assert_non_null (strstr (between, "rate 6Mbit ceil 6Mbit"));
  for (guint i = 0; i < 2; i++)
    {
      world_apply_vpc (world, vpc);
      assert_true (world->net->class->port_attach (world->net, guest->port, NULL));
    }
  world_stop (world);
  world_start (world);
  g_free (world_run ("tc -n ecs-v000001 qdisc del dev et00000001 root"));
  g_free (world_run ("tc -n ecs-v000001 class change dev up0 parent 1: classid 1:11 htb "
                     "rate 1gbit"));
  g_free (world_run ("tc class add dev eu000001 parent 1: classid 1:77 htb rate 1gbit"));
  assert_true (world->net->class->reconcile (world->net, world->plan, NULL));
  again = world_fingerprint (world);
  world_assert_same (again, between);
  bound_public (vpc, 0, 0, 0);
  bound_public (vpc, 1, 0, 0);
  guest->port->kbit_s_in = guest->port->kbit_s_out = 0;
  world_apply_vpc (world, vpc);
  assert_true (world->net->class->port_prepare (world->net, guest->port, NULL));
  after = world_fingerprint (world);
  world_assert_same (after, before);
}

static NetctlUse *
use_of (World *world)
{
  NetctlUse *use = netctl_use_new ();

  assert_true (world->net->class->use (world->net, use, NULL));
  return use;
}

static const NetctlPortUse *
port_use (const NetctlUse *use, guint32 port)
{
  for (guint i = 0; i < use->ports->len; i++)
    if (g_array_index (use->ports, NetctlPortUse, i).port == port)
      return &g_array_index (use->ports, NetctlPortUse, i);
  fail_msg ("port %u is not counted", port);
  return NULL;
}

/* What went one way in a stream of so many bytes, and its acknowledgements the other way. */
static void
assert_stream (guint64 much, guint64 little, guint64 bytes)
{
  assert_in_range (much, bytes, bytes + bytes / 2);
  assert_in_range (little, 1, bytes / 4);
}

static void
what_passed_is_counted_by_port_and_by_public_address (void **state)
{
  World *world = *state;
  Guest *one = world_guest (world, 1, 1, "10.0.0.11", 1);
  Guest *two = world_guest (world, 1, 2, "10.0.0.12", 1);
  g_autoptr (NetctlUse) before = NULL, after = NULL;
  const NetctlPortUse *first, *second;
  const NetctlPublicUse *public;
  /* 1.1 s at 20 Mbit/s, of which headers are a small part. */
  guint64 bytes = G_GUINT64_CONSTANT (2400) * 1000;

  record_eip (world_vpc_at (world, 0), EIP, one->address);
  bound_public (world_vpc_at (world, 0), 0, 20000, 30000);
  world_apply_vpc (world, world_vpc_at (world, 0));
  two->port->kbit_s_in = two->port->kbit_s_out = 20000;
  assert_true (world->net->class->port_attach (world->net, two->port, NULL));
  before = use_of (world);
  assert_int_equal (port_use (before, 2)->outside.bytes_out, 0);
  rate ("outside", one->ns, one->address, EIP, TRUE);
  rate (two->ns, "outside", OUTSIDE, OUTSIDE, TRUE);
  after = use_of (world);
  assert_int_equal (after->publics->len, 1);
  public = &g_array_index (after->publics, NetctlPublicUse, 0);
  first = port_use (after, 1);
  second = port_use (after, 2);
  assert_stream (public->all.bytes_in, public->all.bytes_out, bytes);
  assert_true (public->all.packets > 0);
  assert_stream (first->all.bytes_in, first->all.bytes_out, bytes);
  assert_int_equal (first->outside.bytes_in + first->outside.bytes_out, 0);
  assert_stream (second->outside.bytes_out, second->outside.bytes_in, bytes);
  assert_stream (second->all.bytes_out, second->all.bytes_in, bytes);
}

#define WORLD_TEST(name) cmocka_unit_test_setup_teardown (name, set_up, world_tear_down)

int
main (void)
{
  const struct CMUnitTest tests[] = {
    WORLD_TEST (a_public_address_is_bounded_in_both_directions_apart),
    WORLD_TEST (a_shared_address_is_one_bound_for_all_behind_it),
    WORLD_TEST (a_port_is_bounded_under_the_hosts_address_only),
    WORLD_TEST (a_bound_changes_while_streams_run),
    WORLD_TEST (what_is_not_bounded_is_as_fast_as_before),
    WORLD_TEST (bounds_come_and_go_without_a_trace),
    WORLD_TEST (what_passed_is_counted_by_port_and_by_public_address),
  };

  world_need_private_host ();
  return cmocka_run_group_tests (tests, NULL, NULL);
}
