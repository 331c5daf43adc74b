/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a guest is told about its IPv6. */
#include "netctl-advice.h"
#include "netctl-bytes.h"
#include <netinet/in.h>
#include <string.h>

#define ETHERNET 14
#define IPV6 40
#define UDP 8
#define CLIENT_PORT 546
#define SERVER_PORT 547
/* Of ICMPv6. */
#define ROUTER_SOLICIT 133
#define ROUTER_ADVERT 134
#define NEIGHBOR_SOLICIT 135
#define NEIGHBOR_ADVERT 136
#define OPTION_TARGET_MAC 2
#define OPTION_SOURCE_MAC 1
#define OPTION_PREFIX 3
#define OPTION_MTU 5
#define OPTION_ROUTE 24
/* As long as the field allows, so that a daemon may be away for hours (RFC 8319). */
#define ROUTER_LIFETIME_S 65535
#define FOR_EVER 0xffffffffu

static const guint8 router_mac[6] = NETCTL_GATEWAY_MAC;

NetctlAdvice *
netctl_advice_new (const NetctlVpc *vpc, const NetctlPort *port, const GArray *ntp)
{
  g_autoptr (NetctlAdvice) advice = g_new0 (NetctlAdvice, 1);

  memcpy (advice->mac, port->mac, sizeof advice->mac);
  advice->addresses = g_array_new (FALSE, FALSE, sizeof (NetctlPrefix));
  advice->subnets = g_array_new (FALSE, FALSE, sizeof (NetctlPrefix));
  advice->lease.ntp = g_array_new (FALSE, FALSE, sizeof (NetctlPrefix));
  advice->is_secondary = port->is_secondary;
  advice->lease.domain = g_strdup (vpc->domain != NULL ? vpc->domain : "");
  for (guint i = 0; i < port->addresses->len; i++)
    if (netctl_prefix_is_host6 (&g_array_index (port->addresses, NetctlPrefix, i)))
      g_array_append_val (advice->addresses, g_array_index (port->addresses, NetctlPrefix, i));
  if (advice->addresses->len == 0)
    return NULL;
  advice->lease.address = g_array_index (advice->addresses, NetctlPrefix, 0);
  for (guint i = 0; i < vpc->subnets->len; i++)
    {
      NetctlPrefix range
          = netctl_prefix_masked (&g_array_index (vpc->subnets, NetctlSubnet, i).range);

      if (range.family == G_SOCKET_FAMILY_IPV6)
        g_array_append_val (advice->subnets, range);
    }
  for (guint i = 0; i < ntp->len; i++)
    if (netctl_prefix_is_host6 (&g_array_index (ntp, NetctlPrefix, i)))
      g_array_append_val (advice->lease.ntp, g_array_index (ntp, NetctlPrefix, i));
  return g_steal_pointer (&advice);
}

void
netctl_advice_free (NetctlAdvice *advice)
{
  if (advice == NULL)
    return;
  g_array_unref (advice->addresses);
  g_array_unref (advice->subnets);
  g_array_unref (advice->lease.ntp);
  g_free (advice->lease.domain);
  g_free (advice);
}

static gboolean
contains (const GArray *prefixes, const NetctlPrefix *prefix)
{
  for (guint i = 0; i < prefixes->len; i++)
    if (netctl_prefix_equal (&g_array_index (prefixes, NetctlPrefix, i), prefix))
      return TRUE;
  return FALSE;
}

static gboolean
equal_prefixes (const GArray *a, const GArray *b)
{
  if (a->len != b->len)
    return FALSE;
  for (guint i = 0; i < a->len; i++)
    if (!netctl_prefix_equal (&g_array_index (a, NetctlPrefix, i),
                              &g_array_index (b, NetctlPrefix, i)))
      return FALSE;
  return TRUE;
}

gboolean
netctl_advice_equal (const NetctlAdvice *a, const NetctlAdvice *b)
{
  return memcmp (a->mac, b->mac, sizeof a->mac) == 0 && a->is_secondary == b->is_secondary
         && g_str_equal (a->lease.domain, b->lease.domain)
         && equal_prefixes (a->addresses, b->addresses) && equal_prefixes (a->subnets, b->subnets)
         && equal_prefixes (a->lease.ntp, b->lease.ntp);
}

/* Writing */

/* Ethernet and IPv6 from the router to the guest; @to is an address of 16 bytes. */
static GByteArray *
begin (const NetctlAdvice *advice, guint8 protocol, const guint8 *to)
{
  static const guint8 to_all[6] = { 0x33, 0x33, 0, 0, 0, 1 };
  GByteArray *out = g_byte_array_new ();
  NetctlPrefix router;

  netctl_prefix_parse (NETCTL_ROUTER6, &router);
  netctl_put (out, to[0] == 0xff ? to_all : advice->mac, 6);
  netctl_put (out, router_mac, 6);
  netctl_put16 (out, 0x86dd);
  netctl_put32 (out, 0x60000000);
  netctl_put16 (out, 0);
  netctl_put8 (out, protocol);
  netctl_put8 (out, 255);
  netctl_put (out, router.bytes, 16);
  netctl_put (out, to, 16);
  return out;
}

/* Fills in the length and the checksum at @checksum_at behind the IPv6 header. */
static GByteArray *
finish (GByteArray *out, guint checksum_at)
{
  guint length = out->len - ETHERNET - IPV6;
  guint32 sum = length + out->data[ETHERNET + 6];

  netctl_set16 (out, ETHERNET + 4, length);
  for (guint i = ETHERNET + 8; i < out->len; i++)
    sum += (i - ETHERNET) % 2 == 0 ? (guint32) out->data[i] << 8 : out->data[i];
  while (sum > 0xffff)
    sum = (sum & 0xffff) + (sum >> 16);
  sum = ~sum & 0xffff;
  /* 0 would mean that there is none. */
  netctl_set16 (out, ETHERNET + IPV6 + checksum_at, sum != 0 ? sum : 0xffff);
  return out;
}

/* Router advertisements */

static void
put_prefix (GByteArray *out, const NetctlPrefix *subnet)
{
  static const guint8 rest[4];

  netctl_put8 (out, OPTION_PREFIX);
  netctl_put8 (out, 4);
  netctl_put8 (out, (guint8) subnet->length);
  /* Neither on the link nor to make addresses from: all goes through the router. */
  netctl_put8 (out, 0);
  netctl_put32 (out, FOR_EVER);
  netctl_put32 (out, FOR_EVER);
  netctl_put (out, rest, sizeof rest);
  netctl_put (out, subnet->bytes, 16);
}

/* For a guest whose way out is another interface. */
static void
put_route (GByteArray *out, const NetctlPrefix *subnet, gboolean is_leaving)
{
  netctl_put8 (out, OPTION_ROUTE);
  netctl_put8 (out, 2);
  netctl_put8 (out, (guint8) subnet->length);
  netctl_put8 (out, 0);
  netctl_put32 (out, is_leaving ? 0 : FOR_EVER);
  netctl_put (out, subnet->bytes, 8);
}

GByteArray *
netctl_advice_announce (const NetctlAdvice *advice, gboolean is_leaving)
{
  static const guint8 all_nodes[16] = { 0xff, 0x02, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1 };
  GByteArray *out = begin (advice, IPPROTO_ICMPV6, all_nodes);

  netctl_put8 (out, ROUTER_ADVERT);
  netctl_put8 (out, 0);
  netctl_put16 (out, 0);
  netctl_put8 (out, 64);
  /* Addresses and the rest come by DHCPv6. */
  netctl_put8 (out, 0xc0);
  netctl_put16 (out, is_leaving || advice->is_secondary ? 0 : ROUTER_LIFETIME_S);
  netctl_put32 (out, 0);
  netctl_put32 (out, 0);
  netctl_put8 (out, OPTION_SOURCE_MAC);
  netctl_put8 (out, 1);
  netctl_put (out, router_mac, 6);
  netctl_put8 (out, OPTION_MTU);
  netctl_put8 (out, 1);
  netctl_put16 (out, 0);
  netctl_put32 (out, NETCTL_GUEST_MTU);
  for (guint i = 0; i < advice->subnets->len; i++)
    {
      const NetctlPrefix *subnet = &g_array_index (advice->subnets, NetctlPrefix, i);

      if (!netctl_prefix_contains (subnet, &advice->lease.address))
        continue;
      put_prefix (out, subnet);
      if (advice->is_secondary)
        put_route (out, subnet, is_leaving);
    }
  return finish (out, 2);
}

/* Neighbours */

/* A guest that takes a subnet to be on its link asks for its neighbours; they are here. */
static GByteArray *
answer_neighbour (const NetctlAdvice *advice, const guint8 *source, const guint8 *body,
                  gsize length)
{
  NetctlPrefix target = { .family = G_SOCKET_FAMILY_IPV6, .length = 128 };
  gboolean is_inside = FALSE;
  GByteArray *out;

  if (length < 24)
    return NULL;
  memcpy (target.bytes, body + 8, 16);
  for (guint i = 0; i < advice->subnets->len; i++)
    is_inside
        |= netctl_prefix_contains (&g_array_index (advice->subnets, NetctlPrefix, i), &target);
  if (!is_inside || contains (advice->addresses, &target))
    return NULL;
  out = begin (advice, IPPROTO_ICMPV6, source);
  netctl_put8 (out, NEIGHBOR_ADVERT);
  netctl_put8 (out, 0);
  netctl_put16 (out, 0);
  /* A router, and asked for. */
  netctl_put32 (out, 0xc0000000);
  netctl_put (out, target.bytes, 16);
  netctl_put8 (out, OPTION_TARGET_MAC);
  netctl_put8 (out, 1);
  netctl_put (out, router_mac, 6);
  return finish (out, 2);
}

static GByteArray *
answer_icmp (const NetctlAdvice *advice, const guint8 *source, const guint8 *body, gsize length)
{
  if (length < 8 || body[1] != 0)
    return NULL;
  if (body[0] == ROUTER_SOLICIT)
    return netctl_advice_announce (advice, FALSE);
  return body[0] == NEIGHBOR_SOLICIT ? answer_neighbour (advice, source, body, length) : NULL;
}

/* DHCPv6 */

static GByteArray *
answer_dhcp (const NetctlAdvice *advice, const guint8 *source, const guint8 *message, gsize length)
{
  g_autoptr (GByteArray) answer = netctl_lease6_answer (&advice->lease, message, length);
  GByteArray *out;

  if (answer == NULL)
    return NULL;
  out = begin (advice, IPPROTO_UDP, source);
  netctl_put16 (out, SERVER_PORT);
  netctl_put16 (out, CLIENT_PORT);
  netctl_put16 (out, UDP + answer->len);
  netctl_put16 (out, 0);
  netctl_put (out, answer->data, answer->len);
  return finish (out, 6);
}

/* All */

GByteArray *
netctl_advice_answer (const NetctlAdvice *advice, const guint8 *packet, gsize length)
{
  const guint8 *source = packet + 8, *body = packet + IPV6;
  gsize rest;

  if (length < IPV6 || packet[0] >> 4 != 6)
    return NULL;
  rest = (gsize) packet[4] << 8 | packet[5];
  if (rest > length - IPV6)
    return NULL;
  if (packet[6] == IPPROTO_ICMPV6 && packet[7] == 255)
    return answer_icmp (advice, source, body, rest);
  if (packet[6] != IPPROTO_UDP || rest < UDP || netctl_get16 (body) != CLIENT_PORT
      || netctl_get16 (body + 2) != SERVER_PORT)
    return NULL;
  return answer_dhcp (advice, source, body + UDP, rest - UDP);
}
