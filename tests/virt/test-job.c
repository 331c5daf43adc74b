/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Jobs and their deadline. */
#include "virt-job.h"
#include "virt-test.h"

/* What a stuck job waits for. */
typedef struct
{
  GMutex lock;
  GCond changed;
  gboolean may_go;
  gboolean is_gone;
} Gate;

static Gate gate;

static VirtJob *
job_new (VirtJobFunc func)
{
  return virt_job_new (virConnectOpen ("test:///default"), "i-a", func);
}

static gboolean
succeed (VirtJob *job, GError **error)
{
  return TRUE;
}

static gboolean
fail_with_words (VirtJob *job, GError **error)
{
  return vmm_fail (error, VMM_ERROR_VIRT_AWAY, "words");
}

static gboolean
hang (VirtJob *job, GError **error)
{
  g_mutex_lock (&gate.lock);
  while (!gate.may_go)
    g_cond_wait (&gate.changed, &gate.lock);
  gate.is_gone = TRUE;
  g_cond_broadcast (&gate.changed);
  g_mutex_unlock (&gate.lock);
  return TRUE;
}

static int
make_pool (void **state)
{
  *state = virt_job_pool_new ();
  return 0;
}

static int
free_pool (void **state)
{
  g_thread_pool_free (*state, FALSE, FALSE);
  return 0;
}

static void
a_job_that_succeeds_reports_it (void **state)
{
  g_autoptr (VirtJob) job = job_new (succeed);
  g_autoptr (GError) error = NULL;

  assert_true (virt_job_run (*state, job, 10000, &error));
  assert_null (error);
}

static void
a_job_that_fails_hands_over_its_error (void **state)
{
  g_autoptr (VirtJob) job = job_new (fail_with_words);
  g_autoptr (GError) error = NULL;

  assert_false (virt_job_run (*state, job, 10000, &error));
  assert_error (error, VMM_ERROR_VIRT_AWAY);
  assert_string_equal (error->message, "words");
}

static void
a_job_that_hangs_is_left_behind_at_its_deadline (void **state)
{
  VirtJob *job = job_new (hang);
  g_autoptr (GError) error = NULL;

  assert_false (virt_job_run (*state, job, 50, &error));
  assert_error (error, VMM_ERROR_VIRT_FAILED);
  virt_job_unref (job);

  /* It ends later by itself, and frees what it holds. */
  g_mutex_lock (&gate.lock);
  gate.may_go = TRUE;
  g_cond_broadcast (&gate.changed);
  while (!gate.is_gone)
    g_cond_wait (&gate.changed, &gate.lock);
  g_mutex_unlock (&gate.lock);
}

static void
a_hanging_job_holds_up_no_other (void **state)
{
  g_autoptr (VirtJob) stuck = job_new (hang);
  g_autoptr (VirtJob) other = job_new (succeed);

  gate.may_go = FALSE;
  assert_false (virt_job_run (*state, stuck, 20, NULL));
  assert_true (virt_job_run (*state, other, 10000, NULL));
  g_mutex_lock (&gate.lock);
  gate.may_go = TRUE;
  g_cond_broadcast (&gate.changed);
  g_mutex_unlock (&gate.lock);
  assert_true (virt_job_run (*state, other, 10000, NULL));
}

int
main (void)
{
  const struct CMUnitTest tests[] = {
    cmocka_unit_test (a_job_that_succeeds_reports_it),
    cmocka_unit_test (a_job_that_fails_hands_over_its_error),
    cmocka_unit_test (a_job_that_hangs_is_left_behind_at_its_deadline),
    cmocka_unit_test (a_hanging_job_holds_up_no_other),
  };

  return cmocka_run_group_tests (tests, make_pool, free_pool);
}
