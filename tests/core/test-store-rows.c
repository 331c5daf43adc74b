/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Rows: what the constraints guard, what a move leaves behind, which layers nothing rests on. */
#include "store-account.h"
#include "store-image.h"
#include "store-instance.h"
#include "store-network.h"
#include "vmm-id.h"
#include "world.h"

static StoreTxn *
begin (World *w)
{
  g_autoptr (GError) error = NULL;
  StoreTxn *txn = store_begin (w->ctx.store, &error);

  assert_no_error (error);
  return txn;
}

static void
commit (StoreTxn *txn)
{
  g_autoptr (GError) error = NULL;

  store_commit (txn, &error);
  assert_no_error (error);
  store_txn_free (txn);
}

/* ---- accounts and tokens ---- */

static void
an_account_name_is_taken_once (void **state)
{
  World *w = *state;
  g_autoptr (GError) error = NULL;
  g_autoptr (StoreTxn) txn = begin (w);
  StoreAccount again = { (char *) "1234567890123456", (char *) "alice", 1 };

  assert_false (store_account_insert (txn, &again, &error));
  assert_vmm_message (error, VMM_ERROR_ACCOUNT_EXISTS, "alice");
}

static void
an_account_is_found_by_name_and_by_id (void **state)
{
  World *w = *state;
  g_autoptr (GError) error = NULL;
  g_autoptr (StoreTxn) txn = begin (w);
  g_autoptr (StoreAccount) by_name = store_account_get (txn, "alice", &error);
  g_autoptr (StoreAccount) by_id = store_account_get (txn, w->alice.account_id, &error);

  assert_string_equal (by_name->id, by_id->id);
  assert_null (store_account_get (txn, "nobody", &error));
  assert_vmm_error (error, VMM_ERROR_ACCOUNT_NOT_FOUND);
}

static void
a_token_is_remembered_by_account_and_action (void **state)
{
  World *w = *state;
  g_autoptr (GError) error = NULL;
  g_autoptr (StoreTxn) txn = begin (w);
  g_autoptr (StoreToken) found = NULL;

  assert_true (store_token_insert (txn, "a1", "Run", "t", "P=1", "i-1", 1000, &error));
  found = store_token_get (txn, "a1", "Run", "t", &error);
  assert_string_equal (found->params, "P=1");
  assert_string_equal (found->answer, "i-1");
  assert_null (store_token_get (txn, "a2", "Run", "t", &error));
  assert_null (store_token_get (txn, "a1", "Stop", "t", &error));
  assert_null (store_token_get (txn, "a1", "Run", "T", &error));
  assert_no_error (error);
}

static void
a_token_is_forgotten_with_its_day (void **state)
{
  World *w = *state;
  g_autoptr (GError) error = NULL;
  g_autoptr (StoreTxn) txn = begin (w);
  g_autoptr (StoreToken) kept = NULL;

  store_token_insert (txn, "a1", "Run", "old", "", "", 999, &error);
  store_token_insert (txn, "a1", "Run", "new", "", "", 1000, &error);
  assert_true (store_token_expire (txn, 1000, &error));
  assert_null (store_token_get (txn, "a1", "Run", "old", &error));
  kept = store_token_get (txn, "a1", "Run", "new", &error);
  assert_non_null (kept);
  assert_no_error (error);
}

/* ---- addresses ---- */

/* A VPC with a vswitch and a group of an account; ids are the world's. */
typedef struct
{
  const char *vpc, *vswitch, *group;
} Net;

static Net
add_net (World *w, StoreTxn *txn, const char *account_id)
{
  Net net = { world_keep (w, vmm_id_new (VMM_ID_VPC)), world_keep (w, vmm_id_new (VMM_ID_VSWITCH)),
              world_keep (w, vmm_id_new (VMM_ID_GROUP)) };
  VmmVpc vpc = { .id = (char *) net.vpc,
                 .account_id = (char *) account_id,
                 .name = (char *) "n",
                 .description = (char *) "",
                 .router_id = (char *) net.vpc,
                 .route_table_id = (char *) net.vpc,
                 .cidr = (char *) "10.0.0.0/8" };
  VmmVswitch vswitch = { .id = (char *) net.vswitch,
                         .account_id = (char *) account_id,
                         .vpc_id = (char *) net.vpc,
                         .zone_id = (char *) "z",
                         .name = (char *) "n",
                         .description = (char *) "",
                         .cidr = (char *) "10.0.0.0/24" };
  VmmGroup group = { .id = (char *) net.group,
                     .account_id = (char *) account_id,
                     .vpc_id = (char *) net.vpc,
                     .name = (char *) "n",
                     .description = (char *) "" };
  g_autoptr (GError) error = NULL;

  assert_true (store_vpc_insert (txn, &vpc, &error));
  assert_true (store_vswitch_insert (txn, &vswitch, &error));
  assert_true (store_group_insert (txn, &group, &error));
  assert_true (vpc.index > 0 && group.index > 0);
  return net;
}

static gboolean
add_nic (World *w, StoreTxn *txn, const Net *net, const char *ip, GError **error)
{
  g_autoptr (VmmNic) nic = g_new0 (VmmNic, 1);

  nic->id = vmm_id_new (VMM_ID_NIC);
  nic->account_id = g_strdup (w->alice.account_id);
  nic->instance_id = g_strdup ("i-1");
  nic->vpc_id = g_strdup (net->vpc);
  nic->vswitch_id = g_strdup (net->vswitch);
  nic->ip = g_strdup (ip);
  nic->group_ids = g_ptr_array_new_with_free_func (g_free);
  g_ptr_array_add (nic->group_ids, g_strdup (net->group));
  assert_true (store_nic_new_mac (txn, &nic->mac, error));
  return store_nic_insert (txn, w->ctx.host_id, nic, error);
}

static void
an_address_is_taken_once_in_a_vpc_and_again_in_another (void **state)
{
  World *w = *state;
  g_autoptr (GError) error = NULL;
  g_autoptr (StoreTxn) txn = begin (w);
  Net one = add_net (w, txn, w->alice.account_id), two = add_net (w, txn, w->alice.account_id);

  assert_true (add_nic (w, txn, &one, "10.0.0.5", &error));
  assert_true (add_nic (w, txn, &two, "10.0.0.5", &error));
  assert_false (add_nic (w, txn, &one, "10.0.0.5", &error));
  assert_vmm_message (error, VMM_ERROR_PRIVATE_IP_USED, "10.0.0.5");
}

static void
a_free_address_lies_behind_the_highest_or_in_the_lowest_gap (void **state)
{
  static const char *const taken[] = { "10.0.0.1", "10.0.0.2", "10.0.0.4", "10.0.0.6" };
  World *w = *state;
  g_autoptr (GError) error = NULL;
  g_autoptr (StoreTxn) txn = begin (w);
  Net net = add_net (w, txn, w->alice.account_id);
  const guint32 first = 0x0a000001, last = 0x0a000007;
  guint32 address = 0;

  assert_true (store_nic_free_address (txn, net.vpc, first, last, &address, &error));
  assert_int_equal (address, first);
  for (guint i = 0; i < G_N_ELEMENTS (taken); i++)
    assert_true (add_nic (w, txn, &net, taken[i], &error));
  assert_true (store_nic_free_address (txn, net.vpc, first, last, &address, &error));
  assert_int_equal (address, last);
  assert_true (store_nic_free_address (txn, net.vpc, first, last - 1, &address, &error));
  assert_int_equal (address, first + 2);
  assert_true (add_nic (w, txn, &net, "10.0.0.3", &error));
  assert_true (store_nic_free_address (txn, net.vpc, first, last - 1, &address, &error));
  assert_int_equal (address, first + 4);
}

static void
a_full_or_empty_range_has_no_free_address (void **state)
{
  World *w = *state;
  g_autoptr (GError) error = NULL;
  g_autoptr (StoreTxn) txn = begin (w);
  Net net = add_net (w, txn, w->alice.account_id);
  guint32 address = 7;

  assert_true (add_nic (w, txn, &net, "10.0.0.1", &error));
  assert_true (store_nic_free_address (txn, net.vpc, 0x0a000001, 0x0a000001, &address, &error));
  assert_int_equal (address, 0);
  address = 7;
  assert_true (store_nic_free_address (txn, net.vpc, 0x0a000011, 0x0a000010, &address, &error));
  assert_int_equal (address, 0);
}

static void
macs_are_of_the_vendors_range_and_differ (void **state)
{
  World *w = *state;
  g_autoptr (GError) error = NULL;
  g_autoptr (StoreTxn) txn = begin (w);
  g_autofree char *one = NULL;
  g_autofree char *two = NULL;

  assert_true (store_nic_new_mac (txn, &one, &error));
  assert_true (store_nic_new_mac (txn, &two, &error));
  assert_true (g_regex_match_simple ("^00:16:3e(:[0-9a-f]{2}){3}$", one, 0, 0));
  assert_string_not_equal (one, two);
}

static void
an_account_has_one_default_vpc (void **state)
{
  World *w = *state;
  g_autoptr (GError) error = NULL;
  g_autoptr (StoreTxn) txn = begin (w);
  VmmVpc vpc = { .id = (char *) "vpc-1",
                 .account_id = (char *) "a1",
                 .name = (char *) "n",
                 .description = (char *) "",
                 .router_id = (char *) "vrt-1",
                 .route_table_id = (char *) "vtb-1",
                 .cidr = (char *) "10.0.0.0/8",
                 .is_default = TRUE };

  assert_null (store_vpc_get_default (txn, "a1", &error));
  assert_no_error (error);
  assert_true (store_vpc_insert (txn, &vpc, &error));
  vpc.id = (char *) "vpc-2";
  vpc.router_id = vpc.route_table_id = (char *) "other";
  assert_false (store_vpc_insert (txn, &vpc, &error));
  assert_vmm_error (error, VMM_ERROR_STORE);
}

/* ---- moves ---- */

static void
a_move_happens_once (void **state)
{
  World *w = *state;
  g_autoptr (GError) error = NULL;
  const char *id = world_add_instance (w, &w->alice, world_add_image (w, 1), VMM_INSTANCE_STOPPED);
  g_autoptr (VmmInstance) seen = world_get (w, id);
  StoreMove move = { .from = VMM_INSTANCE_STOPPED,
                     .event = VMM_INSTANCE_START,
                     .to = VMM_INSTANCE_STARTING,
                     .now_ms = 5,
                     .deadline_ms = 77,
                     .reason = "asked" };
  g_autoptr (StoreTxn) txn = begin (w);
  g_autoptr (VmmInstance) now = NULL;

  assert_true (store_instance_move (txn, seen, &move, &error));
  assert_false (store_instance_move (txn, seen, &move, &error));
  assert_vmm_message (error, VMM_ERROR_INSTANCE_STATUS, id);
  now = store_instance_get (txn, NULL, id, NULL);
  assert_int_equal (now->state, VMM_INSTANCE_STARTING);
  assert_int_equal (now->deadline_ms, 77);
  assert_string_equal (now->reason, "asked");
}

static void
a_move_that_failed_leaves_no_event (void **state)
{
  World *w = *state;
  const char *id = world_add_instance (w, &w->alice, world_add_image (w, 1), VMM_INSTANCE_STOPPED);
  g_autoptr (VmmInstance) seen = world_get (w, id);
  gint64 before = world_query (w, "SELECT count(*) FROM instance_event");
  StoreMove move
      = { .from = VMM_INSTANCE_RUNNING, .event = VMM_INSTANCE_STOP, .to = VMM_INSTANCE_STOPPING };
  StoreTxn *txn = begin (w);

  assert_false (store_instance_move (txn, seen, &move, NULL));
  commit (txn);
  assert_int_equal (world_query (w, "SELECT count(*) FROM instance_event"), before);
}

static void
running_sets_the_time_of_the_start_and_nothing_else_does (void **state)
{
  World *w = *state;
  const char *image = world_add_image (w, 1);
  g_autoptr (VmmInstance) stopped = NULL;
  g_autoptr (VmmInstance) running = NULL;

  stopped = world_get (w, world_add_instance (w, &w->alice, image, VMM_INSTANCE_STOPPED));
  running = world_get (w, world_add_instance (w, &w->alice, image, VMM_INSTANCE_RUNNING));
  assert_int_equal (stopped->started_ms, 0);
  assert_int_equal (running->started_ms, world_now_ms ());
}

static void
events_outlive_their_instance (void **state)
{
  World *w = *state;
  g_autoptr (GError) error = NULL;
  const char *id = world_add_instance (w, &w->alice, world_add_image (w, 1), VMM_INSTANCE_DELETING);

  assert_true (
      ops_instance_event (&w->ctx, id, VMM_INSTANCE_DELETING, VMM_INSTANCE_DELETED, "end", &error));
  assert_state (w, id, VMM_INSTANCE_GONE);
  assert_int_equal (world_query (w, "SELECT count(*) FROM nic"), 0);
  assert_int_equal (world_query (w, "SELECT count(*) FROM nic_group"), 0);
  assert_int_equal (world_query (w, "SELECT count(*) FROM disk"), 0);
  assert_int_equal (
      world_query (w, "SELECT count(*) FROM instance_event WHERE to_state='gone' AND reason='end'"),
      1);
}

/* ---- layers ---- */

static void
add_layer (World *w, StoreTxn *txn, const char *id, const char *parent)
{
  g_autoptr (GError) error = NULL;
  VmmLayer layer = { .id = (char *) id,
                     .host_id = w->ctx.host_id,
                     .parent_id = (char *) parent,
                     .virtual_bytes = WORLD_GIB };

  store_layer_insert (txn, &layer, &error);
  assert_no_error (error);
}

static void
assert_ids (GPtrArray *ids, const char *want)
{
  g_autofree char *have = NULL;

  assert_non_null (ids);
  g_ptr_array_add (ids, NULL);
  have = g_strjoinv (" ", (char **) ids->pdata);
  assert_string_equal (have, want);
  g_ptr_array_unref (ids);
}

static void
a_chain_runs_from_the_top_to_the_base (void **state)
{
  World *w = *state;
  g_autoptr (StoreTxn) txn = begin (w);

  add_layer (w, txn, "l-z", NULL);
  add_layer (w, txn, "l-m", "l-z");
  add_layer (w, txn, "l-a", "l-m");
  assert_ids (store_layer_chain (txn, "l-a", NULL), "l-a l-m l-z");
  assert_ids (store_layer_chain (txn, "l-z", NULL), "l-z");
  assert_ids (store_layer_chain (txn, "l-none", NULL), "");
}

static void
a_layer_is_unreferenced_when_no_disk_image_or_child_rests_on_it (void **state)
{
  World *w = *state;
  const char *image = world_add_image (w, 1);
  g_autoptr (StoreTxn) txn = NULL;

  world_add_instance (w, &w->alice, image, VMM_INSTANCE_STOPPED);
  txn = begin (w);
  assert_ids (store_layer_unreferenced (txn, w->ctx.host_id, NULL), "");
  add_layer (w, txn, "l-base", NULL);
  add_layer (w, txn, "l-top", "l-base");
  assert_ids (store_layer_unreferenced (txn, w->ctx.host_id, NULL), "l-top");
  assert_ids (store_layer_unreferenced (txn, "h-other", NULL), "");
  assert_true (store_layer_delete (txn, "l-top", NULL));
  assert_ids (store_layer_unreferenced (txn, w->ctx.host_id, NULL), "l-base");
}

static void
a_layer_that_something_rests_on_cannot_be_deleted (void **state)
{
  World *w = *state;
  g_autoptr (GError) error = NULL;
  g_autoptr (StoreTxn) txn = begin (w);

  add_layer (w, txn, "l-base", NULL);
  add_layer (w, txn, "l-top", "l-base");
  assert_false (store_layer_delete (txn, "l-base", &error));
  assert_vmm_error (error, VMM_ERROR_STORE);
}

int
main (void)
{
  const struct CMUnitTest tests[] = {
    WORLD_TEST (an_account_name_is_taken_once),
    WORLD_TEST (an_account_is_found_by_name_and_by_id),
    WORLD_TEST (a_token_is_remembered_by_account_and_action),
    WORLD_TEST (a_token_is_forgotten_with_its_day),
    WORLD_TEST (an_address_is_taken_once_in_a_vpc_and_again_in_another),
    WORLD_TEST (a_free_address_lies_behind_the_highest_or_in_the_lowest_gap),
    WORLD_TEST (a_full_or_empty_range_has_no_free_address),
    WORLD_TEST (macs_are_of_the_vendors_range_and_differ),
    WORLD_TEST (an_account_has_one_default_vpc),
    WORLD_TEST (a_move_happens_once),
    WORLD_TEST (a_move_that_failed_leaves_no_event),
    WORLD_TEST (running_sets_the_time_of_the_start_and_nothing_else_does),
    WORLD_TEST (events_outlive_their_instance),
    WORLD_TEST (a_chain_runs_from_the_top_to_the_base),
    WORLD_TEST (a_layer_is_unreferenced_when_no_disk_image_or_child_rests_on_it),
    WORLD_TEST (a_layer_that_something_rests_on_cannot_be_deleted),
  };

  return cmocka_run_group_tests_name ("store-rows", tests, NULL, NULL);
}
