/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Compares a reply, while it is written, with the fields its action's row declares. */
#pragma once
#include "api-field.h"

typedef struct ApiReplyCheck ApiReplyCheck;

/* @fields is borrowed. One thread. */
ApiReplyCheck *api_reply_check_new (const ApiField *fields, gsize n_fields);
void api_reply_check_free (ApiReplyCheck *check);
/* A member of that type was written into the open object. */
void api_reply_check_member (ApiReplyCheck *check, const char *name, ApiFieldType type);
/* An object was opened as the member @name of the open object; NULL for an item of the open list.
 */
void api_reply_check_open (ApiReplyCheck *check, const char *name);
/* The array @name was opened inside the object just opened. */
void api_reply_check_open_list (ApiReplyCheck *check, const char *name);
/* A text or number was written into the open list. */
void api_reply_check_item (ApiReplyCheck *check, ApiFieldType type);
/* The innermost open object, item or array ended. */
void api_reply_check_close (ApiReplyCheck *check);
/* The top ended: what was wrong, one sentence each joined by "; ", or NULL. The caller frees it. */
char *api_reply_check_finish (ApiReplyCheck *check);
