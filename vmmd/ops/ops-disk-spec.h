/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is asked of a new disk. */
#pragma once
#include <glib.h>

/* Data disks of an instance. */
#define OPS_DISK_DATA_MAX 16

/* As on the wire; NULL and 0 mean not given. */
typedef struct
{
  const char *zone_id, *snapshot_id, *category, *performance_level;
  const char *name, *description, *policy_id;
  const char *file_system; /* our extension: "ext4" makes one on the new disk */
  guint64 size_gib;
} OpsDiskSpec;

/* One that an instance is born with beside its system disk. */
typedef struct
{
  OpsDiskSpec spec;
  const char *device; /* NULL or "": the next free one */
  gboolean delete_with_instance;
} OpsInstanceDisk;
