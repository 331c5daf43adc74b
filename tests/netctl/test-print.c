/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Real tests of what an operator is shown: the plan and the kernel as lines, whose difference is
 * what is wrong. */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "netctl-plan.h"
#include "records.h"
#include "world.h"

#define EIP "192.0.2.101"
#define SHARED "192.0.2.102"

static int
set_up (void **state)
{
  World *world = world_new_outside ();

  *state = world;
  return 0;
}

/* A macro, so that @call comes before its error is read. */
#define assert_done(call, error)                                                                   \
  G_STMT_START                                                                                     \
  {                                                                                                \
    if (!(call))                                                                                   \
      fail_msg ("%s", error->message);                                                             \
  }                                                                                                \
  G_STMT_END

static char **
lines_of (World *world, gboolean is_plan)
{
  const NetctlClass *class = world->net->class;
  g_autoptr (GError) error = NULL;
  g_autofree char *text = NULL;

  assert_done (is_plan ? class->print_plan (world->net, world->plan, &text, &error)
                       : class->print_kernel (world->net, &text, &error),
               error);
  return g_strsplit (text, "\n", -1);
}

static void
count_lines (GHashTable *counts, char **lines, int by)
{
  for (guint i = 0; lines[i] != NULL; i++)
    g_hash_table_insert (
        counts, lines[i],
        GINT_TO_POINTER (GPOINTER_TO_INT (g_hash_table_lookup (counts, lines[i])) + by));
}

/* "-line" for what only the plan has, "+line" for what only the kernel has, in order. */
static char *
difference (World *world)
{
  g_auto (GStrv) planned = lines_of (world, TRUE), actual = lines_of (world, FALSE);
  g_autoptr (GHashTable) counts = g_hash_table_new (g_str_hash, g_str_equal);
  GString *out = g_string_new (NULL);

  count_lines (counts, planned, -1);
  count_lines (counts, actual, 1);
  for (guint i = 0; planned[i] != NULL; i++)
    if (GPOINTER_TO_INT (g_hash_table_lookup (counts, planned[i])) < 0)
      g_string_append_printf (out, "-%s\n", planned[i]);
  for (guint i = 0; actual[i] != NULL; i++)
    if (GPOINTER_TO_INT (g_hash_table_lookup (counts, actual[i])) > 0)
      g_string_append_printf (out, "+%s\n", actual[i]);
  return g_string_free (out, FALSE);
}

static void
assert_difference (World *world, const char *expected)
{
  g_autofree char *actual = difference (world);

  assert_string_equal (actual, expected);
}

static void
reconcile (World *world)
{
  g_autoptr (GError) error = NULL;

  assert_done (world->net->class->reconcile (world->net, world->plan, &error), error);
}

static void
assert_mended (World *world)
{
  reconcile (world);
  assert_difference (world, "");
}

/* Two VPCs of one range; rules of all kinds, groups as peers, public addresses, and a route. */
static void
furnish (World *world)
{
  NetctlVpc *vpc = world_vpc (world, 1, "10.0.0.0/24", TRUE);
  NetctlGroup *one = world_group (world, 1, 1), *two = world_group (world, 1, 2);
  NetctlPort *port;

  assert_difference (world, "");
  world_rule (one, NETCTL_INGRESS, TRUE, 1, 6, 22, 22, "0.0.0.0/0");
  world_rule (one, NETCTL_INGRESS, TRUE, 2, 17, 1000, 2000, "192.168.7.9/16");
  world_rule (one, NETCTL_INGRESS, FALSE, 2, -1, -1, -1, "group 2");
  world_rule (one, NETCTL_EGRESS, FALSE, 5, 58, -1, -1, "fd00::/8");
  world_rule (two, NETCTL_EGRESS, TRUE, 1, 6, 443, 443, "0.0.0.0/0");
  for (int i = 0; i < 150; i++)
    world_rule (two, NETCTL_INGRESS, i % 3 != 0, 1 + i % 2, 6, 1000 + i, 1200 + i, "10.0.0.0/8");
  world_apply_group (world, one);
  world_apply_group (world, two);
  assert_difference (world, "");
  world_guest (world, 1, 1, "10.0.0.11", 1);
  world_guest (world, 1, 2, "10.0.0.12", 2);
  assert_difference (world, "");
  record_eip (vpc, EIP, "10.0.0.11");
  record_snat (vpc, "10.0.0.0/24", EIP);
  record_snat (vpc, "10.0.0.64/26", EIP);
  record_route (vpc, "172.16.0.0/12", "10.0.0.12");
  g_array_index (vpc->publics, NetctlPublic, 0).kbit_s_in = 3000;
  g_array_index (vpc->publics, NetctlPublic, 0).kbit_s_out = 2000;
  world_apply_vpc (world, vpc);
  assert_difference (world, "");
  port = g_ptr_array_index (world->plan->ports, 1);
  port->kbit_s_in = 5000;
  port->kbit_s_out = 4000;
  assert_true (world->net->class->port_prepare (world->net, port, NULL));
  assert_difference (world, "");
}

static void
after_each_call_there_is_no_difference (void **state)
{
  World *world = *state;
  NetctlVpc *vpc;
  NetctlPort *port;
  g_autoptr (GError) error = NULL;
  guint32 two = 2;

  assert_difference (world, "");
  furnish (world);
  vpc = g_ptr_array_index (world->plan->vpcs, 0);
  record_route (vpc, "0.0.0.0/0", "10.0.0.12");
  world_apply_vpc (world, vpc);
  assert_difference (world, "");
  world_vpc (world, 2, "10.0.0.0/24", FALSE);
  world_group (world, 2, 1);
  world_guest (world, 2, 3, "10.0.0.11", 1);
  assert_difference (world, "");
  port = g_ptr_array_index (world->plan->ports, 0);
  g_array_append_val (port->groups, two);
  assert_done (world->net->class->port_attach (world->net, port, &error), error);
  assert_difference (world, "");
  world_stop (world);
  world_start (world);
  assert_difference (world, "");
}

static void
both_families_are_shown_and_what_comes_and_goes_is_not (void **state)
{
  World *world = *state;
  NetctlVpc *vpc = world_vpc (world, 1, "10.0.0.0/24", TRUE);
  Guest *one, *two;

  world_group (world, 1, 1);
  world_subnet6 (world, vpc, "fd00:0:0:1::/64");
  one = world_guest (world, 1, 1, "10.0.0.11", 1);
  two = world_guest (world, 1, 2, "10.0.0.12", 1);
  assert_difference (world, "");
  world_give6 (one, "fd00:0:0:1::11");
  world_give6 (two, "fd00:0:0:1::12");
  assert_true (world_pings (one->ns, "fd00:0:0:1::12", 5000));
  assert_true (world_pings (one->ns, "10.0.0.12", 5000));
  assert_difference (world, "");
  g_free (world_run ("ip -n ecs-v000001 addr del fe80::1/64 dev et00000001"));
  g_free (world_run ("ip -n ecs-v000001 -6 route del fd00:0:0:1::12"));
  g_free (world_run ("ip -n ecs-v000001 neigh del fe80::216:3eff:fe00:2 dev et00000002"));
  assert_difference (world, "-ecs-v000001 address fe80::1/64 dev et00000001\n"
                            "-ecs-v000001 neighbour fe80::216:3eff:fe00:2 dev et00000002 mac "
                            "00:16:3e:00:00:02\n"
                            "-ecs-v000001 route fd00:0:0:1::12 dev et00000002\n");
  assert_mended (world);
}

/* Where a foreign hand takes away what the first line says. */
static void
assert_noticed (World *world, const char *command, const char *expected)
{
  g_free (world_run ("%s", command));
  assert_difference (world, expected);
  assert_mended (world);
}

/* The handle by which nft deletes the rule of VPC 1 that contains @text. */
static guint
handle_of (const char *text)
{
  g_autofree char *list = world_run ("ip netns exec ecs-v000001 nft -a list table inet ecs");
  const char *at = strstr (list, text);

  assert_non_null (at);
  at = strstr (at, "# handle ");
  return (guint) g_ascii_strtoull (at + strlen ("# handle "), NULL, 10);
}

static void
what_a_foreign_hand_takes_away_is_named (void **state)
{
  World *world = *state;
  g_autofree char *rule = NULL;

  furnish (world);
  assert_noticed (world,
                  "ip netns exec ecs-v000001 nft delete element inet ecs sgm_1 { 10.0.0.11 }",
                  "-ecs-v000001 inet ecs set sgm_1 element 10.0.0.11\n");
  rule = g_strdup_printf ("ip netns exec ecs-v000001 nft delete rule inet ecs in_1 handle %u",
                          handle_of ("tcp dport 22 accept"));
  assert_noticed (world, rule,
                  "-ecs-v000001 inet ecs chain in_1 rule meta nfproto ipv4 tcp dport 22 accept\n");
  assert_noticed (world, "ip -n ecs-v000001 route del 10.0.0.11 dev et00000001",
                  "-ecs-v000001 route 10.0.0.11 dev et00000001 src 10.0.0.1\n");
  assert_noticed (world, "ip -n ecs-v000001 route del 172.16.0.0/12 metric 100",
                  "-ecs-v000001 route 172.16.0.0/12 via 10.0.0.12 dev et00000002 metric 100\n");
  assert_noticed (world, "ip -n ecs-v000001 neigh del 10.0.0.11 dev et00000001",
                  "-ecs-v000001 neighbour 10.0.0.11 dev et00000001 mac 00:16:3e:00:00:01\n");
  assert_noticed (world, "ip -n ecs-v000001 addr del 100.100.100.200/32 dev es1",
                  "-ecs-v000001 address 100.100.100.200 dev es1\n");
  assert_noticed (world, "ip route del 192.0.2.101",
                  "-host route 192.0.2.101 via 100.64.0.3 dev eu000001\n");
  assert_noticed (world, "ip neigh del proxy 192.0.2.101 dev uplink0",
                  "-host neighbour 192.0.2.101 dev uplink0 proxy\n");
  assert_noticed (world, "tc -n ecs-v000001 qdisc del dev et00000002 root",
                  "-ecs-v000001 bandwidth dev et00000002 class 1:2 kbit/s 5000\n");
  assert_noticed (world, "tc -n ecs-v000001 class del dev up0 classid 1:12",
                  "-ecs-v000001 bandwidth dev up0 class 1:12 kbit/s 4000\n");
  assert_noticed (world, "nft delete chain inet ecs_host c_raw",
                  "-host inet ecs_host chain c_raw rule iifname \"et0*\" counter drop\n"
                  "-host inet ecs_host chain c_raw type filter hook prerouting priority raw - 10; "
                  "policy accept;\n");
}

static int
pid_of_server (World *world)
{
  g_autofree char *path = g_build_filename (world->run_dir, "dhcp", "ecs-v000001.pid", NULL);
  g_autofree char *text = NULL;

  assert_true (g_file_get_contents (path, &text, NULL, NULL));
  return (int) g_ascii_strtoull (text, NULL, 10);
}

static void
a_server_that_ended_is_named (void **state)
{
  World *world = *state;
  g_autofree char *missing = NULL;
  int pid;

  furnish (world);
  pid = pid_of_server (world);
  assert_int_equal (kill (pid, SIGKILL), 0);
  for (guint i = 0; i < 500 && kill (pid, 0) == 0; i++)
    g_usleep (10000);
  missing = difference (world);
  assert_true (g_str_has_prefix (missing, "-ecs-v000001 server "));
  assert_non_null (strstr (missing, "--dhcp-hostsfile="));
  assert_null (strchr (strchr (missing, '\n') + 1, '\n'));
  assert_mended (world);
}

static void
a_client_that_a_server_is_not_told_of_is_named (void **state)
{
  World *world = *state;
  g_autofree char *path = g_build_filename (world->run_dir, "dhcp", "ecs-v000001.hosts", NULL);

  furnish (world);
  assert_true (
      g_file_set_contents (path, "00:16:3e:00:00:01,10.0.0.11,host1,infinite\n", -1, NULL));
  assert_difference (world, "-ecs-v000001 dhcp 00:16:3e:00:00:02,10.0.0.12,host2,infinite\n");
}

static void
what_a_foreign_hand_adds_or_changes_is_named (void **state)
{
  World *world = *state;

  furnish (world);
  assert_noticed (world, "ip -n ecs-v000001 route add 10.9.0.0/16 dev et00000001 proto 236",
                  "+ecs-v000001 route 10.9.0.0/16 dev et00000001\n");
  assert_noticed (world, "tc class change dev eu000001 parent 1: classid 1:8266 htb rate 64kbit",
                  "-host bandwidth dev eu000001 class 1:8266 kbit/s 3000\n"
                  "+host bandwidth dev eu000001 class 1:8266 kbit/s 64\n");
  assert_noticed (world, "ip netns exec ecs-v000001 nft insert rule inet ecs in_1 accept",
                  "+ecs-v000001 inet ecs chain in_1 rule accept\n");
  assert_noticed (world, "ip -n ecs-v000001 link set et00000001 mtu 1400",
                  "-ecs-v000001 link et00000001 mac 02:ee:ee:ee:ee:ee mtu 1450 up\n"
                  "+ecs-v000001 link et00000001 mac 02:ee:ee:ee:ee:ee mtu 1400 up\n");
  assert_noticed (world, "ip -n ecs-v000001 addr add 10.0.0.99/24 dev es1",
                  "+ecs-v000001 address 10.0.0.99/24 dev es1\n");
}

int
main (void)
{
  const struct CMUnitTest tests[] = {
    cmocka_unit_test_setup_teardown (after_each_call_there_is_no_difference, set_up,
                                     world_tear_down),
    cmocka_unit_test_setup_teardown (both_families_are_shown_and_what_comes_and_goes_is_not, set_up,
                                     world_tear_down),
    cmocka_unit_test_setup_teardown (what_a_foreign_hand_takes_away_is_named, set_up,
                                     world_tear_down),
    cmocka_unit_test_setup_teardown (a_server_that_ended_is_named, set_up, world_tear_down),
    cmocka_unit_test_setup_teardown (a_client_that_a_server_is_not_told_of_is_named, set_up,
                                     world_tear_down),
    cmocka_unit_test_setup_teardown (what_a_foreign_hand_adds_or_changes_is_named, set_up,
                                     world_tear_down),
  };

  world_need_private_host ();
  return cmocka_run_group_tests (tests, NULL, NULL);
}
