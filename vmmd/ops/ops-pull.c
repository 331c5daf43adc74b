/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The journal of pulls. */
#include "config.h"

#include "ops-capacity.h"
#include "ops-pull.h"
#include "store-disk.h"
#include "store-instance.h"
#include "store-layer.h"
#include "vmm-chain.h"
#include "vmm-clock.h"

#define AGAIN_FIRST_MS 10000
#define AGAIN_SHIFT_MAX 8

gint64
ops_pull_wait_ms (const StorePullable *one, gint64 now_ms)
{
  gint64 wait_ms = one->after_ms - now_ms;

  /* Nobody is told to wait so long: the clock was set back since. */
  return wait_ms <= (gint64) AGAIN_FIRST_MS << AGAIN_SHIFT_MAX ? MAX (wait_ms, 0) : 0;
}

/* Whether the guest's QEMU may do it now: nothing else is under way with the disk, unless it is a
 * snapshot that waits for this. */
static gboolean
may_run (StoreTxn *txn, const StorePullable *one, const char *instance_id, gboolean is_urgent,
         gboolean *out, GError **error)
{
  g_autoptr (VmmInstance) instance = NULL;
  g_autoptr (VmmDisk) disk = NULL;
  guint count = 0;

  *out = FALSE;
  if (g_strcmp0 (one->instance_id, instance_id) != 0)
    return TRUE;
  instance = store_instance_get (txn, NULL, instance_id, error);
  disk = instance != NULL ? store_disk_get (txn, NULL, one->disk_id, error) : NULL;
  if (disk == NULL || !store_pull_count_open (txn, &count, error))
    return FALSE;
  *out = instance->state == VMM_INSTANCE_RUNNING && disk->state == VMM_DISK_IN_USE
         && disk->want_bytes == 0
         && (is_urgent || (disk->next_layer_id == NULL && count < OPS_PULLS_AT_ONCE));
  return TRUE;
}

/* How many of @links, which belong to @one, are taken in, and what they hold. */
static guint
measure (const StorePullable *one, GPtrArray *links, guint64 own_bytes, guint64 *out_bytes)
{
  g_autofree VmmChainLink *chain = g_new0 (VmmChainLink, links->len);
  /* What a fresh disk rests on is another's affair, unless it could have no snapshot of its own. */
  gboolean may_copy = *one->disk_id != '\0' && (!one->is_fresh || links->len >= VMM_CHAIN_MAX);
  guint take;

  for (guint i = 0; i < links->len; i++)
    {
      const StoreLink *link = g_ptr_array_index (links, i);

      chain[i] = (VmmChainLink){ .size_bytes = i == 0 ? own_bytes : link->size_bytes,
                                 .is_kept = link->is_kept };
    }
  take = vmm_chain_take (chain, links->len, may_copy);
  *out_bytes = 0;
  for (guint i = 1; i <= take; i++)
    *out_bytes += chain[i].size_bytes;
  return take;
}

StorePull *
ops_pull_begin (VmmContext *ctx, const char *layer_id, const char *instance_id, guint64 own_bytes,
                GError **error)
{
  g_autoptr (StoreTxn) txn = store_begin (ctx->store, error);
  g_autoptr (StorePullable) one
      = txn != NULL ? store_pull_candidate (txn, layer_id, VMM_CHAIN_DEEP, error) : NULL;
  g_autoptr (GPtrArray) links = one != NULL ? store_layer_links (txn, layer_id, error) : NULL;
  g_autoptr (StorePull) pull = g_new0 (StorePull, 1);
  gboolean may = FALSE, has_room = FALSE;
  guint64 bytes;
  guint take;

  if (links == NULL || ops_pull_wait_ms (one, vmm_clock_now_ms ()) > 0)
    return NULL;
  take = measure (one, links, own_bytes, &bytes);
  may = instance_id == NULL && !one->is_wanted;
  if (take == 0
      || (instance_id != NULL
          && !may_run (txn, one, instance_id, links->len >= VMM_CHAIN_PATIENT, &may, error))
      || !may || !ops_capacity_has_room (ctx, txn, bytes, &has_room, error) || !has_room)
    return NULL;
  pull->layer_id = g_strdup (layer_id);
  if (take + 1 < links->len)
    pull->base_id = g_strdup (((const StoreLink *) g_ptr_array_index (links, take + 1))->id);
  pull->instance_id = g_strdup (instance_id != NULL ? instance_id : "");
  pull->disk_id = g_strdup (instance_id != NULL ? one->disk_id : "");
  pull->started_ms = vmm_clock_now_ms ();
  if (!store_pull_insert (txn, pull, bytes, error) || !store_commit (txn, error))
    return NULL;
  return g_steal_pointer (&pull);
}

gboolean
ops_pull_done (VmmContext *ctx, const StorePull *pull, guint64 used_bytes, GError **error)
{
  g_autoptr (StoreTxn) txn = store_begin (ctx->store, error);

  return txn != NULL && store_layer_set_size (txn, pull->layer_id, used_bytes, 0, error)
         && store_layer_set_parent (txn, pull->layer_id, pull->base_id, error)
         && store_pull_delete (txn, pull->layer_id, FALSE, 0, error) && store_commit (txn, error);
}

gboolean
ops_pull_dropped (VmmContext *ctx, const StorePull *pull, gboolean has_failed, GError **error)
{
  g_autoptr (StoreTxn) txn = store_begin (ctx->store, error);
  guint failures = 0;

  if (txn == NULL || !store_pull_failures (txn, pull->layer_id, &failures, error))
    return FALSE;
  return store_pull_delete (
             txn, pull->layer_id, has_failed,
             vmm_clock_now_ms ()
                 + ((gint64) AGAIN_FIRST_MS << (has_failed ? MIN (failures, AGAIN_SHIFT_MAX) : 0)),
             error)
         && store_commit (txn, error);
}
