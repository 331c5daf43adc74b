/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Public addresses. */
#include "config.h"

#include "store-db.h"
#include "store-eip.h"
#include "vmm-error.h"
#include "vmm-nic.h"

#define TEXTS                                                                                      \
  "id, account_id, name, description, charge_type, target_type, target_id, vpc_id, nic_id, reason"
#define N_TEXTS 10
#define COLUMNS TEXTS ", state, ip, is_plain, bandwidth_mbit, private_ip, created_ms, deadline_ms"
#define SELECT "SELECT " COLUMNS " FROM eip WHERE "

static gpointer
read_eip (StoreRows *rows)
{
  VmmEip *e = g_new0 (VmmEip, 1);
  g_autofree char *state = store_rows_string (rows, N_TEXTS);
  gint64 private_ip = store_rows_int (rows, 14);
  char **texts[N_TEXTS]
      = { &e->id,          &e->account_id, &e->name,   &e->description, &e->charge_type,
          &e->target_type, &e->target_id,  &e->vpc_id, &e->nic_id,      &e->reason };

  for (int t = 0; t < N_TEXTS; t++)
    *texts[t] = store_rows_string (rows, t);
  vmm_eip_state_from_string (state, &e->state);
  e->ip = vmm_address_format ((guint32) store_rows_int (rows, 11));
  e->is_plain = store_rows_int (rows, 12) != 0;
  e->bandwidth_mbit = (guint) store_rows_int (rows, 13);
  e->private_ip = private_ip != 0 ? vmm_address_format ((guint32) private_ip) : g_strdup ("");
  e->created_ms = store_rows_int (rows, 15);
  e->deadline_ms = store_rows_int (rows, 16);
  return e;
}

static GPtrArray *
read_eips (StoreRows *rows, GError **error)
{
  g_autoptr (StoreRows) own = rows;

  return own != NULL ? store_read_all (own, read_eip, (GDestroyNotify) vmm_eip_free, error) : NULL;
}

/* Of the two constraints: which one was broken. */
static gboolean
fail_duplicate (StoreTxn *txn, const GError *local, const char *ip, const char *private_ip,
                guint32 address, GError **error)
{
  gint64 taken = 0;

  if (!store_error_is_duplicate (local))
    {
      g_propagate_error (error, g_error_copy (local));
      return FALSE;
    }
  if (ip != NULL
      && !store_query_int (txn, &taken, error, "SELECT count(*) FROM eip WHERE ip=?", "i",
                           (gint64) address))
    return FALSE;
  if (taken != 0)
    return vmm_fail (error, VMM_ERROR_PUBLIC_IP_USED, "the public address %s is taken", ip);
  return vmm_fail (error, VMM_ERROR_EIP_DUPLICATED,
                   "the private address %s has a public address already", private_ip);
}

gboolean
store_eip_insert (StoreTxn *txn, const VmmEip *e, GError **error)
{
  g_autoptr (GError) local = NULL;
  guint32 ip = 0, private_ip = 0;

  g_return_val_if_fail (vmm_address_parse (e->ip, &ip), FALSE);
  if (*e->private_ip != '\0')
    g_return_val_if_fail (vmm_address_parse (e->private_ip, &private_ip), FALSE);
  return store_exec (txn, &local,
                     "INSERT INTO eip (" COLUMNS
                     ") VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                     "sssssssssssiiiiii", e->id, e->account_id, e->name, e->description,
                     e->charge_type, e->target_type, e->target_id, e->vpc_id, e->nic_id, e->reason,
                     vmm_eip_state_to_string (e->state), (gint64) ip, (gint64) e->is_plain,
                     (gint64) e->bandwidth_mbit, (gint64) private_ip, e->created_ms, e->deadline_ms)
             > 0
         || fail_duplicate (txn, local, e->ip, e->private_ip, ip, error);
}

VmmEip *
store_eip_get (StoreTxn *txn, const char *account_id, const char *id, GError **error)
{
  g_autoptr (GPtrArray) eips = read_eips (
      store_query (txn, error, SELECT "id=? AND account_id=? AND is_plain=0", "ss", id, account_id),
      error);

  if (eips == NULL)
    return NULL;
  if (eips->len > 0)
    return g_ptr_array_steal_index (eips, 0);
  vmm_fail (error, VMM_ERROR_EIP_NOT_FOUND, "the specified '%s' does not exist", id);
  return NULL;
}

VmmEip *
store_eip_get_plain (StoreTxn *txn, const char *account_id, const char *ip, GError **error)
{
  g_autoptr (GPtrArray) eips = NULL;
  guint32 address = 0;

  vmm_address_parse (ip, &address);
  eips = read_eips (store_query (txn, error, SELECT "ip=? AND account_id=? AND is_plain=1", "is",
                                 (gint64) address, account_id),
                    error);
  if (eips == NULL)
    return NULL;
  if (eips->len > 0)
    return g_ptr_array_steal_index (eips, 0);
  vmm_fail (error, VMM_ERROR_PUBLIC_IP_NOT_FOUND, "no instance has the public address '%s'", ip);
  return NULL;
}

static void
filter_status (StoreFilter *filter, const char *wire)
{
  const char *name = "none";

  if (wire == NULL || *wire == '\0')
    return;
  for (guint s = 0; s < VMM_EIP_STATE_LAST; s++)
    if (g_strcmp0 (vmm_eip_state_wire (s), wire) == 0)
      name = vmm_eip_state_to_string (s);
  store_filter_string (filter, "state=?", name);
}

GPtrArray *
store_eip_list (StoreTxn *txn, const char *account_id, const VmmEipQuery *q, const VmmPage *page,
                VmmPageInfo *info, GError **error)
{
  g_auto (StoreFilter) filter = { NULL, NULL };

  store_filter_init (&filter, "is_plain=0 AND account_id=?", account_id);
  store_filter_tags (&filter, "id", VMM_TAG_EIP, account_id, &q->tags);
  store_filter_in (&filter, "id", q->ids);
  store_filter_addresses (&filter, "ip IN", q->ips, "");
  store_filter_wildcard (&filter, "name", q->name);
  filter_status (&filter, q->status);
  store_filter_string (&filter, "target_id=?", q->target_id);
  store_filter_string (&filter, "target_type=?", q->target_type);
  store_filter_string (&filter, "charge_type=?", q->charge_type);
  store_filter_string (&filter, "vpc_id=?", q->vpc_id);
  if (q->created_from_ms != 0)
    store_filter_int (&filter, "created_ms >= ?", q->created_from_ms);
  if (q->created_to_ms != 0)
    store_filter_int (&filter, "created_ms <= ?", q->created_to_ms);
  return store_list (txn, COLUMNS, "eip", "seq", &filter, page, info, read_eip,
                     (GDestroyNotify) vmm_eip_free, error);
}

GPtrArray *
store_eip_list_vpc (StoreTxn *txn, const char *vpc_id, GError **error)
{
  return read_eips (
      store_query (txn, error, SELECT "vpc_id=? AND vpc_id<>'' ORDER BY seq", "s", vpc_id), error);
}

GPtrArray *
store_eip_list_target (StoreTxn *txn, const char *target_id, GError **error)
{
  return read_eips (
      store_query (txn, error, SELECT "target_id=? AND target_id<>'' ORDER BY seq", "s", target_id),
      error);
}

GPtrArray *
store_eip_list_nic (StoreTxn *txn, const char *nic_id, GError **error)
{
  return read_eips (
      store_query (txn, error, SELECT "nic_id=? AND nic_id<>'' ORDER BY seq", "s", nic_id), error);
}

gboolean
store_eip_fill (StoreTxn *txn, GPtrArray *nics, GError **error)
{
  static const StoreFill fill = { .select = SELECT "nic_id<>''",
                                  .column = "nic_id",
                                  .order = "seq",
                                  .read = read_eip,
                                  .free_func = (GDestroyNotify) vmm_eip_free,
                                  .owner_id = G_STRUCT_OFFSET (VmmNic, id),
                                  .list = G_STRUCT_OFFSET (VmmNic, publics),
                                  .owner = G_STRUCT_OFFSET (VmmEip, nic_id) };

  return store_fill (txn, &fill, nics, error);
}

gboolean
store_eip_count (StoreTxn *txn, const char *account_id, guint *out, GError **error)
{
  gint64 count = 0;

  if (!store_query_int (txn, &count, error,
                        "SELECT count(*) FROM eip WHERE account_id=? AND is_plain=0", "s",
                        account_id))
    return FALSE;
  *out = (guint) count;
  return TRUE;
}

gboolean
store_eip_free_address (StoreTxn *txn, guint32 first, guint32 last, guint32 *out, GError **error)
{
  gint64 highest = -1, gap = 0;

  *out = 0;
  if (!store_query_int (txn, &highest, error,
                        "SELECT coalesce (max (ip), -1) FROM eip WHERE ip BETWEEN ? AND ?", "ii",
                        (gint64) first, (gint64) last))
    return FALSE;
  if (highest < (gint64) last)
    {
      *out = highest < 0 ? first : (guint32) highest + 1;
      return TRUE;
    }
  if (!store_query_int (txn, &gap, error,
                        "SELECT min (a) FROM (SELECT ?1 AS a UNION ALL SELECT ip + 1 FROM eip"
                        " WHERE ip BETWEEN ?1 AND ?2 - 1) WHERE NOT EXISTS"
                        " (SELECT 1 FROM eip WHERE ip=a)",
                        "ii", (gint64) first, (gint64) last))
    return FALSE;
  *out = (guint32) gap;
  return TRUE;
}

gboolean
store_eip_move (StoreTxn *txn, const char *id, const StoreEipMove *m, GError **error)
{
  g_autoptr (GError) local = NULL;
  int changes = store_exec (
      txn, &local,
      "UPDATE eip SET state=?, reason=?, deadline_ms=?, target_type=?, target_id=?, vpc_id=?,"
      " nic_id=?, private_ip=? WHERE id=? AND state=?",
      "ssissssiss", vmm_eip_state_to_string (m->to), m->reason != NULL ? m->reason : "",
      m->deadline_ms, m->target_type, m->target_id, m->vpc_id, m->nic_id, (gint64) m->private_ip,
      id, vmm_eip_state_to_string (m->from));
  g_autofree char *private_ip = NULL;

  if (changes > 0)
    return TRUE;
  if (changes == 0)
    return vmm_fail (error, VMM_ERROR_EIP_STATUS, "the address '%s' is not %s any more", id,
                     vmm_eip_state_wire (m->from));
  private_ip = vmm_address_format (m->private_ip);
  return fail_duplicate (txn, local, NULL, private_ip, 0, error);
}

gboolean
store_eip_update (StoreTxn *txn, const VmmEip *eip, GError **error)
{
  return store_exec (txn, error,
                     "UPDATE eip SET name=?, description=?, bandwidth_mbit=? WHERE id=?", "ssis",
                     eip->name, eip->description, (gint64) eip->bandwidth_mbit, eip->id)
         > 0;
}

gboolean
store_eip_postpone (StoreTxn *txn, const char *id, const char *reason, gint64 deadline_ms,
                    GError **error)
{
  return store_exec (txn, error, "UPDATE eip SET reason=?, deadline_ms=? WHERE id=? AND state=?",
                     "siss", reason, deadline_ms, id,
                     vmm_eip_state_to_string (VMM_EIP_UNASSOCIATING))
         >= 0;
}

gboolean
store_eip_delete (StoreTxn *txn, const char *id, GError **error)
{
  return store_exec (txn, error, "DELETE FROM eip WHERE id=?", "s", id) > 0;
}
