/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The fake driver's disks. Layers are names to it: a turn puts one on top, a pull takes those
 * between away. */
#include "config.h"

#include "virt-domain-xml.h"
#include "virt-fake-priv.h"
#include "virt-fake.h"
#include <string.h>

#define KEY_DISK "disk-"
#define KEY_FROZEN "frozen"

void
virt_fake_disk_free (VirtFakeDisk *disk)
{
  if (disk == NULL)
    return;
  virt_disk_free (disk->disk);
  g_free (disk->base);
  g_free (disk);
}

static VirtFakeDisk *
find (const VirtFakeDomain *domain, const char *serial)
{
  for (guint i = 0; domain != NULL && i < domain->disks->len; i++)
    {
      VirtFakeDisk *disk = g_ptr_array_index (domain->disks, i);

      if (g_str_equal (disk->disk->serial, serial))
        return disk;
    }
  return NULL;
}

static VirtFakeDisk *
need (VirtFake *self, const char *id, const char *serial, GError **error)
{
  const VirtFakeDomain *domain = virt_fake_find_active (self, id, error);
  VirtFakeDisk *disk = find (domain, serial);

  if (domain != NULL && disk == NULL)
    vmm_fail (error, VMM_ERROR_VIRT_FAILED, "fake domain '%s' has no disk '%s'", id, serial);
  return disk;
}

/* Beside a pull nothing else is done to its disk. */
static gboolean
is_free (const VirtFakeDisk *disk, GError **error)
{
  return !disk->is_pulling
         || vmm_fail (error, VMM_ERROR_VIRT_FAILED, "a pull of disk '%s' runs", disk->disk->serial);
}

static void
add (VirtFakeDomain *domain, const VirtDisk *disk)
{
  VirtFakeDisk *entry = g_new0 (VirtFakeDisk, 1);

  entry->disk = virt_disk_copy (disk);
  g_ptr_array_add (domain->disks, entry);
}

void
virt_fake_disk_start (VirtFakeDomain *domain)
{
  for (guint i = 0; i < domain->spec->disks->len; i++)
    add (domain, g_ptr_array_index (domain->spec->disks, i));
}

guint
virt_fake_disk_release (VirtFakeDomain *domain)
{
  guint count = 0;

  for (guint i = domain->disks->len; i > 0; i--)
    if (((VirtFakeDisk *) g_ptr_array_index (domain->disks, i - 1))->is_leaving)
      {
        g_ptr_array_remove_index (domain->disks, i - 1);
        count++;
      }
  return count;
}

/* ---- the file: "disk-SERIAL" = target, leaving or not, and the chain ---- */

void
virt_fake_disk_save (GKeyFile *file, const char *id, const VirtFakeDomain *domain)
{
  g_key_file_set_boolean (file, id, KEY_FROZEN, domain->is_frozen);
  for (guint i = 0; i < domain->disks->len; i++)
    {
      const VirtFakeDisk *disk = g_ptr_array_index (domain->disks, i);
      g_autofree char *key = g_strconcat (KEY_DISK, disk->disk->serial, NULL);
      g_autoptr (GPtrArray) words = g_ptr_array_new ();

      g_ptr_array_add (words, disk->disk->target);
      g_ptr_array_add (words, (gpointer) (disk->is_leaving ? "leaving" : ""));
      for (guint k = 0; k < disk->disk->chain->len; k++)
        g_ptr_array_add (words, g_ptr_array_index (disk->disk->chain, k));
      g_key_file_set_string_list (file, id, key, (const char *const *) words->pdata, words->len);
    }
}

void
virt_fake_disk_take_up (GKeyFile *file, const char *id, VirtFakeDomain *domain)
{
  g_auto (GStrv) keys = g_key_file_get_keys (file, id, NULL, NULL);

  domain->is_frozen = g_key_file_get_boolean (file, id, KEY_FROZEN, NULL);
  for (char **key = keys; key != NULL && *key != NULL; key++)
    {
      g_auto (GStrv) words = NULL;
      gsize length = 0;
      VirtFakeDisk *disk;

      if (!g_str_has_prefix (*key, KEY_DISK))
        continue;
      words = g_key_file_get_string_list (file, id, *key, &length, NULL);
      if (length < 3)
        continue;
      disk = g_new0 (VirtFakeDisk, 1);
      disk->disk = g_new0 (VirtDisk, 1);
      disk->disk->serial = g_strdup (*key + strlen (KEY_DISK));
      disk->disk->target = g_strdup (words[0]);
      disk->is_leaving = *words[1] != '\0';
      disk->disk->chain = g_ptr_array_new_with_free_func (g_free);
      for (gsize k = 2; k < length; k++)
        g_ptr_array_add (disk->disk->chain, g_strdup (words[k]));
      g_ptr_array_add (domain->disks, disk);
    }
}

/* ---- the calls ---- */

/* What a call on a disk is about. */
typedef struct
{
  const VirtDisk *disk; /* of an attach */
  const char *serial, *base;
  GPtrArray *turns;
  guint64 bytes, iops;
  GPtrArray *disks; /* result */
  gboolean is_yes;  /* result */
} Call;

static void
free_disk (gpointer disk)
{
  virt_disk_free (disk);
}

static gboolean
act_list (VirtFake *self, const char *id, gpointer data, GError **error)
{
  const VirtFakeDomain *domain = g_hash_table_lookup (self->domains, id);
  Call *what = data;

  for (guint i = 0; virt_fake_is_active (domain) && i < domain->disks->len; i++)
    g_ptr_array_add (
        what->disks,
        virt_disk_copy (((VirtFakeDisk *) g_ptr_array_index (domain->disks, i))->disk));
  return TRUE;
}

static gboolean
act_attach (VirtFake *self, const char *id, gpointer data, GError **error)
{
  VirtFakeDomain *domain = virt_fake_find_active (self, id, error);
  const Call *what = data;

  if (domain == NULL)
    return FALSE;
  if (find (domain, what->disk->serial) != NULL)
    return TRUE;
  for (guint i = 0; i < domain->disks->len; i++)
    if (g_str_equal (((VirtFakeDisk *) g_ptr_array_index (domain->disks, i))->disk->target,
                     what->disk->target))
      return vmm_fail (error, VMM_ERROR_VIRT_FAILED, "target %s of fake domain '%s' is taken",
                       what->disk->target, id);
  add (domain, what->disk);
  virt_fake_save (self);
  return TRUE;
}

static gboolean
act_detach (VirtFake *self, const char *id, gpointer data, GError **error)
{
  VirtFakeDomain *domain = g_hash_table_lookup (self->domains, id);
  Call *what = data;
  VirtFakeDisk *disk = virt_fake_is_active (domain) ? find (domain, what->serial) : NULL;

  what->is_yes = disk == NULL;
  if (disk == NULL)
    return TRUE;
  if (!is_free (disk, error))
    return FALSE;
  disk->is_leaving = TRUE;
  if (!self->is_clinging && domain->state == VIRT_RUNNING)
    {
      g_ptr_array_remove (domain->disks, disk);
      virt_fake_emit (self, id);
    }
  virt_fake_save (self);
  return TRUE;
}

static gboolean
act_turn (VirtFake *self, const char *id, gpointer data, GError **error)
{
  const Call *what = data;

  for (guint i = 0; i < what->turns->len; i++)
    {
      const VirtFakeDisk *disk
          = need (self, id, ((VirtTurn *) g_ptr_array_index (what->turns, i))->serial, error);

      if (disk == NULL || !is_free (disk, error))
        return FALSE;
    }
  for (guint i = 0; i < what->turns->len; i++)
    {
      const VirtTurn *turn = g_ptr_array_index (what->turns, i);
      GPtrArray *chain = need (self, id, turn->serial, NULL)->disk->chain;

      if (!g_str_equal (g_ptr_array_index (chain, 0), turn->path))
        g_ptr_array_insert (chain, 0, g_strdup (turn->path));
    }
  virt_fake_save (self);
  return TRUE;
}

static gboolean
act_grow (VirtFake *self, const char *id, gpointer data, GError **error)
{
  const Call *what = data;
  VirtFakeDisk *disk = need (self, id, what->serial, error);

  if (disk == NULL || !is_free (disk, error))
    return FALSE;
  disk->virtual_bytes = MAX (disk->virtual_bytes, what->bytes);
  return TRUE;
}

static gboolean
act_bound (VirtFake *self, const char *id, gpointer data, GError **error)
{
  const Call *what = data;
  VirtFakeDisk *disk = need (self, id, what->serial, error);

  if (disk == NULL)
    return FALSE;
  disk->disk->iops = what->iops;
  disk->disk->bytes_s = what->bytes;
  return TRUE;
}

/* The layers between the active one and the base go. */
static void
finish_pull (VirtFake *self, const char *id, VirtFakeDisk *disk)
{
  GPtrArray *chain = disk->disk->chain;

  while (chain->len > 1
         && (disk->base == NULL || !g_str_equal (g_ptr_array_index (chain, 1), disk->base)))
    g_ptr_array_remove_index (chain, 1);
  disk->is_pulling = FALSE;
  g_clear_pointer (&disk->base, g_free);
  virt_fake_save (self);
  virt_fake_emit (self, id);
}

static gboolean
act_pull (VirtFake *self, const char *id, gpointer data, GError **error)
{
  const Call *what = data;
  VirtFakeDisk *disk = need (self, id, what->serial, error);

  if (disk == NULL || disk->is_pulling)
    return disk != NULL;
  if (what->base != NULL
      && !g_ptr_array_find_with_equal_func (disk->disk->chain, what->base, g_str_equal, NULL))
    return vmm_fail (error, VMM_ERROR_VIRT_FAILED, "'%s' is not below disk '%s'", what->base,
                     what->serial);
  disk->is_pulling = TRUE;
  disk->base = g_strdup (what->base);
  if (!self->is_lingering)
    finish_pull (self, id, disk);
  return TRUE;
}

static gboolean
act_job (VirtFake *self, const char *id, gpointer data, GError **error)
{
  Call *what = data;
  const VirtFakeDisk *disk = find (g_hash_table_lookup (self->domains, id), what->serial);

  what->is_yes = disk != NULL && disk->is_pulling;
  return TRUE;
}

static gboolean
act_pull_end (VirtFake *self, const char *id, gpointer data, GError **error)
{
  const Call *what = data;
  VirtFakeDisk *disk = find (g_hash_table_lookup (self->domains, id), what->serial);

  if (disk == NULL || !disk->is_pulling)
    return TRUE;
  disk->is_pulling = FALSE;
  g_clear_pointer (&disk->base, g_free);
  virt_fake_emit (self, id);
  return TRUE;
}

static gboolean
act_flush (VirtFake *self, const char *id, gpointer data, GError **error)
{
  return need (self, id, ((Call *) data)->serial, error) != NULL;
}

static gboolean
act_freeze (VirtFake *self, const char *id, gpointer data, GError **error)
{
  VirtFakeDomain *domain = virt_fake_find_active (self, id, error);
  Call *what = data;

  if (domain == NULL)
    return FALSE;
  what->is_yes = self->has_agent && !self->is_agent_mute;
  if (self->has_agent)
    domain->is_frozen = TRUE;
  virt_fake_save (self);
  return TRUE;
}

static gboolean
act_thaw (VirtFake *self, const char *id, gpointer data, GError **error)
{
  VirtFakeDomain *domain = g_hash_table_lookup (self->domains, id);

  if (domain != NULL && self->has_agent && self->is_agent_mute)
    return vmm_fail (error, VMM_ERROR_VIRT_FAILED, "the agent of '%s' does not answer", id);
  if (domain != NULL)
    domain->is_frozen = FALSE;
  virt_fake_save (self);
  return TRUE;
}

static GPtrArray *
disk_list (VirtDriver *driver, const char *id, GError **error)
{
  g_autoptr (GPtrArray) disks = g_ptr_array_new_with_free_func (free_disk);
  Call what = { .disks = disks };

  return virt_fake_call (driver, act_list, id, &what, error) ? g_steal_pointer (&disks) : NULL;
}

static gboolean
disk_attach (VirtDriver *driver, const char *id, const VirtDisk *disk, GError **error)
{
  const VirtDomainXmlOptions options = { .is_kvm = FALSE };
  g_autofree char *xml = virt_domain_xml_disk (id, disk, &options, error);
  Call what = { .disk = disk };

  /* A disk that the real driver would refuse is refused here, too. */
  return xml != NULL && virt_fake_call (driver, act_attach, id, &what, error);
}

static gboolean
disk_detach (VirtDriver *driver, const char *id, const char *serial, gboolean *out_gone,
             GError **error)
{
  Call what = { .serial = serial };

  if (!virt_fake_call (driver, act_detach, id, &what, error))
    return FALSE;
  *out_gone = what.is_yes;
  return TRUE;
}

static gboolean
disk_turn (VirtDriver *driver, const char *id, GPtrArray *turns, GError **error)
{
  Call what = { .turns = turns };

  return virt_fake_call (driver, act_turn, id, &what, error);
}

static gboolean
disk_grow (VirtDriver *driver, const char *id, const char *serial, guint64 virtual_bytes,
           GError **error)
{
  Call what = { .serial = serial, .bytes = virtual_bytes };

  return virt_fake_call (driver, act_grow, id, &what, error);
}

static gboolean
disk_bound (VirtDriver *driver, const char *id, const char *serial, guint64 iops, guint64 bytes_s,
            GError **error)
{
  Call what = { .serial = serial, .bytes = bytes_s, .iops = iops };

  return virt_fake_call (driver, act_bound, id, &what, error);
}

static gboolean
disk_pull (VirtDriver *driver, const char *id, const char *serial, const char *base,
           guint64 bytes_s, GError **error)
{
  Call what = { .serial = serial, .base = base };

  return virt_fake_call (driver, act_pull, id, &what, error);
}

static gboolean
disk_job (VirtDriver *driver, const char *id, const char *serial, gboolean *out_running,
          guint *out_percent, GError **error)
{
  Call what = { .serial = serial };

  if (!virt_fake_call (driver, act_job, id, &what, error))
    return FALSE;
  *out_running = what.is_yes;
  *out_percent = 0;
  return TRUE;
}

static gboolean
disk_pull_end (VirtDriver *driver, const char *id, const char *serial, GError **error)
{
  Call what = { .serial = serial };

  return virt_fake_call (driver, act_pull_end, id, &what, error);
}

static gboolean
disk_flush (VirtDriver *driver, const char *id, const char *serial, GError **error)
{
  Call what = { .serial = serial };

  return virt_fake_call (driver, act_flush, id, &what, error);
}

static gboolean
freeze (VirtDriver *driver, const char *id, guint timeout_s, gboolean *out_frozen, GError **error)
{
  Call what = { 0 };

  if (!virt_fake_call (driver, act_freeze, id, &what, error))
    return FALSE;
  *out_frozen = what.is_yes;
  return TRUE;
}

static gboolean
thaw (VirtDriver *driver, const char *id, guint timeout_s, GError **error)
{
  return virt_fake_call (driver, act_thaw, id, NULL, error);
}

void
virt_fake_disk_fill (VirtDriverClass *class)
{
  class->disk_list = disk_list;
  class->disk_attach = disk_attach;
  class->disk_detach = disk_detach;
  class->disk_turn = disk_turn;
  class->disk_grow = disk_grow;
  class->disk_bound = disk_bound;
  class->disk_pull = disk_pull;
  class->disk_job = disk_job;
  class->disk_pull_end = disk_pull_end;
  class->disk_flush = disk_flush;
  class->freeze = freeze;
  class->thaw = thaw;
}

/* ---- staging ---- */

void
virt_fake_set_agent (VirtDriver *driver, gboolean has_agent)
{
  VirtFake *self = (VirtFake *) driver;

  g_mutex_lock (&self->lock);
  self->has_agent = has_agent;
  g_mutex_unlock (&self->lock);
}

void
virt_fake_set_agent_mute (VirtDriver *driver, gboolean is_mute)
{
  VirtFake *self = (VirtFake *) driver;

  g_mutex_lock (&self->lock);
  self->is_agent_mute = is_mute;
  g_mutex_unlock (&self->lock);
}

gboolean
virt_fake_is_frozen (VirtDriver *driver, const char *id)
{
  VirtFake *self = (VirtFake *) driver;
  const VirtFakeDomain *domain;
  gboolean is_frozen;

  g_mutex_lock (&self->lock);
  domain = g_hash_table_lookup (self->domains, id);
  is_frozen = domain != NULL && domain->is_frozen;
  g_mutex_unlock (&self->lock);
  return is_frozen;
}

void
virt_fake_set_lingering (VirtDriver *driver, gboolean is_lingering)
{
  VirtFake *self = (VirtFake *) driver;

  g_mutex_lock (&self->lock);
  self->is_lingering = is_lingering;
  g_mutex_unlock (&self->lock);
}

guint
virt_fake_finish_pulls (VirtDriver *driver, const char *id)
{
  VirtFake *self = (VirtFake *) driver;
  const VirtFakeDomain *domain;
  guint count = 0;

  g_mutex_lock (&self->lock);
  domain = g_hash_table_lookup (self->domains, id);
  for (guint i = 0; domain != NULL && i < domain->disks->len; i++)
    {
      VirtFakeDisk *disk = g_ptr_array_index (domain->disks, i);

      if (!disk->is_pulling)
        continue;
      finish_pull (self, id, disk);
      count++;
    }
  g_mutex_unlock (&self->lock);
  return count;
}

VirtDisk *
virt_fake_disk (VirtDriver *driver, const char *id, const char *serial, guint64 *out_bytes)
{
  VirtFake *self = (VirtFake *) driver;
  const VirtFakeDisk *disk;
  VirtDisk *copy = NULL;

  g_mutex_lock (&self->lock);
  disk = find (g_hash_table_lookup (self->domains, id), serial);
  if (disk != NULL)
    {
      copy = virt_disk_copy (disk->disk);
      if (out_bytes != NULL)
        *out_bytes = disk->virtual_bytes;
    }
  g_mutex_unlock (&self->lock);
  return copy;
}
