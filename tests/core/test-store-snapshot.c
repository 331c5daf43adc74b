/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What one snapshot costs among many disks, images and snapshots, and one promise of room among
 * many layers. */
#include "store-image.h"
#include "store-layer.h"
#include "store-snapshot.h"
#include "world.h"

#define FEW 10
#define MANY 20000

/* Layers, disks from snapshots, an image of snapshots, and snapshots: those of @first to @last. */
static void
add (World *w, guint first, guint last)
{
  static const char *const rows[] = {
    "INSERT INTO layer (id, host_id, parent_id, virtual_bytes, created_ms)"
    " SELECT 'l-' || i, host, NULL, 1, 0 FROM n",
    "INSERT INTO disk (id, account_id, host_id, instance_id, image_id, zone_id, name,"
    " description, category, layer_id, device, is_system, delete_with_instance, virtual_bytes,"
    " created_ms, state, source_snapshot_id)"
    " SELECT 'd-' || i, account, host, 'i-' || i, '', 'z', '', '', 'cloud', 'l-' || i,"
    " '/dev/xvdb', 0, 0, 1, i, 'available', 's-' || i FROM n",
    "INSERT INTO image_disk (image_id, position, device, layer_id, snapshot_id, virtual_bytes)"
    " SELECT (SELECT id FROM image), i, '', NULL, 's-' || i, 1 FROM n",
    "INSERT INTO snapshot (id, account_id, host_id, state, group_id, disk_id, is_system,"
    " instance_id, image_id, zone_id, category, name, description, layer_id, virtual_bytes,"
    " is_auto, policy_id, retention_days, consistency, created_ms, expires_ms, deadline_ms,"
    " reason) SELECT 's-' || i, account, host, CASE i WHEN 3 THEN 'progressing' ELSE"
    " 'accomplished' END, '', 'd-' || i, 0, '', '', 'z', 'cloud', '', '', 'l-' || i, 1, 1, '', 0,"
    " 'off', i, 0, 0, '' FROM n",
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autofree char *sql
          = g_strdup_printf ("WITH RECURSIVE n (i, host, account) AS (SELECT %u, '%s', '%s'"
                             " UNION ALL SELECT i + 1, host, account FROM n WHERE i < %u) %s",
                             first, w->ctx.host_id, w->alice.account_id, last, rows[i]);

      world_exec (w, sql);
    }
}

static void
list_one_page (StoreTxn *txn, World *w)
{
  const VmmSnapshotQuery all
      = { .is_system = -1, .is_auto = -1, .is_used_by_image = -1, .is_used_by_disk = -1 };
  const VmmPage page = { .max_results = FEW, .number = 1 };
  g_auto (VmmPageInfo) info = { 0 };
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) found
      = store_snapshot_list (txn, w->alice.account_id, &all, &page, &info, &error);

  assert_no_error (error);
  assert_int_equal (found->len, FEW);
  assert_int_equal (((const VmmSnapshot *) g_ptr_array_index (found, 0))->n_disks, 1);
  assert_int_equal (((const VmmSnapshot *) g_ptr_array_index (found, 0))->n_images, 1);
}

static void
read_one (StoreTxn *txn, World *w)
{
  g_autoptr (VmmSnapshot) one = store_snapshot_get (txn, w->alice.account_id, "s-4", NULL);

  assert_non_null (one);
}

static void
count_users (StoreTxn *txn, World *w)
{
  guint images, disks;

  assert_true (store_snapshot_count_users (txn, "s-4", &images, &disks, NULL));
  assert_int_equal (images, 1);
  assert_int_equal (disks, 1);
}

static void
find_those_under_way (StoreTxn *txn, World *w)
{
  g_autoptr (GPtrArray) of_instance = store_snapshot_progressing (txn, "i-3", NULL, NULL);
  g_autoptr (GPtrArray) of_disk = store_snapshot_progressing (txn, NULL, "d-3", NULL);
  g_autoptr (GPtrArray) none = store_snapshot_progressing (txn, "i-4", NULL, NULL);

  assert_int_equal (of_instance->len, 1);
  assert_int_equal (of_disk->len, 1);
  assert_int_equal (none->len, 0);
}

static void
find_oldest (StoreTxn *txn, World *w)
{
  g_autofree char *id = store_snapshot_oldest_auto (txn, "d-4", NULL);

  assert_null (id); /* an image rests on it */
}

static void
find_waiting_images (StoreTxn *txn, World *w)
{
  g_autoptr (GPtrArray) images = store_image_waiting (txn, "s-4", NULL);

  assert_int_equal (images->len, 0);
}

static void
sum_reservations (StoreTxn *txn, World *w)
{
  guint64 bytes;

  assert_true (store_layer_reserved (txn, w->ctx.host_id, &bytes, NULL));
  assert_int_equal (bytes, 4096);
}

typedef void (*Reading) (StoreTxn *txn, World *w);

/* The least of several times, in microseconds. */
static gint64
time_of (World *w, Reading read)
{
  gint64 least = G_MAXINT64;

  for (guint i = 0; i < 15; i++)
    {
      g_autoptr (StoreTxn) txn = store_begin_read (w->ctx.store, NULL);
      gint64 begin = g_get_monotonic_time ();

      read (txn, w);
      least = MIN (least, g_get_monotonic_time () - begin);
    }
  return least;
}

static void
one_costs_the_same_among_many (void **state)
{
  World *w = *state;
  static const struct
  {
    const char *name;
    Reading read;
  } readings[] = {
    { "a page", list_one_page },          { "one", read_one },
    { "its users", count_users },         { "those under way", find_those_under_way },
    { "the oldest", find_oldest },        { "images that wait", find_waiting_images },
    { "reservations", sum_reservations },
  };
  gint64 few[G_N_ELEMENTS (readings)];
  guint slow = 0;

  world_add_image (w, 1);
  add (w, 1, FEW);
  world_exec (w, "UPDATE layer SET reserved_bytes=4096 WHERE id='l-3'");
  for (guint i = 0; i < G_N_ELEMENTS (readings); i++)
    few[i] = time_of (w, readings[i].read);
  add (w, FEW + 1, MANY);
  for (guint i = 0; i < G_N_ELEMENTS (readings); i++)
    {
      gint64 many = time_of (w, readings[i].read);

      /* Two thousand times as many: what walks them all takes hundreds of times as long. */
      if (many < 10 * few[i] + 300)
        continue;
      print_message ("%s: %d us among few, %d us among many\n", readings[i].name, (int) few[i],
                     (int) many);
      slow++;
    }
  assert_int_equal (slow, 0);
}

int
main (void)
{
  const struct CMUnitTest tests[] = {
    WORLD_TEST (one_costs_the_same_among_many),
  };

  return cmocka_run_group_tests_name ("store-snapshot", tests, NULL, NULL);
}
