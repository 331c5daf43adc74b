/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The file pool's own: what its parts (img-store.c, img-layer.c) share. */
#pragma once
#include "img-command.h"
#include "img.h"
#include <sys/types.h>

/* What is not finished has a name that begins so and is swept at the next start. */
#define IMG_POOL_NEW_PREFIX ".new-"
/* Begins the name of the note about a pull under way. */
#define IMG_POOL_PULL_PREFIX ".pull-"

typedef struct
{
  ImgStore parent;
  char *dir;
  char *spool;
  int dir_fd;
  int spool_fd;
  uid_t qemu_uid; /* (uid_t) -1: leave the owner as it is */
  gid_t qemu_gid;
  char *import_user;
  char **fetch_ranges;
  char *drop_dir, *export_dir;
  guint64 max_virtual_bytes;
} ImgPool;

/* REFUSED unless @id has the form of an id. */
gboolean img_pool_check_id (const char *id, GError **error);
/* Whether the layer's file is there. */
gboolean img_pool_has (const ImgPool *pool, const char *id);
/* The layer's file, opened with @flags; the caller closes it. -1 with NOT_FOUND. */
int img_pool_open (const ImgPool *pool, const char *id, int flags, GError **error);
/* Owner and mode of a sealed or an unsealed layer. */
gboolean img_pool_own (const ImgPool *pool, int fd, gboolean is_sealed, GError **error);
/* The file @from below @from_fd, open as @fd, becomes layer @id: owner and mode first, then bytes
 * on disk, then the name. */
gboolean img_pool_settle (const ImgPool *pool, int from_fd, const char *from, int fd,
                          const char *id, gboolean is_sealed, GError **error);
/* Begins the vector of a program that may run long: it ends when we do, so that after a kill nobody
 * writes behind the back of the next daemon. */
#define IMG_POOL_MORTAL "setpriv", "--pdeathsig", "KILL"
/* Milliseconds for a program that reads or writes so many bytes, on the slowest disk that still
 * works. */
guint img_pool_time_for (guint64 bytes);
/* Runs a program of milliseconds, or with a @command that has its own timeout (else NULL) a longer
 * one; its complaint becomes the error, SPACE for a full disk. */
gboolean img_pool_run (const char *const *argv, ImgCommand *command, GError **error);

/* img-layer.c: calls of the table that work on one layer. */
gboolean img_pool_format (ImgStore *store, const char *id, guint64 virtual_bytes,
                          const char *file_system, const char *label, GError **error);
gboolean img_pool_pull (ImgStore *store, const char *id, const char *parent,
                        ImgProgressFunc progress, gpointer data, GCancellable *cancellable,
                        GError **error);
gboolean img_pool_reparent (ImgStore *store, const char *id, const char *parent, GError **error);
/* Puts the old parent back under a layer whose pull did not come to its end; success without one.
 */
gboolean img_pool_undo_pull (const ImgPool *pool, const char *id, GError **error);

/* img-export.c */
gboolean img_pool_export (ImgStore *store, const char *id, const ImgTarget *target,
                          ImgProgressFunc progress, gpointer data, GCancellable *cancellable,
                          GError **error);
gboolean img_pool_export_remove (ImgStore *store, const ImgTarget *target, GError **error);
