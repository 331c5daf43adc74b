/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The tree of layers. */
#include "config.h"

#include "store-db.h"
#include "store-layer-sql.h"
#include "store-layer.h"

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

GPtrArray *
store_layer_unreferenced (StoreTxn *txn, const char *host_id, GError **error)
{
  return store_read_ids (
      store_query (txn, error,
                   "SELECT id FROM layer l WHERE host_id=? AND NOT " STORE_LAYER_NAMED
                   " AND " STORE_LAYER_BARE
                   " AND NOT EXISTS (SELECT 1 FROM layer_pull WHERE layer_id=l.id)",
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

void
store_link_free (StoreLink *link)
{
  if (link == NULL)
    return;
  g_free (link->id);
  g_free (link);
}

static gpointer
read_link (StoreRows *rows)
{
  StoreLink *link = g_new0 (StoreLink, 1);

  link->id = store_rows_string (rows, 0);
  link->size_bytes = (guint64) store_rows_int (rows, 1);
  link->is_kept = store_rows_int (rows, 2) != 0;
  return link;
}

GPtrArray *
store_layer_links (StoreTxn *txn, const char *id, GError **error)
{
  g_autoptr (StoreRows) rows = store_query (
      txn, error,
      "WITH RECURSIVE chain (id, depth) AS (SELECT ?, 0"
      " UNION ALL SELECT l.parent_id, c.depth + 1 FROM layer l JOIN chain c ON l.id=c.id"
      " WHERE l.parent_id IS NOT NULL)"
      " SELECT l.id, l.size_bytes, " STORE_LAYER_KEPT
      " FROM chain c JOIN layer l ON l.id=c.id ORDER BY c.depth",
      "s", id);

  return rows != NULL ? store_read_all (rows, read_link, (GDestroyNotify) store_link_free, error)
                      : NULL;
}

gboolean
store_layer_is_wanted (StoreTxn *txn, const char *id, gboolean *out, GError **error)
{
  gint64 number;

  if (!store_query_int (
          txn, &number, error,
          "WITH RECURSIVE above (id) AS (SELECT ?1 UNION"
          " SELECT l.id FROM layer l JOIN above a ON l.parent_id=a.id)"
          " SELECT EXISTS (SELECT 1 FROM above a JOIN disk d ON d.layer_id=a.id"
          " LEFT JOIN instance i ON i.id=d.instance_id"
          " WHERE i.state<>'stopped' OR d.next_layer_id IS NOT NULL OR d.want_bytes<>0)"
          " OR NOT EXISTS (SELECT 1 FROM layer l WHERE l.id=?1 AND (" STORE_LAYER_NAMED
          " OR NOT " STORE_LAYER_BARE "))",
          "s", id))
    return FALSE;
  *out = number != 0;
  return TRUE;
}

gboolean
store_layer_reserved (StoreTxn *txn, const char *host_id, guint64 *out, GError **error)
{
  gint64 number;

  if (!store_query_int (txn, &number, error,
                        "SELECT coalesce (sum (reserved_bytes), 0) FROM layer WHERE host_id=?"
                        " AND reserved_bytes>0",
                        "s", host_id))
    return FALSE;
  *out = (guint64) number;
  return TRUE;
}
