/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Real tests of names: what the VPC's own name server knows, whom it asks, and for whom. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "dns-client.h"
#include "netctl-proc.h"
#include "world.h"

static NetctlVpc *
vpc_with_domain (World *world, guint32 index, gboolean nat)
{
  NetctlVpc *vpc = world_vpc (world, index, "10.0.0.0/24", nat);

  vpc->domain = g_strdup ("vpc.internal");
  assert_true (world->net->class->vpc_apply (world->net, vpc, NULL));
  world_group (world, index, 1);
  return vpc;
}

static int
set_up (void **state)
{
  World *world = world_new ();

  vpc_with_domain (world, 1, FALSE);
  *state = world;
  return 0;
}

static void
assert_answer (const Guest *guest, const char *name, guint16 type, const char *expected)
{
  dns_assert (guest->ns, name, type, expected);
}

static void
guests_know_each_other_by_name (void **state)
{
  Guest *one = world_guest (*state, 1, 1, "10.0.0.11", 1);

  world_guest (*state, 1, 2, "10.0.0.12", 1);
  assert_answer (one, "host2", DNS_A, "10.0.0.12");
  assert_answer (one, "HOST2.vpc.internal", DNS_A, "10.0.0.12");
  assert_answer (one, "12.0.0.10.in-addr.arpa", DNS_PTR, "host2.vpc.internal");
  assert_answer (one, "host2.vpc.internal", DNS_AAAA, "nothing");
}

static void
a_name_comes_with_its_port_and_goes_with_it (void **state)
{
  Guest *one = world_guest (*state, 1, 1, "10.0.0.11", 1), *two;

  assert_answer (one, "host2.vpc.internal", DNS_A, "no such name");
  two = world_guest (*state, 1, 2, "10.0.0.12", 1);
  assert_answer (one, "host2.vpc.internal", DNS_A, "10.0.0.12");
  world_detach (two);
  assert_answer (one, "host2.vpc.internal", DNS_A, "no such name");
  assert_answer (one, "12.0.0.10.in-addr.arpa", DNS_PTR, "no such name");
}

static void
a_secondary_port_has_no_name (void **state)
{
  World *world = *state;
  Guest *one = world_guest (world, 1, 1, "10.0.0.11", 1);
  Guest *two = world_guest (world, 1, 2, "10.0.0.12", 1);

  two->port->is_secondary = TRUE;
  assert_true (world->net->class->port_prepare (world->net, two->port, NULL));
  assert_answer (one, "host2.vpc.internal", DNS_A, "no such name");
}

/* Two VPCs with the same ranges and the same names. */
static void
names_stay_in_their_vpc (void **state)
{
  Guest *one = world_guest (*state, 1, 1, "10.0.0.11", 1), *other, *alone;

  vpc_with_domain (*state, 2, FALSE);
  other = world_guest (*state, 2, 2, "10.0.0.21", 1);
  alone = world_guest (*state, 2, 3, "10.0.0.23", 1);
  g_free (other->port->host_name);
  other->port->host_name = g_strdup ("host1");
  assert_true (
      ((World *) *state)->net->class->port_prepare (((World *) *state)->net, other->port, NULL));
  assert_answer (one, "host1", DNS_A, "10.0.0.11");
  assert_answer (other, "host1", DNS_A, "10.0.0.21");
  assert_answer (alone, "host1.vpc.internal", DNS_A, "10.0.0.21");
  assert_answer (one, "host3", DNS_A, "no such name");
  assert_answer (other, "11.0.0.10.in-addr.arpa", DNS_PTR, "no such name");
}

/* The host's own name is in its /etc/hosts on every machine. */
static void
without_a_way_out_what_is_not_known_is_refused_at_once (void **state)
{
  Guest *one = world_guest (*state, 1, 1, "10.0.0.11", 1);

  assert_answer (one, "www.example.com", DNS_A, "refused");
  assert_answer (one, "nobody", DNS_A, "no such name");
  assert_answer (one, "localhost", DNS_A, "no such name");
}

/* A name server where the world's configuration says that there is one. */
static int
open_upstream (World *world)
{
  world_outside (world);
  g_free (world_run ("ip -n outside addr add 192.0.2.53/32 dev eth0"));
  return world_udp ("outside", "192.0.2.53", 53);
}

static void
other_names_are_asked_outside_as_the_host (void **state)
{
  World *world = *state;
  g_autofree char *asker = NULL, *answer = NULL;
  int upstream = open_upstream (world), fd;
  Guest *guest;

  vpc_with_domain (world, 2, TRUE);
  guest = world_guest (world, 2, 1, "10.0.0.11", 1);
  fd = world_udp (guest->ns, "0.0.0.0", 0);
  dns_send (fd, "www.example.com", DNS_A);
  asker = dns_answer (upstream, "198.51.100.7", WORLD_SOON_MS);
  assert_string_equal (asker, "192.0.2.1");
  answer = dns_receive (fd, WORLD_SOON_MS);
  assert_string_equal (answer, "198.51.100.7");
  close (fd);
  close (upstream);
}

static void
the_vpcs_own_names_are_never_asked_outside (void **state)
{
  World *world = *state;
  int upstream = open_upstream (world);
  Guest *guest;

  vpc_with_domain (world, 2, TRUE);
  guest = world_guest (world, 2, 1, "10.0.0.11", 1);
  assert_answer (guest, "nobody.vpc.internal", DNS_A, "no such name");
  assert_answer (guest, "nobody", DNS_A, "no such name");
  assert_answer (guest, "99.0.0.10.in-addr.arpa", DNS_PTR, "no such name");
  assert_null (dns_answer (upstream, "198.51.100.7", WORLD_NEVER_MS));
  close (upstream);
}

static void
the_name_server_answers_by_tcp_as_well (void **state)
{
  Guest *guest = world_guest (*state, 1, 1, "10.0.0.11", 1);
  static const char question[] = "\0\x17nc\1\0\0\1\0\0\0\0\0\0\5host1\0\0\1\0\1";
  guint8 answer[64] = { 0 };
  int fd = world_connect (guest->ns, NETCTL_DNS_ADDRESS, 53, WORLD_SOON_MS);

  assert_true (fd >= 0);
  assert_int_equal (write (fd, question, sizeof question - 1), sizeof question - 1);
  assert_true (world_reads (fd, answer, 2 + 23 + 16, WORLD_SOON_MS));
  assert_memory_equal (answer + 2 + 23 + 12, "\x0a\0\0\x0b", 4);
  close (fd);
}

/* Twice as much as a tap may send in a second and then some: the rest is dropped, and a neighbour
 * is served meanwhile. */
static void
one_guest_cannot_drown_the_name_server (void **state)
{
  Guest *greedy = world_guest (*state, 1, 1, "10.0.0.11", 1);
  Guest *modest = world_guest (*state, 1, 2, "10.0.0.12", 1);
  int fd = world_udp (greedy->ns, "0.0.0.0", 0);
  g_autofree char *counted = NULL;
  gint64 start = g_get_monotonic_time (), taken_ms;
  guint64 heard = 0;
  const char *at;

  g_free (world_run ("ip netns exec ecs-v000001 nft add table inet probe"));
  g_free (world_run ("ip netns exec ecs-v000001 nft add chain inet probe c "
                     "{ type filter hook input priority 10 ; }"));
  g_free (world_run ("ip netns exec ecs-v000001 nft add rule inet probe c "
                     "iifname et00000001 udp dport 53 counter"));
  for (guint i = 0; i < 6000; i++)
    dns_send (fd, "host1", DNS_A);
  taken_ms = (g_get_monotonic_time () - start) / 1000;
  assert_answer (modest, "host1", DNS_A, "10.0.0.11");
  counted = world_run ("ip netns exec ecs-v000001 nft list chain inet probe c");
  at = strstr (counted, "packets ");
  assert_non_null (at);
  heard = g_ascii_strtoull (at + strlen ("packets "), NULL, 10);
  assert_in_range (heard, 2000, 2100 + 2 * (guint64) taken_ms);
  close (fd);
}

static int
only_server (World *world)
{
  g_autofree char *mark = g_strdup_printf ("--addn-hosts=%s/", world->run_dir);
  g_autoptr (GArray) servers = netctl_proc_find ("dnsmasq", mark);

  assert_int_equal (servers->len, 1);
  return g_array_index (servers, int, 0);
}

static void
a_new_process_takes_over_the_name_server (void **state)
{
  World *world = *state;
  Guest *one = world_guest (world, 1, 1, "10.0.0.11", 1);
  int before = only_server (world);

  world_stop (world);
  assert_answer (one, "host1", DNS_A, "10.0.0.11");
  world_start (world);
  assert_int_equal (only_server (world), before);
  world_guest (world, 1, 2, "10.0.0.12", 1);
  assert_answer (one, "host2", DNS_A, "10.0.0.12");
  assert_int_equal (only_server (world), before);
}

static void
a_dead_name_server_is_replaced (void **state)
{
  World *world = *state;
  Guest *guest = world_guest (world, 1, 1, "10.0.0.11", 1);

  assert_true (netctl_proc_end (only_server (world), "dnsmasq", "--addn-hosts=", NULL));
  assert_true (world->net->class->port_prepare (world->net, guest->port, NULL));
  assert_answer (guest, "host1", DNS_A, "10.0.0.11");
}

#define WORLD_TEST(name) cmocka_unit_test_setup_teardown (name, set_up, world_tear_down)

int
main (void)
{
  const struct CMUnitTest tests[] = {
    WORLD_TEST (guests_know_each_other_by_name),
    WORLD_TEST (a_name_comes_with_its_port_and_goes_with_it),
    WORLD_TEST (a_secondary_port_has_no_name),
    WORLD_TEST (names_stay_in_their_vpc),
    WORLD_TEST (without_a_way_out_what_is_not_known_is_refused_at_once),
    WORLD_TEST (other_names_are_asked_outside_as_the_host),
    WORLD_TEST (the_vpcs_own_names_are_never_asked_outside),
    WORLD_TEST (the_name_server_answers_by_tcp_as_well),
    WORLD_TEST (one_guest_cannot_drown_the_name_server),
    WORLD_TEST (a_new_process_takes_over_the_name_server),
    WORLD_TEST (a_dead_name_server_is_replaced),
  };

  world_need_private_host ();
  return cmocka_run_group_tests (tests, NULL, NULL);
}
