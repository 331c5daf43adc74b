/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Many rules as few sets of ranges. A set takes no two elements that overlap, hence layers: each
 * holds rules of one shape that are disjoint. Pure. */
#pragma once
#include "netctl-rule.h"

/* What the elements of a layer consist of. */
typedef enum
{
  NETCTL_FIELD_PEER = 1 << 0,
  NETCTL_FIELD_NEAR = 1 << 1,
  NETCTL_FIELD_PROTOCOL = 1 << 2,
  NETCTL_FIELD_SOURCE_PORT = 1 << 3,
  NETCTL_FIELD_PORT = 1 << 4,
} NetctlFields;

/* The fields that a rule of one family looks at as ranges: not a group as peer, and nothing that a
 * packet might lack without being asked for it. */
NetctlFields netctl_rule_fields (const NetctlRule *rule);

/* Rules of one family, of one group as peer or none, that look at the same fields and no two of
 * which match one packet. */
typedef struct
{
  guint number;     /* from 0 within its family, group and fields */
  GPtrArray *rules; /* const NetctlRule*, borrowed, in the order of netctl_rule_compare() */
} NetctlLayer;

void netctl_layer_free (NetctlLayer *layer);

/* Parts @rules (const NetctlRule*), which are of one direction, one action and one family each and
 * all different, into layers (NetctlLayer*, in a fixed order) and the rest, in their old order,
 * which is better tried one by one. Both are the caller's. The same rules make the same layers in
 * whatever order they come, and one rule more or less moves few others. */
GPtrArray *netctl_layers_new (const GPtrArray *rules, GPtrArray **out_rest);
