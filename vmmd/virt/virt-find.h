/* SPDX-License-Identifier: GPL-2.0-or-later */
/* For jobs: finding our domains, and libvirt's errors as ours. On the thread that made the call. */
#pragma once
#include "virt-job.h"

/* Whether libvirt's last error on this thread has that code. */
gboolean virt_find_is_error (int code);
/* Turns libvirt's last error of this thread into ours; returns FALSE. */
gboolean virt_find_fail (const VirtJob *job, const char *what, GError **error);
/* Whether @domain bears our mark with its own name in it. FALSE with @error set on failure. */
gboolean virt_find_is_ours (VirtJob *job, virDomainPtr domain, gboolean *out_ours, GError **error);
/* Finds our domain of the job's id; *out_domain is NULL when there is none of that name. */
gboolean virt_find (VirtJob *job, virDomainPtr *out_domain, GError **error);
/* The same for calls that need one. */
virDomainPtr virt_find_existing (VirtJob *job, GError **error);
