/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Security groups as chains and sets. */
#include "netctl-nft-rule.h"
#include "netctl-nft-priv.h"
#include "netctl-rule.h"
#include <netinet/in.h>

char *
netctl_nft_chain_name (const GArray *groups, NetctlDirection direction)
{
  GString *name = g_string_new (direction == NETCTL_INGRESS ? "in" : "eg");

  for (guint i = 0; i < groups->len; i++)
    g_string_append_printf (name, "_%x", g_array_index (groups, guint32, i));
  return g_string_free (name, FALSE);
}

/* Members */

static const char *
member_prefix (GSocketFamily family)
{
  return family == G_SOCKET_FAMILY_IPV4 ? "sgm_" : "sgm6_";
}

static NetctlTableObject *
member_set (NetctlTables *t, guint32 group, GSocketFamily family)
{
  g_autofree char *name = g_strdup_printf ("%s%x", member_prefix (family), group);

  return netctl_tables_ensure (t, NETCTL_TABLE_SET, INET, name,
                               family == G_SOCKET_FAMILY_IPV4 ? "type ipv4_addr"
                                                              : "type ipv6_addr");
}

void
netctl_nft_add_member_sets (NetctlTables *t, guint32 group)
{
  member_set (t, group, G_SOCKET_FAMILY_IPV4);
  member_set (t, group, G_SOCKET_FAMILY_IPV6);
}

void
netctl_nft_add_member (NetctlTables *t, const GArray *groups, const NetctlPrefix *address)
{
  g_autofree char *text = netctl_prefix_address (address);

  for (guint i = 0; i < groups->len; i++)
    netctl_table_line (member_set (t, g_array_index (groups, guint32, i), address->family), "%s",
                       text);
}

/* Rules */

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

static void
append_addresses (GString *out, const NetctlRule *rule)
{
  gboolean is_ingress = rule->direction == NETCTL_INGRESS;
  gboolean is_ipv4 = rule->peer.family == G_SOCKET_FAMILY_IPV4;
  const char *ip = is_ipv4 ? "ip" : "ip6";

  if (rule->peer_is_group)
    g_string_append_printf (out, "%s %s @%s%x ", ip, is_ingress ? "saddr" : "daddr",
                            member_prefix (rule->peer.family), rule->peer_group);
  else if (rule->peer.length > 0)
    {
      g_autofree char *range = netctl_prefix_network (&rule->peer);

      g_string_append_printf (out, "%s %s %s ", ip, is_ingress ? "saddr" : "daddr", range);
    }
  else if (!rule->has_near)
    /* nft refuses a comparison of no bits; the family still has to match. */
    g_string_append_printf (out, "meta nfproto ipv%c ", is_ipv4 ? '4' : '6');
  if (rule->has_near)
    {
      g_autofree char *range = netctl_prefix_network (&rule->near);

      g_string_append_printf (out, "%s %s %s ", ip, is_ingress ? "daddr" : "saddr", range);
    }
}

/* A rule of one family as nft text with a blank at its end. */
static char *
rule_match (const NetctlRule *rule)
{
  GString *out = g_string_new (NULL);

  append_addresses (out, rule);
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

/* An egress that is let go on must still pass the ingress of a peer on this host. */
static const char *
verdict (NetctlDirection direction, gboolean accept)
{
  if (!accept)
    return "drop";
  return direction == NETCTL_INGRESS ? "accept" : "goto c_fwd_in";
}

static void
add_rules (NetctlTables *t, NetctlTableObject *chain, const GArray *rules)
{
  g_autoptr (GHashTable) seen = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);

  for (guint i = 0; i < rules->len; i++)
    {
      const NetctlRule *rule = &g_array_index (rules, NetctlRule, i);
      char *match = rule_match (rule);

      if (rule->peer_is_group)
        netctl_nft_add_member_sets (t, rule->peer_group);
      /* The same match further down is never reached: the first verdict is the last. */
      if (g_hash_table_add (seen, match))
        netctl_table_line (chain, "%s%s", match, verdict (rule->direction, rule->accept));
    }
}

/* The rules of @groups in the order they are tried, each for one family. */
static GArray *
split_rules (const NetctlModel *model, const GArray *groups, NetctlDirection direction)
{
  g_autoptr (GPtrArray) rules = netctl_model_rules (model, groups, direction);
  GArray *split = g_array_new (FALSE, FALSE, sizeof (NetctlRule));

  for (guint i = 0; i < rules->len; i++)
    {
      NetctlRule forms[2];
      guint count = netctl_rule_split (g_ptr_array_index (rules, i), forms);

      g_array_append_vals (split, forms, count);
    }
  return split;
}

/* Members first, whatever the rules say; then the rules; then ECS's defaults. */
void
netctl_nft_add_chain (NetctlTables *t, const NetctlModel *model, const GArray *groups,
                      NetctlDirection direction)
{
  gboolean is_ingress = direction == NETCTL_INGRESS;
  const char *side = is_ingress ? "saddr" : "daddr";
  g_autofree char *name = netctl_nft_chain_name (groups, direction);
  g_autoptr (GArray) rules = split_rules (model, groups, direction);
  NetctlTableObject *chain = add_chain (t, INET, name, NULL);

  for (guint i = 0; i < groups->len; i++)
    {
      guint32 index = g_array_index (groups, guint32, i);
      const NetctlGroup *group = netctl_model_group (model, index);

      if (group == NULL || !group->members_reach_each_other)
        continue;
      netctl_nft_add_member_sets (t, index);
      netctl_table_line (chain, "ip %s @sgm_%x %s", side, index, verdict (direction, TRUE));
      netctl_table_line (chain, "ip6 %s @sgm6_%x %s", side, index, verdict (direction, TRUE));
    }
  add_rules (t, chain, rules);
  netctl_table_line (chain, "%s", verdict (direction, !is_ingress));
}

/* All of a VPC */

static NetctlTableObject *
way_map (NetctlTables *t, NetctlDirection direction)
{
  return netctl_tables_ensure (t, NETCTL_TABLE_MAP, INET,
                               direction == NETCTL_INGRESS ? "ingress" : "egress",
                               "type ifname : verdict");
}

void
netctl_nft_add_port_ways (NetctlTables *t, const NetctlPort *port)
{
  static const NetctlDirection directions[] = { NETCTL_INGRESS, NETCTL_EGRESS };
  g_autoptr (GArray) groups = netctl_groups_normalise (port->groups);
  g_autofree char *tap = netctl_port_tap_name (port->index);

  for (guint i = 0; i < G_N_ELEMENTS (directions); i++)
    {
      g_autofree char *chain = netctl_nft_chain_name (groups, directions[i]);

      netctl_table_line (way_map (t, directions[i]), "\"%s\" : goto %s", tap, chain);
    }
}

/* The members of each group that exists or that has any. */
static void
add_members (NetctlTables *t, const NetctlModel *model)
{
  for (GTreeNode *n = g_tree_node_first (model->groups); n != NULL; n = g_tree_node_next (n))
    netctl_nft_add_member_sets (t, GPOINTER_TO_UINT (g_tree_node_key (n)));
  for (GTreeNode *n = g_tree_node_first (model->ports); n != NULL; n = g_tree_node_next (n))
    {
      const NetctlPort *port = g_tree_node_value (n);
      g_autoptr (GArray) groups = netctl_groups_normalise (port->groups);

      for (guint i = 0; i < port->addresses->len; i++)
        netctl_nft_add_member (t, groups, &g_array_index (port->addresses, NetctlPrefix, i));
    }
  for (guint i = 0; i < model->vpc->remotes->len; i++)
    {
      const NetctlRemote *remote = g_ptr_array_index (model->vpc->remotes, i);
      g_autoptr (GArray) groups = netctl_groups_normalise (remote->groups);

      netctl_nft_add_member (t, groups, &remote->address);
    }
}

void
netctl_nft_add_groups (NetctlTables *t, const NetctlModel *model)
{
  g_autoptr (GHashTable) made = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);

  add_members (t, model);
  way_map (t, NETCTL_INGRESS);
  way_map (t, NETCTL_EGRESS);
  for (GTreeNode *n = g_tree_node_first (model->ports); n != NULL; n = g_tree_node_next (n))
    {
      const NetctlPort *port = g_tree_node_value (n);
      g_autoptr (GArray) groups = netctl_groups_normalise (port->groups);

      netctl_nft_add_port_ways (t, port);
      if (!g_hash_table_add (made, netctl_nft_chain_name (groups, NETCTL_INGRESS)))
        continue;
      netctl_nft_add_chain (t, model, groups, NETCTL_INGRESS);
      netctl_nft_add_chain (t, model, groups, NETCTL_EGRESS);
    }
}
