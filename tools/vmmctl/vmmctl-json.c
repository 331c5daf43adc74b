/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Paths through objects, and values as text that is safe on a terminal. */
#include "vmmctl-json.h"

JsonNode *
vmmctl_json_at (JsonNode *node, const char *path)
{
  g_auto (GStrv) names = g_strsplit (path, ".", -1);

  for (guint i = 0; node != NULL && names[i] != NULL; i++)
    {
      if (JSON_NODE_HOLDS_ARRAY (node) && json_array_get_length (json_node_get_array (node)) > 0)
        node = json_array_get_element (json_node_get_array (node), 0);
      node = JSON_NODE_HOLDS_OBJECT (node)
                 ? json_object_get_member (json_node_get_object (node), names[i])
                 : NULL;
    }
  return node;
}

JsonArray *
vmmctl_json_list (JsonNode *node, const char *path)
{
  JsonNode *found = vmmctl_json_at (node, path);

  return found != NULL && JSON_NODE_HOLDS_ARRAY (found) ? json_node_get_array (found) : NULL;
}

/* A name that a tenant chose must not move the administrator's cursor. */
static char *
make_safe (const char *text)
{
  GString *out = g_string_new (NULL);

  for (; *text != '\0'; text = g_utf8_next_char (text))
    {
      gunichar c = g_utf8_get_char_validated (text, -1);

      if (c == (gunichar) -1 || c == (gunichar) -2)
        {
          g_string_append_c (out, '?');
          break;
        }
      if (g_unichar_iscntrl (c) && c != '\n' && c != '\t')
        g_string_append_c (out, '?');
      else
        g_string_append_unichar (out, c);
    }
  return g_string_free (out, FALSE);
}

static char *
join (JsonArray *array)
{
  GString *out = g_string_new (NULL);

  for (guint i = 0; i < json_array_get_length (array); i++)
    {
      g_autofree char *text = vmmctl_json_text (json_array_get_element (array, i));

      g_string_append_printf (out, "%s%s", i > 0 ? "," : "", text);
    }
  return g_string_free (out, FALSE);
}

char *
vmmctl_json_text (JsonNode *node)
{
  if (node == NULL || JSON_NODE_HOLDS_NULL (node))
    return g_strdup ("");
  if (JSON_NODE_HOLDS_ARRAY (node))
    return join (json_node_get_array (node));
  if (JSON_NODE_HOLDS_OBJECT (node))
    return json_to_string (node, FALSE);
  if (json_node_get_value_type (node) == G_TYPE_STRING)
    return make_safe (json_node_get_string (node));
  return json_to_string (node, FALSE);
}

const char *
vmmctl_json_member (JsonObject *object, const char *name)
{
  JsonNode *node = json_object_get_member (object, name);

  return node != NULL && JSON_NODE_HOLDS_VALUE (node) ? json_node_get_string (node) : NULL;
}
