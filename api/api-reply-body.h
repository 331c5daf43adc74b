/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The dispatcher's side of a reply: begins and ends a body around what a handler writes. */
#pragma once
#include "api-field.h"

typedef struct ApiReply ApiReply; /* of api-reply.h */

/* A body for the action of that name (borrowed) that begins with RequestId; JSON, or XML when
 * @is_xml. When @is_checked, what is written is compared with @fields. */
ApiReply *api_reply_new (const char *action, const ApiField *fields, gsize n_fields,
                         const char *request_id, gboolean is_xml, gboolean is_checked);
/* Ends the body and gives it to the caller. When it was checked, NULL and VMM_ERROR_INTERNAL naming
 * each member that was not as declared. Only api_reply_free() may follow. */
GString *api_reply_finish (ApiReply *reply, GError **error);
void api_reply_free (ApiReply *reply);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (ApiReply, api_reply_free)

/* The body of an error. @host is the host name called. The caller frees it. */
GString *api_reply_error (gboolean is_xml, const char *request_id, const char *host,
                          const char *code, const char *message);
