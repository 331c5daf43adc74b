/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A DHCP client by hand, on a packet socket of a guest. */
#include "dhcp-client.h"
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "frames.h"

#define TRANSACTION "netc"
#define COOKIE "\x63\x82\x53\x63"
/* Behind Ethernet, IPv4 and UDP. */
#define AT_MESSAGE (14 + 20 + 8)
#define AT_ADDRESS (AT_MESSAGE + 16)
#define AT_CLIENT (AT_MESSAGE + 28)
#define AT_COOKIE (AT_MESSAGE + 236)

void
dhcp_send (const DhcpClient *client, guint8 type, const guint8 *address)
{
  /* Filled with a byte that a text may have, then overwritten. */
  char filler[301];
  FramePacket packet = { .to_mac = frame_broadcast,
                         .from_mac = client->mac,
                         .from = "0.0.0.0",
                         .to = "255.255.255.255",
                         .protocol = IPPROTO_UDP,
                         .from_port = 68,
                         .to_port = 67,
                         .payload = filler };
  Frame frame;
  guint8 *message, *option;

  memset (filler, 'x', sizeof filler - 1);
  filler[sizeof filler - 1] = '\0';
  frame = frame_packet (&packet);
  message = frame.bytes + AT_MESSAGE;
  memset (message, 0, sizeof filler - 1);
  memcpy (message, "\1\1\6\0" TRANSACTION, 8);
  memcpy (frame.bytes + AT_CLIENT, client->about, 6);
  memcpy (frame.bytes + AT_COOKIE, COOKIE, 4);
  option = frame.bytes + AT_COOKIE + 4;
  memcpy (option, "\x35\1", 2);
  option[2] = type;
  memcpy (option + 3, "\x37\x09\1\3\6\x0c\x1a\x2a\x79\x33\x36", 11);
  option += 14;
  if (address != NULL)
    {
      memcpy (option, "\x32\4", 2);
      memcpy (option + 2, address, 4);
      option += 6;
    }
  *option = 0xff;
  frame_send (client->fd, &frame);
}

static gboolean
read_answer (const DhcpClient *client, const Frame *frame, DhcpAnswer *out)
{
  gsize at = AT_COOKIE + 4;

  if (frame->length < at || frame->bytes[23] != IPPROTO_UDP
      || memcmp (frame->bytes + 34, "\0\x43\0\x44", 4) != 0
      || memcmp (frame->bytes + AT_MESSAGE + 4, TRANSACTION, 4) != 0
      || memcmp (frame->bytes + AT_CLIENT, client->about, 6) != 0)
    return FALSE;
  memset (out, 0, sizeof *out);
  memcpy (out->address, frame->bytes + AT_ADDRESS, 4);
  while (at + 2 <= frame->length && frame->bytes[at] != 0xff)
    {
      guint8 number = frame->bytes[at], length = frame->bytes[at + 1];

      assert_true (at + 2 + length <= frame->length && length <= sizeof out->options[0]);
      memcpy (out->options[number], frame->bytes + at + 2, length);
      out->lengths[number] = length;
      at += 2u + length;
    }
  out->type = out->options[53][0];
  return TRUE;
}

gboolean
dhcp_receive (const DhcpClient *client, DhcpAnswer *out, guint timeout_ms)
{
  gint64 deadline = g_get_monotonic_time () + (gint64) timeout_ms * 1000;
  Frame frame;

  while (g_get_monotonic_time () < deadline && frame_receive (client->fd, &frame, timeout_ms))
    if (read_answer (client, &frame, out))
      return TRUE;
  return FALSE;
}

gboolean
dhcp_lease (const DhcpClient *client, DhcpAnswer *out, guint timeout_ms)
{
  dhcp_send (client, 1, NULL);
  if (!dhcp_receive (client, out, timeout_ms) || out->type != 2)
    return FALSE;
  dhcp_send (client, 3, out->address);
  return dhcp_receive (client, out, timeout_ms) && out->type == 5;
}
