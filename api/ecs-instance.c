/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is done with an instance that exists: power, change, delete, console. */
#include "config.h"

#include "ecs-common.h"
#include "ops-instance.h"

/* As much of the console as ECS gives. */
#define CONSOLE_BYTES (64 * 1024)

/* ---- One instance ---- */

typedef struct
{
  char *id;
  gboolean force;
  char *hibernate;
} PowerArgs;

static const ApiParam start_params[] = {
  ECS_INSTANCE_ID (PowerArgs, id),
};

static const ApiParam stop_params[] = {
  ECS_INSTANCE_ID (PowerArgs, id),
  API_BOOL (PowerArgs, force, "ForceStop",
            .doc
            = "Cut the power at once. Without it the guest is asked, and its power is cut when "
              "it has not obeyed in time."),
  ECS_REFUSED (PowerArgs, hibernate, "Hibernate", .doc = "Hibernation is not offered here."),
};

static const ApiParam reboot_params[] = {
  ECS_INSTANCE_ID (PowerArgs, id),
  API_BOOL (PowerArgs, force, "ForceStop", .doc = "Cut the power and start again."),
};

static gboolean
start_instance (ApiCall *call, gconstpointer data, ApiReply *reply, GError **error)
{
  const PowerArgs *args = data;

  return ops_instance_start (call->ctx, call->caller, args->id, error);
}

static gboolean
stop_instance (ApiCall *call, gconstpointer data, ApiReply *reply, GError **error)
{
  const PowerArgs *args = data;

  return ops_instance_stop (call->ctx, call->caller, args->id, args->force, error);
}

static gboolean
reboot_instance (ApiCall *call, gconstpointer data, ApiReply *reply, GError **error)
{
  const PowerArgs *args = data;

  return ops_instance_reboot (call->ctx, call->caller, args->id, args->force, error);
}

typedef struct
{
  char *id;
  char **ids;
  gboolean force;
} DeleteArgs;

#define FORCE_DELETE_DOC "Delete it whatever its state is; otherwise it must be Stopped."
static const ApiParam delete_params[] = {
  ECS_INSTANCE_ID (DeleteArgs, id),
  API_BOOL (DeleteArgs, force, "Force", .doc = FORCE_DELETE_DOC),
};

static const ApiParam delete_many_params[] = {
  ECS_INSTANCE_ID_LIST (DeleteArgs, ids),
  API_BOOL (DeleteArgs, force, "Force", .doc = FORCE_DELETE_DOC),
};

static gboolean
delete_instance (ApiCall *call, gconstpointer data, ApiReply *reply, GError **error)
{
  const DeleteArgs *args = data;
  const char *const ids[] = { args->id, NULL };

  return ops_instance_delete (call->ctx, call->caller, ids, args->force, error);
}

static gboolean
delete_instances (ApiCall *call, gconstpointer data, ApiReply *reply, GError **error)
{
  const DeleteArgs *args = data;

  return ops_instance_delete (call->ctx, call->caller, (const char *const *) args->ids, args->force,
                              error);
}

/* ---- Several at once ---- */

typedef struct
{
  char **ids;
  gboolean force;
  char *mode;
} BatchArgs;

#define BATCH_MODE                                                                                 \
  API_STR (BatchArgs, mode, "BatchOptimization", .fallback = "SuccessFirst", .max_length = 32,     \
           API_CHOICES ("SuccessFirst", "AllTogether"),                                            \
           .doc = "SuccessFirst: each instance is handled for itself and has its own result. "     \
                  "AllTogether: when one of them does not allow it, nothing is done and the "      \
                  "answer is that error.")

static const ApiParam start_many_params[] = {
  ECS_INSTANCE_ID_LIST (BatchArgs, ids),
  BATCH_MODE,
};

static const ApiParam stop_many_params[] = {
  ECS_INSTANCE_ID_LIST (BatchArgs, ids),
  API_BOOL (BatchArgs, force, "ForceStop", .doc = "Cut the power at once."),
  BATCH_MODE,
};

static const ApiParam reboot_many_params[] = {
  ECS_INSTANCE_ID_LIST (BatchArgs, ids),
  API_BOOL (BatchArgs, force, "ForceReboot", .doc = "Cut the power and start again."),
  BATCH_MODE,
};

static const ApiField batch_fields[] = {
  API_OUT_STR ("InstanceResponses.InstanceResponse[].InstanceId", API_REQUIRED, "The instance."),
  API_OUT_STR ("InstanceResponses.InstanceResponse[].Code", API_REQUIRED,
               "\"200\", or the code of the error that this instance met."),
  API_OUT_STR ("InstanceResponses.InstanceResponse[].Message", API_REQUIRED,
               "The error's message."),
  API_OUT_STR ("InstanceResponses.InstanceResponse[].PreviousStatus", API_REQUIRED,
               "The status before the call; empty when unknown."),
  API_OUT_STR ("InstanceResponses.InstanceResponse[].CurrentStatus", API_REQUIRED,
               "The status after the call; empty when unknown."),
};

/* The error of that wire code. */
static VmmError
error_of_wire (const char *wire)
{
  for (int code = 0; code < VMM_ERROR_LAST; code++)
    if (g_str_equal (vmm_error_wire ((VmmError) code), wire))
      return (VmmError) code;
  return VMM_ERROR_INTERNAL;
}

/* Fails as the first instance would that does not allow @verb, and changes nothing. */
static gboolean
check_batch (ApiCall *call, const BatchArgs *args, OpsBatchVerb verb, GError **error)
{
  VmmCaller dry = *call->caller;
  g_autoptr (GPtrArray) results = NULL;

  dry.dry_run = TRUE;
  results = ops_instance_batch (call->ctx, &dry, verb, (const char *const *) args->ids, args->force,
                                error);
  if (results == NULL)
    return FALSE;
  for (guint i = 0; i < results->len; i++)
    {
      const OpsBatchResult *result = results->pdata[i];
      VmmError code = error_of_wire (result->code);

      if (code != VMM_ERROR_DRY_RUN)
        return vmm_fail (error, code, "%s", result->message);
    }
  return TRUE;
}

static gboolean
run_batch (ApiCall *call, const BatchArgs *args, OpsBatchVerb verb, ApiReply *reply, GError **error)
{
  g_autoptr (GPtrArray) results = NULL;

  if (g_str_equal (args->mode, "AllTogether") && !call->caller->dry_run
      && !check_batch (call, args, verb, error))
    return FALSE;
  results = ops_instance_batch (call->ctx, call->caller, verb, (const char *const *) args->ids,
                                args->force, error);
  if (results == NULL)
    return FALSE;

  api_reply_list (reply, "InstanceResponses", "InstanceResponse");
  for (guint i = 0; i < results->len; i++)
    {
      const OpsBatchResult *result = results->pdata[i];

      api_reply_item (reply);
      api_reply_string (reply, "InstanceId", result->id);
      api_reply_string (reply, "Code", result->code);
      api_reply_string (reply, "Message", result->message);
      api_reply_string (reply, "PreviousStatus", result->previous);
      api_reply_string (reply, "CurrentStatus", result->current);
      api_reply_end (reply);
    }
  api_reply_end (reply);
  return TRUE;
}

static gboolean
start_instances (ApiCall *call, gconstpointer data, ApiReply *reply, GError **error)
{
  return run_batch (call, data, OPS_BATCH_START, reply, error);
}

static gboolean
stop_instances (ApiCall *call, gconstpointer data, ApiReply *reply, GError **error)
{
  return run_batch (call, data, OPS_BATCH_STOP, reply, error);
}

static gboolean
reboot_instances (ApiCall *call, gconstpointer data, ApiReply *reply, GError **error)
{
  return run_batch (call, data, OPS_BATCH_REBOOT, reply, error);
}

/* ---- Changes ---- */

typedef struct
{
  char *id, *name, *description, *host_name, *user_data;
  int deletion_protection;
  char *password, *recyclable, *remote_type, *remote_password;
  char **group_ids;
} ModifyArgs;

static const ApiParam modify_params[] = {
  ECS_INSTANCE_ID (ModifyArgs, id),
  API_STR (ModifyArgs, name, "InstanceName", .max_length = 512, .format = &ecs_format_instance_name,
           .error = VMM_ERROR_INSTANCE_NAME_MALFORMED,
           .doc = "A new name of 2 to 128 characters that begins with a letter."),
  API_STR (ModifyArgs, description, "Description", .flags = API_EMPTY_OK, .max_length = 1024,
           .format = &ecs_format_description, .error = VMM_ERROR_DESCRIPTION_MALFORMED,
           .doc = "A new description of 2 to 256 characters; empty clears it."),
  API_STR (ModifyArgs, host_name, "HostName", .max_length = 64, .format = &ecs_format_host_name,
           .error = VMM_ERROR_HOST_NAME_MALFORMED,
           .doc = "A new host name, in force when the guest next asks for its metadata."),
  API_STR (ModifyArgs, user_data, "UserData", .flags = API_EMPTY_OK, .max_length = 65536,
           .error = VMM_ERROR_USER_DATA_SIZE,
           .doc = "New user data in base64, at most 32 KiB before encoding; empty clears it."),
  API_TRI (ModifyArgs, deletion_protection, "DeletionProtection",
           .doc = "Whether deletion is refused."),
  ECS_REFUSED (ModifyArgs, password, "Password", .flags = API_SECRET,
               .doc = "Passwords are not offered here."),
  ECS_REFUSED (ModifyArgs, recyclable, "Recyclable", .doc = "A recycle bin is not offered here."),
  ECS_REFUSED (ModifyArgs, remote_type, "RemoteConnectionOptions.Type",
               .doc = "Remote connection options are not offered here."),
  ECS_REFUSED (ModifyArgs, remote_password, "RemoteConnectionOptions.Password", .flags = API_SECRET,
               .doc = "Remote connection options are not offered here."),
  API_STRLIST (ModifyArgs, group_ids, "SecurityGroupIds", .max = 16, .max_length = 64,
               .format = &api_format_group_id, .error = VMM_ERROR_GROUP_NOT_FOUND,
               .doc = "All security groups it is to be in, at most five of its VPC; only while "
                      "Running or Stopped."),
};

static gboolean
modify_instance_attribute (ApiCall *call, gconstpointer data, ApiReply *reply, GError **error)
{
  const ModifyArgs *args = data;
  OpsInstanceChange change = {
    .name = args->name,
    .description = args->description,
    .host_name = args->host_name,
    .user_data = args->user_data,
    .deletion_protection = args->deletion_protection,
    .restart_on_crash = -1,
    .group_ids = ecs_is_given (args->group_ids) ? (const char *const *) args->group_ids : NULL,
  };

  return ops_instance_modify (call->ctx, call->caller, args->id, &change, error);
}

typedef struct
{
  char *disk_id, *category, *performance_level;
} RefusedDisk;

static const ApiParam refused_disk_params[] = {
  ECS_REFUSED (RefusedDisk, disk_id, "DiskId", .doc = "Changing disks is not offered here."),
  ECS_REFUSED (RefusedDisk, category, "Category", .doc = "Changing disks is not offered here."),
  ECS_REFUSED (RefusedDisk, performance_level, "PerformanceLevel",
               .doc = "Changing disks is not offered here."),
};

typedef struct
{
  char *id, *type;
  char *category, *bandwidth_out, *temporary_bandwidth, *temporary_end;
  GArray *disks;
} SpecArgs;

static const ApiParam spec_params[] = {
  ECS_INSTANCE_ID (SpecArgs, id),
  ECS_REFUSED (SpecArgs, bandwidth_out, "InternetMaxBandwidthOut",
               .doc = "Public addresses are not offered here."),
  ECS_REFUSED (SpecArgs, category, "SystemDisk.Category",
               .doc = "Changing disks is not offered here."),
  ECS_REFUSED (SpecArgs, temporary_bandwidth, "Temporary.InternetMaxBandwidthOut",
               .doc = "Public addresses are not offered here."),
  ECS_REFUSED (SpecArgs, temporary_end, "Temporary.EndTime",
               .doc = "Temporary changes are not offered here."),
  API_LIST (SpecArgs, disks, "Disk", RefusedDisk, refused_disk_params, .max = 16,
            .doc = "Changing disks is not offered here."),
  API_STR (SpecArgs, type, "InstanceType", .flags = API_REQUIRED, .max_length = 64,
           .doc = "The new type, in force at the next start."),
};

static gboolean
modify_instance_spec (ApiCall *call, gconstpointer data, ApiReply *reply, GError **error)
{
  const SpecArgs *args = data;

  return ops_instance_resize (call->ctx, call->caller, args->id, args->type, error);
}

/* ---- What an instance holds ---- */

typedef struct
{
  char *id;
} OneArgs;

static const ApiParam one_params[] = {
  ECS_INSTANCE_ID (OneArgs, id),
};

static const ApiField user_data_fields[] = {
  API_OUT_STR ("InstanceId", API_REQUIRED, "The instance."),
  API_OUT_STR ("RegionId", API_REQUIRED, "The region."),
  API_OUT_STR ("UserData", API_REQUIRED, "The user data in base64; empty when there is none."),
};

static gboolean
describe_user_data (ApiCall *call, gconstpointer data, ApiReply *reply, GError **error)
{
  const OneArgs *args = data;
  g_autoptr (VmmInstance) instance = ops_instance_get (call->ctx, call->caller, args->id, error);

  if (instance == NULL)
    return FALSE;

  api_reply_string (reply, "InstanceId", instance->id);
  api_reply_string (reply, "RegionId", call->ctx->config->region_id);
  api_reply_string (reply, "UserData", instance->user_data);
  return TRUE;
}

static const ApiField console_fields[] = {
  API_OUT_STR ("InstanceId", API_REQUIRED, "The instance."),
  API_OUT_STR ("ConsoleOutput", API_REQUIRED, "The last 64 KiB of the serial console, in base64."),
  API_OUT_STR ("LastUpdateTime", API_REQUIRED,
               "When the guest last wrote; when it never did, when it was made."),
};

static gboolean
get_console_output (ApiCall *call, gconstpointer data, ApiReply *reply, GError **error)
{
  const OneArgs *args = data;
  gint64 updated_ms = 0;
  gsize length;
  gconstpointer bytes;
  g_autofree char *base64 = NULL;
  g_autoptr (GBytes) console
      = ops_instance_console (call->ctx, call->caller, args->id, CONSOLE_BYTES, &updated_ms, error);

  if (console == NULL)
    return FALSE;

  bytes = g_bytes_get_data (console, &length);
  base64 = g_base64_encode (bytes, length);
  api_reply_string (reply, "InstanceId", args->id);
  api_reply_string (reply, "ConsoleOutput", base64);
  api_reply_second (reply, "LastUpdateTime", updated_ms);
  return TRUE;
}

static const ApiAction actions[] = {
  { .name = "StartInstance",
    .summary = "Starts a stopped instance.",
    .since = "0.1",
    .access = API_WRITE,
    .permission = "ecs:StartInstance",
    .flags = API_DRY_RUN,
    .run = start_instance,
    API_PARAMS (PowerArgs, start_params),
    API_ERRORS (VMM_ERROR_INSTANCE_NOT_FOUND, VMM_ERROR_INSTANCE_STATUS) },
  { .name = "StopInstance",
    .summary = "Asks a running instance to power itself off.",
    .since = "0.1",
    .access = API_WRITE,
    .permission = "ecs:StopInstance",
    .flags = API_DRY_RUN,
    .run = stop_instance,
    API_PARAMS (PowerArgs, stop_params),
    API_ERRORS (VMM_ERROR_INSTANCE_NOT_FOUND, VMM_ERROR_INSTANCE_STATUS) },
  { .name = "RebootInstance",
    .summary = "Stops a running instance and starts it again.",
    .since = "0.1",
    .access = API_WRITE,
    .permission = "ecs:RebootInstance",
    .flags = API_DRY_RUN,
    .run = reboot_instance,
    API_PARAMS (PowerArgs, reboot_params),
    API_ERRORS (VMM_ERROR_INSTANCE_NOT_FOUND, VMM_ERROR_INSTANCE_STATUS) },
  { .name = "DeleteInstance",
    .summary = "Deletes an instance with its disks and addresses.",
    .since = "0.1",
    .access = API_WRITE,
    .permission = "ecs:DeleteInstance",
    .flags = API_DRY_RUN,
    .run = delete_instance,
    API_PARAMS (DeleteArgs, delete_params),
    API_ERRORS (VMM_ERROR_INSTANCE_NOT_FOUND, VMM_ERROR_INSTANCE_STATUS,
                VMM_ERROR_INSTANCE_INITIALIZING, VMM_ERROR_DELETION_PROTECTION,
                VMM_ERROR_DEPENDENCY_ROUTE) },
  { .name = "DeleteInstances",
    .summary = "Deletes several instances, all of them or none.",
    .since = "0.1",
    .access = API_WRITE,
    .permission = "ecs:DeleteInstances",
    .flags = API_DRY_RUN,
    .run = delete_instances,
    API_PARAMS (DeleteArgs, delete_many_params),
    API_ERRORS (VMM_ERROR_INSTANCE_NOT_FOUND, VMM_ERROR_INSTANCE_STATUS,
                VMM_ERROR_INSTANCE_INITIALIZING, VMM_ERROR_DELETION_PROTECTION,
                VMM_ERROR_DEPENDENCY_ROUTE) },
  { .name = "StartInstances",
    .summary = "Starts several instances, each with its own result.",
    .since = "0.1",
    .access = API_WRITE,
    .permission = "ecs:StartInstances",
    .flags = API_DRY_RUN,
    .run = start_instances,
    API_PARAMS (BatchArgs, start_many_params),
    API_FIELDS (batch_fields),
    API_ERRORS (VMM_ERROR_INSTANCE_NOT_FOUND, VMM_ERROR_INSTANCE_STATUS) },
  { .name = "StopInstances",
    .summary = "Stops several instances, each with its own result.",
    .since = "0.1",
    .access = API_WRITE,
    .permission = "ecs:StopInstances",
    .flags = API_DRY_RUN,
    .run = stop_instances,
    API_PARAMS (BatchArgs, stop_many_params),
    API_FIELDS (batch_fields),
    API_ERRORS (VMM_ERROR_INSTANCE_NOT_FOUND, VMM_ERROR_INSTANCE_STATUS) },
  { .name = "RebootInstances",
    .summary = "Reboots several instances, each with its own result.",
    .since = "0.1",
    .access = API_WRITE,
    .permission = "ecs:RebootInstances",
    .flags = API_DRY_RUN,
    .run = reboot_instances,
    API_PARAMS (BatchArgs, reboot_many_params),
    API_FIELDS (batch_fields),
    API_ERRORS (VMM_ERROR_INSTANCE_NOT_FOUND, VMM_ERROR_INSTANCE_STATUS) },
  { .name = "ModifyInstanceAttribute",
    .summary = "Changes the name, texts, user data or deletion protection of an instance.",
    .since = "0.1",
    .access = API_WRITE,
    .permission = "ecs:ModifyInstanceAttribute",
    .flags = API_DRY_RUN,
    .run = modify_instance_attribute,
    API_PARAMS (ModifyArgs, modify_params),
    API_ERRORS (VMM_ERROR_GROUP_FULL, VMM_ERROR_GROUP_NOT_FOUND, VMM_ERROR_GROUP_VPC_MISMATCH,
                VMM_ERROR_GROUP_MEMBER, VMM_ERROR_GROUP_LIMIT, VMM_ERROR_INSTANCE_NOT_FOUND,
                VMM_ERROR_INSTANCE_STATUS, VMM_ERROR_INSTANCE_INITIALIZING,
                VMM_ERROR_INSTANCE_NAME_MALFORMED, VMM_ERROR_DESCRIPTION_MALFORMED,
                VMM_ERROR_HOST_NAME_MALFORMED, VMM_ERROR_USER_DATA_SIZE,
                VMM_ERROR_USER_DATA_BASE64) },
  { .name = "ModifyInstanceSpec",
    .summary = "Gives a stopped instance another type.",
    .since = "0.1",
    .access = API_WRITE,
    .permission = "ecs:ModifyInstanceSpec",
    .flags = API_DRY_RUN,
    .run = modify_instance_spec,
    API_PARAMS (SpecArgs, spec_params),
    API_ERRORS (VMM_ERROR_INSTANCE_NOT_FOUND, VMM_ERROR_INSTANCE_STATUS, VMM_ERROR_INSTANCE_TYPE,
                VMM_ERROR_NO_STOCK, VMM_ERROR_NIC_LIMIT) },
  { .name = "DescribeUserData",
    .summary = "Shows the user data of an instance.",
    .since = "0.1",
    .access = API_READ,
    .permission = "ecs:DescribeUserData",
    .run = describe_user_data,
    API_PARAMS (OneArgs, one_params),
    API_FIELDS (user_data_fields),
    API_ERRORS (VMM_ERROR_INSTANCE_NOT_FOUND) },
  { .name = "GetInstanceConsoleOutput",
    .summary = "Shows the end of an instance's serial console.",
    .since = "0.1",
    .access = API_READ,
    .permission = "ecs:GetInstanceConsoleOutput",
    .run = get_console_output,
    API_PARAMS (OneArgs, one_params),
    API_FIELDS (console_fields),
    API_ERRORS (VMM_ERROR_INSTANCE_NOT_FOUND) },
};

const ApiResource ecs_instance = API_RESOURCE ("instance", actions);
