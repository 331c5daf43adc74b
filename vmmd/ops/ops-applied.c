/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Keeping what is in force. */
#include "config.h"

#include "ops-applied.h"
#include "store-applied.h"
#include "store-instance.h"
#include "store-nic.h"
#include "vmm-clock.h"
#include "vmm-id.h"

void
ops_applied_free (OpsApplied *applied)
{
  if (applied == NULL)
    return;
  g_free (applied->id);
  g_free (applied->reason);
  g_free (applied);
}

/* Reads what is known; FALSE on failure. *@out is NULL when nothing is. */
static gboolean
known (StoreTxn *txn, const VmmContext *ctx, const char *id, StoreApplied **out, GError **error)
{
  g_autoptr (GError) local = NULL;

  *out = store_applied_get (txn, ctx->host_id, id, &local);
  if (local == NULL)
    return TRUE;
  g_propagate_error (error, g_steal_pointer (&local));
  return FALSE;
}

static gboolean
is_news (const StoreApplied *old, guint64 generation, const char *reason)
{
  if (old == NULL)
    return TRUE;
  /* What is in force stays so while a newer generation fails. */
  return g_strcmp0 (old->reason, reason) != 0 || (*reason == '\0' && old->generation != generation);
}

/* Ids of the instances that an interface or a group concerns. */
static GPtrArray *
concerned (VmmContext *ctx, StoreTxn *txn, const char *id, GError **error)
{
  g_autoptr (GPtrArray) ids = NULL;
  g_autoptr (VmmNic) nic = NULL;
  g_autoptr (GError) local = NULL;

  if (vmm_id_kind (id) == VMM_ID_GROUP)
    return store_applied_instances (txn, ctx->host_id, id, error);
  nic = store_nic_get (txn, id, &local);
  if (local != NULL)
    {
      g_propagate_error (error, g_steal_pointer (&local));
      return NULL;
    }
  ids = g_ptr_array_new_with_free_func (g_free);
  if (nic != NULL && *nic->instance_id != '\0')
    g_ptr_array_add (ids, g_strdup (nic->instance_id));
  return g_steal_pointer (&ids);
}

static gboolean
tell (VmmContext *ctx, StoreTxn *txn, const char *id, const char *reason, gint64 now_ms,
      GError **error)
{
  gboolean failed = *reason != '\0';
  g_autofree char *text
      = failed ? g_strdup_printf ("the rules of %s could not be put in force: %s", id, reason)
               : g_strdup_printf ("the rules of %s are in force again", id);
  g_autoptr (GPtrArray) ids = concerned (ctx, txn, id, error);

  for (guint i = 0; ids != NULL && i < ids->len; i++)
    if (!store_event_add (txn, g_ptr_array_index (ids, i),
                          failed ? "rules-failed" : "rules-in-force", text, now_ms, error))
      return FALSE;
  return ids != NULL;
}

static gboolean
write_news (VmmContext *ctx, const char *id, guint64 generation, const char *reason, GError **error)
{
  g_autoptr (StoreTxn) txn = store_begin (ctx->store, error);
  g_autoptr (StoreApplied) old = NULL;
  StoreApplied now
      = { .generation = generation, .at_ms = vmm_clock_now_ms (), .reason = (char *) reason };
  gboolean had_failed;

  if (txn == NULL || !known (txn, ctx, id, &old, error))
    return FALSE;
  had_failed = old != NULL && *old->reason != '\0';
  if (*reason != '\0')
    now.generation = old != NULL ? old->generation : 0;
  if (had_failed != (*reason != '\0') && !tell (ctx, txn, id, reason, now.at_ms, error))
    return FALSE;
  return store_applied_set (txn, ctx->host_id, id, &now, error) && store_commit (txn, error);
}

gboolean
ops_applied_record (VmmContext *ctx, const char *id, guint64 generation, const char *reason,
                    GError **error)
{
  g_autoptr (StoreTxn) txn = store_begin_read (ctx->store, error);
  g_autoptr (StoreApplied) old = NULL;

  if (reason == NULL)
    reason = "";
  if (txn == NULL || !known (txn, ctx, id, &old, error))
    return FALSE;
  g_clear_pointer (&txn, store_txn_free);
  return !is_news (old, generation, reason) || write_news (ctx, id, generation, reason, error);
}
