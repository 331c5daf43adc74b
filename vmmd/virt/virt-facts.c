/* SPDX-License-Identifier: GPL-2.0-or-later */
/* libvirt's states and reasons, as tables to ours. */
#include "config.h"

#include "virt-facts.h"

#include <libvirt/libvirt.h>

/* A crashed domain that is kept for a look is still active and wants a destroy. A guest that went
 * to sleep by itself is still its owner's running machine. */
static const VirtState states[] = {
  [VIR_DOMAIN_NOSTATE] = VIRT_RUNNING,   [VIR_DOMAIN_RUNNING] = VIRT_RUNNING,
  [VIR_DOMAIN_BLOCKED] = VIRT_RUNNING,   [VIR_DOMAIN_PAUSED] = VIRT_PAUSED,
  [VIR_DOMAIN_SHUTDOWN] = VIRT_STOPPING, [VIR_DOMAIN_SHUTOFF] = VIRT_OFF,
  [VIR_DOMAIN_CRASHED] = VIRT_PAUSED,    [VIR_DOMAIN_PMSUSPENDED] = VIRT_RUNNING,
};

static const VirtReason off_reasons[] = {
  [VIR_DOMAIN_SHUTOFF_UNKNOWN] = VIRT_REASON_UNKNOWN,
  [VIR_DOMAIN_SHUTOFF_SHUTDOWN] = VIRT_REASON_SHUTDOWN,
  [VIR_DOMAIN_SHUTOFF_DESTROYED] = VIRT_REASON_DESTROYED,
  [VIR_DOMAIN_SHUTOFF_CRASHED] = VIRT_REASON_CRASHED,
  [VIR_DOMAIN_SHUTOFF_MIGRATED] = VIRT_REASON_UNKNOWN,
  [VIR_DOMAIN_SHUTOFF_SAVED] = VIRT_REASON_UNKNOWN,
  [VIR_DOMAIN_SHUTOFF_FAILED] = VIRT_REASON_CRASHED,
  [VIR_DOMAIN_SHUTOFF_FROM_SNAPSHOT] = VIRT_REASON_UNKNOWN,
  /* libvirtd came back and could not talk to the QEMU it found. */
  [VIR_DOMAIN_SHUTOFF_DAEMON] = VIRT_REASON_CRASHED,
};

static VirtReason
off_reason (int reason)
{
  return reason >= 0 && reason < (int) G_N_ELEMENTS (off_reasons) ? off_reasons[reason]
                                                                  : VIRT_REASON_UNKNOWN;
}

void
virt_facts_translate (int libvirt_state, int libvirt_reason, VirtState *out_state,
                      VirtReason *out_reason)
{
  *out_reason = VIRT_REASON_UNKNOWN;
  *out_state = libvirt_state >= 0 && libvirt_state < (int) G_N_ELEMENTS (states)
                   ? states[libvirt_state]
                   : VIRT_RUNNING;
  if (libvirt_state == VIR_DOMAIN_SHUTOFF)
    *out_reason = off_reason (libvirt_reason);
  else if (libvirt_state == VIR_DOMAIN_CRASHED)
    *out_reason = VIRT_REASON_CRASHED;
  else if (libvirt_state == VIR_DOMAIN_PAUSED && libvirt_reason == VIR_DOMAIN_PAUSED_IOERROR)
    *out_reason = VIRT_REASON_IO_ERROR;
  else if (libvirt_state == VIR_DOMAIN_PAUSED && libvirt_reason == VIR_DOMAIN_PAUSED_SHUTTING_DOWN)
    *out_state = VIRT_STOPPING;
}
