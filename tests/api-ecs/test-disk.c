/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Disks, snapshots and images: what of ECS is not offered is said so, and answers have the types
 * that clients read. */
#include "config.h"

#include "ecs-world.h"
#include <string.h>

#define RUN "RunInstances&InstanceType=ecs.t1.nano&ImageId=m-00000000000000000000"

static char *
make_disk (World *w)
{
  assert_call ("OK", w, "Action=CreateDisk&Size=20");
  return g_strdup (world_get (w, "$.DiskId"));
}

/* The system disk of a new instance. */
static char *
make_system_disk (World *w)
{
  g_autofree char *params = g_strdup_printf ("ImageId=%s", world_image (w, "debian"));
  g_autofree char *instance = world_instance (w, params, VMM_INSTANCE_STOPPED);

  assert_call ("OK", w, "Action=DescribeDisks&InstanceId=%s", instance);
  return g_strdup (world_get (w, "$.Disks.Disk[0].DiskId"));
}

static char *
make_snapshot (World *w)
{
  g_autofree char *disk = make_system_disk (w);

  assert_call ("OK", w, "Action=CreateSnapshot&DiskId=%s", disk);
  return g_strdup (world_get (w, "$.SnapshotId"));
}

/* Each of them would have the sender believe in something that is not so. */
static void
what_is_not_offered_is_refused_by_its_name (void **state)
{
  static const char *const cases[][2] = {
    { "CreateDisk&Size=20", "MultiAttach=Enabled" },
    { "CreateDisk&Size=20", "ProvisionedIops=1000" },
    { "CreateDisk&Size=20", "BurstingEnabled=true" },
    { "CreateDisk&Size=20", "KMSKeyId=e522b26d-abcd" },
    { "CreateDisk&Size=20", "EncryptAlgorithm=sm4-128" },
    { "CreateDisk&Size=20", "StorageSetId=ss-1" },
    { "CreateDisk&Size=20", "StorageSetPartitionNumber=3" },
    { "CreateDisk&Size=20", "StorageClusterId=dbsc-1" },
    { RUN, "SystemDisk.ProvisionedIops=1000" },
    { RUN, "SystemDisk.BurstingEnabled=true" },
    { RUN, "SystemDisk.KMSKeyId=e522b26d-abcd" },
    { RUN, "SystemDisk.StorageClusterId=dbsc-1" },
    { RUN "&DataDisk.1.Size=5", "DataDisk.1.ProvisionedIops=1000" },
    { RUN "&DataDisk.1.Size=5", "DataDisk.1.BurstingEnabled=true" },
    { RUN "&DataDisk.1.Size=5", "DataDisk.1.EncryptAlgorithm=sm4-128" },
    { "ModifyDiskAttribute&DiskId=%s", "BurstingEnabled=true" },
    { "ModifyDiskSpec&DiskId=%s&DiskCategory=cloud_ssd", "ProvisionedIops=1000" },
    { "ModifyDiskSpec&DiskId=%s&DiskCategory=cloud_ssd", "DestinationZoneId=cn-other-b" },
    { "ModifyDiskSpec&DiskId=%s&DiskCategory=cloud_ssd", "PerformanceControlOptions.IOPS=50000" },
    { "ModifyDiskSpec&DiskId=%s&DiskCategory=cloud_ssd",
      "PerformanceControlOptions.Throughput=200" },
    { "ModifyDiskSpec&DiskId=%s&DiskCategory=cloud_ssd", "PerformanceControlOptions.Recover=All" },
    { "CreateSnapshot&DiskId=%s", "StorageLocationArn=arn:acs:ecs:cn-1:1:cloudbox/cb-1" },
    { "CreateSnapshotGroup&DiskId.1=%s", "StorageLocationArn=arn:acs:ecs:cn-1:1:cloudbox/cb-1" },
    { "CreateAutoSnapshotPolicy&timePoints=[\"1\"]&repeatWeekdays=[\"1\"]&retentionDays=1",
      "StorageLocationArn=arn:acs:ecs:cn-1:1:cloudbox/cb-1" },
    { "CreateAutoSnapshotPolicy&timePoints=[\"1\"]&repeatWeekdays=[\"1\"]&retentionDays=1",
      "CopyEncryptionConfiguration.Encrypted=true" },
    { "CreateAutoSnapshotPolicy&timePoints=[\"1\"]&repeatWeekdays=[\"1\"]&retentionDays=1",
      "TargetTags.1.Key=backup" },
    { "DescribeImageSupportInstanceTypes&ImageId=m-00000000000000000000",
      "Filter.1.Key=imageSupportInstanceTypeFamily" },
    { "CopyImage&ImageId=m-00000000000000000000", "EncryptAlgorithm=sm4-128" },
  };
  World *w = *state;
  g_autofree char *disk = make_disk (w);

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_auto (GStrv) around = g_strsplit (cases[i][0], "%s", 2);
      g_autofree char *action = around[1] != NULL ? g_strconcat (around[0], disk, around[1], NULL)
                                                  : g_strdup (around[0]);
      g_autofree char *name = g_strndup (cases[i][1], strcspn (cases[i][1], "="));

      assert_call ("UnsupportedParameter", w, "Action=%s&%s", action, cases[i][1]);
      assert_non_null (strstr (w->answer, name));
    }
  assert_ok (w, "Action=DescribeDisks");
  assert_string_equal (world_get (w, "$.TotalCount"), "1");
}

/* As Terraform sends them with each request. */
static void
what_asks_for_nothing_special_passes (void **state)
{
  World *w = *state;
  g_autofree char *disk = make_system_disk (w);

  assert_call ("OK", w,
               "Action=CreateDisk&Size=20&MultiAttach=Disabled&Encrypted=false&BurstingEnabled="
               "false&ProvisionedIops=0&StorageSetPartitionNumber=0&AdvancedFeatures=x");
  assert_call ("OK", w,
               "Action=ModifyDiskSpec&DiskId=%s&DiskCategory=cloud_ssd&ProvisionedIops=0"
               "&DestinationZoneId=%s",
               disk, w->ctx.config->zone_id);
}

static void
a_change_that_names_nothing_to_change_is_refused (void **state)
{
  World *w = *state;
  g_autofree char *disk = make_disk (w);
  g_autofree char *snapshot = make_snapshot (w);

  assert_call ("NoAttributeToModify", w, "Action=ModifyDiskAttribute&DiskId=%s", disk);
  assert_call ("NoAttributeToModify", w, "Action=ModifyDiskAttribute&DiskId=%s&DiskNam=x", disk);
  assert_call ("OK", w, "Action=ModifyDiskAttribute&DiskId=%s&Description=", disk);
  assert_call ("OK", w, "Action=ModifyDiskAttribute&DiskId=%s&DeleteWithInstance=false", disk);
  assert_call ("NoAttributeToModify", w, "Action=ModifySnapshotAttribute&SnapshotId=%s", snapshot);
  assert_call ("OK", w, "Action=ModifySnapshotAttribute&SnapshotId=%s&RetentionDays=0", snapshot);
  assert_call ("OK", w, "Action=ModifySnapshotAttribute&SnapshotId=%s&DisableInstantAccess=true",
               snapshot);
}

/* A client in Go reads a number there and fails on a text. */
static void
the_size_of_a_snapshots_disk_is_a_number (void **state)
{
  World *w = *state;
  g_autofree char *snapshot = make_snapshot (w);

  assert_call ("OK", w, "Action=DescribeSnapshots&SnapshotIds=[\"%s\"]", snapshot);
  assert_non_null (strstr (w->answer, "\"SourceDiskSize\":3,"));
}

static void
snapshots_are_found_by_their_time (void **state)
{
  static const struct
  {
    const char *filter, *total;
  } cases[] = {
    { "Filter.1.Key=CreationStartTime&Filter.1.Value=2001-01-01T00:00Z", "1" },
    { "Filter.1.Key=CreationStartTime&Filter.1.Value=2098-01-01T00:00:00Z", "0" },
    { "Filter.1.Key=CreationEndTime&Filter.1.Value=2001-01-01T00:00Z", "0" },
    { "Filter.1.Key=CreationEndTime&Filter.1.Value=2098-01-01T00:00:00Z", "1" },
    { "KMSKeyId=e522b26d-abcd", "0" },
  };
  World *w = *state;
  g_autofree char *snapshot = make_snapshot (w);

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      assert_call ("OK", w, "Action=DescribeSnapshots&%s", cases[i].filter);
      assert_string_equal (world_get (w, "$.TotalCount"), cases[i].total);
      assert_int_equal (world_count (w, "$.Snapshots.Snapshot[*]"), *cases[i].total - '0');
    }
  assert_answer (w, "Action=DescribeSnapshots&Filter.1.Key=Size&Filter.1.Value=2001-01-01T00:00Z",
                 "InvalidFilterKey.NotFound");
  assert_answer (w, "Action=DescribeSnapshots&Filter.1.Key=CreationEndTime&Filter.1.Value=noon",
                 "InvalidParameter");
}

/* What holds for none finds none, rather than all. */
static void
filters_that_nothing_here_can_pass_find_nothing (void **state)
{
  World *w = *state;
  g_autofree char *disk = make_disk (w);

  assert_ok (w, "Action=DescribeDisks&KMSKeyId=e522b26d-abcd");
  assert_string_equal (world_get (w, "$.TotalCount"), "0");
  assert_ok (w, "Action=DescribeTasks&TaskGroupId=g-1");
  assert_string_equal (world_get (w, "$.TotalCount"), "0");
  assert_call ("OK", w, "Action=DescribeDisks&AdditionalAttributes.1=IOPS&DiskIds=[\"%s\"]", disk);
  assert_string_equal (world_get (w, "$.Disks.Disk[0].Placement.ZoneIds"), w->ctx.config->zone_id);
}

int
main (void)
{
  const struct CMUnitTest tests[] = {
    cmocka_unit_test_setup_teardown (what_is_not_offered_is_refused_by_its_name, world_set_up,
                                     world_tear_down),
    cmocka_unit_test_setup_teardown (what_asks_for_nothing_special_passes, world_set_up,
                                     world_tear_down),
    cmocka_unit_test_setup_teardown (a_change_that_names_nothing_to_change_is_refused, world_set_up,
                                     world_tear_down),
    cmocka_unit_test_setup_teardown (the_size_of_a_snapshots_disk_is_a_number, world_set_up,
                                     world_tear_down),
    cmocka_unit_test_setup_teardown (snapshots_are_found_by_their_time, world_set_up,
                                     world_tear_down),
    cmocka_unit_test_setup_teardown (filters_that_nothing_here_can_pass_find_nothing, world_set_up,
                                     world_tear_down),
  };

  return cmocka_run_group_tests (tests, NULL, NULL);
}
