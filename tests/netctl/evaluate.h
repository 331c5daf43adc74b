/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A reader of compiled rules: what a chain says to a packet, by its text alone. */
#pragma once
#include "netctl-table.h"
#include "netctl.h"

/* Ports are -1 where the protocol has none. */
typedef struct
{
  NetctlPrefix source, destination; /* of one family, full length */
  int protocol;
  int source_port, destination_port;
} Packet;

/* The verdict of the table "inet ecs"'s chain @name: "accept", "drop", "goto …", borrowed from
 * @tables. Any word it does not know fails the test. */
const char *evaluate_chain (const NetctlTables *tables, const char *name, const Packet *packet);
/* Fails the test unless the elements of each set of ranges are disjoint, as the kernel wants. */
void evaluate_assert_disjoint (const NetctlTables *tables);
/* What ECS's rules say, by a plain reading: of the rules in @rules (NetctlRule) of @direction that
 * match, those with the lowest number, and of those a drop; without any, in is closed and out is
 * open. @is_member tells whether the peer is in a group. */
gboolean evaluate_plain (const GArray *rules, NetctlDirection direction, const Packet *packet,
                         gboolean (*is_member) (const NetctlPrefix *peer, guint32 group,
                                                gpointer data),
                         gpointer data);
