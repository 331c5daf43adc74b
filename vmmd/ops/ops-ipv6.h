/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The verbs on IPv6 addresses of network interfaces. Any pool thread. */
#pragma once
#include "ops-context.h"

/* Whether VPCs can have ranges of @pool; an empty one offers none. CONFIG. */
gboolean ops_ipv6_check_pool (const char *pool, GError **error);

/* Addresses named by @ips (NULL or empty when not given) or @count of them chosen; all or none. The
 * addresses (char*); in force soon after the answer. VSWITCH_NO_IPV6, NIC_ADDRESS6,
 * NIC_ADDRESS_ASSIGNED, NIC_ADDRESS_REPEATED, NIC_ADDRESS6_LIMIT. */
GPtrArray *ops_ipv6_assign (VmmContext *ctx, const VmmCaller *caller, const char *nic_id,
                            const char *const *ips, guint count, GError **error);
/* Takes them away; NIC_ADDRESS_UNASSIGNED unless it has each. DEPENDENCY_ROUTE when a route of IPv6
 * leads to the interface and none would be left. */
gboolean ops_ipv6_unassign (VmmContext *ctx, const VmmCaller *caller, const char *nic_id,
                            const char *const *ips, GError **error);
