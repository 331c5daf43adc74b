/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Images of instances, snapshots and images, their families and who sees them, as clients do. */
#include "config.h"

#include "ecs-world.h"
#include "ops-image.h"
#include "ops-key.h"
#include "ops-snapshot.h"
#include "vmm-id.h"

#define I "$.Images.Image[0]."
#define assert_shown(path, value) assert_string_equal (world_get (w, path), value)

static char *
make_instance (World *w)
{
  static guint n;
  g_autofree char *name = g_strdup_printf ("debian-%u", n++);
  g_autofree char *params = g_strdup_printf ("ImageId=%s", world_image (w, name));

  return world_instance (w, params, VMM_INSTANCE_STOPPED);
}

/* Work's part: every snapshot under way is accomplished. */
static void
accomplish (World *w)
{
  VmmCaller caller = { .account_id = w->account_id, .request_id = "R", .action = "Test" };
  const VmmSnapshotQuery query = { .status = "progressing",
                                   .is_system = -1,
                                   .is_auto = -1,
                                   .is_used_by_image = -1,
                                   .is_used_by_disk = -1 };
  VmmPage page = { .number = 1, .size = 100 };
  g_auto (VmmPageInfo) info = { 0 };
  g_autoptr (GPtrArray) list = ops_snapshot_list (&w->ctx, &caller, &query, &page, &info, NULL);

  assert_true (list->len > 0);
  for (guint i = 0; i < list->len; i++)
    assert_true (ops_snapshot_accomplish (&w->ctx, g_ptr_array_index (list, i), VMM_CONSISTENCY_OFF,
                                          1 << 20, NULL));
}

/* An accomplished snapshot of a system disk; borrowed. */
static const char *
make_snapshot (World *w)
{
  g_autofree char *instance = make_instance (w);
  const char *snapshot;

  assert_call ("OK", w, "Action=DescribeDisks&InstanceId=%s", instance);
  assert_call ("OK", w, "Action=CreateSnapshot&DiskId=%s", world_get (w, "$.Disks.Disk[0].DiskId"));
  snapshot = world_get (w, "$.SnapshotId");
  accomplish (w);
  return snapshot;
}

static const char *
make_image (World *w, const char *params)
{
  assert_call ("OK", w, "Action=CreateImage&RegionId=cn-local&SnapshotId=%s%s", make_snapshot (w),
               params);
  return world_get (w, "$.ImageId");
}

static void
an_image_of_an_instance_is_creating_and_then_available (void **state)
{
  World *w = *state;
  g_autofree char *instance = make_instance (w);
  gboolean is_done = FALSE;
  const char *image, *snapshot;

  assert_call (
      "OK", w,
      "Action=CreateImage&RegionId=cn-local&InstanceId=%s&ImageName=web&Description=of mine"
      "&ImageFamily=shop&ImageVersion=7",
      instance);
  image = world_get (w, "$.ImageId");
  assert_true (vmm_id_is (VMM_ID_IMAGE, image));
  assert_call ("OK", w, "Action=DescribeImages&ImageId=%s", image);
  assert_shown ("$.TotalCount", "0");
  assert_call ("OK", w, "Action=DescribeImages&ImageId=%s&Status=Creating", image);
  assert_shown (I "Progress", "0%");
  assert_shown (I "Usable", "false");
  assert_call ("IncorrectDiskStatus.CreatingSnapshot", w, "Action=CreateImage&InstanceId=%s",
               instance);
  accomplish (w);
  assert_true (ops_image_gather (&w->ctx, image, &is_done, NULL));
  assert_true (is_done);
  assert_call ("OK", w, "Action=DescribeImages&ImageId=%s", image);
  assert_shown (I "Status", "Available");
  assert_shown (I "Progress", "100%");
  assert_shown (I "ImageName", "web");
  assert_shown (I "Description", "of mine");
  assert_shown (I "ImageFamily", "shop");
  assert_shown (I "ImageVersion", "7");
  assert_shown (I "ImageOwnerAlias", "self");
  assert_shown (I "ImageOwnerId", w->account_id);
  assert_shown (I "IsPublic", "false");
  assert_shown (I "IsCopied", "false");
  assert_shown (I "IsSelfShared", "False");
  assert_shown (I "OSName", "Debian 12");
  assert_shown (I "DiskDeviceMappings.DiskDeviceMapping[0].Device", "/dev/xvda");
  assert_shown (I "DiskDeviceMappings.DiskDeviceMapping[0].Type", "system");
  assert_shown (I "DiskDeviceMappings.DiskDeviceMapping[0].Size", "3");
  snapshot = world_get (w, I "DiskDeviceMappings.DiskDeviceMapping[0].SnapshotId");
  assert_call ("SnapshotCreatedImage", w, "Action=DeleteSnapshot&SnapshotId=%s&Force=true",
               snapshot);
  assert_call ("OK", w, "Action=DescribeSnapshots&SnapshotIds=[\"%s\"]", snapshot);
  assert_shown ("$.Snapshots.Snapshot[0].Usage", "image");
}

static void
an_image_of_disks_shows_each (void **state)
{
  World *w = *state;
  const char *snapshot = make_snapshot (w), *image;

  assert_call ("InvalidSystemSnapshot.Missing", w,
               "Action=CreateImage&DiskDeviceMapping.1.SnapshotId=%s"
               "&DiskDeviceMapping.1.DiskType=data",
               snapshot);
  assert_call ("InvalidDiskType.ValueNotSupported", w,
               "Action=CreateImage&DiskDeviceMapping.1.SnapshotId=%s"
               "&DiskDeviceMapping.1.DiskType=root",
               snapshot);
  assert_call ("OK", w,
               "Action=CreateImage&DiskDeviceMapping.1.Size=7&DiskDeviceMapping.2.SnapshotId=%s"
               "&DiskDeviceMapping.2.Size=40&Platform=CentOS&Architecture=i386",
               snapshot);
  image = world_get (w, "$.ImageId");
  assert_call ("OK", w, "Action=DescribeImages&ImageId=%s", image);
  assert_shown (I "ImageName", image);
  assert_shown (I "Size", "40");
  assert_shown (I "Platform", "CentOS");
  assert_shown (I "Architecture", "i386");
  assert_int_equal (world_count (w, I "DiskDeviceMappings.DiskDeviceMapping[*]"), 2);
  assert_shown (I "DiskDeviceMappings.DiskDeviceMapping[1].Device", "/dev/xvdb");
  assert_shown (I "DiskDeviceMappings.DiskDeviceMapping[1].Type", "data");
  assert_shown (I "DiskDeviceMappings.DiskDeviceMapping[1].SnapshotId", "");
}

static void
what_cannot_be_made_is_refused_by_name (void **state)
{
  static const struct
  {
    const char *params, *code;
  } cases[] = {
    { "", "InvalidParameter.AllEmpty" },
    { "&SnapshotId=s-00000000000000000000", "InvalidSnapshotId.NotFound" },
    { "&SnapshotId=%s&ImageName=acs:x", "InvalidImageName.Malformed" },
    { "&SnapshotId=%s&ImageName=taken", "InvalidImageName.Duplicated" },
    { "&SnapshotId=%s&Description=x", "InvalidDescription.Malformed" },
    { "&SnapshotId=%s&ImageFamily=1", "InvalidImageFamily.Malformed" },
    { "&SnapshotId=%s&BootMode=UEFI", "UnsupportedParameter" },
    { "&SnapshotId=%s&DryRun=true", "DryRunOperation" },
    { "&DiskDeviceMapping.1.SnapshotId=%s&DiskDeviceMapping.1.Size=2",
      "InvalidSize.ValueNotSupported" },
  };
  World *w = *state;
  const char *snapshot;

  make_image (w, "&ImageName=taken");
  snapshot = make_snapshot (w);
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (GString) params = g_string_new ("Action=CreateImage");

      g_string_append (params, cases[i].params);
      g_string_replace (params, "%s", snapshot, 0);
      assert_answer (w, params->str, cases[i].code);
    }
}

static void
images_are_filtered (void **state)
{
  static const struct
  {
    const char *filter;
    guint n;
  } cases[] = {
    { "", 2 },
    { "&ImageOwnerAlias=self", 1 },
    { "&ImageOwnerAlias=system", 1 },
    { "&ImageOwnerAlias=others", 0 },
    { "&ImageOwnerAlias=marketplace", 0 },
    { "&ImageName=we*", 1 },
    { "&ImageFamily=shop", 1 },
    { "&SnapshotId=%s", 1 },
    { "&Usage=instance", 1 },
    { "&Usage=none", 1 },
    { "&Architecture=arm64", 1 },
    { "&InstanceType=ecs.t1.nano", 1 },
    { "&OSType=linux", 2 },
    { "&IsPublic=true", 1 },
    { "&Usable=false", 0 },
    { "&IsSupportCloudinit=false", 0 },
    { "&IsSupportIoOptimized=true", 2 },
    { "&Status=Creating,Deprecated", 0 },
    { "&Filter.1.Key=CreationStartTime&Filter.1.Value=2100-01-01T00:00Z", 0 },
    { "&Filter.1.Key=CreationEndTime&Filter.1.Value=2100-01-01T00:00Z", 2 },
    { "&ImageOwnerId=0", 1 },
    { "&ResourceGroupId=rg-1", 0 },
    { "&ActionType=CreateEcs&ShowExpired=true&PageSize=1", 1 },
  };
  World *w = *state;
  const char *image = make_image (w, "&ImageName=web&ImageFamily=shop&Architecture=arm64"),
             *snapshot;

  assert_call ("OK", w, "Action=DescribeImages&ImageId=%s", image);
  snapshot = world_get (w, I "DiskDeviceMappings.DiskDeviceMapping[0].SnapshotId");
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (GString) params = g_string_new ("Action=DescribeImages");

      g_string_append (params, cases[i].filter);
      g_string_replace (params, "%s", snapshot, 0);
      assert_ok (w, params->str);
      if (world_count (w, "$..Image[*]") != cases[i].n)
        fail_msg ("%s: %s", params->str, w->answer);
    }
  assert_answer (w, "Action=DescribeImages&InstanceType=ecs.none",
                 "InvalidInstanceType.ValueNotSupported");
  assert_answer (w, "Action=DescribeImages&Filter.1.Key=Color&Filter.1.Value=2100-01-01T00:00Z",
                 "InvalidFilterKey.NotFound");
}

static void
a_family_is_followed (void **state)
{
  World *w = *state;
  const char *older = make_image (w, "&ImageFamily=shop"),
             *newer = make_image (w, "&ImageFamily=shop");

  assert_ok (w, "Action=DescribeImageFromFamily&ImageFamily=shop");
  assert_shown ("$.Image.ImageId", newer);
  assert_call ("OK", w, "Action=ModifyImageAttribute&ImageId=%s&Status=Deprecated", newer);
  assert_ok (w, "Action=DescribeImageFromFamily&ImageFamily=shop");
  assert_shown ("$.Image.ImageId", older);
  assert_call ("OK", w, "Action=DescribeImages&Status=Deprecated");
  assert_shown (I "ImageId", newer);
  assert_shown (I "Usable", "true");
  assert_ok (w, "Action=RunInstances&ImageFamily=shop&InstanceType=ecs.t1.nano");
  assert_answer (w, "Action=RunInstances&InstanceType=ecs.t1.nano", "MissingParameter");
  assert_answer (w, "Action=RunInstances&ImageFamily=none&InstanceType=ecs.t1.nano",
                 "InvalidImageId.NotFound");
  assert_call ("OK", w, "Action=ModifyImageAttribute&ImageId=%s&ImageFamily=", older);
  assert_ok (w, "Action=DescribeImageFromFamily&ImageFamily=shop");
  assert_int_equal (world_count (w, "$.Image"), 0);
}

static void
a_copy_is_there_at_once (void **state)
{
  World *w = *state;
  const char *image = make_image (w, ""), *copy;

  assert_call ("DestinationRegion.NotFound", w,
               "Action=CopyImage&ImageId=%s&DestinationRegionId=cn-hangzhou", image);
  assert_call ("UnsupportedParameter", w, "Action=CopyImage&ImageId=%s&Encrypted=true", image);
  assert_call ("OK", w,
               "Action=CopyImage&RegionId=cn-local&ImageId=%s&DestinationImageName=mine"
               "&DestinationRegionId=cn-local&DestinationDescription=a copy",
               image);
  copy = world_get (w, "$.ImageId");
  assert_call ("OK", w, "Action=DescribeImages&ImageId=%s", copy);
  assert_shown (I "IsCopied", "true");
  assert_shown (I "ImageName", "mine");
  assert_shown (I "Description", "a copy");
  assert_call ("CancelNotSupported", w, "Action=CancelCopyImage&ImageId=%s", copy);
  assert_call ("ImageCreatedNotFromCopy", w, "Action=CancelCopyImage&ImageId=%s", image);
  assert_call ("OK", w, "Action=DeleteImage&ImageId=%s", image);
  assert_call ("OK", w, "Action=DescribeImageSupportInstanceTypes&ImageId=%s", copy);
  assert_true (world_count (w, "$.InstanceTypes.InstanceType[*]") > 0);
}

static void
an_image_is_shared_and_taken_back (void **state)
{
  World *w = *state;
  const char *image = make_image (w, "&ImageName=web");
  g_autoptr (OpsAccount) other = ops_account_ensure (&w->ctx, "other", NULL);
  g_autofree char *own = g_strdup (w->account_id);

  assert_call ("OK", w, "Action=ModifyImageSharePermission&ImageId=%s&AddAccount.1=%s", image,
               other->id);
  assert_call ("OK", w, "Action=DescribeImageSharePermission&ImageId=%s", image);
  assert_shown ("$.Accounts.Account[0].AliyunId", other->id);
  assert_shown ("$.TotalCount", "1");
  assert_int_equal (world_count (w, "$.ShareGroups.ShareGroup[*]"), 0);
  assert_call ("OK", w, "Action=DescribeImages&ImageId=%s", image);
  assert_shown (I "IsSelfShared", "True");
  assert_call ("ImageUseShared", w, "Action=DeleteImage&ImageId=%s", image);
  g_free (w->account_id);
  w->account_id = g_strdup (other->id);
  assert_call ("OK", w, "Action=DescribeImages&ImageId=%s&ImageOwnerAlias=others", image);
  assert_shown (I "ImageOwnerAlias", "others");
  assert_shown (I "ImageOwnerId", own);
  assert_shown (I "IsSelfShared", "False");
  assert_call ("Forbidden.RAM", w, "Action=DeleteImage&ImageId=%s&Force=true", image);
  assert_call ("Forbidden.RAM", w, "Action=ModifyImageAttribute&ImageId=%s&ImageName=stolen",
               image);
  g_free (w->account_id);
  w->account_id = g_strdup (own);
  assert_call ("OK", w, "Action=ModifyImageSharePermission&ImageId=%s&RemoveAccount.1=%s", image,
               other->id);
  assert_call ("EntityNotExist.Account", w,
               "Action=ModifyImageSharePermission&ImageId=%s&AddAccount.1=1234567812345678", image);
  assert_call ("OK", w, "Action=DeleteImage&ImageId=%s", image);
}

static void
names_and_descriptions_change (void **state)
{
  World *w = *state;
  const char *image = make_image (w, "&ImageName=web&Description=of mine");

  make_image (w, "&ImageName=taken");
  assert_call ("InvalidImageName.Duplicated", w,
               "Action=ModifyImageAttribute&ImageId=%s&ImageName=taken", image);
  assert_call ("OK", w,
               "Action=ModifyImageAttribute&ImageId=%s&ImageName=web-2&Description=", image);
  assert_call ("OK", w, "Action=DescribeImages&ImageName=web-2");
  assert_shown (I "ImageId", image);
  assert_shown (I "Description", "");
}

int
main (void)
{
#define IMAGE_TEST(name) cmocka_unit_test_setup_teardown (name, world_set_up, world_tear_down)
  const struct CMUnitTest tests[] = {
    IMAGE_TEST (an_image_of_an_instance_is_creating_and_then_available),
    IMAGE_TEST (an_image_of_disks_shows_each),
    IMAGE_TEST (what_cannot_be_made_is_refused_by_name),
    IMAGE_TEST (images_are_filtered),
    IMAGE_TEST (a_family_is_followed),
    IMAGE_TEST (a_copy_is_there_at_once),
    IMAGE_TEST (an_image_is_shared_and_taken_back),
    IMAGE_TEST (names_and_descriptions_change),
  };

  return cmocka_run_group_tests_name ("image", tests, NULL, NULL);
}
