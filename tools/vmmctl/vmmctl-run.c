/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Short forms as data: what is sent, what is shown, what is waited for. */
#include "vmmctl-run.h"
#include "vmmctl-args.h"
#include "vmmctl-difference.h"
#include "vmmctl-error.h"
#include "vmmctl-json.h"
#include "vmmctl-print.h"
#include "vmmctl-wait.h"
#include <stdio.h>

/* The most that every list with pages takes. */
#define PAGE_SIZE "50"

static GHashTable *
params_new (void)
{
  return g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
}

static gboolean
wants_json (const VmmctlRun *run)
{
  return g_str_equal (run->options->output, "json");
}

static JsonObject *
object_member (JsonObject *object, const char *name)
{
  return json_object_has_member (object, name) ? json_object_get_object_member (object, name)
                                               : NULL;
}

static gboolean
is_set (JsonObject *object, const char *name)
{
  return json_object_get_boolean_member_with_default (object, name, FALSE);
}

gboolean
vmmctl_run_action (const VmmctlRun *run, const VmmctlAction *action, GPtrArray *words,
                   GError **error)
{
  g_autoptr (GHashTable) params = params_new ();
  g_autoptr (JsonNode) answer = NULL;

  if (!vmmctl_args_parse (action, action->name, words, NULL, params, NULL, error)
      || !vmmctl_args_check_required (action, action->name, NULL, params, error))
    return FALSE;
  answer = vmmctl_server_call (run->server, action->version, action->name, params, error);
  if (answer == NULL)
    return FALSE;
  if (wants_json (run))
    vmmctl_print_json (answer);
  else
    vmmctl_print_tree (answer);
  return TRUE;
}

/* ---- What is sent ---- */

static void
add_fixed (JsonObject *form, GHashTable *params)
{
  JsonObject *fixed = object_member (form, "fixed");
  g_autoptr (GList) names = fixed != NULL ? json_object_get_members (fixed) : NULL;

  for (GList *l = names; l != NULL; l = l->next)
    if (!g_hash_table_contains (params, l->data))
      g_hash_table_insert (params, g_strdup (l->data),
                           g_strdup (json_object_get_string_member (fixed, l->data)));
}

/* Times that are so many seconds from now, when they are not given. */
static void
add_times (JsonObject *form, GHashTable *params)
{
  JsonObject *times = object_member (form, "times");
  g_autoptr (GList) names = times != NULL ? json_object_get_members (times) : NULL;
  g_autoptr (GDateTime) now = g_date_time_new_now_utc ();

  for (GList *l = names; l != NULL; l = l->next)
    {
      g_autoptr (GDateTime) at
          = g_date_time_add_seconds (now, (double) json_object_get_int_member (times, l->data));

      if (!g_hash_table_contains (params, l->data))
        g_hash_table_insert (params, g_strdup (l->data),
                             g_date_time_format (at, "%Y-%m-%dT%H:%M:%SZ"));
    }
}

/* Fills a parameter from how another one ends. */
static void
add_guesses (JsonObject *form, GHashTable *params)
{
  JsonObject *guesses = object_member (form, "guess");
  g_autoptr (GList) names = guesses != NULL ? json_object_get_members (guesses) : NULL;

  for (GList *l = names; l != NULL; l = l->next)
    {
      JsonObject *guess = json_object_get_object_member (guesses, l->data);
      const char *from = g_hash_table_lookup (params, vmmctl_json_member (guess, "from"));
      JsonObject *endings = json_object_get_object_member (guess, "endings");
      g_autoptr (GList) keys = json_object_get_members (endings);

      for (GList *k = keys; k != NULL && from != NULL; k = k->next)
        if (!g_hash_table_contains (params, l->data) && g_str_has_suffix (from, k->data))
          g_hash_table_insert (params, g_strdup (l->data),
                               g_strdup (json_object_get_string_member (endings, k->data)));
    }
}

static gboolean
add_operand (const VmmctlAction *action, JsonObject *operand, const char *word, GHashTable *params,
             GError **error)
{
  const char *param = vmmctl_json_member (operand, "param");
  g_autofree char *path = NULL;

  if (!is_set (operand, "path"))
    return vmmctl_args_add (action, param, word, params, error);
  path = g_canonicalize_filename (word, NULL);
  if (!g_file_test (path, G_FILE_TEST_EXISTS))
    return vmmctl_fail (error, VMMCTL_ERROR_USAGE, "there is no file '%s'", path);
  return vmmctl_args_add (action, param, path, params, error);
}

/* Checks the number of @operands (char *) and adds them, all but those of a form that makes a call
 * for each. */
static gboolean
add_operands (JsonObject *form, const VmmctlAction *action, GPtrArray *operands, GHashTable *params,
              GError **error)
{
  JsonArray *wanted = json_object_has_member (form, "operands")
                          ? json_object_get_array_member (form, "operands")
                          : NULL;
  guint n_wanted = wanted != NULL ? json_array_get_length (wanted) : 0;
  guint next = 0;

  for (guint i = 0; i < n_wanted; i++)
    {
      JsonObject *operand = json_array_get_object_element (wanted, i);

      if (next == operands->len)
        return vmmctl_fail (error, VMMCTL_ERROR_USAGE, "%s is missing; see vmmctl %s --help",
                            vmmctl_json_member (operand, "label"),
                            vmmctl_json_member (form, "form"));
      do
        {
          if (!is_set (form, "each")
              && !add_operand (action, operand, operands->pdata[next], params, error))
            return FALSE;
          next++;
        }
      while (is_set (operand, "many") && next < operands->len);
    }
  if (next < operands->len)
    return vmmctl_fail (error, VMMCTL_ERROR_USAGE,
                        "'%s' is one word too many; see vmmctl %s --help",
                        (char *) operands->pdata[next], vmmctl_json_member (form, "form"));
  return TRUE;
}

/* ---- What is called ---- */

/* Moves the items of the next page behind those of the first. */
static guint
append_page (JsonNode *all, JsonNode *page, const char *path)
{
  JsonArray *to = vmmctl_json_list (all, path);
  JsonArray *from = vmmctl_json_list (page, path);
  guint count = from != NULL ? json_array_get_length (from) : 0;

  for (guint i = 0; to != NULL && i < count; i++)
    json_array_add_element (to, json_array_dup_element (from, i));
  return count;
}

static JsonNode *
call_pages (const VmmctlRun *run, JsonObject *form, const VmmctlAction *action, GHashTable *params,
            GError **error)
{
  const char *path = vmmctl_json_member (form, "list");
  g_autoptr (JsonNode) all = NULL;
  guint number = 1;

  g_hash_table_replace (params, g_strdup ("PageSize"), g_strdup (PAGE_SIZE));
  for (;; number++)
    {
      g_autoptr (JsonNode) page = NULL;
      guint count;
      gint64 total;

      g_hash_table_replace (params, g_strdup ("PageNumber"), g_strdup_printf ("%u", number));
      page = vmmctl_server_call (run->server, action->version, action->name, params, error);
      if (page == NULL)
        return NULL;
      total
          = json_object_get_int_member_with_default (json_node_get_object (page), "TotalCount", 0);
      if (all == NULL)
        {
          JsonArray *rows = vmmctl_json_list (page, path);

          count = rows != NULL ? json_array_get_length (rows) : 0;
          all = g_steal_pointer (&page);
        }
      else
        count = append_page (all, page, path);
      if (count == 0 || (gint64) json_array_get_length (vmmctl_json_list (all, path)) >= total)
        return g_steal_pointer (&all);
    }
}

/* ---- What is shown ---- */

static gboolean
print_decoded (JsonNode *answer, const char *member, GError **error)
{
  const char *text = vmmctl_json_member (json_node_get_object (answer), member);
  g_autofree guchar *bytes = NULL;
  gsize length = 0;

  if (text == NULL)
    return vmmctl_fail (error, VMMCTL_ERROR_AWAY, "the answer has no %s", member);
  bytes = g_base64_decode (text, &length);
  fwrite (bytes, 1, length, stdout);
  fflush (stdout);
  return TRUE;
}

/* The members called @members, of which there are two: what only one of them has. */
static gboolean
print_difference (JsonNode *answer, JsonArray *members, GError **error)
{
  JsonObject *object = json_node_get_object (answer);
  const char *from = vmmctl_json_member (object, json_array_get_string_element (members, 0));
  const char *to = vmmctl_json_member (object, json_array_get_string_element (members, 1));
  g_autofree char *difference = NULL;

  if (from == NULL || to == NULL)
    return vmmctl_fail (error, VMMCTL_ERROR_AWAY, "the answer has not both %s and %s",
                        json_array_get_string_element (members, 0),
                        json_array_get_string_element (members, 1));
  difference = vmmctl_difference (from, to);
  g_print ("%s", difference);
  return *difference == '\0'
         || vmmctl_fail (error, VMMCTL_ERROR_DIFFERS, "%s and %s differ",
                         json_array_get_string_element (members, 0),
                         json_array_get_string_element (members, 1));
}

static gboolean
print_text (JsonNode *answer, const char *member, GError **error)
{
  const char *text = vmmctl_json_member (json_node_get_object (answer), member);

  if (text == NULL)
    return vmmctl_fail (error, VMMCTL_ERROR_AWAY, "the answer has no %s", member);
  g_print ("%s", text);
  return TRUE;
}

static void
print_ids (JsonNode *found)
{
  JsonArray *array
      = found != NULL && JSON_NODE_HOLDS_ARRAY (found) ? json_node_get_array (found) : NULL;

  for (guint i = 0; array != NULL && i < json_array_get_length (array); i++)
    g_print ("%s\n", json_array_get_string_element (array, i));
  if (array == NULL && found != NULL)
    g_print ("%s\n", json_node_get_string (found));
}

/* Whether one of the members of @row is the text @id. */
static gboolean
is_named (JsonObject *row, const char *id)
{
  g_autoptr (GList) values = json_object_get_values (row);

  for (GList *l = values; l != NULL; l = l->next)
    if (json_node_get_value_type (l->data) == G_TYPE_STRING
        && g_str_equal (json_node_get_string (l->data), id))
      return TRUE;
  return FALSE;
}

static gboolean
check_found (JsonArray *rows, GPtrArray *ids, GError **error)
{
  g_autoptr (GString) missing = g_string_new (NULL);

  for (guint i = 0; i < ids->len; i++)
    {
      gboolean is_found = FALSE;

      for (guint r = 0; rows != NULL && !is_found && r < json_array_get_length (rows); r++)
        is_found = is_named (json_array_get_object_element (rows, r), ids->pdata[i]);
      if (!is_found)
        g_string_append_printf (missing, "%s ", (char *) ids->pdata[i]);
    }
  return missing->len == 0
         || vmmctl_fail (error, VMMCTL_ERROR_REFUSED, "%snot found", missing->str);
}

static void
print_done (JsonObject *form, GPtrArray *operands)
{
  gint64 first = json_object_get_int_member_with_default (form, "said", 0);
  guint end = json_object_has_member (form, "said") ? operands->len : 1;

  for (guint i = (guint) first; i < end; i++)
    g_print ("%s %s\n", (char *) operands->pdata[i], vmmctl_json_member (form, "done"));
}

static gboolean
print_answer (const VmmctlRun *run, JsonObject *form, JsonNode *answer, GPtrArray *operands,
              GError **error)
{
  const char *list = vmmctl_json_member (form, "list");
  JsonArray *rows = list != NULL ? vmmctl_json_list (answer, list) : NULL;

  if (is_set (form, "missing") && !check_found (rows, operands, error))
    return FALSE;
  if (wants_json (run))
    vmmctl_print_json (answer);
  else if (json_object_has_member (form, "decode"))
    return print_decoded (answer, vmmctl_json_member (form, "decode"), error);
  else if (json_object_has_member (form, "text"))
    return print_text (answer, vmmctl_json_member (form, "text"), error);
  else if (json_object_has_member (form, "difference"))
    return print_difference (answer, json_object_get_array_member (form, "difference"), error);
  else if (json_object_has_member (form, "ids"))
    print_ids (vmmctl_json_at (answer, vmmctl_json_member (form, "ids")));
  else if (rows != NULL && json_object_has_member (form, "columns"))
    vmmctl_print_table (rows, json_object_get_object_member (form, "columns"));
  else if (list != NULL)
    vmmctl_print_tree (vmmctl_json_at (answer, list));
  else if (json_object_has_member (form, "one"))
    vmmctl_print_tree (vmmctl_json_at (answer, vmmctl_json_member (form, "one")));
  else if (json_object_has_member (form, "done"))
    print_done (form, operands);
  else
    vmmctl_print_tree (answer);
  return TRUE;
}

/* ---- All of it ---- */

/* How many of @n operands the first of @form stands for. */
static guint
count_first (JsonObject *form, guint n)
{
  JsonArray *wanted = json_object_has_member (form, "operands")
                          ? json_object_get_array_member (form, "operands")
                          : NULL;

  return wanted != NULL && !is_set (json_array_get_object_element (wanted, 0), "many") ? MIN (n, 1)
                                                                                       : n;
}

static GPtrArray *
ids_to_wait_for (JsonObject *form, JsonNode *answer, GPtrArray *operands)
{
  GPtrArray *ids = g_ptr_array_new_with_free_func (g_free);
  const char *path = vmmctl_json_member (form, "ids");
  JsonNode *found = path != NULL && answer != NULL ? vmmctl_json_at (answer, path) : NULL;
  JsonArray *array
      = found != NULL && JSON_NODE_HOLDS_ARRAY (found) ? json_node_get_array (found) : NULL;

  for (guint i = 0; array != NULL && i < json_array_get_length (array); i++)
    g_ptr_array_add (ids, g_strdup (json_array_get_string_element (array, i)));
  if (found != NULL && array == NULL)
    g_ptr_array_add (ids, g_strdup (json_node_get_string (found)));
  for (guint i = 0; path == NULL && i < count_first (form, operands->len); i++)
    g_ptr_array_add (ids, g_strdup (operands->pdata[i]));
  return ids;
}

static gboolean
wait_if_wanted (const VmmctlRun *run, JsonObject *form, JsonNode *answer, GPtrArray *operands,
                GError **error)
{
  const char *name = vmmctl_json_member (form, "wait");
  g_autoptr (GPtrArray) ids = NULL;

  if (name == NULL || run->options->no_wait || !(run->options->wait || is_set (form, "always")))
    return TRUE;
  ids = ids_to_wait_for (form, answer, operands);
  return vmmctl_wait (run->server, run->table, vmmctl_forms_wait (run->forms, name), ids,
                      run->options->timeout_s, error);
}

/* One call for each operand; the first refusal ends it. */
static gboolean
run_each (const VmmctlRun *run, JsonObject *form, const VmmctlAction *action, GPtrArray *operands,
          GHashTable *params, GError **error)
{
  JsonObject *first
      = json_array_get_object_element (json_object_get_array_member (form, "operands"), 0);
  const char *param = vmmctl_json_member (first, "param");

  for (guint i = 0; i < operands->len; i++)
    {
      g_autoptr (GPtrArray) one = g_ptr_array_new ();
      g_autoptr (JsonNode) answer = NULL;

      g_ptr_array_add (one, operands->pdata[i]);
      g_hash_table_remove (params, param);
      if (!vmmctl_args_add (action, param, operands->pdata[i], params, error))
        return FALSE;
      answer = vmmctl_server_call (run->server, action->version, action->name, params, error);
      if (answer == NULL)
        {
          g_prefix_error (error, "%s: ", (char *) operands->pdata[i]);
          return FALSE;
        }
      if (!print_answer (run, form, answer, one, error))
        return FALSE;
    }
  return wait_if_wanted (run, form, NULL, operands, error);
}

gboolean
vmmctl_run_form (const VmmctlRun *run, JsonObject *form, GPtrArray *words, GError **error)
{
  const char *name = vmmctl_json_member (form, "action");
  const char *command = vmmctl_json_member (form, "form");
  const VmmctlAction *action = vmmctl_table_find (run->table, name);
  JsonObject *aliases = object_member (form, "aliases");
  g_autoptr (GHashTable) params = params_new ();
  g_autoptr (GPtrArray) operands = g_ptr_array_new_with_free_func (g_free);
  g_autoptr (JsonNode) answer = NULL;

  if (action == NULL)
    return vmmctl_fail (error, VMMCTL_ERROR_USAGE, "this server has no action %s", name);
  if (!vmmctl_args_parse (action, command, words, aliases, params, operands, error)
      || !add_operands (form, action, operands, params, error))
    return FALSE;
  add_guesses (form, params);
  add_fixed (form, params);
  add_times (form, params);
  if (is_set (form, "each"))
    return run_each (run, form, action, operands, params, error);
  if (!vmmctl_args_check_required (action, command, aliases, params, error))
    return FALSE;

  answer = is_set (form, "pages")
               ? call_pages (run, form, action, params, error)
               : vmmctl_server_call (run->server, action->version, action->name, params, error);
  return answer != NULL && print_answer (run, form, answer, operands, error)
         && wait_if_wanted (run, form, answer, operands, error);
}
