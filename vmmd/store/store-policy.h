/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Policies of automatic snapshots, and the disks they are applied to. Rows of other accounts are
 * not found. */
#pragma once
#include "store.h"
#include "vmm-policy.h"
#include "vmm-query.h"

/* A new one, of no disk yet. */
gboolean store_policy_insert (StoreTxn *txn, const VmmPolicy *policy, GError **error);
/* POLICY_NOT_FOUND. */
VmmPolicy *store_policy_get (StoreTxn *txn, const char *account_id, const char *id, GError **error);
/* VmmPolicy*, newest first. */
GPtrArray *store_policy_list (StoreTxn *txn, const char *account_id, const VmmPolicyQuery *query,
                              const VmmPage *page, VmmPageInfo *info, GError **error);
/* How many an account has. */
gboolean store_policy_count (StoreTxn *txn, const char *account_id, guint *out, GError **error);
/* Name, hours, weekdays and retention as in @policy. */
gboolean store_policy_set (StoreTxn *txn, const VmmPolicy *policy, GError **error);
/* The row; its disks have no policy any more. */
gboolean store_policy_delete (StoreTxn *txn, const char *id, GError **error);

/* The policy of a disk, or "" for none. An hour that is running at @now_ms is none of its. */
gboolean store_policy_apply (StoreTxn *txn, const char *disk_id, const char *policy_id,
                             gint64 now_ms, GError **error);
/* The hour running at @now_ms is none for any disk of the policy. */
gboolean store_policy_pass (StoreTxn *txn, const char *id, gint64 now_ms, GError **error);
/* A disk and the policy it has, or what work must know of a disk that is due. */
typedef struct
{
  char *disk_id, *policy_id, *instance_id;
} StorePolicyDisk;
void store_policy_disk_free (StorePolicyDisk *disk);
/* StorePolicyDisk*: disks with a policy, newest first; @policy_id and @disk_id may be NULL. */
GPtrArray *store_policy_disks (StoreTxn *txn, const char *account_id, const char *policy_id,
                               const char *disk_id, const VmmPage *page, VmmPageInfo *info,
                               GError **error);

/* VmmPolicy* of all accounts that want snapshots in the hour. */
GPtrArray *store_policy_wanting (StoreTxn *txn, const VmmPolicyPoint *point, GError **error);
/* StorePolicyDisk* of the host with neither a snapshot of that hour yet nor of one to come (a clock
 * that went back takes none twice), those of one instance in a row. */
GPtrArray *store_policy_due (StoreTxn *txn, const char *host_id, const char *policy_id,
                             gint64 point_ms, GError **error);
/* The disk has its snapshot of that hour. */
gboolean store_policy_done (StoreTxn *txn, const char *disk_id, gint64 point_ms, GError **error);
