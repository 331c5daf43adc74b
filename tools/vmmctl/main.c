/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vmmctl: finds out what the words mean, and hands them on. */
#include "config.h"
#include "vmmctl-error.h"
#include "vmmctl-help.h"
#include "vmmctl-json.h"
#include "vmmctl-run.h"
#include <locale.h>
#include <string.h>

/* The one action that is known from the start: it tells all others. */
#define DESCRIBE_ACTION "DescribeActions"
#define DESCRIBE_VERSION "2014-05-26"
#define INSTALLED_TABLE VMMD_DATADIR "/api.json"

/* From the server; without one, from what was installed, which is good enough for help. */
static VmmctlTable *
load_table (const VmmctlOptions *options, VmmctlServer *server, gboolean offline_is_fine,
            GError **error)
{
  g_autoptr (GHashTable) none = g_hash_table_new (g_str_hash, g_str_equal);
  g_autoptr (JsonNode) answer = NULL;
  g_autoptr (GError) cause = NULL;
  const char *text;

  if (options->table != NULL)
    return vmmctl_table_load (options->table, error);
  answer = vmmctl_server_call (server, DESCRIBE_VERSION, DESCRIBE_ACTION, none, &cause);
  text = answer != NULL ? vmmctl_json_member (json_node_get_object (answer), "Document") : NULL;
  if (answer != NULL)
    return vmmctl_table_parse (text != NULL ? text : "", error);
  if (offline_is_fine && g_file_test (INSTALLED_TABLE, G_FILE_TEST_EXISTS))
    return vmmctl_table_load (INSTALLED_TABLE, error);
  g_propagate_error (error, g_steal_pointer (&cause));
  return NULL;
}

static GPtrArray *
tail (GPtrArray *words, guint from)
{
  GPtrArray *rest = g_ptr_array_new ();

  for (guint i = from; i < words->len; i++)
    g_ptr_array_add (rest, words->pdata[i]);
  return rest;
}

/* Prints help for @words; what the server has is left out when it cannot be reached. */
static gboolean
help (const VmmctlRun *run, GError **error)
{
  GPtrArray *words = run->options->words;
  g_autoptr (VmmctlTable) table = NULL;
  g_autoptr (GError) cause = NULL;
  const VmmctlAction *action = NULL;
  JsonObject *form = NULL;
  guint used = 0;

  if (words->len == 0)
    {
      vmmctl_help_overview (run->forms);
      return TRUE;
    }
  form = vmmctl_forms_find (run->forms, words, &used);
  if (form == NULL && vmmctl_forms_has_group (run->forms, words->pdata[0]))
    {
      vmmctl_help_group (run->forms, words->pdata[0]);
      return TRUE;
    }
  table = load_table (run->options, run->server, TRUE, &cause);
  if (table != NULL)
    action = vmmctl_table_find (table, form != NULL ? vmmctl_json_member (form, "action")
                                                    : words->pdata[0]);
  if (form != NULL)
    vmmctl_help_form (form, action);
  else if (action != NULL)
    vmmctl_help_action (action);
  else if (table != NULL)
    return vmmctl_fail (error, VMMCTL_ERROR_USAGE, "there is no command '%s'; see vmmctl --help",
                        (char *) words->pdata[0]);
  else
    {
      g_propagate_error (error, g_steal_pointer (&cause));
      return FALSE;
    }
  return TRUE;
}

static gboolean
run_words (VmmctlRun *run, GError **error)
{
  GPtrArray *words = run->options->words;
  g_autoptr (VmmctlTable) table = NULL;
  g_autoptr (GPtrArray) rest = NULL;
  const VmmctlAction *action;
  guint used = 0;
  JsonObject *form = vmmctl_forms_find (run->forms, words, &used);

  if (form == NULL && words->len > 0 && vmmctl_forms_has_group (run->forms, words->pdata[0]))
    return vmmctl_fail (error, VMMCTL_ERROR_USAGE, "'%s%s%s' is no command; see vmmctl %s --help",
                        (char *) words->pdata[0], words->len > 1 ? " " : "",
                        words->len > 1 ? (char *) words->pdata[1] : "", (char *) words->pdata[0]);
  table = load_table (run->options, run->server, FALSE, error);
  if (table == NULL)
    return FALSE;
  run->table = table;
  if (run->options->list_actions)
    {
      vmmctl_help_actions (table);
      return TRUE;
    }
  if (form != NULL)
    {
      rest = tail (words, used);
      return vmmctl_run_form (run, form, rest, error);
    }
  action = vmmctl_table_find (table, words->pdata[0]);
  if (action == NULL)
    return vmmctl_fail (error, VMMCTL_ERROR_USAGE, "there is no command '%s'; see vmmctl --help",
                        (char *) words->pdata[0]);
  rest = tail (words, 1);
  return vmmctl_run_action (run, action, rest, error);
}

static gboolean
run_command (char **argv, GError **error)
{
  g_autoptr (VmmctlOptions) options = vmmctl_options_parse (argv, error);
  g_autoptr (VmmctlServer) server = NULL;
  g_autoptr (VmmctlForms) forms = NULL;
  VmmctlRun run = { 0 };

  if (options == NULL)
    return FALSE;
  if (options->version)
    {
      g_print ("vmmctl %s\n", VMMD_VERSION);
      return TRUE;
    }
  forms = vmmctl_forms_new ();
  run.options = options;
  run.forms = forms;
  if (options->words->len == 0 && !options->help && !options->list_actions)
    {
      vmmctl_help_overview (forms);
      return vmmctl_fail (error, VMMCTL_ERROR_USAGE, "a command is wanted");
    }
  if (options->help && options->words->len == 0)
    return help (&run, error);
  server = vmmctl_server_new (options, error);
  run.server = server;
  if (server == NULL)
    return FALSE;
  return options->help ? help (&run, error) : run_words (&run, error);
}

/* What the shell asks for: candidates for the last of @argv. Never an error. */
static void
complete (char **argv)
{
  char *none[] = { NULL };
  g_autoptr (VmmctlOptions) options = vmmctl_options_parse (none, NULL);
  g_autoptr (VmmctlServer) server = options != NULL ? vmmctl_server_new (options, NULL) : NULL;
  g_autoptr (VmmctlForms) forms = vmmctl_forms_new ();
  g_autoptr (VmmctlTable) table = server != NULL ? load_table (options, server, TRUE, NULL) : NULL;
  g_autoptr (GPtrArray) words = g_ptr_array_new ();

  for (; *argv != NULL; argv++)
    g_ptr_array_add (words, *argv);
  if (words->len > 0)
    vmmctl_help_complete (forms, table, words);
}

int
main (int argc, char **argv)
{
  g_autoptr (GError) error = NULL;

  setlocale (LC_ALL, "");
  if (argc > 1 && g_str_equal (argv[1], "--complete"))
    {
      complete (argv + 2);
      return 0;
    }
  if (run_command (argv + 1, &error))
    return 0;
  g_printerr ("vmmctl: %s\n", error->message);
  return error->code;
}
