/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which flows a VPC's model lets begin. */
#include "netctl-judge.h"

struct NetctlJudge
{
  const NetctlModel *model;
  GHashTable *ports;    /* address -> NetctlPort*, borrowed */
  GHashTable *rules[2]; /* for each direction: NetctlPort* -> GPtrArray of its rules in order */
  NetctlPrefix metadata;
};

NetctlJudge *
netctl_judge_new (const NetctlModel *model)
{
  NetctlJudge *judge = g_new0 (NetctlJudge, 1);

  judge->model = model;
  judge->ports = g_hash_table_new (NULL, NULL);
  for (guint i = 0; i < G_N_ELEMENTS (judge->rules); i++)
    judge->rules[i] = g_hash_table_new_full (NULL, NULL, NULL, (GDestroyNotify) g_ptr_array_unref);
  netctl_prefix_parse (NETCTL_METADATA_ADDRESS, &judge->metadata);
  for (GTreeNode *n = g_tree_node_first (model->ports); n != NULL; n = g_tree_node_next (n))
    {
      NetctlPort *port = g_tree_node_value (n);

      for (guint i = 0; i < port->addresses->len; i++)
        g_hash_table_insert (judge->ports,
                             GUINT_TO_POINTER (netctl_prefix_ipv4 (
                                 &g_array_index (port->addresses, NetctlPrefix, i))),
                             port);
    }
  return judge;
}

void
netctl_judge_free (NetctlJudge *judge)
{
  if (judge == NULL)
    return;
  g_hash_table_unref (judge->ports);
  for (guint i = 0; i < G_N_ELEMENTS (judge->rules); i++)
    g_hash_table_unref (judge->rules[i]);
  g_free (judge);
}

static const NetctlPort *
port_of (const NetctlJudge *judge, guint32 address)
{
  return g_hash_table_lookup (judge->ports, GUINT_TO_POINTER (address));
}

static const GPtrArray *
rules_of (NetctlJudge *judge, const NetctlPort *port, NetctlDirection direction)
{
  GPtrArray *rules = g_hash_table_lookup (judge->rules[direction], port);

  if (rules == NULL)
    {
      rules = netctl_model_rules (judge->model, port->groups, direction);
      g_hash_table_insert (judge->rules[direction], (gpointer) port, rules);
    }
  return rules;
}

static gboolean
is_member (const NetctlPort *port, guint32 group)
{
  for (guint i = 0; port != NULL && i < port->groups->len; i++)
    if (g_array_index (port->groups, guint32, i) == group)
      return TRUE;
  return FALSE;
}

static gboolean
in_range (int value, int min, int max)
{
  return min == -1 || (value >= min && value <= max);
}

static gboolean
rule_matches (const NetctlRule *rule, const NetctlFlow *flow, guint32 peer,
              const NetctlPort *peer_port)
{
  NetctlPrefix address = netctl_prefix_from_ipv4 (peer);

  if (rule->protocol != -1 && rule->protocol != flow->protocol)
    return FALSE;
  if (!in_range (flow->destination_port, rule->port_min, rule->port_max)
      || !in_range (flow->source_port, rule->source_port_min, rule->source_port_max))
    return FALSE;
  return rule->peer_is_group ? is_member (peer_port, rule->peer_group)
                             : netctl_prefix_contains (&rule->peer, &address);
}

static gboolean
port_allows (NetctlJudge *judge, const NetctlPort *port, NetctlDirection direction,
             const NetctlFlow *flow, const NetctlPort *peer_port)
{
  guint32 peer = direction == NETCTL_INGRESS ? flow->source : flow->destination;
  const GPtrArray *rules;

  for (guint i = 0; i < port->groups->len; i++)
    {
      guint32 index = g_array_index (port->groups, guint32, i);
      const NetctlGroup *group = netctl_model_group (judge->model, index);

      if (group != NULL && group->members_reach_each_other && is_member (peer_port, index))
        return TRUE;
    }
  rules = rules_of (judge, port, direction);
  for (guint i = 0; i < rules->len; i++)
    {
      const NetctlRule *rule = g_ptr_array_index (rules, i);

      if (rule_matches (rule, flow, peer, peer_port))
        return rule->accept;
    }
  return direction == NETCTL_EGRESS;
}

/* Whether @address is one of the VPC's own; if not, *@out_is_orphan tells whether it lies in one of
 * its subnets. */
static gboolean
is_own (const NetctlJudge *judge, guint32 address, gboolean *out_is_orphan)
{
  NetctlPrefix prefix = netctl_prefix_from_ipv4 (address);
  const NetctlSubnet *subnet = netctl_vpc_subnet_of (judge->model->vpc, &prefix);
  gboolean is_gateway = subnet != NULL && netctl_prefix_equal (&subnet->gateway, &prefix);

  *out_is_orphan = subnet != NULL && !is_gateway;
  return is_gateway || netctl_prefix_equal (&prefix, &judge->metadata);
}

gboolean
netctl_judge_allows (NetctlJudge *judge, const NetctlFlow *flow)
{
  const NetctlPort *source = port_of (judge, flow->source);
  const NetctlPort *destination = port_of (judge, flow->destination);
  gboolean from_orphan, to_orphan, to_own;

  is_own (judge, flow->source, &from_orphan);
  to_own = is_own (judge, flow->destination, &to_orphan);
  if ((source == NULL && from_orphan) || (destination == NULL && to_orphan))
    return FALSE;
  if (source != NULL && !to_own && !port_allows (judge, source, NETCTL_EGRESS, flow, destination))
    return FALSE;
  return destination == NULL || port_allows (judge, destination, NETCTL_INGRESS, flow, source);
}
