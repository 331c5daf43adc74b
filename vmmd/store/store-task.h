/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Tasks. Rows of other accounts are not found; @account_id NULL reads for the daemon itself. */
#pragma once
#include "store.h"
#include "vmm-query.h"
#include "vmm-task.h"

/* How many of an account are kept, the newest; those that are not finished stay in any case. */
#define STORE_TASKS_KEPT 1000

/* Forgets the account's oldest finished ones beyond STORE_TASKS_KEPT. NULL texts are kept as "". */
gboolean store_task_insert (StoreTxn *txn, const VmmTask *task, GError **error);
/* TASK_NOT_FOUND. */
VmmTask *store_task_get (StoreTxn *txn, const char *account_id, const char *id, GError **error);
/* VmmTask*, newest first. */
GPtrArray *store_task_list (StoreTxn *txn, const char *account_id, const VmmTaskQuery *query,
                            const VmmPage *page, VmmPageInfo *info, GError **error);
/* VmmTask* that are not finished, the oldest first: of one image (@image_id) or of all (NULL). */
GPtrArray *store_task_unfinished (StoreTxn *txn, const char *image_id, GError **error);
/* How many of the account (NULL: of all) are not finished; those under way alone with @is_busy. */
gboolean store_task_count (StoreTxn *txn, const char *account_id, gboolean is_busy, guint *out,
                           GError **error);
/* The only change of a task's state, together with the other members of @task that come with it
 * (progress, deadline_ms, finished_ms, code, reason). OPERATION_CONFLICT when the row is not @from
 * any more. */
gboolean store_task_move (StoreTxn *txn, const VmmTask *task, VmmTaskState from, VmmTaskState to,
                          GError **error);
gboolean store_task_set_progress (StoreTxn *txn, const char *id, guint percent, GError **error);
/* Forgets those that ended before @before_ms. */
gboolean store_task_expire (StoreTxn *txn, gint64 before_ms, GError **error);
