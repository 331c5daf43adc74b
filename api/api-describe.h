/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The whole action table as JSON, from which reference, CLI and completion are made. */
#pragma once
#include "api-action.h"

/* @resources ends with NULL. Indented, ends with a newline, the same on every machine. The caller
 * frees it. Pure; any thread. */
char *api_describe (const ApiResource *const *resources);
