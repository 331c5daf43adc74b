/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The tree of layers. */
#include "config.h"

#include "store-db.h"
#include "store-layer.h"

/* Whether somebody names layer l himself. */
#define NAMED                                                                                      \
  "(EXISTS (SELECT 1 FROM disk WHERE layer_id=l.id)"                                               \
  " OR EXISTS (SELECT 1 FROM disk WHERE origin_layer_id=l.id)"                                     \
  " OR EXISTS (SELECT 1 FROM disk WHERE next_layer_id=l.id)"                                       \
  " OR EXISTS (SELECT 1 FROM snapshot WHERE layer_id=l.id)"                                        \
  " OR EXISTS (SELECT 1 FROM image_disk WHERE layer_id=l.id))"

gboolean
store_layer_insert (StoreTxn *txn, const VmmLayer *layer, GError **error)
{
  return store_exec (
             txn, error,
             "INSERT INTO layer (id, host_id, parent_id, virtual_bytes, created_ms, is_sealed,"
             " size_bytes, reserved_bytes) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
             "sssiiiii", layer->id, layer->host_id, layer->parent_id, (gint64) layer->virtual_bytes,
             layer->created_ms, (gint64) layer->is_sealed, (gint64) layer->size_bytes,
             (gint64) layer->reserved_bytes)
         > 0;
}

GPtrArray *
store_layer_chain (StoreTxn *txn, const char *id, GError **error)
{
  return store_read_ids (store_query (txn, error,
                                      "WITH RECURSIVE chain (id, parent_id, depth) AS ("
                                      "SELECT id, parent_id, 0 FROM layer WHERE id=?"
                                      " UNION ALL SELECT l.id, l.parent_id, c.depth + 1"
                                      " FROM layer l JOIN chain c ON l.id=c.parent_id)"
                                      " SELECT id FROM chain ORDER BY depth",
                                      "s", id),
                         error);
}

gboolean
store_layer_count_loose (StoreTxn *txn, const char *id, guint *out, GError **error)
{
  gint64 count = 0;

  if (!store_query_int (txn, &count, error,
                        "WITH RECURSIVE chain (id, parent_id) AS ("
                        "SELECT id, parent_id FROM layer WHERE id=?"
                        " UNION ALL SELECT p.id, p.parent_id"
                        " FROM layer p JOIN chain c ON p.id=c.parent_id)"
                        " SELECT count(*) FROM chain l WHERE NOT " NAMED
                        " AND (SELECT count(*) FROM layer WHERE parent_id=l.id)=1",
                        "s", id))
    return FALSE;
  *out = (guint) count;
  return TRUE;
}

GPtrArray *
store_layer_unreferenced (StoreTxn *txn, const char *host_id, GError **error)
{
  return store_read_ids (
      store_query (
          txn, error,
          "SELECT id FROM layer l WHERE host_id=? AND NOT " NAMED
          " AND NOT EXISTS (SELECT 1 FROM layer WHERE parent_id=l.id)"
          " AND NOT EXISTS (SELECT 1 FROM layer_merge WHERE layer_id=l.id OR child_id=l.id)",
          "s", host_id),
      error);
}

GPtrArray *
store_layer_list (StoreTxn *txn, const char *host_id, GError **error)
{
  return store_read_ids (
      store_query (txn, error, "SELECT id FROM layer WHERE host_id=?", "s", host_id), error);
}

gboolean
store_layer_delete (StoreTxn *txn, const char *id, GError **error)
{
  return store_exec (txn, error, "DELETE FROM layer WHERE id=?", "s", id) >= 0;
}

VmmLayer *
store_layer_get (StoreTxn *txn, const char *id, GError **error)
{
  g_autoptr (StoreRows) rows
      = store_query (txn, error,
                     "SELECT id, host_id, parent_id, virtual_bytes, size_bytes, reserved_bytes,"
                     " is_sealed, created_ms FROM layer WHERE id=?",
                     "s", id);
  VmmLayer *layer;

  if (rows == NULL || !store_rows_next (rows, error))
    return NULL;
  layer = g_new0 (VmmLayer, 1);
  layer->id = store_rows_string (rows, 0);
  layer->host_id = store_rows_string (rows, 1);
  layer->parent_id = store_rows_string (rows, 2);
  layer->virtual_bytes = (guint64) store_rows_int (rows, 3);
  layer->size_bytes = (guint64) store_rows_int (rows, 4);
  layer->reserved_bytes = (guint64) store_rows_int (rows, 5);
  layer->is_sealed = store_rows_int (rows, 6) != 0;
  layer->created_ms = store_rows_int (rows, 7);
  return layer;
}

gboolean
store_layer_set_sealed (StoreTxn *txn, const char *id, GError **error)
{
  return store_exec (txn, error, "UPDATE layer SET is_sealed=1 WHERE id=?", "s", id) >= 0;
}

gboolean
store_layer_set_size (StoreTxn *txn, const char *id, guint64 size_bytes, guint64 reserved_bytes,
                      GError **error)
{
  return store_exec (txn, error, "UPDATE layer SET size_bytes=?, reserved_bytes=? WHERE id=?",
                     "iis", (gint64) size_bytes, (gint64) reserved_bytes, id)
         >= 0;
}

gboolean
store_layer_set_virtual (StoreTxn *txn, const char *id, guint64 virtual_bytes, GError **error)
{
  return store_exec (txn, error, "UPDATE layer SET virtual_bytes=? WHERE id=?", "is",
                     (gint64) virtual_bytes, id)
         >= 0;
}

gboolean
store_layer_set_parent (StoreTxn *txn, const char *id, const char *parent_id, GError **error)
{
  return store_exec (txn, error, "UPDATE layer SET parent_id=? WHERE id=?", "ss", parent_id, id)
         >= 0;
}

gboolean
store_layer_repoint (StoreTxn *txn, const char *from, const char *to, GError **error)
{
  static const char *const statements[] = {
    "UPDATE disk SET layer_id=? WHERE layer_id=?",
    "UPDATE disk SET origin_layer_id=? WHERE origin_layer_id=?",
    "UPDATE disk SET next_layer_id=? WHERE next_layer_id=?",
    "UPDATE snapshot SET layer_id=? WHERE layer_id=?",
    "UPDATE image_disk SET layer_id=? WHERE layer_id=?",
    "UPDATE layer SET parent_id=? WHERE parent_id=?",
  };

  for (guint i = 0; i < G_N_ELEMENTS (statements); i++)
    if (store_exec (txn, error, statements[i], "ss", to, from) < 0)
      return FALSE;
  return TRUE;
}

/* ---- Merges ---- */

void
store_mergeable_free (StoreMergeable *mergeable)
{
  if (mergeable == NULL)
    return;
  g_free (mergeable->layer_id);
  g_free (mergeable->child_id);
  g_free (mergeable->parent_id);
  g_free (mergeable);
}

static gpointer
read_mergeable (StoreRows *rows)
{
  StoreMergeable *mergeable = g_new0 (StoreMergeable, 1);

  mergeable->layer_id = store_rows_string (rows, 0);
  mergeable->child_id = store_rows_string (rows, 1);
  mergeable->parent_id = store_rows_string (rows, 2);
  return mergeable;
}

GPtrArray *
store_layer_mergeable (StoreTxn *txn, const char *host_id, GError **error)
{
  g_autoptr (StoreRows) rows = store_query (
      txn, error,
      "SELECT l.id, min (c.id), l.parent_id FROM layer l JOIN layer c ON c.parent_id=l.id"
      " WHERE l.host_id=? AND NOT " NAMED " AND NOT EXISTS"
      " (SELECT 1 FROM layer_merge WHERE layer_id IN (l.id, c.id) OR child_id IN (l.id, c.id))"
      " GROUP BY l.id HAVING count(*)=1 ORDER BY l.created_ms",
      "s", host_id);

  return rows != NULL
             ? store_read_all (rows, read_mergeable, (GDestroyNotify) store_mergeable_free, error)
             : NULL;
}

GPtrArray *
store_layer_openers (StoreTxn *txn, const char *layer_id, GError **error)
{
  return store_read_ids (
      store_query (txn, error,
                   "WITH RECURSIVE above (id) AS (SELECT ? UNION"
                   " SELECT l.id FROM layer l JOIN above a ON l.parent_id=a.id)"
                   " SELECT DISTINCT d.instance_id FROM above a"
                   " JOIN disk d ON d.layer_id=a.id OR d.next_layer_id=a.id"
                   " JOIN instance i ON i.id=d.instance_id WHERE i.state<>'stopped'",
                   "s", layer_id),
      error);
}

void
store_merge_free (StoreMerge *merge)
{
  if (merge == NULL)
    return;
  g_free (merge->layer_id);
  g_free (merge->child_id);
  g_free (merge->method);
  g_free (merge->instance_id);
  g_free (merge->disk_id);
  g_free (merge);
}

static gpointer
read_merge (StoreRows *rows)
{
  StoreMerge *merge = g_new0 (StoreMerge, 1);

  merge->layer_id = store_rows_string (rows, 0);
  merge->child_id = store_rows_string (rows, 1);
  merge->method = store_rows_string (rows, 2);
  merge->instance_id = store_rows_string (rows, 3);
  merge->disk_id = store_rows_string (rows, 4);
  merge->started_ms = store_rows_int (rows, 5);
  return merge;
}

gboolean
store_merge_insert (StoreTxn *txn, const StoreMerge *merge, GError **error)
{
  return store_exec (txn, error,
                     "INSERT INTO layer_merge (layer_id, child_id, method, instance_id, disk_id,"
                     " started_ms) VALUES (?, ?, ?, ?, ?, ?)",
                     "sssssi", merge->layer_id, merge->child_id, merge->method, merge->instance_id,
                     merge->disk_id, merge->started_ms)
         > 0;
}

gboolean
store_merge_delete (StoreTxn *txn, const char *layer_id, GError **error)
{
  return store_exec (txn, error, "DELETE FROM layer_merge WHERE layer_id=?", "s", layer_id) >= 0;
}

GPtrArray *
store_merge_list (StoreTxn *txn, const char *host_id, const char *instance_id, GError **error)
{
  g_autoptr (StoreRows) rows = store_query (
      txn, error,
      "SELECT m.layer_id, m.child_id, m.method, m.instance_id, m.disk_id, m.started_ms"
      " FROM layer_merge m JOIN layer l ON l.id=m.layer_id"
      " WHERE l.host_id=?1 AND (?2 IS NULL OR m.instance_id=?2) ORDER BY m.started_ms",
      "ss", host_id, instance_id);

  return rows != NULL ? store_read_all (rows, read_merge, (GDestroyNotify) store_merge_free, error)
                      : NULL;
}
