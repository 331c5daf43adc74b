/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a host has or shall have as text. */
#include "netctl-lines.h"
#include <string.h>

typedef struct
{
  char *text;
  gsize head_length; /* of @text, up to which it is compared; 0 for all of it */
  guint number;
} Line;

struct NetctlLines
{
  GPtrArray *lines; /* Line* */
};

static void
line_free (Line *line)
{
  g_free (line->text);
  g_free (line);
}

NetctlLines *
netctl_lines_new (void)
{
  NetctlLines *lines = g_new0 (NetctlLines, 1);

  lines->lines = g_ptr_array_new_with_free_func ((GDestroyNotify) line_free);
  return lines;
}

void
netctl_lines_free (NetctlLines *lines)
{
  if (lines == NULL)
    return;
  g_ptr_array_unref (lines->lines);
  g_free (lines);
}

static Line *
add (NetctlLines *lines, char *text)
{
  Line *line = g_new0 (Line, 1);

  line->text = text;
  line->number = lines->lines->len;
  g_ptr_array_add (lines->lines, line);
  return line;
}

void
netctl_lines_add (NetctlLines *lines, const char *place, const char *format, ...)
{
  g_autofree char *text = NULL;
  va_list arguments;

  va_start (arguments, format);
  text = g_strdup_vprintf (format, arguments);
  va_end (arguments);
  add (lines, g_strdup_printf ("%s %s", place, text));
}

void
netctl_lines_add_next (NetctlLines *lines, const char *place, const char *head, const char *text)
{
  Line *line = add (lines, g_strdup_printf ("%s %s %s", place, head, text));

  line->head_length = strlen (place) + 1 + strlen (head);
}

static int
compare (gconstpointer a, gconstpointer b)
{
  const Line *x = *(Line *const *) a, *y = *(Line *const *) b;
  int order;

  if (x->head_length > 0 && x->head_length == y->head_length
      && strncmp (x->text, y->text, x->head_length) == 0)
    return x->number < y->number ? -1 : x->number > y->number;
  order = strcmp (x->text, y->text);
  return order != 0 ? order : x->number < y->number ? -1 : x->number > y->number;
}

char *
netctl_lines_print (NetctlLines *lines)
{
  GString *out = g_string_new (NULL);

  g_ptr_array_sort (lines->lines, compare);
  for (guint i = 0; i < lines->lines->len; i++)
    g_string_append_printf (out, "%s\n", ((Line *) g_ptr_array_index (lines->lines, i))->text);
  return g_string_free (out, FALSE);
}
