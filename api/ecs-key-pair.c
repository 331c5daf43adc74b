/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Key pairs: public keys that new instances accept. */
#include "config.h"

#include "ecs-common.h"
#include "ops-key-pair.h"
#include "ops-rsa.h"

typedef struct
{
  char *name, *public_key, *resource_group_id;
  GArray *tags;
} ImportArgs;

#define NAME                                                                                       \
  API_STR (ImportArgs, name, "KeyPairName", .flags = API_REQUIRED, .max_length = 512,              \
           .format = &ecs_format_instance_name, .error = VMM_ERROR_KEY_PAIR_NAME,                  \
           .doc = "A name of 2 to 128 characters that begins with a letter.")

static const ApiParam import_params[] = {
  NAME,
  API_STR (ImportArgs, public_key, "PublicKeyBody", .flags = API_REQUIRED, .max_length = 16384,
           .error = VMM_ERROR_PUBLIC_KEY,
           .doc = "The public key as one line of OpenSSH: rsa, ed25519 or ecdsa."),
  ECS_NO_RESOURCE_GROUP (ImportArgs, resource_group_id),
  API_NEW_TAG_PARAM (ImportArgs, tags),
};

static const ApiField import_fields[] = {
  API_OUT_STR ("KeyPairName", API_REQUIRED, "Its name."),
  API_OUT_STR ("KeyPairFingerPrint", API_REQUIRED, "The MD5 of the key."),
};

static gboolean
import_key_pair (ApiCall *call, gconstpointer data, ApiReply *reply, GError **error)
{
  const ImportArgs *args = data;
  g_autoptr (OpsKeyPair) pair
      = ops_key_pair_import (call->ctx, call->caller, args->name, args->public_key, error);

  if (pair == NULL)
    return FALSE;

  api_reply_string (reply, "KeyPairName", pair->name);
  api_reply_string (reply, "KeyPairFingerPrint", pair->fingerprint);
  return TRUE;
}

static const ApiParam create_params[] = {
  NAME,
  ECS_NO_RESOURCE_GROUP (ImportArgs, resource_group_id),
  API_NEW_TAG_PARAM (ImportArgs, tags),
};

static const ApiField create_fields[] = {
  API_OUT_STR ("KeyPairName", API_REQUIRED, "Its name."),
  API_OUT_STR ("KeyPairFingerPrint", API_REQUIRED, "The MD5 of the public key."),
  API_OUT_STR ("PrivateKeyBody", API_REQUIRED,
               "The private key as PEM. It is shown this once and kept nowhere."),
};

static gboolean
create_key_pair (ApiCall *call, gconstpointer data, ApiReply *reply, GError **error)
{
  const ImportArgs *args = data;
  char *private_key = NULL;
  g_autoptr (OpsKeyPair) pair
      = ops_key_pair_create (call->ctx, call->caller, args->name, &private_key, error);

  if (pair == NULL)
    return FALSE;

  api_reply_string (reply, "KeyPairName", pair->name);
  api_reply_string (reply, "KeyPairFingerPrint", pair->fingerprint);
  api_reply_string (reply, "PrivateKeyBody", private_key);
  ops_rsa_wipe (private_key);
  return TRUE;
}

typedef struct
{
  ApiPage page;
  char *name, *fingerprint, *resource_group_id, *include_key;
  GArray *tags;
} ListArgs;

static const ApiParam list_params[] = {
  API_PAGE_PARAMS (ListArgs, page, 50),
  ECS_TEXT_FILTER (ListArgs, name, "KeyPairName", "The name; * stands for anything."),
  ECS_REFUSED_FILTER (ListArgs, fingerprint, "KeyPairFingerPrint",
                      .doc = "Filtering by fingerprint is not offered here."),
  ECS_REFUSED (ListArgs, include_key, "IncludePublicKey",
               .doc = "Listing the keys themselves is not offered here."),
  ECS_RESOURCE_GROUP_FILTER (ListArgs, resource_group_id, "key pair"),
  API_TAG_PARAM (ListArgs, tags),
};

static const ApiField list_fields[] = {
  API_OUT_STR ("RegionId", API_REQUIRED, "The region."),
  API_OUT_STR ("KeyPairs.KeyPair[].KeyPairName", API_REQUIRED, "A key pair."),
  API_OUT_STR ("KeyPairs.KeyPair[].KeyPairFingerPrint", API_REQUIRED, "The MD5 of its key."),
  API_OUT_STR ("KeyPairs.KeyPair[].CreationTime", API_REQUIRED, "When it was imported."),
  API_OUT_STR ("KeyPairs.KeyPair[].ResourceGroupId", API_REQUIRED, "Always empty."),
  API_OUT_STR ("KeyPairs.KeyPair[].Tags.Tag[].TagKey", 0, "A tag's key."),
  API_OUT_STR ("KeyPairs.KeyPair[].Tags.Tag[].TagValue", 0, "A tag's value."),
  API_PAGE_FIELDS,
};

static void
write_key_pair (ApiReply *reply, const OpsKeyPair *pair, GHashTable *tags)
{
  api_reply_item (reply);
  api_reply_string (reply, "KeyPairName", pair->name);
  api_reply_string (reply, "KeyPairFingerPrint", pair->fingerprint);
  api_reply_second (reply, "CreationTime", pair->created_ms);
  api_reply_string (reply, "ResourceGroupId", "");
  ecs_write_tags (reply, tags, pair->name);
  api_reply_end (reply);
}

static gboolean
describe_key_pairs (ApiCall *call, gconstpointer data, ApiReply *reply, GError **error)
{
  const ListArgs *args = data;
  VmmPage page = api_page_get (&args->page);
  g_auto (VmmPageInfo) info = { 0 };
  const VmmKeyPairQuery query = { args->name, api_tags_get (args->tags) };
  g_autoptr (GPtrArray) pairs = NULL;
  g_autoptr (GHashTable) tags = NULL;

  api_reply_string (reply, "RegionId", call->ctx->config->region_id);
  if (!ecs_is_or_unset (args->resource_group_id, ""))
    {
      ecs_write_nothing (reply, &args->page, "KeyPairs", "KeyPair");
      return TRUE;
    }
  pairs = ops_key_pair_list (call->ctx, call->caller, &query, &page, &info, error);
  tags
      = pairs != NULL ? ECS_TAGS_OF (call, VMM_TAG_KEY_PAIR, pairs, OpsKeyPair, name, error) : NULL;
  if (tags == NULL)
    return FALSE;

  api_reply_list (reply, "KeyPairs", "KeyPair");
  for (guint i = 0; i < pairs->len; i++)
    write_key_pair (reply, pairs->pdata[i], tags);
  api_reply_end (reply);
  api_reply_page (reply, &args->page, &info);
  return TRUE;
}

typedef struct
{
  char **names;
} DeleteArgs;

static const ApiParam delete_params[] = {
  API_JSONLIST (DeleteArgs, names, "KeyPairNames", .flags = API_REQUIRED, .max = 100,
                .max_length = 512,
                .doc = "Names of key pairs; one that is not there is success. Instances that were "
                       "made with them keep them."),
};

static gboolean
delete_key_pairs (ApiCall *call, gconstpointer data, ApiReply *reply, GError **error)
{
  const DeleteArgs *args = data;

  return ops_key_pair_delete (call->ctx, call->caller, (const char *const *) args->names, error);
}

static const ApiAction actions[] = {
  { .name = "CreateKeyPair",
    .summary = "Makes an RSA key pair, keeps the public key for new instances and shows the other.",
    .since = "0.1",
    .access = API_WRITE,
    .permission = "ecs:CreateKeyPair",
    .flags = API_DRY_RUN,
    .makes = VMM_TAG_KEY_PAIR,
    .run = create_key_pair,
    API_PARAMS (ImportArgs, create_params),
    API_FIELDS (create_fields),
    API_ERRORS (VMM_ERROR_KEY_PAIR_NAME, VMM_ERROR_KEY_PAIR_EXISTS, VMM_ERROR_PUBLIC_KEY) },
  { .name = "ImportKeyPair",
    .summary = "Takes in a public key for new instances.",
    .since = "0.1",
    .access = API_WRITE,
    .permission = "ecs:ImportKeyPair",
    .flags = API_DRY_RUN | API_CLIENT_TOKEN,
    .makes = VMM_TAG_KEY_PAIR,
    .run = import_key_pair,
    API_PARAMS (ImportArgs, import_params),
    API_FIELDS (import_fields),
    API_ERRORS (VMM_ERROR_KEY_PAIR_NAME, VMM_ERROR_KEY_PAIR_EXISTS, VMM_ERROR_PUBLIC_KEY) },
  { .name = "DescribeKeyPairs",
    .summary = "Lists key pairs, newest first.",
    .since = "0.1",
    .access = API_READ,
    .permission = "ecs:DescribeKeyPairs",
    .run = describe_key_pairs,
    API_PARAMS (ListArgs, list_params),
    API_FIELDS (list_fields) },
  { .name = "DeleteKeyPairs",
    .summary = "Deletes key pairs.",
    .since = "0.1",
    .access = API_WRITE,
    .permission = "ecs:DeleteKeyPairs",
    .run = delete_key_pairs,
    API_PARAMS (DeleteArgs, delete_params) },
};

const ApiResource ecs_key_pair = API_RESOURCE ("key-pair", actions);
