/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A DHCP client by hand, on a packet socket of a guest. */
#pragma once
#include <glib.h>

typedef struct
{
  int fd;              /* world_packet (…, ETH_P_IP) */
  const guint8 *mac;   /* of the frame */
  const guint8 *about; /* the client's in the message */
} DhcpClient;

typedef struct
{
  guint8 type;             /* 2 offer, 5 ack, 6 nak */
  guint8 address[4];       /* what is offered */
  guint8 options[256][64]; /* contents by number */
  guint8 lengths[256];
} DhcpAnswer;

/* Sends a message of that type (1 discover, 3 request, 4 decline) about @address, or NULL. */
void dhcp_send (const DhcpClient *client, guint8 type, const guint8 *address);
/* The next answer to this client, FALSE if none comes in time. */
gboolean dhcp_receive (const DhcpClient *client, DhcpAnswer *out, guint timeout_ms);
/* Discover, offer, request, ack. FALSE if it does not end with an ack in time. */
gboolean dhcp_lease (const DhcpClient *client, DhcpAnswer *out, guint timeout_ms);
