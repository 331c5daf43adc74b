/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The verbs on an instance that exists: who may, in which states, and what they change. */
#include "ops-group.h"
#include "ops-image.h"
#include "ops-key-pair.h"
#include "ops-network.h"
#include "world.h"
#include <string.h>
#include <unistd.h>

#define KEY_LINE                                                                                   \
  "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIBlXWVGOsVWhYUi8yFiNQ7ejNGoTnTmfnLS7KdC0ZiXo alice@example"

/* ---- who may ---- */

/* What another account may try on an instance; each must answer as if there were none. */
typedef gboolean (*Attempt) (World *w, const VmmCaller *caller, const char *id, GError **error);

static gboolean
try_start (World *w, const VmmCaller *caller, const char *id, GError **error)
{
  return ops_instance_start (&w->ctx, caller, id, error);
}

static gboolean
try_stop (World *w, const VmmCaller *caller, const char *id, GError **error)
{
  return ops_instance_stop (&w->ctx, caller, id, FALSE, error);
}

static gboolean
try_reboot (World *w, const VmmCaller *caller, const char *id, GError **error)
{
  return ops_instance_reboot (&w->ctx, caller, id, FALSE, error);
}

static gboolean
try_delete (World *w, const VmmCaller *caller, const char *id, GError **error)
{
  const char *ids[] = { id, NULL };

  return ops_instance_delete (&w->ctx, caller, ids, FALSE, error);
}

static gboolean
try_forced_delete (World *w, const VmmCaller *caller, const char *id, GError **error)
{
  const char *ids[] = { id, NULL };

  return ops_instance_delete (&w->ctx, caller, ids, TRUE, error);
}

static gboolean
try_modify (World *w, const VmmCaller *caller, const char *id, GError **error)
{
  const OpsInstanceChange change
      = { .name = "mine", .deletion_protection = -1, .restart_on_crash = -1 };

  return ops_instance_modify (&w->ctx, caller, id, &change, error);
}

static gboolean
try_resize (World *w, const VmmCaller *caller, const char *id, GError **error)
{
  return ops_instance_resize (&w->ctx, caller, id, "ecs.t1.micro", error);
}

static gboolean
try_get (World *w, const VmmCaller *caller, const char *id, GError **error)
{
  g_autoptr (VmmInstance) instance = ops_instance_get (&w->ctx, caller, id, error);

  return instance != NULL;
}

static gboolean
try_console (World *w, const VmmCaller *caller, const char *id, GError **error)
{
  gint64 updated_ms = 0;
  g_autoptr (GBytes) bytes = ops_instance_console (&w->ctx, caller, id, 1000, &updated_ms, error);

  return bytes != NULL;
}

static void
another_accounts_instance_is_not_there (void **state)
{
  static const Attempt attempts[]
      = { try_start,  try_stop,   try_reboot, try_delete, try_forced_delete,
          try_modify, try_resize, try_get,    try_console };
  static const VmmInstanceState states[] = { VMM_INSTANCE_RUNNING, VMM_INSTANCE_STOPPED };
  World *w = *state;
  const char *image = world_add_image (w, 1);

  for (guint s = 0; s < G_N_ELEMENTS (states); s++)
    {
      const char *id = world_add_instance (w, &w->alice, image, states[s]);
      g_autofree char *before = world_dump (w);
      g_autofree char *after = NULL;

      for (guint i = 0; i < G_N_ELEMENTS (attempts); i++)
        {
          g_autoptr (GError) theirs = NULL;
          g_autoptr (GError) nobodys = NULL;

          assert_false (attempts[i](w, &w->bob, id, &theirs));
          assert_vmm_message (theirs, VMM_ERROR_INSTANCE_NOT_FOUND, id);
          /* Not even the text tells whether there is one. */
          assert_false (attempts[i](w, &w->bob, "i-00000000000000000000", &nobodys));
          assert_int_equal (strlen (theirs->message), strlen (nobodys->message));
        }
      after = world_dump (w);
      assert_string_equal (before, after);
    }
}

static void
lists_show_an_accounts_own_and_nothing_else (void **state)
{
  World *w = *state;
  const char *id = world_add_instance (w, &w->alice, world_add_image (w, 1), VMM_INSTANCE_RUNNING);
  g_autoptr (VmmInstance) instance = world_get (w, id);
  const VmmNic *nic = g_ptr_array_index (instance->nics, 0);
  const char *ids[] = { id, NULL }, *vpcs[] = { nic->vpc_id, NULL },
             *vswitches[] = { nic->vswitch_id, NULL },
             *groups[] = { g_ptr_array_index (nic->group_ids, 0), NULL };
  const VmmInstanceQuery instances = { .ids = ids };
  const VmmDiskQuery disks = {
    .instance_id = id, .is_system = -1, .delete_with_instance = -1, .enable_auto_snapshot = -1
  };
  const VmmGroupQuery group_query = { .ids = groups };
  const VmmVpcQuery vpc_query = { .ids = vpcs, .is_default = -1 };
  const VmmVswitchQuery vswitch_query = { .ids = vswitches, .is_default = -1 };
  VmmPage page = world_page ();
  g_auto (VmmPageInfo) info = { 0 };
  GPtrArray *found[] = {
    ops_instance_list (&w->ctx, &w->bob, &instances, &page, &info, NULL),
    ops_disk_list (&w->ctx, &w->bob, &disks, &page, &info, NULL),
    ops_vpc_list (&w->ctx, &w->bob, &vpc_query, &page, &info, NULL),
    ops_vswitch_list (&w->ctx, &w->bob, &vswitch_query, &page, &info, NULL, NULL),
    ops_group_list (&w->ctx, &w->bob, &group_query, &page, &info, NULL),
    ops_instance_events (&w->ctx, &w->bob, id, &page, &info, NULL),
  };

  for (guint i = 0; i < G_N_ELEMENTS (found); i++)
    {
      assert_non_null (found[i]);
      assert_int_equal (found[i]->len, 0);
      g_ptr_array_unref (found[i]);
    }
}

static void
nothing_of_another_account_goes_into_an_instance (void **state)
{
  World *w = *state;
  const char *image = world_add_image (w, 1);
  const char *id = world_add_instance (w, &w->alice, image, VMM_INSTANCE_RUNNING);
  g_autoptr (VmmInstance) instance = world_get (w, id);
  const VmmNic *nic = g_ptr_array_index (instance->nics, 0);
  const char *groups[] = { g_ptr_array_index (nic->group_ids, 0), NULL };
  OpsInstanceSpec spec = world_spec (image);
  g_autoptr (OpsKeyPair) pair = ops_key_pair_import (&w->ctx, &w->alice, "mine", KEY_LINE, NULL);
  g_autoptr (GError) error = NULL;

  assert_non_null (pair);
  spec.vswitch_id = nic->vswitch_id;
  assert_null (ops_instance_create (&w->ctx, &w->bob, &spec, &error));
  assert_vmm_error (error, VMM_ERROR_VSWITCH_NOT_FOUND);
  g_clear_error (&error);
  spec.vswitch_id = NULL;
  spec.group_ids = groups;
  assert_null (ops_instance_create (&w->ctx, &w->bob, &spec, &error));
  assert_vmm_error (error, VMM_ERROR_GROUP_NOT_FOUND);
  g_clear_error (&error);
  spec.group_ids = NULL;
  spec.key_pair = "mine";
  assert_null (ops_instance_create (&w->ctx, &w->bob, &spec, &error));
  assert_vmm_error (error, VMM_ERROR_KEY_PAIR_NOT_FOUND);
}

/* ---- in which states ---- */

static void
each_verb_obeys_the_table_in_each_state (void **state)
{
  static const struct
  {
    Attempt attempt;
    VmmInstanceEvent event;
  } verbs[] = { { try_start, VMM_INSTANCE_START },
                { try_stop, VMM_INSTANCE_STOP },
                { try_reboot, VMM_INSTANCE_REBOOT },
                { try_forced_delete, VMM_INSTANCE_DELETE } };
  World *w = *state;
  const char *image = world_add_image (w, 1);

  for (guint s = 0; s < VMM_INSTANCE_GONE; s++)
    for (guint v = 0; v < G_N_ELEMENTS (verbs); v++)
      {
        const char *id = world_add_instance (w, &w->alice, image, s);
        VmmInstanceState want = s;
        gboolean allowed = vmm_instance_state_next (s, verbs[v].event, &want)
                           || (s == VMM_INSTANCE_DELETING && verbs[v].attempt == try_forced_delete);
        guint kicks = world_kicks (w, id);
        g_autoptr (GError) error = NULL;
        g_autoptr (VmmInstance) now = NULL;

        assert_int_equal (verbs[v].attempt (w, &w->alice, id, &error), allowed);
        now = world_get (w, id);
        assert_int_equal (now->state, want);
        assert_int_equal (now->deadline_ms != 0, vmm_instance_state_work (want) != VMM_WORK_NONE);
        assert_int_equal (world_kicks (w, id) > kicks, allowed);
        if (!allowed)
          assert_vmm_message (error,
                              s == VMM_INSTANCE_PENDING && verbs[v].event == VMM_INSTANCE_DELETE
                                  ? VMM_ERROR_INSTANCE_INITIALIZING
                                  : VMM_ERROR_INSTANCE_STATUS,
                              vmm_instance_state_wire (s));
      }
}

static void
a_delete_without_force_wants_the_instance_stopped (void **state)
{
  World *w = *state;
  const char *image = world_add_image (w, 1);

  for (guint s = 0; s < VMM_INSTANCE_GONE; s++)
    {
      const char *id = world_add_instance (w, &w->alice, image, s);
      gboolean allowed = s == VMM_INSTANCE_STOPPED || s == VMM_INSTANCE_DELETING;
      g_autoptr (GError) error = NULL;

      assert_int_equal (try_delete (w, &w->alice, id, &error), allowed);
      assert_state (w, id, allowed ? VMM_INSTANCE_DELETING : s);
      if (!allowed && s != VMM_INSTANCE_PENDING)
        assert_vmm_message (error, VMM_ERROR_INSTANCE_STATUS, "set Force");
    }
}

static void
a_protected_instance_stays (void **state)
{
  World *w = *state;
  const OpsInstanceChange protect = { .deletion_protection = 1, .restart_on_crash = -1 },
                          release = { .deletion_protection = 0, .restart_on_crash = -1 };
  const char *id = world_add_instance (w, &w->alice, world_add_image (w, 1), VMM_INSTANCE_STOPPED);
  g_autoptr (GError) error = NULL;

  assert_true (ops_instance_modify (&w->ctx, &w->alice, id, &protect, &error));
  assert_false (try_forced_delete (w, &w->alice, id, &error));
  assert_vmm_message (error, VMM_ERROR_DELETION_PROTECTION, id);
  assert_state (w, id, VMM_INSTANCE_STOPPED);
  g_clear_error (&error);
  assert_true (ops_instance_modify (&w->ctx, &w->alice, id, &release, &error));
  assert_true (try_delete (w, &w->alice, id, &error));
}

static void
a_delete_of_several_is_all_or_none (void **state)
{
  World *w = *state;
  const char *image = world_add_image (w, 1);
  const char *stopped = world_add_instance (w, &w->alice, image, VMM_INSTANCE_STOPPED);
  const char *running = world_add_instance (w, &w->alice, image, VMM_INSTANCE_RUNNING);
  const char *bobs = world_add_instance (w, &w->bob, image, VMM_INSTANCE_STOPPED);
  const char *with_running[] = { stopped, running, NULL }, *with_bobs[] = { stopped, bobs, NULL };
  g_autofree char *before = world_dump (w);
  g_autofree char *after = NULL;
  g_autoptr (GError) error = NULL;

  assert_false (ops_instance_delete (&w->ctx, &w->alice, with_running, FALSE, &error));
  assert_vmm_message (error, VMM_ERROR_INSTANCE_STATUS, running);
  g_clear_error (&error);
  assert_false (ops_instance_delete (&w->ctx, &w->alice, with_bobs, TRUE, &error));
  assert_vmm_message (error, VMM_ERROR_INSTANCE_NOT_FOUND, bobs);
  after = world_dump (w);
  assert_string_equal (before, after);
  g_clear_error (&error);
  assert_true (ops_instance_delete (&w->ctx, &w->alice, with_running, TRUE, &error));
  assert_state (w, stopped, VMM_INSTANCE_DELETING);
  assert_state (w, running, VMM_INSTANCE_DELETING);
}

static void
a_batch_answers_for_each (void **state)
{
  World *w = *state;
  const char *image = world_add_image (w, 1);
  const char *ids[] = { world_add_instance (w, &w->alice, image, VMM_INSTANCE_RUNNING),
                        world_add_instance (w, &w->alice, image, VMM_INSTANCE_STOPPED),
                        world_add_instance (w, &w->bob, image, VMM_INSTANCE_RUNNING), NULL };
  static const struct
  {
    const char *code, *previous, *current;
  } want[] = { { "200", "Running", "Stopping" },
               { "IncorrectInstanceStatus", "Stopped", "Stopped" },
               { "InvalidInstanceId.NotFound", "", "" } };
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) results
      = ops_instance_batch (&w->ctx, &w->alice, OPS_BATCH_STOP, ids, FALSE, &error);

  assert_no_error (error);
  assert_int_equal (results->len, 3);
  for (guint i = 0; i < results->len; i++)
    {
      const OpsBatchResult *result = g_ptr_array_index (results, i);

      assert_string_equal (result->id, ids[i]);
      assert_string_equal (result->code, want[i].code);
      assert_string_equal (result->previous, want[i].previous);
      assert_string_equal (result->current, want[i].current);
    }
}

static void
a_dry_run_of_any_verb_changes_nothing (void **state)
{
  static const struct
  {
    Attempt attempt;
    VmmInstanceState from;
  } cases[] = { { try_start, VMM_INSTANCE_STOPPED },  { try_stop, VMM_INSTANCE_RUNNING },
                { try_reboot, VMM_INSTANCE_RUNNING }, { try_delete, VMM_INSTANCE_STOPPED },
                { try_modify, VMM_INSTANCE_STOPPED }, { try_resize, VMM_INSTANCE_STOPPED } };
  World *w = *state;
  const char *image = world_add_image (w, 1);
  VmmCaller caller = w->alice;

  caller.dry_run = TRUE;
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      const char *id = world_add_instance (w, &w->alice, image, cases[i].from);
      g_autofree char *before = world_dump (w);
      g_autofree char *after = NULL;
      guint kicks = world_kicks (w, NULL);
      g_autoptr (GError) error = NULL;

      assert_false (cases[i].attempt (w, &caller, id, &error));
      assert_vmm_error (error, VMM_ERROR_DRY_RUN);
      after = world_dump (w);
      assert_string_equal (before, after);
      assert_int_equal (world_kicks (w, NULL), kicks);
    }
}

/* ---- what they change ---- */

static void
a_change_touches_what_was_given_and_nothing_else (void **state)
{
  World *w = *state;
  const char *id = world_add_instance (w, &w->alice, world_add_image (w, 1), VMM_INSTANCE_STOPPED);
  g_autoptr (VmmInstance) before = world_get (w, id);
  const OpsInstanceChange change = { .description = "the first",
                                     .user_data = "QUJD",
                                     .deletion_protection = -1,
                                     .restart_on_crash = 0 };
  const OpsInstanceChange clear = { .description = "",
                                    .user_data = "",
                                    .name = "new",
                                    .host_name = "host-1",
                                    .deletion_protection = -1,
                                    .restart_on_crash = -1 };
  g_autoptr (VmmInstance) changed = NULL;
  g_autoptr (VmmInstance) cleared = NULL;
  g_autoptr (GError) error = NULL;

  assert_true (ops_instance_modify (&w->ctx, &w->alice, id, &change, &error));
  changed = world_get (w, id);
  assert_string_equal (changed->description, "the first");
  assert_string_equal (changed->user_data, "QUJD");
  assert_false (changed->restart_on_crash);
  assert_string_equal (changed->name, before->name);
  assert_string_equal (changed->host_name, before->host_name);
  assert_true (ops_instance_modify (&w->ctx, &w->alice, id, &clear, &error));
  cleared = world_get (w, id);
  assert_string_equal (cleared->description, "");
  assert_string_equal (cleared->user_data, "");
  assert_string_equal (cleared->name, "new");
  assert_string_equal (cleared->host_name, "host-1");
  assert_false (cleared->restart_on_crash);
}

static void
a_bad_change_changes_nothing (void **state)
{
  World *w = *state;
  const char *id = world_add_instance (w, &w->alice, world_add_image (w, 1), VMM_INSTANCE_STOPPED);
  const struct
  {
    OpsInstanceChange change;
    VmmError code;
  } cases[] = {
    { { "ok", NULL, NULL, "no base64!", -1, -1 }, VMM_ERROR_USER_DATA_BASE64 },
    { { "ok", "x", NULL, NULL, -1, -1 }, VMM_ERROR_DESCRIPTION_MALFORMED },
    { { "ok", NULL, "-", NULL, -1, -1 }, VMM_ERROR_HOST_NAME_MALFORMED },
    { { "", NULL, NULL, NULL, 1, -1 }, VMM_ERROR_INSTANCE_NAME_MALFORMED },
  };
  g_autofree char *before = world_dump (w);
  g_autofree char *after = NULL;

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (GError) error = NULL;

      assert_false (ops_instance_modify (&w->ctx, &w->alice, id, &cases[i].change, &error));
      assert_vmm_error (error, cases[i].code);
    }
  after = world_dump (w);
  assert_string_equal (before, after);
}

static void
a_host_name_is_not_changed_under_a_boot (void **state)
{
  World *w = *state;
  const char *image = world_add_image (w, 1);
  const OpsInstanceChange host_name
      = { .host_name = "host-1", .deletion_protection = -1, .restart_on_crash = -1 };
  const OpsInstanceChange name
      = { .name = "new", .deletion_protection = -1, .restart_on_crash = -1 };

  for (guint s = 0; s < VMM_INSTANCE_GONE; s++)
    {
      const char *id = world_add_instance (w, &w->alice, image, s);
      gboolean is_closed = s == VMM_INSTANCE_PENDING || s == VMM_INSTANCE_DELETING;
      gboolean is_booting = s == VMM_INSTANCE_BOOTING || s == VMM_INSTANCE_STARTING;

      assert_int_equal (ops_instance_modify (&w->ctx, &w->alice, id, &name, NULL), !is_closed);
      assert_int_equal (ops_instance_modify (&w->ctx, &w->alice, id, &host_name, NULL),
                        !is_closed && !is_booting);
    }
}

static void
a_resize_wants_it_stopped_and_counts_the_difference (void **state)
{
  World *w = *state;
  const char *image = world_add_image (w, 1);
  const char *running = world_add_instance (w, &w->alice, image, VMM_INSTANCE_RUNNING);
  const char *id = world_add_instance (w, &w->alice, image, VMM_INSTANCE_STOPPED);
  g_autoptr (VmmInstance) resized = NULL;
  g_autoptr (GError) error = NULL;

  assert_false (ops_instance_resize (&w->ctx, &w->alice, running, "ecs.t1.micro", &error));
  assert_vmm_message (error, VMM_ERROR_INSTANCE_STATUS, "Running");
  g_clear_error (&error);
  assert_false (ops_instance_resize (&w->ctx, &w->alice, id, "ecs.none", &error));
  assert_vmm_message (error, VMM_ERROR_INSTANCE_TYPE, "ecs.none");
  g_clear_error (&error);
  w->memory_mib = 128 + 255;
  assert_false (ops_instance_resize (&w->ctx, &w->alice, id, "ecs.t1.micro", &error));
  assert_vmm_message (error, VMM_ERROR_NO_STOCK, "256 MiB needed, 255 MiB left, 1 MiB missing");
  g_clear_error (&error);
  w->memory_mib = 128 + 256;
  assert_true (ops_instance_resize (&w->ctx, &w->alice, id, "ecs.t1.micro", &error));
  resized = world_get (w, id);
  assert_string_equal (resized->type, "ecs.t1.micro");
  assert_int_equal (resized->memory_mib, 256);
}

static void
what_happened_is_told_newest_first_with_its_reason (void **state)
{
  World *w = *state;
  const char *id = world_add_instance (w, &w->alice, world_add_image (w, 1), VMM_INSTANCE_RUNNING);
  VmmPage page = { .number = 1, .size = 1 };
  g_auto (VmmPageInfo) info = { 0 };
  g_autoptr (GPtrArray) events = NULL;
  const OpsInstanceEvent *last;

  world_advance_ms (w, 1000);
  assert_true (
      ops_instance_event (&w->ctx, id, VMM_INSTANCE_RUNNING, VMM_INSTANCE_OFF, "why", NULL));
  events = ops_instance_events (&w->ctx, &w->alice, id, &page, &info, NULL);
  last = g_ptr_array_index (events, 0);
  assert_int_equal (info.total, 3);
  assert_string_equal (last->event, "off");
  assert_string_equal (last->from, "running");
  assert_string_equal (last->to, "stopped");
  assert_string_equal (last->reason, "why");
  assert_int_equal (last->at_ms, world_now_ms ());
}

static void
work_cannot_report_from_a_state_that_has_passed (void **state)
{
  World *w = *state;
  const char *id = world_add_instance (w, &w->alice, world_add_image (w, 1), VMM_INSTANCE_RUNNING);
  g_autofree char *before = world_dump (w);
  g_autofree char *after = NULL;
  g_autoptr (GError) error = NULL;

  assert_false (
      ops_instance_event (&w->ctx, id, VMM_INSTANCE_STARTING, VMM_INSTANCE_FAILED, "late", &error));
  assert_vmm_message (error, VMM_ERROR_INSTANCE_STATUS, "running, not starting any more");
  g_clear_error (&error);
  assert_false (
      ops_instance_event (&w->ctx, id, VMM_INSTANCE_RUNNING, VMM_INSTANCE_STAGED, NULL, &error));
  assert_vmm_error (error, VMM_ERROR_INSTANCE_STATUS);
  after = world_dump (w);
  assert_string_equal (before, after);
}

static void
the_console_shows_its_last_bytes (void **state)
{
  World *w = *state;
  const char *id = world_add_instance (w, &w->alice, world_add_image (w, 1), VMM_INSTANCE_RUNNING);
  g_autofree char *path = ops_instance_console_path (&w->ctx, id);
  g_autoptr (GBytes) none = NULL;
  g_autoptr (GBytes) tail = NULL;
  g_autoptr (GError) error = NULL;
  gint64 updated_ms = 0;

  none = ops_instance_console (&w->ctx, &w->alice, id, 5, &updated_ms, &error);
  assert_no_error (error);
  assert_int_equal (g_bytes_get_size (none), 0);
  g_file_set_contents (path, "booting\nlogin: ", -1, &error);
  assert_no_error (error);
  tail = ops_instance_console (&w->ctx, &w->alice, id, 7, &updated_ms, &error);
  assert_no_error (error);
  assert_memory_equal (g_bytes_get_data (tail, NULL), "login: ", 7);
  assert_int_equal (g_bytes_get_size (tail), 7);
}

static void
a_console_that_is_a_link_is_not_followed (void **state)
{
  World *w = *state;
  const char *id = world_add_instance (w, &w->alice, world_add_image (w, 1), VMM_INSTANCE_RUNNING);
  g_autofree char *path = ops_instance_console_path (&w->ctx, id);
  g_autoptr (GError) error = NULL;
  gint64 updated_ms = 0;

  assert_int_equal (symlink (world_path (w, "secret.key"), path), 0);
  assert_null (ops_instance_console (&w->ctx, &w->alice, id, 100, &updated_ms, &error));
  assert_vmm_error (error, VMM_ERROR_INTERNAL);
}

int
main (void)
{
  const struct CMUnitTest tests[] = {
    WORLD_TEST (another_accounts_instance_is_not_there),
    WORLD_TEST (lists_show_an_accounts_own_and_nothing_else),
    WORLD_TEST (nothing_of_another_account_goes_into_an_instance),
    WORLD_TEST (each_verb_obeys_the_table_in_each_state),
    WORLD_TEST (a_delete_without_force_wants_the_instance_stopped),
    WORLD_TEST (a_protected_instance_stays),
    WORLD_TEST (a_delete_of_several_is_all_or_none),
    WORLD_TEST (a_batch_answers_for_each),
    WORLD_TEST (a_dry_run_of_any_verb_changes_nothing),
    WORLD_TEST (a_change_touches_what_was_given_and_nothing_else),
    WORLD_TEST (a_bad_change_changes_nothing),
    WORLD_TEST (a_host_name_is_not_changed_under_a_boot),
    WORLD_TEST (a_resize_wants_it_stopped_and_counts_the_difference),
    WORLD_TEST (what_happened_is_told_newest_first_with_its_reason),
    WORLD_TEST (work_cannot_report_from_a_state_that_has_passed),
    WORLD_TEST (the_console_shows_its_last_bytes),
    WORLD_TEST (a_console_that_is_a_link_is_not_followed),
  };

  return cmocka_run_group_tests_name ("ops-instance", tests, NULL, NULL);
}
