/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The server as a place to call actions at: through the administrator's socket, where the kernel
 * says who asks, or over HTTP with signed requests. */
#pragma once
#include "vmmctl-options.h"
#include <json-glib/json-glib.h>

typedef struct VmmctlServer VmmctlServer;

/* Sends nothing yet. An endpoint without a key is VMMCTL_ERROR_USAGE. */
VmmctlServer *vmmctl_server_new (const VmmctlOptions *options, GError **error);
/* Calls @action with @params (char * to char *) and waits for the answer, an object. An error
 * answer is VMMCTL_ERROR_REFUSED with Code, Message and RequestId in its text; no answer is
 * VMMCTL_ERROR_AWAY. Blocks. */
JsonNode *vmmctl_server_call (VmmctlServer *server, const char *version, const char *action,
                              GHashTable *params, GError **error);
void vmmctl_server_free (VmmctlServer *server);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (VmmctlServer, vmmctl_server_free)
