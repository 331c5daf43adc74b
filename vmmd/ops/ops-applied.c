/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Keeping what is in force. */
#include "config.h"

#include "ops-applied.h"
#include "store-applied.h"
#include "store-instance.h"
#include "store-network.h"
#include "vmm-clock.h"
#include "vmm-error.h"
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

/* Reading all at once is worth it for a comparison of the whole host. */
#define READ_ALL_FROM 16

static gboolean
is_news (const StoreApplied *old, const OpsAppliedNews *news)
{
  const char *reason = news->reason != NULL ? news->reason : "";

  if (old == NULL || news->generation == 0)
    return (old == NULL) != (news->generation == 0);
  if (*reason != '\0')
    return g_strcmp0 (old->reason, reason) != 0;
  /* A comparison that was overtaken by a change has nothing to say. */
  return news->generation > old->generation
         || (news->generation == old->generation && *old->reason != '\0');
}

/* What is known of each of @news, by id. */
static GHashTable *
read_known (StoreTxn *txn, const VmmContext *ctx, const GPtrArray *news, GError **error)
{
  g_autoptr (GHashTable) known = NULL;

  if (news->len >= READ_ALL_FROM)
    return store_applied_list (txn, ctx->host_id, error);
  known = g_hash_table_new_full (g_str_hash, g_str_equal, g_free,
                                 (GDestroyNotify) store_applied_free);
  for (guint i = 0; i < news->len; i++)
    {
      const OpsAppliedNews *one = g_ptr_array_index (news, i);
      g_autoptr (GError) local = NULL;
      StoreApplied *applied = store_applied_get (txn, ctx->host_id, one->id, &local);

      if (applied != NULL)
        g_hash_table_replace (known, g_strdup (one->id), applied);
      if (local == NULL)
        continue;
      g_propagate_error (error, g_steal_pointer (&local));
      return NULL;
    }
  return g_steal_pointer (&known);
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

/* Whether the host may have anything of it: what went meanwhile must not come back. FALSE in @out
 * for an interface without a port, and for what is deleted. */
static gboolean
may_be_there (StoreTxn *txn, const char *id, gboolean *out, GError **error)
{
  g_autoptr (GError) local = NULL;
  g_autoptr (VmmNic) nic = NULL;
  g_autoptr (VmmGroup) group = NULL;
  g_autoptr (VmmInstance) instance = NULL;

  *out = FALSE;
  if (vmm_id_kind (id) == VMM_ID_GROUP)
    {
      group = store_group_get (txn, NULL, id, &local);
      *out = group != NULL;
    }
  else
    {
      nic = store_nic_get (txn, id, &local);
      if (nic != NULL && vmm_nic_state_is_plugged (nic->state))
        instance = store_instance_get (txn, NULL, nic->instance_id, &local);
      *out = instance != NULL && vmm_instance_state_has_port (instance->state);
    }
  if (local == NULL || g_error_matches (local, VMM_ERROR, VMM_ERROR_GROUP_NOT_FOUND)
      || g_error_matches (local, VMM_ERROR, VMM_ERROR_INSTANCE_NOT_FOUND))
    return TRUE;
  g_propagate_error (error, g_steal_pointer (&local));
  return FALSE;
}

static gboolean
write_one (VmmContext *ctx, StoreTxn *txn, const OpsAppliedNews *news, const StoreApplied *old,
           GError **error)
{
  StoreApplied now = { .generation = news->generation,
                       .at_ms = vmm_clock_now_ms (),
                       .reason = (char *) (news->reason != NULL ? news->reason : "") };
  gboolean fails = *now.reason != '\0';
  gboolean failed = old != NULL && *old->reason != '\0';
  gboolean is_there = FALSE;

  if (!may_be_there (txn, news->id, &is_there, error))
    return FALSE;
  if (news->generation == 0)
    return store_applied_forget (txn, ctx->host_id, news->id, error);
  if (!is_there)
    return TRUE;
  if (fails)
    now.generation = old != NULL ? old->generation : 0;
  if (fails != failed && is_there && news->generation != 0
      && !tell (ctx, txn, news->id, now.reason, now.at_ms, error))
    return FALSE;
  return store_applied_set (txn, ctx->host_id, news->id, &now, error);
}

static gboolean
has_news (const GPtrArray *news, GHashTable *known)
{
  for (guint i = 0; i < news->len; i++)
    {
      const OpsAppliedNews *one = g_ptr_array_index (news, i);

      if (is_news (g_hash_table_lookup (known, one->id), one))
        return TRUE;
    }
  return FALSE;
}

static gboolean
write_news (VmmContext *ctx, const GPtrArray *news, GError **error)
{
  g_autoptr (StoreTxn) txn = store_begin (ctx->store, error);
  g_autoptr (GHashTable) known = txn != NULL ? read_known (txn, ctx, news, error) : NULL;

  for (guint i = 0; known != NULL && i < news->len; i++)
    {
      const OpsAppliedNews *one = g_ptr_array_index (news, i);
      const StoreApplied *old = g_hash_table_lookup (known, one->id);

      if (is_news (old, one) && !write_one (ctx, txn, one, old, error))
        return FALSE;
    }
  return known != NULL && store_commit (txn, error);
}

gboolean
ops_applied_record (VmmContext *ctx, const GPtrArray *news, GError **error)
{
  g_autoptr (StoreTxn) txn = store_begin_read (ctx->store, error);
  g_autoptr (GHashTable) known = txn != NULL ? read_known (txn, ctx, news, error) : NULL;

  if (known == NULL)
    return FALSE;
  g_clear_pointer (&txn, store_txn_free);
  return !has_news (news, known) || write_news (ctx, news, error);
}
