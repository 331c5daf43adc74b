/* SPDX-License-Identifier: GPL-2.0-or-later */
/* libvirt's default event implementation, which is one for the process, and a thread to run it. */
#include "config.h"

#include "virt-loop.h"

#include <libvirt/libvirt.h>
#include <libvirt/virterror.h>

/* What libvirt freed late needs a few more turns of the loop to be gone. */
#define TURNS_AT_END 8

/* Static, since the event implementation they stand for belongs to the process. */
static GMutex lock;
static guint holders;
static GThread *thread;
static gint is_ending; /* atomic */

static void
wake (int timer, void *data)
{
  virEventRemoveTimeout (timer);
}

/* One turn that does not block. */
static void
turn (void)
{
  virEventAddTimeout (0, wake, NULL, NULL);
  virEventRunDefaultImpl ();
}

static gpointer
run (gpointer data)
{
  while (g_atomic_int_get (&is_ending) == 0)
    if (virEventRunDefaultImpl () < 0)
      g_thread_yield ();
  for (guint i = 0; i < TURNS_AT_END; i++)
    turn ();
  return NULL;
}

static void
stay_silent (void *data, virErrorPtr error)
{
  /* Errors travel as GError; libvirt would print them as well. */
}

void
virt_loop_hold (void)
{
  static gsize is_registered;

  if (g_once_init_enter (&is_registered))
    {
      virInitialize ();
      virSetErrorFunc (NULL, stay_silent);
      virEventRegisterDefaultImpl ();
      g_once_init_leave (&is_registered, 1);
    }
  g_mutex_lock (&lock);
  if (holders++ == 0)
    {
      g_atomic_int_set (&is_ending, 0);
      thread = g_thread_new ("virt-loop", run, NULL);
    }
  g_mutex_unlock (&lock);
}

void
virt_loop_release (void)
{
  g_mutex_lock (&lock);
  if (--holders == 0)
    {
      g_atomic_int_set (&is_ending, 1);
      virEventAddTimeout (0, wake, NULL, NULL);
      g_thread_join (thread);
      thread = NULL;
    }
  g_mutex_unlock (&lock);
}
