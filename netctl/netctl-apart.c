/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A thread with descriptors of its own. It is started at the first need and never ends. */
#include "netctl-apart.h"
#include "netctl.h"
#include <errno.h>
#include <linux/close_range.h>
#include <unistd.h>

/* Standard input, output and error stay common. */
#define FIRST_OWN 3

typedef struct
{
  NetctlNsFunc func;
  gpointer data;
  GError **error;
  gboolean is_done;
} Job;

static GMutex turn; /* the caller's; of these three */
static GThread *thread;
static pid_t owner; /* the process that has it */
static gboolean has_own;

static GMutex lock; /* of what follows */
static GCond changed;
static Job *job; /* under way; NULL once it is done */

/* The kernel copies nothing of what it is to close: no file is kept open here for a moment. */
static gboolean
leave_others (gpointer data, GError **error)
{
  if (close_range (FIRST_OWN, ~0U, CLOSE_RANGE_UNSHARE) == 0)
    return TRUE;
  g_set_error (error, NETCTL_ERROR, NETCTL_ERROR_KERNEL, "a thread cannot have its own files: %s",
               g_strerror (errno));
  return FALSE;
}

static gpointer
work (gpointer data)
{
  g_mutex_lock (&lock);
  for (;;)
    {
      while (job == NULL)
        g_cond_wait (&changed, &lock);
      job->is_done = job->func (job->data, job->error);
      job = NULL;
      g_cond_broadcast (&changed);
    }
  return NULL;
}

/* The thread does it with the lock held, which nobody else wants meanwhile. */
static gboolean
hand_over (NetctlNsFunc func, gpointer data, GError **error)
{
  Job mine = { .func = func, .data = data, .error = error };

  g_mutex_lock (&lock);
  job = &mine;
  g_cond_broadcast (&changed);
  while (job != NULL)
    g_cond_wait (&changed, &lock);
  g_mutex_unlock (&lock);
  return mine.is_done;
}

/* A forked process has no threads. */
static void
look_at_process (void)
{
  if (owner == getpid ())
    return;
  owner = getpid ();
  thread = NULL;
  has_own = FALSE;
  g_cond_init (&changed);
}

static gboolean
ensure (GError **error)
{
  look_at_process ();
  if (thread == NULL)
    thread = g_thread_try_new ("netctl-apart", work, NULL, error);
  if (thread != NULL && !has_own)
    has_own = hand_over (leave_others, NULL, error);
  return has_own;
}

gboolean
netctl_apart_run (NetctlNsFunc func, gpointer data, GError **error)
{
  gboolean is_done;

  g_mutex_lock (&turn);
  is_done = ensure (error) && hand_over (func, data, error);
  g_mutex_unlock (&turn);
  return is_done;
}
