/* SPDX-License-Identifier: GPL-2.0-or-later */
/* DHCPv6 with one fixed address a guest: nothing is remembered, so that a guest gets its address
 * whatever it calls itself. Pure. */
#pragma once
#include "netctl-plan.h"

/* What a guest may be told. */
typedef struct
{
  NetctlPrefix address;
  char *domain; /* "" for none */
  GArray *ntp;  /* NetctlPrefix: time servers with IPv6 addresses */
} NetctlLease6;

/* The message that answers @message, or NULL if it is not to be answered. Free with
 * g_byte_array_unref(). */
GByteArray *netctl_lease6_answer (const NetctlLease6 *lease, const guint8 *message, gsize length);
