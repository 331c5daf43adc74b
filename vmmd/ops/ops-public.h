/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What other verbs and work must know of public addresses. For this room and work. */
#pragma once
#include "ops-context.h"
#include "vmm-instance.h"
#include "vmm-nic.h"
#include "vmm-public.h"

/* ---- For verbs, inside their transaction ---- */

/* @instance or @nic is going, and all public addresses that lead there let go. *@out_left becomes
 * TRUE when there were any: then the VPC is to be kicked once the transaction is committed. */
gboolean ops_public_leave_instance (VmmContext *ctx, StoreTxn *txn, const VmmInstance *instance,
                                    gboolean *out_left, GError **error);
gboolean ops_public_leave_nic (VmmContext *ctx, StoreTxn *txn, const VmmNic *nic,
                               gboolean *out_left, GError **error);
/* Refuses with @code, by a sentence that names the EIP, when one leads to that address of @nic. */
gboolean ops_public_check_address (StoreTxn *txn, const VmmNic *nic, const char *ip, int code,
                                   GError **error);
/* CIDR_CONFLICT when @range holds a public address that leads into the VPC. */
gboolean ops_public_check_range (StoreTxn *txn, const char *vpc_id, const VmmRange *range,
                                 GError **error);
/* Refuse the deletion while NAT gateways, entries or addresses are left: VPC_HAS_NAT, DEPENDENCY.
 */
gboolean ops_public_check_vpc (StoreTxn *txn, const char *vpc_id, GError **error);
gboolean ops_public_check_vswitch (StoreTxn *txn, const VmmVswitch *vswitch, GError **error);

/* ---- For work ---- */

/* What of a VPC the host has not been told of, as the rows stand in one transaction. */
typedef struct
{
  GPtrArray *eips; /* VmmEip* */
  GPtrArray *snats, *forwards;
} OpsPublicSeen;
OpsPublicSeen *ops_public_see (StoreTxn *txn, const char *vpc_id, GError **error);
void ops_public_seen_free (OpsPublicSeen *seen);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (OpsPublicSeen, ops_public_seen_free)
/* Whether there is anything to tell, and whether an address is being taken back. */
gboolean ops_public_seen_is_empty (const OpsPublicSeen *seen);
gboolean ops_public_seen_leaves (const OpsPublicSeen *seen);
/* The host has been told of all in @seen. A row that moved meanwhile stays as it is. */
gboolean ops_public_settle (VmmContext *ctx, const OpsPublicSeen *seen, GError **error);
/* The host could not be told for @why. An address that is late on its way in turns back, one that
 * is late on its way out is reported. *@out_turned tells whether any turned back. */
gboolean ops_public_expire (VmmContext *ctx, const OpsPublicSeen *seen, const char *why,
                            gboolean *out_turned, GError **error);
