/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Random rules against real packets: for each set of rules, packets of all kinds are sent and the
 * kernel must let through exactly those that a plain reading of the rules allows. */
#include <arpa/inet.h>
#include <linux/if_ether.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "frames.h"
#include "netctl-judge.h"
#include "world.h"

#define ROUNDS 25
#define PACKETS 24
#define GUESTS 4

static const char *const addresses[GUESTS]
    = { "10.0.0.11", "10.0.0.12", "10.0.0.77", "10.0.0.140" };
/* Groups of the guests: 1; 1 and 2; 2; 3. */
static const guint32 memberships[GUESTS][2] = { { 1, 1 }, { 1, 2 }, { 2, 2 }, { 3, 3 } };
static const int protocols[] = { IPPROTO_TCP, IPPROTO_UDP, IPPROTO_ICMP, IPPROTO_GRE };
static const int ports[] = { 22, 80, 443, 5000 };

typedef struct
{
  World *world;
  GRand *rand;
  guint32 seed;
  int sockets[GUESTS];
  guint sent;
} Fuzz;

static int
pick (Fuzz *fuzz, int below)
{
  return g_rand_int_range (fuzz->rand, 0, below);
}

static int
set_up (void **state)
{
  const char *seed = g_getenv ("NETCTL_SEED");
  Fuzz *fuzz = g_new0 (Fuzz, 1);

  fuzz->world = world_new ();
  fuzz->seed = seed != NULL ? (guint32) g_ascii_strtoull (seed, NULL, 10) : g_random_int ();
  fuzz->rand = g_rand_new_with_seed (fuzz->seed);
  world_vpc (fuzz->world, 1, "10.0.0.0/24", FALSE);
  for (guint32 group = 1; group <= 3; group++)
    world_group (fuzz->world, 1, group);
  for (guint i = 0; i < GUESTS; i++)
    {
      Guest *guest = world_guest (fuzz->world, 1, i + 1, addresses[i], memberships[i][0]);

      if (memberships[i][1] != memberships[i][0])
        g_array_append_val (guest->port->groups, memberships[i][1]);
      assert_true (fuzz->world->net->class->port_attach (fuzz->world->net, guest->port, NULL));
      fuzz->sockets[i] = world_packet (guest->ns, "eth0", ETH_P_ALL);
    }
  *state = fuzz;
  return 0;
}

static int
tear_down (void **state)
{
  Fuzz *fuzz = *state;

  for (guint i = 0; i < GUESTS; i++)
    close (fuzz->sockets[i]);
  world_free (fuzz->world);
  g_rand_free (fuzz->rand);
  g_free (fuzz);
  return 0;
}

static void
add_random_rule (Fuzz *fuzz, NetctlGroup *group)
{
  static const char *const peers[]
      = { "0.0.0.0/0",    "10.0.0.0/25", "10.0.0.128/25", "10.0.0.11", "10.0.0.13/30", "10.9.9.9/8",
          "192.0.2.0/24", "::/0",        "group 1",       "group 2",   "group 3",      "group 9" };
  int kind = pick (fuzz, G_N_ELEMENTS (protocols) + 1);
  int protocol = kind == G_N_ELEMENTS (protocols) ? -1 : protocols[kind];
  gboolean has_ports = protocol == IPPROTO_TCP || protocol == IPPROTO_UDP;
  int first = ports[pick (fuzz, G_N_ELEMENTS (ports))];
  int last = ports[pick (fuzz, G_N_ELEMENTS (ports))];
  const char *peer = peers[pick (fuzz, G_N_ELEMENTS (peers))];
  NetctlRule *rule;

  if (protocol == IPPROTO_ICMP && g_str_equal (peer, "::/0"))
    protocol = IPPROTO_ICMPV6;
  if (!has_ports || pick (fuzz, 4) == 0)
    first = last = -1;
  if (has_ports && pick (fuzz, 8) == 0)
    {
      first = pick (fuzz, 2);
      last = 65535;
    }
  world_rule (group, pick (fuzz, 2) == 0 ? NETCTL_INGRESS : NETCTL_EGRESS, pick (fuzz, 2) == 0,
              (guint) pick (fuzz, 4) + 1, protocol, MIN (first, last), MAX (first, last), peer);
  rule = &g_array_index (group->rules, NetctlRule, group->rules->len - 1);
  if (has_ports && pick (fuzz, 3) == 0)
    {
      rule->source_port_min = 40000;
      rule->source_port_max = 40000 + pick (fuzz, 1000);
    }
}

/* The plain reading, written without the code under test: of all rules that match, those with the
 * lowest number, and of those a drop. */
static gboolean
in_group (guint guest, guint32 group)
{
  return memberships[guest][0] == group || memberships[guest][1] == group;
}

static gboolean
peer_matches (const NetctlRule *rule, guint peer)
{
  struct in_addr address, range;
  guint32 mask = rule->peer.length == 0 ? 0 : 0xffffffffu << (32 - rule->peer.length);

  if (rule->peer_is_group)
    return in_group (peer, rule->peer_group);
  if (rule->peer.family != G_SOCKET_FAMILY_IPV4)
    return FALSE;
  assert_int_equal (inet_pton (AF_INET, addresses[peer], &address), 1);
  memcpy (&range, rule->peer.bytes, sizeof range);
  return ((ntohl (address.s_addr) ^ ntohl (range.s_addr)) & mask) == 0;
}

static gboolean
side_allows (const World *world, NetctlDirection direction, guint own, guint peer,
             const FramePacket *packet)
{
  guint best = G_MAXUINT;
  gboolean accepts = direction == NETCTL_EGRESS;

  for (guint i = 0; i < world->plan->groups->len; i++)
    {
      const NetctlGroup *group = g_ptr_array_index (world->plan->groups, i);

      if (in_group (own, group->index) && in_group (peer, group->index)
          && group->members_reach_each_other)
        return TRUE;
    }
  for (guint i = 0; i < world->plan->groups->len; i++)
    {
      const NetctlGroup *group = g_ptr_array_index (world->plan->groups, i);

      for (guint j = 0; in_group (own, group->index) && j < group->rules->len; j++)
        {
          const NetctlRule *rule = &g_array_index (group->rules, NetctlRule, j);

          if (rule->direction != direction || !peer_matches (rule, peer)
              || (rule->protocol != -1 && rule->protocol != packet->protocol)
              || (rule->port_min != -1
                  && (packet->to_port < rule->port_min || packet->to_port > rule->port_max))
              || (rule->source_port_min != -1
                  && (packet->from_port < rule->source_port_min
                      || packet->from_port > rule->source_port_max)))
            continue;
          if (rule->priority < best || (rule->priority == best && !rule->accept))
            {
              best = rule->priority;
              accepts = rule->accept;
            }
        }
    }
  return accepts;
}

/* Sends a packet of a flow that was never seen before; returns its mark. */
static char *
send_packet (Fuzz *fuzz, guint from, guint to, FramePacket *packet)
{
  Guest *guest = g_ptr_array_index (fuzz->world->guests, from);
  char *mark = g_strdup_printf ("<mark %u>", fuzz->sent++);
  Frame frame;

  packet->to_mac = frame_gateway_mac;
  packet->from_mac = guest->port->mac;
  packet->from = addresses[from];
  packet->to = addresses[to];
  packet->payload = mark;
  frame = frame_packet (packet);
  frame_send (fuzz->sockets[from], &frame);
  return mark;
}

/* Everything that has arrived at @to by now. Taps are queues in the same kernel: what was sent and
 * let through before this packet's round trip to the gateway and back has arrived. */
static char *
drain (Fuzz *fuzz, guint to, guint from)
{
  Guest *sender = g_ptr_array_index (fuzz->world->guests, from);
  GString *heard = g_string_new (NULL);
  Frame frame;

  assert_true (world_pings (sender->ns, sender->gateway, 5000));
  while (frame_receive (fuzz->sockets[to], &frame, 20))
    for (gsize i = 0; i + 6 < frame.length; i++)
      if (memcmp (frame.bytes + i, "<mark ", 6) == 0)
        {
          gsize length = strcspn ((char *) frame.bytes + i, ">");

          g_string_append_len (heard, (char *) frame.bytes + i, (gssize) length + 1);
        }
  return g_string_free (heard, FALSE);
}

static gboolean
model_allows (const World *world, const FramePacket *packet)
{
  g_autoptr (NetctlModel) model = netctl_model_from_plan (world->plan, 1, NULL);
  g_autoptr (NetctlJudge) judge = netctl_judge_new (model);
  NetctlFlow flow = { .protocol = packet->protocol,
                      .source_port = packet->from_port,
                      .destination_port = packet->to_port };

  assert_true (netctl_prefix_parse (packet->from, &flow.source));
  assert_true (netctl_prefix_parse (packet->to, &flow.destination));
  return netctl_judge_allows (judge, &flow);
}

static void
try_packets (Fuzz *fuzz)
{
  guint from = (guint) pick (fuzz, GUESTS);
  guint to = (from + 1 + (guint) pick (fuzz, GUESTS - 1)) % GUESTS;
  g_autofree char *heard = NULL;
  g_autoptr (GPtrArray) marks = g_ptr_array_new_with_free_func (g_free);
  gboolean expected[PACKETS];

  g_free (world_run ("ip netns exec ecs-v000001 conntrack -F"));
  for (guint i = 0; i < PACKETS; i++)
    {
      /* One protocol without ports cannot make two flows between the same two. */
      int protocol = protocols[i < 2 ? 2 + i : (guint) pick (fuzz, 2)];
      FramePacket packet = { .protocol = (guint8) protocol };

      if (protocol == IPPROTO_TCP || protocol == IPPROTO_UDP)
        {
          packet.from_port = (guint16) (40000 + pick (fuzz, 1500));
          packet.to_port = (guint16) (ports[pick (fuzz, G_N_ELEMENTS (ports))] + pick (fuzz, 2));
        }
      g_ptr_array_add (marks, send_packet (fuzz, from, to, &packet));
      expected[i] = side_allows (fuzz->world, NETCTL_EGRESS, from, to, &packet)
                    && side_allows (fuzz->world, NETCTL_INGRESS, to, from, &packet);
      assert_int_equal (model_allows (fuzz->world, &packet), expected[i]);
    }
  heard = drain (fuzz, to, from);
  for (guint i = 0; i < PACKETS; i++)
    {
      gboolean arrived = strstr (heard, g_ptr_array_index (marks, i)) != NULL;

      if (arrived != expected[i])
        fail_msg ("packet %u from %s to %s: %s; NETCTL_SEED=%u shows it again", i, addresses[from],
                  addresses[to], arrived ? "let through" : "dropped", fuzz->seed);
    }
}

static void
the_kernel_does_what_the_rules_say (void **state)
{
  Fuzz *fuzz = *state;

  for (guint round = 0; round < ROUNDS; round++)
    {
      for (guint i = 0; i < fuzz->world->plan->groups->len; i++)
        {
          NetctlGroup *group = g_ptr_array_index (fuzz->world->plan->groups, i);
          int count = pick (fuzz, 9);

          group->members_reach_each_other = pick (fuzz, 3) == 0;
          g_array_set_size (group->rules, 0);
          for (int j = 0; j < count; j++)
            add_random_rule (fuzz, group);
          world_apply_group (fuzz->world, group);
        }
      for (guint i = 0; i < 3; i++)
        try_packets (fuzz);
    }
}

int
main (void)
{
  const struct CMUnitTest tests[] = {
    cmocka_unit_test_setup_teardown (the_kernel_does_what_the_rules_say, set_up, tear_down),
  };

  world_need_private_host ();
  return cmocka_run_group_tests (tests, NULL, NULL);
}
