/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The verbs on tasks, and what their workers report. Any pool thread. */
#pragma once
#include "ops-context.h"
#include "vmm-query.h"
#include "vmm-task.h"

/* VmmTask*, newest first. */
GPtrArray *ops_task_list (VmmContext *ctx, const VmmCaller *caller, const VmmTaskQuery *query,
                          const VmmPage *page, VmmPageInfo *out_info, GError **error);
/* TASK_NOT_FOUND. */
VmmTask *ops_task_get (VmmContext *ctx, const VmmCaller *caller, const char *id, GError **error);
/* Ends a task that is not finished; what it has made goes, the image of an import too. TASK_STATUS
 * when it is finished. */
gboolean ops_task_cancel (VmmContext *ctx, const VmmCaller *caller, const char *id, GError **error);

/* ---- For workers ---- */

/* Gives a pending @task its turn and a deadline @seconds from now, unless as many are under way as
 * the configuration allows in all, or all but one of those are the account's. @out_begun; FALSE
 * only on failure. */
gboolean ops_task_begin (VmmContext *ctx, VmmTask *task, int seconds, gboolean *out_begun,
                         GError **error);
/* The end of @task inside @txn, as one that is @task->state until now: FINISHED, FAILED (with @code
 * and @reason, else NULL) or CANCELED. NULL for @task is no error. */
gboolean ops_task_end (StoreTxn *txn, VmmTask *task, VmmTaskState to, const char *code,
                       const char *reason, GError **error);
/* A task has ended: kicks those that wait for their turn. */
gboolean ops_task_kick_pending (VmmContext *ctx, GError **error);
/* What the executor calls the task: its image's id for an import. Borrowed from @task. */
const char *ops_task_worker (const VmmTask *task);
