/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Security groups and their rules. */
#include "config.h"

#include "ops-group-member.h"
#include "ops-group.h"
#include "ops-network-default.h"
#include "ops-network.h"
#include "ops-nic-row.h"
#include "ops-txn.h"
#include "store-account.h"
#include "store-instance.h"
#include "store-network.h"
#include "vmm-clock.h"
#include "vmm-error.h"
#include "vmm-id.h"
#include "vmm-instance.h"
#include <string.h>

#define RULES_A_GROUP 200
#define GROUPS_A_NIC 5
#define GROUPS_AN_ACCOUNT 100

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
is_of_account (StoreTxn *txn, const VmmGroup *group, const char *name_or_id)
{
  g_autoptr (StoreAccount) account = store_account_get (txn, name_or_id, NULL);

  return account != NULL && g_str_equal (group->account_id, account->id);
}

/* The peer group, of the caller's account unless another is named, which must then have it: a
 * tenant cannot try out the ids of others. */
static VmmGroup *
find_peer (StoreTxn *txn, const VmmCaller *caller, const OpsRuleSpec *spec, GError **error)
{
  gboolean is_own = spec->peer_account == NULL && spec->peer_account_id == NULL;
  g_autoptr (VmmGroup) peer
      = store_group_get (txn, is_own ? caller->account_id : NULL, spec->peer_group_id, error);

  if (peer == NULL
      || ((spec->peer_account == NULL || is_of_account (txn, peer, spec->peer_account))
          && (spec->peer_account_id == NULL
              || g_str_equal (peer->account_id, spec->peer_account_id))))
    return g_steal_pointer (&peer);
  vmm_fail (error, VMM_ERROR_GROUP_NOT_FOUND, "the specified '%s' does not exist in that account",
            spec->peer_group_id);
  return NULL;
}

/* When both are given the range counts, as in ECS. */
static gboolean
fill_peer (StoreTxn *txn, const VmmCaller *caller, const OpsRuleSpec *spec, VmmRule *rule,
           GError **error)
{
  if (spec->cidr == NULL && spec->peer_group_id != NULL)
    {
      g_autoptr (VmmGroup) peer = find_peer (txn, caller, spec, error);

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

/* One transaction on the rules of one group; the rules are applied when any of them changed. */
typedef gboolean (*RuleChange) (StoreTxn *txn, const VmmRule *rule, gboolean *out_changed,
                                GError **error);

static gboolean
change_rules (StoreTxn *txn, const VmmCaller *caller, const char *group_id,
              const OpsRuleSpec *specs, guint n_specs, RuleChange change, gboolean *changed,
              GError **error)
{
  for (guint i = 0; i < n_specs; i++)
    {
      g_autoptr (VmmRule) rule = rule_from_spec (txn, caller, group_id, &specs[i], error);
      gboolean one = FALSE;

      if (rule == NULL || !change (txn, rule, &one, error))
        return FALSE;
      *changed |= one;
    }
  return TRUE;
}

static gboolean
check_rule_limit (StoreTxn *txn, const char *group_id, GError **error)
{
  g_autoptr (GPtrArray) rules = store_rule_list (txn, group_id, error);

  if (rules == NULL)
    return FALSE;
  if (rules->len > RULES_A_GROUP)
    return vmm_fail (error, VMM_ERROR_RULE_LIMIT, "group '%s' would have %u rules, its limit is %u",
                     group_id, rules->len, RULES_A_GROUP);
  return TRUE;
}

/* The common end of every change of a group. */
static gboolean
finish_group (VmmContext *ctx, StoreTxn **txn, const VmmCaller *caller, const char *group_id,
              gboolean changed, GError **error)
{
  if (changed && !store_group_touch (*txn, group_id, error))
    return FALSE;
  if (!ops_finish (ctx, *txn, caller, "", error))
    return FALSE;
  g_clear_pointer (txn, store_txn_free);
  if (changed)
    ctx->kick (ctx, group_id);
  return TRUE;
}

gboolean
ops_group_authorize (VmmContext *ctx, const VmmCaller *caller, const char *group_id,
                     const OpsRuleSpec *rules, guint n_rules, GError **error)
{
  g_autofree char *before = NULL;
  g_autoptr (StoreTxn) txn = ops_begin (ctx, caller, &before, error);
  g_autoptr (VmmGroup) group = NULL;
  gboolean changed = FALSE;

  if (txn == NULL || before != NULL)
    return txn != NULL;
  group = store_group_get (txn, caller->account_id, group_id, error);
  return group != NULL
         && change_rules (txn, caller, group_id, rules, n_rules, store_rule_insert, &changed, error)
         && check_rule_limit (txn, group_id, error)
         && finish_group (ctx, &txn, caller, group_id, changed, error);
}

gboolean
ops_group_revoke (VmmContext *ctx, const VmmCaller *caller, const char *group_id,
                  const OpsRuleSpec *rules, guint n_rules, const char *const *rule_ids,
                  GError **error)
{
  g_autofree char *before = NULL;
  g_autoptr (StoreTxn) txn = ops_begin (ctx, caller, &before, error);
  g_autoptr (VmmGroup) group = NULL;
  gboolean changed = FALSE;

  if (txn == NULL || before != NULL)
    return txn != NULL;
  group = store_group_get (txn, caller->account_id, group_id, error);
  if (group == NULL
      || !change_rules (txn, caller, group_id, rules, n_rules, store_rule_delete, &changed, error))
    return FALSE;
  for (guint i = 0; rule_ids != NULL && rule_ids[i] != NULL; i++)
    {
      gboolean one = FALSE;

      if (!store_rule_delete_by_id (txn, group_id, rule_ids[i], &one, error))
        return FALSE;
      changed |= one;
    }
  return finish_group (ctx, &txn, caller, group_id, changed, error);
}

static const char *
or_else (const char *given, const char *fallback)
{
  return given != NULL ? given : fallback;
}

/* The rule as it stands, with what @spec gives in place of its own. Ports stay unless the new
 * protocol has none. */
static VmmRule *
merge_rule (StoreTxn *txn, const VmmCaller *caller, const VmmRule *old, const OpsRuleSpec *spec,
            GError **error)
{
  g_autofree char *ports = g_strdup_printf ("%d/%d", old->port_min, old->port_max);
  g_autofree char *source_ports
      = g_strdup_printf ("%d/%d", old->source_port_min, old->source_port_max);
  gboolean keeps_peer = spec->cidr == NULL && spec->peer_group_id == NULL;
  gboolean keeps_ports = spec->protocol == NULL || g_ascii_strcasecmp (spec->protocol, "tcp") == 0
                         || g_ascii_strcasecmp (spec->protocol, "udp") == 0;
  OpsRuleSpec merged = *spec;
  VmmRule *rule;

  merged.protocol = or_else (spec->protocol, old->protocol);
  merged.port_range = or_else (spec->port_range, keeps_ports ? ports : NULL);
  merged.source_port_range = or_else (spec->source_port_range, keeps_ports ? source_ports : NULL);
  merged.policy = or_else (spec->policy, old->accept ? "accept" : "drop");
  merged.description = or_else (spec->description, old->description);
  merged.priority = spec->priority != 0 ? spec->priority : old->priority;
  if (keeps_peer)
    {
      merged.cidr = *old->cidr != '\0' ? old->cidr : NULL;
      merged.peer_group_id = *old->peer_group_id != '\0' ? old->peer_group_id : NULL;
      merged.peer_account = *old->peer_account != '\0' ? old->peer_account : NULL;
      merged.peer_account_id = NULL;
    }
  rule = rule_from_spec (txn, caller, old->group_id, &merged, error);
  if (rule != NULL)
    {
      g_free (rule->id);
      rule->id = g_strdup (old->id);
    }
  return rule;
}

gboolean
ops_group_modify_rule (VmmContext *ctx, const VmmCaller *caller, const char *group_id,
                       const char *rule_id, const OpsRuleSpec *spec, GError **error)
{
  g_autofree char *before = NULL;
  g_autoptr (StoreTxn) txn = ops_begin (ctx, caller, &before, error);
  g_autoptr (VmmGroup) group = NULL;
  g_autoptr (VmmRule) old = NULL;
  g_autoptr (VmmRule) rule = NULL;

  if (txn == NULL || before != NULL)
    return txn != NULL;
  group = store_group_get (txn, caller->account_id, group_id, error);
  if (group != NULL)
    old = store_rule_get (txn, group_id, rule_id, error);
  if (old == NULL)
    return FALSE;
  if (old->egress != spec->egress)
    return vmm_fail (error, VMM_ERROR_RULE_NOT_FOUND, "rule '%s' is one for what %s", rule_id,
                     old->egress ? "goes out" : "comes in");
  rule = merge_rule (txn, caller, old, spec, error);
  return rule != NULL && store_rule_update (txn, rule, error)
         && finish_group (ctx, &txn, caller, group_id, TRUE, error);
}

static gboolean
check_names (const char *name, const char *description, GError **error)
{
  if (name != NULL && !vmm_instance_name_is_valid (name))
    return vmm_fail (error, VMM_ERROR_GROUP_NAME_MALFORMED,
                     "the SecurityGroupName must be 2 to 128 characters and begin with a letter");
  if (description != NULL && !vmm_instance_description_is_valid (description))
    return vmm_fail (error, VMM_ERROR_DESCRIPTION_MALFORMED,
                     "the Description must be 2 to 256 characters and not begin with http:// or "
                     "https://");
  return TRUE;
}

/* The VPC of that id, or the default one. */
static VmmVpc *
find_vpc (VmmContext *ctx, StoreTxn *txn, const VmmCaller *caller, const char *vpc_id,
          GError **error)
{
  return vpc_id != NULL ? store_vpc_get (txn, caller->account_id, vpc_id, error)
                        : ops_network_default (ctx, txn, caller->account_id, error);
}

char *
ops_group_create (VmmContext *ctx, const VmmCaller *caller, const char *vpc_id, const char *name,
                  const char *description, GError **error)
{
  g_autofree char *before = NULL;
  g_autoptr (StoreTxn) txn = NULL;
  g_autoptr (VmmVpc) vpc = NULL;
  g_autoptr (VmmGroup) group = g_new0 (VmmGroup, 1);
  guint count = 0;

  if (!check_names (name, description, error))
    return NULL;
  txn = ops_begin (ctx, caller, &before, error);
  if (txn == NULL || before != NULL)
    return g_steal_pointer (&before);
  vpc = find_vpc (ctx, txn, caller, vpc_id, error);
  if (vpc == NULL || !store_group_count (txn, caller->account_id, &count, error))
    return NULL;
  if (count >= GROUPS_AN_ACCOUNT)
    {
      vmm_fail (error, VMM_ERROR_GROUP_QUOTA, "the account has %u security groups, its limit",
                count);
      return NULL;
    }
  group->id = vmm_id_new (VMM_ID_GROUP);
  group->account_id = g_strdup (caller->account_id);
  group->vpc_id = g_strdup (vpc->id);
  group->name = g_strdup (name != NULL ? name : "");
  group->description = g_strdup (description != NULL ? description : "");
  group->inner_accept = TRUE;
  group->created_ms = vmm_clock_now_ms ();
  if (!store_group_insert (txn, group, error) || !ops_finish (ctx, txn, caller, group->id, error))
    return NULL;
  return g_steal_pointer (&group->id);
}

gboolean
ops_group_modify (VmmContext *ctx, const VmmCaller *caller, const char *id, const char *name,
                  const char *description, GError **error)
{
  g_autofree char *before = NULL;
  g_autoptr (StoreTxn) txn = NULL;
  g_autoptr (VmmGroup) group = NULL;

  if (!check_names (name, description, error))
    return FALSE;
  txn = ops_begin (ctx, caller, &before, error);
  if (txn == NULL || before != NULL)
    return txn != NULL;
  group = store_group_get (txn, caller->account_id, id, error);
  return group != NULL
         && store_group_set_names (txn, id, name != NULL ? name : group->name,
                                   description != NULL ? description : group->description, error)
         && ops_finish (ctx, txn, caller, "", error);
}

gboolean
ops_group_set_inner (VmmContext *ctx, const VmmCaller *caller, const char *id, gboolean accept,
                     GError **error)
{
  g_autofree char *before = NULL;
  g_autoptr (StoreTxn) txn = ops_begin (ctx, caller, &before, error);
  g_autoptr (VmmGroup) group = NULL;

  if (txn == NULL || before != NULL)
    return txn != NULL;
  group = store_group_get (txn, caller->account_id, id, error);
  return group != NULL && store_group_set_inner (txn, id, accept, error)
         && finish_group (ctx, &txn, caller, id, group->inner_accept != accept, error);
}

gboolean
ops_group_delete (VmmContext *ctx, const VmmCaller *caller, const char *id, GError **error)
{
  g_autofree char *before = NULL;
  g_autoptr (StoreTxn) txn = ops_begin (ctx, caller, &before, error);
  g_autoptr (VmmGroup) group = NULL;
  g_autoptr (GPtrArray) references = NULL;
  guint members = 0;

  if (txn == NULL || before != NULL)
    return txn != NULL;
  group = store_group_get (txn, caller->account_id, id, error);
  if (group == NULL || !store_group_count_members (txn, id, &members, error))
    return FALSE;
  if (members > 0)
    return vmm_fail (error, VMM_ERROR_DEPENDENCY,
                     "%u interfaces are in group '%s'; let them leave it first", members, id);
  references = store_group_references (txn, id, error);
  if (references == NULL)
    return FALSE;
  if (references->len > 0)
    return vmm_fail (error, VMM_ERROR_DEPENDENCY,
                     "rules of group '%s' name group '%s'; revoke them first",
                     ((VmmGroup *) g_ptr_array_index (references, 0))->id, id);
  return store_group_delete (txn, id, error) && ops_finish (ctx, txn, caller, "", error);
}

/* How its owner knows it: the primary one by its instance. */
static const char *
name_of (const VmmNic *nic)
{
  return nic->is_primary ? nic->instance_id : nic->id;
}

static gboolean
check_join (const VmmGroup *group, const VmmNic *nic, GError **error)
{
  if (!g_str_equal (group->vpc_id, nic->vpc_id))
    return vmm_fail (error, VMM_ERROR_GROUP_VPC_MISMATCH, "group '%s' is in %s, '%s' in %s",
                     group->id, group->vpc_id, name_of (nic), nic->vpc_id);
  if (g_ptr_array_find_with_equal_func (nic->group_ids, group->id, g_str_equal, NULL))
    return vmm_fail (error, VMM_ERROR_GROUP_MEMBER, "'%s' is in group '%s' already", name_of (nic),
                     group->id);
  if (nic->group_ids->len >= GROUPS_A_NIC)
    return vmm_fail (error, VMM_ERROR_GROUP_LIMIT, "'%s' is in %u groups, its limit", name_of (nic),
                     nic->group_ids->len);
  return TRUE;
}

static gboolean
check_leave (const VmmGroup *group, const VmmNic *nic, GError **error)
{
  if (!g_ptr_array_find_with_equal_func (nic->group_ids, group->id, g_str_equal, NULL))
    return vmm_fail (error, VMM_ERROR_GROUP_NOT_MEMBER, "'%s' is not in group '%s'", name_of (nic),
                     group->id);
  if (nic->group_ids->len == 1)
    return vmm_fail (error, VMM_ERROR_GROUP_LAST,
                     "group '%s' is the last one of '%s'; join another first", group->id,
                     name_of (nic));
  return TRUE;
}

/* The interface of that id, or the primary one of the instance of that id. */
static VmmNic *
find_member (StoreTxn *txn, const VmmCaller *caller, const char *id, GError **error)
{
  g_autoptr (VmmInstance) instance = NULL;

  if (vmm_id_kind (id) == VMM_ID_NIC)
    return store_nic_find (txn, caller->account_id, id, error);
  instance = store_instance_get (txn, caller->account_id, id, error);
  return instance != NULL ? g_ptr_array_steal_index (instance->nics, 0) : NULL;
}

/* Joining and leaving differ in their check and their statement only. */
static gboolean
change_membership (VmmContext *ctx, const VmmCaller *caller, const char *group_id,
                   const char *member_id,
                   gboolean (*check) (const VmmGroup *, const VmmNic *, GError **),
                   gboolean (*change) (StoreTxn *, const char *, const char *, GError **),
                   GError **error)
{
  g_autofree char *before = NULL;
  g_autoptr (StoreTxn) txn = ops_begin (ctx, caller, &before, error);
  g_autoptr (VmmGroup) group = NULL;
  g_autoptr (VmmNic) nic = NULL;

  if (txn == NULL || before != NULL)
    return txn != NULL;
  group = store_group_get (txn, caller->account_id, group_id, error);
  if (group != NULL)
    nic = find_member (txn, caller, member_id, error);
  if (nic == NULL || !ops_nic_check_changeable (txn, nic, VMM_ERROR_INSTANCE_STATUS, error)
      || !check (group, nic, error) || !change (txn, nic->id, group_id, error)
      || !ops_finish (ctx, txn, caller, "", error))
    return FALSE;
  g_clear_pointer (&txn, store_txn_free);
  ctx->kick (ctx, nic->id);
  return TRUE;
}

gboolean
ops_group_join (VmmContext *ctx, const VmmCaller *caller, const char *group_id,
                const char *member_id, GError **error)
{
  return change_membership (ctx, caller, group_id, member_id, check_join, store_nic_join, error);
}

gboolean
ops_group_leave (VmmContext *ctx, const VmmCaller *caller, const char *group_id,
                 const char *member_id, GError **error)
{
  return change_membership (ctx, caller, group_id, member_id, check_leave, store_nic_leave, error);
}

gboolean
ops_group_replace (StoreTxn *txn, const VmmCaller *caller, const VmmNic *nic,
                   const char *const *group_ids, GError **error)
{
  g_autoptr (VmmNic) now = g_new0 (VmmNic, 1);

  if (!store_nic_leave_all (txn, nic->id, error))
    return FALSE;
  now->id = g_strdup (nic->id);
  now->instance_id = g_strdup (nic->instance_id);
  now->is_primary = nic->is_primary;
  now->vpc_id = g_strdup (nic->vpc_id);
  now->group_ids = g_ptr_array_new_with_free_func (g_free);
  for (guint i = 0; group_ids[i] != NULL; i++)
    {
      g_autoptr (VmmGroup) group = NULL;

      if (g_ptr_array_find_with_equal_func (now->group_ids, group_ids[i], g_str_equal, NULL))
        continue;
      group = store_group_get (txn, caller->account_id, group_ids[i], error);
      if (group == NULL || !check_join (group, now, error)
          || !store_nic_join (txn, nic->id, group->id, error))
        return FALSE;
      g_ptr_array_add (now->group_ids, g_strdup (group->id));
    }
  return TRUE;
}

GPtrArray *
ops_group_references (VmmContext *ctx, const VmmCaller *caller, const char *id, GError **error)
{
  g_autoptr (StoreTxn) txn = store_begin_read (ctx->store, error);
  g_autoptr (VmmGroup) group
      = txn != NULL ? store_group_get (txn, caller->account_id, id, error) : NULL;

  return group != NULL ? store_group_references (txn, id, error) : NULL;
}
