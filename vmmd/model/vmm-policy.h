/* SPDX-License-Identifier: GPL-2.0-or-later */
/* When automatic snapshots are taken. Pure. */
#pragma once
#include <glib.h>

#define VMM_POLICY_HOUR_MS (G_GINT64_CONSTANT (3600) * 1000)

typedef struct
{
  char *id, *account_id, *name;
  guint hours;          /* bit n: at n:00, of 0 to 23 */
  guint weekdays;       /* bit 0: on Mondays, … bit 6: on Sundays */
  guint retention_days; /* 0: for ever */
  gint64 created_ms;
  guint n_disks; /* it is applied to */
} VmmPolicy;

void vmm_policy_free (VmmPolicy *policy);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (VmmPolicy, vmm_policy_free)

/* An hour of a day of the week, somewhere on earth. */
typedef struct
{
  guint hour, weekday; /* weekday 0 is Monday */
  gint64 begin_ms;     /* since 1970, UTC */
} VmmPolicyPoint;

/* The hour that @now_ms is in, where clocks are @utc_offset_h ahead of UTC. */
VmmPolicyPoint vmm_policy_point_at (gint64 now_ms, int utc_offset_h);
/* Whether such hours and weekdays ask for snapshots in it. */
gboolean vmm_policy_wants (guint hours, guint weekdays, const VmmPolicyPoint *point);
