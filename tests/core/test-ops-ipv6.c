/* SPDX-License-Identifier: GPL-2.0-or-later */
/* IPv6 ranges of VPCs and vswitches, addresses of interfaces, and what guests are told of them. */
#include "ops-group.h"
#include "ops-ipv6.h"
#include "ops-network.h"
#include "ops-nic.h"
#include "ops-route.h"
#include "vmm-prefix.h"
#include "world.h"
#include <string.h>

static VmmVpc *
try_vpc (World *w, const VmmCaller *caller, const char *range, GError **error)
{
  const OpsVpcSpec spec = { .cidr = "10.0.0.0/8", .ipv6 = TRUE, .ipv6_cidr = range };

  return ops_vpc_create (&w->ctx, caller, &spec, error);
}

static VmmVpc *
add_vpc (World *w, const VmmCaller *caller, const char *range)
{
  g_autoptr (GError) error = NULL;
  VmmVpc *vpc = try_vpc (w, caller, range, &error);

  assert_no_error (error);
  return vpc;
}

static VmmVswitch *
try_vswitch (World *w, const VmmVpc *vpc, guint second, guint number, GError **error)
{
  g_autofree char *cidr = g_strdup_printf ("10.%u.0.0/16", second);
  const OpsVswitchSpec spec
      = { .vpc_id = vpc->id, .cidr = cidr, .ipv6 = TRUE, .ipv6_number = number };

  return ops_vswitch_create (&w->ctx, &w->alice, &spec, error);
}

static VmmVswitch *
add_vswitch (World *w, const VmmVpc *vpc, guint second, guint number)
{
  g_autoptr (GError) error = NULL;
  VmmVswitch *vswitch = try_vswitch (w, vpc, second, number, &error);

  assert_no_error (error);
  return vswitch;
}

/* Alice's network of both families. */
typedef struct
{
  VmmVpc *vpc;
  VmmVswitch *vswitch;
  const char *group;
} Net;

static Net
add_net (World *w)
{
  Net net = { .vpc = add_vpc (w, &w->alice, NULL) };

  net.vswitch = add_vswitch (w, net.vpc, 1, 1);
  net.group
      = world_keep (w, ops_group_create (&w->ctx, &w->alice, net.vpc->id, "group", NULL, NULL));
  return net;
}

static void
net_clear (Net *net)
{
  vmm_vpc_free (net->vpc);
  vmm_vswitch_free (net->vswitch);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Net, net_clear)

static VmmNic *
try_nic (World *w, const Net *net, const char *const *ips, guint count, GError **error)
{
  const char *groups[] = { net->group, NULL };
  const OpsNicSpec spec
      = { .vswitch_id = net->vswitch->id, .group_ids = groups, .ips6 = ips, .ip6_count = count };

  return ops_nic_create (&w->ctx, &w->alice, &spec, error);
}

static VmmNic *
add_nic (World *w, const Net *net, guint count)
{
  g_autoptr (GError) error = NULL;
  VmmNic *nic = try_nic (w, net, NULL, count, &error);

  assert_no_error (error);
  return nic;
}

static void
assert_inside (const char *range, const char *address)
{
  VmmPrefix outer, inner;

  assert_true (vmm_prefix_parse (range, &outer) && vmm_prefix_parse (address, &inner));
  assert_true (vmm_prefix_is_usable6 (&outer, &inner));
}

/* ---- ranges ---- */

static void
vpcs_have_ranges_of_the_pool_apart_from_each_other (void **state)
{
  World *w = *state;
  g_autoptr (VmmVpc) first = add_vpc (w, &w->alice, NULL);
  g_autoptr (VmmVpc) second = add_vpc (w, &w->bob, NULL);
  g_autoptr (VmmVpc) named = add_vpc (w, &w->alice, "fd00:ec5:80:ff00::/56");
  g_autoptr (VmmVpc) third = NULL;
  g_autoptr (GError) error = NULL;

  assert_string_equal (first->ipv6_cidr, "fd00:ec5::/56");
  assert_string_equal (second->ipv6_cidr, "fd00:ec5:0:100::/56");
  assert_string_equal (named->ipv6_cidr, "fd00:ec5:80:ff00::/56");
  assert_null (try_vpc (w, &w->bob, named->ipv6_cidr, &error));
  assert_vmm_error (error, VMM_ERROR_CIDR_CONFLICT);
  assert_true (ops_vpc_delete (&w->ctx, &w->alice, first->id, NULL));
  third = add_vpc (w, &w->bob, NULL);
  assert_string_equal (third->ipv6_cidr, "fd00:ec5::/56");
}

static void
ranges_that_are_not_of_the_pool_are_refused (void **state)
{
  static const char *const bad[]
      = { "fd01::/56", "fd00:ec5::/64", "fd00:ec5::/40", "fd00:ec5::1/56", "10.0.0.0/8", "x" };
  World *w = *state;

  for (guint i = 0; i < G_N_ELEMENTS (bad); i++)
    {
      g_autoptr (GError) error = NULL;

      assert_null (try_vpc (w, &w->alice, bad[i], &error));
      assert_vmm_error (error, VMM_ERROR_CIDR6_MALFORMED);
    }
}

static void
a_pool_ends_and_an_empty_one_offers_nothing (void **state)
{
  static const char *const pools[] = { "fd00:9::/55", "" };
  World *w = *state;
  g_autoptr (VmmVpc) first = NULL;
  g_autoptr (VmmVpc) second = NULL;

  g_free (w->config->ipv6_pool);
  w->config->ipv6_pool = g_strdup (pools[0]);
  first = add_vpc (w, &w->alice, NULL);
  second = add_vpc (w, &w->alice, NULL);
  assert_string_equal (second->ipv6_cidr, "fd00:9:0:100::/56");
  for (guint i = 0; i < G_N_ELEMENTS (pools); i++)
    {
      g_autoptr (GError) error = NULL;

      g_free (w->config->ipv6_pool);
      w->config->ipv6_pool = g_strdup (pools[i]);
      assert_null (try_vpc (w, &w->alice, NULL, &error));
      assert_vmm_error (error, VMM_ERROR_CIDR6_EXHAUSTED);
    }
}

static void
a_pool_is_checked_when_the_daemon_starts (void **state)
{
  static const char *const good[] = { "", "fd00:ec5::/40", "2001:db8::/56", "::/0" };
  static const char *const bad[] = { "x", "10.0.0.0/8", "fd00::/57", "fd00:ec5::1/40", "fd00::" };

  for (guint i = 0; i < G_N_ELEMENTS (good); i++)
    assert_true (ops_ipv6_check_pool (good[i], NULL));
  for (guint i = 0; i < G_N_ELEMENTS (bad); i++)
    {
      g_autoptr (GError) error = NULL;

      assert_false (ops_ipv6_check_pool (bad[i], &error));
      assert_vmm_message (error, VMM_ERROR_CONFIG, "ipv6-pool");
    }
}

static gpointer
make_vpc (gpointer data)
{
  World *w = data;
  g_autoptr (VmmVpc) vpc = try_vpc (w, &w->alice, NULL, NULL);

  return GINT_TO_POINTER (vpc != NULL);
}

static void
vpcs_made_at_once_have_ranges_of_their_own (void **state)
{
  World *w = *state;
  GThread *threads[8];

  for (guint i = 0; i < G_N_ELEMENTS (threads); i++)
    threads[i] = g_thread_new ("vpc", make_vpc, w);
  for (guint i = 0; i < G_N_ELEMENTS (threads); i++)
    assert_true (GPOINTER_TO_INT (g_thread_join (threads[i])));
  assert_int_equal (world_query (w, "SELECT count(DISTINCT ipv6_cidr) FROM vpc"), 8);
}

static void
a_vswitch_has_the_range_of_its_number (void **state)
{
  World *w = *state;
  g_autoptr (VmmVpc) vpc = add_vpc (w, &w->alice, NULL);
  g_autoptr (VmmVswitch) first = add_vswitch (w, vpc, 1, 0);
  g_autoptr (VmmVswitch) last = add_vswitch (w, vpc, 2, 255);
  const OpsVpcSpec without = { .cidr = "10.0.0.0/8" };
  g_autoptr (VmmVpc) ipv4 = ops_vpc_create (&w->ctx, &w->alice, &without, NULL);
  g_autoptr (GError) taken = NULL;
  g_autoptr (GError) none = NULL;

  assert_string_equal (first->ipv6_cidr, "fd00:ec5::/64");
  assert_string_equal (last->ipv6_cidr, "fd00:ec5:0:ff::/64");
  assert_null (try_vswitch (w, vpc, 3, 255, &taken));
  assert_vmm_error (taken, VMM_ERROR_CIDR_CONFLICT);
  assert_null (try_vswitch (w, ipv4, 1, 1, &none));
  assert_vmm_error (none, VMM_ERROR_VPC_NO_IPV6);
}

static gboolean
set_vpc (World *w, const char *id, int ipv6, GError **error)
{
  const OpsVpcChange change = { .ipv6 = ipv6 };

  return ops_vpc_modify (&w->ctx, &w->alice, id, &change, error);
}

static gboolean
set_vswitch (World *w, const char *id, int ipv6, int number, GError **error)
{
  const OpsVswitchChange change = { .ipv6 = ipv6, .ipv6_number = number };

  return ops_vswitch_modify (&w->ctx, &w->alice, id, &change, error);
}

static void
ipv6_is_given_later_and_taken_when_nothing_uses_it (void **state)
{
  World *w = *state;
  g_auto (Net) net = add_net (w);
  g_autoptr (VmmNic) nic = add_nic (w, &net, 1);
  const char *ips[] = { g_ptr_array_index (nic->ips6, 0), NULL };
  g_autoptr (GError) used = NULL;
  g_autoptr (GError) moved = NULL;
  g_autoptr (GError) has = NULL;

  assert_false (set_vswitch (w, net.vswitch->id, 0, -1, &used));
  assert_vmm_message (used, VMM_ERROR_DEPENDENCY, "1 IPv6 addresses");
  assert_false (set_vswitch (w, net.vswitch->id, 1, 9, &moved));
  assert_vmm_error (moved, VMM_ERROR_DEPENDENCY);
  assert_false (set_vpc (w, net.vpc->id, 0, &has));
  assert_vmm_error (has, VMM_ERROR_DEPENDENCY);
  assert_true (set_vswitch (w, net.vswitch->id, 1, -1, NULL));
  assert_true (ops_ipv6_unassign (&w->ctx, &w->alice, nic->id, ips, NULL));
  assert_true (set_vswitch (w, net.vswitch->id, 1, 9, NULL));
  assert_int_equal (world_query (w, "SELECT count(*) FROM vswitch"
                                    " WHERE ipv6_cidr='fd00:ec5:0:9::/64'"),
                    1);
  assert_true (set_vswitch (w, net.vswitch->id, 0, -1, NULL));
  assert_true (set_vpc (w, net.vpc->id, 0, NULL));
  assert_int_equal (world_query (w, "SELECT count(*) FROM vpc WHERE ipv6_cidr<>''"), 0);
  assert_true (set_vpc (w, net.vpc->id, 1, NULL));
  assert_true (set_vswitch (w, net.vswitch->id, 1, -1, NULL));
  assert_int_equal (world_query (w, "SELECT count(*) FROM vswitch"
                                    " WHERE ipv6_cidr='fd00:ec5::/64'"),
                    1);
  assert_int_equal (world_kicks (w, net.vpc->id), 4);
}

/* ---- addresses ---- */

static void
addresses_are_chosen_inside_the_range_and_never_alike (void **state)
{
  World *w = *state;
  g_auto (Net) net = add_net (w);
  g_autoptr (VmmNic) nic = add_nic (w, &net, 10);
  g_autoptr (GError) error = NULL;

  assert_int_equal (nic->ips6->len, 10);
  for (guint i = 0; i < nic->ips6->len; i++)
    assert_inside (net.vswitch->ipv6_cidr, g_ptr_array_index (nic->ips6, i));
  assert_int_equal (world_query (w, "SELECT count(*) FROM nic_ip6"), 10);
  assert_null (ops_ipv6_assign (&w->ctx, &w->alice, nic->id, NULL, 1, &error));
  assert_vmm_error (error, VMM_ERROR_NIC_ADDRESS6_LIMIT);
}

static void
an_address_that_is_asked_for_is_kept_in_one_form (void **state)
{
  World *w = *state;
  g_auto (Net) net = add_net (w);
  const char *ips[] = { "FD00:EC5:0:1:0:0:0:9", NULL };
  g_autoptr (VmmNic) nic = try_nic (w, &net, ips, 0, NULL);
  g_autoptr (VmmNic) read = ops_nic_get (&w->ctx, &w->alice, nic->id, NULL);
  g_autoptr (GError) error = NULL;

  assert_string_equal (g_ptr_array_index (read->ips6, 0), "fd00:ec5:0:1::9");
  assert_null (try_nic (w, &net, ips, 0, &error));
  assert_vmm_error (error, VMM_ERROR_NIC_ADDRESS_ASSIGNED);
  assert_int_equal (world_query (w, "SELECT count(*) FROM nic"), 1);
}

static void
addresses_that_may_not_be_had_are_refused (void **state)
{
  static const struct
  {
    const char *ips[3];
    VmmError code;
  } cases[] = {
    { { "fd00:ec5:0:1::" }, VMM_ERROR_NIC_ADDRESS6 },
    { { "fd00:ec5:0:1:ffff:ffff:ffff:ffff" }, VMM_ERROR_NIC_ADDRESS6 },
    { { "fd00:ec5:0:2::9" }, VMM_ERROR_NIC_ADDRESS6 },
    { { "fd00:ec5:0:1::9/64" }, VMM_ERROR_NIC_ADDRESS6 },
    { { "fe80::1" }, VMM_ERROR_NIC_ADDRESS6 },
    { { "10.1.0.9" }, VMM_ERROR_NIC_ADDRESS6 },
    { { "fd00:ec5:0:1::9", "fd00:ec5:0:1:0::9" }, VMM_ERROR_NIC_ADDRESS_REPEATED },
  };
  World *w = *state;
  g_auto (Net) net = add_net (w);
  g_autofree char *before = world_dump (w);
  g_autofree char *after = NULL;

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (GError) error = NULL;

      assert_null (try_nic (w, &net, cases[i].ips, 0, &error));
      assert_vmm_error (error, cases[i].code);
    }
  after = world_dump (w);
  assert_string_equal (before, after);
}

static void
a_vswitch_without_ipv6_gives_none (void **state)
{
  World *w = *state;
  g_auto (Net) net = add_net (w);
  g_autoptr (GError) error = NULL;

  assert_true (set_vswitch (w, net.vswitch->id, 0, -1, NULL));
  assert_null (try_nic (w, &net, NULL, 1, &error));
  assert_vmm_error (error, VMM_ERROR_VSWITCH_NO_IPV6);
}

static void
addresses_come_and_go_with_a_generation_each (void **state)
{
  World *w = *state;
  g_auto (Net) net = add_net (w);
  g_autoptr (VmmNic) nic = add_nic (w, &net, 0);
  g_autoptr (GPtrArray) added = ops_ipv6_assign (&w->ctx, &w->alice, nic->id, NULL, 2, NULL);
  const char *one[] = { g_ptr_array_index (added, 0), NULL };
  guint64 generation = nic->generation;
  g_autoptr (VmmNic) read = NULL;
  g_autoptr (GError) error = NULL;

  assert_int_equal (added->len, 2);
  assert_true (ops_ipv6_unassign (&w->ctx, &w->alice, nic->id, one, NULL));
  read = ops_nic_get (&w->ctx, &w->alice, nic->id, NULL);
  assert_int_equal (read->ips6->len, 1);
  assert_true (read->generation > generation);
  assert_int_equal (world_kicks (w, nic->id), 2);
  assert_false (ops_ipv6_unassign (&w->ctx, &w->alice, nic->id, one, &error));
  assert_vmm_error (error, VMM_ERROR_NIC_ADDRESS_UNASSIGNED);
}

static void
a_token_gives_addresses_once (void **state)
{
  World *w = *state;
  g_auto (Net) net = add_net (w);
  g_autoptr (VmmNic) nic = add_nic (w, &net, 0);
  VmmCaller caller = w->alice;
  g_autoptr (GPtrArray) first = NULL;
  g_autoptr (GPtrArray) second = NULL;

  caller.action = "AssignIpv6Addresses";
  caller.client_token = "t";
  caller.token_params = "a=b";
  first = ops_ipv6_assign (&w->ctx, &caller, nic->id, NULL, 1, NULL);
  second = ops_ipv6_assign (&w->ctx, &caller, nic->id, NULL, 1, NULL);
  assert_int_equal (second->len, 1);
  assert_string_equal (g_ptr_array_index (first, 0), g_ptr_array_index (second, 0));
  assert_int_equal (world_query (w, "SELECT count(*) FROM nic_ip6"), 1);
}

static void
another_accounts_interface_is_not_there (void **state)
{
  World *w = *state;
  g_auto (Net) net = add_net (w);
  g_autoptr (VmmNic) nic = add_nic (w, &net, 1);
  const char *ips[] = { g_ptr_array_index (nic->ips6, 0), NULL };
  g_autoptr (GError) assign = NULL;
  g_autoptr (GError) unassign = NULL;

  assert_null (ops_ipv6_assign (&w->ctx, &w->bob, nic->id, NULL, 1, &assign));
  assert_vmm_error (assign, VMM_ERROR_NIC_NOT_FOUND);
  assert_false (ops_ipv6_unassign (&w->ctx, &w->bob, nic->id, ips, &unassign));
  assert_vmm_error (unassign, VMM_ERROR_NIC_NOT_FOUND);
}

typedef struct
{
  World *w;
  const Net *net;
  guint given;
} Taker;

/* Everyone wants the same ten addresses. */
static gpointer
take (gpointer data)
{
  Taker *taker = data;

  for (guint i = 0; i < 10; i++)
    {
      g_autofree char *ip = g_strdup_printf ("fd00:ec5:0:1::%x", i + 1);
      const char *ips[] = { ip, NULL };
      g_autoptr (VmmNic) nic = try_nic (taker->w, taker->net, ips, 0, NULL);

      taker->given += nic != NULL;
    }
  return NULL;
}

static void
an_address_that_many_want_goes_to_one (void **state)
{
  World *w = *state;
  g_auto (Net) net = add_net (w);
  Taker takers[4];
  GThread *threads[G_N_ELEMENTS (takers)];
  guint given = 0;

  for (guint i = 0; i < G_N_ELEMENTS (takers); i++)
    {
      takers[i] = (Taker){ w, &net, 0 };
      threads[i] = g_thread_new ("taker", take, &takers[i]);
    }
  for (guint i = 0; i < G_N_ELEMENTS (takers); i++)
    {
      g_thread_join (threads[i]);
      given += takers[i].given;
    }
  assert_int_equal (given, 10);
  assert_int_equal (world_query (w, "SELECT count(*) FROM nic_ip6"), 10);
}

/* ---- instances ---- */

/* A stopped instance with an IPv6 address; the world owns the id. */
static const char *
add_instance (World *w, const Net *net)
{
  OpsInstanceSpec spec = world_spec (world_add_image (w, 1));
  const char *groups[] = { net->group, NULL };
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) ids = NULL;

  spec.vswitch_id = net->vswitch->id;
  spec.group_ids = groups;
  spec.ip6_count = 1;
  spec.boot = FALSE;
  ids = ops_instance_create (&w->ctx, &w->alice, &spec, &error);
  assert_no_error (error);
  assert_true (ops_instance_event (&w->ctx, g_ptr_array_index (ids, 0), VMM_INSTANCE_PENDING,
                                   VMM_INSTANCE_STAGED, NULL, NULL));
  return world_keep (w, g_strdup (g_ptr_array_index (ids, 0)));
}

static char *
metadata (World *w, const VmmNic *nic, const char *name)
{
  g_autoptr (GHashTable) headers = g_hash_table_new (g_str_hash, g_str_equal);
  g_autofree char *path
      = g_strdup_printf ("/latest/meta-data/network/interfaces/macs/%s/%s", nic->mac, name);
  g_autoptr (GBytes) body = NULL;

  if (ops_metadata_get (&w->ctx, nic->vpc_index, nic->ip, "GET", path, headers, &body) != 200)
    return NULL;
  return g_strndup (g_bytes_get_data (body, NULL), g_bytes_get_size (body));
}

static void
a_guest_is_told_its_ipv6_addresses (void **state)
{
  World *w = *state;
  g_auto (Net) net = add_net (w);
  g_autoptr (VmmInstance) instance = world_get (w, add_instance (w, &net));
  const VmmNic *nic = g_ptr_array_index (instance->nics, 0);
  const char *address = g_ptr_array_index (nic->ips6, 0), *ips[] = { address, NULL };
  g_autofree char *expected = g_strdup_printf ("[\"%s\"]", address);
  g_autofree char *shown = metadata (w, nic, "ipv6s");
  g_autofree char *range = metadata (w, nic, "vswitch-ipv6-cidr-block");
  g_autofree char *gateway = metadata (w, nic, "ipv6-gateway");

  assert_inside (net.vswitch->ipv6_cidr, address);
  assert_string_equal (shown, expected);
  assert_string_equal (range, "fd00:ec5:0:1::/64");
  assert_string_equal (gateway, "fe80::1");
  assert_true (ops_ipv6_unassign (&w->ctx, &w->alice, nic->id, ips, NULL));
  assert_null (metadata (w, nic, "ipv6s"));
}

static void
an_ipv6_route_holds_on_to_the_last_address (void **state)
{
  World *w = *state;
  g_auto (Net) net = add_net (w);
  const char *id = add_instance (w, &net);
  g_autoptr (VmmInstance) instance = world_get (w, id);
  const VmmNic *nic = g_ptr_array_index (instance->nics, 0);
  const char *ips[] = { g_ptr_array_index (nic->ips6, 0), NULL };
  OpsRouteSpec spec = { .table_id = net.vpc->route_table_id,
                        .destination = "fd00:ec5:0:1::/80",
                        .next_hop_id = id };
  g_autoptr (GError) inside = NULL;
  g_autoptr (GError) made = NULL;
  g_autoptr (GError) held = NULL;
  g_autofree char *route = NULL;

  assert_null (ops_route_create (&w->ctx, &w->alice, &spec, &inside));
  assert_vmm_error (inside, VMM_ERROR_ROUTE_DESTINATION);
  spec.destination = "2000::/3";
  route = ops_route_create (&w->ctx, &w->alice, &spec, &made);
  assert_no_error (made);
  assert_false (ops_ipv6_unassign (&w->ctx, &w->alice, nic->id, ips, &held));
  assert_vmm_error (held, VMM_ERROR_DEPENDENCY_ROUTE);
}

static void
a_vswitch_of_both_families_has_two_routes (void **state)
{
  World *w = *state;
  g_auto (Net) net = add_net (w);
  const VmmRouteQuery query = { .table_id = net.vpc->route_table_id };
  g_auto (VmmPageInfo) info = { 0 };
  g_autoptr (GPtrArray) routes = ops_route_list (&w->ctx, &w->alice, &query, NULL, &info, NULL);
  const VmmRoute *first = g_ptr_array_index (routes, 0), *second = g_ptr_array_index (routes, 1);

  assert_int_equal (routes->len, 2);
  assert_string_equal (first->destination, "10.1.0.0/16");
  assert_string_equal (second->destination, "fd00:ec5:0:1::/64");
  assert_string_not_equal (first->id, second->id);
}

static void
an_interface_stays_while_a_route_leads_to_it (void **state)
{
  World *w = *state;
  g_auto (Net) net = add_net (w);
  g_autoptr (VmmNic) nic = add_nic (w, &net, 0);
  const OpsRouteSpec spec = { .table_id = net.vpc->route_table_id,
                              .destination = "192.168.0.0/16",
                              .next_hop_type = VMM_HOP_NIC,
                              .next_hop_id = nic->id };
  g_autofree char *route = ops_route_create (&w->ctx, &w->alice, &spec, NULL);
  const OpsRouteRef ref = { .id = route };
  g_autoptr (GError) error = NULL;

  assert_non_null (route);
  assert_false (ops_nic_delete (&w->ctx, &w->alice, nic->id, &error));
  assert_vmm_error (error, VMM_ERROR_DEPENDENCY_ROUTE);
  assert_true (ops_route_delete (&w->ctx, &w->alice, &ref, NULL));
  assert_true (ops_nic_delete (&w->ctx, &w->alice, nic->id, NULL));
}

int
main (void)
{
  const struct CMUnitTest tests[] = {
    WORLD_TEST (vpcs_have_ranges_of_the_pool_apart_from_each_other),
    WORLD_TEST (ranges_that_are_not_of_the_pool_are_refused),
    WORLD_TEST (a_pool_ends_and_an_empty_one_offers_nothing),
    WORLD_TEST (a_pool_is_checked_when_the_daemon_starts),
    WORLD_TEST (vpcs_made_at_once_have_ranges_of_their_own),
    WORLD_TEST (a_vswitch_has_the_range_of_its_number),
    WORLD_TEST (ipv6_is_given_later_and_taken_when_nothing_uses_it),
    WORLD_TEST (addresses_are_chosen_inside_the_range_and_never_alike),
    WORLD_TEST (an_address_that_is_asked_for_is_kept_in_one_form),
    WORLD_TEST (addresses_that_may_not_be_had_are_refused),
    WORLD_TEST (a_vswitch_without_ipv6_gives_none),
    WORLD_TEST (addresses_come_and_go_with_a_generation_each),
    WORLD_TEST (a_token_gives_addresses_once),
    WORLD_TEST (another_accounts_interface_is_not_there),
    WORLD_TEST (an_address_that_many_want_goes_to_one),
    WORLD_TEST (a_guest_is_told_its_ipv6_addresses),
    WORLD_TEST (an_ipv6_route_holds_on_to_the_last_address),
    WORLD_TEST (a_vswitch_of_both_families_has_two_routes),
    WORLD_TEST (an_interface_stays_while_a_route_leads_to_it),
  };

  return cmocka_run_group_tests (tests, NULL, NULL);
}
