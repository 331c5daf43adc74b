/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How every driver treats the disks of running guests. Compiled for the fake one and for libvirt.
 */
#include "world.h"
#include <string.h>

#define SERIAL "disk0000000000000001"
#define MIB (G_GUINT64_CONSTANT (1) << 20)
/* A guest that does not answer a request is asked again this often. */
#define ASK_AGAIN_US (5 * G_USEC_PER_SEC)
#define GIVE_UP_US (90 * G_USEC_PER_SEC)

static World *world;

static const VirtDriverClass *
calls (void)
{
  return world->driver->class;
}

static int
free_world (void **state)
{
  g_clear_pointer (&world, world_free);
  return 0;
}

static void
start (const char *id, gboolean boots)
{
  g_autoptr (VirtSpec) spec = world_spec (world, id, boots);
  g_autoptr (GError) error = NULL;

  if (!calls ()->start_paused (world->driver, spec, &error))
    fail_msg ("start failed: %s", error->message);
}

static void
clean (const char *id)
{
  assert_true (calls ()->destroy (world->driver, id, NULL));
  assert_true (calls ()->undefine (world->driver, id, NULL));
}

static gboolean
plug (const char *id, const char *path, GError **error)
{
  g_autoptr (GPtrArray) chain = g_ptr_array_new ();
  const VirtDisk disk = { .serial = (char *) SERIAL, .target = (char *) "vdb", .chain = chain };

  g_ptr_array_add (chain, (gpointer) path);
  return calls ()->disk_attach (world->driver, id, &disk, error);
}

/* Plugs an empty disk; its layer's path. The caller frees it. */
static char *
must_plug (const char *id, const char *name)
{
  g_autoptr (GError) error = NULL;
  char *path = world_layer (world, name, NULL, 64 * MIB);

  if (!plug (id, path, &error))
    fail_msg ("attach failed: %s", error->message);
  return path;
}

/* The chain of the disk, joined by blanks; "" when the domain has no such disk. The caller frees
 * it.
 */
static char *
chain_of (const char *id, const char *serial)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) disks = calls ()->disk_list (world->driver, id, &error);

  assert_null (error);
  assert_non_null (disks);
  for (guint i = 0; i < disks->len; i++)
    {
      const VirtDisk *disk = g_ptr_array_index (disks, i);
      GString *words = g_string_new (NULL);

      if (g_str_equal (disk->serial, serial))
        {
          for (guint k = 0; k < disk->chain->len; k++)
            g_string_append_printf (words, "%s%s", k > 0 ? " " : "",
                                    (char *) g_ptr_array_index (disk->chain, k));
          return g_string_free (words, FALSE);
        }
      g_string_free (words, TRUE);
    }
  return g_strdup ("");
}

static void
assert_chain (const char *id, const char *serial, const char *first, ...)
{
  g_autofree char *now = chain_of (id, serial);
  GString *wanted = g_string_new (first);
  const char *next;
  va_list rest;

  va_start (rest, first);
  while ((next = va_arg (rest, const char *)) != NULL)
    g_string_append_printf (wanted, " %s", next);
  va_end (rest);
  assert_string_equal (now, wanted->str);
  g_string_free (wanted, TRUE);
}

static gboolean
is_gone_when_asked (const char *id, const char *serial)
{
  g_autoptr (GError) error = NULL;
  gboolean is_gone = FALSE;

  if (!calls ()->disk_detach (world->driver, id, serial, &is_gone, &error))
    fail_msg ("detach failed: %s", error->message);
  return is_gone;
}

static gboolean
turn (const char *id, const char *serial, const char *path, GError **error)
{
  g_autoptr (GPtrArray) turns = g_ptr_array_new ();
  VirtTurn one = { (char *) serial, (char *) path };

  g_ptr_array_add (turns, &one);
  return calls ()->disk_turn (world->driver, id, turns, error);
}

static void
must_turn (const char *id, const char *serial, const char *path)
{
  g_autoptr (GError) error = NULL;

  if (!turn (id, serial, path, &error))
    fail_msg ("turn failed: %s", error->message);
}

/* The serial of the disk the domain began with. The caller frees it. */
static char *
root_serial (const char *id)
{
  g_autoptr (GPtrArray) disks = calls ()->disk_list (world->driver, id, NULL);
  const VirtDisk *disk = g_ptr_array_index (disks, 0);

  return g_strdup (disk->serial);
}

static void
must (gboolean is_done, GError *error, const char *what)
{
  g_autoptr (GError) own = error;

  if (!is_done)
    fail_msg ("%s failed: %s", what, own->message);
}
#define MUST(what, method, ...)                                                                    \
  do                                                                                               \
    {                                                                                              \
      GError *must_error = NULL;                                                                   \
      gboolean must_done = calls ()->method (world->driver, __VA_ARGS__, &must_error);             \
                                                                                                   \
      must (must_done, must_error, what);                                                          \
    }                                                                                              \
  while (0)

/* ---- claims ---- */

static void
what_is_not_active_has_no_disks_and_gets_none (void **state)
{
  g_autoptr (GError) absent = NULL;
  g_autoptr (GPtrArray) disks = calls ()->disk_list (world->driver, "i-none", NULL);
  g_autofree char *path = world_layer (world, "none", NULL, MIB);
  gboolean is_running = TRUE;
  guint percent;

  assert_int_equal (disks->len, 0);
  assert_false (plug ("i-none", path, &absent));
  assert_error (absent, VMM_ERROR_VIRT_FAILED);
  assert_true (is_gone_when_asked ("i-none", SERIAL));
  assert_true (calls ()->disk_job (world->driver, "i-none", SERIAL, &is_running, &percent, NULL));
  assert_false (is_running);
  assert_true (calls ()->thaw (world->driver, "i-none", 2, NULL));
}

static void
a_disk_is_plugged_once_and_shows_its_chain (void **state)
{
  g_autofree char *path = NULL;
  g_autofree char *other = world_layer (world, "other", NULL, MIB);

  start ("i-a", FALSE);
  path = must_plug ("i-a", "a");
  assert_chain ("i-a", SERIAL, path, NULL);
  /* The serial tells that it is there already. */
  assert_true (plug ("i-a", other, NULL));
  assert_chain ("i-a", SERIAL, path, NULL);
  clean ("i-a");
}

static void
a_bad_disk_is_refused (void **state)
{
  g_autoptr (GError) error = NULL;

  start ("i-a", FALSE);
  assert_false (plug ("i-a", "relative", &error));
  assert_error (error, VMM_ERROR_VIRT_FAILED);
  assert_chain ("i-a", SERIAL, "", NULL);
  clean ("i-a");
}

static void
a_disk_stays_until_the_guest_gives_it_up (void **state)
{
  g_autofree char *path = NULL;

  start ("i-a", FALSE);
  path = must_plug ("i-a", "a");
  assert_false (is_gone_when_asked ("i-a", SERIAL));
  assert_false (is_gone_when_asked ("i-a", SERIAL));
  assert_chain ("i-a", SERIAL, path, NULL);
  assert_true (calls ()->destroy (world->driver, "i-a", NULL));
  assert_true (is_gone_when_asked ("i-a", SERIAL));
  clean ("i-a");
}

static void
a_turn_puts_a_layer_on_top_of_each_disk_at_once (void **state)
{
  g_autofree char *path = NULL, *root = NULL, *top = NULL, *root_top = NULL, *wanted = NULL;
  g_autofree char *root_active = NULL, *serial = NULL;
  g_autofree char *now = NULL, *parent = NULL;
  g_autoptr (GPtrArray) turns = g_ptr_array_new ();
  VirtTurn both[2];

  start ("i-a", FALSE);
  path = must_plug ("i-a", "a");
  serial = root_serial ("i-a");
  root = chain_of ("i-a", serial);
  top = world_layer (world, "a1", path, 64 * MIB);
  root_active = g_strndup (root, strcspn (root, " "));
  root_top = world_layer (world, "root1", root_active, 32 * MIB);
  both[0] = (VirtTurn){ (char *) SERIAL, top };
  both[1] = (VirtTurn){ serial, root_top };
  g_ptr_array_add (turns, &both[0]);
  g_ptr_array_add (turns, &both[1]);
  assert_true (calls ()->disk_turn (world->driver, "i-a", turns, NULL));
  assert_chain ("i-a", SERIAL, top, path, NULL);
  wanted = g_strdup_printf ("%s %s", root_top, root);
  now = chain_of ("i-a", serial);
  assert_string_equal (now, wanted);
  parent = world_parent (world, top);
  if (parent != NULL)
    assert_string_equal (parent, path);
  /* Again: it has turned already. */
  assert_true (calls ()->disk_turn (world->driver, "i-a", turns, NULL));
  assert_chain ("i-a", SERIAL, top, path, NULL);
  clean ("i-a");
}

static void
one_disk_that_is_not_there_keeps_all_from_turning (void **state)
{
  g_autofree char *path = NULL, *top = NULL;
  g_autoptr (GPtrArray) turns = g_ptr_array_new ();
  g_autoptr (GError) error = NULL;
  VirtTurn both[2];

  start ("i-a", FALSE);
  path = must_plug ("i-a", "a");
  top = world_layer (world, "a1", path, 64 * MIB);
  both[0] = (VirtTurn){ (char *) SERIAL, top };
  both[1] = (VirtTurn){ (char *) "nosuchdisk", (char *) "/nowhere" };
  g_ptr_array_add (turns, &both[0]);
  g_ptr_array_add (turns, &both[1]);
  assert_false (calls ()->disk_turn (world->driver, "i-a", turns, &error));
  assert_error (error, VMM_ERROR_VIRT_FAILED);
  assert_chain ("i-a", SERIAL, path, NULL);
  clean ("i-a");
}

static void
a_disk_grows_and_is_bounded (void **state)
{
  g_autofree char *path = NULL;
  g_autoptr (GError) error = NULL;

  start ("i-a", FALSE);
  path = must_plug ("i-a", "a");
  MUST ("grow", disk_grow, "i-a", SERIAL, 128 * MIB);
  MUST ("grow", disk_grow, "i-a", SERIAL, 128 * MIB);
  MUST ("bound", disk_bound, "i-a", SERIAL, 500, 50 * MIB);
  MUST ("bound", disk_bound, "i-a", SERIAL, 0, 0);
  MUST ("flush", disk_flush, "i-a", SERIAL);
  assert_false (calls ()->disk_grow (world->driver, "i-a", "nosuchdisk", MIB, &error));
  assert_error (error, VMM_ERROR_VIRT_FAILED);
  clean ("i-a");
}

static void
wait_for_pull (const char *id)
{
  gint64 end_us = g_get_monotonic_time () + GIVE_UP_US;

  for (;;)
    {
      guint seen = listener_count (world->listener, id), percent;
      g_autoptr (GError) error = NULL;
      gboolean is_running;

      if (!calls ()->disk_job (world->driver, id, SERIAL, &is_running, &percent, &error))
        fail_msg ("look failed: %s", error->message);
      if (!is_running)
        return;
      if (g_get_monotonic_time () > end_us)
        fail_msg ("the pull does not end");
      listener_wait_until (world->listener, id, seen, end_us);
    }
}

static void
a_pull_takes_the_layers_between_away (void **state)
{
  g_autofree char *a = NULL, *b = NULL, *c = NULL, *d = NULL, *parent = NULL;
  g_autoptr (GError) error = NULL;

  start ("i-a", FALSE);
  a = must_plug ("i-a", "a");
  b = world_layer (world, "b", a, 64 * MIB);
  must_turn ("i-a", SERIAL, b);
  c = world_layer (world, "c", b, 64 * MIB);
  must_turn ("i-a", SERIAL, c);
  d = world_layer (world, "d", c, 64 * MIB);
  must_turn ("i-a", SERIAL, d);
  assert_chain ("i-a", SERIAL, d, c, b, a, NULL);
  if (!calls ()->disk_pull (world->driver, "i-a", SERIAL, a, 0, &error))
    fail_msg ("pull failed: %s", error->message);
  wait_for_pull ("i-a");
  MUST ("flush", disk_flush, "i-a", SERIAL);
  assert_chain ("i-a", SERIAL, d, a, NULL);
  parent = world_parent (world, d);
  if (parent != NULL)
    assert_string_equal (parent, a);
  assert_true (calls ()->disk_pull (world->driver, "i-a", SERIAL, NULL, 0, NULL));
  wait_for_pull ("i-a");
  assert_chain ("i-a", SERIAL, d, NULL);
  clean ("i-a");
}

/* Nothing is lost when a pull is given up, at whatever moment, and the disk is free again. */
static void
a_pull_that_is_given_up_leaves_the_disk_as_it_was_or_done (void **state)
{
  g_autofree char *a = NULL, *b = NULL, *c = NULL, *now = NULL, *as_it_was = NULL;
  g_autoptr (GError) error = NULL;
  gboolean is_running = TRUE;
  guint percent;

  MUST ("end", disk_pull_end, "i-none", SERIAL);
  start ("i-a", FALSE);
  a = must_plug ("i-a", "a");
  MUST ("end", disk_pull_end, "i-a", SERIAL);
  MUST ("end", disk_pull_end, "i-a", "nosuchdisk");
  b = world_layer (world, "b", a, 64 * MIB);
  must_turn ("i-a", SERIAL, b);
  if (!calls ()->disk_pull (world->driver, "i-a", SERIAL, NULL, MIB, &error))
    fail_msg ("pull failed: %s", error->message);
  MUST ("end", disk_pull_end, "i-a", SERIAL);
  assert_true (calls ()->disk_job (world->driver, "i-a", SERIAL, &is_running, &percent, NULL));
  assert_false (is_running);
  now = chain_of ("i-a", SERIAL);
  as_it_was = g_strdup_printf ("%s %s", b, a);
  assert_true (g_str_equal (now, as_it_was) || g_str_equal (now, b));
  c = world_layer (world, "c", b, 64 * MIB);
  must_turn ("i-a", SERIAL, c);
  MUST ("grow", disk_grow, "i-a", SERIAL, 128 * MIB);
  clean ("i-a");
}

static void
a_guest_without_an_agent_is_not_frozen_and_that_is_no_error (void **state)
{
  gboolean is_frozen = TRUE;

  start ("i-a", FALSE);
  MUST ("freeze", freeze, "i-a", 2, &is_frozen);
  assert_false (is_frozen);
  MUST ("thaw", thaw, "i-a", 2);
  clean ("i-a");
}

static void
a_guest_gives_up_a_disk_and_gets_it_again (void **state)
{
  gint64 end_us = g_get_monotonic_time () + GIVE_UP_US;
  g_autofree char *path = NULL;

  if (!world_can_boot (world))
    skip ();
  start ("i-boots", TRUE);
  assert_true (calls ()->resume (world->driver, "i-boots", NULL));
  world_wait_booted (world, "i-boots");
  path = must_plug ("i-boots", "a");
  for (;;)
    {
      guint seen = listener_count (world->listener, "i-boots");

      if (is_gone_when_asked ("i-boots", SERIAL))
        break;
      if (g_get_monotonic_time () > end_us)
        fail_msg ("the guest keeps its disk");
      listener_wait_until (world->listener, "i-boots", seen,
                           g_get_monotonic_time () + ASK_AGAIN_US);
    }
  assert_chain ("i-boots", SERIAL, "", NULL);
  assert_true (plug ("i-boots", path, NULL));
  assert_chain ("i-boots", SERIAL, path, NULL);
  clean ("i-boots");
}

/* By its header; the fake has no files. */
static void
assert_size (const char *path, guint64 bytes)
{
  g_autofree char *head = NULL;
  guint64 size;

  if (!g_file_test (path, G_FILE_TEST_EXISTS))
    return;
  assert_true (g_file_get_contents (path, &head, NULL, NULL));
  memcpy (&size, head + 24, sizeof size);
  assert_int_equal (GUINT64_FROM_BE (size), bytes);
}

/* What libvirt would do to the layer that it believes to be the active one is not asked of it. */
static void
assert_left_alone_when_behind (const char *id, const char *sealed, const char *top)
{
  g_autofree char *next = world_layer (world, "a2", top, 64 * MIB);
  g_autoptr (GError) turn_error = NULL, pull_error = NULL;

  if (!world_may_be_behind (world))
    return;
  assert_false (turn (id, SERIAL, next, &turn_error));
  assert_non_null (strstr (turn_error->message, "stopped and started"));
  assert_false (calls ()->disk_pull (world->driver, id, SERIAL, NULL, 0, &pull_error));
  assert_non_null (strstr (pull_error->message, "stopped and started"));
  assert_chain (id, SERIAL, top, sealed, NULL);
}

static void
a_turn_that_libvirt_has_not_noted_is_seen (void **state)
{
  g_autofree char *path = NULL, *top = NULL;

  start ("i-a", FALSE);
  path = must_plug ("i-a", "a");
  top = world_layer (world, "a1", path, 64 * MIB);
  world_turn_unseen (world, "i-a", SERIAL, top);
  assert_chain ("i-a", SERIAL, top, path, NULL);
  assert_true (turn ("i-a", SERIAL, top, NULL));
  assert_chain ("i-a", SERIAL, top, path, NULL);
  MUST ("grow", disk_grow, "i-a", SERIAL, 128 * MIB);
  MUST ("grow again", disk_grow, "i-a", SERIAL, 128 * MIB);
  assert_left_alone_when_behind ("i-a", path, top);
  assert_true (calls ()->destroy (world->driver, "i-a", NULL));
  assert_size (top, 128 * MIB);
  clean ("i-a");
}

static void
a_disk_that_libvirt_has_not_noted_is_not_gone (void **state)
{
  g_autofree char *path = NULL;

  start ("i-a", FALSE);
  path = world_layer (world, "a", NULL, 64 * MIB);
  if (world_plug_unseen (world, "i-a", SERIAL, path))
    {
      assert_false (is_gone_when_asked ("i-a", SERIAL));
      assert_false (is_gone_when_asked ("i-a", SERIAL));
    }
  assert_true (calls ()->destroy (world->driver, "i-a", NULL));
  assert_true (is_gone_when_asked ("i-a", SERIAL));
  clean ("i-a");
}

static void
a_file_that_a_killed_libvirt_left_open_is_not_in_the_way (void **state)
{
  g_autofree char *path = world_layer (world, "a", NULL, 64 * MIB);
  g_autoptr (GError) error = NULL;

  start ("i-a", FALSE);
  world_open_unseen (world, "i-a", path);
  if (!plug ("i-a", path, &error))
    fail_msg ("attach failed: %s", error->message);
  assert_chain ("i-a", SERIAL, path, NULL);
  clean ("i-a");
}

static void
a_file_that_a_killed_libvirt_left_open_is_closed_when_its_disk_is_taken_out (void **state)
{
  g_autofree char *path = world_layer (world, "a", NULL, 64 * MIB);
  g_autoptr (GError) error = NULL;

  start ("i-a", FALSE);
  start ("i-b", FALSE);
  world_open_unseen (world, "i-a", path);
  assert_true (is_gone_when_asked ("i-a", SERIAL));
  if (!plug ("i-b", path, &error))
    fail_msg ("attach to another failed: %s", error->message);
  assert_chain ("i-b", SERIAL, path, NULL);
  clean ("i-a");
  clean ("i-b");
}

int
main (void)
{
  const struct CMUnitTest tests[] = {
    cmocka_unit_test (what_is_not_active_has_no_disks_and_gets_none),
    cmocka_unit_test (a_disk_is_plugged_once_and_shows_its_chain),
    cmocka_unit_test (a_bad_disk_is_refused),
    cmocka_unit_test (a_disk_stays_until_the_guest_gives_it_up),
    cmocka_unit_test (a_turn_puts_a_layer_on_top_of_each_disk_at_once),
    cmocka_unit_test (a_turn_that_libvirt_has_not_noted_is_seen),
    cmocka_unit_test (a_disk_that_libvirt_has_not_noted_is_not_gone),
    cmocka_unit_test (a_file_that_a_killed_libvirt_left_open_is_not_in_the_way),
    cmocka_unit_test (a_file_that_a_killed_libvirt_left_open_is_closed_when_its_disk_is_taken_out),
    cmocka_unit_test (one_disk_that_is_not_there_keeps_all_from_turning),
    cmocka_unit_test (a_disk_grows_and_is_bounded),
    cmocka_unit_test (a_pull_takes_the_layers_between_away),
    cmocka_unit_test (a_pull_that_is_given_up_leaves_the_disk_as_it_was_or_done),
    cmocka_unit_test (a_guest_without_an_agent_is_not_frozen_and_that_is_no_error),
    cmocka_unit_test (a_guest_gives_up_a_disk_and_gets_it_again),
  };

  world = world_new ();
  if (world == NULL)
    {
      print_message ("1..0 # SKIP needs a private host\n");
      return 77;
    }
  return cmocka_run_group_tests_name ("disk", tests, NULL, free_world);
}
