/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Monitor data as clients ask for it. */
#include "config.h"

#include "ecs-world.h"
#include "store-sample.h"
#include "vmm-clock.h"

/* 2026-01-02 04:00:00 UTC. */
#define HOUR_S G_GINT64_CONSTANT (1767326400)
#define I "$.MonitorData.InstanceMonitorData"
#define D "$.MonitorData.DiskMonitorData"
#define E "$.EipMonitorDatas.EipMonitorData"
#define LAST_HOUR "StartTime=2026-01-02T03:00:00Z&EndTime=2026-01-02T04:00:00Z"

static gint64
four_o_clock (void)
{
  return HOUR_S * 1000;
}

static VmmPool *pools;

static int
set_up (void **state)
{
  pools = vmm_pool_parse ("203.0.113.1-203.0.113.9", NULL);
  vmm_clock_replace (four_o_clock);
  return world_set_up (state);
}

static int
tear_down (void **state)
{
  int result = world_tear_down (state);

  vmm_clock_replace (NULL);
  g_clear_pointer (&pools, vmm_pool_free);
  return result;
}

static char *
make_instance (World *w)
{
  g_autofree char *params = g_strdup_printf ("ImageId=%s", world_image (w, "image"));

  return world_instance (w, params, VMM_INSTANCE_RUNNING);
}

static char *
disk_of (World *w, const char *instance)
{
  assert_call ("OK", w, "Action=DescribeDisks&InstanceId=%s", instance);
  return g_strdup (world_get (w, "$.Disks.Disk[0].DiskId"));
}

/* A minute of the hour from 3 o'clock on, in which much was used. */
static void
add (World *w, const char *id, int minute)
{
  static const gint64 much[VMM_USE_LAST] = {
    [VMM_USE_CPU_US] = 15000000,    [VMM_USE_INTERNET_IN] = 750000,
    [VMM_USE_INTERNET_OUT] = 75000, [VMM_USE_INTRANET_IN] = 7500,
    [VMM_USE_INTRANET_OUT] = 1500,  [VMM_USE_PACKETS] = 333,
    [VMM_USE_READS] = 600,          [VMM_USE_WRITES] = 1200,
    [VMM_USE_READ_BYTES] = 6000000, [VMM_USE_WRITE_BYTES] = 60000000000,
    [VMM_USE_READ_US] = 1200000,    [VMM_USE_WRITE_US] = 600000,
  };
  g_autoptr (GError) error = NULL;
  g_autoptr (StoreTxn) txn = store_begin (w->ctx.store, &error);
  VmmSample sample = { .id = (char *) id, .at_s = HOUR_S - 3600 + minute * 60, .span_ms = 60000 };

  for (guint i = 0; i < VMM_USE_LAST; i++)
    sample.use.of[i] = much[i];
  assert_true (store_sample_add (txn, &sample, &error));
  assert_true (store_commit (txn, &error));
}

static void
assert_shown (World *w, const char *row, const char *const shown[][2], guint n)
{
  for (guint i = 0; i < n; i++)
    {
      g_autofree char *path = g_strdup_printf ("%s.%s", row, shown[i][0]);

      assert_string_equal (world_get (w, path), shown[i][1]);
    }
}

static void
an_instance_shows_what_it_used (void **state)
{
  static const char *const shown[][2] = {
    { "TimeStamp", "2026-01-02T03:07:00Z" },
    { "CPU", "25" },
    { "InternetRX", "6000" },
    { "InternetTX", "600" },
    { "InternetBandwidth", "110" },
    { "IntranetRX", "60" },
    { "IntranetTX", "12" },
    { "IntranetBandwidth", "1" },
    { "IOPSRead", "10" },
    { "IOPSWrite", "20" },
    { "BPSRead", "100000" },
    { "BPSWrite", "1000000000" },
  };
  World *w = *state;
  g_autofree char *id = make_instance (w);

  add (w, id, 7);
  assert_call ("OK", w, "Action=DescribeInstanceMonitorData&InstanceId=%s&" LAST_HOUR, id);
  assert_int_equal (world_count (w, I "[*]"), 1);
  assert_string_equal (world_get (w, I "[0].InstanceId"), id);
  assert_shown (w, I "[0]", shown, G_N_ELEMENTS (shown));
}

static void
a_disk_shows_what_it_did (void **state)
{
  static const char *const shown[][2] = {
    { "TimeStamp", "2026-01-02T03:07:00Z" },
    { "IOPSRead", "10" },
    { "IOPSWrite", "20" },
    { "IOPSTotal", "30" },
    { "BPSRead", "100000" },
    { "BPSWrite", "1000000000" },
    { "BPSTotal", "1000100000" },
    { "LatencyRead", "2000" },
    { "LatencyWrite", "500" },
  };
  World *w = *state;
  g_autofree char *instance = make_instance (w);
  g_autofree char *id = disk_of (w, instance);

  add (w, id, 7);
  assert_call ("OK", w, "Action=DescribeDiskMonitorData&DiskId=%s&" LAST_HOUR, id);
  assert_string_equal (world_get (w, "$.TotalCount"), "1");
  assert_string_equal (world_get (w, D "[0].DiskId"), id);
  assert_shown (w, D "[0]", shown, G_N_ELEMENTS (shown));
}

static char *
make_eip (World *w)
{
  w->ctx.pools = pools;
  assert_call ("OK", w, "Action=AllocateEipAddress");
  return g_strdup (world_get (w, "$.AllocationId"));
}

static void
an_address_shows_what_passed_in_both_versions (void **state)
{
  static const char *const versions[] = { "2014-05-26", "2016-04-28" };
  static const char *const shown[][2] = {
    { "TimeStamp", "2026-01-02T03:05:00Z" },
    { "EipRX", "1500000" },
    { "EipTX", "150000" },
    { "EipFlow", "1650000" },
    { "EipBandwidth", "13750" },
    { "EipPackets", "666" },
  };
  World *w = *state;
  g_autofree char *id = make_eip (w);

  add (w, id, 7);
  add (w, id, 9);
  for (guint i = 0; i < G_N_ELEMENTS (versions); i++)
    {
      assert_call ("OK", w,
                   "Action=DescribeEipMonitorData&Version=%s&AllocationId=%s&Period=300&" LAST_HOUR,
                   versions[i], id);
      assert_int_equal (world_count (w, E "[*]"), 1);
      assert_shown (w, E "[0]", shown, G_N_ELEMENTS (shown));
    }
}

static void
periods_add_minutes_up (void **state)
{
  World *w = *state;
  g_autofree char *id = make_instance (w);

  for (int minute = 0; minute < 60; minute += 2)
    add (w, id, minute);
  assert_call ("OK", w, "Action=DescribeInstanceMonitorData&InstanceId=%s&" LAST_HOUR, id);
  assert_int_equal (world_count (w, I "[*]"), 30);
  assert_call ("OK", w, "Action=DescribeInstanceMonitorData&InstanceId=%s&Period=600&" LAST_HOUR,
               id);
  assert_int_equal (world_count (w, I "[*]"), 6);
  assert_string_equal (world_get (w, I "[1].TimeStamp"), "2026-01-02T03:10:00Z");
  assert_string_equal (world_get (w, I "[1].CPU"), "25");
  assert_string_equal (world_get (w, I "[1].InternetRX"), "30000");
  assert_call ("OK", w, "Action=DescribeInstanceMonitorData&InstanceId=%s&Period=3600&" LAST_HOUR,
               id);
  assert_int_equal (world_count (w, I "[*]"), 1);
  assert_string_equal (world_get (w, I "[0].IOPSWrite"), "20");
}

static void
times_are_rounded_up_to_minutes (void **state)
{
  World *w = *state;
  g_autofree char *id = make_instance (w);

  for (int minute = 0; minute < 10; minute++)
    add (w, id, minute);
  assert_call ("OK", w,
               "Action=DescribeInstanceMonitorData&InstanceId=%s&StartTime=2026-01-02T03:02:01Z"
               "&EndTime=2026-01-02T03:05:30Z",
               id);
  assert_int_equal (world_count (w, I "[*]"), 3);
  assert_string_equal (world_get (w, I "[0].TimeStamp"), "2026-01-02T03:03:00Z");
  assert_string_equal (world_get (w, I "[2].TimeStamp"), "2026-01-02T03:05:00Z");
}

static void
what_nobody_looked_at_is_an_empty_list (void **state)
{
  World *w = *state;
  g_autofree char *instance = make_instance (w);
  g_autofree char *disk = disk_of (w, instance);
  g_autofree char *eip = make_eip (w);

  assert_call ("OK", w, "Action=DescribeInstanceMonitorData&InstanceId=%s&" LAST_HOUR, instance);
  assert_int_equal (world_count (w, I), 1);
  assert_int_equal (world_count (w, I "[*]"), 0);
  assert_call ("OK", w, "Action=DescribeDiskMonitorData&DiskId=%s&" LAST_HOUR, disk);
  assert_string_equal (world_get (w, "$.TotalCount"), "0");
  assert_call ("OK", w, "Action=DescribeEipMonitorData&AllocationId=%s&" LAST_HOUR, eip);
  assert_int_equal (world_count (w, E), 1);
}

/* Bad times, and what each of the three says of them. */
static const struct
{
  const char *times, *instance, *disk, *eip;
} refused[] = {
  { "StartTime=2026-01-02T03:00:00Z", "MissingParameter", "MissingParameter", "MissingParameter" },
  { "StartTime=today&EndTime=2026-01-02T04:00:00Z", "InvalidStartTime.Malformed",
    "InvalidStartTime.Malformed", "InvalidStartTime.Malformed" },
  { "StartTime=2026-01-02T03:00:00Z&EndTime=2026-01-02", "InvalidEndTime.Malformed",
    "InvalidEndTime.Malformed", "InvalidEndTime.Malformed" },
  { "StartTime=2026-01-02T03:01:00Z&EndTime=2026-01-02T03:00:00Z",
    "InvalidStartTime.ValueNotSupported", "InvalidParameter.EndTime", "InvalidEndTime.Malformed" },
  { "StartTime=2025-12-03T03:59:00Z&EndTime=2025-12-03T04:59:00Z", "InvalidStartTime.TooEarly",
    "InvalidStartTime.TooEarly", "InvalidStartTime.TooEarly" },
  { "StartTime=2025-12-03T04:00:00Z&EndTime=2025-12-03T04:59:00Z", "OK", "OK", "OK" },
  { "StartTime=2026-01-01T21:20:00Z&EndTime=2026-01-02T04:00:00Z", "OK", "OK", "OK" },
  { "StartTime=2026-01-01T21:19:00Z&EndTime=2026-01-02T04:00:00Z",
    "InvalidParameter.TooManyDataQueried", "InvalidParameter.TooManyDataQueried",
    "OperationDenied.TooManyDataQueried" },
  { "Period=3600&StartTime=2025-12-17T00:00:00Z&EndTime=2026-01-02T04:00:00Z", "OK", "OK", "OK" },
  { "Period=3600&StartTime=2025-12-16T11:00:00Z&EndTime=2026-01-02T04:00:00Z",
    "InvalidParameter.TooManyDataQueried", "InvalidParameter.TooManyDataQueried",
    "OperationDenied.TooManyDataQueried" },
  { "Period=300&" LAST_HOUR, "InvalidParameter", "InvalidParameter", "OK" },
  { "Period=900&" LAST_HOUR, "InvalidParameter", "InvalidParameter", "OK" },
  { "Period=61&" LAST_HOUR, "InvalidParameter", "InvalidParameter", "InvalidParameter" },
  { "Period=1&" LAST_HOUR, "InvalidParameter", "InvalidParameter", "InvalidParameter" },
};

static void
times_and_periods_have_bounds (void **state)
{
  World *w = *state;
  g_autofree char *instance = make_instance (w);
  g_autofree char *disk = disk_of (w, instance);
  g_autofree char *eip = make_eip (w);

  for (guint i = 0; i < G_N_ELEMENTS (refused); i++)
    {
      assert_call (refused[i].instance, w, "Action=DescribeInstanceMonitorData&InstanceId=%s&%s",
                   instance, refused[i].times);
      assert_call (refused[i].disk, w, "Action=DescribeDiskMonitorData&DiskId=%s&%s", disk,
                   refused[i].times);
      assert_call (refused[i].eip, w, "Action=DescribeEipMonitorData&AllocationId=%s&%s", eip,
                   refused[i].times);
    }
}

static void
what_is_not_the_callers_is_not_found (void **state)
{
  World *w = *state;

  assert_call ("InvalidInstanceId.NotFound", w,
               "Action=DescribeInstanceMonitorData&InstanceId=i-aaaaaaaaaaaaaaaaaaaa&" LAST_HOUR);
  assert_call ("InvalidDiskId.NotFound", w,
               "Action=DescribeDiskMonitorData&DiskId=d-aaaaaaaaaaaaaaaaaaaa&" LAST_HOUR);
  assert_call ("InvalidAllocationId.NotFound", w,
               "Action=DescribeEipMonitorData&AllocationId=eip-aaaaaaaaaaaaaaaaaaaa&" LAST_HOUR);
  assert_call ("InvalidInstanceId.NotFound", w,
               "Action=DescribeInstanceMonitorData&InstanceId=nonsense&" LAST_HOUR);
}

#define TEST(name) cmocka_unit_test_setup_teardown (name, set_up, tear_down)

int
main (void)
{
  const struct CMUnitTest tests[] = {
    TEST (an_instance_shows_what_it_used),
    TEST (a_disk_shows_what_it_did),
    TEST (an_address_shows_what_passed_in_both_versions),
    TEST (periods_add_minutes_up),
    TEST (times_are_rounded_up_to_minutes),
    TEST (what_nobody_looked_at_is_an_empty_list),
    TEST (times_and_periods_have_bounds),
    TEST (what_is_not_the_callers_is_not_found),
  };

  return cmocka_run_group_tests (tests, NULL, NULL);
}
