/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The secret box: libsodium's secretbox with one key file. */
#include "config.h"

#include "ops-secret.h"
#include "vmm-error.h"
#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <sodium.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct OpsSecretBox
{
  guint8 key[crypto_secretbox_KEYBYTES];
};

/* Written under another name first: half a key file would lock all secrets away. */
static gboolean
make_key (const char *path, GError **error)
{
  g_autofree char *partial = g_strconcat (path, ".new", NULL);
  guint8 key[crypto_secretbox_KEYBYTES];
  int fd;
  gboolean ok;

  g_unlink (partial);
  fd = open (partial, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (fd < 0)
    return vmm_fail (error, VMM_ERROR_CONFIG, "%s: %s", partial, g_strerror (errno));
  crypto_secretbox_keygen (key);
  ok = write (fd, key, sizeof key) == (ssize_t) sizeof key && fsync (fd) == 0;
  sodium_memzero (key, sizeof key);
  close (fd);
  if (!ok || rename (partial, path) != 0)
    return vmm_fail (error, VMM_ERROR_CONFIG, "%s: %s", path, g_strerror (errno));
  return TRUE;
}

OpsSecretBox *
ops_secret_box_new (const char *path, GError **error)
{
  g_autofree OpsSecretBox *box = g_new0 (OpsSecretBox, 1);
  struct stat st;
  int fd;
  ssize_t n;

  if (sodium_init () < 0)
    {
      vmm_fail (error, VMM_ERROR_INTERNAL, "libsodium cannot start");
      return NULL;
    }
  if (!g_file_test (path, G_FILE_TEST_EXISTS) && !make_key (path, error))
    return NULL;
  fd = open (path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
  if (fd < 0 || fstat (fd, &st) != 0)
    {
      vmm_fail (error, VMM_ERROR_CONFIG, "%s: %s", path, g_strerror (errno));
      return NULL;
    }
  n = read (fd, box->key, sizeof box->key);
  close (fd);
  if ((st.st_mode & 077) != 0)
    vmm_fail (error, VMM_ERROR_CONFIG,
              "%s has mode %04o, must be 0600: others could read the secrets", path,
              st.st_mode & 07777);
  else if (n != (ssize_t) sizeof box->key || st.st_size != (off_t) sizeof box->key)
    vmm_fail (error, VMM_ERROR_CONFIG, "%s has %ld bytes, must have %u: restore it from a backup",
              path, (long) st.st_size, (guint) sizeof box->key);
  else
    return g_steal_pointer (&box);
  return NULL;
}

void
ops_secret_box_free (OpsSecretBox *box)
{
  if (box == NULL)
    return;
  sodium_memzero (box, sizeof *box);
  g_free (box);
}

GBytes *
ops_secret_seal (OpsSecretBox *box, const char *secret)
{
  gsize length = strlen (secret);
  gsize size = crypto_secretbox_NONCEBYTES + crypto_secretbox_MACBYTES + length;
  guint8 *sealed = g_malloc (size);

  randombytes_buf (sealed, crypto_secretbox_NONCEBYTES);
  crypto_secretbox_easy (sealed + crypto_secretbox_NONCEBYTES, (const guint8 *) secret, length,
                         sealed, box->key);
  return g_bytes_new_take (sealed, size);
}

char *
ops_secret_open (OpsSecretBox *box, GBytes *sealed, GError **error)
{
  gsize size, overhead = crypto_secretbox_NONCEBYTES + crypto_secretbox_MACBYTES;
  const guint8 *data = g_bytes_get_data (sealed, &size);
  char *secret;

  if (size < overhead)
    {
      vmm_fail (error, VMM_ERROR_STORE, "a stored secret is damaged");
      return NULL;
    }
  secret = g_malloc0 (size - overhead + 1);
  if (crypto_secretbox_open_easy ((guint8 *) secret, data + crypto_secretbox_NONCEBYTES,
                                  size - crypto_secretbox_NONCEBYTES, data, box->key)
      == 0)
    return secret;
  g_free (secret);
  vmm_fail (error, VMM_ERROR_STORE, "a stored secret was not sealed with this host's key file");
  return NULL;
}

void
ops_secret_free (char *secret)
{
  if (secret == NULL)
    return;
  sodium_memzero (secret, strlen (secret));
  g_free (secret);
}

char *
ops_secret_random (guint length)
{
  static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
  char *text = g_malloc0 (length + 1);

  for (guint i = 0; i < length; i++)
    text[i] = alphabet[randombytes_uniform (sizeof alphabet - 1)];
  return text;
}

char *
ops_secret_mac (OpsSecretBox *box, const char *text)
{
  guint8 mac[crypto_generichash_BYTES];
  char hex[crypto_generichash_BYTES * 2 + 1];

  crypto_generichash (mac, sizeof mac, (const guint8 *) text, strlen (text), box->key,
                      sizeof box->key);
  return g_strdup (sodium_bin2hex (hex, sizeof hex, mac, sizeof mac));
}

gboolean
ops_secret_equal (const char *a, const char *b)
{
  gsize length = strlen (a);

  return length == strlen (b) && sodium_memcmp (a, b, length) == 0;
}
