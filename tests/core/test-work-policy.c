/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Automatic snapshots by the clock. The world begins at 11:04:05 in UTC+8. */
#include "ops-disk.h"
#include "ops-policy.h"
#include "ops-snapshot.h"
#include "vmm-policy.h"
#include "world-host.h"
#include <string.h>

#define NOON (1U << 12)
#define EVERY_HOUR 0xffffff
#define EVERY_DAY 0x7f
#define MINUTE_MS (G_GINT64_CONSTANT (60) * 1000)
#define TO_NOON_MS (55 * MINUTE_MS + 55 * 1000)
#define DAY_MS (24 * VMM_POLICY_HOUR_MS)

typedef struct
{
  const char *sql;
  gint64 value;
} Wanted;

static gboolean
is_so (World *w, gconstpointer data)
{
  const Wanted *wanted = data;

  if (world_query (w, wanted->sql) == wanted->value)
    return TRUE;
  work_kick (w->host->work, WORK_POLICIES);
  return FALSE;
}

static void
settle (World *w, const char *sql, gint64 value)
{
  const Wanted wanted = { sql, value };

  host_settle (w, is_so, &wanted, sql);
}

#define AUTO_DONE "SELECT count(*) FROM snapshot WHERE is_auto=1 AND state='accomplished'"

/* Lets the policies be looked at a few times. */
static void
look (World *w)
{
  for (guint i = 0; i < 3; i++)
    {
      work_kick (w->host->work, WORK_POLICIES);
      host_wait_idle (w);
    }
}

static const char *
add_disk (World *w)
{
  const OpsDiskSpec spec = { .size_gib = 20 };
  g_autoptr (GError) error = NULL;
  const char *id = world_keep (w, ops_disk_create (&w->ctx, &w->alice, &spec, &error));

  assert_no_error (error);
  settle (w, "SELECT count(*) FROM disk WHERE state='creating'", 0);
  return id;
}

static const char *
add_policy (World *w, guint hours, int retention_days)
{
  const OpsPolicySpec spec
      = { .hours = hours, .weekdays = EVERY_DAY, .retention_days = retention_days };
  g_autoptr (GError) error = NULL;
  char *id = ops_policy_create (&w->ctx, &w->alice, &spec, &error);

  assert_no_error (error);
  return world_keep (w, id);
}

static void
apply (World *w, const char *policy, const char *disk)
{
  const char *disks[] = { disk, NULL };
  g_autoptr (GError) error = NULL;

  ops_policy_apply (&w->ctx, &w->alice, policy, disks, &error);
  assert_no_error (error);
}

/* The snapshots of a disk, newest first. */
static GPtrArray *
snapshots (World *w, const char *disk)
{
  const VmmSnapshotQuery query = {
    .disk_id = disk, .is_system = -1, .is_auto = -1, .is_used_by_image = -1, .is_used_by_disk = -1
  };
  const VmmPage page = { .number = 1, .size = 1000 };
  g_auto (VmmPageInfo) info = { 0 };
  g_autoptr (GError) error = NULL;
  GPtrArray *found = ops_snapshot_list (&w->ctx, &w->alice, &query, &page, &info, &error);

  assert_no_error (error);
  return found;
}

static void
a_disk_gets_one_snapshot_of_an_hour (void **state)
{
  World *w = *state;
  const char *disk = add_disk (w), *policy = add_policy (w, NOON, 3);
  g_autofree char *name = g_strdup_printf ("auto_20260102_12_%s", policy);
  g_autoptr (GPtrArray) found = NULL;
  const VmmSnapshot *first;

  apply (w, policy, disk);
  look (w);
  assert_int_equal (world_query (w, AUTO_DONE), 0);
  world_advance_ms (w, TO_NOON_MS);
  settle (w, AUTO_DONE, 1);
  found = snapshots (w, disk);
  first = g_ptr_array_index (found, 0);
  assert_string_equal (first->name, name);
  assert_string_equal (first->policy_id, policy);
  assert_true (first->is_auto);
  assert_int_equal (first->retention_days, 3);
  assert_int_equal (first->expires_ms - first->created_ms, 3 * DAY_MS);
  look (w);
  host_stop (w);
  world_reopen (w);
  host_start (w);
  look (w);
  world_advance_ms (w, VMM_POLICY_HOUR_MS);
  look (w);
  assert_int_equal (world_query (w, AUTO_DONE), 1);
  world_advance_ms (w, DAY_MS);
  look (w);
  assert_int_equal (world_query (w, AUTO_DONE), 1);
  world_advance_ms (w, -VMM_POLICY_HOUR_MS);
  settle (w, AUTO_DONE, 2);
}

static void
a_clock_that_goes_back_takes_none_twice (void **state)
{
  World *w = *state;
  const char *disk = add_disk (w);

  apply (w, add_policy (w, EVERY_HOUR, 0), disk);
  world_advance_ms (w, TO_NOON_MS + 1000);
  settle (w, AUTO_DONE, 1);
  world_advance_ms (w, -2000);
  look (w);
  world_advance_ms (w, 2000);
  look (w);
  assert_int_equal (world_query (w, AUTO_DONE), 1);
  /* From a future that never was it recovers. */
  world_advance_ms (w, 1000 * DAY_MS);
  settle (w, AUTO_DONE, 2);
  world_advance_ms (w, -999 * DAY_MS);
  settle (w, AUTO_DONE, 3);
}

static void
what_was_missed_is_made_up_within_the_hour_alone (void **state)
{
  World *w = *state;
  const char *disk = add_disk (w);

  apply (w, add_policy (w, NOON, 0), disk);
  host_stop (w);
  world_advance_ms (w, TO_NOON_MS + VMM_POLICY_HOUR_MS);
  host_start (w);
  look (w);
  assert_int_equal (world_query (w, AUTO_DONE), 0);
  host_stop (w);
  world_advance_ms (w, DAY_MS - MINUTE_MS);
  host_start (w);
  settle (w, AUTO_DONE, 1);
}

static void
an_hour_that_runs_when_it_is_asked_for_is_none (void **state)
{
  World *w = *state;
  const char *first = add_disk (w), *second = add_disk (w);
  const char *policy = add_policy (w, NOON, 0), *early = add_policy (w, NOON >> 1, 0);
  const OpsPolicySpec noon = { .hours = NOON, .retention_days = -1 };
  g_autoptr (GError) error = NULL;

  apply (w, early, first);
  world_advance_ms (w, TO_NOON_MS + MINUTE_MS);
  apply (w, policy, second);
  assert_true (ops_policy_modify (&w->ctx, &w->alice, early, &noon, &error));
  look (w);
  assert_int_equal (world_query (w, "SELECT count(*) FROM snapshot"), 0);
  world_advance_ms (w, DAY_MS);
  settle (w, AUTO_DONE, 2);
}

static void
all_disks_of_an_instance_are_taken_at_one_instant (void **state)
{
  World *w = *state;
  const char *instance = host_run (w), *disk = add_disk (w), *policy = add_policy (w, NOON, 0);
  g_autofree char *sql = g_strdup_printf (
      "SELECT count(*) FROM disk WHERE state='in-use' AND instance_id='%s'", instance);
  g_autoptr (GPtrArray) found = NULL;
  g_autoptr (GError) error = NULL;
  guint calls;

  assert_true (ops_disk_attach (&w->ctx, &w->alice, disk, instance, NULL, -1, &error));
  settle (w, sql, 2);
  world_exec (w, "UPDATE disk SET policy_id=(SELECT id FROM auto_snapshot_policy)");
  assert_non_null (policy);
  world_advance_ms (w, TO_NOON_MS);
  virt_fake_set_agent (w->host->virt, TRUE);
  calls = virt_fake_calls (w->host->virt);
  settle (w, AUTO_DONE, 2);
  assert_int_equal (world_query (w, "SELECT count(*) FROM snapshot WHERE consistency='frozen'"), 2);
  /* One thaw before, one look, freeze, turn and thaw: for both disks together. */
  assert_true (virt_fake_calls (w->host->virt) - calls < 10);
  assert_false (virt_fake_is_frozen (w->host->virt, instance));
}

static void
a_disk_that_does_not_allow_it_is_tried_again_until_the_hour_is_over (void **state)
{
  World *w = *state;
  const char *disk = add_disk (w), *other = add_disk (w), *policy = add_policy (w, NOON, 0);
  g_autofree char *block
      = g_strdup_printf ("UPDATE disk SET next_layer_id=layer_id WHERE id='%s'", disk);
  g_autofree char *line = g_strdup_printf ("*automatic snapshot of disk %s*", disk);

  apply (w, policy, disk);
  apply (w, policy, other);
  world_exec (w, block);
  log_trap_expect (line);
  world_advance_ms (w, TO_NOON_MS);
  settle (w, AUTO_DONE, 1);
  look (w);
  assert_int_equal (log_trap_count (line), 1);
  world_advance_ms (w, 59 * MINUTE_MS);
  look (w);
  assert_int_equal (world_query (w, AUTO_DONE), 1);
  world_exec (w, "UPDATE disk SET next_layer_id=NULL");
  settle (w, AUTO_DONE, 2);
}

static void
a_disk_may_be_left_out (void **state)
{
  World *w = *state;
  const char *disk = add_disk (w), *ids[] = { disk, NULL };
  const OpsDiskChange off = { .delete_with_instance = -1, .delete_auto_snapshot = -1 };
  const OpsDiskChange on
      = { .delete_with_instance = -1, .delete_auto_snapshot = -1, .enable_auto_snapshot = 1 };
  g_autoptr (GError) error = NULL;

  apply (w, add_policy (w, NOON, 0), disk);
  assert_true (ops_disk_modify (&w->ctx, &w->alice, ids, &off, &error));
  world_advance_ms (w, TO_NOON_MS);
  look (w);
  assert_int_equal (world_query (w, AUTO_DONE), 0);
  assert_true (ops_disk_modify (&w->ctx, &w->alice, ids, &on, &error));
  settle (w, AUTO_DONE, 1);
}

/* One automatic snapshot for each of the next @hours. */
static void
live_through (World *w, guint hours)
{
  for (guint i = 0; i < hours; i++)
    {
      g_autofree char *sql = NULL;

      world_advance_ms (w, i == 0 ? TO_NOON_MS : VMM_POLICY_HOUR_MS);
      sql = g_strdup_printf ("SELECT count(*) FROM snapshot WHERE is_auto=1"
                             " AND state='accomplished' AND created_ms=%" G_GINT64_FORMAT,
                             world_now_ms ());
      settle (w, sql, 1);
    }
}

static const char *
add_mine (World *w, const char *disk)
{
  const OpsSnapshotSpec spec = { .disk_id = disk, .name = "mine" };
  g_autoptr (GError) error = NULL;
  const char *mine = world_keep (w, ops_snapshot_create (&w->ctx, &w->alice, &spec, &error));

  assert_no_error (error);
  settle (w, "SELECT count(*) FROM snapshot WHERE state='progressing'", 0);
  return mine;
}

static void
a_disk_keeps_its_hourly_snapshots (void **state)
{
  World *w = *state;
  const char *disk = add_disk (w);
  g_autoptr (GPtrArray) found = NULL;

  apply (w, add_policy (w, EVERY_HOUR, 0), disk);
  live_through (w, 30);
  settle (w, "SELECT count(*) FROM layer_pull", 0);
  found = snapshots (w, disk);
  assert_int_equal (found->len, 30);
  host_assert_consistent (w);
}

/* As many snapshots of the disk as it may have, copies of its one automatic snapshot but the first,
 * which is its owner's. */
static void
fill_with_copies (World *w)
{
  world_exec (w, "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 254)"
                 " INSERT INTO snapshot (id, account_id, host_id, state, group_id, disk_id,"
                 " is_system, instance_id, image_id, zone_id, category, name, description,"
                 " layer_id, virtual_bytes, is_auto, policy_id, retention_days, consistency,"
                 " created_ms, expires_ms, deadline_ms, reason)"
                 " SELECT 's-copy' || i, account_id, host_id, state, group_id, disk_id,"
                 " is_system, instance_id, image_id, zone_id, category, name, description,"
                 " layer_id, virtual_bytes, is_auto, policy_id, retention_days, consistency,"
                 " created_ms, expires_ms, deadline_ms, reason"
                 " FROM snapshot, n WHERE is_auto=1");
  assert_int_equal (world_query (w, "SELECT count(*) FROM snapshot"), OPS_SNAPSHOTS_MAX);
}

static void
a_full_disk_gives_its_oldest_automatic_snapshot_up (void **state)
{
  World *w = *state;
  const char *disk = add_disk (w), *mine = add_mine (w, disk);
  g_autofree char *newest = NULL, *sql = NULL;
  g_autoptr (GPtrArray) found = NULL, before = NULL;

  log_trap_allow ("*automatic snapshot of disk*");
  apply (w, add_policy (w, EVERY_HOUR, 0), disk);
  live_through (w, 1);
  fill_with_copies (w);
  before = snapshots (w, disk);
  assert_int_equal (before->len, OPS_SNAPSHOTS_MAX);
  newest = g_strdup (((VmmSnapshot *) g_ptr_array_index (before, 0))->id);
  world_advance_ms (w, VMM_POLICY_HOUR_MS);
  sql = g_strdup_printf ("SELECT count(*) FROM snapshot WHERE state='accomplished'"
                         " AND created_ms=%" G_GINT64_FORMAT,
                         world_now_ms ());
  settle (w, sql, 1);
  found = snapshots (w, disk);
  assert_int_equal (found->len, OPS_SNAPSHOTS_MAX);
  assert_string_not_equal (((VmmSnapshot *) g_ptr_array_index (found, 0))->id, newest);
  assert_string_equal (((VmmSnapshot *) g_ptr_array_index (found, found->len - 1))->id, mine);
  host_assert_consistent (w);
}

static void
a_full_disk_gives_none_up_for_one_that_cannot_be_taken (void **state)
{
  World *w = *state;
  const char *disk = add_disk (w);

  add_mine (w, disk);
  log_trap_allow ("*automatic snapshot of disk*");
  apply (w, add_policy (w, EVERY_HOUR, 0), disk);
  live_through (w, 1);
  fill_with_copies (w);
  w->pool_free_bytes = 0;
  world_advance_ms (w, VMM_POLICY_HOUR_MS);
  look (w);
  assert_int_equal (world_query (w, "SELECT count(*) FROM snapshot"), OPS_SNAPSHOTS_MAX);
  w->pool_free_bytes = w->pool_total_bytes;
  settle (w, "SELECT count(*) FROM snapshot WHERE id='s-copy254' OR is_auto=0", 2);
  host_wait_idle (w);
  assert_int_equal (world_query (w, "SELECT count(*) FROM snapshot"), OPS_SNAPSHOTS_MAX);
}

static void
a_full_disk_gives_failed_ones_up_first (void **state)
{
  World *w = *state;
  const char *disk = add_disk (w);
  g_autofree char *sql = NULL;

  add_mine (w, disk);
  log_trap_allow ("*automatic snapshot of disk*");
  apply (w, add_policy (w, EVERY_HOUR, 0), disk);
  live_through (w, 1);
  fill_with_copies (w);
  world_exec (w, "UPDATE snapshot SET state='failed', layer_id=NULL WHERE id='s-copy254'");
  world_advance_ms (w, VMM_POLICY_HOUR_MS);
  sql = g_strdup_printf ("SELECT count(*) FROM snapshot WHERE state='accomplished'"
                         " AND created_ms=%" G_GINT64_FORMAT,
                         world_now_ms ());
  settle (w, sql, 1);
  assert_int_equal (world_query (w, "SELECT count(*) FROM snapshot WHERE state='failed'"), 0);
  assert_int_equal (world_query (w, AUTO_DONE), OPS_SNAPSHOTS_MAX - 1);
}

static void
automatic_snapshots_go_with_a_disk_that_says_so (void **state)
{
  World *w = *state;
  const char *first = add_disk (w), *second = add_disk (w), *ids[] = { first, NULL };
  const char *policy = add_policy (w, NOON, 0);
  const OpsDiskChange change
      = { .delete_with_instance = -1, .delete_auto_snapshot = 1, .enable_auto_snapshot = -1 };
  const OpsSnapshotSpec spec = { .disk_id = first };
  g_autofree char *mine = NULL;
  g_autoptr (GError) error = NULL;

  apply (w, policy, first);
  apply (w, policy, second);
  assert_true (ops_disk_modify (&w->ctx, &w->alice, ids, &change, &error));
  world_advance_ms (w, TO_NOON_MS);
  settle (w, AUTO_DONE, 2);
  mine = ops_snapshot_create (&w->ctx, &w->alice, &spec, &error);
  assert_no_error (error);
  settle (w, "SELECT count(*) FROM snapshot WHERE state='progressing'", 0);
  assert_true (ops_disk_delete (&w->ctx, &w->alice, first, &error));
  assert_true (ops_disk_delete (&w->ctx, &w->alice, second, &error));
  settle (w, "SELECT count(*) FROM disk", 0);
  assert_int_equal (world_query (w, "SELECT count(*) FROM snapshot WHERE is_auto=0"), 1);
  assert_int_equal (world_query (w, AUTO_DONE), 1);
}

static gboolean
few_at_once (World *w, gconstpointer data)
{
  assert_true (world_query (w, "SELECT count(*) FROM snapshot WHERE state='progressing'") <= 8);
  return is_so (w, data);
}

static void
a_hundred_disks_of_one_hour_are_taken_a_few_at_a_time (void **state)
{
  World *w = *state;
  const Wanted wanted = { AUTO_DONE, 100 };
  const OpsDiskSpec spec = { .size_gib = 20 };

  w->pool_free_bytes = w->pool_total_bytes = 10000 * WORLD_GIB;
  add_policy (w, NOON, 0);
  for (guint i = 0; i < 100; i++)
    g_free (ops_disk_create (&w->ctx, &w->alice, &spec, NULL));
  settle (w, "SELECT count(*) FROM disk WHERE state='available'", 100);
  world_exec (w, "UPDATE disk SET policy_id=(SELECT id FROM auto_snapshot_policy)");
  world_advance_ms (w, TO_NOON_MS);
  host_settle (w, few_at_once, &wanted, "each disk has its snapshot");
  assert_int_equal (world_query (w, "SELECT count(DISTINCT disk_id) FROM snapshot"), 100);
}

static void
a_database_that_fails_takes_none_by_halves (void **state)
{
  World *w = *state;
  const char *disk = add_disk (w);

  apply (w, add_policy (w, NOON, 0), disk);
  log_trap_allow ("*trying again*");
  world_exec (w, "CREATE TRIGGER fail BEFORE UPDATE OF auto_point_ms ON disk"
                 " BEGIN SELECT RAISE (ABORT, 'the disk is full'); END");
  world_advance_ms (w, TO_NOON_MS);
  look (w);
  world_exec (w, "DROP TRIGGER fail");
  assert_int_equal (world_query (w, "SELECT (SELECT count(*) FROM snapshot)"
                                    " + (SELECT count(*) FROM disk WHERE next_layer_id<>'')"),
                    0);
  settle (w, AUTO_DONE, 1);
}

int
main (void)
{
  const struct CMUnitTest tests[] = {
    HOST_TEST (a_disk_gets_one_snapshot_of_an_hour),
    HOST_TEST (a_clock_that_goes_back_takes_none_twice),
    HOST_TEST (what_was_missed_is_made_up_within_the_hour_alone),
    HOST_TEST (an_hour_that_runs_when_it_is_asked_for_is_none),
    HOST_TEST (all_disks_of_an_instance_are_taken_at_one_instant),
    HOST_TEST (a_disk_that_does_not_allow_it_is_tried_again_until_the_hour_is_over),
    HOST_TEST (a_disk_may_be_left_out),
    HOST_TEST (a_disk_keeps_its_hourly_snapshots),
    HOST_TEST (a_full_disk_gives_its_oldest_automatic_snapshot_up),
    HOST_TEST (a_full_disk_gives_none_up_for_one_that_cannot_be_taken),
    HOST_TEST (a_full_disk_gives_failed_ones_up_first),
    HOST_TEST (automatic_snapshots_go_with_a_disk_that_says_so),
    HOST_TEST (a_hundred_disks_of_one_hour_are_taken_a_few_at_a_time),
    HOST_TEST (a_database_that_fails_takes_none_by_halves),
  };

  return cmocka_run_group_tests (tests, NULL, NULL);
}
