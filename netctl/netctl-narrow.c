/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Whether a change may forbid flows that go on. */
#include "netctl-narrow.h"
#include "netctl-rule.h"
#include <string.h>

static int
compare_rule (gconstpointer a, gconstpointer b)
{
  const NetctlRule *x = *(NetctlRule *const *) a, *y = *(NetctlRule *const *) b;

  if (x->direction != y->direction)
    return x->direction < y->direction ? -1 : 1;
  return netctl_rule_compare (x, y);
}

static GPtrArray *
sorted_rules (const NetctlGroup *group)
{
  GPtrArray *rules = g_ptr_array_new ();

  for (guint i = 0; i < group->rules->len; i++)
    g_ptr_array_add (rules, &g_array_index (group->rules, NetctlRule, i));
  g_ptr_array_sort (rules, compare_rule);
  return rules;
}

/* One accept more or one drop less lets through what it did, wherever in the order it stands. */
gboolean
netctl_narrow_group (const NetctlGroup *before, const NetctlGroup *after)
{
  g_autoptr (GPtrArray) old = NULL, new = NULL;
  guint i = 0, j = 0;

  if (before == NULL)
    return FALSE;
  if (before->members_reach_each_other && !after->members_reach_each_other)
    return TRUE;
  old = sorted_rules (before);
  new = sorted_rules (after);
  while (i < old->len || j < new->len)
    {
      NetctlRule **gone = i < old->len ? (NetctlRule **) &g_ptr_array_index (old, i) : NULL;
      NetctlRule **come = j < new->len ? (NetctlRule **) &g_ptr_array_index (new, j) : NULL;
      int order = gone == NULL ? 1 : come == NULL ? -1 : compare_rule (gone, come);

      if ((order < 0 && (*gone)->accept) || (order > 0 && !(*come)->accept))
        return TRUE;
      i += order <= 0;
      j += order >= 0;
    }
  return FALSE;
}

static gboolean
contains (const GArray *groups, guint32 group)
{
  for (guint i = 0; groups != NULL && i < groups->len; i++)
    if (g_array_index (groups, guint32, i) == group)
      return TRUE;
  return FALSE;
}

static gboolean
has_address (const NetctlPort *port, const NetctlPrefix *address)
{
  for (guint i = 0; i < port->addresses->len; i++)
    if (netctl_prefix_equal (&g_array_index (port->addresses, NetctlPrefix, i), address))
      return TRUE;
  return FALSE;
}

/* Whether a member more of @group may be let through less than before. */
static gboolean
group_drops (const NetctlModel *model, guint32 index)
{
  const NetctlGroup *group = netctl_model_group (model, index);

  for (guint i = 0; group != NULL && i < group->rules->len; i++)
    if (!g_array_index (group->rules, NetctlRule, i).accept)
      return TRUE;
  return netctl_model_is_dropped (model, index);
}

gboolean
netctl_narrow_port (const NetctlModel *model, const NetctlPort *before, const NetctlPort *after)
{
  /* Nothing goes on that has an address of no port. */
  if (before == NULL)
    return FALSE;
  if (memcmp (before->mac, after->mac, sizeof before->mac) != 0)
    return TRUE;
  for (guint i = 0; i < before->addresses->len; i++)
    if (!has_address (after, &g_array_index (before->addresses, NetctlPrefix, i)))
      return TRUE;
  for (guint i = 0; i < before->groups->len; i++)
    if (!contains (after->groups, g_array_index (before->groups, guint32, i)))
      return TRUE;
  for (guint i = 0; i < after->groups->len; i++)
    {
      guint32 group = g_array_index (after->groups, guint32, i);

      if (!contains (before->groups, group) && group_drops (model, group))
        return TRUE;
    }
  return FALSE;
}

/* Whether @remote is in a group that a rule drops, and was not with @groups (NULL for none). */
static gboolean
joins_dropped (const NetctlModel *model, const NetctlRemote *remote, const GArray *groups)
{
  for (guint i = 0; i < remote->groups->len; i++)
    {
      guint32 group = g_array_index (remote->groups, guint32, i);

      if (netctl_model_is_dropped (model, group) && !contains (groups, group))
        return TRUE;
    }
  return FALSE;
}

gboolean
netctl_narrow_remotes (const NetctlModel *model, const NetctlVpc *after)
{
  g_autoptr (GHashTable) before = NULL;

  if (model->vpc == NULL || g_hash_table_size (model->dropped) == 0)
    return FALSE;
  before = g_hash_table_new (netctl_prefix_hash, (GEqualFunc) netctl_prefix_equal);
  for (guint i = 0; i < model->vpc->remotes->len; i++)
    {
      const NetctlRemote *remote = g_ptr_array_index (model->vpc->remotes, i);

      g_hash_table_insert (before, (gpointer) &remote->address, remote->groups);
    }
  for (guint i = 0; i < after->remotes->len; i++)
    {
      const NetctlRemote *remote = g_ptr_array_index (after->remotes, i);

      if (joins_dropped (model, remote, g_hash_table_lookup (before, &remote->address)))
        return TRUE;
    }
  return FALSE;
}
