/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Between libsoup and the front: reads a request within bounds, gives it to a pool thread while the
 * message is paused, and sends what comes back. */
#include "config.h"

#include "api-gate.h"
#include "api-http.h"
#include "vmm-error.h"
#include "vmm-log.h"
#include <libsoup/soup.h>
#include <string.h>
#include <sys/socket.h>

/* A body beyond the bound is read on, and dropped, up to this many times the bound, so that the
 * client comes to read the refusal; then the connection is cut. */
#define DROP_FACTOR 16
/* How long the end waits for clients to take their answers. */
#define DRAIN_US (2 * G_USEC_PER_SEC)
#define TOO_LARGE_KEY "api-too-large"

struct ApiServer
{
  ApiFront front;
  ApiTable *table;
  SoupServer *soup;
  ApiGate *gate;
  GThreadPool *pool;
  GMainContext *context;
  GSocket *placeholder[2];
  guint n_running; /* requests given to the pool and not answered yet */
  guint16 port, tls_port;
  gboolean is_closing;
};

/* A request on its way to a pool thread and back. The paused message is not touched by the main
 * thread meanwhile, so the pool thread may read its headers. */
typedef struct
{
  ApiServer *server;
  SoupServerMessage *message;
  ApiConn *conn;
  GBytes *body;
  ApiRequest request;
  ApiAnswer answer;
} Job;

static const char *
get_header (gpointer data, const char *name)
{
  return soup_message_headers_get_list (data, name);
}

static void
fill_request (ApiRequest *request, SoupServerMessage *message, const ApiConn *conn)
{
  GUri *uri = soup_server_message_get_uri (message);

  request->method = soup_server_message_get_method (message);
  request->path = g_uri_get_path (uri)[0] != '\0' ? g_uri_get_path (uri) : "/";
  request->query = g_uri_get_query (uri);
  request->header = get_header;
  request->header_data = soup_server_message_get_request_headers (message);
  request->is_admin = api_conn_is_admin (conn);
  request->peer = api_conn_peer (conn);
}

/* Gives @answer to libsoup and takes its body. */
static void
set_answer (SoupServerMessage *message, ApiAnswer *answer)
{
  SoupMessageHeaders *headers = soup_server_message_get_response_headers (message);
  GString *body = g_steal_pointer (&answer->body);
  gsize length = body->len;

  /* libsoup would answer a range of the body. */
  soup_message_headers_remove (soup_server_message_get_request_headers (message), "Range");
  soup_server_message_set_status (message, answer->status, NULL);
  soup_message_headers_replace (headers, "x-acs-request-id", answer->request_id);
  soup_server_message_set_response (message, answer->content_type, SOUP_MEMORY_TAKE,
                                    g_string_free (body, FALSE), length);
}

static void
free_job (Job *job)
{
  api_answer_clear (&job->answer);
  g_clear_pointer (&job->body, g_bytes_unref);
  g_clear_object (&job->message);
  g_clear_pointer (&job->conn, api_conn_unref);
  g_free (job);
}

/* Main thread: the answer is there. */
static gboolean
deliver (gpointer data)
{
  Job *job = data;

  set_answer (job->message, &job->answer);
  if (job->server->is_closing)
    soup_message_headers_replace (soup_server_message_get_response_headers (job->message),
                                  "Connection", "close");
  api_conn_begin_answer (job->conn);
  soup_server_message_unpause (job->message);
  job->server->n_running--;
  free_job (job);
  return G_SOURCE_REMOVE;
}

/* Pool thread. */
static void
run_job (gpointer data, gpointer user_data)
{
  Job *job = data;
  ApiServer *server = user_data;
  g_autoptr (GSource) source = g_idle_source_new ();

  api_front_serve (&server->front, &job->request, &job->answer);
  g_source_set_priority (source, G_PRIORITY_DEFAULT);
  g_source_set_callback (source, deliver, job, NULL);
  g_source_attach (source, server->context);
}

static void
on_request (SoupServer *soup, SoupServerMessage *message, const char *path, GHashTable *query,
            gpointer data)
{
  ApiServer *server = data;
  Job *job = g_new0 (Job, 1);
  gsize length = 0;

  job->server = server;
  job->message = g_object_ref (message);
  job->conn = api_conn_of (soup_server_message_get_remote_address (message));
  job->body = soup_message_body_flatten (soup_server_message_get_request_body (message));
  fill_request (&job->request, message, job->conn);
  job->request.body = g_bytes_get_data (job->body, &length);
  job->request.body_length = length;
  api_conn_begin_run (job->conn);
  soup_server_message_pause (message);
  server->n_running++;
  g_thread_pool_push (server->pool, job, NULL);
}

/* ---- Bounds of a request ---- */

static void
refuse_body (ApiServer *server, SoupServerMessage *message, const ApiConn *conn)
{
  g_auto (ApiAnswer) answer = { 0 };
  ApiRequest request = { NULL };
  SoupMessageBody *body = soup_server_message_get_request_body (message);
  g_autofree char *why = g_strdup_printf ("the body is larger than %d bytes",
                                          server->front.dispatch.ctx->config->max_request_bytes);

  soup_message_body_set_accumulate (body, FALSE);
  soup_message_body_truncate (body);
  fill_request (&request, message, conn);
  api_front_refuse (&request, VMM_ERROR_REQUEST_TOO_LARGE, why, &answer);
  set_answer (message, &answer);
  soup_message_headers_replace (soup_server_message_get_response_headers (message), "Connection",
                                "close");
}

/* Counts the bytes of the body; @size 0 is the announcement in the headers. */
static void
check_size (ApiServer *server, SoupServerMessage *message, goffset size)
{
  g_autoptr (ApiConn) conn = api_conn_of (soup_server_message_get_remote_address (message));
  goffset max = server->front.dispatch.ctx->config->max_request_bytes;
  SoupMessageHeaders *headers = soup_server_message_get_request_headers (message);
  goffset *seen = g_object_get_data (G_OBJECT (message), TOO_LARGE_KEY);

  if (conn == NULL)
    return;
  if (seen == NULL)
    {
      seen = g_new0 (goffset, 1);
      g_object_set_data_full (G_OBJECT (message), TOO_LARGE_KEY, seen, g_free);
    }
  *seen += size;
  if (soup_server_message_get_status (message) == 0
      && (*seen > max
          || (soup_message_headers_get_encoding (headers) == SOUP_ENCODING_CONTENT_LENGTH
              && soup_message_headers_get_content_length (headers) > max)))
    refuse_body (server, message, conn);
  if (*seen > max * DROP_FACTOR)
    api_conn_cut (conn);
}

static void
on_headers (SoupServerMessage *message, gpointer data)
{
  g_autoptr (ApiConn) conn = api_conn_of (soup_server_message_get_remote_address (message));

  if (conn != NULL)
    api_conn_end_head (conn);
  check_size (data, message, 0);
}

static void
on_chunk (SoupServerMessage *message, GBytes *chunk, gpointer data)
{
  check_size (data, message, (goffset) g_bytes_get_size (chunk));
}

static void
on_disconnected (SoupServerMessage *message, gpointer data)
{
  g_autoptr (ApiConn) conn = api_conn_of (soup_server_message_get_remote_address (message));

  if (conn != NULL)
    api_conn_set_object (conn, NULL);
}

/* The connection keeps its last message, by which it can be taken away from libsoup. */
static void
on_started (SoupServer *soup, SoupServerMessage *message, gpointer data)
{
  g_autoptr (ApiConn) conn = api_conn_of (soup_server_message_get_remote_address (message));

  if (conn == NULL)
    return;
  api_conn_begin_request (conn);
  api_conn_set_object (conn, G_OBJECT (message));
  g_signal_connect (message, "got-headers", G_CALLBACK (on_headers), data);
  g_signal_connect (message, "got-chunk", G_CALLBACK (on_chunk), data);
  g_signal_connect (message, "disconnected", G_CALLBACK (on_disconnected), NULL);
}

static void
on_finished (SoupServer *soup, SoupServerMessage *message, gpointer data)
{
  g_autoptr (ApiConn) conn = api_conn_of (soup_server_message_get_remote_address (message));

  if (conn != NULL)
    api_conn_end_request (conn);
}

static void
drop_connection (ApiConn *conn, gpointer data)
{
  g_autoptr (GObject) message = NULL;
  g_autoptr (GIOStream) stream = NULL;

  g_set_object (&message, api_conn_get_object (conn));
  if (message == NULL)
    return;
  stream = soup_server_message_steal_connection (SOUP_SERVER_MESSAGE (message));
  api_conn_set_object (conn, NULL);
  if (stream != NULL)
    g_io_stream_close (stream, NULL, NULL);
}

/* ---- The server ---- */

static void
on_connection (ApiConn *conn, GIOStream *stream, GSocketAddress *local, GSocketAddress *remote,
               gpointer data)
{
  ApiServer *server = data;
  g_autoptr (GError) error = NULL;

  if (!soup_server_accept_iostream (server->soup, stream, local, remote, &error))
    vmm_warning ("a connection was refused by the HTTP library, closing it: %s", error->message);
}

static const ApiGateFuncs gate_funcs = { on_connection, drop_connection };

/* libsoup keeps connections alive only while it listens somewhere itself. It is given one end of a
 * pair of sockets to listen on, where nothing ever comes in. */
static void
listen_nowhere (ApiServer *server)
{
  int fds[2];
  g_autoptr (GError) error = NULL;

  if (socketpair (AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds) != 0)
    {
      vmm_warning ("no sockets for keep-alive, each request takes a connection of its own");
      return;
    }
  for (guint i = 0; i < 2; i++)
    server->placeholder[i] = g_socket_new_from_fd (fds[i], NULL);
  if (!soup_server_listen_socket (server->soup, server->placeholder[0], 0, &error))
    vmm_warning ("no keep-alive, each request takes a connection of its own: %s", error->message);
}

ApiServer *
api_server_new (VmmContext *ctx, const ApiDoors *doors, const ApiResource *const *resources,
                gboolean check_replies)
{
  ApiServer *server = g_new0 (ApiServer, 1);

  server->table = api_table_new (resources);
  server->front.dispatch = (ApiDispatch){ ctx, server->table, check_replies };
  server->front.doors = doors;
  server->context = g_main_context_ref_thread_default ();
  server->soup = soup_server_new ("server-header", "vmmd", NULL);
  server->gate = api_gate_new (ctx->config, &gate_funcs, server);
  server->pool
      = g_thread_pool_new (run_job, server, MAX (1, ctx->config->request_threads), TRUE, NULL);
  soup_server_add_handler (server->soup, NULL, on_request, server, NULL);
  g_signal_connect (server->soup, "request-started", G_CALLBACK (on_started), server);
  g_signal_connect (server->soup, "request-finished", G_CALLBACK (on_finished), server);
  listen_nowhere (server);
  return server;
}

static gboolean
listen_tls (ApiServer *server, const VmmConfig *config, GError **error)
{
  g_autoptr (GError) cause = NULL;
  g_autoptr (GTlsCertificate) certificate = g_tls_certificate_new_from_files (
      config->tls_certificate,
      config->tls_key[0] != '\0' ? config->tls_key : config->tls_certificate, &cause);

  if (certificate == NULL)
    return vmm_fail (error, VMM_ERROR_CONFIG, "[api] tls-certificate '%s' and tls-key '%s': %s",
                     config->tls_certificate, config->tls_key, cause->message);
  return api_gate_listen (server->gate, config->listen_address, (guint16) config->tls_port,
                          certificate, &server->tls_port, error);
}

gboolean
api_server_listen (ApiServer *server, GError **error)
{
  const VmmConfig *config = server->front.dispatch.ctx->config;
  g_autofree char *path = g_build_filename (config->run_dir, "admin.sock", NULL);

  return api_gate_listen_unix (server->gate, path, error)
         && api_gate_listen (server->gate, config->listen_address, (guint16) config->port, NULL,
                             &server->port, error)
         && (config->tls_certificate[0] == '\0' || listen_tls (server, config, error));
}

guint16
api_server_port (const ApiServer *server)
{
  return server->port;
}

guint16
api_server_tls_port (const ApiServer *server)
{
  return server->tls_port;
}

guint
api_server_connections (const ApiServer *server)
{
  return api_gate_count (server->gate);
}

static gboolean
wake (gpointer data)
{
  return G_SOURCE_CONTINUE;
}

/* Until all requests are answered, and a little longer for the answers to leave. libsoup must not
 * lose a connection whose message is paused. */
static void
drain (ApiServer *server)
{
  gint64 end_us = g_get_monotonic_time () + DRAIN_US;
  g_autoptr (GSource) tick = g_timeout_source_new (50);

  g_source_set_callback (tick, wake, NULL, NULL);
  g_source_attach (tick, server->context);
  while (server->n_running > 0)
    g_main_context_iteration (server->context, TRUE);
  while (api_gate_count_phase (server->gate, API_CONN_WRITING) > 0
         && g_get_monotonic_time () < end_us)
    g_main_context_iteration (server->context, TRUE);
  g_source_destroy (tick);
}

void
api_server_free (ApiServer *server)
{
  /* So that connections freed here know that this is their thread. */
  gboolean is_owner = g_main_context_acquire (server->context);

  server->is_closing = TRUE;
  api_gate_close (server->gate);
  drain (server);
  g_thread_pool_free (server->pool, FALSE, TRUE);
  soup_server_disconnect (server->soup);
  g_object_unref (server->soup);
  api_gate_free (server->gate);
  for (guint i = 0; i < 2; i++)
    g_clear_object (&server->placeholder[i]);
  api_table_free (server->table);
  if (is_owner)
    g_main_context_release (server->context);
  g_main_context_unref (server->context);
  g_free (server);
}
