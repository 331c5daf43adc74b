/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Starts and stops the server of the HTTP tests, and speaks raw HTTP. */
#include "config.h"

#include "http-world.h"
#include <gio/gunixsocketaddress.h>
#include <glib/gstdio.h>
#include <string.h>

#define WAIT_S 10

int
http_setup (void **state)
{
  Http *http = g_new0 (Http, 1);

  world_setup ((void **) &http->world);
  http->dir = g_dir_make_tmp ("vmmd-http-XXXXXX", NULL);
  g_free (http->world->config->run_dir);
  http->world->config->run_dir = g_strdup (http->dir);
  http->world->config->port = 0;
  http->world->config->tls_port = 0;
  http->world->config->request_threads = 2;
  *state = http;
  return 0;
}

static void
remove_dir (const char *path)
{
  g_autoptr (GDir) dir = g_dir_open (path, 0, NULL);
  const char *name;

  while (dir != NULL && (name = g_dir_read_name (dir)) != NULL)
    {
      g_autofree char *file = g_build_filename (path, name, NULL);

      g_unlink (file);
    }
  g_rmdir (path);
}

int
http_teardown (void **state)
{
  Http *http = *state;
  int result;

  world_hold (FALSE);
  http_stop (http);
  result = world_teardown ((void **) &http->world);
  remove_dir (http->dir);
  g_free (http->dir);
  g_free (http);
  return result;
}

typedef struct
{
  Http *http;
  GMutex mutex;
  GCond cond;
  gboolean is_up;
} Start;

static gpointer
run_server (gpointer data)
{
  Start *start = data;
  Http *http = start->http;
  g_autoptr (GError) error = NULL;

  g_main_context_push_thread_default (http->context);
  http->server = api_server_new (&http->world->ctx, &world_doors, world_resources, TRUE);
  if (!api_server_listen (http->server, &error))
    g_error ("%s", error->message);
  g_mutex_lock (&start->mutex);
  start->is_up = TRUE;
  g_cond_signal (&start->cond);
  g_mutex_unlock (&start->mutex);
  g_main_loop_run (http->loop);
  g_clear_pointer (&http->server, api_server_free);
  g_main_context_pop_thread_default (http->context);
  return NULL;
}

void
http_start (Http *http)
{
  Start start = { .http = http };

  g_mutex_init (&start.mutex);
  g_cond_init (&start.cond);
  http->context = g_main_context_new ();
  http->loop = g_main_loop_new (http->context, FALSE);
  http->thread = g_thread_new ("server", run_server, &start);
  g_mutex_lock (&start.mutex);
  while (!start.is_up)
    g_cond_wait (&start.cond, &start.mutex);
  g_mutex_unlock (&start.mutex);
  http->port = api_server_port (http->server);
  http->tls_port = api_server_tls_port (http->server);
  g_mutex_clear (&start.mutex);
  g_cond_clear (&start.cond);
}

static gboolean
quit (gpointer data)
{
  g_main_loop_quit (data);
  return G_SOURCE_REMOVE;
}

void
http_stop (Http *http)
{
  if (http->thread == NULL)
    return;
  g_main_context_invoke (http->context, quit, http->loop);
  g_thread_join (g_steal_pointer (&http->thread));
  g_clear_pointer (&http->loop, g_main_loop_unref);
  g_clear_pointer (&http->context, g_main_context_unref);
}

typedef struct
{
  Http *http;
  guint count;
  gint is_done;
} Count;

static gboolean
count_connections (gpointer data)
{
  Count *count = data;

  count->count = api_server_connections (count->http->server);
  g_atomic_int_set (&count->is_done, TRUE);
  return G_SOURCE_REMOVE;
}

guint
http_connections (Http *http)
{
  Count count = { .http = http };

  g_main_context_invoke (http->context, count_connections, &count);
  while (!g_atomic_int_get (&count.is_done))
    g_usleep (1000);
  return count.count;
}

static GSocketConnection *
connect_to (GSocketAddress *where, const char *from)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GSocket) socket = g_socket_new (g_socket_address_get_family (where),
                                             G_SOCKET_TYPE_STREAM, G_SOCKET_PROTOCOL_DEFAULT, NULL);

  if (from != NULL)
    {
      g_autoptr (GSocketAddress) address = g_inet_socket_address_new_from_string (from, 0);

      assert_true (g_socket_bind (socket, address, FALSE, NULL));
    }
  g_socket_set_timeout (socket, WAIT_S);
  if (!g_socket_connect (socket, where, NULL, &error))
    fail_msg ("%s", error->message);
  return g_socket_connection_factory_create_connection (socket);
}

GSocketConnection *
http_connect (Http *http)
{
  g_autoptr (GSocketAddress) address
      = g_inet_socket_address_new_from_string ("127.0.0.1", http->port);

  return connect_to (address, NULL);
}

GSocketConnection *
http_connect_unix (Http *http)
{
  g_autofree char *path = g_build_filename (http->dir, "admin.sock", NULL);
  g_autoptr (GSocketAddress) address = g_unix_socket_address_new (path);

  return connect_to (address, NULL);
}

static gboolean
accept_any (GTlsConnection *tls, GTlsCertificate *certificate, GTlsCertificateFlags errors,
            gpointer data)
{
  return TRUE;
}

GIOStream *
http_connect_tls (Http *http, const char *from)
{
  g_autoptr (GSocketAddress) address
      = g_inet_socket_address_new_from_string ("127.0.0.1", http->tls_port);
  g_autoptr (GSocketConnection) plain = connect_to (address, from);
  g_autoptr (GError) error = NULL;
  GIOStream *tls = g_tls_client_connection_new (G_IO_STREAM (plain), NULL, &error);

  assert_non_null (tls);
  g_signal_connect (tls, "accept-certificate", G_CALLBACK (accept_any), NULL);
  if (!g_tls_connection_handshake (G_TLS_CONNECTION (tls), NULL, &error))
    fail_msg ("%s", error->message);
  return tls;
}

void
http_send (GIOStream *stream, const char *text)
{
  /* The server may have ended the connection, which the reading then shows. */
  g_output_stream_write_all (g_io_stream_get_output_stream (stream), text, strlen (text), NULL,
                             NULL, NULL);
}

/* FALSE at the end of the connection, however it ended. */
static gboolean
read_some (GIOStream *stream, GString *into, gsize max)
{
  g_autofree char *buffer = g_malloc (max);
  g_autoptr (GError) error = NULL;
  gssize n = g_input_stream_read (g_io_stream_get_input_stream (stream), buffer, max, NULL, &error);

  if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_TIMED_OUT))
    fail_msg ("the server said nothing for %d s", WAIT_S);
  if (n > 0)
    g_string_append_len (into, buffer, n);
  return n > 0;
}

char *
http_receive (GIOStream *stream)
{
  GString *answer = g_string_new (NULL);
  const char *length;
  guint64 rest = 0;

  while (strstr (answer->str, "\r\n\r\n") == NULL)
    if (!read_some (stream, answer, 1))
      return g_string_free (answer, FALSE);
  length = strstr (answer->str, "Content-Length: ");
  assert_non_null (length);
  rest = g_ascii_strtoull (length + strlen ("Content-Length: "), NULL, 10);
  while (rest > 0)
    {
      gsize before = answer->len;

      assert_true (read_some (stream, answer, MIN (rest, 65536)));
      rest -= answer->len - before;
    }
  return g_string_free (answer, FALSE);
}

char *
http_receive_all (GIOStream *stream)
{
  GString *all = g_string_new (NULL);

  while (read_some (stream, all, 65536))
    ;
  return g_string_free (all, FALSE);
}

char *
http_get (const char *params)
{
  g_autofree char *query = world_signed_query ("GET", params, WORLD_SECRET);

  return g_strdup_printf ("GET /?%s HTTP/1.1\r\nHost: api.test:1\r\n\r\n", query);
}

char *
http_ask (GIOStream *stream, const char *params)
{
  g_autofree char *request = http_get (params);

  http_send (stream, request);
  return http_receive (stream);
}
