/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What QEMU itself says of its disks: a paragraph a disk, which begins "NODE: PATH (FORMAT)" and
 * tells in its next line what device it is attached to. */
#include "config.h"

#include "virt-disk-qemu.h"

#include "virt.h"
#include <string.h>

#define ATTACHED "Attached to:"
#define LIBVIRTS "libvirt-"

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

/* Whether the line after a paragraph's first says that it is the guest's disk of @serial. */
static gboolean
is_of (const char *line, const char *serial)
{
  const char *device = g_strstr_len (line, -1, ATTACHED);
  g_autofree char *name = g_strdup_printf ("/ua-%s/", serial);

  return device != NULL && strstr (device, name) != NULL;
}

char *
virt_disk_qemu_node (const char *text, const char *serial)
{
  g_auto (GStrv) lines = g_strsplit (text, "\n", -1);

  for (guint i = 1; lines[0] != NULL && lines[i] != NULL; i++)
    {
      const char *end = is_of (lines[i], serial) ? strstr (lines[i - 1], ": ") : NULL;

      if (end != NULL)
        return g_strndup (lines[i - 1], (gsize) (end - lines[i - 1]));
    }
  return NULL;
}

GPtrArray *
virt_disk_qemu_nodes (const char *text)
{
  g_auto (GStrv) lines = g_strsplit (text, "\n", -1);
  GPtrArray *nodes = g_ptr_array_new_with_free_func (g_free);

  for (guint i = 0; lines[i] != NULL; i++)
    {
      const char *end = g_str_has_prefix (lines[i], LIBVIRTS) ? strstr (lines[i], ": ") : NULL;

      if (end != NULL)
        g_ptr_array_add (nodes, g_strndup (lines[i], (gsize) (end - lines[i])));
    }
  return nodes;
}

static gboolean
correct (VirtDisk *disk, const char *path)
{
  if (disk->chain->len == 0 || g_str_equal (g_ptr_array_index (disk->chain, 0), path))
    return FALSE;
  g_ptr_array_insert (disk->chain, 0, g_strdup (path));
  return TRUE;
}

GPtrArray *
virt_disk_qemu_correct (GPtrArray *disks, const char *text)
{
  g_auto (GStrv) lines = g_strsplit (text, "\n", -1);
  GPtrArray *behind = g_ptr_array_new ();

  for (guint i = 1; lines[0] != NULL && lines[i] != NULL; i++)
    {
      g_autofree char *path = strstr (lines[i], ATTACHED) != NULL ? path_of (lines[i - 1]) : NULL;

      for (guint k = 0; path != NULL && k < disks->len; k++)
        {
          VirtDisk *disk = g_ptr_array_index (disks, k);

          if (is_of (lines[i], disk->serial) && correct (disk, path))
            g_ptr_array_add (behind, disk);
        }
    }
  return behind;
}
