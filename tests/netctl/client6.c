/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a guest asks about its IPv6 and what it hears, by hand on a packet socket. */
#include "client6.h"
#include <arpa/inet.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "netctl-plan.h"

#define BODY (14 + 40)

static const guint8 routers_mac[6] = { 0x33, 0x33, 0, 0, 0, 2 };
static const guint8 servers_mac[6] = { 0x33, 0x33, 0, 1, 0, 2 };
static const guint8 server_id[] = { 0, 2, 0, 10, 0, 3, 0, 1, 2, 0xee, 0xee, 0xee, 0xee, 0xee };

char *
client6_link_local (const guint8 mac[6])
{
  NetctlPrefix address = netctl_prefix_link_local (mac);

  return netctl_prefix_address (&address);
}

char *
client6_group (const char *target, guint8 out_mac[6])
{
  struct in6_addr address;

  assert_int_equal (inet_pton (AF_INET6, target, &address), 1);
  memcpy (out_mac, "\x33\x33\xff", 3);
  memcpy (out_mac + 3, address.s6_addr + 13, 3);
  return g_strdup_printf ("ff02::1:ff%02x:%02x%02x", address.s6_addr[13], address.s6_addr[14],
                          address.s6_addr[15]);
}

static guint
get16 (const guint8 *data)
{
  return (guint) data[0] << 8 | data[1];
}

static guint32
get32 (const guint8 *data)
{
  return (guint32) get16 (data) << 16 | get16 (data + 2);
}

/* Routers */

static gboolean
read_router (const Frame *frame, Client6Router *out)
{
  const guint8 *body = frame->bytes + BODY;
  gsize at = BODY + 16;

  memset (out, 0, sizeof *out);
  if (frame->length < at || frame->bytes[20] != IPPROTO_ICMPV6 || body[0] != 134)
    return FALSE;
  assert_memory_equal (frame->bytes + 6, frame_gateway_mac, 6);
  assert_int_equal (frame->bytes[21], 255);
  out->flags = body[5];
  out->lifetime = get16 (body + 6);
  while (at + 8 <= frame->length)
    {
      const guint8 *option = frame->bytes + at;

      assert_true (option[1] > 0 && at + option[1] * 8u <= frame->length);
      if (option[0] == 5)
        out->mtu = get32 (option + 4);
      else if (option[0] == 3)
        {
          out->prefixes++;
          out->prefix_flags |= option[3];
        }
      else if (option[0] == 24)
        out->routes++;
      else if (option[0] == 1)
        assert_memory_equal (option + 2, frame_gateway_mac, 6);
      at += option[1] * 8u;
    }
  return TRUE;
}

gboolean
client6_hear_router (const Client6 *client, Client6Router *out, guint timeout_ms)
{
  gint64 deadline = g_get_monotonic_time () + (gint64) timeout_ms * 1000;
  Frame frame;

  while (g_get_monotonic_time () < deadline && frame_receive (client->fd, &frame, timeout_ms))
    if (read_router (&frame, out))
      return TRUE;
  return FALSE;
}

gboolean
client6_ask_router (const Client6 *client, Client6Router *out, guint timeout_ms)
{
  static const guint8 body[8] = { 133 };
  FrameBody6 packet = { .to_mac = routers_mac,
                        .from_mac = client->mac,
                        .from = client->link_local,
                        .to = "ff02::2",
                        .protocol = IPPROTO_ICMPV6,
                        .hop_limit = 255,
                        .body = body,
                        .length = sizeof body,
                        .checksum_at = 2 };
  Frame frame = frame_body6 (&packet);

  frame_send (client->fd, &frame);
  return client6_hear_router (client, out, timeout_ms);
}

gboolean
client6_finds (const Client6 *client, const char *target, guint timeout_ms)
{
  guint8 body[32] = { 135 }, group_mac[6];
  g_autofree char *group = client6_group (target, group_mac);
  FrameBody6 packet = { .to_mac = group_mac,
                        .from_mac = client->mac,
                        .from = client->link_local,
                        .to = group,
                        .protocol = IPPROTO_ICMPV6,
                        .hop_limit = 255,
                        .body = body,
                        .length = sizeof body,
                        .checksum_at = 2 };
  gint64 deadline = g_get_monotonic_time () + (gint64) timeout_ms * 1000;
  Frame frame;

  assert_int_equal (inet_pton (AF_INET6, target, body + 8), 1);
  body[24] = body[25] = 1;
  memcpy (body + 26, client->mac, 6);
  frame = frame_body6 (&packet);
  frame_send (client->fd, &frame);
  while (g_get_monotonic_time () < deadline && frame_receive (client->fd, &frame, timeout_ms))
    if (frame.length >= BODY + 32 && frame.bytes[20] == IPPROTO_ICMPV6 && frame.bytes[BODY] == 136
        && memcmp (frame.bytes + BODY + 8, body + 8, 16) == 0)
      return memcmp (frame.bytes + BODY + 26, frame_gateway_mac, 6) == 0;
  return FALSE;
}

/* DHCPv6 */

static void
put (GByteArray *out, gconstpointer data, guint length)
{
  g_byte_array_append (out, data, length);
}

void
client6_send (const Client6 *client, guint8 type, const char *address)
{
  g_autoptr (GByteArray) body = g_byte_array_new ();
  guint8 length = (guint8) strlen (client->name);
  FrameBody6 packet = { .to_mac = servers_mac,
                        .from_mac = client->mac,
                        .from = client->link_local,
                        .to = "ff02::1:2",
                        .protocol = IPPROTO_UDP,
                        .hop_limit = 1,
                        .checksum_at = 6 };
  struct in6_addr binary;
  Frame frame;

  put (body, "\x02\x22\x02\x23\0\0\0\0", 8);
  put (body, &type, 1);
  put (body, "net\0\1\0", 6);
  put (body, &length, 1);
  put (body, client->name, length);
  if (type == CLIENT6_REQUEST || type == CLIENT6_RENEW || type == CLIENT6_RELEASE
      || type == CLIENT6_DECLINE)
    put (body, server_id, sizeof server_id);
  put (body, "\0\6\0\6\0\x18\0\x38\0\x1f", 10);
  if (type != CLIENT6_INFORMATION)
    put (body, address != NULL ? "\0\3\0\x28\0\0\0\1" : "\0\3\0\x0c\0\0\0\1", 8);
  if (type != CLIENT6_INFORMATION)
    put (body, "\0\0\0\0\0\0\0\0", 8);
  if (address != NULL)
    {
      assert_int_equal (inet_pton (AF_INET6, address, &binary), 1);
      put (body, "\0\5\0\x18", 4);
      put (body, &binary, 16);
      put (body, "\0\0\0\0\0\0\0\0", 8);
    }
  body->data[4] = (guint8) (body->len >> 8);
  body->data[5] = (guint8) body->len;
  packet.body = body->data;
  packet.length = body->len;
  frame = frame_body6 (&packet);
  frame_send (client->fd, &frame);
}

static void
read_options (const guint8 *at, gsize left, Client6Answer *out, gboolean is_inner)
{
  while (left >= 4)
    {
      guint code = get16 (at), length = get16 (at + 2);

      assert_true (length <= left - 4);
      if (code == 3)
        read_options (at + 16, length - 12, out, TRUE);
      else if (code == 5 && *out->address == '\0')
        {
          inet_ntop (AF_INET6, at + 4, out->address, sizeof out->address);
          out->lifetime = get32 (at + 24);
        }
      else if (code == 13)
        *(is_inner ? &out->no_address : &out->status) = (int) get16 (at + 4);
      else if (code == 24)
        memcpy (out->domain, at + 4, MIN (length, sizeof out->domain - 1));
      else if (code == 56)
        inet_ntop (AF_INET6, at + 8, out->ntp, sizeof out->ntp);
      at += 4 + length;
      left -= 4 + length;
    }
}

gboolean
client6_receive (const Client6 *client, Client6Answer *out, guint timeout_ms)
{
  gint64 deadline = g_get_monotonic_time () + (gint64) timeout_ms * 1000;
  Frame frame;

  while (g_get_monotonic_time () < deadline && frame_receive (client->fd, &frame, timeout_ms))
    {
      const guint8 *body = frame.bytes + BODY;

      if (frame.length < BODY + 12 || frame.bytes[20] != IPPROTO_UDP || get16 (body) != 547
          || get16 (body + 2) != 546 || memcmp (body + 9, "net", 3) != 0)
        continue;
      assert_memory_equal (frame.bytes, client->mac, 6);
      assert_memory_equal (frame.bytes + 6, frame_gateway_mac, 6);
      *out = (Client6Answer){ .type = body[8], .status = -1, .no_address = -1 };
      read_options (body + 12, get16 (body + 4) - 12u, out, FALSE);
      return TRUE;
    }
  return FALSE;
}

gboolean
client6_lease (const Client6 *client, Client6Answer *out, guint timeout_ms)
{
  client6_send (client, CLIENT6_SOLICIT, NULL);
  if (!client6_receive (client, out, timeout_ms) || out->type != CLIENT6_ADVERTISE)
    return FALSE;
  client6_send (client, CLIENT6_REQUEST, *out->address != '\0' ? out->address : NULL);
  return client6_receive (client, out, timeout_ms) && out->type == CLIENT6_REPLY;
}
