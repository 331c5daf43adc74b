/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Snapshot groups. */
#include "config.h"

#include "store-db.h"
#include "store-snapshot-group.h"
#include "store-snapshot.h"
#include "vmm-error.h"

#define GROUP_COLUMNS "id, account_id, instance_id, name, description, created_ms"
#define HAS_MEMBER                                                                                 \
  "EXISTS (SELECT 1 FROM snapshot s WHERE s.group_id=snapshot_group.id AND s.group_id<>''"         \
  " AND s.state="
#define GROUP_STATE                                                                                \
  "CASE WHEN " HAS_MEMBER "'progressing') THEN 'progressing' WHEN " HAS_MEMBER                     \
  "'failed') THEN 'failed' ELSE 'accomplished' END"
#define GROUP_READ GROUP_COLUMNS ", " GROUP_STATE

static gpointer
read_group (StoreRows *rows)
{
  VmmSnapshotGroup *group = g_new0 (VmmSnapshotGroup, 1);
  g_autofree char *state = store_rows_string (rows, 6);

  group->id = store_rows_string (rows, 0);
  group->account_id = store_rows_string (rows, 1);
  group->instance_id = store_rows_string (rows, 2);
  group->name = store_rows_string (rows, 3);
  group->description = store_rows_string (rows, 4);
  group->created_ms = store_rows_int (rows, 5);
  vmm_snapshot_state_from_string (state, &group->state);
  return group;
}

gboolean
store_snapshot_group_insert (StoreTxn *txn, const VmmSnapshotGroup *group, GError **error)
{
  return store_exec (txn, error,
                     "INSERT INTO snapshot_group (" GROUP_COLUMNS ") VALUES (?, ?, ?, ?, ?, ?)",
                     "sssssi", group->id, group->account_id, group->instance_id, group->name,
                     group->description, group->created_ms)
         > 0;
}

VmmSnapshotGroup *
store_snapshot_group_get (StoreTxn *txn, const char *account_id, const char *id, GError **error)
{
  g_autoptr (GError) local = NULL;
  g_autoptr (StoreRows) rows = store_query (
      txn, &local, "SELECT " GROUP_READ " FROM snapshot_group WHERE id=? AND account_id=?", "ss",
      id, account_id);
  g_autoptr (VmmSnapshotGroup) group = NULL;

  if (rows != NULL && store_rows_next (rows, &local))
    {
      group = read_group (rows);
      group->snapshots = store_snapshot_of_group (txn, id, &local);
    }
  if (local != NULL)
    g_propagate_error (error, g_steal_pointer (&local));
  else if (group == NULL)
    vmm_fail (error, VMM_ERROR_SNAPSHOT_GROUP_NOT_FOUND,
              "the specified snapshot group '%s' does not exist", id);
  return group != NULL && group->snapshots != NULL ? g_steal_pointer (&group) : NULL;
}

GPtrArray *
store_snapshot_group_list (StoreTxn *txn, const char *account_id,
                           const VmmSnapshotGroupQuery *query, const VmmPage *page,
                           VmmPageInfo *info, GError **error)
{
  g_auto (StoreFilter) filter = { NULL, NULL };
  g_autoptr (GPtrArray) groups = NULL;

  store_filter_init (&filter, "account_id=?", account_id);
  store_filter_tags (&filter, "id", VMM_TAG_SNAPSHOT_GROUP, account_id, &query->tags);
  store_filter_in (&filter, "id", query->ids);
  store_filter_string (&filter, "instance_id=?", query->instance_id);
  store_filter_wildcard (&filter, "name", query->name);
  store_filter_in (&filter, GROUP_STATE, query->statuses);
  groups = store_list (txn, GROUP_READ, "snapshot_group", "seq", &filter, page, info, read_group,
                       (GDestroyNotify) vmm_snapshot_group_free, error);
  for (guint i = 0; groups != NULL && i < groups->len; i++)
    {
      VmmSnapshotGroup *group = g_ptr_array_index (groups, i);

      group->snapshots = store_snapshot_of_group (txn, group->id, error);
      if (group->snapshots == NULL)
        return NULL;
    }
  return g_steal_pointer (&groups);
}

gboolean
store_snapshot_group_set_texts (StoreTxn *txn, const char *id, const char *name,
                                const char *description, GError **error)
{
  return store_exec (txn, error, "UPDATE snapshot_group SET name=?, description=? WHERE id=?",
                     "sss", name, description, id)
         >= 0;
}
