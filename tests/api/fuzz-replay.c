/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Runs a fuzz target over the files of a directory and over each with one byte spoilt or with its
 * end cut off, so that every run of the tests is a little fuzzing. */
#include "config.h"

#include "fuzz.h"
#include <string.h>

static void
run_exact (const char *data, gsize length)
{
  /* A block of exactly that size lets a sanitizer see a read beyond it. */
  g_autofree guint8 *exact = g_malloc (MAX (length, 1));

  memcpy (exact, data, length);
  LLVMFuzzerTestOneInput (exact, length);
}

static void
run_neighbours (char *data, gsize length)
{
  static const char spoils[] = { 0, '%', '&', '\n', (char) 0xff };

  for (gsize i = 0; i < length; i++)
    {
      char kept = data[i];

      run_exact (data, i);
      for (gsize k = 0; k < G_N_ELEMENTS (spoils); k++)
        {
          data[i] = spoils[k];
          run_exact (data, length);
        }
      data[i] = kept;
    }
}

int
main (int argc, char **argv)
{
  g_autoptr (GDir) dir = argc > 1 ? g_dir_open (argv[1], 0, NULL) : NULL;
  const char *name;
  guint count = 0;

  while (dir != NULL && (name = g_dir_read_name (dir)) != NULL)
    {
      g_autofree char *path = g_build_filename (argv[1], name, NULL);
      g_autofree char *data = NULL;
      gsize length;

      if (!g_file_get_contents (path, &data, &length, NULL))
        continue;
      run_exact (data, length);
      run_neighbours (data, length);
      count++;
    }
  g_print ("TAP version 13\n1..1\n%s 1 - %u inputs and their neighbours do no harm\n",
           count > 0 ? "ok" : "not ok", count);
  return count > 0 ? 0 : 1;
}
