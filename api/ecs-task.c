/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Tasks: imports and exports of images under way, and those that are over. */
#include "config.h"

#include "ecs-common.h"
#include "ops-task.h"
#include "vmm-clock.h"

#define TASK_ID(type, field)                                                                       \
  API_STR (type, field, "TaskId", .flags = API_REQUIRED, .max_length = 64,                         \
           .format = &api_format_task_id, .error = VMM_ERROR_TASK_NOT_FOUND, .doc = "The task.")

static gboolean
can_be_cancelled (const VmmTask *task)
{
  return task->state == VMM_TASK_PENDING || task->state == VMM_TASK_PROCESSING;
}

static void
write_percent (ApiReply *reply, const VmmTask *task)
{
  g_autofree char *text = g_strdup_printf ("%u%%", task->progress);

  api_reply_string (reply, "TaskProcess", text);
}

/* ---- DescribeTasks ---- */

typedef struct
{
  ApiPage page;
  char **ids, **resource_ids;
  char *action, *status, *start, *end, *group;
} ListArgs;

static const ApiParam list_params[] = {
  API_PAGE_PARAMS (ListArgs, page, 100),
  ECS_ID_FILTER (ListArgs, ids, "TaskIds", "Ids of tasks, with commas between them."),
  API_STRLIST (ListArgs, resource_ids, "ResourceIds", .max = 100, .max_length = 64,
               .doc = "The images that they make or read."),
  API_STR (ListArgs, action, "TaskAction", .max_length = 32,
           API_CHOICES ("ImportImage", "ExportImage", "RedeployInstance", "ModifyDiskSpec"),
           .doc = "What they do; only imports and exports are tasks here."),
  API_STR (ListArgs, status, "TaskStatus", .max_length = 16,
           API_CHOICES ("Pending", "Processing", "Finished", "Failed", "Canceled"),
           .doc = "How far they are."),
  API_STR (ListArgs, start, "StartTime", .max_length = 32, .format = &api_format_time,
           .doc = "Asked for at this time or later."),
  API_STR (ListArgs, end, "EndTime", .max_length = 32, .format = &api_format_time,
           .doc = "Asked for at this time or earlier."),
  ECS_TEXT_FILTER (ListArgs, group, "TaskGroupId", "No task here is in a group."),
};

#define T "TaskSet.Task[]."
static const ApiField list_fields[] = {
  API_OUT_STR ("RegionId", API_REQUIRED, "The region."),
  API_OUT_STR (T "TaskId", API_REQUIRED, "The task."),
  API_OUT_STR (T "TaskAction", API_REQUIRED, "ImportImage or ExportImage."),
  API_OUT_STR (T "TaskStatus", API_REQUIRED, "Pending, Processing, Finished, Failed or Canceled."),
  API_OUT_STR (T "TaskProcess", API_REQUIRED, "Our own: how far it is, such as 100%."),
  API_OUT_STR (T "ErrorMsg", API_REQUIRED, "Our own: why it failed, else empty."),
  API_OUT_STR (T "ResourceId", API_REQUIRED, "The image that it makes or reads."),
  API_OUT_STR (T "SupportCancel", API_REQUIRED, "true until it is finished or cancelled."),
  API_OUT_STR (T "CreationTime", API_REQUIRED, "When it was asked for."),
  API_OUT_STR (T "FinishedTime", API_REQUIRED, "When it ended, or empty."),
  API_PAGE_FIELDS,
};

static void
write_task (ApiReply *reply, const VmmTask *task)
{
  api_reply_item (reply);
  api_reply_string (reply, "TaskId", task->id);
  api_reply_string (reply, "TaskAction", vmm_task_action_to_string (task->action));
  api_reply_string (reply, "TaskStatus", vmm_task_state_wire (task->state));
  write_percent (reply, task);
  api_reply_string (reply, "ErrorMsg", task->reason);
  api_reply_string (reply, "ResourceId", task->image_id);
  api_reply_string (reply, "SupportCancel", can_be_cancelled (task) ? "true" : "false");
  api_reply_second (reply, "CreationTime", task->created_ms);
  api_reply_second (reply, "FinishedTime", task->finished_ms);
  api_reply_end (reply);
}

static gint64
time_of (const char *text)
{
  gint64 ms = 0;

  return text != NULL && vmm_clock_parse (text, &ms) ? ms : 0;
}

static gboolean
describe_tasks (ApiCall *call, gconstpointer data, ApiReply *reply, GError **error)
{
  const ListArgs *args = data;
  VmmPage page = api_page_get (&args->page);
  const VmmTaskQuery query = {
    .ids = (const char *const *) args->ids,
    .image_ids = (const char *const *) args->resource_ids,
    .action = args->action,
    .status = args->status,
    .created_from_ms = time_of (args->start),
    .created_to_ms = time_of (args->end),
  };
  g_auto (VmmPageInfo) info = { 0 };
  g_autoptr (GPtrArray) tasks = NULL;

  api_reply_string (reply, "RegionId", call->ctx->config->region_id);
  if (!ecs_is_or_unset (args->group, ""))
    {
      ecs_write_nothing (reply, &args->page, "TaskSet", "Task");
      return TRUE;
    }
  tasks = ops_task_list (call->ctx, call->caller, &query, &page, &info, error);
  if (tasks == NULL)
    return FALSE;
  api_reply_list (reply, "TaskSet", "Task");
  for (guint i = 0; i < tasks->len; i++)
    write_task (reply, g_ptr_array_index (tasks, i));
  api_reply_end (reply);
  api_reply_page (reply, &args->page, &info);
  return TRUE;
}

/* ---- DescribeTaskAttribute ---- */

typedef struct
{
  char *id;
} OneArgs;

static const ApiParam one_params[] = { TASK_ID (OneArgs, id) };

#define P "OperationProgressSet.OperationProgress[]."
static const ApiField one_fields[] = {
  API_OUT_STR ("RegionId", API_REQUIRED, "The region."),
  API_OUT_STR ("TaskId", API_REQUIRED, "The task."),
  API_OUT_STR ("TaskAction", API_REQUIRED, "ImportImage or ExportImage."),
  API_OUT_STR ("TaskStatus", API_REQUIRED, "Pending, Processing, Finished, Failed or Canceled."),
  API_OUT_STR ("TaskProcess", API_REQUIRED, "How far it is, such as 100%."),
  API_OUT_STR ("SupportCancel", API_REQUIRED, "true until it is finished or cancelled."),
  API_OUT_STR ("CreationTime", API_REQUIRED, "When it was asked for."),
  API_OUT_STR ("FinishedTime", API_REQUIRED, "When it ended, or empty."),
  API_OUT_INT ("TotalCount", API_REQUIRED, "Always 1."),
  API_OUT_INT ("SuccessCount", API_REQUIRED, "1 once it is finished, else 0."),
  API_OUT_INT ("FailedCount", API_REQUIRED, "1 once it has failed, else 0."),
  API_OUT_STR (P "OperationStatus", API_REQUIRED, "Success, Failed, or as TaskStatus says."),
  API_OUT_STR (P "ErrorCode", API_REQUIRED, "The code of the error, or empty."),
  API_OUT_STR (P "ErrorMsg", API_REQUIRED,
               "Why it failed, or empty; of an image that was refused it begins with the name of "
               "the reason, as docs/images.md lists them."),
  API_OUT_STR (P "RelatedItemSet.RelatedItem[].Name", API_REQUIRED,
               "ImageId; of an export also OSSBucket, the folder, and OSSObject, the file of the "
               "system disk."),
  API_OUT_STR (P "RelatedItemSet.RelatedItem[].Value", API_REQUIRED, "Its value."),
};

static void
write_related (ApiReply *reply, const char *name, const char *value)
{
  api_reply_item (reply);
  api_reply_string (reply, "Name", name);
  api_reply_string (reply, "Value", value);
  api_reply_end (reply);
}

static void
write_operation (ApiReply *reply, const VmmTask *task)
{
  api_reply_list (reply, "OperationProgressSet", "OperationProgress");
  api_reply_item (reply);
  api_reply_string (reply, "OperationStatus",
                    task->state == VMM_TASK_FINISHED ? "Success"
                                                     : vmm_task_state_wire (task->state));
  api_reply_string (reply, "ErrorCode", task->code);
  api_reply_string (reply, "ErrorMsg", task->reason);
  api_reply_list (reply, "RelatedItemSet", "RelatedItem");
  write_related (reply, "ImageId", task->image_id);
  if (task->action == VMM_TASK_EXPORT_IMAGE)
    {
      g_autofree char *file = vmm_task_file (task, 0);

      write_related (reply, "OSSBucket", task->folder);
      write_related (reply, "OSSObject", file);
    }
  api_reply_end (reply);
  api_reply_end (reply);
  api_reply_end (reply);
}

static gboolean
describe_task (ApiCall *call, gconstpointer data, ApiReply *reply, GError **error)
{
  const OneArgs *args = data;
  g_autoptr (VmmTask) task = ops_task_get (call->ctx, call->caller, args->id, error);

  if (task == NULL)
    return FALSE;
  api_reply_string (reply, "RegionId", call->ctx->config->region_id);
  api_reply_string (reply, "TaskId", task->id);
  api_reply_string (reply, "TaskAction", vmm_task_action_to_string (task->action));
  api_reply_string (reply, "TaskStatus", vmm_task_state_wire (task->state));
  write_percent (reply, task);
  api_reply_string (reply, "SupportCancel", can_be_cancelled (task) ? "true" : "false");
  api_reply_second (reply, "CreationTime", task->created_ms);
  api_reply_second (reply, "FinishedTime", task->finished_ms);
  api_reply_int (reply, "TotalCount", 1);
  api_reply_int (reply, "SuccessCount", task->state == VMM_TASK_FINISHED);
  api_reply_int (reply, "FailedCount", task->state == VMM_TASK_FAILED);
  write_operation (reply, task);
  return TRUE;
}

/* ---- CancelTask ---- */

static gboolean
cancel_task (ApiCall *call, gconstpointer data, ApiReply *reply, GError **error)
{
  const OneArgs *args = data;

  return ops_task_cancel (call->ctx, call->caller, args->id, error);
}

static const ApiAction actions[] = {
  { .name = "DescribeTasks",
    .summary = "Lists imports and exports of images, newest first; those that are over for a week.",
    .since = "0.3",
    .access = API_READ,
    .permission = "ecs:DescribeTasks",
    .run = describe_tasks,
    API_PARAMS (ListArgs, list_params),
    API_FIELDS (list_fields) },
  { .name = "DescribeTaskAttribute",
    .summary = "Shows how far a task is, and why it failed.",
    .since = "0.3",
    .access = API_READ,
    .permission = "ecs:DescribeTaskAttribute",
    .run = describe_task,
    API_PARAMS (OneArgs, one_params),
    API_FIELDS (one_fields),
    API_ERRORS (VMM_ERROR_TASK_NOT_FOUND) },
  { .name = "CancelTask",
    .summary = "Ends a task that is not finished; what it has made so far goes.",
    .since = "0.3",
    .access = API_WRITE,
    .permission = "ecs:CancelTask",
    .flags = API_DRY_RUN,
    .run = cancel_task,
    API_PARAMS (OneArgs, one_params),
    API_ERRORS (VMM_ERROR_TASK_NOT_FOUND, VMM_ERROR_TASK_STATUS) },
};

const ApiResource ecs_task = API_RESOURCE ("task", actions);
