/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Questions to a name server, and the answers of one, by hand. */
#include "dns-client.h"
#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "netctl.h"
#include "world.h"

#define HEADER 12
#define SOON_MS 5000

typedef struct
{
  guint8 bytes[1500];
  gsize length;
} Message;

static void
put (Message *message, gconstpointer data, gsize length)
{
  assert_true (message->length + length <= sizeof message->bytes);
  memcpy (message->bytes + message->length, data, length);
  message->length += length;
}

static guint
get16 (const Message *message, gsize at)
{
  assert_true (at + 2 <= message->length);
  return (guint) message->bytes[at] << 8 | message->bytes[at + 1];
}

void
dns_send (int fd, const char *name, guint16 type)
{
  struct sockaddr_in server = { .sin_family = AF_INET, .sin_port = htons (53) };
  g_auto (GStrv) labels = g_strsplit (name, ".", -1);
  guint16 wire_type = htons (type);
  Message message = { .length = 0 };

  put (&message, "nc\1\0\0\1\0\0\0\0\0\0", HEADER);
  for (guint i = 0; labels[i] != NULL; i++)
    {
      guint8 length = (guint8) strlen (labels[i]);

      put (&message, &length, 1);
      put (&message, labels[i], length);
    }
  put (&message, "", 1);
  put (&message, &wire_type, 2);
  put (&message, "\0\1", 2);
  assert_int_equal (inet_pton (AF_INET, NETCTL_DNS_ADDRESS, &server.sin_addr), 1);
  assert_int_equal (
      sendto (fd, message.bytes, message.length, 0, (struct sockaddr *) &server, sizeof server),
      message.length);
}

/* Reads a name, perhaps in pieces, into @out, and returns where it ends. */
static gsize
read_name (const Message *message, gsize at, GString *out)
{
  gsize end = 0;

  for (guint pieces = 0; pieces < 64; pieces++)
    {
      guint8 length;

      assert_true (at < message->length);
      length = message->bytes[at];
      if (length == 0)
        return end != 0 ? end : at + 1;
      if (length >= 0xc0)
        {
          if (end == 0)
            end = at + 2;
          at = get16 (message, at) & 0x3fff;
          continue;
        }
      assert_true (at + 1 + length <= message->length);
      if (out->len > 0 && out->str[out->len - 1] != ' ')
        g_string_append_c (out, '.');
      g_string_append_len (out, (const char *) message->bytes + at + 1, length);
      at += 1u + length;
    }
  fail_msg ("a name without an end");
  return 0;
}

static gsize
read_record (const Message *message, gsize at, GString *out)
{
  g_autoptr (GString) owner = g_string_new (NULL);
  char text[INET6_ADDRSTRLEN] = "";
  guint type, length;

  at = read_name (message, at, owner);
  type = get16 (message, at);
  length = get16 (message, at + 8);
  at += 10;
  assert_true (at + length <= message->length);
  if (out->len > 0)
    g_string_append_c (out, ' ');
  if (type == DNS_A || type == DNS_AAAA)
    g_string_append (out, inet_ntop (type == DNS_A ? AF_INET : AF_INET6, message->bytes + at, text,
                                     sizeof text));
  else
    read_name (message, at, out);
  return at + length;
}

char *
dns_receive (int fd, guint timeout_ms)
{
  struct pollfd event = { fd, POLLIN, 0 };
  GString *out = g_string_new (NULL), *question;
  Message message;
  gssize length;
  gsize at;

  if (poll (&event, 1, (int) timeout_ms) != 1)
    return g_string_free (g_string_append (out, "no answer"), FALSE);
  length = recv (fd, message.bytes, sizeof message.bytes, 0);
  assert_true (length >= HEADER);
  message.length = (gsize) length;
  switch (message.bytes[3] & 15)
    {
    case 0:
      break;
    case 3:
      return g_string_free (g_string_append (out, "no such name"), FALSE);
    case 5:
      return g_string_free (g_string_append (out, "refused"), FALSE);
    default:
      return g_string_free (g_string_append (out, "failure"), FALSE);
    }
  question = g_string_new (NULL);
  at = read_name (&message, HEADER, question) + 4;
  g_string_free (question, TRUE);
  for (guint i = 0; i < get16 (&message, 6); i++)
    at = read_record (&message, at, out);
  if (out->len == 0)
    g_string_append (out, "nothing");
  return g_string_free (out, FALSE);
}

char *
dns_ask (const char *ns, const char *name, guint16 type)
{
  int fd = world_udp (ns, "0.0.0.0", 0);
  char *answer;

  dns_send (fd, name, type);
  answer = dns_receive (fd, SOON_MS);
  close (fd);
  return answer;
}

void
dns_assert (const char *ns, const char *name, guint16 type, const char *expected)
{
  gint64 deadline = g_get_monotonic_time () + SOON_MS * 1000;

  for (;;)
    {
      g_autofree char *answer = dns_ask (ns, name, type);

      if (g_str_equal (answer, expected))
        return;
      if (g_get_monotonic_time () >= deadline)
        assert_string_equal (answer, expected);
      g_usleep (10000);
    }
}

char *
dns_answer (int fd, const char *address, guint timeout_ms)
{
  struct pollfd event = { fd, POLLIN, 0 };
  struct sockaddr_in asker;
  socklen_t size = sizeof asker;
  g_autoptr (GString) name = g_string_new (NULL);
  char text[INET_ADDRSTRLEN];
  struct in_addr wanted;
  Message message;
  gssize length;

  if (poll (&event, 1, (int) timeout_ms) != 1)
    return NULL;
  length = recvfrom (fd, message.bytes, sizeof message.bytes, 0, (struct sockaddr *) &asker, &size);
  assert_true (length >= HEADER);
  message.length = (gsize) length;
  message.length = read_name (&message, HEADER, name) + 4;
  memcpy (message.bytes + 2, "\x81\x80\0\1\0\1\0\0\0\0", 10);
  put (&message, "\xc0\x0c\0\1\0\1\0\0\0\x3c\0\4", 12);
  assert_int_equal (inet_pton (AF_INET, address, &wanted), 1);
  put (&message, &wanted, sizeof wanted);
  assert_int_equal (sendto (fd, message.bytes, message.length, 0, (struct sockaddr *) &asker, size),
                    message.length);
  return g_strdup (inet_ntop (AF_INET, &asker.sin_addr, text, sizeof text));
}
