/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Short ways to make the records of a plan in tests. */
#pragma once
#include "netctl-model.h"

/* A VPC with one subnet per range of @ranges (blank separated); gateways are the first address. */
NetctlVpc *record_vpc (guint32 index, const char *ranges, gboolean nat);
/* A group whose members reach each other. */
NetctlGroup *record_group (guint32 vpc, guint32 index);
/* Adds "in|out accept|drop PRIORITY PROTOCOL PORTS SOURCEPORTS PEER [NEAR]", with "all", "tcp",
 * "udp", "icmp", "icmpv6", "gre" or a number; "-" or "22" or "22-80"; a range or "group:N"; a
 * range. */
void record_rule (NetctlGroup *group, const char *text);
/* A port; its MAC ends in its index. @addresses and @groups are blank separated. */
NetctlPort *record_port (guint32 vpc, guint32 index, const char *addresses, const char *groups);
/* Puts a copy into the model; a refusal fails the test. The record is freed. */
void record_put_vpc (NetctlModel *model, NetctlVpc *vpc);
void record_put_group (NetctlModel *model, NetctlGroup *group);
void record_put_port (NetctlModel *model, NetctlPort *port);

/* Each adds to the VPC; addresses as text. */
void record_public (NetctlVpc *vpc, const char *address);
/* An elastic address, which becomes a public one of the VPC too. */
void record_eip (NetctlVpc *vpc, const char *public_address, const char *private_address);
void record_snat (NetctlVpc *vpc, const char *source, const char *public_address);
/* "tcp|udp|all PORTS PRIVATEPORTS" with "-" or "22" or "22-80". */
void record_forward (NetctlVpc *vpc, const char *public_address, const char *text,
                     const char *private_address);
void record_route (NetctlVpc *vpc, const char *destination, const char *next_hop);
