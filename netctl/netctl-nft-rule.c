/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Security groups as chains and sets. */
#include "netctl-nft-priv.h"
#include <netinet/in.h>

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

void
netctl_nft_add_groups (NetctlTables *t, const NetctlModel *model)
{
  add_member_sets (t, model);
  add_group_chains (t, model);
}
