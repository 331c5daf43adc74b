/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Two guests, one of which lies. */
#include "pair.h"
#include <linux/if_ether.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <unistd.h>

#include <cmocka.h>

const guint8 pair_mac1[6] = { 0x00, 0x16, 0x3e, 0, 0, 1 };
const guint8 pair_mac2[6] = { 0x00, 0x16, 0x3e, 0, 0, 2 };
const guint8 pair_other_mac[6] = { 0x00, 0x16, 0x3e, 0, 0, 9 };

Pair *
pair_new (const char *one, const char *two, const char *range6)
{
  Pair *pair = g_new0 (Pair, 1);
  Guest *first, *second;
  NetctlVpc *vpc;

  pair->one = one;
  pair->two = two;
  pair->world = world_new ();
  vpc = world_vpc (pair->world, 1, "10.0.0.0/24", FALSE);
  if (range6 != NULL)
    world_subnet6 (pair->world, vpc, range6);
  world_group (pair->world, 1, 1);
  first = world_guest (pair->world, 1, 1, "10.0.0.11", 1);
  second = world_guest (pair->world, 1, 2, "10.0.0.12", 1);
  if (range6 != NULL)
    {
      world_give6 (first, one);
      world_give6 (second, two);
    }
  pair->from = world_packet (first->ns, "eth0", ETH_P_ALL);
  pair->to = world_packet (second->ns, "eth0", ETH_P_ALL);
  return pair;
}

int
pair_tear_down (void **state)
{
  Pair *pair = *state;

  close (pair->from);
  close (pair->to);
  world_free (pair->world);
  g_free (pair);
  return 0;
}

FramePacket
pair_honest (const Pair *pair, const char *payload)
{
  return (FramePacket){ .to_mac = frame_gateway_mac,
                        .from_mac = pair_mac1,
                        .from = pair->one,
                        .to = pair->two,
                        .protocol = IPPROTO_UDP,
                        .from_port = 4000,
                        .to_port = 4001,
                        .payload = payload };
}

void
pair_assert_dropped (Pair *pair, const Frame *bad)
{
  FramePacket packet = pair_honest (pair, PAIR_GOOD);
  Frame good = frame_packet (&packet);
  guint others;

  frame_send (pair->from, bad);
  frame_send (pair->from, &good);
  assert_true (frame_await (pair->to, PAIR_GOOD, PAIR_BAD, &others));
  assert_int_equal (others, 0);
}

void
pair_assert_packet_dropped (Pair *pair, const FramePacket *bad)
{
  Frame frame = frame_packet (bad);

  pair_assert_dropped (pair, &frame);
}

void
pair_assert_sources_dropped (Pair *pair, const char *const *sources, guint n)
{
  for (guint i = 0; i < n; i++)
    {
      FramePacket packet = pair_honest (pair, PAIR_BAD);

      packet.from = sources[i];
      pair_assert_packet_dropped (pair, &packet);
    }
}

void
pair_assert_macs_dropped (Pair *pair)
{
  FramePacket packet = pair_honest (pair, PAIR_BAD);

  packet.from_mac = pair_other_mac;
  pair_assert_packet_dropped (pair, &packet);
  packet.from_mac = pair_mac2;
  pair_assert_packet_dropped (pair, &packet);
}

void
pair_assert_past_gateway_dropped (Pair *pair, const guint8 *all_mac)
{
  FramePacket packet = pair_honest (pair, PAIR_BAD);

  packet.to_mac = pair_mac2;
  pair_assert_packet_dropped (pair, &packet);
  packet.to_mac = all_mac;
  pair_assert_packet_dropped (pair, &packet);
}

void
pair_assert_vlans_dropped (Pair *pair)
{
  FramePacket packet = pair_honest (pair, PAIR_BAD);
  Frame plain = frame_packet (&packet), frame = frame_tagged (&plain, 1);

  pair_assert_dropped (pair, &frame);
  /* VLAN 0 is none: the packet inside is judged. */
  packet.from = pair->two;
  plain = frame_packet (&packet);
  frame = frame_tagged (&plain, 0);
  pair_assert_dropped (pair, &frame);
}

void
pair_assert_arrives (Pair *pair, const FramePacket *good)
{
  Frame frame = frame_packet (good);
  guint others;

  frame_send (pair->from, &frame);
  assert_true (frame_await (pair->to, good->payload, PAIR_BAD, &others));
}

void
pair_assert_honest_arrive (Pair *pair)
{
  FramePacket packet = pair_honest (pair, PAIR_BAD), second = pair_honest (pair, PAIR_GOOD);
  Frame first_frame = frame_packet (&packet), second_frame = frame_packet (&second);
  guint others;

  frame_send (pair->from, &first_frame);
  frame_send (pair->from, &second_frame);
  assert_true (frame_await (pair->to, PAIR_GOOD, PAIR_BAD, &others));
  assert_int_equal (others, 1);
}
