/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Runs one program and waits for it: an argument vector, a deadline, a way to cancel. */
#pragma once
#include "img.h"

typedef struct
{
  const char *const *argv; /* argv[0] is looked up in PATH */
  guint timeout_ms;
  int give_fd;               /* the program gets it as descriptor 3; 0: none */
  GCancellable *cancellable; /* or NULL */
  /* Gets what `qemu-img -p` prints and, at least once a second, the last of it again, on the
   * calling thread, so that the caller can think about a cancel. Or NULL. */
  ImgProgressFunc progress;
  gpointer progress_data;

  /* The outcome; img_command_clear() frees it. */
  guint percent;
  int status;      /* the exit code, or 128 and the signal */
  GString *output; /* the first 256 KiB */
  GString *errors; /* the first 16 KiB; not always UTF-8 */
} ImgCommand;

/* FALSE when it could not be started (IO), was cancelled (CANCELLED) or ran out of time (REFUSED,
 * "limit"); it and its children are gone then. TRUE with any status otherwise. It gets no input, no
 * file descriptors of ours but @give_fd, and an empty environment but for PATH. Any thread. */
gboolean img_command_run (ImgCommand *command, GError **error);
/* The line of stderr that says why it failed, in ASCII; the caller frees it. */
char *img_command_complaint (const ImgCommand *command);
void img_command_clear (ImgCommand *command);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (ImgCommand, img_command_clear)
