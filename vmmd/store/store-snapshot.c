/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Snapshots. */
#include "config.h"

#include "store-db.h"
#include "store-snapshot.h"
#include "vmm-error.h"

#define SNAPSHOT_COLUMNS                                                                           \
  "id, account_id, host_id, group_id, disk_id, instance_id, image_id, zone_id, category, name,"    \
  " description, layer_id, policy_id, reason, state, consistency, is_system, is_auto,"             \
  " virtual_bytes, retention_days, created_ms, expires_ms, deadline_ms"
#define SNAPSHOT_READ                                                                              \
  SNAPSHOT_COLUMNS ", coalesce ((SELECT size_bytes FROM layer l WHERE l.id=layer_id), 0),"         \
                   " (SELECT count(*) FROM image_disk i WHERE i.snapshot_id=snapshot.id),"         \
                   " (SELECT count(*) FROM disk d WHERE d.source_snapshot_id=snapshot.id)"
#define TEXTS 14
/* The time is over of one that nobody wants any more, whatever its retention. */
#define ABANDONED_MS 1

static gpointer
read_snapshot (StoreRows *rows)
{
  VmmSnapshot *s = g_new0 (VmmSnapshot, 1);
  char **texts[TEXTS] = { &s->id,          &s->account_id, &s->host_id,   &s->group_id, &s->disk_id,
                          &s->instance_id, &s->image_id,   &s->zone_id,   &s->category, &s->name,
                          &s->description, &s->layer_id,   &s->policy_id, &s->reason };
  g_autofree char *state = store_rows_string (rows, TEXTS);
  g_autofree char *consistency = store_rows_string (rows, TEXTS + 1);

  for (guint i = 0; i < TEXTS; i++)
    *texts[i] = store_rows_string (rows, (int) i);
  vmm_snapshot_state_from_string (state, &s->state);
  vmm_consistency_from_string (consistency, &s->consistency);
  s->is_system = store_rows_int (rows, TEXTS + 2) != 0;
  s->is_auto = store_rows_int (rows, TEXTS + 3) != 0;
  s->virtual_bytes = (guint64) store_rows_int (rows, TEXTS + 4);
  s->retention_days = (guint) store_rows_int (rows, TEXTS + 5);
  s->created_ms = store_rows_int (rows, TEXTS + 6);
  s->expires_ms = store_rows_int (rows, TEXTS + 7);
  s->deadline_ms = store_rows_int (rows, TEXTS + 8);
  s->size_bytes = (guint64) store_rows_int (rows, TEXTS + 9);
  s->n_images = (guint) store_rows_int (rows, TEXTS + 10);
  s->n_disks = (guint) store_rows_int (rows, TEXTS + 11);
  return s;
}

static const char *
or_empty (const char *text)
{
  return text != NULL ? text : "";
}

gboolean
store_snapshot_insert (StoreTxn *txn, const VmmSnapshot *s, GError **error)
{
  g_autoptr (GError) local = NULL;

  if (store_exec (txn, &local,
                  "INSERT INTO snapshot (" SNAPSHOT_COLUMNS
                  ") VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                  "ssssssssssssssssiiiiiii", s->id, s->account_id, s->host_id,
                  or_empty (s->group_id), s->disk_id, or_empty (s->instance_id),
                  or_empty (s->image_id), s->zone_id, s->category, or_empty (s->name),
                  or_empty (s->description), s->layer_id, or_empty (s->policy_id),
                  or_empty (s->reason), vmm_snapshot_state_to_string (s->state),
                  vmm_consistency_to_string (s->consistency), (gint64) s->is_system,
                  (gint64) s->is_auto, (gint64) s->virtual_bytes, (gint64) s->retention_days,
                  s->created_ms, s->expires_ms, s->deadline_ms)
      > 0)
    return TRUE;
  if (store_error_is_duplicate (local))
    return vmm_fail (error, VMM_ERROR_DISK_SNAPSHOTTING,
                     "a snapshot of disk '%s' is being created; wait until it is accomplished",
                     s->disk_id);
  g_propagate_error (error, g_steal_pointer (&local));
  return FALSE;
}

VmmSnapshot *
store_snapshot_get (StoreTxn *txn, const char *account_id, const char *id, GError **error)
{
  g_autoptr (StoreRows) rows = store_query (
      txn, error,
      "SELECT " SNAPSHOT_READ " FROM snapshot WHERE id=?1 AND (?2 IS NULL OR account_id=?2)", "ss",
      id, account_id);
  g_autoptr (GError) local = NULL;

  if (rows == NULL)
    return NULL;
  if (store_rows_next (rows, &local))
    return read_snapshot (rows);
  if (local != NULL)
    g_propagate_error (error, g_steal_pointer (&local));
  else
    vmm_fail (error, VMM_ERROR_SNAPSHOT_NOT_FOUND, "the specified snapshot '%s' does not exist",
              id);
  return NULL;
}

GPtrArray *
store_snapshot_list (StoreTxn *txn, const char *account_id, const VmmSnapshotQuery *query,
                     const VmmPage *page, VmmPageInfo *info, GError **error)
{
  static const char *const by_image[]
      = { " AND NOT EXISTS (SELECT 1 FROM image_disk WHERE snapshot_id=snapshot.id)",
          " AND EXISTS (SELECT 1 FROM image_disk WHERE snapshot_id=snapshot.id)" };
  static const char *const by_disk[]
      = { " AND NOT EXISTS (SELECT 1 FROM disk WHERE source_snapshot_id=snapshot.id)",
          " AND EXISTS (SELECT 1 FROM disk WHERE source_snapshot_id=snapshot.id)" };
  g_auto (StoreFilter) filter = { NULL, NULL };

  store_filter_init (&filter, "account_id=?", account_id);
  store_filter_tags (&filter, "id", VMM_TAG_SNAPSHOT, account_id, &query->tags);
  store_filter_in (&filter, "id", query->ids);
  store_filter_wildcard (&filter, "name", query->name);
  store_filter_string (&filter, "disk_id=?", query->disk_id);
  store_filter_string (&filter, "instance_id=?", query->instance_id);
  store_filter_string (&filter, "group_id=?", query->group_id);
  store_filter_string (&filter, "state=?", query->status);
  if (query->is_system >= 0)
    store_filter_int (&filter, "is_system=?", query->is_system);
  if (query->is_auto >= 0)
    store_filter_int (&filter, "is_auto=?", query->is_auto);
  if (query->created_from_ms > 0)
    store_filter_int (&filter, "created_ms>=?", query->created_from_ms);
  if (query->created_to_ms > 0)
    store_filter_int (&filter, "created_ms<=?", query->created_to_ms);
  if (query->is_used_by_image >= 0)
    g_string_append (filter.where, by_image[query->is_used_by_image != 0]);
  if (query->is_used_by_disk >= 0)
    g_string_append (filter.where, by_disk[query->is_used_by_disk != 0]);
  return store_list (txn, SNAPSHOT_READ, "snapshot", "seq", &filter, page, info, read_snapshot,
                     (GDestroyNotify) vmm_snapshot_free, error);
}

GPtrArray *
store_snapshot_progressing (StoreTxn *txn, const char *instance_id, const char *disk_id,
                            GError **error)
{
  g_autoptr (StoreRows) rows = store_query (
      txn, error,
      "SELECT " SNAPSHOT_READ " FROM snapshot WHERE state='progressing' AND"
      " (?2 IS NULL OR disk_id=?2) AND (?1 IS NULL OR EXISTS"
      " (SELECT 1 FROM disk WHERE disk.id=snapshot.disk_id AND instance_id=?1)) ORDER BY +seq",
      "ss", instance_id, disk_id);

  return rows != NULL
             ? store_read_all (rows, read_snapshot, (GDestroyNotify) vmm_snapshot_free, error)
             : NULL;
}

GPtrArray *
store_snapshot_of_group (StoreTxn *txn, const char *group_id, GError **error)
{
  g_autoptr (StoreRows) rows = store_query (txn, error,
                                            "SELECT " SNAPSHOT_READ " FROM snapshot"
                                            " WHERE group_id=? AND group_id<>'' ORDER BY seq",
                                            "s", group_id);

  return rows != NULL
             ? store_read_all (rows, read_snapshot, (GDestroyNotify) vmm_snapshot_free, error)
             : NULL;
}

gboolean
store_snapshot_usage (StoreTxn *txn, const char *account_id, guint *out_count, guint64 *out_bytes,
                      GError **error)
{
  gint64 count = 0, bytes = 0;

  if (!store_query_int (txn, &count, error, "SELECT count(*) FROM snapshot WHERE account_id=?", "s",
                        account_id)
      || !store_query_int (txn, &bytes, error,
                           "SELECT coalesce (sum (l.size_bytes), 0) FROM snapshot s"
                           " JOIN layer l ON l.id=s.layer_id WHERE s.account_id=?",
                           "s", account_id))
    return FALSE;
  *out_count = (guint) count;
  *out_bytes = (guint64) bytes;
  return TRUE;
}

GPtrArray *
store_snapshot_expired (StoreTxn *txn, gint64 now_ms, GError **error)
{
  return store_read_ids (store_query (txn, error,
                                      "SELECT id FROM snapshot WHERE expires_ms>0 AND expires_ms<=?"
                                      " AND state<>'progressing'",
                                      "i", now_ms),
                         error);
}

char *
store_snapshot_oldest_auto (StoreTxn *txn, const char *disk_id, GError **error)
{
  g_autoptr (GPtrArray) ids = store_read_ids (
      store_query (
          txn, error,
          "SELECT id FROM snapshot s WHERE disk_id=? AND is_auto=1 AND state<>'progressing'"
          " AND NOT EXISTS (SELECT 1 FROM image_disk WHERE snapshot_id=s.id)"
          " ORDER BY state='failed' DESC, seq LIMIT 1",
          "s", disk_id),
      error);

  return ids != NULL && ids->len > 0 ? g_strdup (g_ptr_array_index (ids, 0)) : NULL;
}

gboolean
store_snapshot_count_auto_progressing (StoreTxn *txn, guint *out, GError **error)
{
  gint64 count = 0;

  if (!store_query_int (txn, &count, error,
                        "SELECT count(*) FROM snapshot WHERE state='progressing' AND is_auto=1",
                        ""))
    return FALSE;
  *out = (guint) count;
  return TRUE;
}

gboolean
store_snapshot_count (StoreTxn *txn, const char *disk_id, guint *out, GError **error)
{
  gint64 count = 0;

  if (!store_query_int (txn, &count, error, "SELECT count(*) FROM snapshot WHERE disk_id=?", "s",
                        disk_id))
    return FALSE;
  *out = (guint) count;
  return TRUE;
}

gboolean
store_snapshot_count_users (StoreTxn *txn, const char *id, guint *out_images, guint *out_disks,
                            GError **error)
{
  gint64 images = 0, disks = 0;

  if (!store_query_int (txn, &images, error, "SELECT count(*) FROM image_disk WHERE snapshot_id=?",
                        "s", id)
      || !store_query_int (txn, &disks, error,
                           "SELECT count(*) FROM disk WHERE source_snapshot_id=?", "s", id))
    return FALSE;
  *out_images = (guint) images;
  *out_disks = (guint) disks;
  return TRUE;
}

gboolean
store_snapshot_set_freezing (StoreTxn *txn, const char *id, GError **error)
{
  return store_exec (txn, error,
                     "UPDATE snapshot SET consistency=? WHERE id=? AND state='progressing'", "ss",
                     vmm_consistency_to_string (VMM_CONSISTENCY_FREEZING), id)
         >= 0;
}

gboolean
store_snapshot_finish (StoreTxn *txn, const char *id, VmmSnapshotState to,
                       VmmConsistency consistency, const char *reason, GError **error)
{
  int changes = store_exec (
      txn, error,
      to == VMM_SNAPSHOT_FAILED
          ? "UPDATE snapshot SET state=?, consistency=?, reason=?, deadline_ms=0, layer_id=NULL"
            " WHERE id=? AND state='progressing'"
          : "UPDATE snapshot SET state=?, consistency=?, reason=?, deadline_ms=0"
            " WHERE id=? AND state='progressing'",
      "ssss", vmm_snapshot_state_to_string (to), vmm_consistency_to_string (consistency),
      or_empty (reason), id);

  if (changes == 0)
    return vmm_fail (error, VMM_ERROR_OPERATION_CONFLICT, "snapshot '%s' is not progressing", id);
  return changes > 0;
}

gboolean
store_snapshot_set_attributes (StoreTxn *txn, const VmmSnapshot *s, GError **error)
{
  return store_exec (txn, error,
                     "UPDATE snapshot SET name=?1, description=?2, retention_days=?3,"
                     " expires_ms=CASE expires_ms WHEN ?6 THEN ?6 ELSE ?4 END WHERE id=?5",
                     "ssiisi", s->name, s->description, (gint64) s->retention_days, s->expires_ms,
                     s->id, (gint64) ABANDONED_MS)
         >= 0;
}

gboolean
store_snapshot_delete (StoreTxn *txn, const char *id, GError **error)
{
  return store_exec (txn, error, "DELETE FROM snapshot WHERE id=?", "s", id) >= 0;
}

gboolean
store_snapshot_expire (StoreTxn *txn, const char *id, gint64 now_ms, GError **error)
{
  return store_exec (txn, error,
                     "DELETE FROM snapshot WHERE id=? AND expires_ms>0 AND expires_ms<=?"
                     " AND state<>'progressing'"
                     " AND NOT EXISTS (SELECT 1 FROM image_disk WHERE snapshot_id=snapshot.id)",
                     "si", id, now_ms)
         >= 0;
}

gboolean
store_snapshot_abandon (StoreTxn *txn, const char *id, GError **error)
{
  return store_exec (txn, error, "UPDATE snapshot SET expires_ms=? WHERE id=?", "is",
                     (gint64) ABANDONED_MS, id)
             >= 0
         && store_snapshot_expire (txn, id, ABANDONED_MS, error);
}
