/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What imports and exports of images share. For this room only. */
#pragma once
#include "vmm-task.h"
#include "work-item.h"

/* One import or export under way. */
typedef struct
{
  WorkItem *item;
  VmmTask *task;         /* NULL for an import by the administrator */
  const VmmImage *image; /* of an import, else NULL */
  gint64 deadline_ms;
  GCancellable *cancellable;
  guint part, parts; /* files done, files in all; parts 0 stands for one */
  gint64 looked_us;  /* when it was last looked at */
  guint percent;     /* as last written */
  gboolean is_full;  /* it was cancelled since the pool is all but full */
} WorkTransfer;

/* An ImgProgressFunc on a WorkTransfer: once a second, writes how far it is, and cancels it when
 * nobody wants it any more, its time is over, the daemon ends or an import finds the pool all but
 * full. */
void work_transfer_progress (guint percent, gpointer transfer);
/* The code and the sentence (the caller frees it) that tell its owner why it failed; what names
 * files of the host is for the log alone. */
const char *work_transfer_code (const WorkTransfer *transfer, const GError *error,
                                char **out_reason);
/* For a pending task, tries to get its turn; *@out_begun whether it is under way now. */
gboolean work_task_begin (WorkItem *item, VmmTask *task, int seconds, gboolean *out_begun,
                          GError **error);

/* The work on an image that is imported: WORK_DONE, or when to look again. */
gint64 work_import (WorkItem *item, VmmImage *image);
/* Inside the removal of an image: its import is cancelled. */
gboolean work_import_cancelled (StoreTxn *txn, const char *image_id, GError **error);
