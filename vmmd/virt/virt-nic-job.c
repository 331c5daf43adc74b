/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Plugging interfaces: what the domain has is read from its XML each time, so that a call that was
 * lost half-way is simply made again. */
#include "config.h"

#include "virt-nic-job.h"

#include "virt-auto.h"
#include "virt-find.h"
#include "virt-nic-unseen.h"
#include "virt-nic-xml.h"
#include "virt-plug.h"
#include "vmm-error.h"

/* VirtNicXml* of the running domain, or with VIR_DOMAIN_XML_INACTIVE of its definition. */
static GPtrArray *
read_nics (VirtJob *job, virDomainPtr domain, unsigned int flags, GError **error)
{
  return virt_plug_list (job, domain, flags, virt_nic_xml_list, error);
}

static const VirtNicXml *
find_nic (GPtrArray *nics, const char *tap)
{
  for (guint i = 0; i < nics->len; i++)
    {
      const VirtNicXml *nic = g_ptr_array_index (nics, i);

      if (g_str_equal (nic->tap, tap))
        return nic;
    }
  return NULL;
}

static void
free_fact (gpointer fact)
{
  virt_nic_fact_free (fact);
}

gboolean
virt_nic_job_list (VirtJob *job, GError **error)
{
  g_autoptr (VirtDomain) domain = NULL;
  g_autoptr (GPtrArray) nics = NULL;

  if (!virt_find (job, &domain, error))
    return FALSE;
  job->nics = g_ptr_array_new_with_free_func (free_fact);
  if (domain == NULL || virDomainIsActive (domain) != 1)
    return TRUE;
  nics = read_nics (job, domain, 0, error);
  for (guint i = 0; nics != NULL && i < nics->len; i++)
    {
      const VirtNicXml *nic = g_ptr_array_index (nics, i);

      g_ptr_array_add (job->nics, virt_nic_fact_new (nic->tap, nic->is_up));
    }
  return nics != NULL;
}

/* Our domain, which must be active. */
static virDomainPtr
find_active (VirtJob *job, GError **error)
{
  g_autoptr (VirtDomain) domain = virt_find_existing (job, error);

  if (domain != NULL && virDomainIsActive (domain) == 1)
    return g_steal_pointer (&domain);
  if (domain != NULL)
    vmm_fail (error, VMM_ERROR_VIRT_FAILED, "domain '%s' is not active", job->id);
  return NULL;
}

gboolean
virt_nic_job_attach (VirtJob *job, GError **error)
{
  g_autoptr (VirtDomain) domain = find_active (job, error);
  g_autoptr (GPtrArray) live = domain != NULL ? read_nics (job, domain, 0, error) : NULL;
  g_autoptr (GPtrArray) kept
      = live != NULL ? read_nics (job, domain, VIR_DOMAIN_XML_INACTIVE, error) : NULL;

  if (kept == NULL)
    return FALSE;
  if (find_nic (live, job->tap) == NULL
      && !virt_plug (job, domain, job->xml, "plug an interface into", virt_nic_unseen_take_out,
                     error))
    return FALSE;
  return find_nic (kept, job->tap) != NULL
         || virDomainAttachDeviceFlags (domain, job->kept_xml, VIR_DOMAIN_AFFECT_CONFIG) == 0
         || virt_find_fail (job, "define an interface of", error);
}

gboolean
virt_nic_job_link (VirtJob *job, GError **error)
{
  g_autoptr (VirtDomain) domain = find_active (job, error);
  g_autoptr (GPtrArray) live = domain != NULL ? read_nics (job, domain, 0, error) : NULL;
  const VirtNicXml *nic;

  if (live == NULL)
    return FALSE;
  nic = find_nic (live, job->tap);
  if (nic == NULL)
    return vmm_fail (error, VMM_ERROR_VIRT_FAILED, "domain '%s' has no interface '%s'", job->id,
                     job->tap);
  return nic->is_up == job->is_up
         || virDomainUpdateDeviceFlags (domain, nic->other_xml, VIR_DOMAIN_AFFECT_LIVE) == 0
         || virt_find_fail (job, "switch a link of", error);
}

/* Forgets it in the definition, which needs nobody's consent. */
static gboolean
forget (VirtJob *job, virDomainPtr domain, GError **error)
{
  g_autoptr (GPtrArray) kept = read_nics (job, domain, VIR_DOMAIN_XML_INACTIVE, error);
  const VirtNicXml *nic;

  if (kept == NULL)
    return FALSE;
  nic = find_nic (kept, job->tap);
  if (nic == NULL || nic->alias == NULL)
    return TRUE;
  return virDomainDetachDeviceAlias (domain, nic->alias, VIR_DOMAIN_AFFECT_CONFIG) == 0
         || virt_find_is_error (VIR_ERR_DEVICE_MISSING)
         || virt_find_fail (job, "forget an interface of", error);
}

gboolean
virt_nic_job_detach (VirtJob *job, GError **error)
{
  g_autoptr (VirtDomain) domain = NULL;
  g_autoptr (GPtrArray) live = NULL;
  g_autoptr (GError) refusal = NULL;
  const VirtNicXml *nic;

  if (!virt_find (job, &domain, error))
    return FALSE;
  job->is_gone = domain == NULL || virDomainIsActive (domain) != 1;
  if (job->is_gone)
    return TRUE;
  live = forget (job, domain, error) ? read_nics (job, domain, 0, error) : NULL;
  if (live == NULL)
    return FALSE;
  nic = find_nic (live, job->tap);
  job->is_gone = nic == NULL;
  if (job->is_gone)
    return virt_nic_unseen_take_out (job, domain, &job->is_gone, error);
  if (nic->alias == NULL)
    return vmm_fail (error, VMM_ERROR_VIRT_FAILED, "interface '%s' of domain '%s' has no alias",
                     job->tap, job->id);
  if (virDomainDetachDeviceAlias (domain, nic->alias, VIR_DOMAIN_AFFECT_LIVE) == 0
      || virt_plug_is_asked_already ())
    return TRUE;
  virt_find_fail (job, "unplug an interface of", &refusal);
  /* The guest may have given it up between the look and the request. */
  g_clear_pointer (&live, g_ptr_array_unref);
  live = read_nics (job, domain, 0, NULL);
  job->is_gone = live != NULL && find_nic (live, job->tap) == NULL;
  if (!job->is_gone)
    g_propagate_error (error, g_steal_pointer (&refusal));
  return job->is_gone;
}
