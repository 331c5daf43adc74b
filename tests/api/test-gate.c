/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The bounds of the HTTP server: connections, sizes, time, file descriptors. */
#include "config.h"

#include "http-world.h"
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#define FORM "Content-Type: application/x-www-form-urlencoded\r\n"

static double
seconds_since (gint64 start_us)
{
  return (double) (g_get_monotonic_time () - start_us) / G_USEC_PER_SEC;
}

static void
assert_serves (Http *http)
{
  g_autoptr (GSocketConnection) connection = http_connect (http);
  g_autofree char *answer = http_ask (G_IO_STREAM (connection), "Action=ChangeThing");

  assert_contains (answer, "200 OK");
}

static void
a_request_that_trickles_in_is_ended_and_holds_up_nobody (void **state)
{
  Http *http = *state;
  g_autoptr (GSocketConnection) slow = NULL;
  g_autofree char *answer = NULL;
  gint64 start_us;

  http->world->config->request_timeout_s = 1;
  http_start (http);
  slow = http_connect (http);
  start_us = g_get_monotonic_time ();
  http_send (G_IO_STREAM (slow), "GET /?Action=Cha");
  assert_serves (http);
  answer = http_receive_all (G_IO_STREAM (slow));
  assert_contains (answer, "408 Request Timeout");
  assert_in_range ((int) (seconds_since (start_us) * 10), 9, 40);
}

static void
bytes_that_keep_coming_do_not_prolong_a_request (void **state)
{
  Http *http = *state;
  g_autoptr (GSocketConnection) slow = NULL;
  g_autofree char *answer = NULL;
  gint64 start_us;

  http->world->config->request_timeout_s = 1;
  http_start (http);
  slow = http_connect (http);
  start_us = g_get_monotonic_time ();
  http_send (G_IO_STREAM (slow), "GET / HTTP/1.1\r\nHost: h\r\n");
  while (seconds_since (start_us) < 1.6)
    {
      http_send (G_IO_STREAM (slow), "X: y\r\n");
      g_usleep (50000);
    }
  answer = http_receive_all (G_IO_STREAM (slow));
  assert_lacks (answer, "200 OK");
  assert_true (seconds_since (start_us) < 4);
}

static void
a_body_that_does_not_come_is_not_waited_for (void **state)
{
  Http *http = *state;
  g_autoptr (GSocketConnection) slow = NULL;
  g_autofree char *answer = NULL;

  http->world->config->request_timeout_s = 1;
  http_start (http);
  slow = http_connect (http);
  http_send (G_IO_STREAM (slow),
             "POST / HTTP/1.1\r\nHost: h\r\n" FORM "Content-Length: 100\r\n\r\nAction=");
  answer = http_receive_all (G_IO_STREAM (slow));
  assert_contains (answer, "408 Request Timeout");
}

static void
a_second_request_has_its_own_deadline (void **state)
{
  Http *http = *state;
  g_autoptr (GSocketConnection) connection = NULL;
  g_autofree char *first = NULL, *rest = NULL;

  http->world->config->request_timeout_s = 1;
  http_start (http);
  connection = http_connect (http);
  first = http_ask (G_IO_STREAM (connection), "Action=ChangeThing");
  assert_contains (first, "200 OK");
  http_send (G_IO_STREAM (connection), "GET /?Act");
  rest = http_receive_all (G_IO_STREAM (connection));
  assert_contains (rest, "408 Request Timeout");
}

static void
an_idle_connection_is_ended (void **state)
{
  Http *http = *state;
  g_autoptr (GSocketConnection) connection = NULL;
  g_autofree char *answer = NULL, *rest = NULL;
  gint64 start_us;

  http->world->config->idle_timeout_s = 1;
  http_start (http);
  connection = http_connect (http);
  answer = http_ask (G_IO_STREAM (connection), "Action=ChangeThing");
  start_us = g_get_monotonic_time ();
  rest = http_receive_all (G_IO_STREAM (connection));
  assert_string_equal (rest, "");
  assert_in_range ((int) (seconds_since (start_us) * 10), 9, 40);
  while (http_connections (http) > 0)
    g_usleep (1000);
}

static void
a_client_that_does_not_read_is_ended (void **state)
{
  Http *http = *state;
  g_autofree char *request = http_get ("Action=BigThing");
  g_autoptr (GSocketConnection) connection = NULL;
  gint64 start_us = g_get_monotonic_time ();

  http->world->config->request_timeout_s = 1;
  http_start (http);
  connection = http_connect (http);
  http_send (G_IO_STREAM (connection), request);
  while (http_connections (http) > 0 && seconds_since (start_us) < 10)
    g_usleep (1000);
  assert_int_equal (http_connections (http), 0);
  assert_in_range ((int) (seconds_since (start_us) * 10), 9, 40);
}

static void
one_client_gets_a_share_of_the_connections (void **state)
{
  Http *http = *state;
  g_autoptr (GSocketConnection) first = NULL, second = NULL, third = NULL, local = NULL;
  g_autofree char *one = NULL, *two = NULL, *refusal = NULL, *admin = NULL;

  http->world->config->max_connections = 8;
  http_start (http);
  first = http_connect (http);
  second = http_connect (http);
  one = http_ask (G_IO_STREAM (first), "Action=ChangeThing");
  two = http_ask (G_IO_STREAM (second), "Action=ChangeThing");
  assert_contains (two, "200 OK");
  third = http_connect (http);
  refusal = http_receive_all (G_IO_STREAM (third));
  assert_contains (refusal, "503 Service Unavailable");
  local = http_connect_unix (http);
  http_send (G_IO_STREAM (local), "GET /?Action=WetThing HTTP/1.1\r\nHost: h\r\n\r\n");
  admin = http_receive (G_IO_STREAM (local));
  assert_contains (admin, "200 OK");
  g_clear_object (&first);
  while (http_connections (http) > 2)
    g_usleep (1000);
  assert_serves (http);
}

static char *
post (gsize length, const char *more)
{
  g_autofree char *body = g_strnfill (length, 'x');

  return g_strdup_printf ("POST / HTTP/1.1\r\nHost: h\r\n" FORM "%sContent-Length: %zu\r\n\r\n%s",
                          more, length, body);
}

static void
a_body_beyond_the_bound_is_refused (void **state)
{
  Http *http = *state;
  g_autofree char *request = post (8193, "");
  g_autoptr (GSocketConnection) connection = NULL;
  g_autofree char *answer = NULL;

  http->world->config->max_request_bytes = 8192;
  http_start (http);
  connection = http_connect (http);
  http_send (G_IO_STREAM (connection), request);
  answer = http_receive_all (G_IO_STREAM (connection));
  assert_contains (answer, "HTTP/1.1 413 ");
  assert_contains (answer, "\"Code\":\"RequestEntityTooLarge\"");
  assert_contains (answer, "Connection: close");
}

static void
a_body_at_the_bound_is_read (void **state)
{
  Http *http = *state;
  g_autofree char *request = post (8192, "");
  g_autoptr (GSocketConnection) connection = NULL;
  g_autofree char *answer = NULL;

  http->world->config->max_request_bytes = 8192;
  http_start (http);
  connection = http_connect (http);
  http_send (G_IO_STREAM (connection), request);
  answer = http_receive (G_IO_STREAM (connection));
  assert_contains (answer, "<Code>IncompleteSignature</Code>");
}

static void
an_announced_giant_is_refused_before_it_is_sent (void **state)
{
  Http *http = *state;
  g_autoptr (GSocketConnection) connection = NULL;
  g_autofree char *answer = NULL;

  http_start (http);
  connection = http_connect (http);
  http_send (G_IO_STREAM (connection), "POST / HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\n" FORM
                                       "Content-Length: 99999999999\r\n\r\n");
  answer = http_receive (G_IO_STREAM (connection));
  assert_contains (answer, "HTTP/1.1 413 ");
}

static void
a_chunked_body_is_counted (void **state)
{
  Http *http = *state;
  g_autoptr (GSocketConnection) connection = NULL;
  g_autofree char *chunk = g_strnfill (4096, 'x');
  g_autofree char *framed = g_strdup_printf ("1000\r\n%s\r\n", chunk);
  g_autofree char *answer = NULL;

  http->world->config->max_request_bytes = 8192;
  http_start (http);
  connection = http_connect (http);
  http_send (G_IO_STREAM (connection),
             "POST / HTTP/1.1\r\nHost: h\r\n" FORM "Transfer-Encoding: chunked\r\n\r\n");
  for (int i = 0; i < 3; i++)
    http_send (G_IO_STREAM (connection), framed);
  http_send (G_IO_STREAM (connection), "0\r\n\r\n");
  answer = http_receive_all (G_IO_STREAM (connection));
  assert_contains (answer, "HTTP/1.1 413 ");
}

static void
a_body_without_end_is_cut (void **state)
{
  Http *http = *state;
  g_autoptr (GSocketConnection) connection = NULL;
  g_autofree char *chunk = g_strnfill (65536, 'x');
  g_autofree char *framed = g_strdup_printf ("10000\r\n%s\r\n", chunk);
  gint64 start_us = g_get_monotonic_time ();
  g_autofree char *answer = NULL;

  http->world->config->max_request_bytes = 8192;
  http_start (http);
  connection = http_connect (http);
  http_send (G_IO_STREAM (connection),
             "POST / HTTP/1.1\r\nHost: h\r\n" FORM "Transfer-Encoding: chunked\r\n\r\n");
  while (http_connections (http) > 0 && seconds_since (start_us) < 10)
    http_send (G_IO_STREAM (connection), framed);
  assert_int_equal (http_connections (http), 0);
  answer = http_receive_all (G_IO_STREAM (connection));
  assert_lacks (answer, "200 OK");
}

static void
assert_head_refused (Http *http, const char *head)
{
  g_autoptr (GSocketConnection) connection = http_connect (http);
  g_autofree char *answer = NULL;

  http_send (G_IO_STREAM (connection), head);
  g_socket_shutdown (g_socket_connection_get_socket (connection), FALSE, TRUE, NULL);
  answer = http_receive_all (G_IO_STREAM (connection));
  assert_contains (answer, "HTTP/1.1 431 ");
}

static void
a_head_that_is_too_long_is_refused (void **state)
{
  Http *http = *state;
  g_autofree char *word = g_strnfill (100000, 'x');
  g_autofree char *line = g_strdup_printf ("GET /?A=%s HTTP/1.1\r\nHost: h\r\n\r\n", word);
  g_autofree char *header = g_strdup_printf ("GET / HTTP/1.1\r\nHost: h\r\nX: %s\r\n\r\n", word);

  http_start (http);
  assert_head_refused (http, line);
  assert_head_refused (http, header);
  assert_serves (http);
  while (http_connections (http) > 0)
    g_usleep (1000);
}

static void
a_query_of_50_kib_is_served (void **state)
{
  g_autofree char *word = g_strnfill (50000, 'x');
  g_autofree char *params = g_strconcat ("Action=WetThing&X=", word, NULL);
  g_autoptr (GSocketConnection) connection = NULL;
  g_autofree char *answer = NULL;

  http_start (*state);
  connection = http_connect (*state);
  answer = http_ask (G_IO_STREAM (connection), params);
  assert_contains (answer, "200 OK");
}

/* libsoup alone keeps these for ever. */
static void
connections_that_clients_end_between_requests_are_forgotten (void **state)
{
  Http *http = *state;

  http_start (http);
  for (int i = 0; i < 20; i++)
    {
      g_autoptr (GSocketConnection) connection = http_connect (http);
      g_autofree char *answer = http_ask (G_IO_STREAM (connection), "Action=WetThing");

      assert_contains (answer, "200 OK");
      if (i % 2 == 1)
        http_send (G_IO_STREAM (connection), "GET");
    }
  while (http_connections (http) > 0)
    g_usleep (1000);
}

static void
malformed_http_ends_in_an_error_and_harms_nobody (void **state)
{
  static const char *const bad[] = {
    "\r\n\r\n",
    "GET\r\n\r\n",
    "GET / HTTP/1.1\r\n\r\n",
    "GET / HTTP/9.9\r\nHost: h\r\n\r\n",
    "GET http://[::/ HTTP/1.1\r\nHost: h\r\n\r\n",
    "GET / HTTP/1.1\r\nHost: a/b\r\n\r\n",
    "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: -1\r\n\r\n",
    "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 99999999999999999999\r\n\r\n",
    "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: gzip\r\n\r\n",
    "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n x\r\n\r\n",
    "GET /x HTTP/1.1\r\nHost: h\r\n\r\nPOST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: "
    "gzip\r\n\r\n",
    "POST / HTTP/1.1\r\nHost: h\r\n" FORM "Transfer-Encoding: chunked\r\n\r\nzz\r\n",
    "POST / HTTP/1.1\r\nHost: h\r\n" FORM
    "Transfer-Encoding: chunked\r\n\r\nffffffffffffffffff\r\nx\r\n",
    "GET /?%00 HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n",
    "GET /?\xff\xfe HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n",
  };
  Http *http = *state;

  http->world->config->request_timeout_s = 1;
  http_start (http);
  for (gsize i = 0; i < G_N_ELEMENTS (bad); i++)
    {
      g_autoptr (GSocketConnection) connection = http_connect (http);
      g_autofree char *answer = NULL;

      http_send (G_IO_STREAM (connection), bad[i]);
      g_socket_shutdown (g_socket_connection_get_socket (connection), FALSE, TRUE, NULL);
      answer = http_receive_all (G_IO_STREAM (connection));
      assert_lacks (answer, "200 OK");
    }
  assert_serves (http);
}

/* Takes all file descriptors that are left, and returns how many these were. */
static guint
take_descriptors (int *fds, guint max)
{
  guint n = 0;

  while (n < max && (fds[n] = dup (0)) >= 0)
    n++;
  return n;
}

static void
want_of_descriptors_is_survived (void **state)
{
  Http *http = *state;
  struct rlimit before, low;
  int fds[256], client;
  guint n;
  g_autoptr (GSocketConnection) connection = NULL;
  g_autoptr (GSocketAddress) address = NULL;
  g_autoptr (GSocket) socket = NULL;
  g_autofree char *answer = NULL;

  http_start (http);
  address = g_inet_socket_address_new_from_string ("127.0.0.1", http->port);
  socket = g_socket_new (G_SOCKET_FAMILY_IPV4, G_SOCKET_TYPE_STREAM, G_SOCKET_PROTOCOL_TCP, NULL);
  client = g_socket_get_fd (socket);
  g_socket_set_timeout (socket, 10);
  assert_int_equal (getrlimit (RLIMIT_NOFILE, &before), 0);
  low = before;
  low.rlim_cur = (rlim_t) client + 64;
  assert_int_equal (setrlimit (RLIMIT_NOFILE, &low), 0);
  n = take_descriptors (fds, G_N_ELEMENTS (fds));
  assert_true (g_socket_connect (socket, address, NULL, NULL));
  while (strstr (http->world->log->str, "cannot accept a connection") == NULL)
    g_usleep (10000);
  for (guint i = 0; i < n; i++)
    close (fds[i]);
  assert_int_equal (setrlimit (RLIMIT_NOFILE, &before), 0);
  connection = g_socket_connection_factory_create_connection (socket);
  answer = http_ask (G_IO_STREAM (connection), "Action=ChangeThing");
  assert_contains (answer, "200 OK");
}

#define TEST(name) cmocka_unit_test_setup_teardown (name, http_setup, http_teardown)

int
main (void)
{
  const struct CMUnitTest tests[] = {
    TEST (a_request_that_trickles_in_is_ended_and_holds_up_nobody),
    TEST (bytes_that_keep_coming_do_not_prolong_a_request),
    TEST (a_body_that_does_not_come_is_not_waited_for),
    TEST (a_second_request_has_its_own_deadline),
    TEST (an_idle_connection_is_ended),
    TEST (a_client_that_does_not_read_is_ended),
    TEST (one_client_gets_a_share_of_the_connections),
    TEST (a_body_beyond_the_bound_is_refused),
    TEST (a_body_at_the_bound_is_read),
    TEST (an_announced_giant_is_refused_before_it_is_sent),
    TEST (a_chunked_body_is_counted),
    TEST (a_body_without_end_is_cut),
    TEST (a_head_that_is_too_long_is_refused),
    TEST (a_query_of_50_kib_is_served),
    TEST (connections_that_clients_end_between_requests_are_forgotten),
    TEST (malformed_http_ends_in_an_error_and_harms_nobody),
    TEST (want_of_descriptors_is_survived),
  };

  return cmocka_run_group_tests (tests, NULL, NULL);
}
