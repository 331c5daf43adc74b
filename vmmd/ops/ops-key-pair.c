/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Key pairs: public keys that new instances accept. */
#include "config.h"

#include "ops-key-pair.h"
#include "ops-rsa.h"
#include "ops-txn.h"
#include "store-key-pair.h"
#include "vmm-clock.h"
#include "vmm-error.h"
#include "vmm-instance.h"
#include <string.h>

void
ops_key_pair_free (OpsKeyPair *pair)
{
  if (pair == NULL)
    return;
  g_free (pair->name);
  g_free (pair->fingerprint);
  g_free (pair);
}

static OpsKeyPair *
view (const StoreKeyPair *row)
{
  OpsKeyPair *pair = g_new0 (OpsKeyPair, 1);

  pair->name = g_strdup (row->name);
  pair->fingerprint = g_strdup (row->fingerprint);
  pair->created_ms = row->created_ms;
  return pair;
}

/* The line without trailing blanks, when it is "type base64[ comment]" of a type sshd takes and its
 * base64 begins with that type's name. */
static char *
canonical_key (const char *text, char **out_fingerprint)
{
  static const char *const types[] = {
    "ssh-rsa", "ssh-ed25519", "ecdsa-sha2-nistp256", "ecdsa-sha2-nistp384", "ecdsa-sha2-nistp521",
    NULL
  };
  g_autofree char *line = g_strstrip (g_strdup (text));
  g_auto (GStrv) words = g_strsplit (line, " ", 3);
  g_autofree guint8 *blob = NULL;
  gsize size = 0, type_length;

  if (strpbrk (line, "\r\n\t") != NULL || !g_utf8_validate (line, -1, NULL)
      || g_strv_length (words) < 2 || !g_strv_contains (types, words[0]))
    return NULL;
  blob = g_base64_decode (words[1], &size);
  type_length = strlen (words[0]);
  if (size < type_length + 36 || blob[0] != 0 || blob[1] != 0 || blob[2] != 0
      || blob[3] != type_length || strncmp ((const char *) blob + 4, words[0], type_length) != 0)
    return NULL;
  *out_fingerprint = g_compute_checksum_for_data (G_CHECKSUM_MD5, blob, size);
  return g_steal_pointer (&line);
}

OpsKeyPair *
ops_key_pair_import (VmmContext *ctx, const VmmCaller *caller, const char *name,
                     const char *public_key, GError **error)
{
  g_autoptr (StoreKeyPair) row = g_new0 (StoreKeyPair, 1);
  g_autofree char *before = NULL;
  g_autoptr (StoreTxn) txn = NULL;

  if (!vmm_instance_name_is_valid (name))
    {
      vmm_fail (error, VMM_ERROR_KEY_PAIR_NAME,
                "the KeyPairName must be 2 to 128 characters and begin with a letter");
      return NULL;
    }
  row->account_id = g_strdup (caller->account_id);
  row->name = g_strdup (name);
  row->public_key = canonical_key (public_key, &row->fingerprint);
  row->created_ms = vmm_clock_now_ms ();
  if (row->public_key == NULL)
    {
      vmm_fail (error, VMM_ERROR_PUBLIC_KEY,
                "the PublicKeyBody is no OpenSSH public key of type rsa, ed25519 or ecdsa");
      return NULL;
    }
  txn = ops_begin (ctx, caller, &before, error);
  if (txn == NULL)
    return NULL;
  if (before == NULL
      && (!store_key_pair_insert (txn, row, error)
          || !ops_finish (ctx, txn, caller, row->name, error)))
    return NULL;
  return view (row);
}

OpsKeyPair *
ops_key_pair_create (VmmContext *ctx, const VmmCaller *caller, const char *name, char **out_private,
                     GError **error)
{
  g_autofree char *public_key = NULL;
  g_autoptr (OpsKeyPair) pair = NULL;
  char *private_key = NULL;

  /* Outside of any transaction: it takes a moment. */
  if (!ops_rsa_new (&public_key, &private_key, error))
    return NULL;
  pair = ops_key_pair_import (ctx, caller, name, public_key, error);
  if (pair != NULL)
    *out_private = private_key;
  else
    ops_rsa_wipe (private_key);
  return g_steal_pointer (&pair);
}

GPtrArray *
ops_key_pair_list (VmmContext *ctx, const VmmCaller *caller, const VmmKeyPairQuery *query,
                   const VmmPage *page, VmmPageInfo *out_info, GError **error)
{
  g_autoptr (StoreTxn) txn = store_begin_read (ctx->store, error);
  g_autoptr (GPtrArray) rows = NULL;
  GPtrArray *pairs;

  if (txn != NULL)
    rows = store_key_pair_list (txn, caller->account_id, query, page, out_info, error);
  if (rows == NULL)
    return NULL;
  pairs = g_ptr_array_new_with_free_func ((GDestroyNotify) ops_key_pair_free);
  for (guint i = 0; i < rows->len; i++)
    g_ptr_array_add (pairs, view (g_ptr_array_index (rows, i)));
  return pairs;
}

gboolean
ops_key_pair_delete (VmmContext *ctx, const VmmCaller *caller, const char *const *names,
                     GError **error)
{
  g_autoptr (StoreTxn) txn = store_begin (ctx->store, error);

  for (guint i = 0; txn != NULL && names[i] != NULL; i++)
    if (!store_key_pair_delete (txn, caller->account_id, names[i], error))
      return FALSE;
  return txn != NULL && store_commit (txn, error);
}
