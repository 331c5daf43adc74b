/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The verbs on tasks, and those that begin one: imports and exports of images. */
#include "ops-image.h"
#include "ops-task.h"
#include "ops-transfer.h"
#include "store-task.h"
#include "vmm-id.h"
#include "world.h"

#define ABSENT "t-00000000000000000000"

static const OpsImportSpec good
    = { .url = "https://images.example/a.qcow2", .format = "qcow2", .name = "debian" };

static int
set_up (void **state)
{
  World *w;

  world_set_up (state);
  w = *state;
  g_free (w->config->drop_folder);
  g_free (w->config->export_folder);
  w->config->drop_folder = g_strdup (w->dir);
  w->config->export_folder = g_strdup (w->dir);
  return 0;
}
#define TRANSFER_TEST(name) cmocka_unit_test_setup_teardown (name, set_up, world_tear_down)

/* Begins the import; the ids, which the world owns. */
static void
import (World *w, const VmmCaller *caller, const OpsImportSpec *spec, const char **out_image,
        const char **out_task)
{
  g_autoptr (GError) error = NULL;
  char *image = NULL, *task = NULL;

  ops_image_import_from (&w->ctx, caller, spec, &image, &task, &error);
  assert_no_error (error);
  *out_image = world_keep (w, image);
  *out_task = world_keep (w, task);
}

static void
assert_import_fails (World *w, const OpsImportSpec *spec, VmmError code)
{
  g_autoptr (GError) error = NULL;
  char *image = NULL, *task = NULL;

  if (ops_image_import_from (&w->ctx, &w->alice, spec, &image, &task, &error))
    fail_msg ("%s is taken", spec->url != NULL ? spec->url : spec->file);
  assert_vmm_error (error, code);
}

static void
an_import_is_a_creating_image_of_the_account_and_a_pending_task (void **state)
{
  World *w = *state;
  const char *image, *id;
  g_autoptr (VmmTask) task = NULL;

  import (w, &w->alice, &good, &image, &id);
  task = ops_task_get (&w->ctx, &w->alice, id, NULL);
  assert_string_equal (task->image_id, image);
  assert_int_equal (task->action, VMM_TASK_IMPORT_IMAGE);
  assert_int_equal (task->state, VMM_TASK_PENDING);
  assert_int_equal (world_kicks (w, image), 1);
  assert_int_equal (world_query (w, "SELECT count(*) FROM image WHERE state='creating'"), 1);
  assert_int_equal (world_query (w, "SELECT reserved_bytes FROM layer"),
                    2 * w->config->import_gib * WORLD_GIB);
}

static void
a_bad_import_leaves_no_row (void **state)
{
  static const struct
  {
    OpsImportSpec spec;
    VmmError code;
  } cases[] = {
    { { .format = "raw" }, VMM_ERROR_MISSING_PARAMETER },
    { { .url = "http://x/", .file = "a", .format = "raw" }, VMM_ERROR_MISSING_PARAMETER },
    { { .url = "ftp://x/a", .format = "raw" }, VMM_ERROR_IMAGE_URL },
    { { .url = "file:///etc/passwd", .format = "raw" }, VMM_ERROR_IMAGE_URL },
    { { .url = "http:///a", .format = "raw" }, VMM_ERROR_IMAGE_URL },
    { { .url = "http://x/a b", .format = "raw" }, VMM_ERROR_IMAGE_URL },
    { { .url = "http://x/a\nb", .format = "raw" }, VMM_ERROR_IMAGE_URL },
    { { .url = "/etc/passwd", .format = "raw" }, VMM_ERROR_IMAGE_URL },
    { { .url = "http://x/a", .format = "vmdk" }, VMM_ERROR_IMAGE_FORMAT },
    { { .url = "http://x/a", .format = "raw", .name = "1" }, VMM_ERROR_IMAGE_NAME_MALFORMED },
    { { .url = "http://x/a", .format = "raw", .description = "x" },
      VMM_ERROR_DESCRIPTION_MALFORMED },
    { { .url = "http://x/a", .format = "raw", .gib = 40000 }, VMM_ERROR_DISK_SIZE },
    { { .file = "../a", .format = "raw" }, VMM_ERROR_IMAGE_FILE_NOT_FOUND },
    { { .file = "/a", .format = "raw" }, VMM_ERROR_IMAGE_FILE_NOT_FOUND },
    { { .file = ".a", .format = "raw" }, VMM_ERROR_IMAGE_FILE_NOT_FOUND },
    { { .file = "", .format = "raw" }, VMM_ERROR_IMAGE_FILE_NOT_FOUND },
    { { .file = "a", .folder = "../b", .format = "raw" }, VMM_ERROR_OSS_BUCKET },
    { { .file = "a", .folder = "1234567890123456", .format = "raw" }, VMM_ERROR_OSS_BUCKET },
  };
  World *w = *state;

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    assert_import_fails (w, &cases[i].spec, cases[i].code);
  assert_int_equal (world_query (w, "SELECT (SELECT count(*) FROM image) + (SELECT count(*) FROM"
                                    " task) + (SELECT count(*) FROM layer)"),
                    0);
}

static void
a_folder_of_the_account_is_its_own (void **state)
{
  World *w = *state;
  const OpsImportSpec spec = { .file = "a", .folder = w->alice.account_id, .format = "raw" };
  const char *image, *task;
  g_autoptr (GError) error = NULL;
  char *unused[2] = { NULL };

  import (w, &w->alice, &spec, &image, &task);
  assert_false (ops_image_import_from (&w->ctx, &w->bob, &spec, &unused[0], &unused[1], &error));
  assert_vmm_error (error, VMM_ERROR_OSS_BUCKET);
}

static void
without_folders_nothing_is_dropped_or_exported (void **state)
{
  World *w = *state;
  const OpsImportSpec dropped = { .file = "a", .format = "raw" };
  const OpsExportSpec spec = { .image_id = world_add_image (w, 1), .format = "raw" };
  g_autoptr (GError) error = NULL;

  *w->config->drop_folder = *w->config->export_folder = '\0';
  assert_import_fails (w, &dropped, VMM_ERROR_UNSUPPORTED_PARAMETER);
  assert_null (ops_image_export (&w->ctx, &w->admin, &spec, &error));
  assert_vmm_error (error, VMM_ERROR_UNSUPPORTED_OPERATION);
}

static void
imports_at_once_never_promise_more_than_the_pool_has (void **state)
{
  World *w = *state;
  OpsImportSpec spec = { .url = "http://x/a", .format = "raw" };
  g_autoptr (GError) error = NULL;
  char *image = NULL, *task = NULL;
  guint count = 0;

  w->pool_free_bytes = 20 * WORLD_GIB;
  while (ops_image_import_from (&w->ctx, &w->alice, &spec, &image, &task, &error))
    {
      world_keep (w, image);
      world_keep (w, task);
      count++;
    }
  assert_vmm_message (error, VMM_ERROR_NO_STOCK, "short of disk space");
  assert_in_range (count, 12, 24);
  assert_true (world_query (w, "SELECT sum(reserved_bytes) FROM layer") <= 19 * (gint64) WORLD_GIB);
}

static void
a_given_size_sets_no_more_aside_than_it_needs (void **state)
{
  World *w = *state;
  OpsImportSpec spec = { .url = "http://x/a", .format = "raw", .gib = 4 };
  const char *image, *task;

  import (w, &w->alice, &spec, &image, &task);
  assert_int_equal (world_query (w, "SELECT reserved_bytes FROM layer"),
                    8 * WORLD_GIB + WORLD_GIB / 2);
}

static void
an_account_has_so_many_tasks_and_no_more (void **state)
{
  World *w = *state;
  OpsImportSpec spec = { .url = "http://x/a", .format = "raw" };
  const char *image, *task;

  w->config->max_tasks = 2;
  import (w, &w->alice, &spec, &image, &task);
  import (w, &w->alice, &spec, &image, &task);
  assert_import_fails (w, &spec, VMM_ERROR_QUOTA);
  import (w, &w->bob, &spec, &image, &task);
}

static void
a_repeat_with_the_same_token_is_the_same_import (void **state)
{
  World *w = *state;
  VmmCaller caller = w->alice;
  const char *first[2], *second[2];

  caller.client_token = "once";
  import (w, &caller, &good, &first[0], &first[1]);
  import (w, &caller, &good, &second[0], &second[1]);
  assert_string_equal (first[0], second[0]);
  assert_string_equal (first[1], second[1]);
  assert_int_equal (world_query (w, "SELECT count(*) FROM task"), 1);
}

static void
a_dry_run_begins_and_cancels_nothing (void **state)
{
  World *w = *state;
  VmmCaller caller = w->admin;
  OpsExportSpec out = { .image_id = world_add_image (w, 1), .format = "raw" };
  const char *image, *task;
  g_autofree char *before = NULL, *after = NULL;
  g_autoptr (GError) import_error = NULL, export_error = NULL, cancel_error = NULL;
  char *unused[2] = { NULL };

  import (w, &w->admin, &good, &image, &task);
  before = world_dump (w);
  caller.dry_run = TRUE;
  assert_false (ops_image_import_from (&w->ctx, &caller,
                                       &(OpsImportSpec){ .url = "http://x/", .format = "raw" },
                                       &unused[0], &unused[1], &import_error));
  assert_vmm_error (import_error, VMM_ERROR_DRY_RUN);
  assert_null (ops_image_export (&w->ctx, &caller, &out, &export_error));
  assert_vmm_error (export_error, VMM_ERROR_DRY_RUN);
  assert_false (ops_task_cancel (&w->ctx, &caller, task, &cancel_error));
  assert_vmm_error (cancel_error, VMM_ERROR_DRY_RUN);
  after = world_dump (w);
  assert_string_equal (before, after);
}

static void
a_system_image_is_the_administrators_to_export (void **state)
{
  World *w = *state;
  const OpsExportSpec spec
      = { .image_id = world_add_image (w, 1), .format = "qcow2", .prefix = "mine" };
  g_autoptr (GError) error = NULL;
  g_autofree char *id = NULL, *file = NULL, *wanted = NULL;
  g_autoptr (VmmTask) task = NULL;

  assert_null (ops_image_export (&w->ctx, &w->alice, &spec, &error));
  assert_vmm_error (error, VMM_ERROR_FORBIDDEN);
  id = ops_image_export (&w->ctx, &w->admin, &spec, NULL);
  task = ops_task_get (&w->ctx, &w->admin, id, NULL);
  file = vmm_task_file (task, 0);
  wanted = g_strdup_printf ("mine_%s_%s.qcow2", spec.image_id, id);
  assert_string_equal (file, wanted);
  assert_int_equal (world_kicks (w, id), 1);
}

static void
a_bad_export_is_refused (void **state)
{
  World *w = *state;
  const char *image = world_add_image (w, 1);
  const struct
  {
    OpsExportSpec spec;
    VmmError code;
  } cases[] = {
    { { .image_id = "m-00000000000000000000", .format = "raw" }, VMM_ERROR_IMAGE_NOT_FOUND },
    { { .image_id = image, .format = "vhd" }, VMM_ERROR_IMAGE_FORMAT },
    { { .image_id = image, .format = "raw", .prefix = "../a" }, VMM_ERROR_OSS_PREFIX },
    { { .image_id = image, .format = "raw", .prefix = "0123456789012345678901234567890" },
      VMM_ERROR_OSS_PREFIX },
    { { .image_id = image, .format = "raw", .folder = "a/b" }, VMM_ERROR_OSS_BUCKET },
    { { .image_id = image, .format = "raw", .folder = "." }, VMM_ERROR_OSS_BUCKET },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (GError) error = NULL;

      assert_null (ops_image_export (&w->ctx, &w->admin, &cases[i].spec, &error));
      assert_vmm_error (error, cases[i].code);
    }
  assert_int_equal (world_query (w, "SELECT count(*) FROM task"), 0);
}

static void
an_image_that_is_exported_is_deleted_by_force_alone (void **state)
{
  World *w = *state;
  const OpsExportSpec spec = { .image_id = world_add_image (w, 1), .format = "raw" };
  g_autofree char *id = ops_image_export (&w->ctx, &w->admin, &spec, NULL);
  g_autoptr (GError) error = NULL;

  assert_false (ops_image_delete (&w->ctx, &w->admin, spec.image_id, FALSE, &error));
  assert_vmm_message (error, VMM_ERROR_IMAGE_EXPORTING, id);
  assert_true (ops_image_delete (&w->ctx, &w->admin, spec.image_id, TRUE, NULL));
  assert_int_equal (world_query (w, "SELECT count(*) FROM task WHERE state='cancelling'"), 1);
  assert_int_equal (world_kicks (w, id), 2);
}

static void
a_task_is_cancelled_once_and_by_its_account (void **state)
{
  World *w = *state;
  const char *image, *task;
  g_autoptr (GError) other = NULL, absent = NULL, twice = NULL;

  import (w, &w->alice, &good, &image, &task);
  assert_false (ops_task_cancel (&w->ctx, &w->bob, task, &other));
  assert_vmm_error (other, VMM_ERROR_TASK_NOT_FOUND);
  assert_false (ops_task_cancel (&w->ctx, &w->alice, ABSENT, &absent));
  assert_vmm_error (absent, VMM_ERROR_TASK_NOT_FOUND);
  assert_true (ops_task_cancel (&w->ctx, &w->alice, task, NULL));
  assert_int_equal (world_query (w, "SELECT count(*) FROM image WHERE state='deleting'"), 1);
  assert_int_equal (world_kicks (w, image), 2);
  assert_false (ops_task_cancel (&w->ctx, &w->alice, task, &twice));
  assert_vmm_message (twice, VMM_ERROR_TASK_STATUS, "being cancelled");
}

static guint
count_of (World *w, const VmmCaller *caller, const VmmTaskQuery *query)
{
  VmmPage page = world_page ();
  g_auto (VmmPageInfo) info = { 0 };
  g_autoptr (GPtrArray) tasks = ops_task_list (&w->ctx, caller, query, &page, &info, NULL);

  return tasks->len;
}

static void
tasks_are_filtered (void **state)
{
  World *w = *state;
  const OpsExportSpec out = { .image_id = world_add_image (w, 1), .format = "raw" };
  const char *image, *task;
  g_autofree char *export = ops_image_export (&w->ctx, &w->admin, &out, NULL);
  const char *ids[] = { export, NULL }, *images[] = { out.image_id, NULL };

  import (w, &w->admin, &good, &image, &task);
  assert_true (ops_task_cancel (&w->ctx, &w->admin, task, NULL));
  assert_int_equal (count_of (w, &w->admin, &(VmmTaskQuery){ 0 }), 2);
  assert_int_equal (count_of (w, &w->alice, &(VmmTaskQuery){ 0 }), 0);
  assert_int_equal (count_of (w, &w->admin, &(VmmTaskQuery){ .ids = ids }), 1);
  assert_int_equal (count_of (w, &w->admin, &(VmmTaskQuery){ .image_ids = images }), 1);
  assert_int_equal (count_of (w, &w->admin, &(VmmTaskQuery){ .action = "ImportImage" }), 1);
  assert_int_equal (count_of (w, &w->admin, &(VmmTaskQuery){ .status = "Pending" }), 1);
  assert_int_equal (count_of (w, &w->admin, &(VmmTaskQuery){ .status = "Processing" }), 1);
  assert_int_equal (count_of (w, &w->admin, &(VmmTaskQuery){ .status = "Lost" }), 0);
  assert_int_equal (
      count_of (w, &w->admin, &(VmmTaskQuery){ .created_from_ms = world_now_ms () + 1 }), 0);
  assert_int_equal (count_of (w, &w->admin, &(VmmTaskQuery){ .created_to_ms = world_now_ms () }),
                    2);
}

static void
of_finished_tasks_the_newest_are_kept (void **state)
{
  World *w = *state;
  g_autoptr (StoreTxn) txn = store_begin (w->ctx.store, NULL);

  for (guint i = 0; i < STORE_TASKS_KEPT + 5; i++)
    {
      g_autofree char *id = vmm_id_new (VMM_ID_TASK);
      const VmmTask task = { .id = id,
                             .account_id = (char *) w->alice.account_id,
                             .host_id = w->ctx.host_id,
                             .image_id = (char *) "m-00000000000000000000",
                             .state = i == 0 ? VMM_TASK_PENDING : VMM_TASK_FINISHED,
                             .finished_ms = i == 0 ? 0 : i };

      assert_true (store_task_insert (txn, &task, NULL));
    }
  assert_true (store_commit (txn, NULL));
  g_clear_pointer (&txn, store_txn_free);
  assert_int_equal (world_query (w, "SELECT count(*) FROM task"), STORE_TASKS_KEPT + 1);
  assert_int_equal (world_query (w, "SELECT count(*) FROM task WHERE state='pending'"), 1);
  assert_int_equal (world_query (w, "SELECT min(finished_ms) FROM task WHERE finished_ms>0"), 5);
  txn = store_begin (w->ctx.store, NULL);
  assert_true (store_task_expire (txn, 100, NULL) && store_commit (txn, NULL));
  g_clear_pointer (&txn, store_txn_free);
  assert_int_equal (world_query (w, "SELECT min(finished_ms) FROM task WHERE finished_ms>0"), 100);
}

int
main (void)
{
  const struct CMUnitTest tests[] = {
    TRANSFER_TEST (an_import_is_a_creating_image_of_the_account_and_a_pending_task),
    TRANSFER_TEST (a_bad_import_leaves_no_row),
    TRANSFER_TEST (a_folder_of_the_account_is_its_own),
    TRANSFER_TEST (without_folders_nothing_is_dropped_or_exported),
    TRANSFER_TEST (imports_at_once_never_promise_more_than_the_pool_has),
    TRANSFER_TEST (a_given_size_sets_no_more_aside_than_it_needs),
    TRANSFER_TEST (an_account_has_so_many_tasks_and_no_more),
    TRANSFER_TEST (a_repeat_with_the_same_token_is_the_same_import),
    TRANSFER_TEST (a_dry_run_begins_and_cancels_nothing),
    TRANSFER_TEST (a_system_image_is_the_administrators_to_export),
    TRANSFER_TEST (a_bad_export_is_refused),
    TRANSFER_TEST (an_image_that_is_exported_is_deleted_by_force_alone),
    TRANSFER_TEST (a_task_is_cancelled_once_and_by_its_account),
    TRANSFER_TEST (tasks_are_filtered),
    TRANSFER_TEST (of_finished_tasks_the_newest_are_kept),
  };

  return cmocka_run_group_tests_name ("ops-transfer", tests, NULL, NULL);
}
