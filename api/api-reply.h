/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The body of an answer, written straight as JSON or XML text while the handler runs.
 *
 * Members appear in the order they are written. A list `Plural.Singular[]` is, as everywhere in
 * ECS, an object `Plural` with one array member `Singular`. Every begin, list and item is closed
 * by one api_reply_end(). RequestId is written by the dispatcher. One thread at a time. */
#pragma once
#include <glib.h>

typedef struct ApiReply ApiReply;

/* A member with text; NULL is written as "". */
void api_reply_string (ApiReply *reply, const char *name, const char *value);
/* A member with a number. */
void api_reply_int (ApiReply *reply, const char *name, gint64 value);
/* A member with a number that may have a fraction; must be finite. */
void api_reply_number (ApiReply *reply, const char *name, double value);
/* A member with true or false. */
void api_reply_bool (ApiReply *reply, const char *name, gboolean value);
/* A time as instances carry it, "2026-01-02T03:04Z"; "" for 0. @ms: milliseconds since 1970. */
void api_reply_minute (ApiReply *reply, const char *name, gint64 ms);
/* A time as all others carry it, "2026-01-02T03:04:05Z"; "" for 0. @ms: milliseconds since 1970. */
void api_reply_second (ApiReply *reply, const char *name, gint64 ms);

/* Opens a member that is an object. */
void api_reply_begin (ApiReply *reply, const char *name);
/* Opens the list @plural.@singular[]. */
void api_reply_list (ApiReply *reply, const char *plural, const char *singular);
/* Opens an object inside the open list. */
void api_reply_item (ApiReply *reply);
/* A text inside the open list. NULL is written as "". */
void api_reply_item_string (ApiReply *reply, const char *value);
/* A number inside the open list. */
void api_reply_item_int (ApiReply *reply, gint64 value);
/* Closes the innermost open object, list or item. */
void api_reply_end (ApiReply *reply);

/* A whole list @plural.@singular[] of texts; @values ends with NULL and may be NULL for none. */
void api_reply_strings (ApiReply *reply, const char *plural, const char *singular,
                        const char *const *values);
