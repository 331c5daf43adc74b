/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What one VPC shall be, in memory: its record, groups and ports, and what follows from them. */
#include "netctl-model.h"
#include "netctl-rule.h"
#include <string.h>

static int
compare_index (gconstpointer a, gconstpointer b, gpointer data)
{
  guint32 x = GPOINTER_TO_UINT (a), y = GPOINTER_TO_UINT (b);

  return x < y ? -1 : x > y;
}

static gboolean
prefix_equal (gconstpointer a, gconstpointer b)
{
  return netctl_prefix_equal (a, b);
}

static gint64
mac_key (const NetctlPort *port)
{
  gint64 key = 0;

  memcpy (&key, port->mac, sizeof port->mac);
  return key;
}

static void
group_set_free (NetctlGroupSet *set)
{
  g_array_unref (set->groups);
  g_free (set);
}

/* One record as it was. */
typedef struct
{
  GTree *tree; /* NULL: the VPC's */
  guint32 index;
  gpointer record; /* or NULL */
} Before;

static void
record_free (NetctlModel *model, GTree *tree, gpointer record)
{
  if (record == NULL)
    return;
  if (tree == NULL)
    netctl_vpc_free (record);
  else if (tree == model->groups)
    netctl_group_free (record);
  else
    netctl_port_free (record);
}

NetctlModel *
netctl_model_new (void)
{
  NetctlModel *model = g_new0 (NetctlModel, 1);

  model->groups = g_tree_new_full (compare_index, NULL, NULL, NULL);
  model->ports = g_tree_new_full (compare_index, NULL, NULL, NULL);
  model->sets
      = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, (GDestroyNotify) group_set_free);
  model->sets_of = g_hash_table_new_full (NULL, NULL, NULL, (GDestroyNotify) g_ptr_array_unref);
  model->addresses = g_hash_table_new_full (netctl_prefix_hash, prefix_equal, g_free, NULL);
  model->dropped = g_hash_table_new (NULL, NULL);
  model->macs = g_hash_table_new_full (g_int64_hash, g_int64_equal, g_free, NULL);
  return model;
}

void
netctl_model_free (NetctlModel *model)
{
  if (model == NULL)
    return;
  if (model->journal != NULL)
    netctl_model_keep (model);
  for (GTreeNode *n = g_tree_node_first (model->groups); n != NULL; n = g_tree_node_next (n))
    netctl_group_free (g_tree_node_value (n));
  for (GTreeNode *n = g_tree_node_first (model->ports); n != NULL; n = g_tree_node_next (n))
    netctl_port_free (g_tree_node_value (n));
  netctl_vpc_free (model->vpc);
  g_tree_unref (model->groups);
  g_tree_unref (model->ports);
  g_hash_table_unref (model->sets);
  g_hash_table_unref (model->sets_of);
  g_hash_table_unref (model->addresses);
  g_hash_table_unref (model->macs);
  g_hash_table_unref (model->dropped);
  g_free (model);
}

/* What follows from a port */

static void
join_set (NetctlModel *model, const NetctlPort *port)
{
  g_autofree char *name = netctl_group_set_name (port->groups);
  NetctlGroupSet *set = g_hash_table_lookup (model->sets, name);

  if (set != NULL)
    {
      set->ports++;
      return;
    }
  set = g_new0 (NetctlGroupSet, 1);
  set->groups = netctl_groups_normalise (port->groups);
  set->ports = 1;
  for (guint i = 0; i < set->groups->len; i++)
    {
      gpointer group = GUINT_TO_POINTER (g_array_index (set->groups, guint32, i));
      GPtrArray *names = g_hash_table_lookup (model->sets_of, group);

      if (names == NULL)
        {
          names = g_ptr_array_new_with_free_func (g_free);
          g_hash_table_insert (model->sets_of, group, names);
        }
      g_ptr_array_add (names, g_strdup (name));
    }
  g_hash_table_insert (model->sets, g_steal_pointer (&name), set);
}

static void
leave_set (NetctlModel *model, const NetctlPort *port)
{
  g_autofree char *name = netctl_group_set_name (port->groups);
  NetctlGroupSet *set = g_hash_table_lookup (model->sets, name);

  if (--set->ports > 0)
    return;
  for (guint i = 0; i < set->groups->len; i++)
    {
      gpointer group = GUINT_TO_POINTER (g_array_index (set->groups, guint32, i));
      GPtrArray *names = g_hash_table_lookup (model->sets_of, group);
      guint at;

      if (g_ptr_array_find_with_equal_func (names, name, g_str_equal, &at))
        g_ptr_array_remove_index_fast (names, at);
      if (names->len == 0)
        g_hash_table_remove (model->sets_of, group);
    }
  g_hash_table_remove (model->sets, name);
}

static void
index_port (NetctlModel *model, NetctlPort *port)
{
  gint64 mac = mac_key (port);

  join_set (model, port);
  g_hash_table_replace (model->macs, g_memdup2 (&mac, sizeof mac), port);
  for (guint i = 0; i < port->addresses->len; i++)
    g_hash_table_replace (
        model->addresses,
        g_memdup2 (&g_array_index (port->addresses, NetctlPrefix, i), sizeof (NetctlPrefix)), port);
}

static void
unindex_port (NetctlModel *model, const NetctlPort *port)
{
  gint64 mac = mac_key (port);

  leave_set (model, port);
  g_hash_table_remove (model->macs, &mac);
  for (guint i = 0; i < port->addresses->len; i++)
    g_hash_table_remove (model->addresses, &g_array_index (port->addresses, NetctlPrefix, i));
}

/* What follows from a group that comes (@by 1) or goes (-1). */
static void
index_group (NetctlModel *model, const NetctlGroup *group, int by)
{
  for (guint i = 0; i < group->rules->len; i++)
    {
      const NetctlRule *rule = &g_array_index (group->rules, NetctlRule, i);
      gpointer peer = GUINT_TO_POINTER (rule->peer_group);
      int count;

      if (rule->accept || !rule->peer_is_group)
        continue;
      count = GPOINTER_TO_INT (g_hash_table_lookup (model->dropped, peer)) + by;
      if (count > 0)
        g_hash_table_replace (model->dropped, peer, GINT_TO_POINTER (count));
      else
        g_hash_table_remove (model->dropped, peer);
    }
}

/* Puts @record (taken; or NULL) in the place of what was there, which the caller gets. */
static gpointer
swap_record (NetctlModel *model, GTree *tree, guint32 index, gpointer record)
{
  gpointer before;

  if (tree == NULL)
    {
      before = model->vpc;
      model->vpc = record;
      return before;
    }
  before = g_tree_lookup (tree, GUINT_TO_POINTER (index));
  if (tree == model->ports && before != NULL)
    unindex_port (model, before);
  if (tree == model->groups && before != NULL)
    index_group (model, before, -1);
  if (record == NULL)
    g_tree_remove (tree, GUINT_TO_POINTER (index));
  else
    g_tree_replace (tree, GUINT_TO_POINTER (index), record);
  if (tree == model->ports && record != NULL)
    index_port (model, record);
  if (tree == model->groups && record != NULL)
    index_group (model, record, 1);
  return before;
}

static void
put_record (NetctlModel *model, GTree *tree, guint32 index, gpointer record)
{
  gpointer old = swap_record (model, tree, index, record);
  Before *before;

  if (model->journal == NULL)
    {
      record_free (model, tree, old);
      return;
    }
  before = g_new0 (Before, 1);
  before->tree = tree;
  before->index = index;
  before->record = old;
  g_ptr_array_add (model->journal, before);
}

void
netctl_model_begin (NetctlModel *model)
{
  g_assert (model->journal == NULL);
  model->journal = g_ptr_array_new_with_free_func (g_free);
}

void
netctl_model_keep (NetctlModel *model)
{
  for (guint i = 0; i < model->journal->len; i++)
    {
      const Before *before = g_ptr_array_index (model->journal, i);

      record_free (model, before->tree, before->record);
    }
  g_clear_pointer (&model->journal, g_ptr_array_unref);
}

void
netctl_model_undo (NetctlModel *model)
{
  for (guint i = model->journal->len; i > 0; i--)
    {
      const Before *before = g_ptr_array_index (model->journal, i - 1);

      record_free (model, before->tree,
                   swap_record (model, before->tree, before->index, before->record));
    }
  g_clear_pointer (&model->journal, g_ptr_array_unref);
}

NetctlModel *
netctl_model_copy (const NetctlModel *model)
{
  NetctlModel *copy = netctl_model_new ();

  if (model->vpc != NULL)
    copy->vpc = netctl_vpc_copy (model->vpc);
  for (GTreeNode *n = g_tree_node_first (model->groups); n != NULL; n = g_tree_node_next (n))
    put_record (copy, copy->groups, GPOINTER_TO_UINT (g_tree_node_key (n)),
                netctl_group_copy (g_tree_node_value (n)));
  for (GTreeNode *n = g_tree_node_first (model->ports); n != NULL; n = g_tree_node_next (n))
    put_record (copy, copy->ports, GPOINTER_TO_UINT (g_tree_node_key (n)),
                netctl_port_copy (g_tree_node_value (n)));
  return copy;
}

const NetctlGroup *
netctl_model_group (const NetctlModel *model, guint32 index)
{
  return g_tree_lookup (model->groups, GUINT_TO_POINTER (index));
}

const NetctlPort *
netctl_model_port (const NetctlModel *model, guint32 index)
{
  return g_tree_lookup (model->ports, GUINT_TO_POINTER (index));
}

const NetctlPort *
netctl_model_port_at (const NetctlModel *model, const NetctlPrefix *address)
{
  return g_hash_table_lookup (model->addresses, address);
}

const GPtrArray *
netctl_model_sets_of (const NetctlModel *model, guint32 group)
{
  return g_hash_table_lookup (model->sets_of, GUINT_TO_POINTER (group));
}

gboolean
netctl_model_is_dropped (const NetctlModel *model, guint32 group)
{
  return g_hash_table_contains (model->dropped, GUINT_TO_POINTER (group));
}

gboolean
netctl_model_set_vpc (NetctlModel *model, const NetctlVpc *vpc, GError **error)
{
  if (!netctl_vpc_check (vpc, error))
    return FALSE;
  for (GTreeNode *n = g_tree_node_first (model->ports); n != NULL; n = g_tree_node_next (n))
    {
      const NetctlPort *port = g_tree_node_value (n);

      for (guint i = 0; i < port->addresses->len; i++)
        if (netctl_vpc_subnet_of (vpc, &g_array_index (port->addresses, NetctlPrefix, i)) == NULL)
          {
            g_set_error (error, NETCTL_ERROR, NETCTL_ERROR_INVALID,
                         "vpc \"%s\": port \"%s\" is in none of its subnets", vpc->id, port->id);
            return FALSE;
          }
    }
  put_record (model, NULL, 0, netctl_vpc_copy (vpc));
  return TRUE;
}

gboolean
netctl_model_set_group (NetctlModel *model, const NetctlGroup *group, GError **error)
{
  if (!netctl_group_check (group, error))
    return FALSE;
  put_record (model, model->groups, group->index, netctl_group_copy (group));
  return TRUE;
}

static gboolean
is_taken (const NetctlModel *model, const NetctlPort *port)
{
  gint64 mac = mac_key (port);
  const NetctlPort *other = g_hash_table_lookup (model->macs, &mac);

  if (other != NULL && other->index != port->index)
    return TRUE;
  for (guint i = 0; i < port->addresses->len; i++)
    {
      other = netctl_model_port_at (model, &g_array_index (port->addresses, NetctlPrefix, i));
      if (other != NULL && other->index != port->index)
        return TRUE;
    }
  return FALSE;
}

/* Why @port does not fit into @model, or NULL. */
static const char *
misfit (const NetctlModel *model, const NetctlPort *port)
{
  if (model->vpc == NULL)
    return "its vpc has not been applied";
  for (guint i = 0; i < port->groups->len; i++)
    if (netctl_model_group (model, g_array_index (port->groups, guint32, i)) == NULL)
      return "one of its groups has not been applied";
  for (guint i = 0; i < port->addresses->len; i++)
    {
      const NetctlPrefix *address = &g_array_index (port->addresses, NetctlPrefix, i);
      const NetctlSubnet *subnet = netctl_vpc_subnet_of (model->vpc, address);

      if (subnet == NULL)
        return "an address lies in no subnet of its vpc";
      if (address->family == G_SOCKET_FAMILY_IPV4
          && netctl_prefix_equal (&subnet->gateway, address))
        return "an address is its subnet's gateway";
    }
  return is_taken (model, port) ? "another port has its address or MAC" : NULL;
}

gboolean
netctl_model_set_port (NetctlModel *model, const NetctlPort *port, GError **error)
{
  const char *why;

  if (!netctl_port_check (port, error))
    return FALSE;
  why = misfit (model, port);
  if (why != NULL)
    {
      g_set_error (error, NETCTL_ERROR, NETCTL_ERROR_INVALID, "port \"%s\": %s", port->id, why);
      return FALSE;
    }
  put_record (model, model->ports, port->index, netctl_port_copy (port));
  return TRUE;
}

gboolean
netctl_model_remove_group (NetctlModel *model, guint32 index, GError **error)
{
  const GPtrArray *names = netctl_model_sets_of (model, index);

  if (names != NULL)
    {
      g_set_error (error, NETCTL_ERROR, NETCTL_ERROR_BUSY, "group %u: a port is still in it",
                   index);
      return FALSE;
    }
  put_record (model, model->groups, index, NULL);
  return TRUE;
}

void
netctl_model_remove_port (NetctlModel *model, guint32 index)
{
  put_record (model, model->ports, index, NULL);
}

/* Keeps the first error and drops later ones. */
static void
keep_first (GError **error, GError *another)
{
  if (error != NULL && *error == NULL)
    *error = another;
  else
    g_error_free (another);
}

NetctlModel *
netctl_model_from_plan (const NetctlPlan *plan, guint32 vpc_index, GError **error)
{
  g_autoptr (NetctlModel) model = netctl_model_new ();
  g_autoptr (GError) first = NULL;

  for (guint i = 0; i < plan->vpcs->len && model->vpc == NULL; i++)
    {
      const NetctlVpc *vpc = g_ptr_array_index (plan->vpcs, i);

      if (vpc->index == vpc_index && !netctl_model_set_vpc (model, vpc, error))
        return NULL;
    }
  if (model->vpc == NULL)
    return NULL;
  for (guint i = 0; i < plan->groups->len; i++)
    {
      const NetctlGroup *group = g_ptr_array_index (plan->groups, i);
      GError *fault = NULL;

      if (group->vpc == vpc_index && !netctl_model_set_group (model, group, &fault))
        keep_first (&first, fault);
    }
  for (guint i = 0; i < plan->ports->len; i++)
    {
      const NetctlPort *port = g_ptr_array_index (plan->ports, i);
      GError *fault = NULL;

      if (port->vpc == vpc_index && !netctl_model_set_port (model, port, &fault))
        keep_first (&first, fault);
    }
  if (first != NULL)
    g_propagate_error (error, g_steal_pointer (&first));
  return g_steal_pointer (&model);
}

static int
compare_value (gconstpointer a, gconstpointer b)
{
  guint32 x = *(const guint32 *) a, y = *(const guint32 *) b;

  return x < y ? -1 : x > y;
}

GArray *
netctl_groups_normalise (const GArray *groups)
{
  g_autoptr (GArray) sorted = g_array_new (FALSE, FALSE, sizeof (guint32));
  GArray *result = g_array_new (FALSE, FALSE, sizeof (guint32));

  g_array_append_vals (sorted, groups->data, groups->len);
  g_array_sort (sorted, compare_value);
  for (guint i = 0; i < sorted->len; i++)
    {
      guint32 index = g_array_index (sorted, guint32, i);

      if (i == 0 || index != g_array_index (sorted, guint32, i - 1))
        g_array_append_val (result, index);
    }
  return result;
}

char *
netctl_group_set_name (const GArray *groups)
{
  g_autoptr (GArray) sorted = netctl_groups_normalise (groups);
  GString *name = g_string_new (NULL);

  for (guint i = 0; i < sorted->len; i++)
    g_string_append_printf (name, "%s%x", i > 0 ? "_" : "", g_array_index (sorted, guint32, i));
  return g_string_free (name, FALSE);
}

/* g_ptr_array_sort is stable in no version we may rely on, hence the full order. */
static int
compare_rule (gconstpointer a, gconstpointer b)
{
  return netctl_rule_compare (*(NetctlRule *const *) a, *(NetctlRule *const *) b);
}

GPtrArray *
netctl_model_rules (const NetctlModel *model, const GArray *groups, NetctlDirection direction)
{
  GPtrArray *rules = g_ptr_array_new ();

  for (guint i = 0; i < groups->len; i++)
    {
      const NetctlGroup *group = netctl_model_group (model, g_array_index (groups, guint32, i));

      for (guint j = 0; group != NULL && j < group->rules->len; j++)
        {
          NetctlRule *rule = &g_array_index (group->rules, NetctlRule, j);

          if (rule->direction == direction)
            g_ptr_array_add (rules, rule);
        }
    }
  g_ptr_array_sort (rules, compare_rule);
  return rules;
}
