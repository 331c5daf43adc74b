/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Opening, migrating and transactions. */
#include "config.h"

#include "store-db.h"
#include "store-resources.h"
#include "store-sqlite.h"
#include "store.h"
#include "vmm-error.h"
#include "vmm-step.h"
#include <errno.h>
#include <fcntl.h>
#include <gio/gio.h>
#include <string.h>
#include <unistd.h>

#define MIGRATIONS "/vmmd/store/migrations"

struct Store
{
  char *path;
  GMutex writing; /* held from begin to the end of a writing transaction */
  StoreConn *writer;
  GMutex lock; /* guards idle */
  GQueue idle; /* StoreConn*: readers not in use */
};

static int
schema_version (StoreTxn *txn, GError **error)
{
  gint64 version = -1;

  store_query_int (txn, &version, error, "PRAGMA user_version", "");
  return (int) version;
}

static gboolean
migrate (Store *store, GError **error)
{
  g_autoptr (StoreTxn) txn = store_begin (store, error);
  g_auto (GStrv) names = NULL;
  int have, want;

  if (txn == NULL)
    return FALSE;
  have = schema_version (txn, error);
  if (have < 0)
    return FALSE;
  names = g_resource_enumerate_children (store_get_resource (), MIGRATIONS,
                                         G_RESOURCE_LOOKUP_FLAGS_NONE, error);
  want = names != NULL ? (int) g_strv_length (names) : -1;
  if (have > want)
    return vmm_fail (error, VMM_ERROR_STORE,
                     "%s has schema %d, this vmmd knows up to %d: start the newer vmmd again",
                     store->path, have, want);
  for (int next = have + 1; next <= want; next++)
    {
      g_autofree char *name = g_strdup_printf (MIGRATIONS "/%04d", next);
      g_autofree char *mark = g_strdup_printf ("PRAGMA user_version=%d", next);
      g_autoptr (GBytes) sql = g_resource_lookup_data (store_get_resource (), name,
                                                       G_RESOURCE_LOOKUP_FLAGS_NONE, error);
      g_autofree char *text = NULL;

      if (sql == NULL)
        return FALSE;
      text = g_strndup (g_bytes_get_data (sql, NULL), g_bytes_get_size (sql));
      if (!store_conn_run (txn->conn, text, error) || !store_conn_run (txn->conn, mark, error))
        return FALSE;
    }
  return store_commit (txn, error);
}

Store *
store_open (const char *path, GError **error)
{
  g_autoptr (Store) store = g_new0 (Store, 1);
  int fd;

  store->path = g_strdup (path);
  g_mutex_init (&store->writing);
  g_mutex_init (&store->lock);
  g_queue_init (&store->idle);
  /* SQLite would make it readable by all. */
  fd = open (path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (fd < 0)
    {
      vmm_fail (error, VMM_ERROR_STORE, "%s: %s", path, g_strerror (errno));
      return NULL;
    }
  close (fd);
  store->writer = store_conn_open (path, "FULL", error);
  if (store->writer == NULL || !migrate (store, error))
    return NULL;
  return g_steal_pointer (&store);
}

void
store_close (Store *store)
{
  if (store == NULL)
    return;
  g_queue_clear_full (&store->idle, (GDestroyNotify) store_conn_close);
  store_conn_close (store->writer);
  g_mutex_clear (&store->writing);
  g_mutex_clear (&store->lock);
  g_free (store->path);
  g_free (store);
}

static StoreTxn *
txn_new (Store *store, StoreConn *conn, gboolean is_write)
{
  StoreTxn *txn = g_new0 (StoreTxn, 1);

  txn->store = store;
  txn->conn = conn;
  txn->is_write = is_write;
  return txn;
}

static StoreTxn *
begin_on (StoreTxn *txn, const char *sql, GError **error)
{
  g_autoptr (StoreTxn) own = txn;

  if (!store_conn_do (own->conn, sql, error))
    return NULL;
  own->is_open = TRUE;
  return g_steal_pointer (&own);
}

StoreTxn *
store_begin (Store *store, GError **error)
{
  g_mutex_lock (&store->writing);
  return begin_on (txn_new (store, store->writer, TRUE), "BEGIN IMMEDIATE", error);
}

StoreTxn *
store_begin_read (Store *store, GError **error)
{
  StoreConn *conn;

  g_mutex_lock (&store->lock);
  conn = g_queue_pop_tail (&store->idle);
  g_mutex_unlock (&store->lock);
  if (conn == NULL)
    conn = store_conn_open (store->path, "FULL", error);
  if (conn == NULL)
    return NULL;
  return begin_on (txn_new (store, conn, FALSE), "BEGIN", error);
}

gboolean
store_commit (StoreTxn *txn, GError **error)
{
  g_return_val_if_fail (txn->is_open, FALSE);
  vmm_step ("before commit");
  if (!store_conn_do (txn->conn, "COMMIT", error))
    return FALSE;
  vmm_step ("after commit");
  txn->is_open = FALSE;
  return TRUE;
}

void
store_txn_free (StoreTxn *txn)
{
  if (txn == NULL)
    return;
  if (txn->is_open && !sqlite3_get_autocommit (txn->conn->db))
    store_conn_do (txn->conn, "ROLLBACK", NULL);
  if (txn->is_write)
    g_mutex_unlock (&txn->store->writing);
  else
    {
      g_mutex_lock (&txn->store->lock);
      g_queue_push_tail (&txn->store->idle, txn->conn);
      g_mutex_unlock (&txn->store->lock);
    }
  g_free (txn);
}

char *
store_meta_get (StoreTxn *txn, const char *key, GError **error)
{
  g_autoptr (StoreRows) rows
      = store_query (txn, error, "SELECT value FROM meta WHERE key=?", "s", key);

  if (rows == NULL || !store_rows_next (rows, error))
    return NULL;
  return store_rows_string (rows, 0);
}

gboolean
store_meta_set (StoreTxn *txn, const char *key, const char *value, GError **error)
{
  return store_exec (txn, error, "INSERT OR REPLACE INTO meta (key, value) VALUES (?, ?)", "ss",
                     key, value)
         > 0;
}
