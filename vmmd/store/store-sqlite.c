/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The door to SQLite: connections and compiled statements. */
#include "config.h"

#include "store-sqlite.h"
#include "vmm-error.h"

#define BUSY_TIMEOUT_MS 30000

gboolean
store_conn_fail (StoreConn *conn, const char *what, GError **error)
{
  vmm_fail (error, VMM_ERROR_STORE, "database: %s: %s (%d)", what, sqlite3_errmsg (conn->db),
            sqlite3_extended_errcode (conn->db));
  return FALSE;
}

static void
finalize (gpointer statement)
{
  sqlite3_finalize (statement);
}

gboolean
store_conn_run (StoreConn *conn, const char *sql, GError **error)
{
  return sqlite3_exec (conn->db, sql, NULL, NULL, NULL) == SQLITE_OK
         || store_conn_fail (conn, sql, error);
}

StoreConn *
store_conn_open (const char *path, const char *synchronous, GError **error)
{
  StoreConn *conn = g_new0 (StoreConn, 1);
  g_autofree char *pragmas = g_strdup_printf ("PRAGMA journal_mode=WAL; PRAGMA synchronous=%s;"
                                              "PRAGMA foreign_keys=ON; PRAGMA trusted_schema=OFF;",
                                              synchronous);

  conn->statements = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, finalize);
  conn->counts = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  if (sqlite3_open_v2 (path, &conn->db,
                       SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX, NULL)
          != SQLITE_OK
      || sqlite3_busy_timeout (conn->db, BUSY_TIMEOUT_MS) != SQLITE_OK)
    store_conn_fail (conn, path, error);
  else if (store_conn_run (conn, pragmas, error))
    return conn;
  store_conn_close (conn);
  return NULL;
}

void
store_conn_close (StoreConn *conn)
{
  if (conn == NULL)
    return;
  g_hash_table_unref (conn->statements);
  g_hash_table_unref (conn->counts);
  sqlite3_close (conn->db);
  g_free (conn);
}

sqlite3_stmt *
store_conn_statement (StoreConn *conn, const char *sql, GError **error)
{
  sqlite3_stmt *statement = g_hash_table_lookup (conn->statements, sql);

  if (statement != NULL)
    {
      sqlite3_reset (statement);
      return statement;
    }
  if (sqlite3_prepare_v3 (conn->db, sql, -1, SQLITE_PREPARE_PERSISTENT, &statement, NULL)
      != SQLITE_OK)
    {
      store_conn_fail (conn, sql, error);
      return NULL;
    }
  g_hash_table_insert (conn->statements, g_strdup (sql), statement);
  return statement;
}

gboolean
store_conn_do (StoreConn *conn, const char *sql, GError **error)
{
  sqlite3_stmt *statement = store_conn_statement (conn, sql, error);
  gboolean ok;

  if (statement == NULL)
    return FALSE;
  ok = sqlite3_step (statement) == SQLITE_DONE || store_conn_fail (conn, sql, error);
  sqlite3_reset (statement);
  return ok;
}
