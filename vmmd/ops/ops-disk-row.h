/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the verbs on disks, instances and snapshots share; for this room only. In the caller's
 * transaction. */
#pragma once
#include "ops-context.h"
#include "store-disk.h"
#include "vmm-instance.h"

/* Whether nothing is under way with the disk: neither its making, nor a growth, nor a snapshot or
 * reset. DISK_STATUS or DISK_SNAPSHOTTING with what it is. */
gboolean ops_disk_check_idle (const VmmDisk *disk, GError **error);
/* Moves a disk; DISK_STATUS names the state that does not allow it. */
gboolean ops_disk_move (VmmContext *ctx, StoreTxn *txn, const VmmDisk *disk, VmmDiskEvent event,
                        const char *reason, GError **error);
/* The instance went off: what was being plugged is in its definition, what was being unplugged is
 * free. */
gboolean ops_disk_settle_off (VmmContext *ctx, StoreTxn *txn, const VmmInstance *instance,
                              GError **error);
/* The instance goes: disks that outlive it become free and their ids are added to @kicks, as they
 * may have work left; the others' rows go, and snapshots of them that are not taken yet fail. */
gboolean ops_disk_release_all (VmmContext *ctx, StoreTxn *txn, const VmmInstance *instance,
                               GPtrArray *kicks, GError **error);
/* The making of the instance failed: the disks made with it go with it, whatever was asked. */
gboolean ops_disk_doom_all (StoreTxn *txn, const VmmInstance *instance, GError **error);
/* Marks a disk whose bounds are others than @before's, so that its guest is told. */
gboolean ops_disk_rebound (VmmContext *ctx, StoreTxn *txn, const VmmDisk *before,
                           const VmmDisk *after, GError **error);
/* A new layer row on @parent_id (NULL: on nothing). Its id; the caller frees it. */
char *ops_disk_new_layer (VmmContext *ctx, StoreTxn *txn, const char *parent_id,
                          guint64 virtual_bytes, GError **error);
/* NO_STOCK unless so many bytes more may be promised. */
gboolean ops_disk_check_space (VmmContext *ctx, StoreTxn *txn, guint64 bytes, GError **error);
