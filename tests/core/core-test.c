/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Assertions on errors and texts, and directories of a test's own. */
#include "core-test.h"
#include <ftw.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

void
core_assert_no_error (const GError *error, const char *file, int line)
{
  if (error == NULL)
    return;
  print_error ("unexpected error: %s\n", error->message);
  _fail (file, line);
}

void
core_assert_error (const GError *error, VmmError code, const char *part, const char *file, int line)
{
  if (g_error_matches (error, VMM_ERROR, (int) code)
      && (part == NULL || strstr (error->message, part) != NULL))
    return;
  print_error ("wanted %s with '%s', got %s: %s\n", vmm_error_wire (code), part != NULL ? part : "",
               error == NULL                ? "no error"
               : error->domain == VMM_ERROR ? vmm_error_wire (error->code)
                                            : g_quark_to_string (error->domain),
               error != NULL ? error->message : "");
  _fail (file, line);
}

void
core_assert_contains (const char *text, const char *part, const char *file, int line)
{
  if (text != NULL && strstr (text, part) != NULL)
    return;
  print_error ("'%s' is not in: %s\n", part, text != NULL ? text : "(null)");
  _fail (file, line);
}

char *
core_dir_new (void)
{
  const char *parent = access ("/dev/shm", W_OK) == 0 ? "/dev/shm" : g_get_tmp_dir ();
  char *dir = g_build_filename (parent, "vmmd-test-XXXXXX", NULL);

  assert_non_null (g_mkdtemp (dir));
  return dir;
}

static int
remove_one (const char *path, const struct stat *st, int kind, struct FTW *ftw)
{
  return remove (path);
}

void
core_dir_free (char *dir)
{
  if (dir != NULL && nftw (dir, remove_one, 16, FTW_DEPTH | FTW_PHYS) != 0)
    print_error ("%s cannot be removed\n", dir);
  g_free (dir);
}

char *
core_write (const char *dir, const char *name, const char *text)
{
  g_autoptr (GError) error = NULL;
  char *path = g_build_filename (dir, name, NULL);

  g_file_set_contents (path, text, -1, &error);
  assert_no_error (error);
  return path;
}
