/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Fakes, executor, and what must be true of both whenever nothing is being done. */
#include "world-host.h"
#include "ops-image.h"
#include "store-image.h"
#include "store-instance.h"
#include "store-nat.h"
#include "store-network.h"
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#define PATIENCE_US (30 * G_USEC_PER_SEC)
#define LOOK_US 1000

static void
pass_kick (World *w, const char *id)
{
  work_kick (w->host->work, id);
}

static void
on_virt_event (const char *id, gpointer data)
{
  World *w = data;

  if (id != NULL)
    work_notice (w->host->work, id);
  else
    work_kick (w->host->work, WORK_RECONCILE);
  g_atomic_int_inc (id == NULL ? &w->host->connections : &w->host->events);
}

void
host_start (World *w)
{
  WorkParts parts = { &w->ctx, w->host->virt, w->host->net, w->host->img };

  w->host->work = work_new (&parts);
  w->pass_kick = pass_kick;
  w->host->virt->class->set_event_func (w->host->virt, on_virt_event, w);
  work_start (w->host->work);
}

void
host_stop (World *w)
{
  w->host->virt->class->set_event_func (w->host->virt, NULL, NULL);
  work_stop (w->host->work);
  w->pass_kick = NULL;
  g_clear_pointer (&w->host->work, work_free);
}

int
host_set_up (void **state)
{
  World *w;

  world_set_up (state);
  w = *state;
  img_error_quark ();
  netctl_error_quark ();
  w->host = g_new0 (WorldHost, 1);
  w->host->virt = virt_fake_new ();
  w->host->net = netctl_fake_new ();
  w->host->img = img_fake_new ();
  host_start (w);
  w->host->image = host_import (w, 1);
  return 0;
}

int
host_tear_down (void **state)
{
  World *w = *state;

  if (w->host->work != NULL)
    host_stop (w);
  virt_driver_free (w->host->virt);
  netctl_free (w->host->net);
  img_store_free (w->host->img);
  g_clear_pointer (&w->host, g_free);
  return world_tear_down (state);
}

/* ---- waiting ---- */

/* Whatever waits for its next attempt, or for a reason to look, looks now. */
static void
hurry (World *w)
{
  g_autoptr (StoreTxn) txn = store_begin_read (w->ctx.store, NULL);
  g_autoptr (GPtrArray) instances = store_instance_ids (txn, w->ctx.host_id, TRUE, NULL);
  g_autoptr (GPtrArray) images = store_image_working (txn, NULL);
  g_autoptr (GPtrArray) deleting = store_nic_deleting (txn, NULL);
  g_autoptr (GPtrArray) nics = store_nic_list_host (txn, w->ctx.host_id, NULL);
  g_autoptr (GPtrArray) vpcs = store_public_working (txn, NULL);

  work_kick (w->host->work, WORK_LAYERS);
  for (guint i = 0; i < vpcs->len; i++)
    work_kick (w->host->work, g_ptr_array_index (vpcs, i));
  for (guint i = 0; i < deleting->len; i++)
    work_kick (w->host->work, g_ptr_array_index (deleting, i));
  for (guint i = 0; i < nics->len; i++)
    work_kick (w->host->work, ((const VmmNic *) g_ptr_array_index (nics, i))->id);
  for (guint i = 0; i < instances->len; i++)
    work_kick (w->host->work, g_ptr_array_index (instances, i));
  for (guint i = 0; i < images->len; i++)
    work_kick (w->host->work, g_ptr_array_index (images, i));
}

/* A kick ends the wait early; all else is seen within a millisecond. */
static void
look_again_soon (World *w)
{
  g_mutex_lock (&w->lock);
  g_cond_wait_until (&w->kicked, &w->lock, g_get_monotonic_time () + LOOK_US);
  g_mutex_unlock (&w->lock);
}

static void
await (World *w, HostCondition condition, gconstpointer data, const char *what, gboolean hurries)
{
  gint64 end_us = g_get_monotonic_time () + PATIENCE_US;

  for (;;)
    {
      gboolean is_idle = work_is_idle (w->host->work);

      if (is_idle && condition (w, data) && work_is_idle (w->host->work))
        return;
      if (g_get_monotonic_time () > end_us)
        fail_msg ("waited in vain until %s", what);
      if (is_idle && hurries)
        hurry (w);
      look_again_soon (w);
    }
}

void
host_settle (World *w, HostCondition condition, gconstpointer data, const char *what)
{
  await (w, condition, data, what, TRUE);
}

void
host_wait (World *w, HostCondition condition, gconstpointer data, const char *what)
{
  await (w, condition, data, what, FALSE);
}

typedef struct
{
  const char *id;
  VmmInstanceState state;
} Wanted;

static gboolean
is_in_state (World *w, gconstpointer data)
{
  const Wanted *wanted = data;

  return world_state (w, wanted->id) == wanted->state;
}

static void
await_state (World *w, const char *id, VmmInstanceState state, gboolean hurries)
{
  const Wanted wanted = { id, state };
  g_autofree char *what = g_strdup_printf ("%s is %s", id, vmm_instance_state_to_string (state));

  await (w, is_in_state, &wanted, what, hurries);
}

void
host_settle_state (World *w, const char *id, VmmInstanceState state)
{
  await_state (w, id, state, TRUE);
}

void
host_wait_state (World *w, const char *id, VmmInstanceState state)
{
  await_state (w, id, state, FALSE);
}

static gboolean
nothing_works (World *w, gconstpointer data)
{
  return world_query (w, "SELECT (SELECT count(*) FROM instance WHERE deadline_ms > 0)"
                         " + (SELECT count(*) FROM nic WHERE deadline_ms > 0)"
                         " + (SELECT count(*) FROM nic n JOIN instance i ON i.id=n.instance_id"
                         "    LEFT JOIN net_applied a ON a.object_id=n.id WHERE i.state='running'"
                         "    AND coalesce (a.generation, 0) <> n.generation)"
                         " + (SELECT count(*) FROM eip WHERE deadline_ms > 0)"
                         " + (SELECT count(*) FROM disk WHERE deadline_ms > 0 OR want_bytes > 0"
                         "    OR next_layer_id IS NOT NULL)"
                         " + (SELECT count(*) FROM image WHERE state IN ('creating', 'deleting'))")
         == 0;
}

void
host_settle_all (World *w)
{
  host_settle (w, nothing_works, NULL, "nothing is in a state that implies work");
}

void
host_wait_rows (World *w)
{
  gint64 end_us = g_get_monotonic_time () + PATIENCE_US;

  while (!nothing_works (w, NULL))
    {
      if (g_get_monotonic_time () > end_us)
        fail_msg ("waited in vain until the rows are at rest");
      look_again_soon (w);
    }
}

static gboolean
always (World *w, gconstpointer data)
{
  return TRUE;
}

void
host_wait_idle (World *w)
{
  host_wait (w, always, NULL, "nothing runs");
}

static gboolean
has_heard (World *w, gconstpointer data)
{
  return g_atomic_int_get (&w->host->connections) > GPOINTER_TO_INT (data);
}

void
host_set_away (World *w, gboolean is_away)
{
  gint before = g_atomic_int_get (&w->host->connections);

  virt_fake_set_away (w->host->virt, is_away);
  host_wait (w, has_heard, GINT_TO_POINTER (before), "the driver speaks of its connection");
}

/* ---- doing ---- */

static gboolean
is_available (World *w, gconstpointer data)
{
  g_autofree char *sql = g_strdup_printf (
      "SELECT count(*) FROM image WHERE state='available' AND id='%s'", (const char *) data);

  return world_query (w, sql) == 1;
}

const char *
host_raw_file (World *w, guint gib)
{
  g_autofree char *name = g_strdup_printf ("file-%u.raw", w->strings->len);
  const char *path = world_path (w, name);
  int fd = open (path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);

  assert_true (fd >= 0);
  assert_int_equal (ftruncate (fd, (off_t) (gib * WORLD_GIB)), 0);
  close (fd);
  return path;
}

const char *
host_import (World *w, guint gib)
{
  g_autofree char *name = g_strdup_printf ("image-%u", w->strings->len);
  OpsImageSpec spec = { .file = host_raw_file (w, gib), .format = "raw", .name = name };
  g_autoptr (GError) error = NULL;
  const char *id = world_keep (w, ops_image_import (&w->ctx, &w->admin, &spec, &error));

  assert_no_error (error);
  host_settle (w, is_available, id, "the image is available");
  return id;
}

const char *
host_create (World *w, const VmmCaller *caller, const OpsInstanceSpec *spec)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) ids = ops_instance_create (&w->ctx, caller, spec, &error);

  assert_no_error (error);
  return world_keep (w, g_strdup (g_ptr_array_index (ids, 0)));
}

const char *
host_run (World *w)
{
  OpsInstanceSpec spec = world_spec (w->host->image);
  const char *id = host_create (w, &w->alice, &spec);

  host_settle_state (w, id, VMM_INSTANCE_RUNNING);
  return id;
}

const char *
host_create_stopped (World *w)
{
  OpsInstanceSpec spec = world_spec (w->host->image);
  const char *id;

  spec.boot = FALSE;
  id = host_create (w, &w->alice, &spec);
  host_settle_state (w, id, VMM_INSTANCE_STOPPED);
  return id;
}

void
host_delete (World *w, const char *id)
{
  const char *ids[] = { id, NULL };
  g_autoptr (GError) error = NULL;

  if (world_state (w, id) == VMM_INSTANCE_GONE)
    return;
  ops_instance_delete (&w->ctx, &w->alice, ids, TRUE, &error);
  assert_no_error (error);
  host_settle_state (w, id, VMM_INSTANCE_GONE);
}

/* ---- looking ---- */

VirtState
host_fact (World *w, const char *id)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (VirtFact) fact = w->host->virt->class->get (w->host->virt, id, &error);

  assert_no_error (error);
  return fact->state;
}

const char *
host_last_reason (World *w, const char *id)
{
  VmmPage page = { .number = 1, .size = 1 };
  g_auto (VmmPageInfo) info = { 0 };
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) events = ops_instance_events (&w->ctx, &w->alice, id, &page, &info, &error);

  assert_no_error (error);
  assert_int_equal (events->len, 1);
  return world_keep (w, g_strdup (((OpsInstanceEvent *) g_ptr_array_index (events, 0))->reason));
}

guint
host_events (World *w, const char *id, VmmInstanceEvent event)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (StoreTxn) txn = store_begin_read (w->ctx.store, &error);
  guint count = 0;

  assert_no_error (error);
  store_event_count (txn, id, event, 0, &count, &error);
  assert_no_error (error);
  return count;
}

/* The generation of an object that the host has in force; 0 for none. */
static guint64
applied_of (World *w, const char *id)
{
  g_autofree char *sql = g_strdup_printf (
      "SELECT coalesce ((SELECT generation FROM net_applied WHERE object_id='%s'), 0)", id);

  return (guint64) world_query (w, sql);
}

static void
check_nic (World *w, StoreTxn *txn, const VmmNic *nic, gboolean runs)
{
  g_autofree char *tap = netctl_port_tap_name (nic->index);

  assert_int_equal (vmm_nic_state_work (nic->state), VMM_NIC_WORK_NONE);
  assert_int_equal (nic->deadline_ms, 0);
  assert_int_equal (netctl_fake_has_port (w->host->net, nic->index), runs);
  assert_int_equal (netctl_fake_is_attached (w->host->net, nic->index), runs);
  assert_int_equal (applied_of (w, nic->id), runs ? nic->generation : 0);
  if (*nic->instance_id != '\0')
    assert_int_equal (virt_fake_link (w->host->virt, nic->instance_id, tap), runs ? 1 : -1);
  for (guint i = 0; runs && i < nic->group_ids->len; i++)
    {
      g_autoptr (VmmGroup) group
          = store_group_get (txn, NULL, g_ptr_array_index (nic->group_ids, i), NULL);

      assert_true (netctl_fake_has_group (w->host->net, nic->vpc_index, group->index));
      assert_int_equal (applied_of (w, group->id), group->generation);
    }
}

static void
check_instance (World *w, StoreTxn *txn, const char *id, GHashTable *vpcs)
{
  g_autoptr (VmmInstance) instance = store_instance_get (txn, NULL, id, NULL);
  gboolean runs = instance->state == VMM_INSTANCE_RUNNING;
  g_autoptr (GPtrArray) plugged = w->host->virt->class->nic_list (w->host->virt, id, NULL);
  VirtState fact = host_fact (w, id);

  assert_int_equal (vmm_instance_state_work (instance->state), VMM_WORK_NONE);
  assert_int_equal (instance->deadline_ms, 0);
  if (runs)
    assert_int_equal (fact, VIRT_RUNNING);
  else
    assert_true (fact == VIRT_OFF || fact == VIRT_ABSENT);
  for (guint i = 0; i < instance->nics->len; i++)
    {
      const VmmNic *nic = g_ptr_array_index (instance->nics, i);

      check_nic (w, txn, nic, runs);
      g_hash_table_add (vpcs, GUINT_TO_POINTER (nic->vpc_index));
    }
  assert_int_equal (plugged->len, runs ? instance->nics->len : 0);
}

/* Those of no instance are on no host. */
static void
check_free_nics (World *w, StoreTxn *txn)
{
  const VmmNicQuery query = { .status = "Available", .is_primary = -1 };
  const VmmPage page = { .number = 1, .size = 1000 };
  g_auto (VmmPageInfo) info = { 0 };
  g_autoptr (GPtrArray) nics
      = store_nic_page (txn, w->alice.account_id, &query, &page, &info, NULL);

  for (guint i = 0; i < nics->len; i++)
    check_nic (w, txn, g_ptr_array_index (nics, i), FALSE);
}

static void
check_group (World *w, const char *vpc_and_group)
{
  g_auto (GStrv) indexes = g_strsplit (vpc_and_group, "/", 2);
  g_autofree char *sql = g_strdup_printf (
      "SELECT count(*) FROM nic_group m JOIN nic n ON n.id=m.nic_id JOIN vpc v ON v.id=n.vpc_id"
      " JOIN security_group g ON g.id=m.group_id WHERE v.idx=%s AND g.idx=%s"
      " AND n.instance_id<>''",
      indexes[0], indexes[1]);

  assert_true (world_query (w, sql) > 0);
}

/* Only VPCs and groups that an interface needs may stand on the host. */
static void
check_vpcs (World *w, GHashTable *vpcs)
{
  g_autofree char *text = netctl_fake_describe (w->host->net);
  g_auto (GStrv) lines = g_strsplit (text, "\n", -1);

  for (guint i = 0; lines[i] != NULL; i++)
    {
      guint64 index = 0;
      g_auto (GStrv) words = g_strsplit (lines[i], " ", 3);

      if (g_str_has_prefix (lines[i], "group "))
        check_group (w, words[1]);
      if (!g_str_has_prefix (lines[i], "vpc "))
        continue;
      assert_true (g_ascii_string_to_unsigned (words[1], 10, 0, G_MAXUINT32, &index, NULL));
      assert_true (g_hash_table_contains (vpcs, GUINT_TO_POINTER (index)));
    }
}

static int
compare_text (gconstpointer a, gconstpointer b)
{
  return g_strcmp0 (*(char *const *) a, *(char *const *) b);
}

static char *
sorted (GPtrArray *texts)
{
  g_ptr_array_sort (texts, compare_text);
  g_ptr_array_add (texts, NULL);
  return g_strjoinv ("\n", (char **) texts->pdata);
}

/* Each layer rests on what its row says, and no pull is under way. */
static void
check_tree (World *w, StoreTxn *txn)
{
  g_autoptr (GPtrArray) ids = store_layer_list (txn, w->ctx.host_id, NULL);

  for (guint i = 0; i < ids->len; i++)
    {
      g_autoptr (VmmLayer) layer = store_layer_get (txn, g_ptr_array_index (ids, i), NULL);
      ImgLayerInfo info;

      assert_true (w->host->img->class->layer_info (w->host->img, layer->id, &info, NULL));
      assert_string_equal (info.parent, layer->parent_id != NULL ? layer->parent_id : "");
    }
  assert_int_equal (world_query (w, "SELECT count(*) FROM layer_pull"), 0);
  assert_int_equal (world_query (w, "SELECT sum (reserved_bytes) FROM layer"), 0);
}

static void
check_layers (World *w, StoreTxn *txn)
{
  g_autoptr (GPtrArray) rows = store_layer_list (txn, w->ctx.host_id, NULL);
  g_autoptr (GPtrArray) files = w->host->img->class->layer_list (w->host->img, NULL);
  g_autoptr (GPtrArray) loose = store_layer_unreferenced (txn, w->ctx.host_id, NULL);
  g_autofree char *row_text = sorted (rows);
  g_autofree char *file_text = NULL;

  assert_int_equal (loose->len, 0);
  /* Those of a Pending instance may have a row and no file yet; nothing is Pending here. */
  file_text = sorted (files);
  assert_string_equal (row_text, file_text);
  check_tree (w, txn);
}

void
host_assert_consistent (World *w)
{
  g_autoptr (StoreTxn) txn = store_begin_read (w->ctx.store, NULL);
  g_autoptr (GPtrArray) ids = store_instance_ids (txn, w->ctx.host_id, TRUE, NULL);
  g_autoptr (GPtrArray) facts = w->host->virt->class->list (w->host->virt, NULL);
  g_autoptr (GHashTable) vpcs = g_hash_table_new (NULL, NULL);

  for (guint i = 0; i < ids->len; i++)
    check_instance (w, txn, g_ptr_array_index (ids, i), vpcs);
  for (guint i = 0; i < facts->len; i++)
    assert_true (g_ptr_array_find_with_equal_func (
        ids, ((VirtFact *) g_ptr_array_index (facts, i))->id, g_str_equal, NULL));
  check_free_nics (w, txn);
  check_vpcs (w, vpcs);
  check_layers (w, txn);
}

void
host_assert_empty (World *w)
{
  static const char *const tables[]
      = { "instance", "disk", "nic", "nic_group", "nic_ip", "nic_ip6" };
  g_autoptr (GPtrArray) facts = w->host->virt->class->list (w->host->virt, NULL);

  for (guint i = 0; i < G_N_ELEMENTS (tables); i++)
    {
      g_autofree char *sql = g_strdup_printf ("SELECT count(*) FROM %s", tables[i]);

      assert_int_equal (world_query (w, sql), 0);
    }
  assert_int_equal (facts->len, 0);
  assert_true (netctl_fake_is_empty (w->host->net));
  assert_int_equal (world_query (w, "SELECT count(*) FROM layer"),
                    world_query (w, "SELECT count(*) FROM image"));
  host_assert_consistent (w);
}

void
host_allow_faults (void)
{
  static const char *const texts[] = { "*the fake was told to fail*", "*staged failure*",
                                       "*fails on request*", "*fake libvirtd is away*" };

  for (guint i = 0; i < G_N_ELEMENTS (texts); i++)
    log_trap_allow (texts[i]);
}
