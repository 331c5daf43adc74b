/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The routes that owners of VPCs make. Those of vswitches have no rows. */
#pragma once
#include "store.h"
#include "vmm-route.h"

/* ROUTE_EXISTS when the VPC has one to the same destination. */
gboolean store_route_insert (StoreTxn *txn, const VmmRoute *route, GError **error);
/* NULL without @error set when the account has none of that id. */
VmmRoute *store_route_get (StoreTxn *txn, const char *account_id, const char *id, GError **error);
/* VmmRoute* of a VPC, newest first. */
GPtrArray *store_route_list (StoreTxn *txn, const char *vpc_id, GError **error);
gboolean store_route_delete (StoreTxn *txn, const char *id, GError **error);
/* How many routes lead to an instance or one of its interfaces, or to an interface, whichever @id
 * is of. */
gboolean store_route_count_to (StoreTxn *txn, const char *id, guint *out, GError **error);
/* How many lead to that interface, or to the instance that it is the primary one of, with a
 * destination in IPv6. */
gboolean store_route_count_to6 (StoreTxn *txn, const char *nic_id, guint *out, GError **error);
/* VmmRouteHop* of a VPC; a route whose interface has no address of the family is left out. */
GPtrArray *store_route_hops (StoreTxn *txn, const char *vpc_id, GError **error);
