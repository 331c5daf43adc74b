/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The steps by which the kernel's driver makes one VPC so. */
#include "netctl-kernel-steps.h"
#include "netctl-ns.h"
#include "netctl-route.h"
#include "netctl-shape.h"
#include "netctl-wire.h"

/* Of how many VPCs the firewall is held open: of those that were changed last. */
#define HELD_MAX 64

void
netctl_kernel_vpc_free (NetctlKernelVpc *vpc)
{
  g_free (vpc->ns);
  netctl_firewall_free (vpc->firewall);
  g_free (vpc);
}

NetctlKernelVpc *
netctl_kernel_vpc (NetctlKernel *kernel, guint32 index)
{
  NetctlKernelVpc *vpc = g_hash_table_lookup (kernel->vpcs, GUINT_TO_POINTER (index));

  if (vpc == NULL)
    {
      vpc = g_new0 (NetctlKernelVpc, 1);
      vpc->index = index;
      vpc->ns = netctl_vpc_namespace_name (index);
      vpc->firewall = netctl_firewall_new ();
      g_hash_table_insert (kernel->vpcs, GUINT_TO_POINTER (index), vpc);
    }
  return vpc;
}

void
netctl_kernel_forget (NetctlKernel *kernel, guint32 index)
{
  NetctlKernelVpc *vpc = g_hash_table_lookup (kernel->vpcs, GUINT_TO_POINTER (index));

  g_queue_remove (&kernel->held, vpc);
  g_hash_table_remove (kernel->vpcs, GUINT_TO_POINTER (index));
}

void
netctl_kernel_hold (NetctlKernel *kernel, NetctlKernelVpc *vpc)
{
  if (g_queue_peek_head (&kernel->held) == vpc)
    return;
  g_queue_remove (&kernel->held, vpc);
  g_queue_push_head (&kernel->held, vpc);
  if (kernel->held.length > HELD_MAX)
    netctl_firewall_release (((NetctlKernelVpc *) g_queue_pop_tail (&kernel->held))->firewall);
}

void
netctl_kernel_step (NetctlKernel *kernel, const char *name)
{
  if (kernel->on_step != NULL)
    kernel->on_step (name, kernel->step_data);
}

/* The host's namespace */

gboolean
netctl_kernel_apply_host (NetctlKernel *kernel, gboolean is_settled, GError **error)
{
  netctl_kernel_step (kernel, "host rules");
  return netctl_edge_apply_rules (kernel->edge, is_settled, error);
}

/* Steps on one VPC */

/* Makes the namespace's rules those of the model and ends the flows it no longer allows. */
gboolean
netctl_kernel_apply_rules (NetctlKernel *kernel, NetctlKernelVpc *vpc, int fd, GError **error)
{
  netctl_kernel_step (kernel, "rules");
  netctl_kernel_hold (kernel, vpc);
  if (!netctl_firewall_apply (vpc->firewall, fd, error))
    return FALSE;
  if (!netctl_firewall_must_sweep (vpc->firewall))
    return TRUE;
  netctl_kernel_step (kernel, "flows");
  return netctl_firewall_sweep (vpc->firewall, error);
}

/* A process that knows nothing of a VPC must not replace the rules of its live ports. */
gboolean
netctl_kernel_may_touch (const NetctlKernelVpc *vpc, GError **error)
{
  guint count;

  if (netctl_firewall_is_known (vpc->firewall))
    return TRUE;
  if (!netctl_wire_count_taps (vpc->ns, &count, error))
    return FALSE;
  if (count == 0)
    return TRUE;
  g_set_error (error, NETCTL_ERROR, NETCTL_ERROR_BUSY,
               "namespace \"%s\" has taps of an earlier process; reconcile comes first", vpc->ns);
  return FALSE;
}

/* The host's part in the VPC's public addresses; a reconcile comes to all of them at its end. */
static gboolean
apply_publics (NetctlKernel *kernel, guint32 vpc_index, GError **error)
{
  if (kernel->is_reconciling || !netctl_edge_is_public (kernel->edge, vpc_index))
    return TRUE;
  netctl_kernel_step (kernel, "public addresses");
  return netctl_edge_apply_ways (kernel->edge, error);
}

/* Everything of a VPC but its taps. */
gboolean
netctl_kernel_apply_all (NetctlKernel *kernel, NetctlKernelVpc *vpc, int fd, GError **error)
{
  const NetctlModel *model = netctl_firewall_model (vpc->firewall);

  if (!netctl_kernel_apply_rules (kernel, vpc, fd, error))
    return FALSE;
  netctl_kernel_step (kernel, "anchor");
  if (!netctl_wire_anchor (fd, model->vpc, error))
    return FALSE;
  netctl_kernel_step (kernel, "way out");
  if (!netctl_wire_uplink (fd, model->vpc, error) || !apply_publics (kernel, vpc->index, error))
    return FALSE;
  netctl_kernel_step (kernel, "routes");
  if (!netctl_route_apply (fd, model, error))
    return FALSE;
  netctl_kernel_step (kernel, "bandwidth");
  if (!netctl_shape_apply (fd, model, FALSE, error))
    return FALSE;
  netctl_kernel_step (kernel, "dhcp");
  if (!netctl_dhcp_apply (kernel->dhcp, model, fd, error))
    return FALSE;
  netctl_kernel_step (kernel, "metadata");
  return kernel->metadata == NULL
         || netctl_metadata_listen (kernel->metadata, vpc->index, fd, vpc->identity, error);
}

/* Forgets the rules of an earlier namespace of that name. */
void
netctl_kernel_look (NetctlKernelVpc *vpc)
{
  guint64 identity = netctl_ns_identity (vpc->ns);

  if (identity != vpc->identity)
    {
      netctl_firewall_release (vpc->firewall);
      netctl_firewall_forget (vpc->firewall);
    }
  vpc->identity = identity;
}

/* The VPC's namespace, made if need be. -1 on failure. */
int
netctl_kernel_enter (NetctlKernel *kernel, NetctlKernelVpc *vpc, GError **error)
{
  netctl_kernel_step (kernel, "namespace");
  if (!netctl_ns_ensure (vpc->ns, error))
    return -1;
  netctl_kernel_look (vpc);
  return netctl_ns_open (vpc->ns, FALSE, error);
}

/* Attaches those of the model's taps that exist; the first failure is kept in *@error. */
gboolean
netctl_kernel_attach_taps (NetctlKernel *kernel, const NetctlModel *model, int fd, GError **error)
{
  gboolean is_done = TRUE;

  for (GTreeNode *n = g_tree_node_first (model->ports); n != NULL; n = g_tree_node_next (n))
    {
      g_autoptr (GError) fault = NULL;

      netctl_kernel_step (kernel, "tap");
      if (netctl_wire_tap (fd, model->vpc, g_tree_node_value (n), &fault)
          || g_error_matches (fault, NETCTL_ERROR, NETCTL_ERROR_NO_TAP))
        continue;
      if (is_done)
        g_propagate_error (error, g_steal_pointer (&fault));
      is_done = FALSE;
    }
  netctl_kernel_step (kernel, "bandwidth");
  is_done = netctl_shape_apply (fd, model, TRUE, is_done ? error : NULL) && is_done;
  if (model->vpc->routes->len == 0)
    return is_done;
  netctl_kernel_step (kernel, "routes");
  return netctl_route_apply (fd, model, is_done ? error : NULL) && is_done;
}

/* Once the taps are ready for what guests do when they hear of it. */
gboolean
netctl_kernel_apply_guide (NetctlKernel *kernel, NetctlKernelVpc *vpc, int fd, GError **error)
{
  netctl_kernel_step (kernel, "guide");
  return netctl_guide_apply (kernel->guide, netctl_firewall_model (vpc->firewall), fd,
                             vpc->identity, error);
}

gboolean
netctl_kernel_remove (NetctlKernel *kernel, guint32 index, GError **error)
{
  g_autofree char *ns = netctl_vpc_namespace_name (index);
  NetctlVpc gone = { .index = index };

  netctl_kernel_step (kernel, "metadata");
  if (kernel->metadata != NULL)
    netctl_metadata_close (kernel->metadata, index);
  netctl_guide_close (kernel->guide, index);
  netctl_kernel_step (kernel, "dhcp");
  if (!netctl_dhcp_stop (kernel->dhcp, index, error))
    return FALSE;
  netctl_kernel_step (kernel, "way out");
  if (!netctl_wire_uplink (-1, &gone, error))
    return FALSE;
  netctl_kernel_step (kernel, "namespace");
  netctl_firewall_release (netctl_kernel_vpc (kernel, index)->firewall);
  if (!netctl_ns_remove (ns, error))
    return FALSE;
  netctl_edge_forget (kernel->edge, index);
  if (!apply_publics (kernel, index, error))
    return FALSE;
  netctl_kernel_forget (kernel, index);
  return netctl_kernel_apply_host (kernel, !kernel->is_reconciling, error);
}
