/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What netctl is told of the rows. */
#include "ops-group.h"
#include "ops-network.h"
#include "ops-route.h"
#include "work-plan.h"
#include "world-host.h"

static NetctlVpc *
plan_vpc (World *w, const char *vpc_id)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (StoreTxn) txn = store_begin_read (w->ctx.store, &error);
  NetctlVpc *vpc = work_plan_vpc (&w->ctx, txn, vpc_id, &error);

  assert_no_error (error);
  return vpc;
}

/* The interface of an instance that runs. */
static VmmInstance *
run_guest (World *w)
{
  return world_get (w, host_run (w));
}

static VmmNic *
nic_of (const VmmInstance *instance)
{
  return g_ptr_array_index (instance->nics, 0);
}

static const char *
table_of (World *w, const char *vpc_id)
{
  g_autoptr (VmmVpc) vpc = ops_vpc_get (&w->ctx, &w->alice, vpc_id, NULL);

  return world_keep (w, g_strdup (vpc->route_table_id));
}

static void
assert_prefix (const NetctlPrefix *prefix, const char *text)
{
  g_autofree char *shown = netctl_prefix_format (prefix);

  assert_string_equal (shown, text);
}

static void
a_route_leads_to_the_address_of_its_next_hop (void **state)
{
  World *w = *state;
  g_autoptr (VmmInstance) guest = run_guest (w);
  const VmmNic *nic = nic_of (guest);
  const OpsRouteSpec specs[] = {
    { .destination = "10.9.0.0/16", .next_hop_id = guest->id },
    { .destination = "0.0.0.0/0", .next_hop_type = VMM_HOP_NIC, .next_hop_id = nic->id },
  };
  g_autoptr (NetctlVpc) vpc = NULL;

  for (guint i = 0; i < G_N_ELEMENTS (specs); i++)
    {
      OpsRouteSpec spec = specs[i];
      g_autoptr (GError) error = NULL;
      g_autofree char *id = NULL;

      spec.table_id = table_of (w, nic->vpc_id);
      id = ops_route_create (&w->ctx, &w->alice, &spec, &error);
      assert_no_error (error);
    }
  vpc = plan_vpc (w, nic->vpc_id);
  assert_int_equal (vpc->routes->len, 2);
  for (guint i = 0; i < vpc->routes->len; i++)
    {
      const NetctlRoute *route = &g_array_index (vpc->routes, NetctlRoute, i);

      assert_prefix (&route->destination, specs[i].destination);
      assert_prefix (&route->next_hop, nic->ip);
    }
}

int
main (void)
{
  const struct CMUnitTest tests[] = {
    HOST_TEST (a_route_leads_to_the_address_of_its_next_hop),
  };

  return cmocka_run_group_tests (tests, NULL, NULL);
}
