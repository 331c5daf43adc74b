/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Statements, rows, filters and pages for the other files of this room. */
#include "config.h"

#include "store-db.h"
#include "store-sqlite.h"
#include "vmm-error.h"
#include "vmm-nic.h"
#include <string.h>

struct StoreRows
{
  StoreConn *conn;
  sqlite3_stmt *statement;
};

gboolean
store_error_is_duplicate (const GError *error)
{
  g_autofree char *unique = g_strdup_printf ("(%d)", SQLITE_CONSTRAINT_UNIQUE);
  g_autofree char *primary = g_strdup_printf ("(%d)", SQLITE_CONSTRAINT_PRIMARYKEY);

  return g_error_matches (error, VMM_ERROR, VMM_ERROR_STORE)
         && (g_str_has_suffix (error->message, unique)
             || g_str_has_suffix (error->message, primary));
}

static gboolean
bind_string (sqlite3_stmt *statement, int at, const char *text)
{
  return (text != NULL ? sqlite3_bind_text (statement, at, text, -1, SQLITE_TRANSIENT)
                       : sqlite3_bind_null (statement, at))
         == SQLITE_OK;
}

static gboolean
bind_bytes (sqlite3_stmt *statement, int at, GBytes *bytes)
{
  gsize size;
  const void *data = g_bytes_get_data (bytes, &size);

  return sqlite3_bind_blob64 (statement, at, data, size, SQLITE_TRANSIENT) == SQLITE_OK;
}

static sqlite3_stmt *
prepare (StoreTxn *txn, const char *sql, const char *letters, va_list args, GError **error)
{
  sqlite3_stmt *statement = store_conn_statement (txn->conn, sql, error);

  for (int at = 1; statement != NULL && *letters != '\0'; letters++, at++)
    {
      gboolean ok;

      switch (*letters)
        {
        case 's':
          ok = bind_string (statement, at, va_arg (args, const char *));
          break;
        case 'i':
          ok = sqlite3_bind_int64 (statement, at, va_arg (args, gint64)) == SQLITE_OK;
          break;
        case 'b':
          ok = bind_bytes (statement, at, va_arg (args, GBytes *));
          break;
        default:
          g_return_val_if_reached (NULL);
        }
      if (!ok)
        {
          store_conn_fail (txn->conn, sql, error);
          return NULL;
        }
    }
  return statement;
}

int
store_exec (StoreTxn *txn, GError **error, const char *sql, const char *letters, ...)
{
  sqlite3_stmt *statement;
  int result = -1;
  va_list args;

  va_start (args, letters);
  statement = prepare (txn, sql, letters, args, error);
  va_end (args);
  if (statement == NULL)
    return -1;
  if (sqlite3_step (statement) == SQLITE_DONE)
    result = sqlite3_changes (txn->conn->db);
  else
    store_conn_fail (txn->conn, sql, error);
  sqlite3_reset (statement);
  return result;
}

static StoreRows *
rows_new (StoreTxn *txn, sqlite3_stmt *statement)
{
  StoreRows *rows;

  if (statement == NULL)
    return NULL;
  rows = g_new (StoreRows, 1);
  rows->conn = txn->conn;
  rows->statement = statement;
  return rows;
}

StoreRows *
store_query (StoreTxn *txn, GError **error, const char *sql, const char *letters, ...)
{
  sqlite3_stmt *statement;
  va_list args;

  va_start (args, letters);
  statement = prepare (txn, sql, letters, args, error);
  va_end (args);
  return rows_new (txn, statement);
}

StoreRows *
store_query_array (StoreTxn *txn, GError **error, const char *sql, GPtrArray *args)
{
  sqlite3_stmt *statement = store_conn_statement (txn->conn, sql, error);

  for (guint i = 0; statement != NULL && i < args->len; i++)
    {
      GVariant *arg = g_ptr_array_index (args, i);
      gboolean ok = g_variant_is_of_type (arg, G_VARIANT_TYPE_STRING)
                        ? bind_string (statement, (int) i + 1, g_variant_get_string (arg, NULL))
                        : sqlite3_bind_int64 (statement, (int) i + 1, g_variant_get_int64 (arg))
                              == SQLITE_OK;

      if (!ok)
        {
          store_conn_fail (txn->conn, sql, error);
          return NULL;
        }
    }
  return rows_new (txn, statement);
}

gboolean
store_rows_next (StoreRows *rows, GError **error)
{
  int rc = sqlite3_step (rows->statement);

  if (rc != SQLITE_ROW && rc != SQLITE_DONE)
    store_conn_fail (rows->conn, sqlite3_sql (rows->statement), error);
  return rc == SQLITE_ROW;
}

char *
store_rows_string (StoreRows *rows, int column)
{
  return g_strdup ((const char *) sqlite3_column_text (rows->statement, column));
}

gint64
store_rows_int (StoreRows *rows, int column)
{
  return sqlite3_column_int64 (rows->statement, column);
}

GBytes *
store_rows_bytes (StoreRows *rows, int column)
{
  const void *data = sqlite3_column_blob (rows->statement, column);

  return g_bytes_new (data, (gsize) sqlite3_column_bytes (rows->statement, column));
}

void
store_rows_free (StoreRows *rows)
{
  if (rows == NULL)
    return;
  sqlite3_reset (rows->statement);
  sqlite3_clear_bindings (rows->statement);
  g_free (rows);
}

gboolean
store_query_int (StoreTxn *txn, gint64 *out, GError **error, const char *sql, const char *letters,
                 ...)
{
  g_autoptr (StoreRows) rows = NULL;
  sqlite3_stmt *statement;
  va_list args;

  va_start (args, letters);
  statement = prepare (txn, sql, letters, args, error);
  va_end (args);
  rows = rows_new (txn, statement);
  if (rows == NULL || !store_rows_next (rows, error))
    return FALSE;
  *out = store_rows_int (rows, 0);
  return TRUE;
}

GPtrArray *
store_read_all (StoreRows *rows, StoreReadFunc read, GDestroyNotify free_func, GError **error)
{
  g_autoptr (GPtrArray) records = g_ptr_array_new_with_free_func (free_func);
  g_autoptr (GError) local = NULL;

  while (store_rows_next (rows, &local))
    g_ptr_array_add (records, read (rows));
  if (local != NULL)
    {
      g_propagate_error (error, g_steal_pointer (&local));
      return NULL;
    }
  return g_steal_pointer (&records);
}

/* data_version moves whenever another connection commits, so a remembered count is never stale; a
 * connection's own writes do not move it, hence readers only. */
gboolean
store_query_count (StoreTxn *txn, gint64 *out, GError **error, const char *sql, GPtrArray *args)
{
  StoreConn *conn = txn->conn;
  g_autoptr (StoreRows) rows = NULL;
  g_autoptr (GString) key = g_string_new (sql);
  gint64 version = 0, *known;

  if (!store_query_int (txn, &version, error, "PRAGMA data_version", ""))
    return FALSE;
  if (version != conn->counts_version || txn->is_write || g_hash_table_size (conn->counts) > 256)
    g_hash_table_remove_all (conn->counts);
  conn->counts_version = version;
  for (guint i = 0; i < args->len; i++)
    {
      g_autofree char *text = g_variant_print (g_ptr_array_index (args, i), FALSE);

      g_string_append_printf (key, "\n%s", text);
    }
  known = g_hash_table_lookup (conn->counts, key->str);
  if (known == NULL)
    {
      rows = store_query_array (txn, error, sql, args);
      if (rows == NULL || !store_rows_next (rows, error))
        return FALSE;
      known = g_new (gint64, 1);
      *known = store_rows_int (rows, 0);
      g_hash_table_insert (conn->counts, g_strdup (key->str), known);
    }
  *out = *known;
  return TRUE;
}

static void
add_arg (StoreFilter *filter, GVariant *arg)
{
  g_ptr_array_add (filter->args, g_variant_ref_sink (arg));
}

void
store_filter_init (StoreFilter *filter, const char *first, const char *value)
{
  filter->where = g_string_new (first);
  filter->args = g_ptr_array_new_with_free_func ((GDestroyNotify) g_variant_unref);
  if (value != NULL)
    add_arg (filter, g_variant_new_string (value));
}

void
store_filter_clear (StoreFilter *filter)
{
  if (filter->where != NULL)
    g_string_free (filter->where, TRUE);
  g_clear_pointer (&filter->args, g_ptr_array_unref);
}

void
store_filter_string (StoreFilter *filter, const char *sql, const char *value)
{
  if (value == NULL || *value == '\0')
    return;
  g_string_append_printf (filter->where, " AND %s", sql);
  add_arg (filter, g_variant_new_string (value));
}

void
store_filter_int (StoreFilter *filter, const char *sql, gint64 value)
{
  g_string_append_printf (filter->where, " AND %s", sql);
  add_arg (filter, g_variant_new_int64 (value));
}

void
store_filter_argument (StoreFilter *filter, const char *value)
{
  add_arg (filter, g_variant_new_string (value));
}

void
store_filter_in (StoreFilter *filter, const char *column, const char *const *values)
{
  if (values == NULL || values[0] == NULL)
    return;
  /* SQLite would rather walk all that the account has, in order, than look for a few ids. */
  if (g_str_equal (column, "id") || g_str_has_suffix (column, ".id"))
    g_string_prepend_c (filter->where, '+');
  g_string_append_printf (filter->where, " AND %s IN (", column);
  for (guint i = 0; values[i] != NULL; i++)
    {
      g_string_append (filter->where, i == 0 ? "?" : ",?");
      add_arg (filter, g_variant_new_string (values[i]));
    }
  g_string_append_c (filter->where, ')');
}

void
store_filter_addresses (StoreFilter *filter, const char *open, const char *const *ips,
                        const char *close)
{
  if (ips == NULL || ips[0] == NULL)
    return;
  g_string_append_printf (filter->where, " AND %s (-1", open);
  for (guint i = 0; ips[i] != NULL; i++)
    {
      guint32 ip = 0;

      if (!vmm_address_parse (ips[i], &ip))
        continue;
      g_string_append (filter->where, ",?");
      add_arg (filter, g_variant_new_int64 (ip));
    }
  g_string_append_printf (filter->where, ")%s", close);
}

void
store_filter_address (StoreFilter *filter, const char *sql, const char *text)
{
  guint32 ip = 0;

  if (text != NULL && *text != '\0')
    store_filter_int (filter, sql, vmm_address_parse (text, &ip) ? (gint64) ip : -1);
}

void
store_filter_wildcard (StoreFilter *filter, const char *column, const char *pattern)
{
  g_autoptr (GString) glob = g_string_new (NULL);
  g_autofree char *sql = NULL;

  if (pattern == NULL || *pattern == '\0')
    return;
  for (const char *p = pattern; *p != '\0'; p++)
    if (*p == '?' || *p == '[')
      g_string_append_printf (glob, "[%c]", *p);
    else
      g_string_append_c (glob, *p);
  sql = g_strdup_printf ("%s GLOB ?", column);
  store_filter_string (filter, sql, glob->str);
}

static gboolean
page_after_token (StoreFilter *filter, const char *order, const char *token, GError **error)
{
  g_autofree char *sql = g_strdup_printf ("%s < ?", order);
  guint64 after = 0;

  if (!g_ascii_string_to_unsigned (token, 10, 1, G_MAXINT64, &after, NULL))
    return vmm_fail (error, VMM_ERROR_INVALID_PARAMETER,
                     "the NextToken '%.64s' is not one this server gave", token);
  store_filter_int (filter, sql, (gint64) after);
  return TRUE;
}

GPtrArray *
store_list (StoreTxn *txn, const char *columns, const char *table, const char *order,
            StoreFilter *filter, const VmmPage *page, VmmPageInfo *out_info, StoreReadFunc read,
            GDestroyNotify free_func, GError **error)
{
  gboolean by_token = page->max_results > 0 || page->next_token != NULL;
  guint limit = page->max_results > 0 ? page->max_results : page->size;
  g_autofree char *count_sql
      = g_strdup_printf ("SELECT count(*) FROM %s WHERE %s", table, filter->where->str);
  g_autofree char *sql = NULL;
  g_autoptr (GPtrArray) records = g_ptr_array_new_with_free_func (free_func);
  g_autoptr (StoreRows) rows = NULL;
  g_autoptr (GError) local = NULL;
  gint64 total = 0, last = 0;
  gboolean more = FALSE;

  if (!store_query_count (txn, &total, error, count_sql, filter->args))
    return NULL;
  if (by_token && page->next_token != NULL && *page->next_token != '\0'
      && !page_after_token (filter, order, page->next_token, error))
    return NULL;
  sql = g_strdup_printf ("SELECT %s, %s FROM %s WHERE %s ORDER BY %s DESC LIMIT ? OFFSET ?",
                         columns, order, table, filter->where->str, order);
  add_arg (filter, g_variant_new_int64 ((gint64) limit + 1));
  add_arg (filter, g_variant_new_int64 (by_token ? 0 : ((gint64) page->number - 1) * limit));
  rows = store_query_array (txn, error, sql, filter->args);
  if (rows == NULL)
    return NULL;
  while (!more && store_rows_next (rows, &local))
    if (records->len == limit)
      more = TRUE;
    else
      {
        g_ptr_array_add (records, read (rows));
        last = store_rows_int (rows, sqlite3_column_count (rows->statement) - 1);
      }
  if (local != NULL)
    {
      g_propagate_error (error, g_steal_pointer (&local));
      return NULL;
    }
  out_info->total = (guint) total;
  if (by_token && more)
    out_info->next_token = g_strdup_printf ("%" G_GINT64_FORMAT, last);
  return g_steal_pointer (&records);
}

static gpointer
read_id (StoreRows *rows)
{
  return store_rows_string (rows, 0);
}

GPtrArray *
store_read_ids (StoreRows *rows, GError **error)
{
  g_autoptr (StoreRows) own = rows;

  return own != NULL ? store_read_all (own, read_id, g_free, error) : NULL;
}

gboolean
store_fill (StoreTxn *txn, const StoreFill *fill, const GPtrArray *owners, GError **error)
{
  g_auto (StoreFilter) filter = { NULL, NULL };
  g_autoptr (GHashTable) by_id = g_hash_table_new (g_str_hash, g_str_equal);
  g_autofree const char **ids = g_new0 (const char *, owners->len + 1);
  g_autoptr (StoreRows) rows = NULL;
  g_autoptr (GPtrArray) records = NULL;
  g_autofree char *sql = NULL;

  if (owners->len == 0)
    return TRUE;
  for (guint i = 0; i < owners->len; i++)
    {
      gpointer owner = g_ptr_array_index (owners, i);

      ids[i] = G_STRUCT_MEMBER (char *, owner, fill->owner_id);
      G_STRUCT_MEMBER (GPtrArray *, owner, fill->list)
          = g_ptr_array_new_with_free_func (fill->free_func);
      g_hash_table_insert (by_id, (gpointer) ids[i], owner);
    }
  store_filter_init (&filter, fill->select, NULL);
  store_filter_in (&filter, fill->column, ids);
  sql = g_strconcat (filter.where->str, " ORDER BY ", fill->order, NULL);
  rows = store_query_array (txn, error, sql, filter.args);
  records = rows != NULL ? store_read_all (rows, fill->read, fill->free_func, error) : NULL;
  if (records == NULL)
    return FALSE;
  g_ptr_array_set_free_func (records, NULL);
  for (guint i = 0; i < records->len; i++)
    {
      gpointer record = g_ptr_array_index (records, i);
      const char *id = G_STRUCT_MEMBER (char *, record, fill->owner);

      g_ptr_array_add (G_STRUCT_MEMBER (GPtrArray *, g_hash_table_lookup (by_id, id), fill->list),
                       record);
    }
  return TRUE;
}
