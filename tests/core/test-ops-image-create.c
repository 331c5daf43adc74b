/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The verbs that make images of what is here, and those that change and share them. */
#include "ops-image.h"
#include "ops-snapshot.h"
#include "store-image.h"
#include "store-snapshot.h"
#include "world.h"

#define ANY .is_public = -1, .is_usable = -1

/* An accomplished snapshot of the system disk of a stopped instance of alice's. */
static const char *
add_snapshot (World *w, const char *image)
{
  const char *instance = world_add_instance (w, &w->alice, image, VMM_INSTANCE_STOPPED);
  g_autoptr (GError) error = NULL;
  g_autoptr (StoreTxn) txn = store_begin_read (w->ctx.store, NULL);
  g_autoptr (GPtrArray) disks = store_disk_list_of (txn, instance, NULL);
  const OpsSnapshotSpec spec = { .disk_id = ((const VmmDisk *) g_ptr_array_index (disks, 0))->id };
  g_autoptr (VmmSnapshot) snapshot = NULL;
  const char *id;

  g_clear_pointer (&txn, store_txn_free);
  id = world_keep (w, ops_snapshot_create (&w->ctx, &w->alice, &spec, &error));
  assert_no_error (error);
  txn = store_begin_read (w->ctx.store, NULL);
  snapshot = store_snapshot_get (txn, NULL, id, NULL);
  g_clear_pointer (&txn, store_txn_free);
  assert_true (ops_snapshot_accomplish (&w->ctx, snapshot, VMM_CONSISTENCY_OFF, 1 << 20, &error));
  return id;
}

static const char *
make_data (World *w, const char *snapshot)
{
  g_autofree char *sql
      = g_strdup_printf ("UPDATE snapshot SET is_system=0 WHERE id='%s'", snapshot);

  world_exec (w, sql);
  return snapshot;
}

static const char *
create (World *w, const OpsImageCreate *spec)
{
  g_autoptr (GError) error = NULL;
  char *id = ops_image_create (&w->ctx, &w->alice, spec, &error);

  assert_no_error (error);
  return world_keep (w, id);
}

static VmmImage *
get (World *w, const VmmCaller *caller, const char *id)
{
  return ops_image_get (&w->ctx, caller, id, NULL);
}

static void
assert_disk (const VmmImage *image, guint i, const char *device, const char *snapshot, guint64 gib)
{
  const VmmImageDisk *disk = g_ptr_array_index (image->disks, i);

  assert_string_equal (disk->device, device);
  assert_string_equal (disk->snapshot_id, snapshot);
  assert_int_equal (disk->virtual_bytes, gib * WORLD_GIB);
  assert_int_equal (disk->layer_id == NULL, *snapshot == '\0');
}

static void
an_image_of_a_snapshot_is_available_at_once (void **state)
{
  World *w = *state;
  const char *snapshot = add_snapshot (w, world_add_image (w, 3));
  const OpsImageCreate spec
      = { .snapshot_id = snapshot, .name = "web", .family = "shop", .version = "7" };
  g_autoptr (VmmImage) image = get (w, &w->alice, create (w, &spec));

  assert_int_equal (image->state, VMM_IMAGE_AVAILABLE);
  assert_int_equal (image->progress, 100);
  assert_int_equal (image->source, VMM_IMAGE_SNAPSHOTS);
  assert_string_equal (image->account_id, w->alice.account_id);
  assert_string_equal (image->name, "web");
  assert_string_equal (image->family, "shop");
  assert_string_equal (image->version, "7");
  assert_string_equal (image->os_name, "Debian");
  assert_int_equal (image->disks->len, 1);
  assert_disk (image, 0, "/dev/xvda", snapshot, 3);
}

static void
an_image_of_disks_has_them_at_their_devices (void **state)
{
  World *w = *state;
  const char *base = world_add_image (w, 3), *system = add_snapshot (w, base),
             *data = make_data (w, add_snapshot (w, base));
  const OpsImageDisk disks[] = {
    { .size_gib = 5 },
    { .snapshot_id = data, .size_gib = 8 },
    { .snapshot_id = data, .device = "/dev/xvdb" },
    { .snapshot_id = system },
    { .snapshot_id = system, .type = "data", .device = "/dev/xvdz" },
  };
  const OpsImageCreate spec
      = { .disks = disks, .n_disks = G_N_ELEMENTS (disks), .platform = "Windows Server 2019" };
  g_autoptr (VmmImage) image = get (w, &w->alice, create (w, &spec));

  assert_int_equal (image->disks->len, 5);
  assert_disk (image, 0, "/dev/xvda", system, 3);
  assert_disk (image, 1, "/dev/xvdb", data, 3);
  assert_disk (image, 2, "/dev/xvdz", system, 3);
  assert_disk (image, 3, "/dev/xvdc", "", 5);
  assert_disk (image, 4, "/dev/xvdd", data, 8);
  assert_string_equal (image->name, image->id);
  assert_string_equal (image->os_type, "windows");
}

static void
what_cannot_be_an_image_changes_nothing (void **state)
{
  World *w = *state;
  const char *base = world_add_image (w, 3), *system = add_snapshot (w, base),
             *data = make_data (w, add_snapshot (w, base)),
             *pending = world_add_instance (w, &w->alice, base, VMM_INSTANCE_PENDING),
             *starting = world_add_instance (w, &w->alice, base, VMM_INSTANCE_STARTING);
  const OpsImageDisk two_systems[] = { { .snapshot_id = system }, { .snapshot_id = system } };
  const OpsImageDisk one_device[] = { { .snapshot_id = system },
                                      { .snapshot_id = data, .device = "/dev/xvdb" },
                                      { .snapshot_id = data, .device = "/dev/xvdb" } };
  const OpsImageDisk bad_device[]
      = { { .snapshot_id = system }, { .snapshot_id = data, .device = "/dev/xvda" } };
  const OpsImageDisk no_size[] = { { .snapshot_id = system }, { .device = "/dev/xvdb" } };
  const OpsImageDisk too_small[] = { { .snapshot_id = system, .size_gib = 2 } };
  const OpsImageDisk empty_system[] = { { .type = "system", .size_gib = 5 } };
  const OpsImageDisk no_system[] = { { .snapshot_id = data } };
  const struct
  {
    OpsImageCreate spec;
    VmmError code;
  } cases[] = {
    { { 0 }, VMM_ERROR_IMAGE_SOURCE_MISSING },
    { { .snapshot_id = data }, VMM_ERROR_IMAGE_NO_SYSTEM_DISK },
    { { .snapshot_id = "s-00000000000000000000" }, VMM_ERROR_SNAPSHOT_NOT_FOUND },
    { { .disks = two_systems, .n_disks = 2 }, VMM_ERROR_DEVICE_IN_USE },
    { { .disks = one_device, .n_disks = 3 }, VMM_ERROR_DEVICE_IN_USE },
    { { .disks = bad_device, .n_disks = 2 }, VMM_ERROR_DEVICE_MALFORMED },
    { { .disks = no_size, .n_disks = 2 }, VMM_ERROR_DISK_SIZE },
    { { .disks = too_small, .n_disks = 1 }, VMM_ERROR_DISK_SIZE },
    { { .disks = empty_system, .n_disks = 1 }, VMM_ERROR_IMAGE_NO_SYSTEM_DISK },
    { { .disks = no_system, .n_disks = 1 }, VMM_ERROR_IMAGE_NO_SYSTEM_DISK },
    { { .instance_id = pending }, VMM_ERROR_INSTANCE_STATUS },
    { { .instance_id = starting }, VMM_ERROR_INSTANCE_STATUS },
    { { .instance_id = "i-00000000000000000000" }, VMM_ERROR_INSTANCE_NOT_FOUND },
    { { .snapshot_id = system, .name = "1" }, VMM_ERROR_IMAGE_NAME_MALFORMED },
    { { .snapshot_id = system, .family = "acs:x" }, VMM_ERROR_IMAGE_FAMILY_MALFORMED },
    { { .snapshot_id = system, .version = "a b" }, VMM_ERROR_IMAGE_VERSION_MALFORMED },
    { { .snapshot_id = system, .description = "x" }, VMM_ERROR_DESCRIPTION_MALFORMED },
  };
  g_autofree char *before = world_dump (w), *after = NULL;

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (GError) error = NULL;

      assert_null (ops_image_create (&w->ctx, &w->alice, &cases[i].spec, &error));
      assert_vmm_error (error, cases[i].code);
    }
  after = world_dump (w);
  assert_string_equal (before, after);
}

static void
snapshots_of_others_and_unfinished_ones_make_no_image (void **state)
{
  World *w = *state;
  const char *snapshot = add_snapshot (w, world_add_image (w, 3));
  const OpsImageCreate spec = { .snapshot_id = snapshot };
  g_autoptr (GError) error = NULL;

  assert_null (ops_image_create (&w->ctx, &w->bob, &spec, &error));
  assert_vmm_error (error, VMM_ERROR_SNAPSHOT_NOT_FOUND);
  g_clear_error (&error);
  world_exec (w, "UPDATE snapshot SET state='progressing'");
  assert_null (ops_image_create (&w->ctx, &w->alice, &spec, &error));
  assert_vmm_error (error, VMM_ERROR_SNAPSHOT_NOT_READY);
}

static void
a_token_makes_one_image_and_a_name_is_taken_once (void **state)
{
  World *w = *state;
  const char *snapshot = add_snapshot (w, world_add_image (w, 3));
  const OpsImageCreate spec = { .snapshot_id = snapshot, .name = "web" };
  g_autofree char *first = NULL, *again = NULL;
  g_autoptr (GError) error = NULL;
  VmmCaller caller = w->alice;

  caller.client_token = "T";
  first = ops_image_create (&w->ctx, &caller, &spec, NULL);
  again = ops_image_create (&w->ctx, &caller, &spec, NULL);
  assert_string_equal (first, again);
  assert_null (ops_image_create (&w->ctx, &w->alice, &spec, &error));
  assert_vmm_message (error, VMM_ERROR_IMAGE_NAME_DUPLICATED, "web");
}

static void
an_account_has_no_more_images_than_it_may (void **state)
{
  World *w = *state;
  const OpsImageCreate spec = { .snapshot_id = add_snapshot (w, world_add_image (w, 3)) };
  const char *id;
  OpsImageCopy copy = { 0 };
  g_autoptr (GError) error = NULL;

  w->config->max_images = 1;
  id = create (w, &spec);
  assert_null (ops_image_create (&w->ctx, &w->alice, &spec, &error));
  assert_vmm_message (error, VMM_ERROR_IMAGE_QUOTA, "its limit is 1");
  g_clear_error (&error);
  copy.image_id = id;
  assert_null (ops_image_copy (&w->ctx, &w->alice, &copy, &error));
  assert_vmm_error (error, VMM_ERROR_IMAGE_QUOTA);
  assert_true (ops_image_delete (&w->ctx, &w->alice, id, FALSE, NULL));
  create (w, &spec);
}

static void
a_copy_rests_on_the_same_layers_and_is_the_callers (void **state)
{
  World *w = *state;
  const char *of = world_add_image (w, 3);
  const OpsImageCopy spec = { .image_id = of, .region_id = w->config->region_id, .name = "mine" },
                     away = { .image_id = of, .region_id = "cn-elsewhere" };
  g_autoptr (GError) error = NULL;
  g_autofree char *id = ops_image_copy (&w->ctx, &w->alice, &spec, &error);
  g_autoptr (VmmImage) image = NULL, base = get (w, &w->alice, of);

  assert_no_error (error);
  image = get (w, &w->alice, id);
  assert_int_equal (image->state, VMM_IMAGE_AVAILABLE);
  assert_int_equal (image->source, VMM_IMAGE_COPY);
  assert_string_equal (image->layer_id, base->layer_id);
  assert_string_equal (image->account_id, w->alice.account_id);
  assert_string_equal (image->os_name, base->os_name);
  assert_null (get (w, &w->bob, id));
  assert_null (ops_image_copy (&w->ctx, &w->alice, &away, &error));
  assert_vmm_error (error, VMM_ERROR_IMAGE_REGION);
  g_clear_error (&error);
  assert_false (ops_image_cancel_copy (&w->ctx, &w->alice, id, &error));
  assert_vmm_error (error, VMM_ERROR_IMAGE_COPIED);
  g_clear_error (&error);
  assert_false (ops_image_cancel_copy (&w->ctx, &w->alice, of, &error));
  assert_vmm_error (error, VMM_ERROR_IMAGE_NOT_A_COPY);
}

static gboolean
set_status (World *w, const char *id, const char *status, GError **error)
{
  const OpsImageChange change = { .status = status };

  return ops_image_modify (&w->ctx, &w->alice, id, &change, error);
}

static void
a_family_gives_its_newest_available_image (void **state)
{
  World *w = *state;
  const OpsImageCreate spec
      = { .snapshot_id = add_snapshot (w, world_add_image (w, 3)), .family = "shop" };
  const char *older = create (w, &spec), *newer = create (w, &spec);
  OpsInstanceSpec run = world_spec (NULL);
  g_autoptr (VmmImage) latest = ops_image_of_family (&w->ctx, &w->alice, "shop", NULL);
  g_autoptr (GPtrArray) ids = NULL;
  g_autoptr (VmmInstance) instance = NULL;
  g_autoptr (GError) error = NULL;

  assert_string_equal (latest->id, newer);
  assert_true (set_status (w, newer, "Deprecated", NULL));
  run.image_family = "shop";
  ids = ops_instance_create (&w->ctx, &w->alice, &run, &error);
  assert_no_error (error);
  instance = world_get (w, g_ptr_array_index (ids, 0));
  assert_string_equal (instance->image_id, older);
  assert_null (ops_instance_create (&w->ctx, &w->bob, &run, &error));
  assert_vmm_message (error, VMM_ERROR_IMAGE_NOT_FOUND, "shop");
  g_clear_error (&error);
  run.image_family = NULL;
  assert_null (ops_instance_create (&w->ctx, &w->alice, &run, &error));
  assert_vmm_error (error, VMM_ERROR_MISSING_PARAMETER);
}

static void
a_deprecated_image_still_runs_but_is_neither_copied_nor_shared (void **state)
{
  World *w = *state;
  const OpsImageCreate spec = { .snapshot_id = add_snapshot (w, world_add_image (w, 3)) };
  const char *id = create (w, &spec), *add[] = { w->bob.account_id, NULL }, *none[] = { NULL };
  const OpsImageCopy copy = { .image_id = id };
  OpsInstanceSpec run = world_spec (id);
  g_autoptr (GPtrArray) ids = NULL;
  g_autoptr (GError) error = NULL;

  assert_true (set_status (w, id, "Deprecated", NULL));
  ids = ops_instance_create (&w->ctx, &w->alice, &run, &error);
  assert_no_error (error);
  assert_null (ops_image_copy (&w->ctx, &w->alice, &copy, &error));
  assert_vmm_error (error, VMM_ERROR_IMAGE_STATUS);
  g_clear_error (&error);
  assert_false (ops_image_share (&w->ctx, &w->alice, id, add, none, &error));
  assert_vmm_error (error, VMM_ERROR_IMAGE_STATUS);
  assert_true (set_status (w, id, "Available", NULL));
  assert_true (ops_image_share (&w->ctx, &w->alice, id, add, none, NULL));
  g_clear_error (&error);
  assert_false (set_status (w, id, "Deprecated", &error));
  assert_vmm_error (error, VMM_ERROR_IMAGE_SHARED);
}

static void
names_and_texts_change_and_a_taken_name_is_refused (void **state)
{
  World *w = *state;
  const char *snapshot = add_snapshot (w, world_add_image (w, 3));
  const OpsImageCreate one = { .snapshot_id = snapshot, .name = "one", .family = "shop" },
                       two = { .snapshot_id = snapshot, .name = "two" };
  const char *id = create (w, &one);
  const OpsImageChange change = { .name = "three", .description = "the shop" },
                       taken = { .name = "two" }, out = { .family = "" };
  g_autoptr (VmmImage) image = NULL;
  g_autoptr (GError) error = NULL;

  create (w, &two);
  assert_true (ops_image_modify (&w->ctx, &w->alice, id, &change, NULL));
  assert_false (ops_image_modify (&w->ctx, &w->alice, id, &taken, &error));
  assert_vmm_error (error, VMM_ERROR_IMAGE_NAME_DUPLICATED);
  assert_true (ops_image_modify (&w->ctx, &w->alice, id, &out, NULL));
  image = get (w, &w->alice, id);
  assert_string_equal (image->name, "three");
  assert_string_equal (image->description, "the shop");
  assert_string_equal (image->family, "");
}

/* ---- Sharing ---- */

static guint
count (World *w, const VmmCaller *caller, const VmmImageQuery *query)
{
  VmmPage page = world_page ();
  g_auto (VmmPageInfo) info = { 0 };
  g_autoptr (GPtrArray) list = ops_image_list (&w->ctx, caller, query, &page, &info, NULL);

  return list->len;
}

static void
a_shared_image_is_seen_and_run_but_not_changed (void **state)
{
  World *w = *state;
  const OpsImageCreate spec = { .snapshot_id = add_snapshot (w, world_add_image (w, 3)) };
  const char *id = create (w, &spec), *bob[] = { w->bob.account_id, NULL }, *none[] = { NULL };
  const VmmImageQuery others = { .owner = "others", ANY }, own = { .owner = "self", ANY },
                      all = { ANY };
  const OpsImageChange change = { .name = "stolen" };
  OpsInstanceSpec run = world_spec (id);
  g_autoptr (GPtrArray) ids = NULL;
  g_autoptr (GError) error = NULL;

  assert_int_equal (count (w, &w->bob, &others), 0);
  assert_true (ops_image_share (&w->ctx, &w->alice, id, bob, none, NULL));
  assert_true (ops_image_share (&w->ctx, &w->alice, id, bob, none, NULL));
  assert_int_equal (count (w, &w->bob, &others), 1);
  assert_int_equal (count (w, &w->bob, &own), 0);
  assert_int_equal (count (w, &w->bob, &all), 2);
  assert_int_equal (count (w, &w->alice, &others), 0);
  ids = ops_instance_create (&w->ctx, &w->bob, &run, &error);
  assert_no_error (error);
  assert_false (ops_image_modify (&w->ctx, &w->bob, id, &change, &error));
  assert_vmm_error (error, VMM_ERROR_FORBIDDEN);
  g_clear_error (&error);
  assert_false (ops_image_delete (&w->ctx, &w->bob, id, TRUE, &error));
  assert_vmm_error (error, VMM_ERROR_FORBIDDEN);
  g_clear_error (&error);
  assert_false (ops_image_share (&w->ctx, &w->bob, id, none, bob, &error));
  assert_vmm_error (error, VMM_ERROR_FORBIDDEN);
  assert_true (ops_image_share (&w->ctx, &w->alice, id, none, bob, NULL));
  assert_null (get (w, &w->bob, id));
  assert_state (w, g_ptr_array_index (ids, 0), VMM_INSTANCE_PENDING);
}

static void
a_shared_image_is_deleted_by_force_alone (void **state)
{
  World *w = *state;
  const OpsImageCreate spec = { .snapshot_id = add_snapshot (w, world_add_image (w, 3)) };
  const char *id = create (w, &spec), *bob[] = { w->bob.account_id, NULL }, *none[] = { NULL };
  g_autoptr (GError) error = NULL;

  assert_true (ops_image_share (&w->ctx, &w->alice, id, bob, none, NULL));
  assert_false (ops_image_delete (&w->ctx, &w->alice, id, FALSE, &error));
  assert_vmm_error (error, VMM_ERROR_IMAGE_SHARED);
  assert_true (ops_image_delete (&w->ctx, &w->alice, id, TRUE, NULL));
}

static void
sharing_is_with_accounts_there_are_and_as_many_as_may_be (void **state)
{
  World *w = *state;
  const OpsImageCreate spec = { .snapshot_id = add_snapshot (w, world_add_image (w, 3)) };
  const char *id = create (w, &spec), *none[] = { NULL }, *bob[] = { w->bob.account_id, NULL },
             *nobody[] = { "1999999999999999", NULL }, *self[] = { w->alice.account_id, NULL };
  VmmPage page = world_page ();
  g_auto (VmmPageInfo) info = { 0 };
  g_autoptr (GPtrArray) shares = NULL;
  g_autoptr (GError) error = NULL;

  assert_false (ops_image_share (&w->ctx, &w->alice, id, nobody, none, &error));
  assert_vmm_error (error, VMM_ERROR_ACCOUNT_NOT_FOUND);
  g_clear_error (&error);
  nobody[0] = "bob"; /* there is one, but who is no administrator names it by its id */
  assert_false (ops_image_share (&w->ctx, &w->alice, id, nobody, none, &error));
  assert_vmm_error (error, VMM_ERROR_ACCOUNT_NOT_FOUND);
  g_clear_error (&error);
  assert_false (ops_image_share (&w->ctx, &w->alice, id, self, none, &error));
  assert_vmm_error (error, VMM_ERROR_INVALID_PARAMETER);
  g_clear_error (&error);
  assert_true (ops_image_share (&w->ctx, &w->alice, id, bob, none, NULL));
  shares = ops_image_shares (&w->ctx, &w->alice, id, &page, &info, NULL);
  assert_int_equal (shares->len, 1);
  assert_string_equal (((const VmmImageShare *) g_ptr_array_index (shares, 0))->account_id,
                       w->bob.account_id);
  assert_null (ops_image_shares (&w->ctx, &w->bob, id, &page, &info, &error));
  assert_vmm_error (error, VMM_ERROR_FORBIDDEN);
  g_clear_error (&error);
  for (guint i = 1; i <= OPS_IMAGE_SHARES_MAX; i++)
    {
      g_autofree char *row = g_strdup_printf (
          "INSERT INTO image_share (image_id, account_id, at_ms) VALUES ('%s', 'a%u', 0)", id, i);

      world_exec (w, row);
    }
  assert_false (ops_image_share (&w->ctx, &w->alice, id, bob, none, &error));
  assert_vmm_error (error, VMM_ERROR_IMAGE_SHARE_QUOTA);
}

static void
each_filter_of_images_narrows (void **state)
{
  World *w = *state;
  const char *base = world_add_image (w, 3), *snapshot = add_snapshot (w, base);
  const OpsImageCreate spec
      = { .snapshot_id = snapshot, .name = "web", .family = "shop", .architecture = "arm64" };
  const char *id;
  gint64 now = world_now_ms ();

  world_advance_ms (w, 10000);
  id = create (w, &spec);
  {
    const char *const ids[] = { id, NULL };
    const struct
    {
      VmmImageQuery query;
      guint found;
    } cases[] = {
      { { ANY }, 2 },
      { { .ids = ids, ANY }, 1 },
      { { .name = "w*", ANY }, 1 },
      { { .family = "shop", ANY }, 1 },
      { { .family = "hall", ANY }, 0 },
      { { .snapshot_id = snapshot, ANY }, 1 },
      { { .snapshot_id = "s-none", ANY }, 0 },
      { { .owner_id = w->alice.account_id, ANY }, 1 },
      { { .owner_id = "0", ANY }, 1 },
      { { .architecture = "arm64", ANY }, 1 },
      { { .not_architecture = "arm64", ANY }, 1 },
      { { .created_from_ms = now + 1, ANY }, 1 },
      { { .created_to_ms = now, ANY }, 1 },
      { { .usage = "instance", ANY }, 1 }, /* the instance whose disk the snapshot is of */
      { { .usage = "none", ANY }, 1 },
      { { .is_public = 1, .is_usable = -1 }, 1 },
      { { .is_public = 0, .is_usable = -1 }, 1 },
      { { .is_public = -1, .is_usable = 1 }, 2 },
      { { .is_public = -1, .is_usable = 0 }, 0 },
    };

    for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
      assert_int_equal (count (w, &w->alice, &cases[i].query), cases[i].found);
  }
}

int
main (void)
{
  const struct CMUnitTest tests[] = {
    WORLD_TEST (an_image_of_a_snapshot_is_available_at_once),
    WORLD_TEST (an_image_of_disks_has_them_at_their_devices),
    WORLD_TEST (what_cannot_be_an_image_changes_nothing),
    WORLD_TEST (snapshots_of_others_and_unfinished_ones_make_no_image),
    WORLD_TEST (a_token_makes_one_image_and_a_name_is_taken_once),
    WORLD_TEST (an_account_has_no_more_images_than_it_may),
    WORLD_TEST (a_copy_rests_on_the_same_layers_and_is_the_callers),
    WORLD_TEST (a_family_gives_its_newest_available_image),
    WORLD_TEST (a_deprecated_image_still_runs_but_is_neither_copied_nor_shared),
    WORLD_TEST (names_and_texts_change_and_a_taken_name_is_refused),
    WORLD_TEST (a_shared_image_is_seen_and_run_but_not_changed),
    WORLD_TEST (a_shared_image_is_deleted_by_force_alone),
    WORLD_TEST (sharing_is_with_accounts_there_are_and_as_many_as_may_be),
    WORLD_TEST (each_filter_of_images_narrows),
  };

  return cmocka_run_group_tests_name ("ops-image-create", tests, NULL, NULL);
}
