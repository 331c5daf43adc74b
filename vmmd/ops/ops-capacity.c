/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Capacity as sums over rows, never as counters. */
#include "config.h"

#include "ops-capacity.h"
#include "store-instance.h"
#include "store-layer.h"

#define GIB (G_GUINT64_CONSTANT (1) << 30)

/* Bytes of the pool that nobody has and no work under way will take. */
static gboolean
read_free (VmmContext *ctx, StoreTxn *txn, const OpsServiceStatus *status, guint64 *out,
           GError **error)
{
  guint64 reserved;

  if (!store_layer_reserved (txn, ctx->host_id, &reserved, error))
    return FALSE;
  *out = status->pool_free_bytes - MIN (status->pool_free_bytes, reserved);
  return TRUE;
}

gboolean
ops_capacity_has_room (VmmContext *ctx, StoreTxn *txn, guint64 bytes, gboolean *out, GError **error)
{
  OpsServiceStatus status = { 0 };
  guint64 free_bytes;

  ctx->service_status (ctx, &status);
  if (!read_free (ctx, txn, &status, &free_bytes, error))
    return FALSE;
  *out = free_bytes >= bytes && free_bytes - bytes >= (guint64) ctx->config->disk_reserve_gib * GIB;
  return TRUE;
}

gboolean
ops_capacity_read (VmmContext *ctx, StoreTxn *txn, OpsCapacity *out, GError **error)
{
  const VmmConfig *config = ctx->config;
  OpsServiceStatus status = { 0 };
  StoreUsage usage;
  guint64 free_bytes;

  if (!store_instance_usage (txn, ctx->host_id, &usage, error))
    return FALSE;
  ctx->service_status (ctx, &status);
  if (!read_free (ctx, txn, &status, &free_bytes, error))
    return FALSE;
  out->vcpus_total = (gint64) (ctx->host_processors (ctx) * config->vcpu_ratio);
  out->vcpus_used = usage.vcpus;
  out->memory_mib_total = MAX (0, (gint64) ctx->host_memory_mib (ctx) - config->memory_reserve_mib);
  out->memory_mib_used = usage.memory_mib;
  out->disk_bytes_total = (gint64) ((double) status.pool_total_bytes * config->disk_ratio);
  out->disk_bytes_used = usage.disk_bytes;
  /* Promises may exceed the disk, but not once the disk is really full. */
  if (free_bytes < (guint64) config->disk_reserve_gib * GIB)
    out->disk_bytes_total = MIN (out->disk_bytes_total, out->disk_bytes_used);
  out->instances = (guint) usage.instances;
  return TRUE;
}

gboolean
ops_capacity (VmmContext *ctx, OpsCapacity *out, GError **error)
{
  g_autoptr (StoreTxn) txn = store_begin_read (ctx->store, error);

  return txn != NULL && ops_capacity_read (ctx, txn, out, error);
}

guint
ops_capacity_fit (VmmContext *ctx, const OpsCapacity *c, guint vcpus, guint memory_mib,
                  guint64 disk_bytes, guint amount, char **out_why)
{
  const struct
  {
    const char *name, *unit;
    gint64 each, left, divisor;
  } resources[] = {
    { "vCPUs", "", vcpus, c->vcpus_total - c->vcpus_used, 1 },
    { "memory", " MiB", memory_mib, c->memory_mib_total - c->memory_mib_used, 1 },
    { "disk space", " GiB", (gint64) disk_bytes, c->disk_bytes_total - c->disk_bytes_used,
      (gint64) GIB },
  };
  guint fit = amount;

  *out_why = NULL;
  for (guint i = 0; i < G_N_ELEMENTS (resources); i++)
    {
      gint64 left = MAX (0, resources[i].left);
      gint64 need = resources[i].each * (gint64) amount;
      guint room = resources[i].each > 0 ? (guint) MIN (left / resources[i].each, amount) : amount;

      if (room >= fit)
        continue;
      fit = room;
      g_free (*out_why);
      *out_why = g_strdup_printf (
          "the host is short of %s: %" G_GINT64_FORMAT "%s needed, %" G_GINT64_FORMAT
          "%s left, %" G_GINT64_FORMAT "%s missing",
          resources[i].name, need / resources[i].divisor, resources[i].unit,
          left / resources[i].divisor, resources[i].unit,
          (need - left + resources[i].divisor - 1) / resources[i].divisor, resources[i].unit);
    }
  return fit;
}
