/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The arguments and results of a call on disks, as a job carries them to the thread that asks
 * libvirt; freed by virt_disk_call_free() of virt-job.h. */
#pragma once
#include "virt-job.h"

/* The arguments and results of a call on disks. A job owns it, for it may outlive its caller. */
struct VirtDiskCall
{
  char *serial;
  char *base;       /* of a pull, or NULL */
  char *xml;        /* of an attach */
  GPtrArray *turns; /* VirtTurn* */
  guint64 bytes;    /* a size, or a bound a second */
  guint64 iops;
  guint timeout_s;

  GPtrArray *disks; /* result: VirtDisk* */
  gboolean is_yes;  /* result: gone, running, frozen */
  guint percent;    /* result */
};
VirtDiskCall *virt_disk_call_new (const char *serial);
