/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the verbs on both kinds of entries check. For this room only. */
#pragma once
#include "ops-context.h"
#include "vmm-error.h"
#include "vmm-public.h"

/* SNAT and forward entries of a gateway together: each is read whenever its VPC changes. */
#define OPS_NAT_MAX_ENTRIES 200

/* @code when the gateway has its full number of entries. */
gboolean ops_nat_check_room (StoreTxn *txn, const VmmNatGateway *gateway, VmmError code,
                             GError **error);
/* The EIP with that address, if the gateway has it in use; else @code. The caller frees it. */
VmmEip *ops_nat_find_ip (StoreTxn *txn, const VmmNatGateway *gateway, const char *ip, VmmError code,
                         GError **error);
