/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What happened to instances and why, and what shall happen when one dies. */
#include "config.h"

#include "ecs-common.h"
#include "ops-instance.h"
#include <string.h>

/* ---- DescribeInstanceHistoryEvents ---- */

typedef struct
{
  ApiPage page;
  char *id, *cycle_status;
  char **cycle_statuses;
  char *type, *publish_start, *publish_end, *start, *end, *impact;
  char **types, **event_ids;
} EventsArgs;

#define CYCLE_STATUSES                                                                             \
  API_CHOICES ("Scheduled", "Avoided", "Executing", "Executed", "Canceled", "Failed", "Inquiring")

static const ApiParam events_params[] = {
  API_PAGE_PARAMS (EventsArgs, page, 100),
  API_STR (EventsArgs, id, "InstanceId", .max_length = 64,
           .doc = "The instance, which may be deleted by now; otherwise all of the account."),
  API_STR (EventsArgs, cycle_status, "EventCycleStatus", .max_length = 16, CYCLE_STATUSES,
           .doc = "Events here are all Executed."),
  API_STRLIST (EventsArgs, cycle_statuses, "InstanceEventCycleStatus", .max = 7, .max_length = 16,
               CYCLE_STATUSES, .doc = "Events here are all Executed."),
  ECS_REFUSED_FILTER (EventsArgs, type, "EventType",
                      .doc = "Filtering by type is not offered here."),
  ECS_REFUSED_FILTER_LIST (EventsArgs, types, "InstanceEventType",
                           .doc = "Filtering by type is not offered here."),
  ECS_REFUSED_FILTER_LIST (EventsArgs, event_ids, "EventId",
                           .doc = "Filtering by event is not offered here."),
  ECS_REFUSED_FILTER (EventsArgs, publish_start, "EventPublishTime.Start",
                      .doc = "Filtering by time is not offered here."),
  ECS_REFUSED_FILTER (EventsArgs, publish_end, "EventPublishTime.End",
                      .doc = "Filtering by time is not offered here."),
  ECS_REFUSED_FILTER (EventsArgs, start, "NotBefore.Start",
                      .doc = "Filtering by time is not offered here."),
  ECS_REFUSED_FILTER (EventsArgs, end, "NotBefore.End",
                      .doc = "Filtering by time is not offered here."),
  ECS_REFUSED_FILTER (EventsArgs, impact, "ImpactLevel",
                      .doc = "Filtering by impact is not offered here."),
};

#define E "InstanceSystemEventSet.InstanceSystemEventType[]."
static const ApiField events_fields[] = {
  API_OUT_STR (E "EventId", API_REQUIRED, "The event."),
  API_OUT_STR (E "InstanceId", API_REQUIRED, "Whom it happened to."),
  API_OUT_STR (E "EventType.Name", API_REQUIRED,
               "InstanceFailure.Reboot after a crash, SystemFailure.Delete when it could not be "
               "made, else Instance:StateChange."),
  API_OUT_INT (E "EventType.Code", API_REQUIRED, "A number for the name."),
  API_OUT_STR (E "EventCycleStatus.Name", API_REQUIRED, "Always Executed."),
  API_OUT_INT (E "EventCycleStatus.Code", API_REQUIRED, "A number for the name."),
  API_OUT_STR (E "EventPublishTime", API_REQUIRED, "When it happened."),
  API_OUT_STR (E "NotBefore", API_REQUIRED, "The same."),
  API_OUT_STR (E "EventFinishTime", API_REQUIRED, "The same."),
  API_OUT_STR (E "Reason", API_REQUIRED, "Why."),
  API_OUT_STR (E "ReasonCode", API_REQUIRED, "The move of the instance's life, such as crashed."),
  API_OUT_STR (E "PreviousStatus", API_REQUIRED, "The state before."),
  API_OUT_STR (E "CurrentStatus", API_REQUIRED, "The state after."),
  API_OUT_STR (E "ResourceType", API_REQUIRED, "Always instance."),
  API_PAGE_FIELDS,
};

/* Our moves that ECS has a name for. Codes are ours, but stable. */
static const struct
{
  const char *event, *to; /* NULL: any */
  const char *name;
  int code;
} event_types[] = {
  { "crashed", NULL, "InstanceFailure.Reboot", 1 },
  { "failed", "deleting", "SystemFailure.Delete", 2 },
  { NULL, NULL, "Instance:StateChange", 0 },
};

static void
write_event (ApiReply *reply, const OpsInstanceEvent *event)
{
  guint i = 0;

  while (event_types[i].event != NULL
         && (g_strcmp0 (event_types[i].event, event->event) != 0
             || (event_types[i].to != NULL && g_strcmp0 (event_types[i].to, event->to) != 0)))
    i++;

  api_reply_item (reply);
  api_reply_string (reply, "EventId", event->id);
  api_reply_string (reply, "InstanceId", event->instance_id);
  api_reply_begin (reply, "EventType");
  api_reply_string (reply, "Name", event_types[i].name);
  api_reply_int (reply, "Code", event_types[i].code);
  api_reply_end (reply);
  api_reply_begin (reply, "EventCycleStatus");
  api_reply_string (reply, "Name", "Executed");
  api_reply_int (reply, "Code", 0);
  api_reply_end (reply);
  api_reply_second (reply, "EventPublishTime", event->at_ms);
  api_reply_second (reply, "NotBefore", event->at_ms);
  api_reply_second (reply, "EventFinishTime", event->at_ms);
  api_reply_string (reply, "Reason", event->reason);
  api_reply_string (reply, "ReasonCode", event->event);
  api_reply_string (reply, "PreviousStatus", event->from);
  api_reply_string (reply, "CurrentStatus", event->to);
  api_reply_string (reply, "ResourceType", "instance");
  api_reply_end (reply);
}

/* Whether Executed, which all events here are, is among what is asked for. */
static gboolean
wants_executed (const EventsArgs *args)
{
  if (ecs_is_given (args->cycle_statuses))
    return g_strv_contains ((const char *const *) args->cycle_statuses, "Executed");
  return ecs_is_or_unset (args->cycle_status, "Executed");
}

static gboolean
describe_history_events (ApiCall *call, gconstpointer data, ApiReply *reply, GError **error)
{
  const EventsArgs *args = data;
  VmmPage page = api_page_get (&args->page);
  g_auto (VmmPageInfo) info = { 0 };
  g_autoptr (GPtrArray) events = NULL;

  if (!wants_executed (args))
    {
      ecs_write_nothing (reply, &args->page, "InstanceSystemEventSet", "InstanceSystemEventType");
      return TRUE;
    }
  events = ops_instance_events (call->ctx, call->caller, args->id, &page, &info, error);
  if (events == NULL)
    return FALSE;

  api_reply_list (reply, "InstanceSystemEventSet", "InstanceSystemEventType");
  for (guint i = 0; i < events->len; i++)
    write_event (reply, events->pdata[i]);
  api_reply_end (reply);
  api_reply_page (reply, &args->page, &info);
  return TRUE;
}

/* ---- Maintenance attributes ---- */

typedef struct
{
  char *start, *end;
} RefusedWindow;

static const ApiParam refused_window_params[] = {
  ECS_REFUSED (RefusedWindow, start, "StartTime", .doc = "Windows are not offered here."),
  ECS_REFUSED (RefusedWindow, end, "EndTime", .doc = "Windows are not offered here."),
};

typedef struct
{
  char **ids;
  char *action;
  char *notify;
  GArray *windows;
} ModifyArgs;

static const ApiParam modify_params[] = {
  ECS_INSTANCE_ID_LIST (ModifyArgs, ids),
  API_STR (ModifyArgs, action, "ActionOnMaintenance", .max_length = 16,
           API_CHOICES ("Stop", "AutoRecover"),
           .doc
           = "What to do when the instance dies unasked: leave it Stopped, or start it again."),
  ECS_REFUSED (ModifyArgs, notify, "NotifyOnMaintenance",
               .doc = "Notifications are not offered here."),
  API_LIST (ModifyArgs, windows, "MaintenanceWindow", RefusedWindow, refused_window_params,
            .max = 10, .doc = "Windows are not offered here."),
};

static gboolean
modify_maintenance (ApiCall *call, gconstpointer data, ApiReply *reply, GError **error)
{
  const ModifyArgs *args = data;
  OpsInstanceChange change = {
    .deletion_protection = -1,
    .restart_on_crash = args->action == NULL ? -1 : g_str_equal (args->action, "AutoRecover"),
  };

  for (guint i = 0; args->ids[i] != NULL; i++)
    if (!ops_instance_modify (call->ctx, call->caller, args->ids[i], &change, error))
      return FALSE;
  return TRUE;
}

typedef struct
{
  ApiPage page;
  char **ids;
} DescribeArgs;

static const ApiParam describe_params[] = {
  API_PAGE_PARAMS (DescribeArgs, page, 100),
  API_STRLIST (DescribeArgs, ids, "InstanceId", .max = 100, .max_length = 64,
               .doc = "Ids of instances."),
};

#define M "MaintenanceAttributes.MaintenanceAttribute[]."
static const ApiField describe_fields[] = {
  API_OUT_STR (M "InstanceId", API_REQUIRED, "The instance."),
  API_OUT_STR (M "ActionOnMaintenance.Value", API_REQUIRED, "Stop or AutoRecover."),
  API_OUT_STR (M "ActionOnMaintenance.DefaultValue", API_REQUIRED, "Always AutoRecover."),
  API_OUT_STR (M "ActionOnMaintenance.SupportedValues.SupportedValue[]", 0, "What can be set."),
  API_OUT_BOOL (M "NotifyOnMaintenance", API_REQUIRED, "Always false."),
  API_OUT_STR (M "MaintenanceWindows.MaintenanceWindow[].StartTime", 0, "None is ever listed."),
  API_OUT_STR (M "MaintenanceWindows.MaintenanceWindow[].EndTime", 0, "None is ever listed."),
  API_PAGE_FIELDS,
};

static void
write_attribute (ApiReply *reply, const VmmInstance *instance)
{
  static const char *const supported[] = { "Stop", "AutoRecover", NULL };

  api_reply_item (reply);
  api_reply_string (reply, "InstanceId", instance->id);
  api_reply_begin (reply, "ActionOnMaintenance");
  api_reply_string (reply, "Value", instance->restart_on_crash ? "AutoRecover" : "Stop");
  api_reply_string (reply, "DefaultValue", "AutoRecover");
  api_reply_strings (reply, "SupportedValues", "SupportedValue", supported);
  api_reply_end (reply);
  api_reply_bool (reply, "NotifyOnMaintenance", FALSE);
  api_reply_strings (reply, "MaintenanceWindows", "MaintenanceWindow", NULL);
  api_reply_end (reply);
}

static gboolean
describe_maintenance (ApiCall *call, gconstpointer data, ApiReply *reply, GError **error)
{
  const DescribeArgs *args = data;
  VmmInstanceQuery query = { .ids = (const char *const *) args->ids };

  return ecs_write_instances (call, &query, &args->page, reply, "MaintenanceAttributes",
                              "MaintenanceAttribute", write_attribute, error);
}

static const ApiAction actions[] = {
  { .name = "DescribeInstanceHistoryEvents",
    .summary = "Lists what happened to instances and why, newest first.",
    .since = "0.1",
    .access = API_READ,
    .permission = "ecs:DescribeInstanceHistoryEvents",
    .run = describe_history_events,
    API_PARAMS (EventsArgs, events_params),
    API_FIELDS (events_fields) },
  { .name = "ModifyInstanceMaintenanceAttributes",
    .summary = "Sets what shall happen when instances die unasked.",
    .since = "0.1",
    .access = API_WRITE,
    .permission = "ecs:ModifyInstanceMaintenanceAttributes",
    .run = modify_maintenance,
    API_PARAMS (ModifyArgs, modify_params),
    API_ERRORS (VMM_ERROR_INSTANCE_NOT_FOUND, VMM_ERROR_INSTANCE_STATUS,
                VMM_ERROR_INSTANCE_INITIALIZING) },
  { .name = "DescribeInstanceMaintenanceAttributes",
    .summary = "Lists what shall happen when instances die unasked.",
    .since = "0.1",
    .access = API_READ,
    .permission = "ecs:DescribeInstanceMaintenanceAttributes",
    .run = describe_maintenance,
    API_PARAMS (DescribeArgs, describe_params),
    API_FIELDS (describe_fields) },
};

const ApiResource ecs_maintenance = API_RESOURCE ("maintenance", actions);
