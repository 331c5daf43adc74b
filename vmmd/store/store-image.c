/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Images. */
#include "config.h"

#include "store-db.h"
#include "store-image.h"
#include "vmm-error.h"

#define IMAGE_COLUMNS                                                                              \
  "id, account_id, state, name, description, os_type, os_name, architecture, layer_id,"            \
  " source_file, source_format, progress, virtual_bytes, created_ms, deadline_ms, reason"

static gpointer
read_image (StoreRows *rows)
{
  VmmImage *image = g_new0 (VmmImage, 1);
  g_autofree char *state = store_rows_string (rows, 2);

  image->id = store_rows_string (rows, 0);
  image->account_id = store_rows_string (rows, 1);
  vmm_image_state_from_string (state, &image->state);
  image->name = store_rows_string (rows, 3);
  image->description = store_rows_string (rows, 4);
  image->os_type = store_rows_string (rows, 5);
  image->os_name = store_rows_string (rows, 6);
  image->architecture = store_rows_string (rows, 7);
  image->layer_id = store_rows_string (rows, 8);
  image->source_file = store_rows_string (rows, 9);
  image->source_format = store_rows_string (rows, 10);
  image->progress = (guint) store_rows_int (rows, 11);
  image->virtual_bytes = (guint64) store_rows_int (rows, 12);
  image->created_ms = store_rows_int (rows, 13);
  image->deadline_ms = store_rows_int (rows, 14);
  image->reason = store_rows_string (rows, 15);
  return image;
}

gboolean
store_image_insert (StoreTxn *txn, const VmmImage *i, GError **error)
{
  g_autoptr (GError) local = NULL;

  if (store_exec (txn, &local,
                  "INSERT INTO image (" IMAGE_COLUMNS
                  ") VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                  "sssssssssssiiiis", i->id, i->account_id, vmm_image_state_to_string (i->state),
                  i->name, i->description, i->os_type, i->os_name, i->architecture, i->layer_id,
                  i->source_file, i->source_format, (gint64) i->progress, (gint64) i->virtual_bytes,
                  i->created_ms, i->deadline_ms, i->reason)
      > 0)
    return TRUE;
  if (store_error_is_duplicate (local))
    return vmm_fail (error, VMM_ERROR_IMAGE_NAME_DUPLICATED, "an image named '%s' exists", i->name);
  g_propagate_error (error, g_steal_pointer (&local));
  return FALSE;
}

VmmImage *
store_image_get (StoreTxn *txn, const char *account_id, const char *id, GError **error)
{
  g_autoptr (StoreRows) rows = store_query (txn, error,
                                            "SELECT " IMAGE_COLUMNS " FROM image WHERE id=?1"
                                            " AND (?2 IS NULL OR account_id=?2 OR account_id='')",
                                            "ss", id, account_id);
  g_autoptr (GError) local = NULL;

  if (rows == NULL)
    return NULL;
  if (store_rows_next (rows, &local))
    return read_image (rows);
  if (local != NULL)
    g_propagate_error (error, g_steal_pointer (&local));
  else
    vmm_fail (error, VMM_ERROR_IMAGE_NOT_FOUND, "the specified image '%s' does not exist", id);
  return NULL;
}

/* States in the database that show as one of @wire. */
static char **
states_of_wire (const char *const *wire)
{
  g_autoptr (GStrvBuilder) states = g_strv_builder_new ();

  for (guint s = 0; s < VMM_IMAGE_STATE_LAST; s++)
    if (g_strv_contains (wire, vmm_image_state_wire (s)))
      g_strv_builder_add (states, vmm_image_state_to_string (s));
  return g_strv_builder_end (states);
}

GPtrArray *
store_image_list (StoreTxn *txn, const char *account_id, const VmmImageQuery *query,
                  const VmmPage *page, VmmPageInfo *info, GError **error)
{
  static const char *const available[] = { "Available", NULL };
  gboolean is_given = query->statuses != NULL && query->statuses[0] != NULL;
  g_auto (GStrv) states = states_of_wire (is_given ? query->statuses : available);
  g_auto (StoreFilter) filter = { NULL, NULL };

  if (g_strcmp0 (query->owner, "system") == 0)
    store_filter_init (&filter, "account_id=''", NULL);
  else if (g_strcmp0 (query->owner, "self") == 0)
    store_filter_init (&filter, "account_id=?", account_id);
  else
    store_filter_init (&filter, "account_id IN (?, '')", account_id);
  store_filter_in (&filter, "id", query->ids);
  store_filter_wildcard (&filter, "name", query->name);
  store_filter_string (&filter, "os_type=?", query->os_type);
  store_filter_string (&filter, "architecture=?", query->architecture);
  if (states[0] != NULL)
    store_filter_in (&filter, "state", (const char *const *) states);
  else
    store_filter_string (&filter, "state=?", "none");
  return store_list (txn, IMAGE_COLUMNS, "image", "seq", &filter, page, info, read_image,
                     (GDestroyNotify) vmm_image_free, error);
}

GPtrArray *
store_image_working (StoreTxn *txn, GError **error)
{
  return store_read_ids (
      store_query (txn, error, "SELECT id FROM image WHERE state IN ('creating', 'deleting')", ""),
      error);
}

gboolean
store_image_move (StoreTxn *txn, const char *id, VmmImageState from, VmmImageState to,
                  const char *reason, gint64 deadline_ms, GError **error)
{
  int changes = store_exec (
      txn, error, "UPDATE image SET state=?, reason=?, deadline_ms=? WHERE id=? AND state=?",
      "ssiss", vmm_image_state_to_string (to), reason != NULL ? reason : "", deadline_ms, id,
      vmm_image_state_to_string (from));

  if (changes == 0)
    return vmm_fail (error, VMM_ERROR_OPERATION_CONFLICT, "image '%s' is not %s any more", id,
                     vmm_image_state_to_string (from));
  return changes > 0;
}

gboolean
store_image_set_progress (StoreTxn *txn, const char *id, guint percent, GError **error)
{
  return store_exec (txn, error, "UPDATE image SET progress=? WHERE id=?", "is", (gint64) percent,
                     id)
         >= 0;
}

gboolean
store_image_set_layer (StoreTxn *txn, const char *id, const char *layer_id, GError **error)
{
  return store_exec (txn, error, "UPDATE image SET layer_id=? WHERE id=?", "ss", layer_id, id) > 0;
}

gboolean
store_image_set_size (StoreTxn *txn, const VmmImage *image, guint64 virtual_bytes, GError **error)
{
  return store_exec (txn, error,
                     "UPDATE image SET virtual_bytes=?, progress=100, source_file='' WHERE id=?",
                     "is", (gint64) virtual_bytes, image->id)
             > 0
         && store_exec (txn, error, "UPDATE layer SET virtual_bytes=? WHERE id=?", "is",
                        (gint64) virtual_bytes, image->layer_id)
                > 0;
}

gboolean
store_image_delete (StoreTxn *txn, const char *id, GError **error)
{
  return store_exec (txn, error, "DELETE FROM image WHERE id=?", "s", id) >= 0;
}

gboolean
store_image_count_users (StoreTxn *txn, const char *id, guint *out, GError **error)
{
  gint64 count = 0;

  if (!store_query_int (txn, &count, error, "SELECT count(*) FROM instance WHERE image_id=?", "s",
                        id))
    return FALSE;
  *out = (guint) count;
  return TRUE;
}
