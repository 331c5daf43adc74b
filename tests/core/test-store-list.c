/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Lists: pages by number and by token, filters, wildcards, and counts that are remembered. */
#include "store-image.h"
#include "store-instance.h"
#include "world.h"
#include <string.h>

/* A page of the account's instances that @query wants; a list the caller frees. */
static GPtrArray *
list (World *w, const VmmInstanceQuery *query, const VmmPage *page, VmmPageInfo *info)
{
  g_autoptr (GError) error = NULL;
  GPtrArray *found = ops_instance_list (&w->ctx, &w->alice, query, page, info, &error);

  assert_no_error (error);
  return found;
}

/* How many @query finds; the same number must stand in the total. */
static guint
count (World *w, const VmmInstanceQuery *query)
{
  g_auto (VmmPageInfo) info = { 0 };
  VmmPage page = world_page ();
  g_autoptr (GPtrArray) found = list (w, query, &page, &info);

  assert_int_equal (info.total, found->len);
  return found->len;
}

/* Instances named @name and a number, by one request. */
static GPtrArray *
add (World *w, const char *name, guint amount)
{
  static const char *image;
  OpsInstanceSpec spec;
  g_autoptr (GError) error = NULL;
  GPtrArray *ids;

  image = world_add_image (w, 1);
  spec = world_spec (image);
  spec.name = name;
  spec.amount = amount;
  spec.unique_suffix = TRUE;
  ids = ops_instance_create (&w->ctx, &w->alice, &spec, &error);
  assert_no_error (error);
  return ids;
}

static const char *
id_at (GPtrArray *instances, guint index)
{
  return ((const VmmInstance *) g_ptr_array_index (instances, index))->id;
}

static void
pages_by_number_show_all_once_newest_first (void **state)
{
  World *w = *state;
  g_autoptr (GPtrArray) ids = add (w, "web", 7);
  const VmmInstanceQuery all = { 0 };
  guint at = ids->len;

  for (guint number = 1; number <= 4; number++)
    {
      g_auto (VmmPageInfo) info = { 0 };
      VmmPage page = { .number = number, .size = 3 };
      g_autoptr (GPtrArray) found = list (w, &all, &page, &info);

      assert_int_equal (info.total, 7);
      assert_null (info.next_token);
      assert_int_equal (found->len, number < 3 ? 3 : number == 3 ? 1 : 0);
      for (guint i = 0; i < found->len; i++)
        assert_string_equal (id_at (found, i), g_ptr_array_index (ids, --at));
    }
  assert_int_equal (at, 0);
}

static void
pages_by_token_show_all_once_though_others_come_and_go (void **state)
{
  World *w = *state;
  g_autoptr (GPtrArray) ids = add (w, "web", 7);
  const VmmInstanceQuery all = { 0 };
  g_autofree char *token = NULL;
  guint at = ids->len;

  do
    {
      g_auto (VmmPageInfo) info = { 0 };
      VmmPage page = { .number = 1, .size = 10, .max_results = 3, .next_token = token };
      g_autoptr (GPtrArray) found = list (w, &all, &page, &info);
      g_autoptr (GPtrArray) more = NULL;

      for (guint i = 0; i < found->len; i++)
        assert_string_equal (id_at (found, i), g_ptr_array_index (ids, --at));
      g_free (token);
      token = g_steal_pointer (&info.next_token);
      more = add (w, "late", 1);
    }
  while (token != NULL);
  assert_int_equal (at, 0);
}

static void
a_page_that_ends_with_the_list_has_no_token (void **state)
{
  World *w = *state;
  g_autoptr (GPtrArray) ids = add (w, "web", 3);
  const VmmInstanceQuery all = { 0 };
  VmmPage page = { .max_results = 3 };
  g_auto (VmmPageInfo) info = { 0 };
  g_autoptr (GPtrArray) found = list (w, &all, &page, &info);

  assert_int_equal (found->len, 3);
  assert_null (info.next_token);
}

static void
a_token_that_is_not_ours_is_refused (void **state)
{
  static const char *const bad[] = { "x", "-1", "0", "1 OR 1=1", "99999999999999999999" };
  World *w = *state;
  const VmmInstanceQuery all = { 0 };

  for (guint i = 0; i < G_N_ELEMENTS (bad); i++)
    {
      VmmPage page = { .max_results = 3, .next_token = bad[i] };
      g_auto (VmmPageInfo) info = { 0 };
      g_autoptr (GError) error = NULL;

      assert_null (ops_instance_list (&w->ctx, &w->alice, &all, &page, &info, &error));
      assert_vmm_message (error, VMM_ERROR_INVALID_PARAMETER, "NextToken");
    }
}

static void
a_star_stands_for_anything_and_nothing_else_does (void **state)
{
  static const struct
  {
    const char *pattern;
    guint found;
  } cases[] = { { "web*", 2 },  { "*", 4 },      { "*1", 2 },    { "web", 0 }, { "web00?", 0 },
                { "w*b*1", 1 }, { "[a-z]*", 0 }, { "WEB*", 0 },  { "%", 0 },   { "web00_", 0 },
                { "a]b", 1 },   { "a[b", 0 },    { "*'--*", 0 }, { "", 4 },    { "**", 4 } };
  World *w = *state;
  g_autoptr (GPtrArray) web = add (w, "web", 2);
  g_autoptr (GPtrArray) odd = add (w, "a]b", 1);
  g_autoptr (GPtrArray) db = add (w, "db-1", 1);

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      VmmInstanceQuery query = { .name = cases[i].pattern };

      assert_int_equal (count (w, &query), cases[i].found);
    }
}

static void
each_filter_narrows (void **state)
{
  World *w = *state;
  g_autoptr (GPtrArray) ids = add (w, "web", 3);
  g_autoptr (VmmInstance) one = world_get (w, g_ptr_array_index (ids, 0));
  const VmmNic *nic = g_ptr_array_index (one->nics, 0);
  const char *own[] = { one->id, NULL }, *none[] = { "i-none", NULL };
  const char *ips[] = { nic->ip, "no address", NULL }, *no_ips[] = { "no address", NULL };
  const VmmInstanceQuery one_each[]
      = { { .ids = own }, { .private_ips = ips }, { .name = one->name } };
  const VmmInstanceQuery all_each[] = { { .image_id = one->image_id },
                                        { .type = one->type },
                                        { .type_family = "ecs.t1" },
                                        { .zone_id = one->zone_id },
                                        { .vpc_id = nic->vpc_id },
                                        { .vswitch_id = nic->vswitch_id },
                                        { .group_id = g_ptr_array_index (nic->group_ids, 0) },
                                        { .status = "Pending" },
                                        { .created_from_ms = one->created_ms },
                                        { .created_to_ms = one->created_ms } };
  const VmmInstanceQuery none_each[] = { { .ids = none },
                                         { .private_ips = no_ips },
                                         { .image_id = "m-none" },
                                         { .type = "ecs.t1" },
                                         { .type_family = "ecs.t" },
                                         { .zone_id = "elsewhere" },
                                         { .vpc_id = "vpc-none" },
                                         { .vswitch_id = "vsw-none" },
                                         { .group_id = "sg-none" },
                                         { .key_pair = "k" },
                                         { .status = "Running" },
                                         { .status = "pending" },
                                         { .created_from_ms = one->created_ms + 1 },
                                         { .created_to_ms = one->created_ms - 1 },
                                         { .ids = own, .name = "db*" } };

  for (guint i = 0; i < G_N_ELEMENTS (one_each); i++)
    assert_int_equal (count (w, &one_each[i]), 1);
  for (guint i = 0; i < G_N_ELEMENTS (all_each); i++)
    assert_int_equal (count (w, &all_each[i]), 3);
  for (guint i = 0; i < G_N_ELEMENTS (none_each); i++)
    assert_int_equal (count (w, &none_each[i]), 0);
}

static void
a_status_on_the_wire_finds_every_state_that_shows_as_it (void **state)
{
  World *w = *state;
  const char *image = world_add_image (w, 1);
  g_autoptr (GHashTable) want = g_hash_table_new (g_str_hash, g_str_equal);
  GHashTableIter iter;
  gpointer wire, number;

  for (guint s = 0; s < VMM_INSTANCE_GONE; s++)
    {
      gpointer key = (gpointer) vmm_instance_state_wire (s);

      world_add_instance (w, &w->alice, image, s);
      g_hash_table_insert (
          want, key, GUINT_TO_POINTER (GPOINTER_TO_UINT (g_hash_table_lookup (want, key)) + 1));
    }
  g_hash_table_iter_init (&iter, want);
  while (g_hash_table_iter_next (&iter, &wire, &number))
    {
      VmmInstanceQuery query = { .status = wire };

      assert_int_equal (count (w, &query), GPOINTER_TO_UINT (number));
    }
}

static void
a_remembered_count_is_never_stale (void **state)
{
  World *w = *state;
  const VmmInstanceQuery all = { 0 };

  for (guint round = 0; round < 5; round++)
    {
      g_autoptr (GPtrArray) ids = add (w, "web", 1);

      assert_int_equal (count (w, &all), round + 1);
      assert_int_equal (count (w, &all), round + 1);
    }
  world_exec (w, "DELETE FROM instance");
  assert_int_equal (count (w, &all), 0);
}

static void
a_reader_of_an_old_state_counts_the_old_state (void **state)
{
  World *w = *state;
  g_autoptr (GPtrArray) first = add (w, "web", 1);
  g_autoptr (GPtrArray) second = NULL;
  const VmmInstanceQuery all = { 0 };
  VmmPage page = world_page ();
  g_auto (VmmPageInfo) before = { 0 };
  g_auto (VmmPageInfo) during = { 0 };
  StoreTxn *old = store_begin_read (w->ctx.store, NULL);
  g_autoptr (GPtrArray) a
      = store_instance_list (old, w->alice.account_id, &all, &page, &before, NULL);
  g_autoptr (GPtrArray) b = NULL;

  second = add (w, "late", 1);
  assert_int_equal (count (w, &all), 2);
  b = store_instance_list (old, w->alice.account_id, &all, &page, &during, NULL);
  store_txn_free (old);
  assert_int_equal (before.total, 1);
  assert_int_equal (during.total, 1);
  assert_int_equal (b->len, 1);
  assert_int_equal (count (w, &all), 2);
}

static void
a_writer_counts_its_own_rows (void **state)
{
  World *w = *state;
  const VmmInstanceQuery all = { 0 };
  VmmPage page = world_page ();
  g_autoptr (GPtrArray) ids = add (w, "web", 2);
  g_autoptr (StoreTxn) txn = store_begin (w->ctx.store, NULL);

  for (guint left = 2; left > 0; left--)
    {
      g_auto (VmmPageInfo) info = { 0 };
      g_autoptr (GPtrArray) found
          = store_instance_list (txn, w->alice.account_id, &all, &page, &info, NULL);

      assert_int_equal (info.total, left);
      assert_int_equal (found->len, left);
      assert_true (store_instance_delete (txn, g_ptr_array_index (ids, left - 1), NULL));
    }
}

static guint
count_images (World *w, const VmmImageQuery *query)
{
  g_auto (VmmPageInfo) info = { 0 };
  VmmPage page = world_page ();
  g_autoptr (StoreTxn) txn = store_begin_read (w->ctx.store, NULL);
  g_autoptr (GPtrArray) found
      = store_image_list (txn, w->alice.account_id, query, &page, &info, NULL);

  assert_int_equal (info.total, found->len);
  return found->len;
}

static void
images_show_when_available_unless_asked_otherwise (void **state)
{
  static const char *const failed[] = { "CreateFailed", "Creating", NULL }, *const odd[]
                                                                            = { "x", NULL };
  World *w = *state;
  g_autofree char *sql = NULL;
#define ANY .is_public = -1, .is_usable = -1
  const VmmImageQuery all = { ANY }, only_failed = { .statuses = failed, ANY },
                      only_odd = { .statuses = odd, ANY }, own = { .owner = "self", ANY },
                      system = { .owner = "system", ANY };

  world_add_image (w, 1);
  sql = g_strdup_printf ("UPDATE image SET state='failed' WHERE id='%s'", world_add_image (w, 1));
  world_exec (w, sql);
  assert_int_equal (count_images (w, &all), 1);
  assert_int_equal (count_images (w, &only_failed), 1);
  assert_int_equal (count_images (w, &only_odd), 0);
  assert_int_equal (count_images (w, &own), 0);
  assert_int_equal (count_images (w, &system), 1);
}

static guint
count_disks (World *w, const char *status)
{
  const VmmDiskQuery query = { .status = status,
                               .is_system = -1,
                               .delete_with_instance = -1,
                               .enable_auto_snapshot = -1,
                               .has_policy = -1,
                               .delete_auto_snapshot = -1 };
  g_auto (VmmPageInfo) info = { 0 };
  VmmPage page = world_page ();
  g_autoptr (StoreTxn) txn = store_begin_read (w->ctx.store, NULL);
  g_autoptr (GPtrArray) found
      = store_disk_list (txn, w->alice.account_id, &query, &page, &info, NULL);

  assert_int_equal (info.total, found->len);
  return found->len;
}

static void
a_disk_is_creating_for_as_long_as_its_instance_is_pending (void **state)
{
  World *w = *state;
  const char *image = world_add_image (w, 1);

  world_add_instance (w, &w->alice, image, VMM_INSTANCE_PENDING);
  world_add_instance (w, &w->alice, image, VMM_INSTANCE_RUNNING);
  world_add_instance (w, &w->alice, image, VMM_INSTANCE_STOPPED);
  assert_int_equal (count_disks (w, "Creating"), 1);
  assert_int_equal (count_disks (w, "In_use"), 2);
  assert_int_equal (count_disks (w, "Available"), 0);
  assert_int_equal (count_disks (w, "All"), 3);
  assert_int_equal (count_disks (w, NULL), 3);
}

int
main (void)
{
  const struct CMUnitTest tests[] = {
    WORLD_TEST (pages_by_number_show_all_once_newest_first),
    WORLD_TEST (pages_by_token_show_all_once_though_others_come_and_go),
    WORLD_TEST (a_page_that_ends_with_the_list_has_no_token),
    WORLD_TEST (a_token_that_is_not_ours_is_refused),
    WORLD_TEST (a_star_stands_for_anything_and_nothing_else_does),
    WORLD_TEST (each_filter_narrows),
    WORLD_TEST (a_status_on_the_wire_finds_every_state_that_shows_as_it),
    WORLD_TEST (a_remembered_count_is_never_stale),
    WORLD_TEST (a_reader_of_an_old_state_counts_the_old_state),
    WORLD_TEST (a_writer_counts_its_own_rows),
    WORLD_TEST (images_show_when_available_unless_asked_otherwise),
    WORLD_TEST (a_disk_is_creating_for_as_long_as_its_instance_is_pending),
  };

  return cmocka_run_group_tests_name ("store-list", tests, NULL, NULL);
}
