/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Tests of many rules as sets of ranges: the compiled text, read by a small interpreter, says what
 * a plain reading of the rules says; and one rule more is a small change. */
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "evaluate.h"
#include "netctl-layer.h"
#include "netctl-nft-rule.h"
#include "netctl-nft.h"
#include "records.h"

typedef struct
{
  GRand *rand;
  guint32 seed;
} Dice;

static int
pick (GRand *rand, int below)
{
  return g_rand_int_range (rand, 0, below);
}

static int
set_up (void **state)
{
  const char *seed = g_getenv ("NETCTL_SEED");
  Dice *dice = g_new0 (Dice, 1);

  dice->seed = seed != NULL ? (guint32) g_ascii_strtoull (seed, NULL, 10) : g_random_int ();
  dice->rand = g_rand_new_with_seed (dice->seed);
  print_message ("# NETCTL_SEED=%u\n", dice->seed);
  *state = dice;
  return 0;
}

static int
tear_down (void **state)
{
  Dice *dice = *state;

  g_rand_free (dice->rand);
  g_free (dice);
  return 0;
}

/* Addresses from a small world, so that ranges meet. */
static NetctlPrefix
random_prefix (GRand *rand, GSocketFamily family, gboolean is_host)
{
  static const guint lengths[] = { 0, 8, 16, 23, 24, 25, 28, 30, 32, 32, 32, 32 };
  gboolean is_ipv4 = family == G_SOCKET_FAMILY_IPV4;
  NetctlPrefix prefix = { .family = family, .bytes = { 10 } };
  guint length = lengths[pick (rand, G_N_ELEMENTS (lengths))];
  guint at = is_ipv4 ? 0 : 12;

  if (!is_ipv4)
    prefix.bytes[0] = 0xfd;
  prefix.bytes[at + 1] |= (guint8) pick (rand, 2);
  prefix.bytes[at + 2] = (guint8) pick (rand, 4);
  prefix.bytes[at + 3] = (guint8) pick (rand, 256);
  prefix.length = is_host ? 32 : length;
  if (!is_ipv4)
    prefix.length = prefix.length == 0 ? 0 : prefix.length + 96;
  return prefix;
}

static void
random_ports (GRand *rand, int *min, int *max)
{
  int a = pick (rand, 12), b = pick (rand, 12);

  *min = *max = -1;
  if (pick (rand, 4) == 0)
    return;
  *min = MIN (a, b);
  *max = pick (rand, 2) == 0 ? *min : MAX (a, b);
  if (pick (rand, 12) == 0)
    *max = 65535;
}

/* Rules that are @alike look at the same fields; that fills layers. */
static NetctlRule
random_rule (GRand *rand, guint priorities, gboolean alike)
{
  static const int protocols[] = { -1,          IPPROTO_TCP,    IPPROTO_TCP, IPPROTO_TCP,
                                   IPPROTO_UDP, IPPROTO_ICMPV6, IPPROTO_GRE, IPPROTO_ICMP };
  GSocketFamily family = pick (rand, 2) == 0 ? G_SOCKET_FAMILY_IPV4 : G_SOCKET_FAMILY_IPV6;
  NetctlRule rule = { .direction = pick (rand, 2) == 0 ? NETCTL_INGRESS : NETCTL_EGRESS,
                      .accept = pick (rand, 2) == 0,
                      .priority = 1 + (guint) pick (rand, (int) priorities),
                      .protocol = protocols[pick (rand, G_N_ELEMENTS (protocols))],
                      .port_min = -1,
                      .port_max = -1,
                      .source_port_min = -1,
                      .source_port_max = -1 };

  if (alike)
    rule.protocol = IPPROTO_TCP;
  if (rule.protocol == IPPROTO_ICMP)
    family = G_SOCKET_FAMILY_IPV4;
  if (rule.protocol == IPPROTO_ICMPV6)
    family = G_SOCKET_FAMILY_IPV6;
  rule.peer_is_group = pick (rand, 6) == 0;
  if (rule.peer_is_group)
    rule.peer_group = 1 + (guint32) pick (rand, 3);
  else
    rule.peer = random_prefix (rand, family, FALSE);
  rule.has_near = !alike && pick (rand, 3) == 0;
  if (rule.has_near)
    rule.near = random_prefix (rand, family, FALSE);
  if (rule.protocol == IPPROTO_TCP || rule.protocol == IPPROTO_UDP)
    random_ports (rand, &rule.port_min, &rule.port_max);
  if ((rule.protocol == IPPROTO_TCP || rule.protocol == IPPROTO_UDP) && !alike
      && pick (rand, 3) == 0)
    random_ports (rand, &rule.source_port_min, &rule.source_port_max);
  return rule;
}

static Packet
random_packet (GRand *rand)
{
  static const int protocols[] = { IPPROTO_TCP, IPPROTO_TCP, IPPROTO_UDP, IPPROTO_GRE, 132 };
  GSocketFamily family = pick (rand, 2) == 0 ? G_SOCKET_FAMILY_IPV4 : G_SOCKET_FAMILY_IPV6;
  int kind = pick (rand, G_N_ELEMENTS (protocols) + 1);
  Packet packet = { .source = random_prefix (rand, family, TRUE),
                    .destination = random_prefix (rand, family, TRUE),
                    .source_port = -1,
                    .destination_port = -1 };

  packet.protocol = kind < (int) G_N_ELEMENTS (protocols)
                        ? protocols[kind]
                        : (family == G_SOCKET_FAMILY_IPV4 ? IPPROTO_ICMP : IPPROTO_ICMPV6);
  if (packet.protocol == IPPROTO_TCP || packet.protocol == IPPROTO_UDP)
    {
      packet.source_port = pick (rand, 13);
      packet.destination_port = pick (rand, 13);
    }
  return packet;
}

/* Groups 1 and 2 have members of both families; group 3 has none. */
static const char *const members[][2]
    = { { "10.0.0.1", "1" }, { "10.1.2.200", "1" }, { "fd00::1:c8", "1" },
        { "10.0.0.1", "2" }, { "fd00::1", "2" },    { "fd00::3:7", "2" } };

static gboolean
is_member (const NetctlPrefix *peer, guint32 group, gpointer data)
{
  g_autofree char *text = netctl_prefix_address (peer);

  for (guint i = 0; i < G_N_ELEMENTS (members); i++)
    if (g_str_equal (members[i][0], text) && (guint32) (members[i][1][0] - '0') == group)
      return TRUE;
  return FALSE;
}

/* The chains of group 5, which has @rules, and the members of all groups. */
static NetctlTables *
compile (const GArray *rules)
{
  g_autoptr (NetctlModel) model = netctl_model_new ();
  NetctlTables *tables = netctl_tables_new ();
  NetctlGroup *group = record_group (1, 5);
  g_autoptr (GArray) groups = g_array_new (FALSE, FALSE, sizeof (guint32));
  guint32 own = 5;

  g_array_append_vals (group->rules, rules->data, rules->len);
  group->members_reach_each_other = FALSE;
  record_put_group (model, group);
  g_array_append_val (groups, own);
  netctl_nft_add_chain (tables, model, groups, NETCTL_INGRESS);
  netctl_nft_add_chain (tables, model, groups, NETCTL_EGRESS);
  for (guint i = 0; i < G_N_ELEMENTS (members); i++)
    {
      NetctlPrefix address;

      assert_true (netctl_prefix_parse (members[i][0], &address));
      g_array_index (groups, guint32, 0) = (guint32) (members[i][1][0] - '0');
      netctl_nft_add_member (tables, groups, &address);
    }
  return tables;
}

static guint
count_layers (const NetctlTables *tables)
{
  guint count = 0;

  for (guint i = 0; i < tables->objects->len; i++)
    {
      const NetctlTableObject *object = g_ptr_array_index (tables->objects, i);

      if (object->kind == NETCTL_TABLE_SET && strstr (object->name, "_s") != NULL)
        count++;
    }
  return count;
}

static void
assert_says_the_same (const NetctlTables *tables, const GArray *rules, const Packet *packet,
                      guint32 seed)
{
  gboolean in = evaluate_plain (rules, NETCTL_INGRESS, packet, is_member, NULL);
  gboolean out = evaluate_plain (rules, NETCTL_EGRESS, packet, is_member, NULL);

  if (g_str_equal (evaluate_chain (tables, "in_5", packet), "accept") != in
      || g_str_equal (evaluate_chain (tables, "eg_5", packet), "goto c_fwd_in") != out)
    {
      g_autofree char *text = netctl_tables_replace (tables);
      g_autofree char *from = netctl_prefix_address (&packet->source);
      g_autofree char *to = netctl_prefix_address (&packet->destination);

      fail_msg ("%s:%d to %s:%d protocol %d should be in %d out %d; NETCTL_SEED=%u\n%s", from,
                packet->source_port, to, packet->destination_port, packet->protocol, in, out, seed,
                text);
    }
}

static GArray *
random_rules (GRand *rand, guint count, guint priorities, gboolean alike)
{
  GArray *rules = g_array_new (FALSE, TRUE, sizeof (NetctlRule));

  for (guint i = 0; i < count; i++)
    {
      NetctlRule rule = random_rule (rand, priorities, alike);

      g_array_append_val (rules, rule);
    }
  return rules;
}

static void
compiled_rules_say_what_the_rules_say (void **state)
{
  static const guint sizes[] = { 3, 60, 180, 300, 600, 900, 1200 };
  Dice *dice = *state;
  guint with_layers = 0;

  for (guint round = 0; round < 60; round++)
    {
      guint size = sizes[round % G_N_ELEMENTS (sizes)];
      guint priorities = round % 3 == 2 ? 100 : 1 + round % 3;
      g_autoptr (GArray) rules = random_rules (dice->rand, size, priorities, round % 2 == 1);
      g_autoptr (NetctlTables) tables = compile (rules);

      evaluate_assert_disjoint (tables);
      with_layers += count_layers (tables) > 0;
      for (guint i = 0; i < 60; i++)
        {
          Packet packet = random_packet (dice->rand);

          assert_says_the_same (tables, rules, &packet, dice->seed);
        }
    }
  assert_in_range (with_layers, 15, 50);
}

static void
the_order_of_the_rules_does_not_matter (void **state)
{
  Dice *dice = *state;
  g_autoptr (GArray) rules = random_rules (dice->rand, 300, 3, FALSE);
  g_autoptr (NetctlTables) one = compile (rules), two = NULL;
  g_autofree char *a = NULL, *b = NULL;

  for (guint i = rules->len - 1; i > 0; i--)
    {
      guint j = (guint) pick (dice->rand, (int) i + 1);
      NetctlRule rule = g_array_index (rules, NetctlRule, i);

      g_array_index (rules, NetctlRule, i) = g_array_index (rules, NetctlRule, j);
      g_array_index (rules, NetctlRule, j) = rule;
    }
  two = compile (rules);
  a = netctl_tables_replace (one);
  b = netctl_tables_replace (two);
  assert_string_equal (a, b);
}

/* A thousand rules as people have them: a service of a host each. */
static GArray *
a_thousand_services (void)
{
  GArray *rules = g_array_new (FALSE, TRUE, sizeof (NetctlRule));

  for (guint i = 0; i < 1000; i++)
    {
      NetctlRule rule = { .accept = TRUE,
                          .priority = 1 + i % 3,
                          .protocol = IPPROTO_TCP,
                          .port_min = 1000 + (int) (i % 7),
                          .port_max = 1000 + (int) (i % 7),
                          .source_port_min = -1,
                          .source_port_max = -1 };

      rule.peer = (NetctlPrefix){ .family = G_SOCKET_FAMILY_IPV4,
                                  .bytes = { 10, (guint8) (i / 250), (guint8) (i % 250), 0 },
                                  .length = 24 };
      g_array_append_val (rules, rule);
    }
  return rules;
}

static void
one_rule_more_is_one_element_more (void **state)
{
  g_autoptr (GArray) rules = a_thousand_services ();
  g_autoptr (NetctlTables) before = compile (rules), after = NULL, without = NULL;
  g_autofree char *change = NULL, *back = NULL;
  NetctlRule rule = g_array_index (rules, NetctlRule, 500);

  rule.peer.bytes[0] = 11;
  g_array_append_val (rules, rule);
  after = compile (rules);
  change = netctl_tables_change (before, after);
  assert_string_equal (change, "add element inet ecs in_5_sa0_4ptd_0 { 11.2.0.0/24 . 6 . 1003 }\n");
  g_array_remove_index (rules, 1000);
  without = compile (rules);
  back = netctl_tables_change (after, without);
  assert_string_equal (back,
                       "delete element inet ecs in_5_sa0_4ptd_0 { 11.2.0.0/24 . 6 . 1003 }\n");
}

static void
a_wide_rule_moves_no_narrow_one (void **state)
{
  g_autoptr (GArray) rules = a_thousand_services ();
  g_autoptr (NetctlTables) before = compile (rules), after = NULL;
  g_autofree char *change = NULL;
  NetctlRule rule = g_array_index (rules, NetctlRule, 0);

  rule.peer.length = 8;
  g_array_append_val (rules, rule);
  after = compile (rules);
  change = netctl_tables_change (before, after);
  assert_null (strstr (change, "element"));
  assert_non_null (strstr (change, "ip saddr 10.0.0.0/8 tcp dport 1000 accept"));
}

/* Elements that a change adds or takes away. */
static guint
moved (const NetctlTables *from, const NetctlTables *to)
{
  g_autofree char *change = netctl_tables_change (from, to);
  g_auto (GStrv) lines = g_strsplit (change, "\n", -1);
  guint count = 0;

  for (guint i = 0; lines[i] != NULL; i++)
    if (strstr (lines[i], "element ") != NULL)
      {
        g_auto (GStrv) elements = g_strsplit (lines[i], ",", -1);

        count += g_strv_length (elements);
      }
  return count;
}

static void
among_rules_that_overlap_one_more_moves_few (void **state)
{
  Dice *dice = *state;
  g_autoptr (GArray) rules = random_rules (dice->rand, 1000, 1, FALSE);
  guint sum = 0;

  for (guint i = 0; i < 20; i++)
    {
      g_autoptr (NetctlTables) before = compile (rules), after = NULL;
      NetctlRule rule = random_rule (dice->rand, 1, FALSE);

      g_array_append_val (rules, rule);
      after = compile (rules);
      sum += moved (before, after);
    }
  print_message ("# %u elements moved for 20 rules\n", sum);
  assert_in_range (sum, 0, 20 * 20);
}

static void
more_drops_split_only_the_accepts_around_them (void **state)
{
  g_autoptr (GArray) rules = a_thousand_services ();
  g_autoptr (NetctlTables) before = compile (rules), after = NULL;
  NetctlRule rule = g_array_index (rules, NetctlRule, 0);
  g_autofree char *change = NULL;

  rule.accept = FALSE;
  rule.port_min = 999;
  g_array_append_val (rules, rule);
  after = compile (rules);
  change = netctl_tables_change (before, after);
  /* It is the first of all: the accepts behind it stay as they are. */
  assert_null (strstr (change, "element"));
  assert_non_null (strstr (change, "ip saddr 10.0.0.0/24 tcp dport 999-1000 drop"));
}

static void
a_range_more_in_a_set_of_drops_narrows (void **state)
{
  g_autoptr (GArray) rules = a_thousand_services ();
  g_autoptr (NetctlTables) before = NULL, after = NULL;
  NetctlRule rule;

  for (guint i = 0; i < rules->len; i++)
    g_array_index (rules, NetctlRule, i).accept = FALSE;
  rule = g_array_index (rules, NetctlRule, 500);
  rule.peer.bytes[0] = 11;
  before = compile (rules);
  g_array_append_val (rules, rule);
  after = compile (rules);
  assert_true (netctl_tables_narrow (before, after));
  assert_true (netctl_tables_narrow (after, before));
  assert_false (netctl_tables_narrow (before, before));
}

/* Each rule of a list of ranges is one a range. */
static void
many_lists_of_ranges_are_as_deep_as_their_ranges (void **state)
{
  g_autoptr (GArray) rules = g_array_new (FALSE, TRUE, sizeof (NetctlRule));
  g_autoptr (NetctlTables) tables = NULL;

  for (guint list = 0; list < 100; list++)
    for (guint i = 0; i < 200; i++)
      {
        NetctlRule rule = { .accept = TRUE,
                            .priority = 1,
                            .protocol = IPPROTO_TCP,
                            .port_min = 100 + (int) list,
                            .port_max = 100 + (int) list,
                            .source_port_min = -1,
                            .source_port_max = -1 };

        rule.peer = (NetctlPrefix){ .family = G_SOCKET_FAMILY_IPV4,
                                    .bytes = { 10, 0, (guint8) i, 0 },
                                    .length = i == 199 ? 8 : 24 };
        g_array_append_val (rules, rule);
      }
  tables = compile (rules);
  assert_int_equal (count_layers (tables), 2);
}

int
main (void)
{
  const struct CMUnitTest tests[] = {
    cmocka_unit_test_setup_teardown (compiled_rules_say_what_the_rules_say, set_up, tear_down),
    cmocka_unit_test_setup_teardown (the_order_of_the_rules_does_not_matter, set_up, tear_down),
    cmocka_unit_test (one_rule_more_is_one_element_more),
    cmocka_unit_test (a_wide_rule_moves_no_narrow_one),
    cmocka_unit_test_setup_teardown (among_rules_that_overlap_one_more_moves_few, set_up,
                                     tear_down),
    cmocka_unit_test (more_drops_split_only_the_accepts_around_them),
    cmocka_unit_test (a_range_more_in_a_set_of_drops_narrows),
    cmocka_unit_test (many_lists_of_ranges_are_as_deep_as_their_ranges),
  };

  return cmocka_run_group_tests (tests, NULL, NULL);
}
