/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The verbs on policies of automatic snapshots. Any pool thread. Ids of other accounts are
 * POLICY_NOT_FOUND. */
#pragma once
#include "ops-context.h"
#include "vmm-policy.h"
#include "vmm-query.h"

/* Policies of an account. */
#define OPS_POLICIES_MAX 100

/* What a policy shall be. In a change NULL, 0 and -1 leave a field. */
typedef struct
{
  const char *name;
  guint hours, weekdays; /* as in VmmPolicy */
  int retention_days;    /* 0: for ever */
} OpsPolicySpec;

/* Its id; the caller frees it. */
char *ops_policy_create (VmmContext *ctx, const VmmCaller *caller, const OpsPolicySpec *spec,
                         GError **error);
/* An hour that is running and was not wanted before is none for its disks. Snapshots that were
 * taken keep the retention they have. */
gboolean ops_policy_modify (VmmContext *ctx, const VmmCaller *caller, const char *id,
                            const OpsPolicySpec *spec, GError **error);
/* Its disks have no policy any more; its snapshots stay. */
gboolean ops_policy_delete (VmmContext *ctx, const VmmCaller *caller, const char *id,
                            GError **error);
/* VmmPolicy*, newest first. */
GPtrArray *ops_policy_list (VmmContext *ctx, const VmmCaller *caller, const VmmPolicyQuery *query,
                            const VmmPage *page, VmmPageInfo *out_info, GError **error);
/* All disks or none; one that had another policy has this one then. */
gboolean ops_policy_apply (VmmContext *ctx, const VmmCaller *caller, const char *id,
                           const char *const *disk_ids, GError **error);
/* The disks have no policy any more, or with @id not that one. */
gboolean ops_policy_cancel (VmmContext *ctx, const VmmCaller *caller, const char *id,
                            const char *const *disk_ids, GError **error);

/* A disk and its policy. */
typedef struct
{
  char *disk_id, *policy_id;
} OpsPolicyDisk;
void ops_policy_disk_free (OpsPolicyDisk *disk);
/* OpsPolicyDisk*, newest first; @id and @disk_id may be NULL. */
GPtrArray *ops_policy_disks (VmmContext *ctx, const VmmCaller *caller, const char *id,
                             const char *disk_id, const VmmPage *page, VmmPageInfo *out_info,
                             GError **error);

/* For the worker: in one transaction a snapshot under way of each of these disks, which are one
 * instance's or one alone, and the note that they had theirs of the hour. When a disk is full of
 * snapshots its oldest automatic one goes. A disk that does not allow it now is left out, and
 * @out_skipped gets its id and why. @out_n: how many are under way. */
gboolean ops_policy_take (VmmContext *ctx, const VmmPolicy *policy, const VmmPolicyPoint *point,
                          const GPtrArray *disk_ids, GHashTable *out_skipped, guint *out_n,
                          GError **error);
