/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Both signatures against vectors that the vendor's own SDK confirmed. */
#include "config.h"

#include "api-sign.h"
#include "world.h"
#include <string.h>

static const char v1_query[]
    = "Action=DescribeInstances&AccessKeyId=testid&Format=JSON&InstanceIds=%5B%22i-1%22%2C%22i-2%"
      "22%5D"
      "&InstanceName=a+b*c~d%2B%C3%A9&RegionId=cn-local&SignatureMethod=HMAC-SHA1&SignatureNonce="
      "0001"
      "&SignatureVersion=1.0&Timestamp=2026-01-02T03%3A04%3A05Z&Version=2014-05-26";

static ApiQuery *
decode (const char *text)
{
  ApiQuery *query = api_query_new ();

  assert_true (api_query_add (query, text, strlen (text), FALSE, NULL));
  assert_true (api_query_seal (query, NULL));
  return query;
}

static char *
sign_v1 (const char *method, const char *query_text)
{
  g_autoptr (ApiQuery) query = decode (query_text);
  g_autoptr (GString) text = api_sign_v1_text (method, query);

  return api_sign_v1 (G_CHECKSUM_SHA1, "testsecret", text->str);
}

static void
v1_equals_the_vectors (void **state)
{
  g_autofree char *get = sign_v1 ("GET", v1_query);
  g_autofree char *post = sign_v1 ("POST", v1_query);

  assert_string_equal (get, "mZf3HO1XkY7Jp7oDVG+1a5dOuPA=");
  assert_string_equal (post, "dQJLk51Znb8Dl/nkGq8Sy80vXu0=");
}

static void
v1_does_not_depend_on_how_the_wire_was_escaped (void **state)
{
  g_autofree char *raw = g_strdup (v1_query);
  g_autofree char *other = NULL;
  g_auto (GStrv) parts = g_strsplit (raw, "%5B%22i-1%22%2C%22i-2%22%5D", 2);
  g_autofree char *joined = g_strjoin ("[\"i-1\",\"i-2\"]", parts[0], parts[1], NULL);
  g_autofree char *with_own = g_strconcat (joined, "&Signature=ignored", NULL);

  other = sign_v1 ("GET", with_own);
  assert_string_equal (other, "mZf3HO1XkY7Jp7oDVG+1a5dOuPA=");
}

static void
v1_encodes_twice_and_keeps_empty_values (void **state)
{
  g_autoptr (ApiQuery) query = decode ("c=+*&a=&B=1");
  g_autoptr (GString) text = api_sign_v1_text ("GET", query);

  assert_string_equal (text->str, "GET&%2F&B%3D1%26a%3D%26c%3D%2520%252A");
}

static const char *
header_of (gpointer data, const char *name)
{
  static const char *const headers[][2] = {
    { "host", "127.0.0.1:8080" },
    { "x-acs-action", "DescribeInstances" },
    { "x-acs-content-sha256", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855" },
    { "x-acs-date", " 2026-01-02T03:04:05Z " },
    { "x-acs-signature-nonce", "0001" },
    { "x-acs-version", "2014-05-26" },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (headers); i++)
    if (g_str_equal (headers[i][0], name))
      return headers[i][1];
  return NULL;
}

#define V3_HEADERS                                                                                 \
  "host;x-acs-action;x-acs-content-sha256;x-acs-date;x-acs-signature-nonce;x-acs-version"

static void
v3_equals_the_vectors (void **state)
{
  g_autoptr (ApiQuery) query = decode ("RegionId=cn-local&PageSize=10&InstanceIds=%5B%22i-1%22%5D");
  g_auto (ApiSignV3) sign = { NULL };
  g_autofree char *text = NULL, *hash = NULL, *hex = NULL;
  g_autoptr (GString) request = NULL;

  assert_true (api_sign_v3_parse (
      "ACS3-HMAC-SHA256 Credential=testid,SignedHeaders=" V3_HEADERS ",Signature=00", &sign, NULL));
  request = api_sign_v3_request ("POST", "/", query, &sign, header_of, NULL,
                                 header_of (NULL, "x-acs-content-sha256"));
  hash = g_compute_checksum_for_string (G_CHECKSUM_SHA256, request->str, -1);
  assert_string_equal (hash, "b03030b984d5b7bdbbba0748b946d452558adece42969663460b1faa891d7d5c");
  text = api_sign_v3_text (request->str);
  hex = api_sign_v3 ("testsecret", text);
  assert_string_equal (hex, "af2d0562b7e28ed5d3287e1175b817031f17a52556c417f79b63f789eacec978");
}

static void
v3_signs_the_url_and_not_the_form (void **state)
{
  g_autoptr (ApiQuery) query = api_query_new ();
  g_auto (ApiSignV3) sign = { NULL };
  g_autoptr (GString) request = NULL;

  assert_true (api_query_add (query, "A=1", 3, FALSE, NULL));
  assert_true (api_query_add (query, "B=2", 3, TRUE, NULL));
  assert_true (api_query_seal (query, NULL));
  assert_true (api_sign_v3_parse ("ACS3-HMAC-SHA256 Credential=k,SignedHeaders=host,Signature=00",
                                  &sign, NULL));
  request = api_sign_v3_request ("POST", "/", query, &sign, header_of, NULL, "hash");
  assert_string_equal (request->str, "POST\n/\nA=1\nhost:127.0.0.1:8080\n\nhost\nhash");
}

static void
a_malformed_authorization_is_refused (void **state)
{
  static const char *const bad[] = {
    "",
    "Basic abc",
    "ACS3-HMAC-SHA256",
    "ACS3-HMAC-SHA256 ",
    "ACS3-HMAC-SM3 Credential=k,SignedHeaders=host,Signature=s",
    "ACS3-HMAC-SHA256 SignedHeaders=host,Signature=s",
    "ACS3-HMAC-SHA256 Credential=,SignedHeaders=host,Signature=s",
    "ACS3-HMAC-SHA256 Credential=k,SignedHeaders=host",
    "ACS3-HMAC-SHA256 Credential=k,Credential=k,SignedHeaders=host,Signature=s",
    "ACS3-HMAC-SHA256 Credential=k,SignedHeaders=host;host,Signature=s",
    "ACS3-HMAC-SHA256 Credential=k,SignedHeaders=b;a,Signature=s",
    "ACS3-HMAC-SHA256 Credential=k,SignedHeaders=Host,Signature=s",
    "ACS3-HMAC-SHA256 Credential=k,SignedHeaders=host;,Signature=s",
    "ACS3-HMAC-SHA256 Credential=k,SignedHeaders=a b,Signature=s",
  };

  for (gsize i = 0; i < G_N_ELEMENTS (bad); i++)
    {
      g_auto (ApiSignV3) sign = { NULL };
      g_autoptr (GError) error = NULL;

      assert_false (api_sign_v3_parse (bad[i], &sign, &error));
      world_assert_error (error, VMM_ERROR_INCOMPLETE_SIGNATURE);
    }
}

static void
blanks_behind_commas_are_allowed (void **state)
{
  g_auto (ApiSignV3) sign = { NULL };

  assert_true (api_sign_v3_parse (
      "ACS3-HMAC-SHA256 Credential=k, SignedHeaders=host;x-acs-date, Signature=s", &sign, NULL));
  assert_string_equal (sign.key_id, "k");
  assert_string_equal (sign.signature, "s");
  assert_true (api_sign_v3_covers (&sign, "x-acs-date"));
  assert_false (api_sign_v3_covers (&sign, "x-acs"));
}

int
main (void)
{
  const struct CMUnitTest tests[] = {
    cmocka_unit_test (v1_equals_the_vectors),
    cmocka_unit_test (v1_does_not_depend_on_how_the_wire_was_escaped),
    cmocka_unit_test (v1_encodes_twice_and_keeps_empty_values),
    cmocka_unit_test (v3_equals_the_vectors),
    cmocka_unit_test (v3_signs_the_url_and_not_the_form),
    cmocka_unit_test (a_malformed_authorization_is_refused),
    cmocka_unit_test (blanks_behind_commas_are_allowed),
  };

  return cmocka_run_group_tests (tests, NULL, NULL);
}
