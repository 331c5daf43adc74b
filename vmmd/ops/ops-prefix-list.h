/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The verbs on prefix lists. Any pool thread. */
#pragma once
#include "ops-context.h"
#include "vmm-prefix-list.h"
#include "vmm-query.h"

/* Prefix lists an account may have. */
#define OPS_PREFIX_LISTS_AN_ACCOUNT 100

/* An entry as on the wire. */
typedef struct
{
  const char *cidr, *description; /* description NULL when not given */
} OpsPrefixEntry;

/* As on the wire; NULL means not given. */
typedef struct
{
  const char *name, *description;
  gboolean is_ipv6;
  guint max_entries;
  const OpsPrefixEntry *entries;
  guint n_entries;
} OpsPrefixListSpec;

/* The id; the caller frees it. PREFIX_LIST_NAME_MALFORMED, DESCRIPTION_MALFORMED, PREFIX_LIST_CIDR,
 * PREFIX_LIST_TWICE, PREFIX_LIST_FULL, PREFIX_LIST_QUOTA. */
char *ops_prefix_list_create (VmmContext *ctx, const VmmCaller *caller,
                              const OpsPrefixListSpec *spec, GError **error);

/* What changes: NULL names stay. Entries are removed first; one that is added and there already
 * takes the new description, one that is removed and not there is success. */
typedef struct
{
  const char *name, *description;
  const OpsPrefixEntry *add;
  guint n_add;
  const char *const *remove; /* ranges; ends with NULL, may be NULL */
} OpsPrefixListChange;
/* In force in every group that names the list soon after the answer. PREFIX_LIST_NOT_FOUND,
 * RULE_LIMIT when such a group would get too many rules, and those of creating. */
gboolean ops_prefix_list_modify (VmmContext *ctx, const VmmCaller *caller, const char *id,
                                 const OpsPrefixListChange *change, GError **error);
/* PREFIX_LIST_IN_USE while a rule names it. */
gboolean ops_prefix_list_delete (VmmContext *ctx, const VmmCaller *caller, const char *id,
                                 GError **error);

/* With its entries. PREFIX_LIST_NOT_FOUND. */
VmmPrefixList *ops_prefix_list_get (VmmContext *ctx, const VmmCaller *caller, const char *id,
                                    GError **error);
/* VmmPrefixList* without entries, newest first. */
GPtrArray *ops_prefix_list_list (VmmContext *ctx, const VmmCaller *caller,
                                 const VmmPrefixListQuery *query, const VmmPage *page,
                                 VmmPageInfo *out_info, GError **error);
/* VmmGroup* without rules: those with a rule that names the caller's list. */
GPtrArray *ops_prefix_list_groups (VmmContext *ctx, const VmmCaller *caller, const char *id,
                                   GError **error);
