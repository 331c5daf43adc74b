/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The verbs on tasks. */
#include "config.h"

#include "ops-task.h"
#include "ops-txn.h"
#include "store-image.h"
#include "store-task.h"
#include "vmm-clock.h"
#include "vmm-error.h"

GPtrArray *
ops_task_list (VmmContext *ctx, const VmmCaller *caller, const VmmTaskQuery *query,
               const VmmPage *page, VmmPageInfo *out_info, GError **error)
{
  g_autoptr (StoreTxn) txn = store_begin_read (ctx->store, error);

  return txn != NULL ? store_task_list (txn, caller->account_id, query, page, out_info, error)
                     : NULL;
}

VmmTask *
ops_task_get (VmmContext *ctx, const VmmCaller *caller, const char *id, GError **error)
{
  g_autoptr (StoreTxn) txn = store_begin_read (ctx->store, error);

  return txn != NULL ? store_task_get (txn, caller->account_id, id, error) : NULL;
}

const char *
ops_task_worker (const VmmTask *task)
{
  return task->action == VMM_TASK_IMPORT_IMAGE ? task->image_id : task->id;
}

/* An import is cancelled by deleting what it makes. */
static gboolean
drop_image (StoreTxn *txn, const VmmTask *task, GError **error)
{
  g_autoptr (VmmImage) image = NULL;

  if (task->action != VMM_TASK_IMPORT_IMAGE)
    return TRUE;
  image = store_image_get (txn, NULL, task->image_id, error);
  if (image == NULL)
    return FALSE;
  return image->state == VMM_IMAGE_DELETING
         || store_image_move (txn, image->id, image->state, VMM_IMAGE_DELETING, NULL, 0, error);
}

gboolean
ops_task_cancel (VmmContext *ctx, const VmmCaller *caller, const char *id, GError **error)
{
  g_autofree char *before = NULL;
  g_autoptr (StoreTxn) txn = ops_begin (ctx, caller, &before, error);
  g_autoptr (VmmTask) task = NULL;

  if (txn == NULL || before != NULL)
    return txn != NULL;
  task = store_task_get (txn, caller->account_id, id, error);
  if (task == NULL)
    return FALSE;
  if (task->state != VMM_TASK_PENDING && task->state != VMM_TASK_PROCESSING)
    return vmm_fail (error, VMM_ERROR_TASK_STATUS, "task '%s' is %s and cannot be cancelled", id,
                     task->state == VMM_TASK_CANCELLING ? "being cancelled"
                                                        : vmm_task_state_wire (task->state));
  if (!drop_image (txn, task, error)
      || !store_task_move (txn, task, task->state, VMM_TASK_CANCELLING, error)
      || !ops_finish (ctx, txn, caller, "", error))
    return FALSE;
  g_clear_pointer (&txn, store_txn_free);
  ctx->kick (ctx, ops_task_worker (task));
  return TRUE;
}

/* At least one worker stays for all that is quick. */
static guint
turns (const VmmConfig *config)
{
  return (guint) MIN (config->transfers, MAX (1, config->work_threads - 1));
}

gboolean
ops_task_begin (VmmContext *ctx, VmmTask *task, int seconds, gboolean *out_begun, GError **error)
{
  g_autoptr (StoreTxn) txn = store_begin (ctx->store, error);
  guint all = 0, own = 0, most = turns (ctx->config);

  *out_begun = FALSE;
  if (txn == NULL || !store_task_count (txn, NULL, TRUE, &all, error)
      || !store_task_count (txn, task->account_id, TRUE, &own, error))
    return FALSE;
  if (all >= most || own >= MAX (1, most - 1))
    return TRUE;
  task->deadline_ms = vmm_clock_now_ms () + seconds * G_GINT64_CONSTANT (1000);
  if (!store_task_move (txn, task, VMM_TASK_PENDING, VMM_TASK_PROCESSING, error)
      || !store_commit (txn, error))
    return FALSE;
  task->state = VMM_TASK_PROCESSING;
  *out_begun = TRUE;
  return TRUE;
}

gboolean
ops_task_end (StoreTxn *txn, VmmTask *task, VmmTaskState to, const char *code, const char *reason,
              GError **error)
{
  if (task == NULL)
    return TRUE;
  task->finished_ms = vmm_clock_now_ms ();
  task->deadline_ms = 0;
  if (to == VMM_TASK_FINISHED)
    task->progress = 100;
  g_free (task->code);
  g_free (task->reason);
  task->code = g_strdup (code);
  task->reason = g_strdup (reason);
  return store_task_move (txn, task, task->state, to, error);
}

gboolean
ops_task_kick_pending (VmmContext *ctx, GError **error)
{
  g_autoptr (StoreTxn) txn = store_begin_read (ctx->store, error);
  g_autoptr (GPtrArray) tasks = txn != NULL ? store_task_unfinished (txn, NULL, error) : NULL;

  g_clear_pointer (&txn, store_txn_free);
  for (guint i = 0; tasks != NULL && i < tasks->len; i++)
    {
      const VmmTask *task = g_ptr_array_index (tasks, i);

      if (task->state == VMM_TASK_PENDING)
        ctx->kick (ctx, ops_task_worker (task));
    }
  return tasks != NULL;
}
