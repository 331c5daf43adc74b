/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Every transitional state ends: at its deadline, with a reason, and delete works afterwards. Also
 * libvirtd away and back, and a full pool. */
#include "ops-image.h"
#include "store-image.h"
#include "world-host.h"

#define AWAY "the fake libvirtd is away"

static void
ask (World *w, const char *id, VmmInstanceEvent event)
{
  g_autoptr (GError) error = NULL;
  const char *ids[] = { id, NULL };

  switch (event)
    {
    case VMM_INSTANCE_START:
      ops_instance_start (&w->ctx, &w->alice, id, &error);
      break;
    case VMM_INSTANCE_STOP:
      ops_instance_stop (&w->ctx, &w->alice, id, FALSE, &error);
      break;
    case VMM_INSTANCE_REBOOT:
      ops_instance_reboot (&w->ctx, &w->alice, id, FALSE, &error);
      break;
    default:
      ops_instance_delete (&w->ctx, &w->alice, ids, TRUE, &error);
    }
  assert_no_error (error);
}

static void
go_away (World *w)
{
  host_allow_faults ();
  host_set_away (w, TRUE);
}

/* Just before the deadline of its state nothing has changed; just behind it it has ended. */
static void
pass_deadline (World *w, const char *id, VmmInstanceState end)
{
  g_autoptr (VmmInstance) instance = world_get (w, id);

  assert_true (instance->deadline_ms > world_now_ms ());
  world_advance_ms (w, instance->deadline_ms - world_now_ms ());
  work_kick (w->host->work, id);
  host_wait_idle (w);
  assert_state (w, id, instance->state);
  world_advance_ms (w, 1);
  work_kick (w->host->work, id);
  host_settle_state (w, id, end);
}

static void
come_back_and_delete (World *w, const char *id)
{
  host_set_away (w, FALSE);
  host_assert_consistent (w);
  host_delete (w, id);
  host_assert_empty (w);
}

static void
a_start_that_cannot_be_done_ends_stopped (void **state)
{
  World *w = *state;
  const char *id = host_create_stopped (w);

  go_away (w);
  ask (w, id, VMM_INSTANCE_START);
  host_wait_idle (w);
  pass_deadline (w, id, VMM_INSTANCE_STOPPED);
  assert_contains (host_last_reason (w, id), "not done within its time: " AWAY);
  come_back_and_delete (w, id);
}

static void
a_stop_that_cannot_be_done_ends_running (void **state)
{
  World *w = *state;
  const char *id = host_run (w);

  go_away (w);
  ask (w, id, VMM_INSTANCE_STOP);
  host_wait_idle (w);
  pass_deadline (w, id, VMM_INSTANCE_RUNNING);
  assert_contains (host_last_reason (w, id), "not done within its time: " AWAY);
  come_back_and_delete (w, id);
}

static void
a_reboot_that_cannot_be_done_ends_running (void **state)
{
  World *w = *state;
  const char *id = host_run (w);

  go_away (w);
  ask (w, id, VMM_INSTANCE_REBOOT);
  host_wait_idle (w);
  pass_deadline (w, id, VMM_INSTANCE_RUNNING);
  assert_contains (host_last_reason (w, id), "not done within its time: " AWAY);
  come_back_and_delete (w, id);
}

static gboolean
is_booting (World *w, gconstpointer id)
{
  return world_state (w, id) == VMM_INSTANCE_BOOTING;
}

static void
a_first_boot_that_cannot_be_done_is_taken_back_whole (void **state)
{
  World *w = *state;
  OpsInstanceSpec spec = world_spec (w->host->image);
  const char *id;

  go_away (w);
  id = host_create (w, &w->alice, &spec);
  host_wait (w, is_booting, id, "it is booting");
  pass_deadline (w, id, VMM_INSTANCE_DELETING);
  host_set_away (w, FALSE);
  host_wait_state (w, id, VMM_INSTANCE_GONE);
  assert_contains (host_last_reason (w, id), "not done within its time: " AWAY);
  host_assert_empty (w);
}

static void
a_delete_that_cannot_be_done_is_reported_as_stuck_and_tried_on (void **state)
{
  World *w = *state;
  const char *id = host_run (w);

  go_away (w);
  ask (w, id, VMM_INSTANCE_DELETE);
  host_wait_idle (w);
  pass_deadline (w, id, VMM_INSTANCE_DELETING);
  assert_int_equal (host_events (w, id, VMM_INSTANCE_FAILED), 1);
  assert_contains (host_last_reason (w, id), "not done within its time: " AWAY);
  pass_deadline (w, id, VMM_INSTANCE_DELETING);
  assert_int_equal (host_events (w, id, VMM_INSTANCE_FAILED), 2);
  host_set_away (w, FALSE);
  host_wait_state (w, id, VMM_INSTANCE_GONE);
  host_assert_empty (w);
}

static void
a_disk_that_cannot_be_made_takes_the_create_back_whole (void **state)
{
  World *w = *state;
  OpsInstanceSpec spec = world_spec (w->host->image);
  g_autoptr (GPtrArray) layers = w->host->img->class->layer_list (w->host->img, NULL);
  const char *id;

  /* The base goes behind our back: every attempt fails. */
  log_trap_expect ("*is not there; trying again*");
  assert_true (
      w->host->img->class->layer_remove (w->host->img, g_ptr_array_index (layers, 0), NULL));
  id = host_create (w, &w->alice, &spec);
  host_wait_idle (w);
  assert_state (w, id, VMM_INSTANCE_PENDING);
  pass_deadline (w, id, VMM_INSTANCE_GONE);
  assert_contains (host_last_reason (w, id), "not done within its time: layer");
  assert_true (netctl_fake_is_empty (w->host->net));
  assert_int_equal (world_query (w, "SELECT count(*) FROM layer"), 1);
}

static void
a_full_pool_takes_the_create_back_at_once (void **state)
{
  World *w = *state;
  OpsInstanceSpec spec = world_spec (w->host->image);
  const char *id;

  img_fake_set_space (w->host->img, WORLD_GIB, 0);
  id = host_create (w, &w->alice, &spec);
  host_wait_state (w, id, VMM_INSTANCE_GONE);
  assert_contains (host_last_reason (w, id), "full");
  host_assert_empty (w);
}

/* A network that counts attempts to join it. */
static const NetctlClass *whole_net;
static gint joins; /* atomic */

static gboolean
attach_and_count (Netctl *net, const NetctlPort *port, GError **error)
{
  g_atomic_int_inc (&joins);
  return whole_net->port_attach (net, port, error);
}

static void
a_first_boot_that_libvirt_refuses_thrice_is_taken_back_whole (void **state)
{
  World *w = *state;
  OpsInstanceSpec spec = world_spec (w->host->image);
  g_autoptr (VmmInstance) instance = NULL;
  NetctlClass counting = *w->host->net->class;
  const char *id;

  /* Its tap never comes, so that it cannot be joined to its network. */
  log_trap_expect ("*has no tap; trying again*");
  go_away (w);
  id = host_create (w, &w->alice, &spec);
  instance = world_get (w, id);
  netctl_fake_set_tap (w->host->net, ((VmmNic *) g_ptr_array_index (instance->nics, 0))->index,
                       FALSE);
  g_atomic_int_set (&joins, 0);
  whole_net = w->host->net->class;
  counting.port_attach = attach_and_count;
  w->host->net->class = &counting;
  host_set_away (w, FALSE);
  host_settle_state (w, id, VMM_INSTANCE_GONE);
  host_stop (w);
  w->host->net->class = whole_net;
  host_start (w);
  assert_int_equal (g_atomic_int_get (&joins), 3);
  assert_contains (host_last_reason (w, id), "has no tap");
  assert_int_equal (host_events (w, id, VMM_INSTANCE_FAILED), 1);
  host_assert_empty (w);
}

static void
an_attempt_that_fails_waits_before_the_next (void **state)
{
  World *w = *state;
  const char *id = host_create_stopped (w);
  g_autoptr (VmmInstance) instance = world_get (w, id);
  const VmmNic *nic = g_ptr_array_index (instance->nics, 0);
  gint64 begun_us = g_get_monotonic_time ();

  /* 200 ms after the first and 400 ms after the second, though each makes a domain and takes it
   * away again, which the driver tells. */
  log_trap_expect ("*has no tap; trying again*");
  netctl_fake_set_tap (w->host->net, nic->index, FALSE);
  ask (w, id, VMM_INSTANCE_START);
  host_wait_state (w, id, VMM_INSTANCE_STOPPED);
  assert_true (g_get_monotonic_time () - begun_us >= 590000);
}

static void
a_start_that_libvirt_refuses_thrice_ends_stopped (void **state)
{
  World *w = *state;
  const char *id = host_create_stopped (w);
  g_autoptr (VmmInstance) instance = world_get (w, id);

  log_trap_expect ("*has no tap; trying again*");
  netctl_fake_set_tap (w->host->net, ((VmmNic *) g_ptr_array_index (instance->nics, 0))->index,
                       FALSE);
  ask (w, id, VMM_INSTANCE_START);
  host_settle_state (w, id, VMM_INSTANCE_STOPPED);
  assert_contains (host_last_reason (w, id), "has no tap");
  host_assert_consistent (w);
}

/* ---- libvirtd away and back ---- */

static void
what_was_asked_while_it_was_away_is_done_when_it_is_back (void **state)
{
  World *w = *state;
  const char *stops = host_run (w), *goes = host_run (w), *starts = host_create_stopped (w);
  OpsInstanceSpec spec = world_spec (w->host->image);
  const char *comes;

  go_away (w);
  ask (w, stops, VMM_INSTANCE_STOP);
  ask (w, goes, VMM_INSTANCE_DELETE);
  ask (w, starts, VMM_INSTANCE_START);
  comes = host_create (w, &w->alice, &spec);
  host_wait_idle (w);
  host_set_away (w, FALSE);
  host_wait_state (w, stops, VMM_INSTANCE_STOPPED);
  host_wait_state (w, goes, VMM_INSTANCE_GONE);
  host_wait_state (w, starts, VMM_INSTANCE_RUNNING);
  host_wait_state (w, comes, VMM_INSTANCE_RUNNING);
  host_wait_idle (w);
  host_assert_consistent (w);
}

static void
what_happened_while_it_was_away_is_seen_when_it_is_back (void **state)
{
  World *w = *state;
  const char *off = host_run (w), *crashed = host_run (w), *runs = host_run (w);

  go_away (w);
  assert_true (virt_fake_stage (w->host->virt, off, VIRT_FAKE_POWEROFF));
  assert_true (virt_fake_stage (w->host->virt, crashed, VIRT_FAKE_CRASH));
  host_wait_idle (w);
  assert_state (w, off, VMM_INSTANCE_RUNNING);
  host_set_away (w, FALSE);
  host_wait_state (w, off, VMM_INSTANCE_STOPPED);
  host_wait_state (w, crashed, VMM_INSTANCE_RUNNING);
  host_wait_state (w, runs, VMM_INSTANCE_RUNNING);
  host_wait_idle (w);
  assert_int_equal (host_events (w, crashed, VMM_INSTANCE_CRASHED), 1);
  assert_int_equal (host_events (w, runs, VMM_INSTANCE_STARTED), 1);
  host_assert_consistent (w);
}

static void
an_absence_costs_a_start_no_attempt (void **state)
{
  World *w = *state;
  const char *id = host_create_stopped (w);
  g_autoptr (VmmInstance) instance = world_get (w, id);
  const VmmNic *nic = g_ptr_array_index (instance->nics, 0);

  log_trap_expect ("*has no tap; trying again*");
  go_away (w);
  ask (w, id, VMM_INSTANCE_START);
  for (guint i = 0; i < 10; i++)
    {
      work_kick (w->host->work, id);
      host_wait_idle (w);
    }
  assert_state (w, id, VMM_INSTANCE_STARTING);
  /* The first attempt of all fails; there are two more. */
  netctl_fake_set_tap (w->host->net, nic->index, FALSE);
  host_set_away (w, FALSE);
  assert_state (w, id, VMM_INSTANCE_STARTING);
  netctl_fake_set_tap (w->host->net, nic->index, TRUE);
  host_wait_state (w, id, VMM_INSTANCE_RUNNING);
}

static void
the_same_failure_is_one_line_in_the_log (void **state)
{
  World *w = *state;
  const char *id = host_create_stopped (w);
  g_autofree char *line = g_strdup_printf ("*" AWAY "*WORK=%s", id);

  go_away (w);
  ask (w, id, VMM_INSTANCE_START);
  for (guint i = 0; i < 10; i++)
    {
      work_kick (w->host->work, id);
      host_wait_idle (w);
    }
  assert_int_equal (log_trap_count (line), 1);
  come_back_and_delete (w, id);
}

/* ---- a database that cannot grow ---- */

static void
what_a_full_database_refuses_is_done_once_it_has_room (void **state)
{
  World *w = *state;
  const char *runs = host_run (w);
  OpsInstanceSpec spec = world_spec (w->host->image);
  g_autoptr (GError) error = NULL;

  log_trap_expect ("*database or disk is full*trying again*");
  go_away (w);
  ask (w, runs, VMM_INSTANCE_STOP);
  world_fill (w, TRUE);
  while (error == NULL)
    {
      g_autoptr (GPtrArray) ids = ops_instance_create (&w->ctx, &w->alice, &spec, &error);

      assert_true (ids != NULL || error != NULL);
    }
  assert_vmm_error (error, VMM_ERROR_STORE);
  host_set_away (w, FALSE);
  host_wait_idle (w);
  world_fill (w, FALSE);
  host_settle_all (w);
  assert_state (w, runs, VMM_INSTANCE_STOPPED);
  assert_int_equal (world_query (w, "SELECT count(*) FROM instance WHERE state <> 'running'"), 1);
  host_assert_consistent (w);
}

/* ---- images ---- */

static VmmImage *
get_image (World *w, const char *id)
{
  g_autoptr (StoreTxn) txn = store_begin_read (w->ctx.store, NULL);

  return store_image_get (txn, NULL, id, NULL);
}

static char *
import (World *w, const char *file, const char *name)
{
  OpsImageSpec spec = { .file = file, .format = "raw", .name = name };
  g_autoptr (GError) error = NULL;
  char *id = ops_image_import (&w->ctx, &w->admin, &spec, &error);

  assert_no_error (error);
  return id;
}

static void
an_image_that_is_refused_tells_why_and_leaves_no_layer (void **state)
{
  World *w = *state;
  g_autofree char *id = NULL;
  g_autoptr (VmmImage) image = NULL;

  log_trap_expect ("*cannot be imported*");
  id = import (w, "/nonexistent/a.raw", "bad");
  host_settle_all (w);
  image = get_image (w, id);
  assert_int_equal (image->state, VMM_IMAGE_FAILED);
  assert_contains (image->reason, "No such file");
  assert_null (image->layer_id);
  assert_int_equal (world_query (w, "SELECT count(*) FROM layer"), 1);
  host_assert_consistent (w);
}

static const ImgStoreClass *whole_class;

/* The world whose clock an import below moves past any deadline. */
static World *slow_world;

static gboolean
import_slowly (ImgStore *store, const char *id, const char *file, const char *format,
               ImgProgressFunc progress, gpointer data, GCancellable *cancellable,
               ImgLayerInfo *out, GError **error)
{
  world_advance_ms (slow_world, slow_world->config->import_s * 1000 + 1);
  return whole_class->import (store, id, file, format, progress, data, cancellable, out, error);
}

static void
an_import_that_passes_its_deadline_ends_failed (void **state)
{
  World *w = *state;
  ImgStoreClass slow = *w->host->img->class;
  g_autofree char *id = NULL;
  g_autoptr (VmmImage) image = NULL;

  log_trap_expect ("*cannot be imported: not done within its time*");
  host_stop (w);
  slow_world = w;
  whole_class = w->host->img->class;
  slow.import = import_slowly;
  w->host->img->class = &slow;
  host_start (w);
  id = import (w, host_raw_file (w, 1), "slow");
  host_settle_all (w);
  host_stop (w);
  w->host->img->class = whole_class;
  host_start (w);
  image = get_image (w, id);
  assert_int_equal (image->state, VMM_IMAGE_FAILED);
  assert_contains (image->reason, "not done within its time");
  host_wait_idle (w);
  host_assert_consistent (w);
}

static gboolean
remove_never (ImgStore *store, const char *id, GError **error)
{
  g_set_error (error, IMG_ERROR, IMG_ERROR_IO, "the disk is broken");
  return FALSE;
}

static void
an_import_that_cannot_even_begin_ends_failed_too (void **state)
{
  World *w = *state;
  const ImgStoreClass *whole = w->host->img->class;
  ImgStoreClass broken = *whole;
  g_autofree char *id = NULL;
  g_autoptr (VmmImage) image = NULL;

  log_trap_allow ("*the disk is broken*");
  broken.layer_remove = remove_never;
  host_stop (w);
  w->host->img->class = &broken;
  host_start (w);
  id = import (w, host_raw_file (w, 1), "slow");
  host_wait_idle (w);
  world_advance_ms (w, w->config->import_s * 1000 + 1);
  host_settle_all (w);
  image = get_image (w, id);
  assert_int_equal (image->state, VMM_IMAGE_FAILED);
  assert_contains (image->reason, "not done within its time: the disk is broken");
  host_stop (w);
  w->host->img->class = whole;
  host_start (w);
  host_wait_idle (w);
  host_assert_consistent (w);
}

static void
a_deleted_image_goes_and_its_base_follows_the_last_instance (void **state)
{
  World *w = *state;
  const char *id = host_run (w);

  assert_true (ops_image_delete (&w->ctx, &w->admin, w->host->image, TRUE, NULL));
  host_settle_all (w);
  assert_int_equal (world_query (w, "SELECT count(*) FROM image"), 0);
  assert_state (w, id, VMM_INSTANCE_RUNNING);
  host_assert_consistent (w);
  host_delete (w, id);
  host_assert_empty (w);
}

int
main (void)
{
  const struct CMUnitTest tests[] = {
    HOST_TEST (a_start_that_cannot_be_done_ends_stopped),
    HOST_TEST (a_stop_that_cannot_be_done_ends_running),
    HOST_TEST (a_reboot_that_cannot_be_done_ends_running),
    HOST_TEST (a_first_boot_that_cannot_be_done_is_taken_back_whole),
    HOST_TEST (a_delete_that_cannot_be_done_is_reported_as_stuck_and_tried_on),
    HOST_TEST (a_disk_that_cannot_be_made_takes_the_create_back_whole),
    HOST_TEST (a_full_pool_takes_the_create_back_at_once),
    HOST_TEST (a_first_boot_that_libvirt_refuses_thrice_is_taken_back_whole),
    HOST_TEST (an_attempt_that_fails_waits_before_the_next),
    HOST_TEST (a_start_that_libvirt_refuses_thrice_ends_stopped),
    HOST_TEST (what_was_asked_while_it_was_away_is_done_when_it_is_back),
    HOST_TEST (what_happened_while_it_was_away_is_seen_when_it_is_back),
    HOST_TEST (an_absence_costs_a_start_no_attempt),
    HOST_TEST (the_same_failure_is_one_line_in_the_log),
    HOST_TEST (what_a_full_database_refuses_is_done_once_it_has_room),
    HOST_TEST (an_image_that_is_refused_tells_why_and_leaves_no_layer),
    HOST_TEST (an_import_that_passes_its_deadline_ends_failed),
    HOST_TEST (an_import_that_cannot_even_begin_ends_failed_too),
    HOST_TEST (a_deleted_image_goes_and_its_base_follows_the_last_instance),
  };

  return cmocka_run_group_tests_name ("work-deadline", tests, NULL, NULL);
}
