/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A layer as a file of its own, in a folder that others may write into as well. */
#include "config.h"

#include "img-file.h"
#include "img-pool.h"
#include "img-refusal.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* What is given to a program as descriptor 3, opened once more by it. Not by its name: whoever may
 * write into the folder could put a link there. */
#define GIVEN_PATH "/proc/self/fd/3"

static gboolean
check_target (const ImgTarget *target, GError **error)
{
  if (strcmp (target->format, "raw") != 0 && strcmp (target->format, "qcow2") != 0)
    {
      g_set_error (error, IMG_ERROR, IMG_ERROR_FORMAT, "format \"%s\" is not raw or qcow2",
                   target->format);
      return FALSE;
    }
  return img_file_is_name (target->name)
         || img_refuse (error, IMG_REFUSAL_NOT_A_FILE, "\"%s\" is not the name of a file",
                        target->name);
}

static char *
part_name (const ImgTarget *target)
{
  return g_strconcat (".", target->name, ".part", NULL);
}

/* What the layer and those below it take on the host: more than an export ever needs. */
static gboolean
measure (ImgStore *store, const char *id, guint64 *out_virtual, guint64 *out_used, GError **error)
{
  ImgLayerInfo info;

  if (!store->class->layer_info (store, id, &info, error))
    return FALSE;
  if (!info.is_sealed)
    return img_refuse (error, IMG_REFUSAL_SEALED, "a layer that is written cannot be exported");
  *out_virtual = info.virtual_bytes;
  *out_used = info.used_bytes;
  while (info.parent[0] != '\0')
    {
      char parent[IMG_LAYER_ID_LENGTH + 1];

      memcpy (parent, info.parent, sizeof parent);
      if (!store->class->layer_info (store, parent, &info, error))
        return FALSE;
      *out_used += info.used_bytes;
    }
  return TRUE;
}

/* Whether the file is there already, whole since it has its name. */
static gboolean
is_done (int dir_fd, const char *name)
{
  struct stat st;

  return fstatat (dir_fd, name, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISREG (st.st_mode);
}

/* What others write at the same time is not known when an export begins. */
typedef struct
{
  const ImgPool *pool;
  const ImgTarget *target;
  int dir_fd;
  GCancellable *stop; /* the program's: ours, or the caller's passed on */
  gboolean is_full;
  ImgProgressFunc progress;
  gpointer data;
} Watch;

/* Whether @needed more may be written into the folder. */
static gboolean
check_room (const Watch *watch, guint64 needed, GError **error)
{
  ImgStore *store = (ImgStore *) watch->pool;
  guint64 total, free_bytes;
  struct stat folder, pool;

  if (!img_file_check_space (watch->dir_fd, needed, error))
    return FALSE;
  if (fstat (watch->dir_fd, &folder) < 0 || fstat (watch->pool->dir_fd, &pool) < 0)
    return img_file_fail (error, "fstat");
  if (folder.st_dev != pool.st_dev)
    return TRUE;
  if (!store->class->space (store, &total, &free_bytes, error))
    return FALSE;
  if (needed + watch->target->keep_bytes <= free_bytes)
    return TRUE;
  g_set_error (error, IMG_ERROR, IMG_ERROR_SPACE,
               "%" G_GUINT64_FORMAT " bytes are needed and %" G_GUINT64_FORMAT
               " are free, of which %" G_GUINT64_FORMAT " are kept",
               needed, free_bytes, watch->target->keep_bytes);
  return FALSE;
}

static void
look (guint percent, gpointer data)
{
  Watch *watch = data;

  if (!check_room (watch, 0, NULL))
    {
      watch->is_full = TRUE;
      g_cancellable_cancel (watch->stop);
    }
  if (watch->progress != NULL)
    watch->progress (percent, watch->data);
}

static void
pass_on (GCancellable *cancellable, gpointer stop)
{
  g_cancellable_cancel (stop);
}

static gboolean
convert (ImgStore *store, const char *id, const char *format, ImgCommand *command, GError **error)
{
  g_autofree char *path = store->class->layer_path (store, id);
  const char *const raw[] = { IMG_POOL_MORTAL, "qemu-img", "convert",  "-p", "-f", "qcow2", "-O",
                              "raw",           path,       GIVEN_PATH, NULL };
  const char *const qcow2[] = { IMG_POOL_MORTAL, "qemu-img", "convert", "-p", "-c",       "-f",
                                "qcow2",         "-O",       "qcow2",   path, GIVEN_PATH, NULL };

  return img_pool_run (strcmp (format, "raw") == 0 ? raw : qcow2, command, error);
}

/* A disk may be larger than the layer that it was made from. */
static gboolean
widen (const ImgTarget *target, int fd, guint64 virtual_bytes, GError **error)
{
  g_autofree char *bytes = g_strdup_printf ("%" G_GUINT64_FORMAT, target->virtual_bytes);
  g_auto (ImgCommand) command
      = { .give_fd = fd, .timeout_ms = img_pool_time_for (target->virtual_bytes) };
  const char *const argv[] = { IMG_POOL_MORTAL, "qemu-img", "resize", "-q", "-f",
                               target->format,  GIVEN_PATH, bytes,    NULL };

  return target->virtual_bytes <= virtual_bytes || img_pool_run (argv, &command, error);
}

/* Runs the conversion and gives its file the name. */
static gboolean
write_file (Watch *watch, const char *id, guint64 virtual_bytes, GCancellable *cancellable,
            GError **error)
{
  const ImgTarget *target = watch->target;
  g_autofree char *part = part_name (target);
  g_auto (ImgCommand) command = { .progress = look, .progress_data = watch };
  gulong handler = 0;
  gboolean is_ok;

  unlinkat (watch->dir_fd, part, 0);
  command.timeout_ms = img_pool_time_for (virtual_bytes);
  command.give_fd = img_file_open_below (watch->dir_fd, part, O_RDWR | O_CREAT | O_EXCL, error);
  if (command.give_fd < 0)
    return FALSE;
  command.cancellable = watch->stop;
  if (cancellable != NULL)
    handler = g_cancellable_connect (cancellable, G_CALLBACK (pass_on), watch->stop, NULL);
  is_ok = convert ((ImgStore *) watch->pool, id, target->format, &command, error);
  g_cancellable_disconnect (cancellable, handler);
  is_ok
      = is_ok && widen (target, command.give_fd, virtual_bytes, error)
        && ((fsync (command.give_fd) == 0
             && renameat2 (watch->dir_fd, part, watch->dir_fd, target->name, RENAME_NOREPLACE) == 0
             && fsync (watch->dir_fd) == 0)
            || img_file_fail (error, target->name));
  close (command.give_fd);
  if (!is_ok)
    unlinkat (watch->dir_fd, part, 0);
  return is_ok;
}

gboolean
img_pool_export (ImgStore *store, const char *id, const ImgTarget *target, ImgProgressFunc progress,
                 gpointer data, GCancellable *cancellable, GError **error)
{
  const ImgPool *pool = (const ImgPool *) store;
  g_autoptr (GCancellable) stop = g_cancellable_new ();
  Watch watch
      = { .pool = pool, .target = target, .stop = stop, .progress = progress, .data = data };
  guint64 virtual_bytes = 0, used_bytes = 0;
  gboolean is_ok;

  if (!check_target (target, error) || !measure (store, id, &virtual_bytes, &used_bytes, error))
    return FALSE;
  watch.dir_fd = img_file_open_folder (pool->export_dir, target->folder, error);
  if (watch.dir_fd < 0)
    return FALSE;
  is_ok = is_done (watch.dir_fd, target->name)
          || (check_room (&watch, used_bytes, error)
              && write_file (&watch, id, virtual_bytes, cancellable, error));
  if (!is_ok && watch.is_full)
    {
      g_clear_error (error);
      g_set_error_literal (error, IMG_ERROR, IMG_ERROR_SPACE,
                           "the file system of the export folder is all but full");
    }
  close (watch.dir_fd);
  return is_ok;
}

gboolean
img_pool_export_remove (ImgStore *store, const ImgTarget *target, GError **error)
{
  const ImgPool *pool = (const ImgPool *) store;
  g_autofree char *part = part_name (target);
  g_autoptr (GError) fault = NULL;
  gboolean is_ok;
  int dir_fd;

  if (!check_target (target, error))
    return FALSE;
  dir_fd = img_file_open_folder (pool->export_dir, target->folder, &fault);
  if (g_error_matches (fault, IMG_ERROR, IMG_ERROR_NOT_FOUND))
    return TRUE;
  if (dir_fd < 0)
    {
      g_propagate_error (error, g_steal_pointer (&fault));
      return FALSE;
    }
  is_ok = ((unlinkat (dir_fd, part, 0) == 0 || errno == ENOENT)
           && (unlinkat (dir_fd, target->name, 0) == 0 || errno == ENOENT))
          || img_file_fail (error, target->name);
  close (dir_fd);
  return is_ok;
}
