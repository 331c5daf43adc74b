/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the API is measured against: libsoup alone, which answers every request with the same bytes.
 */
#include <libsoup/soup.h>
#include <stdio.h>

static void
answer (SoupServer *server, SoupServerMessage *message, const char *path, GHashTable *query,
        gpointer data)
{
  gsize length = 0;
  const char *bytes = g_bytes_get_data (data, &length);

  soup_server_message_set_status (message, SOUP_STATUS_OK, NULL);
  soup_server_message_set_response (message, "application/json;charset=utf-8", SOUP_MEMORY_STATIC,
                                    bytes, length);
}

int
main (int argc, char **argv)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GMainLoop) loop = g_main_loop_new (NULL, FALSE);
  g_autoptr (SoupServer) server = soup_server_new ("server-header", "bare", NULL);
  g_autofree char *text = NULL;
  g_autoptr (GBytes) bytes = NULL;
  GSList *uris;
  gsize length = 0;

  if (argc != 2 || !g_file_get_contents (argv[1], &text, &length, &error)
      || !soup_server_listen_local (server, 0, SOUP_SERVER_LISTEN_IPV4_ONLY, &error))
    {
      fprintf (stderr, "bare-server: %s\n", error != NULL ? error->message : "which file?");
      return 1;
    }
  bytes = g_bytes_new_take (g_steal_pointer (&text), length);
  soup_server_add_handler (server, NULL, answer, bytes, NULL);
  uris = soup_server_get_uris (server);
  printf ("%d\n", g_uri_get_port (uris->data));
  fflush (stdout);
  g_slist_free_full (uris, (GDestroyNotify) g_uri_unref);
  g_main_loop_run (loop);
  return 0;
}
