/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reconcile: every VPC of a plan as it should be, and nothing of ours besides. */
#include "netctl-kernel-reconcile.h"
#include "netctl-kernel-steps.h"
#include "netctl-ns.h"
#include "netctl-wire.h"
#include <unistd.h>

static void
keep_first (GError **first, GError *another)
{
  if (*first == NULL)
    *first = another;
  else
    g_clear_error (&another);
}

/* TRUE if there was no failure; else hands it to the caller. */
static gboolean
report (GError **error, GError **first)
{
  if (*first == NULL)
    return TRUE;
  g_propagate_error (error, g_steal_pointer (first));
  return FALSE;
}

/* Makes all of a VPC so, with @model (taken) as its model if the rules could be replaced. */
static gboolean
put_model (NetctlKernel *kernel, NetctlKernelVpc *vpc, NetctlModel *model, int fd, GError **error)
{
  NetctlModel *before = netctl_firewall_swap (vpc->firewall, model);
  gboolean is_left, is_done;

  /* A whole replacement mends what others did to our tables; flows go on. */
  netctl_firewall_forget (vpc->firewall);
  is_done = netctl_kernel_apply_all (kernel, vpc, fd, error)
            && netctl_kernel_attach_taps (kernel, model, fd, error)
            && netctl_wire_prune (fd, model, &is_left, error)
            && netctl_kernel_apply_guide (kernel, vpc, fd, error);
  if (!netctl_firewall_is_known (vpc->firewall))
    before = netctl_firewall_swap (vpc->firewall, before);
  netctl_model_free (before);
  return is_done;
}

/* One VPC of the plan, whatever this process believed before. */
static gboolean
reconcile_vpc (NetctlKernel *kernel, const NetctlPlan *plan, const NetctlVpc *wanted,
               GError **error)
{
  NetctlKernelVpc *vpc = netctl_kernel_vpc (kernel, wanted->index);
  g_autoptr (GError) first = NULL;
  GError *fault = NULL;
  g_autoptr (NetctlModel) model = netctl_model_from_plan (plan, wanted->index, &first);
  int fd = -1;

  if (model != NULL && netctl_edge_claim (kernel->edge, wanted, &fault)
      && netctl_kernel_apply_host (kernel, FALSE, &fault))
    fd = netctl_kernel_enter (kernel, vpc, &fault);
  if (fd >= 0)
    {
      put_model (kernel, vpc, g_steal_pointer (&model), fd, &fault);
      close (fd);
    }
  if (fault != NULL)
    keep_first (&first, fault);
  return report (error, &first);
}

/* Closes the namespace behind @fd for whatever is left inside. */
static gboolean
close_leftover (NetctlKernel *kernel, NetctlKernelVpc *vpc, int fd, gboolean *out_left,
                GError **error)
{
  NetctlModel *nothing = netctl_model_new ();

  netctl_kernel_look (vpc);
  nothing->vpc = netctl_vpc_new ();
  netctl_model_free (netctl_firewall_swap (vpc->firewall, nothing));
  netctl_firewall_forget (vpc->firewall);
  netctl_kernel_hold (kernel, vpc);
  return netctl_firewall_apply (vpc->firewall, fd, error)
         && netctl_wire_prune (fd, NULL, out_left, error);
}

/* A namespace that the plan lacks; stays, closed, while a process holds a tap in it. */
static gboolean
reconcile_leftover (NetctlKernel *kernel, guint32 index, GError **error)
{
  NetctlKernelVpc *vpc = netctl_kernel_vpc (kernel, index);
  gboolean is_left = FALSE, is_done = TRUE;
  int fd = netctl_ns_open (vpc->ns, TRUE, NULL);

  if (fd >= 0)
    {
      is_done = close_leftover (kernel, vpc, fd, &is_left, error);
      close (fd);
    }
  if (is_done && !is_left)
    return netctl_kernel_remove (kernel, index, error);
  /* What it was is no longer known, so that nobody builds on it. */
  netctl_guide_close (kernel->guide, index);
  netctl_kernel_forget (kernel, index);
  return is_done && netctl_dhcp_stop (kernel->dhcp, index, error);
}

static GHashTable *
wanted_vpcs (const NetctlPlan *plan)
{
  GHashTable *wanted = g_hash_table_new (NULL, NULL);

  for (guint i = 0; i < plan->vpcs->len; i++)
    g_hash_table_add (
        wanted, GUINT_TO_POINTER (((const NetctlVpc *) g_ptr_array_index (plan->vpcs, i))->index));
  return wanted;
}

static void
remove_leftovers (NetctlKernel *kernel, const NetctlPlan *plan, GError **first)
{
  g_autoptr (GHashTable) vpcs = wanted_vpcs (plan);
  g_autoptr (GPtrArray) names = netctl_ns_list ();
  GError *fault = NULL;

  for (guint i = 0; i < names->len; i++)
    {
      guint32 index;

      if (!netctl_namespace_name_parse (g_ptr_array_index (names, i), &index)
          || g_hash_table_contains (vpcs, GUINT_TO_POINTER (index)))
        continue;
      g_mutex_lock (&kernel->lock);
      if (!reconcile_leftover (kernel, index, &fault))
        keep_first (first, g_steal_pointer (&fault));
      g_mutex_unlock (&kernel->lock);
    }
  g_mutex_lock (&kernel->lock);
  if (!netctl_dhcp_prune (kernel->dhcp, vpcs, &fault) || !netctl_wire_prune_host (plan, &fault))
    keep_first (first, g_steal_pointer (&fault));
  g_mutex_unlock (&kernel->lock);
}

gboolean
netctl_kernel_reconcile (Netctl *net, const NetctlPlan *plan, GError **error)
{
  NetctlKernel *kernel = (NetctlKernel *) net;
  g_autoptr (GError) first = NULL;
  GError *fault = NULL;

  g_mutex_lock (&kernel->lock);
  kernel->is_reconciling = TRUE;
  netctl_edge_expect (kernel->edge, plan);
  if (!netctl_kernel_apply_host (kernel, FALSE, &fault))
    keep_first (&first, g_steal_pointer (&fault));
  g_mutex_unlock (&kernel->lock);
  remove_leftovers (kernel, plan, &first);
  /* The lock is free between two VPCs, so that nobody waits for all of them. */
  for (guint i = 0; i < plan->vpcs->len; i++)
    {
      g_mutex_lock (&kernel->lock);
      if (!reconcile_vpc (kernel, plan, g_ptr_array_index (plan->vpcs, i), &fault))
        keep_first (&first, g_steal_pointer (&fault));
      g_mutex_unlock (&kernel->lock);
    }
  g_mutex_lock (&kernel->lock);
  kernel->is_reconciling = FALSE;
  netctl_kernel_step (kernel, "public addresses");
  if (!netctl_edge_apply_ways (kernel->edge, &fault)
      || !netctl_kernel_apply_host (kernel, TRUE, &fault))
    keep_first (&first, g_steal_pointer (&fault));
  g_mutex_unlock (&kernel->lock);
  return report (error, &first);
}
