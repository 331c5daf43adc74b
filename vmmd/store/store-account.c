/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Accounts, access keys and ClientTokens. */
#include "config.h"

#include "store-account.h"
#include "store-db.h"
#include "vmm-error.h"

void
store_account_free (StoreAccount *account)
{
  if (account == NULL)
    return;
  g_free (account->id);
  g_free (account->name);
  g_free (account);
}

void
store_key_free (StoreKey *key)
{
  if (key == NULL)
    return;
  g_free (key->id);
  g_free (key->account_id);
  g_clear_pointer (&key->secret, g_bytes_unref);
  g_free (key);
}

void
store_token_free (StoreToken *token)
{
  if (token == NULL)
    return;
  g_free (token->params);
  g_free (token->answer);
  g_free (token);
}

static gpointer
read_account (StoreRows *rows)
{
  StoreAccount *account = g_new0 (StoreAccount, 1);

  account->id = store_rows_string (rows, 0);
  account->name = store_rows_string (rows, 1);
  account->created_ms = store_rows_int (rows, 2);
  return account;
}

gboolean
store_account_insert (StoreTxn *txn, const StoreAccount *account, GError **error)
{
  g_autoptr (GError) local = NULL;

  if (store_exec (txn, &local, "INSERT INTO account (id, name, created_ms) VALUES (?, ?, ?)", "ssi",
                  account->id, account->name, account->created_ms)
      > 0)
    return TRUE;
  if (store_error_is_duplicate (local))
    return vmm_fail (error, VMM_ERROR_ACCOUNT_EXISTS, "an account named '%s' exists",
                     account->name);
  g_propagate_error (error, g_steal_pointer (&local));
  return FALSE;
}

StoreAccount *
store_account_get (StoreTxn *txn, const char *name_or_id, GError **error)
{
  g_autoptr (StoreRows) rows
      = store_query (txn, error, "SELECT id, name, created_ms FROM account WHERE id=?1 OR name=?1",
                     "s", name_or_id);
  g_autoptr (GError) local = NULL;

  if (rows == NULL)
    return NULL;
  if (store_rows_next (rows, &local))
    return read_account (rows);
  if (local != NULL)
    g_propagate_error (error, g_steal_pointer (&local));
  else
    vmm_fail (error, VMM_ERROR_ACCOUNT_NOT_FOUND, "there is no account '%s'", name_or_id);
  return NULL;
}

GPtrArray *
store_account_list (StoreTxn *txn, GError **error)
{
  g_autoptr (StoreRows) rows
      = store_query (txn, error, "SELECT id, name, created_ms FROM account ORDER BY name", "");

  return rows != NULL
             ? store_read_all (rows, read_account, (GDestroyNotify) store_account_free, error)
             : NULL;
}

#define KEY_COLUMNS "id, account_id, secret, enabled, created_ms"

static gpointer
read_key (StoreRows *rows)
{
  StoreKey *key = g_new0 (StoreKey, 1);

  key->id = store_rows_string (rows, 0);
  key->account_id = store_rows_string (rows, 1);
  key->secret = store_rows_bytes (rows, 2);
  key->enabled = store_rows_int (rows, 3) != 0;
  key->created_ms = store_rows_int (rows, 4);
  return key;
}

gboolean
store_key_insert (StoreTxn *txn, const StoreKey *key, GError **error)
{
  return store_exec (txn, error, "INSERT INTO access_key (" KEY_COLUMNS ") VALUES (?, ?, ?, ?, ?)",
                     "ssbii", key->id, key->account_id, key->secret, (gint64) key->enabled,
                     key->created_ms)
         > 0;
}

StoreKey *
store_key_get (StoreTxn *txn, const char *id, GError **error)
{
  g_autoptr (StoreRows) rows
      = store_query (txn, error, "SELECT " KEY_COLUMNS " FROM access_key WHERE id=?", "s", id);
  g_autoptr (GError) local = NULL;

  if (rows == NULL)
    return NULL;
  if (store_rows_next (rows, &local))
    return read_key (rows);
  if (local != NULL)
    g_propagate_error (error, g_steal_pointer (&local));
  else
    vmm_fail (error, VMM_ERROR_KEY_NOT_FOUND, "the specified access key is not found");
  return NULL;
}

GPtrArray *
store_key_list (StoreTxn *txn, const char *account_id, GError **error)
{
  g_autoptr (StoreRows) rows = store_query (txn, error,
                                            "SELECT " KEY_COLUMNS " FROM access_key"
                                            " WHERE account_id=? ORDER BY created_ms, id",
                                            "s", account_id);

  return rows != NULL ? store_read_all (rows, read_key, (GDestroyNotify) store_key_free, error)
                      : NULL;
}

static gboolean
changed_key (int changes, const char *id, GError **error)
{
  if (changes == 0)
    vmm_fail (error, VMM_ERROR_ACCESS_KEY_NOT_EXIST, "the account has no access key '%s'", id);
  return changes > 0;
}

gboolean
store_key_set_enabled (StoreTxn *txn, const char *account_id, const char *id, gboolean enabled,
                       GError **error)
{
  int changes
      = store_exec (txn, error, "UPDATE access_key SET enabled=? WHERE id=? AND account_id=?",
                    "iss", (gint64) enabled, id, account_id);

  return changed_key (changes, id, error);
}

gboolean
store_key_delete (StoreTxn *txn, const char *account_id, const char *id, GError **error)
{
  int changes = store_exec (txn, error, "DELETE FROM access_key WHERE id=? AND account_id=?", "ss",
                            id, account_id);

  return changed_key (changes, id, error);
}

StoreToken *
store_token_get (StoreTxn *txn, const char *account_id, const char *action, const char *token,
                 GError **error)
{
  g_autoptr (StoreRows) rows = store_query (
      txn, error,
      "SELECT params, answer FROM client_token WHERE account_id=? AND action=? AND token=?", "sss",
      account_id, action, token);
  StoreToken *found;

  if (rows == NULL || !store_rows_next (rows, error))
    return NULL;
  found = g_new0 (StoreToken, 1);
  found->params = store_rows_string (rows, 0);
  found->answer = store_rows_string (rows, 1);
  return found;
}

gboolean
store_token_insert (StoreTxn *txn, const char *account_id, const char *action, const char *token,
                    const char *params, const char *answer, gint64 now_ms, GError **error)
{
  return store_exec (txn, error,
                     "INSERT INTO client_token (account_id, action, token, params, answer,"
                     " created_ms) VALUES (?, ?, ?, ?, ?, ?)",
                     "sssssi", account_id, action, token, params, answer, now_ms)
         > 0;
}

gboolean
store_token_expire (StoreTxn *txn, gint64 before_ms, GError **error)
{
  return store_exec (txn, error, "DELETE FROM client_token WHERE created_ms < ?", "i", before_ms)
         >= 0;
}
