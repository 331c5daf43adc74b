/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The account, key, clock and log that the front door's tests see. */
#include "config.h"

#include "api-sign.h"
#include "api-text.h"
#include "vmm-clock.h"
#include "vmm-log.h"
#include "world.h"
#include <string.h>

static World *current;
static GMutex nonce_mutex;
static GHashTable *nonces;
static GMutex log_mutex;

static gint64
fixed_time (void)
{
  return WORLD_TIME;
}

static gboolean
lookup_key (VmmContext *ctx, const char *key_id, OpsKey **out, GError **error)
{
  OpsKey *key;

  if (!g_str_equal (key_id, WORLD_KEY))
    return vmm_fail (error, VMM_ERROR_KEY_NOT_FOUND, "there is no access key '%s'", key_id);
  key = g_new0 (OpsKey, 1);
  key->id = g_strdup (key_id);
  key->account_id = g_strdup (WORLD_ACCOUNT);
  key->secret = g_strdup (WORLD_SECRET);
  key->enabled = !((World *) ctx->app)->is_disabled;
  *out = key;
  return TRUE;
}

static gboolean
use_nonce (VmmContext *ctx, const char *key_id, const char *nonce, gint64 timestamp_ms,
           GError **error)
{
  gboolean is_new;

  g_mutex_lock (&nonce_mutex);
  is_new = g_hash_table_add (nonces, g_strdup (nonce));
  g_mutex_unlock (&nonce_mutex);
  if (!is_new)
    return vmm_fail (error, VMM_ERROR_NONCE_USED, "the nonce '%s' was used before", nonce);
  return TRUE;
}

static OpsAccount *
find_account (VmmContext *ctx, const char *name, GError **error)
{
  OpsAccount *account;

  if (!g_str_equal (name, "default") && !g_str_equal (name, "other"))
    {
      vmm_fail (error, VMM_ERROR_ACCOUNT_NOT_FOUND, "there is no account '%s'", name);
      return NULL;
    }
  account = g_new0 (OpsAccount, 1);
  account->id = g_strdup (g_str_equal (name, "default") ? WORLD_ADMIN_ACCOUNT : WORLD_ACCOUNT);
  account->name = g_strdup (name);
  return account;
}

const ApiDoors world_doors = { lookup_key, use_nonce, find_account };

static void
write_log (GLogLevelFlags level, const char *text)
{
  g_mutex_lock (&log_mutex);
  g_string_append (current->log, text);
  g_string_append_c (current->log, '\n');
  if ((level & G_LOG_LEVEL_CRITICAL) != 0)
    current->n_criticals++;
  g_mutex_unlock (&log_mutex);
}

int
world_setup (void **state)
{
  World *world = g_new0 (World, 1);

  world->config = vmm_config_load (NULL, NULL);
  world->ctx.config = world->config;
  world->ctx.app = world;
  world->table = api_table_new (world_resources);
  world->front.dispatch = (ApiDispatch){ &world->ctx, world->table, TRUE };
  world->front.doors = &world_doors;
  world->log = g_string_new (NULL);
  nonces = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  current = world;
  vmm_log_set_level ("debug");
  vmm_log_set_writer (write_log);
  vmm_clock_replace (fixed_time);
  *state = world;
  return 0;
}

int
world_teardown (void **state)
{
  World *world = *state;
  gboolean ok = world->expects_criticals || world->n_criticals == 0;

  if (!ok)
    print_error ("unexpected critical log lines:\n%s", world->log->str);
  vmm_log_set_writer (NULL);
  vmm_clock_replace (NULL);
  g_clear_pointer (&nonces, g_hash_table_unref);
  api_table_free (world->table);
  vmm_config_free (world->config);
  g_string_free (world->log, TRUE);
  g_free (world);
  current = NULL;
  return ok ? 0 : -1;
}

static gboolean
has_param (const char *params, const char *name)
{
  g_auto (GStrv) pairs = g_strsplit (params, "&", -1);
  g_autofree char *prefix = g_strconcat (name, "=", NULL);

  for (guint i = 0; pairs[i] != NULL; i++)
    if (g_ascii_strncasecmp (pairs[i], prefix, strlen (prefix)) == 0)
      return TRUE;
  return FALSE;
}

char *
world_signed_query_nonce (const char *method, const char *params, const char *secret,
                          const char *nonce)
{
  const char *const common[][2] = {
    { "AccessKeyId", WORLD_KEY },       { "Format", "JSON" },
    { "SignatureMethod", "HMAC-SHA1" }, { "SignatureNonce", nonce },
    { "SignatureVersion", "1.0" },      { "Timestamp", "2026-01-02T03%3A04%3A05Z" },
    { "Version", "2014-05-26" },
  };
  GString *out = g_string_new (params);
  g_autoptr (ApiQuery) query = api_query_new ();
  g_autofree char *signature = NULL;
  GString *text;

  for (gsize i = 0; i < G_N_ELEMENTS (common); i++)
    if (!has_param (params, common[i][0]))
      g_string_append_printf (out, "&%s=%s", common[i][0], common[i][1]);
  assert_true (api_query_add (query, out->str, out->len, FALSE, NULL));
  assert_true (api_query_seal (query, NULL));
  text = api_sign_v1_text (method, query);
  signature = api_sign_v1 (g_strcmp0 (api_query_get (query, "SignatureMethod"), "HMAC-SHA256") == 0
                               ? G_CHECKSUM_SHA256
                               : G_CHECKSUM_SHA1,
                           secret, text->str);
  g_string_append (out, "&Signature=");
  api_text_append_percent (out, signature);
  g_string_free (text, TRUE);
  return g_string_free (out, FALSE);
}

char *
world_signed_query (const char *method, const char *params, const char *secret)
{
  g_autofree char *nonce = g_uuid_string_random ();

  return world_signed_query_nonce (method, params, secret, nonce);
}

void
world_serve (World *world, const char *method, const char *query, ApiAnswer *out)
{
  ApiRequest request = { .method = method, .path = "/", .query = query, .peer = "test" };

  api_front_serve (&world->front, &request, out);
}

static char *
take_body (ApiAnswer *answer, guint *out_status)
{
  char *body = g_strdup (answer->body->str);

  if (out_status != NULL)
    *out_status = answer->status;
  api_answer_clear (answer);
  return body;
}

char *
world_call (World *world, const char *params, guint *out_status)
{
  g_autofree char *query = world_signed_query ("GET", params, WORLD_SECRET);
  ApiAnswer answer;

  world_serve (world, "GET", query, &answer);
  return take_body (&answer, out_status);
}

char *
world_admin_call (World *world, const char *params, guint *out_status)
{
  ApiRequest request
      = { .method = "GET", .path = "/", .query = params, .is_admin = TRUE, .peer = "uid 0" };
  ApiAnswer answer;

  api_front_serve (&world->front, &request, &answer);
  return take_body (&answer, out_status);
}

void
world_assert_error (const GError *error, VmmError code)
{
  assert_non_null (error);
  assert_int_equal (error->domain, VMM_ERROR);
  if (error->code != (int) code)
    fail_msg ("expected %s, got %s: %s", vmm_error_wire (code),
              vmm_error_wire ((VmmError) error->code), error->message);
}

void
world_assert_contains (const char *text, const char *part, const char *file, int line)
{
  if (strstr (text, part) != NULL)
    return;
  print_error ("'%s'\n does not contain '%s'\n", text, part);
  _fail (file, line);
}

void
world_assert_lacks (const char *text, const char *part, const char *file, int line)
{
  if (strstr (text, part) == NULL)
    return;
  print_error ("'%s'\n contains '%s'\n", text, part);
  _fail (file, line);
}
