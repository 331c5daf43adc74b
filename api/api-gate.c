/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Accepts connections within bounds and ends those that overstay. A client that sends or reads a
 * byte at a time costs a table entry until its deadline and never a thread. */
#include "config.h"

#include "api-gate.h"
#include "api-handshake.h"
#include "api-screen.h"
#include "api-stream.h"
#include "vmm-error.h"
#include "vmm-log.h"
#include <errno.h>
#include <gio/gunixsocketaddress.h>
#include <glib/gstdio.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define SWEEP_MS 500
#define ACCEPT_RETRY_MS 200
#define MAX_ADMIN_CONNECTIONS 64
#define HANDSHAKE_S 10
/* The part of all connections that one client may hold is one in so many. */
#define CLIENT_SHARE 4
#define CONN_KEY "api-conn"

/* libsoup gives up at 64 KiB; a read brings at most 8. */
#define MAX_HEAD_BYTES (56 * 1024)
#define MAX_DRAIN_BYTES (16 * 1024 * 1024)

#define RAW_ANSWER(status) "HTTP/1.1 " status "\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
#define RAW_FULL RAW_ANSWER ("503 Service Unavailable")
#define RAW_BAD RAW_ANSWER ("400 Bad Request")
#define RAW_TOO_LARGE RAW_ANSWER ("431 Request Header Fields Too Large")

typedef struct
{
  ApiGate *gate;
  GSocket *socket;
  GTlsCertificate *certificate; /* NULL without TLS */
  gboolean is_admin;
  GSource *source; /* waits for connections; NULL while accept() is given a rest */
  guint retry_id;
} Door;

struct ApiGate
{
  const VmmConfig *config;
  const ApiGateFuncs *funcs;
  gpointer data;
  GPtrArray *doors;  /* Door* */
  GHashTable *conns; /* ApiConn*, a set */
  ApiHandshakes *handshakes;
  GHashTable *clients; /* client key -> GUINT count of its connections */
  guint n_public, n_admin;
  guint sweep_id; /* runs only while there are connections */
  GMainContext *context;
};

struct ApiConn
{
  guint refs;
  ApiGate *gate;   /* NULL once the connection is gone */
  GSocket *socket; /* NULL once the connection is gone */
  GMainContext *context;
  GIOStream *stream; /* what answers are written to; borrowed, NULL before and after HTTP */
  GObject *object;
  char *client, *peer;
  gboolean is_admin, is_tls;
  ApiConnPhase phase;
  gint64 deadline_us;
  gboolean is_started;  /* the HTTP library has begun with a request and will see its end */
  gboolean has_head;    /* of that request */
  gboolean is_draining; /* refused; what still comes is read and forgotten */
  gboolean is_dropping;
  gsize head_bytes, drained_bytes;
  ApiScreen screen;
};

/* ---- One connection ---- */

static ApiConn *
conn_ref (ApiConn *conn)
{
  conn->refs++;
  return conn;
}

void
api_conn_unref (ApiConn *conn)
{
  if (--conn->refs > 0)
    return;
  g_clear_object (&conn->socket);
  g_clear_object (&conn->object);
  g_main_context_unref (conn->context);
  g_free (conn->client);
  g_free (conn->peer);
  g_free (conn);
}

ApiConn *
api_conn_of (GSocketAddress *remote)
{
  ApiConn *conn = remote != NULL ? g_object_get_data (G_OBJECT (remote), CONN_KEY) : NULL;

  return conn != NULL ? conn_ref (conn) : NULL;
}

gboolean
api_conn_is_admin (const ApiConn *conn)
{
  return conn->is_admin;
}

const char *
api_conn_peer (const ApiConn *conn)
{
  return conn->peer;
}

void
api_conn_set_object (ApiConn *conn, GObject *object)
{
  g_set_object (&conn->object, object);
}

GObject *
api_conn_get_object (const ApiConn *conn)
{
  return conn->object;
}

static void
set_deadline (ApiConn *conn)
{
  const VmmConfig *config = conn->gate->config;
  int seconds = conn->phase == API_CONN_IDLE ? config->idle_timeout_s : config->request_timeout_s;

  conn->deadline_us = conn->phase == API_CONN_RUNNING
                          ? G_MAXINT64
                          : g_get_monotonic_time () + seconds * G_USEC_PER_SEC;
}

/* A phase that it is in already goes on with its deadline. */
static void
set_phase (ApiConn *conn, ApiConnPhase phase)
{
  if (conn->gate == NULL || conn->phase == phase)
    return;
  conn->phase = phase;
  set_deadline (conn);
}

void
api_conn_begin_request (ApiConn *conn)
{
  conn->is_started = TRUE;
  set_phase (conn, API_CONN_READING);
}

void
api_conn_end_head (ApiConn *conn)
{
  conn->has_head = TRUE;
}

void
api_conn_begin_run (ApiConn *conn)
{
  set_phase (conn, API_CONN_RUNNING);
}

void
api_conn_begin_answer (ApiConn *conn)
{
  set_phase (conn, API_CONN_WRITING);
}

void
api_conn_end_request (ApiConn *conn)
{
  conn->is_started = conn->has_head = FALSE;
  conn->head_bytes = 0;
  set_phase (conn, API_CONN_IDLE);
}

void
api_conn_cut (ApiConn *conn)
{
  if (conn->socket != NULL && !g_socket_is_closed (conn->socket))
    g_socket_shutdown (conn->socket, TRUE, TRUE, NULL);
}

/* Says @raw to a client that was told nothing yet; never waits. */
static void
say (GIOStream *stream, const char *raw)
{
  GOutputStream *output = g_io_stream_get_output_stream (stream);

  g_pollable_output_stream_write_nonblocking (G_POLLABLE_OUTPUT_STREAM (output), raw, strlen (raw),
                                              NULL, NULL);
}

/* Forgets a connection now. With its socket shut down, closing TLS cannot wait for the client. */
static void
drop (ApiConn *conn)
{
  api_conn_cut (conn);
  if (conn->gate != NULL && conn->phase != API_CONN_RUNNING)
    conn->gate->funcs->drop (conn, conn->gate->data);
}

static gboolean
drop_later (gpointer data)
{
  drop (data);
  return G_SOURCE_REMOVE;
}

/* For use inside a read of the HTTP library, which must come back first. */
static void
schedule_drop (ApiConn *conn)
{
  g_autoptr (GSource) source = NULL;

  if (conn->is_dropping || conn->gate == NULL)
    return;
  conn->is_dropping = TRUE;
  source = g_idle_source_new ();
  g_source_set_priority (source, G_PRIORITY_DEFAULT);
  g_source_set_callback (source, drop_later, conn_ref (conn), (GDestroyNotify) api_conn_unref);
  g_source_attach (source, conn->gate->context);
}

/* What still comes is read and forgotten, so that the client comes to read @raw. */
static gboolean
refuse (ApiConn *conn, const char *raw)
{
  conn->is_draining = TRUE;
  say (conn->stream, raw);
  return FALSE;
}

/* Behind each read of the HTTP library. libsoup 3.2 keeps a connection for ever that ends between
 * two requests, and closes one without a word whose head is too long; both are seen to here. */
static gboolean
on_read (const char *bytes, gsize n, gpointer data)
{
  ApiConn *conn = data;

  if (conn->is_draining)
    {
      conn->drained_bytes += n;
      if (n == 0 || conn->drained_bytes > MAX_DRAIN_BYTES)
        schedule_drop (conn);
      return FALSE;
    }
  if (n == 0)
    {
      if (!conn->is_started)
        schedule_drop (conn);
      return conn->is_started;
    }
  if (conn->phase == API_CONN_IDLE)
    set_phase (conn, API_CONN_READING);
  if (!conn->has_head && conn->head_bytes >= MAX_HEAD_BYTES)
    return refuse (conn, RAW_TOO_LARGE);
  if (!api_screen_take (&conn->screen, bytes, n))
    return refuse (conn, RAW_BAD);
  if (!conn->has_head)
    conn->head_bytes += n;
  return TRUE;
}

static void
expire (ApiConn *conn)
{
  if (conn->phase == API_CONN_READING && conn->stream != NULL && !conn->is_draining)
    say (conn->stream, RAW_ANSWER ("408 Request Timeout"));
  conn->deadline_us = G_MAXINT64;
  drop (conn);
  if (conn->gate != NULL)
    api_handshakes_give_up (conn->gate->handshakes, conn);
}

static gboolean
sweep (gpointer data)
{
  ApiGate *gate = data;
  gint64 now_us = g_get_monotonic_time ();
  g_autoptr (GPtrArray) late = g_ptr_array_new_with_free_func ((GDestroyNotify) api_conn_unref);
  GHashTableIter iter;
  ApiConn *conn;

  g_hash_table_iter_init (&iter, gate->conns);
  while (g_hash_table_iter_next (&iter, (gpointer *) &conn, NULL))
    if (conn->deadline_us <= now_us)
      g_ptr_array_add (late, conn_ref (conn));
  for (guint i = 0; i < late->len; i++)
    expire (g_ptr_array_index (late, i));
  return G_SOURCE_CONTINUE;
}

static guint
start_timer (ApiGate *gate, guint ms, GSourceFunc func, gpointer data)
{
  g_autoptr (GSource) source = g_timeout_source_new (ms);

  g_source_set_callback (source, func, data, NULL);
  return g_source_attach (source, gate->context);
}

static void
stop_timer (ApiGate *gate, guint *id)
{
  GSource *source = *id != 0 ? g_main_context_find_source_by_id (gate->context, *id) : NULL;

  if (source != NULL)
    g_source_destroy (source);
  *id = 0;
}

static void
count_client (ApiGate *gate, const char *client, int change)
{
  guint count = GPOINTER_TO_UINT (g_hash_table_lookup (gate->clients, client));

  count = (guint) ((int) count + change);
  if (count == 0)
    g_hash_table_remove (gate->clients, client);
  else
    g_hash_table_replace (gate->clients, g_strdup (client), GUINT_TO_POINTER (count));
}

static void
leave_gate (ApiConn *conn)
{
  ApiGate *gate = conn->gate;

  if (gate == NULL)
    return;
  conn->gate = NULL;
  if (conn->is_admin)
    gate->n_admin--;
  else
    {
      gate->n_public--;
      count_client (gate, conn->client, -1);
    }
  g_hash_table_remove (gate->conns, conn);
  if (g_hash_table_size (gate->conns) == 0)
    stop_timer (gate, &gate->sweep_id);
}

static gboolean
forget (gpointer data)
{
  ApiConn *conn = data;

  leave_gate (conn);
  g_clear_object (&conn->socket);
  api_conn_unref (conn);
  return G_SOURCE_REMOVE;
}

/* The stream of a connection was freed, which closed the socket. After a TLS handshake that failed
 * this is on the thread that tried it. */
static void
on_stream_gone (gpointer data, GObject *stream)
{
  ApiConn *conn = data;
  g_autoptr (GSource) source = NULL;

  if (g_main_context_is_owner (conn->context))
    {
      forget (conn);
      return;
    }
  source = g_idle_source_new ();
  g_source_set_callback (source, forget, conn, NULL);
  g_source_attach (source, conn->context);
}

static ApiConn *
enter_gate (ApiGate *gate, GSocket *socket, GObject *stream, const char *client, const char *peer,
            const Door *door)
{
  ApiConn *conn = g_new0 (ApiConn, 1);

  conn->refs = 1; /* the stream's, until it is gone */
  conn->gate = gate;
  conn->context = g_main_context_ref (gate->context);
  conn->socket = g_object_ref (socket);
  conn->client = g_strdup (client);
  conn->peer = g_strdup (peer);
  conn->is_admin = door->is_admin;
  conn->is_tls = door->certificate != NULL;
  conn->phase = API_CONN_READING;
  set_deadline (conn);
  if (conn->is_tls)
    conn->deadline_us
        = MIN (conn->deadline_us, g_get_monotonic_time () + HANDSHAKE_S * G_USEC_PER_SEC);
  g_hash_table_add (gate->conns, conn);
  if (door->is_admin)
    gate->n_admin++;
  else
    {
      gate->n_public++;
      count_client (gate, client, 1);
    }
  if (gate->sweep_id == 0)
    gate->sweep_id = start_timer (gate, SWEEP_MS, sweep, gate);
  g_object_weak_ref (stream, on_stream_gone, conn);
  return conn;
}

/* ---- Letting in ---- */

/* Who shares the bound of one client: an IPv4 address, or an IPv6 network of 64 bits, since whoever
 * has one address of such a network has them all. */
static char *
client_key (GSocketAddress *remote)
{
  GInetAddress *address;
  g_autoptr (GInetAddress) network = NULL;
  guint8 bytes[16] = { 0 };

  if (!G_IS_INET_SOCKET_ADDRESS (remote))
    return g_strdup ("local");
  address = g_inet_socket_address_get_address (G_INET_SOCKET_ADDRESS (remote));
  if (g_inet_address_get_family (address) != G_SOCKET_FAMILY_IPV6)
    return g_inet_address_to_string (address);
  for (guint i = 0; i < 8; i++)
    bytes[i] = g_inet_address_to_bytes (address)[i];
  network = g_inet_address_new_from_bytes (bytes, G_SOCKET_FAMILY_IPV6);
  return g_inet_address_to_string (network);
}

static gboolean
is_full (const ApiGate *gate, const Door *door, const char *client)
{
  guint max = (guint) gate->config->max_connections;
  guint held = GPOINTER_TO_UINT (g_hash_table_lookup (gate->clients, client));

  if (door->is_admin)
    return gate->n_admin >= MAX_ADMIN_CONNECTIONS;
  return gate->n_public >= max || held >= MAX (1, max / CLIENT_SHARE);
}

/* The user at the other end of a Unix socket as "uid N", or NULL when it may not come in. */
static char *
admin_peer (GSocket *socket)
{
  g_autoptr (GCredentials) credentials = g_socket_get_credentials (socket, NULL);
  uid_t uid = credentials != NULL ? g_credentials_get_unix_user (credentials, NULL) : (uid_t) -1;

  if (uid == (uid_t) -1 || (uid != 0 && uid != geteuid ()))
    return NULL;
  return g_strdup_printf ("uid %u", (guint) uid);
}

static void
forget_stream (gpointer data)
{
  ApiConn *conn = data;

  conn->stream = NULL;
  api_conn_unref (conn);
}

/* Hands a connection on. The remote address carries it from here on, because that is what libsoup
 * gives back with each of its requests. */
static void
hand_on (ApiGate *gate, ApiConn *conn, GIOStream *inner, GSocket *socket)
{
  g_autoptr (GSocketAddress) remote = g_socket_get_remote_address (socket, NULL);
  g_autoptr (GSocketAddress) local = NULL;
  g_autoptr (GIOStream) stream = NULL;

  /* libsoup takes it for an internet address when a request has no Host. */
  if (conn->is_admin)
    local = g_inet_socket_address_new_from_string ("127.0.0.1", 0);
  else
    local = g_socket_get_local_address (socket, NULL);
  if (local == NULL || remote == NULL)
    return;
  g_object_set_data_full (G_OBJECT (remote), CONN_KEY, conn_ref (conn),
                          (GDestroyNotify) api_conn_unref);
  stream = api_stream_new (inner, on_read, conn_ref (conn), forget_stream);
  conn->stream = stream;
  gate->funcs->ready (conn, stream, local, remote, gate->data);
}

static void
on_handshake (GIOStream *tls, gpointer data)
{
  g_autoptr (ApiConn) conn = data;

  if (tls == NULL || conn->gate == NULL)
    return;
  set_deadline (conn);
  hand_on (conn->gate, conn, tls, conn->socket);
}

static void
let_in (Door *door, GSocket *socket)
{
  ApiGate *gate = door->gate;
  g_autoptr (GSocketAddress) remote = g_socket_get_remote_address (socket, NULL);
  g_autofree char *client = remote != NULL ? client_key (remote) : NULL;
  g_autofree char *peer = door->is_admin ? admin_peer (socket) : g_strdup (client);
  g_autoptr (GSocketConnection) stream = NULL;
  ApiConn *conn;

  if (client == NULL || peer == NULL)
    {
      if (peer == NULL)
        vmm_warning ("refused a connection to the administrator's socket: not root");
      return;
    }
  if (is_full (gate, door, client))
    {
      if (door->certificate == NULL)
        g_socket_send_with_blocking (socket, RAW_FULL, strlen (RAW_FULL), FALSE, NULL, NULL);
      return;
    }
  g_socket_set_blocking (socket, FALSE);
  if (!door->is_admin)
    g_socket_set_option (socket, IPPROTO_TCP, TCP_NODELAY, 1, NULL);
  stream = g_socket_connection_factory_create_connection (socket);
  conn = enter_gate (gate, socket, G_OBJECT (stream), client, peer, door);
  if (door->certificate != NULL)
    api_handshakes_add (gate->handshakes, G_IO_STREAM (stream), door->certificate, client,
                        on_handshake, conn_ref (conn));
  else
    hand_on (gate, conn, G_IO_STREAM (stream), socket);
}

/* ---- Listening ---- */

static void watch_door (Door *door);

static gboolean
retry_accept (gpointer data)
{
  Door *door = data;

  door->retry_id = 0;
  watch_door (door);
  return G_SOURCE_REMOVE;
}

static gboolean
on_incoming (GSocket *listener, GIOCondition condition, gpointer data)
{
  Door *door = data;
  g_autoptr (GError) error = NULL;
  g_autoptr (GSocket) socket = g_socket_accept (listener, NULL, &error);

  if (socket != NULL)
    {
      let_in (door, socket);
      return G_SOURCE_CONTINUE;
    }
  if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK)
      || g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CONNECTION_CLOSED))
    return G_SOURCE_CONTINUE;
  /* Out of file descriptors or memory: the client stays in the kernel's queue meanwhile. */
  vmm_warning ("cannot accept a connection, trying again in %d ms: %s", ACCEPT_RETRY_MS,
               error->message);
  g_clear_pointer (&door->source, g_source_unref);
  door->retry_id = start_timer (door->gate, ACCEPT_RETRY_MS, retry_accept, door);
  return G_SOURCE_REMOVE;
}

static void
watch_door (Door *door)
{
  door->source = g_socket_create_source (door->socket, G_IO_IN, NULL);
  g_source_set_callback (door->source, G_SOURCE_FUNC (on_incoming), door, NULL);
  g_source_attach (door->source, door->gate->context);
}

static void
free_door (gpointer data)
{
  Door *door = data;

  if (door->source != NULL)
    {
      g_source_destroy (door->source);
      g_source_unref (door->source);
    }
  stop_timer (door->gate, &door->retry_id);
  g_socket_close (door->socket, NULL);
  g_object_unref (door->socket);
  g_clear_object (&door->certificate);
  g_free (door);
}

static void
add_door (ApiGate *gate, GSocket *socket, GTlsCertificate *certificate, gboolean is_admin)
{
  Door *door = g_new0 (Door, 1);

  door->gate = gate;
  door->socket = g_object_ref (socket);
  door->certificate = certificate != NULL ? g_object_ref (certificate) : NULL;
  door->is_admin = is_admin;
  g_socket_set_blocking (socket, FALSE);
  watch_door (door);
  g_ptr_array_add (gate->doors, door);
}

gboolean
api_gate_listen (ApiGate *gate, const char *address, guint16 port, GTlsCertificate *certificate,
                 guint16 *out_port, GError **error)
{
  g_autoptr (GSocketAddress) wanted = g_inet_socket_address_new_from_string (address, port);
  g_autoptr (GSocketAddress) bound = NULL;
  g_autoptr (GSocket) socket = NULL;
  g_autoptr (GError) cause = NULL;

  if (wanted == NULL)
    return vmm_fail (error, VMM_ERROR_CONFIG, "[api] listen-address '%s' is no IP address",
                     address);
  socket = g_socket_new (g_socket_address_get_family (wanted), G_SOCKET_TYPE_STREAM,
                         G_SOCKET_PROTOCOL_TCP, &cause);
  if (socket != NULL)
    g_socket_set_listen_backlog (socket, 1024);
  if (socket == NULL || !g_socket_bind (socket, wanted, TRUE, &cause)
      || !g_socket_listen (socket, &cause))
    return vmm_fail (error, VMM_ERROR_CONFIG, "cannot listen on %s port %u: %s", address, port,
                     cause->message);
  bound = g_socket_get_local_address (socket, NULL);
  if (bound != NULL && out_port != NULL)
    *out_port = g_inet_socket_address_get_port (G_INET_SOCKET_ADDRESS (bound));
  add_door (gate, socket, certificate, FALSE);
  return TRUE;
}

gboolean
api_gate_listen_unix (ApiGate *gate, const char *path, GError **error)
{
  g_autoptr (GSocketAddress) address = g_unix_socket_address_new (path);
  g_autoptr (GSocket) socket = NULL;
  g_autoptr (GError) cause = NULL;
  GStatBuf status;

  if (g_lstat (path, &status) == 0 && S_ISSOCK (status.st_mode))
    g_unlink (path);
  socket = g_socket_new (G_SOCKET_FAMILY_UNIX, G_SOCKET_TYPE_STREAM, G_SOCKET_PROTOCOL_DEFAULT,
                         &cause);
  /* A socket file is made with the mode of its descriptor, so there is no moment in which others
   * could connect. */
  if (socket != NULL && fchmod (g_socket_get_fd (socket), 0600) != 0)
    return vmm_fail (error, VMM_ERROR_CONFIG, "cannot set the mode of the socket '%s': %s", path,
                     g_strerror (errno));
  if (socket == NULL || !g_socket_bind (socket, address, FALSE, &cause)
      || !g_socket_listen (socket, &cause))
    return vmm_fail (error, VMM_ERROR_CONFIG, "cannot listen on '%s': %s", path, cause->message);
  add_door (gate, socket, NULL, TRUE);
  return TRUE;
}

/* ---- The gate ---- */

ApiGate *
api_gate_new (const VmmConfig *config, const ApiGateFuncs *funcs, gpointer data)
{
  ApiGate *gate = g_new0 (ApiGate, 1);

  gate->config = config;
  gate->funcs = funcs;
  gate->data = data;
  gate->context = g_main_context_ref_thread_default ();
  gate->doors = g_ptr_array_new_with_free_func (free_door);
  gate->conns = g_hash_table_new (NULL, NULL);
  gate->handshakes = api_handshakes_new ();
  gate->clients = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  return gate;
}

void
api_gate_close (ApiGate *gate)
{
  g_ptr_array_set_size (gate->doors, 0);
}

guint
api_gate_count (const ApiGate *gate)
{
  return g_hash_table_size (gate->conns);
}

guint
api_gate_count_phase (const ApiGate *gate, ApiConnPhase phase)
{
  GHashTableIter iter;
  ApiConn *conn;
  guint count = 0;

  g_hash_table_iter_init (&iter, gate->conns);
  while (g_hash_table_iter_next (&iter, (gpointer *) &conn, NULL))
    count += conn->phase == phase;
  return count;
}

void
api_gate_free (ApiGate *gate)
{
  g_autoptr (GList) conns = g_hash_table_get_keys (gate->conns);

  api_gate_close (gate);
  for (GList *link = conns; link != NULL; link = link->next)
    {
      api_conn_cut (link->data);
      leave_gate (link->data);
    }
  api_handshakes_free (gate->handshakes);
  g_ptr_array_unref (gate->doors);
  g_hash_table_unref (gate->conns);
  g_hash_table_unref (gate->clients);
  g_main_context_unref (gate->context);
  g_free (gate);
}
