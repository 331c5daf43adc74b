/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Begin and finish of verbs: idempotency by ClientToken, and dry runs. */
#include "config.h"

#include "ops-tag-made.h"
#include "ops-txn.h"
#include "store-account.h"
#include "vmm-clock.h"
#include "vmm-error.h"
#include <string.h>

/* The name of the first parameter that only one of the two texts has, or has with that value. */
static char *
first_difference (const char *before, const char *now)
{
  g_auto (GStrv) old = g_strsplit (before, "&", -1);
  g_auto (GStrv) new = g_strsplit (now, "&", -1);
  char **sides[2][2] = { { new, old }, { old, new } };

  for (guint side = 0; side < 2; side++)
    for (char **item = sides[side][0]; *item != NULL; item++)
      if (!g_strv_contains ((const char *const *) sides[side][1], *item))
        return g_strndup (*item, strcspn (*item, "="));
  return g_strdup ("(order)");
}

StoreTxn *
ops_begin (VmmContext *ctx, const VmmCaller *caller, char **out_answer, GError **error)
{
  g_autoptr (StoreTxn) txn = store_begin (ctx->store, error);
  g_autoptr (StoreToken) known = NULL;
  g_autoptr (GError) local = NULL;

  *out_answer = NULL;
  if (txn == NULL || caller->client_token == NULL)
    return g_steal_pointer (&txn);
  known = store_token_get (txn, caller->account_id, caller->action, caller->client_token, &local);
  if (local != NULL)
    {
      g_propagate_error (error, g_steal_pointer (&local));
      return NULL;
    }
  if (known == NULL)
    return g_steal_pointer (&txn);
  if (!g_str_equal (known->params, caller->token_params))
    {
      g_autofree char *name = first_difference (known->params, caller->token_params);

      vmm_fail (error, VMM_ERROR_IDEMPOTENT_MISMATCH,
                "the ClientToken '%s' was used before with another %s", caller->client_token, name);
      return NULL;
    }
  *out_answer = g_steal_pointer (&known->answer);
  return g_steal_pointer (&txn);
}

gboolean
ops_finish (VmmContext *ctx, StoreTxn *txn, const VmmCaller *caller, const char *answer,
            GError **error)
{
  if (!ops_tag_made (txn, caller, answer, error))
    return FALSE;
  if (caller->dry_run)
    return vmm_fail (error, VMM_ERROR_DRY_RUN,
                     "the request would have succeeded, but DryRun was set");
  if (caller->client_token != NULL
      && !store_token_insert (txn, caller->account_id, caller->action, caller->client_token,
                              caller->token_params, answer, vmm_clock_now_ms (), error))
    return FALSE;
  return store_commit (txn, error);
}

gboolean
ops_finish_kick (VmmContext *ctx, StoreTxn **txn, const VmmCaller *caller, const char *answer,
                 const char *kick, GError **error)
{
  if (!ops_finish (ctx, *txn, caller, answer, error))
    return FALSE;
  g_clear_pointer (txn, store_txn_free);
  if (kick != NULL)
    ctx->kick (ctx, kick);
  return TRUE;
}
