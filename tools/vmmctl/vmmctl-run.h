/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Carries out one command: an action as it is, or a short form. */
#pragma once
#include "vmmctl-forms.h"
#include "vmmctl-options.h"
#include "vmmctl-server.h"
#include "vmmctl-table.h"

typedef struct
{
  const VmmctlOptions *options;
  VmmctlServer *server;
  const VmmctlTable *table;
  VmmctlForms *forms;
} VmmctlRun;

/* Calls @action with the options in @words (char *) and prints the answer. Blocks. */
gboolean vmmctl_run_action (const VmmctlRun *run, const VmmctlAction *action, GPtrArray *words,
                            GError **error);
/* Carries out @form with @words, which stand behind it, and prints what it says. Blocks. */
gboolean vmmctl_run_form (const VmmctlRun *run, JsonObject *form, GPtrArray *words, GError **error);
