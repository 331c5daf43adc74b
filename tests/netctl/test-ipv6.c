/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Real tests of VPCs with both families: who reaches whom, and that nothing of IPv6 is there where
 * it is not wanted. */
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "dns-client.h"
#include "world.h"

#define RANGE "fd00:0:0:1::/64"

static int
set_up (void **state)
{
  World *world = world_new ();
  NetctlVpc *vpc = world_vpc (world, 1, "10.0.0.0/24", FALSE);

  world_group (world, 1, 1);
  world_subnet6 (world, vpc, RANGE);
  *state = world;
  return 0;
}

static Guest *
guest6 (World *world, guint32 vpc, guint32 port, const char *address, const char *address6)
{
  Guest *guest = world_guest (world, vpc, port, address, 1);

  world_give6 (guest, address6);
  return guest;
}

static void
assert_connects (const Guest *from, const Guest *to, const char *address)
{
  int listener = world_listen (to->ns, address, 22);
  int a = world_connect (from->ns, address, 22, WORLD_SOON_MS), b;

  assert_true (a >= 0);
  b = world_accept (listener, WORLD_SOON_MS);
  assert_true (world_passes (a, b, "ask", WORLD_SOON_MS));
  assert_true (world_passes (b, a, "answer", WORLD_SOON_MS));
  close (a);
  close (b);
  close (listener);
}

static void
assert_stays_out (const Guest *from, const Guest *to, const char *address)
{
  int listener = world_listen (to->ns, address, 22);

  assert_int_equal (world_connect (from->ns, address, 22, WORLD_NEVER_MS), -1);
  close (listener);
}

static void
guests_of_one_group_reach_each_other_in_both_families (void **state)
{
  Guest *one = guest6 (*state, 1, 1, "10.0.0.11", "fd00:0:0:1::11");
  Guest *two = guest6 (*state, 1, 2, "10.0.0.12", "fd00:0:0:1::12");

  assert_connects (one, two, "fd00:0:0:1::12");
  assert_connects (two, one, "fd00:0:0:1::11");
  assert_connects (one, two, "10.0.0.12");
  assert_true (world_pings (one->ns, "fd00:0:0:1::12", WORLD_SOON_MS));
}

static void
the_router_answers_on_each_tap (void **state)
{
  Guest *one = guest6 (*state, 1, 1, "10.0.0.11", "fd00:0:0:1::11");
  g_autofree char *addresses = world_run ("ip -n ecs-v000001 -6 -o addr show scope link");
  guint count = 0;

  assert_true (world_pings (one->ns, NETCTL_ROUTER6, WORLD_SOON_MS));
  for (const char *at = addresses; (at = strstr (at, "inet6 ")) != NULL; at++)
    count++;
  assert_int_equal (count, 1);
  assert_non_null (strstr (addresses, "et00000001    inet6 fe80::1/64"));
}

static void
a_rule_for_ipv4_opens_nothing_for_ipv6_and_the_reverse (void **state)
{
  World *world = *state;
  NetctlGroup *closed = world_group (world, 1, 2);
  Guest *one = guest6 (world, 1, 1, "10.0.0.11", "fd00:0:0:1::11"), *two;

  two = world_guest (world, 1, 2, "10.0.0.12", 2);
  world_give6 (two, "fd00:0:0:1::12");
  world_rule (closed, NETCTL_INGRESS, TRUE, 1, IPPROTO_TCP, 22, 22, "10.0.0.0/8");
  world_apply_group (world, closed);
  assert_connects (one, two, "10.0.0.12");
  assert_stays_out (one, two, "fd00:0:0:1::12");
  g_array_set_size (closed->rules, 0);
  world_rule (closed, NETCTL_INGRESS, TRUE, 1, IPPROTO_TCP, 22, 22, "fd00::/8");
  world_apply_group (world, closed);
  assert_connects (one, two, "fd00:0:0:1::12");
  assert_stays_out (one, two, "10.0.0.12");
}

static void
a_flow_that_is_revoked_ends (void **state)
{
  World *world = *state;
  NetctlGroup *group = g_ptr_array_index (world->plan->groups, 0);
  Guest *one = guest6 (world, 1, 1, "10.0.0.11", "fd00:0:0:1::11");
  Guest *two = guest6 (world, 1, 2, "10.0.0.12", "fd00:0:0:1::12");
  int listener = world_listen (two->ns, "fd00:0:0:1::12", 22);
  int a = world_connect (one->ns, "fd00:0:0:1::12", 22, WORLD_SOON_MS);
  int b = world_accept (listener, WORLD_SOON_MS);

  assert_true (world_passes (a, b, "one", WORLD_SOON_MS));
  world_rule (group, NETCTL_INGRESS, TRUE, 1, IPPROTO_TCP, 23, 23, "fd00::/8");
  world_apply_group (world, group);
  assert_true (world_passes (a, b, "two", WORLD_SOON_MS));
  group->members_reach_each_other = FALSE;
  world_apply_group (world, group);
  assert_false (world_passes (a, b, "three", WORLD_NEVER_MS));
  close (a);
  close (b);
  close (listener);
}

static void
equal_ranges_of_two_vpcs_never_meet (void **state)
{
  World *world = *state;
  Guest *one = guest6 (world, 1, 1, "10.0.0.11", "fd00:0:0:1::11"), *two, *three;

  world_subnet6 (world, world_vpc (world, 2, "10.0.0.0/24", FALSE), RANGE);
  world_group (world, 2, 1);
  two = guest6 (world, 2, 2, "10.0.0.12", "fd00:0:0:1::12");
  three = guest6 (world, 2, 3, "10.0.0.13", "fd00:0:0:1::11");
  assert_connects (two, three, "fd00:0:0:1::11");
  assert_stays_out (one, two, "fd00:0:0:1::12");
}

/* No way out, no way in: not past the tap's own link, not to the host. */
static void
ipv6_does_not_leave_its_vpc (void **state)
{
  World *world = *state;
  NetctlVpc *vpc = g_ptr_array_index (world->plan->vpcs, 0);
  Guest *one = guest6 (world, 1, 1, "10.0.0.11", "fd00:0:0:1::11");
  int listener;

  vpc->nat = TRUE;
  assert_true (world->net->class->vpc_apply (world->net, vpc, NULL));
  world_outside (world);
  g_free (world_run ("ip addr add fd00:99::1/64 dev uplink0 nodad"));
  g_free (world_run ("sysctl -qw net.ipv6.conf.all.forwarding=1"));
  g_free (world_run ("ip -n outside addr add fd00:99::2/64 dev eth0 nodad"));
  g_free (world_run ("ip -n outside -6 route add default via fd00:99::1"));
  g_free (world_run ("ip -6 route add " RANGE " dev eu000001"));
  assert_false (world_pings (one->ns, "fd00:99::2", WORLD_NEVER_MS));
  assert_false (world_pings (one->ns, "fd00:99::1", WORLD_NEVER_MS));
  listener = world_listen (one->ns, "fd00:0:0:1::11", 22);
  assert_int_equal (world_connect ("outside", "fd00:0:0:1::11", 22, WORLD_NEVER_MS), -1);
  assert_int_equal (world_connect ("", "fd00:0:0:1::11", 22, WORLD_NEVER_MS), -1);
  close (listener);
}

static void
what_nobody_has_is_refused_at_once (void **state)
{
  Guest *one = guest6 (*state, 1, 1, "10.0.0.11", "fd00:0:0:1::11");
  g_autofree char *neighbours = NULL;
  gint64 start = g_get_monotonic_time ();

  assert_int_equal (world_connect (one->ns, "fd00:0:0:1::77", 22, WORLD_SOON_MS), -1);
  assert_int_equal (world_connect (one->ns, "2001:db8::1", 22, WORLD_SOON_MS), -1);
  assert_true (g_get_monotonic_time () - start < WORLD_SOON_MS * 1000);
  neighbours = world_run ("ip -n ecs-v000001 -6 neigh");
  assert_null (strstr (neighbours, "::77"));
}

static void
a_vpc_without_ipv6_subnets_has_nothing_of_it (void **state)
{
  World *world = *state;
  Guest *guest;
  g_autofree char *addresses = NULL, *routes = NULL;

  world_vpc (world, 2, "10.0.0.0/24", TRUE);
  world_group (world, 2, 1);
  guest = world_guest (world, 2, 1, "10.0.0.11", 1);
  g_free (world_run ("ip -n %s addr add fd00:0:0:1::11/64 dev eth0 nodad", guest->ns));
  addresses = world_run ("ip -n ecs-v000002 -6 addr");
  routes = world_run ("ip -n ecs-v000002 -6 route show table all");
  assert_string_equal (addresses, "");
  assert_string_equal (routes, "");
  assert_false (world_pings (guest->ns, NETCTL_ROUTER6, WORLD_NEVER_MS));
}

/* Dual stack may come to a VPC whose guests run, and go again. */
static void
subnets_of_ipv6_come_and_go_under_live_guests (void **state)
{
  World *world = *state;
  NetctlVpc *vpc = world_vpc (world, 2, "10.0.0.0/24", FALSE);
  g_autofree char *before = NULL, *after = NULL;
  Guest *one, *two;
  int a, b, listener;

  world_group (world, 2, 1);
  one = world_guest (world, 2, 1, "10.0.0.11", 1);
  two = world_guest (world, 2, 2, "10.0.0.12", 1);
  before = world_fingerprint (world);
  listener = world_listen (two->ns, two->address, 22);
  a = world_connect (one->ns, two->address, 22, WORLD_SOON_MS);
  b = world_accept (listener, WORLD_SOON_MS);
  world_subnet6 (world, vpc, RANGE);
  world_give6 (one, "fd00:0:0:1::11");
  world_give6 (two, "fd00:0:0:1::12");
  assert_connects (one, two, "fd00:0:0:1::12");
  assert_true (world_passes (a, b, "still", WORLD_SOON_MS));
  g_array_set_size (one->port->addresses, 1);
  g_array_set_size (two->port->addresses, 1);
  assert_true (world->net->class->port_attach (world->net, one->port, NULL));
  assert_stays_out (one, two, "fd00:0:0:1::12");
  assert_true (world->net->class->port_attach (world->net, two->port, NULL));
  g_array_set_size (vpc->subnets, 1);
  assert_true (world->net->class->vpc_apply (world->net, vpc, NULL));
  assert_true (world_passes (b, a, "and still", WORLD_SOON_MS));
  after = world_fingerprint (world);
  world_assert_same (after, before);
  close (a);
  close (b);
  close (listener);
}

static void
reconcile_mends_what_others_broke (void **state)
{
  World *world = *state;
  Guest *one = guest6 (world, 1, 1, "10.0.0.11", "fd00:0:0:1::11");
  Guest *two = guest6 (world, 1, 2, "10.0.0.12", "fd00:0:0:1::12");
  g_autofree char *before = world_fingerprint (world), *after = NULL;

  g_free (world_run ("ip netns exec ecs-v000001 nft flush ruleset"));
  g_free (world_run ("ip -n ecs-v000001 -6 route del fd00:0:0:1::12"));
  g_free (world_run ("ip -n ecs-v000001 neigh del fd00:0:0:1::11 dev et00000001"));
  g_free (world_run ("ip -n ecs-v000001 addr flush dev et00000001"));
  g_free (world_run ("ip -n ecs-v000001 addr add fe80::99/64 dev et00000002"));
  assert_true (world->net->class->reconcile (world->net, world->plan, NULL));
  after = world_fingerprint (world);
  world_assert_same (after, before);
  assert_connects (one, two, "fd00:0:0:1::12");
}

static void
names_have_both_addresses (void **state)
{
  Guest *one = guest6 (*state, 1, 1, "10.0.0.11", "fd00:0:0:1::11");

  dns_assert (one->ns, "host1", DNS_A, "10.0.0.11");
  dns_assert (one->ns, "host1", DNS_AAAA, "fd00:0:0:1::11");
  dns_assert (one->ns, "1.1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.1.0.0.0.0.0.0.0.0.0.0.0.0.0.d.f.ip6.arpa",
              DNS_PTR, "host1");
}

#define WORLD_TEST(name) cmocka_unit_test_setup_teardown (name, set_up, world_tear_down)

int
main (void)
{
  const struct CMUnitTest tests[] = {
    WORLD_TEST (guests_of_one_group_reach_each_other_in_both_families),
    WORLD_TEST (the_router_answers_on_each_tap),
    WORLD_TEST (a_rule_for_ipv4_opens_nothing_for_ipv6_and_the_reverse),
    WORLD_TEST (a_flow_that_is_revoked_ends),
    WORLD_TEST (equal_ranges_of_two_vpcs_never_meet),
    WORLD_TEST (ipv6_does_not_leave_its_vpc),
    WORLD_TEST (what_nobody_has_is_refused_at_once),
    WORLD_TEST (a_vpc_without_ipv6_subnets_has_nothing_of_it),
    WORLD_TEST (subnets_of_ipv6_come_and_go_under_live_guests),
    WORLD_TEST (reconcile_mends_what_others_broke),
    WORLD_TEST (names_have_both_addresses),
  };

  world_need_private_host ();
  return cmocka_run_group_tests (tests, NULL, NULL);
}
