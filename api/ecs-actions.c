/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The actions about the action table itself: our own, unknown to ECS. */
#include "config.h"

#include "api-action.h"
#include "api-describe.h"

static gboolean
describe_actions (ApiCall *call, gconstpointer args, ApiReply *reply, GError **error)
{
  g_autofree char *document = api_describe (api_resources);

  api_reply_string (reply, "Document", document);
  return TRUE;
}

static const ApiField describe_actions_fields[] = {
  API_OUT_STR ("Document", API_REQUIRED, "The table of all actions, as JSON text."),
};

static const ApiAction actions[] = {
  { .name = "DescribeActions",
    .summary = "Tells which actions this server offers, with their parameters and errors.",
    .since = "0.1",
    .access = API_READ,
    .permission = "ecs:DescribeActions",
    .flags = API_ANY_REGION,
    .run = describe_actions,
    API_FIELDS (describe_actions_fields) },
};

const ApiResource ecs_actions = API_RESOURCE ("actions", actions);
