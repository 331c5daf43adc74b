/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The groups of an instance, inside a transaction. For this room only. */
#pragma once
#include "ops-context.h"
#include "store.h"
#include "vmm-instance.h"

/* Puts @nic into exactly @group_ids, at least one and in that order. Errors as those of joining. */
gboolean ops_group_replace (StoreTxn *txn, const VmmCaller *caller, const VmmNic *nic,
                            const char *const *group_ids, GError **error);
