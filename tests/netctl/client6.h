/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a guest asks about its IPv6 and what it hears, by hand on a packet socket. */
#pragma once
#include "frames.h"

#define CLIENT6_SOLICIT 1
#define CLIENT6_ADVERTISE 2
#define CLIENT6_REQUEST 3
#define CLIENT6_CONFIRM 4
#define CLIENT6_RENEW 5
#define CLIENT6_REPLY 7
#define CLIENT6_RELEASE 8
#define CLIENT6_DECLINE 9
#define CLIENT6_INFORMATION 11
#define CLIENT6_RELAY 12

typedef struct
{
  int fd;                 /* world_packet (…, ETH_P_IPV6) */
  const guint8 *mac;      /* of the frame */
  const char *link_local; /* of the packet */
  const char *name;       /* who it says it is: its DUID's text */
} Client6;

/* A router advertisement. */
typedef struct
{
  guint8 flags;
  guint lifetime, mtu;
  guint prefixes;      /* how many */
  guint8 prefix_flags; /* of all of them, together */
  guint routes;
} Client6Router;

/* A DHCPv6 answer. */
typedef struct
{
  guint8 type;
  char address[64]; /* the first, or "" */
  guint32 lifetime; /* of it */
  int status;       /* the message's own, or -1 */
  int no_address;   /* the first status inside an association, or -1 */
  char domain[256]; /* of the search list, or "" */
  char ntp[64];     /* the first time server, or "" */
} Client6Answer;

/* The next router advertisement within the time; FALSE if none comes. */
gboolean client6_hear_router (const Client6 *client, Client6Router *out, guint timeout_ms);
/* Asks for one first. */
gboolean client6_ask_router (const Client6 *client, Client6Router *out, guint timeout_ms);
/* Asks where @target is; TRUE if the gateway's MAC address is told. */
gboolean client6_finds (const Client6 *client, const char *target, guint timeout_ms);
/* Sends a DHCPv6 message about @address (may be NULL), to the server's name if such a message
 * needs it. */
void client6_send (const Client6 *client, guint8 type, const char *address);
gboolean client6_receive (const Client6 *client, Client6Answer *out, guint timeout_ms);
/* Solicit, advertise, request, reply. FALSE if it does not end with a reply in time. */
gboolean client6_lease (const Client6 *client, Client6Answer *out, guint timeout_ms);
/* The link-local address that follows from a MAC address. The caller frees it. */
char *client6_link_local (const guint8 mac[6]);
/* The solicited-node group of @target, as an address and as a MAC address. The caller frees the
 * former. */
char *client6_group (const char *target, guint8 out_mac[6]);
