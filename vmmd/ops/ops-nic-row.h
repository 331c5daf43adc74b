/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Rows of interfaces inside a transaction. For this room only. */
#pragma once
#include "ops-context.h"
#include "ops-nic-spec.h"
#include "store.h"
#include "vmm-error.h"
#include "vmm-instance.h"

/* @wanted if instances may have it in @vswitch (else @code), or with NULL one that is free
 * (VSWITCH_FULL). The caller frees it. Taken ones are found when the row is written. */
gboolean ops_nic_choose_address (StoreTxn *txn, const VmmVswitch *vswitch, const char *wanted,
                                 VmmError code, char **out, GError **error);
/* The ids of the groups for a new interface in @vpc_id: those asked for, or the VPC's default.
 * @mismatch when one is of another VPC. */
GPtrArray *ops_nic_choose_groups (StoreTxn *txn, const VmmCaller *caller, const char *vpc_id,
                                  const char *const *group_ids, VmmError mismatch, GError **error);
/* Checks of what needs no database: name, description, addresses. */
gboolean ops_nic_check_spec (const OpsNicSpec *spec, GError **error);
/* A new row, of @instance or, with NULL, Available. The caller frees it. */
VmmNic *ops_nic_insert (VmmContext *ctx, StoreTxn *txn, const VmmCaller *caller,
                        const OpsNicSpec *spec, const VmmVswitch *vswitch,
                        const VmmInstance *instance, GError **error);
/* The move of @event to @instance_id on @host_id, both "" for none. NIC_STATUS when the table has
 * no such move. */
gboolean ops_nic_move (VmmContext *ctx, StoreTxn *txn, const VmmNic *nic, VmmNicEvent event,
                       const char *reason, const char *instance_id, const char *host_id,
                       GError **error);
/* The instance's domain is off and its network down: what was being plugged in waits for the next
 * start, and what was being taken out is out. */
gboolean ops_nic_settle_off (VmmContext *ctx, StoreTxn *txn, const VmmInstance *instance,
                             GError **error);
/* The instance goes: what shall survive it becomes Available. */
gboolean ops_nic_release_all (VmmContext *ctx, StoreTxn *txn, const VmmInstance *instance,
                              GError **error);
/* Whether @instance is Running or Stopped; else @code. */
gboolean ops_nic_check_instance (const VmmInstance *instance, VmmError code, GError **error);
/* Whether groups and addresses of @nic may change: it is Available or InUse (NIC_STATUS), the
 * latter of an instance that is Running or Stopped (@code). */
gboolean ops_nic_check_changeable (StoreTxn *txn, const VmmNic *nic, VmmError code, GError **error);
/* The caller's interface, which may be changed now. NIC_NOT_FOUND, NIC_STATUS,
 * NIC_INSTANCE_STATUS. The caller frees it. */
VmmNic *ops_nic_find_changeable (StoreTxn *txn, const VmmCaller *caller, const char *id,
                                 GError **error);
