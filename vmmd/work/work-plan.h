/* SPDX-License-Identifier: GPL-2.0-or-later */
/* From rows to the records that netctl gets. Each reads in the caller's transaction. */
#pragma once
#include "netctl.h"
#include "ops-context.h"
#include "store-network.h"

/* A VPC with its vswitches, routes and public addresses. */
NetctlVpc *work_plan_vpc (const VmmContext *ctx, StoreTxn *txn, const char *vpc_id, GError **error);
/* A group with its rules. */
NetctlGroup *work_plan_group (StoreTxn *txn, const VmmGroup *row, guint32 vpc_index,
                              GError **error);
/* An interface's port under the instance's host name. */
NetctlPort *work_plan_port (StoreTxn *txn, const VmmNic *nic, const char *host_name,
                            GError **error);

/* The parts of a VPC that have files of their own. */
/* Routes to guests. */
gboolean work_plan_routes (StoreTxn *txn, const VmmVpc *row, NetctlVpc *vpc, GError **error);
/* How much may pass between an interface and the outside. */
gboolean work_plan_port_bounds (StoreTxn *txn, const VmmNic *nic, NetctlPort *port, GError **error);
/* Public addresses, EIPs, SNAT and forward entries. */
gboolean work_plan_publics (StoreTxn *txn, const VmmVpc *row, NetctlVpc *vpc, GError **error);
