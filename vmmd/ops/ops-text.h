/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Texts that a request gives: checked, copied, put in the place of others. NULL is "not given". For
 * this room only. */
#pragma once
#include "vmm-error.h"
#include <glib.h>

/* @name_code and DESCRIPTION_MALFORMED; NULL passes, and an empty name. */
gboolean ops_text_check (const char *name, VmmError name_code, const char *description,
                         GError **error);
/* A copy, of "" for NULL. The caller frees it. */
char *ops_text_or_empty (const char *text);
/* A copy of @text in the place of *@field, unless it is NULL. */
void ops_text_replace (char **field, const char *text);
/* The texts (char*) from number @first on as "a,b,c", an answer to remember; and such an answer
 * read back. The caller frees them. */
char *ops_text_join (const GPtrArray *texts, guint first);
GPtrArray *ops_text_split (const char *answer);
