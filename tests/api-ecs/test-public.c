/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Elastic addresses, addresses that go with instances, bandwidth and NAT gateways as clients make
 * and see them, in both versions. */
#include "config.h"

#include "ecs-world.h"
#include "ops-public.h"
#include "store-instance.h"
#include "store.h"
#include "vmm-id.h"
#include <string.h>

#define VPC "&Version=2016-04-28"

static VmmPool *pools;

static void
set_pools (World *w, const char *text)
{
  g_clear_pointer (&pools, vmm_pool_free);
  pools = vmm_pool_parse (text, NULL);
  w->ctx.pools = pools;
}

static int
setup (void **state)
{
  *state = world_new ();
  set_pools (*state, "203.0.113.1-203.0.113.9");
  return 0;
}

static int
teardown (void **state)
{
  world_free (*state);
  g_clear_pointer (&pools, vmm_pool_free);
  return 0;
}

/* @format with @first for each {} and @second for each []. */
static const char *
with (World *w, const char *format, const char *first, const char *second)
{
  g_autoptr (GString) params = g_string_new (format);

  g_string_replace (params, "{}", first, 0);
  g_string_replace (params, "[]", second != NULL ? second : "", 0);
  return world_call (w, params->str) ?: "OK";
}
#define assert_with(world, format, first, second, code)                                            \
  assert_string_equal (with (world, format, first, second), code)

/* Work has told the host of all in the VPC. */
static void
settle (World *w, const char *vpc)
{
  g_autoptr (StoreTxn) txn = store_begin_read (w->ctx.store, NULL);
  g_autoptr (OpsPublicSeen) seen = ops_public_see (txn, vpc, NULL);

  g_clear_pointer (&txn, store_txn_free);
  assert_true (ops_public_settle (&w->ctx, seen, NULL));
}

static const char *
vpc_of (World *w, const char *instance_id)
{
  g_autoptr (VmmInstance) instance
      = ops_instance_get (&w->ctx, &(VmmCaller){ .account_id = w->account_id }, instance_id, NULL);

  return g_intern_string (((const VmmNic *) instance->nics->pdata[0])->vpc_id);
}

static const char *
make_instance (World *w, VmmInstanceState state)
{
  g_autofree char *image = g_strdup_printf ("ImageId=%s", world_image (w, "debian"));
  g_autofree char *id = world_instance (w, image, state);

  return g_intern_string (id);
}

static const char *
make_eip (World *w)
{
  assert_ok (w, "Action=AllocateEipAddress&RegionId=cn-local&Bandwidth=7&Name=door");
  return world_get (w, "$.AllocationId");
}

static void
an_address_lives_in_both_versions (void **state)
{
  static const char *const versions[] = { "", VPC };
  World *w = *state;
  const char *instance = make_instance (w, VMM_INSTANCE_RUNNING), *vpc = vpc_of (w, instance);

  for (guint i = 0; i < G_N_ELEMENTS (versions); i++)
    {
      g_autofree char *allocate
          = g_strconcat ("Action=AllocateEipAddress&RegionId=cn-local", versions[i], NULL);
      g_autofree char *associate = g_strconcat (
          "Action=AssociateEipAddress&AllocationId={}&InstanceId=[]", versions[i], NULL);
      g_autofree char *unassociate = g_strconcat (
          "Action=UnassociateEipAddress&AllocationId={}&InstanceId=[]", versions[i], NULL);
      g_autofree char *list
          = g_strconcat ("Action=DescribeEipAddresses&AllocationId={}", versions[i], NULL);
      g_autofree char *release
          = g_strconcat ("Action=ReleaseEipAddress&AllocationId={}", versions[i], NULL);
      const char *eip;

      assert_ok (w, allocate);
      eip = world_get (w, "$.AllocationId");
      assert_true (vmm_id_is (VMM_ID_EIP, eip));
      assert_with (w, associate, eip, instance, "OK");
      assert_with (w, list, eip, NULL, "OK");
      assert_string_equal (world_get (w, "$..Status"), "Associating");
      settle (w, vpc);
      assert_with (w, unassociate, eip, instance, "OK");
      settle (w, vpc);
      assert_with (w, release, eip, NULL, "OK");
      assert_with (w, release, eip, NULL, "InvalidAllocationId.NotFound");
      assert_with (w, list, eip, NULL, "OK");
      assert_string_equal (world_get (w, "$.TotalCount"), "0");
    }
}

static void
an_address_is_shown_as_clients_read_it (void **state)
{
  World *w = *state;
  const char *instance = make_instance (w, VMM_INSTANCE_RUNNING), *eip = make_eip (w);

  assert_with (w,
               "Action=AssociateEipAddress&AllocationId={}&InstanceId=[]&InstanceType=EcsInstance",
               eip, instance, "OK");
  settle (w, vpc_of (w, instance));
  assert_ok (w, "Action=DescribeEipAddresses&RegionId=cn-local");
  assert_string_equal (world_get (w, "$..Status"), "InUse");
  assert_string_equal (world_get (w, "$..InstanceId"), instance);
  assert_string_equal (world_get (w, "$..InstanceType"), "EcsInstance");
  assert_string_equal (world_get (w, "$..Name"), "door");
  assert_non_null (strstr (w->answer, "\"Bandwidth\":\"7\""));
  assert_with (w, "Action=DescribeInstances&EipAddresses=[\"203.0.113.1\"]", "", NULL, "OK");
  assert_string_equal (world_get (w, "$..EipAddress.AllocationId"), eip);
  assert_string_equal (world_get (w, "$..EipAddress.IpAddress"), "203.0.113.1");
  assert_string_equal (world_get (w, "$..EipAddress.Bandwidth"), "7");
  assert_string_equal (world_get (w, "$..EipAddress.InternetChargeType"), "PayByBandwidth");
  assert_non_null (strstr (w->answer, "\"PublicIpAddress\":{\"IpAddress\":[]}"));
  assert_ok (w, "Action=DescribeNetworkInterfaces");
  assert_string_equal (world_get (w, "$..NetworkInterfaceSet[0].AssociatedPublicIp.AllocationId"),
                       eip);
  assert_string_equal (world_get (w, "$..PrivateIpSet[0].AssociatedPublicIp.PublicIpAddress"),
                       "203.0.113.1");
}

static void
a_list_of_addresses_is_filtered (void **state)
{
  static const struct
  {
    const char *filter, *count;
  } cases[] = {
    { "", "3" },
    { "EipAddress=203.0.113.2", "1" },
    { "EipAddress=203.0.113.1,203.0.113.3", "2" },
    { "EipName=do*", "3" },
    { "EipName=window", "0" },
    { "Status=Available", "2" },
    { "Status=Associating", "1" },
    { "AssociatedInstanceType=EcsInstance", "1" },
    { "AssociatedInstanceType=Nat", "0" },
    { "ChargeType=PostPaid", "3" },
    { "ChargeType=PrePaid", "0" },
    { "LockReason=financial", "0" },
    { "Filter.1.Key=CreationStartTime&Filter.1.Value=2020-01-01T00:00Z", "3" },
    { "Filter.1.Key=CreationEndTime&Filter.1.Value=2020-01-01T00:00Z", "0" },
    { "Tag.1.Key=a", "0" },
  };
  World *w = *state;
  const char *instance = make_instance (w, VMM_INSTANCE_RUNNING), *eip = make_eip (w);

  make_eip (w);
  make_eip (w);
  assert_with (w, "Action=AssociateEipAddress&AllocationId={}&InstanceId=[]", eip, instance, "OK");
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *call
          = g_strdup_printf ("Action=DescribeEipAddresses&RegionId=cn-local&%s", cases[i].filter);

      assert_ok (w, call);
      assert_string_equal (world_get (w, "$.TotalCount"), cases[i].count);
    }
  assert_with (w, "Action=DescribeEipAddresses&AssociatedInstanceId={}", instance, NULL, "OK");
  assert_string_equal (world_get (w, "$.TotalCount"), "1");
  assert_ok (w, "Action=DescribeEipAddresses&PageSize=2&PageNumber=2");
  assert_int_equal (world_count (w, "$.EipAddresses.EipAddress[*]"), 1);
}

static void
what_cannot_be_is_refused_by_its_code (void **state)
{
  static const struct
  {
    const char *call, *code;
  } cases[] = {
    { "Action=AllocateEipAddress&Bandwidth=0", "InvalidBandwidth.ValueNotSupported" },
    { "Action=AllocateEipAddress&InternetChargeType=Never",
      "InvalidInternetChargeType.ValueNotSupported" },
    { "Action=AllocateEipAddress&IpAddress=hello", "InvalidIpAddress.Malformed" },
    { "Action=AllocateEipAddress&IpAddress=8.8.8.8", "InvalidIpAddress.NotFound" },
    { "Action=AllocateEipAddress&InstanceChargeType=PrePaid", "UnsupportedParameter" },
    { "Action=AssociateEipAddress&AllocationId={}&InstanceId=lb-x&InstanceType=SlbInstance",
      "InvalidInstanceType.ValueNotSupported" },
    { "Action=AssociateEipAddress&AllocationId={}&InstanceId=i-0123456789abcdefghij",
      "InvalidInstanId.NotFound" },
    { "Action=AssociateEipAddress&AllocationId=eip-0123456789abcdefghij&InstanceId=x",
      "InvalidInstanId.NotFound" },
    { "Action=UnassociateEipAddress&AllocationId={}", "IncorrectEipStatus" },
    { "Action=ModifyEipAddressAttribute&AllocationId={}&Bandwidth=99999",
      "InvalidBandwidth.ValueNotSupported" },
    { "Action=ReleaseEipAddress&AllocationId=eip-0123456789abcdefghij",
      "InvalidAllocationId.NotFound" },
    { "Action=DescribeEipAddresses&Filter.1.Key=Colour&Filter.1.Value=2020-01-01T00:00Z",
      "InvalidFilterKey.NotFound" },
  };
  World *w = *state;
  const char *eip = make_eip (w);

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    assert_with (w, cases[i].call, eip, NULL, cases[i].code);
}

static void
an_installation_without_addresses_says_so (void **state)
{
  World *w = *state;
  const char *instance = make_instance (w, VMM_INSTANCE_STOPPED);

  set_pools (w, "");
  assert_answer (w, "Action=AllocateEipAddress&RegionId=cn-local", "ReserveIpFail");
  assert_non_null (strstr (w->answer, "public-pools"));
  assert_with (w, "Action=ModifyInstanceNetworkSpec&InstanceId={}&InternetMaxBandwidthOut=5",
               instance, NULL, "OK");
  assert_with (w, "Action=AllocatePublicIpAddress&InstanceId={}", instance, NULL,
               "InsufficientPublicIp");
  assert_non_null (strstr (w->answer, "public-pools"));
}

static void
an_instance_gets_a_public_address_of_its_own (void **state)
{
  World *w = *state;
  const char *instance = make_instance (w, VMM_INSTANCE_STOPPED);

  assert_with (w, "Action=AllocatePublicIpAddress&InstanceId={}", instance, NULL,
               "AllocateIpInvalidInstanceBandwidth");
  assert_with (
      w,
      "Action=ModifyInstanceNetworkSpec&InstanceId={}&InternetMaxBandwidthOut=5&NetworkChargeType="
      "PayByBandwidth",
      instance, NULL, "OK");
  assert_with (w, "Action=AllocatePublicIpAddress&InstanceId={}&IpAddress=203.0.113.8", instance,
               NULL, "OK");
  assert_string_equal (world_get (w, "$.IpAddress"), "203.0.113.8");
  assert_with (w, "Action=AllocatePublicIpAddress&InstanceId={}", instance, NULL, "OK");
  assert_string_equal (world_get (w, "$.IpAddress"), "203.0.113.8");
  assert_ok (w, "Action=DescribeInstances&PublicIpAddresses=[\"203.0.113.8\"]");
  assert_string_equal (world_get (w, "$..PublicIpAddress.IpAddress[0]"), "203.0.113.8");
  assert_string_equal (world_get (w, "$..InternetMaxBandwidthOut"), "5");
  assert_string_equal (world_get (w, "$..InternetMaxBandwidthIn"), "10");
  assert_string_equal (world_get (w, "$..EipAddress.IpAddress"), "");
  assert_ok (w, "Action=DescribeInstances&InternetChargeType=PayByBandwidth");
  assert_string_equal (world_get (w, "$.TotalCount"), "1");
  assert_ok (w, "Action=DescribeEipAddresses");
  assert_string_equal (world_get (w, "$.TotalCount"), "0");
  assert_ok (w, "Action=ReleasePublicIpAddress&PublicIpAddress=203.0.113.8");
  settle (w, vpc_of (w, instance));
  assert_answer (w, "Action=ReleasePublicIpAddress&PublicIpAddress=203.0.113.8",
                 "InvalidIpAddress.NotFound");
}

static void
run_with_bandwidth_brings_a_public_address (void **state)
{
  World *w = *state;
  g_autofree char *run
      = g_strdup_printf ("Action=RunInstances&InstanceType=ecs.t1.nano&InternetMaxBandwidthOut=50&"
                         "InternetMaxBandwidthIn=20&ImageId=%s",
                         world_image (w, "debian"));

  assert_ok (w, run);
  assert_ok (w, "Action=DescribeInstances");
  assert_string_equal (world_get (w, "$..PublicIpAddress.IpAddress[0]"), "203.0.113.1");
  assert_string_equal (world_get (w, "$..InternetMaxBandwidthIn"), "20");
}

/* ---- NAT gateways ---- */

typedef struct
{
  const char *vpc, *vswitch, *gateway, *snat, *forward, *eip;
} Place;

static Place
make_place (World *w)
{
  Place p;

  assert_ok (w, "Action=CreateVpc&RegionId=cn-local&CidrBlock=10.0.0.0/16");
  p.vpc = world_get (w, "$.VpcId");
  assert_with (w, "Action=CreateVSwitch&VpcId={}&ZoneId=cn-local-a&CidrBlock=10.0.1.0/24", p.vpc,
               NULL, "OK");
  p.vswitch = world_get (w, "$.VSwitchId");
  assert_with (
      w,
      "Action=CreateNatGateway&RegionId=cn-local&VpcId={}&VSwitchId=[]&NatType=Enhanced&Name=gate"
      "&InternetChargeType=PayByLcu" VPC,
      p.vpc, p.vswitch, "OK");
  p.gateway = world_get (w, "$.NatGatewayId");
  p.snat = world_get (w, "$.SnatTableIds.SnatTableId[0]");
  p.forward = world_get (w, "$.ForwardTableIds.ForwardTableId[0]");
  p.eip = make_eip (w);
  assert_with (w, "Action=AssociateEipAddress&AllocationId={}&InstanceId=[]&InstanceType=Nat" VPC,
               p.eip, p.gateway, "OK");
  settle (w, p.vpc);
  return p;
}

static void
a_gateway_is_shown_as_clients_read_it (void **state)
{
  static const char *const versions[] = { "", VPC };
  World *w = *state;
  Place p = make_place (w);

  for (guint i = 0; i < G_N_ELEMENTS (versions); i++)
    {
      g_autofree char *list = g_strconcat (
          "Action=DescribeNatGateways&RegionId=cn-local&NatGatewayId={}", versions[i], NULL);

      assert_with (w, list, p.gateway, NULL, "OK");
      assert_string_equal (world_get (w, "$..NatGateway[0].Status"), "Available");
      assert_string_equal (world_get (w, "$..NatGateway[0].VpcId"), p.vpc);
      assert_string_equal (world_get (w, "$..SnatTableIds.SnatTableId[0]"), p.snat);
      assert_string_equal (world_get (w, "$..ForwardTableIds.ForwardTableId[0]"), p.forward);
      assert_string_equal (world_get (w, "$..IpLists.IpList[0].IpAddress"), "203.0.113.1");
      assert_string_equal (world_get (w, "$..NatGatewayPrivateInfo.VswitchId"), p.vswitch);
    }
  assert_ok (w, "Action=DescribeNatGateways&NetworkType=intranet");
  assert_string_equal (world_get (w, "$.TotalCount"), "0");
}

static void
snat_entries_come_change_and_go (void **state)
{
  World *w = *state;
  Place p = make_place (w);
  const char *entry;

  assert_with (w,
               "Action=CreateSnatEntry&SnatTableId={}&SourceVSwitchId=[]&SnatIp=203.0.113.1&"
               "SnatEntryName=out" VPC,
               p.snat, p.vswitch, "OK");
  entry = world_get (w, "$.SnatEntryId");
  assert_with (w, "Action=DescribeSnatTableEntries&SnatTableId={}" VPC, p.snat, NULL, "OK");
  assert_string_equal (world_get (w, "$..Status"), "Pending");
  settle (w, p.vpc);
  assert_with (w, "Action=DescribeSnatTableEntries&SnatTableId={}&SnatEntryId=[]" VPC, p.snat,
               entry, "OK");
  assert_string_equal (world_get (w, "$..Status"), "Available");
  assert_string_equal (world_get (w, "$..SourceCIDR"), "10.0.1.0/24");
  assert_string_equal (world_get (w, "$..SourceVSwitchId"), p.vswitch);
  assert_with (w, "Action=ModifySnatEntry&SnatTableId={}&SnatEntryId=[]&SnatEntryName=away" VPC,
               p.snat, entry, "OK");
  assert_with (
      w, "Action=CreateSnatEntry&SnatTableId={}&SourceCIDR=10.0.1.0/24&SnatIp=203.0.113.1" VPC,
      p.snat, NULL, "Forbidden.SourceVSwitchId.Duplicated");
  assert_with (
      w, "Action=CreateSnatEntry&SnatTableId={}&SourceCIDR=10.0.1.7/32&SnatIp=203.0.113.2" VPC,
      p.snat, NULL, "EIP_NOT_IN_GATEWAY");
  assert_with (w, "Action=UnassociateEipAddress&AllocationId={}" VPC, p.eip, NULL,
               "InvalidBindingStatus");
  assert_with (w, "Action=DeleteSnatEntry&SnatTableId={}&SnatEntryId=[]" VPC, p.snat, entry, "OK");
  assert_with (w, "Action=DeleteSnatEntry&SnatTableId={}&SnatEntryId=[]" VPC, p.snat, entry,
               "InvalidSnatEntryId.NotFound");
  assert_with (w, "Action=DescribeSnatTableEntries&SnatTableId={}", p.snat, NULL,
               "UnsupportedOperation");
}

static void
forward_entries_come_change_and_go (void **state)
{
  World *w = *state;
  Place p = make_place (w);
  const char *entry;

  assert_with (w,
               "Action=CreateForwardEntry&ForwardTableId={}&ExternalIp=203.0.113.1&ExternalPort=80/"
               "81&IpProtocol=TCP"
               "&InternalIp=10.0.1.7&InternalPort=8080/8081",
               p.forward, NULL, "OK");
  entry = world_get (w, "$.ForwardEntryId");
  settle (w, p.vpc);
  assert_with (
      w,
      "Action=DescribeForwardTableEntries&ForwardTableId={}&ExternalPort=80/81&IpProtocol=TCP" VPC,
      p.forward, NULL, "OK");
  assert_string_equal (world_get (w, "$..ForwardEntryId"), entry);
  assert_string_equal (world_get (w, "$..ExternalPort"), "80/81");
  assert_string_equal (world_get (w, "$..InternalPort"), "8080/8081");
  assert_string_equal (world_get (w, "$..IpProtocol"), "tcp");
  assert_string_equal (world_get (w, "$..Status"), "Available");
  assert_with (
      w, "Action=ModifyForwardEntry&ForwardTableId={}&ForwardEntryId=[]&InternalIp=10.0.1.9" VPC,
      p.forward, entry, "OK");
  assert_with (w, "Action=DescribeForwardTableEntries&ForwardTableId={}", p.forward, NULL, "OK");
  assert_string_equal (world_get (w, "$..InternalIp"), "10.0.1.9");
  assert_string_equal (world_get (w, "$..Status"), "Pending");
  assert_with (w,
               "Action=CreateForwardEntry&ForwardTableId={}&ExternalIp=203.0.113.1&ExternalPort="
               "any&IpProtocol=any"
               "&InternalIp=10.0.1.7&InternalPort=any",
               p.forward, NULL, "Forbidden.ForwardEntry.Duplicated");
  assert_with (w, "Action=DeleteForwardEntry&ForwardTableId={}&ForwardEntryId=[]", p.forward, entry,
               "OK");
  assert_with (w, "Action=DeleteForwardEntry&ForwardTableId={}&ForwardEntryId=[]" VPC, p.forward,
               entry, "InvalidForwardEntryId.NotFound");
}

static void
a_gateway_and_its_vpc_go_in_order (void **state)
{
  World *w = *state;
  Place p = make_place (w);

  assert_with (w, "Action=DeleteVSwitch&VSwitchId={}", p.vswitch, NULL, "DependencyViolation");
  assert_with (w, "Action=DeleteNatGateway&NatGatewayId={}", p.gateway, NULL,
               "DependencyViolation.EIPS");
  assert_with (w, "Action=DeleteNatGateway&NatGatewayId={}&Force=true" VPC, p.gateway, NULL, "OK");
  assert_with (w, "Action=DeleteNatGateway&NatGatewayId={}" VPC, p.gateway, NULL,
               "InvalidNatGatewayId.NotFound");
  assert_with (w, "Action=DeleteVSwitch&VSwitchId={}", p.vswitch, NULL, "OK");
  assert_with (w, "Action=DeleteVpc&VpcId={}", p.vpc, NULL, "DependencyViolation");
  settle (w, p.vpc);
  assert_with (w, "Action=DeleteVpc&VpcId={}", p.vpc, NULL, "OK");
}

int
main (void)
{
#define CASE(test) cmocka_unit_test_setup_teardown (test, setup, teardown)
  const struct CMUnitTest tests[] = {
    CASE (an_address_lives_in_both_versions),
    CASE (an_address_is_shown_as_clients_read_it),
    CASE (a_list_of_addresses_is_filtered),
    CASE (what_cannot_be_is_refused_by_its_code),
    CASE (an_installation_without_addresses_says_so),
    CASE (an_instance_gets_a_public_address_of_its_own),
    CASE (run_with_bandwidth_brings_a_public_address),
    CASE (a_gateway_is_shown_as_clients_read_it),
    CASE (snat_entries_come_change_and_go),
    CASE (forward_entries_come_change_and_go),
    CASE (a_gateway_and_its_vpc_go_in_order),
  };

  return cmocka_run_group_tests_name ("public", tests, NULL, NULL);
}
