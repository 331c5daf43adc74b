/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One SQLite connection with its compiled statements. Used by this room's store.c and store-db.c.
 */
#pragma once
#include <glib.h>
#include <sqlite3.h>

typedef struct
{
  sqlite3 *db;
  GHashTable *statements; /* SQL text → sqlite3_stmt* */
  GHashTable *counts;     /* text and arguments → gint64*, valid for data_version */
  gint64 counts_version;
} StoreConn;

/* @synchronous is SQLite's word: "FULL" or "NORMAL". */
StoreConn *store_conn_open (const char *path, const char *synchronous, GError **error);
void store_conn_close (StoreConn *conn);
/* Sets @error from the connection's last failure and returns FALSE. */
gboolean store_conn_fail (StoreConn *conn, const char *what, GError **error);
/* The compiled statement of that text, reset and ready; owned by the connection. */
sqlite3_stmt *store_conn_statement (StoreConn *conn, const char *sql, GError **error);
/* Runs a script of statements. */
gboolean store_conn_run (StoreConn *conn, const char *sql, GError **error);
/* Runs one statement without arguments and rows, which stays compiled. */
gboolean store_conn_do (StoreConn *conn, const char *sql, GError **error);

/* What store.h hides: a transaction holds its connection. */
struct StoreTxn
{
  struct Store *store;
  StoreConn *conn;
  gboolean is_write, is_open;
};
