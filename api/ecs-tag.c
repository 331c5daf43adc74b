/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Tags. Nothing here can be tagged yet, so there are none to list; clients ask all the same. */
#include "config.h"

#include "ecs-common.h"

typedef struct
{
  ApiPage page;
  char *resource_type, *resource_id, *category;
  char **resource_ids;
  GArray *tags;
} TagArgs;

static const ApiParam resource_params[] = {
  API_STR (TagArgs, resource_type, "ResourceType", .flags = API_REQUIRED, .max_length = 64,
           .doc = "Which sort of thing."),
  API_STRLIST (TagArgs, resource_ids, "ResourceId", .max = 50, .max_length = 64,
               .doc = "Ids of things."),
  API_TAG_PARAM (TagArgs, tags),
  API_INT (TagArgs, page.max_results, "MaxResults", .fallback = "0", .min = 1, .max = 1000,
           .doc = "Entries a page."),
  API_STR (TagArgs, page.next_token, "NextToken", .max_length = 256,
           .doc = "Where to go on, from the answer before."),
};

static const ApiField resource_fields[] = {
  API_OUT_STR ("TagResources.TagResource[].ResourceId", 0, "None is ever listed."),
  API_OUT_STR ("TagResources.TagResource[].ResourceType", 0, "None is ever listed."),
  API_OUT_STR ("TagResources.TagResource[].TagKey", 0, "None is ever listed."),
  API_OUT_STR ("TagResources.TagResource[].TagValue", 0, "None is ever listed."),
  API_OUT_STR ("NextToken", API_REQUIRED, "Always empty."),
};

static gboolean
list_tag_resources (ApiCall *call, gconstpointer data, ApiReply *reply, GError **error)
{
  api_reply_strings (reply, "TagResources", "TagResource", NULL);
  api_reply_string (reply, "NextToken", "");
  return TRUE;
}

static const ApiParam tag_params[] = {
  API_PAGE_PARAMS (TagArgs, page, 50),
  ECS_TEXT_FILTER (TagArgs, resource_type, "ResourceType", "Which sort of thing."),
  ECS_TEXT_FILTER (TagArgs, resource_id, "ResourceId", "The id of a thing."),
  ECS_TEXT_FILTER (TagArgs, category, "Category", "Which sort of tag."),
  API_TAG_PARAM (TagArgs, tags),
};

static const ApiField tag_fields[] = {
  API_OUT_STR ("Tags.Tag[].TagKey", 0, "None is ever listed."),
  API_OUT_STR ("Tags.Tag[].TagValue", 0, "None is ever listed."),
  API_PAGE_FIELDS,
};

static gboolean
describe_tags (ApiCall *call, gconstpointer data, ApiReply *reply, GError **error)
{
  const TagArgs *args = data;

  ecs_write_nothing (reply, &args->page, "Tags", "Tag");
  return TRUE;
}

static const ApiAction actions[] = {
  { .name = "ListTagResources",
    .summary = "Lists tagged things: none, as tags are not offered here.",
    .since = "0.1",
    ECS_BOTH_VERSIONS,
    .access = API_READ,
    .permission = "ecs:ListTagResources",
    .run = list_tag_resources,
    API_PARAMS (TagArgs, resource_params),
    API_FIELDS (resource_fields) },
  { .name = "DescribeTags",
    .summary = "Lists tags: none, as they are not offered here.",
    .since = "0.1",
    .access = API_READ,
    .permission = "ecs:DescribeTags",
    .run = describe_tags,
    API_PARAMS (TagArgs, tag_params),
    API_FIELDS (tag_fields) },
};

const ApiResource ecs_tag = API_RESOURCE ("tag", actions);
