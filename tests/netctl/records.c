/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Short ways to make the records of a plan in tests. */
#include "records.h"
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

NetctlVpc *
record_vpc (guint32 index, const char *ranges, gboolean nat)
{
  g_auto (GStrv) texts = g_strsplit (ranges, " ", -1);
  NetctlVpc *vpc = netctl_vpc_new ();

  vpc->index = index;
  vpc->id = g_strdup_printf ("vpc-%u", index);
  vpc->nat = nat;
  for (guint i = 0; texts[i] != NULL; i++)
    {
      NetctlSubnet subnet = { 0 };

      assert_true (netctl_prefix_parse (texts[i], &subnet.range));
      if (subnet.range.family == G_SOCKET_FAMILY_IPV4)
        {
          subnet.gateway = subnet.range;
          subnet.gateway.length = 32;
          subnet.gateway.bytes[3] |= 1;
        }
      g_array_append_val (vpc->subnets, subnet);
    }
  return vpc;
}

NetctlGroup *
record_group (guint32 vpc, guint32 index)
{
  NetctlGroup *group = netctl_group_new ();

  group->vpc = vpc;
  group->index = index;
  group->members_reach_each_other = TRUE;
  return group;
}

static int
number (const char *text)
{
  gint64 value;

  assert_true (g_ascii_string_to_signed (text, 10, -1, 65535, &value, NULL));
  return (int) value;
}

static int
protocol (const char *text)
{
  static const struct
  {
    const char *name;
    int value;
  } names[] = { { "all", -1 },
                { "tcp", IPPROTO_TCP },
                { "udp", IPPROTO_UDP },
                { "icmp", IPPROTO_ICMP },
                { "icmpv6", IPPROTO_ICMPV6 },
                { "gre", IPPROTO_GRE } };

  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    if (g_str_equal (text, names[i].name))
      return names[i].value;
  return number (text);
}

static void
ports (const char *text, int *out_min, int *out_max)
{
  g_auto (GStrv) parts = g_strsplit (text, "-", 2);

  *out_min = *out_max = -1;
  if (g_str_equal (text, "-"))
    return;
  *out_min = number (parts[0]);
  *out_max = number (parts[1] != NULL ? parts[1] : parts[0]);
}

void
record_rule (NetctlGroup *group, const char *text)
{
  g_auto (GStrv) words = g_strsplit (text, " ", -1);
  NetctlRule rule = { 0 };

  assert_in_range (g_strv_length (words), 7, 8);
  rule.direction = g_str_equal (words[0], "in") ? NETCTL_INGRESS : NETCTL_EGRESS;
  rule.accept = g_str_equal (words[1], "accept");
  rule.priority = (guint) number (words[2]);
  rule.protocol = protocol (words[3]);
  ports (words[4], &rule.port_min, &rule.port_max);
  ports (words[5], &rule.source_port_min, &rule.source_port_max);
  rule.peer_is_group = g_str_has_prefix (words[6], "group:");
  if (rule.peer_is_group)
    rule.peer_group = (guint32) number (words[6] + strlen ("group:"));
  else
    assert_true (netctl_prefix_parse (words[6], &rule.peer));
  rule.has_near = words[7] != NULL;
  if (rule.has_near)
    assert_true (netctl_prefix_parse (words[7], &rule.near));
  g_array_append_val (group->rules, rule);
}

NetctlPort *
record_port (guint32 vpc, guint32 index, const char *addresses, const char *groups)
{
  g_auto (GStrv) texts = g_strsplit (addresses, " ", -1);
  g_auto (GStrv) numbers = g_strsplit (groups, " ", -1);
  NetctlPort *port = netctl_port_new ();

  port->vpc = vpc;
  port->index = index;
  port->id = g_strdup_printf ("eni-%u", index);
  memcpy (port->mac, "\x00\x16\x3e\x00", 4);
  port->mac[4] = (guint8) (index >> 8);
  port->mac[5] = (guint8) index;
  for (guint i = 0; texts[i] != NULL; i++)
    {
      NetctlPrefix address;

      assert_true (netctl_prefix_parse (texts[i], &address));
      g_array_append_val (port->addresses, address);
    }
  for (guint i = 0; numbers[i] != NULL; i++)
    {
      guint32 group = (guint32) number (numbers[i]);

      g_array_append_val (port->groups, group);
    }
  return port;
}

void
record_put_vpc (NetctlModel *model, NetctlVpc *vpc)
{
  assert_true (netctl_model_set_vpc (model, vpc, NULL));
  netctl_vpc_free (vpc);
}

void
record_put_group (NetctlModel *model, NetctlGroup *group)
{
  assert_true (netctl_model_set_group (model, group, NULL));
  netctl_group_free (group);
}

void
record_put_port (NetctlModel *model, NetctlPort *port)
{
  assert_true (netctl_model_set_port (model, port, NULL));
  netctl_port_free (port);
}

static NetctlPrefix
prefix (const char *text)
{
  NetctlPrefix result;

  assert_true (netctl_prefix_parse (text, &result));
  return result;
}

void
record_public (NetctlVpc *vpc, const char *address)
{
  NetctlPublic entry = { .address = prefix (address) };

  g_array_append_val (vpc->publics, entry);
}

void
record_eip (NetctlVpc *vpc, const char *public_address, const char *private_address)
{
  NetctlEip entry = { prefix (public_address), prefix (private_address) };

  record_public (vpc, public_address);
  g_array_append_val (vpc->eips, entry);
}

void
record_snat (NetctlVpc *vpc, const char *source, const char *public_address)
{
  NetctlSnat entry = { prefix (source), prefix (public_address) };

  g_array_append_val (vpc->snats, entry);
}

void
record_forward (NetctlVpc *vpc, const char *public_address, const char *text,
                const char *private_address)
{
  g_auto (GStrv) words = g_strsplit (text, " ", -1);
  NetctlForward entry
      = { .public_address = prefix (public_address), .private_address = prefix (private_address) };

  assert_int_equal (g_strv_length (words), 3);
  entry.protocol = protocol (words[0]);
  ports (words[1], &entry.port_min, &entry.port_max);
  ports (words[2], &entry.private_port_min, &entry.private_port_max);
  g_array_append_val (vpc->forwards, entry);
}

void
record_route (NetctlVpc *vpc, const char *destination, const char *next_hop)
{
  NetctlRoute entry = { prefix (destination), prefix (next_hop) };

  g_array_append_val (vpc->routes, entry);
}
