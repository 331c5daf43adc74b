/* SPDX-License-Identifier: GPL-2.0-or-later */
/* QEMU's own monitors, for what libvirt has no call for: virDomainQemuMonitorCommand(). On the
 * thread that made the call. */
#pragma once
#include "virt-job.h"

/* What the monitor for people answers to @command, "" for nothing; the caller frees it. Complaints
 * are such answers, too. NULL with @error set when it cannot be asked. */
char *virt_monitor_ask (VirtJob *job, virDomainPtr domain, const char *command, GError **error);
/* Gives the monitor for programs @command, which is JSON. What QEMU says against it goes into
 * *out_refusal, NULL when it is done; the caller frees it. FALSE with @error set when it cannot be
 * told. */
gboolean virt_monitor_tell (VirtJob *job, virDomainPtr domain, const char *command,
                            char **out_refusal, GError **error);
