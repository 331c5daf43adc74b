/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The kernel's driver from the inside: what it knows, and the steps by which it makes one VPC so. A
 * step finds out what is already as it should be, so each may run twice. All with the driver's lock
 * held. */
#pragma once
#include "netctl-dhcp.h"
#include "netctl-edge.h"
#include "netctl-firewall.h"
#include "netctl-guide.h"
#include "netctl-kernel-priv.h"
#include "netctl-metadata.h"

/* One VPC as this process left it. */
typedef struct
{
  guint32 index;
  char *ns;
  NetctlFirewall *firewall;
  guint64 identity; /* of the namespace */
} NetctlKernelVpc;

typedef struct
{
  Netctl base;
  GMutex lock;      /* of everything below; held through each call on one VPC */
  GHashTable *vpcs; /* index -> NetctlKernelVpc* */
  GQueue held;      /* NetctlKernelVpc*, the one changed last first */
  NetctlEdge *edge;
  NetctlDhcp *dhcp;
  NetctlMetadata *metadata; /* NULL without a callback */
  NetctlGuide *guide;
  NetctlStepFunc on_step;
  gpointer step_data;
  gboolean is_reconciling;
} NetctlKernel;

/* Says that a step begins. */
void netctl_kernel_step (NetctlKernel *kernel, const char *name);

/* The VPC of that index, without anything if it is new here. Borrowed. */
NetctlKernelVpc *netctl_kernel_vpc (NetctlKernel *kernel, guint32 index);
void netctl_kernel_vpc_free (NetctlKernelVpc *vpc);
/* Forgets what is known of it. */
void netctl_kernel_forget (NetctlKernel *kernel, guint32 index);
/* Keeps its firewall open, and lets go of the one that was not changed for the longest time. */
void netctl_kernel_hold (NetctlKernel *kernel, NetctlKernelVpc *vpc);
/* Forgets the rules of an earlier namespace of that name. */
void netctl_kernel_look (NetctlKernelVpc *vpc);
/* BUSY if an earlier process left live ports there: one that knows nothing of a VPC must not
 * replace its rules. */
gboolean netctl_kernel_may_touch (const NetctlKernelVpc *vpc, GError **error);
/* A descriptor of the VPC's namespace, which is made if need be. -1 on failure. */
int netctl_kernel_enter (NetctlKernel *kernel, NetctlKernelVpc *vpc, GError **error);

/* The host's rules; with @is_settled all VPCs are known. */
gboolean netctl_kernel_apply_host (NetctlKernel *kernel, gboolean is_settled, GError **error);
/* Makes the rules of the namespace behind @fd those of the model and ends the flows that it no
 * longer allows. */
gboolean netctl_kernel_apply_rules (NetctlKernel *kernel, NetctlKernelVpc *vpc, int fd,
                                    GError **error);
/* Everything of a VPC but its taps and what its guests hear of IPv6. */
gboolean netctl_kernel_apply_all (NetctlKernel *kernel, NetctlKernelVpc *vpc, int fd,
                                  GError **error);
/* Attaches those of the model's taps that exist, whatever fails; the first failure is in *@error.
 */
gboolean netctl_kernel_attach_taps (NetctlKernel *kernel, const NetctlModel *model, int fd,
                                    GError **error);
/* Once the taps are ready for what guests do when they hear of it. */
gboolean netctl_kernel_apply_guide (NetctlKernel *kernel, NetctlKernelVpc *vpc, int fd,
                                    GError **error);
/* Takes all of a VPC away; its namespace must have no taps. Absent is success. */
gboolean netctl_kernel_remove (NetctlKernel *kernel, guint32 index, GError **error);
