/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Domains that bear our mark. */
#include "config.h"

#include "virt-find.h"

#include "virt-auto.h"
#include "virt-domain-xml.h"
#include "vmm-error.h"

gboolean
virt_find_is_error (int code)
{
  const virError *last = virGetLastError ();

  return last != NULL && last->code == code;
}

gboolean
virt_find_fail (const VirtJob *job, const char *what, GError **error)
{
  const virError *last = virGetLastError ();
  g_autofree char *text = g_strdup (virGetLastErrorMessage ());
  gboolean is_away
      = (last != NULL && last->domain == VIR_FROM_RPC) || virConnectIsAlive (job->conn) != 1;

  if (is_away)
    return vmm_fail (error, VMM_ERROR_VIRT_AWAY, "libvirtd went away: %s", text);
  if (job->id == NULL)
    return vmm_fail (error, VMM_ERROR_VIRT_FAILED, "libvirt cannot %s: %s", what, text);
  return vmm_fail (error, VMM_ERROR_VIRT_FAILED, "libvirt cannot %s domain '%s': %s", what, job->id,
                   text);
}

gboolean
virt_find_is_ours (VirtJob *job, virDomainPtr domain, gboolean *out_ours, GError **error)
{
  char *xml = virDomainGetMetadata (domain, VIR_DOMAIN_METADATA_ELEMENT, VIRT_DOMAIN_XML_NAMESPACE,
                                    VIR_DOMAIN_AFFECT_CURRENT);
  g_autofree char *id = NULL;

  *out_ours = FALSE;
  if (xml == NULL)
    return virt_find_is_error (VIR_ERR_NO_DOMAIN_METADATA) || virt_find_is_error (VIR_ERR_NO_DOMAIN)
           || virt_find_fail (job, "read the mark of", error);
  id = virt_domain_xml_metadata_id (xml);
  free (xml);
  *out_ours = g_strcmp0 (id, virDomainGetName (domain)) == 0;
  return TRUE;
}

gboolean
virt_find (VirtJob *job, virDomainPtr *out_domain, GError **error)
{
  g_autoptr (VirtDomain) domain = virDomainLookupByName (job->conn, job->id);
  gboolean ours;

  *out_domain = NULL;
  if (domain == NULL)
    return virt_find_is_error (VIR_ERR_NO_DOMAIN) || virt_find_fail (job, "look up", error);
  if (!virt_find_is_ours (job, domain, &ours, error))
    return FALSE;
  if (!ours)
    return vmm_fail (error, VMM_ERROR_VIRT_FAILED,
                     "domain '%s' does not bear vmmd's mark: it is left alone", job->id);
  *out_domain = g_steal_pointer (&domain);
  return TRUE;
}

virDomainPtr
virt_find_existing (VirtJob *job, GError **error)
{
  virDomainPtr domain;

  if (virt_find (job, &domain, error) && domain == NULL)
    vmm_fail (error, VMM_ERROR_VIRT_FAILED, "libvirt has no domain '%s'", job->id);
  return domain;
}
