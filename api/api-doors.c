/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Joins the check of signatures to the keys of ops. Apart from api-auth.c, so that a test with
 * doors of its own need not link ops. */
#include "config.h"

#include "api-auth.h"

const ApiDoors api_doors_ops = {
  .lookup_key = ops_key_lookup,
  .use_nonce = ops_nonce_use,
  .find_account = ops_account_find,
};
