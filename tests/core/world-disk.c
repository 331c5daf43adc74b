/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Disks and snapshots of a world with a host. */
#include "world-disk.h"
#include "ops-disk.h"
#include "ops-snapshot.h"
#include "store-disk.h"

const char *
host_make_disk (World *w)
{
  const OpsDiskSpec spec = { .zone_id = w->config->zone_id, .size_gib = 5 };
  g_autoptr (GError) error = NULL;
  const char *id = world_keep (w, ops_disk_create (&w->ctx, &w->alice, &spec, &error));

  assert_no_error (error);
  host_settle_all (w);
  return id;
}

void
host_attach (World *w, const char *disk, const char *instance)
{
  g_autoptr (GError) error = NULL;

  ops_disk_attach (&w->ctx, &w->alice, disk, instance, NULL, -1, &error);
  assert_no_error (error);
}

const char *
host_ask_snapshot (World *w, const char *disk)
{
  const OpsSnapshotSpec spec = { .disk_id = disk };
  g_autoptr (GError) error = NULL;
  const char *id = world_keep (w, ops_snapshot_create (&w->ctx, &w->alice, &spec, &error));

  assert_no_error (error);
  return id;
}

const char *
host_take_snapshot (World *w, const char *disk)
{
  const char *id = host_ask_snapshot (w, disk);

  host_settle_all (w);
  return id;
}

void
host_drop_snapshot (World *w, const char *id)
{
  g_autoptr (GError) error = NULL;

  ops_snapshot_delete (&w->ctx, &w->alice, id, TRUE, &error);
  assert_no_error (error);
}

void
host_stop_instance (World *w, const char *id)
{
  assert_true (ops_instance_stop (&w->ctx, &w->alice, id, FALSE, NULL));
  host_settle_state (w, id, VMM_INSTANCE_STOPPED);
}

guint
host_depth (World *w, const char *disk)
{
  g_autofree char *sql = g_strdup_printf (
      "WITH RECURSIVE chain (id) AS (SELECT layer_id FROM disk WHERE id='%s' UNION ALL"
      " SELECT l.parent_id FROM layer l JOIN chain c ON l.id=c.id WHERE l.parent_id IS NOT NULL)"
      " SELECT count(*) FROM chain",
      disk);

  return (guint) world_query (w, sql);
}

gint64
host_layers (World *w)
{
  return world_query (w, "SELECT count(*) FROM layer");
}

char *
host_active_layer (World *w, const char *disk)
{
  g_autoptr (StoreTxn) txn = store_begin_read (w->ctx.store, NULL);
  g_autoptr (VmmDisk) row = store_disk_get (txn, NULL, disk, NULL);

  return g_strdup (row->layer_id);
}
