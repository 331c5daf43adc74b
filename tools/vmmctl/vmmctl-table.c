/* SPDX-License-Identifier: GPL-2.0-or-later */
/* From the described table's JSON to plain structs. */
#include "vmmctl-table.h"
#include "vmmctl-error.h"
#include <json-glib/json-glib.h>
#include <string.h>

/* What the server calls a parameter of ECS that it knows and does not take. */
#define REFUSED_FORMAT "not offered here"

struct VmmctlTable
{
  GPtrArray *actions;
};

static const struct
{
  const char *name;
  VmmctlKind kind;
} kinds[] = {
  { "boolean", VMMCTL_KIND_BOOL },
  { "strings", VMMCTL_KIND_TEXTS },
  { "json-strings", VMMCTL_KIND_JSON },
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

static VmmctlParam *
param_new (const char *name, const char *type, const char *doc)
{
  VmmctlParam *param = g_new0 (VmmctlParam, 1);

  param->name = g_strdup (name);
  param->type = g_strdup (type);
  param->doc = g_strdup (doc);
  param->choices = g_ptr_array_new_with_free_func (g_free);
  param->items = g_ptr_array_new_with_free_func (param_free);
  for (guint k = 0; k < G_N_ELEMENTS (kinds); k++)
    if (g_str_equal (type, kinds[k].name))
      param->kind = kinds[k].kind;
  return param;
}

/* A list is refused when all members of its items are. */
static gboolean
are_refused (const GPtrArray *items)
{
  for (guint i = 0; i < items->len; i++)
    if (!((const VmmctlParam *) items->pdata[i])->is_refused)
      return FALSE;
  return items->len > 0;
}

static void
read_params (JsonArray *array, GPtrArray *params)
{
  for (guint i = 0; i < length_of (array); i++)
    {
      JsonObject *object = json_array_get_object_element (array, i);
      JsonArray *choices = array_of (object, "Choices");
      VmmctlParam *param
          = param_new (text_of (object, "Name", ""), text_of (object, "Type", "string"),
                       text_of (object, "Doc", ""));

      param->fallback = g_strdup (text_of (object, "Default", NULL));
      param->is_refused = g_str_equal (text_of (object, "Format", ""), REFUSED_FORMAT);
      param->is_required = json_object_get_boolean_member_with_default (object, "Required", FALSE);
      for (guint c = 0; c < length_of (choices); c++)
        g_ptr_array_add (param->choices, g_strdup (json_array_get_string_element (choices, c)));
      read_params (array_of (object, "Items"), param->items);
      param->is_refused = param->is_refused || are_refused (param->items);
      g_ptr_array_add (params, param);
    }
}

/* What every action takes beside its own, where the table says it does. */
static void
add_common_params (JsonObject *object, VmmctlAction *action)
{
  if (json_object_get_boolean_member_with_default (object, "ClientToken", FALSE))
    g_ptr_array_add (
        action->params,
        param_new ("ClientToken", "string", "The same token makes a repeated request harmless."));
  if (json_object_get_boolean_member_with_default (object, "DryRun", FALSE))
    g_ptr_array_add (action->params,
                     param_new ("DryRun", "boolean", "Check everything and change nothing."));
  if (vmmctl_action_param (action, "RegionId") == NULL)
    g_ptr_array_add (action->params, param_new ("RegionId", "string", "The region; there is one."));
}

static VmmctlAction *
read_action (JsonObject *object)
{
  VmmctlAction *action = g_new0 (VmmctlAction, 1);
  JsonArray *versions = array_of (object, "Versions");

  action->name = g_strdup (text_of (object, "Name", ""));
  action->summary = g_strdup (text_of (object, "Summary", ""));
  action->access = g_strdup (text_of (object, "Access", ""));
  action->version
      = g_strdup (length_of (versions) > 0 ? json_array_get_string_element (versions, 0) : "");
  action->params = g_ptr_array_new_with_free_func (param_free);
  read_params (array_of (object, "Parameters"), action->params);
  add_common_params (object, action);
  return action;
}

static int
compare_actions (gconstpointer a, gconstpointer b)
{
  return strcmp ((*(const VmmctlAction *const *) a)->name,
                 (*(const VmmctlAction *const *) b)->name);
}

static VmmctlTable *
table_new (JsonNode *described, GError **error)
{
  JsonArray *resources = JSON_NODE_HOLDS_OBJECT (described)
                             ? array_of (json_node_get_object (described), "Resources")
                             : NULL;
  VmmctlTable *table;

  if (length_of (resources) == 0)
    {
      vmmctl_fail (error, VMMCTL_ERROR_AWAY, "the description of the actions cannot be read");
      return NULL;
    }
  table = g_new0 (VmmctlTable, 1);
  table->actions = g_ptr_array_new_with_free_func (action_free);
  for (guint r = 0; r < json_array_get_length (resources); r++)
    {
      JsonArray *actions = array_of (json_array_get_object_element (resources, r), "Actions");

      for (guint i = 0; i < length_of (actions); i++)
        g_ptr_array_add (table->actions, read_action (json_array_get_object_element (actions, i)));
    }
  g_ptr_array_sort (table->actions, compare_actions);
  return table;
}

VmmctlTable *
vmmctl_table_parse (const char *text, GError **error)
{
  g_autoptr (JsonNode) root = json_from_string (text, NULL);

  if (root == NULL)
    {
      vmmctl_fail (error, VMMCTL_ERROR_AWAY, "the description of the actions is no JSON");
      return NULL;
    }
  return table_new (root, error);
}

VmmctlTable *
vmmctl_table_load (const char *path, GError **error)
{
  g_autofree char *text = NULL;
  g_autoptr (GError) cause = NULL;
  VmmctlTable *table;

  if (!g_file_get_contents (path, &text, NULL, &cause))
    {
      vmmctl_fail (error, VMMCTL_ERROR_AWAY, "%s", cause->message);
      return NULL;
    }
  table = vmmctl_table_parse (text, error);
  if (table == NULL)
    g_prefix_error (error, "%s: ", path);
  return table;
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
