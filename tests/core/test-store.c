/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The database as such: schema, transactions, readers beside a writer. */
#include "store-db.h"
#include "world.h"
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static void
set_meta (Store *store, const char *key, const char *value)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (StoreTxn) txn = store_begin (store, &error);

  assert_no_error (error);
  assert_true (store_meta_set (txn, key, value, &error));
  assert_true (store_commit (txn, &error));
}

/* The value as a transaction of its own sees it; the caller frees it. */
static char *
get_meta (Store *store, const char *key)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (StoreTxn) txn = store_begin_read (store, &error);
  char *value;

  assert_no_error (error);
  value = store_meta_get (txn, key, &error);
  assert_no_error (error);
  return value;
}

static void
a_new_database_has_the_newest_schema (void **state)
{
  World *w = *state;
  g_autofree char *first = NULL;
  g_autofree char *second = NULL;

  assert_true (world_query (w, "PRAGMA user_version") >= 1);
  first = world_dump (w);
  world_reopen (w);
  second = world_dump (w);
  assert_string_equal (first, second);
}

static void
an_empty_file_is_migrated_from_the_start (void **state)
{
  World *w = *state;
  g_autofree char *path = core_write (w->dir, "old.db", "");
  g_autoptr (GError) error = NULL;
  g_autoptr (Store) store = store_open (path, &error);

  assert_no_error (error);
  set_meta (store, "a", "b");
}

static void
a_database_of_a_newer_schema_is_refused_and_left_alone (void **state)
{
  World *w = *state;
  g_autoptr (GError) error = NULL;
  g_autofree char *before = NULL;
  g_autofree char *after = NULL;

  world_exec (w, "PRAGMA user_version=1000");
  before = world_dump (w);
  assert_null (store_open (world_path (w, "vmmd.db"), &error));
  assert_vmm_message (error, VMM_ERROR_STORE, "schema 1000");
  assert_contains (error->message, "vmmd.db");
  after = world_dump (w);
  assert_string_equal (before, after);
}

static void
a_file_that_is_no_database_is_refused (void **state)
{
  World *w = *state;
  g_autofree char *path
      = core_write (w->dir, "notes.txt", "This is no database at all, only text.\n");
  g_autoptr (GError) error = NULL;

  assert_null (store_open (path, &error));
  assert_vmm_error (error, VMM_ERROR_STORE);
}

static void
a_folder_that_is_not_there_is_named (void **state)
{
  World *w = *state;
  g_autoptr (GError) error = NULL;

  assert_null (store_open (world_path (w, "nowhere/vmmd.db"), &error));
  assert_vmm_message (error, VMM_ERROR_STORE, "nowhere/vmmd.db");
}

static void
nobody_else_may_read_the_files (void **state)
{
  static const char *const names[]
      = { "vmmd.db", "vmmd.db-wal", "vmmd.db-shm", "nonces.db", "nonces.db-wal", "secret.key" };
  World *w = *state;

  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    {
      struct stat st;

      assert_int_equal (stat (world_path (w, names[i]), &st), 0);
      assert_int_equal (st.st_mode & 0777, 0600);
    }
}

static void
what_is_not_committed_is_not_there (void **state)
{
  World *w = *state;
  g_autoptr (GError) error = NULL;
  g_autofree char *before = world_dump (w);
  g_autofree char *after = NULL;
  StoreTxn *txn = store_begin (w->ctx.store, &error);

  assert_true (store_meta_set (txn, "a", "b", &error));
  store_txn_free (txn);
  after = world_dump (w);
  assert_string_equal (before, after);
}

static void
what_is_committed_outlives_the_process (void **state)
{
  World *w = *state;
  g_autofree char *value = NULL;

  set_meta (w->ctx.store, "a", "b");
  world_reopen (w);
  value = get_meta (w->ctx.store, "a");
  assert_string_equal (value, "b");
}

static void
a_failed_statement_does_not_spoil_the_transaction (void **state)
{
  World *w = *state;
  g_autoptr (GError) error = NULL;
  g_autofree char *value = NULL;
  StoreTxn *txn = store_begin (w->ctx.store, &error);

  assert_int_equal (
      store_exec (txn, &error, "INSERT INTO meta (key, value) VALUES ('a', NULL)", ""), -1);
  assert_vmm_error (error, VMM_ERROR_STORE);
  assert_false (store_error_is_duplicate (error));
  g_clear_error (&error);
  assert_int_equal (store_exec (txn, &error, "no SQL", ""), -1);
  assert_vmm_error (error, VMM_ERROR_STORE);
  g_clear_error (&error);
  assert_true (store_meta_set (txn, "a", "b", &error));
  assert_true (store_commit (txn, &error));
  store_txn_free (txn);
  value = get_meta (w->ctx.store, "a");
  assert_string_equal (value, "b");
}

static void
a_reader_sees_one_state_beside_a_writer (void **state)
{
  World *w = *state;
  g_autoptr (GError) error = NULL;
  g_autofree char *during = NULL;
  g_autofree char *still = NULL;
  g_autofree char *later = NULL;
  StoreTxn *reader, *writer;

  set_meta (w->ctx.store, "a", "old");
  reader = store_begin_read (w->ctx.store, &error);
  during = store_meta_get (reader, "a", &error);
  writer = store_begin (w->ctx.store, &error);
  assert_true (store_meta_set (writer, "a", "new", &error));
  assert_true (store_commit (writer, &error));
  store_txn_free (writer);
  still = store_meta_get (reader, "a", &error);
  store_txn_free (reader);
  later = get_meta (w->ctx.store, "a");
  assert_string_equal (during, "old");
  assert_string_equal (still, "old");
  assert_string_equal (later, "new");
}

static void
a_reader_cannot_write (void **state)
{
  World *w = *state;
  g_autoptr (GError) error = NULL;
  g_autofree char *before = world_dump (w);
  g_autofree char *after = NULL;
  StoreTxn *txn = store_begin_read (w->ctx.store, &error);

  store_meta_set (txn, "a", "b", NULL);
  store_txn_free (txn);
  after = world_dump (w);
  assert_string_equal (before, after);
}

#define THREADS 8
#define ROUNDS 20

/* Adds one to a number by reading and writing it, as a careless counter would. */
static gpointer
count_up (gpointer data)
{
  Store *store = data;
  guint failures = 0;

  for (guint i = 0; i < ROUNDS; i++)
    {
      g_autoptr (StoreTxn) txn = store_begin (store, NULL);
      g_autofree char *old = txn != NULL ? store_meta_get (txn, "n", NULL) : NULL;
      g_autofree char *new = NULL;

      if (old != NULL)
        new = g_strdup_printf ("%" G_GINT64_FORMAT, g_ascii_strtoll (old, NULL, 10) + 1);
      if (new == NULL || !store_meta_set (txn, "n", new, NULL) || !store_commit (txn, NULL))
        failures++;
    }
  return GUINT_TO_POINTER (failures);
}

static void
writers_wait_for_each_other (void **state)
{
  World *w = *state;
  GThread *threads[THREADS];
  g_autofree char *sum = NULL;
  g_autofree char *want = g_strdup_printf ("%d", THREADS * ROUNDS);
  guint failures = 0;

  set_meta (w->ctx.store, "n", "0");
  for (guint i = 0; i < THREADS; i++)
    threads[i] = g_thread_new ("writer", count_up, w->ctx.store);
  for (guint i = 0; i < THREADS; i++)
    failures += GPOINTER_TO_UINT (g_thread_join (threads[i]));
  sum = get_meta (w->ctx.store, "n");
  assert_int_equal (failures, 0);
  assert_string_equal (sum, want);
}

int
main (void)
{
  const struct CMUnitTest tests[] = {
    WORLD_TEST (a_new_database_has_the_newest_schema),
    WORLD_TEST (an_empty_file_is_migrated_from_the_start),
    WORLD_TEST (a_database_of_a_newer_schema_is_refused_and_left_alone),
    WORLD_TEST (a_file_that_is_no_database_is_refused),
    WORLD_TEST (a_folder_that_is_not_there_is_named),
    WORLD_TEST (nobody_else_may_read_the_files),
    WORLD_TEST (what_is_not_committed_is_not_there),
    WORLD_TEST (what_is_committed_outlives_the_process),
    WORLD_TEST (a_failed_statement_does_not_spoil_the_transaction),
    WORLD_TEST (a_reader_sees_one_state_beside_a_writer),
    WORLD_TEST (a_reader_cannot_write),
    WORLD_TEST (writers_wait_for_each_other),
  };

  return cmocka_run_group_tests_name ("store", tests, NULL, NULL);
}
