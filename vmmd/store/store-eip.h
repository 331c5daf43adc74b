/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Public addresses, those that go with their instance (plain) too; their state only
 * store_eip_move() changes. */
#pragma once
#include "store.h"
#include "vmm-nic.h"
#include "vmm-public.h"
#include "vmm-query.h"

/* VMM_ERROR_PUBLIC_IP_USED when somebody has the address, and VMM_ERROR_EIP_DUPLICATED when its
 * private address has another public one. */
gboolean store_eip_insert (StoreTxn *txn, const VmmEip *eip, GError **error);
/* VMM_ERROR_EIP_NOT_FOUND; so are plain ones. */
VmmEip *store_eip_get (StoreTxn *txn, const char *account_id, const char *id, GError **error);
/* The plain one with that address. VMM_ERROR_PUBLIC_IP_NOT_FOUND. */
VmmEip *store_eip_get_plain (StoreTxn *txn, const char *account_id, const char *ip, GError **error);
/* VmmEip* without plain ones, newest first. */
GPtrArray *store_eip_list (StoreTxn *txn, const char *account_id, const VmmEipQuery *query,
                           const VmmPage *page, VmmPageInfo *info, GError **error);
/* VmmEip*, plain ones too: of a VPC, of a target, and those that lead to an interface. */
GPtrArray *store_eip_list_vpc (StoreTxn *txn, const char *vpc_id, GError **error);
GPtrArray *store_eip_list_target (StoreTxn *txn, const char *target_id, GError **error);
GPtrArray *store_eip_list_nic (StoreTxn *txn, const char *nic_id, GError **error);
/* Sets the publics, unset before, of all @nics (VmmNic*) at the price of one statement. */
gboolean store_eip_fill (StoreTxn *txn, GPtrArray *nics, GError **error);
/* EIPs of an account, without plain ones. */
gboolean store_eip_count (StoreTxn *txn, const char *account_id, guint *out, GError **error);
/* The next free address between @first and @last: behind the highest one in use, or else the lowest
 * gap. 0 when all are taken. */
gboolean store_eip_free_address (StoreTxn *txn, guint32 first, guint32 last, guint32 *out,
                                 GError **error);

/* A step in an address's life. What it leads to is as in @to. */
typedef struct
{
  VmmEipState from, to;
  const char *reason; /* NULL for none */
  gint64 deadline_ms; /* of @to; 0 when it is stable */
  const char *target_type, *target_id, *vpc_id, *nic_id;
  guint32 private_ip; /* 0 for none */
} StoreEipMove;
/* The one statement that changes a state: VMM_ERROR_EIP_STATUS when another moved it first,
 * VMM_ERROR_EIP_DUPLICATED when the private address has another public one. */
gboolean store_eip_move (StoreTxn *txn, const char *id, const StoreEipMove *move, GError **error);
/* Name, description and bandwidth, as @eip has them. */
gboolean store_eip_update (StoreTxn *txn, const VmmEip *eip, GError **error);
/* Another reason and deadline for one that is being taken back. */
gboolean store_eip_postpone (StoreTxn *txn, const char *id, const char *reason, gint64 deadline_ms,
                             GError **error);
gboolean store_eip_delete (StoreTxn *txn, const char *id, GError **error);
