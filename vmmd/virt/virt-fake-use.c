/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the fake driver's guests use: nothing, until a test says so. */
#include "config.h"

#include "virt-fake-priv.h"
#include "virt-fake.h"

static void
add_to (VirtDiskUse *sum, const VirtDiskUse *more)
{
  sum->reads += more->reads;
  sum->writes += more->writes;
  sum->read_bytes += more->read_bytes;
  sum->write_bytes += more->write_bytes;
  sum->read_ns += more->read_ns;
  sum->write_ns += more->write_ns;
}

static gboolean
act_use (VirtFake *self, const char *none, gpointer data, GError **error)
{
  GHashTableIter iter;
  gpointer id, value;

  g_hash_table_iter_init (&iter, self->domains);
  while (g_hash_table_iter_next (&iter, &id, &value))
    {
      const VirtFakeDomain *domain = value;
      VirtUse *use;

      if (!virt_fake_is_active (domain))
        continue;
      use = virt_use_new (id);
      use->vcpus = domain->spec != NULL ? domain->spec->vcpus : 1;
      use->cpu_ns = domain->cpu_ns;
      for (guint i = 0; i < domain->disks->len; i++)
        {
          const VirtFakeDisk *disk = g_ptr_array_index (domain->disks, i);

          add_to (virt_use_add_disk (use, disk->disk->target), &disk->use);
        }
      g_ptr_array_add (data, use);
    }
  return TRUE;
}

GPtrArray *
virt_fake_use (VirtDriver *driver, GError **error)
{
  g_autoptr (GPtrArray) uses = g_ptr_array_new_with_free_func ((GDestroyNotify) virt_use_free);

  return virt_fake_call (driver, act_use, NULL, uses, error) ? g_steal_pointer (&uses) : NULL;
}

static VirtFakeDisk *
find_disk (const VirtFakeDomain *domain, const char *target)
{
  for (guint i = 0; i < domain->disks->len; i++)
    {
      VirtFakeDisk *disk = g_ptr_array_index (domain->disks, i);

      if (g_str_equal (disk->disk->target, target))
        return disk;
    }
  return NULL;
}

gboolean
virt_fake_spend (VirtDriver *driver, const VirtUse *more)
{
  VirtFake *self = (VirtFake *) driver;
  VirtFakeDomain *domain;
  gboolean has_all;

  g_mutex_lock (&self->lock);
  domain = g_hash_table_lookup (self->domains, more->id);
  has_all = virt_fake_is_active (domain);
  for (guint i = 0; has_all && i < more->disks->len; i++)
    {
      const VirtDiskUse *use = g_ptr_array_index (more->disks, i);
      VirtFakeDisk *disk = find_disk (domain, use->target);

      has_all = disk != NULL;
      if (has_all)
        add_to (&disk->use, use);
    }
  if (has_all)
    domain->cpu_ns += more->cpu_ns;
  g_mutex_unlock (&self->lock);
  return has_all;
}
