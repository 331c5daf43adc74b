/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The firewall: what a VPC's model and the host need as nft tables. */
#include "netctl-nft.h"
#include <arpa/inet.h>
#include <netinet/in.h>

#define INET "inet ecs"
#define ARP "arp ecs"
#define HOST_INET "inet ecs_host"
#define HOST_ARP "arp ecs_host"
#define TAP "\"" NETCTL_TAP_PREFIX "*\""
#define UPLINK "\"" NETCTL_UPLINK_PREFIX "*\""
#define INSIDE "\"" NETCTL_UPLINK_INSIDE "\""
/* The client's hardware address in a DHCP request: 28 bytes behind the UDP header. */
#define CLIENT_MAC "@th,288,48"

static NetctlTableObject *
add_set (NetctlTables *t, const char *table, const char *name, const char *type)
{
  return netctl_tables_add (t, NETCTL_TABLE_SET, table, name, type);
}

static NetctlTableObject *
add_chain (NetctlTables *t, const char *table, const char *name, const char *hook)
{
  return netctl_tables_add (t, NETCTL_TABLE_CHAIN, table, name, hook);
}

/* "in_1_2a": the chain of all ports that are in exactly these groups. */
static char *
chain_name (const char *prefix, const GArray *groups)
{
  GString *name = g_string_new (prefix);

  for (guint i = 0; i < groups->len; i++)
    g_string_append_printf (name, "_%x", g_array_index (groups, guint32, i));
  return g_string_free (name, FALSE);
}

static void
append_ports (GString *out, const char *protocol, const char *which, int min, int max)
{
  if (min == -1)
    return;
  g_string_append_printf (out, "%s %s %d", protocol, which, min);
  if (max != min)
    g_string_append_printf (out, "-%d", max);
  g_string_append_c (out, ' ');
}

/* The rule as nft text with a blank at its end. */
static char *
rule_match (const NetctlRule *rule)
{
  const char *side = rule->direction == NETCTL_INGRESS ? "saddr" : "daddr";
  gboolean is_ipv4 = rule->peer_is_group || rule->peer.family == G_SOCKET_FAMILY_IPV4;
  const char *ip = is_ipv4 ? "ip" : "ip6";
  GString *out = g_string_new (NULL);

  if (rule->peer_is_group)
    g_string_append_printf (out, "ip %s @sgm_%x ", side, rule->peer_group);
  else if (rule->peer.length == 0)
    /* nft refuses a comparison of no bits; the family still has to match. */
    g_string_append_printf (out, "meta nfproto ipv%c ", is_ipv4 ? '4' : '6');
  else
    {
      g_autofree char *range = netctl_prefix_network (&rule->peer);

      g_string_append_printf (out, "%s %s %s ", ip, side, range);
    }
  if (rule->protocol == IPPROTO_TCP || rule->protocol == IPPROTO_UDP)
    {
      const char *protocol = rule->protocol == IPPROTO_TCP ? "tcp" : "udp";

      if (rule->port_min == -1 && rule->source_port_min == -1)
        g_string_append_printf (out, "meta l4proto %s ", protocol);
      append_ports (out, protocol, "sport", rule->source_port_min, rule->source_port_max);
      append_ports (out, protocol, "dport", rule->port_min, rule->port_max);
    }
  else if (rule->protocol != -1)
    g_string_append_printf (out, "meta l4proto %d ", rule->protocol);
  return g_string_free (out, FALSE);
}

/* Members first, whatever the rules say; then the rules; then ECS's defaults. An egress that is
 * let go on must still pass the ingress of a peer on this host, hence goto instead of accept. */
static void
fill_group_chain (NetctlTableObject *chain, const NetctlModel *model, const GArray *groups,
                  NetctlDirection direction)
{
  gboolean is_ingress = direction == NETCTL_INGRESS;
  const char *accept = is_ingress ? "accept" : "goto c_fwd_in";
  g_autoptr (GPtrArray) rules = netctl_model_rules (model, groups, direction);
  g_autofree char *match_before = NULL;
  gboolean accept_before = FALSE;

  for (guint i = 0; i < groups->len; i++)
    {
      guint32 index = g_array_index (groups, guint32, i);

      if (netctl_model_group (model, index)->members_reach_each_other)
        netctl_table_line (chain, "ip %s @sgm_%x %s", is_ingress ? "saddr" : "daddr", index,
                           accept);
    }
  for (guint i = 0; i < rules->len; i++)
    {
      const NetctlRule *rule = g_ptr_array_index (rules, i);
      g_autofree char *match = rule_match (rule);

      /* The same rule in two groups is one rule; the order puts doubles side by side. */
      if (match_before == NULL || accept_before != rule->accept
          || !g_str_equal (match, match_before))
        netctl_table_line (chain, "%s%s", match, rule->accept ? accept : "drop");
      g_free (match_before);
      match_before = g_steal_pointer (&match);
      accept_before = rule->accept;
    }
  netctl_table_line (chain, "%s", is_ingress ? "drop" : accept);
}

/* One pair of chains for each distinct set of groups, and the taps that use it. */
static void
add_group_chains (NetctlTables *t, const NetctlModel *model)
{
  NetctlTableObject *ingress
      = netctl_tables_add (t, NETCTL_TABLE_MAP, INET, "ingress", "type ifname : verdict");
  NetctlTableObject *egress
      = netctl_tables_add (t, NETCTL_TABLE_MAP, INET, "egress", "type ifname : verdict");
  g_autoptr (GHashTable) made = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);

  for (GTreeNode *n = g_tree_node_first (model->ports); n != NULL; n = g_tree_node_next (n))
    {
      const NetctlPort *port = g_tree_node_value (n);
      g_autoptr (GArray) groups = netctl_groups_normalise (port->groups);
      g_autofree char *in = chain_name ("in", groups), *out = chain_name ("eg", groups);
      g_autofree char *tap = netctl_port_tap_name (port->index);

      netctl_table_line (ingress, "\"%s\" : goto %s", tap, in);
      netctl_table_line (egress, "\"%s\" : goto %s", tap, out);
      if (!g_hash_table_add (made, g_strdup (in)))
        continue;
      fill_group_chain (add_chain (t, INET, in, NULL), model, groups, NETCTL_INGRESS);
      fill_group_chain (add_chain (t, INET, out, NULL), model, groups, NETCTL_EGRESS);
    }
}

/* The set of a group's members, made when first asked for. */
static NetctlTableObject *
member_set (NetctlTables *t, GHashTable *sets, guint32 group)
{
  NetctlTableObject *set = g_hash_table_lookup (sets, GUINT_TO_POINTER (group));
  g_autofree char *name = g_strdup_printf ("sgm_%x", group);

  if (set == NULL)
    {
      set = add_set (t, INET, name, "type ipv4_addr");
      g_hash_table_insert (sets, GUINT_TO_POINTER (group), set);
    }
  return set;
}

/* The members of each group that exists or that a rule names. */
static void
add_member_sets (NetctlTables *t, const NetctlModel *model)
{
  g_autoptr (GHashTable) sets = g_hash_table_new (NULL, NULL);

  for (GTreeNode *n = g_tree_node_first (model->groups); n != NULL; n = g_tree_node_next (n))
    {
      const NetctlGroup *group = g_tree_node_value (n);

      member_set (t, sets, group->index);
      for (guint i = 0; i < group->rules->len; i++)
        {
          const NetctlRule *rule = &g_array_index (group->rules, NetctlRule, i);

          if (rule->peer_is_group)
            member_set (t, sets, rule->peer_group);
        }
    }
  for (GTreeNode *n = g_tree_node_first (model->ports); n != NULL; n = g_tree_node_next (n))
    {
      const NetctlPort *port = g_tree_node_value (n);
      g_autoptr (GArray) groups = netctl_groups_normalise (port->groups);

      for (guint i = 0; i < groups->len; i++)
        for (guint j = 0; j < port->addresses->len; j++)
          {
            g_autofree char *address
                = netctl_prefix_address (&g_array_index (port->addresses, NetctlPrefix, j));

            netctl_table_line (member_set (t, sets, g_array_index (groups, guint32, i)), "%s",
                               address);
          }
    }
}

/* Which tap may speak as whom. */
static void
add_identity_sets (NetctlTables *t, const NetctlModel *model)
{
  NetctlTableObject *port4 = add_set (t, INET, "port4", "type ifname . ether_addr . ipv4_addr");
  NetctlTableObject *portmac = add_set (t, INET, "portmac", "type ifname . ether_addr");
  NetctlTableObject *client = add_set (t, INET, "dhcpmac", "typeof iifname . " CLIENT_MAC);
  NetctlTableObject *bind
      = add_set (t, ARP, "bind", "type ifname . ether_addr . ether_addr . ipv4_addr");

  for (GTreeNode *n = g_tree_node_first (model->ports); n != NULL; n = g_tree_node_next (n))
    {
      const NetctlPort *port = g_tree_node_value (n);
      g_autofree char *tap = netctl_port_tap_name (port->index);
      g_autofree char *mac = netctl_mac_format (port->mac);
      const guint8 *m = port->mac;

      netctl_table_line (portmac, "\"%s\" . %s", tap, mac);
      netctl_table_line (client, "\"%s\" . 0x%02x%02x%02x%02x%02x%02x", tap, m[0], m[1], m[2], m[3],
                         m[4], m[5]);
      for (guint i = 0; i < port->addresses->len; i++)
        {
          g_autofree char *address
              = netctl_prefix_address (&g_array_index (port->addresses, NetctlPrefix, i));

          netctl_table_line (port4, "\"%s\" . %s . %s", tap, mac, address);
          netctl_table_line (bind, "\"%s\" . %s . %s . %s", tap, mac, mac, address);
        }
    }
}

static void
add_door_chains (NetctlTables *t)
{
  NetctlTableObject *raw, *in, *out, *arp;

  raw = add_chain (t, INET, "c_raw", "type filter hook prerouting priority -310; policy accept");
  netctl_table_line (raw, "iifname != " TAP " accept");
  netctl_table_line (raw, "iifname . ether saddr . ip saddr @port4 accept");
  netctl_table_line (raw, "ip saddr 0.0.0.0 ip daddr 255.255.255.255 udp sport 68 udp dport 67 "
                          "iifname . ether saddr @portmac accept");
  netctl_table_line (raw, "counter drop");

  in = add_chain (t, INET, "c_in", "type filter hook input priority 0; policy drop");
  netctl_table_line (in, "meta nfproto != ipv4 drop");
  netctl_table_line (in, "iifname \"lo\" accept");
  netctl_table_line (in, "ct state established,related accept");
  /* Without the client's address a guest could decline another guest's lease. */
  netctl_table_line (in, "iifname " TAP " udp sport 68 udp dport 67 iifname . " CLIENT_MAC
                         " @dhcpmac accept");
  netctl_table_line (in,
                     "iifname " TAP " ip daddr " NETCTL_METADATA_ADDRESS " tcp dport 80 accept");
  netctl_table_line (in, "icmp type echo-request limit rate 50/second accept");

  /* What starts in the namespace itself, such as an operator's login, obeys the port's rules. */
  out = add_chain (t, INET, "c_out", "type filter hook output priority 0; policy drop");
  netctl_table_line (out, "meta nfproto != ipv4 drop");
  netctl_table_line (out, "oifname \"lo\" accept");
  netctl_table_line (out, "ct state established,related accept");
  netctl_table_line (out, "oifname " TAP " udp sport 67 udp dport 68 accept");
  netctl_table_line (out, "oifname vmap @ingress");

  arp = add_chain (t, ARP, "c_in", "type filter hook input priority 0; policy accept");
  netctl_table_line (arp, "iifname != " TAP " accept");
  netctl_table_line (arp, "arp operation { request, reply } iifname . ether saddr . arp saddr "
                          "ether . arp saddr ip @bind accept");
  netctl_table_line (arp, "counter drop");
}

static void
add_forward_chains (NetctlTables *t, const NetctlVpc *vpc)
{
  NetctlTableObject *fwd, *fwd_in, *post;

  fwd = add_chain (t, INET, "c_fwd", "type filter hook forward priority 0; policy drop");
  netctl_table_line (fwd, "meta nfproto != ipv4 drop");
  netctl_table_line (fwd, "ct state established,related accept");
  netctl_table_line (fwd, "ct state invalid drop");
  netctl_table_line (fwd, "iifname vmap @egress");
  netctl_table_line (fwd, "iifname " TAP " drop");
  netctl_table_line (fwd, "goto c_fwd_in");

  fwd_in = add_chain (t, INET, "c_fwd_in", NULL);
  netctl_table_line (fwd_in, "oifname vmap @ingress");
  netctl_table_line (fwd_in, "oifname " TAP " drop");
  if (vpc->nat)
    {
      guint32 address = netctl_vpc_transit_address (vpc->index);
      NetctlPrefix transit = netctl_prefix_from_ipv4 (address);
      g_autofree char *text = netctl_prefix_address (&transit);

      netctl_table_line (fwd_in, "iifname " TAP " oifname " INSIDE " accept");
      post = add_chain (t, INET, "c_post", "type nat hook postrouting priority 100; policy accept");
      netctl_table_line (post, "oifname " INSIDE " snat ip to %s", text);
    }
  netctl_table_line (fwd_in, "drop");
}

NetctlTables *
netctl_nft_vpc (const NetctlModel *model)
{
  NetctlTables *t = netctl_tables_new ();

  add_identity_sets (t, model);
  add_member_sets (t, model);
  add_group_chains (t, model);
  add_door_chains (t);
  add_forward_chains (t, model->vpc);
  return t;
}

static void
add_way_out (NetctlTables *t, const GPtrArray *name_servers)
{
  NetctlTableObject *in, *fwd, *post;

  /* Guests reach the world through the host, not the host's own services. */
  in = add_chain (t, HOST_INET, "c_in", "type filter hook input priority 0; policy accept");
  netctl_table_line (in, "iifname != " UPLINK " accept");
  netctl_table_line (in, "ct state established,related accept");
  netctl_table_line (in, "icmp type echo-request limit rate 50/second accept");
  for (guint i = 0; i < name_servers->len; i++)
    netctl_table_line (in, "ip daddr %s meta l4proto { tcp, udp } th dport 53 accept",
                       (char *) g_ptr_array_index (name_servers, i));
  netctl_table_line (in, "counter drop");

  fwd = add_chain (t, HOST_INET, "c_fwd", "type filter hook forward priority 0; policy accept");
  netctl_table_line (fwd, "iifname " UPLINK " oifname " UPLINK " drop");
  netctl_table_line (fwd, "iifname " UPLINK " ip saddr != " NETCTL_TRANSIT_RANGE " drop");
  netctl_table_line (fwd, "iifname " UPLINK " meta nfproto != ipv4 drop");
  /* The host may itself be a guest of a cloud whose metadata is not for ours. */
  netctl_table_line (fwd, "iifname " UPLINK " ip daddr { 169.254.0.0/16, " NETCTL_METADATA_ADDRESS
                          " } drop");
  netctl_table_line (fwd, "oifname " UPLINK " ct state established,related accept");
  netctl_table_line (fwd, "oifname " UPLINK " drop");

  post
      = add_chain (t, HOST_INET, "c_post", "type nat hook postrouting priority 100; policy accept");
  netctl_table_line (post, "ip saddr " NETCTL_TRANSIT_RANGE " oifname != " UPLINK " masquerade");
}

NetctlTables *
netctl_nft_host (gboolean nat, const GPtrArray *name_servers)
{
  NetctlTables *t = netctl_tables_new ();
  NetctlTableObject *chain;

  chain = add_chain (t, HOST_INET, "c_raw",
                     "type filter hook prerouting priority -310; policy accept");
  netctl_table_line (chain, "iifname " TAP " counter drop");
  chain = add_chain (t, HOST_INET, "c_out",
                     "type filter hook postrouting priority -310; policy accept");
  netctl_table_line (chain, "oifname " TAP " counter drop");
  chain = add_chain (t, HOST_ARP, "c_in", "type filter hook input priority 0; policy accept");
  netctl_table_line (chain, "iifname " TAP " drop");
  chain = add_chain (t, HOST_ARP, "c_out", "type filter hook output priority 0; policy accept");
  netctl_table_line (chain, "oifname " TAP " drop");
  if (nat)
    add_way_out (t, name_servers);
  return t;
}
