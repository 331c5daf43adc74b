/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which flows a VPC's model lets begin. */
#include "netctl-judge.h"
#include <string.h>

/* Who has an address of the VPC. */
typedef struct
{
  NetctlPrefix address;
  const NetctlPort *port; /* NULL on another host */
  const GArray *groups;
} Member;

struct NetctlJudge
{
  const NetctlModel *model;
  GHashTable *members;  /* its address -> Member* */
  GHashTable *rules[2]; /* for each direction: normalised groups (GBytes) -> their rules in order */
};

static void
add_member (NetctlJudge *judge, const NetctlPrefix *address, const NetctlPort *port,
            const GArray *groups)
{
  Member *member = g_new0 (Member, 1);

  member->address = *address;
  member->port = port;
  member->groups = groups;
  g_hash_table_replace (judge->members, &member->address, member);
}

NetctlJudge *
netctl_judge_new (const NetctlModel *model)
{
  NetctlJudge *judge = g_new0 (NetctlJudge, 1);

  judge->model = model;
  judge->members
      = g_hash_table_new_full (netctl_prefix_hash, (GEqualFunc) netctl_prefix_equal, NULL, g_free);
  for (guint i = 0; i < G_N_ELEMENTS (judge->rules); i++)
    judge->rules[i]
        = g_hash_table_new_full (g_bytes_hash, g_bytes_equal, (GDestroyNotify) g_bytes_unref,
                                 (GDestroyNotify) g_ptr_array_unref);
  for (guint i = 0; i < model->vpc->remotes->len; i++)
    {
      const NetctlRemote *remote = g_ptr_array_index (model->vpc->remotes, i);

      add_member (judge, &remote->address, NULL, remote->groups);
    }
  for (GTreeNode *n = g_tree_node_first (model->ports); n != NULL; n = g_tree_node_next (n))
    {
      const NetctlPort *port = g_tree_node_value (n);

      for (guint i = 0; i < port->addresses->len; i++)
        add_member (judge, &g_array_index (port->addresses, NetctlPrefix, i), port, port->groups);
    }
  return judge;
}

void
netctl_judge_free (NetctlJudge *judge)
{
  if (judge == NULL)
    return;
  g_hash_table_unref (judge->members);
  for (guint i = 0; i < G_N_ELEMENTS (judge->rules); i++)
    g_hash_table_unref (judge->rules[i]);
  g_free (judge);
}

static const GPtrArray *
rules_of (NetctlJudge *judge, const NetctlPort *port, NetctlDirection direction)
{
  g_autoptr (GArray) groups = netctl_groups_normalise (port->groups);
  g_autoptr (GBytes) key = g_bytes_new (groups->data, groups->len * sizeof (guint32));
  GPtrArray *rules = g_hash_table_lookup (judge->rules[direction], key);

  if (rules == NULL)
    {
      rules = netctl_model_rules (judge->model, groups, direction);
      g_hash_table_insert (judge->rules[direction], g_steal_pointer (&key), rules);
    }
  return rules;
}

static gboolean
is_in (const Member *member, guint32 group)
{
  for (guint i = 0; member != NULL && i < member->groups->len; i++)
    if (g_array_index (member->groups, guint32, i) == group)
      return TRUE;
  return FALSE;
}

static gboolean
in_range (int value, int min, int max)
{
  return min == -1 || (value >= min && value <= max);
}

static gboolean
rule_matches (const NetctlRule *rule, const NetctlFlow *flow, const NetctlPrefix *peer,
              const Member *peer_member, const NetctlPrefix *near)
{
  if (rule->protocol != -1 && rule->protocol != flow->protocol)
    return FALSE;
  if (!in_range (flow->destination_port, rule->port_min, rule->port_max)
      || !in_range (flow->source_port, rule->source_port_min, rule->source_port_max))
    return FALSE;
  if (rule->has_near && !netctl_prefix_contains (&rule->near, near))
    return FALSE;
  return rule->peer_is_group ? is_in (peer_member, rule->peer_group)
                             : netctl_prefix_contains (&rule->peer, peer);
}

static gboolean
port_allows (NetctlJudge *judge, const NetctlPort *port, NetctlDirection direction,
             const NetctlFlow *flow)
{
  gboolean is_ingress = direction == NETCTL_INGRESS;
  const NetctlPrefix *peer = is_ingress ? &flow->source : &flow->destination;
  const NetctlPrefix *near = is_ingress ? &flow->destination : &flow->source;
  const Member *peer_member = g_hash_table_lookup (judge->members, peer);
  const GPtrArray *rules;

  for (guint i = 0; i < port->groups->len; i++)
    {
      guint32 index = g_array_index (port->groups, guint32, i);
      const NetctlGroup *group = netctl_model_group (judge->model, index);

      if (group != NULL && group->members_reach_each_other && is_in (peer_member, index))
        return TRUE;
    }
  rules = rules_of (judge, port, direction);
  for (guint i = 0; i < rules->len; i++)
    {
      const NetctlRule *rule = g_ptr_array_index (rules, i);

      if (rule_matches (rule, flow, peer, peer_member, near))
        return rule->accept;
    }
  return direction == NETCTL_EGRESS;
}

/* The narrowest route that leads to @address, or NULL. */
static const NetctlRoute *
route_to (const NetctlVpc *vpc, const NetctlPrefix *address)
{
  const NetctlRoute *best = NULL;

  for (guint i = 0; i < vpc->routes->len; i++)
    {
      const NetctlRoute *route = &g_array_index (vpc->routes, NetctlRoute, i);

      if (netctl_prefix_contains (&route->destination, address)
          && (best == NULL || route->destination.length > best->destination.length))
        best = route;
    }
  return best;
}

/* Whether @address is one of the namespace itself. */
static gboolean
is_own (const NetctlVpc *vpc, const NetctlPrefix *address)
{
  static const char *const services[]
      = { NETCTL_METADATA_ADDRESS, NETCTL_DNS_ADDRESS, "fe80::/10", "ff00::/8" };
  const NetctlSubnet *subnet = netctl_vpc_subnet_of (vpc, address);
  NetctlPrefix service;

  for (guint i = 0; i < G_N_ELEMENTS (services); i++)
    if (netctl_prefix_parse (services[i], &service) && netctl_prefix_contains (&service, address))
      return TRUE;
  return subnet != NULL && netctl_prefix_equal (&subnet->gateway, address);
}

/* What is translated came in or leaves by the way out, whatever the routes say. */
static gboolean
is_translated (const NetctlFlow *flow, const NetctlPrefix *name, const NetctlPrefix *address)
{
  return flow->is_live && !netctl_prefix_equal (name, address);
}

/* Finds the port here whose tap packets from or to @address pass, if any. FALSE if nobody can have
 * the address. */
static gboolean
find_port (const NetctlJudge *judge, const NetctlPrefix *address, gboolean is_outside,
           const NetctlPort **out_port)
{
  const NetctlVpc *vpc = judge->model->vpc;
  const Member *member = g_hash_table_lookup (judge->members, address);
  const NetctlRoute *route;

  *out_port = NULL;
  if (member == NULL && !is_own (vpc, address))
    {
      if (netctl_vpc_subnet_of (vpc, address) != NULL)
        return FALSE;
      route = is_outside ? NULL : route_to (vpc, address);
      if (route == NULL)
        return TRUE;
      member = g_hash_table_lookup (judge->members, &route->next_hop);
      if (member == NULL)
        return FALSE;
    }
  if (member != NULL)
    *out_port = member->port;
  return TRUE;
}

gboolean
netctl_judge_allows (NetctlJudge *judge, const NetctlFlow *flow)
{
  gboolean is_from_outside = is_translated (flow, &flow->called, &flow->destination);
  gboolean is_to_outside = is_translated (flow, &flow->shown, &flow->source);
  const NetctlPort *source, *destination;

  if (!find_port (judge, &flow->source, is_from_outside, &source)
      || !find_port (judge, &flow->destination, is_to_outside, &destination))
    return FALSE;
  if (source != NULL && !is_own (judge->model->vpc, &flow->destination)
      && !port_allows (judge, source, NETCTL_EGRESS, flow))
    return FALSE;
  return destination == NULL || port_allows (judge, destination, NETCTL_INGRESS, flow);
}
