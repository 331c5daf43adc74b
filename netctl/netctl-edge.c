/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the VPCs of this host need of the host itself: its rules, the way out, public addresses. */
#include "netctl-edge.h"
#include "netctl-apply.h"
#include "netctl-nat.h"
#include "netctl-nft.h"
#include "netctl-public.h"
#include "netctl-wire.h"

struct NetctlEdge
{
  const GPtrArray *name_servers;
  char *public_interface;
  GHashTable *vpcs;     /* index -> NetctlVpc*, copies */
  GHashTable *routed;   /* indexes of those that had public addresses when ways were applied */
  NetctlTables *tables; /* what the host's namespace holds; NULL if not known */
  NetctlFilter *filter; /* of the host's namespace; NULL until first used */
  gboolean is_guarded;  /* there may be ways out besides those noted */
  gboolean is_known;    /* what all VPCs need was once told */
};

NetctlEdge *
netctl_edge_new (const GPtrArray *name_servers, const char *public_interface)
{
  NetctlEdge *edge = g_new0 (NetctlEdge, 1);

  edge->name_servers = name_servers;
  edge->public_interface = g_strdup (public_interface);
  edge->vpcs = g_hash_table_new_full (NULL, NULL, NULL, (GDestroyNotify) netctl_vpc_free);
  edge->routed = g_hash_table_new (NULL, NULL);
  edge->is_guarded = TRUE;
  return edge;
}

void
netctl_edge_free (NetctlEdge *edge)
{
  if (edge == NULL)
    return;
  g_free (edge->public_interface);
  g_hash_table_unref (edge->vpcs);
  g_hash_table_unref (edge->routed);
  netctl_tables_free (edge->tables);
  netctl_filter_close (edge->filter);
  g_free (edge);
}

gboolean
netctl_edge_claim (NetctlEdge *edge, const NetctlVpc *vpc, GError **error)
{
  GHashTableIter iter;
  gpointer value;

  g_hash_table_iter_init (&iter, edge->vpcs);
  while (vpc->publics->len > 0 && g_hash_table_iter_next (&iter, NULL, &value))
    if (!netctl_nat_apart (vpc, value, NETCTL_ERROR_BUSY, error))
      return FALSE;
  g_hash_table_replace (edge->vpcs, GUINT_TO_POINTER (vpc->index), netctl_vpc_copy (vpc));
  return TRUE;
}

void
netctl_edge_forget (NetctlEdge *edge, guint32 vpc_index)
{
  g_hash_table_remove (edge->vpcs, GUINT_TO_POINTER (vpc_index));
}

void
netctl_edge_expect (NetctlEdge *edge, const NetctlPlan *plan)
{
  g_hash_table_remove_all (edge->vpcs);
  edge->is_guarded = edge->is_known = TRUE;
  g_clear_pointer (&edge->tables, netctl_tables_free);
  for (guint i = 0; i < plan->vpcs->len; i++)
    {
      const NetctlVpc *vpc = g_ptr_array_index (plan->vpcs, i);

      if (netctl_vpc_check (vpc, NULL))
        netctl_edge_claim (edge, vpc, NULL);
    }
}

static int
compare_index (gconstpointer a, gconstpointer b)
{
  guint32 x = GPOINTER_TO_UINT (a), y = GPOINTER_TO_UINT (b);

  return x < y ? -1 : x > y;
}

static GArray *
all_publics (const NetctlEdge *edge, gboolean *out_has_uplink)
{
  GArray *publics = g_array_new (FALSE, FALSE, sizeof (NetctlHostPublic));
  g_autoptr (GList) indexes = g_hash_table_get_keys (edge->vpcs);

  *out_has_uplink = FALSE;
  indexes = g_list_sort (indexes, compare_index);
  for (const GList *l = indexes; l != NULL; l = l->next)
    {
      const NetctlVpc *vpc = g_hash_table_lookup (edge->vpcs, l->data);

      *out_has_uplink |= netctl_vpc_has_uplink (vpc);
      netctl_public_collect (publics, vpc);
    }
  return publics;
}

GArray *
netctl_edge_publics (const NetctlEdge *edge)
{
  gboolean has_uplink;

  return all_publics (edge, &has_uplink);
}

NetctlTables *
netctl_edge_tables (const NetctlEdge *edge)
{
  gboolean has_uplink;
  g_autoptr (GArray) publics = all_publics (edge, &has_uplink);

  return netctl_nft_host (has_uplink, edge->name_servers, publics);
}

const char *
netctl_edge_interface (const NetctlEdge *edge)
{
  return edge->public_interface;
}

gboolean
netctl_edge_apply_rules (NetctlEdge *edge, gboolean is_settled, GError **error)
{
  gboolean has_uplink, is_guarded;
  g_autoptr (GArray) publics = all_publics (edge, &has_uplink);
  g_autoptr (NetctlTables) tables = NULL;

  is_guarded = has_uplink || (edge->is_guarded && !(is_settled && edge->is_known));
  tables = netctl_nft_host (is_guarded, edge->name_servers, publics);
  if (edge->filter == NULL)
    edge->filter = netctl_filter_open (-1, error);
  if (edge->filter == NULL || !netctl_apply_tables (edge->filter, edge->tables, tables, error))
    return FALSE;
  netctl_tables_free (edge->tables);
  edge->tables = g_steal_pointer (&tables);
  edge->is_guarded = is_guarded;
  return !has_uplink || netctl_wire_forward (error);
}

gboolean
netctl_edge_is_public (const NetctlEdge *edge, guint32 vpc_index)
{
  gpointer key = GUINT_TO_POINTER (vpc_index);
  const NetctlVpc *vpc = g_hash_table_lookup (edge->vpcs, key);

  return (vpc != NULL && vpc->publics->len > 0) || g_hash_table_contains (edge->routed, key);
}

gboolean
netctl_edge_apply_ways (NetctlEdge *edge, GError **error)
{
  gboolean has_uplink;
  g_autoptr (GArray) publics = all_publics (edge, &has_uplink);

  if (!netctl_public_apply (publics, edge->public_interface, error))
    return FALSE;
  g_hash_table_remove_all (edge->routed);
  for (guint i = 0; i < publics->len; i++)
    g_hash_table_add (edge->routed,
                      GUINT_TO_POINTER (g_array_index (publics, NetctlHostPublic, i).vpc));
  return TRUE;
}
