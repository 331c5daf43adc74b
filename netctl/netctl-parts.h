/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Tables as the sum of parts, so that the commands for a change follow from the parts it concerns
 * and cost no more than these. Pure text; not locked.
 *
 * Parts may share objects: several may declare one and give it elements, and an element that two
 * give stays until both are gone. The rules of a chain come from one part alone. */
#pragma once
#include "netctl-table.h"

typedef struct NetctlParts NetctlParts;

/* Without any part. */
NetctlParts *netctl_parts_new (void);
void netctl_parts_free (NetctlParts *parts);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (NetctlParts, netctl_parts_free)

/* The part called @key shall be @tables (taken; NULL for no such part). Nothing is changed until
 * netctl_parts_keep(); a later wish for the same part takes the place of an earlier one. */
void netctl_parts_stage (NetctlParts *parts, const char *key, NetctlTables *tables);
/* What the staged parts change, as two tables for netctl_tables_change() and _narrow(): only the
 * objects concerned and of these only the elements that come or go. Free both. */
void netctl_parts_difference (const NetctlParts *parts, NetctlTables **out_from,
                              NetctlTables **out_to);
/* What is staged is in force from now on, or forgotten. */
void netctl_parts_keep (NetctlParts *parts);
void netctl_parts_drop (NetctlParts *parts);
