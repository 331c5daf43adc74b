/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The kernel's driver: each call makes the change in the VPC's model, makes the kernel follow step
 * by step, and takes the change back if it does not. A step finds out what is already as it should
 * be. */
#include "netctl-kernel-reconcile.h"
#include "netctl-kernel-steps.h"
#include "netctl-kernel-use.h"
#include "netctl-nat.h"
#include "netctl-ns.h"
#include "netctl-print.h"
#include "netctl-route.h"
#include "netctl-shape.h"
#include "netctl-wire.h"
#include <unistd.h>

/* The VPC of a port or group, which must have been applied; with a descriptor of its namespace. */
static NetctlKernelVpc *
open_vpc (NetctlKernel *kernel, guint32 index, int *out_fd, GError **error)
{
  NetctlKernelVpc *vpc = netctl_kernel_vpc (kernel, index);

  netctl_kernel_look (vpc);
  if (!netctl_kernel_may_touch (vpc, error))
    return NULL;
  if (netctl_firewall_model (vpc->firewall)->vpc == NULL)
    {
      g_set_error (error, NETCTL_ERROR, NETCTL_ERROR_INVALID, "vpc %u has not been applied", index);
      return NULL;
    }
  *out_fd = netctl_ns_open (vpc->ns, FALSE, error);
  return *out_fd >= 0 ? vpc : NULL;
}

/* The calls; each holds the lock. */

/* Ends what netctl_firewall_begin() began. */
static gboolean
end (NetctlKernel *kernel, NetctlKernelVpc *vpc, gboolean is_done)
{
  if (is_done)
    netctl_firewall_keep (vpc->firewall);
  else
    {
      netctl_firewall_undo (vpc->firewall);
      netctl_dhcp_doubt (kernel->dhcp, vpc->index);
    }
  return is_done;
}

static gboolean
put_vpc (NetctlKernel *kernel, NetctlKernelVpc *vpc, const NetctlVpc *wanted, GError **error)
{
  const NetctlModel *model = netctl_firewall_model (vpc->firewall);
  gboolean is_known = netctl_vpc_same_subnets (model->vpc, wanted), is_done;
  int fd;

  if (!netctl_firewall_set_vpc (vpc->firewall, wanted, error)
      || !netctl_edge_claim (kernel->edge, wanted, error)
      || !netctl_kernel_apply_host (kernel, FALSE, error))
    return FALSE;
  fd = netctl_kernel_enter (kernel, vpc, error);
  if (fd < 0)
    return FALSE;
  /* The taps' routes name their gateways; they are looked at only when those may have changed. */
  is_known = is_known && netctl_firewall_is_known (vpc->firewall);
  is_done = netctl_kernel_apply_all (kernel, vpc, fd, error)
            && (is_known || netctl_kernel_attach_taps (kernel, model, fd, error))
            && netctl_kernel_apply_guide (kernel, vpc, fd, error)
            && (netctl_vpc_has_uplink (wanted)
                || netctl_kernel_apply_host (kernel, !kernel->is_reconciling, error));
  close (fd);
  return is_done;
}

static gboolean
apply_vpc (NetctlKernel *kernel, const NetctlVpc *wanted, GError **error)
{
  NetctlKernelVpc *vpc;

  if (!netctl_vpc_check (wanted, error))
    return FALSE;
  vpc = netctl_kernel_vpc (kernel, wanted->index);
  if (!netctl_kernel_may_touch (vpc, error))
    return FALSE;
  netctl_firewall_begin (vpc->firewall);
  return end (kernel, vpc, put_vpc (kernel, vpc, wanted, error));
}

static gboolean
has_no_tap (guint32 index, GError **error)
{
  g_autofree char *ns = netctl_vpc_namespace_name (index);
  guint count;

  if (!netctl_wire_count_taps (ns, &count, error))
    return FALSE;
  if (count == 0)
    return TRUE;
  g_set_error (error, NETCTL_ERROR, NETCTL_ERROR_BUSY, "namespace \"%s\" still has %u taps", ns,
               count);
  return FALSE;
}

/* Puts a changed port in force: rules, and the list of guests. */
static gboolean
commit_port (NetctlKernel *kernel, NetctlKernelVpc *vpc, const NetctlPort *before, guint32 index,
             int fd, GError **error)
{
  const NetctlModel *model = netctl_firewall_model (vpc->firewall);

  if (!netctl_kernel_apply_rules (kernel, vpc, fd, error))
    return FALSE;
  netctl_kernel_step (kernel, "dhcp");
  return netctl_dhcp_apply_port (kernel->dhcp, model, before, netctl_model_port (model, index), fd,
                                 error);
}

static gboolean
apply_group (NetctlKernel *kernel, const NetctlGroup *group, GError **error)
{
  gboolean is_done;
  int fd;
  NetctlKernelVpc *vpc = open_vpc (kernel, group->vpc, &fd, error);

  if (vpc == NULL)
    return FALSE;
  netctl_firewall_begin (vpc->firewall);
  is_done = end (kernel, vpc,
                 netctl_firewall_set_group (vpc->firewall, group, error)
                     && netctl_kernel_apply_rules (kernel, vpc, fd, error));
  close (fd);
  return is_done;
}

/* TRUE if there is nothing to remove from: no namespace, or none of this VPC's records. */
static gboolean
is_absent (NetctlKernel *kernel, guint32 vpc_index)
{
  const NetctlKernelVpc *vpc = netctl_kernel_vpc (kernel, vpc_index);

  return !netctl_firewall_is_known (vpc->firewall) && netctl_ns_identity (vpc->ns) == 0;
}

static gboolean
remove_group (NetctlKernel *kernel, guint32 vpc_index, guint32 group_index, GError **error)
{
  gboolean is_done;
  NetctlKernelVpc *vpc;
  int fd;

  if (is_absent (kernel, vpc_index))
    return TRUE;
  vpc = open_vpc (kernel, vpc_index, &fd, error);
  if (vpc == NULL)
    return FALSE;
  netctl_firewall_begin (vpc->firewall);
  is_done = end (kernel, vpc,
                 netctl_firewall_remove_group (vpc->firewall, group_index, error)
                     && netctl_kernel_apply_rules (kernel, vpc, fd, error));
  close (fd);
  return is_done;
}

static gboolean
attach_tap (NetctlKernel *kernel, NetctlKernelVpc *vpc, const NetctlPort *port, int fd,
            GError **error)
{
  const NetctlModel *model = netctl_firewall_model (vpc->firewall);

  netctl_kernel_step (kernel, "tap");
  if (!netctl_wire_tap (fd, model->vpc, port, error))
    return FALSE;
  if (netctl_shape_is_bounded (port) && !netctl_shape_apply_port (fd, model, port, error))
    return FALSE;
  if (!netctl_route_uses (model->vpc, port))
    return TRUE;
  netctl_kernel_step (kernel, "routes");
  return netctl_route_apply (fd, model, error);
}

/* A port that was bounded or is may have another bandwidth. */
static gboolean
shape_port (NetctlKernel *kernel, NetctlKernelVpc *vpc, const NetctlPort *before,
            const NetctlPort *port, int fd, GError **error)
{
  if (!netctl_shape_is_bounded (before) && !netctl_shape_is_bounded (port))
    return TRUE;
  netctl_kernel_step (kernel, "bandwidth");
  return netctl_shape_apply_port (fd, netctl_firewall_model (vpc->firewall), port, error);
}

static gboolean
apply_port (NetctlKernel *kernel, const NetctlPort *port, gboolean attach, GError **error)
{
  const NetctlPort *before;
  gboolean is_done;
  int fd;
  NetctlKernelVpc *vpc = open_vpc (kernel, port->vpc, &fd, error);

  if (vpc == NULL)
    return FALSE;
  before = netctl_model_port (netctl_firewall_model (vpc->firewall), port->index);
  netctl_firewall_begin (vpc->firewall);
  is_done = end (kernel, vpc,
                 netctl_firewall_set_port (vpc->firewall, port, error)
                     && commit_port (kernel, vpc, before, port->index, fd, error)
                     && shape_port (kernel, vpc, before, port, fd, error));
  if (is_done && attach)
    is_done = attach_tap (kernel, vpc, port, fd, error);
  if (is_done)
    netctl_guide_apply_port (kernel->guide, netctl_firewall_model (vpc->firewall), port->index);
  close (fd);
  return is_done;
}

static gboolean
detach_port (NetctlKernel *kernel, const NetctlPort *port, GError **error)
{
  const NetctlPort *before;
  gboolean is_done;
  NetctlKernelVpc *vpc;
  int fd;

  if (is_absent (kernel, port->vpc))
    return TRUE;
  vpc = open_vpc (kernel, port->vpc, &fd, error);
  if (vpc == NULL)
    return FALSE;
  before = netctl_model_port (netctl_firewall_model (vpc->firewall), port->index);
  netctl_firewall_begin (vpc->firewall);
  netctl_firewall_remove_port (vpc->firewall, port->index);
  is_done = end (kernel, vpc,
                 commit_port (kernel, vpc, before, port->index, fd, error)
                     && shape_port (kernel, vpc, before, port, fd, error));
  if (is_done)
    {
      netctl_guide_apply_port (kernel->guide, netctl_firewall_model (vpc->firewall), port->index);
      netctl_kernel_step (kernel, "tap");
      is_done = netctl_wire_untap (fd, port->index, error);
    }
  close (fd);
  return is_done;
}

/* The table */

static NetctlKernel *
begin (Netctl *net)
{
  NetctlKernel *kernel = (NetctlKernel *) net;

  g_mutex_lock (&kernel->lock);
  return kernel;
}

static gboolean
done (NetctlKernel *kernel, gboolean is_done)
{
  g_mutex_unlock (&kernel->lock);
  return is_done;
}

static gboolean
kernel_vpc_apply (Netctl *net, const NetctlVpc *vpc, GError **error)
{
  NetctlKernel *kernel = begin (net);

  return done (kernel, apply_vpc (kernel, vpc, error));
}

static gboolean
kernel_vpc_remove (Netctl *net, guint32 vpc_index, GError **error)
{
  NetctlKernel *kernel = begin (net);

  return done (kernel,
               has_no_tap (vpc_index, error) && netctl_kernel_remove (kernel, vpc_index, error));
}

static gboolean
kernel_group_apply (Netctl *net, const NetctlGroup *group, GError **error)
{
  NetctlKernel *kernel = begin (net);

  return done (kernel, apply_group (kernel, group, error));
}

static gboolean
kernel_group_remove (Netctl *net, guint32 vpc_index, guint32 group_index, GError **error)
{
  NetctlKernel *kernel = begin (net);

  return done (kernel, remove_group (kernel, vpc_index, group_index, error));
}

static gboolean
kernel_port_prepare (Netctl *net, const NetctlPort *port, GError **error)
{
  NetctlKernel *kernel = begin (net);

  return done (kernel, apply_port (kernel, port, FALSE, error));
}

static gboolean
kernel_port_attach (Netctl *net, const NetctlPort *port, GError **error)
{
  NetctlKernel *kernel = begin (net);

  return done (kernel, apply_port (kernel, port, TRUE, error));
}

static gboolean
kernel_port_detach (Netctl *net, const NetctlPort *port, GError **error)
{
  NetctlKernel *kernel = begin (net);

  return done (kernel, detach_port (kernel, port, error));
}

/* Others may change something meanwhile, as anybody may behind our back. */
static gboolean
kernel_print_plan (Netctl *net, const NetctlPlan *plan, char **out, GError **error)
{
  NetctlKernel *kernel = (NetctlKernel *) net;

  *out = netctl_print_plan (kernel->dhcp, netctl_edge_interface (kernel->edge), plan, error);
  return *out != NULL;
}

static gboolean
kernel_print_kernel (Netctl *net, char **out, GError **error)
{
  *out = netctl_print_kernel (((NetctlKernel *) net)->dhcp, error);
  return *out != NULL;
}

static void
kernel_free (Netctl *net)
{
  NetctlKernel *kernel = (NetctlKernel *) net;

  netctl_metadata_free (kernel->metadata);
  netctl_guide_free (kernel->guide);
  netctl_edge_free (kernel->edge);
  netctl_dhcp_free (kernel->dhcp);
  g_queue_clear (&kernel->held);
  g_hash_table_unref (kernel->vpcs);
  g_mutex_clear (&kernel->lock);
  g_free (kernel);
}

static const NetctlClass kernel_class = {
  .vpc_apply = kernel_vpc_apply,
  .vpc_remove = kernel_vpc_remove,
  .group_apply = kernel_group_apply,
  .group_remove = kernel_group_remove,
  .port_prepare = kernel_port_prepare,
  .port_attach = kernel_port_attach,
  .port_detach = kernel_port_detach,
  .reconcile = netctl_kernel_reconcile,
  .print_plan = kernel_print_plan,
  .print_kernel = kernel_print_kernel,
  .use = netctl_kernel_use,
  .free = kernel_free,
};

Netctl *
netctl_new (const NetctlConfig *config, GError **error)
{
  NetctlKernel *kernel = g_new0 (NetctlKernel, 1);
  g_autoptr (Netctl) net = &kernel->base;

  net->class = &kernel_class;
  g_mutex_init (&kernel->lock);
  kernel->vpcs = g_hash_table_new_full (NULL, NULL, NULL, (GDestroyNotify) netctl_kernel_vpc_free);
  kernel->dhcp = netctl_dhcp_new (config->run_dir, config->dns, config->ntp, error);
  if (kernel->dhcp == NULL)
    return NULL;
  kernel->guide = netctl_guide_new (config->ntp, error);
  if (kernel->guide == NULL)
    return NULL;
  kernel->edge = netctl_edge_new (netctl_dhcp_servers (kernel->dhcp), config->public_interface);
  if (config->metadata != NULL)
    {
      kernel->metadata = netctl_metadata_new (config->metadata, config->metadata_data, error);
      if (kernel->metadata == NULL)
        return NULL;
    }
  return g_steal_pointer (&net);
}

void
netctl_kernel_set_step_func (Netctl *net, NetctlStepFunc func, gpointer data)
{
  NetctlKernel *kernel = (NetctlKernel *) net;

  kernel->on_step = func;
  kernel->step_data = data;
}
