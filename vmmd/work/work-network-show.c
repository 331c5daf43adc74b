/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The host's network as an operator sees it: as the rows want it, and as it is. */
#include "config.h"

#include "store-network.h"
#include "vmm-error.h"
#include "work-item.h"
#include "work.h"

/* Translates netctl's failure. */
static gboolean
refuse (GError *failure, GError **error)
{
  vmm_fail (error, VMM_ERROR_UNAVAILABLE, "the host's network cannot be listed: %s",
            failure->message);
  g_error_free (failure);
  return FALSE;
}

static gboolean
show_plan (Work *work, char **out, GError **error)
{
  const WorkParts *parts = work_parts (work);
  WorkItem item = { .parts = parts, .ctx = parts->ctx, .work = work, .id = WORK_RECONCILE };
  g_autoptr (StoreTxn) txn = store_begin_read (parts->ctx->store, error);
  g_autoptr (NetctlPlan) plan = netctl_plan_new ();
  GError *failure = NULL;
  gboolean is_read;

  if (txn == NULL)
    return FALSE;
  /* What would be in force then is nobody's news. */
  item.news = work_applied_new ();
  is_read = work_network_plan (&item, txn, plan, error);
  g_hash_table_unref (item.news);
  if (!is_read)
    return FALSE;
  return parts->net->class->print_plan (parts->net, plan, out, &failure) || refuse (failure, error);
}

gboolean
work_network_show (Work *work, char **out_plan, char **out_state, GError **error)
{
  const WorkParts *parts = work_parts (work);
  g_autoptr (GRWLockWriterLocker) writing
      = g_rw_lock_writer_locker_new (&work_net_locks (work)->whole);
  g_autofree char *plan = NULL, *state = NULL;
  GError *failure = NULL;

  (void) writing;
  if (out_plan != NULL && !show_plan (work, &plan, error))
    return FALSE;
  if (out_state != NULL && !parts->net->class->print_kernel (parts->net, &state, &failure))
    return refuse (failure, error);
  if (out_plan != NULL)
    *out_plan = g_steal_pointer (&plan);
  if (out_state != NULL)
    *out_state = g_steal_pointer (&state);
  return TRUE;
}
