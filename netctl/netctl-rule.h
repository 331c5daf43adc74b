/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Rules of security groups: what makes sense, their order, and their forms of one family. Pure. */
#pragma once
#include "netctl-plan.h"

/* Whether the record by itself makes sense; NETCTL_ERROR_INVALID names the group and what is wrong
 * with a rule. */
gboolean netctl_group_check (const NetctlGroup *group, GError **error);
/* Orders two rules of one direction as they are tried: by priority, drop before accept; 0 only for
 * rules that say the same in the same words. */
int netctl_rule_compare (const NetctlRule *a, const NetctlRule *b);
/* The forms of @rule that match packets of one family each: 1, or 2 for a group as peer. In a form
 * peer.family is set in any case and names that family, host bits are clear, all ports are no
 * ports, and a near of all addresses is none. 0 if the rule's families are at odds. */
guint netctl_rule_split (const NetctlRule *rule, NetctlRule out_forms[2]);
