/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Public addresses that go with their instance, its bandwidth, and what its guest is told. */
#include "ops-network.h"
#include "ops-plain.h"
#include "world-public.h"

#define FIVE "203.0.113.1-203.0.113.5"

static void
assert_not_associated (World *w, const char *id, const OpsEipTarget *target, VmmError code)
{
  g_autoptr (GError) error = NULL;

  assert_false (ops_eip_associate (&w->ctx, &w->alice, id, target, &error));
  assert_vmm_error (error, code);
}

static void
allow_out (World *w, const char *id, int mbit)
{
  const OpsNetworkSpec spec = { .bandwidth_in_mbit = -1, .bandwidth_out_mbit = mbit };

  assert_true (ops_network_spec_modify (&w->ctx, &w->alice, id, &spec, NULL));
}

static void
an_instance_with_bandwidth_gets_one_address_and_keeps_it (void **state)
{
  World *w = *state;
  g_autoptr (VmmNic) nic = world_add_nic (w, VMM_INSTANCE_RUNNING);
  const char *ids[] = { nic->instance_id, NULL };
  g_autoptr (VmmInstance) instance = NULL;
  g_autoptr (GError) error = NULL;
  g_autofree char *ip = NULL;
  g_autofree char *again = NULL;

  world_set_pools (w, FIVE);
  assert_null (ops_public_allocate (&w->ctx, &w->alice, nic->instance_id, NULL, &error));
  assert_vmm_error (error, VMM_ERROR_PUBLIC_BANDWIDTH);
  allow_out (w, nic->instance_id, 3);
  ip = ops_public_allocate (&w->ctx, &w->alice, nic->instance_id, "203.0.113.4", NULL);
  assert_string_equal (ip, "203.0.113.4");
  again = ops_public_allocate (&w->ctx, &w->alice, nic->instance_id, NULL, NULL);
  assert_string_equal (again, ip);
  instance = ops_instance_get (&w->ctx, &w->alice, nic->instance_id, NULL);
  assert_string_equal (vmm_nic_public (instance->nics->pdata[0], nic->ip)->ip, ip);
  assert_int_equal (instance->bandwidth_in_mbit, VMM_BANDWIDTH_IN_LEAST_MBIT);
  world_told (w, nic->vpc_id);
  assert_true (ops_instance_delete (&w->ctx, &w->alice, ids, TRUE, NULL));
  world_told (w, nic->vpc_id);
  assert_int_equal (world_query (w, "SELECT count(*) FROM eip"), 0);
}

static void
an_address_that_goes_with_its_instance_can_be_taken_back_before (void **state)
{
  World *w = *state;
  g_autoptr (VmmNic) nic = world_add_nic (w, VMM_INSTANCE_RUNNING);
  g_autofree char *ip = NULL;
  g_autofree char *id = NULL;
  g_autoptr (GError) other = NULL;
  g_autoptr (GError) elastic = NULL;
  g_autoptr (GError) his = NULL;
  g_autofree char *again = NULL;

  world_set_pools (w, FIVE);
  id = world_allocate (w, &w->alice);
  allow_out (w, nic->instance_id, 3);
  ip = ops_public_allocate (&w->ctx, &w->alice, nic->instance_id, NULL, NULL);
  world_told (w, nic->vpc_id);
  assert_false (ops_public_release (&w->ctx, &w->alice, ip, "i-0123456789abcdefghij", &other));
  assert_vmm_error (other, VMM_ERROR_PUBLIC_IP_NOT_FOUND);
  assert_false (ops_public_release (&w->ctx, &w->alice, "203.0.113.1", NULL, &elastic));
  assert_vmm_error (elastic, VMM_ERROR_PUBLIC_IP_NOT_FOUND);
  assert_false (ops_public_release (&w->ctx, &w->bob, ip, NULL, &his));
  assert_vmm_error (his, VMM_ERROR_PUBLIC_IP_NOT_FOUND);
  assert_true (ops_public_release (&w->ctx, &w->alice, ip, nic->instance_id, NULL));
  again = ops_public_allocate (&w->ctx, &w->alice, nic->instance_id, NULL, NULL);
  assert_non_null (again);
  assert_string_not_equal (again, ip);
  world_told (w, nic->vpc_id);
  assert_int_equal (world_query (w, "SELECT count(*) FROM eip WHERE is_plain=1"), 1);
}

static void
assert_metadata (World *w, const VmmNic *nic, const char *path, const char *wanted)
{
  g_autoptr (GHashTable) headers = g_hash_table_new (g_str_hash, g_str_equal);
  g_autoptr (GBytes) body = NULL;
  guint status = ops_metadata_get (&w->ctx, nic->vpc_index, nic->ip, "GET", path, headers, &body);
  g_autofree char *text = NULL;

  assert_int_equal (status, wanted != NULL ? 200 : 404);
  if (wanted == NULL)
    return;
  text = g_strndup (g_bytes_get_data (body, NULL), g_bytes_get_size (body));
  assert_string_equal (text, wanted);
}

static void
the_metadata_names_the_public_address (void **state)
{
  World *w = *state;
  g_autoptr (VmmNic) elastic = world_add_nic (w, VMM_INSTANCE_RUNNING);
  g_autoptr (VmmNic) own = world_add_nic (w, VMM_INSTANCE_RUNNING);
  g_autofree char *id = NULL;
  g_autofree char *ip = NULL;

  world_set_pools (w, FIVE);
  assert_metadata (w, elastic, "/latest/meta-data/eipv4", NULL);
  id = world_allocate (w, &w->alice);
  world_lead (w, id, elastic->instance_id);
  allow_out (w, own->instance_id, 3);
  ip = ops_public_allocate (&w->ctx, &w->alice, own->instance_id, NULL, NULL);
  assert_metadata (w, elastic, "/latest/meta-data/eipv4", "203.0.113.1");
  assert_metadata (w, elastic, "/latest/meta-data/public-ipv4", NULL);
  assert_metadata (w, own, "/latest/meta-data/eipv4", ip);
  assert_metadata (w, own, "/latest/meta-data/public-ipv4", ip);
}

static void
an_address_that_goes_with_its_instance_is_no_elastic_one (void **state)
{
  World *w = *state;
  g_autoptr (VmmNic) nic = world_add_nic (w, VMM_INSTANCE_RUNNING);
  const OpsEipTarget target = { .id = nic->instance_id };
  const VmmEipQuery all = { NULL };
  const VmmPage page = world_page ();
  g_auto (VmmPageInfo) info = { 0 };
  g_autoptr (GPtrArray) eips = NULL;
  g_autofree char *ip = NULL;
  g_autofree char *id = NULL;

  world_set_pools (w, FIVE);
  allow_out (w, nic->instance_id, 3);
  ip = ops_public_allocate (&w->ctx, &w->alice, nic->instance_id, NULL, NULL);
  eips = ops_eip_list (&w->ctx, &w->alice, &all, &page, &info, NULL);
  assert_int_equal (eips->len, 0);
  id = world_allocate (w, &w->alice);
  assert_not_associated (w, id, &target, VMM_ERROR_EIP_DUPLICATED);
}

static void
an_elastic_address_and_bandwidth_of_the_instance_exclude_each_other (void **state)
{
  World *w = *state;
  g_autoptr (VmmNic) nic = world_add_nic (w, VMM_INSTANCE_RUNNING);
  const OpsNetworkSpec spec = { .bandwidth_in_mbit = -1, .bandwidth_out_mbit = 7 };
  g_autoptr (GError) bound = NULL;
  g_autoptr (GError) allocated = NULL;
  g_autofree char *id = NULL;

  world_set_pools (w, FIVE);
  id = world_allocate (w, &w->alice);
  world_lead (w, id, nic->instance_id);
  assert_false (ops_network_spec_modify (&w->ctx, &w->alice, nic->instance_id, &spec, &bound));
  assert_vmm_error (bound, VMM_ERROR_BANDWIDTH_EIP);
  assert_null (ops_public_allocate (&w->ctx, &w->alice, nic->instance_id, NULL, &allocated));
  assert_vmm_error (allocated, VMM_ERROR_PUBLIC_IP_ALLOCATED);
}

static void
bandwidth_is_not_taken_from_under_an_address (void **state)
{
  World *w = *state;
  g_autoptr (VmmNic) nic = world_add_nic (w, VMM_INSTANCE_STOPPED);
  const OpsNetworkSpec give
      = { .bandwidth_in_mbit = 50, .bandwidth_out_mbit = 7, .allocate = TRUE };
  const OpsNetworkSpec take = { .bandwidth_in_mbit = -1, .bandwidth_out_mbit = 0 };
  g_autoptr (VmmInstance) instance = NULL;
  g_autoptr (GError) error = NULL;

  world_set_pools (w, FIVE);
  assert_true (ops_network_spec_modify (&w->ctx, &w->alice, nic->instance_id, &give, NULL));
  assert_int_equal (world_query (w, "SELECT count(*) FROM eip WHERE is_plain=1"), 1);
  assert_false (ops_network_spec_modify (&w->ctx, &w->alice, nic->instance_id, &take, &error));
  assert_vmm_error (error, VMM_ERROR_BANDWIDTH_OUT);
  instance = world_get (w, nic->instance_id);
  assert_int_equal (instance->bandwidth_in_mbit, 50);
  assert_int_equal (instance->bandwidth_out_mbit, 7);
}

static GPtrArray *
run (World *w, guint amount, gboolean boot, GError **error)
{
  OpsInstanceSpec spec = world_spec (world_add_image (w, 1));

  spec.amount = amount;
  spec.boot = boot;
  spec.bandwidth_out_mbit = 20;
  return ops_instance_create (&w->ctx, &w->alice, &spec, error);
}

static void
run_with_bandwidth_brings_addresses_where_there_are_any (void **state)
{
  World *w = *state;
  g_autoptr (GPtrArray) without = run (w, 1, TRUE, NULL);
  g_autoptr (GPtrArray) with = NULL;
  g_autoptr (GPtrArray) stopped = NULL;
  g_autoptr (VmmInstance) instance = world_get (w, without->pdata[0]);

  assert_int_equal (world_query (w, "SELECT count(*) FROM eip"), 0);
  assert_int_equal (instance->bandwidth_in_mbit, 20);
  world_set_pools (w, FIVE);
  with = run (w, 2, TRUE, NULL);
  assert_int_equal (world_query (w, "SELECT count(*) FROM eip WHERE is_plain=1"), 2);
  stopped = run (w, 1, FALSE, NULL);
  assert_int_equal (world_query (w, "SELECT count(*) FROM eip"), 2);
}

static void
run_is_all_or_nothing_in_addresses_too (void **state)
{
  World *w = *state;
  g_autoptr (GError) error = NULL;
  g_autofree char *before = NULL;
  g_autofree char *after = NULL;

  world_set_pools (w, "203.0.113.1");
  g_free (world_allocate (w, &w->bob));
  world_add_image (w, 1);
  before = g_strdup_printf ("%d", (int) world_query (w, "SELECT count(*) FROM nic"));
  assert_null (run (w, 2, TRUE, &error));
  assert_vmm_error (error, VMM_ERROR_PUBLIC_IP_NONE);
  after = g_strdup_printf ("%d", (int) world_query (w, "SELECT count(*) FROM nic"));
  assert_string_equal (before, after);
  assert_int_equal (world_query (w, "SELECT count(*) FROM eip"), 1);
}

int
main (void)
{
  const struct CMUnitTest tests[] = {
    WORLD_TEST (an_instance_with_bandwidth_gets_one_address_and_keeps_it),
    WORLD_TEST (an_address_that_goes_with_its_instance_can_be_taken_back_before),
    WORLD_TEST (the_metadata_names_the_public_address),
    WORLD_TEST (an_address_that_goes_with_its_instance_is_no_elastic_one),
    WORLD_TEST (an_elastic_address_and_bandwidth_of_the_instance_exclude_each_other),
    WORLD_TEST (bandwidth_is_not_taken_from_under_an_address),
    WORLD_TEST (run_with_bandwidth_brings_addresses_where_there_are_any),
    WORLD_TEST (run_is_all_or_nothing_in_addresses_too),
  };

  return cmocka_run_group_tests_name ("ops-plain", tests, NULL, NULL);
}
