/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Interfaces that an instance is born with beside its primary one. For this room only. */
#pragma once
#include "ops-context.h"
#include "ops-nic-spec.h"
#include "store.h"
#include "vmm-instance.h"

/* Whether an instance of so many vCPUs may have them. */
gboolean ops_instance_check_nics (const OpsInstanceNic *nics, guint n, guint vcpus, guint amount,
                                  GError **error);
/* Makes or takes them for @instance, whose primary one @primary is. Inside @txn. */
gboolean ops_instance_add_nics (VmmContext *ctx, StoreTxn *txn, const VmmCaller *caller,
                                const VmmInstance *instance, const VmmNic *primary,
                                const OpsInstanceNic *nics, guint n, GError **error);
