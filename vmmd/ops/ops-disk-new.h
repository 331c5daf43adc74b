/* SPDX-License-Identifier: GPL-2.0-or-later */
/* New disks, alone or with an instance; for this room only. In the caller's transaction. */
#pragma once
#include "ops-context.h"
#include "ops-disk-spec.h"
#include "store-disk.h"

/* FALSE with the error of a field that can never be right. */
gboolean ops_disk_check_spec (const VmmContext *ctx, const OpsDiskSpec *spec, GError **error);
/* DISK_NAME_MALFORMED, DESCRIPTION_MALFORMED; NULL and "" pass. */
gboolean ops_disk_check_texts (const char *name, const char *description, GError **error);
/* DISK_SIZE unless the category has disks of that size; the category and level must exist. */
gboolean ops_disk_check_size (const char *category, const char *level, guint64 size_gib,
                              GError **error);
/* The level that a disk of @category has when @asked (may be NULL) was asked for. Borrowed. */
const char *ops_disk_level (const char *category, const char *asked);
/* A snapshot that a disk may be made from: SNAPSHOT_NOT_FOUND, SNAPSHOT_NOT_READY. */
VmmSnapshot *ops_disk_find_source (StoreTxn *txn, const VmmCaller *caller, const char *id,
                                   GError **error);
/* The row of a data disk as @spec asks for it: Creating, attached nowhere, without a layer of its
 * own. It holds what the snapshot of @spec holds, or else @from (NULL: nothing). Nothing is
 * written. The caller frees it. */
VmmDisk *ops_disk_new (VmmContext *ctx, StoreTxn *txn, const VmmCaller *caller,
                       const OpsDiskSpec *spec, const VmmImageDisk *from, GError **error);
/* Writes the row of a new disk, and of a new layer for it on its origin. POLICY_NOT_FOUND when it
 * names a policy of automatic snapshots that the account has not. */
gboolean ops_disk_insert (VmmContext *ctx, StoreTxn *txn, VmmDisk *disk, GError **error);
/* The device asked for, or the first free one beside those of @disks (VmmDisk*): DISK_LIMIT,
 * DEVICE_MALFORMED, DEVICE_IN_USE. The caller frees it. */
char *ops_disk_choose_device (GPtrArray *disks, const char *asked, GError **error);
