/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Each kind of parameter has its way onto the wire; the table says which. */
#include "vmmctl-args.h"
#include "vmmctl-error.h"
#include <string.h>

static gboolean
check_choice (const VmmctlParam *param, const char *value, GError **error)
{
  g_autoptr (GString) list = g_string_new (NULL);

  if (param->choices->len == 0)
    return TRUE;
  for (guint i = 0; i < param->choices->len; i++)
    {
      if (g_ascii_strcasecmp (param->choices->pdata[i], value) == 0)
        return TRUE;
      g_string_append_printf (list, "%s%s", i > 0 ? ", " : "", (char *) param->choices->pdata[i]);
    }
  return vmmctl_fail (error, VMMCTL_ERROR_USAGE, "%s is one of %s, not '%s'", param->name,
                      list->str, value);
}

static void
put (GHashTable *params, const char *name, const char *value)
{
  g_hash_table_replace (params, g_strdup (name), g_strdup (value));
}

/* The first N for which no parameter Name.N, or one below it, is there yet. */
static guint
next_index (GHashTable *params, const char *name)
{
  for (guint n = 1;; n++)
    {
      g_autofree char *exact = g_strdup_printf ("%s.%u", name, n);
      g_autofree char *below = g_strdup_printf ("%s.", exact);
      gboolean is_used = g_hash_table_contains (params, exact);
      GHashTableIter iter;
      gpointer key;

      g_hash_table_iter_init (&iter, params);
      while (!is_used && g_hash_table_iter_next (&iter, &key, NULL))
        is_used = g_str_has_prefix (key, below);
      if (!is_used)
        return n;
    }
}

static void
add_text (const VmmctlParam *param, const char *value, GHashTable *params)
{
  g_autofree char *name = g_strdup_printf ("%s.%u", param->name, next_index (params, param->name));

  put (params, name, value);
}

static void
add_json_text (const VmmctlParam *param, const char *value, GHashTable *params)
{
  g_autoptr (JsonNode) node = json_node_new (JSON_NODE_ARRAY);
  g_autoptr (JsonNode) before = NULL;
  const char *text = g_hash_table_lookup (params, param->name);
  JsonArray *array;

  before = text != NULL ? json_from_string (text, NULL) : NULL;
  array = before != NULL && JSON_NODE_HOLDS_ARRAY (before) ? json_node_dup_array (before)
                                                           : json_array_new ();
  json_array_add_string_element (array, value);
  json_node_take_array (node, array);
  text = json_to_string (node, FALSE);
  g_hash_table_replace (params, g_strdup (param->name), (char *) text);
}

/* One text, or several with commas between, as the server itself takes them. */
static gboolean
add_json (const VmmctlParam *param, const char *value, GHashTable *params, GError **error)
{
  g_auto (GStrv) parts = g_strsplit (value, ",", -1);

  if (value[0] == '[')
    {
      put (params, param->name, value); /* written by somebody who knows the wire */
      return TRUE;
    }
  for (guint i = 0; parts[i] != NULL; i++)
    {
      if (!check_choice (param, parts[i], error))
        return FALSE;
      add_json_text (param, parts[i], params);
    }
  return TRUE;
}

static const VmmctlParam *
find_item (const VmmctlParam *param, const char *name)
{
  for (guint i = 0; i < param->items->len; i++)
    {
      const VmmctlParam *item = param->items->pdata[i];

      if (g_ascii_strcasecmp (item->name, name) == 0)
        return item;
    }
  return NULL;
}

static gboolean
add_items (const VmmctlParam *param, const char *value, GHashTable *params, GError **error)
{
  g_auto (GStrv) parts = g_strsplit (value, ",", -1);
  guint index = next_index (params, param->name);

  for (guint i = 0; parts[i] != NULL; i++)
    {
      char *equals = strchr (parts[i], '=');
      const VmmctlParam *item;
      g_autofree char *name = NULL;

      if (equals == NULL)
        return vmmctl_fail (error, VMMCTL_ERROR_USAGE, "%s wants Name=value,Name=value, not '%s'",
                            param->name, parts[i]);
      *equals = '\0';
      item = find_item (param, parts[i]);
      if (item == NULL)
        return vmmctl_fail (error, VMMCTL_ERROR_USAGE, "%s has no member %s", param->name,
                            parts[i]);
      if (!check_choice (item, equals + 1, error))
        return FALSE;
      name = g_strdup_printf ("%s.%u.%s", param->name, index, item->name);
      put (params, name, equals + 1);
    }
  return TRUE;
}

static gboolean
add (const VmmctlParam *param, const char *value, GHashTable *params, GError **error)
{
  if (param->kind == VMMCTL_KIND_ITEMS)
    return add_items (param, value, params, error);
  if (param->kind == VMMCTL_KIND_JSON)
    return add_json (param, value, params, error);
  if (!check_choice (param, value, error))
    return FALSE;
  if (param->kind == VMMCTL_KIND_TEXTS)
    add_text (param, value, params);
  else
    put (params, param->name, value);
  return TRUE;
}

gboolean
vmmctl_args_add (const VmmctlAction *action, const char *param, const char *value,
                 GHashTable *params, GError **error)
{
  const VmmctlParam *found = vmmctl_action_param (action, param);

  if (found == NULL)
    return vmmctl_fail (error, VMMCTL_ERROR_USAGE, "%s takes no parameter '%s' at this server",
                        action->name, param);
  return add (found, value, params, error);
}

/* Name.1 or Name.1.Sub, for those who write lists as the wire does. */
static gboolean
is_numbered (const VmmctlAction *action, const char *name)
{
  for (guint i = 0; i < action->params->len; i++)
    {
      const VmmctlParam *param = action->params->pdata[i];
      gsize length = strlen (param->name);

      if ((param->kind == VMMCTL_KIND_TEXTS || param->kind == VMMCTL_KIND_ITEMS)
          && g_ascii_strncasecmp (name, param->name, length) == 0 && name[length] == '.'
          && g_ascii_isdigit (name[length + 1]))
        return TRUE;
    }
  return FALSE;
}

static gboolean
is_truth (const char *word)
{
  return word != NULL
         && (g_ascii_strcasecmp (word, "true") == 0 || g_ascii_strcasecmp (word, "false") == 0);
}

/* Reads the option at words[*index], moving it past a value that stands apart. */
static gboolean
take_option (const VmmctlAction *action, const char *command, GPtrArray *words, guint *index,
             JsonObject *aliases, GHashTable *params, GError **error)
{
  const char *word = words->pdata[*index];
  const char *next = *index + 1 < words->len ? words->pdata[*index + 1] : NULL;
  const char *equals = strchr (word, '=');
  g_autofree char *name
      = equals != NULL ? g_strndup (word + 2, (gsize) (equals - word - 2)) : g_strdup (word + 2);
  const char *wire = aliases != NULL && json_object_has_member (aliases, name)
                         ? json_object_get_string_member (aliases, name)
                         : name;
  const VmmctlParam *param = vmmctl_action_param (action, wire);
  const char *value = equals != NULL ? equals + 1 : next;

  if (param == NULL && !is_numbered (action, wire))
    return vmmctl_fail (error, VMMCTL_ERROR_USAGE, "%s takes no --%s; see vmmctl %s --help",
                        command, name, command);
  if (equals == NULL && param != NULL && param->kind == VMMCTL_KIND_BOOL && !is_truth (next))
    value = "true";
  else if (equals == NULL)
    (*index)++;
  if (value == NULL)
    return vmmctl_fail (error, VMMCTL_ERROR_USAGE, "--%s needs a value", name);
  if (param == NULL)
    put (params, wire, value);
  else if (!add (param, value, params, error))
    {
      if (wire != name)
        g_prefix_error (error, "--%s: ", name);
      return FALSE;
    }
  return TRUE;
}

gboolean
vmmctl_args_parse (const VmmctlAction *action, const char *command, GPtrArray *words,
                   JsonObject *aliases, GHashTable *params, GPtrArray *operands, GError **error)
{
  for (guint i = 0; i < words->len; i++)
    {
      const char *word = words->pdata[i];

      if (g_str_has_prefix (word, "--"))
        {
          if (!take_option (action, command, words, &i, aliases, params, error))
            return FALSE;
        }
      else if (operands != NULL)
        g_ptr_array_add (operands, g_strdup (word));
      else
        return vmmctl_fail (error, VMMCTL_ERROR_USAGE, "'%s' is out of place; see vmmctl %s --help",
                            word, command);
    }
  return TRUE;
}

/* What the person calls the parameter @name. */
static const char *
name_for_people (JsonObject *aliases, const char *name)
{
  g_autoptr (GList) names = aliases != NULL ? json_object_get_members (aliases) : NULL;

  for (GList *l = names; l != NULL; l = l->next)
    if (g_str_equal (json_object_get_string_member (aliases, l->data), name))
      return l->data;
  return name;
}

gboolean
vmmctl_args_check_required (const VmmctlAction *action, const char *command, JsonObject *aliases,
                            GHashTable *params, GError **error)
{
  g_autoptr (GString) missing = g_string_new (NULL);

  for (guint i = 0; i < action->params->len; i++)
    {
      const VmmctlParam *param = action->params->pdata[i];

      if (param->is_required && !g_hash_table_contains (params, param->name)
          && next_index (params, param->name) == 1 && !g_str_equal (param->name, "RegionId"))
        g_string_append_printf (missing, " --%s", name_for_people (aliases, param->name));
    }
  if (missing->len > 0)
    return vmmctl_fail (error, VMMCTL_ERROR_USAGE, "%s needs%s; see vmmctl %s --help", command,
                        missing->str, command);
  return TRUE;
}
