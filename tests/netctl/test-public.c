/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Real tests of public addresses: who is reached and who is seen, from a namespace that plays the
 * world outside and from guests. */
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "netctl-plan.h"
#include "records.h"
#include "world.h"

#define OUTSIDE "192.0.2.2"
#define EIP "192.0.2.101"
#define OTHER_EIP "192.0.2.102"
#define THIRD_EIP "192.0.2.103"

static int
set_up (void **state)
{
  World *world = world_new_outside ();

  world_vpc (world, 1, "10.0.0.0/24", FALSE);
  world_group (world, 1, 1);
  world_group (world, 1, 2);
  *state = world;
  return 0;
}

/* Opens TCP @port of group @at to everybody. */
static void
open_group (World *world, guint at, int port)
{
  NetctlGroup *group = g_ptr_array_index (world->plan->groups, at);

  world_rule (group, NETCTL_INGRESS, TRUE, 1, IPPROTO_TCP, port, port, "0.0.0.0/0");
  world_apply_group (world, group);
}

/* A connection, both ends. */
typedef struct
{
  int listener, client, server;
} Stream;

/* @bound is where the server listens, @address how the client calls it. */
static Stream
stream_open (const char *client_ns, const char *server_ns, const char *bound, guint16 bound_port,
             const char *address, guint16 port)
{
  Stream stream;

  stream.listener = world_listen (server_ns, bound, bound_port);
  stream.client = world_connect (client_ns, address, port, WORLD_SOON_MS);
  assert_true (stream.client >= 0);
  stream.server = world_accept (stream.listener, WORLD_SOON_MS);
  assert_true (stream.server >= 0);
  assert_true (world_passes (stream.client, stream.server, "hello", WORLD_SOON_MS));
  return stream;
}

static void
stream_close (Stream *stream)
{
  close (stream->client);
  close (stream->server);
  close (stream->listener);
}

/* The server sees @peer when @client_ns calls it. */
static void
assert_seen_as (const char *peer, const char *client_ns, const char *server_ns, const char *bound,
                const char *address)
{
  Stream stream = stream_open (client_ns, server_ns, bound, 80, address, 80);
  g_autofree char *seen = world_peer (stream.server);

  assert_string_equal (seen, peer);
  stream_close (&stream);
}

static gboolean
is_dead (const Stream *stream)
{
  return !world_passes (stream->client, stream->server, "on", WORLD_NEVER_MS)
         && !world_passes (stream->server, stream->client, "back", WORLD_NEVER_MS);
}

static void
an_elastic_address_leads_in_and_out (void **state)
{
  World *world = *state;
  Guest *guest = world_guest (world, 1, 1, "10.0.0.11", 1);

  open_group (world, 0, 80);
  record_eip (world_vpc_at (world, 0), EIP, guest->address);
  world_apply_vpc (world, world_vpc_at (world, 0));
  assert_seen_as (OUTSIDE, "outside", guest->ns, guest->address, EIP);
  assert_seen_as (EIP, guest->ns, "outside", OUTSIDE, OUTSIDE);
}

static void
a_group_is_closed_for_the_outside_until_a_rule_opens_it (void **state)
{
  World *world = *state;
  Guest *guest = world_guest (world, 1, 1, "10.0.0.11", 1);
  int a = world_listen (guest->ns, guest->address, 80);
  int b = world_listen (guest->ns, guest->address, 81);

  record_eip (world_vpc_at (world, 0), EIP, guest->address);
  world_apply_vpc (world, world_vpc_at (world, 0));
  assert_true (world_is_kept_out ("outside", EIP, 80));
  assert_false (world_pings ("outside", EIP, WORLD_NEVER_MS));
  open_group (world, 0, 80);
  assert_true (world_reaches ("outside", EIP, 80));
  assert_true (world_is_kept_out ("outside", EIP, 81));
  close (a);
  close (b);
}

static void
a_rule_of_the_address_outside_holds (void **state)
{
  World *world = *state;
  NetctlGroup *group = g_ptr_array_index (world->plan->groups, 0);
  Guest *guest = world_guest (world, 1, 1, "10.0.0.11", 1);
  int listener = world_listen (guest->ns, guest->address, 80);

  record_eip (world_vpc_at (world, 0), EIP, guest->address);
  world_apply_vpc (world, world_vpc_at (world, 0));
  world_rule (group, NETCTL_INGRESS, TRUE, 1, IPPROTO_TCP, 80, 80, OUTSIDE);
  world_rule (group, NETCTL_INGRESS, TRUE, 1, IPPROTO_ICMP, -1, -1, OUTSIDE);
  world_apply_group (world, group);
  assert_true (world_reaches ("outside", EIP, 80));
  assert_true (world_pings ("outside", EIP, WORLD_SOON_MS));
  assert_true (world_is_kept_out ("", EIP, 80));
  close (listener);
}

static void
guests_reach_each_other_and_themselves_by_public_addresses (void **state)
{
  World *world = *state;
  Guest *one = world_guest (world, 1, 1, "10.0.0.11", 1);
  Guest *two = world_guest (world, 1, 2, "10.0.0.12", 1);

  record_eip (world_vpc_at (world, 0), EIP, one->address);
  record_public (world_vpc_at (world, 0), OTHER_EIP);
  record_forward (world_vpc_at (world, 0), OTHER_EIP, "tcp 80 80", two->address);
  world_apply_vpc (world, world_vpc_at (world, 0));
  assert_seen_as ("10.0.0.12", two->ns, one->ns, one->address, EIP);
  assert_seen_as (EIP, one->ns, one->ns, one->address, EIP);
  assert_seen_as (OTHER_EIP, two->ns, two->ns, two->address, OTHER_EIP);
  assert_seen_as ("10.0.0.11", one->ns, two->ns, two->address, OTHER_EIP);
}

static void
another_vpc_with_equal_ranges_reaches_public_addresses_only (void **state)
{
  World *world = *state;
  Guest *server = world_guest (world, 1, 1, "10.0.0.11", 1), *stranger;
  int listener = world_listen (server->ns, server->address, 81);

  world_vpc (world, 2, "10.0.0.0/24", TRUE);
  world_group (world, 2, 3);
  stranger = world_guest (world, 2, 2, "10.0.0.12", 3);
  open_group (world, 0, 80);
  record_eip (world_vpc_at (world, 0), EIP, server->address);
  world_apply_vpc (world, world_vpc_at (world, 0));
  /* First under the host's address, then under its own. */
  assert_seen_as ("100.64.0.1", stranger->ns, server->ns, server->address, EIP);
  record_eip (world_vpc_at (world, 1), OTHER_EIP, stranger->address);
  world_apply_vpc (world, world_vpc_at (world, 1));
  assert_seen_as (OTHER_EIP, stranger->ns, server->ns, server->address, EIP);
  assert_true (world_is_kept_out (stranger->ns, EIP, 81));
  assert_true (world_is_kept_out (stranger->ns, server->address, 80));
  assert_true (world_is_kept_out (stranger->ns, "100.64.0.3", 80));
  close (listener);
}

static void
without_nat_only_those_with_an_address_get_out (void **state)
{
  World *world = *state;
  Guest *own = world_guest (world, 1, 1, "10.0.0.11", 1);
  Guest *shared = world_guest (world, 1, 2, "10.0.0.12", 1);
  Guest *none = world_guest (world, 1, 3, "10.0.0.200", 1);
  int listener;

  record_eip (world_vpc_at (world, 0), EIP, own->address);
  record_public (world_vpc_at (world, 0), OTHER_EIP);
  record_snat (world_vpc_at (world, 0), "10.0.0.0/25", OTHER_EIP);
  world_apply_vpc (world, world_vpc_at (world, 0));
  assert_seen_as (EIP, own->ns, "outside", OUTSIDE, OUTSIDE);
  assert_seen_as (OTHER_EIP, shared->ns, "outside", OUTSIDE, OUTSIDE);
  listener = world_listen ("outside", OUTSIDE, 80);
  assert_true (world_is_kept_out (none->ns, OUTSIDE, 80));
  assert_true (world_is_kept_out ("outside", OTHER_EIP, 80));
  close (listener);
}

static void
the_longest_source_wins (void **state)
{
  World *world = *state;
  NetctlVpc *vpc = world_vpc_at (world, 0);
  Guest *wide = world_guest (world, 1, 1, "10.0.0.11", 1);
  Guest *narrow = world_guest (world, 1, 2, "10.0.0.130", 1);
  Guest *single = world_guest (world, 1, 3, "10.0.0.140", 1);

  vpc->nat = TRUE;
  record_public (vpc, EIP);
  record_public (vpc, OTHER_EIP);
  record_public (vpc, THIRD_EIP);
  record_snat (vpc, "10.0.0.128/25", OTHER_EIP);
  record_snat (vpc, "10.0.0.0/16", EIP);
  record_snat (vpc, "10.0.0.140", THIRD_EIP);
  world_apply_vpc (world, vpc);
  assert_seen_as (EIP, wide->ns, "outside", OUTSIDE, OUTSIDE);
  assert_seen_as (OTHER_EIP, narrow->ns, "outside", OUTSIDE, OUTSIDE);
  assert_seen_as (THIRD_EIP, single->ns, "outside", OUTSIDE, OUTSIDE);
  /* Without them the host's address is left. */
  g_array_set_size (vpc->snats, 0);
  world_apply_vpc (world, vpc);
  assert_seen_as ("192.0.2.1", wide->ns, "outside", OUTSIDE, OUTSIDE);
}

static void
forward_entries_lead_to_their_ports_alone (void **state)
{
  World *world = *state;
  NetctlVpc *vpc = world_vpc_at (world, 0);
  NetctlGroup *group = g_ptr_array_index (world->plan->groups, 0);
  Guest *one = world_guest (world, 1, 1, "10.0.0.11", 1);
  Guest *two = world_guest (world, 1, 2, "10.0.0.12", 1);
  Stream streams[4];

  world_rule (group, NETCTL_INGRESS, TRUE, 1, IPPROTO_TCP, -1, -1, "0.0.0.0/0");
  world_apply_group (world, group);
  record_public (vpc, EIP);
  record_public (vpc, OTHER_EIP);
  record_forward (vpc, EIP, "tcp 8080 80", one->address);
  record_forward (vpc, EIP, "tcp 1000-1010 1000-1010", two->address);
  record_forward (vpc, EIP, "tcp 2000-2010 3000-3010", two->address);
  record_forward (vpc, OTHER_EIP, "all - -", two->address);
  record_forward (vpc, OTHER_EIP, "tcp 22 22", one->address);
  world_apply_vpc (world, vpc);
  streams[0] = stream_open ("outside", one->ns, one->address, 80, EIP, 8080);
  streams[1] = stream_open ("outside", two->ns, two->address, 1007, EIP, 1007);
  streams[2] = stream_open ("outside", two->ns, two->address, 3010, EIP, 2010);
  streams[3] = stream_open ("outside", two->ns, two->address, 4444, OTHER_EIP, 4444);
  assert_true (world_is_kept_out ("outside", EIP, 80));
  for (guint i = 0; i < G_N_ELEMENTS (streams); i++)
    stream_close (&streams[i]);
  streams[0] = stream_open ("outside", one->ns, one->address, 22, OTHER_EIP, 22);
  stream_close (&streams[0]);
  /* Who answers for all of an address speaks under it too. */
  assert_seen_as (OTHER_EIP, two->ns, "outside", OUTSIDE, OUTSIDE);
}

static void
taking_an_address_away_ends_its_flows_and_no_others (void **state)
{
  World *world = *state;
  NetctlVpc *vpc = world_vpc_at (world, 0);
  Guest *one = world_guest (world, 1, 1, "10.0.0.11", 1);
  Guest *two = world_guest (world, 1, 2, "10.0.0.12", 1);
  Stream in, out, host, kept, forwarded, inner;

  vpc->nat = TRUE;
  world_apply_vpc (world, vpc);
  host = stream_open (one->ns, "outside", OUTSIDE, 83, OUTSIDE, 83);
  open_group (world, 0, 80);
  record_eip (vpc, OTHER_EIP, two->address);
  record_public (vpc, THIRD_EIP);
  record_forward (vpc, THIRD_EIP, "tcp 8080 80", one->address);
  record_eip (vpc, EIP, one->address);
  world_apply_vpc (world, vpc);
  in = stream_open ("outside", one->ns, one->address, 80, EIP, 80);
  close (in.listener);
  out = stream_open (one->ns, "outside", OUTSIDE, 81, OUTSIDE, 81);
  kept = stream_open (two->ns, "outside", OUTSIDE, 82, OUTSIDE, 82);
  forwarded = stream_open ("outside", one->ns, one->address, 80, THIRD_EIP, 8080);
  inner = stream_open (two->ns, one->ns, one->address, 84, one->address, 84);
  g_array_set_size (vpc->eips, 1);
  g_array_set_size (vpc->publics, 2);
  world_apply_vpc (world, vpc);
  assert_true (is_dead (&in));
  assert_true (is_dead (&out));
  assert_true (world_passes (kept.client, kept.server, "on", WORLD_SOON_MS));
  assert_true (world_passes (inner.client, inner.server, "on", WORLD_SOON_MS));
  assert_true (world_passes (forwarded.server, forwarded.client, "on", WORLD_SOON_MS));
  assert_true (world_passes (host.client, host.server, "on", WORLD_SOON_MS));
  g_array_set_size (vpc->forwards, 0);
  world_apply_vpc (world, vpc);
  assert_true (is_dead (&forwarded));
  assert_true (world_passes (kept.server, kept.client, "on", WORLD_SOON_MS));
  /* The host's address is everybody's way until it is nobody's. */
  vpc->nat = FALSE;
  world_apply_vpc (world, vpc);
  assert_true (is_dead (&host));
  assert_true (world_passes (kept.server, kept.client, "on", WORLD_SOON_MS));
  close (in.client);
  close (in.server);
  stream_close (&out);
  stream_close (&kept);
  stream_close (&forwarded);
  stream_close (&inner);
  stream_close (&host);
}

static void
rules_that_change_spare_translated_flows_they_allow (void **state)
{
  World *world = *state;
  NetctlGroup *group = g_ptr_array_index (world->plan->groups, 0);
  Guest *guest = world_guest (world, 1, 1, "10.0.0.11", 1);
  Stream kept, revoked, out;

  open_group (world, 0, 81);
  open_group (world, 0, 80);
  record_eip (world_vpc_at (world, 0), EIP, guest->address);
  world_apply_vpc (world, world_vpc_at (world, 0));
  kept = stream_open ("outside", guest->ns, guest->address, 80, EIP, 80);
  revoked = stream_open ("outside", guest->ns, guest->address, 81, EIP, 81);
  out = stream_open (guest->ns, "outside", OUTSIDE, 82, OUTSIDE, 82);
  g_array_remove_index (group->rules, 0);
  world_apply_group (world, group);
  assert_true (world_passes (kept.client, kept.server, "on", WORLD_SOON_MS));
  assert_true (world_passes (kept.server, kept.client, "on", WORLD_SOON_MS));
  assert_true (world_passes (out.server, out.client, "on", WORLD_SOON_MS));
  assert_true (is_dead (&revoked));
  stream_close (&kept);
  stream_close (&revoked);
  stream_close (&out);
}

static void
a_restart_keeps_flows_under_public_addresses (void **state)
{
  World *world = *state;
  Guest *guest = world_guest (world, 1, 1, "10.0.0.11", 1);
  g_autofree char *before = NULL, *after = NULL;
  Stream in, out;

  open_group (world, 0, 80);
  record_eip (world_vpc_at (world, 0), EIP, guest->address);
  world_apply_vpc (world, world_vpc_at (world, 0));
  in = stream_open ("outside", guest->ns, guest->address, 80, EIP, 80);
  out = stream_open (guest->ns, "outside", OUTSIDE, 82, OUTSIDE, 82);
  before = world_fingerprint (world);
  world_stop (world);
  assert_true (world_passes (in.client, in.server, "on", WORLD_SOON_MS));
  world_start (world);
  after = world_fingerprint (world);
  assert_true (world_passes (in.server, in.client, "on", WORLD_SOON_MS));
  assert_true (world_passes (out.client, out.server, "on", WORLD_SOON_MS));
  world_assert_same (after, before);
  stream_close (&in);
  stream_close (&out);
}

static void
nobody_speaks_under_a_public_address_by_himself (void **state)
{
  World *world = *state;
  Guest *guest = world_guest (world, 1, 1, "10.0.0.11", 1);
  int ear = world_udp ("outside", OUTSIDE, 9), mouth = world_udp (guest->ns, guest->address, 4000);

  record_eip (world_vpc_at (world, 0), EIP, guest->address);
  record_public (world_vpc_at (world, 0), OTHER_EIP);
  world_apply_vpc (world, world_vpc_at (world, 0));
  assert_true (world_sends (mouth, OUTSIDE, 9, ear, WORLD_SOON_MS));
  assert_false (world_speaks_as (guest, EIP, OUTSIDE, 9, ear, WORLD_NEVER_MS));
  assert_false (world_speaks_as (guest, OTHER_EIP, OUTSIDE, 9, ear, WORLD_NEVER_MS));
  assert_false (world_speaks_as (guest, "192.0.2.50", OUTSIDE, 9, ear, WORLD_NEVER_MS));
  close (ear);
  close (mouth);
}

static void
nobody_outside_speaks_under_an_address_of_ours (void **state)
{
  World *world = *state;
  static const char *const ours[] = { OTHER_EIP, "100.64.0.3" };
  Guest *guest = world_guest (world, 1, 1, "10.0.0.11", 1);
  int ear = world_udp (guest->ns, guest->address, 9), mouth = world_udp ("outside", OUTSIDE, 4000);

  world_rule (g_ptr_array_index (world->plan->groups, 0), NETCTL_INGRESS, TRUE, 1, -1, -1, -1,
              "0.0.0.0/0");
  world_apply_group (world, g_ptr_array_index (world->plan->groups, 0));
  record_eip (world_vpc_at (world, 0), EIP, guest->address);
  record_public (world_vpc_at (world, 0), OTHER_EIP);
  world_apply_vpc (world, world_vpc_at (world, 0));
  assert_true (world_sends (mouth, EIP, 9, ear, WORLD_SOON_MS));
  close (mouth);
  for (guint i = 0; i < G_N_ELEMENTS (ours); i++)
    {
      g_free (world_run ("ip -n outside addr add %s/32 dev lo", ours[i]));
      mouth = world_udp ("outside", ours[i], 4000);
      assert_false (world_sends (mouth, EIP, 9, ear, WORLD_NEVER_MS));
      close (mouth);
    }
  close (ear);
}

static void
the_host_reaches_public_addresses_and_is_not_reached (void **state)
{
  World *world = *state;
  Guest *guest = world_guest (world, 1, 1, "10.0.0.11", 1);
  int listener = world_listen ("", "0.0.0.0", 81);

  open_group (world, 0, 80);
  record_eip (world_vpc_at (world, 0), EIP, guest->address);
  world_apply_vpc (world, world_vpc_at (world, 0));
  assert_seen_as ("100.64.0.1", "", guest->ns, guest->address, EIP);
  assert_true (world_is_kept_out (guest->ns, "192.0.2.1", 81));
  assert_true (world_is_kept_out (guest->ns, "100.64.0.1", 81));
  close (listener);
}

static void
an_address_moves_between_vpcs_in_either_order (void **state)
{
  World *world = *state;
  Guest *here = world_guest (world, 1, 1, "10.0.0.11", 1), *there;
  const NetctlClass *class = world->net->class;
  g_autoptr (GError) error = NULL;

  world_vpc (world, 2, "10.0.0.0/24", FALSE);
  world_group (world, 2, 3);
  there = world_guest (world, 2, 2, "10.0.0.12", 3);
  open_group (world, 0, 80);
  open_group (world, 2, 80);
  record_eip (world_vpc_at (world, 0), EIP, here->address);
  world_apply_vpc (world, world_vpc_at (world, 0));
  assert_seen_as (OUTSIDE, "outside", here->ns, here->address, EIP);
  /* Too early for the second. */
  record_eip (world_vpc_at (world, 1), EIP, there->address);
  assert_false (class->vpc_apply (world->net, world_vpc_at (world, 1), &error));
  assert_true (g_error_matches (error, NETCTL_ERROR, NETCTL_ERROR_BUSY));
  assert_seen_as (OUTSIDE, "outside", here->ns, here->address, EIP);
  g_array_set_size (world_vpc_at (world, 0)->eips, 0);
  g_array_set_size (world_vpc_at (world, 0)->publics, 0);
  world_apply_vpc (world, world_vpc_at (world, 0));
  world_apply_vpc (world, world_vpc_at (world, 1));
  assert_seen_as (OUTSIDE, "outside", there->ns, there->address, EIP);
  /* And back, the old owner first. */
  g_array_set_size (world_vpc_at (world, 1)->eips, 0);
  g_array_set_size (world_vpc_at (world, 1)->publics, 0);
  record_eip (world_vpc_at (world, 0), EIP, here->address);
  world_apply_vpc (world, world_vpc_at (world, 1));
  world_apply_vpc (world, world_vpc_at (world, 0));
  assert_seen_as (OUTSIDE, "outside", here->ns, here->address, EIP);
  /* One reconcile moves it as well. */
  g_array_set_size (world_vpc_at (world, 0)->eips, 0);
  g_array_set_size (world_vpc_at (world, 0)->publics, 0);
  record_eip (world_vpc_at (world, 1), EIP, there->address);
  assert_true (class->reconcile (world->net, world->plan, NULL));
  assert_seen_as (OUTSIDE, "outside", there->ns, there->address, EIP);
}

static void
two_vpcs_of_a_plan_do_not_share_an_address (void **state)
{
  World *world = *state;
  Guest *here = world_guest (world, 1, 1, "10.0.0.11", 1);
  g_autoptr (GError) error = NULL;

  world_vpc (world, 2, "10.0.0.0/24", FALSE);
  open_group (world, 0, 80);
  record_eip (world_vpc_at (world, 0), EIP, here->address);
  record_public (world_vpc_at (world, 1), EIP);
  assert_false (world->net->class->reconcile (world->net, world->plan, &error));
  assert_true (g_error_matches (error, NETCTL_ERROR, NETCTL_ERROR_BUSY));
  assert_seen_as (OUTSIDE, "outside", here->ns, here->address, EIP);
}

static void
addresses_come_and_go_without_a_trace (void **state)
{
  World *world = *state;
  NetctlVpc *vpc = world_vpc_at (world, 0);
  Guest *guest = world_guest (world, 1, 1, "10.0.0.11", 1);
  g_autofree char *before = world_fingerprint (world), *between = NULL, *after = NULL;

  record_eip (vpc, EIP, guest->address);
  record_public (vpc, OTHER_EIP);
  record_snat (vpc, "10.0.0.0/24", OTHER_EIP);
  record_snat (vpc, "10.0.0.128/25", EIP);
  record_forward (vpc, OTHER_EIP, "udp 10-20 30-40", guest->address);
  record_forward (vpc, OTHER_EIP, "tcp 10-20 10-20", guest->address);
  for (guint i = 0; i < 2; i++)
    world_apply_vpc (world, vpc);
  between = world_fingerprint (world);
  assert_non_null (strstr (between, "proxy: " EIP " dev uplink0"));
  assert_non_null (strstr (between, "route: " EIP " via 100.64.0.3 dev eu000001"));
  g_array_set_size (vpc->forwards, 0);
  g_array_remove_index (vpc->snats, 1);
  world_apply_vpc (world, vpc);
  g_array_set_size (vpc->snats, 0);
  g_array_set_size (vpc->eips, 0);
  g_array_set_size (vpc->publics, 0);
  world_apply_vpc (world, vpc);
  after = world_fingerprint (world);
  world_assert_same (after, before);
}

static void
what_others_did_to_public_addresses_is_mended (void **state)
{
  World *world = *state;
  Guest *guest = world_guest (world, 1, 1, "10.0.0.11", 1);
  g_autofree char *before = NULL, *after = NULL;

  record_eip (world_vpc_at (world, 0), EIP, guest->address);
  world_apply_vpc (world, world_vpc_at (world, 0));
  before = world_fingerprint (world);
  g_free (world_run ("ip route del " EIP));
  g_free (world_run ("ip neigh del proxy " EIP " dev uplink0"));
  g_free (world_run ("ip route add 192.0.2.77 via 100.64.0.3 dev eu000001 onlink proto 236"));
  g_free (world_run ("ip neigh add proxy 192.0.2.77 dev uplink0 protocol 236"));
  g_free (world_run ("ip netns exec ecs-v000001 nft flush map inet ecs eip_in"));
  assert_true (world->net->class->reconcile (world->net, world->plan, NULL));
  after = world_fingerprint (world);
  world_assert_same (after, before);
}

/* A record of any kind of way at random; one that makes no sense together is drawn again. */
static void
draw_vpc (NetctlVpc *vpc, GRand *random)
{
  GArray *const arrays[] = { vpc->routes, vpc->publics, vpc->eips, vpc->snats, vpc->forwards };

  do
    {
      for (guint i = 0; i < G_N_ELEMENTS (arrays); i++)
        g_array_set_size (arrays[i], 0);
      vpc->nat = g_rand_boolean (random);
      for (int i = g_rand_int_range (random, 0, 6); i > 0; i--)
        {
          g_autofree char *public_address = g_strdup_printf ("192.0.2.%d", 100 + i);
          g_autofree char *inner = g_strdup_printf ("10.0.0.%d", g_rand_int_range (random, 11, 15));
          g_autofree char *source = g_strdup_printf (
              "10.0.0.%d/%d", g_rand_int_range (random, 0, 256), g_rand_int_range (random, 8, 33));
          g_autofree char *range = g_strdup_printf ("172.16.%d.0/%d", i, 12 + 3 * i);
          int first = g_rand_int_range (random, 1, 50);
          g_autofree char *ports = g_strdup_printf ("tcp %d-%d %d-%d", first, first + i,
                                                    first + i % 2, first + i + i % 2);

          record_public (vpc, public_address);
          if (g_rand_boolean (random))
            {
              g_array_set_size (vpc->publics, vpc->publics->len - 1);
              record_eip (vpc, public_address, inner);
            }
          else
            record_forward (vpc, public_address, g_rand_boolean (random) ? ports : "all - -",
                            inner);
          record_snat (vpc, source, public_address);
          if (g_rand_boolean (random))
            record_route (vpc, i == 1 ? "0.0.0.0/0" : range, inner);
          g_array_index (vpc->publics, NetctlPublic, vpc->publics->len - 1).kbit_s_in
              = (guint32) g_rand_int_range (random, 0, 3) * 1000;
          g_array_index (vpc->publics, NetctlPublic, vpc->publics->len - 1).kbit_s_out
              = (guint32) g_rand_int_range (random, 0, 3) * 1000;
        }
    }
  while (!netctl_vpc_check (vpc, NULL));
}

static void
whatever_changes_the_kernel_has_what_the_plan_says (void **state)
{
  World *world = *state;
  const NetctlClass *class = world->net->class;
  const char *given = g_getenv ("NETCTL_SEED");
  guint32 seed = given != NULL ? (guint32) g_ascii_strtoull (given, NULL, 10) : g_random_int ();
  g_autoptr (GRand) random = g_rand_new_with_seed (seed);

  print_message ("# NETCTL_SEED=%u\n", seed);
  world_guest (world, 1, 1, "10.0.0.11", 1);
  world_guest (world, 1, 2, "10.0.0.12", 2);
  for (guint round = 0; round < 25; round++)
    {
      NetctlPort *port = g_ptr_array_index (world->plan->ports, round % 2);
      g_autofree char *planned = NULL, *actual = NULL;

      draw_vpc (world_vpc_at (world, 0), random);
      world_apply_vpc (world, world_vpc_at (world, 0));
      port->kbit_s_in = (guint32) g_rand_int_range (random, 0, 3) * 1000;
      port->kbit_s_out = (guint32) g_rand_int_range (random, 0, 3) * 1000;
      assert_true (class->port_attach (world->net, port, NULL));
      assert_true (class->print_plan (world->net, world->plan, &planned, NULL));
      assert_true (class->print_kernel (world->net, &actual, NULL));
      world_assert_same (actual, planned);
    }
}

#define WORLD_TEST(name) cmocka_unit_test_setup_teardown (name, set_up, world_tear_down)

int
main (void)
{
  const struct CMUnitTest tests[] = {
    WORLD_TEST (an_elastic_address_leads_in_and_out),
    WORLD_TEST (a_group_is_closed_for_the_outside_until_a_rule_opens_it),
    WORLD_TEST (a_rule_of_the_address_outside_holds),
    WORLD_TEST (guests_reach_each_other_and_themselves_by_public_addresses),
    WORLD_TEST (another_vpc_with_equal_ranges_reaches_public_addresses_only),
    WORLD_TEST (without_nat_only_those_with_an_address_get_out),
    WORLD_TEST (the_longest_source_wins),
    WORLD_TEST (forward_entries_lead_to_their_ports_alone),
    WORLD_TEST (taking_an_address_away_ends_its_flows_and_no_others),
    WORLD_TEST (rules_that_change_spare_translated_flows_they_allow),
    WORLD_TEST (a_restart_keeps_flows_under_public_addresses),
    WORLD_TEST (nobody_speaks_under_a_public_address_by_himself),
    WORLD_TEST (nobody_outside_speaks_under_an_address_of_ours),
    WORLD_TEST (the_host_reaches_public_addresses_and_is_not_reached),
    WORLD_TEST (an_address_moves_between_vpcs_in_either_order),
    WORLD_TEST (two_vpcs_of_a_plan_do_not_share_an_address),
    WORLD_TEST (addresses_come_and_go_without_a_trace),
    WORLD_TEST (whatever_changes_the_kernel_has_what_the_plan_says),
    WORLD_TEST (what_others_did_to_public_addresses_is_mended),
  };

  world_need_private_host ();
  return cmocka_run_group_tests (tests, NULL, NULL);
}
