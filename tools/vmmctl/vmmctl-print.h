/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Answers on standard output, for people and for programs. */
#pragma once
#include <json-glib/json-glib.h>

/* The answer as it came, indented. */
void vmmctl_print_json (JsonNode *node);
/* The answer as an indented list of names and values. */
void vmmctl_print_tree (JsonNode *node);
/* A table of @rows (an array of objects); @columns maps a heading to a path in a row, in order. */
void vmmctl_print_table (JsonArray *rows, JsonObject *columns);
/* How far a work is, on standard error: a bar on a terminal, else a line every tenth. @percent is 0
 * to 100. @what names the work. Start with *@last at -1; it keeps what was shown. */
void vmmctl_print_progress (const char *what, int percent, int *last);
/* Ends the bar. */
void vmmctl_print_progress_end (int last);
