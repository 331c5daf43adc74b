/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Fuzz target: a request of any bytes through decoder, signature, table and parameters. The first
 * line is the query, the next ones are headers up to an empty one, the rest is the body. */
#include "config.h"

#include "api-front.h"
#include "api-params.h"
#include "fuzz.h"
#include "vmm-log.h"
#include <string.h>

static VmmConfig *config;
static VmmContext ctx;
static ApiTable *table;

static gboolean
lookup_key (VmmContext *context, const char *key_id, OpsKey **out, GError **error)
{
  return vmm_fail (error, VMM_ERROR_KEY_NOT_FOUND, "there is no access key");
}

static gboolean
use_nonce (VmmContext *context, const char *key_id, const char *nonce, gint64 timestamp_ms,
           GError **error)
{
  return TRUE;
}

static OpsAccount *
find_account (VmmContext *context, const char *name, GError **error)
{
  vmm_fail (error, VMM_ERROR_ACCOUNT_NOT_FOUND, "there is no account");
  return NULL;
}

static const ApiDoors doors = { lookup_key, use_nonce, find_account };

static void
no_log (GLogLevelFlags level, const char *text)
{
}

static void
prepare (void)
{
  if (table != NULL)
    return;
  config = vmm_config_load (NULL, NULL);
  ctx.config = config;
  table = api_table_new (api_resources);
  vmm_log_set_writer (no_log);
}

static const char *
header_of (gpointer data, const char *name)
{
  return g_hash_table_lookup (data, name);
}

/* Cuts a line off *@text; NULL at the end. */
static char *
next_line (char **text)
{
  char *line = *text, *end;

  if (line == NULL)
    return NULL;
  end = strchr (line, '\n');
  *text = end != NULL ? end + 1 : NULL;
  if (end != NULL)
    *end = '\0';
  return line;
}

/* Whoever is not let in does not reach the parameters, so these are read apart, by the row of the
 * action named; handlers, which would want a database, are not run. */
static void
read_params (const char *query_text)
{
  g_autoptr (ApiQuery) query = api_query_new ();
  const ApiAction *action;
  const char *name, *version;
  GError *error = NULL;

  if (!api_query_add (query, query_text, strlen (query_text), FALSE, NULL)
      || !api_query_seal (query, NULL))
    return;
  name = api_query_get (query, "Action");
  version = api_query_get (query, "Version");
  action = api_table_find (table, version != NULL ? version : API_ECS_VERSION,
                           name != NULL ? name : "", NULL);
  if (action == NULL)
    return;
  api_params_free (action, api_params_parse (action, query, &error));
  if (error != NULL)
    g_assert_true (error->domain == VMM_ERROR && g_utf8_validate (error->message, -1, NULL));
  g_clear_error (&error);
}

int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
  g_autofree char *copy = g_strndup ((const char *) data, size);
  g_autoptr (GHashTable) headers = g_hash_table_new (g_str_hash, g_str_equal);
  char *rest = copy, *line;
  const ApiFront front = { { .ctx = &ctx, .table = table, .check_replies = TRUE }, &doors };
  ApiRequest request = { .method = size % 2 == 0 ? "GET" : "POST",
                         .path = "/",
                         .header = header_of,
                         .header_data = headers,
                         .is_admin = size % 5 == 0,
                         .peer = "fuzz" };
  g_auto (ApiAnswer) answer = { 0 };
  ApiFront ready = front;

  prepare ();
  ready.dispatch.table = table;
  request.query = next_line (&rest);
  while ((line = next_line (&rest)) != NULL && line[0] != '\0')
    {
      char *colon = strchr (line, ':');

      if (colon == NULL)
        continue;
      *colon = '\0';
      g_hash_table_insert (headers, line, colon + 1);
    }
  request.body = rest;
  request.body_length = rest != NULL ? strlen (rest) : 0;
  api_front_serve (&ready, &request, &answer);
  g_assert_true (answer.status >= 400 && answer.status < 600);
  g_assert_true (g_utf8_validate (answer.body->str, (gssize) answer.body->len, NULL));
  read_params (request.query != NULL ? request.query : "");
  return 0;
}
