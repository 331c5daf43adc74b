/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The routes that owners of VPCs make. */
#include "config.h"

#include "store-db.h"
#include "store-route.h"
#include "vmm-error.h"
#include "vmm-nic.h"
#include <string.h>

#define ROUTE_COLUMNS                                                                              \
  "id, account_id, vpc_id, destination, next_hop_type, next_hop_id, name, description, created_ms"
/* The interface of a route: itself, or the instance's primary one. Not by OR: SQLite 3.40 loses
 * rows of such a join when a condition on a subquery is pushed into it. */
#define HOP_NIC                                                                                    \
  "nic n ON n.id=CASE r.next_hop_type WHEN '" VMM_HOP_INSTANCE                                     \
  "' THEN (SELECT p.id FROM nic p WHERE p.instance_id=r.next_hop_id AND p.is_primary=1)"           \
  " ELSE r.next_hop_id END"

static gpointer
read_route (StoreRows *rows)
{
  VmmRoute *route = g_new0 (VmmRoute, 1);

  route->id = store_rows_string (rows, 0);
  route->account_id = store_rows_string (rows, 1);
  route->vpc_id = store_rows_string (rows, 2);
  route->destination = store_rows_string (rows, 3);
  route->next_hop_type = store_rows_string (rows, 4);
  route->next_hop_id = store_rows_string (rows, 5);
  route->name = store_rows_string (rows, 6);
  route->description = store_rows_string (rows, 7);
  route->created_ms = store_rows_int (rows, 8);
  return route;
}

gboolean
store_route_insert (StoreTxn *txn, const VmmRoute *route, GError **error)
{
  g_autoptr (GError) local = NULL;

  if (store_exec (txn, &local,
                  "INSERT INTO route_entry (" ROUTE_COLUMNS ") VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
                  "ssssssssi", route->id, route->account_id, route->vpc_id, route->destination,
                  route->next_hop_type, route->next_hop_id, route->name, route->description,
                  route->created_ms)
      > 0)
    return TRUE;
  if (store_error_is_duplicate (local))
    return vmm_fail (error, VMM_ERROR_ROUTE_EXISTS, "%s has a route to '%s' already", route->vpc_id,
                     route->destination);
  g_propagate_error (error, g_steal_pointer (&local));
  return FALSE;
}

VmmRoute *
store_route_get (StoreTxn *txn, const char *account_id, const char *id, GError **error)
{
  g_autoptr (StoreRows) rows = store_query (
      txn, error, "SELECT " ROUTE_COLUMNS " FROM route_entry WHERE id=? AND account_id=?", "ss", id,
      account_id);

  return rows != NULL && store_rows_next (rows, error) ? read_route (rows) : NULL;
}

GPtrArray *
store_route_list (StoreTxn *txn, const char *vpc_id, GError **error)
{
  g_autoptr (StoreRows) rows = store_query (
      txn, error, "SELECT " ROUTE_COLUMNS " FROM route_entry WHERE vpc_id=? ORDER BY seq DESC", "s",
      vpc_id);

  return rows != NULL ? store_read_all (rows, read_route, (GDestroyNotify) vmm_route_free, error)
                      : NULL;
}

gboolean
store_route_delete (StoreTxn *txn, const char *id, GError **error)
{
  return store_exec (txn, error, "DELETE FROM route_entry WHERE id=?", "s", id) > 0;
}

gboolean
store_route_count_to (StoreTxn *txn, const char *id, guint *out, GError **error)
{
  gint64 count = 0;

  if (!store_query_int (txn, &count, error,
                        "SELECT count(*) FROM route_entry WHERE next_hop_id=?1 OR next_hop_id IN"
                        " (SELECT id FROM nic WHERE instance_id=?1)",
                        "s", id))
    return FALSE;
  *out = (guint) count;
  return TRUE;
}

gboolean
store_route_count_to6 (StoreTxn *txn, const char *nic_id, guint *out, GError **error)
{
  gint64 count = 0;

  if (!store_query_int (txn, &count, error,
                        "SELECT count(*) FROM route_entry r JOIN " HOP_NIC
                        " WHERE n.id=? AND instr (r.destination, ':') > 0",
                        "s", nic_id))
    return FALSE;
  *out = (guint) count;
  return TRUE;
}

static gpointer
read_hop (StoreRows *rows)
{
  VmmRouteHop *hop = g_new0 (VmmRouteHop, 1);

  hop->destination = store_rows_string (rows, 0);
  hop->next_hop = store_rows_string (rows, 2);
  if (hop->next_hop == NULL)
    hop->next_hop = vmm_address_format ((guint32) store_rows_int (rows, 1));
  return hop;
}

GPtrArray *
store_route_hops (StoreTxn *txn, const char *vpc_id, GError **error)
{
  g_autoptr (StoreRows) rows = store_query (
      txn, error,
      "SELECT * FROM (SELECT r.destination, n.ip, CASE WHEN instr (r.destination, ':') > 0 THEN"
      " (SELECT min (s.ip) FROM nic_ip6 s WHERE s.nic_id=n.id) END AS ip6"
      " FROM route_entry r JOIN " HOP_NIC " WHERE r.vpc_id=? ORDER BY r.seq)"
      " WHERE instr (destination, ':') = 0 OR ip6 IS NOT NULL",
      "s", vpc_id);

  return rows != NULL ? store_read_all (rows, read_hop, (GDestroyNotify) vmm_route_hop_free, error)
                      : NULL;
}
