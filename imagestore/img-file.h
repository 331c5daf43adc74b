/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Files: opened without following links, copied, read as headers, removed. Any thread. */
#pragma once
#include "img-header.h"
#include "img.h"

/* Opens @name below @dir_fd and nowhere else, whatever links lie there. The caller closes it.
 * NOT_FOUND when it is not there. */
int img_file_open_below (int dir_fd, const char *name, int flags, GError **error);
/* Opens a stranger's file for reading: a regular file, not a link to one. REFUSED for all else. */
int img_file_open_foreign (const char *path, GError **error);
/* The same of one below @dir_fd, through no link and with no other name. */
int img_file_open_foreign_below (int dir_fd, const char *name, GError **error);
/* Opens the directory @dir, or @folder (one name, or "" or NULL) in it. -1 with NOT_FOUND, also
 * when @dir is NULL or "". */
int img_file_open_folder (const char *dir, const char *folder, GError **error);
/* Whether @name is a single name that is not hidden, hence fit for a file in a folder. */
gboolean img_file_is_name (const char *name);
/* SPACE unless @fd's file system has @needed bytes and a reserve beside them. */
gboolean img_file_check_space (int fd, guint64 needed, GError **error);
/* Size and blocks in bytes; either may be NULL. */
gboolean img_file_size (int fd, guint64 *out_bytes, guint64 *out_used_bytes, GError **error);
/* Copies all of @from into the empty file @to, holes as holes, and by shared extents where the file
 * system has them. @progress gets 0..100 and may be NULL. */
gboolean img_file_copy (int from, int to, ImgProgressFunc progress, gpointer data,
                        GCancellable *cancellable, GError **error);
/* Reads the qcow2 header of @fd. */
gboolean img_file_read_header (int fd, ImgHeader *out, GError **error);
/* Reads and checks the L1 table of @fd. */
gboolean img_file_check_l1 (int fd, const ImgHeader *header, GError **error);
/* REFUSED when what was said to be raw begins like another format or is no whole number of sectors
 * between 1 and @max_bytes. */
gboolean img_file_check_raw (int fd, guint64 max_bytes, GError **error);
/* Removes a directory and all below it, following nothing. One that is not there is no error. */
gboolean img_file_remove_tree (int dir_fd, const char *name, GError **error);
/* Sets @error from errno: SPACE for a full disk, NOT_FOUND, else IO. Returns FALSE. */
gboolean img_file_fail (GError **error, const char *what);
