/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Two texts side by side, line by line. */
#pragma once
#include <glib.h>

/* "-line" for what only @from has, "+line" for what only @to has, each with a newline, in their
 * order; "" when they are equal. A line that changed its place among others is both. The caller
 * frees it. */
char *vmmctl_difference (const char *from, const char *to);
