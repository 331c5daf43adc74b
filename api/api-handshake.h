/* SPDX-License-Identifier: GPL-2.0-or-later */
/* TLS handshakes, few at a time. GLib gives each a thread of a pool that grows ever more slowly, in
 * which a client that stalls its handshake would sit until its deadline; so each client may have
 * only some under way, and the rest of its connections wait. Main thread only. */
#pragma once
#include <gio/gio.h>

typedef struct ApiHandshakes ApiHandshakes;

/* The handshake is over: @tls is ready, or NULL when it failed or was given up. */
typedef void (*ApiHandshakeFunc) (GIOStream *tls, gpointer data);

/* With nothing under way. */
ApiHandshakes *api_handshakes_new (void);
/* Gives up what waits; what is under way ends later, by NULL. */
void api_handshakes_free (ApiHandshakes *handshakes);
/* Makes @base a TLS connection as the server with @certificate. @client says who it is, for its
 * share. @done is called once, later or at once. */
void api_handshakes_add (ApiHandshakes *handshakes, GIOStream *base, GTlsCertificate *certificate,
                         const char *client, ApiHandshakeFunc done, gpointer data);
/* Gives up the one added with @data if it still waits. One under way is ended by shutting down its
 * socket. */
void api_handshakes_give_up (ApiHandshakes *handshakes, gpointer data);
