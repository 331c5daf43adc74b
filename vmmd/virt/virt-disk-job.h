/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What libvirt is asked about disks, as jobs: each reads job->disk and fills its results. */
#pragma once
#include "virt-job.h"

/* VirtJobFuncs; see the calls of virt.h by the same names. */
gboolean virt_disk_job_list (VirtJob *job, GError **error);
gboolean virt_disk_job_attach (VirtJob *job, GError **error);
gboolean virt_disk_job_detach (VirtJob *job, GError **error);
gboolean virt_disk_job_turn (VirtJob *job, GError **error);
gboolean virt_disk_job_grow (VirtJob *job, GError **error);
gboolean virt_disk_job_bound (VirtJob *job, GError **error);
gboolean virt_disk_job_pull (VirtJob *job, GError **error);
gboolean virt_disk_job_look (VirtJob *job, GError **error);
gboolean virt_disk_job_pull_end (VirtJob *job, GError **error);
gboolean virt_disk_job_flush (VirtJob *job, GError **error);
gboolean virt_disk_job_freeze (VirtJob *job, GError **error);
gboolean virt_disk_job_thaw (VirtJob *job, GError **error);
