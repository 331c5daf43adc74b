/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Snapshot groups, as clients see them. */
#include "config.h"

#include "ecs-world.h"
#include "vmm-id.h"

#define G "$.SnapshotGroups.SnapshotGroup[0]."

static char *
make_instance (World *w)
{
  g_autofree char *params = g_strdup_printf ("ImageId=%s", world_image (w, "debian"));

  return world_instance (w, params, VMM_INSTANCE_STOPPED);
}

static char *
make_group (World *w, const char *instance)
{
  assert_call ("OK", w, "Action=CreateSnapshotGroup&InstanceId=%s&Name=before&Description=of mine",
               instance);
  return g_strdup (world_get (w, "$.SnapshotGroupId"));
}

static void
a_group_is_shown_as_it_was_asked_for (void **state)
{
  World *w = *state;
  g_autofree char *instance = make_instance (w);
  g_autofree char *id = make_group (w, instance);
  g_autofree char *member = NULL;

  assert_true (vmm_id_is (VMM_ID_SNAPSHOT_GROUP, id));
  assert_call ("OK", w, "Action=DescribeSnapshotGroups&SnapshotGroupId.1=%s&Status.1=progressing",
               id);
  assert_string_equal (world_get (w, G "Name"), "before");
  assert_string_equal (world_get (w, G "Description"), "of mine");
  assert_string_equal (world_get (w, G "InstanceId"), instance);
  assert_string_equal (world_get (w, G "Status"), "progressing");
  assert_int_equal (world_count (w, G "Snapshots.Snapshot[*]"), 1);
  assert_string_equal (world_get (w, G "Snapshots.Snapshot[0].SourceDiskType"), "system");
  member = g_strdup (world_get (w, G "Snapshots.Snapshot[0].SnapshotId"));
  assert_call ("OK", w, "Action=DescribeSnapshots&SnapshotIds=[\"%s\"]", member);
  assert_string_equal (world_get (w, "$.Snapshots.Snapshot[0].SnapshotName"), "before");
  assert_call ("OK", w, "Action=ModifySnapshotGroup&SnapshotGroupId=%s&Name=after", id);
  assert_call ("OK", w, "Action=DescribeSnapshotGroups&Name=aft*&MaxResults=10");
  assert_string_equal (world_get (w, G "Name"), "after");
  assert_string_equal (world_get (w, G "Description"), "of mine");
  assert_ok (w, "Action=DescribeSnapshotGroups&Status.1=accomplished&Status.2=failed");
  assert_int_equal (world_count (w, "$.SnapshotGroups.SnapshotGroup[*]"), 0);
  assert_ok (w, "Action=DescribeSnapshotsUsage");
  assert_string_equal (world_get (w, "$.SnapshotCount"), "1");
}

static void
what_cannot_be_is_refused (void **state)
{
  World *w = *state;
  g_autofree char *instance = make_instance (w);
  g_autofree char *id = make_group (w, instance);

  assert_answer (w, "Action=CreateSnapshotGroup", "MissingParameter");
  assert_answer (w, "Action=CreateSnapshotGroup&InstanceId=i-00000000000000000000",
                 "InvalidInstanceId.NotFound");
  assert_answer (w, "Action=CreateSnapshotGroup&DiskId.1=d-00000000000000000000",
                 "InvalidDiskId.NotFound");
  assert_call ("InvalidSnapshotGroupName.Malformed", w,
               "Action=CreateSnapshotGroup&InstanceId=%s&Name=1", instance);
  assert_call ("IncorrectDiskStatus.CreatingSnapshot", w,
               "Action=CreateSnapshotGroup&InstanceId=%s", instance);
  assert_call ("InvalidSnapshotId.NotReady", w, "Action=DeleteSnapshotGroup&SnapshotGroupId=%s",
               id);
  assert_answer (w, "Action=DeleteSnapshotGroup&SnapshotGroupId=ssg-00000000000000000000",
                 "InvalidSnapshotGroupId.NotFound");
  assert_answer (w, "Action=ResetDisks", "MissingParameter");
  assert_answer (w, "Action=ResetDisks&Disk.1.DiskId=d-00000000000000000000", "MissingParameter");
  assert_answer (w,
                 "Action=ResetDisks&Disk.1.DiskId=d-00000000000000000000"
                 "&Disk.1.SnapshotId=s-00000000000000000000",
                 "InvalidDiskId.NotFound");
}

int
main (void)
{
  const struct CMUnitTest tests[] = {
    cmocka_unit_test_setup_teardown (a_group_is_shown_as_it_was_asked_for, world_set_up,
                                     world_tear_down),
    cmocka_unit_test_setup_teardown (what_cannot_be_is_refused, world_set_up, world_tear_down),
  };

  return cmocka_run_group_tests (tests, NULL, NULL);
}
