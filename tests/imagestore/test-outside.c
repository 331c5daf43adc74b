/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What comes in by the drop folder and goes out by the export folder: the same claims for the fake
 * pool and, with IMG_TEST_REAL, for the file pool. */
#include "img-fake.h"
#include "img-test.h"
#include <glib/gstdio.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#define MIB ((guint64) 1 << 20)
#define TIB ((guint64) 1 << 40)
#define A "l-aaaaaaaaaaaaaaaaaaaa"

/* Folders for what comes and goes lie beside the pool. */
static ImgStore *
open_store (const char *dir)
{
  g_autofree char *drop = g_build_filename (dir, "drop", NULL);
  g_autofree char *exported = g_build_filename (dir, "exported", NULL);
#ifdef IMG_TEST_REAL
  g_autofree char *pool = g_build_filename (dir, "pool", NULL);
  const ImgConfig config = { .dir = pool,
                             .import_user = "nobody",
                             .max_virtual_bytes = 32 * TIB,
                             .drop_dir = drop,
                             .export_dir = exported };
  g_autoptr (GError) error = NULL;
  ImgStore *store = img_store_new (&config, &error);

  assert_non_null (store);
#else
  ImgStore *store = img_fake_new ();

  img_fake_set_folders (store, drop, exported);
#endif
  g_mkdir (drop, 0755);
  g_mkdir (exported, 0755);
  return store;
}

static int
set_up (void **state)
{
  ImgTestWorld *world = img_test_world_new ();

  world->store = open_store (world->dir);
  *state = world;
  return 0;
}

static int
tear_down (void **state)
{
  img_test_world_free (*state);
  return 0;
}

static void
seal_layer (const ImgTestWorld *world)
{
  assert_true (world->store->class->layer_create (world->store, A, NULL, MIB, NULL));
  assert_true (world->store->class->layer_seal (world->store, A, NULL));
}

static char *
exported (const ImgTestWorld *world, const char *name)
{
  return g_build_filename (world->dir, "exported", name, NULL);
}

static gboolean
export_as (const ImgTestWorld *world, const char *folder, const char *name, const char *format,
           GError **error)
{
  const ImgTarget target = { .folder = folder, .name = name, .format = format };

  return world->store->class->export(world->store, A, &target, NULL, NULL, NULL, error);
}

static void
only_sealed_layers_are_exported (void **state)
{
  const ImgTestWorld *world = *state;
  g_autofree char *file = exported (world, "whole.qcow2");
  g_autoptr (GError) unsealed = NULL, format = NULL, name = NULL, folder = NULL;

  assert_true (world->store->class->layer_create (world->store, A, NULL, MIB, NULL));
  assert_false (export_as (world, NULL, "whole.qcow2", "qcow2", &unsealed));
  img_test_assert_refused (unsealed, "sealed", "export");
  assert_true (world->store->class->layer_seal (world->store, A, NULL));
  assert_true (export_as (world, NULL, "whole.qcow2", "qcow2", NULL));
  assert_true (g_file_test (file, G_FILE_TEST_IS_REGULAR));
  assert_false (export_as (world, NULL, "whole.vmdk", "vmdk", &format));
  assert_true (g_error_matches (format, IMG_ERROR, IMG_ERROR_FORMAT));
  assert_false (export_as (world, "absent", "whole.qcow2", "qcow2", &folder));
  assert_true (g_error_matches (folder, IMG_ERROR, IMG_ERROR_NOT_FOUND));
  assert_int_equal (unlink (file), 0);
}

#ifdef IMG_TEST_REAL /* the fake's files are empty */
static void
an_export_is_as_large_as_the_disk_that_is_made_of_it (void **state)
{
  static const char *const formats[] = { "raw", "qcow2" };
  const ImgTestWorld *world = *state;

  assert_true (world->store->class->layer_create (world->store, A, NULL, MIB, NULL));
  assert_true (world->store->class->layer_seal (world->store, A, NULL));
  for (guint i = 0; i < G_N_ELEMENTS (formats); i++)
    for (guint mib = 0; mib <= 3; mib += 3)
      {
        g_autofree char *name = g_strdup_printf ("%u.%s", mib, formats[i]);
        g_autofree char *file = exported (world, name);
        const ImgTarget target = { .name = name, .format = formats[i], .virtual_bytes = mib * MIB };
        g_autofree char *json = NULL, *wanted = NULL;

        assert_true (world->store->class->export(world->store, A, &target, NULL, NULL, NULL, NULL));
        assert_int_equal (
            img_test_run (&json, "qemu-img", "info", "--output=json", "-f", formats[i], file, NULL),
            0);
        wanted = g_strdup_printf ("\"virtual-size\": %u", MAX (mib, 1) * (guint) MIB);
        assert_non_null (strstr (json, wanted));
        assert_int_equal (unlink (file), 0);
      }
}
#endif

static void
an_export_into_a_folder_is_removed_again (void **state)
{
  const ImgTestWorld *world = *state;
  g_autofree char *folder = exported (world, "bucket");
  g_autofree char *file = g_build_filename (folder, "a.raw", NULL);
  const ImgTarget target = { .folder = "bucket", .name = "a.raw", .format = "raw" };
  const ImgTarget nowhere = { .folder = "absent", .name = "a.raw", .format = "raw" };

  seal_layer (world);
  assert_int_equal (g_mkdir (folder, 0755), 0);
  assert_true (export_as (world, "bucket", "a.raw", "raw", NULL));
  assert_true (g_file_test (file, G_FILE_TEST_IS_REGULAR));
  /* Done once more, as after a crash. */
  assert_true (export_as (world, "bucket", "a.raw", "raw", NULL));
  for (guint i = 0; i < 2; i++)
    assert_true (world->store->class->export_remove (world->store, &target, NULL));
  assert_true (world->store->class->export_remove (world->store, &nowhere, NULL));
  assert_false (g_file_test (file, G_FILE_TEST_EXISTS));
  assert_int_equal (g_rmdir (folder), 0);
}

#ifdef IMG_TEST_REAL
static void
an_export_follows_no_link_and_overwrites_nothing (void **state)
{
  const ImgTestWorld *world = *state;
  g_autofree char *canary = g_build_filename (world->dir, "canary", NULL);
  g_autofree char *link = exported (world, "link.raw");
  g_autofree char *part = exported (world, ".other.raw.part");
  g_autofree char *other = exported (world, "other.raw");
  g_autofree char *linked_folder = exported (world, "away");
  g_autofree char *kept = NULL;
  g_autoptr (GError) error = NULL, away = NULL, up = NULL;

  seal_layer (world);
  assert_true (g_file_set_contents (canary, "canary", -1, NULL));
  assert_int_equal (symlink (canary, link), 0);
  assert_int_equal (symlink (canary, part), 0);
  assert_int_equal (symlink (world->dir, linked_folder), 0);
  assert_false (export_as (world, NULL, "link.raw", "raw", &error));
  assert_true (g_error_matches (error, IMG_ERROR, IMG_ERROR_IO));
  assert_true (export_as (world, NULL, "other.raw", "raw", NULL));
  assert_false (export_as (world, "away", "x.raw", "raw", &away));
  assert_true (g_error_matches (away, IMG_ERROR, IMG_ERROR_NOT_FOUND));
  assert_false (export_as (world, "..", "x.raw", "raw", &up));
  assert_true (g_file_get_contents (canary, &kept, NULL, NULL));
  assert_string_equal (kept, "canary");
  assert_false (g_file_test (part, G_FILE_TEST_EXISTS));
  assert_int_equal (unlink (link) | unlink (other) | unlink (linked_folder) | unlink (canary), 0);
}
#endif

/* Imports @name of @folder in the drop folder. */
static gboolean
take (const ImgTestWorld *world, const char *folder, const char *name, const ImgSource *limits,
      GError **error)
{
  ImgSource source = limits != NULL ? *limits : (ImgSource){ 0 };

  source.folder = folder;
  source.name = name;
  source.format = "qcow2";
  return world->store->class->import_from (world->store, A, &source, NULL, NULL, NULL, NULL, error);
}

static void
drop (const ImgTestWorld *world, const char *from, const char *to)
{
  g_autofree char *source = g_build_filename (world->corpus, from, NULL);
  g_autofree char *path = g_build_filename (world->dir, "drop", to, NULL);

  assert_int_equal (img_test_run (NULL, "cp", source, path, NULL), 0);
}

#ifdef IMG_TEST_REAL
/* Somebody else writes into the file system of the export folder. */
static void
fill_once (guint percent, gpointer data)
{
  const char *path = data;
  g_autofree char *bytes = g_malloc0 (22 * MIB);

  if (!g_file_test (path, G_FILE_TEST_EXISTS))
    assert_true (g_file_set_contents (path, bytes, 22 * MIB, NULL));
}

static void
an_export_ends_before_the_file_system_is_full (void **state)
{
  const ImgTestWorld *world = *state;
  const ImgTarget target = { .name = "noise.raw", .format = "raw" };
  g_autofree char *raw = g_build_filename (world->dir, "noise.raw", NULL);
  g_autofree char *folder = g_build_filename (world->dir, "exported", NULL);
  g_autofree char *filler = exported (world, "filler"), *file = exported (world, "noise.raw");
  g_autofree char *part = exported (world, ".noise.raw.part");
  g_autofree char *to = g_strconcat ("of=", raw, NULL);
  g_autoptr (GError) error = NULL;
  gboolean is_alone, is_exported, is_left;

  if (geteuid () != 0)
    skip ();
  assert_int_equal (unshare (CLONE_NEWNS), 0);
  assert_int_equal (mount (NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL), 0);
  assert_int_equal (mount ("none", folder, "tmpfs", 0, "size=64m"), 0);
  assert_int_equal (
      img_test_run (NULL, "dd", "if=/dev/urandom", "bs=1M", "count=40", "status=none", to, NULL),
      0);
  assert_true (
      world->store->class->import (world->store, A, raw, "raw", NULL, NULL, NULL, NULL, NULL));
  is_alone = world->store->class->export(world->store, A, &target, NULL, NULL, NULL, NULL);
  world->store->class->export_remove (world->store, &target, NULL);
  is_exported
      = world->store->class->export(world->store, A, &target, fill_once, filler, NULL, &error);
  is_left = g_file_test (file, G_FILE_TEST_EXISTS) || g_file_test (part, G_FILE_TEST_EXISTS);
  assert_int_equal (umount2 (folder, MNT_DETACH), 0);
  assert_true (is_alone);
  assert_false (is_exported);
  assert_true (g_error_matches (error, IMG_ERROR, IMG_ERROR_SPACE));
  assert_false (is_left);
}

/* Of its own file system a pool keeps what it is told to keep. */
static void
an_export_beside_the_pool_leaves_it_its_room (void **state)
{
  const ImgTestWorld *world = *state;
  const ImgTarget target
      = { .name = "a.raw", .format = "raw", .keep_bytes = G_GUINT64_CONSTANT (1) << 60 };
  g_autoptr (GError) error = NULL;

  seal_layer (world);
  assert_false (world->store->class->export(world->store, A, &target, NULL, NULL, NULL, &error));
  assert_true (g_error_matches (error, IMG_ERROR, IMG_ERROR_SPACE));
  assert_true (export_as (world, NULL, "a.raw", "raw", NULL));
}
#endif

static void
a_file_of_the_drop_folder_is_imported (void **state)
{
  const ImgTestWorld *world = *state;
  g_autofree char *folder = g_build_filename (world->dir, "drop", "bucket", NULL);
  ImgLayerInfo info;

  drop (world, "good--v3.qcow2", "a");
  assert_true (take (world, NULL, "a", NULL, NULL));
  assert_true (world->store->class->layer_info (world->store, A, &info, NULL));
  assert_true (info.is_sealed);
  assert_true (world->store->class->layer_remove (world->store, A, NULL));
  assert_int_equal (g_mkdir (folder, 0755), 0);
  drop (world, "good--v3.qcow2", "bucket/b");
  assert_true (take (world, "bucket", "b", NULL, NULL));
}

static void
nothing_outside_the_drop_folder_is_imported (void **state)
{
  const ImgTestWorld *world = *state;
  g_autofree char *drop_dir = g_build_filename (world->dir, "drop", NULL);
  g_autofree char *outside = g_build_filename (world->dir, "outside", NULL);
  g_autofree char *good = g_build_filename (world->corpus, "good--v3.qcow2", NULL);
  static const struct
  {
    const char *folder, *name, *refusal; /* NULL: not found */
  } cases[] = {
    { NULL, "../outside", "not-a-file" }, { "..", "outside", NULL },
    { NULL, "linked", "not-a-file" },     { "linked-folder", "outside", NULL },
    { NULL, "second", "not-a-file" },     { NULL, "pipe", "not-a-file" },
    { NULL, "folder", "not-a-file" },     { NULL, "absent", NULL },
    { "absent", "outside", NULL },        { NULL, "", "not-a-file" },
    { NULL, ".hidden", "not-a-file" },    { "/", "outside", NULL },
  };

  assert_int_equal (img_test_run (NULL, "cp", good, outside, NULL), 0);
  assert_int_equal (img_test_run (NULL, "sh", "-c",
                                  "cd \"$1\" && ln -s ../outside linked && ln -s .. linked-folder"
                                  " && ln ../outside second && mkfifo pipe && mkdir folder",
                                  "sh", drop_dir, NULL),
                    0);
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (GError) error = NULL;

      assert_false (take (world, cases[i].folder, cases[i].name, NULL, &error));
      if (cases[i].refusal != NULL)
        img_test_assert_refused (error, cases[i].refusal, cases[i].name);
      else
        assert_true (g_error_matches (error, IMG_ERROR, IMG_ERROR_NOT_FOUND));
      assert_false (world->store->class->layer_info (world->store, A, &(ImgLayerInfo){ 0 }, NULL));
    }
}

static void
an_import_keeps_to_its_bounds (void **state)
{
  const ImgTestWorld *world = *state;
  const ImgSource small_disk = { .max_virtual_bytes = 512 };
  g_autoptr (GError) error = NULL;

  drop (world, "good--v3.qcow2", "bounded");
  assert_false (take (world, NULL, "bounded", &small_disk, &error));
  img_test_assert_refused (error, "virtual-size", "a disk of more than a sector");
#ifdef IMG_TEST_REAL
  const ImgSource small_file = { .max_bytes = 4096 };
  g_autoptr (GError) limit = NULL;

  assert_false (take (world, NULL, "bounded", &small_file, &limit));
  img_test_assert_refused (limit, "limit", "a file of more than a page");
#endif
  assert_false (world->store->class->layer_info (world->store, A, &(ImgLayerInfo){ 0 }, NULL));
}

#define claim(name) cmocka_unit_test_setup_teardown (name, set_up, tear_down)

int
main (void)
{
  const struct CMUnitTest tests[] = {
    claim (only_sealed_layers_are_exported),
#ifdef IMG_TEST_REAL
    claim (an_export_is_as_large_as_the_disk_that_is_made_of_it),
#endif
    claim (an_export_into_a_folder_is_removed_again),
#ifdef IMG_TEST_REAL
    claim (an_export_follows_no_link_and_overwrites_nothing),
    claim (an_export_beside_the_pool_leaves_it_its_room),
    claim (an_export_ends_before_the_file_system_is_full),
#endif
    claim (a_file_of_the_drop_folder_is_imported),
    claim (nothing_outside_the_drop_folder_is_imported),
    claim (an_import_keeps_to_its_bounds),
  };

  return cmocka_run_group_tests (tests, NULL, NULL);
}
