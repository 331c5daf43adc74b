/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The memory of nonces. */
#include "config.h"

#include "store-db.h"
#include "store-nonce.h"
#include "store-sqlite.h"
#include "vmm-error.h"
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#define SCHEMA                                                                                     \
  "CREATE TABLE IF NOT EXISTS nonce (key_id TEXT NOT NULL, nonce TEXT NOT NULL,"                   \
  " expires_ms INTEGER NOT NULL, PRIMARY KEY (key_id, nonce)) WITHOUT ROWID;"                      \
  "CREATE INDEX IF NOT EXISTS nonce_age ON nonce (expires_ms);"                                    \
  "CREATE TABLE IF NOT EXISTS boot (id TEXT PRIMARY KEY, first_ms INTEGER NOT NULL) WITHOUT "      \
  "ROWID;"

struct StoreNonces
{
  GMutex lock;
  StoreConn *conn;
  StoreTxn txn; /* never begun: each statement commits by itself */
  gint64 not_before_ms;
};

/* The first start ever has no past to fear; a later boot of the host may have lost some of it. */
static gboolean
read_boot (StoreNonces *nonces, const char *boot_id, gint64 now_ms, GError **error)
{
  gint64 others = 0;

  if (!store_query_int (&nonces->txn, &others, error, "SELECT count(*) FROM boot WHERE id <> ?",
                        "s", boot_id)
      || store_exec (&nonces->txn, error, "INSERT OR IGNORE INTO boot (id, first_ms) VALUES (?, ?)",
                     "si", boot_id, now_ms)
             < 0)
    return FALSE;
  if (others == 0)
    return TRUE;
  return store_exec (&nonces->txn, error, "DELETE FROM boot WHERE id <> ? AND first_ms < ?", "si",
                     boot_id, now_ms - G_GINT64_CONSTANT (86400000))
             >= 0
         && store_query_int (&nonces->txn, &nonces->not_before_ms, error,
                             "SELECT first_ms FROM boot WHERE id = ?", "s", boot_id);
}

StoreNonces *
store_nonces_open (const char *path, const char *boot_id, gint64 now_ms, GError **error)
{
  g_autoptr (StoreNonces) nonces = g_new0 (StoreNonces, 1);
  int fd = open (path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);

  g_mutex_init (&nonces->lock);
  if (fd < 0)
    {
      vmm_fail (error, VMM_ERROR_STORE, "%s: %s", path, g_strerror (errno));
      return NULL;
    }
  close (fd);
  nonces->conn = store_conn_open (path, "NORMAL", error);
  if (nonces->conn == NULL)
    return NULL;
  nonces->txn.conn = nonces->conn;
  /* Nobody else opens this file, and taking the lock anew costs four calls of the kernel a request.
   */
  if (!store_conn_run (nonces->conn, "PRAGMA locking_mode=EXCLUSIVE;" SCHEMA, error)
      || !read_boot (nonces, boot_id, now_ms, error))
    return NULL;
  return g_steal_pointer (&nonces);
}

void
store_nonces_close (StoreNonces *nonces)
{
  if (nonces == NULL)
    return;
  store_conn_close (nonces->conn);
  g_mutex_clear (&nonces->lock);
  g_free (nonces);
}

gboolean
store_nonce_use (StoreNonces *nonces, const char *key_id, const char *nonce, gint64 timestamp_ms,
                 gint64 expires_ms, GError **error)
{
  g_autoptr (GError) local = NULL;
  int changes;

  if (timestamp_ms < nonces->not_before_ms)
    return vmm_fail (error, VMM_ERROR_TIMESTAMP_EXPIRED,
                     "the request was signed before this host booted; sign it again");
  g_mutex_lock (&nonces->lock);
  changes = store_exec (&nonces->txn, &local,
                        "INSERT OR IGNORE INTO nonce (key_id, nonce, expires_ms) VALUES (?, ?, ?)",
                        "ssi", key_id, nonce, expires_ms);
  g_mutex_unlock (&nonces->lock);
  if (changes == 0)
    return vmm_fail (error, VMM_ERROR_NONCE_USED, "the signature nonce '%s' has been used", nonce);
  if (local != NULL)
    g_propagate_error (error, g_steal_pointer (&local));
  return changes > 0;
}

gboolean
store_nonce_expire (StoreNonces *nonces, gint64 now_ms, GError **error)
{
  gboolean ok;

  g_mutex_lock (&nonces->lock);
  ok = store_exec (&nonces->txn, error, "DELETE FROM nonce WHERE expires_ms < ?", "i", now_ms) >= 0;
  g_mutex_unlock (&nonces->lock);
  return ok;
}
