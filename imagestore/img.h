/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Image layers on disk. A layer is one qcow2 file named by its id; it may rest on a parent layer.
 * A layer that is sealed is never written again; only the active layer of a disk is unsealed.
 *
 * The rows that say which layer rests on which live elsewhere; here are the files. Nothing outside
 * this room builds a path. All calls block, are idempotent, and may come from any thread as long as
 * no two work on one layer at once. */
#pragma once
#include <gio/gio.h>

#define IMG_ERROR (img_error_quark ())
GQuark img_error_quark (void);
typedef enum
{
  IMG_ERROR_REFUSED,   /* the file is not acceptable; the message names what was found */
  IMG_ERROR_FORMAT,    /* the format asked for is not one we take */
  IMG_ERROR_NOT_FOUND, /* the file to import, or a layer, is not there */
  IMG_ERROR_SPACE,     /* the pool's file system is full */
  IMG_ERROR_CANCELLED,
  IMG_ERROR_IO, /* anything else; trying again may help */
} ImgError;

typedef struct
{
  const char *dir;                    /* the pool, e.g. /var/lib/vmmd/pool */
  const char *qemu_user, *qemu_group; /* who must be able to read sealed and write active layers */
  const char *import_user;            /* who inspects and fetches foreign files */
  guint64 max_virtual_bytes;          /* of an image that is imported */
  /* Ranges ("10.1.0.0/16") that an import may fetch from though they are not public;
   * NULL-terminated or NULL. */
  const char *const *fetch_ranges;
  /* Folders whose files can be imported and into which is exported; absolute, NULL or "" for none.
   */
  const char *drop_dir, *export_dir;
} ImgConfig;

/* Characters of a layer id: "l-" and twenty of [0-9a-z]. */
#define IMG_LAYER_ID_LENGTH 22
/* The largest layer: 64 TiB. */
#define IMG_LAYER_BYTES_MAX (G_GUINT64_CONSTANT (1) << 46)

typedef struct
{
  guint64 virtual_bytes;
  guint64 used_bytes;                   /* blocks on the host */
  char parent[IMG_LAYER_ID_LENGTH + 1]; /* the layer it rests on, or "" */
  gboolean is_sealed;
} ImgLayerInfo;

typedef void (*ImgProgressFunc) (guint percent, gpointer data);

/* Where a stranger's image comes from. */
typedef struct
{
  const char *url;           /* "http:" or "https:", or NULL */
  const char *folder, *name; /* otherwise a file of the drop folder, or of a folder in that */
  const char *format;        /* "raw" or "qcow2", never probed */
  guint64 max_bytes;         /* of the file, and of what is made of it; 0: what the pool has */
  guint64 max_virtual_bytes; /* 0: that of the config */
} ImgSource;

/* A file of the export folder, or of a folder in that. */
typedef struct
{
  const char *folder;    /* "" or NULL: the export folder itself */
  const char *name;      /* nobody else's: one that is there is taken for the one wanted */
  const char *format;    /* "raw" (sparse) or "qcow2" (compressed, without parent) */
  guint64 virtual_bytes; /* of the disk in it, whose end is empty; the layer's if that is larger */
  guint64 keep_bytes;    /* that stay free, should the folder lie in the pool's file system */
} ImgTarget;

/* The calls: what a kind of pool is. img-store.c is the one of files; a fake stands in for fault
 * injection, and another kind, of Ceph RBD images say, would be one more table. */
typedef struct ImgStore ImgStore;
typedef struct
{
  /* An empty layer (@parent NULL) or an overlay on @parent, unsealed, writable by QEMU.
   * Milliseconds at any size. An existing layer of that id is left as it is. @virtual_bytes is a
   * multiple of 512 and not less than the parent's size (else REFUSED); 0 with a parent means the
   * parent's size. NOT_FOUND when the parent is not there. The parent may be in use and need not be
   * sealed yet. */
  gboolean (*layer_create) (ImgStore *store, const char *id, const char *parent,
                            guint64 virtual_bytes, GError **error);
  /* Read-only from now on. */
  gboolean (*layer_seal) (ImgStore *store, const char *id, GError **error);
  /* Removes the file; a layer that is not there is no error. */
  gboolean (*layer_remove) (ImgStore *store, const char *id, GError **error);
  /* NOT_FOUND when it is not there. */
  gboolean (*layer_info) (ImgStore *store, const char *id, ImgLayerInfo *out, GError **error);
  /* Makes an unsealed layer that nobody has open larger; the size it has already is no error, a
   * smaller one is REFUSED. */
  gboolean (*layer_grow) (ImgStore *store, const char *id, guint64 virtual_bytes, GError **error);
  /* Ids of all layers on disk (char*), for the sweep of orphans; files that are not ours in form
   * are not listed and never touched. */
  GPtrArray *(*layer_list) (ImgStore *store, GError **error);
  /* What the hypervisor opens for the layer: of the file pool a path, of another kind of pool what
   * QEMU takes for its layers. Nobody between looks into it; it is compared and passed on. The
   * caller frees it. */
  char *(*layer_path) (ImgStore *store, const char *id);
  /* Checks @file ("raw" or "qcow2", never probed) and converts it into the new, sealed layer @id,
   * in a confined process. REFUSED for anything hostile; the message begins with the reason's name
   * and a colon (img-refusal.h). Leaves nothing behind on failure. An existing layer of that id is
   * left as it is. @progress may be NULL and is called on this thread, with each new
   * percentage and at least once a second. @out may be NULL. */
  gboolean (*import) (ImgStore *store, const char *id, const char *file, const char *format,
                      ImgProgressFunc progress, gpointer data, GCancellable *cancellable,
                      ImgLayerInfo *out, GError **error);
  /* The same of a source that is named from outside. A URL, also through redirects, is fetched in a
   * confined process: REFUSED ("url") when it is another scheme, or when an address it resolves to
   * is of this host, private, link-local or otherwise not public and in none of the ranges of the
   * config. A file of the drop folder is opened below it, through no link; NOT_FOUND when there is
   * no such file or folder. */
  gboolean (*import_from) (ImgStore *store, const char *id, const ImgSource *source,
                           ImgProgressFunc progress, gpointer data, GCancellable *cancellable,
                           ImgLayerInfo *out, GError **error);
  /* A new, unsealed layer without parent, holding one partition with an empty file system:
   * @file_system "ext4", with that @label (at most 16 characters of [0-9A-Za-z_-]). Time and bytes
   * hardly grow with the size. REFUSED for another file system, or less than 8 MiB. An existing
   * layer of that id is left as it is. */
  gboolean (*layer_format) (ImgStore *store, const char *id, guint64 virtual_bytes,
                            const char *file_system, const char *label, GError **error);
  /* Lets layer @id rest on @parent (NULL: on nothing), which is below it now, by copying into it
   * what the layers between them hold. What it shows is the same at every moment, also when this
   * ends half done. Nobody may have it open; it may be sealed, and after a crash in the middle it
   * may be found unsealed. Takes time and bytes as those layers hold. Done already is success;
   * REFUSED ("layer-tree") when @parent is not below. @progress may be NULL. */
  gboolean (*layer_pull) (ImgStore *store, const char *id, const char *parent,
                          ImgProgressFunc progress, gpointer data, GCancellable *cancellable,
                          GError **error);
  /* Layer @id rests on @parent (NULL: on nothing) without anything being copied: its header says
   * so. For a pull, by us or by a QEMU, that did not come to its end: QEMU writes the new parent
   * before the tables that it needs, so until it has flushed them only the old parent shows what
   * was there. Success at once when the header says so already; only then may somebody have the
   * layer open. NOT_FOUND when @parent is not there. */
  gboolean (*layer_reparent) (ImgStore *store, const char *id, const char *parent, GError **error);
  /* Writes what sealed layer @id shows into a file that has its name only when it is whole, and
   * that only root may read. Follows no link and overwrites nothing; leaves nothing behind on
   * failure. NOT_FOUND without such a folder; SPACE before the file system with it is full, also
   * when others fill that meanwhile. */
  gboolean (*export) (ImgStore *store, const char *id, const ImgTarget *target,
                      ImgProgressFunc progress, gpointer data, GCancellable *cancellable,
                      GError **error);
  /* Removes what an export made, whole or, after a crash, in part; nothing there is no error. */
  gboolean (*export_remove) (ImgStore *store, const ImgTarget *target, GError **error);
  /* Bytes of the pool's file system. */
  gboolean (*space) (ImgStore *store, guint64 *out_total, guint64 *out_free, GError **error);
  void (*free) (ImgStore *store);
} ImgStoreClass;

struct ImgStore
{
  const ImgStoreClass *class;
};

/* Whether @id has the form of a layer id. All calls answer REFUSED for another. */
gboolean img_layer_id_is (const char *id);

/* The file pool; makes the directory and sweeps what a crash left half made. One store a pool at a
 * time. @config is copied; its @dir must be absolute. The environment variable VMMD_IMG_HELPER
 * names the helper program where it is not the installed one. */
ImgStore *img_store_new (const ImgConfig *config, GError **error);
/* One that only remembers; for tests of the control plane. See img-fake.h for failing calls. */
ImgStore *img_fake_new (void);
void img_store_free (ImgStore *store);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (ImgStore, img_store_free)
