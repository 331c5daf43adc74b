/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Disks of which QEMU knows more than libvirt: its monitor is asked, and told. */
#include "config.h"

#include "virt-disk-unseen.h"

#include "virt-disk-call.h"
#include "virt-disk-qemu.h"
#include "virt-find.h"
#include "vmm-error.h"
#include <libvirt/libvirt-qemu.h>
#include <string.h>

/* What the monitor of people answers, "" for nothing; NULL with @error set on failure. */
static char *
ask (VirtJob *job, virDomainPtr domain, const char *command, GError **error)
{
  char *answer = NULL, *copy;

  if (virDomainQemuMonitorCommand (domain, command, &answer, VIR_DOMAIN_QEMU_MONITOR_COMMAND_HMP)
      < 0)
    {
      virt_find_fail (job, "ask for the disks of", error);
      return NULL;
    }
  copy = g_strdup (answer != NULL ? answer : "");
  free (answer);
  return copy;
}

/* A refusal by QEMU is its answer, in *out_refusal, or NULL there. */
static gboolean
tell (VirtJob *job, virDomainPtr domain, const char *command, char **out_refusal, GError **error)
{
  char *answer = NULL;

  *out_refusal = NULL;
  if (virDomainQemuMonitorCommand (domain, command, &answer, 0) < 0)
    return virt_find_fail (job, "change the disks of", error);
  if (answer == NULL || strstr (answer, "\"error\"") != NULL)
    *out_refusal = g_strdup (answer != NULL ? answer : "QEMU says nothing");
  free (answer);
  return TRUE;
}

GPtrArray *
virt_disk_unseen_correct (VirtJob *job, virDomainPtr domain, GPtrArray *disks, GError **error)
{
  g_autofree char *answer = ask (job, domain, "info block", error);

  return answer != NULL ? virt_disk_qemu_correct (disks, answer) : NULL;
}

/* Closes what can be closed of @nodes: QEMU refuses those that are used, and a file can be closed
 * only after what rests on it. */
static gboolean
close_once (VirtJob *job, virDomainPtr domain, GPtrArray *nodes, GError **error)
{
  for (guint i = nodes->len; i > 0; i--)
    {
      g_autofree char *refusal = NULL;
      g_autofree char *command
          = g_strdup_printf ("{\"execute\":\"blockdev-del\",\"arguments\":{\"node-name\":\"%s\"}}",
                             (const char *) g_ptr_array_index (nodes, i - 1));

      if (!tell (job, domain, command, &refusal, error))
        return FALSE;
      if (refusal == NULL)
        g_ptr_array_remove_index (nodes, i - 1);
    }
  return TRUE;
}

gboolean
virt_disk_unseen_close (VirtJob *job, virDomainPtr domain, GError **error)
{
  g_autofree char *answer = ask (job, domain, "info block -n", error);
  g_autoptr (GPtrArray) nodes = answer != NULL ? virt_disk_qemu_nodes (answer) : NULL;
  guint before;

  if (nodes == NULL)
    return FALSE;
  do
    {
      before = nodes->len;
      if (!close_once (job, domain, nodes, error))
        return FALSE;
    }
  while (nodes->len < before);
  return TRUE;
}

gboolean
virt_disk_unseen_take_out (VirtJob *job, virDomainPtr domain, gboolean *out_is_out, GError **error)
{
  g_autofree char *device = g_strdup_printf ("/ua-%s/", job->disk->serial);
  g_autofree char *command = g_strdup_printf ("device_del ua-%s", job->disk->serial);
  g_autofree char *disks = ask (job, domain, "info block", error);
  g_autofree char *answer = NULL;

  if (disks == NULL)
    return FALSE;
  *out_is_out = strstr (disks, device) == NULL;
  if (*out_is_out)
    return virt_disk_unseen_close (job, domain, error);
  /* One that is asked already complains, and goes all the same. */
  answer = ask (job, domain, command, error);
  return answer != NULL;
}

gboolean
virt_disk_unseen_grow (VirtJob *job, virDomainPtr domain, GError **error)
{
  g_autofree char *answer = ask (job, domain, "info block", error);
  g_autofree char *node = answer != NULL ? virt_disk_qemu_node (answer, job->disk->serial) : NULL;
  g_autofree char *command = NULL, *refusal = NULL;

  if (answer == NULL)
    return FALSE;
  if (node == NULL)
    return vmm_fail (error, VMM_ERROR_VIRT_FAILED, "the QEMU of '%s' has no disk '%s'", job->id,
                     job->disk->serial);
  command = g_strdup_printf ("{\"execute\":\"block_resize\",\"arguments\":{\"node-name\":\"%s\","
                             "\"size\":%" G_GUINT64_FORMAT "}}",
                             node, job->disk->bytes);
  if (!tell (job, domain, command, &refusal, error))
    return FALSE;
  return refusal == NULL
         || vmm_fail (error, VMM_ERROR_VIRT_FAILED, "growing disk '%s' of domain '%s': %s",
                      job->disk->serial, job->id, refusal);
}
