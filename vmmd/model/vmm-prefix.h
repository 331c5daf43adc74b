/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Addresses and address ranges of either family. Pure. */
#pragma once
#include <glib.h>

/* A host address has the full length. */
typedef struct
{
  gboolean is_ipv6;
  guint8 bytes[16]; /* network order; IPv4 uses the first four, the rest is 0 */
  guint length;     /* 0-32 or 0-128 */
} VmmPrefix;

/* Reads "10.0.0.0/8", "10.1.2.3", "fd00::/64", "fd00::1" strictly. Bits behind the length stay. */
gboolean vmm_prefix_parse (const char *text, VmmPrefix *out);
/* Clears the bits behind the length; TRUE when one of them was set. */
gboolean vmm_prefix_clear_host (VmmPrefix *prefix);
/* The one canonical form, always with a length. The caller frees it. */
char *vmm_prefix_format (const VmmPrefix *prefix);
/* The same without the length. */
char *vmm_prefix_format_address (const VmmPrefix *prefix);
/* Whether @inner lies in @outer or equals it; never across families. Bits behind the length of
 * @outer do not count. */
gboolean vmm_prefix_contains (const VmmPrefix *outer, const VmmPrefix *inner);
/* The number in the bits from @from to below @to, at most 32 of them. */
guint32 vmm_prefix_bits (const VmmPrefix *prefix, guint from, guint to);
void vmm_prefix_set_bits (VmmPrefix *prefix, guint from, guint to, guint32 value);

/* What instances may have of the IPv6 @range of a vswitch: neither its first address, which means
 * its routers, nor the last 128, which are reserved for anycast. */
gboolean vmm_prefix_is_usable6 (const VmmPrefix *range, const VmmPrefix *address);
