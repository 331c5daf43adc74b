/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is done to one layer of the pool: made with a file system, set upon another
 * parent. */
#include "config.h"

#include "img-file.h"
#include "img-name.h"
#include "img-pool.h"
#include "img-refusal.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* The partition begins here and leaves as much at the end, for both tables of a GPT. */
#define PARTITION_OFFSET (G_GUINT64_CONSTANT (1) << 20)
#define FORMAT_LEAST (G_GUINT64_CONSTANT (8) << 20)
#define LABEL_MAX 16
/* Slower than any disk that still works. */
#define BYTES_PER_SECOND (G_GUINT64_CONSTANT (8) << 20)
#define LEAST_MS 120000
/* A tree deeper than this has a loop. */
#define DEPTH_MAX 1024
#define LOCK_WAIT_US (10 * G_USEC_PER_SEC)
#define LOCK_TICK_MS 20

guint
img_pool_time_for (guint64 bytes)
{
  return LEAST_MS + (guint) MIN (bytes / BYTES_PER_SECOND, 1000000) * 1000;
}

/* ---- A file system ---- */

static gboolean
check_format (guint64 bytes, const char *file_system, const char *label, GError **error)
{
  guint64 unused;

  if (strcmp (file_system, "ext4") != 0)
    return img_refuse (error, IMG_REFUSAL_FILE_SYSTEM, "\"%s\" is not made here, ext4 is",
                       file_system);
  if (strlen (label) > LABEL_MAX
      || strspn (label, "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_-")
             != strlen (label))
    return img_refuse (error, IMG_REFUSAL_FILE_SYSTEM, "a label is at most %d of [0-9A-Za-z_-]",
                       LABEL_MAX);
  if (bytes < FORMAT_LEAST)
    return img_refuse (error, IMG_REFUSAL_VIRTUAL_SIZE, "a file system needs 8 MiB");
  return img_name_choose_size (bytes, 0, IMG_LAYER_BYTES_MAX, &unused, error);
}

/* A sparse raw file of the whole size; only the tables and what mkfs writes take room. */
static gboolean
make_raw (const ImgPool *pool, const char *name, guint64 bytes, GError **error)
{
  int fd = img_file_open_below (pool->dir_fd, name, O_RDWR | O_CREAT | O_EXCL, error);
  gboolean is_ok;

  if (fd < 0)
    return FALSE;
  is_ok = ftruncate (fd, (off_t) bytes) == 0 || img_file_fail (error, "a file of that size");
  close (fd);
  return is_ok;
}

static gboolean
fill_raw (const char *path, guint64 bytes, const char *label, GError **error)
{
  g_autofree char *sectors
      = g_strdup_printf ("%" G_GUINT64_FORMAT, (bytes - 2 * PARTITION_OFFSET) / 512);
  g_autofree char *blocks
      = g_strdup_printf ("%" G_GUINT64_FORMAT "k", (bytes - 2 * PARTITION_OFFSET) / 1024);
  g_autofree char *options = g_strdup_printf ("offset=%" G_GUINT64_FORMAT
                                              ",nodiscard,lazy_itable_init=1,lazy_journal_init=1",
                                              PARTITION_OFFSET);
  g_autofree char *range = g_strdup_printf ("1:2048:+%s", sectors);
  g_autofree char *unused = NULL;
  const char *const table[] = { "sgdisk", "--clear", "--set-alignment=1",
                                "--new",  range,     "--typecode=1:8300",
                                path,     NULL };
  const char *const fs[]
      = { "mkfs.ext4", "-q", "-F", "-L", label, "-E", options, path, blocks, NULL };

  return img_pool_run (table, NULL, error) && img_pool_run (fs, NULL, error);
}

gboolean
img_pool_format (ImgStore *store, const char *id, guint64 virtual_bytes, const char *file_system,
                 const char *label, GError **error)
{
  const ImgPool *pool = (const ImgPool *) store;
  g_autofree char *raw = NULL, *raw_path = NULL, *new_name = NULL, *new_path = NULL;
  gboolean is_ok;
  int fd = -1;

  if (!img_pool_check_id (id, error) || !check_format (virtual_bytes, file_system, label, error))
    return FALSE;
  if (img_pool_has (pool, id))
    return TRUE;
  raw = g_strdup_printf (IMG_POOL_NEW_PREFIX "%s.%08x", id, g_random_int ());
  raw_path = g_build_filename (pool->dir, raw, NULL);
  new_name = g_strdup_printf (IMG_POOL_NEW_PREFIX "%s.%08x", id, g_random_int ());
  new_path = g_build_filename (pool->dir, new_name, NULL);
  const char *const convert[] = { "qemu-img", "convert", "-q",  "-f",     "raw",    "-O",
                                  "qcow2",    "-S",      "64k", raw_path, new_path, NULL };
  is_ok = make_raw (pool, raw, virtual_bytes, error)
          && fill_raw (raw_path, virtual_bytes, label, error)
          && img_pool_run (convert, NULL, error);
  if (is_ok)
    fd = img_file_open_below (pool->dir_fd, new_name, O_RDWR, error);
  is_ok = fd >= 0 && img_pool_settle (pool, pool->dir_fd, new_name, fd, id, FALSE, error);
  if (fd >= 0)
    close (fd);
  unlinkat (pool->dir_fd, raw, 0);
  unlinkat (pool->dir_fd, new_name, 0);
  return is_ok;
}

/* ---- Another parent ---- */

/* Whether @parent is below @id, and how many bytes the layers between them hold. */
static gboolean
measure_between (ImgStore *store, const char *id, const char *parent, guint64 *out_bytes,
                 GError **error)
{
  char at[IMG_LAYER_ID_LENGTH + 1];

  *out_bytes = 0;
  g_strlcpy (at, id, sizeof at);
  for (guint depth = 0; depth < DEPTH_MAX; depth++)
    {
      ImgLayerInfo info;

      if (!store->class->layer_info (store, at, &info, error))
        return FALSE;
      if (depth > 0)
        *out_bytes += info.used_bytes;
      if (strcmp (info.parent, parent != NULL ? parent : "") == 0)
        return TRUE;
      if (info.parent[0] == '\0')
        return img_refuse (error, IMG_REFUSAL_LAYER_TREE, "%s is not below %s",
                           parent != NULL ? parent : "", id);
      memcpy (at, info.parent, sizeof at);
    }
  return img_refuse (error, IMG_REFUSAL_LAYER_TREE, "%s rests on itself", id);
}

static gboolean
set_mode (const ImgPool *pool, const char *id, gboolean is_sealed, GError **error)
{
  int fd = img_pool_open (pool, id, O_RDONLY, error);
  gboolean is_ok;

  if (fd < 0)
    return FALSE;
  is_ok = img_pool_own (pool, fd, is_sealed, error)
          && (fsync (fd) == 0 || img_file_fail (error, "fsync"));
  close (fd);
  return is_ok;
}

/* qemu-img writes the new parent into the header while tables that it needs may still be in its own
 * cache; killed between the two, the layer would show holes. So the old parent is written down in a
 * file beside it first, and whoever finds that file puts the old parent back: all that it held is
 * still there. */
static char *
note_name (const char *id)
{
  return g_strconcat (IMG_POOL_PULL_PREFIX, id, NULL);
}

static gboolean
write_note (const ImgPool *pool, const char *id, const char *parent, GError **error)
{
  g_autofree char *name = note_name (id);
  int fd = img_file_open_below (pool->dir_fd, name, O_WRONLY | O_CREAT | O_TRUNC, error);
  gboolean is_ok;

  if (fd < 0)
    return FALSE;
  is_ok = (write (fd, parent, strlen (parent)) == (ssize_t) strlen (parent) && fsync (fd) == 0
           && fsync (pool->dir_fd) == 0)
          || img_file_fail (error, name);
  close (fd);
  return is_ok;
}

static gboolean
drop_note (const ImgPool *pool, const char *id, GError **error)
{
  g_autofree char *name = note_name (id);

  return (unlinkat (pool->dir_fd, name, 0) == 0 && fsync (pool->dir_fd) == 0) || errno == ENOENT
         || img_file_fail (error, name);
}

/* The parent written down, or "" without one or without a note. */
static gboolean
read_note (const ImgPool *pool, const char *id, gboolean *out_found,
           char out_parent[IMG_LAYER_ID_LENGTH + 1], GError **error)
{
  g_autofree char *name = note_name (id);
  g_autoptr (GError) fault = NULL;
  int fd = img_file_open_below (pool->dir_fd, name, O_RDONLY, &fault);
  ssize_t n;

  memset (out_parent, 0, IMG_LAYER_ID_LENGTH + 1);
  *out_found = fd >= 0;
  if (g_error_matches (fault, IMG_ERROR, IMG_ERROR_NOT_FOUND))
    return TRUE;
  if (fd < 0)
    {
      g_propagate_error (error, g_steal_pointer (&fault));
      return FALSE;
    }
  n = read (fd, out_parent, IMG_LAYER_ID_LENGTH);
  close (fd);
  /* A note that is not whole was written before anything else was done. */
  if (n > 0 && !img_layer_id_is (out_parent))
    out_parent[0] = '\0', *out_found = FALSE;
  return n >= 0 || img_file_fail (error, name);
}

/* A qemu-img whose daemon was killed dies a moment later and until then holds its lock. */
static gboolean
run_when_free (const char *const *argv, GError **error)
{
  const gint64 end_us = g_get_monotonic_time () + LOCK_WAIT_US;

  for (;;)
    {
      g_autoptr (GError) fault = NULL;

      if (img_pool_run (argv, NULL, &fault))
        return TRUE;
      if (strstr (fault->message, " lock") == NULL || g_get_monotonic_time () > end_us)
        {
          g_propagate_error (error, g_steal_pointer (&fault));
          return FALSE;
        }
      /* Locks of open files tell nobody when they go. */
      g_poll (NULL, 0, LOCK_TICK_MS);
    }
}

/* @parent NULL: none. */
static gboolean
write_parent (const ImgPool *pool, const char *id, const char *parent, GError **error)
{
  ImgStore *store = (ImgStore *) pool;
  g_autofree char *path = store->class->layer_path (store, id);
  g_autofree char *parent_path = parent != NULL ? store->class->layer_path (store, parent) : NULL;
  const char *const onto[] = { "qemu-img", "rebase",    "-q", "-u",    "-f", "qcow2",
                               "-b",       parent_path, "-F", "qcow2", path, NULL };
  const char *const onto_nothing[]
      = { "qemu-img", "rebase", "-q", "-u", "-f", "qcow2", "-b", "", path, NULL };

  return run_when_free (parent != NULL ? onto : onto_nothing, error);
}

gboolean
img_pool_undo_pull (const ImgPool *pool, const char *id, GError **error)
{
  char parent[IMG_LAYER_ID_LENGTH + 1];
  gboolean is_noted;

  if (!read_note (pool, id, &is_noted, parent, error))
    return FALSE;
  if (is_noted && parent[0] != '\0' && img_pool_has (pool, id) && img_pool_has (pool, parent)
      && !write_parent (pool, id, parent, error))
    return FALSE;
  return drop_note (pool, id, error);
}

gboolean
img_pool_reparent (ImgStore *store, const char *id, const char *parent, GError **error)
{
  const ImgPool *pool = (const ImgPool *) store;
  ImgLayerInfo info, below;

  if (!store->class->layer_info (store, id, &info, error)
      || (parent != NULL && !store->class->layer_info (store, parent, &below, error)))
    return FALSE;
  if (strcmp (info.parent, parent != NULL ? parent : "") != 0
      && ((info.is_sealed && !set_mode (pool, id, FALSE, error))
          || !write_parent (pool, id, parent, error)
          || !set_mode (pool, id, info.is_sealed, error)))
    return FALSE;
  return drop_note (pool, id, error);
}

static gboolean
pull (const ImgPool *pool, const char *id, const ImgLayerInfo *info, const char *parent,
      ImgCommand *command, GError **error)
{
  ImgStore *store = (ImgStore *) pool;
  g_autofree char *path = store->class->layer_path (store, id);
  g_autofree char *parent_path
      = parent != NULL ? store->class->layer_path (store, parent) : g_strdup ("");
  const char *const onto[] = { IMG_POOL_MORTAL, "qemu-img", "rebase", "-p", "-f", "qcow2", "-b",
                               parent_path,     "-F",       "qcow2",  path, NULL };
  const char *const onto_nothing[]
      = { IMG_POOL_MORTAL, "qemu-img", "rebase", "-p", "-f", "qcow2", "-b", "", path, NULL };

  return write_note (pool, id, info->parent, error)
         && img_pool_run (parent != NULL ? onto : onto_nothing, command, error);
}

gboolean
img_pool_pull (ImgStore *store, const char *id, const char *parent, ImgProgressFunc progress,
               gpointer data, GCancellable *cancellable, GError **error)
{
  const ImgPool *pool = (const ImgPool *) store;
  g_auto (ImgCommand) command
      = { .progress = progress, .progress_data = data, .cancellable = cancellable };
  g_autoptr (GError) undo = NULL;
  ImgLayerInfo info;
  guint64 bytes;

  if (!img_pool_check_id (id, error) || (parent != NULL && !img_pool_check_id (parent, error))
      || !img_pool_undo_pull (pool, id, error)
      || !store->class->layer_info (store, id, &info, error)
      || !measure_between (store, id, parent, &bytes, error))
    return FALSE;
  if (strcmp (info.parent, parent != NULL ? parent : "") == 0)
    return TRUE;
  command.timeout_ms = img_pool_time_for (bytes);
  if (info.is_sealed && !set_mode (pool, id, FALSE, error))
    return FALSE;
  /* Its bytes on disk before anybody is told that the layers between are not needed. */
  if (pull (pool, id, &info, parent, &command, error))
    return set_mode (pool, id, info.is_sealed, error) && drop_note (pool, id, error);
  if (!img_pool_undo_pull (pool, id, &undo) || !set_mode (pool, id, info.is_sealed, &undo))
    g_warning ("a pull that failed is undone at the next start: %s", undo->message);
  return FALSE;
}
