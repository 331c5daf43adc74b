/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Disks. */
#include "config.h"

#include "store-db.h"
#include "store-disk.h"
#include "vmm-error.h"

#define INSERTED                                                                                   \
  "id, account_id, host_id, instance_id, image_id, zone_id, name, description, category,"          \
  " performance_level, layer_id, origin_layer_id, next_layer_id, source_snapshot_id,"              \
  " file_system, policy_id, device, reason, state, is_system, delete_with_instance,"               \
  " enable_auto_snapshot, delete_auto_snapshot, virtual_bytes, want_bytes, created_ms,"            \
  " attached_ms, detached_ms, deadline_ms"
/* A disk is Creating for as long as its instance is Pending: derived, so that it cannot drift. */
#define DISK_COLUMNS                                                                               \
  "d.id, d.account_id, d.host_id, d.instance_id, d.image_id, d.zone_id, d.name, d.description,"    \
  " d.category, d.performance_level, d.layer_id, d.origin_layer_id, d.next_layer_id,"              \
  " d.source_snapshot_id, d.file_system, d.policy_id, d.device, d.reason, d.state, d.is_system,"   \
  " d.delete_with_instance, d.enable_auto_snapshot, d.delete_auto_snapshot,"                       \
  " d.virtual_bytes, d.want_bytes, d.created_ms, d.attached_ms, d.detached_ms, d.deadline_ms,"     \
  " d.is_unbound,"                                                                                 \
  " coalesce (i.state, '') = 'pending'"
#define DISK_TABLE "disk d LEFT JOIN instance i ON i.id=d.instance_id"
#define STATE_COLUMN 18

static gpointer
read_disk (StoreRows *rows)
{
  VmmDisk *d = g_new0 (VmmDisk, 1);
  char **texts[STATE_COLUMN] = { &d->id,
                                 &d->account_id,
                                 &d->host_id,
                                 &d->instance_id,
                                 &d->image_id,
                                 &d->zone_id,
                                 &d->name,
                                 &d->description,
                                 &d->category,
                                 &d->performance_level,
                                 &d->layer_id,
                                 &d->origin_layer_id,
                                 &d->next_layer_id,
                                 &d->source_snapshot_id,
                                 &d->file_system,
                                 &d->policy_id,
                                 &d->device,
                                 &d->reason };
  gboolean *flags[] = { &d->is_system, &d->delete_with_instance, &d->enable_auto_snapshot,
                        &d->delete_auto_snapshot };
  g_autofree char *state = store_rows_string (rows, STATE_COLUMN);
  int column = STATE_COLUMN + 1;

  for (guint i = 0; i < G_N_ELEMENTS (texts); i++)
    *texts[i] = store_rows_string (rows, (int) i);
  vmm_disk_state_from_string (state, &d->state);
  for (guint i = 0; i < G_N_ELEMENTS (flags); i++)
    *flags[i] = store_rows_int (rows, column++) != 0;
  d->virtual_bytes = (guint64) store_rows_int (rows, column++);
  d->want_bytes = (guint64) store_rows_int (rows, column++);
  d->created_ms = store_rows_int (rows, column++);
  d->attached_ms = store_rows_int (rows, column++);
  d->detached_ms = store_rows_int (rows, column++);
  d->deadline_ms = store_rows_int (rows, column++);
  d->is_unbound = store_rows_int (rows, column++) != 0;
  d->is_creating = d->state == VMM_DISK_CREATING || store_rows_int (rows, column) != 0;
  return d;
}

static const char *
or_empty (const char *text)
{
  return text != NULL ? text : "";
}

gboolean
store_disk_insert (StoreTxn *txn, const VmmDisk *d, GError **error)
{
  return store_exec (
             txn, error,
             "INSERT INTO disk (" INSERTED
             ") VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?,"
             " ?, ?, ?, ?)",
             "sssssssssssssssssssiiiiiiiiii", d->id, d->account_id, d->host_id,
             or_empty (d->instance_id), or_empty (d->image_id), d->zone_id, or_empty (d->name),
             or_empty (d->description), d->category, or_empty (d->performance_level), d->layer_id,
             d->origin_layer_id, d->next_layer_id, or_empty (d->source_snapshot_id),
             or_empty (d->file_system), or_empty (d->policy_id), or_empty (d->device),
             or_empty (d->reason), vmm_disk_state_to_string (d->state), (gint64) d->is_system,
             (gint64) d->delete_with_instance, (gint64) d->enable_auto_snapshot,
             (gint64) d->delete_auto_snapshot, (gint64) d->virtual_bytes, (gint64) d->want_bytes,
             d->created_ms, d->attached_ms, d->detached_ms, d->deadline_ms)
         > 0;
}

VmmDisk *
store_disk_get (StoreTxn *txn, const char *account_id, const char *id, GError **error)
{
  g_autoptr (StoreRows) rows = store_query (txn, error,
                                            "SELECT " DISK_COLUMNS " FROM " DISK_TABLE
                                            " WHERE d.id=?1 AND (?2 IS NULL OR d.account_id=?2)",
                                            "ss", id, account_id);
  g_autoptr (GError) local = NULL;

  if (rows == NULL)
    return NULL;
  if (store_rows_next (rows, &local))
    return read_disk (rows);
  if (local != NULL)
    g_propagate_error (error, g_steal_pointer (&local));
  else
    vmm_fail (error, VMM_ERROR_DISK_NOT_FOUND, "the specified disk '%s' does not exist", id);
  return NULL;
}

GPtrArray *
store_disk_list_of (StoreTxn *txn, const char *instance_id, GError **error)
{
  g_autoptr (StoreRows) rows
      = store_query (txn, error,
                     "SELECT " DISK_COLUMNS " FROM " DISK_TABLE
                     " WHERE d.instance_id=? ORDER BY d.is_system DESC, d.device, d.seq",
                     "s", instance_id);

  return rows != NULL ? store_read_all (rows, read_disk, (GDestroyNotify) vmm_disk_free, error)
                      : NULL;
}

/* The condition of a status on the wire, with one '?' for a state in the database. */
static const char *
status_condition (const char *status)
{
  if (g_str_equal (status, "Creating"))
    return "(d.state='creating' OR (d.state=? AND coalesce (i.state, '') = 'pending'))";
  if (g_str_equal (status, "In_use"))
    return "(d.state=? AND coalesce (i.state, '') <> 'pending')";
  if (g_str_equal (status, "Detaching"))
    return "d.state IN ('detaching', 'reverting', ?)";
  if (g_str_equal (status, "ReIniting"))
    return "d.state IN ('reiniting', 'resetting', 'replacing', ?)";
  return "d.state=?";
}

/* The state to put there. */
static const char *
status_state (const char *status)
{
  if (g_str_equal (status, "Creating"))
    return "in-use";
  for (guint s = 0; s < VMM_DISK_STATE_LAST; s++)
    if (g_strcmp0 (vmm_disk_state_wire (s), status) == 0)
      return vmm_disk_state_to_string (s);
  return "none";
}

static gboolean
is_given (const char *text)
{
  return text != NULL && *text != '\0';
}

GPtrArray *
store_disk_list (StoreTxn *txn, const char *account_id, const VmmDiskQuery *query,
                 const VmmPage *page, VmmPageInfo *info, GError **error)
{
  g_auto (StoreFilter) filter = { NULL, NULL };
  gboolean has_status = is_given (query->status) && !g_str_equal (query->status, "All");

  store_filter_init (&filter, "d.account_id=?", account_id);
  store_filter_tags (&filter, "d.id", VMM_TAG_DISK, account_id, &query->tags);
  store_filter_in (&filter, "d.id", query->ids);
  store_filter_string (&filter, "d.instance_id=?", query->instance_id);
  store_filter_wildcard (&filter, "d.name", query->name);
  store_filter_string (&filter, "d.category=?", query->category);
  store_filter_string (&filter, "d.zone_id=?", query->zone_id);
  if (query->is_system >= 0)
    store_filter_int (&filter, "d.is_system=?", query->is_system);
  if (query->delete_with_instance >= 0)
    store_filter_int (&filter, "d.delete_with_instance=?", query->delete_with_instance);
  if (query->enable_auto_snapshot >= 0)
    store_filter_int (&filter, "d.enable_auto_snapshot=?", query->enable_auto_snapshot);
  if (query->delete_auto_snapshot >= 0)
    store_filter_int (&filter, "d.delete_auto_snapshot=?", query->delete_auto_snapshot);
  if (query->has_policy >= 0)
    store_filter_int (&filter, "(d.policy_id<>'')=?", query->has_policy);
  /* The second halves let SQLite take its indices on disks that have any. */
  store_filter_string (&filter, "d.source_snapshot_id=? AND d.source_snapshot_id<>''",
                       query->snapshot_id);
  store_filter_string (&filter, "d.policy_id=? AND d.policy_id<>''", query->policy_id);
  if (query->created_from_ms > 0)
    store_filter_int (&filter, "d.created_ms>=?", query->created_from_ms);
  if (query->created_to_ms > 0)
    store_filter_int (&filter, "d.created_ms<=?", query->created_to_ms);
  if (has_status)
    store_filter_string (&filter, status_condition (query->status), status_state (query->status));
  return store_list (txn, DISK_COLUMNS, DISK_TABLE, "d.seq", &filter, page, info, read_disk,
                     (GDestroyNotify) vmm_disk_free, error);
}

GPtrArray *
store_disk_working (StoreTxn *txn, const char *host_id, GError **error)
{
  return store_read_ids (
      store_query (txn, error,
                   "SELECT id FROM disk d WHERE host_id=? AND (state NOT IN ('available', 'in-use')"
                   " OR want_bytes>0 OR is_unbound<>0 OR EXISTS (SELECT 1 FROM snapshot"
                   " WHERE disk_id=d.id AND state='progressing'))",
                   "s", host_id),
      error);
}

gboolean
store_disk_move (StoreTxn *txn, const char *id, VmmDiskState from, VmmDiskState to,
                 const char *reason, gint64 deadline_ms, GError **error)
{
  int changes = store_exec (
      txn, error, "UPDATE disk SET state=?, reason=?, deadline_ms=? WHERE id=? AND state=?",
      "ssiss", vmm_disk_state_to_string (to), or_empty (reason), deadline_ms, id,
      vmm_disk_state_to_string (from));

  if (changes == 0)
    return vmm_fail (error, VMM_ERROR_OPERATION_CONFLICT, "disk '%s' is not %s any more", id,
                     vmm_disk_state_to_string (from));
  return changes > 0;
}

gboolean
store_disk_set_place (StoreTxn *txn, const char *id, const char *instance_id, const char *device,
                      gint64 now_ms, GError **error)
{
  return store_exec (
             txn, error,
             *instance_id != '\0'
                 ? "UPDATE disk SET instance_id=?, device=?, attached_ms=?, is_unbound=0 WHERE id=?"
                 : "UPDATE disk SET instance_id=?, device=?, detached_ms=?, is_unbound=0 WHERE "
                   "id=?",
             "ssis", instance_id, device, now_ms, id)
         >= 0;
}

gboolean
store_disk_set_layer (StoreTxn *txn, const char *id, const char *layer_id, GError **error)
{
  return store_exec (txn, error, "UPDATE disk SET layer_id=?, next_layer_id=NULL WHERE id=?", "ss",
                     layer_id, id)
         >= 0;
}

gboolean
store_disk_set_next (StoreTxn *txn, const char *id, const char *layer_id, GError **error)
{
  return store_exec (txn, error, "UPDATE disk SET next_layer_id=? WHERE id=?", "ss", layer_id, id)
         >= 0;
}

gboolean
store_disk_set_want (StoreTxn *txn, const char *id, guint64 want_bytes, GError **error)
{
  return store_exec (txn, error, "UPDATE disk SET want_bytes=? WHERE id=?", "is",
                     (gint64) want_bytes, id)
         >= 0;
}

gboolean
store_disk_set_size (StoreTxn *txn, const char *id, guint64 virtual_bytes, GError **error)
{
  return store_exec (txn, error, "UPDATE disk SET virtual_bytes=?, want_bytes=0 WHERE id=?", "is",
                     (gint64) virtual_bytes, id)
         >= 0;
}

gboolean
store_disk_set_unbound (StoreTxn *txn, const char *id, gboolean is_unbound, GError **error)
{
  return store_exec (txn, error, "UPDATE disk SET is_unbound=? WHERE id=?", "is",
                     (gint64) is_unbound, id)
         >= 0;
}

gboolean
store_disk_set_attributes (StoreTxn *txn, const VmmDisk *d, GError **error)
{
  return store_exec (txn, error,
                     "UPDATE disk SET name=?, description=?, category=?, performance_level=?,"
                     " policy_id=?, delete_with_instance=?, enable_auto_snapshot=?,"
                     " delete_auto_snapshot=? WHERE id=?",
                     "sssssiiis", d->name, d->description, d->category, d->performance_level,
                     d->policy_id, (gint64) d->delete_with_instance,
                     (gint64) d->enable_auto_snapshot, (gint64) d->delete_auto_snapshot, d->id)
         >= 0;
}

gboolean
store_disk_delete (StoreTxn *txn, const char *id, GError **error)
{
  return store_exec (txn, error, "DELETE FROM disk WHERE id=?", "s", id) >= 0;
}

gboolean
store_disk_delete_of (StoreTxn *txn, const char *instance_id, GError **error)
{
  return store_exec (txn, error, "DELETE FROM disk WHERE instance_id=?", "s", instance_id) >= 0;
}
