/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The disks that instances are born with: planned once for a request, written for each instance;
 * for this room only. In the caller's transaction. */
#pragma once
#include "ops-context.h"
#include "ops-disk-spec.h"
#include "store-disk.h"
#include "vmm-instance.h"

/* One that the caller sees and that is Available: IMAGE_NOT_FOUND, IMAGE_NOT_AVAILABLE. The caller
 * frees it. */
VmmImage *ops_instance_find_image (StoreTxn *txn, const VmmCaller *caller, const char *id,
                                   GError **error);
/* What needs no database: SYSTEM_DISK_CATEGORY, DATA_DISK_LIMIT and the errors of a data disk. */
gboolean ops_instance_check_disks (const VmmContext *ctx, const OpsDiskSpec *system,
                                   const OpsInstanceDisk *disks, guint n, GError **error);
/* The row of a system disk on @image, In_use on no instance yet. At least @least_bytes, which is
 * what it gets when @spec does not say: SYSTEM_DISK_TOO_SMALL, SYSTEM_DISK_SIZE. The caller frees
 * it. */
VmmDisk *ops_instance_new_system_disk (VmmContext *ctx, const char *account_id,
                                       const VmmImage *image, const OpsDiskSpec *spec,
                                       guint64 least_bytes, GError **error);
/* VmmDisk* as each instance gets them, the system disk first, each with a device of its own: those
 * asked for and the image's. One that is asked for on the device of one of the image's is made in
 * its place, and holds the same unless it says what to hold. */
GPtrArray *ops_instance_plan_disks (VmmContext *ctx, StoreTxn *txn, const VmmCaller *caller,
                                    const VmmImage *image, const OpsDiskSpec *system,
                                    const OpsInstanceDisk *disks, guint n, GError **error);
/* What they promise in all. */
guint64 ops_instance_disk_bytes (GPtrArray *plan);
/* Writes them for @instance, with ids of their own and @suffix behind their names. */
gboolean ops_instance_add_disks (VmmContext *ctx, StoreTxn *txn, const VmmInstance *instance,
                                 GPtrArray *plan, const char *suffix, GError **error);
