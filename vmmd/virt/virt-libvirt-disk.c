/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The joint's calls on disks, each as a job. */
#include "config.h"

#include "virt-disk-call.h"
#include "virt-disk-job.h"
#include "virt-libvirt-priv.h"

static VirtJob *
new_job (VirtDriver *driver, const char *id, const char *serial, VirtJobFunc func, GError **error)
{
  VirtJob *job = virt_libvirt_job (driver, id, func, error);

  if (job != NULL)
    job->disk = virt_disk_call_new (serial);
  return job;
}

GPtrArray *
virt_libvirt_disk_list (VirtDriver *driver, const char *id, GError **error)
{
  g_autoptr (VirtJob) job = new_job (driver, id, NULL, virt_disk_job_list, error);

  return job != NULL && virt_libvirt_run (driver, job, error) ? g_steal_pointer (&job->disk->disks)
                                                              : NULL;
}

gboolean
virt_libvirt_disk_attach (VirtDriver *driver, const char *id, const VirtDisk *disk, GError **error)
{
  VirtDomainXmlOptions options = virt_libvirt_options (driver);
  g_autofree char *xml = virt_domain_xml_disk (id, disk, &options, error);
  g_autoptr (VirtJob) job
      = xml != NULL ? new_job (driver, id, disk->serial, virt_disk_job_attach, error) : NULL;

  if (job == NULL)
    return FALSE;
  job->disk->xml = g_steal_pointer (&xml);
  return virt_libvirt_run (driver, job, error);
}

gboolean
virt_libvirt_disk_detach (VirtDriver *driver, const char *id, const char *serial,
                          gboolean *out_gone, GError **error)
{
  g_autoptr (VirtJob) job = new_job (driver, id, serial, virt_disk_job_detach, error);

  if (job == NULL || !virt_libvirt_run (driver, job, error))
    return FALSE;
  *out_gone = job->disk->is_yes;
  return TRUE;
}

gboolean
virt_libvirt_disk_turn (VirtDriver *driver, const char *id, GPtrArray *turns, GError **error)
{
  g_autoptr (VirtJob) job = new_job (driver, id, NULL, virt_disk_job_turn, error);

  for (guint i = 0; job != NULL && i < turns->len; i++)
    {
      const VirtTurn *turn = g_ptr_array_index (turns, i);
      VirtTurn *copy = g_new0 (VirtTurn, 1);

      copy->serial = g_strdup (turn->serial);
      copy->path = g_strdup (turn->path);
      g_ptr_array_add (job->disk->turns, copy);
    }
  return job != NULL && virt_libvirt_run (driver, job, error);
}

gboolean
virt_libvirt_disk_grow (VirtDriver *driver, const char *id, const char *serial,
                        guint64 virtual_bytes, GError **error)
{
  g_autoptr (VirtJob) job = new_job (driver, id, serial, virt_disk_job_grow, error);

  if (job == NULL)
    return FALSE;
  job->disk->bytes = virtual_bytes;
  return virt_libvirt_run (driver, job, error);
}

gboolean
virt_libvirt_disk_bound (VirtDriver *driver, const char *id, const char *serial, guint64 iops,
                         guint64 bytes_s, GError **error)
{
  g_autoptr (VirtJob) job = new_job (driver, id, serial, virt_disk_job_bound, error);

  if (job == NULL)
    return FALSE;
  job->disk->iops = iops;
  job->disk->bytes = bytes_s;
  return virt_libvirt_run (driver, job, error);
}

gboolean
virt_libvirt_disk_pull (VirtDriver *driver, const char *id, const char *serial, const char *base,
                        guint64 bytes_s, GError **error)
{
  g_autoptr (VirtJob) job = new_job (driver, id, serial, virt_disk_job_pull, error);

  if (job == NULL)
    return FALSE;
  job->disk->base = g_strdup (base);
  job->disk->bytes = bytes_s;
  return virt_libvirt_run (driver, job, error);
}

gboolean
virt_libvirt_disk_job (VirtDriver *driver, const char *id, const char *serial,
                       gboolean *out_running, guint *out_percent, GError **error)
{
  g_autoptr (VirtJob) job = new_job (driver, id, serial, virt_disk_job_look, error);

  if (job == NULL || !virt_libvirt_run (driver, job, error))
    return FALSE;
  *out_running = job->disk->is_yes;
  *out_percent = job->disk->percent;
  return TRUE;
}

gboolean
virt_libvirt_disk_pull_end (VirtDriver *driver, const char *id, const char *serial, GError **error)
{
  g_autoptr (VirtJob) job = new_job (driver, id, serial, virt_disk_job_pull_end, error);

  return job != NULL && virt_libvirt_run (driver, job, error);
}

gboolean
virt_libvirt_disk_flush (VirtDriver *driver, const char *id, const char *serial, GError **error)
{
  g_autoptr (VirtJob) job = new_job (driver, id, serial, virt_disk_job_flush, error);

  return job != NULL && virt_libvirt_run (driver, job, error);
}

gboolean
virt_libvirt_freeze (VirtDriver *driver, const char *id, guint timeout_s, gboolean *out_frozen,
                     GError **error)
{
  g_autoptr (VirtJob) job = new_job (driver, id, NULL, virt_disk_job_freeze, error);

  if (job == NULL)
    return FALSE;
  job->disk->timeout_s = timeout_s;
  if (!virt_libvirt_run (driver, job, error))
    return FALSE;
  *out_frozen = job->disk->is_yes;
  return TRUE;
}

gboolean
virt_libvirt_thaw (VirtDriver *driver, const char *id, guint timeout_s, GError **error)
{
  g_autoptr (VirtJob) job = new_job (driver, id, NULL, virt_disk_job_thaw, error);

  if (job == NULL)
    return FALSE;
  job->disk->timeout_s = timeout_s;
  return virt_libvirt_run (driver, job, error);
}
