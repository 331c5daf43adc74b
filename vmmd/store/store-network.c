/* SPDX-License-Identifier: GPL-2.0-or-later */
/* VPCs, vswitches and security groups. */
#include "config.h"

#include "store-db.h"
#include "store-network.h"
#include "store-prefix-list.h"
#include "vmm-error.h"

#define VPC_COLUMNS                                                                                \
  "id, account_id, name, description, cidr, is_default, router_id, route_table_id, created_ms, "   \
  "idx, router_name, router_description, ipv6_cidr"
#define VSWITCH_COLUMNS                                                                            \
  "id, account_id, vpc_id, zone_id, name, description, cidr, is_default, created_ms, ipv6_cidr"
#define GROUP_COLUMNS                                                                              \
  "id, account_id, vpc_id, name, description, is_default, inner_accept, created_ms, idx, "         \
  "generation"
#define RULE_COLUMNS                                                                               \
  "id, group_id, egress, accept, priority, protocol, port_min, port_max, source_port_min,"         \
  " source_port_max, cidr, peer_group_id, near_cidr, prefix_list_id, description, created_ms"
/* With the name of the peer group's account where that is not the rule's own. */
#define RULE_READ_COLUMNS                                                                          \
  RULE_COLUMNS ", coalesce ((SELECT a.name FROM security_group p JOIN security_group own"          \
               " ON own.id=security_rule.group_id JOIN account a ON a.id=p.account_id"             \
               " WHERE p.id=security_rule.peer_group_id AND p.account_id<>own.account_id), '')"
#define GROUP_COUNTS                                                                               \
  "(SELECT count(*) FROM nic_group m WHERE m.group_id=security_group.id),"                         \
  " (SELECT count(*) FROM security_rule r WHERE r.group_id=security_group.id),"                    \
  " (SELECT count(*) FROM security_rule r WHERE r.group_id=security_group.id"                      \
  " AND r.peer_group_id<>'')"
#define SAME_RULE                                                                                  \
  "group_id=? AND egress=? AND accept=? AND priority=? AND protocol=? AND port_min=?"              \
  " AND port_max=? AND source_port_min=? AND source_port_max=? AND cidr=? AND peer_group_id=?"     \
  " AND near_cidr=? AND prefix_list_id=?"

static gpointer
read_vpc (StoreRows *rows)
{
  VmmVpc *vpc = g_new0 (VmmVpc, 1);

  vpc->id = store_rows_string (rows, 0);
  vpc->account_id = store_rows_string (rows, 1);
  vpc->name = store_rows_string (rows, 2);
  vpc->description = store_rows_string (rows, 3);
  vpc->cidr = store_rows_string (rows, 4);
  vpc->is_default = store_rows_int (rows, 5) != 0;
  vpc->router_id = store_rows_string (rows, 6);
  vpc->route_table_id = store_rows_string (rows, 7);
  vpc->created_ms = store_rows_int (rows, 8);
  vpc->index = (guint32) store_rows_int (rows, 9);
  vpc->router_name = store_rows_string (rows, 10);
  vpc->router_description = store_rows_string (rows, 11);
  vpc->ipv6_cidr = store_rows_string (rows, 12);
  return vpc;
}

static gpointer
read_vswitch (StoreRows *rows)
{
  VmmVswitch *vswitch = g_new0 (VmmVswitch, 1);

  vswitch->id = store_rows_string (rows, 0);
  vswitch->account_id = store_rows_string (rows, 1);
  vswitch->vpc_id = store_rows_string (rows, 2);
  vswitch->zone_id = store_rows_string (rows, 3);
  vswitch->name = store_rows_string (rows, 4);
  vswitch->description = store_rows_string (rows, 5);
  vswitch->cidr = store_rows_string (rows, 6);
  vswitch->is_default = store_rows_int (rows, 7) != 0;
  vswitch->created_ms = store_rows_int (rows, 8);
  vswitch->ipv6_cidr = store_rows_string (rows, 9);
  return vswitch;
}

static gpointer
read_group (StoreRows *rows)
{
  VmmGroup *group = g_new0 (VmmGroup, 1);

  group->id = store_rows_string (rows, 0);
  group->account_id = store_rows_string (rows, 1);
  group->vpc_id = store_rows_string (rows, 2);
  group->name = store_rows_string (rows, 3);
  group->description = store_rows_string (rows, 4);
  group->is_default = store_rows_int (rows, 5) != 0;
  group->inner_accept = store_rows_int (rows, 6) != 0;
  group->created_ms = store_rows_int (rows, 7);
  group->index = (guint32) store_rows_int (rows, 8);
  group->generation = (guint64) store_rows_int (rows, 9);
  return group;
}

static gpointer
read_counted_group (StoreRows *rows)
{
  VmmGroup *group = read_group (rows);

  group->n_members = (guint) store_rows_int (rows, 10);
  group->n_rules = (guint) store_rows_int (rows, 11);
  group->n_peer_rules = (guint) store_rows_int (rows, 12);
  return group;
}

static gpointer
read_rule (StoreRows *rows)
{
  VmmRule *rule = g_new0 (VmmRule, 1);

  rule->id = store_rows_string (rows, 0);
  rule->group_id = store_rows_string (rows, 1);
  rule->egress = store_rows_int (rows, 2) != 0;
  rule->accept = store_rows_int (rows, 3) != 0;
  rule->priority = (guint) store_rows_int (rows, 4);
  rule->protocol = store_rows_string (rows, 5);
  rule->port_min = (int) store_rows_int (rows, 6);
  rule->port_max = (int) store_rows_int (rows, 7);
  rule->source_port_min = (int) store_rows_int (rows, 8);
  rule->source_port_max = (int) store_rows_int (rows, 9);
  rule->cidr = store_rows_string (rows, 10);
  rule->peer_group_id = store_rows_string (rows, 11);
  rule->near_cidr = store_rows_string (rows, 12);
  rule->prefix_list_id = store_rows_string (rows, 13);
  rule->description = store_rows_string (rows, 14);
  rule->created_ms = store_rows_int (rows, 15);
  rule->peer_account = store_rows_string (rows, 16);
  return rule;
}

/* The constraint, not a look before the insert, is what keeps IPv6 ranges apart. */
static gboolean
fail_range6 (GError *local, const char *cidr, GError **error)
{
  if (cidr != NULL && *cidr != '\0' && store_error_is_duplicate (local))
    {
      g_error_free (local);
      return vmm_fail (error, VMM_ERROR_CIDR_CONFLICT, "the range '%s' is taken", cidr);
    }
  g_propagate_error (error, local);
  return FALSE;
}

gboolean
store_vpc_insert (StoreTxn *txn, VmmVpc *vpc, GError **error)
{
  GError *local = NULL;
  gint64 index = 0;

  if (store_exec (txn, &local,
                  "INSERT INTO vpc (id, account_id, name, description, cidr, is_default, router_id,"
                  " route_table_id, created_ms, ipv6_cidr) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                  "sssssissis", vpc->id, vpc->account_id, vpc->name, vpc->description, vpc->cidr,
                  (gint64) vpc->is_default, vpc->router_id, vpc->route_table_id, vpc->created_ms,
                  vpc->ipv6_cidr != NULL ? vpc->ipv6_cidr : "")
      < 0)
    return fail_range6 (local, vpc->ipv6_cidr, error);
  if (!store_query_int (txn, &index, error, "SELECT last_insert_rowid()", ""))
    return FALSE;
  vpc->index = (guint32) index;
  return TRUE;
}

gboolean
store_vswitch_insert (StoreTxn *txn, const VmmVswitch *vswitch, GError **error)
{
  GError *local = NULL;

  return store_exec (
             txn, &local,
             "INSERT INTO vswitch (" VSWITCH_COLUMNS ") VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
             "sssssssiis", vswitch->id, vswitch->account_id, vswitch->vpc_id, vswitch->zone_id,
             vswitch->name, vswitch->description, vswitch->cidr, (gint64) vswitch->is_default,
             vswitch->created_ms, vswitch->ipv6_cidr != NULL ? vswitch->ipv6_cidr : "")
             > 0
         || fail_range6 (local, vswitch->ipv6_cidr, error);
}

gboolean
store_vpc_set_ipv6 (StoreTxn *txn, const char *id, const char *cidr, GError **error)
{
  GError *local = NULL;

  return store_exec (txn, &local, "UPDATE vpc SET ipv6_cidr=? WHERE id=?", "ss", cidr, id) > 0
         || fail_range6 (local, cidr, error);
}

gboolean
store_vswitch_set_ipv6 (StoreTxn *txn, const char *id, const char *cidr, GError **error)
{
  GError *local = NULL;

  return store_exec (txn, &local, "UPDATE vswitch SET ipv6_cidr=? WHERE id=?", "ss", cidr, id) > 0
         || fail_range6 (local, cidr, error);
}

static gpointer
read_text (StoreRows *rows)
{
  return store_rows_string (rows, 0);
}

GPtrArray *
store_vpc_ranges6 (StoreTxn *txn, GError **error)
{
  g_autoptr (StoreRows) rows
      = store_query (txn, error, "SELECT ipv6_cidr FROM vpc WHERE ipv6_cidr<>''", "");

  return rows != NULL ? store_read_all (rows, read_text, g_free, error) : NULL;
}

gboolean
store_group_insert (StoreTxn *txn, VmmGroup *group, GError **error)
{
  gint64 index = 0;

  if (store_exec (txn, error,
                  "INSERT INTO security_group (id, account_id, vpc_id, name, description,"
                  " is_default, inner_accept, created_ms) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                  "sssssiii", group->id, group->account_id, group->vpc_id, group->name,
                  group->description, (gint64) group->is_default, (gint64) group->inner_accept,
                  group->created_ms)
          < 0
      || !store_query_int (txn, &index, error, "SELECT last_insert_rowid()", ""))
    return FALSE;
  group->index = (guint32) index;
  return TRUE;
}

/* One record of a query; NULL without @error set when there is none. */
static gpointer
read_one (StoreRows *rows, StoreReadFunc read, GError **error)
{
  g_autoptr (StoreRows) own = rows;

  return own != NULL && store_rows_next (own, error) ? read (own) : NULL;
}

/* The record, or NotFound by @code when there is none. */
static gpointer
found (gpointer record, GError *local, VmmError code, const char *id, GError **error)
{
  if (record == NULL && local == NULL)
    vmm_fail (error, code, "the specified '%s' does not exist", id);
  else if (local != NULL)
    g_propagate_error (error, local);
  return record;
}

VmmVpc *
store_vpc_get (StoreTxn *txn, const char *account_id, const char *id, GError **error)
{
  GError *local = NULL;
  gpointer vpc = read_one (store_query (txn, &local,
                                        "SELECT " VPC_COLUMNS " FROM vpc WHERE id=?1"
                                        " AND (?2 IS NULL OR account_id=?2)",
                                        "ss", id, account_id),
                           read_vpc, &local);

  return found (vpc, local, VMM_ERROR_VPC_NOT_FOUND, id, error);
}

VmmVpc *
store_vpc_get_by_router (StoreTxn *txn, const char *account_id, const char *router_id,
                         GError **error)
{
  GError *local = NULL;
  gpointer vpc
      = read_one (store_query (txn, &local,
                               "SELECT " VPC_COLUMNS " FROM vpc WHERE router_id=? AND account_id=?",
                               "ss", router_id, account_id),
                  read_vpc, &local);

  return found (vpc, local, VMM_ERROR_ROUTER_NOT_FOUND, router_id, error);
}

VmmVswitch *
store_vswitch_get (StoreTxn *txn, const char *account_id, const char *id, GError **error)
{
  GError *local = NULL;
  gpointer vswitch = read_one (store_query (txn, &local,
                                            "SELECT " VSWITCH_COLUMNS " FROM vswitch WHERE id=?1"
                                            " AND (?2 IS NULL OR account_id=?2)",
                                            "ss", id, account_id),
                               read_vswitch, &local);

  return found (vswitch, local, VMM_ERROR_VSWITCH_NOT_FOUND, id, error);
}

VmmGroup *
store_group_get (StoreTxn *txn, const char *account_id, const char *id, GError **error)
{
  GError *local = NULL;
  gpointer group = read_one (store_query (txn, &local,
                                          "SELECT " GROUP_COLUMNS " FROM security_group WHERE id=?1"
                                          " AND (?2 IS NULL OR account_id=?2)",
                                          "ss", id, account_id),
                             read_group, &local);

  return found (group, local, VMM_ERROR_GROUP_NOT_FOUND, id, error);
}

VmmVpc *
store_vpc_get_default (StoreTxn *txn, const char *account_id, GError **error)
{
  return read_one (store_query (txn, error,
                                "SELECT " VPC_COLUMNS
                                " FROM vpc WHERE account_id=? AND is_default=1",
                                "s", account_id),
                   read_vpc, error);
}

VmmVswitch *
store_vswitch_get_default (StoreTxn *txn, const char *account_id, const char *vpc_id,
                           GError **error)
{
  return read_one (store_query (txn, error,
                                "SELECT " VSWITCH_COLUMNS " FROM vswitch"
                                " WHERE account_id=? AND vpc_id=? AND is_default=1",
                                "ss", account_id, vpc_id),
                   read_vswitch, error);
}

VmmGroup *
store_group_get_default (StoreTxn *txn, const char *account_id, const char *vpc_id, GError **error)
{
  return read_one (store_query (txn, error,
                                "SELECT " GROUP_COLUMNS " FROM security_group"
                                " WHERE account_id=? AND vpc_id=? AND is_default=1",
                                "ss", account_id, vpc_id),
                   read_group, error);
}

GPtrArray *
store_vpc_list (StoreTxn *txn, const char *account_id, const VmmVpcQuery *query,
                const VmmPage *page, VmmPageInfo *info, GError **error)
{
  g_auto (StoreFilter) filter = { NULL, NULL };

  store_filter_init (&filter, "account_id=?", account_id);
  store_filter_tags (&filter, "id", VMM_TAG_VPC, account_id, &query->tags);
  store_filter_in (&filter, "id", query->ids);
  store_filter_in (&filter, "router_id", query->router_ids);
  store_filter_string (&filter, "route_table_id=?", query->route_table_id);
  store_filter_wildcard (&filter, "name", query->name);
  if (query->is_default >= 0)
    store_filter_int (&filter, "is_default=?", query->is_default);
  return store_list (txn, VPC_COLUMNS, "vpc", "idx", &filter, page, info, read_vpc,
                     (GDestroyNotify) vmm_vpc_free, error);
}

GPtrArray *
store_vswitch_list (StoreTxn *txn, const char *account_id, const VmmVswitchQuery *query,
                    const VmmPage *page, VmmPageInfo *info, GError **error)
{
  g_auto (StoreFilter) filter = { NULL, NULL };

  store_filter_init (&filter, "account_id=?", account_id);
  store_filter_tags (&filter, "id", VMM_TAG_VSWITCH, account_id, &query->tags);
  store_filter_in (&filter, "id", query->ids);
  store_filter_wildcard (&filter, "name", query->name);
  store_filter_string (&filter, "vpc_id=?", query->vpc_id);
  store_filter_string (&filter, "vpc_id IN (SELECT id FROM vpc WHERE route_table_id=?)",
                       query->route_table_id);
  store_filter_string (&filter, "cidr=?", query->cidr);
  if (query->is_default >= 0)
    store_filter_int (&filter, "is_default=?", query->is_default);
  return store_list (txn, VSWITCH_COLUMNS, "vswitch", "seq", &filter, page, info, read_vswitch,
                     (GDestroyNotify) vmm_vswitch_free, error);
}

GPtrArray *
store_group_list (StoreTxn *txn, const char *account_id, const VmmGroupQuery *query,
                  const VmmPage *page, VmmPageInfo *info, GError **error)
{
  g_auto (StoreFilter) filter = { NULL, NULL };

  store_filter_init (&filter, "account_id=?", account_id);
  store_filter_tags (&filter, "id", VMM_TAG_GROUP, account_id, &query->tags);
  store_filter_in (&filter, "id", query->ids);
  store_filter_wildcard (&filter, "name", query->name);
  store_filter_string (&filter, "vpc_id=?", query->vpc_id);
  return store_list (txn, GROUP_COLUMNS ", " GROUP_COUNTS, "security_group", "idx", &filter, page,
                     info, read_counted_group, (GDestroyNotify) vmm_group_free, error);
}

GPtrArray *
store_vpc_vswitches (StoreTxn *txn, const char *vpc_id, GError **error)
{
  g_autoptr (StoreRows) rows = store_query (
      txn, error, "SELECT " VSWITCH_COLUMNS " FROM vswitch WHERE vpc_id=? ORDER BY id", "s",
      vpc_id);

  return rows != NULL
             ? store_read_all (rows, read_vswitch, (GDestroyNotify) vmm_vswitch_free, error)
             : NULL;
}

GPtrArray *
store_vpc_groups_in_use (StoreTxn *txn, const char *vpc_id, const char *host_id, GError **error)
{
  g_autoptr (StoreRows) rows
      = store_query (txn, error,
                     "SELECT " GROUP_COLUMNS " FROM security_group WHERE id IN ("
                     "SELECT g.group_id FROM nic n JOIN nic_group g ON g.nic_id=n.id"
                     " WHERE n.vpc_id=? AND n.host_id=?) ORDER BY idx",
                     "ss", vpc_id, host_id);

  return rows != NULL ? store_read_all (rows, read_group, (GDestroyNotify) vmm_group_free, error)
                      : NULL;
}

GPtrArray *
store_vpc_groups_unused (StoreTxn *txn, const char *vpc_id, const char *host_id, GError **error)
{
  g_autoptr (StoreRows) rows
      = store_query (txn, error,
                     "SELECT " GROUP_COLUMNS " FROM security_group s WHERE vpc_id=?1 AND EXISTS ("
                     "SELECT 1 FROM net_applied a"
                     " WHERE a.object_id=s.id AND a.host_id=?2)"
                     " AND NOT EXISTS ("
                     "SELECT 1 FROM nic_group g JOIN nic n ON n.id=g.nic_id"
                     " WHERE g.group_id=s.id AND n.host_id=?2)",
                     "ss", vpc_id, host_id);

  return rows != NULL ? store_read_all (rows, read_group, (GDestroyNotify) vmm_group_free, error)
                      : NULL;
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

GPtrArray *
store_vpcs_in_use (StoreTxn *txn, const char *host_id, GError **error)
{
  g_autoptr (StoreRows) rows = store_query (txn, error,
                                            "SELECT " VPC_COLUMNS " FROM vpc WHERE id IN ("
                                            "SELECT vpc_id FROM nic WHERE host_id=?) ORDER BY idx",
                                            "s", host_id);

  return rows != NULL ? store_read_all (rows, read_vpc, (GDestroyNotify) vmm_vpc_free, error)
                      : NULL;
}

GPtrArray *
store_rule_list (StoreTxn *txn, const char *group_id, GError **error)
{
  g_autoptr (StoreRows) rows = store_query (
      txn, error, "SELECT " RULE_READ_COLUMNS " FROM security_rule WHERE group_id=? ORDER BY seq",
      "s", group_id);

  return rows != NULL ? store_read_all (rows, read_rule, (GDestroyNotify) vmm_rule_free, error)
                      : NULL;
}

gboolean
store_rule_count (StoreTxn *txn, const char *group_id, guint *out_rules, guint *out_peers,
                  GError **error)
{
  gint64 rules = 0, peers = 0;

  if (!store_query_int (txn, &rules, error,
                        "SELECT ifnull(sum(max(1, (SELECT count(*) FROM prefix_list_entry e"
                        " WHERE e.list_id=r.prefix_list_id))), 0) FROM security_rule r"
                        " WHERE r.group_id=?",
                        "s", group_id)
      || !store_query_int (txn, &peers, error,
                           "SELECT count(*) FROM security_rule WHERE group_id=?"
                           " AND peer_group_id<>''",
                           "s", group_id))
    return FALSE;
  *out_rules = (guint) rules;
  *out_peers = (guint) peers;
  return TRUE;
}

gboolean
store_rule_insert (StoreTxn *txn, const VmmRule *r, gboolean *out_added, GError **error)
{
  int changes = store_exec (txn, error,
                            "INSERT OR IGNORE INTO security_rule (" RULE_COLUMNS
                            ") VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                            "ssiiisiiiisssssi", r->id, r->group_id, (gint64) r->egress,
                            (gint64) r->accept, (gint64) r->priority, r->protocol,
                            (gint64) r->port_min, (gint64) r->port_max, (gint64) r->source_port_min,
                            (gint64) r->source_port_max, r->cidr, r->peer_group_id, r->near_cidr,
                            r->prefix_list_id, r->description, r->created_ms);

  *out_added = changes > 0;
  return changes >= 0;
}

gboolean
store_rule_delete (StoreTxn *txn, const VmmRule *r, gboolean *out_removed, GError **error)
{
  int changes = store_exec (
      txn, error, "DELETE FROM security_rule WHERE " SAME_RULE, "siiisiiiissss", r->group_id,
      (gint64) r->egress, (gint64) r->accept, (gint64) r->priority, r->protocol,
      (gint64) r->port_min, (gint64) r->port_max, (gint64) r->source_port_min,
      (gint64) r->source_port_max, r->cidr, r->peer_group_id, r->near_cidr, r->prefix_list_id);

  *out_removed = changes > 0;
  return changes >= 0;
}

VmmRule *
store_rule_get (StoreTxn *txn, const char *group_id, const char *id, GError **error)
{
  GError *local = NULL;
  gpointer rule = read_one (store_query (txn, &local,
                                         "SELECT " RULE_READ_COLUMNS
                                         " FROM security_rule WHERE group_id=? AND id=?",
                                         "ss", group_id, id),
                            read_rule, &local);

  return found (rule, local, VMM_ERROR_RULE_NOT_FOUND, id, error);
}

gboolean
store_rule_update (StoreTxn *txn, const VmmRule *r, GError **error)
{
  g_autoptr (GError) local = NULL;

  if (store_exec (txn, &local,
                  "UPDATE security_rule SET egress=?, accept=?, priority=?, protocol=?, port_min=?,"
                  " port_max=?, source_port_min=?, source_port_max=?, cidr=?, peer_group_id=?,"
                  " near_cidr=?, prefix_list_id=?, description=? WHERE id=?",
                  "iiisiiiissssss", (gint64) r->egress, (gint64) r->accept, (gint64) r->priority,
                  r->protocol, (gint64) r->port_min, (gint64) r->port_max,
                  (gint64) r->source_port_min, (gint64) r->source_port_max, r->cidr,
                  r->peer_group_id, r->near_cidr, r->prefix_list_id, r->description, r->id)
      > 0)
    return TRUE;
  if (store_error_is_duplicate (local))
    return vmm_fail (error, VMM_ERROR_RULE_EXISTS, "another rule of group '%s' is the same",
                     r->group_id);
  g_propagate_error (error, g_steal_pointer (&local));
  return FALSE;
}

GPtrArray *
store_group_references (StoreTxn *txn, const char *id, GError **error)
{
  g_autoptr (StoreRows) rows
      = store_query (txn, error,
                     "SELECT " GROUP_COLUMNS " FROM security_group WHERE id IN (SELECT group_id"
                     " FROM security_rule WHERE peer_group_id=?1 AND group_id<>?1) ORDER BY idx",
                     "s", id);

  return rows != NULL ? store_read_all (rows, read_group, (GDestroyNotify) vmm_group_free, error)
                      : NULL;
}

GPtrArray *
store_prefix_list_groups (StoreTxn *txn, const char *id, GError **error)
{
  g_autoptr (StoreRows) rows
      = store_query (txn, error,
                     "SELECT " GROUP_COLUMNS " FROM security_group WHERE id IN (SELECT group_id"
                     " FROM security_rule WHERE prefix_list_id=? AND prefix_list_id<>'')"
                     " ORDER BY idx",
                     "s", id);

  return rows != NULL ? store_read_all (rows, read_group, (GDestroyNotify) vmm_group_free, error)
                      : NULL;
}
