/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What must hold of every row of the real action table, and every parameter against every kind of
 * bad value. One test an action, made from the table: nothing here names an action. */
#include "config.h"

#include "api-dispatch.h"
#include "api-params.h"
#include "world.h"
#include <string.h>

/* ---- Values made from a row ---- */

static char *good_value (const ApiParam *param);

static char *
filled (char c, gsize length)
{
  return g_strnfill (length, c);
}

static char *
good_text (const ApiParam *param)
{
  if (param->choices != NULL)
    return g_strdup (param->choices[0]);
  if (param->format != NULL)
    return g_strdup (param->format->good);
  return g_strdup ("x");
}

static char *
good_value (const ApiParam *param)
{
  if (param->kind == API_KIND_INT)
    return g_strdup_printf ("%" G_GINT64_FORMAT, param->min);
  if (param->kind == API_KIND_BOOL || param->kind == API_KIND_TRI)
    return g_strdup ("true");
  return good_text (param);
}

static gboolean
has_texts (const ApiParam *param)
{
  return param->kind == API_KIND_STR || param->kind == API_KIND_STRLIST
         || param->kind == API_KIND_JSONLIST;
}

/* The parameters of one request, name by name. */
typedef struct
{
  const ApiAction *action;
  GHashTable *values;
} Request;

static void
set_good (Request *request, const ApiParam *param, const char *prefix)
{
  g_autofree char *name = g_strconcat (prefix, param->name, NULL);

  if (param->kind == API_KIND_LIST)
    {
      g_autofree char *inner = g_strconcat (name, ".1.", NULL);

      for (gsize i = 0; i < param->n_items; i++)
        set_good (request, &param->items[i], inner);
      return;
    }
  g_hash_table_insert (request->values,
                       param->kind == API_KIND_STRLIST ? g_strconcat (name, ".1", NULL)
                                                       : g_strdup (name),
                       good_value (param));
}

/* With good values for what is required, at the top and in the list that @prefix is inside of. */
static Request
request_new (const ApiAction *action)
{
  Request request = { action, g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free) };

  for (gsize i = 0; i < action->n_params; i++)
    if ((action->params[i].flags & API_REQUIRED) != 0)
      set_good (&request, &action->params[i], "");
  return request;
}

static void
parse (const Request *request, GError **error)
{
  g_autoptr (ApiQuery) query = api_query_new ();
  g_autoptr (GString) text = g_string_new (NULL);
  GHashTableIter iter;
  const char *name, *value;

  g_hash_table_iter_init (&iter, request->values);
  while (g_hash_table_iter_next (&iter, (gpointer *) &name, (gpointer *) &value))
    {
      g_autofree char *escaped = g_uri_escape_string (value, NULL, FALSE);

      g_string_append_printf (text, "%s%s=%s", text->len > 0 ? "&" : "", name, escaped);
    }
  assert_true (api_query_add (query, text->str, text->len, FALSE, NULL));
  assert_true (api_query_seal (query, NULL));
  api_params_free (request->action, api_params_parse (request->action, query, error));
}

/* ---- One parameter ---- */

/* A parameter, where it stands: inside lists the prefix is "DataDisk.1.". */
typedef struct
{
  const ApiAction *action;
  const ApiParam *param;
  const char *prefix;
  const ApiParam *outer; /* the list around it, or NULL */
} Place;

static void
complain (const Place *place, const char *what, const char *value)
{
  fail_msg ("%s %s%s: %s: '%.100s'", place->action->name, place->prefix, place->param->name, what,
            value != NULL ? value : "");
}

/* Parses a request in which the parameter has @value under its name and @suffix; NULL takes it
 * away. */
static void
try (const Place *place, const char *suffix, const char *value, GError **error)
{
  Request request = request_new (place->action);
  g_autofree char *name = g_strconcat (place->prefix, place->param->name, suffix, NULL);

  for (gsize i = 0; place->outer != NULL && i < place->outer->n_items; i++)
    if ((place->outer->items[i].flags & API_REQUIRED) != 0)
      set_good (&request, &place->outer->items[i], place->prefix);
  if (value != NULL)
    g_hash_table_insert (request.values, g_steal_pointer (&name), g_strdup (value));
  else
    g_hash_table_remove (request.values, name);
  parse (&request, error);
  g_hash_table_unref (request.values);
}

static const char *
first_suffix (const ApiParam *param)
{
  return param->kind == API_KIND_STRLIST ? ".1" : "";
}

static void
expect (const Place *place, const char *suffix, const char *value, VmmError code)
{
  g_autoptr (GError) error = NULL;

  try (place, suffix, value, &error);
  if (error == NULL)
    complain (place, "was taken", value);
  else if (error->domain != VMM_ERROR || error->code != (int) code)
    complain (place, error->message, value);
  else if (strstr (error->message, place->param->name) == NULL)
    complain (place, "is not named by the error", error->message);
}

static void
expect_bad (const Place *place, const char *suffix, const char *value)
{
  expect (place, suffix, value,
          place->param->error != 0 ? place->param->error : VMM_ERROR_INVALID_PARAMETER);
}

static void
expect_good (const Place *place, const char *value)
{
  g_autoptr (GError) error = NULL;

  try (place, first_suffix (place->param), value, &error);
  if (error != NULL)
    complain (place, error->message, value);
}

static void
check_numbers (const Place *place)
{
  const ApiParam *param = place->param;
  g_autofree char *min = g_strdup_printf ("%" G_GINT64_FORMAT, param->min);
  g_autofree char *max = g_strdup_printf ("%" G_GINT64_FORMAT, param->max);
  g_autofree char *below = g_strdup_printf ("%" G_GINT64_FORMAT, param->min - 1);
  g_autofree char *above = g_strdup_printf ("%" G_GINT64_FORMAT, param->max + 1);
  static const char *const bad[] = { "x", "1x", "1.0", "0x1", " 1", "99999999999999999999" };

  if (param->max <= param->min)
    complain (place, "has no bounds", NULL);
  expect_good (place, min);
  expect_good (place, max);
  expect_bad (place, "", below);
  expect_bad (place, "", above);
  for (gsize i = 0; i < G_N_ELEMENTS (bad); i++)
    expect_bad (place, "", bad[i]);
}

static void
check_texts (const Place *place)
{
  const ApiParam *param = place->param;
  g_autofree char *too_long = filled ('x', param->max_length + 1);

  if (param->max_length == 0)
    complain (place, "is a text without max_length", NULL);
  expect_bad (place, first_suffix (param), too_long);
  for (gsize i = 0; param->choices != NULL && param->choices[i] != NULL; i++)
    expect_good (place, param->choices[i]);
  if (param->choices != NULL)
    expect_bad (place, first_suffix (param), "no-such-choice");
  if (param->format != NULL)
    {
      if (!param->format->check (param->format->good) || param->format->check (param->format->bad))
        complain (place, "has a format whose samples are wrong", param->format->name);
      expect_bad (place, first_suffix (param), param->format->bad);
      if (param->choices == NULL)
        expect_good (place, param->format->good);
    }
}

/* One item more than may be. */
static void
check_count (const Place *place)
{
  const ApiParam *param = place->param;
  g_autofree char *item = has_texts (param) ? good_text (param) : NULL;
  g_autoptr (GString) json = g_string_new ("[");
  Request request = request_new (place->action);
  g_autoptr (GError) error = NULL;

  if (param->max <= 0)
    complain (place, "is a list without max", NULL);
  for (gint64 n = 1; n <= param->max + 1; n++)
    {
      g_autofree char *number
          = g_strdup_printf ("%s%s.%" G_GINT64_FORMAT, place->prefix, param->name, n);
      g_autofree char *inner = g_strconcat (number, ".", NULL);

      g_string_append_printf (json, "%s\"%s\"", n > 1 ? "," : "", item != NULL ? item : "");
      if (param->kind == API_KIND_STRLIST)
        g_hash_table_insert (request.values, g_steal_pointer (&number), g_strdup (item));
      else if (param->kind == API_KIND_LIST)
        set_good (&request, &param->items[0], inner);
    }
  g_string_append_c (json, ']');
  if (param->kind == API_KIND_JSONLIST)
    g_hash_table_insert (request.values, g_strconcat (place->prefix, param->name, NULL),
                         g_strdup (json->str));
  parse (&request, &error);
  if (error == NULL)
    complain (place, "takes more items than it may have", NULL);
  g_hash_table_unref (request.values);
}

static void check_param (const Place *place);

static void
check_list (const Place *place)
{
  g_autofree char *prefix = g_strconcat (place->prefix, place->param->name, ".1.", NULL);

  if (place->param->n_items == 0 || place->param->item_size == 0)
    complain (place, "is a list of structs without members", NULL);
  for (gsize i = 0; i < place->param->n_items; i++)
    {
      Place inner = { place->action, &place->param->items[i], prefix, place->param };

      check_param (&inner);
    }
}

static void
check_fallback (const Place *place)
{
  const ApiParam *param = place->param;

  if (param->kind == API_KIND_INT && (param->flags & API_REQUIRED) == 0)
    {
      if (param->fallback == NULL
          || !g_ascii_string_to_signed (param->fallback, 10, G_MININT, G_MAXINT, NULL, NULL))
        complain (place, "is an optional number without a number for a fallback", param->fallback);
    }
  else if (param->kind == API_KIND_STR && param->fallback != NULL && param->fallback[0] != '\0')
    expect_good (place, param->fallback);
  else if (param->fallback != NULL && param->kind == API_KIND_BOOL)
    expect_good (place, param->fallback);
}

static void
check_param (const Place *place)
{
  const ApiParam *param = place->param;

  if (param->doc == NULL || param->doc[0] == '\0')
    complain (place, "has no doc", NULL);
  check_fallback (place);
  if ((param->flags & API_REQUIRED) != 0 && param->kind != API_KIND_LIST && place->outer == NULL)
    expect (place, first_suffix (param), NULL, VMM_ERROR_MISSING_PARAMETER);
  if (has_texts (param))
    check_texts (place);
  if (param->kind == API_KIND_INT)
    check_numbers (place);
  if (param->kind == API_KIND_BOOL || param->kind == API_KIND_TRI)
    {
      expect_good (place, "FALSE");
      expect_bad (place, "", "maybe");
    }
  if (param->kind == API_KIND_JSONLIST)
    expect_bad (place, "", "[\"a\"");
  if (param->kind == API_KIND_STRLIST || param->kind == API_KIND_JSONLIST
      || param->kind == API_KIND_LIST)
    check_count (place);
  if (param->kind == API_KIND_LIST)
    check_list (place);
}

/* ---- One action ---- */

static void
check_names (const ApiAction *action)
{
  static const char *const common[]
      = { "Action",    "Version", "Format",      "AccessKeyId",    "Signature",
          "Timestamp", "DryRun",  "ClientToken", "SignatureNonce", "Account" };

  for (gsize i = 0; i < action->n_params; i++)
    {
      for (gsize k = 0; k < G_N_ELEMENTS (common); k++)
        if (g_ascii_strcasecmp (action->params[i].name, common[k]) == 0)
          fail_msg ("%s: %s is a common parameter", action->name, common[k]);
      for (gsize k = 0; k < i; k++)
        if (g_ascii_strcasecmp (action->params[i].name, action->params[k].name) == 0)
          fail_msg ("%s: %s is declared twice", action->name, action->params[i].name);
    }
}

static void
check_fields (const ApiAction *action)
{
  for (gsize i = 0; i < action->n_fields; i++)
    {
      const ApiField *field = &action->fields[i];
      gboolean is_array = g_str_has_suffix (field->path, "[]");

      if (field->doc == NULL || field->doc[0] == '\0')
        fail_msg ("%s: %s has no doc", action->name, field->path);
      if ((field->type == API_FIELD_LIST && !is_array) || g_str_equal (field->path, "Code"))
        fail_msg ("%s: %s cannot be a member of a reply", action->name, field->path);
      for (gsize k = 0; k < i; k++)
        if (g_str_equal (field->path, action->fields[k].path))
          fail_msg ("%s: %s is declared twice", action->name, field->path);
    }
}

static void
check_row (const ApiAction *action)
{
  const char *colon = action->permission != NULL ? strchr (action->permission, ':') : NULL;

  if (action->summary == NULL || !g_str_has_suffix (action->summary, "."))
    fail_msg ("%s: the summary is no sentence", action->name);
  if (action->since == NULL || action->run == NULL)
    fail_msg ("%s: since or run is missing", action->name);
  if (colon == NULL || !g_str_equal (colon + 1, action->name))
    fail_msg ("%s: the permission is '%s'", action->name, action->permission);
  if (g_str_has_prefix (action->name, "Describe") != (action->access == API_READ)
      && g_str_has_prefix (action->name, "Describe") && action->access != API_ADMIN)
    fail_msg ("%s describes and writes", action->name);
  for (gsize i = 0; i < action->n_errors; i++)
    if (api_dispatch_is_common (action->errors[i]))
      fail_msg ("%s: %s need not be declared", action->name, vmm_error_wire (action->errors[i]));
}

static void
check_action (void **state)
{
  const ApiAction *action = *state;

  check_row (action);
  check_names (action);
  check_fields (action);
  for (gsize i = 0; i < action->n_params; i++)
    {
      Place place = { action, &action->params[i], "", NULL };

      check_param (&place);
    }
}

/* ---- The table ---- */

static void
every_action_is_found_under_each_of_its_versions (void **state)
{
  g_autoptr (ApiTable) table = api_table_new (api_resources);

  for (const ApiResource *const *r = api_resources; *r != NULL; r++)
    for (gsize i = 0; i < (*r)->n_actions; i++)
      for (const char *const *v = api_action_versions (&(*r)->actions[i]); *v != NULL; v++)
        assert_ptr_equal (api_table_find (table, *v, (*r)->actions[i].name, NULL),
                          &(*r)->actions[i]);
}

static void
every_error_has_a_status_and_a_sentence (void **state)
{
  for (int code = 0; code < VMM_ERROR_LAST; code++)
    {
      assert_in_range (vmm_error_status ((VmmError) code), 400, 599);
      assert_true (g_str_has_suffix (vmm_error_sentence ((VmmError) code), "."));
    }
}

int
main (void)
{
  g_autoptr (GArray) tests = g_array_new (FALSE, TRUE, sizeof (struct CMUnitTest));
  const struct CMUnitTest whole[] = {
    cmocka_unit_test (every_action_is_found_under_each_of_its_versions),
    cmocka_unit_test (every_error_has_a_status_and_a_sentence),
  };

  g_array_append_vals (tests, whole, G_N_ELEMENTS (whole));
  for (const ApiResource *const *r = api_resources; *r != NULL; r++)
    for (gsize i = 0; i < (*r)->n_actions; i++)
      {
        const ApiAction *action = &(*r)->actions[i];
        struct CMUnitTest test = { .name = action->name,
                                   .test_func = check_action,
                                   .initial_state = (gpointer) action };

        g_array_append_val (tests, test);
      }
  return _cmocka_run_group_tests ("contract", (struct CMUnitTest *) (gpointer) tests->data,
                                  tests->len, NULL, NULL);
}
