/* SPDX-License-Identifier: GPL-2.0-or-later */
/* HMAC-SHA1 over the sorted and encoded parameters. */
#include "vmmctl-sign.h"
#include <string.h>

static int
compare_names (gconstpointer a, gconstpointer b)
{
  return strcmp (a, b);
}

/* RFC 3986, where only these characters and the alphanumeric ones stay. */
static char *
escape (const char *text)
{
  GString *out = g_string_new (NULL);

  for (const guchar *c = (const guchar *) text; *c != '\0'; c++)
    if (g_ascii_isalnum (*c) || strchr ("-_.~", *c) != NULL)
      g_string_append_c (out, (char) *c);
    else
      g_string_append_printf (out, "%%%02X", *c);
  return g_string_free (out, FALSE);
}

static char *
canonical_query (GHashTable *params)
{
  GString *out = g_string_new (NULL);
  g_autoptr (GList) names = g_list_sort (g_hash_table_get_keys (params), compare_names);

  for (GList *l = names; l != NULL; l = l->next)
    {
      g_autofree char *name = escape (l->data);
      g_autofree char *value = escape (g_hash_table_lookup (params, l->data));

      g_string_append_printf (out, "%s%s=%s", out->len > 0 ? "&" : "", name, value);
    }
  return g_string_free (out, FALSE);
}

char *
vmmctl_sign_text (GHashTable *params, const char *method, const char *key_secret)
{
  g_autofree char *query = canonical_query (params);
  g_autofree char *escaped = escape (query);
  g_autofree char *text = g_strdup_printf ("%s&%%2F&%s", method, escaped);
  g_autofree char *key = g_strdup_printf ("%s&", key_secret);
  g_autoptr (GHmac) hmac = g_hmac_new (G_CHECKSUM_SHA1, (const guchar *) key, strlen (key));
  guint8 digest[20];
  gsize length = sizeof digest;

  g_hmac_update (hmac, (const guchar *) text, -1);
  g_hmac_get_digest (hmac, digest, &length);
  return g_base64_encode (digest, length);
}

void
vmmctl_sign (GHashTable *params, const char *method, const char *key_id, const char *key_secret)
{
  g_autoptr (GDateTime) now = g_date_time_new_now_utc ();

  g_hash_table_replace (params, g_strdup ("AccessKeyId"), g_strdup (key_id));
  g_hash_table_replace (params, g_strdup ("SignatureMethod"), g_strdup ("HMAC-SHA1"));
  g_hash_table_replace (params, g_strdup ("SignatureVersion"), g_strdup ("1.0"));
  g_hash_table_replace (params, g_strdup ("SignatureNonce"), g_uuid_string_random ());
  g_hash_table_replace (params, g_strdup ("Timestamp"),
                        g_date_time_format (now, "%Y-%m-%dT%H:%M:%SZ"));
  g_hash_table_replace (params, g_strdup ("Signature"),
                        vmmctl_sign_text (params, method, key_secret));
}
