/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The lists: what they filter, how they page, and the shapes that clients insist on. */
#include "config.h"

#include "ecs-world.h"
#include <string.h>

/* How many entries @params find, by TotalCount. */
static const char *
total (World *w, const char *params)
{
  assert_ok (w, params);
  return world_get (w, "$.TotalCount");
}

static void
instances_are_filtered (void **state)
{
  static const struct
  {
    const char *filter, *total;
  } cases[] = {
    { "", "2" },
    { "&InstanceName=web*", "1" },
    { "&InstanceName=we", "0" },
    { "&Status=running", "1" },
    { "&InstanceType=ecs.t1.micro", "2" },
    { "&InstanceTypeFamily=ecs.g1", "0" },
    { "&InstanceIds=[\"i-1\"]", "0" },
    { "&PrivateIpAddresses=[\"172.16.0.9\"]", "1" },
    { "&InstanceNetworkType=vpc", "2" },
    { "&InstanceNetworkType=classic", "0" },
    { "&InstanceChargeType=PrePaid", "0" },
    { "&EipAddresses=[\"1.2.3.4\"]", "0" },
    { "&Tag.1.Key=team&Tag.1.Value=a", "0" },
    { "&ResourceGroupId=rg-1", "0" },
    { "&Filter.1.Key=CreationStartTime&Filter.1.Value=2020-01-01T00:00Z", "2" },
    { "&Filter.1.Key=CreationEndTime&Filter.1.Value=2020-01-01T00:00Z", "0" },
    { "&Filter.1.Key=ExpiredEndTime&Filter.1.Value=2020-01-01T00:00Z", "0" },
    { "&Filter.1.Key=ExpiredStartTime&Filter.1.Value=2020-01-01T00:00Z", "2" },
  };
  World *w = *state;
  const char *image = world_image (w, "debian");
  g_autofree char *web = g_strdup_printf ("ImageId=%s&InstanceName=web-1", image);
  g_autofree char *db
      = g_strdup_printf ("ImageId=%s&InstanceName=db-1&PrivateIpAddress=172.16.0.9", image);
  g_autofree char *id = world_instance (w, web, VMM_INSTANCE_RUNNING);
  g_autofree char *other = world_instance (w, db, VMM_INSTANCE_STOPPED);

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *list
          = g_strconcat ("Action=DescribeInstances&RegionId=cn-local", cases[i].filter, NULL);

      if (!g_str_equal (total (w, list), cases[i].total))
        fail_msg ("%s finds %s", list, world_get (w, "$.TotalCount"));
    }
  assert_answer (w, "Action=DescribeInstances&Status=Lost", "InvalidStatus.NotFound");
  assert_answer (w, "Action=DescribeInstances&Filter.1.Key=X&Filter.1.Value=2020-01-01T00:00Z",
                 "InvalidFilterKey.NotFound");
  assert_answer (w, "Action=DescribeInstanceStatus&ZoneId=x", "InvalidZoneId.NotFound");
}

static void
pages_go_by_number_and_by_token (void **state)
{
  World *w = *state;
  g_autofree char *run
      = g_strdup_printf ("Action=RunInstances&InstanceType=ecs.t1.nano&Amount=3&ImageId=%s",
                         world_image (w, "debian"));
  g_autofree char *next = NULL;

  assert_ok (w, run);
  assert_ok (w, "Action=DescribeInstances&PageSize=2&PageNumber=2");
  assert_int_equal (world_count (w, "$.Instances.Instance[*]"), 1);
  assert_string_equal (world_get (w, "$.PageNumber"), "2");
  assert_string_equal (world_get (w, "$.TotalCount"), "3");
  assert_ok (w, "Action=DescribeInstances&MaxResults=2");
  assert_int_equal (world_count (w, "$.Instances.Instance[*]"), 2);
  next = g_strdup_printf ("Action=DescribeInstances&MaxResults=2&NextToken=%s",
                          world_get (w, "$.NextToken"));
  assert_ok (w, next);
  assert_int_equal (world_count (w, "$.Instances.Instance[*]"), 1);
  assert_string_equal (world_get (w, "$.NextToken"), "");
  assert_answer (w, "Action=DescribeInstances&PageSize=101", "InvalidParameter");
  assert_answer (w, "Action=DescribeInstanceStatus&PageSize=51", "InvalidParameter");
}

static void
an_empty_list_is_an_empty_array (void **state)
{
  World *w = *state;

  assert_ok (w, "Action=DescribeInstances");
  assert_non_null (strstr (w->answer, "\"Instances\":{\"Instance\":[]}"));
  assert_ok (w, "Action=DescribeImages&ImageOwnerAlias=marketplace");
  assert_non_null (strstr (w->answer, "\"Images\":{\"Image\":[]}"));
}

static void
numbers_are_numbers_and_texts_are_texts (void **state)
{
  static const char *const wanted[] = { "\"Cpu\":1",
                                        "\"Memory\":256",
                                        "\"IoOptimized\":true",
                                        "\"Bandwidth\":0",
                                        "\"SpotPriceLimit\":0",
                                        "\"InternetMaxBandwidthOut\":0",
                                        "\"ExpiredTime\":\"2099-12-31T15:59Z\"",
                                        "\"OperationLocks\":{\"LockReason\":[]}",
                                        "\"StoppedMode\":\"KeepCharging\"" };
  World *w = *state;
  g_autofree char *params = g_strdup_printf ("ImageId=%s", world_image (w, "debian"));
  g_autofree char *id = world_instance (w, params, VMM_INSTANCE_STOPPED);
  g_autofree char *one = g_strdup_printf ("Action=DescribeInstanceAttribute&InstanceId=%s", id);

  assert_ok (w, "Action=DescribeInstances");
  for (guint i = 0; i < G_N_ELEMENTS (wanted); i++)
    if (strstr (w->answer, wanted[i]) == NULL)
      fail_msg ("no %s in %s", wanted[i], w->answer);
  assert_ok (w, one);
  assert_string_equal (world_get (w, "$.IoOptimized"), "optimized");
}

static void
roles_and_pools_are_answered_with_none (void **state)
{
  World *w = *state;
  g_autofree char *params = g_strdup_printf ("ImageId=%s", world_image (w, "debian"));
  g_autofree char *id = world_instance (w, params, VMM_INSTANCE_STOPPED);
  g_autofree char *pools
      = g_strdup_printf ("Action=DescribeInstanceAttachmentAttributes&InstanceIds=[\"%s\"]", id);

  assert_string_equal (total (w, "Action=DescribeInstanceRamRole&RegionId=cn-local"), "0");
  assert_string_equal (total (w, pools), "1");
  assert_string_equal (world_get (w, "$..PrivatePoolOptionsMatchCriteria"), "None");
  assert_answer (w, "Action=DescribeInstanceAttachmentAttributes", "MissingParameter");
}

static void
images_have_a_mapping_and_know_their_use (void **state)
{
  World *w = *state;
  const char *image = world_image (w, "debian");
  g_autofree char *params = g_strdup_printf ("ImageId=%s", image);
  g_autofree char *list = g_strdup_printf ("Action=DescribeImages&ImageId=%s,m-1", image);
  g_autofree char *id = NULL;

  assert_ok (w, list);
  assert_string_equal (world_get (w, "$..Usage"), "none");
  assert_non_null (strstr (w->answer, "\"Size\":\"3\""));
  assert_non_null (strstr (w->answer, "\"Size\":3,"));
  assert_string_equal (world_get (w, "$..ImageOwnerAlias"), "system");
  assert_string_equal (world_get (w, "$.Images.Image[0].Platform"), "Debian");
  id = world_instance (w, params, VMM_INSTANCE_STOPPED);
  assert_ok (w, list);
  assert_string_equal (world_get (w, "$..Usage"), "instance");
  assert_string_equal (total (w, "Action=DescribeImages&Status=Creating,CreateFailed"), "0");
  assert_string_equal (total (w, "Action=DescribeImages&ImageOwnerAlias=self"), "0");
}

static void
an_import_is_for_the_administrator_and_shows_as_creating (void **state)
{
  static const char import[]
      = "Action=ImportLocalImage&File=/images/a.raw&ImageFormat=RAW&ImageName=first";
  World *w = *state;
  g_autofree char *delete = NULL, *force = NULL;

  assert_answer (w, import, "Forbidden.RAM");
  w->as_admin = TRUE;
  assert_ok (w, import);
  delete = g_strdup_printf ("Action=DeleteImage&ImageId=%s", world_get (w, "$.ImageId"));
  assert_answer (w, import, "InvalidImageName.Duplicated");
  assert_answer (w, "Action=ImportLocalImage&File=/a&ImageFormat=vhd&ImageName=b",
                 "InvalidDiskImageFormat.ValueNotSupported");
  assert_answer (w, "Action=ImportLocalImage&File=a&ImageFormat=raw&ImageName=bb",
                 "InvalidImageFile.NotFound");
  assert_ok (w, "Action=DescribeImages&Status=Creating");
  assert_string_equal (world_get (w, "$.Images.Image[0].Progress"), "0%");
  assert_string_equal (world_get (w, "$..Usable"), "false");
  assert_ok (w, "Action=ImportLocalImage&File=/images/tiny.v2.qcow2&ImageFormat=qcow2");
  assert_ok (w, "Action=DescribeImages&Status=Creating&ImageName=tiny.v2");
  assert_int_equal (world_count (w, "$.Images.Image[*]"), 1);
  w->as_admin = FALSE;
  assert_answer (w, delete, "Forbidden.RAM");
  w->as_admin = TRUE;
  assert_answer (w, delete, "ImageIsImporting");
  force = g_strconcat (delete, "&Force=true", NULL);
  assert_ok (w, force);
}

static void
an_image_in_use_is_deleted_only_by_force (void **state)
{
  World *w = *state;
  const char *image = world_image (w, "debian");
  g_autofree char *params = g_strdup_printf ("ImageId=%s", image);
  g_autofree char *id = world_instance (w, params, VMM_INSTANCE_STOPPED);
  g_autofree char *delete = g_strdup_printf ("Action=DeleteImage&ImageId=%s", image);
  g_autofree char *force = g_strconcat (delete, "&Force=true", NULL);

  w->as_admin = TRUE;
  assert_answer (w, delete, "ImageUsingByInstance");
  assert_ok (w, force);
  assert_ok (w, "Action=DescribeInstances");
  assert_string_equal (world_get (w, "$..OSType"), "linux");
}

static void
disks_are_filtered (void **state)
{
  static const struct
  {
    const char *filter, *total;
  } cases[] = {
    { "", "1" },
    { "&DiskType=all&Category=all&Status=All", "1" },
    { "&DiskType=system&Portable=false", "1" },
    { "&DiskType=system&Portable=true", "0" },
    { "&DiskType=data", "0" },
    { "&Portable=true", "0" },
    { "&Encrypted=true", "0" },
    { "&Status=In_use", "1" },
    { "&Status=Available", "0" },
    { "&SnapshotId=s-1", "0" },
    { "&DiskChargeType=PostPaid", "1" },
    { "&Tag.1.Key=a", "0" },
    { "&DeleteWithInstance=true", "1" },
    { "&DeleteWithInstance=false", "0" },
  };
  World *w = *state;
  g_autofree char *params = g_strdup_printf ("ImageId=%s", world_image (w, "debian"));
  g_autofree char *id = world_instance (w, params, VMM_INSTANCE_STOPPED);
  const char *disk_id;

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *list = g_strconcat ("Action=DescribeDisks", cases[i].filter, NULL);

      if (!g_str_equal (total (w, list), cases[i].total))
        fail_msg ("%s finds %s", list, world_get (w, "$.TotalCount"));
    }
  assert_ok (w, "Action=DescribeDisks");
  disk_id = world_get (w, "$..DiskId");
  assert_string_equal (world_get (w, "$..SerialNumber"), disk_id + 2);
  assert_string_equal (world_get (w, "$..Attachments.Attachment[0].InstanceId"), id);
}

static void
each_account_has_a_vpc_a_vswitch_and_a_group (void **state)
{
  World *w = *state;
  const char *vpc;

  assert_ok (w, "Action=DescribeVpcs&Version=2016-04-28");
  vpc = world_get (w, "$..VpcId");
  assert_string_equal (world_get (w, "$..IsDefault"), "true");
  assert_int_equal (world_count (w, "$.Vpcs.Vpc[0].VSwitchIds.VSwitchId[*]"), 1);
  assert_ok (w, "Action=DescribeVSwitches");
  assert_string_equal (world_get (w, "$..VpcId"), vpc);
  assert_string_equal (world_get (w, "$..AvailableIpAddressCount"), "4092");
  assert_string_equal (total (w, "Action=DescribeVSwitches&IsDefault=false"), "0");
  assert_ok (w, "Action=DescribeSecurityGroups");
  assert_string_equal (world_get (w, "$..VpcId"), vpc);
  assert_string_equal (total (w, "Action=DescribeSecurityGroups&NetworkType=classic"), "0");
  assert_answer (w, "Action=DescribeSecurityGroups&Version=2016-04-28", "InvalidAction.NotFound");
}

/* @format with the id of the default group for each {}. */
static const char *
call_group (World *w, const char *format)
{
  g_autoptr (GString) params = g_string_new (format);

  assert_ok (w, "Action=DescribeSecurityGroups");
  g_string_replace (params, "{}", world_get (w, "$..SecurityGroupId"), 0);
  return world_call (w, params->str) ?: "OK";
}

#define RULES "Action=DescribeSecurityGroupAttribute&SecurityGroupId={}"

static void
rules_come_and_go (void **state)
{
  World *w = *state;
  g_autofree char *revoke = NULL;

  assert_string_equal (call_group (w, "Action=AuthorizeSecurityGroup&SecurityGroupId={}&"
                                      "IpProtocol=TCP&PortRange=22/22&SourceCidrIp=10.0.0.0/8&"
                                      "Priority=5&Policy=Drop&NicType=internet"),
                       "OK");
  assert_string_equal (call_group (w, "Action=AuthorizeSecurityGroupEgress&SecurityGroupId={}&"
                                      "Permissions.1.IpProtocol=all&Permissions.1.PortRange=-1/-1&"
                                      "Permissions.1.DestGroupId={}&Permissions.2.IpProtocol=icmp&"
                                      "Permissions.2.DestCidrIp=0.0.0.0/0"),
                       "OK");
  call_group (w, RULES);
  assert_int_equal (world_count (w, "$.Permissions.Permission[*]"), 3);
  call_group (w, RULES "&Direction=ingress");
  assert_string_equal (world_get (w, "$..IpProtocol"), "TCP");
  assert_string_equal (world_get (w, "$..Priority"), "5");
  assert_string_equal (world_get (w, "$..Policy"), "Drop");
  assert_string_equal (world_get (w, "$..SourceCidrIp"), "10.0.0.0/8");
  revoke
      = g_strdup_printf ("Action=RevokeSecurityGroup&SecurityGroupId={}&SecurityGroupRuleId.1=%s",
                         world_get (w, "$..SecurityGroupRuleId"));
  assert_string_equal (call_group (w, revoke), "OK");
  assert_string_equal (call_group (w, revoke), "OK");
  assert_string_equal (call_group (w, "Action=RevokeSecurityGroupEgress&SecurityGroupId={}&"
                                      "IpProtocol=icmp&PortRange=-1/-1&DestCidrIp=0.0.0.0/0"),
                       "OK");
  call_group (w, RULES);
  assert_string_equal (world_get (w, "$..DestGroupId"), world_get (w, "$.SecurityGroupId"));
  assert_string_equal (world_get (w, "$..Direction"), "egress");
}

static void
bad_rules_have_the_codes_of_ecs (void **state)
{
  static const struct
  {
    const char *rule, *code;
  } cases[] = {
    { "", "MissingParameter" },
    { "IpProtocol=tcp", "MissingParameter" },
    { "IpProtocol=tcp&PortRange=22/22", "MissingParameter" },
    { "IpProtocol=ipx&PortRange=1/1", "InvalidIpProtocol.ValueNotSupported" },
    { "IpProtocol=tcp&PortRange=22&SourceCidrIp=0.0.0.0/0", "InvalidIpPortRange.Malformed" },
    { "IpProtocol=tcp&PortRange=1/1&SourceCidrIp=10.0.0.999/8", "InvalidSourceCidrIp.Malformed" },
    { "IpProtocol=all&PortRange=-1/-1&SourceCidrIp=0.0.0.0/0&Policy=x", "InvalidPolicy.Malformed" },
    { "IpProtocol=all&PortRange=-1/-1&SourceCidrIp=0.0.0.0/0&Priority=0",
      "InvalidPriority.Malformed" },
    { "IpProtocol=all&SourceGroupId=sg-00000000000000000000", "InvalidSecurityGroupId.NotFound" },
    { "IpProtocol=all&SourcePrefixListId=pl-1", "InvalidPrefixListId.NotFound" },
    { "IpProtocol=all&SourceCidrIp=0.0.0.0/0&DestCidrIp=10.0.0.999",
      "InvalidDestCidrIp.Malformed" },
    { "IpProtocol=all&SourceCidrIp=0.0.0.0/0&Ipv6DestCidrIp=fd00::1", "InvalidParam.DestIp" },
    { "IpProtocol=all&Ipv6SourceCidrIp=fd00::/8&SourceCidrIp=0.0.0.0/0", "InvalidParam.SourceIp" },
    { "IpProtocol=all&Ipv6SourceCidrIp=fd00", "InvalidParam.Ipv6SourceCidrIp" },
    { "IpProtocol=icmpv6&SourceCidrIp=0.0.0.0/0",
      "InvalidParam.Ipv6ProtocolConflictWithIpv4Address" },
    { "IpProtocol=icmp&Ipv6SourceCidrIp=::/0", "InvalidParam.Ipv4ProtocolConflictWithIpv6Address" },
    { "IpProtocol=all&SourceCidrIp=0.0.0.0/0&PortRangeListId=prl-1", "UnsupportedParameter" },
    { "Permissions.1.PortRange=1/1", "MissingParameter" },
  };
  World *w = *state;

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *params
          = g_strconcat ("Action=AuthorizeSecurityGroup&SecurityGroupId={}&", cases[i].rule, NULL);

      assert_string_equal (call_group (w, params), cases[i].code);
    }
  assert_answer (w, "Action=DescribeSecurityGroupAttribute&SecurityGroupId=sg-1",
                 "InvalidSecurityGroupId.NotFound");
}

static void
one_bad_rule_of_several_changes_nothing (void **state)
{
  World *w = *state;

  assert_string_equal (call_group (w, "Action=AuthorizeSecurityGroup&SecurityGroupId={}&"
                                      "Permissions.1.IpProtocol=all&"
                                      "Permissions.1.SourceCidrIp=10.0.0.0/8&"
                                      "Permissions.2.IpProtocol=tcp&Permissions.2.PortRange=9/1&"
                                      "Permissions.2.SourceCidrIp=10.0.0.0/8"),
                       "InvalidIpPortRange.Malformed");
  call_group (w, RULES);
  assert_int_equal (world_count (w, "$.Permissions.Permission[*]"), 0);
}

static void
the_catalogue_has_the_shapes_of_ecs (void **state)
{
  World *w = *state;

  assert_ok (w, "Action=DescribeRegions&RegionId=cn-hangzhou");
  assert_string_equal (world_get (w, "$.Regions.Region[0].RegionEndpoint"), "cloud.example:80");
  assert_ok (w, "Action=DescribeZones&RegionId=cn-local");
  assert_string_equal (world_get (w, "$..ZoneId"), "cn-local-a");
  assert_true (world_count (w, "$..AvailableInstanceTypes.InstanceTypes[*]") > 5);
  assert_int_equal (world_count (w, "$..ResourcesInfo[0].NetworkTypes.supportedNetworkCategory[*]"),
                    1);
  assert_ok (w, "Action=DescribeInstanceTypes&InstanceTypes.1=ecs.t1.nano");
  assert_non_null (strstr (w->answer, "\"MemorySize\":0.125"));
  assert_ok (w, "Action=DescribeInstanceTypes&MinimumCpuCoreCount=8&MaximumMemorySize=16");
  assert_string_equal (world_get (w, "$..InstanceTypeId"), "ecs.c1.2xlarge");
  assert_ok (w, "Action=DescribeInstanceTypeFamilies&Generation=ecs-1");
  assert_int_equal (world_count (w, "$..InstanceTypeFamilyId"), 4);
}

static void
what_has_no_room_is_sold_out (void **state)
{
  World *w = *state;

  assert_ok (w, "Action=DescribeAvailableResource&DestinationResource=InstanceType&"
                "InstanceType=ecs.g1.2xlarge");
  assert_string_equal (world_get (w, "$..SupportedResource[0].Status"), "SoldOut");
  assert_ok (w, "Action=DescribeAvailableResource&DestinationResource=InstanceType&Cores=2&"
                "Memory=8");
  assert_string_equal (world_get (w, "$..SupportedResource[0].Value"), "ecs.g1.large");
  assert_string_equal (world_get (w, "$..SupportedResource[0].Status"), "Available");
  assert_ok (w, "Action=DescribeAvailableResource&DestinationResource=SystemDisk&"
                "SystemDiskCategory=cloud_ssd");
  assert_non_null (strstr (w->answer, "\"Max\":\"2048\""));
  assert_ok (w, "Action=DescribeAvailableResource&DestinationResource=Zone");
  assert_string_equal (world_get (w, "$..SupportedResource[0].Value"), "cn-local-a");
  assert_answer (w, "Action=DescribeAvailableResource&DestinationResource=x",
                 "Invalid.DestinationResource");
}

int
main (void)
{
#define CASE(test) cmocka_unit_test_setup_teardown (test, world_set_up, world_tear_down)
  const struct CMUnitTest tests[] = {
    CASE (instances_are_filtered),
    CASE (pages_go_by_number_and_by_token),
    CASE (an_empty_list_is_an_empty_array),
    CASE (numbers_are_numbers_and_texts_are_texts),
    CASE (roles_and_pools_are_answered_with_none),
    CASE (images_have_a_mapping_and_know_their_use),
    CASE (an_import_is_for_the_administrator_and_shows_as_creating),
    CASE (an_image_in_use_is_deleted_only_by_force),
    CASE (disks_are_filtered),
    CASE (each_account_has_a_vpc_a_vswitch_and_a_group),
    CASE (rules_come_and_go),
    CASE (bad_rules_have_the_codes_of_ecs),
    CASE (one_bad_rule_of_several_changes_nothing),
    CASE (the_catalogue_has_the_shapes_of_ecs),
    CASE (what_has_no_room_is_sold_out),
  };

  return cmocka_run_group_tests (tests, NULL, NULL);
}
