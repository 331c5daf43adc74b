/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Network interfaces and the addresses they hold. */
#include "config.h"

#include "store-db.h"
#include "store-network.h"
#include "vmm-error.h"
#include "vmm-instance.h"

#define NIC_COLUMNS                                                                                \
  "n.id, n.account_id, n.instance_id, n.vpc_id, n.vswitch_id, n.mac, n.ip, n.idx, v.idx"
#define NIC_TABLE "nic n JOIN vpc v ON v.id=n.vpc_id"
/* A row for each group of each interface, so that one statement reads all. */
#define NIC_SELECT                                                                                 \
  "SELECT " NIC_COLUMNS ", g.group_id FROM " NIC_TABLE " LEFT JOIN nic_group g ON g.nic_id=n.id"   \
  " WHERE "
#define NIC_ORDER " ORDER BY n.idx, g.position"
#define INDEX_COLUMN 7
#define GROUP_COLUMN 9

static VmmNic *
read_nic (StoreRows *rows)
{
  VmmNic *nic = g_new0 (VmmNic, 1);

  nic->id = store_rows_string (rows, 0);
  nic->account_id = store_rows_string (rows, 1);
  nic->instance_id = store_rows_string (rows, 2);
  nic->vpc_id = store_rows_string (rows, 3);
  nic->vswitch_id = store_rows_string (rows, 4);
  nic->mac = store_rows_string (rows, 5);
  nic->ip = vmm_address_format ((guint32) store_rows_int (rows, 6));
  nic->index = (guint32) store_rows_int (rows, INDEX_COLUMN);
  nic->vpc_index = (guint32) store_rows_int (rows, 8);
  nic->group_ids = g_ptr_array_new_with_free_func (g_free);
  return nic;
}

/* The primary key of nic_ip is what keeps an address from being given twice. */
static gboolean
insert_ip (StoreTxn *txn, const VmmNic *nic, guint32 ip, gboolean is_primary, GError **error)
{
  g_autoptr (GError) local = NULL;

  if (store_exec (txn, &local,
                  "INSERT INTO nic_ip (vpc_id, ip, nic_id, is_primary) VALUES (?, ?, ?, ?)", "sisi",
                  nic->vpc_id, (gint64) ip, nic->id, (gint64) is_primary)
      >= 0)
    return TRUE;
  if (store_error_is_duplicate (local))
    return vmm_fail (error, VMM_ERROR_PRIVATE_IP_USED, "the address %s is taken in %s", nic->ip,
                     nic->vpc_id);
  g_propagate_error (error, g_steal_pointer (&local));
  return FALSE;
}

gboolean
store_nic_insert (StoreTxn *txn, const char *host_id, VmmNic *nic, GError **error)
{
  gint64 index = 0;
  guint32 ip = 0;

  g_return_val_if_fail (vmm_address_parse (nic->ip, &ip), FALSE);
  if (store_exec (txn, error,
                  "INSERT INTO nic (id, account_id, host_id, instance_id, vpc_id, vswitch_id, mac,"
                  " ip) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                  "sssssssi", nic->id, nic->account_id, host_id, nic->instance_id, nic->vpc_id,
                  nic->vswitch_id, nic->mac, (gint64) ip)
          < 0
      || !store_query_int (txn, &index, error, "SELECT last_insert_rowid()", "")
      || !insert_ip (txn, nic, ip, TRUE, error))
    return FALSE;
  nic->index = (guint32) index;
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

guint
store_nic_count (StoreTxn *txn, const char *vswitch_id, GError **error)
{
  gint64 count = 0;

  store_query_int (txn, &count, error, "SELECT count(*) FROM nic WHERE vswitch_id=?", "s",
                   vswitch_id);
  return (guint) count;
}

static GPtrArray *
read_nics (StoreRows *rows, GError **error)
{
  g_autoptr (StoreRows) own = rows;
  g_autoptr (GPtrArray) nics = g_ptr_array_new_with_free_func ((GDestroyNotify) vmm_nic_free);
  g_autoptr (GError) local = NULL;
  VmmNic *nic = NULL;

  while (own != NULL && store_rows_next (own, &local))
    {
      char *group = store_rows_string (own, GROUP_COLUMN);

      if (nic == NULL || nic->index != (guint32) store_rows_int (own, INDEX_COLUMN))
        {
          nic = read_nic (own);
          g_ptr_array_add (nics, nic);
        }
      if (group != NULL)
        g_ptr_array_add (nic->group_ids, group);
    }
  if (local != NULL)
    g_propagate_error (error, g_steal_pointer (&local));
  else if (own != NULL)
    return g_steal_pointer (&nics);
  return NULL;
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

gboolean
store_nic_fill (StoreTxn *txn, GPtrArray *instances, GError **error)
{
  g_auto (StoreFilter) filter = { NULL, NULL };
  g_autoptr (GHashTable) by_id = g_hash_table_new (g_str_hash, g_str_equal);
  g_autofree const char **ids = g_new0 (const char *, instances->len + 1);
  g_autoptr (GPtrArray) nics = NULL;
  g_autofree char *sql = NULL;

  if (instances->len == 0)
    return TRUE;
  for (guint i = 0; i < instances->len; i++)
    {
      VmmInstance *instance = g_ptr_array_index (instances, i);

      instance->nics = g_ptr_array_new_with_free_func ((GDestroyNotify) vmm_nic_free);
      ids[i] = instance->id;
      g_hash_table_insert (by_id, instance->id, instance);
    }
  store_filter_init (&filter, "TRUE", NULL);
  store_filter_in (&filter, "n.instance_id", ids);
  sql = g_strconcat (NIC_SELECT, filter.where->str, NIC_ORDER, NULL);
  nics = read_nics (store_query_array (txn, error, sql, filter.args), error);
  if (nics == NULL)
    return FALSE;
  g_ptr_array_set_free_func (nics, NULL);
  for (guint i = 0; i < nics->len; i++)
    {
      VmmNic *nic = g_ptr_array_index (nics, i);
      VmmInstance *instance = g_hash_table_lookup (by_id, nic->instance_id);

      g_ptr_array_add (instance->nics, nic);
    }
  return TRUE;
}

char *
store_nic_find_instance (StoreTxn *txn, guint32 vpc_index, guint32 ip, GError **error)
{
  g_autoptr (StoreRows) rows
      = store_query (txn, error, "SELECT n.instance_id FROM " NIC_TABLE " WHERE v.idx=? AND n.ip=?",
                     "ii", (gint64) vpc_index, (gint64) ip);

  return rows != NULL && store_rows_next (rows, error) ? store_rows_string (rows, 0) : NULL;
}

gboolean
store_nic_delete_of (StoreTxn *txn, const char *instance_id, GError **error)
{
  static const char *const statements[] = {
    "DELETE FROM nic_group WHERE nic_id IN (SELECT id FROM nic WHERE instance_id=?)",
    "DELETE FROM nic_ip WHERE nic_id IN (SELECT id FROM nic WHERE instance_id=?)",
    "DELETE FROM nic_ip6 WHERE nic_id IN (SELECT id FROM nic WHERE instance_id=?)",
    "DELETE FROM nic WHERE instance_id=?",
  };

  for (guint i = 0; i < G_N_ELEMENTS (statements); i++)
    if (store_exec (txn, error, statements[i], "s", instance_id) < 0)
      return FALSE;
  return TRUE;
}

gboolean
store_vpc_is_in_use (StoreTxn *txn, const char *vpc_id, const char *host_id, gboolean *out,
                     GError **error)
{
  gint64 found = 0;

  if (!store_query_int (txn, &found, error,
                        "SELECT EXISTS (SELECT 1 FROM nic WHERE vpc_id=? AND host_id=?)", "ss",
                        vpc_id, host_id))
    return FALSE;
  *out = found != 0;
  return TRUE;
}

gboolean
store_group_is_in_use (StoreTxn *txn, const char *group_id, const char *host_id, gboolean *out,
                       GError **error)
{
  gint64 found = 0;

  if (!store_query_int (txn, &found, error,
                        "SELECT EXISTS (SELECT 1 FROM nic_group g JOIN nic n ON n.id=g.nic_id"
                        " WHERE g.group_id=? AND n.host_id=?)",
                        "ss", group_id, host_id))
    return FALSE;
  *out = found != 0;
  return TRUE;
}

VmmNic *
store_nic_get (StoreTxn *txn, const char *id, GError **error)
{
  g_autoptr (GPtrArray) nics
      = read_nics (store_query (txn, error, NIC_SELECT "n.id=?" NIC_ORDER, "s", id), error);

  return nics != NULL && nics->len > 0 ? g_ptr_array_steal_index (nics, 0) : NULL;
}
