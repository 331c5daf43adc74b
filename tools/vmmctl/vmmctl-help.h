/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What there is to type, from the short forms and the described table. */
#pragma once
#include "vmmctl-forms.h"
#include "vmmctl-table.h"

/* The first page. */
void vmmctl_help_overview (VmmctlForms *forms);
/* The short forms that begin with @group. */
void vmmctl_help_group (VmmctlForms *forms, const char *group);
/* One short form; @action may be NULL when the server does not have it. */
void vmmctl_help_form (JsonObject *form, const VmmctlAction *action);
/* One action with its parameters. */
void vmmctl_help_action (const VmmctlAction *action);
/* Every action, one a line. */
void vmmctl_help_actions (const VmmctlTable *table);
/* One candidate a line for the last of @words (char *), which may be empty; @table may be NULL. */
void vmmctl_help_complete (VmmctlForms *forms, const VmmctlTable *table, GPtrArray *words);
