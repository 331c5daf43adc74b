/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What routes forbid others to do, inside a transaction. For this room only. */
#pragma once
#include "ops-context.h"
#include "store.h"

/* DEPENDENCY_ROUTE when a route leads to the instance of that id, to one of its interfaces, or to
 * the interface of that id. */
gboolean ops_route_check_hop (StoreTxn *txn, const char *id, GError **error);
/* CIDR_CONFLICT when a route of the VPC leads into @cidr, which shall become a vswitch's. */
gboolean ops_route_check_vswitch (StoreTxn *txn, const char *vpc_id, const char *cidr,
                                  GError **error);
