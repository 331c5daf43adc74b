/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The table of common options and the pass that takes them out of the words. */
#include "vmmctl-options.h"
#include "vmmctl-error.h"
#include <string.h>

#define DEFAULT_SOCKET "/run/vmmd/admin.sock"
#define DEFAULT_TIMEOUT_S 600
#define MAX_TIMEOUT_S 86400

typedef struct
{
  const char *name;
  gboolean is_switch; /* has no value */
  gsize offset;
  const char *environment; /* where the value comes from when it is not given; may be NULL */
  const char *doc;
} Option;

#define SWITCH(name, field, doc)                                                                   \
  {                                                                                                \
    name, TRUE, G_STRUCT_OFFSET (VmmctlOptions, field), NULL, doc                                  \
  }
#define TEXT(name, field, environment, doc)                                                        \
  {                                                                                                \
    name, FALSE, G_STRUCT_OFFSET (VmmctlOptions, field), environment, doc                          \
  }

static const Option table[] = {
  SWITCH ("--help", help, "What there is; behind a command, what that command takes."),
  SWITCH ("--version", version, "The version of vmmctl."),
  SWITCH ("--list-actions", list_actions, "Every action the server has."),
  TEXT ("--output", output, NULL, "table for people (the default), or json."),
  TEXT ("--account", account, "VMMD_ACCOUNT", "The account to act for, through the socket."),
  SWITCH ("--wait", wait, "Return when the work is done, not when it is accepted."),
  SWITCH ("--no-wait", no_wait, "Return at once where waiting is the default."),
  TEXT ("--timeout", timeout, NULL, "Seconds to wait at most; 600."),
  TEXT ("--socket", socket, NULL, "The administrator's socket (VMMD_ADMIN_SOCKET)."),
  TEXT ("--endpoint", endpoint, NULL, "Ask this URL, with signed requests (ECS_ENDPOINT)."),
  TEXT ("--access-key-id", key_id, "ALIBABA_CLOUD_ACCESS_KEY_ID", "Who signs."),
  TEXT ("--access-key-secret", key_secret, "ALIBABA_CLOUD_ACCESS_KEY_SECRET",
        "What signs; the environment keeps it out of the process list."),
  TEXT ("--table", table, "VMMCTL_TABLE", "A file with the described table, instead of asking."),
};

/* The option that @word names, and in @out_value what stands behind its equals sign, or NULL. */
static const Option *
find_option (const char *word, const char **out_value)
{
  for (guint i = 0; i < G_N_ELEMENTS (table); i++)
    {
      gsize length = strlen (table[i].name);

      if (strncmp (word, table[i].name, length) == 0
          && (word[length] == '\0' || word[length] == '='))
        {
          *out_value = word[length] == '=' ? word + length + 1 : NULL;
          return &table[i];
        }
    }
  return NULL;
}

static gboolean
take_option (VmmctlOptions *options, const Option *option, const char *value, GError **error)
{
  gpointer field = G_STRUCT_MEMBER_P (options, option->offset);

  if (option->is_switch)
    {
      if (value != NULL)
        return vmmctl_fail (error, VMMCTL_ERROR_USAGE, "%s takes no value", option->name);
      *(gboolean *) field = TRUE;
      return TRUE;
    }
  if (value == NULL)
    return vmmctl_fail (error, VMMCTL_ERROR_USAGE, "%s needs a value", option->name);
  g_free (*(char **) field);
  *(char **) field = g_strdup (value);
  return TRUE;
}

static gboolean
take_words (VmmctlOptions *options, char **argv, GError **error)
{
  for (; *argv != NULL; argv++)
    {
      const char *value = NULL;
      const Option *option = find_option (*argv, &value);

      if (g_str_equal (*argv, "--"))
        {
          for (argv++; *argv != NULL; argv++)
            g_ptr_array_add (options->words, g_strdup (*argv));
          return TRUE;
        }
      if (option == NULL)
        {
          g_ptr_array_add (options->words, g_strdup (*argv));
          continue;
        }
      if (value == NULL && !option->is_switch && argv[1] != NULL)
        value = *++argv;
      if (!take_option (options, option, value, error))
        return FALSE;
    }
  return TRUE;
}

/* The first of: the option, its variable, and for the door socket before endpoint. */
static void
fill_gaps (VmmctlOptions *options)
{
  for (guint i = 0; i < G_N_ELEMENTS (table); i++)
    {
      char **field = G_STRUCT_MEMBER_P (options, table[i].offset);

      if (table[i].environment != NULL && *field == NULL)
        *field = g_strdup (g_getenv (table[i].environment));
    }
  if (options->socket == NULL && options->endpoint == NULL)
    {
      options->socket = g_strdup (g_getenv ("VMMD_ADMIN_SOCKET"));
      if (options->socket == NULL)
        options->endpoint = g_strdup (g_getenv ("ECS_ENDPOINT"));
    }
  if (options->socket == NULL && options->endpoint == NULL)
    options->socket = g_strdup (DEFAULT_SOCKET);
  if (options->output == NULL)
    options->output = g_strdup ("table");
}

static gboolean
check_values (VmmctlOptions *options, GError **error)
{
  guint64 timeout_s = DEFAULT_TIMEOUT_S;

  if (!g_str_equal (options->output, "table") && !g_str_equal (options->output, "json"))
    return vmmctl_fail (error, VMMCTL_ERROR_USAGE, "--output is table or json, not '%s'",
                        options->output);
  if (options->timeout != NULL
      && !g_ascii_string_to_unsigned (options->timeout, 10, 1, MAX_TIMEOUT_S, &timeout_s, NULL))
    return vmmctl_fail (error, VMMCTL_ERROR_USAGE, "--timeout is 1 to %d seconds, not '%s'",
                        MAX_TIMEOUT_S, options->timeout);
  options->timeout_s = (guint) timeout_s;
  if (options->socket != NULL && options->endpoint != NULL)
    return vmmctl_fail (error, VMMCTL_ERROR_USAGE, "--socket and --endpoint exclude each other");
  return TRUE;
}

VmmctlOptions *
vmmctl_options_parse (char **argv, GError **error)
{
  g_autoptr (VmmctlOptions) options = g_new0 (VmmctlOptions, 1);

  options->words = g_ptr_array_new_with_free_func (g_free);
  if (!take_words (options, argv, error))
    return NULL;
  fill_gaps (options);
  if (!check_values (options, error))
    return NULL;
  return g_steal_pointer (&options);
}

char *
vmmctl_options_help (void)
{
  GString *text = g_string_new (NULL);

  for (guint i = 0; i < G_N_ELEMENTS (table); i++)
    g_string_append_printf (text, "  %-20s %s\n", table[i].name, table[i].doc);
  return g_string_free (text, FALSE);
}

GPtrArray *
vmmctl_options_names (void)
{
  GPtrArray *names = g_ptr_array_new ();

  for (guint i = 0; i < G_N_ELEMENTS (table); i++)
    g_ptr_array_add (names, (gpointer) table[i].name);
  return names;
}

void
vmmctl_options_free (VmmctlOptions *options)
{
  if (options == NULL)
    return;
  for (guint i = 0; i < G_N_ELEMENTS (table); i++)
    if (!table[i].is_switch)
      g_free (G_STRUCT_MEMBER (char *, options, table[i].offset));
  g_ptr_array_unref (options->words);
  g_free (options);
}
