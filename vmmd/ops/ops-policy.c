/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The verbs on policies of automatic snapshots. */
#include "config.h"

#include "ops-disk.h"
#include "ops-policy.h"
#include "ops-snapshot.h"
#include "ops-txn.h"
#include "store-disk.h"
#include "store-policy.h"
#include "store-snapshot.h"
#include "vmm-clock.h"
#include "vmm-error.h"
#include "vmm-id.h"

static gboolean
check_name (const char *name, GError **error)
{
  return name == NULL || *name == '\0' || vmm_disk_name_is_valid (name)
         || vmm_fail (error, VMM_ERROR_POLICY_NAME_MALFORMED,
                      "the name of a policy must be 2 to 128 characters, begin with a letter, and "
                      "not with http:// or https://");
}

char *
ops_policy_create (VmmContext *ctx, const VmmCaller *caller, const OpsPolicySpec *spec,
                   GError **error)
{
  g_autofree char *before = NULL;
  g_autoptr (StoreTxn) txn = NULL;
  g_autoptr (VmmPolicy) policy = g_new0 (VmmPolicy, 1);
  guint count = 0;

  if (!check_name (spec->name, error))
    return NULL;
  txn = ops_begin (ctx, caller, &before, error);
  if (txn == NULL || before != NULL)
    return g_steal_pointer (&before);
  if (!store_policy_count (txn, caller->account_id, &count, error))
    return NULL;
  if (count >= OPS_POLICIES_MAX)
    {
      vmm_fail (error, VMM_ERROR_POLICY_QUOTA,
                "the account has %u automatic snapshot policies, which is the most; delete one",
                count);
      return NULL;
    }
  policy->id = vmm_id_new (VMM_ID_POLICY);
  policy->account_id = g_strdup (caller->account_id);
  policy->name = g_strdup (spec->name != NULL ? spec->name : "");
  policy->hours = spec->hours;
  policy->weekdays = spec->weekdays;
  policy->retention_days = (guint) MAX (spec->retention_days, 0);
  policy->created_ms = vmm_clock_now_ms ();
  if (!store_policy_insert (txn, policy, error)
      || !ops_finish (ctx, txn, caller, policy->id, error))
    return NULL;
  return g_steal_pointer (&policy->id);
}

/* Puts what is asked for in; whether the hour that is running is wanted now and was not before. */
static gboolean
change (VmmPolicy *policy, const OpsPolicySpec *spec, const VmmPolicyPoint *point)
{
  gboolean was_wanted = vmm_policy_wants (policy->hours, policy->weekdays, point);

  if (spec->name != NULL && *spec->name != '\0')
    {
      g_free (policy->name);
      policy->name = g_strdup (spec->name);
    }
  if (spec->hours != 0)
    policy->hours = spec->hours;
  if (spec->weekdays != 0)
    policy->weekdays = spec->weekdays;
  if (spec->retention_days >= 0)
    policy->retention_days = (guint) spec->retention_days;
  return !was_wanted && vmm_policy_wants (policy->hours, policy->weekdays, point);
}

gboolean
ops_policy_modify (VmmContext *ctx, const VmmCaller *caller, const char *id,
                   const OpsPolicySpec *spec, GError **error)
{
  gint64 now = vmm_clock_now_ms ();
  VmmPolicyPoint point = vmm_policy_point_at (now, ctx->config->snapshot_utc_offset_h);
  g_autofree char *before = NULL;
  g_autoptr (StoreTxn) txn = NULL;
  g_autoptr (VmmPolicy) policy = NULL;

  if (!check_name (spec->name, error))
    return FALSE;
  txn = ops_begin (ctx, caller, &before, error);
  if (txn == NULL || before != NULL)
    return txn != NULL;
  policy = store_policy_get (txn, caller->account_id, id, error);
  if (policy == NULL)
    return FALSE;
  if (change (policy, spec, &point) && !store_policy_pass (txn, id, now, error))
    return FALSE;
  return store_policy_set (txn, policy, error) && ops_finish (ctx, txn, caller, "", error);
}

gboolean
ops_policy_delete (VmmContext *ctx, const VmmCaller *caller, const char *id, GError **error)
{
  g_autofree char *before = NULL;
  g_autoptr (StoreTxn) txn = ops_begin (ctx, caller, &before, error);
  g_autoptr (VmmPolicy) policy = NULL;

  if (txn == NULL || before != NULL)
    return txn != NULL;
  policy = store_policy_get (txn, caller->account_id, id, error);
  return policy != NULL && store_policy_delete (txn, id, error)
         && ops_finish (ctx, txn, caller, "", error);
}

GPtrArray *
ops_policy_list (VmmContext *ctx, const VmmCaller *caller, const VmmPolicyQuery *query,
                 const VmmPage *page, VmmPageInfo *out_info, GError **error)
{
  g_autoptr (StoreTxn) txn = store_begin_read (ctx->store, error);

  return txn != NULL ? store_policy_list (txn, caller->account_id, query, page, out_info, error)
                     : NULL;
}

/* ---- Disks ---- */

gboolean
ops_policy_apply (VmmContext *ctx, const VmmCaller *caller, const char *id,
                  const char *const *disk_ids, GError **error)
{
  g_autofree char *before = NULL;
  g_autoptr (StoreTxn) txn = ops_begin (ctx, caller, &before, error);
  g_autoptr (VmmPolicy) policy = NULL;

  if (txn == NULL || before != NULL)
    return txn != NULL;
  policy = store_policy_get (txn, caller->account_id, id, error);
  for (guint i = 0; policy != NULL && disk_ids[i] != NULL; i++)
    {
      g_autoptr (VmmDisk) disk = store_disk_get (txn, caller->account_id, disk_ids[i], error);

      if (disk == NULL)
        return FALSE;
      if (!g_str_equal (disk->policy_id, id)
          && !store_policy_apply (txn, disk->id, id, vmm_clock_now_ms (), error))
        return FALSE;
    }
  return policy != NULL && ops_finish (ctx, txn, caller, "", error);
}

gboolean
ops_policy_cancel (VmmContext *ctx, const VmmCaller *caller, const char *id,
                   const char *const *disk_ids, GError **error)
{
  g_autofree char *before = NULL;
  g_autoptr (StoreTxn) txn = ops_begin (ctx, caller, &before, error);
  g_autoptr (VmmPolicy) policy = NULL;

  if (txn == NULL || before != NULL)
    return txn != NULL;
  if (id != NULL)
    {
      policy = store_policy_get (txn, caller->account_id, id, error);
      if (policy == NULL)
        return FALSE;
    }
  for (guint i = 0; disk_ids[i] != NULL; i++)
    {
      g_autoptr (VmmDisk) disk = store_disk_get (txn, caller->account_id, disk_ids[i], error);

      if (disk == NULL)
        return FALSE;
      if ((id == NULL || g_str_equal (disk->policy_id, id))
          && !store_policy_apply (txn, disk->id, "", vmm_clock_now_ms (), error))
        return FALSE;
    }
  return ops_finish (ctx, txn, caller, "", error);
}

void
ops_policy_disk_free (OpsPolicyDisk *disk)
{
  g_free (disk->disk_id);
  g_free (disk->policy_id);
  g_free (disk);
}

static void
free_policy_disk (gpointer disk)
{
  ops_policy_disk_free (disk);
}

GPtrArray *
ops_policy_disks (VmmContext *ctx, const VmmCaller *caller, const char *id, const char *disk_id,
                  const VmmPage *page, VmmPageInfo *out_info, GError **error)
{
  g_autoptr (StoreTxn) txn = store_begin_read (ctx->store, error);
  g_autoptr (GPtrArray) rows = txn != NULL ? store_policy_disks (txn, caller->account_id, id,
                                                                 disk_id, page, out_info, error)
                                           : NULL;
  GPtrArray *disks;

  if (rows == NULL)
    return NULL;
  disks = g_ptr_array_new_with_free_func (free_policy_disk);
  for (guint i = 0; i < rows->len; i++)
    {
      const StorePolicyDisk *row = g_ptr_array_index (rows, i);
      OpsPolicyDisk *disk = g_new0 (OpsPolicyDisk, 1);

      disk->disk_id = g_strdup (row->disk_id);
      disk->policy_id = g_strdup (row->policy_id);
      g_ptr_array_add (disks, disk);
    }
  return disks;
}

/* ---- For the worker ---- */

/* "auto_20260102_10_sp-…": the hour by the clock of policies. The caller frees it. */
static char *
snapshot_name (VmmContext *ctx, const VmmPolicy *policy, const VmmPolicyPoint *point)
{
  g_autofree char *time = vmm_clock_format_minute (
      point->begin_ms + ctx->config->snapshot_utc_offset_h * VMM_POLICY_HOUR_MS);

  return g_strdup_printf ("auto_%.4s%.2s%.2s_%.2s_%s", time, time + 5, time + 8, time + 11,
                          policy->id);
}

/* Whether @error is about the disk and its instance, and the hour may end before it is so. */
static gboolean
may_pass (const GError *error)
{
  static const VmmError passing[]
      = { VMM_ERROR_DISK_STATUS, VMM_ERROR_DISK_SNAPSHOTTING, VMM_ERROR_INSTANCE_STATUS,
          VMM_ERROR_SNAPSHOT_QUOTA, VMM_ERROR_NO_STOCK };

  for (guint i = 0; i < G_N_ELEMENTS (passing); i++)
    if (g_error_matches (error, VMM_ERROR, (int) passing[i]))
      return TRUE;
  return FALSE;
}

gboolean
ops_policy_take (VmmContext *ctx, const VmmPolicy *policy, const VmmPolicyPoint *point,
                 const GPtrArray *disk_ids, GHashTable *out_skipped, guint *out_n, GError **error)
{
  g_autoptr (StoreTxn) txn = store_begin (ctx->store, error);
  g_autofree char *name = snapshot_name (ctx, policy, point);
  g_autofree char *worker = NULL;
  const OpsSnapshotSpec spec
      = { .name = name, .policy_id = policy->id, .retention_days = policy->retention_days };

  *out_n = 0;
  for (guint i = 0; txn != NULL && i < disk_ids->len; i++)
    {
      const char *id = g_ptr_array_index (disk_ids, i);
      g_autoptr (GError) local = NULL;
      g_autoptr (VmmDisk) disk = store_disk_get (txn, policy->account_id, id, &local);
      g_autoptr (VmmSnapshot) snapshot = NULL;

      /* Deleted, or of another policy by now. */
      if (g_error_matches (local, VMM_ERROR, VMM_ERROR_DISK_NOT_FOUND)
          || (disk != NULL && !g_str_equal (disk->policy_id, policy->id)))
        continue;
      if (disk != NULL)
        snapshot = ops_snapshot_add (ctx, txn, disk, &spec, &local);
      if (snapshot == NULL && may_pass (local))
        g_hash_table_insert (out_skipped, g_strdup (id), g_strdup (local->message));
      else if (snapshot == NULL)
        {
          g_propagate_error (error, g_steal_pointer (&local));
          return FALSE;
        }
      else if (!store_policy_done (txn, id, point->begin_ms, error))
        return FALSE;
      else
        {
          g_free (worker);
          worker = g_strdup (ops_disk_worker (disk));
          ++*out_n;
        }
    }
  if (txn == NULL || !store_commit (txn, error))
    return FALSE;
  g_clear_pointer (&txn, store_txn_free);
  if (worker != NULL)
    ctx->kick (ctx, worker);
  return TRUE;
}
