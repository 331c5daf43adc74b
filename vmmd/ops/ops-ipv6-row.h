/* SPDX-License-Identifier: GPL-2.0-or-later */
/* IPv6 ranges and addresses inside a transaction. For this room only. */
#pragma once
#include "ops-context.h"
#include "store.h"
#include "vmm-nic.h"

/* A range for a VPC: @wanted if it may be had (CIDR6_MALFORMED), or with NULL the first of the pool
 * that no VPC has (CIDR6_EXHAUSTED). The caller frees it. */
char *ops_ipv6_choose_vpc (VmmContext *ctx, StoreTxn *txn, const char *wanted, GError **error);
/* The range of that @number, 0 to 255, of a VPC, or with -1 the first that no vswitch has. The
 * caller frees it. VPC_NO_IPV6. */
char *ops_ipv6_choose_vswitch (StoreTxn *txn, const VmmVpc *vpc, int number, GError **error);

/* As on the wire: the addresses, or else how many of them to choose. */
typedef struct
{
  const char *const *ips; /* NULL or empty when not given */
  guint count;
} OpsIpv6Spec;
/* Checks of what needs no database. */
gboolean ops_ipv6_check_spec (const OpsIpv6Spec *spec, GError **error);
/* Gives them to @nic, whose row is there, and adds them to its ips6. VSWITCH_NO_IPV6, NIC_ADDRESS6,
 * NIC_ADDRESS_ASSIGNED, NIC_ADDRESS6_LIMIT. */
gboolean ops_ipv6_add (StoreTxn *txn, const VmmVswitch *vswitch, VmmNic *nic,
                       const OpsIpv6Spec *spec, GError **error);
