/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Tags. */
#include "config.h"

#include "store-db.h"
#include "store-tag.h"

/* Between the id, which holds none, and the key in a page's token. */
#define TOKEN_SEPARATOR "/"

/* The resources of an account, by sort. */
static const char *const exists[] = {
  [VMM_TAG_NONE] = NULL,
  [VMM_TAG_INSTANCE] = "SELECT count(*) FROM instance WHERE id=? AND account_id=?",
  [VMM_TAG_DISK] = "SELECT count(*) FROM disk WHERE id=? AND account_id=?",
  [VMM_TAG_IMAGE] = "SELECT count(*) FROM image WHERE id=? AND account_id=?",
  [VMM_TAG_SNAPSHOT] = "SELECT count(*) FROM snapshot WHERE id=? AND account_id=?",
  [VMM_TAG_GROUP] = "SELECT count(*) FROM security_group WHERE id=? AND account_id=?",
  [VMM_TAG_NIC] = "SELECT count(*) FROM nic WHERE id=? AND account_id=?",
  [VMM_TAG_KEY_PAIR] = "SELECT count(*) FROM key_pair WHERE name=? AND account_id=?",
  [VMM_TAG_POLICY] = "SELECT count(*) FROM auto_snapshot_policy WHERE id=? AND account_id=?",
  [VMM_TAG_SNAPSHOT_GROUP] = "SELECT count(*) FROM snapshot_group WHERE id=? AND account_id=?",
  [VMM_TAG_VPC] = "SELECT count(*) FROM vpc WHERE id=? AND account_id=?",
  [VMM_TAG_VSWITCH] = "SELECT count(*) FROM vswitch WHERE id=? AND account_id=?",
  [VMM_TAG_EIP] = "SELECT count(*) FROM eip WHERE id=? AND account_id=? AND is_plain=0",
  [VMM_TAG_NAT_GATEWAY] = "SELECT count(*) FROM nat_gateway WHERE id=? AND account_id=?",
  [VMM_TAG_PREFIX_LIST] = "SELECT count(*) FROM prefix_list WHERE id=? AND account_id=?",
};
G_STATIC_ASSERT (G_N_ELEMENTS (exists) == VMM_TAG_LAST);

gboolean
store_tag_has_resource (StoreTxn *txn, const char *account_id, VmmTagType type, const char *id,
                        gboolean *out, GError **error)
{
  gint64 count = 0;

  if (!store_query_int (txn, &count, error, exists[type], "ss", id, account_id))
    return FALSE;
  *out = count > 0;
  return TRUE;
}

gboolean
store_tag_put (StoreTxn *txn, const char *account_id, VmmTagType type, const char *id,
               const VmmTag *tag, GError **error)
{
  return store_exec (txn, error,
                     "INSERT OR REPLACE INTO tag (account_id, resource_type, resource_id, key,"
                     " value) VALUES (?, ?, ?, ?, ?)",
                     "sssss", account_id, vmm_tag_type_to_string (type), id, tag->key,
                     tag->value != NULL ? tag->value : "")
         > 0;
}

gboolean
store_tag_spread (StoreTxn *txn, const char *instance_id, GError **error)
{
  static const char *const statements[] = {
    "INSERT OR IGNORE INTO tag (account_id, resource_type, resource_id, key, value)"
    " SELECT t.account_id, 'disk', d.id, t.key, t.value FROM instance i JOIN disk d"
    " ON d.instance_id=i.id JOIN tag t ON t.account_id=i.account_id AND t.resource_id=i.id"
    " AND t.resource_type='instance' WHERE i.id=?",
    "INSERT OR IGNORE INTO tag (account_id, resource_type, resource_id, key, value)"
    " SELECT t.account_id, 'eni', n.id, t.key, t.value FROM instance i JOIN nic n"
    " ON n.instance_id=i.id AND n.is_primary=1 JOIN tag t ON t.account_id=i.account_id"
    " AND t.resource_id=i.id AND t.resource_type='instance' WHERE i.id=?",
  };

  for (guint i = 0; i < G_N_ELEMENTS (statements); i++)
    if (store_exec (txn, error, statements[i], "s", instance_id) < 0)
      return FALSE;
  return TRUE;
}

gboolean
store_tag_count (StoreTxn *txn, const char *account_id, VmmTagType type, const char *id, guint *out,
                 GError **error)
{
  gint64 count = 0;

  if (!store_query_int (txn, &count, error,
                        "SELECT count(*) FROM tag WHERE account_id=? AND resource_type=?"
                        " AND resource_id=?",
                        "sss", account_id, vmm_tag_type_to_string (type), id))
    return FALSE;
  *out = (guint) count;
  return TRUE;
}

gboolean
store_tag_remove (StoreTxn *txn, const char *account_id, VmmTagType type, const char *id,
                  const char *key, const char *value, GError **error)
{
  return store_exec (txn, error,
                     "DELETE FROM tag WHERE account_id=?1 AND resource_type=?2 AND resource_id=?3"
                     " AND (?4 IS NULL OR key=?4) AND (?5 IS NULL OR value=?5)",
                     "sssss", account_id, vmm_tag_type_to_string (type), id, key, value)
         >= 0;
}

/* ---- Lists ---- */

static gpointer
read_row (StoreRows *rows)
{
  VmmTagRow *row = g_new0 (VmmTagRow, 1);
  g_autofree char *type = store_rows_string (rows, 0);
  g_autofree char *key = store_rows_string (rows, 2);
  g_autofree char *value = store_rows_string (rows, 3);

  vmm_tag_type_from_string (type, &row->type);
  row->id = store_rows_string (rows, 1);
  row->tag = key != NULL ? vmm_tag_new (key, value) : NULL;
  return row;
}

/* Without the plus SQLite walks all that the account has and looks for the tags of each; with it,
 * it goes from the tags to what has them. */
static void
leave_account_way (GString *where)
{
  const char *column = where->len > 1 && where->str[1] == '.' ? where->str + 2 : where->str;

  if (g_str_has_prefix (column, "account_id=?"))
    g_string_prepend_c (where, '+');
}

void
store_filter_tags (StoreFilter *filter, const char *column, VmmTagType type, const char *account_id,
                   const VmmTags *tags)
{
  if (tags->n > 0)
    leave_account_way (filter->where);
  for (gsize i = 0; i < tags->n; i++)
    {
      const VmmTag *tag = &tags->items[i];

      g_string_append_printf (filter->where,
                              " AND %s IN (SELECT resource_id FROM tag WHERE account_id=?"
                              " AND resource_type=? AND key=?",
                              column);
      store_filter_argument (filter, account_id);
      store_filter_argument (filter, vmm_tag_type_to_string (type));
      store_filter_argument (filter, tag->key);
      if (tag->value != NULL && *tag->value != '\0')
        {
          g_string_append (filter->where, " AND value=?");
          store_filter_argument (filter, tag->value);
        }
      g_string_append_c (filter->where, ')');
    }
}

/* Rows of resources that have all tags asked for; with a type the index of keys finds them. */
static void
filter_rows (StoreFilter *filter, const char *account_id, const VmmTagQuery *query)
{
  store_filter_init (filter, "account_id=?", account_id);
  if (query->type != VMM_TAG_NONE)
    store_filter_string (filter, "resource_type=?", vmm_tag_type_to_string (query->type));
  store_filter_in (filter, "resource_id", query->ids);
  for (gsize i = 0; i < query->tags.n; i++)
    {
      const VmmTag *tag = &query->tags.items[i];
      gboolean has_value = tag->value != NULL && *tag->value != '\0';

      g_string_append_printf (filter->where,
                              " AND EXISTS (SELECT 1 FROM tag o WHERE o.account_id=tag.account_id"
                              " AND o.resource_type=tag.resource_type"
                              " AND o.resource_id=tag.resource_id AND o.key=?%s)",
                              has_value ? " AND o.value=?" : "");
      store_filter_argument (filter, tag->key);
      if (has_value)
        store_filter_argument (filter, tag->value);
    }
}

/* Of the rows only those that were asked for. */
static void
filter_keys (StoreFilter *filter, const VmmTags *tags)
{
  g_autoptr (GPtrArray) keys = g_ptr_array_new ();

  for (gsize i = 0; i < tags->n; i++)
    g_ptr_array_add (keys, tags->items[i].key);
  g_ptr_array_add (keys, NULL);
  store_filter_in (filter, "key", (const char *const *) keys->pdata);
}

GPtrArray *
store_tag_list (StoreTxn *txn, const char *account_id, const VmmTagQuery *query,
                const VmmPage *page, VmmPageInfo *info, GError **error)
{
  g_auto (StoreFilter) filter = { NULL, NULL };
  g_auto (GStrv) token = NULL;
  g_autofree char *sql = NULL;
  g_autoptr (StoreRows) rows = NULL;
  g_autoptr (GPtrArray) found = NULL;

  filter_rows (&filter, account_id, query);
  filter_keys (&filter, &query->tags);
  if (page->next_token != NULL && *page->next_token != '\0')
    {
      token = g_strsplit (page->next_token, TOKEN_SEPARATOR, 2);
      g_string_append (filter.where, " AND (resource_id, key) > (?, ?)");
      store_filter_argument (&filter, token[0]);
      store_filter_argument (&filter, token[1] != NULL ? token[1] : "");
    }
  sql = g_strdup_printf ("SELECT resource_type, resource_id, key, value FROM tag WHERE %s"
                         " ORDER BY resource_id, key LIMIT %u",
                         filter.where->str, page->max_results + 1);
  rows = store_query_array (txn, error, sql, filter.args);
  found = rows != NULL ? store_read_all (rows, read_row, (GDestroyNotify) vmm_tag_row_free, error)
                       : NULL;
  if (found != NULL && found->len > page->max_results)
    {
      const VmmTagRow *last = g_ptr_array_index (found, page->max_results - 1);

      info->next_token = g_strconcat (last->id, TOKEN_SEPARATOR, last->tag->key, NULL);
      g_ptr_array_set_size (found, (int) page->max_results);
    }
  return g_steal_pointer (&found);
}

/* A page by number of "SELECT <columns> FROM tag WHERE … GROUP BY <group>", in its order. */
static GPtrArray *
list_groups (StoreTxn *txn, const char *columns, const char *group, const StoreFilter *filter,
             const VmmPage *page, VmmPageInfo *info, StoreReadFunc read, GDestroyNotify free_func,
             GError **error)
{
  g_autofree char *count_sql = g_strdup_printf (
      "SELECT count(*) FROM (SELECT 1 FROM tag WHERE %s GROUP BY %s)", filter->where->str, group);
  g_autofree char *sql = g_strdup_printf (
      "SELECT %s FROM tag WHERE %s GROUP BY %s ORDER BY %s LIMIT %u OFFSET %u", columns,
      filter->where->str, group, group, page->size, (page->number - 1) * page->size);
  g_autoptr (StoreRows) rows = NULL;
  gint64 total = 0;

  if (!store_query_count (txn, &total, error, count_sql, filter->args))
    return NULL;
  info->total = (guint) total;
  rows = store_query_array (txn, error, sql, filter->args);
  return rows != NULL ? store_read_all (rows, read, free_func, error) : NULL;
}

GPtrArray *
store_tag_resources (StoreTxn *txn, const char *account_id, const VmmTagQuery *query,
                     const VmmPage *page, VmmPageInfo *info, GError **error)
{
  g_auto (StoreFilter) filter = { NULL, NULL };

  filter_rows (&filter, account_id, query);
  return list_groups (txn, "resource_type, resource_id, NULL, NULL", "resource_id, resource_type",
                      &filter, page, info, read_row, (GDestroyNotify) vmm_tag_row_free, error);
}

static gpointer
read_use (StoreRows *rows)
{
  VmmTagUse *use = g_new0 (VmmTagUse, 1);
  g_autofree char *key = store_rows_string (rows, 0);
  g_autofree char *value = store_rows_string (rows, 1);
  g_autofree char *types = store_rows_string (rows, 2);
  g_auto (GStrv) words = g_strsplit (types, ",", -1);

  use->tag = vmm_tag_new (key, value);
  for (guint i = 0; words[i] != NULL; i++)
    {
      VmmTagType type;

      if (vmm_tag_type_from_string (words[i], &type))
        use->counts[type]++;
    }
  return use;
}

GPtrArray *
store_tag_uses (StoreTxn *txn, const char *account_id, const VmmTagQuery *query,
                const VmmPage *page, VmmPageInfo *info, GError **error)
{
  g_auto (StoreFilter) filter = { NULL, NULL };

  filter_rows (&filter, account_id, query);
  filter_keys (&filter, &query->tags);
  return list_groups (txn, "key, value, group_concat (resource_type)", "key, value", &filter, page,
                      info, read_use, (GDestroyNotify) vmm_tag_use_free, error);
}
