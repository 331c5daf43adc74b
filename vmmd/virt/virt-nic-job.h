/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The jobs on interfaces of a domain, see the calls of the same names in virt.h. */
#pragma once
#include "virt-job.h"

/* Fills nics. */
gboolean virt_nic_job_list (VirtJob *job, GError **error);
/* Wants tap, xml (link down, for the guest) and kept_xml (for the definition). */
gboolean virt_nic_job_attach (VirtJob *job, GError **error);
/* Wants tap and is_up. */
gboolean virt_nic_job_link (VirtJob *job, GError **error);
/* Wants tap, fills is_gone. */
gboolean virt_nic_job_detach (VirtJob *job, GError **error);
