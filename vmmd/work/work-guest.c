/* SPDX-License-Identifier: GPL-2.0-or-later */
/* From an instance's rows to its domain: the spec, and the order of a start that keeps the firewall
 * closed until it is complete. */
#include "config.h"

#include "ops-instance.h"
#include "store-image.h"
#include "vmm-error.h"
#include "vmm-id.h"
#include "work-item.h"
#include <string.h>

char *
work_disk_serial (const VmmDisk *disk)
{
  return g_strdup (disk->id + strlen (vmm_id_prefix (VMM_ID_DISK)));
}

/* "/dev/xvdb" is the guest's vdb. */
char *
work_disk_target (const char *device)
{
  gsize length = strlen (device);

  return g_strdup_printf ("vd%c", length > 0 ? device[length - 1] : 'a');
}

static VirtDisk *
read_device (WorkItem *item, StoreTxn *txn, const VmmDisk *disk, GError **error)
{
  g_autoptr (GPtrArray) chain = store_layer_chain (txn, disk->layer_id, error);
  VirtDisk *out;

  if (chain == NULL)
    return NULL;
  out = g_new0 (VirtDisk, 1);
  out->serial = work_disk_serial (disk);
  out->target = work_disk_target (disk->device);
  out->is_boot = disk->is_system;
  vmm_config_disk_bounds (item->ctx->config, disk->category, disk->performance_level,
                          disk->virtual_bytes, &out->iops, &out->bytes_s);
  out->chain = g_ptr_array_new_with_free_func (g_free);
  for (guint i = 0; i < chain->len; i++)
    g_ptr_array_add (out->chain, item->parts->img->class->layer_path (
                                     item->parts->img, g_ptr_array_index (chain, i)));
  return out;
}

VirtDisk *
work_disk_device (WorkItem *item, const VmmDisk *disk, GError **error)
{
  g_autoptr (StoreTxn) txn = store_begin_read (item->ctx->store, error);

  return txn != NULL ? read_device (item, txn, disk, error) : NULL;
}

/* The disks that a start gives to the guest. */
static gboolean
add_disks (WorkItem *item, StoreTxn *txn, GPtrArray *disks, VirtSpec *spec, GError **error)
{
  for (guint i = 0; i < disks->len; i++)
    {
      const VmmDisk *disk = g_ptr_array_index (disks, i);
      VirtDisk *device;

      if (!vmm_disk_state_is_plugged (disk->state))
        continue;
      device = read_device (item, txn, disk, error);
      if (device == NULL)
        return FALSE;
      g_ptr_array_add (spec->disks, device);
    }
  return TRUE;
}

static VirtSpec *
spec_of (WorkItem *item, const VmmInstance *instance, GError **error)
{
  g_autoptr (StoreTxn) txn = store_begin_read (item->ctx->store, error);
  g_autoptr (GPtrArray) disks = txn != NULL ? store_disk_list_of (txn, instance->id, error) : NULL;
  g_autoptr (VirtSpec) spec = virt_spec_new ();

  if (disks == NULL)
    return NULL;
  spec->id = g_strdup (instance->id);
  spec->uuid = g_strdup (instance->uuid);
  spec->title = g_strdup (instance->name);
  spec->vcpus = instance->vcpus;
  spec->memory_mib = instance->memory_mib;
  spec->console_log = ops_instance_console_path (item->ctx, instance->id);
  spec->vnc_socket = ops_instance_vnc_path (item->ctx, instance->id);
  if (!add_disks (item, txn, disks, spec, error))
    return NULL;
  for (guint i = 0; i < instance->nics->len; i++)
    {
      const VmmNic *nic = g_ptr_array_index (instance->nics, i);
      VirtNic *out;

      if (!vmm_nic_state_is_plugged (nic->state))
        continue;
      out = g_new0 (VirtNic, 1);
      out->tap = netctl_port_tap_name (nic->index);
      out->mac = g_strdup (nic->mac);
      out->mtu = NETCTL_GUEST_MTU;
      g_ptr_array_add (spec->nics, out);
    }
  return g_steal_pointer (&spec);
}

/* Rules first, then a paused domain whose tap is moved behind them, and only then the first
 * instruction of the guest. */
gboolean
work_start_guest (WorkItem *item, const VmmInstance *instance, GError **error)
{
  g_autoptr (VirtFact) fact = NULL;
  g_autoptr (VirtSpec) spec = NULL;

  vmm_step ("before get");
  fact = item->parts->virt->class->get (item->parts->virt, instance->id, error);
  if (fact == NULL)
    return FALSE;
  if (fact->state == VIRT_RUNNING)
    return TRUE; /* it is resumed last, so all else is done */
  spec = spec_of (item, instance, error);
  return spec != NULL && work_network_prepare (item, instance, error)
         && WORK_CALL (item->parts->virt, start_paused, spec, error)
         && work_network_attach (item, instance, error)
         && WORK_CALL (item->parts->virt, resume, instance->id, error);
}
