/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Tests of a VPC's model: what fits together, and which flows its rules let begin. */
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "netctl-judge.h"
#include "records.h"

/* Guest 1 (10.0.0.11) and 2 (.12) in group 1, guest 3 (.13) in group 2. */
static NetctlModel *
model_with (const char *const *rules_of_1, const char *const *rules_of_2)
{
  NetctlModel *model = netctl_model_new ();
  NetctlGroup *one = record_group (1, 1), *two = record_group (1, 2);

  for (guint i = 0; rules_of_1 != NULL && rules_of_1[i] != NULL; i++)
    record_rule (one, rules_of_1[i]);
  for (guint i = 0; rules_of_2 != NULL && rules_of_2[i] != NULL; i++)
    record_rule (two, rules_of_2[i]);
  record_put_vpc (model, record_vpc (1, "10.0.0.0/24", TRUE));
  record_put_group (model, one);
  record_put_group (model, two);
  record_put_port (model, record_port (1, 1, "10.0.0.11", "1"));
  record_put_port (model, record_port (1, 2, "10.0.0.12", "1"));
  record_put_port (model, record_port (1, 3, "10.0.0.13", "2"));
  return model;
}

static gboolean
allows (const NetctlModel *model, int protocol, const char *from, int from_port, const char *to,
        int to_port)
{
  g_autoptr (NetctlJudge) judge = netctl_judge_new (model);
  NetctlFlow flow = { .protocol = (guint8) protocol,
                      .source_port = (guint16) from_port,
                      .destination_port = (guint16) to_port };

  assert_true (netctl_prefix_parse (from, &flow.source));
  assert_true (netctl_prefix_parse (to, &flow.destination));
  return netctl_judge_allows (judge, &flow);
}

static gboolean
tcp (const NetctlModel *model, const char *from, const char *to, int port)
{
  return allows (model, IPPROTO_TCP, from, 40000, to, port);
}

static void
without_rules_members_meet_and_strangers_stay_out (void **state)
{
  g_autoptr (NetctlModel) model = model_with (NULL, NULL);

  assert_true (tcp (model, "10.0.0.11", "10.0.0.12", 22));
  assert_false (tcp (model, "10.0.0.11", "10.0.0.13", 22));
  assert_false (tcp (model, "192.0.2.1", "10.0.0.11", 22));
  assert_true (tcp (model, "10.0.0.11", "192.0.2.1", 22));
}

static void
isolated_members_do_not_meet (void **state)
{
  g_autoptr (NetctlModel) model = model_with (NULL, NULL);
  NetctlGroup *group = record_group (1, 1);

  group->members_reach_each_other = FALSE;
  record_put_group (model, group);
  assert_false (tcp (model, "10.0.0.11", "10.0.0.12", 22));
}

static void
members_meet_whatever_the_rules_say (void **state)
{
  const char *const rules[]
      = { "in drop 1 all - - 0.0.0.0/0", "out drop 1 all - - 0.0.0.0/0", NULL };
  g_autoptr (NetctlModel) model = model_with (rules, NULL);

  assert_true (tcp (model, "10.0.0.11", "10.0.0.12", 22));
  assert_false (tcp (model, "10.0.0.11", "192.0.2.1", 22));
}

static void
the_lower_priority_number_wins (void **state)
{
  const char *const rules[]
      = { "in drop 2 tcp - - 0.0.0.0/0", "in accept 1 tcp 22 - 0.0.0.0/0", NULL };
  g_autoptr (NetctlModel) model = model_with (rules, NULL);

  assert_true (tcp (model, "192.0.2.1", "10.0.0.11", 22));
  assert_false (tcp (model, "192.0.2.1", "10.0.0.11", 23));
}

static void
drop_wins_a_tie (void **state)
{
  const char *const rules[]
      = { "in accept 5 tcp 22 - 0.0.0.0/0", "in drop 5 tcp 22 - 192.0.2.0/24", NULL };
  g_autoptr (NetctlModel) model = model_with (rules, NULL);

  assert_false (tcp (model, "192.0.2.1", "10.0.0.11", 22));
  assert_true (tcp (model, "198.51.100.1", "10.0.0.11", 22));
}

static void
rules_of_all_groups_of_a_port_are_merged (void **state)
{
  const char *const one[] = { "in accept 10 tcp 22 - 0.0.0.0/0", NULL };
  const char *const two[] = { "in drop 9 tcp 22 - 192.0.2.0/24", NULL };
  g_autoptr (NetctlModel) model = model_with (one, two);

  record_put_port (model, record_port (1, 4, "10.0.0.14", "2 1"));
  assert_true (tcp (model, "192.0.2.1", "10.0.0.11", 22));
  assert_false (tcp (model, "192.0.2.1", "10.0.0.14", 22));
  assert_true (tcp (model, "198.51.100.1", "10.0.0.14", 22));
}

static void
a_group_as_peer_means_its_members (void **state)
{
  const char *const rules[] = { "in accept 1 udp 53 - group:2", NULL };
  g_autoptr (NetctlModel) model = model_with (rules, NULL);

  assert_true (allows (model, IPPROTO_UDP, "10.0.0.13", 4000, "10.0.0.11", 53));
  assert_false (allows (model, IPPROTO_UDP, "192.0.2.1", 4000, "10.0.0.11", 53));
  netctl_model_remove_port (model, 3);
  assert_false (allows (model, IPPROTO_UDP, "10.0.0.13", 4000, "10.0.0.11", 53));
}

static void
egress_rules_bind_the_sender (void **state)
{
  const char *const rules[] = { "out drop 1 tcp 25 - 0.0.0.0/0", NULL };
  g_autoptr (NetctlModel) model = model_with (rules, NULL);

  assert_false (tcp (model, "10.0.0.11", "192.0.2.1", 25));
  assert_true (tcp (model, "10.0.0.11", "192.0.2.1", 26));
}

static void
source_ports_and_protocols_are_told_apart (void **state)
{
  const char *const rules[]
      = { "in accept 1 udp 53 1000-2000 0.0.0.0/0", "in accept 1 gre - - 0.0.0.0/0", NULL };
  g_autoptr (NetctlModel) model = model_with (rules, NULL);

  assert_true (allows (model, IPPROTO_UDP, "192.0.2.1", 1000, "10.0.0.11", 53));
  assert_false (allows (model, IPPROTO_UDP, "192.0.2.1", 999, "10.0.0.11", 53));
  assert_false (allows (model, IPPROTO_TCP, "192.0.2.1", 1000, "10.0.0.11", 53));
  assert_true (allows (model, IPPROTO_GRE, "192.0.2.1", 0, "10.0.0.11", 0));
  assert_false (allows (model, IPPROTO_ICMP, "192.0.2.1", 0, "10.0.0.11", 0));
}

static void
a_rule_for_ipv6_opens_nothing_for_ipv4 (void **state)
{
  const char *const rules[] = { "in accept 1 all - - ::/0", NULL };
  g_autoptr (NetctlModel) model = model_with (rules, NULL);

  assert_false (tcp (model, "192.0.2.1", "10.0.0.11", 22));
}

static void
an_address_nobody_has_is_not_let_be (void **state)
{
  g_autoptr (NetctlModel) model = model_with (NULL, NULL);

  assert_false (tcp (model, "10.0.0.99", "192.0.2.1", 80));
  assert_false (tcp (model, "192.0.2.1", "10.0.0.99", 80));
  assert_true (tcp (model, "10.0.0.11", "10.0.0.1", 80));
  assert_true (tcp (model, "10.0.0.11", "100.100.100.200", 80));
}

static void
the_metadata_address_is_out_of_reach_of_egress_rules (void **state)
{
  const char *const rules[] = { "out drop 1 all - - 0.0.0.0/0", NULL };
  g_autoptr (NetctlModel) model = model_with (rules, NULL);

  assert_true (tcp (model, "10.0.0.11", "100.100.100.200", 80));
}

static void
a_group_with_a_near_side_means_both (void **state)
{
  const char *const rules[]
      = { "in accept 1 tcp 22 - group:2 10.0.0.12", "in drop 1 all - - 10.0.0.13 10.0.0.8/30",
          "in accept 2 tcp 80 - 0.0.0.0/0 10.0.0.11", NULL };
  g_autoptr (NetctlModel) model = model_with (rules, NULL);

  assert_true (tcp (model, "10.0.0.13", "10.0.0.12", 22));
  assert_false (tcp (model, "10.0.0.13", "10.0.0.11", 22));
  assert_true (tcp (model, "192.0.2.1", "10.0.0.11", 80));
  assert_false (tcp (model, "192.0.2.1", "10.0.0.12", 80));
  assert_false (tcp (model, "10.0.0.13", "10.0.0.11", 80));
}

static NetctlRemote *
remote (const char *address, guint32 group)
{
  NetctlRemote *record = netctl_remote_new ();

  assert_true (netctl_prefix_parse (address, &record->address));
  g_array_append_val (record->groups, group);
  return record;
}

static void
a_guest_of_another_host_is_a_member (void **state)
{
  const char *const rules[] = { "in accept 1 udp 53 - group:2", NULL };
  g_autoptr (NetctlModel) model = model_with (rules, NULL);
  NetctlVpc *vpc = record_vpc (1, "10.0.0.0/24", TRUE);

  g_ptr_array_add (vpc->remotes, remote ("10.0.0.99", 2));
  g_ptr_array_add (vpc->remotes, remote ("10.0.0.98", 1));
  record_put_vpc (model, vpc);
  assert_true (allows (model, IPPROTO_UDP, "10.0.0.99", 4000, "10.0.0.11", 53));
  assert_false (allows (model, IPPROTO_UDP, "10.0.0.99", 4000, "10.0.0.11", 54));
  assert_true (tcp (model, "10.0.0.98", "10.0.0.11", 80));
  /* Its own ingress is its own host's business. */
  assert_true (tcp (model, "10.0.0.13", "10.0.0.98", 80));
}

static void
what_lies_behind_a_guest_obeys_its_rules (void **state)
{
  const char *const of_1[] = { "in accept 1 tcp 80 - 10.0.0.0/8", NULL };
  const char *const of_2[] = { "in accept 1 tcp 443 - 10.0.0.11", "out drop 1 tcp 25 - 10.0.0.0/8",
                               "in accept 1 tcp 80 - 172.16.0.0/12", NULL };
  g_autoptr (NetctlModel) model = model_with (of_1, of_2);
  NetctlVpc *vpc = record_vpc (1, "10.0.0.0/24", TRUE);
  NetctlRoute route = { 0 };

  assert_true (netctl_prefix_parse ("10.9.0.0/16", &route.destination));
  assert_true (netctl_prefix_parse ("10.0.0.13", &route.next_hop));
  g_array_append_val (vpc->routes, route);
  assert_true (netctl_prefix_parse ("172.16.0.0/12", &route.destination));
  assert_true (netctl_prefix_parse ("10.0.0.200", &route.next_hop));
  g_array_append_val (vpc->routes, route);
  record_put_vpc (model, vpc);
  assert_true (tcp (model, "10.0.0.11", "10.9.0.1", 443));
  assert_false (tcp (model, "10.0.0.11", "10.9.0.1", 444));
  assert_true (tcp (model, "10.9.0.1", "10.0.0.11", 80));
  assert_false (tcp (model, "10.9.0.1", "10.0.0.11", 25));
  /* Nobody has the next hop of these. */
  assert_false (tcp (model, "10.0.0.11", "172.16.0.1", 80));
  assert_false (tcp (model, "172.16.0.1", "10.0.0.13", 80));
}

static void
what_is_translated_obeys_no_route (void **state)
{
  const char *const rules[]
      = { "in accept 1 tcp 80 - 0.0.0.0/0", "out drop 1 tcp 80 - 10.0.0.11", NULL };
  g_autoptr (NetctlModel) model = model_with (rules, rules);
  NetctlVpc *vpc = record_vpc (1, "10.0.0.0/24", TRUE);
  NetctlRoute route = { 0 };
  g_autoptr (NetctlJudge) judge = NULL;
  NetctlFlow flow = { .protocol = IPPROTO_TCP, .destination_port = 80 };

  assert_true (netctl_prefix_parse ("0.0.0.0/0", &route.destination));
  assert_true (netctl_prefix_parse ("10.0.0.13", &route.next_hop));
  g_array_append_val (vpc->routes, route);
  record_put_vpc (model, vpc);
  judge = netctl_judge_new (model);
  assert_true (netctl_prefix_parse ("192.0.2.1", &flow.source));
  assert_true (netctl_prefix_parse ("10.0.0.11", &flow.destination));
  assert_false (netctl_judge_allows (judge, &flow));
  flow.is_live = TRUE;
  flow.shown = flow.source;
  assert_true (netctl_prefix_parse ("198.51.100.1", &flow.called));
  assert_true (netctl_judge_allows (judge, &flow));
  flow.source = flow.destination;
  assert_true (netctl_prefix_parse ("192.0.2.1", &flow.destination));
  flow.destination_port = 443;
  flow.called = flow.destination;
  flow.shown = flow.source;
  assert_false (netctl_judge_allows (judge, &flow));
  assert_true (netctl_prefix_parse ("198.51.100.1", &flow.shown));
  assert_true (netctl_judge_allows (judge, &flow));
}

static void
assert_port_refused (NetctlModel *model, NetctlPort *port)
{
  g_autoptr (GError) error = NULL;

  assert_false (netctl_model_set_port (model, port, &error));
  assert_true (g_error_matches (error, NETCTL_ERROR, NETCTL_ERROR_INVALID));
  netctl_port_free (port);
}

static void
a_port_that_does_not_fit_is_refused (void **state)
{
  g_autoptr (NetctlModel) model = model_with (NULL, NULL);
  NetctlPort *same_mac = record_port (1, 9, "10.0.0.19", "1");

  same_mac->mac[5] = 1;
  assert_port_refused (model, same_mac);
  assert_port_refused (model, record_port (1, 9, "10.0.0.11", "1"));
  assert_port_refused (model, record_port (1, 9, "10.0.0.1", "1"));
  assert_port_refused (model, record_port (1, 9, "10.0.1.9", "1"));
  assert_port_refused (model, record_port (1, 9, "10.0.0.19", "1 7"));
  assert_null (netctl_model_port (model, 9));
}

static void
an_ipv6_address_belongs_to_one_port_of_a_subnet (void **state)
{
  g_autoptr (NetctlModel) model = netctl_model_new ();

  record_put_vpc (model, record_vpc (1, "10.0.0.0/24 fd00:0:0:1::/64", FALSE));
  record_put_group (model, record_group (1, 1));
  record_put_port (model, record_port (1, 1, "10.0.0.11 fd00:0:0:1::11", "1"));
  assert_port_refused (model, record_port (1, 2, "10.0.0.12 fd00:0:0:1::11", "1"));
  assert_port_refused (model, record_port (1, 2, "10.0.0.12 fd00:0:0:2::12", "1"));
  record_put_port (model, record_port (1, 2, "10.0.0.12 fd00:0:0:1::12", "1"));
}

static void
a_group_with_members_stays (void **state)
{
  g_autoptr (NetctlModel) model = model_with (NULL, NULL);
  g_autoptr (GError) error = NULL;

  assert_false (netctl_model_remove_group (model, 2, &error));
  assert_true (g_error_matches (error, NETCTL_ERROR, NETCTL_ERROR_BUSY));
  netctl_model_remove_port (model, 3);
  assert_true (netctl_model_remove_group (model, 2, NULL));
  assert_true (netctl_model_remove_group (model, 2, NULL));
}

static void
one_bad_record_of_a_plan_rejects_itself_only (void **state)
{
  NetctlPlan *plan = netctl_plan_new ();
  g_autoptr (NetctlModel) model = NULL;
  g_autoptr (GError) error = NULL;

  g_ptr_array_add (plan->vpcs, record_vpc (1, "10.0.0.0/24", FALSE));
  g_ptr_array_add (plan->groups, record_group (1, 1));
  g_ptr_array_add (plan->ports, record_port (1, 1, "10.0.9.9", "1"));
  g_ptr_array_add (plan->ports, record_port (1, 2, "10.0.0.12", "1"));
  g_ptr_array_add (plan->ports, record_port (2, 3, "10.0.0.13", "1"));
  model = netctl_model_from_plan (plan, 1, &error);
  assert_non_null (model);
  assert_true (g_error_matches (error, NETCTL_ERROR, NETCTL_ERROR_INVALID));
  assert_null (netctl_model_port (model, 1));
  assert_non_null (netctl_model_port (model, 2));
  assert_null (netctl_model_port (model, 3));
  netctl_plan_free (plan);
}

int
main (void)
{
  const struct CMUnitTest tests[] = {
    cmocka_unit_test (without_rules_members_meet_and_strangers_stay_out),
    cmocka_unit_test (isolated_members_do_not_meet),
    cmocka_unit_test (members_meet_whatever_the_rules_say),
    cmocka_unit_test (the_lower_priority_number_wins),
    cmocka_unit_test (drop_wins_a_tie),
    cmocka_unit_test (rules_of_all_groups_of_a_port_are_merged),
    cmocka_unit_test (a_group_as_peer_means_its_members),
    cmocka_unit_test (egress_rules_bind_the_sender),
    cmocka_unit_test (source_ports_and_protocols_are_told_apart),
    cmocka_unit_test (a_rule_for_ipv6_opens_nothing_for_ipv4),
    cmocka_unit_test (an_address_nobody_has_is_not_let_be),
    cmocka_unit_test (the_metadata_address_is_out_of_reach_of_egress_rules),
    cmocka_unit_test (a_group_with_a_near_side_means_both),
    cmocka_unit_test (a_guest_of_another_host_is_a_member),
    cmocka_unit_test (what_lies_behind_a_guest_obeys_its_rules),
    cmocka_unit_test (what_is_translated_obeys_no_route),
    cmocka_unit_test (a_port_that_does_not_fit_is_refused),
    cmocka_unit_test (an_ipv6_address_belongs_to_one_port_of_a_subnet),
    cmocka_unit_test (a_group_with_members_stays),
    cmocka_unit_test (one_bad_record_of_a_plan_rejects_itself_only),
  };

  return cmocka_run_group_tests (tests, NULL, NULL);
}
