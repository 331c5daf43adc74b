/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Addresses as sixteen bytes, IPv4 in its mapped form, compared with ranges. */
#include "img-address.h"
#include "img-number.h"
#include <arpa/inet.h>
#include <ifaddrs.h>
#include <netinet/in.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct
{
  uint8_t bytes[16];
} Address;

#define COUNT(array) (sizeof (array) / sizeof *(array))

static const uint8_t mapped[12] = { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff };

/* These lead to this host itself, on whichever of its interfaces; no range lets them in. */
static const char *const loopback[] = { "0.0.0.0/8", "127.0.0.0/8", "::/96" };

/* Not to be asked, whatever a name server says: RFC 6890 and the multicast ranges. Of IPv6 only
 * what is not so inside of global unicast, outside of which all is. */
static const char *const special[] = {
  "10.0.0.0/8",     "100.64.0.0/10",  "169.254.0.0/16", "172.16.0.0/12", "192.0.0.0/24",
  "192.0.2.0/24",   "192.88.99.0/24", "192.168.0.0/16", "198.18.0.0/15", "198.51.100.0/24",
  "203.0.113.0/24", "224.0.0.0/3",    "2001::/23",      "2001:db8::/32", "3fff::/20",
};

static void
map (const void *four, Address *out)
{
  memcpy (out->bytes, mapped, sizeof mapped);
  memcpy (out->bytes + sizeof mapped, four, 4);
}

static bool
read_address (const struct sockaddr *address, Address *out)
{
  if (address->sa_family == AF_INET)
    map (&((const struct sockaddr_in *) address)->sin_addr, out);
  else if (address->sa_family == AF_INET6)
    memcpy (out->bytes, &((const struct sockaddr_in6 *) address)->sin6_addr, 16);
  else
    return false;
  return true;
}

/* What an IPv6 address leads to where a gateway translates: NAT64 (RFC 6052), 6to4 (RFC 3056). */
static void
unwrap (Address *address)
{
  static const uint8_t nat64[12] = { 0, 0x64, 0xff, 0x9b };
  const uint8_t *b = address->bytes;
  uint8_t four[4];

  if (memcmp (b, nat64, sizeof nat64) == 0)
    memcpy (four, b + 12, 4);
  else if (b[0] == 0x20 && b[1] == 0x02)
    memcpy (four, b + 2, 4);
  else
    return;
  map (four, address);
}

static bool
is_in (const Address *address, const char *range)
{
  char text[IMG_ADDRESS_TEXT];
  const char *slash = strchr (range, '/');
  size_t length = slash != NULL ? (size_t) (slash - range) : strlen (range);
  unsigned long long bits = 128;
  Address start;
  struct in_addr four;

  if (length >= sizeof text)
    return false;
  memcpy (text, range, length);
  text[length] = '\0';
  if (slash != NULL && !img_number_parse (slash + 1, &bits))
    return false;
  if (inet_pton (AF_INET, text, &four) == 1)
    {
      map (&four, &start);
      bits = slash == NULL ? 128 : bits <= 32 ? bits + 96 : 129;
    }
  else if (inet_pton (AF_INET6, text, start.bytes) != 1)
    return false;
  if (bits > 128)
    return false;
  for (unsigned i = 0; i < bits; i++)
    if (((address->bytes[i / 8] ^ start.bytes[i / 8]) & (0x80 >> i % 8)) != 0)
      return false;
  return true;
}

static bool
is_in_any (const Address *address, const char *const *ranges, size_t count)
{
  for (size_t i = 0; i < count; i++)
    if (is_in (address, ranges[i]))
      return true;
  return false;
}

/* 2000::/3; all of IPv4 passes too. */
static bool
is_global (const Address *address)
{
  return memcmp (address->bytes, mapped, sizeof mapped) == 0 || (address->bytes[0] & 0xe0) == 0x20;
}

/* Should the list not be had, nothing is asked. */
static bool
is_own (const Address *address)
{
  struct ifaddrs *all, *each;
  bool found = false;

  if (getifaddrs (&all) < 0)
    return true;
  for (each = all; each != NULL; each = each->ifa_next)
    {
      Address own;

      if (each->ifa_addr != NULL && read_address (each->ifa_addr, &own)
          && memcmp (own.bytes, address->bytes, sizeof own.bytes) == 0)
        found = true;
    }
  freeifaddrs (all);
  return found;
}

bool
img_address_may_be_asked (const struct sockaddr *socket_address, char *const *ranges,
                          int range_count)
{
  Address address;

  if (!read_address (socket_address, &address))
    return false;
  /* An own address may look like one that a gateway translates, or be what it translates to. */
  if (is_own (&address))
    return false;
  unwrap (&address);
  if (is_own (&address) || is_in_any (&address, loopback, COUNT (loopback)))
    return false;
  return is_in_any (&address, (const char *const *) ranges, (size_t) range_count)
         || (is_global (&address) && !is_in_any (&address, special, COUNT (special)));
}

void
img_address_format (const struct sockaddr *address, char out[IMG_ADDRESS_TEXT])
{
  const void *bytes = address->sa_family == AF_INET
                          ? (const void *) &((const struct sockaddr_in *) address)->sin_addr
                          : (const void *) &((const struct sockaddr_in6 *) address)->sin6_addr;

  if (inet_ntop (address->sa_family, bytes, out, IMG_ADDRESS_TEXT) == NULL)
    snprintf (out, IMG_ADDRESS_TEXT, "an address of family %d", address->sa_family);
}
