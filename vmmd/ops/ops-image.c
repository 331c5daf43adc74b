/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The verbs on images. */
#include "config.h"

#include "ops-image-row.h"
#include "ops-image.h"
#include "ops-instance-check.h"
#include "ops-text.h"
#include "ops-transfer.h"
#include "ops-txn.h"
#include "store-account.h"
#include "store-image.h"
#include "store-snapshot.h"
#include "vmm-clock.h"
#include "vmm-error.h"
#include "vmm-id.h"
#include "vmm-instance.h"

static gboolean
is_empty (const char *text)
{
  return text == NULL || *text == '\0';
}

gboolean
ops_image_check_texts (const char *name, const char *description, const char *family,
                       GError **error)
{
  if (!is_empty (name) && !vmm_image_name_is_valid (name))
    return vmm_fail (error, VMM_ERROR_IMAGE_NAME_MALFORMED,
                     "the ImageName must be 2 to 128 characters, begin with a letter, and not with "
                     "http://, https://, aliyun or acs:");
  if (!is_empty (family) && !vmm_image_name_is_valid (family))
    return vmm_fail (error, VMM_ERROR_IMAGE_FAMILY_MALFORMED,
                     "the ImageFamily must be 2 to 128 characters, begin with a letter, and not "
                     "with http://, https://, aliyun or acs:");
  return ops_check_description (description, error);
}

static gboolean
check_spec (const OpsImageSpec *spec, GError **error)
{
  if (!ops_image_check_texts (spec->name, spec->description, NULL, error))
    return FALSE;
  if (!g_path_is_absolute (spec->file))
    return vmm_fail (error, VMM_ERROR_IMAGE_FILE_NOT_FOUND, "the file '%s' is no absolute path",
                     spec->file);
  if (!g_str_equal (spec->format, "raw") && !g_str_equal (spec->format, "qcow2"))
    return vmm_fail (error, VMM_ERROR_IMAGE_FORMAT, "the format '%s' must be raw or qcow2",
                     spec->format);
  return TRUE;
}

static char *
text_or (const char *text, const char *fallback)
{
  return g_strdup (text != NULL && *text != '\0' ? text : fallback);
}

char *
ops_image_import (VmmContext *ctx, const VmmCaller *caller, const OpsImageSpec *spec,
                  GError **error)
{
  g_autoptr (VmmImage) image = g_new0 (VmmImage, 1);
  g_autofree char *before = NULL;
  g_autoptr (StoreTxn) txn = NULL;

  if (!check_spec (spec, error))
    return NULL;
  image->id = vmm_id_new (VMM_ID_IMAGE);
  image->account_id = g_strdup (""); /* the administrator's images are the system's */
  image->state = VMM_IMAGE_CREATING;
  image->name = text_or (spec->name, image->id);
  image->description = text_or (spec->description, "");
  image->os_type = text_or (spec->os_type, "linux");
  image->os_name = text_or (spec->os_name, image->name);
  image->architecture = text_or (spec->architecture, "x86_64");
  image->source_file = g_strdup (spec->file);
  image->source_format = g_strdup (spec->format);
  image->created_ms = vmm_clock_now_ms ();
  image->deadline_ms = image->created_ms + ctx->config->import_s * G_GINT64_CONSTANT (1000);
  image->reason = g_strdup ("");

  txn = ops_begin (ctx, caller, &before, error);
  if (txn == NULL || before != NULL)
    return g_steal_pointer (&before);
  if (!store_image_insert (txn, image, error) || !ops_finish (ctx, txn, caller, image->id, error))
    return NULL;
  g_clear_pointer (&txn, store_txn_free);
  ctx->kick (ctx, image->id);
  return g_steal_pointer (&image->id);
}

/* One that the caller may change: its own, or the system's for the administrator. */
static VmmImage *
get_own (StoreTxn *txn, const VmmCaller *caller, const char *id, GError **error)
{
  g_autoptr (VmmImage) image = store_image_get (txn, caller->account_id, id, error);

  if (image == NULL)
    return NULL;
  if (*image->account_id == '\0' ? caller->is_admin
                                 : g_str_equal (image->account_id, caller->account_id))
    return g_steal_pointer (&image);
  if (*image->account_id == '\0')
    vmm_fail (error, VMM_ERROR_FORBIDDEN, "the system image '%s' is the administrator's", id);
  else
    vmm_fail (error, VMM_ERROR_FORBIDDEN, "the image '%s' is another account's, which shares it",
              id);
  return NULL;
}

static gboolean
check_users (StoreTxn *txn, const VmmImage *image, GError **error)
{
  guint users = 0;

  if (!store_image_count_users (txn, image->id, &users, error))
    return FALSE;
  if (users > 0)
    return vmm_fail (error, VMM_ERROR_IMAGE_IN_USE,
                     "%u instances use the image '%s'; set Force to delete it all the same", users,
                     image->id);
  return !image->is_shared
         || vmm_fail (error, VMM_ERROR_IMAGE_SHARED,
                      "other accounts share the image '%s'; take it from them by "
                      "ModifyImageSharePermission, or set Force",
                      image->id);
}

/* What is being made has not been seen by anybody: CancelTask or Force say that it is not wanted.
 */
static gboolean
check_made (const VmmImage *image, GError **error)
{
  if (image->state != VMM_IMAGE_CREATING)
    return TRUE;
  if (image->source == VMM_IMAGE_IMPORT)
    return vmm_fail (error, VMM_ERROR_IMAGE_IMPORTING,
                     "the image '%s' is being imported; wait, cancel its task by CancelTask, or "
                     "set Force to do that and delete it",
                     image->id);
  return vmm_fail (error, VMM_ERROR_IMAGE_CREATING,
                   "the image '%s' is being made of an instance; wait, or set Force to give that "
                   "up and delete it",
                   image->id);
}

gboolean
ops_image_drop_snapshots (StoreTxn *txn, const VmmImage *image, GError **error)
{
  if (image->source != VMM_IMAGE_INSTANCE || image->progress == 100)
    return TRUE;
  for (guint i = 0; i < image->disks->len; i++)
    {
      const VmmImageDisk *disk = g_ptr_array_index (image->disks, i);

      if (!store_image_set_disk (txn, image->id, i, NULL, "", error)
          || !store_snapshot_abandon (txn, disk->snapshot_id, error))
        return FALSE;
    }
  return TRUE;
}

gboolean
ops_image_delete (VmmContext *ctx, const VmmCaller *caller, const char *id, gboolean force,
                  GError **error)
{
  g_autofree char *before = NULL;
  g_autoptr (StoreTxn) txn = ops_begin (ctx, caller, &before, error);
  g_autoptr (VmmImage) image = NULL;
  g_autoptr (GPtrArray) exports = NULL;

  if (txn == NULL || before != NULL)
    return txn != NULL;
  image = get_own (txn, caller, id, error);
  if (image == NULL || (!force && (!check_made (image, error) || !check_users (txn, image, error))))
    return FALSE;
  exports = ops_image_stop_exports (txn, id, force, error);
  if (exports == NULL)
    return FALSE;
  if (image->state != VMM_IMAGE_DELETING
      && (!ops_image_drop_snapshots (txn, image, error)
          || !store_image_move (txn, id, image->state, VMM_IMAGE_DELETING, NULL, 0, error)))
    return FALSE;
  if (!ops_finish (ctx, txn, caller, "", error))
    return FALSE;
  g_clear_pointer (&txn, store_txn_free);
  ctx->kick (ctx, id);
  for (guint i = 0; i < exports->len; i++)
    ctx->kick (ctx, g_ptr_array_index (exports, i));
  return TRUE;
}

/* ---- Changes ---- */

static gboolean
set_status (StoreTxn *txn, const VmmImage *image, const char *status, GError **error)
{
  VmmImageState to
      = g_strcmp0 (status, "Deprecated") == 0 ? VMM_IMAGE_DEPRECATED : VMM_IMAGE_AVAILABLE;

  if (is_empty (status) || image->state == to)
    return TRUE;
  if (!vmm_image_state_is_usable (image->state))
    return vmm_fail (error, VMM_ERROR_IMAGE_STATUS,
                     "the image '%s' is %s, it must be Available or Deprecated", image->id,
                     vmm_image_state_wire (image->state));
  if (to == VMM_IMAGE_DEPRECATED && image->is_shared)
    return vmm_fail (error, VMM_ERROR_IMAGE_SHARED,
                     "other accounts share the image '%s'; take it from them first", image->id);
  return store_image_move (txn, image->id, image->state, to, NULL, 0, error);
}

gboolean
ops_image_modify (VmmContext *ctx, const VmmCaller *caller, const char *id,
                  const OpsImageChange *change, GError **error)
{
  g_autofree char *before = NULL;
  g_autoptr (StoreTxn) txn = NULL;
  g_autoptr (VmmImage) image = NULL;

  if (!ops_image_check_texts (change->name, change->description, change->family, error))
    return FALSE;
  txn = ops_begin (ctx, caller, &before, error);
  if (txn == NULL || before != NULL)
    return txn != NULL;
  image = get_own (txn, caller, id, error);
  if (image == NULL || !set_status (txn, image, change->status, error))
    return FALSE;
  ops_text_replace (&image->name, is_empty (change->name) ? NULL : change->name);
  ops_text_replace (&image->description, change->description);
  ops_text_replace (&image->family, change->family);
  return store_image_set_attributes (txn, image, error) && ops_finish (ctx, txn, caller, "", error);
}

/* ---- Sharing ---- */

/* By id; by name too for the administrator, since others shall not learn names by trying. */
static StoreAccount *
find_account (StoreTxn *txn, const VmmCaller *caller, const char *name_or_id, GError **error)
{
  g_autoptr (StoreAccount) account = store_account_get (txn, name_or_id, error);

  if (account == NULL || caller->is_admin || g_str_equal (account->id, name_or_id))
    return g_steal_pointer (&account);
  vmm_fail (error, VMM_ERROR_ACCOUNT_NOT_FOUND, "the account '%s' does not exist", name_or_id);
  return NULL;
}

static gboolean
share_with (StoreTxn *txn, const VmmCaller *caller, const VmmImage *image, const char *name_or_id,
            GError **error)
{
  g_autoptr (StoreAccount) account = find_account (txn, caller, name_or_id, error);

  if (account == NULL)
    return FALSE;
  if (g_str_equal (account->id, image->account_id))
    return vmm_fail (error, VMM_ERROR_INVALID_PARAMETER,
                     "the account '%s' is the owner of the image '%s'", name_or_id, image->id);
  return store_image_share (txn, image->id, account->id, vmm_clock_now_ms (), error);
}

static gboolean
check_share (const VmmImage *image, GError **error)
{
  if (*image->account_id == '\0')
    return vmm_fail (error, VMM_ERROR_FORBIDDEN,
                     "the image '%s' is the system's, which all accounts see", image->id);
  return image->state == VMM_IMAGE_AVAILABLE
         || vmm_fail (error, VMM_ERROR_IMAGE_STATUS, "the image '%s' is %s, it must be Available",
                      image->id, vmm_image_state_wire (image->state));
}

static gboolean
check_share_room (StoreTxn *txn, const char *id, GError **error)
{
  const VmmPage page = { .number = 1, .size = 1 };
  g_auto (VmmPageInfo) info = { 0 };
  g_autoptr (GPtrArray) shares = store_image_shares (txn, id, &page, &info, error);

  if (shares == NULL)
    return FALSE;
  return info.total <= OPS_IMAGE_SHARES_MAX
         || vmm_fail (error, VMM_ERROR_IMAGE_SHARE_QUOTA,
                      "the image '%s' would be shared with %u accounts, at most %u", id, info.total,
                      OPS_IMAGE_SHARES_MAX);
}

gboolean
ops_image_share (VmmContext *ctx, const VmmCaller *caller, const char *id, const char *const *add,
                 const char *const *remove, GError **error)
{
  g_autofree char *before = NULL;
  g_autoptr (StoreTxn) txn = ops_begin (ctx, caller, &before, error);
  g_autoptr (VmmImage) image = NULL;

  if (txn == NULL || before != NULL)
    return txn != NULL;
  image = get_own (txn, caller, id, error);
  if (image == NULL || (add[0] != NULL && !check_share (image, error)))
    return FALSE;
  for (guint i = 0; remove[i] != NULL; i++)
    {
      g_autoptr (StoreAccount) account = find_account (txn, caller, remove[i], error);

      if (account == NULL || !store_image_unshare (txn, id, account->id, error))
        return FALSE;
    }
  for (guint i = 0; add[i] != NULL; i++)
    if (!share_with (txn, caller, image, add[i], error))
      return FALSE;
  return check_share_room (txn, id, error) && ops_finish (ctx, txn, caller, "", error);
}

GPtrArray *
ops_image_shares (VmmContext *ctx, const VmmCaller *caller, const char *id, const VmmPage *page,
                  VmmPageInfo *out_info, GError **error)
{
  g_autoptr (StoreTxn) txn = store_begin_read (ctx->store, error);
  g_autoptr (VmmImage) image = txn != NULL ? get_own (txn, caller, id, error) : NULL;

  return image != NULL ? store_image_shares (txn, id, page, out_info, error) : NULL;
}

/* ---- Lists ---- */

VmmImage *
ops_image_latest (StoreTxn *txn, const VmmCaller *caller, const char *family, GError **error)
{
  g_autoptr (GError) local = NULL;
  VmmImage *image = store_image_get_latest (txn, caller->account_id, family, &local);

  if (local != NULL)
    g_propagate_error (error, g_steal_pointer (&local));
  else if (image == NULL)
    vmm_fail (error, VMM_ERROR_IMAGE_NOT_FOUND, "the image family '%s' has no Available image",
              family);
  return image;
}

VmmImage *
ops_image_of_family (VmmContext *ctx, const VmmCaller *caller, const char *family, GError **error)
{
  g_autoptr (StoreTxn) txn = store_begin_read (ctx->store, error);

  return txn != NULL ? store_image_get_latest (txn, caller->account_id, family, error) : NULL;
}

VmmImage *
ops_image_get (VmmContext *ctx, const VmmCaller *caller, const char *id, GError **error)
{
  g_autoptr (StoreTxn) txn = store_begin_read (ctx->store, error);

  return txn != NULL ? store_image_get (txn, caller->account_id, id, error) : NULL;
}

GPtrArray *
ops_image_list (VmmContext *ctx, const VmmCaller *caller, const VmmImageQuery *query,
                const VmmPage *page, VmmPageInfo *out_info, GError **error)
{
  g_autoptr (StoreTxn) txn = store_begin_read (ctx->store, error);

  return txn != NULL ? store_image_list (txn, caller->account_id, query, page, out_info, error)
                     : NULL;
}

GPtrArray *
ops_disk_list (VmmContext *ctx, const VmmCaller *caller, const VmmDiskQuery *query,
               const VmmPage *page, VmmPageInfo *out_info, GError **error)
{
  g_autoptr (StoreTxn) txn = store_begin_read (ctx->store, error);

  return txn != NULL ? store_disk_list (txn, caller->account_id, query, page, out_info, error)
                     : NULL;
}
