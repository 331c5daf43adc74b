/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Accounts, access keys and nonces. */
#include "config.h"

#include "ops-key.h"
#include "ops-secret.h"
#include "ops-txn.h"
#include "store-account.h"
#include "store-nonce.h"
#include "vmm-clock.h"
#include "vmm-error.h"
#include <string.h>

#define KEY_ID_LENGTH 20 /* behind "LTAI", as the vendor's */
#define SECRET_LENGTH 30
#define KEYS_AN_ACCOUNT 10
/* The window of timestamps on both sides, and so how long a nonce can be replayed. */
#define NONCE_KEEP_MS (G_GINT64_CONSTANT (2) * 15 * 60 * 1000)

void
ops_key_free (OpsKey *key)
{
  if (key == NULL)
    return;
  g_free (key->id);
  g_free (key->account_id);
  ops_secret_free (key->secret);
  g_free (key);
}

void
ops_account_free (OpsAccount *account)
{
  if (account == NULL)
    return;
  g_free (account->id);
  g_free (account->name);
  g_free (account);
}

static OpsAccount *
account_view (const StoreAccount *row)
{
  OpsAccount *account = g_new0 (OpsAccount, 1);

  account->id = g_strdup (row->id);
  account->name = g_strdup (row->name);
  account->created_ms = row->created_ms;
  return account;
}

static OpsKey *
key_view (const StoreKey *row)
{
  OpsKey *key = g_new0 (OpsKey, 1);

  key->id = g_strdup (row->id);
  key->account_id = g_strdup (row->account_id);
  key->enabled = row->enabled;
  key->created_ms = row->created_ms;
  return key;
}

static gboolean
is_account_name (const char *name)
{
  gsize length = strlen (name);

  if (length < 1 || length > 64)
    return FALSE;
  for (gsize i = 0; i < length; i++)
    if (!g_ascii_isalnum (name[i]) && strchr ("._-", name[i]) == NULL)
      return FALSE;
  return TRUE;
}

/* Sixteen digits, as the vendor's account ids; the first is not 0. */
static char *
new_account_id (void)
{
  GString *id = g_string_new ("1");

  while (id->len < 16)
    g_string_append_printf (id, "%05u", (guint) g_random_int_range (0, 100000));
  return g_string_free (id, FALSE);
}

OpsAccount *
ops_account_create (VmmContext *ctx, const char *name, GError **error)
{
  g_autoptr (StoreAccount) row = g_new0 (StoreAccount, 1);
  g_autoptr (StoreTxn) txn = NULL;

  if (!is_account_name (name))
    {
      vmm_fail (error, VMM_ERROR_INVALID_PARAMETER,
                "the account name must be 1 to 64 letters, digits, '.', '_' or '-'");
      return NULL;
    }
  row->id = new_account_id ();
  row->name = g_strdup (name);
  row->created_ms = vmm_clock_now_ms ();
  txn = store_begin (ctx->store, error);
  if (txn == NULL || !store_account_insert (txn, row, error) || !store_commit (txn, error))
    return NULL;
  return account_view (row);
}

OpsAccount *
ops_account_find (VmmContext *ctx, const char *name_or_id, GError **error)
{
  g_autoptr (StoreTxn) txn = store_begin_read (ctx->store, error);
  g_autoptr (StoreAccount) row = txn != NULL ? store_account_get (txn, name_or_id, error) : NULL;

  return row != NULL ? account_view (row) : NULL;
}

OpsAccount *
ops_account_ensure (VmmContext *ctx, const char *name, GError **error)
{
  g_autoptr (GError) local = NULL;
  OpsAccount *account = ops_account_find (ctx, name, &local);

  if (account == NULL && g_error_matches (local, VMM_ERROR, VMM_ERROR_ACCOUNT_NOT_FOUND))
    return ops_account_create (ctx, name, error);
  if (account == NULL)
    g_propagate_error (error, g_steal_pointer (&local));
  return account;
}

GPtrArray *
ops_account_list (VmmContext *ctx, GError **error)
{
  g_autoptr (StoreTxn) txn = store_begin_read (ctx->store, error);
  g_autoptr (GPtrArray) rows = txn != NULL ? store_account_list (txn, error) : NULL;
  GPtrArray *accounts;

  if (rows == NULL)
    return NULL;
  accounts = g_ptr_array_new_with_free_func ((GDestroyNotify) ops_account_free);
  for (guint i = 0; i < rows->len; i++)
    g_ptr_array_add (accounts, account_view (g_ptr_array_index (rows, i)));
  return accounts;
}

OpsKey *
ops_key_create (VmmContext *ctx, const VmmCaller *caller, GError **error)
{
  g_autoptr (StoreKey) row = g_new0 (StoreKey, 1);
  g_autofree char *random = ops_secret_random (KEY_ID_LENGTH);
  char *secret = ops_secret_random (SECRET_LENGTH);
  g_autoptr (StoreTxn) txn = store_begin (ctx->store, error);
  g_autoptr (GPtrArray) keys = NULL;
  OpsKey *key;

  row->id = g_strconcat ("LTAI", random, NULL);
  row->account_id = g_strdup (caller->account_id);
  row->secret = ops_secret_seal (ctx->secrets, secret);
  row->enabled = TRUE;
  row->created_ms = vmm_clock_now_ms ();
  keys = txn != NULL ? store_key_list (txn, caller->account_id, error) : NULL;
  if (keys != NULL && keys->len >= KEYS_AN_ACCOUNT)
    vmm_fail (error, VMM_ERROR_QUOTA, "the account has %u access keys, its limit; delete one first",
              keys->len);
  else if (keys != NULL && store_key_insert (txn, row, error) && store_commit (txn, error))
    {
      key = key_view (row);
      key->secret = secret;
      return key;
    }
  ops_secret_free (secret);
  return NULL;
}

GPtrArray *
ops_key_list (VmmContext *ctx, const VmmCaller *caller, GError **error)
{
  g_autoptr (StoreTxn) txn = store_begin_read (ctx->store, error);
  g_autoptr (GPtrArray) rows = txn != NULL ? store_key_list (txn, caller->account_id, error) : NULL;
  GPtrArray *keys;

  if (rows == NULL)
    return NULL;
  keys = g_ptr_array_new_with_free_func ((GDestroyNotify) ops_key_free);
  for (guint i = 0; i < rows->len; i++)
    g_ptr_array_add (keys, key_view (g_ptr_array_index (rows, i)));
  return keys;
}

gboolean
ops_key_set_enabled (VmmContext *ctx, const VmmCaller *caller, const char *key_id, gboolean enabled,
                     GError **error)
{
  g_autoptr (StoreTxn) txn = store_begin (ctx->store, error);

  return txn != NULL && store_key_set_enabled (txn, caller->account_id, key_id, enabled, error)
         && store_commit (txn, error);
}

gboolean
ops_key_delete (VmmContext *ctx, const VmmCaller *caller, const char *key_id, GError **error)
{
  g_autoptr (StoreTxn) txn = store_begin (ctx->store, error);

  return txn != NULL && store_key_delete (txn, caller->account_id, key_id, error)
         && store_commit (txn, error);
}

gboolean
ops_key_lookup (VmmContext *ctx, const char *key_id, OpsKey **out, GError **error)
{
  g_autoptr (StoreTxn) txn = store_begin_read (ctx->store, error);
  g_autoptr (StoreKey) row = txn != NULL ? store_key_get (txn, key_id, error) : NULL;
  g_autoptr (OpsKey) key = NULL;

  if (row == NULL)
    return FALSE;
  key = key_view (row);
  key->secret = ops_secret_open (ctx->secrets, row->secret, error);
  if (key->secret == NULL)
    return FALSE;
  *out = g_steal_pointer (&key);
  return TRUE;
}

gboolean
ops_nonce_use (VmmContext *ctx, const char *key_id, const char *nonce, gint64 timestamp_ms,
               GError **error)
{
  return store_nonce_use (ctx->nonces, key_id, nonce, timestamp_ms,
                          vmm_clock_now_ms () + NONCE_KEEP_MS, error);
}
