/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How every driver behaves. Compiled for the fake one and for libvirt. */
#include "virt-use.h"
#include "world.h"

#define THREADS 4

static World *world;

static int
make_world (void **state)
{
  world = world_new ();
  return 0;
}

static int
free_world (void **state)
{
  g_clear_pointer (&world, world_free);
  return 0;
}

/* ---- one word a call ---- */

#define CALL(name)                                                                                 \
  static void must_##name (const char *id)                                                         \
  {                                                                                                \
    g_autoptr (GError) error = NULL;                                                               \
                                                                                                   \
    if (!world->driver->class->name (world->driver, id, &error))                                   \
      fail_msg (#name " failed: %s", error->message);                                              \
  }
CALL (resume)
CALL (shutdown)
CALL (destroy)
CALL (reset)
CALL (undefine)

static void
must_start (const VirtSpec *spec)
{
  g_autoptr (GError) error = NULL;

  if (!world->driver->class->start_paused (world->driver, spec, &error))
    fail_msg ("start failed: %s", error->message);
}

static void
start (const char *id)
{
  g_autoptr (VirtSpec) spec = world_spec (world, id, FALSE);

  must_start (spec);
}

static void
clean (const char *id)
{
  must_destroy (id);
  must_undefine (id);
}

static void
assert_state (const char *id, VirtState state)
{
  assert_fact (world->driver, id, state, -1);
}

/* ---- claims ---- */

static void
a_domain_nobody_defined_is_absent (void **state)
{
  assert_state ("i-none", VIRT_ABSENT);
}

static void
calls_on_an_absent_domain_succeed_where_nothing_is_left_to_do (void **state)
{
  must_shutdown ("i-none");
  must_destroy ("i-none");
  must_undefine ("i-none");
}

static void
calls_that_need_a_domain_fail_without_one (void **state)
{
  g_autoptr (GError) resume_error = NULL;
  g_autoptr (GError) reset_error = NULL;

  assert_false (world->driver->class->resume (world->driver, "i-none", &resume_error));
  assert_error (resume_error, VMM_ERROR_VIRT_FAILED);
  assert_false (world->driver->class->reset (world->driver, "i-none", &reset_error));
  assert_error (reset_error, VMM_ERROR_VIRT_FAILED);
}

static void
a_domain_starts_paused_and_runs_when_resumed (void **state)
{
  start ("i-a");
  assert_state ("i-a", VIRT_PAUSED);
  must_resume ("i-a");
  assert_state ("i-a", VIRT_RUNNING);
  clean ("i-a");
}

static void
starting_an_active_domain_leaves_it_as_it_is (void **state)
{
  g_autoptr (VirtSpec) spec = world_spec (world, "i-a", FALSE);

  must_start (spec);
  must_resume ("i-a");
  must_start (spec);
  assert_state ("i-a", VIRT_RUNNING);
  clean ("i-a");
}

static void
resuming_twice_is_harmless (void **state)
{
  start ("i-a");
  must_resume ("i-a");
  must_resume ("i-a");
  assert_state ("i-a", VIRT_RUNNING);
  clean ("i-a");
}

static void
a_destroyed_domain_is_off_and_says_why (void **state)
{
  start ("i-a");
  must_destroy ("i-a");
  assert_fact (world->driver, "i-a", VIRT_OFF, VIRT_REASON_DESTROYED);
  must_destroy ("i-a");
  must_shutdown ("i-a");
  assert_fact (world->driver, "i-a", VIRT_OFF, VIRT_REASON_DESTROYED);
  must_undefine ("i-a");
}

static void
an_undefined_domain_is_absent (void **state)
{
  start ("i-a");
  clean ("i-a");
  assert_state ("i-a", VIRT_ABSENT);
}

static void
an_active_domain_cannot_be_undefined (void **state)
{
  g_autoptr (GError) error = NULL;

  start ("i-a");
  assert_false (world->driver->class->undefine (world->driver, "i-a", &error));
  assert_error (error, VMM_ERROR_VIRT_FAILED);
  assert_state ("i-a", VIRT_PAUSED);
  clean ("i-a");
}

static void
a_domain_that_is_off_starts_again_with_a_new_spec (void **state)
{
  g_autoptr (VirtSpec) spec = world_spec (world, "i-a", FALSE);

  must_start (spec);
  must_destroy ("i-a");
  spec->memory_mib += 32;
  must_start (spec);
  assert_state ("i-a", VIRT_PAUSED);
  clean ("i-a");
}

static void
a_domain_that_is_off_starts_again_under_another_uuid (void **state)
{
  start ("i-a");
  must_destroy ("i-a");
  start ("i-a");
  assert_state ("i-a", VIRT_PAUSED);
  clean ("i-a");
}

static void
a_bad_spec_is_refused_and_leaves_nothing (void **state)
{
  g_autoptr (VirtSpec) spec = world_spec (world, "i-a", FALSE);
  g_autoptr (GError) error = NULL;

  spec_add_disk (spec, "vdb", "longer-than-twenty-bytes", "/nowhere", NULL);
  assert_false (world->driver->class->start_paused (world->driver, spec, &error));
  assert_error (error, VMM_ERROR_VIRT_FAILED);
  assert_state ("i-a", VIRT_ABSENT);
}

static void
reset_keeps_a_domain_running (void **state)
{
  start ("i-a");
  must_resume ("i-a");
  must_reset ("i-a");
  assert_state ("i-a", VIRT_RUNNING);
  clean ("i-a");
}

static gboolean
has_fact (GPtrArray *facts, const char *id, VirtState wanted)
{
  for (guint i = 0; i < facts->len; i++)
    {
      const VirtFact *fact = g_ptr_array_index (facts, i);

      if (g_str_equal (fact->id, id))
        return fact->state == wanted;
    }
  return FALSE;
}

static void
the_list_holds_every_domain_with_its_state (void **state)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) facts = NULL;

  start ("i-a");
  start ("i-b");
  must_resume ("i-b");
  must_destroy ("i-a");
  facts = world->driver->class->list (world->driver, &error);
  assert_null (error);
  assert_int_equal (facts->len, 2);
  assert_true (has_fact (facts, "i-a", VIRT_OFF));
  assert_true (has_fact (facts, "i-b", VIRT_RUNNING));
  clean ("i-a");
  clean ("i-b");
}

static void
an_event_tells_of_each_change (void **state)
{
  guint before = listener_count (world->listener, "i-a");

  start ("i-a");
  listener_wait (world->listener, "i-a", before);
  before = listener_count (world->listener, "i-a");
  must_destroy ("i-a");
  listener_wait (world->listener, "i-a", before);
  must_undefine ("i-a");
}

static void
a_domain_whose_qemu_died_is_off_and_crashed (void **state)
{
  start ("i-a");
  must_resume ("i-a");
  world_crash (world, "i-a");
  wait_for_state (world->listener, world->driver, "i-a", VIRT_OFF);
  assert_fact (world->driver, "i-a", VIRT_OFF, VIRT_REASON_CRASHED);
  must_undefine ("i-a");
}

static gpointer
live_a_life (gpointer data)
{
  const VirtDriverClass *class = world->driver->class;
  const VirtSpec *spec = data;

  return GINT_TO_POINTER (class->start_paused (world->driver, spec, NULL)
                          && class->resume (world->driver, spec->id, NULL)
                          && class->destroy (world->driver, spec->id, NULL)
                          && class->undefine (world->driver, spec->id, NULL));
}

static void
calls_come_from_many_threads (void **state)
{
  VirtSpec *specs[THREADS];
  GThread *threads[THREADS];
  guint successes = 0;

  for (guint i = 0; i < THREADS; i++)
    {
      g_autofree char *id = g_strdup_printf ("i-%u", i);

      specs[i] = world_spec (world, id, FALSE);
      threads[i] = g_thread_new (id, live_a_life, specs[i]);
    }
  for (guint i = 0; i < THREADS; i++)
    {
      successes += g_thread_join (threads[i]) != NULL;
      virt_spec_free (specs[i]);
    }
  assert_int_equal (successes, THREADS);
}

static void
guests_outlive_libvirtd_and_the_driver_says_it_is_away (void **state)
{
  g_autoptr (GError) error = NULL;
  guint before;

  start ("i-a");
  must_resume ("i-a");
  before = listener_count (world->listener, NULL);
  world_take_away (world);
  wait_for_connection (world->listener, world->driver, FALSE);
  listener_wait (world->listener, NULL, before);
  assert_null (world->driver->class->get (world->driver, "i-a", &error));
  assert_error (error, VMM_ERROR_VIRT_AWAY);

  before = listener_count (world->listener, NULL);
  world_bring_back (world);
  wait_for_connection (world->listener, world->driver, TRUE);
  listener_wait (world->listener, NULL, before);
  assert_state ("i-a", VIRT_RUNNING);
  clean ("i-a");
}

static void
events_come_after_libvirtd_was_away (void **state)
{
  guint before;

  start ("i-a");
  world_take_away (world);
  wait_for_connection (world->listener, world->driver, FALSE);
  world_bring_back (world);
  wait_for_connection (world->listener, world->driver, TRUE);
  before = listener_count (world->listener, "i-a");
  must_resume ("i-a");
  listener_wait (world->listener, "i-a", before);
  clean ("i-a");
}

static void
a_qemu_that_died_while_libvirtd_was_away_is_off_and_crashed (void **state)
{
  start ("i-a");
  must_resume ("i-a");
  world_take_away (world);
  wait_for_connection (world->listener, world->driver, FALSE);
  world_crash (world, "i-a");
  world_bring_back (world);
  wait_for_connection (world->listener, world->driver, TRUE);
  wait_for_state (world->listener, world->driver, "i-a", VIRT_OFF);
  assert_fact (world->driver, "i-a", VIRT_OFF, VIRT_REASON_CRASHED);
  must_undefine ("i-a");
}

/* Starts a guest that boots; skips the test when there is none. */
static void
start_booting (const char *id)
{
  g_autoptr (VirtSpec) spec = world_spec (world, id, TRUE);

  if (!world_can_boot (world))
    skip ();
  must_start (spec);
  must_resume (id);
}

static void
a_guest_that_powers_off_is_off_and_says_why (void **state)
{
  start_booting ("i-boots");
  world_wait_booted (world, "i-boots");
  must_shutdown ("i-boots");
  wait_for_state (world->listener, world->driver, "i-boots", VIRT_OFF);
  assert_fact (world->driver, "i-boots", VIRT_OFF, VIRT_REASON_SHUTDOWN);
  must_undefine ("i-boots");
}

static void
a_guest_boots_on_while_libvirtd_is_away (void **state)
{
  start_booting ("i-boots");
  world_take_away (world);
  wait_for_connection (world->listener, world->driver, FALSE);
  world_wait_booted (world, "i-boots");
  world_bring_back (world);
  wait_for_connection (world->listener, world->driver, TRUE);
  assert_state ("i-boots", VIRT_RUNNING);
  clean ("i-boots");
}

static GPtrArray *
use (void)
{
  g_autoptr (GError) error = NULL;
  GPtrArray *uses = world->driver->class->use (world->driver, &error);

  if (uses == NULL)
    fail_msg ("use failed: %s", error->message);
  return uses;
}

static void
what_is_off_uses_nothing (void **state)
{
  g_autoptr (GPtrArray) before = NULL, after = NULL;

  start ("i-a");
  before = use ();
  assert_non_null (virt_use_find (before, "i-a"));
  must_destroy ("i-a");
  after = use ();
  assert_null (virt_use_find (after, "i-a"));
  assert_null (virt_use_find (after, "i-none"));
  must_undefine ("i-a");
}

static void
what_a_guest_uses_is_counted_until_its_qemu_ends (void **state)
{
  g_autoptr (GPtrArray) booted = NULL, anew = NULL;
  const VirtUse *then, *now;
  const VirtDiskUse *disk;

  start_booting ("i-boots");
  world_wait_used (world, "i-boots");
  booted = use ();
  then = virt_use_find (booted, "i-boots");
  assert_int_equal (then->vcpus, 1);
  assert_true (then->cpu_ns > 0);
  assert_int_equal (then->disks->len, 1);
  assert_null (virt_use_find_disk (then, "vdb"));
  disk = virt_use_find_disk (then, "vda");
  assert_true (disk->reads > 0 && disk->read_bytes >= 512 * disk->reads && disk->read_ns > 0);
  must_destroy ("i-boots");
  {
    g_autoptr (VirtSpec) spec = world_spec (world, "i-boots", TRUE);

    must_start (spec);
  }
  anew = use ();
  now = virt_use_find (anew, "i-boots");
  assert_true (now->cpu_ns < then->cpu_ns);
  assert_true (virt_use_find_disk (now, "vda")->read_bytes < disk->read_bytes);
  clean ("i-boots");
}

static void
the_driver_names_its_accelerator (void **state)
{
  const char *why = NULL;
  const char *name = world->driver->class->accelerator (world->driver, &why);

  assert_true (g_str_equal (name, "kvm") || g_str_equal (name, "tcg"));
  assert_non_null (why);
}

int
main (void)
{
  const struct CMUnitTest tests[] = {
    cmocka_unit_test (a_domain_nobody_defined_is_absent),
    cmocka_unit_test (calls_on_an_absent_domain_succeed_where_nothing_is_left_to_do),
    cmocka_unit_test (calls_that_need_a_domain_fail_without_one),
    cmocka_unit_test (a_domain_starts_paused_and_runs_when_resumed),
    cmocka_unit_test (starting_an_active_domain_leaves_it_as_it_is),
    cmocka_unit_test (resuming_twice_is_harmless),
    cmocka_unit_test (a_destroyed_domain_is_off_and_says_why),
    cmocka_unit_test (an_undefined_domain_is_absent),
    cmocka_unit_test (an_active_domain_cannot_be_undefined),
    cmocka_unit_test (a_domain_that_is_off_starts_again_with_a_new_spec),
    cmocka_unit_test (a_domain_that_is_off_starts_again_under_another_uuid),
    cmocka_unit_test (a_bad_spec_is_refused_and_leaves_nothing),
    cmocka_unit_test (reset_keeps_a_domain_running),
    cmocka_unit_test (the_list_holds_every_domain_with_its_state),
    cmocka_unit_test (an_event_tells_of_each_change),
    cmocka_unit_test (a_domain_whose_qemu_died_is_off_and_crashed),
    cmocka_unit_test (calls_come_from_many_threads),
    cmocka_unit_test (guests_outlive_libvirtd_and_the_driver_says_it_is_away),
    cmocka_unit_test (events_come_after_libvirtd_was_away),
    cmocka_unit_test (a_qemu_that_died_while_libvirtd_was_away_is_off_and_crashed),
    cmocka_unit_test (a_guest_that_powers_off_is_off_and_says_why),
    cmocka_unit_test (a_guest_boots_on_while_libvirtd_is_away),
    cmocka_unit_test (what_is_off_uses_nothing),
    cmocka_unit_test (what_a_guest_uses_is_counted_until_its_qemu_ends),
    cmocka_unit_test (the_driver_names_its_accelerator),
  };
  int failed;

  make_world (NULL);
  if (world == NULL)
    {
      print_message ("1..0 # SKIP needs a private host\n");
      return 77;
    }
  failed = cmocka_run_group_tests (tests, NULL, free_world);
  return failed;
}
