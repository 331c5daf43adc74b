/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Rules of security groups: what makes sense, their order, and their forms of one family. */
#include "netctl-rule.h"
#include <netinet/in.h>
#include <string.h>

static gboolean
ports_are_sane (int min, int max, gboolean has_ports)
{
  if (min == -1 && max == -1)
    return TRUE;
  return has_ports && min >= 0 && min <= max && max <= 65535;
}

static gboolean
is_range (const NetctlPrefix *prefix)
{
  return (prefix->family == G_SOCKET_FAMILY_IPV4 && prefix->length <= 32)
         || (prefix->family == G_SOCKET_FAMILY_IPV6 && prefix->length <= 128);
}

/* Whether @rule can match a packet of @family. */
static gboolean
speaks (const NetctlRule *rule, GSocketFamily family)
{
  if (!rule->peer_is_group && rule->peer.family != family)
    return FALSE;
  if (rule->has_near && rule->near.family != family)
    return FALSE;
  if (rule->protocol == IPPROTO_ICMP)
    return family == G_SOCKET_FAMILY_IPV4;
  return rule->protocol != IPPROTO_ICMPV6 || family == G_SOCKET_FAMILY_IPV6;
}

static const char *
rule_fault (const NetctlRule *rule)
{
  gboolean has_ports = rule->protocol == IPPROTO_TCP || rule->protocol == IPPROTO_UDP;

  if (rule->direction != NETCTL_INGRESS && rule->direction != NETCTL_EGRESS)
    return "a rule has no direction";
  if (rule->priority < 1 || rule->priority > 100)
    return "a rule's priority is not within 1 to 100";
  if (rule->protocol < -1 || rule->protocol > 255)
    return "a rule's protocol is not a protocol number";
  if (!ports_are_sane (rule->port_min, rule->port_max, has_ports)
      || !ports_are_sane (rule->source_port_min, rule->source_port_max, has_ports))
    return "a rule's ports are not a range of TCP or UDP ports";
  if (!rule->peer_is_group && !is_range (&rule->peer))
    return "a rule's peer is not an address range";
  if (rule->has_near && !is_range (&rule->near))
    return "a rule's near side is not an address range";
  /* A drop that matches nothing would be open where its maker believes it closed. */
  if (!speaks (rule, G_SOCKET_FAMILY_IPV4) && !speaks (rule, G_SOCKET_FAMILY_IPV6))
    return "a rule's peer, near side and protocol are not of one family";
  return NULL;
}

gboolean
netctl_group_check (const NetctlGroup *group, GError **error)
{
  const char *fault = NULL;

  if (group->vpc > NETCTL_VPC_INDEX_MAX)
    fault = "the vpc's index is too large";
  for (guint i = 0; i < group->rules->len && fault == NULL; i++)
    fault = rule_fault (&g_array_index (group->rules, NetctlRule, i));
  if (fault != NULL)
    g_set_error (error, NETCTL_ERROR, NETCTL_ERROR_INVALID, "group %u: %s", group->index, fault);
  return fault == NULL;
}

static int
compare_number (gint64 a, gint64 b)
{
  return a < b ? -1 : a > b;
}

static int
compare_prefix (const NetctlPrefix *a, const NetctlPrefix *b)
{
  int order = compare_number (a->family, b->family);

  if (order == 0)
    order = memcmp (a->bytes, b->bytes, sizeof a->bytes);
  return order != 0 ? order : compare_number (a->length, b->length);
}

int
netctl_rule_compare (const NetctlRule *a, const NetctlRule *b)
{
  const gint64 numbers[][2] = {
    { a->priority, b->priority },
    { a->accept, b->accept },
    { a->protocol, b->protocol },
    { a->port_min, b->port_min },
    { a->port_max, b->port_max },
    { a->source_port_min, b->source_port_min },
    { a->source_port_max, b->source_port_max },
    { a->peer_is_group, b->peer_is_group },
    { a->peer_is_group ? a->peer_group : 0, b->peer_is_group ? b->peer_group : 0 },
    { a->has_near, b->has_near },
  };
  int order = 0;

  for (guint i = 0; i < G_N_ELEMENTS (numbers) && order == 0; i++)
    order = compare_number (numbers[i][0], numbers[i][1]);
  if (order == 0 && !a->peer_is_group)
    order = compare_prefix (&a->peer, &b->peer);
  if (order == 0 && a->has_near)
    order = compare_prefix (&a->near, &b->near);
  return order;
}

static void
forget_full_range (int *min, int *max)
{
  if (*min == 0 && *max == 65535)
    *min = *max = -1;
}

guint
netctl_rule_split (const NetctlRule *rule, NetctlRule out_forms[2])
{
  static const GSocketFamily families[] = { G_SOCKET_FAMILY_IPV4, G_SOCKET_FAMILY_IPV6 };
  guint count = 0;

  for (guint i = 0; i < G_N_ELEMENTS (families); i++)
    {
      NetctlRule *form = &out_forms[count];

      if (!speaks (rule, families[i]))
        continue;
      *form = *rule;
      if (rule->peer_is_group)
        form->peer = (NetctlPrefix){ .family = families[i] };
      form->peer = netctl_prefix_masked (&form->peer);
      form->near = netctl_prefix_masked (&form->near);
      form->has_near = rule->has_near && rule->near.length > 0;
      forget_full_range (&form->port_min, &form->port_max);
      forget_full_range (&form->source_port_min, &form->source_port_max);
      count++;
    }
  return count;
}
