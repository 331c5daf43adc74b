/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The two ways of signing a request, as computation only: no keys, no clock. Any thread. */
#pragma once
#include "api-query.h"

/* Version 1.0: the string to sign of a request with @method and all of @query but Signature. The
 * caller frees it; wipe it when the request may hold a password. */
GString *api_sign_v1_text (const char *method, const ApiQuery *query);
/* Base64 of the HMAC with @type (SHA1 or SHA256) of @text under @secret followed by '&'. The
 * caller frees it. */
char *api_sign_v1 (GChecksumType type, const char *secret, const char *text);

/* ACS3-HMAC-SHA256, as its Authorization header says. */
typedef struct
{
  char *key_id, *signed_headers, *signature; /* signed_headers: "host;x-acs-action;…" */
  char **names;                              /* signed_headers split */
} ApiSignV3;

/* Reads the header; VMM_ERROR_INCOMPLETE_SIGNATURE when it is malformed. */
gboolean api_sign_v3_parse (const char *authorization, ApiSignV3 *out, GError **error);
void api_sign_v3_clear (ApiSignV3 *sign);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (ApiSignV3, api_sign_v3_clear)
/* Whether the header of that lower-case name is signed. */
gboolean api_sign_v3_covers (const ApiSignV3 *sign, const char *name);

/* Gives a request header by its lower-case name, or NULL. */
typedef const char *(*ApiHeaderFunc) (gpointer data, const char *name);
/* The canonical request; the caller frees it. A signed header that the request lacks counts as
 * empty. */
GString *api_sign_v3_request (const char *method, const char *path, const ApiQuery *query,
                              const ApiSignV3 *sign, ApiHeaderFunc header, gpointer data,
                              const char *body_sha256);
/* The string to sign over a canonical request; the caller frees it. */
char *api_sign_v3_text (const char *canonical_request);
/* Lower hex of the HMAC-SHA256 of @text under @secret. The caller frees it. */
char *api_sign_v3 (const char *secret, const char *text);
