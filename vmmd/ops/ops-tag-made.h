/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The rules of tags, and the tags of what a call makes. For this room only; in the caller's
 * transaction. */
#pragma once
#include "ops-context.h"
#include "vmm-tag.h"

/* TAG_KEY, TAG_VALUE or TAG_DUPLICATE for what no resource may have. */
gboolean ops_tag_check (const VmmTags *tags, GError **error);
/* Checked tags onto one resource of the caller's; TAG_QUOTA when it would have too many. */
gboolean ops_tag_put_all (StoreTxn *txn, const VmmCaller *caller, VmmTagType type, const char *id,
                          const VmmTags *tags, GError **error);
/* Of ops_finish(): the caller's tags onto what his call made, whose ids, with commas between, are
 * its answer; what stands behind a blank gets none, as the task of an import does. An instance's go
 * onto its disks and its primary interface too. */
gboolean ops_tag_made (StoreTxn *txn, const VmmCaller *caller, const char *answer, GError **error);
