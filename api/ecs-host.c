/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The host as its operator sees it; our own actions, unknown to ECS. */
#include "config.h"

#include "ecs-common.h"
#include <string.h>

/* ---- DescribeHostNetwork ---- */

typedef struct
{
  char *part;
} NetworkArgs;

static const ApiParam network_params[] = {
  API_STR (NetworkArgs, part, "Part", .max_length = 8, API_CHOICES ("Plan", "State"),
           .doc = "Which of the two is wanted; otherwise both."),
};

static const ApiField network_fields[] = {
  API_OUT_STR ("Plan", 0,
               "What this host's network shall have: a line an object, in a fixed order."),
  API_OUT_STR ("State", 0, "What the kernel has, in the same form: their difference is wrong."),
};

static gboolean
describe_network (ApiCall *call, gconstpointer data, ApiReply *reply, GError **error)
{
  const NetworkArgs *args = data;
  g_autofree char *plan = NULL, *state = NULL;
  gboolean wants_plan = ecs_is_or_unset (args->part, "Plan");
  gboolean wants_state = ecs_is_or_unset (args->part, "State");

  if (!call->ctx->host_network (call->ctx, wants_plan ? &plan : NULL, wants_state ? &state : NULL,
                                error))
    return FALSE;
  if (plan != NULL)
    api_reply_string (reply, "Plan", plan);
  if (state != NULL)
    api_reply_string (reply, "State", state);
  return TRUE;
}

static const ApiAction actions[] = {
  { .name = "DescribeHostNetwork",
    .summary = "Shows the network that this host shall have and the one it has, line by line.",
    .since = "0.1",
    .access = API_ADMIN,
    .permission = "ecs:DescribeHostNetwork",
    .run = describe_network,
    API_PARAMS (NetworkArgs, network_params),
    API_FIELDS (network_fields) },
};

const ApiResource ecs_host = API_RESOURCE ("host", actions);
