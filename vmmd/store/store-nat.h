/* SPDX-License-Identifier: GPL-2.0-or-later */
/* NAT gateways and their entries. An entry is in force when the generation that was applied is its
 * own. */
#pragma once
#include "store.h"
#include "vmm-public.h"
#include "vmm-query.h"

/* A new row. */
gboolean store_nat_insert (StoreTxn *txn, const VmmNatGateway *gateway, GError **error);
/* VMM_ERROR_NAT_NOT_FOUND. */
VmmNatGateway *store_nat_get (StoreTxn *txn, const char *account_id, const char *id,
                              GError **error);
/* The gateway with that SNAT or forward table. VMM_ERROR_SNAT_TABLE_NOT_FOUND,
 * VMM_ERROR_FORWARD_TABLE_NOT_FOUND. */
VmmNatGateway *store_nat_get_by_snat_table (StoreTxn *txn, const char *account_id, const char *id,
                                            GError **error);
VmmNatGateway *store_nat_get_by_forward_table (StoreTxn *txn, const char *account_id,
                                               const char *id, GError **error);
/* VmmNatGateway*, newest first. */
GPtrArray *store_nat_list (StoreTxn *txn, const char *account_id, const VmmNatGatewayQuery *query,
                           const VmmPage *page, VmmPageInfo *info, GError **error);
gboolean store_nat_count_vpc (StoreTxn *txn, const char *vpc_id, guint *out, GError **error);
/* Gateways and SNAT entries that name a vswitch. */
gboolean store_nat_count_vswitch (StoreTxn *txn, const char *vswitch_id, guint *out,
                                  GError **error);
/* Entries of both kinds of a gateway, and those that use an address. */
gboolean store_nat_count_entries (StoreTxn *txn, const char *id, guint *out, GError **error);
gboolean store_nat_count_uses (StoreTxn *txn, const char *eip_id, guint *out, GError **error);
/* With its entries; it has no addresses. */
gboolean store_nat_delete (StoreTxn *txn, const char *id, GError **error);
/* The entries that use an address. */
gboolean store_nat_delete_uses (StoreTxn *txn, const char *eip_id, GError **error);

/* VMM_ERROR_SNAT_EXISTS when the VPC has an entry for that range. */
gboolean store_snat_insert (StoreTxn *txn, const VmmSnat *entry, GError **error);
/* VMM_ERROR_SNAT_NOT_FOUND unless it is in that table. */
VmmSnat *store_snat_get (StoreTxn *txn, const char *account_id, const char *table_id,
                         const char *id, GError **error);
GPtrArray *store_snat_list (StoreTxn *txn, const char *account_id, const VmmSnatQuery *query,
                            const VmmPage *page, VmmPageInfo *info, GError **error);
GPtrArray *store_snat_list_vpc (StoreTxn *txn, const char *vpc_id, GError **error);
/* Name and address as @entry has them; another generation when the address differs. */
gboolean store_snat_update (StoreTxn *txn, const VmmSnat *entry, GError **error);
gboolean store_snat_delete (StoreTxn *txn, const char *id, GError **error);

/* The caller has checked that it is apart from the others. */
gboolean store_forward_insert (StoreTxn *txn, const VmmForward *entry, GError **error);
/* VMM_ERROR_FORWARD_NOT_FOUND unless it is in that table. */
VmmForward *store_forward_get (StoreTxn *txn, const char *account_id, const char *table_id,
                               const char *id, GError **error);
GPtrArray *store_forward_list (StoreTxn *txn, const char *account_id, const VmmForwardQuery *query,
                               const VmmPage *page, VmmPageInfo *info, GError **error);
GPtrArray *store_forward_list_vpc (StoreTxn *txn, const char *vpc_id, GError **error);
/* Everything but ids and time as @entry has them; another generation. */
gboolean store_forward_update (StoreTxn *txn, const VmmForward *entry, GError **error);
gboolean store_forward_delete (StoreTxn *txn, const char *id, GError **error);

/* The host does as generation @generation of the entry says. */
gboolean store_snat_set_applied (StoreTxn *txn, const char *id, guint64 generation, GError **error);
gboolean store_forward_set_applied (StoreTxn *txn, const char *id, guint64 generation,
                                    GError **error);
/* Ids (char*) of VPCs with a public address or an entry that the host has not been told of. */
GPtrArray *store_public_working (StoreTxn *txn, GError **error);
