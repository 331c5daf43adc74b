/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The verbs on disks. Any pool thread. Ids of other accounts are DISK_NOT_FOUND. */
#pragma once
#include "ops-context.h"
#include "ops-disk-spec.h"
#include "vmm-disk.h"
#include "vmm-instance.h"

/* A disk that is Creating: empty, with a file system, or holding what a snapshot holds. Its id; the
 * caller frees it. */
char *ops_disk_create (VmmContext *ctx, const VmmCaller *caller, const OpsDiskSpec *spec,
                       GError **error);
/* To a running instance (Attaching) or a stopped one (In_use at once). @device NULL takes the first
 * free of /dev/xvdb to /dev/xvdz; @delete_with_instance -1 leaves that as it is. */
gboolean ops_disk_attach (VmmContext *ctx, const VmmCaller *caller, const char *id,
                          const char *instance_id, const char *device, int delete_with_instance,
                          GError **error);
/* From a running instance (Detaching until the guest lets go) or a stopped one (Available at once).
 */
gboolean ops_disk_detach (VmmContext *ctx, const VmmCaller *caller, const char *id,
                          const char *instance_id, int delete_with_instance, GError **error);
/* One that is attached nowhere; one that is not there is success, as ECS has it. */
gboolean ops_disk_delete (VmmContext *ctx, const VmmCaller *caller, const char *id, GError **error);
/* Grows a disk to @size_gib: at once, or with a running instance as soon as its QEMU has done it.
 */
gboolean ops_disk_resize (VmmContext *ctx, const VmmCaller *caller, const char *id,
                          guint64 size_gib, GError **error);
/* NULL and -1 leave a field. */
typedef struct
{
  const char *name, *description;
  int delete_with_instance, enable_auto_snapshot, delete_auto_snapshot;
} OpsDiskChange;
gboolean ops_disk_modify (VmmContext *ctx, const VmmCaller *caller, const char *const *ids,
                          const OpsDiskChange *change, GError **error);
/* Gives a Stopped instance another system disk, of @image_id, in place of the one it has, which is
 * gone but for its snapshots. @size_gib 0 takes what the image and the old disk need; @key_pair
 * NULL leaves the instance its key. The new disk's id; the caller frees it. */
char *ops_disk_replace (VmmContext *ctx, const VmmCaller *caller, const char *instance_id,
                        const char *image_id, guint64 size_gib, const char *key_pair,
                        GError **error);
/* Back to what it was made from, or empty; its instance is Stopped, or it has none. */
gboolean ops_disk_reinit (VmmContext *ctx, const VmmCaller *caller, const char *id, GError **error);
typedef struct
{
  const char *disk_id, *snapshot_id;
} OpsDiskReset;
/* All of @n disks back to one of their own snapshots, or none; likewise. */
gboolean ops_disk_reset (VmmContext *ctx, const VmmCaller *caller, const OpsDiskReset *resets,
                         gsize n, GError **error);

/* Another category, or level of cloud_essd; NULL leaves one. With a running instance the bounds of
 * I/O that go with them are in force soon after. */
gboolean ops_disk_respec (VmmContext *ctx, const VmmCaller *caller, const char *id,
                          const char *category, const char *level, GError **error);
/* For the worker: the guest of @disk was told of its bounds as @disk has them, or none runs. */
gboolean ops_disk_bounded (VmmContext *ctx, const VmmDisk *disk, GError **error);

/* Whose item does the work on a disk: its instance's, so that one domain has one caller, or its
 * own.
 */
const char *ops_disk_worker (const VmmDisk *disk);
/* For the worker: the move that @event makes from @from, and what follows from it. */
gboolean ops_disk_event (VmmContext *ctx, const char *id, VmmDiskState from, VmmDiskEvent event,
                         const char *reason, GError **error);
/* For the worker: the growth of a disk is over, done with the new size or given up with the old. */
gboolean ops_disk_grown (VmmContext *ctx, const char *id, guint64 virtual_bytes, GError **error);
