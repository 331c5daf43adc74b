/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Helper programs: run with a deadline, found again after a restart, ended by process handle. */
#include "netctl-proc.h"
#include "netctl-ns.h"
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/pidfd.h>
#include <sys/wait.h>
#include <unistd.h>

#define END_TIMEOUT_MS 3000

typedef struct
{
  const char *const *argv;
  int output;
  pid_t pid;
} Start;

static gboolean
fail (GError **error, const char *program, const char *what)
{
  g_set_error (error, NETCTL_ERROR, NETCTL_ERROR_KERNEL, "%s: %s", program, what);
  return FALSE;
}

static gboolean
start_here (gpointer data, GError **error)
{
  static char path[] = "PATH=/usr/sbin:/usr/bin:/sbin:/bin", locale[] = "LC_ALL=C";
  char *environment[] = { path, locale, NULL };
  Start *start = data;
  posix_spawn_file_actions_t actions;
  posix_spawnattr_t attributes;
  sigset_t none, all;
  int code;

  sigemptyset (&none);
  sigfillset (&all);
  posix_spawn_file_actions_init (&actions);
  posix_spawn_file_actions_addopen (&actions, 0, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_adddup2 (&actions, start->output, 1);
  posix_spawn_file_actions_adddup2 (&actions, start->output, 2);
  posix_spawn_file_actions_addclosefrom_np (&actions, 3);
  posix_spawnattr_init (&attributes);
  posix_spawnattr_setsigmask (&attributes, &none);
  posix_spawnattr_setsigdefault (&attributes, &all);
  posix_spawnattr_setflags (&attributes,
                            POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSID);
  code = posix_spawn (&start->pid, start->argv[0], &actions, &attributes,
                      (char *const *) start->argv, environment);
  posix_spawnattr_destroy (&attributes);
  posix_spawn_file_actions_destroy (&actions);
  return code == 0 || fail (error, start->argv[0], g_strerror (code));
}

/* Waits for the process behind @handle to end; FALSE when it did not in time. */
static gboolean
wait_for_end (int handle, guint timeout_ms)
{
  gint64 deadline = g_get_monotonic_time () + (gint64) timeout_ms * 1000;
  struct pollfd event = { handle, POLLIN, 0 };

  for (;;)
    {
      gint64 left = MAX ((deadline - g_get_monotonic_time ()) / 1000, 0);
      int count = poll (&event, 1, (int) left);

      if (count > 0)
        return TRUE;
      if (count == 0 || errno != EINTR)
        return FALSE;
    }
}

/* What the program said, on one line and not too long. */
static char *
read_output (int output)
{
  char text[512];
  ssize_t length = pread (output, text, sizeof text - 1, 0);
  char *line = g_strndup (text, length > 0 ? (gsize) length : 0);

  g_strdelimit (g_strstrip (line), "\n\r", ' ');
  return line;
}

gboolean
netctl_proc_run (int fd, const char *const *argv, guint timeout_ms, GError **error)
{
  Start start = { argv, memfd_create ("output", MFD_CLOEXEC), -1 };
  g_autofree char *said = NULL;
  gboolean is_ended;
  int handle, status = -1;

  if (start.output < 0)
    return fail (error, argv[0], g_strerror (errno));
  if (!netctl_ns_run (fd, start_here, &start, error))
    {
      close (start.output);
      return FALSE;
    }
  handle = pidfd_open (start.pid, 0);
  is_ended = handle >= 0 && wait_for_end (handle, timeout_ms);
  if (!is_ended)
    kill (start.pid, SIGKILL);
  while (waitpid (start.pid, &status, 0) < 0 && errno == EINTR)
    continue;
  if (handle >= 0)
    close (handle);
  said = read_output (start.output);
  close (start.output);
  if (!is_ended)
    return fail (error, argv[0], "did not end in time");
  if (!WIFEXITED (status) || WEXITSTATUS (status) != 0)
    return fail (error, argv[0], *said != '\0' ? said : "failed without a word");
  return TRUE;
}

char **
netctl_proc_arguments (int pid)
{
  g_autofree char *path = g_strdup_printf ("/proc/%d/cmdline", pid);
  g_autofree char *text = NULL;
  g_autoptr (GPtrArray) arguments = NULL;
  gsize length;

  if (!g_file_get_contents (path, &text, &length, NULL) || length == 0)
    return NULL;
  arguments = g_ptr_array_new ();
  for (gsize at = 0; at < length; at += strlen (text + at) + 1)
    g_ptr_array_add (arguments, g_strdup (text + at));
  g_ptr_array_add (arguments, NULL);
  return (char **) g_ptr_array_free (g_steal_pointer (&arguments), FALSE);
}

gboolean
netctl_proc_is (int pid, const char *program, const char *prefix)
{
  g_auto (GStrv) arguments = netctl_proc_arguments (pid);
  g_autofree char *base = NULL;

  if (arguments == NULL)
    return FALSE;
  base = g_path_get_basename (arguments[0]);
  if (!g_str_equal (base, program))
    return FALSE;
  for (guint i = 1; arguments[i] != NULL; i++)
    if (g_str_has_prefix (arguments[i], prefix))
      return TRUE;
  return FALSE;
}

GArray *
netctl_proc_find (const char *program, const char *prefix)
{
  GArray *pids = g_array_new (FALSE, FALSE, sizeof (int));
  g_autoptr (GDir) dir = g_dir_open ("/proc", 0, NULL);
  const char *name;
  guint64 value;

  while (dir != NULL && (name = g_dir_read_name (dir)) != NULL)
    if (g_ascii_string_to_unsigned (name, 10, 1, G_MAXINT, &value, NULL))
      {
        int pid = (int) value;

        if (netctl_proc_is (pid, program, prefix))
          g_array_append_val (pids, pid);
      }
  return pids;
}

/* A handle first and then the check: what the handle names cannot become another process. */
static int
open_handle (int pid, const char *program, const char *prefix)
{
  int handle = pidfd_open (pid, 0);

  if (handle >= 0 && !netctl_proc_is (pid, program, prefix))
    {
      close (handle);
      return -1;
    }
  return handle;
}

gboolean
netctl_proc_signal (int pid, const char *program, const char *prefix, int number)
{
  int handle = open_handle (pid, program, prefix);
  gboolean is_sent;

  if (handle < 0)
    return FALSE;
  is_sent = pidfd_send_signal (handle, number, NULL, 0) == 0;
  close (handle);
  return is_sent;
}

gboolean
netctl_proc_end (int pid, const char *program, const char *prefix, GError **error)
{
  int handle = open_handle (pid, program, prefix);
  gboolean is_ended;

  if (handle < 0)
    return TRUE;
  pidfd_send_signal (handle, SIGTERM, NULL, 0);
  is_ended = wait_for_end (handle, END_TIMEOUT_MS);
  if (!is_ended)
    {
      pidfd_send_signal (handle, SIGKILL, NULL, 0);
      is_ended = wait_for_end (handle, END_TIMEOUT_MS);
    }
  close (handle);
  return is_ended || fail (error, program, "does not end");
}
