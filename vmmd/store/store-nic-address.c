/* SPDX-License-Identifier: GPL-2.0-or-later */
/* IPv6 addresses of interfaces, and sums over addresses. */
#include "config.h"

#include "store-db.h"
#include "store-nic.h"
#include "vmm-error.h"

/* The primary key of nic_ip6 is what keeps an address from being given twice. */
gboolean
store_nic_add_address6 (StoreTxn *txn, const VmmNic *nic, const char *ip, GError **error)
{
  g_autoptr (GError) local = NULL;

  if (store_exec (txn, &local, "INSERT INTO nic_ip6 (vpc_id, ip, nic_id) VALUES (?, ?, ?)", "sss",
                  nic->vpc_id, ip, nic->id)
      > 0)
    return store_nic_touch (txn, nic->id, error);
  if (store_error_is_duplicate (local))
    return vmm_fail (error, VMM_ERROR_NIC_ADDRESS_ASSIGNED, "the address %s is taken in %s", ip,
                     nic->vpc_id);
  g_propagate_error (error, g_steal_pointer (&local));
  return FALSE;
}

gboolean
store_nic_remove_address6 (StoreTxn *txn, const VmmNic *nic, const char *ip, gboolean *out_removed,
                           GError **error)
{
  int changes
      = store_exec (txn, error, "DELETE FROM nic_ip6 WHERE nic_id=? AND ip=?", "ss", nic->id, ip);

  *out_removed = changes > 0;
  return changes == 0 || (changes > 0 && store_nic_touch (txn, nic->id, error));
}

static gboolean
count (StoreTxn *txn, guint *out, GError **error, const char *sql, const char *id)
{
  gint64 number = 0;

  if (!store_query_int (txn, &number, error, sql, "s", id))
    return FALSE;
  *out = (guint) number;
  return TRUE;
}

gboolean
store_nic_count_addresses6 (StoreTxn *txn, const char *vswitch_id, guint *out, GError **error)
{
  return count (txn, out, error,
                "SELECT count(*) FROM nic_ip6 a JOIN nic n ON n.id=a.nic_id WHERE n.vswitch_id=?",
                vswitch_id);
}

gboolean
store_nic_count_members (StoreTxn *txn, const char *group_id, guint *out, GError **error)
{
  return count (txn, out, error,
                "SELECT count(*) FROM nic_group g JOIN nic_ip a ON a.nic_id=g.nic_id"
                " WHERE g.group_id=?",
                group_id);
}
