/* SPDX-License-Identifier: GPL-2.0-or-later */
/* VPCs, vswitches, routers and routes as clients make and see them; and the location service. */
#include "config.h"

#include "ecs-world.h"
#include "ops-key.h"
#include "vmm-id.h"
#include <string.h>

#define VPC "&Version=2016-04-28"

/* @format with @id for each {}. */
static const char *
with (World *w, const char *format, const char *id)
{
  g_autoptr (GString) params = g_string_new (format);

  g_string_replace (params, "{}", id, 0);
  return world_call (w, params->str) ?: "OK";
}

#define assert_with(world, format, id, code) assert_string_equal (with (world, format, id), code)

static const char *
make_vpc (World *w, const char *cidr)
{
  g_autofree char *params = g_strdup_printf ("Action=CreateVpc&RegionId=cn-local&CidrBlock=%s"
                                             "&VpcName=shop&Description=the shop",
                                             cidr);

  assert_ok (w, params);
  return world_get (w, "$.VpcId");
}

static const char *
make_vswitch (World *w, const char *vpc, const char *cidr)
{
  g_autofree char *params
      = g_strdup_printf ("Action=CreateVSwitch&VpcId=%s&ZoneId=cn-local-a&CidrBlock=%s"
                         "&VSwitchName=front",
                         vpc, cidr);

  assert_ok (w, params);
  return world_get (w, "$.VSwitchId");
}

static void
a_vpc_comes_with_a_router_and_a_table_in_both_versions (void **state)
{
  static const char *const versions[] = { "", VPC };
  World *w = *state;

  for (guint i = 0; i < G_N_ELEMENTS (versions); i++)
    {
      g_autofree char *create
          = g_strconcat ("Action=CreateVpc&RegionId=cn-local", versions[i], NULL);
      g_autofree char *list = g_strconcat ("Action=DescribeVpcs&VpcId={}", versions[i], NULL);
      const char *vpc, *router;

      assert_ok (w, create);
      vpc = world_get (w, "$.VpcId");
      router = world_get (w, "$.VRouterId");
      assert_true (vmm_id_is (VMM_ID_VPC, vpc) && vmm_id_is (VMM_ID_ROUTER, router));
      assert_true (vmm_id_is (VMM_ID_ROUTE_TABLE, world_get (w, "$.RouteTableId")));
      assert_string_equal (world_get (w, "$.ResourceGroupId"), "");
      assert_with (w, list, vpc, "OK");
      assert_string_equal (world_get (w, "$..CidrBlock"), "172.16.0.0/12");
      assert_string_equal (world_get (w, "$..VRouterId"), router);
      assert_string_equal (world_get (w, "$..IsDefault"), "false");
      assert_string_equal (world_get (w, "$..Status"), "Available");
    }
}

static void
a_vpc_is_changed_shown_and_deleted (void **state)
{
  World *w = *state;
  const char *vpc = make_vpc (w, "10.1.0.0/16");

  assert_with (w, "Action=ModifyVpcAttribute&VpcId={}&VpcName=store" VPC, vpc, "OK");
  assert_with (w, "Action=DescribeVpcAttribute&VpcId={}" VPC, vpc, "OK");
  assert_string_equal (world_get (w, "$.VpcName"), "store");
  assert_string_equal (world_get (w, "$.Description"), "the shop");
  assert_string_equal (world_get (w, "$.CidrBlock"), "10.1.0.0/16");
  assert_string_equal (world_get (w, "$.DnsHostnameStatus"), "DISABLED");
  assert_non_null (strstr (w->answer, "\"CloudResources\":{\"CloudResourceSetType\":[]}"));
  assert_with (w, "Action=ModifyVpcAttribute&VpcId={}&Description=", vpc, "OK");
  assert_with (w, "Action=DescribeVpcs&VpcId={}", vpc, "OK");
  assert_string_equal (world_get (w, "$..Description"), "");
  assert_with (w, "Action=DescribeVpcAttribute&IsDefault=true&VpcId={}" VPC, vpc,
               "InvalidVpcId.NotFound");
  assert_with (w, "Action=DescribeVpcAttribute&VpcId={}", vpc, "UnsupportedOperation");
  assert_with (w, "Action=DeleteVpc&DryRun=true&VpcId={}", vpc, "DryRunOperation");
  assert_with (w, "Action=DeleteVpc&VpcId={}", vpc, "OK");
  assert_with (w, "Action=DeleteVpc&VpcId={}", vpc, "InvalidVpcId.NotFound");
  assert_with (w, "Action=DescribeVpcs&VpcId={}", vpc, "OK");
  assert_string_equal (world_get (w, "$.TotalCount"), "0");
}

static void
a_vpc_with_something_in_it_is_not_deleted (void **state)
{
  World *w = *state;
  const char *vpc = make_vpc (w, "10.1.0.0/16"), *vswitch = make_vswitch (w, vpc, "10.1.1.0/24"),
             *group;

  assert_with (w, "Action=CreateSecurityGroup&VpcId={}", vpc, "OK");
  group = world_get (w, "$.SecurityGroupId");
  assert_with (w, "Action=DeleteVpc&VpcId={}", vpc, "DependencyViolation.VSwitch");
  assert_with (w, "Action=DeleteVSwitch&VSwitchId={}", vswitch, "OK");
  assert_with (w, "Action=DeleteVpc&VpcId={}", vpc, "DependencyViolation.SecurityGroup");
  assert_with (w, "Action=DeleteSecurityGroup&SecurityGroupId={}", group, "OK");
  assert_with (w, "Action=DeleteVpc&VpcId={}", vpc, "OK");
}

static void
a_token_makes_one_vpc_and_one_vswitch (void **state)
{
  World *w = *state;
  const char *vpc, *vswitch;

  assert_ok (w, "Action=CreateVpc&ClientToken=t&CidrBlock=10.0.0.0/8");
  vpc = world_get (w, "$.VpcId");
  assert_ok (w, "Action=CreateVpc&ClientToken=t&CidrBlock=10.0.0.0/8");
  assert_string_equal (world_get (w, "$.VpcId"), vpc);
  assert_answer (w, "Action=CreateVpc&ClientToken=t&CidrBlock=10.0.0.0/9",
                 "IdempotentParameterMismatch");
  assert_with (
      w, "Action=CreateVSwitch&ZoneId=cn-local-a&ClientToken=t&CidrBlock=10.1.0.0/16&VpcId={}", vpc,
      "OK");
  vswitch = world_get (w, "$.VSwitchId");
  assert_with (
      w, "Action=CreateVSwitch&ZoneId=cn-local-a&ClientToken=t&CidrBlock=10.1.0.0/16&VpcId={}", vpc,
      "OK");
  assert_string_equal (world_get (w, "$.VSwitchId"), vswitch);
}

static void
ranges_are_checked (void **state)
{
  static const struct
  {
    const char *cidr, *code;
  } vpcs[] = {
    { "10.0.0.0/7", "InvalidCidrBlock.Malformed" },   { "10.0.0.0/29", "InvalidCidrBlock.Malformed" },
    { "8.8.8.0/24", "InvalidCidrBlock.Malformed" },   { "10.0.0.1/24", "InvalidCidrBlock.Malformed" },
    { "172.32.0.0/16", "InvalidCidrBlock.Malformed" }, { "192.168.0.0/28", "OK" },
  }, vswitches[] = {
    { "10.1.0.0/15", "InvalidCidrBlock.Malformed" },  { "10.1.9.0/30", "InvalidCidrBlock.Malformed" },
    { "10.2.0.0/24", "InvalidCidrBlock.Malformed" },  { "10.1.1.128/25", "InvalidCidrBlock.Overlapped" },
    { "x", "InvalidCidrBlock.Malformed" },            { "10.1.2.0/29", "OK" },
  };
  World *w = *state;
  const char *vpc = make_vpc (w, "10.1.0.0/16");

  make_vswitch (w, vpc, "10.1.1.0/24");
  for (guint i = 0; i < G_N_ELEMENTS (vpcs); i++)
    assert_with (w, "Action=CreateVpc&CidrBlock={}", vpcs[i].cidr, vpcs[i].code);
  for (guint i = 0; i < G_N_ELEMENTS (vswitches); i++)
    {
      g_autofree char *create
          = g_strdup_printf ("Action=CreateVSwitch&ZoneId=cn-local-a&VpcId=%s&CidrBlock={}", vpc);

      assert_with (w, create, vswitches[i].cidr, vswitches[i].code);
    }
}

static void
bad_requests_have_the_codes_of_ecs (void **state)
{
  static const struct
  {
    const char *params, *code;
  } cases[] = {
    { "Action=CreateVpc&VpcName=1", "InvalidVpcName.Malformed" },
    { "Action=CreateVpc&Description=http://x", "InvalidDescription.Malformed" },
    { "Action=CreateVpc&UserCidr=1.0.0.0/8", "UnsupportedParameter" },
    { "Action=CreateVpc&EnableDnsHostname=false&EnableIpv6=false&DryRun=true", "DryRunOperation" },
    { "Action=CreateVpc&EnableDnsHostname=true", "UnsupportedParameter" },
    { "Action=CreateVpc&Tag.1.Key=aliyun&Tag.1.Value=b", "InvalidTagKey.Malformed" },
    { "Action=CreateVpc&RegionId=elsewhere", "InvalidRegionId.NotFound" },
    { "Action=DeleteVpc", "MissingParameter" },
    { "Action=DeleteVpc&VpcId=vpc-1", "InvalidVpcId.NotFound" },
    { "Action=DeleteVpc&VpcId={}&ForceDelete=true", "UnsupportedParameter" },
    { "Action=ModifyVpcAttribute&VpcId={}&CidrBlock=10.0.0.0/8", "UnsupportedParameter" },
    { "Action=CreateVSwitch&VpcId={}&CidrBlock=10.1.1.0/24", "MissingParameter" },
    { "Action=CreateVSwitch&VpcId={}&CidrBlock=10.1.1.0/24&ZoneId=x", "InvalidZoneId.NotFound" },
    { "Action=CreateVSwitch&VpcId={}&CidrBlock=10.1.1.0/24&ZoneId=cn-local-a&VSwitchName=-",
      "InvalidVSwitchName.Malformed" },
    { "Action=CreateVSwitch&VpcId=vpc-00000000000000000000&CidrBlock=10.1.1.0/24&ZoneId=cn-local-a",
      "InvalidVpcId.NotFound" },
    { "Action=DeleteVSwitch&VSwitchId=vsw-00000000000000000000", "InvalidVSwitchId.NotFound" },
    { "Action=ModifyVSwitchAttribute&VSwitchId=x", "InvalidVSwitchId.NotFound" },
    { "Action=DescribeVSwitchAttributes&VSwitchId=vsw-00000000000000000000" VPC,
      "InvalidVSwitchId.NotFound" },
    { "Action=ModifyVRouterAttribute&VRouterId=vrt-1", "InvalidVRouterId.NotFound" },
    { "Action=ModifyVRouterAttribute&VRouterId=vrt-1&VRouterName=1",
      "InvalidVRouterName.Malformed" },
    { "Action=DescribeRouteEntryList" VPC, "MissingParameter" },
    { "Action=DescribeRouteEntryList&RouteTableId=vtb-1" VPC, "InvalidRouteTableId.NotFound" },
    { "Action=CreateRouteEntry&RouteTableId=vtb-1&DestinationCidrBlock=0.0.0.0/0",
      "MissingParameter" },
  };
  World *w = *state;
  const char *vpc = make_vpc (w, "10.1.0.0/16");

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    if (!g_str_equal (with (w, cases[i].params, vpc), cases[i].code))
      fail_msg ("%s: %s", cases[i].params, w->answer);
}

static void
a_vswitch_is_made_changed_and_used (void **state)
{
  World *w = *state;
  const char *vpc = make_vpc (w, "10.1.0.0/16"), *vswitch = make_vswitch (w, vpc, "10.1.1.0/29"),
             *group;
  g_autofree char *run = NULL, *id = NULL;

  assert_with (w, "Action=ModifyVSwitchAttribute&Description=for guests&VSwitchId={}", vswitch,
               "OK");
  assert_with (w, "Action=DescribeVSwitchAttributes&VSwitchId={}" VPC, vswitch, "OK");
  assert_string_equal (world_get (w, "$.VSwitchName"), "front");
  assert_string_equal (world_get (w, "$.Description"), "for guests");
  assert_string_equal (world_get (w, "$.VpcId"), vpc);
  assert_string_equal (world_get (w, "$.ZoneId"), "cn-local-a");
  assert_string_equal (world_get (w, "$.AvailableIpAddressCount"), "4");
  assert_string_equal (world_get (w, "$.RouteTable.RouteTableType"), "System");
  assert_with (w, "Action=CreateSecurityGroup&VpcId={}", vpc, "OK");
  group = world_get (w, "$.SecurityGroupId");
  run = g_strdup_printf ("ImageId=%s&VSwitchId=%s&SecurityGroupId=%s", world_image (w, "debian"),
                         vswitch, group);
  id = world_instance (w, run, VMM_INSTANCE_STOPPED);
  assert_with (w, "Action=DescribeVSwitches&VSwitchId={}", vswitch, "OK");
  assert_string_equal (world_get (w, "$..AvailableIpAddressCount"), "3");
  assert_with (w, "Action=DeleteVSwitch&VSwitchId={}", vswitch, "DependencyViolation");
  assert_with (w, "Action=DeleteSecurityGroup&SecurityGroupId={}", group, "DependencyViolation");
  assert_with (w, "Action=DeleteVpc&VpcId={}", vpc, "DependencyViolation.VSwitch");
}

static void
lists_are_filtered (void **state)
{
  static const struct
  {
    const char *params, *total;
  } cases[] = {
    { "DescribeVpcs", "2" },
    { "DescribeVpcs&IsDefault=true", "1" },
    { "DescribeVpcs&IsDefault=false&VpcId={}", "1" },
    { "DescribeVpcs&VpcName=shop", "1" },
    { "DescribeVpcs&VpcName=*o*", "1" },
    { "DescribeVpcs&VpcId={},vpc-1", "1" },
    { "DescribeVpcs&ResourceGroupId=rg-1", "0" },
    { "DescribeVpcs&Tag.1.Key=a", "0" },
    { "DescribeVSwitches", "3" },
    { "DescribeVSwitches&VpcId={}", "2" },
    { "DescribeVSwitches&IsDefault=true", "1" },
    { "DescribeVSwitches&VSwitchName=front", "2" },
    { "DescribeVSwitches&RouteTableId=vtb-1", "0" },
    { "DescribeVRouters", "2" },
    { "DescribeVRouters&VRouterId=vrt-1", "0" },
    { "DescribeRouteTables", "2" },
    { "DescribeRouteTables&RouteTableName=x", "0" },
    { "DescribeRouteTables&RouterType=VBR", "0" },
    { "DescribeRouteTables&RouterType=VRouter&Type=System", "2" },
    { "DescribeRouteTables&RouteTableId=vtb-1", "0" },
    { "DescribeRouteTables&VRouterId=vrt-1", "0" },
    { "DescribeRouteTableList&VpcId={}" VPC, "1" },
    { "DescribeRouteTableList&RouteTableType=Custom" VPC, "0" },
  };
  World *w = *state;
  const char *vpc;

  assert_ok (w, "Action=DescribeVpcs"); /* makes the default one */
  vpc = make_vpc (w, "10.1.0.0/16");
  make_vswitch (w, vpc, "10.1.1.0/24");
  make_vswitch (w, vpc, "10.1.2.0/24");
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *call = g_strconcat ("Action=", cases[i].params, NULL);

      assert_with (w, call, vpc, "OK");
      if (!g_str_equal (world_get (w, "$.TotalCount"), cases[i].total))
        fail_msg ("%s finds %s", call, world_get (w, "$.TotalCount"));
    }
}

static void
a_router_is_named_and_listed (void **state)
{
  World *w = *state;
  const char *router, *table;

  assert_ok (w, "Action=CreateVpc");
  router = world_get (w, "$.VRouterId");
  table = world_get (w, "$.RouteTableId");
  assert_with (w, "Action=ModifyVRouterAttribute&VRouterName=core&VRouterId={}", router, "OK");
  assert_with (w, "Action=ModifyVRouterAttribute&Description=of all&VRouterId={}" VPC, router,
               "OK");
  assert_with (w, "Action=DescribeVRouters&VRouterId={}", router, "OK");
  assert_string_equal (world_get (w, "$..VRouterName"), "core");
  assert_string_equal (world_get (w, "$..Description"), "of all");
  assert_string_equal (world_get (w, "$..RouteTableIds.RouteTableId[0]"), table);
}

static void
each_vswitch_has_a_route (void **state)
{
  World *w = *state;
  const char *vpc = make_vpc (w, "10.1.0.0/16"), *table, *entry, *token, *vswitch;
  g_autofree char *list = NULL, *next = NULL, *one = NULL;

  vswitch = make_vswitch (w, vpc, "10.1.1.0/24");
  make_vswitch (w, vpc, "10.1.2.0/24");
  assert_with (w, "Action=DescribeRouteTableList&VpcId={}" VPC, vpc, "OK");
  table = world_get (w, "$..RouteTableId");
  assert_string_equal (world_get (w, "$..RouterType"), "VRouter");
  assert_int_equal (world_count (w, "$..VSwitchIds.VSwitchId[*]"), 2);
  assert_with (w, "Action=DescribeRouteTables&RouteTableId={}", table, "OK");
  assert_int_equal (world_count (w, "$..RouteEntry[*]"), 2);
  assert_string_equal (world_get (w, "$..RouteEntry[1].DestinationCidrBlock"), "10.1.1.0/24");
  assert_string_equal (world_get (w, "$..RouteEntry[1].NextHopType"), "local");
  list = g_strdup_printf ("Action=DescribeRouteEntryList&RouteTableId=%s" VPC, table);
  assert_with (w, list, "", "OK");
  assert_int_equal (world_count (w, "$..RouteEntry[*]"), 2);
  assert_string_equal (world_get (w, "$..RouteEntry[1].Type"), "System");
  entry = world_get (w, "$..RouteEntry[1].RouteEntryId");
  assert_string_equal (entry + strlen ("rte-"), vswitch + strlen ("vsw-"));
  next = g_strconcat (list, "&MaxResult=1", NULL);
  assert_ok (w, next);
  assert_string_equal (world_get (w, "$..DestinationCidrBlock"), "10.1.2.0/24");
  token = world_get (w, "$.NextToken");
  g_free (next);
  next = g_strconcat (list, "&MaxResult=1&NextToken=", token, NULL);
  assert_ok (w, next);
  assert_string_equal (world_get (w, "$..DestinationCidrBlock"), "10.1.1.0/24");
  assert_string_equal (world_get (w, "$.NextToken"), "");
  one = g_strconcat (list, "&NextHopType=local&RouteEntryType=System&RouteEntryId=", entry, NULL);
  assert_ok (w, one);
  assert_string_equal (world_get (w, "$..DestinationCidrBlock"), "10.1.1.0/24");
}

static void
filters_on_routes_that_none_has_find_none (void **state)
{
  static const char *const filters[] = {
    "RouteEntryType=Custom", "NextHopId=i-1",  "NextHopType=Instance",
    "RouteEntryId=rte-1",    "RouteEntryId=1", "DestinationCidrBlock=0.0.0.0/0",
    "RouteEntryName=x",
  };
  World *w = *state;
  const char *table;

  assert_ok (w, "Action=DescribeRouteTables");
  table = world_get (w, "$.RouteTables.RouteTable[0].RouteTableId");
  for (guint i = 0; i < G_N_ELEMENTS (filters); i++)
    {
      g_autofree char *list = g_strdup_printf (
          "Action=DescribeRouteEntryList&RouteTableId=%s&%s" VPC, table, filters[i]);

      assert_ok (w, list);
      assert_non_null (strstr (w->answer, "\"RouteEntrys\":{\"RouteEntry\":[]}"));
    }
}

static void
another_account_sees_and_touches_nothing (void **state)
{
  static const struct
  {
    const char *params, *code;
  } cases[] = {
    { "Action=DescribeVpcAttribute&VpcId={}" VPC, "InvalidVpcId.NotFound" },
    { "Action=ModifyVpcAttribute&VpcId={}&VpcName=mine", "InvalidVpcId.NotFound" },
    { "Action=DeleteVpc&VpcId={}", "InvalidVpcId.NotFound" },
    { "Action=CreateVSwitch&VpcId={}&CidrBlock=10.1.1.0/24&ZoneId=cn-local-a",
      "InvalidVpcId.NotFound" },
    { "Action=CreateSecurityGroup&VpcId={}", "InvalidVpcId.NotFound" },
  };
  World *w = *state;
  const char *vpc, *router, *table;
  g_autoptr (OpsAccount) other = ops_account_create (&w->ctx, "other", NULL);

  assert_ok (w, "Action=CreateVpc&CidrBlock=10.1.0.0/16");
  vpc = world_get (w, "$.VpcId");
  router = world_get (w, "$.VRouterId");
  table = world_get (w, "$.RouteTableId");
  g_free (w->account_id);
  w->account_id = g_strdup (other->id);
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    assert_with (w, cases[i].params, vpc, cases[i].code);
  assert_with (w, "Action=ModifyVRouterAttribute&VRouterId={}", router,
               "InvalidVRouterId.NotFound");
  assert_with (w, "Action=DescribeRouteEntryList&RouteTableId={}" VPC, table,
               "InvalidRouteTableId.NotFound");
  assert_with (w, "Action=DescribeVpcs&VpcId={}", vpc, "OK");
  assert_string_equal (world_get (w, "$.TotalCount"), "0");
}

#define LOCATION "&Version=2015-06-12&Id=cn-local"

static void
every_product_is_to_be_had_here (void **state)
{
  static const char *const services[] = { "ecs", "vpc", "slb", "Ecs" };
  World *w = *state;

  for (guint i = 0; i < G_N_ELEMENTS (services); i++)
    {
      assert_with (w, "Action=DescribeEndpoints&Type=openAPI&ServiceCode={}" LOCATION, services[i],
                   "OK");
      assert_string_equal (world_get (w, "$..Endpoint[0].Endpoint"), "cloud.example:80");
      assert_string_equal (world_get (w, "$..Protocols.Protocols[0]"), "HTTP");
      assert_string_equal (world_get (w, "$.Success"), "true");
      assert_with (w, "Action=DescribeEndpoint&ServiceCode={}" LOCATION, services[i], "OK");
      assert_string_equal (world_get (w, "$.Endpoint"), "cloud.example:80");
      assert_string_equal (world_get (w, "$.Id"), "cn-local");
    }
  assert_ok (w, "Action=DescribeEndpoints&ServiceCode=rds" LOCATION);
  assert_non_null (strstr (w->answer, "\"Endpoints\":{\"Endpoint\":[]}"));
  assert_answer (w, "Action=DescribeEndpoints&ServiceCode=ecs&Id=x&Version=2015-06-12",
                 "InvalidRegionId.NotFound");
  assert_answer (w, "Action=DescribeEndpoints&ServiceCode=ecs&Id=cn-local", "UnsupportedOperation");
}

static void
there_are_no_tags (void **state)
{
  World *w = *state;

  assert_ok (w, "Action=ListTagResources&ResourceType=instance&ResourceId.1=i-1");
  assert_non_null (strstr (w->answer, "\"TagResources\":{\"TagResource\":[]}"));
  assert_ok (w, "Action=ListTagResources&ResourceType=VPC" VPC);
  assert_answer (w, "Action=ListTagResources", "MissingParameter");
  assert_ok (w, "Action=DescribeTags&RegionId=cn-local&ResourceType=instance&ResourceId=i-1");
  assert_string_equal (world_get (w, "$.TotalCount"), "0");
}

int
main (void)
{
#define CASE(test) cmocka_unit_test_setup_teardown (test, world_set_up, world_tear_down)
  const struct CMUnitTest tests[] = {
    CASE (a_vpc_comes_with_a_router_and_a_table_in_both_versions),
    CASE (a_vpc_is_changed_shown_and_deleted),
    CASE (a_vpc_with_something_in_it_is_not_deleted),
    CASE (a_token_makes_one_vpc_and_one_vswitch),
    CASE (ranges_are_checked),
    CASE (bad_requests_have_the_codes_of_ecs),
    CASE (a_vswitch_is_made_changed_and_used),
    CASE (lists_are_filtered),
    CASE (a_router_is_named_and_listed),
    CASE (each_vswitch_has_a_route),
    CASE (filters_on_routes_that_none_has_find_none),
    CASE (another_account_sees_and_touches_nothing),
    CASE (every_product_is_to_be_had_here),
    CASE (there_are_no_tags),
  };

  return cmocka_run_group_tests (tests, NULL, NULL);
}
