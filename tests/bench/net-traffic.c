/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Measures packets and new connections a second through netctl's firewall, beside none and beside
 * an iptables chain a port; every stage takes its turn in each round.
 *
 *   net-traffic ROUNDS PACKETS CONNECTIONS   prints a line of JSON a measurement */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "rates.h"
#include "stage.h"
#include "world.h"

typedef enum
{
  NONE,
  NETCTL,
  IPTABLES,
  IPTABLES_IDENTITY
} Firewall;

static const struct
{
  const char *name;
  Firewall firewall;
  guint ports, rules;
  StageRules spread;
} candidates[] = {
  { "none", NONE, 10, 1, STAGE_PLAIN },
  { "netctl, 1 rule", NETCTL, 10, 1, STAGE_PLAIN },
  { "netctl, 20 rules", NETCTL, 10, 20, STAGE_PLAIN },
  { "netctl, 200 rules", NETCTL, 10, 200, STAGE_PLAIN },
  { "netctl, 1000 rules", NETCTL, 10, 1000, STAGE_PLAIN },
  { "netctl, 200 mixed rules", NETCTL, 10, 200, STAGE_MIXED },
  { "netctl, 1000 mixed rules", NETCTL, 10, 1000, STAGE_MIXED },
  { "netctl, 100 ports", NETCTL, 100, 20, STAGE_PLAIN },
  { "netctl, 1000 ports", NETCTL, 1000, 20, STAGE_PLAIN },
  { "iptables, 10 ports", IPTABLES, 10, 20, STAGE_PLAIN },
  { "iptables, 100 ports", IPTABLES, 100, 20, STAGE_PLAIN },
  { "iptables, 1000 ports", IPTABLES, 1000, 20, STAGE_PLAIN },
  { "iptables that checks senders, 10 ports", IPTABLES_IDENTITY, 10, 20, STAGE_PLAIN },
  { "iptables that checks senders, 100 ports", IPTABLES_IDENTITY, 100, 20, STAGE_PLAIN },
  { "iptables that checks senders, 1000 ports", IPTABLES_IDENTITY, 1000, 20, STAGE_PLAIN },
};

typedef struct
{
  char *run_dir;
  Netctl *net;
  NetctlPlan *plan;
  Stage *stages[G_N_ELEMENTS (candidates)];
} Show;

/* The first packets are lost until a worker of the kernel has seen the links. */
static void
wait_until_open (const Stage *stage)
{
  for (guint i = 0; i < 100; i++)
    if (world_pings (stage->client_ns, stage->server, 100))
      return;
  fail_msg ("\"%s\" does not reach \"%s\"", stage->client_ns, stage->server_ns);
}

static void
close_doors (const Stage *stage, Firewall firewall)
{
  g_autofree char *text = NULL;

  if (firewall == NETCTL)
    return;
  stage_open (stage);
  if (firewall == NONE)
    return;
  text = stage_iptables (stage, firewall == IPTABLES_IDENTITY);
  stage_restore (stage->ns, "iptables-legacy-restore", FALSE, text);
}

static void
show_open (Show *show)
{
  static const char *const dns[] = { "192.0.2.53", NULL };
  NetctlConfig config = { .run_dir = show->run_dir, .dns = dns };
  g_autoptr (GError) error = NULL;

  show->plan = netctl_plan_new ();
  for (guint i = 0; i < G_N_ELEMENTS (candidates); i++)
    {
      show->stages[i] = stage_new (show->plan, i + 1, candidates[i].ports, candidates[i].rules,
                                   candidates[i].spread);
      stage_add_guests (show->stages[i]);
    }
  show->net = netctl_new (&config, &error);
  if (show->net == NULL || !show->net->class->reconcile (show->net, show->plan, &error))
    fail_msg ("%s", error->message);
  for (guint i = 0; i < G_N_ELEMENTS (candidates); i++)
    {
      close_doors (show->stages[i], candidates[i].firewall);
      wait_until_open (show->stages[i]);
    }
}

static void
show_close (Show *show)
{
  netctl_free (show->net);
  netctl_plan_free (show->plan);
  for (guint i = 0; i < G_N_ELEMENTS (show->stages); i++)
    stage_free (show->stages[i]);
  g_free (show->run_dir);
}

static void
print_rate (const char *name, const char *what, Rate rate)
{
  printf ("{\"candidate\": \"%s\", \"what\": \"%s\", \"per_second\": %.0f, "
          "\"per_cpu_second\": %.0f}\n",
          name, what, rate.per_second, rate.per_cpu_second);
  fflush (stdout);
}

static void
measure (const Show *show, guint packets, guint connections)
{
  for (guint i = 0; i < G_N_ELEMENTS (candidates); i++)
    {
      const Stage *stage = show->stages[i];
      RatesPair pair = { stage->client_ns, stage->server_ns, stage->client, stage->server };

      print_rate (candidates[i].name, "packets", rates_packets (&pair, packets));
      print_rate (candidates[i].name, "connections",
                  rates_connections (&pair, stage->ns, connections));
    }
}

static guint
number (const char *text)
{
  guint64 value;

  if (!g_ascii_string_to_unsigned (text, 10, 1, 10000000, &value, NULL))
    fail_msg ("\"%s\" is no number", text);
  return (guint) value;
}

int
main (int argc, char **argv)
{
  Show show = { 0 };

  world_need_private_host ();
  assert_true (argc >= 4);
  show.run_dir = g_dir_make_tmp ("net-traffic-XXXXXX", NULL);
  show_open (&show);
  for (guint round = 0; round < number (argv[1]); round++)
    measure (&show, number (argv[2]), number (argv[3]));
  show_close (&show);
  return 0;
}
