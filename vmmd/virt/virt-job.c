/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Jobs: shared by the waiting caller and the pool thread, freed by the last of them. */
#include "config.h"

#include "virt-job.h"

#include "vmm-error.h"

VirtJob *
virt_job_new (virConnectPtr conn, const char *id, VirtJobFunc func)
{
  VirtJob *job = g_atomic_rc_box_new0 (VirtJob);

  job->conn = conn;
  job->id = g_strdup (id);
  job->func = func;
  g_mutex_init (&job->lock);
  g_cond_init (&job->finished);
  return job;
}

static void
clear_job (gpointer data)
{
  VirtJob *job = data;

  virConnectClose (job->conn);
  g_free (job->id);
  g_free (job->xml);
  g_free (job->uuid);
  g_free (job->tap);
  g_free (job->kept_xml);
  virt_disk_call_free (job->disk);
  virt_fact_free (job->fact);
  g_clear_pointer (&job->facts, g_ptr_array_unref);
  g_clear_pointer (&job->nics, g_ptr_array_unref);
  g_clear_pointer (&job->uses, g_ptr_array_unref);
  g_clear_error (&job->error);
  g_mutex_clear (&job->lock);
  g_cond_clear (&job->finished);
}

void
virt_job_unref (VirtJob *job)
{
  g_atomic_rc_box_release_full (job, clear_job);
}

static void
work (gpointer data, gpointer user_data)
{
  g_autoptr (VirtJob) job = data;
  GError *error = NULL;
  gboolean is_success = job->func (job, &error);

  g_mutex_lock (&job->lock);
  job->is_success = is_success;
  job->error = error;
  job->is_finished = TRUE;
  g_cond_broadcast (&job->finished);
  g_mutex_unlock (&job->lock);
}

GThreadPool *
virt_job_pool_new (void)
{
  return g_thread_pool_new (work, NULL, -1, FALSE, NULL);
}

gboolean
virt_job_run (GThreadPool *pool, VirtJob *job, guint deadline_ms, GError **error)
{
  gint64 end_us = g_get_monotonic_time () + (gint64) deadline_ms * 1000;
  gboolean is_finished, is_success;

  g_thread_pool_push (pool, g_atomic_rc_box_acquire (job), NULL);
  g_mutex_lock (&job->lock);
  while (!job->is_finished && g_cond_wait_until (&job->finished, &job->lock, end_us))
    ;
  is_finished = job->is_finished;
  is_success = is_finished && job->is_success;
  if (is_finished && !is_success)
    g_propagate_error (error, g_steal_pointer (&job->error));
  g_mutex_unlock (&job->lock);
  if (!is_finished)
    vmm_fail (error, VMM_ERROR_VIRT_FAILED, "libvirt did not answer within %u ms%s%s", deadline_ms,
              job->id != NULL ? " about domain " : "", job->id != NULL ? job->id : "");
  return is_success;
}
