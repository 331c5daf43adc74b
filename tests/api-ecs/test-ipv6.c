/* SPDX-License-Identifier: GPL-2.0-or-later */
/* IPv6 of VPCs, vswitches, interfaces and instances as clients ask for it and see it. */
#include "config.h"

#include "ecs-world.h"
#include <string.h>

#define VPC "&Version=2016-04-28"

/* A VPC of both families with a vswitch of both and a group. */
typedef struct
{
  World *w;
  const char *vpc, *vswitch, *group;
} Net;

static int
setup (void **state)
{
  Net *net = g_new0 (Net, 1);
  World *w = world_new ();

  net->w = w;
  assert_call ("OK", w, "Action=CreateVpc&CidrBlock=10.1.0.0/16&EnableIpv6=true");
  net->vpc = world_get (w, "$.VpcId");
  assert_call ("OK", w,
               "Action=CreateVSwitch&ZoneId=cn-local-a&CidrBlock=10.1.1.0/24&Ipv6CidrBlock=7"
               "&VpcId=%s",
               net->vpc);
  net->vswitch = world_get (w, "$.VSwitchId");
  assert_call ("OK", w, "Action=CreateSecurityGroup&VpcId=%s", net->vpc);
  net->group = world_get (w, "$.SecurityGroupId");
  *state = net;
  return 0;
}

static int
teardown (void **state)
{
  Net *net = *state;

  world_free (net->w);
  g_free (net);
  return 0;
}

static void
ranges_are_shown (void **state)
{
  Net *net = *state;
  World *w = net->w;

  assert_call ("OK", w, "Action=DescribeVpcs&VpcId=%s", net->vpc);
  assert_string_equal (world_get (w, "$.Vpcs.Vpc[0].Ipv6CidrBlock"), "fd00:ec5::/56");
  assert_string_equal (world_get (w, "$..Ipv6CidrBlocks.Ipv6CidrBlock[0].Ipv6CidrBlock"),
                       "fd00:ec5::/56");
  assert_call ("OK", w, "Action=DescribeVpcAttribute&VpcId=%s" VPC, net->vpc);
  assert_string_equal (world_get (w, "$.Ipv6CidrBlock"), "fd00:ec5::/56");
  assert_call ("OK", w, "Action=DescribeVSwitches&VSwitchId=%s", net->vswitch);
  assert_string_equal (world_get (w, "$..Ipv6CidrBlock"), "fd00:ec5:0:7::/64");
  assert_call ("OK", w, "Action=CreateVpc&CidrBlock=10.1.0.0/16");
  assert_call ("OK", w, "Action=DescribeVpcs&VpcId=%s", world_get (w, "$.VpcId"));
  assert_string_equal (world_get (w, "$.Vpcs.Vpc[0].Ipv6CidrBlock"), "");
  assert_int_equal (world_count (w, "$..Ipv6CidrBlocks.Ipv6CidrBlock[*]"), 0);
}

static void
ipv6_is_switched_by_modifying (void **state)
{
  Net *net = *state;
  World *w = net->w;

  assert_call ("DependencyViolation", w, "Action=ModifyVpcAttribute&VpcId=%s&EnableIPv6=false",
               net->vpc);
  assert_call ("OK", w, "Action=ModifyVSwitchAttribute&VSwitchId=%s&EnableIPv6=false",
               net->vswitch);
  assert_call ("OK", w, "Action=ModifyVpcAttribute&VpcId=%s&EnableIPv6=false", net->vpc);
  assert_call ("OperationFailed.Ipv6NotEnabled", w,
               "Action=ModifyVSwitchAttribute&VSwitchId=%s&Ipv6CidrBlock=9", net->vswitch);
  assert_call ("OK", w, "Action=ModifyVpcAttribute&VpcId=%s&Ipv6CidrBlock=fd00:ec5:9::/56",
               net->vpc);
  assert_call ("OK", w, "Action=ModifyVSwitchAttribute&VSwitchId=%s&Ipv6CidrBlock=9", net->vswitch);
  assert_call ("OK", w, "Action=DescribeVSwitches&VSwitchId=%s", net->vswitch);
  assert_string_equal (world_get (w, "$..Ipv6CidrBlock"), "fd00:ec5:9:9::/64");
}

static void
an_instance_shows_its_addresses (void **state)
{
  Net *net = *state;
  World *w = net->w;
  g_autofree char *params
      = g_strdup_printf ("ImageId=%s&VSwitchId=%s&SecurityGroupId=%s&Ipv6Address.1=fd00:ec5:0:7::9",
                         world_image (w, "debian"), net->vswitch, net->group);
  g_autofree char *id = world_instance (w, params, VMM_INSTANCE_STOPPED);

  assert_call ("OK", w, "Action=DescribeInstances&InstanceIds=[\"%s\"]", id);
  assert_string_equal (world_get (w, "$..Ipv6Set[0].Ipv6Address"), "fd00:ec5:0:7::9");
  assert_call ("OK", w, "Action=DescribeNetworkInterfaces&InstanceId=%s", id);
  assert_string_equal (world_get (w, "$..Ipv6Set[0].Ipv6Address"), "fd00:ec5:0:7::9");
}

static void
addresses_are_assigned_and_unassigned (void **state)
{
  Net *net = *state;
  World *w = net->w;
  const char *nic, *address;

  assert_call ("OK", w,
               "Action=CreateNetworkInterface&VSwitchId=%s&SecurityGroupId=%s&Ipv6AddressCount=1",
               net->vswitch, net->group);
  nic = world_get (w, "$.NetworkInterfaceId");
  assert_int_equal (world_count (w, "$.Ipv6Sets.Ipv6Set[*]"), 1);
  assert_call ("OK", w, "Action=AssignIpv6Addresses&NetworkInterfaceId=%s&Ipv6AddressCount=2", nic);
  assert_string_equal (world_get (w, "$.NetworkInterfaceId"), nic);
  assert_int_equal (world_count (w, "$.Ipv6Sets.Ipv6Address[*]"), 2);
  address = world_get (w, "$.Ipv6Sets.Ipv6Address[1]");
  assert_call ("OK", w, "Action=UnassignIpv6Addresses&NetworkInterfaceId=%s&Ipv6Address.1=%s", nic,
               address);
  assert_call ("InvalidIp.IpUnassigned", w,
               "Action=UnassignIpv6Addresses&NetworkInterfaceId=%s&Ipv6Address.1=%s", nic, address);
  assert_call ("OK", w, "Action=DescribeNetworkInterfaces&NetworkInterfaceId.1=%s", nic);
  assert_int_equal (world_count (w, "$..Ipv6Set[*]"), 2);
}

static void
bad_requests_have_the_codes_of_ecs (void **state)
{
#define ASSIGN "Action=AssignIpv6Addresses&NetworkInterfaceId={N}"
  static const struct
  {
    const char *params, *code;
  } cases[] = {
    { "Action=CreateVpc&EnableIpv6=true&Ipv6CidrBlock=fd01::/56",
      "InvalidIpv6CidrBlock.Malformed" },
    { "Action=CreateVpc&EnableIpv6=true&Ipv6CidrBlock=x", "InvalidIpv6CidrBlock.Malformed" },
    { "Action=CreateVpc&EnableIpv6=true&Ipv6CidrBlock=fd00:ec5::/56",
      "InvalidCidrBlock.Overlapped" },
    { "Action=CreateVSwitch&ZoneId=cn-local-a&CidrBlock=10.1.2.0/24&Ipv6CidrBlock=256&VpcId={V}",
      "InvalidIpv6CidrBlock.Malformed" },
    { "Action=CreateVSwitch&ZoneId=cn-local-a&CidrBlock=10.1.2.0/24&Ipv6CidrBlock=7&VpcId={V}",
      "InvalidCidrBlock.Overlapped" },
    { ASSIGN, "MissingParameter" },
    { ASSIGN "&Ipv6AddressCount=11", "InvalidOperation.Ipv6CountExceeded" },
    { ASSIGN "&Ipv6Address.1=x", "InvalidIp.Address" },
    { ASSIGN "&Ipv6Address.1=fd00:ec5:0:8::1", "InvalidIp.Address" },
    { ASSIGN "&Ipv6Address.1=fd00:ec5:0:7::9&Ipv6AddressCount=1", "InvalidParameter" },
    { ASSIGN "&Ipv6Address.1=fd00:ec5:0:7::9&Ipv6Address.2=fd00:ec5:0:7:0::9",
      "InvalidIp.IpRepeated" },
    { ASSIGN "&Ipv6AddressCount=1&DryRun=true", "DryRunOperation" },
    { "Action=AssignIpv6Addresses&Ipv6AddressCount=1"
      "&NetworkInterfaceId=eni-00000000000000000000",
      "InvalidEniId.NotFound" },
  };
  Net *net = *state;
  World *w = net->w;
  const char *nic;

  assert_call ("OK", w, "Action=CreateNetworkInterface&VSwitchId=%s&SecurityGroupId=%s",
               net->vswitch, net->group);
  nic = world_get (w, "$.NetworkInterfaceId");
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (GString) params = g_string_new (cases[i].params);

      g_string_replace (params, "{N}", nic, 0);
      g_string_replace (params, "{V}", net->vpc, 0);
      if (!g_str_equal (world_call (w, params->str) ?: "OK", cases[i].code))
        fail_msg ("%s: %s", params->str, w->answer);
    }
}

int
main (void)
{
#define T(name) cmocka_unit_test_setup_teardown (name, setup, teardown)
  const struct CMUnitTest tests[] = {
    T (ranges_are_shown),
    T (ipv6_is_switched_by_modifying),
    T (an_instance_shows_its_addresses),
    T (addresses_are_assigned_and_unassigned),
    T (bad_requests_have_the_codes_of_ecs),
  };

  return cmocka_run_group_tests (tests, NULL, NULL);
}
