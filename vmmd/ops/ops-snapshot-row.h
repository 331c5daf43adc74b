/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the verbs on snapshots, snapshot groups and images share; for this room only. In the
 * caller's transaction. */
#pragma once
#include "ops-snapshot.h"
#include "store.h"

/* One more snapshot of @disk under way, if disk and instance allow it now; @spec->disk_id is not
 * read, nor are the texts checked. All that are added of one instance's disks before its work runs
 * are taken at one instant: the caller commits, then kicks ops_disk_worker() once. The caller frees
 * the snapshot. */
VmmSnapshot *ops_snapshot_add (VmmContext *ctx, StoreTxn *txn, const VmmDisk *disk,
                               const OpsSnapshotSpec *spec, GError **error);
