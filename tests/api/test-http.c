/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The API over real sockets: what comes in and goes out, keep-alive, TLS, and the administrator. */
#include "config.h"

#include "http-world.h"
#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define FORM "Content-Type: application/x-www-form-urlencoded\r\n"

static void
an_answer_has_the_headers_clients_want (void **state)
{
  g_autoptr (GSocketConnection) connection = NULL;
  g_autofree char *answer = NULL;

  http_start (*state);
  connection = http_connect (*state);
  answer = http_ask (G_IO_STREAM (connection), "Action=ChangeThing");
  assert_contains (answer, "HTTP/1.1 200 OK\r\n");
  assert_contains (answer, "Content-Type: application/json;charset=utf-8\r\n");
  assert_contains (answer, "x-acs-request-id: ");
  assert_contains (answer, "Server: vmmd\r\n");
  assert_contains (answer, "\"Action\":\"ChangeThing\"");
}

static void
an_error_names_the_host_called (void **state)
{
  g_autoptr (GSocketConnection) connection = NULL;
  g_autofree char *answer = NULL;

  http_start (*state);
  connection = http_connect (*state);
  answer = http_ask (G_IO_STREAM (connection), "Action=MakeCoffee");
  assert_contains (answer, "HTTP/1.1 404 Not Found\r\n");
  assert_contains (answer, "\"HostId\":\"api.test:1\"");
}

static void
a_connection_serves_many_requests (void **state)
{
  Http *http = *state;
  g_autoptr (GSocketConnection) connection = NULL;

  http_start (http);
  connection = http_connect (http);
  for (int i = 0; i < 5; i++)
    {
      g_autofree char *answer = http_ask (G_IO_STREAM (connection), "Action=ChangeThing");

      assert_contains (answer, "HTTP/1.1 200 OK\r\n");
    }
  assert_int_equal (http_connections (http), 1);
}

static void
requests_sent_at_once_are_answered_in_order (void **state)
{
  g_autofree char *first = http_get ("Action=MakeCoffee");
  g_autofree char *second = http_get ("Action=ChangeThing");
  g_autofree char *both = g_strconcat (first, second, NULL);
  g_autoptr (GSocketConnection) connection = NULL;
  g_autofree char *one = NULL, *two = NULL;

  http_start (*state);
  connection = http_connect (*state);
  http_send (G_IO_STREAM (connection), both);
  one = http_receive (G_IO_STREAM (connection));
  two = http_receive (G_IO_STREAM (connection));
  assert_contains (one, "404 Not Found");
  assert_contains (two, "200 OK");
}

static void
a_form_is_read (void **state)
{
  g_autofree char *body
      = world_signed_query ("POST", "Action=ChangeThing&ClientToken=t&Name=a", WORLD_SECRET);
  g_autofree char *request = g_strdup_printf (
      "POST / HTTP/1.1\r\nHost: h\r\n" FORM "Content-Length: %zu\r\n\r\n%s", strlen (body), body);
  g_autoptr (GSocketConnection) connection = NULL;
  g_autofree char *answer = NULL;

  http_start (*state);
  connection = http_connect (*state);
  http_send (G_IO_STREAM (connection), request);
  answer = http_receive (G_IO_STREAM (connection));
  assert_contains (answer, "\"TokenParams\":\"Name=a\"");
}

static void
a_chunked_form_is_read (void **state)
{
  g_autofree char *body = world_signed_query ("POST", "Action=ChangeThing", WORLD_SECRET);
  g_autofree char *request
      = g_strdup_printf ("POST / HTTP/1.1\r\nHost: h\r\n" FORM "Transfer-Encoding: chunked\r\n\r\n"
                         "5\r\n%.5s\r\n%zx\r\n%s\r\n0\r\n\r\n",
                         body, strlen (body) - 5, body + 5);
  g_autoptr (GSocketConnection) connection = NULL;
  g_autofree char *answer = NULL;

  http_start (*state);
  connection = http_connect (*state);
  http_send (G_IO_STREAM (connection), request);
  answer = http_receive (G_IO_STREAM (connection));
  assert_contains (answer, "\"Action\":\"ChangeThing\"");
}

static void
raw_brackets_and_quotes_in_the_query_pass (void **state)
{
  g_autofree char *query = world_signed_query (
      "GET",
      "Action=EchoThing&InstanceId=i-0123456789abcdefghij&Ids=[\"a\",\"b*\"]&System.Name=a+b*",
      WORLD_SECRET);
  g_autofree char *request = g_strdup_printf (
      "GET /?%s HTTP/1.1\r\nHost: h\r\nContent-Type: application/json\r\n\r\n", query);
  g_autoptr (GSocketConnection) connection = NULL;
  g_autofree char *answer = NULL;

  http_start (*state);
  connection = http_connect (*state);
  http_send (G_IO_STREAM (connection), request);
  answer = http_receive (G_IO_STREAM (connection));
  assert_contains (answer, "\"Name\":\"a b*\"");
  assert_contains (answer, "\"Ids\":{\"Id\":[\"a\",\"b*\"]}");
}

static void
a_range_is_ignored (void **state)
{
  g_autofree char *query = world_signed_query ("GET", "Action=WetThing", WORLD_SECRET);
  g_autofree char *request
      = g_strdup_printf ("GET /?%s HTTP/1.1\r\nHost: h\r\nRange: bytes=0-3\r\n\r\n", query);
  g_autoptr (GSocketConnection) connection = NULL;
  g_autofree char *answer = NULL;

  http_start (*state);
  connection = http_connect (*state);
  http_send (G_IO_STREAM (connection), request);
  answer = http_receive (G_IO_STREAM (connection));
  assert_contains (answer, "200 OK");
  assert_contains (answer, "\"}");
}

static void
other_methods_and_paths_are_refused (void **state)
{
  g_autoptr (GSocketConnection) connection = NULL;
  g_autofree char *method = NULL, *path = NULL;

  http_start (*state);
  connection = http_connect (*state);
  http_send (G_IO_STREAM (connection), "PUT / HTTP/1.1\r\nHost: h\r\nContent-Length: 0\r\n\r\n");
  method = http_receive (G_IO_STREAM (connection));
  http_send (G_IO_STREAM (connection), "GET /x HTTP/1.1\r\nHost: h\r\n\r\n");
  path = http_receive (G_IO_STREAM (connection));
  assert_contains (method, "405 Method Not Allowed");
  assert_contains (method, "\"Code\":\"UnsupportedHTTPMethod\"");
  assert_contains (path, "404 Not Found");
}

static void
a_replayed_request_is_refused_on_another_connection (void **state)
{
  g_autofree char *request = http_get ("Action=ChangeThing");
  g_autoptr (GSocketConnection) first = NULL, second = NULL;
  g_autofree char *one = NULL, *two = NULL;

  http_start (*state);
  first = http_connect (*state);
  second = http_connect (*state);
  http_send (G_IO_STREAM (first), request);
  one = http_receive (G_IO_STREAM (first));
  http_send (G_IO_STREAM (second), request);
  two = http_receive (G_IO_STREAM (second));
  assert_contains (one, "200 OK");
  assert_contains (two, "\"Code\":\"SignatureNonceUsed\"");
}

static void
a_slow_request_does_not_hold_up_others (void **state)
{
  Http *http = *state;
  g_autofree char *slow_request = http_get ("Action=SlowThing");
  g_autoptr (GSocketConnection) slow = NULL, other = NULL;
  g_autofree char *answer = NULL, *late = NULL;

  world_hold (TRUE);
  http_start (http);
  slow = http_connect (http);
  other = http_connect (http);
  http_send (G_IO_STREAM (slow), slow_request);
  while (world_held () == 0)
    g_usleep (1000);
  answer = http_ask (G_IO_STREAM (other), "Action=ChangeThing");
  assert_contains (answer, "200 OK");
  world_hold (FALSE);
  late = http_receive (G_IO_STREAM (slow));
  assert_contains (late, "200 OK");
}

static void
a_client_that_leaves_early_harms_nobody (void **state)
{
  Http *http = *state;
  g_autofree char *slow_request = http_get ("Action=SlowThing");
  g_autoptr (GSocketConnection) slow = NULL, other = NULL;
  g_autofree char *answer = NULL;

  world_hold (TRUE);
  http_start (http);
  slow = http_connect (http);
  http_send (G_IO_STREAM (slow), slow_request);
  while (world_held () == 0)
    g_usleep (1000);
  g_clear_object (&slow);
  world_hold (FALSE);
  other = http_connect (http);
  answer = http_ask (G_IO_STREAM (other), "Action=ChangeThing");
  assert_contains (answer, "200 OK");
  while (http_connections (http) > 1)
    g_usleep (1000);
}

static gpointer
release_later (gpointer data)
{
  g_usleep (200000);
  world_hold (FALSE);
  return NULL;
}

static void
a_stopping_server_answers_what_it_began (void **state)
{
  Http *http = *state;
  g_autofree char *slow_request = http_get ("Action=SlowThing");
  g_autoptr (GSocketConnection) slow = NULL;
  g_autofree char *answer = NULL;
  GThread *thread;

  world_hold (TRUE);
  http_start (http);
  slow = http_connect (http);
  http_send (G_IO_STREAM (slow), slow_request);
  while (world_held () == 0)
    g_usleep (1000);
  thread = g_thread_new ("release", release_later, NULL);
  http_stop (http);
  g_thread_join (thread);
  answer = http_receive_all (G_IO_STREAM (slow));
  assert_contains (answer, "HTTP/1.1 200 OK");
  assert_contains (answer, "Connection: close");
}

/* ---- TLS ---- */

static gboolean
make_certificate (Http *http)
{
  VmmConfig *config = http->world->config;
  g_autofree char *certificate = g_build_filename (http->dir, "cert.pem", NULL);
  g_autofree char *key = g_build_filename (http->dir, "key.pem", NULL);
  const char *argv[] = { "openssl",
                         "req",
                         "-x509",
                         "-newkey",
                         "ec",
                         "-pkeyopt",
                         "ec_paramgen_curve:prime256v1",
                         "-nodes",
                         "-subj",
                         "/CN=vmmd-test",
                         "-days",
                         "2",
                         "-keyout",
                         key,
                         "-out",
                         certificate,
                         NULL };
  int status = -1;

  if (!g_spawn_sync (NULL, (char **) argv, NULL, G_SPAWN_SEARCH_PATH | G_SPAWN_STDERR_TO_DEV_NULL,
                     NULL, NULL, NULL, NULL, &status, NULL)
      || status != 0)
    return FALSE;
  g_free (config->tls_certificate);
  g_free (config->tls_key);
  config->tls_certificate = g_steal_pointer (&certificate);
  config->tls_key = g_steal_pointer (&key);
  return TRUE;
}

static void
https_serves_and_keeps_alive (void **state)
{
  Http *http = *state;
  g_autoptr (GIOStream) stream = NULL;

  if (!make_certificate (http))
    skip ();
  http_start (http);
  assert_true (http->tls_port != 0 && http->tls_port != http->port);
  stream = http_connect_tls (http, "127.0.0.1");
  for (int i = 0; i < 3; i++)
    {
      g_autofree char *answer = http_ask (stream, "Action=ChangeThing");

      assert_contains (answer, "200 OK");
    }
  g_io_stream_close (stream, NULL, NULL);
}

static void
a_client_that_speaks_no_tls_is_dropped (void **state)
{
  Http *http = *state;
  g_autoptr (GSocketConnection) connection = NULL;
  g_autoptr (GIOStream) stream = NULL;
  g_autofree char *rest = NULL, *answer = NULL;

  if (!make_certificate (http))
    skip ();
  http_start (http);
  http->port = http->tls_port;
  connection = http_connect (http);
  http_send (G_IO_STREAM (connection), "GET / HTTP/1.1\r\nHost: h\r\n\r\n");
  rest = http_receive_all (G_IO_STREAM (connection));
  assert_lacks (rest, "HTTP/1.1");
  stream = http_connect_tls (http, "127.0.0.1");
  answer = http_ask (stream, "Action=ChangeThing");
  assert_contains (answer, "200 OK");
  g_io_stream_close (stream, NULL, NULL);
}

static void
stalled_handshakes_hold_up_nobody_else (void **state)
{
  Http *http = *state;
  GSocketConnection *stalled[60];
  g_autoptr (GIOStream) stream = NULL;
  g_autofree char *answer = NULL;
  gint64 start_us;

  if (!make_certificate (http))
    skip ();
  http_start (http);
  http->port = http->tls_port;
  for (gsize i = 0; i < G_N_ELEMENTS (stalled); i++)
    stalled[i] = http_connect (http);
  start_us = g_get_monotonic_time ();
  stream = http_connect_tls (http, "127.0.0.2");
  answer = http_ask (stream, "Action=ChangeThing");
  assert_contains (answer, "200 OK");
  assert_true (g_get_monotonic_time () - start_us < 3 * G_USEC_PER_SEC);
  g_io_stream_close (stream, NULL, NULL);
  for (gsize i = 0; i < G_N_ELEMENTS (stalled); i++)
    g_object_unref (stalled[i]);
  while (http_connections (http) > 0)
    g_usleep (1000);
}

static void
stalled_handshakes_are_ended (void **state)
{
  Http *http = *state;
  GSocketConnection *stalled[12];

  if (!make_certificate (http))
    skip ();
  http->world->config->request_timeout_s = 1;
  http_start (http);
  http->port = http->tls_port;
  for (gsize i = 0; i < G_N_ELEMENTS (stalled); i++)
    stalled[i] = http_connect (http);
  while (http_connections (http) < G_N_ELEMENTS (stalled))
    g_usleep (1000);
  while (http_connections (http) > 0)
    g_usleep (1000);
  for (gsize i = 0; i < G_N_ELEMENTS (stalled); i++)
    g_object_unref (stalled[i]);
}

static void
a_bad_certificate_is_named (void **state)
{
  Http *http = *state;
  g_autoptr (GError) error = NULL;
  g_autoptr (ApiServer) server = NULL;

  g_free (http->world->config->tls_certificate);
  http->world->config->tls_certificate = g_strdup ("/nonexistent/cert.pem");
  server = api_server_new (&http->world->ctx, &world_doors, world_resources, TRUE);
  assert_false (api_server_listen (server, &error));
  world_assert_error (error, VMM_ERROR_CONFIG);
  assert_contains (error->message, "/nonexistent/cert.pem");
}

static void
a_taken_port_is_named (void **state)
{
  Http *http = *state;
  g_autoptr (GError) error = NULL;
  g_autoptr (ApiServer) server = NULL;

  http_start (http);
  http->world->config->port = http->port;
  g_free (http->world->config->run_dir);
  http->world->config->run_dir = g_build_filename (http->dir, "cert.pem", NULL);
  assert_int_equal (g_mkdir (http->world->config->run_dir, 0700), 0);
  server = api_server_new (&http->world->ctx, &world_doors, world_resources, TRUE);
  assert_false (api_server_listen (server, &error));
  world_assert_error (error, VMM_ERROR_CONFIG);
  assert_contains (error->message, "cannot listen on 127.0.0.1 port");
  g_clear_pointer (&server, api_server_free);
  {
    g_autofree char *path = g_build_filename (http->world->config->run_dir, "admin.sock", NULL);

    g_unlink (path);
    g_rmdir (http->world->config->run_dir);
  }
}

/* ---- The administrator's socket ---- */

static void
the_local_socket_needs_no_signature (void **state)
{
  Http *http = *state;
  g_autofree char *path = g_build_filename (http->dir, "admin.sock", NULL);
  g_autoptr (GSocketConnection) connection = NULL;
  g_autofree char *answer = NULL;
  GStatBuf status;

  http_start (http);
  assert_int_equal (g_stat (path, &status), 0);
  assert_int_equal (status.st_mode & 07777, 0600);
  connection = http_connect_unix (http);
  http_send (G_IO_STREAM (connection),
             "GET /?Action=AdminThing HTTP/1.1\r\nHost: localhost\r\n\r\n");
  answer = http_receive (G_IO_STREAM (connection));
  assert_contains (answer, "\"IsAdmin\":true");
}

/* libsoup looks for an internet address then, which this connection has not. */
static void
a_request_without_host_is_answered_there (void **state)
{
  g_autoptr (GSocketConnection) connection = NULL;
  g_autofree char *answer = NULL;

  http_start (*state);
  connection = http_connect_unix (*state);
  http_send (G_IO_STREAM (connection), "GET / HTTP/1.0\r\n\r\n");
  answer = http_receive (G_IO_STREAM (connection));
  assert_contains (answer, "the parameter Action is required");
}

static void
a_socket_left_over_is_replaced (void **state)
{
  Http *http = *state;
  g_autoptr (GSocketConnection) connection = NULL;
  g_autofree char *answer = NULL;

  http_start (http);
  http_stop (http);
  http_start (http);
  connection = http_connect_unix (http);
  http_send (G_IO_STREAM (connection), "GET /?Action=WetThing HTTP/1.1\r\nHost: h\r\n\r\n");
  answer = http_receive (G_IO_STREAM (connection));
  assert_contains (answer, "200 OK");
}

/* What another user is answered there, read by a child that became that user. */
static void
other_users_are_not_let_in (void **state)
{
  Http *http = *state;
  g_autofree char *path = g_build_filename (http->dir, "admin.sock", NULL);
  int status = -1;
  pid_t child;

  if (geteuid () != 0)
    skip ();
  http_start (http);
  assert_int_equal (g_chmod (path, 0666), 0);
  assert_int_equal (g_chmod (http->dir, 0755), 0);
  child = fork ();
  if (child == 0)
    {
      GSocketConnection *connection;
      char *answer;

      if (setgid (65534) != 0 || setuid (65534) != 0)
        _exit (2);
      connection = http_connect_unix (http);
      http_send (G_IO_STREAM (connection), "GET /?Action=AdminThing HTTP/1.1\r\nHost: h\r\n\r\n");
      answer = http_receive_all (G_IO_STREAM (connection));
      _exit (answer[0] == '\0' ? 0 : 1);
    }
  assert_int_equal (waitpid (child, &status, 0), child);
  assert_true (WIFEXITED (status));
  assert_int_equal (WEXITSTATUS (status), 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown (name, http_setup, http_teardown)

int
main (void)
{
  const struct CMUnitTest tests[] = {
    TEST (an_answer_has_the_headers_clients_want),
    TEST (an_error_names_the_host_called),
    TEST (a_connection_serves_many_requests),
    TEST (requests_sent_at_once_are_answered_in_order),
    TEST (a_form_is_read),
    TEST (a_chunked_form_is_read),
    TEST (raw_brackets_and_quotes_in_the_query_pass),
    TEST (a_range_is_ignored),
    TEST (other_methods_and_paths_are_refused),
    TEST (a_replayed_request_is_refused_on_another_connection),
    TEST (a_slow_request_does_not_hold_up_others),
    TEST (a_client_that_leaves_early_harms_nobody),
    TEST (a_stopping_server_answers_what_it_began),
    TEST (https_serves_and_keeps_alive),
    TEST (a_client_that_speaks_no_tls_is_dropped),
    TEST (stalled_handshakes_hold_up_nobody_else),
    TEST (stalled_handshakes_are_ended),
    TEST (a_bad_certificate_is_named),
    TEST (a_taken_port_is_named),
    TEST (the_local_socket_needs_no_signature),
    TEST (a_request_without_host_is_answered_there),
    TEST (a_socket_left_over_is_replaced),
    TEST (other_users_are_not_let_in),
  };

  return cmocka_run_group_tests (tests, NULL, NULL);
}
