/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Real tests of anti-spoofing: a guest sends what it must not, then an honest packet; only the
 * honest one may arrive. */
#include <linux/if_ether.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "frames.h"
#include "world.h"

#define BAD "a false packet"
#define GOOD "an honest packet"

static const guint8 mac1[6] = { 0x00, 0x16, 0x3e, 0, 0, 1 };
static const guint8 mac2[6] = { 0x00, 0x16, 0x3e, 0, 0, 2 };
static const guint8 other_mac[6] = { 0x00, 0x16, 0x3e, 0, 0, 9 };

/* Two guests of one group: .11 sends from @from, .12 hears at @to. */
typedef struct
{
  World *world;
  int from, to;
} Pair;

static int
set_up (void **state)
{
  Pair *pair = g_new0 (Pair, 1);

  pair->world = world_new ();
  world_vpc (pair->world, 1, "10.0.0.0/24", FALSE);
  world_group (pair->world, 1, 1);
  world_guest (pair->world, 1, 1, "10.0.0.11", 1);
  world_guest (pair->world, 1, 2, "10.0.0.12", 1);
  pair->from = world_packet ("guest0", "eth0", ETH_P_ALL);
  pair->to = world_packet ("guest1", "eth0", ETH_P_ALL);
  *state = pair;
  return 0;
}

static int
tear_down (void **state)
{
  Pair *pair = *state;

  close (pair->from);
  close (pair->to);
  world_free (pair->world);
  g_free (pair);
  return 0;
}

static FramePacket
honest (const char *payload)
{
  return (FramePacket){ .to_mac = frame_gateway_mac,
                        .from_mac = mac1,
                        .from = "10.0.0.11",
                        .to = "10.0.0.12",
                        .protocol = IPPROTO_UDP,
                        .from_port = 4000,
                        .to_port = 4001,
                        .payload = payload };
}

/* Sends @bad and then an honest packet, and asserts that only the latter arrives. */
static void
assert_dropped (Pair *pair, const Frame *bad)
{
  FramePacket packet = honest (GOOD);
  Frame good = frame_packet (&packet);
  guint others;

  frame_send (pair->from, bad);
  frame_send (pair->from, &good);
  assert_true (frame_await (pair->to, GOOD, BAD, &others));
  assert_int_equal (others, 0);
}

static void
an_honest_packet_arrives (void **state)
{
  Pair *pair = *state;
  FramePacket packet = honest (BAD), second = honest (GOOD);
  Frame first_frame = frame_packet (&packet), second_frame = frame_packet (&second);
  guint others;

  frame_send (pair->from, &first_frame);
  frame_send (pair->from, &second_frame);
  assert_true (frame_await (pair->to, GOOD, BAD, &others));
  assert_int_equal (others, 1);
}

static void
another_source_address_is_dropped (void **state)
{
  static const char *const sources[]
      = { "10.0.0.99", "10.0.0.12", "10.0.0.1",        "127.0.0.1",      "192.0.2.1",
          "0.0.0.0",   "10.0.0.0",  "255.255.255.255", "100.100.100.200" };

  for (guint i = 0; i < G_N_ELEMENTS (sources); i++)
    {
      FramePacket packet = honest (BAD);
      Frame frame;

      packet.from = sources[i];
      frame = frame_packet (&packet);
      assert_dropped (*state, &frame);
    }
}

static void
another_source_mac_is_dropped (void **state)
{
  FramePacket packet = honest (BAD);
  Frame frame;

  packet.from_mac = other_mac;
  frame = frame_packet (&packet);
  assert_dropped (*state, &frame);
  packet.from_mac = mac2;
  frame = frame_packet (&packet);
  assert_dropped (*state, &frame);
}

static void
frames_past_the_gateway_are_dropped (void **state)
{
  FramePacket packet = honest (BAD);
  Frame frame;

  packet.to_mac = mac2;
  frame = frame_packet (&packet);
  assert_dropped (*state, &frame);
  packet.to_mac = frame_broadcast;
  frame = frame_packet (&packet);
  assert_dropped (*state, &frame);
}

static void
broadcasts_and_multicasts_are_dropped (void **state)
{
  static const char *const targets[] = { "10.0.0.255", "255.255.255.255", "224.0.0.251" };

  for (guint i = 0; i < G_N_ELEMENTS (targets); i++)
    {
      FramePacket packet = honest (BAD);
      Frame frame;

      packet.to = targets[i];
      packet.to_mac = frame_broadcast;
      frame = frame_packet (&packet);
      assert_dropped (*state, &frame);
    }
}

static void
vlans_and_other_ethertypes_are_dropped (void **state)
{
  FramePacket packet = honest (BAD);
  Frame plain = frame_packet (&packet), frame = frame_tagged (&plain, 1);

  assert_dropped (*state, &frame);
  /* VLAN 0 is none: the packet inside is judged. */
  packet.from = "10.0.0.12";
  plain = frame_packet (&packet);
  frame = frame_tagged (&plain, 0);
  assert_dropped (*state, &frame);
  frame = frame_raw (frame_broadcast, mac1, 0x88b5, BAD);
  assert_dropped (*state, &frame);
  frame = frame_raw (mac2, mac1, 0x88cc, BAD);
  assert_dropped (*state, &frame);
}

static void
router_advertisements_change_nothing (void **state)
{
  Pair *pair = *state;
  Frame frame = frame_router_advertisement (mac1);
  g_autofree char *routes = NULL, *addresses = NULL, *heard = NULL;

  assert_dropped (pair, &frame);
  routes = world_run ("ip -n ecs-v000001 -6 route");
  addresses = world_run ("ip -n ecs-v000001 -6 addr");
  heard = world_run ("ip -n guest1 -6 route show proto ra");
  assert_string_equal (routes, "");
  assert_string_equal (addresses, "");
  assert_string_equal (heard, "");
}

/* An ARP question for the gateway; TRUE if it is answered. A true one follows in any case. */
static gboolean
is_answered (Pair *pair, const Frame *question)
{
  Frame truth = frame_arp (frame_broadcast, mac1, 1, mac1, "10.0.0.11", "10.0.0.1");
  Frame other = frame_arp (frame_broadcast, mac1, 1, mac1, "10.0.0.11", "10.0.0.77");
  guint answers = 0;
  Frame frame;

  while (frame_receive (pair->from, &frame, 0))
    continue;
  frame_send (pair->from, question);
  frame_send (pair->from, &truth);
  frame_send (pair->from, &other);
  /* The answer about .77 comes last. */
  while (frame_receive (pair->from, &frame, 5000))
    if (frame.bytes[12] == 0x08 && frame.bytes[13] == 0x06 && frame.bytes[21] == 2)
      {
        if (frame.bytes[31] == 77)
          return answers == 2;
        assert_memory_equal (frame.bytes + 6, frame_gateway_mac, 6);
        answers++;
      }
  fail_msg ("the gateway answers no ARP");
  return FALSE;
}

static void
the_gateway_answers_for_every_address_of_the_subnet (void **state)
{
  Frame question = frame_arp (frame_broadcast, mac1, 1, mac1, "10.0.0.11", "10.0.0.12");

  assert_true (is_answered (*state, &question));
}

static void
false_arp_is_dropped_and_poisons_nobody (void **state)
{
  Pair *pair = *state;
  g_autofree char *before = world_run ("ip -n ecs-v000001 neigh");
  g_autofree char *after = NULL;
  Frame frames[] = {
    frame_arp (frame_broadcast, mac1, 1, mac1, "10.0.0.12", "10.0.0.1"),
    frame_arp (frame_broadcast, mac1, 1, other_mac, "10.0.0.11", "10.0.0.1"),
    frame_arp (frame_broadcast, other_mac, 1, mac1, "10.0.0.11", "10.0.0.1"),
    frame_arp (frame_broadcast, mac1, 1, mac1, "10.0.0.1", "10.0.0.1"),
    frame_arp (frame_gateway_mac, mac1, 2, mac1, "10.0.0.12", "10.0.0.1"),
    frame_arp (frame_broadcast, mac1, 2, mac1, "10.0.0.1", "10.0.0.1"),
    frame_arp (frame_broadcast, mac1, 1, mac1, "0.0.0.0", "10.0.0.12"),
  };

  for (guint i = 0; i < G_N_ELEMENTS (frames); i++)
    assert_false (is_answered (pair, &frames[i]));
  after = world_run ("ip -n ecs-v000001 neigh");
  world_assert_same (after, before);
}

static void
a_guest_gets_no_answer_about_its_own_address (void **state)
{
  Frame question = frame_arp (frame_broadcast, mac1, 1, mac1, "10.0.0.11", "10.0.0.11");

  assert_false (is_answered (*state, &question));
}

static void
a_second_address_is_the_ports_own_once_it_has_it (void **state)
{
  Pair *pair = *state;
  Guest *guest = g_ptr_array_index (pair->world->guests, 0);
  FramePacket packet = honest (GOOD);
  NetctlPrefix address;
  Frame frame;
  guint others;

  packet.from = "10.0.0.21";
  packet.payload = BAD;
  frame = frame_packet (&packet);
  assert_dropped (pair, &frame);
  assert_true (netctl_prefix_parse ("10.0.0.21", &address));
  g_array_append_val (guest->port->addresses, address);
  assert_true (pair->world->net->class->port_attach (pair->world->net, guest->port, NULL));
  packet.payload = GOOD;
  frame = frame_packet (&packet);
  frame_send (pair->from, &frame);
  assert_true (frame_await (pair->to, GOOD, BAD, &others));
}

#define PAIR_TEST(name) cmocka_unit_test_setup_teardown (name, set_up, tear_down)

int
main (void)
{
  const struct CMUnitTest tests[] = {
    PAIR_TEST (an_honest_packet_arrives),
    PAIR_TEST (another_source_address_is_dropped),
    PAIR_TEST (another_source_mac_is_dropped),
    PAIR_TEST (frames_past_the_gateway_are_dropped),
    PAIR_TEST (broadcasts_and_multicasts_are_dropped),
    PAIR_TEST (vlans_and_other_ethertypes_are_dropped),
    PAIR_TEST (router_advertisements_change_nothing),
    PAIR_TEST (the_gateway_answers_for_every_address_of_the_subnet),
    PAIR_TEST (false_arp_is_dropped_and_poisons_nobody),
    PAIR_TEST (a_guest_gets_no_answer_about_its_own_address),
    PAIR_TEST (a_second_address_is_the_ports_own_once_it_has_it),
  };

  world_need_private_host ();
  return cmocka_run_group_tests (tests, NULL, NULL);
}
