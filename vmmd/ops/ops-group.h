/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The verbs on security groups and their rules. Any pool thread. */
#pragma once
#include "ops-context.h"
#include "vmm-nic.h"
#include "vmm-query.h"

/* Private IPv4 addresses a group may hold. */
#define OPS_ADDRESSES_A_GROUP 2000

/* Without rules but counted, newest first; makes the account's default network when it has none. */
GPtrArray *ops_group_list (VmmContext *ctx, const VmmCaller *caller, const VmmGroupQuery *query,
                           const VmmPage *page, VmmPageInfo *out_info, GError **error);
/* With its rules. GROUP_NOT_FOUND. */
VmmGroup *ops_group_get (VmmContext *ctx, const VmmCaller *caller, const char *id, GError **error);

/* As on the wire; NULL means not given. The other side is one of cidr, cidr6, peer_group_id and
 * prefix_list_id, and the first of them in that order counts; the group's own side, the destination
 * of what comes in, is near_cidr or near_cidr6. */
typedef struct
{
  gboolean egress;
  const char *protocol, *port_range, *source_port_range, *policy, *description;
  const char *cidr, *cidr6, *peer_group_id, *prefix_list_id;
  const char *near_cidr, *near_cidr6;
  const char *nic_type; /* accepted and ignored: all interfaces are in a VPC */
  /* Name or id, and id, of the account that has the peer group; default: the caller's own. */
  const char *peer_account, *peer_account_id;
  guint priority; /* 0: not given */
} OpsRuleSpec;
/* All of @rules or none; an equal rule that exists already is success. In force on every interface
 * of the group soon after the answer. */
gboolean ops_group_authorize (VmmContext *ctx, const VmmCaller *caller, const char *group_id,
                              const OpsRuleSpec *rules, guint n_rules, GError **error);
/* All of @rules and of @rule_ids (may be NULL), or none; what does not exist is success, as in
 * ECS. */
gboolean ops_group_revoke (VmmContext *ctx, const VmmCaller *caller, const char *group_id,
                           const OpsRuleSpec *rules, guint n_rules, const char *const *rule_ids,
                           GError **error);
/* What @rule gives replaces that of the rule with that id and direction, the rest stays.
 * RULE_NOT_FOUND; RULE_EXISTS when another rule is the same then. */
gboolean ops_group_modify_rule (VmmContext *ctx, const VmmCaller *caller, const char *group_id,
                                const char *rule_id, const OpsRuleSpec *rule, GError **error);

/* @vpc_id NULL stands for the account's default VPC. A basic group: inbound closed, outbound open,
 * members reach each other. The id; the caller frees it. */
char *ops_group_create (VmmContext *ctx, const VmmCaller *caller, const char *vpc_id,
                        const char *name, const char *description, GError **error);
/* NULL leaves a field. */
gboolean ops_group_modify (VmmContext *ctx, const VmmCaller *caller, const char *id,
                           const char *name, const char *description, GError **error);
/* Whether members reach each other whatever the rules say (InnerAccessPolicy). */
gboolean ops_group_set_inner (VmmContext *ctx, const VmmCaller *caller, const char *id,
                              gboolean accept, GError **error);
/* DEPENDENCY while it has members or a rule of another group names it. */
gboolean ops_group_delete (VmmContext *ctx, const VmmCaller *caller, const char *id,
                           GError **error);
/* Puts an interface into a group of its VPC; in force soon after the answer. @member_id is its id
 * or, for a primary one, the instance's. It is of no instance, or of one that is running or
 * stopped. */
gboolean ops_group_join (VmmContext *ctx, const VmmCaller *caller, const char *group_id,
                         const char *member_id, GError **error);
/* Takes it out again; never out of its last group. */
gboolean ops_group_leave (VmmContext *ctx, const VmmCaller *caller, const char *group_id,
                          const char *member_id, GError **error);
/* VmmGroup* without rules: groups, of any account, with a rule that names the caller's group. */
GPtrArray *ops_group_references (VmmContext *ctx, const VmmCaller *caller, const char *id,
                                 GError **error);
