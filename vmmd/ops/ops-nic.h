/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The verbs on network interfaces. Each is one transaction: check, change, commit, then ask for
 * work. Any pool thread. Errors are VMM_ERROR; ids of other accounts are NotFound. */
#pragma once
#include "ops-applied.h"
#include "ops-context.h"
#include "ops-nic-spec.h"
#include "vmm-nic.h"
#include "vmm-query.h"

/* One of no instance, Available at once. With the same ClientToken and parameters the first answer
 * again. */
VmmNic *ops_nic_create (VmmContext *ctx, const VmmCaller *caller, const OpsNicSpec *spec,
                        GError **error);
/* Only an Available one; NIC_STATUS. Its addresses are free when it has disappeared. */
gboolean ops_nic_delete (VmmContext *ctx, const VmmCaller *caller, const char *id, GError **error);

/* To a running instance it is plugged in soon after the answer; a stopped one has it at once and
 * sees it when it starts. NIC_STATUS, NIC_INSTANCE_STATUS, NIC_LIMIT, GROUP_VPC_MISMATCH. */
gboolean ops_nic_attach (VmmContext *ctx, const VmmCaller *caller, const char *id,
                         const char *instance_id, GError **error);
/* The reverse; a running guest is asked for it. NIC_PRIMARY for the first one of an instance. */
gboolean ops_nic_detach (VmmContext *ctx, const VmmCaller *caller, const char *id,
                         const char *instance_id, GError **error);

/* NULL leaves a field; "" clears name or description. */
typedef struct
{
  const char *name, *description;
  const char *const *group_ids;
  int delete_with_instance; /* -1 leaves it */
} OpsNicChange;
gboolean ops_nic_modify (VmmContext *ctx, const VmmCaller *caller, const char *id,
                         const OpsNicChange *change, GError **error);

/* Secondary addresses, named by @ips or @count of them chosen; all or none. The addresses (char*);
 * in force soon after the answer. NIC_ADDRESS_LIMIT, NIC_ADDRESS_OUTSIDE, NIC_ADDRESS_REPEATED,
 * PRIVATE_IP_USED. */
GPtrArray *ops_nic_assign (VmmContext *ctx, const VmmCaller *caller, const char *id,
                           const char *const *ips, guint count, GError **error);
/* Takes them away; NIC_ADDRESS_UNASSIGNED unless each is a secondary one of it. */
gboolean ops_nic_unassign (VmmContext *ctx, const VmmCaller *caller, const char *id,
                           const char *const *ips, GError **error);

/* NIC_NOT_FOUND. */
VmmNic *ops_nic_get (VmmContext *ctx, const VmmCaller *caller, const char *id, GError **error);
/* VmmNic*, newest first; @out_applied (may be NULL): for each an array of OpsApplied*, the
 * interface's first and then those of its groups in order. Costs what the page costs. */
GPtrArray *ops_nic_list (VmmContext *ctx, const VmmCaller *caller, const VmmNicQuery *query,
                         const VmmPage *page, VmmPageInfo *out_info, GPtrArray **out_applied,
                         GError **error);

/* For work: something was seen or done. Moves the row if its table allows, else fails with
 * NIC_STATUS. @reason is kept and becomes an event of its instance; NULL for none. */
gboolean ops_nic_event (VmmContext *ctx, const char *id, VmmNicState from, VmmNicEvent event,
                        const char *reason, GError **error);
