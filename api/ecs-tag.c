/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Tags: the actions of today, which the VPC product has too, and those of old. */
#include "config.h"

#include "ecs-common.h"
#include "ops-tag.h"

#define RESOURCES_MAX 50
#define LIST_PAGE 50

#define RESOURCE_TYPE(type, field, flags_)                                                         \
  API_STR (type, field, "ResourceType", .flags = flags_, .max_length = 64,                         \
           .choices = vmm_tag_types + 1, .error = VMM_ERROR_TAG_TYPE,                              \
           .doc = "The sort of resources.")
#define RESOURCE_IDS(type, field, flags_)                                                          \
  API_STRLIST (type, field, "ResourceId", .flags = flags_, .max = RESOURCES_MAX,                   \
               .max_length = 128, .error = VMM_ERROR_TAG_RESOURCE_COUNT,                           \
               .doc = "Ids of resources of that sort; of a key pair its name.")

/* Of a ResourceType, which the row has checked. */
static VmmTagType
type_of (const char *text)
{
  VmmTagType type = VMM_TAG_NONE;

  if (text != NULL)
    vmm_tag_type_from_string (text, &type);
  return type;
}

/* ---- TagResources, UntagResources ---- */

typedef struct
{
  char *type;
  char **ids, **keys;
  GArray *tags;
  int all;
} TagArgs;

static const ApiParam tag_params[] = {
  RESOURCE_TYPE (TagArgs, type, API_REQUIRED),
  RESOURCE_IDS (TagArgs, ids, API_REQUIRED),
  API_NEW_TAG_PARAM (TagArgs, tags),
};

static const ApiParam untag_params[] = {
  RESOURCE_TYPE (TagArgs, type, API_REQUIRED),
  RESOURCE_IDS (TagArgs, ids, API_REQUIRED),
  API_STRLIST (TagArgs, keys, "TagKey", .max = VMM_TAGS_MAX, .max_length = 512,
               .error = VMM_ERROR_TAG_COUNT, .doc = "Keys of the tags to remove."),
  API_BOOL (TagArgs, all, "All", .fallback = "false",
            .doc = "Without TagKey.N, whether to remove all tags."),
};

static gboolean
tag_resources (ApiCall *call, gconstpointer data, ApiReply *reply, GError **error)
{
  const TagArgs *args = data;
  const VmmTags tags = api_tags_get (args->tags);

  if (tags.n == 0)
    return vmm_fail (error, VMM_ERROR_MISSING_PARAMETER, "Tag.1.Key is required");
  return ops_tag_put (call->ctx, call->caller, type_of (args->type),
                      (const char *const *) args->ids, &tags, error);
}

static gboolean
untag_resources (ApiCall *call, gconstpointer data, ApiReply *reply, GError **error)
{
  const TagArgs *args = data;
  g_autofree VmmTag *items = g_new0 (VmmTag, g_strv_length (args->keys));
  const VmmTags tags = { items, g_strv_length (args->keys) };

  for (gsize i = 0; i < tags.n; i++)
    items[i].key = args->keys[i];
  if (tags.n == 0 && !args->all)
    return vmm_fail (error, VMM_ERROR_MISSING_PARAMETER, "TagKey.1 or All=true is required");
  return ops_tag_remove (call->ctx, call->caller, type_of (args->type),
                         (const char *const *) args->ids, &tags, error);
}

/* ---- ListTagResources ---- */

typedef struct
{
  char *key;
  char **values;
} TagFilter;

typedef struct
{
  char *type, *next_token;
  char **ids;
  GArray *tags, *filters; /* ApiTag, TagFilter */
  int max_results;
} ListArgs;

static const ApiParam filter_params[] = {
  API_STR (TagFilter, key, "TagKey", .flags = API_REQUIRED, .max_length = 512, .doc = "A key."),
  API_STRLIST (TagFilter, values, "TagValues", .max = 1, .max_length = 512,
               .doc = "Its value; at most one here."),
};

static const ApiParam list_params[] = {
  RESOURCE_TYPE (ListArgs, type, API_REQUIRED),
  RESOURCE_IDS (ListArgs, ids, 0),
  API_TAG_PARAM (ListArgs, tags),
  API_LIST (ListArgs, filters, "TagFilter", TagFilter, filter_params, .max = VMM_TAGS_MAX,
            .doc = "The same in another form."),
  API_INT (ListArgs, max_results, "MaxResults", .fallback = "0", .min = 1, .max = 1000,
           .doc = "Entries a page; 50 if not given."),
  API_STR (ListArgs, next_token, "NextToken", .max_length = 1024,
           .doc = "Where to go on, from the answer before."),
};

#define T "TagResources.TagResource[]."
static const ApiField list_fields[] = {
  API_OUT_STR (T "ResourceId", API_REQUIRED, "A resource."),
  API_OUT_STR (T "ResourceType", API_REQUIRED, "Its sort."),
  API_OUT_STR (T "TagKey", API_REQUIRED, "The key of one of its tags."),
  API_OUT_STR (T "TagValue", API_REQUIRED, "The value."),
  API_OUT_STR ("NextToken", API_REQUIRED, "Where to go on; empty at the end."),
};

static GArray *
all_filters (const ListArgs *args)
{
  GArray *all = g_array_new (FALSE, FALSE, sizeof (VmmTag));

  g_array_append_vals (all, args->tags->data, args->tags->len);
  for (guint i = 0; i < args->filters->len; i++)
    {
      const TagFilter *filter = &g_array_index (args->filters, TagFilter, i);
      const VmmTag tag = { filter->key, filter->values[0] };

      g_array_append_val (all, tag);
    }
  return all;
}

static gboolean
list_tag_resources (ApiCall *call, gconstpointer data, ApiReply *reply, GError **error)
{
  const ListArgs *args = data;
  const VmmPage page
      = { .max_results = args->max_results > 0 ? (guint) args->max_results : LIST_PAGE,
          .next_token = args->next_token };
  g_autoptr (GArray) filters = all_filters (args);
  const VmmTagQuery query = { .type = type_of (args->type),
                              .ids = (const char *const *) args->ids,
                              .tags = api_tags_get (filters) };
  g_auto (VmmPageInfo) info = { 0 };
  g_autoptr (GPtrArray) rows = NULL;

  rows = ops_tag_list (call->ctx, call->caller, &query, &page, &info, error);
  if (rows == NULL)
    return FALSE;
  api_reply_list (reply, "TagResources", "TagResource");
  for (guint i = 0; i < rows->len; i++)
    {
      const VmmTagRow *row = g_ptr_array_index (rows, i);

      api_reply_item (reply);
      api_reply_string (reply, "ResourceId", row->id);
      api_reply_string (reply, "ResourceType", vmm_tag_type_to_string (row->type));
      api_reply_string (reply, "TagKey", row->tag->key);
      api_reply_string (reply, "TagValue", row->tag->value);
      api_reply_end (reply);
    }
  api_reply_end (reply);
  api_reply_string (reply, "NextToken", info.next_token != NULL ? info.next_token : "");
  return TRUE;
}

/* ---- AddTags, RemoveTags ---- */

typedef struct
{
  ApiPage page;
  char *type, *id, *category;
  GArray *tags;
} OldArgs;

#define OLD_RESOURCE                                                                               \
  RESOURCE_TYPE (OldArgs, type, API_REQUIRED),                                                     \
      API_STR (OldArgs, id, "ResourceId", .flags = API_REQUIRED, .max_length = 128,                \
               .doc = "The resource.")

static const ApiParam add_params[] = { OLD_RESOURCE, API_NEW_TAG_PARAM (OldArgs, tags) };

static const ApiParam remove_params[] = { OLD_RESOURCE, API_TAG_PARAM (OldArgs, tags) };

typedef gboolean (*ChangeFunc) (VmmContext *ctx, const VmmCaller *caller, VmmTagType type,
                                const char *const *ids, const VmmTags *tags, GError **error);

static gboolean
change_one (ApiCall *call, const OldArgs *args, ChangeFunc change, GError **error)
{
  const char *const ids[] = { args->id, NULL };
  const VmmTags tags = api_tags_get (args->tags);

  if (tags.n == 0)
    return vmm_fail (error, VMM_ERROR_TAG_COUNT, "Tag.1.Key is required");
  return change (call->ctx, call->caller, type_of (args->type), ids, &tags, error);
}

static gboolean
add_tags (ApiCall *call, gconstpointer data, ApiReply *reply, GError **error)
{
  return change_one (call, data, ops_tag_put, error);
}

/* A value that is absent or empty stands for any. */
static gboolean
remove_tags (ApiCall *call, gconstpointer data, ApiReply *reply, GError **error)
{
  const OldArgs *args = data;
  g_autoptr (GArray) tags = g_array_copy (args->tags);
  OldArgs any = *args;

  for (guint i = 0; i < tags->len; i++)
    {
      VmmTag *tag = &g_array_index (tags, VmmTag, i);

      if (tag->value != NULL && *tag->value == '\0')
        tag->value = NULL;
    }
  any.tags = tags;
  return change_one (call, &any, ops_tag_remove, error);
}

/* ---- DescribeTags, DescribeResourceByTags ---- */

static const ApiParam describe_params[] = {
  API_PAGE_PARAMS (OldArgs, page, 100),
  RESOURCE_TYPE (OldArgs, type, 0),
  ECS_TEXT_FILTER (OldArgs, id, "ResourceId", "The id of a resource."),
  ECS_TEXT_FILTER (OldArgs, category, "Category", "All tags are custom ones."),
  API_TAG_PARAM (OldArgs, tags),
};

#define C "Tags.Tag[].ResourceTypeCount."
static const ApiField tag_fields[] = {
  API_OUT_STR ("Tags.Tag[].TagKey", API_REQUIRED, "A key."),
  API_OUT_STR ("Tags.Tag[].TagValue", API_REQUIRED, "A value."),
  API_OUT_INT (C "Instance", API_REQUIRED, "Instances with that tag."),
  API_OUT_INT (C "Disk", API_REQUIRED, "Disks with that tag."),
  API_OUT_INT (C "Image", API_REQUIRED, "Images with that tag."),
  API_OUT_INT (C "Snapshot", API_REQUIRED, "Snapshots with that tag."),
  API_OUT_INT (C "Securitygroup", API_REQUIRED, "Security groups with that tag."),
  API_OUT_INT (C "Eni", API_REQUIRED, "Network interfaces with that tag."),
  API_OUT_INT (C "KeyPair", API_REQUIRED, "Key pairs with that tag."),
  API_OUT_INT (C "SnapshotPolicy", API_REQUIRED, "Snapshot policies with that tag."),
  API_PAGE_FIELDS,
};

static void
write_use (ApiReply *reply, const VmmTagUse *use)
{
  static const struct
  {
    const char *name;
    VmmTagType type;
  } counts[] = {
    { "Instance", VMM_TAG_INSTANCE },   { "Disk", VMM_TAG_DISK },
    { "Image", VMM_TAG_IMAGE },         { "Snapshot", VMM_TAG_SNAPSHOT },
    { "Securitygroup", VMM_TAG_GROUP }, { "Eni", VMM_TAG_NIC },
    { "KeyPair", VMM_TAG_KEY_PAIR },    { "SnapshotPolicy", VMM_TAG_POLICY },
  };

  api_reply_item (reply);
  api_reply_string (reply, "TagKey", use->tag->key);
  api_reply_string (reply, "TagValue", use->tag->value);
  api_reply_begin (reply, "ResourceTypeCount");
  for (guint i = 0; i < G_N_ELEMENTS (counts); i++)
    api_reply_int (reply, counts[i].name, use->counts[counts[i].type]);
  api_reply_end (reply);
  api_reply_end (reply);
}

static gboolean
describe_tags (ApiCall *call, gconstpointer data, ApiReply *reply, GError **error)
{
  const OldArgs *args = data;
  const char *const ids[] = { args->id, NULL };
  VmmPage page = api_page_get (&args->page);
  const VmmTagQuery query
      = { .type = type_of (args->type), .ids = ids, .tags = api_tags_get (args->tags) };
  g_auto (VmmPageInfo) info = { 0 };
  g_autoptr (GPtrArray) uses = NULL;

  uses = ops_tag_uses (call->ctx, call->caller, &query, &page, &info, error);
  if (uses == NULL)
    return FALSE;
  api_reply_list (reply, "Tags", "Tag");
  for (guint i = 0; i < uses->len; i++)
    write_use (reply, g_ptr_array_index (uses, i));
  api_reply_end (reply);
  api_reply_page (reply, &args->page, &info);
  return TRUE;
}

#define R "Resources.Resource[]."
static const ApiField resource_fields[] = {
  API_OUT_STR (R "ResourceId", API_REQUIRED, "A resource."),
  API_OUT_STR (R "ResourceType", API_REQUIRED, "Its sort."),
  API_OUT_STR (R "RegionId", API_REQUIRED, "The region."),
  API_PAGE_FIELDS,
};

static gboolean
describe_resources (ApiCall *call, gconstpointer data, ApiReply *reply, GError **error)
{
  const OldArgs *args = data;
  const char *const ids[] = { args->id, NULL };
  VmmPage page = api_page_get (&args->page);
  const VmmTagQuery query
      = { .type = type_of (args->type), .ids = ids, .tags = api_tags_get (args->tags) };
  g_auto (VmmPageInfo) info = { 0 };
  g_autoptr (GPtrArray) rows = NULL;

  rows = ops_tag_resources (call->ctx, call->caller, &query, &page, &info, error);
  if (rows == NULL)
    return FALSE;
  api_reply_list (reply, "Resources", "Resource");
  for (guint i = 0; i < rows->len; i++)
    {
      const VmmTagRow *row = g_ptr_array_index (rows, i);

      api_reply_item (reply);
      api_reply_string (reply, "ResourceId", row->id);
      api_reply_string (reply, "ResourceType", vmm_tag_type_to_string (row->type));
      api_reply_string (reply, "RegionId", call->ctx->config->region_id);
      api_reply_end (reply);
    }
  api_reply_end (reply);
  api_reply_page (reply, &args->page, &info);
  return TRUE;
}

#define CHANGE_ERRORS                                                                              \
  VMM_ERROR_TAG_TYPE, VMM_ERROR_TAG_RESOURCE_NOT_FOUND, VMM_ERROR_TAG_KEY, VMM_ERROR_TAG_VALUE,    \
      VMM_ERROR_TAG_DUPLICATE, VMM_ERROR_TAG_QUOTA, VMM_ERROR_TAG_COUNT

static const ApiAction actions[] = {
  { .name = "TagResources",
    .summary = "Puts tags on resources; a key that is there gets the new value.",
    .since = "0.3",
    ECS_BOTH_VERSIONS,
    .access = API_WRITE,
    .permission = "ecs:TagResources",
    .flags = API_DRY_RUN,
    .run = tag_resources,
    API_PARAMS (TagArgs, tag_params),
    API_ERRORS (CHANGE_ERRORS) },
  { .name = "UntagResources",
    .summary = "Takes tags from resources.",
    .since = "0.3",
    ECS_BOTH_VERSIONS,
    .access = API_WRITE,
    .permission = "ecs:UntagResources",
    .flags = API_DRY_RUN,
    .run = untag_resources,
    API_PARAMS (TagArgs, untag_params),
    API_ERRORS (VMM_ERROR_TAG_TYPE, VMM_ERROR_TAG_RESOURCE_NOT_FOUND) },
  { .name = "ListTagResources",
    .summary = "Lists resources of one sort with their tags.",
    .since = "0.1",
    ECS_BOTH_VERSIONS,
    .access = API_READ,
    .permission = "ecs:ListTagResources",
    .run = list_tag_resources,
    API_PARAMS (ListArgs, list_params),
    API_FIELDS (list_fields) },
  { .name = "AddTags",
    .summary = "Puts tags on a resource, as in the old days.",
    .since = "0.3",
    .access = API_WRITE,
    .permission = "ecs:AddTags",
    .flags = API_DRY_RUN,
    .run = add_tags,
    API_PARAMS (OldArgs, add_params),
    API_ERRORS (CHANGE_ERRORS) },
  { .name = "RemoveTags",
    .summary = "Takes tags from a resource, as in the old days.",
    .since = "0.3",
    .access = API_WRITE,
    .permission = "ecs:RemoveTags",
    .flags = API_DRY_RUN,
    .run = remove_tags,
    API_PARAMS (OldArgs, remove_params),
    API_ERRORS (VMM_ERROR_TAG_TYPE, VMM_ERROR_TAG_RESOURCE_NOT_FOUND, VMM_ERROR_TAG_COUNT) },
  { .name = "DescribeTags",
    .summary = "Lists the tags there are, and how many resources have them.",
    .since = "0.1",
    .access = API_READ,
    .permission = "ecs:DescribeTags",
    .run = describe_tags,
    API_PARAMS (OldArgs, describe_params),
    API_FIELDS (tag_fields) },
  { .name = "DescribeResourceByTags",
    .summary = "Lists the resources that have tags.",
    .since = "0.3",
    .access = API_READ,
    .permission = "ecs:DescribeResourceByTags",
    .run = describe_resources,
    API_PARAMS (OldArgs, describe_params),
    API_FIELDS (resource_fields) },
};

const ApiResource ecs_tag = API_RESOURCE ("tag", actions);
