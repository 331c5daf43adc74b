/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The verbs on snapshot groups. Any pool thread. Ids of other accounts are
 * SNAPSHOT_GROUP_NOT_FOUND. */
#pragma once
#include "ops-context.h"
#include "vmm-disk.h"
#include "vmm-query.h"

/* As on the wire, NULL for not given. */
typedef struct
{
  const char *instance_id; /* whose disks, all of them unless some are named */
  const char *const *disk_ids, *const *exclude_disk_ids;
  const char *name, *description;
} OpsSnapshotGroupSpec;

/* Snapshots under way, taken at one instant, of disks of one instance. Its id; the caller frees it.
 */
char *ops_snapshot_group_create (VmmContext *ctx, const VmmCaller *caller,
                                 const OpsSnapshotGroupSpec *spec, GError **error);
/* VmmSnapshotGroup* with their snapshots, newest first. */
GPtrArray *ops_snapshot_group_list (VmmContext *ctx, const VmmCaller *caller,
                                    const VmmSnapshotGroupQuery *query, const VmmPage *page,
                                    VmmPageInfo *out_info, GError **error);
/* All its snapshots with it, or nothing: SNAPSHOT_IMAGE while an image was made from one. Disks
 * made from them go on. Ids (char*) of the snapshots. */
GPtrArray *ops_snapshot_group_delete (VmmContext *ctx, const VmmCaller *caller, const char *id,
                                      GError **error);
/* NULL leaves a text. */
gboolean ops_snapshot_group_modify (VmmContext *ctx, const VmmCaller *caller, const char *id,
                                    const char *name, const char *description, GError **error);
