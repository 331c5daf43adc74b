/* SPDX-License-Identifier: GPL-2.0-or-later */
/* QEMU's own monitors, for what libvirt has no call for. */
#include "config.h"

#include "virt-monitor.h"

#include "virt-find.h"
#include <libvirt/libvirt-qemu.h>
#include <string.h>

char *
virt_monitor_ask (VirtJob *job, virDomainPtr domain, const char *command, GError **error)
{
  char *answer = NULL, *copy;

  if (virDomainQemuMonitorCommand (domain, command, &answer, VIR_DOMAIN_QEMU_MONITOR_COMMAND_HMP)
      < 0)
    {
      virt_find_fail (job, "ask QEMU about the devices of", error);
      return NULL;
    }
  copy = g_strdup (answer != NULL ? answer : "");
  free (answer);
  return copy;
}

gboolean
virt_monitor_tell (VirtJob *job, virDomainPtr domain, const char *command, char **out_refusal,
                   GError **error)
{
  char *answer = NULL;

  *out_refusal = NULL;
  if (virDomainQemuMonitorCommand (domain, command, &answer, 0) < 0)
    return virt_find_fail (job, "tell QEMU about the devices of", error);
  if (answer == NULL || strstr (answer, "\"error\"") != NULL)
    *out_refusal = g_strdup (answer != NULL ? answer : "QEMU says nothing");
  free (answer);
  return TRUE;
}
