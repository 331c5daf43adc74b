/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Making and freeing the plain structs of the joint. */
#include "config.h"

#include "virt-facts.h"
#include "virt.h"

void
virt_disk_free (VirtDisk *disk)
{
  if (disk == NULL)
    return;
  g_free (disk->serial);
  g_free (disk->target);
  g_clear_pointer (&disk->chain, g_ptr_array_unref);
  g_free (disk);
}

void
virt_turn_free (VirtTurn *turn)
{
  if (turn == NULL)
    return;
  g_free (turn->serial);
  g_free (turn->path);
  g_free (turn);
}

void
virt_nic_free (VirtNic *nic)
{
  if (nic == NULL)
    return;
  g_free (nic->tap);
  g_free (nic->mac);
  g_free (nic);
}

static void
free_disk (gpointer disk)
{
  virt_disk_free (disk);
}

static void
free_nic (gpointer nic)
{
  virt_nic_free (nic);
}

VirtSpec *
virt_spec_new (void)
{
  VirtSpec *spec = g_new0 (VirtSpec, 1);

  spec->disks = g_ptr_array_new_with_free_func (free_disk);
  spec->nics = g_ptr_array_new_with_free_func (free_nic);
  return spec;
}

static gpointer
copy_string (gconstpointer text, gpointer data)
{
  return g_strdup (text);
}

VirtDisk *
virt_disk_copy (const VirtDisk *disk)
{
  VirtDisk *copy = g_new0 (VirtDisk, 1);

  copy->serial = g_strdup (disk->serial);
  copy->target = g_strdup (disk->target);
  copy->is_boot = disk->is_boot;
  copy->iops = disk->iops;
  copy->bytes_s = disk->bytes_s;
  copy->chain = g_ptr_array_copy (disk->chain, copy_string, NULL);
  g_ptr_array_set_free_func (copy->chain, g_free);
  return copy;
}

static VirtNic *
copy_nic (const VirtNic *nic)
{
  VirtNic *copy = g_new0 (VirtNic, 1);

  copy->tap = g_strdup (nic->tap);
  copy->mac = g_strdup (nic->mac);
  copy->mtu = nic->mtu;
  return copy;
}

VirtSpec *
virt_spec_copy (const VirtSpec *spec)
{
  VirtSpec *copy = virt_spec_new ();

  copy->id = g_strdup (spec->id);
  copy->uuid = g_strdup (spec->uuid);
  copy->title = g_strdup (spec->title);
  copy->vcpus = spec->vcpus;
  copy->memory_mib = spec->memory_mib;
  for (guint i = 0; i < spec->disks->len; i++)
    g_ptr_array_add (copy->disks, virt_disk_copy (g_ptr_array_index (spec->disks, i)));
  for (guint i = 0; i < spec->nics->len; i++)
    g_ptr_array_add (copy->nics, copy_nic (g_ptr_array_index (spec->nics, i)));
  copy->console_log = g_strdup (spec->console_log);
  copy->vnc_socket = g_strdup (spec->vnc_socket);
  return copy;
}

void
virt_spec_free (VirtSpec *spec)
{
  if (spec == NULL)
    return;
  g_free (spec->id);
  g_free (spec->uuid);
  g_free (spec->title);
  g_clear_pointer (&spec->disks, g_ptr_array_unref);
  g_clear_pointer (&spec->nics, g_ptr_array_unref);
  g_free (spec->console_log);
  g_free (spec->vnc_socket);
  g_free (spec);
}

VirtFact *
virt_fact_new (const char *id, VirtState state, VirtReason reason)
{
  VirtFact *fact = g_new0 (VirtFact, 1);

  fact->id = g_strdup (id);
  fact->state = state;
  fact->reason = reason;
  return fact;
}

void
virt_fact_free (VirtFact *fact)
{
  if (fact == NULL)
    return;
  g_free (fact->id);
  g_free (fact);
}

VirtNicFact *
virt_nic_fact_new (const char *tap, gboolean is_up)
{
  VirtNicFact *fact = g_new0 (VirtNicFact, 1);

  fact->tap = g_strdup (tap);
  fact->is_up = is_up;
  return fact;
}

void
virt_nic_fact_free (VirtNicFact *fact)
{
  if (fact == NULL)
    return;
  g_free (fact->tap);
  g_free (fact);
}

const VirtNicFact *
virt_nic_fact_find (GPtrArray *facts, const char *tap)
{
  for (guint i = 0; i < facts->len; i++)
    {
      const VirtNicFact *fact = g_ptr_array_index (facts, i);

      if (g_str_equal (fact->tap, tap))
        return fact;
    }
  return NULL;
}

void
virt_driver_free (VirtDriver *driver)
{
  if (driver != NULL)
    driver->class->free (driver);
}
