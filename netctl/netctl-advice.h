/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a guest is told about its IPv6: where the router is (router advertisements), which address
 * is its own (DHCPv6), and that its neighbours are behind the router (neighbour advertisements).
 * Pure: packets in, packets out. */
#pragma once
#include "netctl-lease6.h"

/* What there is to tell one guest. */
typedef struct
{
  guint8 mac[6];
  NetctlLease6 lease; /* what DHCPv6 hands out */
  GArray *addresses;  /* NetctlPrefix: all of the port's IPv6 addresses */
  GArray *subnets;    /* NetctlPrefix: those of the VPC's ranges of IPv6 */
  gboolean is_secondary;
} NetctlAdvice;

/* NULL for a port without an IPv6 address. @ntp (NetctlPrefix) may be of both families. */
NetctlAdvice *netctl_advice_new (const NetctlVpc *vpc, const NetctlPort *port, const GArray *ntp);
void netctl_advice_free (NetctlAdvice *advice);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (NetctlAdvice, netctl_advice_free)
gboolean netctl_advice_equal (const NetctlAdvice *a, const NetctlAdvice *b);

/* The whole frame that answers @packet (IPv6 and what is behind it) from that guest, or NULL if it
 * is not to be answered. Free with g_byte_array_unref(). */
GByteArray *netctl_advice_answer (const NetctlAdvice *advice, const guint8 *packet, gsize length);
/* A router advertisement that nobody asked for; with @is_leaving the router is one no longer. */
GByteArray *netctl_advice_announce (const NetctlAdvice *advice, gboolean is_leaving);
