/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Tests of the fake: that it remembers, refuses and fails as its header says. */
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "netctl-fake.h"
#include "records.h"

static NetctlPlan *
small_plan (void)
{
  NetctlPlan *plan = netctl_plan_new ();

  g_ptr_array_add (plan->vpcs, record_vpc (1, "10.0.0.0/24", TRUE));
  g_ptr_array_add (plan->groups, record_group (1, 1));
  g_ptr_array_add (plan->ports, record_port (1, 5, "10.0.0.15", "1"));
  return plan;
}

static int
set_up (void **state)
{
  Netctl *net = netctl_fake_new ();
  NetctlPlan *plan = small_plan ();
  gboolean is_done = net->class->reconcile (net, plan, NULL);

  netctl_plan_free (plan);
  *state = net;
  return is_done ? 0 : -1;
}

static int
tear_down (void **state)
{
  netctl_free (*state);
  return 0;
}

static void
it_remembers_what_was_applied (void **state)
{
  Netctl *net = *state;
  g_autoptr (NetctlPort) port = record_port (1, 5, "10.0.0.15", "1");
  g_autofree char *text = NULL;

  assert_true (net->class->port_attach (net, port, NULL));
  text = netctl_fake_describe (net);
  assert_string_equal (text, "vpc 1 nat\ngroup 1/1 rules=0\nport 1/5 attached 10.0.0.15\n");
  assert_true (netctl_fake_has_vpc (net, 1));
  assert_true (netctl_fake_has_group (net, 1, 1));
  assert_true (netctl_fake_has_port (net, 5));
}

static void
everything_can_be_taken_away_again (void **state)
{
  Netctl *net = *state;
  g_autoptr (NetctlPort) port = record_port (1, 5, "10.0.0.15", "1");
  g_autoptr (GError) error = NULL;

  assert_true (net->class->port_attach (net, port, NULL));
  assert_false (net->class->vpc_remove (net, 1, &error));
  assert_true (g_error_matches (error, NETCTL_ERROR, NETCTL_ERROR_BUSY));
  assert_true (net->class->port_detach (net, port, NULL));
  assert_true (net->class->port_detach (net, port, NULL));
  assert_true (net->class->vpc_remove (net, 1, NULL));
  assert_true (net->class->vpc_remove (net, 1, NULL));
  assert_true (netctl_fake_is_empty (net));
}

static void
a_staged_failure_strikes_once_and_before (void **state)
{
  Netctl *net = *state;
  g_autoptr (NetctlPort) port = record_port (1, 6, "10.0.0.16", "1");
  g_autoptr (GError) error = NULL;
  guint calls = netctl_fake_calls (net);

  netctl_fake_fail_at (net, 2, NETCTL_FAKE_BEFORE);
  assert_true (net->class->group_remove (net, 1, 9, NULL));
  assert_false (net->class->port_prepare (net, port, &error));
  assert_true (g_error_matches (error, NETCTL_ERROR, NETCTL_ERROR_KERNEL));
  assert_false (netctl_fake_has_port (net, 6));
  assert_true (net->class->port_prepare (net, port, NULL));
  assert_int_equal (netctl_fake_calls (net), calls + 3);
}

static void
a_failure_after_the_act_leaves_the_act (void **state)
{
  Netctl *net = *state;
  g_autoptr (NetctlPort) port = record_port (1, 6, "10.0.0.16", "1");

  netctl_fake_fail_at (net, 1, NETCTL_FAKE_AFTER);
  assert_false (net->class->port_prepare (net, port, NULL));
  assert_true (netctl_fake_has_port (net, 6));
}

static void
without_its_tap_a_port_cannot_be_attached (void **state)
{
  Netctl *net = *state;
  g_autoptr (NetctlPort) port = record_port (1, 5, "10.0.0.15", "1");
  g_autoptr (GError) error = NULL;

  netctl_fake_set_tap (net, 5, FALSE);
  assert_false (net->class->port_attach (net, port, &error));
  assert_true (g_error_matches (error, NETCTL_ERROR, NETCTL_ERROR_NO_TAP));
  netctl_fake_set_tap (net, 5, TRUE);
  assert_true (net->class->port_attach (net, port, NULL));
  netctl_fake_set_tap (net, 5, FALSE);
  assert_false (netctl_fake_is_attached (net, 5));
  assert_true (net->class->vpc_remove (net, 1, NULL));
}

static void
it_refuses_what_the_kernels_driver_refuses (void **state)
{
  Netctl *net = *state;
  g_autoptr (NetctlPort) stranger = record_port (7, 7, "10.0.0.17", "1");
  g_autoptr (NetctlGroup) group = record_group (7, 1);
  g_autoptr (GError) error = NULL;

  assert_false (net->class->port_prepare (net, stranger, &error));
  assert_true (g_error_matches (error, NETCTL_ERROR, NETCTL_ERROR_INVALID));
  assert_false (net->class->group_apply (net, group, NULL));
  assert_false (net->class->group_remove (net, 1, 1, NULL));
  assert_true (net->class->port_detach (net, stranger, NULL));
}

static void
it_answers_which_flows_the_rules_allow (void **state)
{
  Netctl *net = *state;
  g_autoptr (NetctlGroup) group = record_group (1, 1);

  assert_false (netctl_fake_allows (net, 1, IPPROTO_TCP, "192.0.2.1", 4000, "10.0.0.15", 22));
  record_rule (group, "in accept 1 tcp 22 - 0.0.0.0/0");
  assert_true (net->class->group_apply (net, group, NULL));
  assert_true (netctl_fake_allows (net, 1, IPPROTO_TCP, "192.0.2.1", 4000, "10.0.0.15", 22));
  assert_false (netctl_fake_allows (net, 2, IPPROTO_TCP, "192.0.2.1", 4000, "10.0.0.15", 22));
}

static void
reconcile_forgets_what_the_plan_lacks (void **state)
{
  Netctl *net = *state;
  NetctlPlan *plan = netctl_plan_new ();
  g_autoptr (NetctlPort) port = record_port (1, 5, "10.0.0.15", "1");

  assert_true (net->class->port_attach (net, port, NULL));
  assert_true (net->class->reconcile (net, plan, NULL));
  netctl_plan_free (plan);
  assert_true (netctl_fake_is_empty (net));
}

static void
a_public_address_is_of_one_vpc_at_a_time (void **state)
{
  Netctl *net = *state;
  g_autoptr (NetctlVpc) one = record_vpc (1, "10.0.0.0/24", FALSE);
  g_autoptr (NetctlVpc) two = record_vpc (2, "10.0.0.0/24", FALSE);
  g_autoptr (GError) error = NULL, wrong = NULL;
  g_autofree char *text = NULL;

  record_eip (one, "192.0.2.9", "10.0.0.2");
  record_eip (two, "192.0.2.9", "10.0.0.3");
  assert_true (net->class->vpc_apply (net, one, NULL));
  assert_false (net->class->vpc_apply (net, two, &error));
  assert_true (g_error_matches (error, NETCTL_ERROR, NETCTL_ERROR_BUSY));
  assert_false (netctl_fake_has_vpc (net, 2));
  g_array_set_size (one->eips, 0);
  g_array_set_size (one->publics, 0);
  assert_true (net->class->vpc_apply (net, one, NULL));
  assert_true (net->class->vpc_apply (net, two, NULL));
  text = netctl_fake_describe (net);
  assert_non_null (strstr (text, "eip 2 192.0.2.9 10.0.0.3\n"));
  assert_null (strstr (text, "eip 1"));
  g_array_set_size (two->publics, 0);
  assert_false (net->class->vpc_apply (net, two, &wrong));
  assert_true (g_error_matches (wrong, NETCTL_ERROR, NETCTL_ERROR_INVALID));
}

#define FAKE_TEST(name) cmocka_unit_test_setup_teardown (name, set_up, tear_down)

static void
it_tells_what_was_carried (void **state)
{
  Netctl *net = *state;
  g_autoptr (NetctlPort) port = record_port (1, 5, "10.0.0.15", "1");
  const NetctlPortUse more = { .port = 5, .all = { 100, 20, 3 } };
  g_autoptr (NetctlUse) before = netctl_use_new (), after = netctl_use_new ();

  assert_true (net->class->use (net, before, NULL));
  assert_int_equal (before->ports->len, 0);
  assert_true (net->class->port_attach (net, port, NULL));
  netctl_fake_carry (net, &more);
  netctl_fake_carry (net, &more);
  assert_true (net->class->use (net, after, NULL));
  assert_int_equal (after->ports->len, 1);
  assert_int_equal (g_array_index (after->ports, NetctlPortUse, 0).port, 5);
  assert_int_equal (g_array_index (after->ports, NetctlPortUse, 0).all.bytes_in, 200);
  assert_int_equal (g_array_index (after->ports, NetctlPortUse, 0).all.packets, 6);
}

int
main (void)
{
  const struct CMUnitTest tests[] = {
    FAKE_TEST (it_remembers_what_was_applied),
    FAKE_TEST (everything_can_be_taken_away_again),
    FAKE_TEST (a_staged_failure_strikes_once_and_before),
    FAKE_TEST (a_failure_after_the_act_leaves_the_act),
    FAKE_TEST (without_its_tap_a_port_cannot_be_attached),
    FAKE_TEST (it_refuses_what_the_kernels_driver_refuses),
    FAKE_TEST (it_answers_which_flows_the_rules_allow),
    FAKE_TEST (a_public_address_is_of_one_vpc_at_a_time),
    FAKE_TEST (reconcile_forgets_what_the_plan_lacks),
    FAKE_TEST (it_tells_what_was_carried),
  };

  return cmocka_run_group_tests (tests, NULL, NULL);
}
