/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Measures changes to VPCs of more and more ports with real taps, beside a reload of all rules and
 * beside an iptables chain a port; each operation takes its turn in each round.
 *
 *   net-change ROUNDS PORTS...   prints a line of JSON a measurement */
#include <errno.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "netctl-apply.h"
#include "netctl-ns.h"
#include "netctl-plan.h"
#include "records.h"
#include "stage.h"
#include "world.h"

#define RULES 20

typedef struct
{
  Netctl *net;
  Stage *stage;
  guint round;
  char *legacy_ns, *nft_ns; /* where iptables has the same ports */
  char *whole;              /* all of the VPC's rules as text */
} Scene;

/* @error is read after the call that sets it. */
static void
check (gboolean is_done, GError **error)
{
  if (!is_done)
    fail_msg ("%s", (*error)->message);
}

/* A tap as a hypervisor makes it; lives while the descriptor is open, unless it is persistent. */
static int
open_tap (guint32 port_index)
{
  g_autofree char *name = netctl_port_tap_name (port_index);
  struct ifreq request = { .ifr_flags = IFF_TAP | IFF_NO_PI };
  int fd = open ("/dev/net/tun", O_RDWR | O_CLOEXEC);

  assert_true (fd >= 0);
  g_strlcpy (request.ifr_name, name, sizeof request.ifr_name);
  if (ioctl (fd, TUNSETIFF, &request) != 0)
    fail_msg ("cannot make tap \"%s\": %s", name, g_strerror (errno));
  return fd;
}

/* What a measurement began at, in microseconds. */
typedef struct
{
  gint64 wall;
  gint64 processor; /* of this process and of the programs that it waited for */
} Watch;

static gint64
processor_us (void)
{
  struct timespec own;
  struct rusage programs;

  assert_int_equal (clock_gettime (CLOCK_PROCESS_CPUTIME_ID, &own), 0);
  assert_int_equal (getrusage (RUSAGE_CHILDREN, &programs), 0);
  return (own.tv_sec + programs.ru_utime.tv_sec + programs.ru_stime.tv_sec) * G_USEC_PER_SEC
         + own.tv_nsec / 1000 + programs.ru_utime.tv_usec + programs.ru_stime.tv_usec;
}

static Watch
watch_now (void)
{
  return (Watch){ g_get_monotonic_time (), processor_us () };
}

static void
report (const Scene *scene, const char *what, const Watch *begun)
{
  Watch now = watch_now ();

  printf ("{\"what\": \"%s\", \"ports\": %u, \"us\": %" G_GINT64_FORMAT
          ", \"processor_us\": %" G_GINT64_FORMAT "}\n",
          what, scene->stage->n_ports, now.wall - begun->wall, now.processor - begun->processor);
  fflush (stdout);
}

/* netctl's operations */

static void
apply_group (Scene *scene, const char *what, const char *rule)
{
  g_autoptr (NetctlGroup) group = stage_group (scene->stage, 1, 0);
  g_autoptr (GError) error = NULL;
  Watch begun;

  if (rule != NULL)
    record_rule (group, rule);
  begun = watch_now ();
  check (scene->net->class->group_apply (scene->net, group, &error), &error);
  report (scene, what, &begun);
}

/* To revoke is more than to add: the flows that were allowed by it are looked for. */
static void
change_rule (Scene *scene)
{
  apply_group (scene, "rule", "in accept 1 tcp 22 - 192.0.2.0/24");
  apply_group (scene, "revoked rule", NULL);
}

static void
put_port (Scene *scene, guint number, guint32 second_group)
{
  g_autoptr (NetctlPort) port = stage_port (scene->stage, number);
  g_autoptr (GError) error = NULL;

  if (second_group != 0)
    g_array_append_val (port->groups, second_group);
  check (scene->net->class->port_attach (scene->net, port, &error), &error);
}

/* Into a group and out of it again. With @is_first no other port is in the same two groups. */
static void
join (Scene *scene, gboolean is_first)
{
  guint32 second = scene->stage->n_ports > STAGE_PORTS_A_GROUP ? 2 : 1000;
  Watch begun;

  if (!is_first)
    put_port (scene, 1, second);
  begun = watch_now ();
  put_port (scene, 2, second);
  report (scene, is_first ? "first join" : "join", &begun);
  begun = watch_now ();
  put_port (scene, 2, 0);
  report (scene, is_first ? "last leave" : "leave", &begun);
  if (!is_first)
    put_port (scene, 1, 0);
}

/* What a start and a stop of an instance ask of the network. */
static void
start_and_stop (Scene *scene)
{
  g_autoptr (NetctlPort) port = stage_port (scene->stage, scene->stage->n_ports + 1);
  const NetctlClass *class = scene->net->class;
  g_autoptr (GError) error = NULL;
  int tap = open_tap (port->index);
  Watch begun = watch_now ();

  check (class->port_prepare (scene->net, port, &error), &error);
  check (class->port_attach (scene->net, port, &error), &error);
  report (scene, "start", &begun);
  begun = watch_now ();
  check (class->port_detach (scene->net, port, &error), &error);
  report (scene, "stop", &begun);
  close (tap);
}

/* What they are compared with */

static void
reload (Scene *scene)
{
  int fd = netctl_ns_open (scene->stage->ns, FALSE, NULL);
  g_autoptr (GError) error = NULL;
  Watch begun = watch_now ();

  check (netctl_apply_commands (fd, scene->whole, &error), &error);
  report (scene, "reload", &begun);
  close (fd);
}

static void
restore (Scene *scene, const char *what, const char *ns, const char *program, gboolean noflush,
         char *text)
{
  Watch begun = watch_now ();

  stage_restore (ns, program, noflush, text);
  if (what != NULL)
    report (scene, what, &begun);
  g_free (text);
}

static void
compare_iptables (Scene *scene, const char *kind, const char *ns)
{
  const Stage *stage = scene->stage;
  g_autofree char *program = g_strdup_printf ("iptables-%s-restore", kind);
  g_autofree char *rule = g_strdup_printf ("rule, iptables-%s", kind);
  g_autofree char *first_join = g_strdup_printf ("join, iptables-%s", kind);
  g_autofree char *start = g_strdup_printf ("start, iptables-%s", kind);
  g_autofree char *whole = g_strdup_printf ("reload, iptables-%s", kind);
  guint next = stage->n_ports + 1;

  restore (scene, rule, ns, program, TRUE, stage_iptables_group (stage, 1, 1 + scene->round % 2));
  restore (scene, first_join, ns, program, TRUE, stage_iptables_join (stage, 2));
  restore (scene, start, ns, program, TRUE, stage_iptables_port (stage, next));
  restore (scene, NULL, ns, program, TRUE, stage_iptables_no_port (stage, next));
  restore (scene, whole, ns, program, FALSE, stage_iptables (stage, TRUE));
}

/* What it costs to start a program at all. */
static void
start_program (Scene *scene)
{
  Watch begun = watch_now ();

  stage_restore (scene->stage->ns, "true", FALSE, "");
  report (scene, "starting a program", &begun);
}

static void
play (Scene *scene)
{
  change_rule (scene);
  join (scene, TRUE);
  join (scene, FALSE);
  start_and_stop (scene);
  reload (scene);
  start_program (scene);
  compare_iptables (scene, "legacy", scene->legacy_ns);
  compare_iptables (scene, "nft", scene->nft_ns);
  scene->round++;
}

static char *
add_iptables_ns (const Stage *stage, const char *kind)
{
  char *ns = g_strdup_printf ("%s%u", kind, stage->n_ports);
  g_autofree char *program = g_strdup_printf ("iptables-%s-restore", kind);
  g_autofree char *text = stage_iptables (stage, TRUE);

  g_free (world_run ("ip netns add %s", ns));
  stage_restore (ns, program, FALSE, text);
  return ns;
}

/* The VPC's tables as nft itself would load them anew. */
static char *
whole_text (const Stage *stage)
{
  g_autofree char *list = world_run ("ip netns exec %s nft -s list ruleset", stage->ns);
  g_auto (GStrv) lines = g_strsplit (list, "\n", -1);
  GString *out = g_string_new (NULL);

  for (guint i = 0; lines[i] != NULL; i++)
    if (g_str_has_prefix (lines[i], "table "))
      {
        g_autofree char *name = g_strndup (lines[i], strcspn (lines[i], "{"));

        g_string_append_printf (out, "add %s\ndelete %s\n", name, name);
      }
  g_string_append (out, list);
  return g_string_free (out, FALSE);
}

static void
scene_prepare (Scene *scene, NetctlPlan *plan, guint32 vpc, guint n_ports)
{
  NetctlGroup *lonely;

  scene->stage = stage_new (plan, vpc, n_ports, RULES, STAGE_PLAIN);
  lonely = stage_group (scene->stage, 1000, 0);
  g_ptr_array_add (plan->groups, lonely);
  for (guint i = 1; i <= n_ports; i++)
    {
      g_autoptr (NetctlPort) port = stage_port (scene->stage, i);
      int tap = open_tap (port->index);

      assert_int_equal (ioctl (tap, TUNSETPERSIST, 1), 0);
      close (tap);
    }
}

static void
scene_open (Scene *scene, Netctl *net)
{
  scene->net = net;
  scene->whole = whole_text (scene->stage);
  scene->legacy_ns = add_iptables_ns (scene->stage, "legacy");
  scene->nft_ns = add_iptables_ns (scene->stage, "nft");
}

static void
scene_close (Scene *scene)
{
  stage_free (scene->stage);
  g_free (scene->legacy_ns);
  g_free (scene->nft_ns);
  g_free (scene->whole);
}

static guint
number (const char *text)
{
  guint64 value;

  if (!g_ascii_string_to_unsigned (text, 10, 1, STAGE_PORTS_MAX - 1, &value, NULL))
    fail_msg ("\"%s\" is no number", text);
  return (guint) value;
}

int
main (int argc, char **argv)
{
  static const char *const dns[] = { "192.0.2.53", NULL };
  /* In memory, as the daemon's own. */
  g_autofree char *run_dir = g_strdup ("/run/net-change-XXXXXX");
  g_autofree Scene *scenes = g_new0 (Scene, argc);
  g_autoptr (NetctlPlan) plan = netctl_plan_new ();
  g_autoptr (Netctl) net = NULL;
  g_autoptr (GError) error = NULL;
  NetctlConfig config = { .dns = dns };
  guint n_scenes = (guint) argc - 2;

  world_need_private_host ();
  assert_true (argc >= 3);
  assert_non_null (g_mkdtemp (run_dir));
  config.run_dir = run_dir;
  for (guint i = 0; i < n_scenes; i++)
    scene_prepare (&scenes[i], plan, i + 1, number (argv[i + 2]));
  net = netctl_new (&config, &error);
  check (net != NULL && net->class->reconcile (net, plan, &error), &error);
  for (guint i = 0; i < n_scenes; i++)
    scene_open (&scenes[i], net);
  for (guint round = 0; round < number (argv[1]); round++)
    for (guint i = 0; i < n_scenes; i++)
      play (&scenes[i]);
  for (guint i = 0; i < n_scenes; i++)
    scene_close (&scenes[i]);
  return 0;
}
