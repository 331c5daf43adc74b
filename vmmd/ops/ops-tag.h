/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The verbs on tags. Any pool thread. Resources of other accounts are TAG_RESOURCE_NOT_FOUND. */
#pragma once
#include "ops-context.h"
#include "vmm-query.h"
#include "vmm-tag.h"

/* All tags onto all resources, or nothing changes; a key that is there gets the new value. */
gboolean ops_tag_put (VmmContext *ctx, const VmmCaller *caller, VmmTagType type,
                      const char *const *ids, const VmmTags *tags, GError **error);
/* Takes these keys (with a value only where it is that one) from all resources, without any key all
 * tags; what is not there is no error. */
gboolean ops_tag_remove (VmmContext *ctx, const VmmCaller *caller, VmmTagType type,
                         const char *const *ids, const VmmTags *tags, GError **error);
/* VmmTagRow* by id and key; a page by token. */
GPtrArray *ops_tag_list (VmmContext *ctx, const VmmCaller *caller, const VmmTagQuery *query,
                         const VmmPage *page, VmmPageInfo *out_info, GError **error);
/* VmmTagRow* without tags: the tagged resources; a page by number. */
GPtrArray *ops_tag_resources (VmmContext *ctx, const VmmCaller *caller, const VmmTagQuery *query,
                              const VmmPage *page, VmmPageInfo *out_info, GError **error);
/* VmmTagUse*: the tags there are; a page by number. */
GPtrArray *ops_tag_uses (VmmContext *ctx, const VmmCaller *caller, const VmmTagQuery *query,
                         const VmmPage *page, VmmPageInfo *out_info, GError **error);
/* The tags of some resources of one sort: id → GPtrArray* of VmmTag*, by key. */
GHashTable *ops_tag_map (VmmContext *ctx, const VmmCaller *caller, VmmTagType type,
                         const char *const *ids, GError **error);
