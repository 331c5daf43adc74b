/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What tests ask of the Netctl that netctl_fake_new() makes. Any thread. */
#pragma once
#include "netctl.h"

/* When a staged failure strikes. */
typedef enum
{
  NETCTL_FAKE_BEFORE, /* nothing was done */
  NETCTL_FAKE_AFTER   /* all was done, and then the answer was lost */
} NetctlFakeMoment;

/* The @n-th call from now (1: the next) fails with NETCTL_ERROR_KERNEL; 0 takes that back. */
void netctl_fake_fail_at (Netctl *net, guint n, NetctlFakeMoment moment);
/* How many calls were made; a staged failure counts. */
guint netctl_fake_calls (Netctl *net);
/* Whether the tap of that port exists; port_attach answers NO_TAP without, and a port whose tap
 * goes away is attached no more. Present at first. */
void netctl_fake_set_tap (Netctl *net, guint32 port_index, gboolean exists);

/* What is there. */
gboolean netctl_fake_has_vpc (Netctl *net, guint32 vpc_index);
/* Likewise, in its VPC. */
gboolean netctl_fake_has_group (Netctl *net, guint32 vpc_index, guint32 group_index);
/* Prepared, and perhaps attached. */
gboolean netctl_fake_has_port (Netctl *net, guint32 port_index);
gboolean netctl_fake_is_attached (Netctl *net, guint32 port_index);
/* TRUE if nothing is left of anything. */
gboolean netctl_fake_is_empty (Netctl *net);
/* All of it as sorted text, a line an object ("vpc 1 routes=1", "group 1/2 rules=3", "port 1/5
 * attached 10.0.0.2", "eip 1 203.0.113.1 10.0.0.2"), to compare before and after. The caller frees
 * it. */
char *netctl_fake_describe (Netctl *net);
/* Whether a flow to or from a port could begin under what was applied: the rules as the real one
 * would compile them. Addresses as text. FALSE if the VPC is not there. */
gboolean netctl_fake_allows (Netctl *net, guint32 vpc_index, int protocol, const char *source,
                             int source_port, const char *destination, int destination_port);
/* Adds to what a port, or a public address (as text), has carried; nothing from the start. */
void netctl_fake_carry (Netctl *net, const NetctlPortUse *more);
void netctl_fake_carry_public (Netctl *net, const char *address, const NetctlCount *more);
