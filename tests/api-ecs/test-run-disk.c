/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The disks of RunInstances and CreateInstance as a client sees them. */
#include "config.h"

#include "ecs-world.h"
#include "ops-disk.h"
#include <string.h>

#define RUN "Action=RunInstances&InstanceType=ecs.t1.nano&"

/* @params with the id of a new image behind them. */
static char *
with_image (World *w, const char *params)
{
  return g_strconcat (params, "&ImageId=", world_image (w, "debian"), NULL);
}

static void
data_disks_come_with_the_instance (void **state)
{
  World *w = *state;
  g_autofree char *run
      = with_image (w, RUN "DataDisk.1.Size=40&DataDisk.1.Category=cloud_essd"
                           "&DataDisk.1.PerformanceLevel=PL0&DataDisk.1.DiskName=data"
                           "&DataDisk.1.Description=of+the+web&DataDisk.2.Size=5"
                           "&DataDisk.2.FileSystem=ext4&DataDisk.2.DeleteWithInstance=false"
                           "&SystemDisk.Size=20&SystemDisk.Category=cloud_essd"
                           "&SystemDisk.PerformanceLevel=PL1&SystemDisk.DiskName=root"
                           "&SystemDisk.Description=the+root");

  assert_ok (w, run);
  assert_ok (w, "Action=DescribeDisks");
  assert_int_equal (world_count (w, "$.Disks.Disk[*]"), 3);
  assert_string_equal (world_get (w, "$.Disks.Disk[0].Device"), "/dev/xvdc");
  assert_string_equal (world_get (w, "$.Disks.Disk[0].Size"), "5");
  assert_string_equal (world_get (w, "$.Disks.Disk[0].DeleteWithInstance"), "false");
  assert_string_equal (world_get (w, "$.Disks.Disk[1].Device"), "/dev/xvdb");
  assert_string_equal (world_get (w, "$.Disks.Disk[1].Category"), "cloud_essd");
  assert_string_equal (world_get (w, "$.Disks.Disk[1].PerformanceLevel"), "PL0");
  assert_string_equal (world_get (w, "$.Disks.Disk[1].DiskName"), "data");
  assert_string_equal (world_get (w, "$.Disks.Disk[1].Description"), "of the web");
  assert_string_equal (world_get (w, "$.Disks.Disk[1].DeleteWithInstance"), "true");
  assert_string_equal (world_get (w, "$.Disks.Disk[1].Type"), "data");
  assert_string_equal (world_get (w, "$.Disks.Disk[1].Portable"), "true");
  assert_string_equal (world_get (w, "$.Disks.Disk[1].Status"), "Creating");
  assert_string_equal (world_get (w, "$.Disks.Disk[2].Type"), "system");
  assert_string_equal (world_get (w, "$.Disks.Disk[2].Portable"), "false");
  assert_string_equal (world_get (w, "$.Disks.Disk[2].Size"), "20");
  assert_string_equal (world_get (w, "$.Disks.Disk[2].PerformanceLevel"), "PL1");
  assert_string_equal (world_get (w, "$.Disks.Disk[2].DiskName"), "root");
  assert_string_equal (world_get (w, "$.Disks.Disk[2].Description"), "the root");
}

static void
what_clients_send_with_no_disk_makes_none (void **state)
{
  World *w = *state;
  g_autofree char *run = with_image (w, "Action=CreateInstance&InstanceType=ecs.t1.nano"
                                        "&DataDisk.1.DeleteWithInstance=false&DataDisk.2.Category="
                                        "&DataDisk.2.Size=0&DataDisk.2.Encrypted=false");

  assert_ok (w, run);
  assert_ok (w, "Action=DescribeDisks");
  assert_int_equal (world_count (w, "$.Disks.Disk[*]"), 1);
}

static void
errors_have_the_codes_of_ecs (void **state)
{
  static const struct
  {
    const char *params, *code;
  } cases[] = {
    { "DataDisk.1.Size=4", "InvalidDataDiskSize.ValueNotSupported" },
    { "DataDisk.1.Size=70000", "InvalidDataDiskSize.ValueNotSupported" },
    { "DataDisk.1.Size=-1", "InvalidDataDiskSize.ValueNotSupported" },
    { "DataDisk.1.Size=20&DataDisk.1.Category=tape", "InvalidDataDiskCategory.ValueNotSupported" },
    { "DataDisk.1.Size=20&DataDisk.1.Category=cloud_essd&DataDisk.1.PerformanceLevel=PL9",
      "InvalidPerformanceLevel.Malformed" },
    { "DataDisk.1.DiskName=data", "MissingParameter" },
    { "DataDisk.1.Size=20&DataDisk.1.DiskName=1", "InvalidDiskName.Malformed" },
    { "DataDisk.1.Size=20&DataDisk.1.Description=x", "InvalidDescription.Malformed" },
    { "DataDisk.1.Size=20&DataDisk.1.Device=/dev/vdb", "InvalidDevice.Malformed" },
    { "DataDisk.1.Size=20&DataDisk.1.Device=/dev/xvdb&DataDisk.2.Size=20&DataDisk.2.Device=/dev/"
      "xvdb",
      "InvalidDevice.InUse" },
    { "DataDisk.1.SnapshotId=s-00000000000000000000", "InvalidSnapshotId.NotFound" },
    { "DataDisk.1.Size=20&DataDisk.1.Encrypted=true", "UnsupportedParameter" },
    { "SystemDisk.PerformanceLevel=PL7", "InvalidPerformanceLevel.Malformed" },
    { "DataDisk.1.Size=2000&Amount=100", "OperationDenied.NoStock" },
  };
  World *w = *state;
  const char *image = world_image (w, "debian");

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *run = g_strdup_printf (RUN "%s&ImageId=%s", cases[i].params, image);

      assert_answer (w, run, cases[i].code);
    }
  assert_int_equal (w->kicks, 0);
  assert_ok (w, "Action=DescribeDisks");
  assert_int_equal (world_count (w, "$.Disks.Disk[*]"), 0);
}

static void
seventeen_are_too_many (void **state)
{
  World *w = *state;
  g_autoptr (GString) run = g_string_new (RUN);

  for (guint i = 1; i <= 17; i++)
    g_string_append_printf (run, "DataDisk.%u.Size=5&", i);
  g_string_append_printf (run, "ImageId=%s", world_image (w, "debian"));
  assert_answer (w, run->str, "InstanceDiskNumber.LimitExceed");
}

/* A new instance of a new image. The caller frees it. */
static char *
instance (World *w, VmmInstanceState instance_state)
{
  const char *name = vmm_instance_state_to_string (instance_state);
  g_autofree char *params = g_strdup_printf ("ImageId=%s", world_image (w, name));

  return world_instance (w, params, instance_state);
}

static void
a_stopped_instance_gets_another_system_disk (void **state)
{
  World *w = *state;
  g_autofree char *id = instance (w, VMM_INSTANCE_STOPPED);
  g_autofree char *image = g_strdup (world_image (w, "other"));
  g_autofree char *replace = g_strdup_printf (
      "Action=ReplaceSystemDisk&InstanceId=%s&ImageId=%s&SystemDisk.Size=40&ClientToken=t", id,
      image);
  g_autofree char *disk = NULL;
  g_autofree char *list = NULL;

  assert_ok (w, replace);
  disk = g_strdup (world_get (w, "$.DiskId"));
  assert_ok (w, replace);
  assert_string_equal (world_get (w, "$.DiskId"), disk);
  list = g_strdup_printf ("Action=DescribeDisks&InstanceId=%s", id);
  assert_ok (w, list);
  assert_int_equal (world_count (w, "$.Disks.Disk[*]"), 1);
  assert_string_equal (world_get (w, "$.Disks.Disk[0].DiskId"), disk);
  assert_string_equal (world_get (w, "$.Disks.Disk[0].Status"), "ReIniting");
  assert_string_equal (world_get (w, "$.Disks.Disk[0].Size"), "40");
  assert_string_equal (world_get (w, "$.Disks.Disk[0].ImageId"), image);
  assert_ok (w, "Action=DescribeDisks&Status=ReIniting");
  assert_int_equal (world_count (w, "$.Disks.Disk[*]"), 1);
  assert_ok (w, "Action=DescribeInstances");
  assert_string_equal (world_get (w, "$.Instances.Instance[0].ImageId"), image);
}

static void
a_replacement_is_refused_with_the_codes_of_ecs (void **state)
{
  static const struct
  {
    const char *params, *code;
  } cases[] = {
    { "SystemDisk.Size=2", "InvalidSystemDiskSize.LessThanImageSize" },
    { "SystemDisk.Size=99999", "InvalidSystemDiskSize.ValueNotSupported" },
    { "KeyPairName=nobody", "InvalidKeyPairName.NotFound" },
    { "Password=Secret123", "UnsupportedParameter" },
    { "PasswordInherit=true", "UnsupportedParameter" },
    { "Encrypted=true", "UnsupportedParameter" },
    { "DryRun=true", "DryRunOperation" },
  };
  World *w = *state;
  g_autofree char *id = instance (w, VMM_INSTANCE_STOPPED);
  g_autofree char *runs = instance (w, VMM_INSTANCE_RUNNING);
  g_autofree char *image = g_strdup (world_image (w, "other"));
  g_autofree char *running
      = g_strdup_printf ("Action=ReplaceSystemDisk&InstanceId=%s&ImageId=%s", runs, image);
  g_autofree char *nowhere = g_strdup_printf (
      "Action=ReplaceSystemDisk&InstanceId=%s&ImageId=m-00000000000000000000", id);

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *replace = g_strdup_printf (
          "Action=ReplaceSystemDisk&InstanceId=%s&ImageId=%s&%s", id, image, cases[i].params);

      assert_answer (w, replace, cases[i].code);
    }
  assert_answer (w, running, "IncorrectInstanceStatus");
  assert_answer (w, nowhere, "InvalidImageId.NotFound");
}

static void
the_terms_of_a_disk_change (void **state)
{
  World *w = *state;
  g_autofree char *id = NULL, *spec = NULL, *nothing = NULL, *level = NULL;
  VmmDiskBounds *bounds = g_new0 (VmmDiskBounds, 1);

  *bounds = (VmmDiskBounds){ g_strdup ("cloud_essd.PL1"), { 100, 1, 9999 }, { 1.5, 0, 10 } };
  g_ptr_array_add (w->ctx.config->disk_bounds, bounds);
  assert_ok (w, "Action=CreateDisk&Size=20&DiskCategory=cloud_efficiency");
  id = g_strdup (world_get (w, "$.DiskId"));
  assert_ok (w, "Action=DescribeDisks");
  assert_string_equal (world_get (w, "$.Disks.Disk[0].IOPS"), "0");
  assert_true (ops_disk_event (&w->ctx, id, VMM_DISK_CREATING, VMM_DISK_MADE, NULL, NULL));
  spec = g_strdup_printf (
      "Action=ModifyDiskSpec&DiskId=%s&DiskCategory=cloud_essd&PerformanceLevel=PL1", id);
  nothing = g_strdup_printf ("Action=ModifyDiskSpec&DiskId=%s", id);
  level = g_strdup_printf ("Action=ModifyDiskSpec&DiskId=%s&PerformanceLevel=PL1", id);
  assert_answer (w, nothing, "MissingParameter");
  assert_answer (w, level, "InvalidPerformanceLevel.Malformed");
  assert_ok (w, spec);
  assert_string_equal (world_get (w, "$.TaskId"), "");
  assert_ok (w, "Action=DescribeDisks");
  assert_string_equal (world_get (w, "$.Disks.Disk[0].Category"), "cloud_essd");
  assert_string_equal (world_get (w, "$.Disks.Disk[0].PerformanceLevel"), "PL1");
  assert_string_equal (world_get (w, "$.Disks.Disk[0].IOPS"), "120");
  assert_string_equal (world_get (w, "$.Disks.Disk[0].IOPSWrite"), "120");
  assert_string_equal (world_get (w, "$.Disks.Disk[0].Throughput"), "2");
}

static void
lists_take_every_filter_of_ecs (void **state)
{
  static const struct
  {
    const char *params;
    guint found;
  } cases[] = {
    { "Portable=true", 1 },
    { "Portable=false", 1 },
    { "Portable=true&DiskType=system", 0 },
    { "DiskType=all", 2 },
    { "EnableShared=true", 0 },
    { "EnableShared=false", 2 },
    { "MultiAttach=Enabled", 0 },
    { "MultiAttach=Disabled", 2 },
    { "DiskName=da*", 1 },
    { "Status=Creating", 0 },
    { "Status=In_use", 2 },
    { "DeleteWithInstance=false", 1 },
    { "EnableAutomatedSnapshotPolicy=true", 0 },
    { "Encrypted=false", 2 },
    { "Encrypted=true", 0 },
    { "DiskChargeType=PrePaid", 0 },
    { "Filter.1.Key=CreationStartTime&Filter.1.Value=2020-01-01T00:00Z", 2 },
    { "Filter.1.Key=CreationEndTime&Filter.1.Value=2020-01-01T00:00Z", 0 },
    { "Filter.1.Key=ExpiredEndTime&Filter.1.Value=2030-01-01T00:00Z", 0 },
    { "AdditionalAttributes.1=IOPS", 2 },
    { "DiskIds=[]", 2 },
    { "MaxResults=1", 1 },
    { "PageSize=1&PageNumber=2", 1 },
    { "PageSize=1&PageNumber=3", 0 },
  };
  World *w = *state;
  g_autofree char *params
      = g_strdup_printf ("ImageId=%s&DataDisk.1.Size=20&DataDisk.1.DiskName=data"
                         "&DataDisk.1.DeleteWithInstance=false",
                         world_image (w, "debian"));
  g_autofree char *id = world_instance (w, params, VMM_INSTANCE_STOPPED);

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *call = g_strconcat ("Action=DescribeDisks&", cases[i].params, NULL);

      assert_ok (w, call);
      if (world_count (w, "$.Disks.Disk[*]") != cases[i].found)
        fail_msg ("%s found %u", cases[i].params, world_count (w, "$.Disks.Disk[*]"));
    }
  assert_answer (w, "Action=DescribeDisks&Filter.1.Key=Size&Filter.1.Value=2020-01-01T00:00Z",
                 "InvalidFilterKey.NotFound");
}

static void
disks_are_born_with_a_policy (void **state)
{
  World *w = *state;
  g_autofree char *policy = NULL, *params = NULL, *id = NULL, *list = NULL, *bad = NULL;
  const char *image = world_image (w, "debian");

  assert_ok (w, "Action=CreateAutoSnapshotPolicy&timePoints=[\"1\"]&repeatWeekdays=[\"1\"]"
                "&retentionDays=-1");
  policy = g_strdup (world_get (w, "$.AutoSnapshotPolicyId"));
  params = g_strdup_printf ("ImageId=%s&DataDisk.1.Size=20&DataDisk.1.AutoSnapshotPolicyId=%s"
                            "&DataDisk.2.Size=20&SystemDisk.AutoSnapshotPolicyId=%s",
                            image, policy, policy);
  id = world_instance (w, params, VMM_INSTANCE_STOPPED);
  list = g_strdup_printf ("Action=DescribeDisks&AutoSnapshotPolicyId=%s", policy);
  assert_ok (w, list);
  assert_int_equal (world_count (w, "$.Disks.Disk[*]"), 2);
  bad = g_strdup_printf (RUN "ImageId=%s&DataDisk.1.Size=20"
                             "&DataDisk.1.AutoSnapshotPolicyId=sp-00000000000000000000",
                         image);
  assert_answer (w, bad, "InvalidAutoSnapshotPolicyId.NotFound");
  assert_ok (w, "Action=DescribeDisks");
  assert_int_equal (world_count (w, "$.Disks.Disk[*]"), 3);
}

int
main (void)
{
  const struct CMUnitTest tests[] = {
    cmocka_unit_test_setup_teardown (data_disks_come_with_the_instance, world_set_up,
                                     world_tear_down),
    cmocka_unit_test_setup_teardown (what_clients_send_with_no_disk_makes_none, world_set_up,
                                     world_tear_down),
    cmocka_unit_test_setup_teardown (errors_have_the_codes_of_ecs, world_set_up, world_tear_down),
    cmocka_unit_test_setup_teardown (seventeen_are_too_many, world_set_up, world_tear_down),
    cmocka_unit_test_setup_teardown (a_stopped_instance_gets_another_system_disk, world_set_up,
                                     world_tear_down),
    cmocka_unit_test_setup_teardown (a_replacement_is_refused_with_the_codes_of_ecs, world_set_up,
                                     world_tear_down),
    cmocka_unit_test_setup_teardown (the_terms_of_a_disk_change, world_set_up, world_tear_down),
    cmocka_unit_test_setup_teardown (lists_take_every_filter_of_ecs, world_set_up, world_tear_down),
    cmocka_unit_test_setup_teardown (disks_are_born_with_a_policy, world_set_up, world_tear_down),
  };

  return cmocka_run_group_tests_name ("run-disk", tests, NULL, NULL);
}
