/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Escaping of texts for JSON, XML and URLs. Pure; any thread. */
#pragma once
#include <glib.h>

/* Makes room for @n more bytes at the end of @out and returns its place. For api_text_reserve(). */
char *api_text_grow (GString *out, gsize n);

/* Room for @n more bytes at the end of @out. Faster than many small appends. */
static inline char *
api_text_reserve (GString *out, gsize n)
{
  return out->len + n < out->allocated_len ? out->str + out->len : api_text_grow (out, n);
}

/* Makes @end, the end of what was written to the room, the end of @out. */
static inline void
api_text_commit (GString *out, char *end)
{
  *end = '\0';
  out->len = (gsize) (end - out->str);
}

/* Appends @text with its quotes as a JSON string. Bytes that are no UTF-8 become U+FFFD. */
void api_text_append_json (GString *out, const char *text);
/* Appends @text as XML character data; what XML cannot carry becomes U+FFFD. */
void api_text_append_xml (GString *out, const char *text);
/* Appends @text with all but A-Z a-z 0-9 - _ . ~ as %XX, as signatures want it. */
void api_text_append_percent (GString *out, const char *text);
/* A copy of at most @max_bytes of @text for a message, cut at a character and marked by "…" if
 * there was more; control characters become '?'. The caller frees it. */
char *api_text_quote (const char *text, gsize max_bytes);
