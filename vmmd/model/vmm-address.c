/* SPDX-License-Identifier: GPL-2.0-or-later */
/* IPv4 ranges and which of their addresses ECS lets instances have. */
#include "config.h"

#include "vmm-nic.h"
#include <string.h>

/* ECS keeps the first address and the last three of a vswitch. */
#define RESERVED_FRONT 1u
#define RESERVED_BACK 3u

gboolean
vmm_address_parse (const char *text, guint32 *out)
{
  guint32 address = 0;
  guint parts = 0;

  for (const char *p = text; parts < 4; parts++)
    {
      guint value = 0, digits = 0;

      for (; g_ascii_isdigit (*p) && digits < 4; p++, digits++)
        value = value * 10 + (guint) (*p - '0');
      if (digits == 0 || value > 255 || (digits > 1 && p[-(int) digits] == '0'))
        return FALSE;
      address = address << 8 | value;
      if (*p != (parts < 3 ? '.' : '\0'))
        return FALSE;
      p++;
    }
  *out = address;
  return TRUE;
}

char *
vmm_address_format (guint32 address)
{
  return g_strdup_printf ("%u.%u.%u.%u", address >> 24, address >> 16 & 255, address >> 8 & 255,
                          address & 255);
}

gboolean
vmm_range_parse (const char *cidr, VmmRange *out)
{
  const char *slash = strchr (cidr, '/');
  g_autofree char *head = NULL;
  guint32 address = 0, mask;
  guint64 length = 0;

  if (slash == NULL)
    return FALSE;
  head = g_strndup (cidr, (gsize) (slash - cidr));
  if (!vmm_address_parse (head, &address)
      || !g_ascii_string_to_unsigned (slash + 1, 10, 0, 32, &length, NULL))
    return FALSE;
  mask = length == 0 ? 0 : G_MAXUINT32 << (32 - length);
  if ((address & ~mask) != 0)
    return FALSE;
  *out = (VmmRange){ address, address | ~mask, (guint) length };
  return TRUE;
}

gboolean
vmm_range_is_usable (const VmmRange *range, guint32 address)
{
  return address >= range->first && address <= range->last
         && address - range->first >= RESERVED_FRONT && range->last - address >= RESERVED_BACK;
}

guint32
vmm_range_gateway (const VmmRange *range)
{
  return range->last - 2;
}

guint32
vmm_range_capacity (const VmmRange *range)
{
  guint32 span = range->last - range->first;

  return span < RESERVED_FRONT + RESERVED_BACK ? 0 : span + 1 - RESERVED_FRONT - RESERVED_BACK;
}
