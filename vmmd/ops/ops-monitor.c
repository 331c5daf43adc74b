/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What instances, disks and elastic addresses used. */
#include "config.h"

#include "ops-monitor.h"
#include "store-disk.h"
#include "store-eip.h"
#include "store-instance.h"
#include "store-sample.h"
#include "vmm-clock.h"
#include "vmm-error.h"

/* Each of the three actions has its own codes for the same mistakes. */
static const struct
{
  int periods[6]; /* ends with 0 */
  VmmError order, too_many;
} kinds[] = {
  [OPS_MONITOR_INSTANCE]
  = { { 60, 600, 3600 }, VMM_ERROR_MONITOR_ORDER, VMM_ERROR_MONITOR_TOO_MANY },
  [OPS_MONITOR_DISK]
  = { { 60, 600, 3600 }, VMM_ERROR_MONITOR_DISK_ORDER, VMM_ERROR_MONITOR_TOO_MANY },
  [OPS_MONITOR_EIP]
  = { { 60, 300, 600, 900, 3600 }, VMM_ERROR_MONITOR_END_TIME, VMM_ERROR_MONITOR_EIP_TOO_MANY },
};

static gboolean
check_period (OpsMonitorKind kind, int period_s, GError **error)
{
  g_autoptr (GString) choices = g_string_new (NULL);

  for (const int *known = kinds[kind].periods; *known != 0; known++)
    {
      if (*known == period_s)
        return TRUE;
      g_string_append_printf (choices, "%s%d", choices->len > 0 ? ", " : "", *known);
    }
  return vmm_fail (error, VMM_ERROR_INVALID_PARAMETER, "Period is %d seconds; it may be one of %s",
                   period_s, choices->str);
}

static gint64
whole_minute (gint64 ms)
{
  gint64 minute_ms = VMM_SAMPLE_S * 1000;

  return (ms + minute_ms - 1) / minute_ms * VMM_SAMPLE_S;
}

static gboolean
check_times (OpsMonitorKind kind, gint64 start_s, gint64 end_s, int period_s, GError **error)
{
  gint64 now_s = vmm_sample_floor (vmm_clock_now_ms () / 1000, VMM_SAMPLE_S);

  if (start_s > end_s)
    return vmm_fail (error, kinds[kind].order, "StartTime is later than EndTime");
  if (start_s < now_s - OPS_MONITOR_DAYS * 24 * 3600)
    return vmm_fail (error, VMM_ERROR_MONITOR_TOO_EARLY,
                     "StartTime is more than %d days ago; nothing older is kept", OPS_MONITOR_DAYS);
  if ((end_s - start_s) / period_s > OPS_MONITOR_POINTS)
    return vmm_fail (
        error, kinds[kind].too_many,
        "between StartTime and EndTime are more than %d periods of %d seconds; ask for "
        "less time at once or for a longer Period",
        OPS_MONITOR_POINTS, period_s);
  return TRUE;
}

static gboolean
check_owner (StoreTxn *txn, const VmmCaller *caller, OpsMonitorKind kind, const char *id,
             GError **error)
{
  g_autoptr (VmmInstance) instance = NULL;
  g_autoptr (VmmDisk) disk = NULL;
  g_autoptr (VmmEip) eip = NULL;

  if (kind == OPS_MONITOR_INSTANCE)
    instance = store_instance_get (txn, caller->account_id, id, error);
  else if (kind == OPS_MONITOR_DISK)
    disk = store_disk_get (txn, caller->account_id, id, error);
  else
    eip = store_eip_get (txn, caller->account_id, id, error);
  return instance != NULL || disk != NULL || eip != NULL;
}

GPtrArray *
ops_monitor_list (VmmContext *ctx, const VmmCaller *caller, OpsMonitorKind kind,
                  const OpsMonitorQuery *query, GError **error)
{
  gint64 start_s = whole_minute (query->start_ms), end_s = whole_minute (query->end_ms);
  g_autoptr (StoreTxn) txn = NULL;

  if (!check_period (kind, query->period_s, error)
      || !check_times (kind, start_s, end_s, query->period_s, error))
    return NULL;
  txn = store_begin_read (ctx->store, error);
  if (txn == NULL || !check_owner (txn, caller, kind, query->id, error))
    return NULL;
  return store_sample_list (txn, query->id, query->period_s, start_s, end_s, error);
}
