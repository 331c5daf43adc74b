/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Policies of automatic snapshots, as clients see them. */
#include "config.h"

#include "ecs-world.h"
#include "vmm-id.h"

#define P "$.AutoSnapshotPolicies.AutoSnapshotPolicy[0]."

static char *
make_policy (World *w)
{
  assert_call ("OK", w,
               "Action=CreateAutoSnapshotPolicy&regionId=cn-local&autoSnapshotPolicyName=nightly"
               "&timePoints=[\"0\",\"23\"]&repeatWeekdays=[\"1\", \"7\"]&retentionDays=-1");
  return g_strdup (world_get (w, "$.AutoSnapshotPolicyId"));
}

static char *
make_disk (World *w)
{
  assert_call ("OK", w, "Action=CreateDisk&Size=20");
  return g_strdup (world_get (w, "$.DiskId"));
}

static void
a_policy_is_shown_as_it_was_made (void **state)
{
  World *w = *state;
  g_autofree char *id = make_policy (w);

  assert_true (vmm_id_is (VMM_ID_POLICY, id));
  assert_call ("OK", w, "Action=DescribeAutoSnapshotPolicyEx&AutoSnapshotPolicyId=%s", id);
  assert_string_equal (world_get (w, P "AutoSnapshotPolicyName"), "nightly");
  assert_string_equal (world_get (w, P "TimePoints"), "[\"0\",\"23\"]");
  assert_string_equal (world_get (w, P "RepeatWeekdays"), "[\"1\",\"7\"]");
  assert_string_equal (world_get (w, P "RetentionDays"), "-1");
  assert_string_equal (world_get (w, P "Status"), "Normal");
  assert_string_equal (world_get (w, P "DiskNums"), "0");
  assert_string_equal (world_get (w, "$.TotalCount"), "1");
  assert_call ("OK", w,
               "Action=ModifyAutoSnapshotPolicyEx&autoSnapshotPolicyId=%s&retentionDays=30"
               "&timePoints=[\"5\"]",
               id);
  assert_call ("OK", w, "Action=DescribeAutoSnapshotPolicyEx&AutoSnapshotPolicyName=nigh*");
  assert_string_equal (world_get (w, P "TimePoints"), "[\"5\"]");
  assert_string_equal (world_get (w, P "RepeatWeekdays"), "[\"1\",\"7\"]");
  assert_string_equal (world_get (w, P "RetentionDays"), "30");
  assert_call ("OK", w, "Action=DeleteAutoSnapshotPolicy&autoSnapshotPolicyId=%s", id);
  assert_ok (w, "Action=DescribeAutoSnapshotPolicyEx");
  assert_string_equal (world_get (w, "$.TotalCount"), "0");
}

static void
bad_policies_are_refused (void **state)
{
  static const char *const bad[][2] = {
    { "repeatWeekdays=[\"1\"]&retentionDays=1", "MissingParameter" },
    { "timePoints=[\"24\"]&repeatWeekdays=[\"1\"]&retentionDays=1", "InvalidParameter" },
    { "timePoints=[\"1\"]&repeatWeekdays=[\"0\"]&retentionDays=1", "InvalidParameter" },
    { "timePoints=[\"1\"]&repeatWeekdays=[\"8\"]&retentionDays=1", "InvalidParameter" },
    { "timePoints=[\"-1\"]&repeatWeekdays=[\"1\"]&retentionDays=1", "InvalidParameter" },
    { "timePoints=[]&repeatWeekdays=[\"1\"]&retentionDays=1", "MissingParameter" },
    { "timePoints=[\"1\"]&repeatWeekdays=[\"1\"]&retentionDays=0", "InvalidParameter" },
    { "timePoints=[\"1\"]&repeatWeekdays=[\"1\"]&retentionDays=65537", "InvalidParameter" },
    { "timePoints=[\"1\"]&repeatWeekdays=[\"1\"]", "MissingParameter" },
    { "timePoints=[\"1\"]&repeatWeekdays=[\"1\"]&retentionDays=1&EnableCrossRegionCopy=true",
      "UnsupportedParameter" },
    { "timePoints=[\"1\"]&repeatWeekdays=[\"1\"]&retentionDays=1&autoSnapshotPolicyName=1",
      "InvalidAutoSnapshotPolicyName.Malformed" },
  };
  World *w = *state;

  for (guint i = 0; i < G_N_ELEMENTS (bad); i++)
    assert_call (bad[i][1], w, "Action=CreateAutoSnapshotPolicy&%s", bad[i][0]);
  assert_ok (w, "Action=DescribeAutoSnapshotPolicyEx");
  assert_string_equal (world_get (w, "$.TotalCount"), "0");
}

static void
disks_show_their_policy_and_are_found_by_it (void **state)
{
  World *w = *state;
  g_autofree char *policy = make_policy (w);
  g_autofree char *disk = make_disk (w);
  g_autofree char *other = make_disk (w);

  assert_call ("OK", w, "Action=ApplyAutoSnapshotPolicy&autoSnapshotPolicyId=%s&diskIds=[\"%s\"]",
               policy, disk);
  assert_call ("OK", w, "Action=DescribeDisks&AutoSnapshotPolicyId=%s", policy);
  assert_string_equal (world_get (w, "$.TotalCount"), "1");
  assert_string_equal (world_get (w, "$.Disks.Disk[0].DiskId"), disk);
  assert_string_equal (world_get (w, "$.Disks.Disk[0].AutoSnapshotPolicyId"), policy);
  assert_string_equal (world_get (w, "$.Disks.Disk[0].EnableAutomatedSnapshotPolicy"), "true");
  assert_ok (w, "Action=DescribeDisks&EnableAutomatedSnapshotPolicy=false");
  assert_string_equal (world_get (w, "$.TotalCount"), "1");
  assert_string_equal (world_get (w, "$.Disks.Disk[0].DiskId"), other);
  assert_string_equal (world_get (w, "$.Disks.Disk[0].AutoSnapshotPolicyId"), "");
  assert_call ("OK", w, "Action=DescribeAutoSnapshotPolicyAssociations&AutoSnapshotPolicyId=%s",
               policy);
  assert_int_equal (
      world_count (w, "$.AutoSnapshotPolicyAssociations.AutoSnapshotPolicyAssociation[*]"), 1);
  assert_call ("OK", w, "Action=DescribeAutoSnapshotPolicyEx&AutoSnapshotPolicyId=%s", policy);
  assert_string_equal (world_get (w, P "DiskNums"), "1");
  assert_call ("OK", w, "Action=CancelAutoSnapshotPolicy&diskIds=[\"%s\",\"%s\"]", disk, other);
  assert_ok (w, "Action=DescribeAutoSnapshotPolicyAssociations");
  assert_string_equal (world_get (w, "$.TotalCount"), "0");
}

static void
what_is_not_there_is_said_so (void **state)
{
  World *w = *state;
  g_autofree char *policy = make_policy (w);

  assert_answer (w, "Action=DeleteAutoSnapshotPolicy&autoSnapshotPolicyId=sp-x",
                 "InvalidAutoSnapshotPolicyId.NotFound");
  assert_answer (w,
                 "Action=ApplyAutoSnapshotPolicy&autoSnapshotPolicyId=sp-00000000000000000000"
                 "&diskIds=[\"d-00000000000000000000\"]",
                 "InvalidAutoSnapshotPolicyId.NotFound");
  assert_call ("InvalidDiskId.NotFound", w,
               "Action=ApplyAutoSnapshotPolicy&autoSnapshotPolicyId=%s"
               "&diskIds=[\"d-00000000000000000000\"]",
               policy);
}

int
main (void)
{
  const struct CMUnitTest tests[] = {
    cmocka_unit_test_setup_teardown (a_policy_is_shown_as_it_was_made, world_set_up,
                                     world_tear_down),
    cmocka_unit_test_setup_teardown (bad_policies_are_refused, world_set_up, world_tear_down),
    cmocka_unit_test_setup_teardown (disks_show_their_policy_and_are_found_by_it, world_set_up,
                                     world_tear_down),
    cmocka_unit_test_setup_teardown (what_is_not_there_is_said_so, world_set_up, world_tear_down),
  };

  return cmocka_run_group_tests (tests, NULL, NULL);
}
