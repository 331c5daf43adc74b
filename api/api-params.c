/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Fills an action's args struct from its table of parameters. What passes here has the type, the
 * bounds and the form its row says, so that no handler checks a value again. */
#include "config.h"

#include "api-params.h"
#include "api-text.h"
#include <sodium.h>
#include <string.h>

#define MAX_INDEX_DIGITS 4

/* Where a value is put and what it is called on the wire. */
typedef struct
{
  const ApiQuery *query;
  const char *prefix; /* "DataDisk.1." inside a list, "" at the top */
} Source;

static void clear_struct (const ApiParam *params, gsize n, gpointer base);

static gboolean bad_value (GError **error, const ApiParam *param, const char *name,
                           const char *value, const char *why, ...) G_GNUC_PRINTF (5, 6);

static gboolean
bad_value (GError **error, const ApiParam *param, const char *name, const char *value,
           const char *why, ...)
{
  g_autofree char *reason = NULL;
  g_autofree char *shown = NULL;
  VmmError code = param->error != 0 ? param->error : VMM_ERROR_INVALID_PARAMETER;
  va_list list;

  va_start (list, why);
  reason = g_strdup_vprintf (why, list);
  va_end (list);
  /* No other value would do, so the doc, which tells why, is more use than the rule. */
  if (code == VMM_ERROR_UNSUPPORTED_PARAMETER)
    return vmm_fail (error, code, "%s cannot be obeyed. %s", name, param->doc);
  if ((param->flags & API_SECRET) != 0)
    return vmm_fail (error, code, "%s %s", name, reason);
  shown = api_text_quote (value, 64);
  return vmm_fail (error, code, "%s is '%s', %s", name, shown, reason);
}

/* ---- One value ---- */

static const char *
match_choice (const char *const *choices, const char *value)
{
  for (; *choices != NULL; choices++)
    if (g_ascii_strcasecmp (*choices, value) == 0)
      return *choices;
  return NULL;
}

/* The checked text, or NULL. */
static char *
read_text (const ApiParam *param, const char *name, const char *value, GError **error)
{
  const char *choice;

  if (param->max_length > 0 && strlen (value) > param->max_length)
    {
      bad_value (error, param, name, value, "must be at most %" G_GSIZE_FORMAT " bytes",
                 param->max_length);
      return NULL;
    }
  if (param->choices != NULL)
    {
      choice = match_choice (param->choices, value);
      if (choice == NULL)
        {
          g_autofree char *all = g_strjoinv (", ", (char **) param->choices);

          bad_value (error, param, name, value, "must be one of %s", all);
          return NULL;
        }
      value = choice;
    }
  if (param->format != NULL && !param->format->check (value))
    {
      bad_value (error, param, name, value, "must be a valid %s such as '%s'", param->format->name,
                 param->format->good);
      return NULL;
    }
  return g_strdup (value);
}

static gboolean
read_int (const ApiParam *param, const char *name, const char *value, int *out, GError **error)
{
  gboolean is_bounded = param->min != 0 || param->max != 0;
  gint64 min = is_bounded ? param->min : G_MININT;
  gint64 max = is_bounded ? param->max : G_MAXINT;
  gint64 number;

  if (!g_ascii_string_to_signed (value, 10, min, max, &number, NULL))
    return bad_value (error, param, name, value,
                      "must be a whole number from %" G_GINT64_FORMAT " to %" G_GINT64_FORMAT, min,
                      max);
  *out = (int) number;
  return TRUE;
}

static gboolean
read_bool (const ApiParam *param, const char *name, const char *value, int *out, GError **error)
{
  if (g_ascii_strcasecmp (value, "true") == 0)
    *out = TRUE;
  else if (g_ascii_strcasecmp (value, "false") == 0)
    *out = FALSE;
  else
    return bad_value (error, param, name, value, "must be true or false");
  return TRUE;
}

/* ---- Lists ---- */

/* Reads the JSON string at *@at, which stands on its opening quote, and moves *@at behind it. NULL
 * for what is no JSON string or holds a NUL. */
static char *
read_json_string (const char **at)
{
  static const char escapes[] = "\"\\/bfnrt";
  static const char meanings[] = "\"\\/\b\f\n\r\t";
  g_autoptr (GString) out = g_string_new (NULL);
  const char *p = *at + 1;

  for (; *p != '"'; p++)
    {
      const char *escape;
      gunichar c = 0;

      if ((guchar) *p < 0x20)
        return NULL;
      if (*p != '\\')
        {
          g_string_append_c (out, *p);
          continue;
        }
      p++;
      if (*p == 'u')
        {
          for (int i = 0; i < 4; i++)
            {
              int digit = g_ascii_xdigit_value (*++p);

              if (digit < 0)
                return NULL;
              c = c << 4 | (gunichar) digit;
            }
          /* Halves of a surrogate pair are not joined: no id or name here needs one so written. */
          if (c == 0 || !g_unichar_validate (c))
            return NULL;
          g_string_append_unichar (out, c);
          continue;
        }
      escape = *p != '\0' ? strchr (escapes, *p) : NULL;
      if (escape == NULL)
        return NULL;
      g_string_append_c (out, meanings[escape - escapes]);
    }
  *at = p + 1;
  return g_strdup (out->str);
}

static const char *
skip_blanks (const char *p)
{
  while (*p == ' ' || *p == '\t' || *p == '\n' || *p == '\r')
    p++;
  return p;
}

/* Fills @out from the array at @text; FALSE when it is malformed or has more than @max items. */
static gboolean
read_json_array (const char *text, gsize max, GPtrArray *out)
{
  const char *p = skip_blanks (text + 1);

  if (*p == ']')
    return *skip_blanks (p + 1) == '\0';
  for (;;)
    {
      char *item = *p == '"' && out->len < max ? read_json_string (&p) : NULL;

      if (item == NULL)
        return FALSE;
      g_ptr_array_add (out, item);
      p = skip_blanks (p);
      if (*p == ']')
        return *skip_blanks (p + 1) == '\0';
      if (*p != ',')
        return FALSE;
      p = skip_blanks (p + 1);
    }
}

char **
api_params_split_list (const char *text, gsize max)
{
  g_autoptr (GPtrArray) items = g_ptr_array_new_with_free_func (g_free);

  text = skip_blanks (text);
  if (*text == '[')
    {
      if (!read_json_array (text, max, items))
        return NULL;
    }
  else
    while (*text != '\0')
      {
        const char *comma = strchrnul (text, ',');
        g_autofree char *item = g_strstrip (g_strndup (text, (gsize) (comma - text)));

        if (*item != '\0' && items->len >= max)
          return NULL;
        if (*item != '\0')
          g_ptr_array_add (items, g_steal_pointer (&item));
        text = *comma == ',' ? comma + 1 : comma;
      }
  g_ptr_array_add (items, NULL);
  return (char **) g_ptr_array_free (g_steal_pointer (&items), FALSE);
}

static gboolean
read_json_list (const ApiParam *param, const char *name, const char *value, char ***out,
                GError **error)
{
  g_auto (GStrv) items = api_params_split_list (value, (gsize) param->max);

  if (items == NULL)
    return bad_value (error, param, name, value,
                      "must be a JSON array of at most %" G_GINT64_FORMAT
                      " texts, such as [\"a\",\"b\"]",
                      param->max);
  for (guint i = 0; items[i] != NULL; i++)
    {
      char *text = read_text (param, name, items[i], error);

      if (text == NULL)
        return FALSE;
      g_free (items[i]);
      items[i] = text;
    }
  g_strfreev (*out);
  *out = g_steal_pointer (&items);
  return TRUE;
}

/* The index that @rest, the part of a name behind "Tag.", begins with; 0 when it is none. */
static guint
leading_index (const char *rest)
{
  guint index = 0, digits = 0;

  if (*rest == '0')
    return 0;
  for (; g_ascii_isdigit (*rest); rest++, digits++)
    if (digits < MAX_INDEX_DIGITS)
      index = index * 10 + (guint) (*rest - '0');
  return digits <= MAX_INDEX_DIGITS && (*rest == '.' || *rest == '\0') ? index : 0;
}

static int
compare_indexes (gconstpointer a, gconstpointer b)
{
  const guint *left = a, *right = b;

  return *left < *right ? -1 : *left > *right;
}

/* The indexes N that occur as "@name.N" (@is_flat) or "@name.N.…", in order, each once. */
static GArray *
find_indexes (const Source *source, const char *name, gboolean is_flat)
{
  GArray *found = g_array_new (FALSE, FALSE, sizeof (guint));
  g_autofree char *prefix = g_strconcat (name, ".", NULL);
  gsize n_all, first, n = api_query_find_prefix (source->query, prefix, &first);
  const ApiQueryItem *items = api_query_items (source->query, &n_all);
  guint kept = 0;

  for (gsize i = first; i < first + n; i++)
    {
      const char *rest = items[i].name + strlen (prefix);
      guint index = leading_index (rest);
      gboolean is_whole = strchr (rest, '.') == NULL;

      if (index > 0 && is_whole == is_flat)
        g_array_append_val (found, index);
    }
  g_array_sort (found, compare_indexes);
  for (guint i = 0; i < found->len; i++)
    if (kept == 0 || g_array_index (found, guint, kept - 1) != g_array_index (found, guint, i))
      g_array_index (found, guint, kept++) = g_array_index (found, guint, i);
  g_array_set_size (found, kept);
  return found;
}

static gboolean
check_count (const ApiParam *param, const char *name, gsize count, GError **error)
{
  if (count > (gsize) param->max)
    return vmm_fail (error, param->error != 0 ? param->error : VMM_ERROR_INVALID_PARAMETER,
                     "%s has %" G_GSIZE_FORMAT " items, must have at most %" G_GINT64_FORMAT, name,
                     count, param->max);
  if (count < (gsize) param->min && count > 0)
    return vmm_fail (error, param->error != 0 ? param->error : VMM_ERROR_INVALID_PARAMETER,
                     "%s has %" G_GSIZE_FORMAT " items, must have at least %" G_GINT64_FORMAT, name,
                     count, param->min);
  return TRUE;
}

static gboolean
read_numbered (const ApiParam *param, const char *name, const Source *source, char ***out,
               gboolean *out_given, GError **error)
{
  g_autoptr (GArray) indexes = find_indexes (source, name, TRUE);
  g_autoptr (GPtrArray) items = g_ptr_array_new_with_free_func (g_free);

  if (!check_count (param, name, indexes->len, error))
    return FALSE;
  for (guint i = 0; i < indexes->len; i++)
    {
      g_autofree char *wire = g_strdup_printf ("%s.%u", name, g_array_index (indexes, guint, i));
      const char *value = api_query_get (source->query, wire);
      char *text;

      if (value[0] == '\0')
        continue;
      text = read_text (param, wire, value, error);
      if (text == NULL)
        return FALSE;
      g_ptr_array_add (items, text);
    }
  *out_given = items->len > 0;
  g_ptr_array_add (items, NULL);
  g_strfreev (*out);
  *out = (char **) g_ptr_array_free (g_steal_pointer (&items), FALSE);
  return TRUE;
}

static gboolean fill_struct (const ApiParam *params, gsize n, gpointer base, const Source *source,
                             GError **error);

static gboolean
read_structs (const ApiParam *param, const char *name, const Source *source, GArray *out,
              GError **error)
{
  g_autoptr (GArray) indexes = find_indexes (source, name, FALSE);

  if (!check_count (param, name, indexes->len, error))
    return FALSE;
  for (guint i = 0; i < indexes->len; i++)
    {
      g_autofree char *prefix = g_strdup_printf ("%s.%u.", name, g_array_index (indexes, guint, i));
      Source inner = { source->query, prefix };

      g_array_set_size (out, out->len + 1);
      if (!fill_struct (param->items, param->n_items,
                        out->data + (gsize) (out->len - 1) * param->item_size, &inner, error))
        return FALSE;
    }
  return TRUE;
}

/* ---- The struct ---- */

/* A value for every member, so that clear_struct() can take the struct at any moment. */
static void
set_fallbacks (const ApiParam *params, gsize n, gpointer base)
{
  for (gsize i = 0; i < n; i++)
    {
      gpointer field = G_STRUCT_MEMBER_P (base, params[i].offset);

      switch (params[i].kind)
        {
        case API_KIND_STR:
          *(char **) field = g_strdup (params[i].fallback);
          break;
        case API_KIND_INT:
          *(int *) field = params[i].fallback != NULL
                               ? (int) g_ascii_strtoll (params[i].fallback, NULL, 10)
                               : 0;
          break;
        case API_KIND_BOOL:
          *(gboolean *) field = g_strcmp0 (params[i].fallback, "true") == 0;
          break;
        case API_KIND_TRI:
          *(int *) field = -1;
          break;
        case API_KIND_STRLIST:
        case API_KIND_JSONLIST:
          *(char ***) field = g_new0 (char *, 1);
          break;
        case API_KIND_LIST:
          *(GArray **) field = g_array_new (FALSE, TRUE, (guint) params[i].item_size);
          break;
        case API_KIND_LAST:
        default:
          g_assert_not_reached ();
        }
    }
}

static gboolean
read_single (const ApiParam *param, const char *name, const char *value, gpointer field,
             GError **error)
{
  char *text;

  switch (param->kind)
    {
    case API_KIND_STR:
      text = value[0] == '\0' && (param->flags & API_EMPTY_OK) != 0
                 ? g_strdup ("")
                 : read_text (param, name, value, error);
      if (text == NULL)
        return FALSE;
      g_free (*(char **) field);
      *(char **) field = text;
      return TRUE;
    case API_KIND_INT:
      return read_int (param, name, value, field, error);
    case API_KIND_BOOL:
    case API_KIND_TRI:
      return read_bool (param, name, value, field, error);
    case API_KIND_JSONLIST:
      return read_json_list (param, name, value, field, error);
    case API_KIND_STRLIST:
    case API_KIND_LIST:
    case API_KIND_LAST:
    default:
      g_assert_not_reached ();
    }
  return FALSE;
}

static gboolean
fill_member (const ApiParam *param, gpointer base, const Source *source, GError **error)
{
  gpointer field = G_STRUCT_MEMBER_P (base, param->offset);
  g_autofree char *joined
      = source->prefix[0] != '\0' ? g_strconcat (source->prefix, param->name, NULL) : NULL;
  const char *name = joined != NULL ? joined : param->name;
  gboolean is_given = FALSE;

  if (param->kind == API_KIND_STRLIST)
    {
      if (!read_numbered (param, name, source, field, &is_given, error))
        return FALSE;
    }
  else if (param->kind == API_KIND_LIST)
    {
      if (!read_structs (param, name, source, *(GArray **) field, error))
        return FALSE;
      is_given = (*(GArray **) field)->len > 0;
    }
  else
    {
      const char *value = api_query_get (source->query, name);

      is_given = value != NULL && (value[0] != '\0' || (param->flags & API_EMPTY_OK) != 0);
      if (is_given && !read_single (param, name, value, field, error))
        return FALSE;
      if (param->kind == API_KIND_JSONLIST)
        is_given = (*(char ***) field)[0] != NULL;
    }
  if (!is_given && (param->flags & API_REQUIRED) != 0)
    return vmm_fail (error, VMM_ERROR_MISSING_PARAMETER, "the parameter %s%s is required", name,
                     param->kind == API_KIND_STRLIST || param->kind == API_KIND_LIST ? ".1" : "");
  return TRUE;
}

static gboolean
fill_struct (const ApiParam *params, gsize n, gpointer base, const Source *source, GError **error)
{
  set_fallbacks (params, n, base);
  for (gsize i = 0; i < n; i++)
    if (!fill_member (&params[i], base, source, error))
      return FALSE;
  return TRUE;
}

static void
free_text (const ApiParam *param, char *text)
{
  if (text != NULL && (param->flags & API_SECRET) != 0)
    sodium_memzero (text, strlen (text));
  g_free (text);
}

static void
clear_member (const ApiParam *param, gpointer field)
{
  if (param->kind == API_KIND_STR)
    free_text (param, *(char **) field);
  else if (param->kind == API_KIND_STRLIST || param->kind == API_KIND_JSONLIST)
    {
      char **texts = *(char ***) field;

      for (guint i = 0; texts[i] != NULL; i++)
        free_text (param, texts[i]);
      g_free (texts);
    }
  else if (param->kind == API_KIND_LIST)
    {
      GArray *items = *(GArray **) field;

      for (guint i = 0; i < items->len; i++)
        clear_struct (param->items, param->n_items, items->data + (gsize) i * param->item_size);
      g_array_unref (items);
    }
}

static void
clear_struct (const ApiParam *params, gsize n, gpointer base)
{
  for (gsize i = 0; i < n; i++)
    clear_member (&params[i], G_STRUCT_MEMBER_P (base, params[i].offset));
}

gpointer
api_params_parse (const ApiAction *action, const ApiQuery *query, GError **error)
{
  Source source = { query, "" };
  gpointer args;

  if (action->n_params == 0)
    return NULL;
  args = g_malloc0 (action->args_size);
  if (fill_struct (action->params, action->n_params, args, &source, error))
    return args;
  api_params_free (action, args);
  return NULL;
}

void
api_params_free (const ApiAction *action, gpointer args)
{
  if (args == NULL)
    return;
  clear_struct (action->params, action->n_params, args);
  g_free (args);
}
