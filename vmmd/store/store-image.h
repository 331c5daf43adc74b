/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Images. */
#pragma once
#include "store-disk.h"
#include "store-layer.h"
#include "store.h"
#include "vmm-disk.h"
#include "vmm-query.h"

/* With its disks. VMM_ERROR_IMAGE_NAME_DUPLICATED when the account has an image of that name. */
gboolean store_image_insert (StoreTxn *txn, const VmmImage *image, GError **error);
/* One the account sees: its own or a system image; NULL reads for the daemon. IMAGE_NOT_FOUND. */
VmmImage *store_image_get (StoreTxn *txn, const char *account_id, const char *id, GError **error);
GPtrArray *store_image_list (StoreTxn *txn, const char *account_id, const VmmImageQuery *query,
                             const VmmPage *page, VmmPageInfo *info, GError **error);
/* The disks of an image (VmmImageDisk*), the system disk first; store_image_get() and
 * store_image_list() read them too. */
GPtrArray *store_image_disks (StoreTxn *txn, const char *image_id, GError **error);
/* Ids (char*) of images with work under way. */
GPtrArray *store_image_working (StoreTxn *txn, GError **error);
/* The only change of an image's state: VMM_ERROR_OPERATION_CONFLICT when it is not @from any more.
 */
gboolean store_image_move (StoreTxn *txn, const char *id, VmmImageState from, VmmImageState to,
                           const char *reason, gint64 deadline_ms, GError **error);
gboolean store_image_set_progress (StoreTxn *txn, const char *id, guint percent, GError **error);
/* The layer of the system disk that an import is about to make, or NULL to let go of it; the
 * layer's row must exist. */
gboolean store_image_set_layer (StoreTxn *txn, const char *id, const char *layer_id,
                                GError **error);
/* What the import found. */
gboolean store_image_set_size (StoreTxn *txn, const VmmImage *image, guint64 virtual_bytes,
                               GError **error);
gboolean store_image_delete (StoreTxn *txn, const char *id, GError **error);
/* How many instances rest on the image. */
gboolean store_image_count_users (StoreTxn *txn, const char *id, guint *out, GError **error);
