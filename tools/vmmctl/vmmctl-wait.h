/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Waiting until things are as wanted. The API has no events, so their state is asked for. */
#pragma once
#include "vmmctl-server.h"
#include "vmmctl-table.h"

/* Asks for the state of @ids (char *) as the wait @how of short-forms.json says, until all are
 * done, and shows progress on standard error. VMMCTL_ERROR_WAIT when one fails, when one is away
 * that should not be, or after @timeout_s. Blocks. */
gboolean vmmctl_wait (VmmctlServer *server, const VmmctlTable *table, JsonObject *how,
                      GPtrArray *ids, guint timeout_s, GError **error);
