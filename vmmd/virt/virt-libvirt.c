/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The driver on libvirt's QEMU: each call of the joint is one job on the connection. */
#include "config.h"

#include <fcntl.h>
#include <libxml/parser.h>
#include <unistd.h>

#include "virt-accel.h"
#include "virt-auto.h"
#include "virt-domain-xml.h"
#include "virt-facts.h"
#include "virt-find.h"
#include "virt-libvirt-priv.h"
#include "virt-link.h"
#include "virt-nic-job.h"
#include "vmm-error.h"

/* libvirt itself gives a QEMU that will not die 40 s, and waits 30 s for another job on a domain.
 */
#define DEADLINE_MS 60000

typedef struct
{
  VirtDriver base;
  VirtLink *link;
  GThreadPool *pool;
  const char *accelerator;
  const char *why;
} Libvirt;

/* ABSENT when it vanished meanwhile. */
static gboolean
read_state (VirtJob *job, virDomainPtr domain, VirtState *out_state, VirtReason *out_reason,
            GError **error)
{
  int state, reason;

  if (virDomainGetState (domain, &state, &reason, 0) == 0)
    {
      virt_facts_translate (state, reason, out_state, out_reason);
      return TRUE;
    }
  *out_state = VIRT_ABSENT;
  *out_reason = VIRT_REASON_UNKNOWN;
  return virt_find_is_error (VIR_ERR_NO_DOMAIN) || virt_find_fail (job, "read the state of", error);
}

/* ---- jobs ---- */

/* Forgets a domain that is off, with all that hangs on it. */
static gboolean
undefine_domain (const VirtJob *job, virDomainPtr domain, GError **error)
{
  const unsigned int with_all
      = VIR_DOMAIN_UNDEFINE_MANAGED_SAVE | VIR_DOMAIN_UNDEFINE_SNAPSHOTS_METADATA
        | VIR_DOMAIN_UNDEFINE_CHECKPOINTS_METADATA | VIR_DOMAIN_UNDEFINE_NVRAM;

  return virDomainUndefineFlags (domain, with_all) == 0 || virt_find_is_error (VIR_ERR_NO_DOMAIN)
         || virt_find_fail (job, "undefine", error);
}

/* libvirt binds a name to its UUID, so that another one needs the old definition gone. */
static gboolean
make_way (const VirtJob *job, virDomainPtr old, GError **error)
{
  char uuid[VIR_UUID_STRING_BUFLEN];

  if (virDomainGetUUIDString (old, uuid) < 0)
    return virt_find_fail (job, "read the UUID of", error);
  return g_ascii_strcasecmp (uuid, job->uuid) == 0 || undefine_domain (job, old, error);
}

static gboolean
job_start_paused (VirtJob *job, GError **error)
{
  g_autoptr (VirtDomain) old = NULL;
  g_autoptr (VirtDomain) domain = NULL;

  if (!virt_find (job, &old, error))
    return FALSE;
  if (old != NULL && virDomainIsActive (old) == 1)
    return TRUE;
  if (old != NULL && !make_way (job, old, error))
    return FALSE;
  domain = virDomainDefineXML (job->conn, job->xml);
  if (domain == NULL)
    return virt_find_fail (job, "define", error);
  return virDomainCreateWithFlags (domain, VIR_DOMAIN_START_PAUSED) == 0
         || virt_find_fail (job, "start", error);
}

static gboolean
job_resume (VirtJob *job, GError **error)
{
  g_autoptr (VirtDomain) domain = virt_find_existing (job, error);
  VirtState state;
  VirtReason reason;

  if (domain == NULL || !read_state (job, domain, &state, &reason, error))
    return FALSE;
  if (state == VIRT_RUNNING)
    return TRUE;
  return virDomainResume (domain) == 0 || virt_find_fail (job, "resume", error);
}

static gboolean
job_shutdown (VirtJob *job, GError **error)
{
  g_autoptr (VirtDomain) domain = NULL;

  if (!virt_find (job, &domain, error))
    return FALSE;
  return domain == NULL || virDomainShutdownFlags (domain, VIR_DOMAIN_SHUTDOWN_ACPI_POWER_BTN) == 0
         || virt_find_is_error (VIR_ERR_OPERATION_INVALID) || virt_find_is_error (VIR_ERR_NO_DOMAIN)
         || virt_find_fail (job, "shut down", error);
}

static gboolean
job_destroy (VirtJob *job, GError **error)
{
  g_autoptr (VirtDomain) domain = NULL;

  if (!virt_find (job, &domain, error))
    return FALSE;
  return domain == NULL || virDomainDestroyFlags (domain, VIR_DOMAIN_DESTROY_DEFAULT) == 0
         || virt_find_is_error (VIR_ERR_OPERATION_INVALID) || virt_find_is_error (VIR_ERR_NO_DOMAIN)
         || virt_find_fail (job, "destroy", error);
}

static gboolean
job_reset (VirtJob *job, GError **error)
{
  g_autoptr (VirtDomain) domain = virt_find_existing (job, error);

  return domain != NULL
         && (virDomainReset (domain, 0) == 0 || virt_find_fail (job, "reset", error));
}

static gboolean
job_undefine (VirtJob *job, GError **error)
{
  g_autoptr (VirtDomain) domain = NULL;

  if (!virt_find (job, &domain, error))
    return FALSE;
  if (domain == NULL)
    return TRUE;
  /* libvirt would make a running one transient, and its end then leaves no reason. */
  if (virDomainIsActive (domain) == 1)
    return vmm_fail (error, VMM_ERROR_VIRT_FAILED, "domain '%s' is not off", job->id);
  return undefine_domain (job, domain, error);
}

static gboolean
job_get (VirtJob *job, GError **error)
{
  g_autoptr (VirtDomain) domain = NULL;
  VirtState state = VIRT_ABSENT;
  VirtReason reason = VIRT_REASON_UNKNOWN;

  if (!virt_find (job, &domain, error))
    return FALSE;
  if (domain != NULL && !read_state (job, domain, &state, &reason, error))
    return FALSE;
  job->fact = virt_fact_new (job->id, state, reason);
  return TRUE;
}

static gboolean
add_fact (VirtJob *job, virDomainPtr domain, GError **error)
{
  VirtState state;
  VirtReason reason;
  gboolean ours;

  if (!virt_find_is_ours (job, domain, &ours, error))
    return FALSE;
  if (!ours)
    return TRUE;
  if (!read_state (job, domain, &state, &reason, error))
    return FALSE;
  if (state != VIRT_ABSENT)
    g_ptr_array_add (job->facts, virt_fact_new (virDomainGetName (domain), state, reason));
  return TRUE;
}

static void
free_fact (gpointer fact)
{
  virt_fact_free (fact);
}

static gboolean
job_list (VirtJob *job, GError **error)
{
  virDomainPtr *domains;
  int n = virConnectListAllDomains (job->conn, &domains, 0);
  gboolean is_success = TRUE;

  if (n < 0)
    return virt_find_fail (job, "list domains", error);
  job->facts = g_ptr_array_new_with_free_func (free_fact);
  for (int i = 0; i < n; i++)
    {
      is_success = is_success && add_fact (job, domains[i], error);
      virDomainFree (domains[i]);
    }
  free (domains);
  return is_success;
}

/* ---- the joint ---- */

VirtJob *
virt_libvirt_job (VirtDriver *driver, const char *id, VirtJobFunc func, GError **error)
{
  virConnectPtr conn = virt_link_get (((Libvirt *) driver)->link, error);

  return conn != NULL ? virt_job_new (conn, id, func) : NULL;
}

gboolean
virt_libvirt_run (VirtDriver *driver, VirtJob *job, GError **error)
{
  return virt_job_run (((Libvirt *) driver)->pool, job, DEADLINE_MS, error);
}

static gboolean
run_simple (VirtDriver *driver, const char *id, VirtJobFunc func, GError **error)
{
  g_autoptr (VirtJob) job = virt_libvirt_job (driver, id, func, error);

  return job != NULL && virt_libvirt_run (driver, job, error);
}

/* Only a file system that refuses says no; a missing file is for QEMU to complain of. */
static gboolean
takes_direct_io (const char *path)
{
  int fd = open (path, O_RDONLY | O_DIRECT | O_CLOEXEC);

  if (fd >= 0)
    close (fd);
  return fd >= 0 || errno != EINVAL;
}

VirtDomainXmlOptions
virt_libvirt_options (VirtDriver *driver)
{
  return (VirtDomainXmlOptions){ .is_kvm = g_str_equal (((Libvirt *) driver)->accelerator, "kvm"),
                                 .takes_direct_io = takes_direct_io };
}

static gboolean
start_paused (VirtDriver *driver, const VirtSpec *spec, GError **error)
{
  VirtDomainXmlOptions options = virt_libvirt_options (driver);
  g_autofree char *xml = NULL;
  g_autoptr (VirtJob) job = NULL;

  xml = virt_domain_xml (spec, &options, error);
  if (xml == NULL)
    return FALSE;
  job = virt_libvirt_job (driver, spec->id, job_start_paused, error);
  if (job == NULL)
    return FALSE;
  job->xml = g_steal_pointer (&xml);
  job->uuid = g_strdup (spec->uuid);
  return virt_libvirt_run (driver, job, error);
}

static gboolean
resume (VirtDriver *driver, const char *id, GError **error)
{
  return run_simple (driver, id, job_resume, error);
}

static gboolean
shut_down (VirtDriver *driver, const char *id, GError **error)
{
  return run_simple (driver, id, job_shutdown, error);
}

static gboolean
destroy (VirtDriver *driver, const char *id, GError **error)
{
  return run_simple (driver, id, job_destroy, error);
}

static gboolean
reset (VirtDriver *driver, const char *id, GError **error)
{
  return run_simple (driver, id, job_reset, error);
}

static gboolean
undefine (VirtDriver *driver, const char *id, GError **error)
{
  return run_simple (driver, id, job_undefine, error);
}

static VirtFact *
get (VirtDriver *driver, const char *id, GError **error)
{
  g_autoptr (VirtJob) job = virt_libvirt_job (driver, id, job_get, error);

  return job != NULL && virt_libvirt_run (driver, job, error) ? g_steal_pointer (&job->fact) : NULL;
}

static GPtrArray *
list (VirtDriver *driver, GError **error)
{
  g_autoptr (VirtJob) job = virt_libvirt_job (driver, NULL, job_list, error);

  return job != NULL && virt_libvirt_run (driver, job, error) ? g_steal_pointer (&job->facts)
                                                              : NULL;
}

static const char *
accelerator (VirtDriver *driver, const char **out_why)
{
  Libvirt *self = (Libvirt *) driver;

  *out_why = self->why;
  return self->accelerator;
}

static gboolean
is_connected (VirtDriver *driver)
{
  return virt_link_is_up (((Libvirt *) driver)->link);
}

static void
set_event_func (VirtDriver *driver, VirtEventFunc func, gpointer data)
{
  virt_link_set_event_func (((Libvirt *) driver)->link, func, data);
}

static void
free_driver (VirtDriver *driver)
{
  Libvirt *self = (Libvirt *) driver;

  /* Without waiting: a job may hang for ever, and holds all it needs itself. */
  g_thread_pool_free (self->pool, FALSE, FALSE);
  virt_link_free (self->link);
  g_free (self);
}

static GPtrArray *
nic_list (VirtDriver *driver, const char *id, GError **error)
{
  g_autoptr (VirtJob) job = virt_libvirt_job (driver, id, virt_nic_job_list, error);

  return job != NULL && virt_libvirt_run (driver, job, error) ? g_steal_pointer (&job->nics) : NULL;
}

static gboolean
nic_attach (VirtDriver *driver, const char *id, const VirtNic *nic, GError **error)
{
  g_autofree char *down = virt_domain_xml_nic (id, nic, FALSE, error);
  g_autofree char *up = down != NULL ? virt_domain_xml_nic (id, nic, TRUE, error) : NULL;
  g_autoptr (VirtJob) job = NULL;

  if (up == NULL)
    return FALSE;
  job = virt_libvirt_job (driver, id, virt_nic_job_attach, error);
  if (job == NULL)
    return FALSE;
  job->tap = g_strdup (nic->tap);
  job->xml = g_steal_pointer (&down);
  job->kept_xml = g_steal_pointer (&up);
  return virt_libvirt_run (driver, job, error);
}

static gboolean
nic_link (VirtDriver *driver, const char *id, const char *tap, gboolean is_up, GError **error)
{
  g_autoptr (VirtJob) job = virt_libvirt_job (driver, id, virt_nic_job_link, error);

  if (job == NULL)
    return FALSE;
  job->tap = g_strdup (tap);
  job->is_up = is_up;
  return virt_libvirt_run (driver, job, error);
}

static gboolean
nic_detach (VirtDriver *driver, const char *id, const char *tap, gboolean *out_gone, GError **error)
{
  g_autoptr (VirtJob) job = virt_libvirt_job (driver, id, virt_nic_job_detach, error);

  if (job == NULL)
    return FALSE;
  job->tap = g_strdup (tap);
  if (!virt_libvirt_run (driver, job, error))
    return FALSE;
  *out_gone = job->is_gone;
  return TRUE;
}

static const VirtDriverClass libvirt_class = {
  .start_paused = start_paused,
  .resume = resume,
  .shutdown = shut_down,
  .destroy = destroy,
  .reset = reset,
  .undefine = undefine,
  .get = get,
  .list = list,
  .use = virt_libvirt_use,
  .nic_list = nic_list,
  .nic_attach = nic_attach,
  .nic_link = nic_link,
  .nic_detach = nic_detach,
  .disk_list = virt_libvirt_disk_list,
  .disk_attach = virt_libvirt_disk_attach,
  .disk_detach = virt_libvirt_disk_detach,
  .disk_turn = virt_libvirt_disk_turn,
  .disk_grow = virt_libvirt_disk_grow,
  .disk_bound = virt_libvirt_disk_bound,
  .disk_pull = virt_libvirt_disk_pull,
  .disk_job = virt_libvirt_disk_job,
  .disk_pull_end = virt_libvirt_disk_pull_end,
  .disk_flush = virt_libvirt_disk_flush,
  .freeze = virt_libvirt_freeze,
  .thaw = virt_libvirt_thaw,
  .accelerator = accelerator,
  .is_connected = is_connected,
  .set_event_func = set_event_func,
  .free = free_driver,
};

VirtDriver *
virt_libvirt_new (const char *uri, const char *wanted, GError **error)
{
  VirtAccelFacts facts;
  const char *decision, *why;
  Libvirt *self;

  virt_accel_gather (&facts);
  decision = virt_accel_decide (wanted, &facts, &why, error);
  if (decision == NULL)
    return NULL;
  xmlInitParser ();
  self = g_new0 (Libvirt, 1);
  self->base.class = &libvirt_class;
  self->accelerator = decision;
  self->why = why;
  self->pool = virt_job_pool_new ();
  self->link = virt_link_new (uri);
  return &self->base;
}
