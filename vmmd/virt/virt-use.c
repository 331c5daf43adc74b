/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What all active domains have used, by one call of libvirt. */
#include "config.h"

#include "virt-libvirt-priv.h"
#include "virt-use.h"

#include "virt-find.h"

#define STATS (VIR_DOMAIN_STATS_CPU_TOTAL | VIR_DOMAIN_STATS_VCPU | VIR_DOMAIN_STATS_BLOCK)
/* A domain that libvirt waits for is passed over, lest one dead QEMU hold up all others. */
#define FLAGS (VIR_CONNECT_GET_ALL_DOMAINS_STATS_ACTIVE | VIR_CONNECT_GET_ALL_DOMAINS_STATS_NOWAIT)

static void
free_disk (gpointer data)
{
  VirtDiskUse *disk = data;

  g_free (disk->target);
  g_free (disk);
}

VirtUse *
virt_use_new (const char *id)
{
  VirtUse *use = g_new0 (VirtUse, 1);

  use->id = g_strdup (id);
  use->disks = g_ptr_array_new_with_free_func (free_disk);
  return use;
}

void
virt_use_free (VirtUse *use)
{
  if (use == NULL)
    return;
  g_free (use->id);
  g_ptr_array_unref (use->disks);
  g_free (use);
}

VirtDiskUse *
virt_use_add_disk (VirtUse *use, const char *target)
{
  VirtDiskUse *disk = g_new0 (VirtDiskUse, 1);

  disk->target = g_strdup (target);
  g_ptr_array_add (use->disks, disk);
  return disk;
}

const VirtUse *
virt_use_find (GPtrArray *uses, const char *id)
{
  for (guint i = 0; i < uses->len; i++)
    if (g_str_equal (((const VirtUse *) g_ptr_array_index (uses, i))->id, id))
      return g_ptr_array_index (uses, i);
  return NULL;
}

const VirtDiskUse *
virt_use_find_disk (const VirtUse *use, const char *target)
{
  for (guint i = 0; i < use->disks->len; i++)
    if (g_str_equal (((const VirtDiskUse *) g_ptr_array_index (use->disks, i))->target, target))
      return g_ptr_array_index (use->disks, i);
  return NULL;
}

/* ---- libvirt's answer ---- */

/* Adds the number of a name such as "block.0.rd.reqs"; FALSE when it is not there. */
static gboolean
add_number (const virDomainStatsRecord *record, const char *group, guint index, const char *field,
            guint64 *sum)
{
  g_autofree char *name = g_strdup_printf ("%s.%u.%s", group, index, field);
  unsigned long long value = 0;

  if (virTypedParamsGetULLong (record->params, record->nparams, name, &value) != 1)
    return FALSE;
  *sum += value;
  return TRUE;
}

/* The vCPUs' own time; where libvirt does not know which threads they are, all of QEMU's. */
static gboolean
read_cpu (const virDomainStatsRecord *record, VirtUse *use)
{
  unsigned long long total = 0;
  guint known = 0;

  if (virTypedParamsGetUInt (record->params, record->nparams, "vcpu.current", &use->vcpus) != 1
      || use->vcpus == 0)
    return FALSE;
  for (guint i = 0; i < use->vcpus; i++)
    known += add_number (record, "vcpu", i, "time", &use->cpu_ns);
  if (known > 0)
    return TRUE;
  if (virTypedParamsGetULLong (record->params, record->nparams, "cpu.time", &total) != 1)
    return FALSE;
  use->cpu_ns = total;
  return TRUE;
}

/* An empty drive has no counters. */
static void
read_disk (const virDomainStatsRecord *record, guint index, VirtUse *use)
{
  g_autofree char *name = g_strdup_printf ("block.%u.name", index);
  const char *target = NULL;
  guint64 reads = 0;
  VirtDiskUse *disk;

  if (virTypedParamsGetString (record->params, record->nparams, name, &target) != 1
      || !add_number (record, "block", index, "rd.reqs", &reads))
    return;
  disk = virt_use_add_disk (use, target);
  disk->reads = reads;
  add_number (record, "block", index, "wr.reqs", &disk->writes);
  add_number (record, "block", index, "rd.bytes", &disk->read_bytes);
  add_number (record, "block", index, "wr.bytes", &disk->write_bytes);
  add_number (record, "block", index, "rd.times", &disk->read_ns);
  add_number (record, "block", index, "wr.times", &disk->write_ns);
}

/* Of a domain that was passed over, or whose QEMU ends just now, the numbers are not whole. */
static void
read_record (const virDomainStatsRecord *record, GPtrArray *uses)
{
  g_autoptr (VirtUse) use = virt_use_new (virDomainGetName (record->dom));
  unsigned int disks = 0;

  if (virTypedParamsGetUInt (record->params, record->nparams, "block.count", &disks) != 1
      || !read_cpu (record, use))
    return;
  for (guint i = 0; i < disks; i++)
    read_disk (record, i, use);
  g_ptr_array_add (uses, g_steal_pointer (&use));
}

static gboolean
job_use (VirtJob *job, GError **error)
{
  virDomainStatsRecordPtr *records = NULL;
  int n = virConnectGetAllDomainStats (job->conn, STATS, &records, FLAGS);

  if (n < 0)
    return virt_find_fail (job, "read what domains use", error);
  job->uses = g_ptr_array_new_full ((guint) n, (GDestroyNotify) virt_use_free);
  for (int i = 0; i < n; i++)
    read_record (records[i], job->uses);
  virDomainStatsRecordListFree (records);
  return TRUE;
}

GPtrArray *
virt_libvirt_use (VirtDriver *driver, GError **error)
{
  g_autoptr (VirtJob) job = virt_libvirt_job (driver, NULL, job_use, error);

  return job != NULL && virt_libvirt_run (driver, job, error) ? g_steal_pointer (&job->uses) : NULL;
}
