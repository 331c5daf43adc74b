/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Changing and removing network interfaces. */
#include "config.h"

#include "store-db.h"
#include "store-nic.h"
#include "vmm-error.h"

gboolean
store_nic_move (StoreTxn *txn, const VmmNic *nic, const StoreNicMove *move, GError **error)
{
  int changes
      = store_exec (txn, error,
                    "UPDATE nic SET state=?, reason=?, deadline_ms=?, instance_id=?, host_id=?"
                    " WHERE id=? AND state=?",
                    "ssissss", vmm_nic_state_to_string (move->to),
                    move->reason != NULL ? move->reason : "", move->deadline_ms, move->instance_id,
                    move->host_id, nic->id, vmm_nic_state_to_string (move->from));

  if (changes < 0)
    return FALSE;
  if (changes == 0)
    return vmm_fail (error, VMM_ERROR_NIC_STATUS, "interface '%s' is not %s any more", nic->id,
                     vmm_nic_state_to_string (move->from));
  /* On no host nothing of it is in force. */
  return *move->host_id != '\0'
         || store_exec (txn, error, "DELETE FROM net_applied WHERE object_id=?", "s", nic->id) >= 0;
}

/* Runs each of @statements on @id. */
static gboolean
run_all (StoreTxn *txn, const char *const *statements, guint n, const char *id, GError **error)
{
  for (guint i = 0; i < n; i++)
    if (store_exec (txn, error, statements[i], "s", id) < 0)
      return FALSE;
  return TRUE;
}

gboolean
store_nic_delete (StoreTxn *txn, const char *id, GError **error)
{
  static const char *const statements[] = {
    "DELETE FROM nic_group WHERE nic_id=?", "DELETE FROM nic_ip WHERE nic_id=?",
    "DELETE FROM nic_ip6 WHERE nic_id=?",   "DELETE FROM net_applied WHERE object_id=?",
    "DELETE FROM nic WHERE id=?",
  };

  return run_all (txn, statements, G_N_ELEMENTS (statements), id, error);
}

gboolean
store_nic_delete_of (StoreTxn *txn, const char *instance_id, GError **error)
{
#define OF_INSTANCE "(SELECT id FROM nic WHERE instance_id=?)"
  static const char *const statements[] = {
    "DELETE FROM nic_group WHERE nic_id IN " OF_INSTANCE,
    "DELETE FROM nic_ip WHERE nic_id IN " OF_INSTANCE,
    "DELETE FROM nic_ip6 WHERE nic_id IN " OF_INSTANCE,
    "DELETE FROM net_applied WHERE object_id IN " OF_INSTANCE,
    "DELETE FROM nic WHERE instance_id=?",
  };

  return run_all (txn, statements, G_N_ELEMENTS (statements), instance_id, error);
}

gboolean
store_nic_update (StoreTxn *txn, const VmmNic *nic, GError **error)
{
  return store_exec (
             txn, error, "UPDATE nic SET name=?, description=?, delete_with_instance=? WHERE id=?",
             "ssis", nic->name, nic->description, (gint64) nic->delete_with_instance, nic->id)
         > 0;
}

gboolean
store_nic_touch (StoreTxn *txn, const char *id, GError **error)
{
  return store_exec (txn, error, "UPDATE nic SET generation=generation+1 WHERE id=?", "s", id) > 0;
}

gboolean
store_nic_count_account (StoreTxn *txn, const char *account_id, guint *out, GError **error)
{
  gint64 count = 0;

  if (!store_query_int (txn, &count, error,
                        "SELECT count(*) FROM nic WHERE account_id=? AND is_primary=0", "s",
                        account_id))
    return FALSE;
  *out = (guint) count;
  return TRUE;
}

gboolean
store_nic_join (StoreTxn *txn, const char *nic_id, const char *group_id, GError **error)
{
  return store_exec (
             txn, error,
             "INSERT INTO nic_group (nic_id, position, group_id)"
             " SELECT ?1, coalesce (max (position), -1) + 1, ?2 FROM nic_group WHERE nic_id=?1",
             "ss", nic_id, group_id)
             > 0
         && store_nic_touch (txn, nic_id, error);
}

gboolean
store_nic_leave (StoreTxn *txn, const char *nic_id, const char *group_id, GError **error)
{
  return store_exec (txn, error, "DELETE FROM nic_group WHERE nic_id=? AND group_id=?", "ss",
                     nic_id, group_id)
             > 0
         && store_nic_touch (txn, nic_id, error);
}

gboolean
store_nic_leave_all (StoreTxn *txn, const char *nic_id, GError **error)
{
  return store_exec (txn, error, "DELETE FROM nic_group WHERE nic_id=?", "s", nic_id) >= 0
         && store_nic_touch (txn, nic_id, error);
}
