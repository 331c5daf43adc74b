/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Refusals: their names, and the errors made of them. */
#include "config.h"

#include "img-refusal.h"
#include "img.h"

static const char *const names[] = {
  [IMG_REFUSAL_NOT_A_FILE] = "not-a-file",
  [IMG_REFUSAL_UNREADABLE] = "unreadable",
  [IMG_REFUSAL_NOT_QCOW2] = "not-qcow2",
  [IMG_REFUSAL_OTHER_FORMAT] = "other-format",
  [IMG_REFUSAL_TRUNCATED] = "truncated",
  [IMG_REFUSAL_VERSION] = "version",
  [IMG_REFUSAL_BACKING_FILE] = "backing-file",
  [IMG_REFUSAL_DATA_FILE] = "data-file",
  [IMG_REFUSAL_ENCRYPTED] = "encrypted",
  [IMG_REFUSAL_FEATURE] = "feature",
  [IMG_REFUSAL_MARKED_CORRUPT] = "marked-corrupt",
  [IMG_REFUSAL_SNAPSHOTS] = "snapshots",
  [IMG_REFUSAL_CLUSTER_SIZE] = "cluster-size",
  [IMG_REFUSAL_VIRTUAL_SIZE] = "virtual-size",
  [IMG_REFUSAL_TABLE] = "table",
  [IMG_REFUSAL_OVERLAP] = "overlap",
  [IMG_REFUSAL_EXTENSION] = "extension",
  [IMG_REFUSAL_DAMAGED] = "damaged",
  [IMG_REFUSAL_LIMIT] = "limit",
  [IMG_REFUSAL_LAYER_ID] = "layer-id",
  [IMG_REFUSAL_SEALED] = "sealed",
  [IMG_REFUSAL_LAYER_TREE] = "layer-tree",
  [IMG_REFUSAL_FILE_SYSTEM] = "file-system",
  [IMG_REFUSAL_URL] = "url",
  [IMG_REFUSAL_HTTP] = "http",
};
G_STATIC_ASSERT (G_N_ELEMENTS (names) == IMG_REFUSAL_LAST);

/* Not G_DEFINE_QUARK: its cache is a plain static, a data race where two threads fail at once. */
GQuark
img_error_quark (void)
{
  return g_quark_from_static_string ("img-error-quark");
}

const char *
img_refusal_name (ImgRefusal refusal)
{
  return names[refusal];
}

gboolean
img_refuse (GError **error, ImgRefusal refusal, const char *format, ...)
{
  g_autofree char *text = NULL;
  va_list args;

  va_start (args, format);
  text = g_strdup_vprintf (format, args);
  va_end (args);
  g_set_error (error, IMG_ERROR, IMG_ERROR_REFUSED, "%s: %s", names[refusal], text);
  return FALSE;
}
