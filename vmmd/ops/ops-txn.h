/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The two ends of every changing verb: the ClientToken looked up first, and the common finish. For
 * this room only. */
#pragma once
#include "ops-context.h"
#include "store.h"

/* How long an answer is remembered for its ClientToken. */
#define OPS_TOKEN_KEEP_MS (G_GINT64_CONSTANT (24) * 3600 * 1000)

/* Begins a writing transaction. *@out_answer is the answer given before to the caller's ClientToken
 * (then nothing more is to be done), or NULL. IDEMPOTENT_MISMATCH names the parameter that differs.
 */
StoreTxn *ops_begin (VmmContext *ctx, const VmmCaller *caller, char **out_answer, GError **error);
/* Puts the caller's tags on what he made, which is @answer, remembers that for the ClientToken and
 * commits. With dry_run fails with DRY_RUN instead and
 * nothing has changed. */
gboolean ops_finish (VmmContext *ctx, StoreTxn *txn, const VmmCaller *caller, const char *answer,
                     GError **error);
/* The same, and then, with *@txn closed, asks the executor to look at the object @kick, NULL for
 * none. */
gboolean ops_finish_kick (VmmContext *ctx, StoreTxn **txn, const VmmCaller *caller,
                          const char *answer, const char *kick, GError **error);
