/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Ethernet frames by hand, for tests that must say what no honest stack says. */
#pragma once
#include <glib.h>

typedef struct
{
  guint8 bytes[1600];
  gsize length;
} Frame;

/* What a packet says about itself. Addresses as text, both IPv4 or both IPv6. */
typedef struct
{
  const guint8 *to_mac, *from_mac;
  const char *from, *to;
  guint8 protocol;
  guint16 from_port, to_port; /* TCP and UDP; the first is the identifier of an echo request */
  const char *payload;        /* UDP and others; may be NULL */
} FramePacket;

/* UDP, TCP (a SYN), ICMP and ICMPv6 (an echo request) and others (the payload alone), checksums
 * right. */
Frame frame_packet (const FramePacket *packet);
/* ARP; @operation 1 asks and 2 answers. */
Frame frame_arp (const guint8 *to_mac, const guint8 *from_mac, guint16 operation,
                 const guint8 *sender_mac, const char *sender, const char *target);
/* IPv6 with anything behind it; the checksum is filled in at @checksum_at in @body. */
typedef struct
{
  const guint8 *to_mac, *from_mac;
  const char *from, *to;
  guint8 protocol, hop_limit;
  const guint8 *body;
  gsize length, checksum_at;
  gboolean is_behind_option; /* an empty destination option stands before it */
} FrameBody6;
Frame frame_body6 (const FrameBody6 *packet);
/* Any ethertype with that text behind it. */
Frame frame_raw (const guint8 *to_mac, const guint8 *from_mac, guint16 ethertype,
                 const char *payload);
/* The same frame inside a VLAN. */
Frame frame_tagged (const Frame *frame, guint16 vlan);
/* An IPv6 router advertisement to all nodes, then UDP to the all-nodes group. */
Frame frame_router_advertisement (const guint8 *from_mac);

/* Sends; a failure fails the test. */
void frame_send (int fd, const Frame *frame);
/* The next frame that @fd gets within the time; FALSE if none. Own transmissions are left out. */
gboolean frame_receive (int fd, Frame *out, guint timeout_ms);
/* Waits for a frame that contains @text. Counts those before it that contain @other. */
gboolean frame_await (int fd, const char *text, const char *other, guint *out_others);
gboolean frame_contains (const Frame *frame, const char *text);

extern const guint8 frame_gateway_mac[6], frame_broadcast[6];
