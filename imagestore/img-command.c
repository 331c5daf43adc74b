/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Programs: spawn, follow, reap. */
#include "config.h"

#include "img-command.h"
#include "img-refusal.h"
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define OUTPUT_MAX (256u << 10)
#define TICK_MS 1000
#define ERRORS_MAX (16u << 10)
#define GIVEN_FD 3

enum
{
  FD_OUTPUT,
  FD_ERRORS,
  FD_PROCESS,
  FD_CANCEL,
  FD_LAST
};

static void
close_fd (int *fd)
{
  if (*fd >= 0)
    close (*fd);
  *fd = -1;
}

/* Starts it in a process group of its own, so that all of it can be ended at once. */
static gboolean
spawn (const ImgCommand *command, const int output[2], const int errors[2], pid_t *out_pid,
       GError **error)
{
  char *const environment[] = { (char *) "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:"
                                         "/sbin:/bin",
                                (char *) "LC_ALL=C", NULL };
  posix_spawn_file_actions_t actions;
  posix_spawnattr_t attributes;
  sigset_t none, all;
  int result;

  sigemptyset (&none);
  sigfillset (&all);
  posix_spawn_file_actions_init (&actions);
  posix_spawn_file_actions_addopen (&actions, 0, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_adddup2 (&actions, output[1], 1);
  posix_spawn_file_actions_adddup2 (&actions, errors[1], 2);
  /* Last: one of the pipes may have had that number. */
  if (command->give_fd > 0)
    posix_spawn_file_actions_adddup2 (&actions, command->give_fd, GIVEN_FD);
  posix_spawn_file_actions_addclosefrom_np (&actions, GIVEN_FD + (command->give_fd > 0));
  posix_spawnattr_init (&attributes);
  posix_spawnattr_setpgroup (&attributes, 0);
  posix_spawnattr_setsigmask (&attributes, &none);
  posix_spawnattr_setsigdefault (&attributes, &all);
  posix_spawnattr_setflags (&attributes,
                            POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
  result = posix_spawnp (out_pid, command->argv[0], &actions, &attributes,
                         (char *const *) command->argv, environment);
  posix_spawnattr_destroy (&attributes);
  posix_spawn_file_actions_destroy (&actions);
  if (result != 0)
    {
      g_set_error (error, IMG_ERROR, IMG_ERROR_IO, "cannot run %s: %s", command->argv[0],
                   g_strerror (result));
      return FALSE;
    }
  return TRUE;
}

/* The last "(12.34/100%)" in what was printed, if there is one. */
static void
report_progress (ImgCommand *command, const char *text, gsize length)
{
  const char *mark = g_strrstr_len (text, length, "/100%)");
  const char *start = mark;
  guint percent = 0;

  if (mark == NULL)
    return;
  while (start > text && start[-1] != '(')
    start--;
  for (; g_ascii_isdigit (*start) && percent <= 100; start++)
    percent = percent * 10 + g_ascii_digit_value (*start);
  command->percent = MIN (percent, 100);
  command->progress (command->percent, command->progress_data);
}

/* Takes what is there; closes *fd at its end. */
static void
drain (ImgCommand *command, int *fd, GString *into, gsize most)
{
  char buffer[4096];
  ssize_t n = read (*fd, buffer, sizeof buffer);

  if (n < 0 && (errno == EINTR || errno == EAGAIN))
    return;
  if (n <= 0)
    {
      close_fd (fd);
      return;
    }
  if (into == command->output && command->progress != NULL)
    report_progress (command, buffer, n);
  g_string_append_len (into, buffer, MIN ((gsize) n, most - MIN (most, into->len)));
}

/* Waits for the end of the process, its output, the deadline or a cancel, whichever is first. */
static gboolean
follow (ImgCommand *command, int fds[FD_LAST], GError **error)
{
  gint64 deadline = g_get_monotonic_time () + (gint64) command->timeout_ms * 1000;

  while (TRUE)
    {
      struct pollfd polls[FD_LAST];
      gint64 left_ms = (deadline - g_get_monotonic_time ()) / 1000;
      int count;

      if (left_ms <= 0)
        return img_refuse (error, IMG_REFUSAL_LIMIT, "it took longer than %u s",
                           command->timeout_ms / 1000);
      for (guint i = 0; i < FD_LAST; i++)
        polls[i] = (struct pollfd){ .fd = fds[i], .events = POLLIN };
      count = poll (polls, FD_LAST, MIN (left_ms + 1, TICK_MS));
      if (count == 0 && command->progress != NULL)
        command->progress (command->percent, command->progress_data);
      if (count < 0 && errno != EINTR)
        {
          g_set_error (error, IMG_ERROR, IMG_ERROR_IO, "poll: %s", g_strerror (errno));
          return FALSE;
        }
      if (command->cancellable != NULL && g_cancellable_is_cancelled (command->cancellable))
        {
          g_set_error_literal (error, IMG_ERROR, IMG_ERROR_CANCELLED, "it was cancelled");
          return FALSE;
        }
      if (polls[FD_OUTPUT].revents != 0)
        drain (command, &fds[FD_OUTPUT], command->output, OUTPUT_MAX);
      if (polls[FD_ERRORS].revents != 0)
        drain (command, &fds[FD_ERRORS], command->errors, ERRORS_MAX);
      /* A grandchild could hold the pipes open for ever: the end of the process is the end. */
      if (polls[FD_PROCESS].revents != 0 && polls[FD_OUTPUT].revents == 0
          && polls[FD_ERRORS].revents == 0)
        return TRUE;
    }
}

static int
reap (pid_t pid)
{
  int status = 0;

  while (waitpid (pid, &status, 0) < 0 && errno == EINTR)
    continue;
  return WIFEXITED (status) ? WEXITSTATUS (status) : 128 + WTERMSIG (status);
}

gboolean
img_command_run (ImgCommand *command, GError **error)
{
  int output[2] = { -1, -1 }, errors[2] = { -1, -1 };
  int fds[FD_LAST] = { -1, -1, -1, -1 };
  gboolean is_done = FALSE;
  pid_t pid = 0;

  command->output = g_string_new (NULL);
  command->errors = g_string_new (NULL);
  if (command->cancellable != NULL && g_cancellable_is_cancelled (command->cancellable))
    {
      g_set_error_literal (error, IMG_ERROR, IMG_ERROR_CANCELLED, "it was cancelled");
      return FALSE;
    }
  if (pipe2 (output, O_CLOEXEC) < 0 || pipe2 (errors, O_CLOEXEC) < 0)
    g_set_error (error, IMG_ERROR, IMG_ERROR_IO, "pipe: %s", g_strerror (errno));
  else if (spawn (command, output, errors, &pid, error))
    {
      fds[FD_OUTPUT] = g_steal_fd (&output[0]);
      fds[FD_ERRORS] = g_steal_fd (&errors[0]);
      close_fd (&output[1]);
      close_fd (&errors[1]);
      fds[FD_PROCESS] = syscall (SYS_pidfd_open, pid, 0);
      if (command->cancellable != NULL)
        fds[FD_CANCEL] = g_cancellable_get_fd (command->cancellable);
      if (fds[FD_PROCESS] < 0)
        g_set_error (error, IMG_ERROR, IMG_ERROR_IO, "pidfd_open: %s", g_strerror (errno));
      else
        is_done = follow (command, fds, error);
      if (!is_done)
        kill (-pid, SIGKILL);
      command->status = reap (pid);
      if (fds[FD_CANCEL] >= 0)
        g_cancellable_release_fd (command->cancellable);
      close_fd (&fds[FD_OUTPUT]);
      close_fd (&fds[FD_ERRORS]);
      close_fd (&fds[FD_PROCESS]);
    }
  for (guint i = 0; i < 2; i++)
    {
      close_fd (&output[i]);
      close_fd (&errors[i]);
    }
  return is_done;
}

/* The helper's line is the reason; else qemu-img's first that is no warning; else the first. */
static guint
rank (const char *line)
{
  if (g_str_has_prefix (line, "vmmd-img-helper: "))
    return 3;
  if (g_str_has_prefix (line, "qemu-img: ") && strstr (line, "warning: ") == NULL)
    return 2;
  return line[0] != '\0' ? 1 : 0;
}

char *
img_command_complaint (const ImgCommand *command)
{
  g_auto (GStrv) lines = g_strsplit (command->errors != NULL ? command->errors->str : "", "\n", 64);
  const char *best = "";
  char *line;

  for (char **each = lines; *each != NULL; each++)
    if (rank (*each) > rank (best))
      best = *each;
  if (best[0] == '\0')
    return g_strdup_printf ("it ended with status %d", command->status);
  line = g_strdup (best);
  for (char *c = line; *c != '\0'; c++)
    if (!g_ascii_isprint (*c))
      *c = '?';
  return line;
}

void
img_command_clear (ImgCommand *command)
{
  if (command->output != NULL)
    g_string_free (g_steal_pointer (&command->output), TRUE);
  if (command->errors != NULL)
    g_string_free (g_steal_pointer (&command->errors), TRUE);
}
