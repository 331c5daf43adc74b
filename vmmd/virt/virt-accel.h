/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which accelerator runs guests. An open /dev/kvm proves nothing: KVM must work. */
#pragma once
#include <glib.h>

typedef enum
{
  VIRT_PROBE_NOT_RUN,
  VIRT_PROBE_NO_DEVICE, /* /dev/kvm is missing, locked or no KVM of the version we know */
  VIRT_PROBE_FAILED,    /* a guest could not be made or did the wrong thing */
  VIRT_PROBE_HUNG,      /* the guest did not end in time */
  VIRT_PROBE_RAN
} VirtProbe;

typedef struct
{
  gboolean has_cpu_flag; /* vmx or svm in /proc/cpuinfo */
  gboolean has_module;   /* kvm_intel or kvm_amd is in the kernel */
  VirtProbe probe;       /* what became of the probe guest */
} VirtAccelFacts;

/* Decides from @wanted ("auto", "kvm" or "tcg") and the facts. Returns "kvm" or "tcg" and in
 * @out_why one sentence; both static. "kvm" on a host where it does not work, and an unknown
 * @wanted, are VMM_ERROR_VIRT_FAILED. Pure. */
const char *virt_accel_decide (const char *wanted, const VirtAccelFacts *facts,
                               const char **out_why, GError **error);

/* Whether the text of /proc/cpuinfo lists vmx or svm among a CPU's flags. Pure. */
gboolean virt_accel_cpuinfo_has_flag (const char *cpuinfo);

/* Looks at this host. Runs the probe guest only where flag and module are there, for up to 3 s. */
void virt_accel_gather (VirtAccelFacts *out_facts);

/* Runs a few instructions in a KVM guest on @device ("/dev/kvm"), in a child process that is
 * killed after @deadline_ms. Safe in a process with threads. */
VirtProbe virt_accel_probe (const char *device, guint deadline_ms);
