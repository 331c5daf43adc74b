/* SPDX-License-Identifier: GPL-2.0-or-later */
/* DHCPv6 with one fixed address a guest (RFC 8415). */
#include "netctl-lease6.h"
#include "netctl-bytes.h"
#include <string.h>

#define FOR_EVER 0xffffffffu
/* A client's name for itself is no longer. */
#define CLIENT_ID_MAX 130
/* Far more than any client asks for; the answer must fit into a packet. */
#define ASSOCIATIONS_MAX 8

typedef enum
{
  SOLICIT = 1,
  ADVERTISE = 2,
  REQUEST = 3,
  CONFIRM = 4,
  RENEW = 5,
  REBIND = 6,
  REPLY = 7,
  RELEASE = 8,
  INFORMATION_REQUEST = 11
} Type;

typedef enum
{
  CLIENT_ID = 1,
  SERVER_ID = 2,
  ADDRESSES = 3,
  TEMPORARY_ADDRESSES = 4,
  ADDRESS = 5,
  WANTED = 6,
  STATUS = 13,
  RAPID_COMMIT = 14,
  DOMAINS = 24,
  PREFIXES = 25,
  SNTP = 31,
  NTP = 56
} Option;

typedef enum
{
  SUCCESS = 0,
  NO_ADDRESSES = 2,
  NOT_ON_LINK = 4,
  NO_PREFIXES = 6
} Status;

/* "Link-layer address of Ethernet" and the gateway's, the same on all hosts. */
static const guint8 server_id[] = { 0, 3, 0, 1, 0x02, 0xee, 0xee, 0xee, 0xee, 0xee };

/* One option of a list. */
typedef struct
{
  guint code, length;
  const guint8 *data;
} Item;

/* Takes the first option off a list; FALSE at its end. *@out_is_wrong when it does not end well. */
static gboolean
next_item (const guint8 **at, gsize *left, Item *out, gboolean *out_is_wrong)
{
  if (*left == 0)
    return FALSE;
  if (*left < 4 || netctl_get16 (*at + 2) > *left - 4)
    {
      *out_is_wrong = TRUE;
      return FALSE;
    }
  out->code = netctl_get16 (*at);
  out->length = netctl_get16 (*at + 2);
  out->data = *at + 4;
  *at += 4 + out->length;
  *left -= 4 + out->length;
  return TRUE;
}

typedef struct
{
  Type type;
  const guint8 *transaction;
  Item client, server; /* data NULL if there is none */
  gboolean is_rapid, wants_domains, wants_ntp, wants_sntp;
  Item associations[ASSOCIATIONS_MAX];
  guint count;
} Question;

static void
take_item (Question *question, const Item *item)
{
  switch (item->code)
    {
    case CLIENT_ID:
      question->client = *item;
      break;
    case SERVER_ID:
      question->server = *item;
      break;
    case RAPID_COMMIT:
      question->is_rapid = TRUE;
      break;
    case ADDRESSES:
    case TEMPORARY_ADDRESSES:
    case PREFIXES:
      if (question->count < ASSOCIATIONS_MAX)
        question->associations[question->count++] = *item;
      break;
    case WANTED:
      for (guint i = 0; i + 2 <= item->length; i += 2)
        {
          guint code = netctl_get16 (item->data + i);

          question->wants_domains |= code == DOMAINS;
          question->wants_ntp |= code == NTP;
          question->wants_sntp |= code == SNTP;
        }
      break;
    default:
      break;
    }
}

/* Who must name the server, must name us; others must name none. */
static gboolean
is_for_us (const Question *question)
{
  gboolean is_named = question->server.data != NULL && question->server.length == sizeof server_id
                      && memcmp (question->server.data, server_id, sizeof server_id) == 0;
  gboolean has_client = question->client.data != NULL && question->client.length > 0
                        && question->client.length <= CLIENT_ID_MAX;

  switch (question->type)
    {
    case SOLICIT:
    case CONFIRM:
    case REBIND:
      return has_client && question->server.data == NULL;
    case REQUEST:
    case RENEW:
    case RELEASE:
      return has_client && is_named;
    case INFORMATION_REQUEST:
      return (has_client || question->client.data == NULL)
             && (is_named || question->server.data == NULL) && question->count == 0;
    default:
      return FALSE;
    }
}

static gboolean
read_question (const guint8 *message, gsize length, Question *out)
{
  const guint8 *at;
  gsize left;
  gboolean is_wrong = FALSE;
  Item item;

  memset (out, 0, sizeof *out);
  if (length < 4)
    return FALSE;
  at = message + 4;
  left = length - 4;
  out->type = message[0];
  out->transaction = message + 1;
  while (next_item (&at, &left, &item, &is_wrong))
    take_item (out, &item);
  return !is_wrong && is_for_us (out);
}

/* Writing. An option begins with its code and a length that is filled in at its end. */

static guint
open_option (GByteArray *out, Option code)
{
  netctl_put16 (out, code);
  netctl_put16 (out, 0);
  return out->len;
}

static void
close_option (GByteArray *out, guint start)
{
  netctl_set16 (out, start - 2, out->len - start);
}

static void
put_option (GByteArray *out, Option code, gconstpointer data, guint length)
{
  guint start = open_option (out, code);

  netctl_put (out, data, length);
  close_option (out, start);
}

static void
put_status (GByteArray *out, Status status)
{
  guint start = open_option (out, STATUS);

  netctl_put16 (out, status);
  close_option (out, start);
}

static void
put_address (GByteArray *out, const guint8 *address, guint32 lifetime)
{
  guint start = open_option (out, ADDRESS);

  netctl_put (out, address, 16);
  netctl_put32 (out, lifetime);
  netctl_put32 (out, lifetime);
  close_option (out, start);
}

/* The addresses that an association of the client names. */
static gboolean
next_address (const guint8 **at, gsize *left, const guint8 **out)
{
  gboolean is_wrong = FALSE;
  Item item;

  while (next_item (at, left, &item, &is_wrong))
    if (item.code == ADDRESS && item.length >= 24)
      {
        *out = item.data;
        return TRUE;
      }
  return FALSE;
}

static gboolean
begin_addresses (const Item *association, const guint8 **out_at, gsize *out_left)
{
  if (association->code != ADDRESSES || association->length < 12)
    return FALSE;
  *out_at = association->data + 12;
  *out_left = association->length - 12;
  return TRUE;
}

/* The guest's address for the first, for ever; what else the client had there is over. */
static void
put_association (GByteArray *out, const NetctlLease6 *lease, const Item *association,
                 gboolean is_first)
{
  guint start = open_option (out, association->code);
  const guint8 *at, *address;
  guint over = 0;
  gsize left;

  netctl_put (out, association->data, 4);
  if (association->code != TEMPORARY_ADDRESSES)
    {
      netctl_put32 (out, is_first ? FOR_EVER : 0);
      netctl_put32 (out, is_first ? FOR_EVER : 0);
    }
  if (is_first)
    put_address (out, lease->address.bytes, FOR_EVER);
  else
    put_status (out, association->code == PREFIXES ? NO_PREFIXES : NO_ADDRESSES);
  if (begin_addresses (association, &at, &left))
    while (over < ASSOCIATIONS_MAX && next_address (&at, &left, &address))
      if (memcmp (address, lease->address.bytes, 16) != 0)
        {
          put_address (out, address, 0);
          over++;
        }
  close_option (out, start);
}

static void
put_associations (GByteArray *out, const NetctlLease6 *lease, const Question *question)
{
  gboolean is_given = FALSE;

  for (guint i = 0; i < question->count; i++)
    {
      const Item *association = &question->associations[i];
      gboolean is_first = association->code == ADDRESSES && !is_given;

      if (association->length < 4)
        continue;
      put_association (out, lease, association, is_first);
      is_given |= is_first;
    }
}

static void
put_domains (GByteArray *out, const char *domain)
{
  g_auto (GStrv) labels = g_strsplit (domain, ".", -1);
  guint start = open_option (out, DOMAINS);

  for (guint i = 0; labels[i] != NULL; i++)
    {
      guint8 length = (guint8) strlen (labels[i]);

      if (length == 0 || length > 63)
        continue;
      netctl_put8 (out, length);
      netctl_put (out, labels[i], length);
    }
  netctl_put8 (out, 0);
  close_option (out, start);
}

static void
put_servers (GByteArray *out, const Question *question, const GArray *servers)
{
  guint start;

  if (question->wants_sntp)
    {
      start = open_option (out, SNTP);
      for (guint i = 0; i < servers->len; i++)
        netctl_put (out, g_array_index (servers, NetctlPrefix, i).bytes, 16);
      close_option (out, start);
    }
  if (!question->wants_ntp)
    return;
  start = open_option (out, NTP);
  for (guint i = 0; i < servers->len; i++)
    put_option (out, (Option) 1, g_array_index (servers, NetctlPrefix, i).bytes, 16);
  close_option (out, start);
}

/* Whether each address that the client believes to have is the guest's; *@out_any if it has one. */
static gboolean
are_right (const NetctlLease6 *lease, const Question *question, gboolean *out_any)
{
  gboolean are_right = TRUE;
  const guint8 *at, *address;
  gsize left;

  *out_any = FALSE;
  for (guint i = 0; i < question->count; i++)
    if (begin_addresses (&question->associations[i], &at, &left))
      while (next_address (&at, &left, &address))
        {
          *out_any = TRUE;
          are_right &= memcmp (address, lease->address.bytes, 16) == 0;
        }
  return are_right;
}

GByteArray *
netctl_lease6_answer (const NetctlLease6 *lease, const guint8 *message, gsize length)
{
  g_autoptr (GByteArray) out = g_byte_array_new ();
  gboolean has_any, is_right;
  Question question;

  if (!read_question (message, length, &question))
    return NULL;
  netctl_put8 (out, question.type == SOLICIT && !question.is_rapid ? ADVERTISE : REPLY);
  netctl_put (out, question.transaction, 3);
  if (question.client.data != NULL)
    put_option (out, CLIENT_ID, question.client.data, question.client.length);
  put_option (out, SERVER_ID, server_id, sizeof server_id);
  if (question.type == SOLICIT && question.is_rapid)
    put_option (out, RAPID_COMMIT, "", 0);
  is_right = are_right (lease, &question, &has_any);
  if (question.type == CONFIRM && !has_any)
    return NULL;
  if (question.type == CONFIRM || question.type == RELEASE)
    put_status (out, question.type == RELEASE || is_right ? SUCCESS : NOT_ON_LINK);
  else
    put_associations (out, lease, &question);
  if (question.wants_domains && *lease->domain != '\0')
    put_domains (out, lease->domain);
  if (lease->ntp->len > 0)
    put_servers (out, &question, lease->ntp);
  return g_steal_pointer (&out);
}
