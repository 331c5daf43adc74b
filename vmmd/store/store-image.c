/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Images. */
#include "config.h"

#include "store-db.h"
#include "store-image.h"
#include "vmm-error.h"

#define IMAGE_COLUMNS                                                                              \
  "id, account_id, name, description, os_type, os_name, architecture, family, version,"            \
  " source_file, source_format, reason, state, source, progress, created_ms, deadline_ms"
#define IMAGE_READ IMAGE_COLUMNS ", EXISTS (SELECT 1 FROM image_share s WHERE s.image_id=image.id)"
#define TEXTS 12
/* What an account sees: its own, the system's, and what others share with it; one '?'. */
#define VISIBLE                                                                                    \
  "EXISTS (SELECT 1 FROM (SELECT ? AS me) WHERE image.account_id IN (me, '') OR EXISTS"            \
  " (SELECT 1 FROM image_share s WHERE s.image_id=image.id AND s.account_id=me))"

static gpointer
read_image (StoreRows *rows)
{
  VmmImage *image = g_new0 (VmmImage, 1);
  char **texts[TEXTS]
      = { &image->id,      &image->account_id,  &image->name,          &image->description,
          &image->os_type, &image->os_name,     &image->architecture,  &image->family,
          &image->version, &image->source_file, &image->source_format, &image->reason };
  g_autofree char *state = store_rows_string (rows, TEXTS);
  g_autofree char *source = store_rows_string (rows, TEXTS + 1);

  for (guint i = 0; i < TEXTS; i++)
    *texts[i] = store_rows_string (rows, (int) i);
  vmm_image_state_from_string (state, &image->state);
  vmm_image_source_from_string (source, &image->source);
  image->progress = (guint) store_rows_int (rows, TEXTS + 2);
  image->created_ms = store_rows_int (rows, TEXTS + 3);
  image->deadline_ms = store_rows_int (rows, TEXTS + 4);
  image->is_shared = store_rows_int (rows, TEXTS + 5) != 0;
  return image;
}

static const char *
or_empty (const char *text)
{
  return text != NULL ? text : "";
}

/* ---- The disks of an image ---- */

static gpointer
read_image_disk (StoreRows *rows)
{
  VmmImageDisk *disk = g_new0 (VmmImageDisk, 1);

  disk->device = store_rows_string (rows, 0);
  disk->layer_id = store_rows_string (rows, 1);
  disk->snapshot_id = store_rows_string (rows, 2);
  disk->virtual_bytes = (guint64) store_rows_int (rows, 3);
  return disk;
}

GPtrArray *
store_image_disks (StoreTxn *txn, const char *image_id, GError **error)
{
  g_autoptr (StoreRows) rows
      = store_query (txn, error,
                     "SELECT device, layer_id, snapshot_id, virtual_bytes FROM image_disk"
                     " WHERE image_id=? ORDER BY position",
                     "s", image_id);

  return rows != NULL
             ? store_read_all (rows, read_image_disk, (GDestroyNotify) vmm_image_disk_free, error)
             : NULL;
}

static gboolean
insert_disk (StoreTxn *txn, const char *image_id, guint position, const VmmImageDisk *disk,
             GError **error)
{
  return store_exec (txn, error,
                     "INSERT INTO image_disk (image_id, position, device, layer_id, snapshot_id,"
                     " virtual_bytes) VALUES (?, ?, ?, ?, ?, ?)",
                     "sisssi", image_id, (gint64) position, disk->device, disk->layer_id,
                     or_empty (disk->snapshot_id), (gint64) disk->virtual_bytes)
         > 0;
}

static gboolean
insert_disks (StoreTxn *txn, const VmmImage *image, GError **error)
{
  VmmImageDisk alone = { .device = (char *) "/dev/xvda",
                         .layer_id = image->layer_id,
                         .virtual_bytes = image->virtual_bytes };

  if (image->disks == NULL)
    return insert_disk (txn, image->id, 0, &alone, error);
  for (guint i = 0; i < image->disks->len; i++)
    if (!insert_disk (txn, image->id, i, g_ptr_array_index (image->disks, i), error))
      return FALSE;
  return TRUE;
}

/* What the other tables say of the image. */
static gboolean
fill (StoreTxn *txn, VmmImage *image, GError **error)
{
  image->disks = store_image_disks (txn, image->id, error);
  if (image->disks == NULL)
    return FALSE;
  if (image->disks->len > 0)
    {
      const VmmImageDisk *system = g_ptr_array_index (image->disks, 0);

      image->layer_id = g_strdup (system->layer_id);
      image->virtual_bytes = system->virtual_bytes;
    }
  return TRUE;
}

/* ---- Images ---- */

gboolean
store_image_insert (StoreTxn *txn, const VmmImage *i, GError **error)
{
  g_autoptr (GError) local = NULL;

  if (store_exec (txn, &local,
                  "INSERT INTO image (" IMAGE_COLUMNS
                  ") VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                  "ssssssssssssssiii", i->id, i->account_id, i->name, i->description, i->os_type,
                  i->os_name, i->architecture, or_empty (i->family), or_empty (i->version),
                  or_empty (i->source_file), or_empty (i->source_format), or_empty (i->reason),
                  vmm_image_state_to_string (i->state), vmm_image_source_to_string (i->source),
                  (gint64) i->progress, i->created_ms, i->deadline_ms)
      > 0)
    return insert_disks (txn, i, error);
  if (store_error_is_duplicate (local))
    return vmm_fail (error, VMM_ERROR_IMAGE_NAME_DUPLICATED, "an image named '%s' exists", i->name);
  g_propagate_error (error, g_steal_pointer (&local));
  return FALSE;
}

/* The one image that @rows (taken) holds; NULL without @error when there is none. */
static VmmImage *
read_one (StoreTxn *txn, StoreRows *rows, GError **error)
{
  g_autoptr (StoreRows) own = rows;
  g_autoptr (VmmImage) image = NULL;
  g_autoptr (GError) local = NULL;

  if (own == NULL)
    return NULL;
  if (store_rows_next (own, &local))
    image = read_image (own);
  g_clear_pointer (&own, store_rows_free);
  if (local != NULL)
    g_propagate_error (error, g_steal_pointer (&local));
  else if (image != NULL && fill (txn, image, error))
    return g_steal_pointer (&image);
  return NULL;
}

VmmImage *
store_image_get (StoreTxn *txn, const char *account_id, const char *id, GError **error)
{
  g_autoptr (GError) local = NULL;
  VmmImage *image = read_one (
      txn,
      account_id == NULL
          ? store_query (txn, &local, "SELECT " IMAGE_READ " FROM image WHERE id=?", "s", id)
          : store_query (txn, &local, "SELECT " IMAGE_READ " FROM image WHERE id=? AND " VISIBLE,
                         "ss", id, account_id),
      &local);

  if (local != NULL)
    g_propagate_error (error, g_steal_pointer (&local));
  else if (image == NULL)
    vmm_fail (error, VMM_ERROR_IMAGE_NOT_FOUND, "the specified image '%s' does not exist", id);
  return image;
}

VmmImage *
store_image_get_latest (StoreTxn *txn, const char *account_id, const char *family, GError **error)
{
  g_autoptr (GError) local = NULL;
  VmmImage *image = read_one (txn,
                              store_query (txn, &local,
                                           "SELECT " IMAGE_READ " FROM image WHERE family=?2"
                                           " AND state='available' AND account_id IN (?1, '')"
                                           " ORDER BY account_id=?1 DESC, seq DESC LIMIT 1",
                                           "ss", account_id, family),
                              &local);

  if (local != NULL)
    g_propagate_error (error, g_steal_pointer (&local));
  return image;
}

/* States in the database that show as one of @wire. */
static char **
states_of_wire (const char *const *wire)
{
  g_autoptr (GStrvBuilder) states = g_strv_builder_new ();

  for (guint s = 0; s < VMM_IMAGE_STATE_LAST; s++)
    if (g_strv_contains (wire, vmm_image_state_wire (s)))
      g_strv_builder_add (states, vmm_image_state_to_string (s));
  return g_strv_builder_end (states);
}

static GPtrArray *
list (StoreTxn *txn, StoreFilter *filter, const VmmPage *page, VmmPageInfo *info, GError **error)
{
  g_autoptr (GPtrArray) images = store_list (txn, IMAGE_READ, "image", "seq", filter, page, info,
                                             read_image, (GDestroyNotify) vmm_image_free, error);

  for (guint i = 0; images != NULL && i < images->len; i++)
    if (!fill (txn, g_ptr_array_index (images, i), error))
      return NULL;
  return g_steal_pointer (&images);
}

GPtrArray *
store_image_list (StoreTxn *txn, const char *account_id, const VmmImageQuery *query,
                  const VmmPage *page, VmmPageInfo *info, GError **error)
{
  static const char *const available[] = { "Available", NULL };
  gboolean is_given = query->statuses != NULL && query->statuses[0] != NULL;
  g_auto (GStrv) states = states_of_wire (is_given ? query->statuses : available);
  g_auto (StoreFilter) filter = { NULL, NULL };

  store_filter_init (&filter, VISIBLE, account_id);
  store_filter_tags (&filter, "id", VMM_TAG_IMAGE, account_id, &query->tags);
  if (g_strcmp0 (query->owner, "system") == 0)
    g_string_append (filter.where, " AND account_id=''");
  else if (g_strcmp0 (query->owner, "self") == 0)
    store_filter_string (&filter, "account_id=?", account_id);
  else if (query->owner != NULL)
    store_filter_string (&filter, "account_id NOT IN (?, '')", account_id);
  store_filter_in (&filter, "id", query->ids);
  store_filter_wildcard (&filter, "name", query->name);
  store_filter_string (&filter, "os_type=?", query->os_type);
  store_filter_string (&filter, "architecture=?", query->architecture);
  store_filter_string (&filter, "family=?", query->family);
  store_filter_string (&filter, "iif (account_id='', '0', account_id)=?", query->owner_id);
  store_filter_string (&filter, "id IN (SELECT image_id FROM image_disk WHERE snapshot_id=?)",
                       query->snapshot_id);
  store_filter_string (&filter, "architecture<>?", query->not_architecture);
  if (query->is_public >= 0)
    store_filter_int (&filter, "(account_id='')=?", query->is_public);
  if (query->is_usable >= 0)
    store_filter_int (&filter, "(state IN ('available', 'deprecated'))=?", query->is_usable);
  if (query->created_from_ms != 0)
    store_filter_int (&filter, "created_ms >= ?", query->created_from_ms);
  if (query->created_to_ms != 0)
    store_filter_int (&filter, "created_ms <= ?", query->created_to_ms);
  if (query->usage != NULL && *query->usage != '\0')
    store_filter_string (&filter,
                         g_str_equal (query->usage, "instance")
                             ? "id IN (SELECT image_id FROM instance WHERE account_id=?)"
                             : "id NOT IN (SELECT image_id FROM instance WHERE account_id=?)",
                         account_id);
  if (states[0] != NULL)
    store_filter_in (&filter, "state", (const char *const *) states);
  else
    store_filter_string (&filter, "state=?", "none");
  return list (txn, &filter, page, info, error);
}

GPtrArray *
store_image_waiting (StoreTxn *txn, const char *snapshot_id, GError **error)
{
  return store_read_ids (
      store_query (txn, error,
                   "SELECT id FROM image WHERE state='creating' AND source='instance'"
                   " AND id IN (SELECT image_id FROM image_disk WHERE snapshot_id=?)",
                   "s", snapshot_id),
      error);
}

GPtrArray *
store_image_working (StoreTxn *txn, GError **error)
{
  return store_read_ids (
      store_query (txn, error, "SELECT id FROM image WHERE state IN ('creating', 'deleting')", ""),
      error);
}

gboolean
store_image_move (StoreTxn *txn, const char *id, VmmImageState from, VmmImageState to,
                  const char *reason, gint64 deadline_ms, GError **error)
{
  int changes = store_exec (
      txn, error, "UPDATE image SET state=?, reason=?, deadline_ms=? WHERE id=? AND state=?",
      "ssiss", vmm_image_state_to_string (to), reason != NULL ? reason : "", deadline_ms, id,
      vmm_image_state_to_string (from));

  if (changes == 0)
    return vmm_fail (error, VMM_ERROR_OPERATION_CONFLICT, "image '%s' is not %s any more", id,
                     vmm_image_state_to_string (from));
  return changes > 0;
}

gboolean
store_image_set_progress (StoreTxn *txn, const char *id, guint percent, GError **error)
{
  return store_exec (txn, error, "UPDATE image SET progress=? WHERE id=?", "is", (gint64) percent,
                     id)
         >= 0;
}

gboolean
store_image_set_layer (StoreTxn *txn, const char *id, const char *layer_id, GError **error)
{
  return store_exec (txn, error, "UPDATE image_disk SET layer_id=? WHERE image_id=? AND position=0",
                     "ss", layer_id, id)
         > 0;
}

gboolean
store_image_forget_source (StoreTxn *txn, const char *id, GError **error)
{
  return store_exec (txn, error, "UPDATE image SET source_file='' WHERE id=?", "s", id) >= 0;
}

gboolean
store_image_set_size (StoreTxn *txn, const VmmImage *image, guint64 virtual_bytes, GError **error)
{
  return store_exec (txn, error,
                     "UPDATE image SET progress=100, source_file=CASE WHEN source_file GLOB '/*'"
                     " OR source_file GLOB '*://*' THEN '' ELSE source_file END WHERE id=?",
                     "s", image->id)
             > 0
         && store_exec (txn, error,
                        "UPDATE image_disk SET virtual_bytes=? WHERE image_id=? AND position=0",
                        "is", (gint64) virtual_bytes, image->id)
                > 0
         && store_layer_set_virtual (txn, image->layer_id, virtual_bytes, error);
}

gboolean
store_image_set_disk (StoreTxn *txn, const char *id, guint position, const char *layer_id,
                      const char *snapshot_id, GError **error)
{
  return store_exec (txn, error,
                     "UPDATE image_disk SET layer_id=?, snapshot_id=? WHERE image_id=?"
                     " AND position=?",
                     "sssi", layer_id, snapshot_id, id, (gint64) position)
         > 0;
}

gboolean
store_image_set_attributes (StoreTxn *txn, const VmmImage *image, GError **error)
{
  g_autoptr (GError) local = NULL;

  if (store_exec (txn, &local, "UPDATE image SET name=?, description=?, family=? WHERE id=?",
                  "ssss", image->name, image->description, image->family, image->id)
      >= 0)
    return TRUE;
  if (store_error_is_duplicate (local))
    return vmm_fail (error, VMM_ERROR_IMAGE_NAME_DUPLICATED, "an image named '%s' exists",
                     image->name);
  g_propagate_error (error, g_steal_pointer (&local));
  return FALSE;
}

gboolean
store_image_count_account (StoreTxn *txn, const char *account_id, guint *out, GError **error)
{
  gint64 count = 0;

  if (!store_query_int (txn, &count, error,
                        "SELECT count(*) FROM image WHERE account_id=? AND state<>'deleting'", "s",
                        account_id))
    return FALSE;
  *out = (guint) count;
  return TRUE;
}

gboolean
store_image_delete (StoreTxn *txn, const char *id, GError **error)
{
  return store_exec (txn, error, "DELETE FROM image_disk WHERE image_id=?", "s", id) >= 0
         && store_exec (txn, error, "DELETE FROM image_share WHERE image_id=?", "s", id) >= 0
         && store_exec (txn, error, "DELETE FROM image WHERE id=?", "s", id) >= 0;
}

gboolean
store_image_count_users (StoreTxn *txn, const char *id, guint *out, GError **error)
{
  gint64 count = 0;

  if (!store_query_int (txn, &count, error, "SELECT count(*) FROM instance WHERE image_id=?", "s",
                        id))
    return FALSE;
  *out = (guint) count;
  return TRUE;
}

/* ---- Sharing ---- */

gboolean
store_image_share (StoreTxn *txn, const char *id, const char *account_id, gint64 at_ms,
                   GError **error)
{
  return store_exec (txn, error,
                     "INSERT INTO image_share (image_id, account_id, at_ms) VALUES (?, ?, ?)"
                     " ON CONFLICT DO NOTHING",
                     "ssi", id, account_id, at_ms)
         >= 0;
}

gboolean
store_image_unshare (StoreTxn *txn, const char *id, const char *account_id, GError **error)
{
  return store_exec (txn, error, "DELETE FROM image_share WHERE image_id=? AND account_id=?", "ss",
                     id, account_id)
         >= 0;
}

static gpointer
read_share (StoreRows *rows)
{
  VmmImageShare *share = g_new0 (VmmImageShare, 1);

  share->account_id = store_rows_string (rows, 0);
  share->at_ms = store_rows_int (rows, 1);
  return share;
}

GPtrArray *
store_image_shares (StoreTxn *txn, const char *id, const VmmPage *page, VmmPageInfo *info,
                    GError **error)
{
  g_auto (StoreFilter) filter = { NULL, NULL };

  store_filter_init (&filter, "image_id=?", id);
  return store_list (txn, "account_id, at_ms", "image_share", "seq", &filter, page, info,
                     read_share, (GDestroyNotify) vmm_image_share_free, error);
}
