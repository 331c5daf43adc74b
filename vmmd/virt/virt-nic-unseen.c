/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Interfaces that QEMU has and libvirt does not know of. */
#include "config.h"

#include "virt-nic-unseen.h"

#include "virt-monitor.h"
#include "vmm-error.h"
#include <string.h>

/* Whether a line of @text, the monitor's answer to "info network", begins with @name and a colon.
 */
static gboolean
has_line (const char *text, const char *name)
{
  g_auto (GStrv) lines = g_strsplit (text, "\n", -1);
  g_autofree char *begin = g_strconcat (name, ":", NULL);

  for (guint i = 0; lines[i] != NULL; i++)
    if (g_str_has_prefix (lines[i], begin))
      return TRUE;
  return FALSE;
}

/* What QEMU keeps of an interface that it has no more, or never had: its way to the tap. */
static gboolean
close_tap (VirtJob *job, virDomainPtr domain, const char *netdev, GError **error)
{
  g_autofree char *refusal = NULL;
  g_autofree char *command
      = g_strdup_printf ("{\"execute\":\"netdev_del\",\"arguments\":{\"id\":\"%s\"}}", netdev);

  if (!virt_monitor_tell (job, domain, command, &refusal, error))
    return FALSE;
  return refusal == NULL
         || vmm_fail (error, VMM_ERROR_VIRT_FAILED, "closing tap '%s' of domain '%s': %s", job->tap,
                      job->id, refusal);
}

gboolean
virt_nic_unseen_take_out (VirtJob *job, virDomainPtr domain, gboolean *out_is_out, GError **error)
{
  /* As libvirt derives them from the alias. */
  g_autofree char *device = g_strconcat ("ua-", job->tap, NULL);
  g_autofree char *netdev = g_strconcat ("host", device, NULL);
  g_autofree char *command = g_strconcat ("device_del ", device, NULL);
  g_autofree char *text = virt_monitor_ask (job, domain, "info network", error);
  g_autofree char *answer = NULL;

  if (text == NULL)
    return FALSE;
  *out_is_out = !has_line (text, device);
  if (*out_is_out)
    return !has_line (text, netdev) || close_tap (job, domain, netdev, error);
  /* One that is asked already complains, and goes all the same. */
  answer = virt_monitor_ask (job, domain, command, error);
  return answer != NULL;
}
