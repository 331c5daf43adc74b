/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Disks. Rows of other accounts are not found; @account_id NULL reads for the daemon itself. */
#pragma once
#include "store.h"
#include "vmm-disk.h"
#include "vmm-query.h"

/* Its layer must exist. NULL texts are kept as "". */
gboolean store_disk_insert (StoreTxn *txn, const VmmDisk *disk, GError **error);
/* DISK_NOT_FOUND. */
VmmDisk *store_disk_get (StoreTxn *txn, const char *account_id, const char *id, GError **error);
/* VmmDisk* of an instance, the system disk first, then by device. */
GPtrArray *store_disk_list_of (StoreTxn *txn, const char *instance_id, GError **error);
/* VmmDisk*, newest first. */
GPtrArray *store_disk_list (StoreTxn *txn, const char *account_id, const VmmDiskQuery *query,
                            const VmmPage *page, VmmPageInfo *info, GError **error);
/* Ids (char*) of disks of the host with work under way: a state that implies some, a growth, or a
 * snapshot. */
GPtrArray *store_disk_working (StoreTxn *txn, const char *host_id, GError **error);
/* The only change of a disk's state: OPERATION_CONFLICT when it is not @from any more. @reason NULL
 * clears it. */
gboolean store_disk_move (StoreTxn *txn, const char *id, VmmDiskState from, VmmDiskState to,
                          const char *reason, gint64 deadline_ms, GError **error);
/* Where it is attached: "" and "" for nowhere. Sets attached_ms or detached_ms to @now_ms. */
gboolean store_disk_set_place (StoreTxn *txn, const char *id, const char *instance_id,
                               const char *device, gint64 now_ms, GError **error);
/* Its active layer; forgets the next one. */
gboolean store_disk_set_layer (StoreTxn *txn, const char *id, const char *layer_id, GError **error);
/* The layer that work under way turns to, or NULL. The layer must exist. */
gboolean store_disk_set_next (StoreTxn *txn, const char *id, const char *layer_id, GError **error);
/* The size a growth is to end at. */
gboolean store_disk_set_want (StoreTxn *txn, const char *id, guint64 want_bytes, GError **error);
/* The size it came to; no growth is under way any more. */
gboolean store_disk_set_size (StoreTxn *txn, const char *id, guint64 virtual_bytes, GError **error);
/* Whether its guest has yet to be told of new bounds. */
gboolean store_disk_set_unbound (StoreTxn *txn, const char *id, gboolean is_unbound,
                                 GError **error);
/* Everything a user may set (name, description, flags, category, policy) as in @disk. */
gboolean store_disk_set_attributes (StoreTxn *txn, const VmmDisk *disk, GError **error);
/* The row only; layers are swept when nothing rests on them. */
gboolean store_disk_delete (StoreTxn *txn, const char *id, GError **error);
/* The same for all of an instance. */
gboolean store_disk_delete_of (StoreTxn *txn, const char *instance_id, GError **error);
