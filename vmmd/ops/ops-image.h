/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The verbs on images, disks and what can be ordered. Any pool thread. */
#pragma once
#include "ops-context.h"
#include "vmm-disk.h"
#include "vmm-query.h"

typedef struct
{
  const char *file, *format; /* absolute path on this host; "raw" or "qcow2" */
  const char *name, *description, *os_type, *os_name, *architecture;
} OpsImageSpec;

/* The administrator's import of a local file: a Creating image whose progress can be listed. The
 * id; the caller frees it. Bad files make the image CreateFailed with the reason. */
char *ops_image_import (VmmContext *ctx, const VmmCaller *caller, const OpsImageSpec *spec,
                        GError **error);
/* What a disk of an image is made from; as on the wire, NULL or 0 for not given. */
typedef struct
{
  const char *snapshot_id; /* none: an empty data disk of size_gib */
  const char *device;
  const char *type; /* "system", "data"; otherwise as the snapshot's disk was */
  guint64 size_gib; /* otherwise the snapshot's */
} OpsImageDisk;

/* An instance, disks or a snapshot: the first that is given counts. */
typedef struct
{
  const char *instance_id, *snapshot_id;
  const OpsImageDisk *disks;
  guint n_disks;
  const char *name, *description, *family, *version;
  const char *platform, *architecture; /* otherwise as the image the disk was made from */
} OpsImageCreate;

typedef struct
{
  const char *image_id, *region_id;
  const char *name, *description;
} OpsImageCopy;

/* NULL leaves a text. */
typedef struct
{
  const char *name, *description, *family;
  const char *status; /* "Available", "Deprecated" */
} OpsImageChange;

/* Accounts an image may be shared with. */
#define OPS_IMAGE_SHARES_MAX 50

/* An image of the caller's: of snapshots it is Available at once, of an instance it is Creating
 * until snapshots of all its disks, taken at one instant, are accomplished. The id; the caller
 * frees it. */
char *ops_image_create (VmmContext *ctx, const VmmCaller *caller, const OpsImageCreate *spec,
                        GError **error);
/* Another name for the same layers, at once. The id; the caller frees it. */
char *ops_image_copy (VmmContext *ctx, const VmmCaller *caller, const OpsImageCopy *spec,
                      GError **error);
/* Always an error: a copy here is never under way. */
gboolean ops_image_cancel_copy (VmmContext *ctx, const VmmCaller *caller, const char *id,
                                GError **error);
gboolean ops_image_modify (VmmContext *ctx, const VmmCaller *caller, const char *id,
                           const OpsImageChange *change, GError **error);
/* Lets accounts, by id (or name, for the administrator), see an image and make instances from it,
 * or not any more. What they made goes on unharmed. ACCOUNT_NOT_FOUND. */
gboolean ops_image_share (VmmContext *ctx, const VmmCaller *caller, const char *id,
                          const char *const *add, const char *const *remove, GError **error);
/* VmmImageShare*, newest first; for the owner. */
GPtrArray *ops_image_shares (VmmContext *ctx, const VmmCaller *caller, const char *id,
                             const VmmPage *page, VmmPageInfo *out_info, GError **error);
/* One the caller sees. IMAGE_NOT_FOUND. */
VmmImage *ops_image_get (VmmContext *ctx, const VmmCaller *caller, const char *id, GError **error);
/* The newest Available image of a family; NULL without @error set when there is none. */
VmmImage *ops_image_of_family (VmmContext *ctx, const VmmCaller *caller, const char *family,
                               GError **error);

/* For the worker: an image of an instance takes the layers of its snapshots and is Available when
 * all are accomplished, or CreateFailed when all have ended and one failed; *@out_done tells
 * whether one of these is so. */
gboolean ops_image_gather (VmmContext *ctx, const char *id, gboolean *out_done, GError **error);
/* For the worker: an image of an instance will never be. */
gboolean ops_image_fail (VmmContext *ctx, const VmmImage *image, const char *reason,
                         GError **error);

/* Of one that an account owns; a shared one is FORBIDDEN. IMAGE_IN_USE while instances use it and
 * IMAGE_SHARED while accounts share it, unless @force; then they go on unharmed. IMAGE_CREATING or
 * IMAGE_IMPORTING before it was ever Available, unless @force; then its snapshots or its import go
 * with it. */
gboolean ops_image_delete (VmmContext *ctx, const VmmCaller *caller, const char *id, gboolean force,
                           GError **error);
GPtrArray *ops_image_list (VmmContext *ctx, const VmmCaller *caller, const VmmImageQuery *query,
                           const VmmPage *page, VmmPageInfo *out_info, GError **error);
GPtrArray *ops_disk_list (VmmContext *ctx, const VmmCaller *caller, const VmmDiskQuery *query,
                          const VmmPage *page, VmmPageInfo *out_info, GError **error);

/* What is left of the host's capacity, as the admission of creates sees it. */
typedef struct
{
  gint64 vcpus_total, vcpus_used;
  gint64 memory_mib_total, memory_mib_used;
  gint64 disk_bytes_total, disk_bytes_used;
  guint instances;
} OpsCapacity;
gboolean ops_capacity (VmmContext *ctx, OpsCapacity *out, GError **error);
