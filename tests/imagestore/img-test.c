/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Helpers of this room's tests. */
#include "img-test.h"
#include "img-command.h"
#include <string.h>

char *
img_test_dir (void)
{
  g_autoptr (GError) error = NULL;
  char *dir = g_dir_make_tmp ("vmmd-img-XXXXXX", &error);

  assert_non_null (dir);
  return dir;
}

void
img_test_remove (const char *dir)
{
  /* A program whose parent was killed may write for a moment yet. */
  for (guint i = 0; i < 100 && img_test_run (NULL, "rm", "-rf", "--", dir, NULL) != 0; i++)
    g_usleep (50 * 1000);
  assert_false (g_file_test (dir, G_FILE_TEST_EXISTS));
}

char *
img_test_corpus (const char *dir, const char *canary)
{
  char *corpus = g_build_filename (dir, "corpus", NULL);

  assert_int_equal (
      img_test_run (NULL, "python3", g_getenv ("IMG_TEST_MAKE_CORPUS"), corpus, canary, NULL), 0);
  return corpus;
}

ImgTestWorld *
img_test_world_new (void)
{
  ImgTestWorld *world = g_new0 (ImgTestWorld, 1);

  world->dir = img_test_dir ();
  world->corpus = img_test_corpus (world->dir, "/some/canary");
  return world;
}

void
img_test_world_free (ImgTestWorld *world)
{
  g_clear_pointer (&world->store, img_store_free);
  img_test_remove (world->dir);
  g_free (world->corpus);
  g_free (world->dir);
  g_free (world);
}

void
img_test_each (const char *corpus, ImgTestFunc func, gpointer data)
{
  g_autoptr (GDir) dir = g_dir_open (corpus, 0, NULL);
  const char *name;
  guint count = 0;

  assert_non_null (dir);
  while ((name = g_dir_read_name (dir)) != NULL)
    {
      g_autofree char *path = g_build_filename (corpus, name, NULL);
      g_auto (GStrv) parts = g_strsplit (name, "--", 2);
      const char *format = strrchr (name, '.');

      assert_int_equal (g_strv_length (parts), 2);
      assert_non_null (format);
      func (path, parts[0], format + 1, data);
      count++;
    }
  /* An empty corpus would prove nothing. */
  assert_true (count > 80);
}

void
img_test_assert_refused (const GError *error, const char *name, const char *what)
{
  g_autofree char *start = g_strconcat (name, ": ", NULL);

  if (error == NULL)
    fail_msg ("%s: taken, and should be refused as %s", what, name);
  if (!g_error_matches (error, IMG_ERROR, IMG_ERROR_REFUSED)
      || !g_str_has_prefix (error->message, start))
    fail_msg ("%s: \"%s\" (code %d) is no refusal as %s", what, error->message, error->code, name);
}

int
img_test_run (char **out_text, const char *program, ...)
{
  g_autoptr (GPtrArray) argv = g_ptr_array_new ();
  g_auto (ImgCommand) command = { .timeout_ms = 60000 };
  g_autoptr (GError) error = NULL;
  va_list args;

  g_ptr_array_add (argv, (gpointer) program);
  va_start (args, program);
  for (const char *arg; (arg = va_arg (args, const char *)) != NULL;)
    g_ptr_array_add (argv, (gpointer) arg);
  va_end (args);
  g_ptr_array_add (argv, NULL);
  /* Our own runner and not GSubprocess, whose threads ThreadSanitizer takes for races. */
  command.argv = (const char *const *) argv->pdata;
  if (!img_command_run (&command, &error))
    fail_msg ("%s: %s", program, error->message);
  command.argv = NULL;
  if (out_text != NULL)
    *out_text = g_strdup (command.output->str);
  return command.status;
}
