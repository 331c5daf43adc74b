/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the network benches measure on: VPCs of many ports, two of them with a guest behind, under
 * netctl's firewall, under an iptables chain a port, or under none. */
#pragma once
#include "netctl.h"

#define STAGE_PORTS_A_GROUP 10
#define STAGE_PORTS_MAX 4000

/* How the rules of a group are spread; the one that lets the measured traffic in comes last. */
typedef enum
{
  STAGE_PLAIN, /* all accept, all of one priority */
  STAGE_MIXED, /* accept and drop of ten priorities, with overlaps */
} StageRules;

typedef struct
{
  guint32 vpc;
  guint n_ports, n_rules; /* n_rules of each group */
  StageRules rules;
  char *ns;                    /* of the VPC */
  char *client_ns, *server_ns; /* of the guests behind the last two ports */
  char *client, *server;       /* their addresses */
} Stage;

/* A VPC of its own with so many ports, STAGE_PORTS_A_GROUP a group, as records for @plan. */
Stage *stage_new (NetctlPlan *plan, guint32 vpc, guint n_ports, guint n_rules, StageRules rules);
void stage_free (Stage *stage);

/* The group of a stage with all its rules; the caller frees it. @variant differs in one rule. */
NetctlGroup *stage_group (const Stage *stage, guint32 index, guint variant);
/* A port's record; ports count from 1. The caller frees it. */
NetctlPort *stage_port (const Stage *stage, guint number);

/* Makes the two guests' namespaces and links, still on the host. Before the plan is reconciled. */
void stage_add_guests (Stage *stage);
/* Takes netctl's tables out of the VPC's namespace: everything passes and nothing is tracked. */
void stage_open (const Stage *stage);
/* An iptables-restore text with a chain a port and direction, reached one after the other, each
 * with the rules of the port's group. Without @identity an established flow passes at its
 * sender's chain; with it the sender's chain checks its addresses and the receiver's is asked too,
 * as common schemes do. */
char *stage_iptables (const Stage *stage, gboolean identity);
/* Of that text, what must be loaded again (--noflush) when a rule of one group changes. */
char *stage_iptables_group (const Stage *stage, guint32 index, guint variant);
/* Likewise to put one port more to the end, to take it away again, and to give a port the rules of
 * a second group. */
char *stage_iptables_port (const Stage *stage, guint number);
char *stage_iptables_no_port (const Stage *stage, guint number);
char *stage_iptables_join (const Stage *stage, guint number);
/* Runs iptables-legacy-restore or iptables-nft-restore in the namespace called @ns. */
void stage_restore (const char *ns, const char *program, gboolean noflush, const char *text);
