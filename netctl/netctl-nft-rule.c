/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Security groups as chains and sets. */
#include "netctl-nft-rule.h"
#include "netctl-layer.h"
#include "netctl-nft-priv.h"
#include <netinet/in.h>

/* In longer chains sets of ranges are faster; measured, see docs/network.md. */
#define RULES_ONE_BY_ONE_MAX 24

char *
netctl_nft_chain_name (const GArray *groups, NetctlDirection direction)
{
  g_autofree char *name = netctl_group_set_name (groups);

  return g_strconcat (direction == NETCTL_INGRESS ? "in_" : "eg_", name, NULL);
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

/* Rules one by one */

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

/* The names of the header, the peer's field in it and the guest's own. */
static const char *
ip_word (const NetctlRule *rule)
{
  return rule->peer.family == G_SOCKET_FAMILY_IPV4 ? "ip" : "ip6";
}

static const char *
peer_word (NetctlDirection direction)
{
  return direction == NETCTL_INGRESS ? "saddr" : "daddr";
}

static const char *
near_word (NetctlDirection direction)
{
  return direction == NETCTL_INGRESS ? "daddr" : "saddr";
}

static void
append_peer_group (GString *out, const NetctlRule *rule)
{
  g_string_append_printf (out, "%s %s @%s%x ", ip_word (rule), peer_word (rule->direction),
                          member_prefix (rule->peer.family), rule->peer_group);
}

static void
append_addresses (GString *out, const NetctlRule *rule)
{
  if (rule->peer_is_group)
    append_peer_group (out, rule);
  else if (rule->peer.length > 0)
    {
      g_autofree char *range = netctl_prefix_format (&rule->peer);

      g_string_append_printf (out, "%s %s %s ", ip_word (rule), peer_word (rule->direction), range);
    }
  else if (!rule->has_near)
    /* nft refuses a comparison of no bits; the family still has to match. */
    g_string_append_printf (out, "meta nfproto ipv%c ",
                            rule->peer.family == G_SOCKET_FAMILY_IPV4 ? '4' : '6');
  if (rule->has_near)
    {
      g_autofree char *range = netctl_prefix_format (&rule->near);

      g_string_append_printf (out, "%s %s %s ", ip_word (rule), near_word (rule->direction), range);
    }
}

/* A rule of one family as nft text with a blank at its end. */
static char *
rule_match (const NetctlRule *rule)
{
  GString *out = g_string_new (NULL);

  append_addresses (out, rule);
  if (rule->port_min != -1 || rule->source_port_min != -1)
    {
      const char *protocol = rule->protocol == IPPROTO_TCP ? "tcp" : "udp";

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
add_one_by_one (NetctlTableObject *chain, const GPtrArray *rules)
{
  for (guint i = 0; i < rules->len; i++)
    {
      const NetctlRule *rule = g_ptr_array_index (rules, i);
      g_autofree char *match = rule_match (rule);

      netctl_table_line (chain, "%s%s", match, verdict (rule->direction, rule->accept));
    }
}

/* Rules as sets of ranges */

/* In the order in which they stand in an element. */
static const struct
{
  NetctlFields field;
  char letter; /* in the set's name */
  const char *type;
} fields[] = {
  { NETCTL_FIELD_PEER, 'p', NULL },
  { NETCTL_FIELD_NEAR, 'n', NULL },
  { NETCTL_FIELD_PROTOCOL, 't', "inet_proto" },
  { NETCTL_FIELD_SOURCE_PORT, 's', "inet_service" },
  { NETCTL_FIELD_PORT, 'd', "inet_service" },
};

static char *
port_range (int min, int max)
{
  return min == max ? g_strdup_printf ("%d", min) : g_strdup_printf ("%d-%d", min, max);
}

static char *
field_value (const NetctlRule *rule, NetctlFields field)
{
  switch (field)
    {
    case NETCTL_FIELD_PEER:
      return netctl_prefix_format (&rule->peer);
    case NETCTL_FIELD_NEAR:
      return netctl_prefix_format (&rule->near);
    case NETCTL_FIELD_PROTOCOL:
      return g_strdup_printf ("%d", rule->protocol);
    case NETCTL_FIELD_SOURCE_PORT:
      return port_range (rule->source_port_min, rule->source_port_max);
    case NETCTL_FIELD_PORT:
    default:
      return port_range (rule->port_min, rule->port_max);
    }
}

static char *
field_match (const NetctlRule *rule, NetctlFields field)
{
  switch (field)
    {
    case NETCTL_FIELD_PEER:
      return g_strdup_printf ("%s %s", ip_word (rule), peer_word (rule->direction));
    case NETCTL_FIELD_NEAR:
      return g_strdup_printf ("%s %s", ip_word (rule), near_word (rule->direction));
    case NETCTL_FIELD_PROTOCOL:
      return g_strdup ("meta l4proto");
    case NETCTL_FIELD_SOURCE_PORT:
      return g_strdup ("th sport");
    case NETCTL_FIELD_PORT:
    default:
      return g_strdup ("th dport");
    }
}

/* What @text says of each field that @rule looks at, concatenated. */
static char *
join_fields (const NetctlRule *rule, char *(*text) (const NetctlRule *rule, NetctlFields field))
{
  NetctlFields wanted = netctl_rule_fields (rule);
  GString *out = g_string_new (NULL);

  for (guint i = 0; i < G_N_ELEMENTS (fields); i++)
    {
      g_autofree char *part = NULL;

      if ((wanted & fields[i].field) == 0)
        continue;
      part = text (rule, fields[i].field);
      g_string_append_printf (out, "%s%s", out->len > 0 ? " . " : "", part);
    }
  return g_string_free (out, FALSE);
}

static char *
field_type (const NetctlRule *rule, NetctlFields field)
{
  for (guint i = 0; i < G_N_ELEMENTS (fields); i++)
    if (fields[i].field == field && fields[i].type != NULL)
      return g_strdup (fields[i].type);
  return g_strdup (rule->peer.family == G_SOCKET_FAMILY_IPV4 ? "ipv4_addr" : "ipv6_addr");
}

/* "in_1_2_sa5_4ptd_0": family 4; peer, protocol and port. */
static char *
layer_name (const char *segment, const NetctlLayer *layer)
{
  const NetctlRule *rule = g_ptr_array_index (layer->rules, 0);
  NetctlFields wanted = netctl_rule_fields (rule);
  GString *out = g_string_new (segment);

  g_string_append (out, rule->peer.family == G_SOCKET_FAMILY_IPV4 ? "_4" : "_6");
  for (guint i = 0; i < G_N_ELEMENTS (fields); i++)
    if ((wanted & fields[i].field) != 0)
      g_string_append_c (out, fields[i].letter);
  if (rule->peer_is_group)
    g_string_append_printf (out, "_g%x", rule->peer_group);
  g_string_append_printf (out, "_%u", layer->number);
  return g_string_free (out, FALSE);
}

static void
add_layer (NetctlTables *t, NetctlTableObject *chain, const char *segment, const NetctlLayer *layer)
{
  const NetctlRule *rule = g_ptr_array_index (layer->rules, 0);
  g_autofree char *name = layer_name (segment, layer), *types = join_fields (rule, field_type);
  g_autofree char *head = g_strdup_printf ("type %s; flags interval", types);
  g_autofree char *match = join_fields (rule, field_match);
  g_autoptr (GString) group = g_string_new (NULL);
  NetctlTableObject *set = add_set (t, INET, name, head);

  for (guint i = 0; i < layer->rules->len; i++)
    {
      g_autofree char *element = join_fields (g_ptr_array_index (layer->rules, i), field_value);

      netctl_table_line (set, "%s", element);
    }
  if (rule->peer_is_group)
    append_peer_group (group, rule);
  netctl_table_line (chain, "%s%s @%s %s", group->str, match, name,
                     verdict (rule->direction, rule->accept));
}

/* Rules of one action with none of the other between them: their order does not matter. They are
 * named after the priority of the other action that follows, which more rules of their own action
 * do not change; 0 if none follows. */
static void
add_segment (NetctlTables *t, NetctlTableObject *chain, const GPtrArray *rules, guint next)
{
  const NetctlRule *first = g_ptr_array_index (rules, 0);
  g_autofree char *segment
      = g_strdup_printf ("%s_s%c%u", chain->name, first->accept ? 'a' : 'd', next);
  g_autoptr (GPtrArray) rest = NULL, layers = netctl_layers_new (rules, &rest);

  for (guint i = 0; i < layers->len; i++)
    add_layer (t, chain, segment, g_ptr_array_index (layers, i));
  add_one_by_one (chain, rest);
}

static void
add_in_segments (NetctlTables *t, NetctlTableObject *chain, const GPtrArray *rules)
{
  g_autoptr (GPtrArray) segment = g_ptr_array_new ();

  for (guint i = 0; i < rules->len; i++)
    {
      const NetctlRule *rule = g_ptr_array_index (rules, i), *next = NULL;

      if (i + 1 < rules->len)
        next = g_ptr_array_index (rules, i + 1);
      g_ptr_array_add (segment, (gpointer) rule);
      if (next != NULL && next->accept == rule->accept)
        continue;
      add_segment (t, chain, segment, next != NULL ? next->priority : 0);
      g_ptr_array_set_size (segment, 0);
    }
}

static void
add_rules (NetctlTables *t, NetctlTableObject *chain, const GArray *rules)
{
  g_autoptr (GHashTable) seen = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  g_autoptr (GPtrArray) distinct = g_ptr_array_new ();

  for (guint i = 0; i < rules->len; i++)
    {
      NetctlRule *rule = &g_array_index (rules, NetctlRule, i);

      if (rule->peer_is_group)
        netctl_nft_add_member_sets (t, rule->peer_group);
      /* The same match further down is never reached: the first verdict is the last. */
      if (g_hash_table_add (seen, rule_match (rule)))
        g_ptr_array_add (distinct, rule);
    }
  if (distinct->len <= RULES_ONE_BY_ONE_MAX)
    add_one_by_one (chain, distinct);
  else
    add_in_segments (t, chain, distinct);
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
  const char *side = peer_word (direction);
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

/* Ports */

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

void
netctl_nft_add_port_members (NetctlTables *t, const NetctlPort *port)
{
  g_autoptr (GArray) groups = netctl_groups_normalise (port->groups);

  for (guint i = 0; i < port->addresses->len; i++)
    netctl_nft_add_member (t, groups, &g_array_index (port->addresses, NetctlPrefix, i));
}

void
netctl_nft_add_ways_to_groups (NetctlTables *t, const NetctlVpc *vpc)
{
  way_map (t, NETCTL_INGRESS);
  way_map (t, NETCTL_EGRESS);
  for (guint i = 0; i < vpc->remotes->len; i++)
    {
      const NetctlRemote *remote = g_ptr_array_index (vpc->remotes, i);
      g_autoptr (GArray) groups = netctl_groups_normalise (remote->groups);

      netctl_nft_add_member (t, groups, &remote->address);
    }
}
