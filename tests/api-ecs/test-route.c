/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Routes to guests as clients make, see and delete them. */
#include "config.h"

#include "ecs-world.h"
#include "vmm-id.h"
#include <string.h>

#define VPC "&Version=2016-04-28"

/* A guest in a VPC of its own. */
typedef struct
{
  World *w;
  const char *table, *nic;
  char *instance;
} Route;

static int
setup (void **state)
{
  Route *r = g_new0 (Route, 1);
  World *w = world_new ();
  const char *vswitch, *group, *vpc;
  g_autofree char *make = NULL, *spec = NULL, *list = NULL, *join = NULL;

  r->w = w;
  assert_ok (w, "Action=CreateVpc&CidrBlock=10.1.0.0/16");
  vpc = world_get (w, "$.VpcId");
  r->table = world_get (w, "$.RouteTableId");
  make = g_strdup_printf ("Action=CreateVSwitch&ZoneId=cn-local-a&CidrBlock=10.1.1.0/24&VpcId=%s",
                          vpc);
  assert_ok (w, make);
  vswitch = world_get (w, "$.VSwitchId");
  join = g_strdup_printf ("Action=CreateSecurityGroup&VpcId=%s", vpc);
  assert_ok (w, join);
  group = world_get (w, "$.SecurityGroupId");
  spec = g_strdup_printf ("ImageId=%s&VSwitchId=%s&SecurityGroupId=%s", world_image (w, "debian"),
                          vswitch, group);
  r->instance = world_instance (w, spec, VMM_INSTANCE_STOPPED);
  list = g_strdup_printf ("Action=DescribeNetworkInterfaces&InstanceId=%s", r->instance);
  assert_ok (w, list);
  r->nic = world_get (w, "$..NetworkInterfaceId");
  *state = r;
  return 0;
}

static int
teardown (void **state)
{
  Route *r = *state;

  world_free (r->w);
  g_free (r->instance);
  g_free (r);
  return 0;
}

/* @format with the table for {T}, the instance for {I} and the interface for {N}. */
static const char *
ask (Route *r, const char *format)
{
  g_autoptr (GString) params = g_string_new (format);

  g_string_replace (params, "{T}", r->table, 0);
  g_string_replace (params, "{I}", r->instance, 0);
  g_string_replace (params, "{N}", r->nic, 0);
  return world_call (r->w, params->str) ?: "OK";
}

#define assert_ask(r, format, code) assert_string_equal (ask (r, format), code)

static void
a_route_is_made_shown_and_deleted_in_both_versions (void **state)
{
  static const char *const versions[] = { "", VPC };
  Route *r = *state;

  for (guint i = 0; i < G_N_ELEMENTS (versions); i++)
    {
      g_autofree char *create = g_strconcat (
          "Action=CreateRouteEntry&RouteTableId={T}&DestinationCidrBlock=10.9.0.0/16"
          "&NextHopId={I}&NextHopType=Instance&RouteEntryName=office&Description=home",
          versions[i], NULL);
      g_autofree char *delete
          = g_strconcat ("Action=DeleteRouteEntry&RouteTableId={T}&DestinationCidrBlock=10.9.0.0/16"
                         "&NextHopId={I}",
                         versions[i], NULL);

      assert_ask (r, create, "OK");
      assert_true (vmm_id_is (VMM_ID_ROUTE, world_get (r->w, "$.RouteEntryId")));
      assert_ask (r, "Action=DescribeRouteTables&RouteTableId={T}", "OK");
      assert_int_equal (world_count (r->w, "$..RouteEntry[*]"), 2);
      assert_string_equal (world_get (r->w, "$..RouteEntry[0].Type"), "Custom");
      assert_string_equal (world_get (r->w, "$..RouteEntry[0].NextHopId"), r->instance);
      assert_string_equal (world_get (r->w, "$..RouteEntry[0].InstanceId"), r->instance);
      assert_string_equal (world_get (r->w, "$..RouteEntry[0].RouteEntryName"), "office");
      assert_string_equal (world_get (r->w, "$.RouteTables.RouteTable[0].RouteEntrys.RouteEntry[0]."
                                            "NextHops.NextHop[0].NextHopType"),
                           "Instance");
      assert_ask (r, create, "RouterEntryConflict.Duplicated");
      assert_ask (r, "Action=DeleteInstance&Force=true&InstanceId={I}",
                  "DependencyViolation.RouteEntry");
      assert_ask (r, delete, "OK");
      assert_ask (r, delete, "InvalidRouteEntry.NotFound");
    }
}

static void
an_interface_is_a_next_hop_alone_or_in_a_list (void **state)
{
  Route *r = *state;
  const char *id;
  g_autofree char *delete = NULL;

  assert_ask (r,
              "Action=CreateRouteEntry&RouteTableId={T}&DestinationCidrBlock=0.0.0.0/0"
              "&NextHopList.1.NextHopId={N}&NextHopList.1.NextHopType=NetworkInterface" VPC,
              "OK");
  id = world_get (r->w, "$.RouteEntryId");
  assert_ask (r, "Action=DescribeRouteEntryList&RouteTableId={T}&NextHopId={N}" VPC, "OK");
  assert_int_equal (world_count (r->w, "$..RouteEntry[*]"), 1);
  assert_string_equal (world_get (r->w, "$..RouteEntryId"), id);
  assert_string_equal (world_get (r->w, "$..DestinationCidrBlock"), "0.0.0.0/0");
  assert_string_equal (world_get (r->w, "$..NextHop[0].NextHopId"), r->nic);
  assert_string_equal (world_get (r->w, "$..NextHop[0].NextHopType"), "NetworkInterface");
  assert_string_equal (world_get (r->w, "$..IpVersion"), "ipv4");
  delete = g_strdup_printf ("Action=DeleteRouteEntry&RouteEntryId=%s" VPC, id);
  assert_ask (r, delete, "OK");
}

static void
routes_are_filtered (void **state)
{
  static const struct
  {
    const char *filter;
    guint n;
  } cases[] = {
    { "", 3 },
    { "RouteEntryType=Custom", 2 },
    { "RouteEntryType=System", 1 },
    { "NextHopType=Instance", 1 },
    { "NextHopType=NetworkInterface", 1 },
    { "NextHopType=local", 1 },
    { "NextHopId={I}", 1 },
    { "NextHopId={N}", 1 },
    { "RouteEntryName=office", 1 },
    { "DestinationCidrBlock=10.9.0.0/16", 1 },
    { "DestinationCidrBlock=10.9.0.0/17", 0 },
    { "MaxResult=2", 2 },
  };
  Route *r = *state;

  assert_ask (r,
              "Action=CreateRouteEntry&RouteTableId={T}&DestinationCidrBlock=10.9.0.0/16"
              "&NextHopId={I}&RouteEntryName=office",
              "OK");
  assert_ask (r,
              "Action=CreateRouteEntry&RouteTableId={T}&DestinationCidrBlock=10.8.0.0/16"
              "&NextHopId={N}&NextHopType=NetworkInterface",
              "OK");
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *list = g_strconcat ("Action=DescribeRouteEntryList&RouteTableId={T}" VPC "&",
                                           cases[i].filter, NULL);

      assert_ask (r, list, "OK");
      if (world_count (r->w, "$..RouteEntry[*]") != cases[i].n)
        fail_msg ("%s: %s", cases[i].filter, r->w->answer);
    }
}

static void
bad_requests_have_the_codes_of_ecs (void **state)
{
#define CREATE "Action=CreateRouteEntry&RouteTableId={T}&DestinationCidrBlock="
  static const struct
  {
    const char *params, *code;
  } cases[] = {
    { CREATE "10.9.0.0/16", "MissingParameter" },
    { "Action=CreateRouteEntry&DestinationCidrBlock=10.9.0.0/16&NextHopId={I}",
      "MissingParameter" },
    { CREATE "10.9.0.0/99&NextHopId={I}", "InvalidCidrBlock.Malformed" },
    { CREATE "10.9.0.1/16&NextHopId={I}", "InvalidCidrBlock.Malformed" },
    { CREATE "10.1.1.0/24&NextHopId={I}", "InvalidCidrBlock" },
    { CREATE "100.64.1.0/24&NextHopId={I}", "InvalidCidrBlock" },
    { CREATE "10.9.0.0/16&NextHopId=i-1", "InvalidNextHopId.NotFound" },
    { CREATE "10.9.0.0/16&NextHopId={I}&NextHopType=VpnGateway", "UnsupportedParameter" },
    { CREATE "10.9.0.0/16&NextHopId={I}&NextHopList.1.NextHopId={I}",
      "ParamExclusive.NextHopIdAndList" },
    { CREATE "10.9.0.0/16&NextHopList.1.NextHopId={I}&NextHopList.2.NextHopId={N}",
      "UnsupportedParameter" },
    { CREATE "10.9.0.0/16&NextHopId={I}&RouteEntryName=1", "InvalidName.Malformed" },
    { CREATE "10.9.0.0/16&NextHopId={I}&DryRun=true", "DryRunOperation" },
    { CREATE "fd00:9::/48&NextHopId={I}", "InvalidNextHopId.NotFound" },
    { "Action=DeleteRouteEntry&RouteTableId={T}&DestinationCidrBlock=10.1.1.0/24",
      "OperationDenied" },
    { "Action=DeleteRouteEntry&RouteTableId=vtb-1&DestinationCidrBlock=10.9.0.0/16",
      "InvalidRouteTableId.NotFound" },
    { "Action=DeleteRouteEntry", "MissingParameter" },
  };
  Route *r = *state;

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    if (!g_str_equal (ask (r, cases[i].params), cases[i].code))
      fail_msg ("%s: %s", cases[i].params, r->w->answer);
}

int
main (void)
{
#define T(name) cmocka_unit_test_setup_teardown (name, setup, teardown)
  const struct CMUnitTest tests[] = {
    T (a_route_is_made_shown_and_deleted_in_both_versions),
    T (an_interface_is_a_next_hop_alone_or_in_a_list),
    T (routes_are_filtered),
    T (bad_requests_have_the_codes_of_ecs),
  };

  return cmocka_run_group_tests (tests, NULL, NULL);
}
