/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Fuzz target: any bytes as an image. Built with -fsanitize=fuzzer, or with IMG_FUZZ_REPLAY as a
 * plain program that runs the files and directories named on its command line. */
#include "img-header.h"
#include "img.h"
#include <string.h>

int LLVMFuzzerTestOneInput (const guint8 *data, gsize size);

/* What must hold of every header that was taken, however it came about. */
static void
check_promises (const ImgHeader *header, gsize size)
{
  guint64 cluster = G_GUINT64_CONSTANT (1) << header->cluster_bits;

  g_assert_true (header->version == 2 || header->version == 3);
  g_assert_true (header->cluster_bits >= 9 && header->cluster_bits <= 21);
  g_assert_true (header->l1_offset + (guint64) header->l1_entries * 8 <= size
                 || header->l1_entries == 0);
  g_assert_true (header->refcount_offset >= cluster);
  g_assert_true (header->refcount_offset + header->refcount_bytes <= size);
  g_assert_true (memchr (header->backing, '\0', sizeof header->backing) != NULL);
}

int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
  ImgHeader header;
  g_autoptr (GError) error = NULL;

  img_header_other_format (data, size);
  if (!img_header_parse (data, MIN (size, IMG_HEADER_BYTES), size, &header, &error))
    {
      g_assert_error (error, IMG_ERROR, IMG_ERROR_REFUSED);
      return 0;
    }
  check_promises (&header, size);
  if (!img_header_accept (&header, G_GUINT64_CONSTANT (1) << 45, &error))
    {
      g_assert_error (error, IMG_ERROR, IMG_ERROR_REFUSED);
      return 0;
    }
  g_assert_true (header.backing[0] == '\0' && header.snapshots == 0 && header.crypt_method == 0);
  g_assert_true (header.l1_entries > 0);
  if (!img_header_check_l1 (&header, data + header.l1_offset, size - header.l1_offset, size,
                            &error))
    g_assert_error (error, IMG_ERROR, IMG_ERROR_REFUSED);
  return 0;
}

#ifdef IMG_FUZZ_REPLAY
static guint
replay (const char *path)
{
  g_autoptr (GDir) dir = g_dir_open (path, 0, NULL);
  g_autofree char *data = NULL;
  guint count = 0;
  const char *name;
  gsize length;

  if (dir != NULL)
    {
      while ((name = g_dir_read_name (dir)) != NULL)
        {
          g_autofree char *inner = g_build_filename (path, name, NULL);

          count += replay (inner);
        }
      return count;
    }
  if (!g_file_get_contents (path, &data, &length, NULL))
    return 0;
  /* A block of exactly that size, so that a sanitizer sees a read beyond it. */
  g_autofree guint8 *exact = g_memdup2 (data, length);
  LLVMFuzzerTestOneInput (exact, length);
  /* Every byte of the header spoilt, one at a time. */
  for (gsize i = 0; exact != NULL && i < MIN (length, 256); i++)
    for (guint bit = 0; bit < 8; bit++)
      {
        exact[i] ^= 1u << bit;
        LLVMFuzzerTestOneInput (exact, length);
        exact[i] ^= 1u << bit;
      }
  return 1;
}

int
main (int argc, char **argv)
{
  guint count = 0;

  for (int i = 1; i < argc; i++)
    count += replay (argv[i]);
  g_print ("TAP version 13\n1..1\n%s 1 - %u inputs and their neighbours break no promise\n",
           count > 0 ? "ok" : "not ok", count);
  return count > 0 ? 0 : 1;
}
#endif
