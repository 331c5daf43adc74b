/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Network interfaces on the wire: shapes that clients read, codes they look for, both ways of
 * paging. */
#include "config.h"

#include "ecs-world.h"
#include "ops-nic.h"
#include <string.h>

/* The default vswitch; the caller frees it. */
static char *
vswitch_of (World *w)
{
  assert_call ("OK", w, "Action=DescribeVSwitches");
  return g_strdup (world_get (w, "$.VSwitches.VSwitch[0].VSwitchId"));
}

/* A new interface; the caller frees the id. */
static char *
make_nic (World *w, const char *more)
{
  g_autofree char *vswitch = vswitch_of (w);

  assert_call ("OK", w, "Action=CreateNetworkInterface&VSwitchId=%s%s", vswitch, more);
  return g_strdup (world_get (w, "$.NetworkInterfaceId"));
}

static char *
make_instance (World *w, const char *image, VmmInstanceState state)
{
  g_autofree char *params = g_strdup_printf ("ImageId=%s", world_image (w, image));

  return world_instance (w, params, state);
}

#define N "$.NetworkInterfaceSets.NetworkInterfaceSet[0]."

static const char *
look (World *w, const char *nic, const char *member)
{
  g_autofree char *path = g_strconcat (N, member, NULL);

  assert_call ("OK", w, "Action=DescribeNetworkInterfaces&NetworkInterfaceId.1=%s", nic);
  return world_get (w, path);
}

static void
a_new_interface_is_answered_whole_and_listed_the_same (void **state)
{
  World *w = *state;
  g_autofree char *vswitch = vswitch_of (w);
  g_autofree char *nic = NULL;

  assert_call ("OK", w,
               "Action=CreateNetworkInterface&VSwitchId=%s&PrimaryIpAddress=172.16.0.20"
               "&PrivateIpAddress.1=172.16.0.21&NetworkInterfaceName=data&Description=the shop"
               "&DeleteOnRelease=true",
               vswitch);
  nic = g_strdup (world_get (w, "$.NetworkInterfaceId"));
  assert_string_equal (world_get (w, "$.Status"), "Available");
  assert_string_equal (world_get (w, "$.Type"), "Secondary");
  assert_string_equal (world_get (w, "$.PrivateIpAddress"), "172.16.0.20");
  assert_int_equal (world_count (w, "$.PrivateIpSets.PrivateIpSet[*]"), 2);
  assert_int_equal (world_count (w, "$.SecurityGroupIds.SecurityGroupId[*]"), 1);
  assert_string_equal (look (w, nic, "NetworkInterfaceName"), "data");
  assert_string_equal (world_get (w, N "Description"), "the shop");
  assert_string_equal (world_get (w, N "DeleteOnRelease"), "true");
  assert_string_equal (world_get (w, N "InstanceId"), "");
  assert_string_equal (world_get (w, N "PrivateIpSets.PrivateIpSet[1].PrivateIpAddress"),
                       "172.16.0.21");
  assert_string_equal (world_get (w, N "PrivateIpSets.PrivateIpSet[1].Primary"), "false");
  assert_int_equal (world_count (w, N "Attachment"), 0);
  assert_string_equal (world_get (w, N "VSwitchId"), vswitch);
}

static void
an_interface_moves_between_instances (void **state)
{
  World *w = *state;
  g_autofree char *nic = make_nic (w, "");
  g_autofree char *off = make_instance (w, "debian", VMM_INSTANCE_STOPPED);
  g_autofree char *on = make_instance (w, "ubuntu", VMM_INSTANCE_RUNNING);

  assert_call ("OK", w, "Action=AttachNetworkInterface&NetworkInterfaceId=%s&InstanceId=%s", nic,
               off);
  assert_string_equal (look (w, nic, "Status"), "InUse");
  assert_string_equal (world_get (w, N "Attachment.InstanceId"), off);
  assert_call ("OK", w, "Action=DescribeInstances&InstanceIds=[\"%s\"]", off);
  assert_int_equal (world_count (w, "$..NetworkInterfaces.NetworkInterface[*]"), 2);
  assert_string_equal (
      world_get (w, "$.Instances.Instance[0].NetworkInterfaces.NetworkInterface[0].Type"),
      "Primary");
  assert_string_equal (
      world_get (w, "$.Instances.Instance[0].NetworkInterfaces.NetworkInterface[1].Type"),
      "Secondary");
  assert_call ("OK", w, "Action=DetachNetworkInterface&NetworkInterfaceId=%s&InstanceId=%s", nic,
               off);
  assert_string_equal (look (w, nic, "Status"), "Available");
  assert_call ("OK", w, "Action=AttachNetworkInterface&NetworkInterfaceId=%s&InstanceId=%s", nic,
               on);
  assert_string_equal (look (w, nic, "Status"), "Attaching");
  assert_call ("InvalidOperation.InvalidEniState", w,
               "Action=DeleteNetworkInterface&NetworkInterfaceId=%s", nic);
  assert_true (ops_nic_event (&w->ctx, nic, VMM_NIC_ATTACHING, VMM_NIC_ATTACHED, NULL, NULL));
  assert_call ("OK", w, "Action=DetachNetworkInterface&NetworkInterfaceId=%s&InstanceId=%s", nic,
               on);
  assert_string_equal (look (w, nic, "Status"), "Detaching");
}

static void
the_primary_interface_stays (void **state)
{
  World *w = *state;
  g_autofree char *off = make_instance (w, "debian", VMM_INSTANCE_STOPPED);
  g_autofree char *nic = NULL;

  assert_call ("OK", w, "Action=DescribeNetworkInterfaces&InstanceId=%s&Type=Primary", off);
  nic = g_strdup (world_get (w, N "NetworkInterfaceId"));
  assert_call ("InvalidOperation.DetachPrimaryEniNotAllowed", w,
               "Action=DetachNetworkInterface&NetworkInterfaceId=%s&InstanceId=%s", nic, off);
  assert_call ("InvalidOperation.InvalidEniState", w,
               "Action=DeleteNetworkInterface&NetworkInterfaceId=%s", nic);
  assert_call ("InvalidOperation.InvalidEniType", w,
               "Action=ModifyNetworkInterfaceAttribute&NetworkInterfaceId=%s&DeleteOnRelease=false",
               nic);
}

static void
bad_requests_have_the_codes_of_ecs (void **state)
{
  World *w = *state;
  g_autofree char *nic = make_nic (w, "");
  g_autofree char *vswitch = vswitch_of (w);
  g_autofree char *starts = make_instance (w, "debian", VMM_INSTANCE_STOPPED);

  assert_call ("OK", w, "Action=StartInstance&InstanceId=%s", starts);
  assert_call ("MissingParameter", w, "Action=CreateNetworkInterface");
  assert_call ("InvalidVSwitchId.NotFound", w,
               "Action=CreateNetworkInterface&VSwitchId=vsw-00000000000000000000");
  assert_call ("InvalidVSwitchId.IpInvalid", w,
               "Action=CreateNetworkInterface&VSwitchId=%s&PrimaryIpAddress=10.0.0.1", vswitch);
  assert_call ("InvalidIp.IpRepeated", w,
               "Action=CreateNetworkInterface&VSwitchId=%s&PrivateIpAddress.1=172.16.0.9"
               "&PrivateIpAddress.2=172.16.0.9",
               vswitch);
  assert_call ("UnsupportedParameter", w,
               "Action=CreateNetworkInterface&VSwitchId=%s&SourceDestCheck=false", vswitch);
  assert_call ("InvalidEniId.NotFound", w,
               "Action=DeleteNetworkInterface&NetworkInterfaceId=eni-00000000000000000000");
  assert_call ("InvalidInstanceId.NotFound", w,
               "Action=AttachNetworkInterface&NetworkInterfaceId=%s"
               "&InstanceId=i-00000000000000000000",
               nic);
  assert_call ("InvalidOperation.InvalidEcsState", w,
               "Action=AttachNetworkInterface&NetworkInterfaceId=%s&InstanceId=%s", nic, starts);
  assert_call ("InvalidIp.IpUnassigned", w,
               "Action=UnassignPrivateIpAddresses&NetworkInterfaceId=%s"
               "&PrivateIpAddress.1=172.16.0.77",
               nic);
}

static void
an_instance_has_no_more_than_its_type_allows (void **state)
{
  World *w = *state;
  g_autofree char *one = make_nic (w, ""), *two = make_nic (w, "");
  g_autofree char *off = make_instance (w, "debian", VMM_INSTANCE_STOPPED);

  assert_call ("OK", w, "Action=AttachNetworkInterface&NetworkInterfaceId=%s&InstanceId=%s", one,
               off);
  assert_call ("EniPerInstanceLimitExceeded", w,
               "Action=AttachNetworkInterface&NetworkInterfaceId=%s&InstanceId=%s", two, off);
  assert_call ("OK", w, "Action=DescribeInstanceTypes&InstanceTypes.1=ecs.t1.micro");
  assert_string_equal (world_get (w, "$.InstanceTypes.InstanceType[0].EniQuantity"), "2");
}

static void
addresses_are_assigned_and_unassigned (void **state)
{
  World *w = *state;
  g_autofree char *nic = make_nic (w, "");
  g_autofree char *ip = NULL;

  assert_call ("OK", w,
               "Action=AssignPrivateIpAddresses&NetworkInterfaceId=%s"
               "&SecondaryPrivateIpAddressCount=2&ClientToken=t",
               nic);
  assert_string_equal (world_get (w, "$.AssignedPrivateIpAddressesSet.NetworkInterfaceId"), nic);
  ip = g_strdup (world_get (w, "$.AssignedPrivateIpAddressesSet.PrivateIpSet.PrivateIpAddress[0]"));
  assert_call ("OK", w,
               "Action=AssignPrivateIpAddresses&NetworkInterfaceId=%s"
               "&SecondaryPrivateIpAddressCount=2&ClientToken=t",
               nic);
  assert_string_equal (
      world_get (w, "$.AssignedPrivateIpAddressesSet.PrivateIpSet.PrivateIpAddress[0]"), ip);
  assert_string_equal (look (w, nic, "PrivateIpAddress"), "172.16.0.1");
  assert_int_equal (world_count (w, N "PrivateIpSets.PrivateIpSet[*]"), 3);
  assert_call ("OK", w,
               "Action=UnassignPrivateIpAddresses&NetworkInterfaceId=%s&PrivateIpAddress.1=%s", nic,
               ip);
  assert_string_equal (look (w, nic, "RulesInForce"), "false");
  assert_int_equal (world_count (w, N "PrivateIpSets.PrivateIpSet[*]"), 2);
}

static void
pages_go_by_number_and_by_token (void **state)
{
  World *w = *state;
  g_autofree char *token = NULL;

  for (guint i = 0; i < 12; i++)
    {
      g_autofree char *nic = make_nic (w, "");

      assert_non_null (nic);
    }
  assert_call ("OK", w, "Action=DescribeNetworkInterfaces");
  assert_int_equal (world_count (w, "$.NetworkInterfaceSets.NetworkInterfaceSet[*]"), 10);
  assert_string_equal (world_get (w, "$.TotalCount"), "12");
  assert_call ("OK", w, "Action=DescribeNetworkInterfaces&PageNumber=2");
  assert_int_equal (world_count (w, "$.NetworkInterfaceSets.NetworkInterfaceSet[*]"), 2);
  assert_call ("OK", w, "Action=DescribeNetworkInterfaces&MaxResults=10");
  token = g_strdup (world_get (w, "$.NextToken"));
  assert_call ("OK", w, "Action=DescribeNetworkInterfaces&MaxResults=10&NextToken=%s", token);
  assert_int_equal (world_count (w, "$.NetworkInterfaceSets.NetworkInterfaceSet[*]"), 2);
}

static void
instances_are_born_with_several_interfaces (void **state)
{
  World *w = *state;
  g_autofree char *nic = make_nic (w, ""), *vswitch = vswitch_of (w), *id = NULL;
  const char *image = world_image (w, "debian");

  assert_call ("OK", w,
               "Action=RunInstances&ImageId=%s&InstanceType=ecs.t1.micro"
               "&NetworkInterface.1.InstanceType=Primary&NetworkInterface.1.VSwitchId=%s"
               "&NetworkInterface.1.PrimaryIpAddress=172.16.0.50"
               "&NetworkInterface.2.SecondaryPrivateIpAddressCount=1"
               "&NetworkInterface.2.NetworkInterfaceName=data",
               image, vswitch);
  id = g_strdup (world_get (w, "$.InstanceIdSets.InstanceIdSet[0]"));
  assert_call ("OK", w, "Action=DescribeNetworkInterfaces&InstanceId=%s&Type=Secondary", id);
  assert_string_equal (world_get (w, N "NetworkInterfaceName"), "data");
  assert_string_equal (world_get (w, N "DeleteOnRelease"), "true");
  assert_string_equal (world_get (w, N "Status"), "InUse");
  assert_call ("OK", w, "Action=DescribeNetworkInterfaces&InstanceId=%s&Type=Primary", id);
  assert_string_equal (world_get (w, N "PrivateIpAddress"), "172.16.0.50");
  assert_call ("OK", w,
               "Action=RunInstances&ImageId=%s&InstanceType=ecs.t1.micro"
               "&NetworkInterface.1.NetworkInterfaceId=%s",
               image, nic);
  assert_string_equal (look (w, nic, "Status"), "InUse");
}

static void
a_run_that_is_refused_leaves_no_interface (void **state)
{
  World *w = *state;
  g_autofree char *nic = make_nic (w, "");
  const char *image = world_image (w, "debian");
  static const struct
  {
    const char *more, *code;
  } cases[] = {
    { "&NetworkInterface.1.DeleteOnRelease=true&NetworkInterface.2.DeleteOnRelease=true",
      "EniPerInstanceLimitExceeded" },
    { "&NetworkInterface.1.InstanceType=Primary&PrivateIpAddress=172.16.0.9", "InvalidParameter" },
    { "&NetworkInterface.1.InstanceType=Primary&NetworkInterface.2.InstanceType=Primary"
      "&NetworkInterface.1.PrimaryIpAddress=172.16.0.9",
      "InvalidParameter" },
    { "&NetworkInterface.1.PrimaryIpAddress=172.16.0.9&Amount=2", "InvalidParameter" },
    { "&NetworkInterface.1.PrimaryIpAddress=10.0.0.9", "InvalidVSwitchId.IpInvalid" },
    { "&NetworkInterface.1.NetworkInterfaceId=eni-00000000000000000000", "InvalidEniId.NotFound" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    assert_call (cases[i].code, w, "Action=RunInstances&ImageId=%s&InstanceType=ecs.t1.micro%s",
                 image, cases[i].more);
  assert_call ("OK", w, "Action=DescribeNetworkInterfaces");
  assert_string_equal (world_get (w, "$.TotalCount"), "1");
  assert_string_equal (look (w, nic, "Status"), "Available");
}

int
main (void)
{
#define NIC_TEST(name) cmocka_unit_test_setup_teardown (name, world_set_up, world_tear_down)
  const struct CMUnitTest tests[] = {
    NIC_TEST (a_new_interface_is_answered_whole_and_listed_the_same),
    NIC_TEST (an_interface_moves_between_instances),
    NIC_TEST (the_primary_interface_stays),
    NIC_TEST (bad_requests_have_the_codes_of_ecs),
    NIC_TEST (an_instance_has_no_more_than_its_type_allows),
    NIC_TEST (addresses_are_assigned_and_unassigned),
    NIC_TEST (pages_go_by_number_and_by_token),
    NIC_TEST (instances_are_born_with_several_interfaces),
    NIC_TEST (a_run_that_is_refused_leaves_no_interface),
  };

  return cmocka_run_group_tests_name ("nic", tests, NULL, NULL);
}
