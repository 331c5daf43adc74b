/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Tasks: what takes long, can be watched and can be cancelled. */
#pragma once
#include "vmm-enum.h"

typedef enum
{
  VMM_TASK_PENDING,    /* waits for its turn */
  VMM_TASK_PROCESSING, /* under way; after a crash it is begun anew */
  VMM_TASK_CANCELLING, /* what it made is being taken away */
  VMM_TASK_FINISHED,
  VMM_TASK_FAILED,
  VMM_TASK_CANCELED,
  VMM_TASK_STATE_LAST
} VmmTaskState;
VMM_ENUM_DECL (VmmTaskState, vmm_task_state)
/* "Pending", "Processing" (also while it is being cancelled), "Finished", "Failed", "Canceled".
 * Static. */
const char *vmm_task_state_wire (VmmTaskState state);

typedef enum
{
  VMM_TASK_IMPORT_IMAGE,
  VMM_TASK_EXPORT_IMAGE,
  VMM_TASK_ACTION_LAST
} VmmTaskAction;
/* "ImportImage", "ExportImage": on the wire too. */
VMM_ENUM_DECL (VmmTaskAction, vmm_task_action)

typedef struct
{
  char *id, *account_id, *host_id;
  VmmTaskAction action;
  VmmTaskState state;
  char *image_id;     /* made or read; may be gone */
  guint progress;     /* percent */
  gint64 created_ms;  /* when it was asked for */
  gint64 deadline_ms; /* 0 unless it is under way */
  gint64 finished_ms; /* 0 before its end */
  /* Of an export: the files are NAME.FORMAT of the system disk and NAME_1.FORMAT … of the others,
   * in @folder ("" for none) of the export folder. Else "". */
  char *folder, *name, *format;
  char *code, *reason; /* why it failed: an error code of the API and a sentence; else "" */
} VmmTask;
void vmm_task_free (VmmTask *task);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (VmmTask, vmm_task_free)

/* The name of the file of an export's @disk, counted from 0. The caller frees it. */
char *vmm_task_file (const VmmTask *task, guint disk);
