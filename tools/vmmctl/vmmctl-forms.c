/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Looks up short forms by their words. */
#include "vmmctl-forms.h"
#include "vmmctl-json.h"
#include "vmmctl-resources.h"

#define RESOURCE_PATH "/vmmctl/short-forms.json"

struct VmmctlForms
{
  JsonParser *parser;
};

VmmctlForms *
vmmctl_forms_new (void)
{
  VmmctlForms *forms = g_new0 (VmmctlForms, 1);
  g_autoptr (GBytes) bytes = g_resource_lookup_data (vmmctl_get_resource (), RESOURCE_PATH,
                                                     G_RESOURCE_LOOKUP_FLAGS_NONE, NULL);
  gsize length = 0;
  const char *text = g_bytes_get_data (bytes, &length);
  g_autoptr (GError) error = NULL;

  forms->parser = json_parser_new_immutable ();
  if (!json_parser_load_from_data (forms->parser, text, (gssize) length, &error))
    g_error ("short-forms.json: %s", error->message);
  return forms;
}

static JsonNode *
root (VmmctlForms *forms)
{
  return json_parser_get_root (forms->parser);
}

JsonArray *
vmmctl_forms_list (VmmctlForms *forms)
{
  return vmmctl_json_list (root (forms), "forms");
}

/* How many of @words the form's words are, or 0 when they differ. */
static guint
match (JsonObject *form, GPtrArray *words)
{
  g_auto (GStrv) parts = g_strsplit (vmmctl_json_member (form, "form"), " ", -1);
  guint i;

  for (i = 0; parts[i] != NULL; i++)
    if (i >= words->len || !g_str_equal (parts[i], words->pdata[i]))
      return 0;
  return i;
}

JsonObject *
vmmctl_forms_find (VmmctlForms *forms, GPtrArray *words, guint *out_used)
{
  JsonArray *list = vmmctl_forms_list (forms);

  for (guint i = 0; i < json_array_get_length (list); i++)
    {
      JsonObject *form = json_array_get_object_element (list, i);
      guint used = match (form, words);

      if (used > 0)
        {
          *out_used = used;
          return form;
        }
    }
  return NULL;
}

gboolean
vmmctl_forms_has_group (VmmctlForms *forms, const char *word)
{
  JsonArray *list = vmmctl_forms_list (forms);
  g_autofree char *start = g_strdup_printf ("%s ", word);

  for (guint i = 0; i < json_array_get_length (list); i++)
    if (g_str_has_prefix (vmmctl_json_member (json_array_get_object_element (list, i), "form"),
                          start))
      return TRUE;
  return FALSE;
}

JsonObject *
vmmctl_forms_wait (VmmctlForms *forms, const char *name)
{
  JsonObject *waits = json_object_get_object_member (json_node_get_object (root (forms)), "waits");

  return json_object_get_object_member (waits, name);
}

void
vmmctl_forms_free (VmmctlForms *forms)
{
  if (forms == NULL)
    return;
  g_object_unref (forms->parser);
  g_free (forms);
}
