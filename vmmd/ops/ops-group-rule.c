/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The rules of security groups. */
#include "config.h"

#include "ops-group-member.h"
#include "ops-group.h"
#include "ops-txn.h"
#include "store-account.h"
#include "store-network.h"
#include "store-prefix-list.h"
#include "vmm-clock.h"
#include "vmm-error.h"
#include "vmm-id.h"
#include "vmm-prefix.h"
#include <string.h>

#define RULES_A_GROUP 200
#define PEER_RULES_A_GROUP 20

/* Which packets a part of a rule is of. */
typedef enum
{
  FAMILY_ANY,
  FAMILY_IPV4,
  FAMILY_IPV6
} Family;

static const struct
{
  const char *name;
  gboolean has_ports;
  Family family;
} protocols[] = {
  { "tcp", TRUE, FAMILY_ANY },      { "udp", TRUE, FAMILY_ANY },  { "icmp", FALSE, FAMILY_IPV4 },
  { "icmpv6", FALSE, FAMILY_IPV6 }, { "gre", FALSE, FAMILY_ANY }, { "all", FALSE, FAMILY_ANY },
};

/* What is said of the two ends of a rule: the source and the destination. */
static const struct
{
  const char *cidr_name, *cidr6_name, *group_name, *list_name;
  VmmError cidr, cidr6; /* malformed */
  VmmError mismatch;    /* does not go with another */
  VmmError vpc;         /* the group of that end is elsewhere */
} ends[] = {
  { "SourceCidrIp", "Ipv6SourceCidrIp", "SourceGroupId", "SourcePrefixListId", VMM_ERROR_RULE_CIDR,
    VMM_ERROR_RULE_SOURCE_CIDR6, VMM_ERROR_RULE_SOURCE, VMM_ERROR_RULE_SOURCE_VPC },
  { "DestCidrIp", "Ipv6DestCidrIp", "DestGroupId", "DestPrefixListId", VMM_ERROR_RULE_DEST_CIDR,
    VMM_ERROR_RULE_DEST_CIDR6, VMM_ERROR_RULE_DEST, VMM_ERROR_RULE_DEST_VPC },
};
/* The index of the other side of a rule, and of the group's own. */
#define FAR(spec) ((spec)->egress ? 1 : 0)
#define NEAR(spec) ((spec)->egress ? 0 : 1)

/* "22/22", or "-1/-1" for all. */
static gboolean
parse_ports (const char *text, int *out_min, int *out_max)
{
  g_auto (GStrv) ends_of = g_strsplit (text, "/", 3);
  gint64 min = 0, max = 0;

  if (g_str_equal (text, "-1/-1"))
    {
      *out_min = *out_max = -1;
      return TRUE;
    }
  if (g_strv_length (ends_of) != 2
      || !g_ascii_string_to_signed (ends_of[0], 10, 1, 65535, &min, NULL)
      || !g_ascii_string_to_signed (ends_of[1], 10, 1, 65535, &max, NULL) || min > max)
    return FALSE;
  *out_min = (int) min;
  *out_max = (int) max;
  return TRUE;
}

static gboolean
fill_ports (const OpsRuleSpec *spec, gboolean has_ports, VmmRule *rule, GError **error)
{
  if (spec->port_range == NULL && has_ports)
    return vmm_fail (error, VMM_ERROR_MISSING_PARAMETER,
                     "the input parameter PortRange is mandatory with %s", rule->protocol);
  if (!parse_ports (spec->port_range != NULL ? spec->port_range : "-1/-1", &rule->port_min,
                    &rule->port_max)
      || (!has_ports && rule->port_min != -1))
    return vmm_fail (error, VMM_ERROR_RULE_PORT_RANGE,
                     "the PortRange '%s' is malformed; use 1/65535 style, or -1/-1 with %s",
                     spec->port_range, rule->protocol);
  if (!parse_ports (spec->source_port_range != NULL ? spec->source_port_range : "-1/-1",
                    &rule->source_port_min, &rule->source_port_max)
      || (!has_ports && rule->source_port_min != -1))
    return vmm_fail (error, VMM_ERROR_RULE_PORT_RANGE, "the SourcePortRange '%s' is malformed",
                     spec->source_port_range);
  return TRUE;
}

static gboolean
fill_protocol (const OpsRuleSpec *spec, VmmRule *rule, Family *family, GError **error)
{
  rule->protocol = g_ascii_strdown (spec->protocol, -1);
  for (guint i = 0; i < G_N_ELEMENTS (protocols); i++)
    if (g_str_equal (rule->protocol, protocols[i].name))
      {
        *family = protocols[i].family;
        return fill_ports (spec, protocols[i].has_ports, rule, error);
      }
  return vmm_fail (error, VMM_ERROR_RULE_PROTOCOL, "the IpProtocol '%s' is not supported",
                   spec->protocol);
}

/* A range or one address of the family, with its host bits cleared so that equal rules are equal.
 * The caller frees it; NULL when malformed. */
static char *
canonical_cidr (const char *text, gboolean is_ipv6)
{
  VmmPrefix prefix;

  if (!vmm_prefix_parse (text, &prefix) || prefix.is_ipv6 != is_ipv6)
    return NULL;
  vmm_prefix_clear_host (&prefix);
  return vmm_prefix_format (&prefix);
}

/* The range of one end, of whichever family is given; "" and FAMILY_ANY for none. */
static gboolean
fill_range (const char *cidr, const char *cidr6, guint end, char **out, Family *family,
            GError **error)
{
  if (cidr != NULL && cidr6 != NULL)
    return vmm_fail (error, ends[end].mismatch, "%s and %s are given; one of them is wanted",
                     ends[end].cidr_name, ends[end].cidr6_name);
  if (cidr == NULL && cidr6 == NULL)
    {
      *out = g_strdup ("");
      *family = FAMILY_ANY;
      return TRUE;
    }
  *family = cidr != NULL ? FAMILY_IPV4 : FAMILY_IPV6;
  *out = canonical_cidr (cidr != NULL ? cidr : cidr6, cidr == NULL);
  if (*out == NULL)
    return vmm_fail (
        error, cidr != NULL ? ends[end].cidr : ends[end].cidr6, "the %s '%s' is malformed",
        cidr != NULL ? ends[end].cidr_name : ends[end].cidr6_name, cidr != NULL ? cidr : cidr6);
  return TRUE;
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

/* A group of another VPC could never match. That of another account is let pass: it is always in
 * another VPC here, and ECS takes such rules. */
static gboolean
fill_peer_group (StoreTxn *txn, const VmmCaller *caller, const VmmGroup *group,
                 const OpsRuleSpec *spec, VmmRule *rule, GError **error)
{
  g_autoptr (VmmGroup) peer = find_peer (txn, caller, spec, error);

  if (peer == NULL)
    return FALSE;
  if (g_str_equal (peer->account_id, group->account_id)
      && !g_str_equal (peer->vpc_id, group->vpc_id))
    return vmm_fail (error, ends[FAR (spec)].vpc, "group '%s' is in %s, group '%s' in %s",
                     group->id, group->vpc_id, peer->id, peer->vpc_id);
  rule->peer_group_id = g_strdup (peer->id);
  rule->prefix_list_id = g_strdup ("");
  return TRUE;
}

static gboolean
fill_list (StoreTxn *txn, const VmmCaller *caller, const OpsRuleSpec *spec, VmmRule *rule,
           Family *family, GError **error)
{
  g_autoptr (VmmPrefixList) list
      = store_prefix_list_get (txn, caller->account_id, spec->prefix_list_id, error);

  if (list == NULL)
    return FALSE;
  rule->peer_group_id = g_strdup ("");
  rule->prefix_list_id = g_strdup (list->id);
  *family = list->is_ipv6 ? FAMILY_IPV6 : FAMILY_IPV4;
  return TRUE;
}

/* The other side. A range counts before a group and that before a list, as in ECS. */
static gboolean
fill_far (StoreTxn *txn, const VmmCaller *caller, const VmmGroup *group, const OpsRuleSpec *spec,
          VmmRule *rule, Family *family, GError **error)
{
  guint end = FAR (spec);

  if (!fill_range (spec->cidr, spec->cidr6, end, &rule->cidr, family, error))
    return FALSE;
  if (*family == FAMILY_ANY && spec->peer_group_id != NULL)
    return fill_peer_group (txn, caller, group, spec, rule, error);
  if (*family == FAMILY_ANY && spec->prefix_list_id != NULL)
    return fill_list (txn, caller, spec, rule, family, error);
  if (*family == FAMILY_ANY)
    return vmm_fail (error, VMM_ERROR_MISSING_PARAMETER, "one of %s, %s, %s and %s is mandatory",
                     ends[end].cidr_name, ends[end].cidr6_name, ends[end].group_name,
                     ends[end].list_name);
  rule->peer_group_id = g_strdup ("");
  rule->prefix_list_id = g_strdup ("");
  return TRUE;
}

/* No packet is of two families. */
static gboolean
check_families (const OpsRuleSpec *spec, const VmmRule *rule, Family protocol, Family far,
                Family near, GError **error)
{
  gboolean has_list = *rule->prefix_list_id != '\0';

  if (far != FAMILY_ANY && near != FAMILY_ANY && far != near)
    return vmm_fail (error, has_list ? VMM_ERROR_RULE_LIST_FAMILY : ends[NEAR (spec)].mismatch,
                     "'%s' is of another family than '%s'", rule->near_cidr,
                     has_list ? rule->prefix_list_id : rule->cidr);
  if (protocol == FAMILY_ANY
      || ((far == FAMILY_ANY || far == protocol) && (near == FAMILY_ANY || near == protocol)))
    return TRUE;
  return vmm_fail (error,
                   protocol == FAMILY_IPV4 ? VMM_ERROR_RULE_ICMP_IPV6 : VMM_ERROR_RULE_ICMPV6_IPV4,
                   "the IpProtocol '%s' is not of the addresses' family", rule->protocol);
}

static VmmRule *
rule_from_spec (StoreTxn *txn, const VmmCaller *caller, const VmmGroup *group,
                const OpsRuleSpec *spec, GError **error)
{
  g_autoptr (VmmRule) rule = g_new0 (VmmRule, 1);
  const char *policy = spec->policy != NULL ? spec->policy : "accept";
  Family protocol = FAMILY_ANY, far = FAMILY_ANY, near = FAMILY_ANY;

  rule->id = vmm_id_new (VMM_ID_RULE);
  rule->group_id = g_strdup (group->id);
  rule->egress = spec->egress;
  rule->accept = g_ascii_strcasecmp (policy, "accept") == 0;
  rule->priority = spec->priority != 0 ? spec->priority : 1;
  rule->description = g_strdup (spec->description != NULL ? spec->description : "");
  rule->created_ms = vmm_clock_now_ms ();
  if (!rule->accept && g_ascii_strcasecmp (policy, "drop") != 0)
    vmm_fail (error, VMM_ERROR_RULE_POLICY, "the Policy '%s' must be accept or drop", policy);
  else if (rule->priority > 100)
    vmm_fail (error, VMM_ERROR_RULE_PRIORITY, "the Priority %u must be 1 to 100", rule->priority);
  else if (fill_protocol (spec, rule, &protocol, error)
           && fill_far (txn, caller, group, spec, rule, &far, error)
           && fill_range (spec->near_cidr, spec->near_cidr6, NEAR (spec), &rule->near_cidr, &near,
                          error)
           && check_families (spec, rule, protocol, far, near, error))
    return g_steal_pointer (&rule);
  return NULL;
}

/* One transaction on the rules of one group; the rules are applied when any of them changed. */
typedef gboolean (*RuleChange) (StoreTxn *txn, const VmmRule *rule, gboolean *out_changed,
                                GError **error);

static gboolean
change_rules (StoreTxn *txn, const VmmCaller *caller, const VmmGroup *group,
              const OpsRuleSpec *specs, guint n_specs, RuleChange change, gboolean *changed,
              GError **error)
{
  for (guint i = 0; i < n_specs; i++)
    {
      g_autoptr (VmmRule) rule = rule_from_spec (txn, caller, group, &specs[i], error);
      gboolean one = FALSE;

      if (rule == NULL || !change (txn, rule, &one, error))
        return FALSE;
      *changed |= one;
    }
  return TRUE;
}

gboolean
ops_group_check_rules (StoreTxn *txn, const char *group_id, GError **error)
{
  guint n_rules = 0, n_peers = 0;

  if (!store_rule_count (txn, group_id, &n_rules, &n_peers, error))
    return FALSE;
  if (n_rules > RULES_A_GROUP)
    return vmm_fail (error, VMM_ERROR_RULE_LIMIT,
                     "group '%s' would have %u rules, each entry of a prefix list counting as one; "
                     "its limit is %u",
                     group_id, n_rules, RULES_A_GROUP);
  if (n_peers > PEER_RULES_A_GROUP)
    return vmm_fail (error, VMM_ERROR_RULE_LIMIT,
                     "group '%s' would have %u rules that name a group, its limit is %u", group_id,
                     n_peers, PEER_RULES_A_GROUP);
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
         && change_rules (txn, caller, group, rules, n_rules, store_rule_insert, &changed, error)
         && ops_group_check_rules (txn, group_id, error)
         && ops_group_finish (ctx, &txn, caller, group_id, changed, error);
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
      || !change_rules (txn, caller, group, rules, n_rules, store_rule_delete, &changed, error))
    return FALSE;
  for (guint i = 0; rule_ids != NULL && rule_ids[i] != NULL; i++)
    {
      gboolean one = FALSE;

      if (!store_rule_delete_by_id (txn, group_id, rule_ids[i], &one, error))
        return FALSE;
      changed |= one;
    }
  return ops_group_finish (ctx, &txn, caller, group_id, changed, error);
}

static const char *
or_else (const char *given, const char *fallback)
{
  return given != NULL ? given : fallback;
}

/* NULL for "". */
static const char *
given (const char *text)
{
  return *text != '\0' ? text : NULL;
}

static gboolean
is_range6 (const char *cidr)
{
  return strchr (cidr, ':') != NULL;
}

/* The sides of @old for which @merged gives nothing. */
static void
keep_sides (const VmmRule *old, OpsRuleSpec *merged)
{
  if (merged->cidr == NULL && merged->cidr6 == NULL && merged->peer_group_id == NULL
      && merged->prefix_list_id == NULL)
    {
      merged->cidr = is_range6 (old->cidr) ? NULL : given (old->cidr);
      merged->cidr6 = is_range6 (old->cidr) ? old->cidr : NULL;
      merged->peer_group_id = given (old->peer_group_id);
      merged->peer_account = given (old->peer_account);
      merged->peer_account_id = NULL;
      merged->prefix_list_id = given (old->prefix_list_id);
    }
  if (merged->near_cidr == NULL && merged->near_cidr6 == NULL)
    {
      merged->near_cidr = is_range6 (old->near_cidr) ? NULL : given (old->near_cidr);
      merged->near_cidr6 = is_range6 (old->near_cidr) ? old->near_cidr : NULL;
    }
}

/* The rule as it stands, with what @spec gives in place of its own. Ports stay unless the new
 * protocol has none. */
static VmmRule *
merge_rule (StoreTxn *txn, const VmmCaller *caller, const VmmGroup *group, const VmmRule *old,
            const OpsRuleSpec *spec, GError **error)
{
  g_autofree char *ports = g_strdup_printf ("%d/%d", old->port_min, old->port_max);
  g_autofree char *source_ports
      = g_strdup_printf ("%d/%d", old->source_port_min, old->source_port_max);
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
  keep_sides (old, &merged);
  rule = rule_from_spec (txn, caller, group, &merged, error);
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
  rule = merge_rule (txn, caller, group, old, spec, error);
  return rule != NULL && store_rule_update (txn, rule, error)
         && ops_group_check_rules (txn, group_id, error)
         && ops_group_finish (ctx, &txn, caller, group_id, TRUE, error);
}
