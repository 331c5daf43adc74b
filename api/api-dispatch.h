/* SPDX-License-Identifier: GPL-2.0-or-later */
/* From a known caller and decoded parameters to the body of the answer: find the row, read the
 * parameters, ask permission, run the handler, check what came back. Any thread. */
#pragma once
#include "api-action.h"
#include "api-query.h"
#include "api-table.h"

typedef struct
{
  VmmContext *ctx;
  const ApiTable *table;
  gboolean check_replies; /* compare every reply with its row */
  const char *host;       /* as the request at hand called it, or NULL */
} ApiDispatch;

/* The body, owned by the caller. On failure NULL and a VMM_ERROR whose code the action may answer
 * with; anything else was logged and became VMM_ERROR_INTERNAL. @caller needs account_id, is_admin
 * and request_id; the rest is filled in here from @query. */
GString *api_dispatch (const ApiDispatch *dispatch, const VmmCaller *caller, const char *version,
                       const char *name, const ApiQuery *query, gboolean is_xml, GError **error);

/* Whether every action may answer @code without declaring it. */
gboolean api_dispatch_is_common (VmmError code);
/* Whether @action may answer @code: common, declared, of a flag or of a parameter. */
gboolean api_dispatch_may_answer (const ApiAction *action, VmmError code);
