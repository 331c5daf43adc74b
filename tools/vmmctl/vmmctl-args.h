/* SPDX-License-Identifier: GPL-2.0-or-later */
/* From the words of a command to the parameters of its request, by the described table. */
#pragma once
#include "vmmctl-table.h"
#include <json-glib/json-glib.h>

/* Reads `--Name value`, `--Name=value` and, for what is true or false, `--Name` from @words (char
 * *) into @params (char * to char *, both owned). @aliases (may be NULL) maps other names to the
 * wire's. Names and choices are checked here, everything else by the server. Words that are no
 * options go into @operands (char *), or are VMMCTL_ERROR_USAGE when that is NULL. Errors speak of
 * @command, what the person typed. */
gboolean vmmctl_args_parse (const VmmctlAction *action, const char *command, GPtrArray *words,
                            JsonObject *aliases, GHashTable *params, GPtrArray *operands,
                            GError **error);
/* Adds one more @value of @param, which must be known to the action, in the way its kind is sent.
 */
gboolean vmmctl_args_add (const VmmctlAction *action, const char *param, const char *value,
                          GHashTable *params, GError **error);
/* VMMCTL_ERROR_USAGE naming all required parameters that @params lacks, by their names in @aliases
 * (may be NULL) where they have any. */
gboolean vmmctl_args_check_required (const VmmctlAction *action, const char *command,
                                     JsonObject *aliases, GHashTable *params, GError **error);
