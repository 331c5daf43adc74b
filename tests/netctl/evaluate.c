/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A reader of compiled rules: what a chain says to a packet, by its text alone. */
#include "evaluate.h"
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define WORD 16

/* A field of a packet, or a range of its values: numbers as 16 bytes in network order. */
typedef struct
{
  guint8 low[WORD], high[WORD];
} Range;

static void
put_number (guint8 *bytes, guint number)
{
  memset (bytes, 0, WORD);
  bytes[WORD - 2] = (guint8) (number >> 8);
  bytes[WORD - 1] = (guint8) number;
}

static Range
address_range (const NetctlPrefix *prefix)
{
  Range range = { { 0 }, { 0 } };

  for (guint bit = 0; bit < WORD * 8; bit++)
    {
      guint8 mask = (guint8) (0x80 >> bit % 8);

      if (bit >= prefix->length)
        range.high[bit / 8] |= mask;
      else if ((prefix->bytes[bit / 8] & mask) != 0)
        {
          range.low[bit / 8] |= mask;
          range.high[bit / 8] |= mask;
        }
    }
  return range;
}

static guint
number (const char *text)
{
  guint64 value;

  assert_true (g_ascii_string_to_unsigned (text, 10, 0, 65535, &value, NULL));
  return (guint) value;
}

static Range
read_range (const char *text)
{
  g_auto (GStrv) ends = NULL;
  NetctlPrefix prefix;
  Range range;

  if (strpbrk (text, ".:") != NULL)
    {
      assert_true (netctl_prefix_parse (text, &prefix));
      return address_range (&prefix);
    }
  ends = g_strsplit (text, "-", 2);
  put_number (range.low, number (ends[0]));
  put_number (range.high, number (ends[1] != NULL ? ends[1] : ends[0]));
  return range;
}

static gboolean
contains (const Range *range, const guint8 *value)
{
  return memcmp (range->low, value, WORD) <= 0 && memcmp (value, range->high, WORD) <= 0;
}

/* Reads "ip saddr" and its like. FALSE if the packet has no such field: the rule does not match. */
static gboolean
read_field (const Packet *packet, const char *first, const char *second, guint8 *value)
{
  gboolean is_ipv4 = packet->source.family == G_SOCKET_FAMILY_IPV4;
  gboolean is_source = second[0] == 's';
  int port = is_source ? packet->source_port : packet->destination_port;

  memset (value, 0, WORD);
  if (g_str_equal (first, "ip") || g_str_equal (first, "ip6"))
    {
      assert_true (g_str_equal (second, "saddr") || g_str_equal (second, "daddr"));
      memcpy (value, is_source ? packet->source.bytes : packet->destination.bytes,
              is_ipv4 ? 4 : 16);
      return g_str_equal (first, "ip") == is_ipv4;
    }
  if (g_str_equal (first, "meta"))
    {
      assert_string_equal (second, "l4proto");
      put_number (value, (guint) packet->protocol);
      return TRUE;
    }
  assert_true (g_str_equal (second, "sport") || g_str_equal (second, "dport"));
  put_number (value, (guint) MAX (port, 0));
  if (g_str_equal (first, "th"))
    return port != -1;
  assert_true (g_str_equal (first, "tcp") || g_str_equal (first, "udp"));
  return packet->protocol == (g_str_equal (first, "tcp") ? IPPROTO_TCP : IPPROTO_UDP);
}

static const NetctlTableObject *
find (const NetctlTables *tables, const char *name, gboolean is_chain)
{
  for (guint i = 0; i < tables->objects->len; i++)
    {
      const NetctlTableObject *object = g_ptr_array_index (tables->objects, i);

      if (g_str_equal (object->name, name) && g_str_equal (object->table, "inet ecs")
          && (object->kind == NETCTL_TABLE_CHAIN) == is_chain)
        return object;
    }
  fail_msg ("\"%s\" is not there", name);
  return NULL;
}

/* Whether @expected, a range or "@set", has the values of the fields before it. */
static gboolean
has_values (const NetctlTables *tables, const char *expected, const GPtrArray *values)
{
  const NetctlTableObject *set;

  if (*expected != '@')
    {
      Range range = read_range (expected);

      assert_int_equal (values->len, 1);
      return contains (&range, g_ptr_array_index (values, 0));
    }
  set = find (tables, expected + 1, FALSE);
  for (guint i = 0; i < set->lines->len; i++)
    {
      g_auto (GStrv) parts = g_strsplit (g_ptr_array_index (set->lines, i), " . ", -1);
      gboolean is_match = TRUE;

      assert_int_equal (g_strv_length (parts), values->len);
      for (guint j = 0; j < values->len && is_match; j++)
        {
          Range range = read_range (parts[j]);

          is_match = contains (&range, g_ptr_array_index (values, j));
        }
      if (is_match)
        return TRUE;
    }
  return FALSE;
}

/* Reads one comparison at *@words; moves behind it. */
static gboolean
comparison (const NetctlTables *tables, char ***words, const Packet *packet)
{
  g_autoptr (GPtrArray) values = g_ptr_array_new_with_free_func (g_free);
  gboolean has_all = TRUE;
  char **at = *words;

  if (g_str_equal (at[0], "meta") && g_str_equal (at[1], "nfproto"))
    {
      *words = at + 3;
      return g_str_equal (at[2], packet->source.family == G_SOCKET_FAMILY_IPV4 ? "ipv4" : "ipv6");
    }
  do
    {
      guint8 *value = g_malloc0 (WORD);

      if (values->len > 0)
        at++;
      g_ptr_array_add (values, value);
      has_all = read_field (packet, at[0], at[1], value) && has_all;
      at += 2;
    }
  while (g_str_equal (at[0], "."));
  *words = at + 1;
  return has_all && has_values (tables, at[0], values);
}

static gboolean
is_verdict (const char *word)
{
  return g_str_equal (word, "accept") || g_str_equal (word, "drop") || g_str_equal (word, "goto");
}

const char *
evaluate_chain (const NetctlTables *tables, const char *name, const Packet *packet)
{
  const NetctlTableObject *chain = find (tables, name, TRUE);

  for (guint i = 0; i < chain->lines->len; i++)
    {
      const char *line = g_ptr_array_index (chain->lines, i);
      g_auto (GStrv) words = g_strsplit (line, " ", -1);
      gboolean is_match = TRUE;
      char **at = words;

      while (is_match && !is_verdict (*at))
        is_match = comparison (tables, &at, packet);
      if (is_match)
        return g_str_equal (*at, "goto") ? strstr (line, "goto ")
                                         : (g_str_equal (*at, "drop") ? "drop" : "accept");
    }
  fail_msg ("chain \"%s\" has no end", name);
  return NULL;
}

static gboolean
elements_meet (const char *a, const char *b)
{
  g_auto (GStrv) x = g_strsplit (a, " . ", -1), y = g_strsplit (b, " . ", -1);

  for (guint i = 0; x[i] != NULL; i++)
    {
      Range one = read_range (x[i]), two = read_range (y[i]);

      if (memcmp (one.low, two.high, WORD) > 0 || memcmp (two.low, one.high, WORD) > 0)
        return FALSE;
    }
  return TRUE;
}

void
evaluate_assert_disjoint (const NetctlTables *tables)
{
  for (guint i = 0; i < tables->objects->len; i++)
    {
      const NetctlTableObject *set = g_ptr_array_index (tables->objects, i);

      if (set->head == NULL || strstr (set->head, "interval") == NULL)
        continue;
      for (guint j = 0; j < set->lines->len; j++)
        for (guint k = 0; k < j; k++)
          if (elements_meet (g_ptr_array_index (set->lines, j), g_ptr_array_index (set->lines, k)))
            fail_msg ("set %s: %s and %s overlap", set->name,
                      (char *) g_ptr_array_index (set->lines, j),
                      (char *) g_ptr_array_index (set->lines, k));
    }
}

static gboolean
lies_in (const NetctlPrefix *address, const NetctlPrefix *prefix)
{
  Range range = address_range (prefix), value = address_range (address);

  return address->family == prefix->family && contains (&range, value.low);
}

gboolean
evaluate_plain (const GArray *rules, NetctlDirection direction, const Packet *packet,
                gboolean (*is_member) (const NetctlPrefix *peer, guint32 group, gpointer data),
                gpointer data)
{
  gboolean is_ingress = direction == NETCTL_INGRESS, accepts = !is_ingress;
  const NetctlPrefix *peer = is_ingress ? &packet->source : &packet->destination;
  const NetctlPrefix *near = is_ingress ? &packet->destination : &packet->source;
  guint best = G_MAXUINT;

  for (guint i = 0; i < rules->len; i++)
    {
      const NetctlRule *rule = &g_array_index (rules, NetctlRule, i);

      if (rule->direction != direction)
        continue;
      if (rule->peer_is_group ? !is_member (peer, rule->peer_group, data)
                              : !lies_in (peer, &rule->peer))
        continue;
      if (rule->has_near && !lies_in (near, &rule->near))
        continue;
      if (rule->protocol != -1 && rule->protocol != packet->protocol)
        continue;
      if (rule->port_min != -1
          && (packet->destination_port < rule->port_min
              || packet->destination_port > rule->port_max))
        continue;
      if (rule->source_port_min != -1
          && (packet->source_port < rule->source_port_min
              || packet->source_port > rule->source_port_max))
        continue;
      if (rule->priority > best || (rule->priority == best && !accepts))
        continue;
      best = rule->priority;
      accepts = rule->accept;
    }
  return accepts;
}
