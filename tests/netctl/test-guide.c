/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Real tests of what guests are told of their IPv6: router, address, neighbours. */
#include <glib/gstdio.h>
#include <linux/if_ether.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "client6.h"
#include "world.h"

#define RANGE "fd00:0:0:1::/64"
/* The first try must do, and at once. */
#define SOON_MS 1000

static int
set_up (void **state)
{
  World *world = world_new ();
  NetctlVpc *vpc = world_vpc (world, 1, "10.0.0.0/24", FALSE);

  vpc->domain = g_strdup ("vpc.internal");
  world_group (world, 1, 1);
  world_subnet6 (world, vpc, RANGE);
  *state = world;
  return 0;
}

static Client6
client_of (const Guest *guest)
{
  return (Client6){ .fd = world_packet (guest->ns, "eth0", ETH_P_IPV6),
                    .mac = guest->port->mac,
                    .link_local = "fe80::abc",
                    .name = guest->ns };
}

static Guest *
guest6 (World *world, guint32 vpc, guint32 port, const char *address, const char *address6)
{
  Guest *guest = world_guest (world, vpc, port, address, 1);

  world_give6 (guest, address6);
  return guest;
}

static void
the_router_is_told_at_the_first_question (void **state)
{
  Guest *guest = guest6 (*state, 1, 1, "10.0.0.11", "fd00:0:0:1::11");
  Client6 client = client_of (guest);
  Client6Router router;

  assert_true (client6_ask_router (&client, &router, SOON_MS));
  /* Managed addresses, for ever, and nothing on the link. */
  assert_int_equal (router.flags & 0xc0, 0xc0);
  assert_true (router.lifetime > 9000);
  assert_int_equal (router.mtu, 1450);
  assert_int_equal (router.prefixes, 1);
  assert_int_equal (router.prefix_flags, 0);
  /* Also before the guest has an address of any kind. */
  client.link_local = "::";
  assert_true (client6_ask_router (&client, &router, SOON_MS));
  close (client.fd);
}

static void
dhcp_answers_at_once_with_the_ports_own_address (void **state)
{
  Guest *guest = guest6 (*state, 1, 1, "10.0.0.11", "fd00:0:0:1::11");
  Client6 client = client_of (guest);
  Client6Answer answer;

  assert_true (client6_lease (&client, &answer, SOON_MS));
  assert_string_equal (answer.address, "fd00:0:0:1::11");
  assert_int_equal (answer.lifetime, 0xffffffff);
  assert_string_equal (answer.domain, "\3vpc\x08internal");
  assert_string_equal (answer.ntp, "fd00::123");
  client6_send (&client, CLIENT6_RENEW, "fd00:0:0:1::11");
  assert_true (client6_receive (&client, &answer, SOON_MS));
  assert_string_equal (answer.address, "fd00:0:0:1::11");
  client6_send (&client, CLIENT6_CONFIRM, "fd00:0:0:1::11");
  assert_true (client6_receive (&client, &answer, SOON_MS));
  assert_int_equal (answer.status, 0);
  client6_send (&client, CLIENT6_CONFIRM, "fd00:0:0:1::99");
  assert_true (client6_receive (&client, &answer, SOON_MS));
  assert_int_equal (answer.status, 4);
  client6_send (&client, CLIENT6_INFORMATION, NULL);
  assert_true (client6_receive (&client, &answer, SOON_MS));
  assert_string_equal (answer.address, "");
  assert_string_equal (answer.domain, "\3vpc\x08internal");
  close (client.fd);
}

/* A new system on the same machine has a new name; a neighbour's name gets a thief nothing. */
static void
the_address_follows_the_tap_and_not_the_clients_name (void **state)
{
  Guest *one = guest6 (*state, 1, 1, "10.0.0.11", "fd00:0:0:1::11");
  Guest *two = guest6 (*state, 1, 2, "10.0.0.12", "fd00:0:0:1::12");
  Client6 first = client_of (one), second = client_of (two);
  Client6Answer answer;

  assert_true (client6_lease (&first, &answer, SOON_MS));
  first.name = "another system";
  assert_true (client6_lease (&first, &answer, SOON_MS));
  assert_string_equal (answer.address, "fd00:0:0:1::11");
  second.name = "another system";
  second.link_local = first.link_local;
  client6_send (&second, CLIENT6_DECLINE, "fd00:0:0:1::11");
  client6_send (&second, CLIENT6_RELEASE, "fd00:0:0:1::11");
  assert_true (client6_receive (&second, &answer, SOON_MS));
  assert_true (client6_lease (&second, &answer, SOON_MS));
  assert_string_equal (answer.address, "fd00:0:0:1::12");
  assert_true (client6_lease (&first, &answer, SOON_MS));
  assert_string_equal (answer.address, "fd00:0:0:1::11");
  close (first.fd);
  close (second.fd);
}

static void
what_comes_from_another_mac_or_by_relay_is_not_answered (void **state)
{
  static const guint8 other_mac[6] = { 0x00, 0x16, 0x3e, 0, 0, 9 };
  Guest *one = guest6 (*state, 1, 1, "10.0.0.11", "fd00:0:0:1::11");
  Client6 client = client_of (one);
  Client6Answer answer;
  Client6Router router;

  client.mac = other_mac;
  client6_send (&client, CLIENT6_SOLICIT, NULL);
  assert_false (client6_receive (&client, &answer, WORLD_NEVER_MS));
  assert_false (client6_ask_router (&client, &router, WORLD_NEVER_MS));
  client.mac = one->port->mac;
  client6_send (&client, CLIENT6_RELAY, NULL);
  client6_send (&client, CLIENT6_DECLINE, "fd00:0:0:1::11");
  client6_send (&client, CLIENT6_ADVERTISE, NULL);
  assert_false (client6_receive (&client, &answer, WORLD_NEVER_MS));
  client.link_local = "fe80::1";
  client6_send (&client, CLIENT6_SOLICIT, NULL);
  assert_false (client6_receive (&client, &answer, WORLD_NEVER_MS));
  client.link_local = "fd00:0:0:1::11";
  client6_send (&client, CLIENT6_SOLICIT, NULL);
  assert_false (client6_receive (&client, &answer, WORLD_NEVER_MS));
  close (client.fd);
}

static void
a_port_without_ipv6_is_told_nothing (void **state)
{
  Guest *guest = world_guest (*state, 1, 1, "10.0.0.11", 1);
  Client6 client = client_of (guest);
  Client6Answer answer;
  Client6Router router;

  assert_false (client6_ask_router (&client, &router, WORLD_NEVER_MS));
  client6_send (&client, CLIENT6_SOLICIT, NULL);
  assert_false (client6_receive (&client, &answer, WORLD_NEVER_MS));
  close (client.fd);
}

static void
a_secondary_port_has_an_address_but_no_way_out (void **state)
{
  World *world = *state;
  Guest *guest = guest6 (world, 1, 1, "10.0.0.11", "fd00:0:0:1::11");
  Client6 client = client_of (guest);
  Client6Answer answer;
  Client6Router router;

  guest->port->is_secondary = TRUE;
  assert_true (world->net->class->port_attach (world->net, guest->port, NULL));
  assert_true (client6_hear_router (&client, &router, SOON_MS));
  assert_int_equal (router.lifetime, 0);
  assert_int_equal (router.routes, 1);
  assert_true (client6_lease (&client, &answer, SOON_MS));
  assert_string_equal (answer.address, "fd00:0:0:1::11");
  close (client.fd);
}

static void
a_live_guest_hears_of_news_unasked (void **state)
{
  World *world = *state;
  Guest *guest = world_guest (world, 1, 1, "10.0.0.11", 1);
  Client6 client = client_of (guest);
  Client6Router router;

  world_give6 (guest, "fd00:0:0:1::11");
  assert_true (client6_hear_router (&client, &router, SOON_MS));
  assert_true (router.lifetime > 0);
  g_array_set_size (guest->port->addresses, 1);
  assert_true (world->net->class->port_attach (world->net, guest->port, NULL));
  assert_true (client6_hear_router (&client, &router, SOON_MS));
  assert_int_equal (router.lifetime, 0);
  close (client.fd);
}

static void
a_new_process_answers_on (void **state)
{
  World *world = *state;
  Guest *guest = guest6 (world, 1, 1, "10.0.0.11", "fd00:0:0:1::11");
  Client6 client = client_of (guest);
  Client6Answer answer;
  Client6Router router;

  world_stop (world);
  assert_true (world_pings (guest->ns, NETCTL_ROUTER6, SOON_MS));
  world_start (world);
  assert_true (client6_hear_router (&client, &router, SOON_MS));
  assert_true (client6_lease (&client, &answer, SOON_MS));
  assert_string_equal (answer.address, "fd00:0:0:1::11");
  close (client.fd);
}

/* Guests whose administrator wrote "/64" take their neighbours to be on the link. */
static void
neighbours_are_found_behind_the_router (void **state)
{
  Guest *one = guest6 (*state, 1, 1, "10.0.0.11", "fd00:0:0:1::11");
  Guest *two = guest6 (*state, 1, 2, "10.0.0.12", "fd00:0:0:1::12");
  Client6 client = client_of (one);

  assert_true (client6_finds (&client, NETCTL_ROUTER6, SOON_MS));
  assert_true (client6_finds (&client, "fd00:0:0:1::12", SOON_MS));
  assert_false (client6_finds (&client, "fd00:0:0:1::11", WORLD_NEVER_MS));
  assert_false (client6_finds (&client, "fd00:0:0:2::1", WORLD_NEVER_MS));
  assert_false (client6_finds (&client, "fe80::abcd", WORLD_NEVER_MS));
  g_free (world_run ("ip -n %s addr del fd00:0:0:1::11/128 dev eth0", one->ns));
  g_free (world_run ("ip -n %s addr add fd00:0:0:1::11/64 dev eth0 nodad", one->ns));
  assert_true (world_pings (one->ns, "fd00:0:0:1::12", 5 * SOON_MS));
  assert_true (world_pings (two->ns, "fd00:0:0:1::11", 5 * SOON_MS));
  close (client.fd);
}

static void
vpcs_of_equal_ranges_answer_their_own (void **state)
{
  World *world = *state;
  Guest *one = guest6 (world, 1, 1, "10.0.0.11", "fd00:0:0:1::11"), *two;
  Client6 first = client_of (one), second;
  Client6Answer answer;

  world_subnet6 (world, world_vpc (world, 2, "10.0.0.0/24", FALSE), RANGE);
  world_group (world, 2, 1);
  two = guest6 (world, 2, 2, "10.0.0.11", "fd00:0:0:1::22");
  second = client_of (two);
  assert_true (client6_lease (&second, &answer, SOON_MS));
  assert_string_equal (answer.address, "fd00:0:0:1::22");
  assert_string_equal (answer.domain, "");
  assert_true (client6_lease (&first, &answer, SOON_MS));
  assert_string_equal (answer.address, "fd00:0:0:1::11");
  close (first.fd);
  close (second.fd);
}

/* The kernel's own stack and a real client's order: listen to the router, then use the address. */
static void
the_kernel_takes_the_router_for_its_way_out (void **state)
{
  World *world = *state;
  Guest *one = world_guest (world, 1, 1, "10.0.0.11", 1);
  Guest *two = guest6 (world, 1, 2, "10.0.0.12", "fd00:0:0:1::12");
  g_autofree char *routes = NULL;
  NetctlPrefix address;

  assert_true (netctl_prefix_parse ("fd00:0:0:1::11", &address));
  g_array_append_val (one->port->addresses, address);
  g_free (world_run ("ip netns exec %s sysctl -qw net.ipv6.conf.eth0.accept_ra=2", one->ns));
  assert_true (world->net->class->port_attach (world->net, one->port, NULL));
  for (guint i = 0; i < 500 && (routes == NULL || strstr (routes, "default via fe80::1") == NULL);
       i++)
    {
      g_free (routes);
      routes = world_run ("ip -n %s -6 route", one->ns);
      g_usleep (10000);
    }
  assert_non_null (strstr (routes, "default via fe80::1 dev eth0 proto ra"));
  g_free (world_run ("ip -n %s addr add fd00:0:0:1::11/128 dev eth0 nodad", one->ns));
  assert_true (world_pings (one->ns, "fd00:0:0:1::12", 5 * SOON_MS));
  assert_true (world_pings (two->ns, "fd00:0:0:1::11", 5 * SOON_MS));
}

/* A client of others' making, from router solicitation to the last option. */
static void
a_real_client_is_content (void **state)
{
  static const char script[] = "mount -t tmpfs none /var/lib/dhcpcd\n"
                               "exec dhcpcd -6 -1 -B -q -t 30 -f /dev/null -c /bin/true eth0\n";
  World *world = *state;
  g_autofree char *program = g_find_program_in_path ("dhcpcd");
  g_autofree char *path = g_build_filename (world->run_dir, "client", NULL);
  g_autofree char *addresses = NULL, *routes = NULL;
  NetctlPrefix address;
  Guest *one, *two;

  if (program == NULL)
    skip ();
  one = world_guest (world, 1, 1, "10.0.0.11", 1);
  two = guest6 (world, 1, 2, "10.0.0.12", "fd00:0:0:1::12");
  assert_true (netctl_prefix_parse ("fd00:0:0:1::11", &address));
  g_array_append_val (one->port->addresses, address);
  assert_true (world->net->class->port_attach (world->net, one->port, NULL));
  assert_true (g_file_set_contents (path, script, -1, NULL));
  g_free (world_run ("ip netns exec %s unshare -m sh %s", one->ns, path));
  assert_int_equal (g_unlink (path), 0);
  addresses = world_run ("ip -n %s -6 -o addr show dev eth0 scope global", one->ns);
  routes = world_run ("ip -n %s -6 route", one->ns);
  assert_non_null (strstr (addresses, "fd00:0:0:1::11/128"));
  assert_non_null (strstr (routes, "default via fe80::1 dev eth0"));
  assert_non_null (strstr (routes, "mtu 1450"));
  assert_true (world_pings (one->ns, "fd00:0:0:1::12", 5 * SOON_MS));
  assert_true (world_pings (two->ns, "fd00:0:0:1::11", 5 * SOON_MS));
}

#define WORLD_TEST(name) cmocka_unit_test_setup_teardown (name, set_up, world_tear_down)

int
main (void)
{
  const struct CMUnitTest tests[] = {
    WORLD_TEST (the_router_is_told_at_the_first_question),
    WORLD_TEST (dhcp_answers_at_once_with_the_ports_own_address),
    WORLD_TEST (the_address_follows_the_tap_and_not_the_clients_name),
    WORLD_TEST (what_comes_from_another_mac_or_by_relay_is_not_answered),
    WORLD_TEST (a_port_without_ipv6_is_told_nothing),
    WORLD_TEST (a_secondary_port_has_an_address_but_no_way_out),
    WORLD_TEST (a_live_guest_hears_of_news_unasked),
    WORLD_TEST (a_new_process_answers_on),
    WORLD_TEST (neighbours_are_found_behind_the_router),
    WORLD_TEST (vpcs_of_equal_ranges_answer_their_own),
    WORLD_TEST (a_real_client_is_content),
    WORLD_TEST (the_kernel_takes_the_router_for_its_way_out),
  };

  world_need_private_host ();
  return cmocka_run_group_tests (tests, NULL, NULL);
}
