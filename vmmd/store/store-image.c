/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Images, disks and layers. */
#include "config.h"

#include "store-db.h"
#include "store-image.h"
#include "vmm-error.h"

#define IMAGE_COLUMNS                                                                              \
  "id, account_id, state, name, description, os_type, os_name, architecture, layer_id,"            \
  " source_file, source_format, progress, virtual_bytes, created_ms, deadline_ms, reason"
/* A disk is Creating for as long as its instance is Pending: derived, so that it cannot drift. */
#define DISK_COLUMNS                                                                               \
  "d.id, d.account_id, d.host_id, d.instance_id, d.image_id, d.zone_id, d.name, d.description,"    \
  " d.category, d.layer_id, d.device, d.is_system, d.delete_with_instance, d.virtual_bytes,"       \
  " d.created_ms, coalesce (i.state, '') = 'pending'"
#define DISK_TABLE "disk d LEFT JOIN instance i ON i.id=d.instance_id"

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

static gpointer
read_disk (StoreRows *rows)
{
  VmmDisk *disk = g_new0 (VmmDisk, 1);
  char **texts[] = { &disk->id,       &disk->account_id, &disk->host_id, &disk->instance_id,
                     &disk->image_id, &disk->zone_id,    &disk->name,    &disk->description,
                     &disk->category, &disk->layer_id,   &disk->device };

  for (guint i = 0; i < G_N_ELEMENTS (texts); i++)
    *texts[i] = store_rows_string (rows, (int) i);
  disk->is_system = store_rows_int (rows, 11) != 0;
  disk->delete_with_instance = store_rows_int (rows, 12) != 0;
  disk->virtual_bytes = (guint64) store_rows_int (rows, 13);
  disk->created_ms = store_rows_int (rows, 14);
  disk->is_creating = store_rows_int (rows, 15) != 0;
  return disk;
}

static gpointer
read_id (StoreRows *rows)
{
  return store_rows_string (rows, 0);
}

static GPtrArray *
read_ids (StoreRows *rows, GError **error)
{
  g_autoptr (StoreRows) own = rows;

  return own != NULL ? store_read_all (own, read_id, g_free, error) : NULL;
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
  return read_ids (
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

gboolean
store_layer_insert (StoreTxn *txn, const VmmLayer *layer, GError **error)
{
  return store_exec (txn, error,
                     "INSERT INTO layer (id, host_id, parent_id, virtual_bytes, created_ms)"
                     " VALUES (?, ?, ?, ?, ?)",
                     "sssii", layer->id, layer->host_id, layer->parent_id,
                     (gint64) layer->virtual_bytes, layer->created_ms)
         > 0;
}

GPtrArray *
store_layer_chain (StoreTxn *txn, const char *id, GError **error)
{
  return read_ids (store_query (txn, error,
                                "WITH RECURSIVE chain (id, parent_id, depth) AS ("
                                "SELECT id, parent_id, 0 FROM layer WHERE id=?"
                                " UNION ALL SELECT l.id, l.parent_id, c.depth + 1"
                                " FROM layer l JOIN chain c ON l.id=c.parent_id)"
                                " SELECT id FROM chain ORDER BY depth",
                                "s", id),
                   error);
}

GPtrArray *
store_layer_unreferenced (StoreTxn *txn, const char *host_id, GError **error)
{
  return read_ids (store_query (txn, error,
                                "SELECT id FROM layer l WHERE host_id=?"
                                " AND NOT EXISTS (SELECT 1 FROM disk WHERE layer_id=l.id)"
                                " AND NOT EXISTS (SELECT 1 FROM image WHERE layer_id=l.id)"
                                " AND NOT EXISTS (SELECT 1 FROM layer WHERE parent_id=l.id)",
                                "s", host_id),
                   error);
}

GPtrArray *
store_layer_list (StoreTxn *txn, const char *host_id, GError **error)
{
  return read_ids (store_query (txn, error, "SELECT id FROM layer WHERE host_id=?", "s", host_id),
                   error);
}

gboolean
store_layer_delete (StoreTxn *txn, const char *id, GError **error)
{
  return store_exec (txn, error, "DELETE FROM layer WHERE id=?", "s", id) >= 0;
}

gboolean
store_disk_insert (StoreTxn *txn, const VmmDisk *d, GError **error)
{
  return store_exec (txn, error,
                     "INSERT INTO disk (id, account_id, host_id, instance_id, image_id, zone_id,"
                     " name, description, category, layer_id, device, is_system,"
                     " delete_with_instance, virtual_bytes, created_ms)"
                     " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                     "sssssssssssiiii", d->id, d->account_id, d->host_id, d->instance_id,
                     d->image_id, d->zone_id, d->name, d->description, d->category, d->layer_id,
                     d->device, (gint64) d->is_system, (gint64) d->delete_with_instance,
                     (gint64) d->virtual_bytes, d->created_ms)
         > 0;
}

GPtrArray *
store_disk_list_of (StoreTxn *txn, const char *instance_id, GError **error)
{
  g_autoptr (StoreRows) rows
      = store_query (txn, error,
                     "SELECT " DISK_COLUMNS " FROM " DISK_TABLE
                     " WHERE d.instance_id=? ORDER BY d.is_system DESC, d.seq",
                     "s", instance_id);

  return rows != NULL ? store_read_all (rows, read_disk, (GDestroyNotify) vmm_disk_free, error)
                      : NULL;
}

/* Status on the wire, as a condition. Every disk of today belongs to an instance. */
static const char *
status_condition (const char *status)
{
  if (g_str_equal (status, "All"))
    return NULL;
  if (g_str_equal (status, "Creating"))
    return "coalesce (i.state, '') = 'pending' AND d.instance_id<>?";
  if (g_str_equal (status, "In_use"))
    return "coalesce (i.state, 'pending') <> 'pending' AND d.instance_id<>?";
  return "d.instance_id=?";
}

GPtrArray *
store_disk_list (StoreTxn *txn, const char *account_id, const VmmDiskQuery *query,
                 const VmmPage *page, VmmPageInfo *info, GError **error)
{
  g_auto (StoreFilter) filter = { NULL, NULL };
  const char *status
      = query->status != NULL && *query->status != '\0' ? status_condition (query->status) : NULL;

  store_filter_init (&filter, "d.account_id=?", account_id);
  store_filter_in (&filter, "d.id", query->ids);
  store_filter_string (&filter, "d.instance_id=?", query->instance_id);
  store_filter_wildcard (&filter, "d.name", query->name);
  store_filter_string (&filter, "d.category=?", query->category);
  store_filter_string (&filter, "d.zone_id=?", query->zone_id);
  if (query->is_system >= 0)
    store_filter_int (&filter, "d.is_system=?", query->is_system);
  if (status != NULL)
    {
      g_string_append_printf (filter.where, " AND %s", status);
      g_ptr_array_add (filter.args, g_variant_ref_sink (g_variant_new_string ("")));
    }
  return store_list (txn, DISK_COLUMNS, DISK_TABLE, "d.seq", &filter, page, info, read_disk,
                     (GDestroyNotify) vmm_disk_free, error);
}

gboolean
store_disk_delete_of (StoreTxn *txn, const char *instance_id, GError **error)
{
  return store_exec (txn, error, "DELETE FROM disk WHERE instance_id=?", "s", instance_id) >= 0;
}
