/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The verbs on VPCs and vswitches, and what guests are told. Any pool thread. */
#pragma once
#include "ops-context.h"
#include "vmm-nic.h"
#include "vmm-query.h"

#define OPS_VSWITCHES_A_VPC 150

/* Makes the account's default VPC, vswitch and security group when it has none. */
gboolean ops_network_ensure_default (VmmContext *ctx, const VmmCaller *caller, GError **error);

/* VmmVpc*, newest first. */
GPtrArray *ops_vpc_list (VmmContext *ctx, const VmmCaller *caller, const VmmVpcQuery *query,
                         const VmmPage *page, VmmPageInfo *out_info, GError **error);
/* VmmVswitch*, newest first; @out_free (may be NULL): guint32 free addresses, one for each. */
GPtrArray *ops_vswitch_list (VmmContext *ctx, const VmmCaller *caller, const VmmVswitchQuery *query,
                             const VmmPage *page, VmmPageInfo *out_info, GArray **out_free,
                             GError **error);
/* VPC_NOT_FOUND. */
VmmVpc *ops_vpc_get (VmmContext *ctx, const VmmCaller *caller, const char *id, GError **error);
/* All VmmVswitch* of one of the caller's VPCs, newest first; none when there is no such VPC. */
GPtrArray *ops_vpc_vswitches (VmmContext *ctx, const VmmCaller *caller, const char *vpc_id,
                              GError **error);
/* As on the wire; NULL means not given. */
typedef struct
{
  const char *name, *description;
  const char *cidr;      /* default: the whole of 172.16.0.0/12 */
  gboolean ipv6;         /* with a /56 of the configured pool */
  const char *ipv6_cidr; /* that one */
} OpsVpcSpec;
/* A VPC with its router and route table, Available at once. Private ranges only, /8 to /28; ranges
 * of different VPCs may overlap, in IPv6 they do not. CIDR6_MALFORMED, CIDR6_EXHAUSTED,
 * CIDR_CONFLICT when another has the IPv6 range, VPC_QUOTA. */
VmmVpc *ops_vpc_create (VmmContext *ctx, const VmmCaller *caller, const OpsVpcSpec *spec,
                        GError **error);
/* NULL leaves a field. */
typedef struct
{
  const char *name, *description;
  int ipv6;              /* 1 gives it IPv6 if it has none, 0 takes that, -1 leaves it */
  const char *ipv6_cidr; /* with 1, which /56; NULL for any */
} OpsVpcChange;
/* DEPENDENCY when IPv6 is taken while a vswitch has it. */
gboolean ops_vpc_modify (VmmContext *ctx, const VmmCaller *caller, const char *id,
                         const OpsVpcChange *change, GError **error);
/* VPC_HAS_VSWITCH or VPC_HAS_GROUP while something is in it. */
gboolean ops_vpc_delete (VmmContext *ctx, const VmmCaller *caller, const char *id, GError **error);

/* The names of a VPC's router; NULL leaves a field. ROUTER_NOT_FOUND. */
gboolean ops_router_modify (VmmContext *ctx, const VmmCaller *caller, const char *router_id,
                            const char *name, const char *description, GError **error);

/* As on the wire; NULL means not given. */
typedef struct
{
  const char *vpc_id, *zone_id, *cidr;
  const char *name, *description;
  gboolean ipv6;
  guint ipv6_number; /* with ipv6, which /64 of its VPC's /56 */
} OpsVswitchSpec;
/* A vswitch inside its VPC, /16 to /29, that overlaps no other there. VPC_NO_IPV6, CIDR_CONFLICT,
 * VSWITCH_QUOTA. */
VmmVswitch *ops_vswitch_create (VmmContext *ctx, const VmmCaller *caller,
                                const OpsVswitchSpec *spec, GError **error);
/* NULL leaves a field. */
typedef struct
{
  const char *name, *description;
  int ipv6;        /* 1 gives it IPv6, 0 takes that, -1 leaves it */
  int ipv6_number; /* with 1, which /64; -1 for any, or what it has */
} OpsVswitchChange;
/* DEPENDENCY when IPv6 is taken or changed while an interface has an address of it. */
gboolean ops_vswitch_modify (VmmContext *ctx, const VmmCaller *caller, const char *id,
                             const OpsVswitchChange *change, GError **error);
/* DEPENDENCY while an interface has an address of it. */
gboolean ops_vswitch_delete (VmmContext *ctx, const VmmCaller *caller, const char *id,
                             GError **error);

/* A guest's metadata request, identified by VPC index and source address. An HTTP status; on 200
 * @out_body is set. */
guint ops_metadata_get (VmmContext *ctx, guint32 vpc_index, const char *ip, const char *method,
                        const char *path, GHashTable *headers, GBytes **out_body);
