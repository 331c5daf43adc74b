/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Tables, trees and the progress bar. */
#include "vmmctl-print.h"
#include "vmmctl-json.h"
#include <string.h>
#include <unistd.h>

#define BAR_WIDTH 40
#define INDENT 2

void
vmmctl_print_json (JsonNode *node)
{
  g_autofree char *text = json_to_string (node, TRUE);

  g_print ("%s\n", text);
}

static gboolean
is_leaf (JsonNode *node)
{
  JsonArray *array = JSON_NODE_HOLDS_ARRAY (node) ? json_node_get_array (node) : NULL;

  if (JSON_NODE_HOLDS_OBJECT (node))
    return FALSE;
  return array == NULL || json_array_get_length (array) == 0
         || is_leaf (json_array_get_element (array, 0));
}

/* Prints what stands below a name. */
static void
print_below (JsonNode *node, guint indent)
{
  if (JSON_NODE_HOLDS_ARRAY (node))
    {
      JsonArray *array = json_node_get_array (node);

      for (guint i = 0; i < json_array_get_length (array); i++)
        {
          g_print ("%*s-\n", (int) indent, "");
          print_below (json_array_get_element (array, i), indent + INDENT);
        }
    }
  else if (JSON_NODE_HOLDS_OBJECT (node))
    {
      JsonObjectIter iter;
      const char *name;
      JsonNode *member;

      json_object_iter_init_ordered (&iter, json_node_get_object (node));
      while (json_object_iter_next_ordered (&iter, &name, &member))
        if (is_leaf (member))
          {
            g_autofree char *text = vmmctl_json_text (member);

            g_print ("%*s%s: %s\n", (int) indent, "", name, text);
          }
        else
          {
            g_print ("%*s%s:\n", (int) indent, "", name);
            print_below (member, indent + INDENT);
          }
    }
}

void
vmmctl_print_tree (JsonNode *node)
{
  print_below (node, 0);
}

/* Characters on a terminal, give or take wide ones. */
static guint
width_of (const char *text)
{
  return (guint) g_utf8_strlen (text, -1);
}

static char *
cell (JsonNode *row, const char *path)
{
  char *text = vmmctl_json_text (vmmctl_json_at (row, path));

  return g_strdelimit (text, "\n\t", ' ');
}

static void
print_row (GPtrArray *cells, const guint *widths)
{
  for (guint i = 0; i < cells->len; i++)
    {
      const char *text = cells->pdata[i];
      guint blanks = i + 1 < cells->len ? widths[i] - width_of (text) + 2 : 0;

      g_print ("%s%*s", text, (int) blanks, "");
    }
  g_print ("\n");
}

void
vmmctl_print_table (JsonArray *rows, JsonObject *columns)
{
  g_autoptr (GPtrArray) lines = g_ptr_array_new_with_free_func ((GDestroyNotify) g_ptr_array_unref);
  guint n_columns = json_object_get_size (columns);
  g_autofree guint *widths = g_new0 (guint, n_columns);

  for (int i = -1; i < (int) json_array_get_length (rows); i++)
    {
      GPtrArray *cells = g_ptr_array_new_with_free_func (g_free);
      JsonObjectIter iter;
      const char *heading;
      JsonNode *path;

      json_object_iter_init_ordered (&iter, columns);
      while (json_object_iter_next_ordered (&iter, &heading, &path))
        {
          guint column = cells->len;
          char *text = i < 0 ? g_strdup (heading)
                             : cell (json_array_get_element (rows, (guint) i),
                                     json_node_get_string (path));

          g_ptr_array_add (cells, text);
          widths[column] = MAX (widths[column], width_of (text));
        }
      g_ptr_array_add (lines, cells);
    }
  for (guint i = 0; i < lines->len; i++)
    print_row (lines->pdata[i], widths);
}

void
vmmctl_print_progress (const char *what, int percent, int *last)
{
  char bar[BAR_WIDTH + 1];

  percent = CLAMP (percent, 0, 100);
  if (percent == *last)
    return;
  if (isatty (STDERR_FILENO))
    {
      memset (bar, '.', BAR_WIDTH);
      memset (bar, '#', (gsize) (percent * BAR_WIDTH / 100));
      bar[BAR_WIDTH] = '\0';
      g_printerr ("\r%s [%s] %3d %%", what, bar, percent);
    }
  else if (*last < 0 || percent / 10 != *last / 10)
    g_printerr ("%s: %d %%\n", what, percent);
  *last = percent;
}

void
vmmctl_print_progress_end (int last)
{
  if (last >= 0 && isatty (STDERR_FILENO))
    g_printerr ("\n");
}
