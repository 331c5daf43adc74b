/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The world's public addresses. */
#include "world-public.h"
#include "ops-public.h"

char *
world_allocate (World *w, const VmmCaller *caller)
{
  const OpsEipSpec spec = { .bandwidth_mbit = 5 };
  g_autoptr (GError) error = NULL;
  g_autoptr (VmmEip) eip = ops_eip_allocate (&w->ctx, caller, &spec, &error);

  assert_no_error (error);
  return g_strdup (eip->id);
}

void
world_told (World *w, const char *vpc_id)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (StoreTxn) txn = store_begin_read (w->ctx.store, &error);
  g_autoptr (OpsPublicSeen) seen = ops_public_see (txn, vpc_id, &error);

  assert_no_error (error);
  g_clear_pointer (&txn, store_txn_free);
  assert_true (ops_public_settle (&w->ctx, seen, &error));
  assert_no_error (error);
}

VmmNic *
world_add_nic (World *w, VmmInstanceState state)
{
  const char *id = world_add_instance (w, &w->alice, world_add_image (w, 1), state);
  g_autoptr (VmmInstance) instance = world_get (w, id);

  return g_ptr_array_steal_index (instance->nics, 0);
}

void
world_lead (World *w, const char *id, const char *target_id)
{
  const OpsEipTarget target = { .id = target_id };
  g_autoptr (GError) error = NULL;

  ops_eip_associate (&w->ctx, &w->alice, id, &target, &error);
  assert_no_error (error);
}
