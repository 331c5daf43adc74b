/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A prefix list: ranges of one family under one name, for rules of security groups. */
#pragma once
#include <glib.h>

#define VMM_PREFIX_LIST_ENTRIES_MAX 200

typedef struct
{
  char *cidr; /* canonical */
  char *description;
} VmmPrefixEntry;

typedef struct
{
  char *id, *account_id, *name, *description;
  gboolean is_ipv6;
  guint max_entries; /* 1 to VMM_PREFIX_LIST_ENTRIES_MAX; never changes, as the family */
  gint64 created_ms;
  guint n_groups;     /* security groups with a rule that names it */
  GPtrArray *entries; /* VmmPrefixEntry*; NULL when not loaded */
} VmmPrefixList;

void vmm_prefix_entry_free (VmmPrefixEntry *entry);
void vmm_prefix_list_free (VmmPrefixList *list);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (VmmPrefixEntry, vmm_prefix_entry_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (VmmPrefixList, vmm_prefix_list_free)
