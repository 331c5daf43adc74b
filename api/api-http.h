/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The HTTP server of the API: TCP, TLS and the administrator's Unix socket. HTTP runs on the main
 * thread, each request on a pool. Main thread only, unless said otherwise. */
#pragma once
#include "api-front.h"

typedef struct ApiServer ApiServer;

/* A server over the rows of @resources (ends with NULL) that listens nowhere yet. @ctx and @doors
 * are borrowed for its life. */
ApiServer *api_server_new (VmmContext *ctx, const ApiDoors *doors,
                           const ApiResource *const *resources, gboolean check_replies);
/* Listens as ctx->config says: HTTP, HTTPS when there is a certificate, and `admin.sock` in
 * run_dir. VMM_ERROR_CONFIG. */
gboolean api_server_listen (ApiServer *server, GError **error);
/* The ports in use, which the kernel chose where the configuration has 0; 0 when not listening. */
guint16 api_server_port (const ApiServer *server);
guint16 api_server_tls_port (const ApiServer *server);
/* Open connections. */
guint api_server_connections (const ApiServer *server);
/* Takes no new connections, waits for the requests under way, and frees. Runs the main context. */
void api_server_free (ApiServer *server);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (ApiServer, api_server_free)
