/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Traffic between two namespaces, from one thread. */
#include "rates.h"
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <sched.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define BATCH 64
#define PAYLOAD 18
#define PORT 5001

typedef struct
{
  gint64 wall_ns, cpu_ns;
} Instant;

static gint64
clock_ns (clockid_t id)
{
  struct timespec now;

  g_assert_cmpint (clock_gettime (id, &now), ==, 0);
  return now.tv_sec * G_GINT64_CONSTANT (1000000000) + now.tv_nsec;
}

static Instant
instant (void)
{
  return (Instant){ clock_ns (CLOCK_MONOTONIC), clock_ns (CLOCK_PROCESS_CPUTIME_ID) };
}

static Rate
rate_since (const Instant *begun, guint count)
{
  Instant now = instant ();

  return (Rate){ .per_second = count * 1e9 / (double) (now.wall_ns - begun->wall_ns),
                 .per_cpu_second = count * 1e9 / (double) (now.cpu_ns - begun->cpu_ns) };
}

static int
open_ns (const char *name)
{
  g_autofree char *path = g_build_filename ("/run/netns", name, NULL);
  int fd = open (path, O_RDONLY | O_CLOEXEC);

  if (fd < 0)
    g_error ("%s: %s", path, g_strerror (errno));
  return fd;
}

static void
enter (int fd)
{
  if (setns (fd, CLONE_NEWNET) != 0)
    g_error ("setns: %s", g_strerror (errno));
}

static struct sockaddr_in
socket_address (const char *address, guint16 port)
{
  struct sockaddr_in result = { .sin_family = AF_INET, .sin_port = htons (port) };

  g_assert_cmpint (inet_pton (AF_INET, address, &result.sin_addr), ==, 1);
  return result;
}

/* In the namespace of the thread. */
static int
bound_socket (const char *address, int type, guint16 port)
{
  struct sockaddr_in name = socket_address (address, port);
  int fd = socket (AF_INET, type | SOCK_CLOEXEC, 0), on = 1;

  g_assert_cmpint (setsockopt (fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on), ==, 0);
  if (bind (fd, (struct sockaddr *) &name, sizeof name) != 0)
    g_error ("bind %s: %s", address, g_strerror (errno));
  return fd;
}

/* Two namespaces entered in turn. */
typedef struct
{
  int home, client, server;
} Places;

static Places
places_open (const RatesPair *pair)
{
  return (Places){ open ("/proc/self/ns/net", O_RDONLY | O_CLOEXEC), open_ns (pair->client_ns),
                   open_ns (pair->server_ns) };
}

static void
places_close (Places *places)
{
  enter (places->home);
  close (places->home);
  close (places->client);
  close (places->server);
}

static gboolean
is_readable (int fd, int timeout_ms)
{
  struct pollfd event = { fd, POLLIN, 0 };

  return poll (&event, 1, timeout_ms) == 1;
}

/* One packet each way, so that the flow counts as established. */
static void
greet (int from, int to)
{
  char buffer[PAYLOAD] = { 0 };
  struct sockaddr_in peer;
  socklen_t length = sizeof peer;

  g_assert_cmpint (send (from, buffer, sizeof buffer, 0), ==, PAYLOAD);
  if (!is_readable (to, 5000))
    g_error ("no packet arrives");
  g_assert_cmpint (recvfrom (to, buffer, sizeof buffer, 0, (struct sockaddr *) &peer, &length), ==,
                   PAYLOAD);
  g_assert_cmpint (sendto (to, buffer, sizeof buffer, 0, (struct sockaddr *) &peer, length), ==,
                   PAYLOAD);
  if (!is_readable (from, 5000))
    g_error ("no answer arrives");
  g_assert_cmpint (recv (from, buffer, sizeof buffer, 0), ==, PAYLOAD);
}

static guint
pass_packets (int from, int to, guint count)
{
  static char sent[PAYLOAD], got[BATCH][PAYLOAD];
  struct mmsghdr out[BATCH] = { 0 }, in[BATCH] = { 0 };
  struct iovec out_part = { sent, PAYLOAD }, in_parts[BATCH];
  guint arrived = 0;

  for (guint i = 0; i < BATCH; i++)
    {
      in_parts[i] = (struct iovec){ got[i], PAYLOAD };
      out[i].msg_hdr = (struct msghdr){ .msg_iov = &out_part, .msg_iovlen = 1 };
      in[i].msg_hdr = (struct msghdr){ .msg_iov = &in_parts[i], .msg_iovlen = 1 };
    }
  for (guint done = 0; done < count; done += BATCH)
    {
      int part, n = sendmmsg (from, out, BATCH, 0);

      g_assert_cmpint (n, ==, BATCH);
      /* What another thread of the kernel still has in hand is counted with the next batch. */
      while ((part = recvmmsg (to, in, BATCH, MSG_DONTWAIT, NULL)) > 0)
        arrived += (guint) part;
    }
  while (arrived < count && is_readable (to, 200))
    if (recv (to, got[0], PAYLOAD, MSG_DONTWAIT) > 0)
      arrived++;
  return arrived;
}

Rate
rates_packets (const RatesPair *pair, guint count)
{
  Places places = places_open (pair);
  struct sockaddr_in name = socket_address (pair->server, PORT);
  int from, to, room = 1 << 20;
  Instant begun;
  guint arrived;
  Rate rate;

  enter (places.server);
  to = bound_socket (pair->server, SOCK_DGRAM, PORT);
  setsockopt (to, SOL_SOCKET, SO_RCVBUFFORCE, &room, sizeof room);
  enter (places.client);
  from = bound_socket (pair->client, SOCK_DGRAM, PORT);
  g_assert_cmpint (connect (from, (struct sockaddr *) &name, sizeof name), ==, 0);
  greet (from, to);
  begun = instant ();
  arrived = pass_packets (from, to, count);
  rate = rate_since (&begun, arrived);
  if (arrived < count / 100 * 99)
    g_error ("of %u packets %u arrived", count, arrived);
  close (from);
  close (to);
  places_close (&places);
  return rate;
}

static void
reset (int fd)
{
  const struct linger at_once = { 1, 0 };

  setsockopt (fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
  close (fd);
}

static void
connect_once (const struct sockaddr_in *from, const struct sockaddr_in *to, int listener)
{
  int client = socket (AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), server;

  g_assert_cmpint (client, >=, 0);
  if (bind (client, (const struct sockaddr *) from, sizeof *from) != 0)
    g_error ("bind: %s", g_strerror (errno));
  if (connect (client, (const struct sockaddr *) to, sizeof *to) != 0 && errno != EINPROGRESS)
    g_error ("connect: %s", g_strerror (errno));
  server = accept4 (listener, NULL, NULL, SOCK_CLOEXEC);
  if (server < 0)
    g_error ("accept: %s", g_strerror (errno));
  reset (client);
  close (server);
}

static void
forget_flows (const char *ns)
{
  const char *argv[] = { "ip", "netns", "exec", ns, "conntrack", "-F", NULL };

  g_assert_true (
      g_spawn_sync (NULL, (char **) argv, NULL,
                    G_SPAWN_SEARCH_PATH | G_SPAWN_STDOUT_TO_DEV_NULL | G_SPAWN_STDERR_TO_DEV_NULL,
                    NULL, NULL, NULL, NULL, NULL, NULL));
}

Rate
rates_connections (const RatesPair *pair, const char *vpc_ns, guint count)
{
  const struct timeval patience = { .tv_sec = 5 };
  Places places = places_open (pair);
  struct sockaddr_in from = socket_address (pair->client, 0);
  struct sockaddr_in to = socket_address (pair->server, PORT);
  Instant begun;
  int listener;
  Rate rate;

  g_assert_cmpuint (count, <, 50000);
  enter (places.server);
  listener = bound_socket (pair->server, SOCK_STREAM, PORT);
  g_assert_cmpint (listen (listener, 64), ==, 0);
  setsockopt (listener, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  enter (places.client);
  begun = instant ();
  for (guint i = 0; i < count; i++)
    {
      from.sin_port = htons ((guint16) (10000 + i));
      connect_once (&from, &to, listener);
    }
  rate = rate_since (&begun, count);
  close (listener);
  places_close (&places);
  forget_flows (vpc_ns);
  return rate;
}
