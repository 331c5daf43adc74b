/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The account's default network, inside a transaction. For this room only. */
#pragma once
#include "ops-context.h"
#include "store.h"
#include "vmm-nic.h"

/* The default VPC; it is made, with vswitch and group, when the account has none. */
VmmVpc *ops_network_default (VmmContext *ctx, StoreTxn *txn, const char *account_id,
                             GError **error);
