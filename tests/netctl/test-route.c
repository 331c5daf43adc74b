/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Real tests of a VPC's routes: guests that forward, to networks of theirs and to the world. */
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "records.h"
#include "world.h"

#define OUTSIDE "192.0.2.2"
#define EIP "192.0.2.101"
/* A host behind the forwarding guest. */
#define BEHIND "172.16.5.5"

static int
set_up (void **state)
{
  World *world = world_new_outside ();

  world_vpc (world, 1, "10.0.0.0/24", TRUE);
  world_group (world, 1, 1);
  *state = world;
  return 0;
}

/* Opens all of the group to @peer. */
static void
open_group (World *world, const char *peer)
{
  world_rule (world_group_at (world, 0), NETCTL_INGRESS, TRUE, 1, -1, -1, -1, peer);
  world_apply_group (world, world_group_at (world, 0));
}

static void
apply_route (World *world, const char *destination, const char *next_hop)
{
  record_route (world_vpc_at (world, 0), destination, next_hop);
  world_apply_vpc (world, world_vpc_at (world, 0));
}

/* A guest that forwards, with an address behind it on its own loopback link. */
static Guest *
router_guest (World *world, guint32 port, const char *address)
{
  Guest *router = world_guest (world, 1, port, address, 1);

  g_free (world_run ("ip netns exec %s sysctl -qw net.ipv4.ip_forward=1", router->ns));
  /* Who asks by ARP is its own address, as for what it forwards. */
  g_free (world_run ("ip netns exec %s sysctl -qw net.ipv4.conf.all.arp_announce=2", router->ns));
  g_free (world_run ("ip -n %s addr add " BEHIND "/32 dev lo", router->ns));
  return router;
}

static void
a_route_leads_to_what_is_behind_a_guest_and_back (void **state)
{
  World *world = *state;
  Guest *router = router_guest (world, 1, "10.0.0.11");
  Guest *guest = world_guest (world, 1, 2, "10.0.0.12", 1);
  int here = world_listen (guest->ns, guest->address, 80);
  int there = world_listen (router->ns, BEHIND, 80), client;
  g_autofree char *peer = NULL;

  open_group (world, "172.16.0.0/16");
  assert_true (world_is_kept_out (guest->ns, BEHIND, 80));
  apply_route (world, "172.16.0.0/16", router->address);
  assert_true (world_reaches (guest->ns, BEHIND, 80));
  g_free (world_run ("ip -n %s route add 10.0.0.12 via 10.0.0.1 src " BEHIND, router->ns));
  assert_true (world_reaches (router->ns, guest->address, 80));
  close (world_accept (here, WORLD_SOON_MS));
  client = world_connect (router->ns, guest->address, 80, WORLD_SOON_MS);
  close (client);
  client = world_accept (here, WORLD_SOON_MS);
  peer = world_peer (client);
  assert_string_equal (peer, BEHIND);
  close (client);
  close (here);
  close (there);
}

static void
the_groups_rules_hold_for_what_is_forwarded (void **state)
{
  World *world = *state;
  Guest *router = router_guest (world, 1, "10.0.0.11");
  Guest *guest = world_guest (world, 1, 2, "10.0.0.12", 1);
  int here = world_listen (guest->ns, guest->address, 80);
  int there = world_listen (router->ns, BEHIND, 80);

  apply_route (world, "172.16.0.0/16", router->address);
  g_free (world_run ("ip -n %s route add 10.0.0.12 via 10.0.0.1 src " BEHIND, router->ns));
  /* In one group the router's tap is open for its members, the guest's for members' addresses. */
  assert_true (world_reaches (guest->ns, BEHIND, 80));
  assert_true (world_is_kept_out (router->ns, guest->address, 80));
  world_rule (world_group_at (world, 0), NETCTL_EGRESS, FALSE, 1, -1, -1, -1, "172.16.0.0/16");
  open_group (world, "172.16.5.0/24");
  assert_true (world_reaches (router->ns, guest->address, 80));
  assert_true (world_is_kept_out (guest->ns, BEHIND, 80));
  close (here);
  close (there);
}

static void
only_the_next_hop_may_speak_for_a_routes_destination (void **state)
{
  World *world = *state;
  static const char *const never[]
      = { "10.0.0.77", "169.254.1.1", "100.64.0.1", "172.17.0.1", EIP, "100.100.100.200" };
  Guest *router = router_guest (world, 1, "10.0.0.11");
  Guest *guest = world_guest (world, 1, 2, "10.0.0.12", 1);
  Guest *other = world_guest (world, 1, 3, "10.0.0.13", 1);
  int ear = world_udp (guest->ns, guest->address, 9);

  open_group (world, "0.0.0.0/0");
  record_public (world_vpc_at (world, 0), EIP);
  apply_route (world, "172.16.0.0/16", router->address);
  assert_true (world_speaks_as (router, BEHIND, guest->address, 9, ear, WORLD_SOON_MS));
  assert_false (world_speaks_as (other, "172.16.5.6", guest->address, 9, ear, WORLD_NEVER_MS));
  for (guint i = 0; i < G_N_ELEMENTS (never); i++)
    assert_false (world_speaks_as (router, never[i], guest->address, 9, ear, WORLD_NEVER_MS));
  /* A default route lets it speak for more, and still for none of those that others have. */
  apply_route (world, "0.0.0.0/0", router->address);
  assert_true (world_speaks_as (router, "172.17.0.1", guest->address, 9, ear, WORLD_SOON_MS));
  assert_true (world_speaks_as (router, BEHIND, guest->address, 9, ear, WORLD_SOON_MS));
  for (guint i = 0; i < G_N_ELEMENTS (never); i++)
    if (!g_str_equal (never[i], "172.17.0.1"))
      assert_false (world_speaks_as (router, never[i], guest->address, 9, ear, WORLD_NEVER_MS));
  close (ear);
}

static void
a_route_whose_guest_is_not_there_drops (void **state)
{
  World *world = *state;
  Guest *guest = world_guest (world, 1, 2, "10.0.0.12", 1), *router;
  int outside, there;
  g_autofree char *routes = NULL;

  g_free (world_run ("ip -n outside addr add " BEHIND "/32 dev eth0"));
  g_free (world_run ("ip route add " BEHIND " via " OUTSIDE));
  outside = world_listen ("outside", BEHIND, 80);
  assert_true (world_reaches (guest->ns, BEHIND, 80));
  apply_route (world, "172.16.0.0/16", "10.0.0.11");
  assert_true (world_is_kept_out (guest->ns, BEHIND, 80));
  router = router_guest (world, 1, "10.0.0.11");
  there = world_listen (router->ns, BEHIND, 80);
  assert_true (world_reaches (guest->ns, BEHIND, 80));
  /* The tap goes as with QEMU, and nobody is told. */
  close (there);
  g_free (world_run ("ip -n ecs-v000001 link del et00000001"));
  assert_true (world_is_kept_out (guest->ns, BEHIND, 80));
  routes = world_run ("ip -n ecs-v000001 route");
  assert_non_null (strstr (routes, "blackhole 172.16.0.0/16"));
  world_detach (router);
  assert_true (world_is_kept_out (guest->ns, BEHIND, 80));
  g_array_set_size (world_vpc_at (world, 0)->routes, 0);
  world_apply_vpc (world, world_vpc_at (world, 0));
  assert_true (world_reaches (guest->ns, BEHIND, 80));
  close (outside);
  g_free (world_run ("ip route del " BEHIND));
}

static void
taking_a_route_away_ends_what_went_by_it (void **state)
{
  World *world = *state;
  Guest *router = router_guest (world, 1, "10.0.0.11");
  Guest *guest = world_guest (world, 1, 2, "10.0.0.12", 1);
  int listener = world_listen (guest->ns, guest->address, 80), client, server;

  open_group (world, "172.16.0.0/16");
  apply_route (world, "172.16.0.0/16", router->address);
  g_free (world_run ("ip -n %s route add 10.0.0.12 via 10.0.0.1 src " BEHIND, router->ns));
  client = world_connect (router->ns, guest->address, 80, WORLD_SOON_MS);
  server = world_accept (listener, WORLD_SOON_MS);
  assert_true (world_passes (client, server, "on", WORLD_SOON_MS));
  assert_true (world_passes (server, client, "back", WORLD_SOON_MS));
  g_array_set_size (world_vpc_at (world, 0)->routes, 0);
  world_apply_vpc (world, world_vpc_at (world, 0));
  assert_false (world_passes (client, server, "on", WORLD_NEVER_MS));
  assert_false (world_passes (server, client, "back", WORLD_NEVER_MS));
  close (client);
  close (server);
  close (listener);
}

/* The guest that forwards to the world hides the others behind its own address. */
static void
masquerade (const Guest *router)
{
  g_free (world_run ("ip netns exec %s nft add table ip nat", router->ns));
  g_free (world_run ("ip netns exec %s nft add chain ip nat post { type nat hook postrouting "
                     "priority 100 ; }",
                     router->ns));
  g_free (world_run ("ip netns exec %s nft add rule ip nat post ip saddr != %s masquerade",
                     router->ns, router->address));
}

static char *
seen_by_outside (const Guest *guest, int listener)
{
  int client = world_connect (guest->ns, OUTSIDE, 80, WORLD_SOON_MS), server;
  char *peer;

  assert_true (client >= 0);
  server = world_accept (listener, WORLD_SOON_MS);
  peer = world_peer (server);
  close (client);
  close (server);
  return peer;
}

static void
a_default_route_leads_the_world_to_a_guest_and_spares_the_services (void **state)
{
  World *world = *state;
  Guest *router = router_guest (world, 1, "10.0.0.11");
  Guest *guest = world_guest (world, 1, 2, "10.0.0.12", 1);
  Guest *own = world_guest (world, 1, 3, "10.0.0.13", 1);
  int listener = world_listen ("outside", OUTSIDE, 80), held, held_server;
  g_autofree char *before = NULL, *by_router = NULL, *of_own = NULL, *of_router = NULL,
                  *metadata = NULL;

  before = seen_by_outside (guest, listener);
  assert_string_equal (before, "192.0.2.1");
  held = world_connect (guest->ns, OUTSIDE, 80, WORLD_SOON_MS);
  held_server = world_accept (listener, WORLD_SOON_MS);
  masquerade (router);
  record_eip (world_vpc_at (world, 0), EIP, router->address);
  record_eip (world_vpc_at (world, 0), "192.0.2.103", own->address);
  apply_route (world, "0.0.0.0/0", router->address);
  by_router = seen_by_outside (guest, listener);
  assert_string_equal (by_router, EIP);
  of_own = seen_by_outside (own, listener);
  assert_string_equal (of_own, "192.0.2.103");
  of_router = seen_by_outside (router, listener);
  assert_string_equal (of_router, EIP);
  metadata = world_http (guest->ns, NETCTL_METADATA_ADDRESS, "GET / HTTP/1.0\r\n\r\n");
  assert_non_null (metadata);
  assert_non_null (strstr (metadata, "peer=10.0.0.12"));
  assert_true (world_pings (guest->ns, guest->gateway, WORLD_SOON_MS));
  /* What went by the host's address does not go on behind the new way's back. */
  assert_false (world_passes (held, held_server, "on", WORLD_NEVER_MS));
  close (held);
  close (held_server);
  close (listener);
}

static void
what_comes_from_outside_is_answered_there_despite_a_default_route (void **state)
{
  World *world = *state;
  Guest *router = router_guest (world, 1, "10.0.0.11");
  Guest *guest = world_guest (world, 1, 2, "10.0.0.12", 1);
  int listener = world_listen (guest->ns, guest->address, 80);

  open_group (world, "0.0.0.0/0");
  record_public (world_vpc_at (world, 0), EIP);
  record_forward (world_vpc_at (world, 0), EIP, "tcp 8080 80", guest->address);
  apply_route (world, "0.0.0.0/0", router->address);
  assert_true (world_reaches ("outside", EIP, 8080));
  /* Without its guest the route drops what begins here. */
  g_free (world_run ("ip -n ecs-v000001 link del et00000001"));
  assert_true (world_reaches ("outside", EIP, 8080));
  close (listener);
  listener = world_listen ("outside", OUTSIDE, 80);
  assert_true (world_is_kept_out (guest->ns, OUTSIDE, 80));
  close (listener);
}

static void
routes_come_and_go_without_a_trace (void **state)
{
  World *world = *state;
  Guest *router = router_guest (world, 1, "10.0.0.11");
  g_autofree char *before = world_fingerprint (world), *between = NULL, *again = NULL,
                  *after = NULL;

  record_route (world_vpc_at (world, 0), "172.16.0.0/16", router->address);
  record_route (world_vpc_at (world, 0), "172.16.9.9", router->address);
  record_route (world_vpc_at (world, 0), "172.0.0.0/8", "10.0.0.99");
  apply_route (world, "0.0.0.0/0", router->address);
  between = world_fingerprint (world);
  world_apply_vpc (world, world_vpc_at (world, 0));
  assert_true (world->net->class->port_attach (world->net, router->port, NULL));
  world_stop (world);
  world_start (world);
  g_free (world_run ("ip -n ecs-v000001 route del 172.16.0.0/16 metric 100"));
  g_free (world_run ("ip -n ecs-v000001 route del blackhole 172.16.9.9 metric 1000"));
  g_free (world_run ("ip -n ecs-v000001 rule del pref 101"));
  g_free (world_run ("ip -n ecs-v000001 route add 172.30.0.0/16 dev et00000001 proto 236"));
  assert_true (world->net->class->reconcile (world->net, world->plan, NULL));
  again = world_fingerprint (world);
  world_assert_same (again, between);
  g_array_set_size (world_vpc_at (world, 0)->routes, 0);
  world_apply_vpc (world, world_vpc_at (world, 0));
  after = world_fingerprint (world);
  world_assert_same (after, before);
}

#define BEHIND6 "fd00:9::5"

/* TRUE if a datagram that @guest sends under @source is heard. */
static gboolean
speaks_as6 (const Guest *guest, const char *source, const char *address, int to, guint timeout_ms)
{
  gboolean is_heard;
  int from;

  g_free (world_run ("ip -n %s addr replace %s/128 dev lo nodad", guest->ns, source));
  from = world_udp (guest->ns, source, 4000);
  is_heard = world_sends (from, address, 9, to, timeout_ms);
  close (from);
  return is_heard;
}

static void
a_route_of_ipv6_leads_to_a_guest_alone_or_drops (void **state)
{
  World *world = *state;
  static const char *const never[] = { "fd00:8::5", "fd00:0:0:1::77" };
  Guest *router = world_guest (world, 1, 1, "10.0.0.11", 1);
  Guest *guest = world_guest (world, 1, 2, "10.0.0.12", 1);
  Guest *other = world_guest (world, 1, 3, "10.0.0.13", 1);
  int there, ear;
  g_autofree char *routes = NULL, *after = NULL;

  world_subnet6 (world, world_vpc_at (world, 0), "fd00:0:0:1::/64");
  world_give6 (router, "fd00:0:0:1::11");
  world_give6 (guest, "fd00:0:0:1::12");
  world_give6 (other, "fd00:0:0:1::13");
  open_group (world, "fd00::/8");
  g_free (world_run ("ip -n %s addr add " BEHIND6 "/128 dev lo nodad", router->ns));
  there = world_listen (router->ns, BEHIND6, 80);
  ear = world_udp (guest->ns, "fd00:0:0:1::12", 9);
  assert_true (world_is_kept_out (guest->ns, BEHIND6, 80));
  assert_false (speaks_as6 (router, BEHIND6, "fd00:0:0:1::12", ear, WORLD_NEVER_MS));
  apply_route (world, "fd00:9::/32", "fd00:0:0:1::11");
  assert_true (world_reaches (guest->ns, BEHIND6, 80));
  assert_true (speaks_as6 (router, BEHIND6, "fd00:0:0:1::12", ear, WORLD_SOON_MS));
  assert_false (speaks_as6 (other, "fd00:9::6", "fd00:0:0:1::12", ear, WORLD_NEVER_MS));
  for (guint i = 0; i < G_N_ELEMENTS (never); i++)
    assert_false (speaks_as6 (router, never[i], "fd00:0:0:1::12", ear, WORLD_NEVER_MS));
  apply_route (world, "::/0", "fd00:0:0:1::11");
  assert_true (speaks_as6 (router, never[0], "fd00:0:0:1::12", ear, WORLD_SOON_MS));
  assert_false (speaks_as6 (router, never[1], "fd00:0:0:1::12", ear, WORLD_NEVER_MS));
  g_array_set_size (world_vpc_at (world, 0)->routes, 1);
  world_apply_vpc (world, world_vpc_at (world, 0));
  close (there);
  g_free (world_run ("ip -n ecs-v000001 link del et00000001"));
  routes = world_run ("ip -n ecs-v000001 -6 route");
  assert_non_null (strstr (routes, "blackhole fd00:9::/32"));
  assert_null (strstr (routes, "et00000001"));
  assert_true (world_is_kept_out (guest->ns, BEHIND6, 80));
  g_array_set_size (world_vpc_at (world, 0)->routes, 0);
  world_apply_vpc (world, world_vpc_at (world, 0));
  after = world_run ("ip -n ecs-v000001 -6 route");
  assert_null (strstr (after, "fd00:9::"));
  close (ear);
}

#define WORLD_TEST(name) cmocka_unit_test_setup_teardown (name, set_up, world_tear_down)

int
main (void)
{
  const struct CMUnitTest tests[] = {
    WORLD_TEST (a_route_leads_to_what_is_behind_a_guest_and_back),
    WORLD_TEST (the_groups_rules_hold_for_what_is_forwarded),
    WORLD_TEST (only_the_next_hop_may_speak_for_a_routes_destination),
    WORLD_TEST (a_route_whose_guest_is_not_there_drops),
    WORLD_TEST (taking_a_route_away_ends_what_went_by_it),
    WORLD_TEST (a_default_route_leads_the_world_to_a_guest_and_spares_the_services),
    WORLD_TEST (what_comes_from_outside_is_answered_there_despite_a_default_route),
    WORLD_TEST (a_route_of_ipv6_leads_to_a_guest_alone_or_drops),
    WORLD_TEST (routes_come_and_go_without_a_trace),
  };

  world_need_private_host ();
  return cmocka_run_group_tests (tests, NULL, NULL);
}
