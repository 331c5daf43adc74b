/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Imports and exports at work: what becomes of task, image and files, however they end. */
#include "ops-image.h"
#include "ops-task.h"
#include "ops-transfer.h"
#include "world-host.h"
#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>

#define PATIENCE_US (30 * G_USEC_PER_SEC)

static int
set_up (void **state)
{
  World *w;

  host_set_up (state);
  w = *state;
  g_free (w->config->drop_folder);
  g_free (w->config->export_folder);
  w->config->drop_folder = g_build_filename (w->dir, "drop", NULL);
  w->config->export_folder = g_build_filename (w->dir, "exported", NULL);
  g_mkdir (w->config->drop_folder, 0755);
  g_mkdir (w->config->export_folder, 0755);
  img_fake_set_folders (w->host->img, w->config->drop_folder, w->config->export_folder);
  return 0;
}
#define TRANSFER_TEST(name) cmocka_unit_test_setup_teardown (name, set_up, host_tear_down)

/* Waits until @sql answers @wanted, though something may be at work all the time. */
static void
wait_for (World *w, gint64 wanted, const char *sql)
{
  gint64 end_us = g_get_monotonic_time () + PATIENCE_US;

  while (world_query (w, sql) != wanted)
    {
      if (g_get_monotonic_time () > end_us)
        fail_msg ("waited in vain until %s is %" G_GINT64_FORMAT, sql, wanted);
      g_mutex_lock (&w->lock);
      g_cond_wait_until (&w->kicked, &w->lock, g_get_monotonic_time () + 1000);
      g_mutex_unlock (&w->lock);
    }
}

static void
wait_for_tasks (World *w, const char *state, gint64 count)
{
  g_autofree char *sql = g_strdup_printf ("SELECT count(*) FROM task WHERE state='%s'", state);

  wait_for (w, count, sql);
}

static void
drop (World *w, const char *name, guint gib)
{
  const char *path = host_raw_file (w, gib);
  g_autofree char *to = g_build_filename (w->config->drop_folder, name, NULL);

  assert_int_equal (g_rename (path, to), 0);
}

static const char *
import (World *w, const VmmCaller *caller, const OpsImportSpec *spec, const char **out_task)
{
  g_autoptr (GError) error = NULL;
  char *image = NULL, *task = NULL;

  ops_image_import_from (&w->ctx, caller, spec, &image, &task, &error);
  assert_no_error (error);
  world_keep (w, task);
  if (out_task != NULL)
    *out_task = task;
  return world_keep (w, image);
}

static VmmTask *
task_of (World *w, const char *id)
{
  g_autoptr (GError) error = NULL;
  VmmTask *task = ops_task_get (&w->ctx, &w->alice, id, &error);

  assert_no_error (error);
  return task;
}

/* The world's own image is a layer too. */
static void
assert_nothing_left (World *w)
{
  g_autoptr (GPtrArray) layers = NULL;

  host_wait_idle (w);
  layers = w->host->img->class->layer_list (w->host->img, NULL);
  assert_int_equal (layers->len, 1);
  assert_int_equal (world_query (w, "SELECT count(*) FROM layer"), 1);
  assert_int_equal (world_query (w, "SELECT sum(reserved_bytes) FROM layer"), 0);
}

static guint
exported_files (World *w)
{
  g_autoptr (GDir) dir = g_dir_open (w->config->export_folder, 0, NULL);
  guint count = 0;

  while (g_dir_read_name (dir) != NULL)
    count++;
  return count;
}

static void
a_file_of_the_drop_folder_becomes_an_image_of_the_account (void **state)
{
  World *w = *state;
  const OpsImportSpec spec = { .file = "a.raw", .format = "raw" };
  const char *id;
  g_autoptr (VmmTask) task = NULL;

  drop (w, "a.raw", 2);
  import (w, &w->alice, &spec, &id);
  wait_for_tasks (w, "finished", 1);
  task = task_of (w, id);
  assert_int_equal (task->progress, 100);
  assert_int_equal (task->finished_ms, world_now_ms ());
  assert_int_equal (world_query (w,
                                 "SELECT count(*) FROM image i JOIN image_disk d ON"
                                 " d.image_id=i.id WHERE state='available' AND source_file='a.raw'"
                                 " AND account_id<>'' AND virtual_bytes=2<<30"),
                    1);
  assert_int_equal (world_query (w, "SELECT sum(reserved_bytes) FROM layer"), 0);
}

static void
a_url_is_fetched (void **state)
{
  World *w = *state;
  const OpsImportSpec spec = { .url = "https://images.example/x/a.raw", .format = "raw", .gib = 3 };

  drop (w, "a.raw", 2);
  import (w, &w->alice, &spec, NULL);
  wait_for_tasks (w, "finished", 1);
  /* The image's disk is as large as was asked for, its layer as the file was. */
  assert_int_equal (world_query (w, "SELECT count(*) FROM image_disk d JOIN layer l ON"
                                    " l.id=d.layer_id WHERE d.virtual_bytes=3<<30 AND"
                                    " l.virtual_bytes=2<<30"),
                    1);
}

static void
a_refused_file_fails_image_and_task_and_leaves_nothing (void **state)
{
  static const struct
  {
    OpsImportSpec spec;
    const char *code, *reason;
  } cases[] = {
    { { .file = "a.raw", .format = "qcow2" }, "InvalidImage.Refused", "not-qcow2: " },
    { { .file = "a.raw", .format = "raw", .gib = 1 }, "InvalidImage.Refused", "virtual-size: " },
    { { .file = "absent", .format = "raw" }, "InvalidImageFile.NotFound", "not-found: " },
    { { .file = "a.raw", .folder = "absent", .format = "raw" },
      "InvalidImageFile.NotFound",
      "not-found: " },
  };
  World *w = *state;

  log_trap_allow ("*cannot be imported*");
  drop (w, "a.raw", 2);
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      const char *id;
      g_autoptr (VmmTask) task = NULL;

      import (w, &w->alice, &cases[i].spec, &id);
      wait_for_tasks (w, "failed", i + 1);
      task = task_of (w, id);
      assert_string_equal (task->code, cases[i].code);
      if (!g_str_has_prefix (task->reason, cases[i].reason))
        fail_msg ("%s", task->reason);
      assert_null (strstr (task->reason, w->dir));
      wait_for (w, i + 1, "SELECT count(*) FROM image WHERE state='failed' AND source_file=''");
      assert_nothing_left (w);
    }
}

static void
an_import_that_is_cancelled_goes_with_its_image (void **state)
{
  World *w = *state;
  const OpsImportSpec spec = { .file = "a.raw", .format = "raw" };
  const char *id;

  drop (w, "a.raw", 1);
  img_fake_hold (w->host->img, TRUE);
  import (w, &w->alice, &spec, &id);
  wait_for_tasks (w, "processing", 1);
  assert_true (ops_task_cancel (&w->ctx, &w->alice, id, NULL));
  wait_for_tasks (w, "canceled", 1);
  assert_int_equal (world_query (w, "SELECT count(*) FROM image"), 1);
  assert_nothing_left (w);
}

static void
deleting_an_image_by_force_cancels_its_import (void **state)
{
  World *w = *state;
  const OpsImportSpec spec = { .file = "a.raw", .format = "raw" };
  g_autoptr (GError) error = NULL;
  const char *image;

  drop (w, "a.raw", 1);
  img_fake_hold (w->host->img, TRUE);
  image = import (w, &w->alice, &spec, NULL);
  wait_for_tasks (w, "processing", 1);
  assert_false (ops_image_delete (&w->ctx, &w->alice, image, FALSE, &error));
  assert_vmm_message (error, VMM_ERROR_IMAGE_IMPORTING, image);
  assert_int_equal (world_query (w, "SELECT count(*) FROM task WHERE state='processing'"), 1);
  assert_true (ops_image_delete (&w->ctx, &w->alice, image, TRUE, NULL));
  wait_for_tasks (w, "canceled", 1);
  assert_nothing_left (w);
}

static void
a_restart_takes_the_import_up_again (void **state)
{
  World *w = *state;
  const OpsImportSpec spec = { .file = "a.raw", .format = "raw" };

  drop (w, "a.raw", 1);
  img_fake_hold (w->host->img, TRUE);
  import (w, &w->alice, &spec, NULL);
  wait_for_tasks (w, "processing", 1);
  host_stop (w);
  assert_int_equal (world_query (w, "SELECT count(*) FROM task WHERE state='processing'"), 1);
  img_fake_hold (w->host->img, FALSE);
  host_start (w);
  wait_for_tasks (w, "finished", 1);
  assert_int_equal (world_query (w, "SELECT count(*) FROM layer"), 2);
}

static void
past_its_deadline_an_import_fails (void **state)
{
  World *w = *state;
  const OpsImportSpec spec = { .file = "a.raw", .format = "raw" };
  const char *id;
  g_autoptr (VmmTask) task = NULL;

  log_trap_allow ("*not done within its time*");
  drop (w, "a.raw", 1);
  img_fake_hold (w->host->img, TRUE);
  import (w, &w->alice, &spec, &id);
  wait_for_tasks (w, "processing", 1);
  world_advance_ms (w, w->config->import_s * 1000 + 1);
  wait_for_tasks (w, "failed", 1);
  task = task_of (w, id);
  assert_true (g_str_has_prefix (task->reason, "time: "));
  assert_nothing_left (w);
}

static void
an_import_ends_before_the_pool_is_full (void **state)
{
  World *w = *state;
  const OpsImportSpec spec = { .file = "a.raw", .format = "raw" };
  const char *id;
  g_autoptr (VmmTask) task = NULL;

  log_trap_allow ("*the pool is full*");
  drop (w, "a.raw", 1);
  img_fake_hold (w->host->img, TRUE);
  import (w, &w->alice, &spec, &id);
  wait_for_tasks (w, "processing", 1);
  img_fake_set_space (w->host->img, 100 * WORLD_GIB, WORLD_GIB / 2);
  wait_for_tasks (w, "failed", 1);
  task = task_of (w, id);
  assert_string_equal (task->code, "OperationDenied.NoStock");
  assert_true (g_str_has_prefix (task->reason, "space: "));
}

static void
tasks_take_turns_and_one_account_does_not_have_all (void **state)
{
  World *w = *state;
  const OpsImportSpec spec = { .file = "a.raw", .format = "raw" };

  w->config->transfers = 3;
  drop (w, "a.raw", 1);
  img_fake_hold (w->host->img, TRUE);
  for (guint i = 0; i < 4; i++)
    import (w, &w->alice, &spec, NULL);
  wait_for_tasks (w, "processing", 2);
  for (guint i = 0; i < 2; i++)
    import (w, &w->bob, &spec, NULL);
  wait_for_tasks (w, "processing", 3);
  assert_int_equal (world_query (w, "SELECT count(*) FROM task WHERE state='pending'"), 3);
  img_fake_hold (w->host->img, FALSE);
  wait_for_tasks (w, "finished", 6);
}

/* ---- Exports ---- */

static const char *export(World *w, const char *folder)
{
  const OpsExportSpec spec
      = { .image_id = w->host->image, .folder = folder, .format = "qcow2", .prefix = "x" };
  g_autoptr (GError) error = NULL;
  char *id = ops_image_export (&w->ctx, &w->admin, &spec, &error);

  assert_no_error (error);
  return world_keep (w, id);
}

static void
an_image_is_exported (void **state)
{
  World *w = *state;
  const char *id = export(w, NULL);
  g_autofree char *name = g_strdup_printf ("x_%s_%s.qcow2", w->host->image, id);
  g_autofree char *path = g_build_filename (w->config->export_folder, name, NULL);

  wait_for_tasks (w, "finished", 1);
  assert_true (g_file_test (path, G_FILE_TEST_IS_REGULAR));
  assert_int_equal (exported_files (w), 1);
}

/* The way to make room is to take images elsewhere. */
static void
an_export_does_not_mind_a_full_pool (void **state)
{
  World *w = *state;

  img_fake_set_space (w->host->img, 100 * WORLD_GIB, WORLD_GIB / 2);
  img_fake_hold (w->host->img, TRUE);
  export(w, NULL);
  wait_for_tasks (w, "processing", 1);
  img_fake_hold (w->host->img, FALSE);
  wait_for_tasks (w, "finished", 1);
  assert_int_equal (exported_files (w), 1);
}

static void
an_export_that_is_cancelled_leaves_no_file (void **state)
{
  World *w = *state;
  const char *id;

  img_fake_hold (w->host->img, TRUE);
  id = export(w, NULL);
  wait_for_tasks (w, "processing", 1);
  assert_true (ops_task_cancel (&w->ctx, &w->admin, id, NULL));
  wait_for_tasks (w, "canceled", 1);
  assert_int_equal (exported_files (w), 0);
}

static void
a_restart_takes_the_export_up_again (void **state)
{
  World *w = *state;

  img_fake_hold (w->host->img, TRUE);
  export(w, NULL);
  wait_for_tasks (w, "processing", 1);
  host_stop (w);
  img_fake_hold (w->host->img, FALSE);
  host_start (w);
  wait_for_tasks (w, "finished", 1);
  assert_int_equal (exported_files (w), 1);
}

static void
an_export_into_no_folder_fails (void **state)
{
  World *w = *state;

  log_trap_allow ("*failed: absent*");
  export(w, "absent");
  wait_for_tasks (w, "failed", 1);
  assert_int_equal (world_query (w, "SELECT count(*) FROM task WHERE code="
                                    "'InvalidImageFile.NotFound' AND reason LIKE 'not-found: %'"),
                    1);
}

static void
an_export_of_an_image_that_goes_is_cancelled (void **state)
{
  World *w = *state;

  img_fake_hold (w->host->img, TRUE);
  export(w, NULL);
  wait_for_tasks (w, "processing", 1);
  assert_true (ops_image_delete (&w->ctx, &w->admin, w->host->image, TRUE, NULL));
  wait_for_tasks (w, "canceled", 1);
  host_wait_idle (w);
  assert_int_equal (exported_files (w), 0);
  assert_int_equal (world_query (w, "SELECT count(*) FROM layer"), 0);
}

static gboolean
export_is_over (World *w, gconstpointer data)
{
  return world_query (w, "SELECT count(*) FROM task WHERE finished_ms=0") == 0;
}

/* Whoever may write into the folder can put a directory where the file would be. */
static void
an_export_whose_files_cannot_be_removed_ends_all_the_same (void **state)
{
  World *w = *state;
  const char *id;
  gint64 end_us;
  g_autofree char *name = NULL, *path = NULL;

  log_trap_allow ("*trying again*");
  log_trap_allow ("*files of task * stay*");
  img_fake_hold (w->host->img, TRUE);
  id = export(w, NULL);
  wait_for_tasks (w, "processing", 1);
  name = g_strdup_printf ("x_%s_%s.qcow2", w->host->image, id);
  path = g_build_filename (w->config->export_folder, name, NULL);
  assert_int_equal (g_mkdir (path, 0755), 0);
  assert_true (ops_task_cancel (&w->ctx, &w->admin, id, NULL));
  end_us = g_get_monotonic_time () + PATIENCE_US;
  while (!export_is_over (w, NULL) && g_get_monotonic_time () < end_us)
    {
      /* No back-off is sat through. */
      if (work_is_idle (w->host->work))
        work_kick (w->host->work, id);
      g_mutex_lock (&w->lock);
      g_cond_wait_until (&w->kicked, &w->lock, g_get_monotonic_time () + 1000);
      g_mutex_unlock (&w->lock);
    }
  wait_for_tasks (w, "canceled", 1);
}

static void
an_export_comes_true_whichever_call_fails_once (void **state)
{
  World *w = *state;
  guint struck = 0;

  host_allow_faults ();
  for (guint n = 1;; n++)
    {
      guint before = img_fake_calls (w->host->img);

      img_fake_fail_at (w->host->img, n, IMG_ERROR_IO);
      export(w, NULL);
      host_wait (w, export_is_over, NULL, "the export is over");
      if (img_fake_calls (w->host->img) < before + n)
        break;
      struck++;
      assert_int_equal (world_query (w, "SELECT count(*) FROM task WHERE state<>'finished'"), 0);
      assert_int_equal (exported_files (w), n);
    }
  img_fake_fail_at (w->host->img, 0, IMG_ERROR_IO);
  assert_true (struck >= 1);
}

/* The first is refused; the one that waits for it must hear of that all the same. */
static void
the_next_task_gets_its_turn_whichever_call_fails_once (void **state)
{
  World *w = *state;
  const OpsImportSpec bad = { .file = "a.raw", .format = "qcow2" };
  guint struck = 0;

  host_allow_faults ();
  log_trap_allow ("*cannot be imported*");
  w->config->transfers = 1;
  drop (w, "a.raw", 1);
  for (guint n = 1;; n++)
    {
      guint before;

      img_fake_hold (w->host->img, TRUE);
      import (w, &w->alice, &bad, NULL);
      wait_for_tasks (w, "processing", 1);
      import (w, &w->bob, &bad, NULL);
      wait_for_tasks (w, "pending", 1);
      before = img_fake_calls (w->host->img);
      img_fake_fail_at (w->host->img, n, IMG_ERROR_IO);
      img_fake_hold (w->host->img, FALSE);
      host_wait (w, export_is_over, NULL, "both are over");
      if (img_fake_calls (w->host->img) < before + n)
        break;
      struck++;
    }
  img_fake_fail_at (w->host->img, 0, IMG_ERROR_IO);
  assert_true (struck >= 3);
}

int
main (void)
{
  const struct CMUnitTest tests[] = {
    TRANSFER_TEST (a_file_of_the_drop_folder_becomes_an_image_of_the_account),
    TRANSFER_TEST (a_url_is_fetched),
    TRANSFER_TEST (a_refused_file_fails_image_and_task_and_leaves_nothing),
    TRANSFER_TEST (an_import_that_is_cancelled_goes_with_its_image),
    TRANSFER_TEST (deleting_an_image_by_force_cancels_its_import),
    TRANSFER_TEST (a_restart_takes_the_import_up_again),
    TRANSFER_TEST (past_its_deadline_an_import_fails),
    TRANSFER_TEST (an_import_ends_before_the_pool_is_full),
    TRANSFER_TEST (tasks_take_turns_and_one_account_does_not_have_all),
    TRANSFER_TEST (an_image_is_exported),
    TRANSFER_TEST (an_export_does_not_mind_a_full_pool),
    TRANSFER_TEST (an_export_that_is_cancelled_leaves_no_file),
    TRANSFER_TEST (a_restart_takes_the_export_up_again),
    TRANSFER_TEST (an_export_into_no_folder_fails),
    TRANSFER_TEST (an_export_of_an_image_that_goes_is_cancelled),
    TRANSFER_TEST (an_export_whose_files_cannot_be_removed_ends_all_the_same),
    TRANSFER_TEST (the_next_task_gets_its_turn_whichever_call_fails_once),
    TRANSFER_TEST (an_export_comes_true_whichever_call_fails_once),
  };

  return cmocka_run_group_tests_name ("work-transfer", tests, NULL, NULL);
}
