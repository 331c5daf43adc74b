/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Prefix lists: ranges under one name, for rules of security groups. */
#include "config.h"

#include "ecs-common.h"
#include "ops-prefix-list.h"
#include "vmm-id.h"
#include "vmm-nic.h"

static gboolean
is_list_id (const char *value)
{
  return vmm_id_is (VMM_ID_PREFIX_LIST, value);
}

static const ApiFormat format_list_id
    = { "prefix list id", is_list_id, "pl-0123456789abcdefghij", "../etc/passwd" };

#define LIST_ID(type, field)                                                                       \
  API_STR (type, field, "PrefixListId", .flags = API_REQUIRED, .max_length = 64,                   \
           .format = &format_list_id, .error = VMM_ERROR_PREFIX_LIST_NOT_FOUND,                    \
           .doc = "The prefix list.")
#define LIST_NAME(type, field, flags_)                                                             \
  API_STR (type, field, "PrefixListName", .flags = flags_, .max_length = 512,                      \
           .format = &ecs_format_instance_name, .error = VMM_ERROR_PREFIX_LIST_NAME_MALFORMED,     \
           .doc = "A name of 2 to 128 characters that begins with a letter.")
#define FAMILY_IPV4 "IPv4"
#define FAMILY_IPV6 "IPv6"

static const char *
family_name (const VmmPrefixList *list)
{
  return list->is_ipv6 ? FAMILY_IPV6 : FAMILY_IPV4;
}

typedef struct
{
  char *cidr, *description;
} Entry;

#define ENTRY_CIDR                                                                                 \
  API_STR (Entry, cidr, "Cidr", .flags = API_REQUIRED, .max_length = 64,                           \
           .format = &ecs_format_cidr, .error = VMM_ERROR_PREFIX_LIST_CIDR,                        \
           .doc = "A range of the list's family.")

static const ApiParam entry_params[] = {
  ENTRY_CIDR,
  API_STR (Entry, description, "Description", .max_length = 256, .format = &ecs_format_description,
           .error = VMM_ERROR_DESCRIPTION_MALFORMED, .doc = "Its description."),
};

static const ApiParam removed_params[] = { ENTRY_CIDR };

/* Borrows from @entries; the caller frees the array. */
static OpsPrefixEntry *
entries_of (GArray *entries)
{
  OpsPrefixEntry *of = g_new0 (OpsPrefixEntry, entries->len + 1);

  for (guint i = 0; i < entries->len; i++)
    of[i] = (OpsPrefixEntry){ g_array_index (entries, Entry, i).cidr,
                              g_array_index (entries, Entry, i).description };
  return of;
}

/* ---- CreatePrefixList ---- */

typedef struct
{
  char *name, *description, *family, *resource_group_id;
  int max_entries;
  GArray *entries, *tags;
} CreateArgs;

static const ApiParam create_params[] = {
  LIST_NAME (CreateArgs, name, API_REQUIRED),
  ECS_DESCRIPTION (CreateArgs, description, 0),
  API_STR (CreateArgs, family, "AddressFamily", .flags = API_REQUIRED, .max_length = 8,
           API_CHOICES (FAMILY_IPV4, FAMILY_IPV6), .doc = "Of which family its ranges are."),
  API_INT (CreateArgs, max_entries, "MaxEntries", .flags = API_REQUIRED, .fallback = "0", .min = 1,
           .max = VMM_PREFIX_LIST_ENTRIES_MAX, .doc = "How many ranges it may ever have."),
  API_LIST (CreateArgs, entries, "Entry", Entry, entry_params, .max = VMM_PREFIX_LIST_ENTRIES_MAX,
            .doc = "Its ranges."),
  ECS_NO_RESOURCE_GROUP (CreateArgs, resource_group_id),
  API_NEW_TAG_PARAM (CreateArgs, tags),
};

static const ApiField create_fields[] = {
  API_OUT_STR ("PrefixListId", API_REQUIRED, "The new prefix list."),
};

static gboolean
create_list (ApiCall *call, gconstpointer data, ApiReply *reply, GError **error)
{
  const CreateArgs *args = data;
  g_autofree OpsPrefixEntry *entries = entries_of (args->entries);
  const OpsPrefixListSpec spec = { .name = args->name,
                                   .description = args->description,
                                   .is_ipv6 = g_str_equal (args->family, FAMILY_IPV6),
                                   .max_entries = (guint) args->max_entries,
                                   .entries = entries,
                                   .n_entries = args->entries->len };
  g_autofree char *id = ops_prefix_list_create (call->ctx, call->caller, &spec, error);

  if (id == NULL)
    return FALSE;

  api_reply_string (reply, "PrefixListId", id);
  return TRUE;
}

/* ---- ModifyPrefixList ---- */

typedef struct
{
  char *id, *name, *description;
  GArray *added, *removed;
} ModifyArgs;

static const ApiParam modify_params[] = {
  LIST_ID (ModifyArgs, id),
  LIST_NAME (ModifyArgs, name, 0),
  ECS_DESCRIPTION (ModifyArgs, description, API_EMPTY_OK),
  API_LIST (ModifyArgs, added, "AddEntry", Entry, entry_params, .max = VMM_PREFIX_LIST_ENTRIES_MAX,
            .doc = "Ranges to add; one that is there takes the new description."),
  API_LIST (ModifyArgs, removed, "RemoveEntry", Entry, removed_params,
            .max = VMM_PREFIX_LIST_ENTRIES_MAX,
            .doc = "Ranges to remove; one that is not there is success."),
};

static gboolean
modify_list (ApiCall *call, gconstpointer data, ApiReply *reply, GError **error)
{
  const ModifyArgs *args = data;
  g_autofree OpsPrefixEntry *added = entries_of (args->added);
  g_autofree const char **removed = g_new0 (const char *, args->removed->len + 1);
  const OpsPrefixListChange change = { .name = args->name,
                                       .description = args->description,
                                       .add = added,
                                       .n_add = args->added->len,
                                       .remove = removed };

  for (guint i = 0; i < args->removed->len; i++)
    removed[i] = g_array_index (args->removed, Entry, i).cidr;
  return ops_prefix_list_modify (call->ctx, call->caller, args->id, &change, error);
}

/* ---- DeletePrefixList, DescribePrefixListAttributes ---- */

typedef struct
{
  char *id;
} OneArgs;

static const ApiParam one_params[] = { LIST_ID (OneArgs, id) };

static gboolean
delete_list (ApiCall *call, gconstpointer data, ApiReply *reply, GError **error)
{
  const OneArgs *args = data;

  return ops_prefix_list_delete (call->ctx, call->caller, args->id, error);
}

/* What both ways of showing a list have, at @L. */
#define LIST_FIELDS(L)                                                                             \
  API_OUT_STR (L "PrefixListId", API_REQUIRED, "The prefix list."),                                \
      API_OUT_STR (L "PrefixListName", API_REQUIRED, "Its name."),                                 \
      API_OUT_STR (L "Description", API_REQUIRED, "Its description."),                             \
      API_OUT_STR (L "AddressFamily", API_REQUIRED, "IPv4 or IPv6."),                              \
      API_OUT_INT (L "MaxEntries", API_REQUIRED, "How many ranges it may have."),                  \
      API_OUT_STR (L "CreationTime", API_REQUIRED, "When it was made.")

static const ApiField attribute_fields[] = {
  LIST_FIELDS (""),
  API_OUT_STR ("Entries.Entry[].Cidr", API_REQUIRED, "A range."),
  API_OUT_STR ("Entries.Entry[].Description", API_REQUIRED, "Its description."),
};

static void
write_list (ApiReply *reply, const VmmPrefixList *list)
{
  api_reply_string (reply, "PrefixListId", list->id);
  api_reply_string (reply, "PrefixListName", list->name);
  api_reply_string (reply, "Description", list->description);
  api_reply_string (reply, "AddressFamily", family_name (list));
  api_reply_int (reply, "MaxEntries", list->max_entries);
  api_reply_second (reply, "CreationTime", list->created_ms);
}

static gboolean
describe_list (ApiCall *call, gconstpointer data, ApiReply *reply, GError **error)
{
  const OneArgs *args = data;
  g_autoptr (VmmPrefixList) list = ops_prefix_list_get (call->ctx, call->caller, args->id, error);

  if (list == NULL)
    return FALSE;

  write_list (reply, list);
  api_reply_list (reply, "Entries", "Entry");
  for (guint i = 0; i < list->entries->len; i++)
    {
      const VmmPrefixEntry *entry = list->entries->pdata[i];

      api_reply_item (reply);
      api_reply_string (reply, "Cidr", entry->cidr);
      api_reply_string (reply, "Description", entry->description);
      api_reply_end (reply);
    }
  api_reply_end (reply);
  return TRUE;
}

/* ---- DescribePrefixLists ---- */

typedef struct
{
  char **ids;
  char *name, *family, *next_token, *resource_group_id;
  int max_results;
  GArray *tags;
} ListArgs;

#define TOKEN_PARAMS(type)                                                                         \
  API_INT (type, max_results, "MaxResults", .fallback = "10", .min = 1, .max = 100,                \
           .doc = "Entries a page."),                                                              \
      API_STR (type, next_token, "NextToken", .max_length = 256,                                   \
               .doc = "Where to go on, from the answer before.")

static const ApiParam list_params[] = {
  API_STRLIST (ListArgs, ids, "PrefixListId", .max = 100, .max_length = 64,
               .doc = "Ids of prefix lists."),
  ECS_TEXT_FILTER (ListArgs, name, "PrefixListName", "The name; * stands for anything."),
  API_STR (ListArgs, family, "AddressFamily", .max_length = 8,
           API_CHOICES (FAMILY_IPV4, FAMILY_IPV6), .doc = "The family."),
  ECS_RESOURCE_GROUP_FILTER (ListArgs, resource_group_id, "prefix list"),
  API_TAG_PARAM (ListArgs, tags),
  TOKEN_PARAMS (ListArgs),
};

#define L "PrefixLists.PrefixList[]."
static const ApiField list_fields[] = {
  LIST_FIELDS (L),
  API_OUT_INT (L "AssociationCount", API_REQUIRED, "Security groups with a rule that names it."),
  API_OUT_STR (L "ResourceGroupId", API_REQUIRED, "Always empty."),
  API_OUT_STR (L "Tags.Tag[].TagKey", 0, "A tag's key."),
  API_OUT_STR (L "Tags.Tag[].TagValue", 0, "A tag's value."),
  API_OUT_STR ("NextToken", API_REQUIRED, "Where to go on; empty at the end."),
};

static gboolean
describe_lists (ApiCall *call, gconstpointer data, ApiReply *reply, GError **error)
{
  const ListArgs *args = data;
  const VmmPrefixListQuery query
      = { .ids = (const char *const *) args->ids,
          .name = args->name,
          .is_ipv6 = args->family != NULL ? g_str_equal (args->family, FAMILY_IPV6) : -1,
          .tags = api_tags_get (args->tags) };
  const VmmPage page = { .max_results = (guint) args->max_results, .next_token = args->next_token };
  g_auto (VmmPageInfo) info = { 0 };
  g_autoptr (GPtrArray) lists = NULL;
  g_autoptr (GHashTable) tags = NULL;

  if (ecs_is_or_unset (args->resource_group_id, ""))
    lists = ops_prefix_list_list (call->ctx, call->caller, &query, &page, &info, error);
  else
    lists = g_ptr_array_new ();
  tags = lists != NULL ? ECS_TAGS_OF (call, VMM_TAG_PREFIX_LIST, lists, VmmPrefixList, id, error)
                       : NULL;
  if (tags == NULL)
    return FALSE;

  api_reply_list (reply, "PrefixLists", "PrefixList");
  for (guint i = 0; i < lists->len; i++)
    {
      const VmmPrefixList *list = lists->pdata[i];

      api_reply_item (reply);
      write_list (reply, list);
      api_reply_int (reply, "AssociationCount", list->n_groups);
      api_reply_string (reply, "ResourceGroupId", "");
      ecs_write_tags (reply, tags, list->id);
      api_reply_end (reply);
    }
  api_reply_end (reply);
  api_reply_string (reply, "NextToken", info.next_token);
  return TRUE;
}

/* ---- DescribePrefixListAssociations ---- */

typedef struct
{
  char *id, *next_token;
  int max_results;
} AssociationArgs;

static const ApiParam association_params[] = {
  LIST_ID (AssociationArgs, id),
  TOKEN_PARAMS (AssociationArgs),
};

#define A "PrefixListAssociations.PrefixListAssociation[]."
static const ApiField association_fields[] = {
  API_OUT_STR (A "ResourceId", API_REQUIRED, "A security group with a rule that names it."),
  API_OUT_STR (A "ResourceType", API_REQUIRED, "Always securitygroup."),
  API_OUT_STR ("NextToken", API_REQUIRED, "Where to go on; empty at the end."),
};

/* The token is the index of the last group shown: they are in the order of their making. */
static gboolean
describe_associations (ApiCall *call, gconstpointer data, ApiReply *reply, GError **error)
{
  const AssociationArgs *args = data;
  guint64 after = 0;
  int shown = 0;
  g_autofree char *token = NULL;
  g_autoptr (GPtrArray) groups = NULL;

  if (args->next_token != NULL
      && !g_ascii_string_to_unsigned (args->next_token, 10, 0, G_MAXUINT32, &after, NULL))
    return vmm_fail (error, VMM_ERROR_INVALID_PARAMETER, "the NextToken '%s' is malformed",
                     args->next_token);
  groups = ops_prefix_list_groups (call->ctx, call->caller, args->id, error);
  if (groups == NULL)
    return FALSE;

  api_reply_list (reply, "PrefixListAssociations", "PrefixListAssociation");
  for (guint i = 0; i < groups->len && token == NULL; i++)
    {
      const VmmGroup *group = groups->pdata[i];

      if (group->index <= after)
        continue;
      api_reply_item (reply);
      api_reply_string (reply, "ResourceId", group->id);
      api_reply_string (reply, "ResourceType", "securitygroup");
      api_reply_end (reply);
      if (++shown == args->max_results && i + 1 < groups->len)
        token = g_strdup_printf ("%u", group->index);
    }
  api_reply_end (reply);
  api_reply_string (reply, "NextToken", token);
  return TRUE;
}

#define ENTRY_ERRORS                                                                               \
  VMM_ERROR_PREFIX_LIST_NAME_MALFORMED, VMM_ERROR_DESCRIPTION_MALFORMED,                           \
      VMM_ERROR_PREFIX_LIST_CIDR, VMM_ERROR_PREFIX_LIST_TWICE, VMM_ERROR_PREFIX_LIST_FULL

static const ApiAction actions[] = {
  { .name = "CreatePrefixList",
    .summary = "Makes a prefix list.",
    .since = "0.1",
    .access = API_WRITE,
    .permission = "ecs:CreatePrefixList",
    .flags = API_DRY_RUN | API_CLIENT_TOKEN,
    .makes = VMM_TAG_PREFIX_LIST,
    .run = create_list,
    API_PARAMS (CreateArgs, create_params),
    API_FIELDS (create_fields),
    API_ERRORS (ENTRY_ERRORS, VMM_ERROR_PREFIX_LIST_QUOTA) },
  { .name = "ModifyPrefixList",
    .summary = "Changes the names or ranges of a prefix list, and so every rule that names it.",
    .since = "0.1",
    .access = API_WRITE,
    .permission = "ecs:ModifyPrefixList",
    .flags = API_DRY_RUN,
    .run = modify_list,
    API_PARAMS (ModifyArgs, modify_params),
    API_ERRORS (ENTRY_ERRORS, VMM_ERROR_PREFIX_LIST_NOT_FOUND, VMM_ERROR_RULE_LIMIT) },
  { .name = "DeletePrefixList",
    .summary = "Deletes a prefix list that no rule names.",
    .since = "0.1",
    .access = API_WRITE,
    .permission = "ecs:DeletePrefixList",
    .flags = API_DRY_RUN,
    .run = delete_list,
    API_PARAMS (OneArgs, one_params),
    API_ERRORS (VMM_ERROR_PREFIX_LIST_NOT_FOUND, VMM_ERROR_PREFIX_LIST_IN_USE) },
  { .name = "DescribePrefixLists",
    .summary = "Lists prefix lists, newest first.",
    .since = "0.1",
    .access = API_READ,
    .permission = "ecs:DescribePrefixLists",
    .run = describe_lists,
    API_PARAMS (ListArgs, list_params),
    API_FIELDS (list_fields) },
  { .name = "DescribePrefixListAttributes",
    .summary = "Shows one prefix list with its ranges.",
    .since = "0.1",
    .access = API_READ,
    .permission = "ecs:DescribePrefixListAttributes",
    .run = describe_list,
    API_PARAMS (OneArgs, one_params),
    API_FIELDS (attribute_fields),
    API_ERRORS (VMM_ERROR_PREFIX_LIST_NOT_FOUND) },
  { .name = "DescribePrefixListAssociations",
    .summary = "Lists the security groups with a rule that names a prefix list.",
    .since = "0.1",
    .access = API_READ,
    .permission = "ecs:DescribePrefixListAssociations",
    .run = describe_associations,
    API_PARAMS (AssociationArgs, association_params),
    API_FIELDS (association_fields),
    API_ERRORS (VMM_ERROR_PREFIX_LIST_NOT_FOUND) },
};

const ApiResource ecs_prefix_list = API_RESOURCE ("prefix-list", actions);
