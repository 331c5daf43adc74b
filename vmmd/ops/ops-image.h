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
/* IMAGE_IN_USE while instances use it, unless @force; then they go on unharmed. */
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
