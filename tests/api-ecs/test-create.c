/* SPDX-License-Identifier: GPL-2.0-or-later */
/* RunInstances and CreateInstance as a client sees them. */
#include "config.h"

#include "ecs-world.h"
#include <string.h>

#define RUN "Action=RunInstances&InstanceType=ecs.t1.micro&"

/* @params with the id of a new image behind them. */
static char *
with_image (World *w, const char *params)
{
  return g_strconcat (params, "&ImageId=", world_image (w, "debian"), NULL);
}

static void
run_answers_as_many_ids_as_asked_for (void **state)
{
  World *w = *state;
  g_autofree char *run = with_image (w, RUN "Amount=3&RegionId=cn-local");

  assert_ok (w, run);
  assert_int_equal (world_count (w, "$.InstanceIdSets.InstanceIdSet[*]"), 3);
  assert_int_equal (w->kicks, 3);
  assert_ok (w, "Action=DescribeInstances");
  assert_int_equal (world_count (w, "$.Instances.Instance[*]"), 3);
  assert_string_equal (world_get (w, "$.Instances.Instance[2].Status"), "Pending");
}

static void
the_older_name_of_amount_counts (void **state)
{
  World *w = *state;
  g_autofree char *run = with_image (w, RUN "MaxAmount=2&MinAmount=1");

  assert_ok (w, run);
  assert_int_equal (world_count (w, "$.InstanceIdSets.InstanceIdSet[*]"), 2);
}

static void
create_answers_one_id (void **state)
{
  World *w = *state;
  g_autofree char *create = with_image (w, "Action=CreateInstance&InstanceType=ecs.t1.nano");

  assert_ok (w, create);
  assert_int_equal (world_count (w, "$.InstanceId"), 1);
}

static void
what_means_nothing_passes_and_what_means_something_is_refused (void **state)
{
  static const struct
  {
    const char *passes, *refused;
  } cases[] = {
    { "InternetMaxBandwidthOut=0", "Password=Secret123" },
    { "PasswordInherit=false", "PasswordInherit=true" },
    { "AutoRenew=false&SpotPriceLimit=0.0000", "AutoReleaseTime=2030-01-01T00:00:00Z" },
    { "DataDisk.1.DeleteWithInstance=false", "DataDisk.1.Encrypted=true" },
    { "RamRoleName=", "RamRoleName=admin" },
    { "HttpTokens=optional", "HttpTokens=required" },
    { "SystemDisk.Encrypted=False", "SystemDisk.Encrypted=true" },
    { "Period=1&SpotStrategy=NoSpot", "DedicatedHostId=dh-1" },
    { "IoOptimized=optimized", "NetworkInterface.1.SourceDestCheck=false" },
    { "LaunchTemplateVersion=0", "LaunchTemplateId=lt-1" },
    { "HostNames.1=", "HostNames.1=web" },
  };
  World *w = *state;
  const char *image = world_image (w, "debian");

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *good
          = g_strdup_printf (RUN "DryRun=true&ImageId=%s&%s", image, cases[i].passes);
      g_autofree char *bad
          = g_strdup_printf (RUN "DryRun=true&ImageId=%s&%s", image, cases[i].refused);

      assert_answer (w, good, "DryRunOperation");
      assert_answer (w, bad, "UnsupportedParameter");
    }
}

static void
a_refusal_names_the_parameter_but_never_a_secret (void **state)
{
  World *w = *state;
  g_autofree char *run = with_image (w, RUN "Password=Secret123");

  assert_answer (w, run, "UnsupportedParameter");
  assert_non_null (strstr (w->answer, "Password"));
  assert_null (strstr (w->answer, "Secret123"));
}

static void
errors_have_the_codes_of_ecs (void **state)
{
  static const struct
  {
    const char *params, *code;
  } cases[] = {
    { "RegionId=cn-hangzhou", "InvalidRegionId.NotFound" },
    { "ZoneId=cn-local-z", "InvalidZoneId.NotFound" },
    { "InstanceType=ecs.huge", "InvalidInstanceType.ValueNotSupported" },
    { "ImageId=debian", "InvalidImageId.NotFound" },
    { "ImageId=m-00000000000000000000", "InvalidImageId.NotFound" },
    { "VSwitchId=vsw-00000000000000000000", "InvalidVSwitchId.NotFound" },
    { "SecurityGroupId=sg-00000000000000000000", "InvalidSecurityGroupId.NotFound" },
    { "SecurityGroupId=sg-00000000000000000000&SecurityGroupIds.1=sg-00000000000000000000",
      "InvalidParameter" },
    { "PrivateIpAddress=172.16.0.999", "InvalidPrivateIpAddress.Malformed" },
    { "PrivateIpAddress=10.0.0.1", "InvalidPrivateIpAddress.Malformed" },
    { "InstanceName=1", "InvalidInstanceName.Malformed" },
    { "Description=http://x", "InvalidDescription.Malformed" },
    { "HostName=-", "InvalidHostName.Malformed" },
    { "UserData=***", "InvalidUserData.Base64FormatInvalid" },
    { "SystemDisk.Category=tape", "InvalidSystemDiskCategory.ValueNotSupported" },
    { "SystemDisk.Size=1", "InvalidSystemDiskSize.LessThanImageSize" },
    { "SystemDisk.Size=99999", "InvalidSystemDiskSize.ValueNotSupported" },
    { "KeyPairName=nobody", "InvalidKeyPairName.NotFound" },
    { "Amount=101", "InvalidParam.Amount" },
    { "Amount=2&MinAmount=3", "InvalidMinAmount.Malformed" },
    { "InstanceType=ecs.g1.2xlarge", "OperationDenied.NoStock" },
  };
  World *w = *state;
  const char *image = world_image (w, "debian");

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      gboolean has_type = g_str_has_prefix (cases[i].params, "InstanceType");
      gboolean has_image = g_str_has_prefix (cases[i].params, "ImageId");
      g_autofree char *run = g_strdup_printf ("Action=RunInstances&%s&%s%s%s", cases[i].params,
                                              has_type ? "" : "InstanceType=ecs.t1.nano&",
                                              has_image ? "" : "ImageId=", has_image ? "" : image);

      assert_answer (w, run, cases[i].code);
    }
  assert_int_equal (w->kicks, 0);
}

static void
a_repeated_client_token_answers_the_first_ids (void **state)
{
  World *w = *state;
  g_autofree char *run = with_image (w, RUN "ClientToken=t1");
  g_autofree char *other = g_strconcat (run, "&Amount=2", NULL);
  const char *first;

  assert_ok (w, run);
  first = world_get (w, "$.InstanceIdSets.InstanceIdSet[0]");
  assert_ok (w, run);
  assert_string_equal (world_get (w, "$.InstanceIdSets.InstanceIdSet[0]"), first);
  assert_answer (w, other, "IdempotentParameterMismatch");
  assert_ok (w, "Action=DescribeInstances");
  assert_string_equal (world_get (w, "$.TotalCount"), "1");
}

static void
a_dry_run_makes_nothing (void **state)
{
  World *w = *state;
  g_autofree char *run = with_image (w, RUN "DryRun=true");

  assert_answer (w, run, "DryRunOperation");
  assert_ok (w, "Action=DescribeInstances");
  assert_string_equal (world_get (w, "$.TotalCount"), "0");
}

static void
what_was_asked_for_is_shown (void **state)
{
  World *w = *state;
  const char *image = world_image (w, "debian");
  g_autofree char *run = g_strdup_printf (
      RUN "ImageId=%s&InstanceName=shop&Description=the+shop&HostName=web&PrivateIpAddress="
          "172.16.0.77&DeletionProtection=true&UserData=aGk%%3D&SystemDisk.Size=5&"
          "SystemDisk.Category=cloud_essd&SystemDisk.DiskName=root",
      image);

  assert_ok (w, run);
  assert_ok (w, "Action=DescribeInstances");
  assert_string_equal (world_get (w, "$..InstanceName"), "shop");
  assert_string_equal (world_get (w, "$.Instances.Instance[0].Description"), "the shop");
  assert_string_equal (world_get (w, "$..HostName"), "web");
  assert_string_equal (world_get (w, "$..VpcAttributes.PrivateIpAddress.IpAddress[0]"),
                       "172.16.0.77");
  assert_string_equal (world_get (w, "$..DeletionProtection"), "true");
  assert_string_equal (world_get (w, "$.Instances.Instance[0].OSName"), "Debian 12");
  assert_ok (w, "Action=DescribeDisks");
  assert_string_equal (world_get (w, "$.Disks.Disk[0].Size"), "5");
  assert_string_equal (world_get (w, "$.Disks.Disk[0].Category"), "cloud_essd");
  assert_string_equal (world_get (w, "$.Disks.Disk[0].DiskName"), "root");
}

static void
an_imported_key_pair_can_be_named (void **state)
{
  World *w = *state;
  g_autofree char *run = with_image (w, RUN "KeyPairName=me");

  assert_ok (w, "Action=ImportKeyPair&KeyPairName=me&PublicKeyBody=ssh-ed25519+"
                "AAAAC3NzaC1lZDI1NTE5AAAAIAABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f");
  assert_answer (w,
                 "Action=ImportKeyPair&KeyPairName=me&PublicKeyBody=ssh-ed25519+"
                 "AAAAC3NzaC1lZDI1NTE5AAAAIAABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f",
                 "KeyPair.AlreadyExist");
  assert_answer (w, "Action=ImportKeyPair&KeyPairName=you&PublicKeyBody=x",
                 "InvalidPublicKeyBody.Malformed");
  assert_ok (w, run);
  assert_ok (w, "Action=DescribeInstances&KeyPairName=me");
  assert_string_equal (world_get (w, "$..KeyPairName"), "me");
  assert_ok (w, "Action=DescribeKeyPairs");
  assert_int_equal (world_count (w, "$.KeyPairs.KeyPair[*]"), 1);
  assert_ok (w, "Action=DeleteKeyPairs&KeyPairNames=[\"me\",\"other\"]");
  assert_ok (w, "Action=DescribeKeyPairs");
  assert_int_equal (world_count (w, "$.KeyPairs.KeyPair[*]"), 0);
}

int
main (void)
{
#define CASE(test) cmocka_unit_test_setup_teardown (test, world_set_up, world_tear_down)
  const struct CMUnitTest tests[] = {
    CASE (run_answers_as_many_ids_as_asked_for),
    CASE (the_older_name_of_amount_counts),
    CASE (create_answers_one_id),
    CASE (what_means_nothing_passes_and_what_means_something_is_refused),
    CASE (a_refusal_names_the_parameter_but_never_a_secret),
    CASE (errors_have_the_codes_of_ecs),
    CASE (a_repeated_client_token_answers_the_first_ids),
    CASE (a_dry_run_makes_nothing),
    CASE (what_was_asked_for_is_shown),
    CASE (an_imported_key_pair_can_be_named),
  };

  return cmocka_run_group_tests (tests, NULL, NULL);
}
