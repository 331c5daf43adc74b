/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A libvirt call that its caller can stop waiting for. libvirt's keepalive notices a dead libvirtd,
 * but not a live one whose QEMU does not answer. */
#pragma once
#include <libvirt/libvirt.h>

#include "virt.h"

typedef struct VirtJob VirtJob;
typedef struct VirtDiskCall VirtDiskCall;
typedef gboolean (*VirtJobFunc) (VirtJob *job, GError **error);

/* Whoever reads the results must have seen virt_job_run() succeed. */
struct VirtJob
{
  virConnectPtr conn; /* owned */
  char *id;           /* of the domain, or NULL */
  char *xml;          /* for a definition, or NULL */
  char *uuid;         /* the one in xml, or NULL */
  char *tap;          /* of an interface, or NULL */
  char *kept_xml;     /* of an interface in the domain's definition, or NULL */
  gboolean is_up;     /* the link it shall have */
  VirtDiskCall *disk; /* of a call on disks, or NULL; owned */
  VirtJobFunc func;
  VirtFact *fact;   /* result */
  GPtrArray *facts; /* result: VirtFact* */
  GPtrArray *nics;  /* result: VirtNicFact* */
  GPtrArray *uses;  /* result: VirtUse* */
  gboolean is_gone; /* result */

  GMutex lock; /* guards what follows */
  GCond finished;
  gboolean is_finished;
  gboolean is_success;
  GError *error;
};

/* Frees a job's; the rest is in virt-disk-job.h. */
void virt_disk_call_free (VirtDiskCall *call);

/* Takes @conn; copies @id. Release with virt_job_unref(). */
VirtJob *virt_job_new (virConnectPtr conn, const char *id, VirtJobFunc func);
void virt_job_unref (VirtJob *job);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (VirtJob, virt_job_unref)

/* A pool for jobs; it grows as needed, its users being bounded themselves. */
GThreadPool *virt_job_pool_new (void);

/* Runs the job in @pool and waits for its end. After @deadline_ms it fails with
 * VMM_ERROR_VIRT_FAILED, and the job is left to end or hang by itself. */
gboolean virt_job_run (GThreadPool *pool, VirtJob *job, guint deadline_ms, GError **error);
