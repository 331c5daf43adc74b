/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What only the fake driver can do: fail, dawdle and stage events. */
#include <glib/gstdio.h>

#include "virt-fake.h"
#include "world.h"

static int
make_world (void **state)
{
  *state = world_new ();
  return 0;
}

static int
free_world (void **state)
{
  world_free (*state);
  return 0;
}

static gboolean
start (World *world, GError **error)
{
  g_autoptr (VirtSpec) spec = world_spec (world, "i-a", FALSE);

  return world->driver->class->start_paused (world->driver, spec, error);
}

static void
the_nth_call_fails_and_does_nothing (void **state)
{
  World *world = *state;
  g_autoptr (GError) error = NULL;

  virt_fake_fail_call (world->driver, 2, VIRT_FAKE_BEFORE, VMM_ERROR_VIRT_FAILED);
  assert_true (start (world, NULL));
  assert_false (world->driver->class->resume (world->driver, "i-a", &error));
  assert_error (error, VMM_ERROR_VIRT_FAILED);
  assert_fact (world->driver, "i-a", VIRT_PAUSED, -1);
}

static void
a_call_can_take_effect_and_then_fail (void **state)
{
  World *world = *state;
  g_autoptr (GError) error = NULL;

  virt_fake_fail_call (world->driver, 1, VIRT_FAKE_AFTER, VMM_ERROR_VIRT_AWAY);
  assert_false (start (world, &error));
  assert_error (error, VMM_ERROR_VIRT_AWAY);
  assert_fact (world->driver, "i-a", VIRT_PAUSED, -1);
}

static void
calls_are_counted (void **state)
{
  World *world = *state;

  assert_int_equal (virt_fake_calls (world->driver), 0);
  assert_true (start (world, NULL));
  assert_fact (world->driver, "i-a", VIRT_PAUSED, -1);
  assert_int_equal (virt_fake_calls (world->driver), 2);
}

static void
each_call_takes_its_delay (void **state)
{
  World *world = *state;
  gint64 start_us = g_get_monotonic_time ();

  virt_fake_set_delay_ms (world->driver, 50);
  assert_true (start (world, NULL));
  assert_true (g_get_monotonic_time () - start_us >= 50000);
}

static void
a_disobedient_guest_ignores_the_button (void **state)
{
  World *world = *state;

  virt_fake_set_obedient (world->driver, FALSE);
  assert_true (start (world, NULL));
  assert_true (world->driver->class->resume (world->driver, "i-a", NULL));
  assert_true (world->driver->class->shutdown (world->driver, "i-a", NULL));
  assert_fact (world->driver, "i-a", VIRT_RUNNING, -1);
}

static void
staged_events_change_the_facts_and_are_told (void **state)
{
  World *world = *state;
  guint before;

  assert_true (start (world, NULL));
  listener_wait (world->listener, "i-a", 0);
  before = listener_count (world->listener, "i-a");
  assert_true (virt_fake_stage (world->driver, "i-a", VIRT_FAKE_IO_ERROR));
  assert_fact (world->driver, "i-a", VIRT_PAUSED, VIRT_REASON_IO_ERROR);
  assert_true (virt_fake_stage (world->driver, "i-a", VIRT_FAKE_POWEROFF));
  assert_fact (world->driver, "i-a", VIRT_OFF, VIRT_REASON_SHUTDOWN);
  listener_wait (world->listener, "i-a", before + 1);
  assert_false (virt_fake_stage (world->driver, "i-a", VIRT_FAKE_CRASH));
}

static void
the_spec_of_the_last_start_is_kept (void **state)
{
  World *world = *state;
  g_autoptr (VirtSpec) spec = NULL;

  assert_null (virt_fake_spec (world->driver, "i-a"));
  assert_true (start (world, NULL));
  spec = virt_fake_spec (world->driver, "i-a");
  assert_string_equal (spec->id, "i-a");
  assert_int_equal (spec->disks->len, 1);
}

static void
guests_outlive_the_driver_in_a_file (void **state)
{
  World *world = *state;
  g_autoptr (VirtDriver) second = virt_fake_new ();
  g_autofree char *directory = g_dir_make_tmp (NULL, NULL);
  g_autofree char *path = g_build_filename (directory, "domains", NULL);

  assert_true (virt_fake_keep_in (world->driver, path, NULL));
  assert_true (start (world, NULL));
  assert_true (world->driver->class->resume (world->driver, "i-a", NULL));
  assert_true (virt_fake_keep_in (second, path, NULL));
  assert_fact (second, "i-a", VIRT_RUNNING, -1);
  g_remove (path);
  g_remove (directory);
}

#define TEST(claim) cmocka_unit_test_setup_teardown (claim, make_world, free_world)

int
main (void)
{
  const struct CMUnitTest tests[] = {
    TEST (the_nth_call_fails_and_does_nothing),
    TEST (a_call_can_take_effect_and_then_fail),
    TEST (calls_are_counted),
    TEST (each_call_takes_its_delay),
    TEST (a_disobedient_guest_ignores_the_button),
    TEST (staged_events_change_the_facts_and_are_told),
    TEST (the_spec_of_the_last_start_is_kept),
    TEST (guests_outlive_the_driver_in_a_file),
  };

  return cmocka_run_group_tests (tests, NULL, NULL);
}
