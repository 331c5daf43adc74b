/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The host has been told of a VPC, or could not be: the rows of its public addresses follow. */
#include "config.h"

#include "work-public.h"

gboolean
work_public_told (WorkItem *item, const OpsPublicSeen *seen, GError **error)
{
  if (ops_public_seen_is_empty (seen))
    return TRUE;
  vmm_step ("before settle");
  return work_stepped (ops_public_settle (item->ctx, seen, error), "after settle");
}

gint64
work_public_failed (WorkItem *item, const OpsPublicSeen *seen, GError *error)
{
  g_autoptr (GError) second = NULL;
  gboolean turned = FALSE;

  if (seen == NULL || seen->eips->len == 0)
    return work_failed (item, error);
  if (!ops_public_expire (item->ctx, seen, error->message, &turned, &second))
    {
      g_error_free (error);
      return work_failed (item, g_steal_pointer (&second));
    }
  if (!turned)
    return work_failed (item, error);
  /* Without what turned back the VPC may well be applied: at once, not after the back-off. */
  work_failed (item, error);
  return 0;
}
