/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A private host for tests of the kernel's driver. */
#include "world.h"
#include <glib/gstdio.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "netctl-ns.h"
#include "netctl-plan.h"

void
world_need_private_host (void)
{
  if (geteuid () == 0 && g_strcmp0 (g_getenv ("VMMD_PRIVATE_HOST"), "1") == 0)
    return;
  g_print ("1..0 # SKIP needs a private host: tests/lib/private-host --no-libvirt\n");
  exit (77);
}

static char *G_GNUC_PRINTF (1, 0) vrun (const char *format, va_list arguments, gboolean *out_is_ok)
{
  g_autofree char *line = g_strdup_vprintf (format, arguments);
  g_auto (GStrv) argv = g_strsplit (line, " ", -1);
  g_autofree char *output = NULL, *fault = NULL;
  int status;

  *out_is_ok = g_spawn_sync (NULL, argv, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL, &output, &fault,
                             &status, NULL)
               && g_spawn_check_wait_status (status, NULL);
  if (!*out_is_ok)
    {
      g_free (output);
      output = g_strdup_printf ("%s: %s", line, fault != NULL ? fault : "");
    }
  return g_steal_pointer (&output);
}

char *
world_run (const char *format, ...)
{
  va_list arguments;
  gboolean is_ok;
  char *output;

  va_start (arguments, format);
  output = vrun (format, arguments, &is_ok);
  va_end (arguments);
  if (!is_ok)
    print_error ("%s\n", output);
  assert_true (is_ok);
  return output;
}

gboolean
world_try (const char *format, ...)
{
  va_list arguments;
  gboolean is_ok;

  va_start (arguments, format);
  g_free (vrun (format, arguments, &is_ok));
  va_end (arguments);
  return is_ok;
}

#define RUN(...) g_free (world_run (__VA_ARGS__))

static guint
answer (guint32 vpc, const char *peer, const char *method, const char *path, GHashTable *headers,
        GBytes **out_body, gpointer data)
{
  const char *token = g_hash_table_lookup (headers, "x-token");
  char *text = g_strdup_printf ("%s %s vpc=%u peer=%s token=%s", method, path, vpc, peer,
                                token != NULL ? token : "");

  *out_body = g_bytes_new_take (text, strlen (text));
  return g_str_equal (path, "/absent") ? 404 : 200;
}

static void
assert_done (gboolean is_done, const GError *error)
{
  if (!is_done)
    print_error ("%s\n", error->message);
  assert_true (is_done);
}

void
world_start (World *world)
{
  static const char *const dns[] = { "192.0.2.53", NULL };
  static const char *const ntp[] = { "192.0.2.123", "ntp.example.com", "fd00::123", NULL };
  NetctlConfig config = { .run_dir = world->run_dir,
                          .dns = dns,
                          .ntp = ntp,
                          .public_interface = world->public_interface,
                          .metadata = answer };
  g_autoptr (GError) error = NULL;

  world->net = netctl_new (&config, &error);
  assert_done (world->net != NULL, error);
  assert_done (world->net->class->reconcile (world->net, world->plan, &error), error);
}

void
world_stop (World *world)
{
  g_clear_pointer (&world->net, netctl_free);
}

static void
guest_free (Guest *guest)
{
  g_free (guest->ns);
  g_free (guest->address);
  g_free (guest->gateway);
  g_free (guest);
}

World *
world_new (void)
{
  World *world = g_new0 (World, 1);

  world->run_dir = g_dir_make_tmp ("netctl-XXXXXX", NULL);
  assert_int_equal (g_chmod (world->run_dir, 0755), 0);
  world->plan = netctl_plan_new ();
  world->guests = g_ptr_array_new_with_free_func ((GDestroyNotify) guest_free);
  world_start (world);
  return world;
}

World *
world_new_outside (void)
{
  World *world = world_new ();

  world_outside (world);
  world->public_interface = "uplink0";
  world_stop (world);
  world_start (world);
  return world;
}

void
world_free (World *world)
{
  g_autoptr (NetctlPlan) nothing = netctl_plan_new ();
  g_autoptr (GError) error = NULL;
  g_autofree char *rest = NULL, *dhcp = g_build_filename (world->run_dir, "dhcp", NULL);

  if (world->net == NULL)
    world_start (world);
  /* The links first: a namespace takes its links along, but only at the kernel's leisure. */
  for (guint i = 0; i < world->guests->len; i++)
    {
      Guest *guest = g_ptr_array_index (world->guests, i);

      world_try ("ip -n %s link del eth0", guest->ns);
      world_try ("ip netns del %s", guest->ns);
    }
  world_try ("ip link del uplink0");
  world_try ("ip netns del outside");
  assert_done (world->net->class->reconcile (world->net, nothing, &error), error);
  rest = world_fingerprint (world);
  world_assert_same (rest, "");
  world_stop (world);
  netctl_plan_free (world->plan);
  g_ptr_array_unref (world->guests);
  assert_int_equal (g_rmdir (dhcp), 0);
  assert_int_equal (g_rmdir (world->run_dir), 0);
  g_free (world->run_dir);
  g_free (world);
}

int
world_tear_down (void **state)
{
  world_free (*state);
  return 0;
}

NetctlVpc *
world_vpc (World *world, guint32 index, const char *range, gboolean nat)
{
  NetctlVpc *vpc = netctl_vpc_new ();
  g_autoptr (GError) error = NULL;
  NetctlSubnet subnet;

  vpc->index = index;
  vpc->id = g_strdup_printf ("vpc-%u", index);
  vpc->nat = nat;
  assert_true (netctl_prefix_parse (range, &subnet.range));
  subnet.gateway = subnet.range;
  subnet.gateway.length = 32;
  subnet.gateway.bytes[3] |= 1;
  g_array_append_val (vpc->subnets, subnet);
  g_ptr_array_add (world->plan->vpcs, vpc);
  assert_done (world->net->class->vpc_apply (world->net, vpc, &error), error);
  return vpc;
}

NetctlGroup *
world_group (World *world, guint32 vpc, guint32 index)
{
  NetctlGroup *group = netctl_group_new ();

  group->vpc = vpc;
  group->index = index;
  group->members_reach_each_other = TRUE;
  g_ptr_array_add (world->plan->groups, group);
  world_apply_group (world, group);
  return group;
}

NetctlVpc *
world_vpc_at (World *world, guint at)
{
  return g_ptr_array_index (world->plan->vpcs, at);
}

NetctlGroup *
world_group_at (World *world, guint at)
{
  return g_ptr_array_index (world->plan->groups, at);
}

void
world_rule (NetctlGroup *group, NetctlDirection direction, gboolean accept, guint priority,
            int protocol, int port_min, int port_max, const char *peer)
{
  NetctlRule rule = { .direction = direction,
                      .accept = accept,
                      .priority = priority,
                      .protocol = protocol,
                      .port_min = port_min,
                      .port_max = port_max,
                      .source_port_min = -1,
                      .source_port_max = -1 };

  rule.peer_is_group = g_str_has_prefix (peer, "group ");
  if (rule.peer_is_group)
    rule.peer_group = (guint32) g_ascii_strtoull (peer + strlen ("group "), NULL, 10);
  else
    assert_true (netctl_prefix_parse (peer, &rule.peer));
  g_array_append_val (group->rules, rule);
}

void
world_apply_group (World *world, const NetctlGroup *group)
{
  g_autoptr (GError) error = NULL;

  assert_done (world->net->class->group_apply (world->net, group, &error), error);
}

void
world_apply_vpc (World *world, const NetctlVpc *vpc)
{
  g_autoptr (GError) error = NULL;
  gboolean is_done = world->net->class->vpc_apply (world->net, vpc, &error);

  assert_done (is_done, error);
}

Guest *
world_guest_apart (World *world, guint32 vpc, guint32 port, const char *address, guint32 group)
{
  Guest *guest = g_new0 (Guest, 1);
  g_autofree char *tap = netctl_port_tap_name (port), *mac = NULL;
  NetctlPrefix prefix;

  guest->world = world;
  guest->ns = g_strdup_printf ("guest%u", world->namespaces++);
  guest->address = g_strdup (address);
  guest->port = netctl_port_new ();
  guest->port->vpc = vpc;
  guest->port->index = port;
  guest->port->id = g_strdup_printf ("eni-%u", port);
  guest->port->host_name = g_strdup_printf ("host%u", port);
  memcpy (guest->port->mac, "\x00\x16\x3e\x00\x00", 5);
  guest->port->mac[5] = (guint8) port;
  assert_true (netctl_prefix_parse (address, &prefix));
  g_array_append_val (guest->port->addresses, prefix);
  g_array_append_val (guest->port->groups, group);
  prefix.bytes[3] = 1;
  guest->gateway = netctl_prefix_address (&prefix);
  g_ptr_array_add (world->plan->ports, guest->port);
  g_ptr_array_add (world->guests, guest);

  mac = netctl_mac_format (guest->port->mac);
  RUN ("ip netns add %s", guest->ns);
  RUN ("ip link add %s type veth peer name eth0 netns %s", tap, guest->ns);
  RUN ("ip -n %s link set eth0 address %s mtu 1450 up", guest->ns, mac);
  RUN ("ip -n %s link set lo up", guest->ns);
  RUN ("ip -n %s addr add %s/24 dev eth0", guest->ns, address);
  RUN ("ip -n %s route add default via %s", guest->ns, guest->gateway);
  return guest;
}

/* The kernel lets packets through a new veth pair only once a worker of its has seen the carrier;
 * those sent before are lost. */
static void
wait_until_up (const char *ns, const char *link)
{
  for (guint i = 0; i < 500; i++)
    {
      g_autofree char *state = world_run ("ip -n %s -br link show %s", ns, link);

      if (strstr (state, " UP ") != NULL)
        return;
      g_usleep (10000);
    }
  fail_msg ("link %s of %s does not come up", link, ns);
}

Guest *
world_guest (World *world, guint32 vpc, guint32 port, const char *address, guint32 group)
{
  Guest *guest = world_guest_apart (world, vpc, port, address, group);
  g_autofree char *ns = netctl_vpc_namespace_name (vpc), *tap = netctl_port_tap_name (port);
  g_autoptr (GError) error = NULL;

  assert_done (world->net->class->port_prepare (world->net, guest->port, &error), error);
  assert_done (world->net->class->port_attach (world->net, guest->port, &error), error);
  wait_until_up (guest->ns, "eth0");
  wait_until_up (ns, tap);
  return guest;
}

void
world_subnet6 (World *world, NetctlVpc *vpc, const char *range)
{
  g_autoptr (GError) error = NULL;
  NetctlSubnet subnet = { 0 };

  assert_true (netctl_prefix_parse (range, &subnet.range));
  g_array_append_val (vpc->subnets, subnet);
  assert_done (world->net->class->vpc_apply (world->net, vpc, &error), error);
}

void
world_give6 (Guest *guest, const char *address)
{
  Netctl *net = guest->world->net;
  g_autoptr (GError) error = NULL;
  NetctlPrefix prefix;

  assert_true (netctl_prefix_parse (address, &prefix));
  g_array_append_val (guest->port->addresses, prefix);
  assert_done (net->class->port_prepare (net, guest->port, &error), error);
  assert_done (net->class->port_attach (net, guest->port, &error), error);
  RUN ("ip -n %s addr add %s/128 dev eth0 nodad", guest->ns, address);
  RUN ("ip -n %s -6 route replace default via %s dev eth0", guest->ns, NETCTL_ROUTER6);
}

void
world_detach (Guest *guest)
{
  Netctl *net = guest->world->net;
  g_autoptr (GError) error = NULL;

  assert_done (net->class->port_detach (net, guest->port, &error), error);
}

void
world_forget (Guest *guest)
{
  GPtrArray *ports = guest->world->plan->ports;
  guint at = 0;

  assert_true (g_ptr_array_find (ports, guest->port, &at));
  g_ptr_array_steal_index (ports, at);
  netctl_port_free (guest->port);
  guest->port = NULL;
  g_ptr_array_remove (guest->world->guests, guest);
}

void
world_outside (World *world)
{
  RUN ("ip netns add outside");
  RUN ("ip link add uplink0 type veth peer name eth0 netns outside");
  RUN ("ip addr add 192.0.2.1/24 dev uplink0");
  RUN ("ip link set uplink0 up");
  RUN ("ip -n outside addr add 192.0.2.2/24 dev eth0");
  RUN ("ip -n outside link set eth0 up");
  wait_until_up ("outside", "eth0");
}

/* Fingerprint */

static void
append_ours (GString *out, const char *title, const char *text, const char *const *marks)
{
  g_auto (GStrv) lines = g_strsplit (text, "\n", -1);

  for (guint i = 0; lines[i] != NULL; i++)
    for (guint j = 0; marks[j] != NULL; j++)
      if (strstr (lines[i], marks[j]) != NULL)
        {
          g_string_append_printf (out, "%s: %s\n", title, g_strstrip (lines[i]));
          break;
        }
}

static int
compare_text (gconstpointer a, gconstpointer b)
{
  return g_strcmp0 (*(char *const *) a, *(char *const *) b);
}

/* The kernel lists a set's elements in an order of its own. */
static char *
with_sorted_elements (const char *rules)
{
  static const char mark[] = "elements = {";
  GString *out = g_string_new (NULL);
  const char *at;

  while ((at = strstr (rules, mark)) != NULL)
    {
      gsize length = strcspn (at, "}");
      g_autofree char *body = g_strndup (at + strlen (mark), length - strlen (mark));
      g_auto (GStrv) elements = g_strsplit (body, ",", -1);

      for (guint i = 0; elements[i] != NULL; i++)
        g_strstrip (elements[i]);
      qsort (elements, g_strv_length (elements), sizeof *elements, compare_text);
      g_string_append_len (out, rules, at - rules);
      for (guint i = 0; elements[i] != NULL; i++)
        g_string_append_printf (out, "%s, ", elements[i]);
      rules = at + length;
    }
  g_string_append (out, rules);
  return g_string_free (out, FALSE);
}

/* Sets, maps and chains stand in the order in which they were made. */
static char *
with_sorted_objects (const char *rules)
{
  g_auto (GStrv) lines = g_strsplit (rules, "\n", -1);
  g_autoptr (GPtrArray) blocks = g_ptr_array_new_with_free_func (g_free);
  g_autoptr (GString) block = g_string_new (NULL), out = g_string_new (NULL);
  const char *table = "";

  for (guint i = 0; lines[i] != NULL; i++)
    {
      if (g_str_has_prefix (lines[i], "table "))
        table = lines[i];
      else if (g_str_equal (lines[i], "\t}"))
        {
          char *rates = strstr (block->str, "flags dynamic");

          /* How much each tap sent lately comes and goes by itself. */
          if (rates != NULL)
            *rates = '\0';
          g_ptr_array_add (blocks, g_strconcat (table, block->str, NULL));
          g_string_truncate (block, 0);
        }
      else if (*lines[i] == '\t')
        g_string_append_printf (block, "\n%s", lines[i]);
    }
  g_ptr_array_sort (blocks, compare_text);
  for (guint i = 0; i < blocks->len; i++)
    g_string_append_printf (out, "%s\n", (char *) g_ptr_array_index (blocks, i));
  return g_strdup (out->str);
}

static char *
sorted_lines (const char *text)
{
  g_auto (GStrv) lines = g_strsplit (text, "\n", -1);

  qsort (lines, g_strv_length (lines), sizeof *lines, compare_text);
  return g_strjoinv ("\n", lines);
}

/* Queueing disciplines with bounds; @links are "ip -br" lines. */
static void
append_bandwidths (GString *out, const char *ns, const char *links)
{
  static const char *const marks[] = { "htb", "bfifo", NULL };
  g_autoptr (GRegex) counts = g_regex_new (" direct_packets_stat [0-9]+", 0, 0, NULL);
  g_auto (GStrv) lines = g_strsplit (links, "\n", -1);

  for (guint i = 0; lines[i] != NULL; i++)
    {
      g_autofree char *name = g_strndup (lines[i], strcspn (lines[i], "@ "));
      g_autofree char *classes = NULL, *queues = NULL;
      g_autofree char *sorted_classes = NULL, *sorted_queues = NULL, *plain_queues = NULL;

      if (!g_str_has_prefix (name, "e") && !g_str_has_prefix (name, "up"))
        continue;
      classes = world_run ("tc%s%s class show dev %s", *ns != '\0' ? " -n " : "", ns, name);
      queues = world_run ("tc%s%s qdisc show dev %s", *ns != '\0' ? " -n " : "", ns, name);
      sorted_classes = sorted_lines (classes);
      sorted_queues = sorted_lines (queues);
      append_ours (out, name, sorted_classes, marks);
      plain_queues = g_regex_replace (counts, sorted_queues, -1, 0, "", 0, NULL);
      append_ours (out, name, plain_queues, marks);
    }
}

/* A namespace of ours from the inside, without what changes by itself. */
static void
append_inside (GString *out, const char *ns)
{
  static const char *const all[] = { " ", NULL };
  g_autofree char *rules = world_run ("ip netns exec %s nft -s list ruleset", ns);
  g_autofree char *routes = world_run ("ip -n %s route show table all", ns);
  g_autofree char *taps = world_run ("ip -n %s -o -br link", ns);
  g_autofree char *policy = world_run ("ip -n %s rule", ns);
  g_autofree char *addresses = world_run ("ip -n %s -br addr", ns);
  g_autofree char *neighbours = world_run ("ip -n %s neigh show nud permanent", ns);
  g_autofree char *sorted_elements = with_sorted_elements (rules);
  g_autofree char *sorted_rules = with_sorted_objects (sorted_elements);
  g_autofree char *sorted_neighbours = sorted_lines (neighbours);
  /* The kernel makes these for the routers' addresses, in its own time. */
  g_autoptr (GRegex) late = g_regex_new ("^anycast .*\n", G_REGEX_MULTILINE, 0, NULL);
  g_autofree char *own_routes = g_regex_replace (late, routes, -1, 0, "", 0, NULL);
  g_autofree char *sorted_routes = sorted_lines (own_routes);
  g_autoptr (GString) plain = g_string_new (addresses);

  /* The number of a veth's other end differs from run to run. */
  for (char *at = strchr (plain->str, '@'); at != NULL; at = strchr (at + 1, '@'))
    for (char *p = at + 1; *p != ' ' && *p != '\0'; p++)
      *p = ' ';
  append_ours (out, ns, sorted_rules, all);
  append_ours (out, ns, sorted_routes, all);
  append_ours (out, ns, policy, all);
  append_bandwidths (out, ns, taps);
  append_ours (out, ns, plain->str, all);
  append_ours (out, ns, sorted_neighbours, all);
}

static void
append_files (GString *out, const char *dir)
{
  g_autofree char *names = world_run ("ls %s", dir);
  static const char *const all[] = { "ecs-", NULL };

  append_ours (out, "file", names, all);
}

/* What the host has for public addresses. */
static void
append_public (GString *out)
{
  static const char *const ways[] = { "eu0", NULL }, *const all[] = { " ", NULL };
  g_autofree char *routes = world_run ("ip route");
  g_autofree char *proxies = world_run ("ip neigh show proxy");
  g_autofree char *sorted_routes = sorted_lines (routes);
  g_autofree char *sorted_proxies = sorted_lines (proxies);

  append_ours (out, "route", sorted_routes, ways);
  append_ours (out, "proxy", sorted_proxies, all);
}

char *
world_fingerprint (World *world)
{
  static const char *const links[] = { "et0", "eu0", NULL };
  static const char *const namespaces[] = { "ecs-v", NULL };
  static const char *const servers[] = { "--dhcp-hostsfile=", "--addn-hosts=", NULL };
  g_autofree char *host_links = world_run ("ip -o -br link");
  g_autofree char *names = world_run ("ls /run/netns");
  g_autofree char *processes = world_run ("ps -eo args");
  g_autofree char *dhcp = g_build_filename (world->run_dir, "dhcp", NULL);
  g_autoptr (GPtrArray) inside = netctl_ns_list ();
  GString *out = g_string_new (NULL);
  g_autoptr (GString) plain = g_string_new (NULL);
  g_auto (GStrv) lines = g_strsplit (host_links, "\n", -1);

  for (guint i = 0; lines[i] != NULL; i++)
    g_string_append_printf (plain, "%.*s\n", (int) strcspn (lines[i], "@ "), lines[i]);
  append_ours (out, "link", plain->str, links);
  append_public (out);
  append_bandwidths (out, "", plain->str);
  append_ours (out, "namespace", names, namespaces);
  append_ours (out, "process", processes, servers);
  append_files (out, dhcp);
  for (guint i = 0; i < inside->len; i++)
    append_inside (out, g_ptr_array_index (inside, i));
  return g_string_free (out, FALSE);
}

void
world_assert_same (const char *actual, const char *expected)
{
  g_auto (GStrv) a = g_strsplit (actual, "\n", -1), b = g_strsplit (expected, "\n", -1);

  for (guint i = 0;; i++)
    {
      if (g_strcmp0 (a[i], b[i]) != 0)
        {
          print_error ("line %u is \"%s\", not \"%s\"\n", i + 1, a[i] != NULL ? a[i] : "(none)",
                       b[i] != NULL ? b[i] : "(none)");
          fail ();
        }
      if (a[i] == NULL)
        return;
    }
}

gboolean
world_speaks_as (const Guest *guest, const char *source, const char *address, guint16 port, int to,
                 guint timeout_ms)
{
  gboolean is_added = world_try ("ip -n %s addr add %s/32 dev lo", guest->ns, source);
  gboolean is_heard;
  int from;

  RUN ("ip -n %s route replace %s via %s dev eth0 onlink", guest->ns, address, guest->gateway);
  /* The ARP request must not be what is dropped. */
  RUN ("ip netns exec %s sysctl -qw net.ipv4.conf.all.arp_announce=2", guest->ns);
  from = world_udp (guest->ns, source, 4000);
  is_heard = world_sends (from, address, port, to, timeout_ms);
  close (from);
  RUN ("ip -n %s route del %s", guest->ns, address);
  if (is_added)
    RUN ("ip -n %s addr del %s/32 dev lo", guest->ns, source);
  return is_heard;
}
