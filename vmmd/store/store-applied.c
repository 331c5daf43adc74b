/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The rows that tell what is in force. */
#include "config.h"

#include "store-applied.h"
#include "store-db.h"

void
store_applied_free (StoreApplied *applied)
{
  if (applied == NULL)
    return;
  g_free (applied->reason);
  g_free (applied);
}

static StoreApplied *
read_applied (StoreRows *rows)
{
  StoreApplied *applied = g_new0 (StoreApplied, 1);

  applied->generation = (guint64) store_rows_int (rows, 0);
  applied->at_ms = store_rows_int (rows, 1);
  applied->reason = store_rows_string (rows, 2);
  return applied;
}

StoreApplied *
store_applied_get (StoreTxn *txn, const char *host_id, const char *object_id, GError **error)
{
  g_autoptr (StoreRows) rows = store_query (txn, error,
                                            "SELECT generation, at_ms, reason FROM net_applied"
                                            " WHERE host_id=? AND object_id=?",
                                            "ss", host_id, object_id);

  return rows != NULL && store_rows_next (rows, error) ? read_applied (rows) : NULL;
}

GHashTable *
store_applied_list (StoreTxn *txn, const char *host_id, GError **error)
{
  g_autoptr (StoreRows) rows = store_query (
      txn, error, "SELECT generation, at_ms, reason, object_id FROM net_applied WHERE host_id=?",
      "s", host_id);
  g_autoptr (GHashTable) all = g_hash_table_new_full (g_str_hash, g_str_equal, g_free,
                                                      (GDestroyNotify) store_applied_free);
  g_autoptr (GError) local = NULL;

  while (rows != NULL && store_rows_next (rows, &local))
    g_hash_table_replace (all, store_rows_string (rows, 3), read_applied (rows));
  if (local != NULL)
    g_propagate_error (error, g_steal_pointer (&local));
  else if (rows != NULL)
    return g_steal_pointer (&all);
  return NULL;
}

gboolean
store_applied_set (StoreTxn *txn, const char *host_id, const char *object_id,
                   const StoreApplied *applied, GError **error)
{
  return store_exec (txn, error,
                     "INSERT INTO net_applied (host_id, object_id, generation, at_ms, reason)"
                     " VALUES (?, ?, ?, ?, ?) ON CONFLICT (host_id, object_id) DO UPDATE SET"
                     " generation=excluded.generation, at_ms=excluded.at_ms,"
                     " reason=excluded.reason",
                     "ssiis", host_id, object_id, (gint64) applied->generation, applied->at_ms,
                     applied->reason != NULL ? applied->reason : "")
         > 0;
}

gboolean
store_applied_forget (StoreTxn *txn, const char *host_id, const char *object_id, GError **error)
{
  return store_exec (txn, error, "DELETE FROM net_applied WHERE host_id=? AND object_id=?", "ss",
                     host_id, object_id)
         >= 0;
}

gboolean
store_applied_forget_instance (StoreTxn *txn, const char *instance_id, GError **error)
{
  return store_exec (txn, error,
                     "DELETE FROM net_applied WHERE object_id IN"
                     " (SELECT id FROM nic WHERE instance_id=?)",
                     "s", instance_id)
         >= 0;
}

GPtrArray *
store_applied_instances (StoreTxn *txn, const char *host_id, const char *group_id, GError **error)
{
  return store_read_ids (
      store_query (txn, error,
                   "SELECT DISTINCT i.id FROM nic_group g JOIN nic n ON n.id=g.nic_id"
                   " JOIN instance i ON i.id=n.instance_id"
                   " WHERE g.group_id=? AND n.host_id=? AND i.state='running'",
                   "ss", group_id, host_id),
      error);
}
