/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What only a real directory has: owners and modes, crashes, other files, time. */
#include "img-command.h"
#include "img-test.h"
#include <fcntl.h>
#include <glib/gstdio.h>
#include <grp.h>
#include <pwd.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define A "l-aaaaaaaaaaaaaaaaaaaa"
#define B "l-bbbbbbbbbbbbbbbbbbbb"
#define MIB (G_GUINT64_CONSTANT (1) << 20)
#define GIB (G_GUINT64_CONSTANT (1) << 30)
#define TIB (G_GUINT64_CONSTANT (1) << 40)

typedef struct
{
  char *dir;
  char *pool;
} World;

/* The program itself, to be run again as one that is killed. */
static const char *self;

static int
set_up (void **state)
{
  World *world = g_new0 (World, 1);

  world->dir = img_test_dir ();
  world->pool = g_build_filename (world->dir, "pool", NULL);
  *state = world;
  return 0;
}

static int
tear_down (void **state)
{
  World *world = *state;

  img_test_remove (world->dir);
  g_free (world->pool);
  g_free (world->dir);
  g_free (world);
  return 0;
}

static ImgStore *
open_pool (const char *pool, const char *user, const char *group)
{
  const ImgConfig config = { .dir = pool,
                             .qemu_user = user,
                             .qemu_group = group,
                             .import_user = "nobody",
                             .max_virtual_bytes = 32 * TIB };
  g_autoptr (GError) error = NULL;
  ImgStore *store = img_store_new (&config, &error);

  if (store == NULL)
    fail_msg ("%s", error->message);
  return store;
}

static void
create (ImgStore *store, const char *id, const char *parent, guint64 bytes)
{
  g_autoptr (GError) error = NULL;

  if (!store->class->layer_create (store, id, parent, bytes, &error))
    fail_msg ("%s", error->message);
}

static struct stat
stat_of (ImgStore *store, const char *id)
{
  g_autofree char *path = store->class->layer_path (store, id);
  struct stat st;

  assert_int_equal (lstat (path, &st), 0);
  return st;
}

static void
only_qemu_writes_an_active_layer_and_nobody_a_sealed_one (void **state)
{
  const World *world = *state;
  g_autoptr (ImgStore) store = NULL;
  const struct group *group = getgrnam ("daemon");
  const struct passwd *user = getpwnam ("nobody");
  struct stat st;

  if (geteuid () != 0 || group == NULL || user == NULL)
    skip ();
  store = open_pool (world->pool, "nobody", "daemon");
  create (store, A, NULL, MIB);
  st = stat_of (store, A);
  assert_int_equal (st.st_uid, user->pw_uid);
  assert_int_equal (st.st_gid, group->gr_gid);
  assert_int_equal (st.st_mode & 07777, 0600);
  assert_true (store->class->layer_seal (store, A, NULL));
  st = stat_of (store, A);
  assert_int_equal (st.st_uid, 0);
  assert_int_equal (st.st_gid, group->gr_gid);
  assert_int_equal (st.st_mode & 07777, 0440);
}

static void
unknown_users_and_relative_pools_are_errors (void **state)
{
  const World *world = *state;
  const ImgConfig bad[] = {
    { .dir = world->pool, .qemu_user = "no-such-user", .max_virtual_bytes = TIB },
    { .dir = world->pool,
      .qemu_user = "nobody",
      .qemu_group = "no-such-group",
      .max_virtual_bytes = TIB },
    { .dir = "relative/pool", .max_virtual_bytes = TIB },
  };

  for (guint i = geteuid () == 0 ? 0 : 2; i < G_N_ELEMENTS (bad); i++)
    {
      g_autoptr (GError) error = NULL;

      assert_null (img_store_new (&bad[i], &error));
      assert_true (g_error_matches (error, IMG_ERROR, IMG_ERROR_IO));
    }
}

static void
an_overlay_names_its_parent_and_the_parents_format (void **state)
{
  const World *world = *state;
  g_autoptr (ImgStore) store = open_pool (world->pool, NULL, NULL);
  g_autofree char *path = store->class->layer_path (store, B);
  g_autofree char *expected = NULL, *text = NULL;

  create (store, A, NULL, MIB);
  create (store, B, A, MIB);
  expected = g_strdup_printf ("backing file: %s/" A ".qcow2", world->pool);
  assert_int_equal (img_test_run (&text, "qemu-img", "info", "-f", "qcow2", path, NULL), 0);
  assert_non_null (strstr (text, expected));
  assert_non_null (strstr (text, "backing file format: qcow2"));
}

static void
a_layer_that_is_in_use_can_be_a_parent (void **state)
{
  const World *world = *state;
  g_autoptr (ImgStore) store = open_pool (world->pool, NULL, NULL);
  g_autofree char *path = store->class->layer_path (store, A);
  g_autofree char *node
      = g_strdup_printf ("driver=qcow2,node-name=a,file.driver=file,file.filename=%s", path);
  g_autofree char *pid_file = g_build_filename (world->dir, "pid", NULL);
  g_autofree char *pid = NULL;

  create (store, A, NULL, MIB);
  /* Holds the locks that a running guest's QEMU holds. */
  if (img_test_run (NULL, "qemu-storage-daemon", "--blockdev", node, "--pidfile", pid_file,
                    "--daemonize", NULL)
      != 0)
    skip ();
  assert_int_not_equal (img_test_run (NULL, "qemu-img", "resize", "-f", "qcow2", path, "4M", NULL),
                        0);
  create (store, B, A, 2 * MIB);
  assert_true (g_file_get_contents (pid_file, &pid, NULL, NULL));
  assert_int_equal (img_test_run (NULL, "kill", g_strchomp (pid), NULL), 0);
}

static void
files_that_are_not_ours_are_left_alone (void **state)
{
  const World *world = *state;
  g_autofree char *foreign = g_build_filename (world->pool, "notes.qcow2", NULL);
  g_autofree char *hidden = g_build_filename (world->pool, ".new-something", NULL);
  g_autofree char *link = g_build_filename (world->pool, A ".qcow2", NULL);
  g_autofree char *target = g_build_filename (world->dir, "target", NULL);
  g_autoptr (GPtrArray) ids = NULL;
  g_autoptr (ImgStore) store = NULL;
  g_autoptr (GError) error = NULL;

  assert_int_equal (g_mkdir (world->pool, 0755), 0);
  assert_true (g_file_set_contents (foreign, "x", 1, NULL));
  assert_true (g_file_set_contents (hidden, "x", 1, NULL));
  assert_true (g_file_set_contents (target, "x", 1, NULL));
  assert_int_equal (symlink (target, link), 0);
  store = open_pool (world->pool, NULL, NULL);
  ids = store->class->layer_list (store, NULL);
  assert_int_equal (ids->len, 0);
  assert_true (g_file_test (foreign, G_FILE_TEST_EXISTS));
  assert_true (g_file_test (hidden, G_FILE_TEST_EXISTS));
  /* A link in a layer's place is neither followed nor written over. */
  assert_false (store->class->layer_seal (store, A, NULL));
  assert_false (store->class->layer_create (store, A, NULL, MIB, &error));
  assert_true (g_file_test (link, G_FILE_TEST_IS_SYMLINK));
}

static void
what_a_crash_left_half_made_is_swept (void **state)
{
  const World *world = *state;
  g_autofree char *half = g_build_filename (world->pool, ".new-" A ".0badcafe", NULL);
  g_autofree char *work = g_build_filename (world->pool, ".spool", B, "work", NULL);
  g_autofree char *spool = g_build_filename (world->pool, ".spool", B, NULL);
  g_autofree char *out = g_build_filename (work, "out.qcow2", NULL);
  g_autoptr (ImgStore) store = NULL;

  assert_int_equal (g_mkdir_with_parents (work, 0755), 0);
  assert_true (g_file_set_contents (half, "x", 1, NULL));
  assert_true (g_file_set_contents (out, "x", 1, NULL));
  store = open_pool (world->pool, NULL, NULL);
  assert_false (g_file_test (half, G_FILE_TEST_EXISTS));
  assert_false (g_file_test (spool, G_FILE_TEST_EXISTS));
}

/* The one that is killed: makes overlays for ever. */
static int
make_layers (const char *pool, const char *first)
{
  ImgStore *store = open_pool (pool, NULL, NULL);

  for (guint i = 0;; i++)
    {
      g_autofree char *id = g_strdup_printf ("l-%s%018u", first, i);

      if (!store->class->layer_create (store, id, A, 0, NULL))
        return 1;
    }
}

static void
a_kill_at_any_moment_leaves_whole_layers_only (void **state)
{
  const World *world = *state;
  guint found = 0;

  for (guint round = 0; round < 12; round++)
    {
      g_autoptr (ImgStore) store = open_pool (world->pool, NULL, NULL);
      g_autoptr (GPtrArray) ids = store->class->layer_list (store, NULL);
      g_autofree char *first = g_strdup_printf ("%02u", round);
      const char *const argv[] = { self, "--make-layers", world->pool, first, NULL };
      g_auto (ImgCommand) maker = { .argv = argv };

      create (store, A, NULL, MIB);
      for (guint i = 0; i < ids->len; i++)
        {
          g_autofree char *path = store->class->layer_path (store, ids->pdata[i]);

          assert_int_equal (
              img_test_run (NULL, "qemu-img", "check", "-q", "-f", "qcow2", path, NULL), 0);
        }
      found = ids->len;
      /* Killed when its time is over, at another moment each round. */
      maker.timeout_ms = 60 + round * 40;
      assert_false (img_command_run (&maker, NULL));
    }
  /* It did get to work before it was killed. */
  assert_true (found > 1);
}

/* What a new overlay on @parent takes on the host. */
static guint64
bytes_of_overlay (ImgStore *store, const char *parent)
{
  ImgLayerInfo info;

  create (store, B, parent, 0);
  assert_true (store->class->layer_info (store, B, &info, NULL));
  assert_true (store->class->layer_remove (store, B, NULL));
  return info.used_bytes;
}

/* How long it takes is measured by tests/bench/run-disk. */
static void
an_overlay_of_a_tebibyte_takes_what_one_of_a_gibibyte_does (void **state)
{
  const World *world = *state;
  g_autoptr (ImgStore) store = open_pool (world->pool, NULL, NULL);
  guint64 small, large;

  create (store, "l-smallxxxxxxxxxxxxxxx", NULL, GIB);
  create (store, "l-largexxxxxxxxxxxxxxx", NULL, TIB);
  small = bytes_of_overlay (store, "l-smallxxxxxxxxxxxxxxx");
  large = bytes_of_overlay (store, "l-largexxxxxxxxxxxxxxx");
  assert_true (small > 0);
  /* A cluster more for the table of what it rests on. */
  assert_true (large <= small + 65536);
}

#define claim(test) cmocka_unit_test_setup_teardown (test, set_up, tear_down)

int
main (int argc, char **argv)
{
  const struct CMUnitTest tests[] = {
    claim (only_qemu_writes_an_active_layer_and_nobody_a_sealed_one),
    claim (unknown_users_and_relative_pools_are_errors),
    claim (an_overlay_names_its_parent_and_the_parents_format),
    claim (a_layer_that_is_in_use_can_be_a_parent),
    claim (files_that_are_not_ours_are_left_alone),
    claim (what_a_crash_left_half_made_is_swept),
    claim (a_kill_at_any_moment_leaves_whole_layers_only),
    claim (an_overlay_of_a_tebibyte_takes_what_one_of_a_gibibyte_does),
  };

  g_autofree char *path = g_file_read_link ("/proc/self/exe", NULL);

  self = path;
  if (argc == 4 && strcmp (argv[1], "--make-layers") == 0)
    return make_layers (argv[2], argv[3]);
  return cmocka_run_group_tests (tests, NULL, NULL);
}
