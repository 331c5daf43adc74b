/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Serves one request. The only place that logs requests and the only one that words errors. */
#include "config.h"

#include "api-front.h"
#include "api-reply-body.h"
#include "api-text.h"
#include "vmm-id.h"
#include "vmm-log.h"
#include <string.h>

#define JSON_TYPE "application/json;charset=utf-8"
#define XML_TYPE "text/xml;charset=utf-8"
#define FORM_TYPE "application/x-www-form-urlencoded"

/* What became known of a request on its way, for the answer and the log. */
typedef struct
{
  const ApiRequest *request;
  char *request_id;
  const char *action; /* borrowed; "" until known */
  const char *version;
  gboolean is_xml;
  ApiIdentity identity;
} Visit;

void
api_answer_clear (ApiAnswer *answer)
{
  if (answer->body != NULL)
    g_string_free (answer->body, TRUE);
  answer->body = NULL;
  g_clear_pointer (&answer->request_id, g_free);
}

static const char *
get_header (const ApiRequest *request, const char *name)
{
  const char *value = NULL;

  if (request->header != NULL)
    value = request->header (request->header_data, name);
  return value != NULL ? value : "";
}

static gboolean
check_method (const ApiRequest *request, GError **error)
{
  if (!g_str_equal (request->method, "GET") && !g_str_equal (request->method, "POST"))
    return vmm_fail (error, VMM_ERROR_METHOD, "the method must be GET or POST");
  if (!g_str_equal (request->path, "/"))
    return vmm_fail (error, VMM_ERROR_ACTION_NOT_FOUND, "the API is at the path / alone");
  return TRUE;
}

static gboolean
read_query (const ApiRequest *request, ApiQuery *query, GError **error)
{
  const char *type = get_header (request, "content-type");

  if (request->query != NULL
      && !api_query_add (query, request->query, strlen (request->query), FALSE, error))
    return FALSE;
  if (request->body_length > 0 && g_ascii_strncasecmp (type, FORM_TYPE, strlen (FORM_TYPE)) == 0
      && !api_query_add (query, request->body, request->body_length, TRUE, error))
    return FALSE;
  return api_query_seal (query, error);
}

static const char *
or_empty (const char *text)
{
  return text != NULL ? text : "";
}

/* Finds action, version and format, which stand in other places for ACS3. */
static gboolean
read_names (Visit *visit, const ApiQuery *query, GError **error)
{
  const char *format = or_empty (api_query_get (query, "Format"));

  if (api_auth_is_v3 (visit->request))
    {
      visit->action = get_header (visit->request, "x-acs-action");
      visit->version = get_header (visit->request, "x-acs-version");
      return TRUE;
    }
  visit->is_xml = !visit->request->is_admin;
  if (format[0] != '\0')
    visit->is_xml = g_ascii_strcasecmp (format, "JSON") != 0;
  visit->action = or_empty (api_query_get (query, "Action"));
  visit->version = or_empty (api_query_get (query, "Version"));
  if (format[0] != '\0' && visit->is_xml && g_ascii_strcasecmp (format, "XML") != 0)
    return vmm_fail (error, VMM_ERROR_INVALID_PARAMETER, "Format must be JSON or XML");
  if (visit->request->is_admin && visit->version[0] == '\0')
    visit->version = API_ECS_VERSION;
  return TRUE;
}

static GString *
serve (const ApiFront *front, Visit *visit, const ApiQuery *query, GError **error)
{
  VmmCaller caller = { .request_id = visit->request_id };
  ApiDispatch dispatch = front->dispatch;

  if (!api_auth_check (front->dispatch.ctx, front->doors, visit->request, query, &visit->identity,
                       error))
    return NULL;
  if (visit->action[0] == '\0' || visit->version[0] == '\0')
    {
      vmm_fail (error, VMM_ERROR_MISSING_PARAMETER, "the parameter %s is required",
                visit->action[0] == '\0' ? "Action" : "Version");
      return NULL;
    }
  caller.account_id = visit->identity.account_id;
  caller.is_admin = visit->identity.is_admin;
  dispatch.host = get_header (visit->request, "host");
  return api_dispatch (&dispatch, &caller, visit->version, visit->action, query, visit->is_xml,
                       error);
}

/* The answer to a failure. What is the server's own fault is told as that and no more; the log has
 * the rest under the request id. */
static void
answer_error (const Visit *visit, const GError *error, ApiAnswer *out)
{
  VmmError code = error->domain == VMM_ERROR ? (VmmError) error->code : VMM_ERROR_INTERNAL;
  const char *message = error->message;

  out->status = vmm_error_status (code);
  if (out->status >= 500)
    {
      code = out->status == 503 ? VMM_ERROR_UNAVAILABLE : VMM_ERROR_INTERNAL;
      message = vmm_error_sentence (code);
    }
  out->body = api_reply_error (visit->is_xml, visit->request_id,
                               get_header (visit->request, "host"), vmm_error_wire (code), message);
}

static void
log_visit (const Visit *visit, const GError *error, gint64 started_us)
{
  g_autofree char *action = api_text_quote (visit->action, 64);
  const char *account = or_empty (visit->identity.account_id);
  double ms = (double) (g_get_monotonic_time () - started_us) / 1000;
  VmmError code;

  if (error == NULL)
    {
      vmm_debug ("%s of account %s from %s: 200 in %.1f ms", action, account, visit->request->peer,
                 ms);
      return;
    }
  code = error->domain == VMM_ERROR ? (VmmError) error->code : VMM_ERROR_INTERNAL;
  if (vmm_error_status (code) >= 500)
    vmm_error_log ("%s of account %s from %s: %s: %s", action, account, visit->request->peer,
                   vmm_error_wire (code), error->message);
  else if (code == VMM_ERROR_SIGNATURE_MISMATCH)
    /* The message holds the parameters, and a password may be among them. */
    vmm_info ("%s from %s: %s", action, visit->request->peer, vmm_error_wire (code));
  else
    vmm_info ("%s of account %s from %s: %s: %s", action, account, visit->request->peer,
              vmm_error_wire (code), error->message);
}

void
api_front_serve (const ApiFront *front, const ApiRequest *request, ApiAnswer *out)
{
  Visit visit = { .request = request, .action = "", .version = "" };
  g_autoptr (ApiQuery) query = api_query_new ();
  g_autoptr (GError) error = NULL;
  gint64 started_us = g_get_monotonic_time ();

  visit.request_id = vmm_id_request ();
  VMM_LOG_SCOPE (VMM_FIELD_REQUEST_ID, visit.request_id);
  *out = (ApiAnswer){ .status = 200 };
  if (check_method (request, &error) && read_query (request, query, &error)
      && read_names (&visit, query, &error))
    out->body = serve (front, &visit, query, &error);
  if (out->body == NULL)
    answer_error (&visit, error, out);
  log_visit (&visit, error, started_us);
  out->content_type = visit.is_xml ? XML_TYPE : JSON_TYPE;
  out->request_id = visit.request_id;
  api_identity_clear (&visit.identity);
}

void
api_front_refuse (const ApiRequest *request, VmmError code, const char *message, ApiAnswer *out)
{
  Visit visit = { .request = request, .action = "", .version = "" };
  g_autoptr (GError) error = NULL;

  visit.request_id = vmm_id_request ();
  vmm_fail (&error, code, "%s", message);
  *out = (ApiAnswer){ 0 };
  answer_error (&visit, error, out);
  log_visit (&visit, error, g_get_monotonic_time ());
  out->content_type = JSON_TYPE;
  out->request_id = visit.request_id;
}
