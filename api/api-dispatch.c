/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Runs one action by its row. */
#include "config.h"

#include "api-dispatch.h"
#include "api-params.h"
#include "api-reply-body.h"
#include "api-reply.h"
#include "api-text.h"
#include "vmm-log.h"
#include <string.h>

#define CLIENT_TOKEN_MAX 64

/* What every action takes: it says who asks and how, not what for. */
static const char *const common_params[] = {
  "AccessKeyId",
  "Action",
  "BearerToken",
  "ClientToken",
  "Format",
  "OwnerAccount",
  "OwnerId",
  "ResourceOwnerAccount",
  "ResourceOwnerId",
  "SecurityToken",
  "Signature",
  "SignatureMethod",
  "SignatureNonce",
  "SignatureType",
  "SignatureVersion",
  "Timestamp",
  "Version",
  "Account",
  NULL,
};

static const VmmError common_errors[] = {
  VMM_ERROR_INTERNAL,
  VMM_ERROR_UNAVAILABLE,
  VMM_ERROR_THROTTLING,
  VMM_ERROR_MISSING_PARAMETER,
  VMM_ERROR_INVALID_PARAMETER,
  VMM_ERROR_UNSUPPORTED_PARAMETER,
  VMM_ERROR_UNSUPPORTED_OPERATION,
  VMM_ERROR_FORBIDDEN,
  VMM_ERROR_REGION_NOT_FOUND,
  VMM_ERROR_DRY_RUN,
  VMM_ERROR_OPERATION_CONFLICT,
  VMM_ERROR_STORE,
  VMM_ERROR_VIRT_AWAY,
  VMM_ERROR_VIRT_FAILED,
};

gboolean
api_dispatch_is_common (VmmError code)
{
  for (gsize i = 0; i < G_N_ELEMENTS (common_errors); i++)
    if (common_errors[i] == code)
      return TRUE;
  return FALSE;
}

static gboolean
is_of_params (const ApiParam *params, gsize n, VmmError code)
{
  for (gsize i = 0; i < n; i++)
    if (params[i].error == code || is_of_params (params[i].items, params[i].n_items, code))
      return TRUE;
  return FALSE;
}

gboolean
api_dispatch_may_answer (const ApiAction *action, VmmError code)
{
  if (api_dispatch_is_common (code))
    return TRUE;
  if (code == VMM_ERROR_IDEMPOTENT_MISMATCH || code == VMM_ERROR_IDEMPOTENT_PROCESSING)
    return (action->flags & API_CLIENT_TOKEN) != 0;
  if (code == VMM_ERROR_TAG_DUPLICATE && action->makes != VMM_TAG_NONE)
    return TRUE;
  for (gsize i = 0; i < action->n_errors; i++)
    if (action->errors[i] == code)
      return TRUE;
  return is_of_params (action->params, action->n_params, code);
}

static gboolean
check_region (const ApiDispatch *dispatch, const ApiAction *action, const ApiQuery *query,
              GError **error)
{
  const char *region = api_query_get (query, "RegionId");
  const char *here = dispatch->ctx->config->region_id;
  g_autofree char *shown = NULL;

  if (region == NULL || region[0] == '\0' || (action->flags & API_ANY_REGION) != 0
      || g_str_equal (region, here))
    return TRUE;
  shown = api_text_quote (region, 64);
  return vmm_fail (error, VMM_ERROR_REGION_NOT_FOUND, "RegionId is '%s'; the only region is '%s'",
                   shown, here);
}

static gboolean
authorise (const ApiAction *action, const VmmCaller *caller, GError **error)
{
  if (action->access == API_ADMIN && !caller->is_admin)
    return vmm_fail (error, VMM_ERROR_FORBIDDEN,
                     "%s is for the administrator, through the server's own socket", action->name);
  return TRUE;
}

static gboolean
read_dry_run (const ApiAction *action, const ApiQuery *query, gboolean *out, GError **error)
{
  const char *text = api_query_get (query, "DryRun");

  *out = FALSE;
  if (text == NULL || text[0] == '\0' || g_ascii_strcasecmp (text, "false") == 0)
    return TRUE;
  if (g_ascii_strcasecmp (text, "true") != 0)
    return vmm_fail (error, VMM_ERROR_INVALID_PARAMETER, "DryRun must be true or false");
  if (action->access != API_READ && (action->flags & API_DRY_RUN) == 0)
    return vmm_fail (error, VMM_ERROR_UNSUPPORTED_PARAMETER, "%s cannot be run dry", action->name);
  *out = TRUE;
  return TRUE;
}

static gboolean
read_client_token (const ApiAction *action, const ApiQuery *query, const char **out, GError **error)
{
  const char *token = api_query_get (query, "ClientToken");

  *out = NULL;
  if ((action->flags & API_CLIENT_TOKEN) == 0 || token == NULL || token[0] == '\0')
    return TRUE;
  if (strlen (token) > CLIENT_TOKEN_MAX || !api_format_token.check (token))
    return vmm_fail (error, VMM_ERROR_INVALID_PARAMETER,
                     "ClientToken must be at most %d printable ASCII characters", CLIENT_TOKEN_MAX);
  *out = token;
  return TRUE;
}

/* The tags of what the action makes; borrowed of @args. */
static void
read_tags (const ApiAction *action, gconstpointer args, VmmCaller *caller)
{
  for (gsize i = 0; action->makes != VMM_TAG_NONE && i < action->n_params; i++)
    if (action->params[i].items == api_new_tag_params)
      {
        caller->tag_type = action->makes;
        caller->tags = api_tags_get (
            *(GArray *const *) (gconstpointer) ((const char *) args + action->params[i].offset));
      }
}

static gboolean
is_common_param (const char *name)
{
  for (gsize i = 0; common_params[i] != NULL; i++)
    if (g_ascii_strcasecmp (common_params[i], name) == 0)
      return TRUE;
  return FALSE;
}

/* Whether @name is that of a secret parameter at the top of @action's row. */
static gboolean
is_secret_param (const ApiAction *action, const char *name)
{
  for (gsize i = 0; i < action->n_params; i++)
    if ((action->params[i].flags & API_SECRET) != 0
        && g_ascii_strcasecmp (action->params[i].name, name) == 0)
      return TRUE;
  return FALSE;
}

/* "Name=value&…" of all that says what the request is for. Secrets stay out, because ops keeps
 * this text: a repeat with another password counts as the same request. */
static char *
token_params (const ApiAction *action, const ApiQuery *query)
{
  GString *out = g_string_new (NULL);
  gsize n;
  const ApiQueryItem *items = api_query_items (query, &n);

  for (gsize i = 0; i < n; i++)
    {
      if (is_common_param (items[i].name) || is_secret_param (action, items[i].name))
        continue;
      if (out->len > 0)
        g_string_append_c (out, '&');
      api_text_append_percent (out, items[i].name);
      g_string_append_c (out, '=');
      api_text_append_percent (out, items[i].value);
    }
  return g_string_free (out, FALSE);
}

/* An error that its action never promised is a fault of this program and must not pass for an
 * answer. */
static void
check_error (const ApiAction *action, GError **error)
{
  if (error == NULL || *error == NULL)
    return;
  if ((*error)->domain == VMM_ERROR && api_dispatch_may_answer (action, (VmmError) (*error)->code))
    return;
  vmm_error_log ("%s failed with %s, which its row does not declare: %s", action->name,
                 (*error)->domain == VMM_ERROR ? vmm_error_wire ((VmmError) (*error)->code)
                                               : g_quark_to_string ((*error)->domain),
                 (*error)->message);
  g_clear_error (error);
  vmm_fail (error, VMM_ERROR_INTERNAL, "undeclared error, logged above");
}

static GString *
run (const ApiDispatch *dispatch, const ApiAction *action, const VmmCaller *caller,
     gconstpointer args, gboolean is_xml, GError **error)
{
  ApiCall call = { dispatch->ctx, caller, dispatch->host };
  g_autoptr (ApiReply) reply = api_reply_new (action->name, action->fields, action->n_fields,
                                              caller->request_id, is_xml, dispatch->check_replies);
  g_autoptr (GError) failure = NULL;

  if (!action->run (&call, args, reply, &failure))
    {
      if (failure == NULL)
        vmm_fail (&failure, VMM_ERROR_INTERNAL, "the handler of %s failed without an error",
                  action->name);
      check_error (action, &failure);
      g_propagate_error (error, g_steal_pointer (&failure));
      return NULL;
    }
  if (action->access == API_READ && caller->dry_run)
    {
      vmm_fail (error, VMM_ERROR_DRY_RUN, "%s would have worked", action->name);
      return NULL;
    }
  return api_reply_finish (reply, error);
}

GString *
api_dispatch (const ApiDispatch *dispatch, const VmmCaller *caller, const char *version,
              const char *name, const ApiQuery *query, gboolean is_xml, GError **error)
{
  VmmCaller known = *caller;
  g_autofree char *params = NULL;
  GString *body = NULL;
  gpointer args;
  GError *failure = NULL;
  const ApiAction *action = api_table_find (dispatch->table, version, name, error);

  if (action == NULL || !authorise (action, caller, error)
      || !check_region (dispatch, action, query, error)
      || !read_dry_run (action, query, &known.dry_run, error)
      || !read_client_token (action, query, &known.client_token, error))
    return NULL;
  args = api_params_parse (action, query, &failure);
  if (failure != NULL)
    {
      g_propagate_error (error, failure);
      return NULL;
    }
  known.action = action->name;
  read_tags (action, args, &known);
  if (known.client_token != NULL)
    known.token_params = params = token_params (action, query);
  body = run (dispatch, action, &known, args, is_xml, error);
  api_params_free (action, args);
  return body;
}
