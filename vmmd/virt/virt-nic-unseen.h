/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Interfaces that QEMU has and libvirt does not know of: that notes one after QEMU has it, and may
 * be killed in between. */
#pragma once
#include "virt-job.h"

/* Takes the interface of the call, which libvirt does not know of, out of QEMU, and its tap with
 * it. *out_is_out stays FALSE until the guest has let go. On the thread that made the call; FALSE
 * with
 * @error set on failure, which is safe to repeat. */
gboolean virt_nic_unseen_take_out (VirtJob *job, virDomainPtr domain, gboolean *out_is_out,
                                   GError **error);
