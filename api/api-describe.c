/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Writes the action table as JSON. */
#include "config.h"

#include "api-describe.h"
#include "api-dispatch.h"
#include "api-table.h"
#include "api-text.h"
#include <string.h>

static const char *const kind_names[]
    = { "string", "integer", "boolean", "boolean", "strings", "json-strings", "list" };
G_STATIC_ASSERT (G_N_ELEMENTS (kind_names) == API_KIND_LAST);
static const char *const type_names[]
    = { "string", "integer", "boolean", "object", "list", "number" };
static const char *const access_names[] = { "read", "write", "admin" };

/* Indented JSON, one member or item a line, so that a change shows as a small difference. */
typedef struct
{
  GString *out;
  guint depth;
  gboolean needs_comma;
} Writer;

static void
next_line (Writer *w)
{
  if (w->needs_comma)
    g_string_append_c (w->out, ',');
  g_string_append_printf (w->out, "\n%*s", (int) w->depth * 2, "");
  w->needs_comma = TRUE;
}

static void
name (Writer *w, const char *member)
{
  next_line (w);
  if (member == NULL)
    return;
  api_text_append_json (w->out, member);
  g_string_append (w->out, ": ");
}

static void
open_with (Writer *w, const char *member, char bracket)
{
  name (w, member);
  g_string_append_c (w->out, bracket);
  w->depth++;
  w->needs_comma = FALSE;
}

static void
close_with (Writer *w, char bracket)
{
  gboolean is_empty = !w->needs_comma;

  w->depth--;
  w->needs_comma = FALSE;
  if (!is_empty)
    next_line (w);
  g_string_append_c (w->out, bracket);
  w->needs_comma = TRUE;
}

static void
text (Writer *w, const char *member, const char *value)
{
  if (value == NULL)
    return;
  name (w, member);
  api_text_append_json (w->out, value);
}

static void
number (Writer *w, const char *member, gint64 value)
{
  name (w, member);
  g_string_append_printf (w->out, "%" G_GINT64_FORMAT, value);
}

static void
yes (Writer *w, const char *member, gboolean value)
{
  if (!value)
    return;
  name (w, member);
  g_string_append (w->out, "true");
}

static void
texts (Writer *w, const char *member, const char *const *values)
{
  if (values == NULL)
    return;
  open_with (w, member, '[');
  for (; *values != NULL; values++)
    text (w, NULL, *values);
  close_with (w, ']');
}

static void
write_param (Writer *w, const ApiParam *param)
{
  open_with (w, NULL, '{');
  text (w, "Name", param->name);
  text (w, "Type", kind_names[param->kind]);
  yes (w, "Required", (param->flags & API_REQUIRED) != 0);
  yes (w, "Secret", (param->flags & API_SECRET) != 0);
  yes (w, "MayBeEmpty", (param->flags & API_EMPTY_OK) != 0);
  text (w, "Default", param->fallback);
  if (param->min != 0 || param->max != 0)
    {
      number (w, "Min", param->min);
      number (w, "Max", param->max);
    }
  if (param->max_length > 0)
    number (w, "MaxLength", (gint64) param->max_length);
  texts (w, "Choices", param->choices);
  if (param->format != NULL)
    {
      text (w, "Format", param->format->name);
      text (w, "Example", param->format->good);
    }
  if (param->error != 0)
    text (w, "Error", vmm_error_wire (param->error));
  text (w, "Doc", param->doc);
  if (param->n_items > 0)
    {
      open_with (w, "Items", '[');
      for (gsize i = 0; i < param->n_items; i++)
        write_param (w, &param->items[i]);
      close_with (w, ']');
    }
  close_with (w, '}');
}

static void
write_field (Writer *w, const ApiField *field)
{
  open_with (w, NULL, '{');
  text (w, "Path", field->path);
  text (w, "Type", type_names[field->type]);
  yes (w, "Required", (field->flags & API_REQUIRED) != 0);
  text (w, "Doc", field->doc);
  close_with (w, '}');
}

static void
write_errors (Writer *w, const ApiAction *action)
{
  open_with (w, "Errors", '[');
  for (int code = 0; code < VMM_ERROR_LAST; code++)
    if (!api_dispatch_is_common ((VmmError) code)
        && api_dispatch_may_answer (action, (VmmError) code))
      text (w, NULL, vmm_error_wire ((VmmError) code));
  close_with (w, ']');
}

static void
write_action (Writer *w, const ApiAction *action)
{
  open_with (w, NULL, '{');
  text (w, "Name", action->name);
  text (w, "Summary", action->summary);
  text (w, "Since", action->since);
  texts (w, "Versions", api_action_versions (action));
  text (w, "Access", access_names[action->access]);
  text (w, "Permission", action->permission);
  yes (w, "DryRun", action->access == API_READ || (action->flags & API_DRY_RUN) != 0);
  yes (w, "ClientToken", (action->flags & API_CLIENT_TOKEN) != 0);
  yes (w, "AnyRegion", (action->flags & API_ANY_REGION) != 0);
  open_with (w, "Parameters", '[');
  for (gsize i = 0; i < action->n_params; i++)
    write_param (w, &action->params[i]);
  close_with (w, ']');
  open_with (w, "Reply", '[');
  for (gsize i = 0; i < action->n_fields; i++)
    write_field (w, &action->fields[i]);
  close_with (w, ']');
  write_errors (w, action);
  close_with (w, '}');
}

static void
write_error_list (Writer *w)
{
  open_with (w, "CommonErrors", '[');
  for (int code = 0; code < VMM_ERROR_LAST; code++)
    if (api_dispatch_is_common ((VmmError) code))
      text (w, NULL, vmm_error_wire ((VmmError) code));
  close_with (w, ']');
  open_with (w, "Errors", '[');
  for (int code = 0; code < VMM_ERROR_LAST; code++)
    {
      open_with (w, NULL, '{');
      text (w, "Code", vmm_error_wire ((VmmError) code));
      number (w, "Status", vmm_error_status ((VmmError) code));
      text (w, "Meaning", vmm_error_sentence ((VmmError) code));
      close_with (w, '}');
    }
  close_with (w, ']');
}

char *
api_describe (const ApiResource *const *resources)
{
  Writer w = { .out = g_string_sized_new (65536) };

  g_string_append_c (w.out, '{');
  w.depth = 1;
  open_with (&w, "Resources", '[');
  for (; *resources != NULL; resources++)
    {
      open_with (&w, NULL, '{');
      text (&w, "Name", (*resources)->name);
      open_with (&w, "Actions", '[');
      for (gsize i = 0; i < (*resources)->n_actions; i++)
        write_action (&w, &(*resources)->actions[i]);
      close_with (&w, ']');
      close_with (&w, '}');
    }
  close_with (&w, ']');
  write_error_list (&w);
  g_string_append (w.out, "\n}\n");
  return g_string_free (w.out, FALSE);
}
