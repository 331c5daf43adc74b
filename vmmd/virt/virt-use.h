/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What domains have used since their QEMU began; see `use` in virt.h. */
#pragma once
#include <glib.h>

typedef struct
{
  char *target; /* "vda" */
  guint64 reads, writes, read_bytes, write_bytes;
  guint64 read_ns, write_ns; /* time that operations took, those at the same time added up */
} VirtDiskUse;

typedef struct
{
  char *id;
  guint vcpus;
  guint64 cpu_ns;   /* of all vCPUs together */
  GPtrArray *disks; /* VirtDiskUse* */
} VirtUse;

/* All 0 and without disks. */
VirtUse *virt_use_new (const char *id);
void virt_use_free (VirtUse *use);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (VirtUse, virt_use_free)
/* A new one of that target, all 0. Borrowed. */
VirtDiskUse *virt_use_add_disk (VirtUse *use, const char *target);
/* The one of that id among VirtUse*, and of that target among its disks; NULL when there is none.
 * Borrowed. */
const VirtUse *virt_use_find (GPtrArray *uses, const char *id);
const VirtDiskUse *virt_use_find_disk (const VirtUse *use, const char *target);
