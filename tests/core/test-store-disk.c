/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Lists of disks: each filter alone, pages both ways, and what one disk costs among many. */
#include "store-disk.h"
#include "world.h"

static VmmDiskQuery
all (void)
{
  return (VmmDiskQuery){ .is_system = -1,
                         .delete_with_instance = -1,
                         .enable_auto_snapshot = -1,
                         .has_policy = -1,
                         .delete_auto_snapshot = -1 };
}

static GPtrArray *
list (World *w, const VmmDiskQuery *query, const VmmPage *page, VmmPageInfo *info)
{
  g_autoptr (StoreTxn) txn = store_begin_read (w->ctx.store, NULL);
  g_autoptr (GError) error = NULL;
  GPtrArray *found = store_disk_list (txn, w->alice.account_id, query, page, info, &error);

  assert_no_error (error);
  return found;
}

/* How many @query finds; the same number must stand in the total. */
static guint
count (World *w, const VmmDiskQuery *query)
{
  g_auto (VmmPageInfo) info = { 0 };
  VmmPage page = world_page ();
  g_autoptr (GPtrArray) found = list (w, query, &page, &info);

  assert_int_equal (info.total, found->len);
  return found->len;
}

/* @n available disks of @account_id, the first of them being number @first: 'd-<number>'. */
static void
add (World *w, const char *account_id, guint first, guint n)
{
  g_autofree char *layers = g_strdup_printf (
      "WITH RECURSIVE n (i) AS (SELECT %u UNION ALL SELECT i + 1 FROM n WHERE i < %u)"
      " INSERT INTO layer (id, host_id, parent_id, virtual_bytes, created_ms)"
      " SELECT 'l-' || i, '%s', NULL, 1, 0 FROM n",
      first, first + n - 1, w->ctx.host_id);
  g_autofree char *disks = g_strdup_printf (
      "WITH RECURSIVE n (i) AS (SELECT %u UNION ALL SELECT i + 1 FROM n WHERE i < %u)"
      " INSERT INTO disk (id, account_id, host_id, instance_id, image_id, zone_id, name,"
      " description, category, layer_id, device, is_system, delete_with_instance, virtual_bytes,"
      " created_ms, state, source_snapshot_id, policy_id)"
      " SELECT 'd-' || i, '%s', '%s', 'i-' || i, '', 'z', 'disk-' || i, '', 'cloud', 'l-' || i,"
      " '/dev/xvdb', 0, 0, 1, i, 'available', 's-' || i, 'sp-' || i FROM n",
      first, first + n - 1, account_id, w->ctx.host_id);

  world_exec (w, layers);
  world_exec (w, disks);
}

static void
each_filter_narrows (void **state)
{
  World *w = *state;
  static const char *const ids[] = { "d-2", "d-99", "d-11", NULL }, *const none[] = { "x", NULL };
  VmmDiskQuery query = all ();
  const struct
  {
    gsize offset;
    const void *pointer;
    int flag;
    gint64 ms;
    guint found;
  } cases[] = {
#define POINTER(field, value, found) { G_STRUCT_OFFSET (VmmDiskQuery, field), value, -1, -1, found }
#define FLAG(field, value, found)                                                                  \
  {                                                                                                \
    G_STRUCT_OFFSET (VmmDiskQuery, field), NULL, value, -1, found                                  \
  }
#define MS(field, value, found)                                                                    \
  {                                                                                                \
    G_STRUCT_OFFSET (VmmDiskQuery, field), NULL, -1, value, found                                  \
  }
    POINTER (ids, ids, 1),
    POINTER (ids, none, 0),
    POINTER (instance_id, "i-3", 1),
    POINTER (instance_id, "i-11", 0), /* another account's */
    POINTER (name, "disk-1*", 2),
    POINTER (name, "disk-1", 1),
    POINTER (category, "cloud", 9),
    POINTER (category, "cloud_ssd", 1),
    POINTER (zone_id, "z", 10),
    POINTER (zone_id, "y", 0),
    POINTER (status, "Available", 9),
    POINTER (status, "In_use", 1),
    POINTER (status, "All", 10),
    FLAG (is_system, 1, 1),
    FLAG (is_system, 0, 9),
    FLAG (delete_with_instance, 1, 1),
    FLAG (enable_auto_snapshot, 0, 1),
    FLAG (delete_auto_snapshot, 1, 1),
    FLAG (has_policy, 0, 1),
    FLAG (has_policy, 1, 9),
    POINTER (snapshot_id, "s-4", 1),
    POINTER (snapshot_id, "s-11", 0),
    POINTER (policy_id, "sp-5", 1),
    MS (created_from_ms, 8, 3),
    MS (created_to_ms, 8, 8),
  };

  add (w, w->alice.account_id, 1, 10);
  add (w, w->bob.account_id, 11, 10);
  world_exec (w, "UPDATE disk SET category='cloud_ssd', state='in-use', is_system=1,"
                 " delete_with_instance=1, enable_auto_snapshot=0, delete_auto_snapshot=1,"
                 " policy_id='' WHERE id='d-7'");
  assert_int_equal (count (w, &query), 10);
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      VmmDiskQuery one = all ();
      gpointer field = G_STRUCT_MEMBER_P (&one, cases[i].offset);

      if (cases[i].pointer != NULL)
        *(const void **) field = cases[i].pointer;
      else if (cases[i].flag >= 0)
        *(int *) field = cases[i].flag;
      else
        *(gint64 *) field = cases[i].ms;
      assert_int_equal (count (w, &one), cases[i].found);
    }
}

static void
pages_show_all_once_newest_first (void **state)
{
  World *w = *state;
  const VmmDiskQuery query = all ();
  g_autofree char *token = NULL;
  guint at = 25;

  add (w, w->alice.account_id, 1, 25);
  for (guint number = 1; number <= 4; number++)
    {
      g_auto (VmmPageInfo) info = { 0 };
      const VmmPage page = { .number = number, .size = 10 };
      g_autoptr (GPtrArray) found = list (w, &query, &page, &info);

      assert_int_equal (info.total, 25);
      assert_int_equal (found->len, number < 3 ? 10 : number == 3 ? 5 : 0);
    }
  do
    {
      g_auto (VmmPageInfo) info = { 0 };
      const VmmPage page = { .max_results = 10, .next_token = token };
      g_autoptr (GPtrArray) found = list (w, &query, &page, &info);

      for (guint i = 0; i < found->len; i++)
        assert_int_equal (((VmmDisk *) found->pdata[i])->created_ms, at--);
      g_free (token);
      token = g_steal_pointer (&info.next_token);
    }
  while (token != NULL);
  assert_int_equal (at, 0);
}

/* The least of a few times it takes, in microseconds. */
static gint64
time_of (World *w, const VmmDiskQuery *query)
{
  gint64 least = G_MAXINT64;

  for (guint i = 0; i < 15; i++)
    {
      gint64 begin = g_get_monotonic_time ();

      assert_int_equal (count (w, query), 1);
      least = MIN (least, g_get_monotonic_time () - begin);
      /* Counts are remembered until something is written. */
      world_exec (w, "UPDATE disk SET reason='' WHERE id='d-1'");
    }
  return least;
}

static void
one_disk_costs_the_same_among_many (void **state)
{
  World *w = *state;
  static const char *const ids[] = { "d-3", "d-none", "d-nowhere", NULL };
  VmmDiskQuery queries[4] = { all (), all (), all (), all () };
  gint64 few[4];

  queries[0].ids = ids;
  queries[1].instance_id = "i-3";
  queries[2].snapshot_id = "s-3";
  queries[3].policy_id = "sp-3";
  add (w, w->alice.account_id, 1, 10);
  for (guint i = 0; i < G_N_ELEMENTS (queries); i++)
    few[i] = time_of (w, &queries[i]);
  add (w, w->alice.account_id, 11, 30000);
  /* Three thousand times as many: what walks them all takes hundreds of times as long. */
  for (guint i = 0; i < G_N_ELEMENTS (queries); i++)
    assert_true (time_of (w, &queries[i]) < 20 * few[i] + 1000);
}

int
main (void)
{
  const struct CMUnitTest tests[] = {
    WORLD_TEST (each_filter_narrows),
    WORLD_TEST (pages_show_all_once_newest_first),
    WORLD_TEST (one_disk_costs_the_same_among_many),
  };

  return cmocka_run_group_tests_name ("store-disk", tests, NULL, NULL);
}
