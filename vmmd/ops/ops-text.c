/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Texts that a request gives. */
#include "config.h"

#include "ops-instance-check.h"
#include "ops-text.h"

gboolean
ops_text_check (const char *name, VmmError name_code, const char *description, GError **error)
{
  if (name != NULL && *name != '\0' && !vmm_instance_name_is_valid (name))
    return vmm_fail (error, name_code,
                     "the name must be 2 to 128 characters, begin with a letter, and not with "
                     "http:// or https://");
  return ops_check_description (description, error);
}

char *
ops_text_or_empty (const char *text)
{
  return g_strdup (text != NULL ? text : "");
}

void
ops_text_replace (char **field, const char *text)
{
  if (text == NULL)
    return;
  g_free (*field);
  *field = g_strdup (text);
}

char *
ops_text_join (const GPtrArray *texts, guint first)
{
  GString *answer = g_string_new (NULL);

  for (guint i = first; i < texts->len; i++)
    g_string_append_printf (answer, "%s%s", i > first ? "," : "",
                            (const char *) g_ptr_array_index (texts, i));
  return g_string_free (answer, FALSE);
}

GPtrArray *
ops_text_split (const char *answer)
{
  GPtrArray *texts = g_ptr_array_new_with_free_func (g_free);
  g_auto (GStrv) parts = g_strsplit (answer, ",", -1);

  for (guint i = 0; parts[i] != NULL; i++)
    g_ptr_array_add (texts, g_strdup (parts[i]));
  return texts;
}
