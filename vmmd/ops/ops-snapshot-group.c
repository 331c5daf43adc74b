/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The verbs on snapshot groups. */
#include "config.h"

#include "ops-disk.h"
#include "ops-instance-check.h"
#include "ops-snapshot-group.h"
#include "ops-snapshot.h"
#include "ops-txn.h"
#include "store-disk.h"
#include "store-instance.h"
#include "store-snapshot-group.h"
#include "store-snapshot.h"
#include "vmm-clock.h"
#include "vmm-error.h"
#include "vmm-id.h"

static gboolean
check_texts (const char *name, const char *description, GError **error)
{
  if (name != NULL && *name != '\0' && !vmm_disk_name_is_valid (name))
    return vmm_fail (error, VMM_ERROR_SNAPSHOT_GROUP_NAME_MALFORMED,
                     "the name of a snapshot group must be 2 to 128 characters, begin with a "
                     "letter, and not with http:// or https://");
  return ops_check_description (description, error);
}

static gboolean
contains (const char *const *ids, const char *id)
{
  return ids != NULL && g_strv_contains (ids, id);
}

/* ---- Which disks ---- */

static GPtrArray *
disks_of_instance (StoreTxn *txn, const VmmCaller *caller, const OpsSnapshotGroupSpec *spec,
                   GError **error)
{
  g_autoptr (VmmInstance) instance
      = store_instance_get (txn, caller->account_id, spec->instance_id, error);
  g_autoptr (GPtrArray) disks
      = instance != NULL ? store_disk_list_of (txn, instance->id, error) : NULL;

  for (guint i = disks != NULL ? disks->len : 0; i > 0; i--)
    if (contains (spec->exclude_disk_ids, ((VmmDisk *) g_ptr_array_index (disks, i - 1))->id))
      g_ptr_array_remove_index (disks, i - 1);
  return g_steal_pointer (&disks);
}

static void
free_disk (gpointer disk)
{
  vmm_disk_free (disk);
}

static GPtrArray *
disks_by_id (StoreTxn *txn, const VmmCaller *caller, const OpsSnapshotGroupSpec *spec,
             GError **error)
{
  g_autoptr (GPtrArray) disks = g_ptr_array_new_with_free_func (free_disk);

  for (guint i = 0; spec->disk_ids[i] != NULL; i++)
    {
      VmmDisk *disk = store_disk_get (txn, caller->account_id, spec->disk_ids[i], error);

      if (disk == NULL)
        return NULL;
      if (contains (spec->exclude_disk_ids, disk->id))
        vmm_disk_free (disk);
      else
        g_ptr_array_add (disks, disk);
    }
  return g_steal_pointer (&disks);
}

/* All of one instance: only its QEMU can turn disks at one instant. */
static GPtrArray *
choose_disks (StoreTxn *txn, const VmmCaller *caller, const OpsSnapshotGroupSpec *spec,
              GError **error)
{
  gboolean is_named = spec->disk_ids != NULL && spec->disk_ids[0] != NULL;
  g_autoptr (GPtrArray) disks = is_named ? disks_by_id (txn, caller, spec, error)
                                         : disks_of_instance (txn, caller, spec, error);
  const char *instance_id = spec->instance_id;

  for (guint i = 0; disks != NULL && i < disks->len; i++)
    {
      const VmmDisk *disk = g_ptr_array_index (disks, i);

      if (instance_id == NULL)
        instance_id = disk->instance_id;
      if (*disk->instance_id == '\0' || !g_str_equal (disk->instance_id, instance_id))
        {
          vmm_fail (error, VMM_ERROR_DISK_STATUS,
                    "disk '%s' is %s%s, and the disks of a snapshot group are of one instance%s%s",
                    disk->id, *disk->instance_id != '\0' ? "of instance " : "attached nowhere",
                    disk->instance_id, *instance_id != '\0' ? ", here " : "", instance_id);
          return NULL;
        }
    }
  if (disks != NULL && disks->len == 0)
    {
      vmm_fail (error, VMM_ERROR_MISSING_PARAMETER, "no disk is left to take a snapshot of");
      return NULL;
    }
  return g_steal_pointer (&disks);
}

/* ---- Create ---- */

static gboolean
insert (VmmContext *ctx, StoreTxn *txn, const VmmCaller *caller, const OpsSnapshotGroupSpec *spec,
        const char *id, GPtrArray *disks, GError **error)
{
  const OpsSnapshotSpec member
      = { .name = spec->name, .description = spec->description, .group_id = id };
  const VmmSnapshotGroup group
      = { .id = (char *) id,
          .account_id = (char *) caller->account_id,
          .instance_id = ((VmmDisk *) g_ptr_array_index (disks, 0))->instance_id,
          .name = (char *) (spec->name != NULL ? spec->name : ""),
          .description = (char *) (spec->description != NULL ? spec->description : ""),
          .created_ms = vmm_clock_now_ms () };

  if (!store_snapshot_group_insert (txn, &group, error))
    return FALSE;
  for (guint i = 0; i < disks->len; i++)
    {
      g_autoptr (VmmSnapshot) snapshot
          = ops_snapshot_add (ctx, txn, g_ptr_array_index (disks, i), &member, error);

      if (snapshot == NULL)
        return FALSE;
    }
  return TRUE;
}

char *
ops_snapshot_group_create (VmmContext *ctx, const VmmCaller *caller,
                           const OpsSnapshotGroupSpec *spec, GError **error)
{
  g_autofree char *before = NULL;
  g_autofree char *id = vmm_id_new (VMM_ID_SNAPSHOT_GROUP);
  g_autoptr (StoreTxn) txn = NULL;
  g_autoptr (GPtrArray) disks = NULL;

  if (!check_texts (spec->name, spec->description, error))
    return NULL;
  if (spec->instance_id == NULL && (spec->disk_ids == NULL || spec->disk_ids[0] == NULL))
    {
      vmm_fail (error, VMM_ERROR_MISSING_PARAMETER, "InstanceId or DiskId.N is required");
      return NULL;
    }
  txn = ops_begin (ctx, caller, &before, error);
  if (txn == NULL || before != NULL)
    return g_steal_pointer (&before);
  disks = choose_disks (txn, caller, spec, error);
  if (disks == NULL || !insert (ctx, txn, caller, spec, id, disks, error)
      || !ops_finish (ctx, txn, caller, id, error))
    return NULL;
  g_clear_pointer (&txn, store_txn_free);
  ctx->kick (ctx, ops_disk_worker (g_ptr_array_index (disks, 0)));
  return g_steal_pointer (&id);
}

/* ---- The others ---- */

GPtrArray *
ops_snapshot_group_list (VmmContext *ctx, const VmmCaller *caller,
                         const VmmSnapshotGroupQuery *query, const VmmPage *page,
                         VmmPageInfo *out_info, GError **error)
{
  g_autoptr (StoreTxn) txn = store_begin_read (ctx->store, error);

  return txn != NULL
             ? store_snapshot_group_list (txn, caller->account_id, query, page, out_info, error)
             : NULL;
}

static gboolean
delete_member (StoreTxn *txn, const VmmSnapshot *snapshot, GError **error)
{
  if (snapshot->state == VMM_SNAPSHOT_PROGRESSING)
    return vmm_fail (error, VMM_ERROR_SNAPSHOT_NOT_READY,
                     "snapshot '%s' is progressing; wait until it is accomplished", snapshot->id);
  if (snapshot->n_images > 0)
    return vmm_fail (error, VMM_ERROR_SNAPSHOT_IMAGE,
                     "snapshot '%s' is part of %u images; delete them first", snapshot->id,
                     snapshot->n_images);
  return store_snapshot_delete (txn, snapshot->id, error);
}

GPtrArray *
ops_snapshot_group_delete (VmmContext *ctx, const VmmCaller *caller, const char *id, GError **error)
{
  g_autofree char *before = NULL;
  g_autoptr (StoreTxn) txn = ops_begin (ctx, caller, &before, error);
  g_autoptr (VmmSnapshotGroup) group = NULL;
  g_autoptr (GPtrArray) ids = g_ptr_array_new_with_free_func (g_free);

  if (txn == NULL || before != NULL)
    return txn != NULL ? g_steal_pointer (&ids) : NULL;
  group = store_snapshot_group_get (txn, caller->account_id, id, error);
  for (guint i = 0; group != NULL && i < group->snapshots->len; i++)
    {
      const VmmSnapshot *snapshot = g_ptr_array_index (group->snapshots, i);

      if (!delete_member (txn, snapshot, error))
        return NULL;
      g_ptr_array_add (ids, g_strdup (snapshot->id));
    }
  if (group == NULL || !ops_finish (ctx, txn, caller, "", error))
    return NULL;
  g_clear_pointer (&txn, store_txn_free);
  ctx->kick (ctx, OPS_LAYERS);
  return g_steal_pointer (&ids);
}

gboolean
ops_snapshot_group_modify (VmmContext *ctx, const VmmCaller *caller, const char *id,
                           const char *name, const char *description, GError **error)
{
  g_autofree char *before = NULL;
  g_autoptr (StoreTxn) txn = NULL;
  g_autoptr (VmmSnapshotGroup) group = NULL;

  if (!check_texts (name, description, error))
    return FALSE;
  txn = ops_begin (ctx, caller, &before, error);
  if (txn == NULL || before != NULL)
    return txn != NULL;
  group = store_snapshot_group_get (txn, caller->account_id, id, error);
  return group != NULL
         && store_snapshot_group_set_texts (txn, id, name != NULL ? name : group->name,
                                            description != NULL ? description : group->description,
                                            error)
         && ops_finish (ctx, txn, caller, "", error);
}
