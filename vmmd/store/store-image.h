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
/* One the account sees: its own, a system image or one that is shared with it; NULL reads for the
 * daemon. IMAGE_NOT_FOUND. */
VmmImage *store_image_get (StoreTxn *txn, const char *account_id, const char *id, GError **error);
/* The newest Available one of the account's family, or else of the system's; NULL without @error
 * set when there is none. */
VmmImage *store_image_get_latest (StoreTxn *txn, const char *account_id, const char *family,
                                  GError **error);
GPtrArray *store_image_list (StoreTxn *txn, const char *account_id, const VmmImageQuery *query,
                             const VmmPage *page, VmmPageInfo *info, GError **error);
/* The disks of an image (VmmImageDisk*), the system disk first; store_image_get() and
 * store_image_list() read them too. */
GPtrArray *store_image_disks (StoreTxn *txn, const char *image_id, GError **error);
/* Ids (char*) of images under way that wait for the snapshot. */
GPtrArray *store_image_waiting (StoreTxn *txn, const char *snapshot_id, GError **error);
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
/* Forgets where an import came from: a URL may hold a signature. */
gboolean store_image_forget_source (StoreTxn *txn, const char *id, GError **error);
/* What the import found. */
gboolean store_image_set_size (StoreTxn *txn, const VmmImage *image, guint64 virtual_bytes,
                               GError **error);
/* What a disk of it is made from; @layer_id NULL for nothing, @snapshot_id "" for none. */
gboolean store_image_set_disk (StoreTxn *txn, const char *id, guint position, const char *layer_id,
                               const char *snapshot_id, GError **error);
/* Name, description and family as in @image. IMAGE_NAME_DUPLICATED. */
gboolean store_image_set_attributes (StoreTxn *txn, const VmmImage *image, GError **error);
/* How many the account has. */
gboolean store_image_count_account (StoreTxn *txn, const char *account_id, guint *out,
                                    GError **error);
gboolean store_image_delete (StoreTxn *txn, const char *id, GError **error);
/* How many instances rest on the image. */
gboolean store_image_count_users (StoreTxn *txn, const char *id, guint *out, GError **error);

/* Accounts that see an image beside its owner. Sharing and unsharing twice is once. */
gboolean store_image_share (StoreTxn *txn, const char *id, const char *account_id, gint64 at_ms,
                            GError **error);
gboolean store_image_unshare (StoreTxn *txn, const char *id, const char *account_id,
                              GError **error);
/* VmmImageShare*, newest first. */
GPtrArray *store_image_shares (StoreTxn *txn, const char *id, const VmmPage *page,
                               VmmPageInfo *info, GError **error);
