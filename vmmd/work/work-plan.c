/* SPDX-License-Identifier: GPL-2.0-or-later */
/* From rows to the records that netctl gets. */
#include "config.h"

#include "store-prefix-list.h"
#include "vmm-error.h"
#include "work-plan.h"
#include <netinet/in.h>
#include <stdio.h>

/* A vswitch of two families is two subnets. */
static gboolean
add_subnets (NetctlVpc *vpc, const VmmVswitch *vswitch, GError **error)
{
  VmmRange range = { 0 };
  NetctlSubnet subnet = { 0 };
  g_autofree char *gateway = NULL;

  if (vmm_range_parse (vswitch->cidr, &range))
    gateway = vmm_address_format (vmm_range_gateway (&range));
  if (gateway == NULL || !netctl_prefix_parse (vswitch->cidr, &subnet.range)
      || !netctl_prefix_parse (gateway, &subnet.gateway))
    return vmm_fail (error, VMM_ERROR_INTERNAL, "vswitch %s has the range '%s'", vswitch->id,
                     vswitch->cidr);
  g_array_append_val (vpc->subnets, subnet);
  if (*vswitch->ipv6_cidr == '\0')
    return TRUE;
  if (!netctl_prefix_parse (vswitch->ipv6_cidr, &subnet.range)
      || !netctl_prefix_parse (NETCTL_ROUTER6, &subnet.gateway))
    return vmm_fail (error, VMM_ERROR_INTERNAL, "vswitch %s has the range '%s'", vswitch->id,
                     vswitch->ipv6_cidr);
  g_array_append_val (vpc->subnets, subnet);
  return TRUE;
}

NetctlVpc *
work_plan_vpc (const VmmContext *ctx, StoreTxn *txn, const char *vpc_id, GError **error)
{
  g_autoptr (VmmVpc) row = store_vpc_get (txn, NULL, vpc_id, error);
  g_autoptr (GPtrArray) vswitches = row != NULL ? store_vpc_vswitches (txn, vpc_id, error) : NULL;
  g_autoptr (NetctlVpc) vpc = NULL;

  if (vswitches == NULL)
    return NULL;
  vpc = netctl_vpc_new ();
  vpc->index = row->index;
  vpc->id = g_strdup (row->id);
  vpc->nat = ctx->config->nat;
  vpc->domain = g_strdup (ctx->config->domain);
  for (guint i = 0; i < vswitches->len; i++)
    if (!add_subnets (vpc, g_ptr_array_index (vswitches, i), error))
      return NULL;
  if (!work_plan_routes (txn, row, vpc, error) || !work_plan_publics (txn, row, vpc, error))
    return NULL;
  return g_steal_pointer (&vpc);
}

static gboolean
protocol_number (const VmmRule *rule, int *out, GError **error)
{
  static const struct
  {
    const char *name;
    int number;
  } numbers[] = { { "all", -1 },
                  { "tcp", IPPROTO_TCP },
                  { "udp", IPPROTO_UDP },
                  { "icmp", IPPROTO_ICMP },
                  { "icmpv6", IPPROTO_ICMPV6 },
                  { "gre", IPPROTO_GRE } };

  for (guint i = 0; i < G_N_ELEMENTS (numbers); i++)
    if (g_str_equal (numbers[i].name, rule->protocol))
      {
        *out = numbers[i].number;
        return TRUE;
      }
  return vmm_fail (error, VMM_ERROR_INTERNAL, "rule %s has the protocol '%s'", rule->id,
                   rule->protocol);
}

static gboolean
parse_range (const char *id, const char *text, NetctlPrefix *out, GError **error)
{
  return netctl_prefix_parse (text, out)
         || vmm_fail (error, VMM_ERROR_INTERNAL, "rule %s has the range '%s'", id, text);
}

/* A rule that names a list is one a range of it; none when the list is empty. */
static gboolean
add_list (StoreTxn *txn, const VmmRule *row, NetctlRule *rule, NetctlGroup *group, GError **error)
{
  g_autoptr (GPtrArray) entries = store_prefix_list_entries (txn, row->prefix_list_id, error);

  for (guint i = 0; entries != NULL && i < entries->len; i++)
    {
      const VmmPrefixEntry *entry = g_ptr_array_index (entries, i);

      if (!parse_range (row->id, entry->cidr, &rule->peer, error))
        return FALSE;
      g_array_append_val (group->rules, *rule);
    }
  return entries != NULL;
}

static gboolean
add_rule (StoreTxn *txn, const VmmRule *row, NetctlGroup *group, GError **error)
{
  NetctlRule rule = {
    .direction = row->egress ? NETCTL_EGRESS : NETCTL_INGRESS,
    .accept = row->accept,
    .priority = row->priority,
    .port_min = row->port_min,
    .port_max = row->port_max,
    .source_port_min = row->source_port_min,
    .source_port_max = row->source_port_max,
    .peer_is_group = *row->peer_group_id != '\0',
    .has_near = *row->near_cidr != '\0',
  };

  if (!protocol_number (row, &rule.protocol, error)
      || (rule.has_near && !parse_range (row->id, row->near_cidr, &rule.near, error)))
    return FALSE;
  if (*row->prefix_list_id != '\0')
    return add_list (txn, row, &rule, group, error);
  if (rule.peer_is_group)
    {
      g_autoptr (VmmGroup) peer = store_group_get (txn, NULL, row->peer_group_id, error);

      if (peer == NULL)
        return FALSE;
      rule.peer_group = peer->index;
    }
  else if (!parse_range (row->id, row->cidr, &rule.peer, error))
    return FALSE;
  g_array_append_val (group->rules, rule);
  return TRUE;
}

NetctlGroup *
work_plan_group (StoreTxn *txn, const VmmGroup *row, guint32 vpc_index, GError **error)
{
  g_autoptr (GPtrArray) rules = store_rule_list (txn, row->id, error);
  g_autoptr (NetctlGroup) group = NULL;

  if (rules == NULL)
    return NULL;
  group = netctl_group_new ();
  group->vpc = vpc_index;
  group->index = row->index;
  group->members_reach_each_other = row->inner_accept;
  for (guint i = 0; i < rules->len; i++)
    if (!add_rule (txn, g_ptr_array_index (rules, i), group, error))
      return NULL;
  return g_steal_pointer (&group);
}

static gboolean
add_addresses (const VmmNic *nic, const GPtrArray *texts, NetctlPort *port, GError **error)
{
  for (guint i = 0; texts != NULL && i < texts->len; i++)
    {
      NetctlPrefix address;

      if (!netctl_prefix_parse (texts->pdata[i], &address))
        return vmm_fail (error, VMM_ERROR_INTERNAL, "interface %s has the address '%s'", nic->id,
                         (const char *) texts->pdata[i]);
      g_array_append_val (port->addresses, address);
    }
  return TRUE;
}

NetctlPort *
work_plan_port (StoreTxn *txn, const VmmNic *nic, const char *host_name, GError **error)
{
  g_autoptr (NetctlPort) port = netctl_port_new ();
  NetctlPrefix address;
  guint mac[6];

  port->vpc = nic->vpc_index;
  port->index = nic->index;
  port->id = g_strdup (nic->id);
  port->host_name = g_strdup (host_name);
  port->is_secondary = !nic->is_primary;
  if (!netctl_prefix_parse (nic->ip, &address)
      || sscanf (nic->mac, "%2x:%2x:%2x:%2x:%2x:%2x", &mac[0], &mac[1], &mac[2], &mac[3], &mac[4],
                 &mac[5])
             != 6)
    {
      vmm_fail (error, VMM_ERROR_INTERNAL, "interface %s has address '%s' and MAC '%s'", nic->id,
                nic->ip, nic->mac);
      return NULL;
    }
  for (guint i = 0; i < G_N_ELEMENTS (mac); i++)
    port->mac[i] = (guint8) mac[i];
  g_array_append_val (port->addresses, address);
  if (!add_addresses (nic, nic->ips, port, error) || !add_addresses (nic, nic->ips6, port, error))
    return NULL;
  for (guint i = 0; i < nic->group_ids->len; i++)
    {
      g_autoptr (VmmGroup) group
          = store_group_get (txn, NULL, g_ptr_array_index (nic->group_ids, i), error);

      if (group == NULL)
        return NULL;
      g_array_append_val (port->groups, group->index);
    }
  return work_plan_port_bounds (txn, nic, port, error) ? g_steal_pointer (&port) : NULL;
}
