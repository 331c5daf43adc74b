/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Snapshots. Rows of other accounts are not found; @account_id NULL reads for the daemon itself. */
#pragma once
#include "store.h"
#include "vmm-disk.h"
#include "vmm-query.h"

/* DISK_SNAPSHOTTING when one of the disk is under way. NULL texts are kept as "". */
gboolean store_snapshot_insert (StoreTxn *txn, const VmmSnapshot *snapshot, GError **error);
/* SNAPSHOT_NOT_FOUND. */
VmmSnapshot *store_snapshot_get (StoreTxn *txn, const char *account_id, const char *id,
                                 GError **error);
/* VmmSnapshot*, newest first. */
GPtrArray *store_snapshot_list (StoreTxn *txn, const char *account_id,
                                const VmmSnapshotQuery *query, const VmmPage *page,
                                VmmPageInfo *info, GError **error);
/* VmmSnapshot* under way of an instance's disks, or of one disk (the other NULL). */
GPtrArray *store_snapshot_progressing (StoreTxn *txn, const char *instance_id, const char *disk_id,
                                       GError **error);
/* VmmSnapshot* of a group, oldest first. */
GPtrArray *store_snapshot_of_group (StoreTxn *txn, const char *group_id, GError **error);
/* How many an account has, and the bytes that their own layers take on the host. */
gboolean store_snapshot_usage (StoreTxn *txn, const char *account_id, guint *out_count,
                               guint64 *out_bytes, GError **error);
/* Ids (char*) of those whose time is over. */
GPtrArray *store_snapshot_expired (StoreTxn *txn, gint64 now_ms, GError **error);
/* The oldest one of the disk that a policy made and no image rests on, one that failed before any
 * other; NULL without @error set when there is none. The caller frees it. */
char *store_snapshot_oldest_auto (StoreTxn *txn, const char *disk_id, GError **error);
/* How many that policies made are under way. */
gboolean store_snapshot_count_auto_progressing (StoreTxn *txn, guint *out, GError **error);
/* How many a disk has. */
gboolean store_snapshot_count (StoreTxn *txn, const char *disk_id, guint *out, GError **error);
/* How many images and disks were made from it and are still there. */
gboolean store_snapshot_count_users (StoreTxn *txn, const char *id, guint *out_images,
                                     guint *out_disks, GError **error);
/* One under way is about to have its guest frozen. */
gboolean store_snapshot_set_freezing (StoreTxn *txn, const char *id, GError **error);
/* The end of one under way: ACCOMPLISHED, or FAILED with the layer let go of. OPERATION_CONFLICT
 * when it is not progressing any more. */
gboolean store_snapshot_finish (StoreTxn *txn, const char *id, VmmSnapshotState to,
                                VmmConsistency consistency, const char *reason, GError **error);
/* Name, description, retention and the time of its end as in @snapshot; one that was abandoned
 * stays so. */
gboolean store_snapshot_set_attributes (StoreTxn *txn, const VmmSnapshot *snapshot, GError **error);
/* What it was taken for will never be: it goes as soon as it has ended and no image rests on it. */
gboolean store_snapshot_abandon (StoreTxn *txn, const char *id, GError **error);
/* Deletes it if its time is over, it has ended and no image rests on it. */
gboolean store_snapshot_expire (StoreTxn *txn, const char *id, gint64 now_ms, GError **error);
/* The row only; layers are merged or swept when nobody names them. */
gboolean store_snapshot_delete (StoreTxn *txn, const char *id, GError **error);
