/* SPDX-License-Identifier: GPL-2.0-or-later */
/* RSA keys made by GnuTLS, which libvirt brings along anyway. */
#include "config.h"

#include "ops-rsa.h"
#include "vmm-error.h"
#include <gnutls/x509.h>
#include <sodium.h>
#include <string.h>

#define BITS 2048
#define KEY_TYPE "ssh-rsa"

typedef gnutls_x509_privkey_t Key;
G_DEFINE_AUTO_CLEANUP_FREE_FUNC (Key, gnutls_x509_privkey_deinit, NULL)

static gboolean
check (int code, GError **error)
{
  return code >= 0
         || vmm_fail (error, VMM_ERROR_INTERNAL, "an RSA key cannot be made: %s",
                      gnutls_strerror (code));
}

/* One field of the format of SSH (RFC 4251): its length, then its bytes. */
static void
append_field (GByteArray *blob, const void *bytes, guint length)
{
  guint32 size = GUINT32_TO_BE (length);

  g_byte_array_append (blob, (const guint8 *) &size, sizeof size);
  g_byte_array_append (blob, bytes, length);
}

/* A number that is not negative: without superfluous zeros in front, but with one where the first
 * bit would be read as a sign. */
static void
append_number (GByteArray *blob, const gnutls_datum_t *number)
{
  g_autofree guint8 *bytes = g_malloc0 (number->size + 1);
  guint skip = 0;

  memcpy (bytes + 1, number->data, number->size);
  while (skip < number->size && bytes[skip] == 0 && (bytes[skip + 1] & 0x80) == 0)
    skip++;
  append_field (blob, bytes + skip, number->size + 1 - skip);
}

static char *
public_line (Key key, GError **error)
{
  gnutls_datum_t modulus = { NULL, 0 }, exponent = { NULL, 0 };
  g_autoptr (GByteArray) blob = g_byte_array_new ();
  g_autofree char *base64 = NULL;

  /* The other numbers are the secret ones, and not asked for. */
  if (!check (gnutls_x509_privkey_export_rsa_raw2 (key, &modulus, &exponent, NULL, NULL, NULL, NULL,
                                                   NULL, NULL),
              error))
    return NULL;
  append_field (blob, KEY_TYPE, strlen (KEY_TYPE));
  append_number (blob, &exponent);
  append_number (blob, &modulus);
  gnutls_free (modulus.data);
  gnutls_free (exponent.data);
  base64 = g_base64_encode (blob->data, blob->len);
  return g_strdup_printf ("%s %s", KEY_TYPE, base64);
}

gboolean
ops_rsa_new (char **out_public, char **out_private, GError **error)
{
  g_auto (Key) key = NULL;
  g_autofree char *line = NULL;
  gnutls_datum_t pem = { NULL, 0 };

  if (!check (gnutls_x509_privkey_init (&key), error)
      || !check (gnutls_x509_privkey_generate (key, GNUTLS_PK_RSA, BITS, 0), error))
    return FALSE;
  line = public_line (key, error);
  if (line == NULL || !check (gnutls_x509_privkey_export2 (key, GNUTLS_X509_FMT_PEM, &pem), error))
    return FALSE;
  *out_private = g_strndup ((const char *) pem.data, pem.size);
  *out_public = g_steal_pointer (&line);
  sodium_memzero (pem.data, pem.size);
  gnutls_free (pem.data);
  return TRUE;
}

void
ops_rsa_wipe (char *private_key)
{
  if (private_key != NULL)
    sodium_memzero (private_key, strlen (private_key));
  g_free (private_key);
}
