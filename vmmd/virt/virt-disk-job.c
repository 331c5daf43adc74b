/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Disks of running domains: what the domain has is read from its XML each time, so that a call that
 * was lost half-way is simply made again; where they write to is asked of QEMU. */
#include "config.h"

#include "virt-disk-job.h"

#include "virt-auto.h"
#include "virt-disk-call.h"
#include "virt-disk-unseen.h"
#include "virt-disk-xml.h"
#include "virt-find.h"
#include "virt-monitor.h"
#include "virt-plug.h"
#include "vmm-error.h"
#include <string.h>

typedef virDomainSnapshot VirtSnapshot;
G_DEFINE_AUTOPTR_CLEANUP_FUNC (VirtSnapshot, virDomainSnapshotFree)

/* VirtDisk* of the running domain, or with VIR_DOMAIN_XML_INACTIVE of its definition. */
static GPtrArray *
read_disks (VirtJob *job, virDomainPtr domain, unsigned int flags, GError **error)
{
  return virt_plug_list (job, domain, flags, virt_disk_xml_list, error);
}

static const VirtDisk *
find_disk (GPtrArray *disks, const char *serial)
{
  for (guint i = 0; i < disks->len; i++)
    {
      const VirtDisk *disk = g_ptr_array_index (disks, i);

      if (g_str_equal (disk->serial, serial))
        return disk;
    }
  return NULL;
}

/* Our domain if it is active; NULL without @error set when it is absent or off. */
static virDomainPtr
find_running (VirtJob *job, GError **error)
{
  g_autoptr (VirtDomain) domain = NULL;

  if (!virt_find (job, &domain, error) || domain == NULL || virDomainIsActive (domain) != 1)
    return NULL;
  return g_steal_pointer (&domain);
}

/* The same for calls that need it, with its disks. */
static virDomainPtr
need_disks (VirtJob *job, GPtrArray **out_disks, GError **error)
{
  g_autoptr (GError) local = NULL;
  g_autoptr (VirtDomain) domain = find_running (job, &local);

  if (local != NULL)
    g_propagate_error (error, g_steal_pointer (&local));
  else if (domain == NULL)
    vmm_fail (error, VMM_ERROR_VIRT_FAILED, "domain '%s' is not active", job->id);
  if (domain == NULL)
    return NULL;
  *out_disks = read_disks (job, domain, 0, error);
  return *out_disks != NULL ? g_steal_pointer (&domain) : NULL;
}

/* The target of the call's disk; borrowed from @disks. */
static const char *
need_target (VirtJob *job, GPtrArray *disks, GError **error)
{
  const VirtDisk *disk = find_disk (disks, job->disk->serial);

  if (disk != NULL)
    return disk->target;
  vmm_fail (error, VMM_ERROR_VIRT_FAILED, "domain '%s' has no disk '%s'", job->id,
            job->disk->serial);
  return NULL;
}

gboolean
virt_disk_job_list (VirtJob *job, GError **error)
{
  g_autoptr (GError) local = NULL;
  g_autoptr (VirtDomain) domain = find_running (job, &local);
  g_autoptr (GPtrArray) behind = NULL;

  if (local != NULL)
    {
      g_propagate_error (error, g_steal_pointer (&local));
      return FALSE;
    }
  job->disk->disks = domain != NULL ? read_disks (job, domain, 0, error)
                                    : g_ptr_array_new_with_free_func (g_free);
  if (domain == NULL || job->disk->disks == NULL)
    return job->disk->disks != NULL;
  behind = virt_disk_unseen_correct (job, domain, job->disk->disks, error);
  return behind != NULL;
}

gboolean
virt_disk_job_attach (VirtJob *job, GError **error)
{
  g_autoptr (GPtrArray) live = NULL;
  g_autoptr (VirtDomain) domain = need_disks (job, &live, error);
  g_autoptr (GPtrArray) kept
      = domain != NULL ? read_disks (job, domain, VIR_DOMAIN_XML_INACTIVE, error) : NULL;

  if (kept == NULL)
    return FALSE;
  if (find_disk (live, job->disk->serial) == NULL
      && !virt_plug (job, domain, job->disk->xml, "plug a disk into", virt_disk_unseen_take_out,
                     error))
    return FALSE;
  return find_disk (kept, job->disk->serial) != NULL
         || virDomainAttachDeviceFlags (domain, job->disk->xml, VIR_DOMAIN_AFFECT_CONFIG) == 0
         || virt_find_fail (job, "define a disk of", error);
}

gboolean
virt_disk_job_detach (VirtJob *job, GError **error)
{
  g_autofree char *alias = g_strconcat ("ua-", job->disk->serial, NULL);
  g_autoptr (GError) local = NULL;
  g_autoptr (VirtDomain) domain = find_running (job, &local);
  g_autoptr (GPtrArray) kept = NULL, live = NULL;

  if (local != NULL)
    {
      g_propagate_error (error, g_steal_pointer (&local));
      return FALSE;
    }
  job->disk->is_yes = TRUE;
  if (domain == NULL)
    return TRUE;
  kept = read_disks (job, domain, VIR_DOMAIN_XML_INACTIVE, error);
  if (kept == NULL)
    return FALSE;
  if (find_disk (kept, job->disk->serial) != NULL
      && virDomainDetachDeviceAlias (domain, alias, VIR_DOMAIN_AFFECT_CONFIG) < 0
      && !virt_find_is_error (VIR_ERR_DEVICE_MISSING))
    return virt_find_fail (job, "forget a disk of", error);
  live = read_disks (job, domain, 0, error);
  if (live == NULL)
    return FALSE;
  job->disk->is_yes = find_disk (live, job->disk->serial) == NULL;
  if (job->disk->is_yes)
    return virt_disk_unseen_take_out (job, domain, &job->disk->is_yes, error);
  if (virDomainDetachDeviceAlias (domain, alias, VIR_DOMAIN_AFFECT_LIVE) == 0
      || virt_plug_is_asked_already ())
    return TRUE;
  job->disk->is_yes = virt_find_is_error (VIR_ERR_DEVICE_MISSING);
  return job->disk->is_yes || virt_find_fail (job, "unplug a disk of", error);
}

/* libvirt would do it to a layer that is sealed by now. */
static gboolean
refuse_behind (VirtJob *job, const char *serial, GError **error)
{
  return vmm_fail (error, VMM_ERROR_VIRT_FAILED,
                   "libvirt was killed before it noted the last snapshot of disk '%s' of domain "
                   "'%s': until that is stopped and started it has no more snapshots",
                   serial, job->id);
}

/* Those of the call's turns that the domain has not made yet. */
static GPtrArray *
turns_left (GPtrArray *disks, GPtrArray *turns)
{
  GPtrArray *left = g_ptr_array_new ();

  for (guint i = 0; i < turns->len; i++)
    {
      VirtTurn *turn = g_ptr_array_index (turns, i);
      const VirtDisk *disk = find_disk (disks, turn->serial);

      if (disk == NULL || !g_str_equal (g_ptr_array_index (disk->chain, 0), turn->path))
        g_ptr_array_add (left, turn);
    }
  return left;
}

/* Once more when what a libvirtd that was killed over the same act left in QEMU is in the way. */
static gboolean
turn (VirtJob *job, virDomainPtr domain, const char *xml, GError **error)
{
  const unsigned int flags
      = VIR_DOMAIN_SNAPSHOT_CREATE_DISK_ONLY | VIR_DOMAIN_SNAPSHOT_CREATE_ATOMIC
        | VIR_DOMAIN_SNAPSHOT_CREATE_NO_METADATA | VIR_DOMAIN_SNAPSHOT_CREATE_REUSE_EXT;
  g_autoptr (VirtSnapshot) snapshot = virDomainSnapshotCreateXML (domain, xml, flags);

  if (snapshot != NULL)
    return TRUE;
  if (!virt_disk_unseen_close (job, domain, error))
    return FALSE;
  snapshot = virDomainSnapshotCreateXML (domain, xml, flags);
  return snapshot != NULL || virt_find_fail (job, "turn the disks of", error);
}

gboolean
virt_disk_job_turn (VirtJob *job, GError **error)
{
  g_autoptr (GPtrArray) disks = NULL, left = NULL;
  g_autoptr (VirtDomain) domain = need_disks (job, &disks, error);
  g_autoptr (GPtrArray) behind
      = domain != NULL ? virt_disk_unseen_correct (job, domain, disks, error) : NULL;
  g_autofree char *xml = NULL;

  if (behind == NULL)
    return FALSE;
  left = turns_left (disks, job->disk->turns);
  if (left->len == 0)
    return TRUE;
  for (guint i = 0; i < left->len; i++)
    {
      const VirtTurn *one = g_ptr_array_index (left, i);

      if (find_disk (behind, one->serial) != NULL)
        return refuse_behind (job, one->serial, error);
    }
  xml = virt_disk_xml_turns (disks, left);
  if (xml == NULL)
    return vmm_fail (error, VMM_ERROR_VIRT_FAILED, "domain '%s' lacks a disk that is to turn",
                     job->id);
  return turn (job, domain, xml, error);
}

gboolean
virt_disk_job_grow (VirtJob *job, GError **error)
{
  g_autoptr (GPtrArray) disks = NULL;
  g_autoptr (VirtDomain) domain = need_disks (job, &disks, error);
  const char *target = domain != NULL ? need_target (job, disks, error) : NULL;
  g_autoptr (GPtrArray) behind
      = target != NULL ? virt_disk_unseen_correct (job, domain, disks, error) : NULL;
  virDomainBlockInfo info;

  if (behind == NULL)
    return FALSE;
  if (find_disk (behind, job->disk->serial) != NULL)
    return virt_disk_unseen_grow (job, domain, error);
  if (virDomainGetBlockInfo (domain, target, &info, 0) < 0)
    return virt_find_fail (job, "measure a disk of", error);
  return info.capacity >= job->disk->bytes
         || virDomainBlockResize (domain, target, job->disk->bytes, VIR_DOMAIN_BLOCK_RESIZE_BYTES)
                == 0
         || virt_find_fail (job, "grow a disk of", error);
}

gboolean
virt_disk_job_bound (VirtJob *job, GError **error)
{
  g_autoptr (GPtrArray) disks = NULL;
  g_autoptr (VirtDomain) domain = need_disks (job, &disks, error);
  const char *target = domain != NULL ? need_target (job, disks, error) : NULL;
  virTypedParameterPtr params = NULL;
  int count = 0, room = 0;
  gboolean is_done;

  if (target == NULL)
    return FALSE;
  /* The bursts must go with the bounds, else libvirt refuses a bound below one. */
  is_done = virTypedParamsAddULLong (&params, &count, &room, VIR_DOMAIN_BLOCK_IOTUNE_TOTAL_IOPS_SEC,
                                     job->disk->iops)
                == 0
            && virTypedParamsAddULLong (&params, &count, &room,
                                        VIR_DOMAIN_BLOCK_IOTUNE_TOTAL_IOPS_SEC_MAX, 0)
                   == 0
            && virTypedParamsAddULLong (&params, &count, &room,
                                        VIR_DOMAIN_BLOCK_IOTUNE_TOTAL_BYTES_SEC, job->disk->bytes)
                   == 0
            && virTypedParamsAddULLong (&params, &count, &room,
                                        VIR_DOMAIN_BLOCK_IOTUNE_TOTAL_BYTES_SEC_MAX, 0)
                   == 0
            && virDomainSetBlockIoTune (domain, target, params, count, VIR_DOMAIN_AFFECT_LIVE) == 0;
  virTypedParamsFree (params, count);
  return is_done || virt_find_fail (job, "bound a disk of", error);
}

/* 1 when a job runs on the target, 0 when none does, -1 on failure. */
static int
look (VirtJob *job, virDomainPtr domain, const char *target, GError **error)
{
  virDomainBlockJobInfo info;
  int found = virDomainGetBlockJobInfo (domain, target, &info, 0);

  if (found < 0)
    virt_find_fail (job, "look at a disk of", error);
  if (found > 0 && info.end > 0)
    job->disk->percent = (guint) (info.cur * 100 / info.end);
  return found;
}

gboolean
virt_disk_job_pull (VirtJob *job, GError **error)
{
  g_autoptr (GPtrArray) disks = NULL, behind = NULL;
  g_autoptr (VirtDomain) domain = need_disks (job, &disks, error);
  const char *target = domain != NULL ? need_target (job, disks, error) : NULL;
  int runs = target != NULL ? look (job, domain, target, error) : -1;

  if (runs != 0)
    return runs > 0;
  behind = virt_disk_unseen_correct (job, domain, disks, error);
  if (behind == NULL)
    return FALSE;
  if (find_disk (behind, job->disk->serial) != NULL)
    return refuse_behind (job, job->disk->serial, error);
  return virDomainBlockRebase (domain, target, job->disk->base, MIN (job->disk->bytes, G_MAXLONG),
                               VIR_DOMAIN_BLOCK_REBASE_BANDWIDTH_BYTES)
             == 0
         || virt_find_fail (job, "pull a disk of", error);
}

gboolean
virt_disk_job_look (VirtJob *job, GError **error)
{
  g_autoptr (GError) local = NULL;
  g_autoptr (VirtDomain) domain = find_running (job, &local);
  g_autoptr (GPtrArray) disks = domain != NULL ? read_disks (job, domain, 0, &local) : NULL;
  const VirtDisk *disk = disks != NULL ? find_disk (disks, job->disk->serial) : NULL;
  int runs = disk != NULL ? look (job, domain, disk->target, &local) : 0;

  if (local != NULL)
    {
      g_propagate_error (error, g_steal_pointer (&local));
      return FALSE;
    }
  job->disk->is_yes = runs > 0;
  return TRUE;
}

gboolean
virt_disk_job_pull_end (VirtJob *job, GError **error)
{
  g_autoptr (GError) local = NULL;
  g_autoptr (VirtDomain) domain = find_running (job, &local);
  g_autoptr (GPtrArray) disks = domain != NULL ? read_disks (job, domain, 0, &local) : NULL;
  const VirtDisk *disk = disks != NULL ? find_disk (disks, job->disk->serial) : NULL;
  g_autoptr (GError) refusal = NULL;
  int runs = disk != NULL ? look (job, domain, disk->target, &local) : 0;

  if (local != NULL)
    {
      g_propagate_error (error, g_steal_pointer (&local));
      return FALSE;
    }
  if (runs == 0 || virDomainBlockJobAbort (domain, disk->target, 0) == 0)
    return TRUE;
  /* It may have come to its end between the two. */
  virt_find_fail (job, "end a pull of", &refusal);
  runs = look (job, domain, disk->target, error);
  if (runs > 0)
    g_propagate_error (error, g_steal_pointer (&refusal));
  return runs == 0;
}

gboolean
virt_disk_job_flush (VirtJob *job, GError **error)
{
  g_autoptr (GPtrArray) disks = NULL;
  g_autoptr (VirtDomain) domain = need_disks (job, &disks, error);
  g_autofree char *command = g_strdup_printf (
      "qemu-io -d /machine/peripheral/ua-%s/virtio-backend flush", job->disk->serial);
  g_autofree char *answer = NULL;

  if (domain == NULL || need_target (job, disks, error) == NULL)
    return FALSE;
  answer = virt_monitor_ask (job, domain, command, error);
  /* A success says nothing. */
  return answer != NULL
         && (*g_strstrip (answer) == '\0'
             || vmm_fail (error, VMM_ERROR_VIRT_FAILED, "flushing disk '%s' of domain '%s': %s",
                          job->disk->serial, job->id, answer));
}

gboolean
virt_disk_job_freeze (VirtJob *job, GError **error)
{
  g_autoptr (GPtrArray) disks = NULL;
  g_autoptr (VirtDomain) domain = need_disks (job, &disks, error);

  if (domain == NULL)
    return FALSE;
  job->disk->is_yes = virDomainAgentSetResponseTimeout (domain, (int) job->disk->timeout_s, 0) == 0
                      && virDomainFSFreeze (domain, NULL, 0, 0) >= 0;
  return TRUE;
}

/* An agent that has the channel open but does not answer may hold file systems frozen, or be about
 * to freeze them; of one that is not there nobody can have asked it. */
gboolean
virt_disk_job_thaw (VirtJob *job, GError **error)
{
  g_autoptr (GError) local = NULL, refusal = NULL;
  g_autoptr (VirtDomain) domain = find_running (job, &local);
  gboolean has_agent;
  char *xml;

  if (local != NULL)
    {
      g_propagate_error (error, g_steal_pointer (&local));
      return FALSE;
    }
  if (domain == NULL
      || (virDomainAgentSetResponseTimeout (domain, (int) job->disk->timeout_s, 0) == 0
          && virDomainFSThaw (domain, NULL, 0, 0) >= 0)
      || virt_find_is_error (VIR_ERR_OPERATION_INVALID))
    return TRUE;
  virt_find_fail (job, "thaw", &refusal);
  xml = virDomainGetXMLDesc (domain, 0);
  if (xml == NULL)
    return virt_find_fail (job, "describe", error);
  has_agent = virt_disk_xml_has_agent (xml);
  free (xml);
  if (has_agent)
    g_propagate_error (error, g_steal_pointer (&refusal));
  return !has_agent;
}
