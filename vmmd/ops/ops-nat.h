/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The verbs on NAT gateways, their SNAT and their forward entries. Any pool thread. An entry is in
 * force soon after the answer, see is_applied. */
#pragma once
#include "ops-context.h"
#include "vmm-public.h"
#include "vmm-query.h"

/* As on the wire; NULL means not given. */
typedef struct
{
  const char *vpc_id, *vswitch_id, *name, *description;
} OpsNatSpec;
/* With the same ClientToken the first answer again. NAT_QUOTA. */
VmmNatGateway *ops_nat_create (VmmContext *ctx, const VmmCaller *caller, const OpsNatSpec *spec,
                               GError **error);
/* NAT_HAS_EIP and NAT_HAS_ENTRY unless @force, which deletes the entries and lets the addresses go.
 */
gboolean ops_nat_delete (VmmContext *ctx, const VmmCaller *caller, const char *id, gboolean force,
                         GError **error);
/* VmmNatGateway*, newest first; @out_eips: for each an array of its VmmEip*. */
GPtrArray *ops_nat_list (VmmContext *ctx, const VmmCaller *caller, const VmmNatGatewayQuery *query,
                         const VmmPage *page, VmmPageInfo *out_info, GPtrArray **out_eips,
                         GError **error);

/* Either a vswitch, whose range then is the source, or a range inside the VPC. */
typedef struct
{
  const char *table_id, *ip, *source_cidr, *source_vswitch_id, *name;
} OpsSnatSpec;
/* SNAT_IP_NOT_FOUND unless @ip is an EIP in use by the gateway; SNAT_EXISTS. */
VmmSnat *ops_snat_create (VmmContext *ctx, const VmmCaller *caller, const OpsSnatSpec *spec,
                          GError **error);
/* NULL leaves a field. */
gboolean ops_snat_modify (VmmContext *ctx, const VmmCaller *caller, const char *table_id,
                          const char *id, const char *ip, const char *name, GError **error);
gboolean ops_snat_delete (VmmContext *ctx, const VmmCaller *caller, const char *table_id,
                          const char *id, GError **error);
/* VmmSnat*, newest first. */
GPtrArray *ops_snat_list (VmmContext *ctx, const VmmCaller *caller, const VmmSnatQuery *query,
                          const VmmPage *page, VmmPageInfo *out_info, GError **error);

/* Ports as "80", "8000/8010" or, with the protocol "any" and both of them, "any". */
typedef struct
{
  const char *table_id, *external_ip, *external_port, *internal_ip, *internal_port;
  const char *protocol; /* "tcp", "udp", "any" */
  const char *name;
} OpsForwardSpec;
/* FORWARD_IP_NOT_FOUND unless the external address is an EIP in use by the gateway; FORWARD_EXISTS
 * when another entry takes any of what it would. */
VmmForward *ops_forward_create (VmmContext *ctx, const VmmCaller *caller,
                                const OpsForwardSpec *spec, GError **error);
/* NULL leaves a field. */
gboolean ops_forward_modify (VmmContext *ctx, const VmmCaller *caller, const char *id,
                             const OpsForwardSpec *spec, GError **error);
gboolean ops_forward_delete (VmmContext *ctx, const VmmCaller *caller, const char *table_id,
                             const char *id, GError **error);
/* VmmForward*, newest first. */
GPtrArray *ops_forward_list (VmmContext *ctx, const VmmCaller *caller, const VmmForwardQuery *query,
                             const VmmPage *page, VmmPageInfo *out_info, GError **error);
