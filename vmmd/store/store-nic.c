/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Network interfaces and the addresses they hold. */
#include "config.h"

#include "store-db.h"
#include "store-nic.h"
#include "vmm-error.h"
#include "vmm-instance.h"

/* One row an interface, with what there may be several of gathered into texts: in the order of the
 * index that finds them, so groups by position and addresses by value. Sorting them by a word of
 * SQL would cost a list of instances half as much again. */
#define GROUPS "(SELECT group_concat (group_id) FROM nic_group WHERE nic_id=n.id)"
#define IPS "(SELECT group_concat (ip) FROM nic_ip WHERE nic_id=n.id AND is_primary=0)"
#define IPS6 "(SELECT group_concat (ip) FROM nic_ip6 WHERE nic_id=n.id)"
#define NIC_COLUMNS                                                                                \
  "n.id, n.account_id, n.instance_id, n.vpc_id, n.vswitch_id, n.mac, n.name, n.description, "      \
  "n.reason, n.state, n.ip, n.idx, v.idx, n.is_primary, n.delete_with_instance, n.created_ms, "    \
  "n.deadline_ms, n.generation, " GROUPS ", " IPS ", " IPS6
#define NIC_TABLE "nic n JOIN vpc v ON v.id=n.vpc_id"
#define NIC_SELECT "SELECT " NIC_COLUMNS " FROM " NIC_TABLE " WHERE "
#define NIC_KEYS "n.is_primary DESC, n.idx"
#define NIC_ORDER " ORDER BY " NIC_KEYS

/* The texts of "a,b,c"; none of SQL NULL. */
static GPtrArray *
read_texts (StoreRows *rows, int column)
{
  g_autofree char *text = store_rows_string (rows, column);
  g_auto (GStrv) parts = g_strsplit (text != NULL ? text : "", ",", -1);
  GPtrArray *texts = g_ptr_array_new_with_free_func (g_free);

  for (guint i = 0; parts[i] != NULL; i++)
    g_ptr_array_add (texts, g_strdup (parts[i]));
  return texts;
}

static GPtrArray *
read_addresses (StoreRows *rows, int column)
{
  g_autoptr (GPtrArray) numbers = read_texts (rows, column);
  GPtrArray *texts = g_ptr_array_new_with_free_func (g_free);

  for (guint i = 0; i < numbers->len; i++)
    {
      guint64 ip = 0;

      if (g_ascii_string_to_unsigned (numbers->pdata[i], 10, 0, G_MAXUINT32, &ip, NULL))
        g_ptr_array_add (texts, vmm_address_format ((guint32) ip));
    }
  return texts;
}

static gpointer
read_nic (StoreRows *rows)
{
  VmmNic *nic = g_new0 (VmmNic, 1);
  g_autofree char *state = store_rows_string (rows, 9);
  char **texts[] = { &nic->id,  &nic->account_id, &nic->instance_id, &nic->vpc_id, &nic->vswitch_id,
                     &nic->mac, &nic->name,       &nic->description, &nic->reason };

  for (guint t = 0; t < G_N_ELEMENTS (texts); t++)
    *texts[t] = store_rows_string (rows, (int) t);
  vmm_nic_state_from_string (state, &nic->state);
  nic->ip = vmm_address_format ((guint32) store_rows_int (rows, 10));
  nic->index = (guint32) store_rows_int (rows, 11);
  nic->vpc_index = (guint32) store_rows_int (rows, 12);
  nic->is_primary = store_rows_int (rows, 13) != 0;
  nic->delete_with_instance = store_rows_int (rows, 14) != 0;
  nic->created_ms = store_rows_int (rows, 15);
  nic->deadline_ms = store_rows_int (rows, 16);
  nic->generation = (guint64) store_rows_int (rows, 17);
  nic->group_ids = read_texts (rows, 18);
  nic->ips = read_addresses (rows, 19);
  nic->ips6 = read_texts (rows, 20);
  return nic;
}

static GPtrArray *
read_nics (StoreRows *rows, GError **error)
{
  g_autoptr (StoreRows) own = rows;

  return own != NULL ? store_read_all (own, read_nic, (GDestroyNotify) vmm_nic_free, error) : NULL;
}

/* The primary key of nic_ip is what keeps an address from being given twice. */
static gboolean
insert_ip (StoreTxn *txn, const VmmNic *nic, guint32 ip, gboolean is_primary, GError **error)
{
  g_autoptr (GError) local = NULL;
  g_autofree char *text = NULL;

  if (store_exec (txn, &local,
                  "INSERT INTO nic_ip (vpc_id, ip, nic_id, is_primary) VALUES (?, ?, ?, ?)", "sisi",
                  nic->vpc_id, (gint64) ip, nic->id, (gint64) is_primary)
      >= 0)
    return TRUE;
  text = vmm_address_format (ip);
  if (store_error_is_duplicate (local))
    return vmm_fail (error, VMM_ERROR_PRIVATE_IP_USED, "the address %s is taken in %s", text,
                     nic->vpc_id);
  g_propagate_error (error, g_steal_pointer (&local));
  return FALSE;
}

static gboolean
insert_ips (StoreTxn *txn, const VmmNic *nic, GError **error)
{
  guint32 ip = 0;

  g_return_val_if_fail (vmm_address_parse (nic->ip, &ip), FALSE);
  if (!insert_ip (txn, nic, ip, TRUE, error))
    return FALSE;
  for (guint i = 0; nic->ips != NULL && i < nic->ips->len; i++)
    if (!vmm_address_parse (nic->ips->pdata[i], &ip) || !insert_ip (txn, nic, ip, FALSE, error))
      return FALSE;
  return TRUE;
}

gboolean
store_nic_insert (StoreTxn *txn, const char *host_id, VmmNic *nic, GError **error)
{
  gint64 index = 0;
  guint32 ip = 0;

  g_return_val_if_fail (vmm_address_parse (nic->ip, &ip), FALSE);
  if (store_exec (txn, error,
                  "INSERT INTO nic (id, account_id, host_id, instance_id, vpc_id, vswitch_id, mac,"
                  " ip, state, is_primary, name, description, delete_with_instance, created_ms)"
                  " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                  "sssssssisissii", nic->id, nic->account_id,
                  nic->state == VMM_NIC_AVAILABLE ? "" : host_id, nic->instance_id, nic->vpc_id,
                  nic->vswitch_id, nic->mac, (gint64) ip, vmm_nic_state_to_string (nic->state),
                  (gint64) nic->is_primary, nic->name != NULL ? nic->name : "",
                  nic->description != NULL ? nic->description : "",
                  (gint64) nic->delete_with_instance, nic->created_ms)
          < 0
      || !store_query_int (txn, &index, error, "SELECT last_insert_rowid()", "")
      || !insert_ips (txn, nic, error))
    return FALSE;
  nic->index = (guint32) index;
  nic->generation = 1;
  for (guint i = 0; i < nic->group_ids->len; i++)
    if (store_exec (txn, error,
                    "INSERT INTO nic_group (nic_id, position, group_id) VALUES (?, ?, ?)", "sis",
                    nic->id, (gint64) i, (const char *) g_ptr_array_index (nic->group_ids, i))
        < 0)
      return FALSE;
  return TRUE;
}

gboolean
store_nic_new_mac (StoreTxn *txn, char **out, GError **error)
{
  gint64 taken = 1;
  g_autofree char *mac = NULL;

  while (taken != 0)
    {
      guint32 low = g_random_int () & 0xffffff;

      g_free (mac);
      mac = g_strdup_printf ("00:16:3e:%02x:%02x:%02x", low >> 16, low >> 8 & 255, low & 255);
      if (!store_query_int (txn, &taken, error, "SELECT count(*) FROM nic WHERE mac=?", "s", mac))
        return FALSE;
    }
  *out = g_steal_pointer (&mac);
  return TRUE;
}

gboolean
store_nic_free_address (StoreTxn *txn, const char *vpc_id, guint32 first, guint32 last,
                        guint32 *out, GError **error)
{
  g_autoptr (GError) local = NULL;
  gint64 highest = -1, gap = 0;

  *out = 0;
  if (first > last)
    return TRUE; /* a range too small for any instance */
  if (!store_query_int (
          txn, &highest, error,
          "SELECT coalesce (max (ip), -1) FROM nic_ip WHERE vpc_id=? AND ip BETWEEN ? AND ?", "sii",
          vpc_id, (gint64) first, (gint64) last))
    return FALSE;
  if (highest < (gint64) last)
    {
      *out = highest < 0 ? first : (guint32) highest + 1;
      return TRUE;
    }
  if (store_query_int (txn, &gap, &local,
                       "SELECT min (a) FROM (SELECT ?2 AS a UNION ALL SELECT ip + 1 FROM nic_ip"
                       " WHERE vpc_id=?1 AND ip BETWEEN ?2 AND ?3 - 1) WHERE NOT EXISTS"
                       " (SELECT 1 FROM nic_ip WHERE vpc_id=?1 AND ip=a)",
                       "sii", vpc_id, (gint64) first, (gint64) last))
    *out = (guint32) gap;
  if (local != NULL)
    g_propagate_error (error, g_steal_pointer (&local));
  return local == NULL;
}

gboolean
store_nic_count_addresses (StoreTxn *txn, const char *vpc_id, guint32 first, guint32 last,
                           guint *out, GError **error)
{
  gint64 count = 0;

  if (!store_query_int (txn, &count, error,
                        "SELECT count(*) FROM nic_ip WHERE vpc_id=? AND ip BETWEEN ? AND ?", "sii",
                        vpc_id, (gint64) first, (gint64) last))
    return FALSE;
  *out = (guint) count;
  return TRUE;
}

gboolean
store_nic_add_address (StoreTxn *txn, const VmmNic *nic, guint32 ip, GError **error)
{
  return insert_ip (txn, nic, ip, FALSE, error) && store_nic_touch (txn, nic->id, error);
}

gboolean
store_nic_remove_address (StoreTxn *txn, const VmmNic *nic, guint32 ip, gboolean *out_removed,
                          GError **error)
{
  int changes = store_exec (
      txn, error, "DELETE FROM nic_ip WHERE vpc_id=? AND ip=? AND nic_id=? AND is_primary=0", "sis",
      nic->vpc_id, (gint64) ip, nic->id);

  *out_removed = changes > 0;
  return changes >= 0 && store_nic_touch (txn, nic->id, error);
}

GPtrArray *
store_nic_list (StoreTxn *txn, const char *instance_id, GError **error)
{
  return read_nics (
      store_query (txn, error, NIC_SELECT "n.instance_id=?" NIC_ORDER, "s", instance_id), error);
}

GPtrArray *
store_nic_list_host (StoreTxn *txn, const char *host_id, GError **error)
{
  return read_nics (store_query (txn, error, NIC_SELECT "n.host_id=?" NIC_ORDER, "s", host_id),
                    error);
}

VmmNic *
store_nic_get (StoreTxn *txn, const char *id, GError **error)
{
  g_autoptr (GPtrArray) nics
      = read_nics (store_query (txn, error, NIC_SELECT "n.id=?", "s", id), error);

  return nics != NULL && nics->len > 0 ? g_ptr_array_steal_index (nics, 0) : NULL;
}

VmmNic *
store_nic_find (StoreTxn *txn, const char *account_id, const char *id, GError **error)
{
  g_autoptr (GError) local = NULL;
  g_autoptr (VmmNic) nic = store_nic_get (txn, id, &local);

  if (local != NULL)
    g_propagate_error (error, g_steal_pointer (&local));
  else if (nic == NULL || !g_str_equal (nic->account_id, account_id))
    vmm_fail (error, VMM_ERROR_NIC_NOT_FOUND, "the specified '%s' does not exist", id);
  else
    return g_steal_pointer (&nic);
  return NULL;
}

gboolean
store_nic_fill (StoreTxn *txn, GPtrArray *instances, GError **error)
{
  static const StoreFill fill = { .select = NIC_SELECT "TRUE",
                                  .column = "n.instance_id",
                                  .order = NIC_KEYS,
                                  .read = read_nic,
                                  .free_func = (GDestroyNotify) vmm_nic_free,
                                  .owner_id = G_STRUCT_OFFSET (VmmInstance, id),
                                  .list = G_STRUCT_OFFSET (VmmInstance, nics),
                                  .owner = G_STRUCT_OFFSET (VmmNic, instance_id) };

  return store_fill (txn, &fill, instances, error);
}

static void
filter_nic_status (StoreFilter *filter, const char *wire)
{
  const char *states[VMM_NIC_STATE_LAST + 1] = { NULL };
  guint n = 0;

  if (wire == NULL || *wire == '\0')
    return;
  for (guint s = 0; s < VMM_NIC_STATE_LAST; s++)
    if (g_strcmp0 (vmm_nic_state_wire (s), wire) == 0)
      states[n++] = vmm_nic_state_to_string (s);
  if (n == 0)
    states[n++] = "none";
  store_filter_in (filter, "n.state", states);
}

GPtrArray *
store_nic_page (StoreTxn *txn, const char *account_id, const VmmNicQuery *q, const VmmPage *page,
                VmmPageInfo *info, GError **error)
{
  g_auto (StoreFilter) filter = { NULL, NULL };

  store_filter_init (&filter, "n.account_id=?", account_id);
  store_filter_tags (&filter, "n.id", VMM_TAG_NIC, account_id, &q->tags);
  store_filter_in (&filter, "n.id", q->ids);
  store_filter_wildcard (&filter, "n.name", q->name);
  store_filter_string (&filter, "n.instance_id=?", q->instance_id);
  store_filter_string (&filter, "n.vpc_id=?", q->vpc_id);
  store_filter_string (&filter, "n.vswitch_id=?", q->vswitch_id);
  store_filter_string (&filter, "n.id IN (SELECT nic_id FROM nic_group WHERE group_id=?)",
                       q->group_id);
  store_filter_addresses (&filter, "n.id IN (SELECT nic_id FROM nic_ip WHERE ip IN", q->private_ips,
                          ")");
  filter_nic_status (&filter, q->status);
  store_filter_address (&filter, "n.ip=?", q->primary_ip);
  if (q->is_primary >= 0)
    store_filter_int (&filter, "n.is_primary=?", q->is_primary);
  return store_list (txn, NIC_COLUMNS, NIC_TABLE, "n.idx", &filter, page, info, read_nic,
                     (GDestroyNotify) vmm_nic_free, error);
}

GPtrArray *
store_nic_deleting (StoreTxn *txn, GError **error)
{
  return store_read_ids (
      store_query (txn, error, "SELECT id FROM nic WHERE deadline_ms > 0 AND state='deleting'", ""),
      error);
}

char *
store_nic_find_instance (StoreTxn *txn, guint32 vpc_index, guint32 ip, GError **error)
{
  g_autoptr (StoreRows) rows
      = store_query (txn, error,
                     "SELECT n.instance_id FROM vpc v JOIN nic_ip p ON p.vpc_id=v.id"
                     " JOIN nic n ON n.id=p.nic_id WHERE v.idx=? AND p.ip=? AND n.instance_id<>''",
                     "ii", (gint64) vpc_index, (gint64) ip);

  return rows != NULL && store_rows_next (rows, error) ? store_rows_string (rows, 0) : NULL;
}
