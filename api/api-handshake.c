/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A queue of TLS handshakes with a bound in all and for each client. */
#include "config.h"

#include "api-handshake.h"
#include "vmm-log.h"

#define MAX_RUNNING 64
#define MAX_OF_CLIENT 8

struct ApiHandshakes
{
  GQueue waiting;      /* Item*, oldest first */
  GHashTable *running; /* client -> GUINT count */
  GHashTable *items;   /* Item* under way, a set */
};

typedef struct
{
  ApiHandshakes *owner; /* NULL once that is gone */
  GIOStream *base;
  GTlsCertificate *certificate;
  char *client;
  ApiHandshakeFunc done;
  gpointer data;
} Item;

static void
finish (Item *item, GIOStream *tls)
{
  item->done (tls, item->data);
  g_object_unref (item->base);
  g_object_unref (item->certificate);
  g_free (item->client);
  g_free (item);
}

static guint
running_of (ApiHandshakes *handshakes, const char *client)
{
  return GPOINTER_TO_UINT (g_hash_table_lookup (handshakes->running, client));
}

static void
count (ApiHandshakes *handshakes, Item *item, gboolean is_starting)
{
  guint n = running_of (handshakes, item->client);

  n = is_starting ? n + 1 : n - 1;
  if (n == 0)
    g_hash_table_remove (handshakes->running, item->client);
  else
    g_hash_table_replace (handshakes->running, g_strdup (item->client), GUINT_TO_POINTER (n));
  if (is_starting)
    g_hash_table_add (handshakes->items, item);
  else
    g_hash_table_remove (handshakes->items, item);
}

static void start_waiting (ApiHandshakes *handshakes);

static void
on_done (GObject *source, GAsyncResult *result, gpointer data)
{
  Item *item = data;
  ApiHandshakes *handshakes = item->owner;
  gboolean is_good = g_tls_connection_handshake_finish (G_TLS_CONNECTION (source), result, NULL);

  if (handshakes != NULL)
    count (handshakes, item, FALSE);
  finish (item, is_good ? G_IO_STREAM (source) : NULL);
  if (handshakes != NULL)
    start_waiting (handshakes);
}

static void
start (ApiHandshakes *handshakes, Item *item)
{
  static const char *const protocols[] = { "http/1.1", "http/1.0", NULL };
  g_autoptr (GError) error = NULL;
  g_autoptr (GIOStream) tls = g_tls_server_connection_new (item->base, item->certificate, &error);

  if (tls == NULL)
    {
      vmm_warning ("cannot begin TLS with %s, closing: %s", item->client, error->message);
      finish (item, NULL);
      return;
    }
  count (handshakes, item, TRUE);
  g_tls_connection_set_advertised_protocols (G_TLS_CONNECTION (tls),
                                             (const char *const *) protocols);
  g_tls_connection_set_require_close_notify (G_TLS_CONNECTION (tls), FALSE);
  g_tls_connection_handshake_async (G_TLS_CONNECTION (tls), G_PRIORITY_DEFAULT, NULL, on_done,
                                    item);
}

static gboolean
may_start (ApiHandshakes *handshakes, const Item *item)
{
  return g_hash_table_size (handshakes->items) < MAX_RUNNING
         && running_of (handshakes, item->client) < MAX_OF_CLIENT;
}

static void
start_waiting (ApiHandshakes *handshakes)
{
  GList *link = handshakes->waiting.head;

  while (link != NULL)
    {
      GList *next = link->next;
      Item *item = link->data;

      if (may_start (handshakes, item))
        {
          g_queue_delete_link (&handshakes->waiting, link);
          start (handshakes, item);
        }
      link = next;
    }
}

ApiHandshakes *
api_handshakes_new (void)
{
  ApiHandshakes *handshakes = g_new0 (ApiHandshakes, 1);

  g_queue_init (&handshakes->waiting);
  handshakes->running = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  handshakes->items = g_hash_table_new (NULL, NULL);
  return handshakes;
}

void
api_handshakes_free (ApiHandshakes *handshakes)
{
  GHashTableIter iter;
  Item *item;

  while ((item = g_queue_pop_head (&handshakes->waiting)) != NULL)
    finish (item, NULL);
  g_hash_table_iter_init (&iter, handshakes->items);
  while (g_hash_table_iter_next (&iter, (gpointer *) &item, NULL))
    item->owner = NULL;
  g_hash_table_unref (handshakes->running);
  g_hash_table_unref (handshakes->items);
  g_free (handshakes);
}

void
api_handshakes_add (ApiHandshakes *handshakes, GIOStream *base, GTlsCertificate *certificate,
                    const char *client, ApiHandshakeFunc done, gpointer data)
{
  Item *item = g_new0 (Item, 1);

  item->owner = handshakes;
  item->base = g_object_ref (base);
  item->certificate = g_object_ref (certificate);
  item->client = g_strdup (client);
  item->done = done;
  item->data = data;
  if (may_start (handshakes, item))
    start (handshakes, item);
  else
    g_queue_push_tail (&handshakes->waiting, item);
}

void
api_handshakes_give_up (ApiHandshakes *handshakes, gpointer data)
{
  for (GList *link = handshakes->waiting.head; link != NULL; link = link->next)
    {
      Item *item = link->data;

      if (item->data != data)
        continue;
      g_queue_delete_link (&handshakes->waiting, link);
      finish (item, NULL);
      return;
    }
}
