/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The header parser against the corpus, and against files that are no files. */
#include "img-file.h"
#include "img-header.h"
#include "img-name.h"
#include "img-refusal.h"
#include "img-test.h"
#include <fcntl.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/fsuid.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define LIMIT (G_GUINT64_CONSTANT (1) << 46)

static int
set_up (void **state)
{
  *state = img_test_world_new ();
  return 0;
}

static int
tear_down (void **state)
{
  img_test_world_free (*state);
  return 0;
}

static gboolean
inspect (const char *path, const char *format, GError **error)
{
  int fd = img_file_open_foreign (path, error);
  ImgHeader header;
  gboolean is_ok;

  if (fd < 0)
    return FALSE;
  if (strcmp (format, "raw") == 0)
    is_ok = img_file_check_raw (fd, LIMIT, error);
  else
    is_ok = img_file_read_header (fd, &header, error) && img_header_accept (&header, LIMIT, error)
            && img_file_check_l1 (fd, &header, error);
  close (fd);
  return is_ok;
}

static void
check_claim (const char *path, const char *claim, const char *format, gpointer data)
{
  g_autoptr (GError) error = NULL;
  gboolean is_taken = inspect (path, format, &error);

  /* What qemu-img alone can see is none of this test. */
  if (strcmp (claim, "good") == 0 || strcmp (claim, "damaged") == 0 || strcmp (claim, "limit") == 0)
    {
      if (!is_taken)
        fail_msg ("%s: %s", path, error->message);
    }
  else
    img_test_assert_refused (error, claim, path);
}

static void
every_image_of_the_corpus_is_taken_or_refused_by_name (void **state)
{
  const ImgTestWorld *world = *state;

  img_test_each (world->corpus, check_claim, NULL);
}

static void
the_facts_of_an_overlay_are_read (void **state)
{
  const ImgTestWorld *world = *state;
  g_autofree char *path = g_build_filename (world->corpus, "backing-file--with-format.qcow2", NULL);
  int fd = img_file_open_foreign (path, NULL);
  ImgHeader header;

  assert_true (img_file_read_header (fd, &header, NULL));
  assert_string_equal (header.backing, "/some/canary");
  assert_true (header.has_backing_format);
  assert_int_equal (header.virtual_bytes, 1 << 20);
  assert_int_equal (header.cluster_bits, 16);
  assert_int_equal (header.version, 3);
  close (fd);
}

static void
every_cut_of_a_good_image_is_refused (void **state)
{
  const ImgTestWorld *world = *state;
  g_autofree char *path = g_build_filename (world->corpus, "good--small-clusters.qcow2", NULL);
  g_autofree char *data = NULL;
  gsize length;

  assert_true (g_file_get_contents (path, &data, &length, NULL));
  for (gsize cut = 0; cut < 4 * 512; cut++)
    {
      g_autofree guint8 *exact = g_memdup2 (data, cut);
      g_autoptr (GError) error = NULL;
      ImgHeader header;

      /* The L1 table is in the fourth cluster, its L2 table in the fifth. */
      if (img_header_parse (exact, cut, cut, &header, &error))
        assert_false (img_header_check_l1 (&header, exact + header.l1_offset,
                                           cut - header.l1_offset, cut, &error));
      assert_non_null (error);
    }
}

static void
what_is_no_regular_file_is_refused (void **state)
{
  const ImgTestWorld *world = *state;
  g_autofree char *good = g_build_filename (world->corpus, "good--v3.qcow2", NULL);
  g_autofree char *link = g_build_filename (world->dir, "link", NULL);
  g_autofree char *pipe = g_build_filename (world->dir, "pipe", NULL);
  g_autofree char *sock = g_build_filename (world->dir, "socket", NULL);
  const char *paths[] = { link, pipe, sock, world->dir, "/dev/null" };
  struct sockaddr_un address = { .sun_family = AF_UNIX };
  int fd = socket (AF_UNIX, SOCK_STREAM, 0);

  assert_int_equal (symlink (good, link), 0);
  assert_int_equal (mkfifo (pipe, 0600), 0);
  g_strlcpy (address.sun_path, sock, sizeof address.sun_path);
  assert_int_equal (bind (fd, (struct sockaddr *) &address, sizeof address), 0);
  for (guint i = 0; i < G_N_ELEMENTS (paths); i++)
    {
      g_autoptr (GError) error = NULL;

      assert_int_equal (img_file_open_foreign (paths[i], &error), -1);
      img_test_assert_refused (error, "not-a-file", paths[i]);
    }
  close (fd);
}

static void
an_unreadable_file_is_refused (void **state)
{
  const ImgTestWorld *world = *state;
  g_autofree char *path = g_build_filename (world->dir, "secret", NULL);
  g_autoptr (GError) error = NULL;

  assert_true (g_file_set_contents (path, "x", 1, NULL));
  assert_int_equal (chmod (path, 0), 0);
  /* This thread alone opens files as nobody from here on; without root it is nothing new. */
  setfsuid (65534);
  assert_int_equal (img_file_open_foreign (path, &error), -1);
  setfsuid (geteuid ());
  /* Its directory is closed to nobody as well. */
  img_test_assert_refused (error, "unreadable", path);
}

static void
a_missing_file_is_not_found (void **state)
{
  const ImgTestWorld *world = *state;
  g_autofree char *path = g_build_filename (world->dir, "none", NULL);
  g_autoptr (GError) error = NULL;

  assert_int_equal (img_file_open_foreign (path, &error), -1);
  assert_true (g_error_matches (error, IMG_ERROR, IMG_ERROR_NOT_FOUND));
}

static void
nothing_outside_the_directory_is_opened (void **state)
{
  const ImgTestWorld *world = *state;
  g_autofree char *inner = g_build_filename (world->dir, "inner", NULL);
  g_autofree char *leak = g_build_filename (inner, "leak", NULL);
  const char *names[]
      = { "..", "../corpus/good--v3.qcow2", "/etc/passwd", "leak", "leak/good--v3.qcow2" };
  int dir_fd;

  assert_int_equal (mkdir (inner, 0700), 0);
  assert_int_equal (symlink (world->corpus, leak), 0);
  dir_fd = open (inner, O_RDONLY | O_DIRECTORY);
  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    {
      g_autoptr (GError) error = NULL;

      assert_int_equal (img_file_open_below (dir_fd, names[i], O_RDONLY, &error), -1);
      assert_non_null (error);
    }
  close (dir_fd);
}

static void
removing_a_tree_leaves_what_its_links_lead_to (void **state)
{
  const ImgTestWorld *world = *state;
  g_autofree char *tree = g_build_filename (world->dir, "tree", NULL);
  g_autofree char *below = g_build_filename (tree, "below", NULL);
  g_autofree char *link = g_build_filename (below, "link", NULL);
  g_autofree char *kept = g_build_filename (world->corpus, "good--v3.qcow2", NULL);
  int dir_fd = open (world->dir, O_RDONLY | O_DIRECTORY);

  assert_int_equal (g_mkdir_with_parents (below, 0700), 0);
  assert_int_equal (symlink (world->corpus, link), 0);
  assert_true (img_file_remove_tree (dir_fd, "tree", NULL));
  assert_true (img_file_remove_tree (dir_fd, "tree", NULL));
  assert_false (g_file_test (tree, G_FILE_TEST_EXISTS));
  assert_true (g_file_test (kept, G_FILE_TEST_EXISTS));
  close (dir_fd);
}

static void
a_copy_keeps_bytes_and_holes (void **state)
{
  const ImgTestWorld *world = *state;
  g_autofree char *from_path = g_build_filename (world->dir, "from", NULL);
  g_autofree char *to_path = g_build_filename (world->dir, "to", NULL);
  int from = open (from_path, O_RDWR | O_CREAT, 0600);
  int to = open (to_path, O_RDWR | O_CREAT, 0600);
  guint64 bytes, used;
  char back[6] = "";

  assert_int_equal (pwrite (from, "middle", 6, 40 << 20), 6);
  assert_int_equal (ftruncate (from, 100 << 20), 0);
  assert_true (img_file_copy (from, to, NULL, NULL, NULL, NULL));
  assert_int_equal (pread (to, back, 6, 40 << 20), 6);
  assert_memory_equal (back, "middle", 6);
  assert_true (img_file_size (to, &bytes, &used, NULL));
  assert_int_equal (bytes, 100 << 20);
  assert_true (used < 1 << 20);
  close (from);
  close (to);
}

static void
ids_are_of_one_form_only (void **state)
{
  const char *bad[] = { NULL,
                        "",
                        "l-",
                        "l-0123456789abcdefghi",
                        "l-0123456789abcdefghijk",
                        "d-0123456789abcdefghij",
                        "l-0123456789ABCDEFGHIJ",
                        "l-../../../../etc/pass",
                        "l-0123456789abcdefghi/",
                        "l-0123456789abcdefghi\n" };

  assert_true (img_layer_id_is ("l-0123456789abcdefghij"));
  for (guint i = 0; i < G_N_ELEMENTS (bad); i++)
    assert_false (img_layer_id_is (bad[i]));
}

static void
only_layers_of_a_pool_count_as_parents (void **state)
{
  char id[IMG_LAYER_ID_LENGTH + 1];

  img_name_parent ("/pool/l-0123456789abcdefghij.qcow2", id);
  assert_string_equal (id, "l-0123456789abcdefghij");
  img_name_parent ("/etc/passwd", id);
  assert_string_equal (id, "");
  img_name_parent ("", id);
  assert_string_equal (id, "");
}

int
main (void)
{
  const struct CMUnitTest tests[] = {
    cmocka_unit_test (every_image_of_the_corpus_is_taken_or_refused_by_name),
    cmocka_unit_test (the_facts_of_an_overlay_are_read),
    cmocka_unit_test (every_cut_of_a_good_image_is_refused),
    cmocka_unit_test (what_is_no_regular_file_is_refused),
    cmocka_unit_test (an_unreadable_file_is_refused),
    cmocka_unit_test (a_missing_file_is_not_found),
    cmocka_unit_test (nothing_outside_the_directory_is_opened),
    cmocka_unit_test (removing_a_tree_leaves_what_its_links_lead_to),
    cmocka_unit_test (a_copy_keeps_bytes_and_holes),
    cmocka_unit_test (ids_are_of_one_form_only),
    cmocka_unit_test (only_layers_of_a_pool_count_as_parents),
  };

  return cmocka_run_group_tests (tests, set_up, tear_down);
}
