/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Hostile images against the real pool, and hostile programs against the confinement itself:
 * nothing of the host comes in, nothing stays behind. */
#include "img-command.h"
#include "img-test.h"
#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <sched.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#define ID "l-hhhhhhhhhhhhhhhhhhhh"
#define CANARY "host-canary-7d1f0c55e2"
#define TIB (G_GUINT64_CONSTANT (1) << 40)
#define NOBODY "65534"

typedef struct
{
  char *dir;
  char *canary;
  char *corpus;
  char *pool;
  ImgStore *store;
} World;

static int
set_up (void **state)
{
  World *world = g_new0 (World, 1);

  world->dir = img_test_dir ();
  world->canary = g_build_filename (world->dir, "canary", NULL);
  world->pool = g_build_filename (world->dir, "pool", NULL);
  /* All the world may read them: only the confinement keeps it from the program. */
  assert_int_equal (chmod (world->dir, 0755), 0);
  assert_true (g_file_set_contents (world->canary, CANARY, -1, NULL));
  assert_int_equal (chmod (world->canary, 0644), 0);
  world->corpus = img_test_corpus (world->dir, world->canary);

  const ImgConfig config
      = { .dir = world->pool, .import_user = "nobody", .max_virtual_bytes = 64 * TIB };
  world->store = img_store_new (&config, NULL);
  assert_non_null (world->store);
  *state = world;
  return 0;
}

static int
tear_down (void **state)
{
  World *world = *state;

  img_store_free (world->store);
  img_test_remove (world->dir);
  g_free (world->dir);
  g_free (world->canary);
  g_free (world->corpus);
  g_free (world->pool);
  g_free (world);
  return 0;
}

/* Names in the pool and its spool, sorted, as one text. */
static char *
content (const World *world)
{
  char *text = NULL;

  assert_int_equal (img_test_run (&text, "find", world->pool, NULL), 0);
  return text;
}

static void
check_claim (const char *path, const char *claim, const char *format, gpointer data)
{
  const World *world = data;
  g_autofree char *before = content (world);
  g_autofree char *after = NULL;
  g_autoptr (GError) error = NULL;
  gboolean is_taken = world->store->class->import (world->store, ID, path, format, NULL, NULL, NULL,
                                                   NULL, &error);

  if (strcmp (claim, "good") != 0)
    img_test_assert_refused (error, claim, path);
  else if (!is_taken)
    fail_msg ("%s: %s", path, error->message);
  if (is_taken)
    {
      g_autofree char *file = world->store->class->layer_path (world->store, ID);

      /* An image of ours, whole, resting on nothing, and without a byte of the host's file. */
      assert_int_equal (img_test_run (NULL, "qemu-img", "check", "-q", "-f", "qcow2", file, NULL),
                        0);
      assert_int_equal (img_test_run (NULL, "grep", "-qF", CANARY, file, NULL), 1);
      assert_true (world->store->class->layer_remove (world->store, ID, NULL));
    }
  after = content (world);
  assert_string_equal (before, after);
}

static void
every_image_is_taken_or_refused_and_leaves_nothing (void **state)
{
  img_test_each (((World *) *state)->corpus, check_claim, *state);
}

static void
what_an_import_made_is_what_the_image_held (void **state)
{
  const World *world = *state;
  const char *const names[]
      = { "good--v2.qcow2", "good--dirty.qcow2", "good--large-clusters.qcow2" };

  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    {
      g_autofree char *path = g_build_filename (world->corpus, names[i], NULL);
      g_autofree char *file = world->store->class->layer_path (world->store, ID);

      assert_true (world->store->class->import (world->store, ID, path, "qcow2", NULL, NULL, NULL,
                                                NULL, NULL));
      assert_int_equal (img_test_run (NULL, "qemu-img", "compare", "-f", "qcow2", "-F", "qcow2",
                                      path, file, NULL),
                        0);
      assert_true (world->store->class->layer_remove (world->store, ID, NULL));
    }
}

static void
what_is_no_regular_file_is_refused_by_import (void **state)
{
  const World *world = *state;
  g_autofree char *link = g_build_filename (world->dir, "link", NULL);
  g_autofree char *pipe = g_build_filename (world->dir, "pipe", NULL);
  const char *paths[] = { link, pipe, world->dir, "/dev/zero" };

  assert_int_equal (symlink (world->canary, link), 0);
  assert_int_equal (mkfifo (pipe, 0644), 0);
  for (guint i = 0; i < G_N_ELEMENTS (paths); i++)
    {
      g_autoptr (GError) error = NULL;

      assert_false (world->store->class->import (world->store, ID, paths[i], "raw", NULL, NULL,
                                                 NULL, NULL, &error));
      img_test_assert_refused (error, "not-a-file", paths[i]);
    }
}

/* A directory as the helper wants it, with work/ in nobody's hands. */
static char *
make_cell (const World *world)
{
  char *cell = g_build_filename (world->dir, "cell-XXXXXX", NULL);
  g_autofree char *root = NULL, *work = NULL;

  assert_non_null (g_mkdtemp (cell));
  root = g_build_filename (cell, "root", NULL);
  work = g_build_filename (cell, "work", NULL);
  assert_int_equal (g_mkdir (root, 0755), 0);
  assert_int_equal (g_mkdir (work, 0700), 0);
  if (geteuid () == 0)
    assert_int_equal (chown (work, 65534, 65534), 0);
  return cell;
}

/* Runs a shell script in the cell under the helper; its status, and what it said in @command. */
static int
run_confined (const World *world, ImgCommand *command, const char *file_bytes,
              const char *cpu_seconds, const char *script)
{
  g_autofree char *cell = make_cell (world);
  const char *const argv[] = { g_getenv ("VMMD_IMG_HELPER"),
                               cell,
                               NOBODY,
                               NOBODY,
                               "2147483648",
                               file_bytes,
                               cpu_seconds,
                               "sh",
                               "-c",
                               script,
                               NULL };
  g_autoptr (GError) error = NULL;

  command->argv = argv;
  command->timeout_ms = 20000;
  if (!img_command_run (command, &error))
    fail_msg ("%s", error->message);
  command->argv = NULL;
  return command->status;
}

static int
confined (const World *world, const char *script)
{
  g_auto (ImgCommand) command = { 0 };

  return run_confined (world, &command, "1048576", "10", script);
}

static void
a_confined_program_sees_nothing_of_the_host (void **state)
{
  const World *world = *state;
  g_auto (ImgCommand) command = { 0 };
  g_autofree char *read_canary = g_strdup_printf ("cat %s", world->canary);

  assert_int_not_equal (confined (world, read_canary), 0);
  assert_int_not_equal (confined (world, "cat /etc/passwd"), 0);
  assert_int_not_equal (confined (world, "ls /proc/self"), 0);
  assert_int_not_equal (confined (world, "ls /dev/zero"), 0);
  assert_int_equal (run_confined (world, &command, "1048576", "10", "cd / && ls -A"), 0);
  assert_null (strstr (command.output->str, "etc"));
  assert_null (strstr (command.output->str, "home"));
  assert_non_null (strstr (command.output->str, "usr"));
}

static void
a_confined_program_writes_in_its_directory_only (void **state)
{
  const World *world = *state;

  assert_int_equal (confined (world, "echo x > file && cat file"), 0);
  assert_int_not_equal (confined (world, "echo x > /file"), 0);
  assert_int_not_equal (confined (world, "echo x > /usr/file"), 0);
  assert_int_not_equal (confined (world, "echo x > /usr/bin/file"), 0);
  assert_int_not_equal (confined (world, "echo x > /dev/file"), 0);
}

static void
a_confined_program_has_no_rights_and_cannot_gain_any (void **state)
{
  const World *world = *state;
  g_auto (ImgCommand) command = { 0 };

  assert_int_equal (run_confined (world, &command, "1048576", "10", "id -u; id -G; echo $$"), 0);
  assert_string_equal (command.output->str, "65534\n65534\n1\n");
  assert_int_not_equal (confined (world, "mount -t tmpfs none ."), 0);
  assert_int_not_equal (confined (world, "unshare -r true"), 0);
#ifdef __x86_64__ /* a fork with a user namespace, and one without */
  assert_int_equal (confined (world, "perl -e 'exit (syscall (56, 0x10000011, 0, 0, 0, 0) != -1)'"),
                    0);
  assert_int_equal (confined (world, "perl -e 'exit (syscall (56, 0x11, 0, 0, 0, 0) == -1)'"), 0);
  assert_int_equal (confined (world, "perl -e 'exit (syscall (435, 0, 0) != -1 || $! != 38)'"), 0);
#endif
  assert_int_not_equal (confined (world, "chroot . true"), 0);
  assert_int_not_equal (confined (world, "kill -0 1"), 0);
}

static void
a_confined_program_has_no_sockets (void **state)
{
  const World *world = *state;
  g_auto (ImgCommand) command = { 0 };

  run_confined (world, &command, "1048576", "10",
                "python3 -S -c 'import socket\n"
                "for f in (socket.AF_UNIX, socket.AF_INET, socket.AF_NETLINK):\n"
                "  try: socket.socket(f, socket.SOCK_DGRAM); print(\"open\")\n"
                "  except PermissionError: print(\"refused\")'");
  assert_string_equal (command.output->str, "refused\nrefused\nrefused\n");
}

static void
qemu_img_itself_reaches_no_other_file (void **state)
{
  const World *world = *state;
  g_autofree char *cell = make_cell (world);
  g_autofree char *in = g_build_filename (cell, "work", "in", NULL);
  g_autofree char *evil = g_build_filename (world->corpus, "backing-file--with-format.qcow2", NULL);
  g_autofree char *direct = NULL;
  const char *const argv[] = { g_getenv ("VMMD_IMG_HELPER"),
                               cell,
                               NOBODY,
                               NOBODY,
                               "2147483648",
                               "1048576",
                               "10",
                               "qemu-img",
                               "convert",
                               "-f",
                               "qcow2",
                               "-O",
                               "raw",
                               "in",
                               "out",
                               NULL };
  g_auto (ImgCommand) command = { .argv = argv, .timeout_ms = 20000 };

  /* The image does its work where nothing hinders it, so what follows proves something. */
  direct = g_build_filename (world->dir, "direct", NULL);
  assert_int_equal (
      img_test_run (NULL, "qemu-img", "convert", "-f", "qcow2", "-O", "raw", evil, direct, NULL),
      0);
  assert_int_equal (img_test_run (NULL, "cp", evil, in, NULL), 0);
  assert_int_equal (chmod (in, 0644), 0);
  assert_true (img_command_run (&command, NULL));
  assert_int_not_equal (command.status, 0);
  assert_non_null (strstr (command.errors->str, "No such file"));
  assert_int_equal (img_test_run (NULL, "grep", "-rqF", CANARY, cell, NULL), 1);
}

static void
limits_end_a_confined_program (void **state)
{
  const World *world = *state;
  g_auto (ImgCommand) large = { 0 }, busy = { 0 };

  assert_int_not_equal (
      run_confined (world, &large, "4096", "10", "head -c 9000 /usr/bin/env > file"), 0);
  assert_int_equal (run_confined (world, &busy, "4096", "1", "while :; do :; done"), 124);
  assert_true (g_str_has_prefix (busy.errors->str, "vmmd-img-helper: limit"));
  assert_int_not_equal (confined (world, "python3 -S -c 'x = bytearray(3 << 30)'"), 0);
  if (geteuid () == 0)
    assert_int_equal (confined (world, "perl -e 'for (1..2100) { $p = fork; exit 7 if !defined $p;"
                                       " if (!$p) { sleep 60; exit } }'"),
                      7);
}

static void
the_deadline_ends_all_of_it (void **state)
{
  const World *world = *state;
  g_autofree char *cell = make_cell (world);
  const char *const argv[] = {
    g_getenv ("VMMD_IMG_HELPER"),     cell, NOBODY, NOBODY, "2147483648", "4096", "100", "sh", "-c",
    "echo up; sleep 100 & sleep 100", NULL
  };
  g_auto (ImgCommand) command = { .argv = argv, .timeout_ms = 1500 };
  g_autofree char *pattern = g_strdup_printf ("%s", cell);
  g_autoptr (GError) error = NULL;
  gint64 start = g_get_monotonic_time ();

  assert_false (img_command_run (&command, &error));
  img_test_assert_refused (error, "limit", "sleep");
  assert_string_equal (command.output->str, "up\n");
  assert_true (g_get_monotonic_time () - start < 10 * G_USEC_PER_SEC);
  /* The helper is reaped, and its namespace took the rest along. */
  assert_int_equal (img_test_run (NULL, "pgrep", "-f", pattern, NULL), 1);
}

static gpointer
cancel_soon (gpointer data)
{
  /* Nothing tells when the program waits; any moment is good. */
  g_usleep (200 * 1000);
  g_cancellable_cancel (data);
  return NULL;
}

static void
a_cancel_ends_a_program_that_waits (void **state)
{
  const World *world = *state;
  g_autofree char *cell = make_cell (world);
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  const char *const argv[] = { g_getenv ("VMMD_IMG_HELPER"),
                               cell,
                               NOBODY,
                               NOBODY,
                               "2147483648",
                               "4096",
                               "100",
                               "sleep",
                               "100",
                               NULL };
  g_auto (ImgCommand) command = { .argv = argv, .timeout_ms = 20000, .cancellable = cancellable };
  g_autoptr (GError) error = NULL;
  GThread *thread = g_thread_new ("cancel", cancel_soon, cancellable);

  assert_false (img_command_run (&command, &error));
  assert_true (g_error_matches (error, IMG_ERROR, IMG_ERROR_CANCELLED));
  g_thread_join (thread);
}

static void
the_helper_refuses_to_keep_root (void **state)
{
  const World *world = *state;
  g_autofree char *cell = make_cell (world);
  g_autofree char *text = NULL;

  assert_int_equal (img_test_run (&text, g_getenv ("VMMD_IMG_HELPER"), cell, "0", "0", "2147483648",
                                  "4096", "10", "true", NULL),
                    125);
  assert_int_equal (img_test_run (NULL, g_getenv ("VMMD_IMG_HELPER"), cell, "1x", "1", "1", "1",
                                  "1", "true", NULL),
                    125);
}

static void
a_program_that_is_not_there_is_an_error (void **state)
{
  const char *const argv[] = { "no-such-program-anywhere", NULL };
  g_auto (ImgCommand) command = { .argv = argv, .timeout_ms = 1000 };
  g_autoptr (GError) error = NULL;

  assert_false (img_command_run (&command, &error));
  assert_true (g_error_matches (error, IMG_ERROR, IMG_ERROR_IO));
}

static void
remember (guint percent, gpointer data)
{
  GArray *seen = data;

  g_array_append_val (seen, percent);
}

static void
progress_rises_to_the_end (void **state)
{
  const World *world = *state;
  g_autofree char *path = g_build_filename (world->dir, "disk.raw", NULL);
  g_autoptr (GArray) seen = g_array_new (FALSE, FALSE, sizeof (guint));
  g_autoptr (GError) error = NULL;
  int fd = open (path, O_RDWR | O_CREAT, 0600);
  char block[4096];

  memset (block, 0x5a, sizeof block);
  for (guint i = 0; i < 4096; i++)
    assert_int_equal (pwrite (fd, block, sizeof block, (off_t) i * 16384), sizeof block);
  close (fd);
  if (!world->store->class->import (world->store, ID, path, "raw", remember, seen, NULL, NULL,
                                    &error))
    fail_msg ("%s", error->message);
  assert_true (seen->len >= 3);
  for (guint i = 1; i < seen->len; i++)
    assert_true (g_array_index (seen, guint, i) >= g_array_index (seen, guint, i - 1));
  assert_int_equal (g_array_index (seen, guint, seen->len - 1), 100);
  assert_true (world->store->class->layer_remove (world->store, ID, NULL));
}

static void
count (guint percent, gpointer data)
{
  ++*(guint *) data;
}

static void
a_silent_program_is_heard_of_once_a_second (void **state)
{
  guint calls = 0;
  const char *const argv[] = { "sleep", "100", NULL };
  g_auto (ImgCommand) command
      = { .argv = argv, .timeout_ms = 2500, .progress = count, .progress_data = &calls };

  assert_false (img_command_run (&command, NULL));
  assert_in_range (calls, 2, 3);
}

static void
a_full_pool_says_so_and_keeps_nothing (void **state)
{
  const World *world = *state;
  g_autofree char *pool = g_build_filename (world->dir, "small", NULL);
  g_autofree char *path = g_build_filename (world->dir, "big.raw", NULL);
  const ImgConfig config = { .dir = pool, .import_user = "nobody", .max_virtual_bytes = TIB };
  g_autoptr (ImgStore) store = NULL;
  g_autoptr (GError) before = NULL, during = NULL, layer = NULL;
  g_autoptr (GPtrArray) ids = NULL;
  g_autofree char *block = g_malloc (6 << 20);
  ImgLayerInfo info;

  assert_int_equal (g_mkdir (pool, 0755), 0);
  assert_int_equal (mount ("none", pool, "tmpfs", 0, "size=10m"), 0);
  memset (block, 0x5a, 6 << 20);
  assert_true (g_file_set_contents (path, block, 6 << 20, NULL));
  store = img_store_new (&config, NULL);

  /* The copy fits and the conversion does not. */
  assert_false (store->class->import (store, ID, path, "raw", NULL, NULL, NULL, NULL, &during));
  assert_true (g_error_matches (during, IMG_ERROR, IMG_ERROR_SPACE));
  assert_int_equal (
      img_test_run (NULL, "sh", "-c", "cat \"$1\" \"$1\" > \"$1.2\"", "sh", path, NULL), 0);
  g_autofree char *twice = g_strconcat (path, ".2", NULL);
  assert_false (store->class->import (store, ID, twice, "raw", NULL, NULL, NULL, NULL, &before));
  assert_true (g_error_matches (before, IMG_ERROR, IMG_ERROR_SPACE));

  /* And a layer, when not even its header fits. */
  g_autofree char *filler = g_build_filename (pool, "filler", NULL);
  int fd = open (filler, O_WRONLY | O_CREAT, 0600);
  while (write (fd, block, 4096) > 0)
    continue;
  assert_false (store->class->layer_create (store, ID, NULL, TIB, &layer));
  assert_true (g_error_matches (layer, IMG_ERROR, IMG_ERROR_SPACE));
  close (fd);
  ids = store->class->layer_list (store, NULL);
  assert_int_equal (ids->len, 0);
  assert_int_equal (unlink (filler), 0);
  assert_true (store->class->layer_create (store, ID, NULL, TIB, NULL));
  assert_true (store->class->layer_info (store, ID, &info, NULL));
  g_clear_pointer (&store, img_store_free);
  assert_int_equal (umount2 (pool, MNT_DETACH), 0);
}

/* A program that notes how it was called and then is the real one. */
static char *
make_witness (const char *dir, const char *name, const char *real, const char *log)
{
  char *path = g_build_filename (dir, name, NULL);
  g_autofree char *text
      = g_strdup_printf ("#!/bin/sh\necho \"$@\" >> '%s'\nexec '%s' \"$@\"\n", log, real);

  assert_true (g_file_set_contents (path, text, -1, NULL));
  assert_int_equal (chmod (path, 0755), 0);
  return path;
}

static void
qemu_img_is_always_told_the_format (void **state)
{
  const World *world = *state;
  const ImgStoreClass *class = world->store->class;
  g_autofree char *real_helper = g_strdup (g_getenv ("VMMD_IMG_HELPER"));
  g_autofree char *real_path = g_strdup (g_getenv ("PATH"));
  g_autofree char *qemu_img = g_find_program_in_path ("qemu-img");
  g_autofree char *bin = g_build_filename (world->dir, "bin", NULL);
  g_autofree char *log = g_build_filename (world->dir, "calls", NULL);
  g_autofree char *path = g_strconcat (bin, ":", real_path, NULL);
  g_autofree char *good = g_build_filename (world->corpus, "good--v3.qcow2", NULL);
  g_autofree char *helper = NULL, *witness = NULL, *text = NULL;
  g_auto (GStrv) calls = NULL;

  assert_int_equal (g_mkdir (bin, 0755), 0);
  helper = make_witness (bin, "helper", real_helper, log);
  witness = make_witness (bin, "qemu-img", qemu_img, log);
  g_setenv ("VMMD_IMG_HELPER", helper, TRUE);
  g_setenv ("PATH", path, TRUE);
  assert_true (class->import (world->store, ID, good, "qcow2", NULL, NULL, NULL, NULL, NULL));
  assert_true (class->layer_create (world->store, "l-00000000000000000000", ID, 0, NULL));
  assert_true (class->layer_grow (world->store, "l-00000000000000000000", 1 << 30, NULL));
  g_setenv ("VMMD_IMG_HELPER", real_helper, TRUE);
  g_setenv ("PATH", real_path, TRUE);

  assert_true (g_file_get_contents (log, &text, NULL, NULL));
  calls = g_strsplit (g_strchomp (text), "\n", -1);
  /* info, check, measure, convert; create; resize. */
  assert_int_equal (g_strv_length (calls), 6);
  for (char **call = calls; *call != NULL; call++)
    {
      assert_non_null (strstr (*call, " -f qcow2 "));
      assert_int_equal (strstr (*call, " -b ") != NULL, strstr (*call, " -F qcow2 ") != NULL);
    }
  assert_non_null (strstr (calls[4], " -b "));
  assert_true (class->layer_remove (world->store, "l-00000000000000000000", NULL));
  assert_true (class->layer_remove (world->store, ID, NULL));
}

/* Whether this machine lets us make the namespaces at all. */
static gboolean
can_confine (void)
{
  g_autofree char *text = NULL;

  if (geteuid () != 0)
    return img_test_run (&text, "unshare", "-r", "-m", "-n", "true", NULL) == 0;
  return img_test_run (&text, "unshare", "-m", "-n", "-p", "-f", "true", NULL) == 0;
}

int
main (void)
{
  const struct CMUnitTest tests[] = {
    cmocka_unit_test (every_image_is_taken_or_refused_and_leaves_nothing),
    cmocka_unit_test (what_an_import_made_is_what_the_image_held),
    cmocka_unit_test (what_is_no_regular_file_is_refused_by_import),
    cmocka_unit_test (a_confined_program_sees_nothing_of_the_host),
    cmocka_unit_test (a_confined_program_writes_in_its_directory_only),
    cmocka_unit_test (a_confined_program_has_no_rights_and_cannot_gain_any),
    cmocka_unit_test (a_confined_program_has_no_sockets),
    cmocka_unit_test (qemu_img_itself_reaches_no_other_file),
    cmocka_unit_test (limits_end_a_confined_program),
    cmocka_unit_test (the_deadline_ends_all_of_it),
    cmocka_unit_test (a_cancel_ends_a_program_that_waits),
    cmocka_unit_test (the_helper_refuses_to_keep_root),
    cmocka_unit_test (a_program_that_is_not_there_is_an_error),
    cmocka_unit_test (progress_rises_to_the_end),
    cmocka_unit_test (a_silent_program_is_heard_of_once_a_second),
    cmocka_unit_test (a_full_pool_says_so_and_keeps_nothing),
    cmocka_unit_test (qemu_img_is_always_told_the_format),
  };

  if (geteuid () != 0 || !can_confine ())
    {
      g_print ("1..0 # SKIP needs root and namespaces\n");
      return 77;
    }
  /* Mounts of a test are its own. */
  if (unshare (CLONE_NEWNS) < 0 || mount (NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0)
    return 99;
  return cmocka_run_group_tests (tests, set_up, tear_down);
}
