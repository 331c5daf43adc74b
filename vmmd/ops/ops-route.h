/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The verbs on routes of VPCs. Any pool thread. */
#pragma once
#include "ops-context.h"
#include "vmm-query.h"
#include "vmm-route.h"

/* Routes a table may have beside those of the vswitches. */
#define OPS_ROUTES_A_TABLE 48

/* As on the wire; NULL means not given. */
typedef struct
{
  const char *table_id, *destination;
  const char *next_hop_type; /* VMM_HOP_INSTANCE unless given */
  const char *next_hop_id, *name, *description;
} OpsRouteSpec;

/* A route to an instance or interface of the VPC, in force soon after the answer. The destination
 * may lie around vswitches but not in one. The id; the caller frees it.
 * ROUTE_TABLE_NOT_FOUND, CIDR_MALFORMED, ROUTE_DESTINATION, ROUTE_EXISTS, NEXT_HOP_NOT_FOUND,
 * ROUTE_INSTANCE_VPC, ROUTE_NIC_VPC, INSTANCE_STATUS, QUOTA. */
char *ops_route_create (VmmContext *ctx, const VmmCaller *caller, const OpsRouteSpec *spec,
                        GError **error);

/* By @id, or by table and destination; a next hop that is given must be the route's.
 * ROUTE_NOT_FOUND, ROUTE_SYSTEM for that of a vswitch. */
typedef struct
{
  const char *id, *table_id, *destination, *next_hop_id;
} OpsRouteRef;
gboolean ops_route_delete (VmmContext *ctx, const VmmCaller *caller, const OpsRouteRef *ref,
                           GError **error);

/* VmmRoute* of one table, those of vswitches too, newest first; @page by token, or NULL for all.
 * ROUTE_TABLE_NOT_FOUND. */
GPtrArray *ops_route_list (VmmContext *ctx, const VmmCaller *caller, const VmmRouteQuery *query,
                           const VmmPage *page, VmmPageInfo *out_info, GError **error);
