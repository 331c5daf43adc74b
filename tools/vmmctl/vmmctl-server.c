/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One POST with a form body a call; answers and errors as JSON. */
#include "vmmctl-server.h"
#include "vmmctl-error.h"
#include "vmmctl-sign.h"
#include <gio/gunixsocketaddress.h>
#include <libsoup/soup.h>
#include <string.h>

#define ANSWER_TIMEOUT_S 60

struct VmmctlServer
{
  SoupSession *session;
  char *url;
  char *place; /* for messages */
  char *account;
  char *key_id, *key_secret; /* NULL through the socket */
};

VmmctlServer *
vmmctl_server_new (const VmmctlOptions *options, GError **error)
{
  g_autoptr (VmmctlServer) server = g_new0 (VmmctlServer, 1);
  g_autoptr (GSocketAddress) address = NULL;

  server->account = g_strdup (options->account);
  if (options->endpoint != NULL)
    {
      if (options->key_id == NULL || options->key_secret == NULL)
        {
          vmmctl_fail (error, VMMCTL_ERROR_USAGE,
                       "--endpoint needs an access key: set ALIBABA_CLOUD_ACCESS_KEY_ID and "
                       "ALIBABA_CLOUD_ACCESS_KEY_SECRET");
          return NULL;
        }
      server->url = g_strconcat (options->endpoint,
                                 g_str_has_suffix (options->endpoint, "/") ? "" : "/", NULL);
      if (!g_uri_is_valid (server->url, G_URI_FLAGS_NONE, NULL))
        {
          vmmctl_fail (error, VMMCTL_ERROR_USAGE, "'%s' is no URL", options->endpoint);
          return NULL;
        }
      server->place = g_strdup (options->endpoint);
      server->key_id = g_strdup (options->key_id);
      server->key_secret = g_strdup (options->key_secret);
    }
  else
    {
      address = g_unix_socket_address_new (options->socket);
      server->url = g_strdup ("http://localhost/");
      server->place = g_strdup (options->socket);
    }
  server->session = soup_session_new_with_options ("timeout", ANSWER_TIMEOUT_S, "proxy-resolver",
                                                   NULL, "remote-connectable", address, NULL);
  return g_steal_pointer (&server);
}

static const char *
text_member (JsonObject *object, const char *name, const char *fallback)
{
  JsonNode *node = json_object_get_member (object, name);

  return node != NULL && JSON_NODE_HOLDS_VALUE (node) && json_node_get_string (node) != NULL
             ? json_node_get_string (node)
             : fallback;
}

static JsonNode *
read_answer (VmmctlServer *server, SoupMessage *message, GBytes *body, GError **error)
{
  g_autoptr (JsonParser) parser = json_parser_new ();
  gsize length = 0;
  const char *text = g_bytes_get_data (body, &length);
  JsonNode *root = NULL;

  if (text == NULL || !json_parser_load_from_data (parser, text, (gssize) length, NULL)
      || (root = json_parser_get_root (parser)) == NULL || !JSON_NODE_HOLDS_OBJECT (root))
    {
      vmmctl_fail (error, VMMCTL_ERROR_AWAY, "%s answered with status %u and no JSON object",
                   server->place, soup_message_get_status (message));
      return NULL;
    }
  if (soup_message_get_status (message) != SOUP_STATUS_OK)
    {
      JsonObject *object = json_node_get_object (root);

      vmmctl_fail (error, VMMCTL_ERROR_REFUSED, "%s: %s (request %s)",
                   text_member (object, "Code", "no code"),
                   text_member (object, "Message", "no message"),
                   text_member (object, "RequestId", "unknown"));
      return NULL;
    }
  return json_parser_steal_root (parser);
}

/* What went wrong on the way, with what the person may do about it. */
static void
explain (VmmctlServer *server, const GError *cause, GError **error)
{
  const char *advice = "";

  if (g_error_matches (cause, G_IO_ERROR, G_IO_ERROR_PERMISSION_DENIED))
    advice = "; only root may use the administrator's socket";
  else if (server->key_id == NULL
           && (g_error_matches (cause, G_IO_ERROR, G_IO_ERROR_NOT_FOUND)
               || g_error_matches (cause, G_IO_ERROR, G_IO_ERROR_CONNECTION_REFUSED)))
    advice = "; is vmmd running?";
  vmmctl_fail (error, VMMCTL_ERROR_AWAY, "cannot reach vmmd at %s: %s%s", server->place,
               cause->message, advice);
}

JsonNode *
vmmctl_server_call (VmmctlServer *server, const char *version, const char *action,
                    GHashTable *params, GError **error)
{
  g_autoptr (GHashTable) form = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  g_autoptr (SoupMessage) message = soup_message_new (SOUP_METHOD_POST, server->url);
  g_autoptr (GBytes) request = NULL;
  g_autoptr (GBytes) body = NULL;
  g_autoptr (GError) cause = NULL;
  g_autofree char *encoded = NULL;
  GHashTableIter iter;
  gpointer name, value;

  g_hash_table_iter_init (&iter, params);
  while (g_hash_table_iter_next (&iter, &name, &value))
    g_hash_table_insert (form, g_strdup (name), g_strdup (value));
  g_hash_table_replace (form, g_strdup ("Action"), g_strdup (action));
  g_hash_table_replace (form, g_strdup ("Version"), g_strdup (version));
  g_hash_table_replace (form, g_strdup ("Format"), g_strdup ("JSON"));
  if (server->key_id != NULL)
    vmmctl_sign (form, SOUP_METHOD_POST, server->key_id, server->key_secret);
  else if (server->account != NULL)
    g_hash_table_replace (form, g_strdup ("Account"), g_strdup (server->account));

  encoded = soup_form_encode_hash (form);
  request = g_bytes_new (encoded, strlen (encoded));
  soup_message_set_request_body_from_bytes (message, SOUP_FORM_MIME_TYPE_URLENCODED, request);
  body = soup_session_send_and_read (server->session, message, NULL, &cause);
  if (body == NULL)
    {
      explain (server, cause, error);
      return NULL;
    }
  return read_answer (server, message, body, error);
}

void
vmmctl_server_free (VmmctlServer *server)
{
  if (server == NULL)
    return;
  g_clear_object (&server->session);
  g_free (server->url);
  g_free (server->place);
  g_free (server->account);
  g_free (server->key_id);
  g_free (server->key_secret);
  g_free (server);
}
