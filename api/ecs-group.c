/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Security groups: made, changed, listed, joined and left. Their rules are next door. */
#include "config.h"

#include "ecs-common.h"
#include "ops-group.h"
#include <string.h>

#define GROUP_NAME(type, field)                                                                    \
  API_STR (type, field, "SecurityGroupName", .max_length = 512,                                    \
           .format = &ecs_format_instance_name, .error = VMM_ERROR_GROUP_NAME_MALFORMED,           \
           .doc = "A name of 2 to 128 characters that begins with a letter.")

/* ---- CreateSecurityGroup ---- */

typedef struct
{
  char *vpc_id, *name, *description;
  char *group_type, *service_managed, *resource_group_id;
  GArray *tags;
} CreateArgs;

static const ApiParam create_params[] = {
  API_STR (CreateArgs, vpc_id, "VpcId", .max_length = 64, .format = &api_format_vpc_id,
           .error = VMM_ERROR_VPC_NOT_FOUND,
           .doc = "Its VPC. Otherwise the account's default one."),
  GROUP_NAME (CreateArgs, name),
  ECS_DESCRIPTION (CreateArgs, description, 0),
  API_STR (CreateArgs, group_type, "SecurityGroupType", .max_length = 16, API_CHOICES ("normal"),
           .error = VMM_ERROR_UNSUPPORTED_PARAMETER, .doc = "All groups here are normal."),
  ECS_REFUSED (CreateArgs, service_managed, "ServiceManaged",
               .doc = "Managed groups are not offered here."),
  ECS_NO_RESOURCE_GROUP (CreateArgs, resource_group_id),
  API_NEW_TAG_PARAM (CreateArgs, tags),
};

static const ApiField create_fields[] = {
  API_OUT_STR ("SecurityGroupId", API_REQUIRED, "The new group."),
};

static gboolean
create_group (ApiCall *call, gconstpointer data, ApiReply *reply, GError **error)
{
  const CreateArgs *args = data;
  g_autofree char *id = ops_group_create (call->ctx, call->caller, args->vpc_id, args->name,
                                          args->description, error);

  if (id == NULL)
    return FALSE;

  api_reply_string (reply, "SecurityGroupId", id);
  return TRUE;
}

/* ---- Changes ---- */

typedef struct
{
  char *id, *name, *description, *policy;
} OneArgs;

static const ApiParam modify_params[] = {
  ECS_GROUP_ID (OneArgs, id),
  GROUP_NAME (OneArgs, name),
  ECS_DESCRIPTION (OneArgs, description, API_EMPTY_OK),
};

static const ApiParam policy_params[] = {
  ECS_GROUP_ID (OneArgs, id),
  API_STR (OneArgs, policy, "InnerAccessPolicy", .flags = API_REQUIRED, .max_length = 8,
           API_CHOICES ("Accept", "Drop"), .error = VMM_ERROR_RULE_POLICY,
           .doc = "Accept: members reach each other whatever the rules say. Drop: the rules alone "
                  "decide."),
};

static const ApiParam one_params[] = {
  ECS_GROUP_ID (OneArgs, id),
};

static gboolean
modify_group (ApiCall *call, gconstpointer data, ApiReply *reply, GError **error)
{
  const OneArgs *args = data;

  return ops_group_modify (call->ctx, call->caller, args->id, args->name, args->description, error);
}

static gboolean
modify_policy (ApiCall *call, gconstpointer data, ApiReply *reply, GError **error)
{
  const OneArgs *args = data;

  return ops_group_set_inner (call->ctx, call->caller, args->id,
                              g_str_equal (args->policy, "Accept"), error);
}

static gboolean
delete_group (ApiCall *call, gconstpointer data, ApiReply *reply, GError **error)
{
  const OneArgs *args = data;

  return ops_group_delete (call->ctx, call->caller, args->id, error);
}

/* ---- Members ---- */

typedef struct
{
  char *id, *instance_id, *nic_id;
} MemberArgs;

static const ApiParam member_params[] = {
  ECS_GROUP_ID (MemberArgs, id),
  API_STR (MemberArgs, instance_id, "InstanceId", .max_length = 64,
           .format = &api_format_instance_id, .error = VMM_ERROR_INSTANCE_NOT_FOUND,
           .doc = "An instance that is Running or Stopped: its primary interface is meant."),
  API_STR (MemberArgs, nic_id, "NetworkInterfaceId", .max_length = 64, .format = &api_format_nic_id,
           .error = VMM_ERROR_NIC_NOT_FOUND,
           .doc = "In place of the instance, a network interface of one that is Running or "
                  "Stopped, or of none."),
};

/* The id of the one that is given. */
static const char *
member_of (const MemberArgs *args, GError **error)
{
  const char *id = args->instance_id != NULL ? args->instance_id : args->nic_id;

  if (id == NULL)
    vmm_fail (error, VMM_ERROR_MISSING_PARAMETER,
              "one of InstanceId and NetworkInterfaceId is required");
  else if (args->instance_id != NULL && args->nic_id != NULL)
    {
      vmm_fail (error, VMM_ERROR_NIC_AND_INSTANCE,
                "InstanceId and NetworkInterfaceId are given; one of them is wanted");
      return NULL;
    }
  return id;
}

static gboolean
join_group (ApiCall *call, gconstpointer data, ApiReply *reply, GError **error)
{
  const MemberArgs *args = data;
  const char *member = member_of (args, error);

  return member != NULL && ops_group_join (call->ctx, call->caller, args->id, member, error);
}

static gboolean
leave_group (ApiCall *call, gconstpointer data, ApiReply *reply, GError **error)
{
  const MemberArgs *args = data;
  const char *member = member_of (args, error);

  return member != NULL && ops_group_leave (call->ctx, call->caller, args->id, member, error);
}

/* ---- DescribeSecurityGroupReferences ---- */

typedef struct
{
  char **ids;
} ReferenceArgs;

static const ApiParam reference_params[] = {
  API_STRLIST (ReferenceArgs, ids, "SecurityGroupId", .flags = API_REQUIRED, .max = 10,
               .max_length = 64, .format = &api_format_group_id, .error = VMM_ERROR_GROUP_NOT_FOUND,
               .doc = "Security groups."),
};

#define X "SecurityGroupReferences.SecurityGroupReference[]."
static const ApiField reference_fields[] = {
  API_OUT_STR (X "SecurityGroupId", API_REQUIRED, "One of the groups asked for."),
  API_OUT_STR (X "ReferencingSecurityGroups.ReferencingSecurityGroup[].SecurityGroupId",
               API_REQUIRED, "A group with a rule that names it."),
  API_OUT_STR (X "ReferencingSecurityGroups.ReferencingSecurityGroup[].AliUid", API_REQUIRED,
               "The account of that group."),
};

static gboolean
describe_references (ApiCall *call, gconstpointer data, ApiReply *reply, GError **error)
{
  const ReferenceArgs *args = data;

  api_reply_list (reply, "SecurityGroupReferences", "SecurityGroupReference");
  for (guint i = 0; args->ids[i] != NULL; i++)
    {
      g_autoptr (GPtrArray) groups
          = ops_group_references (call->ctx, call->caller, args->ids[i], error);

      if (groups == NULL)
        return FALSE;
      api_reply_item (reply);
      api_reply_string (reply, "SecurityGroupId", args->ids[i]);
      api_reply_list (reply, "ReferencingSecurityGroups", "ReferencingSecurityGroup");
      for (guint j = 0; j < groups->len; j++)
        {
          const VmmGroup *group = groups->pdata[j];

          api_reply_item (reply);
          api_reply_string (reply, "AliUid", group->account_id);
          api_reply_string (reply, "SecurityGroupId", group->id);
          api_reply_end (reply);
        }
      api_reply_end (reply);
      api_reply_end (reply);
    }
  api_reply_end (reply);
  return TRUE;
}

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
  ECS_RESOURCE_GROUP_FILTER (ListArgs, resource_group_id, "group"),
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
  API_OUT_INT (G "EcsCount", API_REQUIRED, "Instances in it."),
  API_OUT_INT (G "AvailableInstanceAmount", API_REQUIRED,
               "How many more instances of the account it could hold."),
  API_OUT_INT (G "RuleCount", API_REQUIRED, "Its rules."),
  API_OUT_INT (G "GroupToGroupRuleCount", API_REQUIRED, "Those of them that name a group."),
  API_OUT_STR (G "Tags.Tag[].TagKey", 0, "A tag's key."),
  API_OUT_STR (G "Tags.Tag[].TagValue", 0, "A tag's value."),
  API_PAGE_FIELDS,
};

static void
write_group (ApiCall *call, ApiReply *reply, const VmmGroup *group, GHashTable *tags)
{
  int limit = MIN (call->ctx->config->max_instances, OPS_ADDRESSES_A_GROUP);
  int room = limit - (int) group->n_members;

  api_reply_item (reply);
  api_reply_string (reply, "SecurityGroupId", group->id);
  api_reply_string (reply, "SecurityGroupName", group->name);
  api_reply_string (reply, "Description", group->description);
  api_reply_string (reply, "VpcId", group->vpc_id);
  api_reply_second (reply, "CreationTime", group->created_ms);
  api_reply_string (reply, "SecurityGroupType", "normal");
  api_reply_string (reply, "ResourceGroupId", "");
  api_reply_bool (reply, "ServiceManaged", FALSE);
  api_reply_int (reply, "EcsCount", group->n_members);
  api_reply_int (reply, "AvailableInstanceAmount", MAX (room, 0));
  api_reply_int (reply, "RuleCount", group->n_rules);
  api_reply_int (reply, "GroupToGroupRuleCount", group->n_peer_rules);
  ecs_write_tags (reply, tags, group->id);
  api_reply_end (reply);
}

/* Whether the filters on what is the same for all groups here let any pass, and the two ways of
 * naming an id do not exclude each other. */
static gboolean
constants_pass (const ListArgs *args)
{
  return ecs_is_or_unset (args->network_type, "vpc") && ecs_is_or_unset (args->group_type, "normal")
         && ecs_is_or_unset (args->resource_group_id, "") && args->service_managed != 1
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
    .tags = api_tags_get (args->tags),
  };
  g_auto (VmmPageInfo) info = { 0 };
  g_autoptr (GPtrArray) groups = NULL;
  g_autoptr (GHashTable) tags = NULL;

  api_reply_string (reply, "RegionId", call->ctx->config->region_id);
  if (!constants_pass (args))
    {
      ecs_write_nothing (reply, &args->page, "SecurityGroups", "SecurityGroup");
      return TRUE;
    }
  groups = ops_group_list (call->ctx, call->caller, &query, &page, &info, error);
  tags = groups != NULL ? ECS_TAGS_OF (call, VMM_TAG_GROUP, groups, VmmGroup, id, error) : NULL;
  if (tags == NULL)
    return FALSE;

  api_reply_list (reply, "SecurityGroups", "SecurityGroup");
  for (guint i = 0; i < groups->len; i++)
    write_group (call, reply, groups->pdata[i], tags);
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
  ECS_GROUP_ID (AttributeArgs, id),
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
  API_OUT_STR (P "IpProtocol", API_REQUIRED, "TCP, UDP, ICMP, ICMPV6, GRE or ALL."),
  API_OUT_STR (P "PortRange", API_REQUIRED, "Ports, such as 22/22; -1/-1 for all."),
  API_OUT_STR (P "SourcePortRange", API_REQUIRED, "The ports it comes from."),
  API_OUT_STR (P "SourceCidrIp", API_REQUIRED, "The addresses it comes from."),
  API_OUT_STR (P "Ipv6SourceCidrIp", API_REQUIRED, "The same in IPv6."),
  API_OUT_STR (P "SourceGroupId", API_REQUIRED, "The group it comes from."),
  API_OUT_STR (P "SourceGroupName", API_REQUIRED, "Always empty."),
  API_OUT_STR (P "SourceGroupOwnerAccount", API_REQUIRED,
               "The account that has that group, when it is another's."),
  API_OUT_STR (P "SourcePrefixListId", API_REQUIRED, "The prefix list it comes from."),
  API_OUT_STR (P "DestCidrIp", API_REQUIRED, "The addresses it goes to."),
  API_OUT_STR (P "Ipv6DestCidrIp", API_REQUIRED, "The same in IPv6."),
  API_OUT_STR (P "DestGroupId", API_REQUIRED, "The group it goes to."),
  API_OUT_STR (P "DestGroupName", API_REQUIRED, "Always empty."),
  API_OUT_STR (P "DestGroupOwnerAccount", API_REQUIRED,
               "The account that has that group, when it is another's."),
  API_OUT_STR (P "DestPrefixListId", API_REQUIRED, "The prefix list it goes to."),
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

/* The range of one end in the member of its family. */
static void
write_range (ApiReply *reply, const char *name, const char *name6, const char *cidr)
{
  gboolean is_ipv6 = strchr (cidr, ':') != NULL;

  api_reply_string (reply, name, is_ipv6 ? "" : cidr);
  api_reply_string (reply, name6, is_ipv6 ? cidr : "");
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
  write_range (reply, "SourceCidrIp", "Ipv6SourceCidrIp", egress ? rule->near_cidr : rule->cidr);
  api_reply_string (reply, "SourceGroupId", egress ? "" : rule->peer_group_id);
  api_reply_string (reply, "SourceGroupName", "");
  api_reply_string (reply, "SourceGroupOwnerAccount", egress ? "" : rule->peer_account);
  api_reply_string (reply, "SourcePrefixListId", egress ? "" : rule->prefix_list_id);
  write_range (reply, "DestCidrIp", "Ipv6DestCidrIp", egress ? rule->cidr : rule->near_cidr);
  api_reply_string (reply, "DestGroupId", egress ? rule->peer_group_id : "");
  api_reply_string (reply, "DestGroupName", "");
  api_reply_string (reply, "DestGroupOwnerAccount", egress ? rule->peer_account : "");
  api_reply_string (reply, "DestPrefixListId", egress ? rule->prefix_list_id : "");
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

static const ApiAction actions[] = {
  { .name = "CreateSecurityGroup",
    .summary = "Makes a security group: closed for what comes in, open for what goes out.",
    .since = "0.1",
    .access = API_WRITE,
    .permission = "ecs:CreateSecurityGroup",
    .flags = API_DRY_RUN | API_CLIENT_TOKEN,
    .makes = VMM_TAG_GROUP,
    .run = create_group,
    API_PARAMS (CreateArgs, create_params),
    API_FIELDS (create_fields),
    API_ERRORS (VMM_ERROR_VPC_NOT_FOUND, VMM_ERROR_GROUP_NAME_MALFORMED,
                VMM_ERROR_DESCRIPTION_MALFORMED, VMM_ERROR_GROUP_QUOTA) },
  { .name = "ModifySecurityGroupAttribute",
    .summary = "Changes the name or description of a security group.",
    .since = "0.1",
    .access = API_WRITE,
    .permission = "ecs:ModifySecurityGroupAttribute",
    .flags = API_DRY_RUN,
    .run = modify_group,
    API_PARAMS (OneArgs, modify_params),
    API_ERRORS (VMM_ERROR_GROUP_NOT_FOUND, VMM_ERROR_GROUP_NAME_MALFORMED,
                VMM_ERROR_DESCRIPTION_MALFORMED) },
  { .name = "ModifySecurityGroupPolicy",
    .summary = "Lets the members of a security group reach each other, or not.",
    .since = "0.1",
    .access = API_WRITE,
    .permission = "ecs:ModifySecurityGroupPolicy",
    .flags = API_DRY_RUN | API_CLIENT_TOKEN,
    .run = modify_policy,
    API_PARAMS (OneArgs, policy_params),
    API_ERRORS (VMM_ERROR_GROUP_NOT_FOUND, VMM_ERROR_RULE_POLICY) },
  { .name = "DeleteSecurityGroup",
    .summary = "Deletes a security group that has no members and that no other names.",
    .since = "0.1",
    .access = API_WRITE,
    .permission = "ecs:DeleteSecurityGroup",
    .flags = API_DRY_RUN,
    .run = delete_group,
    API_PARAMS (OneArgs, one_params),
    API_ERRORS (VMM_ERROR_GROUP_NOT_FOUND, VMM_ERROR_DEPENDENCY) },
  { .name = "JoinSecurityGroup",
    .summary = "Puts an instance into one more security group.",
    .since = "0.1",
    .access = API_WRITE,
    .permission = "ecs:JoinSecurityGroup",
    .flags = API_DRY_RUN,
    .run = join_group,
    API_PARAMS (MemberArgs, member_params),
    API_ERRORS (VMM_ERROR_GROUP_FULL, VMM_ERROR_GROUP_NOT_FOUND, VMM_ERROR_INSTANCE_NOT_FOUND,
                VMM_ERROR_NIC_NOT_FOUND, VMM_ERROR_NIC_AND_INSTANCE, VMM_ERROR_INSTANCE_STATUS,
                VMM_ERROR_NIC_STATUS, VMM_ERROR_GROUP_MEMBER, VMM_ERROR_GROUP_LIMIT,
                VMM_ERROR_GROUP_VPC_MISMATCH) },
  { .name = "LeaveSecurityGroup",
    .summary = "Takes an instance out of a security group that is not its last.",
    .since = "0.1",
    .access = API_WRITE,
    .permission = "ecs:LeaveSecurityGroup",
    .flags = API_DRY_RUN,
    .run = leave_group,
    API_PARAMS (MemberArgs, member_params),
    API_ERRORS (VMM_ERROR_GROUP_NOT_FOUND, VMM_ERROR_INSTANCE_NOT_FOUND, VMM_ERROR_NIC_NOT_FOUND,
                VMM_ERROR_NIC_AND_INSTANCE, VMM_ERROR_INSTANCE_STATUS, VMM_ERROR_NIC_STATUS,
                VMM_ERROR_GROUP_NOT_MEMBER, VMM_ERROR_GROUP_LAST) },
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
  { .name = "DescribeSecurityGroupReferences",
    .summary = "Tells which groups have rules that name a security group.",
    .since = "0.1",
    .access = API_READ,
    .permission = "ecs:DescribeSecurityGroupReferences",
    .run = describe_references,
    API_PARAMS (ReferenceArgs, reference_params),
    API_FIELDS (reference_fields),
    API_ERRORS (VMM_ERROR_GROUP_NOT_FOUND) },
};

const ApiResource ecs_group = API_RESOURCE ("group", actions);
