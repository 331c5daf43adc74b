/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One thread that opens the connection, sleeps until it breaks, and opens it again. */
#include "config.h"

#include "virt-link.h"

#include <libvirt/virterror.h>

#include "virt-loop.h"
#include "vmm-error.h"

/* A libvirtd that is silent this often in a row, this many seconds apart, is given up. */
#define KEEPALIVE_S 5
#define KEEPALIVE_COUNT 3
#define BACKOFF_FIRST_MS 200
#define BACKOFF_LAST_MS 5000
#define FIRST_ATTEMPT_MS 5000
#define N_WATCHES 4
/* libvirtd takes up its guests in the background after it started, and an end that it finds or
 * causes then may come without an event (seen with 9.0): so look again this long after it came. */
static const guint looks_ms[] = { 1000, 5000, 30000 };
/* How long free waits for a thread that may hang inside libvirt. */
#define END_MS 5000

struct VirtLink
{
  char *uri;
  GThread *thread;

  GMutex lock; /* guards what follows */
  GCond changed;
  virConnectPtr conn; /* NULL while away */
  gboolean is_broken; /* the connection ended and the thread has not seen to it yet */
  gboolean has_tried;
  gboolean is_ending;
  gboolean is_ended;
  char *failure; /* libvirt's words on the last failed attempt */

  GMutex event_lock; /* held over event_func; never taken after lock */
  VirtEventFunc event_func;
  gpointer event_data;
};

static void
clear_link (gpointer data)
{
  VirtLink *link = data;

  g_free (link->uri);
  g_free (link->failure);
  g_mutex_clear (&link->lock);
  g_cond_clear (&link->changed);
  g_mutex_clear (&link->event_lock);
}

static void
unref_link (void *data)
{
  g_atomic_rc_box_release_full (data, clear_link);
}

static void
emit (VirtLink *link, const char *id)
{
  g_mutex_lock (&link->event_lock);
  if (link->event_func != NULL)
    link->event_func (id, link->event_data);
  g_mutex_unlock (&link->event_lock);
}

static void
closed (virConnectPtr conn, int reason, void *data)
{
  VirtLink *link = data;

  g_mutex_lock (&link->lock);
  if (link->conn == conn)
    {
      link->is_broken = TRUE;
      g_cond_broadcast (&link->changed);
    }
  g_mutex_unlock (&link->lock);
}

static int
lifecycle (virConnectPtr conn, virDomainPtr domain, int event, int detail, void *data)
{
  emit (data, virDomainGetName (domain));
  return 0;
}

/* A guest gave a device up, or would not. */
static void
device_changed (virConnectPtr conn, virDomainPtr domain, const char *alias, void *data)
{
  emit (data, virDomainGetName (domain));
}

/* A job on a disk of a guest began, ended or failed. */
static void
block_job_changed (virConnectPtr conn, virDomainPtr domain, const char *target, int type,
                   int status, void *data)
{
  emit (data, virDomainGetName (domain));
}

/* What is watched. Only the first is in every driver of libvirt. */
static const struct
{
  int id;
  virConnectDomainEventGenericCallback callback;
} watched[N_WATCHES] = {
  { VIR_DOMAIN_EVENT_ID_LIFECYCLE, VIR_DOMAIN_EVENT_CALLBACK (lifecycle) },
  { VIR_DOMAIN_EVENT_ID_DEVICE_REMOVED, VIR_DOMAIN_EVENT_CALLBACK (device_changed) },
  { VIR_DOMAIN_EVENT_ID_DEVICE_REMOVAL_FAILED, VIR_DOMAIN_EVENT_CALLBACK (device_changed) },
  { VIR_DOMAIN_EVENT_ID_BLOCK_JOB_2, VIR_DOMAIN_EVENT_CALLBACK (block_job_changed) },
};

static int
watch (VirtLink *link, virConnectPtr conn, guint i)
{
  int number = virConnectDomainEventRegisterAny (conn, NULL, watched[i].id, watched[i].callback,
                                                 g_atomic_rc_box_acquire (link), unref_link);

  if (number < 0)
    unref_link (link);
  return number;
}

static void
close_connection (virConnectPtr conn, const int *watches)
{
  for (guint i = 0; i < N_WATCHES; i++)
    if (watches[i] >= 0)
      virConnectDomainEventDeregisterAny (conn, watches[i]);
  virConnectUnregisterCloseCallback (conn, closed);
  virConnectClose (conn);
}

/* A new connection with its callbacks, or NULL. */
static virConnectPtr
open_connection (VirtLink *link, int *out_watches)
{
  virConnectPtr conn = virConnectOpen (link->uri);

  if (conn == NULL)
    return NULL;
  /* The test driver knows no keepalive; that is no reason to refuse it. */
  virConnectSetKeepAlive (conn, KEEPALIVE_S, KEEPALIVE_COUNT);
  if (virConnectRegisterCloseCallback (conn, closed, g_atomic_rc_box_acquire (link), unref_link)
      < 0)
    unref_link (link);
  for (guint i = 0; i < N_WATCHES; i++)
    out_watches[i] = watch (link, conn, i);
  if (out_watches[0] >= 0)
    return conn;
  close_connection (conn, out_watches);
  return NULL;
}

static void
publish (VirtLink *link, virConnectPtr conn)
{
  g_mutex_lock (&link->lock);
  link->conn = conn;
  link->has_tried = TRUE;
  /* It may have ended before anybody could see it here. */
  link->is_broken = conn != NULL && virConnectIsAlive (conn) != 1;
  if (conn == NULL)
    {
      g_free (link->failure);
      link->failure = g_strdup (virGetLastErrorMessage ());
    }
  g_cond_broadcast (&link->changed);
  g_mutex_unlock (&link->lock);
}

/* Waits until the connection breaks or the link ends, or until @end_us if that is not 0. */
static gboolean
is_broken_by (VirtLink *link, gint64 end_us)
{
  gboolean is_over = FALSE;

  g_mutex_lock (&link->lock);
  while (!link->is_broken && !link->is_ending && !is_over)
    if (end_us == 0)
      g_cond_wait (&link->changed, &link->lock);
    else
      is_over = !g_cond_wait_until (&link->changed, &link->lock, end_us);
  is_over = link->is_broken || link->is_ending;
  g_mutex_unlock (&link->lock);
  return is_over;
}

static void
watch_until_broken (VirtLink *link)
{
  gint64 start_us = g_get_monotonic_time ();

  emit (link, NULL);
  for (gsize i = 0; i < G_N_ELEMENTS (looks_ms); i++)
    {
      if (is_broken_by (link, start_us + (gint64) looks_ms[i] * 1000))
        return;
      emit (link, NULL);
    }
  is_broken_by (link, 0);
}

static void
unpublish (VirtLink *link)
{
  g_mutex_lock (&link->lock);
  link->conn = NULL;
  link->is_broken = FALSE;
  g_free (link->failure);
  link->failure = g_strdup ("the connection broke");
  g_mutex_unlock (&link->lock);
}

/* Waits out the back-off; FALSE when the link ends. */
static gboolean
back_off (VirtLink *link, guint ms)
{
  gint64 end_us = g_get_monotonic_time () + (gint64) ms * 1000;
  gboolean goes_on;

  g_mutex_lock (&link->lock);
  while (!link->is_ending && g_cond_wait_until (&link->changed, &link->lock, end_us))
    ;
  goes_on = !link->is_ending;
  g_mutex_unlock (&link->lock);
  return goes_on;
}

static gpointer
keep_connected (gpointer data)
{
  VirtLink *link = data;
  guint delay_ms = BACKOFF_FIRST_MS;

  virt_loop_hold ();
  do
    {
      int watches[N_WATCHES];
      virConnectPtr conn = open_connection (link, watches);

      publish (link, conn);
      if (conn == NULL)
        {
          delay_ms = MIN (delay_ms * 2, BACKOFF_LAST_MS);
          continue;
        }
      delay_ms = BACKOFF_FIRST_MS;
      watch_until_broken (link);
      unpublish (link);
      emit (link, NULL);
      close_connection (conn, watches);
    }
  while (back_off (link, delay_ms));
  virt_loop_release ();

  g_mutex_lock (&link->lock);
  link->is_ended = TRUE;
  g_cond_broadcast (&link->changed);
  g_mutex_unlock (&link->lock);
  unref_link (link);
  return NULL;
}

VirtLink *
virt_link_new (const char *uri)
{
  VirtLink *link = g_atomic_rc_box_new0 (VirtLink);

  link->uri = g_strdup (uri);
  g_mutex_init (&link->lock);
  g_cond_init (&link->changed);
  g_mutex_init (&link->event_lock);
  link->thread = g_thread_new ("virt-link", keep_connected, g_atomic_rc_box_acquire (link));
  return link;
}

void
virt_link_free (VirtLink *link)
{
  gint64 end_us = g_get_monotonic_time () + (gint64) END_MS * 1000;
  gboolean is_ended;

  virt_link_set_event_func (link, NULL, NULL);
  g_mutex_lock (&link->lock);
  link->is_ending = TRUE;
  g_cond_broadcast (&link->changed);
  while (!link->is_ended && g_cond_wait_until (&link->changed, &link->lock, end_us))
    ;
  is_ended = link->is_ended;
  g_mutex_unlock (&link->lock);
  if (is_ended)
    g_thread_join (link->thread);
  else
    g_thread_unref (link->thread);
  unref_link (link);
}

virConnectPtr
virt_link_get (VirtLink *link, GError **error)
{
  gint64 end_us = g_get_monotonic_time () + (gint64) FIRST_ATTEMPT_MS * 1000;
  virConnectPtr conn = NULL;

  g_mutex_lock (&link->lock);
  while (!link->has_tried && g_cond_wait_until (&link->changed, &link->lock, end_us))
    ;
  if (link->conn != NULL && !link->is_broken && virConnectRef (link->conn) == 0)
    conn = link->conn;
  else
    vmm_fail (error, VMM_ERROR_VIRT_AWAY, "libvirtd at '%s' does not answer: %s", link->uri,
              link->failure != NULL ? link->failure : "no connection yet");
  g_mutex_unlock (&link->lock);
  return conn;
}

gboolean
virt_link_is_up (VirtLink *link)
{
  gboolean is_up;

  g_mutex_lock (&link->lock);
  is_up = link->conn != NULL && !link->is_broken;
  g_mutex_unlock (&link->lock);
  return is_up;
}

void
virt_link_set_event_func (VirtLink *link, VirtEventFunc func, gpointer data)
{
  g_mutex_lock (&link->event_lock);
  link->event_func = func;
  link->event_data = data;
  g_mutex_unlock (&link->event_lock);
}
