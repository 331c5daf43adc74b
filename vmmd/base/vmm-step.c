/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The step counter. */
#include "config.h"

#include "vmm-step.h"
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

static gint count;
static guint die_at;

void
vmm_step (const char *name)
{
  guint step = (guint) g_atomic_int_add (&count, 1) + 1;

  if (step != die_at)
    return;
  fprintf (stderr, "dying at step %u: %s\n", step, name);
  kill (getpid (), SIGKILL);
}

void
vmm_step_die_at (guint step)
{
  die_at = step;
}

guint
vmm_step_count (void)
{
  return (guint) g_atomic_int_get (&count);
}
