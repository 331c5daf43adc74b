/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What instances, disks and elastic addresses used. Any pool thread. */
#pragma once
#include "ops-context.h"
#include "vmm-sample.h"

/* Samples that one call may ask for, and how far back. */
#define OPS_MONITOR_POINTS 400
#define OPS_MONITOR_DAYS 30

typedef enum
{
  OPS_MONITOR_INSTANCE,
  OPS_MONITOR_DISK,
  OPS_MONITOR_EIP
} OpsMonitorKind;

typedef struct
{
  const char *id;
  gint64 start_ms, end_ms; /* each is rounded up to a whole minute */
  int period_s;            /* 60, 600 or 3600; of an address also 300 or 900 */
} OpsMonitorQuery;

/* VmmSample* that begin between the two, in order; of a time nobody looked at there are none. What
 * is no such thing of the caller's is INSTANCE_NOT_FOUND, DISK_NOT_FOUND or EIP_NOT_FOUND. A bad
 * time is MONITOR_ORDER, MONITOR_DISK_ORDER, MONITOR_END_TIME (of an address), MONITOR_TOO_EARLY,
 * MONITOR_TOO_MANY or, of an address, MONITOR_EIP_TOO_MANY. */
GPtrArray *ops_monitor_list (VmmContext *ctx, const VmmCaller *caller, OpsMonitorKind kind,
                             const OpsMonitorQuery *query, GError **error);
