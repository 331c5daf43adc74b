/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Signature version 1.0 of the ECS API, for calls over HTTP. */
#pragma once
#include <glib.h>

/* Adds who asks, when, a nonce and the signature of a request with @method to @params (char * to
 * char *, both owned). */
void vmmctl_sign (GHashTable *params, const char *method, const char *key_id,
                  const char *key_secret);
/* Only the signature of @params as they are, for tests. The caller frees it. */
char *vmmctl_sign_text (GHashTable *params, const char *method, const char *key_secret);
