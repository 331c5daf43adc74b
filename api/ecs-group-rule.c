/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The rules of security groups. */
#include "config.h"

#include "ecs-common.h"
#include "ops-group.h"
#include <string.h>

/* A rule as it is asked for; the other side is the source of an ingress rule and the destination of
 * an egress rule, the near one the group's own. */
typedef struct
{
  char *protocol, *port_range, *source_port_range, *policy, *description;
  char *cidr, *cidr6, *peer_group_id, *prefix_list_id, *near_cidr, *near_cidr6;
  char *nic_type;
  int priority;
  char *peer_account, *peer_owner_id;
  char *port_list;
} Rule;

#define RANGE(type, at_field, name, code, doc_)                                                    \
  API_STR (type, at_field, name, .max_length = 18, .error = code, .doc = doc_)
#define RANGE6(type, at_field, name, code, doc_)                                                   \
  API_STR (type, at_field, name, .max_length = 64, .format = &ecs_format_cidr6, .error = code,     \
           .doc = doc_)

/* The members of a rule of @type under @at; @FAR is the other side, whose errors are
 * VMM_ERROR_RULE_@F, @NEAR the group's own with _@N, @PRIORITY what it has when none is given. */
#define RULE_PARAMS(type, at, FAR, F, NEAR, N, PRIORITY)                                           \
  API_STR (type, at protocol, "IpProtocol", .max_length = 8,                                       \
           API_CHOICES ("tcp", "udp", "icmp", "icmpv6", "gre", "all"),                             \
           .error = VMM_ERROR_RULE_PROTOCOL, .doc = "The protocol."),                              \
      API_STR (type, at port_range, "PortRange", .max_length = 16,                                 \
               .error = VMM_ERROR_RULE_PORT_RANGE,                                                 \
               .doc = "Ports, such as 22/22; -1/-1 for all and for what has no ports."),           \
      API_STR (type, at source_port_range, "SourcePortRange", .max_length = 16,                    \
               .error = VMM_ERROR_RULE_PORT_RANGE, .doc = "The ports it comes from."),             \
      RANGE (type, at cidr, FAR "CidrIp", VMM_ERROR_RULE_##F##CIDR,                                \
             "The addresses of the other side, such as 10.0.0.0/8."),                              \
      RANGE6 (type, at cidr6, "Ipv6" FAR "CidrIp", VMM_ERROR_RULE_##F##6,                          \
              "The same in IPv6, such as fd00::/8; in place of that."),                            \
      API_STR (type, at peer_group_id, FAR "GroupId", .max_length = 64,                            \
               .format = &api_format_group_id, .error = VMM_ERROR_GROUP_NOT_FOUND,                 \
               .doc = "The security group of the other side, unless addresses are given."),        \
      API_STR (type, at prefix_list_id, FAR "PrefixListId", .max_length = 64,                      \
               .error = VMM_ERROR_PREFIX_LIST_NOT_FOUND,                                           \
               .doc                                                                                \
               = "The prefix list of the other side, unless addresses or a group are given."),     \
      RANGE (type, at near_cidr, NEAR "CidrIp", VMM_ERROR_RULE_##N##CIDR,                          \
             "The addresses of the group's own side; otherwise all."),                             \
      RANGE6 (type, at near_cidr6, "Ipv6" NEAR "CidrIp", VMM_ERROR_RULE_##N##6,                    \
              "The same in IPv6."),                                                                \
      API_STR (type, at policy, "Policy", .max_length = 8, API_CHOICES ("accept", "drop"),         \
               .error = VMM_ERROR_RULE_POLICY, .doc = "Otherwise accept."),                        \
      API_INT (type, at priority, "Priority", .fallback = PRIORITY, .min = 1, .max = 100,          \
               .error = VMM_ERROR_RULE_PRIORITY, .doc = "The lower one wins, and on a tie drop."), \
      API_STR (type, at description, "Description", .flags = API_EMPTY_OK, .max_length = 1024,     \
               .format = &api_format_line, .error = VMM_ERROR_DESCRIPTION_MALFORMED,               \
               .doc = "A description."),                                                           \
      API_STR (type, at nic_type, "NicType", .max_length = 16,                                     \
               API_CHOICES ("internet", "intranet"),                                               \
               .doc = "Any value stands for intranet, as all groups are in a VPC."),               \
      API_STR (type, at peer_account, FAR "GroupOwnerAccount", .max_length = 128,                  \
               .doc = "The account, by name or id, that has the security group of the other side." \
                      " Otherwise the caller's."),                                                 \
      API_STR (type, at peer_owner_id, FAR "GroupOwnerId", .max_length = 64,                       \
               .doc = "The same by id."),                                                          \
      ECS_REFUSED (type, at port_list, "PortRangeListId",                                          \
                   .doc = "Port lists are not offered here.")

/* Codes of malformed ranges, as RULE_PARAMS joins them. */
#define VMM_ERROR_RULE_SOURCE_6 VMM_ERROR_RULE_SOURCE_CIDR6
#define VMM_ERROR_RULE_DEST_6 VMM_ERROR_RULE_DEST_CIDR6
#define VMM_ERROR_RULE_SOURCE_CIDR VMM_ERROR_RULE_CIDR

#define FROM_OUTSIDE(type, at, PRIORITY)                                                           \
  RULE_PARAMS (type, at, "Source", SOURCE_, "Dest", DEST_, PRIORITY)
#define TO_OUTSIDE(type, at, PRIORITY)                                                             \
  RULE_PARAMS (type, at, "Dest", DEST_, "Source", SOURCE_, PRIORITY)
#define INGRESS(type, at) FROM_OUTSIDE (type, at, "1")
#define EGRESS(type, at) TO_OUTSIDE (type, at, "1")

typedef struct
{
  char *group_id;
  Rule rule;
  GArray *permissions; /* Rule */
  char **rule_ids;     /* to revoke */
} RuleArgs;

static const ApiParam ingress_rule_params[] = { INGRESS (Rule, ) };
static const ApiParam egress_rule_params[] = { EGRESS (Rule, ) };

#define PERMISSIONS(rows)                                                                          \
  API_LIST (RuleArgs, permissions, "Permissions", Rule, rows, .max = 100,                          \
            .doc = "Several rules, in place of the single one.")
#define RULE_IDS                                                                                   \
  API_STRLIST (RuleArgs, rule_ids, "SecurityGroupRuleId", .max = 100, .max_length = 64,            \
               .doc = "Rules by their ids.")

static const ApiParam authorize_params[] = {
  ECS_GROUP_ID (RuleArgs, group_id),
  INGRESS (RuleArgs, rule.),
  PERMISSIONS (ingress_rule_params),
};

static const ApiParam authorize_egress_params[] = {
  ECS_GROUP_ID (RuleArgs, group_id),
  EGRESS (RuleArgs, rule.),
  PERMISSIONS (egress_rule_params),
};

static const ApiParam revoke_params[] = {
  ECS_GROUP_ID (RuleArgs, group_id),
  INGRESS (RuleArgs, rule.),
  PERMISSIONS (ingress_rule_params),
  RULE_IDS,
};

static const ApiParam revoke_egress_params[] = {
  ECS_GROUP_ID (RuleArgs, group_id),
  EGRESS (RuleArgs, rule.),
  PERMISSIONS (egress_rule_params),
  RULE_IDS,
};

/* Some clients always send the number, and 0 when they mean none. */
static const char *
owner_id (const char *text)
{
  return text != NULL && !g_str_equal (text, "0") ? text : NULL;
}

/* Borrows from @rule. */
static OpsRuleSpec
spec_of (const Rule *rule, gboolean egress)
{
  return (OpsRuleSpec){
    .egress = egress,
    .protocol = rule->protocol,
    .port_range = rule->port_range,
    .source_port_range = rule->source_port_range,
    .cidr = rule->cidr,
    .cidr6 = rule->cidr6,
    .peer_group_id = rule->peer_group_id,
    .prefix_list_id = rule->prefix_list_id,
    .near_cidr = rule->near_cidr,
    .near_cidr6 = rule->near_cidr6,
    .policy = rule->policy,
    .description = rule->description,
    .nic_type = rule->nic_type,
    .peer_account = rule->peer_account,
    .peer_account_id = owner_id (rule->peer_owner_id),
    .priority = (guint) rule->priority,
  };
}

/* Adds one rule to @specs; @where names it in messages. */
static gboolean
add_spec (GArray *specs, const Rule *rule, gboolean egress, const char *where, GError **error)
{
  OpsRuleSpec spec = spec_of (rule, egress);

  if (rule->protocol == NULL)
    return vmm_fail (error, VMM_ERROR_MISSING_PARAMETER, "the parameter %sIpProtocol is required",
                     where);
  g_array_append_val (specs, spec);
  return TRUE;
}

/* The single rule, unless only others are named; then those of Permissions.N. */
static GArray *
specs_of (const RuleArgs *args, gboolean egress, GError **error)
{
  g_autoptr (GArray) specs = g_array_new (FALSE, FALSE, sizeof (OpsRuleSpec));
  gboolean has_others = args->permissions->len > 0 || ecs_is_given (args->rule_ids);

  if ((args->rule.protocol != NULL || !has_others)
      && !add_spec (specs, &args->rule, egress, "", error))
    return NULL;
  for (guint i = 0; i < args->permissions->len; i++)
    {
      g_autofree char *where = g_strdup_printf ("Permissions.%u.", i + 1);

      if (!add_spec (specs, &g_array_index (args->permissions, Rule, i), egress, where, error))
        return NULL;
    }
  return g_steal_pointer (&specs);
}

static gboolean
authorize_rules (ApiCall *call, const RuleArgs *args, gboolean egress, GError **error)
{
  g_autoptr (GArray) specs = specs_of (args, egress, error);

  return specs != NULL
         && ops_group_authorize (call->ctx, call->caller, args->group_id,
                                 (const OpsRuleSpec *) specs->data, specs->len, error);
}

static gboolean
revoke_rules (ApiCall *call, const RuleArgs *args, gboolean egress, GError **error)
{
  g_autoptr (GArray) specs = specs_of (args, egress, error);

  return specs != NULL
         && ops_group_revoke (call->ctx, call->caller, args->group_id,
                              (const OpsRuleSpec *) specs->data, specs->len,
                              (const char *const *) args->rule_ids, error);
}

static gboolean
authorize (ApiCall *call, gconstpointer data, ApiReply *reply, GError **error)
{
  return authorize_rules (call, data, FALSE, error);
}

static gboolean
authorize_egress (ApiCall *call, gconstpointer data, ApiReply *reply, GError **error)
{
  return authorize_rules (call, data, TRUE, error);
}

static gboolean
revoke_ingress (ApiCall *call, gconstpointer data, ApiReply *reply, GError **error)
{
  return revoke_rules (call, data, FALSE, error);
}

static gboolean
revoke_egress (ApiCall *call, gconstpointer data, ApiReply *reply, GError **error)
{
  return revoke_rules (call, data, TRUE, error);
}

/* ---- ModifySecurityGroupRule, ModifySecurityGroupEgressRule ---- */

typedef struct
{
  char *group_id, *rule_id;
  Rule rule;
} ModifyArgs;

#define RULE_ID                                                                                    \
  API_STR (ModifyArgs, rule_id, "SecurityGroupRuleId", .flags = API_REQUIRED, .max_length = 64,    \
           .format = &api_format_rule_id, .error = VMM_ERROR_RULE_NOT_FOUND,                       \
           .doc = "The rule. What is given of it replaces what it has, the rest stays.")

static const ApiParam modify_params[] = {
  ECS_GROUP_ID (ModifyArgs, group_id),
  RULE_ID,
  FROM_OUTSIDE (ModifyArgs, rule., "0"),
};

static const ApiParam modify_egress_params[] = {
  ECS_GROUP_ID (ModifyArgs, group_id),
  RULE_ID,
  TO_OUTSIDE (ModifyArgs, rule., "0"),
};

static gboolean
modify_rule (ApiCall *call, const ModifyArgs *args, gboolean egress, GError **error)
{
  OpsRuleSpec spec = spec_of (&args->rule, egress);

  return ops_group_modify_rule (call->ctx, call->caller, args->group_id, args->rule_id, &spec,
                                error);
}

static gboolean
modify_ingress (ApiCall *call, gconstpointer data, ApiReply *reply, GError **error)
{
  return modify_rule (call, data, FALSE, error);
}

static gboolean
modify_egress (ApiCall *call, gconstpointer data, ApiReply *reply, GError **error)
{
  return modify_rule (call, data, TRUE, error);
}

#define RULE_ERRORS                                                                                \
  VMM_ERROR_GROUP_NOT_FOUND, VMM_ERROR_RULE_PROTOCOL, VMM_ERROR_RULE_PORT_RANGE,                   \
      VMM_ERROR_RULE_CIDR, VMM_ERROR_RULE_DEST_CIDR, VMM_ERROR_RULE_SOURCE_CIDR6,                  \
      VMM_ERROR_RULE_DEST_CIDR6, VMM_ERROR_RULE_SOURCE, VMM_ERROR_RULE_DEST,                       \
      VMM_ERROR_RULE_ICMP_IPV6, VMM_ERROR_RULE_ICMPV6_IPV4, VMM_ERROR_RULE_LIST_FAMILY,            \
      VMM_ERROR_PREFIX_LIST_NOT_FOUND, VMM_ERROR_RULE_POLICY, VMM_ERROR_RULE_PRIORITY,             \
      VMM_ERROR_RULE_SOURCE_VPC, VMM_ERROR_RULE_DEST_VPC, VMM_ERROR_RULE_LIMIT,                    \
      VMM_ERROR_DESCRIPTION_MALFORMED

static const ApiAction actions[] = {
  { .name = "AuthorizeSecurityGroup",
    .summary = "Adds rules for what comes in; one that exists already is success.",
    .since = "0.1",
    .access = API_WRITE,
    .permission = "ecs:AuthorizeSecurityGroup",
    .flags = API_DRY_RUN | API_CLIENT_TOKEN,
    .run = authorize,
    API_PARAMS (RuleArgs, authorize_params),
    API_ERRORS (RULE_ERRORS) },
  { .name = "AuthorizeSecurityGroupEgress",
    .summary = "Adds rules for what goes out; one that exists already is success.",
    .since = "0.1",
    .access = API_WRITE,
    .permission = "ecs:AuthorizeSecurityGroupEgress",
    .flags = API_DRY_RUN | API_CLIENT_TOKEN,
    .run = authorize_egress,
    API_PARAMS (RuleArgs, authorize_egress_params),
    API_ERRORS (RULE_ERRORS) },
  { .name = "RevokeSecurityGroup",
    .summary = "Removes rules for what comes in; one that is not there is success.",
    .since = "0.1",
    .access = API_WRITE,
    .permission = "ecs:RevokeSecurityGroup",
    .flags = API_DRY_RUN | API_CLIENT_TOKEN,
    .run = revoke_ingress,
    API_PARAMS (RuleArgs, revoke_params),
    API_ERRORS (RULE_ERRORS) },
  { .name = "RevokeSecurityGroupEgress",
    .summary = "Removes rules for what goes out; one that is not there is success.",
    .since = "0.1",
    .access = API_WRITE,
    .permission = "ecs:RevokeSecurityGroupEgress",
    .flags = API_DRY_RUN | API_CLIENT_TOKEN,
    .run = revoke_egress,
    API_PARAMS (RuleArgs, revoke_egress_params),
    API_ERRORS (RULE_ERRORS) },
  { .name = "ModifySecurityGroupRule",
    .summary = "Changes a rule for what comes in.",
    .since = "0.1",
    .access = API_WRITE,
    .permission = "ecs:ModifySecurityGroupRule",
    .flags = API_DRY_RUN | API_CLIENT_TOKEN,
    .run = modify_ingress,
    API_PARAMS (ModifyArgs, modify_params),
    API_ERRORS (RULE_ERRORS, VMM_ERROR_RULE_NOT_FOUND, VMM_ERROR_RULE_EXISTS) },
  { .name = "ModifySecurityGroupEgressRule",
    .summary = "Changes a rule for what goes out.",
    .since = "0.1",
    .access = API_WRITE,
    .permission = "ecs:ModifySecurityGroupEgressRule",
    .flags = API_DRY_RUN | API_CLIENT_TOKEN,
    .run = modify_egress,
    API_PARAMS (ModifyArgs, modify_egress_params),
    API_ERRORS (RULE_ERRORS, VMM_ERROR_RULE_NOT_FOUND, VMM_ERROR_RULE_EXISTS) },
};

const ApiResource ecs_group_rule = API_RESOURCE ("group-rule", actions);
