/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the verbs on images share; for this room only. */
#pragma once
#include "ops-context.h"
#include "vmm-disk.h"

/* IMAGE_NAME_MALFORMED, DESCRIPTION_MALFORMED, IMAGE_FAMILY_MALFORMED; NULL and "" pass. */
gboolean ops_image_check_texts (const char *name, const char *description, const char *family,
                                GError **error);
/* IMAGE_QUOTA when the account may have no more. */
gboolean ops_image_check_quota (VmmContext *ctx, StoreTxn *txn, const char *account_id,
                                GError **error);
/* The newest Available image of a family; IMAGE_NOT_FOUND when there is none. */
VmmImage *ops_image_latest (StoreTxn *txn, const VmmCaller *caller, const char *family,
                            GError **error);
/* An image that never was Available lets go of the snapshots that were taken for it, and of their
 * layers; they go as soon as they have ended. */
gboolean ops_image_drop_snapshots (StoreTxn *txn, const VmmImage *image, GError **error);
