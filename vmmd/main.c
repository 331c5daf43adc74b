/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Command line, signals, main loop. */
#include "config.h"

#include "api-action.h"
#include "api-describe.h"
#include "app.h"
#include "vmm-log.h"
#include "vmm-step.h"
#include <gio/gio.h>
#include <gio/gunixsocketaddress.h>
#include <glib-unix.h>
#include <signal.h>
#include <stdio.h>

typedef struct
{
  char *config_path;
  gboolean version, sample_config, describe_api, check_replies;
  int die_at_step;
} Options;

static gboolean
parse (Options *options, int *argc, char ***argv, GError **error)
{
  const GOptionEntry entries[] = {
    { "config", 'c', 0, G_OPTION_ARG_FILENAME, &options->config_path,
      "Configuration file (default " VMMD_SYSCONFDIR "/vmmd.conf; may be missing)", "FILE" },
    { "version", 0, 0, G_OPTION_ARG_NONE, &options->version, "Print the version", NULL },
    { "sample-config", 0, 0, G_OPTION_ARG_NONE, &options->sample_config,
      "Print a configuration file with every key at its default", NULL },
    { "describe-api", 0, 0, G_OPTION_ARG_NONE, &options->describe_api,
      "Print the table of all actions as JSON", NULL },
    { "check-replies", 0, 0, G_OPTION_ARG_NONE, &options->check_replies,
      "Compare every reply with what its action declares (tests)", NULL },
    { "die-at-step", 0, 0, G_OPTION_ARG_INT, &options->die_at_step,
      "End as by kill -9 at the N-th step of work (tests)", "N" },
    { NULL, 0, 0, 0, NULL, NULL, NULL },
  };
  g_autoptr (GOptionContext) context = g_option_context_new ("- an ECS-compatible private cloud");

  g_option_context_add_main_entries (context, entries, NULL);
  return g_option_context_parse (context, argc, argv, error);
}

static gboolean
print_and_exit (const Options *options)
{
  g_autofree char *text = NULL;

  if (options->version)
    text = g_strdup (VMMD_VERSION "\n");
  else if (options->sample_config)
    text = vmm_config_sample ();
  else if (options->describe_api)
    text = api_describe (api_resources);
  else
    return FALSE;
  fputs (text, stdout);
  return TRUE;
}

/* Tells systemd, or whoever set NOTIFY_SOCKET, that the doors are open. sd_notify(3) describes the
 * datagram; it is too little for a library. */
static void
notify_ready (void)
{
  const char *path = g_getenv ("NOTIFY_SOCKET");
  g_autoptr (GSocket) socket = NULL;
  g_autoptr (GSocketAddress) address = NULL;
  g_autoptr (GError) error = NULL;

  if (path == NULL)
    return;
  address = *path == '@'
                ? g_unix_socket_address_new_with_type (path + 1, -1, G_UNIX_SOCKET_ADDRESS_ABSTRACT)
                : g_unix_socket_address_new (path);
  socket = g_socket_new (G_SOCKET_FAMILY_UNIX, G_SOCKET_TYPE_DATAGRAM, G_SOCKET_PROTOCOL_DEFAULT,
                         &error);
  if (socket == NULL || g_socket_send_to (socket, address, "READY=1", 7, NULL, &error) < 0)
    vmm_warning ("the service manager cannot be told that vmmd is ready: %s", error->message);
}

/* The daemon's own loop: libvirt's events run in the default context, on a thread of their own. */
static GMainContext *
own_context (void)
{
  GMainContext *context = g_main_context_new ();

  g_main_context_push_thread_default (context);
  return context;
}

static gboolean
on_signal (gpointer data)
{
  g_main_loop_quit (data);
  return G_SOURCE_CONTINUE;
}

static void
watch_signal (int number, GMainLoop *loop)
{
  g_autoptr (GSource) source = g_unix_signal_source_new (number);

  g_source_set_callback (source, on_signal, loop, NULL);
  g_source_attach (source, g_main_loop_get_context (loop));
}

static int
run (const Options *options)
{
  const char *path
      = options->config_path != NULL ? options->config_path : VMMD_SYSCONFDIR "/vmmd.conf";
  g_autoptr (GError) error = NULL;
  g_autoptr (VmmConfig) config = vmm_config_load (path, &error);
  g_autoptr (GMainContext) context = own_context ();
  g_autoptr (GMainLoop) loop = g_main_loop_new (context, FALSE);
  g_autoptr (App) app = NULL;

  if (config != NULL && !vmm_log_set_level (config->log_level))
    {
      fprintf (stderr,
               "vmmd: %s: [daemon] log-level is '%s', must be error, warning, info or debug\n",
               path, config->log_level);
      return 1;
    }
  signal (SIGPIPE, SIG_IGN);
  /* From here on a request to stop is heeded, if only once the start is over. */
  watch_signal (SIGTERM, loop);
  watch_signal (SIGINT, loop);
  vmm_step_die_at ((guint) MAX (0, options->die_at_step));
  if (config != NULL)
    app = app_new (config, options->check_replies, &error);
  if (app == NULL)
    {
      fprintf (stderr, "vmmd: cannot start: %s\n", error->message);
      return 1;
    }
  notify_ready ();
  g_main_loop_run (loop);
  vmm_info ("stopping; guests run on");
  return 0;
}

int
main (int argc, char **argv)
{
  Options options = { 0 };
  g_autoptr (GError) error = NULL;
  int status;

  if (!parse (&options, &argc, &argv, &error))
    {
      fprintf (stderr, "vmmd: %s\n", error->message);
      return 2;
    }
  status = print_and_exit (&options) ? 0 : run (&options);
  g_free (options.config_path);
  return status;
}
