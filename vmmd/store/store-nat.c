/* SPDX-License-Identifier: GPL-2.0-or-later */
/* NAT gateways. */
#include "config.h"

#include "store-db.h"
#include "store-nat.h"
#include "vmm-error.h"

#define COLUMNS                                                                                    \
  "id, account_id, vpc_id, vswitch_id, name, description, snat_table_id, forward_table_id, "       \
  "created_ms"
#define N_TEXTS 8

static gpointer
read_gateway (StoreRows *rows)
{
  VmmNatGateway *n = g_new0 (VmmNatGateway, 1);
  char **texts[N_TEXTS] = { &n->id,   &n->account_id,  &n->vpc_id,        &n->vswitch_id,
                            &n->name, &n->description, &n->snat_table_id, &n->forward_table_id };

  for (int t = 0; t < N_TEXTS; t++)
    *texts[t] = store_rows_string (rows, t);
  n->created_ms = store_rows_int (rows, N_TEXTS);
  return n;
}

gboolean
store_nat_insert (StoreTxn *txn, const VmmNatGateway *n, GError **error)
{
  return store_exec (txn, error,
                     "INSERT INTO nat_gateway (" COLUMNS ") VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
                     "ssssssssi", n->id, n->account_id, n->vpc_id, n->vswitch_id, n->name,
                     n->description, n->snat_table_id, n->forward_table_id, n->created_ms)
         > 0;
}

/* The one gateway that @sql finds by @account_id and @id, or NotFound by @code. */
static VmmNatGateway *
get_by (StoreTxn *txn, const char *sql, const char *account_id, const char *id, VmmError code,
        GError **error)
{
  g_autoptr (StoreRows) rows = store_query (txn, error, sql, "ss", id, account_id);
  g_autoptr (GError) local = NULL;

  if (rows == NULL)
    return NULL;
  if (store_rows_next (rows, &local))
    return read_gateway (rows);
  if (local != NULL)
    g_propagate_error (error, g_steal_pointer (&local));
  else
    vmm_fail (error, code, "the specified '%s' does not exist", id);
  return NULL;
}

#define BY(column) "SELECT " COLUMNS " FROM nat_gateway WHERE " column "=? AND account_id=?"

VmmNatGateway *
store_nat_get (StoreTxn *txn, const char *account_id, const char *id, GError **error)
{
  return get_by (txn, BY ("id"), account_id, id, VMM_ERROR_NAT_NOT_FOUND, error);
}

VmmNatGateway *
store_nat_get_by_snat_table (StoreTxn *txn, const char *account_id, const char *id, GError **error)
{
  return get_by (txn, BY ("snat_table_id"), account_id, id, VMM_ERROR_SNAT_TABLE_NOT_FOUND, error);
}

VmmNatGateway *
store_nat_get_by_forward_table (StoreTxn *txn, const char *account_id, const char *id,
                                GError **error)
{
  return get_by (txn, BY ("forward_table_id"), account_id, id, VMM_ERROR_FORWARD_TABLE_NOT_FOUND,
                 error);
}

GPtrArray *
store_nat_list (StoreTxn *txn, const char *account_id, const VmmNatGatewayQuery *q,
                const VmmPage *page, VmmPageInfo *info, GError **error)
{
  g_auto (StoreFilter) filter = { NULL, NULL };

  store_filter_init (&filter, "account_id=?", account_id);
  store_filter_tags (&filter, "id", VMM_TAG_NAT_GATEWAY, account_id, &q->tags);
  store_filter_string (&filter, "id=?", q->id);
  store_filter_wildcard (&filter, "name", q->name);
  store_filter_string (&filter, "vpc_id=?", q->vpc_id);
  store_filter_string (&filter, "vswitch_id=?", q->vswitch_id);
  return store_list (txn, COLUMNS, "nat_gateway", "seq", &filter, page, info, read_gateway,
                     (GDestroyNotify) vmm_nat_gateway_free, error);
}

static gboolean
count (StoreTxn *txn, const char *sql, const char *id, guint *out, GError **error)
{
  gint64 n = 0;

  if (!store_query_int (txn, &n, error, sql, "s", id))
    return FALSE;
  *out = (guint) n;
  return TRUE;
}

gboolean
store_nat_count_vpc (StoreTxn *txn, const char *vpc_id, guint *out, GError **error)
{
  return count (txn, "SELECT count(*) FROM nat_gateway WHERE vpc_id=?", vpc_id, out, error);
}

gboolean
store_nat_count_vswitch (StoreTxn *txn, const char *vswitch_id, guint *out, GError **error)
{
  return count (txn,
                "SELECT (SELECT count(*) FROM nat_gateway WHERE vswitch_id=?1)"
                " + (SELECT count(*) FROM snat_entry WHERE source_vswitch_id=?1)",
                vswitch_id, out, error);
}

gboolean
store_nat_count_entries (StoreTxn *txn, const char *id, guint *out, GError **error)
{
  return count (txn,
                "SELECT (SELECT count(*) FROM snat_entry WHERE nat_gateway_id=?1)"
                " + (SELECT count(*) FROM forward_entry WHERE nat_gateway_id=?1)",
                id, out, error);
}

gboolean
store_nat_count_uses (StoreTxn *txn, const char *eip_id, guint *out, GError **error)
{
  return count (txn,
                "SELECT (SELECT count(*) FROM snat_entry WHERE eip_id=?1)"
                " + (SELECT count(*) FROM forward_entry WHERE eip_id=?1)",
                eip_id, out, error);
}

static gboolean
run_all (StoreTxn *txn, const char *const *statements, guint n, const char *id, GError **error)
{
  for (guint i = 0; i < n; i++)
    if (store_exec (txn, error, statements[i], "s", id) < 0)
      return FALSE;
  return TRUE;
}

gboolean
store_nat_delete (StoreTxn *txn, const char *id, GError **error)
{
  static const char *const statements[] = {
    "DELETE FROM snat_entry WHERE nat_gateway_id=?",
    "DELETE FROM forward_entry WHERE nat_gateway_id=?",
    "DELETE FROM nat_gateway WHERE id=?",
  };

  return run_all (txn, statements, G_N_ELEMENTS (statements), id, error);
}

gboolean
store_nat_delete_uses (StoreTxn *txn, const char *eip_id, GError **error)
{
  static const char *const statements[] = {
    "DELETE FROM snat_entry WHERE eip_id=?",
    "DELETE FROM forward_entry WHERE eip_id=?",
  };

  return run_all (txn, statements, G_N_ELEMENTS (statements), eip_id, error);
}

GPtrArray *
store_public_working (StoreTxn *txn, GError **error)
{
  return store_read_ids (
      store_query (txn, error,
                   "SELECT vpc_id FROM eip WHERE deadline_ms > 0"
                   " UNION SELECT vpc_id FROM snat_entry WHERE applied<>generation"
                   " UNION SELECT vpc_id FROM forward_entry WHERE applied<>generation",
                   ""),
      error);
}
