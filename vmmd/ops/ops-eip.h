/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The verbs on elastic public addresses (EIPs). Any pool thread. An address is one row; work tells
 * the host and moves it on. */
#pragma once
#include "ops-context.h"
#include "vmm-public.h"
#include "vmm-query.h"

/* What AllocateEipAddress asks for. NULL means not given. */
typedef struct
{
  const char *ip; /* default: the next free one of the pools */
  const char *name, *description, *charge_type;
  guint bandwidth_mbit;
} OpsEipSpec;
/* EIP_NONE when there is none to have, EIP_QUOTA, PUBLIC_IP_MALFORMED, _NOT_FOUND, _USED for a
 * given one. With the same ClientToken the first answer again. */
VmmEip *ops_eip_allocate (VmmContext *ctx, const VmmCaller *caller, const OpsEipSpec *spec,
                          GError **error);
/* EIP_STATUS unless it is Available. */
gboolean ops_eip_release (VmmContext *ctx, const VmmCaller *caller, const char *id, GError **error);
/* NULL and 0 leave a field. The bandwidth of one that is in use follows at once. */
gboolean ops_eip_modify (VmmContext *ctx, const VmmCaller *caller, const char *id, const char *name,
                         const char *description, guint bandwidth_mbit, GError **error);

/* What an EIP shall lead to, as on the wire; NULL means not given. */
typedef struct
{
  const char *type;       /* default: what the id's prefix tells */
  const char *id;         /* an instance, an interface, or a NAT gateway */
  const char *private_ip; /* of an interface; default: its primary one */
} OpsEipTarget;
/* EIP_STATUS unless it is Available; EIP_INSTANCE_NOT_FOUND, INSTANCE_STATUS, NIC_STATUS,
 * EIP_DUPLICATED, EIP_PARAMS_NOT_FOUND, EIP_OVERLAP, INSTANCE_TYPE for what it shall lead to. */
gboolean ops_eip_associate (VmmContext *ctx, const VmmCaller *caller, const char *id,
                            const OpsEipTarget *target, GError **error);
/* EIP_STATUS unless it is InUse; EIP_BINDING when @target is given and another than it leads to, or
 * when a NAT gateway's entries use it. @force deletes those entries. */
gboolean ops_eip_unassociate (VmmContext *ctx, const VmmCaller *caller, const char *id,
                              const OpsEipTarget *target, gboolean force, GError **error);

/* VmmEip*, newest first. */
GPtrArray *ops_eip_list (VmmContext *ctx, const VmmCaller *caller, const VmmEipQuery *query,
                         const VmmPage *page, VmmPageInfo *out_info, GError **error);
