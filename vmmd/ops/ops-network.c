/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Default networks, lists, and the rules of security groups. */
#include "config.h"

#include "ops-network-default.h"
#include "ops-network.h"
#include "ops-txn.h"
#include "store-network.h"
#include "vmm-clock.h"
#include "vmm-error.h"
#include "vmm-id.h"
#include <string.h>

#define RULES_A_GROUP 200

static VmmVpc *
make_vpc (VmmContext *ctx, const char *account_id)
{
  VmmVpc *vpc = g_new0 (VmmVpc, 1);

  vpc->id = vmm_id_new (VMM_ID_VPC);
  vpc->account_id = g_strdup (account_id);
  vpc->name = g_strdup ("default");
  vpc->cidr = g_strdup (ctx->config->default_vpc_cidr);
  vpc->is_default = TRUE;
  vpc->created_ms = vmm_clock_now_ms ();
  return vpc;
}

static VmmVswitch *
make_vswitch (VmmContext *ctx, const VmmVpc *vpc)
{
  VmmVswitch *vswitch = g_new0 (VmmVswitch, 1);

  vswitch->id = vmm_id_new (VMM_ID_VSWITCH);
  vswitch->account_id = g_strdup (vpc->account_id);
  vswitch->vpc_id = g_strdup (vpc->id);
  vswitch->zone_id = g_strdup (ctx->config->zone_id);
  vswitch->name = g_strdup ("default");
  vswitch->cidr = g_strdup (ctx->config->default_vswitch_cidr);
  vswitch->is_default = TRUE;
  vswitch->created_ms = vpc->created_ms;
  return vswitch;
}

static VmmGroup *
make_group (const VmmVpc *vpc)
{
  VmmGroup *group = g_new0 (VmmGroup, 1);

  group->id = vmm_id_new (VMM_ID_GROUP);
  group->account_id = g_strdup (vpc->account_id);
  group->vpc_id = g_strdup (vpc->id);
  group->name = g_strdup ("default");
  group->description = g_strdup ("");
  group->is_default = TRUE;
  group->inner_accept = TRUE;
  group->created_ms = vpc->created_ms;
  return group;
}

VmmVpc *
ops_network_default (VmmContext *ctx, StoreTxn *txn, const char *account_id, GError **error)
{
  g_autoptr (VmmVpc) vpc = NULL;
  g_autoptr (VmmVswitch) vswitch = NULL;
  g_autoptr (VmmGroup) group = NULL;
  g_autoptr (GError) local = NULL;

  vpc = store_vpc_get_default (txn, account_id, &local);
  if (vpc != NULL || local != NULL)
    {
      if (local != NULL)
        g_propagate_error (error, g_steal_pointer (&local));
      return g_steal_pointer (&vpc);
    }
  vpc = make_vpc (ctx, account_id);
  vswitch = make_vswitch (ctx, vpc);
  group = make_group (vpc);
  if (!store_vpc_insert (txn, vpc, error) || !store_vswitch_insert (txn, vswitch, error)
      || !store_group_insert (txn, group, error))
    return NULL;
  return g_steal_pointer (&vpc);
}

gboolean
ops_network_ensure_default (VmmContext *ctx, const VmmCaller *caller, GError **error)
{
  g_autoptr (StoreTxn) txn = store_begin_read (ctx->store, error);
  g_autoptr (VmmVpc) vpc = NULL;
  g_autoptr (GError) local = NULL;

  if (txn == NULL)
    return FALSE;
  vpc = store_vpc_get_default (txn, caller->account_id, &local);
  if (local != NULL)
    {
      g_propagate_error (error, g_steal_pointer (&local));
      return FALSE;
    }
  if (vpc != NULL)
    return TRUE;
  g_clear_pointer (&txn, store_txn_free);
  txn = store_begin (ctx->store, error);
  if (txn == NULL)
    return FALSE;
  vpc = ops_network_default (ctx, txn, caller->account_id, error);
  return vpc != NULL && store_commit (txn, error);
}

GPtrArray *
ops_vpc_list (VmmContext *ctx, const VmmCaller *caller, const char *const *ids, const VmmPage *page,
              VmmPageInfo *out_info, GError **error)
{
  g_autoptr (StoreTxn) txn = NULL;

  if (!ops_network_ensure_default (ctx, caller, error))
    return NULL;
  txn = store_begin_read (ctx->store, error);
  return txn != NULL ? store_vpc_list (txn, caller->account_id, ids, page, out_info, error) : NULL;
}

/* How many addresses of each vswitch are free. */
static GArray *
count_free (StoreTxn *txn, GPtrArray *vswitches, GError **error)
{
  g_autoptr (GArray) counts = g_array_new (FALSE, TRUE, sizeof (guint32));

  for (guint i = 0; i < vswitches->len; i++)
    {
      const VmmVswitch *vswitch = g_ptr_array_index (vswitches, i);
      g_autoptr (GError) local = NULL;
      VmmRange range = { 0 };
      guint32 used = store_nic_count (txn, vswitch->id, &local), capacity;

      if (local != NULL)
        {
          g_propagate_error (error, g_steal_pointer (&local));
          return NULL;
        }
      vmm_range_parse (vswitch->cidr, &range);
      capacity = vmm_range_capacity (&range);
      capacity = capacity > used ? capacity - used : 0;
      g_array_append_val (counts, capacity);
    }
  return g_steal_pointer (&counts);
}

GPtrArray *
ops_vswitch_list (VmmContext *ctx, const VmmCaller *caller, const char *const *ids,
                  const char *vpc_id, const VmmPage *page, VmmPageInfo *out_info, GArray **out_free,
                  GError **error)
{
  g_autoptr (StoreTxn) txn = NULL;
  g_autoptr (GPtrArray) list = NULL;

  if (!ops_network_ensure_default (ctx, caller, error))
    return NULL;
  txn = store_begin_read (ctx->store, error);
  if (txn != NULL)
    list = store_vswitch_list (txn, caller->account_id, ids, vpc_id, page, out_info, error);
  if (list != NULL && out_free != NULL)
    {
      *out_free = count_free (txn, list, error);
      if (*out_free == NULL)
        return NULL;
    }
  return g_steal_pointer (&list);
}

GPtrArray *
ops_group_list (VmmContext *ctx, const VmmCaller *caller, const VmmGroupQuery *query,
                const VmmPage *page, VmmPageInfo *out_info, GError **error)
{
  g_autoptr (StoreTxn) txn = NULL;

  if (!ops_network_ensure_default (ctx, caller, error))
    return NULL;
  txn = store_begin_read (ctx->store, error);
  return txn != NULL ? store_group_list (txn, caller->account_id, query, page, out_info, error)
                     : NULL;
}

VmmGroup *
ops_group_get (VmmContext *ctx, const VmmCaller *caller, const char *id, GError **error)
{
  g_autoptr (StoreTxn) txn = store_begin_read (ctx->store, error);
  g_autoptr (VmmGroup) group
      = txn != NULL ? store_group_get (txn, caller->account_id, id, error) : NULL;

  if (group == NULL)
    return NULL;
  group->rules = store_rule_list (txn, id, error);
  return group->rules != NULL ? g_steal_pointer (&group) : NULL;
}

static const struct
{
  const char *name;
  gboolean has_ports;
} protocols[] = {
  { "tcp", TRUE }, { "udp", TRUE }, { "icmp", FALSE }, { "gre", FALSE }, { "all", FALSE },
};

/* "22/22", or "-1/-1" for all. */
static gboolean
parse_ports (const char *text, int *out_min, int *out_max)
{
  g_auto (GStrv) ends = g_strsplit (text, "/", 3);
  gint64 min = 0, max = 0;

  if (g_str_equal (text, "-1/-1"))
    {
      *out_min = *out_max = -1;
      return TRUE;
    }
  if (g_strv_length (ends) != 2 || !g_ascii_string_to_signed (ends[0], 10, 1, 65535, &min, NULL)
      || !g_ascii_string_to_signed (ends[1], 10, 1, 65535, &max, NULL) || min > max)
    return FALSE;
  *out_min = (int) min;
  *out_max = (int) max;
  return TRUE;
}

static gboolean
fill_protocol (const OpsRuleSpec *spec, VmmRule *rule, GError **error)
{
  g_autofree char *name = g_ascii_strdown (spec->protocol, -1);

  for (guint i = 0; i < G_N_ELEMENTS (protocols); i++)
    if (g_str_equal (name, protocols[i].name))
      {
        if (spec->port_range == NULL && protocols[i].has_ports)
          return vmm_fail (error, VMM_ERROR_MISSING_PARAMETER,
                           "the input parameter PortRange is mandatory with %s", name);
        if (!parse_ports (spec->port_range != NULL ? spec->port_range : "-1/-1", &rule->port_min,
                          &rule->port_max)
            || (!protocols[i].has_ports && rule->port_min != -1))
          return vmm_fail (error, VMM_ERROR_RULE_PORT_RANGE,
                           "the PortRange '%s' is malformed; use 1/65535 style, or -1/-1 with %s",
                           spec->port_range, name);
        if (!parse_ports (spec->source_port_range != NULL ? spec->source_port_range : "-1/-1",
                          &rule->source_port_min, &rule->source_port_max)
            || (!protocols[i].has_ports && rule->source_port_min != -1))
          return vmm_fail (error, VMM_ERROR_RULE_PORT_RANGE,
                           "the SourcePortRange '%s' is malformed", spec->source_port_range);
        rule->protocol = g_steal_pointer (&name);
        return TRUE;
      }
  return vmm_fail (error, VMM_ERROR_RULE_PROTOCOL, "the IpProtocol '%s' is not supported",
                   spec->protocol);
}

/* "10.0.0.0/8", or one address; kept with its host bits cleared so that equal rules are equal. */
static char *
canonical_cidr (const char *text)
{
  const char *slash = strchr (text, '/');
  g_autofree char *head
      = slash != NULL ? g_strndup (text, (gsize) (slash - text)) : g_strdup (text);
  g_autofree char *base = NULL;
  guint32 address = 0;
  guint64 length = 32;

  if (!vmm_address_parse (head, &address)
      || (slash != NULL && !g_ascii_string_to_unsigned (slash + 1, 10, 0, 32, &length, NULL)))
    return NULL;
  base = vmm_address_format (length == 0 ? 0 : address & (G_MAXUINT32 << (32 - length)));
  return g_strdup_printf ("%s/%u", base, (guint) length);
}

static gboolean
fill_peer (StoreTxn *txn, const VmmCaller *caller, const OpsRuleSpec *spec, VmmRule *rule,
           GError **error)
{
  if (spec->peer_group_id != NULL)
    {
      g_autoptr (VmmGroup) peer
          = store_group_get (txn, caller->account_id, spec->peer_group_id, error);

      if (peer == NULL)
        return FALSE;
      rule->peer_group_id = g_strdup (peer->id);
      rule->cidr = g_strdup ("");
      return TRUE;
    }
  if (spec->cidr == NULL)
    return vmm_fail (error, VMM_ERROR_MISSING_PARAMETER, "one of %s and %s is mandatory",
                     spec->egress ? "DestCidrIp" : "SourceCidrIp",
                     spec->egress ? "DestGroupId" : "SourceGroupId");
  rule->cidr = canonical_cidr (spec->cidr);
  rule->peer_group_id = g_strdup ("");
  if (rule->cidr == NULL)
    return vmm_fail (error, VMM_ERROR_RULE_CIDR, "the address range '%s' is malformed", spec->cidr);
  return TRUE;
}

static VmmRule *
rule_from_spec (StoreTxn *txn, const VmmCaller *caller, const char *group_id,
                const OpsRuleSpec *spec, GError **error)
{
  g_autoptr (VmmRule) rule = g_new0 (VmmRule, 1);
  const char *policy = spec->policy != NULL ? spec->policy : "accept";

  rule->id = vmm_id_new (VMM_ID_RULE);
  rule->group_id = g_strdup (group_id);
  rule->egress = spec->egress;
  rule->accept = g_ascii_strcasecmp (policy, "accept") == 0;
  rule->priority = spec->priority != 0 ? spec->priority : 1;
  rule->description = g_strdup (spec->description != NULL ? spec->description : "");
  rule->created_ms = vmm_clock_now_ms ();
  if (!rule->accept && g_ascii_strcasecmp (policy, "drop") != 0)
    vmm_fail (error, VMM_ERROR_RULE_POLICY, "the Policy '%s' must be accept or drop", policy);
  else if (rule->priority > 100)
    vmm_fail (error, VMM_ERROR_RULE_PRIORITY, "the Priority %u must be 1 to 100", rule->priority);
  else if (fill_protocol (spec, rule, error) && fill_peer (txn, caller, spec, rule, error))
    return g_steal_pointer (&rule);
  return NULL;
}

gboolean
ops_group_authorize (VmmContext *ctx, const VmmCaller *caller, const char *group_id,
                     const OpsRuleSpec *spec, GError **error)
{
  g_autofree char *answer = NULL;
  g_autoptr (StoreTxn) txn = ops_begin (ctx, caller, &answer, error);
  g_autoptr (VmmGroup) group = NULL;
  g_autoptr (VmmRule) rule = NULL;
  g_autoptr (GPtrArray) rules = NULL;
  gboolean added = FALSE;

  if (txn == NULL || answer != NULL)
    return txn != NULL;
  group = store_group_get (txn, caller->account_id, group_id, error);
  if (group == NULL)
    return FALSE;
  rule = rule_from_spec (txn, caller, group_id, spec, error);
  if (rule == NULL || !store_rule_insert (txn, rule, &added, error))
    return FALSE;
  rules = store_rule_list (txn, group_id, error);
  if (rules == NULL)
    return FALSE;
  if (rules->len > RULES_A_GROUP)
    return vmm_fail (error, VMM_ERROR_RULE_LIMIT, "group '%s' has %u rules, its limit", group_id,
                     RULES_A_GROUP);
  if (!ops_finish (ctx, txn, caller, "", error))
    return FALSE;
  g_clear_pointer (&txn, store_txn_free);
  if (added)
    ctx->kick (ctx, group_id);
  return TRUE;
}

gboolean
ops_group_revoke (VmmContext *ctx, const VmmCaller *caller, const char *group_id,
                  const OpsRuleSpec *spec, GError **error)
{
  g_autofree char *answer = NULL;
  g_autoptr (StoreTxn) txn = ops_begin (ctx, caller, &answer, error);
  g_autoptr (VmmGroup) group = NULL;
  g_autoptr (VmmRule) rule = NULL;
  gboolean removed = FALSE;

  if (txn == NULL || answer != NULL)
    return txn != NULL;
  group = store_group_get (txn, caller->account_id, group_id, error);
  if (group == NULL)
    return FALSE;
  rule = rule_from_spec (txn, caller, group_id, spec, error);
  if (rule == NULL || !store_rule_delete (txn, rule, &removed, error)
      || !ops_finish (ctx, txn, caller, "", error))
    return FALSE;
  g_clear_pointer (&txn, store_txn_free);
  if (removed)
    ctx->kick (ctx, group_id);
  return TRUE;
}
