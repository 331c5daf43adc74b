/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What QEMU itself says of its disks: a paragraph a disk, which begins "NODE: PATH (FORMAT)" and
 * tells in its next line what device it is attached to. */
#include "config.h"

#include "virt-disk-qemu.h"

#include "virt.h"
#include <string.h>

#define ATTACHED "Attached to:"

/* The path in "NODE: PATH (FORMAT)", or NULL. The caller frees it. */
static char *
path_of (const char *line)
{
  const char *begin = strstr (line, ": ");
  const char *end = begin != NULL ? strrchr (begin, '(') : NULL;

  if (end == NULL || begin[2] != '/' || end - begin < 4)
    return NULL;
  return g_strndup (begin + 2, (gsize) (end - begin - 3));
}

static void
correct (VirtDisk *disk, const char *path)
{
  if (disk->chain->len > 0 && !g_str_equal (g_ptr_array_index (disk->chain, 0), path))
    g_ptr_array_insert (disk->chain, 0, g_strdup (path));
}

void
virt_disk_qemu_correct (GPtrArray *disks, const char *text)
{
  g_auto (GStrv) lines = g_strsplit (text, "\n", -1);

  for (guint i = 1; lines[0] != NULL && lines[i] != NULL; i++)
    {
      const char *device = g_strstr_len (lines[i], -1, ATTACHED);
      g_autofree char *path = device != NULL ? path_of (lines[i - 1]) : NULL;

      for (guint k = 0; path != NULL && k < disks->len; k++)
        {
          VirtDisk *disk = g_ptr_array_index (disks, k);
          g_autofree char *name = g_strdup_printf ("/ua-%s/", disk->serial);

          if (strstr (device, name) != NULL)
            correct (disk, path);
        }
    }
}
