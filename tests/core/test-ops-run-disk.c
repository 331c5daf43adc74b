/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Data disks that instances are born with: all or nothing, sizes, devices, names, flags, space. */
#include "ops-disk.h"
#include "store-disk.h"
#include "world.h"
#include <string.h>

static OpsInstanceDisk
data (guint64 size_gib, const char *device)
{
  return (OpsInstanceDisk){ { .size_gib = size_gib }, device, TRUE };
}

static OpsInstanceSpec
spec_with (World *w, const OpsInstanceDisk *disks, guint n)
{
  OpsInstanceSpec spec = world_spec (world_add_image (w, 2));

  spec.disks = disks;
  spec.n_disks = n;
  return spec;
}

/* The ids, which the caller frees. */
static GPtrArray *
create (World *w, const OpsInstanceSpec *spec)
{
  g_autoptr (GError) error = NULL;
  GPtrArray *ids = ops_instance_create (&w->ctx, &w->alice, spec, &error);

  assert_no_error (error);
  return ids;
}

/* @spec is refused with @code and @part in the message, and nothing has changed. */
static void
refuse (World *w, const OpsInstanceSpec *spec, VmmError code, const char *part)
{
  g_autofree char *before = world_dump (w);
  g_autofree char *after = NULL;
  g_autoptr (GError) error = NULL;

  assert_null (ops_instance_create (&w->ctx, &w->alice, spec, &error));
  assert_vmm_message (error, code, part);
  after = world_dump (w);
  assert_string_equal (before, after);
}

/* Its disks, the system disk first; the caller frees them. */
static GPtrArray *
disks_of (World *w, const char *id)
{
  g_autoptr (StoreTxn) txn = store_begin_read (w->ctx.store, NULL);

  return store_disk_list_of (txn, id, NULL);
}

static const VmmDisk *
disk_at (GPtrArray *disks, guint index)
{
  return g_ptr_array_index (disks, index);
}

static void
they_are_there_with_all_that_was_asked (void **state)
{
  World *w = *state;
  OpsInstanceDisk asked[] = { data (20, NULL), data (5, NULL) };
  OpsInstanceSpec spec = spec_with (w, asked, G_N_ELEMENTS (asked));
  g_autoptr (GPtrArray) ids = NULL, disks = NULL;

  asked[0].spec.category = "cloud_essd";
  asked[0].spec.name = "data";
  asked[0].spec.description = "of the web";
  asked[1].spec.file_system = "ext4";
  asked[1].spec.performance_level = "PL2"; /* means nothing for the category cloud */
  asked[1].delete_with_instance = FALSE;
  ids = create (w, &spec);
  disks = disks_of (w, ids->pdata[0]);
  assert_int_equal (disks->len, 3);
  assert_true (disk_at (disks, 0)->is_system);
  assert_string_equal (disk_at (disks, 1)->device, "/dev/xvdb");
  assert_string_equal (disk_at (disks, 1)->category, "cloud_essd");
  assert_string_equal (disk_at (disks, 1)->performance_level, "PL1");
  assert_string_equal (disk_at (disks, 1)->name, "data");
  assert_string_equal (disk_at (disks, 1)->description, "of the web");
  assert_int_equal (disk_at (disks, 1)->virtual_bytes, 20 * WORLD_GIB);
  assert_true (disk_at (disks, 1)->delete_with_instance);
  assert_string_equal (disk_at (disks, 2)->device, "/dev/xvdc");
  assert_string_equal (disk_at (disks, 2)->category, "cloud");
  assert_string_equal (disk_at (disks, 2)->performance_level, "");
  assert_string_equal (disk_at (disks, 2)->file_system, "ext4");
  assert_false (disk_at (disks, 2)->delete_with_instance);
  for (guint i = 0; i < disks->len; i++)
    {
      assert_int_equal (disk_at (disks, i)->state, VMM_DISK_IN_USE);
      assert_true (disk_at (disks, i)->is_creating);
      assert_int_equal (disk_at (disks, i)->deadline_ms, 0);
    }
}

static void
a_named_device_is_given_to_nobody_else (void **state)
{
  World *w = *state;
  const OpsInstanceDisk asked[]
      = { data (5, NULL), data (6, "/dev/xvdb"), data (7, "/dev/xvdd"), data (8, NULL) };
  static const guint sizes[] = { 6, 5, 7, 8 };
  static const char *const devices[] = { "/dev/xvdb", "/dev/xvdc", "/dev/xvdd", "/dev/xvde" };
  OpsInstanceSpec spec = spec_with (w, asked, G_N_ELEMENTS (asked));
  g_autoptr (GPtrArray) ids = create (w, &spec);
  g_autoptr (GPtrArray) disks = disks_of (w, ids->pdata[0]);

  assert_int_equal (disks->len, 5);
  for (guint i = 0; i < G_N_ELEMENTS (sizes); i++)
    {
      assert_string_equal (disk_at (disks, i + 1)->device, devices[i]);
      assert_int_equal (disk_at (disks, i + 1)->virtual_bytes, sizes[i] * WORLD_GIB);
    }
}

static void
each_of_several_instances_has_its_own_with_the_suffix_of_its_name (void **state)
{
  World *w = *state;
  OpsInstanceDisk asked[] = { data (5, NULL), data (5, NULL) };
  OpsInstanceSpec spec = spec_with (w, asked, G_N_ELEMENTS (asked));
  g_autoptr (GPtrArray) ids = NULL;

  asked[0].spec.name = "data";
  spec.system_disk.name = "root";
  spec.system_disk.category = "cloud_essd";
  spec.system_disk.performance_level = "PL0";
  spec.amount = 3;
  spec.unique_suffix = TRUE;
  ids = create (w, &spec);
  for (guint i = 0; i < ids->len; i++)
    {
      g_autoptr (GPtrArray) disks = disks_of (w, ids->pdata[i]);
      g_autofree char *root = g_strdup_printf ("root%03u", i + 1);
      g_autofree char *name = g_strdup_printf ("data%03u", i + 1);

      assert_int_equal (disks->len, 3);
      assert_string_equal (disk_at (disks, 0)->name, root);
      assert_string_equal (disk_at (disks, 0)->performance_level, "PL0");
      assert_string_equal (disk_at (disks, 1)->name, name);
      assert_string_equal (disk_at (disks, 2)->name, "");
    }
  assert_int_equal (world_query (w, "SELECT count(DISTINCT layer_id) FROM disk"), 9);
}

static void
a_bad_one_leaves_nothing (void **state)
{
  World *w = *state;
  static const struct
  {
    OpsInstanceDisk disk;
    VmmError code;
    const char *part;
  } cases[] = {
    { { { .name = "data" } }, VMM_ERROR_MISSING_PARAMETER, "Size" },
    { { { .size_gib = 4 } }, VMM_ERROR_DATA_DISK_SIZE, "cloud is 5 to 2000 GiB, not 4" },
    { { { .size_gib = 2001 } }, VMM_ERROR_DATA_DISK_SIZE, "not 2001" },
    { { { .size_gib = 20, .category = "floppy" } }, VMM_ERROR_DATA_DISK_NOT_SUPPORTED, "floppy" },
    { { { .size_gib = 20, .category = "cloud_essd", .performance_level = "PL2" } },
      VMM_ERROR_DATA_DISK_SIZE,
      "PL2 is 461" },
    { { { .size_gib = 20, .name = "x" } }, VMM_ERROR_DISK_NAME_MALFORMED, "DiskName" },
    { { { .size_gib = 20, .description = "x" } }, VMM_ERROR_DESCRIPTION_MALFORMED, "Descr" },
    { { { .size_gib = 20, .file_system = "fat" } }, VMM_ERROR_INVALID_PARAMETER, "fat" },
    { { { .snapshot_id = "s-none" } }, VMM_ERROR_SNAPSHOT_NOT_FOUND, "s-none" },
    { { { .size_gib = 20 }, "/dev/xvda" }, VMM_ERROR_DEVICE_MALFORMED, "/dev/xvda" },
    { { { .size_gib = 20 }, "/dev/sdb" }, VMM_ERROR_DEVICE_MALFORMED, "/dev/sdb" },
    { { { .size_gib = 20 }, "/dev/xvdc" }, VMM_ERROR_DEVICE_IN_USE, "/dev/xvdc" },
  };
  OpsInstanceDisk asked[] = { data (5, NULL), data (5, "/dev/xvdc"), data (5, NULL) };
  OpsInstanceSpec spec = spec_with (w, asked, G_N_ELEMENTS (asked));
  g_autoptr (GPtrArray) first = create (w, &spec); /* whose default network stays */

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      asked[2] = cases[i].disk;
      refuse (w, &spec, cases[i].code, cases[i].part);
    }
}

static void
seventeen_are_too_many (void **state)
{
  World *w = *state;
  OpsInstanceDisk asked[17];
  OpsInstanceSpec spec = spec_with (w, asked, G_N_ELEMENTS (asked));
  g_autoptr (GPtrArray) ids = NULL, disks = NULL;

  for (guint i = 0; i < G_N_ELEMENTS (asked); i++)
    asked[i] = data (5, NULL);
  refuse (w, &spec, VMM_ERROR_DATA_DISK_LIMIT, "17");
  spec.n_disks = 16;
  ids = create (w, &spec);
  disks = disks_of (w, ids->pdata[0]);
  assert_int_equal (disks->len, 17);
  assert_string_equal (disk_at (disks, 16)->device, "/dev/xvdq");
}

static void
a_suffix_that_makes_a_disk_name_too_long_leaves_nothing (void **state)
{
  World *w = *state;
  g_autofree char *name = g_strnfill (126, 'a');
  OpsInstanceDisk asked[] = { data (5, NULL) };
  OpsInstanceSpec spec = spec_with (w, asked, G_N_ELEMENTS (asked));
  g_autoptr (GPtrArray) first = create (w, &spec);

  asked[0].spec.name = name;
  spec.amount = 2;
  spec.unique_suffix = TRUE;
  refuse (w, &spec, VMM_ERROR_DISK_NAME_MALFORMED, "DiskName");
}

static void
their_space_is_counted (void **state)
{
  World *w = *state;
  OpsInstanceDisk asked[] = { data (600, NULL) };
  OpsInstanceSpec spec = spec_with (w, asked, G_N_ELEMENTS (asked));
  g_autoptr (GPtrArray) first = NULL, second = NULL;
  guint64 total = (guint64) (w->pool_total_bytes * w->config->disk_ratio) / WORLD_GIB;
  guint fit;

  first = create (w, &spec);
  fit = (guint) (total / 602) - 1;
  spec.amount = fit + 1;
  refuse (w, &spec, VMM_ERROR_NO_STOCK, "short of disk space");
  spec.min_amount = 1;
  second = create (w, &spec);
  assert_true (second->len <= fit);
  assert_int_equal (world_query (w, "SELECT count(*) FROM disk"), 2 * (1 + second->len));
}

static void
a_request_that_comes_twice_makes_them_once (void **state)
{
  World *w = *state;
  OpsInstanceDisk asked[] = { data (5, NULL) };
  OpsInstanceSpec spec = spec_with (w, asked, G_N_ELEMENTS (asked));
  g_autoptr (GPtrArray) first = NULL, again = NULL;

  w->alice.client_token = "once";
  first = create (w, &spec);
  again = create (w, &spec);
  assert_string_equal (first->pdata[0], again->pdata[0]);
  assert_int_equal (world_query (w, "SELECT count(*) FROM disk"), 2);
}

/* Gives the image two data disks: one of 5 GiB with a layer on xvdb, one of 6 GiB without on xvdd.
 */
static void
add_image_disks (World *w, const char *image)
{
  g_autofree char *sql = g_strdup_printf (
      "INSERT INTO layer (id, host_id, parent_id, virtual_bytes, created_ms)"
      " SELECT 'l-data', host_id, NULL, 5368709120, 0 FROM layer LIMIT 1;"
      "INSERT INTO image_disk (image_id, position, device, layer_id, snapshot_id, virtual_bytes)"
      " VALUES ('%s', 1, '/dev/xvdb', 'l-data', '', 5368709120),"
      " ('%s', 2, '/dev/xvdd', NULL, '', 6442450944)",
      image, image);
  g_auto (GStrv) statements = g_strsplit (sql, ";", -1);

  for (guint i = 0; statements[i] != NULL; i++)
    world_exec (w, statements[i]);
}

static void
the_disks_of_an_image_come_too (void **state)
{
  World *w = *state;
  const OpsInstanceDisk asked[] = { data (7, NULL) };
  OpsInstanceSpec spec = spec_with (w, asked, G_N_ELEMENTS (asked));
  g_autoptr (GPtrArray) ids = NULL, disks = NULL;

  add_image_disks (w, spec.image_id);
  ids = create (w, &spec);
  disks = disks_of (w, ids->pdata[0]);
  assert_int_equal (disks->len, 4);
  assert_string_equal (disk_at (disks, 1)->device, "/dev/xvdb");
  assert_int_equal (disk_at (disks, 1)->virtual_bytes, 5 * WORLD_GIB);
  assert_string_equal (disk_at (disks, 1)->origin_layer_id, "l-data");
  assert_string_equal (disk_at (disks, 1)->image_id, spec.image_id);
  assert_true (disk_at (disks, 1)->delete_with_instance);
  assert_string_equal (disk_at (disks, 2)->device, "/dev/xvdc");
  assert_int_equal (disk_at (disks, 2)->virtual_bytes, 7 * WORLD_GIB);
  assert_string_equal (disk_at (disks, 3)->device, "/dev/xvdd");
  assert_int_equal (disk_at (disks, 3)->virtual_bytes, 6 * WORLD_GIB);
  assert_null (disk_at (disks, 3)->origin_layer_id);
}

static void
a_disk_asked_for_takes_the_place_of_the_images_on_its_device (void **state)
{
  World *w = *state;
  OpsInstanceDisk asked[] = { data (4, "/dev/xvdb"), data (20, "/dev/xvdd") };
  OpsInstanceSpec spec = spec_with (w, asked, G_N_ELEMENTS (asked));
  g_autoptr (GPtrArray) ids = NULL, disks = NULL, empty = NULL, fresh = NULL;
  OpsInstanceSpec first = world_spec (spec.image_id);
  g_autoptr (GPtrArray) plain = create (w, &first); /* whose default network stays */

  add_image_disks (w, spec.image_id);
  refuse (w, &spec, VMM_ERROR_DISK_TOO_SMALL, "5 GiB");
  asked[0].spec.size_gib = 0;
  asked[0].spec.name = "grown";
  ids = create (w, &spec);
  disks = disks_of (w, ids->pdata[0]);
  assert_int_equal (disks->len, 3);
  assert_int_equal (disk_at (disks, 1)->virtual_bytes, 5 * WORLD_GIB);
  assert_string_equal (disk_at (disks, 1)->origin_layer_id, "l-data");
  assert_string_equal (disk_at (disks, 1)->name, "grown");
  assert_int_equal (disk_at (disks, 2)->virtual_bytes, 20 * WORLD_GIB);
  asked[0].spec.size_gib = 5;
  asked[0].spec.file_system = "ext4";
  fresh = create (w, &spec);
  empty = disks_of (w, fresh->pdata[0]);
  assert_null (disk_at (empty, 1)->origin_layer_id);
}

int
main (void)
{
  const struct CMUnitTest tests[] = {
    WORLD_TEST (they_are_there_with_all_that_was_asked),
    WORLD_TEST (a_named_device_is_given_to_nobody_else),
    WORLD_TEST (each_of_several_instances_has_its_own_with_the_suffix_of_its_name),
    WORLD_TEST (a_bad_one_leaves_nothing),
    WORLD_TEST (seventeen_are_too_many),
    WORLD_TEST (a_suffix_that_makes_a_disk_name_too_long_leaves_nothing),
    WORLD_TEST (their_space_is_counted),
    WORLD_TEST (a_request_that_comes_twice_makes_them_once),
    WORLD_TEST (the_disks_of_an_image_come_too),
    WORLD_TEST (a_disk_asked_for_takes_the_place_of_the_images_on_its_device),
  };

  return cmocka_run_group_tests_name ("ops-run-disk", tests, NULL, NULL);
}
