/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A route of a VPC: one of its owner's to a guest that forwards, or the one each vswitch has. */
#pragma once
#include <glib.h>

#define VMM_HOP_INSTANCE "Instance"
#define VMM_HOP_NIC "NetworkInterface"
#define VMM_HOP_LOCAL "local"

typedef struct
{
  char *id, *account_id, *vpc_id;
  char *destination;   /* a range of either family, canonical */
  char *next_hop_type; /* VMM_HOP_… */
  char *next_hop_id;   /* "" when local */
  char *name, *description;
  gint64 created_ms;
  gboolean is_system; /* a vswitch's: no row of its own */
} VmmRoute;

/* Where a route leads on the wire of its VPC. */
typedef struct
{
  char *destination;
  char *next_hop; /* an address of the interface, of the destination's family */
} VmmRouteHop;

void vmm_route_free (VmmRoute *route);
void vmm_route_hop_free (VmmRouteHop *hop);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (VmmRoute, vmm_route_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (VmmRouteHop, vmm_route_hop_free)
