/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Prefix lists and their entries. */
#include "config.h"

#include "store-db.h"
#include "store-prefix-list.h"
#include "vmm-error.h"

#define LIST_COLUMNS "id, account_id, name, description, is_ipv6, max_entries, created_ms"
#define LIST_READ_COLUMNS                                                                          \
  LIST_COLUMNS ", (SELECT count(DISTINCT r.group_id) FROM security_rule r"                         \
               " WHERE r.prefix_list_id=prefix_list.id AND r.prefix_list_id<>'')"

static gpointer
read_list (StoreRows *rows)
{
  VmmPrefixList *list = g_new0 (VmmPrefixList, 1);

  list->id = store_rows_string (rows, 0);
  list->account_id = store_rows_string (rows, 1);
  list->name = store_rows_string (rows, 2);
  list->description = store_rows_string (rows, 3);
  list->is_ipv6 = store_rows_int (rows, 4) != 0;
  list->max_entries = (guint) store_rows_int (rows, 5);
  list->created_ms = store_rows_int (rows, 6);
  list->n_groups = (guint) store_rows_int (rows, 7);
  return list;
}

static gpointer
read_entry (StoreRows *rows)
{
  VmmPrefixEntry *entry = g_new0 (VmmPrefixEntry, 1);

  entry->cidr = store_rows_string (rows, 0);
  entry->description = store_rows_string (rows, 1);
  return entry;
}

gboolean
store_prefix_list_insert (StoreTxn *txn, const VmmPrefixList *list, GError **error)
{
  return store_exec (txn, error,
                     "INSERT INTO prefix_list (" LIST_COLUMNS ") VALUES (?, ?, ?, ?, ?, ?, ?)",
                     "ssssiii", list->id, list->account_id, list->name, list->description,
                     (gint64) list->is_ipv6, (gint64) list->max_entries, list->created_ms)
         > 0;
}

VmmPrefixList *
store_prefix_list_get (StoreTxn *txn, const char *account_id, const char *id, GError **error)
{
  g_autoptr (GError) local = NULL;
  g_autoptr (StoreRows) rows = store_query (txn, &local,
                                            "SELECT " LIST_READ_COLUMNS " FROM prefix_list"
                                            " WHERE id=?1 AND (?2 IS NULL OR account_id=?2)",
                                            "ss", id, account_id);

  if (rows != NULL && store_rows_next (rows, &local))
    return read_list (rows);
  if (local != NULL)
    g_propagate_error (error, g_steal_pointer (&local));
  else
    vmm_fail (error, VMM_ERROR_PREFIX_LIST_NOT_FOUND, "the specified '%s' does not exist", id);
  return NULL;
}

GPtrArray *
store_prefix_list_list (StoreTxn *txn, const char *account_id, const VmmPrefixListQuery *query,
                        const VmmPage *page, VmmPageInfo *info, GError **error)
{
  g_auto (StoreFilter) filter = { NULL, NULL };

  store_filter_init (&filter, "account_id=?", account_id);
  store_filter_tags (&filter, "id", VMM_TAG_PREFIX_LIST, account_id, &query->tags);
  store_filter_in (&filter, "id", query->ids);
  store_filter_wildcard (&filter, "name", query->name);
  if (query->is_ipv6 >= 0)
    store_filter_int (&filter, "is_ipv6=?", query->is_ipv6);
  return store_list (txn, LIST_READ_COLUMNS, "prefix_list", "seq", &filter, page, info, read_list,
                     (GDestroyNotify) vmm_prefix_list_free, error);
}

gboolean
store_prefix_list_count (StoreTxn *txn, const char *account_id, guint *out, GError **error)
{
  gint64 count = 0;

  if (!store_query_int (txn, &count, error, "SELECT count(*) FROM prefix_list WHERE account_id=?",
                        "s", account_id))
    return FALSE;
  *out = (guint) count;
  return TRUE;
}

gboolean
store_prefix_list_set_names (StoreTxn *txn, const char *id, const char *name,
                             const char *description, GError **error)
{
  return store_exec (txn, error, "UPDATE prefix_list SET name=?, description=? WHERE id=?", "sss",
                     name, description, id)
         > 0;
}

gboolean
store_prefix_list_delete (StoreTxn *txn, const char *id, GError **error)
{
  return store_exec (txn, error, "DELETE FROM prefix_list_entry WHERE list_id=?", "s", id) >= 0
         && store_exec (txn, error, "DELETE FROM prefix_list WHERE id=?", "s", id) > 0;
}

GPtrArray *
store_prefix_list_entries (StoreTxn *txn, const char *id, GError **error)
{
  g_autoptr (StoreRows) rows = store_query (
      txn, error, "SELECT cidr, description FROM prefix_list_entry WHERE list_id=? ORDER BY cidr",
      "s", id);

  return rows != NULL
             ? store_read_all (rows, read_entry, (GDestroyNotify) vmm_prefix_entry_free, error)
             : NULL;
}

gboolean
store_prefix_list_put (StoreTxn *txn, const char *id, const VmmPrefixEntry *entry, GError **error)
{
  return store_exec (txn, error,
                     "INSERT INTO prefix_list_entry (list_id, cidr, description) VALUES (?, ?, ?)"
                     " ON CONFLICT (list_id, cidr) DO UPDATE SET description=excluded.description",
                     "sss", id, entry->cidr, entry->description)
         > 0;
}

gboolean
store_prefix_list_remove (StoreTxn *txn, const char *id, const char *cidr, GError **error)
{
  return store_exec (txn, error, "DELETE FROM prefix_list_entry WHERE list_id=? AND cidr=?", "ss",
                     id, cidr)
         >= 0;
}
