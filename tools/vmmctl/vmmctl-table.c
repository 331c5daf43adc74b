/* SPDX-License-Identifier: GPL-2.0-or-later */
/* From the described table's JSON to plain structs. */
#include "vmmctl-table.h"
#include "vmmctl-error.h"
#include <string.h>

struct VmmctlTable
{
  GPtrArray *actions;
};

static const struct
{
  const char *name;
  VmmctlKind kind;
} kinds[] = {
  { "bool", VMMCTL_KIND_BOOL },
  { "strlist", VMMCTL_KIND_TEXTS },
  { "jsonlist", VMMCTL_KIND_JSON },
  { "list", VMMCTL_KIND_ITEMS },
};

static void
param_free (gpointer data)
{
  VmmctlParam *param = data;

  g_free (param->name);
  g_free (param->type);
  g_free (param->doc);
  g_free (param->fallback);
  g_ptr_array_unref (param->choices);
  g_ptr_array_unref (param->items);
  g_free (param);
}

static void
action_free (gpointer data)
{
  VmmctlAction *action = data;

  g_free (action->name);
  g_free (action->version);
  g_free (action->summary);
  g_free (action->access);
  g_ptr_array_unref (action->params);
  g_free (action);
}

static const char *
text_of (JsonObject *object, const char *name, const char *fallback)
{
  JsonNode *node = json_object_get_member (object, name);
  const char *text
      = node != NULL && JSON_NODE_HOLDS_VALUE (node) ? json_node_get_string (node) : NULL;

  return text != NULL ? text : fallback;
}

static JsonArray *
array_of (JsonObject *object, const char *name)
{
  JsonNode *node = json_object_get_member (object, name);

  return node != NULL && JSON_NODE_HOLDS_ARRAY (node) ? json_node_get_array (node) : NULL;
}

static guint
length_of (JsonArray *array)
{
  return array != NULL ? json_array_get_length (array) : 0;
}

static GPtrArray *
read_params (JsonArray *array)
{
  GPtrArray *params = g_ptr_array_new_with_free_func (param_free);

  for (guint i = 0; i < length_of (array); i++)
    {
      JsonObject *object = json_array_get_object_element (array, i);
      JsonArray *choices = array_of (object, "choices");
      VmmctlParam *param = g_new0 (VmmctlParam, 1);

      param->name = g_strdup (text_of (object, "name", ""));
      param->type = g_strdup (text_of (object, "kind", "str"));
      param->doc = g_strdup (text_of (object, "doc", ""));
      param->fallback = g_strdup (text_of (object, "default", NULL));
      param->is_required = json_object_get_boolean_member_with_default (object, "required", FALSE);
      param->choices = g_ptr_array_new_with_free_func (g_free);
      for (guint c = 0; c < length_of (choices); c++)
        g_ptr_array_add (param->choices, g_strdup (json_array_get_string_element (choices, c)));
      param->items = read_params (array_of (object, "items"));
      for (guint k = 0; k < G_N_ELEMENTS (kinds); k++)
        if (g_str_equal (param->type, kinds[k].name))
          param->kind = kinds[k].kind;
      g_ptr_array_add (params, param);
    }
  return params;
}

static VmmctlAction *
read_action (JsonObject *object)
{
  VmmctlAction *action = g_new0 (VmmctlAction, 1);
  JsonArray *versions = array_of (object, "versions");

  action->name = g_strdup (text_of (object, "name", ""));
  action->summary = g_strdup (text_of (object, "summary", ""));
  action->access = g_strdup (text_of (object, "access", ""));
  action->version
      = g_strdup (length_of (versions) > 0 ? json_array_get_string_element (versions, 0) : "");
  action->params = read_params (array_of (object, "params"));
  return action;
}

static int
compare_actions (gconstpointer a, gconstpointer b)
{
  return strcmp ((*(const VmmctlAction *const *) a)->name,
                 (*(const VmmctlAction *const *) b)->name);
}

VmmctlTable *
vmmctl_table_new (JsonNode *described, GError **error)
{
  JsonArray *actions = JSON_NODE_HOLDS_OBJECT (described)
                           ? array_of (json_node_get_object (described), "actions")
                           : NULL;
  VmmctlTable *table;

  if (length_of (actions) == 0)
    {
      vmmctl_fail (error, VMMCTL_ERROR_AWAY, "the description of the actions cannot be read");
      return NULL;
    }
  table = g_new0 (VmmctlTable, 1);
  table->actions = g_ptr_array_new_with_free_func (action_free);
  for (guint i = 0; i < json_array_get_length (actions); i++)
    g_ptr_array_add (table->actions, read_action (json_array_get_object_element (actions, i)));
  g_ptr_array_sort (table->actions, compare_actions);
  return table;
}

VmmctlTable *
vmmctl_table_load (const char *path, GError **error)
{
  g_autoptr (JsonParser) parser = json_parser_new ();
  g_autoptr (GError) cause = NULL;

  if (!json_parser_load_from_file (parser, path, &cause) || json_parser_get_root (parser) == NULL)
    {
      vmmctl_fail (error, VMMCTL_ERROR_AWAY, "%s: %s", path,
                   cause != NULL ? cause->message : "it is empty");
      return NULL;
    }
  return vmmctl_table_new (json_parser_get_root (parser), error);
}

const VmmctlAction *
vmmctl_table_find (const VmmctlTable *table, const char *name)
{
  for (guint i = 0; i < table->actions->len; i++)
    {
      const VmmctlAction *action = table->actions->pdata[i];

      if (g_ascii_strcasecmp (action->name, name) == 0)
        return action;
    }
  return NULL;
}

GPtrArray *
vmmctl_table_actions (const VmmctlTable *table)
{
  return table->actions;
}

/* Lower case, without what people write differently. */
static char *
fold (const char *word)
{
  GString *out = g_string_new (NULL);

  for (; *word != '\0'; word++)
    if (*word != '-' && *word != '.' && *word != '_')
      g_string_append_c (out, g_ascii_tolower (*word));
  return g_string_free (out, FALSE);
}

const VmmctlParam *
vmmctl_action_param (const VmmctlAction *action, const char *word)
{
  g_autofree char *wanted = fold (word);

  for (guint i = 0; i < action->params->len; i++)
    {
      const VmmctlParam *param = action->params->pdata[i];
      g_autofree char *name = fold (param->name);

      if (g_str_equal (name, wanted))
        return param;
    }
  return NULL;
}

void
vmmctl_table_free (VmmctlTable *table)
{
  if (table == NULL)
    return;
  g_ptr_array_unref (table->actions);
  g_free (table);
}
