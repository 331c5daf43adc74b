/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Accounts, access keys, key pairs and the answers remembered for ClientTokens. */
#pragma once
#include "store.h"

typedef struct
{
  char *id, *name;
  gint64 created_ms;
} StoreAccount;
void store_account_free (StoreAccount *account);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (StoreAccount, store_account_free)

/* VMM_ERROR_ACCOUNT_EXISTS when the name is taken. */
gboolean store_account_insert (StoreTxn *txn, const StoreAccount *account, GError **error);
/* VMM_ERROR_ACCOUNT_NOT_FOUND. */
StoreAccount *store_account_get (StoreTxn *txn, const char *name_or_id, GError **error);
GPtrArray *store_account_list (StoreTxn *txn, GError **error);

typedef struct
{
  char *id, *account_id;
  GBytes *secret; /* encrypted */
  gboolean enabled;
  gint64 created_ms;
} StoreKey;
void store_key_free (StoreKey *key);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (StoreKey, store_key_free)

/* The account must exist. */
gboolean store_key_insert (StoreTxn *txn, const StoreKey *key, GError **error);
/* VMM_ERROR_KEY_NOT_FOUND. */
StoreKey *store_key_get (StoreTxn *txn, const char *id, GError **error);
GPtrArray *store_key_list (StoreTxn *txn, const char *account_id, GError **error);
/* VMM_ERROR_ACCESS_KEY_NOT_EXIST when the account has no such key; the same for delete. */
gboolean store_key_set_enabled (StoreTxn *txn, const char *account_id, const char *id,
                                gboolean enabled, GError **error);
gboolean store_key_delete (StoreTxn *txn, const char *account_id, const char *id, GError **error);

typedef struct
{
  char *params, *answer;
} StoreToken;
void store_token_free (StoreToken *token);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (StoreToken, store_token_free)

/* NULL without @error set when the token is new. */
StoreToken *store_token_get (StoreTxn *txn, const char *account_id, const char *action,
                             const char *token, GError **error);
gboolean store_token_insert (StoreTxn *txn, const char *account_id, const char *action,
                             const char *token, const char *params, const char *answer,
                             gint64 now_ms, GError **error);
/* Forgets tokens from before @before_ms. */
gboolean store_token_expire (StoreTxn *txn, gint64 before_ms, GError **error);
