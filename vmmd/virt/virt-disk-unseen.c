/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Disks of which QEMU knows more than libvirt: its monitor is asked, and told. */
#include "config.h"

#include "virt-disk-unseen.h"

#include "virt-disk-call.h"
#include "virt-disk-qemu.h"
#include "virt-monitor.h"
#include "vmm-error.h"
#include <string.h>

GPtrArray *
virt_disk_unseen_correct (VirtJob *job, virDomainPtr domain, GPtrArray *disks, GError **error)
{
  g_autofree char *answer = virt_monitor_ask (job, domain, "info block", error);

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

      if (!virt_monitor_tell (job, domain, command, &refusal, error))
        return FALSE;
      if (refusal == NULL)
        g_ptr_array_remove_index (nodes, i - 1);
    }
  return TRUE;
}

gboolean
virt_disk_unseen_close (VirtJob *job, virDomainPtr domain, GError **error)
{
  g_autofree char *answer = virt_monitor_ask (job, domain, "info block -n", error);
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
  g_autofree char *disks = virt_monitor_ask (job, domain, "info block", error);
  g_autofree char *answer = NULL;

  if (disks == NULL)
    return FALSE;
  *out_is_out = strstr (disks, device) == NULL;
  if (*out_is_out)
    return virt_disk_unseen_close (job, domain, error);
  /* One that is asked already complains, and goes all the same. */
  answer = virt_monitor_ask (job, domain, command, error);
  return answer != NULL;
}

gboolean
virt_disk_unseen_grow (VirtJob *job, virDomainPtr domain, GError **error)
{
  g_autofree char *answer = virt_monitor_ask (job, domain, "info block", error);
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
  if (!virt_monitor_tell (job, domain, command, &refusal, error))
    return FALSE;
  return refusal == NULL
         || vmm_fail (error, VMM_ERROR_VIRT_FAILED, "growing disk '%s' of domain '%s': %s",
                      job->disk->serial, job->id, refusal);
}
