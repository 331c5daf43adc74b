/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The behaviour of a pool, compiled for the real one (IMG_TEST_REAL) and for the fake. */
#include "img-fake.h"
#include "img-test.h"
#include <pwd.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define A "l-aaaaaaaaaaaaaaaaaaaa"
#define B "l-bbbbbbbbbbbbbbbbbbbb"
#define C "l-cccccccccccccccccccc"
#define MIB (G_GUINT64_CONSTANT (1) << 20)
#define TIB (G_GUINT64_CONSTANT (1) << 40)

static ImgStore *
open_store (const char *dir)
{
#ifdef IMG_TEST_REAL
  g_autofree char *pool = g_build_filename (dir, "pool", NULL);
  const ImgConfig config = { .dir = pool, .import_user = "nobody", .max_virtual_bytes = 32 * TIB };
  g_autoptr (GError) error = NULL;
  ImgStore *store = img_store_new (&config, &error);

  assert_non_null (store);
  return store;
#else
  return img_fake_new ();
#endif
}

static int
set_up_group (void **state)
{
  *state = img_test_world_new ();
  return 0;
}

static int
tear_down_group (void **state)
{
  img_test_world_free (*state);
  return 0;
}

/* Each test begins with an empty pool. */
static int
set_up (void **state)
{
  ImgTestWorld *world = *state;

  world->store = open_store (world->dir);
  return 0;
}

static int
tear_down (void **state)
{
  ImgTestWorld *world = *state;
  g_autoptr (GPtrArray) ids = world->store->class->layer_list (world->store, NULL);

  for (guint i = 0; i < ids->len; i++)
    assert_true (world->store->class->layer_remove (world->store, ids->pdata[i], NULL));
  g_clear_pointer (&world->store, img_store_free);
  return 0;
}

static ImgStore *
store_of (void **state)
{
  return ((ImgTestWorld *) *state)->store;
}

static void
create (ImgStore *store, const char *id, const char *parent, guint64 bytes)
{
  g_autoptr (GError) error = NULL;

  if (!store->class->layer_create (store, id, parent, bytes, &error))
    fail_msg ("%s", error->message);
}

static ImgLayerInfo
info_of (ImgStore *store, const char *id)
{
  g_autoptr (GError) error = NULL;
  ImgLayerInfo info = { 0 };

  if (!store->class->layer_info (store, id, &info, &error))
    fail_msg ("%s", error->message);
  return info;
}

static gboolean
import (void **state, const char *id, const char *name, const char *format, ImgLayerInfo *out,
        GError **error)
{
  const ImgTestWorld *world = *state;
  g_autofree char *path = g_build_filename (world->corpus, name, NULL);

  return world->store->class->import (world->store, id, path, format, NULL, NULL, NULL, out, error);
}

static void
a_new_layer_is_empty_and_unsealed (void **state)
{
  ImgLayerInfo info;

  create (store_of (state), A, NULL, 64 * MIB);
  info = info_of (store_of (state), A);
  assert_int_equal (info.virtual_bytes, 64 * MIB);
  assert_true (info.used_bytes < MIB);
  assert_string_equal (info.parent, "");
  assert_false (info.is_sealed);
}

static void
an_overlay_knows_its_parent (void **state)
{
  create (store_of (state), A, NULL, 64 * MIB);
  create (store_of (state), B, A, 128 * MIB);
  assert_string_equal (info_of (store_of (state), B).parent, A);
  assert_int_equal (info_of (store_of (state), B).virtual_bytes, 128 * MIB);
}

static void
an_overlay_without_a_size_has_its_parents (void **state)
{
  create (store_of (state), A, NULL, 64 * MIB);
  create (store_of (state), B, A, 0);
  assert_int_equal (info_of (store_of (state), B).virtual_bytes, 64 * MIB);
}

static void
creating_again_changes_nothing (void **state)
{
  create (store_of (state), A, NULL, 64 * MIB);
  create (store_of (state), A, NULL, 128 * MIB);
  assert_int_equal (info_of (store_of (state), A).virtual_bytes, 64 * MIB);
}

static void
an_overlay_on_nothing_is_not_found (void **state)
{
  ImgStore *store = store_of (state);
  g_autoptr (GError) error = NULL;

  assert_false (store->class->layer_create (store, B, A, 64 * MIB, &error));
  assert_true (g_error_matches (error, IMG_ERROR, IMG_ERROR_NOT_FOUND));
}

static void
sizes_that_cannot_be_are_refused (void **state)
{
  const struct
  {
    const char *parent;
    guint64 bytes;
  } bad[] = { { NULL, 0 }, { NULL, 511 }, { NULL, 65 * TIB }, { A, 32 * MIB } };
  ImgStore *store = store_of (state);

  create (store, A, NULL, 64 * MIB);
  for (guint i = 0; i < G_N_ELEMENTS (bad); i++)
    {
      g_autoptr (GError) error = NULL;

      assert_false (store->class->layer_create (store, B, bad[i].parent, bad[i].bytes, &error));
      img_test_assert_refused (error, "virtual-size", "create");
    }
}

static void
ids_that_are_none_are_refused_everywhere (void **state)
{
  const char *const bad[] = { "../../etc/passwd", "", "l-AAAAAAAAAAAAAAAAAAAA", A ".qcow2" };
  const ImgTarget target = { .name = "x", .format = "raw" };
  const ImgSource source = { .name = "x", .format = "raw" };
  ImgStore *store = store_of (state);
  const ImgStoreClass *class = store->class;
  ImgLayerInfo info;

  for (guint i = 0; i < G_N_ELEMENTS (bad); i++)
    {
      GError *errors[10] = { NULL };

      assert_false (class->layer_create (store, bad[i], NULL, MIB, &errors[0]));
      assert_false (class->layer_seal (store, bad[i], &errors[1]));
      assert_false (class->layer_remove (store, bad[i], &errors[2]));
      assert_false (class->layer_info (store, bad[i], &info, &errors[3]));
      assert_false (class->layer_grow (store, bad[i], MIB, &errors[4]));
      assert_false (import (state, bad[i], "good--v3.qcow2", "qcow2", NULL, &errors[5]));
      assert_false (class->layer_format (store, bad[i], 64 * MIB, "ext4", "", &errors[6]));
      assert_false (class->layer_pull (store, bad[i], NULL, NULL, NULL, NULL, &errors[7]));
      assert_false (class->export(store, bad[i], &target, NULL, NULL, NULL, &errors[8]));
      assert_false (
          class->import_from (store, bad[i], &source, NULL, NULL, NULL, NULL, &errors[9]));
      assert_null (class->layer_path (store, bad[i]));
      for (guint k = 0; k < G_N_ELEMENTS (errors); k++)
        {
          img_test_assert_refused (errors[k], "layer-id", bad[i]);
          g_clear_error (&errors[k]);
        }
    }
}

static void
a_sealed_layer_stays_and_does_not_grow (void **state)
{
  ImgStore *store = store_of (state);
  g_autoptr (GError) error = NULL;

  create (store, A, NULL, 64 * MIB);
  assert_true (store->class->layer_seal (store, A, NULL));
  assert_true (store->class->layer_seal (store, A, NULL));
  assert_true (info_of (store, A).is_sealed);
  assert_false (store->class->layer_grow (store, A, 128 * MIB, &error));
  img_test_assert_refused (error, "sealed", "grow");
}

static void
a_layer_grows_and_never_shrinks (void **state)
{
  ImgStore *store = store_of (state);
  g_autoptr (GError) error = NULL;

  create (store, A, NULL, 64 * MIB);
  assert_true (store->class->layer_grow (store, A, 128 * MIB, NULL));
  assert_true (store->class->layer_grow (store, A, 128 * MIB, NULL));
  assert_int_equal (info_of (store, A).virtual_bytes, 128 * MIB);
  assert_false (store->class->layer_grow (store, A, 64 * MIB, &error));
  img_test_assert_refused (error, "virtual-size", "shrink");
}

static void
what_is_not_there_is_not_found (void **state)
{
  ImgStore *store = store_of (state);
  GError *errors[3] = { NULL };
  ImgLayerInfo info;

  assert_false (store->class->layer_info (store, A, &info, &errors[0]));
  assert_false (store->class->layer_seal (store, A, &errors[1]));
  assert_false (store->class->layer_grow (store, A, MIB, &errors[2]));
  for (guint i = 0; i < G_N_ELEMENTS (errors); i++)
    {
      assert_true (g_error_matches (errors[i], IMG_ERROR, IMG_ERROR_NOT_FOUND));
      g_clear_error (&errors[i]);
    }
}

static void
removing_what_is_not_there_is_no_error (void **state)
{
  ImgStore *store = store_of (state);

  create (store, A, NULL, MIB);
  assert_true (store->class->layer_remove (store, A, NULL));
  assert_true (store->class->layer_remove (store, A, NULL));
  assert_false (store->class->layer_info (store, A, &(ImgLayerInfo){ 0 }, NULL));
}

static void
the_list_has_every_layer_once (void **state)
{
  ImgStore *store = store_of (state);
  g_autoptr (GPtrArray) ids = NULL;

  create (store, A, NULL, MIB);
  create (store, B, A, MIB);
  create (store, C, NULL, MIB);
  assert_true (store->class->layer_remove (store, C, NULL));
  ids = store->class->layer_list (store, NULL);
  assert_int_equal (ids->len, 2);
  assert_true (g_ptr_array_find_with_equal_func (ids, A, g_str_equal, NULL));
  assert_true (g_ptr_array_find_with_equal_func (ids, B, g_str_equal, NULL));
}

static void
paths_are_absolute_and_differ (void **state)
{
  ImgStore *store = store_of (state);
  g_autofree char *a = store->class->layer_path (store, A);
  g_autofree char *b = store->class->layer_path (store, B);

  assert_true (g_path_is_absolute (a));
  assert_true (g_str_has_suffix (a, "/" A ".qcow2"));
  assert_string_not_equal (a, b);
}

static void
an_image_is_imported_sealed (void **state)
{
  ImgLayerInfo info = { 0 };
  g_autoptr (GError) error = NULL;

  if (!import (state, A, "good--v3.qcow2", "qcow2", &info, &error))
    fail_msg ("%s", error->message);
  assert_int_equal (info.virtual_bytes, MIB);
  assert_string_equal (info.parent, "");
  assert_true (info_of (store_of (state), A).is_sealed);
}

static void
a_raw_image_is_imported_when_so_said (void **state)
{
  ImgLayerInfo info = { 0 };

  assert_true (import (state, A, "good--disk.raw", "raw", &info, NULL));
  assert_int_equal (info.virtual_bytes, MIB);
}

static void
importing_again_changes_nothing (void **state)
{
  ImgLayerInfo info = { 0 };

  assert_true (import (state, A, "good--v3.qcow2", "qcow2", NULL, NULL));
  assert_true (import (state, A, "good--small-clusters.qcow2", "qcow2", &info, NULL));
  assert_int_equal (info.virtual_bytes, MIB);
}

static void
formats_that_we_do_not_take_are_named (void **state)
{
  const char *const formats[] = { "vmdk", "vhd", "auto", "", "RAW" };

  for (guint i = 0; i < G_N_ELEMENTS (formats); i++)
    {
      g_autoptr (GError) error = NULL;

      assert_false (import (state, A, "good--v3.qcow2", formats[i], NULL, &error));
      assert_true (g_error_matches (error, IMG_ERROR, IMG_ERROR_FORMAT));
    }
}

static void
a_refused_image_leaves_no_layer (void **state)
{
  ImgStore *store = store_of (state);
  g_autoptr (GError) error = NULL, gone = NULL;
  g_autoptr (GPtrArray) ids = NULL;

  assert_false (import (state, A, "backing-file--json.qcow2", "qcow2", NULL, &error));
  img_test_assert_refused (error, "backing-file", "import");
  assert_false (import (state, A, "no such file", "qcow2", NULL, &gone));
  assert_true (g_error_matches (gone, IMG_ERROR, IMG_ERROR_NOT_FOUND));
  ids = store->class->layer_list (store, NULL);
  assert_int_equal (ids->len, 0);
}

static void
cancel (guint percent, gpointer data)
{
  g_cancellable_cancel (data);
}

static void
an_import_that_is_cancelled_leaves_no_layer (void **state)
{
  const ImgTestWorld *world = *state;
  g_autofree char *path = g_build_filename (world->corpus, "good--v3.qcow2", NULL);
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) ids = NULL;

  assert_false (world->store->class->import (world->store, A, path, "qcow2", cancel, cancellable,
                                             cancellable, NULL, &error));
  assert_true (g_error_matches (error, IMG_ERROR, IMG_ERROR_CANCELLED));
  ids = world->store->class->layer_list (world->store, NULL);
  assert_int_equal (ids->len, 0);
}

static void
a_layer_is_pulled_upon_one_further_down (void **state)
{
  ImgStore *store = store_of (state);
  g_autoptr (GError) error = NULL;

  create (store, A, NULL, 64 * MIB);
  create (store, B, A, 0);
  create (store, C, B, 128 * MIB);
  assert_true (store->class->layer_seal (store, B, NULL));
  if (!store->class->layer_pull (store, C, A, NULL, NULL, NULL, &error))
    fail_msg ("%s", error->message);
  assert_string_equal (info_of (store, C).parent, A);
  assert_int_equal (info_of (store, C).virtual_bytes, 128 * MIB);
  /* Again, and then upon nothing. */
  assert_true (store->class->layer_pull (store, C, A, NULL, NULL, NULL, NULL));
  assert_true (store->class->layer_pull (store, C, NULL, NULL, NULL, NULL, NULL));
  assert_string_equal (info_of (store, C).parent, "");
}

static void
a_sealed_layer_is_still_sealed_after_a_pull (void **state)
{
  ImgStore *store = store_of (state);

  create (store, A, NULL, 64 * MIB);
  create (store, B, A, 0);
  assert_true (store->class->layer_seal (store, B, NULL));
  assert_true (store->class->layer_pull (store, B, NULL, NULL, NULL, NULL, NULL));
  assert_true (info_of (store, B).is_sealed);
  assert_string_equal (info_of (store, B).parent, "");
}

static void
a_pull_upon_what_is_not_below_is_refused (void **state)
{
  ImgStore *store = store_of (state);
  g_autoptr (GError) beside = NULL, upwards = NULL, absent = NULL;

  create (store, A, NULL, 64 * MIB);
  create (store, B, A, 0);
  create (store, C, NULL, 64 * MIB);
  assert_false (store->class->layer_pull (store, B, C, NULL, NULL, NULL, &beside));
  img_test_assert_refused (beside, "layer-tree", "pull");
  assert_false (store->class->layer_pull (store, A, B, NULL, NULL, NULL, &upwards));
  img_test_assert_refused (upwards, "layer-tree", "pull");
  assert_string_equal (info_of (store, B).parent, A);
  assert_true (store->class->layer_remove (store, C, NULL));
  assert_false (store->class->layer_pull (store, C, A, NULL, NULL, NULL, &absent));
  assert_true (g_error_matches (absent, IMG_ERROR, IMG_ERROR_NOT_FOUND));
}

static void
a_cancelled_pull_changes_nothing (void **state)
{
  ImgStore *store = store_of (state);
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_autoptr (GError) error = NULL;

  create (store, A, NULL, 64 * MIB);
  create (store, B, A, 0);
  g_cancellable_cancel (cancellable);
  assert_false (store->class->layer_pull (store, B, NULL, NULL, NULL, cancellable, &error));
  assert_true (g_error_matches (error, IMG_ERROR, IMG_ERROR_CANCELLED));
  assert_string_equal (info_of (store, B).parent, A);
}

static void
a_layer_with_a_file_system_is_unsealed_and_has_its_size (void **state)
{
  ImgStore *store = store_of (state);
  g_autoptr (GError) error = NULL;

  if (!store->class->layer_format (store, A, 64 * MIB, "ext4", "data", &error))
    fail_msg ("%s", error->message);
  assert_int_equal (info_of (store, A).virtual_bytes, 64 * MIB);
  assert_false (info_of (store, A).is_sealed);
  assert_true (store->class->layer_format (store, A, 64 * MIB, "ext4", "data", NULL));
}

static void
unknown_file_systems_are_refused (void **state)
{
  ImgStore *store = store_of (state);
  g_autoptr (GError) error = NULL;

  assert_false (store->class->layer_format (store, A, 64 * MIB, "ntfs", "", &error));
  img_test_assert_refused (error, "file-system", "format");
  assert_false (store->class->layer_info (store, A, &(ImgLayerInfo){ 0 }, NULL));
}

static void
the_space_is_told (void **state)
{
  ImgStore *store = store_of (state);
  guint64 total = 0, free_bytes = 0;

  assert_true (store->class->space (store, &total, &free_bytes, NULL));
  assert_true (free_bytes > 0);
  assert_true (free_bytes <= total);
}

static gpointer
make_and_remove (gpointer data)
{
  ImgStore *store = data;
  static gint next = 0;
  g_autofree char *id = g_strdup_printf ("l-%020d", g_atomic_int_add (&next, 1));

  for (guint i = 0; i < 5; i++)
    {
      if (!store->class->layer_create (store, id, A, 0, NULL)
          || !store->class->layer_seal (store, id, NULL)
          || (i < 4 && !store->class->layer_remove (store, id, NULL)))
        return NULL;
    }
  return store;
}

static void
threads_work_on_layers_of_their_own (void **state)
{
  ImgStore *store = store_of (state);
  g_autoptr (GPtrArray) ids = NULL;
  GThread *threads[8];

  create (store, A, NULL, MIB);
  for (guint i = 0; i < G_N_ELEMENTS (threads); i++)
    threads[i] = g_thread_new ("layers", make_and_remove, store);
  for (guint i = 0; i < G_N_ELEMENTS (threads); i++)
    assert_non_null (g_thread_join (threads[i]));
  ids = store->class->layer_list (store, NULL);
  assert_int_equal (ids->len, G_N_ELEMENTS (threads) + 1);
}

#ifndef IMG_TEST_REAL
static void
the_nth_call_fails_on_request_and_changes_nothing (void **state)
{
  ImgStore *store = store_of (state);
  g_autoptr (GError) error = NULL;
  guint before = img_fake_calls (store);

  img_fake_fail_at (store, 2, IMG_ERROR_SPACE);
  assert_true (store->class->layer_create (store, A, NULL, MIB, NULL));
  assert_false (store->class->layer_create (store, B, A, MIB, &error));
  assert_true (g_error_matches (error, IMG_ERROR, IMG_ERROR_SPACE));
  assert_false (store->class->layer_info (store, B, &(ImgLayerInfo){ 0 }, NULL));
  assert_true (store->class->layer_create (store, B, A, MIB, NULL));
  assert_int_equal (img_fake_calls (store) - before, 4);
}

static void
a_full_fake_pool_has_no_space (void **state)
{
  ImgStore *store = store_of (state);
  g_autoptr (GError) error = NULL;

  img_fake_set_space (store, 1000, 1000);
  assert_false (store->class->layer_create (store, A, NULL, MIB, &error));
  assert_true (g_error_matches (error, IMG_ERROR, IMG_ERROR_SPACE));
}

static void
used_bytes_are_what_the_test_said (void **state)
{
  create (store_of (state), A, NULL, MIB);
  img_fake_set_used (store_of (state), A, 12345);
  assert_int_equal (info_of (store_of (state), A).used_bytes, 12345);
}
#endif

#define claim(test) cmocka_unit_test_setup_teardown (test, set_up, tear_down)

int
main (void)
{
  const struct CMUnitTest tests[] = {
    claim (a_new_layer_is_empty_and_unsealed),
    claim (an_overlay_knows_its_parent),
    claim (an_overlay_without_a_size_has_its_parents),
    claim (creating_again_changes_nothing),
    claim (an_overlay_on_nothing_is_not_found),
    claim (sizes_that_cannot_be_are_refused),
    claim (ids_that_are_none_are_refused_everywhere),
    claim (a_sealed_layer_stays_and_does_not_grow),
    claim (a_layer_grows_and_never_shrinks),
    claim (what_is_not_there_is_not_found),
    claim (removing_what_is_not_there_is_no_error),
    claim (the_list_has_every_layer_once),
    claim (paths_are_absolute_and_differ),
    claim (an_image_is_imported_sealed),
    claim (a_raw_image_is_imported_when_so_said),
    claim (importing_again_changes_nothing),
    claim (formats_that_we_do_not_take_are_named),
    claim (a_refused_image_leaves_no_layer),
    claim (an_import_that_is_cancelled_leaves_no_layer),
    claim (a_layer_is_pulled_upon_one_further_down),
    claim (a_sealed_layer_is_still_sealed_after_a_pull),
    claim (a_pull_upon_what_is_not_below_is_refused),
    claim (a_cancelled_pull_changes_nothing),
    claim (a_layer_with_a_file_system_is_unsealed_and_has_its_size),
    claim (unknown_file_systems_are_refused),
    claim (the_space_is_told),
    claim (threads_work_on_layers_of_their_own),
#ifndef IMG_TEST_REAL
    claim (the_nth_call_fails_on_request_and_changes_nothing),
    claim (a_full_fake_pool_has_no_space),
    claim (used_bytes_are_what_the_test_said),
#endif
  };

  return cmocka_run_group_tests (tests, set_up_group, tear_down_group);
}
