/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Key pairs. */
#include "config.h"

#include "store-db.h"
#include "store-key-pair.h"
#include "vmm-error.h"

#define COLUMNS "account_id, name, fingerprint, public_key, created_ms"

void
store_key_pair_free (StoreKeyPair *pair)
{
  if (pair == NULL)
    return;
  g_free (pair->account_id);
  g_free (pair->name);
  g_free (pair->fingerprint);
  g_free (pair->public_key);
  g_free (pair);
}

static gpointer
read_pair (StoreRows *rows)
{
  StoreKeyPair *pair = g_new0 (StoreKeyPair, 1);

  pair->account_id = store_rows_string (rows, 0);
  pair->name = store_rows_string (rows, 1);
  pair->fingerprint = store_rows_string (rows, 2);
  pair->public_key = store_rows_string (rows, 3);
  pair->created_ms = store_rows_int (rows, 4);
  return pair;
}

gboolean
store_key_pair_insert (StoreTxn *txn, const StoreKeyPair *pair, GError **error)
{
  g_autoptr (GError) local = NULL;

  if (store_exec (txn, &local, "INSERT INTO key_pair (" COLUMNS ") VALUES (?, ?, ?, ?, ?)", "ssssi",
                  pair->account_id, pair->name, pair->fingerprint, pair->public_key,
                  pair->created_ms)
      > 0)
    return TRUE;
  if (store_error_is_duplicate (local))
    return vmm_fail (error, VMM_ERROR_KEY_PAIR_EXISTS, "a key pair named '%s' exists", pair->name);
  g_propagate_error (error, g_steal_pointer (&local));
  return FALSE;
}

StoreKeyPair *
store_key_pair_get (StoreTxn *txn, const char *account_id, const char *name, GError **error)
{
  g_autoptr (StoreRows) rows
      = store_query (txn, error, "SELECT " COLUMNS " FROM key_pair WHERE account_id=? AND name=?",
                     "ss", account_id, name);
  g_autoptr (GError) local = NULL;

  if (rows == NULL)
    return NULL;
  if (store_rows_next (rows, &local))
    return read_pair (rows);
  if (local != NULL)
    g_propagate_error (error, g_steal_pointer (&local));
  else
    vmm_fail (error, VMM_ERROR_KEY_PAIR_NOT_FOUND, "the key pair '%s' does not exist", name);
  return NULL;
}

GPtrArray *
store_key_pair_list (StoreTxn *txn, const char *account_id, const VmmKeyPairQuery *query,
                     const VmmPage *page, VmmPageInfo *info, GError **error)
{
  g_auto (StoreFilter) filter = { NULL, NULL };

  store_filter_init (&filter, "account_id=?", account_id);
  store_filter_tags (&filter, "name", VMM_TAG_KEY_PAIR, account_id, &query->tags);
  store_filter_wildcard (&filter, "name", query->name);
  return store_list (txn, COLUMNS, "key_pair", "seq", &filter, page, info, read_pair,
                     (GDestroyNotify) store_key_pair_free, error);
}

gboolean
store_key_pair_delete (StoreTxn *txn, const char *account_id, const char *name, GError **error)
{
  return store_exec (txn, error, "DELETE FROM key_pair WHERE account_id=? AND name=?", "ss",
                     account_id, name)
         >= 0;
}
