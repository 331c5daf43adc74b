/* SPDX-License-Identifier: GPL-2.0-or-later */
/* VPCs, vswitches, security groups and their rules; network interfaces are in store-nic.h. Rows of
 * other accounts are not found. */
#pragma once
#include "store-nic.h"
#include "vmm-nic.h"
#include "vmm-query.h"

/* Fills @vpc->index. CIDR_CONFLICT when another VPC has its IPv6 range. */
gboolean store_vpc_insert (StoreTxn *txn, VmmVpc *vpc, GError **error);
/* CIDR_CONFLICT when another vswitch of the VPC has its IPv6 range. */
gboolean store_vswitch_insert (StoreTxn *txn, const VmmVswitch *vswitch, GError **error);
/* The IPv6 range anew, "" for none. CIDR_CONFLICT as above. */
gboolean store_vpc_set_ipv6 (StoreTxn *txn, const char *id, const char *cidr, GError **error);
gboolean store_vswitch_set_ipv6 (StoreTxn *txn, const char *id, const char *cidr, GError **error);
/* The IPv6 ranges (char*) of all VPCs of all accounts. */
GPtrArray *store_vpc_ranges6 (StoreTxn *txn, GError **error);
/* Fills @group->index. */
gboolean store_group_insert (StoreTxn *txn, VmmGroup *group, GError **error);

/* @account_id NULL reads for the daemon itself. */
VmmVpc *store_vpc_get (StoreTxn *txn, const char *account_id, const char *id, GError **error);
VmmVswitch *store_vswitch_get (StoreTxn *txn, const char *account_id, const char *id,
                               GError **error);
VmmGroup *store_group_get (StoreTxn *txn, const char *account_id, const char *id, GError **error);
/* The account's default ones; NULL without @error set when there are none. */
VmmVpc *store_vpc_get_default (StoreTxn *txn, const char *account_id, GError **error);
VmmVswitch *store_vswitch_get_default (StoreTxn *txn, const char *account_id, const char *vpc_id,
                                       GError **error);
VmmGroup *store_group_get_default (StoreTxn *txn, const char *account_id, const char *vpc_id,
                                   GError **error);

/* VmmVpc*, newest first. */
GPtrArray *store_vpc_list (StoreTxn *txn, const char *account_id, const VmmVpcQuery *query,
                           const VmmPage *page, VmmPageInfo *info, GError **error);
/* VmmVswitch*, newest first. */
GPtrArray *store_vswitch_list (StoreTxn *txn, const char *account_id, const VmmVswitchQuery *query,
                               const VmmPage *page, VmmPageInfo *info, GError **error);
/* VmmGroup* without rules but counted, newest first. */
GPtrArray *store_group_list (StoreTxn *txn, const char *account_id, const VmmGroupQuery *query,
                             const VmmPage *page, VmmPageInfo *info, GError **error);
/* All vswitches of a VPC, groups of a VPC: for the network of this host. */
GPtrArray *store_vpc_vswitches (StoreTxn *txn, const char *vpc_id, GError **error);
/* Groups (without rules) that an interface of the VPC on the host is in. */
GPtrArray *store_vpc_groups_in_use (StoreTxn *txn, const char *vpc_id, const char *host_id,
                                    GError **error);
/* Groups (without rules) of the VPC that no interface on the host is in, though the host has them
 * in force. */
GPtrArray *store_vpc_groups_unused (StoreTxn *txn, const char *vpc_id, const char *host_id,
                                    GError **error);
/* Whether an interface on the host is in the VPC, or in the group. */
gboolean store_vpc_is_in_use (StoreTxn *txn, const char *vpc_id, const char *host_id, gboolean *out,
                              GError **error);
gboolean store_group_is_in_use (StoreTxn *txn, const char *group_id, const char *host_id,
                                gboolean *out, GError **error);
/* VPCs that have an interface on the host. */
GPtrArray *store_vpcs_in_use (StoreTxn *txn, const char *host_id, GError **error);

/* New texts for name and description; the same for the others. */
gboolean store_vpc_set_names (StoreTxn *txn, const char *id, const char *name,
                              const char *description, GError **error);
/* The same for the router of a VPC. */
gboolean store_vpc_set_router_names (StoreTxn *txn, const char *router_id, const char *name,
                                     const char *description, GError **error);
/* The VPC of that router. ROUTER_NOT_FOUND. */
VmmVpc *store_vpc_get_by_router (StoreTxn *txn, const char *account_id, const char *router_id,
                                 GError **error);
/* VPCs of an account, the default one too. */
gboolean store_vpc_count_account (StoreTxn *txn, const char *account_id, guint *out,
                                  GError **error);
/* How much is in a VPC. */
gboolean store_vpc_count (StoreTxn *txn, const char *id, guint *out_vswitches, guint *out_groups,
                          GError **error);
/* An empty one. */
gboolean store_vpc_delete (StoreTxn *txn, const char *id, GError **error);
gboolean store_vswitch_set_names (StoreTxn *txn, const char *id, const char *name,
                                  const char *description, GError **error);
/* One without interfaces. */
gboolean store_vswitch_delete (StoreTxn *txn, const char *id, GError **error);
gboolean store_group_set_names (StoreTxn *txn, const char *id, const char *name,
                                const char *description, GError **error);
gboolean store_group_set_inner (StoreTxn *txn, const char *id, gboolean accept, GError **error);
/* Groups of an account; interfaces in a group. */
gboolean store_group_count (StoreTxn *txn, const char *account_id, guint *out, GError **error);
gboolean store_group_count_members (StoreTxn *txn, const char *id, guint *out, GError **error);
/* VmmGroup* without rules: other groups, of any account, with a rule that names @id. */
GPtrArray *store_group_references (StoreTxn *txn, const char *id, GError **error);
/* Its rules have changed: another generation. */
gboolean store_group_touch (StoreTxn *txn, const char *id, GError **error);
/* With its rules; it has no members. */
gboolean store_group_delete (StoreTxn *txn, const char *id, GError **error);

/* VmmRule*, oldest first. */
GPtrArray *store_rule_list (StoreTxn *txn, const char *group_id, GError **error);
/* How many rules a group has, where one that names a prefix list counts as often as the list has
 * entries but at least once; and how many of them name a group. */
gboolean store_rule_count (StoreTxn *txn, const char *group_id, guint *out_rules, guint *out_peers,
                           GError **error);
/* FALSE in @out_added when an equal rule exists. */
gboolean store_rule_insert (StoreTxn *txn, const VmmRule *rule, gboolean *out_added,
                            GError **error);
/* Deletes the equal rule; *@out_removed tells whether there was one. */
gboolean store_rule_delete (StoreTxn *txn, const VmmRule *rule, gboolean *out_removed,
                            GError **error);

/* RULE_NOT_FOUND unless it is of that group. */
VmmRule *store_rule_get (StoreTxn *txn, const char *group_id, const char *id, GError **error);
/* Everything but id, group and time of the row anew. RULE_EXISTS when it would equal another. */
gboolean store_rule_update (StoreTxn *txn, const VmmRule *rule, GError **error);
/* The same as store_rule_delete() by the rule's id. */
gboolean store_rule_delete_by_id (StoreTxn *txn, const char *group_id, const char *id,
                                  gboolean *out_removed, GError **error);
