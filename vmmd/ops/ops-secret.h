/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Encryption of secrets at rest, and message authentication with the same key file. Any thread. */
#pragma once
#include "ops-context.h"

/* Encrypts secrets at rest with the key in @path (0600, made when missing). VMM_ERROR_CONFIG when
 * the file is readable by others or has the wrong size. */
OpsSecretBox *ops_secret_box_new (const char *path, GError **error);
/* Clears the key from memory. */
void ops_secret_box_free (OpsSecretBox *box);

/* Encrypted and authenticated; a new nonce each time. */
GBytes *ops_secret_seal (OpsSecretBox *box, const char *secret);
/* The secret, to be cleared by ops_secret_free(); NULL with VMM_ERROR_STORE when the key file is
 * not the one that sealed it. */
char *ops_secret_open (OpsSecretBox *box, GBytes *sealed, GError **error);
/* Clears and frees. */
void ops_secret_free (char *secret);
/* Random letters and digits; the caller frees them. */
char *ops_secret_random (guint length);
/* Hex of a keyed hash of @text; the caller frees it. */
char *ops_secret_mac (OpsSecretBox *box, const char *text);
/* Compares in constant time. */
gboolean ops_secret_equal (const char *a, const char *b);
