/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The verbs on snapshots. Any pool thread. Ids of other accounts are SNAPSHOT_NOT_FOUND. */
#pragma once
#include "ops-context.h"
#include "vmm-chain.h"
#include "vmm-disk.h"
#include "vmm-query.h"

/* Snapshots of one disk. */
#define OPS_SNAPSHOTS_MAX 256
/* Layers a disk may rest on, itself included; a snapshot beyond them is refused. */
#define OPS_CHAIN_MAX VMM_CHAIN_MAX

/* As on the wire, NULL or 0 for not given. */
typedef struct
{
  const char *disk_id, *name, *description;
  /* Not on the wire: of those taken at one instant; of an automatic one. */
  const char *group_id, *policy_id;
  guint retention_days;
} OpsSnapshotSpec;

/* A snapshot that is progressing: what the disk holds at the instant its disk turns to a new layer.
 * Its id; the caller frees it. */
char *ops_snapshot_create (VmmContext *ctx, const VmmCaller *caller, const OpsSnapshotSpec *spec,
                           GError **error);
/* VmmSnapshot*, newest first. */
GPtrArray *ops_snapshot_list (VmmContext *ctx, const VmmCaller *caller,
                              const VmmSnapshotQuery *query, const VmmPage *page,
                              VmmPageInfo *out_info, GError **error);
/* SNAPSHOT_IMAGE while an image was made from it, SNAPSHOT_DISK while a disk was, unless @force.
 * One under way goes when it has ended. */
gboolean ops_snapshot_delete (VmmContext *ctx, const VmmCaller *caller, const char *id,
                              gboolean force, GError **error);
/* NULL leaves a text, -1 the retention; 0 days keeps it for ever. */
gboolean ops_snapshot_modify (VmmContext *ctx, const VmmCaller *caller, const char *id,
                              const char *name, const char *description, int retention_days,
                              GError **error);

/* How many snapshots the account has, and the bytes that their own layers take on the host. */
gboolean ops_snapshot_usage (VmmContext *ctx, const VmmCaller *caller, guint *out_count,
                             guint64 *out_bytes, GError **error);

/* For this room: the row of @snapshot goes, at once or, when it is under way, as soon as it has
 * ended. */
gboolean ops_snapshot_remove (StoreTxn *txn, const VmmSnapshot *snapshot, GError **error);
/* For this room: one more snapshot of @disk under way in the caller's transaction, if disk and
 * instance allow it now; an automatic one takes the place of the oldest of its kind when the disk
 * has as many as it may; @spec->disk_id is not read, nor are the texts checked. All that are added
 * of one instance's disks before its work runs are taken at one instant: the caller commits, then
 * kicks ops_disk_worker() once. The caller frees the snapshot. */
VmmSnapshot *ops_snapshot_add (VmmContext *ctx, StoreTxn *txn, const VmmDisk *disk,
                               const OpsSnapshotSpec *spec, GError **error);

/* For the worker: the guest of @snapshots (VmmSnapshot*, under way) is about to be frozen, so that
 * a daemon that comes after this one knows to thaw it. */
gboolean ops_snapshot_set_freezing (VmmContext *ctx, GPtrArray *snapshots, GError **error);
/* For the worker: the disk of @snapshot has turned to its next layer, and the one it had takes
 * @size_bytes on the host. */
gboolean ops_snapshot_accomplish (VmmContext *ctx, const VmmSnapshot *snapshot,
                                  VmmConsistency consistency, guint64 size_bytes, GError **error);
/* For the worker: it never will, and goes on in the layer it has. */
gboolean ops_snapshot_fail (VmmContext *ctx, const VmmSnapshot *snapshot, const char *reason,
                            GError **error);
