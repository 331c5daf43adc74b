/* SPDX-License-Identifier: GPL-2.0-or-later */
/* For jobs on disks and on interfaces: what a domain has, and plugging one more. On the thread that
 * made the call. */
#pragma once
#include "virt-job.h"

/* The devices of the running domain, or with VIR_DOMAIN_XML_INACTIVE of its definition, as @list
 * reads them from its XML. The caller unrefs it. */
GPtrArray *virt_plug_list (VirtJob *job, virDomainPtr domain, unsigned int flags,
                           GPtrArray *(*list) (const char *xml), GError **error);

/* Takes the job's device out of a QEMU that has it though libvirt does not know; whether it is
 * out. */
typedef gboolean (*VirtPlugTakeOut) (VirtJob *job, virDomainPtr domain, gboolean *out_is_out,
                                     GError **error);
/* Plugs @xml into the running domain, which for errors is @what ("plug a disk into"). What a
 * libvirtd that was killed over the same act left in QEMU is in the way of it, and taken out. */
gboolean virt_plug (VirtJob *job, virDomainPtr domain, const char *xml, const char *what,
                    VirtPlugTakeOut take_out, GError **error);
/* Whether libvirt's last error on this thread is that the guest was asked before to give the device
 * up: QEMU takes one request at a time. */
gboolean virt_plug_is_asked_already (void);
