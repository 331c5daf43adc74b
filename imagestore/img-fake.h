/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A pool that only remembers, and can fail on request. Any thread. */
#pragma once
#include "img.h"

/* The @nth call from now (1: the next) of any of the table's calls but layer_path fails with @code
 * and changes nothing; 0 takes that back. */
void img_fake_fail_at (ImgStore *store, guint nth, ImgError code);
/* Calls so far, layer_path not counted. */
guint img_fake_calls (ImgStore *store);
/* What space() answers; each layer made or imported takes its used bytes of it. */
void img_fake_set_space (ImgStore *store, guint64 total, guint64 free_bytes);
/* Makes @used_bytes the blocks of layer @id, as a guest that writes would. */
void img_fake_set_used (ImgStore *store, const char *id, guint64 used_bytes);
/* Whether pulls run on, calling their progress function, until they are cancelled or this is taken
 * back. */
void img_fake_set_lingering (ImgStore *store, gboolean is_lingering);
/* How many pulls run now. */
guint img_fake_pulls (ImgStore *store);
/* Remembers the layers in the key file @path too, and takes up what it holds, so that disks outlive
 * a daemon under test. FALSE if the file is there and cannot be read. */
gboolean img_fake_keep_in (ImgStore *store, const char *path, GError **error);
/* The folders of ImgConfig; all that URLs lead to lies in the first, by the last of their names. */
void img_fake_set_folders (ImgStore *store, const char *drop_dir, const char *export_dir);
/* Imports from outside and exports wait at 50 percent, as slow ones, until they are cancelled or
 * this is taken back. */
void img_fake_hold (ImgStore *store, gboolean is_holding);
