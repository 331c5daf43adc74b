/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Elastic addresses: allocating, leading somewhere, letting go. Work is played by settling what it
 * would have told the host. */
#include "ops-network.h"
#include "ops-nic.h"
#include "ops-public.h"
#include "world-public.h"
#include <string.h>

#define FIVE "203.0.113.1-203.0.113.5"

static const OpsEipSpec plain_spec = { .bandwidth_mbit = 5 };

static VmmEip *
get (World *w, const VmmCaller *caller, const char *id)
{
  const char *const ids[] = { id, NULL };
  const VmmEipQuery query = { .ids = ids };
  const VmmPage page = world_page ();
  g_auto (VmmPageInfo) info = { 0 };
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) eips = ops_eip_list (&w->ctx, caller, &query, &page, &info, &error);

  assert_no_error (error);
  assert_int_equal (eips->len, 1);
  return g_ptr_array_steal_index (eips, 0);
}

static void
assert_status (World *w, const char *id, const char *status, const char *target)
{
  g_autoptr (VmmEip) eip = get (w, &w->alice, id);

  assert_string_equal (vmm_eip_state_wire (eip->state), status);
  assert_string_equal (eip->target_id, target);
  assert_int_equal (eip->deadline_ms > 0, vmm_eip_state_is_passing (eip->state));
}

static void
assert_not_associated (World *w, const char *id, const OpsEipTarget *target, VmmError code)
{
  g_autoptr (GError) error = NULL;

  assert_false (ops_eip_associate (&w->ctx, &w->alice, id, target, &error));
  assert_vmm_error (error, code);
}

static void
assert_not_unassociated (World *w, const char *id, const OpsEipTarget *target, VmmError code)
{
  g_autoptr (GError) error = NULL;

  assert_false (ops_eip_unassociate (&w->ctx, &w->alice, id, target, FALSE, &error));
  assert_vmm_error (error, code);
}

static void
unassociate (World *w, const char *id)
{
  const OpsEipTarget any = { NULL };
  g_autoptr (GError) error = NULL;

  ops_eip_unassociate (&w->ctx, &w->alice, id, &any, FALSE, &error);
  assert_no_error (error);
}

/* ---- allocating ---- */

static void
without_a_pool_the_refusal_names_the_configuration (void **state)
{
  World *w = *state;
  g_autoptr (GError) error = NULL;

  assert_null (ops_eip_allocate (&w->ctx, &w->alice, &plain_spec, &error));
  assert_vmm_error (error, VMM_ERROR_EIP_NONE);
  assert_non_null (strstr (error->message, "public-pools in [network]"));
}

static void
addresses_come_in_order_and_an_exhausted_pool_says_so (void **state)
{
  World *w = *state;
  g_autoptr (GError) error = NULL;

  world_set_pools (w, "203.0.113.9, 203.0.113.1-203.0.113.2");
  for (guint i = 0; i < 3; i++)
    {
      static const char *const order[] = { "203.0.113.9", "203.0.113.1", "203.0.113.2" };
      g_autofree char *id = world_allocate (w, i == 1 ? &w->bob : &w->alice);
      g_autoptr (VmmEip) eip = get (w, i == 1 ? &w->bob : &w->alice, id);

      assert_string_equal (eip->ip, order[i]);
    }
  assert_null (ops_eip_allocate (&w->ctx, &w->alice, &plain_spec, &error));
  assert_vmm_error (error, VMM_ERROR_EIP_NONE);
  assert_non_null (strstr (error->message, "all public addresses are taken"));
}

static void
a_released_address_is_the_last_to_be_given_again (void **state)
{
  World *w = *state;
  g_autofree char *first = NULL;
  g_autofree char *second = NULL;
  g_autofree char *third = NULL;
  g_autoptr (VmmEip) eip = NULL;

  world_set_pools (w, "203.0.113.1-203.0.113.2");
  first = world_allocate (w, &w->alice);
  assert_true (ops_eip_release (&w->ctx, &w->alice, first, NULL));
  second = world_allocate (w, &w->alice);
  third = world_allocate (w, &w->alice);
  eip = get (w, &w->alice, third);
  assert_string_equal (eip->ip, "203.0.113.2");
}

static void
a_wanted_address_must_be_ours_and_free (void **state)
{
  static const struct
  {
    const char *ip;
    VmmError code;
  } cases[] = {
    { "hello", VMM_ERROR_PUBLIC_IP_MALFORMED },
    { "203.0.113.6", VMM_ERROR_PUBLIC_IP_NOT_FOUND },
    { "203.0.113.3", VMM_ERROR_PUBLIC_IP_USED },
  };
  World *w = *state;
  const OpsEipSpec wanted = { .bandwidth_mbit = 1, .ip = "203.0.113.3" };
  g_autoptr (VmmEip) eip = NULL;

  world_set_pools (w, FIVE);
  eip = ops_eip_allocate (&w->ctx, &w->bob, &wanted, NULL);
  assert_string_equal (eip->ip, "203.0.113.3");
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      const OpsEipSpec spec = { .bandwidth_mbit = 1, .ip = cases[i].ip };
      g_autoptr (GError) error = NULL;

      assert_null (ops_eip_allocate (&w->ctx, &w->alice, &spec, &error));
      assert_vmm_error (error, cases[i].code);
    }
}

static void
an_account_has_its_number_of_addresses (void **state)
{
  World *w = *state;
  g_autofree char *own = NULL;
  g_autofree char *other = NULL;
  g_autoptr (GError) error = NULL;

  world_set_pools (w, FIVE);
  w->config->max_eips = 1;
  own = world_allocate (w, &w->alice);
  other = world_allocate (w, &w->bob);
  assert_null (ops_eip_allocate (&w->ctx, &w->alice, &plain_spec, &error));
  assert_vmm_error (error, VMM_ERROR_EIP_QUOTA);
}

static void
the_same_token_is_the_same_address (void **state)
{
  World *w = *state;
  VmmCaller caller = w->alice;
  g_autofree char *first = NULL;
  g_autofree char *again = NULL;

  world_set_pools (w, FIVE);
  caller.client_token = "t";
  first = world_allocate (w, &caller);
  again = world_allocate (w, &caller);
  assert_string_equal (first, again);
  assert_int_equal (world_query (w, "SELECT count(*) FROM eip"), 1);
}

static void
a_dry_run_allocates_nothing (void **state)
{
  World *w = *state;
  VmmCaller caller = w->alice;
  g_autoptr (GError) error = NULL;

  world_set_pools (w, FIVE);
  caller.dry_run = TRUE;
  assert_null (ops_eip_allocate (&w->ctx, &caller, &plain_spec, &error));
  assert_vmm_error (error, VMM_ERROR_DRY_RUN);
  assert_int_equal (world_query (w, "SELECT count(*) FROM eip"), 0);
}

typedef struct
{
  World *w;
  const VmmCaller *caller;
  guint got, refused;
} Client;

static gpointer
allocate_many (gpointer data)
{
  Client *client = data;

  for (guint i = 0; i < 10; i++)
    {
      g_autoptr (GError) error = NULL;
      g_autoptr (VmmEip) eip
          = ops_eip_allocate (&client->w->ctx, client->caller, &plain_spec, &error);

      client->got += eip != NULL;
      client->refused += g_error_matches (error, VMM_ERROR, VMM_ERROR_EIP_NONE);
    }
  return NULL;
}

static void
a_hundred_at_once_never_share_an_address (void **state)
{
  World *w = *state;
  Client clients[10];
  GThread *threads[G_N_ELEMENTS (clients)];
  guint got = 0, refused = 0;

  world_set_pools (w, "203.0.113.1-203.0.113.80");
  for (guint i = 0; i < G_N_ELEMENTS (clients); i++)
    {
      clients[i] = (Client){ w, i % 2 == 0 ? &w->alice : &w->bob, 0, 0 };
      threads[i] = g_thread_new ("client", allocate_many, &clients[i]);
    }
  for (guint i = 0; i < G_N_ELEMENTS (clients); i++)
    {
      g_thread_join (threads[i]);
      got += clients[i].got;
      refused += clients[i].refused;
    }
  assert_int_equal (got, 80);
  assert_int_equal (refused, 20);
  assert_int_equal (world_query (w, "SELECT count(DISTINCT ip) FROM eip"), 80);
}

/* ---- leading somewhere ---- */

static void
an_address_goes_through_its_life (void **state)
{
  World *w = *state;
  g_autoptr (VmmNic) nic = world_add_nic (w, VMM_INSTANCE_RUNNING);
  g_autofree char *id = NULL;
  g_autoptr (GError) error = NULL;

  world_set_pools (w, FIVE);
  id = world_allocate (w, &w->alice);
  assert_status (w, id, "Available", "");
  world_lead (w, id, nic->instance_id);
  assert_status (w, id, "Associating", nic->instance_id);
  assert_int_equal (world_kicks (w, nic->vpc_id), 1);
  world_told (w, nic->vpc_id);
  assert_status (w, id, "InUse", nic->instance_id);
  assert_false (ops_eip_release (&w->ctx, &w->alice, id, &error));
  assert_vmm_error (error, VMM_ERROR_EIP_STATUS);
  unassociate (w, id);
  assert_status (w, id, "Unassociating", nic->instance_id);
  world_told (w, nic->vpc_id);
  assert_status (w, id, "Available", "");
  assert_true (ops_eip_release (&w->ctx, &w->alice, id, NULL));
  assert_int_equal (world_query (w, "SELECT count(*) FROM eip"), 0);
}

static void
what_is_passing_is_not_asked_anything_more (void **state)
{
  World *w = *state;
  g_autoptr (VmmNic) nic = world_add_nic (w, VMM_INSTANCE_STOPPED);
  const OpsEipTarget target = { .id = nic->instance_id };
  g_autofree char *id = NULL;

  world_set_pools (w, FIVE);
  id = world_allocate (w, &w->alice);
  world_lead (w, id, nic->instance_id);
  assert_not_associated (w, id, &target, VMM_ERROR_EIP_STATUS);
  assert_not_unassociated (w, id, &target, VMM_ERROR_EIP_STATUS);
  world_told (w, nic->vpc_id);
  unassociate (w, id);
  assert_not_associated (w, id, &target, VMM_ERROR_EIP_STATUS);
  assert_false (ops_eip_release (&w->ctx, &w->alice, id, NULL));
}

static void
an_address_leads_only_where_it_can (void **state)
{
  World *w = *state;
  g_autoptr (VmmNic) nic = world_add_nic (w, VMM_INSTANCE_RUNNING);
  g_autoptr (VmmNic) pending = world_add_nic (w, VMM_INSTANCE_PENDING);
  const struct
  {
    OpsEipTarget target;
    VmmError code;
  } cases[] = {
    { { .id = "i-0123456789abcdefghij" }, VMM_ERROR_EIP_INSTANCE_NOT_FOUND },
    { { .id = "eni-0123456789abcdefghij" }, VMM_ERROR_EIP_INSTANCE_NOT_FOUND },
    { { .id = "ngw-0123456789abcdefghij" }, VMM_ERROR_EIP_INSTANCE_NOT_FOUND },
    { { .id = "hello" }, VMM_ERROR_EIP_INSTANCE_NOT_FOUND },
    { { .id = nic->id, .type = VMM_EIP_INSTANCE }, VMM_ERROR_EIP_INSTANCE_NOT_FOUND },
    { { .id = nic->instance_id, .type = "SlbInstance" }, VMM_ERROR_INSTANCE_TYPE },
    { { .id = pending->instance_id }, VMM_ERROR_INSTANCE_STATUS },
    { { .id = nic->id, .private_ip = "10.9.9.9" }, VMM_ERROR_EIP_PARAMS_NOT_FOUND },
  };
  g_autofree char *id = NULL;

  world_set_pools (w, FIVE);
  id = world_allocate (w, &w->alice);
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    assert_not_associated (w, id, &cases[i].target, cases[i].code);
  assert_status (w, id, "Available", "");
}

static void
what_is_of_others_is_not_found (void **state)
{
  World *w = *state;
  g_autoptr (VmmNic) nic = world_add_nic (w, VMM_INSTANCE_RUNNING);
  const OpsEipTarget target = { .id = nic->instance_id };
  g_autofree char *his = NULL;
  g_autofree char *hers = NULL;
  g_autoptr (GError) release = NULL;
  g_autoptr (GError) to_hers = NULL;

  world_set_pools (w, FIVE);
  his = world_allocate (w, &w->bob);
  hers = world_allocate (w, &w->alice);
  assert_not_associated (w, his, &target, VMM_ERROR_EIP_NOT_FOUND);
  assert_false (ops_eip_release (&w->ctx, &w->alice, his, &release));
  assert_vmm_error (release, VMM_ERROR_EIP_NOT_FOUND);
  assert_false (ops_eip_associate (&w->ctx, &w->bob, his, &target, &to_hers));
  assert_vmm_error (to_hers, VMM_ERROR_EIP_INSTANCE_NOT_FOUND);
}

static void
a_private_address_has_one_public_one (void **state)
{
  World *w = *state;
  g_autoptr (VmmNic) nic = world_add_nic (w, VMM_INSTANCE_RUNNING);
  const OpsEipTarget instance = { .id = nic->instance_id }, interface = { .id = nic->id };
  g_autofree char *first = NULL;
  g_autofree char *second = NULL;

  world_set_pools (w, FIVE);
  first = world_allocate (w, &w->alice);
  second = world_allocate (w, &w->alice);
  world_lead (w, first, nic->instance_id);
  assert_not_associated (w, second, &instance, VMM_ERROR_EIP_DUPLICATED);
  assert_not_associated (w, second, &interface, VMM_ERROR_EIP_DUPLICATED);
  world_told (w, nic->vpc_id);
  unassociate (w, first);
  world_lead (w, second, nic->instance_id);
  world_told (w, nic->vpc_id);
  assert_status (w, first, "Available", "");
  assert_status (w, second, "InUse", nic->instance_id);
}

static void
secondary_addresses_have_public_ones_of_their_own (void **state)
{
  World *w = *state;
  g_autoptr (VmmNic) nic = world_add_nic (w, VMM_INSTANCE_RUNNING);
  g_autoptr (GPtrArray) added = ops_nic_assign (&w->ctx, &w->alice, nic->id, NULL, 1, NULL);
  const char *ip = g_ptr_array_index (added, 0);
  const char *const gone[] = { ip, NULL };
  const OpsEipTarget target = { .id = nic->id, .private_ip = ip };
  g_autofree char *first = NULL;
  g_autofree char *second = NULL;
  g_autoptr (VmmEip) eip = NULL;
  g_autoptr (GError) error = NULL;

  world_set_pools (w, FIVE);
  first = world_allocate (w, &w->alice);
  second = world_allocate (w, &w->alice);
  world_lead (w, first, nic->id);
  assert_true (ops_eip_associate (&w->ctx, &w->alice, second, &target, NULL));
  eip = get (w, &w->alice, second);
  assert_string_equal (eip->private_ip, ip);
  assert_string_equal (eip->target_type, VMM_EIP_NIC);
  assert_false (ops_nic_unassign (&w->ctx, &w->alice, nic->id, gone, &error));
  assert_vmm_error (error, VMM_ERROR_DEPENDENCY);
}

static void
letting_go_compares_what_is_named (void **state)
{
  World *w = *state;
  g_autoptr (VmmNic) nic = world_add_nic (w, VMM_INSTANCE_RUNNING);
  const OpsEipTarget others[] = {
    { .id = "i-0123456789abcdefghij" },
    { .id = nic->instance_id, .type = VMM_EIP_NIC },
    { .private_ip = "10.9.9.9" },
  };
  const OpsEipTarget right
      = { .id = nic->instance_id, .type = VMM_EIP_INSTANCE, .private_ip = nic->ip };
  g_autofree char *id = NULL;

  world_set_pools (w, FIVE);
  id = world_allocate (w, &w->alice);
  world_lead (w, id, nic->instance_id);
  world_told (w, nic->vpc_id);
  for (guint i = 0; i < G_N_ELEMENTS (others); i++)
    assert_not_unassociated (w, id, &others[i], VMM_ERROR_EIP_BINDING);
  assert_true (ops_eip_unassociate (&w->ctx, &w->alice, id, &right, FALSE, NULL));
}

static void
what_changes_while_the_host_is_told_is_not_overtaken (void **state)
{
  World *w = *state;
  g_autoptr (VmmNic) nic = world_add_nic (w, VMM_INSTANCE_RUNNING);
  const char *ids[] = { nic->instance_id, NULL };
  g_autoptr (StoreTxn) txn = NULL;
  g_autoptr (OpsPublicSeen) seen = NULL;
  g_autofree char *id = NULL;

  world_set_pools (w, FIVE);
  id = world_allocate (w, &w->alice);
  world_lead (w, id, nic->instance_id);
  txn = store_begin_read (w->ctx.store, NULL);
  seen = ops_public_see (txn, nic->vpc_id, NULL);
  g_clear_pointer (&txn, store_txn_free);
  assert_true (ops_instance_delete (&w->ctx, &w->alice, ids, TRUE, NULL));
  assert_true (ops_public_settle (&w->ctx, seen, NULL));
  assert_status (w, id, "Unassociating", nic->instance_id);
}

static void
a_deleted_instance_lets_its_address_go (void **state)
{
  World *w = *state;
  g_autoptr (VmmNic) nic = world_add_nic (w, VMM_INSTANCE_RUNNING);
  const char *ids[] = { nic->instance_id, NULL };
  g_autofree char *id = NULL;
  guint kicks;

  world_set_pools (w, FIVE);
  id = world_allocate (w, &w->alice);
  world_lead (w, id, nic->instance_id);
  world_told (w, nic->vpc_id);
  kicks = world_kicks (w, nic->vpc_id);
  assert_true (ops_instance_delete (&w->ctx, &w->alice, ids, TRUE, NULL));
  assert_status (w, id, "Unassociating", nic->instance_id);
  assert_int_equal (world_kicks (w, nic->vpc_id), kicks + 1);
  assert_true (ops_instance_event (&w->ctx, nic->instance_id, VMM_INSTANCE_DELETING,
                                   VMM_INSTANCE_DELETED, NULL, NULL));
  world_told (w, nic->vpc_id);
  assert_status (w, id, "Available", "");
}

static void
a_deleted_interface_lets_its_address_go (void **state)
{
  World *w = *state;
  g_autoptr (VmmNic) primary = world_add_nic (w, VMM_INSTANCE_RUNNING);
  const OpsNicSpec spec = { .vswitch_id = primary->vswitch_id };
  g_autoptr (VmmNic) nic = ops_nic_create (&w->ctx, &w->alice, &spec, NULL);
  g_autofree char *id = NULL;

  world_set_pools (w, FIVE);
  id = world_allocate (w, &w->alice);
  world_lead (w, id, nic->id);
  world_told (w, nic->vpc_id);
  assert_true (ops_nic_delete (&w->ctx, &w->alice, nic->id, NULL));
  assert_status (w, id, "Unassociating", nic->id);
  world_told (w, nic->vpc_id);
  assert_status (w, id, "Available", "");
}

static void
a_public_address_never_meets_a_private_one (void **state)
{
  World *w = *state;
  g_autoptr (VmmNic) nic = world_add_nic (w, VMM_INSTANCE_RUNNING);
  const OpsEipTarget target = { .id = nic->instance_id };
  const OpsVswitchSpec vswitch
      = { .vpc_id = nic->vpc_id, .zone_id = w->config->zone_id, .cidr = "172.20.0.0/24" };
  g_autofree char *inside = NULL;
  g_autofree char *outside = NULL;
  g_autoptr (GError) error = NULL;

  world_set_pools (w, "172.16.3.1, 172.20.0.9");
  inside = world_allocate (w, &w->alice);
  outside = world_allocate (w, &w->alice);
  assert_not_associated (w, inside, &target, VMM_ERROR_EIP_OVERLAP);
  world_lead (w, outside, nic->instance_id);
  assert_null (ops_vswitch_create (&w->ctx, &w->alice, &vswitch, &error));
  assert_vmm_error (error, VMM_ERROR_CIDR_CONFLICT);
}

static void
bandwidth_and_names_are_changed (void **state)
{
  World *w = *state;
  g_autoptr (VmmNic) nic = world_add_nic (w, VMM_INSTANCE_RUNNING);
  g_autofree char *id = NULL;
  g_autoptr (VmmEip) eip = NULL;
  g_autoptr (GError) error = NULL;
  guint kicks;

  world_set_pools (w, FIVE);
  id = world_allocate (w, &w->alice);
  world_lead (w, id, nic->instance_id);
  kicks = world_kicks (w, nic->vpc_id);
  assert_true (ops_eip_modify (&w->ctx, &w->alice, id, "web", "for the web", 20, &error));
  assert_int_equal (world_kicks (w, nic->vpc_id), kicks + 1);
  assert_true (ops_eip_modify (&w->ctx, &w->alice, id, NULL, "", 0, &error));
  assert_int_equal (world_kicks (w, nic->vpc_id), kicks + 1);
  eip = get (w, &w->alice, id);
  assert_string_equal (eip->name, "web");
  assert_string_equal (eip->description, "");
  assert_int_equal (eip->bandwidth_mbit, 20);
  assert_false (ops_eip_modify (&w->ctx, &w->alice, id, NULL, NULL, 10001, &error));
  assert_vmm_error (error, VMM_ERROR_BANDWIDTH);
}

int
main (void)
{
  const struct CMUnitTest tests[] = {
    WORLD_TEST (without_a_pool_the_refusal_names_the_configuration),
    WORLD_TEST (addresses_come_in_order_and_an_exhausted_pool_says_so),
    WORLD_TEST (a_released_address_is_the_last_to_be_given_again),
    WORLD_TEST (a_wanted_address_must_be_ours_and_free),
    WORLD_TEST (an_account_has_its_number_of_addresses),
    WORLD_TEST (the_same_token_is_the_same_address),
    WORLD_TEST (a_dry_run_allocates_nothing),
    WORLD_TEST (a_hundred_at_once_never_share_an_address),
    WORLD_TEST (an_address_goes_through_its_life),
    WORLD_TEST (what_is_passing_is_not_asked_anything_more),
    WORLD_TEST (an_address_leads_only_where_it_can),
    WORLD_TEST (what_is_of_others_is_not_found),
    WORLD_TEST (a_private_address_has_one_public_one),
    WORLD_TEST (secondary_addresses_have_public_ones_of_their_own),
    WORLD_TEST (letting_go_compares_what_is_named),
    WORLD_TEST (what_changes_while_the_host_is_told_is_not_overtaken),
    WORLD_TEST (a_deleted_instance_lets_its_address_go),
    WORLD_TEST (a_deleted_interface_lets_its_address_go),
    WORLD_TEST (a_public_address_never_meets_a_private_one),
    WORLD_TEST (bandwidth_and_names_are_changed),
  };

  return cmocka_run_group_tests_name ("ops-eip", tests, NULL, NULL);
}
