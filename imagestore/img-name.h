/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Rules of layers that both the pool and the fake keep: names and sizes. Pure. */
#pragma once
#include "img.h"

/* The file name of layer @id; the caller frees it. */
char *img_name_file (const char *id);
/* The id of the layer in file @name, or NULL; the caller frees it. */
char *img_name_layer (const char *name);
/* Writes the id of the layer that @backing (a path, as in a header) leads to, or "". */
void img_name_parent (const char *backing, char out_id[IMG_LAYER_ID_LENGTH + 1]);
/* The size of a new layer: @asked, or @parent_bytes for 0. REFUSED when out of bounds. */
gboolean img_name_choose_size (guint64 asked, guint64 parent_bytes, guint64 max_bytes,
                               guint64 *out_bytes, GError **error);
/* Whether the layer may grow to @bytes. */
gboolean img_name_check_grow (const ImgLayerInfo *info, guint64 bytes, guint64 max_bytes,
                              GError **error);
