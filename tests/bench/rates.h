/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Traffic between two namespaces, from one thread: what a sender does not spend in waiting, the
 * path between the two does. */
#pragma once
#include <glib.h>

typedef struct
{
  char *client_ns, *server_ns;
  char *client, *server; /* addresses */
} RatesPair;

typedef struct
{
  double per_second;     /* by the clock on the wall */
  double per_cpu_second; /* of the time this process was given */
} Rate;

/* Packets with 18 bytes of payload through one UDP flow that has been answered. */
Rate rates_packets (const RatesPair *pair, guint count);
/* TCP connections, each from another port, ended by a reset. Forgets the flows of @vpc_ns
 * afterwards. */
Rate rates_connections (const RatesPair *pair, const char *vpc_ns, guint count);
