/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The sampler on drivers that only remember. The world begins at 03:04:05. */
#include "ops-eip.h"
#include "ops-image.h"
#include "ops-monitor.h"
#include "vmm-nic.h"
#include "world-host.h"

#define MINUTE_MS (60 * 1000)
#define COUNT "SELECT count(*) FROM sample WHERE period_s=60"

/* The sampler looks, if it is time. */
static void
look (World *w)
{
  work_kick (w->host->work, WORK_MONITOR);
  host_wait_idle (w);
}

static void
minute (World *w)
{
  world_advance_ms (w, MINUTE_MS);
  look (w);
}

/* So many seconds of its one vCPU, and as many writes of 4 KiB, of 2 ms each. */
static void
spend (World *w, const char *id, guint seconds)
{
  g_autoptr (VirtUse) use = virt_use_new (id);
  VirtDiskUse *disk = virt_use_add_disk (use, "vda");

  use->cpu_ns = seconds * G_GUINT64_CONSTANT (1000000000);
  disk->writes = seconds;
  disk->write_bytes = seconds * 4096;
  disk->write_ns = seconds * G_GUINT64_CONSTANT (2000000);
  assert_true (virt_fake_spend (w->host->virt, use));
}

static GPtrArray *
list (World *w, OpsMonitorKind kind, const char *id)
{
  const OpsMonitorQuery query = { .id = id,
                                  .start_ms = world_now_ms () - 100 * MINUTE_MS,
                                  .end_ms = world_now_ms () + 100 * MINUTE_MS,
                                  .period_s = 60 };
  g_autoptr (GError) error = NULL;
  GPtrArray *samples = ops_monitor_list (&w->ctx, &w->alice, kind, &query, &error);

  assert_no_error (error);
  return samples;
}

/* The one sample there is. The caller frees it. */
static VmmSample *
only (World *w, OpsMonitorKind kind, const char *id)
{
  g_autoptr (GPtrArray) samples = list (w, kind, id);

  assert_int_equal (samples->len, 1);
  return g_ptr_array_steal_index (samples, 0);
}

static void
assert_none (World *w, const char *id)
{
  g_autoptr (GPtrArray) samples = list (w, OPS_MONITOR_INSTANCE, id);

  assert_int_equal (samples->len, 0);
}

static char *
disk_of (World *w, const char *id)
{
  const VmmDiskQuery query = { .instance_id = id,
                               .is_system = -1,
                               .delete_with_instance = -1,
                               .enable_auto_snapshot = -1,
                               .has_policy = -1,
                               .delete_auto_snapshot = -1 };
  const VmmPage page = world_page ();
  g_auto (VmmPageInfo) info = { 0 };
  g_autoptr (GPtrArray) disks = ops_disk_list (&w->ctx, &w->alice, &query, &page, &info, NULL);

  assert_int_equal (disks->len, 1);
  return g_strdup (((const VmmDisk *) g_ptr_array_index (disks, 0))->id);
}

static void
what_a_guest_used_in_a_minute_is_its_sample (void **state)
{
  World *w = *state;
  const char *id = host_run (w);
  g_autofree char *disk_id = disk_of (w, id);
  g_autoptr (VmmSample) sample = NULL, disk = NULL;

  spend (w, id, 40);
  look (w);
  spend (w, id, 15);
  minute (w);
  sample = only (w, OPS_MONITOR_INSTANCE, id);
  assert_int_equal (vmm_sample_cpu_percent (sample), 25);
  assert_int_equal (sample->at_s, world_now_ms () / 1000 / 60 * 60 - 60);
  assert_int_equal (sample->span_ms, MINUTE_MS);
  assert_int_equal (sample->use.of[VMM_USE_WRITES], 15);
  assert_int_equal (sample->use.of[VMM_USE_WRITE_BYTES], 15 * 4096);
  disk = only (w, OPS_MONITOR_DISK, disk_id);
  assert_int_equal (disk->use.of[VMM_USE_WRITES], 15);
  assert_int_equal (vmm_sample_latency_us (disk->use.of[VMM_USE_WRITE_US], 15), 2000);
}

static void
all_guests_cost_one_call_of_each_driver (void **state)
{
  World *w = *state;
  guint virt_calls, net_calls;

  for (guint i = 0; i < 5; i++)
    host_run (w);
  look (w);
  virt_calls = virt_fake_calls (w->host->virt);
  net_calls = netctl_fake_calls (w->host->net);
  minute (w);
  assert_int_equal (world_query (w, COUNT " AND cpu_us=0"), 10);
  assert_int_equal (virt_fake_calls (w->host->virt) - virt_calls, 1);
  assert_int_equal (netctl_fake_calls (w->host->net) - net_calls, 1);
}

static gboolean
runs_again (World *w, gconstpointer id)
{
  return host_fact (w, id) == VIRT_RUNNING;
}

static void
a_guest_that_was_started_anew_begins_anew (void **state)
{
  World *w = *state;
  const char *id = host_run (w);
  g_autoptr (VmmSample) sample = NULL;

  spend (w, id, 1000);
  look (w);
  assert_true (virt_fake_stage (w->host->virt, id, VIRT_FAKE_CRASH));
  host_settle (w, runs_again, id, "the guest to run again");
  spend (w, id, 30);
  minute (w);
  assert_none (w, id);
  spend (w, id, 6);
  minute (w);
  sample = only (w, OPS_MONITOR_INSTANCE, id);
  assert_int_equal (vmm_sample_cpu_percent (sample), 10);
}

static void
a_minute_without_a_daemon_or_a_hypervisor_is_absent (void **state)
{
  World *w = *state;
  const char *id = host_run (w);

  host_allow_faults ();
  look (w);
  host_stop (w);
  spend (w, id, 50);
  world_advance_ms (w, 3 * MINUTE_MS);
  host_start (w);
  look (w);
  assert_none (w, id);
  host_set_away (w, TRUE);
  minute (w);
  host_set_away (w, FALSE);
  minute (w);
  assert_none (w, id);
  minute (w);
  assert_int_equal (world_query (w, COUNT " AND cpu_us=0"), 2);
}

static void
a_late_look_counts_and_a_missing_one_does_not (void **state)
{
  World *w = *state;
  const char *id = host_run (w);

  look (w);
  world_advance_ms (w, MINUTE_MS + 20 * 1000);
  spend (w, id, 8);
  look (w);
  assert_int_equal (world_query (w, COUNT " AND span_ms=80000 AND cpu_us IN (0, 8000000)"), 2);
  spend (w, id, 50);
  world_advance_ms (w, 2 * MINUTE_MS);
  look (w);
  assert_int_equal (world_query (w, COUNT), 2);
}

static void
a_clock_that_goes_back_makes_no_minute_twice (void **state)
{
  World *w = *state;
  const char *id = host_run (w);

  look (w);
  spend (w, id, 5);
  minute (w);
  world_advance_ms (w, -2 * MINUTE_MS);
  look (w);
  for (guint i = 0; i < 2; i++)
    {
      spend (w, id, 50);
      minute (w);
    }
  assert_int_equal (world_query (w, COUNT " AND cpu_us=5000000"), 1);
  assert_int_equal (world_query (w, COUNT " GROUP BY meter HAVING count(DISTINCT at_s)<>count(*)"
                                          " UNION ALL SELECT 0 LIMIT 1"),
                    0);
  assert_int_equal (world_query (w, "SELECT sum(cpu_us) FROM sample WHERE period_s=3600"),
                    world_query (w, "SELECT sum(cpu_us) FROM sample WHERE period_s=60"));
}

static void
traffic_under_a_public_address_is_no_other_traffic (void **state)
{
  World *w = *state;
  const char *id = host_run (w);
  g_autoptr (VmmInstance) instance = world_get (w, id);
  const VmmNic *nic = g_ptr_array_index (instance->nics, 0);
  const NetctlPortUse port
      = { .port = nic->index, .all = { 5000, 900, 10 }, .outside = { 500, 40, 2 } };
  const NetctlCount public = { 3000, 200, 7 };
  const OpsEipSpec spec = { .bandwidth_mbit = 5 };
  const OpsEipTarget target = { .id = id };
  g_autoptr (VmmSample) sample = NULL, of_eip = NULL;
  g_autoptr (VmmEip) eip = NULL;

  world_set_pools (w, "203.0.113.1-203.0.113.9");
  eip = ops_eip_allocate (&w->ctx, &w->alice, &spec, NULL);
  assert_true (ops_eip_associate (&w->ctx, &w->alice, eip->id, &target, NULL));
  host_settle_all (w);
  host_wait_idle (w);
  look (w);
  netctl_fake_carry (w->host->net, &port);
  netctl_fake_carry_public (w->host->net, eip->ip, &public);
  minute (w);
  sample = only (w, OPS_MONITOR_INSTANCE, id);
  assert_int_equal (sample->use.of[VMM_USE_INTERNET_IN], 3500);
  assert_int_equal (sample->use.of[VMM_USE_INTERNET_OUT], 240);
  assert_int_equal (sample->use.of[VMM_USE_INTRANET_IN], 1500);
  assert_int_equal (sample->use.of[VMM_USE_INTRANET_OUT], 660);
  of_eip = only (w, OPS_MONITOR_EIP, eip->id);
  assert_int_equal (of_eip->use.of[VMM_USE_INTERNET_IN], 3000);
  assert_int_equal (of_eip->use.of[VMM_USE_INTERNET_OUT], 200);
  assert_int_equal (of_eip->use.of[VMM_USE_PACKETS], 7);
}

static void
samples_of_a_deleted_instance_go (void **state)
{
  World *w = *state;
  const char *id = host_run (w);

  look (w);
  minute (w);
  assert_int_equal (world_query (w, COUNT), 2);
  host_delete (w, id);
  minute (w);
  assert_int_equal (world_query (w, "SELECT count(*) FROM sample"), 0);
  assert_int_equal (world_query (w, "SELECT count(*) FROM meter"), 0);
}

static void
minutes_grow_old_and_hours_stay (void **state)
{
  World *w = *state;

  w->config->minutes_h = 1;
  host_run (w);
  look (w);
  for (guint i = 0; i < 125; i++)
    minute (w);
  assert_true (world_query (w, "SELECT max(n) FROM (SELECT count(*) AS n FROM sample WHERE"
                               " period_s=60 GROUP BY meter)")
               <= 121);
  assert_int_equal (world_query (w, "SELECT max(n) FROM (SELECT sum(span_ms) AS n FROM sample WHERE"
                                    " period_s=3600 GROUP BY meter)"),
                    125 * MINUTE_MS);
}

static void
a_failing_driver_costs_the_minute_alone (void **state)
{
  World *w = *state;
  const char *id = host_run (w);

  host_allow_faults ();
  look (w);
  virt_fake_fail_call (w->host->virt, 1, VIRT_FAKE_BEFORE, VMM_ERROR_VIRT_FAILED);
  spend (w, id, 6);
  minute (w);
  look (w);
  assert_int_equal (world_query (w, COUNT " AND cpu_us IN (0, 6000000)"), 2);
}

int
main (void)
{
  const struct CMUnitTest tests[] = {
    HOST_TEST (what_a_guest_used_in_a_minute_is_its_sample),
    HOST_TEST (all_guests_cost_one_call_of_each_driver),
    HOST_TEST (a_guest_that_was_started_anew_begins_anew),
    HOST_TEST (a_minute_without_a_daemon_or_a_hypervisor_is_absent),
    HOST_TEST (a_late_look_counts_and_a_missing_one_does_not),
    HOST_TEST (a_clock_that_goes_back_makes_no_minute_twice),
    HOST_TEST (traffic_under_a_public_address_is_no_other_traffic),
    HOST_TEST (samples_of_a_deleted_instance_go),
    HOST_TEST (minutes_grow_old_and_hours_stay),
    HOST_TEST (a_failing_driver_costs_the_minute_alone),
  };

  return cmocka_run_group_tests (tests, NULL, NULL);
}
