/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Admission: what the host has, what its rows promise, and whether more fits. For this room only.
 */
#pragma once
#include "ops-image.h"
#include "store.h"

/* Sums over rows inside @txn beside what the host has. */
gboolean ops_capacity_read (VmmContext *ctx, StoreTxn *txn, OpsCapacity *out, GError **error);
/* Whether the pool has @bytes to give beside what work under way may still take and what is kept
 * free. */
gboolean ops_capacity_has_room (VmmContext *ctx, StoreTxn *txn, guint64 bytes, gboolean *out,
                                GError **error);
/* How many of @amount machines of that size fit; when fewer than all, *out_why tells which resource
 * is short and by how much (the caller frees it). */
guint ops_capacity_fit (VmmContext *ctx, const OpsCapacity *capacity, guint vcpus, guint memory_mib,
                        guint64 disk_bytes, guint amount, char **out_why);
