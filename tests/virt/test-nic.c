/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How every driver plugs interfaces. Compiled for the fake one and for libvirt. */
#include "world.h"

#define TAP "et00000a01"
#define OTHER_TAP "et00000a02"
#define MAC "00:16:3e:00:0a:01"
#define OTHER_MAC "00:16:3e:00:0a:02"
/* A guest that does not answer a request is asked again this often. */
#define ASK_AGAIN_US (5 * G_USEC_PER_SEC)
#define GIVE_UP_US (90 * G_USEC_PER_SEC)

static World *world;

static int
free_world (void **state)
{
  g_clear_pointer (&world, world_free);
  return 0;
}

/* Starts a paused domain with the interface OTHER_TAP. */
static void
start (const char *id, gboolean boots)
{
  g_autoptr (VirtSpec) spec = world_spec (world, id, boots);
  g_autoptr (GError) error = NULL;

  spec_add_nic (spec, OTHER_TAP, OTHER_MAC, 1450);
  if (!world->driver->class->start_paused (world->driver, spec, &error))
    fail_msg ("start failed: %s", error->message);
}

static void
must_resume (const char *id)
{
  assert_true (world->driver->class->resume (world->driver, id, NULL));
}

static void
must_destroy (const char *id)
{
  assert_true (world->driver->class->destroy (world->driver, id, NULL));
}

static void
clean (const char *id)
{
  must_destroy (id);
  assert_true (world->driver->class->undefine (world->driver, id, NULL));
}

static gboolean
plug (const char *id, GError **error)
{
  const VirtNic nic = { .tap = (char *) TAP, .mac = (char *) MAC, .mtu = 1450 };

  return world->driver->class->nic_attach (world->driver, id, &nic, error);
}

static void
must_plug (const char *id)
{
  g_autoptr (GError) error = NULL;

  if (!plug (id, &error))
    fail_msg ("attach failed: %s", error->message);
}

static void
must_link (const char *id, const char *tap, gboolean is_up)
{
  g_autoptr (GError) error = NULL;

  if (!world->driver->class->nic_link (world->driver, id, tap, is_up, &error))
    fail_msg ("link failed: %s", error->message);
}

static gboolean
is_gone_when_asked (const char *id, const char *tap)
{
  g_autoptr (GError) error = NULL;
  gboolean is_gone = FALSE;

  if (!world->driver->class->nic_detach (world->driver, id, tap, &is_gone, &error))
    fail_msg ("detach failed: %s", error->message);
  return is_gone;
}

/* 1 with its link up, 0 with it down, -1 when the domain has it not. */
static int
link_of (const char *id, const char *tap)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) nics = world->driver->class->nic_list (world->driver, id, &error);
  const VirtNicFact *fact;

  assert_null (error);
  assert_non_null (nics);
  fact = virt_nic_fact_find (nics, tap);
  return fact != NULL ? fact->is_up : -1;
}

static gboolean
has (const char *id, const char *tap)
{
  return link_of (id, tap) >= 0;
}

static guint
count (const char *id)
{
  g_autoptr (GPtrArray) taps = world->driver->class->nic_list (world->driver, id, NULL);

  assert_non_null (taps);
  return taps->len;
}

/* ---- claims ---- */

static void
a_domain_that_is_not_active_has_no_interfaces (void **state)
{
  assert_int_equal (count ("i-none"), 0);
  start ("i-off", FALSE);
  assert_int_equal (count ("i-off"), 1);
  must_destroy ("i-off");
  assert_int_equal (count ("i-off"), 0);
  assert_true (is_gone_when_asked ("i-off", OTHER_TAP));
  clean ("i-off");
  assert_true (is_gone_when_asked ("i-none", TAP));
}

static void
nothing_is_plugged_into_a_domain_that_is_not_active (void **state)
{
  g_autoptr (GError) absent = NULL;
  g_autoptr (GError) off = NULL;

  assert_false (plug ("i-none", &absent));
  assert_error (absent, VMM_ERROR_VIRT_FAILED);
  start ("i-off", FALSE);
  must_destroy ("i-off");
  assert_false (plug ("i-off", &off));
  assert_error (off, VMM_ERROR_VIRT_FAILED);
  clean ("i-off");
}

static void
a_bad_interface_is_refused (void **state)
{
  const VirtNic nic = { .tap = (char *) "et\n", .mac = (char *) MAC };
  g_autoptr (GError) error = NULL;

  start ("i-a", FALSE);
  assert_false (world->driver->class->nic_attach (world->driver, "i-a", &nic, &error));
  assert_error (error, VMM_ERROR_VIRT_FAILED);
  assert_int_equal (count ("i-a"), 1);
  clean ("i-a");
}

static void
plugging_twice_is_harmless (void **state)
{
  start ("i-a", FALSE);
  must_resume ("i-a");
  must_plug ("i-a");
  must_plug ("i-a");
  assert_true (has ("i-a", TAP));
  assert_int_equal (count ("i-a"), 2);
  clean ("i-a");
}

static void
a_link_is_down_at_first_and_switched_as_often_as_wanted (void **state)
{
  g_autoptr (GError) error = NULL;

  start ("i-a", FALSE);
  must_resume ("i-a");
  must_plug ("i-a");
  assert_int_equal (link_of ("i-a", TAP), 0);
  assert_int_equal (link_of ("i-a", OTHER_TAP), 1);
  must_link ("i-a", TAP, TRUE);
  must_link ("i-a", TAP, TRUE);
  assert_int_equal (link_of ("i-a", TAP), 1);
  must_plug ("i-a");
  assert_int_equal (link_of ("i-a", TAP), 1);
  must_link ("i-a", TAP, FALSE);
  must_link ("i-a", OTHER_TAP, FALSE);
  assert_int_equal (link_of ("i-a", TAP), 0);
  assert_int_equal (link_of ("i-a", OTHER_TAP), 0);
  assert_false (world->driver->class->nic_link (world->driver, "i-a", "et00000a09", TRUE, &error));
  assert_error (error, VMM_ERROR_VIRT_FAILED);
  clean ("i-a");
}

static void
a_domain_never_gives_up_what_it_has_not (void **state)
{
  start ("i-a", FALSE);
  assert_true (is_gone_when_asked ("i-a", TAP));
  clean ("i-a");
}

/* A guest that does not run cannot consent. */
static void
an_interface_stays_until_the_guest_gives_it_up (void **state)
{
  start ("i-a", FALSE);
  must_plug ("i-a");
  assert_false (is_gone_when_asked ("i-a", TAP));
  assert_false (is_gone_when_asked ("i-a", TAP));
  assert_true (has ("i-a", TAP));
  must_destroy ("i-a");
  assert_true (is_gone_when_asked ("i-a", TAP));
  clean ("i-a");
}

static void
what_was_plugged_is_not_there_after_a_start_without_it (void **state)
{
  start ("i-a", FALSE);
  must_plug ("i-a");
  must_destroy ("i-a");
  start ("i-a", FALSE);
  assert_false (has ("i-a", TAP));
  assert_true (has ("i-a", OTHER_TAP));
  clean ("i-a");
}

/* Asks until the guest has given it up, looking only when an event came, and asking again now and
 * then, for a guest that is still booting loses the request. */
static void
wait_gone (const char *id, const char *tap)
{
  gint64 end_us = g_get_monotonic_time () + GIVE_UP_US;

  for (;;)
    {
      guint seen = listener_count (world->listener, id);

      if (is_gone_when_asked (id, tap))
        return;
      if (g_get_monotonic_time () > end_us)
        fail_msg ("the guest keeps '%s'", tap);
      listener_wait_until (world->listener, id, seen, g_get_monotonic_time () + ASK_AGAIN_US);
    }
}

static void
a_guest_gives_up_what_it_is_asked_for (void **state)
{
  if (!world_can_boot (world))
    skip ();
  start ("i-boots", TRUE);
  must_resume ("i-boots");
  world_wait_booted (world, "i-boots");
  must_plug ("i-boots");
  must_link ("i-boots", TAP, TRUE);
  wait_gone ("i-boots", TAP);
  assert_false (has ("i-boots", TAP));
  /* The same name can be plugged again, and so can one that was there from the start. */
  must_plug ("i-boots");
  wait_gone ("i-boots", OTHER_TAP);
  assert_true (has ("i-boots", TAP));
  assert_int_equal (count ("i-boots"), 1);
  clean ("i-boots");
}

static void
what_a_killed_libvirt_left_of_an_interface_is_not_in_the_way (void **state)
{
  start ("i-a", FALSE);
  world_nic_unseen (world, "i-a", TAP, FALSE);
  must_plug ("i-a");
  assert_true (has ("i-a", TAP));
  clean ("i-a");
}

static void
an_interface_that_libvirt_has_not_noted_is_not_gone (void **state)
{
  start ("i-a", FALSE);
  if (world_nic_unseen (world, "i-a", TAP, TRUE))
    {
      assert_false (is_gone_when_asked ("i-a", TAP));
      assert_false (is_gone_when_asked ("i-a", TAP));
      assert_false (plug ("i-a", NULL));
    }
  must_destroy ("i-a");
  assert_true (is_gone_when_asked ("i-a", TAP));
  clean ("i-a");
}

int
main (void)
{
  const struct CMUnitTest tests[] = {
    cmocka_unit_test (a_domain_that_is_not_active_has_no_interfaces),
    cmocka_unit_test (nothing_is_plugged_into_a_domain_that_is_not_active),
    cmocka_unit_test (a_bad_interface_is_refused),
    cmocka_unit_test (plugging_twice_is_harmless),
    cmocka_unit_test (a_link_is_down_at_first_and_switched_as_often_as_wanted),
    cmocka_unit_test (a_domain_never_gives_up_what_it_has_not),
    cmocka_unit_test (an_interface_stays_until_the_guest_gives_it_up),
    cmocka_unit_test (what_was_plugged_is_not_there_after_a_start_without_it),
    cmocka_unit_test (a_guest_gives_up_what_it_is_asked_for),
    cmocka_unit_test (what_a_killed_libvirt_left_of_an_interface_is_not_in_the_way),
    cmocka_unit_test (an_interface_that_libvirt_has_not_noted_is_not_gone),
  };

  world = world_new ();
  if (world == NULL)
    {
      print_message ("1..0 # SKIP needs a private host\n");
      return 77;
    }
  return cmocka_run_group_tests_name ("nic", tests, NULL, free_world);
}
