/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The pool: a directory with one file a layer. A layer gets its final name only when it is whole
 * and on disk, so a crash leaves either the layer or a file that the next start sweeps. */
#include "config.h"

#include "img-command.h"
#include "img-fetch.h"
#include "img-file.h"
#include "img-import.h"
#include "img-name.h"
#include "img-pool.h"
#include "img-refusal.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#define SPOOL ".spool"
/* For programs that do milliseconds of work. */
#define TIMEOUT_MS 30000

gboolean
img_pool_check_id (const char *id, GError **error)
{
  return img_layer_id_is (id) || img_refuse (error, IMG_REFUSAL_LAYER_ID, "not a layer's id");
}

static gboolean
sync_fd (int fd, GError **error)
{
  return fsync (fd) == 0 || img_file_fail (error, "fsync");
}

int
img_pool_open (const ImgPool *pool, const char *id, int flags, GError **error)
{
  g_autofree char *name = NULL;

  if (!img_pool_check_id (id, error))
    return -1;
  name = img_name_file (id);
  return img_file_open_below (pool->dir_fd, name, flags, error);
}

gboolean
img_pool_has (const ImgPool *pool, const char *id)
{
  g_autofree char *name = img_name_file (id);
  struct stat st;

  return fstatat (pool->dir_fd, name, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISREG (st.st_mode);
}

gboolean
img_pool_own (const ImgPool *pool, int fd, gboolean is_sealed, GError **error)
{
  if (pool->qemu_uid != (uid_t) -1
      && fchown (fd, is_sealed ? 0 : pool->qemu_uid, pool->qemu_gid) < 0)
    return img_file_fail (error, "fchown");
  return fchmod (fd, is_sealed ? 0440 : 0600) == 0 || img_file_fail (error, "fchmod");
}

gboolean
img_pool_settle (const ImgPool *pool, int from_fd, const char *from, int fd, const char *id,
                 gboolean is_sealed, GError **error)
{
  g_autofree char *name = img_name_file (id);

  if (!img_pool_own (pool, fd, is_sealed, error) || !sync_fd (fd, error))
    return FALSE;
  if (renameat2 (from_fd, from, pool->dir_fd, name, RENAME_NOREPLACE) < 0)
    return img_file_fail (error, name);
  return sync_fd (pool->dir_fd, error);
}

gboolean
img_pool_run (const char *const *argv, ImgCommand *command, GError **error)
{
  g_auto (ImgCommand) own_command = { .timeout_ms = TIMEOUT_MS };
  g_autofree char *complaint = NULL;
  ImgError code = IMG_ERROR_IO;
  gboolean is_run;

  if (command == NULL)
    command = &own_command;
  command->argv = argv;
  is_run = img_command_run (command, error);
  command->argv = NULL;
  if (!is_run)
    return FALSE;
  if (command->status == 0)
    return TRUE;
  complaint = img_command_complaint (command);
  if (strstr (complaint, "No space left") != NULL)
    code = IMG_ERROR_SPACE;
  g_set_error (error, IMG_ERROR, code, "%s", complaint);
  return FALSE;
}

static gboolean
pool_info (ImgStore *store, const char *id, ImgLayerInfo *out, GError **error)
{
  const ImgPool *pool = (const ImgPool *) store;
  ImgLayerInfo info = { 0 };
  ImgHeader header;
  struct stat st;
  gboolean is_ok;
  int fd = img_pool_open (pool, id, O_RDONLY, error);

  if (fd < 0)
    return FALSE;
  is_ok = img_file_read_header (fd, &header, error)
          && (fstat (fd, &st) == 0 || img_file_fail (error, "fstat"));
  close (fd);
  if (!is_ok)
    return FALSE;
  info.virtual_bytes = header.virtual_bytes;
  info.used_bytes = (guint64) st.st_blocks * 512;
  info.is_sealed = (st.st_mode & S_IWUSR) == 0;
  img_name_parent (header.backing, info.parent);
  *out = info;
  return TRUE;
}

/* The size the new layer gets. */
static gboolean
choose_size (const ImgPool *pool, const char *parent, guint64 asked, guint64 *out_bytes,
             GError **error)
{
  ImgLayerInfo info = { 0 };

  if (parent != NULL && !pool_info ((ImgStore *) pool, parent, &info, error))
    return FALSE;
  return img_name_choose_size (asked, info.virtual_bytes, IMG_LAYER_BYTES_MAX, out_bytes, error);
}

static gboolean
pool_create (ImgStore *store, const char *id, const char *parent, guint64 virtual_bytes,
             GError **error)
{
  const ImgPool *pool = (const ImgPool *) store;
  g_autofree char *new_name = NULL, *new_path = NULL, *parent_path = NULL, *size = NULL;
  gboolean is_ok;
  guint64 bytes;
  int fd;

  if (!img_pool_check_id (id, error) || (parent != NULL && !img_pool_check_id (parent, error)))
    return FALSE;
  if (img_pool_has (pool, id))
    return TRUE;
  if (!choose_size (pool, parent, virtual_bytes, &bytes, error))
    return FALSE;
  /* A name of its own each time: a qemu-img that outlived a killed daemon may still write. */
  new_name = g_strdup_printf (IMG_POOL_NEW_PREFIX "%s.%08x", id, g_random_int ());
  new_path = g_build_filename (pool->dir, new_name, NULL);
  size = g_strdup_printf ("%" G_GUINT64_FORMAT, bytes);
  parent_path = parent != NULL ? store->class->layer_path (store, parent) : NULL;

  /* -u: the parent may be locked by a running QEMU and need not be opened; we know its size. */
  const char *const empty[] = { "qemu-img", "create", "-q", "-f", "qcow2", new_path, size, NULL };
  const char *const overlay[] = { "qemu-img",  "create", "-q",    "-u",     "-f", "qcow2", "-b",
                                  parent_path, "-F",     "qcow2", new_path, size, NULL };
  if (!img_pool_run (parent != NULL ? overlay : empty, NULL, error))
    {
      unlinkat (pool->dir_fd, new_name, 0);
      return FALSE;
    }
  fd = img_file_open_below (pool->dir_fd, new_name, O_RDWR, error);
  is_ok = fd >= 0 && img_pool_settle (pool, pool->dir_fd, new_name, fd, id, FALSE, error);
  if (fd >= 0)
    close (fd);
  if (!is_ok)
    unlinkat (pool->dir_fd, new_name, 0);
  return is_ok;
}

static gboolean
pool_seal (ImgStore *store, const char *id, GError **error)
{
  const ImgPool *pool = (const ImgPool *) store;
  int fd = img_pool_open (pool, id, O_RDONLY, error);
  gboolean is_ok;

  if (fd < 0)
    return FALSE;
  is_ok = img_pool_own (pool, fd, TRUE, error) && sync_fd (fd, error);
  close (fd);
  return is_ok;
}

static gboolean
pool_grow (ImgStore *store, const char *id, guint64 virtual_bytes, GError **error)
{
  g_autofree char *path = NULL, *size = NULL;
  ImgLayerInfo info;

  if (!pool_info (store, id, &info, error)
      || !img_name_check_grow (&info, virtual_bytes, IMG_LAYER_BYTES_MAX, error))
    return FALSE;
  if (virtual_bytes == info.virtual_bytes)
    return TRUE;
  path = store->class->layer_path (store, id);
  size = g_strdup_printf ("%" G_GUINT64_FORMAT, virtual_bytes);
  const char *const argv[] = { "qemu-img", "resize", "-q", "-f", "qcow2", path, size, NULL };
  return img_pool_run (argv, NULL, error);
}

static gboolean
pool_remove (ImgStore *store, const char *id, GError **error)
{
  const ImgPool *pool = (const ImgPool *) store;
  g_autofree char *name = NULL;

  if (!img_pool_check_id (id, error))
    return FALSE;
  name = img_name_file (id);
  return unlinkat (pool->dir_fd, name, 0) == 0 || errno == ENOENT || img_file_fail (error, name);
}

/* Calls @func with each name in the directory; "." and ".." too. */
static gboolean
for_each_name (int dir_fd, void (*func) (int dir_fd, const char *name, gpointer data),
               gpointer data, GError **error)
{
  /* A handle of its own: the position in the directory belongs to the handle. */
  int fd = openat (dir_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  DIR *dir = fd >= 0 ? fdopendir (fd) : NULL;
  struct dirent *entry;

  if (dir == NULL)
    {
      img_file_fail (error, "reading the pool");
      if (fd >= 0)
        close (fd);
      return FALSE;
    }
  while ((entry = readdir (dir)) != NULL)
    func (dir_fd, entry->d_name, data);
  closedir (dir);
  return TRUE;
}

static void
add_layer (int dir_fd, const char *name, gpointer data)
{
  char *id = img_name_layer (name);
  struct stat st;

  if (id != NULL && fstatat (dir_fd, name, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISREG (st.st_mode))
    g_ptr_array_add (data, g_steal_pointer (&id));
  g_free (id);
}

static GPtrArray *
pool_list (ImgStore *store, GError **error)
{
  const ImgPool *pool = (const ImgPool *) store;
  g_autoptr (GPtrArray) ids = g_ptr_array_new_with_free_func (g_free);

  return for_each_name (pool->dir_fd, add_layer, ids, error) ? g_steal_pointer (&ids) : NULL;
}

static char *
pool_path (ImgStore *store, const char *id)
{
  const ImgPool *pool = (const ImgPool *) store;
  g_autofree char *name = NULL;

  if (!img_layer_id_is (id))
    return NULL;
  name = img_name_file (id);
  return g_build_filename (pool->dir, name, NULL);
}

/* The common end of all imports: the file that is open as @import->fd becomes layer @id. */
static gboolean
take_file (const ImgPool *pool, const char *id, ImgImport *import, GError **error)
{
  g_autofree char *from = g_strconcat (id, "/work/" IMG_IMPORT_RESULT, NULL);
  gboolean is_ok;
  int fd;

  import->spool_fd = pool->spool_fd;
  import->spool_path = pool->spool;
  import->import_user = pool->import_user;
  import->name = id;
  fd = img_import_run (import, error);
  is_ok = fd >= 0 && img_pool_settle (pool, pool->spool_fd, from, fd, id, TRUE, error);
  if (fd >= 0)
    close (fd);
  img_import_clean (import);
  return is_ok;
}

static gboolean
pool_import (ImgStore *store, const char *id, const char *file, const char *format,
             ImgProgressFunc progress, gpointer data, GCancellable *cancellable, ImgLayerInfo *out,
             GError **error)
{
  const ImgPool *pool = (const ImgPool *) store;
  ImgImport import = { .max_virtual_bytes = pool->max_virtual_bytes,
                       .format = format,
                       .progress = progress,
                       .progress_data = data,
                       .cancellable = cancellable };
  ImgLayerInfo info;

  if (!img_pool_check_id (id, error))
    return FALSE;
  if (!img_pool_has (pool, id))
    {
      gboolean is_ok;

      import.fd = img_file_open_foreign (file, error);
      if (import.fd < 0)
        return FALSE;
      is_ok = take_file (pool, id, &import, error);
      close (import.fd);
      if (!is_ok)
        return FALSE;
    }
  return pool_info (store, id, out != NULL ? out : &info, error);
}

static int
open_dropped (const ImgPool *pool, const ImgSource *source, GError **error)
{
  int dir_fd = img_file_open_folder (pool->drop_dir, source->folder, error);
  int fd = -1;

  if (dir_fd < 0)
    return -1;
  if (!img_file_is_name (source->name))
    img_refuse (error, IMG_REFUSAL_NOT_A_FILE, "the image's name is not that of a file");
  else
    fd = img_file_open_foreign_below (dir_fd, source->name, error);
  close (dir_fd);
  return fd;
}

/* Fetches into the spool, as @name. */
static int
open_fetched (const ImgPool *pool, const char *name, const ImgSource *source, ImgFetch *fetch,
              GError **error)
{
  g_autofree char *path = g_build_filename (pool->spool, name, NULL);

  fetch->url = source->url;
  fetch->file = path;
  fetch->user = pool->import_user;
  fetch->ranges = (const char *const *) pool->fetch_ranges;
  fetch->max_bytes = source->max_bytes > 0 ? source->max_bytes : pool->max_virtual_bytes;
  if (!img_fetch_run (fetch, error))
    return -1;
  return img_file_open_below (pool->spool_fd, name, O_RDONLY, error);
}

static gboolean
pool_import_from (ImgStore *store, const char *id, const ImgSource *source,
                  ImgProgressFunc progress, gpointer data, GCancellable *cancellable,
                  ImgLayerInfo *out, GError **error)
{
  const ImgPool *pool = (const ImgPool *) store;
  g_autofree char *name = g_strconcat (id, IMG_FETCH_SUFFIX, NULL);
  ImgFetch fetch = { .progress = progress, .progress_data = data, .cancellable = cancellable };
  ImgImport import = { .max_virtual_bytes = pool->max_virtual_bytes,
                       .max_bytes = source->max_bytes,
                       .format = source->format,
                       .progress = progress,
                       .progress_data = data,
                       .cancellable = cancellable };
  ImgLayerInfo info;
  gboolean is_ok;

  if (!img_pool_check_id (id, error))
    return FALSE;
  if (img_pool_has (pool, id))
    return pool_info (store, id, out != NULL ? out : &info, error);
  if (source->max_virtual_bytes > 0)
    import.max_virtual_bytes = MIN (import.max_virtual_bytes, source->max_virtual_bytes);
  if (source->url != NULL)
    {
      import.fd = open_fetched (pool, name, source, &fetch, error);
      import.spooled = name;
      import.progress = progress != NULL ? img_fetch_rest : NULL;
      import.progress_data = &fetch;
    }
  else
    import.fd = open_dropped (pool, source, error);
  is_ok = import.fd >= 0 && take_file (pool, id, &import, error);
  if (import.fd >= 0)
    close (import.fd);
  if (source->url != NULL && unlinkat (pool->spool_fd, name, 0) < 0 && errno != ENOENT)
    g_warning ("a fetched file stays until the next start: %s", g_strerror (errno));
  return is_ok && pool_info (store, id, out != NULL ? out : &info, error);
}

static gboolean
pool_space (ImgStore *store, guint64 *out_total, guint64 *out_free, GError **error)
{
  const ImgPool *pool = (const ImgPool *) store;
  struct statvfs fs;

  if (fstatvfs (pool->dir_fd, &fs) < 0)
    return img_file_fail (error, "fstatvfs");
  *out_total = (guint64) fs.f_blocks * fs.f_frsize;
  *out_free = (guint64) fs.f_bavail * fs.f_frsize;
  return TRUE;
}

static void
pool_free (ImgStore *store)
{
  ImgPool *pool = (ImgPool *) store;

  if (pool->dir_fd >= 0)
    close (pool->dir_fd);
  if (pool->spool_fd >= 0)
    close (pool->spool_fd);
  g_free (pool->dir);
  g_free (pool->spool);
  g_free (pool->import_user);
  g_strfreev (pool->fetch_ranges);
  g_free (pool->drop_dir);
  g_free (pool->export_dir);
  g_free (pool);
}

static const ImgStoreClass pool_class = {
  .layer_create = pool_create,
  .layer_seal = pool_seal,
  .layer_remove = pool_remove,
  .layer_info = pool_info,
  .layer_grow = pool_grow,
  .layer_list = pool_list,
  .layer_path = pool_path,
  .import = pool_import,
  .import_from = pool_import_from,
  .layer_format = img_pool_format,
  .layer_pull = img_pool_pull,
  .layer_reparent = img_pool_reparent,
  .export = img_pool_export,
  .export_remove = img_pool_export_remove,
  .space = pool_space,
  .free = pool_free,
};

static gboolean
find_owner (ImgPool *pool, const ImgConfig *config, GError **error)
{
  g_autofree char *buffer = g_malloc (65536);
  struct passwd user, *found_user = NULL;
  struct group group, *found_group = NULL;

  pool->qemu_uid = (uid_t) -1;
  pool->qemu_gid = (gid_t) -1;
  /* Only root can give files away; without root QEMU runs as we do. */
  if (geteuid () != 0 || config->qemu_user == NULL)
    return TRUE;
  if (getpwnam_r (config->qemu_user, &user, buffer, 65536, &found_user) != 0 || found_user == NULL)
    {
      g_set_error (error, IMG_ERROR, IMG_ERROR_IO, "no user \"%s\"", config->qemu_user);
      return FALSE;
    }
  pool->qemu_uid = user.pw_uid;
  pool->qemu_gid = user.pw_gid;
  if (config->qemu_group == NULL)
    return TRUE;
  if (getgrnam_r (config->qemu_group, &group, buffer, 65536, &found_group) != 0
      || found_group == NULL)
    {
      g_set_error (error, IMG_ERROR, IMG_ERROR_IO, "no group \"%s\"", config->qemu_group);
      return FALSE;
    }
  pool->qemu_gid = group.gr_gid;
  return TRUE;
}

/* Makes and opens the pool (QEMU may look up names in it) and the spool (only we may). */
static gboolean
open_directories (ImgPool *pool, GError **error)
{
  if (g_mkdir_with_parents (pool->dir, 0750) < 0)
    return img_file_fail (error, pool->dir);
  pool->dir_fd = open (pool->dir, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  if (pool->dir_fd < 0)
    return img_file_fail (error, pool->dir);
  if (pool->qemu_uid != (uid_t) -1 && fchown (pool->dir_fd, 0, pool->qemu_gid) < 0)
    return img_file_fail (error, pool->dir);
  if (fchmod (pool->dir_fd, 0750) < 0)
    return img_file_fail (error, pool->dir);
  if (mkdirat (pool->dir_fd, SPOOL, 0700) < 0 && errno != EEXIST)
    return img_file_fail (error, pool->spool);
  pool->spool_fd = img_file_open_below (pool->dir_fd, SPOOL, O_RDONLY | O_DIRECTORY, error);
  return pool->spool_fd >= 0;
}

static void
sweep_new (int dir_fd, const char *name, gpointer data)
{
  g_autofree char *id = NULL;

  if (!g_str_has_prefix (name, IMG_POOL_NEW_PREFIX))
    return;
  id = g_strndup (name + strlen (IMG_POOL_NEW_PREFIX), IMG_LAYER_ID_LENGTH);
  if (img_layer_id_is (id))
    unlinkat (dir_fd, name, 0);
}

typedef struct
{
  const ImgPool *pool;
  GError *error; /* the first */
} Undo;

static void
undo_pull (int dir_fd, const char *name, gpointer data)
{
  Undo *undo = data;
  const char *id = name + strlen (IMG_POOL_PULL_PREFIX);

  if (g_str_has_prefix (name, IMG_POOL_PULL_PREFIX) && img_layer_id_is (id) && undo->error == NULL)
    img_pool_undo_pull (undo->pool, id, &undo->error);
}

/* Before anybody can read a layer that shows holes. */
static gboolean
undo_pulls (const ImgPool *pool, GError **error)
{
  Undo undo = { .pool = pool };

  if (!for_each_name (pool->dir_fd, undo_pull, &undo, error))
    return FALSE;
  if (undo.error == NULL)
    return TRUE;
  g_propagate_error (error, undo.error);
  return FALSE;
}

static void
sweep_spool (int dir_fd, const char *name, gpointer data)
{
  g_autoptr (GError) error = NULL;

  if (g_str_has_suffix (name, IMG_FETCH_SUFFIX))
    unlinkat (dir_fd, name, 0);
  if (img_layer_id_is (name) && !img_file_remove_tree (dir_fd, name, &error))
    g_warning ("an old import's files stay: %s", error->message);
}

ImgStore *
img_store_new (const ImgConfig *config, GError **error)
{
  ImgPool *pool = g_new0 (ImgPool, 1);
  ImgStore *store = &pool->parent;

  store->class = &pool_class;
  pool->dir = g_strdup (config->dir);
  pool->spool = g_build_filename (config->dir, SPOOL, NULL);
  pool->import_user = g_strdup (config->import_user);
  pool->max_virtual_bytes = config->max_virtual_bytes;
  pool->fetch_ranges = g_strdupv ((char **) config->fetch_ranges);
  pool->drop_dir = g_strdup (config->drop_dir);
  pool->export_dir = g_strdup (config->export_dir);
  pool->dir_fd = -1;
  pool->spool_fd = -1;
  /* qemu-img would take a path such as "nbd:…" for something else than a file. */
  if (!g_path_is_absolute (config->dir))
    g_set_error (error, IMG_ERROR, IMG_ERROR_IO, "the pool \"%s\" is not an absolute path",
                 config->dir);
  else if (find_owner (pool, config, error) && open_directories (pool, error)
           && for_each_name (pool->dir_fd, sweep_new, NULL, error)
           && for_each_name (pool->spool_fd, sweep_spool, NULL, error) && undo_pulls (pool, error))
    return store;
  img_store_free (store);
  return NULL;
}

void
img_store_free (ImgStore *store)
{
  if (store != NULL)
    store->class->free (store);
}
