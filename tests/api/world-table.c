/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A table of actions with every kind of parameter, reply and failure, for tests. */
#include "config.h"

#include "world.h"
#include <string.h>

static GMutex slow_mutex;
static GCond slow_cond;
static gboolean slow_is_held;
static guint slow_n, changes;

void
world_hold (gboolean hold)
{
  g_mutex_lock (&slow_mutex);
  slow_is_held = hold;
  g_cond_broadcast (&slow_cond);
  g_mutex_unlock (&slow_mutex);
}

guint
world_held (void)
{
  guint n;

  g_mutex_lock (&slow_mutex);
  n = slow_n;
  g_mutex_unlock (&slow_mutex);
  return n;
}

guint
world_n_changes (void)
{
  return (guint) g_atomic_int_get (&changes);
}

/* ---- EchoThing: every kind ---- */

typedef struct
{
  char *key, *value;
  char **names;
} EchoItem;

typedef struct
{
  char *id, *name, *secret, *colour, *note;
  int size, tri;
  gboolean force;
  char **ids, **words;
  GArray *items; /* EchoItem */
  ApiPage page;
} EchoArgs;

static const ApiParam echo_item_params[] = {
  API_STR (EchoItem, key, "Key", .flags = API_REQUIRED, .max_length = 16, .doc = "Its key."),
  API_STR (EchoItem, value, "Value", .max_length = 16, .doc = "Its value."),
  API_STRLIST (EchoItem, names, "Name", .max = 3, .max_length = 8, .doc = "Its names."),
};

static const ApiParam echo_params[] = {
  API_STR (EchoArgs, id, "InstanceId", .flags = API_REQUIRED, .max_length = 64,
           .format = &api_format_instance_id, .error = VMM_ERROR_INSTANCE_NOT_FOUND,
           .doc = "Which."),
  API_STR (EchoArgs, name, "System.Name", .max_length = 8, .fallback = "none", .doc = "A name."),
  API_STR (EchoArgs, secret, "Password", .flags = API_SECRET, .max_length = 12,
           .error = VMM_ERROR_PASSWORD_MALFORMED, .doc = "A secret."),
  API_STR (EchoArgs, colour, "Colour", .max_length = 8, API_CHOICES ("Red", "Green"),
           .doc = "A colour."),
  API_STR (EchoArgs, note, "Note", .flags = API_EMPTY_OK, .max_length = 16,
           .format = &api_format_line, .doc = "A note."),
  API_INT (EchoArgs, size, "Size", .fallback = "-1", .min = 20, .max = 500, .doc = "GiB."),
  API_TRI (EchoArgs, tri, "Protected", .doc = "Either or neither."),
  API_BOOL (EchoArgs, force, "Force", .doc = "By force."),
  API_JSONLIST (EchoArgs, ids, "Ids", .max = 3, .max_length = 8, .doc = "Ids."),
  API_STRLIST (EchoArgs, words, "Word", .max = 3, .max_length = 8, .doc = "Words."),
  API_LIST (EchoArgs, items, "Item", EchoItem, echo_item_params, .max = 2, .doc = "Items."),
  API_PAGE_PARAMS (EchoArgs, page, 50),
};

static const ApiField echo_fields[] = {
  API_OUT_STR ("InstanceId", API_REQUIRED, "As given."),
  API_OUT_STR ("Name", 0, "As given."),
  API_OUT_STR ("Colour", 0, "As given."),
  API_OUT_STR ("Note", 0, "As given."),
  API_OUT_INT ("Size", API_REQUIRED, "As given."),
  API_OUT_INT ("Tri", 0, "As given."),
  API_OUT_BOOL ("Force", 0, "As given."),
  API_OUT_STR ("Ids.Id[]", 0, "As given."),
  API_OUT_LIST ("Words.Word[]", API_REQUIRED, "As given."),
  API_OUT_STR ("Words.Word[].Text", API_REQUIRED, "As given."),
  API_OUT_LIST ("Items.Item[]", 0, "As given."),
  API_OUT_STR ("Items.Item[].Key", API_REQUIRED, "As given."),
  API_OUT_STR ("Items.Item[].Value", 0, "As given."),
  API_OUT_STR ("Items.Item[].Names.Name[]", 0, "As given."),
  API_OUT_STR ("Account.Id", API_REQUIRED, "Whose call it was."),
  API_PAGE_FIELDS,
};

static void
echo_items (const EchoArgs *a, ApiReply *reply)
{
  api_reply_list (reply, "Items", "Item");
  for (guint i = 0; i < a->items->len; i++)
    {
      const EchoItem *item = &g_array_index (a->items, EchoItem, i);

      api_reply_item (reply);
      api_reply_string (reply, "Key", item->key);
      api_reply_string (reply, "Value", item->value);
      api_reply_strings (reply, "Names", "Name", (const char *const *) item->names);
      api_reply_end (reply);
    }
  api_reply_end (reply);
}

static gboolean
echo_thing (ApiCall *call, gconstpointer args, ApiReply *reply, GError **error)
{
  const EchoArgs *a = args;
  g_auto (VmmPageInfo) info = { .total = 7 };

  api_reply_string (reply, "InstanceId", a->id);
  api_reply_string (reply, "Name", a->name);
  api_reply_string (reply, "Colour", a->colour);
  api_reply_string (reply, "Note", a->note != NULL ? a->note : "absent");
  api_reply_int (reply, "Size", a->size);
  api_reply_int (reply, "Tri", a->tri);
  api_reply_bool (reply, "Force", a->force);
  api_reply_strings (reply, "Ids", "Id", (const char *const *) a->ids);
  api_reply_list (reply, "Words", "Word");
  for (guint i = 0; a->words[i] != NULL; i++)
    {
      api_reply_item (reply);
      api_reply_string (reply, "Text", a->words[i]);
      api_reply_end (reply);
    }
  api_reply_end (reply);
  echo_items (a, reply);
  api_reply_begin (reply, "Account");
  api_reply_string (reply, "Id", call->caller->account_id);
  api_reply_end (reply);
  api_reply_page (reply, &a->page, &info);
  return TRUE;
}

/* ---- ChangeThing: what the caller is told to ops ---- */

typedef struct
{
  char *name, *secret;
} ChangeArgs;

static const ApiParam change_params[] = {
  API_STR (ChangeArgs, name, "Name", .max_length = 32, .doc = "A name."),
  API_STR (ChangeArgs, secret, "Password", .flags = API_SECRET, .max_length = 30, .doc = "Secret."),
};

static const ApiField change_fields[] = {
  API_OUT_STR ("Action", 0, "Of the caller."),
  API_OUT_STR ("Token", 0, "Of the caller."),
  API_OUT_STR ("TokenParams", 0, "Of the caller."),
  API_OUT_BOOL ("IsAdmin", 0, "Of the caller."),
};

static gboolean
change_thing (ApiCall *call, gconstpointer args, ApiReply *reply, GError **error)
{
  g_atomic_int_inc (&changes);
  if (call->caller->dry_run)
    return vmm_fail (error, VMM_ERROR_DRY_RUN, "it would have worked");
  api_reply_string (reply, "Action", call->caller->action);
  api_reply_string (reply, "Token", call->caller->client_token);
  api_reply_string (reply, "TokenParams", call->caller->token_params);
  api_reply_bool (reply, "IsAdmin", call->caller->is_admin);
  return TRUE;
}

static gboolean
do_nothing (ApiCall *call, gconstpointer args, ApiReply *reply, GError **error)
{
  return TRUE;
}

/* ---- FailThing: errors of each sort ---- */

typedef struct
{
  char *how;
} FailArgs;

static const ApiParam fail_params[] = {
  API_STR (FailArgs, how, "How", .flags = API_REQUIRED, .max_length = 32, .doc = "Which error."),
};

static gboolean
fail_thing (ApiCall *call, gconstpointer args, ApiReply *reply, GError **error)
{
  const char *how = ((const FailArgs *) args)->how;

  if (g_str_equal (how, "declared"))
    return vmm_fail (error, VMM_ERROR_INSTANCE_STATUS, "the instance is Running");
  if (g_str_equal (how, "undeclared"))
    return vmm_fail (error, VMM_ERROR_IMAGE_IN_USE, "the inner secret");
  if (g_str_equal (how, "store"))
    return vmm_fail (error, VMM_ERROR_STORE, "the inner secret");
  if (g_str_equal (how, "away"))
    return vmm_fail (error, VMM_ERROR_VIRT_AWAY, "the inner secret");
  if (g_str_equal (how, "foreign"))
    g_set_error (error, G_FILE_ERROR, 1, "the inner secret");
  return FALSE;
}

/* ---- Replies that are not as declared ---- */

static const ApiField wrong_fields[] = {
  API_OUT_STR ("Needed", API_REQUIRED, "Always."),
  API_OUT_INT ("Number", 0, "A number."),
  API_OUT_LIST ("Things.Thing[]", API_REQUIRED, "A list."),
  API_OUT_STR ("Things.Thing[].Id", API_REQUIRED, "An id."),
};

static gboolean
wrong_thing (ApiCall *call, gconstpointer args, ApiReply *reply, GError **error)
{
  const char *how = ((const FailArgs *) args)->how;

  if (!g_str_equal (how, "missing"))
    api_reply_string (reply, "Needed", "x");
  if (g_str_equal (how, "twice"))
    api_reply_string (reply, "Needed", "x");
  if (g_str_equal (how, "undeclared"))
    api_reply_string (reply, "Other", "x");
  if (g_str_equal (how, "type"))
    api_reply_string (reply, "Number", "1");
  if (g_str_equal (how, "no-list"))
    return TRUE;
  api_reply_list (reply, "Things", g_str_equal (how, "list") ? "Other" : "Thing");
  api_reply_item (reply);
  if (!g_str_equal (how, "item"))
    api_reply_string (reply, "Id", "x");
  api_reply_end (reply);
  api_reply_end (reply);
  return TRUE;
}

static gboolean
slow_thing (ApiCall *call, gconstpointer args, ApiReply *reply, GError **error)
{
  g_mutex_lock (&slow_mutex);
  slow_n++;
  g_cond_broadcast (&slow_cond);
  while (slow_is_held)
    g_cond_wait (&slow_cond, &slow_mutex);
  slow_n--;
  g_mutex_unlock (&slow_mutex);
  return TRUE;
}

/* More than the kernel keeps for a client that does not read. */
static gboolean
big_thing (ApiCall *call, gconstpointer args, ApiReply *reply, GError **error)
{
  g_autofree char *text = g_strnfill (16 * 1024 * 1024, 'x');

  api_reply_string (reply, "Text", text);
  return TRUE;
}

static const ApiField big_fields[] = {
  API_OUT_STR ("Text", API_REQUIRED, "A long text."),
};

static const ApiAction actions[] = {
  { .name = "EchoThing",
    .summary = "Says what it was told.",
    .since = "0.1",
    .access = API_READ,
    .permission = "ecs:EchoThing",
    .run = echo_thing,
    API_PARAMS (EchoArgs, echo_params),
    API_FIELDS (echo_fields) },
  { .name = "ChangeThing",
    .summary = "Says who it was told by.",
    .since = "0.1",
    .access = API_WRITE,
    .permission = "ecs:ChangeThing",
    .flags = API_DRY_RUN | API_CLIENT_TOKEN,
    .run = change_thing,
    API_PARAMS (ChangeArgs, change_params),
    API_FIELDS (change_fields) },
  { .name = "WetThing",
    .summary = "Cannot be run dry.",
    .since = "0.1",
    .access = API_WRITE,
    .permission = "ecs:WetThing",
    .flags = API_ANY_REGION,
    .run = do_nothing },
  { .name = "AdminThing",
    .summary = "For the administrator.",
    .since = "0.1",
    .access = API_ADMIN,
    .permission = "ecs:AdminThing",
    .run = change_thing,
    API_PARAMS (ChangeArgs, change_params),
    API_FIELDS (change_fields) },
  { .name = "FailThing",
    .summary = "Fails.",
    .since = "0.1",
    .access = API_READ,
    .permission = "ecs:FailThing",
    .run = fail_thing,
    API_PARAMS (FailArgs, fail_params),
    API_ERRORS (VMM_ERROR_INSTANCE_STATUS) },
  { .name = "WrongThing",
    .summary = "Answers wrongly.",
    .since = "0.1",
    .access = API_READ,
    .permission = "ecs:WrongThing",
    .run = wrong_thing,
    API_PARAMS (FailArgs, fail_params),
    API_FIELDS (wrong_fields) },
  { .name = "SlowThing",
    .summary = "Takes its time.",
    .since = "0.1",
    .access = API_READ,
    .permission = "ecs:SlowThing",
    .run = slow_thing },
  { .name = "BigThing",
    .summary = "Has much to say.",
    .since = "0.1",
    .access = API_READ,
    .permission = "ecs:BigThing",
    .run = big_thing,
    API_FIELDS (big_fields) },
  { .name = "VpcThing",
    .summary = "Of two versions.",
    .since = "0.1",
    API_VERSIONS (API_ECS_VERSION, API_VPC_VERSION),
    .access = API_READ,
    .permission = "vpc:VpcThing",
    .run = do_nothing },
};

const ApiResource world_resource = API_RESOURCE ("thing", actions);
const ApiResource *const world_resources[] = { &world_resource, NULL };
