/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The keyed executor. */
#include "config.h"

#include "vmm-error.h"
#include "vmm-id.h"
#include "vmm-log.h"
#include "work-item.h"
#include "work.h"

#define BACK_OFF_FIRST_MS 200
#define BACK_OFF_LAST_MS 10000

typedef struct
{
  char *id;
  gint64 due_us;           /* monotonic; when to run next */
  GSequenceIter *due;      /* its place among those that wait; NULL while it runs */
  gboolean is_kicked;      /* while running */
  gboolean is_noticed;     /* likewise */
  gboolean is_backing_off; /* its last run failed */
  guint failures;
  GHashTable *attempts; /* char* → how often it failed in a row */
  GError *last_error;
} Entry;

struct Work
{
  WorkParts parts;
  GMutex lock; /* guards all below; never held over a driver call */
  GCond changed;
  GHashTable *entries; /* id → Entry* */
  GSequence *due;      /* Entry* (borrowed), the next one first */
  GPtrArray *threads;
  guint n_running;
  gint stopping; /* atomic */
  WorkNetLocks net_locks;
  WorkPolicies policies;
  WorkMonitor *monitor;
  GMutex pull_lock;
  GPtrArray *held; /* char*: layers, one element a hold; guarded by lock */
};

static void
entry_free (gpointer data)
{
  Entry *entry = data;

  g_free (entry->id);
  g_hash_table_unref (entry->attempts);
  g_clear_error (&entry->last_error);
  g_free (entry);
}

Work *
work_new (const WorkParts *parts)
{
  Work *work = g_new0 (Work, 1);

  work->parts = *parts;
  g_mutex_init (&work->lock);
  g_cond_init (&work->changed);
  g_rw_lock_init (&work->net_locks.whole);
  for (guint i = 0; i < G_N_ELEMENTS (work->net_locks.vpcs); i++)
    g_mutex_init (&work->net_locks.vpcs[i]);
  work->entries = g_hash_table_new_full (g_str_hash, g_str_equal, NULL, entry_free);
  work->due = g_sequence_new (NULL);
  work->policies.told = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  work->monitor = work_monitor_new ();
  work->threads = g_ptr_array_new ();
  g_mutex_init (&work->pull_lock);
  work->held = g_ptr_array_new_with_free_func (g_free);
  return work;
}

static int
compare_due (gconstpointer a, gconstpointer b, gpointer data)
{
  const Entry *left = a, *right = b;

  return left->due_us < right->due_us ? -1 : left->due_us > right->due_us;
}

static void
wait_until (Work *work, Entry *entry, gint64 due_us)
{
  if (entry->due != NULL)
    g_sequence_remove (entry->due);
  entry->due_us = due_us;
  entry->due = g_sequence_insert_sorted (work->due, entry, compare_due, NULL);
}

/* The entry that is due first and not running. */
static Entry *
first_due (Work *work)
{
  GSequenceIter *first = g_sequence_get_begin_iter (work->due);

  return g_sequence_iter_is_end (first) ? NULL : g_sequence_get (first);
}

static gint64
run_kind (WorkItem *item)
{
  switch (vmm_id_kind (item->id))
    {
    case VMM_ID_INSTANCE:
      return work_instance (item);
    case VMM_ID_IMAGE:
      return work_image (item);
    case VMM_ID_GROUP:
      return work_group (item);
    case VMM_ID_VPC:
      return work_vpc (item);
    case VMM_ID_NIC:
      return work_nic (item);
    case VMM_ID_DISK:
      return work_disk (item);
    case VMM_ID_TASK:
      return work_task (item);
    default:
      if (g_str_equal (item->id, WORK_LAYERS))
        return work_layers (item);
      if (g_str_equal (item->id, WORK_MERGES))
        return work_merges (item);
      if (g_str_equal (item->id, WORK_MONITOR))
        return work_monitor (item);
      return g_str_equal (item->id, WORK_POLICIES) ? work_policies (item) : work_reconcile (item);
    }
}

/* Runs one entry with the lock released, and settles when it runs again. */
static void
run_entry (Work *work, Entry *entry)
{
  WorkItem item = { .parts = &work->parts,
                    .ctx = work->parts.ctx,
                    .work = work,
                    .id = entry->id,
                    .failures = entry->failures,
                    .attempts = entry->attempts,
                    .last_error = &entry->last_error };
  gint64 delay_ms;

  g_sequence_remove (entry->due);
  entry->due = NULL;
  entry->is_kicked = entry->is_noticed = FALSE;
  work->n_running++;
  g_mutex_unlock (&work->lock);
  {
    VMM_LOG_SCOPE (VMM_FIELD_WORK, entry->id);
    item.news = work_applied_new ();
    delay_ms = run_kind (&item);
    work_applied_flush (&item);
    g_hash_table_unref (item.news);
  }
  g_mutex_lock (&work->lock);
  work->n_running--;
  entry->failures = delay_ms == WORK_DONE ? 0 : item.failures;
  if (delay_ms == WORK_DONE)
    g_hash_table_remove_all (entry->attempts);
  entry->is_backing_off = item.has_failed;
  if (entry->is_kicked || (entry->is_noticed && !item.has_failed))
    wait_until (work, entry, 0);
  else if (delay_ms != WORK_DONE)
    wait_until (work, entry, g_get_monotonic_time () + delay_ms * 1000);
  else
    g_hash_table_remove (work->entries, entry->id);
  g_cond_broadcast (&work->changed);
}

static gpointer
thread_main (gpointer data)
{
  Work *work = data;

  g_mutex_lock (&work->lock);
  while (!g_atomic_int_get (&work->stopping))
    {
      Entry *entry = first_due (work);

      if (entry == NULL)
        g_cond_wait (&work->changed, &work->lock);
      else if (entry->due_us > g_get_monotonic_time ())
        g_cond_wait_until (&work->changed, &work->lock, entry->due_us);
      else
        run_entry (work, entry);
    }
  g_mutex_unlock (&work->lock);
  return NULL;
}

static void
kick_at (Work *work, const char *id, gint64 due_us)
{
  Entry *entry;

  g_mutex_lock (&work->lock);
  entry = g_hash_table_lookup (work->entries, id);
  if (entry == NULL)
    {
      entry = g_new0 (Entry, 1);
      entry->id = g_strdup (id);
      entry->attempts = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
      g_hash_table_insert (work->entries, entry->id, entry);
      wait_until (work, entry, due_us);
    }
  else if (entry->due == NULL)
    entry->is_kicked = TRUE;
  else if (due_us < entry->due_us)
    wait_until (work, entry, due_us);
  g_cond_signal (&work->changed);
  g_mutex_unlock (&work->lock);
}

void
work_kick (Work *work, const char *id)
{
  kick_at (work, id, 0);
}

/* A failed start makes a domain and takes it away again: were it tried anew on the word of these
 * two events, all its attempts would be used up at once. */
void
work_notice (Work *work, const char *id)
{
  Entry *entry;
  gboolean is_settled = FALSE;

  g_mutex_lock (&work->lock);
  entry = g_hash_table_lookup (work->entries, id);
  if (entry != NULL && entry->due == NULL)
    entry->is_noticed = is_settled = TRUE;
  else if (entry != NULL && entry->is_backing_off)
    is_settled = TRUE;
  g_mutex_unlock (&work->lock);
  if (!is_settled)
    work_kick (work, id);
}

void
work_start (Work *work)
{
  g_autoptr (GError) last_error = NULL;
  WorkItem item = { .parts = &work->parts,
                    .ctx = work->parts.ctx,
                    .work = work,
                    .id = WORK_RECONCILE,
                    .last_error = &last_error,
                    .news = work_applied_new () };
  gint64 delay_ms = work_reconcile (&item);

  work_applied_flush (&item);
  g_hash_table_unref (item.news);
  kick_at (work, WORK_RECONCILE, g_get_monotonic_time () + delay_ms * 1000);
  kick_at (work, WORK_POLICIES, 0);
  kick_at (work, WORK_MONITOR, g_get_monotonic_time () + work_monitor_wait_ms () * 1000);
  for (int i = 0; i < work->parts.ctx->config->work_threads; i++)
    g_ptr_array_add (work->threads, g_thread_new ("work", thread_main, work));
}

void
work_stop (Work *work)
{
  g_atomic_int_set (&work->stopping, TRUE);
  g_mutex_lock (&work->lock);
  g_cond_broadcast (&work->changed);
  g_mutex_unlock (&work->lock);
  for (guint i = 0; i < work->threads->len; i++)
    g_thread_join (g_ptr_array_index (work->threads, i));
  g_ptr_array_set_size (work->threads, 0);
}

void
work_free (Work *work)
{
  if (work == NULL)
    return;
  g_sequence_free (work->due);
  g_hash_table_unref (work->policies.told);
  work_monitor_free (work->monitor);
  g_hash_table_unref (work->entries);
  g_ptr_array_unref (work->threads);
  g_ptr_array_unref (work->held);
  g_mutex_clear (&work->pull_lock);
  g_rw_lock_clear (&work->net_locks.whole);
  for (guint i = 0; i < G_N_ELEMENTS (work->net_locks.vpcs); i++)
    g_mutex_clear (&work->net_locks.vpcs[i]);
  g_mutex_clear (&work->lock);
  g_cond_clear (&work->changed);
  g_free (work);
}

gboolean
work_is_idle (Work *work)
{
  const Entry *first;
  gboolean idle;

  g_mutex_lock (&work->lock);
  first = first_due (work);
  idle = work->n_running == 0 && (first == NULL || first->due_us > g_get_monotonic_time ());
  g_mutex_unlock (&work->lock);
  return idle;
}

WorkNetLocks *
work_net_locks (Work *work)
{
  return &work->net_locks;
}

WorkPolicies *
work_policies_memory (Work *work)
{
  return &work->policies;
}

WorkMonitor *
work_monitor_memory (Work *work)
{
  return work->monitor;
}

GMutex *
work_pull_lock (Work *work)
{
  return &work->pull_lock;
}

void
work_hold_layer (Work *work, const char *layer_id)
{
  g_mutex_lock (&work->lock);
  g_ptr_array_add (work->held, g_strdup (layer_id));
  g_mutex_unlock (&work->lock);
}

void
work_release_layer (Work *work, const char *layer_id)
{
  guint index;

  g_mutex_lock (&work->lock);
  if (g_ptr_array_find_with_equal_func (work->held, layer_id, g_str_equal, &index))
    g_ptr_array_remove_index_fast (work->held, index);
  g_mutex_unlock (&work->lock);
  work_kick (work, WORK_MERGES);
}

GPtrArray *
work_held_layers (Work *work)
{
  GPtrArray *ids = g_ptr_array_new_with_free_func (g_free);

  g_mutex_lock (&work->lock);
  for (guint i = 0; i < work->held->len; i++)
    g_ptr_array_add (ids, g_strdup (g_ptr_array_index (work->held, i)));
  g_mutex_unlock (&work->lock);
  return ids;
}

const WorkParts *
work_parts (Work *work)
{
  return &work->parts;
}

gboolean
work_is_cancelled (Work *work)
{
  return g_atomic_int_get (&work->stopping);
}

gboolean
work_is_away (const GError *error)
{
  return g_error_matches (error, VMM_ERROR, VMM_ERROR_VIRT_AWAY);
}

gint64
work_failed (WorkItem *item, GError *error)
{
  guint shift = MIN (item->failures, 6);

  item->has_failed = TRUE;
  if (!work_is_away (error))
    item->failures++;
  /* The same failure again and again is one line in the log, not a flood. */
  if (*item->last_error == NULL || g_strcmp0 ((*item->last_error)->message, error->message) != 0)
    vmm_warning ("%s; trying again", error->message);
  g_clear_error (item->last_error);
  *item->last_error = error;
  return MIN (BACK_OFF_FIRST_MS << shift, BACK_OFF_LAST_MS);
}

gboolean
work_attempt_failed (WorkItem *item, const char *what, guint most, const GError *error)
{
  guint count = GPOINTER_TO_UINT (g_hash_table_lookup (item->attempts, what));

  if (!work_is_away (error))
    g_hash_table_insert (item->attempts, g_strdup (what), GUINT_TO_POINTER (++count));
  return count >= most;
}

void
work_forget_attempts (WorkItem *item, const char *what)
{
  g_hash_table_remove (item->attempts, what);
}

gboolean
work_stepped (gboolean ok, const char *name)
{
  vmm_step (name);
  return ok;
}
