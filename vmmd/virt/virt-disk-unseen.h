/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Disks of which QEMU knows more than libvirt: that notes what it has done after QEMU has done it,
 * and may be killed in between. All on the thread that made the call; FALSE with @error set on
 * failure, which is safe to repeat. */
#pragma once
#include "virt-job.h"

/* Puts on top of the chain of each of @disks (VirtDisk*) the layer that QEMU really writes to.
 * Those of them that libvirt is behind with, borrowed; the caller unrefs the array. NULL on
 * failure. */
GPtrArray *virt_disk_unseen_correct (VirtJob *job, virDomainPtr domain, GPtrArray *disks,
                                     GError **error);
/* Closes the files that libvirt opened in QEMU and no disk uses: they hold locks and names. */
gboolean virt_disk_unseen_close (VirtJob *job, virDomainPtr domain, GError **error);
/* Takes the disk of the call, which libvirt does not know of, out of QEMU, and closes the files
 * that no disk uses: they hold locks and names. *out_is_out stays FALSE until the guest has let go.
 */
gboolean virt_disk_unseen_take_out (VirtJob *job, virDomainPtr domain, gboolean *out_is_out,
                                    GError **error);
/* Grows the layer that QEMU writes to for the disk of the call to the call's bytes. */
gboolean virt_disk_unseen_grow (VirtJob *job, virDomainPtr domain, GError **error);
