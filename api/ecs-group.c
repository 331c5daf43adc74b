/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Security groups and their rules. */
#include "config.h"

#include "ecs-common.h"
#include "ops-group.h"
#include <string.h>

#define GROUP_ID(type, field)                                                                      \
  API_STR (type, field, "SecurityGroupId", .flags = API_REQUIRED, .max_length = 64,                \
           .format = &api_format_group_id, .error = VMM_ERROR_GROUP_NOT_FOUND,                     \
           .doc = "The security group.")

/* ---- DescribeSecurityGroups ---- */

typedef struct
{
  ApiPage page;
  char *id, *name, *vpc_id, *network_type, *group_type, *resource_group_id;
  char **ids;
  int service_managed;
  GArray *tags;
} ListArgs;

static const ApiParam list_params[] = {
  API_PAGE_PARAMS (ListArgs, page, 100),
  ECS_TEXT_FILTER (ListArgs, id, "SecurityGroupId", "The id of a security group."),
  ECS_ID_FILTER (ListArgs, ids, "SecurityGroupIds", "Ids of security groups."),
  ECS_TEXT_FILTER (ListArgs, name, "SecurityGroupName", "The name."),
  ECS_TEXT_FILTER (ListArgs, vpc_id, "VpcId", "The VPC."),
  API_STR (ListArgs, network_type, "NetworkType", .max_length = 16, API_CHOICES ("vpc", "classic"),
           .error = VMM_ERROR_NETWORK_TYPE_NOT_FOUND, .doc = "All groups are in a vpc."),
  API_STR (ListArgs, group_type, "SecurityGroupType", .max_length = 16,
           API_CHOICES ("normal", "enterprise"), .doc = "All groups are normal."),
  ECS_TEXT_FILTER (ListArgs, resource_group_id, "ResourceGroupId",
                   "No group here is in a resource group."),
  API_TRI (ListArgs, service_managed, "ServiceManaged", .doc = "No group here is managed."),
  API_TAG_PARAM (ListArgs, tags),
};

#define G "SecurityGroups.SecurityGroup[]."
static const ApiField list_fields[] = {
  API_OUT_STR ("RegionId", API_REQUIRED, "The region."),
  API_OUT_STR (G "SecurityGroupId", API_REQUIRED, "The group."),
  API_OUT_STR (G "SecurityGroupName", API_REQUIRED, "Its name."),
  API_OUT_STR (G "Description", API_REQUIRED, "Its description."),
  API_OUT_STR (G "VpcId", API_REQUIRED, "Its VPC."),
  API_OUT_STR (G "CreationTime", API_REQUIRED, "When it was made."),
  API_OUT_STR (G "SecurityGroupType", API_REQUIRED, "Always normal."),
  API_OUT_STR (G "ResourceGroupId", API_REQUIRED, "Always empty."),
  API_OUT_BOOL (G "ServiceManaged", API_REQUIRED, "Always false."),
  API_OUT_STR (G "Tags.Tag[].TagKey", 0, "A tag's key."),
  API_OUT_STR (G "Tags.Tag[].TagValue", 0, "A tag's value."),
  API_PAGE_FIELDS,
};

static void
write_group (ApiReply *reply, const VmmGroup *group)
{
  api_reply_item (reply);
  api_reply_string (reply, "SecurityGroupId", group->id);
  api_reply_string (reply, "SecurityGroupName", group->name);
  api_reply_string (reply, "Description", group->description);
  api_reply_string (reply, "VpcId", group->vpc_id);
  api_reply_second (reply, "CreationTime", group->created_ms);
  api_reply_string (reply, "SecurityGroupType", "normal");
  api_reply_string (reply, "ResourceGroupId", "");
  api_reply_bool (reply, "ServiceManaged", FALSE);
  api_reply_strings (reply, "Tags", "Tag", NULL);
  api_reply_end (reply);
}

/* Whether the filters on what is the same for all groups here let any pass, and the two ways of
 * naming an id do not exclude each other. */
static gboolean
constants_pass (const ListArgs *args)
{
  return ecs_is_or_unset (args->network_type, "vpc") && ecs_is_or_unset (args->group_type, "normal")
         && ecs_is_or_unset (args->resource_group_id, "") && args->service_managed != 1
         && args->tags->len == 0
         && (args->id == NULL || !ecs_is_given (args->ids)
             || g_strv_contains ((const char *const *) args->ids, args->id));
}

static gboolean
describe_groups (ApiCall *call, gconstpointer data, ApiReply *reply, GError **error)
{
  const ListArgs *args = data;
  VmmPage page = api_page_get (&args->page);
  const char *const one[] = { args->id, NULL };
  VmmGroupQuery query = {
    .ids = args->id != NULL ? one : (const char *const *) args->ids,
    .name = args->name,
    .vpc_id = args->vpc_id,
  };
  g_auto (VmmPageInfo) info = { 0 };
  g_autoptr (GPtrArray) groups = NULL;

  api_reply_string (reply, "RegionId", call->ctx->config->region_id);
  if (!constants_pass (args))
    {
      ecs_write_nothing (reply, &args->page, "SecurityGroups", "SecurityGroup");
      return TRUE;
    }
  groups = ops_group_list (call->ctx, call->caller, &query, &page, &info, error);
  if (groups == NULL)
    return FALSE;

  api_reply_list (reply, "SecurityGroups", "SecurityGroup");
  for (guint i = 0; i < groups->len; i++)
    write_group (reply, groups->pdata[i]);
  api_reply_end (reply);
  api_reply_page (reply, &args->page, &info);
  return TRUE;
}

/* ---- DescribeSecurityGroupAttribute ---- */

typedef struct
{
  char *id, *direction, *nic_type;
} AttributeArgs;

static const ApiParam attribute_params[] = {
  GROUP_ID (AttributeArgs, id),
  API_STR (AttributeArgs, direction, "Direction", .fallback = "all", .max_length = 8,
           API_CHOICES ("ingress", "egress", "all"), .doc = "The rules of which direction."),
  API_STR (AttributeArgs, nic_type, "NicType", .max_length = 16,
           API_CHOICES ("internet", "intranet"),
           .doc = "Any value stands for intranet, as all groups are in a VPC."),
};

#define P "Permissions.Permission[]."
static const ApiField attribute_fields[] = {
  API_OUT_STR ("RegionId", API_REQUIRED, "The region."),
  API_OUT_STR ("SecurityGroupId", API_REQUIRED, "The group."),
  API_OUT_STR ("SecurityGroupName", API_REQUIRED, "Its name."),
  API_OUT_STR ("Description", API_REQUIRED, "Its description."),
  API_OUT_STR ("VpcId", API_REQUIRED, "Its VPC."),
  API_OUT_STR ("InnerAccessPolicy", API_REQUIRED,
               "Accept when members reach each other whatever the rules say, else Drop."),
  API_OUT_STR ("NextToken", API_REQUIRED, "Always empty: all rules are listed."),
  API_OUT_STR (P "SecurityGroupRuleId", API_REQUIRED, "The rule."),
  API_OUT_STR (P "Direction", API_REQUIRED, "ingress or egress."),
  API_OUT_STR (P "IpProtocol", API_REQUIRED, "TCP, UDP, ICMP, GRE or ALL."),
  API_OUT_STR (P "PortRange", API_REQUIRED, "Ports, such as 22/22; -1/-1 for all."),
  API_OUT_STR (P "SourcePortRange", API_REQUIRED, "The ports it comes from."),
  API_OUT_STR (P "SourceCidrIp", API_REQUIRED, "The addresses it comes from."),
  API_OUT_STR (P "SourceGroupId", API_REQUIRED, "The group it comes from."),
  API_OUT_STR (P "SourceGroupName", API_REQUIRED, "Always empty."),
  API_OUT_STR (P "SourceGroupOwnerAccount", API_REQUIRED, "Always empty."),
  API_OUT_STR (P "SourcePrefixListId", API_REQUIRED, "Always empty."),
  API_OUT_STR (P "DestCidrIp", API_REQUIRED, "The addresses it goes to."),
  API_OUT_STR (P "DestGroupId", API_REQUIRED, "The group it goes to."),
  API_OUT_STR (P "DestGroupName", API_REQUIRED, "Always empty."),
  API_OUT_STR (P "DestGroupOwnerAccount", API_REQUIRED, "Always empty."),
  API_OUT_STR (P "DestPrefixListId", API_REQUIRED, "Always empty."),
  API_OUT_STR (P "Policy", API_REQUIRED, "Accept or Drop."),
  API_OUT_INT (P "Priority", API_REQUIRED, "1 to 100; the lower one wins, and on a tie Drop."),
  API_OUT_STR (P "NicType", API_REQUIRED, "Always intranet."),
  API_OUT_STR (P "Description", API_REQUIRED, "Its description."),
  API_OUT_STR (P "CreateTime", API_REQUIRED, "When it was made."),
};

static char *
port_range (int first, int last)
{
  return g_strdup_printf ("%d/%d", first, last);
}

static void
write_rule (ApiReply *reply, const VmmRule *rule)
{
  g_autofree char *ports = port_range (rule->port_min, rule->port_max);
  g_autofree char *source_ports = port_range (rule->source_port_min, rule->source_port_max);
  g_autofree char *protocol = g_ascii_strup (rule->protocol, -1);
  gboolean egress = rule->egress;

  api_reply_item (reply);
  api_reply_string (reply, "SecurityGroupRuleId", rule->id);
  api_reply_string (reply, "Direction", egress ? "egress" : "ingress");
  api_reply_string (reply, "IpProtocol", protocol);
  api_reply_string (reply, "PortRange", ports);
  api_reply_string (reply, "SourcePortRange", source_ports);
  api_reply_string (reply, "SourceCidrIp", egress ? "" : rule->cidr);
  api_reply_string (reply, "SourceGroupId", egress ? "" : rule->peer_group_id);
  api_reply_string (reply, "SourceGroupName", "");
  api_reply_string (reply, "SourceGroupOwnerAccount", "");
  api_reply_string (reply, "SourcePrefixListId", "");
  api_reply_string (reply, "DestCidrIp", egress ? rule->cidr : "");
  api_reply_string (reply, "DestGroupId", egress ? rule->peer_group_id : "");
  api_reply_string (reply, "DestGroupName", "");
  api_reply_string (reply, "DestGroupOwnerAccount", "");
  api_reply_string (reply, "DestPrefixListId", "");
  api_reply_string (reply, "Policy", rule->accept ? "Accept" : "Drop");
  api_reply_int (reply, "Priority", rule->priority);
  api_reply_string (reply, "NicType", "intranet");
  api_reply_string (reply, "Description", rule->description);
  api_reply_second (reply, "CreateTime", rule->created_ms);
  api_reply_end (reply);
}

static gboolean
describe_group (ApiCall *call, gconstpointer data, ApiReply *reply, GError **error)
{
  const AttributeArgs *args = data;
  gboolean wants_all = g_str_equal (args->direction, "all");
  gboolean wants_egress = g_str_equal (args->direction, "egress");
  g_autoptr (VmmGroup) group = ops_group_get (call->ctx, call->caller, args->id, error);

  if (group == NULL)
    return FALSE;

  api_reply_string (reply, "RegionId", call->ctx->config->region_id);
  api_reply_string (reply, "SecurityGroupId", group->id);
  api_reply_string (reply, "SecurityGroupName", group->name);
  api_reply_string (reply, "Description", group->description);
  api_reply_string (reply, "VpcId", group->vpc_id);
  api_reply_string (reply, "InnerAccessPolicy", group->inner_accept ? "Accept" : "Drop");
  api_reply_string (reply, "NextToken", "");
  api_reply_list (reply, "Permissions", "Permission");
  for (guint i = 0; group->rules != NULL && i < group->rules->len; i++)
    {
      const VmmRule *rule = group->rules->pdata[i];

      if (wants_all || rule->egress == wants_egress)
        write_rule (reply, rule);
    }
  api_reply_end (reply);
  return TRUE;
}

/* ---- Rules ---- */

/* A rule as it is asked for; the other side is the source of an ingress rule and the destination of
 * an egress rule. */
typedef struct
{
  char *protocol, *port_range, *source_port_range, *cidr, *peer_group_id, *policy, *description;
  char *nic_type;
  int priority;
  char *near_cidr, *prefix_list, *port_list, *ipv6, *near_ipv6, *peer_account, *peer_owner_id;
} Rule;

/* The members of a rule of @type under @at; @FAR is the other side, @NEAR the group's own. */
#define RULE_PARAMS(type, at, FAR, NEAR)                                                           \
  API_STR (type, at protocol, "IpProtocol", .max_length = 8,                                       \
           API_CHOICES ("tcp", "udp", "icmp", "gre", "all"), .error = VMM_ERROR_RULE_PROTOCOL,     \
           .doc = "The protocol."),                                                                \
      API_STR (type, at port_range, "PortRange", .max_length = 16,                                 \
               .error = VMM_ERROR_RULE_PORT_RANGE,                                                 \
               .doc = "Ports, such as 22/22; -1/-1 for all and for what has no ports."),           \
      API_STR (type, at source_port_range, "SourcePortRange", .max_length = 16,                    \
               .error = VMM_ERROR_RULE_PORT_RANGE, .doc = "The ports it comes from."),             \
      API_STR (type, at cidr, FAR "CidrIp", .max_length = 18, .error = VMM_ERROR_RULE_CIDR,        \
               .doc = "The addresses of the other side, such as 10.0.0.0/8."),                     \
      API_STR (type, at peer_group_id, FAR "GroupId", .max_length = 64,                            \
               .format = &api_format_group_id, .error = VMM_ERROR_GROUP_NOT_FOUND,                 \
               .doc = "The security group of the other side."),                                    \
      API_STR (type, at policy, "Policy", .max_length = 8, API_CHOICES ("accept", "drop"),         \
               .error = VMM_ERROR_RULE_POLICY, .doc = "Otherwise accept."),                        \
      API_INT (type, at priority, "Priority", .fallback = "1", .min = 1, .max = 100,               \
               .error = VMM_ERROR_RULE_PRIORITY, .doc = "The lower one wins, and on a tie drop."), \
      API_STR (type, at description, "Description", .max_length = 1024,                            \
               .format = &api_format_line, .error = VMM_ERROR_DESCRIPTION_MALFORMED,               \
               .doc = "A description."),                                                           \
      API_STR (type, at nic_type, "NicType", .max_length = 16,                                     \
               API_CHOICES ("internet", "intranet"),                                               \
               .doc = "Any value stands for intranet, as all groups are in a VPC."),               \
      ECS_REFUSED (type, at near_cidr, NEAR "CidrIp",                                              \
                   .doc = "The addresses of the group's own side are not looked at here."),        \
      ECS_REFUSED (type, at prefix_list, FAR "PrefixListId",                                       \
                   .doc = "Prefix lists are not offered here."),                                   \
      ECS_REFUSED (type, at port_list, "PortRangeListId",                                          \
                   .doc = "Port lists are not offered here."),                                     \
      ECS_REFUSED (type, at ipv6, "Ipv6" FAR "CidrIp", .doc = "IPv6 is not offered here."),        \
      ECS_REFUSED (type, at near_ipv6, "Ipv6" NEAR "CidrIp", .doc = "IPv6 is not offered here."),  \
      ECS_REFUSED (type, at peer_account, FAR "GroupOwnerAccount",                                 \
                   .doc = "Groups of other accounts are not offered here."),                       \
      ECS_REFUSED (type, at peer_owner_id, FAR "GroupOwnerId",                                     \
                   .doc = "Groups of other accounts are not offered here.")

typedef struct
{
  char *group_id;
  Rule rule;
  GArray *permissions; /* Rule */
  char **rule_ids;     /* to revoke */
} RuleArgs;

static const ApiParam ingress_rule_params[] = { RULE_PARAMS (Rule, , "Source", "Dest") };
static const ApiParam egress_rule_params[] = { RULE_PARAMS (Rule, , "Dest", "Source") };

#define PERMISSIONS(rows)                                                                          \
  API_LIST (RuleArgs, permissions, "Permissions", Rule, rows, .max = 100,                          \
            .doc = "Several rules, in place of the single one.")
#define RULE_IDS                                                                                   \
  API_STRLIST (RuleArgs, rule_ids, "SecurityGroupRuleId", .max = 100, .max_length = 64,            \
               .doc = "Rules by their ids.")

static const ApiParam authorize_params[] = {
  GROUP_ID (RuleArgs, group_id),
  RULE_PARAMS (RuleArgs, rule., "Source", "Dest"),
  PERMISSIONS (ingress_rule_params),
};

static const ApiParam authorize_egress_params[] = {
  GROUP_ID (RuleArgs, group_id),
  RULE_PARAMS (RuleArgs, rule., "Dest", "Source"),
  PERMISSIONS (egress_rule_params),
};

static const ApiParam revoke_params[] = {
  GROUP_ID (RuleArgs, group_id),
  RULE_PARAMS (RuleArgs, rule., "Source", "Dest"),
  PERMISSIONS (ingress_rule_params),
  RULE_IDS,
};

static const ApiParam revoke_egress_params[] = {
  GROUP_ID (RuleArgs, group_id),
  RULE_PARAMS (RuleArgs, rule., "Dest", "Source"),
  PERMISSIONS (egress_rule_params),
  RULE_IDS,
};

/* Adds one rule to @specs; @where names it in messages. */
static gboolean
add_spec (GArray *specs, const Rule *rule, gboolean egress, const char *where, GError **error)
{
  OpsRuleSpec spec = {
    .egress = egress,
    .protocol = rule->protocol,
    .port_range = rule->port_range,
    .source_port_range = rule->source_port_range,
    .cidr = rule->cidr,
    .peer_group_id = rule->peer_group_id,
    .policy = rule->policy,
    .description = rule->description,
    .nic_type = rule->nic_type,
    .priority = rule->priority,
  };

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

#define RULE_ERRORS                                                                                \
  VMM_ERROR_GROUP_NOT_FOUND, VMM_ERROR_RULE_PROTOCOL, VMM_ERROR_RULE_PORT_RANGE,                   \
      VMM_ERROR_RULE_CIDR, VMM_ERROR_RULE_POLICY, VMM_ERROR_RULE_PRIORITY, VMM_ERROR_RULE_LIMIT,   \
      VMM_ERROR_VPC_MISMATCH, VMM_ERROR_DESCRIPTION_MALFORMED

static const ApiAction actions[] = {
  { .name = "DescribeSecurityGroups",
    .summary = "Lists security groups, newest first.",
    .since = "0.1",
    .access = API_READ,
    .permission = "ecs:DescribeSecurityGroups",
    .run = describe_groups,
    API_PARAMS (ListArgs, list_params),
    API_FIELDS (list_fields),
    API_ERRORS (VMM_ERROR_NETWORK_TYPE_NOT_FOUND) },
  { .name = "DescribeSecurityGroupAttribute",
    .summary = "Shows one security group with its rules.",
    .since = "0.1",
    .access = API_READ,
    .permission = "ecs:DescribeSecurityGroupAttribute",
    .run = describe_group,
    API_PARAMS (AttributeArgs, attribute_params),
    API_FIELDS (attribute_fields),
    API_ERRORS (VMM_ERROR_GROUP_NOT_FOUND) },
  { .name = "AuthorizeSecurityGroup",
    .summary = "Adds rules for what comes in; one that exists already is success.",
    .since = "0.1",
    .access = API_WRITE,
    .permission = "ecs:AuthorizeSecurityGroup",
    .run = authorize,
    API_PARAMS (RuleArgs, authorize_params),
    API_ERRORS (RULE_ERRORS) },
  { .name = "AuthorizeSecurityGroupEgress",
    .summary = "Adds rules for what goes out; one that exists already is success.",
    .since = "0.1",
    .access = API_WRITE,
    .permission = "ecs:AuthorizeSecurityGroupEgress",
    .run = authorize_egress,
    API_PARAMS (RuleArgs, authorize_egress_params),
    API_ERRORS (RULE_ERRORS) },
  { .name = "RevokeSecurityGroup",
    .summary = "Removes rules for what comes in; one that is not there is success.",
    .since = "0.1",
    .access = API_WRITE,
    .permission = "ecs:RevokeSecurityGroup",
    .run = revoke_ingress,
    API_PARAMS (RuleArgs, revoke_params),
    API_ERRORS (RULE_ERRORS) },
  { .name = "RevokeSecurityGroupEgress",
    .summary = "Removes rules for what goes out; one that is not there is success.",
    .since = "0.1",
    .access = API_WRITE,
    .permission = "ecs:RevokeSecurityGroupEgress",
    .run = revoke_egress,
    API_PARAMS (RuleArgs, revoke_egress_params),
    API_ERRORS (RULE_ERRORS) },
};

const ApiResource ecs_group = API_RESOURCE ("group", actions);
