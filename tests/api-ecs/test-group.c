/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Security groups with their members and rules, and the network interfaces that are in them. */
#include "config.h"

#include "ecs-world.h"
#include "ops-key.h"
#include <string.h>

static const char *
make_group (World *w, const char *name)
{
  assert_call ("OK", w, "Action=CreateSecurityGroup&SecurityGroupName=%s&Description=a group",
               name);
  return world_get (w, "$.SecurityGroupId");
}

static char *
make_instance (World *w, VmmInstanceState state)
{
  g_autofree char *params = g_strdup_printf ("ImageId=%s", world_image (w, "debian"));

  return world_instance (w, params, state);
}

static guint
groups_of (World *w, const char *instance_id)
{
  assert_call ("OK", w, "Action=DescribeInstanceAttribute&InstanceId=%s", instance_id);
  return world_count (w, "$.SecurityGroupIds.SecurityGroupId[*]");
}

static void
a_group_is_made_changed_and_deleted (void **state)
{
  World *w = *state;
  const char *group = make_group (w, "web");

  assert_call ("OK", w,
               "Action=ModifySecurityGroupAttribute&SecurityGroupName=front&"
               "SecurityGroupId=%s",
               group);
  assert_call ("OK", w,
               "Action=ModifySecurityGroupPolicy&InnerAccessPolicy=drop&"
               "SecurityGroupId=%s",
               group);
  assert_int_equal (w->kicks, 1);
  assert_call ("OK", w, "Action=DescribeSecurityGroupAttribute&SecurityGroupId=%s", group);
  assert_string_equal (world_get (w, "$.SecurityGroupName"), "front");
  assert_string_equal (world_get (w, "$.Description"), "a group");
  assert_string_equal (world_get (w, "$.InnerAccessPolicy"), "Drop");
  assert_call ("DryRunOperation", w, "Action=DeleteSecurityGroup&DryRun=true&SecurityGroupId=%s",
               group);
  assert_call ("OK", w, "Action=DeleteSecurityGroup&SecurityGroupId=%s", group);
  assert_call ("InvalidSecurityGroupId.NotFound", w,
               "Action=DeleteSecurityGroup&SecurityGroupId=%s", group);
}

static void
bad_requests_have_the_codes_of_ecs (void **state)
{
  static const struct
  {
    const char *params, *code;
  } cases[] = {
    { "Action=CreateSecurityGroup&SecurityGroupName=1", "InvalidSecurityGroupName.Malformed" },
    { "Action=CreateSecurityGroup&Description=http://x", "InvalidDescription.Malformed" },
    { "Action=CreateSecurityGroup&VpcId=vpc-00000000000000000000", "InvalidVpcId.NotFound" },
    { "Action=CreateSecurityGroup&SecurityGroupType=enterprise", "UnsupportedParameter" },
    { "Action=CreateSecurityGroup&ServiceManaged=false&DryRun=true", "DryRunOperation" },
    { "Action=CreateSecurityGroup&ServiceManaged=true", "UnsupportedParameter" },
    { "Action=ModifySecurityGroupPolicy&SecurityGroupId=sg-00000000000000000000",
      "MissingParameter" },
    { "Action=ModifySecurityGroupPolicy&SecurityGroupId=sg-00000000000000000000&"
      "InnerAccessPolicy=x",
      "InvalidPolicy.Malformed" },
    { "Action=JoinSecurityGroup&SecurityGroupId=sg-00000000000000000000", "MissingParameter" },
    { "Action=LeaveSecurityGroup&SecurityGroupId=sg-00000000000000000000&"
      "InstanceId=i-00000000000000000000",
      "InvalidSecurityGroupId.NotFound" },
    { "Action=DescribeSecurityGroupReferences", "MissingParameter" },
    { "Action=DescribeSecurityGroupReferences&SecurityGroupId.1=sg-00000000000000000000",
      "InvalidSecurityGroupId.NotFound" },
    { "Action=CreateNetworkInterfacePermission", "UnsupportedOperation" },
  };
  World *w = *state;

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    assert_answer (w, cases[i].params, cases[i].code);
}

static void
a_hundred_groups_are_enough (void **state)
{
  World *w = *state;

  for (guint i = 0; i < 99; i++) /* beside the default one */
    make_group (w, "web");
  assert_answer (w, "Action=CreateSecurityGroup&SecurityGroupName=web",
                 "QuotaExceed.SecurityGroup");
}

static void
an_instance_joins_and_leaves (void **state)
{
  World *w = *state;
  g_autofree char *id = make_instance (w, VMM_INSTANCE_RUNNING);
  const char *web = make_group (w, "web"), *eni;
  guint kicks = w->kicks;

  assert_call ("OK", w, "Action=JoinSecurityGroup&InstanceId=%s&SecurityGroupId=%s", id, web);
  assert_int_equal (w->kicks, kicks + 1);
  assert_int_equal (groups_of (w, id), 2);
  assert_call ("InvalidInstanceId.AlreadyExists", w,
               "Action=JoinSecurityGroup&InstanceId=%s&SecurityGroupId=%s", id, web);
  assert_call ("DependencyViolation", w, "Action=DeleteSecurityGroup&SecurityGroupId=%s", web);
  assert_call ("OK", w, "Action=DescribeNetworkInterfaces&InstanceId=%s", id);
  eni = world_get (w, "$..NetworkInterfaceId");
  assert_call ("OK", w, "Action=LeaveSecurityGroup&NetworkInterfaceId=%s&SecurityGroupId=%s", eni,
               web);
  assert_call ("InstanceNotInSecurityGroup", w,
               "Action=LeaveSecurityGroup&InstanceId=%s&SecurityGroupId=%s", id, web);
  assert_call ("OK", w, "Action=JoinSecurityGroup&NetworkInterfaceId=%s&SecurityGroupId=%s", eni,
               web);
  assert_call ("InvalidParam.EniIdAndInstanceId.Conflict", w,
               "Action=LeaveSecurityGroup&NetworkInterfaceId=%s&SecurityGroupId=%s&InstanceId=%s",
               eni, web, id);
  assert_call ("InvalidEniId.NotFound", w,
               "Action=JoinSecurityGroup&NetworkInterfaceId=eni-00000000000000000000&"
               "SecurityGroupId=%s",
               web);
}

static void
an_instance_is_always_in_one_to_five_groups (void **state)
{
  World *w = *state;
  g_autofree char *id = make_instance (w, VMM_INSTANCE_STOPPED);
  const char *first;

  assert_call ("OK", w, "Action=DescribeInstanceAttribute&InstanceId=%s", id);
  first = world_get (w, "$.SecurityGroupIds.SecurityGroupId[0]");
  assert_call ("InstanceLastSecurityGroup", w,
               "Action=LeaveSecurityGroup&InstanceId=%s&SecurityGroupId=%s", id, first);
  for (guint i = 0; i < 4; i++)
    assert_call ("OK", w, "Action=JoinSecurityGroup&InstanceId=%s&SecurityGroupId=%s", id,
                 make_group (w, "web"));
  assert_call ("InstanceSecurityGroupLimitExceeded", w,
               "Action=JoinSecurityGroup&InstanceId=%s&SecurityGroupId=%s", id,
               make_group (w, "web"));
}

static void
an_instance_in_the_making_changes_no_groups (void **state)
{
  World *w = *state;
  g_autofree char *id = make_instance (w, VMM_INSTANCE_PENDING);
  const char *web = make_group (w, "web");

  assert_call ("IncorrectInstanceStatus", w,
               "Action=JoinSecurityGroup&InstanceId=%s&SecurityGroupId=%s", id, web);
}

static void
all_groups_of_an_instance_are_replaced_or_none (void **state)
{
  World *w = *state;
  g_autofree char *id = make_instance (w, VMM_INSTANCE_RUNNING);
  const char *one = make_group (w, "one"), *two = make_group (w, "two"), *far;
  guint kicks;

  assert_answer (w, "Action=CreateVpc", "OK");
  assert_call ("OK", w, "Action=CreateSecurityGroup&VpcId=%s", world_get (w, "$.VpcId"));
  far = world_get (w, "$.SecurityGroupId");
  kicks = w->kicks;
  assert_call ("OK", w,
               "Action=ModifyInstanceAttribute&InstanceId=%s&SecurityGroupIds.1=%s&"
               "SecurityGroupIds.2=%s&SecurityGroupIds.3=%s&InstanceName=renamed",
               id, one, two, one);
  assert_int_equal (w->kicks, kicks + 1);
  assert_int_equal (groups_of (w, id), 2);
  assert_string_equal (world_get (w, "$.SecurityGroupIds.SecurityGroupId[0]"), one);
  assert_string_equal (world_get (w, "$.InstanceName"), "renamed");
  assert_call ("InvalidOperation.VpcMismatch", w,
               "Action=ModifyInstanceAttribute&InstanceId=%s&SecurityGroupIds.1=%s&"
               "SecurityGroupIds.2=%s&InstanceName=never",
               id, two, far);
  assert_call ("InvalidSecurityGroupId.NotFound", w,
               "Action=ModifyInstanceAttribute&InstanceId=%s&"
               "SecurityGroupIds.1=sg-00000000000000000000",
               id);
  assert_call ("OK", w, "Action=ModifyInstanceAttribute&InstanceId=%s&Description=still in both",
               id);
  assert_int_equal (groups_of (w, id), 2);
  assert_string_equal (world_get (w, "$.InstanceName"), "renamed");
}

static void
a_group_tells_how_much_is_in_it (void **state)
{
  World *w = *state;
  g_autofree char *id = make_instance (w, VMM_INSTANCE_STOPPED);
  const char *web = make_group (w, "web");

  assert_call ("OK", w, "Action=JoinSecurityGroup&InstanceId=%s&SecurityGroupId=%s", id, web);
  assert_call ("OK", w,
               "Action=AuthorizeSecurityGroup&SecurityGroupId=%s&"
               "Permissions.1.IpProtocol=all&Permissions.1.SourceGroupId=%s&"
               "Permissions.2.IpProtocol=icmp&Permissions.2.SourceCidrIp=0.0.0.0/0",
               web, web);
  assert_call ("OK", w, "Action=DescribeSecurityGroups&SecurityGroupId=%s&IsQueryEcsCount=true",
               web);
  assert_string_equal (world_get (w, "$..EcsCount"), "1");
  assert_string_equal (world_get (w, "$..AvailableInstanceAmount"), "999");
  assert_string_equal (world_get (w, "$..RuleCount"), "2");
  assert_string_equal (world_get (w, "$..GroupToGroupRuleCount"), "1");
}

#define RULES "Action=DescribeSecurityGroupAttribute&SecurityGroupId=%s"

/* The id of the group's only rule. */
static const char *
only_rule (World *w, const char *group)
{
  assert_call ("OK", w, RULES, group);
  return world_get (w, "$..SecurityGroupRuleId");
}

static void
what_is_given_of_a_rule_is_changed_and_the_rest_stays (void **state)
{
  World *w = *state;
  const char *web = make_group (w, "web"), *rule, *created;

  assert_call ("OK", w,
               "Action=AuthorizeSecurityGroup&SecurityGroupId=%s&IpProtocol=tcp&"
               "PortRange=22/22&SourceCidrIp=10.0.0.0/8&Priority=7&Policy=drop&"
               "Description=no ssh",
               web);
  rule = only_rule (w, web);
  created = world_get (w, "$..CreateTime");
  assert_call ("OK", w,
               "Action=ModifySecurityGroupRule&SecurityGroupId=%s&SecurityGroupRuleId=%s&"
               "PortRange=80/443&Policy=accept",
               web, rule);
  assert_string_equal (only_rule (w, web), rule);
  assert_string_equal (world_get (w, "$..PortRange"), "80/443");
  assert_string_equal (world_get (w, "$..Policy"), "Accept");
  assert_string_equal (world_get (w, "$..IpProtocol"), "TCP");
  assert_string_equal (world_get (w, "$..Priority"), "7");
  assert_string_equal (world_get (w, "$..SourceCidrIp"), "10.0.0.0/8");
  assert_string_equal (world_get (w, "$.Permissions.Permission[0].Description"), "no ssh");
  assert_string_equal (world_get (w, "$..CreateTime"), created);
  assert_call ("OK", w,
               "Action=ModifySecurityGroupRule&SecurityGroupId=%s&SecurityGroupRuleId=%s&"
               "IpProtocol=icmp&SourceGroupId=%s&Description=&Priority=1",
               web, rule, web);
  assert_string_equal (only_rule (w, web), rule);
  assert_string_equal (world_get (w, "$..PortRange"), "-1/-1");
  assert_string_equal (world_get (w, "$..SourceGroupId"), web);
  assert_string_equal (world_get (w, "$..SourceCidrIp"), "");
  assert_string_equal (world_get (w, "$..Priority"), "1");
  assert_string_equal (world_get (w, "$.Permissions.Permission[0].Description"), "");
}

static void
a_rule_never_becomes_another_or_what_it_may_not_be (void **state)
{
  static const struct
  {
    const char *change, *code;
  } cases[] = {
    { "PortRange=80/80", "InvalidParamter.Conflict" },
    { "PortRange=80", "InvalidIpPortRange.Malformed" },
    { "IpProtocol=icmp&PortRange=1/2", "InvalidIpPortRange.Malformed" },
    { "SourceCidrIp=1.2.3", "InvalidSourceCidrIp.Malformed" },
    { "SourceGroupId=sg-00000000000000000000", "InvalidSecurityGroupId.NotFound" },
    { "Priority=0", "InvalidPriority.Malformed" },
    { "DryRun=true&PortRange=81/81", "DryRunOperation" },
    { "PortRange=22/22", "OK" },
  };
  World *w = *state;
  const char *web = make_group (w, "web"), *db = make_group (w, "db"), *rule;

  assert_call ("OK", w,
               "Action=AuthorizeSecurityGroup&SecurityGroupId=%s&IpProtocol=tcp&"
               "PortRange=22/22&SourceCidrIp=0.0.0.0/0",
               web);
  rule = only_rule (w, web);
  assert_call ("OK", w,
               "Action=AuthorizeSecurityGroup&SecurityGroupId=%s&IpProtocol=tcp&"
               "PortRange=80/80&SourceCidrIp=0.0.0.0/0",
               web);
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    assert_call (cases[i].code, w,
                 "Action=ModifySecurityGroupRule&SecurityGroupId=%s&SecurityGroupRuleId=%s&%s", web,
                 rule, cases[i].change);
  assert_call ("SecurityGroupRule.NotFound", w,
               "Action=ModifySecurityGroupEgressRule&SecurityGroupId=%s&SecurityGroupRuleId=%s",
               web, rule);
  assert_call ("SecurityGroupRule.NotFound", w,
               "Action=ModifySecurityGroupRule&SecurityGroupId=%s&SecurityGroupRuleId=%s", db,
               rule);
  assert_call ("MissingParameter", w, "Action=ModifySecurityGroupRule&SecurityGroupId=%s", web);
}

static void
an_egress_rule_is_changed_by_its_own_action (void **state)
{
  World *w = *state;
  const char *web = make_group (w, "web");

  assert_call ("OK", w,
               "Action=AuthorizeSecurityGroupEgress&SecurityGroupId=%s&IpProtocol=all&"
               "DestCidrIp=10.0.0.0/8",
               web);
  assert_call ("OK", w,
               "Action=ModifySecurityGroupEgressRule&SecurityGroupId=%s&"
               "SecurityGroupRuleId=%s&DestCidrIp=10.9.9.9/16",
               web, only_rule (w, web));
  only_rule (w, web);
  assert_string_equal (world_get (w, "$..DestCidrIp"), "10.9.0.0/16");
  assert_string_equal (world_get (w, "$..Direction"), "egress");
}

static void
when_a_range_and_a_group_are_given_the_range_counts (void **state)
{
  World *w = *state;
  const char *web = make_group (w, "web");

  assert_call ("OK", w,
               "Action=AuthorizeSecurityGroup&SecurityGroupId=%s&IpProtocol=all&"
               "SourceGroupId=%s&SourceCidrIp=10.0.0.0/8",
               web, web);
  only_rule (w, web);
  assert_string_equal (world_get (w, "$..SourceCidrIp"), "10.0.0.0/8");
  assert_string_equal (world_get (w, "$..SourceGroupId"), "");
}

static void
become (World *w, const char *account_id)
{
  g_free (w->account_id);
  w->account_id = g_strdup (account_id);
}

static void
a_group_of_another_account_is_named_only_with_its_owner (void **state)
{
  World *w = *state;
  g_autofree char *own = g_strdup (w->account_id);
  g_autoptr (OpsAccount) other = ops_account_create (&w->ctx, "other", NULL);
  const char *theirs, *web = make_group (w, "web");

  become (w, other->id);
  theirs = make_group (w, "theirs");
  become (w, own);
#define AUTHORIZE "Action=AuthorizeSecurityGroup&SecurityGroupId=%s&IpProtocol=all&SourceGroupId=%s"
  assert_call ("InvalidSecurityGroupId.NotFound", w, AUTHORIZE, web, theirs);
  assert_call ("InvalidSecurityGroupId.NotFound", w, AUTHORIZE "&SourceGroupOwnerAccount=tenant",
               web, theirs);
  assert_call ("InvalidSecurityGroupId.NotFound", w, AUTHORIZE "&SourceGroupOwnerAccount=nobody",
               web, theirs);
  assert_call ("InvalidSecurityGroupId.NotFound", w,
               AUTHORIZE "&SourceGroupOwnerAccount=other&SourceGroupOwnerId=%s", web, theirs, own);
  assert_call ("OK", w, AUTHORIZE "&SourceGroupOwnerId=0&SourceGroupOwnerAccount=tenant", web, web);
  assert_call ("OK", w, AUTHORIZE "&SourceGroupOwnerAccount=other", web, theirs);
  assert_call ("OK", w, AUTHORIZE "&SourceGroupOwnerId=%s", web, theirs, other->id);
  assert_call ("OK", w, RULES, web);
  assert_int_equal (world_count (w, "$.Permissions.Permission[*]"), 2);
  assert_string_equal (world_get (w, "$.Permissions.Permission[0].SourceGroupOwnerAccount"), "");
  assert_string_equal (world_get (w, "$.Permissions.Permission[1].SourceGroupOwnerAccount"),
                       "other");
  assert_call ("OK", w,
               "Action=ModifySecurityGroupRule&SecurityGroupId=%s&Priority=9&"
               "SecurityGroupRuleId=%s",
               web, world_get (w, "$.Permissions.Permission[1].SecurityGroupRuleId"));
  assert_call ("OK", w,
               "Action=RevokeSecurityGroup&SecurityGroupId=%s&IpProtocol=all&Priority=9&"
               "SourceGroupId=%s&SourceGroupOwnerAccount=other",
               web, theirs);
  assert_call ("OK", w, RULES, web);
  assert_int_equal (world_count (w, "$.Permissions.Permission[*]"), 1);
}

static void
a_group_tells_which_others_name_it (void **state)
{
  World *w = *state;
  const char *web = make_group (w, "web"), *db = make_group (w, "db");

  assert_call ("OK", w,
               "Action=AuthorizeSecurityGroup&SecurityGroupId=%s&IpProtocol=tcp&"
               "PortRange=5432/5432&SourceGroupId=%s",
               db, web);
  assert_call ("OK", w,
               "Action=DescribeSecurityGroupReferences&SecurityGroupId.1=%s&"
               "SecurityGroupId.2=%s",
               web, db);
#define REFERENCES(n)                                                                              \
  "$.SecurityGroupReferences.SecurityGroupReference[" n                                            \
  "].ReferencingSecurityGroups.ReferencingSecurityGroup[*]"
  assert_string_equal (world_get (w, REFERENCES ("0") ".SecurityGroupId"), db);
  assert_string_equal (world_get (w, REFERENCES ("0") ".AliUid"), w->account_id);
  assert_int_equal (world_count (w, REFERENCES ("1")), 0);
  assert_call ("DependencyViolation", w, "Action=DeleteSecurityGroup&SecurityGroupId=%s", web);
  assert_call ("OK", w, "Action=DeleteSecurityGroup&SecurityGroupId=%s", db);
  assert_call ("OK", w, "Action=DeleteSecurityGroup&SecurityGroupId=%s", web);
}

static void
network_interfaces_are_filtered (void **state)
{
  static const struct
  {
    const char *filter, *total;
  } cases[] = {
    { "", "2" },
    { "&Type=Primary&Status=InUse", "2" },
    { "&Type=Secondary", "0" },
    { "&Status=Available", "0" },
    { "&PrimaryIpAddress=172.16.0.9", "1" },
    { "&PrivateIpAddress.1=172.16.0.9&PrivateIpAddress.2=172.16.0.8", "1" },
    { "&PrivateIpAddress.1=172.16.0.8&PrimaryIpAddress=172.16.0.9", "0" },
    { "&InstanceId=i-1", "0" },
    { "&NetworkInterfaceId.1=eni-1", "0" },
    { "&SecurityGroupId=sg-1", "0" },
    { "&VpcId=vpc-1", "0" },
    { "&VSwitchId=vsw-1", "0" },
    { "&NetworkInterfaceName=x", "0" },
    { "&ServiceManaged=true", "0" },
    { "&Tag.1.Key=a", "0" },
    { "&MaxResults=10", "2" },
  };
  World *w = *state;
  g_autofree char *nine
      = g_strdup_printf ("ImageId=%s&PrivateIpAddress=172.16.0.9", world_image (w, "ubuntu"));
  g_autofree char *first = world_instance (w, nine, VMM_INSTANCE_RUNNING);
  g_autofree char *second = make_instance (w, VMM_INSTANCE_STOPPED);
  const char *eni, *group;

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      assert_call ("OK", w, "Action=DescribeNetworkInterfaces&RegionId=cn-local%s",
                   cases[i].filter);
      if (!g_str_equal (world_get (w, "$.TotalCount"), cases[i].total))
        fail_msg ("%s finds %s", cases[i].filter, world_get (w, "$.TotalCount"));
    }
  assert_call ("OK", w, "Action=DescribeNetworkInterfaces&InstanceId=%s", first);
  eni = world_get (w, "$..NetworkInterfaceId");
  group = world_get (w, "$..SecurityGroupIds.SecurityGroupId[0]");
  assert_call ("OK", w,
               "Action=DescribeNetworkInterfaces&NetworkInterfaceId.1=%s&"
               "SecurityGroupId=%s",
               eni, group);
  assert_string_equal (world_get (w, "$..Attachment.InstanceId"), first);
  assert_string_equal (world_get (w, "$..PrimaryIpAddress"), "172.16.0.9");
  assert_string_equal (world_get (w, "$..PrivateIpSet[0].Primary"), "true");
  assert_true (g_str_has_prefix (world_get (w, "$..MacAddress"), "00:16:3e:"));
}

int
main (void)
{
#define CASE(test) cmocka_unit_test_setup_teardown (test, world_set_up, world_tear_down)
  const struct CMUnitTest tests[] = {
    CASE (a_group_is_made_changed_and_deleted),
    CASE (bad_requests_have_the_codes_of_ecs),
    CASE (a_hundred_groups_are_enough),
    CASE (an_instance_joins_and_leaves),
    CASE (an_instance_is_always_in_one_to_five_groups),
    CASE (an_instance_in_the_making_changes_no_groups),
    CASE (all_groups_of_an_instance_are_replaced_or_none),
    CASE (a_group_tells_how_much_is_in_it),
    CASE (what_is_given_of_a_rule_is_changed_and_the_rest_stays),
    CASE (a_rule_never_becomes_another_or_what_it_may_not_be),
    CASE (an_egress_rule_is_changed_by_its_own_action),
    CASE (when_a_range_and_a_group_are_given_the_range_counts),
    CASE (a_group_of_another_account_is_named_only_with_its_owner),
    CASE (a_group_tells_which_others_name_it),
    CASE (network_interfaces_are_filtered),
  };

  return cmocka_run_group_tests (tests, NULL, NULL);
}
