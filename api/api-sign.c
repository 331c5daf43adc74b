/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Builds the canonical texts of signature 1.0 and ACS3-HMAC-SHA256 and their HMACs. The texts are
 * made from decoded parameters, because clients escape them differently on the wire. */
#include "config.h"

#include "api-sign.h"
#include "api-text.h"
#include "vmm-error.h"
#include <sodium.h>
#include <string.h>

#define V3_SCHEME "ACS3-HMAC-SHA256"
#define MAX_SIGNED_HEADERS 64

static int
compare_by_bytes (gconstpointer a, gconstpointer b)
{
  const ApiQueryItem *const *left = a, *const *right = b;

  return strcmp ((*left)->name, (*right)->name);
}

/* "name=value&…" of those parameters that @keep accepts, sorted by bytes and escaped. */
static GString *
canonical_query (const ApiQuery *query, gboolean (*keep) (const ApiQueryItem *))
{
  GString *out = g_string_sized_new (512);
  g_autoptr (GPtrArray) sorted = g_ptr_array_new ();
  gsize n;
  const ApiQueryItem *items = api_query_items (query, &n);

  for (gsize i = 0; i < n; i++)
    if (keep (&items[i]))
      g_ptr_array_add (sorted, (gpointer) &items[i]);
  g_ptr_array_sort (sorted, compare_by_bytes);
  for (guint i = 0; i < sorted->len; i++)
    {
      const ApiQueryItem *item = g_ptr_array_index (sorted, i);

      if (i > 0)
        g_string_append_c (out, '&');
      api_text_append_percent (out, item->name);
      g_string_append_c (out, '=');
      api_text_append_percent (out, item->value);
    }
  return out;
}

static gboolean
is_not_signature (const ApiQueryItem *item)
{
  return !g_str_equal (item->name, "Signature");
}

static gboolean
is_in_url (const ApiQueryItem *item)
{
  return !item->is_from_body;
}

static void
wipe_and_free (GString *text)
{
  sodium_memzero (text->str, text->len);
  g_string_free (text, TRUE);
}

GString *
api_sign_v1_text (const char *method, const ApiQuery *query)
{
  GString *parameters = canonical_query (query, is_not_signature);
  GString *out = g_string_sized_new (parameters->len + parameters->len / 2 + 16);

  g_string_append_printf (out, "%s&%%2F&", method);
  api_text_append_percent (out, parameters->str);
  wipe_and_free (parameters);
  return out;
}

char *
api_sign_v1 (GChecksumType type, const char *secret, const char *text)
{
  g_autofree char *key = g_strconcat (secret, "&", NULL);
  g_autoptr (GHmac) hmac = g_hmac_new (type, (const guchar *) key, strlen (key));
  guint8 digest[64];
  gsize length = sizeof digest;

  sodium_memzero (key, strlen (key));
  g_hmac_update (hmac, (const guchar *) text, (gssize) strlen (text));
  g_hmac_get_digest (hmac, digest, &length);
  return g_base64_encode (digest, length);
}

void
api_sign_v3_clear (ApiSignV3 *sign)
{
  g_clear_pointer (&sign->key_id, g_free);
  g_clear_pointer (&sign->signed_headers, g_free);
  g_clear_pointer (&sign->signature, g_free);
  g_clear_pointer (&sign->names, g_strfreev);
}

static gboolean
is_header_name (const char *name)
{
  if (*name == '\0')
    return FALSE;
  for (; *name != '\0'; name++)
    if (!g_ascii_islower (*name) && !g_ascii_isdigit (*name) && *name != '-')
      return FALSE;
  return TRUE;
}

static gboolean
check_names (char **names, GError **error)
{
  if (g_strv_length (names) > MAX_SIGNED_HEADERS)
    return vmm_fail (error, VMM_ERROR_INCOMPLETE_SIGNATURE,
                     "SignedHeaders of the Authorization header names more than %d headers",
                     MAX_SIGNED_HEADERS);
  for (guint i = 0; names[i] != NULL; i++)
    if (!is_header_name (names[i]) || (i > 0 && strcmp (names[i - 1], names[i]) >= 0))
      return vmm_fail (error, VMM_ERROR_INCOMPLETE_SIGNATURE,
                       "SignedHeaders of the Authorization header must be lower-case header names, "
                       "sorted, each once, joined by ';'");
  return TRUE;
}

gboolean
api_sign_v3_parse (const char *authorization, ApiSignV3 *out, GError **error)
{
  g_auto (ApiSignV3) sign = { NULL };
  g_auto (GStrv) parts = NULL;
  const struct
  {
    const char *label;
    char **field;
  } fields[] = { { "Credential=", &sign.key_id },
                 { "SignedHeaders=", &sign.signed_headers },
                 { "Signature=", &sign.signature } };

  if (!g_str_has_prefix (authorization, V3_SCHEME " "))
    return vmm_fail (error, VMM_ERROR_INCOMPLETE_SIGNATURE,
                     "the Authorization header does not begin with " V3_SCHEME
                     ", the only scheme offered");
  parts = g_strsplit (authorization + strlen (V3_SCHEME " "), ",", 8);
  for (guint i = 0; parts[i] != NULL; i++)
    for (guint f = 0; f < G_N_ELEMENTS (fields); f++)
      if (g_str_has_prefix (g_strstrip (parts[i]), fields[f].label))
        {
          if (*fields[f].field != NULL)
            return vmm_fail (error, VMM_ERROR_INCOMPLETE_SIGNATURE,
                             "the Authorization header has %s twice", fields[f].label);
          *fields[f].field = g_strdup (parts[i] + strlen (fields[f].label));
        }
  for (guint f = 0; f < G_N_ELEMENTS (fields); f++)
    if (*fields[f].field == NULL || **fields[f].field == '\0')
      return vmm_fail (error, VMM_ERROR_INCOMPLETE_SIGNATURE, "the Authorization header lacks %s",
                       fields[f].label);
  sign.names = g_strsplit (sign.signed_headers, ";", MAX_SIGNED_HEADERS + 2);
  if (!check_names (sign.names, error))
    return FALSE;
  *out = sign;
  sign = (ApiSignV3){ NULL };
  return TRUE;
}

gboolean
api_sign_v3_covers (const ApiSignV3 *sign, const char *name)
{
  return g_strv_contains ((const char *const *) sign->names, name);
}

GString *
api_sign_v3_request (const char *method, const char *path, const ApiQuery *query,
                     const ApiSignV3 *sign, ApiHeaderFunc header, gpointer data,
                     const char *body_sha256)
{
  GString *out = g_string_sized_new (1024);
  GString *parameters = canonical_query (query, is_in_url);

  g_string_append_printf (out, "%s\n%s\n", method, path);
  g_string_append_len (out, parameters->str, (gssize) parameters->len);
  wipe_and_free (parameters);
  g_string_append_c (out, '\n');
  for (guint i = 0; sign->names[i] != NULL; i++)
    {
      const char *value = header (data, sign->names[i]);
      g_autofree char *trimmed = g_strstrip (g_strdup (value != NULL ? value : ""));

      g_string_append_printf (out, "%s:%s\n", sign->names[i], trimmed);
    }
  g_string_append_printf (out, "\n%s\n%s", sign->signed_headers, body_sha256);
  return out;
}

char *
api_sign_v3_text (const char *canonical_request)
{
  g_autofree char *hash = g_compute_checksum_for_string (G_CHECKSUM_SHA256, canonical_request, -1);

  return g_strdup_printf (V3_SCHEME "\n%s", hash);
}

char *
api_sign_v3 (const char *secret, const char *text)
{
  return g_compute_hmac_for_string (G_CHECKSUM_SHA256, (const guchar *) secret, strlen (secret),
                                    text, -1);
}
