/* SPDX-License-Identifier: GPL-2.0-or-later */
/* When automatic snapshots are taken. */
#include "config.h"

#include "vmm-policy.h"

#define DAY_HOURS 24
#define WEEK_DAYS 7
/* 1970 began on a Thursday. */
#define FIRST_WEEKDAY 3

void
vmm_policy_free (VmmPolicy *policy)
{
  if (policy == NULL)
    return;
  g_free (policy->id);
  g_free (policy->account_id);
  g_free (policy->name);
  g_free (policy);
}

VmmPolicyPoint
vmm_policy_point_at (gint64 now_ms, int utc_offset_h)
{
  gint64 begun = now_ms / VMM_POLICY_HOUR_MS;
  guint64 there = (guint64) MAX (begun + utc_offset_h, 0);
  VmmPolicyPoint point = { .hour = (guint) (there % DAY_HOURS),
                           .weekday = (guint) ((there / DAY_HOURS + FIRST_WEEKDAY) % WEEK_DAYS),
                           .begin_ms = begun * VMM_POLICY_HOUR_MS };

  return point;
}

gboolean
vmm_policy_wants (guint hours, guint weekdays, const VmmPolicyPoint *point)
{
  return (hours >> point->hour & 1) != 0 && (weekdays >> point->weekday & 1) != 0;
}
