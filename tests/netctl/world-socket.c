/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Sockets in the namespaces of a private host. */
#include "world.h"
#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "netctl-ns.h"

typedef struct
{
  int domain, type, protocol, fd;
} Opening;

static gboolean
open_here (gpointer data, GError **error)
{
  Opening *opening = data;

  opening->fd = socket (opening->domain, opening->type | SOCK_CLOEXEC, opening->protocol);
  return opening->fd >= 0;
}

static int
open_socket (const char *ns, int domain, int type, int protocol)
{
  Opening opening = { domain, type, protocol, -1 };
  int fd = *ns != '\0' ? netctl_ns_open (ns, FALSE, NULL) : -1;

  assert_true (*ns == '\0' || fd >= 0);
  netctl_ns_run (fd, open_here, &opening, NULL);
  if (fd >= 0)
    close (fd);
  assert_true (opening.fd >= 0);
  return opening.fd;
}

typedef struct
{
  struct sockaddr_storage storage;
  socklen_t length;
  int domain;
} SocketName;

static SocketName
socket_address (const char *address, guint16 port)
{
  SocketName name = { .length = sizeof (struct sockaddr_in), .domain = AF_INET };
  struct sockaddr_in *v4 = (struct sockaddr_in *) &name.storage;
  struct sockaddr_in6 *v6 = (struct sockaddr_in6 *) &name.storage;

  if (strchr (address, ':') == NULL)
    {
      v4->sin_family = AF_INET;
      v4->sin_port = htons (port);
      assert_int_equal (inet_pton (AF_INET, address, &v4->sin_addr), 1);
      return name;
    }
  name.length = sizeof *v6;
  name.domain = AF_INET6;
  v6->sin6_family = AF_INET6;
  v6->sin6_port = htons (port);
  assert_int_equal (inet_pton (AF_INET6, address, &v6->sin6_addr), 1);
  return name;
}

static gboolean
wait_for (int fd, short events, guint timeout_ms)
{
  struct pollfd event = { fd, events, 0 };

  return poll (&event, 1, (int) timeout_ms) == 1;
}

int
world_listen (const char *ns, const char *address, guint16 port)
{
  SocketName name = socket_address (address, port);
  int fd = open_socket (ns, name.domain, SOCK_STREAM, 0), on = 1;

  assert_int_equal (setsockopt (fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on), 0);
  assert_int_equal (bind (fd, (struct sockaddr *) &name.storage, name.length), 0);
  assert_int_equal (listen (fd, 16), 0);
  return fd;
}

int
world_connect (const char *ns, const char *address, guint16 port, guint timeout_ms)
{
  SocketName name = socket_address (address, port);
  int fd = open_socket (ns, name.domain, SOCK_STREAM | SOCK_NONBLOCK, 0), code = 0;
  socklen_t length = sizeof code;

  if (connect (fd, (struct sockaddr *) &name.storage, name.length) == 0)
    return fd;
  if (errno == EINPROGRESS && wait_for (fd, POLLOUT, timeout_ms)
      && getsockopt (fd, SOL_SOCKET, SO_ERROR, &code, &length) == 0 && code == 0)
    return fd;
  close (fd);
  return -1;
}

/* TRUE if a connection began; it is closed. */
static gboolean
connects (const char *ns, const char *address, guint16 port, guint timeout_ms)
{
  int fd = world_connect (ns, address, port, timeout_ms);

  if (fd >= 0)
    close (fd);
  return fd >= 0;
}

gboolean
world_reaches (const char *ns, const char *address, guint16 port)
{
  return connects (ns, address, port, WORLD_SOON_MS);
}

gboolean
world_is_kept_out (const char *ns, const char *address, guint16 port)
{
  return !connects (ns, address, port, WORLD_NEVER_MS);
}

int
world_accept (int fd, guint timeout_ms)
{
  return wait_for (fd, POLLIN, timeout_ms) ? accept4 (fd, NULL, NULL, SOCK_CLOEXEC) : -1;
}

char *
world_peer (int fd)
{
  struct sockaddr_in name = { 0 };
  socklen_t length = sizeof name;
  char text[INET_ADDRSTRLEN];

  assert_int_equal (getpeername (fd, (struct sockaddr *) &name, &length), 0);
  assert_non_null (inet_ntop (AF_INET, &name.sin_addr, text, sizeof text));
  return g_strdup (text);
}

int
world_udp (const char *ns, const char *address, guint16 port)
{
  SocketName name = socket_address (address, port);
  int fd = open_socket (ns, name.domain, SOCK_DGRAM, 0);

  assert_int_equal (bind (fd, (struct sockaddr *) &name.storage, name.length), 0);
  return fd;
}

int
world_packet (const char *ns, const char *link, guint16 protocol)
{
  struct sockaddr_ll name = { .sll_family = AF_PACKET, .sll_protocol = htons (protocol) };
  int fd = open_socket (ns, AF_PACKET, SOCK_RAW, htons (protocol));
  struct ifreq request = { 0 };

  g_strlcpy (request.ifr_name, link, sizeof request.ifr_name);
  assert_int_equal (ioctl (fd, SIOCGIFINDEX, &request), 0);
  name.sll_ifindex = request.ifr_ifindex;
  assert_int_equal (bind (fd, (struct sockaddr *) &name, sizeof name), 0);
  return fd;
}

gboolean
world_sends (int from, const char *address, guint16 port, int to, guint timeout_ms)
{
  SocketName name = socket_address (address, port);
  char byte;

  return sendto (from, "x", 1, 0, (struct sockaddr *) &name.storage, name.length) == 1
         && wait_for (to, POLLIN, timeout_ms) && recv (to, &byte, 1, 0) == 1;
}

gboolean
world_reads (int fd, guint8 *out, gsize length, guint timeout_ms)
{
  gsize got = 0;

  while (got < length && wait_for (fd, POLLIN, timeout_ms))
    {
      gssize part = recv (fd, out + got, length - got, 0);

      if (part <= 0)
        return FALSE;
      got += (gsize) part;
    }
  return got == length;
}

gboolean
world_passes (int from, int to, const char *text, guint timeout_ms)
{
  gsize length = strlen (text);
  g_autofree char *buffer = g_malloc0 (length + 1);

  return send (from, text, length, MSG_NOSIGNAL) == (gssize) length
         && world_reads (to, (guint8 *) buffer, length, timeout_ms) && g_str_equal (buffer, text);
}

char *
world_http (const char *ns, const char *address, const char *request)
{
  int fd = world_connect (ns, address, 80, 1000);
  GString *answer;
  char buffer[4096];
  gssize part;

  if (fd < 0)
    return NULL;
  answer = g_string_new (NULL);
  if (send (fd, request, strlen (request), MSG_NOSIGNAL) > 0)
    while (wait_for (fd, POLLIN, 5000) && (part = recv (fd, buffer, sizeof buffer, 0)) > 0)
      g_string_append_len (answer, buffer, part);
  close (fd);
  return g_string_free (answer, answer->len == 0);
}

/* The kernel fills in the checksum of ICMPv6, and gives no header with it. */
gboolean
world_pings (const char *ns, const char *address, guint timeout_ms)
{
  static const guint8 request4[8] = { 8, 0, 0xf7, 0xfd, 0, 1, 0, 1 };
  static const guint8 request6[8] = { 128, 0, 0, 0, 0, 1, 0, 1 };
  SocketName name = socket_address (address, 0);
  gboolean is_ipv6 = name.domain == AF_INET6, is_answered = FALSE;
  gsize at = is_ipv6 ? 0 : 20;
  int fd = open_socket (ns, name.domain, SOCK_RAW, is_ipv6 ? IPPROTO_ICMPV6 : IPPROTO_ICMP);
  gint64 deadline = g_get_monotonic_time () + (gint64) timeout_ms * 1000;
  guint8 buffer[256];

  /* Link-local addresses are those of a guest's only link. */
  if (g_str_has_prefix (address, "fe80:"))
    assert_int_equal (setsockopt (fd, SOL_SOCKET, SO_BINDTODEVICE, "eth0", sizeof "eth0"), 0);
  if (sendto (fd, is_ipv6 ? request6 : request4, 8, 0, (struct sockaddr *) &name.storage,
              name.length)
      > 0)
    while (!is_answered && g_get_monotonic_time () < deadline && wait_for (fd, POLLIN, timeout_ms))
      is_answered
          = recv (fd, buffer, sizeof buffer, 0) >= (gssize) at + 8
            && buffer[at] == (is_ipv6 ? 129 : 0)
            && (is_ipv6
                || memcmp (buffer + 12, &((struct sockaddr_in *) &name.storage)->sin_addr, 4) == 0);
  close (fd);
  return is_answered;
}
