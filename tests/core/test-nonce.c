/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The memory of nonces: across restarts of the daemon, and what a power cut costs. */
#include "core-test.h"
#include "store-nonce.h"

#define DAY_MS G_GINT64_CONSTANT (86400000)
#define NOW (G_GINT64_CONSTANT (20000) * DAY_MS)
#define SOON (NOW + 1800000)

static int
set_up (void **state)
{
  vmm_error_quark ();
  *state = core_dir_new ();
  return 0;
}

static int
tear_down (void **state)
{
  core_dir_free (*state);
  return 0;
}

static StoreNonces *
open_at (const char *dir, const char *boot_id, gint64 now_ms)
{
  g_autofree char *path = g_build_filename (dir, "nonces.db", NULL);
  g_autoptr (GError) error = NULL;
  StoreNonces *nonces = store_nonces_open (path, boot_id, now_ms, &error);

  assert_no_error (error);
  return nonces;
}

static void
assert_used (StoreNonces *nonces, const char *key, const char *nonce, gint64 timestamp_ms)
{
  g_autoptr (GError) error = NULL;

  assert_false (store_nonce_use (nonces, key, nonce, timestamp_ms, SOON, &error));
  assert_vmm_error (error, VMM_ERROR_NONCE_USED);
}

static void
assert_fresh (StoreNonces *nonces, const char *key, const char *nonce, gint64 timestamp_ms)
{
  g_autoptr (GError) error = NULL;

  assert_true (store_nonce_use (nonces, key, nonce, timestamp_ms, SOON, &error));
  assert_no_error (error);
}

static void
a_key_uses_a_nonce_once (void **state)
{
  g_autoptr (StoreNonces) nonces = open_at (*state, "A", NOW);

  assert_fresh (nonces, "k1", "n", NOW);
  assert_used (nonces, "k1", "n", NOW);
  assert_fresh (nonces, "k2", "n", NOW);
  assert_fresh (nonces, "k1", "N", NOW);
}

static void
a_replay_after_a_restart_is_refused (void **state)
{
  StoreNonces *nonces = open_at (*state, "A", NOW);

  assert_fresh (nonces, "k", "n", NOW);
  store_nonces_close (nonces);
  nonces = open_at (*state, "A", NOW + 1000);
  assert_used (nonces, "k", "n", NOW);
  assert_fresh (nonces, "k", "other", NOW - 60000);
  store_nonces_close (nonces);
}

static void
after_another_boot_what_was_signed_before_it_is_refused (void **state)
{
  g_autoptr (GError) error = NULL;
  StoreNonces *nonces = open_at (*state, "A", NOW);

  store_nonces_close (nonces);
  nonces = open_at (*state, "B", NOW + 1000);
  assert_false (store_nonce_use (nonces, "k", "n", NOW + 999, SOON, &error));
  assert_vmm_error (error, VMM_ERROR_TIMESTAMP_EXPIRED);
  assert_fresh (nonces, "k", "n", NOW + 1000);
  store_nonces_close (nonces);
}

static void
a_restart_within_that_boot_keeps_its_first_time (void **state)
{
  g_autoptr (GError) error = NULL;
  StoreNonces *nonces = open_at (*state, "A", NOW);

  store_nonces_close (nonces);
  nonces = open_at (*state, "B", NOW + 1000);
  store_nonces_close (nonces);
  nonces = open_at (*state, "B", NOW + 60000);
  assert_fresh (nonces, "k", "n", NOW + 1000);
  assert_false (store_nonce_use (nonces, "k", "m", NOW + 999, SOON, &error));
  assert_vmm_error (error, VMM_ERROR_TIMESTAMP_EXPIRED);
  store_nonces_close (nonces);
}

static void
the_first_boot_ever_refuses_nothing (void **state)
{
  g_autoptr (StoreNonces) nonces = open_at (*state, "A", NOW);

  assert_fresh (nonces, "k", "n", NOW - 900000);
}

static void
what_has_expired_is_forgotten_and_nothing_else (void **state)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (StoreNonces) nonces = open_at (*state, "A", NOW);

  assert_fresh (nonces, "k", "n", NOW);
  assert_true (store_nonce_expire (nonces, SOON, &error));
  assert_used (nonces, "k", "n", NOW);
  assert_true (store_nonce_expire (nonces, SOON + 1, &error));
  assert_fresh (nonces, "k", "n", NOW);
}

static void
a_nonce_is_data_and_never_sql (void **state)
{
  static const char *const odd[]
      = { "'; DROP TABLE nonce; --", "%", "_", "\"", "\xe4\xb8\xad", "" };
  g_autoptr (StoreNonces) nonces = open_at (*state, "A", NOW);

  for (guint i = 0; i < G_N_ELEMENTS (odd); i++)
    {
      assert_fresh (nonces, "k", odd[i], NOW);
      assert_used (nonces, "k", odd[i], NOW);
    }
}

#define THREADS 8
#define NONCES 50

/* How many of the same nonces this thread was the first to use. */
static gpointer
race (gpointer data)
{
  guint wins = 0;

  for (guint i = 0; i < NONCES; i++)
    {
      g_autofree char *nonce = g_strdup_printf ("n%u", i);

      wins += store_nonce_use (data, "k", nonce, NOW, SOON, NULL) ? 1 : 0;
    }
  return GUINT_TO_POINTER (wins);
}

static void
of_many_threads_one_wins_each_nonce (void **state)
{
  g_autoptr (StoreNonces) nonces = open_at (*state, "A", NOW);
  GThread *threads[THREADS];
  guint wins = 0;

  for (guint i = 0; i < THREADS; i++)
    threads[i] = g_thread_new ("replay", race, nonces);
  for (guint i = 0; i < THREADS; i++)
    wins += GPOINTER_TO_UINT (g_thread_join (threads[i]));
  assert_int_equal (wins, NONCES);
}

#define TEST(name) cmocka_unit_test_setup_teardown (name, set_up, tear_down)

int
main (void)
{
  const struct CMUnitTest tests[] = {
    TEST (a_key_uses_a_nonce_once),
    TEST (a_replay_after_a_restart_is_refused),
    TEST (after_another_boot_what_was_signed_before_it_is_refused),
    TEST (a_restart_within_that_boot_keeps_its_first_time),
    TEST (the_first_boot_ever_refuses_nothing),
    TEST (what_has_expired_is_forgotten_and_nothing_else),
    TEST (a_nonce_is_data_and_never_sql),
    TEST (of_many_threads_one_wins_each_nonce),
  };

  return cmocka_run_group_tests_name ("nonce", tests, NULL, NULL);
}
