/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One VPC's model and the rules in its namespace, kept in step. */
#include "netctl-firewall.h"
#include "netctl-apply.h"
#include "netctl-flow.h"
#include "netctl-narrow.h"
#include "netctl-nft.h"
#include "netctl-parts.h"

struct NetctlFirewall
{
  NetctlModel *model;
  NetctlParts *parts;   /* what the namespace holds; NULL if not known */
  GHashTable *touched;  /* keys of the parts that the change under way concerns */
  GHashTable *stale;    /* keys of parts that may be in force as they should not be */
  NetctlFilter *filter; /* of the namespace; NULL while not open */
  gboolean is_applied;  /* the change under way is in force */
  gboolean must_sweep;
  gboolean must_compare; /* whether to sweep follows from the rules' difference alone */
};

static GHashTable *
keys_new (void)
{
  return g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
}

NetctlFirewall *
netctl_firewall_new (void)
{
  NetctlFirewall *firewall = g_new0 (NetctlFirewall, 1);

  firewall->model = netctl_model_new ();
  firewall->touched = keys_new ();
  firewall->stale = keys_new ();
  return firewall;
}

void
netctl_firewall_free (NetctlFirewall *firewall)
{
  if (firewall == NULL)
    return;
  netctl_model_free (firewall->model);
  netctl_parts_free (firewall->parts);
  g_hash_table_unref (firewall->touched);
  g_hash_table_unref (firewall->stale);
  netctl_filter_close (firewall->filter);
  g_free (firewall);
}

const NetctlModel *
netctl_firewall_model (const NetctlFirewall *firewall)
{
  return firewall->model;
}

gboolean
netctl_firewall_is_known (const NetctlFirewall *firewall)
{
  return firewall->parts != NULL;
}

void
netctl_firewall_release (NetctlFirewall *firewall)
{
  g_clear_pointer (&firewall->filter, netctl_filter_close);
}

void
netctl_firewall_forget (NetctlFirewall *firewall)
{
  g_clear_pointer (&firewall->parts, netctl_parts_free);
  g_hash_table_remove_all (firewall->stale);
}

/* Changes */

/* Takes @key. */
static void
touch (NetctlFirewall *firewall, char *key)
{
  g_hash_table_add (firewall->touched, key);
}

static void
touch_port (NetctlFirewall *firewall, guint32 index)
{
  const NetctlPort *port = netctl_model_port (firewall->model, index);

  touch (firewall, netctl_nft_port_key (index));
  if (port != NULL)
    touch (firewall, netctl_nft_set_key (port->groups));
}

static void
touch_group (NetctlFirewall *firewall, guint32 index)
{
  const GPtrArray *names = netctl_model_sets_of (firewall->model, index);

  touch (firewall, netctl_nft_group_key (index));
  for (guint i = 0; names != NULL && i < names->len; i++)
    touch (firewall, g_strconcat ("set ", g_ptr_array_index (names, i), NULL));
}

void
netctl_firewall_begin (NetctlFirewall *firewall)
{
  netctl_model_begin (firewall->model);
  firewall->is_applied = FALSE;
  /* What an earlier change left behind may let more through than the model does. */
  if (g_hash_table_size (firewall->stale) > 0)
    firewall->must_sweep = TRUE;
}

void
netctl_firewall_keep (NetctlFirewall *firewall)
{
  netctl_model_keep (firewall->model);
  g_hash_table_remove_all (firewall->touched);
}

void
netctl_firewall_undo (NetctlFirewall *firewall)
{
  GHashTableIter iter;
  gpointer key;

  netctl_model_undo (firewall->model);
  g_hash_table_iter_init (&iter, firewall->touched);
  while (firewall->is_applied && g_hash_table_iter_next (&iter, &key, NULL))
    {
      g_hash_table_iter_steal (&iter);
      g_hash_table_add (firewall->stale, key);
    }
  g_hash_table_remove_all (firewall->touched);
}

gboolean
netctl_firewall_set_vpc (NetctlFirewall *firewall, const NetctlVpc *vpc, GError **error)
{
  const NetctlModel *model = firewall->model;
  gboolean ports_differ = model->vpc == NULL || !netctl_vpc_same_subnets (model->vpc, vpc)
                          || !netctl_vpc_same_routes (model->vpc, vpc)
                          || !model->vpc->nat != !vpc->nat;
  gboolean narrows = netctl_narrow_remotes (model, vpc);

  if (!netctl_model_set_vpc (firewall->model, vpc, error))
    return FALSE;
  touch (firewall, g_strdup (NETCTL_NFT_VPC));
  firewall->must_compare = TRUE;
  firewall->must_sweep |= narrows;
  for (GTreeNode *n = ports_differ ? g_tree_node_first (model->ports) : NULL; n != NULL;
       n = g_tree_node_next (n))
    touch (firewall, netctl_nft_port_key (GPOINTER_TO_UINT (g_tree_node_key (n))));
  return TRUE;
}

gboolean
netctl_firewall_set_group (NetctlFirewall *firewall, const NetctlGroup *group, GError **error)
{
  const NetctlGroup *before = netctl_model_group (firewall->model, group->index);

  if (!netctl_model_set_group (firewall->model, group, error))
    return FALSE;
  touch_group (firewall, group->index);
  firewall->must_sweep |= netctl_narrow_group (before, group);
  return TRUE;
}

gboolean
netctl_firewall_remove_group (NetctlFirewall *firewall, guint32 group, GError **error)
{
  touch_group (firewall, group);
  return netctl_model_remove_group (firewall->model, group, error);
}

gboolean
netctl_firewall_set_port (NetctlFirewall *firewall, const NetctlPort *port, GError **error)
{
  const NetctlPort *before = netctl_model_port (firewall->model, port->index);

  touch_port (firewall, port->index);
  if (!netctl_model_set_port (firewall->model, port, error))
    return FALSE;
  touch_port (firewall, port->index);
  firewall->must_sweep |= netctl_narrow_port (firewall->model, before, port);
  return TRUE;
}

void
netctl_firewall_remove_port (NetctlFirewall *firewall, guint32 port)
{
  touch_port (firewall, port);
  if (netctl_model_port (firewall->model, port) != NULL)
    firewall->must_sweep = TRUE;
  netctl_model_remove_port (firewall->model, port);
}

NetctlModel *
netctl_firewall_swap (NetctlFirewall *firewall, NetctlModel *model)
{
  NetctlModel *before = firewall->model;

  firewall->model = model;
  return before;
}

/* The kernel */

static void
stage (NetctlFirewall *firewall, NetctlParts *parts, GHashTable *keys)
{
  GHashTableIter iter;
  gpointer key;

  g_hash_table_iter_init (&iter, keys);
  while (g_hash_table_iter_next (&iter, &key, NULL))
    netctl_parts_stage (parts, key, netctl_nft_part (firewall->model, key));
}

/* FALSE if the whole has to be replaced. */
static gboolean
apply_change (NetctlFirewall *firewall)
{
  g_autoptr (NetctlTables) from = NULL, to = NULL;
  gboolean is_done;

  stage (firewall, firewall->parts, firewall->stale);
  stage (firewall, firewall->parts, firewall->touched);
  netctl_parts_difference (firewall->parts, &from, &to);
  if (firewall->must_compare && netctl_tables_narrow (from, to))
    firewall->must_sweep = TRUE;
  is_done = netctl_apply_change (firewall->filter, from, to);
  if (is_done)
    netctl_parts_keep (firewall->parts);
  else
    netctl_parts_drop (firewall->parts);
  return is_done;
}

static gboolean
apply_whole (NetctlFirewall *firewall, GError **error)
{
  g_autoptr (NetctlTables) tables = netctl_nft_vpc (firewall->model);
  g_autoptr (GPtrArray) keys = netctl_nft_keys (firewall->model);

  firewall->must_sweep = TRUE;
  if (!netctl_apply_whole (firewall->filter, tables, error))
    return FALSE;
  netctl_parts_free (firewall->parts);
  firewall->parts = netctl_parts_new ();
  for (guint i = 0; i < keys->len; i++)
    netctl_parts_stage (firewall->parts, g_ptr_array_index (keys, i),
                        netctl_nft_part (firewall->model, g_ptr_array_index (keys, i)));
  netctl_parts_keep (firewall->parts);
  return TRUE;
}

gboolean
netctl_firewall_apply (NetctlFirewall *firewall, int fd, GError **error)
{
  if (firewall->filter == NULL)
    firewall->filter = netctl_filter_open (fd, error);
  if (firewall->filter == NULL)
    return FALSE;
  if ((firewall->parts == NULL || !apply_change (firewall)) && !apply_whole (firewall, error))
    return FALSE;
  g_hash_table_remove_all (firewall->stale);
  firewall->is_applied = TRUE;
  firewall->must_compare = FALSE;
  return TRUE;
}

gboolean
netctl_firewall_must_sweep (const NetctlFirewall *firewall)
{
  return firewall->must_sweep;
}

gboolean
netctl_firewall_sweep (NetctlFirewall *firewall, GError **error)
{
  if (!netctl_flow_sweep_model (firewall->filter, firewall->model, error))
    return FALSE;
  firewall->must_sweep = FALSE;
  return TRUE;
}
