/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Tags, as clients see them. */
#include "config.h"

#include "ecs-world.h"

#define T "$.TagResources.TagResource"
#define NEW_TAGS "&Tag.1.Key=team&Tag.1.Value=shop&Tag.2.Key=env"

/* What @action made with tags. */
static char *
make (World *w, const char *action, const char *path)
{
  assert_call ("OK", w, "Action=%s" NEW_TAGS, action);
  return g_strdup (world_get (w, path));
}

static void
tags_are_put_listed_and_taken_away (void **state)
{
  World *w = *state;
  g_autofree char *disk = NULL;

  assert_ok (w, "Action=CreateDisk&Size=20");
  disk = g_strdup (world_get (w, "$.DiskId"));
  assert_call ("OK", w,
               "Action=TagResources&ResourceType=disk&ResourceId.1=%s&Tag.1.Key=team"
               "&Tag.1.Value=shop&Tag.2.Key=env&Tag.2.Value=",
               disk);
  assert_call ("OK", w, "Action=ListTagResources&ResourceType=DISK&ResourceId.1=%s", disk);
  assert_int_equal (world_count (w, T "[*]"), 2);
  assert_string_equal (world_get (w, T "[1].ResourceId"), disk);
  assert_string_equal (world_get (w, T "[1].ResourceType"), "disk");
  assert_string_equal (world_get (w, T "[1].TagKey"), "team");
  assert_string_equal (world_get (w, T "[1].TagValue"), "shop");
  assert_string_equal (world_get (w, "$.NextToken"), "");
  assert_ok (w, "Action=ListTagResources&ResourceType=disk&Tag.1.Key=team&Tag.1.Value=shop");
  assert_int_equal (world_count (w, T "[*]"), 1);
  assert_ok (w, "Action=ListTagResources&ResourceType=disk&TagFilter.1.TagKey=team"
                "&TagFilter.1.TagValues.1=blog");
  assert_int_equal (world_count (w, T "[*]"), 0);
  assert_ok (w, "Action=ListTagResources&ResourceType=instance");
  assert_int_equal (world_count (w, T "[*]"), 0);
  assert_call ("OK", w, "Action=UntagResources&ResourceType=disk&ResourceId.1=%s&TagKey.1=team",
               disk);
  assert_ok (w, "Action=ListTagResources&ResourceType=disk");
  assert_int_equal (world_count (w, T "[*]"), 1);
  assert_call ("OK", w, "Action=UntagResources&ResourceType=disk&ResourceId.1=%s&All=true", disk);
  assert_ok (w, "Action=ListTagResources&ResourceType=disk");
  assert_int_equal (world_count (w, T "[*]"), 0);
}

static void
the_old_actions_do_the_same (void **state)
{
  World *w = *state;
  g_autofree char *disk = NULL;

  assert_ok (w, "Action=CreateDisk&Size=20");
  disk = g_strdup (world_get (w, "$.DiskId"));
  assert_call ("OK", w,
               "Action=AddTags&ResourceType=disk&ResourceId=%s&Tag.1.Key=team&Tag.1.Value=shop",
               disk);
  assert_ok (w, "Action=DescribeTags");
  assert_string_equal (world_get (w, "$.Tags.Tag[0].TagKey"), "team");
  assert_string_equal (world_get (w, "$.Tags.Tag[0].TagValue"), "shop");
  assert_string_equal (world_get (w, "$.Tags.Tag[0].ResourceTypeCount.Disk"), "1");
  assert_string_equal (world_get (w, "$.Tags.Tag[0].ResourceTypeCount.Instance"), "0");
  assert_string_equal (world_get (w, "$.TotalCount"), "1");
  assert_ok (w, "Action=DescribeResourceByTags&Tag.1.Key=team&Tag.1.Value=shop");
  assert_string_equal (world_get (w, "$.Resources.Resource[0].ResourceId"), disk);
  assert_string_equal (world_get (w, "$.Resources.Resource[0].ResourceType"), "disk");
  assert_call (
      "OK", w,
      "Action=RemoveTags&ResourceType=disk&ResourceId=%s&Tag.1.Key=team&Tag.1.Value=", disk);
  assert_ok (w, "Action=DescribeTags&ResourceType=disk");
  assert_string_equal (world_get (w, "$.TotalCount"), "0");
}

static void
what_cannot_be_is_refused (void **state)
{
  World *w = *state;
  g_autofree char *disk = NULL;

  assert_ok (w, "Action=CreateDisk&Size=20");
  disk = g_strdup (world_get (w, "$.DiskId"));
  assert_call ("InvalidTagKey.Malformed", w,
               "Action=TagResources&ResourceType=disk&ResourceId.1=%s&Tag.1.Key=acs:x", disk);
  assert_call ("InvalidTagValue.Malformed", w,
               "Action=TagResources&ResourceType=disk&ResourceId.1=%s&Tag.1.Key=x"
               "&Tag.1.Value=http://x",
               disk);
  assert_call ("Duplicate.TagKey", w,
               "Action=TagResources&ResourceType=disk&ResourceId.1=%s&Tag.1.Key=x&Tag.2.Key=x",
               disk);
  assert_call ("InvalidResourceType.NotFound", w,
               "Action=TagResources&ResourceType=plate&ResourceId.1=%s&Tag.1.Key=x", disk);
  assert_call ("InvalidResourceId.NotFound", w,
               "Action=TagResources&ResourceType=instance&ResourceId.1=%s&Tag.1.Key=x", disk);
  assert_call ("MissingParameter", w, "Action=TagResources&ResourceType=disk&ResourceId.1=%s",
               disk);
  assert_call ("MissingParameter", w, "Action=UntagResources&ResourceType=disk&ResourceId.1=%s",
               disk);
  assert_call ("InvalidTagCount", w, "Action=AddTags&ResourceType=disk&ResourceId=%s", disk);
  assert_answer (w, "Action=CreateDisk&Size=20&Tag.1.Key=x&Tag.2.Key=x", "Duplicate.TagKey");
  assert_answer (w, "Action=CreateDisk&Size=20&Tag.1.Key=aliyunx", "InvalidTagKey.Malformed");
  assert_ok (w, "Action=DescribeTags");
  assert_string_equal (world_get (w, "$.TotalCount"), "0");
}

/* How a list shows its one tagged thing, and that it finds it by its tags. */
static void
check_list (World *w, const char *action, const char *list, const char *id_name, const char *id,
            const char *key_name, const char *value_name)
{
  g_autofree char *id_path = g_strdup_printf ("$.%s[0].%s", list, id_name);
  g_autofree char *key_path = g_strdup_printf ("$.%s[0].Tags.Tag[1].%s", list, key_name);
  g_autofree char *value_path = g_strdup_printf ("$.%s[0].Tags.Tag[1].%s", list, value_name);
  g_autofree char *all_path = g_strdup_printf ("$.%s[*]", list);

  assert_call ("OK", w, "Action=%s&Tag.1.Key=team&Tag.1.Value=shop&Tag.2.Key=env", action);
  assert_int_equal (world_count (w, all_path), 1);
  assert_string_equal (world_get (w, id_path), id);
  assert_string_equal (world_get (w, key_path), "team");
  assert_string_equal (world_get (w, value_path), "shop");
  assert_call ("OK", w, "Action=%s&Tag.1.Key=team&Tag.1.Value=blog", action);
  assert_int_equal (world_count (w, all_path), 0);
}

static void
everything_has_its_tags_from_the_start_and_is_found_by_them (void **state)
{
  World *w = *state;
  g_autofree char *disk = make (w, "CreateDisk&Size=20", "$.DiskId");
  g_autofree char *group
      = make (w, "CreateSecurityGroup&SecurityGroupName=web", "$.SecurityGroupId");
  g_autofree char *policy = make (w,
                                  "CreateAutoSnapshotPolicy&timePoints=[\"1\"]"
                                  "&repeatWeekdays=[\"1\"]&retentionDays=-1",
                                  "$.AutoSnapshotPolicyId");
  g_autofree char *pair = make (w, "CreateKeyPair&KeyPairName=laptop", "$.KeyPairName");
  g_autofree char *vpc = make (w, "CreateVpc&CidrBlock=192.168.0.0/16", "$.VpcId");
  g_autofree char *vswitch_call
      = g_strdup_printf ("CreateVSwitch&ZoneId=cn-local-a&CidrBlock=192.168.1.0/24&VpcId=%s", vpc);
  g_autofree char *vswitch = make (w, vswitch_call, "$.VSwitchId");
  g_autofree char *list
      = make (w, "CreatePrefixList&PrefixListName=office&AddressFamily=IPv4&MaxEntries=3",
              "$.PrefixListId");

  check_list (w, "DescribeDisks", "Disks.Disk", "DiskId", disk, "TagKey", "TagValue");
  check_list (w, "DescribeSecurityGroups", "SecurityGroups.SecurityGroup", "SecurityGroupId", group,
              "TagKey", "TagValue");
  check_list (w, "DescribeAutoSnapshotPolicyEx", "AutoSnapshotPolicies.AutoSnapshotPolicy",
              "AutoSnapshotPolicyId", policy, "TagKey", "TagValue");
  check_list (w, "DescribeKeyPairs", "KeyPairs.KeyPair", "KeyPairName", pair, "TagKey", "TagValue");
  check_list (w, "DescribeVpcs", "Vpcs.Vpc", "VpcId", vpc, "Key", "Value");
  check_list (w, "DescribeVSwitches", "VSwitches.VSwitch", "VSwitchId", vswitch, "Key", "Value");
  check_list (w, "DescribePrefixLists", "PrefixLists.PrefixList", "PrefixListId", list, "TagKey",
              "TagValue");
  assert_call ("OK", w, "Action=DeletePrefixList&PrefixListId=%s", list);
  assert_ok (w, "Action=ListTagResources&ResourceType=prefixlist");
  assert_int_equal (world_count (w, T "[*]"), 0);
}

/* Its name is its id in the world of tags. */
static void
a_key_pair_whose_name_holds_a_comma_has_its_tags (void **state)
{
  World *w = *state;
  g_autofree char *pair = make (w, "CreateKeyPair&KeyPairName=laptop, old", "$.KeyPairName");

  check_list (w, "DescribeKeyPairs", "KeyPairs.KeyPair", "KeyPairName", pair, "TagKey", "TagValue");
}

static void
an_instance_and_what_is_of_it_have_its_tags (void **state)
{
  World *w = *state;
  g_autofree char *params = g_strdup_printf ("ImageId=%s" NEW_TAGS, world_image (w, "debian"));
  g_autofree char *instance = world_instance (w, params, VMM_INSTANCE_STOPPED);
  g_autofree char *disk = NULL;
  g_autofree char *nic = NULL;
  g_autofree char *snapshot_call = NULL;
  g_autofree char *snapshot = NULL;

  assert_call ("OK", w, "Action=DescribeDisks&InstanceId=%s", instance);
  disk = g_strdup (world_get (w, "$.Disks.Disk[0].DiskId"));
  assert_call ("OK", w, "Action=DescribeNetworkInterfaces&InstanceId=%s", instance);
  nic = g_strdup (world_get (w, "$.NetworkInterfaceSets.NetworkInterfaceSet[0]"
                                ".NetworkInterfaceId"));
  check_list (w, "DescribeInstances", "Instances.Instance", "InstanceId", instance, "TagKey",
              "TagValue");
  check_list (w, "DescribeDisks", "Disks.Disk", "DiskId", disk, "TagKey", "TagValue");
  check_list (w, "DescribeNetworkInterfaces", "NetworkInterfaceSets.NetworkInterfaceSet",
              "NetworkInterfaceId", nic, "TagKey", "TagValue");
  snapshot_call = g_strdup_printf ("CreateSnapshotGroup&InstanceId=%s", instance);
  snapshot = make (w, snapshot_call, "$.SnapshotGroupId");
  check_list (w, "DescribeSnapshotGroups", "SnapshotGroups.SnapshotGroup", "SnapshotGroupId",
              snapshot, "Key", "Value");
  assert_call ("OK", w, "Action=DescribeInstanceAttribute&InstanceId=%s", instance);
  assert_string_equal (world_get (w, "$.Tags.Tag[1].TagKey"), "team");
}

int
main (void)
{
  const struct CMUnitTest tests[] = {
    cmocka_unit_test_setup_teardown (tags_are_put_listed_and_taken_away, world_set_up,
                                     world_tear_down),
    cmocka_unit_test_setup_teardown (the_old_actions_do_the_same, world_set_up, world_tear_down),
    cmocka_unit_test_setup_teardown (what_cannot_be_is_refused, world_set_up, world_tear_down),
    cmocka_unit_test_setup_teardown (everything_has_its_tags_from_the_start_and_is_found_by_them,
                                     world_set_up, world_tear_down),
    cmocka_unit_test_setup_teardown (a_key_pair_whose_name_holds_a_comma_has_its_tags, world_set_up,
                                     world_tear_down),
    cmocka_unit_test_setup_teardown (an_instance_and_what_is_of_it_have_its_tags, world_set_up,
                                     world_tear_down),
  };

  return cmocka_run_group_tests (tests, NULL, NULL);
}
