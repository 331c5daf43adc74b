/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Policies of automatic snapshots. */
#include "config.h"

#include "store-db.h"
#include "store-policy.h"
#include "vmm-error.h"

#define POLICY_COLUMNS "id, account_id, name, hours, weekdays, retention_days, created_ms"
#define POLICY_READ                                                                                \
  POLICY_COLUMNS ", (SELECT count(*) FROM disk d WHERE d.policy_id=auto_snapshot_policy.id"        \
                 " AND d.policy_id<>'')"

static gpointer
read_policy (StoreRows *rows)
{
  VmmPolicy *policy = g_new0 (VmmPolicy, 1);

  policy->id = store_rows_string (rows, 0);
  policy->account_id = store_rows_string (rows, 1);
  policy->name = store_rows_string (rows, 2);
  policy->hours = (guint) store_rows_int (rows, 3);
  policy->weekdays = (guint) store_rows_int (rows, 4);
  policy->retention_days = (guint) store_rows_int (rows, 5);
  policy->created_ms = store_rows_int (rows, 6);
  policy->n_disks = (guint) store_rows_int (rows, 7);
  return policy;
}

gboolean
store_policy_insert (StoreTxn *txn, const VmmPolicy *policy, GError **error)
{
  return store_exec (
             txn, error,
             "INSERT INTO auto_snapshot_policy (" POLICY_COLUMNS ") VALUES (?, ?, ?, ?, ?, ?, ?)",
             "sssiiii", policy->id, policy->account_id, policy->name, (gint64) policy->hours,
             (gint64) policy->weekdays, (gint64) policy->retention_days, policy->created_ms)
         > 0;
}

VmmPolicy *
store_policy_get (StoreTxn *txn, const char *account_id, const char *id, GError **error)
{
  g_autoptr (GError) local = NULL;
  g_autoptr (StoreRows) rows = store_query (
      txn, &local, "SELECT " POLICY_READ " FROM auto_snapshot_policy WHERE id=? AND account_id=?",
      "ss", id, account_id);

  if (rows != NULL && store_rows_next (rows, &local))
    return read_policy (rows);
  if (local != NULL)
    g_propagate_error (error, g_steal_pointer (&local));
  else
    vmm_fail (error, VMM_ERROR_POLICY_NOT_FOUND,
              "the specified automatic snapshot policy '%s' does not exist", id);
  return NULL;
}

GPtrArray *
store_policy_list (StoreTxn *txn, const char *account_id, const VmmPolicyQuery *query,
                   const VmmPage *page, VmmPageInfo *info, GError **error)
{
  g_auto (StoreFilter) filter = { NULL, NULL };

  store_filter_init (&filter, "account_id=?", account_id);
  store_filter_tags (&filter, "id", VMM_TAG_POLICY, account_id, &query->tags);
  store_filter_string (&filter, "id=?", query->id);
  store_filter_wildcard (&filter, "name", query->name);
  return store_list (txn, POLICY_READ, "auto_snapshot_policy", "seq", &filter, page, info,
                     read_policy, (GDestroyNotify) vmm_policy_free, error);
}

gboolean
store_policy_count (StoreTxn *txn, const char *account_id, guint *out, GError **error)
{
  gint64 count = 0;

  if (!store_query_int (txn, &count, error,
                        "SELECT count(*) FROM auto_snapshot_policy WHERE account_id=?", "s",
                        account_id))
    return FALSE;
  *out = (guint) count;
  return TRUE;
}

gboolean
store_policy_set (StoreTxn *txn, const VmmPolicy *policy, GError **error)
{
  return store_exec (txn, error,
                     "UPDATE auto_snapshot_policy SET name=?, hours=?, weekdays=?,"
                     " retention_days=? WHERE id=?",
                     "siiis", policy->name, (gint64) policy->hours, (gint64) policy->weekdays,
                     (gint64) policy->retention_days, policy->id)
         >= 0;
}

gboolean
store_policy_delete (StoreTxn *txn, const char *id, GError **error)
{
  return store_exec (txn, error, "UPDATE disk SET policy_id='' WHERE policy_id=? AND policy_id<>''",
                     "s", id)
             >= 0
         && store_exec (txn, error, "DELETE FROM auto_snapshot_policy WHERE id=?", "s", id) >= 0;
}

/* ---- Disks ---- */

void
store_policy_disk_free (StorePolicyDisk *disk)
{
  g_free (disk->disk_id);
  g_free (disk->policy_id);
  g_free (disk->instance_id);
  g_free (disk);
}

static gpointer
read_policy_disk (StoreRows *rows)
{
  StorePolicyDisk *disk = g_new0 (StorePolicyDisk, 1);

  disk->disk_id = store_rows_string (rows, 0);
  disk->policy_id = store_rows_string (rows, 1);
  disk->instance_id = store_rows_string (rows, 2);
  return disk;
}

gboolean
store_policy_apply (StoreTxn *txn, const char *disk_id, const char *policy_id, gint64 now_ms,
                    GError **error)
{
  return store_exec (txn, error, "UPDATE disk SET policy_id=?, auto_point_ms=? WHERE id=?", "sis",
                     policy_id, now_ms, disk_id)
         >= 0;
}

gboolean
store_policy_pass (StoreTxn *txn, const char *id, gint64 now_ms, GError **error)
{
  return store_exec (txn, error,
                     "UPDATE disk SET auto_point_ms=? WHERE policy_id=? AND policy_id<>''", "is",
                     now_ms, id)
         >= 0;
}

GPtrArray *
store_policy_disks (StoreTxn *txn, const char *account_id, const char *policy_id,
                    const char *disk_id, const VmmPage *page, VmmPageInfo *info, GError **error)
{
  g_auto (StoreFilter) filter = { NULL, NULL };

  store_filter_init (&filter, "policy_id<>'' AND account_id=?", account_id);
  store_filter_string (&filter, "policy_id=?", policy_id);
  store_filter_string (&filter, "id=?", disk_id);
  return store_list (txn, "id, policy_id, instance_id", "disk", "seq", &filter, page, info,
                     read_policy_disk, (GDestroyNotify) store_policy_disk_free, error);
}

GPtrArray *
store_policy_wanting (StoreTxn *txn, const VmmPolicyPoint *point, GError **error)
{
  g_autoptr (StoreRows) rows
      = store_query (txn, error,
                     "SELECT " POLICY_READ " FROM auto_snapshot_policy"
                     " WHERE hours >> ? & 1 AND weekdays >> ? & 1 ORDER BY seq",
                     "ii", (gint64) point->hour, (gint64) point->weekday);

  return rows != NULL ? store_read_all (rows, read_policy, (GDestroyNotify) vmm_policy_free, error)
                      : NULL;
}

GPtrArray *
store_policy_due (StoreTxn *txn, const char *host_id, const char *policy_id, gint64 point_ms,
                  GError **error)
{
  g_autoptr (StoreRows) rows
      = store_query (txn, error,
                     "SELECT id, policy_id, instance_id FROM disk WHERE policy_id=?1"
                     " AND policy_id<>'' AND host_id=?2 AND enable_auto_snapshot=1"
                     " AND auto_point_ms NOT BETWEEN ?3 AND ?4 ORDER BY instance_id, seq",
                     "ssii", policy_id, host_id, point_ms, point_ms + VMM_POLICY_HOUR_MS);

  return rows != NULL ? store_read_all (rows, read_policy_disk,
                                        (GDestroyNotify) store_policy_disk_free, error)
                      : NULL;
}

gboolean
store_policy_done (StoreTxn *txn, const char *disk_id, gint64 point_ms, GError **error)
{
  return store_exec (txn, error, "UPDATE disk SET auto_point_ms=? WHERE id=?", "is", point_ms,
                     disk_id)
         >= 0;
}
