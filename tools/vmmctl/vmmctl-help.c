/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Help and completion: nothing here is written by hand for one action. */
#include "vmmctl-help.h"
#include "vmmctl-json.h"
#include "vmmctl-options.h"
#include <string.h>

static char *
operands_of (JsonObject *form)
{
  GString *text = g_string_new (NULL);
  JsonArray *operands = json_object_has_member (form, "operands")
                            ? json_object_get_array_member (form, "operands")
                            : NULL;

  for (guint i = 0; operands != NULL && i < json_array_get_length (operands); i++)
    {
      JsonObject *operand = json_array_get_object_element (operands, i);

      g_string_append_printf (
          text, " %s%s", vmmctl_json_member (operand, "label"),
          json_object_get_boolean_member_with_default (operand, "many", FALSE) ? "..." : "");
    }
  return g_string_free (text, FALSE);
}

static void
print_form (JsonObject *form)
{
  g_autofree char *operands = operands_of (form);
  g_autofree char *words = g_strconcat (vmmctl_json_member (form, "form"), operands, NULL);

  g_print ("  vmmctl %-30s %s\n", words, vmmctl_json_member (form, "summary"));
}

void
vmmctl_help_overview (VmmctlForms *forms)
{
  g_autofree char *options = vmmctl_options_help ();
  JsonArray *list = vmmctl_forms_list (forms);

  g_print ("vmmctl speaks to vmmd.\n\n"
           "usage: vmmctl SHORT FORM | vmmctl ACTION [--Parameter VALUE]...\n\n"
           "Short forms; each takes the parameters of its action too:\n");
  for (guint i = 0; i < json_array_get_length (list); i++)
    print_form (json_array_get_object_element (list, i));
  g_print ("\nAny action of the API; vmmctl --list-actions shows them, vmmctl ACTION --help one.\n"
           "  A list is a parameter given several times; image-id means the same as ImageId.\n"
           "\nOptions:\n%s"
           "\nExit codes: 0 done, 1 the server refused, 2 the words make no sense, 3 no server,\n"
           "4 what was waited for failed or took too long.\n",
           options);
}

void
vmmctl_help_group (VmmctlForms *forms, const char *group)
{
  JsonArray *list = vmmctl_forms_list (forms);
  g_autofree char *start = g_strdup_printf ("%s ", group);

  for (guint i = 0; i < json_array_get_length (list); i++)
    {
      JsonObject *form = json_array_get_object_element (list, i);

      if (g_str_has_prefix (vmmctl_json_member (form, "form"), start))
        print_form (form);
    }
}

static char *
choices_of (const VmmctlParam *param)
{
  GString *text = g_string_new (NULL);

  for (guint i = 0; i < param->choices->len; i++)
    g_string_append_printf (text, "%s%s", i > 0 ? "|" : "", (char *) param->choices->pdata[i]);
  return g_string_free (text, FALSE);
}

static void print_params (GPtrArray *params, int indent);

static void
print_param (const VmmctlParam *param, int indent)
{
  gboolean is_list = param->kind == VMMCTL_KIND_TEXTS || param->kind == VMMCTL_KIND_JSON
                     || param->kind == VMMCTL_KIND_ITEMS;
  g_autofree char *choices = choices_of (param);

  g_print ("%*s%s%s (%s%s%s%s%s)\n%*s%s\n", indent, "", indent > 2 ? "" : "--", param->name,
           param->choices->len > 0 ? choices : param->type, param->is_required ? ", required" : "",
           is_list ? ", repeatable" : "", param->fallback != NULL ? ", default " : "",
           param->fallback != NULL ? param->fallback : "", indent + 4, "", param->doc);
  print_params (param->items, indent + 4);
}

/* The required ones first. */
static void
print_params (GPtrArray *params, int indent)
{
  for (int required = TRUE; required >= FALSE; required--)
    for (guint i = 0; i < params->len; i++)
      {
        const VmmctlParam *param = params->pdata[i];

        if (!param->is_refused && !param->is_required == !required)
          print_param (param, indent);
      }
}

void
vmmctl_help_action (const VmmctlAction *action)
{
  g_print ("usage: vmmctl %s [--Parameter VALUE]...\n\n%s\n", action->name, action->summary);
  if (action->params->len > 0)
    g_print ("\nParameters:\n");
  print_params (action->params, 2);
}

void
vmmctl_help_form (JsonObject *form, const VmmctlAction *action)
{
  g_autofree char *operands = operands_of (form);

  g_print ("usage: vmmctl %s%s [--Parameter VALUE]...\n\n%s\nCalls %s.\n",
           vmmctl_json_member (form, "form"), operands, vmmctl_json_member (form, "summary"),
           vmmctl_json_member (form, "action"));
  if (json_object_has_member (form, "aliases"))
    {
      JsonObjectIter iter;
      const char *name;
      JsonNode *wire;

      g_print ("\nShort options:\n");
      json_object_iter_init_ordered (&iter, json_object_get_object_member (form, "aliases"));
      while (json_object_iter_next_ordered (&iter, &name, &wire))
        g_print ("  --%-16s --%s\n", name, json_node_get_string (wire));
    }
  if (action != NULL && action->params->len > 0)
    {
      g_print ("\nParameters:\n");
      print_params (action->params, 2);
    }
}

void
vmmctl_help_actions (const VmmctlTable *table)
{
  GPtrArray *actions = vmmctl_table_actions (table);

  for (guint i = 0; i < actions->len; i++)
    {
      const VmmctlAction *action = actions->pdata[i];

      g_print ("%-36s %s\n", action->name, action->summary);
    }
}

/* ---- Completion ---- */

static void
offer (const char *candidate, const char *start)
{
  if (g_str_has_prefix (candidate, start))
    g_print ("%s\n", candidate);
}

/* The next word of each form that begins with all of @words but the last. */
static void
complete_form_words (VmmctlForms *forms, GPtrArray *words)
{
  g_autoptr (GHashTable) seen = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  JsonArray *list = vmmctl_forms_list (forms);
  guint position = words->len - 1;

  for (guint i = 0; i < json_array_get_length (list); i++)
    {
      JsonObject *form = json_array_get_object_element (list, i);
      g_auto (GStrv) parts = g_strsplit (vmmctl_json_member (form, "form"), " ", -1);
      gboolean fits = g_strv_length (parts) > position;

      for (guint p = 0; fits && p < position; p++)
        fits = g_str_equal (parts[p], words->pdata[p]);
      if (fits && g_hash_table_add (seen, g_strdup (parts[position])))
        offer (parts[position], words->pdata[position]);
    }
}

static void
complete_options (const VmmctlAction *action, JsonObject *aliases, const char *start)
{
  g_autoptr (GPtrArray) names = vmmctl_options_names ();
  g_autoptr (GList) members = aliases != NULL ? json_object_get_members (aliases) : NULL;

  for (GList *l = members; l != NULL; l = l->next)
    {
      g_autofree char *option = g_strconcat ("--", l->data, NULL);

      offer (option, start);
    }
  for (guint i = 0; action != NULL && i < action->params->len; i++)
    {
      const VmmctlParam *param = action->params->pdata[i];
      g_autofree char *option = g_strconcat ("--", param->name, NULL);

      if (!param->is_refused)
        offer (option, start);
    }
  for (guint i = 0; i < names->len; i++)
    offer (names->pdata[i], start);
}

/* The choices of the parameter that the word before names. */
static gboolean
complete_value (const VmmctlAction *action, JsonObject *aliases, GPtrArray *words)
{
  const char *before = words->len > 1 ? words->pdata[words->len - 2] : "";
  const char *name = g_str_has_prefix (before, "--") ? before + 2 : NULL;
  const VmmctlParam *param;

  if (name != NULL && aliases != NULL && json_object_has_member (aliases, name))
    name = json_object_get_string_member (aliases, name);
  param = name != NULL && action != NULL ? vmmctl_action_param (action, name) : NULL;
  if (param == NULL)
    return FALSE;
  for (guint i = 0; i < param->choices->len; i++)
    offer (param->choices->pdata[i], words->pdata[words->len - 1]);
  return param->choices->len > 0;
}

void
vmmctl_help_complete (VmmctlForms *forms, const VmmctlTable *table, GPtrArray *words)
{
  const char *last = words->pdata[words->len - 1];
  guint used = 0;
  JsonObject *form = vmmctl_forms_find (forms, words, &used);
  const char *name = form != NULL ? vmmctl_json_member (form, "action") : words->pdata[0];
  const VmmctlAction *action
      = table != NULL && words->len > 1 ? vmmctl_table_find (table, name) : NULL;
  JsonObject *aliases = form != NULL && json_object_has_member (form, "aliases")
                            ? json_object_get_object_member (form, "aliases")
                            : NULL;

  if (complete_value (action, aliases, words))
    return;
  if (g_str_has_prefix (last, "-"))
    {
      complete_options (action, aliases, last);
      return;
    }
  complete_form_words (forms, words);
  if (words->len == 1 && table != NULL)
    {
      GPtrArray *actions = vmmctl_table_actions (table);

      for (guint i = 0; i < actions->len; i++)
        offer (((const VmmctlAction *) actions->pdata[i])->name, last);
    }
}
