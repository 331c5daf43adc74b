/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The verbs on images and disks. */
#include "config.h"

#include "ops-image.h"
#include "ops-instance-check.h"
#include "ops-txn.h"
#include "store-image.h"
#include "vmm-clock.h"
#include "vmm-error.h"
#include "vmm-id.h"
#include "vmm-instance.h"

static gboolean
check_spec (const OpsImageSpec *spec, GError **error)
{
  if (!vmm_image_name_is_valid (spec->name))
    return vmm_fail (error, VMM_ERROR_IMAGE_NAME_MALFORMED,
                     "the ImageName must be 2 to 128 characters, begin with a letter, and not with "
                     "http://, https://, aliyun or acs:");
  if (!g_path_is_absolute (spec->file))
    return vmm_fail (error, VMM_ERROR_IMAGE_FILE_NOT_FOUND, "the file '%s' is no absolute path",
                     spec->file);
  if (!g_str_equal (spec->format, "raw") && !g_str_equal (spec->format, "qcow2"))
    return vmm_fail (error, VMM_ERROR_IMAGE_FORMAT, "the format '%s' must be raw or qcow2",
                     spec->format);
  return ops_check_description (spec->description, error);
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
  image->name = g_strdup (spec->name);
  image->description = text_or (spec->description, "");
  image->os_type = text_or (spec->os_type, "linux");
  image->os_name = text_or (spec->os_name, spec->name);
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

gboolean
ops_image_delete (VmmContext *ctx, const VmmCaller *caller, const char *id, gboolean force,
                  GError **error)
{
  g_autofree char *before = NULL;
  g_autoptr (StoreTxn) txn = ops_begin (ctx, caller, &before, error);
  g_autoptr (VmmImage) image = NULL;
  guint users = 0;

  if (txn == NULL || before != NULL)
    return txn != NULL;
  image = store_image_get (txn, caller->account_id, id, error);
  if (image == NULL || !store_image_count_users (txn, id, &users, error))
    return FALSE;
  if (image->account_id[0] == '\0' && !caller->is_admin)
    return vmm_fail (error, VMM_ERROR_FORBIDDEN, "the system image '%s' is the administrator's",
                     id);
  if (users > 0 && !force)
    return vmm_fail (error, VMM_ERROR_IMAGE_IN_USE,
                     "%u instances use the image '%s'; set Force to delete it all the same", users,
                     id);
  if (image->state != VMM_IMAGE_DELETING
      && !store_image_move (txn, id, image->state, VMM_IMAGE_DELETING, NULL, 0, error))
    return FALSE;
  if (!ops_finish (ctx, txn, caller, "", error))
    return FALSE;
  g_clear_pointer (&txn, store_txn_free);
  ctx->kick (ctx, id);
  return TRUE;
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
