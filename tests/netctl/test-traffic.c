/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Real tests of the firewall: who reaches whom under which rules, from the first packet of a tap to
 * the end of flows that a rule allowed. */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <cmocka.h>

#include "world.h"

static int
set_up (void **state)
{
  World *world = world_new ();

  world_vpc (world, 1, "10.0.0.0/24", FALSE);
  world_group (world, 1, 1);
  world_group (world, 1, 2);
  *state = world;
  return 0;
}

static void
members_of_a_group_reach_each_other_and_strangers_do_not (void **state)
{
  World *world = *state;
  Guest *one = world_guest (world, 1, 1, "10.0.0.11", 1);
  Guest *two = world_guest (world, 1, 2, "10.0.0.12", 1);
  Guest *stranger = world_guest (world, 1, 3, "10.0.0.13", 2);
  int listener = world_listen (two->ns, two->address, 22);

  assert_true (world_reaches (one->ns, two->address, 22));
  assert_true (world_is_kept_out (stranger->ns, two->address, 22));
  close (listener);
}

static void
members_can_ping_each_other_and_the_gateway (void **state)
{
  World *world = *state;
  Guest *one = world_guest (world, 1, 1, "10.0.0.11", 1);
  Guest *two = world_guest (world, 1, 2, "10.0.0.12", 1);

  assert_true (world_pings (one->ns, two->address, WORLD_SOON_MS));
  assert_true (world_pings (one->ns, one->gateway, WORLD_SOON_MS));
}

static void
an_isolated_group_keeps_its_members_apart (void **state)
{
  World *world = *state;
  Guest *one = world_guest (world, 1, 1, "10.0.0.11", 1);
  Guest *two = world_guest (world, 1, 2, "10.0.0.12", 1);
  int listener = world_listen (two->ns, two->address, 22);

  world_group_at (world, 0)->members_reach_each_other = FALSE;
  world_apply_group (world, world_group_at (world, 0));
  assert_true (world_is_kept_out (one->ns, two->address, 22));
  close (listener);
}

static void
an_ingress_rule_opens_its_port_to_its_peer_only (void **state)
{
  World *world = *state;
  Guest *server = world_guest (world, 1, 1, "10.0.0.11", 1);
  Guest *near = world_guest (world, 1, 2, "10.0.0.12", 2);
  Guest *far = world_guest (world, 1, 3, "10.0.0.200", 2);
  int a = world_listen (server->ns, server->address, 22);
  int b = world_listen (server->ns, server->address, 23);

  world_rule (world_group_at (world, 0), NETCTL_INGRESS, TRUE, 1, IPPROTO_TCP, 22, 22,
              "10.0.0.0/25");
  world_apply_group (world, world_group_at (world, 0));
  assert_true (world_reaches (near->ns, server->address, 22));
  assert_true (world_is_kept_out (near->ns, server->address, 23));
  assert_true (world_is_kept_out (far->ns, server->address, 22));
  close (a);
  close (b);
}

static void
a_group_reference_admits_its_members_as_they_come_and_go (void **state)
{
  World *world = *state;
  Guest *server = world_guest (world, 1, 1, "10.0.0.11", 1);
  Guest *first = world_guest (world, 1, 2, "10.0.0.12", 2);
  Guest *later;
  int listener = world_listen (server->ns, server->address, 80);

  world_rule (world_group_at (world, 0), NETCTL_INGRESS, TRUE, 1, IPPROTO_TCP, 80, 80, "group 2");
  world_apply_group (world, world_group_at (world, 0));
  assert_true (world_reaches (first->ns, server->address, 80));
  later = world_guest (world, 1, 3, "10.0.0.13", 2);
  assert_true (world_reaches (later->ns, server->address, 80));
  g_array_index (first->port->groups, guint32, 0) = 1;
  world_group_at (world, 0)->members_reach_each_other = FALSE;
  world_apply_group (world, world_group_at (world, 0));
  assert_true (world->net->class->port_prepare (world->net, first->port, NULL));
  assert_true (world_is_kept_out (first->ns, server->address, 80));
  assert_true (world_reaches (later->ns, server->address, 80));
  close (listener);
}

static void
an_egress_drop_stops_the_sender (void **state)
{
  World *world = *state;
  Guest *client = world_guest (world, 1, 1, "10.0.0.11", 2);
  Guest *server = world_guest (world, 1, 2, "10.0.0.12", 1);
  int a = world_listen (server->ns, server->address, 25);
  int b = world_listen (server->ns, server->address, 26);

  world_rule (world_group_at (world, 0), NETCTL_INGRESS, TRUE, 1, -1, -1, -1, "0.0.0.0/0");
  world_apply_group (world, world_group_at (world, 0));
  world_rule (world_group_at (world, 1), NETCTL_EGRESS, FALSE, 1, IPPROTO_TCP, 25, 25, "0.0.0.0/0");
  world_apply_group (world, world_group_at (world, 1));
  assert_true (world_is_kept_out (client->ns, server->address, 25));
  assert_true (world_reaches (client->ns, server->address, 26));
  close (a);
  close (b);
}

static void
a_login_from_inside_the_vpcs_namespace_obeys_the_rules (void **state)
{
  World *world = *state;
  Guest *guest = world_guest (world, 1, 1, "10.0.0.11", 1);
  int listener = world_listen (guest->ns, guest->address, 22);

  assert_true (world_is_kept_out ("ecs-v000001", guest->address, 22));
  assert_false (world_pings ("ecs-v000001", guest->address, WORLD_NEVER_MS));
  world_rule (world_group_at (world, 0), NETCTL_INGRESS, TRUE, 1, IPPROTO_TCP, 22, 22, "0.0.0.0/0");
  world_apply_group (world, world_group_at (world, 0));
  assert_true (world_reaches ("ecs-v000001", guest->address, 22));
  assert_false (world_pings ("ecs-v000001", guest->address, WORLD_NEVER_MS));
  close (listener);
}

/* A connection from @client to @server, both ends. */
typedef struct
{
  int listener, client, server;
} Stream;

static Stream
stream_open (const char *client_ns, const char *server_ns, const char *address, guint16 port)
{
  Stream stream;

  stream.listener = world_listen (server_ns, address, port);
  stream.client = world_connect (client_ns, address, port, WORLD_SOON_MS);
  assert_true (stream.client >= 0);
  stream.server = world_accept (stream.listener, WORLD_SOON_MS);
  assert_true (stream.server >= 0);
  return stream;
}

static void
stream_close (Stream *stream)
{
  close (stream->client);
  close (stream->server);
  close (stream->listener);
}

static void
revoking_a_rule_ends_the_flows_it_allowed_and_no_others (void **state)
{
  World *world = *state;
  Guest *server = world_guest (world, 1, 1, "10.0.0.11", 1);
  Guest *client = world_guest (world, 1, 2, "10.0.0.12", 2);
  NetctlGroup *group = world_group_at (world, 0);
  Stream revoked, kept;

  world_rule (group, NETCTL_INGRESS, TRUE, 1, IPPROTO_TCP, 22, 22, "0.0.0.0/0");
  world_rule (group, NETCTL_INGRESS, TRUE, 1, IPPROTO_TCP, 80, 80, "0.0.0.0/0");
  world_apply_group (world, group);
  revoked = stream_open (client->ns, server->ns, server->address, 22);
  kept = stream_open (client->ns, server->ns, server->address, 80);
  assert_true (world_passes (revoked.client, revoked.server, "one", WORLD_SOON_MS));
  g_array_remove_index (group->rules, 0);
  world_apply_group (world, group);
  assert_false (world_passes (revoked.client, revoked.server, "two", WORLD_NEVER_MS));
  /* Nor may the server's side bring it to life again. */
  assert_false (world_passes (revoked.server, revoked.client, "three", WORLD_NEVER_MS));
  assert_false (world_passes (revoked.client, revoked.server, "four", WORLD_NEVER_MS));
  assert_true (world_passes (kept.client, kept.server, "one", WORLD_SOON_MS));
  assert_true (world_passes (kept.server, kept.client, "two", WORLD_SOON_MS));
  stream_close (&revoked);
  stream_close (&kept);
}

static void
detaching_a_port_ends_its_flows_and_leaves_no_trace_of_it (void **state)
{
  World *world = *state;
  Guest *server = world_guest (world, 1, 1, "10.0.0.11", 1);
  g_autofree char *before = world_fingerprint (world), *after = NULL, *flows = NULL;
  Guest *client = world_guest (world, 1, 2, "10.0.0.12", 1);
  Stream stream = stream_open (client->ns, server->ns, server->address, 22);

  world_detach (client);
  assert_false (world_passes (stream.server, stream.client, "one", WORLD_NEVER_MS));
  flows = world_run ("ip netns exec ecs-v000001 conntrack -L");
  assert_null (strstr (flows, client->address));
  g_free (world_run ("ip -n ecs-v000001 link del et00000002"));
  world_detach (client);
  after = world_fingerprint (world);
  world_assert_same (after, before);
  stream_close (&stream);
}

static void
a_tap_inside_without_rules_is_closed (void **state)
{
  World *world = *state;
  Guest *guest = world_guest (world, 1, 1, "10.0.0.11", 1);
  Guest *rogue = world_guest_apart (world, 1, 2, "10.0.0.12", 1);
  int listener = world_listen (guest->ns, guest->address, 22);
  int other = world_listen (rogue->ns, rogue->address, 22);

  g_free (world_run ("ip link set et00000002 netns ecs-v000001"));
  g_free (world_run ("ip -n ecs-v000001 link set et00000002 address 02:ee:ee:ee:ee:ee up"));
  g_free (world_run ("ip -n ecs-v000001 route add 10.0.0.12 dev et00000002"));
  g_free (world_run ("ip -n ecs-v000001 neigh add 10.0.0.12 lladdr 00:16:3e:00:00:02 dev "
                     "et00000002"));
  g_free (world_run ("ip -n %s neigh add 10.0.0.1 lladdr 02:ee:ee:ee:ee:ee dev eth0", rogue->ns));
  assert_true (world_is_kept_out (rogue->ns, guest->address, 22));
  assert_true (world_is_kept_out (guest->ns, rogue->address, 22));
  assert_true (world_is_kept_out ("ecs-v000001", rogue->address, 22));
  close (listener);
  close (other);
}

static void
a_tap_on_the_host_is_closed_until_it_is_moved (void **state)
{
  World *world = *state;
  Guest *guest = world_guest_apart (world, 1, 1, "10.0.0.11", 1);
  int listener = world_listen ("", "0.0.0.0", 22);
  int inside = world_listen (guest->ns, guest->address, 22);

  g_free (world_run ("ip addr add 10.0.0.1/24 dev et00000001"));
  g_free (world_run ("ip link set et00000001 up"));
  assert_true (world_is_kept_out (guest->ns, "10.0.0.1", 22));
  assert_true (world_is_kept_out ("", guest->address, 22));
  close (listener);
  close (inside);
}

/* Someone who sends to a closed port without a pause. */
typedef struct
{
  int fd;
  int stop;
} Flood;

static gpointer
flood (gpointer data)
{
  Flood *stream = data;

  while (!g_atomic_int_get (&stream->stop))
    {
      struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons (9) };

      inet_pton (AF_INET, "10.0.0.11", &to.sin_addr);
      sendto (stream->fd, "flood", 5, MSG_DONTWAIT, (struct sockaddr *) &to, sizeof to);
    }
  return NULL;
}

static void
no_packet_slips_through_while_a_port_comes_and_goes (void **state)
{
  World *world = *state;
  Guest *target = world_guest (world, 1, 1, "10.0.0.11", 1);
  Guest *stranger = world_guest (world, 1, 2, "10.0.0.12", 2);
  Flood stream = { .fd = world_udp (stranger->ns, stranger->address, 4000) };
  int ear = world_udp (target->ns, "0.0.0.0", 9);
  GThread *thread = g_thread_new ("flood", flood, &stream);
  const struct timeval patience = { .tv_sec = WORLD_SOON_MS / 1000 };
  char byte;

  for (guint i = 0; i < 20; i++)
    {
      world_detach (target);
      g_free (world_run ("ip -n ecs-v000001 link set et00000001 netns 1"));
      g_free (world_run ("ip link set et00000001 up"));
      assert_true (world->net->class->port_prepare (world->net, target->port, NULL));
      assert_true (world->net->class->port_attach (world->net, target->port, NULL));
    }
  assert_int_equal (recv (ear, &byte, 1, MSG_DONTWAIT), -1);
  /* The flood was real: a rule lets it in. */
  world_rule (world_group_at (world, 0), NETCTL_INGRESS, TRUE, 1, IPPROTO_UDP, 9, 9, "0.0.0.0/0");
  world_apply_group (world, world_group_at (world, 0));
  assert_int_equal (setsockopt (ear, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience), 0);
  assert_int_equal (recv (ear, &byte, 1, 0), 1);
  g_atomic_int_set (&stream.stop, 1);
  g_thread_join (thread);
  close (ear);
  close (stream.fd);
}

static void
equal_ranges_of_two_vpcs_do_not_meet (void **state)
{
  World *world = *state;
  Guest *here, *there, *server;
  int listener;

  world_vpc (world, 2, "10.0.0.0/24", FALSE);
  world_group (world, 2, 3);
  here = world_guest (world, 1, 1, "10.0.0.11", 1);
  server = world_guest (world, 1, 2, "10.0.0.12", 1);
  there = world_guest (world, 2, 3, "10.0.0.13", 3);
  world_guest (world, 2, 4, "10.0.0.11", 3);
  listener = world_listen (server->ns, server->address, 22);
  assert_true (world_reaches (here->ns, "10.0.0.12", 22));
  assert_true (world_is_kept_out (there->ns, "10.0.0.12", 22));
  close (listener);
}

static void
guests_of_two_subnets_of_a_vpc_meet (void **state)
{
  World *world = *state;
  NetctlVpc *vpc = g_ptr_array_index (world->plan->vpcs, 0);
  NetctlSubnet subnet;
  Guest *one, *two;
  int listener;

  assert_true (netctl_prefix_parse ("10.0.1.0/24", &subnet.range));
  assert_true (netctl_prefix_parse ("10.0.1.1", &subnet.gateway));
  g_array_append_val (vpc->subnets, subnet);
  assert_true (world->net->class->vpc_apply (world->net, vpc, NULL));
  one = world_guest (world, 1, 1, "10.0.0.11", 1);
  two = world_guest (world, 1, 2, "10.0.1.12", 1);
  listener = world_listen (two->ns, two->address, 22);
  assert_true (world_reaches (one->ns, two->address, 22));
  assert_true (world_pings (two->ns, "10.0.1.1", WORLD_SOON_MS));
  close (listener);
}

#define WORLD_TEST(name) cmocka_unit_test_setup_teardown (name, set_up, world_tear_down)

int
main (void)
{
  const struct CMUnitTest tests[] = {
    WORLD_TEST (members_of_a_group_reach_each_other_and_strangers_do_not),
    WORLD_TEST (members_can_ping_each_other_and_the_gateway),
    WORLD_TEST (an_isolated_group_keeps_its_members_apart),
    WORLD_TEST (an_ingress_rule_opens_its_port_to_its_peer_only),
    WORLD_TEST (a_group_reference_admits_its_members_as_they_come_and_go),
    WORLD_TEST (an_egress_drop_stops_the_sender),
    WORLD_TEST (a_login_from_inside_the_vpcs_namespace_obeys_the_rules),
    WORLD_TEST (revoking_a_rule_ends_the_flows_it_allowed_and_no_others),
    WORLD_TEST (detaching_a_port_ends_its_flows_and_leaves_no_trace_of_it),
    WORLD_TEST (a_tap_inside_without_rules_is_closed),
    WORLD_TEST (a_tap_on_the_host_is_closed_until_it_is_moved),
    WORLD_TEST (no_packet_slips_through_while_a_port_comes_and_goes),
    WORLD_TEST (equal_ranges_of_two_vpcs_do_not_meet),
    WORLD_TEST (guests_of_two_subnets_of_a_vpc_meet),
  };

  world_need_private_host ();
  return cmocka_run_group_tests (tests, NULL, NULL);
}
