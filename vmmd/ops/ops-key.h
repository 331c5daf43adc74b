/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Accounts, access keys and the nonces of signed requests. Any pool thread. */
#pragma once
#include "ops-context.h"

typedef struct
{
  char *id, *account_id;
  char *secret; /* cleared from memory when freed; only ops_key_lookup and _create fill it */
  gboolean enabled;
  gint64 created_ms;
} OpsKey;

typedef struct
{
  char *id, *name;
  gint64 created_ms;
} OpsAccount;

void ops_key_free (OpsKey *key);
void ops_account_free (OpsAccount *account);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (OpsKey, ops_key_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (OpsAccount, ops_account_free)

/* A 16-digit account id for a new @name (1-64 of [A-Za-z0-9._-]). ACCOUNT_EXISTS. */
OpsAccount *ops_account_create (VmmContext *ctx, const char *name, GError **error);
/* By name or by id. ACCOUNT_NOT_FOUND. */
OpsAccount *ops_account_find (VmmContext *ctx, const char *name_or_id, GError **error);
/* The administrator's account of that name, made when missing. For the start of the daemon. */
OpsAccount *ops_account_ensure (VmmContext *ctx, const char *name, GError **error);
GPtrArray *ops_account_list (VmmContext *ctx, GError **error); /* OpsAccount* */

/* A new key of the caller's account; the secret is in the answer and nowhere else. */
OpsKey *ops_key_create (VmmContext *ctx, const VmmCaller *caller, GError **error);
GPtrArray *ops_key_list (VmmContext *ctx, const VmmCaller *caller, GError **error); /* OpsKey* */
/* ACCESS_KEY_NOT_EXIST when the account has no such key. In force at the next request. */
gboolean ops_key_set_enabled (VmmContext *ctx, const VmmCaller *caller, const char *key_id,
                              gboolean enabled, GError **error);
gboolean ops_key_delete (VmmContext *ctx, const VmmCaller *caller, const char *key_id,
                         GError **error);

/* For the front door: the key with its secret, enabled or not. KEY_NOT_FOUND. */
gboolean ops_key_lookup (VmmContext *ctx, const char *key_id, OpsKey **out, GError **error);
/* Remembers the nonce for the window; NONCE_USED when the key used it before, also before a restart
 * of the daemon; TIMESTAMP_EXPIRED when the host lost power after that time, for then the memory of
 * nonces may be gone. */
gboolean ops_nonce_use (VmmContext *ctx, const char *key_id, const char *nonce, gint64 timestamp_ms,
                        GError **error);
