/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A load generator: sends the request targets of a file, one a line, over so many connections to a
 * server on this machine, and prints what it saw as JSON.
 *
 *   load PORT FILE CONNECTIONS keep|close */
#include <arpa/inet.h>
#include <errno.h>
#include <glib.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#define ANSWER_MAX (1 << 20)

typedef struct
{
  int fd; /* -1 when not connected */
  GString *out;
  gsize sent;
  GString *in;
  gint64 started_us;
} Connection;

typedef struct
{
  struct sockaddr_in address;
  char **targets;
  guint n_targets, next, answered, failed;
  gboolean keep;
  int epoll;
  guint64 bytes;
  GArray *times_us; /* gint64 */
} Load;

static void
watch (Load *load, Connection *connection, int operation, guint32 events)
{
  struct epoll_event event = { .events = events, .data.ptr = connection };

  g_assert_cmpint (epoll_ctl (load->epoll, operation, connection->fd, &event), ==, 0);
}

static void
hang_up (Connection *connection)
{
  if (connection->fd >= 0)
    close (connection->fd);
  connection->fd = -1;
}

/* Starts the next request, on a new connection where the old one is gone. */
static void
begin (Load *load, Connection *connection)
{
  int on = 1;

  if (load->next >= load->n_targets)
    {
      hang_up (connection);
      return;
    }
  g_string_printf (connection->out, "GET %s HTTP/1.1\r\nHost: 127.0.0.1\r\n%s\r\n",
                   load->targets[load->next++], load->keep ? "" : "Connection: close\r\n");
  connection->sent = 0;
  g_string_truncate (connection->in, 0);
  connection->started_us = g_get_monotonic_time ();
  if (connection->fd >= 0)
    {
      watch (load, connection, EPOLL_CTL_MOD, EPOLLOUT);
      return;
    }
  connection->fd = socket (AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  g_assert_cmpint (connection->fd, >=, 0);
  setsockopt (connection->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  if (connect (connection->fd, (struct sockaddr *) &load->address, sizeof load->address) != 0
      && errno != EINPROGRESS)
    g_error ("connect: %s", g_strerror (errno));
  watch (load, connection, EPOLL_CTL_ADD, EPOLLOUT);
}

static void
finish (Load *load, Connection *connection, gboolean is_good, gboolean may_keep)
{
  gint64 took_us = g_get_monotonic_time () - connection->started_us;

  load->answered++;
  load->failed += !is_good;
  load->bytes += connection->in->len;
  g_array_append_val (load->times_us, took_us);
  if (!is_good && load->failed <= 3)
    fprintf (stderr, "load: a bad answer: %.300s\n", connection->in->str);
  if (!may_keep || !load->keep)
    hang_up (connection);
  begin (load, connection);
}

/* Whether the answer is complete. */
static gboolean
is_whole (const GString *in)
{
  const char *body = strstr (in->str, "\r\n\r\n");
  const char *length = g_strstr_len (in->str, in->len, "Content-Length: ");

  if (body == NULL || length == NULL || length > body)
    return FALSE;
  return in->len - (gsize) (body + 4 - in->str)
         >= g_ascii_strtoull (length + strlen ("Content-Length: "), NULL, 10);
}

static void
read_some (Load *load, Connection *connection)
{
  char buffer[65536];
  gssize n = read (connection->fd, buffer, sizeof buffer);
  gboolean is_good;

  if (n < 0 && errno == EAGAIN)
    return;
  if (n > 0)
    g_string_append_len (connection->in, buffer, n);
  is_good = g_str_has_prefix (connection->in->str, "HTTP/1.1 200 ") && is_whole (connection->in);
  if (n <= 0 || connection->in->len > ANSWER_MAX)
    finish (load, connection, is_good, FALSE);
  else if (is_whole (connection->in))
    finish (load, connection, is_good,
            strstr (connection->in->str, "Connection: close\r\n") == NULL);
}

static void
write_some (Load *load, Connection *connection)
{
  gssize n = send (connection->fd, connection->out->str + connection->sent,
                   connection->out->len - connection->sent, MSG_NOSIGNAL);

  if (n < 0 && errno == EAGAIN)
    return;
  if (n < 0)
    {
      finish (load, connection, FALSE, FALSE);
      return;
    }
  connection->sent += (gsize) n;
  if (connection->sent == connection->out->len)
    watch (load, connection, EPOLL_CTL_MOD, EPOLLIN);
}

static int
compare_times (gconstpointer a, gconstpointer b)
{
  gint64 left = *(const gint64 *) a, right = *(const gint64 *) b;

  return (left > right) - (left < right);
}

static double
percentile_ms (Load *load, guint percent)
{
  guint index = MIN (load->times_us->len - 1, load->times_us->len * percent / 100);

  return (double) g_array_index (load->times_us, gint64, index) / 1000;
}

static void
run (Load *load, guint n_connections)
{
  g_autofree Connection *connections = g_new0 (Connection, n_connections);
  struct epoll_event events[64];

  load->epoll = epoll_create1 (EPOLL_CLOEXEC);
  for (guint i = 0; i < n_connections; i++)
    {
      connections[i].fd = -1;
      connections[i].in = g_string_sized_new (65536);
      connections[i].out = g_string_new (NULL);
      begin (load, &connections[i]);
    }
  while (load->answered < load->n_targets)
    {
      int n = epoll_wait (load->epoll, events, G_N_ELEMENTS (events), 30000);

      if (n == 0)
        g_error ("no answer for 30 s, %u of %u are there", load->answered, load->n_targets);
      for (int i = 0; i < n; i++)
        if ((events[i].events & EPOLLOUT) != 0)
          write_some (load, events[i].data.ptr);
        else
          read_some (load, events[i].data.ptr);
    }
  for (guint i = 0; i < n_connections; i++)
    {
      g_string_free (connections[i].in, TRUE);
      g_string_free (connections[i].out, TRUE);
    }
  close (load->epoll);
}

int
main (int argc, char **argv)
{
  g_autoptr (GArray) times = g_array_new (FALSE, FALSE, sizeof (gint64));
  g_autofree char *text = NULL;
  g_auto (GStrv) targets = NULL;
  guint64 port = 0, n_connections = 0;
  Load load = { .times_us = times, .address = { .sin_family = AF_INET } };
  gint64 begun_us;
  double seconds;

  if (argc != 5 || !g_ascii_string_to_unsigned (argv[1], 10, 1, 65535, &port, NULL)
      || !g_file_get_contents (argv[2], &text, NULL, NULL)
      || !g_ascii_string_to_unsigned (argv[3], 10, 1, 10000, &n_connections, NULL))
    {
      fprintf (stderr, "usage: load PORT FILE CONNECTIONS keep|close\n");
      return 2;
    }
  targets = g_strsplit (g_strstrip (text), "\n", -1);
  load.targets = targets;
  load.n_targets = g_strv_length (targets);
  load.keep = g_str_equal (argv[4], "keep");
  load.address.sin_port = htons ((guint16) port);
  load.address.sin_addr.s_addr = htonl (INADDR_LOOPBACK);

  begun_us = g_get_monotonic_time ();
  run (&load, (guint) n_connections);
  seconds = (double) (g_get_monotonic_time () - begun_us) / G_USEC_PER_SEC;
  g_array_sort (times, compare_times);
  printf ("{\"requests\": %u, \"failed\": %u, \"seconds\": %.3f, \"per_second\": %.1f, "
          "\"median_ms\": %.3f, \"p99_ms\": %.3f, \"bytes\": %" G_GUINT64_FORMAT "}\n",
          load.answered, load.failed, seconds, load.answered / seconds, percentile_ms (&load, 50),
          percentile_ms (&load, 99), load.bytes);
  return load.failed > 0;
}
