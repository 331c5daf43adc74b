/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Automatic snapshots. An hour that a policy names lasts until it is over: a disk that has no
 * snapshot of it by then, because the daemon was down or the disk's state did not allow it, goes
 * without. That it had one is written with the snapshot's row, so none is taken twice. */
#include "config.h"

#include "ops-policy.h"
#include "store-policy.h"
#include "store-snapshot.h"
#include "vmm-clock.h"
#include "vmm-log.h"
#include "work-item.h"
#include "work.h"

/* Automatic snapshots under way at which no more are begun, so that a hundred disks of one hour
 * neither stand in the way of other work nor freeze all guests at once. */
#define AT_ONCE 8
#define NEXT_LOOK_MS 250
/* Wall clocks are set, hence no longer; and what was left out is tried again so often. */
#define LONGEST_WAIT_MS (60 * 1000)

static gboolean
load (WorkItem *item, const VmmPolicyPoint *point, GPtrArray **out, guint *out_progressing,
      GError **error)
{
  g_autoptr (StoreTxn) txn = store_begin_read (item->ctx->store, error);

  *out = txn != NULL && store_snapshot_count_auto_progressing (txn, out_progressing, error)
             ? store_policy_wanting (txn, point, error)
             : NULL;
  return *out != NULL;
}

static GPtrArray *
load_due (WorkItem *item, const VmmPolicy *policy, const VmmPolicyPoint *point, GError **error)
{
  g_autoptr (StoreTxn) txn = store_begin_read (item->ctx->store, error);

  return txn != NULL
             ? store_policy_due (txn, item->ctx->host_id, policy->id, point->begin_ms, error)
             : NULL;
}

/* The disks of one instance, from @from on, or a single one that is attached nowhere. */
static GPtrArray *
next_together (const GPtrArray *due, guint from)
{
  GPtrArray *ids = g_ptr_array_new ();
  const StorePolicyDisk *first = g_ptr_array_index (due, from);

  for (guint i = from; i < due->len; i++)
    {
      const StorePolicyDisk *disk = g_ptr_array_index (due, i);

      if (i > from
          && (*first->instance_id == '\0' || !g_str_equal (disk->instance_id, first->instance_id)))
        break;
      g_ptr_array_add (ids, disk->disk_id);
    }
  return ids;
}

/* One line for each reason of a disk in an hour, not one a minute. */
static void
tell (WorkItem *item, const VmmPolicyPoint *point, GHashTable *skipped)
{
  WorkPolicies *memory = work_policies_memory (item->work);
  GHashTableIter iter;
  gpointer id, why;

  if (memory->point_ms != point->begin_ms)
    g_hash_table_remove_all (memory->told);
  memory->point_ms = point->begin_ms;
  g_hash_table_iter_init (&iter, skipped);
  while (g_hash_table_iter_next (&iter, &id, &why))
    if (g_strcmp0 (g_hash_table_lookup (memory->told, id), why) != 0)
      {
        vmm_warning ("automatic snapshot of disk %s: %s; tried again until the hour is over",
                     (const char *) id, (const char *) why);
        g_hash_table_insert (memory->told, g_strdup (id), g_strdup (why));
      }
}

/* FALSE with @error, or when so many are under way that the rest must wait. */
static gboolean
take_all (WorkItem *item, const VmmPolicy *policy, const VmmPolicyPoint *point, guint *progressing,
          GError **error)
{
  g_autoptr (GPtrArray) due = load_due (item, policy, point, error);
  g_autoptr (GHashTable) skipped = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);

  for (guint i = 0; due != NULL && i < due->len;)
    {
      g_autoptr (GPtrArray) ids = next_together (due, i);
      guint n = 0;

      if (*progressing >= AT_ONCE || work_is_cancelled (item->work))
        return FALSE;
      vmm_step ("before policy_take");
      if (!ops_policy_take (item->ctx, policy, point, ids, skipped, &n, error))
        return FALSE;
      vmm_step ("after policy_take");
      *progressing += n;
      i += ids->len;
    }
  tell (item, point, skipped);
  return due != NULL;
}

gint64
work_policies (WorkItem *item)
{
  gint64 now = vmm_clock_now_ms ();
  VmmPolicyPoint point = vmm_policy_point_at (now, item->ctx->config->snapshot_utc_offset_h);
  g_autoptr (GPtrArray) policies = NULL;
  g_autoptr (GError) error = NULL;
  guint progressing = 0;
  gboolean is_done = load (item, &point, &policies, &progressing, &error);

  for (guint i = 0; is_done && i < policies->len; i++)
    is_done = take_all (item, g_ptr_array_index (policies, i), &point, &progressing, &error);
  if (error != NULL)
    return work_failed (item, g_steal_pointer (&error));
  return is_done ? MIN (point.begin_ms + VMM_POLICY_HOUR_MS - now, LONGEST_WAIT_MS) : NEXT_LOOK_MS;
}
