/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ReplaceSystemDisk: what it refuses, what it leaves, what it changes. */
#include "ops-disk.h"
#include "ops-key-pair.h"
#include "ops-snapshot.h"
#include "store-disk.h"
#include "world.h"

/* The system disk of the instance; the caller frees it. */
static VmmDisk *
system_disk (World *w, const char *id)
{
  g_autoptr (StoreTxn) txn = store_begin_read (w->ctx.store, NULL);
  g_autoptr (GPtrArray) disks = store_disk_list_of (txn, id, NULL);

  assert_true (((VmmDisk *) disks->pdata[0])->is_system);
  return g_ptr_array_steal_index (disks, 0);
}

static const char *
replace (World *w, const char *id, const char *image, guint64 size_gib)
{
  g_autoptr (GError) error = NULL;
  char *made = ops_disk_replace (&w->ctx, &w->alice, id, image, size_gib, NULL, &error);

  assert_no_error (error);
  return world_keep (w, made);
}

static void
refuse (World *w, const VmmCaller *caller, const char *id, const char *image, guint64 size_gib,
        VmmError code, const char *part)
{
  g_autofree char *before = world_dump (w);
  g_autofree char *after = NULL;
  g_autoptr (GError) error = NULL;

  assert_null (ops_disk_replace (&w->ctx, caller, id, image, size_gib, NULL, &error));
  assert_vmm_message (error, code, part);
  after = world_dump (w);
  assert_string_equal (before, after);
}

static void
the_instance_has_another_system_disk_of_the_image (void **state)
{
  World *w = *state;
  const char *first = world_add_image (w, 2), *second = world_add_image (w, 1);
  const char *id = world_add_instance (w, &w->alice, first, VMM_INSTANCE_STOPPED);
  g_autoptr (VmmDisk) old = system_disk (w, id);
  g_autoptr (VmmInstance) instance = NULL;
  g_autoptr (VmmDisk) disk = NULL;
  g_autofree char *sql = NULL;

  sql = g_strdup_printf ("UPDATE disk SET name='root', category='cloud_ssd',"
                         " enable_auto_snapshot=0 WHERE id='%s'",
                         old->id);
  world_exec (w, sql);
  world_advance_ms (w, 1000);
  replace (w, id, second, 0);
  disk = system_disk (w, id);
  instance = world_get (w, id);
  assert_string_equal (instance->image_id, second);
  assert_string_not_equal (disk->id, old->id);
  assert_string_not_equal (disk->layer_id, old->layer_id);
  assert_string_equal (disk->image_id, second);
  assert_string_equal (disk->device, "/dev/xvda");
  assert_string_equal (disk->name, "root");
  assert_string_equal (disk->category, "cloud_ssd");
  assert_false (disk->enable_auto_snapshot);
  assert_true (disk->delete_with_instance);
  assert_int_equal (disk->state, VMM_DISK_REPLACING);
  assert_string_equal (vmm_disk_state_wire (disk->state), "ReIniting");
  assert_int_equal (disk->virtual_bytes, 2 * WORLD_GIB); /* what the old one had */
  assert_int_equal (disk->attached_ms, world_now_ms ());
  assert_int_equal (world_query (w, "SELECT count(*) FROM disk"), 1);
  assert_true (world_kicks (w, id) > 1);
}

static void
its_size_is_chosen_within_bounds (void **state)
{
  World *w = *state;
  const char *two = world_add_image (w, 2), *four = world_add_image (w, 4);
  const char *id = world_add_instance (w, &w->alice, two, VMM_INSTANCE_STOPPED);
  g_autoptr (VmmDisk) disk = NULL;

  refuse (w, &w->alice, id, four, 3, VMM_ERROR_SYSTEM_DISK_TOO_SMALL, "needs 4 GiB");
  refuse (w, &w->alice, id, two, 3000, VMM_ERROR_SYSTEM_DISK_SIZE, "at most 2048");
  replace (w, id, four, 6);
  disk = system_disk (w, id);
  assert_int_equal (disk->virtual_bytes, 6 * WORLD_GIB);
  world_exec (w, "UPDATE disk SET state='in-use'");
  refuse (w, &w->alice, id, four, 5, VMM_ERROR_SYSTEM_DISK_LESS, "has 6 GiB");
}

static void
what_cannot_be_is_refused_and_nothing_changes (void **state)
{
  World *w = *state;
  const char *image = world_add_image (w, 1), *broken = world_add_image (w, 1);
  const char *id = world_add_instance (w, &w->alice, image, VMM_INSTANCE_STOPPED);
  const char *runs = world_add_instance (w, &w->alice, image, VMM_INSTANCE_RUNNING);
  g_autofree char *sql = g_strdup_printf ("UPDATE image SET state='failed' WHERE id='%s'", broken);
  g_autofree char *next = g_strdup_printf (
      "UPDATE disk SET next_layer_id=origin_layer_id WHERE instance_id='%s'", id);

  world_exec (w, sql);
  refuse (w, &w->alice, "i-none", image, 0, VMM_ERROR_INSTANCE_NOT_FOUND, "i-none");
  refuse (w, &w->bob, id, image, 0, VMM_ERROR_INSTANCE_NOT_FOUND, id);
  refuse (w, &w->alice, id, "m-none", 0, VMM_ERROR_IMAGE_NOT_FOUND, "m-none");
  refuse (w, &w->alice, id, broken, 0, VMM_ERROR_IMAGE_NOT_AVAILABLE, "CreateFailed");
  refuse (w, &w->alice, runs, image, 0, VMM_ERROR_INSTANCE_STATUS, "stop it first");
  world_exec (w, "UPDATE disk SET want_bytes=99");
  refuse (w, &w->alice, id, image, 0, VMM_ERROR_DISK_STATUS, "being resized");
  world_exec (w, "UPDATE disk SET want_bytes=0, state='reiniting'");
  refuse (w, &w->alice, id, image, 0, VMM_ERROR_DISK_STATUS, "ReIniting");
  world_exec (w, "UPDATE disk SET state='in-use'");
  world_exec (w, next);
  refuse (w, &w->alice, id, image, 0, VMM_ERROR_DISK_SNAPSHOTTING, "snapshot");
  world_exec (w, "UPDATE disk SET next_layer_id=NULL");
  w->pool_total_bytes = WORLD_GIB;
  refuse (w, &w->alice, id, image, 100, VMM_ERROR_NO_STOCK, "disk space");
}

static void
while_it_is_being_made_nothing_else_is_done_to_it (void **state)
{
  World *w = *state;
  const char *image = world_add_image (w, 1);
  const char *id = world_add_instance (w, &w->alice, image, VMM_INSTANCE_STOPPED);
  const char *disk = replace (w, id, image, 0);
  g_autoptr (GError) again = NULL, grow = NULL, reinit = NULL;

  assert_null (ops_disk_replace (&w->ctx, &w->alice, id, image, 0, NULL, &again));
  assert_vmm_message (again, VMM_ERROR_DISK_STATUS, "ReIniting");
  assert_false (ops_disk_resize (&w->ctx, &w->alice, disk, 40, &grow));
  assert_vmm_message (grow, VMM_ERROR_DISK_STATUS, "ReIniting");
  assert_false (ops_disk_reinit (&w->ctx, &w->alice, disk, &reinit));
  assert_vmm_message (reinit, VMM_ERROR_DISK_STATUS, "ReIniting");
}

static void
the_key_is_changed_only_when_asked (void **state)
{
  static const char key[]
      = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
        "AAAAAAAA";
  World *w = *state;
  const char *image = world_add_image (w, 1);
  const char *id = world_add_instance (w, &w->alice, image, VMM_INSTANCE_STOPPED);
  g_autoptr (VmmInstance) kept = NULL, changed = NULL;
  g_autofree char *sql = g_strdup_printf (
      "INSERT INTO key_pair (account_id, name, public_key, fingerprint, created_ms)"
      " VALUES ('%s', 'new', '%s', 'f', 0)",
      w->alice.account_id, key);
  g_autofree char *made = NULL;
  g_autoptr (GError) error = NULL, none = NULL;

  world_exec (w, sql);
  world_exec (w, "UPDATE instance SET key_pair='old', public_key='k'");
  replace (w, id, image, 0);
  kept = world_get (w, id);
  assert_string_equal (kept->key_pair, "old");
  world_exec (w, "UPDATE disk SET state='in-use'");
  assert_null (ops_disk_replace (&w->ctx, &w->alice, id, image, 0, "none", &none));
  assert_vmm_message (none, VMM_ERROR_KEY_PAIR_NOT_FOUND, "none");
  made = ops_disk_replace (&w->ctx, &w->alice, id, image, 0, "new", &error);
  assert_no_error (error);
  changed = world_get (w, id);
  assert_string_equal (changed->key_pair, "new");
  assert_string_equal (changed->public_key, key);
}

static void
a_request_that_comes_twice_replaces_once (void **state)
{
  World *w = *state;
  const char *image = world_add_image (w, 1), *first;
  const char *id = world_add_instance (w, &w->alice, image, VMM_INSTANCE_STOPPED);

  w->alice.client_token = "once";
  first = replace (w, id, image, 0);
  assert_string_equal (replace (w, id, image, 0), first);
}

static void
a_dry_run_replaces_nothing (void **state)
{
  World *w = *state;
  const char *image = world_add_image (w, 1);
  const char *id = world_add_instance (w, &w->alice, image, VMM_INSTANCE_STOPPED);

  w->alice.dry_run = TRUE;
  refuse (w, &w->alice, id, image, 0, VMM_ERROR_DRY_RUN, "");
}

int
main (void)
{
  const struct CMUnitTest tests[] = {
    WORLD_TEST (the_instance_has_another_system_disk_of_the_image),
    WORLD_TEST (its_size_is_chosen_within_bounds),
    WORLD_TEST (what_cannot_be_is_refused_and_nothing_changes),
    WORLD_TEST (while_it_is_being_made_nothing_else_is_done_to_it),
    WORLD_TEST (the_key_is_changed_only_when_asked),
    WORLD_TEST (a_request_that_comes_twice_replaces_once),
    WORLD_TEST (a_dry_run_replaces_nothing),
  };

  return cmocka_run_group_tests_name ("ops-replace", tests, NULL, NULL);
}
