/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Who asks: checks the signature of a request, of either kind, or takes the administrator's word.
 * The one place that decides. Any thread. */
#pragma once
#include "api-request.h"
#include "ops-key.h"

/* The clock may differ by this much, either way. */
#define API_AUTH_WINDOW_MS (15 * 60 * 1000)

/* What is known below the door: the functions of ops-key.h, or a test's own. */
typedef struct
{
  gboolean (*lookup_key) (VmmContext *ctx, const char *key_id, OpsKey **out, GError **error);
  gboolean (*use_nonce) (VmmContext *ctx, const char *key_id, const char *nonce,
                         gint64 timestamp_ms, GError **error);
  OpsAccount *(*find_account) (VmmContext *ctx, const char *name_or_id, GError **error);
} ApiDoors;

/* The functions of ops-key.h. */
extern const ApiDoors api_doors_ops;

typedef struct
{
  char *account_id;
  char *key_id; /* "" for the administrator */
  gboolean is_admin;
} ApiIdentity;

void api_identity_clear (ApiIdentity *identity);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (ApiIdentity, api_identity_clear)

/* Whether the request carries an ACS3 header, which then decides where action and version stand
 * and that the answer is JSON. */
gboolean api_auth_is_v3 (const ApiRequest *request);

/* Fills @out. On failure the VMM_ERRORs of a bad signature, time, nonce or key; the nonce is only
 * used up by a request whose signature is right. @query is the sealed query of @request. */
gboolean api_auth_check (VmmContext *ctx, const ApiDoors *doors, const ApiRequest *request,
                         const ApiQuery *query, ApiIdentity *out, GError **error);
