/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Real tests of anti-spoofing: a guest sends what it must not, then an honest packet; only the
 * honest one may arrive. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "pair.h"

static int
set_up (void **state)
{
  *state = pair_new ("10.0.0.11", "10.0.0.12", NULL);
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
      = { "10.0.0.99", "10.0.0.12", "10.0.0.1",        "127.0.0.1",      "192.0.2.1",
          "0.0.0.0",   "10.0.0.0",  "255.255.255.255", "100.100.100.200" };

  pair_assert_sources_dropped (*state, sources, G_N_ELEMENTS (sources));
}

static void
another_source_mac_is_dropped (void **state)
{
  pair_assert_macs_dropped (*state);
}

static void
frames_past_the_gateway_are_dropped (void **state)
{
  pair_assert_past_gateway_dropped (*state, frame_broadcast);
}

static void
broadcasts_and_multicasts_are_dropped (void **state)
{
  static const char *const targets[] = { "10.0.0.255", "255.255.255.255", "224.0.0.251" };

  for (guint i = 0; i < G_N_ELEMENTS (targets); i++)
    {
      FramePacket packet = pair_honest (*state, PAIR_BAD);

      packet.to = targets[i];
      packet.to_mac = frame_broadcast;
      pair_assert_packet_dropped (*state, &packet);
    }
}

static void
vlans_and_other_ethertypes_are_dropped (void **state)
{
  Frame frame = frame_raw (frame_broadcast, pair_mac1, 0x88b5, PAIR_BAD);

  pair_assert_vlans_dropped (*state);
  pair_assert_dropped (*state, &frame);
  frame = frame_raw (pair_mac2, pair_mac1, 0x88cc, PAIR_BAD);
  pair_assert_dropped (*state, &frame);
}

static void
router_advertisements_change_nothing (void **state)
{
  Pair *pair = *state;
  Frame frame = frame_router_advertisement (pair_mac1);
  g_autofree char *routes = NULL, *addresses = NULL, *heard = NULL;

  pair_assert_dropped (pair, &frame);
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
  Frame truth = frame_arp (frame_broadcast, pair_mac1, 1, pair_mac1, "10.0.0.11", "10.0.0.1");
  Frame other = frame_arp (frame_broadcast, pair_mac1, 1, pair_mac1, "10.0.0.11", "10.0.0.77");
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
  Frame question = frame_arp (frame_broadcast, pair_mac1, 1, pair_mac1, "10.0.0.11", "10.0.0.12");

  assert_true (is_answered (*state, &question));
}

static void
false_arp_is_dropped_and_poisons_nobody (void **state)
{
  Pair *pair = *state;
  g_autofree char *before = world_run ("ip -n ecs-v000001 neigh");
  g_autofree char *after = NULL;
  Frame frames[] = {
    frame_arp (frame_broadcast, pair_mac1, 1, pair_mac1, "10.0.0.12", "10.0.0.1"),
    frame_arp (frame_broadcast, pair_mac1, 1, pair_other_mac, "10.0.0.11", "10.0.0.1"),
    frame_arp (frame_broadcast, pair_other_mac, 1, pair_mac1, "10.0.0.11", "10.0.0.1"),
    frame_arp (frame_broadcast, pair_mac1, 1, pair_mac1, "10.0.0.1", "10.0.0.1"),
    frame_arp (frame_gateway_mac, pair_mac1, 2, pair_mac1, "10.0.0.12", "10.0.0.1"),
    frame_arp (frame_broadcast, pair_mac1, 2, pair_mac1, "10.0.0.1", "10.0.0.1"),
    frame_arp (frame_broadcast, pair_mac1, 1, pair_mac1, "0.0.0.0", "10.0.0.12"),
  };

  for (guint i = 0; i < G_N_ELEMENTS (frames); i++)
    assert_false (is_answered (pair, &frames[i]));
  after = world_run ("ip -n ecs-v000001 neigh");
  world_assert_same (after, before);
}

static void
a_guest_gets_no_answer_about_its_own_address (void **state)
{
  Frame question = frame_arp (frame_broadcast, pair_mac1, 1, pair_mac1, "10.0.0.11", "10.0.0.11");

  assert_false (is_answered (*state, &question));
}

static void
a_second_address_is_the_ports_own_once_it_has_it (void **state)
{
  Pair *pair = *state;
  Guest *guest = g_ptr_array_index (pair->world->guests, 0);
  FramePacket packet = pair_honest (*state, PAIR_GOOD);
  NetctlPrefix address;

  packet.from = "10.0.0.21";
  packet.payload = PAIR_BAD;
  pair_assert_packet_dropped (pair, &packet);
  assert_true (netctl_prefix_parse ("10.0.0.21", &address));
  g_array_append_val (guest->port->addresses, address);
  assert_true (pair->world->net->class->port_attach (pair->world->net, guest->port, NULL));
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
