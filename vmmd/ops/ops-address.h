/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the verbs on public addresses share. For this room. */
#pragma once
#include "ops-context.h"
#include "vmm-error.h"
#include "vmm-instance.h"
#include "vmm-public.h"

/* A row that is Available and leads nowhere, without ip, name, description and bandwidth. */
VmmEip *ops_address_new (const char *account_id, const char *charge_type);
/* A free address of the pools: @wanted, or the next. @none_code when there is none to have. The
 * caller frees it. */
char *ops_address_choose (VmmContext *ctx, StoreTxn *txn, const char *wanted, VmmError none_code,
                          GError **error);
/* An address for @instance that goes with it, leading to @nic. @ip NULL takes the next free one.
 * PUBLIC_IP_NONE, _MALFORMED, _NOT_FOUND, _USED, EIP_OVERLAP. The caller frees it. */
VmmEip *ops_address_insert_plain (VmmContext *ctx, StoreTxn *txn, const VmmInstance *instance,
                                  const VmmNic *nic, const char *ip, GError **error);
/* EIP_OVERLAP when a vswitch of the VPC holds @ip: there it would be somebody's private address. */
gboolean ops_address_check_overlap (StoreTxn *txn, const char *vpc_id, const char *ip,
                                    GError **error);
/* The time by which a passing state must be over. */
gint64 ops_address_deadline (VmmContext *ctx);
/* INSTANCE_STATUS unless it is Running or Stopped. */
gboolean ops_address_check_instance (const VmmInstance *instance, GError **error);
/* Moves @eip by @event, which must be one that lets go of what it leads to. @reason: why, for its
 * owner; NULL when as asked. */
gboolean ops_address_let_go (VmmContext *ctx, StoreTxn *txn, const VmmEip *eip, VmmEipEvent event,
                             const char *reason, GError **error);
