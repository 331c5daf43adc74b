/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Tasks. */
#include "config.h"

#include "store-db.h"
#include "store-task.h"
#include "vmm-error.h"

#define TASK_COLUMNS                                                                               \
  "id, account_id, host_id, image_id, folder, name, format, code, reason, action, state,"          \
  " progress, created_ms, deadline_ms, finished_ms"
#define TEXTS 9

static gpointer
read_task (StoreRows *rows)
{
  VmmTask *t = g_new0 (VmmTask, 1);
  char **texts[TEXTS] = { &t->id,   &t->account_id, &t->host_id, &t->image_id, &t->folder,
                          &t->name, &t->format,     &t->code,    &t->reason };
  g_autofree char *action = store_rows_string (rows, TEXTS);
  g_autofree char *state = store_rows_string (rows, TEXTS + 1);

  for (guint i = 0; i < TEXTS; i++)
    *texts[i] = store_rows_string (rows, (int) i);
  vmm_task_action_from_string (action, &t->action);
  vmm_task_state_from_string (state, &t->state);
  t->progress = (guint) store_rows_int (rows, TEXTS + 2);
  t->created_ms = store_rows_int (rows, TEXTS + 3);
  t->deadline_ms = store_rows_int (rows, TEXTS + 4);
  t->finished_ms = store_rows_int (rows, TEXTS + 5);
  return t;
}

static const char *
or_empty (const char *text)
{
  return text != NULL ? text : "";
}

gboolean
store_task_insert (StoreTxn *txn, const VmmTask *t, GError **error)
{
  return store_exec (txn, error,
                     "INSERT INTO task (" TASK_COLUMNS
                     ") VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                     "sssssssssssiiii", t->id, t->account_id, t->host_id, t->image_id,
                     or_empty (t->folder), or_empty (t->name), or_empty (t->format),
                     or_empty (t->code), or_empty (t->reason),
                     vmm_task_action_to_string (t->action), vmm_task_state_to_string (t->state),
                     (gint64) t->progress, t->created_ms, t->deadline_ms, t->finished_ms)
             > 0
         && store_exec (
                txn, error,
                "DELETE FROM task WHERE account_id=?1 AND finished_ms>0 AND seq<=(SELECT seq"
                " FROM task WHERE account_id=?1 ORDER BY seq DESC LIMIT 1 OFFSET ?2)",
                "si", t->account_id, (gint64) STORE_TASKS_KEPT)
                >= 0;
}

VmmTask *
store_task_get (StoreTxn *txn, const char *account_id, const char *id, GError **error)
{
  g_autoptr (StoreRows) rows = store_query (
      txn, error, "SELECT " TASK_COLUMNS " FROM task WHERE id=?1 AND (?2 IS NULL OR account_id=?2)",
      "ss", id, account_id);
  g_autoptr (GError) local = NULL;

  if (rows == NULL)
    return NULL;
  if (store_rows_next (rows, &local))
    return read_task (rows);
  if (local != NULL)
    g_propagate_error (error, g_steal_pointer (&local));
  else
    vmm_fail (error, VMM_ERROR_TASK_NOT_FOUND, "the specified task '%s' does not exist", id);
  return NULL;
}

/* Adds the condition that the state shows as @wire. */
static void
filter_status (StoreFilter *filter, const char *wire)
{
  g_autoptr (GStrvBuilder) states = g_strv_builder_new ();
  g_auto (GStrv) names = NULL;

  if (wire == NULL || *wire == '\0')
    return;
  for (guint s = 0; s < VMM_TASK_STATE_LAST; s++)
    if (g_str_equal (vmm_task_state_wire (s), wire))
      g_strv_builder_add (states, vmm_task_state_to_string (s));
  names = g_strv_builder_end (states);
  if (names[0] != NULL)
    store_filter_in (filter, "state", (const char *const *) names);
  else
    store_filter_string (filter, "state=?", "none");
}

GPtrArray *
store_task_list (StoreTxn *txn, const char *account_id, const VmmTaskQuery *query,
                 const VmmPage *page, VmmPageInfo *info, GError **error)
{
  g_auto (StoreFilter) filter = { NULL, NULL };

  store_filter_init (&filter, "account_id=?", account_id);
  store_filter_in (&filter, "id", query->ids);
  store_filter_in (&filter, "image_id", query->image_ids);
  store_filter_string (&filter, "action=?", query->action);
  filter_status (&filter, query->status);
  if (query->created_from_ms > 0)
    store_filter_int (&filter, "created_ms>=?", query->created_from_ms);
  if (query->created_to_ms > 0)
    store_filter_int (&filter, "created_ms<=?", query->created_to_ms);
  return store_list (txn, TASK_COLUMNS, "task", "seq", &filter, page, info, read_task,
                     (GDestroyNotify) vmm_task_free, error);
}

GPtrArray *
store_task_unfinished (StoreTxn *txn, const char *image_id, GError **error)
{
  g_autoptr (StoreRows) rows = store_query (txn, error,
                                            "SELECT " TASK_COLUMNS " FROM task WHERE finished_ms=0"
                                            " AND (?1 IS NULL OR image_id=?1) ORDER BY seq",
                                            "s", image_id);

  return rows != NULL ? store_read_all (rows, read_task, (GDestroyNotify) vmm_task_free, error)
                      : NULL;
}

gboolean
store_task_count (StoreTxn *txn, const char *account_id, gboolean is_busy, guint *out,
                  GError **error)
{
  gint64 count = 0;

  if (!store_query_int (txn, &count, error,
                        "SELECT count(*) FROM task WHERE finished_ms=0"
                        " AND (?1 IS NULL OR account_id=?1) AND (?2=0 OR state<>'pending')",
                        "si", account_id, (gint64) is_busy))
    return FALSE;
  *out = (guint) count;
  return TRUE;
}

gboolean
store_task_move (StoreTxn *txn, const VmmTask *t, VmmTaskState from, VmmTaskState to,
                 GError **error)
{
  int changes = store_exec (txn, error,
                            "UPDATE task SET state=?, progress=?, deadline_ms=?, finished_ms=?,"
                            " code=?, reason=? WHERE id=? AND state=?",
                            "siiissss", vmm_task_state_to_string (to), (gint64) t->progress,
                            t->deadline_ms, t->finished_ms, or_empty (t->code),
                            or_empty (t->reason), t->id, vmm_task_state_to_string (from));

  if (changes == 0)
    return vmm_fail (error, VMM_ERROR_OPERATION_CONFLICT, "task '%s' is not %s any more", t->id,
                     vmm_task_state_to_string (from));
  return changes > 0;
}

gboolean
store_task_set_progress (StoreTxn *txn, const char *id, guint percent, GError **error)
{
  return store_exec (txn, error, "UPDATE task SET progress=? WHERE id=?", "is", (gint64) percent,
                     id)
         >= 0;
}

gboolean
store_task_expire (StoreTxn *txn, gint64 before_ms, GError **error)
{
  return store_exec (txn, error, "DELETE FROM task WHERE finished_ms>0 AND finished_ms<?", "i",
                     before_ms)
         >= 0;
}
