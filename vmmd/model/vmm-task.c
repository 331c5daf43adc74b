/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The names of tasks' states, and of what they write. */
#include "config.h"

#include "vmm-task.h"

VMM_ENUM_IMPL (VmmTaskState, vmm_task_state, VMM_TASK_STATE_LAST, "pending", "processing",
               "cancelling", "finished", "failed", "canceled")
VMM_ENUM_IMPL (VmmTaskAction, vmm_task_action, VMM_TASK_ACTION_LAST, "ImportImage", "ExportImage")

const char *
vmm_task_state_wire (VmmTaskState state)
{
  static const char *const wire[]
      = { "Pending", "Processing", "Processing", "Finished", "Failed", "Canceled" };
  G_STATIC_ASSERT (G_N_ELEMENTS (wire) == VMM_TASK_STATE_LAST);

  return (guint) state < VMM_TASK_STATE_LAST ? wire[state] : "?";
}

char *
vmm_task_file (const VmmTask *task, guint disk)
{
  return disk == 0 ? g_strdup_printf ("%s.%s", task->name, task->format)
                   : g_strdup_printf ("%s_%u.%s", task->name, disk, task->format);
}
