/* SPDX-License-Identifier: GPL-2.0-or-later */
/* From a request's parameters to the typed and checked args struct of an action. Pure; any
 * thread. */
#pragma once
#include "api-action.h"
#include "api-query.h"

/* A new args struct of @action; NULL for an action without parameters. The first parameter that is
 * missing or bad sets @error. */
gpointer api_params_parse (const ApiAction *action, const ApiQuery *query, GError **error);
/* Wipes the secrets of @args and frees it; NULL is allowed. */
void api_params_free (const ApiAction *action, gpointer args);

/* The texts of `["a","b"]`, or of `a,b`, or of one `a`; NULL when the JSON is malformed. Every
 * number of items is accepted up to @max, after which NULL is returned. */
char **api_params_split_list (const char *text, gsize max);
