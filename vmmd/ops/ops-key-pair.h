/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The verbs on key pairs. Any pool thread. */
#pragma once
#include "ops-context.h"
#include "vmm-query.h"

typedef struct
{
  char *name, *fingerprint; /* MD5 of the key, lower hex */
  gint64 created_ms;
} OpsKeyPair;
void ops_key_pair_free (OpsKeyPair *pair);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (OpsKeyPair, ops_key_pair_free)

/* Keeps an OpenSSH public key line ("ssh-rsa AAAA… comment"; also ed25519 and ecdsa).
 * KEY_PAIR_EXISTS, PUBLIC_KEY, KEY_PAIR_NAME. */
OpsKeyPair *ops_key_pair_import (VmmContext *ctx, const VmmCaller *caller, const char *name,
                                 const char *public_key, GError **error);
/* Makes an RSA key of 2048 bits and keeps its public half. *@out_private is the other half as PEM,
 * which is kept nowhere; the caller wipes it with ops_rsa_wipe(). Without ClientToken, since the
 * answer cannot be given twice. KEY_PAIR_EXISTS, KEY_PAIR_NAME. */
OpsKeyPair *ops_key_pair_create (VmmContext *ctx, const VmmCaller *caller, const char *name,
                                 char **out_private, GError **error);
GPtrArray *ops_key_pair_list (VmmContext *ctx, const VmmCaller *caller,
                              const VmmKeyPairQuery *query, const VmmPage *page,
                              VmmPageInfo *out_info, GError **error);
/* All of @names or none; a name that does not exist is success. */
gboolean ops_key_pair_delete (VmmContext *ctx, const VmmCaller *caller, const char *const *names,
                              GError **error);
