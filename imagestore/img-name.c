/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Layer names and sizes. */
#include "config.h"

#include "img-name.h"
#include "img-refusal.h"
#include <string.h>

#define SUFFIX ".qcow2"
#define SECTOR 512

gboolean
img_layer_id_is (const char *id)
{
  if (id == NULL || strncmp (id, "l-", 2) != 0)
    return FALSE;
  return strlen (id) == IMG_LAYER_ID_LENGTH
         && strspn (id + 2, "0123456789abcdefghijklmnopqrstuvwxyz") == IMG_LAYER_ID_LENGTH - 2;
}

char *
img_name_file (const char *id)
{
  return g_strconcat (id, SUFFIX, NULL);
}

char *
img_name_layer (const char *name)
{
  g_autofree char *id = NULL;

  if (!g_str_has_suffix (name, SUFFIX))
    return NULL;
  id = g_strndup (name, strlen (name) - strlen (SUFFIX));
  return img_layer_id_is (id) ? g_steal_pointer (&id) : NULL;
}

void
img_name_parent (const char *backing, char out_id[IMG_LAYER_ID_LENGTH + 1])
{
  g_autofree char *name = g_path_get_basename (backing);
  g_autofree char *id = img_name_layer (name);

  g_strlcpy (out_id, id != NULL ? id : "", IMG_LAYER_ID_LENGTH + 1);
}

gboolean
img_name_choose_size (guint64 asked, guint64 parent_bytes, guint64 max_bytes, guint64 *out_bytes,
                      GError **error)
{
  guint64 bytes = asked != 0 ? asked : parent_bytes;

  if (bytes == 0 || bytes % SECTOR != 0 || bytes > max_bytes)
    return img_refuse (error, IMG_REFUSAL_VIRTUAL_SIZE,
                       "%" G_GUINT64_FORMAT
                       " bytes; a size is whole sectors and at most %" G_GUINT64_FORMAT,
                       bytes, max_bytes);
  if (bytes < parent_bytes)
    return img_refuse (error, IMG_REFUSAL_VIRTUAL_SIZE,
                       "%" G_GUINT64_FORMAT " bytes are less than the parent's %" G_GUINT64_FORMAT,
                       bytes, parent_bytes);
  *out_bytes = bytes;
  return TRUE;
}

gboolean
img_name_check_grow (const ImgLayerInfo *info, guint64 bytes, guint64 max_bytes, GError **error)
{
  guint64 unused;

  if (info->is_sealed)
    return img_refuse (error, IMG_REFUSAL_SEALED, "a sealed layer does not grow");
  if (bytes < info->virtual_bytes)
    return img_refuse (error, IMG_REFUSAL_VIRTUAL_SIZE, "a layer does not shrink");
  return img_name_choose_size (bytes, info->virtual_bytes, max_bytes, &unused, error);
}
