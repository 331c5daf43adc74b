/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Snapshots of an instance's disks at one instant, and the way back. */
#include "ops-disk.h"
#include "ops-snapshot-group.h"
#include "ops-snapshot.h"
#include "world-host.h"

typedef struct
{
  const char *sql;
  gint64 value;
} Wanted;

static gboolean
is_so (World *w, gconstpointer data)
{
  const Wanted *wanted = data;

  return world_query (w, wanted->sql) == wanted->value;
}

static void
settle (World *w, const char *sql, gint64 value)
{
  const Wanted wanted = { sql, value };

  host_settle (w, is_so, &wanted, sql);
}

#define DONE "SELECT count(*) FROM snapshot WHERE state='accomplished'"
#define RESTING "SELECT count(*) FROM disk WHERE state NOT IN ('available', 'in-use')"

static const char *
add_disk (World *w)
{
  const OpsDiskSpec spec = { .size_gib = 20 };
  g_autoptr (GError) error = NULL;
  const char *id = world_keep (w, ops_disk_create (&w->ctx, &w->alice, &spec, &error));

  assert_no_error (error);
  settle (w, RESTING, 0);
  return id;
}

/* An instance that runs, with a data disk. */
static const char *
run_with_disk (World *w, const char **out_disk)
{
  const char *instance = host_run (w);
  g_autoptr (GError) error = NULL;

  *out_disk = add_disk (w);
  ops_disk_attach (&w->ctx, &w->alice, *out_disk, instance, NULL, -1, &error);
  assert_no_error (error);
  settle (w, RESTING, 0);
  return instance;
}

static char *
try_group (World *w, const OpsSnapshotGroupSpec *spec, GError **error)
{
  return ops_snapshot_group_create (&w->ctx, &w->alice, spec, error);
}

static const char *
add_group (World *w, const char *instance)
{
  const OpsSnapshotGroupSpec spec = { .instance_id = instance, .name = "before" };
  g_autoptr (GError) error = NULL;
  char *id = try_group (w, &spec, &error);

  assert_no_error (error);
  return world_keep (w, id);
}

static VmmSnapshotGroup *
get_group (World *w, const char *id)
{
  const char *ids[] = { id, NULL };
  const VmmSnapshotGroupQuery query = { .ids = ids };
  const VmmPage page = world_page ();
  g_auto (VmmPageInfo) info = { 0 };
  g_autoptr (GPtrArray) found
      = ops_snapshot_group_list (&w->ctx, &w->alice, &query, &page, &info, NULL);

  if (found->len == 0)
    return NULL;
  assert_int_equal (found->len, 1);
  g_ptr_array_set_free_func (found, NULL);
  return g_ptr_array_index (found, 0);
}

static void
all_disks_of_an_instance_are_frozen_once (void **state)
{
  World *w = *state;
  const char *disk, *instance = run_with_disk (w, &disk), *id;
  g_autoptr (VmmSnapshotGroup) group = NULL;
  guint calls;

  virt_fake_set_agent (w->host->virt, TRUE);
  calls = virt_fake_calls (w->host->virt);
  id = add_group (w, instance);
  settle (w, DONE, 2);
  assert_true (virt_fake_calls (w->host->virt) - calls < 10);
  assert_false (virt_fake_is_frozen (w->host->virt, instance));
  group = get_group (w, id);
  assert_int_equal (group->state, VMM_SNAPSHOT_ACCOMPLISHED);
  assert_string_equal (group->instance_id, instance);
  assert_string_equal (group->name, "before");
  assert_int_equal (group->snapshots->len, 2);
  for (guint i = 0; i < 2; i++)
    {
      const VmmSnapshot *snapshot = g_ptr_array_index (group->snapshots, i);

      assert_string_equal (snapshot->group_id, id);
      assert_int_equal (snapshot->consistency, VMM_CONSISTENCY_FROZEN);
    }
  host_assert_consistent (w);
}

static void
disks_are_named_or_left_out (void **state)
{
  World *w = *state;
  const char *disk, *instance = run_with_disk (w, &disk), *ids[] = { disk, NULL };
  const OpsSnapshotGroupSpec named = { .disk_ids = ids };
  const OpsSnapshotGroupSpec rest = { .instance_id = instance, .exclude_disk_ids = ids };
  g_autoptr (GError) error = NULL;
  g_autofree char *first = try_group (w, &named, &error);
  g_autofree char *second = try_group (w, &rest, &error);

  assert_no_error (error);
  settle (w, DONE, 2);
  {
    g_autoptr (VmmSnapshotGroup) one = get_group (w, first);
    g_autoptr (VmmSnapshotGroup) two = get_group (w, second);

    assert_int_equal (one->snapshots->len, 1);
    assert_string_equal (((VmmSnapshot *) one->snapshots->pdata[0])->disk_id, disk);
    assert_int_equal (two->snapshots->len, 1);
    assert_true (((VmmSnapshot *) two->snapshots->pdata[0])->is_system);
  }
}

static void
disks_of_nobody_or_of_two_instances_are_refused (void **state)
{
  World *w = *state;
  const char *disk, *loose = add_disk (w), *other_disk;
  const char *instance = run_with_disk (w, &disk), *other = run_with_disk (w, &other_disk);
  const char *ids[] = { disk, other_disk, NULL }, *loose_ids[] = { loose, NULL };
  const char *twice[] = { disk, disk, NULL };
  const OpsSnapshotGroupSpec bad[]
      = { { .disk_ids = ids },
          { .disk_ids = loose_ids },
          { .instance_id = other, .disk_ids = ids },
          { .instance_id = instance, .disk_ids = loose_ids },
          { .disk_ids = twice },
          { .name = "nothing" },
          { .instance_id = instance, .disk_ids = loose_ids, .exclude_disk_ids = loose_ids } };
  static const VmmError codes[]
      = { VMM_ERROR_DISK_STATUS,      VMM_ERROR_DISK_STATUS,       VMM_ERROR_DISK_STATUS,
          VMM_ERROR_DISK_STATUS,      VMM_ERROR_DISK_SNAPSHOTTING, VMM_ERROR_MISSING_PARAMETER,
          VMM_ERROR_MISSING_PARAMETER };
  g_autofree char *before = world_dump (w);
  g_autofree char *after = NULL;

  for (guint i = 0; i < G_N_ELEMENTS (bad); i++)
    {
      g_autoptr (GError) error = NULL;

      assert_null (try_group (w, &bad[i], &error));
      assert_vmm_error (error, codes[i]);
    }
  after = world_dump (w);
  assert_string_equal (before, after);
}

static void
a_group_is_failed_when_one_of_its_snapshots_is (void **state)
{
  World *w = *state;
  const char *disk, *instance = run_with_disk (w, &disk), *id = add_group (w, instance);
  g_autoptr (VmmSnapshotGroup) group = NULL;

  settle (w, DONE, 2);
  world_exec (w, "UPDATE snapshot SET state='failed' WHERE is_system=1");
  group = get_group (w, id);
  assert_int_equal (group->state, VMM_SNAPSHOT_FAILED);
}

static void
a_group_goes_with_its_snapshots_and_the_last_takes_it_along (void **state)
{
  World *w = *state;
  const char *disk, *instance = run_with_disk (w, &disk);
  const char *first = add_group (w, instance), *second;
  g_autoptr (VmmSnapshotGroup) group = NULL;
  g_autoptr (GPtrArray) ids = NULL;
  g_autoptr (GError) error = NULL;

  settle (w, DONE, 2);
  second = add_group (w, instance);
  settle (w, DONE, 4);
  ids = ops_snapshot_group_delete (&w->ctx, &w->alice, first, &error);
  assert_int_equal (ids->len, 2);
  assert_null (get_group (w, first));
  assert_int_equal (world_query (w, DONE), 2);
  group = get_group (w, second);
  for (guint i = 0; i < 2; i++)
    {
      g_autoptr (VmmSnapshotGroup) left = get_group (w, second);

      assert_non_null (left);
      assert_true (ops_snapshot_delete (
          &w->ctx, &w->alice, ((VmmSnapshot *) group->snapshots->pdata[i])->id, FALSE, &error));
    }
  assert_null (get_group (w, second));
  assert_null (ops_snapshot_group_delete (&w->ctx, &w->alice, second, &error));
  assert_vmm_error (error, VMM_ERROR_SNAPSHOT_GROUP_NOT_FOUND);
}

static void
several_disks_go_back_together_or_not_at_all (void **state)
{
  World *w = *state;
  const char *disk, *instance = run_with_disk (w, &disk), *id = add_group (w, instance);
  g_autoptr (VmmSnapshotGroup) group = NULL;
  OpsDiskReset resets[2];
  g_autoptr (GError) running = NULL;
  g_autoptr (GError) crossed = NULL;
  g_autoptr (GError) error = NULL;
  g_autofree char *before = NULL;
  g_autofree char *after = NULL;

  settle (w, DONE, 2);
  group = get_group (w, id);
  for (guint i = 0; i < 2; i++)
    {
      const VmmSnapshot *snapshot = g_ptr_array_index (group->snapshots, i);

      resets[i] = (OpsDiskReset){ snapshot->disk_id, snapshot->id };
    }
  assert_false (ops_disk_reset (&w->ctx, &w->alice, resets, 2, &running));
  assert_vmm_error (running, VMM_ERROR_INSTANCE_STATUS);
  ops_instance_stop (&w->ctx, &w->alice, instance, TRUE, &error);
  assert_no_error (error);
  host_settle_state (w, instance, VMM_INSTANCE_STOPPED);
  before = world_dump (w);
  resets[1].snapshot_id = resets[0].snapshot_id;
  assert_false (ops_disk_reset (&w->ctx, &w->alice, resets, 2, &crossed));
  assert_vmm_error (crossed, VMM_ERROR_SNAPSHOT_MISMATCH);
  after = world_dump (w);
  assert_string_equal (before, after);
  resets[1].snapshot_id = ((VmmSnapshot *) group->snapshots->pdata[1])->id;
  assert_true (ops_disk_reset (&w->ctx, &w->alice, resets, 2, &error));
  settle (w, RESTING, 0);
  assert_int_equal (world_query (w,
                                 "SELECT count(*) FROM disk d JOIN layer l ON l.id=d.layer_id"
                                 " JOIN snapshot s ON s.disk_id=d.id AND s.layer_id=l.parent_id"),
                    2);
}

int
main (void)
{
  const struct CMUnitTest tests[] = {
    HOST_TEST (all_disks_of_an_instance_are_frozen_once),
    HOST_TEST (disks_are_named_or_left_out),
    HOST_TEST (disks_of_nobody_or_of_two_instances_are_refused),
    HOST_TEST (a_group_is_failed_when_one_of_its_snapshots_is),
    HOST_TEST (a_group_goes_with_its_snapshots_and_the_last_takes_it_along),
    HOST_TEST (several_disks_go_back_together_or_not_at_all),
  };

  return cmocka_run_group_tests (tests, NULL, NULL);
}
