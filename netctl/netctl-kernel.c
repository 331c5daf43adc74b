/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The kernel's driver: each call makes the change in the VPC's model, makes the kernel follow step
 * by step, and takes the change back if it does not. A step finds out what is already as it should
 * be. */
#include "netctl-dhcp.h"
#include "netctl-edge.h"
#include "netctl-firewall.h"
#include "netctl-guide.h"
#include "netctl-kernel-priv.h"
#include "netctl-metadata.h"
#include "netctl-nat.h"
#include "netctl-ns.h"
#include "netctl-print.h"
#include "netctl-route.h"
#include "netctl-shape.h"
#include "netctl-wire.h"
#include <unistd.h>

/* Of how many VPCs the firewall is held open: of those that were changed last. */
#define HELD_MAX 64

/* One VPC as this process left it. */
typedef struct
{
  guint32 index;
  char *ns;
  NetctlFirewall *firewall;
  guint64 identity; /* of the namespace */
} Vpc;

typedef struct
{
  Netctl base;
  GMutex lock;      /* of everything below; held through each call on one VPC */
  GHashTable *vpcs; /* index -> Vpc* */
  GQueue held;      /* Vpc*, the one changed last first */
  NetctlEdge *edge;
  NetctlDhcp *dhcp;
  NetctlMetadata *metadata; /* NULL without a callback */
  NetctlGuide *guide;
  NetctlStepFunc on_step;
  gpointer step_data;
  gboolean is_reconciling;
} Kernel;

static void
vpc_free (Vpc *vpc)
{
  g_free (vpc->ns);
  netctl_firewall_free (vpc->firewall);
  g_free (vpc);
}

static Vpc *
vpc_of (Kernel *kernel, guint32 index)
{
  Vpc *vpc = g_hash_table_lookup (kernel->vpcs, GUINT_TO_POINTER (index));

  if (vpc == NULL)
    {
      vpc = g_new0 (Vpc, 1);
      vpc->index = index;
      vpc->ns = netctl_vpc_namespace_name (index);
      vpc->firewall = netctl_firewall_new ();
      g_hash_table_insert (kernel->vpcs, GUINT_TO_POINTER (index), vpc);
    }
  return vpc;
}

static void
forget_vpc (Kernel *kernel, guint32 index)
{
  Vpc *vpc = g_hash_table_lookup (kernel->vpcs, GUINT_TO_POINTER (index));

  g_queue_remove (&kernel->held, vpc);
  g_hash_table_remove (kernel->vpcs, GUINT_TO_POINTER (index));
}

static void
hold (Kernel *kernel, Vpc *vpc)
{
  if (g_queue_peek_head (&kernel->held) == vpc)
    return;
  g_queue_remove (&kernel->held, vpc);
  g_queue_push_head (&kernel->held, vpc);
  if (kernel->held.length > HELD_MAX)
    netctl_firewall_release (((Vpc *) g_queue_pop_tail (&kernel->held))->firewall);
}

static void
step (Kernel *kernel, const char *name)
{
  if (kernel->on_step != NULL)
    kernel->on_step (name, kernel->step_data);
}

/* The host's namespace */

static gboolean
apply_host (Kernel *kernel, gboolean is_settled, GError **error)
{
  step (kernel, "host rules");
  return netctl_edge_apply_rules (kernel->edge, is_settled, error);
}

/* Steps on one VPC */

/* Makes the namespace's rules those of the model and ends the flows it no longer allows. */
static gboolean
apply_rules (Kernel *kernel, Vpc *vpc, int fd, GError **error)
{
  step (kernel, "rules");
  hold (kernel, vpc);
  if (!netctl_firewall_apply (vpc->firewall, fd, error))
    return FALSE;
  if (!netctl_firewall_must_sweep (vpc->firewall))
    return TRUE;
  step (kernel, "flows");
  return netctl_firewall_sweep (vpc->firewall, error);
}

/* A process that knows nothing of a VPC must not replace the rules of its live ports. */
static gboolean
may_touch (const Vpc *vpc, GError **error)
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
apply_publics (Kernel *kernel, guint32 vpc_index, GError **error)
{
  if (kernel->is_reconciling || !netctl_edge_is_public (kernel->edge, vpc_index))
    return TRUE;
  step (kernel, "public addresses");
  return netctl_edge_apply_ways (kernel->edge, error);
}

/* Everything of a VPC but its taps. */
static gboolean
apply_all (Kernel *kernel, Vpc *vpc, int fd, GError **error)
{
  const NetctlModel *model = netctl_firewall_model (vpc->firewall);

  if (!apply_rules (kernel, vpc, fd, error))
    return FALSE;
  step (kernel, "anchor");
  if (!netctl_wire_anchor (fd, model->vpc, error))
    return FALSE;
  step (kernel, "way out");
  if (!netctl_wire_uplink (fd, model->vpc, error) || !apply_publics (kernel, vpc->index, error))
    return FALSE;
  step (kernel, "routes");
  if (!netctl_route_apply (fd, model, error))
    return FALSE;
  step (kernel, "bandwidth");
  if (!netctl_shape_apply (fd, model, FALSE, error))
    return FALSE;
  step (kernel, "dhcp");
  if (!netctl_dhcp_apply (kernel->dhcp, model, fd, error))
    return FALSE;
  step (kernel, "metadata");
  return kernel->metadata == NULL
         || netctl_metadata_listen (kernel->metadata, vpc->index, fd, vpc->identity, error);
}

/* Forgets the rules of an earlier namespace of that name. */
static void
look_at_namespace (Vpc *vpc)
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
static int
enter (Kernel *kernel, Vpc *vpc, GError **error)
{
  step (kernel, "namespace");
  if (!netctl_ns_ensure (vpc->ns, error))
    return -1;
  look_at_namespace (vpc);
  return netctl_ns_open (vpc->ns, FALSE, error);
}

/* Attaches those of the model's taps that exist; the first failure is kept in *@error. */
static gboolean
attach_present (Kernel *kernel, const NetctlModel *model, int fd, GError **error)
{
  gboolean is_done = TRUE;

  for (GTreeNode *n = g_tree_node_first (model->ports); n != NULL; n = g_tree_node_next (n))
    {
      g_autoptr (GError) fault = NULL;

      step (kernel, "tap");
      if (netctl_wire_tap (fd, model->vpc, g_tree_node_value (n), &fault)
          || g_error_matches (fault, NETCTL_ERROR, NETCTL_ERROR_NO_TAP))
        continue;
      if (is_done)
        g_propagate_error (error, g_steal_pointer (&fault));
      is_done = FALSE;
    }
  step (kernel, "bandwidth");
  is_done = netctl_shape_apply (fd, model, TRUE, is_done ? error : NULL) && is_done;
  if (model->vpc->routes->len == 0)
    return is_done;
  step (kernel, "routes");
  return netctl_route_apply (fd, model, is_done ? error : NULL) && is_done;
}

/* Once the taps are ready for what guests do when they hear of it. */
static gboolean
apply_guide (Kernel *kernel, Vpc *vpc, int fd, GError **error)
{
  step (kernel, "guide");
  return netctl_guide_apply (kernel->guide, netctl_firewall_model (vpc->firewall), fd,
                             vpc->identity, error);
}

/* The VPC of a port or group, which must have been applied; with a descriptor of its namespace. */
static Vpc *
open_vpc (Kernel *kernel, guint32 index, int *out_fd, GError **error)
{
  Vpc *vpc = vpc_of (kernel, index);

  look_at_namespace (vpc);
  if (!may_touch (vpc, error))
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
end (Vpc *vpc, gboolean is_done)
{
  if (is_done)
    netctl_firewall_keep (vpc->firewall);
  else
    netctl_firewall_undo (vpc->firewall);
  return is_done;
}

static gboolean
put_vpc (Kernel *kernel, Vpc *vpc, const NetctlVpc *wanted, GError **error)
{
  const NetctlModel *model = netctl_firewall_model (vpc->firewall);
  gboolean is_known = netctl_vpc_same_subnets (model->vpc, wanted), is_done;
  int fd;

  if (!netctl_firewall_set_vpc (vpc->firewall, wanted, error)
      || !netctl_edge_claim (kernel->edge, wanted, error) || !apply_host (kernel, FALSE, error))
    return FALSE;
  fd = enter (kernel, vpc, error);
  if (fd < 0)
    return FALSE;
  /* The taps' routes name their gateways; they are looked at only when those may have changed. */
  is_known = is_known && netctl_firewall_is_known (vpc->firewall);
  is_done
      = apply_all (kernel, vpc, fd, error)
        && (is_known || attach_present (kernel, model, fd, error))
        && apply_guide (kernel, vpc, fd, error)
        && (netctl_vpc_has_uplink (wanted) || apply_host (kernel, !kernel->is_reconciling, error));
  close (fd);
  return is_done;
}

static gboolean
apply_vpc (Kernel *kernel, const NetctlVpc *wanted, GError **error)
{
  Vpc *vpc;

  if (!netctl_vpc_check (wanted, error))
    return FALSE;
  vpc = vpc_of (kernel, wanted->index);
  if (!may_touch (vpc, error))
    return FALSE;
  netctl_firewall_begin (vpc->firewall);
  return end (vpc, put_vpc (kernel, vpc, wanted, error));
}

static gboolean
remove_vpc (Kernel *kernel, guint32 index, GError **error)
{
  g_autofree char *ns = netctl_vpc_namespace_name (index);
  NetctlVpc gone = { .index = index };

  step (kernel, "metadata");
  if (kernel->metadata != NULL)
    netctl_metadata_close (kernel->metadata, index);
  netctl_guide_close (kernel->guide, index);
  step (kernel, "dhcp");
  if (!netctl_dhcp_stop (kernel->dhcp, index, error))
    return FALSE;
  step (kernel, "way out");
  if (!netctl_wire_uplink (-1, &gone, error))
    return FALSE;
  step (kernel, "namespace");
  netctl_firewall_release (vpc_of (kernel, index)->firewall);
  if (!netctl_ns_remove (ns, error))
    return FALSE;
  netctl_edge_forget (kernel->edge, index);
  if (!apply_publics (kernel, index, error))
    return FALSE;
  forget_vpc (kernel, index);
  return apply_host (kernel, !kernel->is_reconciling, error);
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

/* Puts the changed model in force: rules, and with @dhcp_too the list of guests. */
static gboolean
commit (Kernel *kernel, Vpc *vpc, gboolean dhcp_too, int fd, GError **error)
{
  if (!apply_rules (kernel, vpc, fd, error))
    return FALSE;
  if (!dhcp_too)
    return TRUE;
  step (kernel, "dhcp");
  return netctl_dhcp_apply (kernel->dhcp, netctl_firewall_model (vpc->firewall), fd, error);
}

static gboolean
apply_group (Kernel *kernel, const NetctlGroup *group, GError **error)
{
  gboolean is_done;
  int fd;
  Vpc *vpc = open_vpc (kernel, group->vpc, &fd, error);

  if (vpc == NULL)
    return FALSE;
  netctl_firewall_begin (vpc->firewall);
  is_done = end (vpc, netctl_firewall_set_group (vpc->firewall, group, error)
                          && commit (kernel, vpc, FALSE, fd, error));
  close (fd);
  return is_done;
}

/* TRUE if there is nothing to remove from: no namespace, or none of this VPC's records. */
static gboolean
is_absent (Kernel *kernel, guint32 vpc_index)
{
  const Vpc *vpc = vpc_of (kernel, vpc_index);

  return !netctl_firewall_is_known (vpc->firewall) && netctl_ns_identity (vpc->ns) == 0;
}

static gboolean
remove_group (Kernel *kernel, guint32 vpc_index, guint32 group_index, GError **error)
{
  gboolean is_done;
  Vpc *vpc;
  int fd;

  if (is_absent (kernel, vpc_index))
    return TRUE;
  vpc = open_vpc (kernel, vpc_index, &fd, error);
  if (vpc == NULL)
    return FALSE;
  netctl_firewall_begin (vpc->firewall);
  is_done = end (vpc, netctl_firewall_remove_group (vpc->firewall, group_index, error)
                          && commit (kernel, vpc, FALSE, fd, error));
  close (fd);
  return is_done;
}

static gboolean
attach_tap (Kernel *kernel, Vpc *vpc, const NetctlPort *port, int fd, GError **error)
{
  const NetctlModel *model = netctl_firewall_model (vpc->firewall);

  step (kernel, "tap");
  if (!netctl_wire_tap (fd, model->vpc, port, error))
    return FALSE;
  if (netctl_shape_is_bounded (port) && !netctl_shape_apply_port (fd, model, port, error))
    return FALSE;
  if (!netctl_route_uses (model->vpc, port))
    return TRUE;
  step (kernel, "routes");
  return netctl_route_apply (fd, model, error);
}

/* A port that was bounded or is may have another bandwidth. */
static gboolean
shape_port (Kernel *kernel, Vpc *vpc, const NetctlPort *before, const NetctlPort *port, int fd,
            GError **error)
{
  if (!netctl_shape_is_bounded (before) && !netctl_shape_is_bounded (port))
    return TRUE;
  step (kernel, "bandwidth");
  return netctl_shape_apply_port (fd, netctl_firewall_model (vpc->firewall), port, error);
}

static gboolean
apply_port (Kernel *kernel, const NetctlPort *port, gboolean attach, GError **error)
{
  const NetctlPort *before;
  gboolean is_done;
  int fd;
  Vpc *vpc = open_vpc (kernel, port->vpc, &fd, error);

  if (vpc == NULL)
    return FALSE;
  before = netctl_model_port (netctl_firewall_model (vpc->firewall), port->index);
  netctl_firewall_begin (vpc->firewall);
  is_done = end (vpc, netctl_firewall_set_port (vpc->firewall, port, error)
                          && commit (kernel, vpc, TRUE, fd, error)
                          && shape_port (kernel, vpc, before, port, fd, error));
  if (is_done && attach)
    is_done = attach_tap (kernel, vpc, port, fd, error);
  if (is_done)
    netctl_guide_apply_port (kernel->guide, netctl_firewall_model (vpc->firewall), port->index);
  close (fd);
  return is_done;
}

static gboolean
detach_port (Kernel *kernel, const NetctlPort *port, GError **error)
{
  const NetctlPort *before;
  gboolean is_done;
  Vpc *vpc;
  int fd;

  if (is_absent (kernel, port->vpc))
    return TRUE;
  vpc = open_vpc (kernel, port->vpc, &fd, error);
  if (vpc == NULL)
    return FALSE;
  before = netctl_model_port (netctl_firewall_model (vpc->firewall), port->index);
  netctl_firewall_begin (vpc->firewall);
  netctl_firewall_remove_port (vpc->firewall, port->index);
  is_done = end (vpc, commit (kernel, vpc, TRUE, fd, error)
                          && shape_port (kernel, vpc, before, port, fd, error));
  if (is_done)
    {
      netctl_guide_apply_port (kernel->guide, netctl_firewall_model (vpc->firewall), port->index);
      step (kernel, "tap");
      is_done = netctl_wire_untap (fd, port->index, error);
    }
  close (fd);
  return is_done;
}

/* Reconcile */

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
put_model (Kernel *kernel, Vpc *vpc, NetctlModel *model, int fd, GError **error)
{
  NetctlModel *before = netctl_firewall_swap (vpc->firewall, model);
  gboolean is_left, is_done;

  /* A whole replacement mends what others did to our tables; flows go on. */
  netctl_firewall_forget (vpc->firewall);
  is_done = apply_all (kernel, vpc, fd, error) && attach_present (kernel, model, fd, error)
            && netctl_wire_prune (fd, model, &is_left, error)
            && apply_guide (kernel, vpc, fd, error);
  if (!netctl_firewall_is_known (vpc->firewall))
    before = netctl_firewall_swap (vpc->firewall, before);
  netctl_model_free (before);
  return is_done;
}

/* One VPC of the plan, whatever this process believed before. */
static gboolean
reconcile_vpc (Kernel *kernel, const NetctlPlan *plan, const NetctlVpc *wanted, GError **error)
{
  Vpc *vpc = vpc_of (kernel, wanted->index);
  g_autoptr (GError) first = NULL;
  GError *fault = NULL;
  g_autoptr (NetctlModel) model = netctl_model_from_plan (plan, wanted->index, &first);
  int fd = -1;

  if (model != NULL && netctl_edge_claim (kernel->edge, wanted, &fault)
      && apply_host (kernel, FALSE, &fault))
    fd = enter (kernel, vpc, &fault);
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
close_leftover (Kernel *kernel, Vpc *vpc, int fd, gboolean *out_left, GError **error)
{
  NetctlModel *nothing = netctl_model_new ();

  look_at_namespace (vpc);
  nothing->vpc = netctl_vpc_new ();
  netctl_model_free (netctl_firewall_swap (vpc->firewall, nothing));
  netctl_firewall_forget (vpc->firewall);
  hold (kernel, vpc);
  return netctl_firewall_apply (vpc->firewall, fd, error)
         && netctl_wire_prune (fd, NULL, out_left, error);
}

/* A namespace that the plan lacks; stays, closed, while a process holds a tap in it. */
static gboolean
reconcile_leftover (Kernel *kernel, guint32 index, GError **error)
{
  Vpc *vpc = vpc_of (kernel, index);
  gboolean is_left = FALSE, is_done = TRUE;
  int fd = netctl_ns_open (vpc->ns, TRUE, NULL);

  if (fd >= 0)
    {
      is_done = close_leftover (kernel, vpc, fd, &is_left, error);
      close (fd);
    }
  if (is_done && !is_left)
    return remove_vpc (kernel, index, error);
  /* What it was is no longer known, so that nobody builds on it. */
  netctl_guide_close (kernel->guide, index);
  forget_vpc (kernel, index);
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
remove_leftovers (Kernel *kernel, const NetctlPlan *plan, GError **first)
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

static gboolean
kernel_reconcile (Netctl *net, const NetctlPlan *plan, GError **error)
{
  Kernel *kernel = (Kernel *) net;
  g_autoptr (GError) first = NULL;
  GError *fault = NULL;

  g_mutex_lock (&kernel->lock);
  kernel->is_reconciling = TRUE;
  netctl_edge_expect (kernel->edge, plan);
  if (!apply_host (kernel, FALSE, &fault))
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
  step (kernel, "public addresses");
  if (!netctl_edge_apply_ways (kernel->edge, &fault) || !apply_host (kernel, TRUE, &fault))
    keep_first (&first, g_steal_pointer (&fault));
  g_mutex_unlock (&kernel->lock);
  return report (error, &first);
}

/* The table */

static Kernel *
begin (Netctl *net)
{
  Kernel *kernel = (Kernel *) net;

  g_mutex_lock (&kernel->lock);
  return kernel;
}

static gboolean
done (Kernel *kernel, gboolean is_done)
{
  g_mutex_unlock (&kernel->lock);
  return is_done;
}

static gboolean
kernel_vpc_apply (Netctl *net, const NetctlVpc *vpc, GError **error)
{
  Kernel *kernel = begin (net);

  return done (kernel, apply_vpc (kernel, vpc, error));
}

static gboolean
kernel_vpc_remove (Netctl *net, guint32 vpc_index, GError **error)
{
  Kernel *kernel = begin (net);

  return done (kernel, has_no_tap (vpc_index, error) && remove_vpc (kernel, vpc_index, error));
}

static gboolean
kernel_group_apply (Netctl *net, const NetctlGroup *group, GError **error)
{
  Kernel *kernel = begin (net);

  return done (kernel, apply_group (kernel, group, error));
}

static gboolean
kernel_group_remove (Netctl *net, guint32 vpc_index, guint32 group_index, GError **error)
{
  Kernel *kernel = begin (net);

  return done (kernel, remove_group (kernel, vpc_index, group_index, error));
}

static gboolean
kernel_port_prepare (Netctl *net, const NetctlPort *port, GError **error)
{
  Kernel *kernel = begin (net);

  return done (kernel, apply_port (kernel, port, FALSE, error));
}

static gboolean
kernel_port_attach (Netctl *net, const NetctlPort *port, GError **error)
{
  Kernel *kernel = begin (net);

  return done (kernel, apply_port (kernel, port, TRUE, error));
}

static gboolean
kernel_port_detach (Netctl *net, const NetctlPort *port, GError **error)
{
  Kernel *kernel = begin (net);

  return done (kernel, detach_port (kernel, port, error));
}

/* Others may change something meanwhile, as anybody may behind our back. */
static gboolean
kernel_print_plan (Netctl *net, const NetctlPlan *plan, char **out, GError **error)
{
  Kernel *kernel = (Kernel *) net;

  *out = netctl_print_plan (kernel->dhcp, netctl_edge_interface (kernel->edge), plan, error);
  return *out != NULL;
}

static gboolean
kernel_print_kernel (Netctl *net, char **out, GError **error)
{
  *out = netctl_print_kernel (((Kernel *) net)->dhcp, error);
  return *out != NULL;
}

static void
kernel_free (Netctl *net)
{
  Kernel *kernel = (Kernel *) net;

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
  .reconcile = kernel_reconcile,
  .print_plan = kernel_print_plan,
  .print_kernel = kernel_print_kernel,
  .free = kernel_free,
};

Netctl *
netctl_new (const NetctlConfig *config, GError **error)
{
  Kernel *kernel = g_new0 (Kernel, 1);
  g_autoptr (Netctl) net = &kernel->base;

  net->class = &kernel_class;
  g_mutex_init (&kernel->lock);
  kernel->vpcs = g_hash_table_new_full (NULL, NULL, NULL, (GDestroyNotify) vpc_free);
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
  Kernel *kernel = (Kernel *) net;

  kernel->on_step = func;
  kernel->step_data = data;
}
