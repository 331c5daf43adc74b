/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ImportImage and ExportImage: checks, room and rows. */
#include "config.h"

#include "ops-image-row.h"
#include "ops-task.h"
#include "ops-transfer.h"
#include "ops-txn.h"
#include "store-image.h"
#include "store-task.h"
#include "vmm-clock.h"
#include "vmm-error.h"
#include "vmm-id.h"
#include <string.h>

#define GIB (G_GUINT64_CONSTANT (1) << 30)
/* An import that could have less is not begun. */
#define LEAST_ROOM (G_GUINT64_CONSTANT (64) << 20)
#define NAME_CHARACTERS "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ-_"
#define FOLDER_LENGTH 63
#define PREFIX_LENGTH 30
#define FILE_LENGTH 255
#define URL_LENGTH 4096
#define ACCOUNT_ID_LENGTH 16

static gboolean
check_format (const char *format, GError **error)
{
  return g_str_equal (format, "raw") || g_str_equal (format, "qcow2")
         || vmm_fail (error, VMM_ERROR_IMAGE_FORMAT, "the format '%s' must be raw or qcow2",
                      format);
}

/* A folder with the name of an account is that account's alone. */
static gboolean
check_folder (const VmmCaller *caller, const char *folder, GError **error)
{
  if (folder == NULL || *folder == '\0')
    return TRUE;
  if (strlen (folder) > FOLDER_LENGTH || strspn (folder, NAME_CHARACTERS) != strlen (folder))
    return vmm_fail (error, VMM_ERROR_OSS_BUCKET,
                     "the OSSBucket '%s' must be the name of a folder: at most %u letters, digits, "
                     "'-' or '_'",
                     folder, FOLDER_LENGTH);
  if (strlen (folder) == ACCOUNT_ID_LENGTH && strspn (folder, "0123456789") == ACCOUNT_ID_LENGTH
      && !g_str_equal (folder, caller->account_id))
    return vmm_fail (error, VMM_ERROR_OSS_BUCKET, "there is no OSSBucket '%s' for this account",
                     folder);
  return TRUE;
}

/* Printable ASCII with a scheme that is fetched from and a host. Where it leads is looked at when
 * it is fetched. */
static gboolean
check_url (const char *url, GError **error)
{
  g_autoptr (GUri) uri = NULL;
  gboolean is_plain = strlen (url) <= URL_LENGTH;

  for (const char *c = url; is_plain && *c != '\0'; c++)
    is_plain = g_ascii_isgraph (*c);
  if (is_plain)
    uri = g_uri_parse (url, G_URI_FLAGS_ENCODED, NULL);
  if (uri == NULL
      || (!g_str_equal (g_uri_get_scheme (uri), "http")
          && !g_str_equal (g_uri_get_scheme (uri), "https"))
      || g_uri_get_host (uri) == NULL || *g_uri_get_host (uri) == '\0')
    return vmm_fail (error, VMM_ERROR_IMAGE_URL,
                     "the Url must be of the form http://… or https://… with a host");
  return TRUE;
}

static gboolean
check_file (VmmContext *ctx, const char *file, GError **error)
{
  if (*ctx->config->drop_folder == '\0')
    return vmm_fail (error, VMM_ERROR_UNSUPPORTED_PARAMETER,
                     "files are not imported here, since [storage] drop-folder is not set; give a "
                     "Url");
  if (*file == '\0' || *file == '.' || strchr (file, '/') != NULL || strlen (file) > FILE_LENGTH)
    return vmm_fail (error, VMM_ERROR_IMAGE_FILE_NOT_FOUND,
                     "'%s' is no name of a file in the drop folder", file);
  return TRUE;
}

static gboolean
check_import (VmmContext *ctx, const VmmCaller *caller, const OpsImportSpec *spec, GError **error)
{
  if ((spec->url != NULL) == (spec->file != NULL))
    return vmm_fail (error, VMM_ERROR_MISSING_PARAMETER,
                     "one of Url and File (or DiskDeviceMapping.1.OSSObject) is wanted");
  if (spec->gib > (guint) ctx->config->max_image_gib)
    return vmm_fail (error, VMM_ERROR_DISK_SIZE, "an image may have %d GiB",
                     ctx->config->max_image_gib);
  return ops_image_check_texts (spec->name, spec->description, NULL, error)
         && check_format (spec->format, error) && check_folder (caller, spec->folder, error)
         && (spec->url != NULL ? check_url (spec->url, error)
                               : check_file (ctx, spec->file, error));
}

/* Bytes of the pool that the import may take: half for the file, half for what is made of it. Only
 * a share of what is left, so that several at once cannot fill the pool; a larger one for who says
 * how much it is. */
static gboolean
find_room (VmmContext *ctx, StoreTxn *txn, const OpsImportSpec *spec, guint64 *out, GError **error)
{
  guint64 least = ctx->config->disk_reserve_gib * GIB, reserved = 0, left = 0;
  guint64 most = ctx->config->import_gib * GIB;
  OpsServiceStatus status = { 0 };

  if (!store_layer_reserved (txn, ctx->host_id, &reserved, error))
    return FALSE;
  ctx->service_status (ctx, &status);
  if (status.pool_free_bytes > least + reserved)
    left = status.pool_free_bytes - least - reserved;
  /* A little more than the disk, for the tables of its file. */
  if (spec->gib > 0)
    most = MIN (most, spec->gib * GIB + spec->gib * GIB / 16);
  *out = MIN (2 * most, left / (spec->gib > 0 ? 2 : 4));
  if (*out < LEAST_ROOM)
    return vmm_fail (error, VMM_ERROR_NO_STOCK,
                     "the host is short of disk space: %" G_GUINT64_FORMAT
                     " MiB are left for imports, which is too little for one",
                     left >> 20);
  return TRUE;
}

static VmmTask *
new_task (VmmContext *ctx, const VmmCaller *caller, VmmTaskAction action, const char *image_id)
{
  VmmTask *task = g_new0 (VmmTask, 1);

  task->id = vmm_id_new (VMM_ID_TASK);
  task->account_id = g_strdup (caller->account_id);
  task->host_id = g_strdup (ctx->host_id);
  task->action = action;
  task->image_id = g_strdup (image_id);
  task->created_ms = vmm_clock_now_ms ();
  return task;
}

static gboolean
check_count (VmmContext *ctx, StoreTxn *txn, const VmmCaller *caller, GError **error)
{
  guint count = 0;

  if (!store_task_count (txn, caller->account_id, FALSE, &count, error))
    return FALSE;
  return count < (guint) ctx->config->max_tasks
         || vmm_fail (error, VMM_ERROR_QUOTA,
                      "the account has %u tasks that are not finished, its limit; wait for one or "
                      "cancel it",
                      count);
}

static char *
text_or (const char *text, const char *fallback)
{
  return g_strdup (text != NULL && *text != '\0' ? text : fallback);
}

static VmmImage *
new_image (const VmmCaller *caller, const OpsImportSpec *spec)
{
  VmmImage *image = g_new0 (VmmImage, 1);

  image->id = vmm_id_new (VMM_ID_IMAGE);
  image->account_id = g_strdup (caller->account_id);
  image->state = VMM_IMAGE_CREATING;
  image->source = VMM_IMAGE_IMPORT;
  image->name = text_or (spec->name, image->id);
  image->description = text_or (spec->description, "");
  image->os_type = text_or (spec->os_type, "linux");
  image->os_name = text_or (spec->os_name, "");
  image->architecture = text_or (spec->architecture, "x86_64");
  if (spec->url != NULL)
    image->source_file = g_strdup (spec->url);
  else if (spec->folder != NULL && *spec->folder != '\0')
    image->source_file = g_strdup_printf ("%s/%s", spec->folder, spec->file);
  else
    image->source_file = g_strdup (spec->file);
  image->source_format = g_strdup (spec->format);
  image->virtual_bytes = spec->gib * GIB;
  image->layer_id = vmm_id_new (VMM_ID_LAYER);
  image->created_ms = vmm_clock_now_ms ();
  return image;
}

/* "m-… t-…", kept for the ClientToken. */
static void
split_answer (const char *answer, char **out_image, char **out_task)
{
  const char *blank = strchr (answer, ' ');

  *out_image = g_strndup (answer, (gsize) (blank - answer));
  *out_task = g_strdup (blank + 1);
}

gboolean
ops_image_import_from (VmmContext *ctx, const VmmCaller *caller, const OpsImportSpec *spec,
                       char **out_image, char **out_task, GError **error)
{
  g_autoptr (VmmImage) image = NULL;
  g_autoptr (VmmTask) task = NULL;
  g_autofree char *answer = NULL;
  g_autoptr (StoreTxn) txn = NULL;
  VmmLayer layer = { .host_id = ctx->host_id };

  if (!check_import (ctx, caller, spec, error))
    return FALSE;
  txn = ops_begin (ctx, caller, &answer, error);
  if (txn == NULL)
    return FALSE;
  if (answer != NULL)
    {
      split_answer (answer, out_image, out_task);
      return TRUE;
    }
  image = new_image (caller, spec);
  task = new_task (ctx, caller, VMM_TASK_IMPORT_IMAGE, image->id);
  layer.id = image->layer_id;
  layer.created_ms = image->created_ms;
  answer = g_strdup_printf ("%s %s", image->id, task->id);
  if (!check_count (ctx, txn, caller, error)
      || !ops_image_check_quota (ctx, txn, caller->account_id, error)
      || !find_room (ctx, txn, spec, &layer.reserved_bytes, error)
      || !store_layer_insert (txn, &layer, error) || !store_image_insert (txn, image, error)
      || !store_task_insert (txn, task, error) || !ops_finish (ctx, txn, caller, answer, error))
    return FALSE;
  g_clear_pointer (&txn, store_txn_free);
  ctx->kick (ctx, image->id);
  split_answer (answer, out_image, out_task);
  return TRUE;
}

/* ---- Export ---- */

static gboolean
check_export (VmmContext *ctx, const VmmCaller *caller, const OpsExportSpec *spec, GError **error)
{
  const char *prefix = spec->prefix != NULL ? spec->prefix : "";

  if (*ctx->config->export_folder == '\0')
    return vmm_fail (error, VMM_ERROR_UNSUPPORTED_OPERATION,
                     "images are not exported here, since [storage] export-folder is not set");
  if (strlen (prefix) > PREFIX_LENGTH || strspn (prefix, NAME_CHARACTERS) != strlen (prefix))
    return vmm_fail (error, VMM_ERROR_OSS_PREFIX,
                     "the OSSPrefix must be at most %u letters, digits, '-' or '_'", PREFIX_LENGTH);
  return check_format (spec->format, error) && check_folder (caller, spec->folder, error);
}

static gboolean
check_image (const VmmCaller *caller, const VmmImage *image, GError **error)
{
  if (!g_str_equal (image->account_id, caller->account_id)
      && !(caller->is_admin && image->account_id[0] == '\0'))
    return vmm_fail (error, VMM_ERROR_FORBIDDEN,
                     "image '%s' is not the account's own, hence not to be exported", image->id);
  return vmm_image_state_is_usable (image->state)
         || vmm_fail (error, VMM_ERROR_IMAGE_NOT_AVAILABLE, "the image '%s' is %s", image->id,
                      vmm_image_state_wire (image->state));
}

char *
ops_image_export (VmmContext *ctx, const VmmCaller *caller, const OpsExportSpec *spec,
                  GError **error)
{
  g_autofree char *before = NULL;
  g_autoptr (StoreTxn) txn = NULL;
  g_autoptr (VmmImage) image = NULL;
  g_autoptr (VmmTask) task = NULL;

  if (!check_export (ctx, caller, spec, error))
    return NULL;
  txn = ops_begin (ctx, caller, &before, error);
  if (txn == NULL || before != NULL)
    return g_steal_pointer (&before);
  image = store_image_get (txn, caller->account_id, spec->image_id, error);
  if (image == NULL || !check_image (caller, image, error)
      || !check_count (ctx, txn, caller, error))
    return NULL;
  task = new_task (ctx, caller, VMM_TASK_EXPORT_IMAGE, image->id);
  task->folder = text_or (spec->folder, "");
  task->format = g_strdup (spec->format);
  /* The task's id makes the name nobody else's, so nothing is ever overwritten. */
  task->name = g_strdup_printf ("%s%s%s_%s", spec->prefix != NULL ? spec->prefix : "",
                                spec->prefix != NULL && *spec->prefix != '\0' ? "_" : "", image->id,
                                task->id);
  if (!store_task_insert (txn, task, error) || !ops_finish (ctx, txn, caller, task->id, error))
    return NULL;
  g_clear_pointer (&txn, store_txn_free);
  ctx->kick (ctx, task->id);
  return g_strdup (task->id);
}

GPtrArray *
ops_image_stop_exports (StoreTxn *txn, const char *image_id, gboolean force, GError **error)
{
  g_autoptr (GPtrArray) tasks = store_task_unfinished (txn, image_id, error);
  g_autoptr (GPtrArray) ids = g_ptr_array_new_with_free_func (g_free);

  for (guint i = 0; tasks != NULL && i < tasks->len; i++)
    {
      const VmmTask *task = g_ptr_array_index (tasks, i);

      if (task->action != VMM_TASK_EXPORT_IMAGE || task->state == VMM_TASK_CANCELLING)
        continue;
      if (!force)
        {
          vmm_fail (error, VMM_ERROR_IMAGE_EXPORTING,
                    "the image '%s' is being exported by task '%s'; wait, cancel that, or set "
                    "Force to do both",
                    image_id, task->id);
          return NULL;
        }
      if (!store_task_move (txn, task, task->state, VMM_TASK_CANCELLING, error))
        return NULL;
      g_ptr_array_add (ids, g_strdup (task->id));
    }
  return tasks != NULL ? g_steal_pointer (&ids) : NULL;
}
