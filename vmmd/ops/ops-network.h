/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The verbs on networks and security groups that an instance needs. Any pool thread. */
#pragma once
#include "ops-context.h"
#include "vmm-nic.h"
#include "vmm-query.h"

/* Makes the account's default VPC, vswitch and security group when it has none. */
gboolean ops_network_ensure_default (VmmContext *ctx, const VmmCaller *caller, GError **error);

/* VmmVpc*; @ids NULL for all. */
GPtrArray *ops_vpc_list (VmmContext *ctx, const VmmCaller *caller, const char *const *ids,
                         const VmmPage *page, VmmPageInfo *out_info, GError **error);
/* VmmVswitch*; @out_free (may be NULL): guint32 free addresses, one for each. */
GPtrArray *ops_vswitch_list (VmmContext *ctx, const VmmCaller *caller, const char *const *ids,
                             const char *vpc_id, const VmmPage *page, VmmPageInfo *out_info,
                             GArray **out_free, GError **error);
GPtrArray *ops_group_list (VmmContext *ctx, const VmmCaller *caller, const VmmGroupQuery *query,
                           const VmmPage *page, VmmPageInfo *out_info, GError **error);
/* With its rules. GROUP_NOT_FOUND. */
VmmGroup *ops_group_get (VmmContext *ctx, const VmmCaller *caller, const char *id, GError **error);

/* As on the wire; NULL means not given. */
typedef struct
{
  gboolean egress;
  const char *protocol, *port_range, *source_port_range, *cidr, *peer_group_id, *policy,
      *description;
  const char *nic_type; /* accepted and ignored: all interfaces are in a VPC */
  guint priority;
} OpsRuleSpec;
/* An equal rule that exists already is success. In force on every interface of the group soon
 * after the answer. */
gboolean ops_group_authorize (VmmContext *ctx, const VmmCaller *caller, const char *group_id,
                              const OpsRuleSpec *rule, GError **error);
/* A rule that does not exist is success, as in ECS. */
gboolean ops_group_revoke (VmmContext *ctx, const VmmCaller *caller, const char *group_id,
                           const OpsRuleSpec *rule, GError **error);

/* A guest's metadata request, identified by VPC index and source address. An HTTP status; on 200
 * @out_body is set. */
guint ops_metadata_get (VmmContext *ctx, guint32 vpc_index, const char *ip, const char *method,
                        const char *path, GHashTable *headers, GBytes **out_body);
