/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Real tests of anti-spoofing in IPv6: a guest sends what it must not, then an honest packet; only
 * the honest one may arrive, and the router's list of neighbours stays as it was. */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "client6.h"
#include "pair.h"

#define ONE "fd00:0:0:1::11"
#define TWO "fd00:0:0:1::12"

static const guint8 all_nodes_mac[6] = { 0x33, 0x33, 0, 0, 0, 1 };

static int
set_up (void **state)
{
  *state = pair_new (ONE, TWO, "fd00:0:0:1::/64");
  return 0;
}

static void
an_honest_packet_arrives (void **state)
{
  pair_assert_honest_arrive (*state);
}

static void
another_source_address_is_dropped (void **state)
{
  static const char *const sources[]
      = { TWO,       "fd00:0:0:1::99",        "fd00:0:0:1::",          "fd00::11",  "2001:db8::1",
          "fe80::1", "fe80::216:3eff:fe00:1", "fe80::216:3eff:fe00:2", "fe80::abc", "::",
          "::1",     "::ffff:10.0.0.11",      "::10.0.0.11",           "ff02::1",   "ff0e::1" };

  pair_assert_sources_dropped (*state, sources, G_N_ELEMENTS (sources));
}

static void
another_source_mac_is_dropped (void **state)
{
  pair_assert_macs_dropped (*state);
}

static void
frames_past_the_router_are_dropped (void **state)
{
  pair_assert_past_gateway_dropped (*state, all_nodes_mac);
}

static void
what_is_for_the_link_or_for_groups_goes_nowhere (void **state)
{
  static const char *const targets[]
      = { "ff02::1",         "ff01::1",  "ff05::1:3",  "ff0e::101",
          "ff02::1:ff00:12", "ff02::fb", "fe80::abcd", "fe80::216:3eff:fe00:2",
          "fe80::1" };

  for (guint i = 0; i < G_N_ELEMENTS (targets); i++)
    {
      FramePacket packet = pair_honest (*state, PAIR_BAD);

      packet.to = targets[i];
      pair_assert_packet_dropped (*state, &packet);
      packet.to_mac = all_nodes_mac;
      packet.from = "fe80::216:3eff:fe00:1";
      pair_assert_packet_dropped (*state, &packet);
    }
}

static void
vlans_are_dropped (void **state)
{
  pair_assert_vlans_dropped (*state);
}

/* A second dispenser of addresses, or one who pretends to be asked. */
static void
servers_of_addresses_are_not_heard (void **state)
{
  static const struct
  {
    const char *from, *to;
    guint16 from_port, to_port;
  } cases[] = {
    { ONE, TWO, 547, 546 },
    { "fe80::216:3eff:fe00:1", "fe80::216:3eff:fe00:2", 547, 546 },
    { "fe80::1", TWO, 547, 546 },
    { ONE, "ff02::1:2", 547, 547 },
    { "10.0.0.11", "10.0.0.12", 67, 68 },
    { "10.0.0.11", "255.255.255.255", 67, 68 },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      FramePacket packet = pair_honest (*state, PAIR_BAD);

      packet.from = cases[i].from;
      packet.to = cases[i].to;
      packet.from_port = cases[i].from_port;
      packet.to_port = cases[i].to_port;
      pair_assert_packet_dropped (*state, &packet);
    }
}

/* Neighbour discovery */

/* A solicitation, advertisement, … by hand. */
typedef struct
{
  guint8 type;
  const char *from, *to, *target; /* @target NULL for none */
  const guint8 *from_mac;
  guint8 option;            /* 0 for none */
  const guint8 *option_mac; /* in it */
  guint8 hop_limit;
  gboolean is_behind_option;
} Nd;

static Frame
nd_frame (const Nd *nd)
{
  guint8 body[64] = { nd->type }, group_mac[6];
  g_autofree char *group = client6_group (nd->target != NULL ? nd->target : "::", group_mac);
  FrameBody6 packet = { .to_mac = group_mac,
                        .from_mac = nd->from_mac,
                        .from = nd->from,
                        .to = nd->to != NULL ? nd->to : group,
                        .protocol = IPPROTO_ICMPV6,
                        .hop_limit = nd->hop_limit,
                        .body = body,
                        .length = 8,
                        .checksum_at = 2,
                        .is_behind_option = nd->is_behind_option };

  if (nd->target != NULL)
    {
      assert_int_equal (inet_pton (AF_INET6, nd->target, body + 8), 1);
      packet.length = 24;
    }
  /* An advertisement that overrides what was known. */
  if (nd->type == 136)
    body[4] = 0xe0;
  if (nd->type == 137)
    packet.length = 40;
  if (nd->type == 134)
    {
      body[6] = 7;
      packet.length = 16;
    }
  if (nd->option != 0)
    {
      body[packet.length] = nd->option;
      body[packet.length + 1] = 1;
      memcpy (body + packet.length + 2, nd->option_mac, 6);
      packet.length += 8;
    }
  if (nd->to != NULL && strncmp (nd->to, "ff", 2) != 0)
    packet.to_mac = frame_gateway_mac;
  return frame_body6 (&packet);
}

/* How often the router answered neighbour solicitations. */
static guint
count_answers (Pair *pair, const Nd *nd)
{
  Frame frame = nd_frame (nd);
  guint answers = 0;

  while (frame_receive (pair->from, &frame, 0))
    continue;
  frame = nd_frame (nd);
  frame_send (pair->from, &frame);
  while (frame_receive (pair->from, &frame, WORLD_NEVER_MS))
    answers
        += frame.bytes[12] == 0x86 && frame.bytes[20] == IPPROTO_ICMPV6 && frame.bytes[54] == 136;
  return answers;
}

static Nd
question (const char *from)
{
  return (Nd){ .type = 135,
               .from = from,
               .target = NETCTL_ROUTER6,
               .from_mac = pair_mac1,
               .option = 1,
               .option_mac = pair_mac1,
               .hop_limit = 255 };
}

static void
honest_questions_for_the_router_are_answered (void **state)
{
  static const char *const sources[] = { ONE, "fe80::216:3eff:fe00:1", "fe80::abc" };

  for (guint i = 0; i < G_N_ELEMENTS (sources); i++)
    {
      Nd nd = question (sources[i]);

      assert_int_equal (count_answers (*state, &nd), 1);
    }
}

/* It is the router's address: who tries whether it is free must hear that it is not. */
static void
nobody_can_take_the_routers_address (void **state)
{
  Nd nd = question ("::");

  nd.option = 0;
  assert_int_equal (count_answers (*state, &nd), 1);
}

static void
false_neighbour_discovery_changes_nothing (void **state)
{
  Pair *pair = *state;
  const Nd cases[] = {
    /* Sources that are another's, the router's or nobody's. */
    { 135, TWO, NULL, NETCTL_ROUTER6, pair_mac1, 1, pair_mac1, 255, FALSE },
    { 135, "fd00:0:0:1::99", NULL, NETCTL_ROUTER6, pair_mac1, 1, pair_mac1, 255, FALSE },
    { 135, "fe80::1", NULL, NETCTL_ROUTER6, pair_mac1, 1, pair_mac1, 255, FALSE },
    { 135, "2001:db8::1", NULL, NETCTL_ROUTER6, pair_mac1, 1, pair_mac1, 255, FALSE },
    /* Another's MAC address, outside or in the option. */
    { 135, ONE, NULL, NETCTL_ROUTER6, pair_mac2, 1, pair_mac1, 255, FALSE },
    { 135, ONE, NULL, NETCTL_ROUTER6, pair_mac1, 1, pair_mac2, 255, FALSE },
    { 135, "fe80::abc", NULL, NETCTL_ROUTER6, pair_mac1, 1, pair_mac2, 255, FALSE },
    { 135, "fe80::abc", NULL, NETCTL_ROUTER6, pair_mac1, 1, frame_broadcast, 255, FALSE },
    { 135, "fe80::abc", NULL, NETCTL_ROUTER6, pair_mac1, 2, pair_mac1, 255, FALSE },
    /* From beyond the link, and hidden behind another header. */
    { 135, "fe80::abc", NULL, NETCTL_ROUTER6, pair_mac1, 1, pair_mac1, 254, FALSE },
    { 135, "fe80::abc", NULL, NETCTL_ROUTER6, pair_mac1, 1, pair_mac1, 255, TRUE },
    /* Claims, to the router and to all. */
    { 136, ONE, NETCTL_ROUTER6, ONE, pair_mac1, 2, pair_mac2, 255, FALSE },
    { 136, ONE, NETCTL_ROUTER6, TWO, pair_mac1, 2, pair_mac1, 255, FALSE },
    { 136, "fe80::abc", "ff02::1", TWO, pair_mac1, 2, pair_mac1, 255, FALSE },
    { 136, "fe80::abc", "ff02::1", NETCTL_ROUTER6, pair_mac1, 2, pair_mac1, 255, FALSE },
    { 136, "fe80::1", "ff02::1", NETCTL_ROUTER6, pair_mac1, 2, pair_mac1, 255, FALSE },
    { 136, "fe80::abc", NETCTL_ROUTER6, "fe80::216:3eff:fe00:1", pair_mac1, 2, pair_mac2, 255,
      FALSE },
    { 136, ONE, TWO, NETCTL_ROUTER6, pair_mac1, 2, pair_mac1, 255, FALSE },
    /* Routers and redirects. */
    { 134, "fe80::abc", "ff02::1", NULL, pair_mac1, 1, pair_mac1, 255, FALSE },
    { 134, "fe80::1", "ff02::1", NULL, pair_mac1, 1, pair_mac1, 255, FALSE },
    { 134, "fe80::abc", TWO, NULL, pair_mac1, 1, pair_mac1, 255, FALSE },
    { 134, "fe80::abc", "ff02::1", NULL, pair_mac1, 1, pair_mac1, 255, TRUE },
    { 137, "fe80::1", ONE, TWO, pair_mac1, 2, pair_mac1, 255, FALSE },
    { 137, ONE, TWO, "fe80::abc", pair_mac1, 2, pair_mac1, 255, FALSE },
  };
  g_autofree char *neighbours = world_run ("ip -n ecs-v000001 -6 neigh");
  g_autofree char *before = world_fingerprint (pair->world), *after = NULL, *routes = NULL;
  g_autofree char *neighbours_after = NULL;

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      FramePacket packet = pair_honest (*state, PAIR_GOOD);
      Frame good = frame_packet (&packet), heard;

      if (count_answers (pair, &cases[i]) != 0)
        fail_msg ("case %u is answered", i);
      frame_send (pair->from, &good);
      do
        {
          assert_true (frame_receive (pair->to, &heard, WORLD_SOON_MS));
          if (heard.bytes[12] == 0x86 && heard.bytes[20] == IPPROTO_ICMPV6 && heard.bytes[54] >= 133
              && heard.bytes[54] <= 137 && memcmp (heard.bytes + 6, frame_gateway_mac, 6) != 0)
            fail_msg ("case %u is heard by the neighbour", i);
        }
      while (!frame_contains (&heard, PAIR_GOOD));
    }
  neighbours_after = world_run ("ip -n ecs-v000001 -6 neigh");
  assert_null (strstr (neighbours_after, "fe80::abc "));
  assert_null (strstr (neighbours_after, "::99 "));
  after = world_fingerprint (pair->world);
  world_assert_same (after, before);
  routes = world_run ("ip -n guest1 -6 route show proto ra");
  assert_string_equal (routes, "");
}

/* Also when it is put to the neighbour itself. */
static void
a_question_about_a_neighbour_is_answered_by_the_router_alone (void **state)
{
  Pair *pair = *state;
  FramePacket packet = pair_honest (*state, PAIR_GOOD);
  Frame good = frame_packet (&packet), heard;
  Nd nd = question (ONE);

  nd.to = nd.target = TWO;
  assert_int_equal (count_answers (pair, &nd), 1);
  frame_send (pair->from, &good);
  do
    {
      assert_true (frame_receive (pair->to, &heard, WORLD_SOON_MS));
      assert_false (heard.bytes[12] == 0x86 && heard.bytes[20] == IPPROTO_ICMPV6
                    && heard.bytes[54] == 135);
    }
  while (!frame_contains (&heard, PAIR_GOOD));
}

/* The kernel's table is one for all VPCs; a guest can make up addresses without end. */
static void
made_up_addresses_fill_no_table (void **state)
{
  Pair *pair = *state;
  g_autofree char *neighbours = NULL;
  guint count = 0;

  for (guint i = 0; i < 2000; i++)
    {
      g_autofree char *source = g_strdup_printf ("fe80::%x:1", i + 1);
      Nd nd = question (source);
      Frame frame = nd_frame (&nd);

      frame_send (pair->from, &frame);
    }
  neighbours = world_run ("ip -n ecs-v000001 -6 neigh");
  for (const char *at = neighbours; (at = strstr (at, ":1 dev et00000001")) != NULL; at++)
    count++;
  assert_in_range (count, 1, 60);
}

/* Who floods with ARP is cut off; a neighbour is not. */
static void
a_storm_of_arp_ends_at_the_tap (void **state)
{
  Pair *pair = *state;
  Frame frame = frame_arp (frame_broadcast, pair_mac1, 1, pair_mac1, "10.0.0.11", "10.0.0.77");
  Frame other = frame_arp (frame_broadcast, pair_mac2, 1, pair_mac2, "10.0.0.12", "10.0.0.77");
  gint64 start = g_get_monotonic_time (), taken_ms;
  guint answers = 0;

  for (guint i = 0; i < 2000; i++)
    frame_send (pair->from, &frame);
  taken_ms = (g_get_monotonic_time () - start) / 1000;
  frame_send (pair->to, &other);
  while (frame_receive (pair->from, &frame, WORLD_NEVER_MS))
    answers += frame.bytes[12] == 0x08 && frame.bytes[13] == 0x06 && frame.bytes[21] == 2;
  assert_in_range (answers, 1, 220 + (guint64) taken_ms / 5);
  do
    assert_true (frame_receive (pair->to, &frame, WORLD_SOON_MS));
  while (frame.bytes[12] != 0x08 || frame.bytes[13] != 0x06 || frame.bytes[21] != 2);
}

static void
a_second_address_is_the_ports_own_once_it_has_it (void **state)
{
  Pair *pair = *state;
  Guest *guest = g_ptr_array_index (pair->world->guests, 0);
  FramePacket packet = pair_honest (*state, PAIR_BAD);

  packet.from = "fd00:0:0:1::21";
  pair_assert_packet_dropped (pair, &packet);
  world_give6 (guest, "fd00:0:0:1::21");
  packet.payload = PAIR_GOOD;
  pair_assert_arrives (pair, &packet);
}

#define PAIR_TEST(name) cmocka_unit_test_setup_teardown (name, set_up, pair_tear_down)

int
main (void)
{
  const struct CMUnitTest tests[] = {
    PAIR_TEST (an_honest_packet_arrives),
    PAIR_TEST (another_source_address_is_dropped),
    PAIR_TEST (another_source_mac_is_dropped),
    PAIR_TEST (frames_past_the_router_are_dropped),
    PAIR_TEST (what_is_for_the_link_or_for_groups_goes_nowhere),
    PAIR_TEST (vlans_are_dropped),
    PAIR_TEST (servers_of_addresses_are_not_heard),
    PAIR_TEST (honest_questions_for_the_router_are_answered),
    PAIR_TEST (nobody_can_take_the_routers_address),
    PAIR_TEST (false_neighbour_discovery_changes_nothing),
    PAIR_TEST (a_question_about_a_neighbour_is_answered_by_the_router_alone),
    PAIR_TEST (made_up_addresses_fill_no_table),
    PAIR_TEST (a_storm_of_arp_ends_at_the_tap),
    PAIR_TEST (a_second_address_is_the_ports_own_once_it_has_it),
  };

  world_need_private_host ();
  return cmocka_run_group_tests (tests, NULL, NULL);
}
