/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Comparing rows and host: adopt, restart, sweep what has no row, and forget what is old. */
#include "config.h"

#include "ops-task.h"
#include "ops-txn.h"
#include "store-account.h"
#include "store-image.h"
#include "store-instance.h"
#include "store-nat.h"
#include "store-nic.h"
#include "store-nonce.h"
#include "store-snapshot.h"
#include "store-task.h"
#include "vmm-clock.h"
#include "vmm-error.h"
#include "vmm-id.h"
#include "vmm-log.h"
#include "work-item.h"
#include "work.h"

#define EVERY_MS (5 * 60 * 1000)
#define AGAIN_MS 5000
#define EVENTS_KEEP_MS (G_GINT64_CONSTANT (90) * 24 * 3600 * 1000)
#define TASKS_KEEP_MS (G_GINT64_CONSTANT (7) * 24 * 3600 * 1000)

/* Hosts are listed before rows: a row is always committed before its object, so an object without a
 * row now has lost it and nobody is about to write it. */
static gboolean
sweep_domains (WorkItem *item, GError **error)
{
  VirtDriver *virt = item->parts->virt;
  g_autoptr (GPtrArray) facts = virt->class->list (virt, error);
  g_autoptr (StoreTxn) txn = NULL;

  if (facts == NULL)
    return FALSE;
  txn = store_begin_read (item->ctx->store, error);
  for (guint i = 0; txn != NULL && i < facts->len; i++)
    {
      const VirtFact *fact = g_ptr_array_index (facts, i);
      gboolean exists = TRUE;

      if (!store_instance_exists (txn, fact->id, &exists, error))
        return FALSE;
      if (exists)
        continue;
      vmm_warning ("domain %s has no instance; removing it", fact->id);
      if (!WORK_CALL (virt, destroy, fact->id, error)
          || !WORK_CALL (virt, undefine, fact->id, error))
        return FALSE;
    }
  return txn != NULL;
}

static gboolean
sweep_layer_files (WorkItem *item, GError **error)
{
  ImgStore *img = item->parts->img;
  g_autoptr (GPtrArray) files = img->class->layer_list (img, error);
  g_autoptr (StoreTxn) txn = NULL;
  g_autoptr (GPtrArray) rows = NULL;
  g_autoptr (GHashTable) known = g_hash_table_new (g_str_hash, g_str_equal);

  if (files == NULL)
    return FALSE;
  txn = store_begin_read (item->ctx->store, error);
  rows = txn != NULL ? store_layer_list (txn, item->ctx->host_id, error) : NULL;
  for (guint i = 0; rows != NULL && i < rows->len; i++)
    g_hash_table_add (known, g_ptr_array_index (rows, i));
  for (guint i = 0; rows != NULL && i < files->len; i++)
    {
      const char *id = g_ptr_array_index (files, i);

      if (g_hash_table_contains (known, id))
        continue;
      vmm_warning ("layer %s has no row; removing its file", id);
      if (!WORK_CALL (img, layer_remove, id, error))
        return FALSE;
    }
  if (rows == NULL || !work_sweep_layers (item, error))
    return FALSE;
  work_kick (item->work, WORK_LAYERS);
  return TRUE;
}

/* Kicks the items of @ids (taken); FALSE when it is NULL. */
static gboolean
kick_each (WorkItem *item, GPtrArray *ids)
{
  g_autoptr (GPtrArray) own = ids;

  for (guint i = 0; own != NULL && i < own->len; i++)
    work_kick (item->work, g_ptr_array_index (own, i));
  return own != NULL;
}

static gboolean
kick_all (WorkItem *item, GError **error)
{
  g_autoptr (StoreTxn) txn = store_begin_read (item->ctx->store, error);
  const char *host_id = item->ctx->host_id;

  return txn != NULL && kick_each (item, store_public_working (txn, error))
         && kick_each (item, store_nic_deleting (txn, error))
         && kick_each (item, store_disk_working (txn, host_id, error))
         && kick_each (item, store_instance_ids (txn, host_id, TRUE, error))
         && kick_each (item, store_image_working (txn, error));
}

/* Those that were under way when the daemon ended. */
static gboolean
kick_tasks (WorkItem *item, GError **error)
{
  g_autoptr (StoreTxn) txn = store_begin_read (item->ctx->store, error);
  g_autoptr (GPtrArray) tasks = txn != NULL ? store_task_unfinished (txn, NULL, error) : NULL;

  for (guint i = 0; tasks != NULL && i < tasks->len; i++)
    work_kick (item->work, ops_task_worker (g_ptr_array_index (tasks, i)));
  return tasks != NULL;
}

static gboolean
forget_old (WorkItem *item, GError **error)
{
  gint64 now = vmm_clock_now_ms ();
  g_autoptr (StoreTxn) txn = store_begin (item->ctx->store, error);

  return txn != NULL && store_token_expire (txn, now - OPS_TOKEN_KEEP_MS, error)
         && store_event_expire (txn, now - EVENTS_KEEP_MS, error)
         && store_task_expire (txn, now - TASKS_KEEP_MS, error) && store_commit (txn, error)
         && store_nonce_expire (item->ctx->nonces, now, error);
}

/* Snapshots whose time is over; one that an image rests on waits for the image's end. */
static gboolean
expire_snapshots (WorkItem *item, GError **error)
{
  g_autoptr (StoreTxn) txn = store_begin (item->ctx->store, error);
  g_autoptr (GPtrArray) ids
      = txn != NULL ? store_snapshot_expired (txn, vmm_clock_now_ms (), error) : NULL;

  for (guint i = 0; ids != NULL && i < ids->len; i++)
    if (!store_snapshot_expire (txn, g_ptr_array_index (ids, i), vmm_clock_now_ms (), error))
      return FALSE;
  if (ids == NULL || !store_commit (txn, error))
    return FALSE;
  if (ids->len > 0)
    work_kick (item->work, WORK_LAYERS);
  return TRUE;
}

/* Each part is tried: an absent libvirtd must not keep the network or the disks from converging. */
gint64
work_reconcile (WorkItem *item)
{
  static gboolean (*const parts[]) (WorkItem *, GError **)
      = { work_network_reconcile, sweep_domains, sweep_layer_files, kick_all, kick_tasks,
          expire_snapshots,       forget_old };
  gint64 next_ms = EVERY_MS;

  for (guint i = 0; i < G_N_ELEMENTS (parts); i++)
    {
      GError *error = NULL;

      if (parts[i](item, &error))
        continue;
      /* When libvirtd comes back the driver's event brings us here at once. */
      if (!work_is_away (error))
        next_ms = AGAIN_MS;
      work_failed (item, error);
    }
  return next_ms;
}
