/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The fake pool: a hash table behind a lock, with the rules of the real one. */
#include "config.h"

#include "img-fake.h"
#include "img-file.h"
#include "img-name.h"
#include "img-refusal.h"
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define FAKE_DIR "/nowhere/pool"
/* What an empty layer takes on a real file system. */
#define EMPTY_BYTES 200704u
#define HELD_TICK_NS (10 * 1000 * 1000)
#define NS_PER_S (1000 * 1000 * 1000)

typedef struct
{
  ImgStore parent;
  pthread_mutex_t lock;
  GHashTable *layers; /* id → ImgLayerInfo */
  guint calls;
  guint fail_at;
  ImgError fail_code;
  guint64 total_bytes;
  guint64 free_bytes;
  gboolean is_lingering;
  guint pulls; /* that run */
  char *path;  /* NULL when nothing is kept */
  char *drop_dir, *export_dir;
  pthread_cond_t changed;
  gboolean is_holding; /* imports from outside and exports wait */
} Fake;

/* The lock, until the end of the block. Not GLib's: ThreadSanitizer would not know it for a lock.
 */
typedef pthread_mutex_t Held;

static void
release (Held *lock)
{
  pthread_mutex_unlock (lock);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Held, release)

static Held *
hold (Fake *fake)
{
  pthread_mutex_lock (&fake->lock);
  return &fake->lock;
}

#define KEY_VIRTUAL "virtual"
#define KEY_USED "used"
#define KEY_PARENT "parent"
#define KEY_SEALED "sealed"

static void
save (Fake *fake)
{
  g_autoptr (GKeyFile) file = g_key_file_new ();
  GHashTableIter iter;
  gpointer id, data;

  if (fake->path == NULL)
    return;
  g_hash_table_iter_init (&iter, fake->layers);
  while (g_hash_table_iter_next (&iter, &id, &data))
    {
      const ImgLayerInfo *info = data;

      g_key_file_set_uint64 (file, id, KEY_VIRTUAL, info->virtual_bytes);
      g_key_file_set_uint64 (file, id, KEY_USED, info->used_bytes);
      g_key_file_set_string (file, id, KEY_PARENT, info->parent);
      g_key_file_set_boolean (file, id, KEY_SEALED, info->is_sealed);
    }
  g_key_file_save_to_file (file, fake->path, NULL);
}

static void
take_up (Fake *fake, GKeyFile *file)
{
  g_auto (GStrv) ids = g_key_file_get_groups (file, NULL);

  for (guint i = 0; ids[i] != NULL; i++)
    {
      g_autofree char *parent = g_key_file_get_string (file, ids[i], KEY_PARENT, NULL);
      ImgLayerInfo *info = g_new0 (ImgLayerInfo, 1);

      info->virtual_bytes = g_key_file_get_uint64 (file, ids[i], KEY_VIRTUAL, NULL);
      info->used_bytes = g_key_file_get_uint64 (file, ids[i], KEY_USED, NULL);
      info->is_sealed = g_key_file_get_boolean (file, ids[i], KEY_SEALED, NULL);
      g_strlcpy (info->parent, parent != NULL ? parent : "", sizeof info->parent);
      fake->free_bytes -= info->used_bytes;
      g_hash_table_replace (fake->layers, g_strdup (ids[i]), info);
    }
}

/* Every call of the table begins here: counts it, and fails it when its turn has come. */
static gboolean
enter (Fake *fake, GError **error)
{
  fake->calls++;
  if (fake->fail_at == 0 || --fake->fail_at != 0)
    return TRUE;
  g_set_error (error, IMG_ERROR, fake->fail_code, "call %u fails on request", fake->calls);
  return FALSE;
}

static ImgLayerInfo *
find (Fake *fake, const char *id, GError **error)
{
  ImgLayerInfo *info;

  if (!img_layer_id_is (id))
    {
      img_refuse (error, IMG_REFUSAL_LAYER_ID, "not a layer's id");
      return NULL;
    }
  info = g_hash_table_lookup (fake->layers, id);
  if (info == NULL)
    g_set_error (error, IMG_ERROR, IMG_ERROR_NOT_FOUND, "layer %s is not there", id);
  return info;
}

static gboolean
add (Fake *fake, const char *id, const ImgLayerInfo *info, GError **error)
{
  if (fake->free_bytes < info->used_bytes)
    {
      g_set_error_literal (error, IMG_ERROR, IMG_ERROR_SPACE, "the fake pool is full");
      return FALSE;
    }
  fake->free_bytes -= info->used_bytes;
  g_hash_table_insert (fake->layers, g_strdup (id), g_memdup2 (info, sizeof *info));
  save (fake);
  return TRUE;
}

static gboolean
fake_create (ImgStore *store, const char *id, const char *parent, guint64 virtual_bytes,
             GError **error)
{
  Fake *fake = (Fake *) store;
  g_autoptr (Held) held G_GNUC_UNUSED = hold (fake);
  ImgLayerInfo info = { .used_bytes = EMPTY_BYTES };
  const ImgLayerInfo *below = NULL;

  if (!enter (fake, error))
    return FALSE;
  if (!img_layer_id_is (id))
    return img_refuse (error, IMG_REFUSAL_LAYER_ID, "not a layer's id");
  if (parent != NULL && !img_layer_id_is (parent))
    return img_refuse (error, IMG_REFUSAL_LAYER_ID, "not a layer's id");
  if (g_hash_table_contains (fake->layers, id))
    return TRUE;
  if (parent != NULL && (below = find (fake, parent, error)) == NULL)
    return FALSE;
  if (!img_name_choose_size (virtual_bytes, below != NULL ? below->virtual_bytes : 0,
                             IMG_LAYER_BYTES_MAX, &info.virtual_bytes, error))
    return FALSE;
  g_strlcpy (info.parent, parent != NULL ? parent : "", sizeof info.parent);
  return add (fake, id, &info, error);
}

static gboolean
fake_seal (ImgStore *store, const char *id, GError **error)
{
  Fake *fake = (Fake *) store;
  g_autoptr (Held) held G_GNUC_UNUSED = hold (fake);
  ImgLayerInfo *info = enter (fake, error) ? find (fake, id, error) : NULL;

  if (info == NULL)
    return FALSE;
  info->is_sealed = TRUE;
  save (fake);
  return TRUE;
}

static gboolean
fake_remove (ImgStore *store, const char *id, GError **error)
{
  Fake *fake = (Fake *) store;
  g_autoptr (Held) held G_GNUC_UNUSED = hold (fake);
  const ImgLayerInfo *info;

  if (!enter (fake, error))
    return FALSE;
  if (!img_layer_id_is (id))
    return img_refuse (error, IMG_REFUSAL_LAYER_ID, "not a layer's id");
  info = g_hash_table_lookup (fake->layers, id);
  if (info != NULL)
    fake->free_bytes += info->used_bytes;
  g_hash_table_remove (fake->layers, id);
  save (fake);
  return TRUE;
}

static gboolean
fake_info (ImgStore *store, const char *id, ImgLayerInfo *out, GError **error)
{
  Fake *fake = (Fake *) store;
  g_autoptr (Held) held G_GNUC_UNUSED = hold (fake);
  const ImgLayerInfo *info = enter (fake, error) ? find (fake, id, error) : NULL;

  if (info == NULL)
    return FALSE;
  *out = *info;
  return TRUE;
}

static gboolean
fake_grow (ImgStore *store, const char *id, guint64 virtual_bytes, GError **error)
{
  Fake *fake = (Fake *) store;
  g_autoptr (Held) held G_GNUC_UNUSED = hold (fake);
  ImgLayerInfo *info = enter (fake, error) ? find (fake, id, error) : NULL;

  if (info == NULL || !img_name_check_grow (info, virtual_bytes, IMG_LAYER_BYTES_MAX, error))
    return FALSE;
  info->virtual_bytes = virtual_bytes;
  save (fake);
  return TRUE;
}

static GPtrArray *
fake_list (ImgStore *store, GError **error)
{
  Fake *fake = (Fake *) store;
  g_autoptr (Held) held G_GNUC_UNUSED = hold (fake);
  GPtrArray *ids;
  GHashTableIter iter;
  gpointer id;

  if (!enter (fake, error))
    return NULL;
  ids = g_ptr_array_new_with_free_func (g_free);
  g_hash_table_iter_init (&iter, fake->layers);
  while (g_hash_table_iter_next (&iter, &id, NULL))
    g_ptr_array_add (ids, g_strdup (id));
  return ids;
}

static char *
fake_path (ImgStore *store, const char *id)
{
  g_autofree char *name = NULL;

  if (!img_layer_id_is (id))
    return NULL;
  name = img_name_file (id);
  return g_build_filename (FAKE_DIR, name, NULL);
}

/* The real look at the real file, by the same parser; only the conversion is left out. */
static gboolean
inspect (const char *file, const char *format, ImgLayerInfo *out, GError **error)
{
  ImgHeader header;
  gboolean is_ok;
  int fd;

  if (strcmp (format, "raw") != 0 && strcmp (format, "qcow2") != 0)
    {
      g_set_error (error, IMG_ERROR, IMG_ERROR_FORMAT, "format \"%s\" is not raw or qcow2", format);
      return FALSE;
    }
  fd = img_file_open_foreign (file, error);
  if (fd < 0)
    return FALSE;
  if (strcmp (format, "raw") == 0)
    is_ok = img_file_check_raw (fd, IMG_LAYER_BYTES_MAX, error)
            && img_file_size (fd, &out->virtual_bytes, &out->used_bytes, error);
  else
    {
      is_ok = img_file_read_header (fd, &header, error)
              && img_header_accept (&header, IMG_LAYER_BYTES_MAX, error)
              && img_file_check_l1 (fd, &header, error)
              && img_file_size (fd, NULL, &out->used_bytes, error);
      out->virtual_bytes = is_ok ? header.virtual_bytes : 0;
    }
  close (fd);
  return is_ok;
}

static gboolean
fake_import (ImgStore *store, const char *id, const char *file, const char *format,
             ImgProgressFunc progress, gpointer data, GCancellable *cancellable, ImgLayerInfo *out,
             GError **error)
{
  Fake *fake = (Fake *) store;
  ImgLayerInfo info = { .is_sealed = TRUE };
  const ImgLayerInfo *known;

  pthread_mutex_lock (&fake->lock);
  if (!enter (fake, error))
    {
      pthread_mutex_unlock (&fake->lock);
      return FALSE;
    }
  known = img_layer_id_is (id) ? g_hash_table_lookup (fake->layers, id) : NULL;
  if (known != NULL && out != NULL)
    *out = *known;
  pthread_mutex_unlock (&fake->lock);
  if (!img_layer_id_is (id))
    return img_refuse (error, IMG_REFUSAL_LAYER_ID, "not a layer's id");
  if (known != NULL)
    return TRUE;
  if (!inspect (file, format, &info, error))
    return FALSE;
  /* Outside the lock: the caller's function may call us. */
  if (progress != NULL)
    progress (100, data);
  if (g_cancellable_is_cancelled (cancellable))
    {
      g_set_error_literal (error, IMG_ERROR, IMG_ERROR_CANCELLED, "it was cancelled");
      return FALSE;
    }

  g_autoptr (Held) held G_GNUC_UNUSED = hold (fake);
  if (!g_hash_table_contains (fake->layers, id) && !add (fake, id, &info, error))
    return FALSE;
  if (out != NULL)
    *out = *(const ImgLayerInfo *) g_hash_table_lookup (fake->layers, id);
  return TRUE;
}

/* While imports are held, this one waits here, heard of as often as a real one or more. */
static void
wait_while_held (Fake *fake, ImgProgressFunc progress, gpointer data, GCancellable *cancellable)
{
  pthread_mutex_lock (&fake->lock);
  while (fake->is_holding && !g_cancellable_is_cancelled (cancellable))
    {
      struct timespec until;

      clock_gettime (CLOCK_REALTIME, &until);
      until.tv_nsec += HELD_TICK_NS;
      until.tv_sec += until.tv_nsec / NS_PER_S;
      until.tv_nsec %= NS_PER_S;
      pthread_cond_timedwait (&fake->changed, &fake->lock, &until);
      pthread_mutex_unlock (&fake->lock);
      if (progress != NULL)
        progress (50, data);
      pthread_mutex_lock (&fake->lock);
    }
  pthread_mutex_unlock (&fake->lock);
}

/* There is no web in here: all that URLs lead to lies in the drop folder, by the last of their
 * names. */
static gboolean
fake_import_from (ImgStore *store, const char *id, const ImgSource *source,
                  ImgProgressFunc progress, gpointer data, GCancellable *cancellable,
                  ImgLayerInfo *out, GError **error)
{
  Fake *fake = (Fake *) store;
  g_autofree char *name
      = source->url != NULL ? g_path_get_basename (source->url) : g_strdup (source->name);
  g_autofree char *path = NULL;
  ImgLayerInfo info = { 0 };
  gboolean is_ok = FALSE;
  int dir_fd, fd;

  if (!img_layer_id_is (id))
    return img_refuse (error, IMG_REFUSAL_LAYER_ID, "not a layer's id");
  if (!img_file_is_name (name))
    return img_refuse (error, IMG_REFUSAL_NOT_A_FILE, "the image's name is not that of a file");
  wait_while_held (fake, progress, data, cancellable);
  dir_fd = img_file_open_folder (fake->drop_dir, source->folder, error);
  fd = dir_fd >= 0 ? img_file_open_foreign_below (dir_fd, name, error) : -1;
  path = g_strdup_printf ("/proc/self/fd/%d/%s", dir_fd, name);
  if (fd >= 0 && inspect (path, source->format, &info, error))
    is_ok = source->max_virtual_bytes == 0 || info.virtual_bytes <= source->max_virtual_bytes
            || img_refuse (error, IMG_REFUSAL_VIRTUAL_SIZE, "the disk is too large");
  is_ok = is_ok
          && fake_import (store, id, path, source->format, progress, data, cancellable, out, error);
  if (fd >= 0)
    close (fd);
  if (dir_fd >= 0)
    close (dir_fd);
  return is_ok;
}

static gboolean
fake_format (ImgStore *store, const char *id, guint64 virtual_bytes, const char *file_system,
             const char *label, GError **error)
{
  if (strcmp (file_system, "ext4") != 0)
    return img_refuse (error, IMG_REFUSAL_FILE_SYSTEM, "\"%s\" is not made here, ext4 is",
                       file_system);
  return fake_create (store, id, NULL, virtual_bytes, error);
}

/* Whether @parent is below @info, adding up what the layers between hold. */
static gboolean
add_between (Fake *fake, const char *id, const ImgLayerInfo *info, const char *parent,
             guint64 *out_bytes, GError **error)
{
  *out_bytes = 0;
  for (const ImgLayerInfo *at = info; strcmp (at->parent, parent) != 0;)
    {
      if (at->parent[0] == '\0')
        return img_refuse (error, IMG_REFUSAL_LAYER_TREE, "%s is not below %s", parent, id);
      at = find (fake, at->parent, error);
      if (at == NULL)
        return FALSE;
      *out_bytes += at->used_bytes;
    }
  return TRUE;
}

/* Without the lock in between, as a pull of the real pool holds up no other call. */
static void
linger (Fake *fake, ImgProgressFunc progress, gpointer data, GCancellable *cancellable)
{
  fake->pulls++;
  for (;;)
    {
      gboolean is_over = !fake->is_lingering;

      pthread_mutex_unlock (&fake->lock);
      if (progress != NULL)
        progress (50, data);
      if (!is_over)
        g_poll (NULL, 0, 1);
      pthread_mutex_lock (&fake->lock);
      if (is_over || g_cancellable_is_cancelled (cancellable))
        break;
    }
  fake->pulls--;
}

static gboolean
fake_pull (ImgStore *store, const char *id, const char *parent, ImgProgressFunc progress,
           gpointer data, GCancellable *cancellable, GError **error)
{
  Fake *fake = (Fake *) store;
  g_autoptr (Held) held G_GNUC_UNUSED = hold (fake);
  ImgLayerInfo *info = enter (fake, error) ? find (fake, id, error) : NULL;
  guint64 bytes;

  if (parent == NULL)
    parent = "";
  if (info == NULL || !add_between (fake, id, info, parent, &bytes, error))
    return FALSE;
  linger (fake, progress, data, cancellable);
  if (g_cancellable_is_cancelled (cancellable))
    {
      g_set_error_literal (error, IMG_ERROR, IMG_ERROR_CANCELLED, "it was cancelled");
      return FALSE;
    }
  if (bytes > fake->free_bytes)
    {
      g_set_error_literal (error, IMG_ERROR, IMG_ERROR_SPACE, "the fake pool is full");
      return FALSE;
    }
  fake->free_bytes -= bytes;
  info->used_bytes += bytes;
  g_strlcpy (info->parent, parent, sizeof info->parent);
  save (fake);
  return TRUE;
}

static gboolean
fake_reparent (ImgStore *store, const char *id, const char *parent, GError **error)
{
  Fake *fake = (Fake *) store;
  g_autoptr (Held) held G_GNUC_UNUSED = hold (fake);
  ImgLayerInfo *info = enter (fake, error) ? find (fake, id, error) : NULL;

  if (info == NULL || (parent != NULL && find (fake, parent, error) == NULL))
    return FALSE;
  g_strlcpy (info->parent, parent != NULL ? parent : "", sizeof info->parent);
  save (fake);
  return TRUE;
}

/* A file of the right name, without what a layer would hold. */
static gboolean
fake_export (ImgStore *store, const char *id, const ImgTarget *target, ImgProgressFunc progress,
             gpointer data, GCancellable *cancellable, GError **error)
{
  Fake *fake = (Fake *) store;
  const ImgLayerInfo *info;
  gboolean is_sealed;
  int dir_fd, fd;

  pthread_mutex_lock (&fake->lock);
  info = enter (fake, error) ? find (fake, id, error) : NULL;
  is_sealed = info != NULL && info->is_sealed;
  pthread_mutex_unlock (&fake->lock);
  if (info == NULL)
    return FALSE;
  if (strcmp (target->format, "raw") != 0 && strcmp (target->format, "qcow2") != 0)
    {
      g_set_error (error, IMG_ERROR, IMG_ERROR_FORMAT, "format \"%s\" is not raw or qcow2",
                   target->format);
      return FALSE;
    }
  if (!is_sealed)
    return img_refuse (error, IMG_REFUSAL_SEALED, "a layer that is written cannot be exported");
  wait_while_held (fake, progress, data, cancellable);
  if (g_cancellable_is_cancelled (cancellable))
    {
      g_set_error_literal (error, IMG_ERROR, IMG_ERROR_CANCELLED, "it was cancelled");
      return FALSE;
    }
  dir_fd = img_file_open_folder (fake->export_dir, target->folder, error);
  fd = dir_fd >= 0 ? img_file_open_below (dir_fd, target->name, O_WRONLY | O_CREAT, error) : -1;
  if (fd >= 0)
    close (fd);
  if (dir_fd >= 0)
    close (dir_fd);
  return fd >= 0;
}

static gboolean
fake_export_remove (ImgStore *store, const ImgTarget *target, GError **error)
{
  Fake *fake = (Fake *) store;
  g_autoptr (Held) held G_GNUC_UNUSED = hold (fake);
  gboolean is_ok;
  int dir_fd;

  if (!enter (fake, error))
    return FALSE;
  dir_fd = img_file_open_folder (fake->export_dir, target->folder, NULL);
  if (dir_fd < 0)
    return TRUE;
  is_ok = unlinkat (dir_fd, target->name, 0) == 0 || errno == ENOENT
          || img_file_fail (error, target->name);
  close (dir_fd);
  return is_ok;
}

static gboolean
fake_space (ImgStore *store, guint64 *out_total, guint64 *out_free, GError **error)
{
  Fake *fake = (Fake *) store;
  g_autoptr (Held) held G_GNUC_UNUSED = hold (fake);

  if (!enter (fake, error))
    return FALSE;
  *out_total = fake->total_bytes;
  *out_free = fake->free_bytes;
  return TRUE;
}

static void
fake_free (ImgStore *store)
{
  Fake *fake = (Fake *) store;

  g_hash_table_unref (fake->layers);
  g_free (fake->path);
  g_free (fake->drop_dir);
  g_free (fake->export_dir);
  pthread_cond_destroy (&fake->changed);
  pthread_mutex_destroy (&fake->lock);
  g_free (fake);
}

static const ImgStoreClass fake_class = {
  .layer_create = fake_create,
  .layer_seal = fake_seal,
  .layer_remove = fake_remove,
  .layer_info = fake_info,
  .layer_grow = fake_grow,
  .layer_list = fake_list,
  .layer_path = fake_path,
  .import = fake_import,
  .import_from = fake_import_from,
  .layer_format = fake_format,
  .layer_pull = fake_pull,
  .layer_reparent = fake_reparent,
  .export = fake_export,
  .export_remove = fake_export_remove,
  .space = fake_space,
  .free = fake_free,
};

ImgStore *
img_fake_new (void)
{
  Fake *fake = g_new0 (Fake, 1);

  fake->parent.class = &fake_class;
  pthread_mutex_init (&fake->lock, NULL);
  pthread_cond_init (&fake->changed, NULL);
  fake->layers = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  fake->total_bytes = G_GUINT64_CONSTANT (1) << 40;
  fake->free_bytes = fake->total_bytes;
  return &fake->parent;
}

void
img_fake_fail_at (ImgStore *store, guint nth, ImgError code)
{
  Fake *fake = (Fake *) store;
  g_autoptr (Held) held G_GNUC_UNUSED = hold (fake);

  fake->fail_at = nth;
  fake->fail_code = code;
}

guint
img_fake_calls (ImgStore *store)
{
  Fake *fake = (Fake *) store;
  g_autoptr (Held) held G_GNUC_UNUSED = hold (fake);

  return fake->calls;
}

void
img_fake_set_space (ImgStore *store, guint64 total, guint64 free_bytes)
{
  Fake *fake = (Fake *) store;
  g_autoptr (Held) held G_GNUC_UNUSED = hold (fake);

  fake->total_bytes = total;
  fake->free_bytes = free_bytes;
}

void
img_fake_set_used (ImgStore *store, const char *id, guint64 used_bytes)
{
  Fake *fake = (Fake *) store;
  g_autoptr (Held) held G_GNUC_UNUSED = hold (fake);
  ImgLayerInfo *info = g_hash_table_lookup (fake->layers, id);

  g_return_if_fail (info != NULL);
  info->used_bytes = used_bytes;
}

void
img_fake_set_lingering (ImgStore *store, gboolean is_lingering)
{
  Fake *fake = (Fake *) store;
  g_autoptr (Held) held G_GNUC_UNUSED = hold (fake);

  fake->is_lingering = is_lingering;
}

guint
img_fake_pulls (ImgStore *store)
{
  Fake *fake = (Fake *) store;
  g_autoptr (Held) held G_GNUC_UNUSED = hold (fake);

  return fake->pulls;
}

gboolean
img_fake_keep_in (ImgStore *store, const char *path, GError **error)
{
  Fake *fake = (Fake *) store;
  g_autoptr (Held) held G_GNUC_UNUSED = hold (fake);
  g_autoptr (GKeyFile) file = g_key_file_new ();

  if (g_file_test (path, G_FILE_TEST_EXISTS)
      && !g_key_file_load_from_file (file, path, G_KEY_FILE_NONE, error))
    return FALSE;
  take_up (fake, file);
  g_free (fake->path);
  fake->path = g_strdup (path);
  return TRUE;
}

void
img_fake_set_folders (ImgStore *store, const char *drop_dir, const char *export_dir)
{
  Fake *fake = (Fake *) store;
  g_autoptr (Held) held G_GNUC_UNUSED = hold (fake);

  g_free (fake->drop_dir);
  g_free (fake->export_dir);
  fake->drop_dir = g_strdup (drop_dir);
  fake->export_dir = g_strdup (export_dir);
}

void
img_fake_hold (ImgStore *store, gboolean is_holding)
{
  Fake *fake = (Fake *) store;
  g_autoptr (Held) held G_GNUC_UNUSED = hold (fake);

  fake->is_holding = is_holding;
  pthread_cond_broadcast (&fake->changed);
}
