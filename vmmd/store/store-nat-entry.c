/* SPDX-License-Identifier: GPL-2.0-or-later */
/* SNAT and forward entries of NAT gateways. */
#include "config.h"

#include "store-db.h"
#include "store-nat.h"
#include "vmm-error.h"
#include "vmm-nic.h"

#define SNAT_TEXTS                                                                                 \
  "s.id, s.account_id, s.nat_gateway_id, n.snat_table_id, s.vpc_id, s.name, s.source_cidr, "       \
  "s.source_vswitch_id, s.eip_id"
#define SNAT_COLUMNS SNAT_TEXTS ", e.ip, s.generation, s.applied, s.created_ms"
#define SNAT_TABLE                                                                                 \
  "snat_entry s JOIN nat_gateway n ON n.id=s.nat_gateway_id JOIN eip e ON e.id=s.eip_id"
#define FORWARD_TEXTS                                                                              \
  "f.id, f.account_id, f.nat_gateway_id, n.forward_table_id, f.vpc_id, f.name, f.eip_id, "         \
  "f.protocol"
#define FORWARD_COLUMNS                                                                            \
  FORWARD_TEXTS ", e.ip, f.external_min, f.external_max, f.internal_ip, f.internal_min, "          \
                "f.internal_max, f.generation, f.applied, f.created_ms"
#define FORWARD_TABLE                                                                              \
  "forward_entry f JOIN nat_gateway n ON n.id=f.nat_gateway_id JOIN eip e ON e.id=f.eip_id"

static gpointer
read_snat (StoreRows *rows)
{
  VmmSnat *s = g_new0 (VmmSnat, 1);
  char **texts[] = { &s->id,   &s->account_id,  &s->nat_gateway_id,    &s->table_id, &s->vpc_id,
                     &s->name, &s->source_cidr, &s->source_vswitch_id, &s->eip_id };

  for (guint t = 0; t < G_N_ELEMENTS (texts); t++)
    *texts[t] = store_rows_string (rows, (int) t);
  s->ip = vmm_address_format ((guint32) store_rows_int (rows, 9));
  s->generation = (guint64) store_rows_int (rows, 10);
  s->is_applied = store_rows_int (rows, 11) == (gint64) s->generation;
  s->created_ms = store_rows_int (rows, 12);
  return s;
}

static gpointer
read_forward (StoreRows *rows)
{
  VmmForward *f = g_new0 (VmmForward, 1);
  char **texts[] = { &f->id,     &f->account_id, &f->nat_gateway_id, &f->table_id,
                     &f->vpc_id, &f->name,       &f->eip_id,         &f->protocol };

  for (guint t = 0; t < G_N_ELEMENTS (texts); t++)
    *texts[t] = store_rows_string (rows, (int) t);
  f->ip = vmm_address_format ((guint32) store_rows_int (rows, 8));
  f->external_min = (int) store_rows_int (rows, 9);
  f->external_max = (int) store_rows_int (rows, 10);
  f->internal_ip = vmm_address_format ((guint32) store_rows_int (rows, 11));
  f->internal_min = (int) store_rows_int (rows, 12);
  f->internal_max = (int) store_rows_int (rows, 13);
  f->generation = (guint64) store_rows_int (rows, 14);
  f->is_applied = store_rows_int (rows, 15) == (gint64) f->generation;
  f->created_ms = store_rows_int (rows, 16);
  return f;
}

/* The first row, or NotFound by @code. */
static gpointer
read_one (StoreRows *rows, StoreReadFunc read, VmmError code, const char *id, GError **error)
{
  g_autoptr (StoreRows) own = rows;
  g_autoptr (GError) local = NULL;

  if (own == NULL)
    return NULL;
  if (store_rows_next (own, &local))
    return read (own);
  if (local != NULL)
    g_propagate_error (error, g_steal_pointer (&local));
  else
    vmm_fail (error, code, "the specified '%s' does not exist", id);
  return NULL;
}

gboolean
store_snat_insert (StoreTxn *txn, const VmmSnat *s, GError **error)
{
  g_autoptr (GError) local = NULL;

  if (store_exec (
          txn, &local,
          "INSERT INTO snat_entry (id, account_id, nat_gateway_id, vpc_id, source_cidr,"
          " source_vswitch_id, eip_id, name, created_ms) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
          "ssssssssi", s->id, s->account_id, s->nat_gateway_id, s->vpc_id, s->source_cidr,
          s->source_vswitch_id, s->eip_id, s->name, s->created_ms)
      > 0)
    return TRUE;
  if (store_error_is_duplicate (local))
    return vmm_fail (error, VMM_ERROR_SNAT_EXISTS, "the VPC has an SNAT entry for %s already",
                     s->source_cidr);
  g_propagate_error (error, g_steal_pointer (&local));
  return FALSE;
}

VmmSnat *
store_snat_get (StoreTxn *txn, const char *account_id, const char *table_id, const char *id,
                GError **error)
{
  return read_one (store_query (txn, error,
                                "SELECT " SNAT_COLUMNS " FROM " SNAT_TABLE
                                " WHERE s.id=? AND n.snat_table_id=? AND s.account_id=?",
                                "sss", id, table_id, account_id),
                   read_snat, VMM_ERROR_SNAT_NOT_FOUND, id, error);
}

GPtrArray *
store_snat_list (StoreTxn *txn, const char *account_id, const VmmSnatQuery *q, const VmmPage *page,
                 VmmPageInfo *info, GError **error)
{
  g_auto (StoreFilter) filter = { NULL, NULL };

  store_filter_init (&filter, "s.account_id=?", account_id);
  store_filter_string (&filter, "s.id=?", q->id);
  store_filter_string (&filter, "n.snat_table_id=?", q->table_id);
  store_filter_string (&filter, "s.nat_gateway_id=?", q->nat_gateway_id);
  store_filter_wildcard (&filter, "s.name", q->name);
  store_filter_address (&filter, "e.ip=?", q->ip);
  store_filter_string (&filter, "s.source_cidr=?", q->source_cidr);
  store_filter_string (&filter, "s.source_vswitch_id=?", q->source_vswitch_id);
  return store_list (txn, SNAT_COLUMNS, SNAT_TABLE, "s.seq", &filter, page, info, read_snat,
                     (GDestroyNotify) vmm_snat_free, error);
}

GPtrArray *
store_snat_list_vpc (StoreTxn *txn, const char *vpc_id, GError **error)
{
  g_autoptr (StoreRows) rows = store_query (
      txn, error, "SELECT " SNAT_COLUMNS " FROM " SNAT_TABLE " WHERE s.vpc_id=? ORDER BY s.seq",
      "s", vpc_id);

  return rows != NULL ? store_read_all (rows, read_snat, (GDestroyNotify) vmm_snat_free, error)
                      : NULL;
}

gboolean
store_snat_update (StoreTxn *txn, const VmmSnat *s, GError **error)
{
  return store_exec (txn, error,
                     "UPDATE snat_entry SET name=?1, generation=generation + (eip_id<>?2),"
                     " eip_id=?2 WHERE id=?3",
                     "sss", s->name, s->eip_id, s->id)
         > 0;
}

gboolean
store_snat_delete (StoreTxn *txn, const char *id, GError **error)
{
  return store_exec (txn, error, "DELETE FROM snat_entry WHERE id=?", "s", id) > 0;
}

gboolean
store_snat_set_applied (StoreTxn *txn, const char *id, guint64 generation, GError **error)
{
  return store_exec (txn, error, "UPDATE snat_entry SET applied=? WHERE id=? AND applied<>?", "isi",
                     (gint64) generation, id, (gint64) generation)
         >= 0;
}

/* All but the ids and the time. */
#define FORWARD_SET                                                                                \
  "eip_id=?, protocol=?, external_min=?, external_max=?, internal_ip=?, internal_min=?,"           \
  " internal_max=?, name=?"

static guint32
address_of (const char *text)
{
  guint32 address = 0;

  g_return_val_if_fail (vmm_address_parse (text, &address), 0);
  return address;
}

gboolean
store_forward_insert (StoreTxn *txn, const VmmForward *f, GError **error)
{
  return store_exec (
             txn, error,
             "INSERT INTO forward_entry (id, account_id, nat_gateway_id, vpc_id, eip_id, protocol,"
             " external_min, external_max, internal_ip, internal_min, internal_max, name,"
             " created_ms) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
             "ssssssiiiiisi", f->id, f->account_id, f->nat_gateway_id, f->vpc_id, f->eip_id,
             f->protocol, (gint64) f->external_min, (gint64) f->external_max,
             (gint64) address_of (f->internal_ip), (gint64) f->internal_min,
             (gint64) f->internal_max, f->name, f->created_ms)
         > 0;
}

VmmForward *
store_forward_get (StoreTxn *txn, const char *account_id, const char *table_id, const char *id,
                   GError **error)
{
  return read_one (store_query (txn, error,
                                "SELECT " FORWARD_COLUMNS " FROM " FORWARD_TABLE
                                " WHERE f.id=? AND n.forward_table_id=? AND f.account_id=?",
                                "sss", id, table_id, account_id),
                   read_forward, VMM_ERROR_FORWARD_NOT_FOUND, id, error);
}

GPtrArray *
store_forward_list (StoreTxn *txn, const char *account_id, const VmmForwardQuery *q,
                    const VmmPage *page, VmmPageInfo *info, GError **error)
{
  g_auto (StoreFilter) filter = { NULL, NULL };

  store_filter_init (&filter, "f.account_id=?", account_id);
  store_filter_string (&filter, "f.id=?", q->id);
  store_filter_string (&filter, "n.forward_table_id=?", q->table_id);
  store_filter_string (&filter, "f.nat_gateway_id=?", q->nat_gateway_id);
  store_filter_wildcard (&filter, "f.name", q->name);
  store_filter_address (&filter, "e.ip=?", q->ip);
  store_filter_address (&filter, "f.internal_ip=?", q->internal_ip);
  store_filter_string (&filter, "f.protocol=?", q->protocol);
  if (q->external_port >= 0)
    store_filter_int (&filter, "f.external_min=?", q->external_port);
  if (q->internal_port >= 0)
    store_filter_int (&filter, "f.internal_min=?", q->internal_port);
  return store_list (txn, FORWARD_COLUMNS, FORWARD_TABLE, "f.seq", &filter, page, info,
                     read_forward, (GDestroyNotify) vmm_forward_free, error);
}

GPtrArray *
store_forward_list_vpc (StoreTxn *txn, const char *vpc_id, GError **error)
{
  g_autoptr (StoreRows) rows = store_query (txn, error,
                                            "SELECT " FORWARD_COLUMNS " FROM " FORWARD_TABLE
                                            " WHERE f.vpc_id=? ORDER BY f.seq",
                                            "s", vpc_id);

  return rows != NULL
             ? store_read_all (rows, read_forward, (GDestroyNotify) vmm_forward_free, error)
             : NULL;
}

gboolean
store_forward_update (StoreTxn *txn, const VmmForward *f, GError **error)
{
  return store_exec (txn, error,
                     "UPDATE forward_entry SET " FORWARD_SET ", generation=generation + 1 WHERE"
                     " id=?",
                     "ssiiiiiss", f->eip_id, f->protocol, (gint64) f->external_min,
                     (gint64) f->external_max, (gint64) address_of (f->internal_ip),
                     (gint64) f->internal_min, (gint64) f->internal_max, f->name, f->id)
         > 0;
}

gboolean
store_forward_delete (StoreTxn *txn, const char *id, GError **error)
{
  return store_exec (txn, error, "DELETE FROM forward_entry WHERE id=?", "s", id) > 0;
}

gboolean
store_forward_set_applied (StoreTxn *txn, const char *id, guint64 generation, GError **error)
{
  return store_exec (txn, error, "UPDATE forward_entry SET applied=? WHERE id=? AND applied<>?",
                     "isi", (gint64) generation, id, (gint64) generation)
         >= 0;
}
