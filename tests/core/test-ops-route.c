/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Routes to guests: where they may lead, what they hold on to, and how they are read. */
#include "ops-group.h"
#include "ops-network.h"
#include "ops-route.h"
#include "world.h"

/* A stopped instance of @caller in its default network. */
typedef struct
{
  VmmInstance *instance;
  const VmmNic *nic;
  VmmVpc *vpc;
} Guest;

static Guest
add_guest (World *w, const VmmCaller *caller)
{
  const char *id = world_add_instance (w, caller, world_add_image (w, 1), VMM_INSTANCE_STOPPED);
  Guest guest = { .instance = world_get (w, id) };

  guest.nic = g_ptr_array_index (guest.instance->nics, 0);
  guest.vpc = ops_vpc_get (&w->ctx, caller, guest.nic->vpc_id, NULL);
  assert_non_null (guest.vpc);
  return guest;
}

static void
guest_clear (Guest *guest)
{
  vmm_instance_free (guest->instance);
  vmm_vpc_free (guest->vpc);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Guest, guest_clear)

static char *
try_route (World *w, const VmmCaller *caller, const Guest *guest, const char *destination,
           GError **error)
{
  const OpsRouteSpec spec = { .table_id = guest->vpc->route_table_id,
                              .destination = destination,
                              .next_hop_id = guest->instance->id };

  return ops_route_create (&w->ctx, caller, &spec, error);
}

static char *
add_route (World *w, const Guest *guest, const char *destination)
{
  g_autoptr (GError) error = NULL;
  char *id = try_route (w, &w->alice, guest, destination, &error);

  assert_no_error (error);
  return id;
}

static GPtrArray *
list (World *w, const VmmRouteQuery *query, const VmmPage *page, VmmPageInfo *info)
{
  g_autoptr (GError) error = NULL;
  GPtrArray *routes = ops_route_list (&w->ctx, &w->alice, query, page, info, &error);

  assert_no_error (error);
  return routes;
}

static gboolean
delete_id (World *w, const VmmCaller *caller, const char *id, GError **error)
{
  const OpsRouteRef ref = { .id = id };

  return ops_route_delete (&w->ctx, caller, &ref, error);
}

static void
a_route_is_made_listed_and_deleted (void **state)
{
  World *w = *state;
  g_auto (Guest) guest = add_guest (w, &w->alice);
  g_autofree char *id = add_route (w, &guest, "10.9.0.0/16");
  const VmmRouteQuery custom = { .table_id = guest.vpc->route_table_id, .type = "Custom" };
  const VmmRouteQuery all = { .table_id = guest.vpc->route_table_id };
  g_auto (VmmPageInfo) info = { 0 };
  g_autoptr (GPtrArray) routes = list (w, &custom, NULL, &info);
  const VmmRoute *route = g_ptr_array_index (routes, 0);
  g_autoptr (GPtrArray) left = NULL;

  assert_int_equal (routes->len, 1);
  assert_string_equal (route->id, id);
  assert_string_equal (route->destination, "10.9.0.0/16");
  assert_string_equal (route->next_hop_type, "Instance");
  assert_string_equal (route->next_hop_id, guest.instance->id);
  assert_int_equal (world_kicks (w, guest.vpc->id), 1);
  assert_true (delete_id (w, &w->alice, id, NULL));
  assert_int_equal (world_kicks (w, guest.vpc->id), 2);
  left = list (w, &all, NULL, &info);
  assert_int_equal (left->len, 1);
  assert_true (((VmmRoute *) g_ptr_array_index (left, 0))->is_system);
}

static void
destinations_are_checked (void **state)
{
  static const struct
  {
    const char *destination;
    VmmError code;
  } bad[] = {
    { "10.9.0.1/16", VMM_ERROR_CIDR_MALFORMED },
    { "x", VMM_ERROR_CIDR_MALFORMED },
    { "172.16.0.0/20", VMM_ERROR_ROUTE_DESTINATION },
    { "172.16.1.0/24", VMM_ERROR_ROUTE_DESTINATION },
    { "172.16.1.7", VMM_ERROR_ROUTE_DESTINATION },
    { "100.64.0.0/10", VMM_ERROR_ROUTE_DESTINATION },
    { "100.100.100.200", VMM_ERROR_ROUTE_DESTINATION },
    { "127.0.0.0/8", VMM_ERROR_ROUTE_DESTINATION },
    { "169.254.169.254", VMM_ERROR_ROUTE_DESTINATION },
    { "239.0.0.0/8", VMM_ERROR_ROUTE_DESTINATION },
    { "fe80::/64", VMM_ERROR_ROUTE_DESTINATION },
    { "::1", VMM_ERROR_ROUTE_DESTINATION },
    { "fd00:9::/48", VMM_ERROR_NEXT_HOP_NOT_FOUND },
  };
  static const char *const good[] = { "0.0.0.0/0", "172.16.0.0/12", "172.16.16.0/20", "8.8.8.8" };
  World *w = *state;
  g_auto (Guest) guest = add_guest (w, &w->alice);

  for (guint i = 0; i < G_N_ELEMENTS (bad); i++)
    {
      g_autoptr (GError) error = NULL;

      assert_null (try_route (w, &w->alice, &guest, bad[i].destination, &error));
      assert_vmm_error (error, bad[i].code);
    }
  for (guint i = 0; i < G_N_ELEMENTS (good); i++)
    g_free (add_route (w, &guest, good[i]));
  assert_int_equal (world_query (w, "SELECT count(*) FROM route_entry"), G_N_ELEMENTS (good));
}

static void
a_destination_has_one_route (void **state)
{
  World *w = *state;
  g_auto (Guest) guest = add_guest (w, &w->alice);
  g_autofree char *id = add_route (w, &guest, "10.9.0.1");
  g_autoptr (GError) error = NULL;

  assert_null (try_route (w, &w->alice, &guest, "10.9.0.1/32", &error));
  assert_vmm_error (error, VMM_ERROR_ROUTE_EXISTS);
}

static void
a_next_hop_is_of_the_account_and_the_vpc (void **state)
{
  World *w = *state;
  g_auto (Guest) guest = add_guest (w, &w->alice);
  g_auto (Guest) bobs = add_guest (w, &w->bob);
  const OpsVpcSpec other = { .cidr = "10.0.0.0/8" };
  g_autoptr (VmmVpc) vpc = ops_vpc_create (&w->ctx, &w->alice, &other, NULL);
  const struct
  {
    const char *table, *type, *hop;
    VmmError code;
  } bad[] = {
    { guest.vpc->route_table_id, NULL, bobs.instance->id, VMM_ERROR_NEXT_HOP_NOT_FOUND },
    { guest.vpc->route_table_id, "NetworkInterface", bobs.nic->id, VMM_ERROR_NEXT_HOP_NOT_FOUND },
    { guest.vpc->route_table_id, NULL, guest.nic->id, VMM_ERROR_NEXT_HOP_NOT_FOUND },
    { guest.vpc->route_table_id, "HaVip", guest.nic->id, VMM_ERROR_UNSUPPORTED_PARAMETER },
    { bobs.vpc->route_table_id, NULL, guest.instance->id, VMM_ERROR_ROUTE_TABLE_NOT_FOUND },
    { "", NULL, guest.instance->id, VMM_ERROR_ROUTE_TABLE_NOT_FOUND },
    { vpc->route_table_id, NULL, guest.instance->id, VMM_ERROR_ROUTE_INSTANCE_VPC },
    { vpc->route_table_id, "NetworkInterface", guest.nic->id, VMM_ERROR_ROUTE_NIC_VPC },
  };

  for (guint i = 0; i < G_N_ELEMENTS (bad); i++)
    {
      const OpsRouteSpec spec = { .table_id = bad[i].table,
                                  .destination = "10.200.0.0/16",
                                  .next_hop_type = bad[i].type,
                                  .next_hop_id = bad[i].hop };
      g_autoptr (GError) error = NULL;

      assert_null (ops_route_create (&w->ctx, &w->alice, &spec, &error));
      assert_vmm_error (error, bad[i].code);
    }
}

static void
nothing_leads_to_an_instance_that_may_fail_to_be_made (void **state)
{
  static const VmmInstanceState states[]
      = { VMM_INSTANCE_PENDING, VMM_INSTANCE_BOOTING, VMM_INSTANCE_DELETING };
  World *w = *state;
  g_auto (Guest) guest = add_guest (w, &w->alice);

  for (guint i = 0; i < G_N_ELEMENTS (states); i++)
    {
      const char *id = world_add_instance (w, &w->alice, world_add_image (w, 1), states[i]);
      const OpsRouteSpec spec = { .table_id = guest.vpc->route_table_id,
                                  .destination = "10.9.0.0/16",
                                  .next_hop_id = id };
      g_autoptr (GError) error = NULL;

      assert_null (ops_route_create (&w->ctx, &w->alice, &spec, &error));
      assert_vmm_error (error, VMM_ERROR_INSTANCE_STATUS);
    }
}

static void
an_instance_stays_while_a_route_leads_to_it_or_its_interface (void **state)
{
  World *w = *state;
  g_auto (Guest) guest = add_guest (w, &w->alice);
  const char *ids[] = { guest.instance->id, NULL };
  const char *const hops[][2]
      = { { "Instance", guest.instance->id }, { "NetworkInterface", guest.nic->id } };

  for (guint i = 0; i < G_N_ELEMENTS (hops); i++)
    {
      const OpsRouteSpec spec = { .table_id = guest.vpc->route_table_id,
                                  .destination = "10.9.0.0/16",
                                  .next_hop_type = hops[i][0],
                                  .next_hop_id = hops[i][1] };
      g_autofree char *id = ops_route_create (&w->ctx, &w->alice, &spec, NULL);
      g_autoptr (GError) error = NULL;

      assert_non_null (id);
      assert_false (ops_instance_delete (&w->ctx, &w->alice, ids, TRUE, &error));
      assert_vmm_message (error, VMM_ERROR_DEPENDENCY_ROUTE, "1 routes");
      assert_state (w, guest.instance->id, VMM_INSTANCE_STOPPED);
      assert_true (delete_id (w, &w->alice, id, NULL));
    }
  assert_true (ops_instance_delete (&w->ctx, &w->alice, ids, TRUE, NULL));
}

static void
a_vswitch_does_not_take_the_range_of_a_route (void **state)
{
  static const struct
  {
    const char *cidr;
    gboolean is_good;
  } cases[]
      = { { "172.17.1.0/24", FALSE }, { "172.17.0.0/16", FALSE }, { "172.17.1.128/25", TRUE } };
  World *w = *state;
  g_auto (Guest) guest = add_guest (w, &w->alice);
  g_autofree char *id = add_route (w, &guest, "172.17.1.0/24");

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      const OpsVswitchSpec spec = { .vpc_id = guest.vpc->id, .cidr = cases[i].cidr };
      g_autoptr (GError) error = NULL;
      g_autoptr (VmmVswitch) vswitch = ops_vswitch_create (&w->ctx, &w->alice, &spec, &error);

      assert_int_equal (vswitch != NULL, cases[i].is_good);
      if (!cases[i].is_good)
        assert_vmm_error (error, VMM_ERROR_CIDR_CONFLICT);
    }
}

static void
a_table_has_a_limit (void **state)
{
  World *w = *state;
  g_auto (Guest) guest = add_guest (w, &w->alice);
  g_autoptr (GError) error = NULL;

  for (guint i = 0; i < OPS_ROUTES_A_TABLE; i++)
    {
      g_autofree char *cidr = g_strdup_printf ("10.%u.0.0/16", i);

      g_free (add_route (w, &guest, cidr));
    }
  assert_null (try_route (w, &w->alice, &guest, "11.0.0.0/8", &error));
  assert_vmm_error (error, VMM_ERROR_QUOTA);
}

static void
a_route_is_deleted_only_as_what_it_is (void **state)
{
  World *w = *state;
  g_auto (Guest) guest = add_guest (w, &w->alice);
  g_autofree char *id = add_route (w, &guest, "10.9.0.0/16");
  const char *table = guest.vpc->route_table_id;
  const struct
  {
    OpsRouteRef ref;
    VmmError code;
  } bad[] = {
    { { .id = "rte-1" }, VMM_ERROR_ROUTE_NOT_FOUND },
    { { .table_id = table }, VMM_ERROR_MISSING_PARAMETER },
    { { .destination = "10.9.0.0/16" }, VMM_ERROR_MISSING_PARAMETER },
    { { .table_id = table, .destination = "10.8.0.0/16" }, VMM_ERROR_ROUTE_NOT_FOUND },
    { { .table_id = table, .destination = "172.16.0.0/20" }, VMM_ERROR_ROUTE_SYSTEM },
    { { .table_id = table, .destination = "10.9.0.0/16", .next_hop_id = "i-1" },
      VMM_ERROR_ROUTE_NOT_FOUND },
    { { .id = id, .table_id = table, .destination = "10.8.0.0/16" }, VMM_ERROR_ROUTE_ID_AND_TABLE },
    { { .id = id, .table_id = "vtb-1" }, VMM_ERROR_ROUTE_TABLE_NOT_FOUND },
  };
  const OpsRouteRef good
      = { .table_id = table, .destination = "10.9.0.0/16", .next_hop_id = guest.instance->id };
  g_autoptr (GError) last = NULL;

  for (guint i = 0; i < G_N_ELEMENTS (bad); i++)
    {
      g_autoptr (GError) error = NULL;

      assert_false (ops_route_delete (&w->ctx, &w->alice, &bad[i].ref, &error));
      assert_vmm_error (error, bad[i].code);
    }
  assert_false (delete_id (w, &w->bob, id, &last));
  assert_vmm_error (last, VMM_ERROR_ROUTE_NOT_FOUND);
  assert_true (ops_route_delete (&w->ctx, &w->alice, &good, NULL));
}

/* Reads page by page; "destination destination …". */
static char *
read_pages (World *w, const char *table, guint size)
{
  const VmmRouteQuery query = { .table_id = table };
  GString *text = g_string_new (NULL);
  g_autofree char *token = NULL;

  do
    {
      const VmmPage page = { .max_results = size, .next_token = token };
      g_auto (VmmPageInfo) info = { 0 };
      g_autoptr (GPtrArray) routes = list (w, &query, &page, &info);

      for (guint i = 0; i < routes->len; i++)
        g_string_append_printf (text, "%s ",
                                ((VmmRoute *) g_ptr_array_index (routes, i))->destination);
      g_free (token);
      token = g_steal_pointer (&info.next_token);
    }
  while (token != NULL);
  return g_string_free (text, FALSE);
}

static void
pages_of_any_size_show_all_newest_first (void **state)
{
  World *w = *state;
  g_auto (Guest) guest = add_guest (w, &w->alice);

  for (guint i = 0; i < 5; i++)
    {
      g_autofree char *cidr = g_strdup_printf ("10.%u.0.0/16", i);

      world_advance_ms (w, i % 2);
      g_free (add_route (w, &guest, cidr));
    }
  for (guint size = 1; size < 8; size++)
    {
      g_autofree char *text = read_pages (w, guest.vpc->route_table_id, size);

      assert_string_equal (text, "10.4.0.0/16 10.3.0.0/16 10.2.0.0/16 10.1.0.0/16 10.0.0.0/16 "
                                 "172.16.0.0/20 ");
    }
}

static void
a_page_goes_on_though_its_last_route_went (void **state)
{
  World *w = *state;
  g_auto (Guest) guest = add_guest (w, &w->alice);
  g_autofree char *old = add_route (w, &guest, "10.1.0.0/16");
  const VmmRouteQuery query = { .table_id = guest.vpc->route_table_id };
  VmmPage page = { .max_results = 1 };
  g_auto (VmmPageInfo) info = { 0 };
  g_autoptr (GPtrArray) first = NULL;
  g_autoptr (GPtrArray) second = NULL;
  g_autofree char *new = NULL;

  world_advance_ms (w, 1000);
  new = add_route (w, &guest, "10.2.0.0/16");
  first = list (w, &query, &page, &info);
  assert_true (delete_id (w, &w->alice, new, NULL));
  page.next_token = info.next_token;
  {
    g_auto (VmmPageInfo) next = { 0 };

    second = list (w, &query, &page, &next);
  }
  assert_string_equal (((VmmRoute *) g_ptr_array_index (second, 0))->id, old);
}

static void
a_token_makes_one_route (void **state)
{
  World *w = *state;
  g_auto (Guest) guest = add_guest (w, &w->alice);
  VmmCaller caller = w->alice;
  g_autofree char *first = NULL, *second = NULL;

  caller.action = "CreateRouteEntry";
  caller.client_token = "t";
  caller.token_params = "a=b";
  first = try_route (w, &caller, &guest, "10.9.0.0/16", NULL);
  second = try_route (w, &caller, &guest, "10.9.0.0/16", NULL);
  assert_non_null (first);
  assert_string_equal (first, second);
}

typedef struct
{
  World *w;
  const Guest *guest;
  guint first;
  guint made;
} Maker;

/* Everyone tries the same destinations, and more in all than a table holds. */
static gpointer
make_routes (gpointer data)
{
  Maker *maker = data;

  for (guint i = 0; i < 60; i++)
    {
      g_autofree char *cidr = g_strdup_printf ("10.%u.0.0/16", (maker->first + i) % 60);
      g_autofree char *id = try_route (maker->w, &maker->w->alice, maker->guest, cidr, NULL);

      maker->made += id != NULL;
    }
  return NULL;
}

static void
routes_made_at_once_stay_apart_and_below_the_limit (void **state)
{
  World *w = *state;
  g_auto (Guest) guest = add_guest (w, &w->alice);
  Maker makers[4];
  GThread *threads[G_N_ELEMENTS (makers)];
  guint made = 0;

  for (guint i = 0; i < G_N_ELEMENTS (makers); i++)
    {
      makers[i] = (Maker){ w, &guest, i * 15, 0 };
      threads[i] = g_thread_new ("maker", make_routes, &makers[i]);
    }
  for (guint i = 0; i < G_N_ELEMENTS (makers); i++)
    {
      g_thread_join (threads[i]);
      made += makers[i].made;
    }
  assert_int_equal (made, OPS_ROUTES_A_TABLE);
  assert_int_equal (world_query (w, "SELECT count(DISTINCT destination) FROM route_entry"), made);
}

int
main (void)
{
  const struct CMUnitTest tests[] = {
    WORLD_TEST (a_route_is_made_listed_and_deleted),
    WORLD_TEST (destinations_are_checked),
    WORLD_TEST (a_destination_has_one_route),
    WORLD_TEST (a_next_hop_is_of_the_account_and_the_vpc),
    WORLD_TEST (nothing_leads_to_an_instance_that_may_fail_to_be_made),
    WORLD_TEST (an_instance_stays_while_a_route_leads_to_it_or_its_interface),
    WORLD_TEST (a_vswitch_does_not_take_the_range_of_a_route),
    WORLD_TEST (a_table_has_a_limit),
    WORLD_TEST (a_route_is_deleted_only_as_what_it_is),
    WORLD_TEST (pages_of_any_size_show_all_newest_first),
    WORLD_TEST (a_page_goes_on_though_its_last_route_went),
    WORLD_TEST (a_token_makes_one_route),
    WORLD_TEST (routes_made_at_once_stay_apart_and_below_the_limit),
  };

  return cmocka_run_group_tests (tests, NULL, NULL);
}
