/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Changing and removing VPCs, vswitches, groups and memberships. */
#include "config.h"

#include "store-db.h"
#include "store-network.h"

gboolean
store_vpc_set_names (StoreTxn *txn, const char *id, const char *name, const char *description,
                     GError **error)
{
  return store_exec (txn, error, "UPDATE vpc SET name=?, description=? WHERE id=?", "sss", name,
                     description, id)
         > 0;
}

gboolean
store_vpc_set_router_names (StoreTxn *txn, const char *router_id, const char *name,
                            const char *description, GError **error)
{
  return store_exec (txn, error,
                     "UPDATE vpc SET router_name=?, router_description=? WHERE router_id=?", "sss",
                     name, description, router_id)
         > 0;
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
store_vpc_count_account (StoreTxn *txn, const char *account_id, guint *out, GError **error)
{
  gint64 count = 0;

  if (!store_query_int (txn, &count, error, "SELECT count(*) FROM vpc WHERE account_id=?", "s",
                        account_id))
    return FALSE;
  *out = (guint) count;
  return TRUE;
}

gboolean
store_vpc_count (StoreTxn *txn, const char *id, guint *out_vswitches, guint *out_groups,
                 GError **error)
{
  return count (txn, out_vswitches, error, "SELECT count(*) FROM vswitch WHERE vpc_id=?", id)
         && count (txn, out_groups, error, "SELECT count(*) FROM security_group WHERE vpc_id=?",
                   id);
}

gboolean
store_vpc_delete (StoreTxn *txn, const char *id, GError **error)
{
  return store_exec (txn, error, "DELETE FROM vpc WHERE id=?", "s", id) > 0;
}

gboolean
store_vswitch_set_names (StoreTxn *txn, const char *id, const char *name, const char *description,
                         GError **error)
{
  return store_exec (txn, error, "UPDATE vswitch SET name=?, description=? WHERE id=?", "sss", name,
                     description, id)
         > 0;
}

gboolean
store_vswitch_delete (StoreTxn *txn, const char *id, GError **error)
{
  return store_exec (txn, error, "DELETE FROM vswitch WHERE id=?", "s", id) > 0;
}

gboolean
store_group_set_names (StoreTxn *txn, const char *id, const char *name, const char *description,
                       GError **error)
{
  return store_exec (txn, error, "UPDATE security_group SET name=?, description=? WHERE id=?",
                     "sss", name, description, id)
         > 0;
}

gboolean
store_group_set_inner (StoreTxn *txn, const char *id, gboolean accept, GError **error)
{
  return store_exec (txn, error, "UPDATE security_group SET inner_accept=? WHERE id=?", "is",
                     (gint64) accept, id)
         > 0;
}

gboolean
store_group_touch (StoreTxn *txn, const char *id, GError **error)
{
  return store_exec (txn, error, "UPDATE security_group SET generation=generation+1 WHERE id=?",
                     "s", id)
         > 0;
}

gboolean
store_group_count (StoreTxn *txn, const char *account_id, guint *out, GError **error)
{
  return count (txn, out, error, "SELECT count(*) FROM security_group WHERE account_id=?",
                account_id);
}

gboolean
store_group_count_members (StoreTxn *txn, const char *id, guint *out, GError **error)
{
  return count (txn, out, error, "SELECT count(*) FROM nic_group WHERE group_id=?", id);
}

gboolean
store_group_delete (StoreTxn *txn, const char *id, GError **error)
{
  return store_exec (txn, error, "DELETE FROM security_rule WHERE group_id=?", "s", id) >= 0
         && store_exec (txn, error, "DELETE FROM net_applied WHERE object_id=?", "s", id) >= 0
         && store_exec (txn, error, "DELETE FROM security_group WHERE id=?", "s", id) > 0;
}

gboolean
store_rule_delete_by_id (StoreTxn *txn, const char *group_id, const char *id, gboolean *out_removed,
                         GError **error)
{
  int changes = store_exec (txn, error, "DELETE FROM security_rule WHERE group_id=? AND id=?", "ss",
                            group_id, id);

  *out_removed = changes > 0;
  return changes >= 0;
}
