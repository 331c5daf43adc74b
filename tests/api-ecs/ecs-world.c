/* SPDX-License-Identifier: GPL-2.0-or-later */
/* See the header. */
#include "config.h"

#include "api-dispatch.h"
#include "ecs-world.h"
#include "ops-key.h"
#include "ops-secret.h"
#include "store-image.h"
#include "vmm-id.h"
#include <glib/gstdio.h>
#include <string.h>

#define GIB (G_GUINT64_CONSTANT (1) << 30)

static void
kick (VmmContext *ctx, const char *id)
{
  ((World *) ctx->app)->kicks++;
}

static void
service_status (VmmContext *ctx, OpsServiceStatus *out)
{
  *out = (OpsServiceStatus){ .accelerator = "tcg",
                             .accelerator_why = "there is no /dev/kvm",
                             .hypervisor_connected = TRUE,
                             .pool_total_bytes = 100 * GIB,
                             .pool_free_bytes = 90 * GIB };
}

static guint
host_processors (VmmContext *ctx)
{
  return 2;
}

static guint64
host_memory_mib (VmmContext *ctx)
{
  return 9 * 1024;
}

static gboolean
host_network (VmmContext *ctx, char **out_plan, char **out_state, GError **error)
{
  if (out_plan != NULL)
    *out_plan = g_strdup ("host a\nhost b\n");
  if (out_state != NULL)
    *out_state = g_strdup ("host a\n");
  return TRUE;
}

World *
world_new (void)
{
  World *world = g_new0 (World, 1);
  g_autoptr (OpsAccount) account = NULL;
  g_autofree char *database = NULL;
  g_autofree char *key_file = NULL;
  g_autoptr (GError) error = NULL;
  VmmConfig *config;

  world->dir = g_dir_make_tmp ("vmmd-api-ecs-XXXXXX", &error);
  assert_non_null (world->dir);
  database = g_build_filename (world->dir, "vmmd.db", NULL);
  key_file = g_build_filename (world->dir, "secret.key", NULL);
  config = vmm_config_load (NULL, &error);
  assert_non_null (config);
  g_free (config->state_dir);
  config->state_dir = g_strdup (world->dir);
  world->ctx = (VmmContext){ .config = config,
                             .store = store_open (database, &error),
                             .secrets = ops_secret_box_new (key_file, &error),
                             .host_id = vmm_id_new (VMM_ID_HOST),
                             .kick = kick,
                             .service_status = service_status,
                             .host_processors = host_processors,
                             .host_memory_mib = host_memory_mib,
                             .host_network = host_network,
                             .app = world };
  assert_null (error);
  account = ops_account_create (&world->ctx, "tenant", &error);
  assert_non_null (account);
  world->account_id = g_strdup (account->id);
  return world;
}

void
world_free (World *world)
{
  g_autoptr (GDir) dir = g_dir_open (world->dir, 0, NULL);
  const char *name;

  store_close (world->ctx.store);
  ops_secret_box_free (world->ctx.secrets);
  vmm_config_free ((VmmConfig *) world->ctx.config);
  g_free (world->ctx.host_id);
  while ((name = g_dir_read_name (dir)) != NULL)
    {
      g_autofree char *path = g_build_filename (world->dir, name, NULL);

      g_unlink (path);
    }
  g_rmdir (world->dir);
  g_free (world->dir);
  g_free (world->account_id);
  g_free (world->answer);
  g_free (world);
}

int
world_set_up (void **state)
{
  *state = world_new ();
  return 0;
}

int
world_tear_down (void **state)
{
  world_free (*state);
  return 0;
}

const char *
world_call (World *world, const char *params)
{
  g_autoptr (ApiTable) table = api_table_new (api_resources);
  g_autoptr (ApiQuery) query = api_query_new ();
  g_autoptr (GError) error = NULL;
  ApiDispatch dispatch
      = { .ctx = &world->ctx, .table = table, .check_replies = TRUE, .host = "cloud.example:80" };
  VmmCaller caller
      = { .account_id = world->account_id, .is_admin = world->as_admin, .request_id = "R" };
  const char *version;
  GString *body;

  assert_true (api_query_add (query, params, strlen (params), FALSE, NULL));
  assert_true (api_query_seal (query, NULL));
  version = api_query_get (query, "Version");
  body = api_dispatch (&dispatch, &caller, version != NULL ? version : API_ECS_VERSION,
                       api_query_get (query, "Action"), query, FALSE, &error);
  g_free (world->answer);
  world->answer = body != NULL ? g_string_free (body, FALSE) : g_strdup (error->message);
  if (body != NULL)
    return NULL;
  /* A failure of the server itself is never what a test wants; show what it was. */
  if (vmm_error_status (error->code) >= 500)
    fail_msg ("%s: %s", params, error->message);
  return vmm_error_wire (error->code);
}

const char *
world_answer (World *world, const char *format, ...)
{
  g_autofree char *params = NULL;
  va_list args;

  va_start (args, format);
  params = g_strdup_vprintf (format, args);
  va_end (args);
  return world_call (world, params) ?: "OK";
}

/* An array of what @path finds in the last answer. */
static JsonNode *
find (World *world, const char *path)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (JsonNode) root = json_from_string (world->answer, &error);
  JsonNode *found;

  if (root == NULL)
    fail_msg ("no JSON: %s", world->answer);
  found = json_path_query (path, root, &error);
  assert_null (error);
  return found;
}

guint
world_count (World *world, const char *path)
{
  g_autoptr (JsonNode) found = find (world, path);

  return json_array_get_length (json_node_get_array (found));
}

const char *
world_get (World *world, const char *path)
{
  g_autoptr (JsonNode) found = find (world, path);
  JsonArray *array = json_node_get_array (found);
  g_autofree char *text = NULL;
  JsonNode *node;

  if (json_array_get_length (array) != 1)
    fail_msg ("%s finds %u nodes in %s", path, json_array_get_length (array), world->answer);
  node = json_array_get_element (array, 0);
  if (json_node_get_value_type (node) == G_TYPE_STRING)
    return g_intern_string (json_node_get_string (node));
  text = json_to_string (node, FALSE);
  return g_intern_string (text);
}

const char *
world_image (World *world, const char *name)
{
  g_autoptr (VmmImage) image = g_new0 (VmmImage, 1);
  g_autoptr (VmmLayer) layer = g_new0 (VmmLayer, 1);
  g_autoptr (StoreTxn) txn = store_begin (world->ctx.store, NULL);
  g_autoptr (GError) error = NULL;
  gboolean made;

  layer->id = vmm_id_new (VMM_ID_LAYER);
  layer->host_id = g_strdup (world->ctx.host_id);
  layer->virtual_bytes = 3 * GIB - 5;
  image->id = vmm_id_new (VMM_ID_IMAGE);
  image->account_id = g_strdup ("");
  image->state = VMM_IMAGE_AVAILABLE;
  image->name = g_strdup (name);
  image->description = g_strdup ("");
  image->os_type = g_strdup ("linux");
  image->os_name = g_strdup ("Debian 12");
  image->architecture = g_strdup ("x86_64");
  image->layer_id = g_strdup (layer->id);
  image->virtual_bytes = layer->virtual_bytes;
  image->source_file = g_strdup ("");
  image->source_format = g_strdup ("");
  image->progress = 100;
  image->reason = g_strdup ("");
  made = store_layer_insert (txn, layer, &error) && store_image_insert (txn, image, &error)
         && store_commit (txn, &error);
  g_clear_pointer (&txn, store_txn_free);
  if (!made)
    fail_msg ("no image: %s", error->message);
  return g_intern_string (image->id);
}

void
world_event (World *world, const char *id, VmmInstanceState from, VmmInstanceEvent event,
             const char *reason)
{
  assert_true (ops_instance_event (&world->ctx, id, from, event, reason, NULL));
}

char *
world_instance (World *world, const char *params, VmmInstanceState state)
{
  g_autofree char *call
      = g_strdup_printf ("Action=CreateInstance&InstanceType=ecs.t1.micro&%s", params);
  g_autofree char *id = NULL;

  assert_ok (world, call);
  id = g_strdup (world_get (world, "$.InstanceId"));
  if (state != VMM_INSTANCE_PENDING)
    world_event (world, id, VMM_INSTANCE_PENDING, VMM_INSTANCE_STAGED, NULL);
  if (state == VMM_INSTANCE_RUNNING)
    {
      world_event (world, id, VMM_INSTANCE_STOPPED, VMM_INSTANCE_START, NULL);
      world_event (world, id, VMM_INSTANCE_STARTING, VMM_INSTANCE_STARTED, NULL);
    }
  return g_steal_pointer (&id);
}
