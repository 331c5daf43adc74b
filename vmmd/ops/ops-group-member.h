/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Groups inside a transaction. For this room only. */
#pragma once
#include "ops-context.h"
#include "store.h"
#include "vmm-instance.h"

/* Puts @nic into exactly @group_ids, at least one and in that order. Errors as those of joining. */
gboolean ops_group_replace (StoreTxn *txn, const VmmCaller *caller, const VmmNic *nic,
                            const char *const *group_ids, GError **error);

/* The common end of every change of a group's rules: when they have @changed the group has another
 * generation and is applied soon after. Ends *@txn. */
gboolean ops_group_finish (VmmContext *ctx, StoreTxn **txn, const VmmCaller *caller,
                           const char *group_id, gboolean changed, GError **error);

/* After rules or entries of a prefix list were added: RULE_LIMIT when the group has too many rules,
 * one that names a list counting as often as the list has entries, at least once. */
gboolean ops_group_check_rules (StoreTxn *txn, const char *group_id, GError **error);

/* After addresses or interfaces were added: GROUP_FULL when one of @group_ids (char*) holds more.
 */
gboolean ops_group_check_room (StoreTxn *txn, GPtrArray *group_ids, GError **error);
