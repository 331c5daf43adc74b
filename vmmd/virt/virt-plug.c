/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What disks and interfaces have in common when they are plugged. */
#include "config.h"

#include "virt-plug.h"

#include "virt-auto.h"
#include "virt-find.h"
#include "vmm-error.h"
#include <string.h>

GPtrArray *
virt_plug_list (VirtJob *job, virDomainPtr domain, unsigned int flags,
                GPtrArray *(*list) (const char *xml), GError **error)
{
  char *xml = virDomainGetXMLDesc (domain, flags);
  GPtrArray *devices;

  if (xml == NULL)
    {
      virt_find_fail (job, "describe", error);
      return NULL;
    }
  devices = list (xml);
  free (xml);
  if (devices == NULL)
    vmm_fail (error, VMM_ERROR_VIRT_FAILED, "the XML of domain '%s' cannot be read", job->id);
  return devices;
}

gboolean
virt_plug (VirtJob *job, virDomainPtr domain, const char *xml, const char *what,
           VirtPlugTakeOut take_out, GError **error)
{
  g_autoptr (GError) refusal = NULL;
  gboolean is_out = FALSE;

  if (virDomainAttachDeviceFlags (domain, xml, VIR_DOMAIN_AFFECT_LIVE) == 0)
    return TRUE;
  virt_find_fail (job, what, &refusal);
  if (!take_out (job, domain, &is_out, error))
    return FALSE;
  if (is_out && virDomainAttachDeviceFlags (domain, xml, VIR_DOMAIN_AFFECT_LIVE) == 0)
    return TRUE;
  g_propagate_error (error, g_steal_pointer (&refusal));
  return FALSE;
}

gboolean
virt_plug_is_asked_already (void)
{
  const virError *last = virGetLastError ();

  /* libvirt has no code of its own for that. */
  return last != NULL && last->message != NULL
         && strstr (last->message, "in the process of unplug") != NULL;
}
