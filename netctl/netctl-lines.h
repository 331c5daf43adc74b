/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a host has or shall have as text, one line an object, in an order that does not depend on
 * who lists it. */
#pragma once
#include <glib.h>

typedef struct NetctlLines NetctlLines;

/* Without any line. */
NetctlLines *netctl_lines_new (void);
void netctl_lines_free (NetctlLines *lines);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (NetctlLines, netctl_lines_free)

/* A line "PLACE TEXT": the place is the object's namespace, or "host". */
void netctl_lines_add (NetctlLines *lines, const char *place, const char *format, ...)
    G_GNUC_PRINTF (3, 4);
/* A line "PLACE HEAD TEXT" among whose kind the order matters: those of one head stay in the order
 * in which they are added. */
void netctl_lines_add_next (NetctlLines *lines, const char *place, const char *head,
                            const char *text);
/* All lines in order, each with a newline. The caller frees it. */
char *netctl_lines_print (NetctlLines *lines);
