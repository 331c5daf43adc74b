/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Prefix lists and their entries. Rows of other accounts are not found. */
#pragma once
#include "store.h"
#include "vmm-nic.h"
#include "vmm-prefix-list.h"
#include "vmm-query.h"

/* Without its entries. */
gboolean store_prefix_list_insert (StoreTxn *txn, const VmmPrefixList *list, GError **error);
/* Without its entries. @account_id NULL reads for the daemon itself. PREFIX_LIST_NOT_FOUND. */
VmmPrefixList *store_prefix_list_get (StoreTxn *txn, const char *account_id, const char *id,
                                      GError **error);
/* VmmPrefixList* without entries, newest first. */
GPtrArray *store_prefix_list_list (StoreTxn *txn, const char *account_id,
                                   const VmmPrefixListQuery *query, const VmmPage *page,
                                   VmmPageInfo *info, GError **error);
gboolean store_prefix_list_count (StoreTxn *txn, const char *account_id, guint *out,
                                  GError **error);
gboolean store_prefix_list_set_names (StoreTxn *txn, const char *id, const char *name,
                                      const char *description, GError **error);
/* With its entries; no rule names it. */
gboolean store_prefix_list_delete (StoreTxn *txn, const char *id, GError **error);

/* VmmPrefixEntry* of a list, in one order. */
GPtrArray *store_prefix_list_entries (StoreTxn *txn, const char *id, GError **error);
/* An entry of that range; its description replaces that of one which is there. */
gboolean store_prefix_list_put (StoreTxn *txn, const char *id, const VmmPrefixEntry *entry,
                                GError **error);
gboolean store_prefix_list_remove (StoreTxn *txn, const char *id, const char *cidr, GError **error);

/* VmmGroup* without rules: those with a rule that names the list. */
GPtrArray *store_prefix_list_groups (StoreTxn *txn, const char *id, GError **error);
