/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Public addresses and routes of a VPC: what they answer for one packet. Pure. */
#pragma once
#include "netctl-plan.h"

/* Whether the VPC has a way out of its namespace: NAT or a public address. The arrays may be
 * NULL. */
gboolean netctl_vpc_has_uplink (const NetctlVpc *vpc);
/* Whether @address (an IPv4 host) is one of the VPC's publics. The arrays may be NULL. */
gboolean netctl_vpc_has_public (const NetctlVpc *vpc, const NetctlPrefix *address);
/* TRUE unless two VPCs share a public address; else sets an error of @code that names both. One and
 * the same VPC, or NULL, is apart. */
gboolean netctl_nat_apart (const NetctlVpc *vpc, const NetctlVpc *other, NetctlError code,
                           GError **error);
/* The route with the longest destination that holds @address, or NULL. Borrowed. */
const NetctlRoute *netctl_vpc_route_of (const NetctlVpc *vpc, const NetctlPrefix *address);

/* A VPC's translations, made ready for many questions. The VPC must live and stay as it is
 * meanwhile. */
typedef struct NetctlNat NetctlNat;

/* The caller frees it. */
NetctlNat *netctl_nat_new (const NetctlVpc *vpc);
void netctl_nat_free (NetctlNat *nat);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (NetctlNat, netctl_nat_free)

/* Where what is sent to @address (network order) and @port goes instead; FALSE if nothing leads
 * there. @protocol and @port may be ones without ports and 0. */
gboolean netctl_nat_inward (const NetctlNat *nat, guint32 address, int protocol, guint16 port,
                            guint32 *out_address, guint16 *out_port);
/* The public address (network order) that @source has for itself alone, under which it also
 * leaves; 0 for none. */
guint32 netctl_nat_own (const NetctlNat *nat, guint32 source);
/* The address (network order) under which @source leaves the VPC: its own, that of the longest
 * SNAT entry, the VPC's transit address; 0 if it may not leave. */
guint32 netctl_nat_outward (const NetctlNat *nat, guint32 source);
/* Whether a flow that @source has under @address may go on: the above, or one of those that would
 * be next. */
gboolean netctl_nat_may_show (const NetctlNat *nat, guint32 source, guint32 address);

/* Private addresses with a public address of their own: private -> public, GUINT_TO_POINTER of
 * network order. Borrowed. */
GHashTable *netctl_nat_owners (const NetctlNat *nat);
