/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Specs and waiting. */
#include "virt-test.h"

#define EVENT_MS 20000
#define STATE_MS 60000

VirtSpec *
spec_new (const char *id)
{
  VirtSpec *spec = virt_spec_new ();

  spec->id = g_strdup (id);
  spec->uuid = g_uuid_string_random ();
  spec->title = g_strdup ("a title");
  spec->vcpus = 1;
  spec->memory_mib = 96;
  spec->console_log = g_strdup_printf ("/var/lib/vmmd/console/%s.log", id);
  spec->vnc_socket = g_strdup_printf ("/run/vmmd/vnc/%s", id);
  return spec;
}

void
spec_add_disk (VirtSpec *spec, const char *target, const char *serial, const char *first, ...)
{
  VirtDisk *disk = g_new0 (VirtDisk, 1);
  va_list paths;

  disk->target = g_strdup (target);
  disk->serial = g_strdup (serial);
  disk->is_boot = spec->disks->len == 0;
  disk->chain = g_ptr_array_new_with_free_func (g_free);
  va_start (paths, first);
  for (const char *path = first; path != NULL; path = va_arg (paths, const char *))
    g_ptr_array_add (disk->chain, g_strdup (path));
  va_end (paths);
  g_ptr_array_add (spec->disks, disk);
}

void
spec_add_nic (VirtSpec *spec, const char *tap, const char *mac, guint mtu)
{
  VirtNic *nic = g_new0 (VirtNic, 1);

  nic->tap = g_strdup (tap);
  nic->mac = g_strdup (mac);
  nic->mtu = mtu;
  g_ptr_array_add (spec->nics, nic);
}

void
assert_error (const GError *error, VmmError code)
{
  assert_non_null (error);
  assert_int_equal (error->domain, VMM_ERROR);
  if (error->code != (int) code)
    fail_msg ("unexpected error: %s", error->message);
}

void
assert_fact (VirtDriver *driver, const char *id, VirtState state, int reason)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (VirtFact) fact = driver->class->get (driver, id, &error);

  assert_null (error);
  assert_non_null (fact);
  assert_string_equal (fact->id, id);
  assert_int_equal (fact->state, state);
  if (reason >= 0)
    assert_int_equal (fact->reason, reason);
}

struct Listener
{
  GMutex lock;
  GCond changed;
  GHashTable *counts; /* char* → count */
  guint total;
};

static const char *
key_of (const char *id)
{
  return id != NULL ? id : "";
}

static void
note (const char *id, gpointer data)
{
  Listener *listener = data;
  guint count;

  g_mutex_lock (&listener->lock);
  count = GPOINTER_TO_UINT (g_hash_table_lookup (listener->counts, key_of (id)));
  listener->total++;
  g_hash_table_replace (listener->counts, g_strdup (key_of (id)), GUINT_TO_POINTER (count + 1));
  g_cond_broadcast (&listener->changed);
  g_mutex_unlock (&listener->lock);
}

Listener *
listener_new (VirtDriver *driver)
{
  Listener *listener = g_new0 (Listener, 1);

  g_mutex_init (&listener->lock);
  g_cond_init (&listener->changed);
  listener->counts = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  driver->class->set_event_func (driver, note, listener);
  return listener;
}

void
listener_free (Listener *listener, VirtDriver *driver)
{
  driver->class->set_event_func (driver, NULL, NULL);
  g_mutex_clear (&listener->lock);
  g_cond_clear (&listener->changed);
  g_hash_table_unref (listener->counts);
  g_free (listener);
}

guint
listener_count (Listener *listener, const char *id)
{
  guint count;

  g_mutex_lock (&listener->lock);
  count = GPOINTER_TO_UINT (g_hash_table_lookup (listener->counts, key_of (id)));
  g_mutex_unlock (&listener->lock);
  return count;
}

/* The number of all events so far. */
static guint
total (Listener *listener)
{
  guint count;

  g_mutex_lock (&listener->lock);
  count = listener->total;
  g_mutex_unlock (&listener->lock);
  return count;
}

/* Waits until there were more than @before events; FALSE when @end_us comes first. */
static gboolean
wait_for_any (Listener *listener, guint before, gint64 end_us)
{
  gboolean is_in_time = TRUE;

  g_mutex_lock (&listener->lock);
  while (listener->total <= before && is_in_time)
    is_in_time = g_cond_wait_until (&listener->changed, &listener->lock, end_us);
  g_mutex_unlock (&listener->lock);
  return is_in_time;
}

static gint64
after_ms (guint ms)
{
  return g_get_monotonic_time () + (gint64) ms * 1000;
}

gboolean
listener_wait_until (Listener *listener, const char *id, guint before, gint64 end_us)
{
  for (guint seen = total (listener); listener_count (listener, id) <= before;
       seen = total (listener))
    if (!wait_for_any (listener, seen, end_us) && listener_count (listener, id) <= before)
      return FALSE;
  return TRUE;
}

void
listener_wait (Listener *listener, const char *id, guint before)
{
  if (!listener_wait_until (listener, id, before, after_ms (EVENT_MS)))
    fail_msg ("no event about '%s'", key_of (id));
}

/* Looks only when an event came: that is what the driver promises to suffice. */
void
wait_for_state (Listener *listener, VirtDriver *driver, const char *id, VirtState state)
{
  gint64 end_us = after_ms (STATE_MS);

  for (;;)
    {
      guint seen = total (listener);
      g_autoptr (VirtFact) fact = driver->class->get (driver, id, NULL);

      if (fact != NULL && fact->state == state)
        return;
      if (!wait_for_any (listener, seen, end_us))
        fail_msg ("'%s' did not come to state %d", id, state);
    }
}

void
wait_for_connection (Listener *listener, VirtDriver *driver, gboolean is_connected)
{
  gint64 end_us = after_ms (STATE_MS);

  for (;;)
    {
      guint seen = total (listener);

      if (driver->class->is_connected (driver) == is_connected)
        return;
      if (!wait_for_any (listener, seen, end_us))
        fail_msg ("the driver did not become %s", is_connected ? "connected" : "away");
    }
}
