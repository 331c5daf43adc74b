/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Checks who signed a request. The order matters: nothing is looked up for a malformed or late
 * request, the comparison costs the same for a key that does not exist, and a nonce is remembered
 * only for the holder of a key. */
#include "config.h"

#include "api-auth.h"
#include "api-format.h"
#include "api-text.h"
#include "vmm-clock.h"
#include "vmm-error.h"
#include <sodium.h>
#include <string.h>

#define MAX_WORD 128  /* of a key id or nonce */
#define MAX_ECHO 8192 /* of the string to sign in an error's message */
#define DEFAULT_ACCOUNT "default"
#define EMPTY_SHA256 "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

/* Stands in for the secret of a key that does not exist. */
#define DUMMY_SECRET "0123456789abcdefghijklmnopqrst"

/* What a request claims, of either kind of signature. Borrowed. */
typedef struct
{
  const char *key_id, *nonce, *timestamp, *signature;
  const char *text; /* the string to sign */
  gboolean is_v3;
  GChecksumType type; /* of v1 */
} Claim;

void
api_identity_clear (ApiIdentity *identity)
{
  g_clear_pointer (&identity->account_id, g_free);
  g_clear_pointer (&identity->key_id, g_free);
}

static const char *
get_header (const ApiRequest *request, const char *name)
{
  return request->header != NULL ? request->header (request->header_data, name) : NULL;
}

gboolean
api_auth_is_v3 (const ApiRequest *request)
{
  const char *value = get_header (request, "authorization");

  return value != NULL && g_str_has_prefix (value, "ACS3-");
}

/* ---- What both kinds share ---- */

static gboolean
check_word (const char *name, const char *value, GError **error)
{
  if (strlen (value) <= MAX_WORD && api_format_token.check (value))
    return TRUE;
  return vmm_fail (error, VMM_ERROR_INCOMPLETE_SIGNATURE,
                   "%s must be 1 to %d printable ASCII characters", name, MAX_WORD);
}

static gboolean
check_time (const char *text, gint64 *out_ms, GError **error)
{
  gint64 now = vmm_clock_now_ms ();
  g_autofree char *shown = api_text_quote (text, 32);
  g_autofree char *here = NULL;

  if (strlen (text) != strlen ("2026-01-02T03:04:05Z") || !vmm_clock_parse (text, out_ms))
    return vmm_fail (error, VMM_ERROR_TIMESTAMP_FORMAT,
                     "the time '%s' of the request is not of the form 2026-01-02T03:04:05Z", shown);
  if (ABS (now - *out_ms) <= API_AUTH_WINDOW_MS)
    return TRUE;
  here = vmm_clock_format_second (now);
  return vmm_fail (error, VMM_ERROR_TIMESTAMP_EXPIRED,
                   "the request is of %s, and it is %s here: more than 15 minutes apart", shown,
                   here);
}

static char *
sign (const Claim *claim, const char *secret)
{
  return claim->is_v3 ? api_sign_v3 (secret, claim->text)
                      : api_sign_v1 (claim->type, secret, claim->text);
}

static gboolean
is_signed_by (const Claim *claim, const char *secret)
{
  g_autofree char *expected = sign (claim, secret);
  gsize length = strlen (expected);

  return strlen (claim->signature) == length
         && sodium_memcmp (expected, claim->signature, length) == 0;
}

static gboolean
check_claim (VmmContext *ctx, const ApiDoors *doors, const Claim *claim, ApiIdentity *out,
             GError **error)
{
  g_autoptr (OpsKey) key = NULL;
  g_autoptr (GError) no_key = NULL;
  g_autofree char *echo = NULL;
  gint64 timestamp_ms = 0;
  gboolean is_right;

  if (!check_word ("the access key id", claim->key_id, error)
      || !check_word ("the nonce", claim->nonce, error)
      || !check_time (claim->timestamp, &timestamp_ms, error))
    return FALSE;
  doors->lookup_key (ctx, claim->key_id, &key, &no_key);
  is_right = is_signed_by (claim, key != NULL ? key->secret : DUMMY_SECRET);
  if (key == NULL)
    {
      g_propagate_error (error, g_steal_pointer (&no_key));
      return FALSE;
    }
  if (!is_right)
    {
      echo = g_utf8_substring (claim->text, 0, MIN (g_utf8_strlen (claim->text, -1), MAX_ECHO));
      return vmm_fail (error, VMM_ERROR_SIGNATURE_MISMATCH,
                       "the specified signature does not match what the server computed; server "
                       "string to sign is:%s",
                       echo);
    }
  if (!key->enabled)
    return vmm_fail (error, VMM_ERROR_KEY_INACTIVE, "the access key '%s' is disabled",
                     claim->key_id);
  if (!doors->use_nonce (ctx, claim->key_id, claim->nonce, timestamp_ms, error))
    return FALSE;
  out->account_id = g_strdup (key->account_id);
  out->key_id = g_strdup (claim->key_id);
  out->is_admin = FALSE;
  return TRUE;
}

static gboolean
refuse_security_token (const char *token, GError **error)
{
  if (token == NULL || token[0] == '\0')
    return TRUE;
  return vmm_fail (error, VMM_ERROR_SECURITY_TOKEN_MALFORMED,
                   "temporary credentials with a security token are not offered here");
}

/* ---- Version 1.0 ---- */

static gboolean
read_v1 (const ApiQuery *query, Claim *out, GError **error)
{
  const char *version = NULL, *method = NULL;
  const struct
  {
    const char *name;
    const char **field;
  } needed[] = {
    { "Signature", &out->signature },  { "AccessKeyId", &out->key_id },
    { "SignatureNonce", &out->nonce }, { "Timestamp", &out->timestamp },
    { "SignatureVersion", &version },  { "SignatureMethod", &method },
  };
  const char *type = api_query_get (query, "SignatureType");

  for (gsize i = 0; i < G_N_ELEMENTS (needed); i++)
    {
      *needed[i].field = api_query_get (query, needed[i].name);
      if (*needed[i].field == NULL || (*needed[i].field)[0] == '\0')
        return vmm_fail (error, VMM_ERROR_INCOMPLETE_SIGNATURE,
                         "the request is not signed, or not wholly: %s is missing", needed[i].name);
    }
  if (!g_str_equal (version, "1.0"))
    return vmm_fail (error, VMM_ERROR_INCOMPLETE_SIGNATURE, "SignatureVersion must be 1.0");
  if (type != NULL && type[0] != '\0')
    return vmm_fail (error, VMM_ERROR_INCOMPLETE_SIGNATURE,
                     "SignatureType must be empty or absent; other types are not offered");
  if (g_ascii_strcasecmp (method, "HMAC-SHA1") == 0)
    out->type = G_CHECKSUM_SHA1;
  else if (g_ascii_strcasecmp (method, "HMAC-SHA256") == 0)
    out->type = G_CHECKSUM_SHA256;
  else
    return vmm_fail (error, VMM_ERROR_INCOMPLETE_SIGNATURE,
                     "SignatureMethod must be HMAC-SHA1 or HMAC-SHA256");
  return TRUE;
}

static gboolean
check_v1 (VmmContext *ctx, const ApiDoors *doors, const ApiRequest *request, const ApiQuery *query,
          ApiIdentity *out, GError **error)
{
  Claim claim = { .is_v3 = FALSE };
  GString *text;
  gboolean ok;

  if (!read_v1 (query, &claim, error)
      || !refuse_security_token (api_query_get (query, "SecurityToken"), error))
    return FALSE;
  if (!ctx->config->signature_v1)
    return vmm_fail (error, VMM_ERROR_INCOMPLETE_SIGNATURE,
                     "signature version 1.0 is switched off on this server; sign with "
                     "ACS3-HMAC-SHA256");
  text = api_sign_v1_text (request->method, query);
  claim.text = text->str;
  ok = check_claim (ctx, doors, &claim, out, error);
  sodium_memzero (text->str, text->len);
  g_string_free (text, TRUE);
  return ok;
}

/* ---- ACS3 ---- */

static gboolean
check_covered (const ApiRequest *request, const ApiSignV3 *sign_v3, GError **error)
{
  static const char *const always[]
      = { "host",       "x-acs-action",          "x-acs-version",
          "x-acs-date", "x-acs-signature-nonce", "x-acs-content-sha256" };

  for (gsize i = 0; i < G_N_ELEMENTS (always); i++)
    {
      const char *value = get_header (request, always[i]);

      if (value == NULL || value[0] == '\0')
        return vmm_fail (error, VMM_ERROR_INCOMPLETE_SIGNATURE, "the header %s is missing",
                         always[i]);
      if (!api_sign_v3_covers (sign_v3, always[i]))
        return vmm_fail (error, VMM_ERROR_INCOMPLETE_SIGNATURE,
                         "the header %s must be among the SignedHeaders", always[i]);
    }
  /* It decides whether the body is read as parameters. */
  if (get_header (request, "content-type") != NULL && request->body_length > 0
      && !api_sign_v3_covers (sign_v3, "content-type"))
    return vmm_fail (error, VMM_ERROR_INCOMPLETE_SIGNATURE,
                     "the header content-type must be among the SignedHeaders");
  return TRUE;
}

static gboolean
check_body_hash (const ApiRequest *request, const char *claimed, GError **error)
{
  g_autofree char *actual = NULL;

  if (request->body_length > 0)
    actual = g_compute_checksum_for_data (G_CHECKSUM_SHA256, (const guchar *) request->body,
                                          request->body_length);
  if (g_str_equal (claimed, actual != NULL ? actual : EMPTY_SHA256))
    return TRUE;
  return vmm_fail (error, VMM_ERROR_SIGNATURE_MISMATCH,
                   "x-acs-content-sha256 is not the SHA-256 of the body");
}

static gboolean
check_v3 (VmmContext *ctx, const ApiDoors *doors, const ApiRequest *request, const ApiQuery *query,
          ApiIdentity *out, GError **error)
{
  g_auto (ApiSignV3) sign_v3 = { NULL };
  g_autofree char *text = NULL;
  const char *hash;
  GString *canonical;
  Claim claim = { .is_v3 = TRUE };

  if (!api_sign_v3_parse (get_header (request, "authorization"), &sign_v3, error)
      || !check_covered (request, &sign_v3, error)
      || !refuse_security_token (get_header (request, "x-acs-security-token"), error))
    return FALSE;
  hash = get_header (request, "x-acs-content-sha256");
  if (!check_body_hash (request, hash, error))
    return FALSE;
  canonical = api_sign_v3_request (request->method, request->path, query, &sign_v3, request->header,
                                   request->header_data, hash);
  text = api_sign_v3_text (canonical->str);
  sodium_memzero (canonical->str, canonical->len);
  g_string_free (canonical, TRUE);
  claim.key_id = sign_v3.key_id;
  claim.signature = sign_v3.signature;
  claim.nonce = get_header (request, "x-acs-signature-nonce");
  claim.timestamp = get_header (request, "x-acs-date");
  claim.text = text;
  return check_claim (ctx, doors, &claim, out, error);
}

/* ---- The administrator ---- */

static gboolean
identify_admin (VmmContext *ctx, const ApiDoors *doors, const ApiQuery *query, ApiIdentity *out,
                GError **error)
{
  const char *name = api_query_get (query, "Account");
  g_autoptr (OpsAccount) account
      = doors->find_account (ctx, name != NULL && name[0] != '\0' ? name : DEFAULT_ACCOUNT, error);

  if (account == NULL)
    return FALSE;
  out->account_id = g_strdup (account->id);
  out->key_id = g_strdup ("");
  out->is_admin = TRUE;
  return TRUE;
}

gboolean
api_auth_check (VmmContext *ctx, const ApiDoors *doors, const ApiRequest *request,
                const ApiQuery *query, ApiIdentity *out, GError **error)
{
  if (request->is_admin)
    return identify_admin (ctx, doors, query, out, error);
  if (api_auth_is_v3 (request))
    return check_v3 (ctx, doors, request, query, out, error);
  return check_v1 (ctx, doors, request, query, out, error);
}
