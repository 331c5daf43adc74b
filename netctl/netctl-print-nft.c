/* SPDX-License-Identifier: GPL-2.0-or-later */
/* nft tables as lines, an object each, in nft's own words. */
#include "netctl-apply.h"
#include "netctl-ns.h"
#include "netctl-print.h"
#include <errno.h>
#include <sched.h>
#include <string.h>

/* Where in a listing we are; it reads
 *   table inet ecs {
 *      set port4 {
 *         type ifname . ether_addr . ipv4_addr
 *         elements = { a, b,
 *                 c }
 *      }
 *      chain c_raw {
 *         type filter hook prerouting priority -310; policy accept;
 *         iifname != "et0*" accept
 *      }
 *   }
 */
typedef struct
{
  NetctlLines *lines;
  const char *place;
  gboolean all;
  char *table;       /* "inet ecs"; NULL outside or in a table that is not listed */
  char *object;      /* "set port4"; NULL outside */
  GString *head;     /* what it says of itself */
  GString *elements; /* NULL outside of them */
} Reader;

static gboolean
is_ours (const char *table)
{
  return g_str_has_prefix (table, "inet ecs") || g_str_has_prefix (table, "arp ecs");
}

/* "word name {" without the brace. */
static char *
name_of (const char *line)
{
  return g_strndup (line, strcspn (line, "{") > 0 ? strcspn (line, "{") - 1 : 0);
}

static void
begin_object (Reader *reader, const char *line)
{
  reader->object = name_of (line);
  g_string_truncate (reader->head, 0);
}

static void
add_element (Reader *reader, char *text)
{
  g_strstrip (text);
  /* How much each tap sent lately comes and goes by itself. */
  if (*text != '\0' && strstr (reader->head->str, "dynamic") == NULL)
    netctl_lines_add (reader->lines, reader->place, "%s %s element %s", reader->table,
                      reader->object, text);
}

/* Commas also stand in quotes, but in no name of ours. */
static void
end_elements (Reader *reader)
{
  g_auto (GStrv) elements = g_strsplit (reader->elements->str, ",", -1);

  for (guint i = 0; elements[i] != NULL; i++)
    add_element (reader, elements[i]);
  g_string_free (reader->elements, TRUE);
  reader->elements = NULL;
}

static void
read_elements (Reader *reader, const char *text)
{
  gsize length = strlen (text);

  if (length > 0 && text[length - 1] == '}')
    {
      g_string_append_len (reader->elements, text, (gssize) length - 1);
      end_elements (reader);
    }
  else
    g_string_append (reader->elements, text);
}

static void
end_object (Reader *reader)
{
  netctl_lines_add (reader->lines, reader->place, "%s %s%s%s", reader->table, reader->object,
                    reader->head->len > 0 ? " " : "", reader->head->str);
  g_clear_pointer (&reader->object, g_free);
}

/* A rule, or what the object says of itself. */
static void
read_line (Reader *reader, const char *line)
{
  gboolean is_chain = g_str_has_prefix (reader->object, "chain ");
  g_autofree char *head = NULL;

  if (!is_chain && g_str_has_prefix (line, "elements = {"))
    {
      reader->elements = g_string_new (NULL);
      read_elements (reader, line + strlen ("elements = {"));
    }
  else if (!is_chain || g_str_has_prefix (line, "type "))
    g_string_append_printf (reader->head, "%s%s", reader->head->len > 0 ? " " : "", line);
  else
    {
      head = g_strdup_printf ("%s %s rule", reader->table, reader->object);
      netctl_lines_add_next (reader->lines, reader->place, head, line);
    }
}

static void
read_any (Reader *reader, const char *line)
{
  if (reader->elements != NULL)
    read_elements (reader, line);
  else if (reader->object != NULL && g_str_equal (line, "}"))
    end_object (reader);
  else if (reader->object != NULL)
    read_line (reader, line);
  else if (reader->table != NULL && g_str_equal (line, "}"))
    g_clear_pointer (&reader->table, g_free);
  else if (reader->table != NULL && g_str_has_suffix (line, "{"))
    begin_object (reader, line);
  else if (g_str_has_prefix (line, "table "))
    {
      g_autofree char *table = name_of (line + strlen ("table "));

      if (!reader->all && !is_ours (table))
        return;
      netctl_lines_add (reader->lines, reader->place, "%s table", table);
      reader->table = g_steal_pointer (&table);
    }
}

static void
read_listing (NetctlLines *lines, const char *place, gboolean all, const char *listing)
{
  Reader reader = { .lines = lines, .place = place, .all = all };
  g_auto (GStrv) texts = g_strsplit (listing, "\n", -1);

  reader.head = g_string_new (NULL);
  for (guint i = 0; texts[i] != NULL; i++)
    {
      g_strstrip (texts[i]);
      if (*texts[i] != '\0')
        read_any (&reader, texts[i]);
    }
  g_string_free (reader.head, TRUE);
  g_free (reader.table);
  g_free (reader.object);
  if (reader.elements != NULL)
    g_string_free (reader.elements, TRUE);
}

gboolean
netctl_print_nft (NetctlLines *lines, const char *place, int fd, gboolean all, GError **error)
{
  g_autoptr (NetctlFilter) filter = netctl_filter_open (fd, error);
  g_autofree char *listing
      = filter != NULL ? netctl_filter_list (filter, "list ruleset", error) : NULL;

  if (listing == NULL)
    return FALSE;
  read_listing (lines, place, all, listing);
  return TRUE;
}

typedef struct
{
  NetctlLines *lines;
  const char *place;
  const NetctlTables *tables;
} Rehearsal;

/* On a thread of its own, with which the namespace ends. */
static gboolean
rehearse (gpointer data, GError **error)
{
  const Rehearsal *rehearsal = data;
  g_autoptr (NetctlFilter) filter = NULL;

  if (unshare (CLONE_NEWNET) != 0)
    {
      g_set_error (error, NETCTL_ERROR, NETCTL_ERROR_KERNEL, "cannot make a network namespace: %s",
                   g_strerror (errno));
      return FALSE;
    }
  filter = netctl_filter_open (-1, error);
  return filter != NULL && netctl_apply_whole (filter, rehearsal->tables, error)
         && netctl_print_nft (rehearsal->lines, rehearsal->place, -1, FALSE, error);
}

gboolean
netctl_print_nft_plan (NetctlLines *lines, const char *place, const NetctlTables *tables,
                       GError **error)
{
  Rehearsal rehearsal = { lines, place, tables };

  return netctl_ns_run (-1, rehearse, &rehearsal, error);
}
