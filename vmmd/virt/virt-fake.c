/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A driver that only remembers, and keeps the same promises as the real one. */
#include "config.h"

#include "virt-fake-priv.h"
#include "virt-fake.h"

#include "virt-domain-xml.h"
#include "virt-facts.h"
#include <string.h>

/* Wakes the event thread to end. */
#define END_OF_EVENTS ""
/* What the event thread reports as NULL, which a queue cannot carry. */
#define CONNECTION_EVENT "*"
#define KEY_STATE "state"
#define KEY_REASON "reason"
#define KEY_NIC "nic-"

static void
free_domain (gpointer data)
{
  VirtFakeDomain *domain = data;

  virt_spec_free (domain->spec);
  g_ptr_array_unref (domain->disks);
  g_hash_table_unref (domain->nics);
  g_free (domain);
}

static VirtFakeDomain *
new_domain (void)
{
  VirtFakeDomain *domain = g_new0 (VirtFakeDomain, 1);

  domain->nics = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  domain->disks = g_ptr_array_new_with_free_func ((GDestroyNotify) virt_fake_disk_free);
  return domain;
}

static void
set_nic (VirtFakeDomain *domain, const char *tap, VirtFakeNicState state)
{
  g_hash_table_replace (domain->nics, g_strdup (tap), GINT_TO_POINTER (state));
}

static VirtFakeNicState
nic_state (const VirtFakeDomain *domain, const char *tap)
{
  return (VirtFakeNicState) GPOINTER_TO_INT (g_hash_table_lookup (domain->nics, tap));
}

static gpointer
deliver_events (gpointer data)
{
  VirtFake *self = data;

  for (;;)
    {
      g_autofree char *id = g_async_queue_pop (self->events);

      if (g_str_equal (id, END_OF_EVENTS))
        return NULL;
      g_mutex_lock (&self->event_lock);
      if (self->event_func != NULL)
        self->event_func (g_str_equal (id, CONNECTION_EVENT) ? NULL : id, self->event_data);
      g_mutex_unlock (&self->event_lock);
    }
}

static void
save_nics (GKeyFile *file, const char *id, const VirtFakeDomain *domain)
{
  GHashTableIter iter;
  gpointer tap, state;

  g_hash_table_iter_init (&iter, domain->nics);
  while (g_hash_table_iter_next (&iter, &tap, &state))
    {
      g_autofree char *key = g_strconcat (KEY_NIC, tap, NULL);

      g_key_file_set_integer (file, id, key, GPOINTER_TO_INT (state));
    }
}

void
virt_fake_save (VirtFake *self)
{
  g_autoptr (GKeyFile) file = g_key_file_new ();
  GHashTableIter iter;
  gpointer id, domain;

  if (self->path == NULL)
    return;
  g_hash_table_iter_init (&iter, self->domains);
  while (g_hash_table_iter_next (&iter, &id, &domain))
    {
      g_key_file_set_integer (file, id, KEY_STATE, (int) ((VirtFakeDomain *) domain)->state);
      g_key_file_set_integer (file, id, KEY_REASON, (int) ((VirtFakeDomain *) domain)->reason);
      save_nics (file, id, domain);
      virt_fake_disk_save (file, id, domain);
    }
  g_key_file_save_to_file (file, self->path, NULL);
}

void
virt_fake_emit (VirtFake *self, const char *id)
{
  if (!self->is_away)
    g_async_queue_push (self->events, g_strdup (id));
}

static void
move (VirtFake *self, const char *id, VirtFakeDomain *domain, VirtState state, VirtReason reason)
{
  domain->state = state;
  domain->reason = reason;
  if (state == VIRT_OFF)
    {
      g_hash_table_remove_all (domain->nics);
      g_ptr_array_set_size (domain->disks, 0);
      domain->is_frozen = FALSE;
    }
  virt_fake_save (self);
  virt_fake_emit (self, id);
}

gboolean
virt_fake_is_active (const VirtFakeDomain *domain)
{
  return domain != NULL && domain->state != VIRT_OFF;
}

/* ---- the frame of every call: delay, failures, absence ---- */

static void
wait_delay (VirtFake *self)
{
  gint64 end_us = g_get_monotonic_time () + (gint64) self->delay_ms * 1000;

  while (self->delay_ms > 0 && g_cond_wait_until (&self->ended, &self->lock, end_us))
    ;
}

static gboolean
frame (VirtFake *self, VirtFakeAct act, const char *id, gpointer data, GError **error)
{
  gboolean is_hit = ++self->calls == self->fail_at;

  wait_delay (self);
  if (self->is_away)
    return vmm_fail (error, VMM_ERROR_VIRT_AWAY, "the fake libvirtd is away");
  if (!is_hit)
    return act (self, id, data, error);
  if (self->failure == (guint) VIRT_FAKE_AFTER)
    act (self, id, data, NULL);
  return vmm_fail (error, self->code, "the fake was told to fail call %u", self->calls);
}

gboolean
virt_fake_call (VirtDriver *driver, VirtFakeAct act, const char *id, gpointer data, GError **error)
{
  VirtFake *self = (VirtFake *) driver;
  gboolean is_success;

  g_mutex_lock (&self->lock);
  is_success = frame (self, act, id, data, error);
  g_mutex_unlock (&self->lock);
  return is_success;
}

/* ---- the calls ---- */

static gboolean
act_start_paused (VirtFake *self, const char *id, gpointer data, GError **error)
{
  VirtFakeDomain *domain = g_hash_table_lookup (self->domains, id);

  if (virt_fake_is_active (domain))
    return TRUE;
  if (domain == NULL)
    {
      domain = new_domain ();
      g_hash_table_insert (self->domains, g_strdup (id), domain);
    }
  virt_spec_free (domain->spec);
  domain->spec = virt_spec_copy (data);
  for (guint i = 0; i < domain->spec->nics->len; i++)
    set_nic (domain, ((const VirtNic *) g_ptr_array_index (domain->spec->nics, i))->tap, NIC_UP);
  virt_fake_disk_start (domain);
  domain->cpu_ns = 0;
  move (self, id, domain, VIRT_PAUSED, VIRT_REASON_UNKNOWN);
  return TRUE;
}

VirtFakeDomain *
virt_fake_find_active (VirtFake *self, const char *id, GError **error)
{
  VirtFakeDomain *domain = g_hash_table_lookup (self->domains, id);

  if (virt_fake_is_active (domain))
    return domain;
  vmm_fail (error, VMM_ERROR_VIRT_FAILED, "fake domain '%s' is not active", id);
  return NULL;
}

static gboolean
act_resume (VirtFake *self, const char *id, gpointer data, GError **error)
{
  VirtFakeDomain *domain = virt_fake_find_active (self, id, error);

  if (domain != NULL && domain->state != VIRT_RUNNING)
    move (self, id, domain, VIRT_RUNNING, VIRT_REASON_UNKNOWN);
  return domain != NULL;
}

static gboolean
act_shutdown (VirtFake *self, const char *id, gpointer data, GError **error)
{
  VirtFakeDomain *domain = g_hash_table_lookup (self->domains, id);

  if (domain != NULL && domain->state == VIRT_RUNNING && !self->is_disobedient)
    move (self, id, domain, VIRT_OFF, VIRT_REASON_SHUTDOWN);
  return TRUE;
}

static gboolean
act_destroy (VirtFake *self, const char *id, gpointer data, GError **error)
{
  VirtFakeDomain *domain = g_hash_table_lookup (self->domains, id);

  if (virt_fake_is_active (domain))
    move (self, id, domain, VIRT_OFF, VIRT_REASON_DESTROYED);
  return TRUE;
}

static gboolean
act_reset (VirtFake *self, const char *id, gpointer data, GError **error)
{
  return virt_fake_find_active (self, id, error) != NULL;
}

static gboolean
act_undefine (VirtFake *self, const char *id, gpointer data, GError **error)
{
  if (virt_fake_is_active (g_hash_table_lookup (self->domains, id)))
    return vmm_fail (error, VMM_ERROR_VIRT_FAILED, "fake domain '%s' is not off", id);
  if (g_hash_table_remove (self->domains, id))
    virt_fake_save (self);
  return TRUE;
}

static gboolean
act_get (VirtFake *self, const char *id, gpointer data, GError **error)
{
  const VirtFakeDomain *domain = g_hash_table_lookup (self->domains, id);

  *(VirtFact **) data = domain != NULL ? virt_fact_new (id, domain->state, domain->reason)
                                       : virt_fact_new (id, VIRT_ABSENT, VIRT_REASON_UNKNOWN);
  return TRUE;
}

static gboolean
act_list (VirtFake *self, const char *none, gpointer data, GError **error)
{
  GHashTableIter iter;
  gpointer id, domain;

  g_hash_table_iter_init (&iter, self->domains);
  while (g_hash_table_iter_next (&iter, &id, &domain))
    g_ptr_array_add (data, virt_fact_new (id, ((VirtFakeDomain *) domain)->state,
                                          ((VirtFakeDomain *) domain)->reason));
  return TRUE;
}

/* ---- interfaces ---- */

/* What a call on one is about. */
typedef struct
{
  const VirtNic *nic; /* of an attach */
  const char *tap;
  gboolean is_up, is_gone;
} NicCall;

static gboolean
act_nic_list (VirtFake *self, const char *id, gpointer data, GError **error)
{
  const VirtFakeDomain *domain = g_hash_table_lookup (self->domains, id);
  GHashTableIter iter;
  gpointer tap, state;

  if (!virt_fake_is_active (domain))
    return TRUE;
  g_hash_table_iter_init (&iter, domain->nics);
  while (g_hash_table_iter_next (&iter, &tap, &state))
    g_ptr_array_add (data, virt_nic_fact_new (tap, GPOINTER_TO_INT (state) != NIC_DOWN));
  return TRUE;
}

/* The definition has what a restart would start with; a fake taken up from a file has none. */
static void
define_nic (VirtFakeDomain *domain, const VirtNic *nic)
{
  VirtNic *copy;

  if (domain->spec == NULL)
    return;
  for (guint i = 0; i < domain->spec->nics->len; i++)
    if (g_str_equal (((const VirtNic *) g_ptr_array_index (domain->spec->nics, i))->tap, nic->tap))
      return;
  copy = g_new0 (VirtNic, 1);
  copy->tap = g_strdup (nic->tap);
  copy->mac = g_strdup (nic->mac);
  copy->mtu = nic->mtu;
  g_ptr_array_add (domain->spec->nics, copy);
}

static void
forget_nic (VirtFakeDomain *domain, const char *tap)
{
  if (domain->spec == NULL)
    return;
  for (guint i = domain->spec->nics->len; i > 0; i--)
    if (g_str_equal (((const VirtNic *) g_ptr_array_index (domain->spec->nics, i - 1))->tap, tap))
      g_ptr_array_remove_index (domain->spec->nics, i - 1);
}

static gboolean
act_nic_attach (VirtFake *self, const char *id, gpointer data, GError **error)
{
  const NicCall *what = data;
  VirtFakeDomain *domain = virt_fake_find_active (self, id, error);

  if (domain == NULL)
    return FALSE;
  define_nic (domain, what->nic);
  if (nic_state (domain, what->nic->tap) == 0)
    {
      set_nic (domain, what->nic->tap, NIC_DOWN);
      virt_fake_save (self);
    }
  return TRUE;
}

static gboolean
act_nic_link (VirtFake *self, const char *id, gpointer data, GError **error)
{
  const NicCall *what = data;
  VirtFakeDomain *domain = virt_fake_find_active (self, id, error);
  VirtFakeNicState state;

  if (domain == NULL)
    return FALSE;
  state = nic_state (domain, what->tap);
  if (state == 0)
    return vmm_fail (error, VMM_ERROR_VIRT_FAILED, "fake domain '%s' has no interface '%s'", id,
                     what->tap);
  if (state != NIC_LEAVING)
    set_nic (domain, what->tap, what->is_up ? NIC_UP : NIC_DOWN);
  virt_fake_save (self);
  return TRUE;
}

/* The answer comes first, then the guest's consent with its event, as with a real one. */
static gboolean
act_nic_detach (VirtFake *self, const char *id, gpointer data, GError **error)
{
  NicCall *what = data;
  VirtFakeDomain *domain = g_hash_table_lookup (self->domains, id);

  if (domain != NULL)
    forget_nic (domain, what->tap);
  what->is_gone = !virt_fake_is_active (domain) || nic_state (domain, what->tap) == 0;
  if (what->is_gone)
    return TRUE;
  if (domain->state == VIRT_RUNNING && !self->is_clinging)
    {
      g_hash_table_remove (domain->nics, what->tap);
      if (!self->is_away)
        g_async_queue_push (self->events, g_strdup (id));
    }
  else
    set_nic (domain, what->tap, NIC_LEAVING);
  virt_fake_save (self);
  return TRUE;
}

static void
free_nic_fact (gpointer fact)
{
  virt_nic_fact_free (fact);
}

static GPtrArray *
nic_list (VirtDriver *driver, const char *id, GError **error)
{
  g_autoptr (GPtrArray) facts = g_ptr_array_new_with_free_func (free_nic_fact);

  return virt_fake_call (driver, act_nic_list, id, facts, error) ? g_steal_pointer (&facts) : NULL;
}

static gboolean
nic_attach (VirtDriver *driver, const char *id, const VirtNic *nic, GError **error)
{
  NicCall what = { .nic = nic };
  g_autofree char *xml = virt_domain_xml_nic (id, nic, FALSE, error);

  return xml != NULL && virt_fake_call (driver, act_nic_attach, id, &what, error);
}

static gboolean
nic_link (VirtDriver *driver, const char *id, const char *tap, gboolean is_up, GError **error)
{
  NicCall what = { .tap = tap, .is_up = is_up };

  return virt_fake_call (driver, act_nic_link, id, &what, error);
}

static gboolean
nic_detach (VirtDriver *driver, const char *id, const char *tap, gboolean *out_gone, GError **error)
{
  NicCall what = { .tap = tap };

  if (!virt_fake_call (driver, act_nic_detach, id, &what, error))
    return FALSE;
  *out_gone = what.is_gone;
  return TRUE;
}

static gboolean
start_paused (VirtDriver *driver, const VirtSpec *spec, GError **error)
{
  const VirtDomainXmlOptions options = { .is_kvm = FALSE };
  g_autofree char *xml = virt_domain_xml (spec, &options, error);

  /* A spec that the real driver would refuse is refused here, too. */
  return xml != NULL && virt_fake_call (driver, act_start_paused, spec->id, (gpointer) spec, error);
}

static gboolean
resume (VirtDriver *driver, const char *id, GError **error)
{
  return virt_fake_call (driver, act_resume, id, NULL, error);
}

static gboolean
shut_down (VirtDriver *driver, const char *id, GError **error)
{
  return virt_fake_call (driver, act_shutdown, id, NULL, error);
}

static gboolean
destroy (VirtDriver *driver, const char *id, GError **error)
{
  return virt_fake_call (driver, act_destroy, id, NULL, error);
}

static gboolean
reset (VirtDriver *driver, const char *id, GError **error)
{
  return virt_fake_call (driver, act_reset, id, NULL, error);
}

static gboolean
undefine (VirtDriver *driver, const char *id, GError **error)
{
  return virt_fake_call (driver, act_undefine, id, NULL, error);
}

static VirtFact *
get (VirtDriver *driver, const char *id, GError **error)
{
  g_autoptr (VirtFact) fact = NULL;

  return virt_fake_call (driver, act_get, id, &fact, error) ? g_steal_pointer (&fact) : NULL;
}

static void
free_fact (gpointer fact)
{
  virt_fact_free (fact);
}

static GPtrArray *
list (VirtDriver *driver, GError **error)
{
  g_autoptr (GPtrArray) facts = g_ptr_array_new_with_free_func (free_fact);

  return virt_fake_call (driver, act_list, NULL, facts, error) ? g_steal_pointer (&facts) : NULL;
}

static const char *
accelerator (VirtDriver *driver, const char **out_why)
{
  *out_why = "this driver only remembers";
  return "tcg";
}

static gboolean
is_connected (VirtDriver *driver)
{
  VirtFake *self = (VirtFake *) driver;
  gboolean is_away;

  g_mutex_lock (&self->lock);
  is_away = self->is_away;
  g_mutex_unlock (&self->lock);
  return !is_away;
}

static void
set_event_func (VirtDriver *driver, VirtEventFunc func, gpointer data)
{
  VirtFake *self = (VirtFake *) driver;

  g_mutex_lock (&self->event_lock);
  self->event_func = func;
  self->event_data = data;
  g_mutex_unlock (&self->event_lock);
}

static void
free_driver (VirtDriver *driver)
{
  VirtFake *self = (VirtFake *) driver;

  g_async_queue_push (self->events, g_strdup (END_OF_EVENTS));
  g_thread_join (self->thread);
  g_async_queue_unref (self->events);
  g_hash_table_unref (self->domains);
  g_free (self->path);
  g_mutex_clear (&self->lock);
  g_cond_clear (&self->ended);
  g_mutex_clear (&self->event_lock);
  g_free (self);
}

static const VirtDriverClass fake_class = {
  .start_paused = start_paused,
  .resume = resume,
  .shutdown = shut_down,
  .destroy = destroy,
  .reset = reset,
  .undefine = undefine,
  .get = get,
  .list = list,
  .use = virt_fake_use,
  .nic_list = nic_list,
  .nic_attach = nic_attach,
  .nic_link = nic_link,
  .nic_detach = nic_detach,
  .accelerator = accelerator,
  .is_connected = is_connected,
  .set_event_func = set_event_func,
  .free = free_driver,
};

VirtDriver *
virt_fake_new (void)
{
  VirtFake *self = g_new0 (VirtFake, 1);

  self->class = fake_class;
  virt_fake_disk_fill (&self->class);
  self->base.class = &self->class;
  self->events = g_async_queue_new_full (g_free);
  self->domains = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, free_domain);
  g_mutex_init (&self->lock);
  g_cond_init (&self->ended);
  g_mutex_init (&self->event_lock);
  self->thread = g_thread_new ("virt-fake", deliver_events, self);
  return &self->base;
}

/* ---- staging ---- */

void
virt_fake_fail_call (VirtDriver *driver, guint n, VirtFakeFailure failure, VmmError code)
{
  VirtFake *self = (VirtFake *) driver;

  g_mutex_lock (&self->lock);
  self->fail_at = n == 0 ? 0 : self->calls + n;
  self->failure = failure;
  self->code = code;
  g_mutex_unlock (&self->lock);
}

guint
virt_fake_calls (VirtDriver *driver)
{
  VirtFake *self = (VirtFake *) driver;
  guint calls;

  g_mutex_lock (&self->lock);
  calls = self->calls;
  g_mutex_unlock (&self->lock);
  return calls;
}

void
virt_fake_set_delay_ms (VirtDriver *driver, guint delay_ms)
{
  VirtFake *self = (VirtFake *) driver;

  g_mutex_lock (&self->lock);
  self->delay_ms = delay_ms;
  g_mutex_unlock (&self->lock);
}

void
virt_fake_set_away (VirtDriver *driver, gboolean is_away)
{
  VirtFake *self = (VirtFake *) driver;

  g_mutex_lock (&self->lock);
  if (self->is_away != is_away)
    g_async_queue_push (self->events, g_strdup (CONNECTION_EVENT));
  self->is_away = is_away;
  g_mutex_unlock (&self->lock);
}

void
virt_fake_set_obedient (VirtDriver *driver, gboolean is_obedient)
{
  VirtFake *self = (VirtFake *) driver;

  g_mutex_lock (&self->lock);
  self->is_disobedient = !is_obedient;
  g_mutex_unlock (&self->lock);
}

void
virt_fake_set_clinging (VirtDriver *driver, gboolean is_clinging)
{
  VirtFake *self = (VirtFake *) driver;

  g_mutex_lock (&self->lock);
  self->is_clinging = is_clinging;
  g_mutex_unlock (&self->lock);
}

static gboolean
is_leaving (gpointer tap, gpointer state, gpointer data)
{
  return GPOINTER_TO_INT (state) == NIC_LEAVING;
}

guint
virt_fake_release (VirtDriver *driver, const char *id)
{
  VirtFake *self = (VirtFake *) driver;
  VirtFakeDomain *domain;
  guint count = 0;

  g_mutex_lock (&self->lock);
  domain = g_hash_table_lookup (self->domains, id);
  if (domain != NULL)
    count = g_hash_table_foreach_remove (domain->nics, is_leaving, NULL)
            + virt_fake_disk_release (domain);
  if (count > 0)
    virt_fake_emit (self, id);
  virt_fake_save (self);
  g_mutex_unlock (&self->lock);
  return count;
}

int
virt_fake_link (VirtDriver *driver, const char *id, const char *tap)
{
  VirtFake *self = (VirtFake *) driver;
  const VirtFakeDomain *domain;
  VirtFakeNicState state = 0;

  g_mutex_lock (&self->lock);
  domain = g_hash_table_lookup (self->domains, id);
  if (virt_fake_is_active (domain))
    state = nic_state (domain, tap);
  g_mutex_unlock (&self->lock);
  return state == 0 ? -1 : state != NIC_DOWN;
}

gboolean
virt_fake_stage (VirtDriver *driver, const char *id, VirtFakeEvent event)
{
  static const struct
  {
    VirtState state;
    VirtReason reason;
  } ends[] = {
    [VIRT_FAKE_POWEROFF] = { VIRT_OFF, VIRT_REASON_SHUTDOWN },
    [VIRT_FAKE_CRASH] = { VIRT_OFF, VIRT_REASON_CRASHED },
    [VIRT_FAKE_IO_ERROR] = { VIRT_PAUSED, VIRT_REASON_IO_ERROR },
  };
  VirtFake *self = (VirtFake *) driver;
  VirtFakeDomain *domain;
  gboolean found;

  g_mutex_lock (&self->lock);
  domain = g_hash_table_lookup (self->domains, id);
  found = virt_fake_is_active (domain);
  if (found)
    move (self, id, domain, ends[event].state, ends[event].reason);
  g_mutex_unlock (&self->lock);
  return found;
}

VirtSpec *
virt_fake_spec (VirtDriver *driver, const char *id)
{
  VirtFake *self = (VirtFake *) driver;
  const VirtFakeDomain *domain;
  VirtSpec *copy = NULL;

  g_mutex_lock (&self->lock);
  domain = g_hash_table_lookup (self->domains, id);
  if (domain != NULL && domain->spec != NULL)
    copy = virt_spec_copy (domain->spec);
  g_mutex_unlock (&self->lock);
  return copy;
}

static void
take_up_nics (GKeyFile *file, const char *id, VirtFakeDomain *domain)
{
  g_auto (GStrv) keys = g_key_file_get_keys (file, id, NULL, NULL);

  for (char **key = keys; key != NULL && *key != NULL; key++)
    if (g_str_has_prefix (*key, KEY_NIC))
      set_nic (domain, *key + strlen (KEY_NIC),
               (VirtFakeNicState) g_key_file_get_integer (file, id, *key, NULL));
}

static void
take_up (VirtFake *self, GKeyFile *file)
{
  g_auto (GStrv) ids = g_key_file_get_groups (file, NULL);

  for (char **id = ids; *id != NULL; id++)
    {
      VirtFakeDomain *domain = new_domain ();

      take_up_nics (file, *id, domain);
      virt_fake_disk_take_up (file, *id, domain);
      domain->state = (VirtState) g_key_file_get_integer (file, *id, KEY_STATE, NULL);
      domain->reason = (VirtReason) g_key_file_get_integer (file, *id, KEY_REASON, NULL);
      g_hash_table_replace (self->domains, g_strdup (*id), domain);
    }
}

gboolean
virt_fake_keep_in (VirtDriver *driver, const char *path, GError **error)
{
  VirtFake *self = (VirtFake *) driver;
  g_autoptr (GKeyFile) file = g_key_file_new ();

  if (g_file_test (path, G_FILE_TEST_EXISTS)
      && !g_key_file_load_from_file (file, path, G_KEY_FILE_NONE, error))
    return FALSE;
  g_mutex_lock (&self->lock);
  take_up (self, file);
  g_free (self->path);
  self->path = g_strdup (path);
  g_mutex_unlock (&self->lock);
  return TRUE;
}
