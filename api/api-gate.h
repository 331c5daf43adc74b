/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The listening sockets and the bounds on what comes in through them: how many connections in all
 * and of one client, and how long each may take over what it does. Main thread only.
 *
 * libsoup's own listeners are not used: one failed accept(), as for want of file descriptors, ends
 * them for good, and they know no bounds. */
#pragma once
#include "vmm-config.h"
#include <gio/gio.h>

typedef struct ApiGate ApiGate;
typedef struct ApiConn ApiConn;

/* What a connection is at; each has its deadline. */
typedef enum
{
  API_CONN_READING, /* TLS handshake or a request: request_timeout_s */
  API_CONN_RUNNING, /* the server is at work: none */
  API_CONN_WRITING, /* the client takes the answer: request_timeout_s */
  API_CONN_IDLE     /* between two requests: idle_timeout_s */
} ApiConnPhase;

/* What is done with connections, on the main thread. */
typedef struct
{
  /* One is ready for HTTP on @stream. @local and @remote are always set; api_conn_of() finds the
   * connection by @remote. */
  void (*ready) (ApiConn *conn, GIOStream *stream, GSocketAddress *local, GSocketAddress *remote,
                 gpointer data);
  /* One is to be forgotten: the client left it, or its time is over. Not while it is RUNNING. */
  void (*drop) (ApiConn *conn, gpointer data);
} ApiGateFuncs;

/* @config and @funcs are borrowed for the life of the gate. */
ApiGate *api_gate_new (const VmmConfig *config, const ApiGateFuncs *funcs, gpointer data);
/* Stops listening and cuts all connections. */
void api_gate_free (ApiGate *gate);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (ApiGate, api_gate_free)

/* Listens on @address:@port (0: any), with TLS when @certificate is not NULL. */
gboolean api_gate_listen (ApiGate *gate, const char *address, guint16 port,
                          GTlsCertificate *certificate, guint16 *out_port, GError **error);
/* Listens on a Unix socket at @path, mode 0600; a socket left over there is replaced. Only root and
 * the daemon's own user are let in, and they count as the administrator. */
gboolean api_gate_listen_unix (ApiGate *gate, const char *path, GError **error);
/* Takes no new connections from now on. */
void api_gate_close (ApiGate *gate);
/* How many connections there are, and how many of them are in @phase. */
guint api_gate_count (const ApiGate *gate);
guint api_gate_count_phase (const ApiGate *gate, ApiConnPhase phase);

/* The connection whose remote address is that very object; a new reference, or NULL. */
ApiConn *api_conn_of (GSocketAddress *remote);
void api_conn_unref (ApiConn *conn);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (ApiConn, api_conn_unref)

/* The life of a request: the HTTP library has begun to read one; it has its head; it is being
 * served; the answer is being sent; it is over. */
void api_conn_begin_request (ApiConn *conn);
void api_conn_end_head (ApiConn *conn);
void api_conn_begin_run (ApiConn *conn);
void api_conn_begin_answer (ApiConn *conn);
void api_conn_end_request (ApiConn *conn);

/* Ends the connection at once; its reader will see the end. */
void api_conn_cut (ApiConn *conn);
/* Something of the caller's to find with the connection; a reference is kept. NULL for none. */
void api_conn_set_object (ApiConn *conn, GObject *object);
GObject *api_conn_get_object (const ApiConn *conn);
gboolean api_conn_is_admin (const ApiConn *conn);
/* Who it is, for the log: an address, or "uid 0". Borrowed. */
const char *api_conn_peer (const ApiConn *conn);
