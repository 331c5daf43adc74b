/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Addresses and address ranges of either family. */
#include "config.h"

#include "vmm-nic.h"
#include "vmm-prefix.h"
#include <arpa/inet.h>
#include <string.h>

static guint
full_length (const VmmPrefix *prefix)
{
  return prefix->is_ipv6 ? 128 : 32;
}

gboolean
vmm_prefix_parse (const char *text, VmmPrefix *out)
{
  const char *slash = strchr (text, '/');
  g_autofree char *head
      = slash != NULL ? g_strndup (text, (gsize) (slash - text)) : g_strdup (text);
  VmmPrefix prefix = { .is_ipv6 = strchr (head, ':') != NULL };
  guint32 address = 0;
  guint64 length = full_length (&prefix);

  if (prefix.is_ipv6)
    {
      if (inet_pton (AF_INET6, head, prefix.bytes) != 1)
        return FALSE;
    }
  else if (!vmm_address_parse (head, &address))
    return FALSE;
  if (slash != NULL
      && !g_ascii_string_to_unsigned (slash + 1, 10, 0, full_length (&prefix), &length, NULL))
    return FALSE;
  prefix.length = (guint) length;
  if (!prefix.is_ipv6)
    vmm_prefix_set_bits (&prefix, 0, 32, address);
  *out = prefix;
  return TRUE;
}

gboolean
vmm_prefix_clear_host (VmmPrefix *prefix)
{
  gboolean any = FALSE;

  for (guint i = 0; i < sizeof prefix->bytes; i++)
    {
      guint kept = prefix->length > i * 8 ? MIN (prefix->length - i * 8, 8) : 0;
      guint8 mask = (guint8) (0xff00 >> kept);

      any |= (prefix->bytes[i] & ~mask) != 0;
      prefix->bytes[i] &= mask;
    }
  return any;
}

char *
vmm_prefix_format_address (const VmmPrefix *prefix)
{
  char text[INET6_ADDRSTRLEN];

  inet_ntop (prefix->is_ipv6 ? AF_INET6 : AF_INET, prefix->bytes, text, sizeof text);
  return g_strdup (text);
}

char *
vmm_prefix_format (const VmmPrefix *prefix)
{
  g_autofree char *address = vmm_prefix_format_address (prefix);

  return g_strdup_printf ("%s/%u", address, prefix->length);
}

gboolean
vmm_prefix_contains (const VmmPrefix *outer, const VmmPrefix *inner)
{
  VmmPrefix a = *outer, b = *inner;

  if (a.is_ipv6 != b.is_ipv6 || a.length > b.length)
    return FALSE;
  b.length = a.length;
  vmm_prefix_clear_host (&a);
  vmm_prefix_clear_host (&b);
  return memcmp (a.bytes, b.bytes, sizeof a.bytes) == 0;
}

guint32
vmm_prefix_bits (const VmmPrefix *prefix, guint from, guint to)
{
  guint32 value = 0;

  for (guint i = from; i < to; i++)
    value = value << 1 | (prefix->bytes[i / 8] >> (7 - i % 8) & 1);
  return value;
}

void
vmm_prefix_set_bits (VmmPrefix *prefix, guint from, guint to, guint32 value)
{
  for (guint i = from; i < to; i++)
    {
      guint8 bit = (guint8) (0x80 >> i % 8);

      if (value >> (to - 1 - i) & 1)
        prefix->bytes[i / 8] |= bit;
      else
        prefix->bytes[i / 8] &= (guint8) ~bit;
    }
}

gboolean
vmm_prefix_is_usable6 (const VmmPrefix *range, const VmmPrefix *address)
{
  VmmPrefix first = *range, last = *address;

  if (!address->is_ipv6 || address->length != 128 || !vmm_prefix_contains (range, address))
    return FALSE;
  vmm_prefix_clear_host (&first);
  vmm_prefix_set_bits (&last, 121, 128, 0x7f);
  for (guint i = range->length; i < 128; i++)
    if (vmm_prefix_bits (&last, i, i + 1) == 0)
      return memcmp (first.bytes, address->bytes, sizeof first.bytes) != 0;
  return FALSE;
}
