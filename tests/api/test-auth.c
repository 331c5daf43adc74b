/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Who is let in: both signatures, replay, time, disabled keys, and the administrator. */
#include "config.h"

#include "vmm-clock.h"
#include "world.h"
#include <string.h>

static gint64 shifted_by;

static gint64
shifted_time (void)
{
  return WORLD_TIME + shifted_by;
}

static void
assert_query (World *world, const char *method, const char *query, guint expected_status,
              const char *part)
{
  g_auto (ApiAnswer) answer = { 0 };

  world_serve (world, method, query, &answer);
  assert_contains (answer.body->str, part);
  assert_int_equal (answer.status, expected_status);
}

/* ---- Version 1.0 ---- */

static void
a_signed_request_is_let_in (void **state)
{
  g_autofree char *get = world_signed_query ("GET", "Action=ChangeThing", WORLD_SECRET);
  g_autofree char *post = world_signed_query ("POST", "Action=ChangeThing", WORLD_SECRET);

  assert_query (*state, "GET", get, 200, "\"IsAdmin\":false");
  assert_query (*state, "POST", post, 200, "\"IsAdmin\":false");
}

static void
sha256_is_accepted_in_v1 (void **state)
{
  g_autofree char *query
      = world_signed_query ("GET", "Action=ChangeThing&SignatureMethod=HMAC-SHA256", WORLD_SECRET);

  assert_query (*state, "GET", query, 200, "RequestId");
}

static void
the_old_spelling_of_the_time_is_accepted (void **state)
{
  g_autofree char *query = world_signed_query (
      "GET", "Action=ChangeThing&TimeStamp=2026-01-02T03%3A04%3A05Z", WORLD_SECRET);

  assert_query (*state, "GET", query, 200, "RequestId");
}

static void
a_wrong_secret_is_refused_with_the_string_to_sign (void **state)
{
  World *world = *state;
  g_autofree char *query
      = world_signed_query ("GET", "Action=ChangeThing&Password=TopSecret", "other");

  assert_query (world, "GET", query, 400, "server string to sign is:GET&%2F&AccessKeyId%3Dtestid");
  assert_contains (world->log->str, "SignatureDoesNotMatch");
  assert_lacks (world->log->str, "TopSecret");
}

static void
the_method_is_part_of_what_is_signed (void **state)
{
  g_autofree char *query = world_signed_query ("GET", "Action=ChangeThing", WORLD_SECRET);

  assert_query (*state, "POST", query, 400, "SignatureDoesNotMatch");
}

static void
an_added_or_changed_parameter_is_noticed (void **state)
{
  g_autofree char *query = world_signed_query ("GET", "Action=ChangeThing&Name=a", WORLD_SECRET);
  g_autofree char *added = g_strconcat (query, "&DryRun=true", NULL);
  g_autofree char *changed = g_strdup (query);

  strstr (changed, "Name=a")[5] = 'b';
  assert_query (*state, "GET", added, 400, "SignatureDoesNotMatch");
  assert_query (*state, "GET", changed, 400, "SignatureDoesNotMatch");
}

static void
a_request_is_not_served_twice (void **state)
{
  guint before = world_n_changes ();
  g_autofree char *query = world_signed_query ("GET", "Action=ChangeThing", WORLD_SECRET);

  assert_query (*state, "GET", query, 200, "RequestId");
  assert_query (*state, "GET", query, 400, "\"Code\":\"SignatureNonceUsed\"");
  assert_int_equal (world_n_changes (), before + 1);
}

static void
a_forged_request_does_not_use_up_the_nonce (void **state)
{
  g_autofree char *forged
      = world_signed_query_nonce ("GET", "Action=ChangeThing", "other", "nonce-1");
  g_autofree char *real
      = world_signed_query_nonce ("GET", "Action=ChangeThing", WORLD_SECRET, "nonce-1");

  assert_query (*state, "GET", forged, 400, "SignatureDoesNotMatch");
  assert_query (*state, "GET", real, 200, "RequestId");
}

static void
an_unknown_key_is_not_found (void **state)
{
  g_autofree char *query
      = world_signed_query ("GET", "Action=ChangeThing&AccessKeyId=nobody", WORLD_SECRET);

  assert_query (*state, "GET", query, 404, "\"Code\":\"InvalidAccessKeyId.NotFound\"");
}

static void
a_disabled_key_is_refused (void **state)
{
  World *world = *state;
  g_autofree char *query = world_signed_query ("GET", "Action=ChangeThing", WORLD_SECRET);

  world->is_disabled = TRUE;
  assert_query (world, "GET", query, 403, "\"Code\":\"InvalidAccessKeyId.Inactive\"");
}

static void
the_clock_may_differ_by_fifteen_minutes (void **state)
{
  static const struct
  {
    int seconds;
    guint status;
  } cases[] = { { 900, 200 }, { 901, 400 }, { -900, 200 }, { -901, 400 } };

  vmm_clock_replace (shifted_time);
  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *query = world_signed_query ("GET", "Action=ChangeThing", WORLD_SECRET);

      shifted_by = cases[i].seconds * 1000;
      assert_query (*state, "GET", query, cases[i].status,
                    cases[i].status == 200 ? "RequestId" : "\"Code\":\"InvalidTimeStamp.Expired\"");
    }
}

static void
a_time_of_another_form_is_refused (void **state)
{
  static const char *const bad[] = { "now", "2026-01-02T03%3A04Z", "2026-13-02T03%3A04%3A05Z" };

  for (gsize i = 0; i < G_N_ELEMENTS (bad); i++)
    {
      g_autofree char *params = g_strconcat ("Action=ChangeThing&Timestamp=", bad[i], NULL);
      g_autofree char *query = world_signed_query ("GET", params, WORLD_SECRET);

      assert_query (*state, "GET", query, 400, "\"Code\":\"InvalidTimeStamp.Format\"");
    }
}

static void
each_part_of_the_signature_is_required (void **state)
{
  static const char *const parts[] = { "AccessKeyId", "SignatureMethod",  "SignatureNonce",
                                       "Timestamp",   "SignatureVersion", "Signature" };

  for (gsize i = 0; i < G_N_ELEMENTS (parts); i++)
    {
      g_autofree char *params = g_strconcat ("Action=ChangeThing&", parts[i], "=", NULL);
      g_autofree char *query = g_str_equal (parts[i], "Signature")
                                   ? g_strdup ("Action=ChangeThing&Format=JSON")
                                   : world_signed_query ("GET", params, WORLD_SECRET);

      assert_query (*state, "GET", query, 400, "\"Code\":\"IncompleteSignature\"");
    }
}

static void
other_kinds_of_v1_are_refused (void **state)
{
  static const char *const params[]
      = { "SignatureVersion=2.0", "SignatureMethod=HMAC-MD5", "SignatureType=BEARERTOKEN" };

  for (gsize i = 0; i < G_N_ELEMENTS (params); i++)
    {
      g_autofree char *joined = g_strconcat ("Action=ChangeThing&", params[i], NULL);
      g_autofree char *query = world_signed_query ("GET", joined, WORLD_SECRET);

      assert_query (*state, "GET", query, 400, "\"Code\":\"IncompleteSignature\"");
    }
}

static void
an_empty_signature_type_is_signed_and_fine (void **state)
{
  g_autofree char *query
      = world_signed_query ("GET", "Action=ChangeThing&SignatureType=", WORLD_SECRET);

  assert_query (*state, "GET", query, 200, "RequestId");
}

static void
temporary_credentials_are_refused (void **state)
{
  g_autofree char *query
      = world_signed_query ("GET", "Action=ChangeThing&SecurityToken=x", WORLD_SECRET);

  assert_query (*state, "GET", query, 400, "\"Code\":\"InvalidSecurityToken.Malformed\"");
}

static void
v1_can_be_switched_off (void **state)
{
  World *world = *state;
  g_autofree char *query = world_signed_query ("GET", "Action=ChangeThing", WORLD_SECRET);

  world->config->signature_v1 = FALSE;
  assert_query (world, "GET", query, 400, "sign with ACS3-HMAC-SHA256");
}

static void
long_keys_and_nonces_are_refused (void **state)
{
  g_autofree char *word = g_strnfill (129, 'x');
  g_autofree char *params = g_strconcat ("Action=ChangeThing&AccessKeyId=", word, NULL);
  g_autofree char *long_key = world_signed_query ("GET", params, WORLD_SECRET);
  g_autofree char *long_nonce
      = world_signed_query_nonce ("GET", "Action=ChangeThing", WORLD_SECRET, word);

  assert_query (*state, "GET", long_key, 400, "\"Code\":\"IncompleteSignature\"");
  assert_query (*state, "GET", long_nonce, 400, "\"Code\":\"IncompleteSignature\"");
}

static void
a_long_string_to_sign_is_not_echoed_whole (void **state)
{
  g_autofree char *word = g_strnfill (100000, 'x');
  g_autofree char *params = g_strconcat ("Action=ChangeThing&Name=", word, NULL);
  g_autofree char *query = world_signed_query ("GET", params, "other");
  g_auto (ApiAnswer) answer = { 0 };

  world_serve (*state, "GET", query, &answer);
  assert_int_equal (answer.status, 400);
  assert_true (answer.body->len < 10000);
}

static void
parameters_of_query_and_form_are_one (void **state)
{
  World *world = *state;
  g_autofree char *all = world_signed_query ("POST", "Action=ChangeThing&Name=x", WORLD_SECRET);
  g_auto (GStrv) halves = g_strsplit (all, "&AccessKeyId", 2);
  g_autofree char *body = g_strconcat ("AccessKeyId", halves[1], NULL);
  static const char type[] = "application/x-www-form-urlencoded; charset=UTF-8";
  g_autoptr (GHashTable) headers = g_hash_table_new (g_str_hash, g_str_equal);
  ApiRequest request = { .method = "POST",
                         .path = "/",
                         .query = halves[0],
                         .body = body,
                         .body_length = strlen (body),
                         .header = (ApiHeaderFunc) g_hash_table_lookup,
                         .header_data = headers,
                         .peer = "test" };
  g_auto (ApiAnswer) answer = { 0 };

  g_hash_table_insert (headers, (gpointer) "content-type", (gpointer) type);
  api_front_serve (&world->front, &request, &answer);
  assert_contains (answer.body->str, "\"Action\":\"ChangeThing\"");
}

/* ---- ACS3 ---- */

typedef struct
{
  GHashTable *headers;
  const char *query, *body;
} V3;

static const char *
header_of (gpointer data, const char *name)
{
  return g_hash_table_lookup (data, name);
}

static void
v3_begin (V3 *v3, const char *query, const char *body)
{
  char *hash = g_compute_checksum_for_string (G_CHECKSUM_SHA256, body, -1);

  v3->headers = g_hash_table_new_full (g_str_hash, g_str_equal, NULL, g_free);
  v3->query = query;
  v3->body = body;
  g_hash_table_insert (v3->headers, (gpointer) "host", g_strdup ("127.0.0.1:8080"));
  g_hash_table_insert (v3->headers, (gpointer) "x-acs-action", g_strdup ("ChangeThing"));
  g_hash_table_insert (v3->headers, (gpointer) "x-acs-version", g_strdup ("2014-05-26"));
  g_hash_table_insert (v3->headers, (gpointer) "x-acs-date", g_strdup (WORLD_TIME_TEXT));
  g_hash_table_insert (v3->headers, (gpointer) "x-acs-signature-nonce", g_uuid_string_random ());
  g_hash_table_insert (v3->headers, (gpointer) "x-acs-content-sha256", hash);
  if (body[0] != '\0')
    g_hash_table_insert (v3->headers, (gpointer) "content-type",
                         g_strdup ("application/x-www-form-urlencoded"));
}

static void
v3_sign (V3 *v3, const char *names, const char *secret)
{
  g_autofree char *blank = g_strdup_printf (
      "ACS3-HMAC-SHA256 Credential=" WORLD_KEY ",SignedHeaders=%s,Signature=", names);
  g_autofree char *parsed = g_strconcat (blank, "0", NULL);
  g_auto (ApiSignV3) sign = { NULL };
  g_autoptr (ApiQuery) query = api_query_new ();
  g_autoptr (GString) canonical = NULL;
  g_autofree char *text = NULL, *hex = NULL;

  assert_true (api_sign_v3_parse (parsed, &sign, NULL));
  assert_true (api_query_add (query, v3->query, strlen (v3->query), FALSE, NULL));
  assert_true (api_query_seal (query, NULL));
  canonical = api_sign_v3_request ("POST", "/", query, &sign, header_of, v3->headers,
                                   header_of (v3->headers, "x-acs-content-sha256"));
  text = api_sign_v3_text (canonical->str);
  hex = api_sign_v3 (secret, text);
  g_hash_table_insert (v3->headers, (gpointer) "authorization", g_strconcat (blank, hex, NULL));
}

static void
v3_assert (World *world, V3 *v3, guint expected_status, const char *part)
{
  ApiRequest request = { .method = "POST",
                         .path = "/",
                         .query = v3->query,
                         .body = v3->body,
                         .body_length = strlen (v3->body),
                         .header = header_of,
                         .header_data = v3->headers,
                         .peer = "test" };
  g_auto (ApiAnswer) answer = { 0 };

  api_front_serve (&world->front, &request, &answer);
  assert_contains (answer.body->str, part);
  assert_int_equal (answer.status, expected_status);
  assert_string_equal (answer.content_type, "application/json;charset=utf-8");
}

#define V3_NEEDED                                                                                  \
  "host;x-acs-action;x-acs-content-sha256;x-acs-date;x-acs-signature-nonce;x-acs-version"

static void
a_v3_request_is_let_in_once (void **state)
{
  V3 v3;

  v3_begin (&v3, "Name=x&ClientToken=t", "");
  v3_sign (&v3, V3_NEEDED, WORLD_SECRET);
  v3_assert (*state, &v3, 200, "\"TokenParams\":\"Name=x\"");
  v3_assert (*state, &v3, 400, "\"Code\":\"SignatureNonceUsed\"");
  g_hash_table_unref (v3.headers);
}

static void
a_v3_form_body_holds_parameters (void **state)
{
  V3 v3;

  v3_begin (&v3, "", "Name=fromform&ClientToken=t");
  v3_sign (&v3, "content-type;" V3_NEEDED, WORLD_SECRET);
  v3_assert (*state, &v3, 200, "\"TokenParams\":\"Name=fromform\"");
  v3.body = "Name=other&ClientToken=t";
  v3_assert (*state, &v3, 400, "x-acs-content-sha256 is not the SHA-256 of the body");
  g_hash_table_unref (v3.headers);
}

static void
v3_with_a_wrong_secret_is_refused (void **state)
{
  V3 v3;

  v3_begin (&v3, "", "");
  v3_sign (&v3, V3_NEEDED, "other");
  v3_assert (*state, &v3, 400, "\"Code\":\"SignatureDoesNotMatch\"");
  g_hash_table_unref (v3.headers);
}

static void
v3_must_sign_what_it_relies_on (void **state)
{
  g_auto (GStrv) needed = g_strsplit (V3_NEEDED, ";", -1);

  for (guint i = 0; needed[i] != NULL; i++)
    {
      g_autofree char *except = g_strconcat (";", V3_NEEDED, NULL);
      g_autofree char *part = g_strconcat (";", needed[i], NULL);
      char *at = strstr (except, part);
      V3 v3;

      memmove (at, at + strlen (part), strlen (at + strlen (part)) + 1);
      v3_begin (&v3, "", "");
      v3_sign (&v3, except + 1, WORLD_SECRET);
      v3_assert (*state, &v3, 400, "must be among the SignedHeaders");
      g_hash_table_unref (v3.headers);
    }
}

static void
v3_must_sign_the_type_of_its_body (void **state)
{
  V3 v3;

  v3_begin (&v3, "", "Name=x");
  v3_sign (&v3, V3_NEEDED, WORLD_SECRET);
  v3_assert (*state, &v3, 400, "the header content-type must be among the SignedHeaders");
  g_hash_table_unref (v3.headers);
}

static void
a_changed_header_is_noticed (void **state)
{
  V3 v3;

  v3_begin (&v3, "", "");
  v3_sign (&v3, V3_NEEDED, WORLD_SECRET);
  g_hash_table_insert (v3.headers, (gpointer) "x-acs-action", g_strdup ("WetThing"));
  v3_assert (*state, &v3, 400, "\"Code\":\"SignatureDoesNotMatch\"");
  g_hash_table_unref (v3.headers);
}

static void
other_acs3_schemes_are_refused_clearly (void **state)
{
  V3 v3;

  v3_begin (&v3, "", "");
  g_hash_table_insert (v3.headers, (gpointer) "authorization",
                       g_strdup ("ACS3-HMAC-SM3 Credential=testid,SignedHeaders=host,Signature=0"));
  v3_assert (*state, &v3, 400, "ACS3-HMAC-SHA256, the only scheme offered");
  g_hash_table_unref (v3.headers);
}

static void
v3_with_a_security_token_is_refused (void **state)
{
  V3 v3;

  v3_begin (&v3, "", "");
  g_hash_table_insert (v3.headers, (gpointer) "x-acs-security-token", g_strdup ("t"));
  v3_sign (&v3, V3_NEEDED, WORLD_SECRET);
  v3_assert (*state, &v3, 400, "\"Code\":\"InvalidSecurityToken.Malformed\"");
  g_hash_table_unref (v3.headers);
}

static void
v3_is_served_when_v1_is_off (void **state)
{
  World *world = *state;
  V3 v3;

  world->config->signature_v1 = FALSE;
  v3_begin (&v3, "", "");
  v3_sign (&v3, V3_NEEDED, WORLD_SECRET);
  v3_assert (world, &v3, 200, "RequestId");
  g_hash_table_unref (v3.headers);
}

/* ---- The administrator ---- */

static void
the_administrator_chooses_the_account (void **state)
{
  guint status;
  g_autofree char *usual
      = world_admin_call (*state, "Action=EchoThing&InstanceId=i-0123456789abcdefghij", &status);
  g_autofree char *other = world_admin_call (
      *state, "Action=EchoThing&InstanceId=i-0123456789abcdefghij&Account=other", NULL);
  g_autofree char *nobody = world_admin_call (*state, "Action=ChangeThing&Account=x", NULL);

  assert_int_equal (status, 200);
  assert_contains (usual, "{\"Id\":\"" WORLD_ADMIN_ACCOUNT "\"}");
  assert_contains (other, "{\"Id\":\"" WORLD_ACCOUNT "\"}");
  assert_contains (nobody, "\"Code\":\"EntityNotExist.Account\"");
}

static void
account_does_nothing_for_others (void **state)
{
  g_autofree char *body = world_call (
      *state, "Action=EchoThing&InstanceId=i-0123456789abcdefghij&Account=default", NULL);

  assert_contains (body, "{\"Id\":\"" WORLD_ACCOUNT "\"}");
}

/* ---- The front ---- */

static void
the_format_is_xml_unless_asked_otherwise (void **state)
{
  g_autofree char *query = world_signed_query ("GET", "Action=WetThing&Format=xml", WORLD_SECRET);
  g_auto (ApiAnswer) xml = { 0 }, fallback = { 0 }, odd = { 0 };

  world_serve (*state, "GET", query, &xml);
  assert_contains (xml.body->str, "<WetThingResponse><RequestId>");
  assert_string_equal (xml.content_type, "text/xml;charset=utf-8");
  world_serve (*state, "GET", "Action=WetThing", &fallback);
  assert_contains (fallback.body->str, "<Code>IncompleteSignature</Code>");
  world_serve (*state, "GET", "Action=WetThing&Format=yaml", &odd);
  assert_contains (odd.body->str, "Format must be JSON or XML");
}

static void
other_methods_and_paths_are_refused (void **state)
{
  World *world = *state;
  ApiRequest request = { .method = "PUT", .path = "/", .peer = "test" };
  g_auto (ApiAnswer) put = { 0 }, path = { 0 };

  api_front_serve (&world->front, &request, &put);
  assert_int_equal (put.status, 405);
  request.method = "GET";
  request.path = "/admin";
  api_front_serve (&world->front, &request, &path);
  assert_int_equal (path.status, 404);
}

static void
every_answer_has_a_request_id_that_the_log_has_too (void **state)
{
  World *world = *state;
  g_auto (ApiAnswer) answer = { 0 };

  world_serve (world, "GET", "Action=%", &answer);
  assert_int_equal (answer.status, 400);
  assert_contains (answer.body->str, answer.request_id);
  assert_contains (world->log->str, answer.request_id);
}

#define TEST(name) cmocka_unit_test_setup_teardown (name, world_setup, world_teardown)

int
main (void)
{
  const struct CMUnitTest tests[] = {
    TEST (a_signed_request_is_let_in),
    TEST (sha256_is_accepted_in_v1),
    TEST (the_old_spelling_of_the_time_is_accepted),
    TEST (a_wrong_secret_is_refused_with_the_string_to_sign),
    TEST (the_method_is_part_of_what_is_signed),
    TEST (an_added_or_changed_parameter_is_noticed),
    TEST (a_request_is_not_served_twice),
    TEST (a_forged_request_does_not_use_up_the_nonce),
    TEST (an_unknown_key_is_not_found),
    TEST (a_disabled_key_is_refused),
    TEST (the_clock_may_differ_by_fifteen_minutes),
    TEST (a_time_of_another_form_is_refused),
    TEST (each_part_of_the_signature_is_required),
    TEST (other_kinds_of_v1_are_refused),
    TEST (an_empty_signature_type_is_signed_and_fine),
    TEST (temporary_credentials_are_refused),
    TEST (v1_can_be_switched_off),
    TEST (long_keys_and_nonces_are_refused),
    TEST (a_long_string_to_sign_is_not_echoed_whole),
    TEST (parameters_of_query_and_form_are_one),
    TEST (a_v3_request_is_let_in_once),
    TEST (a_v3_form_body_holds_parameters),
    TEST (v3_with_a_wrong_secret_is_refused),
    TEST (v3_must_sign_what_it_relies_on),
    TEST (v3_must_sign_the_type_of_its_body),
    TEST (a_changed_header_is_noticed),
    TEST (other_acs3_schemes_are_refused_clearly),
    TEST (v3_with_a_security_token_is_refused),
    TEST (v3_is_served_when_v1_is_off),
    TEST (the_administrator_chooses_the_account),
    TEST (account_does_nothing_for_others),
    TEST (the_format_is_xml_unless_asked_otherwise),
    TEST (other_methods_and_paths_are_refused),
    TEST (every_answer_has_a_request_id_that_the_log_has_too),
  };

  return cmocka_run_group_tests (tests, NULL, NULL);
}
