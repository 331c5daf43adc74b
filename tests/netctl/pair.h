/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Two guests of one group, for tests of anti-spoofing: the first sends what it must not and then an
 * honest packet, the second hears. */
#pragma once
#include "frames.h"
#include "world.h"

#define PAIR_BAD "a false packet"
#define PAIR_GOOD "an honest packet"

typedef struct
{
  World *world;
  const char *one, *two; /* their addresses, IPv4 or IPv6 */
  int from, to;          /* packet sockets: the first's, the second's */
} Pair;

/* The MAC addresses of the first, of the second, of nobody. */
extern const guint8 pair_mac1[6], pair_mac2[6], pair_other_mac[6];

/* Guests 10.0.0.11 and 10.0.0.12 of VPC 1; unless @range6 is NULL with an IPv6 subnet @range6 in
 * which they have @one and @two. */
Pair *pair_new (const char *one, const char *two, const char *range6);
/* For cmocka. */
int pair_tear_down (void **state);

/* UDP from the first to the second, by way of the gateway. */
FramePacket pair_honest (const Pair *pair, const char *payload);
/* Sends @bad and then an honest packet, and asserts that only the latter arrives. */
void pair_assert_dropped (Pair *pair, const Frame *bad);
void pair_assert_packet_dropped (Pair *pair, const FramePacket *bad);
/* An honest packet from each of these is dropped all the same. */
void pair_assert_sources_dropped (Pair *pair, const char *const *sources, guint n);
/* So is one that comes from a MAC address that is not its sender's. */
void pair_assert_macs_dropped (Pair *pair);
/* So is one that does not go to the gateway, but to the second or to @all_mac. */
void pair_assert_past_gateway_dropped (Pair *pair, const guint8 *all_mac);
/* So is one in a VLAN, and one in none that says it is the second's. */
void pair_assert_vlans_dropped (Pair *pair);
/* Asserts that the packet arrives. */
void pair_assert_arrives (Pair *pair, const FramePacket *good);
/* Asserts that honest packets do. */
void pair_assert_honest_arrive (Pair *pair);
