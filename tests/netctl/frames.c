/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Ethernet frames by hand, for tests that must say what no honest stack says. */
#include "frames.h"
#include <arpa/inet.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <netinet/in.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>

#include <cmocka.h>

const guint8 frame_gateway_mac[6] = { 0x02, 0xee, 0xee, 0xee, 0xee, 0xee };
const guint8 frame_broadcast[6] = { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff };

static void
put (Frame *frame, gconstpointer data, gsize length)
{
  assert_true (frame->length + length <= sizeof frame->bytes);
  memcpy (frame->bytes + frame->length, data, length);
  frame->length += length;
}

static void
put8 (Frame *frame, guint8 value)
{
  put (frame, &value, sizeof value);
}

static void
put16 (Frame *frame, guint16 value)
{
  guint16 wire = htons (value);

  put (frame, &wire, sizeof wire);
}

static void
put_address (Frame *frame, const char *text)
{
  struct in_addr address;

  assert_int_equal (inet_pton (AF_INET, text, &address), 1);
  put (frame, &address, sizeof address);
}

static gboolean
is_ipv6 (const char *address)
{
  return strchr (address, ':') != NULL;
}

static void
put_address6 (Frame *frame, const char *text)
{
  struct in6_addr address;

  assert_int_equal (inet_pton (AF_INET6, text, &address), 1);
  put (frame, &address, sizeof address);
}

static void
put_ethernet (Frame *frame, const guint8 *to, const guint8 *from, guint16 ethertype)
{
  put (frame, to, 6);
  put (frame, from, 6);
  put16 (frame, ethertype);
}

static guint32
sum (const guint8 *bytes, gsize length, guint32 start)
{
  for (gsize i = 0; i < length; i++)
    start += i % 2 == 0 ? (guint32) bytes[i] << 8 : bytes[i];
  return start;
}

static void
set_checksum (Frame *frame, gsize at, guint32 total)
{
  while (total > 0xffff)
    total = (total & 0xffff) + (total >> 16);
  total = ~total & 0xffff;
  frame->bytes[at] = (guint8) (total >> 8);
  frame->bytes[at + 1] = (guint8) total;
}

static void
put_transport (Frame *frame, const FramePacket *packet, gsize payload_length)
{
  switch (packet->protocol)
    {
    case IPPROTO_UDP:
      put16 (frame, packet->from_port);
      put16 (frame, packet->to_port);
      put16 (frame, (guint16) (8 + payload_length));
      put16 (frame, 0);
      break;
    case IPPROTO_TCP:
      put16 (frame, packet->from_port);
      put16 (frame, packet->to_port);
      put (frame, "\0\0\0\1\0\0\0\0\x50\x02\x10\0\0\0\0\0", 16);
      break;
    case IPPROTO_ICMP:
    case IPPROTO_ICMPV6:
      put (frame, packet->protocol == IPPROTO_ICMP ? "\x08\0\0\0" : "\x80\0\0\0", 4);
      put16 (frame, packet->from_port != 0 ? packet->from_port : 1);
      put16 (frame, 1);
      break;
    default:
      break;
    }
}

static void
put_ipv4 (Frame *frame, const FramePacket *packet)
{
  put (frame, "\x45\0\0\0\0\0\x40\0\x40", 9);
  put8 (frame, packet->protocol);
  put16 (frame, 0);
  put_address (frame, packet->from);
  put_address (frame, packet->to);
}

static void
put_ipv6 (Frame *frame, const FramePacket *packet)
{
  put (frame, "\x60\0\0\0\0\0", 6);
  put8 (frame, packet->protocol);
  put8 (frame, 64);
  put_address6 (frame, packet->from);
  put_address6 (frame, packet->to);
}

/* With a pseudo header, which ICMP has in IPv6 only: the addresses before @transport. */
static void
set_transport_checksum (Frame *frame, const FramePacket *packet, gsize transport)
{
  gsize length = frame->length - transport, addresses = is_ipv6 (packet->from) ? 32 : 8;
  guint32 pseudo
      = sum (frame->bytes + transport - addresses, addresses, packet->protocol + (guint32) length);

  if (packet->protocol == IPPROTO_TCP)
    set_checksum (frame, transport + 16, sum (frame->bytes + transport, length, pseudo));
  if (packet->protocol == IPPROTO_UDP && is_ipv6 (packet->from))
    set_checksum (frame, transport + 6, sum (frame->bytes + transport, length, pseudo));
  if (packet->protocol == IPPROTO_ICMPV6)
    set_checksum (frame, transport + 2, sum (frame->bytes + transport, length, pseudo));
  if (packet->protocol == IPPROTO_ICMP)
    set_checksum (frame, transport + 2, sum (frame->bytes + transport, length, 0));
}

Frame
frame_packet (const FramePacket *packet)
{
  gsize payload_length = packet->payload != NULL ? strlen (packet->payload) : 0;
  gboolean has_ipv6 = is_ipv6 (packet->from);
  Frame frame = { .length = 0 };
  gsize ip, transport;
  guint16 length;

  put_ethernet (&frame, packet->to_mac, packet->from_mac, has_ipv6 ? ETH_P_IPV6 : ETH_P_IP);
  ip = frame.length;
  if (has_ipv6)
    put_ipv6 (&frame, packet);
  else
    put_ipv4 (&frame, packet);
  transport = frame.length;
  put_transport (&frame, packet, payload_length);
  if (payload_length > 0)
    put (&frame, packet->payload, payload_length);
  length = htons ((guint16) (frame.length - (has_ipv6 ? transport : ip)));
  memcpy (frame.bytes + ip + (has_ipv6 ? 4 : 2), &length, sizeof length);
  if (!has_ipv6)
    set_checksum (&frame, ip + 10, sum (frame.bytes + ip, 20, 0));
  set_transport_checksum (&frame, packet, transport);
  return frame;
}

Frame
frame_arp (const guint8 *to_mac, const guint8 *from_mac, guint16 operation,
           const guint8 *sender_mac, const char *sender, const char *target)
{
  static const guint8 unknown[6];
  Frame frame = { .length = 0 };

  put_ethernet (&frame, to_mac, from_mac, ETH_P_ARP);
  put (&frame, "\0\1\x08\0\6\4", 6);
  put16 (&frame, operation);
  put (&frame, sender_mac, 6);
  put_address (&frame, sender);
  put (&frame, unknown, 6);
  put_address (&frame, target);
  return frame;
}

Frame
frame_body6 (const FrameBody6 *packet)
{
  Frame frame = { .length = 0 };
  gsize option = packet->is_behind_option ? 8 : 0, at;

  put_ethernet (&frame, packet->to_mac, packet->from_mac, ETH_P_IPV6);
  put (&frame, "\x60\0\0\0", 4);
  put16 (&frame, (guint16) (packet->length + option));
  put8 (&frame, option > 0 ? IPPROTO_DSTOPTS : packet->protocol);
  put8 (&frame, packet->hop_limit);
  put_address6 (&frame, packet->from);
  put_address6 (&frame, packet->to);
  if (option > 0)
    {
      put8 (&frame, packet->protocol);
      put (&frame, "\0\1\4\0\0\0\0", 7);
    }
  at = frame.length;
  put (&frame, packet->body, packet->length);
  /* The pseudo header: both addresses, the length and the next header. */
  set_checksum (&frame, at + packet->checksum_at,
                sum (frame.bytes + at, packet->length,
                     sum (frame.bytes + 14 + 8, 32, (guint32) packet->length + packet->protocol)));
  return frame;
}

Frame
frame_raw (const guint8 *to_mac, const guint8 *from_mac, guint16 ethertype, const char *payload)
{
  Frame frame = { .length = 0 };

  put_ethernet (&frame, to_mac, from_mac, ethertype);
  put (&frame, payload, strlen (payload));
  return frame;
}

Frame
frame_tagged (const Frame *frame, guint16 vlan)
{
  Frame tagged = { .length = 0 };

  put (&tagged, frame->bytes, 12);
  put16 (&tagged, ETH_P_8021Q);
  put16 (&tagged, vlan);
  put (&tagged, frame->bytes + 12, frame->length - 12);
  return tagged;
}

Frame
frame_router_advertisement (const guint8 *from_mac)
{
  static const guint8 all_nodes_mac[6] = { 0x33, 0x33, 0, 0, 0, 1 };
  Frame frame = { .length = 0 };
  struct in6_addr from, to;

  assert_int_equal (inet_pton (AF_INET6, "fe80::1", &from), 1);
  assert_int_equal (inet_pton (AF_INET6, "ff02::1", &to), 1);
  put_ethernet (&frame, all_nodes_mac, from_mac, ETH_P_IPV6);
  put (&frame, "\x60\0\0\0\0\x10\x3a\xff", 8);
  put (&frame, &from, sizeof from);
  put (&frame, &to, sizeof to);
  put (&frame, "\x86\0\0\0\x40\0\x07\x08\0\0\0\0\0\0\0\0", 16);
  /* The pseudo header: both addresses, the length and the next header. */
  set_checksum (&frame, 14 + 40 + 2, sum (frame.bytes + 14 + 8, 32 + 16, 16 + IPPROTO_ICMPV6));
  return frame;
}

void
frame_send (int fd, const Frame *frame)
{
  assert_int_equal (send (fd, frame->bytes, frame->length, 0), frame->length);
}

gboolean
frame_receive (int fd, Frame *out, guint timeout_ms)
{
  gint64 deadline = g_get_monotonic_time () + (gint64) timeout_ms * 1000;

  for (;;)
    {
      struct pollfd event = { fd, POLLIN, 0 };
      gint64 left = MAX ((deadline - g_get_monotonic_time ()) / 1000, 0);
      struct sockaddr_ll from;
      socklen_t size = sizeof from;
      gssize length;

      if (poll (&event, 1, (int) left) != 1)
        return FALSE;
      length = recvfrom (fd, out->bytes, sizeof out->bytes, 0, (struct sockaddr *) &from, &size);
      assert_true (length >= 0);
      out->length = (gsize) length;
      if (from.sll_pkttype != PACKET_OUTGOING)
        return TRUE;
    }
}

gboolean
frame_contains (const Frame *frame, const char *text)
{
  return memmem (frame->bytes, frame->length, text, strlen (text)) != NULL;
}

gboolean
frame_await (int fd, const char *text, const char *other, guint *out_others)
{
  Frame frame;

  *out_others = 0;
  while (frame_receive (fd, &frame, 5000))
    {
      if (frame_contains (&frame, text))
        return TRUE;
      if (frame_contains (&frame, other))
        (*out_others)++;
    }
  return FALSE;
}
