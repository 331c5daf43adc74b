/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Images from outside and to the outside: each is a task. Any pool thread. */
#pragma once
#include "ops-context.h"
#include "vmm-disk.h"

typedef struct
{
  const char *url;           /* "http:" or "https:"; or NULL and */
  const char *folder, *file; /* a file of the drop folder, @folder NULL or "" for none inside it */
  const char *format;        /* "raw" or "qcow2" */
  guint gib;                 /* the size of the image's disk; 0: as the file says */
  const char *name, *description, *os_type, *os_name, *architecture; /* NULL for the defaults */
} OpsImportSpec;

typedef struct
{
  const char *image_id;
  const char *folder; /* of the export folder, or NULL */
  const char *prefix; /* of the files' names, or NULL */
  const char *format; /* "raw" or "qcow2" */
} OpsExportSpec;

/* An image that is Creating and the task that makes it; the caller frees both ids. Room for it is
 * set aside in the pool, or NO_STOCK. What is wrong with the file itself fails the task later. */
gboolean ops_image_import_from (VmmContext *ctx, const VmmCaller *caller, const OpsImportSpec *spec,
                                char **out_image, char **out_task, GError **error);
/* The task that writes the image's disks into files; the caller frees its id. An account exports
 * what is its own, the administrator also what is the system's. */
char *ops_image_export (VmmContext *ctx, const VmmCaller *caller, const OpsExportSpec *spec,
                        GError **error);
/* Inside the deletion of an image: IMAGE_EXPORTING when it is being exported, unless @force; then
 * those exports are cancelled. The caller kicks the ids (char*) in the answer, which it frees. */
GPtrArray *ops_image_stop_exports (StoreTxn *txn, const char *image_id, gboolean force,
                                   GError **error);
