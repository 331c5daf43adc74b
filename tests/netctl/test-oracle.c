/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Random rules against real packets: for each set of rules, packets of all kinds and both families
 * are sent, and the kernel must let through exactly those that a plain reading of the rules allows.
 * NETCTL_SEED repeats a run, NETCTL_ROUNDS makes it longer. */
#include <linux/if_ether.h>
#include <netinet/in.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "evaluate.h"
#include "frames.h"
#include "netctl-flow.h"
#include "netctl-nft.h"
#include "netctl-ns.h"
#include "netctl-plan.h"
#include "world.h"

#define ROUNDS 400
#define ROUNDS_OF_CALLS 60
#define PACKETS 120
#define GUESTS 5
#define GROUPS 4
#define PROBES_GROUP 9
#define RANGE6 "fd00:1::/64"

/* The last two are for probes, which always pass. */
static const struct
{
  const char *addresses[4]; /* IPv4 first */
  guint32 groups[3];
} guests[GUESTS + 2] = {
  { { "10.0.0.11", "10.0.0.13", "fd00:1::b", "fd00:1::8000:d" }, { 1 } },
  { { "10.0.0.12", "fd00:1::c" }, { 1, 2 } },
  { { "10.0.0.77", "fd00:1::4d" }, { 2 } },
  { { "10.0.0.140", "fd00:1::8000:8c" }, { 3 } },
  { { "10.0.0.141", "fd00:1::8000:8d" }, { 4, 3, 1 } },
  { { "10.0.0.201" }, { PROBES_GROUP } },
  { { "10.0.0.202" }, { PROBES_GROUP } },
};

/* A packet and what it should come to. */
typedef struct
{
  guint from, to;
  const char *source, *destination;
  Packet packet;
  gboolean expected;
  gboolean has_flow; /* it passed, and no rules since then refused it */
  guint mark;
} Shot;

typedef struct
{
  World *world;
  GRand *rand;
  guint32 seed;
  NetctlFilter *filter; /* of the VPC's namespace */
  int sockets[GUESTS + 2];
  guint sent, passed, passed_ipv6, rule_sets, large, flows;
  Shot shots[PACKETS];  /* the last round's */
  NetctlTables *tables; /* what the namespace holds, as far as the oracle changed it itself */
} Fuzz;

static int
pick (Fuzz *fuzz, int below)
{
  return g_rand_int_range (fuzz->rand, 0, below);
}

static guint
rounds (guint otherwise)
{
  const char *text = g_getenv ("NETCTL_ROUNDS");

  return text != NULL ? (guint) g_ascii_strtoull (text, NULL, 10) : otherwise;
}

/* Set up */

static void
attach (Fuzz *fuzz, const Guest *guest)
{
  g_autoptr (GError) error = NULL;

  if (!fuzz->world->net->class->port_attach (fuzz->world->net, guest->port, &error))
    fail_msg ("%s", error->message);
}

static void
add_guest (Fuzz *fuzz, guint i)
{
  Guest *guest = world_guest (fuzz->world, 1, i + 1, guests[i].addresses[0], guests[i].groups[0]);

  for (guint j = 1; j < G_N_ELEMENTS (guests[i].addresses) && guests[i].addresses[j] != NULL; j++)
    {
      NetctlPrefix address;

      assert_true (netctl_prefix_parse (guests[i].addresses[j], &address));
      g_array_append_val (guest->port->addresses, address);
    }
  for (guint j = 1; j < G_N_ELEMENTS (guests[i].groups) && guests[i].groups[j] != 0; j++)
    g_array_append_val (guest->port->groups, guests[i].groups[j]);
  attach (fuzz, guest);
  /* Answers of the guest's own would be noise. */
  g_free (world_run ("ip -n %s addr flush dev eth0", guest->ns));
  fuzz->sockets[i] = world_packet (guest->ns, "eth0", ETH_P_ALL);
}

static void
add_vpc (Fuzz *fuzz)
{
  NetctlVpc *vpc = world_vpc (fuzz->world, 1, "10.0.0.0/24", FALSE);
  NetctlSubnet subnet = { 0 };
  g_autoptr (GError) error = NULL;

  assert_true (netctl_prefix_parse (RANGE6, &subnet.range));
  g_array_append_val (vpc->subnets, subnet);
  if (!fuzz->world->net->class->vpc_apply (fuzz->world->net, vpc, &error))
    fail_msg ("%s", error->message);
}

/* On one processor packets are handled in the order in which they were sent. */
static void
stay_on_one_processor (void)
{
  cpu_set_t processors;

  CPU_ZERO (&processors);
  CPU_SET (sched_getcpu (), &processors);
  assert_int_equal (sched_setaffinity (0, sizeof processors, &processors), 0);
}

static int
set_up (void **state)
{
  const char *seed = g_getenv ("NETCTL_SEED");
  Fuzz *fuzz = g_new0 (Fuzz, 1);
  int fd;

  fuzz->seed = seed != NULL ? (guint32) g_ascii_strtoull (seed, NULL, 10) : g_random_int ();
  fuzz->rand = g_rand_new_with_seed (fuzz->seed);
  print_message ("# NETCTL_SEED=%u\n", fuzz->seed);
  fuzz->world = world_new ();
  add_vpc (fuzz);
  for (guint32 group = 1; group <= GROUPS; group++)
    world_group (fuzz->world, 1, group);
  world_group (fuzz->world, 1, PROBES_GROUP);
  for (guint i = 0; i < G_N_ELEMENTS (guests); i++)
    add_guest (fuzz, i);
  fd = netctl_ns_open ("ecs-v000001", FALSE, NULL);
  assert_true (fd >= 0);
  fuzz->filter = netctl_filter_open (fd, NULL);
  assert_non_null (fuzz->filter);
  close (fd);
  stay_on_one_processor ();
  *state = fuzz;
  return 0;
}

static int
tear_down (void **state)
{
  Fuzz *fuzz = *state;

  /* A run that never lets anything through proves nothing. */
  assert_true (fuzz->sent < 1000 || (fuzz->passed_ipv6 > 0 && fuzz->passed > fuzz->passed_ipv6));
  print_message ("# %u rule sets, %u of them large; %u packets, %u let through, %u of them IPv6; "
                 "%u flows survived\n",
                 fuzz->rule_sets, fuzz->large, fuzz->sent, fuzz->passed, fuzz->passed_ipv6,
                 fuzz->flows);
  for (guint i = 0; i < G_N_ELEMENTS (guests); i++)
    close (fuzz->sockets[i]);
  netctl_filter_close (fuzz->filter);
  netctl_tables_free (fuzz->tables);
  world_free (fuzz->world);
  g_rand_free (fuzz->rand);
  g_free (fuzz);
  return 0;
}

/* Random rules */

static NetctlPrefix
random_range (Fuzz *fuzz, GSocketFamily family)
{
  static const char *const of_ipv4[]
      = { "0.0.0.0/0",    "10.0.0.0/25",   "10.0.0.128/25", "10.0.0.0/8",
          "10.0.0.12/30", "10.0.0.11",     "10.0.0.13",     "10.0.0.12",
          "10.0.0.77",    "10.0.0.140/31", "10.9.0.0/16",   "192.0.2.0/24" };
  static const char *const of_ipv6[]
      = { "::/0",       "fd00:1::/97",   "fd00:1::8000:0/97",  "fd00::/16",
          "fd00:1::b",  "fd00:1::8/125", "fd00:1::8000:d",     "fd00:1::c",
          "fd00:1::4d", "2001:db8::/32", "fd00:1::8000:8c/127" };
  NetctlPrefix range;

  assert_true (netctl_prefix_parse (family == G_SOCKET_FAMILY_IPV4
                                        ? of_ipv4[pick (fuzz, G_N_ELEMENTS (of_ipv4))]
                                        : of_ipv6[pick (fuzz, G_N_ELEMENTS (of_ipv6))],
                                    &range));
  /* One among many hosts, so that there can be hundreds of rules. */
  if (range.length > 0 && pick (fuzz, 2) == 0)
    {
      range.bytes[family == G_SOCKET_FAMILY_IPV4 ? 3 : 15] ^= (guint8) pick (fuzz, 200);
      range.length = family == G_SOCKET_FAMILY_IPV4 ? 32 : 128;
    }
  return range;
}

static void
random_ports (Fuzz *fuzz, int from, int *min, int *max)
{
  int a = from + pick (fuzz, 24), b = from + pick (fuzz, 24);

  *min = MIN (a, b);
  *max = pick (fuzz, 2) == 0 ? *min : MAX (a, b);
  if (pick (fuzz, 10) == 0)
    *max = 65535;
  if (pick (fuzz, 10) == 0)
    *min = 0;
}

/* What all rules of a set have in common, so that some sets are alike enough for layers. */
typedef struct
{
  int only_protocol; /* -2 for any */
  gboolean has_near, has_source_ports, has_groups;
  int priorities, accepts; /* of ten */
} Style;

static NetctlRule
random_rule (Fuzz *fuzz, const Style *style)
{
  static const int protocols[]
      = { -1, IPPROTO_TCP, IPPROTO_TCP, IPPROTO_UDP, IPPROTO_ICMP, IPPROTO_ICMPV6, IPPROTO_GRE };
  GSocketFamily family = pick (fuzz, 2) == 0 ? G_SOCKET_FAMILY_IPV4 : G_SOCKET_FAMILY_IPV6;
  NetctlRule rule = { .direction = pick (fuzz, 2) == 0 ? NETCTL_INGRESS : NETCTL_EGRESS,
                      .accept = pick (fuzz, 10) < style->accepts,
                      .priority = 1 + (guint) pick (fuzz, style->priorities),
                      .protocol = style->only_protocol,
                      .port_min = -1,
                      .port_max = -1,
                      .source_port_min = -1,
                      .source_port_max = -1 };

  if (style->only_protocol == -2)
    rule.protocol = protocols[pick (fuzz, G_N_ELEMENTS (protocols))];
  if (rule.protocol == IPPROTO_ICMP)
    family = G_SOCKET_FAMILY_IPV4;
  if (rule.protocol == IPPROTO_ICMPV6)
    family = G_SOCKET_FAMILY_IPV6;
  rule.peer_is_group = style->has_groups && pick (fuzz, 3) == 0;
  if (rule.peer_is_group)
    rule.peer_group = 1 + (guint32) pick (fuzz, GROUPS + 1);
  else
    rule.peer = random_range (fuzz, family);
  rule.has_near = style->has_near && pick (fuzz, 2) == 0;
  if (rule.has_near)
    rule.near = random_range (fuzz, family);
  if ((rule.protocol == IPPROTO_TCP || rule.protocol == IPPROTO_UDP) && pick (fuzz, 6) != 0)
    random_ports (fuzz, 100, &rule.port_min, &rule.port_max);
  if ((rule.protocol == IPPROTO_TCP || rule.protocol == IPPROTO_UDP) && style->has_source_ports)
    random_ports (fuzz, 1000, &rule.source_port_min, &rule.source_port_max);
  return rule;
}

static void
make_rules (Fuzz *fuzz, NetctlGroup *group)
{
  static const int protocols[] = { -2, -2, -2, -1, IPPROTO_TCP, IPPROTO_UDP };
  static const int priorities[] = { 1, 1, 2, 5, 100 };
  Style style = { .only_protocol = protocols[pick (fuzz, G_N_ELEMENTS (protocols))],
                  .has_near = pick (fuzz, 3) == 0,
                  .has_source_ports = pick (fuzz, 3) == 0,
                  .has_groups = pick (fuzz, 3) != 0,
                  .priorities = priorities[pick (fuzz, G_N_ELEMENTS (priorities))],
                  .accepts = 3 + pick (fuzz, 7) };
  gboolean is_large = pick (fuzz, 6) == 0;
  int count = is_large ? 150 + pick (fuzz, 250) : pick (fuzz, 12);

  /* Not always anew: changes from one set to a similar one are what life consists of. */
  if (pick (fuzz, 3) == 0)
    count = MIN (count, 3);
  else
    {
      g_array_set_size (group->rules, 0);
      group->members_reach_each_other = pick (fuzz, 4) == 0;
    }
  for (int i = 0; i < count; i++)
    {
      NetctlRule rule = random_rule (fuzz, &style);

      g_array_append_val (group->rules, rule);
    }
  if (group->rules->len > 3 && pick (fuzz, 3) == 0)
    g_array_remove_range (group->rules, (guint) pick (fuzz, (int) group->rules->len - 3), 3);
  fuzz->rule_sets++;
  fuzz->large += group->rules->len > 100;
}

/* Now and then a guest joins and leaves; naming a group twice changes nothing. TRUE if one has. */
static gboolean
move_guest (Fuzz *fuzz, guint guest)
{
  GArray *groups = ((Guest *) g_ptr_array_index (fuzz->world->guests, guest))->port->groups;
  guint count = 1 + (guint) pick (fuzz, 3);

  if (pick (fuzz, 8) != 0)
    return FALSE;
  g_array_set_size (groups, 0);
  for (guint i = 0; i < count; i++)
    {
      guint32 group = 1 + (guint32) pick (fuzz, GROUPS);

      g_array_append_val (groups, group);
    }
  return TRUE;
}

/* The plain reading, written without the code under test. */

static gboolean
is_guest_in (const World *world, guint guest, guint32 group)
{
  const GArray *groups = ((const Guest *) g_ptr_array_index (world->guests, guest))->port->groups;

  for (guint i = 0; i < groups->len; i++)
    if (g_array_index (groups, guint32, i) == group)
      return TRUE;
  return FALSE;
}

typedef struct
{
  const World *world;
  guint guest;
} Peer;

static gboolean
is_member (const NetctlPrefix *peer, guint32 group, gpointer data)
{
  const Peer *other = data;

  return is_guest_in (other->world, other->guest, group);
}

static gboolean
side_allows (const World *world, NetctlDirection direction, guint own, guint peer,
             const Packet *packet)
{
  g_autoptr (GArray) rules = g_array_new (FALSE, FALSE, sizeof (NetctlRule));
  Peer other = { world, peer };

  for (guint i = 0; i < world->plan->groups->len; i++)
    {
      const NetctlGroup *group = g_ptr_array_index (world->plan->groups, i);

      if (!is_guest_in (world, own, group->index))
        continue;
      if (group->members_reach_each_other && is_guest_in (world, peer, group->index))
        return TRUE;
      g_array_append_vals (rules, group->rules->data, group->rules->len);
    }
  return evaluate_plain (rules, direction, packet, is_member, &other);
}

static gboolean
is_allowed (const World *world, const Shot *shot)
{
  return side_allows (world, NETCTL_EGRESS, shot->from, shot->to, &shot->packet)
         && side_allows (world, NETCTL_INGRESS, shot->to, shot->from, &shot->packet);
}

/* Packets */

static const char *
random_address (Fuzz *fuzz, guint guest, gboolean is_ipv4)
{
  for (;;)
    {
      const char *text = guests[guest].addresses[pick (fuzz, 4)];

      if (text != NULL && (strchr (text, '.') != NULL) == is_ipv4)
        return text;
    }
}

static Shot
random_shot (Fuzz *fuzz)
{
  static const int protocols[] = { IPPROTO_TCP, IPPROTO_TCP, IPPROTO_UDP, IPPROTO_UDP, -1, -1 };
  gboolean is_ipv4 = pick (fuzz, 2) == 0;
  Shot shot = { .from = (guint) pick (fuzz, GUESTS) };
  int kind = protocols[pick (fuzz, G_N_ELEMENTS (protocols))];

  shot.to = (shot.from + 1 + (guint) pick (fuzz, GUESTS - 1)) % GUESTS;
  /* What has no ports must not look like an answer to what came the other way. */
  if (kind == -1 && shot.from < shot.to)
    kind = pick (fuzz, 2) == 0 ? IPPROTO_GRE : 99;
  if (kind == -1)
    kind = is_ipv4 ? IPPROTO_ICMP : IPPROTO_ICMPV6;
  shot.source = random_address (fuzz, shot.from, is_ipv4);
  shot.destination = random_address (fuzz, shot.to, is_ipv4);
  assert_true (netctl_prefix_parse (shot.source, &shot.packet.source));
  assert_true (netctl_prefix_parse (shot.destination, &shot.packet.destination));
  shot.packet.protocol = kind;
  shot.packet.source_port = shot.packet.destination_port = -1;
  if (kind == IPPROTO_TCP || kind == IPPROTO_UDP)
    {
      shot.packet.source_port = 1000 + pick (fuzz, 26);
      shot.packet.destination_port = 100 + pick (fuzz, 26);
    }
  return shot;
}

static void
send_shot (Fuzz *fuzz, Shot *shot)
{
  Guest *guest = g_ptr_array_index (fuzz->world->guests, shot->from);
  g_autofree char *mark = g_strdup_printf ("<mark %u>", fuzz->sent);
  FramePacket packet = { .to_mac = frame_gateway_mac,
                         .from_mac = guest->port->mac,
                         .from = shot->source,
                         .to = shot->destination,
                         .protocol = (guint8) shot->packet.protocol,
                         .from_port = (guint16) MAX (shot->packet.source_port, 1),
                         .to_port = (guint16) MAX (shot->packet.destination_port, 0),
                         .payload = mark };
  Frame frame = frame_packet (&packet);

  shot->mark = fuzz->sent++;
  frame_send (fuzz->sockets[shot->from], &frame);
}

/* The marks of all frames that have arrived at @guest, until @last has or the time is up. */
static void
listen_at (Fuzz *fuzz, guint guest, GHashTable *heard, gint64 last)
{
  guint timeout = last >= 0 ? 10000 : 0;
  gboolean is_done = FALSE;
  Frame frame;

  while (!is_done && frame_receive (fuzz->sockets[guest], &frame, timeout))
    {
      const char *at = memmem (frame.bytes, frame.length, "<mark ", 6);
      guint64 mark;

      if (at == NULL)
        continue;
      mark = g_ascii_strtoull (at + 6, NULL, 10);
      is_done = (gint64) mark == last;
      g_hash_table_insert (heard, GUINT_TO_POINTER ((guint) mark + 1),
                           GUINT_TO_POINTER (guest + 1));
    }
  assert_true (is_done || last < 0);
}

/* Who has got which mark: mark + 1 -> guest + 1. A probe that always passes is the last of the
 * queue: when it has arrived, everything has. */
static GHashTable *
listen_to_all (Fuzz *fuzz)
{
  GHashTable *heard = g_hash_table_new (NULL, NULL);
  Shot probe = { .from = GUESTS,
                 .source = guests[GUESTS].addresses[0],
                 .destination = guests[GUESTS + 1].addresses[0],
                 .packet = { .protocol = IPPROTO_UDP, .source_port = 1, .destination_port = 1 } };

  send_shot (fuzz, &probe);
  listen_at (fuzz, GUESTS + 1, heard, probe.mark);
  for (guint i = 0; i < GUESTS; i++)
    listen_at (fuzz, i, heard, -1);
  return heard;
}

static gboolean
end_flow (const NetctlFlow *flow, gpointer data)
{
  return FALSE;
}

static void
assert_verdict (Fuzz *fuzz, const Shot *shot, gboolean arrived, const char *who)
{
  if (arrived == shot->expected)
    return;
  fail_msg ("%s: %s:%d to %s:%d of protocol %d %s; NETCTL_SEED=%u shows it again", who,
            shot->source, shot->packet.source_port, shot->destination,
            shot->packet.destination_port, shot->packet.protocol,
            arrived ? "let through" : "dropped", fuzz->seed);
}

static void
try_packets (Fuzz *fuzz)
{
  g_autoptr (NetctlModel) model = netctl_model_from_plan (fuzz->world->plan, 1, NULL);
  g_autoptr (NetctlJudge) judge = netctl_judge_new (model);
  g_autoptr (GHashTable) heard = NULL;
  Shot *shots = fuzz->shots;

  assert_true (netctl_flow_sweep (fuzz->filter, end_flow, NULL, NULL));
  for (guint i = 0; i < PACKETS; i++)
    {
      Shot *shot = &shots[i];
      NetctlFlow flow = { 0 };

      *shot = random_shot (fuzz);
      shot->expected = is_allowed (fuzz->world, shot);
      flow.source = shot->packet.source;
      flow.destination = shot->packet.destination;
      flow.protocol = (guint8) shot->packet.protocol;
      flow.source_port = (guint16) MAX (shot->packet.source_port, 0);
      flow.destination_port = (guint16) MAX (shot->packet.destination_port, 0);
      assert_verdict (fuzz, shot, netctl_judge_allows (judge, &flow), "judge");
      send_shot (fuzz, shot);
    }
  heard = listen_to_all (fuzz);
  for (guint i = 0; i < PACKETS; i++)
    {
      guint got
          = GPOINTER_TO_UINT (g_hash_table_lookup (heard, GUINT_TO_POINTER (shots[i].mark + 1)));

      assert_true (got == 0 || got == shots[i].to + 1);
      assert_verdict (fuzz, &shots[i], got != 0, "kernel");
      fuzz->passed += got != 0;
      fuzz->passed_ipv6 += got != 0 && shots[i].packet.source.family == G_SOCKET_FAMILY_IPV6;
      shots[i].has_flow = got != 0;
    }
}

/* Flows */

static char *
flow_name (const NetctlPrefix *source, int source_port, const NetctlPrefix *destination,
           int destination_port, int protocol)
{
  g_autofree char *from = netctl_prefix_address (source), *to = netctl_prefix_address (destination);

  return g_strdup_printf ("%d %s:%d > %s:%d", protocol, from, MAX (source_port, 0), to,
                          MAX (destination_port, 0));
}

static gboolean
note_flow (const NetctlFlow *flow, gpointer data)
{
  g_hash_table_add (data, flow_name (&flow->source, flow->source_port, &flow->destination,
                                     flow->destination_port, flow->protocol));
  return TRUE;
}

/* After each change: which of the last round's flows it should have ended. */
static void
judge_flows (Fuzz *fuzz)
{
  for (guint i = 0; i < PACKETS; i++)
    {
      Shot *shot = &fuzz->shots[i];

      shot->has_flow = shot->has_flow && is_allowed (fuzz->world, shot);
    }
}

/* Those have ended, and no others. */
static void
assert_flows (Fuzz *fuzz)
{
  g_autoptr (GHashTable) live = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);

  assert_true (netctl_flow_sweep (fuzz->filter, note_flow, live, NULL));
  for (guint i = 0; i < PACKETS && fuzz->shots[i].source != NULL; i++)
    {
      const Shot *shot = &fuzz->shots[i];
      g_autofree char *name
          = flow_name (&shot->packet.source, shot->packet.source_port, &shot->packet.destination,
                       shot->packet.destination_port, shot->packet.protocol);

      if (g_hash_table_contains (live, name) != shot->has_flow)
        fail_msg ("flow %s %s; NETCTL_SEED=%u shows it again", name,
                  shot->has_flow ? "ended" : "goes on", fuzz->seed);
      fuzz->flows += shot->has_flow;
    }
}

/* Changes */

/* Each change must be one that the kernel takes as it is: a whole replacement would hide that. */
static void
change_rules (Fuzz *fuzz)
{
  g_autoptr (NetctlModel) model = netctl_model_from_plan (fuzz->world->plan, 1, NULL);
  g_autoptr (NetctlTables) tables = netctl_nft_vpc (model);
  g_autofree char *change = NULL;
  g_autoptr (GError) error = NULL;

  evaluate_assert_disjoint (tables);
  change = fuzz->tables == NULL ? netctl_tables_replace (tables)
                                : netctl_tables_change (fuzz->tables, tables);
  assert_non_null (change);
  if (!netctl_filter_run (fuzz->filter, change, &error))
    fail_msg ("%s; NETCTL_SEED=%u shows it again\n%s", error->message, fuzz->seed, change);
  netctl_tables_free (fuzz->tables);
  fuzz->tables = g_steal_pointer (&tables);
}

static void
the_kernel_does_what_the_rules_say (void **state)
{
  Fuzz *fuzz = *state;

  for (guint round = 0; round < rounds (ROUNDS); round++)
    {
      for (guint i = 0; i < GROUPS; i++)
        make_rules (fuzz, g_ptr_array_index (fuzz->world->plan->groups, i));
      for (guint i = 0; i < GUESTS; i++)
        move_guest (fuzz, i);
      change_rules (fuzz);
      try_packets (fuzz);
    }
}

static void
the_calls_do_what_the_rules_say_and_end_what_they_refuse (void **state)
{
  Fuzz *fuzz = *state;

  for (guint round = 0; round < rounds (ROUNDS_OF_CALLS); round++)
    {
      for (guint i = 0; i < GROUPS; i++)
        {
          NetctlGroup *group = g_ptr_array_index (fuzz->world->plan->groups, i);

          make_rules (fuzz, group);
          world_apply_group (fuzz->world, group);
          judge_flows (fuzz);
        }
      for (guint i = 0; i < GUESTS; i++)
        if (move_guest (fuzz, i))
          {
            attach (fuzz, g_ptr_array_index (fuzz->world->guests, i));
            judge_flows (fuzz);
          }
      assert_flows (fuzz);
      try_packets (fuzz);
    }
}

int
main (void)
{
  const struct CMUnitTest tests[] = {
    cmocka_unit_test_setup_teardown (the_kernel_does_what_the_rules_say, set_up, tear_down),
    cmocka_unit_test_setup_teardown (the_calls_do_what_the_rules_say_and_end_what_they_refuse,
                                     set_up, tear_down),
  };

  world_need_private_host ();
  return cmocka_run_group_tests (tests, NULL, NULL);
}
