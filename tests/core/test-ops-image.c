/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The verbs on images. */
#include "ops-image.h"
#include "world.h"

static const OpsImageSpec good = { .file = "/images/a.qcow2", .format = "qcow2", .name = "debian" };

static void
an_import_is_a_creating_image_that_all_accounts_see (void **state)
{
  static const char *const creating[] = { "Creating", NULL };
  World *w = *state;
  g_autoptr (GError) error = NULL;
  g_autofree char *id = ops_image_import (&w->ctx, &w->admin, &good, &error);
  const VmmImageQuery query = { .statuses = creating, .is_public = -1, .is_usable = -1 };
  VmmPage page = world_page ();
  g_auto (VmmPageInfo) info = { 0 };
  g_autoptr (GPtrArray) list = ops_image_list (&w->ctx, &w->bob, &query, &page, &info, &error);
  const VmmImage *image;

  assert_no_error (error);
  assert_int_equal (list->len, 1);
  image = g_ptr_array_index (list, 0);
  assert_string_equal (image->id, id);
  assert_string_equal (image->account_id, "");
  assert_int_equal (image->deadline_ms, world_now_ms () + w->config->import_s * 1000);
  assert_int_equal (world_kicks (w, id), 1);
}

static void
a_bad_import_leaves_no_row (void **state)
{
  static const struct
  {
    OpsImageSpec spec;
    VmmError code;
  } cases[] = {
    { { .file = "/a", .format = "raw", .name = "1" }, VMM_ERROR_IMAGE_NAME_MALFORMED },
    { { .file = "/a", .format = "raw", .name = "aliyun" }, VMM_ERROR_IMAGE_NAME_MALFORMED },
    { { .file = "a", .format = "raw", .name = "debian" }, VMM_ERROR_IMAGE_FILE_NOT_FOUND },
    { { .file = "/a", .format = "vmdk", .name = "debian" }, VMM_ERROR_IMAGE_FORMAT },
    { { .file = "/a", .format = "raw", .name = "debian", .description = "x" },
      VMM_ERROR_DESCRIPTION_MALFORMED },
  };
  World *w = *state;

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (GError) error = NULL;

      assert_null (ops_image_import (&w->ctx, &w->admin, &cases[i].spec, &error));
      assert_vmm_error (error, cases[i].code);
    }
  assert_int_equal (world_query (w, "SELECT count(*) FROM image"), 0);
}

static void
a_name_is_taken_until_its_image_is_deleted (void **state)
{
  World *w = *state;
  g_autofree char *id = ops_image_import (&w->ctx, &w->admin, &good, NULL);
  g_autofree char *again = NULL;
  g_autoptr (GError) error = NULL;

  assert_null (ops_image_import (&w->ctx, &w->admin, &good, &error));
  assert_vmm_message (error, VMM_ERROR_IMAGE_NAME_DUPLICATED, "debian");
  assert_true (ops_image_delete (&w->ctx, &w->admin, id, TRUE, NULL));
  again = ops_image_import (&w->ctx, &w->admin, &good, NULL);
  assert_non_null (again);
}

static void
a_system_image_is_the_administrators_to_delete (void **state)
{
  World *w = *state;
  const char *id = world_add_image (w, 1);
  g_autoptr (GError) error = NULL;

  assert_false (ops_image_delete (&w->ctx, &w->alice, id, TRUE, &error));
  assert_vmm_error (error, VMM_ERROR_FORBIDDEN);
  assert_int_equal (world_query (w, "SELECT count(*) FROM image WHERE state='available'"), 1);
}

static void
an_image_in_use_wants_force (void **state)
{
  World *w = *state;
  const char *id = world_add_image (w, 1);
  g_autoptr (GError) error = NULL;

  world_add_instance (w, &w->alice, id, VMM_INSTANCE_RUNNING);
  assert_false (ops_image_delete (&w->ctx, &w->admin, id, FALSE, &error));
  assert_vmm_message (error, VMM_ERROR_IMAGE_IN_USE, "1 instances use the image");
  assert_true (ops_image_delete (&w->ctx, &w->admin, id, TRUE, NULL));
  assert_true (ops_image_delete (&w->ctx, &w->admin, id, TRUE, NULL));
  assert_int_equal (world_query (w, "SELECT count(*) FROM image WHERE state='deleting'"), 1);
  assert_int_equal (world_kicks (w, id), 2);
}

static void
a_deleted_image_makes_no_more_instances (void **state)
{
  World *w = *state;
  const char *id = world_add_image (w, 1);
  OpsInstanceSpec spec = world_spec (id);
  g_autoptr (GError) error = NULL;

  assert_true (ops_image_delete (&w->ctx, &w->admin, id, FALSE, NULL));
  assert_null (ops_instance_create (&w->ctx, &w->alice, &spec, &error));
  assert_vmm_message (error, VMM_ERROR_IMAGE_NOT_AVAILABLE, "UnAvailable");
}

static void
a_dry_run_imports_and_deletes_nothing (void **state)
{
  World *w = *state;
  const char *id = world_add_image (w, 1);
  VmmCaller caller = w->admin;
  g_autofree char *before = world_dump (w);
  g_autofree char *after = NULL;
  g_autoptr (GError) error = NULL;

  caller.dry_run = TRUE;
  assert_null (ops_image_import (&w->ctx, &caller, &good, &error));
  assert_vmm_error (error, VMM_ERROR_DRY_RUN);
  g_clear_error (&error);
  assert_false (ops_image_delete (&w->ctx, &caller, id, FALSE, &error));
  assert_vmm_error (error, VMM_ERROR_DRY_RUN);
  after = world_dump (w);
  assert_string_equal (before, after);
  assert_int_equal (world_kicks (w, NULL), 0);
}

int
main (void)
{
  const struct CMUnitTest tests[] = {
    WORLD_TEST (an_import_is_a_creating_image_that_all_accounts_see),
    WORLD_TEST (a_bad_import_leaves_no_row),
    WORLD_TEST (a_name_is_taken_until_its_image_is_deleted),
    WORLD_TEST (a_system_image_is_the_administrators_to_delete),
    WORLD_TEST (an_image_in_use_wants_force),
    WORLD_TEST (a_deleted_image_makes_no_more_instances),
    WORLD_TEST (a_dry_run_imports_and_deletes_nothing),
  };

  return cmocka_run_group_tests_name ("ops-image", tests, NULL, NULL);
}
