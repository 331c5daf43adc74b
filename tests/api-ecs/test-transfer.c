/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Imports, exports and their tasks as clients send and read them. */
#include "config.h"

#include "ecs-world.h"
#include <string.h>

#define URL "Url=https%3A%2F%2Fimages.example%2Fdebian.qcow2%3Fsignature%3Dsecret"

static int
setup (void **state)
{
  World *w = world_new ();
  VmmConfig *config = (VmmConfig *) w->ctx.config;

  g_free (config->drop_folder);
  g_free (config->export_folder);
  config->drop_folder = g_strdup (w->dir);
  config->export_folder = g_strdup (w->dir);
  *state = w;
  return 0;
}

static int
teardown (void **state)
{
  world_free (*state);
  return 0;
}

/* Only the image: the task that makes it has none. */
static void
an_imported_image_has_the_tags_it_was_asked_with (void **state)
{
  World *w = *state;
  g_autofree char *image = NULL;

  assert_ok (w, "Action=ImportImage&ImageFormat=raw&Tag.1.Key=team&Tag.1.Value=shop"
                "&ClientToken=once&" URL);
  image = g_strdup (world_get (w, "$.ImageId"));
  assert_ok (w, "Action=ImportImage&ImageFormat=raw&Tag.1.Key=team&Tag.1.Value=shop"
                "&ClientToken=once&" URL);
  assert_string_equal (world_get (w, "$.ImageId"), image);
  assert_ok (w, "Action=ListTagResources&ResourceType=image&Tag.1.Key=team&Tag.1.Value=shop");
  assert_int_equal (world_count (w, "$.TagResources.TagResource[*]"), 1);
  assert_string_equal (world_get (w, "$.TagResources.TagResource[0].ResourceId"), image);
  assert_answer (w, "Action=ImportImage&ImageFormat=raw&Tag.1.Key=acs:x&" URL,
                 "InvalidTagKey.Malformed");
}

/* What the vendor's SDKs and tools send: a bucket and an object. */
static void
an_import_as_existing_clients_send_it_is_taken (void **state)
{
  World *w = *state;

  assert_ok (w, "Action=ImportImage&RegionId=cn-local&ImageName=debian&Architecture=x86_64"
                "&OSType=linux&Platform=Debian&LicenseType=Auto&BootMode=BIOS&RoleName=import"
                "&DetectionStrategy=Standard&DiskDeviceMapping.1.Format=QCOW2"
                "&DiskDeviceMapping.1.OSSBucket=images&DiskDeviceMapping.1.OSSObject=debian.qcow2"
                "&DiskDeviceMapping.1.DiskImageSize=20&DiskDeviceMapping.1.Device=");
  assert_true (g_str_has_prefix (world_get (w, "$.ImageId"), "m-"));
  assert_true (g_str_has_prefix (world_get (w, "$.TaskId"), "t-"));
  assert_string_equal (world_get (w, "$.RegionId"), "cn-local");
  assert_ok (w, "Action=DescribeImages&Status=Creating");
  assert_string_equal (world_get (w, "$.Images.Image[0].ImageOwnerAlias"), "self");
  assert_string_equal (world_get (w, "$.Images.Image[0].Progress"), "0%");
  assert_string_equal (world_get (w, "$.Images.Image[0].Platform"), "Debian");
  /* Tools compare these with what they sent. */
  assert_string_equal (world_get (w, "$..ImportOSSBucket"), "images");
  assert_string_equal (world_get (w, "$..ImportOSSObject"), "debian.qcow2");
  assert_string_equal (world_get (w, "$..DiskImageSize"), "20");
}

static void
an_import_needs_one_source_and_a_format (void **state)
{
  World *w = *state;

  assert_answer (w, "Action=ImportImage&ImageFormat=raw", "MissingParameter");
  assert_answer (w, "Action=ImportImage&" URL, "MissingParameter");
  assert_answer (w, "Action=ImportImage&File=a&ImageFormat=raw&" URL, "MissingParameter");
  assert_answer (w, "Action=ImportImage&File=a&ImageFormat=VHD",
                 "InvalidDiskImageFormat.ValueNotSupported");
  assert_answer (w, "Action=ImportImage&ImageFormat=raw&Url=ftp%3A%2F%2Fx%2Fa",
                 "InvalidImageUrl.Malformed");
  assert_answer (w, "Action=ImportImage&ImageFormat=raw&File=..%2Fa", "InvalidImageFile.NotFound");
  assert_answer (w, "Action=ImportImage&ImageFormat=raw&BootMode=UEFI&" URL,
                 "UnsupportedParameter");
  assert_answer (w, "Action=ImportImage&ImageFormat=raw&DryRun=true&" URL, "DryRunOperation");
  assert_answer (w,
                 "Action=ImportImage&ImageFormat=raw&DiskDeviceMapping.1.OSSObject=a"
                 "&DiskDeviceMapping.2.OSSObject=b",
                 "InvalidParameter");
}

static void
a_task_is_listed_shown_and_cancelled (void **state)
{
  World *w = *state;
  g_autofree char *task = NULL, *one = NULL, *cancel = NULL, *list = NULL;

  assert_ok (w, "Action=ImportImage&ImageFormat=qcow2&" URL);
  task = g_strdup (world_get (w, "$.TaskId"));
  list = g_strdup_printf ("Action=DescribeTasks&RegionId=cn-local&TaskIds=%s,t-x"
                          "&TaskAction=ImportImage",
                          task);
  assert_ok (w, list);
  assert_string_equal (world_get (w, "$.TotalCount"), "1");
  assert_string_equal (world_get (w, "$.TaskSet.Task[0].TaskStatus"), "Pending");
  assert_string_equal (world_get (w, "$.TaskSet.Task[0].SupportCancel"), "true");
  assert_string_equal (world_get (w, "$.TaskSet.Task[0].FinishedTime"), "");
  /* The signature in the URL is nobody's to read. */
  assert_null (strstr (w->answer, "secret"));
  assert_ok (w, "Action=DescribeImages&Status=Creating");
  assert_null (strstr (w->answer, "secret"));
  assert_string_equal (world_get (w, "$..ImportOSSObject"), "");

  cancel = g_strconcat ("Action=CancelTask&RegionId=cn-local&TaskId=", task, NULL);
  assert_ok (w, cancel);
  assert_answer (w, cancel, "IncorrectTaskStatus");
  one = g_strconcat ("Action=DescribeTaskAttribute&RegionId=cn-local&TaskId=", task, NULL);
  assert_ok (w, one);
  assert_string_equal (world_get (w, "$.TaskStatus"), "Processing");
  assert_string_equal (world_get (w, "$.SupportCancel"), "false");
  assert_string_equal (world_get (w, "$.TaskProcess"), "0%");
  assert_string_equal (
      world_get (w,
                 "$.OperationProgressSet.OperationProgress[0].RelatedItemSet.RelatedItem[0].Name"),
      "ImageId");
  assert_answer (w, "Action=DescribeTaskAttribute&TaskId=t-1", "InvalidTaskId.NotFound");
  assert_answer (w, "Action=CancelTask&TaskId=t-00000000000000000000", "InvalidTaskId.NotFound");
  assert_answer (w, "Action=CancelTask", "MissingParameter");
}

static void
an_export_tells_its_file (void **state)
{
  World *w = *state;
  g_autofree char *export = NULL, *one = NULL, *task = NULL, *object = NULL;

  w->as_admin = TRUE;
  export = g_strdup_printf ("Action=ExportImage&RegionId=cn-local&ImageId=%s&OSSBucket=images"
                            "&OSSPrefix=my&ImageFormat=raw",
                            world_image (w, "debian"));
  assert_ok (w, export);
  task = g_strdup (world_get (w, "$.TaskId"));
  one = g_strconcat ("Action=DescribeTaskAttribute&TaskId=", task, NULL);
  assert_ok (w, one);
  object = g_strconcat ("_", task, ".raw", NULL);
  assert_string_equal (
      world_get (w,
                 "$.OperationProgressSet.OperationProgress[0].RelatedItemSet.RelatedItem[1].Value"),
      "images");
  assert_true (g_str_has_suffix (
      world_get (w,
                 "$.OperationProgressSet.OperationProgress[0].RelatedItemSet.RelatedItem[2].Value"),
      object));
  w->as_admin = FALSE;
  assert_answer (w, export, "Forbidden.RAM");
}

int
main (void)
{
  const struct CMUnitTest tests[] = {
    cmocka_unit_test_setup_teardown (an_import_as_existing_clients_send_it_is_taken, setup,
                                     teardown),
    cmocka_unit_test_setup_teardown (an_imported_image_has_the_tags_it_was_asked_with, setup,
                                     teardown),
    cmocka_unit_test_setup_teardown (an_import_needs_one_source_and_a_format, setup, teardown),
    cmocka_unit_test_setup_teardown (a_task_is_listed_shown_and_cancelled, setup, teardown),
    cmocka_unit_test_setup_teardown (an_export_tells_its_file, setup, teardown),
  };

  return cmocka_run_group_tests_name ("transfer", tests, NULL, NULL);
}
