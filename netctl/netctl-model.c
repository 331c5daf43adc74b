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

NetctlModel *
netctl_model_new (void)
{
  NetctlModel *model = g_new0 (NetctlModel, 1);

  model->groups = g_tree_new_full (compare_index, NULL, NULL, (GDestroyNotify) netctl_group_free);
  model->ports = g_tree_new_full (compare_index, NULL, NULL, (GDestroyNotify) netctl_port_free);
  return model;
}

void
netctl_model_free (NetctlModel *model)
{
  if (model == NULL)
    return;
  netctl_vpc_free (model->vpc);
  g_tree_unref (model->groups);
  g_tree_unref (model->ports);
  g_free (model);
}

NetctlModel *
netctl_model_copy (const NetctlModel *model)
{
  NetctlModel *copy = netctl_model_new ();

  if (model->vpc != NULL)
    copy->vpc = netctl_vpc_copy (model->vpc);
  for (GTreeNode *n = g_tree_node_first (model->groups); n != NULL; n = g_tree_node_next (n))
    g_tree_replace (copy->groups, g_tree_node_key (n), netctl_group_copy (g_tree_node_value (n)));
  for (GTreeNode *n = g_tree_node_first (model->ports); n != NULL; n = g_tree_node_next (n))
    g_tree_replace (copy->ports, g_tree_node_key (n), netctl_port_copy (g_tree_node_value (n)));
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
  netctl_vpc_free (model->vpc);
  model->vpc = netctl_vpc_copy (vpc);
  return TRUE;
}

gboolean
netctl_model_set_group (NetctlModel *model, const NetctlGroup *group, GError **error)
{
  if (!netctl_group_check (group, error))
    return FALSE;
  g_tree_replace (model->groups, GUINT_TO_POINTER (group->index), netctl_group_copy (group));
  return TRUE;
}

static gboolean
ports_collide (const NetctlPort *a, const NetctlPort *b)
{
  if (memcmp (a->mac, b->mac, sizeof a->mac) == 0)
    return TRUE;
  for (guint i = 0; i < a->addresses->len; i++)
    for (guint j = 0; j < b->addresses->len; j++)
      if (netctl_prefix_equal (&g_array_index (a->addresses, NetctlPrefix, i),
                               &g_array_index (b->addresses, NetctlPrefix, j)))
        return TRUE;
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
      if (netctl_prefix_equal (&subnet->gateway, address))
        return "an address is its subnet's gateway";
    }
  for (GTreeNode *n = g_tree_node_first (model->ports); n != NULL; n = g_tree_node_next (n))
    {
      const NetctlPort *other = g_tree_node_value (n);

      if (other->index != port->index && ports_collide (port, other))
        return "another port has its address or MAC";
    }
  return NULL;
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
  g_tree_replace (model->ports, GUINT_TO_POINTER (port->index), netctl_port_copy (port));
  return TRUE;
}

gboolean
netctl_model_remove_group (NetctlModel *model, guint32 index, GError **error)
{
  for (GTreeNode *n = g_tree_node_first (model->ports); n != NULL; n = g_tree_node_next (n))
    {
      const NetctlPort *port = g_tree_node_value (n);

      for (guint i = 0; i < port->groups->len; i++)
        if (g_array_index (port->groups, guint32, i) == index)
          {
            g_set_error (error, NETCTL_ERROR, NETCTL_ERROR_BUSY,
                         "group %u: port \"%s\" is still in it", index, port->id);
            return FALSE;
          }
    }
  g_tree_remove (model->groups, GUINT_TO_POINTER (index));
  return TRUE;
}

void
netctl_model_remove_port (NetctlModel *model, guint32 index)
{
  g_tree_remove (model->ports, GUINT_TO_POINTER (index));
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
