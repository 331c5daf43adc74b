/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A real server of the test table on loopback, in a thread of its own, and plain sockets to talk
 * to it byte by byte. */
#pragma once
#include "api-http.h"
#include "world.h"
#include <gio/gio.h>

typedef struct
{
  World *world;
  char *dir; /* run_dir and certificates */
  ApiServer *server;
  GMainContext *context;
  GMainLoop *loop;
  GThread *thread;
  guint16 port, tls_port;
} Http;

/* For cmocka. The setup leaves the server stopped, so that a test can set its bounds first;
 * http_start() starts it. */
int http_setup (void **state);
int http_teardown (void **state);
void http_start (Http *http);
void http_stop (Http *http);
/* The server's connections, asked on its own thread. */
guint http_connections (Http *http);

/* A connection with a receive time limit of 10 s; the caller unrefs it. */
GSocketConnection *http_connect (Http *http);
GSocketConnection *http_connect_unix (Http *http);
/* @from: an address of loopback, to be a client of its own. */
GIOStream *http_connect_tls (Http *http, const char *from);
void http_send (GIOStream *stream, const char *text);
/* Reads one whole answer, head and body; "" at the end of the connection. The caller frees it. */
char *http_receive (GIOStream *stream);
/* Reads until the server ends the connection; everything that came. The caller frees it. */
char *http_receive_all (GIOStream *stream);
/* A signed GET for @params; the caller frees it. */
char *http_get (const char *params);
/* Sends a signed GET and receives the answer. The caller frees it. */
char *http_ask (GIOStream *stream, const char *params);
