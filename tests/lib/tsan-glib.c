/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Lets the thread sanitizer see how GLib synchronises.
 *
 * GLib's mutexes and conditions are futexes inside a library that is not built with the sanitizer,
 * so that everything they guard looks unguarded. A test of the suite `tsan` links this file (meson:
 * `tsan_glib`), whose functions stand in for GLib's: mutexes and conditions are made of pthreads,
 * which the sanitizer knows; queues, pools and counted boxes tell it by hand. Without the sanitizer
 * the file is empty. */
#include <glib.h>

#if defined(__SANITIZE_THREAD__)
#define WITH_TSAN 1
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define WITH_TSAN 1
#endif
#endif

#ifdef WITH_TSAN
#include <dlfcn.h>
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>

void __tsan_acquire (void *address);
void __tsan_release (void *address);

#define REAL(name) ((__typeof__ (&name)) dlsym (RTLD_NEXT, #name))

/* ---- mutexes and conditions ---- */

static pthread_mutex_t *
mutex_of (GMutex *mutex)
{
  pthread_mutex_t *impl = __atomic_load_n (&mutex->p, __ATOMIC_ACQUIRE);
  gpointer none = NULL;

  if (impl != NULL)
    return impl;
  impl = malloc (sizeof *impl);
  pthread_mutex_init (impl, NULL);
  if (__atomic_compare_exchange_n (&mutex->p, &none, (gpointer) impl, FALSE, __ATOMIC_ACQ_REL,
                                   __ATOMIC_ACQUIRE))
    return impl;
  pthread_mutex_destroy (impl);
  free (impl);
  return none;
}

void
g_mutex_init (GMutex *mutex)
{
  mutex->p = NULL;
}

void
g_mutex_clear (GMutex *mutex)
{
  if (mutex->p != NULL)
    pthread_mutex_destroy (mutex->p);
  free (mutex->p);
  mutex->p = NULL;
}

void
g_mutex_lock (GMutex *mutex)
{
  pthread_mutex_lock (mutex_of (mutex));
}

gboolean
g_mutex_trylock (GMutex *mutex)
{
  return pthread_mutex_trylock (mutex_of (mutex)) == 0;
}

void
g_mutex_unlock (GMutex *mutex)
{
  pthread_mutex_unlock (mutex_of (mutex));
}

static pthread_cond_t *
cond_of (GCond *cond)
{
  pthread_cond_t *impl = __atomic_load_n (&cond->p, __ATOMIC_ACQUIRE);
  pthread_condattr_t attributes;
  gpointer none = NULL;

  if (impl != NULL)
    return impl;
  impl = malloc (sizeof *impl);
  pthread_condattr_init (&attributes);
  pthread_condattr_setclock (&attributes, CLOCK_MONOTONIC);
  pthread_cond_init (impl, &attributes);
  pthread_condattr_destroy (&attributes);
  if (__atomic_compare_exchange_n (&cond->p, &none, (gpointer) impl, FALSE, __ATOMIC_ACQ_REL,
                                   __ATOMIC_ACQUIRE))
    return impl;
  pthread_cond_destroy (impl);
  free (impl);
  return none;
}

void
g_cond_init (GCond *cond)
{
  cond->p = NULL;
}

void
g_cond_clear (GCond *cond)
{
  if (cond->p != NULL)
    pthread_cond_destroy (cond->p);
  free (cond->p);
  cond->p = NULL;
}

void
g_cond_wait (GCond *cond, GMutex *mutex)
{
  pthread_cond_wait (cond_of (cond), mutex_of (mutex));
}

gboolean
g_cond_wait_until (GCond *cond, GMutex *mutex, gint64 end_us)
{
  struct timespec end = { end_us / G_USEC_PER_SEC, end_us % G_USEC_PER_SEC * 1000 };

  return pthread_cond_timedwait (cond_of (cond), mutex_of (mutex), &end) == 0;
}

void
g_cond_signal (GCond *cond)
{
  pthread_cond_signal (cond_of (cond));
}

void
g_cond_broadcast (GCond *cond)
{
  pthread_cond_broadcast (cond_of (cond));
}

/* ---- once ---- */

static pthread_mutex_t once_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t once_changed = PTHREAD_COND_INITIALIZER;
static GSList *once_under_way;

gboolean (g_once_init_enter) (volatile void *location)
{
  gboolean is_mine;

  pthread_mutex_lock (&once_lock);
  while (g_slist_find (once_under_way, (gconstpointer) location) != NULL)
    pthread_cond_wait (&once_changed, &once_lock);
  is_mine = __atomic_load_n ((volatile gsize *) location, __ATOMIC_ACQUIRE) == 0;
  if (is_mine)
    once_under_way = g_slist_prepend (once_under_way, (gpointer) location);
  pthread_mutex_unlock (&once_lock);
  return is_mine;
}

void (g_once_init_leave) (volatile void *location, gsize result)
{
  pthread_mutex_lock (&once_lock);
  __atomic_store_n ((volatile gsize *) location, result, __ATOMIC_RELEASE);
  once_under_way = g_slist_remove (once_under_way, (gconstpointer) location);
  pthread_cond_broadcast (&once_changed);
  pthread_mutex_unlock (&once_lock);
}

/* ---- queues ---- */

void
g_async_queue_push (GAsyncQueue *queue, gpointer data)
{
  __tsan_release (queue);
  REAL (g_async_queue_push) (queue, data);
}

gpointer
g_async_queue_pop (GAsyncQueue *queue)
{
  gpointer data = REAL (g_async_queue_pop) (queue);

  __tsan_acquire (queue);
  return data;
}

gpointer
g_async_queue_try_pop (GAsyncQueue *queue)
{
  gpointer data = REAL (g_async_queue_try_pop) (queue);

  __tsan_acquire (queue);
  return data;
}

gpointer
g_async_queue_timeout_pop (GAsyncQueue *queue, guint64 timeout_us)
{
  gpointer data = REAL (g_async_queue_timeout_pop) (queue, timeout_us);

  __tsan_acquire (queue);
  return data;
}

/* ---- thread pools ---- */

typedef struct
{
  GFunc func;
  gpointer data;
} Task;

static void
run_task (gpointer item, gpointer user_data)
{
  const Task *task = user_data;

  __tsan_acquire (item);
  task->func (item, task->data);
  /* For whoever frees the pool and waits. */
  __tsan_release (user_data);
}

static Task *
task_new (GFunc func, gpointer data)
{
  Task *task = malloc (sizeof *task);

  task->func = func;
  task->data = data;
  return task;
}

/* A pool can go on after it was freed, so that its task is never freed. */
GThreadPool *
g_thread_pool_new (GFunc func, gpointer data, gint max_threads, gboolean is_exclusive,
                   GError **error)
{
  Task *task = task_new (func, data);

  __tsan_release (task);
  return REAL (g_thread_pool_new) (run_task, task, max_threads, is_exclusive, error);
}

gboolean
g_thread_pool_push (GThreadPool *pool, gpointer item, GError **error)
{
  __tsan_release (item);
  return REAL (g_thread_pool_push) (pool, item, error);
}

/* Not watched: GLib's own lock orders this look before the last thread's free. */
__attribute__ ((no_sanitize ("thread"))) void
g_thread_pool_free (GThreadPool *pool, gboolean is_immediate, gboolean is_waiting)
{
  gpointer task = pool->user_data;

  REAL (g_thread_pool_free) (pool, is_immediate, is_waiting);
  if (is_waiting)
    __tsan_acquire (task);
}

/* ---- counted boxes ---- */

static __thread GDestroyNotify box_clear;

static void
clear_box (gpointer box)
{
  __tsan_acquire (box);
  box_clear (box);
}

static void
clear_nothing (gpointer box)
{
}

void
g_atomic_rc_box_release_full (gpointer box, GDestroyNotify clear)
{
  GDestroyNotify outer = box_clear;

  __tsan_release (box);
  box_clear = clear != NULL ? clear : clear_nothing;
  REAL (g_atomic_rc_box_release_full) (box, clear_box);
  box_clear = outer;
}

void
g_atomic_rc_box_release (gpointer box)
{
  g_atomic_rc_box_release_full (box, NULL);
}
#endif /* WITH_TSAN */
