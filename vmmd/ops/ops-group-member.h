/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The groups of an instance, inside a transaction. For this room only. */
#pragma once
#include "ops-context.h"
#include "store.h"
#include "vmm-instance.h"

/* Puts the primary interface of @instance into exactly @group_ids, at least one and in that order.
 * Errors as those of joining. */
gboolean ops_group_replace (StoreTxn *txn, const VmmCaller *caller, const VmmInstance *instance,
                            const char *const *group_ids, GError **error);
