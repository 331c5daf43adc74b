/* SPDX-License-Identifier: GPL-2.0-or-later */
/* All that the kernel has of ours, and all that it shall have. */
#include "netctl-print.h"
#include "netctl-edge.h"
#include "netctl-nft.h"
#include "netctl-ns.h"
#include "netctl-wire.h"
#include <unistd.h>

static gboolean
print_vpc (NetctlLines *lines, const NetctlDhcp *dhcp, const char *ns, guint32 index,
           GError **error)
{
  gboolean is_done;
  int fd = netctl_ns_open (ns, FALSE, error);

  if (fd < 0)
    return FALSE;
  netctl_lines_add (lines, ns, "namespace");
  is_done = netctl_print_links (lines, ns, fd, TRUE, error)
            && netctl_print_shapes (lines, ns, fd, error)
            && netctl_print_nft (lines, ns, fd, TRUE, error);
  close (fd);
  netctl_print_servers (lines, dhcp, index);
  return is_done;
}

char *
netctl_print_kernel (const NetctlDhcp *dhcp, GError **error)
{
  g_autoptr (NetctlLines) lines = netctl_lines_new ();
  g_autoptr (GPtrArray) names = netctl_ns_list ();

  if (!netctl_print_links (lines, NETCTL_PRINT_HOST, -1, FALSE, error)
      || !netctl_print_shapes (lines, NETCTL_PRINT_HOST, -1, error)
      || !netctl_print_nft (lines, NETCTL_PRINT_HOST, -1, FALSE, error))
    return NULL;
  for (guint i = 0; i < names->len; i++)
    {
      const char *name = g_ptr_array_index (names, i);
      guint32 index;

      if (netctl_namespace_name_parse (name, &index)
          && !print_vpc (lines, dhcp, name, index, error))
        return NULL;
    }
  return netctl_lines_print (lines);
}

/* Adds the taps in the namespace of that name, if there is one, or on the host (NULL). */
static gboolean
collect_taps (GHashTable *taps, const char *ns, GError **error)
{
  g_autoptr (GArray) found = NULL;
  GError *fault = NULL;
  int fd = ns != NULL ? netctl_ns_open (ns, TRUE, &fault) : -1;

  if (fault == NULL && (fd >= 0 || ns == NULL))
    found = netctl_wire_taps (fd, &fault);
  if (fd >= 0)
    close (fd);
  for (guint i = 0; found != NULL && i < found->len; i++)
    g_hash_table_add (taps, GUINT_TO_POINTER (g_array_index (found, guint32, i)));
  if (fault != NULL)
    g_propagate_error (error, fault);
  return fault == NULL;
}

/* Records that are wrong are left out, as reconcile() would. */
static gboolean
print_vpc_plan (NetctlLines *lines, const NetctlDhcp *dhcp, const NetctlPlan *plan, guint32 index,
                GError **error)
{
  g_autofree char *ns = netctl_vpc_namespace_name (index);
  g_autoptr (NetctlModel) model = netctl_model_from_plan (plan, index, NULL);
  g_autoptr (NetctlTables) tables = NULL;
  g_autoptr (GHashTable) taps = g_hash_table_new (NULL, NULL);

  if (model == NULL)
    return TRUE;
  if (!collect_taps (taps, NULL, error) || !collect_taps (taps, ns, error))
    return FALSE;
  tables = netctl_nft_vpc (model);
  netctl_print_links_plan (lines, model, taps);
  netctl_print_shapes_plan (lines, model, taps);
  netctl_print_servers_plan (lines, dhcp, model);
  return netctl_print_nft_plan (lines, ns, tables, error);
}

char *
netctl_print_plan (const NetctlDhcp *dhcp, const char *public_interface, const NetctlPlan *plan,
                   GError **error)
{
  g_autoptr (NetctlLines) lines = netctl_lines_new ();
  g_autoptr (NetctlEdge) edge = netctl_edge_new (netctl_dhcp_servers (dhcp), public_interface);
  g_autoptr (NetctlTables) tables = NULL;
  g_autoptr (GArray) publics = NULL;

  netctl_edge_expect (edge, plan);
  publics = netctl_edge_publics (edge);
  tables = netctl_edge_tables (edge);
  netctl_print_publics_plan (lines, publics, public_interface);
  if (!netctl_print_nft_plan (lines, NETCTL_PRINT_HOST, tables, error))
    return NULL;
  for (guint i = 0; i < plan->vpcs->len; i++)
    if (!print_vpc_plan (lines, dhcp, plan,
                         ((const NetctlVpc *) g_ptr_array_index (plan->vpcs, i))->index, error))
      return NULL;
  return netctl_lines_print (lines);
}
