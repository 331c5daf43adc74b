/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Snapshot groups. Rows of other accounts are not found. A group's row goes with the last of its
 * snapshots. */
#pragma once
#include "store.h"
#include "vmm-disk.h"
#include "vmm-query.h"

/* Its snapshots are rows of their own, with its id. */
gboolean store_snapshot_group_insert (StoreTxn *txn, const VmmSnapshotGroup *group, GError **error);
/* With its snapshots. SNAPSHOT_GROUP_NOT_FOUND. */
VmmSnapshotGroup *store_snapshot_group_get (StoreTxn *txn, const char *account_id, const char *id,
                                            GError **error);
/* VmmSnapshotGroup* with their snapshots, newest first. */
GPtrArray *store_snapshot_group_list (StoreTxn *txn, const char *account_id,
                                      const VmmSnapshotGroupQuery *query, const VmmPage *page,
                                      VmmPageInfo *info, GError **error);
/* Its name and description. */
gboolean store_snapshot_group_set_texts (StoreTxn *txn, const char *id, const char *name,
                                         const char *description, GError **error);
