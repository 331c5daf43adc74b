/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Key pairs: names for public SSH keys. */
#pragma once
#include "store.h"
#include "vmm-query.h"

typedef struct
{
  char *account_id, *name, *fingerprint, *public_key;
  gint64 created_ms;
} StoreKeyPair;
void store_key_pair_free (StoreKeyPair *pair);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (StoreKeyPair, store_key_pair_free)

/* VMM_ERROR_KEY_PAIR_EXISTS. */
gboolean store_key_pair_insert (StoreTxn *txn, const StoreKeyPair *pair, GError **error);
/* VMM_ERROR_KEY_PAIR_NOT_FOUND. */
StoreKeyPair *store_key_pair_get (StoreTxn *txn, const char *account_id, const char *name,
                                  GError **error);
/* @name may hold '*'. */
GPtrArray *store_key_pair_list (StoreTxn *txn, const char *account_id, const VmmKeyPairQuery *query,
                                const VmmPage *page, VmmPageInfo *info, GError **error);
/* A pair that is not there is no error. Instances keep the key they were made with. */
gboolean store_key_pair_delete (StoreTxn *txn, const char *account_id, const char *name,
                                GError **error);
