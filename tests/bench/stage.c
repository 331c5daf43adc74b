/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the network benches measure on. */
#include "stage.h"
#include <gio/gio.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <unistd.h>

#include <cmocka.h>

#include "netctl-ns.h"
#include "netctl-plan.h"
#include "records.h"
#include "world.h"

static char *
port_address (guint number)
{
  return g_strdup_printf ("10.0.%u.%u", 1 + (number >> 8), number & 255);
}

static guint32
port_index (const Stage *stage, guint number)
{
  return stage->vpc * (STAGE_PORTS_MAX + 96) + number;
}

/* One that is added later is of the last group. */
static guint32
group_of (const Stage *stage, guint number)
{
  return 1 + (MIN (number, stage->n_ports) - 1) / STAGE_PORTS_A_GROUP;
}

NetctlPort *
stage_port (const Stage *stage, guint number)
{
  g_autofree char *address = port_address (number);
  g_autofree char *group = g_strdup_printf ("%u", group_of (stage, number));
  NetctlPort *port = record_port (stage->vpc, port_index (stage, number), address, group);

  port->host_name = g_strdup_printf ("host%u", number);
  return port;
}

/* Rule @i of a group as record_rule() and stage_iptables() understand it. */
typedef struct
{
  gboolean accept;
  guint priority;
  const char *protocol;
  guint port_min, port_max;
  char *peer;
} Rule;

static Rule
rule_at (const Stage *stage, guint i, guint variant)
{
  gboolean is_mixed = stage->rules == STAGE_MIXED;
  Rule rule = { .accept = TRUE, .priority = 1, .protocol = i % 2 == 0 ? "tcp" : "udp" };

  rule.port_min = rule.port_max = 1000 + i;
  if (is_mixed)
    {
      rule.accept = i % 3 != 0;
      rule.priority = 1 + i % 10;
      rule.port_max += i % 7;
      rule.peer = g_strdup_printf ("172.%u.0.0/%u", 16 + i % 16, 16 + i % 9);
    }
  else
    rule.peer = g_strdup_printf ("172.16.%u.0/24", i % 256);
  if (i == 0 && variant > 0)
    rule.port_min = rule.port_max = 20000 + variant;
  return rule;
}

NetctlGroup *
stage_group (const Stage *stage, guint32 index, guint variant)
{
  NetctlGroup *group = record_group (stage->vpc, index);

  group->members_reach_each_other = FALSE;
  for (guint i = 0; i + 1 < stage->n_rules; i++)
    {
      Rule rule = rule_at (stage, i, variant);
      g_autofree char *text
          = g_strdup_printf ("in %s %u %s %u-%u - %s", rule.accept ? "accept" : "drop",
                             rule.priority, rule.protocol, rule.port_min, rule.port_max, rule.peer);

      record_rule (group, text);
      g_free (rule.peer);
    }
  record_rule (group, "in accept 100 all - - 10.0.0.0/8");
  return group;
}

Stage *
stage_new (NetctlPlan *plan, guint32 vpc, guint n_ports, guint n_rules, StageRules rules)
{
  Stage *stage = g_new0 (Stage, 1);

  assert_true (n_ports >= 2 && n_ports <= STAGE_PORTS_MAX);
  stage->vpc = vpc;
  stage->n_ports = n_ports;
  stage->n_rules = n_rules;
  stage->rules = rules;
  stage->ns = netctl_vpc_namespace_name (vpc);
  stage->client_ns = g_strdup_printf ("client%u", vpc);
  stage->server_ns = g_strdup_printf ("server%u", vpc);
  stage->client = port_address (n_ports - 1);
  stage->server = port_address (n_ports);
  g_ptr_array_add (plan->vpcs, record_vpc (vpc, "10.0.0.0/16", FALSE));
  for (guint32 i = 1; i <= group_of (stage, n_ports); i++)
    g_ptr_array_add (plan->groups, stage_group (stage, i, 0));
  for (guint i = 1; i <= n_ports; i++)
    g_ptr_array_add (plan->ports, stage_port (stage, i));
  return stage;
}

void
stage_free (Stage *stage)
{
  g_free (stage->ns);
  g_free (stage->client_ns);
  g_free (stage->server_ns);
  g_free (stage->client);
  g_free (stage->server);
  g_free (stage);
}

#define RUN(...) g_free (world_run (__VA_ARGS__))

static void
add_guest (const Stage *stage, const char *ns, guint number)
{
  g_autoptr (NetctlPort) port = stage_port (stage, number);
  g_autofree char *tap = netctl_port_tap_name (port->index), *mac = netctl_mac_format (port->mac);
  g_autofree char *address = port_address (number);

  RUN ("ip netns add %s", ns);
  RUN ("ip link add %s type veth peer name eth0 netns %s", tap, ns);
  RUN ("ip -n %s link set eth0 address %s mtu 1450 up", ns, mac);
  RUN ("ip -n %s addr add %s/16 dev eth0", ns, address);
}

void
stage_add_guests (Stage *stage)
{
  add_guest (stage, stage->client_ns, stage->n_ports - 1);
  add_guest (stage, stage->server_ns, stage->n_ports);
}

void
stage_open (const Stage *stage)
{
  RUN ("ip netns exec %s nft flush ruleset", stage->ns);
}

/* The scheme of iptables */

static void
append_rules (GString *out, const Stage *stage, guint number, guint variant)
{
  for (guint i = 0; i + 1 < stage->n_rules; i++)
    {
      Rule rule = rule_at (stage, i, variant);

      g_string_append_printf (out, "-A in-%u -s %s -p %s -m %s --dport %u:%u -j %s\n", number,
                              rule.peer, rule.protocol, rule.protocol, rule.port_min, rule.port_max,
                              rule.accept ? "ACCEPT" : "DROP");
      g_free (rule.peer);
    }
}

/* The rules of so many groups. */
static void
append_ingress (GString *out, const Stage *stage, guint number, guint variant, guint n_groups)
{
  g_string_append_printf (out, "-A in-%u -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT\n",
                          number);
  for (guint i = 0; i < n_groups; i++)
    append_rules (out, stage, number, variant + i);
  g_string_append_printf (out, "-A in-%u -s 10.0.0.0/8 -j ACCEPT\n-A in-%u -j DROP\n", number,
                          number);
}

static void
append_egress (GString *out, const Stage *stage, guint number, gboolean identity)
{
  g_autoptr (NetctlPort) port = stage_port (stage, number);
  g_autofree char *mac = netctl_mac_format (port->mac), *address = port_address (number);

  if (identity)
    g_string_append_printf (out,
                            "-A out-%u ! -s %s -j DROP\n"
                            "-A out-%u -m mac ! --mac-source %s -j DROP\n",
                            number, address, number, mac);
  g_string_append_printf (out,
                          "-A out-%u -m conntrack --ctstate RELATED,ESTABLISHED -j %s\n"
                          "-A out-%u -j RETURN\n",
                          number, identity ? "RETURN" : "ACCEPT", number);
}

/* @verb is -A or -D. */
static void
append_dispatch (GString *out, const Stage *stage, guint number, const char *verb)
{
  g_autofree char *tap = netctl_port_tap_name (port_index (stage, number));

  g_string_append_printf (out, "%s FORWARD -i %s -j out-%u\n%s FORWARD -o %s -j in-%u\n", verb, tap,
                          number, verb, tap, number);
}

static void
declare_chains (GString *out, guint number)
{
  g_string_append_printf (out, ":in-%u - [0:0]\n:out-%u - [0:0]\n", number, number);
}

char *
stage_iptables (const Stage *stage, gboolean identity)
{
  GString *out = g_string_new ("*filter\n:INPUT ACCEPT [0:0]\n:FORWARD DROP [0:0]\n"
                               ":OUTPUT ACCEPT [0:0]\n");

  for (guint i = 1; i <= stage->n_ports; i++)
    declare_chains (out, i);
  for (guint i = 1; i <= stage->n_ports; i++)
    {
      append_dispatch (out, stage, i, "-A");
      append_ingress (out, stage, i, 0, 1);
      append_egress (out, stage, i, identity);
    }
  g_string_append (out, "COMMIT\n");
  return g_string_free (out, FALSE);
}

char *
stage_iptables_group (const Stage *stage, guint32 index, guint variant)
{
  GString *out = g_string_new ("*filter\n");
  guint first = (index - 1) * STAGE_PORTS_A_GROUP + 1;
  guint last = MIN (first + STAGE_PORTS_A_GROUP - 1, stage->n_ports);

  /* To declare a chain empties it. */
  for (guint i = first; i <= last; i++)
    g_string_append_printf (out, ":in-%u - [0:0]\n", i);
  for (guint i = first; i <= last; i++)
    append_ingress (out, stage, i, variant, 1);
  g_string_append (out, "COMMIT\n");
  return g_string_free (out, FALSE);
}

char *
stage_iptables_port (const Stage *stage, guint number)
{
  GString *out = g_string_new ("*filter\n");

  declare_chains (out, number);
  append_dispatch (out, stage, number, "-A");
  append_ingress (out, stage, number, 0, 1);
  append_egress (out, stage, number, TRUE);
  g_string_append (out, "COMMIT\n");
  return g_string_free (out, FALSE);
}

char *
stage_iptables_no_port (const Stage *stage, guint number)
{
  GString *out = g_string_new ("*filter\n");

  append_dispatch (out, stage, number, "-D");
  g_string_append_printf (out, "-F in-%u\n-X in-%u\n-F out-%u\n-X out-%u\nCOMMIT\n", number, number,
                          number, number);
  return g_string_free (out, FALSE);
}

char *
stage_iptables_join (const Stage *stage, guint number)
{
  GString *out = g_string_new ("*filter\n");

  g_string_append_printf (out, ":in-%u - [0:0]\n", number);
  append_ingress (out, stage, number, 0, 2);
  g_string_append (out, "COMMIT\n");
  return g_string_free (out, FALSE);
}

typedef struct
{
  const char *program, *text;
  gboolean noflush;
} Restore;

static gboolean
run_restore (gpointer data, GError **error)
{
  const Restore *restore = data;
  g_autoptr (GSubprocess) child
      = g_subprocess_new (G_SUBPROCESS_FLAGS_STDIN_PIPE | G_SUBPROCESS_FLAGS_STDERR_PIPE, error,
                          restore->program, restore->noflush ? "--noflush" : NULL, NULL);
  g_autofree char *fault = NULL;

  if (child == NULL
      || !g_subprocess_communicate_utf8 (child, restore->text, NULL, NULL, &fault, error))
    return FALSE;
  if (g_subprocess_get_successful (child))
    return TRUE;
  g_set_error (error, G_IO_ERROR, G_IO_ERROR_FAILED, "%s: %s", restore->program, fault);
  return FALSE;
}

void
stage_restore (const char *ns, const char *program, gboolean noflush, const char *text)
{
  Restore restore = { program, text, noflush };
  int fd = netctl_ns_open (ns, FALSE, NULL);
  g_autoptr (GError) error = NULL;

  assert_true (fd >= 0);
  /* From a thread inside, so that nothing but the program itself is started. */
  if (!netctl_ns_run (fd, run_restore, &restore, &error))
    fail_msg ("%s", error->message);
  close (fd);
}
