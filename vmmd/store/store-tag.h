/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Tags. They go with their resource: triggers of the database see to it. */
#pragma once
#include "store.h"
#include "vmm-query.h"
#include "vmm-tag.h"

/* Whether the account has such a resource. */
gboolean store_tag_has_resource (StoreTxn *txn, const char *account_id, VmmTagType type,
                                 const char *id, gboolean *out, GError **error);
/* One tag more, or another value of it. */
gboolean store_tag_put (StoreTxn *txn, const char *account_id, VmmTagType type, const char *id,
                        const VmmTag *tag, GError **error);
/* The tags of an instance onto its disks and its primary interface too. */
gboolean store_tag_spread (StoreTxn *txn, const char *instance_id, GError **error);
/* How many a resource has. */
gboolean store_tag_count (StoreTxn *txn, const char *account_id, VmmTagType type, const char *id,
                          guint *out, GError **error);
/* One less; @key NULL: none is left. @value NULL: whatever it is. */
gboolean store_tag_remove (StoreTxn *txn, const char *account_id, VmmTagType type, const char *id,
                           const char *key, const char *value, GError **error);

/* VmmTagRow* by id and key, a page of page->max_results from page->next_token on; with tags asked
 * for, only those. */
GPtrArray *store_tag_list (StoreTxn *txn, const char *account_id, const VmmTagQuery *query,
                           const VmmPage *page, VmmPageInfo *info, GError **error);
/* VmmTagRow* without tags, by id: the resources themselves, a page by number. */
GPtrArray *store_tag_resources (StoreTxn *txn, const char *account_id, const VmmTagQuery *query,
                                const VmmPage *page, VmmPageInfo *info, GError **error);

/* VmmTagUse* by key and value, a page by number. */
GPtrArray *store_tag_uses (StoreTxn *txn, const char *account_id, const VmmTagQuery *query,
                           const VmmPage *page, VmmPageInfo *info, GError **error);
