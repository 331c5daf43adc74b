/* SPDX-License-Identifier: GPL-2.0-or-later */
/* New RSA keys, for those who have none to import. Any thread. */
#pragma once
#include <glib.h>

/* A key of 2048 bits: *@out_public as OpenSSH writes it in one line, *@out_private as PEM
 * (PKCS #1). Takes tens of milliseconds. The caller frees the first and wipes the second.
 * VMM_ERROR_INTERNAL. */
gboolean ops_rsa_new (char **out_public, char **out_private, GError **error);
/* Overwrites and frees a private key. NULL is no error. */
void ops_rsa_wipe (char *private_key);
