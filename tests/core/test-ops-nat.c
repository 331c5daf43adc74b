/* SPDX-License-Identifier: GPL-2.0-or-later */
/* NAT gateways, their SNAT and their forward entries. */
#include "ops-group.h"
#include "ops-nat.h"
#include "ops-network.h"
#include "world-public.h"

/* A VPC of 10.0.0.0/16 with a vswitch and a gateway with an address in use. */
typedef struct
{
  World *w;
  VmmVpc *vpc;
  VmmVswitch *vswitch;
  VmmNatGateway *gateway;
  char *eip_id, *ip;
} Place;

/* One more address of the gateway; its id. */
static char *
add_eip (World *w, const VmmNatGateway *gateway, char **out_ip)
{
  const OpsEipSpec spec = { .bandwidth_mbit = 5 };
  const OpsEipTarget target = { .id = gateway->id, .type = VMM_EIP_NAT };
  g_autoptr (GError) error = NULL;
  g_autoptr (VmmEip) eip = ops_eip_allocate (&w->ctx, &w->alice, &spec, &error);

  assert_no_error (error);
  ops_eip_associate (&w->ctx, &w->alice, eip->id, &target, &error);
  assert_no_error (error);
  world_told (w, gateway->vpc_id);
  *out_ip = g_strdup (eip->ip);
  return g_strdup (eip->id);
}

static Place
make_place (World *w)
{
  const OpsVpcSpec vpc_spec = { .cidr = "10.0.0.0/16" };
  Place p = { .w = w };
  OpsVswitchSpec vswitch_spec = { .cidr = "10.0.1.0/24" };
  OpsNatSpec spec = { .name = "gate" };

  world_set_pools (w, "203.0.113.1-203.0.113.9");
  p.vpc = ops_vpc_create (&w->ctx, &w->alice, &vpc_spec, NULL);
  vswitch_spec.vpc_id = spec.vpc_id = p.vpc->id;
  p.vswitch = ops_vswitch_create (&w->ctx, &w->alice, &vswitch_spec, NULL);
  spec.vswitch_id = p.vswitch->id;
  p.gateway = ops_nat_create (&w->ctx, &w->alice, &spec, NULL);
  assert_non_null (p.gateway);
  p.eip_id = add_eip (w, p.gateway, &p.ip);
  return p;
}

static void
place_clear (Place *p)
{
  vmm_vpc_free (p->vpc);
  vmm_vswitch_free (p->vswitch);
  vmm_nat_gateway_free (p->gateway);
  g_free (p->eip_id);
  g_free (p->ip);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Place, place_clear)

static char *
add_snat (const Place *p, const OpsSnatSpec *wanted, GError **error)
{
  OpsSnatSpec spec = *wanted;
  g_autoptr (VmmSnat) entry = NULL;

  spec.table_id = spec.table_id != NULL ? spec.table_id : p->gateway->snat_table_id;
  spec.ip = spec.ip != NULL ? spec.ip : p->ip;
  entry = ops_snat_create (&p->w->ctx, &p->w->alice, &spec, error);
  return entry != NULL ? g_strdup (entry->id) : NULL;
}

static void
assert_no_snat (const Place *p, const OpsSnatSpec *spec, VmmError code)
{
  g_autoptr (GError) error = NULL;

  assert_null (add_snat (p, spec, &error));
  assert_vmm_error (error, code);
}

static char *
add_forward (const Place *p, const OpsForwardSpec *wanted, GError **error)
{
  OpsForwardSpec spec = *wanted;
  g_autoptr (VmmForward) entry = NULL;

  spec.table_id = spec.table_id != NULL ? spec.table_id : p->gateway->forward_table_id;
  spec.external_ip = spec.external_ip != NULL ? spec.external_ip : p->ip;
  spec.internal_ip = spec.internal_ip != NULL ? spec.internal_ip : "10.0.1.7";
  entry = ops_forward_create (&p->w->ctx, &p->w->alice, &spec, error);
  return entry != NULL ? g_strdup (entry->id) : NULL;
}

static void
assert_no_forward (const Place *p, const OpsForwardSpec *spec, VmmError code)
{
  g_autoptr (GError) error = NULL;

  assert_null (add_forward (p, spec, &error));
  assert_vmm_error (error, code);
}

static VmmForward *
get_forward (const Place *p, const char *id)
{
  const VmmForwardQuery query = { .id = id, .external_port = -1, .internal_port = -1 };
  const VmmPage page = world_page ();
  g_auto (VmmPageInfo) info = { 0 };
  g_autoptr (GPtrArray) entries
      = ops_forward_list (&p->w->ctx, &p->w->alice, &query, &page, &info, NULL);

  assert_int_equal (entries->len, 1);
  return g_ptr_array_steal_index (entries, 0);
}

static VmmSnat *
get_snat (const Place *p, const char *id)
{
  const VmmSnatQuery query = { .id = id };
  const VmmPage page = world_page ();
  g_auto (VmmPageInfo) info = { 0 };
  g_autoptr (GPtrArray) entries
      = ops_snat_list (&p->w->ctx, &p->w->alice, &query, &page, &info, NULL);

  assert_int_equal (entries->len, 1);
  return g_ptr_array_steal_index (entries, 0);
}

/* ---- gateways ---- */

static void
a_vpc_has_a_few_gateways_and_stays_while_it_has_one (void **state)
{
  World *w = *state;
  g_auto (Place) p = make_place (w);
  const OpsNatSpec spec = { .vpc_id = p.vpc->id };
  g_autoptr (GError) quota = NULL;
  g_autoptr (GError) vswitch = NULL;

  for (guint i = 0; i < 4; i++)
    vmm_nat_gateway_free (ops_nat_create (&w->ctx, &w->alice, &spec, NULL));
  assert_null (ops_nat_create (&w->ctx, &w->alice, &spec, &quota));
  assert_vmm_error (quota, VMM_ERROR_NAT_QUOTA);
  assert_false (ops_vswitch_delete (&w->ctx, &w->alice, p.vswitch->id, &vswitch));
  assert_vmm_error (vswitch, VMM_ERROR_DEPENDENCY);
}

static void
a_vpc_goes_when_its_gateways_and_addresses_are_gone (void **state)
{
  World *w = *state;
  g_auto (Place) p = make_place (w);
  g_autoptr (GError) gateway = NULL;
  g_autoptr (GError) address = NULL;

  world_exec (w, "DELETE FROM vswitch");
  assert_false (ops_vpc_delete (&w->ctx, &w->alice, p.vpc->id, &gateway));
  assert_vmm_error (gateway, VMM_ERROR_VPC_HAS_NAT);
  assert_true (ops_nat_delete (&w->ctx, &w->alice, p.gateway->id, TRUE, NULL));
  assert_false (ops_vpc_delete (&w->ctx, &w->alice, p.vpc->id, &address));
  assert_vmm_error (address, VMM_ERROR_DEPENDENCY);
  world_told (w, p.vpc->id);
  assert_true (ops_vpc_delete (&w->ctx, &w->alice, p.vpc->id, NULL));
}

static void
a_gateway_with_entries_or_addresses_goes_only_by_force (void **state)
{
  World *w = *state;
  g_auto (Place) p = make_place (w);
  const OpsSnatSpec snat = { .source_vswitch_id = p.vswitch->id };
  g_autofree char *entry = add_snat (&p, &snat, NULL);
  g_autoptr (GError) has_entry = NULL;
  g_autoptr (GError) has_eip = NULL;

  assert_false (ops_nat_delete (&w->ctx, &w->alice, p.gateway->id, FALSE, &has_entry));
  assert_vmm_error (has_entry, VMM_ERROR_NAT_HAS_ENTRY);
  assert_true (ops_snat_delete (&w->ctx, &w->alice, p.gateway->snat_table_id, entry, NULL));
  assert_false (ops_nat_delete (&w->ctx, &w->alice, p.gateway->id, FALSE, &has_eip));
  assert_vmm_error (has_eip, VMM_ERROR_NAT_HAS_EIP);
  g_free (entry);
  entry = add_snat (&p, &snat, NULL);
  assert_true (ops_nat_delete (&w->ctx, &w->alice, p.gateway->id, TRUE, NULL));
  world_told (w, p.vpc->id);
  assert_int_equal (world_query (w, "SELECT count(*) FROM snat_entry"), 0);
  assert_int_equal (world_query (w, "SELECT count(*) FROM eip WHERE state='available'"), 1);
}

static void
a_gateway_is_shown_with_its_addresses (void **state)
{
  World *w = *state;
  g_auto (Place) p = make_place (w);
  const VmmNatGatewayQuery query = { .vpc_id = p.vpc->id };
  const VmmPage page = world_page ();
  g_auto (VmmPageInfo) info = { 0 };
  g_autoptr (GPtrArray) eips = NULL;
  g_autoptr (GPtrArray) list = ops_nat_list (&w->ctx, &w->alice, &query, &page, &info, &eips, NULL);
  const GPtrArray *own;

  assert_int_equal (list->len, 1);
  own = g_ptr_array_index (eips, 0);
  assert_int_equal (own->len, 1);
  assert_string_equal (((const VmmEip *) own->pdata[0])->ip, p.ip);
}

static void
an_address_stays_while_entries_use_it_unless_forced (void **state)
{
  World *w = *state;
  g_auto (Place) p = make_place (w);
  const OpsSnatSpec snat = { .source_cidr = "10.0.1.0/25" };
  const OpsEipTarget any = { NULL };
  g_autofree char *entry = add_snat (&p, &snat, NULL);
  g_autoptr (GError) error = NULL;

  assert_false (ops_eip_unassociate (&w->ctx, &w->alice, p.eip_id, &any, FALSE, &error));
  assert_vmm_error (error, VMM_ERROR_EIP_BINDING);
  assert_true (ops_eip_unassociate (&w->ctx, &w->alice, p.eip_id, &any, TRUE, NULL));
  assert_int_equal (world_query (w, "SELECT count(*) FROM snat_entry"), 0);
}

static void
entries_need_an_address_that_is_in_use_by_the_gateway (void **state)
{
  World *w = *state;
  g_auto (Place) p = make_place (w);
  const OpsEipSpec spec = { .bandwidth_mbit = 5 };
  const OpsEipTarget target = { .id = p.gateway->id };
  g_autoptr (VmmEip) eip = ops_eip_allocate (&w->ctx, &w->alice, &spec, NULL);
  const OpsSnatSpec snat = { .source_vswitch_id = p.vswitch->id, .ip = eip->ip };
  const OpsForwardSpec forward
      = { .protocol = "tcp", .external_port = "80", .internal_port = "80", .external_ip = eip->ip };

  assert_no_snat (&p, &snat, VMM_ERROR_SNAT_IP_NOT_FOUND);
  assert_true (ops_eip_associate (&w->ctx, &w->alice, eip->id, &target, NULL));
  assert_no_snat (&p, &snat, VMM_ERROR_SNAT_IP_NOT_FOUND);
  assert_no_forward (&p, &forward, VMM_ERROR_FORWARD_IP_NOT_FOUND);
  world_told (w, p.vpc->id);
  g_free (add_snat (&p, &snat, NULL));
  g_free (add_forward (&p, &forward, NULL));
  assert_int_equal (world_query (w, "SELECT count(*) FROM snat_entry"), 1);
  assert_int_equal (world_query (w, "SELECT count(*) FROM forward_entry"), 1);
}

/* ---- SNAT ---- */

static void
an_snat_source_is_a_vswitch_or_a_range_of_the_vpc (void **state)
{
  World *w = *state;
  g_auto (Place) p = make_place (w);
  g_auto (Place) other = make_place (w);
  const struct
  {
    OpsSnatSpec spec;
    VmmError code;
  } cases[] = {
    { { NULL }, VMM_ERROR_MISSING_PARAMETER },
    { { .source_cidr = "10.0.1.0/24", .source_vswitch_id = p.vswitch->id },
      VMM_ERROR_MISSING_PARAMETER },
    { { .source_cidr = "10.1.0.0/24" }, VMM_ERROR_CIDR_MALFORMED },
    { { .source_cidr = "10.0.0.0/15" }, VMM_ERROR_CIDR_MALFORMED },
    { { .source_cidr = "10.0.1.1/24" }, VMM_ERROR_CIDR_MALFORMED },
    { { .source_vswitch_id = "vsw-0123456789abcdefghij" }, VMM_ERROR_VSWITCH_NOT_FOUND },
    { { .source_vswitch_id = other.vswitch->id }, VMM_ERROR_VPC_MISMATCH },
    { { .source_vswitch_id = p.vswitch->id, .table_id = "stb-x" }, VMM_ERROR_SNAT_TABLE_NOT_FOUND },
  };
  const OpsSnatSpec whole = { .source_cidr = "10.0.0.0/16" },
                    host = { .source_cidr = "10.0.1.7/32" };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    assert_no_snat (&p, &cases[i].spec, cases[i].code);
  g_free (add_snat (&p, &whole, NULL));
  g_free (add_snat (&p, &host, NULL));
  assert_int_equal (world_query (w, "SELECT count(*) FROM snat_entry"), 2);
}

static void
a_source_has_one_entry_in_its_vpc (void **state)
{
  World *w = *state;
  g_auto (Place) p = make_place (w);
  const OpsSnatSpec vswitch = { .source_vswitch_id = p.vswitch->id };
  const OpsSnatSpec same = { .source_cidr = "10.0.1.0/24" };

  g_free (add_snat (&p, &vswitch, NULL));
  assert_no_snat (&p, &vswitch, VMM_ERROR_SNAT_EXISTS);
  assert_no_snat (&p, &same, VMM_ERROR_SNAT_EXISTS);
}

static void
an_snat_entry_is_pending_until_the_host_was_told (void **state)
{
  World *w = *state;
  g_auto (Place) p = make_place (w);
  const OpsSnatSpec spec = { .source_vswitch_id = p.vswitch->id };
  guint kicks = world_kicks (w, p.vpc->id);
  g_autofree char *ip = NULL;
  g_autofree char *other = add_eip (w, p.gateway, &ip);
  g_autofree char *id = add_snat (&p, &spec, NULL);
  g_autoptr (VmmSnat) fresh = get_snat (&p, id);
  g_autoptr (VmmSnat) told = NULL;
  g_autoptr (VmmSnat) named = NULL;
  g_autoptr (VmmSnat) moved = NULL;

  assert_false (fresh->is_applied);
  assert_true (world_kicks (w, p.vpc->id) > kicks);
  world_told (w, p.vpc->id);
  told = get_snat (&p, id);
  assert_true (told->is_applied);
  assert_true (
      ops_snat_modify (&w->ctx, &w->alice, p.gateway->snat_table_id, id, NULL, "out", NULL));
  named = get_snat (&p, id);
  assert_true (named->is_applied);
  assert_string_equal (named->name, "out");
  assert_true (ops_snat_modify (&w->ctx, &w->alice, p.gateway->snat_table_id, id, ip, NULL, NULL));
  moved = get_snat (&p, id);
  assert_false (moved->is_applied);
  assert_string_equal (moved->ip, ip);
}

/* ---- forwarding ---- */

static void
a_forward_entry_says_what_it_can_mean (void **state)
{
  static const struct
  {
    OpsForwardSpec spec;
    VmmError code;
  } cases[] = {
    { { .protocol = "icmp", .external_port = "1", .internal_port = "1" },
      VMM_ERROR_FORWARD_PROTOCOL },
    { { .protocol = "tcp", .external_port = "0", .internal_port = "1" },
      VMM_ERROR_FORWARD_EXTERNAL_PORT },
    { { .protocol = "tcp", .external_port = "any", .internal_port = "any" },
      VMM_ERROR_FORWARD_EXTERNAL_PORT },
    { { .protocol = "any", .external_port = "80", .internal_port = "80" },
      VMM_ERROR_FORWARD_EXTERNAL_PORT },
    { { .protocol = "tcp", .external_port = "90/80", .internal_port = "1/11" },
      VMM_ERROR_FORWARD_EXTERNAL_PORT },
    { { .protocol = "udp", .external_port = "80", .internal_port = "65536" },
      VMM_ERROR_FORWARD_INTERNAL_PORT },
    { { .protocol = "udp", .external_port = "80/81", .internal_port = "80" },
      VMM_ERROR_FORWARD_INTERNAL_PORT },
    { { .protocol = "udp", .external_port = "80", .internal_port = "80", .internal_ip = "x" },
      VMM_ERROR_FORWARD_INTERNAL_IP },
    { { .protocol = "udp",
        .external_port = "80",
        .internal_port = "80",
        .internal_ip = "10.0.2.7" },
      VMM_ERROR_FORWARD_OUTSIDE },
    { { .protocol = "udp",
        .external_port = "80",
        .internal_port = "80",
        .internal_ip = "10.0.1.253" },
      VMM_ERROR_FORWARD_OUTSIDE },
    { { .protocol = "udp",
        .external_port = "80",
        .internal_port = "80",
        .internal_ip = "100.100.100.200" },
      VMM_ERROR_FORWARD_OUTSIDE },
    { { .protocol = "udp", .external_port = "80", .internal_port = "80", .table_id = "ftb-x" },
      VMM_ERROR_FORWARD_TABLE_NOT_FOUND },
  };
  World *w = *state;
  g_auto (Place) p = make_place (w);

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    assert_no_forward (&p, &cases[i].spec, cases[i].code);
  assert_int_equal (world_query (w, "SELECT count(*) FROM forward_entry"), 0);
}

static void
a_port_of_an_address_is_forwarded_once (void **state)
{
  World *w = *state;
  g_auto (Place) p = make_place (w);
  const OpsForwardSpec web
      = { .protocol = "TCP", .external_port = "80/90", .internal_port = "8080/8090" };
  const OpsForwardSpec inside = { .protocol = "tcp", .external_port = "85", .internal_port = "1" };
  const OpsForwardSpec udp = { .protocol = "udp", .external_port = "85", .internal_port = "1" };
  const OpsForwardSpec all = { .protocol = "Any", .external_port = "any", .internal_port = "Any" };
  g_autofree char *ip = NULL;
  g_autofree char *eip = add_eip (w, p.gateway, &ip);
  OpsForwardSpec elsewhere = all;

  g_free (add_forward (&p, &web, NULL));
  assert_no_forward (&p, &inside, VMM_ERROR_FORWARD_EXISTS);
  assert_no_forward (&p, &all, VMM_ERROR_FORWARD_EXISTS);
  g_free (add_forward (&p, &udp, NULL));
  elsewhere.external_ip = ip;
  g_free (add_forward (&p, &elsewhere, NULL));
  assert_int_equal (world_query (w, "SELECT count(*) FROM forward_entry"), 3);
}

static void
a_forward_entry_is_changed_as_a_whole_or_not (void **state)
{
  World *w = *state;
  g_auto (Place) p = make_place (w);
  const OpsForwardSpec web = { .protocol = "tcp", .external_port = "80", .internal_port = "8080" };
  const OpsForwardSpec tls = { .protocol = "tcp", .external_port = "443", .internal_port = "8443" };
  OpsForwardSpec change = { .table_id = p.gateway->forward_table_id, .external_port = "443" };
  g_autofree char *first = add_forward (&p, &web, NULL);
  g_autofree char *second = add_forward (&p, &tls, NULL);
  g_autoptr (VmmForward) entry = NULL;
  g_autoptr (GError) clash = NULL;
  g_autoptr (GError) half = NULL;

  world_told (w, p.vpc->id);
  assert_false (ops_forward_modify (&w->ctx, &w->alice, first, &change, &clash));
  assert_vmm_error (clash, VMM_ERROR_FORWARD_EXISTS);
  change.external_port = NULL;
  change.protocol = "any";
  assert_false (ops_forward_modify (&w->ctx, &w->alice, first, &change, &half));
  assert_vmm_error (half, VMM_ERROR_FORWARD_EXTERNAL_PORT);
  change.protocol = "udp";
  change.external_port = "443";
  change.internal_ip = "10.0.1.9";
  assert_true (ops_forward_modify (&w->ctx, &w->alice, first, &change, NULL));
  entry = get_forward (&p, first);
  assert_string_equal (entry->protocol, "udp");
  assert_int_equal (entry->external_min, 443);
  assert_int_equal (entry->internal_min, 8080);
  assert_string_equal (entry->internal_ip, "10.0.1.9");
  assert_false (entry->is_applied);
}

static void
a_vswitch_stays_while_a_forward_entry_leads_into_it (void **state)
{
  World *w = *state;
  g_auto (Place) p = make_place (w);
  const OpsForwardSpec web = { .protocol = "tcp", .external_port = "80", .internal_port = "8080" };
  g_autofree char *id = add_forward (&p, &web, NULL);
  g_autoptr (GError) error = NULL;

  world_exec (w, "UPDATE nat_gateway SET vswitch_id=''");
  assert_false (ops_vswitch_delete (&w->ctx, &w->alice, p.vswitch->id, &error));
  assert_vmm_error (error, VMM_ERROR_DEPENDENCY);
  assert_true (ops_forward_delete (&w->ctx, &w->alice, p.gateway->forward_table_id, id, NULL));
  assert_true (ops_vswitch_delete (&w->ctx, &w->alice, p.vswitch->id, NULL));
}

static void
entries_of_others_are_not_found (void **state)
{
  World *w = *state;
  g_auto (Place) p = make_place (w);
  const OpsForwardSpec web = { .protocol = "tcp", .external_port = "80", .internal_port = "8080" };
  g_autofree char *id = add_forward (&p, &web, NULL);
  g_autoptr (GError) table = NULL;
  g_autoptr (GError) entry = NULL;
  g_autoptr (GError) gateway = NULL;

  assert_false (ops_forward_delete (&w->ctx, &w->bob, p.gateway->forward_table_id, id, &table));
  assert_vmm_error (table, VMM_ERROR_FORWARD_TABLE_NOT_FOUND);
  assert_false (
      ops_forward_delete (&w->ctx, &w->alice, p.gateway->forward_table_id, "fwd-x", &entry));
  assert_vmm_error (entry, VMM_ERROR_FORWARD_NOT_FOUND);
  assert_false (ops_nat_delete (&w->ctx, &w->bob, p.gateway->id, TRUE, &gateway));
  assert_vmm_error (gateway, VMM_ERROR_NAT_NOT_FOUND);
}

int
main (void)
{
  const struct CMUnitTest tests[] = {
    WORLD_TEST (a_vpc_has_a_few_gateways_and_stays_while_it_has_one),
    WORLD_TEST (a_vpc_goes_when_its_gateways_and_addresses_are_gone),
    WORLD_TEST (a_gateway_with_entries_or_addresses_goes_only_by_force),
    WORLD_TEST (a_gateway_is_shown_with_its_addresses),
    WORLD_TEST (an_address_stays_while_entries_use_it_unless_forced),
    WORLD_TEST (entries_need_an_address_that_is_in_use_by_the_gateway),
    WORLD_TEST (an_snat_source_is_a_vswitch_or_a_range_of_the_vpc),
    WORLD_TEST (a_source_has_one_entry_in_its_vpc),
    WORLD_TEST (an_snat_entry_is_pending_until_the_host_was_told),
    WORLD_TEST (a_forward_entry_says_what_it_can_mean),
    WORLD_TEST (a_port_of_an_address_is_forwarded_once),
    WORLD_TEST (a_forward_entry_is_changed_as_a_whole_or_not),
    WORLD_TEST (a_vswitch_stays_while_a_forward_entry_leads_into_it),
    WORLD_TEST (entries_of_others_are_not_found),
  };

  return cmocka_run_group_tests_name ("ops-nat", tests, NULL, NULL);
}
