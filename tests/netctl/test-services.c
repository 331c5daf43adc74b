/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Real tests of what a VPC gives its guests: addresses, metadata, the way out. */
#include <arpa/inet.h>
#include <linux/if_ether.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "dhcp-client.h"
#include "frames.h"
#include "netctl-plan.h"
#include "netctl-proc.h"
#include "world.h"

#define SECOND_MS 1000

static int
set_up (void **state)
{
  World *world = world_new ();

  world_vpc (world, 1, "10.0.0.0/24", TRUE);
  world_group (world, 1, 1);
  *state = world;
  return 0;
}

static DhcpClient
client_of (const Guest *guest)
{
  return (DhcpClient){ .fd = world_packet (guest->ns, "eth0", ETH_P_IP),
                       .mac = guest->port->mac,
                       .about = guest->port->mac };
}

static void
assert_lease (const Guest *guest)
{
  DhcpClient client = client_of (guest);
  struct in_addr address;
  DhcpAnswer answer;

  assert_true (dhcp_lease (&client, &answer, SECOND_MS));
  assert_int_equal (inet_pton (AF_INET, guest->address, &address), 1);
  assert_memory_equal (answer.address, &address, 4);
  close (client.fd);
}

static void
dhcp_answers_at_once_with_all_a_guest_needs (void **state)
{
  Guest *guest = world_guest (*state, 1, 1, "10.0.0.11", 1);
  DhcpClient client = client_of (guest);
  DhcpAnswer answer;

  assert_true (dhcp_lease (&client, &answer, SECOND_MS));
  assert_memory_equal (answer.address, "\x0a\0\0\x0b", 4);
  assert_memory_equal (answer.options[1], "\xff\xff\xff\0", 4);
  assert_memory_equal (answer.options[3], "\x0a\0\0\1", 4);
  assert_memory_equal (answer.options[6], "\x64\x64\2\x88", 4);
  assert_memory_equal (answer.options[12], "host1", 5);
  assert_memory_equal (answer.options[26], "\x05\xaa", 2);
  assert_memory_equal (answer.options[51], "\xff\xff\xff\xff", 4);
  assert_memory_equal (answer.options[42], "\xc0\0\2\x7b", 4);
  assert_int_equal (answer.lengths[42], 4);
  assert_memory_equal (answer.options[121],
                       "\x20\x64\x64\x64\xc8\x0a\0\0\1\x20\x64\x64\2\x88\x0a\0\0\1\0\x0a\0\0\1",
                       23);
  close (client.fd);
}

static void
a_secondary_port_is_not_told_of_a_way_out (void **state)
{
  World *world = *state;
  Guest *guest = world_guest (world, 1, 1, "10.0.0.11", 1);
  DhcpClient client;
  DhcpAnswer answer;

  guest->port->is_secondary = TRUE;
  assert_true (world->net->class->port_prepare (world->net, guest->port, NULL));
  client = client_of (guest);
  assert_true (dhcp_lease (&client, &answer, SECOND_MS));
  assert_memory_equal (answer.address, "\x0a\0\0\x0b", 4);
  assert_memory_equal (answer.options[1], "\xff\xff\xff\0", 4);
  assert_int_equal (answer.lengths[3], 0);
  assert_int_equal (answer.lengths[121], 0);
  close (client.fd);
}

static void
the_neighbour_entry_of_a_guest_stays_permanent_through_dhcp (void **state)
{
  Guest *guest = world_guest (*state, 1, 1, "10.0.0.11", 1);
  g_autofree char *neighbours = NULL;

  assert_lease (guest);
  neighbours = world_run ("ip -n ecs-v000001 neigh show 10.0.0.11");
  assert_non_null (strstr (neighbours, "PERMANENT"));
}

static void
guests_of_a_second_subnet_get_that_subnets_gateway (void **state)
{
  World *world = *state;
  NetctlVpc *vpc = g_ptr_array_index (world->plan->vpcs, 0);
  DhcpAnswer answer;
  DhcpClient client;
  NetctlSubnet subnet;

  assert_true (netctl_prefix_parse ("10.0.1.0/24", &subnet.range));
  assert_true (netctl_prefix_parse ("10.0.1.1", &subnet.gateway));
  g_array_append_val (vpc->subnets, subnet);
  assert_true (world->net->class->vpc_apply (world->net, vpc, NULL));
  client = client_of (world_guest (world, 1, 1, "10.0.1.11", 1));
  assert_true (dhcp_lease (&client, &answer, SECOND_MS));
  assert_memory_equal (answer.address, "\x0a\0\1\x0b", 4);
  assert_memory_equal (answer.options[3], "\x0a\0\1\1", 4);
  close (client.fd);
}

static void
an_address_can_be_given_to_another_guest_at_once (void **state)
{
  World *world = *state;
  Guest *first = world_guest (world, 1, 1, "10.0.0.11", 1);

  assert_lease (first);
  world_detach (first);
  g_free (world_run ("ip -n %s link del eth0", first->ns));
  g_free (world_run ("ip netns del %s", first->ns));
  world_forget (first);
  assert_lease (world_guest (world, 1, 2, "10.0.0.11", 1));
}

static void
nobody_can_speak_to_dhcp_for_another_guest (void **state)
{
  World *world = *state;
  Guest *one = world_guest (world, 1, 1, "10.0.0.11", 1);
  Guest *two = world_guest (world, 1, 2, "10.0.0.12", 1);
  DhcpClient attacker = client_of (one);
  DhcpAnswer answer;

  /* A decline would take the address from its owner for ten minutes. */
  attacker.about = two->port->mac;
  dhcp_send (&attacker, 4, (const guint8 *) "\x0a\0\0\x0c");
  dhcp_send (&attacker, 1, NULL);
  assert_false (dhcp_receive (&attacker, &answer, WORLD_NEVER_MS));
  assert_lease (two);
  attacker.about = one->port->mac;
  attacker.mac = two->port->mac;
  dhcp_send (&attacker, 1, NULL);
  assert_false (dhcp_receive (&attacker, &answer, WORLD_NEVER_MS));
  close (attacker.fd);
}

static int
only_server (World *world)
{
  g_autofree char *mark = g_strdup_printf ("--dhcp-hostsfile=%s/", world->run_dir);
  g_autoptr (GArray) servers = netctl_proc_find ("dnsmasq", mark);

  assert_int_equal (servers->len, 1);
  return g_array_index (servers, int, 0);
}

static void
a_new_process_takes_over_the_dhcp_server (void **state)
{
  World *world = *state;
  Guest *guest = world_guest (world, 1, 1, "10.0.0.11", 1);
  int before = only_server (world);

  world_stop (world);
  assert_lease (guest);
  world_start (world);
  assert_int_equal (only_server (world), before);
  assert_lease (world_guest (world, 1, 2, "10.0.0.12", 1));
  assert_int_equal (only_server (world), before);
}

static void
a_dead_dhcp_server_is_replaced (void **state)
{
  World *world = *state;
  Guest *guest = world_guest (world, 1, 1, "10.0.0.11", 1);

  assert_true (netctl_proc_end (only_server (world), "dnsmasq", "--dhcp-hostsfile=", NULL));
  assert_true (world->net->class->port_prepare (world->net, guest->port, NULL));
  assert_lease (guest);
}

/* Metadata */

#define GET(path) "GET " path " HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"

/* The list of guests is written anew for another guest, or when it is not sure what it says. */
static void
a_change_of_groups_alone_leaves_the_list_of_guests_alone (void **state)
{
  World *world = *state;
  const NetctlClass *class = world->net->class;
  Guest *guest = world_guest (world, 1, 1, "10.0.0.11", 1);
  g_autoptr (NetctlPort) wrong = netctl_port_copy (guest->port);
  g_autofree char *path = g_strconcat (world->run_dir, "/dhcp/ecs-v000001.hosts", NULL);
  g_autofree char *right = NULL, *now = NULL, *mended = NULL;
  guint32 nowhere = 99, second = 2;

  assert_true (g_file_get_contents (path, &right, NULL, NULL));
  assert_true (g_file_set_contents (path, "changed\n", -1, NULL));
  world_apply_group (world, world_group (world, 1, 2));
  g_array_append_val (guest->port->groups, second);
  assert_true (class->port_attach (world->net, guest->port, NULL));
  assert_true (g_file_get_contents (path, &now, NULL, NULL));
  assert_string_equal (now, "changed\n");
  g_array_append_val (wrong->groups, nowhere);
  assert_false (class->port_attach (world->net, wrong, NULL));
  assert_true (class->port_attach (world->net, guest->port, NULL));
  assert_true (g_file_get_contents (path, &mended, NULL, NULL));
  assert_string_equal (mended, right);
}

static void
metadata_knows_who_asks_in_vpcs_with_equal_ranges (void **state)
{
  World *world = *state;
  g_autofree char *first = NULL, *second = NULL;
  Guest *here, *there;

  world_vpc (world, 2, "10.0.0.0/24", FALSE);
  world_group (world, 2, 1);
  here = world_guest (world, 1, 1, "10.0.0.11", 1);
  there = world_guest (world, 2, 2, "10.0.0.11", 1);
  first = world_http (here->ns, NETCTL_METADATA_ADDRESS, GET ("/latest/meta-data/instance-id"));
  second = world_http (there->ns, NETCTL_METADATA_ADDRESS, GET ("/latest/meta-data/instance-id"));
  assert_non_null (strstr (first, "HTTP/1.1 200 OK"));
  assert_non_null (strstr (first, "GET /latest/meta-data/instance-id vpc=1 peer=10.0.0.11 token="));
  assert_non_null (
      strstr (second, "GET /latest/meta-data/instance-id vpc=2 peer=10.0.0.11 token="));
}

static void
metadata_passes_method_headers_and_status_on (void **state)
{
  Guest *guest = world_guest (*state, 1, 1, "10.0.0.11", 1);
  g_autofree char *put = world_http (
      guest->ns, NETCTL_METADATA_ADDRESS,
      "PUT /latest/api/token HTTP/1.1\r\nHost: x\r\nX-Token: t\r\nContent-Length: 0\r\n"
      "Connection: close\r\n\r\n");
  g_autofree char *absent = world_http (guest->ns, NETCTL_METADATA_ADDRESS, GET ("/absent"));

  assert_non_null (strstr (put, "PUT /latest/api/token vpc=1 peer=10.0.0.11 token=t"));
  assert_non_null (strstr (absent, "HTTP/1.1 404 Not Found"));
}

static void
metadata_refuses_proxies_and_other_methods (void **state)
{
  Guest *guest = world_guest (*state, 1, 1, "10.0.0.11", 1);
  g_autofree char *proxied
      = world_http (guest->ns, NETCTL_METADATA_ADDRESS,
                    "GET / HTTP/1.1\r\nHost: x\r\nX-Forwarded-For: 10.0.0.12\r\n"
                    "Connection: close\r\n\r\n");
  g_autofree char *posted = world_http (guest->ns, NETCTL_METADATA_ADDRESS,
                                        "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\n"
                                        "Connection: close\r\n\r\nx");

  assert_non_null (strstr (proxied, "HTTP/1.1 403 Forbidden"));
  assert_non_null (strstr (posted, "HTTP/1.1 405 Method Not Allowed"));
}

/* Many connections of one guest: those above the bound are closed, and another guest is served. */
static void
one_guest_cannot_use_up_the_metadata_service (void **state)
{
  World *world = *state;
  Guest *greedy = world_guest (world, 1, 1, "10.0.0.11", 1);
  Guest *modest = world_guest (world, 1, 2, "10.0.0.12", 1);
  g_autofree char *served = NULL;
  int fds[40];
  guint closed = 0;

  for (guint i = 0; i < G_N_ELEMENTS (fds); i++)
    {
      fds[i] = world_connect (greedy->ns, NETCTL_METADATA_ADDRESS, 80, WORLD_SOON_MS);
      assert_true (fds[i] >= 0);
    }
  served = world_http (modest->ns, NETCTL_METADATA_ADDRESS, GET ("/"));
  assert_non_null (strstr (served, "peer=10.0.0.12"));
  for (guint i = 0; i < G_N_ELEMENTS (fds); i++)
    {
      char byte;

      closed += recv (fds[i], &byte, 1, MSG_DONTWAIT) == 0;
      close (fds[i]);
    }
  assert_int_equal (closed, 40 - 16);
}

static void
a_client_that_goes_away_does_no_harm (void **state)
{
  Guest *guest = world_guest (*state, 1, 1, "10.0.0.11", 1);
  static const char *const beginnings[]
      = { GET ("/"), "GET / HT", "\r\n\r\n",
          "PUT / HTTP/1.1\r\nHost: x\r\nContent-Length: 99\r\n\r\nx" };
  g_autofree char *served = NULL;

  /* Fewer than one guest may have at once. */
  for (guint i = 0; i < 12; i++)
    {
      const char *text = beginnings[i % G_N_ELEMENTS (beginnings)];
      int fd = world_connect (guest->ns, NETCTL_METADATA_ADDRESS, 80, WORLD_SOON_MS);

      assert_true (fd >= 0);
      assert_int_equal (send (fd, text, strlen (text), MSG_NOSIGNAL), strlen (text));
      close (fd);
    }
  served = world_http (guest->ns, NETCTL_METADATA_ADDRESS, GET ("/"));
  assert_non_null (strstr (served, "200 OK"));
}

static void
an_endless_body_is_not_kept (void **state)
{
  Guest *guest = world_guest (*state, 1, 1, "10.0.0.11", 1);
  static const char head[]
      = "PUT / HTTP/1.1\r\nHost: x\r\nContent-Length: 8388608\r\nConnection: close\r\n\r\n";
  g_autofree char *body = g_strnfill (65536, 'x');
  int fd = world_connect (guest->ns, NETCTL_METADATA_ADDRESS, 80, WORLD_SOON_MS);
  g_autofree char *answer = NULL;

  assert_true (fd >= 0);
  assert_int_equal (send (fd, head, strlen (head), MSG_NOSIGNAL), strlen (head));
  for (guint i = 0; i < 16; i++)
    if (send (fd, body, 65536, MSG_NOSIGNAL | MSG_DONTWAIT) < 0)
      break;
  close (fd);
  answer = world_http (guest->ns, NETCTL_METADATA_ADDRESS, GET ("/"));
  assert_non_null (strstr (answer, "200 OK"));
}

static void
the_namespace_itself_is_nobody_to_metadata (void **state)
{
  World *world = *state;
  g_autofree char *answer = NULL;

  world_guest (world, 1, 1, "10.0.0.11", 1);
  answer = world_http ("ecs-v000001", NETCTL_METADATA_ADDRESS, GET ("/"));
  assert_non_null (strstr (answer, "peer=" NETCTL_METADATA_ADDRESS));
}

static void
other_services_of_the_namespace_are_closed (void **state)
{
  Guest *guest = world_guest (*state, 1, 1, "10.0.0.11", 1);
  int gateway = world_listen ("ecs-v000001", "0.0.0.0", 22);

  assert_int_equal (world_connect (guest->ns, guest->gateway, 22, WORLD_NEVER_MS), -1);
  assert_int_equal (world_connect (guest->ns, NETCTL_METADATA_ADDRESS, 22, WORLD_NEVER_MS), -1);
  assert_int_equal (world_connect (guest->ns, "100.64.0.3", 22, WORLD_NEVER_MS), -1);
  close (gateway);
}

/* NAT */

static void
a_guest_reaches_the_outside_as_the_host (void **state)
{
  World *world = *state;
  Guest *guest = world_guest (world, 1, 1, "10.0.0.11", 1);
  struct sockaddr_in peer;
  socklen_t length = sizeof peer;
  char text[INET_ADDRSTRLEN];
  int listener, client, server;

  world_outside (world);
  listener = world_listen ("outside", "192.0.2.2", 80);
  client = world_connect (guest->ns, "192.0.2.2", 80, WORLD_SOON_MS);
  assert_true (client >= 0);
  server = world_accept (listener, WORLD_SOON_MS);
  assert_int_equal (getpeername (server, (struct sockaddr *) &peer, &length), 0);
  assert_string_equal (inet_ntop (AF_INET, &peer.sin_addr, text, sizeof text), "192.0.2.1");
  assert_true (world_passes (client, server, "ask", WORLD_SOON_MS));
  assert_true (world_passes (server, client, "answer", WORLD_SOON_MS));
  assert_true (world_pings (guest->ns, "192.0.2.2", WORLD_SOON_MS));
  close (client);
  close (server);
  close (listener);
}

static void
guests_of_equal_address_in_two_vpcs_go_out_side_by_side (void **state)
{
  World *world = *state;
  Guest *one, *two;
  int listener, first, second;

  world_outside (world);
  world_vpc (world, 2, "10.0.0.0/24", TRUE);
  world_group (world, 2, 1);
  one = world_guest (world, 1, 1, "10.0.0.11", 1);
  two = world_guest (world, 2, 2, "10.0.0.11", 1);
  listener = world_listen ("outside", "192.0.2.2", 80);
  first = world_connect (one->ns, "192.0.2.2", 80, WORLD_SOON_MS);
  second = world_connect (two->ns, "192.0.2.2", 80, WORLD_SOON_MS);
  assert_true (first >= 0 && second >= 0);
  close (first);
  close (second);
  close (listener);
}

static void
the_outside_cannot_come_in_through_the_host (void **state)
{
  World *world = *state;
  Guest *guest = world_guest (world, 1, 1, "10.0.0.11", 1);
  int listener = world_listen (guest->ns, guest->address, 22);
  int inside = world_listen ("ecs-v000001", "0.0.0.0", 23);

  world_outside (world);
  g_free (world_run ("ip -n outside route add 10.0.0.0/24 via 192.0.2.1"));
  g_free (world_run ("ip -n outside route add 100.64.0.0/10 via 192.0.2.1"));
  g_free (world_run ("ip route add 10.0.0.0/24 via 100.64.0.3 dev eu000001 onlink"));
  assert_int_equal (world_connect ("outside", guest->address, 22, WORLD_NEVER_MS), -1);
  assert_int_equal (world_connect ("outside", "100.64.0.3", 23, WORLD_NEVER_MS), -1);
  close (listener);
  close (inside);
}

static void
guests_do_not_reach_the_hosts_own_services (void **state)
{
  World *world = *state;
  Guest *guest = world_guest (world, 1, 1, "10.0.0.11", 1);
  int listener = world_listen ("", "0.0.0.0", 8080);

  world_outside (world);
  assert_int_equal (world_connect (guest->ns, "192.0.2.1", 8080, WORLD_NEVER_MS), -1);
  assert_int_equal (world_connect (guest->ns, "100.64.0.1", 8080, WORLD_NEVER_MS), -1);
  close (listener);
}

static void
guests_reach_a_name_server_of_theirs_on_the_host_itself (void **state)
{
  World *world = *state;
  Guest *guest = world_guest (world, 1, 1, "10.0.0.11", 1);
  int server, other, client;

  g_free (world_run ("ip addr add 192.0.2.53/32 dev lo"));
  server = world_listen ("", "192.0.2.53", 53);
  other = world_listen ("", "192.0.2.53", 54);
  client = world_connect (guest->ns, "192.0.2.53", 53, WORLD_SOON_MS);
  assert_true (client >= 0);
  assert_int_equal (world_connect (guest->ns, "192.0.2.53", 54, WORLD_NEVER_MS), -1);
  close (client);
  close (server);
  close (other);
  g_free (world_run ("ip addr del 192.0.2.53/32 dev lo"));
}

static void
a_vpc_without_nat_has_no_way_out (void **state)
{
  World *world = *state;
  Guest *guest;
  int listener;

  world_outside (world);
  world_vpc (world, 2, "10.0.0.0/24", FALSE);
  world_group (world, 2, 1);
  guest = world_guest (world, 2, 1, "10.0.0.11", 1);
  listener = world_listen ("outside", "192.0.2.2", 80);
  assert_int_equal (world_connect (guest->ns, "192.0.2.2", 80, WORLD_NEVER_MS), -1);
  close (listener);
}

static void
the_hosts_own_metadata_is_out_of_reach (void **state)
{
  World *world = *state;
  Guest *guest = world_guest (world, 1, 1, "10.0.0.11", 1);
  int listener;

  world_outside (world);
  g_free (world_run ("ip -n outside addr add 169.254.169.254/32 dev eth0"));
  g_free (world_run ("ip route add 169.254.169.254 via 192.0.2.2"));
  listener = world_listen ("outside", "169.254.169.254", 80);
  assert_int_equal (world_connect (guest->ns, "169.254.169.254", 80, WORLD_NEVER_MS), -1);
  close (listener);
}

#define WORLD_TEST(name) cmocka_unit_test_setup_teardown (name, set_up, world_tear_down)

int
main (void)
{
  const struct CMUnitTest tests[] = {
    WORLD_TEST (dhcp_answers_at_once_with_all_a_guest_needs),
    WORLD_TEST (a_secondary_port_is_not_told_of_a_way_out),
    WORLD_TEST (the_neighbour_entry_of_a_guest_stays_permanent_through_dhcp),
    WORLD_TEST (guests_of_a_second_subnet_get_that_subnets_gateway),
    WORLD_TEST (an_address_can_be_given_to_another_guest_at_once),
    WORLD_TEST (nobody_can_speak_to_dhcp_for_another_guest),
    WORLD_TEST (a_new_process_takes_over_the_dhcp_server),
    WORLD_TEST (a_dead_dhcp_server_is_replaced),
    WORLD_TEST (a_change_of_groups_alone_leaves_the_list_of_guests_alone),
    WORLD_TEST (metadata_knows_who_asks_in_vpcs_with_equal_ranges),
    WORLD_TEST (metadata_passes_method_headers_and_status_on),
    WORLD_TEST (metadata_refuses_proxies_and_other_methods),
    WORLD_TEST (one_guest_cannot_use_up_the_metadata_service),
    WORLD_TEST (a_client_that_goes_away_does_no_harm),
    WORLD_TEST (an_endless_body_is_not_kept),
    WORLD_TEST (the_namespace_itself_is_nobody_to_metadata),
    WORLD_TEST (other_services_of_the_namespace_are_closed),
    WORLD_TEST (a_guest_reaches_the_outside_as_the_host),
    WORLD_TEST (guests_of_equal_address_in_two_vpcs_go_out_side_by_side),
    WORLD_TEST (the_outside_cannot_come_in_through_the_host),
    WORLD_TEST (guests_do_not_reach_the_hosts_own_services),
    WORLD_TEST (guests_reach_a_name_server_of_theirs_on_the_host_itself),
    WORLD_TEST (a_vpc_without_nat_has_no_way_out),
    WORLD_TEST (the_hosts_own_metadata_is_out_of_reach),
  };

  world_need_private_host ();
  return cmocka_run_group_tests (tests, NULL, NULL);
}
