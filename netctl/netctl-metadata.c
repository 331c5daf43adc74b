/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The metadata service: one listening socket a VPC, inside its namespace; one thread for all. */
#include "netctl-metadata.h"
#include "netctl-ns.h"
#include <arpa/inet.h>
#include <errno.h>
#include <libsoup/soup.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define ANSWER_THREADS 4
#define BACKLOG 128

typedef struct
{
  NetctlMetadata *metadata;
  guint32 vpc;
  guint64 identity;
  GSocket *socket;
  GSource *source;
  SoupServer *server;
  GHashTable *connections; /* Connection* */
} Listener;

typedef struct
{
  Listener *listener; /* NULL once that is closed */
  GSocket *socket;
  GSource *lifetime;
  char *peer;
} Connection;

struct NetctlMetadata
{
  NetctlMetadataFunc func;
  gpointer data;
  GMainContext *context;
  GMainLoop *loop;
  GThread *thread;
  GThreadPool *answerers;
  GAsyncQueue *errands;  /* Errand*, for the thread */
  GAsyncQueue *finished; /* Request*, likewise */
  GMutex lock;           /* of each errand's is_done */
  GCond done;
  GHashTable *listeners; /* VPC index -> Listener*; used on the thread only */
  guint total;           /* connections; likewise */
};

/* One request on its way through the answering threads. */
typedef struct
{
  NetctlMetadata *metadata;
  SoupServerMessage *message;
  guint32 vpc;
  char *peer, *path;
  const char *method;
  GHashTable *headers;
  guint status;
  GBytes *body;
} Request;

/* Something to be done on the thread while the caller waits. */
typedef struct
{
  void (*func) (gpointer data);
  gpointer data;
  gboolean is_done;
} Errand;

/* Has the thread look into its queues. */
static void
wake (NetctlMetadata *metadata, GSourceFunc func, int priority)
{
  g_autoptr (GSource) source = g_idle_source_new ();

  g_source_set_priority (source, priority);
  g_source_set_callback (source, func, metadata, NULL);
  g_source_attach (source, metadata->context);
}

static gboolean
run_errands (gpointer data)
{
  NetctlMetadata *metadata = data;
  Errand *errand;

  while ((errand = g_async_queue_try_pop (metadata->errands)) != NULL)
    {
      errand->func (errand->data);
      g_mutex_lock (&metadata->lock);
      errand->is_done = TRUE;
      g_cond_broadcast (&metadata->done);
      g_mutex_unlock (&metadata->lock);
    }
  return G_SOURCE_REMOVE;
}

static void
run_on_thread (NetctlMetadata *metadata, void (*func) (gpointer data), gpointer data)
{
  Errand errand = { .func = func, .data = data };

  g_async_queue_push (metadata->errands, &errand);
  wake (metadata, run_errands, G_PRIORITY_HIGH);
  g_mutex_lock (&metadata->lock);
  while (!errand.is_done)
    g_cond_wait (&metadata->done, &metadata->lock);
  g_mutex_unlock (&metadata->lock);
}

/* Connections */

static void
connection_free (Connection *connection)
{
  if (connection->listener != NULL)
    {
      g_hash_table_remove (connection->listener->connections, connection);
      connection->listener->metadata->total--;
    }
  g_source_destroy (connection->lifetime);
  g_source_unref (connection->lifetime);
  g_object_unref (connection->socket);
  g_free (connection->peer);
  g_free (connection);
}

static void
stream_is_gone (gpointer data, GObject *stream)
{
  connection_free (data);
}

/* libsoup sees the end of the stream and lets go of it. */
static gboolean
lifetime_is_over (gpointer data)
{
  Connection *connection = data;

  g_socket_shutdown (connection->socket, TRUE, TRUE, NULL);
  return G_SOURCE_CONTINUE;
}

static gboolean
has_room (const Listener *listener, const char *peer)
{
  GHashTableIter iter;
  gpointer key;
  guint of_peer = 0;

  g_hash_table_iter_init (&iter, listener->connections);
  while (g_hash_table_iter_next (&iter, &key, NULL))
    if (g_str_equal (((Connection *) key)->peer, peer))
      of_peer++;
  return of_peer < NETCTL_METADATA_PEER_MAX
         && g_hash_table_size (listener->connections) < NETCTL_METADATA_VPC_MAX
         && listener->metadata->total < NETCTL_METADATA_TOTAL_MAX;
}

static char *
address_text (GSocketAddress *address)
{
  if (!G_IS_INET_SOCKET_ADDRESS (address))
    return g_strdup ("");
  return g_inet_address_to_string (
      g_inet_socket_address_get_address (G_INET_SOCKET_ADDRESS (address)));
}

static void
take_connection (Listener *listener, GSocket *socket)
{
  g_autoptr (GSocketAddress) local = g_socket_get_local_address (socket, NULL);
  g_autoptr (GSocketAddress) remote = g_socket_get_remote_address (socket, NULL);
  g_autoptr (GSocketConnection) stream = NULL;
  g_autofree char *peer = address_text (remote);
  Connection *connection;

  if (local == NULL || remote == NULL || !has_room (listener, peer))
    return;
  stream = g_socket_connection_factory_create_connection (socket);
  connection = g_new0 (Connection, 1);
  connection->listener = listener;
  connection->socket = g_object_ref (socket);
  connection->peer = g_steal_pointer (&peer);
  connection->lifetime = g_timeout_source_new_seconds (NETCTL_METADATA_LIFETIME_S);
  g_source_set_callback (connection->lifetime, lifetime_is_over, connection, NULL);
  g_source_attach (connection->lifetime, listener->metadata->context);
  g_hash_table_add (listener->connections, connection);
  listener->metadata->total++;
  g_object_weak_ref (G_OBJECT (stream), stream_is_gone, connection);
  soup_server_accept_iostream (listener->server, G_IO_STREAM (stream), local, remote, NULL);
}

static gboolean
socket_is_ready (GSocket *listening, GIOCondition condition, gpointer data)
{
  g_autoptr (GSocket) socket = g_socket_accept (listening, NULL, NULL);

  if (socket != NULL)
    take_connection (data, socket);
  return G_SOURCE_CONTINUE;
}

/* Requests */

static void
request_free (Request *request)
{
  g_object_unref (request->message);
  g_free (request->peer);
  g_free (request->path);
  g_hash_table_unref (request->headers);
  g_clear_pointer (&request->body, g_bytes_unref);
  g_free (request);
}

static void
finish_request (Request *request)
{
  SoupServerMessage *message = request->message;

  soup_server_message_set_status (message, request->status, NULL);
  if (request->body != NULL)
    {
      soup_message_headers_set_content_type (soup_server_message_get_response_headers (message),
                                             "text/plain", NULL);
      /* libsoup refuses to append nothing, and an empty value is an answer too. */
      if (g_bytes_get_size (request->body) > 0)
        soup_message_body_append_bytes (soup_server_message_get_response_body (message),
                                        request->body);
    }
  soup_server_message_unpause (message);
  request_free (request);
}

static gboolean
finish_requests (gpointer data)
{
  NetctlMetadata *metadata = data;
  Request *request;

  while ((request = g_async_queue_try_pop (metadata->finished)) != NULL)
    finish_request (request);
  return G_SOURCE_REMOVE;
}

static void
answer (gpointer data, gpointer user_data)
{
  Request *request = data;
  NetctlMetadata *metadata = user_data;

  request->status = metadata->func (request->vpc, request->peer, request->method, request->path,
                                    request->headers, &request->body, metadata->data);
  g_async_queue_push (metadata->finished, request);
  wake (metadata, finish_requests, G_PRIORITY_DEFAULT);
}

static void
copy_header (const char *name, const char *value, gpointer data)
{
  g_hash_table_insert (data, g_ascii_strdown (name, -1), g_strdup (value));
}

/* What the callback knows the method as, or NULL if it is none of ours. */
static const char *
known_method (const char *method)
{
  static const struct
  {
    const char *wire, *ours;
  } methods[] = { { "GET", "GET" }, { "HEAD", "GET" }, { "PUT", "PUT" } };

  for (guint i = 0; i < G_N_ELEMENTS (methods); i++)
    if (g_str_equal (method, methods[i].wire))
      return methods[i].ours;
  return NULL;
}

static void
handle_request (SoupServer *server, SoupServerMessage *message, const char *path, GHashTable *query,
                gpointer data)
{
  Listener *listener = data;
  SoupMessageHeaders *headers = soup_server_message_get_request_headers (message);
  const char *method = known_method (soup_server_message_get_method (message));
  Request *request;

  if (method == NULL)
    {
      soup_server_message_set_status (message, SOUP_STATUS_METHOD_NOT_ALLOWED, NULL);
      return;
    }
  /* Somebody's proxy was talked into asking for us. */
  if (soup_message_headers_get_one (headers, "X-Forwarded-For") != NULL)
    {
      soup_server_message_set_status (message, SOUP_STATUS_FORBIDDEN, NULL);
      return;
    }
  request = g_new0 (Request, 1);
  request->metadata = listener->metadata;
  request->message = g_object_ref (message);
  request->vpc = listener->vpc;
  request->peer = address_text (soup_server_message_get_remote_address (message));
  request->path = g_strdup (path);
  request->method = method;
  request->headers = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  soup_message_headers_foreach (headers, copy_header, request->headers);
  soup_server_message_pause (message);
  g_thread_pool_push (listener->metadata->answerers, request, NULL);
}

/* No request of ours has a body; one that comes is read and forgotten. */
static void
request_started (SoupServer *server, SoupServerMessage *message, gpointer data)
{
  soup_message_body_set_accumulate (soup_server_message_get_request_body (message), FALSE);
}

/* Listeners */

static void
listener_free (Listener *listener)
{
  GHashTableIter iter;
  gpointer key;

  g_source_destroy (listener->source);
  g_source_unref (listener->source);
  g_socket_close (listener->socket, NULL);
  g_object_unref (listener->socket);
  g_hash_table_iter_init (&iter, listener->connections);
  while (g_hash_table_iter_next (&iter, &key, NULL))
    {
      Connection *connection = key;

      connection->listener = NULL;
      listener->metadata->total--;
      /* Closed here and now: the namespace must not wait for libsoup to notice. */
      g_socket_close (connection->socket, NULL);
    }
  g_hash_table_unref (listener->connections);
  soup_server_disconnect (listener->server);
  g_object_unref (listener->server);
  g_free (listener);
}

typedef struct
{
  NetctlMetadata *metadata;
  guint32 vpc;
  guint64 identity;
  GSocket *socket;
  gboolean is_listening;
} Change;

static void
start_listener (gpointer data)
{
  Change *change = data;
  Listener *listener = g_new0 (Listener, 1);

  listener->metadata = change->metadata;
  listener->vpc = change->vpc;
  listener->identity = change->identity;
  listener->socket = g_steal_pointer (&change->socket);
  listener->connections = g_hash_table_new (NULL, NULL);
  listener->server = soup_server_new (NULL, NULL);
  soup_server_add_handler (listener->server, NULL, handle_request, listener, NULL);
  g_signal_connect (listener->server, "request-started", G_CALLBACK (request_started), NULL);
  listener->source = g_socket_create_source (listener->socket, G_IO_IN, NULL);
  g_source_set_callback (listener->source, G_SOURCE_FUNC (socket_is_ready), listener, NULL);
  g_source_attach (listener->source, change->metadata->context);
  g_hash_table_replace (change->metadata->listeners, GUINT_TO_POINTER (change->vpc), listener);
}

static void
look_up_listener (gpointer data)
{
  Change *change = data;
  const Listener *listener
      = g_hash_table_lookup (change->metadata->listeners, GUINT_TO_POINTER (change->vpc));

  change->is_listening = listener != NULL && listener->identity == change->identity;
}

static void
remove_listener (gpointer data)
{
  Change *change = data;

  g_hash_table_remove (change->metadata->listeners, GUINT_TO_POINTER (change->vpc));
}

static gboolean
listen_here (gpointer data, GError **error)
{
  struct sockaddr_in address = { .sin_family = AF_INET, .sin_port = htons (80) };
  GSocket **out = data;
  int on = 1;
  int fd = socket (AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

  inet_pton (AF_INET, NETCTL_METADATA_ADDRESS, &address.sin_addr);
  if (fd < 0 || setsockopt (fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) != 0
      || bind (fd, (struct sockaddr *) &address, sizeof address) != 0 || listen (fd, BACKLOG) != 0)
    {
      g_set_error (error, NETCTL_ERROR, NETCTL_ERROR_KERNEL,
                   "cannot listen on \"" NETCTL_METADATA_ADDRESS "\": %s", g_strerror (errno));
      if (fd >= 0)
        close (fd);
      return FALSE;
    }
  *out = g_socket_new_from_fd (fd, error);
  if (*out == NULL)
    close (fd);
  return *out != NULL;
}

gboolean
netctl_metadata_listen (NetctlMetadata *metadata, guint32 vpc, int fd, guint64 identity,
                        GError **error)
{
  Change change = { .metadata = metadata, .vpc = vpc, .identity = identity };

  run_on_thread (metadata, look_up_listener, &change);
  if (change.is_listening)
    return TRUE;
  run_on_thread (metadata, remove_listener, &change);
  if (!netctl_ns_run (fd, listen_here, &change.socket, error))
    return FALSE;
  run_on_thread (metadata, start_listener, &change);
  return TRUE;
}

void
netctl_metadata_close (NetctlMetadata *metadata, guint32 vpc)
{
  Change change = { .metadata = metadata, .vpc = vpc };

  run_on_thread (metadata, remove_listener, &change);
}

/* The service */

static gpointer
serve (gpointer data)
{
  NetctlMetadata *metadata = data;

  g_main_context_push_thread_default (metadata->context);
  g_main_loop_run (metadata->loop);
  g_main_context_pop_thread_default (metadata->context);
  return NULL;
}

NetctlMetadata *
netctl_metadata_new (NetctlMetadataFunc func, gpointer data, GError **error)
{
  NetctlMetadata *metadata = g_new0 (NetctlMetadata, 1);

  metadata->func = func;
  metadata->data = data;
  metadata->context = g_main_context_new ();
  metadata->loop = g_main_loop_new (metadata->context, FALSE);
  metadata->listeners = g_hash_table_new_full (NULL, NULL, NULL, (GDestroyNotify) listener_free);
  metadata->errands = g_async_queue_new ();
  metadata->finished = g_async_queue_new ();
  g_mutex_init (&metadata->lock);
  g_cond_init (&metadata->done);
  metadata->answerers = g_thread_pool_new (answer, metadata, ANSWER_THREADS, FALSE, NULL);
  metadata->thread = g_thread_try_new ("netctl-metadata", serve, metadata, error);
  if (metadata->thread == NULL)
    g_clear_pointer (&metadata, netctl_metadata_free);
  return metadata;
}

static void
remove_all_listeners (gpointer data)
{
  NetctlMetadata *metadata = data;

  g_hash_table_remove_all (metadata->listeners);
}

static void
quit_loop (gpointer data)
{
  g_main_loop_quit (data);
}

void
netctl_metadata_free (NetctlMetadata *metadata)
{
  if (metadata == NULL)
    return;
  if (metadata->thread != NULL)
    run_on_thread (metadata, remove_all_listeners, metadata);
  g_thread_pool_free (metadata->answerers, FALSE, TRUE);
  if (metadata->thread != NULL)
    {
      run_on_thread (metadata, quit_loop, metadata->loop);
      g_thread_join (metadata->thread);
    }
  /* What was answered last, and streams that libsoup closes from the loop. */
  g_main_context_push_thread_default (metadata->context);
  while (g_main_context_iteration (metadata->context, FALSE))
    continue;
  g_main_context_pop_thread_default (metadata->context);
  g_hash_table_unref (metadata->listeners);
  g_async_queue_unref (metadata->errands);
  g_async_queue_unref (metadata->finished);
  g_mutex_clear (&metadata->lock);
  g_cond_clear (&metadata->done);
  g_main_loop_unref (metadata->loop);
  g_main_context_unref (metadata->context);
  g_free (metadata);
}
