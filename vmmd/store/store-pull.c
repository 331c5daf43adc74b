/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Pulls. */
#include "config.h"

#include "store-db.h"
#include "store-layer-sql.h"
#include "store-layer.h"
#include "store-pull.h"

/* From layer c and the disk d whose active layer it is, if any. */
#define CANDIDATE_FROM                                                                             \
  "SELECT c.id, coalesce (d.id, ''), coalesce (d.instance_id, ''),"                                \
  " coalesce (d.origin_layer_id=c.parent_id, 0), c.pull_after_ms"                                  \
  " FROM layer c LEFT JOIN disk d ON d.layer_id=c.id"
/* Whether such a layer is worth a pull. */
#define CANDIDATE_WHERE                                                                            \
  "NOT EXISTS (SELECT 1 FROM layer_pull WHERE layer_id=c.id)"                                      \
  " AND c.parent_id IS NOT NULL"                                                                   \
  " AND (NOT EXISTS (SELECT 1 FROM layer l WHERE l.id=c.parent_id AND " STORE_LAYER_KEPT ")"       \
  " OR (d.id IS NOT NULL AND ?2 < (WITH RECURSIVE chain (id, depth) AS (SELECT c.id, 1"            \
  " UNION ALL SELECT l.parent_id, a.depth + 1 FROM layer l JOIN chain a ON l.id=a.id"              \
  " WHERE l.parent_id IS NOT NULL) SELECT max (depth) FROM chain)))"

void
store_pullable_free (StorePullable *pullable)
{
  if (pullable == NULL)
    return;
  g_free (pullable->layer_id);
  g_free (pullable->disk_id);
  g_free (pullable->instance_id);
  g_free (pullable);
}

static gpointer
read_pullable (StoreRows *rows)
{
  StorePullable *pullable = g_new0 (StorePullable, 1);

  pullable->layer_id = store_rows_string (rows, 0);
  pullable->disk_id = store_rows_string (rows, 1);
  pullable->instance_id = store_rows_string (rows, 2);
  pullable->is_fresh = store_rows_int (rows, 3) != 0;
  pullable->after_ms = store_rows_int (rows, 4);
  return pullable;
}

/* Of @rows, or NULL with @error. */
static GPtrArray *
read_pullables (StoreTxn *txn, StoreRows *rows, GError **error)
{
  g_autoptr (GPtrArray) found
      = rows != NULL
            ? store_read_all (rows, read_pullable, (GDestroyNotify) store_pullable_free, error)
            : NULL;

  for (guint i = 0; found != NULL && i < found->len; i++)
    {
      StorePullable *one = g_ptr_array_index (found, i);

      if (!store_layer_is_wanted (txn, one->layer_id, &one->is_wanted, error))
        return NULL;
    }
  return g_steal_pointer (&found);
}

GPtrArray *
store_pull_candidates (StoreTxn *txn, const char *host_id, guint deep, GError **error)
{
  g_autoptr (StoreRows) rows = store_query (
      txn, error,
      CANDIDATE_FROM " WHERE c.host_id=?1 AND " CANDIDATE_WHERE " ORDER BY c.created_ms, c.id",
      "si", host_id, (gint64) deep);

  return read_pullables (txn, rows, error);
}

StorePullable *
store_pull_candidate (StoreTxn *txn, const char *layer_id, guint deep, GError **error)
{
  g_autoptr (StoreRows) rows
      = store_query (txn, error, CANDIDATE_FROM " WHERE c.id=?1 AND " CANDIDATE_WHERE, "si",
                     layer_id, (gint64) deep);
  g_autoptr (GPtrArray) found = read_pullables (txn, rows, error);

  return found != NULL && found->len > 0 ? g_ptr_array_steal_index (found, 0) : NULL;
}

/* ---- The journal ---- */

void
store_pull_free (StorePull *pull)
{
  if (pull == NULL)
    return;
  g_free (pull->layer_id);
  g_free (pull->base_id);
  g_free (pull->instance_id);
  g_free (pull->disk_id);
  g_free (pull);
}

static gpointer
read_pull (StoreRows *rows)
{
  StorePull *pull = g_new0 (StorePull, 1);

  pull->layer_id = store_rows_string (rows, 0);
  pull->base_id = store_rows_string (rows, 1);
  pull->instance_id = store_rows_string (rows, 2);
  pull->disk_id = store_rows_string (rows, 3);
  pull->started_ms = store_rows_int (rows, 4);
  return pull;
}

gboolean
store_pull_insert (StoreTxn *txn, const StorePull *pull, guint64 reserved_bytes, GError **error)
{
  return store_exec (txn, error,
                     "INSERT INTO layer_pull (layer_id, base_id, instance_id, disk_id, started_ms)"
                     " VALUES (?, ?, ?, ?, ?)",
                     "ssssi", pull->layer_id, pull->base_id, pull->instance_id, pull->disk_id,
                     pull->started_ms)
             > 0
         && store_exec (txn, error, "UPDATE layer SET reserved_bytes=? WHERE id=?", "is",
                        (gint64) reserved_bytes, pull->layer_id)
                > 0;
}

gboolean
store_pull_delete (StoreTxn *txn, const char *layer_id, gboolean has_failed, gint64 after_ms,
                   GError **error)
{
  return store_exec (txn, error, "DELETE FROM layer_pull WHERE layer_id=?", "s", layer_id) >= 0
         && store_exec (txn, error,
                        "UPDATE layer SET reserved_bytes=0, pull_after_ms=?,"
                        " pull_failures=CASE ? WHEN 0 THEN 0 ELSE pull_failures + 1 END"
                        " WHERE id=?",
                        "iis", after_ms, (gint64) (has_failed != FALSE), layer_id)
                >= 0;
}

#define PULL_SELECT                                                                                \
  "SELECT p.layer_id, p.base_id, p.instance_id, p.disk_id, p.started_ms FROM layer_pull p"

GPtrArray *
store_pull_list (StoreTxn *txn, const char *host_id, GError **error)
{
  g_autoptr (StoreRows) rows = store_query (
      txn, error,
      PULL_SELECT " JOIN layer l ON l.id=p.layer_id WHERE l.host_id=? ORDER BY p.started_ms", "s",
      host_id);

  return rows != NULL ? store_read_all (rows, read_pull, (GDestroyNotify) store_pull_free, error)
                      : NULL;
}

StorePull *
store_pull_get (StoreTxn *txn, const char *layer_id, GError **error)
{
  g_autoptr (StoreRows) rows
      = store_query (txn, error, PULL_SELECT " WHERE p.layer_id=?", "s", layer_id);

  return rows != NULL && store_rows_next (rows, error) ? read_pull (rows) : NULL;
}

gboolean
store_pull_failures (StoreTxn *txn, const char *layer_id, guint *out, GError **error)
{
  gint64 number;

  if (!store_query_int (txn, &number, error, "SELECT pull_failures FROM layer WHERE id=?", "s",
                        layer_id))
    return FALSE;
  *out = (guint) number;
  return TRUE;
}

gboolean
store_pull_count_open (StoreTxn *txn, guint *out, GError **error)
{
  gint64 number;

  if (!store_query_int (txn, &number, error,
                        "SELECT count(*) FROM layer_pull WHERE instance_id<>''", ""))
    return FALSE;
  *out = (guint) number;
  return TRUE;
}

gboolean
store_pull_is_open (StoreTxn *txn, const StorePull *pull, gboolean *out, GError **error)
{
  gint64 number;

  if (!store_query_int (txn, &number, error,
                        "SELECT EXISTS (SELECT 1 FROM disk d JOIN instance i ON i.id=d.instance_id"
                        " WHERE d.id=? AND i.id=? AND d.layer_id=?"
                        " AND i.state IN ('running', 'stopping', 'rebooting', 'deleting'))",
                        "sss", pull->disk_id, pull->instance_id, pull->layer_id))
    return FALSE;
  *out = number != 0;
  return TRUE;
}

GPtrArray *
store_pull_list_below (StoreTxn *txn, const char *layer_id, GError **error)
{
  g_autoptr (StoreRows) rows = store_query (
      txn, error,
      "WITH RECURSIVE chain (id) AS (SELECT ? UNION ALL"
      " SELECT l.parent_id FROM layer l JOIN chain c ON l.id=c.id WHERE l.parent_id IS NOT NULL)"
      " " PULL_SELECT " WHERE p.layer_id IN chain",
      "s", layer_id);

  return rows != NULL ? store_read_all (rows, read_pull, (GDestroyNotify) store_pull_free, error)
                      : NULL;
}
