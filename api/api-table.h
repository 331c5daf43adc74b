/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Finds the row of an action, and tells what ECS has but this server has not from what nobody has.
 * Read-only once made; any thread. */
#pragma once
#include "api-action.h"

typedef struct ApiTable ApiTable;

/* @resources ends with NULL and must live as long as the table. */
ApiTable *api_table_new (const ApiResource *const *resources);
void api_table_free (ApiTable *table);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (ApiTable, api_table_free)

/* The row of @name (any case) in @version. NULL with VMM_ERROR_VERSION,
 * VMM_ERROR_UNSUPPORTED_OPERATION (ECS has it) or VMM_ERROR_ACTION_NOT_FOUND. */
const ApiAction *api_table_find (const ApiTable *table, const char *version, const char *name,
                                 GError **error);
/* The resources given. Borrowed. */
const ApiResource *const *api_table_resources (const ApiTable *table);
/* The versions an action is served under; ends with NULL. Static. */
const char *const *api_action_versions (const ApiAction *action);
