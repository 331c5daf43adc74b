/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Images, disks and layers. */
#pragma once
#include "store.h"
#include "vmm-disk.h"
#include "vmm-query.h"

/* VMM_ERROR_IMAGE_NAME_DUPLICATED when the account has an image of that name. */
gboolean store_image_insert (StoreTxn *txn, const VmmImage *image, GError **error);
/* One the account sees: its own or a system image; NULL reads for the daemon. IMAGE_NOT_FOUND. */
VmmImage *store_image_get (StoreTxn *txn, const char *account_id, const char *id, GError **error);
GPtrArray *store_image_list (StoreTxn *txn, const char *account_id, const VmmImageQuery *query,
                             const VmmPage *page, VmmPageInfo *info, GError **error);
/* Ids (char*) of images with work under way. */
GPtrArray *store_image_working (StoreTxn *txn, GError **error);
/* The only change of an image's state: VMM_ERROR_OPERATION_CONFLICT when it is not @from any more.
 */
gboolean store_image_move (StoreTxn *txn, const char *id, VmmImageState from, VmmImageState to,
                           const char *reason, gint64 deadline_ms, GError **error);
gboolean store_image_set_progress (StoreTxn *txn, const char *id, guint percent, GError **error);
/* The layer an import is about to make, or NULL to let go of it; the layer's row must exist. */
gboolean store_image_set_layer (StoreTxn *txn, const char *id, const char *layer_id,
                                GError **error);
/* What the import found. */
gboolean store_image_set_size (StoreTxn *txn, const VmmImage *image, guint64 virtual_bytes,
                               GError **error);
gboolean store_image_delete (StoreTxn *txn, const char *id, GError **error);
/* How many instances rest on the image. */
gboolean store_image_count_users (StoreTxn *txn, const char *id, guint *out, GError **error);

/* The parent must exist. */
gboolean store_layer_insert (StoreTxn *txn, const VmmLayer *layer, GError **error);
/* Ids from @id down to the base (char*). */
GPtrArray *store_layer_chain (StoreTxn *txn, const char *id, GError **error);
/* Ids of layers of the host that no disk, image or child layer rests on. */
GPtrArray *store_layer_unreferenced (StoreTxn *txn, const char *host_id, GError **error);
GPtrArray *store_layer_list (StoreTxn *txn, const char *host_id, GError **error); /* ids */
gboolean store_layer_delete (StoreTxn *txn, const char *id, GError **error);

/* The layer must exist. */
gboolean store_disk_insert (StoreTxn *txn, const VmmDisk *disk, GError **error);
/* VmmDisk* of an instance, the system disk first. */
GPtrArray *store_disk_list_of (StoreTxn *txn, const char *instance_id, GError **error);
/* VmmDisk*, newest first. */
GPtrArray *store_disk_list (StoreTxn *txn, const char *account_id, const VmmDiskQuery *query,
                            const VmmPage *page, VmmPageInfo *info, GError **error);
/* The rows only; layers are swept when nothing rests on them. */
gboolean store_disk_delete_of (StoreTxn *txn, const char *instance_id, GError **error);
